"""A profile: everything the suite has to know about one deployment of agent-sre and prometheus-events.

The sentences never ask which agent they judge. What differs between deployments -- how they start, how they get
their keys, how long they may take, which tables they follow -- is a value here (DESIGN, laws 1 and 10). A profile that
names only one of the two programs has the bundled reference in the other's place.

`PROFILE.md` beside this module names every setting with its default.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from steps.world.settings import Alerting, Delivery, Seconds, Section

Violation = Literal["critical", "high", "medium", "low"]
Reach = Literal["file", "environment"]
Rotation = Literal["re-read", "restart"]

BUILT_IN = Path(__file__).parent
"""Where the built-in profiles lie: `reference.toml`, `homelab.toml`."""
REFERENCE = "reference"
PLACEHOLDER = re.compile(r"\{([a-z][a-z_]*)\}")
LATER = ("port", "python", "directory")
"""What is filled in when a program is started: the port that it listens on, the suite's interpreter, where it runs."""


class ProfileError(Exception):
    """The profile cannot be used; the message is one sentence that says where and why."""


class Workload(Section):
    """How one of the two judged programs is started and watched; or, with `url`, where one that runs already is."""

    command: tuple[str, ...] = ()
    """Program and arguments; `{port}` stands for the port to listen on, `{python}` for the suite's interpreter."""
    url: str | None = Field(default=None, pattern=r"^https?://[^/]+/?$")
    """Of a program that runs already, in place of a command; see `attached`."""
    directory: Path | None = None
    """Working directory; by default the suite's own root."""
    scratch: bool = False
    """Whether the program runs in a copy of its directory, where it may write what it likes."""
    environment: dict[str, str] = {}
    """Added to the variables that the world gives every deployment (CONTRACTS §10); `{directory}` is where it runs."""
    ready: str = Field(default="/health", pattern="^/")
    """Path that answers 2xx once the program takes events."""
    version: str | None = None
    """What the reports call the program's version; by default what git says of its directory."""
    log: Path | None = None
    """Of a program that runs already: the file that it logs to."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.command) == bool(self.url):
            raise ValueError("name either the command that starts the program, or the url of one that runs already")
        if self.scratch and self.directory is None:
            raise ValueError("a scratch copy needs the directory that is to be copied")
        return self


class Attached(Section):
    """Where programs that run already find the world around them; `make doctor` writes it down for them."""

    directory: Path = Path(".acceptance")
    """Certificates, keys and the variables to start them with are kept here from run to run."""
    first_port: int = Field(default=18_000, ge=1024, le=65_000)
    """The first of four ports: the agent's proxy, the converter's proxy, the converter's sink, the traces' door."""


class Secrets(Section):
    """How keys reach the agent and how a new key is put in place."""

    reach: Reach = "file"
    """`file`: `<NAME>_FILE` names a file that holds the key; `environment`: `<NAME>` is the key."""
    rotation: Rotation | None = None
    """How a new key comes into force: `re-read`, the usual way of a file, or `restart`, that of the environment."""
    days: float = Field(default=90, gt=0)
    """The policy: every key is exchanged within so many days."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.reach == "environment" and self.rotation == "re-read":
            raise ValueError("a key in the environment cannot be read again: set rotation to 'restart'")
        return self

    @property
    def restarts(self) -> bool:
        """Whether the agent is started anew to take a new key."""
        return self.rotation == "restart" or self.reach == "environment"


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
    ticket: Seconds = 10
    """An event at the agent is an issue."""
    update: Seconds = 10
    """Something that happened to an alert is told on its issue."""
    poll: Seconds = 15
    """A decision that the approval application keeps to itself is asked for."""
    recovery: Seconds = 30
    """A fault that ended leaves no trace in what is asked for, and a change around agent-sre is noticed."""
    rotation: Seconds = 30
    """A key that was exchanged is used, and the one before no more."""
    burst: Seconds = 30
    """Fifty alerts at once are all handled."""
    burst_latency: Seconds = 10
    """One of fifty alerts at once has its effect in an external system, at the 95th percentile (CONTRACTS §8.2)."""
    inference: Seconds = 2
    """The model answers, at the 95th percentile of twenty parallel alerts (CONTRACTS §9)."""
    decision: Seconds = 5
    """An event at the agent is a call of the function that the model chose, at the same percentile."""
    scrape: Seconds = 10
    """Something that agent-sre counted is in Prometheus (its 5-second discovery tick included)."""
    trace: Seconds = 10
    """Something that agent-sre did is in Tempo: exporters collect spans for some seconds."""
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
    """Open files more than before, once the burst is over. With more of them, ten further alerts must not take others
    yet: connections may be kept, and are then used again."""
    left_over_threads: int = 48
    """Threads more than before, once the burst is over: those of a pool that has grown, and fewer than one for each
    alert."""


