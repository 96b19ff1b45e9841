"""What can be claimed about the remediation of an alert: the calls of LambdaFunctions and the tickets on failures."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import yaml

from steps.drivers.linear import Issue
from steps.incident.alert import Alert, make_alert
from steps.incident.calls import pauses
from steps.incident.events import LOOKS, Sent, growing_at_last
from steps.incident.incident import Incident
from steps.incident.issues import Issues, listed, text_of
from steps.incident.waiting import BedNotReady, LimitName, Waiting
from steps.incident.wording import tells_apart, without_own
from steps.targets.profile import Rulings
from steps.world.cluster.cloudevent import EventError, decode
from steps.world.journal import Exchange, Journal
from steps.world.services.functions import NAMESPACE

ABSENT = "repair-nothing"
"""A function that nobody has deployed."""
TOLERANCE = 0.2
"""A slow function is given up at the configured time, this part of it sooner or later (SPEC AC5.4)."""

PARAMETERS: dict[str, Any] = {
    "a text": 'Überlast "now"\n東京',
    "a text of digits": "007",
    "a whole number": 3,
    "a fraction": 0.25,
    "zero": 0,
    "a yes": True,
    "a no": False,
    "nothing": None,
    "an empty text": "",
    "a list": ["a", 1, False, []],
    "an empty list": [],
    "a nested object": {"limits": {"cpu": "2", "replicas": 2}, "zones": {}},
    "an empty object": {},
    "aNameInMixedCase": "Checkout",
}
"""Parameters that have been lost on the way to a function before, or their type, by what the feature calls them."""

NEIGHBOUR = "its neighbour"
"""What the feature calls a pod beside the alert's own: a call that names it is still known to be about the alert."""

NO_PARAMETERS = {
    "words": "name=checkout",
    "JSON that is cut short": '{"name": "checkout", "namesp',
    "a list in place of an object": '["checkout"]',
    "JSON in single quotes": "{'name': 'checkout'}",
}
"""Annotations that are no parameters, by what the feature calls them."""

REASONS = {
    "the request was invalid": r"\b400\b|invalid|bad request|must be that of a pod",
    "the call was forbidden": r"\b403\b|forbidden|denied",
    "its code raised an error": r"forbidden by policy|\b500\b|internal",
    "it had an internal error": r"\b500\b|internal",
    "it was unavailable": r"\b503\b|unavailable|no healthy upstream",
    "there was no connection": r"connect|refus|reset|unreach|resolv|network|closed|broke|read ?error|\b50[234]\b",
    "it was too slow": r"time.?out|timed.?out|slow|deadline|no (answer|reply|response)|not (answer|repl|respon)",
    "it reported an error": r"protected by a disruption budget",
    "its answer is not understood": r"underst|pars(e|ing)|json|decod|invalid|unexpected|malformed|garbage|\bformat",
    "its parameters are wrong": r"json|pars(e|ing)|decod|invalid|malformed|must be",
    "the function is not there": r"not (yet )?(ready|exist|found|available)|unready|missing|resolv|\b(404|50[234])\b",
}
"""How a ticket may word why a remediation failed, by what the feature calls it. None of it is in the alert itself.

A function whose code raises answers 500 (CONTRACTS §7), which is a reason, too: not all repeat what it says there.

Who words it otherwise still gives a reason, if it is another one for a failure of another kind.
"""
UNMISTAKABLE = {
    "the request was invalid": r"\b400\b",
    "the call was forbidden": r"\b403\b",
    "it had an internal error": r"\b500\b",
    "it was unavailable": r"\b503\b",
    "it was too slow": r"time.?out|timed.?out",
}
"""Words that leave no doubt which reason is meant, by what the feature calls it."""


