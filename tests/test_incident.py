"""The incident of a scenario: what it saw, and what happened in its course."""

from __future__ import annotations

from typing import Any

import pytest

from steps.incident.alert import make_alert, new_key, of_two_severities
from steps.incident.incident import Incident
from steps.world.earlier import Earlier
from steps.world.journal import Exchange, Journal


@pytest.fixture
def incident(journal: Journal) -> Incident:
    made = Incident(journal, signals=None, broker=None, began=journal.cursor())  # type: ignore[arg-type]
    made.alerts = [make_alert()]
    return made


def say(incident: Incident, words: str, **said: Any) -> Exchange:
    usual: dict[str, Any] = {"caller": "agent-sre", "callee": "linear", "method": "POST", "url": "https://linear/"}
    return incident.journal.record(**usual | {"request_body": words.encode()} | said)


def test_its_course_is_what_was_said_about_it_and_what_names_no_incident(incident: Incident) -> None:
    say(incident, incident.alert.mark, began=incident.began - 1)
    about = say(incident, incident.alert.mark)
    say(incident, f"about another: {new_key()}")
    beside = say(incident, "who is on call?", callee="pagerduty")
    say(incident, incident.alert.mark, caller="suite")
    course = incident.course()
    assert (course.about, course.beside) == ([about], [beside])
    assert course.began == incident.began <= course.ended


def test_a_late_call_about_an_earlier_alert_or_issue_is_none_of_its_own(incident: Incident) -> None:
    late = new_key()
    say(incident, late, caller="broker", callee="agent-sre")
    incident.earlier = Earlier(incident.journal, frozenset(["BVL-1"]))
    about, beside = say(incident, incident.alert.mark), say(incident, "who is on call?", callee="pagerduty")
    made = [about, say(incident, late), say(incident, "a comment on BVL-1"), beside]
    assert incident.own(made) == [about, beside]


def test_a_call_that_an_earlier_alert_began_is_answered_in_the_scenario_that_runs_by_then(incident: Incident) -> None:
    began = incident.began
    say(incident, new_key(), began=began - 2, ended=began - 1)
    late = say(incident, new_key(), began=began - 1, ended=began + 1)
    own = say(incident, incident.alert.mark, began=began, ended=began + 1)
    say(incident, incident.alert.mark, callee="jira", began=began, ended=began + 1)
    assert incident.answered_by("linear") == [late, own]


def test_its_course_has_what_is_under_way_still(incident: Incident) -> None:
    flight = incident.journal.begin(
        caller="agent-sre", callee="linear", method="GET", url=f"https://linear/{incident.key}", headers=()
    )
    assert [one.number for one in incident.course().about] == [flight.number]


def test_its_course_has_what_was_in_force(incident: Incident) -> None:
    incident.journal.mark("fault", "before", at=incident.began - 2).close(incident.began - 1)
    incident.journal.mark("fault", "already", at=incident.began - 2).close(incident.began + 1)
    incident.journal.mark("fault", "still")
    assert [mark.text for mark in incident.course().marks] == ["already", "still"]


def test_a_scenario_that_never_began_has_an_empty_course(incident: Incident) -> None:
    say(incident, "who is on call?")
    incident.began = 0.0
    course = incident.course()
    assert (course.about, course.beside, course.began) == ([], [], course.ended)


def test_evidence_names_the_exchanges_that_it_shows(incident: Incident) -> None:
    first, second = say(incident, "one"), say(incident, "two")
    incident.saw_exchanges("Calls", [first, second])
    incident.saw("The issue", "BVL-1", made_by=[first])
    incident.saw("The log", "nothing")
    assert [seen.exchanges for seen in incident.seen] == [(first.number, second.number), (first.number,), ()]


def test_everything_that_was_said_is_evidence_for_nothing_in_particular(incident: Incident) -> None:
    for word in ("first", "second", "third"):
        say(incident, f"{word} {incident.key}")
    incident.saw_everything(2)
    [seen] = incident.seen
    assert (seen.title, seen.exchanges) == ("Everything that was said about the incident (2)", ())
    assert "first" not in seen.content


def test_alerts_of_two_severities_are_alike_in_all_other_labels_and_each_tells_its_mark() -> None:
    one, other = of_two_severities()
    assert one.labels | {"severity": "critical"} == other.labels
    assert one.severity == "warning"
    for alert, another in ((one, other), (other, one)):
        assert all(alert.mark in text and another.mark not in text for text in alert.annotations.values())
