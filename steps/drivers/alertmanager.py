"""Alertmanager through its API v2 (CONTRACTS §4.2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx


class AlertmanagerUnavailable(Exception):
    """Alertmanager could not be asked: the environment's fault, not the agent's."""


class Alertmanager:
    """Asks an Alertmanager, and gives it alerts as a Prometheus would."""

    def __init__(self, client: httpx.Client, url: str) -> None:
        self._client = client
        self._url = url.rstrip("/")

    def post(self, labels: dict[str, str], annotations: dict[str, str], starts_at: datetime, source: str) -> None:
        """Hands a firing alert over (`POST /api/v2/alerts`)."""
        alert = {
            "labels": labels,
            "annotations": annotations,
            "startsAt": starts_at.isoformat(),
            "generatorURL": source,
        }
        self._call("POST", "/api/v2/alerts", json=[alert])

    def groups(self, alertname: str) -> list[list[dict[str, str]]]:
        """The label sets of each group that holds alerts of that name."""
        found = self._call("GET", "/api/v2/alerts/groups", params={"filter": f'alertname="{alertname}"'}).json()
        return [[alert["labels"] for alert in group["alerts"]] for group in found]

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._client.request(method, f"{self._url}{path}", **options).raise_for_status()
        except httpx.HTTPError as error:
            raise AlertmanagerUnavailable(f"Alertmanager could not be asked for {path}: {error}.") from error