class Targets(Section):
    """What the ticket's success metrics have to reach."""

    success: float = Field(default=99, ge=0, lt=100)
    """More than so many per cent of the calls at each integration point succeed."""
    latency: Seconds = 2
    """95 % of the alerts have their effect in each external system sooner than that, from when they were due."""
    recovery: Seconds = 30
    """An incident is complete again sooner than that, from the end of an external system's outage."""
    rate_limit_compliance: float = Field(default=100, gt=0, le=100)
    """So many per cent of the calls are sent while no rate limit is reached."""
    authentication: float = Field(default=100, gt=0, le=100)
    """So many per cent of the calls are taken as authenticated."""


class Load(Section):
    """The load under which success metrics are measured: alerts on a schedule, whatever becomes of those before."""

    rate: float = Field(default=5, gt=0)
    """Alerts a second."""
    alerts: int = Field(default=200, ge=1)
    """So many, for each of which every system is needed but those where people approve."""
    approvals: int = Field(default=70, ge=1)
    """So many, whose remediations are approved: two requests and one answer each."""
    limited: int = Field(default=60, ge=1)
    """So many, while rate limits are reached one after the other."""
    calls: int = Field(default=200, ge=1)
    """So many calls of an integration point are enough to judge it by."""
    outage: Seconds = 5
    """An external system is down for so long, and until a call has met that, when the recovery is measured."""
    every: Seconds = 0.5
    """Meanwhile and until then, one alert fires after the other in so many seconds."""
    notice: Seconds = 0.5
    """What is sent so soon after a rate limit was told is not held against agent-sre: it was on its way, be it still
    setting up its connection.
    """
    slip: Seconds = 0.2
    """When one of twenty alerts is sent later than that, the machine is too busy for any measure."""
    headroom: float = Field(default=2, ge=1)
    """When the suite itself could not carry so many times the calls that a load brings about, a metric that is missed
    is not held against agent-sre."""
    others: float = Field(default=25, ge=0, le=100)
    """When other programs for a second take more than so many per cent of the machine's processors, and more than they
    leave idle, a metric that is missed is not held against agent-sre."""


class Flooding(Section):
    """What is too much for agent-sre's door, and has to be answered 429 (CONTRACTS §6.1)."""

    rate: float = Field(default=150, gt=0)
    """Events a second."""
    seconds: Seconds = 2
    """A flood lasts so long."""


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


class Linear(Section):
    """Where in Linear the agent opens its issues, and how it may speak there."""

    team: str = "BVL"
    token_lifetime: Seconds = 300
    """Access tokens live so long, where agent-sre speaks to Linear by OAuth. SEC4 waits until two have expired: where
    it can be shorter, that is quicker.
    """


class Jira(Section):
    """Where in Jira the agent opens its issues, and of which type."""

    project: str = "HOMELAB"
    issue_type: str = "Task"


Arrangement = dict[str, str]
"""Environment variables under which agent-sre is run in place of, or beside, its usual ones."""

ASKS: Arrangement = {"OPERATION_MODE": "supervised", "APPROVAL_TIMEOUT_SECONDS": "600"}
IMPATIENT: Arrangement = ASKS | {"APPROVAL_TIMEOUT_SECONDS": "4"}
"""Long enough that a fifth of it is more than an agent on a busy machine needs from deciding to ask until it asks."""

ARRANGEMENTS: dict[str, Arrangement] = {
    "any approval": ASKS,
    "any approval, polled": ASKS | {"CUSTOM_APPROVAL_USE_WEBHOOK": "false"},
    "all approvals": ASKS | {"APPROVAL_REQUIRE_ALL": "true"},
    "pending after the time-out": IMPATIENT,
    "approved after the time-out": IMPATIENT | {"APPROVAL_TIMEOUT_ACTION": "approve"},
    "rejected after the time-out": IMPATIENT | {"APPROVAL_TIMEOUT_ACTION": "reject"},
    "all approvals, rejected after the time-out": IMPATIENT
    | {"APPROVAL_REQUIRE_ALL": "true", "APPROVAL_TIMEOUT_ACTION": "reject"},
    "Linear by OAuth": {"LINEAR_AUTH": "oauth"},
}
"""What scenarios ask for that the whole agent has to be set to, in the variables of CONTRACTS §10.1.

OAuth is the reference's own: agents are told LINEAR_OAUTH_CLIENT_ID, LINEAR_OAUTH_CLIENT_SECRET and
LINEAR_OAUTH_REFRESH_TOKEN, and the directory in which a token may be kept as STATE_DIRECTORY.
"""


