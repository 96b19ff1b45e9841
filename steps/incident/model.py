"""What can be claimed about the TRM model: that it is asked, understood, followed where it may be, and done without."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from steps.drivers.agent import Agent
from steps.drivers.linear import Issue
from steps.incident.alert import Alert, make_alert
from steps.incident.incident import Incident
from steps.incident.issues import Issues, text_of
from steps.incident.measures import p95
from steps.incident.remediation import Remediation, carries_parameters, name_of, parameters_of
from steps.incident.waiting import BedNotReady, Waiting
from steps.incident.wording import lines_about, tells_apart, without_own
from steps.targets.profile import Limits
from steps.world.cluster.cloudevent import decode
from steps.world.journal import Exchange, Journal
from steps.world.services.trm import Mistake

TRIGGER = "io.homelab.agent-sre.lambda.trigger"
"""The type of the event by which agent-sre has a function called at the broker (CONTRACTS §10.1)."""
IN_A_ROW = 2
"""The model takes so long for each of many alerts that all of them in a row take this many times the target."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of alert that the model knows a remedy for."""

    name: str
    """The alertname without its mark."""
    tells: str
    label: str | None = None
    """The label that names what is to be remedied, where it is no pod and no deployment."""


KINDS = {
    "a pod that crashes again and again": Kind(
        "PodCrashLooping", "The container restarts again and again: back-off restarting failed container."
    ),
    "a pod that does not become ready": Kind(
        "PodNotReady", "The pod is not ready, it has been in phase Pending for a long time and its status is unclear."
    ),
    "a deployment with too few replicas": Kind(
        "TooFewReplicas", "The autoscaler runs at its maximum of replicas and the backlog grows."
    ),
    "a volume that is almost full": Kind(
        "PersistentVolumeFillingUp", "The persistent volume claim has hardly any space left.", "persistentvolumeclaim"
    ),
    "a Flux kustomization that is not applied": Kind(
        "FluxKustomizationNotReady", "The kustomization is not reconciled, its manifests cannot be applied.", "name"
    ),
    "a Git repository that cannot be fetched": Kind(
        "FluxGitRepositoryNotReady", "The source controller cannot clone the git repository.", "name"
    ),
    "a Helm release whose upgrade failed": Kind(
        "FluxHelmReleaseNotReady", "The helm upgrade failed, retries are exhausted.", "name"
    ),
}
"""By what the features call them; each has another remedy."""

THE_MODEL = re.compile(r"\b(model|TRM)\b", re.I)
NOT_DECIDED = re.compile(
    r"\bfall(s|en|ing)?[ -]?back|\bfell back|\b(could|did|does|was|is)( not|n't) (choose|chosen|decide|loaded|available"
    r"|reachable|sure|confident|answer)|\bunavailable|\bunreachable|\btime[ds]?[ -]?out|\bnot confident"
    r"|\bconfidence\b.*\b(below|too low|low)\b",
    re.I,
)
"""Words which leave no doubt that the model did not decide."""


def alert_about(kind: Kind, key: str | None = None) -> Alert:
    """An alert of that kind, which names no function; alerts with the same key share their name."""
    alert = make_alert()
    alert.labels["alertname"] = f"{kind.name}_{key or alert.mark}"
    alert.labels["deployment"] = f"checkout-{alert.mark}"  # so that a call is known by whatever it is to remedy
    alert.annotations = {"summary": kind.tells, "description": f"{kind.tells} It is about {alert.pod}."}
    if kind.label:
        alert.labels[kind.label] = f"apps-{alert.mark}"
    if kind.label == "name":
        alert.labels["namespace"] = "flux-system"
    return alert


