"""Waits end as soon as their evidence is there, and at their limit at the latest."""

from __future__ import annotations

import threading

import pytest

from steps.incident.waiting import BedNotReady, Waiting
from steps.targets.profile import Limits
from steps.world.journal import Journal

SHORT = Limits(ticket=0.2, quiet=0.1, patience=0.4, outage=0.1)


def record(journal: Journal) -> None:
    journal.record(caller="agent-sre", callee="linear", method="POST", url="https://api.linear.app/graphql")


def test_a_wait_ends_when_the_journal_brings_the_evidence() -> None:
    journal = Journal()
    waiting = Waiting(journal, Limits(ticket=30))
    threading.Timer(0.05, record, [journal]).start()

    def called() -> int:
        assert journal.exchanges(), "nothing yet"
        return len(journal.exchanges())

    assert waiting.until(called, "ticket") == 1


def test_a_wait_that_misses_says_what_was_missed_and_the_limit() -> None:
    def never() -> None:
        raise AssertionError("Expected an issue, but there is none.")

    with pytest.raises(AssertionError, match=r"^Expected an issue, but there is none \(waited 0.2 s.*'ticket'\)\.$"):
        Waiting(Journal(), SHORT).until(never, "ticket")


def test_another_error_ends_a_wait_at_once() -> None:
    def broken() -> None:
        raise ValueError("no evidence, a mistake")

    with pytest.raises(ValueError, match="a mistake"):
        Waiting(Journal(), Limits(ticket=30)).until(broken, "ticket")


def test_what_a_scenario_stands_on_is_broken_and_not_failed_when_it_misses() -> None:
    def never() -> None:
        raise AssertionError("no burn rate")

    with pytest.raises(BedNotReady, match="no burn rate"):
        Waiting(Journal(), SHORT).for_bed(never, "ticket")


def test_quiet_is_kept_once_nothing_has_moved_for_a_while() -> None:
    journal = Journal()
    moved = journal.cursor()
    Waiting(journal, SHORT).quiet(lambda: moved)
    assert journal.cursor() - moved >= SHORT.quiet


def test_an_agent_that_never_rests_is_told_so() -> None:
    journal = Journal()
    with pytest.raises(AssertionError, match="still at work"):
        Waiting(journal, SHORT).quiet(journal.cursor)
    with pytest.raises(AssertionError, match="still at work"):
        Waiting(journal, SHORT).quiet(lambda: None)


def test_an_announced_time_passes() -> None:
    journal = Journal()
    until = journal.cursor() + 0.1
    Waiting(journal, SHORT).pass_time(until)
    assert journal.cursor() >= until