class Profile(Section):
    """One deployment of agent-sre and prometheus-events."""

    name: str
    settings: dict[str, str] = {}
    """What `-D <name>=` has to give, and what each is; `{<name>}` stands for it in a workload.

    A workload whose settings are not given is the reference's. `<x>_python`, when it is not given, is the interpreter
    of the virtual environment in `<x>_home`.
    """
    agent: Workload | None = None
    """agent-sre; the reference's when the profile does not name one."""
    converter: Workload | None = None
    """prometheus-events; the reference's when the profile does not name one."""
    attached: Attached = Attached()
    secrets: Secrets = Secrets()
    delivery: Delivery = Delivery()
    alerting: Alerting = Alerting()
    limits: Limits = Limits()
    targets: Targets = Targets()
    load: Load = Load()
    rulings: Rulings = Rulings()
    resources: Resources = Resources()
    flooding: Flooding = Flooding()
    linear: Linear = Linear()
    jira: Jira = Jira()
    slo_dashboard: str = "https://grafana.example.com/d/slo-{slo}"
    """Address of a service level objective's dashboard."""
    dashboard: Path | None = None
    """The Grafana dashboard of agent-sre as its JSON model; a relative path is seen from the profile's directory."""
    manifests: Path | None = None
    """The directory of the deployment's Kubernetes manifests, as they are applied; settings are filled in."""
    arrangements: Annotated[dict[str, Arrangement], AfterValidator(lambda own: ARRANGEMENTS | own)] = ARRANGEMENTS
    """How agent-sre can be set for some scenarios; what a profile does not set of this stays as it is.

    Everything else is run as `agent` says. An agent that takes some seconds to ask people, or to tell what came of it,
    needs longer time-outs than those of 4 seconds.
    """

    @property
    def judged(self) -> str:
        """Who is judged, for reports: which of the two programs is whose."""
        own = {"agent-sre": self.agent, "prometheus-events": self.converter}
        if self.name == REFERENCE:
            return "the bundled reference"
        named = " and ".join(name for name, workload in own.items() if workload)
        missing = "".join(f", with the reference's {name}" for name, workload in own.items() if not workload)
        return f"{named} of {self.name}{missing}"


WHOSE = {"name", "settings", "agent", "converter", "attached", "dashboard", "manifests"}
"""Who is judged, and where that lies; all else is what is judged by."""
KEYLESS = {name for arrangement in ARRANGEMENTS.values() for name in arrangement}
"""Variables that hold no key; what a profile gives others is nobody's to read."""


def in_force(profile: Profile) -> dict[str, Any]:
    """What the profile has the programs judged by, for reports."""
    values = profile.model_dump(mode="json", exclude=WHOSE)
    for arrangement in values["arrangements"].values():
        arrangement |= {name: "not shown" for name in arrangement if name not in KEYLESS}
    return values


def defaults() -> dict[str, Any]:
    """The same where no profile says anything else."""
    return in_force(Profile(name=REFERENCE))


def asked(settings: Mapping[str, str]) -> Profile:
    """The profile that behave's settings ask for: `profile`, and `target`, which is `local` for any but the reference.

    Raises ProfileError.
    """
    name, target = settings.get("profile", REFERENCE), settings.get("target")
    if target not in (None, REFERENCE, "local"):
        raise ProfileError(f"There is no target {target!r}: give -D target=local or -D target={REFERENCE}.")
    if target == "local" and name == REFERENCE:
        raise ProfileError("The target is local, but nothing says what to judge there: give -D profile=my-agent.toml.")
    if target == REFERENCE != name:
        raise ProfileError(f"The target is the reference, but the profile is {name}: leave out one of the two.")
    return load(name, settings)


def path_of(name: str) -> Path:
    """The file of the built-in profile of that name, or of the one that lies at that path."""
    return BUILT_IN / f"{name}.toml" if "/" not in name and not name.endswith(".toml") else Path(name)


def load(name: str, given: Mapping[str, str] | None = None) -> Profile:
    """The built-in profile of that name, or the one in the TOML file of that path, with its settings filled in.

    `given` are behave's settings (`-D name=value`). Raises ProfileError with one sentence that names file, line and
    setting.
    """
    path = path_of(name)
    if not path.is_file():
        known = ", ".join(sorted(built_in.stem for built_in in BUILT_IN.glob("*.toml")))
        raise ProfileError(f"There is no profile {name!r}: give the path of a TOML file or one of: {known}.")
    text = path.read_text(encoding="utf-8")
    try:
        document = tomllib.loads(text)
        profile = Profile.model_validate(document)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        raise ProfileError(_sentence(path, text, error)) from error
    return _located(_completed(_with_settings(profile, path, given or {})), path.parent)


def reference() -> Profile:
    """The bundled reference."""
    return load(REFERENCE)


# -- settings


