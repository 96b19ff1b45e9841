"""A custom application as a place where people approve (CONTRACTS §3): it calls back, or is asked again and again."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import httpx
from pydantic import BaseModel

from steps.reference import logs
from steps.reference.agent.approvals import Answer, Question
from steps.reference.calls import CallError, RefusedError, Retries, TransientError, check, send
from steps.reference.events import now, parse_time


class Callback(BaseModel):
    """What the application tells."""

    request_id: str
    decision: Literal["approve", "reject"]
    user_id: str | None = None
    user_name: str | None = None
    timestamp: str | None = None

    def answer(self) -> Answer:
        """The answer that it is."""
        by = " ".join(filter(None, (self.user_name, self.user_id and f"({self.user_id})"))) or "somebody"
        return Answer(self.request_id, self.decision == "approve", by, _time(self.timestamp))


class ApprovalApplication:
    """Asks one application."""

    name = "custom"

    def __init__(
        self,
        client: httpx.AsyncClient,
        endpoint: str,
        method: str,
        callback_url: str | None,
        poll_interval: float,
        timeout: float,
        retries: Retries,
    ) -> None:
        self._client = client
        self._endpoint = endpoint.rstrip("/")
        self._method = method
        self._callback_url = callback_url
        self._poll_interval = poll_interval
        self._timeout = timeout
        self._retries = retries

    async def ask(self, question: Question) -> Answer | None:
        """Asks, and where nobody calls back waits for the decision. Raises CallError."""
        told = await self._retries.run("approval request", lambda: self._call(self._method, "", self._body(question)))
        if self._callback_url:
            return None
        approval_id = told.get("approval_id")
        if not approval_id:
            raise RefusedError("The approval application gave no approval_id to ask for.")
        while True:
            await asyncio.sleep(self._poll_interval)
            try:
                status = await self._call("GET", f"/status/{approval_id}", None)
            except CallError as error:
                logs.warning("the approval application does not tell its decision", error=str(error))
                continue
            if (decided := status.get("status")) in ("approved", "rejected"):
                by = status.get("user_name") or status.get("user_id") or "somebody"
                return Answer(question.id, decided == "approved", by, _time(status.get("timestamp")))

    def _body(self, question: Question) -> dict[str, Any]:
        alert = question.alert
        return {
            "request_id": question.id,
            "agent_name": "agent-sre",
            "action": "execute_lambda_function",
            "lambda_function": question.function,
            "parameters": question.parameters,
            "alertname": alert.alertname,
            "correlation_id": question.correlation_id,
            "timeout": question.timeout,
            "callback_url": self._callback_url,
            "metadata": {"labels": alert.labels, "annotations": alert.annotations},
        }

    async def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        request = self._client.build_request(method, self._endpoint + path, json=body)
        response = await send(self._client, request, self._timeout)
        check(response)
        try:
            return dict(response.json())
        except (ValueError, TypeError) as error:
            raise TransientError("The approval application answered something that is no JSON object.") from error


def _time(told: str | None) -> str:
    """The time that was told, or now."""
    try:
        return parse_time(told or "").isoformat()
    except ValueError:
        return now()
