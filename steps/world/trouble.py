"""What can go wrong around the agent, by the features' words: each a fault at one host, in force until lifted."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from urllib.parse import urlsplit

from steps.world import hosts
from steps.world.cluster.cloudevent import EventError, decode
from steps.world.credentials import Credentials
from steps.world.earlier import Aim, Earlier
from steps.world.gateway import Gateway, Injection
from steps.world.gateway.faults import (
    Answer,
    CallFault,
    Delay,
    ExpiredCertificate,
    Fault,
    ForeignCertificate,
    Hang,
    OutdatedTls,
    Refuse,
    Reset,
    Stall,
    TlsFault,
    Truncate,
    WrongCertificate,
)
from steps.world.gateway.messages import Request
from steps.world.journal import Journal
from steps.world.services import oncall
from steps.world.services.approvals import Slack
from steps.world.services.functions import NAMESPACE
from steps.world.services.jira import Jira
from steps.world.services.jira import errors as jira_errors
from steps.world.services.jira.catalogue import SERVICE, SOFTWARE
from steps.world.services.linear import Limited, Linear, errors, opens_issues
from steps.world.services.trm import Trm
from steps.world.staff import AGENT

JSON = (("content-type", "application/json"),)
TEXT = (("content-type", "text/plain"),)
HTML = (("content-type", "text/html"),)

LIMIT = 3
"""Seconds until a limit of a tracker or a function ends that a scenario meets: longer than the 2 s that many a client
waits for a second try without being told (CONTRACTS §2)."""
SLACK_LIMIT = 1
"""The same in Slack, which tells whole seconds."""
SHORT_LIMIT, SHORT_JIRA_LIMIT = 1.5, 2
"""The same where one limit after the other is reached while alerts keep coming in; Jira tells whole seconds, too."""

AT_BROKER: dict[str, Callable[..., Fault]] = {
    "refuses connections": lambda **_: Refuse(),
    "drops connections": Reset,
    "hangs": Hang,
    "answers that it is unavailable": partial(Answer, 503),
    "answers that it is overloaded": partial(Answer, 429),
    "answers that it cannot publish events": partial(Answer, 500),
    "is away behind its gateway": partial(Answer, 502),
    "rejects events as invalid": partial(Answer, 400),
}
"""Faults of the broker's ingress (CONTRACTS §6.2)."""


def _linear(answer: errors.Answer) -> Callable[..., CallFault]:
    return partial(Answer, answer.status, answer.headers, answer.body)


AT_LINEAR: dict[str, Callable[..., CallFault]] = {
    "answers with an internal error": _linear(errors.internal()),
    "answers with a bad gateway page": _linear(errors.bad_gateway()),
    "does not answer": Hang,
    "drops the connection": Reset,
    "cuts its answer short": Truncate,
    "answers something that is not JSON": partial(Answer, 200, JSON, b"<html>We will be back soon</html>"),
    "answers with a passing GraphQL error": _linear(errors.lock_timeout()),
    "refuses it as invalid": _linear(errors.invalid_input()),
}
"""Faults of Linear's API; the host has not seen the call, but for an answer that is cut short (CONTRACTS §1.2)."""


def _jira(answer: jira_errors.Answer) -> Callable[..., CallFault]:
    return partial(Answer, answer.status, answer.headers, answer.body)


GENERAL_ERROR = "The project takes no issue until its administrators have mended the scheme of its screens."
FIELD_ERRORS = {
    "customfield_10042": "Affected service is required, and has to be one of those in the catalogue of services.",
    "customfield_10057": "Impact has to be 1-Extensive, 2-Significant, 3-Moderate or 4-Minor, as the site decided.",
    "components": "Component name 'shop' is not valid in this project, whose administrators name its components.",
    "fixVersions": "Version is required by the project's field configuration before an issue can be opened.",
    "duedate": "Due date must not be before the day on which the issue is opened, in the zone of the project.",
}
"""What Jira has against an issue, as a whole and field by field, more than a log line's first 300 characters."""

