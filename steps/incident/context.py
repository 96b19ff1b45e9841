"""What a step finds in its context: typed, so that sentences are checked like other code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import httpx
from behave.model import Table

from reports.verdict import Verdict
from steps.drivers.linear import Issue
from steps.incident.alerting import Alerting
from steps.incident.approvals import Approvals, Decided
from steps.incident.audit import Audit
from steps.incident.deployment import Deployment
from steps.incident.events import Events
from steps.incident.flood import Flood
from steps.incident.hostile import Hostile, Hostility
from steps.incident.incident import Incident
from steps.incident.issues import Issues
from steps.incident.jira_issues import JiraIssues
from steps.incident.model import Model
from steps.incident.objectives import Objectives
from steps.incident.observability import Observability
from steps.incident.outages import Outages
from steps.incident.remediation import Remediation
from steps.incident.robustness import Robustness, Siege
from steps.incident.rotation import Exchanged, Rotation
from steps.incident.stage import Stage
from steps.incident.success import SuccessMetrics
from steps.incident.telemetry import Telemetry
from steps.incident.traffic import Load, Traffic
from steps.incident.trust import Trust
from steps.incident.validation import Found, Validation
from steps.world.gateway import Injection
from steps.world.processes.usage import Watch
from steps.world.services.trm import Mistake


class Context(Protocol):
    """behave's context, as environment.py fills it."""

    stage: Stage
    """The run's: world, judged programs, drivers."""

    incident: Incident
    """The scenario's; and what can be claimed about it:"""
    events: Events
    issues: Issues
    jira_issues: JiraIssues
    alerting: Alerting
    remediation: Remediation
    objectives: Objectives
    approvals: Approvals
    observability: Observability
    telemetry: Telemetry
    validation: Validation
    model: Model
    traffic: Traffic
    success: SuccessMetrics
    outages: Outages
    trust: Trust
    deployment: Deployment
    rotation: Rotation
    flood: Flood
    robustness: Robustness
    hostility: Hostility

    table: Table
    """The step's own."""

    # What one step of a scenario leaves for a later one.
    answer: httpx.Response
    audit: Audit
    decided: Decided
    siege: Siege
    hostile: list[Hostile]
    engineer: str
    exchanged: Exchanged
    failure_issue: Issue
    fault: Injection
    opened_at: float
    """The journal's time when the LambdaFunction's circuit breaker opened."""
    parameters: dict[str, Any]
    """What the alert's annotation gives its LambdaFunction."""
    shown: Issue
    """The last issue on which SLO data was seen."""
    said_before: list[str]
    """What another alert's ticket says of a kind of context that there is none of."""
    received_before: float
    """How many events Prometheus had counted before."""
    limit_ends: float
    fallbacks: float
    """How many alerts the model had not decided before."""
    help_again: Callable[[], object]
    """Ends what keeps the model from deciding."""
    mistake: Mistake
    """The answer that the model gives and nobody must follow."""
    watch: Watch
    load: Load
    """The load that has arrived."""
    found: Found
    """What a made-up validation found."""
    verdict: Verdict
    """What that came to."""
