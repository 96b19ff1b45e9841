"""The door for answers to approval requests: POST /approval/callback (CONTRACTS §3, §10.1, ruling 13)."""

from __future__ import annotations

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from steps.reference import logs
from steps.reference.agent.approval_application import ApprovalApplication, Callback
from steps.reference.agent.approvals import Answer, Approvals, UnknownRequestError
from steps.reference.agent.slack import ForgedError, MalformedError, Slack
from steps.reference.doors import read_body
from steps.reference.events import json_of


class Callbacks:
    """Takes the answers of the providers that the agent has, and of no others."""

    def __init__(
        self, approvals: Approvals | None, slack: Slack | None, application: ApprovalApplication | None
    ) -> None:
        self._approvals = approvals
        self._slack = slack
        self._application = application

    async def receive(self, request: Request) -> Response:
        """One answer. What Slack says it sends as a form, and signed; the application sends JSON."""
        if self._approvals is None:
            return _refusal(503, "The agent asks nobody for approval.")
        body = await read_body(request)
        if body is None:
            return _refusal(413, "The callback is too large.")
        try:
            provider, answer = self._read(request, body)
            outcome = self._approvals.take(provider, answer)
        except ForgedError as error:
            return _refusal(401, str(error))
        except MalformedError as error:
            return _refusal(400, str(error))
        except UnknownRequestError as error:
            return _refusal(404, str(error))
        return JSONResponse({"status": "processed", "request_id": answer.question_id, "approval_status": outcome})

    def _read(self, request: Request, body: bytes) -> tuple[str, Answer]:
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            if self._slack is None:
                raise MalformedError("Slack is not configured.")
            return self._slack.name, self._slack.read(request.headers, body)
        try:
            told = json_of(body)
            if self._application is None or told["provider"] != self._application.name:
                raise MalformedError("The callback is of a provider that is not configured, or not in its form.")
            return self._application.name, Callback.model_validate(told).answer()
        except (ValueError, KeyError, TypeError, RecursionError, ValidationError) as error:
            raise MalformedError(f"The callback cannot be understood: {error!r}.") from None


def _refusal(status: int, sentence: str) -> Response:
    logs.warning("approval callback refused", reason=sentence)
    return JSONResponse({"status": "refused", "message": sentence}, status)
