"""Which of the ticket's items each of the agents fulfils that nobody fitted to the suite; README.md says why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reports import requirements
from reports.requirements import DERIVED
from reports.verdict import Status, Verdict
from tests.copies import ROOT, run_undisturbed

TICKET = requirements.load(ROOT / "features" / "requirements.toml")
OF_THE_CONVERTER = ("AC1.1", "AC1.2", "AC2.2", "AC2.3", "AC2.5", "AC2.6")
"""What the reference's prometheus-events fulfils, which stands in for theirs."""
OF_ANY_AGENT = ("AC1.4", "AC1.5", "AC2.1", "AC2.4")
OF_THE_SUITE = ("S1.1", "S1.2", "S2.1", "S2.2", "S3.1", "S3.2", "S4.1", "S4.2", "MON1", "MON2")
"""What the suite itself does: a rule and a function are made, a system is taken away, a validation watched."""
UNTOLD = ("SEC2",)
"""On what nothing can be said: none of the profiles names the manifests of a deployment."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One agent, by the name of its profile beside this module."""

    name: str
    fulfils: frozenset[str]
    sample: tuple[str, ...]
    """Items, fulfilled and not, that `make test` has judged; `python -m tests.agents` takes all."""

    def run(self, place: Path, *arguments: str) -> Verdict:
        """The suite's verdict on it."""
        return run_undisturbed(place, "-D", f"profile=tests/agents/{self.name}.toml", *arguments).verdict

    def wrong(self, verdict: Verdict) -> list[str]:
        """The items on which the verdict is wrong, each with what was expected and what was said."""
        found = []
        for item in verdict.requirements:
            if item.kind in DERIVED:
                continue
            holds = item.id in self.fulfils or item.id in OF_THE_SUITE
            expected = Status.PASSED if holds else Status.BROKEN if item.id in UNTOLD else Status.FAILED
            if item.status not in (expected, Status.UNTESTED):
                found.append(f"{item.id} is to have {expected}, but it is {item.status}: {item.note or 'it passed'}")
        return found


def items(*criteria: str) -> set[str]:
    """The ids of all items of these headings."""
    return {item.id for criterion, item in TICKET.items() if criterion.id in criteria}


AGENTS = (
    Judged(
        "one_file",
        frozenset(
            items("AC3", "S1", "S2", "S3").union(
                OF_THE_CONVERTER,
                OF_ANY_AGENT,
                ("AC1.3", "AC1.6", "AC5.2", "AC5.4", "AC5.5", "AC7.4", "AC7.5"),
            )
        ),
        ("AC3.2", "AC3.3", "AC3.5", "AC4.1", "AC6.3"),
    ),
    Judged(
        "later",
        frozenset(
            items("AC5", "AC8").union(
                OF_THE_CONVERTER,
                OF_ANY_AGENT,
                ("AC3.1", "AC3.2", "AC3.8", "AC3.9", "S1.3", "S1.4", "S2.3", "S2.4", "S3.3", "SEC7"),
            )
        ),
        ("AC5.4", "AC8.1", "AC3.7", "AC4.1"),
    ),
    Judged(
        "node",
        frozenset((items("AC4") - {"AC4.2"}).union(set(OF_THE_CONVERTER) - {"AC1.1", "AC1.2"}, ("S1.3",))),
        ("AC4.1", "AC4.3", "AC3.1", "AC5.2"),
    ),
)