class Model:
    """Claims about the model's part in one incident. Each keeps what it saw as evidence, or raises AssertionError."""

    def __init__(
        self,
        journal: Journal,
        waiting: Waiting,
        incident: Incident,
        issues: Issues,
        remediation: Remediation,
        agent: Agent,
        confidence: float,
    ) -> None:
        self._journal = journal
        self._waiting = waiting
        self._incident = incident
        self._issues = issues
        self._remediation = remediation
        self._agent = agent
        self._confidence = confidence

    # -- what was seen

    def questions(self, alert: Alert) -> list[Exchange]:
        """The agent's questions to the model about the alert that are over."""
        return self._journal.exchanges(caller="agent-sre", callee="trm", method="POST", mentioning=alert.mark)

    def answered(self, alert: Alert) -> Exchange:
        """The model has been asked about the alert and has answered. Waits until it has."""

        def asked() -> Exchange:
            answered = [question for question in self.questions(alert) if question.status == 200]
            assert answered, f"Expected agent-sre to ask the model about {alert.called}, but it did not."
            return answered[-1]

        exchange = self._waiting.until(asked, "ticket")
        self._incident.saw_exchanges("The model's answer", [exchange])
        return exchange

    # -- what is claimed

    def looked_at_before(self, alert: Alert) -> None:
        """The model's state was looked at before the model was asked."""
        question = self.answered(alert)
        looks = self._journal.exchanges(caller="agent-sre", callee="trm", method="GET", path="/health")
        before = [look for look in looks if look.ended <= question.began]
        self._incident.saw_exchanges("The last look at the model before it was asked", before[-1:])
        assert before, (
            f"Expected agent-sre to look whether the model is loaded before it asks it about {alert.called}, "
            "but it never did."
        )

    def reported(self, *, loaded: bool) -> None:
        """The agent's metric says whether the model is loaded, after some more alerts if need be."""
        self._waiting.until_done_again(
            lambda: self._incident.fire_beside(alert_about(KINDS["a pod that crashes again and again"])),
            lambda: self._says(loaded=loaded),
            "recovery",
            late=1,
        )

    def _says(self, *, loaded: bool) -> None:
        seen = self._agent.metric("agent_sre_trm_model_loaded")
        self._incident.saw("agent_sre_trm_model_loaded", str(seen))
        assert seen == loaded, (
            f"Expected agent-sre to report the model as {'loaded' if loaded else 'not loaded'} by its metric "
            f"agent_sre_trm_model_loaded, but that is {'not there' if seen is None else f'{seen:g}'}."
        )

    def followed(self, *alerts: Alert) -> None:
        """The function that the model chose for each of the alerts is called, once, with the model's parameters.

        Raises BedNotReady when the model made nothing of a question, or took something else in it for the alert: there
        is nothing to follow.
        """
        answers = [answer_in(self.answered(alert)) for alert in alerts]
        for alert, answer in zip(alerts, answers, strict=True):
            to_be_followed(answer, alert, self._confidence)
            self._remediation.call(alert)
        self._issues.quiet(*alerts)
        for alert, answer in zip(alerts, answers, strict=True):
            chosen(self._remediation.calls(alert), alert, answer["lambda_function"], answer["parameters"])

    def decides_another(self) -> Alert:
        """The model decides about another alert: the control for what is not to happen. Returns that alert.

        Alerts fire until it is asked about one of them: who was failed by it may leave it alone for a while.
        """
        others: list[Alert] = []

        def fire() -> None:
            others.append(alert_about(KINDS["a pod that crashes again and again"]))
            self._incident.fire_beside(others[-1])

        def asked() -> Alert:
            answered = [alert for alert in others if any(one.status == 200 for one in self.questions(alert))]
            assert answered, (
                f"Expected agent-sre to ask the model about {others[0].called}, or about another such alert after it, "
                "but it did not."
            )
            return answered[0]

        other = self._waiting.until_done_again(fire, asked, "recovery")
        self.followed(other)
        return other

    def knows_no_remedy(self, alert: Alert) -> None:
        """The model answers that no function fits. Raises BedNotReady when it thinks otherwise."""
        answer = answer_in(self.answered(alert))
        if answer["lambda_function"] != "none":
            raise BedNotReady(f"The model knows a remedy for {alert.called}: it answered {answer}.")

    def decided_otherwise(self, alert: Alert, function: str) -> None:
        """The function that another method chooses is called about the alert, once, and no other is.

        Before that the model may be waited for, or asked again: no limit is told for it.
        """
        self._remediation.call(alert, limit="recovery")
        made = self._remediation.tries(alert)
        called = [name_of(call) for call in made]
        assert called == [function], (
            f"Expected agent-sre to call {function} once about {alert.called}, as the model does not help, "
            f"but it called {', '.join(called)}."
        )
        names_own(made[0], alert)

    def not_followed(self, alert: Alert, mistake: Mistake) -> None:
        """Nothing was done of what the model's mistaken answer asks for, which need not name the alert."""
        self.answered(alert)
        self._issues.quiet(alert)
        made = self._journal.exchanges(caller="agent-sre", method="POST", since=self._incident.began)
        wrong = [call for call in made if does(call, mistake) or has_it_done(call, mistake)]
        self._incident.did_not_see(f"what the model wants done about {alert.called}", self._remediation.any_calls)
        self._incident.saw_exchanges(f"Calls that do what the model must not ask for, about {alert.called}", wrong)
        assert not wrong, (
            f"Expected agent-sre to refuse the model's answer about {alert.called}, but it called {wrong[0].host} "
            f"with {wrong[0].request_text[:200]}."
        )

    def not_asked(self, alert: Alert) -> None:
        """The model was not asked about the alert."""
        self._issues.quiet(alert)
        asked = self.questions(alert)
        self._incident.did_not_see(f"a question to the model about {alert.called}", self._any_questions)
        self._incident.saw_exchanges(f"Questions to the model about {alert.called}", asked)
        assert not asked, (
            f"Expected agent-sre not to ask the model about {alert.called}, which names its function, "
            f"but it asked {len(asked)} times."
        )

    def told_fallback(self, alert: Alert, function: str, help_again: Callable[[], object]) -> None:
        """The issue tells that the model did not decide, and names the function that was called in its place.

        When the wording is unknown, the model helps again and decides about another alert: that one's issue must not
        say the same. `help_again` ends what keeps the model from it.
        """
        issue = self._issues.becomes(alert, lambda issue: names_substitute(issue, function))
        if words_fallback(issue):
            return
        help_again()
        control = self.decides_another()
        other = self._issues.of(control)
        self._issues.becomes(alert, lambda issue: tells_fallback(issue, alert, other, control))

    def fallbacks(self) -> float:
        """How many alerts the model did not decide so far, as the agent counts them."""
        return self._agent.metric("agent_sre_trm_fallback_total") or 0

    def fallback_counted(self, before: float) -> None:
        """The agent counts one alert more that the model did not decide."""

        def counts() -> None:
            now = self.fallbacks()
            self._incident.saw("agent_sre_trm_fallback_total", f"{before:g} before, {now:g} now")
            assert now > before, (
                f"Expected agent-sre to count the fallback in agent_sre_trm_fallback_total, but that stays at {now:g}."
            )

        self._waiting.until(counts, "log")

    def no_fallback_counted(self, alert: Alert, before: float) -> None:
        """The agent has come to rest about the alert, and counts no more alerts that the model did not decide."""
        self._issues.quiet(alert)
        now = self.fallbacks()
        self._incident.saw("agent_sre_trm_fallback_total", f"{before:g} before, {now:g} now")
        self._incident.did_not_see(f"a fallback counted for {alert.called}", control=self.fallbacks)
        assert now <= before, (
            f"Expected agent-sre to count no fallback for {alert.called}, which the model decided, "
            f"but agent_sre_trm_fallback_total grew from {before:g} to {now:g}."
        )

    def in_time(self, alerts: list[Alert], limits: Limits) -> None:
        """95 % of the model's answers and of the decisions took no longer than their limits.

        A decision lasts from the alert's event at the agent to the call of the function.
        """
        rows = [(alert, *self._times(alert)) for alert in alerts]
        lines = [f"{'alert':<36}{'inference':>12}{'decision':>12}"]
        lines += [f"{alert.called:<36}{inference:>10.2f} s{decision:>10.2f} s" for alert, inference, decision in rows]
        reached = p95([row[1] for row in rows]), p95([row[2] for row in rows])
        lines += [
            f"{'P95':<36}{reached[0]:>10.2f} s{reached[1]:>10.2f} s",
            f"{'limit':<36}{limits.inference:>10.2f} s{limits.decision:>10.2f} s",
        ]
        self._incident.saw("How long the model and the decisions took", "\n".join(lines))
        for name, seen, limit in zip(
            ("inference", "decision"), reached, (limits.inference, limits.decision), strict=True
        ):
            assert seen <= limit, (
                f"Expected the P95 of {name} of {len(alerts)} parallel alerts within {limit:g} s, "
                f"but it was {seen:.2f} s."
            )

    def _any_questions(self) -> list[Exchange]:
        """The agent's questions to the model in this scenario, about whatever alert."""
        return self._incident.own(
            self._journal.exchanges(caller="agent-sre", callee="trm", method="POST", since=self._incident.began)
        )

    def _times(self, alert: Alert) -> tuple[float, float]:
        delivered = self._journal.exchanges(caller="broker", callee="agent-sre", mentioning=alert.mark)[0]
        question = next(question for question in self.questions(alert) if question.status == 200)
        call = self._remediation.calls(alert)[0]
        return question.ended - question.began, call.began - delivered.began


