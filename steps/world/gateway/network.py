"""The network of the world: where each host leads, which faults act there, and the record of every call."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import httpx
from starlette.types import ASGIApp

from steps.world.gateway.authority import Authority
from steps.world.gateway.faults import Fault, Refuse, TlsFault
from steps.world.gateway.injection import Injection, covers
from steps.world.gateway.messages import NoAnswerError, NotHttpError, RefusedError, Request, ResetError, end_to_end
from steps.world.gateway.upstream import Application, Server, ServiceError
from steps.world.journal import Flight, Headers, Journal, host_of

Met = TypeVar("Met", Refuse, TlsFault)
UNDECLARED = "undeclared"
"""The callee of a call to a host that nobody declared."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where the calls to some hosts lead."""

    callee: str
    transport: httpx.AsyncBaseTransport


class Network:
    """What every way into the gateway has in common: routes, faults and the record."""

    def __init__(self, journal: Journal, authority: Authority) -> None:
        self.journal = journal
        self._authority = authority
        self._routes: dict[str, Route] = {}
        self._transports: list[httpx.AsyncBaseTransport] = []
        self._injections: list[Injection] = []

    # -- routes

    def route(self, host: str, callee: str, upstream: ASGIApp | str) -> None:
        """See Gateway.route."""
        transport = self._transport(upstream)
        self._transports.append(transport)
        self._routes[host.lower()] = Route(callee, transport)

    def find(self, host: str) -> Route | None:
        """The route of a host: its own, else the one of its nearest domain with a wildcard."""
        if host in self._routes:
            return self._routes[host]
        labels = host.split(".")
        wildcards = (f"*.{'.'.join(labels[i:])}" for i in range(1, len(labels)))
        return next((self._routes[wildcard] for wildcard in wildcards if wildcard in self._routes), None)

    def _transport(self, upstream: ASGIApp | str) -> httpx.AsyncBaseTransport:
        if not isinstance(upstream, str):
            return Application(upstream, self._service_broke)
        base_url = httpx.URL(upstream)
        of_this_world = base_url.scheme == "http" or base_url.host in ("127.0.0.1", "localhost")
        return Server(base_url, self._authority.client_context() if of_this_world else httpx.create_ssl_context())

    async def close(self) -> None:
        """Lifts every fault, and ends the calls that services are still working on."""
        for injection in self._injections:
            injection.lift()
        for transport in self._transports:
            await transport.aclose()

    # -- faults

    def inject(self, host: str, fault: Fault, on_lift: Callable[[Injection], None]) -> Injection:
        """See Gateway.inject."""
        host = host.lower()
        if not any(covers(pattern, host) or covers(host, pattern) for pattern in self._routes):
            raise ValueError(f"No route leads to {host!r}, so no fault can act there: declare the host first.")
        injection = Injection(host, fault, self.journal, on_lift)
        self._injections = [*(i for i in self._injections if not i.lifted.is_set()), injection]
        return injection

    def in_force(self) -> list[Injection]:
        """The faults in force, in the order in which they were injected."""
        return [injection for injection in self._injections if injection.lifted_at is None]

    def refusal(self, host: str) -> Refuse | None:
        """The fault that refuses a new connection to the host; counted when there is one."""
        return self._met(host, Refuse, lambda _: True)

    def tls_fault(self, host: str, caller: str) -> TlsFault | None:
        """The fault that meets the caller's TLS handshake with the host; counted when there is one."""
        return self._met(host, TlsFault, lambda fault: fault.caller in (None, caller))

    def refuses(self, host: str) -> bool:
        """Whether connections to the host are refused."""
        return any(isinstance(i.fault, Refuse) and covers(i.host, host) for i in self.in_force())

    def _met(self, host: str, kind: type[Met], concerns: Callable[[Met], bool]) -> Met | None:
        for injection in self.in_force():
            fault = injection.fault
            if isinstance(fault, kind) and covers(injection.host, host) and concerns(fault):
                injection.hit()
                return fault
        return None

    # -- calls

    def begin(self, caller: str, method: str, url: str, headers: Headers, began: float, tls: str | None) -> Flight:
        """Notes in the journal that a call has begun."""
        route = self.find(host_of(url))
        return self.journal.begin(
            caller=caller,
            callee=route.callee if route else UNDECLARED,
            method=method,
            url=url,
            headers=headers,
            began=began,
            tls=tls,
        )

    async def answer(self, flight: Flight, request: Request) -> httpx.Response:
        """The answer to a call; its stream has to be read or closed.

        The call is recorded as over before the last piece of its answer is given out: whoever has an answer
        finds it in the journal. Raises NoAnswerError, also out of the stream.
        """
        try:
            response = await self._respond(flight, request)
        except NoAnswerError as error:
            if isinstance(error, NotHttpError):
                flight.received(error.data)
            flight.end(str(error))
            raise
        except asyncio.CancelledError:
            flight.end(_left(flight))
            raise
        except Exception as error:
            flight.end(f"The gateway broke: {_told(error)}.")
            raise
        flight.status = response.status_code
        flight.response_headers = end_to_end(decoded(response.headers.raw))
        length = response.headers.get("content-length")
        if request.method == "HEAD" or response.status_code in (204, 304) or length == "0":
            await response.aclose()
            flight.end()
            body: httpx.AsyncByteStream = httpx.ByteStream(b"")
        else:
            body = _Recorded(flight, response, int(length) if length else None)
        return httpx.Response(response.status_code, headers=list(flight.response_headers), stream=body)

    def broke(self, what: str, error: BaseException) -> None:
        """Marks that a part of the world itself did not work."""
        self.journal.mark("broken", f"{what} broke: {_told(error)}.")

    async def _respond(self, flight: Flight, request: Request) -> httpx.Response:
        route = self.find(request.host)
        if route is None:
            flight.error = f"Nobody declared the host {request.host!r}, so the gateway refused the call."
            return httpx.Response(502, text=flight.error)
        if refused := self.refusal(request.host):
            flight.fault = refused.name
            raise RefusedError("The connection was refused.")

        async def forward() -> httpx.Response:
            return await self._forward(route, flight, request)

        for injection in self.in_force():
            if injection.concerns(request):
                flight.fault = injection.fault.name
                return await injection.act(forward)
        return await forward()

    async def _forward(self, route: Route, flight: Flight, request: Request) -> httpx.Response:
        passed_on = end_to_end(request.headers)
        headers = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in passed_on
            if name not in ("host", "content-length")
        ]
        try:
            forwarded = httpx.Request(request.method, request.url, headers=headers, content=request.body)
            return await route.transport.handle_async_request(forwarded)
        except httpx.InvalidURL as error:
            return httpx.Response(400, text=f"{request.url} is no URL: {error}.")
        except ServiceError as error:
            flight.error = _broken_service(flight, error)
            return httpx.Response(502, text=flight.error)
        except httpx.ConnectError as error:
            raise RefusedError(f"{flight.callee} could not be reached: {_told(error)}.") from error
        except httpx.TransportError as error:
            raise ResetError(f"{flight.callee} gave no answer: {_told(error)}.") from error

    def _service_broke(self, request: httpx.Request, error: Exception) -> None:
        self.broke(f"The world's own service, on {request.method} {request.url},", error)


