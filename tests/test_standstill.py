"""The world notices when it stands still, and nobody fails whose call it held up meanwhile."""

import asyncio
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

import pytest

from steps.incident.incident import Incident
from steps.incident.stage import Stage
from steps.world.journal import Journal
from steps.world.standstill import BEARABLE, BEAT, STANDSTILL, held_up, standstills_noted
from steps.world.world import WorldUnavailable


def starve(seconds: float) -> None:
    """Gets no processor for so long."""
    threading.Event().wait(seconds)


async def turns(journal: Journal, held_up: Callable[[float], None], seconds: float) -> None:
    """The loop turns, and is held up for so long."""
    async with standstills_noted(journal):
        await asyncio.sleep(0)
        held_up(seconds)
        await asyncio.sleep(2 * BEAT)


def test_a_loop_that_stands_still_leaves_a_mark_of_that_time() -> None:
    journal = Journal()
    began = journal.cursor()
    asyncio.run(turns(journal, starve, BEARABLE + 2 * BEAT))
    mark, *others = journal.marks(kind=STANDSTILL)
    assert not others
    assert mark.at >= began and mark.until is not None and mark.until - mark.at >= BEARABLE
    assert mark.text.startswith("the world stood still for 0.")


def test_a_loop_that_is_late_for_a_moment_leaves_none() -> None:
    journal = Journal()
    asyncio.run(turns(journal, starve, BEAT))
    assert not journal.marks()


def test_a_loop_that_is_at_work_itself_does_not_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "process_time", time.monotonic)
    journal = Journal()
    asyncio.run(turns(journal, starve, BEARABLE + 2 * BEAT))
    assert not journal.marks()


def stage_with(journal: Journal) -> Any:
    """A stage of which only the end of a scenario is asked for."""
    incident = Incident(journal, Mock(), Mock())
    world = SimpleNamespace(journal=journal, staff=Mock())
    made = SimpleNamespace(world=world, trouble=Mock(), target=Mock(), webhook=Mock(), incident_of=lambda _: incident)
    return cast(Any, made)


def stand_still(journal: Journal, *, began: float = 0.2, ended: float = 1.0, **said: Any) -> None:
    """The world stands still for 0.9 seconds, in which the caller of a call leaves, unless the test wants otherwise.

    The call begins and ends so many seconds after the standstill has begun.
    """
    at = journal.cursor()
    journal.mark(STANDSTILL, "the world stood still for 0.9 s", at=at).close(at + 0.9)
    usual: dict[str, Any] = {
        "caller": "agent-sre",
        "callee": "loki",
        "method": "GET",
        "url": "http://loki/",
    }
    journal.record(**usual | {"began": at + began, "ended": at + ended, "status": None} | said)


@pytest.mark.parametrize(
    "said",
    [{}, {"status": 200}, {"status": 200, "began": 0.95, "ended": 1.0}],
    ids=["given up", "answered at last", "begun when the world went on"],
)
def test_who_fails_and_whose_call_the_world_held_up_cannot_be_judged(said: dict[str, Any]) -> None:
    journal = Journal()
    stage = stage_with(journal)
    Stage.end(stage, "a.feature:3", failed=True)
    stand_still(journal, **said)
    told = r"Meanwhile the world stood still for 0\.9 s and held up agent-sre's call to loki: the machine is too busy"
    with pytest.raises(WorldUnavailable, match=told):
        Stage.end(stage, "a.feature:3", failed=True)


@pytest.mark.parametrize(
    "said",
    [
        {"status": None, "fault": "loki answers nothing"},
        {"caller": "suite"},
        {"url": "http://kubernetes/apis?watch=true", "callee": "kubernetes"},
        {"status": 200, "began": 2.0, "ended": 2.1},
    ],
)
def test_a_standstill_that_held_up_no_program_excuses_nothing(said: dict[str, Any]) -> None:
    journal = Journal()
    stage = stage_with(journal)
    stand_still(journal, **said)
    Stage.end(stage, "a.feature:3", failed=True)


@pytest.mark.parametrize(
    ("said", "is_excused"),
    [
        ({}, True),
        ({"ended": 10.3}, False),
        ({"status": 503}, False),
        ({"fault": "hangs"}, False),
        ({"callee": "loki"}, False),
    ],
)
def test_who_gave_up_a_call_that_prometheus_did_not_answer_is_excused(said: dict[str, Any], is_excused: bool) -> None:
    journal = Journal()
    usual: dict[str, Any] = {
        "caller": "agent-sre",
        "callee": "prometheus",
        "method": "GET",
        "url": "http://prometheus/",
    }
    call = journal.record(**usual | {"status": None, "began": 10.0, "ended": 10.6} | said)
    told = held_up(journal, [call], since=0)
    assert told == ("Prometheus did not answer for 0.6 s, and agent-sre gave up its call" if is_excused else "")


def test_a_standstill_before_the_scenario_excuses_nothing() -> None:
    journal = Journal()
    stage = stage_with(journal)
    stand_still(journal)
    stage.incident_of("a.feature:3").began = journal.cursor() + 2
    Stage.end(stage, "a.feature:3", failed=True)