AT_JIRA: dict[str, Callable[..., CallFault]] = {
    "answers with an internal error": _jira(jira_errors.internal()),
    "answers with a bad gateway page": _jira(jira_errors.bad_gateway()),
    "does not answer": Hang,
    "drops the connection": Reset,
    "cuts its answer short": Truncate,
    "answers something that is not JSON": partial(Answer, 200, JSON, b"<html>We will be back soon</html>"),
    "is asked too often and does not say for how long": _jira(jira_errors.gateway_rate_limited()),
    "is unavailable and says for how long": _jira(jira_errors.unavailable(retry_after=LIMIT)),
    "refuses it for its fields": _jira(jira_errors.invalid(GENERAL_ERROR, **FIELD_ERRORS)),
}
"""Faults of Jira's API; the host has not seen the call, but for an answer that is cut short (CONTRACTS §2)."""

LOST: dict[str, Callable[..., CallFault]] = {
    "does not answer": partial(Hang, answered=True),
    "drops the connection": partial(Reset, answered=True),
    "cuts its answer short": Truncate,
    "answers with a bad gateway page": partial(_linear(errors.bad_gateway()), answered=True),
}
"""Ways in which a tracker's answer is lost after it has done what it was asked for."""


def _prometheus(status: int, kind: str, message: str) -> Callable[..., CallFault]:
    body = json.dumps({"status": "error", "errorType": kind, "error": message})
    return partial(Answer, status, JSON, body.encode())


AT_PROMETHEUS: dict[str, Callable[..., CallFault]] = {
    "does not answer": Hang,
    "begins its answer and never ends it": Stall,
    "drops the connection": Reset,
    "is starting": partial(Answer, 503, (("content-type", "text/plain; charset=utf-8"),), b"Service Unavailable"),
    "answers that the query took too long": _prometheus(503, "timeout", "query timed out in expression evaluation"),
    "answers with an internal error": _prometheus(500, "internal", "opening storage failed"),
    "answers that the query cannot be executed": _prometheus(422, "execution", "found duplicate series"),
    "refuses the query": _prometheus(400, "bad_data", 'invalid parameter "query": 1:1: parse error'),
    "is asked too often": partial(Answer, 429, TEXT, b"too many outstanding requests"),
    "cuts its answer short": Truncate,
    "answers something that is not JSON": partial(Answer, 200, JSON, b"<html>We will be back soon</html>"),
}
"""Faults of Prometheus' query API, and of what may stand before it (CONTRACTS §4.3)."""

BACKENDS = {"Prometheus": hosts.PROMETHEUS, "Loki": hosts.LOKI, "Tempo": hosts.TEMPO}
"""The hosts of the observability stack, by the features' words. How Loki and Tempo fail is in backend_faults."""

AT_FUNCTION: dict[str, Callable[..., Fault]] = {
    "refuses the request as invalid": partial(Answer, 400, JSON, b'{"error": "name must be that of a pod"}'),
    "forbids the call": partial(Answer, 403, JSON, b'{"error": "RBAC: access denied"}'),
    "cannot process the request": partial(Answer, 422, JSON, b'{"error": "no such pod"}'),
    "answers with an internal error": partial(Answer, 500, TEXT, b"Internal Server Error"),
    "answers with a bad gateway page": partial(Answer, 502, HTML, b"<html><h1>502 Bad Gateway</h1></html>"),
    "is unavailable": partial(Answer, 503, TEXT, b"no healthy upstream"),
    "answers that the request came too slowly": partial(Answer, 408, TEXT, b"request timeout"),
    "is overloaded": partial(Answer, 429, (*TEXT, ("retry-after", str(LIMIT))), b"pending request queue full"),
    "refuses connections": lambda **_: Refuse(),
    "has no address": lambda times, **_: Answer(502, TEXT, b"could not resolve host", times=times),
    "looks healthy but drops every call": Reset,
    "breaks off in the middle of its answer": Truncate,
    "does not answer": Hang,
    "begins its answer and never ends it": Stall,
}
"""Faults of a function's door. Most meet only its calls: a look at its health finds nothing wrong."""

AT_APPROVALS: dict[str, Callable[..., Fault]] = {
    "refuses connections": lambda **_: Refuse(),
    "does not answer": Hang,
    "answers with an internal error": partial(Answer, 500, TEXT, b"rollup_error"),
    "forbids the request": partial(Answer, 403, TEXT, b"action_prohibited"),
    "refuses the request as invalid": partial(
        Answer, 400, JSON, b'{"error": "parameters: not allowed for this action"}'
    ),
}
"""Faults of a place where people approve (CONTRACTS §3)."""
APPROVALS = {"Slack": hosts.SLACK, "the approval application": hosts.APPROVALS}
"""The hosts of these places, by the features' words."""

