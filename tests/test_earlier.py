"""What a busy agent still does about earlier alerts counts neither for a claim nor against a fault of few calls."""

from __future__ import annotations

import pytest

from steps.world.earlier import Aim, Earlier
from steps.world.gateway.messages import Request
from steps.world.journal import Journal

OLD, NEW = "v0123456789ab", "vba9876543210"
AGENTS = "http://agent-sre.ai.svc.cluster.local/"


@pytest.fixture
def journal() -> Journal:
    """One alert has been told already."""
    journal = Journal()
    tell(journal, OLD)
    return journal


def tell(journal: Journal, key: str, caller: str = "broker", callee: str = "agent-sre") -> None:
    journal.record(caller=caller, callee=callee, method="POST", url=AGENTS, request_body=key.encode())


def call(about: str = "", path: str = "/graphql", caller: str = "agent-sre") -> Request:
    return Request(caller, "POST", f"https://api.linear.app{path}", (), f'{{"about": "{about}"}}'.encode())


def test_calls_for_a_new_alert_are_met_and_those_for_an_alert_told_before_are_not(journal: Journal) -> None:
    aim = Aim(Earlier(journal), 2)
    tell(journal, NEW)
    assert aim.met_by(call(f"HighLoad_{NEW}"))
    assert aim.met_by(call(path=f"/search?q=%22checkout-{NEW}%22"))
    assert not aim.met_by(call(f"HighLoad_{OLD}"))
    assert not Aim(Earlier(journal), 2).met_by(call(f"HighLoad_{NEW}"))


def test_an_alert_that_is_just_being_told_is_none_from_now_on(journal: Journal) -> None:
    flight = journal.begin(caller="broker", callee="agent-sre", method="POST", url=AGENTS, headers=())
    flight.sent(NEW.encode())
    assert not Aim(Earlier(journal), 2).met_by(call(NEW))


def test_an_alert_that_the_broker_tells_late_is_earlier(journal: Journal) -> None:
    late = "vcafecafecafe"
    tell(journal, late, "prometheus-events", "broker")
    aim = Aim(Earlier(journal), 1)
    tell(journal, late)
    assert not aim.met_by(call(f"HighLoad_{late}"))
    tell(journal, NEW, "prometheus-events", "broker")
    assert aim.met_by(call(f"HighLoad_{NEW}"))


def test_another_scenarios_alert_whose_signal_is_told_of_only_now_is_earlier(journal: Journal) -> None:
    late, aim = "vcafecafecafe", Aim(Earlier(journal, keys=frozenset(["vcafecafecafe"])), 1)
    tell(journal, late)
    assert not aim.met_by(call(f"HighLoad_{late}"))
    assert aim.met_by(call(f"HighLoad_{NEW}"))


def test_one_fault_is_kept_for_a_call_that_says_that_it_is_about_the_new_alert(journal: Journal) -> None:
    aim = Aim(Earlier(journal), 3)
    assert [aim.met_by(call("teams")) for _ in range(4)] == [True, True, False, False]
    assert aim.met_by(call(NEW))
    assert not Aim(Earlier(journal), 1).met_by(call("teams"))


@pytest.mark.parametrize("one", [call("BVL-1"), call(path="/rest/api/3/issue/10012/comment")])
def test_what_is_left_to_do_on_an_older_issue_uses_up_nothing(journal: Journal, one: Request) -> None:
    aim = Aim(Earlier(journal, frozenset(("BVL-1", "10012"))), 2)
    assert not aim.met_by(one)
    assert aim.met_by(call("BVL-11"))


def test_only_the_agents_calls_are_met(journal: Journal) -> None:
    assert not Aim(Earlier(journal), 2).met_by(call(NEW, caller="suite"))
