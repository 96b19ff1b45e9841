"""A signal's way to agent-sre: what the agent's limits wait for before they count."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from steps.incident.alert import Alert
from steps.incident.events import STATUS, Happening
from steps.incident.notification import holds
from steps.world.journal import Exchange, Journal

Hop = Literal["notification", "event"]
"""Alertmanager's notification, at the pace of Prometheus's scrapes and evaluations, and the event made of it."""
HOPS: tuple[Hop, ...] = ("notification", "event")
"""In their order."""


@dataclass(frozen=True, slots=True)
class Signalled:
    """A signal was raised or lowered, so that its alert fires or resolves. The time is the journal's."""

    alert: Alert
    happening: Happening
    since: float

    def next_hop(self, journal: Journal) -> Hop | None:
        """What has not come to be yet on the way to agent-sre; nothing once agent-sre is told."""
        mark = self.alert.mark

        def said(caller: str, callee: str, since: float) -> list[Exchange]:
            over = journal.exchanges(caller=caller, callee=callee, mentioning=mark, since=since)
            return over + journal.in_flight(caller=caller, callee=callee, mentioning=mark, since=since)

        notified = [
            notification
            for notification in said("alertmanager", "prometheus-events", self.since)
            if holds(notification, self.alert, STATUS[self.happening])
        ]
        if not notified:
            return "notification"
        told = said("broker", "agent-sre", notified[0].began)
        return None if any(map(_reached, told)) else "event"


def _reached(delivery: Exchange) -> bool:
    """Whether somebody was there to hear it: an agent that is just started anew, or ends, is told again."""
    return delivery.ended == math.inf or delivery.status not in (None, 503)
