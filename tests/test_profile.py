"""A profile is checked before anything is started, and a mistake in it is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps.targets.profile import ProfileError, load

GOOD = """
name = "mine"
[agent]
command = ["agent", "{port}"]
[converter]
command = ["converter", "{port}"]
"""


def test_the_bundled_profile_loads() -> None:
    assert load("reference").name == "reference"


def test_a_profile_of_ones_own_loads_and_has_the_rulings_of_the_contract(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD)
    profile = load(str(tmp_path / "mine.toml"))
    assert profile.rulings.priority["critical"]["high"] == 1
    assert profile.rulings.tries == 5


def test_arrangements_of_ones_own_stand_beside_the_usual_ones_or_in_their_place(tmp_path: Path) -> None:
    own = '[arrangements.hot]\nHEAT = "9"\n[arrangements."all approvals"]\nMODE = "careful"\n'
    (tmp_path / "mine.toml").write_text(GOOD + own)
    arrangements = load(str(tmp_path / "mine.toml")).arrangements
    assert arrangements["hot"] == {"HEAT": "9"}
    assert arrangements["all approvals"] == {"MODE": "careful"}
    assert arrangements["any approval"]["OPERATION_MODE"] == "supervised"


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        ("nane = 'x'\n" + GOOD, ["nane", "extra inputs"]),
        (GOOD.replace('command = ["agent", "{port}"]', "command = []"), ["agent.command", "at least 1"]),
        (GOOD + "[limits]\nticket = -1\n", ["limits.ticket", "greater than 0", "-1"]),
        (GOOD.replace('name = "mine"', ""), ["name", "required"]),
        ("name = [", ["TOML"]),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_setting(tmp_path: Path, mistake: str, words: list[str]) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(mistake)
    with pytest.raises(ProfileError) as error:
        load(str(path))
    sentence = str(error.value)
    assert "\n" not in sentence
    for word in [str(path), *words]:
        assert word in sentence


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ProfileError, match=r"'nowhere'.*reference"):
        load("nowhere")
