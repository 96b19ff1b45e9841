"""The broker: takes CloudEvents at its ingress and delivers them by Knative's rules (CONTRACTS §6.2).

It behaves as the RabbitMQ broker does: every Trigger has a queue of its own, of which `parallelism` events are
under way at a time; 1 keeps the order of the queue, also while an event is tried again.
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urljoin

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from steps.world.cluster.cloudevent import Event, EventError, Message, Mode, decode, encode, text_of
from steps.world.cluster.kubernetes import Store
from steps.world.cluster.tasks import Tasks

Outcome = Literal["pending", "delivered", "dead", "dropped"]
"""dead: given up, and kept as a dead letter; dropped: its Trigger was deleted meanwhile."""
Headers = list[tuple[str, str]]

_RETRIED = (404, 408, 409, 429)
_HEEDED = (429, 503)
"""Answers whose Retry-After counts."""
_NO_ANSWER = -1
_PARALLELISM = "rabbitmq.eventing.knative.dev/parallelism"
_TRACE = ("traceparent", "tracestate")
_ERROR_DATA_LIMIT = 1024
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_MODES: dict[str, Mode] = {"json": "structured", "binary": "binary"}


class TriggerError(Exception):
    """A Trigger asks for what this broker cannot do; the sentence names it."""


@dataclass(frozen=True, slots=True)
class DeliverySpec:
    """How events are delivered; times in seconds. A Trigger's own `spec.delivery` and annotation come first."""

    mode: Mode = "binary"
    retry: int = 5
    """Tries after the first."""
    backoff: Literal["linear", "exponential"] = "exponential"
    backoff_delay: float = 1.0
    """The n-th pause is n (linear) or 2^n (exponential) times this, or the answer's Retry-After if longer."""
    timeout: float = 30.0
    """Of one attempt."""
    parallelism: int = 50

    def pause(self, retry: int) -> float:
        """Seconds before the n-th retry, counted from 1."""
        return self.backoff_delay * (retry if self.backoff == "linear" else 2**retry)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that the broker has accepted, when (epoch seconds), and the request that brought it."""

    event: Event
    at: float
    request: Message


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that the ingress refused: its answer, and the reason as a sentence."""

    at: float
    request: Message
    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to a subscriber; without a status there was no answer, and `error` says why."""

    began: float
    ended: float
    status: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """The way of one event to one Trigger's subscriber, as far as it has come."""

    event: Event
    trigger: str
    subscriber: str
    attempts: tuple[Attempt, ...] = ()
    outcome: Outcome = "pending"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event given up, extended by knativeerrordest, knativeerrorcode and knativeerrordata (base64)."""

    event: Event
    trigger: str
    at: float


class Broker:
    """Broker `name` in `namespace`: `app` is its ingress, the store's Triggers say who gets what.

    `async with Broker(...)` runs it. Deliveries go through `client`; `clock` tells the time of the records.
    """

    def __init__(
        self,
        store: Store,
        client: httpx.AsyncClient,
        *,
        namespace: str = "knative-lambda",
        name: str = "lambda-broker",
        delivery: DeliverySpec | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.app = Starlette(routes=[Mount("/", app=self._ingress)])
        self._store = store
        self._client = client
        self._namespace = namespace
        self._name = name
        self._delivery = delivery or DeliverySpec()
        self._clock = clock
        self._arrivals: list[Arrival] = []
        self._refusals: list[Refusal] = []
        self._deliveries: list[Delivery] = []
        self._dead: list[DeadLetter] = []
        self._queues: dict[str, asyncio.Semaphore] = {}
        self._tasks = Tasks()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Cancels every delivery at once."""
        await self._tasks.close()

    def events(self, *, mentioning: str = "", event_type: str = "", since: float = 0.0) -> list[Arrival]:
        """The accepted events, in order of arrival."""
        return [
            arrival
            for arrival in list(self._arrivals)
            if arrival.at >= since and event_type in ("", arrival.event.type) and _mentions(arrival.event, mentioning)
        ]

    def refusals(self, *, since: float = 0.0) -> list[Refusal]:
        """The requests that the ingress refused, in order."""
        return [refusal for refusal in list(self._refusals) if refusal.at >= since]

    def deliveries(self, *, mentioning: str = "", trigger: str = "") -> list[Delivery]:
        """The deliveries, in the order in which they were queued, each with its attempts until now."""
        return [
            delivery
            for delivery in list(self._deliveries)
            if trigger in ("", delivery.trigger) and _mentions(delivery.event, mentioning)
        ]

    def dead_letters(self, *, mentioning: str = "") -> list[DeadLetter]:
        """The events that were given up, in order."""
        return [letter for letter in list(self._dead) if _mentions(letter.event, mentioning)]

    async def publish(self, event: Event) -> Arrival:
        """Takes an event as if it had come through the ingress. Raises TriggerError."""
        return self._accept(event, encode(event, "structured"), [])

    async def redeliver(self, event: Event) -> None:
        """Delivers an event again under the same id, as a broker may (at least once). Raises TriggerError."""
        self._queue(event, [])

    async def settled(self) -> None:
        """Returns when no delivery is pending."""
        await self._tasks.idle()

    # ingress

    async def _ingress(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
        message = Message(headers, await request.body())
        response = Response(status_code=self._take(request.method, _request_uri(scope), message))
        await response(scope, receive, send)

    def _take(self, method: str, uri: str, message: Message) -> int:
        """Accepts or refuses what came in, and says the status to answer with."""
        if method != "POST":
            return self._refuse(message, 405, f"Events are sent by POST, this was {method}.")
        if uri != "/":
            return self._refuse(message, 404, f"Events are sent to /, this was sent to {uri}.")
        try:
            event = decode(message.headers, message.body)
            trace = [(name, value) for name, value in message.headers if name in _TRACE]
            self._accept(event, message, trace)
        except EventError as error:
            return self._refuse(message, 400, str(error))
        except TriggerError as error:
            return self._refuse(message, 500, str(error))
        return 202

    def _refuse(self, message: Message, status: int, reason: str) -> int:
        self._refusals.append(Refusal(self._clock(), message, status, reason))
        return status

    def _accept(self, event: Event, message: Message, trace: Headers) -> Arrival:
        arrival = Arrival(event, self._clock(), message)
        self._queue(event, trace)
        self._arrivals.append(arrival)
        return arrival

    # delivery

    def _queue(self, event: Event, trace: Headers) -> None:
        """Puts the event into the queue of every Trigger that wants it."""
        trace = trace or [(name, str(event.attributes[name])) for name in _TRACE if name in event.attributes]
        routes = [
            (trigger, _subscriber(trigger), _spec(trigger, self._delivery))
            for trigger in self._store.find("Trigger", self._namespace)
            if trigger["spec"].get("broker") == self._name and _wants(trigger, event)
        ]
        for trigger, subscriber, spec in routes:
            name = trigger["metadata"]["name"]
            place = len(self._deliveries)
            self._deliveries.append(Delivery(event, name, subscriber))
            self._tasks.spawn(self._deliver(place, trigger, spec, trace), f"{event.id} to {name}")

    async def _deliver(self, place: int, trigger: dict[str, Any], spec: DeliverySpec, trace: Headers) -> None:
        message = encode(self._deliveries[place].event, spec.mode)
        headers = [*message.headers, ("prefer", "reply"), *trace]
        uid = trigger["metadata"]["uid"]
        async with self._queues.setdefault(uid, asyncio.Semaphore(spec.parallelism)):
            for retry in range(1, spec.retry + 2):
                if not self._exists(trigger):
                    return self._conclude(place, "dropped")
                response = await self._attempt(place, headers, message.body, spec.timeout)
                if response is not None and response.is_success:
                    return self._conclude(place, "delivered")
                if retry > spec.retry or not _is_retried(response):
                    break
                await asyncio.sleep(max(spec.pause(retry), _retry_after(response)))
        self._bury(place, response)
        return self._conclude(place, "dead")

    async def _attempt(self, place: int, headers: Headers, body: bytes, within: float) -> httpx.Response | None:
        """Sends the event once and notes what came of it; None if there was no answer."""
        response, error = None, None
        began = self._clock()
        try:
            async with asyncio.timeout(within):
                response = await self._client.post(
                    self._deliveries[place].subscriber,
                    headers=headers,
                    content=body,
                    timeout=None,
                    follow_redirects=False,
                )
        except TimeoutError:
            error = f"No answer within {within:g} seconds."
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            error = f"{type(failure).__name__}: {failure}"
        status = None if response is None else response.status_code
        attempt = Attempt(began, self._clock(), status, error)
        delivery = self._deliveries[place]
        self._deliveries[place] = replace(delivery, attempts=(*delivery.attempts, attempt))
        return response

    def _exists(self, trigger: dict[str, Any]) -> bool:
        name, uid = trigger["metadata"]["name"], trigger["metadata"]["uid"]
        found = self._store.find("Trigger", self._namespace, fields=f"metadata.name={name}")
        return any(present["metadata"]["uid"] == uid for present in found)

    def _conclude(self, place: int, outcome: Outcome) -> None:
        self._deliveries[place] = replace(self._deliveries[place], outcome=outcome)

    def _bury(self, place: int, response: httpx.Response | None) -> None:
        delivery = self._deliveries[place]
        data = b"" if response is None else response.content[:_ERROR_DATA_LIMIT]
        event = delivery.event.extended(
            knativeerrordest=delivery.subscriber,
            knativeerrorcode=_NO_ANSWER if response is None else response.status_code,
            **({"knativeerrordata": base64.b64encode(data).decode()} if data else {}),
        )
        self._dead.append(DeadLetter(event, delivery.trigger, self._clock()))


def _request_uri(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    path: str = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
    return f"{path}?{query}" if query else path


def _mentions(event: Event, text: str) -> bool:
    return text.encode() in event.data or any(text in text_of(value) for value in event.attributes.values())


def _wants(trigger: dict[str, Any], event: Event) -> bool:
    """Whether the event passes the Trigger's filter: every attribute equal, '' standing for any value."""
    if trigger["spec"].get("filters"):
        raise TriggerError(
            f"Trigger {trigger['metadata']['name']} uses spec.filters; this broker knows spec.filter.attributes."
        )
    wanted = trigger["spec"].get("filter", {}).get("attributes", {})
    return all(
        name in event.attributes and value in ("", text_of(event.attributes[name])) for name, value in wanted.items()
    )


def _subscriber(trigger: dict[str, Any]) -> str:
    """The address that the Trigger's subscriber resolves to: a Service or LambdaAgent by its cluster name."""
    subscriber = trigger["spec"].get("subscriber", {})
    base, uri = "", subscriber.get("uri", "")
    if reference := subscriber.get("ref"):
        namespace = reference.get("namespace") or trigger["metadata"]["namespace"]
        base = f"http://{reference['name']}.{namespace}.svc.cluster.local/"
    address: str = urljoin(base, uri)
    if not address.startswith(("http://", "https://")):
        raise TriggerError(f"Trigger {trigger['metadata']['name']} has no subscriber that can be reached by HTTP.")
    return address


def _spec(trigger: dict[str, Any], otherwise: DeliverySpec) -> DeliverySpec:
    """The Trigger's own delivery, filled up by the broker's."""
    own = trigger["spec"].get("delivery", {})
    annotations = trigger["metadata"].get("annotations", {})
    return DeliverySpec(
        mode=_MODES.get(own.get("format", ""), otherwise.mode),
        retry=own.get("retry", otherwise.retry),
        backoff=own.get("backoffPolicy", otherwise.backoff),
        backoff_delay=_seconds(own.get("backoffDelay"), otherwise.backoff_delay),
        timeout=_seconds(own.get("timeout"), otherwise.timeout),
        parallelism=int(annotations.get(_PARALLELISM, otherwise.parallelism)),
    )


def _seconds(duration: str | None, otherwise: float) -> float:
    """An ISO 8601 duration such as PT0.5S. Raises TriggerError for anything else."""
    if duration is None:
        return otherwise
    match = _DURATION.fullmatch(duration)
    if not match or duration.endswith(("P", "T")):
        raise TriggerError(f"A delivery names the duration {duration!r}; one such as PT0.5S is expected.")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _is_retried(response: httpx.Response | None) -> bool:
    return response is None or response.status_code >= 500 or response.status_code in _RETRIED


def _retry_after(response: httpx.Response | None) -> float:
    """Seconds that the answer asks to wait: a number of seconds or an HTTP date."""
    if response is None or response.status_code not in _HEEDED:
        return 0.0
    text = response.headers.get("retry-after", "")
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
