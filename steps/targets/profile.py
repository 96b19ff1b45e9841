"""A profile: everything the suite has to know about one deployment of agent-sre and prometheus-events.

The sentences never ask which agent they judge. What differs between deployments -- how they start, how they get
their keys, how long they may take, which tables they follow -- is a value here (DESIGN, laws 1 and 10).
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError

from steps.world.settings import Alerting, Delivery, Seconds, Section

Violation = Literal["critical", "high", "medium", "low"]

BUILT_IN = Path(__file__).parent
"""Where the built-in profiles lie: `reference.toml`, ..."""


class ProfileError(Exception):
    """The profile cannot be used; the message is one sentence that says where and why."""


class Workload(Section):
    """How one of the two judged programs is started and watched."""

    command: tuple[str, ...] = Field(min_length=1)
    """Program and arguments; `{port}` stands for the port to listen on, `{python}` for the suite's interpreter."""
    directory: Path | None = None
    """Working directory; by default the suite's own root."""
    environment: dict[str, str] = {}
    """Added to the variables that the world gives every deployment (CONTRACTS §10)."""
    ready: str = "/health"
    """Path that answers 2xx once the program takes events."""


class Secrets(Section):
    """How keys reach the agent and how a new key is put in place."""

    reach: Literal["file", "environment"] = "file"
    """`file`: `<NAME>_FILE` names a file that is read again; `environment`: `<NAME>`, and a new key needs a restart."""


class Limits(Section):
    """How long each kind of evidence may take: the only time-outs of the suite."""

    start: Seconds = 15
    """A program takes events."""
    alert: Seconds = 15
    """A signal's change is an alert's change in Prometheus (its 5-second discovery tick included)."""
    notification: Seconds = 15
    """A signal's change is Alertmanager's notification."""
    event: Seconds = 5
    """A notification is an event at the broker, and at the agent."""
    ticket: Seconds = 6
    """An event at the agent is an issue."""
    update: Seconds = 6
    """Something that happened to an alert is told on its issue."""
    recovery: Seconds = 15
    """A fault that ended leaves no trace in what is asked for."""
    burst: Seconds = 30
    """Fifty alerts at once are all handled."""
    burst_latency: Seconds = 10
    """One of fifty alerts at once has its effect in an external system, at the 95th percentile (CONTRACTS §8.2)."""
    inference: Seconds = 2
    """The model answers, at the 95th percentile of twenty parallel alerts (CONTRACTS §9)."""
    decision: Seconds = 5
    """An event at the agent is a call of the function that the model chose, at the same percentile."""
    log: Seconds = 3
    """Something that happened is in the log."""
    outage: Seconds = 1
    """A fault lasts so long when nobody can count what it does."""
    again: Seconds = 1.5
    """A call that failed would have been tried again, if it is not given up."""
    quiet: Seconds = 0.25
    """Nothing more is coming: so long nothing moved on the channel that is watched."""
    patience: Seconds = 20
    """The longest that a program may keep on moving before the suite calls it restless."""


class Resources(Section):
    """What agent-sre may use of the machine while many alerts come at once."""

    memory_mb: float = 512
    open_files: int = 512
    threads: int = 64
    cpu_cores: float = 1.5
    """Cores, on average over the burst."""
    left_over_files: int = 256
    """Open files more than before, once the burst is over: connections that are kept."""
    left_over_threads: int = 16


