"""Telling the ticket: check boxes as the run proves them, one comment, not a word more; in Linear and in Jira."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from made_up import ENDED, FEATURES, SUITE, MadeUp

from reports import bundle, posting, requirements, signoff, suite
from reports.assessment import Moment
from reports.bundle import Signoff
from reports.posting import TicketUnreachable
from reports.suite import Suite
from reports.verdict import Status, Verdict
from reports.waivers import Waiver
from steps.drivers.jira import Document, document
from steps.world.services.jira import Jira as JiraDouble
from steps.world.services.linear import Linear as LinearDouble

ASKED = requirements.load(FEATURES / "requirements.toml")
DESCRIPTION = (FEATURES / "BVL-256.md").read_text(encoding="utf-8")
URL, KEY, SUITE_EMAIL = "https://api.linear.app/graphql", "lin_api_suite", "suite@x.io"
JIRA, TOKEN = "https://homelab.atlassian.net", "ATATT-suite"


class Bridge(httpx.BaseTransport):
    """Lets a client without an event loop call an application."""

    def __init__(self, app: Any) -> None:
        self._transport = httpx.ASGITransport(app)
        self.changes = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        content = request.read()
        self.changes += b"mutation" in content or (
            request.url.host.endswith("atlassian.net") and request.method != "GET"
        )
        return asyncio.run(self._answer(request, content))

    async def _answer(self, request: httpx.Request, content: bytes) -> httpx.Response:
        asked = httpx.Request(request.method, request.url, headers=request.headers, content=content)
        answer = await self._transport.handle_async_request(asked)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


@dataclass
class Place:
    """A ticket system with the ticket in it."""

    where: str
    ref: str
    client: httpx.Client
    bridge: Bridge
    settings: dict[str, str]

    def find(self) -> posting.Ticket:
        return posting.find(self.where, self.ref, self.settings, self.client)


def tasks(markdown: str) -> Document:
    """The ticket as somebody would have it in Jira: headings, tasks, and everything else as paragraphs."""
    content: list[Document] = []
    for line in markdown.splitlines():
        words = [{"type": "text", "text": re.sub(r"^#+ |^- \[ \] ", "", line)}]
        if line.startswith("#"):
            level = len(line) - len(line.lstrip("#"))
            content.append({"type": "heading", "attrs": {"level": level}, "content": words})
        elif line.startswith("- [ ] "):
            item = {"type": "taskItem", "attrs": {"localId": str(uuid4()), "state": "TODO"}, "content": words}
            if content[-1]["type"] != "taskList":
                content.append({"type": "taskList", "attrs": {"localId": str(uuid4())}, "content": []})
            content[-1]["content"].append(item)
        else:
            content += document(line)["content"]
    return {"type": "doc", "version": 1, "content": content}


def in_linear() -> Iterator[Place]:
    double = LinearDouble()
    double.add_user(SUITE_EMAIL)
    double.accept(KEY, SUITE_EMAIL)
    bridge = Bridge(double.app)
    with httpx.Client(transport=bridge) as client:
        driver = posting.Linear(client, URL, KEY, "BVL")
        made = driver.create_issue("Integration Testing Validation", DESCRIPTION)
        bridge.changes = 0
        yield Place("linear", made.identifier, client, bridge, {"LINEAR_API_KEY": KEY})


def in_jira(described: Callable[[str], Document] = tasks) -> Iterator[Place]:
    double = JiraDouble()
    double.limits(burst=100_000)
    double.add_user(SUITE_EMAIL, "Acceptance Suite")
    double.accept(TOKEN, SUITE_EMAIL)
    bridge = Bridge(double.app)
    settings = {"JIRA_URL": JIRA, "JIRA_EMAIL": SUITE_EMAIL, "JIRA_API_TOKEN": TOKEN}
    with httpx.Client(transport=bridge) as client:
        driver = posting.Jira(client, JIRA, SUITE_EMAIL, TOKEN, "HOMELAB")
        made = driver.create_issue("Integration Testing Validation")
        driver.describe(made, described(DESCRIPTION))
        bridge.changes = 0
        yield Place("jira", made.key, client, bridge, settings)


@pytest.fixture(params=["linear", "jira"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    yield from {"linear": in_linear, "jira": in_jira}[request.param]()


@pytest.fixture
def run(tmp_path: Path) -> MadeUp:
    return MadeUp(tmp_path / "reports" / "latest")


def signed(run: MadeUp) -> tuple[Verdict, Signoff]:
    verdict = run.write()
    _, made = bundle.make(run.latest, run.latest.parent / "signoff", Moment(at=ENDED, suite=SUITE.digest))
    return verdict, made


def ticked(description: str) -> list[str]:
    return [line for line in description.splitlines() if re.match(r"- \[x\]", line)]


# -- check boxes -------------------------------------------------------------------------------------------------------


def test_a_good_run_ticks_every_box_and_changes_nothing_else(run: MadeUp) -> None:
    after = posting.ticked(ASKED, DESCRIPTION, posting.boxes(*signed(run)))
    assert after.count("- [x]") == DESCRIPTION.count("- [ ]") == 77
    assert after.replace("- [x]", "- [ ]") == DESCRIPTION


def test_what_the_run_refutes_is_cleared_and_what_it_says_nothing_about_is_left(run: MadeUp) -> None:
    run.judge("AC3.5", Status.FAILED)
    run.judge("AC3.6", Status.BROKEN)
    run.judge("AC4.5", Status.BROKEN)
    ticked_before = DESCRIPTION.replace("- [ ] Priority assignment works", "- [x] Priority assignment works", 1)
    ticked_before = ticked_before.replace("- [ ] Label assignment works", "- [X] Label assignment works", 1)
    after = posting.ticked(ASKED, ticked_before, posting.boxes(*signed(run))).splitlines()
    first = after.index("### AC3: Linear API Integration")
    assert after[first + 5 : first + 8] == [
        "- [ ] Priority assignment works",
        "- [X] Label assignment works",
        "- [x] Assignee assignment works",
    ]
    second = after.index("### AC4: Jira API Integration")
    assert after[second + 4 : second + 6] == ["- [x] Priority assignment works", "- [ ] Label assignment works"]
    assert "- [ ] All test scenarios pass" in after
    assert "- [x] Success metrics met" in after


def test_what_is_waived_is_not_ticked(run: MadeUp) -> None:
    run.judge("SEC5", Status.FAILED)
    run.waivers = (Waiver(item="SEC5", reason="No.", approver="Ada", ticket="BVL-9", expiry=date(2026, 3, 31)),)
    after = posting.ticked(ASKED, DESCRIPTION, posting.boxes(*signed(run)))
    assert "- [ ] No credentials in logs" in after
    assert "- [ ] Security validation complete" in after


def test_other_words_than_those_that_were_confirmed_keep_their_box(run: MadeUp) -> None:
    other = DESCRIPTION.replace("- [ ] Alert deduplication works", "- [ ] Alert deduplication works across restarts")
    assert "- [ ] Alert deduplication works across restarts" in posting.ticked(
        ASKED, other, posting.boxes(*signed(run))
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("- [ ]", "* [ ]"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.rstrip("\n"),
        lambda text: f"Somebody's note\n- [ ] buy milk\n{text}\n- [ ] and bread",
    ],
)
def test_however_the_ticket_is_written_only_boxes_change(run: MadeUp, change: Callable[[str], str]) -> None:
    before = change(DESCRIPTION)
    after = posting.ticked(ASKED, before, posting.boxes(*signed(run)))
    assert after.count("[x]") == 77
    assert after.replace("[x]", "[ ]") == before


# -- at the ticket -----------------------------------------------------------------------------------------------------


def test_the_ticket_is_told_once(run: MadeUp, place: Place) -> None:
    verdict, made = signed(run)
    before = place.find().description()
    posting.tell(place.find(), ASKED, verdict, made)
    after = place.find()
    assert len(ticked(after.description())) == 77
    assert after.description().replace("- [x]", "- [ ]") == before
    [comment] = after.comments()
    assert made.digest in comment
    assert comment.replace("**", "").startswith("ACCEPT. All 8 lines of the Definition of Done are met.")
    assert place.bridge.changes == 2

    posting.tell(place.find(), ASKED, verdict, made)
    assert place.bridge.changes == 2
    assert posting.differences(place.find(), ASKED, verdict, made) == []


def test_a_later_run_clears_what_no_longer_holds_and_says_so(run: MadeUp, place: Place, tmp_path: Path) -> None:
    posting.tell(place.find(), ASKED, *signed(run))
    worse = MadeUp(tmp_path / "later" / "reports" / "latest")
    worse.judge("AC3.5", Status.FAILED)
    told = signed(worse)
    changes = posting.differences(place.find(), ASKED, *told)
    assert changes[:2] == ["-- [x] Priority assignment works", "+- [ ] Priority assignment works"]
    posting.tell(place.find(), ASKED, *told)
    ticket = place.find()
    assert len(ticket.comments()) == 2
    assert len(ticked(ticket.description())) == 77 - 3  # AC3.5, and two lines of the Definition of Done


def test_the_difference_is_shown_and_nothing_is_done(run: MadeUp, place: Place) -> None:
    verdict, made = signed(run)
    changes = posting.differences(place.find(), ASKED, verdict, made)
    assert changes[:2] == [
        "-- [ ] PrometheusRule alerts trigger correctly",
        "-- [ ] Alert labels and annotations preserved",
    ]
    assert sum(line.startswith("+- [x]") for line in changes) == 77
    assert f"+ Digest `{made.digest}`" in changes
    assert place.bridge.changes == 0


def test_brackets_in_a_document_are_boxes_too(run: MadeUp) -> None:
    for place in in_jira(lambda markdown: brackets(markdown)):
        before = place.find().description()
        posting.tell(place.find(), ASKED, *signed(run))
        after = place.find().description()
        assert after.count("[x]") == 77
        assert after.replace("[x]", "[ ]") == before


def brackets(markdown: str) -> Document:
    """The ticket as Jira has it after a careless paste: points of a list that begin with brackets."""
    content: list[Document] = []
    for block in tasks(markdown)["content"]:
        if block["type"] != "taskList":
            content.append(block)
            continue
        lines = [f"[ ] {item['content'][0]['text']}" for item in block["content"]]
        items = [{"type": "listItem", "content": document(line)["content"]} for line in lines]
        content.append({"type": "bulletList", "content": items})
    return {"type": "doc", "version": 1, "content": content}


def test_in_a_document_only_the_state_of_tasks_changes(run: MadeUp) -> None:
    for place in in_jira():
        driver = posting.Jira(place.client, JIRA, SUITE_EMAIL, TOKEN, "HOMELAB")
        before = json.dumps(driver.issue(place.ref).document)
        posting.tell(place.find(), ASKED, *signed(run))
        after = json.dumps(driver.issue(place.ref).document)
        assert after.count('"DONE"') == 77
        assert after.replace('"DONE"', '"TODO"') == before


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("linear", "To tell Linear, set LINEAR_API_KEY in the environment."),
        ("jira", "To tell Jira, set JIRA_URL and JIRA_EMAIL and JIRA_API_TOKEN in the environment."),
    ],
)
def test_without_keys_there_is_no_way(where: str, sentence: str) -> None:
    with httpx.Client() as client, pytest.raises(TicketUnreachable) as refused:
        posting.find(where, "BVL-256", {}, client)
    assert str(refused.value) == sentence


def test_a_ticket_that_is_not_there_is_one_sentence(place: Place) -> None:
    place.ref = f"{place.ref.partition('-')[0]}-9999"
    with pytest.raises(TicketUnreachable) as refused:
        place.find()
    assert "\n" not in str(refused.value)


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_shows_first_and_does_it_when_told(
    run: MadeUp, place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(suite, "state", lambda root: Suite(**SUITE.model_dump()))
    for name, value in place.settings.items():
        monkeypatch.setenv(name, value)
    run.write()
    root = run.latest.parent.parent
    (root / "features").symlink_to(FEATURES)

    def command(apply: bool) -> str:
        tell = signoff.post(root, place.where, place.ref, place.client, apply=apply)
        assert signoff.sign(root, ENDED + timedelta(minutes=place.bridge.changes), tell) == 0
        return capsys.readouterr().out

    assert command(apply=False).endswith("Nothing was changed. To change it: APPLY=yes\n")
    assert place.bridge.changes == 0
    assert command(apply=True).endswith("Done.\n")
    assert place.bridge.changes == 2
    assert command(apply=True).endswith(f"{place.ref} in {place.where.title()} says so already.\n")
    assert place.bridge.changes == 2
