"""What can be claimed about approvals: whom the agent asks, what it makes of the answers, and of their absence."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from typing import Any, Literal

import httpx

from steps.drivers.approvals import Approvers
from steps.drivers.linear import Issue
from steps.incident.alert import Alert, make_alert
from steps.incident.forgery import FORGERIES, about_another
from steps.incident.incident import Incident
from steps.incident.issues import Issues
from steps.incident.remediation import Remediation, carries_parameters, is_of, name_of
from steps.incident.sayings import Saying
from steps.incident.tickets import added_to_description
from steps.incident.waiting import BedNotReady, LimitName, Waiting
from steps.incident.wording import tells_apart, without_own
from steps.world.journal import Exchange, Journal, incident_keys
from steps.world.services.approvals import Approval, Decision, Message, Person

Where = Literal["on Slack", "in the approval application"]
PARTIES: dict[Where, str] = {"on Slack": "slack", "in the approval application": "approval-app"}
TOLERANCE = 0.2
"""A time-out acts at the configured time, this part of it sooner or later (SPEC AC8.4)."""
AT_MOST_LATE = 0.5
"""What a time-out brings about may be seen later by what the limits allow for it, but by no more than this part of the
time-out: at twice the time it is not seen late, it was decided late."""
TIMEOUT = "APPROVAL_TIMEOUT_SECONDS"
"""The variable that sets the time-out."""
ACTING = ("functions", "kubernetes", "linear", "jira")
"""The parties to which an agent turns once it acts on a decision."""

FUNCTION = "pod-restart"
"""The LambdaFunction that people are asked about."""
SUPERVISED: dict[str, Callable[[], Alert]] = {
    "a warning": partial(make_alert, function=FUNCTION),
    "a critical alert": partial(make_alert, severity="critical", function=FUNCTION),
    "an alert for information": partial(make_alert, severity="info", function=FUNCTION),
}
"""Alerts whose remediation needs approval, by what the feature calls them."""

WORDS: dict[Decision, re.Pattern[str]] = {
    "approve": re.compile(r"approv|accept|allow|grant|confirm", re.I),
    "reject": re.compile(r"reject|den(y|ied)|declin|refus|disapprov|not (approv|allow|accept)", re.I),
}
"""How a button or a ticket may word a decision."""
SHORT: dict[Decision, re.Pattern[str]] = {
    "approve": re.compile(r"\b(yes|ok|okay|go|proceed)\b", re.I),
    "reject": re.compile(r"\b(no|not|stop|cancel|abort|veto)\b", re.I),
}
"""Words that decide on a button, and may say anything in a text."""
DONE: dict[Decision, re.Pattern[str]] = {
    "approve": re.compile(r"\b(approved|accepted|allowed|granted|confirmed)\b(?<!not approved)", re.I),
    "reject": re.compile(r"\b(rejected|denied|declined|refused|disapproved|not approved)\b", re.I),
}
"""Words that leave no doubt what was decided."""
CALLED_OFF = re.compile(r"\b(cancel|abort|veto|abandon|discard|dismiss|withdr|skipp|call\w* off|no longer)", re.I)
"""Other words for a rejection by the time, which say something else on a button."""
PENDING = re.compile(r"\b(still|stays?|remains?|left) (pending|undecided|waits?|a?waiting)\b", re.I)
"""Words that leave no doubt that nothing was decided, where there are none for a rejection."""
OPEN = re.compile(
    r"\b(pending|undecided|a?waits)\b"
    r"|\b(remediation|approval|request|question|decision|it)( is| was)? (still|stays|remains|left|kept) open\b",
    re.I,
)
"""Words that say so as well, unless nothing more is done. A ticket may stay open."""
OVER = re.compile(
    r"\b(left alone|nothing|closed|give\w* up|gave up|will not|won't|not (be )?(run|call|execut|carr))", re.I
)
"""Words by which nothing more is done."""
OPPOSITE: dict[Decision, Decision] = {"approve": "reject", "reject": "approve"}


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person decided, and when."""

    decision: Decision
    person: Person
    at: datetime
    began: float
    """The journal's time just before it was told."""
    where: Where = "on Slack"
    heard_late: float = 0.0
    """Seconds from then until the agent could know of it."""