def _with_settings(profile: Profile, path: Path, given: Mapping[str, str]) -> Profile:
    """The profile with what `-D` gives filled in; a workload that lacks something is left to the reference."""
    known = {name: given[name] for name in profile.settings if name in given}
    known |= {name: str(Path(value).absolute()) for name, value in known.items() if name.endswith("_home")}
    known |= {name: _interpreter(known, name) for name in profile.settings if name.endswith("_python")} | known
    filled_in: dict[str, Workload | None] = {}
    lacking: list[str] = []
    for part in ("agent", "converter"):
        workload: Workload | None = getattr(profile, part)
        wanted = _placeholders(workload) if workload else set()
        if strange := sorted(wanted - set(profile.settings) - set(LATER)):
            raise ProfileError(f"{path}: {part} names {{{strange[0]}}}, which is none of the profile's settings.")
        missing = [name for name in profile.settings if name in wanted and not known.get(name)]
        lacking += missing
        filled_in[part] = None if missing or workload is None else _filled(workload, known)
    if lacking and not any(filled_in.values()):
        ways = " or ".join(f"-D {name}=<{profile.settings[name]}>" for name in dict.fromkeys(lacking))
        raise ProfileError(f"Profile {profile.name} needs to know what to judge: give {ways}.")
    manifests = profile.manifests and Path(filled(str(profile.manifests), known))
    return profile.model_copy(update=filled_in | {"manifests": manifests})


def _interpreter(known: Mapping[str, str], name: str) -> str:
    """The interpreter of the virtual environment in `<x>_home`, else Python 3 on PATH; empty without a home."""
    home = known.get(name.removesuffix("_python") + "_home")
    if home is None:
        return ""
    candidates = (Path(home) / directory / "bin" / "python" for directory in (".venv", "venv"))
    return next((str(one) for one in candidates if one.exists()), shutil.which("python3") or "python3")


def _placeholders(workload: Workload) -> set[str]:
    texts = [*workload.command, *workload.environment.values(), str(workload.directory or "")]
    return {name for text in texts for name in PLACEHOLDER.findall(text)}


def _filled(workload: Workload, known: Mapping[str, str]) -> Workload:
    return workload.model_copy(
        update={
            "command": tuple(filled(part, known) for part in workload.command),
            "environment": {name: filled(value, known) for name, value in workload.environment.items()},
            "directory": workload.directory and Path(filled(str(workload.directory), known)),
        }
    )


def filled(text: str, known: Mapping[str, str]) -> str:
    """The text with the placeholders filled in that are known; other braces mean nothing here."""
    return PLACEHOLDER.sub(lambda match: known.get(match[1], match[0]), text)


def _located(profile: Profile, home: Path) -> Profile:
    """The profile with its relative paths seen from its own directory."""

    def located(workload: Workload | None) -> Workload | None:
        if workload is None:
            return None
        paths = {name: getattr(workload, name) for name in ("directory", "log")}
        return workload.model_copy(update={name: path and (home / path).absolute() for name, path in paths.items()})

    return profile.model_copy(
        update={
            "agent": located(profile.agent),
            "converter": located(profile.converter),
            "attached": Attached(
                directory=(home / profile.attached.directory).absolute(), first_port=profile.attached.first_port
            ),
            "dashboard": profile.dashboard and home / profile.dashboard,
            "manifests": profile.manifests and (home / profile.manifests).absolute(),
        }
    )


OF_THE_AGENT = ("secrets", "rulings", "arrangements", "resources", "flooding", "dashboard")
"""What is a matter of agent-sre alone: where the reference takes its place, the reference's holds."""


def _completed(profile: Profile) -> Profile:
    if profile.agent or profile.name == REFERENCE:
        return profile
    own = {name: getattr(reference(), name) for name in OF_THE_AGENT if name not in profile.model_fields_set}
    return profile.model_copy(update=own | {"manifests": reference().manifests})


# -- mistakes


def _sentence(path: Path, text: str, error: ValidationError) -> str:
    """The first mistake, with the line where it stands."""
    first = error.errors()[0]
    location = [part for part in first["loc"] if isinstance(part, str)]
    setting = ".".join(map(str, first["loc"])) or "the profile"
    reason = first["msg"].removeprefix("Value error, ")
    seen = "" if first["type"] in ("missing", "value_error") else f", got {first['input']!r}"
    return f"{path}, line {line_of(text, location)}: {setting}: {reason[0].lower()}{reason[1:]}{seen}."


def line_of(text: str, location: list[str]) -> int:
    """The line of a TOML text where a setting stands, else where the table does that should hold it; else 1."""
    table: list[str] = []
    best, depth = 1, 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            table = _keys(header[1])
            here = table
        elif assignment := re.match(r"\s*([\w.\"' -]+?)\s*=", line):
            here = table + _keys(assignment[1])
        else:
            continue
        if here == location[: len(here)] and len(here) > depth:
            best, depth = number, len(here)
    return best


def _keys(dotted: str) -> list[str]:
    """The parts of a dotted key, quoted ones included."""
    return [part.strip().strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.\s]+", dotted)]
