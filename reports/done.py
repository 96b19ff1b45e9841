"""The Definition of Done: each of its lines computed from the files of a run, none ticked by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reports import benchmarks, documentation, kill_matrix
from reports.benchmarks import Benchmarks
from reports.conclusion import UNCOVERED
from reports.documentation import Documentation
from reports.files import Entry
from reports.kill_matrix import KillMatrix
from reports.pages import counted, ranges
from reports.requirements import DERIVED
from reports.verdict import RequirementVerdict, Status, Verdict

HOLDS = (Status.PASSED, Status.WAIVED)
"""What does not keep a line open."""
FATE = {
    Status.FAILED: ("does not hold", "do not hold"),
    Status.BROKEN: ("could not be judged", "could not be judged"),
    Status.UNTESTED: ("was not tested", "were not tested"),
    Status.OUTDATED: ("is about other words than the ticket's", "are about other words than the ticket's"),
}
"""What does, said of one and of several."""


class Line(Entry):
    """A line of the Definition of Done."""

    id: str
    text: str
    done: bool
    evidence: str
    """What it rests on, in one sentence."""
    missing: tuple[str, ...]
    """What keeps it open, a sentence each."""
    waived: tuple[str, ...]
    """Ids of the waived items that it rests on."""


@dataclass(frozen=True, slots=True)
class Files:
    """What a run has left that the lines are computed from."""

    verdict: Verdict
    kills: KillMatrix | None
    measured: Benchmarks | None
    documentation: Documentation | None

    @classmethod
    def of(cls, place: Path) -> Files:
        """The files in a directory like `reports/latest`; raises OSError or ValueError when there is no verdict."""
        read = place / documentation.NAME
        return cls(
            verdict=Verdict.model_validate_json((place / "verdict.json").read_bytes()),
            kills=kill_matrix.read(place),
            measured=benchmarks.load(place),
            documentation=Documentation.model_validate_json(read.read_bytes()) if read.is_file() else None,
        )


def lines(files: Files) -> tuple[Line, ...]:
    """The Definition of Done, in the ticket's order."""
    return tuple(_line(item, files) for item in files.verdict.requirements if item.kind == "definition of done")


def _line(item: RequirementVerdict, files: Files) -> Line:
    rests_on = [one for one in files.verdict.requirements if one.id in item.rests_on]
    evidence, missing = MORE[item.id](files, rests_on)
    missing = [*_not_holding(rests_on), *missing]
    return Line(
        id=item.id,
        text=item.text,
        done=not missing,
        evidence=evidence,
        missing=tuple(missing),
        waived=tuple(one.id for one in rests_on if one.status is Status.WAIVED),
    )


def _not_holding(items: Sequence[RequirementVerdict]) -> Iterator[str]:
    for status in (status for status in Status if status not in HOLDS):
        if ids := [item.id for item in items if item.status is status]:
            yield f"{ranges(ids)} {FATE[status][len(ids) > 1]}."


Finding = tuple[str, list[str]]
"""What a line rests on, in one sentence, and what keeps it open besides the items that it rests on."""


def _integration_points(files: Files, items: Sequence[RequirementVerdict]) -> Finding:
    below = [one for one in files.verdict.requirements if one.integration_points]
    return f"{_share(items, 'integration points')} hold, with {_share(below, 'acceptance items')}.", []


def _scenarios(files: Files, items: Sequence[RequirementVerdict]) -> Finding:
    scenarios = files.verdict.scenarios
    count = Counter(one.standing for one in scenarios)
    missing = [f"{counted(count[one], 'scenario')} {FATE[one][count[one] > 1]}." for one in FATE if count[one]]
    if not scenarios:
        missing.append("No scenario was run.")
    missing += [f"{trouble}" for trouble in files.verdict.run.troubles]
    if not missing and files.verdict.run.outcome not in HOLDS:
        missing.append(files.verdict.run.sentence)
    told = f"{count[Status.PASSED]} of {counted(len(scenarios), 'scenario')} passed"
    told += f" ({count[Status.WAIVED]} waived)" if count[Status.WAIVED] else ""
    return f"{told}; of the ticket's five, {_share(items, 'steps')} hold.", missing