class Remediation:
    """Claims about the remediation of one incident. Each keeps what it saw as evidence, or raises AssertionError."""

    def __init__(
        self, journal: Journal, waiting: Waiting, incident: Incident, issues: Issues, rulings: Rulings
    ) -> None:
        self._journal = journal
        self._waiting = waiting
        self._incident = incident
        self._issues = issues
        self._rulings = rulings

    # -- what was seen

    def calls(self, alert: Alert, since: float | None = None) -> list[Exchange]:
        """The agent's calls of functions about the alert that are over; a look at a function's health is none."""
        return self._journal.exchanges(
            caller="agent-sre", callee="functions", method="POST", mentioning=alert.mark, since=since
        )

    def any_calls(self) -> list[Exchange]:
        """The agent's calls of functions in this scenario, about whatever alert."""
        return self._incident.own(
            self._journal.exchanges(caller="agent-sre", callee="functions", method="POST", since=self._incident.began)
        )

    def calls_of(self, function: str) -> list[Exchange]:
        """The agent's calls of a function that this scenario alone uses."""
        return [call for call in self.any_calls() if name_of(call) == function]

    def begun(self, alert: Alert) -> Exchange:
        """The first call about the alert, which may still be under way. Waits until there is one."""

        def first() -> Exchange:
            made = self.calls(alert) + self._under_way(alert)
            assert made, f"Expected agent-sre to call a LambdaFunction about {alert.called}, but it called none."
            return made[0]

        return self._waiting.until(first, "ticket")

    def tries(self, alert: Alert) -> list[Exchange]:
        """All calls about the alert, when the agent has come to rest about it."""
        self._issues.quiet(alert)
        made = self.calls(alert)
        self._incident.saw_exchanges(f"Calls of LambdaFunctions about {alert.called}", made)
        return made

    def looks(self, alert: Alert, again: Callable[[], Alert]) -> Iterator[list[Exchange]]:
        """The tries about the alert up to its success, and those about others that `again` has fire, one after another.

        A look is taken when the function has succeeded: between two tries an agent that answers events at once is at
        rest.
        """
        for number in range(LOOKS):
            if number:
                alert = again()
                self._until_well(alert)
            yield up_to_success(self.tries(alert))

    def _until_well(self, alert: Alert) -> None:
        self._waiting.until(lambda: answered_well(self.calls(alert), alert), "recovery")

    # -- what is claimed

    def call(self, alert: Alert, since: float | None = None, limit: LimitName = "ticket") -> Exchange:
        """The first call of a function about the alert, since then. Waits until there is one."""

        def first() -> Exchange:
            made = self.calls(alert, since)
            assert made, f"Expected agent-sre to call a LambdaFunction about {alert.called}, but " + (
                "that call has not ended." if self._under_way(alert) else "it called none."
            )
            return made[0]

        call = self._ended(first, lambda: self._under_way(alert), limit)
        self._incident.saw_exchanges("The call of the LambdaFunction", [call])
        return call

    def called_before_long(self, function: str, fire: Callable[[], Alert]) -> None:
        """The function is called for one of the alerts that `fire` fires one after the other."""

        def called() -> list[Exchange]:
            made = self.calls_of(function)
            assert made, f"Expected agent-sre to call {function}, which is there now, but it never did."
            return made

        made = self._waiting.until_done_again(fire, called, "recovery", late=1)
        self._incident.saw_exchanges(f"Calls of {function}", made)

    def noticed_by(self, alert: Alert, changed: float, cool_down: float) -> float | None:
        """When agent-sre has to have noticed that the alert's function is gone, since then; None if it has by now.

        A circuit breaker that its calls have opened must not pass for that. Times are the journal's.
        """
        self.failed(alert)
        made = self.calls(alert)
        return max(changed + self._waiting.limits.recovery, made[-1].ended + cool_down) if made else None

    def given_up(self, alert: Alert, timeout: float) -> None:
        """The first call about the alert, which is not answered, is given up at the time-out."""

        def over() -> Exchange:
            made = self.calls(alert)
            assert made, (
                f"Expected agent-sre to give up its call of {alert.function} after {timeout:g} s (± {TOLERANCE:.0%}), "
                "but it still waits for the answer."
            )
            return made[0]

        call = self._waiting.until(over, "recovery", beyond=self._longest_call)
        self._incident.saw_exchanges("The call of the LambdaFunction", [call])
        abandoned(call, timeout)

    def called_within_cool_down(self, call: Exchange, until: float) -> None:
        """The call began before the cool-down of another function ended, which is at that time of the journal.

        Raises BedNotReady when it did not, and an alert has more time for its call than the cool-down leaves.
        """
        cool_down, ticket = self._rulings.breaker_cooldown, self._waiting.limits.ticket
        try:
            called_before(call, until)
        except AssertionError as missed:
            if cool_down >= ticket:
                raise
            raise BedNotReady(
                f"{missed} It may take {ticket:g} s to call it (limits.ticket), so that a cool-down of {cool_down:g} s "
                "(rulings.breaker_cooldown) says nothing: have it last longer."
            ) from None

    def called_once(self, alert: Alert) -> Exchange:
        """The alert's function is called about it, once, and no other is."""
        (call,) = self.each_called_once([alert])
        return call

    def called_again(self, alert: Alert) -> list[Exchange]:
        """The calls about an alert that fired again: its function has been called twice by now, and no more."""

        def twice() -> list[Exchange]:
            made = self.calls(alert)
            assert len(made) >= 2, (
                f"Expected agent-sre to call {alert.function} once more when {alert.called} fired again, "
                f"but it called it {len(made)} times in all."
            )
            return made

        self._waiting.until(twice, "ticket")
        made = self.tries(alert)
        self._incident.did_not_see(f"a third call of {alert.function} about {alert.called}", control=lambda: made)
        assert len(made) == 2, (
            f"Expected agent-sre to call {alert.function} once more when {alert.called} fired again, "
            f"but it called it {len(made)} times in all."
        )
        return made

    def each_called_once(self, alerts: Sequence[Alert]) -> list[Exchange]:
        """Each alert's function is called about it, once, and no other is."""
        for alert in alerts:
            self.call(alert)
        self._issues.quiet(*alerts)
        made = {alert.called: self.calls(alert) for alert in alerts}
        self._incident.saw_exchanges("Calls of LambdaFunctions", [call for calls in made.values() for call in calls])
        for calls in made.values():
            not_held_up(calls, self._rulings.function_timeout)
        return [only(made[alert.called], alert) for alert in alerts]

    def not_called(self, alert: Alert) -> None:
        """No function was called about the alert."""
        made = self.tries(alert)
        self._incident.did_not_see(f"a call of a function about {alert.called}", self.any_calls)
        assert not made, (
            f"Expected agent-sre to call no function about {alert.called}, "
            f"but it called {made[0].host}, and the call ended with {_end(made[0])}."
        )

    def succeeded(self, alert: Alert) -> None:
        """The alert's issue tells how the remediation ended, and no ticket tells that it failed."""
        self._until_well(alert)
        self._issues.tells_remediation(alert, lambda: self.calls(alert)[-1])
        self._issues.exactly_one(alert)

    def failed(self, alert: Alert) -> Issue:
        """A ticket beside the alert's own tells that its remediation failed.

        A function that did not answer may be called again, and keeps whoever waits for it once more.
        """
        held_up = partial(self._spent_on_calls, alert, self._journal.cursor())
        ticket = self._waiting.until(lambda: self._failure_of(alert), "recovery", beyond=held_up)
        self._issues.show(ticket)
        return ticket

    def failed_once(self, alert: Alert) -> None:
        """Beside the alert's own ticket one tells that its remediation failed, when the agent has come to rest."""
        self._issues.quiet(alert)
        found = self._issues.about(alert)
        self._incident.did_not_see(f"a second ticket about the failure for {alert.called}", control=lambda: found[1:])
        for issue in found:
            self._issues.show(issue)
        told_once(found, alert)

    def tries_again(self, alert: Alert) -> bool:
        """Whether the function that failed for the alert was called again about it, before the ticket told so."""
        self.failed(alert)
        return len(self.calls(alert)) > 1

    def failed_because(self, alert: Alert, reason: str) -> Issue:
        """A ticket beside the alert's own tells that its remediation failed, and why.

        When the wording is unknown, another remediation is made to fail in another way: its ticket must say something
        else.
        """
        ticket = self.failed(alert)
        if not words_reason(ticket, alert, reason):
            control = fails_otherwise(reason)
            self._incident.fire_beside(control)
            other = self.failed(control)
            self._waiting.until(lambda: tells_reason(self._failure_of(alert), alert, reason, other, control), "update")
        return ticket

    def _failure_of(self, alert: Alert) -> Issue:
        """The ticket beside the alert's own, which names the function."""
        found = self._issues.about(alert)
        assert len(found) >= 2, (
            f"Expected a ticket about the failed remediation of {alert.called} beside the alert's own, "
            f"but there is {'only ' + found[0].identifier if found else 'no issue at all'}{self._ending(alert)}."
        )
        names_function(found[1], alert.function)
        return found[1]

    def not_left_alone(self, alert: Alert, failed: int) -> None:
        """The alert's function is called about the alert, as it has not failed often enough to be left alone."""

        def called() -> list[Exchange]:
            made = self.calls(alert)
            assert made, (
                f"Expected agent-sre to call {alert.function} about {alert.called}, as the function had failed only "
                f"{failed} times in a row, but it did not."
            )
            return made

        self._incident.saw_exchanges(f"The call about {alert.called}", self._waiting.until(called, "ticket"))

    def failed_often(self, function: str, failures: int) -> float:
        """The function is called and fails that often; the journal's time of its last failure."""

        def enough() -> float:
            made = self.calls_of(function)
            assert len(made) >= failures, (
                f"Expected agent-sre to call {function} until it has failed {failures} times in a row, "
                f"but it called it only {len(made)} times."
            )
            return max(call.ended for call in made)

        return self._waiting.until(enough, "ticket")

    def left_alone(self, function: str, since: float, cool_down: float) -> None:
        """No call of the function begins for the cool-down that began then. Returns when it is over."""
        self._waiting.pass_time(since + cool_down)
        made = self.calls_of(function)
        self._incident.saw_exchanges(f"Calls of {function}, from its first failure to the end of its cool-down", made)
        self._incident.did_not_see(f"a call of {function} within its cool-down", control=lambda: made)
        left_alone(made, since, since + cool_down)

    def begun_since(self, function: str, since: float) -> list[Exchange]:
        """The calls of the function that began later than that, also those under way."""
        begun = self._under_way_at(function, since) + self.calls_of(function)
        return [call for call in begun if call.began > since]

    def first_since(self, function: str, since: float) -> Exchange:
        """The first call of the function that began later than its cool-down did. Waits until it has ended."""

        def ended() -> Exchange:
            made = [call for call in self.calls_of(function) if call.began > since]
            assert made, f"Expected agent-sre to call {function} again after its cool-down, but it did not."
            return made[0]

        call = self._ended(ended, lambda: self._under_way_at(function), "ticket")
        self._incident.saw_exchanges(f"The first call of {function} since its cool-down began", [call])
        return call

    def one_probe(self, function: str, since: float) -> None:
        """After that time there is one successful call of the function, and no other beside it."""
        probe = self.first_since(function, since)
        made = self.calls_of(function) + self._under_way_at(function, since=probe.began)
        self._incident.saw_exchanges("Calls of the function since its cool-down", [c for c in made if c.began > since])
        alone(probe, made)

    def _under_way(self, alert: Alert) -> list[Exchange]:
        return self._journal.in_flight(caller="agent-sre", callee="functions", method="POST", mentioning=alert.mark)

    def _under_way_at(self, function: str, since: float | None = None) -> list[Exchange]:
        begun = self._journal.in_flight(caller="agent-sre", callee="functions", method="POST", since=since)
        return [call for call in begun if name_of(call) == function]

    def _ended(
        self, ended: Callable[[], Exchange], under_way: Callable[[], Sequence[Exchange]], limit: LimitName
    ) -> Exchange:
        """A call that has ended, as claimed. One that has begun in time may take as long as a function may.

        The scenario itself makes functions slow, up to their time-out, for which no limit of the agent's leaves room.
        """

        def begun() -> None:
            if not under_way():
                ended()

        self._waiting.until(begun, limit)
        return self._waiting.until(ended, limit, beyond=self._longest_call)

    def _longest_call(self) -> float:
        """Seconds after which a call has been given up at the latest."""
        return self._rulings.function_timeout * (1 + TOLERANCE)

    def _spent_on_calls(self, alert: Alert, since: float) -> float:
        """Seconds since then that calls about the alert have taken, of as many as there may be."""
        made = self.calls(alert) + self._under_way(alert)
        now = self._journal.cursor()
        taken = sum(max(0.0, min(call.ended, now) - max(call.began, since)) for call in made)
        return min(taken, self._rulings.tries * self._longest_call())

    def _ending(self, alert: Alert) -> str:
        """How the calls about the alert ended: the nearest miss."""
        if self._under_way(alert):
            return ", while a call of its function is still under way"
        if not (made := self.calls(alert)):
            return ", and agent-sre called no function"
        return f", although the last of {len(made)} calls ended with {_end(made[-1])}"


