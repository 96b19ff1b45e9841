"""Alertmanager's webhook notification, version 4 (CONTRACTS §4.1), for scenarios that enter at prometheus-events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from steps.incident.alert import Alert
from steps.world.journal import Exchange

Status = Literal["firing", "resolved"]
NOT_ENDED = "0001-01-01T00:00:00Z"
"""What Alertmanager sends as the end of an alert that still fires."""
RECEIVER = "prometheus-events"


def rfc3339(time: datetime) -> str:
    """The time as Alertmanager writes it, in UTC."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def common(maps: Sequence[dict[str, str]]) -> dict[str, str]:
    """What all of them say alike: a group's commonLabels or commonAnnotations."""
    first, *others = maps
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def notification(alerts: Iterable[tuple[Alert, Status]]) -> dict[str, Any]:
    """The body that Alertmanager POSTs about one group of alerts, each with its own status."""
    group = list(alerts)
    labels = common([alert.labels for alert, _ in group])
    return {
        "receiver": RECEIVER,
        "status": "firing" if any(status == "firing" for _, status in group) else "resolved",
        "alerts": [_alert(alert, status) for alert, status in group],
        "groupLabels": {"alertname": group[0][0].name},
        "commonLabels": labels,
        "commonAnnotations": common([alert.annotations for alert, _ in group]),
        "externalURL": "http://alertmanager.example.com",
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{group[0][0].name}"}}',
        "truncatedAlerts": 0,
    }


def holds(said: Exchange, alert: Alert, status: Status) -> bool:
    """Whether the notification, which may be under way still, is about the alert in that state."""
    try:
        group = said.request_json()["alerts"]
    except ValueError:
        return False
    return any(one["labels"] == alert.labels and one["status"] == status for one in group)


def _alert(alert: Alert, status: Status) -> dict[str, Any]:
    return {
        "status": status,
        "labels": alert.labels,
        "annotations": alert.annotations,
        "startsAt": rfc3339(alert.starts_at),
        "endsAt": NOT_ENDED if status == "firing" else rfc3339(datetime.now(UTC)),
        "generatorURL": alert.source,
        "fingerprint": fingerprint(alert.labels),
    }


def fingerprint(labels: dict[str, str]) -> str:
    """A label set's fingerprint as Prometheus has it: FNV-1a over sorted names and values, each closed by 0xff."""
    value = 0xCBF29CE484222325
    for byte in b"".join(part.encode() + b"\xff" for item in sorted(labels.items()) for part in item):
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"
