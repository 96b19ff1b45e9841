"""The page for whoever writes another agent names what the suite knows by that name, and its tables are the rulings."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from steps.targets.profile import Rulings, Violation
from steps.targets.reference_page import page

ROOT = Path(__file__).parent.parent
OFFER = (ROOT / "steps/targets/OFFER.md").read_text(encoding="utf-8")
SPAN = re.compile(r"`([^`\n]+)`")
NAME = re.compile(r"(?:(?:GET|POST) )?([\w./:-]+)")
"""What has to be written so in the suite, too; a span that is a form, with places to fill in, is none."""
ITEM = re.compile(r"\b(?:AC|SEC|M|S)\d+(?:\.\d+)?\b")


def settings(table: dict[str, Any], above: str = "") -> Iterator[str]:
    for name, value in table.items():
        yield f"{above}{name}"
        if isinstance(value, dict):
            yield from settings(value, f"{above}{name}.")


NAMES = sorted({found[1] for span in SPAN.findall(OFFER) if (found := NAME.fullmatch(span))})


@pytest.fixture(scope="module")
def known() -> str:
    """What the suite itself says, and its settings; the reference is only one that fulfils it."""
    code = [file for file in sorted((ROOT / "steps").rglob("*.py")) if "reference" not in file.parts]
    table = page().partition("```toml\n")[2].partition("```")[0].replace("…", '""')
    return "\n".join([page(), *settings(tomllib.loads(table)), *(file.read_text(encoding="utf-8") for file in code)])


@pytest.mark.parametrize("name", NAMES)
def test_what_the_page_names_is_what_the_suite_asks_for(name: str, known: str) -> None:
    assert re.search(rf"(?<!\w){re.escape(name)}(?!\w)", known)


def test_every_item_that_the_page_names_is_one_of_the_tickets() -> None:
    requirements = (ROOT / "features/requirements.toml").read_text(encoding="utf-8")
    assert not {item for item in ITEM.findall(OFFER) if f'id = "{item}"' not in requirements}


def test_the_tables_of_the_page_are_the_rulings() -> None:
    rulings = Rulings()
    violations: tuple[Violation, ...] = get_args(Violation)
    for severity, by_violation in rulings.priority.items():
        row = [by_violation[violation] for violation in violations] + [rulings.priority_without_slo[severity]]
        assert f"| {severity} | {' | '.join(map(str, row))} |" in OFFER
    assert f"| severity | {' | '.join(violations)} | without SLO data |" in OFFER
    assert f"| any other, or none | {' | '.join([str(rulings.priority_otherwise)] * 5)} |" in OFFER
    assert rulings.jira_priority == {"critical": "Highest", "warning": "High", "info": rulings.jira_priority_otherwise}
    assert f"Highest for critical, High for warning, and else {rulings.jira_priority_otherwise}" in OFFER


@pytest.mark.parametrize(
    "words",
    [
        "at most {tries} tries of a call for each event",
        "tried {tries} times at most",
        "each {pause_growth} times the one before",
        "{function_timeout:g} seconds, ± 20 %",
        "after {breaker_failures} failures in a row no call for {breaker_cooldown:g} seconds",
        "confidence is {confidence} or more",
        "critical above a burn rate of {violation_above[critical]}, high above {violation_above[high]}, medium above "
        "{violation_above[medium]}",
        "begins with `PodCrashLooping` it is `{next_method[PodCrashLooping]}`",
    ],
)
def test_the_rulings_of_the_page_are_the_defaults(words: str) -> None:
    assert words.format(**Rulings().model_dump()) in " ".join(OFFER.split())


def test_what_is_linked_is_there() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", OFFER):
        assert (ROOT / "steps/targets" / link).is_file()
