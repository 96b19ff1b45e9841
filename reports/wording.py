"""An exchange for people: what was asked for in a few words, and bodies in print."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic_core import to_json

from reports.recording import Call, Message

FIRST_FIELD = re.compile(r"\b(?:query|mutation|subscription)\b[^{]*\{\s*(?:\w+\s*:\s*)?(\w+)")
"""The field that a GraphQL operation asks for first: what the call is about."""

LINE_END = re.compile(r"(?<!\\)((?:\\\\)*)\\n")
"""A line's end as JSON writes it within a text."""
WITH_LINES = re.compile(r"^( *)(.*\\n.*)$", re.MULTILINE)
"""A line of indented JSON that holds several lines of text."""


def asked(call: Call) -> str:
    """What the call asks for: "issueCreate", "alert.fired", "GET /api/v1/query"."""
    return _graphql_field(call) or _event_type(call) or f"{call.method} {urlsplit(call.url).path or '/'}"


def answered(call: Call) -> str:
    """What came of it: "200", "no answer", "not yet"."""
    if call.status is not None:
        return str(call.status)
    return "no answer" if call.ended is not None else "under way"


def address(call: Call) -> str:
    """Method and address, the query's parameters a line each."""
    address, _, query = call.url.partition("?")
    return "\n".join([f"{call.method} {address}", *(f"  {name} = {value}" for name, value in parse_qsl(query))])


def body(message: Message) -> str:
    """The body as a person would set it: JSON indented, GraphQL as text, form fields a line each."""
    if message.left_out:
        return f"{message.body}\n\n… and {message.left_out} characters more"
    value = _json(message.body)
    if isinstance(value, dict) and isinstance(query := value.get("query"), str) and "{" in query:
        variables = value.get("variables")
        return "\n\n".join([query.strip(), *([_indented(variables)] if variables else [])])
    if isinstance(value, dict | list):
        return _indented(value)
    if "x-www-form-urlencoded" in _header(message, "content-type"):
        return "\n".join(f"{name} = {_field(value)}" for name, value in parse_qsl(message.body))
    return message.body


def _graphql_field(call: Call) -> str | None:
    if not urlsplit(call.url).path.endswith("/graphql"):
        return None
    value = _json(call.request.body)
    query = value.get("query") if isinstance(value, dict) else None
    found = FIRST_FIELD.search(query) if isinstance(query, str) else None
    return found and found[1]


def _event_type(call: Call) -> str | None:
    """The end of a CloudEvent's type, in either content mode."""
    kind = _header(call.request, "ce-type")
    if not kind and "cloudevents" in _header(call.request, "content-type"):
        value = _json(call.request.body)
        kind = str(value.get("type", "")) if isinstance(value, dict) else ""
    return ".".join(kind.split(".")[-2:]) or None


def _field(value: str) -> str:
    parsed = _json(value)
    return _indented(parsed) if isinstance(parsed, dict | list) else value


def _indented(value: Any) -> str:
    """JSON with a line for each value, and for each line of a text."""
    text = to_json(value, indent=2).decode()
    return WITH_LINES.sub(_turned, text) if "\\n" in text else text


def _turned(line: re.Match[str]) -> str:
    """A line of JSON that holds lines of text, each on a line of its own."""
    indent = " " * (len(line[1]) + 2)
    return line[1] + LINE_END.sub(rf"\1\n{indent}", line[2])


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _header(message: Message, name: str) -> str:
    return next((value for field, value in message.headers if field == name), "")
