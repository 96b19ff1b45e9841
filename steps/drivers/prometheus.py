"""Prometheus through its HTTP API (CONTRACTS §4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx


class PrometheusUnavailable(Exception):
    """Prometheus could not be asked: the environment's fault, not the agent's."""


class QueryRefused(Exception):
    """Prometheus cannot make sense of a query, or not execute it; the message is Prometheus' own."""


@dataclass(frozen=True, slots=True)
class AlertState:
    """An alert as Prometheus holds it."""

    labels: dict[str, str]
    state: str
    """`pending` or `firing`."""
    active_at: datetime


@dataclass(frozen=True, slots=True)
class Series:
    """A series with its value now; the name of its metric is not among its labels."""

    labels: dict[str, str]
    value: float


class Prometheus:
    """Asks a Prometheus server."""

    def __init__(self, client: httpx.Client, url: str) -> None:
        self._client = client
        self._url = url.rstrip("/")

    def alerts(self, alertname: str) -> list[AlertState]:
        """The pending and firing alerts of that name."""
        found = self._get("/api/v1/alerts")["alerts"]
        return [
            AlertState(alert["labels"], alert["state"], datetime.fromisoformat(alert["activeAt"]))
            for alert in found
            if alert["labels"].get("alertname") == alertname
        ]

    def rule_health(self, alertname: str) -> str | None:
        """`ok`, `unknown` (not evaluated yet) or `err` of the rule with that alert; None when it is not loaded."""
        groups = self._get("/api/v1/rules", type="alert")["groups"]
        return next((rule["health"] for group in groups for rule in group["rules"] if rule["name"] == alertname), None)

    def now(self) -> float:
        """The server's time, epoch seconds."""
        return float(self._get("/api/v1/query", query="time()")["result"][0])

    def value(self, query: str) -> float | None:
        """The value of the one series that the instant query yields, None when it yields none."""
        result = self._get("/api/v1/query", query=query)["result"]
        return float(result[0]["value"][1]) if result else None

    def series(self, query: str, at: float | None = None) -> list[Series]:
        """The series that the instant query yields, now or at that time in epoch seconds. Raises QueryRefused."""
        try:
            answer = self._get("/api/v1/query", query=query, **({} if at is None else {"time": f"{at}"}))
        except PrometheusUnavailable as error:
            refusal = error.__cause__
            if isinstance(refusal, httpx.HTTPStatusError) and refusal.response.status_code in (400, 422):
                raise QueryRefused(refusal.response.json()["error"]) from None
            raise
        if answer["resultType"] == "scalar":
            return [Series({}, float(answer["result"][1]))]
        return [
            Series({name: text for name, text in one["metric"].items() if name != "__name__"}, float(one["value"][1]))
            for one in answer["result"]
        ]

    def names(self, prefix: str) -> set[str]:
        """The names of the metrics that begin so and have series now."""
        found = self._get("/api/v1/query", query=f'group by (__name__) ({{__name__=~"{prefix}.+"}})')["result"]
        return {one["metric"]["__name__"] for one in found}

    def declared(self) -> set[str]:
        """The names of all metrics that its targets speak of, be there series or not. A counter's may lack `_total`."""
        return set(self._get("/api/v1/metadata"))

    def _get(self, path: str, **parameters: str) -> Any:
        try:
            answer = self._client.get(f"{self._url}{path}", params=parameters).raise_for_status()
        except httpx.HTTPError as error:
            raise PrometheusUnavailable(f"Prometheus could not be asked for {path}: {error}.") from error
        return answer.json()["data"]
