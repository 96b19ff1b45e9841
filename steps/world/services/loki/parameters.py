"""What a request asks Loki for: its parameters, from the URL or from a form, and how Loki reads them."""

from __future__ import annotations

import re
from datetime import datetime
from math import floor
from typing import NamedTuple
from urllib.parse import parse_qsl

from starlette.requests import Request

from steps.world.services.golang import LARGEST, Refusal, duration, integer
from steps.world.services.loki.logql import UNITS

SECOND = 10**9
HOUR = 3600 * SECOND
DEFAULT_LIMIT, MOST_ENTRIES = 100, 5000
MOST_POINTS = 11_000
LONGEST_RANGE = 721 * HOUR
"""Nanoseconds from start to end that a query may have."""
PROMETHEUS_DURATION = re.compile(r"([0-9]+(y|w|d|h|m|s|ms))+")


class Span(NamedTuple):
    """From `start` until just before `end`, in nanoseconds since the epoch."""

    start: int
    end: int


class Parameters:
    """A request's parameters; every reading raises Refusal with Loki's words. `now` in epoch seconds."""

    def __init__(self, given: list[tuple[str, str]], now: float) -> None:
        self._given = given
        self._now = int(now * SECOND)

    @classmethod
    async def of(cls, request: Request, now: float) -> Parameters:
        """Those of the URL, and those of a form that is posted."""
        given = request.query_params.multi_items()
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            given += parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True)
        return cls(given, now)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self._given if key == name]

    def text(self, name: str) -> str:
        """The parameter's value, empty when it is not given."""
        return next(iter(self.all(name)), "")

    def span(self, default: int = HOUR) -> Span:
        """`start` and `end`, or the time before `end` that `since` or the default says."""
        since = self.duration("since") if self.text("since") else default
        end = self.time("end")
        span = Span(self.time("start", min(end, self._now) - since), end)
        if span.end < span.start:
            raise Refusal("end timestamp must not be before or equal to start time")
        if span.end - span.start > LONGEST_RANGE:
            raise Refusal(
                f"the query time range exceeds the limit (query length: {_hours(span.end - span.start)}, "
                f"limit: {_hours(LONGEST_RANGE)})"
            )
        return span

    def time(self, name: str, default: int | None = None) -> int:
        """A time in nanoseconds, by default now: given as nanoseconds, (floating) seconds or in RFC 3339."""
        text = self.text(name)
        if not text:
            return self._now if default is None else default
        if re.fullmatch(r"-?[0-9]+\.[0-9]*", text, re.ASCII) and len(text) < 32:
            seconds, _, fraction = text.partition(".")
            milliseconds = round(int(f"{fraction:0<9.9}") / 10**6)
            return int(seconds) * SECOND + milliseconds * 10**6
        try:
            number = integer(text)
        except Refusal as mistake:
            if re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$", text):
                return _rfc3339(text)
            raise Refusal(f"could not parse '{name}' parameter: {mistake}") from None
        return number * SECOND if len(text) <= 10 else number

    def limit(self) -> int:
        """The most lines that are wanted."""
        limit = integer(self.text("limit") or str(DEFAULT_LIMIT), "Atoi")
        if limit <= 0:
            raise Refusal("limit must be a positive value")
        if limit > MOST_ENTRIES:
            raise Refusal(
                f"max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {MOST_ENTRIES})"
            )
        return limit

    def backward(self) -> bool:
        """Whether the newest lines come first."""
        direction = self.text("direction") or "backward"
        if direction.lower() not in ("backward", "forward"):
            raise Refusal(f"invalid direction '{direction}'")
        return direction.lower() == "backward"

    def step(self, span: Span) -> int:
        """Nanoseconds between the times of a metric query."""
        step = (
            self.duration("step")
            if self.text("step")
            else max(floor((span.end - span.start) / SECOND / 250), 1) * SECOND
        )
        if step <= 0:
            raise Refusal("zero or negative query resolution step widths are not accepted. Try a positive integer")
        if (span.end - span.start) // step > MOST_POINTS:
            raise Refusal(
                "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step "
                "parameter"
            )
        return step

    def duration(self, name: str) -> int:
        """Nanoseconds, given as (floating) seconds or as Prometheus writes a duration."""
        text = self.text(name)
        if re.fullmatch(r"-?[0-9]+(\.[0-9]*)?", text, re.ASCII):
            if float(text) * SECOND > LARGEST:
                raise Refusal(f'cannot parse "{text}" to a valid duration. It overflows int64')
            return round(float(text) * SECOND)
        if not PROMETHEUS_DURATION.fullmatch(text):
            raise Refusal(f'cannot parse "{text}" to a valid duration')
        return duration(text, UNITS)


def _rfc3339(text: str) -> int:
    try:
        moment = datetime.fromisoformat(re.sub(r"\.\d+", "", text))
    except ValueError as mistake:
        raise Refusal(f'parsing time "{text}": {mistake}') from None
    fraction = re.search(r"\.(\d+)", text)
    return int(moment.timestamp()) * SECOND + (int(f"{fraction[1]:0<9.9}") if fraction else 0)


def _hours(nanoseconds: int) -> str:
    seconds = nanoseconds // SECOND
    return f"{seconds // 3600}h{seconds % 3600 // 60}m{seconds % 60}s"
