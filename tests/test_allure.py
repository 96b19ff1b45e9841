"""Allure: results in the ticket's words, complete, with evidence at its step; the cross-check; the page."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tiny_suite import ROOT, Outcome, TinySuite

from reports import report
from reports.agreement import with_allure
from reports.report import ReportError
from reports.verdict import Verdict

FEATURES = {
    "ac1.feature": """
@AC1
Feature: AC1 First Things
  @AC1.1 @AC1.2
  Scenario: fails
    Given it holds
    When it does not hold
    Then it holds
  @AC1.2 @minor @slow
  Scenario Outline: row <n>
    Given it does not hold for <n>
    Examples:
      | n |
      | 1 |
      | 2 |
  @AC2.1
  Rule: a rule
    Scenario: in a rule
      Given it errs
""",
    "s1.feature": """
@S1
Feature: From First to Last
  @S1.1 @S1.2 @S1.3
  Scenario: the whole way
    Given it begins
      | a | b |
      | 1 | 2 |
    Then it ends
      \"\"\"
      the end
      \"\"\"
  @skip
  Scenario: skipped
    Given it begins
""",
    "none.feature": "Feature: nobody's\n  Scenario: nobody's\n    Given it holds\n",
}

EVIDENCE = """

from collections import namedtuple
from reports.evidence import attach

Evidence = namedtuple("Evidence", "title content kind exchanges", defaults=[()])
SEEN = {
    "it does not hold": [
        Evidence("What it said: 100 % “loud”", "GET / HTTP/1.1", "http"),
        Evidence("The issue", '{"title": "ü"}', "json"),
        Evidence("Not quite JSON", "{", "json"),
    ],
    "it errs": [Evidence("A page", "<p>hello</p>", "html"), Evidence("A picture", b"<svg/>", "svg")],
}


def after_step(context, step):
    attach(context, step, SEEN.get(step.name, []))
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    suite = TinySuite(tmp_path_factory.mktemp("allure"))
    environment = (suite.root / "environment.py").read_text()
    suite.write("environment.py", environment + EVIDENCE)
    for name, feature in FEATURES.items():
        suite.write(f"features/{name}", feature)
    return suite.run()


def result(outcome: Outcome, name: str) -> dict[str, Any]:
    found = [result for result in outcome.allure if result["name"] == name]
    assert len(found) == 1, f"{len(found)} results are called {name!r}"
    return found[0]


def labels(outcome: Outcome, name: str, kind: str) -> list[str]:
    return [label["value"] for label in result(outcome, name)["labels"] if label["name"] == kind]


def test_the_tree_is_ticket_criterion_item(outcome: Outcome) -> None:
    assert labels(outcome, "fails", "epic") == ["T-1 A tiny ticket"]
    assert labels(outcome, "fails", "feature") == ["AC1 First Things"]
    assert labels(outcome, "fails", "story") == ["AC1.1 It holds", "AC1.2 It holds, too"]
    assert labels(outcome, "the whole way", "story") == ["S1.1 Begin", "S1.2 Go on", "S1.3 End"]


def test_a_rule_is_there_and_hands_on_its_tags(outcome: Outcome) -> None:
    assert labels(outcome, "in a rule", "story") == ["AC2.1 It holds as well"]
    assert labels(outcome, "in a rule", "tag") == ["AC1", "AC2.1"]
    assert result(outcome, "in a rule")["titlePath"] == ["AC1 First Things", "a rule"]


def test_a_row_is_there_with_its_parameters(outcome: Outcome) -> None:
    assert result(outcome, "row 2")["parameters"] == [{"name": "n", "value": "2"}]
    assert result(outcome, "row 1")["historyId"] != result(outcome, "row 2")["historyId"]


def test_a_scenario_without_an_item_stands_below_its_feature(outcome: Outcome) -> None:
    assert labels(outcome, "nobody's", "feature") == ["nobody's"]
    assert labels(outcome, "nobody's", "story") == []


def test_severity_comes_from_the_kind_of_item_or_from_a_tag(outcome: Outcome) -> None:
    severities = {name: labels(outcome, name, "severity") for name in ("fails", "row 1", "the whole way", "nobody's")}
    assert severities == {
        "fails": ["critical"],
        "row 1": ["minor"],
        "the whole way": ["blocker"],
        "nobody's": ["normal"],
    }


def test_every_result_links_to_the_ticket_and_to_its_items_in_the_matrix(outcome: Outcome) -> None:
    for one in outcome.allure:
        items = [label["value"] for label in one["labels"] if label["name"] == "tag" and "." in label["value"]]
        assert one["links"] == [
            {"type": "issue", "url": "https://example.com/T-1", "name": "T-1"},
            *({"type": "link", "url": page, "name": page} for page in (f"matrix.html#{item}" for item in items)),
        ]


