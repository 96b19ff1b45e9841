"""One of the processes that share a run: it has a world of its own, and runs the units that the crew gives it.

It is forked when the features, the hooks and the steps are loaded, so that none of that is done twice. Evidence,
recordings and Allure results go where those of the whole run go; what came of each scenario it tells the crew.
"""

from __future__ import annotations

import ctypes
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from behave.formatter.base import Formatter, StreamOpener
from behave.model import ScenarioContainer, ScenarioOutline
from behave.parser import parse_file

from reports import run
from reports.allure import AllureFormatter
from reports.benchmarks import Measure
from reports.follower import Recorder
from reports.interrupts import uninterrupted
from reports.judge import verdict_on
from reports.run import UsageError
from reports.units import Unit
from reports.verdict import ScenarioVerdict, Status, Trouble

if TYPE_CHECKING:
    from reports.runner import AcceptanceRunner

M_ARENA_MAX = -8
"""A parameter of mallopt(3), as glibc's malloc.h numbers it."""

# -- what is said


@dataclass(frozen=True, slots=True)
class Ready:
    """A worker has set up its world."""

    target: str
    profile: str
    versions: dict[str, str]
    settings: dict[str, Any]
    defaults: dict[str, Any]
    waivers: Path | None


@dataclass(frozen=True, slots=True)
class Unusable:
    """A setting cannot be used."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Began:
    """A scenario begins. It is known by its location, here and in what follows."""

    scenario: str


@dataclass(frozen=True, slots=True)
class Trying:
    """The scenario's step with that number begins."""

    scenario: str
    step: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A scenario has ended; what comes around it may still break it."""

    verdict: ScenarioVerdict


@dataclass(frozen=True, slots=True)
class Settled:
    """A unit is over, and nothing will change in what came of its scenarios."""

    verdicts: tuple[ScenarioVerdict, ...]
    measures: tuple[Measure, ...] = ()
    """What its scenarios have measured."""


@dataclass(frozen=True, slots=True)
class Over:
    """The worker has closed its world, and goes."""

    troubles: tuple[Trouble, ...]


FromWorker = Ready | Unusable | Began | Trying | Ended | Settled | Over


@dataclass(frozen=True, slots=True)
class Run:
    """The worker shall run a unit, and tell when it is settled."""

    unit: Unit


@dataclass(frozen=True, slots=True)
class Halt:
    """The worker shall begin nothing more."""


class Finish:
    """There is no more unit: the worker shall close its world."""


ToWorker = Run | Halt | Finish

# -- what a worker does


class Worker:
    """The life of one worker, within its own process."""

    def __init__(
        self, runner: AcceptanceRunner, number: int, units: Sequence[Unit], alone: Sequence[Unit], crew: Connection
    ) -> None:
        """It prepares for what it may be given: its own `units`, and those that one of the workers runs `alone`."""
        self._runner = runner
        self._record = runner.record
        self._crew = crew
        self._orders: queue.SimpleQueue[Run | Finish] = queue.SimpleQueue()
        self._features = {unit: feature_of(unit) for unit in (*units, *alone)}
        self._record.part = number
        self._record.selected = []
        runner.features = list(self._features.values())

    def work(self) -> None:
        """Sets up, runs what it is given, cleans up."""
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            self._runner.set_up()
        except UsageError as error:
            self._tell(Unusable(str(error)))
        if self._record.set_up is None:
            facts = run.facts
            told = (facts.target, facts.profile, facts.versions, facts.settings, facts.defaults, facts.waivers)
            self._tell(Ready(*told))
            allure = WorkersAllure(StreamOpener(stream=sys.stdout), self._runner.config)
            self._runner.formatters = [allure, Teller(self._tell, self._runner)]
            self._runner.run_features(self._given(allure))
        else:
            self._runner.clean_up()
        self._tell(Over(tuple(self._record.run_troubles)))

    def _given(self, allure: WorkersAllure) -> Iterator[Any]:
        """The features of the units, one after the other as the crew gives them."""
        with suppress(KeyboardInterrupt):
            while not self._runner.aborted and isinstance(order := self._orders.get(), Run):
                feature = self._features.get(order.unit) or feature_of(order.unit)
                scenarios = list(feature.walk_scenarios())
                self._record.selected += scenarios
                yield feature
                allure.listener.write_all(scenarios)
                verdicts = tuple(verdict_on(one, self._record) for one in scenarios)
                self._tell(Settled(verdicts, tuple(self._record.measures)))
                self._record.measures.clear()

    def _listen(self) -> None:
        """Takes orders. Without a crew there is nothing to work for: the keeper stops what the world has started."""
        try:
            while True:
                order: ToWorker = self._crew.recv()
                if isinstance(order, Halt):
                    self._runner.aborted = True
                else:
                    self._orders.put(order)
        except (EOFError, OSError):
            os._exit(1)

    def _tell(self, word: FromWorker) -> None:
        with suppress(BrokenPipeError), uninterrupted():
            self._crew.send(word)


def feature_of(unit: Unit) -> Any:
    """The unit's feature, with the unit's scenarios alone: to skip one costs behave a millisecond."""
    feature = parse_file(unit.file)
    _leave(feature, unit.lines)
    return feature


def _leave(part: Any, lines: Sequence[int]) -> bool:
    """Leaves only the scenarios of these lines in a feature, a rule or an outline; whether there are any."""
    if not isinstance(part, ScenarioContainer | ScenarioOutline):
        return part.line in lines
    members = part.scenarios if isinstance(part, ScenarioOutline) else part.run_items
    members[:] = [member for member in members if _leave(member, lines)]
    return bool(members)


def main(
    runner: AcceptanceRunner,
    number: int,
    units: Sequence[Unit],
    alone: Sequence[Unit],
    crew: Connection,
    others: Sequence[Connection],
) -> None:
    """What a worker's process runs. It leaves the terminal, and its Ctrl-C, to the crew."""
    for connection in others:
        connection.close()  # inherited: whoever holds it keeps its other end from learning that the crew is gone
    os.setsid()
    share_memory()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    output = os.open(log_of(runner.record, number), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(output, stream.fileno())
    Worker(runner, number, units, alone, crew).work()


def share_memory() -> None:
    """Has all threads take memory from one place, where glibc would give each of them its own.

    Python's threads run one after the other anyway. Another C library does as it does.
    """
    if sys.platform == "linux" and (tune := getattr(ctypes.CDLL(None), "mallopt", None)):
        tune(M_ARENA_MAX, 1)


def log_of(record: run.Record, number: int) -> Path:
    """Where a worker writes what it has to say beside the run: nothing, as long as all is well."""
    directory = record.latest / "workers"
    directory.mkdir(parents=True, exist_ok=True)
    return directory / f"{number}.log"


class Teller(Recorder):
    """Tells the crew of each scenario."""

    name = "teller"
    description = "what a worker tells its crew"

    def __init__(self, tell: Any, runner: AcceptanceRunner) -> None:
        super().__init__(StreamOpener(stream=sys.stdout), runner.config)
        self._tell = tell
        self._stop = runner.config.stop

    def began(self, scenario: Any) -> None:
        super().began(scenario)
        self._tell(Began(self.record.location(scenario)))

    def trying(self, scenario: Any, step: Any) -> None:
        super().trying(scenario, step)
        self._tell(Trying(self.record.location(scenario), list(scenario.all_steps).index(step)))

    def ended(self, scenario: Any) -> None:
        super().ended(scenario)
        self._tell(Ended(verdict_on(scenario, self.record)))


class WorkersAllure(AllureFormatter):
    """Writes the results of the units that are settled, and leaves the rest to the crew."""

    def close(self) -> None:
        Formatter.close(self)


STANDS = (Status.PASSED, Status.WAIVED)
"""What does not stop a run that stops at the first failure."""