class Approvals:
    """Claims about the approvals of one incident. Each keeps what it saw as evidence, or raises AssertionError."""

    def __init__(
        self,
        approvers: Approvers,
        journal: Journal,
        waiting: Waiting,
        incident: Incident,
        issues: Issues,
        remediation: Remediation,
        timeout: Callable[[], float] = lambda: math.inf,
    ) -> None:
        self._approvers = approvers
        self._journal = journal
        self._waiting = waiting
        self._incident = incident
        self._issues = issues
        self._remediation = remediation
        self._timeout = timeout
        self._since = 0.0

    def anew(self) -> None:
        """The alert is about to fire again: what was asked and called until now is about the time before."""
        self._since = self._journal.cursor()

    # -- what was seen

    def on_slack(self, alert: Alert, limit: LimitName = "ticket") -> Message:
        """The request about the alert that Slack shows. Waits until there is one."""

        def shown() -> Message:
            found = self._shown_on_slack(alert)
            assert found, (
                f"Expected a request about {alert.called} with buttons on Slack, but there is none{self._missed(alert)}"
            )
            return found[0]

        return self._waiting.until(shown, limit)

    def _shown_on_slack(self, alert: Alert) -> list[Message]:
        """The requests about the alert that Slack shows.

        A message without buttons asks for nothing: it may tell of the alert itself, or what became of another request.
        """
        said = self._approvers.messages(alert.mark)
        return [message for message in said if message.buttons and float(message.ts) >= self._since]

    def in_application(self, alert: Alert, limit: LimitName = "ticket") -> Approval:
        """The request about the alert in the approval application. Waits until there is one."""

        def shown() -> Approval:
            found = self._approvers.approvals(alert.mark)
            assert found, (
                f"Expected a request about {alert.called} in the approval application, but there is none"
                f"{self._missed(alert, 'in the approval application')}"
            )
            return found[0]

        return self._waiting.until(shown, limit)

    def requests(self, alert: Alert, where: Where) -> list[Exchange]:
        """The agent's requests for approval about the alert, whatever became of them."""
        return self._journal.exchanges(
            caller="agent-sre",
            callee=PARTIES[where],
            method="POST",
            mentioning=alert.mark,
            since=max(self._incident.began, self._since),
        )

    def asked_at(self, alert: Alert) -> float:
        """The journal's time at which the agent first asked anybody about the alert. Waits until it did."""

        def asked() -> float:
            made = [said for where in PARTIES for said in self.requests(alert, where) if asks(said)]
            assert made, f"Expected agent-sre to ask for approval about {alert.called}, but it asked nobody."
            return min(said.began for said in made)

        return self._waiting.until(asked, "ticket")

    def asked_everywhere(self, alert: Alert) -> None:
        """The agent has asked about the alert at every place. Waits until it did.

        A decision at one place may spare the other one the question.
        """

        def everywhere() -> None:
            silent = [where for where in PARTIES if not any(map(asks, self.requests(alert, where)))]
            assert not silent, f"Expected agent-sre to ask for approval of {alert.called} {silent[0]}, but it did not."

        self._waiting.until(everywhere, "ticket")

    # -- what is claimed about the request

    def slack_request(self, alert: Alert) -> Message:
        """Slack shows a request about the alert; kept as evidence."""
        message = self.on_slack(alert)
        self._incident.saw("Request on Slack", json.dumps(message.sent, indent=2, ensure_ascii=False), "json")
        return message

    def once_on_slack(self, alert: Alert) -> None:
        """Slack shows one request about the alert, and no second one."""
        self.on_slack(alert, "recovery")
        self.rest(alert)
        found = self._shown_on_slack(alert)
        self._incident.saw("Requests on Slack", "\n\n".join(message.text for message in found))
        assert len(found) == 1, f"Expected one request about {alert.called} on Slack, but there are {len(found)}."

    def application_request(self, alert: Alert) -> dict[str, Any]:
        """What the agent posts to the approval application about the alert, as evidence, be it taken or refused."""

        def posted() -> Exchange:
            made = self.requests(alert, "in the approval application")
            assert made, (
                f"Expected agent-sre to ask the approval application about {alert.called}, but it never called it."
            )
            return made[0]

        request = self._waiting.until(posted, "ticket")
        self._incident.saw_exchanges("Request to the approval application", [request])
        said = request.request_json()
        assert isinstance(said, dict), "Expected the request for approval to be a JSON object, but it is none."
        return said

    def has_id_and_buttons(self, alert: Alert) -> set[str]:
        """The request on Slack has a button for each decision, and both carry an id that is the request's own.

        Returns the id, or whatever else on both buttons could be it.
        """
        known = [*alert.labels.values(), *alert.annotations.values(), *self._incident.correlation_ids()]
        found = ids_on_buttons(self.on_slack(alert), known)
        self._incident.saw("The request's id", ", ".join(sorted(found)) or "none")
        assert found, "Expected the request's buttons to carry the request's id, but there is none on both of them."
        return found

    def limited(self) -> tuple[Exchange, float]:
        """The first request that Slack answered with its rate limit, and the journal's time at which that ends.

        Whatever it is about: one about an earlier alert tells the agent of the limit as well.
        """

        def met() -> Exchange:
            made = self._incident.answered_by(PARTIES["on Slack"])
            found = [said for said in made if said.status == 429]
            assert found, f"Expected agent-sre to meet Slack's rate limit, but of its {len(made)} calls none did."
            return found[0]

        first = self._waiting.until(met, "ticket")
        return first, first.asked_until

    # -- what people do

    def decide(self, alert: Alert, where: Where, decision: Decision, person: Person) -> Decided:
        """The person decides about the alert's remediation, in time, and the agent acknowledges it.

        Raises BedNotReady when the time may have been up: what is decided then may change nothing.
        """
        decided, answer = self._tell(alert, where, decision, person)
        in_time(decided, self.asked_at(alert), self._timeout())
        acknowledged(answer)
        return decided

    def decide_quietly(self, alert: Alert, decision: Decision, person: Person) -> Decided:
        """The person decides in the application, which does not call back."""
        approval = self.in_application(alert)
        decided = Decided(decision, person, datetime.now(UTC), self._journal.cursor(), "in the approval application")
        self._approvers.decide(approval, decision, person)

        def asked() -> Exchange:
            made = self._journal.exchanges(
                caller="agent-sre", callee="approval-app", method="GET", mentioning=approval.id
            )
            told = [one for one in made if one.status == 200 and one.response_json()["status"] != "pending"]
            assert told, (
                f"Expected agent-sre to ask the approval application for the decision about {alert.called}, "
                "which does not call back, but it never did."
            )
            return told[0]

        heard = self._waiting.until(asked, "poll")
        return replace(decided, heard_late=heard.ended - decided.began)

    def decide_again(self, alert: Alert, where: Where, decision: Decision, person: Person) -> None:
        """One more decision about the same request, of which the agent may think what it likes."""
        self._tell(alert, where, decision, person)

    def told_again(self, alert: Alert) -> None:
        """The agent is told of the alert once more, and has done what it does about that before it is answered.

        Its answer to the event may take as long as the approval does.
        """

        def told() -> float:
            ended = self._journal.exchanges(caller="broker", callee="agent-sre", mentioning=alert.mark)
            under_way = self._journal.in_flight(caller="broker", callee="agent-sre", mentioning=alert.mark)
            made = [*ended, *under_way]
            assert len(made) >= 2, f"Expected agent-sre to be told of {alert.called} again, but it was told only once."
            return max(said.began for said in made)

        again = self._waiting.until(told, "event")
        self._waiting.quiet(lambda: again)
        self.rest(alert)

    def approve_each(self, alert: Alert, person: Person) -> Decided:
        """The person approves every request about the alert that Slack shows, and the agent acknowledges one of them.

        There may be a second one, as a reminder of the first or in its place.
        """
        self.on_slack(alert, "recovery")
        shown = [message for message in self._approvers.messages(alert.mark) if message.buttons]
        decided = Decided("approve", person, datetime.now(UTC), self._journal.cursor())
        answers = [self._told(self._approvers.click(one, button_of(one, "approve"), person)) for one in shown]
        acknowledged(next((answer for answer in answers if answer.is_success), answers[0]))
        return decided

    def decide_wherever_asked(self, alert: Alert, decision: Decision, person: Person) -> Decided | None:
        """The person decides at every place where the agent asks. It may ask at none when one of them has refused.

        Returns the first of these decisions.
        """
        with suppress(AssertionError):
            self.asked_everywhere(alert)
        shown = {"on Slack": self._approvers.messages, "in the approval application": self._approvers.approvals}
        told = [self._tell(alert, where, decision, person) for where in PARTIES if shown[where](alert.mark)]
        return told[0][0] if told else None

    def replay(self, alert: Alert, other: Alert, person: Person) -> tuple[Decided, httpx.Response]:
        """The person approves on Slack, the other alert's remediation as well, and the very first approval arrives
        again; what that is answered.
        """
        message = self.on_slack(alert)
        body, headers = self._approvers.signed(self._approvers.payload(message, button_of(message, "approve"), person))
        decided = Decided("approve", person, datetime.now(UTC), self._journal.cursor())
        acknowledged(self._told(self._approvers.tell(body, headers)))
        self._remediation.call(alert)
        self.decide(other, "on Slack", "approve", person)
        return decided, self._told(self._approvers.tell(body, headers))

    def forge(self, alert: Alert, forgery: str, person: Person) -> httpx.Response:
        """An approval arrives that is forged so; what it is answered."""
        message = self.on_slack(alert)
        payload = self._approvers.payload(message, button_of(message, "approve"), person)
        body, headers = FORGERIES[forgery](payload, self._approvers.signing_secret)
        return self._told(self._approvers.tell(body, headers))

    def approve_unknown(self, alert: Alert, person: Person) -> httpx.Response:
        """A signed approval arrives of a request that was never made; what it is answered."""
        message = self.on_slack(alert)
        payload = self._approvers.payload(message, button_of(message, "approve"), person)
        changed = about_another(payload, self.has_id_and_buttons(alert))
        return self._told(self._approvers.tell(*self._approvers.signed(changed)))

    # -- what is claimed about what comes of it

    def not_called(self, alert: Alert) -> None:
        """No function was called about the alert, for which somebody was asked."""
        self._waiting.until(lambda: self._asked_or_called(alert), "recovery")
        self._called_none(alert)

    def not_called_unasked(self, alert: Alert) -> None:
        """No function was called about the alert, for which the agent may know none: then it asks nobody either."""
        with suppress(AssertionError):
            self._waiting.until(lambda: self._asked_or_called(alert), "ticket")
        self._called_none(alert)

    def still_not_called(self, alert: Alert, since: float) -> None:
        """No function was called about the alert, although one about a later alert has been by now.

        Who looks every so often whether somebody has answered has looked since then, which is the journal's time.
        """
        self._waiting.pass_time(since + self._waiting.limits.again)
        self._called_none(alert)

    def called_once(self, alert: Alert, after: float) -> Exchange:
        """The alert's function is called about it, once, and after that time of the journal."""
        self._remediation.call(alert, self._since)
        self.rest(alert)
        made = self._calls(alert)
        function = name_of(made[0])
        self._incident.did_not_see(f"a second call of {function} about {alert.called}", control=lambda: made)
        self._incident.saw_exchanges(f"Calls of functions about {alert.called}", made)
        assert made[0].began >= after, (
            f"Expected agent-sre to call {function} only after the approval, "
            f"but it called it {after - made[0].began:.2f} s before."
        )
        assert len(made) == 1, (
            f"Expected agent-sre to call {function} once about {alert.called}, but it called it {len(made)} times."
        )
        as_approved(made[0], alert)
        return made[0]

    def recorded(self, alert: Alert, decided: Decided) -> None:
        """The alert's ticket says what was decided, by whom and when.

        When the wording is unknown, the same person decides otherwise about another alert: there it must say so.
        """
        text = self._record(alert, decided)
        if not DONE[decided.decision].search(text):
            other = make_alert(function=FUNCTION)
            self._incident.fire_beside(other)
            opposite = self.decide(other, decided.where, OPPOSITE[decided.decision], decided.person)
            self._also(other, opposite)
            differ(text, alert, self._record(other, opposite), other)

    def _also(self, alert: Alert, decided: Decided) -> None:
        """The person decides the same in all other places, if they ask for it: it may be that all must approve."""
        for where in PARTIES:
            if where != decided.where and self.requests(alert, where):
                self._tell(alert, where, decided.decision, decided.person)

    def _record(self, alert: Alert, decided: Decided) -> str:
        """What the alert's ticket says of the decision."""
        within = self._waiting.limits.update + decided.heard_late
        self._issues.becomes(alert, lambda issue: records(issue, decided, within))
        return records(self._issues.of(alert), decided, within)

    def called_at_timeout(self, alert: Alert, timeout: float) -> None:
        """The alert's function is called when the time-out is over, once."""
        asked = self.asked_at(alert)
        self._waiting.pass_time(asked + timeout)
        after = self.called_once(alert, asked).began - asked
        on_time(after, timeout, self._waiting.limits.ticket, f"call {alert.function}")

    def rejected_at_timeout(self, alert: Alert, timeout: float) -> None:
        """The alert's ticket is told when the time-out is over that the remediation is rejected."""
        asked = self.asked_at(alert)
        self._waiting.pass_time(asked + timeout)
        within = self._waiting.limits.update
        self._issues.becomes(
            alert, lambda issue: rejected_after(issue, asked, timeout, within, self._issues.said_on(issue))
        )
        self.not_called(alert)

    def time_is_up(self, alerts: Sequence[Alert], timeout: float) -> None:
        """The time-out of each alert's request passes, also where it acts as late as it may."""
        self._waiting.pass_time(max(map(self.asked_at, alerts)) + (1 + TOLERANCE) * timeout)

    def nothing_at_timeout(self, alert: Alert, timeout: float) -> None:
        """The time-out passes and nothing is done."""
        self.time_is_up([alert], timeout)
        self.not_called(alert)
        self._issues.stays_open(alert)

    def rest(self, alert: Alert) -> None:
        """Returns once the agent does nothing more about the alert but ask for approval, which it may do for long."""

        def moved() -> float | None:
            if any(said.callee in ACTING for said in self._journal.at_work(caller="agent-sre")):
                return None
            since = self._incident.began
            told = self._journal.exchanges(callee="agent-sre", since=since, path="/approval/callback")
            made = self._incident.own(self._journal.exchanges(caller="agent-sre", since=since))
            acted = [said for said in made if said.callee in ACTING and not said.is_watch]
            return max((said.ended for said in told + acted), default=0.0)

        self._waiting.quiet(moved)

    def _called_none(self, alert: Alert) -> None:
        self.rest(alert)
        made = self._calls(alert)
        self._incident.did_not_see(f"a call of a function about {alert.called}", self._remediation.any_calls)
        self._incident.saw_exchanges(f"Calls of functions about {alert.called}", made)
        assert not made, (
            f"Expected agent-sre not to call {name_of(made[0])} about {alert.called} without approval, "
            f"but it called it {len(made)} times."
        )

    def _asked_or_called(self, alert: Alert) -> None:
        """The agent has asked somebody about the alert, or acted without."""
        met = self._calls(alert) or [said for where in PARTIES for said in self.requests(alert, where)]
        assert met, f"Expected agent-sre to ask for approval about {alert.called}, but it asked nobody."

    def _calls(self, alert: Alert) -> list[Exchange]:
        """The calls about the alert since it fired."""
        return self._remediation.calls(alert, self._since)

    def _tell(self, alert: Alert, where: Where, decision: Decision, person: Person) -> tuple[Decided, httpx.Response]:
        """The person decides, and the place tells the agent; what the agent answers."""
        if where == "on Slack":
            message = self.on_slack(alert, "recovery")
            decided = Decided(decision, person, datetime.now(UTC), self._journal.cursor())
            return decided, self._told(self._approvers.click(message, button_of(message, decision), person))
        approval = self.in_application(alert, "recovery")
        decided = Decided(decision, person, datetime.now(UTC), self._journal.cursor(), where)
        self._approvers.decide(approval, decision, person)
        return decided, self._told(self._approvers.call_back(approval))

    def _told(self, answer: httpx.Response) -> httpx.Response:
        made = self._journal.exchanges(callee="agent-sre", path="/approval/callback", since=self._incident.began)
        self._incident.saw_exchanges("The answer as agent-sre was told it", made[-1:])
        return answer

    def _missed(self, alert: Alert, where: Where = "on Slack") -> str:
        """What became of the request instead: the nearest miss."""
        made = self.requests(alert, where)
        if not made:
            return ": agent-sre never asked there."
        last = made[-1]
        answer = f"{last.status} {last.response_text[:80]}" if last.status else str(last.error)
        return f": agent-sre asked {len(made)} times, the last time it was answered {answer}."


