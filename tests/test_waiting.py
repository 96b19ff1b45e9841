"""Waits end as soon as their evidence is there, and at their limit at the latest."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import pytest

from steps.incident.alert import make_alert
from steps.incident.approvals import Approvals
from steps.incident.incident import Incident
from steps.incident.trust import Trust
from steps.incident.waiting import BedNotReady, Waiting
from steps.targets.profile import Limits
from steps.world.journal import Journal
from steps.world.services.signals import Signals
from tests.test_claims import refused

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


def test_what_is_noticed_late_is_done_again_until_then() -> None:
    done: list[str] = []

    def noticed() -> int:
        assert len(done) >= 3, "nothing yet"
        return len(done)

    waiting = Waiting(Journal(), Limits(recovery=30, again=0.05))
    assert waiting.until_done_again(lambda: done.append("an alert"), noticed, "recovery") == 3


def test_what_is_never_noticed_is_missed_however_often_it_is_done() -> None:
    done: list[str] = []

    def never() -> None:
        raise AssertionError("Expected a call, but there is none.")

    waiting = Waiting(Journal(), Limits(recovery=1, again=0.1))
    with pytest.raises(AssertionError, match="there is none"):
        waiting.until_done_again(lambda: done.append("an alert"), never, "recovery")
    assert len(done) >= 2


@pytest.mark.parametrize("late", [1, 2])
def test_who_notices_a_change_just_in_time_is_given_what_shows_it(late: int) -> None:
    journal, done = Journal(), list[float]()
    due = journal.cursor() + 0.2

    def noticed() -> None:
        assert sum(at >= due for at in done) >= late, "nothing yet"

    waiting = Waiting(journal, Limits(recovery=0.2, again=0.1, ticket=30))
    waiting.until_done_again(lambda: done.append(journal.cursor()), noticed, "recovery", late=late)


def test_who_has_not_noticed_a_change_in_time_is_waited_for_no_longer_than_for_a_ticket() -> None:
    journal, done = Journal(), list[float]()
    due = journal.cursor() + 0.2
    waiting = Waiting(journal, Limits(recovery=0.2, again=0.1, ticket=0.3))
    with pytest.raises(AssertionError, match=r"Expected an issue \(waited 0.6 s, the limit for 'recovery'\)\.$"):
        waiting.until_done_again(lambda: done.append(journal.cursor()), never, "recovery", late=1)
    assert 1 <= sum(at >= due for at in done) <= 2


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


def trying(journal: Journal, pauses: list[float]) -> Callable[[], list[float]]:
    """The times of the tries so far of one who tries now, and again after each of these pauses."""
    times = list(accumulate(pauses, initial=journal.cursor()))
    return lambda: [time for time in times if time <= journal.cursor()]


def test_a_long_outage_ends_when_it_was_met_often_enough() -> None:
    journal = Journal()
    tries = trying(journal, [0.05] * 100)
    Waiting(journal, Limits(recovery=30)).long_outage(tries, 4)
    assert 4 <= len(tries()) < 100


def test_a_long_outage_that_is_not_met_ends_all_the_same() -> None:
    journal = Journal()
    began = journal.cursor()
    Waiting(journal, Limits(recovery=0.2)).long_outage(list, 4)
    assert journal.cursor() - began >= 0.2


def never() -> None:
    raise AssertionError("Expected an issue.")


def test_a_limit_of_the_agent_counts_from_when_it_is_told() -> None:
    """Prometheus takes its time, on a busy machine more than the agent may take."""
    hops = iter(["notification", "notification", "event", "event", None])
    waiting = Waiting(Journal(), Limits(ticket=0.2, event=30, notification=30))
    waiting.begin(lambda: next(hops, None))
    with pytest.raises(AssertionError, match=r"waited 0.2 s, the limit for 'ticket'"):
        waiting.until(never, "ticket")
    assert next(hops, "all were waited for") == "all were waited for"


def test_what_holds_the_agent_up_goes_beyond_its_limit_and_not_beyond_what_that_counts_from() -> None:
    waiting = Waiting(Journal(), Limits(ticket=0.1, event=30, notification=0.1))
    with pytest.raises(AssertionError, match=r"waited 0.3 s, the limit for 'ticket'"):
        waiting.until(never, "ticket", beyond=lambda: 0.2)
    waiting.begin(lambda: "notification")
    with pytest.raises(BedNotReady, match=r"waited 0.1 s, the limit for 'notification'"):
        waiting.until(never, "ticket", beyond=lambda: 0.2)


def test_the_limit_of_an_event_counts_from_its_notification() -> None:
    waiting = Waiting(Journal(), Limits(event=0.1, notification=30))
    waiting.begin(lambda: "event")
    with pytest.raises(AssertionError, match=r"waited 0.1 s, the limit for 'event'"):
        waiting.until(never, "event")


def test_an_event_that_does_not_come_fails_the_claim_at_the_end_of_its_own_limit() -> None:
    waiting = Waiting(Journal(), Limits(ticket=0.2, event=0.1, notification=30))
    waiting.begin(lambda: "event")
    began = time.monotonic()
    with pytest.raises(AssertionError, match=r"waited 0.2 s, the limit for 'ticket'"):
        waiting.until(never, "ticket")
    assert time.monotonic() - began >= 0.3


def test_without_a_notification_the_scenario_is_broken_and_not_failed() -> None:
    waiting = Waiting(Journal(), Limits(ticket=30, notification=0.1))
    waiting.begin(lambda: "notification")
    with pytest.raises(BedNotReady, match=r"waited 0.1 s, the limit for 'notification'"):
        waiting.until(never, "ticket")


def test_what_holds_needs_no_notification() -> None:
    waiting = Waiting(Journal(), SHORT)
    waiting.begin(lambda: "notification")
    assert waiting.until(lambda: "an issue", "ticket") == "an issue"


def test_of_a_program_that_has_ended_nothing_more_is_waited_for() -> None:
    looks = iter([None, "agent-sre ended with exit code 3."])
    waiting = Waiting(Journal(), Limits(ticket=30), lambda: next(looks, "agent-sre ended with exit code 3."))

    def never() -> None:
        raise AssertionError("Expected more.")

    with pytest.raises(AssertionError, match=r"^Expected more: agent-sre ended with exit code 3\.$"):
        waiting.until(never, "ticket")


def test_what_a_program_did_at_last_counts() -> None:
    looks = iter([False, True])

    def claim() -> None:
        assert next(looks), "Expected its last words."

    Waiting(Journal(), Limits(ticket=30), lambda: "agent-sre ended with exit code 3.").until(claim, "ticket")


def test_what_is_waited_for_is_counted_by_its_purpose() -> None:
    waiting = Waiting(Journal(), Limits(ticket=0.1, alert=0.1, recovery=0.1, quiet=0.05, patience=1, outage=0.05))

    for limit in ("ticket", "alert"):
        with pytest.raises(AssertionError):
            waiting.until(never, limit)
    waiting.quiet(lambda: 0.0)
    of_agent = waiting.spent.seconds()["agent"]
    waiting.long_outage(list, 1)
    spent = waiting.spent.seconds()
    assert set(spent) == {"agent", "Prometheus", "dwell", "time-outs", "CPU"}
    assert spent["agent"] >= 0.1 and spent["Prometheus"] >= 0.1 and spent["time-outs"] >= 0.1
    assert spent["agent"] == of_agent, "a long outage is no waiting for the agent"
    waiting.begin(lambda: None)
    assert set(waiting.spent.seconds()) == {"CPU"}


# -- whom it trusts


class Caller:
    """Calls PagerDuty about the alerts from so many on, and tells what it was answered."""

    def __init__(self, journal: Journal, looks_after: float, status: int | None) -> None:
        self.incident = Incident(journal, Signals(), broker=None, began=journal.cursor())  # type: ignore[arg-type]
        self.trust = Trust(journal, Waiting(journal, Limits(recovery=1, again=0.1, ticket=0.2)), self.incident)
        self._call: dict[str, Any] = {"caller": "agent-sre", "callee": "pagerduty", "method": "GET"}
        self._journal, self._looks_after, self.status = journal, looks_after, status

    def fire(self) -> None:
        self.incident.alerts.append(make_alert())
        if len(self.incident.alerts) > self._looks_after:
            self._journal.record(**self._call, url="https://api.pagerduty.com/oncalls", status=self.status)


@pytest.mark.parametrize("alerts", [1, 3])
def test_who_keeps_what_a_host_has_told_is_given_alerts_until_it_is_called(alerts: int, journal: Journal) -> None:
    agent = Caller(journal, alerts - 1, None)
    agent.trust.tried("PagerDuty", 0, agent.fire)
    assert len(agent.incident.alerts) == alerts
    agent.status = 200
    agent.trust.served_by_all(journal.cursor(), agent.fire)
    assert len(agent.incident.alerts) == alerts + 1


def test_a_host_that_is_never_called_is_missed(journal: Journal) -> None:
    agent = Caller(journal, math.inf, None)
    refused(lambda: agent.trust.tried("PagerDuty", 0, agent.fire), "to call PagerDuty", "but it did not")


def test_a_host_that_serves_nobody_when_it_can_be_trusted_again_is_missed(journal: Journal) -> None:
    agent = Caller(journal, 0, None)
    agent.trust.tried("PagerDuty", 0, agent.fire)
    words = "to call PagerDuty again once it could be trusted", "none was served"
    refused(lambda: agent.trust.served_by_all(journal.cursor(), agent.fire), *words)


# -- who is at rest


class Moved:
    """Takes the place of waiting, and notes what would be looked at: when something has moved at last."""

    def __init__(self) -> None:
        self.at: float | None = None

    def for_bed(self, check: Callable[[], object], limit: str) -> None: ...

    def quiet(self, moved_at: Callable[[], float | None]) -> None:
        self.at = moved_at()


@pytest.mark.parametrize(("query", "rests"), [("?watch=true", True), ("?watch=1&resourceVersion=7", True), ("", False)])
@pytest.mark.parametrize("claim", ["approvals", "trust"])
def test_an_agent_that_watches_kubernetes_is_at_rest(claim: str, query: str, rests: bool, journal: Journal) -> None:
    waiting = Moved()
    incident = Incident(journal, Signals(), broker=None, began=journal.cursor())  # type: ignore[arg-type]
    call: dict[str, Any] = {"caller": "agent-sre", "callee": "kubernetes", "method": "GET"}
    call["url"] = f"https://kubernetes.test/apis/lambda.knative.io/v1alpha1/lambdafunctions{query}"
    later = journal.cursor() + 60
    for callee, ended in (("linear", 1), ("jira", 2)):
        journal.record(caller="agent-sre", callee=callee, method="POST", url="x", began=later, ended=later + ended)
    journal.record(**call, began=later, ended=later + 3)

    def moved_at() -> float | None:
        if claim == "trust":
            Trust(journal, waiting, incident).let_down()  # type: ignore[arg-type]
        else:
            others: dict[str, Any] = {"approvers": None, "issues": None, "remediation": None, "waiting": waiting}
            Approvals(journal=journal, incident=incident, **others).rest(make_alert())
        return waiting.at

    assert moved_at() == later + (2 if rests else 3)
    journal.begin(**call, headers=())
    assert moved_at() == (later + 2 if rests else None)
