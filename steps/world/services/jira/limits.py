"""Jira's rate limits: bursts per endpoint and method, and writes to one issue (CONTRACTS §2, Rate limiting)."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field

from steps.world.services.jira import errors
from steps.world.services.jira.errors import Headers, Reason, Refused
from steps.world.services.limited import Reached

STEADY = {"GET": 100, "POST": 100, "PUT": 50, "DELETE": 50}
"""Requests per second that an endpoint bears for long, and at once: the size of a burst is an assumption."""
STEADY_READS_OF_ISSUES = 150
WRITES = ((20, 2.0), (100, 30.0))
"""Writes to one issue, and the seconds in which there may be so many."""
NEAR = 0.2
"""Share of what is allowed below which an answer warns."""


@dataclass(slots=True)
class Bucket:
    """A burst of `rate` requests, refilled at `rate` per second. Times are epoch seconds."""

    rate: float
    _level: float = field(init=False)
    _filled_at: float = 0.0

    def __post_init__(self) -> None:
        self._level = self.rate

    def take(self, now: float) -> bool:
        """Takes one request, or nothing when there is less."""
        self._level = min(self.rate, self._level + (now - self._filled_at) * self.rate)
        self._filled_at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True

    @property
    def remaining(self) -> int:
        """Whole requests left after the last one was taken."""
        return int(self._level)

    @property
    def ready_at(self) -> float:
        """When there is a whole request again."""
        return self._filled_at + max(0.0, 1 - self._level) / self.rate


class Limits:
    """What the callers of a site may ask."""

    def __init__(self) -> None:
        self._burst: float | None = None
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._writes: defaultdict[int, deque[float]] = defaultdict(deque)
        self._blocked: dict[str | None, tuple[Reached | None, Reason]] = {}

    def resize(self, burst: float) -> None:
        """From now on every endpoint bears so many requests per second."""
        self._burst = burst
        self._buckets.clear()

    def block(self, account_id: str | None, seconds: float, reason: Reason) -> None:
        """Answers every call of that account, or of everybody, with 429 for so long from the next one on."""
        self._blocked[account_id] = (Reached(seconds), reason)

    def admit(self, method: str, endpoint: str, account_id: str, now: float) -> Headers:
        """Counts a request; returns the headers that tell what is left. Raises Refused when a limit is reached."""
        rate = self._burst or (
            STEADY_READS_OF_ISSUES if (method, endpoint) == ("GET", "/issue/{issue}") else STEADY[method]
        )
        for blocked in (account_id, None):
            limit, reason = self._blocked.get(blocked, (None, "jira-burst-based"))
            if limit and now < (until := limit.ends(now)):
                raise Refused(errors.rate_limited(until, now, reason, int(rate)))
        bucket = self._buckets.setdefault((method, endpoint), Bucket(rate))
        if not bucket.take(now):
            raise Refused(errors.rate_limited(bucket.ready_at, now, "jira-burst-based", int(rate)))
        near = (("x-ratelimit-nearlimit", "true"),) if bucket.remaining < rate * NEAR else ()
        return (
            ("x-ratelimit-limit", str(int(rate))),
            ("x-ratelimit-remaining", str(bucket.remaining)),
            *near,
        )

    def write(self, issue_id: int, now: float) -> None:
        """Counts a write to an issue; raises Refused when there were too many."""
        times = self._writes[issue_id]
        while times and times[0] <= now - WRITES[-1][1]:
            times.popleft()
        for most, seconds in WRITES:
            recent = [time for time in times if time > now - seconds]
            if len(recent) >= most:
                free_at = recent[-most] + seconds
                raise Refused(errors.rate_limited(free_at, now, "jira-per-issue-on-write", most))
        times.append(now)