def test_failed_and_broken_and_skipped_differ(outcome: Outcome) -> None:
    statuses = {one["name"]: one["status"] for one in outcome.allure}
    assert statuses == {
        "fails": "failed",
        "row 1": "passed",
        "row 2": "failed",
        "in a rule": "broken",
        "the whole way": "passed",
        "skipped": "skipped",
        "nobody's": "passed",
    }


def test_a_failure_is_one_sentence_and_its_own_lines_of_code(outcome: Outcome) -> None:
    details = result(outcome, "fails")["statusDetails"]
    assert details["message"] == "Expected one issue, but there is none."
    assert 'File "steps/steps.py"' in details["trace"]
    assert "behave/model.py" not in details["trace"]


def test_steps_are_there_with_their_tables_and_texts(outcome: Outcome) -> None:
    steps = result(outcome, "fails")["steps"]
    assert [(step["name"], step["status"]) for step in steps] == [
        ("Given it holds", "passed"),
        ("When it does not hold", "failed"),
        ("Then it holds", "skipped"),
    ]
    whole_way = result(outcome, "the whole way")["steps"]
    assert [[seen["name"] for seen in step["attachments"]] for step in whole_way] == [[".table"], [".text"]]


def test_evidence_is_at_the_step_that_saw_it(outcome: Outcome) -> None:
    step = result(outcome, "fails")["steps"][1]
    seen = [(one["name"], one["type"]) for one in step["attachments"]]
    assert seen == [
        ("What it said: 100 % “loud”", "text/plain"),
        ("The issue", "application/json"),
        ("Not quite JSON", "application/json"),
    ]
    kept = outcome.latest / "allure-results" / step["attachments"][1]["source"]
    assert kept.read_text() == '{\n  "title": "ü"\n}'


def test_evidence_is_listed_in_the_verdict(outcome: Outcome) -> None:
    evidence = outcome.scenario("fails").steps[1].evidence
    assert [seen.file for seen in evidence] == [
        "evidence/ac1-5/01-what-it-said-100-loud.txt",
        "evidence/ac1-5/02-the-issue.json",
        "evidence/ac1-5/03-not-quite-json.json",
    ]
    assert (outcome.latest / evidence[0].file).read_text() == "GET / HTTP/1.1"
    assert (outcome.latest / outcome.scenario("in a rule").steps[0].evidence[1].file).read_bytes() == b"<svg/>"
    assert sorted(path.name for path in (outcome.latest / "evidence").iterdir()) == ["ac1-18", "ac1-5"]


def test_the_run_is_described(outcome: Outcome) -> None:
    results, run = outcome.latest / "allure-results", outcome.verdict.run
    environment = dict(line.split(" = ", 1) for line in (results / "environment.properties").read_text().splitlines())
    assert environment == {
        "target": "unknown",
        "profile": "unknown",
        "suite": run.suite.version,
        **run.versions,
        "machine": run.machine,
        "command": "behave",
    }
    categories = json.loads((results / "categories.json").read_text())
    assert [category["matchedStatuses"][0] for category in categories] == [
        *("failed", "broken", "unknown", "skipped", "skipped")
    ]
    assert json.loads((results / "executor.json").read_text())["buildName"] == run.id


def test_results_are_in_the_order_of_the_run(outcome: Outcome) -> None:
    starts = {one["name"]: one["start"] for one in outcome.allure}
    order = [scenario.name for scenario in outcome.verdict.scenarios]
    assert order == sorted(order, key=starts.__getitem__)
    assert order == ["fails", "row 1", "row 2", "in a rule", "the whole way", "skipped", "nobody's"]


# -- the cross-check ---------------------------------------------------------------------------------------------------


