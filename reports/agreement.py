"""The cross-check: Allure, JUnit and the matrix have to say of every scenario what the verdict says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reports import junit
from reports.matrix import Matrix
from reports.verdict import Status, Verdict, worst

ALLURE = {
    Status.PASSED: "passed",
    Status.FAILED: "failed",
    Status.BROKEN: "broken",
    Status.UNTESTED: "skipped",
    Status.OUTDATED: "unknown",
    Status.WAIVED: "skipped",
}
"""Allure's word for each of the verdict's."""
CROSS_CHECK = "cross-check"
"""Where the run is broken when its reports disagree."""
LOCATION = "location"
"""The label that ties one of Allure's results to its scenario."""

Told = Counter[tuple[str, str]]
"""Scenarios by location, or what went wrong around them by where, with a word for what they came to."""


def disagreements(verdict: Verdict, latest: Path) -> list[str]:
    """What the files of a run say otherwise than its verdict, a sentence for each file."""
    said = (
        with_allure(verdict, latest / "allure-results"),
        _differing(_expected(verdict, junit.WORD), junit.told(latest / junit.NAME), "JUnit"),
        _matrix(verdict, latest / "matrix.json"),
        _itself(verdict),
    )
    return [sentence for sentence in said if sentence]


def with_allure(verdict: Verdict, results: Path) -> str | None:
    """What Allure's files say otherwise than the verdict, scenario by scenario.

    They are written before the run is quite over, so that what went wrong around it afterwards is not in them.
    """
    found, expected = _allure(results), _expected(verdict, ALLURE)
    around = {trouble.where for trouble in verdict.run.troubles}
    later = Counter({told: number for told, number in (expected - found).items() if told[0] in around})
    return _differing(expected - later, found, "Allure")


def _expected(verdict: Verdict, words: dict[Status, str]) -> Told:
    told = Counter((scenario.location, words[scenario.standing]) for scenario in verdict.scenarios)
    return told + Counter((trouble.where, words[Status.BROKEN]) for trouble in verdict.run.troubles)


def _differing(expected: Told, found: Told, name: str) -> str | None:
    differing = sorted({location for location, _ in (expected - found) | (found - expected)})
    if not differing:
        return None
    where = differing[0]
    there = " and ".join(word for location, word in found.elements() if location == where) or "absent"
    here = " and ".join(word for location, word in expected.elements() if location == where) or "absent"
    more = f", and {len(differing) - 1} more" if len(differing) > 1 else ""
    return f"{where} is {here} in the verdict and {there} in {name}{more}."


def _allure(results: Path) -> Told:
    told = [json.loads(file.read_bytes()) for file in sorted(results.glob("*-result.json"))]
    return Counter((_location(result), result.get("status", "without a status")) for result in told)


def _location(result: dict[str, Any]) -> str:
    labels = result.get("labels", [])
    return next((label["value"] for label in labels if label["name"] == LOCATION), str(result.get("name")))


def _matrix(verdict: Verdict, file: Path) -> str | None:
    try:
        matrix = Matrix.model_validate_json(file.read_bytes())
    except (OSError, ValueError) as error:
        return f"The matrix cannot be read: {str(error).splitlines()[0]}."
    items = _differing(
        Counter((item.id, str(item.status)) for item in verdict.requirements),
        Counter((item.id, str(item.status)) for item in matrix.items),
        "the matrix",
    )
    return items or _differing(
        Counter((scenario.location, str(scenario.standing)) for scenario in verdict.scenarios),
        Counter((scenario.location, str(scenario.status)) for scenario in matrix.scenarios),
        "the matrix",
    )


def _itself(verdict: Verdict) -> str | None:
    """What the verdict says otherwise of an item than of the scenarios that carry it."""
    return next(_contradictions(verdict), None)


def _contradictions(verdict: Verdict) -> Iterator[str]:
    by_location = {scenario.location: scenario for scenario in verdict.scenarios}
    for item in verdict.requirements:
        if item.status is Status.PASSED and item.kind not in ("integration point", "definition of done", "scenario"):
            status = worst(by_location[location].status for location in item.scenarios if location in by_location)
            if status is not Status.PASSED:
                yield f"{item.id} is passed in the verdict, but of its scenarios the worst is {status}."
