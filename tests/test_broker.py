"""The broker takes what is a CloudEvent, refuses what is not, and delivers by Knative's rules."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from steps.world.cluster.broker import Broker, Delivery, DeliverySpec, TriggerError
from steps.world.cluster.cloudevent import Event, Mode, decode, encode
from steps.world.cluster.kubernetes import Store

FIRED = "io.homelab.prometheus.alert.fired"
AGENT = "http://agent-sre.ai.svc.cluster.local/"
FAST = DeliverySpec(retry=3, backoff="linear", backoff_delay=0.001)

Object = dict[str, Any]
Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]


def event(number: int = 1, **attributes: Any) -> Event:
    return Event.of(FIRED, "/alertmanager", {"number": number}, id=str(number), **attributes)


def trigger(name: str = "agent-sre", **spec: Any) -> Object:
    return {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Trigger",
        "metadata": {"name": name, "namespace": "knative-lambda"},
        "spec": {"broker": "lambda-broker", "subscriber": {"uri": AGENT}, **spec},
    }


class Subscribers(httpx.AsyncBaseTransport):
    """Everybody that the broker delivers to: notes what comes and answers as told, 202 unless told otherwise."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.times: list[float] = []
        self.answer: Answer | None = None
        self.came = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        self.times.append(asyncio.get_running_loop().time())
        self.came.set()
        return await self.answer(request) if self.answer else httpx.Response(202)

    def answers(self, *statuses: int, **response: Any) -> None:
        """Answers the coming requests in turn, the last for all that follow."""
        left = list(statuses)

        async def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(left.pop(0) if len(left) > 1 else left[0], **response)

        self.answer = answer

    def events(self) -> list[Event]:
        return [decode(wire(request), request.content) for request in self.requests]

    def pauses(self) -> list[float]:
        return [later - earlier for earlier, later in zip(self.times, self.times[1:], strict=False)]


def wire(request: httpx.Request) -> list[tuple[str, str]]:
    return [(name.decode(), value.decode("latin-1")) for name, value in request.headers.raw]


@pytest.fixture
def store() -> Store:
    store = Store()
    for name in ("knative-lambda", "ai"):
        store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return store


@pytest.fixture
async def subscribers() -> Subscribers:
    return Subscribers()


@asynccontextmanager
async def broker_of(store: Store, subscribers: Subscribers, delivery: DeliverySpec = FAST) -> AsyncIterator[Broker]:
    async with httpx.AsyncClient(transport=subscribers) as client, Broker(store, client, delivery=delivery) as broker:
        yield broker


@pytest.fixture
async def broker(store: Store, subscribers: Subscribers) -> AsyncIterator[Broker]:
    async with broker_of(store, subscribers) as broker:
        yield broker


@pytest.fixture
async def ingress(broker: Broker) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(broker.app), base_url="http://ingress") as client:
        yield client


async def sent(ingress: httpx.AsyncClient, given: Event, mode: Mode = "structured", **headers: str) -> int:
    message = encode(given, mode)
    pairs = [*message.headers, *headers.items()]
    response = await ingress.post("/", headers=pairs, content=message.body)
    assert response.content == b""
    return response.status_code


def outcome(broker: Broker) -> Delivery:
    (delivery,) = broker.deliveries()
    return delivery


# ingress


