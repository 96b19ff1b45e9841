"""The ticket's items: complete, in the ticket's words and order; and what the file may not say."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from reports.requirements import RequirementsError, load

ROOT = Path(__file__).parent.parent
FILE = ROOT / "features" / "requirements.toml"
TICKET = ROOT.parent / "shared" / "ticket" / "BVL-256.md"

HEADINGS = {
    r"## .*Integration Points to Validate": "IP",
    r"### (AC\d): ": None,
    r"### Scenario (\d): ": "S",
    r"## .*Success Metrics": "M",
    r"## Security Validation": "SEC",
    r"## Monitoring & Alerts": "MON",
    r"## .*Definition of Done": "DOD",
}


def items_of_the_ticket() -> list[tuple[str, str, str]]:
    """Id, heading and words of every item, as the ticket has them; only Markdown's own signs are taken away."""
    found: list[tuple[str, str, str]] = []
    criterion, title, number = None, "", 0
    for line in TICKET.read_text(encoding="utf-8").splitlines():
        if line.startswith("##"):
            match = next((match for pattern in HEADINGS if (match := re.match(pattern, line))), None)
            if match:
                prefix = HEADINGS[match.re.pattern]
                criterion = (prefix or "") + (match[1] if match.re.groups else "")
                title = re.sub(r"^#+ (AC\d: |Scenario \d: |[^\w]*)", "", line)
                number = 0
            elif not (criterion == "MON" and line.startswith("### ")):
                criterion = None
        elif criterion and (item := re.match(r"(?:- \[ \] |- |\d+\. )(.*)", line)):
            number += 1
            separator = "." if criterion[-1].isdigit() else ""
            found.append((f"{criterion}{separator}{number}", title, re.sub(r"\*\*|`", "", item[1])))
    return found


@pytest.mark.skipif(not TICKET.is_file(), reason="the ticket lies beside the project only where it is developed")
def test_every_item_has_the_words_and_the_place_it_has_in_the_ticket() -> None:
    ours = [(item.id, criterion.title, item.text) for criterion, item in load(FILE).items()]
    assert ours == items_of_the_ticket()


@pytest.mark.skipif(not TICKET.is_file(), reason="the ticket lies beside the project only where it is developed")
def test_the_ticket_is_named_as_it_names_itself() -> None:
    ticket, text = load(FILE).ticket, TICKET.read_text(encoding="utf-8")
    assert f"{ticket.id} VAL-002: {ticket.title}" in text.splitlines()[0]
    assert f"**Linear URL**: {ticket.url}" in text


def test_nothing_is_missing() -> None:
    assert Counter(criterion.kind for criterion, _ in load(FILE).items()) == {
        "integration point": 8,
        "acceptance": 62,
        "scenario": 25,
        "metric": 5,
        "security": 7,
        "monitoring": 2,
        "definition of done": 8,
    }


def test_every_acceptance_criterion_belongs_to_one_integration_point() -> None:
    requirements = load(FILE)
    for criterion in requirements.criteria:
        points = requirements.integration_points(criterion)
        assert len(points) == (1 if criterion.kind == "acceptance" else 0), criterion.id


def test_tags_name_items_and_criteria() -> None:
    requirements = load(FILE)
    assert [item.text for _, item in requirements.tagged({"AC3.5", "AC3.10", "slow"})] == [
        "Priority assignment works",
        "Authentication works",
    ]
    assert [one.label for one in requirements.criteria_of({"AC3.5", "S1", "SEC2"})] == [
        "AC3 Linear API Integration",
        "S1 Prometheus → Linear Flow",
        "Security Validation",
    ]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('text = "Alert deduplication works"', 'text = ""', "line {}: text: string should have at least 1 character."),
        ('id = "AC1.5"', 'id = "AC1.4"', "line {}: item 5 of AC1 has to be AC1.5, not AC1.4."),
        ('id = "AC1.5", text', 'id = "AC1.5", txt', "line {}: text: field required."),
        ('deduplication works"', 'deduplication works", sentences = ["x"]', "line {}: AC1.5 has sentences, which only"),
        ('deduplication works"', 'deduplication works", criteria = ["AC2"]', "line {}: AC1.5: an integration point,"),
        ('criteria = ["AC3"]', 'criteria = ["AC33"]', "line {}: IP2 is made up of AC33, which is no criterion."),
        ('sentences = ["CloudEvent"]', 'sentences = ["("]', "line {}: sentences: the pattern is not valid: "),
        ('text = "Alert deduplication works" }', 'text = "Alert deduplication works" ]', "is not valid TOML: "),
    ],
)
def test_a_mistake_is_one_sentence_with_the_line(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    line = text[: text.index(old)].count("\n") + 1
    file = tmp_path / "requirements.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RequirementsError) as refused:
        load(file)
    said = str(refused.value)
    assert said.removeprefix(f"{file}, ").removeprefix(f"{file} ").startswith(sentence.format(line)), said
    assert f"line {line}" in said
    assert "\n" not in said


def test_a_criterion_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8")
    file = tmp_path / "requirements.toml"
    again = text[text.index('[[criterion]]\nid = "SEC"') : text.index('[[criterion]]\nid = "MON"')]
    file.write_text(text + "\n" + again, encoding="utf-8")
    with pytest.raises(RequirementsError, match="SEC is there twice"):
        load(file)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RequirementsError, match="is missing"):
        load(tmp_path / "requirements.toml")
