"""What callers see of any server written in Go: its plain-text errors, and how it reads numbers, times and patterns.

Loki and Tempo are such servers (CONTRACTS §5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import re2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from steps.world.services.covered import NOT_COVERED

NANOSECONDS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
LARGEST = 2**63 - 1
"""The largest int64, which holds times and durations in nanoseconds."""

_SIMPLE_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}
_ESCAPE = re.compile(r"\\(?:([abfnrtv\\\"])|([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|)")
_GO_WORDS = {
    b"missing ]": "missing closing ]",
    b"missing )": "missing closing )",
    b"no argument for repetition operator": "missing argument to repetition operator",
    b"bad repetition operator": "invalid nested repetition operator",
    b"invalid repetition size": "invalid repeat count",
    b"invalid perl operator": "invalid or unsupported Perl syntax",
    b"trailing \\": "trailing backslash at end of expression",
}


class Refusal(Exception):
    """The server refuses a request; the message is its own text."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class NotCovered(Exception):
    """The vendor would understand the request, the double does not: no verdict may be built on its answer."""


class Answer(NamedTuple):
    """One HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def error(status: int, text: str) -> Answer:
    """An error as Go's `http.Error` answers it: one line of plain text."""
    headers = (("content-type", "text/plain; charset=utf-8"), ("x-content-type-options", "nosniff"))
    return Answer(status, headers, f"{text}\n".encode())


def respond(answer: Answer) -> Response:
    """The answer, for Starlette."""
    return Response(answer.body, answer.status, dict(answer.headers))


def application(routes: Sequence[BaseRoute]) -> Starlette:
    """An ASGI application that answers what goes wrong as a Go server does; 501 for what a double does not cover."""

    async def refused(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, Refusal)
        return respond(error(problem.status, str(problem)))

    async def unrouted(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, HTTPException)
        if problem.status_code == 404:
            return respond(error(404, "404 page not found"))
        return Response(status_code=problem.status_code, headers=problem.headers)

    async def not_covered(request: Request, problem: Exception) -> Response:
        return respond(error(501, f"{NOT_COVERED}{problem}"))

    app = Starlette(
        routes=routes, exception_handlers={Refusal: refused, HTTPException: unrouted, NotCovered: not_covered}
    )
    app.router.redirect_slashes = False
    return app


def nanoseconds(seconds: float) -> int:
    """Epoch seconds as Go's programs exchange them; to the microsecond, since a float holds no more."""
    return round(seconds * 10**6) * 10**3


def integer(text: str, function: str = "ParseInt") -> int:
    """A decimal int64, as strconv reads it. Raises Refusal with strconv's words."""
    if not re.fullmatch(r"[+-]?[0-9]+", text, re.ASCII):
        raise Refusal(f"strconv.{function}: parsing {_quoted(text)}: invalid syntax")
    # no int() of a text of any length: Python refuses thousands of digits
    if len(text.lstrip("+-0")) > 19 or abs(int(text)) > LARGEST:
        raise Refusal(f"strconv.{function}: parsing {_quoted(text)}: value out of range")
    return int(text)


def duration(text: str, units: Mapping[str, int] = NANOSECONDS) -> int:
    """Nanoseconds of a text such as `1h2m3.5s`, as time.ParseDuration reads it. Raises Refusal with its words."""
    said = f"duration {_quoted(text)}"
    body = text[1:] if text[:1] in ("+", "-") else text
    if body == "0":
        return 0
    if not body:
        raise Refusal(f"time: invalid {said}")
    total = 0.0
    while body:
        number = re.match(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)", body)
        if number is None:
            raise Refusal(f"time: invalid {said}")
        body = body[number.end() :]
        unit = re.match(r"[^.0-9]*", body)
        assert unit is not None
        if not unit[0]:
            raise Refusal(f"time: missing unit in {said}")
        if unit[0] not in units:
            raise Refusal(f"time: unknown unit {_quoted(unit[0])} in {said}")
        body = body[unit.end() :]
        total += float(number[0]) * units[unit[0]]
    if total > LARGEST:
        raise Refusal(f"time: invalid {said}")
    return round(-total if text.startswith("-") else total)


def unquote(literal: str) -> str:
    """What a string literal of Go stands for, in double quotes or in backquotes. Raises Refusal."""
    inner = literal[1:-1]
    if literal.startswith("`"):
        return inner

    def meant(escape: re.Match[str]) -> str:
        simple, octal, *codes = escape.groups()
        if simple is not None:
            return _SIMPLE_ESCAPES[simple]
        code = int(octal, 8) if octal else next((int(code, 16) for code in codes if code), None)
        if code is None or code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise Refusal("invalid char escape")
        return chr(code)

    return _ESCAPE.sub(meant, inner)


def decoded(text: str) -> str:
    """Text out of JSON as Go reads it: half a surrogate pair is U+FFFD, so that it can be encoded again."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Regex:
    """A regular expression in RE2's syntax, which has no look-around and no back references. Raises Refusal."""

    def __init__(self, pattern: str) -> None:
        options = re2.Options()
        options.log_errors = False
        try:
            self._regex = re2.compile(pattern, options)
        except re2.error as mistake:
            words, _, where = mistake.args[0].partition(b": ")
            go_words = _GO_WORDS.get(words, words.decode())
            raise Refusal(f"error parsing regexp: {go_words}: `{where.decode()}`") from None

    def is_all_of(self, text: str) -> bool:
        """Whether the whole text matches."""
        return self._regex.fullmatch(text) is not None

    def is_in(self, text: str) -> bool:
        """Whether some part of the text matches."""
        return self._regex.search(text) is not None


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
