"""agent-sre at its own doors: is it alive, what does it log, and what does it count."""

from __future__ import annotations

from typing import Protocol

import httpx
from prometheus_client.parser import text_string_to_metric_families


class Log(Protocol):
    """What the agent prints."""

    def logged(self) -> int:
        """How many bytes it has printed, however often it was started."""

    def log(self, since: int) -> str:
        """What it has printed after that many bytes."""


class Agent:
    """The judged agent: its health door, and the lines of its log since a moment."""

    def __init__(self, client: httpx.Client, url: str, log: Log) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._log = log
        self._from = 0

    def look_from_here(self) -> None:
        """Later calls of `log` begin with the next line that is written."""
        self._from = self._log.logged()

    def log(self) -> list[str]:
        """The lines that the agent has logged since `look_from_here`, be it started anew meanwhile."""
        return self._log.log(self._from).splitlines()

    def metric(self, name: str, **labels: str) -> float | None:
        """The sum of the metric's series that have these labels, None when there is none, or no answer that tells."""
        try:
            answer = self._client.get(f"{self._url}/metrics").raise_for_status()
            families = list(text_string_to_metric_families(answer.text))
        except (httpx.HTTPError, ValueError):
            return None
        samples = [sample for family in families for sample in family.samples]
        found = [one.value for one in samples if one.name == name and labels.items() <= one.labels.items()]
        return sum(found) if found else None

    def post(self, door: str, media_type: str, body: bytes) -> httpx.Response:
        """Posts this body at one of its doors, and returns the answer."""
        return self._client.post(f"{self._url}{door}", content=body, headers={"Content-Type": media_type})

    def health(self) -> int | None:
        """The status that `GET /health` answers, None when nothing answers."""
        try:
            return self._client.get(f"{self._url}/health").status_code
        except httpx.HTTPError:
            return None
