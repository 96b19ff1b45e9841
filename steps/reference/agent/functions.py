"""LambdaFunctions: how they are called and what their answers mean (CONTRACTS §7, §10.1)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from steps.reference.calls import CallError, RefusedError, Retries, TimedOutError, check, send
from steps.reference.events import CloudEvent, MalformedEventError, binary, header_value, parse

TYPE = "io.homelab.agent-sre.remediation.request"


class FunctionError(CallError):
    """The function answered that it did not do what it was asked for, or nothing that can be understood."""


class SlowFunctionError(CallError):
    """The function did not answer in time."""


@dataclass(slots=True)
class Breaker:
    """Keeps calls from a function that fails and fails (CONTRACTS §12, ruling 8)."""

    failures: int
    """So many in a row open it."""
    cooldown: float
    """Seconds until one call may try again."""
    _in_a_row: int = 0
    _next_call: float = 0
    _probing: bool = False

    def enter(self) -> None:
        """Lets a call pass, or raises RefusedError."""
        if self._in_a_row < self.failures:
            return
        if self._probing:
            raise RefusedError(f"It failed {self._in_a_row} times in a row, and a probe of it is under way.")
        if (wait := self._next_call - time.monotonic()) > 0:
            raise RefusedError(f"It failed {self._in_a_row} times in a row and is not called for another {wait:.1f} s.")
        self._probing = True

    def leave(self, *, failed: bool) -> None:
        """Tells how the call went."""
        self._probing = False
        self._in_a_row = self._in_a_row + 1 if failed else 0
        self._next_call = time.monotonic() + self.cooldown


class Functions:
    """Calls the functions of one namespace, each guarded by its own breaker."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        namespace: str,
        timeout: float,
        retries: Retries,
        failures: int,
        cooldown: float,
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._timeout = timeout
        self._retries = retries
        self._failures = failures
        self._cooldown = cooldown
        self._breakers: dict[str, Breaker] = {}

    async def call(self, function: str, request: CloudEvent) -> str:
        """What the function says it did. Raises CallError.

        Every try carries the same event. A function that is too slow is not tried again: it may be at work.
        """
        breaker = self._breakers.setdefault(function, Breaker(self._failures, self._cooldown))
        breaker.enter()
        try:
            message = await self._retries.run(f"call of {function}", lambda: self._post(function, request))
        except BaseException:  # a call that is cut off has not succeeded either
            breaker.leave(failed=True)
            raise
        breaker.leave(failed=False)
        return message

    async def _post(self, function: str, event: CloudEvent) -> str:
        headers, body = binary(event)
        headers |= {"x-correlation-id": header_value(event["correlationid"]), **event.trace}
        url = f"http://{function}.{self._namespace}.svc.cluster.local/"
        try:
            response = await send(
                self._client, self._client.build_request("POST", url, headers=headers, content=body), self._timeout
            )
        except TimedOutError as failure:
            raise SlowFunctionError(str(failure)) from failure
        if response.status_code == 500 and not _retryable(response):
            raise FunctionError(f"The function failed: {_reason(response)}")
        check(response)
        return understood(response.headers, response.content)


def understood(headers: Mapping[str, str], body: bytes) -> str:
    """The message of a successful answer, in any of the shapes in use. Raises FunctionError.

    An answer is a CloudEvent, binary or structured, or plain JSON; the handler's return is bare or enveloped.
    """
    try:
        data = parse(headers, body).data if _is_event(headers) else json.loads(body)
        result = _handler_return(data)
    except (MalformedEventError, ValueError, RecursionError) as error:
        raise FunctionError(f"The function's answer cannot be understood: {error}") from error
    message = str(result.get("message") or result.get("error") or "it gave no message")
    if result.get("status") != "success":
        raise FunctionError(f"The function answered {result.get('status')!r}: {message}")
    return message


def _is_event(headers: Mapping[str, str]) -> bool:
    return "ce-specversion" in headers or headers.get("content-type", "").startswith("application/cloudevents")


def _handler_return(data: Any) -> dict[str, Any]:
    if isinstance(data, dict) and isinstance(envelope := data.get("result"), dict) and "body" in envelope:
        data = envelope["body"]
        if envelope.get("statusCode", 200) >= 400:
            raise ValueError(f"its status code is {envelope['statusCode']}: {data}")
    if isinstance(data, str):
        data = json.loads(data)
    if not isinstance(data, dict):
        raise ValueError("it is no JSON object")
    if isinstance(error := data.get("error"), dict):
        return {"status": "error", "message": error.get("message")}
    return data


def _retryable(response: httpx.Response) -> bool:
    """Whether a 500 is worth another try: not when the runtime says that it is none."""
    try:
        return bool(response.json()["error"]["retryable"])
    except (ValueError, KeyError, TypeError):
        return True


def _reason(response: httpx.Response) -> str:
    return str(response.json()["error"].get("message"))
