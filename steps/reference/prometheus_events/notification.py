"""Alertmanager's webhook notification, version 4 (CONTRACTS §4.1), and the events that it becomes."""

from __future__ import annotations

import hashlib
import uuid
from typing import Annotated, Literal, NamedTuple
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from steps.reference.events import CloudEvent, Timestamp, now, trace_id

TYPES = {"firing": "io.homelab.prometheus.alert.fired", "resolved": "io.homelab.prometheus.alert.resolved"}
NOT_EMPTY = Annotated[str, Field(min_length=1)]


class AlertState(NamedTuple):
    """What is equal when two notifications say the same of an alert."""

    fingerprint: str
    status: str
    starts_at: str
    ends_at: str


class MalformedNotificationError(Exception):
    """The webhook's body is no notification; the message is a sentence that says where and why."""


class Alert(BaseModel):
    """One alert of a notification. Unknown fields are passed over: later Alertmanagers send more."""

    model_config = ConfigDict(frozen=True)

    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    annotations: dict[str, str]
    startsAt: Timestamp  # noqa: N815
    endsAt: Timestamp  # noqa: N815
    generatorURL: str  # noqa: N815
    fingerprint: NOT_EMPTY

    @property
    def state(self) -> AlertState:
        """What the alert is now."""
        return AlertState(self.fingerprint, self.status, self.startsAt, self.endsAt)


class Notification(BaseModel):
    """The body of a webhook: a group of alerts, each with its own status."""

    version: Literal["4"]
    receiver: NOT_EMPTY
    status: Literal["firing", "resolved"]
    alerts: list[Alert]
    groupLabels: dict[str, str]  # noqa: N815
    commonLabels: dict[str, str]  # noqa: N815
    commonAnnotations: dict[str, str]  # noqa: N815
    externalURL: str  # noqa: N815
    groupKey: str  # noqa: N815


def parse(body: bytes) -> Notification:
    """The notification. Raises MalformedNotificationError: it is taken whole or not at all."""
    try:
        notification = Notification.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the body"
        raise MalformedNotificationError(f"The notification is malformed: {where}: {first['msg']}.") from error
    if not all(alert.labels.get("alertname") for alert in notification.alerts):
        raise MalformedNotificationError("The notification is malformed: an alert has no alertname.")
    return notification


def event_of(
    alert: Alert, notification: Notification, correlation_id: str | None, traceparent: str | None
) -> CloudEvent:
    """A new event: this notification of this alert is one occurrence.

    The correlation id is the one given, else the trace id, else one that all events of this firing of the
    alert share, from fired to resolved: it is made of what they have in common, so no memory of it is needed.
    """
    trace = trace_id(traceparent)
    own = hashlib.sha256(f"{alert.fingerprint} {alert.startsAt}".encode()).hexdigest()[:32]
    attributes = {
        "id": str(uuid.uuid4()),
        "source": f"prometheus/alertmanager/{quote(notification.receiver)}",
        "type": TYPES[alert.status],
        "subject": alert.labels["alertname"],
        "time": now(),
        "correlationid": correlation_id or trace or own,
    }
    data: dict[str, object] = {
        "alertname": alert.labels["alertname"],
        "status": alert.status,
        "severity": alert.labels.get("severity", "unknown"),
        "labels": alert.labels,
        "annotations": alert.annotations,
        "commonLabels": notification.commonLabels,
        "commonAnnotations": notification.commonAnnotations,
        "startsAt": alert.startsAt,
        "endsAt": alert.endsAt,
        "generatorURL": alert.generatorURL,
        "receiver": notification.receiver,
        "version": notification.version,
    }
    if rule := alert.labels.get("prometheus_rule"):
        data["prometheusRule"] = rule
    if trace and traceparent:
        return CloudEvent(attributes | {"traceparent": traceparent}, data, {"traceparent": traceparent})
    return CloudEvent(attributes, data)
