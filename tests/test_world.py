"""The world opens and closes as a whole, and nothing of it outlives the suite."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from steps.targets.profile import load
from steps.world import staff
from steps.world.processes import tools
from steps.world.processes.tools import ToolMissing
from steps.world.services.linear import paging
from steps.world.world import World, WorldUnavailable

ROOT = Path(__file__).parents[1]
OPEN_AND_WAIT = """
import sys, time
from steps.incident.stage import Stage
stage = Stage.open({})
stage.world.require_alerting()
print(stage.world.directory, flush=True)
sys.stdin.read()
"""


def boot() -> World:
    settings = load("reference")
    return World.boot(settings.alerting, settings.delivery)


def test_a_world_that_is_closed_leaves_no_process_and_no_file() -> None:
    world = boot()
    world.require_alerting()
    directory, started = world.directory, psutil.Process().children(recursive=True)
    assert {"prometheus", "prometheus-alertmanager"} & {process.name() for process in started}
    world.close()
    assert not directory.exists()
    assert not [process for process in started if process.is_running()]


def test_a_part_that_does_not_stop_keeps_nothing_else_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steps.world.world.CLOSING", 0.2)
    world = boot()
    directory, started = world.directory, psutil.Process().children(recursive=True)
    world._stack.push_async_callback(asyncio.Event().wait)
    with pytest.raises(WorldUnavailable, match=r"A part of the world did not stop within 0\.2 s"):
        world.close()
    assert not directory.exists()
    assert not [process for process in started if process.is_running()]


def test_a_world_without_prometheus_opens_and_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(tool: str) -> Path:
        raise ToolMissing(f"{tool} was not found.")

    monkeypatch.setattr(tools, "find", missing)
    world = boot()
    try:
        with pytest.raises(WorldUnavailable, match="was not found"):
            world.require_alerting()
    finally:
        world.close()


def test_linear_has_more_people_and_labels_that_nobody_needs_than_it_shows_at_once() -> None:
    assert paging.DEFAULT_PAGE <= staff.MANY < paging.LONGEST_PAGE - len((*staff.LABELS, *staff.ACCOUNTS))


def test_nothing_is_left_after_kill_9_of_the_suite() -> None:
    suite = subprocess.Popen(
        [sys.executable, "-c", OPEN_AND_WAIT], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert suite.stdout is not None
    directory = Path(suite.stdout.readline().strip())
    children = psutil.Process(suite.pid).children(recursive=True)
    assert directory.is_dir()
    assert len(children) >= 5  # keeper, Prometheus, Alertmanager, prometheus-events, agent-sre
    os.kill(suite.pid, signal.SIGKILL)
    suite.wait()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
    assert not directory.exists()
    suite.stdin.close() if suite.stdin else None
    suite.stdout.close()
