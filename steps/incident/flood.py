"""What can be claimed about a flood at agent-sre's door, and about the alerts that come in beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from itertools import cycle, islice

from steps.drivers.flood import SENDER
from steps.drivers.flood import Flood as Sender
from steps.drivers.load import Keeping
from steps.incident.alert import make_alert
from steps.incident.events import event_about
from steps.incident.incident import Incident
from steps.incident.traffic import if_undisturbed
from steps.incident.waiting import BedNotReady, Waiting
from steps.targets.profile import Profile
from steps.world.journal import Exchange, Journal
from steps.world.processes.usage import Machine

ALERTS = 10
"""So many are notified in turn: a limit for each alert alone would be none for a flood of several."""
HASTE = 1.2
"""The events are sent so many times as fast as they have to come, for what a busy machine takes off."""


class Flood:
    """Claims about a flood. Each keeps what it saw as evidence, or raises AssertionError."""

    def __init__(
        self,
        sender: Callable[[], Sender],
        ebb: Callable[[], None],
        profile: Profile,
        journal: Journal,
        waiting: Waiting,
        incident: Incident,
    ) -> None:
        self._sender = sender
        self._ebb = ebb
        self._flooding = profile.flooding
        self._load = profile.load
        self._journal = journal
        self._waiting = waiting
        self._incident = incident
        self._reached = 0.0
        self._machine: Machine | None = None

    def pour(self) -> None:
        """Some alerts are notified in turn, again and again, faster than anybody has to take it.

        What the agent has taken of it would keep it busy for long: when the scenario ends, that is over, too.
        """
        self._incident.ending.callback(self._ebb)
        self._machine = self._incident.ending.enter_context(Machine())
        rate, haste = self._flooding.rate, HASTE * self._flooding.rate
        count = round(rate * self._flooding.seconds)
        alerts = [make_alert() for _ in range(ALERTS)]
        events = [event_about(alert, "fired", self._incident.correlation_id) for alert in islice(cycle(alerts), count)]
        kept = Keeping.of(self._sender().pour(events, haste), haste)
        self._incident.saw(
            "The flood",
            f"{count} events, {kept.reached:.0f} a second of {rate:g}, at most {kept.slip.greatest:.2f} s late",
        )
        self._reached = kept.reached

    def turned_away(self) -> None:
        """Part of the flood was answered 429 with Retry-After, and all the rest was taken.

        Raises BedNotReady when all was taken, but the suite could not send as fast as a flood comes.
        """
        answered = self._made("/")
        seen = Counter(str(one.status or "no answer") for one in answered)
        self._incident.saw("Answers to the flood", "\n".join(f"{count:>6} {status}" for status, count in seen.items()))
        a_flood(answered, self._reached, self._flooding.rate)
        with self.if_undisturbed():
            limited(answered)

    def stayed_healthy(self) -> None:
        """The agent's health door answered well all the time."""
        looks = self._made("/health")
        slowest = max((look.ended - look.began for look in looks), default=0.0)
        self._incident.saw("Looks at agent-sre's health", f"{len(looks)}, the slowest answered after {slowest:.2f} s")
        with self.if_undisturbed():
            healthy(looks, self._waiting.limits.event)

    @contextmanager
    def if_undisturbed(self) -> Iterator[None]:
        """What is missed herein is held against agent-sre, unless others kept the machine busy since the flood began.

        Raises BedNotReady then: who is flooded needs all of the machine.
        """
        try:
            yield
        except AssertionError:
            if not self._machine:
                raise
            with if_undisturbed(self._machine.worst(), self._load):
                raise

    def _made(self, path: str) -> list[Exchange]:
        return self._journal.exchanges(caller=SENDER, callee="agent-sre", path=path, since=self._incident.began)


# -- claims: pure, each with its sentence


def a_flood(answered: Sequence[Exchange], reached: float, rate: float) -> None:
    """Too many events came, by the profile's rate or by the agent's own word. Raises BedNotReady."""
    if reached < rate and not any(one.status == 429 for one in answered):
        raise BedNotReady(f"Only {reached:.0f} events a second could be sent, and {rate:g} are a flood.")


def limited(answered: Sequence[Exchange]) -> None:
    """Some were answered 429 with Retry-After (CONTRACTS §6.1), all others 2xx: what else is refused may be lost."""
    away = [one for one in answered if one.status == 429]
    assert away, (
        f"Expected agent-sre to answer a part of the flood with 429, but of {len(answered)} events it took "
        f"{sum(one.status is not None and one.status < 300 for one in answered)} and answered none so."
    )
    silent = [one for one in away if not says_when(one.answer_header("retry-after"))]
    assert not silent, (
        f"Expected every 429 to say in Retry-After when to come again, but {len(silent)} of {len(away)} do not."
    )
    down = [one for one in answered if one.status is None or not (one.status == 429 or 200 <= one.status < 300)]
    assert not down, (
        f"Expected agent-sre to answer the flood with 2xx or 429, but {len(down)} of {len(answered)} events were "
        f"answered {down[0].status or 'not at all'}."
    )


def says_when(retry_after: str | None) -> bool:
    """Whether it is a number of seconds, or a date (RFC 9110 §10.2.3)."""
    if retry_after is None or retry_after.strip().isdecimal():
        return retry_after is not None
    try:
        parsedate_to_datetime(retry_after)
    except ValueError:
        return False
    return True


def healthy(looks: Sequence[Exchange], within: float) -> None:
    """Every look at the agent's health was answered 200 in time."""
    assert looks, "Expected looks at agent-sre's health during the flood, but there was none."
    ill = [look for look in looks if look.status != 200]
    assert not ill, (
        f"Expected agent-sre to stay healthy during the flood, but {len(ill)} of {len(looks)} looks at its health "
        f"were answered {ill[0].status or 'not at all'}."
    )
    slowest = max(look.ended - look.began for look in looks)
    assert slowest <= within, (
        f"Expected agent-sre to answer for its health within {within:g} s during the flood, "
        f"but it took {slowest:.1f} s."
    )
