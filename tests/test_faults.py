"""The faults: what a caller sees of each, what its host sees, and how long they act."""

import asyncio
import errno
import json
import socket
import ssl
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from steps.world.gateway import Authority, Gateway, messages
from steps.world.gateway.faults import (
    GARBAGE,
    Answer,
    Delay,
    ExpiredCertificate,
    Fault,
    ForeignCertificate,
    Garbage,
    Hang,
    OutdatedTls,
    Refuse,
    Reset,
    Stall,
    TlsFault,
    Truncate,
    WrongCertificate,
)
from steps.world.journal import Exchange, Journal
from steps.world.loop import Loop
from tests.eventually import eventually

HOST = "api.linear.app"
ANSWER = b"the whole answer"


class Service:
    """A service that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "HEAD", "POST"])])

    async def _answer(self, request: Request) -> Response:
        self.calls += 1
        return Response(ANSWER)


@pytest.fixture
def service(gateway: Gateway) -> Service:
    service = Service()
    gateway.route(HOST, "linear", service.app)
    return service


@dataclass(frozen=True)
class Way:
    """A way into the gateway: a client, and the base URL under which it reaches the host."""

    name: str
    client: httpx.AsyncClient
    base: str

    async def call(self, path: str = "/", patience: float = 10) -> httpx.Response:
        """The answer to a request; waits for it at most `patience` seconds."""
        timeout = httpx.Timeout(10, read=patience)
        return await self.client.post(f"{self.base}{path}", json={"query": "{ viewer { id } }"}, timeout=timeout)


class Ways:
    """Every way in, opened when it is asked for."""

    def __init__(self, gateway: Gateway, authority: Authority, stack: AsyncExitStack) -> None:
        self._gateway, self._authority, self._stack = gateway, authority, stack

    async def open(self, name: str) -> Way:
        door = await self._gateway.door("agent")
        match name:
            case "tunnel":
                return await self._way(name, self._client(proxy=door), f"https://{HOST}")
            case "plain tunnel":
                return await self._way(name, self._client(transport=plain_tunnels(door)), f"http://{HOST}")
            case "proxy":
                return await self._way(name, self._client(proxy=door), f"http://{HOST}")
            case "front":
                return await self._way(name, self._client(), await self._gateway.front(HOST, "agent"))
            case "own client":
                return await self._way(name, self._gateway.client("agent"), f"https://{HOST}")
        raise ValueError(name)

    def _client(self, proxy: str | None = None, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
        context = self._authority.client_context()
        return httpx.AsyncClient(proxy=proxy, transport=transport, verify=context, trust_env=False)

    async def _way(self, name: str, client: httpx.AsyncClient, base: str) -> Way:
        return Way(name, await self._stack.enter_async_context(client), base)


class Tunnels(httpcore.AsyncNetworkBackend):
    """Every connection is a tunnel that a proxy opens."""

    def __init__(self, door: str) -> None:
        self._door = urlsplit(door)
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(self, host: str, port: int, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        assert self._door.hostname and self._door.port
        stream = await self._backend.connect_tcp(self._door.hostname, self._door.port, *args, **options)
        await stream.write(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        assert (await stream.read(2**16)).startswith(b"HTTP/1.1 200 ")
        return stream


def plain_tunnels(door: str) -> httpx.AsyncHTTPTransport:
    """Speaks plain HTTP in tunnels, as some clients do and httpx does not."""
    transport = httpx.AsyncHTTPTransport()
    transport._pool = httpcore.AsyncConnectionPool(network_backend=Tunnels(door))
    return transport


WAYS = ["tunnel", "plain tunnel", "proxy", "front", "own client"]


@pytest.fixture
async def ways(gateway: Gateway, authority: Authority) -> AsyncIterator[Ways]:
    async with AsyncExitStack() as stack:
        yield Ways(gateway, authority, stack)


@pytest.fixture(params=WAYS)
async def way(ways: Ways, request: pytest.FixtureRequest) -> Way:
    return await ways.open(request.param)


@pytest.fixture
async def tunnel(ways: Ways) -> Way:
    return await ways.open("tunnel")


async def only(journal: Journal) -> Exchange:
    """The one exchange, once it is over."""
    await eventually(lambda: bool(journal.exchanges()) and not journal.in_flight())
    [exchange] = journal.exchanges()
    return exchange


def errno_of(error: BaseException | None) -> int | None:
    """The operating system's error number at the root of an exception."""
    while error is not None:
        if isinstance(error, OSError) and error.errno is not None:
            return error.errno
        error = error.__cause__ or error.__context__
    return None