@pytest.mark.parametrize("mode", ["binary", "structured"])
async def test_an_event_in_either_mode_is_accepted_and_kept(
    broker: Broker, ingress: httpx.AsyncClient, mode: Mode
) -> None:
    given = event(subject="Grüße 100 %")
    assert await sent(ingress, given, mode) == 202
    (arrival,) = broker.events()
    assert arrival.event == given
    assert arrival.request.body == encode(given, mode).body
    assert ("content-type", dict(encode(given, mode).headers)["content-type"]) in arrival.request.headers


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/", 405),
        ("PUT", "/", 405),
        ("GET", "/other", 405),
        ("POST", "/other", 404),
        ("POST", "/?a=b", 404),
        ("POST", "//", 404),
    ],
)
async def test_only_a_post_to_the_root_is_taken(
    broker: Broker, ingress: httpx.AsyncClient, method: str, target: str, status: int
) -> None:
    message = encode(event(), "binary")
    url = httpx.URL("http://ingress").copy_with(raw_path=target.encode())
    response = await ingress.request(method, url, headers=list(message.headers), content=message.body)
    assert response.status_code == status
    assert broker.events() == []
    (refusal,) = broker.refusals()
    assert refusal.status == status


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ({"content-type": "application/json"}, b'{"alerts": []}', "has no ce-specversion header"),
        ({"content-type": "application/cloudevents+json"}, b"{", "Expected JSON"),
        ({"content-type": "application/cloudevents+json"}, b'{"specversion": "1.0"}', "attribute id is missing"),
        ({"content-type": "application/cloudevents-batch+json"}, b"[]", "is a batch"),
        ({"ce-specversion": "1.0", "ce-id": "1", "ce-type": "t"}, b"", "attribute source is missing"),
        ({"ce-specversion": "1.0", "ce-id": "1", "ce-type": "t", "ce-source": "a b"}, b"", "percent-encoded"),
        ({"ce-specversion": "0.3", "ce-id": "1", "ce-type": "t", "ce-source": "a"}, b"", "specversion is 1.0"),
    ],
)
async def test_what_is_no_event_is_refused_and_the_reason_kept(
    broker: Broker,
    ingress: httpx.AsyncClient,
    subscribers: Subscribers,
    store: Store,
    headers: dict[str, str],
    body: bytes,
    reason: str,
) -> None:
    store.create(trigger())
    response = await ingress.post("/", headers=headers, content=body)
    assert (response.status_code, response.content) == (400, b"")
    (refusal,) = broker.refusals()
    assert reason in refusal.reason
    assert refusal.request.body == body
    assert await sent(ingress, event()) == 202
    await broker.settled()
    assert [it.id for it in subscribers.events()] == ["1"]


async def test_arrivals_are_kept_in_order_and_found_by_what_they_mention(
    broker: Broker, ingress: httpx.AsyncClient
) -> None:
    for number in range(5):
        await sent(ingress, event(number, subject=f"Alert_{number}"))
    middle = broker.events()[2]
    assert [arrival.event.id for arrival in broker.events()] == ["0", "1", "2", "3", "4"]
    assert [arrival.event.id for arrival in broker.events(mentioning="Alert_3")] == ["3"]
    assert [arrival.event.id for arrival in broker.events(mentioning='"number":1')] == ["1"]
    assert [arrival.event.id for arrival in broker.events(since=middle.at)][-3:] == ["2", "3", "4"]
    assert broker.events(event_type="other") == []
    assert len(broker.events(event_type=FIRED)) == 5


# who gets what


@pytest.mark.parametrize(
    ("wanted", "passes"),
    [
        ({}, True),
        ({"type": FIRED}, True),
        ({"type": FIRED, "subject": "Down"}, True),
        ({"subject": ""}, True),
        ({"correlationid": ""}, False),
        ({"type": "other"}, False),
        ({"type": FIRED, "subject": "down"}, False),
        ({"attempt": "3", "test": "true"}, True),
    ],
)
async def test_a_trigger_passes_events_whose_attributes_match_exactly(
    broker: Broker, store: Store, subscribers: Subscribers, wanted: dict[str, str], passes: bool
) -> None:
    store.create(trigger(filter={"attributes": wanted}))
    await broker.publish(event(subject="Down", attempt=3, test=True))
    await broker.settled()
    assert len(subscribers.requests) == passes


