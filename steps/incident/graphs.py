"""Graphs that a ticket links to: what they show and of which time, in the forms of Prometheus and of Grafana. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from steps.drivers.linear import Issue
from steps.incident.issues import text_of

LONGEST = timedelta(days=1)
"""A longer window is not one around an alert's start."""
_ADDRESS = re.compile(r"https?://[^\s<>\"|\]`]+")
_DURATION = re.compile(r"(\d+)(ms|[smhdwy])")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_USUAL_RANGE = "1h"
"""What Prometheus shows of a graph whose address gives no range."""


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph of an expression; without a window that is fixed, it shows whatever is now when it is opened."""

    url: str
    expression: str
    window: tuple[datetime, datetime] | None


def graphs_in(issue: Issue) -> list[Graph]:
    """The graphs that the ticket links to, as attachments or in its text."""
    in_text = _ADDRESS.findall(text_of(issue).replace("\\", ""))
    addresses = [link.url for link in issue.attachments] + [_closed(address) for address in in_text]
    return [graph for address in dict.fromkeys(addresses) for graph in graphs_of(address)]


def _closed(address: str) -> str:
    """The address up to the parenthesis that closes none of its own: that is the end of the link around it."""
    depth = 0
    for place, character in enumerate(address):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return address[:place]
    return address


def graphs_of(address: str) -> list[Graph]:
    """The graphs behind an address; none when it is that of something else."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    found = [*_prometheus(address, query)]
    with suppress(ValueError, LookupError, TypeError, AttributeError):
        found += _grafana(address, query)
    return found


def expression_of(address: str) -> str | None:
    """The expression that the first graph behind an address shows, None when it is no graph's."""
    return next((graph.expression for graph in graphs_of(address)), None)


def around(issue: Issue, own: Sequence[Graph], all_: Sequence[Graph], start: datetime) -> None:
    """One of the graphs of the alert's own series has a fixed window around the alert's start.

    Prometheus' page writes times in whole seconds: a window that ends with the start's second has the start in it.
    """
    assert own, (
        f"Expected {issue.identifier} to link to a graph of the alert's series, "
        f"but {'none of its ' + str(len(all_)) + ' graphs shows it' if all_ else 'it links to no graph'}."
    )
    windows = [graph.window for graph in own if graph.window]
    second = start.replace(microsecond=0)
    assert any(since <= start and second <= until and until - since <= LONGEST for since, until in windows), (
        f"Expected {issue.identifier} to link to a graph of the time around {start:%H:%M:%S}, but its graphs show "
        + ("; ".join(f"{since:%d %b %H:%M:%S} to {until:%d %b %H:%M:%S}" for since, until in windows) or "what is now")
        + "."
    )


def _prometheus(address: str, query: dict[str, str]) -> Iterator[Graph]:
    """Prometheus' own graph page: panels ``g0``, ``g1``, …, each with an expression, a range and perhaps an end."""
    number = 0
    while expression := query.get(f"g{number}.expr"):
        window = None
        if end := query.get(f"g{number}.end_input"):
            with suppress(ValueError):
                until = _moment(end)
                window = (until - _duration(query.get(f"g{number}.range_input", _USUAL_RANGE)), until)
        yield Graph(address, expression, window)
        number += 1


def _grafana(address: str, query: dict[str, str]) -> list[Graph]:
    """Grafana's Explore: a pane (`left`) or several (`panes`) of JSON, each with queries and a range."""
    panes: list[dict[str, Any]] = []
    if "left" in query:
        panes.append(json.loads(query["left"]))
    if "panes" in query:
        panes += json.loads(query["panes"]).values()
    found = []
    for pane in panes:
        window = None
        with suppress(ValueError):
            window = (_moment(str(pane["range"]["from"])), _moment(str(pane["range"]["to"])))
        found += [Graph(address, asked["expr"], window) for asked in pane["queries"] if asked.get("expr")]
    return found


def _moment(text: str) -> datetime:
    """A time as milliseconds or seconds since the epoch, or as ISO 8601 (without a zone: UTC). Raises ValueError."""
    if text.isdecimal():
        return datetime.fromtimestamp(int(text) / (1000 if len(text) > 11 else 1), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _duration(text: str) -> timedelta:
    """A length of time such as ``1h30m``. Raises ValueError."""
    parts = _DURATION.findall(text)
    if "".join(number + unit for number, unit in parts) != text or not parts:
        raise ValueError(f"{text!r} is no length of time")
    return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))