class PromptPeople:
    """People who approve whatever they are asked for from now on, and each request at one place only."""

    def __init__(self, approvers: Approvers, person: Person) -> None:
        self._approvers = approvers
        self._person = person
        self._messages, self._approvals = len(approvers.all_messages), len(approvers.all_approvals)
        self._turns: Iterator[Where] = cycle(PARTIES)
        self._done: set[str] = set()
        self.asked: dict[str, dict[Where, Message | Approval]] = {}
        """What they have seen and not approved yet, by the mark of the alert that it is about."""

    def approve(self, most: int | None = None) -> None:
        """They approve at most so many requests, at the places where they have seen them first."""
        self.look()
        for mark, places in [*self.asked.items()][:most]:
            self._approve(mark, next(iter(places)))

    def approve_in_turns(self) -> None:
        """They approve what they are asked for at all places, at each of them in its turn."""
        self.look()
        for mark, places in [*self.asked.items()]:
            if places.keys() == PARTIES.keys():
                self._approve(mark, next(self._turns))

    def look(self) -> None:
        """They see what they are asked for."""
        messages, approvals = self._approvers.all_messages, self._approvers.all_approvals
        for message in messages[self._messages :]:
            self._note(str(message.sent), "on Slack", message)
        for approval in approvals[self._approvals :]:
            self._note(approval.said, "in the approval application", approval)
        self._messages, self._approvals = len(messages), len(approvals)

    def _note(self, text: str, where: Where, asked: Message | Approval) -> None:
        for mark in incident_keys(text) - self._done:
            self.asked.setdefault(mark, {})[where] = asked

    def _approve(self, mark: str, where: Where) -> None:
        """What the agent makes of the answer, the journal tells."""
        asked = self.asked.pop(mark)[where]
        self._done.add(mark)
        with suppress(AssertionError):
            if isinstance(asked, Message):
                self._approvers.click(asked, button_of(asked, "approve"), self._person)
            else:
                self._approvers.decide(asked, "approve", self._person)
                self._approvers.call_back(asked)