AT_MODEL: dict[str, Callable[..., Fault]] = {
    "is down": lambda **_: Refuse(),
    "takes far too long": partial(Delay, 60),
    "drops the connection": Reset,
    "answers with an internal error": partial(Answer, 500, TEXT, b"Internal Server Error"),
    "answers something that is not JSON": partial(Answer, 200, JSON, b"<html>We will be back soon</html>"),
}
"""Faults of the TRM model service. Most meet only its answers: a look at its health finds nothing wrong."""

HOSTS_OF = {
    "the broker": hosts.BROKER,
    "Linear": hosts.LINEAR,
    "Jira": hosts.JIRA,
    "Kubernetes": hosts.KUBERNETES,
    "Prometheus": hosts.PROMETHEUS,
    "Loki": hosts.LOKI,
    "Tempo": hosts.TEMPO,
    "the SLM service": hosts.PROMETHEUS,
    "the on-call service": hosts.PAGERDUTY,
    "Slack": hosts.SLACK,
    "the approval application": hosts.APPROVALS,
    "the TRM model": hosts.TRM,
}
"""The hosts of the external systems, by the features' words; each function has a host of its own."""

UNTRUSTWORTHY: dict[str, Callable[..., TlsFault]] = {
    "shows a certificate of an unknown authority": WrongCertificate,
    "shows the certificate of another host": ForeignCertificate,
    "shows a certificate that has expired": ExpiredCertificate,
    "speaks only an outdated version of TLS": OutdatedTls,
}
"""Why a host outside the cluster cannot be trusted."""


