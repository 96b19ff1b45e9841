"""Linear's error answers, whole: what a fault lets the gateway say in Linear's place (CONTRACTS §1.2)."""

from __future__ import annotations

import json
from typing import NamedTuple

from steps.world.services.linear import problems
from steps.world.services.linear.limits import API_KEY_REQUESTS, rate_limit_headers
from steps.world.services.linear.problems import LinearError

JSON = ("content-type", "application/json; charset=utf-8")


class Answer(NamedTuple):
    """One HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def of(problem: LinearError, status: int, *, executed: bool = False) -> Answer:
    """The answer that tells a problem; `executed` when the operation had begun, so that there is `data`."""
    body: dict[str, object] = {"errors": [problem.formatted()]}
    if executed:
        body["data"] = None
    return Answer(status, (JSON,), json.dumps(body).encode())


def unauthenticated() -> Answer:
    """The key is missing, wrong or revoked."""
    return of(problems.unauthenticated(), 401)


def forbidden() -> Answer:
    """The key is good, but not for this."""
    return of(problems.forbidden(), 403)


def rate_limited(resets_at: float) -> Answer:
    """The hour's requests are used up until `resets_at` (epoch seconds): HTTP 400 with an inner 429."""
    answer = of(problems.rate_limited("requests", API_KEY_REQUESTS), 400)
    return answer._replace(headers=(JSON, *rate_limit_headers("requests", API_KEY_REQUESTS, 0, resets_at)))


def internal() -> Answer:
    """Linear fails: 500 with a GraphQL body."""
    return of(problems.internal(), 500)


def lock_timeout() -> Answer:
    """A passing GraphQL error in a 200: nothing was changed, the same request may succeed."""
    return of(problems.lock_timeout(), 200, executed=True)


def user_error(sentence: str = "The workspace does not take new issues.") -> Answer:
    """A permanent refusal in a 200."""
    return of(problems.user_error(sentence), 200, executed=True)


def invalid_input(sentence: str = "title is not valid.") -> Answer:
    """A permanent refusal of the input in a 200."""
    return of(problems.invalid_input(sentence), 200, executed=True)


def not_found(kind: str = "Issue") -> Answer:
    """Nothing of that kind has the id asked for, in a 200."""
    return of(problems.not_found(kind), 200, executed=True)


def usage_limit_exceeded() -> Answer:
    """The workspace's plan allows no more, in a 200."""
    return of(problems.usage_limit_exceeded(), 200, executed=True)


def bad_gateway() -> Answer:
    """The edge in front of Linear answers, in HTML."""
    page = (
        b"<html><head><title>502 Bad Gateway</title></head>"
        b"<body><center><h1>502 Bad Gateway</h1></center></body></html>"
    )
    return Answer(502, (("content-type", "text/html"),), page)