async def test_every_trigger_of_this_broker_gets_its_own_delivery(
    broker: Broker, store: Store, subscribers: Subscribers
) -> None:
    store.create(trigger("one", subscriber={"uri": "http://one.example/events?a=b"}))
    store.create(trigger("two", subscriber={"ref": {"kind": "Service", "name": "two", "namespace": "ai"}}))
    store.create(trigger("three", subscriber={"ref": {"kind": "LambdaAgent", "name": "three"}}))
    store.create(trigger("four", subscriber={"ref": {"kind": "Service", "name": "four"}, "uri": "sub/path"}))
    store.create(trigger("other", broker="another-broker"))
    elsewhere = trigger("elsewhere")
    elsewhere["metadata"]["namespace"] = "ai"
    store.create(elsewhere)
    await broker.publish(event())
    await broker.settled()
    assert {str(request.url) for request in subscribers.requests} == {
        "http://one.example/events?a=b",
        "http://two.ai.svc.cluster.local/",
        "http://three.knative-lambda.svc.cluster.local/",
        "http://four.knative-lambda.svc.cluster.local/sub/path",
    }
    assert {delivery.trigger for delivery in broker.deliveries()} == {"one", "two", "three", "four"}
    assert broker.deliveries(trigger="two")[0].subscriber == "http://two.ai.svc.cluster.local/"


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"filters": [{"exact": {"type": "a"}}]}, "spec.filters"),
        ({"subscriber": {}}, "no subscriber"),
        ({"subscriber": {"uri": "ftp://a.example/"}}, "no subscriber"),
        ({"delivery": {"backoffDelay": "1s"}}, "duration '1s'"),
        ({"delivery": {"timeout": "PT"}}, "duration 'PT'"),
    ],
)
async def test_a_trigger_that_asks_for_what_is_not_known_is_an_error_not_a_silence(
    broker: Broker, store: Store, ingress: httpx.AsyncClient, subscribers: Subscribers, spec: Object, reason: str
) -> None:
    store.create(trigger("a-good-one"))
    store.create(trigger(**spec))
    assert await sent(ingress, event()) == 500
    assert reason in broker.refusals()[0].reason
    with pytest.raises(TriggerError, match=reason):
        await broker.publish(event())
    assert subscribers.requests == []
    assert broker.events() == []


# how it is delivered


