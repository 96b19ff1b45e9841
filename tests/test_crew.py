"""Several workers: their run says what a run of one says, whatever happens to one of them. Each run is a process."""

from __future__ import annotations

import json
import platform
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest
from test_verdict import AROUND, HOOKS, OUTCOMES, WHOLE_WAY
from tiny_suite import BEHAVE, ENVIRON, Outcome, TinySuite

from reports import settings
from reports.verdict import Status, Verdict

TRIVIAL = "@AC1.1\nFeature: {name}\n  Scenario: {name}\n    Given it is written down\n"
TWO = """
@AC2 @AC2.1
Feature: {name}
  Scenario: {name} one
    Given {step}
  Scenario: {name} two
    Given it holds
"""


@pytest.fixture
def suite(tmp_path: Path) -> TinySuite:
    suite = TinySuite(tmp_path)
    for number in range(6):
        suite.write(f"features/trivial_{number}.feature", TRIVIAL.format(name=f"trivial {number}"))
    return suite


def every_outcome(root: Path) -> TinySuite:
    suite = TinySuite(root)
    suite.write("features/outcomes.feature", OUTCOMES)
    suite.write("features/hooks.feature", HOOKS)
    suite.write("features/way.feature", WHOLE_WAY)
    for hook in ("before_feature", "after_feature", "mess"):
        suite.write(f"features/{hook}.feature", AROUND.format(hook=hook))
    return suite


def timeless(value: Any) -> Any:
    """The verdict without what no two runs share."""
    if isinstance(value, dict):
        varying = ("id", "started", "began", "duration", "command")
        return {key: timeless(one) for key, one in value.items() if key not in varying}
    return [timeless(one) for one in value] if isinstance(value, list) else value


def told(verdict: Verdict) -> Any:
    return timeless(json.loads(verdict.model_dump_json()))


# -- what a worker is


THREADS = """
import ctypes, sys, threading
from reports.worker import share_memory
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
if sys.argv[1] == "shared":
    share_memory()


def reserved():
    return int(open("/proc/self/statm").read().split()[0]) * 4096


before, started, over = reserved(), threading.Barrier(5), threading.Event()
threading.stack_size(64 << 10)
for _ in range(4):
    threading.Thread(target=lambda: (libc.malloc(1000), started.wait(), over.wait())).start()
started.wait()
print(reserved() - before)
over.set()
"""
PLACE = 64 << 20
"""Bytes that glibc reserves for a thread's memory."""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives each thread a place of its own")
def test_the_threads_of_a_worker_share_their_memory() -> None:
    taken = {}
    for how in ("shared", "as it is"):
        command = [sys.executable, "-c", THREADS, how]
        said = subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRON)
        taken[how] = int(said.stdout)
    assert taken["shared"] < PLACE < 4 * PLACE <= taken["as it is"]


# -- the same verdict


