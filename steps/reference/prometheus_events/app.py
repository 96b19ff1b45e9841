"""The doors of prometheus-events: the webhook, health and metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager

import httpx
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from steps.reference import logs
from steps.reference.calls import CallError, Retries, make_client
from steps.reference.doors import Work, read_body
from steps.reference.events import CloudEvent
from steps.reference.prometheus_events.delivery import Delivery
from steps.reference.prometheus_events.notification import AlertState, MalformedNotificationError, event_of, parse
from steps.reference.settings import Environment

KEPT = 10_000
"""Events of refused notifications that are remembered."""


class PrometheusEvents:
    """Takes notifications, and answers each when the sink has all its events or does not take one."""

    def __init__(self, delivery: Delivery, work: Work) -> None:
        self._delivery = delivery
        self._work = work
        self._unanswered: dict[AlertState, CloudEvent] = {}
        self.registry = CollectorRegistry()
        self._notifications = Counter(
            "prometheus_events_notifications", "Webhook notifications by outcome", ["outcome"], registry=self.registry
        )
        self._events = Counter(
            "prometheus_events_cloudevents",
            "CloudEvents by type and outcome",
            ["type", "outcome"],
            registry=self.registry,
        )

    async def webhook(self, request: Request) -> Response:
        """POST /webhook: 200 when the sink took all, 4xx for no notification, 5xx to have it repeated."""
        body = await read_body(request)
        if body is None:
            return self._answer("malformed", 413, "The notification is too large.")
        try:
            notification = parse(body)
        except MalformedNotificationError as error:
            logs.warning("malformed notification", error=str(error))
            return self._answer("malformed", 400, str(error))
        correlation_id = request.headers.get("x-correlation-id")
        traceparent = request.headers.get("traceparent")
        # Alertmanager repeats a notification that was not answered 200: the same occurrence, the same event
        events = {
            alert.state: self._unanswered.get(alert.state) or event_of(alert, notification, correlation_id, traceparent)
            for alert in notification.alerts
        }
        self._unanswered |= events
        while len(self._unanswered) > KEPT:
            del self._unanswered[next(iter(self._unanswered))]
        delivering = self._work.start("delivery of a notification", self._deliver_all(events))
        delivered = await self._work.outcome(delivering)
        if not delivered:
            return self._answer("not delivered", 502, "The sink did not take every event; send the notification again.")
        for state in events:
            self._unanswered.pop(state, None)
        return self._answer("delivered", 200, f"The sink took {len(events)} events.")

    async def _deliver_all(self, events: Mapping[AlertState, CloudEvent]) -> bool:
        return all(await asyncio.gather(*(self._deliver(state.fingerprint, event) for state, event in events.items())))

    async def _deliver(self, alert: str, event: CloudEvent) -> bool:
        logs.bind(correlation_id=event["correlationid"], event_id=event["id"], alertname=event["subject"])
        try:
            await self._delivery.deliver(alert, event)
        except CallError as failure:
            self._events.labels(event["type"], "not delivered").inc()
            logs.error("event not delivered", error=str(failure))
            return False
        self._events.labels(event["type"], "delivered").inc()
        logs.info("event delivered", type=event["type"])
        return True

    def _answer(self, outcome: str, status: int, sentence: str) -> Response:
        self._notifications.labels(outcome).inc()
        return JSONResponse({"status": outcome, "message": sentence}, status)

    async def metrics(self, _: Request) -> Response:
        """GET /metrics: Prometheus text."""
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)


async def health(_: Request) -> Response:
    """GET /health: the program takes notifications."""
    return JSONResponse({"status": "healthy"})


def make_app(variables: Mapping[str, str]) -> Starlette:
    """The application. Raises SettingsError."""
    environment = Environment(variables)
    sink, timeout = environment.text("K_SINK"), environment.seconds("HTTP_TIMEOUT", 5)
    retries = Retries(environment.count("RETRY_TRIES", 5), environment.seconds("RETRY_FIRST_PAUSE", 0.5))
    environment.check()
    work = Work()
    client = make_client(httpx.create_ssl_context())
    service = PrometheusEvents(Delivery(client, sink, timeout, retries), work)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with client, aclosing(work):
            yield

    routes = [
        Route("/webhook", service.webhook, methods=["POST"]),
        Route("/health", health),
        Route("/metrics", service.metrics),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.work = work
    return app
