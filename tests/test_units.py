"""How a run is dealt out: nothing is lost, nothing is doubled, and all hands are about equally full."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.units import (
    LONGEST,
    UNKNOWN,
    Durations,
    Shard,
    Shuffle,
    Unit,
    asked_order,
    asked_shard,
    deal,
    longest_unit,
    units_of,
)
from reports.worker import feature_of


@dataclass(frozen=True)
class Scenario:
    """As much of behave's as is asked for."""

    filename: str
    line: int
    effective_tags: frozenset[str] = field(default_factory=frozenset)

    @property
    def name(self) -> str:
        return f"scenario {self.line}"


KINDS = st.sampled_from([frozenset(), frozenset({"last"}), frozenset({"load"})])
FEATURES = st.lists(st.lists(KINDS, min_size=1, max_size=20), min_size=1, max_size=12)


def scenarios_of(features: list[list[frozenset[str]]]) -> list[Scenario]:
    return [
        Scenario(f"features/f{number}.feature", line, tags)
        for number, kinds in enumerate(features)
        for line, tags in enumerate(kinds, 1)
    ]


def known(scenarios: list[Scenario], seconds: list[float]) -> Durations:
    return Durations({f"f{s.filename[10:-8]}: {s.name}": took for s, took in zip(scenarios, seconds, strict=False)})


def places(units: list[Unit]) -> list[tuple[str, int]]:
    return [(unit.file, line) for unit in units for line in unit.lines]


@given(FEATURES, st.lists(st.floats(0.01, 30), max_size=80), st.integers(2, 5))
def test_every_scenario_is_dealt_once(features: list[list[frozenset[str]]], took: list[float], hands: int) -> None:
    scenarios = scenarios_of(features)
    units = units_of(scenarios, known(scenarios, took))
    dealt = deal(units, hands)
    assert places(units) == [(one.filename, one.line) for one in scenarios]
    assert sorted(places([unit for hand in dealt for unit in hand])) == sorted(places(units))


@given(st.lists(st.floats(0.01, 30), min_size=1, max_size=60))
def test_only_a_single_scenario_makes_a_long_unit(took: list[float]) -> None:
    scenarios = scenarios_of([[frozenset()] * len(took)])
    for unit in units_of(scenarios, known(scenarios, took)):
        assert len(unit.lines) == 1 or unit.seconds <= LONGEST + max(took)


@pytest.mark.parametrize(("seconds", "hands", "longest"), [(0, 1, 1), (27, 2, 1.35), (27, 4, 1), (400, 2, 10)])
def test_a_short_run_is_dealt_in_small_units(seconds: float, hands: int, longest: float) -> None:
    assert longest_unit(seconds, hands) == longest


@given(st.lists(st.floats(0.1, 10), min_size=4, max_size=60), st.integers(2, 4))
def test_no_hand_waits_for_another_longer_than_a_unit_takes(took: list[float], hands: int) -> None:
    units = [Unit("f", (number,), seconds) for number, seconds in enumerate(took)]
    full = [sum(unit.seconds for unit in hand) for hand in deal(units, hands)]
    assert max(full) - min(full) <= max(took) + 1e-9


ARRANGED = st.lists(st.tuples(st.sampled_from([None, "any", "all"]), st.floats(0.1, 10)), min_size=1, max_size=40)


def with_arrangements(units: list[tuple[str | None, float]]) -> list[Unit]:
    return [Unit("f", (line,), seconds, arrangement=name) for line, (name, seconds) in enumerate(units)]


@given(ARRANGED, st.integers(2, 5))
def test_a_hand_changes_no_arrangement_twice(units: list[tuple[str | None, float]], hands: int) -> None:
    dealt = deal(with_arrangements(units), hands)
    assert sorted(unit.lines for hand in dealt for unit in hand) == [(line,) for line in range(len(units))]
    for hand in dealt:
        names = [name for name, _ in groupby(hand, lambda unit: unit.arrangement)]
        assert names == sorted(set(names), key=names.index)
        assert None not in names[:-1], "what is as usual comes last"


@given(ARRANGED, st.integers(2, 5))
def test_an_arrangement_fills_no_more_than_a_hand(units: list[tuple[str | None, float]], hands: int) -> None:
    full = [sum(unit.seconds for unit in hand) for hand in deal(with_arrangements(units), hands)]
    assert max(full) <= 2 * max(sum(full) / hands, max(took for _, took in units)) + 1e-9


def test_the_scenarios_of_one_arrangement_are_dealt_together() -> None:
    usual, arranged = [(None, 2.0)] * 6, [("any", 1.0), ("all", 1.0)] * 3
    hands = deal(with_arrangements([*usual, *arranged]), 3)
    assert [[unit.arrangement for unit in hand] for hand in hands] == [
        ["any"] * 3 + [None, None],
        ["all"] * 3 + [None],
        [None] * 3,
    ]