# -- pure claims, each with its sentence


def asks(said: Exchange) -> bool:
    """Whether what the agent has posted asks for a decision: a message without buttons may tell of the alert itself."""
    return said.callee != PARTIES["on Slack"] or '"button"' in said.request_text


def button_of(message: Message, decision: Decision) -> dict[str, Any]:
    """The one button that means this decision; of two, it may be the one beside that which means the opposite.

    A button with an address leads somewhere, as to the ticket, and decides nothing.
    """
    buttons = [button for _, button in message.buttons if not button.get("url")]
    meant = [_meant_by(button) for button in buttons]
    if len(buttons) == 2 and None in meant and meant[0] != meant[1]:
        meant = [meaning or OPPOSITE[next(filter(None, meant))] for meaning in meant]
    found = [button for button, meaning in zip(buttons, meant, strict=True) if meaning == decision]
    assert len(found) == 1, (
        f"Expected one button to {decision} on the request, but of its buttons "
        f"({', '.join(button['text']['text'] for button in buttons) or 'none'}) {len(found)} mean that."
    )
    return found[0]


def _meant_by(button: dict[str, Any]) -> Decision | None:
    """What the button means by the first that tells: its text, its action, its value, its style."""
    by_style: dict[str, Decision] = {"primary": "approve", "danger": "reject"}
    for said in (button["text"]["text"], button.get("action_id", ""), button.get("value") or ""):
        for decision in ("reject", "approve"):  # a rejection may be worded as no approval
            if WORDS[decision].search(said) or SHORT[decision].search(said.replace("_", " ")):
                return decision
    return by_style.get(button.get("style", ""))