# -- what the caller sees


async def test_a_refused_connection(gateway: Gateway, journal: Journal, service: Service, way: Way) -> None:
    with gateway.inject(HOST, Refuse()) as injection:
        # A proxy has accepted the connection already, so that a call without a handshake can only be reset.
        unencrypted = way.name in ("proxy", "plain tunnel")
        with pytest.raises(httpx.ReadError if unencrypted else httpx.ConnectError) as seen:
            await way.call()
        if way.name == "front":
            assert errno_of(seen.value) == errno.ECONNREFUSED
            assert journal.exchanges() == []  # nobody can see a call to a closed port
            assert injection.hits == 0
        else:
            exchange = await only(journal)
            assert (exchange.fault, exchange.error) == ("connection refused", "The connection was refused.")
            assert (exchange.status, injection.hits) == (None, 1)
    assert (await way.call()).content == ANSWER
    assert service.calls == 1


async def test_a_refused_tls_connection_is_reset_in_its_handshake(
    gateway: Gateway, journal: Journal, service: Service, tunnel: Way
) -> None:
    with gateway.inject(HOST, Refuse()), pytest.raises(httpx.ConnectError) as seen:
        await tunnel.call()
    assert errno_of(seen.value) in (errno.ECONNRESET, errno.EPIPE, None)
    exchange = await only(journal)
    assert (exchange.method, exchange.url) == ("CONNECT", f"https://{HOST}/")


@pytest.mark.parametrize(
    ("answered", "name"), [(False, "connection reset"), (True, "connection reset after the call was served")]
)
async def test_a_reset_connection(
    gateway: Gateway, journal: Journal, service: Service, way: Way, answered: bool, name: str
) -> None:
    with gateway.inject(HOST, Reset(answered=answered)) as injection, pytest.raises(httpx.ReadError) as seen:
        await way.call()
    assert errno_of(seen.value) == (errno.ECONNRESET if way.name != "own client" else None)
    exchange = await only(journal)
    assert (exchange.method, exchange.status, exchange.response_body) == ("POST", None, b"")
    assert (exchange.fault, exchange.error) == (name, "The connection was reset.")
    assert injection.hits == 1
    assert service.calls == answered


@pytest.mark.parametrize("answered", [False, True])
async def test_an_answer_in_the_hosts_place(
    gateway: Gateway, journal: Journal, service: Service, way: Way, answered: bool
) -> None:
    body = json.dumps({"errors": []}).encode()
    headers = (("content-type", "application/json"), ("x-ratelimit-requests-reset", "1700000000000"))
    with gateway.inject(HOST, Answer(400, headers, body, answered=answered)):
        answer = await way.call()
    assert (answer.status_code, answer.json()) == (400, {"errors": []})
    assert answer.headers["x-ratelimit-requests-reset"] == "1700000000000"
    exchange = await only(journal)
    assert (exchange.status, exchange.response_body, exchange.error) == (400, body, None)
    assert exchange.fault == ("answers 400 although the call was served" if answered else "answers 400")
    assert service.calls == answered


