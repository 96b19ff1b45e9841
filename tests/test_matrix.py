"""The matrix: one row per item, in the ticket's order and words, as a page, as CSV and as Markdown."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports import matrix
from reports.conclusion import conclude, requirement_verdicts
from reports.matrix import Matrix
from reports.requirements import digest, load
from reports.suite import Suite
from reports.verdict import (
    Attachment,
    RequirementVerdict,
    RunVerdict,
    ScenarioVerdict,
    Status,
    StepVerdict,
    Trouble,
    Verdict,
)
from reports.waivers import Waiver

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
        suite=Suite(version="0.1.0", dirty=False, digest="d1", features="f1"),
        versions={"prometheus": "2.42.0"},
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


KILLS = {
    "started": "2026-01-08T09:00:00Z",
    "duration": 4,
    "features": "f1",
    "trials": [
        {
            "defect": name,
            "sentence": sentence,
            "program": "agent-sre",
            "file": "agent/linear.py",
            "right": "1",
            "wrong": "2",
            "says": "Urgent",
            "digest": "d1",
            "duration": 2,
            "findings": [
                {"item": "AC3.5", "outcome": outcome, "sentence": said},
                {"item": "AC3.6", "outcome": "collateral"},
            ],
        }
        for name, sentence, outcome, said in (
            ("ac3/urgent", "Urgent is only High.", "killed", "Expected <Urgent>, but it is High."),
            ("ac3/low", "Low is lost.", "survived", None),
        )
    ],
}


@pytest.fixture
def latest(verdict: Verdict, tmp_path: Path) -> Path:
    (tmp_path / "kill-matrix.json").write_text(json.dumps(KILLS))
    (tmp_path / "timelines").mkdir()
    (tmp_path / "timelines" / "ac3_linear_api-9.html").touch()
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
    assert page.rows[: len(page.rows) - 4] == [item.id for _, item in load(FILE).items()]


def test_the_page_leads_from_items_to_scenarios_and_back(page: Page) -> None:
    assert page.rows[-4:] == [f"ac3_linear_api-{line}" for line in (5, 9, 12, 20)]
    assert page.links.count("timelines/ac3_linear_api-9.html") == 2
    assert page.links.count("#AC3.5") == 2


def test_the_page_shows_the_defects_that_prove_an_item_and_those_that_do_not(latest: Path) -> None:
    text = (latest / "matrix.html").read_text(encoding="utf-8")
    assert "1 of 2 defects found" in text
    assert "1 of 2 seeded defects found" in text
    assert "“Expected &lt;Urgent&gt;, but it is High.”" in text
    assert "proved by" not in text


def test_without_a_kill_matrix_nothing_is_said_of_defects(verdict: Verdict, tmp_path: Path) -> None:
    matrix.write(verdict, tmp_path)
    assert "defects found" not in (tmp_path / "matrix.html").read_text(encoding="utf-8")


def test_the_json_has_both_directions(latest: Path) -> None:
    made = Matrix.model_validate_json((latest / "matrix.json").read_bytes())
    assert [item.id for item in made.items] == [item.id for _, item in load(FILE).items()]
    item = next(item for item in made.items if item.id == "AC3.5")
    assert item.scenarios == ("features/ac3_linear_api.feature:9", "features/ac3_linear_api.feature:12")
    assert item.evidence == ("evidence/ac3-9/01-the-issue.json",)
    assert [(defect.name, defect.outcome) for defect in item.defects] == [
        ("ac3/low", "survived"),
        ("ac3/urgent", "killed"),
    ]
    scenario = made.scenarios[1]
    assert (scenario.items, scenario.timeline) == (("AC3.5",), "timelines/ac3_linear_api-9.html")
    assert made.scenarios[0].timeline is None


def test_the_page_needs_nothing_from_elsewhere(page: Page, latest: Path) -> None:
    assert page.loads == ["script"]
    assert "src=" not in (latest / "matrix.html").read_text(encoding="utf-8")
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
        "revision": "1",
        "words": digest("Priority assignment works"),
        "status": "failed",
        "note": f"1 of 2 scenarios failed: {SENTENCE}",
        "scenarios": "failed features/ac3_linear_api.feature:9 Priority is urgent\n"
        "passed features/ac3_linear_api.feature:12 Priority is high",
        "evidence": "evidence/ac3-9/01-the-issue.json",
        "defects": "survived ac3/low: Low is lost.\nkilled ac3/urgent: Urgent is only High.",
    }


def test_untested_items_are_visible_everywhere(latest: Path) -> None:
    assert rows(latest)["AC4.1"]["status"] == "untested"
    assert "- [ ] **AC4.1** Issue creation works ▫️ untested: No scenario carries it yet." in markdown(latest)
    assert (latest / "matrix.html").read_text(encoding="utf-8").count(
        '<span class="status untested">untested</span>'
    ) > 90


def markdown(latest: Path) -> list[str]:
    return (latest / "matrix.md").read_text(encoding="utf-8").splitlines()


def test_the_markdown_has_one_check_box_per_item(latest: Path) -> None:
    boxes = [re.match(r"- \[[ x]\] \*\*(.*?)\*\*", line) for line in markdown(latest)]
    assert [box[1] for box in boxes if box] == [item.id for _, item in load(FILE).items()]


def test_the_markdown_ticks_what_passed_and_shows_what_did_not(latest: Path) -> None:
    text = markdown(latest)
    assert "- [x] **AC3.1** Issue creation works ✅ passed, 1 scenario" in text
    failed = text.index(
        "- [ ] **AC3.5** Priority assignment works ❌ failed, 1 scenario, proved by 1 defect: "
        f"1 of 2 scenarios failed: {SENTENCE}"
    )
    assert text[failed + 1] == "    - ❌ Priority is urgent (`features/ac3_linear_api.feature:9`)"
    assert text[failed + 2].startswith("- [ ] **AC3.6**")


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


# -- what is outdated, and what is waived ------------------------------------------------------------------------------

WAIVER = Waiver(item="AC3.5", reason="No.", approver="Grace Hopper", ticket="BVL-301", expiry=date(2026, 3, 31))
IN_FORCE = {"AC3.5": WAIVER}
NOTE = "Grace Hopper waives it until 31 March 2026 (BVL-301): No."


def judged(
    *scenarios: ScenarioVerdict, changed: dict[str, str] | None = None, left_out: Counter[str] | None = None
) -> dict[str, RequirementVerdict]:
    found = requirement_verdicts(load(FILE), scenarios, left_out or Counter(), changed or {}, IN_FORCE)
    return {item.id: item for item in found}


def test_what_holds_for_the_words_of_yesterday_is_outdated() -> None:
    item = judged(scenario("one", 5, P, "AC3.1"), changed={"AC3.1": "Issues are created"})["AC3.1"]
    assert item.status is Status.OUTDATED
    assert item.note == (
        "AC3.1 now reads “Issues are created”: see whether its scenarios say so, then `make confirm ITEM=AC3.1`."
    )


def test_what_fails_is_not_outdated_but_failed() -> None:
    assert judged(scenario("one", 5, F, "AC3.1"), changed={"AC3.1": "Issues are created"})["AC3.1"].status is F


@pytest.mark.parametrize("status", [F, B])
def test_what_does_not_hold_and_is_waived_is_waived_and_says_what_it_is(status: Status) -> None:
    items = judged(scenario("one", 5, status, "AC3.5"))
    assert items["AC3.5"].status is Status.WAIVED
    assert items["AC3.5"].note == f"{NOTE} Without the waiver it is {status}: {SENTENCE}"
    assert items["IP2"].status is U


def test_what_no_scenario_carries_can_be_waived_but_not_what_was_left_out() -> None:
    assert judged()["AC3.5"].status is Status.WAIVED
    assert judged(left_out=Counter({"AC3.5": 1}))["AC3.5"].status is U


def test_a_waiver_makes_nothing_worse() -> None:
    assert judged(scenario("one", 5, P, "AC3.5"))["AC3.5"].status is P


def test_a_scenario_that_shows_two_items_is_waived_only_with_both() -> None:
    items = judged(scenario("one", 5, F, "AC3.5", "AC3.6"))
    assert (items["AC3.5"].status, items["AC3.6"].status) == (Status.WAIVED, F)


@pytest.mark.parametrize(
    ("statuses", "outcome", "sentence"),
    [
        ((P, P), P, "All 1 scenarios passed; 2 of the ticket's items hold."),
        ((P, F), F, "agent-sre misses 1 item: AC3.5."),
        ((P, Status.WAIVED), Status.WAIVED, "1 of the ticket's items hold; waived: 1 item: AC3.5."),
        (
            (Status.OUTDATED, Status.WAIVED),
            Status.OUTDATED,
            "The ticket's words have changed and are not confirmed for 1 item: AC3.1.",
        ),
        ((U, Status.WAIVED), B, "No scenario carries 1 item: AC3.1."),
    ],
)
def test_the_outcome_of_a_whole_run(statuses: tuple[Status, Status], outcome: Status, sentence: str) -> None:
    items = [
        item.model_copy(update={"status": status, "scenarios": () if status is U else ("here",)})
        for item, status in zip((judged()["AC3.1"], judged()["AC3.5"]), statuses, strict=True)
    ]
    assert conclude(items, [scenario("one", 5, P, "AC3.1")], (), whole=True) == (outcome, sentence)


def test_in_a_part_of_the_suite_what_is_not_carried_is_no_matter() -> None:
    assert conclude([judged()["AC4.1"]], [scenario("one", 5, P, "AC3.1")], ())[0] is P


@pytest.mark.parametrize(
    ("status", "outdated", "waived", "counts_as"),
    [
        (P, (), False, P),
        (P, ("AC3.1",), False, Status.OUTDATED),
        (F, ("AC3.1",), False, F),
        (F, (), True, Status.WAIVED),
        (B, (), True, Status.WAIVED),
        (U, (), True, U),
        (P, (), True, P),
    ],
)
def test_what_a_scenario_counts_as(status: Status, outdated: tuple[str, ...], waived: bool, counts_as: Status) -> None:
    one = scenario("one", 5, status, "AC3.1").model_copy(update={"outdated": outdated, "waived": waived})
    assert one.standing is counts_as
