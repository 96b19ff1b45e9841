"""CloudEvents 1.0 over HTTP, strictly: what the standard forbids is refused, not repaired (CONTRACTS §6.1)."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import quote, unquote_to_bytes
from uuid import uuid4

Mode = Literal["binary", "structured"]
Value = str | int | bool
"""A context attribute; the other types of the specification travel as strings."""

_REQUIRED = ("specversion", "id", "source", "type")
_STRINGS = (*_REQUIRED, "subject", "time", "datacontenttype", "dataschema")
_STRUCTURED = "application/cloudevents+json"
_JSON = "application/json"

_NAME = re.compile(r"[a-z0-9]+")
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\\x00-\x1f]|\\.)*"'
_MEDIA_TYPE = re.compile(rf"{_WORD}/{_WORD}(\s*;\s*{_WORD}=({_WORD}|{_QUOTED}))*")
JSON_TYPE = re.compile(r"[^/]+/([^;\s]+\+)?json\s*(;.*)?", re.IGNORECASE)
"""The content type of data that are JSON."""
_URI_REFERENCE = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.+")
_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)"
)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_VISIBLE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
"""What a header value holds as it is; everything else is percent-encoded."""
_ENCODED = re.compile(r"(?:[\x21\x23\x24\x26-\x7e]|%[0-9A-Fa-f]{2})*")
_ENCODED_IN_QUOTES = re.compile(r"(?:[\x20-\x24\x26-\x7e]|%[0-9A-Fa-f]{2})*")


class EventError(ValueError):
    """The message is no CloudEvent; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event as it goes over HTTP: header names in lower case, values as on the wire."""

    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """One valid CloudEvent: its context attributes (specversion included) and the bytes of its data.

    Raises EventError for attributes that break the specification.
    """

    attributes: Mapping[str, Value]
    data: bytes = b""

    def __post_init__(self) -> None:
        _check(self.attributes)
        object.__setattr__(self, "attributes", MappingProxyType(dict(self.attributes)))

    @classmethod
    def of(cls, event_type: str, source: str, data: Any, **attributes: Value) -> Event:
        """A new event with JSON data; a fresh id and the present time unless given among the attributes."""
        defaults: dict[str, Value] = {
            "specversion": "1.0",
            "id": str(uuid4()),
            "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "datacontenttype": _JSON,
        }
        return cls({**defaults, "type": event_type, "source": source, **attributes}, _dump(data))

    @property
    def id(self) -> str:
        return str(self.attributes["id"])

    @property
    def source(self) -> str:
        return str(self.attributes["source"])

    @property
    def type(self) -> str:
        return str(self.attributes["type"])

    @property
    def subject(self) -> str | None:
        subject = self.attributes.get("subject")
        return None if subject is None else str(subject)

    def data_json(self) -> Any:
        """The data, read as JSON. Raises EventError if it is none."""
        return _load(self.data, f"the data of event {self.id}")

    def extended(self, **attributes: Value) -> Event:
        """The same event with more attributes."""
        return Event({**self.attributes, **attributes}, self.data)


def encode(event: Event, mode: Mode) -> Message:
    """The event as an HTTP message in binary or structured content mode."""
    return _encode_binary(event) if mode == "binary" else _encode_structured(event)


def decode(headers: Iterable[tuple[str, str]], body: bytes) -> Event:
    """The event in an HTTP message. Raises EventError with a sentence if there is none, or more than one.

    `headers` are the pairs on the wire, each value one character per byte (latin-1).
    """
    pairs = [(name.lower(), value.strip(" \t")) for name, value in headers]
    content_type = _only(pairs, "content-type") or ""
    media_type = content_type.lower()
    if media_type.startswith("application/cloudevents-batch"):
        raise EventError("The message is a batch of events; exactly one event is taken at a time.")
    if media_type.startswith(_STRUCTURED):
        return _decode_structured(content_type, body)
    if media_type.startswith("application/cloudevents"):
        raise EventError(f"The event format {content_type} is not known; JSON is.")
    return _decode_binary(pairs, content_type, body)


def text_of(value: Value) -> str:
    """The canonical string of an attribute's value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


# binary


def _encode_binary(event: Event) -> Message:
    headers = [
        (f"ce-{name}", quote(text_of(value), safe=_VISIBLE))
        for name, value in event.attributes.items()
        if name != "datacontenttype"
    ]
    if content_type := event.attributes.get("datacontenttype"):
        headers.append(("content-type", str(content_type)))
    return Message(tuple(headers), event.data)


def _decode_binary(pairs: list[tuple[str, str]], content_type: str, body: bytes) -> Event:
    names = [name for name, _ in pairs if name.startswith("ce-")]
    if "ce-specversion" not in names:
        raise EventError(
            "The message is no CloudEvent: it has no ce-specversion header and its content type is "
            f"{content_type or 'absent'}, not {_STRUCTURED}."
        )
    if "ce-datacontenttype" in names:
        raise EventError("There is a ce-datacontenttype header; in binary mode Content-Type says it.")
    attributes: dict[str, Value] = {
        name.removeprefix("ce-"): _decoded(name, _only(pairs, name) or "") for name in names
    }
    if content_type:
        attributes["datacontenttype"] = content_type
    return Event(attributes, body)


def _only(pairs: list[tuple[str, str]], name: str) -> str | None:
    values = [value for given, value in pairs if given == name]
    if len(values) > 1:
        raise EventError(f"The header {name} is there {len(values)} times; once is allowed.")
    return values[0] if values else None


