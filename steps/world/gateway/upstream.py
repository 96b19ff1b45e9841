"""What can stand behind a host, as httpx transports: an ASGI application in this process, or a real server."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx
from starlette.types import ASGIApp

from steps.world.gateway.sockets import AsyncioBackend

Message = MutableMapping[str, Any]


class ServiceError(Exception):
    """A service of the world raised an exception, which is its cause: no verdict about a caller follows."""


class Application(httpx.AsyncBaseTransport):
    """Calls an ASGI application and passes its answer on as it comes (httpx.ASGITransport collects it).

    As behind a real server, the application goes on with its work when the caller leaves. When it raises,
    `broke` is told, and whoever awaits or reads its answer gets a ServiceError.
    """

    def __init__(self, app: ASGIApp, broke: Callable[[httpx.Request, Exception], None]) -> None:
        self._app = app
        self._broke = broke
        self._calls: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        call = _Call(request)
        task = asyncio.create_task(self._serve(call))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        try:
            start = await call.next()
            if start["status"] == 500:
                # Starlette answers 500 before it raises what went wrong: whether it does is known at the end.
                await asyncio.wait([task])
                if call.error is not None:
                    raise ServiceError from call.error
        except BaseException:
            await call.aclose()
            raise
        return httpx.Response(start["status"], headers=list(start.get("headers", ())), stream=call)

    async def aclose(self) -> None:
        """Cancels the calls that are still being served."""
        calls = list(self._calls)
        for task in calls:
            task.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    async def _serve(self, call: _Call) -> None:
        try:
            await call.run(self._app)
        except Exception as error:
            call.error = error
            self._broke(call.request, error)
        finally:
            call.nothing_more()


class _Call(httpx.AsyncByteStream):
    """One call of an application (ASGI 3, HTTP connection scope); as a stream, its answer's body."""

    def __init__(self, request: httpx.Request) -> None:
        self.request = request
        self.error: Exception | None = None
        self._messages = asyncio.Queue[Message | None]()
        self._asked = False
        self._over = asyncio.Event()
        """The answer is whole, or its reader has left."""

    async def run(self, app: ASGIApp) -> None:
        url = self.request.url
        path, _, query = url.raw_path.partition(b"?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": self.request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in self.request.headers.raw],
            "client": ("127.0.0.1", 0),
            "server": (url.host, url.port),
        }
        await app(scope, self._receive, self._send)
        if not self._over.is_set():
            raise RuntimeError("it ended before its answer was whole")

    def nothing_more(self) -> None:
        """Releases the reader, should it still wait."""
        self._messages.put_nowait(None)

    async def next(self) -> Message:
        """The next message of the application. Raises ServiceError when none comes."""
        message = await self._messages.get()
        if message is None:
            raise ServiceError from self.error
        return message

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self.next()
            if body := message.get("body", b""):
                yield body
            more = message.get("more_body", False)

    async def aclose(self) -> None:
        self._over.set()

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self.request.content, "more_body": False}
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._over.is_set():
            return
        self._messages.put_nowait(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._over.set()


class Server(httpx.AsyncBaseTransport):
    """A real server at a base URL, whose certificate is verified by what `trust` trusts.

    Each call has its own connection, so that none is lost on one that the server is about to close.
    """

    def __init__(self, base_url: httpx.URL, trust: ssl.SSLContext) -> None:
        self._scheme, self._host, self._port = base_url.raw_scheme, base_url.raw_host, base_url.port
        self._path = base_url.raw_path.rstrip(b"/")
        self._trust = trust
        self._network = AsyncioBackend()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = self._path + request.url.raw_path
        url = httpcore.URL(scheme=self._scheme, host=self._host, port=self._port, target=target)
        connection = httpcore.AsyncHTTPConnection(url.origin, self._trust, network_backend=self._network)
        headers = request.headers.raw  # with the Host that the caller asked for
        try:
            with _told_by_httpx():
                answer = await connection.handle_async_request(
                    httpcore.Request(request.method, url, headers=headers, content=request.stream)
                )
        except BaseException:
            await connection.aclose()
            raise
        return httpx.Response(answer.status, headers=answer.headers, stream=_Answer(answer, connection))


class _Answer(httpx.AsyncByteStream):
    """The body of a server's answer, and the connection on which it comes."""

    def __init__(self, answer: httpcore.Response, connection: httpcore.AsyncHTTPConnection) -> None:
        self._answer = answer
        self._connection = connection

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _told_by_httpx():
            async for chunk in self._answer.aiter_stream():
                yield chunk

    async def aclose(self) -> None:
        await self._connection.aclose()


@contextmanager
def _told_by_httpx() -> Iterator[None]:
    """What httpcore raises, as httpx calls it."""
    try:
        yield
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
        raise kind(str(error)) from error
