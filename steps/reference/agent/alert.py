"""The alert that an event is about, and what identifies an incident (CONTRACTS §12, ruling 6)."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from steps.reference.events import CloudEvent, Timestamp, trace_id

FIRED, RESOLVED = "io.homelab.prometheus.alert.fired", "io.homelab.prometheus.alert.resolved"


class MalformedAlertError(Exception):
    """The event's data is no alert; the message says where and why."""


class Alert(BaseModel):
    """The data of an alert event (CONTRACTS §10.2), as far as the agent uses it."""

    model_config = ConfigDict(frozen=True)

    alertname: Annotated[str, Field(min_length=1)]
    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    starts_at: Timestamp = Field(alias="startsAt")
    ends_at: Timestamp | None = Field(None, alias="endsAt")
    generator_url: str = Field("", alias="generatorURL")
    given_severity: str | None = Field(None, alias="severity")

    @property
    def severity(self) -> str:
        """The severity in lower case, `unknown` when nobody gave one."""
        return (self.labels.get("severity") or self.given_severity or "unknown").lower()

    @property
    def identity(self) -> str:
        """What one alert has and no other: its label set."""
        return json.dumps(self.labels, sort_keys=True)


def alert_of(event: CloudEvent) -> Alert:
    """The alert that the event is about. Raises MalformedAlertError."""
    try:
        alert = Alert.model_validate(event.data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(("data", *map(str, first["loc"])))
        raise MalformedAlertError(f"The event is malformed: {where}: {first['msg']}.") from error
    if (event["type"] == FIRED) != (alert.status == "firing"):
        raise MalformedAlertError(
            f"The event contradicts itself: it is of type {event['type']} and its alert is {alert.status}."
        )
    return alert


def correlation_id_of(event: CloudEvent, header: str | None) -> str:
    """The id that follows the alert along the whole way: as given, else its trace, else its event."""
    trace = trace_id(event.get("traceparent")) or trace_id(event.trace.get("traceparent"))
    return event.get("correlationid") or header or trace or event["id"]


def derived_id(*causes: Any) -> str:
    """A UUID that the same causes always yield: what carries it is made only once."""
    digest = hashlib.sha256(json.dumps(causes).encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))
