"""The world notices when it stands still, and nobody fails for what happened meanwhile."""

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
from steps.world.standstill import BEARABLE, BEAT, STANDSTILL, standstills_noted
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
    return cast(Any, SimpleNamespace(world=world, trouble=Mock(), target=Mock(), incident_of=lambda _: incident))


def test_who_fails_while_the_world_stood_still_cannot_be_judged() -> None:
    journal = Journal()
    stage = stage_with(journal)
    Stage.end(stage, "a.feature:3", failed=True)
    journal.mark(STANDSTILL, "the world stood still for 0.9 s").close()
    with pytest.raises(WorldUnavailable, match=r"Meanwhile the world stood still for 0\.9 s: the machine is too busy"):
        Stage.end(stage, "a.feature:3", failed=True)


def test_a_standstill_before_the_scenario_excuses_nothing() -> None:
    journal = Journal()
    stage = stage_with(journal)
    journal.mark(STANDSTILL, "the world stood still for 0.9 s").close()
    stage.incident_of("a.feature:3").began = journal.cursor()
    Stage.end(stage, "a.feature:3", failed=True)
