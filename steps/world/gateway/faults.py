"""What can go wrong on the way to a host. The caller sees each fault as the real thing."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

import httpx

from steps.world.gateway.authority import Authority
from steps.world.gateway.messages import CutShortError, NotHttpError, Request, ResetError
from steps.world.journal import Headers

Forward = Callable[[], Awaitable[httpx.Response]]
"""Lets the host answer the call."""

GARBAGE = b"\x16\x00\xff\xde\xad\xbe\xef this is no answer \x00\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault at a host; `name` says it in plain words, for journal and timeline."""

    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self._words())

    def _words(self) -> str:
        """The name when none was given."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse(Fault):
    """Connections are refused and open ones are reset, as when the program behind the host has died.

    A front refuses for real. A caller behind a proxy is connected to the proxy already: its connection is
    reset instead, before the TLS handshake or after the request. Acts until lifted.
    """

    def _words(self) -> str:
        return "connection refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFault(Fault):
    """The host cannot be trusted. Acts on TLS connections, of that caller or of all, until lifted.

    Calls of a caller that trusts it nevertheless are served, and carry the fault in the journal.
    """

    caller: str | None = None

    def context(self, authority: Authority, host: str) -> ssl.SSLContext:
        """What the host shows instead of what it should."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongCertificate(TlsFault):
    """The host shows a certificate of an authority that nobody trusts."""

    def context(self, authority: Authority, host: str) -> ssl.SSLContext:
        return authority.impostor_context(host)

    def _words(self) -> str:
        return "wrong certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignCertificate(TlsFault):
    """The host shows the good certificate of another host."""

    def context(self, authority: Authority, host: str) -> ssl.SSLContext:
        return authority.namesake_context(host)

    def _words(self) -> str:
        return "certificate of another host"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiredCertificate(TlsFault):
    """The host shows a certificate that has expired."""

    def context(self, authority: Authority, host: str) -> ssl.SSLContext:
        return authority.expired_context(host)

    def _words(self) -> str:
        return "expired certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutdatedTls(TlsFault):
    """The host speaks TLS 1.1 and nothing later (RFC 8996)."""

    def context(self, authority: Authority, host: str) -> ssl.SSLContext:
        return authority.outdated_context(host)

    def _words(self) -> str:
        return "outdated version of TLS"


TLS_FAULTS = {kind().name: kind for kind in (WrongCertificate, ForeignCertificate, ExpiredCertificate, OutdatedTls)}
"""Why a host cannot be trusted, by the name that the journal has for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFault(Fault):
    """A fault that acts on single calls: the next `times` that match, or all of them until it is lifted."""

    times: int | None = None
    matching: Callable[[Request], bool] | None = None

    async def act(self, forward: Forward, lifted: asyncio.Event) -> httpx.Response:
        """The answer to the call; raises the NoAnswerError it ends with. `lifted` is set by the lifting."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Reset(CallFault):
    """The connection is reset; `answered` when the host has served the call and only its answer is lost."""

    answered: bool = False

    async def act(self, forward: Forward, lifted: asyncio.Event) -> httpx.Response:
        if self.answered:
            await _collect(await forward())
        raise ResetError("The connection was reset.")

    def _words(self) -> str:
        return "connection reset after the call was served" if self.answered else "connection reset"


@dataclass(frozen=True, slots=True)
class Answer(CallFault):
    """The gateway answers in the host's place, as the vendor would.

    `answered` when the host has served the call and its answer is replaced; else it does not see the call.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""
    answered: bool = False

    async def act(self, forward: Forward, lifted: asyncio.Event) -> httpx.Response:
        if self.answered:
            await _collect(await forward())
        return httpx.Response(self.status, headers=list(self.headers), content=self.body)

    def _words(self) -> str:
        return f"answers {self.status} although the call was served" if self.answered else f"answers {self.status}"


@dataclass(frozen=True, slots=True)
class Delay(CallFault):
    """The call reaches the host so many seconds late, or when the fault is lifted before."""

    seconds: float

    async def act(self, forward: Forward, lifted: asyncio.Event) -> httpx.Response:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.seconds):
                await lifted.wait()
        return await forward()

    def _words(self) -> str:
        return f"slower by {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class Hang(CallFault):
    """No answer comes, until the caller gives up or the fault is lifted: that resets the connection.

    `answered` when the host has served the call and only its answer hangs.
    """

    answered: bool = False

    async def act(self, forward: Forward, lifted: asyncio.Event) -> httpx.Response:
        if self.answered:
            await _collect(await forward())
        return await _no_more(lifted)

    def _words(self) -> str:
        return "no answer although the call was served" if self.answered else "no answer"


@dataclass(frozen=True, slots=True)
class Truncate(CallFault):
    """Half of the host's answer, then the connection is closed; Content-Length announced the whole."""

    async def act(self, forward: Forward, lifted: asyncio.Event) -> httpx.Response:
        return await _halved(forward, _cut_short)

    def _words(self) -> str:
        return "answer cut short"


@dataclass(frozen=True, slots=True)
class Stall(CallFault):
    """Half of the host's answer, then nothing more, until the caller gives up or the fault is lifted, as with Hang."""

    async def act(self, forward: Forward, lifted: asyncio.Event) -> httpx.Response:
        return await _halved(forward, partial(_no_more, lifted))

    def _words(self) -> str:
        return "answer begins and never ends"


@dataclass(frozen=True, slots=True)
class Garbage(CallFault):
    """Bytes that are not HTTP. For an HTTP answer with a wrong body there is `Answer`."""

    async def act(self, forward: Forward, lifted: asyncio.Event) -> httpx.Response:
        raise NotHttpError("The answer was not HTTP.", GARBAGE)

    def _words(self) -> str:
        return "answer is not HTTP"


async def _collect(response: httpx.Response) -> bytes:
    """The whole body, its content coding not undone."""
    try:
        return b"".join([chunk async for chunk in response.aiter_raw()])
    finally:
        await response.aclose()


async def _cut_short() -> NoReturn:
    raise CutShortError("The connection was closed in the middle of the answer.")


async def _no_more(lifted: asyncio.Event) -> NoReturn:
    await lifted.wait()
    raise ResetError("No answer came, and then the connection was reset.")


async def _halved(forward: Forward, end: Callable[[], Awaitable[NoReturn]]) -> httpx.Response:
    """The host's answer, whose Content-Length announces the whole, while its body ends so after the first half."""
    response = await forward()
    body = await _collect(response)
    response.headers["content-length"] = str(len(body) or 1)
    return httpx.Response(response.status_code, headers=response.headers, stream=_Half(body, end))


class _Half(httpx.AsyncByteStream):
    """The first half of a body, and then no second one."""

    def __init__(self, body: bytes, end: Callable[[], Awaitable[NoReturn]]) -> None:
        self._body = body
        self._end = end

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if half := self._body[: len(self._body) // 2]:
            yield half
        await self._end()