def answer_in(exchange: Exchange) -> dict[str, Any]:
    """The object in the model's text. Raises BedNotReady when there is none."""
    text = exchange.response_json()["result"]
    for brace in re.finditer(r"\{", text):
        try:
            found, _ = json.JSONDecoder().raw_decode(text, brace.start())
        except ValueError:
            continue
        if "lambda_function" in found:
            return dict(found)
    raise BedNotReady(f"The model answered nothing that can be followed: {text!r}.")


def to_be_followed(answer: dict[str, Any], alert: Alert, confidence: float) -> None:
    """The answer is one that an agent has to follow. Raises BedNotReady when it is not.

    A name or namespace that the alert does not give has to be refused (AC9.5).
    """
    if answer["lambda_function"] == "none" or answer["confidence"] < confidence:
        raise BedNotReady(f"The model knows no remedy for {alert.called}: it answered {answer}.")
    read = {"namespace": alert.labels["namespace"], "name": alert.pod} | answer["parameters"]
    if read["namespace"] != alert.labels["namespace"] or read["name"] not in alert.labels.values():
        raise BedNotReady(f"The model took something else in its prompt for {alert.called}: it answered {answer}.")


def chosen(made: list[Exchange], alert: Alert, function: str, parameters: dict[str, Any]) -> None:
    """One call was made: of that function, with those parameters."""
    called = [name_of(call) for call in made]
    assert called == [function], (
        f"Expected agent-sre to call {function} once about {alert.called}, as the model chose, "
        f"but it called {', '.join(called) or 'none'}."
    )
    carries_parameters(made[0], parameters)


