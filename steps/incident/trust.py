"""What can be claimed about whom agent-sre trusts outside the cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from steps.incident.incident import Incident
from steps.incident.transport import weakness
from steps.incident.waiting import Waiting
from steps.world.hosts import EXTERNAL
from steps.world.journal import Exchange, Journal

TRACKERS = {"Linear": "linear", "Jira": "jira"}
"""Where alerts have their tickets, by the features' words: who that is in the journal."""


class Trust:
    """Claims about agent-sre and the hosts outside the cluster. Each keeps its evidence, or raises AssertionError."""

    def __init__(self, journal: Journal, waiting: Waiting, incident: Incident) -> None:
        self._journal = journal
        self._waiting = waiting
        self._incident = incident
        self._tries: dict[str, list[Exchange]] = {}

    def tried(self, name: str, since: float, fire: Callable[[], object]) -> None:
        """agent-sre has tried to call the host, which could not be trusted, since then.

        Alerts are fired until it has: who keeps for a while what a host has told need not call it about each of them.
        Who asks for less at the next try is met as well: the time for that passes, unless it comes before.
        """

        def tries() -> list[Exchange]:
            found = self._to(name, since)
            assert found, (
                f"Expected agent-sre to call {name} about {self._incident.alerts[-1].called}, so that it can be seen "
                "whether it looks whom it calls, but it did not."
            )
            return found

        first = self._waiting.until_done_again(fire, tries, "recovery", late=1)[0]
        self._waiting.long_outage(lambda: self._to(name, first.ended), 1, "again")
        self._tries[name] = tries()

    def spoke_to_none(self) -> None:
        """None of the hosts that could not be trusted has been told anything."""
        for name, tries in self._tries.items():
            self._incident.saw_exchanges(f"How agent-sre tried to call {name}", tries)
        self._incident.did_not_see("a call to a host that cannot be trusted", control=self._served)
        for name, tries in self._tries.items():
            unheeded(name, tries)

    def served_by_all(self, since: float, fire: Callable[[], object]) -> None:
        """Each of the hosts has answered a call since then, from when on all could be trusted.

        Alerts are fired until it has.
        """

        def served() -> list[Exchange]:
            answers = {name: [call for call in self._to(name, since) if is_served(call)] for name in self._tries}
            missing = [name for name, found in answers.items() if not found]
            assert not missing, (
                f"Expected agent-sre to call {missing[0]} again once it could be trusted, "
                f"but of its {len(self._to(missing[0], since))} calls since then none was served."
            )
            return [found[0] for found in answers.values()]

        first = self._waiting.until_done_again(fire, served, "recovery", late=1)
        self._incident.saw_exchanges("The first calls afterwards", first)

    def let_down(self) -> None:
        """Each tracker has failed a call, and agent-sre is at rest; which others have failed one is kept as evidence.

        Raises BedNotReady.
        """
        since = self._journal.cursor()

        def failed() -> list[Exchange]:
            made = self._journal.exchanges(caller="agent-sre", since=since)
            found = [call for call in made if call.status is None or call.status >= 400]
            for name, callee in TRACKERS.items():
                assert any(call.callee == callee for call in found), (
                    f"Expected agent-sre to call {name}, which would have refused its key, but it did not."
                )
            return found

        def moved() -> float | None:
            made = self._journal.exchanges(caller="agent-sre", since=since)
            ended = (call.ended for call in made if not call.is_watch)
            return None if self._journal.at_work(caller="agent-sre") else max(ended, default=since)

        self._waiting.for_bed(failed, "ticket")
        self._waiting.quiet(moved)
        seen = Counter(call.callee for call in failed())
        self._incident.saw("Calls that failed", "\n".join(f"{count:>5} {callee}" for callee, count in seen.items()))

    def _served(self) -> list[Exchange]:
        """The calls of this scenario to the same hosts that were answered."""
        return [call for name in self._tries for call in self._to(name, self._incident.began) if is_served(call)]

    def _to(self, name: str, since: float) -> list[Exchange]:
        made = self._journal.exchanges(caller="agent-sre", since=since)
        return [call for call in made if call.host == EXTERNAL[name]]


def is_served(call: Exchange) -> bool:
    """The host has answered that it did what the call asks for: a ticket that is opened is answered 201."""
    return call.status is not None and 200 <= call.status < 300


def unheeded(name: str, tries: list[Exchange]) -> None:
    """None of the tries became a call."""
    made = [call for call in tries if weakness(call)]
    assert not made, (
        f"Expected agent-sre not to speak to {name} when it cannot be trusted, but it made "
        f"{'a call' if len(made) == 1 else f'{len(made)} calls'}, the first to {made[0].url.partition('?')[0]} "
        f"in spite of {made[0].fault or 'no encryption at all'}."
    )