def name_of(call: Exchange) -> str:
    """The function that a call is for."""
    return call.host.partition(".")[0]


# -- claims about single calls and tickets: pure, each with its sentence -----------------------------------------------


def correlates(call: Exchange, correlation_id: str) -> None:
    """The call carries the correlation id as an attribute of its event or as a header."""
    said = {name: call.header(name) for name in ("ce-correlationid", "x-correlation-id")}
    assert correlation_id in said.values() or correlation_id in call.request_text, (
        f"Expected the call of {call.host} to carry correlation id {correlation_id}, but it carries {said}."
    )


def _end(call: Exchange) -> str:
    """How a call ended, in a few words."""
    return str(call.status or call.error).rstrip(".")


def not_held_up(made: list[Exchange], timeout: float) -> None:
    """No call was made again because its answer was slow. Raises BedNotReady when one was: nobody wanted it slow."""
    slow = next((call for call in made[:-1] if call.ended - call.began > timeout / 2), None)
    if slow:
        raise BedNotReady(
            f"{name_of(slow)} was called again after its answer took {slow.ended - slow.began:.1f} s of the "
            f"{timeout:g} s that it may take, though nothing held it up: the machine is too busy to judge."
        )


def only(made: list[Exchange], alert: Alert) -> Exchange:
    """One call was made about the alert, and it is for its function."""
    assert len(made) == 1, (
        f"Expected agent-sre to call {alert.function} exactly once about {alert.called}, "
        f"but it made {len(made)} calls, of {', '.join(sorted({call.host for call in made}))}."
    )
    is_of(made[0], alert.function)
    return made[0]


