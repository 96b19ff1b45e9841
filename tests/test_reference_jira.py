"""The reference's Jira: its documents, and its tracker against Jira as it is, on good days and on bad ones."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from steps.drivers.jira import plain_text
from steps.reference.agent import jira as tracker
from steps.reference.agent import settings
from steps.reference.agent.adf import LONGEST_TEXT, document
from steps.reference.agent.jira import Jira, legal_label
from steps.reference.agent.tickets import Draft, Link, Section
from steps.reference.calls import RefusedError, Retries, TransientError, UnauthorizedError
from steps.reference.settings import Secret, SettingsError
from steps.world.services.jira import Jira as Service
from steps.world.services.jira import adf, errors
from steps.world.services.jira.catalogue import SERVICE, SOFTWARE
from tests.test_reference import (
    CALL,
    Answer,
    World,
    deliver,
    event,
    eventually,
    fail,
    running,
    say,
    small_trust_store,  # noqa: F401
    variables,  # noqa: F401
)

URL = "https://homelab.atlassian.net"
API = f"{URL}/rest/api/3"
EMAIL, TOKEN = "agent-sre@example.com", "ATATT3x-the-agents-token"
READER, READER_TOKEN = "reader@example.com", "ATATT3x-the-readers-token"
MOST = 32_767
"""Characters that Jira takes."""


@dataclass
class Site:
    """Jira as it is, behind a way on which something can happen."""

    service: Service = field(default_factory=Service)
    faults: dict[str, list[Answer]] = field(default_factory=dict)
    """By `METHOD /path`, `*` for all: what happens to the next calls."""
    lost: dict[str, int] = field(default_factory=dict)
    """How many answers to such calls Jira gives and nobody gets."""
    calls: list[tuple[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.service.limits(burst=100_000)
        for email, token in ((EMAIL, TOKEN), (READER, READER_TOKEN)):
            self.service.add_user(email)
            self.service.accept(token, email)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        name = f"{request.method} {request.url.path.removeprefix('/rest/api/3')}"
        self.calls.append((name, time.time()))
        for called in (name, "*"):
            if self.faults.get(called):
                return self.faults[called].pop(0)(request)
        answer = await self._ask(request)
        if self.lost.get(name):
            self.lost[name] -= 1
            raise httpx.ReadError("the connection was reset")
        return answer

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.service.app)) as client:
            answer = await client.send(request)
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    async def look(self, path: str, **query: str) -> Any:
        auth = httpx.BasicAuth(READER, READER_TOKEN)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.service.app), auth=auth) as client:
            return (await client.get(f"{API}{path}", params=query)).json()

    async def issues(self) -> list[dict[str, Any]]:
        """The fields of all issues, the oldest first."""
        self.service.index_lag(0)
        found = await self.look("/search/jql", jql="project in (HOMELAB, OPS) ORDER BY created, key", fields="*all")
        return [{"key": each["key"], **each["fields"]} for each in found["issues"]]

    async def comments(self, key: str = "HOMELAB-1") -> list[str]:
        told = await self.look(f"/issue/{key}/comment")
        return [plain_text(each["body"]) for each in told["comments"]]

    def count(self, name: str) -> int:
        return sum(called == name for called, _ in self.calls)


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    with respx.mock(assert_all_called=False) as router:
        router.route(host="homelab.atlassian.net").mock(side_effect=site.answer)
        yield site


def made(token: Secret | str = TOKEN, **changes: Any) -> Jira:
    secret = token if isinstance(token, Secret) else Secret("JIRA_API_TOKEN", token)
    usual: dict[str, Any] = {"timeout": 0.5, "index_lag": 0.05, "retries": Retries(5, 0.005), "later": 0.05}
    return Jira(httpx.AsyncClient(), URL, EMAIL, secret, "HOMELAB", "Task", **usual | changes)


@pytest.fixture
async def jira(site: Site) -> AsyncIterator[Jira]:
    yield made()


def draft(id_: str = "0d7b9f0e-3c43-4f0b-8d0b-1f2a3b4c5d6e", **changes: Any) -> Draft:
    good: dict[str, Any] = {
        "title": "[Alert] HighLoad",
        "sections": [Section("Labels", {"pod": "p-1", "place": "Zürich\n東京"}, "All of it.")],
        "severity": "critical",
        "violation": None,
        "assignee": None,
    }
    return Draft(id_, **good | changes)


ISSUE, RELATED = draft().id, "8f1d5a5b-1111-4f0b-8d0b-1f2a3b4c5d6e"
TOLD = [Section("The alert is resolved", {"Resolved at": "now"})]

# -- documents ----------------------------------------------------------------------------------------


@given(
    st.lists(
        st.builds(
            Section,
            st.text("ab c", min_size=1, max_size=9).filter(str.strip),
            st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=20), max_size=3),
            st.text(max_size=40),
        ),
        max_size=4,
    )
)
def test_a_document_is_one_as_jira_wants_it_and_holds_every_value_whole(sections: list[Section]) -> None:
    made = document(sections, "a mark")
    assert adf.is_valid(made)
    said = plain_text(made)
    for section in sections:
        for text in (section.heading, section.text, *section.facts.values()):
            assert text in said
    assert said.endswith("a mark")


def test_an_empty_value_is_shown() -> None:
    assert "name: (empty)" in plain_text(document([Section("Heading", {"name": ""})]))
    assert adf.is_valid(document([]))


def test_what_is_too_long_is_cut_and_leaves_room_for_the_rest() -> None:
    long = "x" * MOST
    made = document([Section("First", text=long), Section("Labels", {"pod": "p-1"}, long), Section("Last")], "a mark")
    assert adf.is_valid(made) and len(adf.text(made)) <= MOST
    said = plain_text(made)
    assert "pod: p-1" in said and "Last" in said and said.endswith("a mark")
    assert f"{'x' * (LONGEST_TEXT - 1)}…" in said
    many = document([Section("Facts", {f"fact {n}": "y" * 1000 for n in range(99)}, long), Section("Last")], "a mark")
    assert adf.is_valid(many) and len(adf.text(many)) <= MOST
    assert "fact 30" in plain_text(many) and "Last" not in plain_text(many) and plain_text(many).endswith("a mark")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("critical", "critical"),
        ("very bad", "very-bad"),
        ("a\tb\nc", "a-b-c"),
        ("Größe", "Größe"),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_label_is_made_legal(text: str, label: str) -> None:
    assert legal_label(text) == label


# -- issues -------------------------------------------------------------------------------------------


async def test_an_issue_is_opened_with_all_that_belongs_to_it(site: Site, jira: Jira) -> None:
    link = Link("Alert source", "http://prometheus.example.com/graph?g0.expr=up")
    assert await jira.open(draft(links=[link])) is False
    [issue] = await site.issues()
    assert (issue["key"], issue["issuetype"]["name"], issue["summary"]) == ("HOMELAB-1", "Task", "[Alert] HighLoad")
    assert issue["priority"]["name"] == "Highest"
    assert issue["labels"] == ["agent-sre", "critical", f"agent-sre-{ISSUE}"]
    assert "Zürich\n東京" in plain_text(issue["description"]) and "All of it." in plain_text(issue["description"])
    [there] = await site.look("/issue/HOMELAB-1/remotelink")
    assert there["object"] == {"url": link.url, "title": link.title}


@pytest.mark.parametrize(
    ("severity", "priority"),
    [("critical", "Highest"), ("warning", "High"), ("info", "Medium"), ("page", "Medium"), ("unknown", "Medium")],
)
async def test_priority_follows_severity(site: Site, jira: Jira, severity: str, priority: str) -> None:
    await jira.open(draft(severity=severity))
    assert [issue["priority"]["name"] for issue in await site.issues()] == [priority]


async def test_a_title_of_many_lines_and_characters_is_a_summary(site: Site, jira: Jira) -> None:
    await jira.open(draft(title="two\nlines " + "x" * 300, severity="very bad"))
    [issue] = await site.issues()
    assert issue["summary"] == "two lines " + "x" * 245
    assert "very-bad" in issue["labels"]


async def test_an_issue_is_opened_once_in_every_life_of_the_agent(site: Site, jira: Jira) -> None:
    assert await jira.open(draft()) is False
    assert await jira.open(draft()) is True
    assert site.count("GET /search/jql") == 1
    assert await made().open(draft()) is True
    assert len(await site.issues()) == 1
    assert await made().exists(ISSUE) and not await jira.exists(RELATED)


async def test_the_oldest_keys_are_forgotten_and_found_again(
    site: Site, jira: Jira, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker, "KEPT", 1)
    await jira.open(draft())
    await jira.open(draft(RELATED))
    await jira.comment(ISSUE, "resolved", TOLD)
    assert len(await site.comments("HOMELAB-1")) == 1 and site.count("GET /search/jql") == 3


async def test_a_related_issue_is_linked_once_and_an_unknown_one_is_not_missed(site: Site, jira: Jira) -> None:
    await jira.open(draft(RELATED))
    await jira.open(draft(related_id=RELATED))
    await jira.open(draft(related_id=RELATED))
    [_, issue] = await site.issues()
    assert [(link["type"]["name"], link["outwardIssue"]["key"]) for link in issue["issuelinks"]] == [
        ("Relates", "HOMELAB-1")
    ]
    assert await jira.open(draft("5b0c", related_id="gone")) is False
    assert len(await site.issues()) == 3


async def test_a_refused_addition_costs_no_issue(site: Site, jira: Jira) -> None:
    await jira.open(draft(links=[Link("nowhere", "no address")]))
    assert len(await site.issues()) == 1 and site.count("POST /issue/HOMELAB-1/remotelink") == 1


def hang(_: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("no answer")


PASSING: dict[str, Answer] = {
    "500": say(errors.internal()),
    "502": say(errors.bad_gateway()),
    "503": say(errors.unavailable()),
    "429 without an end": say(errors.gateway_rate_limited()),
    "time-out": hang,
    "reset": fail(httpx.ReadError("reset")),
    "refused": fail(httpx.ConnectError("refused")),
    "truncated": lambda _: httpx.Response(201, content=b'{"key": "HOM'),
    "no JSON": lambda _: httpx.Response(200, content=b"<html>"),
    "no object": lambda _: httpx.Response(200, json=[]),
    "nothing": lambda _: httpx.Response(200),
}


@pytest.mark.parametrize("fault", PASSING)
async def test_a_passing_failure_is_retried_and_there_is_one_issue(site: Site, jira: Jira, fault: str) -> None:
    for name in ("GET /search/jql", "POST /issue"):
        site.faults[name] = [PASSING[fault]] * 2
    await jira.open(draft())
    assert len(await site.issues()) == 1 and site.count("POST /issue") == 3
    tries = [at for name, at in site.calls if name == "POST /issue"]
    assert all(after - before >= 0.05 for before, after in pairwise(tries))


async def test_lost_answers_make_nothing_twice_although_the_search_is_late(site: Site, jira: Jira) -> None:
    site.service.index_lag(0.04)
    site.lost = {"POST /issue": 1, "POST /issue/HOMELAB-1/remotelink": 1}
    link = Link("Alert source", "http://prometheus.example.com/")
    assert await jira.open(draft(links=[link])) is False
    assert len(await site.issues()) == 1 and len(await site.look("/issue/HOMELAB-1/remotelink")) == 1
    site.lost = {"POST /issue/HOMELAB-1/comment": 2, "POST /issue/HOMELAB-1/transitions": 1}
    await jira.comment(ISSUE, "resolved", TOLD)
    await jira.complete(ISSUE)
    assert len(await site.comments()) == 1 and site.count("POST /issue/HOMELAB-1/transitions") == 1
    assert [issue["status"]["name"] for issue in await site.issues()] == ["Done"]


async def test_an_outage_longer_than_all_tries_is_told(site: Site, jira: Jira) -> None:
    site.faults["*"] = [fail(httpx.ConnectError("refused"))] * 5
    with pytest.raises(TransientError, match="refused"):
        await jira.open(draft())
    assert len(site.calls) == 5
    began = asyncio.get_running_loop().time()
    site.faults["*"] = [say(errors.internal())] * 2
    await asyncio.gather(jira.recovered(began), jira.recovered(began))
    assert site.count("GET /myself") == 3


async def test_a_refusal_is_not_retried_and_told_field_by_field(site: Site, jira: Jira) -> None:
    reasons = {
        f"customfield_{n}": f"Field {n} is required, as the administrators of the site decided." for n in range(9)
    }
    site.faults["POST /issue"] = [say(errors.invalid("This cannot be.", **reasons))]
    with pytest.raises(RefusedError) as refusal:
        await jira.open(draft())
    for words in ("400", "POST /rest/api/3/issue", "This cannot be.", *reasons, *reasons.values()):
        assert words in str(refusal.value)
    assert site.count("POST /issue") == 1


async def test_what_cannot_be_done_is_refused_in_a_sentence(site: Site, jira: Jira) -> None:
    for asked in (jira.comment(ISSUE, "resolved", TOLD), jira.complete(ISSUE), jira.has_comment(ISSUE, "x")):
        with pytest.raises(RefusedError, match=f"no issue with the label agent-sre-{ISSUE}"):
            await asked
    await jira.open(draft())
    site.service.follow(SOFTWARE[:2])
    with pytest.raises(RefusedError, match="no transition from To Do to a status of the category done"):
        await jira.complete(ISSUE)
    site.faults["*"] = [say(errors.too_large("The issue is full."))]
    with pytest.raises(RefusedError, match=r"413 .*The issue is full"):
        await jira.complete(ISSUE)


# -- comments and the end -----------------------------------------------------------------------------


async def test_a_comment_is_written_once_for_its_cause(site: Site, jira: Jira) -> None:
    await jira.open(draft())
    for key in ("first", "second", "first"):
        await jira.comment(ISSUE, key, TOLD)
    said = await site.comments()
    assert len(said) == 2 and all(text.startswith("The alert is resolved") for text in said)
    assert await jira.has_comment(ISSUE, "second") and not await made().has_comment(ISSUE, "third")


async def test_a_comment_is_found_behind_many_others(site: Site, jira: Jira, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "PAGE", 2)
    await jira.open(draft())
    for number in range(5):
        await jira.comment(ISSUE, str(number), TOLD)
    assert [await jira.has_comment(ISSUE, str(number)) for number in range(6)] == [True] * 5 + [False]


@pytest.mark.parametrize(("workflow", "status"), [(SOFTWARE, "Done"), (SERVICE, "Released")])
async def test_a_finished_issue_is_where_finished_work_is_and_goes_there_once(
    site: Site, jira: Jira, workflow: Any, status: str
) -> None:
    site.service.follow(workflow)
    await jira.open(draft())
    await jira.complete(ISSUE)
    await jira.complete(ISSUE)
    assert [issue["status"]["name"] for issue in await site.issues()] == [status]
    assert site.count("POST /issue/HOMELAB-1/transitions") == 1


# -- limits and tokens --------------------------------------------------------------------------------


async def test_nobody_calls_before_the_end_that_jira_announces(site: Site, jira: Jira) -> None:
    site.service.limit_reached(1, EMAIL)
    began = time.time()
    await asyncio.gather(*(jira.open(draft(f"issue-{number}")) for number in range(3)))
    assert len(await site.issues()) == 3
    while_limited = [at for _, at in site.calls if began <= at < began + 1]
    assert 1 <= len(while_limited) <= 3


async def test_the_limit_of_one_issue_holds_up_no_other(site: Site, jira: Jira) -> None:
    await jira.open(draft())
    refused = asyncio.Event()

    def refuse(request: httpx.Request) -> httpx.Response:
        refused.set()
        return say(errors.rate_limited(1, 0.5, "jira-per-issue-on-write"))(request)

    site.faults["POST /issue/HOMELAB-1/comment"] = [refuse]
    telling = asyncio.create_task(jira.comment(draft().id, "again", []))
    await refused.wait()
    refused_at = site.calls[-1][1]
    await jira.open(draft("issue-2"))
    assert time.time() < refused_at + 1
    await telling
    assert site.calls[-1][0].startswith("POST /issue/HOMELAB-1/comment") and site.calls[-1][1] >= refused_at + 1


async def test_time_that_jira_asks_for_when_it_is_unavailable_is_given_to_it_by_all(site: Site, jira: Jira) -> None:
    site.faults["POST /issue"] = [say(errors.unavailable(retry_after=1))]
    opening = asyncio.create_task(jira.open(draft()))
    await asyncio.sleep(0.1)
    await jira.exists(RELATED)
    await opening
    refused_at = next(at for name, at in site.calls if name == "POST /issue")
    assert all(at >= refused_at + 1 for _, at in site.calls[2:]) and len(await site.issues()) == 1


async def test_a_revoked_token_is_tried_once_and_a_new_one_used_at_once(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("ATATT3x-revoked", encoding="utf-8")
    jira = made(Secret("JIRA_API_TOKEN", file=file))
    with pytest.raises(UnauthorizedError, match="401") as refusal:
        await jira.open(draft())
    assert "revoked" not in str(refusal.value) and len(site.calls) == 1
    waiting = asyncio.create_task(jira.recovered(asyncio.get_running_loop().time()))
    await asyncio.sleep(0.3)
    assert not waiting.done() and site.count("GET /myself") == 1
    file.write_text(TOKEN, encoding="utf-8")
    await waiting
    await jira.open(draft())
    site.service.revoke(TOKEN)
    site.service.accept("ATATT3x-newest", EMAIL)
    file.write_text("ATATT3x-newest", encoding="utf-8")
    await jira.complete(ISSUE)
    assert [issue["status"]["name"] for issue in await site.issues()] == ["Done"]


async def test_who_may_not_write_is_told_so_and_does_not_insist(site: Site, jira: Jira) -> None:
    site.service.permit(EMAIL, "HOMELAB", write=False)
    with pytest.raises(RefusedError, match=r"403 .*permission to create issues") as refusal:
        await jira.open(draft())
    assert not isinstance(refusal.value, UnauthorizedError) and site.count("POST /issue") == 1


# -- the agent ----------------------------------------------------------------------------------------

JIRA = {"JIRA_URL": f"{URL}/", "JIRA_EMAIL": EMAIL, "JIRA_API_TOKEN": TOKEN, "JIRA_INDEX_LAG": "0.05"}


@pytest.fixture
def world(site: Site) -> Iterator[World]:
    world = World()
    with respx.mock(assert_all_called=False) as router:
        world.routes(router)
        router.route(host="homelab.atlassian.net").mock(side_effect=site.answer)
        yield world


def test_a_site_without_a_way_to_speak_to_it_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError) as mistake:
        settings.read({"LINEAR_API_KEY": "lin_api_key", "JIRA_URL": URL})
    assert "JIRA_EMAIL" in str(mistake.value) and "JIRA_API_TOKEN" in str(mistake.value)
    assert settings.read({"LINEAR_API_KEY": "lin_api_key"}).jira is None


async def test_an_alert_has_an_issue_in_each_tracker_from_one_look_around(
    world: World,
    site: Site,
    variables: dict[str, str],  # noqa: F811
) -> None:
    asked: list[httpx.Request] = []
    world.pagerduty = lambda request: asked.append(request)
    async with running(variables, **JIRA) as agent:
        await deliver(agent, event(annotations=CALL))

        async def told() -> bool:
            return len(await site.comments()) == len(await world.comments()) == 2

        await eventually(told)
        await deliver(agent, event("resolved"))
    [in_linear], [in_jira] = await world.issues(), await site.issues()
    assert in_linear["state"]["type"] == "completed" and in_jira["status"]["statusCategory"]["key"] == "done"
    assert len(asked) == 1 and json.dumps(in_jira["description"]).count("corr-1") == 1


async def test_a_tracker_that_is_down_is_waited_for_and_holds_the_other_up_no_longer_than_an_answer(
    world: World,
    site: Site,
    variables: dict[str, str],  # noqa: F811
) -> None:
    site.faults["*"] = [fail(httpx.ConnectError("refused"))] * 12
    async with running(variables, **JIRA, ANSWER_TIMEOUT="0.1") as agent:
        [answer] = await deliver(agent, event())
        assert answer.json()["status"] == "accepted" and len(site.faults["*"]) > 0

        async def in_linear() -> bool:
            return len(await world.issues()) == 1

        async def in_jira() -> bool:
            return len(await site.issues()) == 1

        await eventually(in_linear)
        assert not await in_jira()
        await eventually(in_jira)
