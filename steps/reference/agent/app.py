"""The doors of agent-sre: events, health, readiness and metrics (CONTRACTS §10.1)."""

from __future__ import annotations

import asyncio
import math
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace

import httpx
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from steps.reference import logs, tracing
from steps.reference.agent import kubernetes, settings
from steps.reference.agent.alert import FIRED, RESOLVED, MalformedAlertError, alert_of, correlation_id_of
from steps.reference.agent.approval_application import ApprovalApplication
from steps.reference.agent.approvals import Approvals, Provider
from steps.reference.agent.callbacks import Callbacks
from steps.reference.agent.choice import Chooser
from steps.reference.agent.context import Inquiry
from steps.reference.agent.functions import Functions
from steps.reference.agent.incidents import Incidents
from steps.reference.agent.jira import Jira
from steps.reference.agent.kubernetes import Kubernetes
from steps.reference.agent.linear import Linear
from steps.reference.agent.linear_access import Access, OAuth, PersonalKey
from steps.reference.agent.metrics import Metrics
from steps.reference.agent.observability import Observability, Source
from steps.reference.agent.oncall import OnCall
from steps.reference.agent.remediation import Remediation
from steps.reference.agent.slack import Slack
from steps.reference.agent.slm import Slm
from steps.reference.agent.tickets import Tracker
from steps.reference.agent.trm import Trm
from steps.reference.calls import Retries, make_client
from steps.reference.doors import RateLimit, Work, read_body
from steps.reference.events import CloudEvent, MalformedEventError, UnsupportedMediaError, parse

KEPT = 10_000
"""Events that are remembered, so that a redelivery has no second effect."""


class Agent:
    """The doors.

    An event is answered when its ticket work is done, or after a while, and always 202, whose body no broker
    takes for a reply (CONTRACTS §6.2). From then on the agent answers for it: it goes on until it succeeds,
    and where it is refused for good a redelivery would not help. Only an event that the agent does not take,
    because it has too much to do or ends, is answered so that the broker delivers it again.
    """

    def __init__(
        self,
        incidents: Incidents,
        metrics: Metrics,
        work: Work,
        limit: RateLimit,
        answer_timeout: float,
        max_pending: int,
    ) -> None:
        self._incidents = incidents
        self._limit = limit
        self._metrics = metrics
        self._work = work
        self._answer_timeout = answer_timeout
        self._max_pending = max_pending
        self._taken: OrderedDict[tuple[str, str], asyncio.Task[bool]] = OrderedDict()

    async def receive(self, request: Request) -> Response:
        """POST /: one CloudEvent."""
        if wait := self._limit.wait():
            return _refusal(429, "Too many events; deliver it again later.", {"retry-after": str(math.ceil(wait))})
        body = await read_body(request)
        if body is None:
            return _refusal(413, "The event is too large.")
        try:
            event = parse(request.headers, body)
            correlation_id = correlation_id_of(event, request.headers.get("x-correlation-id"))
            logs.bind(correlation_id=correlation_id, event_id=event["id"])
            self._metrics.received.labels(event["type"], event["source"]).inc()
            if event["type"] not in (FIRED, RESOLVED):
                logs.info("event of a type that the agent has nothing to do with", type=event["type"])
                return _answer("ignored", event, correlation_id)
            alert = alert_of(event)
        except UnsupportedMediaError as error:
            return _refusal(415, str(error))
        except (MalformedEventError, MalformedAlertError) as error:
            return _refusal(400, str(error))
        logs.bind(alertname=alert.alertname)
        identity = event["source"], event["id"]
        duplicate = identity in self._taken
        logs.info("event received", type=event["type"], duplicate=duplicate)
        if not duplicate:
            if len(self._work) >= self._max_pending:
                return _refusal(
                    429, "The agent has too much to do; deliver the event again later.", {"retry-after": "1"}
                )
            handling = self._incidents.handle(event, alert, correlation_id)
            handling = tracing.traced(f"handle {alert.status} alert", handling, event.trace)
            self._taken[identity] = self._work.start(f"event {event['id']}", handling)
            self._forget()
        done = await self._work.outcome(self._taken[identity], self._answer_timeout)
        if done is None and self._work.stopping.is_set():
            return _refusal(503, "The agent ends; deliver the event again.")
        status = {True: "processed", False: "failed", None: "accepted"}[done]
        return _answer("duplicate" if duplicate else status, event, correlation_id)

    async def health(self, _: Request) -> Response:
        """GET /health: the agent lives."""
        return JSONResponse({"status": "healthy"})

    async def ready(self, _: Request) -> Response:
        """GET /ready: the agent takes events."""
        ready = not self._work.stopping.is_set() and len(self._work) < self._max_pending
        return JSONResponse({"status": "ready" if ready else "not ready"}, 200 if ready else 503)

    async def metrics(self, _: Request) -> Response:
        """GET /metrics: Prometheus text."""
        return Response(generate_latest(self._metrics.registry), media_type=CONTENT_TYPE_LATEST)

    def _forget(self) -> None:
        while len(self._taken) > KEPT:
            self._taken.popitem(last=False)


def _answer(status: str, event: CloudEvent, correlation_id: str) -> Response:
    return JSONResponse({"status": status, "event_id": event["id"], "correlation_id": correlation_id}, 202)