async def test_a_delay(gateway: Gateway, journal: Journal, service: Service, way: Way) -> None:
    start = time.monotonic()
    with gateway.inject(HOST, Delay(0.1)):
        assert (await way.call()).content == ANSWER
    assert time.monotonic() - start >= 0.1
    exchange = await only(journal)
    assert (exchange.fault, exchange.error) == ("slower by 0.1 s", None)
    assert exchange.ended - exchange.began >= 0.1


async def test_a_delay_that_is_longer_than_its_callers_patience(
    gateway: Gateway, journal: Journal, service: Service, way: Way
) -> None:
    with gateway.inject(HOST, Delay(60)):
        with pytest.raises(httpx.ReadTimeout):
            await way.call(patience=0.05)
        exchange = await only(journal)
    assert "before it had a whole answer" in str(exchange.error)
    assert service.calls == 0


async def test_a_delay_that_is_lifted(gateway: Gateway, journal: Journal, service: Service, way: Way) -> None:
    with gateway.inject(HOST, Delay(60)):
        call = asyncio.create_task(way.call())
        await eventually(lambda: bool(journal.in_flight()))
    assert (await call).content == ANSWER


@pytest.mark.parametrize("answered", [False, True])
async def test_no_answer_until_the_caller_gives_up(
    gateway: Gateway, journal: Journal, service: Service, way: Way, answered: bool
) -> None:
    with gateway.inject(HOST, Hang(answered=answered)):
        with pytest.raises(httpx.ReadTimeout):
            await way.call(patience=0.05)
        exchange = await only(journal)
    assert exchange.fault == ("no answer although the call was served" if answered else "no answer")
    assert (exchange.status, exchange.response_body) == (None, b"")
    assert str(exchange.error).startswith("The caller left after 0.")
    assert service.calls == answered


async def test_no_answer_until_the_fault_is_lifted(
    gateway: Gateway, journal: Journal, service: Service, way: Way
) -> None:
    with gateway.inject(HOST, Hang()):
        call = asyncio.create_task(way.call())
        await eventually(lambda: bool(journal.in_flight()))
    with pytest.raises(httpx.ReadError):
        await call
    exchange = await only(journal)
    assert exchange.error == "No answer came, and then the connection was reset."
    assert (await way.call()).content == ANSWER


async def test_an_answer_cut_short(gateway: Gateway, journal: Journal, service: Service, way: Way) -> None:
    with gateway.inject(HOST, Truncate()), pytest.raises(httpx.RemoteProtocolError) as seen:
        await way.call()
    if way.name != "own client":
        assert "received 8 bytes, expected 16" in str(seen.value)
    exchange = await only(journal)
    assert (exchange.status, exchange.answer_header("content-length")) == (200, "16")
    assert exchange.response_body == ANSWER[:8]
    assert exchange.fault == "answer cut short"
    assert exchange.error == "The connection was closed in the middle of the answer."
    assert service.calls == 1


async def test_an_answer_that_begins_and_never_ends(
    gateway: Gateway, journal: Journal, service: Service, way: Way
) -> None:
    with gateway.inject(HOST, Stall()):
        call = asyncio.create_task(way.call())
        await eventually(lambda: bool(journal.in_flight()) and journal.in_flight()[0].response_body == ANSWER[:8])
    with pytest.raises(httpx.ReadError):
        await call
    exchange = await only(journal)
    assert (exchange.status, exchange.response_body) == (200, ANSWER[:8])
    assert exchange.fault == "answer begins and never ends"
    assert exchange.error == "No answer came, and then the connection was reset."
    assert service.calls == 1


async def test_a_caller_that_waits_for_the_rest_of_an_answer_in_vain(
    gateway: Gateway, journal: Journal, service: Service, way: Way
) -> None:
    with gateway.inject(HOST, Stall()):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await way.call()
        exchange = await only(journal)
    assert str(exchange.error).startswith("The caller left after 0.")
    assert service.calls == 1


