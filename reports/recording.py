"""Recordings: what happened in the world while a scenario ran, kept as a file from which its timeline is drawn.

Kept by after_scenario, with every credential blotted out:

    recording.keep(scenario, context.stage.incident_of(...).course(), context.stage.waiting.spent.seconds())
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from reports import run
from reports.files import Entry, write_whole
from reports.verdict import ScenarioVerdict, Verdict, slug

LONGEST = 20_000
"""Characters that are kept of a body; more than that nobody reads on a page."""

UNDECLARED = "undeclared"
"""Whom a call went to, in the journal's words, whose host nobody has declared."""

# -- what the world hands over ----------------------------------------------------------------------------------------


class Exchange(Protocol):
    """One request and what came of it. Times are seconds since the epoch; `ended` is infinite while it is under way."""

    @property
    def number(self) -> int: ...
    @property
    def caller(self) -> str: ...
    @property
    def callee(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def request_headers(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def request_text(self) -> str: ...
    @property
    def status(self) -> int | None: ...
    @property
    def response_headers(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def response_text(self) -> str: ...
    @property
    def began(self) -> float: ...
    @property
    def ended(self) -> float: ...
    @property
    def fault(self) -> str | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def tls(self) -> str | None: ...


class Mark(Protocol):
    """Something that happened besides the exchanges, at one host or anywhere; `until` is None while it lasts."""

    @property
    def at(self) -> float: ...
    @property
    def until(self) -> float | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def host(self) -> str | None: ...


class Course(Protocol):
    """What happened while a scenario ran: `about` its incident, and `beside` it without naming any incident."""

    @property
    def began(self) -> float: ...
    @property
    def ended(self) -> float: ...
    @property
    def about(self) -> Sequence[Exchange]: ...
    @property
    def beside(self) -> Sequence[Exchange]: ...
    @property
    def marks(self) -> Sequence[Mark]: ...


# -- the file ---------------------------------------------------------------------------------------------------------


class Message(Entry):
    """A request or an answer."""

    headers: tuple[tuple[str, str], ...]
    body: str
    left_out: int = 0
    """Characters of the body that were not kept."""


class Call(Entry):
    """One request and its answer. Times are seconds since the scenario began."""

    number: int
    caller: str
    callee: str
    method: str
    url: str
    host: str
    request: Message
    status: int | None
    answer: Message
    began: float
    ended: float | None
    """None: it was still under way when the scenario ended."""
    fault: str | None
    error: str | None
    tls: str | None
    about: bool
    """Whether it names the scenario's incident; else it names none, and took place meanwhile."""


class Window(Entry):
    """What was in force, like a fault. Times are seconds since the scenario began."""

    at: float
    until: float | None
    kind: str
    text: str
    host: str | None


class Recording(Entry):
    """`recordings/<scenario>.json`."""

    began: float
    """Seconds since the epoch."""
    duration: float
    calls: tuple[Call, ...]
    """In the order in which they began."""
    windows: tuple[Window, ...]
    spent: dict[str, float] = {}
    """Seconds by what they were spent on."""


def keep(scenario: Any, course: Course, spent: Mapping[str, float] = MappingProxyType({})) -> None:
    """Writes down what happened while behave's scenario ran, and what its time went into."""
    if run.record is not None:
        file = path(run.record.latest, run.record.location(scenario))
        recording = _recording(course).model_copy(update={"spent": dict(spent)})
        write_whole(file, recording.model_dump_json())


def load(latest: Path, location: str) -> Recording | None:
    """The recording of the scenario at that place; None if it has left none."""
    file = path(latest, location)
    return Recording.model_validate_json(file.read_bytes()) if file.is_file() else None


def strangers(verdict: Verdict, latest: Path) -> dict[tuple[str, str], list[ScenarioVerdict]]:
    """Who called which host that nobody has declared, which was refused; and in which scenarios."""
    found: dict[tuple[str, str], list[ScenarioVerdict]] = {}
    for scenario in verdict.scenarios:
        file = path(latest, scenario.location)
        if not (file.is_file() and UNDECLARED.encode() in file.read_bytes()):
            continue
        recorded = Recording.model_validate_json(file.read_bytes())
        for who in dict.fromkeys((call.caller, call.host) for call in recorded.calls if call.callee == UNDECLARED):
            found.setdefault(who, []).append(scenario)
    return found


def path(latest: Path, location: str) -> Path:
    """Where the recording of the scenario at that place lies."""
    return latest / "recordings" / f"{slug(location)}.json"


def _recording(course: Course) -> Recording:
    said = [(exchange, True) for exchange in course.about] + [(exchange, False) for exchange in course.beside]
    return Recording(
        began=course.began,
        duration=course.ended - course.began,
        calls=tuple(
            _call(exchange, about, course.began) for exchange, about in sorted(said, key=lambda one: _order(one[0]))
        ),
        windows=tuple(
            Window(
                at=mark.at - course.began,
                until=None if mark.until is None else mark.until - course.began,
                kind=mark.kind,
                text=run.facts.redact(mark.text),
                host=mark.host,
            )
            for mark in course.marks
        ),
    )


def _call(exchange: Exchange, about: bool, since: float) -> Call:
    redact = run.facts.redact
    return Call(
        number=exchange.number,
        caller=exchange.caller,
        callee=exchange.callee,
        method=exchange.method,
        url=redact(exchange.url),
        host=exchange.host,
        request=_message(exchange.request_headers, exchange.request_text),
        status=exchange.status,
        answer=_message(exchange.response_headers, exchange.response_text),
        began=exchange.began - since,
        ended=None if math.isinf(exchange.ended) else exchange.ended - since,
        fault=exchange.fault and redact(exchange.fault),
        error=exchange.error and redact(exchange.error),
        tls=exchange.tls,
        about=about,
    )


def _message(headers: tuple[tuple[str, str], ...], body: str) -> Message:
    """Redacted before it is cut, so that no part of a credential is left at the edge."""
    redact = run.facts.redact
    whole = redact(body)
    return Message(
        headers=tuple((name, redact(value)) for name, value in headers),
        body=whole[:LONGEST],
        left_out=max(0, len(whole) - LONGEST),
    )


def _order(exchange: Exchange) -> tuple[float, int]:
    return exchange.began, exchange.number
