"""The gate against empty passes: what passed has to have been seen, and what is denied has to be something one can see.

An empty pass is the suite's own fault, so the scenario is broken, and neither passed nor failed. There are three kinds:

- a Then that has observed nothing;
- a claim that something did not happen, where nothing of the kind was ever seen in the scenario: the control is missing
  that shows that it would have been seen;
- a scenario about an alert in which no judged program said a word, so that it would pass with the programs stopped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from steps.incident.evidence import Evidence
from steps.incident.measurement import Measurement
from steps.world.journal import Exchange


class EmptyPass(Exception):
    """Something passed that shows nothing; one sentence says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Something that a scenario claims not to be there."""

    what: str
    """As in `Nothing was seen of <what>`."""
    control: Callable[[], object]
    """Something of the kind that was seen in the scenario, on the same channel, before or after; else nothing."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What a step has observed."""

    seen: Sequence[Evidence]
    absences: Sequence[Absence]
    measured: Sequence[Measurement] = ()


_NO_CLAIM = re.compile(r"\b(tells?|says?|reports?|answers?|logged)\b[^,;:]*|\b(that|which|who) \w+ not\b")
"""What somebody says, and what tells things apart: a ticket that says no, and the requests that did not fail."""
_DENIAL = re.compile(r"\b(no|not|nothing|none|never|without)\b")


def denies(sentence: str) -> bool:
    """Whether the sentence claims that something is not there, or did not happen."""
    return bool(_DENIAL.search(_NO_CLAIM.sub("", sentence)))


def require_observation(sentence: str, observed: Observed) -> None:
    """A Then that passed has observed something, and when it denies something has named the control for it."""
    if not observed.seen:
        raise EmptyPass(f"“{sentence}” has passed and observed nothing: let the step keep what it saw as evidence.")
    if denies(sentence) and not observed.absences:
        raise EmptyPass(
            f"“{sentence}” denies something, and nobody knows how that would have been seen: "
            "let the step say it by Incident.did_not_see."
        )


def require_controls(absences: Sequence[Absence]) -> None:
    """At its end, a scenario has seen something of every kind of which it claims that something was not there."""
    if unproven := [absence.what for absence in absences if not absence.control()]:
        raise EmptyPass(
            f"Nothing was seen of {unproven[0]}, and nothing of the kind in the whole scenario: "
            "let a step show that it can be seen."
        )


def require_part(exchanges: Sequence[Exchange], judged: Sequence[str]) -> None:
    """At its end, a scenario about alerts has heard a judged program: an answer of it, or a call."""
    heard = any(one.caller in judged or (one.callee in judged and one.status is not None) for one in exchanges)
    if not heard:
        raise EmptyPass(
            f"The scenario has passed although {' and '.join(judged)} did not say a word: it would pass without them."
        )
