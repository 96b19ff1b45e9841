"""CloudEvents 1.0 over HTTP, in structured and in binary mode (CONTRACTS §6.1)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote, unquote_to_bytes

from pydantic import AfterValidator

STRUCTURED = "application/cloudevents+json"
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


class MalformedEventError(Exception):
    """The request is no valid CloudEvent; the message says why."""


class UnsupportedMediaError(MalformedEventError):
    """The request's content type is none that is understood."""


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """An event. `attributes` holds `id`, `source`, `type` and the optional and extension attributes."""

    attributes: Mapping[str, str]
    data: Any = None
    trace: Mapping[str, str] = field(default_factory=dict)
    """The hop's own `traceparent` header, when it came with one."""

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str) -> str | None:
        """An optional attribute."""
        return self.attributes.get(name)

    @property
    def time(self) -> datetime | None:
        """When it happened."""
        return parse_time(self["time"]) if "time" in self.attributes else None


def parse_time(text: str) -> datetime:
    """The moment that an RFC 3339 text names. Raises ValueError."""
    if not _TIME.fullmatch(text):
        raise ValueError(f"{text!r} is not an RFC 3339 time")
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.upper()))


def _checked_time(text: str) -> str:
    parse_time(text)
    return text


Timestamp = Annotated[str, AfterValidator(_checked_time)]
"""An RFC 3339 time, kept as it was written: Alertmanager's have nanoseconds."""


def now() -> str:
    """The present moment as RFC 3339."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def structured(event: CloudEvent) -> tuple[dict[str, str], bytes]:
    """Headers and body of the event in structured mode."""
    envelope = {"specversion": "1.0", **event.attributes, "datacontenttype": "application/json", "data": event.data}
    return {"content-type": STRUCTURED}, json.dumps(envelope, ensure_ascii=False).encode()


def binary(event: CloudEvent) -> tuple[dict[str, str], bytes]:
    """Headers and body of the event in binary mode."""
    attributes = {"specversion": "1.0", **event.attributes}
    headers = {f"ce-{name}": header_value(value) for name, value in attributes.items()}
    return headers | {"content-type": "application/json"}, json.dumps(event.data, ensure_ascii=False).encode()


def header_value(text: str) -> str:
    """The text as it may stand in a header: what is not printable ASCII is percent-encoded."""
    return quote(text, safe="".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%'))


def parse(headers: Mapping[str, str], body: bytes) -> CloudEvent:
    """The event that a request carries, in either mode. Raises MalformedEventError."""
    media_type = headers.get("content-type", "").split(";")[0].strip().lower()
    try:
        if media_type == STRUCTURED:
            attributes, data = _from_envelope(body)
        elif media_type.startswith("application/cloudevents"):
            raise UnsupportedMediaError(f"Events are taken one by one in JSON, not as {media_type}.")
        elif "ce-specversion" not in headers:
            raise MalformedEventError(f"The request is no CloudEvent: it has no ce- headers and is not {STRUCTURED}.")
        elif media_type and not re.fullmatch(r"(application|text)/(\S+\+)?json", media_type):
            raise UnsupportedMediaError(f"The event's data must be JSON, not {media_type}.")
        else:
            attributes = {name[3:]: _from_header(value) for name, value in headers.items() if name.startswith("ce-")}
            data = json_of(body) if body else None
        if "time" in attributes:
            parse_time(attributes["time"])
    except (ValueError, RecursionError) as error:
        raise MalformedEventError(f"The event cannot be read: {error or 'it is nested too deeply'}.") from error
    if (version := attributes.pop("specversion", "")) != "1.0":
        raise MalformedEventError(f"The event's specversion is {version!r}, only '1.0' is understood.")
    if missing := [name for name in ("id", "source", "type") if not attributes.get(name)]:
        raise MalformedEventError(f"The event has no {', '.join(missing)}.")
    trace = {"traceparent": headers["traceparent"]} if trace_id(headers.get("traceparent")) else {}
    return CloudEvent(attributes, data, trace)


def json_of(text: str | bytes) -> Any:
    """The value; raises ValueError also for text that is not Unicode, such as half of a surrogate pair."""
    value = json.loads(text)
    json.dumps(value, ensure_ascii=False).encode()
    return value


def _from_envelope(body: bytes) -> tuple[dict[str, str], Any]:
    envelope = json_of(body)
    if not isinstance(envelope, dict):
        raise ValueError("it is not a JSON object")
    data = envelope.pop("data", None)
    if (encoded := envelope.pop("data_base64", None)) is not None:
        data = json_of(base64.b64decode(str(encoded), validate=True))
    for name in ("specversion", "id", "source", "type", "subject", "time"):
        if not isinstance(envelope.get(name, ""), str | None):
            raise ValueError(f"{name} is not a string")
    return {name: str(value) for name, value in envelope.items() if value is not None}, data


def _from_header(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    return unquote_to_bytes(value.encode("latin-1")).decode()


_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")


def trace_id(traceparent: str | None) -> str | None:
    """The trace that a W3C traceparent names, None when it is invalid or missing (CONTRACTS §11)."""
    match = _TRACEPARENT.fullmatch(traceparent or "")
    return match[1] if match else None