def ids_on_buttons(message: Message, known: list[str]) -> set[str]:
    """The words on both buttons that can name a request, without those that name something else already."""
    decisions: tuple[Decision, Decision] = ("approve", "reject")
    on_each = []
    for decision in decisions:
        button = button_of(message, decision)
        block = next(block for block, one in message.buttons if one is button)
        said = " ".join([button.get("action_id", ""), button.get("value") or "", block.get("block_id", "")])
        bare = re.sub(r"[0-9A-Za-z]+", lambda word: " " if _decides(word[0]) else word[0], said)
        on_each.append(set(re.findall(r"[0-9A-Za-z]+(?:-[0-9A-Za-z]+)*", bare)))
    return {
        word
        for word in on_each[0] & on_each[1]
        if len(word) >= 6 and re.search(r"\d", word) and not any(word in text for text in known)
    }


def _decides(word: str) -> bool:
    """Whether the word tells one button from the other, whichever side of the request's id it stands on."""
    return word.isalpha() and any(one.search(word) for one in (*WORDS.values(), *SHORT.values()))


def tells(message: Message, facts: dict[str, str]) -> None:
    """A person who reads the message learns every fact: a name for the reader, and its words."""
    missing = [f"{name} {fact!r}" for name, fact in facts.items() if fact not in message.text]
    assert not missing, f"Expected the request on Slack to tell {'; '.join(missing)}, but it does not."


