"""What is claimed to be there exactly once is not there twice: judged on programs that make every call twice."""

from __future__ import annotations

import re

import pytest
from behave.parser import parse_file

from reports import requirements
from reports.verdict import Status, Verdict
from tests.copies import ALONE, ROOT, run_suite
from tests.prove.trial import PROFILE, RUNNER

FEATURES = ROOT / "features"
TICKET = requirements.load(FEATURES / "requirements.toml")
EXACTLY_ONE = re.compile(r"\bexactly (one|once)\b|\bcalled once\b|\bno second\b")
"""What a sentence says that a program cannot fulfil which makes every call twice."""


def claim_exactly_one() -> list[str]:
    """The acceptance items of which some scenario claims that there is exactly one of something."""
    scenarios = [one for file in sorted(FEATURES.glob("*.feature")) for one in parse_file(str(file)).walk_scenarios()]
    claiming = [one for one in scenarios if any(EXACTLY_ONE.search(step.name) for step in one.steps)]
    tags = {tag for scenario in claiming for tag in scenario.effective_tags}
    return [item.id for criterion, item in TICKET.items() if item.id in tags and criterion.kind == "acceptance"]


@pytest.fixture(scope="module")
def doubled(tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """The suite against the reference that makes every outgoing call twice; an item is left once it has failed."""
    usual = (ROOT / PROFILE).read_text(encoding="utf-8")
    profile = usual.replace('"steps.reference.', '"tests.prove.doubling", "steps.reference.')
    tags = " or ".join(f"@{item}" for item in claim_exactly_one())
    place = tmp_path_factory.mktemp("doubled") / "suite"
    arguments = ("--tags", tags, "--runner", RUNNER, "-D", "says=Expected", *ALONE)
    return run_suite(place, *arguments, profile=profile).verdict


@pytest.mark.parametrize("item", claim_exactly_one())
def test_no_item_that_claims_exactly_one_passes_when_every_call_is_made_twice(doubled: Verdict, item: str) -> None:
    judged = next(one for one in doubled.requirements if one.id == item)
    assert judged.status is Status.FAILED, judged.note
