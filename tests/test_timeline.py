"""Timelines: what is kept of a scenario's course, how it is laid out, and what its page shows."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from test_matrix import Page, make_verdict
from tiny_suite import TinySuite

from reports import recording, requirements, run, sequence, timeline, wording
from reports.metrics import Metrics
from reports.recording import LONGEST, Call, Message, Recording, Window
from reports.verdict import Attachment, ScenarioVerdict, Status, StepVerdict, Verdict
from steps.world.journal import Exchange, Journal

BEGAN = datetime(2026, 1, 8, 10, 15, tzinfo=UTC)
LINEAR = "https://api.linear.app/graphql"
CREATE = json.dumps(
    {
        "query": "mutation open($input: IssueCreateInput!) { issueCreate(input: $input) { success } }",
        "variables": {"input": {"title": "One\nTwo"}},
    }
)


def call(number: int, began: float, **changes: object) -> Call:
    """agent-sre asks Linear something for 10 ms."""
    made = Call(
        number=number,
        caller="agent-sre",
        callee="linear",
        method="POST",
        url=LINEAR,
        host="api.linear.app",
        request=Message(headers=(("content-type", "application/json"),), body=CREATE),
        status=200,
        answer=Message(headers=(), body='{"data": {}}'),
        began=began,
        ended=began + 0.01,
        fault=None,
        error=None,
        tls="TLSv1.3",
        about=True,
    )
    return made.model_copy(update=changes)


EVENT = call(
    1,
    0.1,
    caller="broker",
    callee="agent-sre",
    url="http://agent-sre.ai.svc/",
    host="agent-sre.ai.svc",
    request=Message(headers=(("ce-type", "io.homelab.prometheus.alert.fired"),), body="{}"),
    status=202,
    ended=1.25,
    tls=None,
)


def step(
    name: str, began: float, duration: float, status: Status = Status.PASSED, shows: Sequence[int] = ()
) -> StepVerdict:
    evidence = (Attachment(title="The issue", kind="text", file="evidence/a/01.txt", exchanges=tuple(shows)),)
    return StepVerdict(
        keyword="Then",
        name=name,
        status=status,
        began=BEGAN + timedelta(seconds=began),
        duration=duration,
        evidence=evidence if shows else (),
    )


def scenario(*steps: StepVerdict) -> ScenarioVerdict:
    status = next((one.status for one in steps if one.status is not Status.PASSED), Status.PASSED)
    return ScenarioVerdict(
        name="A reached rate limit <is> waited out",
        feature="AC3 Linear API Integration",
        location="features/ac3_linear_api.feature:135",
        tags=("AC3", "AC3.8"),
        requirements=("AC3.8",),
        status=status,
        sentence=None if status is Status.PASSED else "Expected <one> issue, but there is none.",
        steps=steps,
    )


def recorded(*calls: Call, windows: tuple[Window, ...] = (), duration: float = 5.0) -> Recording:
    return Recording(began=BEGAN.timestamp(), duration=duration, calls=calls, windows=windows)


LIMIT = Window(at=0.05, until=1.2, kind="fault", text="rate limit reached", host="api.linear.app")
GREEN = scenario(step("an alert fires", 0, 0.2), step("an issue is opened", 0.2, 1.1, shows=[3]))
COURSE = recorded(EVENT, call(2, 0.21, status=400), call(3, 1.21), windows=(LIMIT,))


# -- how it is laid out ------------------------------------------------------------------------------------------------


def kinds(rows: list[sequence.Row]) -> list[str]:
    return ["window" if row.window else "lapse" if row.lapse else str(row.call and row.call.number) for row in rows]


@pytest.mark.parametrize(
    ("command", "again"),
    [
        ("behave", "behave a.feature:7"),
        ("behave -D profile=mine.toml -j 4 --tags @AC3", "behave -D profile=mine.toml a.feature:7"),
        ("behave -Dprofile=mine -D order=random:7 -D x='a b'", "behave -D profile=mine -D x='a b' a.feature:7"),
    ],
)
def test_a_scenario_is_run_again_on_the_same_agent(command: str, again: str) -> None:
    assert make_verdict().run.model_copy(update={"command": command}).again("a.feature:7") == again


def test_what_happened_stands_below_the_step_during_which_it_happened() -> None:
    chapters = sequence.laid_out(GREEN, COURSE).chapters
    assert [chapter.step and chapter.step.name for chapter in chapters] == ["an alert fires", "an issue is opened"]
    assert [kinds(chapter.rows) for chapter in chapters] == [["window", "1"], ["2", "lapse", "window", "3"]]


def test_what_happened_after_the_last_step_stands_at_the_end() -> None:
    chapters = sequence.laid_out(GREEN, recorded(call(1, 0.1), call(2, 3))).chapters
    assert chapters[-1].step is None
    assert kinds(chapters[-1].rows) == ["lapse", "2"]


def test_a_step_that_was_not_reached_is_there() -> None:
    later = StepVerdict(keyword="And", name="it is closed", status=Status.UNTESTED, duration=0)
    chapters = sequence.laid_out(scenario(step("it is opened", 0, 2, Status.FAILED), later), COURSE).chapters
    assert [chapter.step and chapter.step.name for chapter in chapters] == ["it is opened", "it is closed"]
    assert (chapters[0].until, chapters[1].rows) == (2, [])


def test_lanes_are_in_the_order_in_which_they_come_in() -> None:
    assert sequence.laid_out(GREEN, COURSE).lanes == ["broker", "agent-sre", "linear"]


def test_evidence_is_marked_and_that_of_a_failed_step_apart() -> None:
    rows = {row.call.number: row for row in sequence.laid_out(GREEN, COURSE).rows if row.call}
    assert [bool(rows[number].seen) for number in (1, 2, 3)] == [False, False, True]
    assert not rows[3].missed
    red = scenario(step("an issue is opened", 0, 4, Status.FAILED, shows=[2]))
    rows = {row.call.number: row for row in sequence.laid_out(red, COURSE).rows if row.call}
    assert [rows[number].missed for number in (1, 2, 3)] == [False, True, False]


def drawings(course: Recording) -> list[str]:
    return [str(row.drawing) for row in sequence.laid_out(GREEN, course).rows]


def test_a_fault_shades_its_hosts_lane_while_it_is_in_force() -> None:
    shaded = ['class="band" x="66.67%"' in drawing for drawing in drawings(COURSE)]
    assert shaded == [True, True, True, True, True, False]


def test_a_fault_that_is_never_lifted_shades_to_the_end() -> None:
    shaded = [
        'class="band"' in one
        for one in drawings(recorded(EVENT, call(2, 2), windows=(LIMIT.model_copy(update={"until": None}),)))
    ]
    assert shaded == [True] * 4


def test_a_fault_at_a_host_that_nobody_called_shades_every_lane() -> None:
    windows = (LIMIT.model_copy(update={"host": "hooks.slack.com"}),)
    assert drawings(recorded(EVENT, windows=windows))[0].count('class="band"') == 2


def test_a_pattern_shades_every_host_below_it() -> None:
    windows = (LIMIT.model_copy(update={"host": "*.svc"}),)
    assert 'class="band" x="50%"' in drawings(recorded(EVENT, windows=windows))[0]


def test_an_arrow_goes_from_caller_to_callee_and_ends_in_a_cross_without_an_answer() -> None:
    back = call(2, 0.2, caller="linear", callee="agent-sre")
    lost = call(3, 0.3, status=None, error="Nobody answered.")
    there, again, nowhere = drawings(recorded(call(1, 0.1), back, lost))
    assert 'x1="25%" x2="75%"' in there and '"#right" x="75%"' in there
    assert 'x1="75%" x2="25%"' in again and '"#left" x="25%"' in again
    assert '"#none" x="75%"' in nowhere


def test_an_answer_is_awaited_from_row_to_row() -> None:
    awaited = [
        drawing.count('class="bar"') for drawing in drawings(recorded(EVENT, call(2, 0.2), call(3, 0.3), call(4, 1.3)))
    ]
    assert awaited == [1, 2, 2, 1, 1]  # the event's beside each call's own and through the silence, then it is answered


def test_calls_that_are_alike_are_folded_but_not_few_of_them() -> None:
    many = recorded(*(call(number, number / 100) for number in range(1, 13)), call(99, 0.5, status=500))
    [(shown, alike), (rest, none)] = sequence.laid_out(scenario(step("it holds", 0, 2)), many).chapters[0].passages
    assert (kinds(shown), len(alike), kinds(rest), none) == (["1", "2", "3"], 9, ["99"], [])
    few = recorded(*(call(number, number / 100) for number in range(1, 9)))
    [(shown, alike)] = sequence.laid_out(scenario(step("it holds", 0, 2)), few).chapters[0].passages
    assert (len(shown), alike) == (8, [])


def test_a_scenario_in_which_nobody_called_anybody_has_its_steps() -> None:
    laid_out = sequence.laid_out(GREEN, recorded())
    assert (laid_out.lanes, len(laid_out.chapters)) == ([], 2)


# -- what an exchange is called ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "issueCreate"),
        (
            {
                "request": Message(
                    headers=(), body='{"query": "query q($id: String!) {\\n  mine: issue(id: $id) { id } }"}'
                )
            },
            "issue",
        ),
        ({"request": Message(headers=(), body="not JSON")}, "POST /graphql"),
        (
            {"url": "http://a/", "request": Message(headers=(("ce-type", "io.homelab.alert.fired"),), body="{}")},
            "alert.fired",
        ),
        (
            {
                "url": "http://a/",
                "request": Message(
                    headers=(("content-type", "application/cloudevents+json"),), body='{"type": "a.b.c"}'
                ),
            },
            "b.c",
        ),
        ({"url": "http://a/api/v1/query?query=up", "method": "GET"}, "GET /api/v1/query"),
    ],
)
def test_a_call_is_named_by_what_it_asks_for(changes: dict[str, object], name: str) -> None:
    assert wording.asked(call(1, 0, **changes)) == name


def test_an_answer_says_what_came() -> None:
    assert wording.answered(call(1, 0)) == "200"
    assert wording.answered(call(1, 0, status=None)) == "no answer"
    assert wording.answered(call(1, 0, status=None, ended=None)) == "under way"


@pytest.mark.parametrize(
    ("kind", "body", "printed"),
    [
        ("application/json", '{"a":{"b":[1]}}', '{\n  "a": {\n    "b": [\n      1\n    ]\n  }\n}'),
        ("application/json", '{"a":"one\\ntwo"}', '{\n  "a": "one\n    two"\n}'),
        ("application/json", '{"a":"C:\\\\new"}', '{\n  "a": "C:\\\\new"\n}'),
        (
            "application/json",
            '{"query":"{ viewer { id } }","variables":{"a":1}}',
            '{ viewer { id } }\n\n{\n  "a": 1\n}',
        ),
        ("application/json", '{"cut sho', '{"cut sho'),
        ("application/json", "5", "5"),
        ("application/x-www-form-urlencoded", "payload=%7B%22a%22%3A1%7D&b=x+y", 'payload = {\n  "a": 1\n}\nb = x y'),
        ("text/plain", "Ünïcode & <b>", "Ünïcode & <b>"),
    ],
)
def test_a_body_is_set_for_reading(kind: str, body: str, printed: str) -> None:
    assert wording.body(Message(headers=(("content-type", kind),), body=body)) == printed


def test_the_parameters_of_an_address_stand_below_it() -> None:
    made = call(1, 0, method="GET", url="http://p/api/v1/query?query=up%7Ba%3D%22b%22%7D&time=1")
    assert wording.address(made) == 'GET http://p/api/v1/query\n  query = up{a="b"}\n  time = 1'


# -- the page ----------------------------------------------------------------------------------------------------------


def written(tmp_path: Path, one: ScenarioVerdict, course: Recording) -> str:
    verdict = make_verdict(one)
    place = recording.path(tmp_path, one.location)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(course.model_dump_json())
    timeline.write(verdict, tmp_path)
    return timeline.path(tmp_path, one).read_text()


def test_a_page_needs_nothing_from_elsewhere_and_leads_to_the_rest(tmp_path: Path) -> None:
    page = Page(written(tmp_path, GREEN, COURSE))
    assert set(page.loads) <= {"script"}
    assert "../index.html" in page.links
    assert "../matrix.html#AC3.8" in page.links
    assert "../evidence/a/01.txt" in page.links
    assert [number for number in page.ids if number.startswith("x")] == ["x1", "x2", "x3"]


def test_a_page_shows_request_and_answer(tmp_path: Path) -> None:
    text = written(tmp_path, GREEN, COURSE)
    assert "issueCreate(input: $input) { success }" in text
    assert "One\n      Two" in text
    assert "Request · TLSv1.3" in text
    assert "400" in text
    assert "api.linear.app: rate limit reached" in text


def test_a_page_escapes_what_it_shows(tmp_path: Path) -> None:
    evil = call(1, 0.1, answer=Message(headers=(("x", "<i>"),), body="<script>alert(1)</script>"))
    text = written(tmp_path, scenario(step("it <holds>", 0, 1, Status.FAILED)), recorded(evil))
    assert "<script>alert" not in text
    assert "x: &lt;i&gt;" in text
    assert "A reached rate limit &lt;is&gt; waited out" in text


def test_what_did_not_come_is_a_gap_with_its_sentence(tmp_path: Path) -> None:
    later = StepVerdict(keyword="And", name="it is closed", status=Status.UNTESTED, duration=0)
    text = written(tmp_path, scenario(step("it is opened", 0, 2, Status.FAILED), later), COURSE)
    assert text.count('class="gap"') == 1
    gap = text[text.index('class="row absent failed"') :]
    assert "2.000" in gap[:200]
    assert "Expected &lt;one&gt; issue, but there is none." in gap
    assert gap.index("Expected") < gap.index("it is closed")


def test_a_green_scenario_has_no_gap(tmp_path: Path) -> None:
    assert 'class="gap"' not in written(tmp_path, GREEN, COURSE)


def test_what_was_cut_is_told(tmp_path: Path) -> None:
    long = call(1, 0.1, answer=Message(headers=(), body="abc", left_out=12))
    assert "abc\n\n… and 12 characters more</pre>" in written(tmp_path, GREEN, recorded(long))


def test_a_scenario_without_a_recording_has_no_page(tmp_path: Path) -> None:
    timeline.write(make_verdict(GREEN), tmp_path)
    assert list(tmp_path.iterdir()) == []


# -- what is kept ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Course:
    began: float
    ended: float
    about: list[Exchange]
    beside: list[Exchange]
    marks: list[object]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Path]:
    """The directory of a run, with credentials that are blotted out."""
    asked = requirements.load(Path(__file__).parent.parent / "features" / "requirements.toml")
    record = run.begin(tmp_path, asked, Metrics(asked))
    run.facts.redact = lambda text: text.replace("s3cret-key", "«key»")
    yield record.latest
    run.record, run.facts.redact = None, str


@dataclass(frozen=True)
class Scenario:
    filename: str
    line: int


def test_a_course_is_kept_in_order_and_without_credentials(kept: Path, journal: Journal) -> None:
    began = journal.cursor()
    second = journal.record(
        caller="a",
        callee="b",
        method="POST",
        url="http://b.svc/?key=s3cret-key",
        request_headers=(("authorization", "s3cret-key"),),
        request_body=b"s3cret-key",
        response_body=b"x" * (LONGEST - 4) + b"s3cret-key",
        began=began + 2,
        error="b refused s3cret-key.",
    )
    first = journal.record(caller="a", callee="c", method="GET", url="http://c.svc/", status=200, began=began + 1)
    journal.begin(caller="a", callee="c", method="GET", url="http://c.svc/slow", headers=(), began=began + 3)
    [under_way] = journal.in_flight()
    journal.mark("fault", "answers 503", at=began - 1, host="b.svc")
    scenario = Scenario(str(kept.parent.parent / "features" / "ac1.feature"), 7)
    recording.keep(scenario, Course(began, began + 4, [second, under_way], [first], list(journal.marks())))
    [file] = (kept / "recordings").iterdir()
    assert file.name == "ac1-7.json"
    assert "s3cret" not in file.read_text()
    found = recording.load(kept, "features/ac1.feature:7")
    assert found is not None
    assert [(one.number, one.about) for one in found.calls] == [(first.number, False), (second.number, True), (3, True)]
    assert found.calls[1].answer.left_out == 1
    assert found.calls[2].ended is None
    assert not math.isinf(found.calls[1].ended or 0)
    assert found.windows[0].host == "b.svc"
    assert found.windows[0].at == pytest.approx(-1)


def test_without_a_run_nothing_is_kept(tmp_path: Path) -> None:
    assert run.record is None
    recording.keep(Scenario(str(tmp_path / "a.feature"), 1), Course(0, 1, [], [], []))
    assert list(tmp_path.iterdir()) == []


RECORDS = """
from types import SimpleNamespace
from reports import recording
from steps_journal import exchanges


