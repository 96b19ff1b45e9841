"""Waiting for evidence: every wait has a limit with a name, and no wait is fixed (DESIGN, law 4)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_fixed

from steps.incident.spent import Spent
from steps.targets.profile import Limits
from steps.world.journal import Journal

T = TypeVar("T")
LimitName = Literal[
    "start",
    "alert",
    "notification",
    "event",
    "ticket",
    "update",
    "poll",
    "recovery",
    "again",
    "rotation",
    "burst",
    "scrape",
    "trace",
    "log",
]

OF_PROMETHEUS: tuple[LimitName, ...] = ("alert", "notification", "scrape")
"""Limits of what Prometheus and Alertmanager do at their own pace."""
AFTER: dict[LimitName, tuple[LimitName, ...]] = {
    "event": ("notification",),
    **dict.fromkeys(("ticket", "update", "recovery", "burst"), ("notification", "event")),
}
"""What a limit counts from: what agent-sre does about an alert, from when it is told of it."""
LOOK_AGAIN = 0.05
"""Seconds after which a check looks again although the journal has nothing new."""
BREATH, RATIO = 0.02, 2
"""Between two looks pass at least so many seconds, and so many times what the last look took, however fast the journal
moves: looking must not slow down what is looked at."""
LONGEST_BREATH = 1.0


class BedNotReady(Exception):
    """What a scenario stands on did not come to be: the scenario is broken, not failed (DESIGN, law 5)."""


class Count:
    """Counts the time of a limit, and before it that of what the limit counts from."""

    def __init__(
        self, limits: Limits, limit: LimitName, next_hop: Callable[[], LimitName | None], beyond: Callable[[], float]
    ) -> None:
        self._limits, self._limit, self._next_hop, self._beyond = limits, limit, next_hop, beyond
        self._before = list(AFTER.get(limit, ()))
        self.name, self._since = self._what_counts(), time.monotonic()

    @property
    def seconds(self) -> float:
        """The limit that counts now, with what may go beyond it."""
        seconds: float = getattr(self._limits, self.name)
        return seconds + self._beyond() if self.name == self._limit else seconds

    def over(self) -> bool:
        """Whether the time is over. An event that did not come in time may come late, within the limit itself."""
        if (name := self._what_counts()) != self.name:
            self.name, self._since = name, time.monotonic()
        is_over = time.monotonic() - self._since >= self.seconds
        if is_over and self.name == "event" != self._limit:
            self._before.remove("event")
            return self.over()
        return is_over

    def _what_counts(self) -> LimitName:
        hop = self._next_hop() if self._before else None
        return hop if hop in self._before else self._limit


class Waiting:
    """Looks again and again until a claim holds, or its limit is over.

    `ended` tells which of the judged programs has ended, and how: of those that are gone nothing more is waited for.
    """

    def __init__(self, journal: Journal, limits: Limits, ended: Callable[[], str | None] = lambda: None) -> None:
        self._journal = journal
        self.limits = limits
        self.spent = Spent()
        self._ended = ended
        self._next_hop: Callable[[], LimitName | None] = lambda: None
        self._looked = 0.0

    def begin(self, next_hop: Callable[[], LimitName | None]) -> None:
        """A scenario begins. `next_hop` tells what has to come to be before agent-sre is told all that has happened."""
        self._next_hop = next_hop
        self.spent.begin()

    def until(self, claim: Callable[[], T], limit: LimitName, beyond: Callable[[], float] = lambda: 0) -> T:
        """What the claim returns once it holds, that is once it raises no AssertionError.

        `beyond` tells the seconds that it may take in addition to the limit: those for which the scenario holds the
        agent up, so far or at the longest.
        Raises the claim's last AssertionError, with the limit that it had, or with what has ended meanwhile; and
        BedNotReady when Alertmanager has not notified of what the claim waits for.
        """
        ended: list[str | None] = [None]
        count = Count(self.limits, limit, self._next_hop, beyond)

        def in_vain(state: RetryCallState) -> bool:
            """Whether a program had ended before the last look, so that what it did at last has been looked at."""
            ended.append(self._ended())
            return ended[-2] is not None or count.over()

        def over(state: RetryCallState) -> T:
            assert state.outcome is not None
            missed = str(state.outcome.exception()).rstrip(".")
            if ended[-1]:
                raise AssertionError(f"{missed}: {ended[-1]}")
            waited = f"{missed} (waited {count.seconds:g} s, the limit for {count.name!r})."
            if count.name != limit:
                raise BedNotReady(waited)
            raise AssertionError(waited)

        looking = Retrying(
            stop=in_vain,
            wait=wait_fixed(LOOK_AGAIN),
            before=self.look_begins,
            sleep=self.journal_moves,
            retry=retry_if_exception_type(AssertionError),
            retry_error_callback=over,
        )
        with self.spent.on("Prometheus" if limit in OF_PROMETHEUS else "agent"):
            return looking(claim)

    def until_done_again(self, do: Callable[[], object], claim: Callable[[], T], limit: LimitName, late: int = 0) -> T:
        """As `until`, doing something first, and again and again: who has not noticed a change will have by then.

        `late` times it is done once the limit is over, when the change has to be noticed at last. What comes of that
        may take as long as a ticket.
        """
        again, left, done = self.limits.again, late, -math.inf
        due = self._journal.cursor() + getattr(self.limits, limit) if late else math.inf

        def look() -> T:
            nonlocal left, done
            now = self._journal.cursor()
            if now >= done + again and (now < due or left):
                left -= now >= due
                do()
                done = self._journal.cursor()
            return claim()

        return self.until(look, limit, beyond=lambda: late * again + self.limits.ticket if late else 0)

    def for_bed(self, check: Callable[[], T], limit: LimitName) -> T:
        """As `until`, for what the scenario stands on: a miss is the environment's fault, not the agent's.

        Raises BedNotReady.
        """
        try:
            return self.until(check, limit)
        except AssertionError as missed:
            raise BedNotReady(str(missed)) from None

    def quiet(self, moved_at: Callable[[], float | None]) -> None:
        """Returns once nothing has moved for the profile's `quiet` seconds.

        `moved_at` gives the journal's time of the last movement on the watched channel, or None while something is
        still under way there. This is the dwell before a claim that something did *not* happen, or happened only once.
        Raises AssertionError when the channel is still restless after the profile's `patience`.
        """
        deadline = time.monotonic() + self.limits.patience
        with self.spent.on("dwell"):
            while True:
                self.look_begins()
                last = moved_at()
                if last is not None and self._journal.cursor() - last >= self.limits.quiet:
                    return
                assert time.monotonic() < deadline, (
                    f"Expected the agent to come to rest, but it was still at work after {self.limits.patience:g} s."
                )
                self.journal_moves(LOOK_AGAIN)

    def long_outage(self, met: Callable[[], Sequence[object]], times: int, limit: LimitName = "recovery") -> None:
        """Lets a fault last until it was met so often, or at the latest for that limit.

        An outage that is shorter than the tries of one call does not tell whether there is anything beyond them.
        """

        def enough() -> None:
            assert len(met()) >= times, f"Expected {times} calls."

        with suppress(AssertionError), self.spent.on("time-outs"):
            self.until(enough, limit)

    def outage(self) -> None:
        """Lets a fault last for the profile's `outage` seconds."""
        self.pass_time(self._journal.cursor() + self.limits.outage)

    def pass_time(self, until: float) -> None:
        """Returns at that time of the journal's clock, which the world has announced."""
        with self.spent.on("time-outs"):
            time.sleep(max(0.0, until - self._journal.cursor()))

    def look_begins(self, _: RetryCallState | None = None) -> None:
        """What follows is a look, after which `journal_moves` waits for something new."""
        self._looked = time.monotonic()

    def journal_moves(self, seconds: float) -> None:
        """Returns when the journal has something new, at the latest after so many seconds; but not at once.

        What the look itself has put into the journal is nothing new.
        """
        version, took = self._journal.version, time.monotonic() - self._looked
        time.sleep(min(max(BREATH, RATIO * took), LONGEST_BREATH))
        self._journal.wait(version, seconds)
