"""An agent-sre that answers first and works later: it runs LambdaFunctions for alerts, with permission if need be.

An event is only written down before the 202 goes out. As one thread accepts all of them, the order of acceptance
decides what an event means (a new incident, a repetition, an end); all the rest happens in background tasks, one life
per incident.

    python later.py --port 8000
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import os
import random
import re
import ssl
import time
import uuid
from collections import OrderedDict, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qs, unquote

import httpx
import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

Json = dict[str, Any]
T = TypeVar("T")

FIRED, RESOLVED = "io.homelab.prometheus.alert.fired", "io.homelab.prometheus.alert.resolved"
LONGEST_WAIT = 120.0  # whoever announces a longer pause has failed
AILING = ("pod", "deployment")  # labels that name what a function is to work on, the first there is
ACCEPTED_BODY = 1024 * 1024


# ---------------------------------------------------------------------------------------------------- deployment


def credential(name: str) -> str:
    """Read anew each time: a key is rotated by replacing its file."""
    path = os.environ.get(f"{name}_FILE")
    with contextlib.suppress(OSError):
        return Path(path).read_text("utf-8").strip() if path else os.environ.get(name, "")
    return ""


@dataclass(frozen=True)
class Settings:
    team: str = os.environ.get("LINEAR_TEAM_KEY", "BVL")
    namespace: str = os.environ.get("NAMESPACE", "ai")
    kubeconfig: str = os.environ.get("KUBECONFIG", "")
    supervised: bool = os.environ.get("OPERATION_MODE", "agentic").lower() == "supervised"
    function_timeout: float = float(os.environ.get("FUNCTION_TIMEOUT", "60"))
    breaker_failures: int = 5
    breaker_cooldown: float = float(os.environ.get("BREAKER_COOLDOWN", "30"))
    custom_endpoint: str = os.environ.get("CUSTOM_APPROVAL_ENDPOINT", "").rstrip("/")
    custom_method: str = os.environ.get("CUSTOM_APPROVAL_METHOD", "POST").upper()
    custom_calls_back: bool = os.environ.get("CUSTOM_APPROVAL_USE_WEBHOOK", "true").lower() != "false"
    custom_callback: str = os.environ.get("CUSTOM_APPROVAL_CALLBACK_URL", "")
    approval_by_all: bool = os.environ.get("APPROVAL_REQUIRE_ALL", "false").lower() == "true"
    approval_timeout: float = float(os.environ.get("APPROVAL_TIMEOUT_SECONDS", "3600"))
    approval_default: str = os.environ.get("APPROVAL_TIMEOUT_ACTION", "pending").lower()


SETTINGS = Settings()

corr: ContextVar[str] = ContextVar("corr", default="")


def say(level: Literal["INFO", "WARN", "ERROR"], msg: str, **more: Any) -> None:
    """One JSON line; the correlation id comes from the task's context."""
    line = {"ts": datetime.now(UTC).isoformat(), "lvl": level, "msg": msg, "corr": corr.get(), **more}
    text = json.dumps({key: value for key, value in line.items() if value != ""}, ensure_ascii=False, default=str)
    for name in ("LINEAR_API_KEY", "SLACK_WEBHOOK_URL", "SLACK_SIGNING_SECRET"):
        if value := credential(name):
            text = text.replace(value, f"<{name}>")
    print(text, flush=True)


# ------------------------------------------------------------------------------------------------- trying again


class Failed(Exception):
    """It did not work, and trying again would not help."""


class Hitch(Exception):
    """It did not work this time."""

    def __init__(self, reason: str, not_before: float = 0.0) -> None:
        super().__init__(reason)
        self.not_before = not_before  # by time.time()


def announced(headers: httpx.Headers) -> float:
    """The moment before which the other side does not want to be asked again."""
    value = headers.get("retry-after", "")
    if value.isdecimal():
        return time.time() + int(value)
    try:
        return parsedate_to_datetime(value).timestamp()
    except ValueError:
        return 0.0


def is_transient(status: int) -> bool:
    return status in (408, 429) or status >= 500


async def persist(what: str, pauses: tuple[float, ...], attempt: Callable[[int], Awaitable[T]]) -> T:
    """Tries once more after each of the pauses, later if the other side said so."""
    for number, pause in enumerate((*pauses, None)):
        try:
            return await attempt(number)
        except Hitch as hitch:
            if pause is None:
                raise Failed(f"{hitch} (tried {number + 1} times)") from hitch
            wait = max(pause * random.uniform(1.0, 1.2), hitch.not_before - time.time())
            if wait > LONGEST_WAIT:
                raise Failed(f"{hitch} (not to be asked for another {wait:.0f} s)") from hitch
            say("WARN", f"{what}: {hitch}", again_in=round(wait, 2))
            await asyncio.sleep(wait)
    raise AssertionError


