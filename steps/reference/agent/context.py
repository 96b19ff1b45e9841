"""What the agent finds out about an alert before it opens a ticket: what it cannot find out in time it goes without."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from steps.reference import logs
from steps.reference.agent.alert import Alert
from steps.reference.agent.observability import Observability, Observations
from steps.reference.agent.oncall import OnCall
from steps.reference.agent.slm import Objective, Slm
from steps.reference.calls import CallError


@dataclass(frozen=True, slots=True)
class Context:
    """What was found out."""

    objective: Objective | None = None
    unavailable: str | None = None
    """Why the objective that the alert names is not known."""
    assignee: str | None = None
    """E-mail address of the engineer on call."""
    observations: Observations = field(default_factory=Observations)


class Inquiry:
    """Asks all sources side by side."""

    def __init__(self, slm: Slm, oncall: OnCall | None, observability: Observability) -> None:
        self._slm = slm
        self._oncall = oncall
        self._observability = observability

    async def about(self, alert: Alert) -> Context:
        """What can be found out about the alert now."""
        (objective, unavailable), assignee, observations = await asyncio.gather(
            self._objective(alert), self._assignee(alert), self._observability.about(alert)
        )
        return Context(objective, unavailable, assignee, observations)

    async def _objective(self, alert: Alert) -> tuple[Objective | None, str | None]:
        if not (slo := alert.labels.get("slo")):
            return None, None
        try:
            return await self._slm.objective(slo), None
        except CallError as failure:
            logs.error("SLM context is not available", error=str(failure))
            return None, str(failure)

    async def _assignee(self, alert: Alert) -> str | None:
        if self._oncall is None:
            return None
        try:
            return await self._oncall.email(alert.starts_at)
        except CallError as failure:
            logs.error("nobody can tell who is on call; the ticket stays unassigned", error=str(failure))
            return None
