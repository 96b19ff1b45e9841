"""Incidents: which alerts are one, and what each event means for it (CONTRACTS §12, ruling 6)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from steps.reference import logs
from steps.reference.agent import report
from steps.reference.agent.alert import Alert, derived_id
from steps.reference.agent.approvals import Approvals, NotApprovedError
from steps.reference.agent.choice import Chooser
from steps.reference.agent.context import Inquiry
from steps.reference.agent.metrics import Metrics
from steps.reference.agent.remediation import Plan, Remediation, function_of, plan, request
from steps.reference.agent.tickets import Draft, Section, Ticket, Tracker, drafted_once
from steps.reference.calls import CallError
from steps.reference.doors import Work
from steps.reference.events import CloudEvent, trace_id

KEPT = 10_000
"""Incidents that are remembered; the oldest resolved ones are forgotten."""


Asked = list[asyncio.Task[bool]]
"""What was asked of the tickets: one task for each, whose result is whether it could be done."""


@dataclass(slots=True)
class Incident:
    """An alert from its first notification to its end, and its ticket in each tracker."""

    id: str
    alert: Alert
    correlation_id: str
    trace: Mapping[str, str]
    tickets: Sequence[Ticket]
    changed: datetime | None
    """Time of the event that opened or resolved it."""
    is_open: bool = True

    def open(self) -> Asked:
        """Opens the tickets."""
        return [ticket.open() for ticket in self.tickets]

    def comment(self, key: str, section: Section) -> Asked:
        """Comments on the tickets; the key tells the comment from others."""
        return [ticket.comment(key, section) for ticket in self.tickets]

    def close(self, key: str, section: Section) -> Asked:
        """Closes the tickets."""
        return [ticket.close(key, section) for ticket in self.tickets]


class Incidents:
    """Handles events: those of one incident in their order, different incidents side by side."""

    def __init__(
        self,
        trackers: Sequence[Tracker],
        inquiry: Inquiry,
        remediation: Remediation,
        chooser: Chooser,
        approvals: Approvals | None,
        metrics: Metrics,
        work: Work,
        *,
        grafana_url: str,
        later: float,
        ticket_patience: float,
    ) -> None:
        self._trackers = trackers
        self._inquiry = inquiry
        self._remediation = remediation
        self._chooser = chooser
        self._approvals = approvals
        self._metrics = metrics
        self._work = work
        self._grafana_url = grafana_url
        self._later = later
        self._ticket_patience = ticket_patience
        self._incidents: dict[str, Incident] = {}

    async def handle(self, event: CloudEvent, alert: Alert, correlation_id: str) -> bool:
        """Does to the tickets what the event means; whether that could be done. Remediation goes on after it.

        What is asked of the tickets is asked before anything is waited for: events keep their order.
        """
        known = self._incidents.get(alert.identity)
        asked: Asked = []
        if known and known.changed and event.time and event.time < known.changed:
            logs.info("the event is older than what is known of its incident; nothing is done", type=event["type"])
        elif alert.status == "resolved":
            asked = self._resolve(event, alert, correlation_id, known)
        elif known and known.is_open:
            logs.info("the alert is still firing")
            asked = known.comment(event["id"], report.repeated(alert, correlation_id))
        else:
            incident = self._make(event, alert, correlation_id, previous=known)
            asked = incident.open()
            self._work.start("remediation", self._remediate(incident, asked))
        return all(await asyncio.gather(*asked))

    def _resolve(self, event: CloudEvent, alert: Alert, correlation_id: str, known: Incident | None) -> Asked:
        """Closes the incident; also one that the agent does not know, because it was restarted."""
        if known and not known.is_open:
            logs.info("the alert was resolved before")
            return []
        incident = known or self._make(event, alert, correlation_id, previous=None)
        incident.is_open = False
        incident.changed = event.time
        return incident.close(event["id"], report.resolved(alert, correlation_id))

    def _make(self, event: CloudEvent, alert: Alert, correlation_id: str, previous: Incident | None) -> Incident:
        """A new incident; when the alert fired before, it is related to the incident of that time."""
        incident_id = derived_id(alert.identity, alert.starts_at)
        if previous and previous.id == incident_id:
            incident_id = derived_id(previous.id, "again")
        own = event.get("traceparent")
        trace = {"traceparent": own} if own and trace_id(own) else event.trace
        related_id = previous.id if previous else None

        async def draft() -> Draft:
            context = await self._inquiry.about(alert)
            return report.alert_draft(incident_id, alert, correlation_id, context, self._grafana_url, related_id)

        incident = Incident(incident_id, alert, correlation_id, trace, self._tickets(incident_id, draft), event.time)
        self._incidents.pop(alert.identity, None)
        self._incidents[alert.identity] = incident
        if len(self._incidents) > KEPT:
            oldest = next((key for key, one in self._incidents.items() if not one.is_open), None)
            self._incidents.pop(oldest or alert.identity)
        return incident

    def _tickets(self, issue_id: str, draft: Callable[[], Awaitable[Draft]]) -> list[Ticket]:
        shared = drafted_once(draft)
        return [Ticket(tracker, self._work, issue_id, shared, self._later) for tracker in self._trackers]

    async def _remediate(self, incident: Incident, opening: Asked) -> None:
        """Calls the function that the alert asks for, else the chosen one, once per incident, also over a restart.

        The tickets come first, but when they cannot be opened in time, the alert is remediated without them.
        """
        alert, choice = incident.alert, None
        if (function := function_of(alert)) is None:
            choice = await self._chooser.choose(alert)
            function = choice.plan.function if choice.plan else None
            if function is None and choice.fallback is None:
                return
        await asyncio.wait(opening, timeout=self._ticket_patience)
        if any([await ticket.has_comment("remediation") for ticket in incident.tickets]):
            logs.info("the remediation was begun before the agent was restarted")
            return
        if choice:
            incident.comment("choice", report.chosen(choice))
        if function is None:
            return
        began, status = time.monotonic(), "failure"
        self._metrics.active.inc()
        try:
            message = await self._call(incident, choice.plan if choice else None)
            status = "success"
            logs.info("remediation succeeded", lambda_function=function, outcome=message)
            incident.comment("remediation outcome", report.remediation_succeeded(function, message))
        except NotApprovedError as refusal:
            status = refusal.outcome
            logs.info("remediation is not carried out", lambda_function=function, reason=str(refusal))
        except CallError as error:
            logs.error("remediation failed", lambda_function=function, error=str(error))
            incident.comment("remediation outcome", report.remediation_failed(function, str(error)))
            self._open_failure_tickets(incident, function, str(error))
        finally:
            self._metrics.active.dec()
            self._metrics.attempts.labels(alert.alertname, function, status).inc()
            self._metrics.duration.observe(time.monotonic() - began)

    async def _call(self, incident: Incident, chosen: Plan | None) -> str:
        planned = chosen or plan(incident.alert)
        if self._approvals:
            await self._approve(self._approvals, incident, planned)
        incident.comment("remediation", report.remediation_started(planned))
        event_id = derived_id(incident.id, "remediation")
        event = request(planned, event_id, incident.alert.alertname, incident.correlation_id, incident.trace)
        return await self._remediation.carry_out(planned.function, event)

    async def _approve(self, approvals: Approvals, incident: Incident, planned: Plan) -> None:
        """Returns once people have approved the call. Raises NotApprovedError."""
        request_id = derived_id(incident.id, "approval")
        question = approvals.question(request_id, incident.alert, planned, incident.correlation_id)
        incident.comment("approval request", report.approval_asked(question))
        decision = await approvals.decide(question)
        incident.comment("approval", report.approval_decided(question, decision))
        logs.info("approval decided", request_id=request_id, outcome=decision.outcome, timed_out=decision.timed_out)
        if decision.outcome != "approved":
            raise NotApprovedError(decision.outcome)
        if not incident.is_open:
            raise NotApprovedError("no longer needed")

    def _open_failure_tickets(self, incident: Incident, function: str, reason: str) -> None:
        issue_id = derived_id(incident.id, "remediation failed")

        async def draft() -> Draft:
            context = await self._inquiry.about(incident.alert)
            return report.failure_draft(
                issue_id, incident.alert, incident.correlation_id, context, function, reason, incident.id
            )

        for ticket in self._tickets(issue_id, draft):
            ticket.open()