NEED_A_NAME = (
    "pod-restart",
    "scale-deployment",
    "flux-reconcile-kustomization",
    "flux-reconcile-gitrepository",
    "flux-reconcile-helmrelease",
)
"""Functions that cannot work without the name of what they are for (CONTRACTS §7)."""


def names_own(call: Exchange, alert: Alert) -> None:
    """A function that needs a name is called with one that the alert's labels give."""
    if name_of(call) in NEED_A_NAME:
        given = parameters_of(call).get("name")
        assert given in alert.labels.values(), (
            f"Expected agent-sre to call {name_of(call)} with a name that {alert.called} gives, as {alert.pod}, "
            f"but the call has {'the name ' + repr(given) if given else 'no name'}."
        )


def mistaken_about(mistake: Mistake) -> Alert:
    """An alert for which the model knows the mistake's function: all but the mistake is right about its answer."""
    scales = mistake.function.startswith("scale-deployment")
    return alert_about(KINDS["a deployment with too few replicas" if scales else "a pod that crashes again and again"])


def does(call: Exchange, mistake: Mistake) -> bool:
    """Whether the call does what the mistaken answer asks for, be it by the function whose name it begins with."""
    host = mistake.function.partition("/")[0]
    if call.host != host and not host.startswith(name_of(call)):
        return False
    try:
        seen = parameters_of(call)
    except AssertionError:
        return not mistake.parameters
    return mistake.parameters.items() <= seen.items()


def has_it_done(call: Exchange, mistake: Mistake) -> bool:
    """Whether the call asks whoever listens at the broker for what the mistaken answer asks for (CONTRACTS §10.1)."""
    try:
        event = decode(call.request_headers, call.request_body)
        data = json.loads(event.data)
    except (ValueError, RecursionError):
        return False
    parts = [*event.attributes.values(), *_parts(data)]
    names = (mistake.function, *(name for name in NEED_A_NAME if mistake.function.startswith(name)))
    asked = any(mistake.parameters.items() <= part.items() for part in parts if isinstance(part, dict))
    return event.type == TRIGGER and asked and any(name in parts for name in names)


def _parts(value: Any) -> list[Any]:
    """The value and everything in it; a text that is an object itself, as parameters may be, is one, too."""
    if isinstance(value, str) and value.startswith("{"):
        with suppress(ValueError, RecursionError):
            return [value, *_parts(json.loads(value))]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(part for one in inner for part in _parts(one))]


def names_substitute(issue: Issue, function: str) -> None:
    """The issue names the function that was called in place of the model's choice."""
    assert function in text_of(issue), (
        f"Expected {issue.identifier} to name {function}, which was called in place of the model's choice, "
        "but it does not."
    )


def words_fallback(issue: Issue) -> bool:
    """Whether the issue says of the model, in words that leave no doubt, that it did not decide."""
    return any(NOT_DECIDED.search(line) for line in lines_about(issue.texts, THE_MODEL))


def tells_fallback(issue: Issue, alert: Alert, decided: Issue, decided_alert: Alert) -> None:
    """The issue says what another one, about an alert for which the model did decide, does not say."""
    said, otherwise = without_own(text_of(issue), alert), without_own(text_of(decided), decided_alert)
    assert words_fallback(issue) or tells_apart(said, [otherwise]), (
        f"Expected {issue.identifier} to tell that the model did not decide, "
        f"but it says no more than {decided.identifier}, for which it did."
    )