def is_of(call: Exchange, function: str) -> None:
    """The call is for that function, in the agent's namespace."""
    expected = f"{function}.{NAMESPACE}."
    assert call.host.startswith(expected), f"Expected agent-sre to call {expected}…, but it called {call.host}."


def answered(call: Exchange) -> None:
    """The agent waited for the answer, and it was a good one."""
    took = call.ended - call.began
    assert call.status == 200, (
        f"Expected the call of {name_of(call)} to be answered, but after {took:.2f} s it ended with {_end(call)}."
    )


def event_of(call: Exchange) -> Sent:
    """The CloudEvent that the call is, in either mode."""
    try:
        return Sent(decode(call.request_headers, call.request_body), call)
    except EventError as error:
        raise AssertionError(
            f"Expected the call of {name_of(call)} to be a CloudEvent, but it is none: {error}"
        ) from None


def parameters_about(alert: Alert, words: str) -> dict[str, Any]:
    """The parameters that the feature's words give, where a neighbour is one of the alert's pod."""
    given = yaml.safe_load(f"{{{words}}}")
    return {name: f"neighbour-{alert.mark}" if value == NEIGHBOUR else value for name, value in given.items()}


def parameters_of(call: Exchange) -> dict[str, Any]:
    """The parameters that the function is called with."""
    try:
        data = event_of(call).event.data_json()
    except EventError as error:
        raise AssertionError(f"Expected {name_of(call)} to be called with parameters, but {error}") from None
    assert isinstance(data, dict), f"Expected {name_of(call)} to be called with parameters, but it got {data!r}."
    return data