class Courtesy:
    """Keeps all callers of one service quiet while it does not want to be called."""

    def __init__(self) -> None:
        self.until = 0.0

    async def wait(self) -> None:
        if (rest := self.until - time.time()) > 0:
            await asyncio.sleep(rest)
            await self.wait()


# ------------------------------------------------------------------------------------------------------- tickets


@dataclass(frozen=True)
class Ticket:
    id: str
    name: str


class Tickets:
    """Plain issues and comments in Linear, under ids chosen here: a lost answer never makes a second one."""

    URL = "https://api.linear.app/graphql"
    PAUSES = (1.0, 2.0, 4.0, 8.0)
    TEMPORARY = ("internal error", "network error", "lock timeout")

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._courtesy = Courtesy()
        self._team = ""

    async def open(self, title: str, text: str) -> Ticket | None:
        """The new ticket; None if Linear cannot be brought to take it, which stops no remediation."""
        ticket_id = str(uuid.uuid4())
        known = "query K($id: String!) { issue(id: $id) { id identifier } }"
        new = "mutation N($i: IssueCreateInput!) { issueCreate(input: $i) { success issue { id identifier } } }"

        async def attempt(number: int) -> Ticket:
            if number and (issue := await self._known(known, {"id": ticket_id})):
                return Ticket(ticket_id, issue["issue"]["identifier"])
            draft = {"id": ticket_id, "teamId": await self._team_id(), "title": title[:240], "description": text}
            return Ticket(ticket_id, (await self._ask(new, {"i": draft}))["issueCreate"]["issue"]["identifier"])

        try:
            ticket = await persist("opening a ticket", self.PAUSES, attempt)
        except Failed as reason:
            say("ERROR", f"no ticket for '{title}': {reason}")
            return None
        say("INFO", f"ticket {ticket.name}: {title}")
        return ticket

    async def comment(self, ticket: Ticket | None, text: str) -> None:
        if ticket is None:
            return
        comment_id = str(uuid.uuid4())
        known = "query K($id: String!) { issue(id: $id) { comments(first: 250) { nodes { id } } } }"
        new = "mutation N($i: CommentCreateInput!) { commentCreate(input: $i) { success } }"

        async def attempt(number: int) -> None:
            found = await self._known(known, {"id": ticket.id}) if number else None
            if found and {"id": comment_id} in found["issue"]["comments"]["nodes"]:
                return
            await self._ask(new, {"i": {"id": comment_id, "issueId": ticket.id, "body": text}})

        try:
            await persist(f"commenting on {ticket.name}", self.PAUSES, attempt)
        except Failed as reason:
            say("ERROR", f"no comment on {ticket.name}: {reason}", comment=text)

    async def _team_id(self) -> str:
        if not self._team:
            query = "query T($key: String!) { teams(filter: {key: {eq: $key}}) { nodes { id } } }"
            nodes = (await self._ask(query, {"key": SETTINGS.team}))["teams"]["nodes"]
            if not nodes:
                raise Failed(f"Linear has no team {SETTINGS.team}")
            self._team = nodes[0]["id"]
        return self._team

    async def _known(self, query: str, variables: Json) -> Json | None:
        try:
            return await self._ask(query, variables)
        except Failed:
            return None

    async def _ask(self, query: str, variables: Json) -> Json:
        key = credential("LINEAR_API_KEY")
        if not key:
            raise Failed("there is no key for Linear")
        await self._courtesy.wait()
        try:
            async with asyncio.timeout(6):
                response = await self._http.post(
                    self.URL, json={"query": query, "variables": variables}, headers={"Authorization": key}
                )
            content = response.json()
            errors = content.get("errors") or []
            details = [error.get("extensions", {}) for error in errors]
        except TimeoutError:
            raise Hitch("Linear is silent") from None
        except httpx.HTTPError as problem:
            raise Hitch(f"Linear: {type(problem).__name__} {problem}") from problem
        except (ValueError, AttributeError) as problem:
            raise Hitch(f"Linear: HTTP {response.status_code} with an unreadable body") from problem

        reason = f"Linear: HTTP {response.status_code} " + "; ".join(str(error.get("message")) for error in errors)
        if response.status_code == 429 or any(detail.get("code") == "RATELIMITED" for detail in details):
            self._courtesy.until = max(self._courtesy.until, self._reset(response.headers))
            raise Hitch(reason, self._courtesy.until)
        if is_transient(response.status_code) or any(detail.get("type") in self.TEMPORARY for detail in details):
            raise Hitch(reason)
        if response.status_code == 401:
            raise Hitch(reason)  # the key may just be being replaced
        if response.status_code != 200 or errors:
            raise Failed(reason)
        if not isinstance(content.get("data"), dict):
            raise Hitch("Linear: an answer without data")
        return content["data"]

    @staticmethod
    def _reset(headers: httpx.Headers) -> float:
        resets = {name[: -len("-reset")]: value for name, value in headers.items() if name.endswith("-reset")}
        spent = {budget: value for budget, value in resets.items() if headers.get(f"{budget}-remaining") == "0"}
        moments = [float(value) / 1000 for value in (spent or resets).values() if value.isdecimal()]
        return max([announced(headers), *moments]) + 0.05


