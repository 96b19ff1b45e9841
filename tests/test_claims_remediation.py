"""Each claim about a remediation holds for a good observation, and says in one sentence what a bad one lacks."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from steps.drivers.linear import Issue
from steps.incident import model, remediation
from steps.incident.alert import Alert, Rule, make_alert
from steps.incident.incident import Incident
from steps.incident.remediation import NO_PARAMETERS, PARAMETERS, REASONS, Remediation
from steps.incident.waiting import BedNotReady, Waiting
from steps.targets.profile import Limits, Rulings
from steps.world.cluster.cloudevent import Event, encode
from steps.world.journal import Exchange, Flight, Journal, names_incident
from steps.world.services.signals import Signals

FUNCTION = "repair-v0123456789ab"


def refused(claim: Callable[[], Any], *words: str) -> None:
    """The claim does not hold, and its one sentence names all the words."""
    with pytest.raises(AssertionError) as missed:
        claim()
    sentence = str(missed.value)
    assert "\n" not in sentence
    for word in words:
        assert word in sentence, f"{word!r} is not in: {sentence}"


def call(
    parameters: Any = None, *, began: float = 100.0, ended: float = 100.1, status: int | None = 200, **said: Any
) -> Exchange:
    """A call of FUNCTION as a good agent makes it, changed as the test wants it."""
    identity = {"id": said.pop("id")} if "id" in said else {}
    event = Event.of("io.homelab.agent-sre.remediation.request", "agent-sre", parameters or {"name": "x"}, **identity)
    message = encode(event, said.pop("mode", "binary"))
    usual: dict[str, Any] = {
        "caller": "agent-sre",
        "callee": "functions",
        "method": "POST",
        "url": f"http://{FUNCTION}.ai.svc.cluster.local/",
        "request_headers": message.headers,
        "request_body": message.body,
        "error": None if status else "The caller left before it had a whole answer.",
    }
    return Journal().record(began=began, ended=ended, status=status, **usual | said)


def ticket(alert: Alert, reason: str = "") -> Issue:
    """The ticket of a failed remediation that tells everything but, unless it is given, the reason."""
    facts = "\n".join(f"- {name}: {value}" for name, value in (alert.labels | alert.annotations).items())
    now = datetime.now(UTC)
    return Issue(
        id="0d7b9f0e-3c43-4f0b-8d0b-1f2a3b4c5d6e",
        identifier="BVL-8",
        title=f"[Remediation Failed] {alert.name}",
        description=f"## Remediation failed\n- Function: {alert.annotations.get('lambda_function')}\n{reason}\n"
        f"## Alert Details\n{facts}\nStatus: firing\nFiring since: 2026-11-24T00:12:10.123Z\n"
        "Correlation ID: 9b2d1c1e-6f0a-4c55-8a52-0d6f8f4b7a11",
        priority=2,
        state_name="Backlog",
        state_type="backlog",
        team_key="BVL",
        labels=("agent-sre", "warning"),
        assignee_email=None,
        url="https://linear.app/homelab/issue/BVL-8",
        created_at=now,
        completed_at=None,
        canceled_at=None,
        archived=False,
        comments=(),
        attachments=(),
        relations=(),
    )


# -- the call


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_a_call_is_an_event_in_either_mode(mode: str) -> None:
    made = call({"name": "checkout-0"}, mode=mode)
    assert remediation.event_of(made).event.type == "io.homelab.agent-sre.remediation.request"
    assert remediation.parameters_of(made) == {"name": "checkout-0"}
    assert remediation.name_of(made) == FUNCTION


def test_one_call_of_the_alerts_function_is_wanted_and_no_other() -> None:
    alert = make_alert(function=FUNCTION)
    remediation.only([call()], alert)
    refused(lambda: remediation.only([call(), call()], alert), alert.called, "exactly once", "2 calls")
    elsewhere = call(url="http://drain-v0.ai.svc.cluster.local/")
    refused(lambda: remediation.only([elsewhere], alert), FUNCTION, "drain-v0")


def test_a_call_that_a_busy_machine_answers_late_may_be_made_again() -> None:
    quick, slow = call(ended=100.9), call(ended=101.1)
    for made in ([], [slow], [quick, quick], [quick, slow]):
        remediation.not_held_up(made, timeout=2)
    with pytest.raises(
        BedNotReady, match=r"repair-v0123456789ab was called again after its answer took 1\.1 s of the 2 s"
    ):
        remediation.not_held_up([slow, quick], timeout=2)


def test_a_function_that_needs_a_name_gets_one_of_the_alerts_own() -> None:
    alert, address = make_alert(), "http://pod-restart.ai.svc.cluster.local/"
    for parameters in ({"name": alert.pod}, {"name": "checkout", "type": "deployment", "namespace": "shop"}):
        for mode in ("binary", "structured"):
            model.names_own(call(parameters, url=address, mode=mode), alert)
    model.names_own(call({"namespace": "shop"}, url="http://check-pvc-status.ai.svc.cluster.local/"), alert)
    refused(lambda: model.names_own(call({"namespace": "shop"}, url=address), alert), alert.pod, "no name")
    refused(lambda: model.names_own(call({"name": "payment-0"}, url=address), alert), alert.pod, "'payment-0'")


def test_a_failure_has_one_ticket_beside_the_alerts_own() -> None:
    alert = make_alert(function=FUNCTION)
    for found in ([], [ticket(alert)], [ticket(alert), ticket(alert, "403 Forbidden")]):
        remediation.told_once(found, alert)
    refused(lambda: remediation.told_once([ticket(alert)] * 3, alert), alert.called, "there are 2", "BVL-8")


def test_a_call_that_is_no_event_is_seen() -> None:
    bare = call(request_headers=(("content-type", "application/json"),), request_body=b'{"name": "x"}')
    refused(lambda: remediation.event_of(bare), FUNCTION, "to be a CloudEvent")
    refused(lambda: remediation.parameters_of(call(["checkout"])), FUNCTION, "['checkout']")
    for body in (b"", b"name=checkout-0"):
        refused(lambda body=body: remediation.parameters_of(call(request_body=body)), FUNCTION, "parameters", "JSON")


def test_parameters_of_every_type_arrive() -> None:
    remediation.carries_parameters(call(PARAMETERS | {"more": 1}), PARAMETERS)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_that_became_text_is_seen(name: str) -> None:
    changed = PARAMETERS | {name: 7 if PARAMETERS[name] == "007" else f"«{PARAMETERS[name]}»"}
    refused(lambda: remediation.carries_parameters(call(changed), PARAMETERS), name)


def test_parameters_that_are_equal_in_python_only_are_seen() -> None:
    refused(lambda: remediation.carries_parameters(call({"force": 1}), {"force": True}), "force = true", "got 1")
    refused(lambda: remediation.carries_parameters(call({"count": "3"}), {"count": 3}), "count = 3", 'got "3"')


def test_a_lost_parameter_is_seen() -> None:
    refused(lambda: remediation.carries_parameters(call({"type": "pod"}), {"name": "x"}), 'name = "x"', "['type']")


def test_a_name_that_the_annotation_gives_is_none_of_the_alerts_labels_and_is_not_replaced_by_one() -> None:
    alert = make_alert(function=FUNCTION)
    given = remediation.parameters_about(alert, "name: its neighbour, replicas: 3")
    assert given["name"] not in alert.labels.values()
    assert given["replicas"] == 3
    made = call(given)
    assert names_incident(made)
    remediation.carries_parameters(made, given)
    refused(lambda: remediation.carries_parameters(call(given | {"name": alert.pod}), given), "neighbour-", alert.pod)


@pytest.mark.parametrize("words", NO_PARAMETERS)
def test_what_is_called_no_parameters_is_none(words: str) -> None:
    with suppress(ValueError):
        assert not isinstance(json.loads(NO_PARAMETERS[words]), dict)


# -- time


@pytest.mark.parametrize("took", [0.81, 1.0, 1.19])
def test_a_call_given_up_near_its_time_out_is_well(took: float) -> None:
    remediation.abandoned(call(ended=100 + took, status=None), 1)


@pytest.mark.parametrize("took", [0.0, 0.79, 1.21, 8.0])
def test_a_call_given_up_too_soon_or_too_late_is_seen(took: float) -> None:
    late = call(ended=100 + took, status=None)
    refused(lambda: remediation.abandoned(late, 1), FUNCTION, "after 1 s (± 20%)", f"{took:.2f} s")


def test_a_call_that_was_waited_for_is_seen() -> None:
    refused(lambda: remediation.abandoned(call(ended=101.0), 1), "waited for the answer", "1.00 s")


def test_others_are_served_while_a_call_waits() -> None:
    slow = call(began=100, ended=101, status=None)
    remediation.served_meanwhile(call(began=100.2, ended=100.3), slow)
    refused(lambda: remediation.served_meanwhile(call(began=101, ended=101.25), slow), "0.25 s after")
    refused(lambda: remediation.served_meanwhile(call(began=100.2, ended=100.3, status=503), slow), "503")


# -- tries


def tries(*began: float, **said: Any) -> list[Exchange]:
    """Tries of one event that each took a tenth of a second."""
    return [call(began=at, ended=at + 0.1, id="one", **said) for at in began]


def test_tries_are_counted() -> None:
    remediation.tried(tries(1, 2, 3), 3, 3)
    remediation.tried(tries(1, 2, 3), 2, 5)
    refused(lambda: remediation.tried(tries(1, 2), 3, 3), FUNCTION, "3 times", "called 2 times")
    refused(lambda: remediation.tried(tries(1, 2, 3, 4, 5, 6), 2, 5), "2 to 5 times", "called 6 times")
    refused(lambda: remediation.tried([], 2, 5), "called 0 times")


def test_tries_end_with_the_first_success() -> None:
    failed, good = call(status=503), call()
    assert remediation.up_to_success([failed, good, failed, good]) == [failed, good]
    assert remediation.up_to_success([failed, failed]) == [failed, failed]
    assert remediation.up_to_success([]) == []


def test_tries_carry_one_event() -> None:
    remediation.same_event(tries(1, 2, 3))
    refused(lambda: remediation.same_event([call(id="one"), call(id="two")]), "2 tries had 2 ids")


def test_pauses_between_tries_grow() -> None:
    remediation.pauses_grow([tries(0, 0.2, 0.5)], 1.5)
    refused(lambda: remediation.pauses_grow([tries(0, 0.2, 0.4, 0.6)], 1.5), "0.10 s, 0.10 s, 0.10 s")
    refused(lambda: remediation.pauses_grow([tries(0, 0.2)], 1.5), "at least three attempts")


def test_a_pause_that_a_busy_machine_lengthened_is_looked_at_again() -> None:
    lengthened, good, even = tries(0, 0.6, 0.9), tries(0, 0.2, 0.5), tries(0, 0.2, 0.4)
    remediation.pauses_grow([lengthened, good], 1.5)
    remediation.pauses_grow([lengthened, lengthened, good], 1.5)
    refused(lambda: remediation.pauses_grow([even, tries(0, 0.2, 0.9), even], 1.5), "0.10 s, 0.10 s")


def test_pauses_that_grow_are_not_looked_at_again() -> None:
    looks = iter([tries(0, 0.2, 0.5), tries(0, 0.2, 0.4)])
    remediation.pauses_grow(looks, 1.5)
    assert len(list(looks)) == 1


def test_a_function_is_not_called_before_it_wants_to_be() -> None:
    asked = (("retry-after", "1"),)
    remediation.waited(tries(0, 1.2, response_headers=asked))
    early = tries(0, 0.6, response_headers=asked)
    refused(lambda: remediation.waited(early), FUNCTION, "for 1 s", "0.40 s too early")


def test_a_function_is_called_when_it_wants_to_be_by_the_callers_clock() -> None:
    """The caller has the answer's head a moment before the journal has the answer's end."""
    overloaded = call(began=100.0, ended=100.005, status=429, response_headers=(("retry-after", "1"),))
    remediation.waited([overloaded, call(began=overloaded.ended + 0.998)])
    refused(lambda: remediation.waited([overloaded, call(began=100.9)]), FUNCTION, "0.10 s too early")


def test_the_last_try_has_to_succeed() -> None:
    alert = make_alert(function=FUNCTION)
    remediation.answered_well([call(status=503), call()], alert)
    refused(lambda: remediation.answered_well([call(), call(status=503)], alert), alert.name, "the last of 2", "503")
    refused(lambda: remediation.answered_well([call(status=None)], alert), "The caller left")
    refused(lambda: remediation.answered_well([], alert), "there is none")


# -- the circuit breaker


def test_a_function_is_left_alone_for_its_cool_down() -> None:
    remediation.left_alone([call(began=9.9), call(began=10), call(began=11.2)], 10, 11.2)
    refused(lambda: remediation.left_alone(tries(10.2, 10.7), 10, 11.2), "called 2 times", "1.00 s too early")


def test_another_function_is_called_in_time() -> None:
    remediation.called_before(call(began=10.5), 11)
    refused(lambda: remediation.called_before(call(began=11.5), 11), FUNCTION, "0.50 s after the end")


def test_a_probe_is_alone() -> None:
    journal = Journal()

    def made(began: float, ended: float) -> Exchange:
        url = f"http://{FUNCTION}.ai.svc.cluster.local/"
        return journal.record(
            caller="agent-sre", callee="functions", method="POST", url=url, status=200, began=began, ended=ended
        )

    before, probe, beside, after = made(10, 10.1), made(12, 12.5), made(12.4, 12.9), made(12.6, 12.7)
    remediation.alone(probe, [before, probe, after])
    refused(lambda: remediation.alone(probe, [before, probe, beside, after]), FUNCTION, "1 more")


def test_a_late_call_says_nothing_of_a_cool_down_that_is_shorter_than_an_alert_may_take() -> None:
    alert, journal = make_alert(function=FUNCTION), Journal()
    late = call(began=11.5)
    refused(lambda: claims_about(alert, journal, ticket=6).called_within_cool_down(late, 11), "0.50 s after the end")
    short = claims_about(alert, journal, ticket=31)
    short.called_within_cool_down(late, 12)
    with pytest.raises(BedNotReady, match="may take 31 s to call it"):
        short.called_within_cool_down(late, 11)


class Tickets:
    """The issues about an alert whose remediation has failed, or fails before long."""

    def __init__(self, alert: Alert, *, failed: bool = True) -> None:
        self._alert, self._held = alert, [ticket(alert)]
        if failed:
            self.fail()

    def fail(self) -> None:
        self._held.append(ticket(self._alert))

    def about(self, _: Alert) -> list[Issue]:
        return self._held

    def show(self, _: Issue) -> None:
        pass

    quiet = show


@pytest.mark.parametrize(
    ("calls", "noticed_by"), [((), None), ((101.0,), 110.0), ((101.0, 108.5), 111.5)], ids=["at once", "late", "open"]
)
def test_that_a_function_is_gone_may_be_noticed_late_but_not_never(
    calls: tuple[float, ...], noticed_by: float | None
) -> None:
    alert, journal = make_alert(function=FUNCTION), Journal()
    waiting = Waiting(journal, Limits(recovery=10))
    incident = Incident(journal, Signals(), broker=None, alerts=[alert])  # type: ignore[arg-type]
    claims = Remediation(journal, waiting, incident, Tickets(alert), Rulings(function_timeout=2))  # type: ignore[arg-type]
    url = f"http://{FUNCTION}.ai.svc.cluster.local/?{alert.mark}"
    for ended in calls:
        journal.record(caller="agent-sre", callee="functions", method="POST", url=url, status=502, ended=ended)
    assert claims.noticed_by(alert, changed=100, cool_down=3) == noticed_by
    if calls:
        refused(lambda: claims.not_called(alert), alert.called, FUNCTION, "502")
    else:
        claims.not_called(alert)


# -- the time that a call takes


def claims_about(alert: Alert, journal: Journal, **limits: float) -> Remediation:
    """What can be claimed about the alert, whose function may take a second."""
    incident = Incident(journal, Signals(), broker=None, alerts=[alert])  # type: ignore[arg-type]
    rulings = Rulings(function_timeout=1)
    return Remediation(journal, Waiting(journal, Limits(**limits)), incident, Tickets(alert), rulings)  # type: ignore[arg-type]


def begun(journal: Journal, alert: Alert) -> Flight:
    """A call about the alert that is under way."""
    url = f"http://{FUNCTION}.ai.svc.cluster.local/?{alert.mark}"
    return journal.begin(caller="agent-sre", callee="functions", method="POST", url=url, headers=())


def test_a_call_that_has_begun_may_take_longer_than_the_limit_for_one_to_be_made() -> None:
    alert, journal = make_alert(function=FUNCTION), Journal()
    claims = claims_about(alert, journal, ticket=0.1)
    refused(lambda: claims.call(alert), "called none")
    flight = begun(journal, alert)
    threading.Timer(0.5, flight.end).start()
    assert claims.call(alert).number == flight.number


def test_a_call_that_does_not_end_is_seen() -> None:
    alert, journal = make_alert(function=FUNCTION), Journal()
    begun(journal, alert)
    refused(lambda: claims_about(alert, journal, ticket=0.1).call(alert), "has not ended")


def test_a_probe_may_take_as_long_as_a_function_may() -> None:
    alert, journal = make_alert(function=FUNCTION), Journal()
    claims = claims_about(alert, journal, ticket=0.1)
    refused(lambda: claims.one_probe(FUNCTION, since=0), "it did not")
    threading.Timer(0.5, begun(journal, alert).end).start()
    claims.one_probe(FUNCTION, since=0)
    probe = begun(journal, alert)
    begun(journal, alert)
    threading.Timer(0.1, probe.end).start()
    refused(lambda: claims.one_probe(FUNCTION, since=probe.began - 0.001), "1 more")


def test_a_call_has_begun_since_a_time_before_it_and_no_later_one() -> None:
    alert, journal = make_alert(function=FUNCTION), Journal()
    claims = claims_about(alert, journal, ticket=0.1)
    assert claims.begun_since(FUNCTION, since=0) == []
    flight = begun(journal, alert)
    for _ in ("under way", "over"):
        assert [call.number for call in claims.begun_since(FUNCTION, flight.began - 0.001)] == [flight.number]
        assert claims.begun_since(FUNCTION, flight.began) == claims.begun_since("another", since=0) == []
        flight.end()
    assert claims.first_since(FUNCTION, flight.began - 0.001).number == flight.number
    refused(lambda: claims.first_since(FUNCTION, flight.began), "again after its cool-down")


def test_a_call_is_given_up_within_its_time_out_whatever_a_recovery_may_take() -> None:
    alert, journal = make_alert(function=FUNCTION), Journal()
    claims = claims_about(alert, journal, recovery=0.1)
    refused(lambda: claims.given_up(alert, 1), "still waits")

    def gives_up() -> None:
        url = f"http://{FUNCTION}.ai.svc.cluster.local/?{alert.mark}"
        journal.record(
            caller="agent-sre", callee="functions", method="POST", url=url, error="given up", began=100, ended=101
        )

    threading.Timer(0.5, gives_up).start()
    claims.given_up(alert, 1)


def test_a_remediation_has_not_failed_yet_while_its_function_is_called_again() -> None:
    alert, journal = make_alert(function=FUNCTION), Journal()
    incident = Incident(journal, Signals(), broker=None, alerts=[alert])  # type: ignore[arg-type]
    waiting, rulings, tickets = Waiting(journal, Limits(recovery=0.2)), Rulings(), Tickets(alert, failed=False)
    claims = Remediation(journal, waiting, incident, tickets, rulings)  # type: ignore[arg-type]
    refused(lambda: claims.failed(alert), "only BVL-8", "(waited 0.2 s")
    again = begun(journal, alert)

    def fails() -> None:
        tickets.fail()
        again.end()

    threading.Timer(0.6, fails).start()
    claims.failed(alert)


def test_a_function_is_not_called_again_for_ever() -> None:
    alert, journal = make_alert(function=FUNCTION), Journal()
    incident = Incident(journal, Signals(), broker=None, alerts=[alert])  # type: ignore[arg-type]
    waiting, rulings = Waiting(journal, Limits(recovery=0.1)), Rulings(function_timeout=0.1, tries=2)
    claims = Remediation(journal, waiting, incident, Tickets(alert, failed=False), rulings)  # type: ignore[arg-type]
    begun(journal, alert)
    refused(lambda: claims.failed(alert), "only BVL-8", "still under way", "(waited 0.34 s")


def test_a_look_is_taken_when_the_function_has_succeeded() -> None:
    """Who answers an event at once is at rest between two tries."""
    first, journal = make_alert(function=FUNCTION), Journal()
    claims = claims_about(first, journal, recovery=30)
    passing = ((0.0, 503), (0.2, 503), (0.6, 200))

    def tried(alert: Alert, began: float, status: int) -> None:
        url = f"http://{FUNCTION}.ai.svc.cluster.local/?{alert.mark}"
        usual: dict[str, Any] = {"caller": "agent-sre", "callee": "functions", "method": "POST", "url": url}
        journal.record(**usual, status=status, began=began, ended=began)

    def again() -> Alert:
        alert = make_alert(function=FUNCTION)
        for at, status in passing:
            threading.Timer(at, tried, [alert, at, status]).start()
        return alert

    for at, status in ((0.0, 503), (0.4, 503), (0.8, 200)):
        tried(first, at, status)
    remediation.pauses_grow(claims.looks(first, again), 1.5)
    passing = ((0.0, 503), (0.1, 503), (0.2, 200))
    refused(lambda: remediation.pauses_grow(claims.looks(first, again), 1.5), "0.10 s, 0.10 s")


# -- the ticket of a failed remediation


def test_the_ticket_names_the_function() -> None:
    alert = make_alert(function=FUNCTION)
    remediation.names_function(ticket(alert), FUNCTION)
    refused(lambda: remediation.names_function(ticket(make_alert()), FUNCTION), "BVL-8", FUNCTION)


@pytest.mark.parametrize("reason", REASONS)
def test_a_ticket_that_says_the_same_whatever_the_failure_gives_no_reason(reason: str) -> None:
    alert, other = make_alert(function=FUNCTION), make_alert(function=FUNCTION)
    for words in ("", "The remediation did not work.", "Status: failed, 4 tries"):
        same = ticket(other, words.replace("4", "1"))
        refused(
            lambda words=words, same=same: remediation.tells_reason(ticket(alert, words), alert, reason, same, other),  # type: ignore[misc]
            *("BVL-8", reason),
        )


def test_words_of_the_alert_itself_are_no_reason() -> None:
    alert, other = make_alert(function=FUNCTION), make_alert(function=FUNCTION)
    alert.annotations["lambda_parameters"] = '["time-out"]'
    alert.annotations["description"] = "Requests time out, the connection is refused."
    refused(lambda: remediation.tells_reason(ticket(alert), alert, "it was too slow", ticket(other), other), "too slow")


def test_the_reason_of_another_failure_is_none() -> None:
    alert, other = make_alert(function=FUNCTION), make_alert(function=FUNCTION)
    wrong = ticket(alert, "The function took its time, and the call timed out.")
    control = ticket(other, "Its parameters are no JSON.")
    refused(
        lambda: remediation.tells_reason(wrong, alert, "the call was forbidden", control, other),
        *("the call was forbidden", "'timed out'", "it was too slow"),
    )


def test_who_does_not_quote_the_error_of_a_functions_code_gives_the_status_as_its_reason() -> None:
    alert, other = make_alert(function=FUNCTION), make_alert(function=FUNCTION)
    control = ticket(other, "Its parameters are no JSON.")
    remediation.tells_reason(ticket(alert, "Antwort: HTTP 500"), alert, "its code raised an error", control, other)
    wrong = ticket(alert, "The function answered HTTP 503 in its turn.")
    refused(
        lambda: remediation.tells_reason(wrong, alert, "its code raised an error", control, other),
        *("its code raised an error", "'503'", "it was unavailable"),
    )


def test_a_reason_may_be_worded_in_any_way_that_it_is_told_by() -> None:
    alert, other = make_alert(function=FUNCTION), make_alert(function=FUNCTION)
    strange = ticket(alert, "Mumpitz in place of a reply.")
    control = ticket(other, "Its parameters are no JSON.")
    remediation.tells_reason(strange, alert, "its answer is not understood", control, other)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("the request was invalid", "POST http://x/ was answered 400: name must be that of a pod"),
        ("the call was forbidden", "HTTP 403"),
        ("its code raised an error", "Handler: cannot remediate checkout-0: forbidden by policy"),
        ("its code raised an error", "the function answered HTTP 500"),
        ("it had an internal error", "500 Internal Server Error"),
        ("it was unavailable", "Service Unavailable"),
        ("there was no connection", "ConnectError: All connection attempts failed"),
        ("there was no connection", "Server disconnected without sending a response."),
        ("there was no connection", "peer closed connection without sending complete message body"),
        ("it was too slow", "ReadTimeout"),
        ("it was too slow", "had no answer within 60 s"),
        ("it reported an error", "checkout-0 is protected by a disruption budget"),
        ("its answer is not understood", "JSONDecodeError: Expecting value: line 1 column 1 (char 0)"),
        ("its parameters are wrong", "lambda_parameters is not valid JSON"),
        ("the function is not there", "LambdaFunction repair in namespace ai does not exist or is not ready."),
    ],
)
def test_a_reason_in_usual_words_needs_no_comparison(reason: str, words: str) -> None:
    alert = make_alert(function=FUNCTION)
    assert remediation.words_reason(ticket(alert, words), alert, reason)
    assert not remediation.words_reason(ticket(alert, "It did not work."), alert, reason)


# -- where it goes


def test_a_call_goes_to_the_agents_own_namespace() -> None:
    remediation.is_of(call(), FUNCTION)
    refused(lambda: remediation.is_of(call(), "pod-restart"), "pod-restart.ai.", FUNCTION)
    strange = call(url=f"http://{FUNCTION}.shop.svc.cluster.local/")
    refused(lambda: remediation.is_of(strange, FUNCTION), f"{FUNCTION}.shop.svc")


def test_a_call_is_answered() -> None:
    remediation.answered(call())
    refused(lambda: remediation.answered(call(status=None)), FUNCTION, "The caller left")
    refused(lambda: remediation.answered(call(status=503)), "503")


# -- alerts that ask for a function


def test_an_alert_gives_its_function_parameters() -> None:
    alert = make_alert(function=FUNCTION)
    assert alert.function == FUNCTION
    given = json.loads(alert.annotations["lambda_parameters"])
    assert given == {"name": alert.pod, "namespace": "shop", "type": "pod"}


def test_a_rule_gives_its_alerts_a_function() -> None:
    signal = {"pod": "checkout-v0123456789ab", "namespace": "shop"}
    alert = Rule.remediated_by(FUNCTION, "v0123456789ab").alert(signal)
    assert alert.function == FUNCTION
    assert json.loads(alert.annotations["lambda_parameters"])["name"] == "checkout-v0123456789ab"
    assert "summary" in alert.annotations
