"""The runtime of a function: it takes a CloudEvent, runs the function's code and says what came of it (CONTRACTS §7).

The real Python runtime answers with an event in binary mode whose data is an envelope around the code's result. Other
runtimes answer in the other forms that CloudEvents allows, or with plain JSON; and some, broken, with garbage.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from starlette.responses import Response

from steps.world.cluster.cloudevent import EventError, decode
from steps.world.journal import Headers

Handler = Callable[[dict[str, Any]], dict[str, Any]]
"""A function's code: takes the parameters and returns its result, or raises HandlerError."""


class HandlerError(Exception):
    """The function's code raised: the runtime answers 500."""


def succeeds(parameters: dict[str, Any]) -> dict[str, Any]:
    """A remediation that does what it was asked for."""
    return {"status": "success", "message": f"done for {parameters.get('name', 'it')}"}


def succeeds_in_any_script(parameters: dict[str, Any]) -> dict[str, Any]:
    """A remediation that does what it was asked for, and says so in more letters than ASCII has."""
    return {"status": "success", "message": f"{parameters.get('name', 'it')} läuft wieder ✓ 完了"}


def declines(parameters: dict[str, Any]) -> dict[str, Any]:
    """A remediation that runs to its end and reports that it could not do it."""
    return {"status": "error", "message": f"{parameters.get('name', 'it')} is protected by a disruption budget"}


def fails(parameters: dict[str, Any]) -> dict[str, Any]:
    """A remediation whose code raises."""
    raise HandlerError(f"cannot remediate {parameters.get('name', 'it')}: forbidden by policy")


def fails_at_first(times: int) -> Handler:
    """A remediation whose code raises that often, and then succeeds."""
    calls = count(1)
    return lambda parameters: (fails if next(calls) <= times else succeeds)(parameters)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one call: the code's result, or the error that it raised."""

    function: str
    namespace: str
    correlation_id: str | None
    result: dict[str, Any]
    error: str | None = None

    @property
    def status(self) -> int:
        """The reply's HTTP status."""
        return 500 if self.error else 200

    def envelope(self) -> dict[str, Any]:
        """The data of the real runtime's reply."""
        told: dict[str, Any] = {
            "functionName": self.function,
            "namespace": self.namespace,
            "invocationId": str(uuid.uuid4()),
            "correlationId": self.correlation_id,
        }
        if self.error:
            stack = f"Traceback (most recent call last):\n  …\nHandlerError: {self.error}\n"
            error = {"code": "HANDLER_ERROR", "message": self.error, "retryable": False, "stack": stack}
            return told | {"error": error}
        metrics = {"durationMs": 12, "coldStart": False, "memoryUsedMb": 48}
        return told | {"result": {"statusCode": 200, "body": self.result}, "metrics": metrics}

    def attributes(self) -> dict[str, str]:
        """The context attributes of the reply, when it is an event."""
        return {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": f"io.knative.lambda/{self.function}",
            "subject": self.function,
            "type": f"io.knative.lambda.response.{'error' if self.error else 'success'}",
        }

    def bare(self) -> dict[str, Any]:
        """The code's result without an envelope."""
        return {"status": "error", "message": self.error} if self.error else self.result


def run(function: str, namespace: str, handler: Handler, headers: Headers, body: bytes) -> Outcome:
    """Runs the code on a call; a call that is no CloudEvent ends like an error of the code, as in the real runtime."""
    correlation_id = next((value for name, value in headers if name == "x-correlation-id"), None)
    try:
        event = decode(headers, body)
        correlation_id = correlation_id or str(event.attributes.get("correlationid", "")) or None
        data = event.data_json()
        if not isinstance(data, dict):
            raise HandlerError("the event's data is no object")
        return Outcome(function, namespace, correlation_id, handler(data))
    except (EventError, HandlerError) as error:
        return Outcome(function, namespace, correlation_id, {}, str(error))


# -- the forms of a reply ----------------------------------------------------------------------------------------------

Reply = Callable[[Outcome], Response]


def binary_event(outcome: Outcome) -> Response:
    """The real Python runtime's reply; it names no content type."""
    return Response(_json(outcome.envelope()), outcome.status, _binary(outcome))


def structured_event(outcome: Outcome) -> Response:
    """The same event in structured mode."""
    event = outcome.attributes() | {"datacontenttype": "application/json", "data": outcome.envelope()}
    return Response(_json(event), outcome.status, media_type="application/cloudevents+json; charset=UTF-8")


def flat_event(outcome: Outcome) -> Response:
    """An event whose data is the code's result itself."""
    return Response(_json(outcome.bare()), outcome.status, _binary(outcome), "application/json")


def plain_json(outcome: Outcome) -> Response:
    """The code's result, and no event."""
    return Response(_json(outcome.bare()), outcome.status, media_type="application/json")


def _json(told: dict[str, Any]) -> str:
    """JSON with all letters as they are: not every runtime escapes them, as Python's does."""
    return json.dumps(told, ensure_ascii=False)


def _binary(outcome: Outcome) -> dict[str, str]:
    return {f"ce-{name}": value for name, value in outcome.attributes().items()}


REPLIES: dict[str, Reply] = {
    "an event in binary mode": binary_event,
    "an event in structured mode": structured_event,
    "an event without an envelope": flat_event,
    "plain JSON": plain_json,
}
"""The forms in use, by the features' words."""


def _garbage(body: bytes, media_type: str) -> Reply:
    return lambda _: Response(body, media_type=media_type)


GARBAGE: dict[str, Reply] = {
    "a web page": _garbage(b"<html><body>It works!</body></html>", "text/html"),
    "JSON that is cut short": _garbage(b'{"status": "success", "mess', "application/json"),
    "a list in place of an object": _garbage(b'["success"]', "application/json"),
    "an object that does not say how it went": _garbage(b'{"message": "Not Found"}', "application/json"),
    "nothing at all": _garbage(b"", "application/json"),
    "an event without its attributes": _garbage(b'{"specversion": "1.0"}', "application/cloudevents+json"),
}
"""What a broken function answers, always as if all were well, by the features' words."""
