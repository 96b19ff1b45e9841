"""What the agent has written on an issue, as it was said on the wire: also what it has written over since. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from steps.drivers.jira import plain_text
from steps.incident.integrations import failure, opens
from steps.world.journal import Exchange
from steps.world.services.linear import arguments

CLOCK_GRAIN = timedelta(milliseconds=2)
"""Trackers' times are whole milliseconds."""


@dataclass(frozen=True, slots=True)
class Saying:
    """One text that a call has put on an issue."""

    at: datetime
    text: str
    is_comment: bool
    """Or else it was the description."""
    call: Exchange

    def names(self, comment_id: str) -> bool:
        """Whether the call says which comment the text belongs to, and it is that one."""
        return any(comment_id in said for said in (self.call.url, self.call.request_text, self.call.response_text))


def sayings(about: Iterable[Exchange], opened_at: datetime) -> list[Saying]:
    """The texts of the calls that have succeeded. What has opened an issue later than this one, has opened another."""
    return [
        Saying(at, text, is_comment, call)
        for call in about
        if failure(call) is None
        if (at := datetime.fromtimestamp(call.began, UTC)) <= opened_at + CLOCK_GRAIN or not opens(call)
        for name, is_comment in (("body", True), ("description", False))
        for value in _under(name, _asked(call))
        for text in _texts(value)
    ]


def _asked(call: Exchange) -> Any:
    """What the call asks for, as values."""
    if call.callee == "linear":
        return arguments(call.request_body)
    try:
        return call.request_json()
    except ValueError:
        return None


def _under(name: str, value: Any) -> Iterator[Any]:
    """All that stands under that name, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name:
                yield inner
            else:
                yield from _under(name, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _under(name, inner)


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value: Linear's are plain, Jira's are documents."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and value.get("type") == "doc":
        yield plain_text(value)
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