# ---------------------------------------------------------------------------------------------------- Kubernetes


class Cluster:
    """The Kubernetes API, reached as the kubeconfig says at the moment of asking."""

    def __init__(self) -> None:
        self._text = ""
        self._client: httpx.AsyncClient | None = None
        self._server = ""
        self._user: Json = {}

    async def lambda_function(self, name: str) -> Json | None:
        path = f"/apis/lambda.knative.io/v1alpha1/namespaces/{SETTINGS.namespace}/lambdafunctions/{name}"

        async def attempt(_: int) -> Json | None:
            try:
                client = self._connect()
                headers = {"Authorization": f"Bearer {self._token()}", "Accept": "application/json"}
            except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError) as problem:
                raise Failed(f"the kubeconfig is of no use ({type(problem).__name__})") from problem
            try:
                async with asyncio.timeout(5):
                    response = await client.get(self._server + path, headers=headers)
                    content = response.json() if response.status_code == 200 else None
            except TimeoutError:
                raise Hitch("the Kubernetes API is silent") from None
            except (httpx.HTTPError, ValueError) as problem:
                raise Hitch(f"the Kubernetes API: {type(problem).__name__} {problem}") from problem
            if response.status_code == 404:
                return None
            if is_transient(response.status_code):
                raise Hitch(f"the Kubernetes API: HTTP {response.status_code}", announced(response.headers))
            if not isinstance(content, dict):
                raise Failed(f"the Kubernetes API: HTTP {response.status_code}")
            return content

        return await persist(f"looking for function {name}", (0.5, 1.0, 2.0), attempt)

    def _connect(self) -> httpx.AsyncClient:
        text = Path(SETTINGS.kubeconfig).read_text("utf-8")
        if self._client is None or text != self._text:
            config = yaml.safe_load(text)
            current = self._named(config["contexts"], config["current-context"])["context"]
            cluster = self._named(config["clusters"], current["cluster"])["cluster"]
            self._user = self._named(config["users"], current["user"])["user"]
            self._server = cluster["server"].rstrip("/")
            self._client = httpx.AsyncClient(verify=self._trust(cluster))
            self._text = text
        return self._client

    @staticmethod
    def _named(entries: list[Json], name: str) -> Json:
        return next((entry for entry in entries if entry["name"] == name), {})

    @staticmethod
    def _trust(cluster: Json) -> ssl.SSLContext:
        if data := cluster.get("certificate-authority-data"):
            return ssl.create_default_context(cadata=base64.b64decode(data).decode())
        if file := cluster.get("certificate-authority"):
            return ssl.create_default_context(cafile=Path(SETTINGS.kubeconfig).parent / file)
        return ssl.create_default_context()

    def _token(self) -> str:
        file = self._user.get("tokenFile")
        return (Path(SETTINGS.kubeconfig).parent / file).read_text("utf-8").strip() if file else self._user["token"]


# ----------------------------------------------------------------------------------------------------- functions


class BreakerOpen(Exception):
    pass


class Breaker:
    """Lets no call through for a while after some failures in a row, and then a single one to see how things are."""

    def __init__(self) -> None:
        self._failures = 0
        self._opened: float | None = None
        self._probing = False

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        probe = False
        if self._opened is not None:
            if self._probing or time.monotonic() - self._opened < SETTINGS.breaker_cooldown:
                raise BreakerOpen
            probe = self._probing = True
        try:
            yield
        except BaseException:
            self._failures += 1
            if probe or (self._opened is None and self._failures >= SETTINGS.breaker_failures):
                self._opened = time.monotonic()
            raise
        else:
            if probe or self._opened is None:
                self._failures, self._opened = 0, None
        finally:
            if probe:
                self._probing = False


