"""What a step finds in its context: typed, so that sentences are checked like other code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
from behave.model import Table

from reports.verdict import Verdict
from steps.drivers.linear import Issue
from steps.incident.alert import Alert
from steps.incident.approvals import Decided
from steps.incident.audit import Audit
from steps.incident.hostile import Hostile
from steps.incident.robustness import Siege
from steps.incident.rotation import Exchanged
from steps.incident.stage import Scene, Stage
from steps.incident.telemetry import Tally
from steps.incident.traffic import Load
from steps.incident.validation import Found
from steps.world.gateway import Injection
from steps.world.processes.usage import Watch
from steps.world.services.trm import Mistake


class Context(Scene):
    """behave's context, as environment.py fills it: the scene of the scenario, and more."""

    stage: Stage
    """The run's: world, judged programs, drivers."""
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
    fail_again: Callable[[], Injection]
    """Makes the broker, or the function, fail as it did."""
    tries_again: bool
    """Whether agent-sre calls a function whose code raised again about the same alert."""
    opened_at: float
    """The journal's time when the LambdaFunction's circuit breaker opened."""
    own_correlation_ids: dict[str, str]
    """Under which each alert of several is notified, by its mark."""
    parameters: dict[str, Any]
    """What the alert's annotation gives its LambdaFunction."""
    shown: Issue
    """The last issue on which SLO data was seen."""
    said_before: list[str]
    """What another alert's ticket says of a kind of context that there is none of."""
    received_before: Tally
    """How many events of each type Prometheus had counted before."""
    took_before: tuple[float, float]
    """How many remediations Prometheus had counted before, and how many seconds they had taken."""
    limit_lasts: float
    """Seconds of Linear's rate limit, from the first call that meets it."""
    within_limit: Alert
    """Fired while a tracker asked to be left alone."""
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