async def test_an_answer_that_is_not_http(gateway: Gateway, journal: Journal, service: Service, way: Way) -> None:
    with gateway.inject(HOST, Garbage()), pytest.raises(httpx.RemoteProtocolError):
        await way.call()
    exchange = await only(journal)
    assert (exchange.status, exchange.fault) == (None, "answer is not HTTP")
    assert (exchange.response_body, exchange.error) == (GARBAGE, "The answer was not HTTP.")
    assert service.calls == 0


TLS_FAULTS = {
    WrongCertificate: "wrong certificate",
    ForeignCertificate: "certificate of another host",
    ExpiredCertificate: "expired certificate",
    OutdatedTls: "outdated version of TLS",
}


@pytest.mark.parametrize("kind", TLS_FAULTS)
@pytest.mark.parametrize("name", ["tunnel", "own client"])
async def test_a_host_that_cannot_be_trusted(
    gateway: Gateway, journal: Journal, service: Service, ways: Ways, name: str, kind: type[TlsFault]
) -> None:
    way = await ways.open(name)
    with gateway.inject(HOST, kind()) as injection, pytest.raises(httpx.ConnectError):
        await way.call()
    exchange = await only(journal)
    assert (exchange.fault, exchange.status, injection.hits) == (TLS_FAULTS[kind], None, 1)
    assert exchange.error is not None and exchange.tls is None
    assert service.calls == 0
    assert (await way.call()).content == ANSWER


@pytest.mark.parametrize("name", ["proxy", "front"])
async def test_a_wrong_certificate_does_not_concern_plain_http(
    gateway: Gateway, journal: Journal, service: Service, ways: Ways, name: str
) -> None:
    way = await ways.open(name)
    with gateway.inject(HOST, WrongCertificate()) as injection:
        assert (await way.call()).content == ANSWER
    assert (journal.exchanges()[0].fault, injection.hits) == (None, 0)


