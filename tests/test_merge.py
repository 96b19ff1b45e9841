"""Shards: together they are the run that one alone would have been, and what does not belong together is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from test_crew import every_outcome, results, told
from tiny_suite import ENVIRON, Outcome, TinySuite

from reports import settings

LAST = """
@AC2
Feature: the whole run
  @AC2.1 @last
  Scenario: judges the run
    Given {step}
"""


@pytest.fixture
def suite(tmp_path: Path) -> TinySuite:
    suite = every_outcome(tmp_path / "suite")
    suite.write("features/last.feature", LAST.format(step="it holds"))
    return suite


def run_shards(suite: TinySuite, of: int, *arguments: str) -> list[Path]:
    """Runs each shard and returns where its reports are kept."""
    places = []
    for number in range(1, of + 1):
        outcome = suite.run(*arguments, SHARD=f"{number}/{of}")
        places.append(suite.root.parent / f"shard-{number}")
        shutil.copytree(outcome.latest, places[-1])
    return places


def merge(suite: TinySuite, *places: Path) -> Outcome:
    done = subprocess.run(
        [sys.executable, "-m", "reports.merge", *places],
        cwd=suite.root,
        env=ENVIRON,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, suite.root / "reports" / "latest")


def test_the_shards_joined_say_item_by_item_what_one_run_says(suite: TinySuite) -> None:
    whole = suite.run("-j", "1")
    expected, allure = told(whole.verdict), results(whole)
    places = run_shards(suite, 3)
    assert all(json.loads((place / "verdict.json").read_text())["run"]["shard"] for place in places)
    joined = merge(suite, *places)
    assert joined.code == whole.code
    assert told(joined.verdict) == expected
    assert results(joined) == allure
    assert (joined.latest / "index.html").exists()
    joined.agrees_with_allure()


def test_a_selection_stays_one(suite: TinySuite) -> None:
    whole = suite.run("-j", "1", "--tags", "@AC1.2 or @AC2")
    expected = told(whole.verdict)
    joined = merge(suite, *run_shards(suite, 2, "--tags", "@AC1.2 or @AC2"))
    assert told(joined.verdict) == expected


def test_a_single_shard_is_no_whole_run(suite: TinySuite) -> None:
    verdict = suite.run(SHARD="1/2").verdict
    assert verdict.run.shard == "1/2"
    assert not verdict.run.whole


def test_what_judges_the_run_is_as_good_as_in_the_worst_shard(suite: TinySuite) -> None:
    places = run_shards(suite, 2)
    suite.write("features/last.feature", LAST.format(step="it does not hold"))
    worse = run_again(suite, 2, places[1])
    joined = merge(suite, places[0], with_digest_of(places[0], worse))
    assert joined.scenario("judges the run").status == "failed"


def run_again(suite: TinySuite, number: int, place: Path) -> Path:
    shutil.rmtree(place)
    shutil.copytree(suite.run(SHARD=f"{number}/2").latest, place)
    return place


def with_digest_of(one: Path, other: Path) -> Path:
    """The other shard, as if the suite had not been changed between the two."""
    return changed(other, suite=json.loads((one / "verdict.json").read_text())["run"]["suite"])


def changed(place: Path, **run: Any) -> Path:
    verdict = json.loads((place / "verdict.json").read_text())
    verdict["run"] |= run
    (place / "verdict.json").write_text(json.dumps(verdict))
    return place


TOLD = """
from reports.run import facts

facts.versions["agent-sre"] = "v1"
facts.settings = {"targets": {"success": 95.0, "latency": 2.0}}
facts.defaults = {"targets": {"success": 99.0, "latency": 2.0}}
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[TinySuite, list[Path]]:
    suite = every_outcome(tmp_path_factory.mktemp("pair") / "suite")
    environment = (suite.root / "environment.py").read_text()
    suite.write("environment.py", environment + TOLD)
    return suite, run_shards(suite, 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"target": "another"}, "The shards differ in their target: "),
        ({"profile": "another"}, "The shards differ in their profile: "),
        ({"versions": {"agent-sre": "v2"}}, "The shards differ in their version of agent-sre: v1 in "),
        (
            {"versions": {"agent-sre": "v1", "prometheus-events": "v2"}},
            "The shards differ in their version of prometheus-events: none that is known in ",
        ),
        ({"selection": "--tags @AC1"}, "The shards differ in their selection: "),
        ({"shard": "2/3"}, "The shards differ in their number of shards: 2 in "),
        ({"shard": "1/2"}, "The shard 1/2 is there 2 times."),
        ({"shard": None}, "is no shard, but a run of its own."),
    ],
)
def test_shards_that_do_not_belong_together_are_refused(
    pair: tuple[TinySuite, list[Path]], tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    suite, (one, other) = pair
    copy = shutil.copytree(other, tmp_path / "copy")
    outcome = merge(suite, one, changed(copy, **change))
    assert outcome.code == 2
    assert words in outcome.output


def test_shards_of_different_suites_are_refused(pair: tuple[TinySuite, list[Path]], tmp_path: Path) -> None:
    suite, (one, other) = pair
    copy = shutil.copytree(other, tmp_path / "copy")
    state = json.loads((copy / "verdict.json").read_text())["run"]["suite"]
    outcome = merge(suite, one, changed(copy, suite=state | {"digest": "another"}))
    assert outcome.code == 2
    assert "The shards differ in their suite: " in outcome.output


def test_a_missing_shard_is_named(pair: tuple[TinySuite, list[Path]]) -> None:
    suite, (one, _) = pair
    assert "merge: The shard 2/2 is missing." in merge(suite, one).output


def test_what_cannot_be_read_is_named(pair: tuple[TinySuite, list[Path]], tmp_path: Path) -> None:
    suite, (one, _) = pair
    assert f"{tmp_path} holds no verdict that can be read" in merge(suite, one, tmp_path).output
    assert "name the places of the shards" in merge(suite).output


def test_the_joined_report_is_not_written_over_a_shard(pair: tuple[TinySuite, list[Path]]) -> None:
    suite, (one, _) = pair
    latest = suite.run(SHARD="2/2").latest
    outcome = merge(suite, one, latest)
    assert outcome.code == 2
    assert "copy the shard that lies there elsewhere first" in outcome.output
    assert (latest / "verdict.json").exists()


def test_the_joined_report_has_the_settings_of_its_shards(pair: tuple[TinySuite, list[Path]]) -> None:
    suite, places = pair
    joined = merge(suite, *places)
    assert (joined.latest / "profile.json").read_bytes() == (places[0] / "profile.json").read_bytes()
    assert "targets.success" in (joined.latest / "index.html").read_text()


def test_shards_that_judge_by_different_settings_are_refused(
    pair: tuple[TinySuite, list[Path]], tmp_path: Path
) -> None:
    suite, (one, other) = pair
    copy = shutil.copytree(other, tmp_path / "copy")
    settings.write(copy, {"targets": {"success": 50.0, "latency": 2.0}}, {})
    outcome = merge(suite, one, copy)
    assert outcome.code == 2
    assert f"The shards differ in their targets.success: 95 in {one}, 50 in {copy}." in outcome.output
    (copy / "profile.json").unlink()
    assert f"there is no profile.json in {copy}." in merge(suite, one, copy).output
