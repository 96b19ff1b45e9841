"""httpcore's network on asyncio's own streams: its default, anyio, costs a gateway as much again as the call itself."""

# ruff: noqa: ASYNC109 (httpcore's interface names a time-out)

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore


class AsyncioBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections. Neither it nor they know time-outs: whoever waits sets his own (asyncio.timeout)."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncioStream:
        """Raises httpcore.ConnectError."""
        with _told_as(httpcore.ConnectError):
            return AsyncioStream(*await asyncio.open_connection(host, port))


class AsyncioStream(httpcore.AsyncNetworkStream):
    """One connection, in plaintext until `start_tls`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come, nothing at its end. Raises httpcore.ReadError."""
        with _told_as(httpcore.ReadError):
            return await self._reader.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Raises httpcore.WriteError."""
        with _told_as(httpcore.WriteError):
            self._writer.write(buffer)
            await self._writer.drain()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncioStream:
        """Raises httpcore.ConnectError for a certificate that the context does not trust."""
        with _told_as(httpcore.ConnectError):
            await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        return self

    async def aclose(self) -> None:
        """Lets go of it; the peer's part of a farewell is not waited for."""
        self._writer.close()

    def get_extra_info(self, info: str) -> Any:
        """What asyncio knows by that name, such as `ssl_object`."""
        return self._writer.get_extra_info(info)


@contextmanager
def _told_as(kind: type[httpcore.NetworkError]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise kind(str(error)) from error
