"""The suite's own look at Jira: it sees everything, waits as asked, and says in a sentence why it could not look."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from steps.drivers import jira as driver
from steps.drivers.jira import Jira, JiraUnavailable, document, plain_text
from steps.world.services.jira import Jira as Service
from steps.world.services.jira import errors

URL = "https://homelab.atlassian.net"
API = f"{URL}/rest/api/3"
SUITE, TOKEN = "acceptance@example.com", "ATATT-suite"
Json = dict[str, Any]


class Door(httpx.BaseTransport):
    """Lets a client without an event loop call an application."""

    def __init__(self, app: Starlette) -> None:
        self._transport = httpx.ASGITransport(app)
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        content = request.read()
        response = await self._transport.handle_async_request(
            httpx.Request(request.method, request.url, headers=request.headers, content=content)
        )
        return httpx.Response(response.status_code, headers=response.headers, content=await response.aread())


@pytest.fixture
def service() -> Service:
    service = Service()
    service.limits(burst=100_000)
    service.add_user(SUITE, "Acceptance Suite")
    service.accept(TOKEN, SUITE)
    return service


@pytest.fixture
def door(service: Service) -> Door:
    return Door(service.app)


@pytest.fixture
def client(door: Door) -> Iterator[httpx.Client]:
    with httpx.Client(transport=door) as client:
        yield client


@pytest.fixture
def jira(client: httpx.Client) -> Jira:
    return Jira(client, f"{URL}/", SUITE, TOKEN, "HOMELAB", patience=0.5)


@pytest.fixture
def agent(client: httpx.Client) -> httpx.Client:
    """Somebody who speaks to Jira beside the driver."""
    return httpx.Client(transport=client._transport, base_url=API, auth=(SUITE, TOKEN))


def opened(agent: httpx.Client, summary: str = "Disk is full", **fields: Any) -> str:
    asked = {"project": {"key": "HOMELAB"}, "issuetype": {"name": "Bug"}, "summary": summary, **fields}
    answer = agent.post("/issue", json={"fields": asked})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["key"])


def keys(issues: list[driver.Issue]) -> list[str]:
    return [issue.key for issue in issues]


# -- looking ----------------------------------------------------------------------------------------------------------


def test_an_issue_is_seen_with_all_that_hangs_on_it(jira: Jira, agent: httpx.Client) -> None:
    me = jira.myself()
    other = opened(agent, "Other")
    key = opened(
        agent,
        "Pod crashes",
        description=document("first line\n\nlast line"),
        environment=document("homelab"),
        priority={"name": "Highest"},
        labels=["critical", "agent-sre"],
        assignee={"accountId": me.id},
    )
    agent.post(f"/issue/{key}/comment", json={"body": document("remediation started")})
    agent.post(f"/issue/{key}/comment", json={"body": document("remediation failed")})
    agent.post(f"/issue/{key}/transitions", json={"transition": {"id": "31"}})
    agent.post(
        f"/issue/{key}/remotelink", json={"globalId": "slo", "object": {"title": "SLO", "url": "https://g/d/slo"}}
    )
    link = {"type": {"name": "Blocks"}, "inwardIssue": {"key": key}, "outwardIssue": {"key": other}}
    agent.post("/issueLink", json=link)

    issue = jira.issue(key)
    assert issue == jira.issue(issue.id)
    assert (issue.key, issue.project, issue.type, issue.url) == (key, "HOMELAB", "Bug", f"{URL}/browse/{key}")
    assert (issue.summary, issue.description, issue.environment) == (
        "Pod crashes",
        "first line\n\nlast line",
        "homelab",
    )
    assert issue.document == document("first line\n\nlast line")
    assert (issue.priority, issue.status, issue.status_category) == ("Highest", "Done", "done")
    assert issue.labels == ("agent-sre", "critical")
    assert issue.assignee == me
    assert issue.assignee.email == SUITE
    assert [comment.body for comment in issue.comments] == ["remediation started", "remediation failed"]
    assert [comment.author for comment in issue.comments] == [me, me]
    assert [comment.edited_at for comment in issue.comments] == [None, None]
    assert issue.links == (driver.Link(type="Blocks", relation="blocks", key=other),)
    assert jira.issue(other).links == (driver.Link(type="Blocks", relation="is blocked by", key=key),)
    assert issue.remote_links == (driver.RemoteLink(global_id="slo", title="SLO", url="https://g/d/slo"),)
    changes = {(change.field, change.before, change.after) for change in issue.changes}
    assert changes == {("status", "To Do", "Done"), ("resolution", None, "Done")}
    assert issue.resolved_at is not None
    assert issue.created_at <= issue.resolved_at <= issue.updated_at


def test_an_issue_with_nothing_is_seen_as_such(jira: Jira, agent: httpx.Client) -> None:
    issue = jira.issue(opened(agent))
    assert (issue.description, issue.document, issue.assignee, issue.resolved_at) == ("", None, None, None)
    hanging = [issue.labels, issue.comments, issue.links, issue.remote_links, issue.changes]
    assert not any(hanging)


def test_issues_are_found_by_facts_wherever_they_stand(jira: Jira, agent: httpx.Client) -> None:
    places = [
        opened(agent, "about v0123456789ab"),
        opened(agent, description=document("about V0123456789AB")),
        opened(agent, environment=document("v0123456789ab")),
        opened(agent, labels=["v0123456789ab"]),
        opened(agent),
        opened(agent),
        opened(agent),
    ]
    agent.post(f"/issue/{places[4]}/comment", json={"body": document("see v0123456789ab")})
    remote = {"object": {"title": "x", "url": "https://example.com/v0123456789ab"}}
    agent.post(f"/issue/{places[5]}/remotelink", json=remote)
    agent.post(
        f"/issue/{places[6]}/remotelink",
        json={"globalId": "v0123456789ab", "object": {"title": "x", "url": "https://e"}},
    )
    strangers = [opened(agent, "about vba9876543210"), opened(agent, "about v0123456789")]
    elsewhere = opened(agent, "about v0123456789ab", project={"key": "OPS"})

    found = keys(jira.issues_mentioning("v0123456789ab"))
    assert found == places
    assert not {*strangers, elsewhere} & {*found}
    assert keys(jira.issues_mentioning("v0123456789ab", "vba9876543210")) == [*places, strangers[0]]
    assert jira.issues_mentioning("nothing of the kind") == []
    assert jira.issues_mentioning() == []


def test_what_changes_between_two_looks_is_seen(jira: Jira, agent: httpx.Client) -> None:
    key = opened(agent)
    assert jira.issues_mentioning("mark") == []
    agent.post(f"/issue/{key}/comment", json={"body": document("mark")})
    assert keys(jira.issues_mentioning("mark")) == [key]
    agent.post(f"/issue/{key}/transitions", json={"transition": {"id": "31"}})
    assert [issue.status for issue in jira.issues_mentioning("mark")] == ["Done"]
    agent.delete(f"/issue/{key}")
    assert jira.issues_mentioning("mark") == []


def test_a_late_index_hides_nothing(service: Service, jira: Jira, agent: httpx.Client) -> None:
    service.index_lag(3600)
    first = opened(agent, "mark")
    assert keys(jira.issues_mentioning("mark")) == [first]
    more = [opened(agent, "mark") for _ in range(3)]
    assert keys(jira.issues_mentioning("mark")) == [first, *more]
    agent.post(f"/issue/{first}/transitions", json={"transition": {"id": "31"}})
    assert jira.issues_mentioning("mark")[0].status == "Done"


def test_a_look_at_an_old_issue_does_not_make_the_driver_read_all_that_followed(
    jira: Jira, agent: httpx.Client, door: Door
) -> None:
    old = [opened(agent) for _ in range(3)]
    jira.issue(old[0])
    door.requests.clear()
    jira.issues_mentioning("mark")
    probed = [request.url.path.rpartition("/")[2] for request in door.requests if "HOMELAB-" in request.url.path]
    assert probed == ["HOMELAB-4"]


def test_an_issue_that_was_seen_is_not_read_again_for_another_fact(jira: Jira, agent: httpx.Client, door: Door) -> None:
    for number in range(5):
        opened(agent, f"mark{number}.")
    jira.issues_mentioning("mark1.")
    door.requests.clear()
    assert len(jira.issues_mentioning("mark1.")) == 1
    read = [request.url.path.removeprefix("/rest/api/3") for request in door.requests]
    id_ = jira.issue("HOMELAB-2").id
    assert read == ["/search/jql", "/issue/HOMELAB-6", f"/issue/{id_}", f"/issue/{id_}/remotelink"]


def test_lists_are_read_to_their_last_page(
    jira: Jira, agent: httpx.Client, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "PAGE", 2)
    found = [opened(agent, "mark") for _ in range(5)]
    jira.issues_mentioning()
    door.requests.clear()
    assert keys(jira.issues_mentioning("mark")) == found
    assert [request.url.path for request in door.requests].count("/rest/api/3/search/jql") == 3


def test_comments_are_read_to_their_last_page(respx_mock: respx.MockRouter, service: Service) -> None:
    def comment(number: int) -> Json:
        return {
            "id": str(number),
            "body": document(str(number)),
            "created": f"2026-01-01T00:00:0{number}.000+0000",
            "updated": "2026-01-01T00:00:02.000+0000",
            "author": {"accountId": "x", "displayName": "X"},
        }

    fields = {
        "project": {"key": "HOMELAB"},
        "issuetype": {"name": "Task"},
        "summary": "x",
        "status": {"name": "To Do", "statusCategory": {"key": "new"}},
        "created": "2026-01-01T00:00:00.000+0000",
        "updated": "2026-01-01T00:00:00.000+0000",
        "comment": {"comments": [comment(1)], "total": 3},
    }
    respx_mock.get(f"{API}/issue/HOMELAB-1").respond(json={"id": "1", "key": "HOMELAB-1", "fields": fields})
    respx_mock.get(f"{API}/issue/1/remotelink").respond(json=[])
    rest = respx_mock.get(f"{API}/issue/1/comment", params={"startAt": "1"})
    rest.respond(json={"comments": [comment(2), comment(3)], "total": 3})
    with httpx.Client() as client:
        issue = Jira(client, URL, SUITE, TOKEN, "HOMELAB").issue("HOMELAB-1")
    assert [each.body for each in issue.comments] == ["1", "2", "3"]
    edited = datetime(2026, 1, 1, 0, 0, 2, tzinfo=UTC)
    assert [each.edited_at for each in issue.comments] == [edited, None, edited]
    assert (issue.priority, issue.comments[0].author) == (
        None,
        driver.Account(id="x", name="X", email=None, active=True),
    )


def test_an_account_is_found_by_its_whole_email_address(service: Service, jira: Jira) -> None:
    service.add_user("ada.lovelace@example.com", "Ada")
    service.add_user("ada.lovelace@example.com.au", "Ada of Australia")
    found = jira.account("Ada.Lovelace@example.com")
    assert found is not None
    assert (found.name, found.active) == ("Ada", True)
    assert jira.account("ada@example.com") is None


# -- preparing and cleaning up ----------------------------------------------------------------------------------------


def test_a_bystander_is_opened_commented_moved_and_removed(jira: Jira) -> None:
    issue = jira.create_issue("Bystander", "leave me\nalone")
    assert (issue.summary, issue.description, issue.status_category) == ("Bystander", "leave me\nalone", "new")
    jira.comment(issue, "noted\n\ntwice")
    for category in ("indeterminate", "done", "new"):
        jira.move(issue, category)
        moved = jira.issue(issue.key)
        assert moved.status_category == category and moved.is_open is (category != "done")
        assert (moved.identifier, moved.title, moved.state_name) == (issue.key, "Bystander", moved.status)
    assert [comment.body for comment in jira.issue(issue.id).comments] == ["noted\n\ntwice"]
    jira.delete_issue(issue)
    jira.delete_issue(issue)
    assert jira.issues_mentioning("Bystander") == []


def test_only_issues_that_mention_a_fact_are_removed(jira: Jira, agent: httpx.Client) -> None:
    kept = opened(agent, "kept")
    for _ in range(2):
        opened(agent, "mark")
    assert jira.delete_issues_mentioning("mark") == 2
    assert jira.delete_issues_mentioning("mark") == 0
    assert keys(jira.issues_mentioning("kept")) == [kept]


# -- what Jira refuses ------------------------------------------------------------------------------------------------


def test_a_wrong_token_is_told_in_a_sentence_that_does_not_hold_it(jira: Jira, service: Service) -> None:
    service.revoke(TOKEN)
    with pytest.raises(JiraUnavailable) as told:
        jira.myself()
    assert str(told.value) == f"{URL} does not accept the suite's e-mail address and token; give it valid ones."


def test_what_is_not_there_is_told(jira: Jira, client: httpx.Client) -> None:
    with pytest.raises(JiraUnavailable, match="has no issue HOMELAB-9 that the suite's account may see"):
        jira.issue("HOMELAB-9")
    with pytest.raises(JiraUnavailable, match="answered 400: project: Specify a valid project ID or key"):
        Jira(client, URL, SUITE, TOKEN, "NOPE").create_issue("x")
    with pytest.raises(JiraUnavailable, match="answered 400: The value 'NOPE' does not exist for the field 'project'"):
        Jira(client, URL, SUITE, TOKEN, "NOPE").issues_mentioning("x")
    with pytest.raises(JiraUnavailable, match="answered 404"):
        Jira(client, f"{URL}/elsewhere", SUITE, TOKEN, "HOMELAB").myself()


def test_a_workflow_without_an_end_is_told(service: Service, jira: Jira) -> None:
    issue = jira.create_issue("x")
    service.permit(SUITE, "HOMELAB", write=False)
    with pytest.raises(JiraUnavailable, match="has no way to take HOMELAB-1 to a status of the category done"):
        jira.move(issue, "done")


# -- trouble on the way -----------------------------------------------------------------------------------------------


def whole(answer: errors.Answer) -> httpx.Response:
    return httpx.Response(answer.status, headers=list(answer.headers), content=answer.body)


MYSELF = httpx.Response(200, json={"accountId": "x", "displayName": "X", "active": True})


@pytest.fixture
def remote() -> Iterator[Jira]:
    """A driver that speaks over the network, which respx stands for."""
    with httpx.Client() as client:
        yield Jira(client, URL, SUITE, TOKEN, "HOMELAB")


@pytest.fixture
def hasty() -> Iterator[Jira]:
    """One that soon gives up."""
    with httpx.Client() as client:
        yield Jira(client, URL, SUITE, TOKEN, "HOMELAB", patience=0.3)


PASSING: list[httpx.Response | Exception] = [
    whole(errors.internal()),
    whole(errors.bad_gateway()),
    whole(errors.unavailable()),
    httpx.Response(200, content=b"<html>"),
    httpx.ConnectError("refused"),
    httpx.ReadTimeout("hangs"),
    httpx.RemoteProtocolError("cut short"),
]


@pytest.mark.parametrize("trouble", PASSING, ids=str)
def test_a_look_is_repeated_after_passing_trouble(
    respx_mock: respx.MockRouter, remote: Jira, trouble: httpx.Response | Exception
) -> None:
    route = respx_mock.get(f"{API}/myself").mock(side_effect=[trouble, MYSELF])
    assert remote.myself().id == "x"
    assert route.call_count == 2


@pytest.mark.parametrize("trouble", PASSING, ids=str)
def test_trouble_that_does_not_pass_is_told(
    respx_mock: respx.MockRouter, hasty: Jira, trouble: httpx.Response | Exception
) -> None:
    respx_mock.get(f"{API}/myself").mock(side_effect=[trouble] * 9)
    with pytest.raises(JiraUnavailable, match=URL):
        hasty.myself()


@pytest.mark.parametrize(
    "refusal", [errors.unauthenticated(), errors.forbidden(), errors.invalid("no"), errors.removed()], ids=str
)
def test_a_refusal_is_not_asked_about_twice(respx_mock: respx.MockRouter, remote: Jira, refusal: errors.Answer) -> None:
    route = respx_mock.get(f"{API}/myself").mock(return_value=whole(refusal))
    with pytest.raises(JiraUnavailable):
        remote.myself()
    assert route.call_count == 1


def test_a_limit_is_waited_for_as_long_as_jira_asks(
    respx_mock: respx.MockRouter, remote: Jira, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        remote._limited_until -= seconds

    monkeypatch.setattr("tenacity.nap.time.sleep", sleep)
    limited = whole(errors.rate_limited(time.time() + 3, time.time()))
    route = respx_mock.get(f"{API}/myself").mock(side_effect=[limited, MYSELF])
    remote.myself()
    assert route.call_count == 2
    assert len(slept) == 1
    assert 2 < slept[0] <= 3


def test_a_limit_longer_than_the_patience_is_told_and_kept_for_every_call(
    respx_mock: respx.MockRouter, hasty: Jira
) -> None:
    limited = whole(errors.rate_limited(time.time() + 60, time.time()))
    route = respx_mock.get(f"{API}/myself").mock(return_value=limited)
    for _ in range(2):
        with pytest.raises(JiraUnavailable, match=r"has reached the rate limit of the suite's account, which ends in"):
            hasty.myself()
    assert route.call_count == 1


def test_an_issue_is_opened_once_when_the_answer_is_lost(respx_mock: respx.MockRouter, remote: Jira) -> None:
    for lost in (httpx.ReadTimeout("hangs"), whole(errors.internal()), whole(errors.bad_gateway())):
        route = respx_mock.post(f"{API}/issue").mock(side_effect=[lost, lost])
        before = route.call_count
        with pytest.raises(JiraUnavailable):
            remote.create_issue("x")
        assert route.call_count == before + 1


def test_a_comment_is_repeated_when_it_surely_was_not_made(
    respx_mock: respx.MockRouter, remote: Jira, jira: Jira
) -> None:
    issue = jira.create_issue("x")
    route = respx_mock.post(f"{API}/issue/{issue.id}/comment").mock(
        side_effect=[httpx.ConnectError("refused"), httpx.Response(201, json={})]
    )
    remote.comment(issue, "noted")
    assert route.call_count == 2
    assert json.loads(route.calls.last.request.content) == {"body": document("noted")}


def test_a_gateway_that_limits_without_a_reason_is_waited_for(respx_mock: respx.MockRouter, hasty: Jira) -> None:
    respx_mock.get(f"{API}/myself").mock(return_value=whole(errors.gateway_rate_limited()))
    with pytest.raises(JiraUnavailable, match=r"which ends in \d\.\d s"):
        hasty.myself()


# -- documents --------------------------------------------------------------------------------------------------------


def doc(*content: Json) -> Json:
    return {"type": "doc", "version": 1, "content": list(content)}


def node(type_: str, *content: Json, **attrs: Any) -> Json:
    return {"type": type_, **({"attrs": attrs} if attrs else {}), **({"content": list(content)} if content else {})}


def said(text: str, href: str | None = None, *marks: str) -> Json:
    links = [{"type": "link", "attrs": {"href": href}}] if href else []
    return {"type": "text", "text": text, "marks": [*links, *({"type": mark} for mark in marks)]}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([], ""),
        ([node("paragraph")], ""),
        ([node("paragraph", said("one")), node("paragraph", said("two"))], "one\ntwo"),
        ([node("paragraph", said("v0123", None, "strong"), said("456789ab"))], "v0123456789ab"),
        ([node("paragraph", said("one"), node("hardBreak"), said("two"))], "one\ntwo"),
        ([node("heading", said("Alert"), level=1), node("rule"), node("paragraph", said("x"))], "Alert\n---\nx"),
        ([node("paragraph", said("SLO", "https://g/d/slo"), said("."))], "SLO (https://g/d/slo)."),
        ([node("paragraph", said("S", "https://g"), said("LO", "https://g", "strong"))], "SLO (https://g)"),
        ([node("paragraph", said("a", "https://a"), said("b", "https://b"))], "a (https://a)b (https://b)"),
        ([node("paragraph", said("https://g", "https://g"))], "https://g"),
        ([node("codeBlock", said("a\n  b"), language="sh")], "a\n  b"),
        (
            [node("bulletList", node("listItem", node("paragraph", said("a")), node("paragraph", said("b"))))],
            "- a\nb",
        ),
        (
            [
                node(
                    "table",
                    node(
                        "tableRow",
                        node("tableHeader", node("paragraph", said("label"))),
                        node("tableCell", node("paragraph", said("pod")), node("paragraph", said("web-1"))),
                        node("tableCell", node("paragraph")),
                    ),
                )
            ],
            "label | pod\nweb-1 | ",
        ),
        ([node("expand", node("paragraph", said("inside")), title="More")], "More\ninside"),
        ([node("panel", node("paragraph", said("careful")), panelType="warning")], "careful"),
        ([node("blockCard", url="https://g/d/slo"), node("paragraph", said("x"))], "https://g/d/slo\nx"),
        ([node("paragraph", node("inlineCard", url="https://g"), said(" x"))], "https://g x"),
        ([node("paragraph", node("mention", id="712020:x", text="@Ada"), node("mention", id="y"))], "@Aday"),
        ([node("paragraph", node("emoji", shortName=":fire:"), node("emoji", shortName=":x:", text="❌"))], ":fire:❌"),
        ([node("paragraph", node("status", text="FIRING", color="red"))], "FIRING"),
        (
            [node("paragraph", node("date", timestamp="1767225600000"), node("date", timestamp="soon"))],
            "2026-01-01soon",
        ),
        ([node("mediaSingle", node("media", id="1", alt="a graph", type="file"))], "a graph"),
        ([node("taskList", node("taskItem", said("look"), localId="1", state="TODO"), localId="2")], "look"),
    ],
)
def test_a_document_is_read_as_people_read_it(content: list[Json], text: str) -> None:
    assert plain_text(doc(*content)) == text


def test_no_document_has_no_text() -> None:
    assert plain_text(None) == ""


@given(text=st.text())
def test_a_text_comes_back_from_its_document_as_it_was(text: str) -> None:
    assert plain_text(document(text)) == text


TEXTS = st.lists(st.text(min_size=1).map(said), min_size=1, max_size=3)
LINES = st.tuples(st.sampled_from(("paragraph", "heading", "codeBlock")), TEXTS).map(
    lambda drawn: node(drawn[0], *drawn[1])
)


def _wrapped(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    blocks = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        blocks.map(lambda content: node("panel", *content)),
        blocks.map(lambda content: node("bulletList", *(node("listItem", each) for each in content))),
        blocks.map(lambda content: node("table", node("tableRow", *(node("tableCell", each) for each in content)))),
    )


@given(content=st.lists(st.recursive(LINES, _wrapped, max_leaves=8), max_size=4))
def test_no_character_of_a_document_is_lost(content: list[Json]) -> None:
    def texts(block: Json) -> Iterator[str]:
        inner = block.get("content", [])
        if inner and inner[0]["type"] == "text":
            yield "".join(each["text"] for each in inner)
        else:
            for child in inner:
                yield from texts(child)

    read, at = plain_text(doc(*content)), 0
    for text in texts(doc(*content)):
        assert text in read[at:]
        at = read.index(text, at) + len(text)