def after_scenario(context, scenario):
    began, said = exchanges()
    recording.keep(scenario, SimpleNamespace(began=began, ended=began + 1, about=said, beside=[], marks=[]))
"""
EXCHANGES = f"""
import sys
import time

sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
from steps.world.journal import Journal


def exchanges():
    journal, began = Journal(), time.time()
    journal.record(caller="broker", callee="agent-sre", method="POST", url="http://agent/", status=202)
    return began, journal.exchanges()
"""


def test_a_run_draws_its_timelines_and_hands_them_to_allure(tmp_path: Path) -> None:
    suite = TinySuite(tmp_path)
    suite.ask_for("AC2")
    suite.write("features/a.feature", "@AC2\nFeature: a\n  @AC2.1\n  Scenario: one\n    Given it holds\n")
    suite.write(
        "environment.py",
        RECORDS.replace("from steps_journal", "import sys; sys.path.insert(0, '.')\nfrom journal_of_a_step"),
    )
    suite.write("journal_of_a_step.py", EXCHANGES)
    outcome = suite.run()
    assert outcome.code == 0, outcome.output
    assert (outcome.latest / "timelines" / "a-4.html").is_file()
    [result] = outcome.allure
    assert result["links"][-1]["url"] == "timelines/a-4.html"
    [attached] = [one for one in result["attachments"] if one["name"] == "Timeline"]
    page = (outcome.latest / "allure-results" / attached["source"]).read_text()
    assert "broker" in page
    assert not re.search(r'href="(?!#)', page)
    assert outcome.scenario("one").steps[0].began is not None


def test_allure_gets_the_timelines_that_there_are(tmp_path: Path) -> None:
    verdict: Verdict = make_verdict(GREEN)
    timeline.attach(verdict, tmp_path)
    assert list(tmp_path.iterdir()) == []
