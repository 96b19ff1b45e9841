"""What callers send, and how a call can end without a whole answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx

from steps.world.journal import Headers, host_of

_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
"""Fields that concern one connection only and are not passed on (RFC 9110 §7.6.1)."""


@dataclass(frozen=True, slots=True)
class Request:
    """A caller's whole request; the URL is the full one, with the real host name."""

    caller: str
    method: str
    url: str
    headers: Headers
    body: bytes

    @property
    def host(self) -> str:
        """Host name of the URL, without the port."""
        return host_of(self.url)

    def header(self, name: str) -> str | None:
        """First value of a header field, or None."""
        return next((value for key, value in self.headers if key == name.lower()), None)

    def json(self) -> Any:
        """The body as JSON; raises ValueError when it is not."""
        return json.loads(self.body)


def end_to_end(headers: Headers) -> Headers:
    """The fields that a proxy passes on."""
    named = {name.strip().lower() for key, value in headers if key == "connection" for name in value.split(",")}
    return tuple(field for field in headers if field[0] not in _HOP_BY_HOP | named)


class NoAnswerError(Exception):
    """The caller gets no answer, or no whole one. The message is the sentence for the journal.

    `seen_as` is what the world's own callers get, which have no connection that could break.
    """

    seen_as: type[httpx.TransportError] = httpx.ReadError


class RefusedError(NoAnswerError):
    """No connection comes about."""

    seen_as = httpx.ConnectError


class ResetError(NoAnswerError):
    """The connection is reset."""


class CutShortError(NoAnswerError):
    """The connection is closed in the middle of the answer."""

    seen_as = httpx.RemoteProtocolError


class NotHttpError(NoAnswerError):
    """The answer is `data`, which is not HTTP."""

    seen_as = httpx.RemoteProtocolError

    def __init__(self, sentence: str, data: bytes) -> None:
        super().__init__(sentence)
        self.data = data
