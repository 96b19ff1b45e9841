"""Loki through its HTTP API (CONTRACTS §5.1), the real one and the double alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

SECOND = 10**9
PAGE = 5000
"""The most lines that Loki returns at once."""


class LokiUnavailable(Exception):
    """Loki could not be asked or filled: the environment's fault, not the agent's."""


@dataclass(frozen=True, slots=True)
class Line:
    """A log line; `at` in epoch seconds, `labels` are those of its stream and what the query has made of the line."""

    at: float
    text: str
    labels: dict[str, str]


class Loki:
    """Asks a Loki for log lines, and gives it some."""

    def __init__(self, client: httpx.Client, url: str) -> None:
        self._client = client
        self._url = f"{url.rstrip('/')}/loki/api/v1"

    def lines(self, query: str, start: float, end: float) -> list[Line]:
        """The lines that a log query finds, from `start` until just before `end` (epoch seconds), in order of time.

        Raises LokiUnavailable.
        """
        found: dict[tuple[int, str, tuple[tuple[str, str], ...]], Line] = {}
        since, until = _nanoseconds(start), _nanoseconds(end)
        while True:
            page = self._page(query, since, until)
            before = len(found)
            found |= page
            if len(page) < PAGE:
                return [found[key] for key in sorted(found)]
            if len(found) == before:
                raise LokiUnavailable(f"{query!r} finds {PAGE} lines or more at one time: ask for fewer.")
            since = max(at for at, _, _ in page)

    def push(self, labels: Mapping[str, str], lines: Iterable[tuple[float, str]]) -> None:
        """Gives Loki the lines, each with its time in epoch seconds, of what has these labels.

        Raises LokiUnavailable.
        """
        self.push_all([(labels, lines)])

    def push_all(self, streams: Iterable[tuple[Mapping[str, str], Iterable[tuple[float, str]]]]) -> None:
        """As `push`, for several streams at once: the labels of each, and its lines. Raises LokiUnavailable."""
        told = [
            {"stream": dict(labels), "values": [[str(_nanoseconds(at)), text] for at, text in lines]}
            for labels, lines in streams
        ]
        self._call("POST", "/push", json={"streams": told})

    def _page(self, query: str, since: int, until: int) -> dict[tuple[int, str, tuple[tuple[str, str], ...]], Line]:
        """The first lines of that time, by time in nanoseconds, text and labels."""
        asked = {"query": query, "start": str(since), "end": str(until), "limit": str(PAGE), "direction": "forward"}
        answer = self._call("GET", "/query_range", params=asked)
        try:
            told = answer.json()["data"]
            if told["resultType"] != "streams":
                raise LokiUnavailable(f"Loki was asked for lines, but {query!r} yields a {told['resultType']}.")
            return {
                (int(at), text, tuple(sorted(found["stream"].items()))): Line(int(at) / SECOND, text, found["stream"])
                for found in told["result"]
                for at, text, *_ in found["values"]
            }
        except (ValueError, KeyError, TypeError) as error:
            raise LokiUnavailable(
                f"Loki answered {query!r} with something else than lines: {answer.text!r:.200}."
            ) from error

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, f"{self._url}{path}", **options)
        except httpx.HTTPError as error:
            raise LokiUnavailable(f"Loki could not be asked for {path}: {error}.") from error
        if not answer.is_success:
            raise LokiUnavailable(f"Loki answered {path} with {answer.status_code}: {answer.text.strip()!r:.200}.")
        return answer


def _nanoseconds(seconds: float) -> int:
    """To the microsecond: a float holds no more of a time since the epoch."""
    return round(seconds * 10**6) * 10**3