class Functions:
    PAUSES = (1.0, 2.0, 4.0)
    NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

    def __init__(self, http: httpx.AsyncClient, cluster: Cluster) -> None:
        self._http = http
        self._cluster = cluster
        self._breakers: defaultdict[str, Breaker] = defaultdict(Breaker)

    async def must_be_ready(self, name: str) -> None:
        if not self.NAME.fullmatch(name):
            raise Failed(f"'{name}' cannot be a function's name")
        found = await self._cluster.lambda_function(name)
        if found is None:
            raise Failed(f"function {name} does not exist in namespace {SETTINGS.namespace}")
        status = found.get("status") or {}
        if status.get("phase") != "Ready" or (status.get("serviceStatus") or {}).get("ready") is False:
            raise Failed(f"function {name} is not ready (phase {status.get('phase') or 'unknown'})")

    async def call(self, name: str, event_id: str, parameters: Json) -> str:
        """What the function reports; the same event on each try."""
        await self.must_be_ready(name)
        event = {
            "specversion": "1.0",
            "id": event_id,
            "source": "agent-sre",
            "type": "io.homelab.agent-sre.remediation.request",
            "time": datetime.now(UTC).isoformat(),
            "datacontenttype": "application/json",
            "correlationid": corr.get(),
            "data": parameters,
        }
        headers = {"Content-Type": "application/cloudevents+json; charset=UTF-8", "X-Correlation-ID": corr.get()}
        url = f"http://{name}.{SETTINGS.namespace}.svc.cluster.local/"
        last = ""

        async def attempt(_: int) -> str:
            nonlocal last
            try:
                with self._breakers[name].watch():
                    return await self._post(url, headers, json.dumps(event).encode())
            except BreakerOpen:
                raise Failed(f"the circuit breaker of {name} is open{last and f', after {last}'}") from None
            except Hitch as hitch:
                last = str(hitch)
                raise

        return await persist(f"calling function {name}", self.PAUSES, attempt)

    async def _post(self, url: str, headers: dict[str, str], body: bytes) -> str:
        try:
            async with asyncio.timeout(SETTINGS.function_timeout):
                response = await self._http.post(url, headers=headers, content=body)
        except TimeoutError:
            raise Failed(f"timeout: no answer within {SETTINGS.function_timeout:g} s") from None
        except httpx.HTTPError as problem:
            raise Hitch(f"{type(problem).__name__} {problem}") from problem
        if response.is_success:
            return reported(response)
        reason = f"HTTP {response.status_code}: {error_text(response)}"
        if is_transient(response.status_code):
            raise Hitch(reason, announced(response.headers))
        raise Failed(reason)


def error_text(response: httpx.Response) -> str:
    """The message of an error answer; of an unknown shape its beginning, never a whole stack trace."""
    with contextlib.suppress(ValueError, AttributeError, RecursionError):
        content = response.json()
        error = content.get("error") or content
        return str(error["message"])[:500] if isinstance(error, dict) and "message" in error else str(error)[:200]
    return response.text[:200]


def reported(response: httpx.Response) -> str:
    """The message of a success, whatever the shape: CloudEvent in either mode, the runtime's envelope, plain JSON."""
    kind = response.headers.get("ce-type", "")
    try:
        content = json.loads(response.content)
        if response.headers.get("content-type", "").lower().startswith("application/cloudevents"):
            kind = str(content.get("type", ""))
            packed = content.get("data_base64")
            content = json.loads(base64.b64decode(packed)) if packed else content.get("data")
    except (ValueError, AttributeError, RecursionError) as problem:
        raise Failed(f"unintelligible answer: {response.text[:200]!r}") from problem

    good, message = kind.endswith(".success"), ""
    for layer in unwrap(content):
        status = str(layer.get("status", "")).lower()
        code = layer.get("statusCode")
        message = str(layer.get("message") or message)
        if status in ("error", "failed", "failure") or layer.get("error") or (isinstance(code, int) and code >= 400):
            detail = layer.get("error") or code or status
            if isinstance(detail, dict):
                detail = detail.get("message") or detail.get("code")
            raise Failed(f"the function reports an error: {message or detail}")
        good = good or status in ("success", "succeeded", "ok", "completed") or isinstance(code, int)
    if kind.endswith((".error", ".timeout")):
        raise Failed(f"the function reports {kind}")
    if not good:
        raise Failed(f"the answer does not say how it went: {response.text[:200]!r}")
    return message or "success"


def unwrap(content: Any) -> Iterator[Json]:
    """The JSON objects in which a verdict may stand, from the envelope inwards."""
    while content:
        if isinstance(content, str):
            try:
                content = json.loads(content)
            except (ValueError, RecursionError):
                return
        if not isinstance(content, dict):
            return
        yield content
        content = content.get("data") or content.get("result") or content.get("body")


# ----------------------------------------------------------------------------------------------------- incidents


class BadEvent(Exception):
    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