class Trouble:
    """Puts faults in force, and lifts at a scenario's end whatever is left of them."""

    def __init__(
        self,
        journal: Journal,
        gateway: Gateway,
        linear: Linear,
        jira: Jira,
        slack: Slack,
        trm: Trm,
        credentials: Credentials,
    ) -> None:
        self._journal = journal
        self._gateway = gateway
        self._linear = linear
        self._jira = jira
        self._slack = slack
        self._trm = trm
        self._credentials = credentials
        self._open = ExitStack()
        self._others: frozenset[str] = frozenset()

    def begin(self, others: frozenset[str]) -> None:
        """A scenario begins; those are the keys of the other scenarios' alerts, at which no fault is aimed."""
        self._others = others

    def over(self) -> None:
        """Lifts every fault that is still in force."""
        self._open.close()

    def at_broker(self, fails: str, only: str = "", kind: str | None = None) -> Injection:
        """The broker fails so for events that mention `only` and, if a type is asked for, are of that type."""

        def matching(request: Request) -> bool:
            return only.encode() in request.body and kind in (None, _type_of_event(request))

        return self._inject(hosts.BROKER, AT_BROKER[fails](matching=matching))

    def broker_overloaded(self, seconds: int, only: str) -> Injection:
        """The broker answers the next event that mentions `only` that it is overloaded, and asks for so much time."""
        asks = (("retry-after", str(seconds)),)
        return self._inject(
            hosts.BROKER, Answer(429, asks, times=1, matching=lambda request: only.encode() in request.body)
        )

    def at_linear(self, fails: str, times: int | None = None) -> Injection:
        """Linear fails the agent so, at its next calls for a new alert or, until lifted, at all calls."""
        aim = self._aim(times, self._linear.names_of_issues()).met_by if times else _of_agent
        return self._inject(hosts.LINEAR, AT_LINEAR[fails](times=times, matching=aim))

    def at_linear_opening(self, fails: str) -> Injection:
        """Linear fails so whenever an issue is to be opened, until lifted."""
        return self._inject(hosts.LINEAR, AT_LINEAR[fails](matching=_opens_issue))

    def at_linear_after_opening(self, loses: str) -> Injection:
        """Linear opens the issue of a new alert, and its answer is lost so."""
        aim = self._aim(1)
        return self._inject(
            hosts.LINEAR, LOST[loses](times=1, matching=lambda request: _opens_issue(request) and aim.met_by(request))
        )

    def at_linear_renewing(self) -> Injection:
        """Linear is unavailable when the agent next asks for a new token; the one that it gives is not used up."""
        answer = Answer(503, TEXT, b"upstream connect error", times=1, matching=_renews_token)
        return self._inject(hosts.LINEAR, answer)

    def at_jira(self, fails: str, times: int | None = None) -> Injection:
        """Jira fails the agent so, at its next calls for a new alert or, until lifted, at all calls."""
        aim = self._aim(times, self._jira.names_of_issues()).met_by if times else _of_agent
        return self._inject(hosts.JIRA, AT_JIRA[fails](times=times, matching=aim))

    def at_jira_opening(self, fails: str) -> Injection:
        """Jira fails so whenever an issue is to be opened, until lifted."""
        return self._inject(hosts.JIRA, AT_JIRA[fails](matching=_opens_jira_issue))

    def at_jira_after_opening(self, loses: str) -> Injection:
        """Jira opens the issue of a new alert, and its answer is lost so."""
        aim = self._aim(1)
        return self._inject(
            hosts.JIRA,
            LOST[loses](times=1, matching=lambda request: _opens_jira_issue(request) and aim.met_by(request)),
        )

    def jira_limit_reached(self, seconds: int = LIMIT) -> None:
        """Jira's rate limit is reached for the agent's account; its answers say when it ends."""
        self._jira.limit_reached(seconds, AGENT)
        self._open.callback(self._jira.limit_reached, 0, AGENT)

    def jira_token_revoked(self) -> None:
        """Jira knows the agent's token no more."""
        self._jira.revoke(self._credentials.jira_api_token)

    def jira_token_restricted(self) -> Injection:
        """Jira knows the agent's token, but allows it nothing; another token is not concerned."""
        token = self._credentials.jira_api_token
        answer = jira_errors.forbidden("The token does not have the scope that this request needs.")
        return self._inject(hosts.JIRA, _jira(answer)(matching=lambda request: _carries(request, token)))

    def jira_goes_other_ways(self) -> None:
        """The project's workflow becomes one whose statuses and transitions are called otherwise."""
        self._open.callback(self._jira.follow, SOFTWARE)
        self._jira.follow(SERVICE)

    def at_slm(self, fails: str) -> Injection:
        """The SLM service, which is Prometheus, fails the agent so; the rest of the world goes on with it."""
        return self._inject(hosts.PROMETHEUS, AT_PROMETHEUS[fails](matching=_from_agent))

    def at_backend(self, name: str, fails: str) -> Injection:
        """Prometheus, Loki or Tempo fails agent-sre so; the rest of the world goes on with it."""
        from steps.world.backend_faults import AT_LOKI, AT_TEMPO

        faults = {"Prometheus": AT_PROMETHEUS, "Loki": AT_LOKI, "Tempo": AT_TEMPO}[name]
        host = BACKENDS[name]
        return self._inject(host, faults[fails](matching=_from_agent))

    def on_call_down(self) -> Injection:
        """The on-call service answers that it is unavailable."""
        answer = oncall.unavailable()
        return self._inject(hosts.PAGERDUTY, Answer(answer.status, answer.headers, answer.body))

    def at_function(self, name: str, fails: str, times: int | None = None) -> Injection:
        """The function fails so, at the next calls or until lifted."""
        return self._inject(_function_host(name), AT_FUNCTION[fails](times=times, matching=_is_call))

    def function_slow(self, name: str, seconds: float) -> Injection:
        """The function takes that long for each call."""
        return self._inject(_function_host(name), Delay(seconds, matching=_is_call, name="slow"))

    def at_approvals(self, where: str, fails: str) -> Injection:
        """A place where people approve fails so, until lifted."""
        return self._inject(APPROVALS[where], AT_APPROVALS[fails]())

    def down(self, system: str) -> Injection:
        """The system is down for everybody, until it is lifted: its program has died.

        The broker drops connections instead: one that it refuses for real leaves nothing in the journal.
        """
        return self._inject(HOSTS_OF[system], Reset() if system == "the broker" else Refuse())

    def function_down(self, name: str) -> Injection:
        """As `down`, for a function."""
        return self._inject(_function_host(name), Refuse())

    def untrustworthy(self, name: str, why: str) -> Injection:
        """agent-sre cannot trust that host outside the cluster, until lifted; the suite still can."""
        return self._inject(hosts.EXTERNAL[name], UNTRUSTWORTHY[why](caller="agent-sre"))

    def everywhere(self) -> None:
        """Every integration fails agent-sre; Linear, Jira and the Kubernetes API refuse its keys."""
        self.linear_key_revoked()
        self.jira_token_revoked()
        self.on_call_down()
        for place in APPROVALS:
            self.at_approvals(place, "answers with an internal error")
        for backend in BACKENDS:
            self.at_backend(backend, "answers with an internal error")
        self._inject(hosts.KUBERNETES, Answer(401, JSON, b'{"kind": "Status", "code": 401}', matching=_from_agent))
        self.at_model("drops the connection")

    def limits_in_turn(self) -> list[Callable[[], object]]:
        """What lets the limit of one system after the other be reached, each for a moment."""
        return [
            self.slack_limit_reached,
            lambda: self.linear_limit_reached(seconds=SHORT_LIMIT),
            lambda: self.jira_limit_reached(SHORT_JIRA_LIMIT),
        ]

    def slack_limit_reached(self) -> float:
        """The limit of the agent's Slack webhook is reached; returns for how many seconds from its next message."""
        url = self._credentials.slack_webhook_url
        self._slack.limit_reached(url, SLACK_LIMIT)
        self._open.callback(self._slack.limit_reached, url, 0)  # nobody meets it later who has not met it by then
        self._note(hosts.SLACK, f"rate limit reached, for {SLACK_LIMIT:g} s from the next message on")
        return SLACK_LIMIT

    def at_model(self, fails: str) -> Injection:
        """The model service fails so, until lifted."""
        return self._inject(hosts.TRM, AT_MODEL[fails](matching=_is_call))

    def at_model_file(self, damage: str) -> None:
        """Something happens to the file of the model's weights, and the service starts again with what is left."""
        self._open.callback(self._trm.restore)
        self._trm.damage(damage)
        self._note(hosts.TRM, f"the model's file {damage}")

    def linear_limit_reached(self, what: Limited = "requests", seconds: float = LIMIT) -> float:
        """Linear's rate limit is reached for the agent's account; returns for how many seconds from its next call."""
        key = self._credentials.linear_api_key
        self._linear.limit_reached(seconds, key, what)
        self._open.callback(self._linear.limit_reached, 0, key, what)
        self._note(hosts.LINEAR, f"limit of {what} reached, for {seconds:g} s from the next call on")
        return seconds

    def linear_key_revoked(self) -> None:
        """Linear refuses the agent's key from now on."""
        self._linear.revoke(self._credentials.linear_api_key)
        self._note(hosts.LINEAR, "the key is revoked")

    def _aim(self, times: int, older: frozenset[str] = frozenset()) -> Aim:
        return Aim(Earlier(self._journal, older, self._others), times)

    def _note(self, host: str, what: str, seconds: float | None = None) -> None:
        """Marks a fault that the host itself has, for so long or until all faults are lifted."""
        mark = self._journal.mark("fault", what, host=host)
        if seconds is None:
            self._open.callback(mark.close)
        else:
            mark.close(self._journal.cursor() + seconds)

    def _inject(self, host: str, fault: Fault) -> Injection:
        return self._open.enter_context(self._gateway.inject(host, fault))