@pytest.mark.parametrize("arrives", ["binary", "structured"])
@pytest.mark.parametrize("leaves", ["binary", "structured"])
async def test_an_event_is_delivered_in_the_mode_of_the_delivery_whatever_it_came_in(
    store: Store, subscribers: Subscribers, arrives: Mode, leaves: Mode
) -> None:
    store.create(trigger())
    given = event(subject="Grüße 100 %", correlationid="c-1")
    message = encode(given, arrives)
    async with broker_of(store, subscribers, DeliverySpec(mode=leaves)) as broker:
        transport = httpx.ASGITransport(broker.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://ingress") as ingress:
            await ingress.post("/", headers=list(message.headers), content=message.body)
        await broker.settled()
    (request,) = subscribers.requests
    assert ("ce-id" in request.headers) == (leaves == "binary")
    assert request.headers["content-type"].startswith(
        "application/json" if leaves == "binary" else "application/cloudevents+json"
    )
    assert request.headers["prefer"] == "reply"
    assert subscribers.events() == [given]


async def test_the_trace_of_the_request_travels_on(
    broker: Broker, store: Store, ingress: httpx.AsyncClient, subscribers: Subscribers
) -> None:
    store.create(trigger())
    traceparent = f"00-{'a' * 32}-{'b' * 16}-01"
    await sent(ingress, event(1), traceparent=traceparent, tracestate="vendor=1")
    await sent(ingress, event(2))
    await broker.publish(event(3, traceparent=traceparent))
    await broker.settled()
    first, second, third = sorted(subscribers.requests, key=lambda request: request.headers["ce-id"])
    assert (first.headers["traceparent"], first.headers["tracestate"]) == (traceparent, "vendor=1")
    assert "traceparent" not in second.headers
    assert third.headers["traceparent"] == third.headers["ce-traceparent"] == traceparent


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_a_delivery_and_what_it_says_is_ignored(
    broker: Broker, store: Store, subscribers: Subscribers, status: int
) -> None:
    store.create(trigger())
    reply = encode(event(9), "binary")
    subscribers.answers(status, headers=list(reply.headers), content=b"" if status == 204 else reply.body)
    await broker.publish(event())
    await broker.settled()
    assert outcome(broker).outcome == "delivered"
    assert [attempt.status for attempt in outcome(broker).attempts] == [status]
    assert len(broker.events()) == 1


@pytest.mark.parametrize("status", [404, 408, 409, 429, 500, 502, 503, 504, 599])
async def test_an_answer_that_may_get_better_is_tried_again_with_the_same_event(
    broker: Broker, store: Store, subscribers: Subscribers, status: int
) -> None:
    store.create(trigger())
    subscribers.answers(status, status, 200)
    await broker.publish(event())
    await broker.settled()
    assert outcome(broker).outcome == "delivered"
    assert [attempt.status for attempt in outcome(broker).attempts] == [status, status, 200]
    assert [it.id for it in subscribers.events()] == ["1", "1", "1"]
    assert broker.dead_letters() == []


@pytest.mark.parametrize("status", [300, 302, 307, 400, 401, 403, 405, 410, 413, 415, 422])
async def test_an_answer_that_will_not_get_better_is_a_dead_letter_at_once(
    broker: Broker, store: Store, subscribers: Subscribers, status: int
) -> None:
    store.create(trigger())
    subscribers.answers(status, headers={"location": AGENT}, content=b"no\n")
    await broker.publish(event())
    await broker.settled()
    assert outcome(broker).outcome == "dead"
    assert len(subscribers.requests) == 1
    (letter,) = broker.dead_letters(mentioning=FIRED)
    assert letter.trigger == "agent-sre"
    assert letter.event.attributes["knativeerrordest"] == AGENT
    assert letter.event.attributes["knativeerrorcode"] == status
    assert base64.b64decode(str(letter.event.attributes["knativeerrordata"])) == b"no\n"
    assert (letter.event.id, letter.event.data_json()) == ("1", {"number": 1})


async def test_a_subscriber_that_never_recovers_is_given_up_after_the_last_retry(
    broker: Broker, store: Store, subscribers: Subscribers
) -> None:
    store.create(trigger())
    subscribers.answers(503, content=b"x" * 5000)
    await broker.publish(event())
    await broker.settled()
    assert len(subscribers.requests) == 1 + FAST.retry
    (letter,) = broker.dead_letters()
    assert letter.event.attributes["knativeerrorcode"] == 503
    assert len(base64.b64decode(str(letter.event.attributes["knativeerrordata"]))) == 1024


async def test_a_subscriber_that_cannot_be_reached_is_tried_again(
    broker: Broker, store: Store, subscribers: Subscribers
) -> None:
    async def refuse(request: httpx.Request) -> httpx.Response:
        if len(subscribers.requests) > 2:
            return httpx.Response(200)
        raise httpx.ConnectError("All connection attempts failed")

    store.create(trigger())
    subscribers.answer = refuse
    await broker.publish(event())
    await broker.settled()
    assert [attempt.status for attempt in outcome(broker).attempts] == [None, None, 200]
    assert outcome(broker).attempts[0].error == "ConnectError: All connection attempts failed"


async def test_a_dead_letter_without_an_answer_says_so(broker: Broker, store: Store, subscribers: Subscribers) -> None:
    async def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("All connection attempts failed")

    store.create(trigger())
    subscribers.answer = refuse
    await broker.publish(event())
    await broker.settled()
    (letter,) = broker.dead_letters()
    assert letter.event.attributes["knativeerrorcode"] == -1
    assert "knativeerrordata" not in letter.event.attributes


async def test_a_fault_of_the_world_itself_is_not_taken_for_an_answer(store: Store, subscribers: Subscribers) -> None:
    async def break_down(request: httpx.Request) -> httpx.Response:
        raise RuntimeError("a bug")

    store.create(trigger())
    subscribers.answer = break_down
    with pytest.raises(RuntimeError, match="a bug"):
        async with broker_of(store, subscribers) as broker:
            await broker.publish(event())
            with pytest.raises(RuntimeError, match="a bug"):
                await broker.settled()
            assert outcome(broker).attempts == ()


async def test_an_attempt_that_hangs_is_given_up_in_time_and_tried_again(
    store: Store, subscribers: Subscribers
) -> None:
    async def hang(request: httpx.Request) -> httpx.Response:
        if len(subscribers.requests) == 1:
            await asyncio.Event().wait()
        return httpx.Response(200)

    store.create(trigger())
    subscribers.answer = hang
    async with broker_of(store, subscribers, DeliverySpec(backoff_delay=0.001, timeout=0.05)) as broker:
        await broker.publish(event())
        await broker.settled()
        first, *_, last = outcome(broker).attempts
    assert (first.status, first.error) == (None, "No answer within 0.05 seconds.")
    assert last.status == 200


@pytest.mark.parametrize(("backoff", "expected"), [("linear", [0.03, 0.06, 0.09]), ("exponential", [0.06, 0.12, 0.24])])
async def test_pauses_grow_as_the_backoff_says(
    store: Store, subscribers: Subscribers, backoff: Any, expected: list[float]
) -> None:
    store.create(trigger())
    subscribers.answers(503)
    async with broker_of(store, subscribers, DeliverySpec(retry=3, backoff=backoff, backoff_delay=0.03)) as broker:
        await broker.publish(event())
        await broker.settled()
    for pause, least in zip(subscribers.pauses(), expected, strict=True):
        assert pause >= least - 0.002


def in_two_seconds() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)


