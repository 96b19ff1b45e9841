"""The gateway: every way in, every kind of answer, and the record of each call."""

import asyncio
import gc
import json
import os
import socket
import ssl
import threading
import urllib.request
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from steps.incident import transport
from steps.world.gateway import Authority, Gateway
from steps.world.gateway.connection import RESET_ON_CLOSE, Connection
from steps.world.gateway.faults import ExpiredCertificate
from steps.world.journal import BODY_LIMIT, Exchange, Journal
from steps.world.loop import Loop
from tests.eventually import eventually

HOST = "api.linear.app"
Handler = Callable[[Request], Awaitable[Response]]


def service(handler: Handler) -> Starlette:
    """A service that answers every path and method with the handler."""
    methods = ["GET", "HEAD", "POST", "DELETE"]
    return Starlette(routes=[Route("/{path:path}", handler, methods=methods)])


def named(name: str) -> Starlette:
    async def answer(request: Request) -> Response:
        return Response(name)

    return service(answer)


async def echo(request: Request) -> Response:
    """What came, as JSON."""
    body = (await request.body()).decode()
    return JSONResponse({"url": str(request.url), "headers": request.headers.items(), "body": body})


def caller(door: str, authority: Authority, **options: object) -> httpx.AsyncClient:
    """A caller behind its door that trusts the world's authority."""
    return httpx.AsyncClient(proxy=door, verify=authority.client_context(), trust_env=False, **options)  # type: ignore[arg-type]


@pytest.fixture
async def agent(gateway: Gateway, authority: Authority) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(await gateway.door("agent"), authority) as client:
        yield client


