"""One connection of a caller: reads requests, writes answers (RFC 9112), and breaks as the faults demand."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from contextlib import suppress
from http.client import responses

import h11
import httpx

from steps.world.gateway.authority import Authority
from steps.world.gateway.messages import (
    CutShortError,
    NoAnswerError,
    NotHttpError,
    RefusedError,
    Request,
    ResetError,
)
from steps.world.gateway.network import Network, decoded
from steps.world.journal import Flight, host_of

HEAD_LIMIT = 64 * 1024
"""Bytes that a request's line and header fields may have, as at most servers."""

HANDSHAKE_RECORD = b"\x16"
"""The first byte of a TLS connection (RFC 8446 §5.1). No request begins with it."""

HANDSHAKE_LIMIT = 10.0
"""Seconds for a TLS handshake."""

CLOSING_LIMIT = 1.0
"""Seconds for a TLS connection to be closed by both sides."""

NO_COMMON_VERSION = ("UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW", "TLSV1_ALERT_PROTOCOL_VERSION")
"""How OpenSSL words that."""

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER for no time: closing the socket sends RST, and the peer sees ECONNRESET."""


class Connection(asyncio.Protocol):
    """A caller's connection to a door, or to the front of the host `front`.

    At a door, requests come in absolute form, or within a tunnel that CONNECT opens to a host: there the
    gateway ends the TLS connection in the host's place, or takes plain HTTP, whichever the caller speaks.
    A task owned by the connection serves it; `connections` holds it as long as it is open.
    """

    def __init__(
        self,
        network: Network,
        authority: Authority,
        connections: set[Connection],
        caller: str,
        front: str | None = None,
    ) -> None:
        self.task: asyncio.Task[None]
        self._network = network
        self._authority = authority
        self._connections = connections
        self._caller = caller
        self._base = f"http://{front}" if front else None
        """Scheme and host that requests in origin form are meant for."""
        self._tls: str | None = None
        self._tunnel_fault: str | None = None
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_LIMIT)
        self._transport: asyncio.Transport
        """Where to write: the TCP connection itself, or TLS on it."""
        self._tcp: asyncio.Transport
        self._began: float | None = None
        """When the first byte of the next request arrived."""
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._flight: Flight | None = None
        self._retired = False

    # -- from the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._tcp = self._transport = transport
        self._writable.set()
        self._connections.add(self)
        self.task = asyncio.get_running_loop().create_task(self._serve())
        self.task.add_done_callback(self._served)

    def data_received(self, data: bytes) -> None:
        if self._began is None:
            self._began = self._network.journal.cursor()
        self._http.receive_data(data)
        self._arrived.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.discard(self)
        self.task.cancel()

    # -- from the gateway

    @property
    def host(self) -> str | None:
        """The host that the connection leads to, or that its current request is for."""
        url = self._base or (self._flight.url if self._flight else None)
        return host_of(url) if url else None

    @property
    def encrypted(self) -> bool:
        """Whether the caller speaks TLS on it."""
        return self._tls is not None

    def cut(self, reason: str, fault: str | None = None) -> None:
        """Resets the connection; the call under way is recorded with the reason."""
        if self._flight is not None:
            self._flight.error = self._flight.error or reason
            self._flight.fault = self._flight.fault or fault
        self._reset()

    def retire(self) -> None:
        """Closes the connection, after the answer to the call under way."""
        self._retired = True
        if self._flight is None:
            self._close()

    # -- serving

    async def _serve(self) -> None:
        try:
            while await self._serve_request():
                self._flight = None
        except h11.RemoteProtocolError as error:
            self._reject(error)
        except (CutShortError, asyncio.CancelledError):  # its task would keep it, and thereby the whole connection
            pass
        except NotHttpError as error:
            self._transport.write(error.data)
        except NoAnswerError:
            self._reset()
        except Exception:
            self._reset()
            raise
        finally:
            self._close()

    def _served(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._network.broke(f"The gateway's connection with {self._caller}", error)

    async def _serve_request(self) -> bool:
        """Serves one request; True when the connection goes on afterwards."""
        head = await self._next()
        if not isinstance(head, h11.Request):
            return False
        if head.method == b"CONNECT":
            return await self._open_tunnel(head)
        flight = self._begin(head, self._url(head))
        request = await self._read(flight)
        await self._write(await self._network.answer(flight, request))
        if self._retired or not (self._http.our_state is self._http.their_state is h11.DONE):
            return False
        self._http.start_next_cycle()
        return True

    def _url(self, head: h11.Request) -> str:
        target = head.target.decode("latin-1")
        if not target.startswith("/"):
            return target
        return (self._base or f"http://{dict(head.headers).get(b'host', b'').decode('latin-1')}") + target

    def _begin(self, head: h11.Request, url: str) -> Flight:
        now = self._network.journal.cursor()
        flight = self._network.begin(
            caller=self._caller,
            method=head.method.decode("latin-1"),
            url=url,
            headers=decoded(head.headers),
            began=self._began or now,
            tls=self._tls,
        )
        flight.fault = self._tunnel_fault
        self._flight = flight
        return flight

    async def _read(self, flight: Flight) -> Request:
        """The rest of a request whose head has been read."""
        body = bytearray()
        try:
            while isinstance(event := await self._next(), h11.Data):
                body += event.data
                flight.sent(event.data)
        except asyncio.CancelledError:
            flight.end("The caller left before its request was whole.")
            raise
        self._began = None
        return Request(flight.caller, flight.method, flight.url, flight.request_headers, bytes(body))

    async def _next(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """What the caller sends next."""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                self._send(h11.InformationalResponse(status_code=100, headers=[]))
            self._arrived.clear()
            await self._arrived.wait()
        return event

    async def _write(self, response: httpx.Response) -> None:
        """Passes the answer on, piece by piece as it comes."""
        assert isinstance(response.stream, httpx.AsyncByteStream)
        try:
            self._send(_head(response))
            async for chunk in response.stream:
                self._send(h11.Data(chunk))
                await self._writable.wait()
        finally:
            await response.aclose()
        self._send(h11.EndOfMessage())

    def _send(self, event: h11.Event) -> None:
        if data := self._http.send(event):
            self._transport.write(data)

    # -- the tunnel

    async def _open_tunnel(self, head: h11.Request) -> bool:
        """Answers CONNECT, and takes what the caller speaks in the tunnel, TLS or plain HTTP; True when it is open."""
        await self._next()  # the end of the request
        target = head.target.decode("latin-1")
        base = f"https://{target.removesuffix(':443')}"
        if self._network.find(host_of(base)) is None:
            flight = self._begin(head, f"{base}/")
            request = Request(flight.caller, flight.method, flight.url, flight.request_headers, b"")
            await self._write(await self._network.answer(flight, request))
            return False
        self._tcp.pause_reading()  # a handshake is asyncio's to read
        self._send(h11.Response(status_code=200, headers=[], reason=b"Connection established"))
        early, _ = self._http.trailing_data
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_LIMIT)
        if (early[:1] or await self._first_byte()) == HANDSHAKE_RECORD:
            await self._end_tls(head, base)
            self._base = base
            return True
        self._base = f"http://{target.removesuffix(':80')}"
        self._began = None
        if early:
            self.data_received(early)
        self._tcp.resume_reading()
        return True

    async def _first_byte(self) -> bytes:
        """What the caller sends first while reading is paused, left where it is; nothing when the caller leaves."""
        loop = asyncio.get_running_loop()
        own: socket.socket = self._tcp.get_extra_info("socket")
        with own.dup() as peer:  # asyncio lets nobody wait for its transport's own
            self._arrived.clear()
            loop.add_reader(peer, self._arrived.set)
            try:
                await self._arrived.wait()
            finally:
                loop.remove_reader(peer)
            with suppress(OSError):
                return peer.recv(1, socket.MSG_PEEK)
        return b""

    async def _end_tls(self, head: h11.Request, base: str) -> None:
        """Does the TLS handshake in the host's place, unless the host refuses the connection."""
        host = host_of(base)
        if refused := self._network.refusal(host):
            flight = self._begin(head, f"{base}/")
            flight.fault = refused.name
            flight.end("The connection was refused.")
            raise RefusedError(flight.error)
        met = self._network.tls_fault(host, self._caller)
        self._tunnel_fault = met.name if met else None
        began, self._began = self._began, None
        try:
            context = met.context(self._authority, host) if met else self._authority.server_context(host)
            await self._start_tls(context)
        except (OSError, ValueError, asyncio.CancelledError) as error:
            self._began = began
            self._begin(head, f"{base}/").end(_handshake_failure(error))
            self._connections.discard(self)  # asyncio does not report the loss of a connection in its handshake
            raise ResetError from error

    async def _start_tls(self, context: ssl.SSLContext) -> None:
        transport = await asyncio.get_running_loop().start_tls(
            self._transport,
            self,
            context,
            server_side=True,
            ssl_handshake_timeout=HANDSHAKE_LIMIT,
            ssl_shutdown_timeout=CLOSING_LIMIT,
        )
        if transport is None:  # the connection was cut meanwhile
            raise ConnectionResetError
        self._transport = transport
        self._tls = transport.get_extra_info("ssl_object").version()

    # -- breaking

    def _reject(self, error: h11.RemoteProtocolError) -> None:
        """Answers what is not HTTP, and records it."""
        flight = self._flight
        if flight is None:
            now = self._network.journal.cursor()
            url = f"{self._base}/" if self._base else ""
            flight = self._network.begin(self._caller, "?", url, (), self._began or now, self._tls)
        flight.status = 400
        flight.end(f"{self._caller} sent what is not HTTP: {error}.")
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._send(h11.Response(status_code=400, headers=[("connection", "close")], reason=b"Bad Request"))
            self._send(h11.EndOfMessage())

    def _close(self) -> None:
        """Closes the connection, as soon as everything is written."""
        if not self._transport.is_closing():
            self._transport.close()

    def _reset(self) -> None:
        peer: socket.socket = self._tcp.get_extra_info("socket")
        if peer.fileno() >= 0:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._tcp.abort()


def _head(response: httpx.Response) -> h11.Response:
    reason = responses.get(response.status_code, "").encode()
    return h11.Response(status_code=response.status_code, headers=response.headers.raw, reason=reason)


def _handshake_failure(error: BaseException) -> str:
    """Why there is no TLS connection, in one sentence."""
    if isinstance(error, ssl.SSLError) and error.reason in NO_COMMON_VERSION:
        return f"The caller and the host have no version of TLS in common ({error.reason})."
    if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
        return f"The caller did not accept the certificate ({error.reason})."
    if isinstance(error, ConnectionAbortedError):
        return f"The caller did not finish the TLS handshake within {HANDSHAKE_LIMIT:g} s."
    if isinstance(error, ConnectionError | asyncio.CancelledError):
        return "The TLS handshake was broken off."
    return f"The TLS handshake failed: {error}."
