"""The journal: who called whom, when, with what. The steps' and the report's evidence.

Exchanges are kept raw in memory, because the security check has to see them as they were; whoever shows one
redacts it.
"""

from __future__ import annotations

import itertools
import json
import math
import re
import threading
import time
import zlib
from bisect import bisect_left, insort
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from steps.world.planted import Planted, Text

Headers = tuple[tuple[str, str], ...]
"""Header fields as they were on the wire: names in lower case, in order, repeated ones repeated."""

BODY_LIMIT = 8 * 1024 * 1024
"""Bytes kept of a body; what lies beyond is passed on but not recorded."""

OBSERVER = "suite"
"""Who only looks: what it says is recorded, but nobody asks what it mentions, and it is much."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came of it.

    Times are seconds since the epoch, taken from a monotonic base so that order holds: `began` when the
    request's first byte arrived, `ended` when the last byte of the answer was handed over (infinite while the
    exchange is under way).
    """

    number: int
    caller: str
    callee: str
    method: str
    url: str
    request_headers: Headers
    request_body: bytes
    status: int | None
    """None: the caller got no answer."""
    response_headers: Headers
    response_body: bytes
    began: float
    ended: float
    fault: str | None
    """The injected fault that acted, in plain words."""
    error: str | None
    """One sentence: why there was no answer, or no whole one."""
    tls: str | None
    """The TLS version of the caller's connection, e.g. `TLSv1.3`; None for plain HTTP."""

    @property
    def host(self) -> str:
        """Host name of the URL, without the port."""
        return host_of(self.url)

    @property
    def path(self) -> str:
        """Path of the URL, without the query."""
        return _split(self.url).path or "/"

    @property
    def is_watch(self) -> bool:
        """Whether Kubernetes is asked to tell of changes: such a call lasts for as long as the caller likes."""
        asked = parse_qs(_split(self.url).query).get("watch", [""])
        return self.method == "GET" and self.callee == "kubernetes" and asked[0].lower() in ("1", "t", "true")

    @property
    def request_text(self) -> str:
        """The request's body as text, its content coding undone."""
        return _plain(self.request_headers, self.request_body).decode(errors="replace")

    @property
    def response_text(self) -> str:
        """The answer's body as text, its content coding undone."""
        return _plain(self.response_headers, self.response_body).decode(errors="replace")

    def request_json(self) -> Any:
        """The request's body as JSON. Raises ValueError with a sentence that says who sent what instead."""
        return self._json("request", self.request_text)

    def response_json(self) -> Any:
        """The answer's body as JSON. Raises ValueError with a sentence that says who sent what instead."""
        return self._json("answer", self.response_text)

    def header(self, name: str) -> str | None:
        """First value of a header field of the request, or None."""
        return _header(self.request_headers, name)

    def answer_header(self, name: str) -> str | None:
        """First value of a header field of the answer, or None."""
        return _header(self.response_headers, name)

    @property
    def asked_until(self) -> float:
        """Until when the answer asks not to be called, by its Retry-After in whole seconds. Journal's time.

        It counts from the call's beginning: the caller may have the answer a moment before the journal has its end.
        """
        return self.began + float(self.answer_header("retry-after") or 0)

    def _json(self, part: str, text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            where = f"{self.method} {self.url} from {self.caller}"
            raise ValueError(f"The {part} of {where} is not JSON ({error}): {text[:200]!r}") from error


@dataclass(slots=True)
class Flight:
    """An exchange under way. Whoever began it ends it; it is recorded once, however often `end` is called."""

    journal: Journal
    number: int
    caller: str
    callee: str
    method: str
    url: str
    request_headers: Headers
    began: float
    tls: str | None
    request_body: bytearray = field(default_factory=bytearray)
    status: int | None = None
    response_headers: Headers = ()
    response_body: bytearray = field(default_factory=bytearray)
    fault: str | None = None
    error: str | None = None

    def sent(self, data: bytes) -> None:
        """Adds a piece of the request's body."""
        self.request_body += data[: BODY_LIMIT - len(self.request_body)]

    def received(self, data: bytes) -> None:
        """Adds a piece of the answer's body."""
        self.response_body += data[: BODY_LIMIT - len(self.response_body)]

    def end(self, error: str | None = None) -> None:
        """Records the exchange as it is now; `error` only counts when no earlier reason was given."""
        self.error = self.error or error
        self.journal._land(self)

    def exchange(self, ended: float = math.inf) -> Exchange:
        """The exchange as far as it has come."""
        return Exchange(
            number=self.number,
            caller=self.caller,
            callee=self.callee,
            method=self.method,
            url=self.url,
            request_headers=self.request_headers,
            request_body=bytes(self.request_body),
            status=self.status,
            response_headers=self.response_headers,
            response_body=bytes(self.response_body),
            began=self.began,
            ended=ended,
            fault=self.fault,
            error=self.error,
            tls=self.tls,
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened besides the exchanges: a fault's window, a signal raised, a restart."""

    at: float
    until: float | None
    """End of what lasted; None for a moment, and for what still lasts."""
    kind: str
    text: str
    host: str | None = None
    """Where it happened, when it was at one host; `*.suffix` for all below it."""


class OpenMark:
    """A mark that may last: `close` notes its end. Also a context manager."""

    def __init__(self, journal: Journal, position: int) -> None:
        self._journal = journal
        self._position = position

    def close(self, at: float | None = None) -> None:
        """Notes the end, now or at the given time, once."""
        self._journal._close_mark(self._position, at)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Journal:
    """The record of one run: thread-safe, in memory, append-only."""

    def __init__(self) -> None:
        self.planted = Planted()
        """The credentials that nobody may read in the evidence."""
        self._epoch = time.time() - time.monotonic()
        self._changed = threading.Condition()
        self._version = 0
        self._numbers = itertools.count(1)
        self._flights: dict[int, Flight] = {}
        self._exchanges: list[Exchange] = []
        self._marks: list[Mark] = []
        self._index = _Index()

    # -- writing

    def cursor(self) -> float:
        """Now, on the journal's clock: give it as `since` to see only what begins afterwards."""
        return self._epoch + time.monotonic()

    def begin(
        self,
        *,
        caller: str,
        callee: str,
        method: str,
        url: str,
        headers: Headers,
        began: float | None = None,
        tls: str | None = None,
    ) -> Flight:
        """Notes that an exchange has begun; it is recorded when the flight ends."""
        began = self.cursor() if began is None else began
        with self._changed:
            number = next(self._numbers)
            flight = Flight(self, number, caller, callee, method, url, headers, began, tls)
            self._flights[number] = flight
            self._notify()
        return flight

    def record(
        self,
        *,
        caller: str,
        callee: str,
        method: str,
        url: str,
        request_headers: Headers = (),
        request_body: bytes = b"",
        status: int | None = None,
        response_headers: Headers = (),
        response_body: bytes = b"",
        began: float | None = None,
        ended: float | None = None,
        fault: str | None = None,
        error: str | None = None,
        tls: str | None = None,
    ) -> Exchange:
        """Records an exchange that is already over. Times not given are now."""
        now = self.cursor()
        exchange = Exchange(
            number=next(self._numbers),
            caller=caller,
            callee=callee,
            method=method,
            url=url,
            request_headers=request_headers,
            request_body=request_body,
            status=status,
            response_headers=response_headers,
            response_body=response_body,
            began=now if began is None else began,
            ended=now if ended is None else ended,
            fault=fault,
            error=error,
            tls=tls,
        )
        with self._changed:
            self._file(exchange)
        return exchange

    def mark(self, kind: str, text: str, at: float | None = None, host: str | None = None) -> OpenMark:
        """Notes that something happened, now or at the given time; close the mark when it has an end.

        The kind `broken` means that the world itself did not work, so that no verdict about the agent can be
        drawn.
        """
        with self._changed:
            self._marks.append(Mark(self.cursor() if at is None else at, None, kind, text, host))
            self._notify()
            return OpenMark(self, len(self._marks) - 1)

    # -- reading

    def exchanges(
        self,
        *,
        caller: str | None = None,
        callee: str | None = None,
        mentioning: str | Iterable[str] | None = None,
        since: float | None = None,
        method: str | None = None,
        path: str | None = None,
    ) -> list[Exchange]:
        """The exchanges that are over, in order of beginning.

        `mentioning` asks for those that carry the string, or any of the strings, in URL, headers or bodies.
        Incident keys, UUIDs, trace ids and ticket keys are looked up as whole words in an index; any other
        string is searched for. `since` keeps what began at that time or later.
        """
        if mentioning is None:
            found = self._since(since)
        else:
            words = {mentioning} if isinstance(mentioning, str) else set(mentioning)
            known = {word for word in words if _is_identity(word)}
            found = self._index.find(known)
            if words - known:
                found += [e for e in self._since(since) if _mentions(e, words - known)]
            found = sorted({e.number: e for e in found}.values(), key=_order)
        return [e for e in found if _fits(e, caller, callee, since, method, path)]

    def in_flight(
        self,
        *,
        caller: str | None = None,
        callee: str | None = None,
        mentioning: str | Iterable[str] | None = None,
        since: float | None = None,
        method: str | None = None,
        path: str | None = None,
    ) -> list[Exchange]:
        """The exchanges begun and not ended, as far as they have come. Asked for like `exchanges`."""
        with self._changed:
            found = sorted((flight.exchange() for flight in self._flights.values()), key=_order)
        if mentioning is not None:
            words = {mentioning} if isinstance(mentioning, str) else set(mentioning)
            found = [e for e in found if _mentions(e, words)]
        return [e for e in found if _fits(e, caller, callee, since, method, path)]

    def at_work(self, *, caller: str | None = None, mentioning: str | Iterable[str] | None = None) -> list[Exchange]:
        """The exchanges in flight that the caller wants to end: who watches Kubernetes may be at rest all the same."""
        return [e for e in self.in_flight(caller=caller, mentioning=mentioning) if not e.is_watch]

    def marks(self, since: float | None = None, *, kind: str | None = None) -> list[Mark]:
        """The marks in order of time; `since` keeps those of that time or later."""
        with self._changed:
            found = sorted(self._marks, key=lambda mark: mark.at)
        return [m for m in found if (since is None or m.at >= since) and (kind is None or m.kind == kind)]

    # -- waiting

    @property
    def version(self) -> int:
        """Grows with every change: an exchange begun or ended, a mark set or closed."""
        return self._version

    def wait(self, seen: int, timeout: float) -> int:
        """Waits at most `timeout` seconds until the version is not `seen`, and returns the version.

        Take the version, look, and wait with the version taken: then no change slips through in between.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._version != seen, timeout)
            return self._version

    # -- redaction

    def plant(self, secret: str, name: str) -> None:
        """Makes `redact` replace the secret by «name», however it is written (see `steps.world.planted`).

        Raises ValueError when the secret is so short that it would blot out ordinary text.
        """
        self.planted.add(secret, name)

    def redact(self, text: Text) -> Text:
        """The text with every planted secret replaced by its name."""
        return self.planted.redact(text)

    # -- within

    def _land(self, flight: Flight) -> None:
        with self._changed:
            if self._flights.pop(flight.number, None) is not None:
                self._file(flight.exchange(self.cursor()))

    def _file(self, exchange: Exchange) -> None:
        insort(self._exchanges, exchange, key=_order)
        self._index.add(exchange)
        self._notify()

    def _since(self, since: float | None) -> list[Exchange]:
        with self._changed:
            first = 0 if since is None else bisect_left(self._exchanges, since, key=lambda e: e.began)
            return self._exchanges[first:]

    def _close_mark(self, position: int, at: float | None) -> None:
        with self._changed:
            mark = self._marks[position]
            if mark.until is None:
                self._marks[position] = replace(mark, until=self.cursor() if at is None else at)
                self._notify()

    def _notify(self) -> None:
        self._version += 1
        self._changed.notify_all()


# -- what an exchange mentions

_HEX = r"[0-9a-f](?:(?<![0-9a-f]{2})|(?<=%[0-9a-fA-F]{2}[0-9a-f]))"
"""First digit of a hexadecimal word. A percent escape before it does not belong to the word; the look back comes
after the digit, because that makes the search quick."""
_INCIDENT_KEY = re.compile(r"v[0-9a-f]{12}(?![0-9a-f])")
_IDENTITIES = (
    _INCIDENT_KEY,
    re.compile(_HEX + r"[0-9a-f]{7}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])"),  # UUID
    re.compile(_HEX + r"[0-9a-f]{31}(?![0-9a-f])"),  # W3C trace id
    re.compile(r"[A-Z](?:(?<![A-Z0-9][A-Z])|(?<=%[0-9A-F]{2}[A-Z]))[A-Z0-9]+-[0-9]+"),  # ticket key
    re.compile(r"/issue/[0-9]+"),  # a ticket's number, where an address has it in place of its key
)


def incident_keys(text: str) -> set[str]:
    """The incidents' keys in the text: each a name that nothing else in the world has."""
    return set(_INCIDENT_KEY.findall(text))


def names_incident(exchange: Exchange) -> bool:
    """Whether the exchange says by an incident's key, this one's or another's, what it is about."""
    return any(_INCIDENT_KEY.search(text) for text in _texts(exchange))


def _is_identity(word: str) -> bool:
    return any(shape.fullmatch(word) for shape in _IDENTITIES)


def _identities(exchange: Exchange) -> set[str]:
    """Every word of the exchange that can name an incident, an object, a trace or a ticket."""
    return {word for text in _texts(exchange) for shape in _IDENTITIES for word in shape.findall(text)}


def _mentions(exchange: Exchange, words: set[str]) -> bool:
    """Whether any of the words stands anywhere in the exchange."""
    texts = (*_texts(exchange), unquote(exchange.url))
    return any(word in text for word in words for text in texts)


def _texts(exchange: Exchange) -> Iterator[str]:
    yield exchange.url
    for _, value in exchange.request_headers + exchange.response_headers:
        yield value
    yield exchange.request_text
    yield exchange.response_text


class _Index:
    """Exchanges by the identities they mention.

    New exchanges are only noted; whoever asks brings the index up to date, so that no call waits for it.
    """

    def __init__(self) -> None:
        self._waiting: deque[Exchange] = deque()
        self._found: defaultdict[str, list[Exchange]] = defaultdict(list)
        self._updating = threading.Lock()

    def add(self, exchange: Exchange) -> None:
        if exchange.caller != OBSERVER:
            self._waiting.append(exchange)

    def find(self, words: set[str]) -> list[Exchange]:
        with self._updating:
            while self._waiting:
                exchange = self._waiting.popleft()
                for word in _identities(exchange):
                    self._found[word].append(exchange)
            return [exchange for word in words for exchange in self._found.get(word, ())]


def _order(exchange: Exchange) -> tuple[float, int]:
    return exchange.began, exchange.number


def _fits(
    exchange: Exchange,
    caller: str | None,
    callee: str | None,
    since: float | None,
    method: str | None,
    path: str | None,
) -> bool:
    return (
        (caller is None or exchange.caller == caller)
        and (callee is None or exchange.callee == callee)
        and (since is None or exchange.began >= since)
        and (method is None or exchange.method == method)
        and (path is None or exchange.path == path)
    )


def host_of(url: str) -> str:
    """Host name of a URL, without the port; empty when it has none."""
    return (_split(url).hostname or "").rstrip(".")


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # what a caller asks for need not be a URL
        return SplitResult("", "", url, "", "")


def _header(headers: Headers, name: str) -> str | None:
    return next((value for field_name, value in headers if field_name == name.lower()), None)


def _plain(headers: Headers, body: bytes) -> bytes:
    """The body with its content coding undone (RFC 9110 §8.4), as far as it came and as far as it is true."""
    if body and (_header(headers, "content-encoding") or "").lower() in {"gzip", "x-gzip", "deflate"}:
        with suppress(zlib.error):
            return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(body)
    return body