def _metrics(files: Files, items: Sequence[RequirementVerdict]) -> Finding:
    if files.measured is None:
        return "Nothing was measured.", ["There are no benchmarks of this run."]
    waived = [one.id for one in items if one.status is Status.WAIVED]
    measures = [one for one in files.measured.measures if one.id not in waived]
    missing = [
        f"{one.title} at {one.integration} is {one.value:g} {one.unit}, not {one.comparison} {one.target:g} {one.unit}."
        for one in measures
        if not (one.passed and one.holds)
    ]
    kept = f"{len(measures) - len(missing)} of {counted(len(measures), 'measure')}"
    return f"{kept} keep to their targets.", missing


def _security(files: Files, items: Sequence[RequirementVerdict]) -> Finding:
    return f"{_share(items, 'security items')} hold.", []


def _tests(files: Files, items: Sequence[RequirementVerdict]) -> Finding:
    asked = [one for one in files.verdict.requirements if one.kind not in DERIVED]
    bare = [one.id for one in asked if one.note == UNCOVERED]
    missing = [f"No scenario carries {ranges(bare)}."] if bare else []
    if files.kills is None:
        return f"{len(asked) - len(bare)} of {len(asked)} items are carried by a scenario.", [*missing, NO_PROOF]
    proved = _proved(asked, files.kills)
    unproved = [one.id for one in asked if one.id not in proved and one.status is not Status.WAIVED]
    if unproved:
        missing.append(f"No seeded defect proves the scenarios of {ranges(unproved)}.")
    score = files.kills.score(one.id for one in asked)
    told = f"{len(asked) - len(bare)} of {len(asked)} items are carried by a scenario"
    return f"{told}; {score.killed} of {score.seeded} seeded defects were found.", missing


def _proved(asked: Sequence[RequirementVerdict], kills: KillMatrix) -> set[str]:
    """The items whose scenarios have found a defect.

    The steps of a testing scenario are one way and proved together: what the suite itself does on it, such as to load
    a rule, no defect of an agent can redden.
    """
    proved = {one.id for one in asked if kills.score([one.id]).killed}
    ways = {one.criterion for one in asked if one.kind == "scenario" and one.id in proved}
    return proved | {one.id for one in asked if one.criterion in ways}


NO_PROOF = "There is no kill matrix: run `make prove`."


def _documentation(files: Files, items: Sequence[RequirementVerdict]) -> Finding:
    asked = (one for one in files.verdict.requirements if one.kind not in DERIVED)
    outdated = [one.id for one in asked if one.status is Status.OUTDATED]
    missing = [f"Nobody has confirmed the ticket's new words of {ranges(outdated)}."] if outdated else []
    if files.documentation is None:
        return "Nobody looked.", [*missing, "The run has not looked at the documentation."]
    told = f"README names {counted(files.documentation.checked, 'command')} and places that are there"
    revisions = sum(one.revision > 1 for one in files.verdict.requirements)
    told += f"; {counted(revisions, 'item')} confirmed anew" if revisions else ""
    return f"{told}; the features say what the ticket says.", [*missing, *files.documentation.missing]


def _errors(files: Files, items: Sequence[RequirementVerdict]) -> Finding:
    return f"{_share(items, 'items about failures')} hold.", []


def _benchmarks(files: Files, items: Sequence[RequirementVerdict]) -> Finding:
    measured, run = files.measured, files.verdict.run
    if measured is None:
        return "Nothing was recorded.", ["There are no benchmarks of this run."]
    asked = [one.id for one in files.verdict.requirements if one.kind == "metric" and one.status is not Status.WAIVED]
    missing = [f"{item} was not measured." for item in asked if not measured.of(item)]
    if measured.run != run.id:
        missing.append(f"The benchmarks are of another run, {measured.run}.")
    told = f"{counted(len(measured.measures), 'measure')} on {measured.machine}, profile {measured.profile}"
    return f"{told}, with the versions of what was measured.", missing


MORE: dict[str, Callable[[Files, Sequence[RequirementVerdict]], Finding]] = {
    "DOD1": _integration_points,
    "DOD2": _scenarios,
    "DOD3": _metrics,
    "DOD4": _security,
    "DOD5": _tests,
    "DOD6": _documentation,
    "DOD7": _errors,
    "DOD8": _benchmarks,
}


def _share(items: Sequence[RequirementVerdict], noun: str) -> str:
    """How many of these hold: "8 of 8 integration points"; with the waived ones apart."""
    count = Counter(item.status for item in items)
    waived = f" ({count[Status.WAIVED]} waived)" if count[Status.WAIVED] else ""
    return f"{count[Status.PASSED]} of {len(items)} {noun}{waived}"
