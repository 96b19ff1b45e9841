"""Where the time of a whole run goes: by criterion, its critical path, and the least that it could take.

Writes `reports/durations.json`, by which every shard deals alike, from what the run has taken.
"""

from __future__ import annotations

import os
import resource
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from reports import recording
from reports.units import COMMITTED, Durations
from reports.verdict import Verdict
from tests.copies import ROOT, run_suite

SPENT = ("Prometheus", "agent", "dwell", "time-outs", "CPU")
"""What steps.incident.spent counts."""


def main() -> None:
    """Runs the suite on the reference and prints the table."""
    with tempfile.TemporaryDirectory() as place, memory() as peak:
        cpu = children_cpu()
        run = run_suite(Path(place) / "suite")
        over, wall, cpu = time.time(), run.took, children_cpu() - cpu
        latest = Path(place) / "suite" / "reports" / "latest"
        Console().print(table(run.verdict, latest))
        Durations({}).keep(run.verdict, ROOT / COMMITTED)
    judged = [one for one in run.verdict.scenarios if one.began]
    longest = max(judged, key=lambda one: one.duration)
    started = run.verdict.run.started.timestamp()
    first = min(one.began.timestamp() for one in judged if one.began)
    last = max(one.began.timestamp() + one.duration for one in judged if one.began)
    closed = started + run.verdict.run.duration
    bound = max(longest.duration, cpu / (os.cpu_count() or 1))
    print(f"whole run: {wall:.1f} s, exit code {run.exit_code}, {len(judged)} scenarios")
    print(
        f"critical path: {started - (over - wall):.1f} s until the command begins, {first - started:.1f} s "
        f"until the first scenario begins, {last - first:.1f} s of scenarios, {closed - last:.1f} s of clean-up, "
        f"{over - closed:.1f} s of reports"
    )
    print(
        f"lower bound: {bound:.1f} s, of {cpu:.1f} CPU seconds of all processes on {os.cpu_count()} cores, and "
        f"{longest.duration:.1f} s of the longest scenario ({longest.name}); the run took {wall / bound:.2f} times that"
    )
    print(f"peak memory of all processes: {max(peak) / 2**20:.0f} MB")


def table(verdict: Verdict, latest: Path) -> Table:
    """Seconds by criterion and purpose; `rest` is what no purpose accounts for, above all sending and looking."""
    rows: dict[str, dict[str, float]] = {}
    for scenario in verdict.scenarios:
        if not (kept := recording.load(latest, scenario.location)):
            continue
        row = rows.setdefault(scenario.requirements[0].partition(".")[0], defaultdict(float))
        row["scenarios"] += 1
        row["time"] += scenario.duration
        for purpose, seconds in kept.spent.items():
            row[purpose] += seconds
    rows["all"] = {name: sum(row[name] for row in rows.values()) for name in ("scenarios", "time", *SPENT)}
    shown = Table("", "scenarios", "time", *SPENT, "rest", title="Where the seconds go")
    for name, row in rows.items():
        rest = row["time"] - sum(row[purpose] for purpose in SPENT if purpose != "CPU")
        times = (row["time"], *(row[purpose] for purpose in SPENT), rest)
        shown.add_row(name, f"{row['scenarios']:.0f}", *(f"{one:.1f}" for one in times), end_section=name == "all")
    return shown


def children_cpu() -> float:
    """CPU seconds of all processes that this one has started and that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def memory() -> Iterator[list[float]]:
    """What all processes below this one use together, in bytes, looked at twice a second; shared pages count once."""
    seen, over = [0.0], threading.Event()

    def look() -> None:
        while not over.wait(0.5):
            total = 0.0
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    total += process.memory_full_info().pss
            seen.append(total)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        over.set()
        looking.join()
