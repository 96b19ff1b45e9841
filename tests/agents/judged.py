"""Which of the ticket's items each of the agents fulfils that nobody fitted to the suite; README.md says why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reports import requirements
from reports.verdict import Status, Verdict
from tests.copies import ROOT, run_suite

TICKET = requirements.load(ROOT / "features" / "requirements.toml")
OF_THE_CONVERTER = ("AC1.1", "AC1.2", "AC1.6", "AC2.2", "AC2.3", "AC2.5", "AC2.6", "S1.1", "S1.2")
"""What the reference's prometheus-events fulfils, which stands in for theirs."""
OF_ANY_AGENT = ("AC1.3", "AC1.4", "AC1.5", "AC2.1", "AC2.4")


@dataclass(frozen=True, slots=True)
class Judged:
    """One agent, by the name of its profile beside this module."""

    name: str
    fulfils: frozenset[str]
    sample: tuple[str, ...]
    """Items, fulfilled and not, that `make test` has judged; `python -m tests.agents` takes all."""

    def run(self, place: Path, *arguments: str) -> Verdict:
        """The suite's verdict on it."""
        return run_suite(place, "-D", f"profile=tests/agents/{self.name}.toml", *arguments).verdict

    def wrong(self, verdict: Verdict) -> list[str]:
        """The items on which the verdict is wrong, each with what was expected and what was said."""
        found = []
        for item in verdict.requirements:
            expected = Status.PASSED if item.id in self.fulfils else Status.FAILED
            if item.status not in (expected, Status.UNTESTED):
                found.append(f"{item.id} is to have {expected}, but it is {item.status}: {item.note or 'it passed'}")
        return found


def items(*criteria: str) -> set[str]:
    """The ids of all items of these headings."""
    return {item.id for criterion, item in TICKET.items() if criterion.id in criteria}


AGENTS = (
    Judged(
        "one_file",
        frozenset(items("AC3", "S1", "S2").union(OF_THE_CONVERTER, OF_ANY_AGENT, ("AC5.4",))),
        ("AC3.2", "AC3.3", "AC3.5", "AC4.1", "AC6.3"),
    ),
    Judged(
        "later",
        frozenset(items("AC5", "AC8").union(OF_THE_CONVERTER, OF_ANY_AGENT)),
        ("AC5.4", "AC8.1", "AC3.7", "AC4.1"),
    ),
    Judged(
        "node",
        frozenset((items("AC4") - {"AC4.2"}).union(OF_THE_CONVERTER)),
        ("AC4.1", "AC4.3", "AC3.1", "AC5.2"),
    ),
)