@dataclass
class Incident:
    alertname: str
    severity: str
    labels: dict[str, str]
    annotations: dict[str, str]
    call_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    ticket: Ticket | None = None
    ticket_tried: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def from_data(cls, data: Any) -> "Incident":
        match data:
            case {"alertname": str(name), "labels": dict(labels), **rest} if name.strip():
                annotations = rest.get("annotations") or {}
            case _:
                raise BadEvent("no alert in this event")
        texts = [*labels.values(), *(annotations.values() if isinstance(annotations, dict) else [None])]
        if not all(isinstance(text, str) for text in texts):
            raise BadEvent("labels and annotations have to be texts")
        severity = rest.get("severity") or labels.get("severity") or "none"
        return cls(name, str(severity), labels, annotations)

    @property
    def key(self) -> frozenset[tuple[str, str]]:
        return frozenset({"alertname": self.alertname, **self.labels}.items())

    def parameters(self, function: str) -> Json:
        """Those of the annotation with their types, each label that it leaves out, and the name of what is ailing."""

        def reject(constant: str) -> None:
            raise ValueError(constant)

        text = self.annotations.get("lambda_parameters", "").strip()
        try:
            given = json.loads(text, parse_constant=reject) if text else {}
        except (ValueError, RecursionError) as problem:
            raise Failed(f"lambda_parameters is not valid JSON: {text[:200]}") from problem
        if not isinstance(given, dict):
            raise Failed(f"lambda_parameters is not a JSON object: {text[:200]}")
        wanted = AILING[::-1] if "deployment" in f"{function} {given.get('type')}" else AILING
        ailing = next((self.labels[label] for label in wanted if label in self.labels), None)
        return {**({"name": ailing} if ailing else {}), **self.labels, **given}

    def story(self) -> str:
        def rows(pairs: dict[str, str]) -> str:
            return "\n".join(f"{name}: {value}" for name, value in pairs.items())

        return (
            f"Incident: {self.alertname}\nHow bad: {self.severity}\nTrace it by: {corr.get()}\n\n"
            f"What is known\n\n{rows(self.annotations)}\n\nWhere\n\n{rows(self.labels)}\n"
        )


# ----------------------------------------------------------------------------------------------------- approvals

Provider = Literal["slack", "custom"]


@dataclass(frozen=True)
class Decision:
    run: bool
    why: str


@dataclass
class Question:
    """One request for permission; once it is settled no answer changes anything."""

    incident: Incident
    function: str
    parameters: Json
    providers: tuple[Provider, ...]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    settled: asyncio.Future[Decision] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    yes: dict[Provider, str] = field(default_factory=dict)
    state: str = "pending"

    def answer(self, provider: Provider, approve: bool, who: str) -> None:
        stamp = datetime.now(UTC).isoformat(timespec="seconds")
        if not approve:
            self.state = "rejected"
            self.settled.set_result(Decision(False, f"{who} said no ({provider}, {stamp})"))
            return
        self.yes[provider] = f"{who} ({provider}, {stamp})"
        if not SETTINGS.approval_by_all or set(self.yes) == set(self.providers):
            self.state = "approved"
            self.settled.set_result(Decision(True, "allowed by " + " and ".join(self.yes.values())))


