"""The ticket's integration points, as they are seen on the wire: which calls are theirs, and what an alert waits for.

All of it is read out of exchanges alone, so it is the same for every agent, and pure but for the journal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from urllib.parse import unquote

from steps.incident.alert import Alert
from steps.incident.numbers import numbers_in
from steps.world.journal import Exchange, Journal, names_incident
from steps.world.services.linear import arguments, opens_issues

LIMITS = ("requests", "complexity", "endpoint-requests")
"""What Linear counts (CONTRACTS §1.3)."""
EARLY = 0.01
"""Seconds by which a wait for a point of time may end too soon: timers and clocks are read in steps of their own."""

# -- single calls: pure -----------------------------------------------------------------------------------------------


def failure(call: Exchange) -> str | None:
    """Why the call did not succeed; None when it did. That something is not there is an answer to a question, too."""
    if call.status is None:
        return call.error or "had no answer"
    if call.status == 404 and call.method in ("GET", "HEAD"):
        return None
    if call.status >= 400:
        return f"answered {call.status}"
    if call.callee == "linear" and (refusal := _graphql_error(call)):
        return f"answered {refusal!r}"
    if call.callee == "slack" and call.response_text != "ok":
        return f"answered {call.response_text[:80]!r}"
    return None


def credential_refused(call: Exchange) -> str | None:
    """How the call's credential was refused; None when it was taken. A Slack webhook's address is its credential."""
    if call.status in (401, 403):
        return f"answered {call.status}"
    if call.callee == "linear" and "AUTHENTICATION_ERROR" in call.response_text:
        return "answered AUTHENTICATION_ERROR"
    if call.callee == "slack" and call.status == 404:
        return f"answered {call.response_text[:80]!r}"
    return None


def limited_until(call: Exchange) -> float | None:
    """When the rate limit ends that the answer tells of, in epoch seconds; None when it tells of none.

    Linear tells the reset of a request in milliseconds, under a status that is no 429; all others tell seconds from now
    (CONTRACTS §1.2, §2, §3). These count from the call's beginning: the caller may have the answer a moment before the
    journal has its end.
    """
    if call.callee == "linear" and "RATELIMITED" in call.response_text:
        spent = [limit for limit in LIMITS if call.answer_header(f"x-ratelimit-{limit}-remaining") == "0"]
        ends = [int(call.answer_header(f"x-ratelimit-{limit}-reset") or 0) / 1000 for limit in spent]
        return max(ends) - EARLY if ends else None
    return call.asked_until if call.status == 429 else None


def is_limited_with(call: Exchange, limited: Exchange) -> bool:
    """Whether the limit that one call has met holds for another call to the same party.

    Slack limits what a webhook posts; the address at which a click is answered is another one (CONTRACTS §3). Jira
    tells of a burst, which is one of an endpoint and method, whatever the issue (CONTRACTS §2).
    """
    if call.callee == "slack":
        return call.path == limited.path
    if call.callee == "jira" and (limited.answer_header("ratelimit-reason") or "") == "jira-burst-based":
        return (call.method, _endpoint(call)) == (limited.method, _endpoint(limited))
    return True


def _endpoint(call: Exchange) -> str:
    """The path of a call to Jira, without the issue that it names."""
    return re.sub(r"(?<=/issue/)[^/]+", "…", call.path.rstrip("/"))


def told(call: Exchange, became: str) -> str:
    """A call in a few words, and what became of it: "POST https://api.linear.app/graphql answered 503"."""
    return f"{call.method} {call.url.partition('?')[0]} {became}".rstrip(".")


def _graphql_error(call: Exchange) -> str | None:
    """The first error in an answer of Linear's, unless a query was about something that is not there."""
    try:
        answer = call.response_json()
        errors = answer.get("errors") if isinstance(answer, dict) else None
        message = str(errors[0]["message"]) if errors else None
    except (ValueError, LookupError, TypeError):
        return "something that cannot be understood"
    asked_only = "mutation" not in call.request_text
    return None if message and asked_only and "not found" in message.lower() else message


def _asks_slo(call: Exchange) -> bool:
    """Whether a query is about SLO data, by the names of the recording rules (CONTRACTS §8.2)."""
    return bool(re.search(r"\bsl[oi][:_]", unquote(f"{call.url} {call.request_text}")))


# -- what has become of one alert -------------------------------------------------------------------------------------

TRACKERS = ("linear", "jira")
"""Where tickets are."""
INQUIRED = ("prometheus", "loki", "tempo", "pagerduty", "trm", "functions")
"""Who is asked about an alert before something is written on its tickets."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What each system knows about one alert, and about no other: where it is told, the system was asked."""

    value: Fraction
    line: str
    trace: str
    target: Fraction
    assignee: str
    """Id of the engineer's account."""


