#!/usr/bin/env python3
"""An agent-sre in one file and with nothing but Python's standard library: alerts in, Linear issues out.

It works in the plainest way there is. One thread per request, one new connection per call, and an event is answered
when everything it asks for has been done. A thread that has to wait (for Linear's rate limit, for a new key, for an
earlier event of the same incident) simply sleeps.

    python one_file.py --port 8000
"""

import argparse
import hashlib
import http.client
import json
import math
import os
import random
import re
import signal
import ssl
import sys
import threading
import time
import uuid
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

FIRED = "io.homelab.prometheus.alert.fired"
RESOLVED = "io.homelab.prometheus.alert.resolved"

LINEAR = "https://api.linear.app/graphql"
PAGERDUTY = "https://api.pagerduty.com/oncalls"
TEAM = os.environ.get("LINEAR_TEAM_KEY", "BVL")
PROMETHEUS = os.environ.get("PROMETHEUS_URL", "http://prometheus:9090").rstrip("/")
GRAFANA = os.environ.get("GRAFANA_URL", "").rstrip("/")
NAMESPACE = os.environ.get("NAMESPACE", "ai")
FUNCTION_TIMEOUT = float(os.environ.get("FUNCTION_TIMEOUT", "60"))

LINEAR_TIMEOUT = 5.0
LOOKUP_TIMEOUT = 3.0
PAUSES = (1.0, 2.0, 4.0, 8.0)  # between the five tries of one call
PROBES = (8.0, 16.0, 25.0)  # until a refused key is tried again, in case it has been given its rights back
MAX_BODY = 1 << 20
STARTED = datetime.now(UTC)


# -- secrets and log ---------------------------------------------------------------------------------------------------

SECRETS = ("LINEAR_API_KEY", "PAGERDUTY_API_KEY")


