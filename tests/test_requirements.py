"""The ticket's items: complete, in the ticket's words and order; and what the file may not say."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from reports import ticket
from reports.requirements import RequirementsError, load

ROOT = Path(__file__).parent.parent
FILE = ROOT / "features" / "requirements.toml"
TICKET = ROOT / "features" / "BVL-256.md"

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


def test_every_item_has_the_words_and_the_place_it_has_in_the_ticket() -> None:
    ours = [(item.id, criterion.title, item.text) for criterion, item in load(FILE).items()]
    assert ours == items_of_the_ticket()


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


# -- what ties the items to the ticket's words -------------------------------------------------------------------------


@pytest.fixture
def features(tmp_path: Path) -> Path:
    """A copy of the items and of the ticket, to be changed."""
    for file in (FILE, TICKET):
        (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def changed(features: Path) -> dict[str, str]:
    return ticket.changes(load(features / FILE.name), features)


def test_the_ticket_has_the_words_that_were_confirmed(features: Path) -> None:
    assert changed(features) == {}


def test_a_check_box_and_emphasis_are_no_words(features: Path) -> None:
    change(features / TICKET.name, "- [ ] Alert deduplication works", "- [x] **Alert** `deduplication` works")
    assert changed(features) == {}


def test_other_words_make_an_item_outdated(features: Path) -> None:
    change(features / TICKET.name, "Alert deduplication works", "Alert deduplication works across restarts")
    assert changed(features) == {"AC1.5": "Alert deduplication works across restarts"}


def test_two_lines_that_change_places_are_outdated(features: Path) -> None:
    retry, breaker = "- [ ] Retry logic works", "- [ ] Circuit breaker works"
    change(features / TICKET.name, f"{retry}\n{breaker}", f"{breaker}\n{retry}")
    assert changed(features) == {"AC5.7": "Circuit breaker works", "AC5.8": "Retry logic works"}


def test_an_item_of_the_ticket_that_is_nowhere_is_refused(features: Path) -> None:
    change(features / TICKET.name, "- [ ] Circuit breaker works", "- [ ] Circuit breaker works\n- [ ] Bulkhead works")
    with pytest.raises(RequirementsError, match=r"BVL-256.md, line \d+: “Bulkhead works” is not in requirements.toml"):
        changed(features)


def test_a_check_box_below_an_unknown_heading_is_refused(features: Path) -> None:
    scenarios = "## 🧪 Testing Scenarios"
    change(features / TICKET.name, scenarios, f"### AC10: Pager\n- [ ] It rings\n\n{scenarios}")
    with pytest.raises(RequirementsError, match="“It rings” is not in"):
        changed(features)


def test_an_item_that_the_ticket_no_longer_has_is_refused(features: Path) -> None:
    change(features / TICKET.name, "- [ ] Circuit breaker works\n", "")
    with pytest.raises(RequirementsError, match=r"BVL-256.md has no AC5.8"):
        changed(features)


def test_without_the_ticket_nothing_is_held_to_it(features: Path) -> None:
    (features / TICKET.name).unlink()
    with pytest.raises(RequirementsError, match=r"BVL-256\.md is missing"):
        changed(features)


def test_confirming_takes_the_words_over_and_counts_the_revision(features: Path) -> None:
    before = (features / FILE.name).read_text(encoding="utf-8")
    change(features / TICKET.name, "Alert deduplication works", 'Alert "deduplication" works \\ always')
    said = ticket.confirm(features, ["AC1.5", "AC1.4"])
    assert said == [
        'AC1.5 is confirmed at revision 2: “Alert "deduplication" works \\ always”.',
        "AC1.4 has the words that were confirmed; there is nothing to do.",
    ]
    assert changed(features) == {}
    requirements = load(features / FILE.name)
    assert requirements.confirmed["AC1.5"].revision == 2
    assert {item.id: item.text for _, item in requirements.items()}["AC1.5"] == 'Alert "deduplication" works \\ always'
    after = (features / FILE.name).read_text(encoding="utf-8")
    differing = [old for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new]
    assert len(differing) == 2


def test_what_is_no_item_cannot_be_confirmed(features: Path) -> None:
    with pytest.raises(RequirementsError, match=r"The ticket has no item AC1.7"):
        ticket.confirm(features, ["AC1.7"])


def test_the_text_of_an_item_is_not_to_be_edited(features: Path) -> None:
    change(features / FILE.name, '"Alert deduplication works"', '"Alert deduplication"')
    with pytest.raises(RequirementsError, match=r"line \d+: the text of AC1.5 is not what was confirmed"):
        changed(features)


def test_what_is_confirmed_has_to_be_an_item(features: Path) -> None:
    with (features / FILE.name).open("a", encoding="utf-8") as file:
        file.write('"AC1.9" = { revision = 1, digest = "0123456789ab" }\n')
    line = len((features / FILE.name).read_text(encoding="utf-8").splitlines())
    with pytest.raises(RequirementsError, match=f"line {line}: AC1.9 is confirmed, but there is no such item"):
        changed(features)