def carries_parameters(call: Exchange, expected: dict[str, Any]) -> None:
    """The function is called with all of these parameters, each with its value in its type; others may be there."""
    seen = parameters_of(call)
    for name, value in expected.items():
        assert name in seen, (
            f"Expected {name_of(call)} to be called with {name} = {_as_json(value)}, but it got only {sorted(seen)}."
        )
        assert _as_json(seen[name]) == _as_json(value), (
            f"Expected {name_of(call)} to be called with {name} = {_as_json(value)}, but it got {_as_json(seen[name])}."
        )


def _as_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def answered_well(made: list[Exchange], alert: Alert) -> None:
    """The last of the calls about the alert was answered 200."""
    last = made[-1] if made else None
    assert last and last.status == 200, f"Expected a call of a LambdaFunction about {alert.called} to succeed, but " + (
        f"the last of {len(made)} ended with {_end(last)}." if last else "there is none."
    )


def tried(made: list[Exchange], least: int, most: int) -> None:
    """The function was tried so often."""
    name = name_of(made[0]) if made else "the function"
    wanted = f"{least} times" if least == most else f"{least} to {most} times"
    assert least <= len(made) <= most, (
        f"Expected {name} to be called {'once' if least == most == 1 else wanted}, but it was called {len(made)} times."
    )


def up_to_success(made: list[Exchange]) -> list[Exchange]:
    """The tries until one was answered 200, that one included; what came after it is another question."""
    successes = (number for number, call in enumerate(made, 1) if call.status == 200)
    return made[: next(successes, len(made))]


def same_event(made: list[Exchange]) -> None:
    """Every try carried the same event."""
    ids = {event_of(call).identity for call in made}
    assert len(ids) == 1, (
        f"Expected every try of {name_of(made[0])} to carry the same event id, "
        f"but {len(made)} tries had {len(ids)} ids."
    )


def pauses_grow(looks: Iterable[list[Exchange]], growth: float) -> None:
    """The pauses between the tries grow, if not at the first look then at one of the others."""
    growing_at_last(map(pauses, looks), growth)