@pytest.mark.parametrize(
    ("asked", "least"),
    [
        pytest.param(lambda: "1", 1.0, id="seconds"),
        pytest.param(in_two_seconds, 0.8, id="date"),
        pytest.param(lambda: "Sun, 23 Nov 2025 22:43:00 -0000", 0.0, id="past date"),
        pytest.param(lambda: "soon", 0.0, id="words"),
        pytest.param(lambda: "-5", 0.0, id="negative"),
    ],
)
async def test_a_retry_after_is_not_undercut(
    store: Store, subscribers: Subscribers, asked: Callable[[], str], least: float
) -> None:
    store.create(trigger())
    async with broker_of(store, subscribers, DeliverySpec(retry=1, backoff_delay=0.001)) as broker:
        subscribers.answers(429, 200, headers={"retry-after": asked()})
        await broker.publish(event())
        await broker.settled()
    (pause,) = subscribers.pauses()
    assert least <= pause < least + 5


async def test_the_triggers_own_delivery_comes_first(store: Store, subscribers: Subscribers) -> None:
    own = {
        "retry": 1,
        "backoffPolicy": "linear",
        "backoffDelay": "PT0.03S",
        "timeout": "PT0.05S",
        "format": "json",
    }
    store.create(trigger(delivery=own))
    subscribers.answers(503)
    async with broker_of(store, subscribers) as broker:
        await broker.publish(event())
        await broker.settled()
        assert outcome(broker).outcome == "dead"
    (pause,) = subscribers.pauses()
    assert pause >= 0.028
    assert all("ce-id" not in request.headers for request in subscribers.requests)


def test_pauses_are_counted_from_the_first_retry() -> None:
    linear, exponential = DeliverySpec(backoff="linear"), DeliverySpec(backoff="exponential")
    assert [linear.pause(n) for n in (1, 2, 3)] == [1, 2, 3]
    assert [exponential.pause(n) for n in (1, 2, 3)] == [2, 4, 8]


# order and independence


async def test_with_a_parallelism_of_one_the_order_is_kept_also_over_retries(
    store: Store, subscribers: Subscribers
) -> None:
    store.create(trigger())
    subscribers.answers(503, 503, 200)
    async with broker_of(store, subscribers, DeliverySpec(backoff_delay=0.001, parallelism=1)) as broker:
        for number in range(20):
            await broker.publish(event(number))
        await broker.settled()
    order = [it.id for it in subscribers.events()]
    assert order == ["0", "0", *map(str, range(20))]


