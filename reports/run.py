"""The run that is going on: what is known of it and what it has left so far.

One behave process is one run. Its environment tells what it knows in `facts`:

    from reports.run import facts
    facts.target, facts.profile = "reference", "reference"
    facts.versions["prometheus"] = "2.42.0"
    facts.redact = world.journal.redact

and raises `UsageError` in before_all for settings that cannot be used. All else here is kept by the runner, the
formatters and `reports.evidence`.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import secrets
import shlex
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from reports import benchmarks, suite
from reports.benchmarks import Measure
from reports.files import claim
from reports.requirements import Requirements
from reports.suite import Suite
from reports.units import Durations, Shard, Shuffle
from reports.verdict import Attachment, ScenarioVerdict, Trouble
from reports.waivers import Waiver

if TYPE_CHECKING:
    from reports.metrics import Metrics


class UsageError(Exception):
    """The command or its settings cannot be used; the message is one sentence that says what to do."""


@dataclass(slots=True)
class Facts:
    """What only the environment knows."""

    target: str = "unknown"
    """Which agent is judged."""
    profile: str = "unknown"
    versions: dict[str, str] = field(default_factory=dict)
    """Versions of the programs of the world and of the agent, by name."""
    settings: dict[str, Any] = field(default_factory=dict)
    """What the profile has the agent judged by."""
    defaults: dict[str, Any] = field(default_factory=dict)
    """The same where no profile says anything else."""
    waivers: Path | None = None
    """Where the waivers of the profile would lie."""
    redact: Callable[[str], str] = str
    """Blots out the run's credentials in whatever is written down."""


facts = Facts()


