"""No false alarm: the suite judges the reference again and again, in another order each time, on a busy machine.

    python -m tests.steady --runs 30 --load

Every scenario has to pass in every run. One that measures the agent under load may be broken on a busy machine, where
it judges nobody: that is no false alarm, but counted and shown, as an error of the suite could hide behind it. Prints a
table of the runs, and each scenario that did not pass with its sentence; the report of such a run is kept. The exit
code is 0 when there was no false alarm. `--seed` repeats the orders of an earlier session.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from reports.units import LOAD
from reports.verdict import ScenarioVerdict, Status
from tests.copies import NoVerdict, run_suite


@contextmanager
def load(processes: int) -> Iterator[None]:
    """So many processes keep the machine busy meanwhile, each a whole core for a spell, then not for another.

    An uneven load is harder to bear than a steady one: what was in time a moment ago is late now.
    """
    busy = [multiprocessing.Process(target=_turn, daemon=True) for _ in range(processes)]
    for process in busy:
        process.start()
    try:
        yield
    finally:
        for process in busy:
            process.terminate()
            process.join()


def _turn() -> None:
    while True:
        ended = time.monotonic() + random.uniform(*BUSY)
        while time.monotonic() < ended:
            pass
        time.sleep(random.uniform(*REST))


BUSY, REST = (1.0, 5.0), (2.0, 15.0)
"""Seconds that a busy process works, and that it rests then, in between by chance."""


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="steady", description="Looks for false alarms.")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--load", type=int, nargs="?", default=0, const=os.cpu_count(), metavar="PROCESSES")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the first run's order")
    parser.add_argument("--jobs", type=int, help="so many workers in each run; by default as behave sees fit")
    parser.add_argument("--tags", help="only these scenarios")
    asked = parser.parse_args()
    console, found = Console(highlight=False), Found()
    table = Table("run", "seed", "outcome", "passed", "failed", "broken", "time", title=_title(asked))
    with load(asked.load), tempfile.TemporaryDirectory(prefix="steady-") as directory:
        for number in range(1, asked.runs + 1):
            seed = asked.seed + number - 1
            found += _run(number, seed, Path(directory) / str(number), asked, table, console)
    console.print(table)
    console.print(f"{found.alarms} false alarms in {asked.runs} runs.")
    if found.unmeasured:
        console.print(f"{found.unmeasured} scenarios under load have judged nobody: read why, it need not be the load.")
    return int(found.alarms > 0)


def _title(asked: Any) -> str:
    beside = f"with {asked.load} busy by spells beside" if asked.load else "with nothing beside"
    return f"The reference judged {asked.runs} times on {os.cpu_count()} cores, {beside}"


@dataclass(frozen=True)
class Found:
    """What did not pass."""

    alarms: int = 0
    unmeasured: int = 0
    """Scenarios under load that were broken."""

    def __add__(self, other: Found) -> Found:
        return Found(self.alarms + other.alarms, self.unmeasured + other.unmeasured)


def _run(number: int, seed: int, place: Path, asked: Any, table: Table, console: Console) -> Found:
    """One run, and what did not pass in it."""
    selection = ("--tags", asked.tags) if asked.tags else ()
    workers = ("-j", str(asked.jobs)) if asked.jobs else ()
    try:
        run = run_suite(place, "-D", f"order=random:{seed}", *workers, *selection)
    except NoVerdict as error:
        table.add_row(str(number), str(seed), "no verdict", "", "", "", "")
        console.print(f"run {number} (seed {seed}) ended without a verdict: {error}")
        return Found(alarms=1)
    verdict = run.verdict
    red = [scenario for scenario in verdict.scenarios if scenario.status is not Status.PASSED]
    for scenario in red:
        console.print(f"run {number} (seed {seed}): {_told(scenario)}", soft_wrap=True)
    count = [str(sum(one.status is status for one in verdict.scenarios)) for status in COLUMNS]
    table.add_row(str(number), str(seed), verdict.run.outcome, *count, f"{verdict.run.duration:.0f} s")
    console.print(f"run {number} of the suite: {verdict.run.sentence}", soft_wrap=True)
    if red or verdict.run.troubles:
        kept = shutil.move(place / "reports" / "latest", tempfile.mkdtemp(prefix=f"steady-{seed}-"))
        console.print(f"run {number}: its report is kept in {kept}", soft_wrap=True)
    shutil.rmtree(place)
    alarms = sum(map(_is_alarm, red))
    return Found(alarms + len(verdict.run.troubles), len(red) - alarms)


def _is_alarm(scenario: ScenarioVerdict) -> bool:
    return scenario.status is not Status.BROKEN or LOAD not in scenario.tags


COLUMNS = (Status.PASSED, Status.FAILED, Status.BROKEN)


def _told(scenario: ScenarioVerdict) -> str:
    return f"{scenario.status} {scenario.location} {scenario.name}: {scenario.sentence}"


if __name__ == "__main__":
    sys.exit(main())