@dataclass(slots=True)
class Trace:
    """What has become of one alert. Times are the journal's; None for what has not come to be."""

    calls: Sequence[Exchange]
    """All that succeeded, in the order of their ends."""
    facts: Facts | None = None
    _texts: list[tuple[float, str]] = field(default_factory=list)

    def arrived(self) -> float | None:
        """When its event was at agent-sre's door, which took it, be it after all its work."""
        taken = (one for one in self.calls if one.callee == "agent-sre" and one.caller == "broker")
        return min((one.began for one in taken), default=None)

    def opened(self, tracker: str) -> float | None:
        """When its ticket was there."""
        return self._first(tracker, lambda call: call.callee == tracker and opens(call))

    def called(self, function: str = "") -> float | None:
        """When its remediation had been carried out, by the function whose name begins so."""
        return self._first("functions", lambda call: _is_post(call) and call.host.startswith(function))

    def answered(self, callee: str) -> float | None:
        """When what is asked there about it was answered, or posted there was taken."""
        return self._first(callee, _is_post)

    def tells(self, claim: Callable[[str, Facts], bool]) -> float | None:
        """When that fact about it was on its ticket."""
        if self.facts is None:
            return None
        if not self._texts:
            self._texts = [(one.ended, _texts_in(one)) for one in self.calls if one.callee in TRACKERS]
        return next((at for at, text in self._texts if claim(text, self.facts)), None)

    def _first(self, callee: str, claim: Callable[[Exchange], bool]) -> float | None:
        ended = (call.ended for call in self.calls if call.callee == callee and claim(call))
        return next(ended, None)


def _is_post(call: Exchange) -> bool:
    return call.method == "POST"


def opens(call: Exchange) -> bool:
    """Whether the call opens a ticket."""
    if call.callee == "jira":
        return call.method == "POST" and call.path.rstrip("/").endswith("/issue")
    return opens_issues(call.request_body)


def _texts_in(call: Exchange) -> str:
    """All texts that the call sends, one below the other, whatever they stand in."""
    try:
        return "\n".join(_strings(call.request_json()))
    except ValueError:
        return call.request_text


def _strings(said: Any) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict):
        for value in said.values():
            yield from _strings(value)
    elif isinstance(said, list):
        for value in said:
            yield from _strings(value)


def _shows(text: str, value: Fraction) -> bool:
    return any(number.shows(value) for number in numbers_in(text))


# -- parties, systems and integration points --------------------------------------------------------------------------

Hop = tuple[str, str]
"""Who calls whom, by the journal's names."""

AUTHENTICATED: dict[str, Hop] = {
    "Linear": ("agent-sre", "linear"),
    "Jira": ("agent-sre", "jira"),
    "the on-call service": ("agent-sre", "pagerduty"),
    "the Kubernetes API": ("agent-sre", "kubernetes"),
    "Slack": ("agent-sre", "slack"),
    "agent-sre, by Slack": ("slack", "agent-sre"),
}
"""The calls that take a credential, or a signature, by the features' words for who looks at it."""
LIMITED: dict[str, Hop] = {name: AUTHENTICATED[name] for name in ("Linear", "Jira", "Slack")}
"""The calls that rate limits are for."""

EVENTS = "Prometheus → prometheus-events → agent-sre"
LINEAR = "agent-sre → Linear API"
JIRA = "agent-sre → Jira API"
FUNCTIONS = "agent-sre → LambdaFunctions (Knative)"
OBSERVABILITY = "agent-sre → Observability Stack (Prometheus, Loki, Tempo)"
SLM = "agent-sre → SLM Service"
APPROVALS = "agent-sre → Approval System (Slack/Custom)"
TRM = "agent-sre → TRM Model Service"


@dataclass(frozen=True, slots=True)
class System:
    """A system that an alert needs: whose calls are its, and when it has done its part for the alert."""

    point: str
    """The ticket's integration point that it belongs to."""
    hops: tuple[Hop, ...]
    effect: Callable[[Trace], float | None]
    on_ticket: bool = False
    """Whether the effect is a fact on the alert's ticket, so that it takes a ticket to be seen."""
    is_own: Callable[[Exchange], bool] = lambda call: True
    """Which of the calls on these hops are its."""