@dataclass(slots=True)
class Record:
    """What the run has left so far, by behave's own objects; a scenario, step, ... is known by its identity."""

    root: Path
    """Where features/, steps/ and environment.py lie."""
    requirements: Requirements
    suite: Suite
    """The suite as it was when the run began."""
    metrics: Metrics
    """What Prometheus learns of the run."""
    changed: Mapping[str, str] = field(default_factory=dict)
    """The items whose words in the ticket are no longer those that were confirmed, with the words that they have."""
    granted: tuple[Waiver, ...] = ()
    """All waivers of the profile."""
    selected: list[Any] = field(default_factory=list)
    """The scenarios to run, in order."""
    left_out: list[Any] = field(default_factory=list)
    """The scenarios of the same features that the selection leaves out."""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    id: str = ""
    """A name for the run that sorts by time: "20260108T101500Z-3f9a"."""
    clock: float = field(default_factory=time.monotonic)
    began: dict[int, tuple[datetime, float]] = field(default_factory=dict)
    """When each scenario began: wall clock and monotonic seconds."""
    durations: dict[int, float] = field(default_factory=dict)
    """How long each scenario took, in seconds."""
    steps_began: dict[int, datetime] = field(default_factory=dict)
    """When each step began."""
    evidence: dict[int, list[Attachment]] = field(default_factory=dict)
    """What each step has seen."""
    measures: list[Measure] = field(default_factory=list)
    """What the steps have measured."""
    troubles: dict[int, list[tuple[Trouble, BaseException]]] = field(default_factory=dict)
    """What went wrong in the hooks and the clean-up of each feature, rule, scenario and step."""
    run_troubles: list[Trouble] = field(default_factory=list)
    """What went wrong around all features."""
    expected: Durations = field(default_factory=lambda: Durations({}))
    """How long the scenarios took last time."""
    order: Shuffle | None = None
    """The order by chance that was asked for."""
    shard: Shard | None = None
    """The part of a run that this run is, if it is only one."""
    told: dict[str, ScenarioVerdict] = field(default_factory=dict)
    """What workers have said of scenarios, by location."""
    settled: set[str] = field(default_factory=set)
    """The scenarios of which a worker has also written Allure's results, by location."""
    part: int | None = None
    """The number of the worker that this process is; None in a run that is not shared, and in its crew."""
    set_up: tuple[Trouble, BaseException] | None = None
    """Why nothing could run at all."""

    _claim: int | None = None
    """Holds the directory of the reports until this process and those that it forks have ended."""

    def __post_init__(self) -> None:
        self.id = f"{self.started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"

    @property
    def waivers(self) -> dict[str, Waiver]:
        """The waivers that are in force, by item."""
        return {waiver.item: waiver for waiver in self.granted if waiver.counts(self.started.date())}

    @property
    def latest(self) -> Path:
        """Where the reports of this run go."""
        return self.root / "reports" / "latest"

    @property
    def allure_results(self) -> Path:
        return self.latest / "allure-results"

    def empty_latest(self) -> None:
        """Removes the reports of the run before, so that none of them can be taken for this one's.

        Raises UsageError while another run writes there.
        """
        try:
            self._claim = claim(self.latest.parent)
        except BlockingIOError:
            raise UsageError(
                f"Another run is writing into {self.latest}: wait until it has ended, or run in another checkout."
            ) from None
        if self.latest.is_symlink():
            raise UsageError(f"{self.latest} is a symbolic link: remove it, the reports need a directory of their own.")
        if self.latest.exists():
            benchmarks.make_history(self.latest)
            shutil.rmtree(self.latest)
        self.latest.mkdir(parents=True)

    def trouble(self, where: str, error: BaseException, thing: object | None = None) -> Trouble:
        """Notes that something went wrong around a feature, rule, scenario or step; around the run without one."""
        trouble = Trouble(where=where, sentence=sentence_of(error), raised=self.raised_at(error))
        if thing is None:
            self.run_troubles.append(trouble)
        else:
            self.troubles.setdefault(id(thing), []).append((trouble, error))
        return trouble

    def set_up_failed(self, where: str, error: BaseException) -> None:
        """Notes that the run could not be set up, so that none of its scenarios can be judged."""
        self.set_up = (self.trouble(where, error), error)

    def own_frames(self, error: BaseException | None) -> list[traceback.FrameSummary]:
        """The suite's own lines of code that the error came through, the innermost last."""
        return [
            frame
            for frame in traceback.extract_tb(error.__traceback__ if error else None)
            if (path := Path(frame.filename).absolute()).is_relative_to(self.root) and ".venv" not in path.parts
        ]

    def raised_at(self, error: BaseException | None) -> str | None:
        """Where in the suite's own code the error was raised: "steps/linear.py:88"."""
        frames = self.own_frames(error)
        if not frames:
            return None
        return f"{Path(frames[-1].filename).absolute().relative_to(self.root)}:{frames[-1].lineno}"

    def location(self, statement: Any) -> str:
        """Where a statement stands: "features/ac3_linear_api.feature:31"."""
        path = Path(statement.filename).absolute()
        shown = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        return f"{shown.as_posix()}:{statement.line}"


record: Record | None = None
"""The run that is going on; None before it begins."""


def begin(
    root: Path, requirements: Requirements, metrics: Metrics, changed: Mapping[str, str] = MappingProxyType({})
) -> Record:
    """Begins a run."""
    global record
    state = suite.state(root)
    record = Record(root=root, requirements=requirements, suite=state, metrics=metrics, changed=changed)
    return record


def sentence_of(error: BaseException) -> str:
    """An exception as one line for people: the last line of its message, credentials blotted out."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if isinstance(error, KeyboardInterrupt):
        return "The run was interrupted."
    if isinstance(error, SystemExit):
        return f"The process was told to exit with {error.code}."
    if not lines:
        return f"{type(error).__name__}, without a message."
    last = facts.redact(lines[-1])
    spoken = last[0].isupper() and last.endswith((".", "!", "?")) and " " in last
    return last if spoken or isinstance(error, AssertionError) else f"{type(error).__name__}: {last}"


# -- what identifies a run --------------------------------------------------------------------------------------------


def versions() -> dict[str, str]:
    """Versions of the tools, and of what the environment has told of."""
    tools = {name: importlib.metadata.version(name) for name in ("behave", "allure-behave")}
    return {"python": platform.python_version()} | tools | facts.versions


def machine() -> str:
    """Where the run took place."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"


def command() -> str:
    """The command line that repeats the run."""
    written = shlex.join(["behave", *sys.argv[1:]])
    if record and record.order:
        written = re.sub(r"\border=random(:\d+)?", f"order={record.order}", written)
    return facts.redact(written)
