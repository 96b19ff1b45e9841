"""The gateway itself: its doors and fronts, and what the world sets up on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpx
from starlette.types import ASGIApp

from steps.world.gateway.authority import Authority
from steps.world.gateway.client import WorldTransport
from steps.world.gateway.connection import Connection
from steps.world.gateway.faults import Fault, Refuse, TlsFault
from steps.world.gateway.injection import Injection, covers
from steps.world.gateway.listener import Listener
from steps.world.gateway.network import Network
from steps.world.journal import Journal, host_of


class Gateway:
    """The only way out, and the network of the world: routes by host, records every exchange, injects faults.

    Its coroutines belong on the loop on which it was started; `route` and `inject` may be called from any
    thread.
    """

    def __init__(self, journal: Journal, authority: Authority) -> None:
        self._network = Network(journal, authority)
        self._authority = authority
        self._connections: set[Connection] = set()
        self._doors: dict[str, Listener] = {}
        self._fronts: dict[tuple[str, str], Listener] = {}
        self._loop: asyncio.AbstractEventLoop

    async def start(self) -> None:
        """Makes the running loop the gateway's own."""
        self._loop = asyncio.get_running_loop()

    async def close(self) -> None:
        """Closes every door and cuts every connection; no task, socket or waiting call is left."""
        listeners = [*self._doors.values(), *self._fronts.values()]
        self._doors.clear()
        self._fronts.clear()
        for listener in listeners:
            await listener.end()
        connections = list(self._connections)
        for connection in connections:
            connection.cut("The world was closed while the call was under way.")
        await asyncio.gather(*(connection.task for connection in connections), return_exceptions=True)
        await self._network.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # -- ways in

    async def door(self, caller: str, port: int = 0) -> str:
        """The URL of the forward proxy for this caller: for HTTP_PROXY, HTTPS_PROXY and `proxy_url`.

        It takes requests in absolute form, and by CONNECT TLS with certificates of the authority, or plain HTTP. It
        is opened, at that port or any, when it is first asked for.
        """
        if caller not in self._doors:
            self._doors[caller] = Listener(lambda: self._connection(caller), port)
        return self._doors[caller].url

    async def front(self, host: str, caller: str, port: int = 0) -> str:
        """The base URL that stands for `host`, for a caller without a proxy. A port of the host is kept in the record.

        It is opened, at that port or any, when it is first asked for.
        """
        if (host, caller) not in self._fronts:
            self._fronts[host, caller] = Listener(lambda: self._connection(caller, host), port)
            self._settle_fronts()
        return self._fronts[host, caller].url

    def client(self, caller: str) -> httpx.AsyncClient:
        """A client for the world's own calls: the same routes, record and faults, without a socket."""
        transport = WorldTransport(self._network, caller)
        return httpx.AsyncClient(transport=transport, trust_env=False)

    def _connection(self, caller: str, front: str | None = None) -> Connection:
        return Connection(self._network, self._authority, self._connections, caller, front)

    # -- set-up

    def route(self, host: str, callee: str, upstream: ASGIApp | str) -> None:
        """Lets calls to a host reach `upstream`, and names the party that it is in the journal.

        The host is a name or `*.suffix`; a name goes before a wildcard, a longer wildcard before a shorter
        one. Ports do not matter. The upstream is an ASGI application, or the base URL of a real server: one
        of the world on loopback (with a certificate of the authority, when it is https), or the real thing,
        with a certificate that this machine trusts. A host that has a route gets the new one.
        """
        self._network.route(host, callee, upstream)

    def inject(self, host: str, fault: Fault) -> Injection:
        """Puts a fault in force at a host or `*.suffix`; when this returns it is in force.

        The faults of a host act in the order in which they were injected, one on each call. Raises ValueError
        when no route leads to the host.
        """
        injection = self._network.inject(host, fault, on_lift=lambda lifted: self._on_loop(self._settle, lifted))
        self._on_loop(self._settle, injection)
        return injection

    def _settle(self, injection: Injection) -> None:
        """Brings fronts and open connections in line with a fault that was injected or lifted."""
        if injection.lifted_at is not None:
            injection.lifted.set()
        self._settle_fronts()
        for connection in list(self._connections):
            if connection.host is None or not covers(injection.host, connection.host):
                continue
            if isinstance(injection.fault, Refuse) and injection.lifted_at is None:
                connection.cut("The connection was reset, because its host went down.", injection.fault.name)
            elif isinstance(injection.fault, TlsFault) and connection.encrypted:
                connection.retire()  # so that the next call meets what is now in force

    def _settle_fronts(self) -> None:
        for (host, _), front in self._fronts.items():
            if self._network.refuses(host_of(f"http://{host}")):
                front.close()
            else:
                front.open()

    def _on_loop(self, action: Callable[[Injection], None], injection: Injection) -> None:
        """Runs the action on the gateway's loop; returns when it is done."""

        async def act() -> None:
            action(injection)
            await asyncio.sleep(0)  # asyncio closes a socket in the turn after it was told to

        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if here is self._loop:
            action(injection)
        elif not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(act(), self._loop).result()