class Rulings(Section):
    """What the ticket leaves open (CONTRACTS §12); each is the deployment's own to set."""

    tries: int = Field(default=5, ge=1)
    """A call that fails is tried at most so often (ruling 7)."""
    pause_growth: float = Field(default=1.5, ge=1)
    """Each pause between tries is at least so many times the one before (ruling 7)."""
    priority: dict[str, dict[Violation, int]] = {
        "critical": {"critical": 1, "high": 1, "medium": 2, "low": 2},
        "warning": {"critical": 2, "high": 2, "medium": 3, "low": 3},
        "info": {"critical": 4, "high": 4, "medium": 4, "low": 4},
    }
    """Linear priority by severity and SLM violation (ruling 3)."""
    priority_without_slo: dict[str, int] = {"critical": 1, "warning": 2, "info": 3}
    """Linear priority by severity when the alert has no SLO data (ruling 3)."""
    priority_otherwise: int = 3
    """Linear priority of an unknown or missing severity (ruling 3)."""
    jira_priority: dict[str, str] = {"critical": "Highest", "warning": "High", "info": "Medium"}
    """Jira priority by severity (ruling 4)."""
    jira_priority_otherwise: str = "Medium"
    """Jira priority of an unknown or missing severity (ruling 4)."""
    violation_above: dict[Literal["critical", "high", "medium"], float] = {
        "critical": 0.05,
        "high": 0.01,
        "medium": 0.001,
    }
    """Burn rate above which an SLO violation has this severity; else it is low (ruling 2)."""
    function_timeout: Seconds = 60
    """A LambdaFunction that has not answered after so long is given up (CONTRACTS §10.1)."""
    breaker_failures: int = Field(default=5, ge=1)
    """So many failures in a row open a LambdaFunction's circuit breaker (ruling 8)."""
    breaker_cooldown: Seconds = 30
    """A LambdaFunction whose circuit breaker has opened is left alone for so long (ruling 8)."""
    confidence: float = Field(default=0.7, ge=0, le=1)
    """An answer of the model in which it trusts less is not followed (CONTRACTS §9)."""
    next_method: dict[str, str] = Field(default={"PodCrashLooping": "pod-restart"}, min_length=1)
    """Functions that are chosen, by the beginning of the alertname, when the model cannot help."""
    ticket_label: str = "agent-sre"
    """The label on every ticket, beside the severity (ruling 14)."""


class Linear(Section):
    """Where in Linear the agent opens its issues."""

    team: str = "BVL"


class Jira(Section):
    """Where in Jira the agent opens its issues, and of which type."""

    project: str = "HOMELAB"
    issue_type: str = "Task"


Arrangement = dict[str, str]
"""Environment variables under which agent-sre is run in place of, or beside, its usual ones."""

ASKS: Arrangement = {"OPERATION_MODE": "supervised", "APPROVAL_TIMEOUT_SECONDS": "600"}
IMPATIENT: Arrangement = ASKS | {"APPROVAL_TIMEOUT_SECONDS": "2"}

ARRANGEMENTS: dict[str, Arrangement] = {
    "any approval": ASKS,
    "any approval, polled": ASKS | {"CUSTOM_APPROVAL_USE_WEBHOOK": "false"},
    "all approvals": ASKS | {"APPROVAL_REQUIRE_ALL": "true"},
    "pending after the time-out": IMPATIENT,
    "approved after the time-out": IMPATIENT | {"APPROVAL_TIMEOUT_ACTION": "approve"},
    "rejected after the time-out": IMPATIENT | {"APPROVAL_TIMEOUT_ACTION": "reject"},
}
"""What scenarios ask for that the whole agent has to be set to, in the variables of CONTRACTS §10.1."""


class Profile(Section):
    """One deployment of agent-sre and prometheus-events."""

    name: str
    agent: Workload
    converter: Workload
    secrets: Secrets = Secrets()
    delivery: Delivery = Delivery()
    alerting: Alerting = Alerting()
    limits: Limits = Limits()
    rulings: Rulings = Rulings()
    resources: Resources = Resources()
    linear: Linear = Linear()
    jira: Jira = Jira()
    slo_dashboard: str = "https://grafana.example.com/d/slo-{slo}"
    """Address of a service level objective's dashboard."""
    arrangements: Annotated[dict[str, Arrangement], AfterValidator(lambda own: ARRANGEMENTS | own)] = ARRANGEMENTS
    """How agent-sre can be set for some scenarios; those of ARRANGEMENTS that a profile does not set stay as they are.

    Everything else is run as `agent` says.
    """


def load(name: str) -> Profile:
    """The built-in profile of that name, or the one in the TOML file of that path.

    Raises ProfileError with one sentence that names the file and the setting.
    """
    path = BUILT_IN / f"{name}.toml" if "/" not in name and not name.endswith(".toml") else Path(name)
    if not path.is_file():
        known = ", ".join(sorted(built_in.stem for built_in in BUILT_IN.glob("*.toml")))
        raise ProfileError(f"There is no profile {name!r}: give the path of a TOML file or one of: {known}.")
    try:
        return Profile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        setting = ".".join(str(part) for part in first["loc"]) or "the profile"
        raise ProfileError(f"{path}: {setting}: {first['msg'].lower()}, got {first['input']!r}.") from error
