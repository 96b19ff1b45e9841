"""The crew: several workers that share a run, and the one who deals out the units and gathers what came of them."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Self

from reports import measuring, run, worker
from reports.interrupts import uninterrupted
from reports.live import LiveFormatter
from reports.run import UsageError
from reports.units import Unit
from reports.verdict import Trouble
from reports.worker import (
    Began,
    Ended,
    Finish,
    FromWorker,
    Halt,
    Over,
    Ready,
    Run,
    Settled,
    ToWorker,
    Trying,
    Unusable,
)

if TYPE_CHECKING:
    from reports.runner import AcceptanceRunner

LEAVE = 2.5
"""Seconds that the workers have to close their worlds when the run was interrupted."""


class WorkerDied(Exception):
    """A worker went without a word."""


class NotSetUp(Exception):
    """No worker could set up its world."""


@dataclass(slots=True)
class Member:
    """One worker, as the crew sees it."""

    number: int
    process: BaseProcess
    line: Connection
    hand: deque[Unit]
    """The units that it is to run, the next one first."""
    unit: Unit | None = None
    """What it runs now."""
    ready: bool = False
    gone: bool = False
    finishing: bool = False

    @property
    def seconds(self) -> float:
        """How long its hand is expected to take."""
        return sum(unit.seconds for unit in self.hand)

    @property
    def idle(self) -> bool:
        return self.ready and not self.unit and not self.finishing and not self.gone

    def order(self, order: ToWorker) -> None:
        """Tells it what to do, if it is still there."""
        with suppress(OSError):
            self.line.send(order)


@dataclass(slots=True)
class Crew:
    """Forks the workers, and deals, gathers and tells until all units are settled."""

    runner: AcceptanceRunner
    alone: deque[Unit]
    """Units that put the agent under load, and units that judge the whole run: one worker runs them when all others
    are gone."""
    members: list[Member] = field(default_factory=list)
    halted: bool = False
    _deadline: float | None = None

    @classmethod
    def fork(cls, runner: AcceptanceRunner, hands: Sequence[Sequence[Unit]], alone: Iterable[Unit]) -> Self:
        """Starts one worker for each hand. Nothing that runs in a thread may have been started before."""
        crew = cls(runner, deque(alone))
        fork = multiprocessing.get_context("fork")
        gc.collect()
        gc.freeze()  # else the first collection in each worker would copy all that they share
        for number, hand in enumerate(hands, 1):
            own, its = fork.Pipe()
            others = [*(member.line for member in crew.members), own]
            arguments = (runner, number, tuple(hand), tuple(crew.alone), its, others)
            process = fork.Process(target=worker.main, args=arguments, name=f"worker {number}")
            process.start()
            its.close()
            crew.members.append(Member(number, process, own, deque(hand)))
        return crew

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """No worker outlives its crew."""
        for member in self.members:
            if member.process.is_alive():
                member.process.kill()  # its keeper stops what its world has started
            member.process.join()
            member.line.close()

    def run(self, live: LiveFormatter) -> None:
        """Returns when all workers are gone. Raises UsageError for a setting that cannot be used."""
        record = self.runner.record
        scenarios = {record.location(scenario): scenario for scenario in record.selected}
        while True:
            try:
                if all(member.gone for member in self.members):
                    break
                self._look(live, scenarios)
            except KeyboardInterrupt:
                self._interrupt()
        if not any(member.ready for member in self.members):
            record.set_up = record.set_up or (record.run_troubles[0], NotSetUp(record.run_troubles[0].sentence))

    # -- what the workers say

    def _look(self, live: LiveFormatter, scenarios: dict[str, object]) -> None:
        """Waits for a word, and acts on it."""
        lines = {member.line: member for member in self.members if not member.gone}
        patience = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        heard = wait(list(lines), patience)
        if not heard and self._deadline is not None:
            for member in lines.values():
                member.process.kill()
        with uninterrupted():
            for line in heard:
                member = lines[line]  # type: ignore[index]
                try:
                    word: FromWorker = member.line.recv()
                except (EOFError, OSError):
                    self._lost(member)
                else:
                    self._hear(member, word, live, scenarios)
            self._deal()

    def _hear(self, member: Member, word: FromWorker, live: LiveFormatter, scenarios: dict[str, object]) -> None:
        record = self.runner.record
        match word:
            case Ready():
                member.ready = True
                run.facts.target, run.facts.profile, run.facts.waivers = word.target, word.profile, word.waivers
                run.facts.versions |= word.versions
                run.facts.settings, run.facts.defaults = word.settings, word.defaults
                self.runner.load_waivers()
            case Unusable():
                raise UsageError(word.sentence)
            case Began():
                live.began(scenarios[word.scenario])
            case Trying():
                scenario = scenarios[word.scenario]
                live.trying(scenario, list(scenario.all_steps)[word.step])  # type: ignore[attr-defined]
            case Ended():
                record.told[word.verdict.location] = word.verdict
                record.metrics.add(word.verdict)
                live.ended(scenarios[word.verdict.location])
                if self.runner.config.stop and word.verdict.standing not in worker.STANDS:
                    self._halt()
            case Settled():
                record.told |= {verdict.location: verdict for verdict in word.verdicts}
                record.settled |= {verdict.location for verdict in word.verdicts}
                measuring.add(word.measures, record)
                live.look_again()
                member.unit = None
            case Over():
                member.gone = True
                self._trouble(word.troubles)

    def _lost(self, member: Member) -> None:
        """A worker went without a word: what it has not settled is broken."""
        member.gone = True
        member.process.join()
        record = self.runner.record
        if self._deadline is not None:
            return
        error = WorkerDied(f"The process that ran it {_end_of(member.process.exitcode)}.")
        if not member.unit:
            record.trouble(f"worker {member.number}", error)
            return
        for scenario in record.selected:
            if scenario.filename == member.unit.file and scenario.line in member.unit.lines:
                record.told.pop(record.location(scenario), None)
                record.trouble(f"worker {member.number}", error, scenario)

    def _trouble(self, troubles: Iterable[Trouble]) -> None:
        """What went wrong around a worker's scenarios; what went wrong around all of them is told once."""
        known = self.runner.record.run_troubles
        known += [trouble for trouble in troubles if trouble not in known]

    # -- what the workers do

    def _deal(self) -> None:
        """Gives each idle worker its next unit, or one that another would come to last; without any it may go."""
        for member in self.members:
            if not member.idle:
                continue
            unit = self._next(member)
            if unit:
                member.unit = unit
                member.order(Run(unit))
            elif not self._waits_for_others(member):
                member.finishing = True
                member.order(Finish())

    def _next(self, member: Member) -> Unit | None:
        if self.halted:
            return None
        if member.hand:
            return member.hand.popleft()
        busiest = max(self.members, key=lambda one: one.seconds)
        if busiest.hand:
            return busiest.hand.pop()
        if self.alone and self._is_alone(member):
            return self.alone.popleft()
        return None

    def _waits_for_others(self, member: Member) -> bool:
        """Whether it is the one that is to run what runs alone, when the others are gone."""
        keeper = next((one for one in self.members if not one.gone and not one.finishing), None)
        return bool(self.alone) and not self.halted and member is keeper and not self._is_alone(member)

    def _is_alone(self, member: Member) -> bool:
        return all(one.gone for one in self.members if one is not member)

    def _halt(self) -> None:
        """Nothing more begins."""
        self.halted = True
        for member in self.members:
            member.order(Halt())
            if member.idle:
                member.finishing = True
                member.order(Finish())

    def _interrupt(self) -> None:
        """Ctrl-C: the workers close their worlds, and whoever does not in time is stopped; a second one stops all."""
        again = self._deadline is not None
        self.runner.abort()
        self.halted = True
        self._deadline = time.monotonic() + (0 if again else LEAVE)
        for member in self.members:
            if member.process.is_alive() and member.process.pid:
                os.kill(member.process.pid, signal.SIGINT)


def _end_of(code: int | None) -> str:
    """How a process ended, in words that follow its name."""
    if code is not None and code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended by itself with exit code {code}"