class Approvals:
    PAUSES = (0.5, 1.0, 2.0, 4.0)

    def __init__(self, http: httpx.AsyncClient, tickets: Tickets) -> None:
        self._http = http
        self._tickets = tickets
        self._slack_courtesy = Courtesy()
        self._questions: OrderedDict[str, Question] = OrderedDict()
        self._signatures: OrderedDict[str, float] = OrderedDict()

    async def decide(self, incident: Incident, function: str, parameters: Json) -> Decision:
        """Asks every provider at once and waits for people, or for the end of the time they have."""
        channels: dict[Provider, Callable[[Question], Coroutine[Any, Any, None]]] = {}
        if credential("SLACK_WEBHOOK_URL"):
            channels["slack"] = self._ask_slack
        if SETTINGS.custom_endpoint:
            channels["custom"] = self._ask_custom
        if not channels:
            return Decision(False, "nobody can be asked: no approval provider is configured")
        question = Question(incident, function, parameters, tuple(channels))
        self._questions[question.id] = question
        if len(self._questions) > 5_000:
            self._questions.popitem(last=False)
        say("INFO", f"asking for permission to run {function}", request=question.id, providers=list(channels))
        asking = [asyncio.create_task(self._report_failure(name, ask(question))) for name, ask in channels.items()]
        await asyncio.wait([question.settled], timeout=SETTINGS.approval_timeout)
        for task in asking:
            task.cancel()
        if question.settled.done():
            return question.settled.result()
        question.settled.cancel()
        return self._by_default(question)

    def _by_default(self, question: Question) -> Decision:
        late = f"no decision within {SETTINGS.approval_timeout:g} s"
        if SETTINGS.approval_default == "approve":
            question.state = "approved"
            return Decision(True, f"{late}, and silence counts as a yes here")
        if SETTINGS.approval_default == "reject":
            question.state = "rejected"
            return Decision(False, f"{late}, and silence counts as a no here")
        question.state = "expired"
        return Decision(False, f"{late}: it stays pending, for somebody to do by hand")

    async def _report_failure(self, provider: Provider, asking: Coroutine[Any, Any, None]) -> None:
        try:
            await asking
        except Failed as reason:
            say("ERROR", f"{provider} cannot be asked for permission: {reason}")

    # Slack

    async def _ask_slack(self, question: Question) -> None:
        def escape(text: str) -> str:
            return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

        def button(verb: str, label: str, style: str) -> Json:
            text = {"type": "plain_text", "text": label}
            action_id = f"{verb}_{question.id}"
            return {"type": "button", "action_id": action_id, "value": question.id, "style": style, "text": text}

        incident = question.incident
        headline = f"May I run {question.function} for {incident.alertname}?"
        facts = {"Function": question.function, "Alert": incident.alertname, "Severity": incident.severity}
        ids = f"Request {question.id}, correlation {corr.get()}"
        parameters = escape(json.dumps(question.parameters, indent=1, ensure_ascii=False))[:2900]
        message = {
            "text": escape(headline),
            "blocks": [
                {"type": "header", "text": {"type": "plain_text", "text": headline[:150]}},
                {
                    "type": "section",
                    "fields": [
                        {"type": "mrkdwn", "text": f"*{name}*\n{escape(value)[:1900]}"} for name, value in facts.items()
                    ],
                },
                {"type": "section", "text": {"type": "mrkdwn", "text": f"With\n```{parameters}```"}},
                {"type": "context", "elements": [{"type": "mrkdwn", "text": escape(ids)}]},
                {
                    "type": "actions",
                    "elements": [
                        button("approve", "Yes, go ahead", "primary"),
                        button("reject", "No, leave it", "danger"),
                    ],
                },
            ],
        }

        async def attempt(_: int) -> None:
            await self._slack_courtesy.wait()
            response = await self._send("Slack", "POST", credential("SLACK_WEBHOOK_URL"), message)
            if response.status_code == 429:
                self._slack_courtesy.until = max(self._slack_courtesy.until, announced(response.headers))
            self._expect_success("Slack", response)
            if response.text != "ok":
                raise Failed(f"Slack says {response.text[:100]}")

        await persist("asking Slack", self.PAUSES, attempt)

    def slack_click(self, headers: httpx.Headers, body: bytes) -> Response:
        """A click on one of the buttons, if it is Slack that tells of it, and tells of it for the first time."""
        stamp, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
        secret = credential("SLACK_SIGNING_SECRET")
        base = f"v0:{stamp}:".encode() + body
        genuine = "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
        now = time.time()
        if not secret or not hmac.compare_digest(genuine.encode(), signature.encode()):
            return refusal(401, "not signed by Slack")
        if not stamp.isdecimal() or abs(now - int(stamp)) > 300:
            return refusal(401, "stale")
        while self._signatures and next(iter(self._signatures.values())) < now - 600:
            self._signatures.popitem(last=False)
        if signature in self._signatures:
            return refusal(409, "seen before")
        self._signatures[signature] = now
        try:
            payload = json.loads(parse_qs(body.decode(), strict_parsing=True)["payload"][0])
            verb, _, suffix = payload["actions"][0]["action_id"].partition("_")
            request_id = payload["actions"][0].get("value") or suffix
            user = payload["user"]
            name = user.get("name") or user.get("username")
            who = f"{name} <{user['id']}>" if name else str(user["id"])
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as problem:
            return refusal(400, f"not a click: {type(problem).__name__}")
        return self._take("slack", request_id, verb, who)

    # custom application

    async def _ask_custom(self, question: Question) -> None:
        incident = question.incident
        callback = f"http://agent-sre.{SETTINGS.namespace}.svc.cluster.local/approval/callback"
        request = {
            "request_id": question.id,
            "agent_name": "agent-sre",
            "action": "execute_lambda_function",
            "lambda_function": question.function,
            "parameters": question.parameters,
            "alertname": incident.alertname,
            "correlation_id": corr.get(),
            "timeout": SETTINGS.approval_timeout,
            "callback_url": SETTINGS.custom_callback or callback,
            "metadata": {"labels": incident.labels, "annotations": incident.annotations},
        }

        async def attempt(_: int) -> httpx.Response:
            response = await self._send("approval app", SETTINGS.custom_method, SETTINGS.custom_endpoint, request)
            self._expect_success("approval app", response)
            return response

        response = await persist("asking the approval app", self.PAUSES, attempt)
        if not SETTINGS.custom_calls_back:
            with contextlib.suppress(ValueError, AttributeError):
                await self._poll(question, str(response.json().get("approval_id") or question.id))

    async def _poll(self, question: Question, approval_id: str) -> None:
        interval = min(10.0, max(0.5, SETTINGS.approval_timeout / 20))
        while not question.settled.done():
            await asyncio.sleep(interval)
            try:
                response = await self._send("approval app", "GET", f"{SETTINGS.custom_endpoint}/status/{approval_id}")
                self._expect_success("approval app", response)
                found = response.json()
                verdict = str(found.get("decision") or found.get("status"))
            except (Hitch, Failed, ValueError, AttributeError) as problem:
                say("WARN", f"asking the approval app for its answer: {problem}", request=question.id)
                continue
            who = found.get("user_name") or found.get("user_id") or "somebody"
            for verb in ("approve", "reject"):
                if verdict.startswith(verb):  # "approved" as well
                    self._take("custom", question.id, verb, str(who))

    def custom_answer(self, body: bytes) -> Response:
        try:
            content = json.loads(body)
            provider, request_id, verb = content["provider"], content["request_id"], content["decision"]
            who = content.get("user_name") or content.get("user_id") or "somebody"
        except (ValueError, LookupError, TypeError, RecursionError) as problem:
            return refusal(400, f"not an answer: {type(problem).__name__}")
        if provider != "custom":
            return refusal(400, "unknown provider")
        return self._take("custom", request_id, verb, str(who))

    # both

    def _take(self, provider: Provider, request_id: Any, verb: Any, who: str) -> Response:
        if verb not in ("approve", "reject"):
            return refusal(400, "neither approve nor reject")
        question = self._questions.get(request_id) if isinstance(request_id, str) else None
        if question is None or provider not in question.providers:
            return refusal(404, "no such request")
        open_until_now = not question.settled.done()
        if open_until_now:
            question.answer(provider, verb == "approve", who)
        say("INFO", f"{who} answered {verb}", request=request_id, counted=open_until_now, state=question.state)
        status = "processed" if open_until_now else "too late"
        return JSONResponse({"status": status, "request_id": request_id, "approval_status": question.state})

    async def _send(self, whom: str, method: str, url: str, content: Json | None = None) -> httpx.Response:
        try:
            async with asyncio.timeout(5):
                return await self._http.request(method, url, json=content)
        except TimeoutError:
            raise Hitch(f"{whom} is silent") from None
        except httpx.HTTPError as problem:
            raise Hitch(f"{whom}: {type(problem).__name__}") from problem

    @staticmethod
    def _expect_success(whom: str, response: httpx.Response) -> None:
        reason = f"{whom}: HTTP {response.status_code} {response.text[:100]}"
        if is_transient(response.status_code):
            raise Hitch(reason, announced(response.headers))
        if not response.is_success:
            raise Failed(reason)


