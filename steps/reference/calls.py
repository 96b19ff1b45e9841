"""Calls to other systems: their errors, which are worth another try, and when (CONTRACTS §12, ruling 7)."""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from weakref import WeakKeyDictionary

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, stop_before_delay

from steps.reference import logs
from steps.reference.settings import redacted

T = TypeVar("T")
MARGIN = 0.05
"""Seconds that another system's clock may be behind."""


class CallError(Exception):
    """A call did not do what it was to do; the message is a sentence for people and holds no credential."""

    def __init__(self, message: str) -> None:
        super().__init__(redacted(message))


class TransientError(CallError):
    """The same call may succeed later, not before `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TimedOutError(TransientError):
    """There was no answer in time: what was asked for may have been done all the same."""


class RefusedError(CallError):
    """The same call would be refused again."""


class UnauthorizedError(RefusedError):
    """The credential was refused."""


def make_client(tls: ssl.SSLContext, at_once: int | None = 10) -> httpx.AsyncClient:
    """A client for one system, so that a slow one holds up no other. Proxies are taken from the environment.

    It has no time-outs of its own: `send` limits the whole exchange. Nor has it a limit of connections: httpcore never
    gives up one whose TLS handshake behind a proxy has failed, so that after an outage none would be left for a call.
    """
    client = httpx.AsyncClient(verify=tls, timeout=None, limits=httpx.Limits(max_keepalive_connections=20))  # noqa: S113
    if at_once:
        _free[client] = asyncio.Semaphore(at_once)
    return client


_free: WeakKeyDictionary[httpx.AsyncClient, asyncio.Semaphore] = WeakKeyDictionary()
"""How many more calls each client may make at once."""


async def send(
    client: httpx.AsyncClient, request: httpx.Request, within: float, limit: Limit | None = None
) -> httpx.Response:
    """The answer, whatever its status. Raises TransientError without a whole one within so many seconds.

    They begin when there is a connection for the call: that the agent itself has much to ask is nobody's delay. No call
    goes out before the end of the limit, also of one that is reached while the call waits for its connection.
    """
    what = f"{request.method} {request.url.copy_with(query=None)}"
    try:
        while True:
            if limit:
                await limit.over()
            async with _free.get(client, nullcontext()), asyncio.timeout(within):
                if not (limit and limit.in_force):
                    return await client.send(request)
    except TimeoutError:
        raise TimedOutError(f"{what} had no answer within {within:g} s.") from None
    except httpx.RequestError as error:
        reason = str(error).rstrip(".") or f"the connection broke ({type(error).__name__})"
        raise TransientError(f"{what} failed: {reason}.") from error


def check(response: httpx.Response) -> None:
    """Raises TransientError, UnauthorizedError or RefusedError unless the status is 2xx."""
    if response.is_success:
        return
    request = response.request
    what = f"{request.method} {request.url.copy_with(query=None)} was answered {response.status_code}"
    what = f"{what}: {response.text[:300]}"
    if response.status_code in (408, 429) or response.status_code >= 500:
        raise TransientError(what, retry_after(response))
    if response.status_code in (401, 403):
        raise UnauthorizedError(what)
    raise RefusedError(what)


def retry_after(response: httpx.Response) -> float:
    """Seconds to wait as the Retry-After header says, 0 without one (RFC 9110 §10.2.3)."""
    value = response.headers.get("retry-after", "")
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a call is tried, and the first pause in seconds; each later pause is twice as long."""

    tries: int
    first_pause: float

    async def run(self, what: str, attempt: Callable[[], Awaitable[T]], within: float | None = None) -> T:
        """The attempt's result. Raises its error when it is not transient, was the last one, or time is up.

        No try begins later than `within` seconds after the first. An attempt limits itself: were it cancelled from
        here while its own time-out closes the connection, the connection would stay open for ever.
        """

        def report(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            pause = round(state.upcoming_sleep, 3)
            logs.warning(
                f"{what} failed and is tried again", attempt=state.attempt_number, pause=pause, error=str(error)
            )

        async def tried() -> T:
            return await attempt()

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(TransientError),
            stop=stop_after_attempt(self.tries) | stop_before_delay(float("inf") if within is None else within),
            wait=self._pause,
            before_sleep=report,
            reraise=True,
        )
        return await retrying(tried)

    def _pause(self, state: RetryCallState) -> float:
        """Grows from pause to pause, also when the other side asks for longer ones, and is never shorter."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, TransientError) else 0.0
        grown = state.upcoming_sleep * 2 or self.first_pause
        return max(asked, grown * random.uniform(1, 1.1))


class Limit:
    """A rate limit that a system has announced, shared by all who call it. Times are epoch seconds."""

    def __init__(self, system: str) -> None:
        self._system = system
        self._ends = 0.0

    def reached(self, ends: float) -> None:
        """From now on `over` returns no sooner than that time."""
        if ends > self._ends:
            self._ends = ends + MARGIN
            until = datetime.fromtimestamp(self._ends, UTC).isoformat(timespec="milliseconds")
            logs.warning(f"{self._system}'s rate limit is reached; no call goes out before its reset", until=until)

    @property
    def in_force(self) -> bool:
        """Whether a call has to wait."""
        return time.time() < self._ends

    async def over(self) -> None:
        """Returns when no limit is in force."""
        while True:
            wait = self._ends - time.time()
            if wait <= 0:
                return
            await asyncio.sleep(wait)


class Recovery:
    """Whether a system works again. All who wait for it share one call, made after every pause of so many seconds.

    A key that was refused is not tried again: it takes another one.
    """

    def __init__(
        self, system: str, key: Callable[[], Awaitable[str]], probe: Callable[[], Awaitable[object]], pause: float
    ) -> None:
        self._system = system
        self._key = key
        self._probe = probe
        self._pause = pause
        self._succeeded = float("-inf")
        self._probing = asyncio.Lock()

    def succeeded(self) -> None:
        """A call has just succeeded."""
        self._succeeded = asyncio.get_running_loop().time()

    async def since(self, moment: float) -> None:
        """Returns when a call has succeeded after that time of the event loop."""
        refused = None
        async with self._probing:
            while self._succeeded < moment:
                try:
                    key = await self._key()
                    if key != refused:
                        refused = key
                        await self._probe()
                        return
                except UnauthorizedError as error:
                    logs.info(f"{self._system} still refuses the agent", error=str(error))
                except CallError as error:
                    refused = None
                    logs.info(f"{self._system} has not recovered yet", error=str(error))
                await asyncio.sleep(self._pause)
