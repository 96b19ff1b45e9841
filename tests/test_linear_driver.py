"""How the steps look at Linear: the driver against the double, and against Linear's bad days."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import pytest
import respx

from steps.drivers.linear import Issue, Linear, LinearUnavailable
from steps.world.services.linear import Linear as Double
from steps.world.services.linear import errors

URL = "https://api.linear.app/graphql"
KEY, AGENT_KEY = "lin_api_suite", "lin_api_agent"
MARK = "v0123456789ab"


@dataclass
class Clock:
    """A time in which sleeping costs none of the test's: epoch seconds, and the pauses made."""

    now: float = 1_893_499_200.0
    pauses: list[float] = field(default_factory=list)

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


class Bridge(httpx.BaseTransport):
    """Lets a blocking client speak to an ASGI application in the same process."""

    def __init__(self, app: Any) -> None:
        self._transport = httpx.ASGITransport(app)
        self.requests: list[dict[str, Any]] = []
        self.costs: list[int] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def exchanged() -> httpx.Response:
            async_request = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
            response = await self._transport.handle_async_request(async_request)
            return httpx.Response(response.status_code, headers=response.headers, content=await response.aread())

        response = asyncio.run(exchanged())
        self.requests.append(json.loads(request.content))
        self.costs.append(int(response.headers["x-complexity"]))
        return response


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    fake = SimpleNamespace(time=clock.time, monotonic=clock.time, sleep=clock.sleep)
    for module in ("steps.drivers.linear.time", "tenacity.time", "tenacity.nap.time"):
        monkeypatch.setattr(module, fake)
    return clock


@pytest.fixture
def double(clock: Clock) -> Double:
    double = Double(clock.time)
    for email, key in (("suite@x.io", KEY), ("agent@x.io", AGENT_KEY)):
        double.add_user(email)
        double.accept(key, email)
    double.add_user("gone@x.io", "Gone Girl", active=False)
    double.add_label("ops-only", "OPS")
    double.add_label("everywhere")
    return double


@pytest.fixture
def bridge(double: Double) -> Bridge:
    return Bridge(double.app)


@pytest.fixture
def linear(bridge: Bridge) -> Iterator[Linear]:
    with httpx.Client(transport=bridge) as client:
        yield Linear(client, URL, KEY, "BVL")


@pytest.fixture
def agent(bridge: Bridge) -> Iterator[Agent]:
    with httpx.Client(transport=bridge) as client:
        yield Agent(client)