def careless() -> ssl.SSLContext:
    """Trusts everybody, and speaks whatever is spoken."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    return context


@pytest.mark.parametrize("kind", TLS_FAULTS)
async def test_a_caller_that_trusts_everybody_is_found_out(
    gateway: Gateway, journal: Journal, service: Service, kind: type[TlsFault]
) -> None:
    door = await gateway.door("agent")
    async with httpx.AsyncClient(proxy=door, verify=careless()) as client:
        with gateway.inject(HOST, kind()):
            assert (await client.get(f"https://{HOST}/")).content == ANSWER
        assert (await client.get(f"https://{HOST}/")).content == ANSWER
    version = "TLSv1.1" if kind is OutdatedTls else "TLSv1.3"
    assert [(e.method, e.status, e.fault, e.tls) for e in journal.exchanges()] == [
        ("GET", 200, TLS_FAULTS[kind], version),
        ("GET", 200, None, "TLSv1.3"),
    ]


@pytest.mark.parametrize("name", ["tunnel", "own client"])
async def test_a_host_may_be_untrustworthy_for_one_caller_alone(
    gateway: Gateway, service: Service, ways: Ways, name: str
) -> None:
    way = await ways.open(name)
    with gateway.inject(HOST, WrongCertificate(caller="another")) as injection:
        assert (await way.call()).content == ANSWER
    assert injection.hits == 0


# -- connections that are open already


async def test_refusing_resets_the_connections_that_are_open(
    gateway: Gateway, journal: Journal, service: Service, way: Way
) -> None:
    assert (await way.call("/before")).content == ANSWER
    hang = gateway.inject(HOST, Hang(matching=lambda request: request.url.endswith("/under-way")))
    call = asyncio.create_task(way.call("/under-way"))
    await eventually(lambda: bool(journal.in_flight()))
    with gateway.inject(HOST, Refuse()):
        if way.name == "own client":
            hang.lift()  # there is no connection that could be reset
        with pytest.raises(httpx.ReadError):
            await call
        with pytest.raises(httpx.NetworkError):
            await way.call("/after")
    under_way = journal.exchanges(path="/under-way")[0]
    assert under_way.error == (
        "No answer came, and then the connection was reset."
        if way.name == "own client"
        else "The connection was reset, because its host went down."
    )
    assert under_way.fault == "no answer"
    assert service.calls == 1


async def test_refusing_one_host_leaves_the_others_alone(
    gateway: Gateway, service: Service, ways: Ways, tunnel: Way
) -> None:
    gateway.route("api.pagerduty.com", "pagerduty", service.app)
    other = await ways.open("front")
    assert (await tunnel.call()).content == ANSWER
    with gateway.inject("api.pagerduty.com", Refuse()):
        assert (await tunnel.call()).content == ANSWER
        assert (await other.call()).content == ANSWER


async def test_a_refusing_front_keeps_its_port_and_opens_there_again(
    gateway: Gateway, service: Service, ways: Ways
) -> None:
    way = await ways.open("front")
    port = urlsplit(way.base).port
    for _ in range(3):
        with gateway.inject(HOST, Refuse()), gateway.inject(HOST, Refuse()):
            await asyncio.sleep(0)  # asyncio closes a socket in the turn after it was told to
            with pytest.raises(httpx.ConnectError):
                await way.call()
            with socket.socket() as other, pytest.raises(OSError, match="in use"):
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                other.bind(("127.0.0.1", port))
        assert (await way.call()).content == ANSWER


async def test_a_front_made_while_its_host_refuses_refuses_too(gateway: Gateway, service: Service, ways: Ways) -> None:
    with gateway.inject(HOST, Refuse()):
        way = await ways.open("front")
        with pytest.raises(httpx.ConnectError):
            await way.call()
    assert (await way.call()).content == ANSWER


async def test_an_open_tunnel_does_not_escape_a_wrong_certificate(
    gateway: Gateway, service: Service, tunnel: Way
) -> None:
    assert (await tunnel.call()).content == ANSWER
    with gateway.inject(HOST, WrongCertificate()), pytest.raises(httpx.ConnectError):
        await tunnel.call()


# -- which calls, and how long


async def test_a_fault_acts_on_the_next_calls_and_is_then_out_of_force(
    gateway: Gateway, journal: Journal, service: Service, way: Way
) -> None:
    injection = gateway.inject(HOST, Answer(503, times=2))
    assert [(await way.call()).status_code for _ in range(4)] == [503, 503, 200, 200]
    assert injection.hits == 2
    second, third = journal.exchanges()[1:3]
    assert injection.lifted_at is not None
    assert second.began <= injection.lifted_at <= third.began
    [mark] = journal.marks(kind="fault")
    assert (mark.host, mark.text, mark.until) == (HOST, "answers 503", injection.lifted_at)


async def test_a_fault_acts_on_the_calls_that_match(gateway: Gateway, service: Service, way: Way) -> None:
    requests: list[messages.Request] = []

    def second(request: messages.Request) -> bool:
        requests.append(request)
        return len(requests) == 2

    injection = gateway.inject(HOST, Answer(503, matching=second))
    assert [(await way.call("/graphql")).status_code for _ in range(3)] == [200, 503, 200]
    assert (injection.hits, injection.lifted_at) == (1, None)
    request = requests[0]
    assert (request.method, request.host, request.json()) == ("POST", HOST, {"query": "{ viewer { id } }"})
    assert request.url.endswith("/graphql") and HOST in request.url
    assert request.caller == "agent"
    assert request.header("Content-Type") == "application/json"


async def test_a_fault_acts_until_it_is_lifted(
    gateway: Gateway, journal: Journal, service: Service, tunnel: Way
) -> None:
    injection = gateway.inject(HOST, Answer(503, name="Linear is down"))
    assert [(await tunnel.call()).status_code for _ in range(3)] == [503, 503, 503]
    assert journal.marks(kind="fault")[0].until is None
    injection.lift()
    lifted_at = injection.lifted_at
    injection.lift()
    assert (await tunnel.call()).status_code == 200
    assert injection.lifted_at == lifted_at == journal.marks(kind="fault")[0].until
    assert [e.fault for e in journal.exchanges()] == ["Linear is down"] * 3 + [None]
    assert [(mark.host, mark.text) for mark in journal.marks(kind="fault")] == [(HOST, "Linear is down")]


async def test_faults_of_a_host_act_one_after_the_other(gateway: Gateway, service: Service, tunnel: Way) -> None:
    for status in (503, 429, 500):
        gateway.inject(HOST, Answer(status, times=1))
    assert [(await tunnel.call()).status_code for _ in range(4)] == [503, 429, 500, 200]


async def test_a_hanging_call_is_released_though_the_fault_is_used_up(
    gateway: Gateway, journal: Journal, service: Service, tunnel: Way
) -> None:
    injection = gateway.inject(HOST, Hang(times=1))
    call = asyncio.create_task(tunnel.call())
    await eventually(lambda: injection.lifted_at is not None)
    assert (await tunnel.call()).content == ANSWER
    assert not call.done()
    gateway.inject(HOST, Delay(0))  # another fault does not let the first be forgotten
    injection.lift()
    with pytest.raises(httpx.ReadError):
        await call


async def test_a_fault_acts_on_every_host_under_a_wildcard(gateway: Gateway, service: Service, tunnel: Way) -> None:
    gateway.route("*.ai.svc", "functions", service.app)
    with gateway.inject("*.ai.svc", Answer(503)):
        for host, status in {"one.ai.svc": 503, "two.ai.svc": 503, HOST: 200}.items():
            assert (await tunnel.client.get(f"https://{host}/")).status_code == status
    with gateway.inject("one.ai.svc", Answer(503)):
        for host, status in {"one.ai.svc": 503, "two.ai.svc": 200}.items():
            assert (await tunnel.client.get(f"https://{host}/")).status_code == status


async def test_a_fault_at_a_host_that_nobody_declared_is_refused(gateway: Gateway, service: Service) -> None:
    with pytest.raises(ValueError, match=r"No route leads to 'api\.linear\.dev'"):
        gateway.inject("api.linear.dev", Reset())


async def test_a_condition_that_raises_is_the_worlds_trouble(
    gateway: Gateway, journal: Journal, service: Service, tunnel: Way
) -> None:
    def broken(request: object) -> bool:
        raise KeyError("title")

    with gateway.inject(HOST, Answer(503, matching=broken)), pytest.raises(httpx.ReadError):
        await tunnel.call()
    exchange = await only(journal)
    assert str(exchange.error).startswith("The gateway broke: KeyError: 'title' (test_faults.py:")
    await eventually(lambda: len(journal.marks(kind="broken")) == 1)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [(Refuse(), httpx.ConnectError), (Answer(503), httpx.HTTPStatusError), (Hang(), httpx.ReadTimeout)],
    ids=["refuse", "answer", "hang"],
)
def test_a_fault_injected_by_a_step_is_in_force_at_once_and_lifted_at_once(
    journal: Journal, authority: Authority, fault: Fault, expected: type[httpx.HTTPError]
) -> None:
    service = Service()
    with Loop() as loop, httpx.Client(trust_env=False) as client:
        gateway = Gateway(journal, authority)
        loop.run(gateway.start())
        gateway.route(HOST, "linear", service.app)
        front = loop.run(gateway.front(HOST, "converter"))
        for _ in range(20):
            assert client.get(front).content == ANSWER
            with gateway.inject(HOST, fault), pytest.raises(expected):
                client.get(front, timeout=httpx.Timeout(10, read=0.02)).raise_for_status()
        assert client.get(front).content == ANSWER
        left_open = gateway.inject(HOST, fault)
        loop.run(gateway.close())
        assert left_open.lifted_at is not None
        left_open.lift()
    left_open.lift()
    assert service.calls == 21
