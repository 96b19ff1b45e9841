"""What steps have measured becomes the run's benchmarks, whichever worker has measured it, and a chart at the step."""

from __future__ import annotations

import xml.etree.ElementTree
from pathlib import Path

import pytest
from made_up import benchmarks, measure
from tiny_suite import TinySuite

from reports import charts
from reports.benchmarks import HISTORY, Benchmarks, before, joined, load, make_history

MEASURING = """

@step("it measures {value:g} s at {integration}")
def measures(context, value, integration):
    from types import SimpleNamespace
    from reports import measuring

    usual = dict(id="M2", title="Latency", unit="s", comparison="<", target=2, passed=value < 2, count=200)
    optional = dict(throughput=None, percentiles=None, histogram=(), failures=(), before=None)
    one = SimpleNamespace(integration=integration, value=value, **usual, **optional)
    shown = list(measuring.keep([one]))
    assert [each.kind for each in shown] == ["svg", "json"]
    assert list(measuring.keep([])) == []
"""
FEATURE = "@AC1.1\nFeature: {where}\n  Scenario: {where}\n    Given it measures {value} s at {where}\n"


@pytest.fixture
def suite(tmp_path: Path) -> TinySuite:
    suite = TinySuite(tmp_path)
    steps = tmp_path / "steps" / "steps.py"
    steps.write_text(steps.read_text() + MEASURING)
    return suite


def measured(latest: Path) -> Benchmarks:
    found = load(latest)
    assert found
    return found


def measure_in(suite: TinySuite, **values: float) -> None:
    for where, value in values.items():
        suite.write(f"features/{where}.feature", FEATURE.format(where=where, value=value))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_measures_of_all_workers_are_in_one_file(suite: TinySuite, workers: str) -> None:
    measure_in(suite, one=0.5, two=1.5, three=2.5, four=0.1)
    outcome = suite.run("-j", workers)
    assert "4 passed, 0 failed" in outcome.output
    found = measured(outcome.latest)
    assert {(one.integration, one.value, one.passed) for one in found.measures} == {
        ("one", 0.5, True),
        ("two", 1.5, True),
        ("three", 2.5, False),
        ("four", 0.1, True),
    }
    assert found.run == outcome.verdict.run.id
    assert found.machine and found.versions["python"]


def test_a_run_is_compared_with_the_last_one_that_measured(suite: TinySuite) -> None:
    measure_in(suite, one=0.5)
    suite.run()
    suite.write("features/nothing.feature", "@AC1.2\nFeature: nothing\n  Scenario: nothing\n    Given it holds\n")
    suite.run("--name", "nothing")
    measure_in(suite, one=0.7, two=1)
    found = measured(suite.run("-j", "2").latest)
    assert {one.integration: (one.value, one.before) for one in found.measures} == {"one": (0.7, 0.5), "two": (1, None)}


def test_runs_on_another_machine_or_of_another_profile_are_not_compared() -> None:
    now, then = benchmarks("now", (measure("M1", value=2),)), benchmarks("then", (measure("M1", value=1),))
    assert now.compared(then).measures[0].before == 1
    for other in ({"machine": "Darwin"}, {"profile": "mine"}):
        assert now.compared(then.model_copy(update=other)).measures[0].before is None
    assert now.compared(None) is now


def test_what_was_measured_is_kept_when_another_run_begins(tmp_path: Path) -> None:
    latest = tmp_path / "latest"
    latest.mkdir()
    make_history(latest)
    assert before(latest) is None
    benchmarks("then", (measure("M1"),)).write(latest)
    make_history(latest)
    kept = before(latest)
    assert kept
    assert kept.run == "then"
    (tmp_path / HISTORY).write_text("no benchmarks")
    assert before(latest) is None


def test_the_measures_of_shards_are_joined() -> None:
    parts = [benchmarks("first", (measure("M1"),)), benchmarks("second", (measure("M2"), measure("M3")))]
    whole = joined("whole", parts)
    assert whole.run == "whole"
    assert [one.id for one in whole.measures] == ["M1", "M2", "M3"]


def test_a_drawing_is_a_picture_of_its_own_with_every_measure_and_its_target() -> None:
    measures = [
        measure("M2", integration="Linear & more", before=1.1),
        measure("M2", integration="Jira", value=2.5, passed=False, percentiles=None, histogram=()),
    ]
    root = xml.etree.ElementTree.fromstring(charts.drawing(measures))
    texts = [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[0] == "M2 Metric M2, target < 2 s"
    for word in ("Linear & more", "1.2 s", "was 1.1", "P99 1.600", "Jira", "2.5 s", "of 200"):
        assert any(word in text for text in texts), word
    assert [dot.get("class") for dot in root.iter("{http://www.w3.org/2000/svg}circle")] == ["passed", "failed"]