def secret(name: str) -> str | None:
    """The secret's value now, from the file if one is named; None if the deployment does not have it at all."""
    if file := os.environ.get(name + "_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError:
            return ""  # just being replaced
    return os.environ.get(name)


_print_lock = threading.Lock()


@dataclass(frozen=True)
class Log:
    """Plain lines, each with the correlation id of the event that it belongs to."""

    correlation: str = "-"

    def info(self, text: str) -> None:
        self._write("INFO", text)

    def warning(self, text: str) -> None:
        self._write("WARNING", text)

    def error(self, text: str) -> None:
        self._write("ERROR", text)

    def _write(self, level: str, text: str) -> None:
        for value in filter(None, map(secret, SECRETS)):
            text = text.replace(value, "[secret]")
        stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        with _print_lock:
            print(f"{stamp} {level:<7} [{self.correlation}] {' '.join(text.split())}", flush=True)


# -- HTTP to the outside -----------------------------------------------------------------------------------------------

TLS = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE"))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def excerpt(self) -> str:
        return f"HTTP {self.status} {self.body[:300].decode(errors='replace')!r}"


class NoAnswer(Exception):
    """The call got no complete answer; whether it had an effect, nobody knows."""


class TooLate(NoAnswer):
    pass


def send(method: str, url: str, headers: dict[str, str], body: bytes | None = None, *, timeout: float) -> Answer:
    """One request over one new connection, through the proxy that the environment names."""
    target = urlsplit(url)
    host = target.hostname or ""
    proxy_url = None if proxy_bypass(target.netloc) else getproxies().get(target.scheme)
    proxy = urlsplit(proxy_url) if proxy_url else None
    hop, port = (proxy.hostname or "", proxy.port) if proxy else (host, target.port)
    path = f"{target.path or '/'}?{target.query}" if target.query else target.path or "/"

    connection: http.client.HTTPConnection
    if target.scheme == "https":
        connection = http.client.HTTPSConnection(hop, port, timeout=timeout, context=TLS)
        if proxy:
            connection.set_tunnel(host, target.port or 443, {"Host": f"{host}:{target.port or 443}"})
    else:
        connection = http.client.HTTPConnection(hop, port, timeout=timeout)
        path = url if proxy else path
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    except TimeoutError:
        raise TooLate(f"no answer within {timeout:g} s") from None
    except (OSError, http.client.HTTPException) as problem:
        raise NoAnswer(f"{type(problem).__name__}: {problem}") from problem
    finally:
        connection.close()


def look_up(what: str, url: str, headers: dict[str, str], log: Log) -> Any:
    """The JSON answer of a source that only enriches an issue, or None: no issue waits long for it."""
    for pause in (0.5, 1.0, 0.0):
        again = pause > 0
        try:
            answer = send("GET", url, {"Accept": "application/json", **headers}, timeout=LOOKUP_TIMEOUT)
            if answer.status == 200:
                return json.loads(answer.body)
            problem = answer.excerpt()
            again = again and answer.status >= 500
        except (NoAnswer, ValueError) as failure:
            problem = str(failure)
            again = again and not isinstance(failure, TooLate)
        log.error(f"{what} is no help: {problem}" + (f"; once more in {pause:g} s" if again else ""))
        if not again:
            break
        time.sleep(pause)
    return None


# -- the alert ---------------------------------------------------------------------------------------------------------


class BadEvent(Exception):
    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Event:
    id: str
    source: str
    type: str
    correlation: str
    data: Any


@dataclass(frozen=True)
class Alert:
    name: str
    severity: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: str
    source_url: str

    @classmethod
    def of(cls, data: Any) -> "Alert":
        if not isinstance(data, dict):
            raise BadEvent("the data is not a JSON object")
        labels = _texts(data, "labels")
        name = data.get("alertname") or labels.get("alertname")
        if not isinstance(name, str) or not name.strip():
            raise BadEvent("the alert has no name")
        for key in ("severity", "startsAt", "generatorURL"):
            if not isinstance(data.get(key) or "", str):
                raise BadEvent(f"{key} is not a text")
        return cls(
            name=name,
            severity=data.get("severity") or labels.get("severity") or "",
            labels={"alertname": name, **labels},
            annotations=_texts(data, "annotations"),
            starts_at=data.get("startsAt") or "",
            source_url=data.get("generatorURL") or "",
        )

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(json.dumps(self.labels, sort_keys=True).encode()).hexdigest()

    @property
    def since(self) -> datetime:
        try:
            moment = datetime.fromisoformat(self.starts_at)
        except ValueError:
            return datetime.now(UTC)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _texts(data: dict[str, Any], key: str) -> dict[str, str]:
    texts = data.get(key) or {}
    if not isinstance(texts, dict) or not all(isinstance(value, str) for value in texts.values()):
        raise BadEvent(f"{key} is not an object of texts")
    return texts


# -- Linear ------------------------------------------------------------------------------------------------------------

GROUND = """query Ground($team: String!, $labels: [String!], $email: String, $someone: Boolean!) {
  teams(filter: {key: {eq: $team}}) { nodes { id key } }
  issueLabels(filter: {name: {in: $labels}}) { nodes { id name team { id } } }
  users(filter: {email: {eq: $email}}) @include(if: $someone) { nodes { id email active } }
}"""
FIND = "query Find($id: String!) { issue(id: $id) { id identifier url state { type } } }"
CREATE = """mutation Create($input: IssueCreateInput!) {
  issueCreate(input: $input) { success issue { id identifier url state { type } } }
}"""
COMMENTS = "query Comments($id: String!) { issue(id: $id) { comments(first: 250) { nodes { id } } } }"
COMMENT = "mutation Comment($input: CommentCreateInput!) { commentCreate(input: $input) { success } }"
ATTACH = "mutation Attach($input: AttachmentCreateInput!) { attachmentCreate(input: $input) { success } }"
RELATIONS = "query Relations($id: String!) { issue(id: $id) { relations { nodes { relatedIssue { id } } } } }"
RELATE = "mutation Relate($input: IssueRelationCreateInput!) { issueRelationCreate(input: $input) { success } }"
DONE_STATES = """query DoneStates($team: String!) {
  workflowStates(filter: {team: {key: {eq: $team}}, type: {eq: "completed"}}) { nodes { id type position } }
}"""
MOVE = "mutation Move($id: String!, $state: String!) { issueUpdate(id: $id, input: {stateId: $state}) { success } }"

TRANSIENT_KINDS = {"internal error", "network error", "lock timeout", "bootstrap error"}


class LinearProblem(Exception):
    """Linear did not do what it was asked for, and this agent has stopped asking."""


class Refused(LinearProblem):
    """Asking again would not help."""


class Hiccup(Exception):
    """It may work next time."""


class Limited(Hiccup):
    def __init__(self, until: float | None) -> None:
        super().__init__("rate limit reached")
        self.until = until


class KeyRefused(Exception):
    pass


class Gate:
    """What every call has to pass: no call before an announced reset, none again and again with a refused key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opens = 0.0
        self._refused_key: str | None = None
        self._refusals = 0
        self._next_probe = 0.0

    def wait_for_key(self) -> str:
        """The key to use, as soon as a call may be made."""
        while True:
            key = secret("LINEAR_API_KEY")
            if key is None:
                raise Refused("LINEAR_API_KEY is not configured")
            with self._lock:
                now = time.time()
                if now < self._opens:
                    wait = self._opens - now
                elif key and key != self._refused_key:
                    return key
                elif key and now >= self._next_probe:
                    self._next_probe = now + PROBES[-1]
                    return key
                else:
                    wait = 0.5
            time.sleep(wait)

    def close_until(self, moment: float) -> None:
        with self._lock:
            self._opens = max(self._opens, moment)

    def refuse(self, key: str) -> float:
        """Notes that Linear does not want this key; gives the seconds until it is tried again."""
        with self._lock:
            pause = PROBES[min(self._refusals, len(PROBES) - 1)]
            self._refusals += 1
            self._refused_key = key
            self._next_probe = time.time() + pause
            return pause

    def accept(self) -> None:
        with self._lock:
            self._refused_key = None
            self._refusals = 0


class Linear:
    """Every object gets its id from here, so a create whose answer was lost is looked for before it is repeated."""

    def __init__(self) -> None:
        self._gate = Gate()

    # what the agent wants of it

    def ground(self, log: Log, labels: list[str], email: str | None) -> tuple[str, list[str], str | None]:
        """The ids of the team, of those labels that exist, and of the assignee if Linear knows the e-mail."""
        variables = {"team": TEAM, "labels": labels, "email": email, "someone": email is not None}
        found = self._call(log, GROUND, variables)
        team = next((node["id"] for node in found["teams"]["nodes"] if node["key"] == TEAM), None)
        if team is None:
            raise Refused(f"there is no team {TEAM}")
        label_ids = {
            node["name"]: node["id"]
            for node in found["issueLabels"]["nodes"]
            if node["name"] in labels and (node["team"] is None or node["team"]["id"] == team)
        }
        if missing := [name for name in labels if name not in label_ids]:
            log.warning(f"Linear has no label {missing}: the issue goes without")
        users = found.get("users", {"nodes": []})["nodes"]
        assignee = next((u["id"] for u in users if u["active"] and u["email"].lower() == (email or "").lower()), None)
        if email and assignee is None:
            log.warning("the engineer on call has no account in Linear: the issue stays unassigned")
        return team, list(label_ids.values()), assignee

    def find(self, log: Log, issue: str) -> dict[str, Any] | None:
        try:
            return self._call(log, FIND, {"id": issue})["issue"]
        except Refused:
            return None

    def create(self, log: Log, issue: dict[str, Any], *, doubtful: bool = False) -> dict[str, Any]:
        def existing() -> dict[str, Any] | None:
            try:
                return {"issueCreate": {"issue": self._once(log, FIND, {"id": issue["id"]})["issue"]}}
            except Refused:
                return None

        return self._call(log, CREATE, {"input": issue}, existing, doubtful=doubtful)["issueCreate"]["issue"]

    def comment(self, log: Log, issue: str, text: str) -> None:
        comment = {"id": str(uuid.uuid4()), "issueId": issue, "body": text}

        def existing() -> dict[str, Any] | None:
            nodes = self._once(log, COMMENTS, {"id": issue})["issue"]["comments"]["nodes"]
            return {"found": True} if {"id": comment["id"]} in nodes else None

        self._call(log, COMMENT, {"input": comment}, existing)

    def attach(self, log: Log, issue: str, url: str, title: str) -> None:
        self._call(log, ATTACH, {"input": {"issueId": issue, "url": url, "title": title}})  # same URL: same attachment

    def relate(self, log: Log, issue: str, other: str) -> None:
        def existing() -> dict[str, Any] | None:
            nodes = self._once(log, RELATIONS, {"id": issue})["issue"]["relations"]["nodes"]
            return {"found": True} if any(node["relatedIssue"]["id"] == other for node in nodes) else None

        relation = {"id": str(uuid.uuid4()), "issueId": issue, "relatedIssueId": other, "type": "related"}
        self._call(log, RELATE, {"input": relation}, existing)

    def complete(self, log: Log, issue: str) -> None:
        states = self._call(log, DONE_STATES, {"team": TEAM})["workflowStates"]["nodes"]
        done = min((s for s in states if s["type"] == "completed"), key=lambda s: s["position"], default=None)
        if done is None:
            raise Refused(f"team {TEAM} has no completed state")
        self._call(log, MOVE, {"id": issue, "state": done["id"]})

    # how it is asked

    def _call(
        self,
        log: Log,
        query: str,
        variables: dict[str, Any],
        existing: Callable[[], dict[str, Any] | None] | None = None,
        *,
        doubtful: bool = False,
    ) -> dict[str, Any]:
        """At most five tries; `existing` tells whether an earlier one has been successful without our hearing of it."""
        name = query.split()[1].split("(")[0]
        failures = 0
        refusal: Refused | None = None
        while True:
            try:
                if doubtful and existing:
                    if found := existing():
                        return found
                    if refusal:
                        raise refusal
                return self._once(log, query, variables)
            except Refused as problem:
                if existing is None or problem is refusal:
                    raise Refused(f"{name}: {problem}") from problem
                refusal, doubtful = problem, True  # perhaps only because it is there already
            except KeyRefused:
                continue
            except (Hiccup, NoAnswer) as problem:
                failures += 1
                doubtful = True
                if failures > len(PAUSES):
                    raise LinearProblem(f"{name} given up after {failures} tries: {problem}") from problem
                self._pause(log, name, problem, PAUSES[failures - 1] * random.uniform(0.95, 1.15))

    def _pause(self, log: Log, name: str, problem: Exception, seconds: float) -> None:
        if isinstance(problem, Limited):
            until = problem.until or time.time() + seconds
            self._gate.close_until(until)
            log.warning(f"Linear's rate limit is reached; no call for {until - time.time():.2f} s")
        else:
            log.error(f"Linear, {name}: {problem}; next try in {seconds:.1f} s")
            time.sleep(seconds)

    def _once(self, log: Log, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        key = self._gate.wait_for_key()
        headers = {"Authorization": key, "Content-Type": "application/json"}
        answer = send("POST", LINEAR, headers, body, timeout=LINEAR_TIMEOUT)
        try:
            data = self._data(answer)
        except KeyRefused:
            pause = self._gate.refuse(key)
            log.error(f"Linear refuses our API key (HTTP {answer.status}); waiting for another, or {pause:g} s")
            raise
        self._gate.accept()
        return data

    @staticmethod
    def _data(answer: Answer) -> dict[str, Any]:
        try:
            content = json.loads(answer.body)
        except ValueError:
            content = None
        errors = (content.get("errors") or []) if isinstance(content, dict) else []
        details = [error.get("extensions") or {} for error in errors]
        kinds = {detail.get("type") for detail in details}
        codes = {detail.get("code") for detail in details}
        said = "; ".join(str(error.get("message")) for error in errors) or answer.excerpt()

        if answer.status == 429 or "RATELIMITED" in codes or "ratelimited" in kinds:
            raise Limited(announced_reset(answer))
        if answer.status == 401 or "AUTHENTICATION_ERROR" in codes or "authentication error" in kinds:
            raise KeyRefused
        if answer.status == 408 or answer.status >= 500 or kinds & TRANSIENT_KINDS:
            raise Hiccup(f"HTTP {answer.status}: {said}")
        if answer.status != 200 or errors:
            raise Refused(f"HTTP {answer.status}: {said}")
        data = content.get("data") if isinstance(content, dict) else None
        if not isinstance(data, dict):
            raise Hiccup(f"unreadable answer: {said}")
        if any(isinstance(part, dict) and part.get("success") is False for part in data.values()):
            raise Hiccup("Linear says that it was not successful")
        return data


def announced_reset(answer: Answer) -> float | None:
    """When calls are welcome again: the reset of the budget that is spent, or of all if none of them says so."""
    resets: dict[bool, list[float]] = {True: [], False: []}
    for budget in ("Requests", "Complexity", "Endpoint-Requests"):
        try:
            reset = float(answer.headers[f"X-RateLimit-{budget}-Reset"]) / 1000
            remaining = float(answer.headers.get(f"X-RateLimit-{budget}-Remaining", "1"))
        except (TypeError, ValueError):
            continue
        resets[remaining <= 0].append(reset)
    moments = resets[True] or resets[False]
    if (answer.headers.get("Retry-After") or "").isdecimal():
        moments = [*moments, time.time() + int(answer.headers["Retry-After"])]
    return max(moments) + 0.1 if moments else None


# -- who is on call, and how bad is it ---------------------------------------------------------------------------------


def on_call_email(alert: Alert, log: Log) -> str | None:
    key, schedule = secret("PAGERDUTY_API_KEY"), os.environ.get("PAGERDUTY_SCHEDULE_ID")
    if not key or not schedule:
        return None
    moment = alert.since
    window = {"since": moment.isoformat(), "until": (moment + timedelta(minutes=1)).isoformat()}
    query = urlencode({"schedule_ids[]": schedule, "include[]": "users", "limit": "100", **window})
    headers = {"Authorization": f"Token token={key}", "Accept": "application/vnd.pagerduty+json;version=2"}
    found = look_up("PagerDuty", f"{PAGERDUTY}?{query}", headers, log)
    try:
        shifts = [shift for shift in found["oncalls"] if _covers(shift, moment)] if found else []
        first = min(shifts, key=lambda shift: shift["escalation_level"], default=None)
        email = first["user"]["email"] if first else None
    except (TypeError, KeyError, ValueError) as problem:
        log.error(f"PagerDuty's answer is strange: {type(problem).__name__} {problem}")
        return None
    if email is None:
        log.info("nobody is known to be on call: the issue stays unassigned")
    return email


def _covers(shift: dict[str, Any], moment: datetime) -> bool:
    start, end = (datetime.fromisoformat(shift[key]) if shift.get(key) else None for key in ("start", "end"))
    return (start is None or start <= moment) and (end is None or moment < end)


def violation(alert: Alert, log: Log) -> str | None:
    """How badly the alert's SLO burns; None where nobody knows."""
    slo = alert.labels.get("slo")
    if not slo:
        return None
    promql = f"slo:error_budget_burn_rate{{slo_name={json.dumps(slo, ensure_ascii=False)}}}"
    found = look_up("Prometheus", f"{PROMETHEUS}/api/v1/query?{urlencode({'query': promql})}", {}, log)
    try:
        rates = [float(series["value"][1]) for series in found["data"]["result"]]
    except (TypeError, KeyError, ValueError):
        return None
    rates = [rate for rate in rates if not math.isnan(rate)]
    if not rates:
        log.info(f"no burn rate is known of SLO {slo}")
        return None
    steps = ((0.05, "critical"), (0.01, "high"), (0.001, "medium"))
    return next((name for above, name in steps if max(rates) > above), "low")


def priority(severity: str, burning: str | None) -> int:
    plain = {"critical": 1, "warning": 2, "info": 3}
    violated = {"critical": 1, "warning": 2, "info": 4}
    quiet = {"critical": 2, "warning": 3, "info": 4}
    table = plain if burning is None else violated if burning in ("critical", "high") else quiet
    return table.get(severity.lower(), 3)


# -- remediation -------------------------------------------------------------------------------------------------------

FUNCTION_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class Failure(Exception):
    """Why the remediation did not work."""


def run_function(alert: Alert, call_id: str, correlation: str) -> None:
    """Calls the alert's LambdaFunction, once."""
    function = alert.annotations["lambda_function"]
    if not FUNCTION_NAME.fullmatch(function):
        raise Failure(f"{function!r} cannot be the name of a function")
    try:
        parameters = json.loads(alert.annotations.get("lambda_parameters") or "{}")
    except ValueError as problem:
        raise Failure(f"its parameters are not JSON: {problem}") from problem
    if not isinstance(parameters, dict):
        raise Failure("its parameters are not a JSON object")
    headers = {
        "ce-specversion": "1.0",
        "ce-id": call_id,
        "ce-source": "agent-sre",
        "ce-type": "io.homelab.agent-sre.remediation.request",
        "ce-correlationid": correlation.replace("%", "%25").replace('"', "%22"),
        "X-Correlation-ID": correlation,
        "Content-Type": "application/json",
    }
    url = f"http://{function}.{NAMESPACE}.svc.cluster.local/"
    try:
        answer = send("POST", url, headers, json.dumps(parameters).encode(), timeout=FUNCTION_TIMEOUT)
    except NoAnswer as problem:
        raise Failure(str(problem)) from problem
    if not 200 <= answer.status < 300:
        raise Failure(f"it answered {answer.excerpt()}")
    try:
        verdict = json.loads(answer.body)
    except ValueError as problem:
        raise Failure(f"nobody can read its answer: {answer.excerpt()}") from problem
    while isinstance(verdict, dict):  # the verdict may be wrapped: data, result, body
        if verdict.get("status") == "error" or verdict.get("error"):
            raise Failure(f"it reports an error: {verdict.get('message') or verdict.get('error')}")
        verdict = verdict.get("data") or verdict.get("result") or verdict.get("body")


# -- incidents ---------------------------------------------------------------------------------------------------------


class Turns:
    """A lock that serves those who wait in the order in which they came."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._next = 0
        self._serving = 0

    @contextmanager
    def mine(self) -> Iterator[None]:
        with self._changed:
            number, self._next = self._next, self._next + 1
            self._changed.wait_for(lambda: self._serving == number)
        try:
            yield
        finally:
            with self._changed:
                self._serving += 1
                self._changed.notify_all()


class Incident:
    """All that happens to one label set; whoever touches it holds its turn."""

    def __init__(self, linear: Linear) -> None:
        self.turns = Turns()
        self._linear = linear
        self._issue: str | None = None
        self._closed = ""  # the issue of the firing before this one
        self._tried = ""  # the id under which an issue may exist although Linear never said so

    def fired(self, alert: Alert, log: Log) -> str:
        if self._issue is None:
            self._adopt(alert, log)
        if self._issue is not None:
            text = f"`{alert.name}` has been reported again, it is still firing. (correlation `{log.correlation}`)"
            self._aside(log, "repeat", lambda issue: self._linear.comment(log, issue, text))
            return "updated"
        burning = violation(alert, log)
        labels = list(filter(None, ("agent-sre", alert.severity.lower())))
        team, label_ids, assignee = self._linear.ground(log, labels, on_call_email(alert, log))
        issue: dict[str, Any] = {
            "id": self._id_for(alert),
            "teamId": team,
            "title": f"{alert.name}: {alert.severity or 'unrated'} alert is firing"[:250],
            "description": describe(alert, burning, log.correlation),
            "priority": priority(alert.severity, burning),
            "labelIds": label_ids,
        }
        if assignee:
            issue["assigneeId"] = assignee
        doubtful, self._tried = self._tried == issue["id"], issue["id"]
        created = self._linear.create(log, issue, doubtful=doubtful)
        self._issue = created["id"]
        log.info(f"issue {created['identifier']} opened for {alert.name}")
        self._link(alert, log)
        self._remediate(alert, issue, log)
        return "opened"

    def resolved(self, alert: Alert, log: Log) -> str:
        if self._issue is None:
            self._adopt(alert, log)
        if self._issue is None:
            log.info(f"{alert.name} is over, and there is no open issue for it")
            return "nothing to close"
        text = f"Prometheus says that `{alert.name}` is over: closing. (correlation `{log.correlation}`)"
        self._aside(log, "closing comment", lambda issue: self._linear.comment(log, issue, text))
        try:
            self._linear.complete(log, self._issue)
            log.info(f"issue closed, {alert.name} is over")
        except Refused as problem:
            log.error(f"the issue of {alert.name} has to be closed by hand: {problem}")
        self._closed, self._issue = self._issue, None
        return "closed"

    def _id_for(self, alert: Alert, purpose: str = "alert") -> str:
        """The same for each report of one firing, in this process and in the next."""
        seed = f"{purpose} {alert.fingerprint} {alert.starts_at} {self._closed}"
        return str(uuid.UUID(bytes=hashlib.sha256(seed.encode()).digest()[:16], version=4))

    def _adopt(self, alert: Alert, log: Log) -> None:
        """Takes over the issue that an earlier process may have opened for this firing."""
        if alert.since > STARTED:
            return
        while found := self._linear.find(log, self._id_for(alert)):
            if found["state"]["type"] not in ("completed", "canceled", "duplicate"):
                self._issue = found["id"]
                return
            self._closed = found["id"]

    def _link(self, alert: Alert, log: Log) -> None:
        if urlsplit(alert.source_url).scheme in ("http", "https"):
            title = f"Where {alert.name} comes from"
            self._aside(log, "source link", lambda issue: self._linear.attach(log, issue, alert.source_url, title))
        if (slo := alert.labels.get("slo")) and GRAFANA:
            url = f"{GRAFANA}/d/slo-{quote(slo, safe='')}"
            self._aside(log, "SLO link", lambda issue: self._linear.attach(log, issue, url, f"Dashboard of SLO {slo}"))
        if self._closed:
            self._aside(log, "relation", lambda issue: self._linear.relate(log, issue, self._closed))

    def _remediate(self, alert: Alert, issue: dict[str, Any], log: Log) -> None:
        function = alert.annotations.get("lambda_function")
        if not function:
            return
        text = f"Calling function `{function}` to put it right. (correlation `{log.correlation}`)"
        self._aside(log, "remediation start", lambda issue: self._linear.comment(log, issue, text))
        try:
            run_function(alert, self._id_for(alert, "call"), log.correlation)
        except Failure as problem:
            log.error(f"function {function} failed: {problem}")
            outcome = f"Function `{function}` **failed**: {problem}"
            self._aside(log, "failure ticket", lambda issue_id: self._report(alert, issue, issue_id, outcome, log))
        else:
            log.info(f"function {function} was successful")
            outcome = f"Function `{function}` was successful."
        self._aside(log, "remediation outcome", lambda issue: self._linear.comment(log, issue, outcome))

    def _report(self, alert: Alert, issue: dict[str, Any], related: str, outcome: str, log: Log) -> None:
        parameters = alert.annotations.get("lambda_parameters", "none")
        ticket = issue | {
            "id": self._id_for(alert, "failure"),
            "title": f"Remediation of {alert.name} failed, somebody has to look"[:250],
            "description": f"{outcome}\n\n* alert: {alert.name}\n* severity: {alert.severity or 'none'}\n"
            f"* parameters: `{parameters}`\n* correlation: `{log.correlation}`",
        }
        self._linear.create(log, ticket)
        self._linear.relate(log, ticket["id"], related)

    def _aside(self, log: Log, what: str, work: Callable[[str], None]) -> None:
        """What only adds to the issue must never cost it."""
        try:
            work(self._issue or "")
        except LinearProblem as problem:
            log.error(f"{what} is missing on the issue: {problem}")


def describe(alert: Alert, burning: str | None, correlation: str) -> str:
    sections = [f"**{alert.name}** is firing, severity **{alert.severity or 'none'}**, since {alert.starts_at or '?'}."]
    if slo := alert.labels.get("slo"):
        sections.append(f"SLO `{slo}`: " + (f"{burning} violation" if burning else "its burn rate is unknown"))
    sections += [f"#### {name}\n{text}" for name, text in alert.annotations.items()]
    sections.append("#### Label set\n" + "\n".join(f"* {name} = {value}" for name, value in alert.labels.items()))
    if alert.source_url:
        sections.append(f"Source: {alert.source_url}")
    sections.append(f"Correlation: `{correlation}`")
    return "\n\n".join(sections)


class Agent:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._linear = Linear()
        self._incidents: dict[str, Incident] = {}
        self._finished: OrderedDict[tuple[str, str], None] = OrderedDict()
        self.outcomes: Counter[str] = Counter()

    def handle(self, event: Event) -> str:
        """Returns when all is done that the event asks for; a redelivered event waits for the first one's end."""
        log = Log(event.correlation)
        if event.type not in (FIRED, RESOLVED):
            log.info(f"nothing to do for event type {event.type}")
            return self._count("ignored")
        alert = Alert.of(event.data)
        with self._lock:
            incident = self._incidents.setdefault(alert.fingerprint, Incident(self._linear))
        with incident.turns.mine():
            if (event.source, event.id) in self._finished:
                log.info(f"event {event.id} has been delivered before")
                return self._count("duplicate")
            log.info(f"event {event.id}: {alert.name} {event.type.rpartition('.')[2]}")
            try:
                outcome = incident.fired(alert, log) if event.type == FIRED else incident.resolved(alert, log)
            except Refused as problem:
                log.error(f"no issue for {alert.name}: {problem}")
                outcome = "refused"
            with self._lock:
                self._finished[event.source, event.id] = None
                if len(self._finished) > 10_000:
                    self._finished.popitem(last=False)
            return self._count(outcome)

    def _count(self, outcome: str) -> str:
        with self._lock:
            self.outcomes[outcome] += 1
        return outcome


# -- the door ----------------------------------------------------------------------------------------------------------


def read_event(headers: Message, body: bytes) -> Event:
    media = headers.get_content_type() if "Content-Type" in headers else ""
    try:
        if media.startswith("application/cloudevents-batch"):
            raise BadEvent("no batches, please", 415)
        if media.startswith("application/cloudevents"):
            attributes = _json(body)
            if not isinstance(attributes, dict):
                raise BadEvent("the event is not a JSON object")
            data = attributes.get("data")
        elif "ce-specversion" in headers:
            if media and not re.fullmatch(r"application/([\w.-]+\+)?json", media):
                raise BadEvent(f"the data is {media}, not JSON", 415)
            attributes = {
                name.lower()[3:]: unquote(value.strip('"'), errors="strict")
                for name, value in headers.items()
                if name.lower().startswith("ce-")
            }
            data = _json(body) if body else None
        else:
            raise BadEvent("this is no CloudEvent", 415)
    except (ValueError, RecursionError) as problem:
        raise BadEvent(f"nobody can read this: {type(problem).__name__}") from problem
    for name in ("id", "source", "type"):
        if not isinstance(attributes.get(name), str) or not attributes[name]:
            raise BadEvent(f"the event has no {name}")
    if attributes.get("specversion") != "1.0":
        raise BadEvent("not a CloudEvent of version 1.0")
    correlation = correlation_id(attributes, headers)
    return Event(attributes["id"], attributes["source"], attributes["type"], correlation, data)


def _json(body: bytes) -> Any:
    content = json.loads(body.decode())
    json.dumps(content, ensure_ascii=False).encode()  # no lone surrogates
    return content


def correlation_id(attributes: dict[str, Any], headers: Message) -> str:
    """The one that was given along, else one that is the same for each delivery of the event."""
    trace = re.fullmatch(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-.*", headers.get("traceparent", ""))
    for given in (attributes.get("correlationid"), headers.get("X-Correlation-ID"), trace and trace[1]):
        if isinstance(given, str) and re.fullmatch(r"[\x21-\x7e]{1,256}", given):
            return given
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{attributes['source']} {attributes['id']}").hex


class Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    agent: Agent

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY:
            self.close_connection = True
            self._answer(413 if length.isdecimal() else 411, {"status": "not read"})
            return
        body = self.rfile.read(int(length))
        if self.path != "/":
            self._answer(404, {"status": "nothing here"})
            return
        event = None
        try:
            event = read_event(self.headers, body)
            status, outcome = 200, self.agent.handle(event)
        except BadEvent as problem:
            status, outcome = problem.status, str(problem)
            Log(event.correlation if event else "-").warning(f"event turned away: {problem}")
        except LinearProblem as problem:
            status, outcome = 503, "not done, please deliver again"
            Log(event.correlation if event else "-").error(f"event {event.id if event else '?'} not done: {problem}")
        except Exception as problem:
            status, outcome = 500, "internal error"
            Log(event.correlation if event else "-").error(f"unexpected {type(problem).__name__}: {problem}")
        ids = {"event_id": event.id, "correlation_id": event.correlation} if event else {}
        self._answer(status, {"status": outcome, **ids})

    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer(200, {"status": "alive"})
        elif self.path == "/ready":
            configured = secret("LINEAR_API_KEY") is not None
            self._answer(200 if configured else 503, {"status": "ready" if configured else "no key for Linear"})
        elif self.path == "/metrics":
            lines = [f'agent_sre_events_total{{outcome="{o}"}} {n}\n' for o, n in dict(self.agent.outcomes).items()]
            self._answer(200, "# TYPE agent_sre_events_total counter\n" + "".join(lines))
        else:
            self._answer(404, {"status": "nothing here"})

    def _answer(self, status: int, content: dict[str, str] | str) -> None:
        text = content if isinstance(content, str) else json.dumps(content)
        media = "text/plain; version=0.0.4" if isinstance(content, str) else "application/json"
        try:
            self.send_response(status)
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())
        except OSError:
            self.close_connection = True  # the sender did not wait; it will come again

    def log_message(self, *_: object) -> None:
        """No access log: each event has its own lines."""


class Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


def main() -> None:
    parser = argparse.ArgumentParser(description="agent-sre in one file")
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    Door.agent = Agent()
    server = Server(("0.0.0.0", port), Door)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Log().info(f"listening on port {port}")
    server.serve_forever()


if __name__ == "__main__":
    main()