def test_a_unit_has_scenarios_of_one_arrangement() -> None:
    names = {1: None, 2: "any", 3: "any", 4: "all", 5: None}
    scenarios = scenarios_of([[frozenset()] * 5])
    units = units_of(scenarios, Durations({}), arrangement=lambda scenario: names[scenario.line])
    assert [(unit.arrangement, unit.lines) for unit in units] == [
        (None, (1,)),
        ("any", (2, 3)),
        ("all", (4,)),
        (None, (5,)),
    ]


@given(FEATURES, st.integers(1, 5), st.lists(st.floats(0.01, 30), max_size=80))
def test_the_shards_make_the_whole(features: list[list[frozenset[str]]], of: int, took: list[float]) -> None:
    scenarios = scenarios_of(features)
    shards = [Shard(number, of).part(scenarios, known(scenarios, took)) for number in range(1, of + 1)]
    once = [one for shard in shards for one in shard if "last" not in one.effective_tags]
    assert sorted(once, key=scenarios.index) == [one for one in scenarios if "last" not in one.effective_tags]
    for shard in shards:
        assert {one for one in shard if "last" in one.effective_tags} == {
            one for one in scenarios if "last" in one.effective_tags
        }
        for other in shards:
            files = {one.filename for one in shard if "last" not in one.effective_tags}
            assert shard is other or not files & {one.filename for one in other if "last" not in one.effective_tags}


@given(FEATURES, st.integers(0, 99))
def test_chance_orders_all_but_what_judges_the_run(features: list[list[frozenset[str]]], seed: int) -> None:
    scenarios = scenarios_of(features)
    units = Shuffle(seed).units_of(scenarios, Durations({}))
    assert units == Shuffle(seed).units_of(scenarios, Durations({}))
    assert sorted(places(units)) == sorted((one.filename, one.line) for one in scenarios)
    assert [unit.last for unit in units] == sorted(unit.last for unit in units)


@pytest.mark.parametrize(
    ("environment", "shard"),
    [
        ({}, None),
        ({"SHARD": "2/3"}, Shard(2, 3)),
        ({"SHARD": "/3", "JOB_COMPLETION_INDEX": "0"}, Shard(1, 3)),
        ({"SHARD": "1/1", "JOB_COMPLETION_INDEX": "7"}, Shard(1, 1)),
    ],
)
def test_a_shard_is_asked_for_by_the_environment(environment: dict[str, str], shard: Shard | None) -> None:
    assert asked_shard(environment) == shard


@pytest.mark.parametrize("asked", ["0/3", "4/3", "2", "a/b", "/3", "-1/2", "1/0"])
def test_a_shard_that_cannot_be_meant_is_refused(asked: str) -> None:
    with pytest.raises(ValueError, match=f"SHARD={asked} is no shard"):
        asked_shard({"SHARD": asked})


def test_an_order_is_asked_for_by_a_setting() -> None:
    assert asked_order({}) is None
    assert asked_order({"order": "random:7"}) == Shuffle(7)
    assert isinstance(asked_order({"order": "random"}), Shuffle)
    with pytest.raises(ValueError, match="is no order"):
        asked_order({"order": "random:x"})


def test_durations_of_this_checkout_go_before_those_that_are_committed(tmp_path: Path) -> None:
    (tmp_path / "committed.json").write_text(json.dumps({"f0: scenario 1": 3, "f0: scenario 2": 4}))
    (tmp_path / "own.json").write_text(json.dumps({"f0: scenario 1": 5}))
    (tmp_path / "broken.json").write_text("[1, 2")
    durations = Durations.read(tmp_path, *map(Path, ("committed.json", "own.json", "broken.json", "absent.json")))
    expected = [durations.of(Scenario("features/f0.feature", line)) for line in (1, 2, 3)]
    assert expected == [5, 4, UNKNOWN]


FEATURE = """Feature: Tickets
  Background:
    Given a world

  Scenario: one
    Then it holds

  Scenario Outline: each <name>
    Then it holds

    Examples:
      | name |
      | two  |
      | more |

  Rule: They are closed
    Scenario: three
      Then it holds
    Scenario: four
      Then it holds

  Rule: They are linked
    Scenario: five
      Then it holds
"""


@pytest.mark.parametrize(
    ("lines", "names", "items"),
    [((5,), ["one"], 1), ((14, 17), ["more", "three"], 2), ((19, 23), ["four", "five"], 2)],
)
def test_a_units_feature_has_the_units_scenarios_alone(
    lines: tuple[int, ...], names: list[str], items: int, tmp_path: Path
) -> None:
    file = tmp_path / "tickets.feature"
    file.write_text(FEATURE)
    feature = feature_of(Unit(str(file), lines, 1.0))
    assert [scenario.name.split(" -- ")[0].removeprefix("each ") for scenario in feature.walk_scenarios()] == names
    assert len(feature.run_items) == items
    assert all(step.name == "a world" for one in feature.walk_scenarios() for step in one.background_steps)