def refusal(status: int, reason: str) -> Response:
    say("WARN", f"approval answer refused: {reason}")
    return JSONResponse({"status": "refused", "reason": reason}, status)


# --------------------------------------------------------------------------------------------------------- agent


class Agent:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self.tickets = Tickets(http)
        self.functions = Functions(http, Cluster())
        self.approvals = Approvals(http, self.tickets)
        self.open: dict[frozenset[tuple[str, str]], Incident] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self._delivered: OrderedDict[tuple[str, str], None] = OrderedDict()

    def accept(self, event: Json) -> str:
        """Decides what the event means and leaves the work for later."""
        if event["type"] not in (FIRED, RESOLVED):
            return "not interested"
        incident = Incident.from_data(event.get("data"))
        delivery = (event["source"], event["id"])
        if delivery in self._delivered:
            say("INFO", "delivered before", event=event["id"])
            return "known"
        self._delivered[delivery] = None
        if len(self._delivered) > 20_000:
            self._delivered.popitem(last=False)
        say("INFO", f"{incident.alertname}: {event['type']}", event=event["id"])
        if event["type"] == RESOLVED:
            self.open.pop(incident.key, None)
        elif incident.key in self.open:
            self._later(self._repeat(self.open[incident.key]))
        else:
            self.open[incident.key] = incident
            self._later(self._live(incident))
        return "accepted"

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (bug := task.exception()):
            say("ERROR", f"a task died of {type(bug).__name__}: {bug}")

    async def _repeat(self, incident: Incident) -> None:
        await incident.ticket_tried.wait()
        await self.tickets.comment(incident.ticket, f"Another report of {incident.alertname} came in ({corr.get()}).")

    async def _live(self, incident: Incident) -> None:
        incident.ticket = await self.tickets.open(f"{incident.alertname} needs attention", incident.story())
        incident.ticket_tried.set()
        function = incident.annotations.get("lambda_function")
        if not function:
            return
        try:
            await self._remediate(incident, function)
        except Failed as reason:
            say("ERROR", f"remediation by {function} failed: {reason}", alert=incident.alertname)
            await self._report(incident, function, str(reason))

    async def _remediate(self, incident: Incident, function: str) -> None:
        parameters = incident.parameters(function)
        if SETTINGS.supervised:
            await self.functions.must_be_ready(function)  # nobody should be asked about something impossible
            decision = await self.approvals.decide(incident, function, parameters)
            say("INFO", f"{function}: {decision.why}", run=decision.run)
            if not decision.run:
                await self.tickets.comment(incident.ticket, f"{function} was not run: {decision.why}.")
                return
            await self.tickets.comment(incident.ticket, f"{function} will be run: {decision.why}.")
        await self.tickets.comment(incident.ticket, f"Running {function} now.")
        message = await self.functions.call(function, incident.call_id, parameters)
        say("INFO", f"{function} did its work", says=message)
        await self.tickets.comment(incident.ticket, f"{function} did its work: {message}")

    async def _report(self, incident: Incident, function: str, reason: str) -> None:
        about = incident.ticket.name if incident.ticket else "without a ticket"
        parameters = incident.annotations.get("lambda_parameters", "none")
        text = (
            f"Could not remedy {incident.alertname} ({about}).\n\nReason: {reason}\n\nFunction: {function}\n\n"
            f"Parameters as annotated: {parameters}\n\nTrace it by: {corr.get()}\n"
        )
        failure = await self.tickets.open(f"{function} did not help with {incident.alertname}", text)
        told = f", see {failure.name}" if failure else ""
        await self.tickets.comment(incident.ticket, f"{function} did not help{told}. Reason: {reason}")