def facts_of(alert: Alert) -> dict[str, str]:
    """What has to be known for a decision: the action, the alert and the parameters."""
    parameters: dict[str, Any] = json.loads(alert.annotations["lambda_parameters"])
    return {
        "the action": alert.function,
        "the alert": alert.name,
        **{f"parameter {name}": str(value) for name, value in parameters.items()},
    }


def asks_application(said: dict[str, Any], alert: Alert, timeout: float) -> None:
    """The request to the approval application has all of CONTRACTS §3, with the time-out in seconds."""
    parameters: dict[str, Any] = json.loads(alert.annotations["lambda_parameters"])
    given, address = said.get("parameters"), said.get("callback_url")
    right = {
        "request_id": isinstance(said.get("request_id"), str) and said["request_id"],
        "action": isinstance(said.get("action"), str) and said["action"],
        "lambda_function": said.get("lambda_function") == alert.function,
        "parameters": isinstance(given, dict) and parameters.items() <= given.items(),
        "alertname": said.get("alertname") == alert.name,
        "timeout": said.get("timeout") == timeout,
        "callback_url": isinstance(address, str) and re.match(r"https?://[^/]+/", address),
    }
    wrong = [f"{name} is {json.dumps(said[name])}" if name in said else f"{name} is missing" for name in right]
    wrong = [words for words, fits in zip(wrong, right.values(), strict=True) if not fits]
    assert not wrong, (
        f"Expected the approval application to be told who asks for what, until when and where to answer "
        f"({alert.function} with {parameters} for {alert.name}, {timeout:g} s), but {' and '.join(wrong)}."
    )


