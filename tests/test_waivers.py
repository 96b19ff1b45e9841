"""Waivers: what the file has to say, and the sentence for each mistake in it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reports import requirements
from reports.waivers import Waiver, WaiversError, load

ITEMS = requirements.load(Path(__file__).parent.parent / "features" / "requirements.toml")
GOOD = """\
# Until the paid site is there.
[[waiver]]
item = "AC4.6"
reason = "The trial site of Jira has no rate limit."
approver = "Grace Hopper"
ticket = "BVL-301"
expiry = 2026-03-31

[[waiver]]
item = "SEC3"
reason = "Keys are rotated by hand."
approver = "Ada Lovelace"
ticket = "BVL-302"
expiry = 2026-06-30
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "waivers.toml"


def test_a_waiver_says_who_answers_for_what_and_until_when(file: Path) -> None:
    file.write_text(GOOD)
    first, second = load(file, ITEMS)
    assert first == Waiver(
        item="AC4.6",
        reason="The trial site of Jira has no rate limit.",
        approver="Grace Hopper",
        ticket="BVL-301",
        expiry=date(2026, 3, 31),
    )
    assert second.item == "SEC3"
    assert str(first) == (
        "Grace Hopper waives it until 31 March 2026 (BVL-301): The trial site of Jira has no rate limit."
    )


def test_a_waiver_counts_to_the_end_of_its_last_day(file: Path) -> None:
    file.write_text(GOOD)
    waiver = load(file, ITEMS)[0]
    assert waiver.counts(date(2026, 3, 31))
    assert not waiver.counts(date(2026, 4, 1))


def test_no_file_and_an_empty_one_waive_nothing(file: Path) -> None:
    assert load(None, ITEMS) == load(file, ITEMS) == ()
    file.write_text("")
    assert load(file, ITEMS) == ()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('item = "SEC3"', 'item = "SEC33"', "line 10: the ticket has no item SEC33."),
        ('item = "SEC3"', 'item = "AC4"', "line 10: the ticket has no item AC4."),
        ('item = "SEC3"', 'item = "IP3"', "line 10: IP3 follows from other items; waive those."),
        ('item = "SEC3"', 'item = "DOD1"', "line 10: DOD1 follows from other items; waive those."),
        ('item = "SEC3"', 'item = "AC4.6"', "line 10: AC4.6 is waived twice."),
        ('approver = "Ada Lovelace"\n', "", "line 9: approver: field required."),
        ('approver = "Ada Lovelace"', 'approver = ""', "line 12: approver: string should have at least 1 character."),
        ('approver = "Ada Lovelace"', 'approved = "Ada"', "line 9: approver: field required."),
        ("expiry = 2026-06-30", 'expiry = "some day"', "line 14: expiry: input should be a valid date"),
        ("expiry = 2026-06-30", 'expiry = 2026-06-30\nwhy = ""', "line 15: why: extra inputs are not permitted."),
        ('[[waiver]]\nitem = "SEC3"', '[[waivers]]\nitem = "SEC3"', "line 9: waivers: extra inputs are not"),
        ("expiry = 2026-06-30", "expiry = 2026-06-31", "is not valid TOML: "),
    ],
)
def test_a_mistake_is_one_sentence_with_the_line(file: Path, old: str, new: str, sentence: str) -> None:
    assert old in GOOD
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(WaiversError) as refused:
        load(file, ITEMS)
    said = str(refused.value)
    assert said.removeprefix(f"{file}, ").removeprefix(f"{file} ").startswith(sentence), said
    assert "\n" not in said