@dataclass
class Agent:
    """Somebody else who writes into the workspace."""

    client: httpx.Client

    def __call__(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = self.client.post(
            URL, json={"query": query, "variables": variables}, headers={"Authorization": AGENT_KEY}
        )
        told = answer.json()
        assert "errors" not in told, told
        return told["data"]

    def opens(self, **values: Any) -> str:
        """A new issue's id, in BVL."""
        [team] = self('{ teams(filter: { key: { eq: "BVL" } }) { nodes { id } } }')["teams"]["nodes"]
        made = self(
            "mutation m($i: IssueCreateInput!) { issueCreate(input: $i) { issue { id } } }",
            i={"teamId": team["id"], "title": "Disk is full"} | values,
        )
        return str(made["issueCreate"]["issue"]["id"])

    def comments(self, issue: str, body: str) -> None:
        self(
            "mutation m($i: CommentCreateInput!) { commentCreate(input: $i) { success } }",
            i={"issueId": issue, "body": body},
        )

    def links(self, issue: str, url: str, title: str) -> None:
        self(
            "mutation m($u: String!, $i: String!, $t: String!) { attachmentLinkURL(url: $u, issueId: $i, title: $t) "
            "{ success } }",
            u=url,
            i=issue,
            t=title,
        )

    def relates(self, issue: str, other: str, type_: str) -> None:
        self(
            "mutation m($i: IssueRelationCreateInput!) { issueRelationCreate(input: $i) { success } }",
            i={"issueId": issue, "relatedIssueId": other, "type": type_},
        )


# -- looking ------------------------------------------------------------------------------------------------------


def test_an_issue_is_seen_with_all_that_hangs_on_it(linear: Linear, agent: Agent, clock: Clock) -> None:
    label = linear.create_label("agent-sre")
    assignee = linear.user("agent@x.io")
    assert assignee is not None
    one = agent.opens(description="why", priority=1, labelIds=[label], assigneeId=assignee.id)
    other, third = agent.opens(title="other"), agent.opens(title="third")
    for body in ("first", "second"):
        clock.now += 1
        agent.comments(one, body)
    agent.links(one, "https://grafana.example.com/d/slo", "SLO")
    agent.relates(one, other, "related")
    agent.relates(third, one, "blocks")

    issue = linear.issue("BVL-1")
    assert issue == linear.issue(one)
    assert (issue.id, issue.identifier, issue.title, issue.description) == (one, "BVL-1", "Disk is full", "why")
    assert (issue.priority, issue.team_key, issue.labels) == (1, "BVL", ("agent-sre",))
    assert (issue.state_name, issue.state_type, issue.archived) == ("Backlog", "backlog", False)
    assert issue.assignee_email == "agent@x.io"
    assert issue.url == "https://linear.app/homelab/issue/BVL-1/disk-is-full"
    assert issue.created_at.timestamp() == clock.now - 2
    assert (issue.completed_at, issue.canceled_at) == (None, None)
    assert [(comment.body, comment.author_email) for comment in issue.comments] == [
        ("first", "agent@x.io"),
        ("second", "agent@x.io"),
    ]
    assert [(link.title, link.url) for link in issue.attachments] == [("SLO", "https://grafana.example.com/d/slo")]
    assert {(relation.type, relation.identifier, relation.outgoing) for relation in issue.relations} == {
        ("related", "BVL-2", True),
        ("blocks", "BVL-3", False),
    }


def test_the_issue_that_an_issue_is_a_part_of_is_one_of_its_relations(linear: Linear, agent: Agent) -> None:
    whole = agent.opens()
    part = linear.issue(agent.opens(parentId=whole))
    assert [(one.type, one.id, one.identifier) for one in part.relations] == [("parent", whole, "BVL-1")]
    assert linear.issue(whole).relations == ()


def test_a_comment_that_was_edited_says_when(linear: Linear, agent: Agent, clock: Clock) -> None:
    issue = agent.opens()
    agent.comments(issue, "started")
    [written] = linear.issue(issue).comments
    assert written.edited_at is None
    clock.now += 5
    edit = 'mutation m($id: String!) { commentUpdate(id: $id, input: { body: "done" }) { success } }'
    agent(edit, id=written.id)
    [edited] = linear.issue(issue).comments
    assert (edited.body, edited.created_at) == ("done", written.created_at)
    assert edited.edited_at and edited.edited_at.timestamp() == clock.now


def test_bare_issues_have_nothing_made_up(linear: Linear, agent: Agent) -> None:
    issue = linear.issue(agent.opens())
    assert (issue.description, issue.priority, issue.assignee_email) == (None, 0, None)
    assert (issue.labels, issue.comments, issue.attachments, issue.relations) == ((), (), (), ())


def test_issues_are_found_wherever_a_fact_stands(linear: Linear, agent: Agent, clock: Clock) -> None:
    agent.opens(title=f"[Alert] PodCrashLooping_{MARK}")
    clock.now += 1
    agent.opens(description=f"key: {MARK.upper()}.")
    clock.now += 1
    agent.comments(agent.opens(), f"again {MARK}")
    clock.now += 1
    agent.links(agent.opens(), f"https://x.io/?a={MARK}", "source")
    clock.now += 1
    agent.links(agent.opens(), "https://x.io", f"source of {MARK}")
    agent.opens(title="v0123456789ac")
    found = [issue.identifier for issue in linear.issues_mentioning(MARK)]
    assert found == ["BVL-1", "BVL-2", "BVL-3", "BVL-4", "BVL-5"]


def test_issues_that_mention_any_of_the_facts_are_found(linear: Linear, agent: Agent) -> None:
    trace = uuid4().hex
    for text in (MARK, trace, f"{MARK} {trace}", "neither"):
        agent.opens(description=text)
    assert {issue.identifier for issue in linear.issues_mentioning(MARK, trace)} == {"BVL-1", "BVL-2", "BVL-3"}
    assert linear.issues_mentioning() == []
    assert linear.issues_mentioning("nobody says this") == []


def test_issues_are_found_in_every_team_archived_and_trashed_too(linear: Linear, agent: Agent) -> None:
    [ops] = agent('{ teams(filter: { key: { eq: "OPS" } }) { nodes { id } } }')["teams"]["nodes"]
    agent.opens(title=MARK, teamId=ops["id"])
    agent.opens(title=MARK)
    agent.opens(title=MARK)
    agent('mutation { issueArchive(id: "BVL-1") { success } issueDelete(id: "BVL-2") { success } }')
    found = {issue.identifier: issue.archived for issue in linear.issues_mentioning(MARK)}
    assert found == {"OPS-1": False, "BVL-1": True, "BVL-2": True}


def test_everything_is_paged_through(linear: Linear, agent: Agent, bridge: Bridge) -> None:
    issues = [agent.opens(title=MARK) for _ in range(12)]
    for number in range(12):
        agent.comments(issues[0], f"comment {number}")
        agent.links(issues[0], f"https://x.io/{number}", "x")
        if number:
            agent.relates(issues[0], issues[number], "related")
            agent.relates(issues[number], issues[0], "blocks")
    found = linear.issues_mentioning(MARK)
    assert [issue.id for issue in found] == issues, "the oldest first, those of the same millisecond too"
    [rich] = [issue for issue in found if issue.id == issues[0]]
    assert [comment.body for comment in rich.comments] == [f"comment {number}" for number in range(12)]
    assert len({link.url for link in rich.attachments}) == 12
    assert len({(relation.id, relation.outgoing) for relation in rich.relations}) == 22
    assert linear.issue(rich.id) == rich


def test_looking_is_cheap(linear: Linear, agent: Agent, bridge: Bridge) -> None:
    """Linear grants 3,000,000 points and 2,500 requests an hour: one look must not cost more than a request's share."""
    agent.opens(title=MARK)
    bridge.costs.clear()
    linear.issues_mentioning(MARK)
    assert len(bridge.costs) == 1
    assert bridge.costs[0] < 3_000_000 / 2_500


def test_people_and_labels_are_looked_up(linear: Linear) -> None:
    assert linear.viewer().email == "suite@x.io"
    gone = linear.user("GONE@x.io")
    assert gone is not None
    assert (gone.name, gone.active) == ("Gone Girl", False)
    assert linear.user("nobody@x.io") is None
    assert linear.label("Everywhere") is not None
    assert linear.label("ops-only") is None
    assert linear.label("missing") is None


# -- preparing and cleaning up ------------------------------------------------------------------------------------


def test_labels_are_made_once_and_removed(linear: Linear) -> None:
    made = linear.create_label("critical")
    assert linear.create_label("critical") == made == linear.label("critical")
    assert linear.create_label("ops-only") == linear.label("ops-only")
    linear.delete_label("critical")
    linear.delete_label("critical")
    assert linear.label("critical") is None


def test_a_bystander_is_opened_commented_moved_and_deleted(linear: Linear) -> None:
    issue = linear.create_issue(f"Bystander {MARK}", "leave me alone")
    assert (issue.team_key, issue.description) == ("BVL", "leave me alone")
    linear.comment(issue, "hello")
    assert [comment.body for comment in linear.issue(issue.id).comments] == ["hello"]
    for type_ in ("started", "completed", "unstarted"):
        linear.move(issue, type_)
        assert linear.issue(issue.id).state_type == type_
    with pytest.raises(LinearUnavailable, match="team BVL has no state of the type odd"):
        linear.move(issue, "odd")
    linear.delete_issue(issue)
    assert linear.issue(issue.id).archived


def test_the_issues_of_a_run_are_deleted_and_no_others(linear: Linear, agent: Agent) -> None:
    for title in (MARK, f"{MARK} again", "other"):
        agent.opens(title=title)
    assert linear.delete_issues_mentioning(MARK) == 2
    assert linear.delete_issues_mentioning(MARK) == 0
    assert [linear.issue(ref).archived for ref in ("BVL-1", "BVL-2", "BVL-3")] == [True, True, False]


# -- bad days -----------------------------------------------------------------------------------------------------

VIEWER = {"data": {"viewer": {"id": "1", "name": "Suite", "email": "suite@x.io", "active": True}}}


@pytest.fixture
def route() -> Iterator[respx.Route]:
    with respx.mock:
        yield respx.post(URL)


@pytest.fixture
def remote(route: respx.Route, clock: Clock) -> Iterator[Linear]:
    with httpx.Client() as client:
        yield Linear(client, URL, KEY, "BVL", patience=12)


def answered(answer: errors.Answer) -> httpx.Response:
    return httpx.Response(answer.status, headers=list(answer.headers), content=answer.body)


PASSING = {
    "500": answered(errors.internal()),
    "bad gateway": answered(errors.bad_gateway()),
    "lock timeout": answered(errors.lock_timeout()),
    "no JSON": httpx.Response(200, text="<html>"),
    "cut short": httpx.Response(200, text='{"data": {"vie'),
    "no data": httpx.Response(503, json={}),
    "429": httpx.Response(429, json={}),
    "no answer": httpx.ReadTimeout("too slow"),
    "reset": httpx.RemoteProtocolError("gone"),
    "refused": httpx.ConnectError("refused"),
}


@pytest.mark.parametrize("failure", PASSING.values(), ids=PASSING.keys())
def test_a_read_is_repeated_with_growing_pauses(
    remote: Linear, route: respx.Route, clock: Clock, failure: httpx.Response | Exception
) -> None:
    route.side_effect = [failure, failure, httpx.Response(200, json=VIEWER)]
    assert remote.viewer().email == "suite@x.io"
    assert route.call_count == 3
    assert clock.pauses == sorted(clock.pauses)
    assert all(pause > 0 for pause in clock.pauses)


SENTENCE = r"^Linear at https://api\.linear\.app/graphql (does not|answered|has) .+\.$"


@pytest.mark.parametrize("failure", PASSING.values(), ids=PASSING.keys())
def test_patience_ends_with_a_sentence(
    remote: Linear, route: respx.Route, clock: Clock, failure: httpx.Response | Exception
) -> None:
    route.side_effect = [failure] * 100
    with pytest.raises(LinearUnavailable, match=SENTENCE) as seen:
        remote.viewer()
    assert not isinstance(seen.value, AssertionError)
    assert KEY not in str(seen.value)
    assert 1 < route.call_count < 20
    assert sum(clock.pauses) < 12


PERMANENT = {
    "key": (answered(errors.unauthenticated()), "does not accept the suite's key"),
    "forbidden": (answered(errors.forbidden()), "answered 403: Forbidden"),
    "input": (answered(errors.invalid_input("first must be small.")), "first must be small"),
    "not found": (answered(errors.not_found("Issue")), "Entity not found: Issue"),
    "a page at 404": (httpx.Response(404, text="not here"), "answered 404, but not in JSON: 'not here'"),
    "a list": (httpx.Response(404, json=[]), "answered 404, but not in JSON"),
}


@pytest.mark.parametrize(("failure", "sentence"), PERMANENT.values(), ids=PERMANENT.keys())
def test_what_cannot_pass_is_not_repeated(
    remote: Linear, route: respx.Route, failure: httpx.Response, sentence: str
) -> None:
    route.side_effect = [failure]
    with pytest.raises(LinearUnavailable, match=sentence):
        remote.viewer()
    assert route.call_count == 1


def test_the_key_goes_where_linear_asks_for_it(remote: Linear, route: respx.Route) -> None:
    route.respond(json=VIEWER)
    remote.viewer()
    [call] = route.calls
    assert call.request.headers["authorization"] == KEY
    assert KEY not in str(call.request.url)


def test_a_rate_limit_is_waited_out_to_its_reset(remote: Linear, route: respx.Route, clock: Clock) -> None:
    route.side_effect = [answered(errors.rate_limited(clock.now + 3)), httpx.Response(200, json=VIEWER)]
    assert remote.viewer().email == "suite@x.io"
    assert clock.pauses == [pytest.approx(3)]


def test_a_rate_limit_beyond_patience_is_not_waited_for_nor_called_into(
    remote: Linear, route: respx.Route, clock: Clock
) -> None:
    reset = clock.now + 60
    route.side_effect = [answered(errors.rate_limited(reset)), httpx.Response(200, json=VIEWER)]
    for _ in range(3):
        with pytest.raises(LinearUnavailable, match=r"the rate limit of the suite's key, which ends in 60\.0 s"):
            remote.viewer()
    assert (route.call_count, clock.pauses) == (1, [])
    clock.now = reset
    assert remote.viewer().email == "suite@x.io"


def test_the_doubles_rate_limit_is_respected(linear: Linear, double: Double, bridge: Bridge, clock: Clock) -> None:
    double.limit_reached(5, KEY)
    assert linear.viewer().email == "suite@x.io"
    assert (len(bridge.requests), clock.pauses) == (2, [pytest.approx(5)])


@pytest.mark.parametrize(
    ("failure", "tries"),
    [
        (httpx.ConnectError("refused"), 2),
        (httpx.ConnectTimeout("refused"), 2),
        (answered(errors.rate_limited(1_893_499_201)), 2),
        (httpx.ReadTimeout("too slow"), 1),
        (answered(errors.internal()), 1),
        (answered(errors.bad_gateway()), 1),
        (httpx.Response(200, text="<html>"), 1),
    ],
)
def test_a_change_is_repeated_only_when_it_surely_was_not_made(
    remote: Linear, route: respx.Route, failure: httpx.Response | Exception, tries: int
) -> None:
    route.side_effect = [failure, httpx.Response(200, json={"data": {"issueDelete": {"success": True}}})]
    issue = Issue.model_construct(id=str(uuid4()))
    if tries == 2:
        remote.delete_issue(issue)
    else:
        with pytest.raises(LinearUnavailable):
            remote.delete_issue(issue)
    assert route.call_count == tries


def test_a_team_that_does_not_exist_is_the_environments_fault(bridge: Bridge) -> None:
    with (
        httpx.Client(transport=bridge) as client,
        pytest.raises(LinearUnavailable, match="no team with the key NOPE; name an existing one in the profile"),
    ):
        Linear(client, URL, KEY, "NOPE").create_issue("x")


def test_an_issue_that_does_not_exist_is_told(linear: Linear) -> None:
    with pytest.raises(LinearUnavailable, match="Entity not found: Issue"):
        linear.issue("BVL-404")