SYSTEMS: dict[str, System] = {
    "agent-sre": System(
        EVENTS,
        (("alertmanager", "prometheus-events"), ("prometheus-events", "broker"), ("broker", "agent-sre")),
        lambda trace: trace.arrived(),
    ),
    "Linear": System(LINEAR, (("agent-sre", "linear"),), lambda trace: trace.opened("linear")),
    "Jira": System(JIRA, (("agent-sre", "jira"),), lambda trace: trace.opened("jira")),
    "LambdaFunctions": System(
        FUNCTIONS, (("agent-sre", "functions"), ("agent-sre", "kubernetes")), lambda trace: trace.called()
    ),
    "Prometheus": System(
        OBSERVABILITY,
        (("agent-sre", "prometheus"),),
        lambda trace: trace.tells(lambda text, facts: _shows(text, facts.value)),
        on_ticket=True,
        is_own=lambda call: not _asks_slo(call),
    ),
    "Loki": System(
        OBSERVABILITY,
        (("agent-sre", "loki"),),
        lambda trace: trace.tells(lambda text, facts: facts.line in text),
        on_ticket=True,
    ),
    "Tempo": System(
        OBSERVABILITY,
        (("agent-sre", "tempo"),),
        lambda trace: trace.tells(lambda text, facts: facts.trace in text.lower()),
        on_ticket=True,
    ),
    "the SLM service": System(
        SLM,
        (("agent-sre", "prometheus"),),
        lambda trace: trace.tells(lambda text, facts: _shows(text, facts.target)),
        on_ticket=True,
        is_own=_asks_slo,
    ),
    "the on-call service": System(
        SLM,
        (("agent-sre", "pagerduty"),),
        lambda trace: trace.tells(lambda text, facts: facts.assignee in text),
        on_ticket=True,
    ),
    "Slack": System(APPROVALS, (("agent-sre", "slack"), ("slack", "agent-sre")), lambda trace: trace.answered("slack")),
    "the approval application": System(
        APPROVALS,
        (("agent-sre", "approval-app"), ("approval-app", "agent-sre")),
        lambda trace: trace.answered("approval-app"),
    ),
    "the TRM model": System(TRM, (("agent-sre", "trm"),), lambda trace: trace.answered("trm")),
}
"""By the features' words. What "event accepted → effect visible" (SPEC M2) means for each is its `effect`."""


def calls_between(journal: Journal, hops: Iterable[Hop], alerts: Sequence[Alert], since: float) -> list[Exchange]:
    """The calls on these hops that are about these alerts, or about none at all.

    Many a call names but the ticket of what it is about: so what is still said on a ticket of others is not counted.
    """
    marks = {alert.mark for alert in alerts}
    about = {call.number for call in journal.exchanges(mentioning=marks, since=since)}
    tickets, others = set[str](), set[str]()
    for call in (one for tracker in TRACKERS for one in journal.exchanges(callee=tracker)):
        if call.number in about:
            tickets |= ticket_names(call)
        elif names_incident(call):
            others |= ticket_names(call)
    on_others = [call for call in journal.exchanges(mentioning=others, since=since) if _asks_about(others, call)]
    beside = {call.number for call in on_others if not _asks_about(tickets, call)}
    wanted = set(hops)
    on_them = [call for call in journal.exchanges(since=since) if (call.caller, call.callee) in wanted]
    return [call for call in on_them if call.number in about or not (call.number in beside or names_incident(call))]


def _asks_about(tickets: Iterable[str], call: Exchange) -> bool:
    asked = f"{call.url} {call.request_text}"
    return any(name in asked for name in tickets)


def trace(journal: Journal, alert: Alert, facts: Facts | None, since: float) -> Trace:
    """What has become of the alert so far."""
    about = journal.exchanges(mentioning=alert.mark, since=since)
    if tickets := {name for call in about if call.callee in TRACKERS for name in ticket_names(call)}:
        about = journal.exchanges(mentioning=[alert.mark, *tickets], since=since)
    return trace_of(about, facts)


def trace_of(about: Iterable[Exchange], facts: Facts | None = None) -> Trace:
    """What has become of an alert, by all that was said about it."""
    succeeded = [call for call in about if call.status and call.status < 300 and failure(call) is None]
    return Trace(sorted(succeeded, key=lambda call: call.ended), facts)


def ticket_names(call: Exchange) -> set[str]:
    """The names of the tickets that the call has opened: what they are called by in later calls."""
    names = (*_chosen(call), *_given(call)) if opens(call) else ()
    return {name for name in names if isinstance(name, str)}


def _chosen(call: Exchange) -> Iterator[Any]:
    """What the call itself names the issues that it opens in Linear, if it does: also when its answer is lost."""
    for given in arguments(call.request_body):
        if isinstance(wanted := given.get("input"), dict):
            several = wanted.get("issues")
            ones = [wanted, *(several if isinstance(several, list) else [several])]
            yield from (one.get("id") for one in ones if isinstance(one, dict))


def _given(call: Exchange) -> Iterator[Any]:
    """What the tracker's answer names them, as far as it does."""
    try:
        answer = call.response_json()
        if call.callee == "jira":
            yield from (str(answer["key"]), f"/issue/{answer['id']}")
        else:
            for payload in (answer.get("data") or {}).values():
                for issue in (payload.get("issue") or {}, *payload.get("issues", ())):
                    yield from (issue.get("id"), issue.get("identifier"))
    except (ValueError, KeyError, AttributeError, TypeError):
        pass