def _decoded(name: str, value: str) -> str:
    """The text that a header value stands for: unquoted, then percent-decoded once."""
    allowed = _ENCODED
    inner = value
    if re.fullmatch(_QUOTED, value):
        allowed, inner = _ENCODED_IN_QUOTES, re.sub(r"\\(.)", r"\1", value[1:-1])
    if not allowed.fullmatch(inner):
        raise EventError(
            f"The header {name} holds characters that must be percent-encoded "
            f"(space, quote, percent, control, non-ASCII): {value!r}."
        )
    try:
        return unquote_to_bytes(inner).decode("utf-8")
    except UnicodeDecodeError:
        raise EventError(f"The header {name} is not UTF-8 after percent-decoding: {value!r}.") from None


# structured


def _encode_structured(event: Event) -> Message:
    content: dict[str, Any] = dict(event.attributes)
    if event.data:
        content |= _data_member(event)
    return Message((("content-type", f"{_STRUCTURED}; charset=UTF-8"),), _dump(content))


def _data_member(event: Event) -> dict[str, Any]:
    """The data as a JSON value, as text, or, where neither gives the same bytes meaning, in base64."""
    content_type = event.attributes.get("datacontenttype")
    try:
        if content_type and JSON_TYPE.fullmatch(str(content_type)):
            return {"data": _load(event.data, "data")}
        if str(content_type).lower().startswith("text/"):
            return {"data": event.data.decode("utf-8")}
    except ValueError:
        pass
    return {"data_base64": base64.b64encode(event.data).decode()}


def _decode_structured(content_type: str, body: bytes) -> Event:
    charset = re.search(r"charset\s*=\s*\"?([^\s;\"]+)", content_type, re.IGNORECASE)
    if charset and charset[1].lower() not in ("utf-8", "utf8", "us-ascii"):
        raise EventError(f"A structured event is UTF-8, the message says {charset[1]}.")
    content = _load(body, "the body of the structured event")
    if not isinstance(content, dict):
        raise EventError(f"A structured event is a JSON object, the body is {_json_name(content)}.")
    if "data" in content and "data_base64" in content:
        raise EventError("A structured event has data or data_base64, this one has both.")
    holds_data = "data" in content
    value, encoded = content.pop("data", None), content.pop("data_base64", None)
    attributes = {name: attribute for name, attribute in content.items() if attribute is not None}
    if encoded is not None:
        return Event(attributes, _from_base64(encoded))
    if not holds_data:
        return Event(attributes)
    declared = attributes.setdefault("datacontenttype", _JSON)
    if isinstance(declared, str) and not JSON_TYPE.fullmatch(declared):
        if not isinstance(value, str):
            raise EventError(f"Data of type {declared} is a JSON string, this is {_json_name(value)}.")
        return Event(attributes, value.encode("utf-8"))
    return Event(attributes, _dump(value))


def _from_base64(text: Any) -> bytes:
    if not isinstance(text, str):
        raise EventError(f"data_base64 is a string, this is {_json_name(text)}.")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise EventError("data_base64 is not base64.") from None


# rules


def _check(attributes: Mapping[str, Value]) -> None:
    """Raises EventError at the first attribute that breaks the specification."""
    for name in _REQUIRED:
        if name not in attributes:
            raise EventError(f"The required attribute {name} is missing.")
    for name, value in attributes.items():
        if not _NAME.fullmatch(name) or name == "data":
            raise EventError(f"{name!r} is no attribute name: it has lower-case letters and digits only.")
        if isinstance(value, bool) or (isinstance(value, int) and -(2**31) <= value < 2**31):
            if name in _STRINGS:
                raise EventError(f"The attribute {name} is a string, this is {_json_name(value)}.")
        elif not isinstance(value, str):
            raise EventError(
                f"The attribute {name} is a string, a boolean or a 32-bit integer, this is {_json_name(value)}."
            )
        elif bad := _UNPRINTABLE.search(value):
            raise EventError(f"The attribute {name} holds the forbidden character {bad[0]!r}.")
        elif name in _STRINGS and not value:
            raise EventError(f"The attribute {name} is empty.")
    _check_forms({name: str(value) for name, value in attributes.items() if name in _STRINGS})


def _check_forms(attributes: Mapping[str, str]) -> None:
    if attributes["specversion"] != "1.0":
        raise EventError(f"specversion is 1.0, this is {attributes['specversion']!r}.")
    if not _URI_REFERENCE.fullmatch(attributes["source"]):
        raise EventError(f"source is a URI-reference, this is {attributes['source']!r}.")
    if "dataschema" in attributes:
        schema = attributes["dataschema"]
        if not (_URI_REFERENCE.fullmatch(schema) and _SCHEME.fullmatch(schema)):
            raise EventError(f"dataschema is an absolute URI, this is {schema!r}.")
    if "time" in attributes and not _is_timestamp(attributes["time"]):
        raise EventError(f"time is an RFC 3339 timestamp, this is {attributes['time']!r}.")
    if "datacontenttype" in attributes and not _MEDIA_TYPE.fullmatch(attributes["datacontenttype"]):
        raise EventError(f"datacontenttype is a media type, this is {attributes['datacontenttype']!r}.")


def _is_timestamp(text: str) -> bool:
    match = _TIMESTAMP.fullmatch(text)
    if not match:
        return False
    try:
        datetime.strptime(match[1], "%Y-%m-%d")
    except ValueError:
        return False
    return True


def _load(text: bytes, what: str) -> Any:
    try:
        return json.loads(text.decode("utf-8"), parse_float=_finite, parse_constant=_finite)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise EventError(f"Expected JSON in UTF-8 as {what}: {error}.") from None


def _dump(value: Any) -> bytes:
    """Compact JSON; characters as they are, unless one of them is half a surrogate pair."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def _finite(text: str) -> float:
    """The number that the text stands for. Raises ValueError for NaN, Infinity and what is as large."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number that can be passed on")
    return number


def _json_name(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", int: "a number"}
    return "null" if value is None else names.get(type(value), "a number")