def waited(made: list[Exchange]) -> None:
    """The first try was not repeated before the time that the function had asked for."""
    early = made[0].asked_until - made[1].began
    assert early <= 0, (
        f"Expected {name_of(made[0])} not to be called again for {made[0].answer_header('retry-after')} s, "
        f"as it had asked for, but it was called {early:.2f} s too early."
    )


def abandoned(call: Exchange, timeout: float) -> None:
    """The agent gave the call up at its configured time-out."""
    took = call.ended - call.began
    assert call.error is not None, (
        f"Expected agent-sre to give up its call of {name_of(call)} after {timeout:g} s, "
        f"but it waited for the answer, which came after {took:.2f} s."
    )
    assert abs(took - timeout) <= TOLERANCE * timeout, (
        f"Expected agent-sre to give up its call of {name_of(call)} after {timeout:g} s (± {TOLERANCE:.0%}), "
        f"but it did so after {took:.2f} s."
    )


def served_meanwhile(other: Exchange, slow: Exchange) -> None:
    """The other call was made and answered while the slow one still waited."""
    assert other.ended < slow.ended, (
        f"Expected agent-sre to call {name_of(other)} while {name_of(slow)} had not answered, but it ended that call "
        f"{other.ended - slow.ended:.2f} s after it had given the slow one up."
    )
    answered(other)


def called_before(call: Exchange, until: float) -> None:
    """The call began before that time of the journal."""
    assert call.began < until, (
        f"Expected agent-sre to call {name_of(call)} while another function was left alone, "
        f"but it called it {call.began - until:.2f} s after the end of that function's cool-down."
    )


def left_alone(made: list[Exchange], since: float, until: float) -> None:
    """No call of the function began in that time. Times are the journal's."""
    early = [call for call in made if since < call.began < until]
    assert not early, (
        f"Expected {name_of(early[0])} to be left alone until its cool-down is over, "
        f"but it was called {len(early)} times, the first time {until - early[0].began:.2f} s too early."
    )


def alone(probe: Exchange, made: list[Exchange]) -> None:
    """While that call was under way, there was no other call of the function."""
    beside = [call for call in made if call.number != probe.number and probe.began <= call.began < probe.ended]
    assert not beside, (
        f"Expected one call to probe {name_of(probe)} after its cool-down, "
        f"but {len(beside)} more were made before the probe had succeeded."
    )


def told_once(found: Sequence[Issue], alert: Alert) -> None:
    """Of the tickets about the alert, its own and one on the failure of its remediation are all that there is."""
    assert len(found) <= 2, (
        f"Expected one ticket about the failed remediation of {alert.called} beside the alert's own, but there are "
        f"{len(found) - 1}: {listed(found[1:])}."
    )


def names_function(ticket: Issue, function: str) -> None:
    """The ticket names the function."""
    assert function in text_of(ticket).replace("\\", ""), (
        f"Expected {ticket.identifier} “{ticket.title}” to name the function {function}, but it does not."
    )


def words_reason(ticket: Issue, alert: Alert, reason: str) -> bool:
    """Whether the ticket says why the remediation failed, in known words that are not the alert's own."""
    return bool(re.search(REASONS[reason], without_own(text_of(ticket), alert), re.IGNORECASE))


def fails_otherwise(reason: str) -> Alert:
    """An alert whose remediation fails for a reason that has nothing to do with this one."""
    if reason == "its parameters are wrong":
        return make_alert(function=ABSENT)
    alert = make_alert(function="pod-restart")
    alert.annotations["lambda_parameters"] = NO_PARAMETERS["words"]
    return alert


def tells_reason(ticket: Issue, alert: Alert, reason: str, other: Issue, other_alert: Alert) -> None:
    """The ticket says of its failure what the other ticket does not say of quite another one, and no wrong reason."""
    text, control = without_own(text_of(ticket), alert), without_own(text_of(other), other_alert)
    if words_reason(ticket, alert, reason):
        return
    assert tells_apart(text, [control]), (
        f"Expected {ticket.identifier} “{ticket.title}” to give the reason that {reason}, but it says no more than "
        f"{other.identifier}, which is about a failure of quite another kind."
    )
    for another, meant in UNMISTAKABLE.items():
        found = re.search(meant, text, re.IGNORECASE)
        assert another == reason or not found or re.search(meant, control, re.IGNORECASE), (
            f"Expected {ticket.identifier} “{ticket.title}” to give the reason that {reason}, "
            f"but it says {found[0]!r}, as if {another}."
        )
