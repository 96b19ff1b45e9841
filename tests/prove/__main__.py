"""The proof that the suite can tell right from wrong: each seeded defect has to be found. `make prove`.

    python -m tests.prove              all defects; what is proven already, and still holds, is not done again
    python -m tests.prove ac3 s5       the defects whose names begin so
    python -m tests.prove --anew       all of them again

Writes `reports/proof/kill-matrix.json` and `.html` after each trial, and lays them beside the latest run's reports. The
exit code is 0 when every defect was found, 1 when one was not, 2 when one does not fit the reference or another proof
is being made here, and 130 when it was stopped.
"""

from __future__ import annotations

import argparse
import compileall
import os
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from reports import kill_matrix, requirements
from reports import suite as suite_state
from reports.files import claim
from reports.kill_matrix import WANTING, KillMatrix, Outcome, Trial
from tests.copies import copy_suite
from tests.prove.defect import ROOT, Defect, DefectError, load, names
from tests.prove.nursery import Nursery
from tests.prove.seeding import patched
from tests.prove.trial import digest, try_out

PLACE, LATEST = ROOT / kill_matrix.PLACE, ROOT / "reports" / "latest"
JOBS = 10
"""Trials side by side: a trial waits most of its time, so that two cores bear more than two."""
MEASURES, FLOODS = re.compile(r"S5\.|M\d|AC9\.4$|SEC7$"), re.compile(r"SEC6$")
"""Items whose verdict is a measure, of time or of what the agent uses, or that send without a pause; and those that
need all of the machine."""
MEASURED = 2
"""So many of the former side by side: one takes less than half of two cores."""
DISTURBED = (Outcome.UNPROVEN, Outcome.UNCLEAR)
"""What a trial may come to because of those beside it. Whatever survives has survived."""
STYLE = {
    Outcome.KILLED: "green",
    Outcome.SURVIVED: "bold red",
    Outcome.UNCLEAR: "bold red",
    Outcome.UNPROVEN: "bold yellow",
    Outcome.COLLATERAL: "yellow",
    Outcome.EXPLAINED: "dim",
}


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="prove", description="Seeds defects and sees whether the suite finds them.")
    parser.add_argument("names", nargs="*", help="only the defects whose names begin so")
    parser.add_argument("--jobs", type=int, default=JOBS, help=f"trials side by side (default: {JOBS})")
    parser.add_argument("--anew", action="store_true", help="do again what is proven already")
    asked = parser.parse_args()
    try:
        claimed = claim(PLACE)
    except BlockingIOError:
        print("Another proof is being made in this checkout: wait until it has ended.", file=sys.stderr)
        return 2
    try:
        return _prove(asked)
    finally:
        os.close(claimed)


def _prove(asked: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="prove-") as directory:
        suite = copy_suite(Path(directory) / "suite")
        compileall.compile_dir(suite, quiet=2)
        try:
            defects = {name: fitting(load(name)) for name in names()}
        except DefectError as error:
            print(error, file=sys.stderr)
            return 2
        proof = Proof(suite, Path(directory), defects)
        chosen = [d for d in defects.values() if not asked.names or d.name.startswith(tuple(asked.names))]
        try:
            proof.run([defect for defect in chosen if asked.anew or not proof.is_done(defect)], asked.jobs)
        except KeyboardInterrupt:
            print("Stopped. What was proven is kept: the next `make prove` goes on from here.", file=sys.stderr)
            return 130
    return proof.conclude(chosen)


def fitting(defect: Defect) -> Defect:
    """The defect, which fits the reference as it is now. Raises DefectError."""
    source = (ROOT / defect.path).read_text(encoding="utf-8")
    patched(source, defect) if defect.module else defect.seed(source)
    return defect