@pytest.mark.parametrize("arguments", [(), ("--tags", "@AC1 and not @wip"), ("--name", "row")])
def test_several_workers_say_item_by_item_what_one_says(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    suite = every_outcome(tmp_path)
    alone = suite.run("-j", "1", *arguments)
    expected, files = told(alone.verdict), (alone.latest / "matrix.csv").read_text()
    allure, junit = results(alone), sorted((alone.latest / "junit.xml").read_text().splitlines())
    together = suite.run("-j", "3", *arguments)
    assert together.code == alone.code
    assert told(together.verdict) == expected
    assert (together.latest / "matrix.csv").read_text() == files
    assert results(together) == allure
    assert len((together.latest / "junit.xml").read_text().splitlines()) == len(junit)
    together.agrees_with_allure()


def results(outcome: Outcome) -> Counter[tuple[str, str, str]]:
    found = outcome.allure
    return Counter((one["fullName"], one["status"], (one.get("statusDetails") or {}).get("message")) for one in found)


@pytest.mark.parametrize("hook", ["before_all", "after_all"])
def test_an_error_around_the_run_is_told_once(suite: TinySuite, hook: str) -> None:
    alone = suite.run("-j", "1", TRIP=hook)
    expected = told(alone.verdict)
    together = suite.run("-j", "3", TRIP=hook)
    assert together.code == alone.code == 3
    assert told(together.verdict) == expected
    assert len(together.verdict.run.troubles) == 1
    together.agrees_with_allure()


def test_the_terminal_shows_each_scenario_and_what_it_came_to(suite: TinySuite) -> None:
    suite.write("features/two.feature", TWO.format(name="bad", step="it does not hold"))
    shown = suite.run("-j", "2").output
    assert shown.count("✔ passed") == 7
    assert shown.count("✗ failed") == 1
    assert "Expected one issue, but there is none." in shown
    assert "7 passed, 1 failed" in shown


TELLS = """
from reports.run import facts


def before_all(context):
    facts.settings, facts.defaults = {"targets": {"success": 50.0}}, {"targets": {"success": 99.0}}
"""


def test_the_settings_that_workers_tell_are_written_down_and_without_any_nothing_is(suite: TinySuite) -> None:
    assert settings.load(suite.run("-j", "2").latest) is None
    suite.write("environment.py", TELLS)
    for jobs in ("1", "2"):
        told_of = settings.load(suite.run("-j", jobs).latest)
        assert told_of and told_of.values == {"targets": {"success": 50.0}}
        assert [(one.name, one.value, one.default) for one in told_of.differences] == [("targets.success", "50", "99")]


def test_a_setting_that_cannot_be_used_is_one_line(suite: TinySuite) -> None:
    hook = (
        "\nfrom reports.run import UsageError\n\ndef before_all(context):\n    raise UsageError('No such profile.')\n"
    )
    suite.write("environment.py", hook)
    outcome = suite.run("-j", "3")
    assert outcome.code == 2
    assert outcome.output.count("behave: No such profile.") == 1


@pytest.mark.parametrize("arguments", [("--format", "plain"), ("-f", "json")])
def test_only_the_live_display_follows_several_workers(suite: TinySuite, arguments: tuple[str, ...]) -> None:
    refused = suite.run("-j", "2", *arguments)
    assert refused.code == 2
    assert "leave out either --format or --jobs" in refused.output
    assert suite.run(*arguments).code == 3  # alone; most of the ticket has no scenario here


# -- when something happens to one


def test_a_worker_that_dies_breaks_what_it_has_not_settled_and_nothing_else(suite: TinySuite) -> None:
    suite.write("features/two.feature", TWO.format(name="deadly", step="it kills its process"))
    outcome = suite.run("-j", "2")
    assert outcome.code == 3
    assert outcome.scenario("deadly one").status is Status.BROKEN
    assert outcome.scenario("deadly two").status is Status.BROKEN
    assert "The process that ran it was killed by SIGKILL." in outcome.scenario("deadly one").sentence
    others = [one for one in outcome.verdict.scenarios if one.name.startswith("trivial")]
    assert {one.status for one in others} == {Status.PASSED}
    outcome.agrees_with_allure()


def test_when_all_workers_die_the_rest_is_untested(suite: TinySuite) -> None:
    for number in range(6):
        suite.write(f"features/trivial_{number}.feature", TWO.format(name=f"{number}", step="it kills its process"))
    outcome = suite.run("-j", "2")
    assert outcome.code == 3
    assert Counter(one.status for one in outcome.verdict.scenarios) == {Status.BROKEN: 4, Status.UNTESTED: 8}
    outcome.agrees_with_allure()


def test_the_first_failure_stops_all(suite: TinySuite) -> None:
    suite.write("features/a.feature", TWO.format(name="bad", step="it does not hold"))
    for number in range(40):
        suite.write(f"features/more_{number}.feature", TRIVIAL.format(name=f"more {number}"))
    outcome = suite.run("-j", "2", "--stop")
    assert outcome.code == 1
    assert outcome.scenario("bad two").status is Status.UNTESTED
    assert any(one.status is Status.UNTESTED for one in outcome.verdict.scenarios if one.name.startswith("more"))
    outcome.agrees_with_allure()


def started(suite: TinySuite) -> tuple[subprocess.Popen[bytes], list[psutil.Process]]:
    """A run of two workers, one of which is within a step that takes long; the run and its workers."""
    suite.write("features/long.feature", TWO.format(name="long", step="it takes long"))
    run = subprocess.Popen(
        [BEHAVE, "-j", "2"], cwd=suite.root, env=ENVIRON, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    until(lambda: (suite.root / "long").exists())
    return run, psutil.Process(run.pid).children(recursive=True)


def until(holds: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "It did not come to be."
        time.sleep(0.02)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_all_and_concludes(suite: TinySuite) -> None:
    run, workers = started(suite)
    run.send_signal(signal.SIGINT)
    shown = run.communicate(timeout=60)[0].decode()
    assert run.returncode == 3
    assert "The run was interrupted." in shown
    assert not any(worker.is_running() for worker in workers)
    outcome = Outcome(run.returncode, shown, suite.root / "reports" / "latest")
    assert outcome.scenario("long one").status is Status.BROKEN
    outcome.agrees_with_allure()


def test_no_worker_outlives_its_crew(suite: TinySuite) -> None:
    run, workers = started(suite)
    run.kill()
    run.communicate()
    assert workers
    until(lambda: not any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers))


# -- in which order


def test_what_judges_the_whole_run_comes_when_all_others_are_gone(suite: TinySuite) -> None:
    last = "@AC2.1\nFeature: last\n  @last\n  Scenario: judges the run\n    Given it is written down\n"
    suite.write("features/last.feature", last)
    assert suite.run("-j", "3", LOG="yes").scenario("judges the run").status is Status.PASSED
    log = (suite.root / "log").read_text().splitlines()
    assert log[-2:] == ["judges the run", "closed"]
    assert log.count("closed") == 3


def test_beside_what_puts_the_agent_under_load_nothing_runs(suite: TinySuite) -> None:
    load = "@AC2.1\nFeature: load\n  @load\n  Scenario: measures the agent\n    Given it is written down\n"
    suite.write("features/load.feature", load)
    assert suite.run("-j", "3", LOG="yes").scenario("measures the agent").status is Status.PASSED
    log = (suite.root / "log").read_text().splitlines()
    assert log[-2:] == ["measures the agent", "closed"]
    assert log.count("closed") == 3


def test_every_worker_prepares_for_its_own_share_and_for_what_runs_alone(suite: TinySuite) -> None:
    load = "@AC2.1\nFeature: load\n  @load\n  Scenario: measures the agent\n    Given it is written down\n"
    suite.write("features/load.feature", load)
    hook = """
def before_all(context):
    with open("prepared", "a") as file:
        for feature in context._runner.features:
            for scenario in feature.walk_scenarios():
                print(scenario.name, file=file)
"""
    suite.write("environment.py", hook)
    assert suite.run("-j", "3").scenario("measures the agent").status is Status.PASSED
    prepared = (suite.root / "prepared").read_text().splitlines()
    assert sorted(prepared) == ["measures the agent"] * 3 + [f"trivial {number}" for number in range(6)]


def test_what_asks_for_the_same_arrangement_runs_in_one_worker(suite: TinySuite) -> None:
    hook = """
import os
import time
from pathlib import Path


def before_scenario(context, scenario):
    with open("shared out", "a") as file:
        print(os.getpid(), arrangement(scenario), file=file)
    deadline = time.monotonic() + 10
    while not arrangement(scenario) and Path("shared out").read_text().count("odd") < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def arrangement(scenario):
    return "odd" if scenario.name in ("trivial 3", "trivial 4", "trivial 5") else None
"""
    suite.write("environment.py", hook)
    assert {one.status for one in suite.run("-j", "2").verdict.scenarios} == {Status.PASSED}
    ran = [line.split() for line in (suite.root / "shared out").read_text().splitlines()]
    assert len({worker for worker, asked in ran if asked == "odd"}) == 1


def test_an_order_by_chance_is_told_and_can_be_repeated(suite: TinySuite) -> None:
    orders = []
    for arguments in (("random",), ("random:1",), ("random:1",), ("random:2",)):
        outcome = suite.run("-j", "1", "-D", f"order={arguments[0]}")
        assert {one.status for one in outcome.verdict.scenarios} == {Status.PASSED}
        orders.append((suite.root / "log").read_text())
        (suite.root / "log").unlink()
        assert "-D order=random:" in outcome.output
        assert "order=random:" in outcome.verdict.run.command
    assert orders[1] == orders[2] != orders[3]


def test_an_order_that_does_not_exist_is_refused(suite: TinySuite) -> None:
    outcome = suite.run("-D", "order=backwards")
    assert outcome.code == 2
    assert "-D order=backwards is no order" in outcome.output


def test_the_durations_of_a_run_are_known_to_the_next(suite: TinySuite) -> None:
    suite.run("-j", "2")
    known = json.loads((suite.root / "reports" / "history" / "durations.json").read_text())
    assert set(known) == {f"trivial_{number}: trivial {number}" for number in range(6)}
    assert (suite.root / "reports" / "latest" / "workers" / "1.log").read_text() == ""