# ---------------------------------------------------------------------------------------------------------- door


async def read_body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > ACCEPTED_BODY:
            raise BadEvent("too big", 413)
    return bytes(body)


def parse_event(headers: httpx.Headers, body: bytes) -> Json:
    media = headers.get("content-type", "").split(";")[0].strip().lower()
    try:
        if media.startswith("application/cloudevents") and not media.startswith("application/cloudevents-batch"):
            event = json.loads(body)
        elif "ce-specversion" in headers and (media in ("", "application/json") or media.endswith("+json")):
            event = {
                name.removeprefix("ce-"): unquote(value, errors="strict")
                for name, value in headers.items()
                if name.startswith("ce-")
            }
            event["data"] = json.loads(body or b"null")
        else:
            raise BadEvent("neither a structured nor a binary CloudEvent", 415)
        json.dumps(event, ensure_ascii=False).encode()  # only what can be written out again
    except (ValueError, RecursionError) as problem:
        raise BadEvent(f"unreadable: {type(problem).__name__}") from problem
    if not isinstance(event, dict) or event.get("specversion") != "1.0":
        raise BadEvent("no CloudEvent of version 1.0")
    for name in ("id", "source", "type"):
        if not isinstance(event.get(name), str) or not event[name]:
            raise BadEvent(f"an event without {name}")
    return event


def correlate(event: Json, headers: httpx.Headers) -> str:
    trace = headers.get("traceparent", "").split("-")
    candidates = [event.get("correlationid"), headers.get("x-correlation-id"), trace[1] if len(trace) >= 4 else None]
    usable = (c for c in candidates if isinstance(c, str) and re.fullmatch(r"[!-~]{1,200}", c) and c.strip("0"))
    return next(usable, None) or str(uuid.uuid5(uuid.NAMESPACE_OID, f"{event['source']}\n{event['id']}"))


async def take_event(request: Request) -> Response:
    headers = httpx.Headers(request.headers.raw)
    ids = {}
    try:
        event = parse_event(headers, await read_body(request))
        ids = {"event_id": event["id"], "correlation_id": correlate(event, headers)}
        corr.set(ids["correlation_id"])
        return JSONResponse({"status": request.app.state.agent.accept(event), **ids}, 202)
    except BadEvent as problem:
        say("WARN", f"event refused: {problem}")
        return JSONResponse({"status": "refused", "reason": str(problem), **ids}, problem.status)


async def take_approval(request: Request) -> Response:
    headers = httpx.Headers(request.headers.raw)
    approvals: Approvals = request.app.state.agent.approvals
    try:
        body = await read_body(request)
    except BadEvent as problem:
        return refusal(problem.status, str(problem))
    if headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        return approvals.slack_click(headers, body)
    return approvals.custom_answer(body)


async def health(_: Request) -> Response:
    return JSONResponse({"status": "up"})


async def metrics(request: Request) -> Response:
    agent: Agent = request.app.state.agent
    gauges = {"agent_sre_open_incidents": len(agent.open), "agent_sre_background_tasks": len(agent.tasks)}
    return PlainTextResponse("".join(f"# TYPE {name} gauge\n{name} {value}\n" for name, value in gauges.items()))


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    unlimited = httpx.Limits(max_connections=None, max_keepalive_connections=20)
    async with httpx.AsyncClient(timeout=None, limits=unlimited) as http:  # noqa: S113 - each use has its own time
        app.state.agent = Agent(http)
        say("INFO", "up", supervised=SETTINGS.supervised)
        yield


app = Starlette(
    lifespan=lifespan,
    routes=[
        Route("/", take_event, methods=["POST"]),
        Route("/approval/callback", take_approval, methods=["POST"]),
        Route("/health", health),
        Route("/ready", health),
        Route("/metrics", metrics),
    ],
)

if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="agent-sre that works later")
    arguments.add_argument("--port", type=int, default=8000)
    uvicorn.run(app, host="0.0.0.0", port=arguments.parse_args().port, log_level="warning", access_log=False)