def as_approved(call: Exchange, alert: Alert) -> None:
    """What is carried out is what people were told: the alert's own function, if it names one, with its parameters."""
    if "lambda_function" in alert.annotations:
        is_of(call, alert.function)
        carries_parameters(call, json.loads(alert.annotations["lambda_parameters"]))


def acknowledged(answer: httpx.Response) -> None:
    """The agent took the decision."""
    assert answer.is_success, (
        f"Expected agent-sre to accept the decision, but it answered {answer.status_code}: {answer.text[:200]}"
    )


def refused(answer: httpx.Response) -> None:
    """The agent did not take the answer, and blamed whoever sent it."""
    assert 400 <= answer.status_code < 500, (
        f"Expected agent-sre to refuse the answer with a client error, but it answered {answer.status_code}."
    )


def records(issue: Issue, decided: Decided, within: float) -> str:
    """The text on the issue that says who decided, and when (give or take so many seconds).

    When is said by the text, or by the tracker, which shows the time of a comment, and that of its change.
    """
    person = decided.person
    texts = [(issue.description or "", list[datetime]())]
    texts += [(one.body, [at for at in (one.created_at, one.edited_at) if at]) for one in issue.comments]
    named = [(text.replace("\\", ""), at) for text, at in texts if _names(text.replace("\\", ""), person)]
    assert named, (
        f"Expected {issue.identifier} to say that {person.name} decided to {decided.decision}, "
        f"but none of its {len(texts)} texts names {person.username}."
    )
    told = [(text, moment) for text, at in named for moment in moments(text) or at]
    right = [text for text, moment in told if abs((moment - decided.at).total_seconds()) <= within]
    times = ", ".join(f"{moment:%H:%M:%S}" for _, moment in told)
    assert right, (
        f"Expected {issue.identifier} to say that {person.name} decided at {decided.at:%H:%M:%S}, "
        f"but it gives {'the times ' + times if times else 'no time'}."
    )
    other = OPPOSITE[decided.decision]
    assert any(not DONE[other].search(text) or DONE[decided.decision].search(text) for text in right), (
        f"Expected {issue.identifier} to say that {person.name} decided to {decided.decision}, "
        f"but it says: {right[-1][:200]}"
    )
    return right[-1]