def _from_agent(request: Request) -> bool:
    return request.caller == "agent-sre"


def _type_of_event(request: Request) -> str | None:
    try:
        return decode(request.headers, request.body).type
    except EventError:
        return None


def _function_host(name: str) -> str:
    return f"{name}.{NAMESPACE}.svc.cluster.local"


def _is_call(request: Request) -> bool:
    return request.method == "POST"


def _of_agent(request: Request) -> bool:
    """The suite's own look at a tracker goes on during a fault."""
    return request.caller != "suite"


def _opens_issue(request: Request) -> bool:
    return opens_issues(request.body)


def _renews_token(request: Request) -> bool:
    return _from_agent(request) and urlsplit(request.url).path == "/oauth/token"


def _opens_jira_issue(request: Request) -> bool:
    path = urlsplit(request.url).path.rstrip("/")
    return _from_agent(request) and request.method == "POST" and path.endswith("/rest/api/3/issue")


def _carries(request: Request, token: str) -> bool:
    """Whether the request carries the token as Jira asks for it (CONTRACTS §2, Auth)."""
    scheme, _, credential = (request.header("authorization") or "").partition(" ")
    try:
        return scheme.lower() == "basic" and base64.b64decode(credential).decode().endswith(f":{token}")
    except ValueError:
        return False
