"""The matrix: one row per item, in the ticket's order and words, as a page, as CSV and as Markdown."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports import matrix
from reports.requirements import load
from reports.verdict import (
    Attachment,
    RunVerdict,
    ScenarioVerdict,
    Status,
    StepVerdict,
    Trouble,
    Verdict,
    conclude,
    requirement_verdicts,
)

FILE = Path(__file__).parent.parent / "features" / "requirements.toml"
SENTENCE = "Expected <b>Urgent</b>, but it is None."


def scenario(
    name: str, line: int, status: Status, *tags: str, evidence: tuple[Attachment, ...] = ()
) -> ScenarioVerdict:
    step = StepVerdict(keyword="Then", name="it holds", status=status, duration=0.1, evidence=evidence)
    return ScenarioVerdict(
        name=name,
        feature="AC3 Linear API Integration",
        location=f"features/ac3_linear_api.feature:{line}",
        tags=("AC3", *tags),
        requirements=tags,
        status=status,
        sentence=None if status is Status.PASSED else SENTENCE,
        steps=(step,),
    )


def make_verdict(*scenarios: ScenarioVerdict, troubles: tuple[Trouble, ...] = ()) -> Verdict:
    requirements = requirement_verdicts(load(FILE), scenarios, Counter())
    outcome, sentence = conclude(requirements, scenarios, troubles)
    run = RunVerdict(
        id="20260108T101500Z-3f9a",
        ticket="BVL-256 Integration Testing Validation",
        url="https://linear.app/bvlucena/issue/bvl-256/integration-testing-validation",
        started=datetime(2026, 1, 8, 10, 15, tzinfo=UTC),
        duration=95.4,
        outcome=outcome,
        sentence=sentence,
        target="reference",
        profile="reference",
        versions={"suite": "0.1.0"},
        machine="Linux, 2 CPUs",
        command="behave",
        selection="everything",
        troubles=troubles,
    )
    return Verdict(run=run, requirements=requirements, scenarios=scenarios)


@pytest.fixture
def verdict() -> Verdict:
    seen = (Attachment(title="The issue & more", kind="json", file="evidence/ac3-9/01-the-issue.json"),)
    return make_verdict(
        scenario("An issue | is opened", 5, Status.PASSED, "AC3.1"),
        scenario("Priority is urgent", 9, Status.FAILED, "AC3.5", evidence=seen),
        scenario("Priority is high", 12, Status.PASSED, "AC3.5"),
        scenario("Linear is down", 20, Status.BROKEN, "AC3.9"),
    )


@pytest.fixture
def latest(verdict: Verdict, tmp_path: Path) -> Path:
    matrix.write(verdict, tmp_path)
    return tmp_path


class Page(HTMLParser):
    """What the tests look at in a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids += [values["id"]] if "id" in values else []
        self.rows += [values["id"]] if tag == "tr" and "id" in values else []
        self.links += [values["href"]] if tag == "a" else []
        if tag in ("script", "link", "img", "iframe"):
            self.loads.append(tag)


@pytest.fixture
def page(latest: Path) -> Page:
    return Page((latest / "matrix.html").read_text(encoding="utf-8"))


def test_the_page_has_one_row_per_item_in_the_order_of_the_ticket(page: Page) -> None:
    assert page.rows == [item.id for _, item in load(FILE).items()]


def test_the_page_needs_nothing_from_elsewhere(page: Page, latest: Path) -> None:
    assert page.loads == []
    assert "@import" not in (latest / "matrix.html").read_text(encoding="utf-8")
    assert [link for link in page.links if link.startswith("http")] == [
        "https://linear.app/bvlucena/issue/bvl-256/integration-testing-validation"
    ]


def test_the_page_links_to_scenarios_evidence_and_its_own_sections(page: Page) -> None:
    assert page.links.count("../../features/ac3_linear_api.feature") == 4
    assert "evidence/ac3-9/01-the-issue.json" in page.links
    inside = [link.removeprefix("#") for link in page.links if link.startswith("#")]
    assert "AC3" in inside
    assert "DOD" in inside
    assert set(inside) <= set(page.ids)


def test_the_page_escapes_what_it_shows(latest: Path) -> None:
    text = (latest / "matrix.html").read_text(encoding="utf-8")
    assert "Expected &lt;b&gt;Urgent&lt;/b&gt;, but it is None." in text
    assert "The issue &amp; more" in text


def test_the_page_shows_what_broke_the_run(tmp_path: Path) -> None:
    troubles = (Trouble(where="after_all", sentence="One."), Trouble(where="cross-check", sentence="Two."))
    matrix.write(make_verdict(troubles=troubles), tmp_path)
    text = (tmp_path / "matrix.html").read_text(encoding="utf-8")
    assert "The run is broken: after_all failed: One." in text
    assert "cross-check failed: Two." in text


