"""Which sources a fault may keep agent-sre from, and which have answered it since."""

from __future__ import annotations

from typing import Any

from steps.incident.sources import answered_by, failed_by
from steps.world.journal import Journal

LOAD, OBJECTIVE = (
    "query?query=load%7Bpod%3D%22checkout%22%7D",
    "query?query=slo%3Atarget%7Bslo_name%3D%22checkout%22%7D",
)


def said(journal: Journal, callee: str, path: str = "/", **changes: Any) -> None:
    good: dict[str, Any] = {"caller": "agent-sre", "method": "GET", "status": 200, "began": 5.0, "ended": 5.1}
    journal.record(callee=callee, url=f"http://{callee}/{path}", **good | changes)


def test_a_source_is_failed_by_a_fault_that_acted_on_a_call_of_agent_sre_since_then() -> None:
    journal = Journal()
    said(journal, "loki", fault="answers 503", status=503)
    said(journal, "tempo")
    said(journal, "tempo", fault="answers 503", status=503, began=1.0, ended=1.1)
    said(journal, "trm", fault="answers 503", status=503, caller="suite")
    said(journal, "pagerduty", fault="answers 503", status=503)
    assert failed_by(journal, 4.0) == {"loki"}
    assert failed_by(journal, 0.0) == {"loki", "tempo"}


def test_a_tracker_has_failed_if_the_last_call_has_met_a_fault_and_answers_when_it_takes_something() -> None:
    journal = Journal()
    said(journal, "linear", fault="drops the connection", status=None)
    said(journal, "jira", fault="drops the connection", status=None)
    assert failed_by(journal, 0.0) == {"linear", "jira"}
    assert answered_by(journal, 0.0) == set()
    said(journal, "jira", method="POST", status=201, began=6.0, ended=6.1)
    assert failed_by(journal, 0.0) == {"linear"}
    assert answered_by(journal, 0.0) == {"jira"}


def test_prometheus_is_the_slm_service_too_and_either_is_failed_and_answers_by_itself() -> None:
    journal = Journal()
    said(journal, "prometheus", OBJECTIVE, fault="answers 503", status=503)
    assert failed_by(journal, 0.0) == {"the SLM service"}
    said(journal, "prometheus", LOAD)
    assert answered_by(journal, 0.0) == {"prometheus"}
    said(journal, "prometheus", OBJECTIVE)
    assert answered_by(journal, 0.0) == {"prometheus", "the SLM service"}


def test_a_model_that_was_not_loaded_has_failed() -> None:
    journal = Journal()
    said(journal, "trm", "health", response_body=b'{"status":"healthy","model_loaded":true}')
    assert failed_by(journal, 0.0) == set()
    said(journal, "trm", "health", response_body=b'{"status":"degraded","model_loaded":false}')
    assert failed_by(journal, 0.0) == {"trm"}


def test_only_a_good_answer_to_agent_sre_is_one_and_a_look_at_the_model_is_no_question_to_it() -> None:
    journal = Journal()
    said(journal, "loki", status=503)
    said(journal, "loki", fault="cuts its answer short")
    said(journal, "loki", error="The connection broke.")
    said(journal, "loki", caller="suite")
    said(journal, "trm", "health")
    assert answered_by(journal, 0.0) == {"the model's state"}
    said(journal, "trm", "reason", method="POST")
    assert answered_by(journal, 6.0) == set()
    assert answered_by(journal, 5.0) == {"the model's state", "trm"}