def _names(text: str, person: Person) -> bool:
    return any(name in text for name in (person.username, person.name, person.id))


_ISO = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?)(?: ?(Z|UTC|[+-]\d\d:?\d\d))?")
_EPOCH = re.compile(r"\b[12]\d{9}(?:\.\d+)?\b")


def moments(text: str) -> list[datetime]:
    """Every time that the text gives, as ISO 8601 (without a zone: UTC) or in epoch seconds."""
    times = list[datetime]()
    for written, zone in _ISO.findall(text):
        with suppress(ValueError):  # what looks like a time need not be one
            times.append(datetime.fromisoformat(written + zone.replace("UTC", "Z")))
    epochs = [datetime.fromtimestamp(float(found), UTC) for found in _EPOCH.findall(text)]
    return [moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in times] + epochs


def in_time(decided: Decided, asked: float, timeout: float) -> None:
    """The decision was told before the time could be up that began when the agent asked. Raises BedNotReady."""
    after = decided.began - asked
    if after > (1 - TOLERANCE) * timeout:
        raise BedNotReady(
            f"{decided.person.name} could decide {decided.where} only {after:.2f} s after agent-sre had first asked, "
            f"which is too late to be in time: a time-out of {timeout:g} s ({TIMEOUT} of the profile's arrangement) "
            "says nothing, have it last longer."
        )


def on_time(seconds: float, timeout: float, within: float, what: str) -> None:
    """Something was seen at the time-out, a fifth of it sooner or later, and at most so many seconds after that."""
    late = min(within, AT_MOST_LATE * timeout)
    assert (1 - TOLERANCE) * timeout <= seconds <= (1 + TOLERANCE) * timeout + late, (
        f"Expected agent-sre to {what} when nobody had answered for {timeout:g} s (± {TOLERANCE:.0%}), "
        f"{f'or up to {late:g} s later, ' if late else ''}but it did so after {seconds:.2f} s."
    )


def rejected_after(issue: Issue, asked: float, timeout: float, within: float, said: Sequence[Saying] = ()) -> None:
    """The issue says, at the time-out after that time or so many seconds later, that the remediation is rejected.

    In any words in a comment, be it a new one or one that is edited, but those by which it still waits; or in what is
    added to the description, where anything else may be added at that time, so that it has to be a word for a
    rejection. `said` has what was written on the issue, also what was written over since.
    """
    comments = [(one.edited_at or one.created_at, one.body) for one in issue.comments]
    comments += [(one.at, one.text) for one in said if one.is_comment]
    added = [(at, text) for at, text in added_to_description(said) if WORDS["reject"].search(text)]
    written = [(at.timestamp() - asked, text) for at, text in comments + added]
    since = [(after, text) for after, text in written if after >= 0]
    late = [(after, text) for after, text in since if after >= (1 - TOLERANCE) * timeout]
    rejecting = [(after, text) for after, text in since if WORDS["reject"].search(text)]
    found = [one for one in rejecting if one in late]
    found = found or [(after, text) for after, text in late if not (DONE["approve"].search(text) or leaves_open(text))]
    found = found or rejecting  # before that, "approve or reject it" may be what is asked
    assert found, (
        f"Expected {issue.identifier} to say that the remediation is rejected because nobody answered "
        f"for {timeout:g} s, but none of its {len(issue.comments)} comments does."
    )
    nearest = min((after for after, _ in found), key=lambda after: abs(after - timeout))
    on_time(nearest, timeout, within, f"reject the remediation on {issue.identifier}")


def leaves_open(text: str) -> bool:
    """Whether the text says that the remediation still waits for somebody, and no word of rejecting it."""
    if WORDS["reject"].search(text) or CALLED_OFF.search(text):
        return False
    return bool(PENDING.search(text) or (OPEN.search(text) and not OVER.search(text)))


def differ(text: str, alert: Alert, other_text: str, other: Alert) -> None:
    """The two texts, each about its alert, say something different."""
    text, other_text = without_own(text, alert), without_own(other_text, other)
    assert tells_apart(text, [other_text]) or tells_apart(other_text, [text]), (
        f"Expected the ticket of {alert.called} to say what was decided, but it says the same of the opposite: "
        f"{text[:200]}"
    )
