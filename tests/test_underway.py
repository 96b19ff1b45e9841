"""What agent-sre is not told of yet does not count against it; what has reached it does."""

from __future__ import annotations

import json

import pytest

from steps.incident.alert import Alert, Rule, make_alert
from steps.incident.incident import Incident
from steps.incident.notification import Status, notification
from steps.incident.underway import Signalled
from steps.world.journal import Journal
from steps.world.services.signals import Signals

JSON = (("content-type", "application/json"),)


def notify(journal: Journal, alert: Alert, status: Status = "firing") -> None:
    journal.record(
        caller="alertmanager",
        callee="prometheus-events",
        method="POST",
        url="http://prometheus-events/webhook",
        request_headers=JSON,
        request_body=json.dumps(notification([(alert, status)])).encode(),
        status=200,
    )


def tell(journal: Journal, alert: Alert, status: int | None = 202) -> None:
    journal.record(
        caller="broker",
        callee="agent-sre",
        method="POST",
        url="http://agent-sre/",
        request_headers=JSON,
        request_body=json.dumps({"data": {"labels": alert.labels}}).encode(),
        status=status,
    )


@pytest.fixture
def alert() -> Alert:
    return make_alert()


def test_an_alert_comes_by_notification_and_event(journal: Journal, alert: Alert) -> None:
    signalled = Signalled(alert, "fired", journal.cursor())
    assert signalled.next_hop(journal) == "notification"
    notify(journal, alert)
    assert signalled.next_hop(journal) == "event"
    tell(journal, alert)
    assert signalled.next_hop(journal) is None


def test_what_was_said_before_or_of_another_alert_or_state_is_no_way_of_this_one(
    journal: Journal, alert: Alert
) -> None:
    notify(journal, alert, "resolved")
    tell(journal, alert)
    signalled = Signalled(alert, "resolved", journal.cursor())
    notify(journal, make_alert(), "resolved")
    notify(journal, alert, "firing")
    assert signalled.next_hop(journal) == "notification"
    notify(journal, alert, "resolved")
    assert signalled.next_hop(journal) == "event"


@pytest.mark.parametrize(("status", "next_hop"), [(None, "event"), (503, "event"), (500, None), (400, None)])
def test_who_is_just_started_anew_is_not_told_yet(
    journal: Journal, alert: Alert, status: int | None, next_hop: str | None
) -> None:
    signalled = Signalled(alert, "fired", journal.cursor())
    notify(journal, alert)
    tell(journal, alert, status)
    assert signalled.next_hop(journal) == next_hop
    tell(journal, alert)
    assert signalled.next_hop(journal) is None


def test_what_is_under_way_counts_as_said(journal: Journal, alert: Alert) -> None:
    signalled = Signalled(alert, "fired", journal.cursor())
    for caller, callee in (("alertmanager", "prometheus-events"), ("broker", "agent-sre")):
        url = f"http://{callee}/"
        flight = journal.begin(caller=caller, callee=callee, method="POST", url=url, headers=JSON)
        assert signalled.next_hop(journal) == ("notification" if caller == "alertmanager" else "event")
        flight.sent(json.dumps(notification([(alert, "firing")])).encode())
    assert signalled.next_hop(journal) is None


def test_when_a_scenario_ends_the_alerts_that_were_notified_as_firing_are_to_resolve(journal: Journal) -> None:
    rule = Rule("shop")
    incident = Incident(journal, Signals(), broker=None, rule=rule)  # type: ignore[arg-type]
    signals = incident.signals_of("checkout", "payment", "search")
    firing, _, resolved = incident.alerts = [rule.alert(signal) for signal in signals]
    incident.fire(firing, resolved)
    for alert, status in ((firing, "firing"), (resolved, "firing"), (resolved, "resolved")):
        notify(journal, alert, status)  # type: ignore[arg-type]
    tell(journal, resolved)
    incident.end()
    assert incident.next_hop() == "notification"
    assert [one.alert for one in incident.signalled] == [firing]
    notify(journal, firing, "resolved")
    tell(journal, firing)
    assert incident.next_hop() is None


def test_what_enters_behind_prometheus_has_nothing_under_way(journal: Journal, alert: Alert) -> None:
    incident = Incident(journal, Signals(), broker=None, alerts=[alert])  # type: ignore[arg-type]
    notify(journal, alert)
    incident.end()
    assert incident.next_hop() is None