@pytest.fixture
def told(outcome: Outcome, tmp_path: Path) -> Path:
    """A copy of the results, to be changed."""
    for file in (outcome.latest / "allure-results").glob("*-result.json"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def change(results: Path, name: str, **values: str) -> Path:
    file = next(file for file in results.iterdir() if json.loads(file.read_text())["name"] == name)
    file.write_text(json.dumps(json.loads(file.read_text()) | values))
    return file


def test_allure_and_verdict_agree(outcome: Outcome, told: Path) -> None:
    outcome.agrees_with_allure()
    assert with_allure(outcome.verdict, told) is None


def test_another_status_in_allure_is_a_disagreement(outcome: Outcome, told: Path) -> None:
    change(told, "fails", status="passed")
    assert with_allure(outcome.verdict, told) == (
        "features/ac1.feature:5 is failed in the verdict and passed in Allure."
    )


def test_a_scenario_that_allure_lacks_is_a_disagreement(outcome: Outcome, told: Path) -> None:
    change(told, "in a rule").unlink()
    assert with_allure(outcome.verdict, told) == (
        "features/ac1.feature:18 is broken in the verdict and absent in Allure."
    )


def test_a_result_that_is_there_twice_is_a_disagreement(outcome: Outcome, told: Path) -> None:
    (told / "again-result.json").write_bytes(change(told, "row 1").read_bytes())
    assert with_allure(outcome.verdict, told) == (
        "features/ac1.feature:14 is passed in the verdict and passed and passed in Allure."
    )


def test_a_disagreement_breaks_the_run(tmp_path: Path) -> None:
    suite = TinySuite(tmp_path)
    suite.write("features/none.feature", FEATURES["none.feature"])
    suite.write(
        "environment.py",
        "from pathlib import Path\ndef after_all(context):\n"
        "    next(Path('reports/latest/allure-results').glob('*-result.json')).unlink()\n",
    )
    outcome = suite.run()
    assert outcome.code == 3
    sentence = "cross-check failed: features/none.feature:2 is passed in the verdict and absent in Allure."
    assert outcome.verdict.run.sentence == f"The run is broken: {sentence}"
    assert outcome.output.splitlines()[-1] == "1 passed, 1 failed"


# -- the page ----------------------------------------------------------------------------------------------------------

PAGE = """<html><body>
<script>window.allure = {};</script>
    <script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>
    <script>
        window.dataLayer = window.dataLayer || [];
        function gtag(){dataLayer.push(arguments);}
        gtag('config', 'G-1', {});
    </script>
<script>the rest</script>
</body></html>"""


def test_the_page_has_no_analytics() -> None:
    clean = report.without_analytics(PAGE)
    assert "gtag" not in clean
    assert "googletagmanager" not in clean
    assert "<script>window.allure = {};</script>" in clean
    assert "<script>the rest</script>" in clean


def test_analytics_in_another_shape_are_refused() -> None:
    with pytest.raises(ReportError, match="has changed its analytics"):
        report.without_analytics('<script src="https://www.googletagmanager.com/x.js"></script>')


def test_without_a_run_there_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="There is no run to report on"):
        report.build(tmp_path)


def test_without_npm_the_page_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReportError, match="npm is not there") as refused:
        report.install(tmp_path / "allure")
    assert "\n" not in str(refused.value)


def test_without_a_network_the_page_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error network is unreachable' >&2\necho 'npm error at line 1' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(ReportError) as refused:
        report.install(tmp_path / "allure")
    assert str(refused.value) == f"npm could not install allure@{report.ALLURE}: npm error network is unreachable"


def test_links_to_the_pages_beside_it_can_be_followed() -> None:
    page = report.with_links("<html><body>one</body>two</body></html>")
    assert page.startswith("<html><body>one</body>two<style>")
    assert page.endswith("</script>\n</body></html>")


allure_is_there = pytest.mark.skipif(
    not (ROOT / ".cache" / "allure" / "node_modules").is_dir(), reason="`make report` has not installed Allure yet"
)


@pytest.fixture
def root(outcome: Outcome) -> Path:
    root = outcome.latest.parent.parent
    if not (root / ".cache").exists():
        (root / ".cache").symlink_to(ROOT / ".cache")
    return root


@allure_is_there
def test_the_page_holds_the_whole_run(root: Path) -> None:
    page = report.build(root).read_text()
    assert "googletagmanager" not in page
    assert "T-1 A tiny ticket" in page
    assert 'href="allure.html"' in (root / "reports" / "latest" / "index.html").read_text()


@allure_is_there
def test_the_history_has_each_run_once(root: Path) -> None:
    history = root / "reports" / "history" / "allure.jsonl"
    history.unlink(missing_ok=True)
    report.build(root)
    report.build(root)
    assert len(history.read_text().splitlines()) == 1
    for file in (root / "reports" / "latest" / "allure-results").glob("*-result.json"):
        told = json.loads(file.read_text())
        file.write_text(json.dumps(told | {"start": told["start"] + 60_000, "stop": told["stop"] + 60_000}))
    report.build(root)
    assert len(history.read_text().splitlines()) == 2


def test_what_is_waived_says_so_in_allure(tmp_path: Path) -> None:
    suite = TinySuite(tmp_path)
    suite.ask_for("AC2")
    suite.write("features/a.feature", "@AC2\nFeature: a\n  @AC2.1\n  Scenario: a\n    Given it does not hold\n")
    suite.write(
        "environment.py", "from pathlib import Path\nfrom reports.run import facts\nfacts.waivers = Path('w.toml')\n"
    )
    suite.write(
        "w.toml",
        '[[waiver]]\nitem = "AC2.1"\nreason = "No."\napprover = "Ada"\nticket = "T-2"\nexpiry = 2999-01-01\n',
    )
    [result] = suite.run().allure
    assert result["status"] == "skipped"
    assert result["statusDetails"]["message"] == "Waived: Expected one issue, but there is none."


def test_only_what_has_to_knows_behave() -> None:
    code = "import sys, reports.publish, reports.judge, reports.evidence, reports.report, reports.assessment\n"
    code += "sys.exit('behave' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_verdict_is_read_back_as_it_was_written(outcome: Outcome) -> None:
    verdict = outcome.verdict
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
