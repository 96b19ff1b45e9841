"""Linear's rate limits: leaky buckets per user, and the headers that tell their level (CONTRACTS §1.3)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from steps.world.services.limited import Reached
from steps.world.services.linear import problems

HOUR = 3600.0
API_KEY_REQUESTS, API_KEY_COMPLEXITY = 2_500, 3_000_000
OAUTH_REQUESTS, OAUTH_COMPLEXITY = 5_000, 2_000_000
ANONYMOUS_REQUESTS, ANONYMOUS_COMPLEXITY = 600, 100_000
SEARCHES_PER_MINUTE = 30
"""`searchIssues` has its own limit (the schema says so)."""

Headers = tuple[tuple[str, str], ...]


def rate_limit_headers(name: str, limit: float, remaining: float, resets_at: float) -> Headers:
    """The three headers of one limit; `resets_at` in epoch seconds, told in milliseconds and never too early."""
    prefix = f"x-ratelimit-{name}"
    return (
        (f"{prefix}-limit", f"{limit:.0f}"),
        (f"{prefix}-remaining", str(int(remaining))),
        (f"{prefix}-reset", str(math.ceil(round(resets_at * 1000, 3)))),
    )


def _whole_milliseconds(seconds: float) -> float:
    """As headers tell a time, and never too early."""
    return math.ceil(seconds * 1000) / 1000


@dataclass(slots=True)
class Bucket:
    """An allowance of `limit` that refills evenly over `period` seconds. Times are epoch seconds."""

    limit: float
    period: float = HOUR
    _level: float = field(init=False)
    _filled_at: float = 0.0
    _block: Reached | None = None

    def __post_init__(self) -> None:
        self._level = self.limit

    def remaining(self, now: float) -> float:
        """What may be taken now."""
        if self._is_blocked(now):
            return 0.0
        gained = max(0.0, now - self._filled_at) * self.limit / self.period
        self._level = min(self.limit, self._level + gained)
        self._filled_at = now
        return self._level

    def resets_at(self, now: float) -> float:
        """When the bucket is full again."""
        if self._block and self._is_blocked(now):
            return _whole_milliseconds(self._block.ends(now))
        return now + (self.limit - self.remaining(now)) * self.period / self.limit

    def take(self, amount: float, now: float) -> bool:
        """Takes `amount`, or nothing when there is less."""
        if self._block:
            self._block.ends(now)  # counted from here, and not from an answer that only tells what is left
        if self.remaining(now) < amount:
            return False
        self._level -= amount
        return True

    def block(self, seconds: float) -> None:
        """Empty for so long from when something is next taken, full from then on."""
        self._block = Reached(seconds) if seconds else None

    def _is_blocked(self, now: float) -> bool:
        if self._block is None or not self._block.is_met:
            return False
        if now < (ends := _whole_milliseconds(self._block.ends(now))):
            return True
        self._block, self._level, self._filled_at = None, self.limit, ends
        return False

    def headers(self, name: str, now: float) -> Headers:
        """This bucket's three headers."""
        return rate_limit_headers(name, self.limit, self.remaining(now), self.resets_at(now))


Limited = Literal["requests", "complexity"]
"""What is counted for an hour, of each user."""


@dataclass(slots=True)
class Allowance:
    """What one user (or everybody without a key) may still ask."""

    requests: Bucket
    complexity: Bucket
    searches: Bucket = field(default_factory=lambda: Bucket(SEARCHES_PER_MINUTE, 60.0))

    def block(self, what: Limited, seconds: float) -> None:
        """That is used up for so long from the next call on."""
        (self.requests if what == "requests" else self.complexity).block(seconds)

    def take_request(self, now: float) -> None:
        """Counts a request; raises RATELIMITED when the hour's requests are used up."""
        if not self.requests.take(1, now):
            raise problems.rate_limited("requests", self.requests.limit)

    def take_points(self, points: int, now: float) -> None:
        """Counts a query's points; raises RATELIMITED when the hour's points are used up."""
        if not self.complexity.take(points, now):
            raise problems.rate_limited("complexity points", self.complexity.limit)

    def take_search(self, now: float) -> None:
        """Counts a search; raises RATELIMITED when the minute's searches are used up."""
        if not self.searches.take(1, now):
            raise problems.rate_limited("searches", self.searches.limit, "1 minute")

    def headers(self, now: float, points: int, *, searches: bool) -> Headers:
        """The headers of an answer whose query cost `points`."""
        return (
            *self.requests.headers("requests", now),
            *self.complexity.headers("complexity", now),
            ("x-complexity", str(points)),
            *(self._search_headers(now) if searches else ()),
        )

    def _search_headers(self, now: float) -> Headers:
        name = ("x-ratelimit-endpoint-name", "searchIssues")
        return (*self.searches.headers("endpoint-requests", now), name)


Kind = Literal["api key", "oauth token", "anonymous"]


class Limits:
    """The allowances of a workspace: one per user, whatever key the user comes with."""

    def __init__(self) -> None:
        self._sizes: dict[Kind, tuple[float, float]] = {
            "api key": (API_KEY_REQUESTS, API_KEY_COMPLEXITY),
            "oauth token": (OAUTH_REQUESTS, OAUTH_COMPLEXITY),
            "anonymous": (ANONYMOUS_REQUESTS, ANONYMOUS_COMPLEXITY),
        }
        self._allowances: dict[tuple[Kind, str], Allowance] = {}

    def of(self, kind: Kind, user_id: str) -> Allowance:
        """The allowance of a user for calls with that kind of credential."""
        if (kind, user_id) not in self._allowances:
            requests, complexity = self._sizes[kind]
            self._allowances[kind, user_id] = Allowance(Bucket(requests), Bucket(complexity))
        return self._allowances[kind, user_id]

    def resize(self, *, requests: float | None, complexity: float | None) -> None:
        """New sizes for everyone with a credential, full from the start; None keeps a size."""
        for kind in ("api key", "oauth token"):
            old_requests, old_complexity = self._sizes[kind]
            self._sizes[kind] = (requests or old_requests, complexity or old_complexity)
        self._allowances.clear()
