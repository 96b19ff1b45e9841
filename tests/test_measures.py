"""What the agent uses of the machine is judged fairly: connections may be kept, and files that are lost are told."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psutil
import pytest

from steps.incident.incident import Incident
from steps.incident.measures import LATER, MEGABYTE, bearable, uses_again
from steps.targets.profile import Resources
from steps.world.journal import Journal
from steps.world.processes import usage as usages
from steps.world.processes.usage import Usage, usage_of
from tests.test_claims import refused

LIMITS = Resources()
KEPT = LIMITS.left_over_files + 13
"""As many connections as a client leaves behind that keeps all of a peak."""


def usage(*, memory_mb: int = 80, files: int = 8, threads: int = 8) -> Usage:
    return Usage(cpu_seconds=1.0, memory=memory_mb * MEGABYTE, files=files, threads=threads)


@dataclass
class Watched:
    """What was seen of the agent before, during and after a burst."""

    peak: Usage
    after: Usage
    before: Usage = field(default_factory=usage)
    cpu_load: float = 0.3


def incident() -> Incident:
    return Incident(Journal(), None, None)  # type: ignore[arg-type]


def test_an_agent_within_its_limits_is_bearable() -> None:
    watched: Any = Watched(peak=usage(memory_mb=200, files=300, threads=40), after=usage(files=KEPT, threads=12))
    bearable(watched, LIMITS, incident())


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ({"peak": usage(memory_mb=513)}, "MB of memory at peak: 513, at most 512"),
        ({"peak": usage(files=513)}, "open files at peak: 513, at most 512"),
        ({"peak": usage(threads=65)}, "threads at peak: 65, at most 64"),
        ({"cpu_load": 1.6}, "cores on average: 1.6, at most 1.5"),
        ({"after": usage(threads=57)}, "threads left over: 49, at most 48"),
    ],
)
def test_each_limit_that_is_passed_is_told(seen: dict[str, Any], told: str) -> None:
    watched: Any = Watched(**{"peak": usage(), "after": usage()} | seen)
    refused(lambda: bearable(watched, LIMITS, incident()), told)


def used(*more: int) -> Callable[[], Usage]:
    """What is used at each look, in files more than after the burst."""
    looks = iter(more)
    return lambda: usage(files=8 + KEPT + next(looks))


@pytest.mark.parametrize("looks", [(-KEPT, -KEPT), (0, 0), (LATER - 1, LATER - 1), (-KEPT, LATER - 1 - KEPT)])
def test_connections_may_be_kept_that_are_used_again(looks: tuple[int, int]) -> None:
    watched: Any = Watched(peak=usage(files=400), after=usage(files=8 + KEPT))
    seen = incident()
    uses_again(watched, LIMITS, used(*looks), seen)
    assert f"{KEPT} after the burst, {looks[0]:+d} after {LATER} more alerts" in str(seen.seen)


@pytest.mark.parametrize(
    ("looks", "more"), [((LATER, LATER), LATER), ((6 * LATER, 12 * LATER), 6 * LATER), ((-9, 6 * LATER - 9), 6 * LATER)]
)
def test_files_that_each_further_alert_takes_are_lost(looks: tuple[int, int], more: int) -> None:
    """Also when at first as many connections of the burst are given up."""
    watched: Any = Watched(peak=usage(files=400), after=usage(files=8 + KEPT))
    claim = partial(uses_again, watched, LIMITS, used(*looks), incident())
    refused(claim, f"the {KEPT} open files", f"took {more} more")


def test_few_files_left_over_need_no_second_look() -> None:
    watched: Any = Watched(peak=usage(files=400), after=usage(files=8 + LIMITS.left_over_files))
    uses_again(watched, LIMITS, lambda: pytest.fail("there was a second look"), incident())


def test_a_child_that_ends_during_a_look_does_not_end_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:
        look, looked = usages._one, set[int]()

        def ends(process: psutil.Process) -> Usage:
            looked.add(process.pid)
            if process.pid == child.pid:
                raise psutil.NoSuchProcess(process.pid)
            return look(process)

        monkeypatch.setattr(usages, "_one", ends)
        seen = usage_of(os.getpid())
        child.communicate(b"\n")
    assert {os.getpid(), child.pid} <= looked
    assert seen.threads


def test_a_program_that_has_ended_uses_nothing_that_could_be_told() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as program:
        program.wait()
    with pytest.raises(psutil.NoSuchProcess):
        usage_of(program.pid)