def rows(latest: Path) -> dict[str, dict[str, str]]:
    with io.StringIO((latest / "matrix.csv").read_text(encoding="utf-8"), newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def test_the_csv_has_one_row_per_item(latest: Path) -> None:
    found = rows(latest)
    assert list(found) == [item.id for _, item in load(FILE).items()]
    assert found["AC3.5"] == {
        "id": "AC3.5",
        "item": "Priority assignment works",
        "criterion": "AC3 Linear API Integration",
        "integration points": "IP2",
        "status": "failed",
        "note": f"1 of 2 scenarios failed: {SENTENCE}",
        "scenarios": "failed features/ac3_linear_api.feature:9 Priority is urgent\n"
        "passed features/ac3_linear_api.feature:12 Priority is high",
        "evidence": "evidence/ac3-9/01-the-issue.json",
    }


def test_untested_items_are_visible_everywhere(latest: Path) -> None:
    assert rows(latest)["AC4.1"]["status"] == "untested"
    assert "| AC4.1 | Issue creation works | ▫️ untested: No scenario carries it yet. |  |" in markdown(latest)
    assert (latest / "matrix.html").read_text(encoding="utf-8").count(
        '<span class="status untested">untested</span>'
    ) > 90


def markdown(latest: Path) -> list[str]:
    return (latest / "matrix.md").read_text(encoding="utf-8").splitlines()


def test_the_markdown_has_one_table_row_per_item(latest: Path) -> None:
    lines = [line for line in markdown(latest) if line.startswith("| ") and not line.startswith("| |")]
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines] == [item.id for _, item in load(FILE).items()]
    assert all(line.replace("\\|", "").count("|") == 5 for line in lines)


def test_the_markdown_says_what_was_run(latest: Path) -> None:
    text = markdown(latest)
    assert text[0] == "# BVL-256 Integration Testing Validation: traceability matrix"
    assert "❌ **agent-sre misses 1 item: AC3.5.**" in text
    assert "Run 20260108T101500Z-3f9a of reference: `behave`" in text


# -- how steps of a testing scenario add up ----------------------------------------------------------------------------


def way(*statuses: Status, troubles: tuple[Trouble, ...] = ()) -> ScenarioVerdict:
    """Scenario 1 of the ticket, with these verdicts on its steps."""
    names = [
        "a test PrometheusRule is created",
        "the alert is triggered",
        "agent-sre receives the CloudEvent",
        "a Linear issue is created for the alert",
        "the issue contains the correct data",
    ]
    steps = tuple(
        StepVerdict(keyword="Then", name=name, status=status, duration=0)
        for name, status in zip(names, statuses, strict=True)
    )
    stopped = next((status for status in statuses if status is not Status.PASSED), Status.PASSED)
    return ScenarioVerdict(
        name="the whole way",
        feature="Scenario 1",
        location="features/scenario_1.feature:5",
        tags=("S1",),
        requirements=(),
        status=Status.BROKEN if troubles else stopped,
        sentence=None if stopped is Status.PASSED and not troubles else "It stopped.",
        steps=steps,
        troubles=troubles,
    )


P, F, B, U = Status.PASSED, Status.FAILED, Status.BROKEN, Status.UNTESTED
MESS = (Trouble(where="after_scenario", sentence="It stopped."),)


@pytest.mark.parametrize(
    ("scenarios", "statuses"),
    [
        ([way(P, P, P, P, P)], [P, P, P, P, P]),
        ([way(P, P, F, U, U)], [P, P, F, U, U]),
        ([way(P, B, U, U, U)], [P, B, U, U, U]),
        ([way(P, P, P, P, P), way(P, P, P, F, U)], [P, P, P, F, U]),
        ([way(P, P, P, P, P, troubles=MESS)], [B, B, B, B, B]),
        ([way(P, F, U, U, U, troubles=MESS)], [B, F, B, B, B]),
        ([way(U, U, U, U, U, troubles=MESS)], [B, B, B, B, B]),
        ([], [U, U, U, U, U]),
    ],
)
def test_a_step_of_a_testing_scenario_is_what_its_sentences_came_to(
    scenarios: list[ScenarioVerdict], statuses: list[Status]
) -> None:
    verdict = make_verdict(*scenarios)
    assert [item.status for item in verdict.requirements if item.criterion_id == "S1"] == statuses


def test_a_step_that_no_sentence_carries_does_not_pass() -> None:
    told = way(P, P, P, P, P)
    told = told.model_copy(update={"steps": told.steps[:4]})
    item = next(item for item in make_verdict(told).requirements if item.id == "S1.5")
    assert (item.status, item.note) == (U, "No step of its scenarios says it.")


def test_a_definition_of_done_is_left_to_the_sign_off() -> None:
    item = next(item for item in make_verdict().requirements if item.id == "DOD1")
    assert (item.status, item.note) == (U, "Computed by the sign-off.")