class Proof:
    """The work on the kill matrix. A trial made against the very same suite and defect need not be repeated."""

    def __init__(self, suite: Path, directory: Path, defects: dict[str, Defect]) -> None:
        self._suite = suite
        self._directory = directory
        self._began, self._started = time.monotonic(), datetime.now(UTC)
        self._requirements = requirements.load(ROOT / "features" / "requirements.toml")
        self._console = Console(highlight=False)
        self._features = suite_state.digest(suite, ("features",))
        self._digests = {name: digest(suite, defect) for name, defect in defects.items()}
        before = kill_matrix.read(PLACE)
        self._trials = {trial.defect: trial for trial in (before.trials if before else ())}

    def is_done(self, defect: Defect) -> bool:
        """Whether a trial of the defect has had a result that still holds."""
        trial = self._trials.get(defect.name)
        return bool(trial and self._holds(trial) and trial.outcome is not Outcome.UNPROVEN)

    def run(self, defects: list[Defect], jobs: int) -> None:
        """Tries the defects, those that took longest before first, and writes the matrix after each.

        Those whose items measure the agent come last, so that little disturbs the measure; after them once more, one
        after the other, those with which the machine was too busy to prove anything, or to say what they were to say.
        """
        defects = sorted(defects, key=self._expected, reverse=True)
        measured, flooded = ([one for one in defects if any(map(of.match, one.items))] for of in (MEASURES, FLOODS))
        progress = Progress(
            SpinnerColumn(),
            MofNCompleteColumn(),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=self._console,
            transient=True,
        )
        with progress:
            task = progress.add_task("", total=len(defects))
            self._run([one for one in defects if one not in (*measured, *flooded)], jobs, progress, task)
            self._run(measured, min(jobs, MEASURED), progress, task)
            self._run(flooded, 1, progress, task)
            disturbed = [one for one in defects if self._trials[one.name].outcome in DISTURBED]
            progress.update(task, total=len(defects) + len(disturbed))
            self._run(disturbed, 1, progress, task)

    def _run(self, defects: list[Defect], jobs: int, progress: Progress, task: TaskID) -> None:
        """Tries these defects side by side, each in a nursery that is free."""
        under_way: set[str] = set()
        free: SimpleQueue[Nursery] = SimpleQueue()

        def attempt(defect: Defect) -> Trial:
            under_way.add(defect.name)
            progress.update(task, description=", ".join(sorted(under_way)))
            nursery = free.get()
            try:
                return try_out(defect, nursery, self._directory / defect.name.replace("/", "-"))
            finally:
                free.put(nursery)
                under_way.discard(defect.name)

        with ExitStack() as nurseries, ThreadPoolExecutor(jobs) as pool:
            for number in range(min(jobs, len(defects))):
                free.put(nurseries.enter_context(Nursery(self._suite, self._directory / f"nursery-{number}")))
            trying = [pool.submit(attempt, defect) for defect in defects]
            try:
                for ended in as_completed(trying):
                    self._trials[ended.result().defect] = ended.result()
                    kill_matrix.write(self.matrix, self._requirements, PLACE)
                    self._tell(ended.result())
                    progress.advance(task)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    @property
    def matrix(self) -> KillMatrix:
        """What is known so far and still holds, in the order of the defects."""
        known = [self._trials[name] for name in self._digests if name in self._trials]
        return KillMatrix(
            started=self._started,
            duration=time.monotonic() - self._began,
            features=self._features,
            trials=tuple(trial for trial in known if self._holds(trial)),
        )

    def conclude(self, chosen: list[Defect]) -> int:
        """Tells what it came to; the exit code."""
        matrix = self.matrix
        kill_matrix.write(matrix, self._requirements, PLACE)
        if LATEST.is_dir():
            kill_matrix.copy(ROOT, LATEST)
        proven = {trial.defect for trial in matrix.trials} - {trial.defect for trial in matrix.wanting}
        wanting = [defect.name for defect in chosen if defect.name not in proven]
        for criterion, score in matrix.scores(self._requirements):
            self._console.print(f"{criterion.label:<40}{score!s:>10}")
        self._console.print(f"\n{matrix.sentence} {matrix.duration / 60:.1f} min.")
        self._console.print(f"  {(PLACE / 'kill-matrix.html').relative_to(ROOT)}", style="dim")
        return int(bool(wanting))

    def _holds(self, trial: Trial) -> bool:
        return trial.digest == self._digests.get(trial.defect)

    def _expected(self, defect: Defect) -> float:
        """Seconds that its trial may take."""
        before = self._trials.get(defect.name)
        return before.duration if before else float("inf")

    def _tell(self, trial: Trial) -> None:
        outcome = f"{trial.outcome:<10}", STYLE[trial.outcome]
        lines = [Text.assemble(outcome, trial.defect, (f"  {trial.duration:.0f} s", "dim"))]
        for finding in trial.of(*WANTING, Outcome.COLLATERAL):
            outcome = finding.outcome, STYLE[finding.outcome]
            lines.append(Text.assemble("    ", outcome, f" {finding.item} {finding.sentence or ''}"))
        self._console.print(*lines, sep="\n", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
