"""The custom approval application (CONTRACTS §3): it takes requests, lets people decide and tells what they decided."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from steps.world.services.approvals.slack import Person

PATH = "/approvals"
"""The endpoint that agents are given; a decision is asked for at `/status/<approval id>` below it."""

Decision = Literal["approve", "reject"]
STATUS: dict[Decision, str] = {"approve": "approved", "reject": "rejected"}
Word = Annotated[str, Field(min_length=1)]


class Asked(BaseModel):
    """A request for approval, as the application takes it. It may say more."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    request_id: Word
    agent_name: Word
    action: Word
    lambda_function: Word
    parameters: dict[str, Any]
    alertname: Word
    correlation_id: Word
    timeout: float = Field(gt=0)
    """Seconds."""
    callback_url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] | None = None
    """Where the decision is told; without one, which may be told as an empty text, the agent has to ask for it."""
    metadata: dict[str, Any] | None = None


@dataclass(slots=True)
class Approval:
    """One request, and what was decided about it."""

    asked: Asked
    said: str
    """The request as it was sent."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    decision: Decision | None = None
    person: Person | None = None
    at: str | None = None
    """Time of the decision (RFC 3339)."""

    @property
    def status(self) -> dict[str, Any]:
        """What the agent is told when it asks."""
        return {
            "approval_id": self.id,
            "request_id": self.asked.request_id,
            "status": STATUS[self.decision] if self.decision else "pending",
            "user_id": self.person and self.person.id,
            "user_name": self.person and self.person.name,
            "timestamp": self.at,
        }

    @property
    def callback(self) -> dict[str, Any]:
        """What the agent is told at its callback URL."""
        told = {name: self.status[name] for name in ("request_id", "user_id", "user_name", "timestamp")}
        return {"provider": "custom", "decision": self.decision, **told}


class ApprovalApplication:
    """All requests of all agents, in order."""

    def __init__(self) -> None:
        self.approvals: list[Approval] = []

    @property
    def app(self) -> Starlette:
        """The ASGI application behind the application's host name."""
        return Starlette(
            routes=[
                Route(PATH, self._ask, methods=["POST"]),
                Route(f"{PATH}/status/{{id}}", self._status),
            ]
        )

    def decide(self, approval: Approval, decision: Decision, person: Person) -> None:
        """A person decides; the last word counts here, whatever the agent makes of it."""
        approval.decision, approval.person = decision, person
        approval.at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    async def _ask(self, request: Request) -> Response:
        body = await request.body()
        try:
            asked = Asked.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            return JSONResponse({"error": f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}"}, 400)
        known = next((one for one in self.approvals if one.asked.request_id == asked.request_id), None)
        approval = known or Approval(asked, body.decode())
        if known is None:
            self.approvals.append(approval)
        told = {"approval_id": approval.id, "status_url": f"{str(request.url).rstrip('/')}/status/{approval.id}"}
        return JSONResponse(told, 200 if known else 201)

    async def _status(self, request: Request) -> Response:
        wanted = request.path_params["id"]
        for approval in self.approvals:
            if approval.id == wanted:
                return JSONResponse(approval.status)
        return JSONResponse({"error": f"there is no approval {wanted}"}, 404)