async def test_with_more_parallelism_a_retried_event_is_overtaken(store: Store, subscribers: Subscribers) -> None:
    store.create(trigger())
    subscribers.answers(503, 200)
    async with broker_of(store, subscribers, DeliverySpec(backoff_delay=0.5, parallelism=2)) as broker:
        for number in range(3):
            await broker.publish(event(number))
        await broker.settled()
    assert [it.id for it in subscribers.events()] == ["0", "1", "2", "0"]


async def test_no_more_events_are_under_way_than_the_parallelism(store: Store, subscribers: Subscribers) -> None:
    under_way, most = 0, 0

    async def busy(request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.005)
        under_way -= 1
        return httpx.Response(200)

    annotated = trigger()
    annotated["metadata"]["annotations"] = {"rabbitmq.eventing.knative.dev/parallelism": "3"}
    store.create(annotated)
    subscribers.answer = busy
    async with broker_of(store, subscribers) as broker:
        for number in range(9):
            await broker.publish(event(number))
        await broker.settled()
    assert most == 3


async def test_a_hanging_subscriber_holds_nothing_else_up_and_ends_with_the_broker(
    store: Store, subscribers: Subscribers
) -> None:
    healthy_is_served = asyncio.Event()

    async def hang(request: httpx.Request) -> httpx.Response:
        if request.url.host == "hanging.example":
            await asyncio.Event().wait()
        if request.headers["ce-id"] == "2":
            healthy_is_served.set()
        return httpx.Response(200)

    store.create(trigger("hanging", subscriber={"uri": "http://hanging.example/"}))
    store.create(trigger("healthy"))
    subscribers.answer = hang
    async with broker_of(store, subscribers, DeliverySpec(parallelism=1)) as broker:
        for number in range(3):
            await broker.publish(event(number))
        await asyncio.wait_for(healthy_is_served.wait(), 30)
        first, second, _ = broker.deliveries(trigger="healthy")
        assert (first.outcome, second.outcome) == ("delivered", "delivered")
        await asyncio.wait_for(broker.close(), 30)
        assert {delivery.outcome for delivery in broker.deliveries(trigger="hanging")} == {"pending"}
        await asyncio.wait_for(broker.settled(), 30)


async def test_an_event_for_a_deleted_trigger_is_dropped(store: Store, subscribers: Subscribers) -> None:
    store.create(trigger())
    subscribers.answers(503)
    async with broker_of(store, subscribers, DeliverySpec(backoff_delay=0.5)) as broker:
        await broker.publish(event())
        await asyncio.wait_for(subscribers.came.wait(), 30)
        store.delete("Trigger", "knative-lambda", "agent-sre")
        await broker.settled()
        assert outcome(broker).outcome == "dropped"
        assert broker.dead_letters() == []
    assert len(subscribers.requests) == 1


async def test_an_event_can_be_delivered_again_under_the_same_id(
    broker: Broker, store: Store, subscribers: Subscribers
) -> None:
    store.create(trigger())
    arrival = await broker.publish(event())
    await broker.settled()
    await broker.redeliver(arrival.event)
    await broker.settled()
    first, second = subscribers.events()
    assert first == second
    assert len(broker.events()) == 1
    assert [delivery.outcome for delivery in broker.deliveries(mentioning="alertmanager")] == ["delivered"] * 2
    assert broker.deliveries(mentioning="nothing") == []


async def test_a_hundred_events_at_once_are_all_delivered(
    broker: Broker, store: Store, ingress: httpx.AsyncClient, subscribers: Subscribers
) -> None:
    store.create(trigger())
    statuses = await asyncio.gather(*(sent(ingress, event(number)) for number in range(100)))
    await broker.settled()
    assert set(statuses) == {202}
    assert {it.id for it in subscribers.events()} == {str(number) for number in range(100)}
    assert json.loads(subscribers.requests[0].content).keys() == {"number"}