class _Recorded(httpx.AsyncByteStream):
    """An answer's body on its way to the caller, noted in the journal."""

    def __init__(self, flight: Flight, response: httpx.Response, length: int | None) -> None:
        self._flight = flight
        self._response = response
        self._length = length

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._response.stream, httpx.AsyncByteStream)
        passed = 0
        try:
            async for chunk in self._response.stream:
                self._flight.received(chunk)
                passed += len(chunk)
                if passed == self._length:
                    self._flight.end()
                yield chunk
        except NoAnswerError as error:
            self._flight.end(str(error))
            raise
        except ServiceError as error:
            self._flight.end(_broken_service(self._flight, error))
            raise ResetError(str(self._flight.error)) from error
        except httpx.TransportError as error:
            self._flight.end(f"{self._flight.callee} broke off its answer: {_told(error)}.")
            raise ResetError(str(self._flight.error)) from error
        self._flight.end()

    async def aclose(self) -> None:
        self._flight.end(_left(self._flight))
        await self._response.aclose()


def decoded(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Header fields as the journal keeps them (RFC 9110 §5.5: a field's octets are read as Latin-1)."""
    return tuple(_field(name, value) for name, value in headers)


@lru_cache(maxsize=4096)
def _field(name: bytes, value: bytes) -> tuple[str, str]:
    """The field, kept once for all messages that carry it: most are alike, and the journal keeps them all."""
    return name.decode("latin-1").lower(), value.decode("latin-1")


def _left(flight: Flight) -> str:
    seconds = flight.journal.cursor() - flight.began
    return f"The caller left after {seconds:.2f} s, before it had a whole answer."


def _broken_service(flight: Flight, error: ServiceError) -> str:
    assert error.__cause__ is not None
    return f"The world's own service {flight.callee!r} broke: {_told(error.__cause__)}."


def _told(error: BaseException) -> str:
    """An exception in words, with the place where it was raised."""
    told = f"{type(error).__name__}: {error}".rstrip(".")
    if isinstance(error, httpx.TransportError):
        return told
    frames = traceback.extract_tb(error.__traceback__)
    return f"{told} ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else told