class Wire:
    """A caller that writes and reads its bytes itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, url: str) -> "Wire":
        address = urlsplit(url)
        return cls(*await asyncio.open_connection(address.hostname, address.port))

    async def connect(self, target: str) -> None:
        """Opens a tunnel."""
        self.send(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n")
        assert await self.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 200 Connection established\r\n\r\n"

    async def start_tls(self, host: str, context: ssl.SSLContext) -> None:
        await self.connect(f"{host}:443")
        await self.writer.start_tls(context, server_hostname=host)

    def send(self, text: str) -> None:
        self.writer.write(text.encode())

    async def answer(self) -> tuple[str, bytes]:
        """Head and body of the next answer, which says its length."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        length = next(line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length"))
        return head, await self.reader.readexactly(int(length))

    async def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        return await self.reader.read()

    async def leave(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


@asynccontextmanager
async def wire(url: str) -> AsyncIterator[Wire]:
    opened = await Wire.open(url)
    try:
        yield opened
    finally:
        opened.writer.close()


async def recorded(journal: Journal, number: int = 1) -> list[Exchange]:
    """The exchanges, once there are so many and none is under way."""
    await eventually(lambda: len(journal.exchanges()) >= number and not journal.in_flight())
    assert len(journal.exchanges()) == number
    return journal.exchanges()


# -- routes


@pytest.mark.parametrize(("scheme", "tls"), [("http", None), ("https", "TLSv1.3")])
async def test_a_call_is_routed_by_its_host_and_recorded(
    gateway: Gateway, journal: Journal, agent: httpx.AsyncClient, scheme: str, tls: str | None
) -> None:
    gateway.route(HOST, "linear", service(echo))
    answer = await agent.post(f"{scheme}://{HOST}/graphql?a=%201", content=b"{}", headers={"X-Correlation-ID": "c-1"})
    assert answer.status_code == 200
    assert answer.json()["url"] == f"{scheme}://{HOST}/graphql?a=%201"
    assert ["x-correlation-id", "c-1"] in answer.json()["headers"]
    [exchange] = journal.exchanges()
    assert (exchange.caller, exchange.callee, exchange.method) == ("agent", "linear", "POST")
    assert exchange.url == f"{scheme}://{HOST}/graphql?a=%201"
    assert (exchange.request_body, exchange.response_body) == (b"{}", answer.content)
    assert (exchange.header("x-correlation-id"), exchange.answer_header("content-type")) == ("c-1", "application/json")
    assert (exchange.status, exchange.tls, exchange.fault, exchange.error) == (200, tls, None, None)
    assert journal.in_flight() == []


async def test_a_name_goes_before_a_wildcard_and_a_longer_wildcard_before_a_shorter(
    gateway: Gateway, agent: httpx.AsyncClient
) -> None:
    for host in ("*.local", "*.ai.svc.cluster.local", "agent-sre.ai.svc.cluster.local"):
        gateway.route(host, host, named(host))
    for host, route in {
        "agent-sre.ai.svc.cluster.local": "agent-sre.ai.svc.cluster.local",
        "scale-pod.ai.svc.cluster.local": "*.ai.svc.cluster.local",
        "deep.er.ai.svc.cluster.local": "*.ai.svc.cluster.local",
        "tempo.local": "*.local",
    }.items():
        assert (await agent.get(f"https://{host}/")).text == route


async def test_neither_port_nor_case_of_a_host_matters(
    gateway: Gateway, journal: Journal, agent: httpx.AsyncClient
) -> None:
    gateway.route("Prometheus.svc", "prometheus", named("prometheus"))
    for url in ("http://prometheus.svc:9090/", "https://PROMETHEUS.svc:9443/", "http://prometheus.svc./"):
        assert (await agent.get(url)).text == "prometheus"
    assert [e.url for e in journal.exchanges()] == [
        "http://prometheus.svc:9090/",
        "https://prometheus.svc:9443/",
        "http://prometheus.svc./",
    ]


async def test_a_new_route_replaces_the_old_one(gateway: Gateway, agent: httpx.AsyncClient) -> None:
    gateway.route(HOST, "linear", named("old"))
    gateway.route(HOST, "linear", named("new"))
    assert (await agent.get(f"https://{HOST}/")).text == "new"


@pytest.mark.parametrize("host", ["nobody.example.com", "atlassian.net", "127.0.0.1"])
async def test_a_host_that_nobody_declared_is_refused_and_recorded(
    gateway: Gateway, journal: Journal, agent: httpx.AsyncClient, host: str
) -> None:
    gateway.route("*.atlassian.net", "jira", named("jira"))
    assert (await agent.get(f"http://{host}/")).status_code == 502
    with pytest.raises(httpx.ProxyError, match="502"):
        await agent.get(f"https://{host}/")
    async with gateway.client("broker") as client:
        assert (await client.get(f"http://{host}/")).status_code == 502
    exchanges = journal.exchanges()
    assert [(e.caller, e.method, e.host) for e in exchanges] == [
        ("agent", "GET", host),
        ("agent", "CONNECT", host),
        ("broker", "GET", host),
    ]
    for exchange in exchanges:
        assert (exchange.callee, exchange.status) == ("undeclared", 502)
        assert exchange.error == f"Nobody declared the host {host!r}, so the gateway refused the call."


# -- ways in


async def test_each_caller_has_its_own_door_and_keeps_it(gateway: Gateway, journal: Journal) -> None:
    gateway.route(HOST, "linear", named("linear"))
    doors = [await gateway.door(name) for name in ("agent", "converter", "agent")]
    assert doors[0] == doors[2] != doors[1]
    for door in doors[:2]:
        async with httpx.AsyncClient(proxy=door, trust_env=False) as client:
            await client.get(f"http://{HOST}/")
    assert [e.caller for e in journal.exchanges()] == ["agent", "converter"]


async def test_a_front_stands_for_its_host(gateway: Gateway, journal: Journal) -> None:
    gateway.route("broker.svc", "broker", service(echo))
    front = await gateway.front("broker.svc:8080", "converter")
    assert await gateway.front("broker.svc:8080", "converter") == front
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{front}/default?x=1", content=b"event")
    assert answer.json()["url"] == "http://broker.svc:8080/default?x=1"
    [exchange] = journal.exchanges()
    assert (exchange.caller, exchange.callee, exchange.tls) == ("converter", "broker", None)
    assert exchange.url == "http://broker.svc:8080/default?x=1"


async def test_the_worlds_own_client_is_routed_and_recorded_alike(gateway: Gateway, journal: Journal) -> None:
    gateway.route(HOST, "linear", service(echo))
    async with gateway.client("broker") as client:
        answer = await client.post(f"https://{HOST}/graphql", json={"a": 1})
    assert json.loads(answer.json()["body"]) == {"a": 1}
    [exchange] = journal.exchanges()
    assert (exchange.caller, exchange.callee, exchange.status) == ("broker", "linear", 200)
    assert exchange.request_json() == {"a": 1}
    assert exchange.response_json() == answer.json()


async def test_the_worlds_own_client_gives_up_in_its_time(gateway: Gateway, journal: Journal) -> None:
    async def never(request: Request) -> Response:
        await asyncio.Event().wait()
        return Response()

    gateway.route(HOST, "linear", service(never))
    async with gateway.client("broker") as client:
        with pytest.raises(httpx.ReadTimeout, match=r"No whole answer within 0\.05 s"):
            await client.get(f"https://{HOST}/", timeout=0.05)
    [exchange] = journal.exchanges()
    assert exchange.status is None
    assert str(exchange.error).startswith("The caller left after 0.")


async def test_a_program_finds_its_door_by_the_usual_variables(
    gateway: Gateway, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.route(HOST, "linear", named("linear"))
    authority.write_ca(tmp_path / "ca.pem")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, await gateway.door("agent"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    def by_urllib(scheme: str) -> bytes:
        with urllib.request.urlopen(f"{scheme}://{HOST}/", timeout=10) as answer:
            return answer.read()  # type: ignore[no-any-return]

    for scheme in ("http", "https"):
        assert await asyncio.to_thread(by_urllib, scheme) == b"linear"
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{scheme}://{HOST}/")).text == "linear"


# -- TLS


async def test_a_caller_that_does_not_trust_the_authority_is_recorded(gateway: Gateway, journal: Journal) -> None:
    gateway.route(HOST, "linear", named("linear"))
    stranger = Authority().client_context()
    async with httpx.AsyncClient(proxy=await gateway.door("agent"), verify=stranger, trust_env=False) as client:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get(f"https://{HOST}/")
    [exchange] = await recorded(journal)
    assert (exchange.caller, exchange.callee, exchange.method) == ("agent", "linear", "CONNECT")
    assert (exchange.url, exchange.status, exchange.tls) == (f"https://{HOST}/", None, None)
    assert exchange.error in (
        "The caller did not accept the certificate (TLSV1_ALERT_UNKNOWN_CA).",
        "The TLS handshake was broken off.",
    )


async def test_what_is_no_tls_handshake_is_recorded(gateway: Gateway, journal: Journal) -> None:
    gateway.route(HOST, "linear", named("linear"))
    async with wire(await gateway.door("agent")) as caller:
        await caller.connect(f"{HOST}:443")
        caller.send("\x16GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionError):
            assert await caller.rest() == b""
            raise ConnectionError
    [exchange] = await recorded(journal)
    assert exchange.method == "CONNECT"
    assert str(exchange.error).startswith("The TLS handshake failed: ")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_the_callers_tls_version_is_recorded_and_http_1_1_agreed_on(
    gateway: Gateway, journal: Journal, authority: Authority, version: ssl.TLSVersion
) -> None:
    gateway.route(HOST, "linear", named("linear"))
    context = authority.client_context()
    context.maximum_version = version
    context.set_alpn_protocols(["h2", "http/1.1"])
    async with wire(await gateway.door("agent")) as caller:
        await caller.start_tls(HOST, context)
        assert caller.writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
        caller.send(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n")
        assert (await caller.answer())[1] == b"linear"
    [exchange] = journal.exchanges()
    assert exchange.tls == version.name.replace("_", ".")


async def test_a_handshake_may_come_byte_by_byte(gateway: Gateway, journal: Journal, authority: Authority) -> None:
    gateway.route(HOST, "linear", named("linear"))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = authority.client_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # so that the handshake ends with what the gateway sends
    tls = context.wrap_bio(incoming, outgoing, server_hostname=HOST)
    async with wire(await gateway.door("agent")) as caller:
        await caller.connect(f"{HOST}:443")
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                for byte in outgoing.read():
                    caller.writer.write(bytes([byte]))
                    await asyncio.sleep(0)
                incoming.write(await caller.reader.read(2**16))
        tls.write(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        caller.writer.write(outgoing.read())
        incoming.write(await caller.reader.read(2**16))
        assert tls.read().startswith(b"HTTP/1.1 200 OK\r\n")
    [exchange] = await recorded(journal)
    assert (exchange.url, exchange.tls) == (f"https://{HOST}/", "TLSv1.2")


# -- plain HTTP in a tunnel


async def test_what_is_said_plainly_in_a_tunnel_is_recorded_as_if_it_were_said_outside(
    gateway: Gateway, journal: Journal
) -> None:
    host = "prometheus.prometheus.svc.cluster.local"
    gateway.route(host, "prometheus", service(echo))
    async with wire(await gateway.door("agent")) as caller:
        await caller.connect(f"{host}:9090")
        for body in ("one", "two"):
            caller.send(f"POST /api/v1/query HTTP/1.1\r\nHost: {host}:9090\r\nContent-Length: 3\r\n\r\n{body}")
            assert json.loads((await caller.answer())[1])["url"] == f"http://{host}:9090/api/v1/query"
    tunnelled = journal.exchanges()
    async with httpx.AsyncClient(proxy=await gateway.door("agent"), trust_env=False) as client:
        await client.post(f"http://{host}:9090/api/v1/query", content=b"two")
    outside = journal.exchanges()[-1]
    assert [e.request_body for e in tunnelled] == [b"one", b"two"]
    for exchange in tunnelled:
        for said in ("caller", "callee", "method", "url", "status", "tls", "fault", "error"):
            assert getattr(exchange, said) == getattr(outside, said)
    assert (outside.callee, outside.tls) == ("prometheus", None)


@pytest.mark.parametrize(("port", "named_port"), [(80, ""), (443, ":443"), (8080, ":8080")])
async def test_the_world_outside_hears_plain_http_in_a_tunnel_and_it_counts_as_unencrypted(
    gateway: Gateway, journal: Journal, port: int, named_port: str
) -> None:
    gateway.route(HOST, "linear", named("linear"))
    with gateway.inject(HOST, ExpiredCertificate()) as injection:
        async with wire(await gateway.door("agent")) as caller:
            await caller.connect(f"{HOST}:{port}")
            caller.send(f"GET /graphql HTTP/1.1\r\nHost: {HOST}\r\n\r\n")
            assert (await caller.answer())[1] == b"linear"
    [exchange] = journal.exchanges()
    assert (exchange.callee, exchange.method, exchange.tls) == ("linear", "GET", None)
    assert exchange.url == f"http://{HOST}{named_port}/graphql"
    assert transport.weakness(exchange) == "unencrypted"
    assert (exchange.fault, injection.hits) == (None, 0)  # plain HTTP meets no certificate


async def test_a_plain_request_in_a_tunnel_may_come_in_pieces_or_before_the_tunnel_is_open(
    gateway: Gateway, journal: Journal
) -> None:
    gateway.route(HOST, "linear", named("linear"))
    async with wire(await gateway.door("agent")) as caller:
        await caller.connect(f"{HOST}:80")
        caller.send("G")
        await asyncio.sleep(0.05)
        caller.send(f"ET /pieces HTTP/1.1\r\nHost: {HOST}\r\n\r\n")
        assert (await caller.answer())[1] == b"linear"
    async with wire(await gateway.door("agent")) as caller:
        caller.send(f"CONNECT {HOST}:80 HTTP/1.1\r\nHost: {HOST}\r\n\r\nGET /early HTTP/1.1\r\nHost: {HOST}\r\n\r\n")
        assert await caller.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 200 Connection established\r\n\r\n"
        assert (await caller.answer())[1] == b"linear"
    assert [e.path for e in journal.exchanges()] == ["/pieces", "/early"]


@pytest.mark.parametrize("how", ["closes", "resets"])
async def test_who_says_nothing_in_a_tunnel_leaves_nothing_behind(gateway: Gateway, journal: Journal, how: str) -> None:
    gateway.route(HOST, "linear", named("linear"))
    door = await gateway.door("agent")
    process = psutil.Process()
    files = process.num_fds()
    caller = await Wire.open(door)
    await caller.connect(f"{HOST}:443")
    await eventually(lambda: process.num_fds() == files + 3)  # both ends, and what waits for the first byte
    if how == "resets":
        caller.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    caller.writer.transport.abort()
    await eventually(lambda: asyncio.all_tasks() == {asyncio.current_task()} and process.num_fds() == files)
    assert journal.exchanges() == []
    assert journal.marks() == []


# -- one connection, many kinds of messages


@pytest.mark.parametrize("way", ["TLS in a tunnel", "plain HTTP in a tunnel", "absolute form"])
async def test_one_connection_serves_many_requests_also_sent_at_once(
    gateway: Gateway, journal: Journal, authority: Authority, way: str
) -> None:
    gateway.route(HOST, "linear", service(echo))
    target = f"http://{HOST}" if way == "absolute form" else ""
    async with wire(await gateway.door("agent")) as caller:
        if way == "TLS in a tunnel":
            await caller.start_tls(HOST, authority.client_context())
        elif way == "plain HTTP in a tunnel":
            await caller.connect(f"{HOST}:80")
        for body in ("one", "two"):
            caller.send(f"POST {target}/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 3\r\n\r\n{body}")
            assert json.loads((await caller.answer())[1])["body"] == body
        caller.send("".join(f"GET {target}/{i} HTTP/1.1\r\nHost: {HOST}\r\n\r\n" for i in range(3)))
        answers = [json.loads((await caller.answer())[1])["url"] for _ in range(3)]
    scheme = "https" if way == "TLS in a tunnel" else "http"
    assert answers == [f"{scheme}://{HOST}/{i}" for i in range(3)]
    assert [e.path for e in journal.exchanges()] == ["/", "/", "/0", "/1", "/2"]


async def test_chunked_bodies_pass_both_ways(gateway: Gateway, journal: Journal, agent: httpx.AsyncClient) -> None:
    async def backwards(request: Request) -> Response:
        chunks = [chunk async for chunk in request.stream()]
        assert "transfer-encoding" not in request.headers

        async def answer() -> AsyncIterator[bytes]:
            for byte in reversed(b"".join(chunks)):
                yield bytes([byte])

        return StreamingResponse(answer())

    async def pieces() -> AsyncIterator[bytes]:
        yield b"abc"
        yield b"def"

    gateway.route(HOST, "linear", service(backwards))
    answer = await agent.post(f"https://{HOST}/", content=pieces())
    assert answer.text == "fedcba"
    assert answer.headers["transfer-encoding"] == "chunked"
    [exchange] = journal.exchanges()
    assert (exchange.request_body, exchange.response_body) == (b"abcdef", b"fedcba")


@pytest.mark.parametrize(("size", "kept"), [(3 * 1024 * 1024, 3 * 1024 * 1024), (BODY_LIMIT + 1, BODY_LIMIT)])
async def test_large_bodies_pass_whole_and_are_kept_up_to_the_limit(
    gateway: Gateway, journal: Journal, agent: httpx.AsyncClient, size: int, kept: int
) -> None:
    async def same(request: Request) -> Response:
        return Response(await request.body())

    gateway.route(HOST, "linear", service(same))
    body = os.urandom(size)
    answer = await agent.post(f"https://{HOST}/", content=body)
    assert answer.content == body
    [exchange] = journal.exchanges()
    assert exchange.request_body == exchange.response_body == body[:kept]


async def test_a_caller_that_asks_first_is_told_to_continue(gateway: Gateway, journal: Journal) -> None:
    gateway.route(HOST, "linear", service(echo))
    async with wire(await gateway.door("agent")) as caller:
        head = f"POST http://{HOST}/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        caller.send(head)
        assert (await caller.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        caller.send("body")
        assert json.loads((await caller.answer())[1])["body"] == "body"
    [exchange] = journal.exchanges()
    assert exchange.request_body == b"body"


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("DELETE", 204), ("GET", 304)])
async def test_answers_without_a_body_keep_the_connection_in_order(
    gateway: Gateway, journal: Journal, agent: httpx.AsyncClient, method: str, status: int
) -> None:
    async def answer(request: Request) -> Response:
        if request.method == "POST":
            return Response("after")
        return Response("hidden", headers={"etag": "x"}) if status == 200 else Response(status_code=status)

    gateway.route(HOST, "linear", service(answer))
    for _ in range(2):
        bare = await agent.request(method, f"https://{HOST}/")
        assert (bare.status_code, bare.content) == (status, b"")
    assert method != "HEAD" or bare.headers["content-length"] == "6"
    assert (await agent.post(f"https://{HOST}/")).text == "after"
    assert [e.status for e in journal.exchanges()] == [status, status, 200]


async def test_a_caller_that_speaks_http_1_0_gets_its_answer_and_the_end(gateway: Gateway, journal: Journal) -> None:
    async def stream(request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"one "
            yield b"two"

        return StreamingResponse(pieces())

    gateway.route(HOST, "linear", service(stream))
    async with wire(await gateway.door("agent")) as caller:
        caller.send(f"GET http://{HOST}/ HTTP/1.0\r\n\r\n")
        head, _, body = (await caller.rest()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert b"chunked" not in head
    assert body == b"one two"
    [exchange] = journal.exchanges()
    assert (exchange.status, exchange.response_body, exchange.error) == (200, b"one two", None)


async def test_fields_that_concern_one_connection_only_are_recorded_but_not_passed_on(
    gateway: Gateway, journal: Journal, agent: httpx.AsyncClient
) -> None:
    gateway.route(HOST, "linear", service(echo))
    own = {"Proxy-Authorization": "Basic x", "Connection": "keep-alive, X-Mine", "X-Mine": "1", "X-Other": "2"}
    answer = await agent.get(f"http://{HOST}/", headers=own)
    passed = dict(answer.json()["headers"])
    assert passed["x-other"] == "2"
    assert passed.keys().isdisjoint({"proxy-authorization", "connection", "x-mine"})
    [exchange] = journal.exchanges()
    assert exchange.header("proxy-authorization") == "Basic x"


@pytest.mark.parametrize(
    "nonsense", ["\x16\x03\x01\r\n\r\n", "GET\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n"]
)
async def test_a_caller_that_does_not_speak_http_is_told_so_and_recorded(
    gateway: Gateway, journal: Journal, nonsense: str
) -> None:
    gateway.route(HOST, "linear", named("linear"))
    async with wire(await gateway.front(HOST, "converter")) as caller:
        caller.send(nonsense)
        assert (await caller.rest()).startswith(b"HTTP/1.1 400 ")
    [exchange] = journal.exchanges()
    assert (exchange.caller, exchange.callee, exchange.status) == ("converter", "linear", 400)
    assert str(exchange.error).startswith("converter sent what is not HTTP: ")


async def test_a_body_that_is_not_what_was_announced_is_told_and_recorded_once(
    gateway: Gateway, journal: Journal
) -> None:
    gateway.route(HOST, "linear", named("linear"))
    async with wire(await gateway.front(HOST, "converter")) as caller:
        caller.send("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n")
        assert (await caller.rest()).startswith(b"HTTP/1.1 400 ")
    [exchange] = journal.exchanges()
    assert (exchange.method, exchange.path, exchange.status) == ("POST", "/x", 400)


# -- streams


async def test_a_stream_passes_piece_by_piece(gateway: Gateway, journal: Journal, agent: httpx.AsyncClient) -> None:
    go_on = asyncio.Event()

    async def watch(request: Request) -> Response:
        async def events() -> AsyncIterator[bytes]:
            yield b"ADDED\n"
            await go_on.wait()
            yield b"DELETED\n"

        return StreamingResponse(events())

    gateway.route(HOST, "kubernetes", service(watch))
    async with agent.stream("GET", f"https://{HOST}/") as answer:
        pieces = answer.aiter_raw()
        assert await anext(pieces) == b"ADDED\n"
        [seen] = journal.in_flight()
        assert (seen.status, seen.response_body) == (200, b"ADDED\n")
        go_on.set()
        assert await anext(pieces) == b"DELETED\n"
    [exchange] = await recorded(journal)
    assert (exchange.response_body, exchange.error) == (b"ADDED\nDELETED\n", None)


async def test_a_stream_ends_when_its_caller_leaves(
    gateway: Gateway, journal: Journal, agent: httpx.AsyncClient
) -> None:
    ended = asyncio.Event()

    async def watch(request: Request) -> Response:
        async def events() -> AsyncIterator[bytes]:
            try:
                yield b"ADDED\n"
                await asyncio.Event().wait()
            finally:
                ended.set()

        return StreamingResponse(events())

    gateway.route(HOST, "kubernetes", service(watch))
    async with agent.stream("GET", f"https://{HOST}/") as answer:
        assert await anext(answer.aiter_raw()) == b"ADDED\n"
    await asyncio.wait_for(ended.wait(), 10)
    [exchange] = await recorded(journal)
    assert (exchange.status, exchange.response_body) == (200, b"ADDED\n")
    assert "before it had a whole answer" in str(exchange.error)


async def test_an_answer_is_in_the_journal_before_its_caller_has_it(
    gateway: Gateway, journal: Journal, authority: Authority
) -> None:
    async def answer(request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"x"

        whole = request.path_params["path"] == "whole"
        return Response("x") if whole else StreamingResponse(pieces())

    gateway.route(HOST, "linear", service(answer))
    door = await gateway.door("agent")

    def call() -> None:
        with httpx.Client(proxy=door, verify=authority.client_context(), trust_env=False) as client:
            for number in range(1, 101):
                client.get(f"https://{HOST}/{('whole', 'streamed')[number % 2]}")
                assert len(journal.exchanges()) == number
                assert journal.in_flight() == []

    await asyncio.to_thread(call)


# -- callers that leave


async def test_a_service_finishes_its_work_when_its_caller_leaves(gateway: Gateway, journal: Journal) -> None:
    go_on, done = asyncio.Event(), asyncio.Event()

    async def slow(request: Request) -> Response:
        await go_on.wait()
        done.set()
        return Response("too late")

    gateway.route(HOST, "linear", service(slow))
    async with wire(await gateway.door("agent")) as caller:
        caller.send(f"GET http://{HOST}/ HTTP/1.1\r\nHost: {HOST}\r\n\r\n")
        await eventually(lambda: bool(journal.in_flight()))
    [exchange] = await recorded(journal)
    assert (exchange.status, exchange.response_body) == (None, b"")
    assert "before it had a whole answer" in str(exchange.error)
    go_on.set()
    await asyncio.wait_for(done.wait(), 10)
    assert journal.exchanges() == [exchange]
    assert journal.marks(kind="broken") == []


async def test_a_caller_that_leaves_in_the_middle_of_its_request_is_recorded(
    gateway: Gateway, journal: Journal
) -> None:
    gateway.route(HOST, "linear", service(echo))
    async with wire(await gateway.door("agent")) as caller:
        caller.send(f"POST http://{HOST}/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 9\r\n\r\nhalf")
        await eventually(lambda: [e.request_body for e in journal.in_flight()] == [b"half"])
    [exchange] = await recorded(journal)
    assert (exchange.request_body, exchange.status) == (b"half", None)
    assert exchange.error == "The caller left before its request was whole."


async def test_a_caller_that_leaves_at_once_is_recorded(gateway: Gateway, journal: Journal) -> None:
    gateway.route(HOST, "linear", service(echo))
    door = urlsplit(await gateway.door("agent"))

    def call_and_leave() -> None:
        with socket.create_connection((door.hostname, door.port)) as connection:
            connection.sendall(f"GET http://{HOST}/ HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())

    await asyncio.to_thread(call_and_leave)
    [exchange] = await recorded(journal)
    assert exchange.url == f"http://{HOST}/"


# -- real servers


@asynccontextmanager
async def server(
    answer: bytes, tls: ssl.SSLContext | None = None, reset: bool = False
) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A real server on loopback that gives one answer on each connection; its base URL and the heads it read."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        if reset:
            writer.transport.abort()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}", heads


WHOLE = b"HTTP/1.1 201 Created\r\nContent-Length: 4\r\nX-Kept: yes\r\nConnection: close\r\n\r\nreal"


async def test_a_call_passes_through_to_a_real_server(
    gateway: Gateway, journal: Journal, agent: httpx.AsyncClient
) -> None:
    async with server(WHOLE) as (url, heads):
        gateway.route("agent-sre.ai.svc", "agent-sre", f"{url}/base/")
        answer = await agent.get("http://agent-sre.ai.svc:8000/path?q=%20")
    assert (answer.status_code, answer.text, answer.headers["x-kept"]) == (201, "real", "yes")
    assert heads[0].startswith(b"GET /base/path?q=%20 HTTP/1.1\r\n")
    assert b"Host: agent-sre.ai.svc:8000\r\n" in heads[0]
    [exchange] = journal.exchanges()
    assert (exchange.callee, exchange.url) == ("agent-sre", "http://agent-sre.ai.svc:8000/path?q=%20")
    assert (exchange.status, exchange.response_body, exchange.error) == (201, b"real", None)


async def test_a_servers_certificate_is_verified(
    gateway: Gateway, journal: Journal, authority: Authority, agent: httpx.AsyncClient
) -> None:
    async with server(WHOLE, authority.server_context("127.0.0.1")) as (url, _):
        gateway.route(HOST, "kubernetes", url)
        assert (await agent.get(f"https://{HOST}/")).text == "real"
    async with server(WHOLE, authority.impostor_context("127.0.0.1")) as (url, heads):
        gateway.route(HOST, "kubernetes", url)
        with pytest.raises(httpx.ReadError):
            await agent.get(f"https://{HOST}/")
        assert heads == []
    assert "CERTIFICATE_VERIFY_FAILED" in str(journal.exchanges()[1].error)


async def test_what_the_network_does_to_a_server_its_caller_sees(
    gateway: Gateway, journal: Journal, agent: httpx.AsyncClient
) -> None:
    async with server(b"") as (url, _):
        pass
    gateway.route(HOST, "agent-sre", url)
    with pytest.raises(httpx.ReadError):
        await agent.get(f"http://{HOST}/")
    async with gateway.client("broker") as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://{HOST}/")
    for exchange in journal.exchanges():
        assert exchange.status is None
        assert str(exchange.error).startswith("agent-sre could not be reached: ConnectError")
    assert journal.marks(kind="broken") == []


async def test_a_server_that_breaks_off_its_answer_is_seen_so(
    gateway: Gateway, journal: Journal, agent: httpx.AsyncClient
) -> None:
    async with server(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", reset=True) as (url, _):
        gateway.route(HOST, "agent-sre", url)
        with pytest.raises(httpx.ReadError):
            await agent.get(f"http://{HOST}/")
    [exchange] = journal.exchanges()
    assert (exchange.status, exchange.response_body) == (200, b"half")
    assert str(exchange.error).startswith("agent-sre broke off its answer: ")


# -- services of the world that break


async def test_a_service_that_raises_is_marked_broken(
    gateway: Gateway, journal: Journal, agent: httpx.AsyncClient
) -> None:
    async def broken(request: Request) -> Response:
        raise KeyError("team")

    gateway.route(HOST, "linear", service(broken))
    answer = await agent.get(f"https://{HOST}/graphql")
    assert answer.status_code == 502
    [exchange] = journal.exchanges()
    [mark] = journal.marks(kind="broken")
    assert str(exchange.error).startswith("The world's own service 'linear' broke: KeyError: 'team' (test_gateway.py:")
    assert mark.text.startswith(
        f"The world's own service, on GET https://{HOST}/graphql, broke: KeyError: 'team' (test_gateway.py:"
    )


async def test_a_service_that_raises_within_its_answer_is_marked_broken(
    gateway: Gateway, journal: Journal, agent: httpx.AsyncClient
) -> None:
    async def broken(request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"half"
            raise KeyError("team")

        return StreamingResponse(pieces())

    gateway.route(HOST, "linear", service(broken))
    with pytest.raises(httpx.ReadError):
        await agent.get(f"https://{HOST}/")
    [exchange] = journal.exchanges()
    assert (exchange.status, exchange.response_body) == (200, b"half")
    assert "broke: KeyError" in str(exchange.error)
    assert len(journal.marks(kind="broken")) == 1


async def test_a_service_that_raises_after_its_answer_is_marked_broken(
    gateway: Gateway, journal: Journal, agent: httpx.AsyncClient
) -> None:
    async def raise_() -> None:
        raise KeyError("team")

    async def broken(request: Request) -> Response:
        return Response("fine", background=BackgroundTask(raise_))

    gateway.route(HOST, "linear", service(broken))
    assert (await agent.get(f"https://{HOST}/")).text == "fine"
    [exchange] = journal.exchanges()
    assert exchange.error is None
    await eventually(lambda: len(journal.marks(kind="broken")) == 1)


async def test_a_service_that_ends_without_an_answer_is_marked_broken(
    gateway: Gateway, journal: Journal, agent: httpx.AsyncClient
) -> None:
    async def silent(scope: object, receive: object, send: object) -> None:
        pass

    gateway.route(HOST, "linear", silent)
    assert (await agent.get(f"https://{HOST}/")).status_code == 502
    assert "ended before its answer was whole" in journal.marks(kind="broken")[0].text


async def test_a_service_that_answers_500_is_not_broken(
    gateway: Gateway, journal: Journal, agent: httpx.AsyncClient
) -> None:
    async def internal_error(request: Request) -> Response:
        return JSONResponse({"errors": []}, 500)

    gateway.route(HOST, "linear", service(internal_error))
    assert (await agent.get(f"https://{HOST}/")).json() == {"errors": []}
    [exchange] = journal.exchanges()
    assert (exchange.status, exchange.error) == (500, None)
    assert journal.marks() == []


# -- life


async def test_closing_leaves_nothing_behind_and_records_what_was_under_way(
    journal: Journal, authority: Authority
) -> None:
    async def never(request: Request) -> Response:
        await asyncio.Event().wait()
        return Response()

    process = psutil.Process()
    tasks, files, threads = len(asyncio.all_tasks()), process.num_fds(), threading.active_count()
    async with Gateway(journal, authority) as gateway:
        gateway.route(HOST, "linear", service(never))
        door, front = await gateway.door("agent"), await gateway.front(HOST, "converter")
        callers = [await Wire.open(url) for url in (door, door, door, door, door, front, front)]
        _idle, silent, mid_handshake, tunnelled, plain, fronted, half = callers
        for caller in (silent, mid_handshake, tunnelled):
            await caller.connect(f"{HOST}:443")
        mid_handshake.send("\x16")
        await tunnelled.writer.start_tls(authority.client_context(), server_hostname=HOST)
        tunnelled.send(f"GET /tunnelled HTTP/1.1\r\nHost: {HOST}\r\n\r\n")
        plain.send(f"GET http://{HOST}/plain HTTP/1.1\r\nHost: {HOST}\r\n\r\n")
        fronted.send("GET /fronted HTTP/1.1\r\nHost: x\r\n\r\n")
        half.send("POST /half HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
        await eventually(lambda: len(journal.in_flight()) == 4)
    assert journal.in_flight() == []
    reasons = {e.path: e.error for e in journal.exchanges()}
    assert len(journal.exchanges()) == len(reasons)  # who was silent made no call
    closed = "The world was closed while the call was under way."
    assert reasons == {
        "/": "The TLS handshake was broken off.",
        "/tunnelled": closed,
        "/plain": closed,
        "/fronted": closed,
        "/half": closed,
    }
    for caller in callers:
        caller.writer.transport.abort()
    await eventually(lambda: len(asyncio.all_tasks()) == tasks and process.num_fds() == files)
    assert threading.active_count() == threads
    for url in (door, front):
        with pytest.raises(ConnectionRefusedError):
            await Wire.open(url)


async def test_a_connection_that_is_over_is_freed_at_once(gateway: Gateway, authority: Authority) -> None:
    """A run's garbage is collected once for each scenario, and never what was in use then: connections above all."""
    gateway.route(HOST, "linear", named("linear"))
    gc.collect()
    gc.disable()
    try:
        async with wire(await gateway.door("agent")) as caller:
            await caller.start_tls(HOST, authority.client_context())
            caller.send(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n")
            assert (await caller.answer())[1] == b"linear"
            [connection] = [weakref.ref(one) for one in gc.get_objects() if type(one) is Connection]
        await eventually(lambda: connection() is None)
    finally:
        gc.enable()


def test_steps_reach_the_gateway_from_their_own_thread(journal: Journal, authority: Authority) -> None:
    with Loop() as loop:
        gateway = Gateway(journal, authority)
        loop.run(gateway.start())
        gateway.route(HOST, "linear", named("linear"))
        door = loop.run(gateway.door("agent"))
        with httpx.Client(proxy=door, verify=authority.client_context(), trust_env=False) as client:
            assert client.get(f"https://{HOST}/").text == "linear"
        loop.run(gateway.close())
    assert len(journal.exchanges()) == 1