def _refusal(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    logs.warning("event not taken", reason=sentence)
    return JSONResponse({"status": "refused", "message": sentence}, status, headers)


def make_app(variables: Mapping[str, str]) -> Starlette:
    """The application. Raises SettingsError."""
    config = settings.read(variables)
    cluster = kubernetes.access(config)
    tls = httpx.create_ssl_context()
    once_more = replace(config.retries, tries=2)  # context is not worth much of a ticket's time
    clients = {name: make_client(tls) for name in ("prometheus", "pagerduty", "trm")}
    clients["functions"] = make_client(tls, at_once=None)
    work, metrics = Work(), Metrics()
    slm = Slm(clients["prometheus"], config.prometheus_url, config.prometheus_timeout, once_more)
    oncall = None
    if config.pagerduty_api_key and config.pagerduty_schedule_id:
        key, schedule = config.pagerduty_api_key, config.pagerduty_schedule_id
        oncall = OnCall(clients["pagerduty"], key, schedule, config.http_timeout, once_more)
    reader = None
    if cluster:
        clients["kubernetes"] = make_client(cluster.tls)
        reader = Kubernetes(clients["kubernetes"], cluster, config.http_timeout, config.retries)
    functions = Functions(
        clients["functions"],
        config.namespace,
        config.function_timeout,
        config.retries,
        config.breaker_failures,
        config.breaker_cooldown,
    )
    observability = _observability(config, clients, tls, once_more)
    trm = Trm(clients["trm"], config.trm_url, config.trm_timeout, once_more, metrics, work)
    approvals, callbacks = _approvals(config, clients, tls)
    incidents = Incidents(
        _trackers(config, clients, tls),
        Inquiry(slm, oncall, observability),
        Remediation(functions, reader, config.namespace),
        Chooser(trm, metrics),
        approvals,
        metrics,
        work,
        grafana_url=config.grafana_url,
        later=config.retry_later_pause,
        ticket_patience=config.answer_timeout,
    )
    limit = RateLimit(config.rate_limit, config.rate_limit_burst)
    agent = Agent(incidents, metrics, work, limit, config.answer_timeout, config.max_pending)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for client in clients.values():
                await stack.enter_async_context(client)
            await stack.enter_async_context(aclosing(work))
            work.start("first look at the model", trm.look())
            yield

    routes = [
        Route("/", agent.receive, methods=["POST"]),
        Route("/health", agent.health),
        Route("/ready", agent.ready),
        Route("/metrics", agent.metrics),
        Route("/approval/callback", callbacks.receive, methods=["POST"]),
    ]
    if config.otlp_endpoint:
        tracing.start("agent-sre", config.otlp_endpoint)
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.work = work
    return app


def _linear_access(config: settings.Settings, client: httpx.AsyncClient) -> Access:
    """What opens Linear."""
    if oauth := config.linear_oauth:
        return OAuth(
            client,
            oauth.client_id,
            oauth.client_secret,
            oauth.refresh_token,
            oauth.file,
            margin=oauth.margin,
            retries=config.retries,
        )
    assert config.linear_api_key, "without OAuth the settings demand it"
    return PersonalKey(config.linear_api_key)


def _trackers(config: settings.Settings, clients: dict[str, httpx.AsyncClient], tls: ssl.SSLContext) -> list[Tracker]:
    """Linear, and Jira when it is configured, each with a client of its own."""
    clients["linear"] = make_client(tls)
    trackers: list[Tracker] = [
        Linear(
            clients["linear"],
            _linear_access(config, clients["linear"]),
            config.linear_team_key,
            timeout=config.http_timeout,
            retries=config.retries,
            later=config.retry_later_pause,
        )
    ]
    if jira := config.jira:
        clients["jira"] = make_client(tls)
        trackers.append(
            Jira(
                clients["jira"],
                jira.url,
                jira.email,
                jira.api_token,
                jira.project_key,
                jira.issue_type,
                timeout=config.http_timeout,
                index_lag=jira.index_lag,
                retries=config.retries,
                later=config.retry_later_pause,
            )
        )
    return trackers


def _observability(
    config: settings.Settings, clients: dict[str, httpx.AsyncClient], tls: ssl.SSLContext, retries: Retries
) -> Observability:
    """The backends that are configured, each with a client of its own."""

    def source(name: str, url: str | None) -> Source | None:
        if url is None:
            return None
        clients[name] = make_client(tls)
        return Source(name.title(), clients[name], url, config.http_timeout, retries)

    prometheus = Source("Prometheus", clients["prometheus"], config.prometheus_url, config.prometheus_timeout, retries)
    return Observability(prometheus, source("loki", config.loki_url), source("tempo", config.tempo_url))


def _approvals(
    config: settings.Settings, clients: dict[str, httpx.AsyncClient], tls: ssl.SSLContext
) -> tuple[Approvals | None, Callbacks]:
    """Who approves, with clients of their own, and the door at which they answer."""
    asked = config.approval
    if asked is None:
        return None, Callbacks(None, None, None)
    slack, application = None, None
    if asked.slack_webhook_url and asked.slack_signing_secret:
        clients["slack"] = make_client(tls)
        slack = Slack(
            clients["slack"],
            asked.slack_webhook_url,
            asked.slack_signing_secret,
            asked.slack_channel,
            config.http_timeout,
            config.retries,
        )
    if asked.custom_endpoint:
        clients["approvals"] = make_client(tls)
        application = ApprovalApplication(
            clients["approvals"],
            asked.custom_endpoint,
            asked.custom_method,
            asked.custom_callback_url,
            asked.custom_poll_interval,
            config.http_timeout,
            config.retries,
        )
    providers: list[Provider] = [provider for provider in (slack, application) if provider]
    approvals = Approvals(
        providers,
        require_all=asked.require_all,
        timeout=asked.timeout,
        at_timeout=asked.at_timeout,
        later=config.retry_later_pause,
    )
    return approvals, Callbacks(approvals, slack, application)
