"""The page that one opens first, and what CI reads: job summary and JUnit."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from made_up import MadeUp, measure, trial
from test_matrix import Page
from test_timeline import call

from reports import charts, documentation, junit, recording
from reports.pages import counted, lasted, measured, ranges
from reports.recording import Recording
from reports.verdict import Status, Trouble
from reports.waivers import Waiver

SENTENCE = "Expected <b>Urgent</b>, but it is None."


@pytest.fixture
def run(tmp_path: Path) -> MadeUp:
    return MadeUp(tmp_path / "reports" / "latest")


def index(run: MadeUp) -> str:
    run.write()
    return (run.latest / "index.html").read_text(encoding="utf-8")


# -- index.html --------------------------------------------------------------------------------------------------------


def test_a_good_run_is_told_in_one_sentence(run: MadeUp) -> None:
    text = index(run)
    assert "All 81 scenarios passed; 101 of the ticket&#39;s items hold." in text
    assert "To be signed." in text
    assert "What does not hold" not in text
    assert "that nobody has declared" not in text


def test_the_page_needs_nothing_from_elsewhere_and_leads_to_everything(run: MadeUp) -> None:
    page = Page(index(run))
    assert page.loads == []
    for name in ("matrix.html", "matrix.md", "matrix.csv", "matrix.json", "verdict.json", "junit.xml", "summary.md"):
        assert name in page.links, name
    missing = [
        link
        for link in page.links
        if not link.startswith(("http", "#")) and not (run.latest / link.partition("#")[0]).exists()
    ]
    assert missing == []


def test_what_does_not_hold_comes_first_with_its_sentence_and_its_scenarios(run: MadeUp) -> None:
    run.judge("AC1.1", Status.FAILED, SENTENCE)
    run.judge("SEC1", Status.BROKEN, "Prometheus was not found.")
    text = index(run)
    section = text[text.index("What does not hold") : text.index("What was promised")]
    assert section.index("AC1.1") < section.index("SEC1")
    assert "Expected &lt;b&gt;Urgent&lt;/b&gt;, but it is None." in section
    assert 'href="timelines/all-6.html"' in section
    assert "Prometheus was not found." in section
    assert "IP1" not in section


def test_a_scenario_that_no_item_tells_of_is_told_too(run: MadeUp) -> None:
    run.judge("S4", Status.BROKEN, "Nobody knows.")
    one = run.scenarios["S4"]
    run.scenarios["S4"] = one.model_copy(
        update={"steps": tuple(step.model_copy(update={"name": "other words"}) for step in one.steps)}
    )
    section = index(run).partition("What does not hold")[2].partition("What was promised")[0]
    assert "Nobody knows." in section


def test_metrics_are_drawn_against_their_targets(run: MadeUp) -> None:
    run.measures = (measure("M2", value=2.5, passed=False),)
    text = index(run)
    assert 'aria-label="2.5 s, target &lt; 2 s"' in text
    assert '<circle class="failed"' in text
    assert "agent-sre → Linear API" in text


def test_without_benchmarks_the_metrics_are_there(run: MadeUp) -> None:
    run.measured_by = None
    text = index(run)
    assert "Not measured in this run." in text
    assert "benchmarks.json" not in text


def test_the_proof_is_told(run: MadeUp) -> None:
    assert "202 of 202 were found." in index(run)


def test_survivors_are_told(run: MadeUp) -> None:
    assert run.kills
    run.kills["trials"].append(trial("ac3/lost", "AC3.1", "survived"))
    text = index(run)
    assert "1 was not" in text
    assert "Not to be signed yet." in text


def test_a_missing_proof_is_told(run: MadeUp) -> None:
    run.kills = None
    assert "Nobody has seeded defects yet" in index(run)


def test_waivers_are_told(run: MadeUp) -> None:
    run.judge("AC4.1", Status.FAILED)
    run.waivers = (
        Waiver(item="AC4.1", reason="No Jira.", approver="Ada", ticket="BVL-9", expiry=date(2026, 2, 1)),
        Waiver(item="AC4.2", reason="No Jira.", approver="Ada", ticket="BVL-9", expiry=date(2025, 2, 1)),
    )
    text = index(run)
    assert "Ada waives it until 1 February 2026 (BVL-9): No Jira." in text
    assert "The waiver expired on 1 February 2025, so it counts no more." in text
    assert "with 1 waiver: AC4.1." in text


def test_the_settings_that_are_not_the_defaults_are_told(run: MadeUp) -> None:
    run.settings = {"targets": {"success": 50.0, "latency": 2.0}, "rulings": {"next_method": {"Pod": "x"}}}
    section = index(run).partition("Settings that differ from the defaults")[2].partition("</section>")[0]
    assert "<td>targets.success</td><td>50</td><td>99</td>" in section
    assert "<td>rulings.next_method.Pod</td><td>x</td><td>–</td>" in section
    assert "latency" not in section


def test_that_all_settings_are_the_defaults_is_told(run: MadeUp) -> None:
    section = index(run).partition("Settings that differ from the defaults")[2].partition("</section>")[0]
    assert "None." in section and "<td>" not in section


def test_what_was_run_is_told(run: MadeUp) -> None:
    run.suite = run.suite.model_copy(update={"dirty": True})
    text = index(run)
    for fact in ("v1.0, with changes that are in no commit", "prometheus 2.42.0", "8 January 2026, 10:15 UTC"):
        assert fact in text, fact


def test_a_host_that_nobody_declared_is_told_with_the_scenario(run: MadeUp) -> None:
    location = run.verdict().scenarios[0].location
    said = call(1, 0.1, callee=recording.UNDECLARED, host="evil.example.com", status=None, error="refused")

    def strange(latest: Path) -> None:
        recorded = Recording(began=0, duration=1, calls=(said,), windows=())
        recording.path(latest, location).write_text(recorded.model_dump_json())

    run.write(strange)
    text = (run.latest / "index.html").read_text(encoding="utf-8")
    assert "agent-sre called <code>evil.example.com</code>, a host that nobody has declared, in 1 scenario" in text
    assert f'href="timelines/{run.verdict().scenarios[0].slug}.html"' in text


def test_the_version_of_what_was_judged_is_told_apart_from_the_tools(run: MadeUp) -> None:
    run.versions |= {"agent-sre": "v2.3.1"}
    run.write()
    text = (run.latest / "index.html").read_text()
    assert "<dt>Its version</dt><dd>agent-sre v2.3.1</dd>" in text
    assert "<dt>Tools</dt><dd>prometheus 2.42.0</dd>" in text


def test_a_version_that_nobody_has_told_is_said_to_be_missing(run: MadeUp) -> None:
    run.write()
    assert "<dt>Its version</dt><dd>not known" in (run.latest / "index.html").read_text()


def test_a_disagreement_is_told(run: MadeUp) -> None:
    run.write(lambda latest: (latest / "allure-results/000-result.json").unlink())
    text = (run.latest / "index.html").read_text()
    assert "absent in Allure" in text.partition("How we know")[2]


# -- charts ------------------------------------------------------------------------------------------------------------


def test_measures_of_one_metric_share_a_scale() -> None:
    fast, slow = measure("M2", value=1.0), measure("M2", value=4.0, passed=False)
    drawn = [str(charts.against_target(one, (fast, slow))) for one in (fast, slow)]
    assert len({one.partition('class="target" x1="')[2].partition('"')[0] for one in drawn}) == 1


@pytest.mark.parametrize(("value", "cx"), [(100.0, 100.0), (99.0, 50.0), (98.0, 0.0)])
def test_shares_end_at_all_of_it(value: float, cx: float) -> None:
    ends = (measure("M1", value=99.0, unit="%", target=99.0, percentiles=None),)
    drawn = str(charts.against_target(measure("M1", value=value, unit="%", target=99.0, percentiles=None), ends))
    assert f'cx="{cx}%"' in drawn


# -- summary.md --------------------------------------------------------------------------------------------------------


def test_the_summary_has_the_tally_and_what_does_not_hold(run: MadeUp) -> None:
    run.judge("AC3.5", Status.FAILED, "Expected one,\nbut there is none.")
    run.troubles = (Trouble(where="after_all", sentence="No."),)
    run.write()
    lines = (run.latest / "summary.md").read_text().splitlines()
    assert lines[0] == "## ⚠️ The run is broken: after_all failed: No."
    assert "| AC3 Linear API Integration | 9 | 1 |  |  |  |  |" in lines
    assert any(
        line.startswith("- ❌ **AC3.5** Priority assignment works: Expected one, but there is none. `features/all")
        for line in lines
    )


def test_the_summary_of_a_good_run_is_short(run: MadeUp) -> None:
    run.write()
    text = (run.latest / "summary.md").read_text()
    assert text.startswith("## ✅ All 81 scenarios passed; 101 of the ticket's items hold.")
    assert "What does not hold" not in text


# -- junit.xml ---------------------------------------------------------------------------------------------------------


def test_junit_counts_what_did_not_pass(run: MadeUp) -> None:
    run.judge("AC1.1", Status.FAILED, f"{SENTENCE}\x00")
    run.judge("AC1.2", Status.BROKEN)
    run.judge("AC1.3", Status.UNTESTED)
    run.troubles = (Trouble(where="after_all", sentence="No."),)
    run.write()
    root = fromstring((run.latest / "junit.xml").read_bytes())
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "82",
        "failures": "1",
        "errors": "2",
        "skipped": "1",
    }
    case = next(root.iter("testcase"))
    assert (case.get("file"), case.get("line"), case.get("time")) == ("features/all.feature", "6", "1.500")
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == f"{SENTENCE}�"
    output = case.find("system-out")
    assert output is not None
    assert output.text == "failed   Then it holds\n\n@AC1 @AC1.1"


def test_junit_is_read_back_as_it_was_written(run: MadeUp) -> None:
    verdict = run.write()
    told = junit.told(run.latest / "junit.xml")
    assert told == {(one.location, "passed"): 1 for one in verdict.scenarios}


def test_what_is_no_xml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text("<testsuites>")
    with pytest.raises(ValueError, match=r"junit\.xml is not XML"):
        junit.told(tmp_path / "junit.xml")


# -- documentation -----------------------------------------------------------------------------------------------------


def test_what_readme_names_has_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("accept: setup\n")
    (tmp_path / "features").mkdir()
    (tmp_path / "README.md").write_text(
        "Run `make accept`, or `make coffee`. See `features/` and `steps/linear.py`, [this](docs/x.md) and "
        "[that](https://example.com).\n\n```\nmake tea   # reports/latest/index.html\n```\nmake sense\n"
    )
    found = documentation.check(tmp_path)
    assert found.missing == (
        "README.md names `make coffee`, which the Makefile does not have.",
        "README.md names `make tea`, which the Makefile does not have.",
        "README.md names docs/x.md, which is not there.",
        "README.md names steps/linear.py, which is not there.",
    )
    assert found.checked == 6


def test_without_a_readme_there_is_no_documentation(tmp_path: Path) -> None:
    assert documentation.check(tmp_path).missing == ("There is no README.md.",)


def test_the_suite_is_documented_as_it_is() -> None:
    assert documentation.check(Path(__file__).parent.parent).missing == ()


# -- words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.042, "42 ms"),
        (0.9996, "1.0 s"),
        (59.94, "59.9 s"),
        (61, "1 min 01 s"),
        (119.7, "2 min 00 s"),
    ],
)
def test_durations_are_told_for_people(seconds: float, told: str) -> None:
    assert lasted(seconds) == told


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (0.07245, "s", "0.072 s"),
        (1.442, "s", "1.4 s"),
        (31.6, "s", "32 s"),
        (99.999, "%", "99.99 %"),
        (100, "%", "100 %"),
    ],
)
def test_measures_are_told_for_people(value: float, unit: str, told: str) -> None:
    assert measured(value, unit) == told


def test_numbers_and_ids_are_told_for_people() -> None:
    assert (counted(1, "scenario"), counted(0, "scenario")) == ("1 scenario", "0 scenarios")
    ids = ["IP1", "AC1", "AC2", "AC4", "S2.1", "S2.2", "S2.3", "S3.1", "M", "AC3.9", "AC3.10"]
    assert ranges(ids) == "IP1, AC1–AC2, AC4, S2.1–S2.3, S3.1, M, AC3.9–AC3.10"
