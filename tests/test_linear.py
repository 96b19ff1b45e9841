"""The Linear double against its contract (CONTRACTS §1): it takes what Linear takes and refuses what Linear refuses."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid1, uuid4

import httpx
import pytest
from graphql import GraphQLEnumType, GraphQLObjectType, GraphQLScalarType, get_named_type

from steps.world.journal import Journal
from steps.world.services.covered import uncovered
from steps.world.services.linear import Linear, errors, opens_issues, operations
from steps.world.services.linear.limits import Allowance, Bucket, Limited
from steps.world.services.linear.problems import LinearError
from steps.world.services.linear.schema import SCHEMA, is_connection

KEY, OTHER_KEY, ADMIN_KEY = "lin_api_agent", "lin_api_colleague", "lin_api_admin"
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)

CREATE = """mutation create($input: IssueCreateInput!) { issueCreate(input: $input) { success lastSyncId issue {
  id identifier number title description priority priorityLabel url branchName createdAt completedAt canceledAt
  startedAt state { name type } team { key } assignee { email } creator { email } labels { nodes { name } } } } }"""
UPDATE = """mutation update($id: String!, $input: IssueUpdateInput!) { issueUpdate(id: $id, input: $input) {
  success issue { id identifier previousIdentifiers title description priority startedAt completedAt canceledAt
  archivedAt trashed updatedAt state { name type } assignee { email } labels { nodes { name } } } } }"""
JIRA = """fragment J on ExternalEntityInfoMetadata {
  __typename ... on ExternalEntityInfoJiraMetadata { issueKey projectId } }"""
LIMIT_HEADERS = [
    f"x-ratelimit-{limit}-{level}" for limit in ("requests", "complexity") for level in ("limit", "remaining", "reset")
]


@dataclass
class Clock:
    """A time that moves when the test says so, in epoch seconds."""

    now: float = NOON.timestamp()

    def __call__(self) -> float:
        return self.now


@dataclass
class Desk:
    """A caller of the double, with what the caller has looked up."""

    linear: Linear
    clock: Clock
    key: str = KEY
    ids: dict[str, str] = field(default_factory=dict)

    async def post(self, content: Any, **headers: str) -> httpx.Response:
        """The answer to a raw request with this key, unless the headers say otherwise."""
        if not isinstance(content, bytes | str):
            content = json.dumps(content)
        given = {"authorization": self.key, "content-type": "application/json"} | headers
        async with self.client() as client:
            return await client.post(
                "/graphql", content=content, headers={name: value for name, value in given.items() if value}
            )

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.linear.app)
        return httpx.AsyncClient(transport=transport, base_url="https://api.linear.app")

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a request that Linear serves."""
        answer = await self.post({"query": query, "variables": variables})
        told = answer.json()
        assert answer.status_code == 200, told
        assert "errors" not in told, told
        return told["data"]

    async def refused(self, query: str, **variables: Any) -> tuple[int, str, str, str]:
        """Status, code, message and sentence for people of a request that Linear refuses."""
        answer = await self.post({"query": query, "variables": variables})
        told = answer.json()
        assert told.get("data") is None, told
        [error] = told["errors"]
        about = error["extensions"]
        return answer.status_code, about["code"], error["message"], about["userPresentableMessage"]

    async def create(self, **values: Any) -> dict[str, Any]:
        """A new issue, in BVL unless said otherwise."""
        wanted = {"teamId": self.ids["BVL"], "title": "Disk is full"} | values
        return (await self.ask(CREATE, input=wanted))["issueCreate"]["issue"]

    async def update(self, issue: dict[str, Any], **values: Any) -> dict[str, Any]:
        """The issue after a change."""
        return (await self.ask(UPDATE, id=issue["id"], input=values))["issueUpdate"]["issue"]


@pytest.fixture
async def desk() -> Desk:
    clock = Clock()
    linear = Linear(clock)
    for email, key in (("agent@x.io", KEY), ("colleague@x.io", OTHER_KEY)):
        linear.add_user(email)
        linear.accept(key, email)
    linear.add_user("admin@x.io", admin=True)
    linear.accept(ADMIN_KEY, "admin@x.io")
    linear.add_user("gone@x.io", "Gone Girl", active=False)
    linear.add_label("agent-sre", "BVL")
    linear.add_label("ops-only", "OPS")
    linear.add_label("everywhere")
    desk = Desk(linear, clock)
    found = await desk.ask("""{
      teams { nodes { id key states { nodes { id name } } } }
      users(includeDisabled: true) { nodes { id email } }
      issueLabels { nodes { id name } } }""")
    for team in found["teams"]["nodes"]:
        desk.ids[team["key"]] = team["id"]
        desk.ids |= {f"{team['key']} {state['name']}": state["id"] for state in team["states"]["nodes"]}
    desk.ids |= {user["email"]: user["id"] for user in found["users"]["nodes"]}
    desk.ids |= {label["name"]: label["id"] for label in found["issueLabels"]["nodes"]}
    return desk


# -- issues are opened -------------------------------------------------------------------------------------


async def test_an_issue_is_opened_in_its_team_with_the_teams_default_state(desk: Desk) -> None:
    id_ = str(uuid4())
    issue = await desk.create(
        id=id_,
        title="PodCrashLooping",
        description="**why**\n\n- α & «β»",
        priority=1,
        assigneeId=desk.ids["colleague@x.io"],
        labelIds=[desk.ids["agent-sre"], desk.ids["everywhere"]],
    )
    assert issue["id"] == id_
    assert issue["identifier"] == "BVL-1"
    assert issue["description"] == "**why**\n\n- α & «β»"
    assert (issue["priority"], issue["priorityLabel"]) == (1, "Urgent")
    assert issue["state"] == {"name": "Backlog", "type": "backlog"}
    assert issue["team"] == {"key": "BVL"}
    assert (issue["creator"]["email"], issue["assignee"]["email"]) == ("agent@x.io", "colleague@x.io")
    assert {label["name"] for label in issue["labels"]["nodes"]} == {"agent-sre", "everywhere"}
    assert issue["createdAt"] == "2030-01-01T12:00:00.000Z"
    assert issue["url"] == "https://linear.app/homelab/issue/BVL-1/podcrashlooping"
    assert issue["branchName"] == "colleague/bvl-1-podcrashlooping"


async def test_another_team_has_its_own_numbers_and_default_state(desk: Desk) -> None:
    await desk.create()
    issue = await desk.create(teamId=desk.ids["OPS"])
    assert (issue["identifier"], issue["state"]["name"]) == ("OPS-1", "Todo")


async def test_whole_numbers_are_told_without_a_point(desk: Desk) -> None:
    answer = await desk.post(
        {"query": CREATE, "variables": {"input": {"teamId": desk.ids["BVL"], "title": "x", "priority": 3}}}
    )
    assert '"priority": 3,' in answer.text
    assert '"number": 1,' in answer.text


async def test_what_is_left_out_or_null_gets_linears_defaults(desk: Desk) -> None:
    issue = await desk.create(priority=None, assigneeId=None, labelIds=None, stateId=None, description=None)
    assert (issue["priority"], issue["priorityLabel"]) == (0, "No priority")
    assert (issue["assignee"], issue["description"], issue["labels"]["nodes"]) == (None, None, [])


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"title": None}, "title must not be empty."),
        ({"title": "  "}, "title must not be empty."),
        ({"title": "x" * 513}, "title must be shorter than or equal to 512 characters."),
        ({"description": "x" * 250_001}, "description must be shorter than or equal to 250000 characters."),
        ({"priority": 5}, "priority must be between 0 and 4."),
        ({"priority": -1}, "priority must be between 0 and 4."),
        ({"estimate": -1}, "estimate must not be negative."),
        ({"teamId": "BVL"}, "teamId must be a UUID."),
        ({"teamId": str(uuid4())}, "Could not find referenced Team."),
        ({"stateId": "«OPS Todo»"}, "stateId must be a state of the issue's team."),
        ({"stateId": str(uuid4())}, "Could not find referenced WorkflowState."),
        ({"stateId": "Done"}, "stateId must be a UUID."),
        ({"labelIds": ["«ops-only»"]}, "The label 'ops-only' belongs to another team."),
        ({"labelIds": ["critical"]}, "labelIds must be a UUID."),
        ({"labelIds": [str(uuid4())]}, "Could not find referenced IssueLabel."),
        ({"assigneeId": "«gone@x.io»"}, "assigneeId must be an active user."),
        ({"assigneeId": "colleague@x.io"}, "assigneeId must be a UUID."),
        ({"assigneeId": str(uuid4())}, "Could not find referenced User."),
        ({"parentId": "BVL-77"}, "Could not find referenced Issue."),
        ({"projectId": str(uuid4())}, "Could not find referenced Project."),
        ({"templateId": str(uuid4())}, "Could not find referenced Template."),
        ({"id": "alert-1"}, "id must be a UUID v4."),
        ({"id": str(uuid1())}, "id must be a UUID v4."),
        ({"createdAt": "2030-01-02"}, "createdAt must be a time in the past."),
        ({"completedAt": "2031"}, "completedAt must be a time in the past."),
        ({"completedAt": "2029", "createdAt": "2029-06-01"}, "completedAt must be after createdAt."),
        (
            {"completedAt": "2029", "createdAt": "2028", "stateId": "«BVL Todo»"},
            "completedAt needs a state of type completed.",
        ),
        ({"createAsUser": "Robot"}, "createAsUser is only available to OAuth applications in actor=app mode."),
        ({"displayIconUrl": "https://x.io/i.png"}, "displayIconUrl needs createAsUser."),
    ],
)
async def test_an_issue_that_cannot_be_is_refused_and_not_opened(
    desk: Desk, wanted: dict[str, Any], sentence: str
) -> None:
    for name, value in wanted.items():
        known = [desk.ids.get(str(v).strip("«»"), v) if "«" in str(v) else v for v in _listed(value)]
        wanted[name] = known if isinstance(value, list) else known[0]
    status, _, _, told = await desk.refused(CREATE, input={"teamId": desk.ids["BVL"], "title": "Disk is full"} | wanted)
    assert (status, told) == (200, sentence)
    assert (await desk.ask("{ issues { nodes { id } } }"))["issues"]["nodes"] == []


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize(
    "wanted",
    [
        {"title": "x" * 512},
        {"description": "x" * 250_000},
        {"priority": 4},
        {"estimate": 3, "dueDate": "2030-02-01", "sortOrder": -1.5},
        {"createdAt": "2029-12-31T23:59:59+01:00", "completedAt": "2030-01-01"},
        {"projectId": None, "cycleId": None, "templateId": None, "createAsUser": None},
    ],
)
async def test_an_issue_at_the_edge_of_the_rules_is_opened(desk: Desk, wanted: dict[str, Any]) -> None:
    assert (await desk.create(**wanted))["identifier"] == "BVL-1"


async def test_a_chosen_id_is_taken_once(desk: Desk) -> None:
    id_ = str(uuid4())
    await desk.create(id=id_)
    _, code, _, told = await desk.refused(CREATE, input={"teamId": desk.ids["BVL"], "title": "x", "id": id_.upper()})
    assert (code, "already exists" in told) == ("INPUT_ERROR", True)
    assert len((await desk.ask("{ issues { nodes { id } } }"))["issues"]["nodes"]) == 1


async def test_issues_opened_at_once_do_not_mix(desk: Desk) -> None:
    made = await asyncio.gather(*(desk.create(title=f"alert {number}") for number in range(50)))
    assert [issue["title"] for issue in made] == [f"alert {number}" for number in range(50)]
    assert {issue["number"] for issue in made} == set(range(1, 51))


async def test_several_issues_are_opened_together_or_not_at_all(desk: Desk) -> None:
    mutation = """mutation batch($issues: [IssueCreateInput!]!) {
      issueBatchCreate(input: { issues: $issues }) { success issues { identifier } } }"""
    good, bad = {"teamId": desk.ids["BVL"], "title": "x"}, {"teamId": desk.ids["BVL"], "title": ""}
    made = await desk.ask(mutation, issues=[good, good])
    assert [issue["identifier"] for issue in made["issueBatchCreate"]["issues"]] == ["BVL-1", "BVL-2"]
    await desk.refused(mutation, issues=[good, bad])
    same = good | {"id": str(uuid4())}
    assert (await desk.refused(mutation, issues=[same, same]))[3] == "id must be unique."
    assert len((await desk.ask("{ issues { nodes { id } } }"))["issues"]["nodes"]) == 2


# -- issues change -----------------------------------------------------------------------------------------


async def test_times_follow_from_the_type_of_the_state(desk: Desk) -> None:
    issue = await desk.create()
    seen = {}
    for state in ("In Progress", "Released", "Canceled", "In Review", "Duplicate", "Todo"):
        desk.clock.now += 60
        issue = await desk.update(issue, stateId=desk.ids[f"BVL {state}"])
        seen[state] = [issue[time] and issue[time][14:16] for time in ("startedAt", "completedAt", "canceledAt")]
    assert seen == {
        "In Progress": ["01", None, None],
        "Released": ["01", "02", None],
        "Canceled": ["01", None, "03"],
        "In Review": ["01", None, None],
        "Duplicate": ["01", None, "05"],
        "Todo": [None, None, None],
    }


async def test_triage_is_entered_and_left(desk: Desk) -> None:
    issue = await desk.create(stateId=desk.ids["BVL Triage"])
    desk.clock.now += 60
    await desk.update(issue, stateId=desk.ids["BVL Todo"])
    told = await desk.ask("query q($id: String!) { issue(id: $id) { startedTriageAt triagedAt } }", id="BVL-1")
    assert told["issue"] == {
        "startedTriageAt": "2030-01-01T12:00:00.000Z",
        "triagedAt": "2030-01-01T12:01:00.000Z",
    }


async def test_an_update_changes_what_it_names_and_null_clears(desk: Desk) -> None:
    issue = await desk.create(description="why", priority=2, assigneeId=desk.ids["colleague@x.io"])
    desk.clock.now += 1
    changed = await desk.update(issue, title="Disk is fuller")
    assert (changed["title"], changed["description"], changed["priority"]) == ("Disk is fuller", "why", 2)
    assert changed["updatedAt"] == "2030-01-01T12:00:01.000Z"
    cleared = await desk.update(issue, description=None, priority=None, assigneeId=None)
    assert (cleared["description"], cleared["priority"], cleared["assignee"]) == (None, 0, None)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"title": ""}, "title must not be empty."),
        ({"stateId": "«OPS Done»"}, "stateId must be a state of the issue's team."),
        ({"addedLabelIds": ["«ops-only»"]}, "The label 'ops-only' belongs to another team."),
        ({"assigneeId": "«gone@x.io»"}, "assigneeId must be an active user."),
        ({"parentId": "BVL-1"}, "parentId must not be the issue itself or one of its children."),
        ({"parentId": "BVL-2"}, "parentId must not be the issue itself or one of its children."),
        ({"cycleId": str(uuid4())}, "Could not find referenced Cycle."),
    ],
)
async def test_a_change_that_cannot_be_is_refused_and_changes_nothing(
    desk: Desk, wanted: dict[str, Any], sentence: str
) -> None:
    issue = await desk.create()
    await desk.create(parentId="BVL-1")
    for name, value in wanted.items():
        known = [desk.ids.get(str(v).strip("«»"), v) for v in _listed(value)]
        wanted[name] = known if isinstance(value, list) else known[0]
    assert (await desk.refused(UPDATE, id=issue["id"], input={"priority": 4} | wanted))[3] == sentence
    assert (await desk.update(issue))["priority"] == 0


async def test_an_issue_is_addressed_by_uuid_or_identifier(desk: Desk) -> None:
    issue = await desk.create()
    for ref in (issue["id"], issue["id"].upper(), "BVL-1"):
        found = await desk.ask("query q($id: String!) { issue(id: $id) { id } }", id=ref)
        assert found["issue"]["id"] == issue["id"]
    assert await desk.refused("query q($id: String!) { issue(id: $id) { id } }", id="BVL-2") == (
        200,
        "INPUT_ERROR",
        "Entity not found: Issue",
        "Could not find referenced Issue.",
    )


async def test_several_issues_change_together_or_not_at_all(desk: Desk) -> None:
    mutation = """mutation batch($ids: [UUID!]!, $input: IssueUpdateInput!) {
      issueBatchUpdate(ids: $ids, input: $input) { issues { priority } } }"""
    one, two = await desk.create(), await desk.create()
    changed = await desk.ask(mutation, ids=[one["id"], two["id"]], input={"priority": 2})
    assert changed["issueBatchUpdate"]["issues"] == [{"priority": 2}, {"priority": 2}]
    await desk.refused(mutation, ids=[one["id"], str(uuid4())], input={"priority": 4})
    assert (await desk.refused(mutation, ids=[one["id"]] * 51, input={}))[3].startswith("ids must not have")
    assert (await desk.refused(mutation, ids=["BVL-1"], input={}))[1] == "GRAPHQL_VALIDATION_FAILED"
    assert (await desk.update(one))["priority"] == 2


async def test_an_issue_that_moves_to_another_team_stays_known_by_its_old_name(desk: Desk) -> None:
    issue = await desk.create(labelIds=[desk.ids["agent-sre"], desk.ids["everywhere"]])
    moved = await desk.update(issue, teamId=desk.ids["OPS"])
    assert (moved["identifier"], moved["previousIdentifiers"]) == ("OPS-1", ["BVL-1"])
    assert moved["state"] == {"name": "Backlog", "type": "backlog"}
    assert [label["name"] for label in moved["labels"]["nodes"]] == ["everywhere"]
    assert (await desk.ask('{ issue(id: "BVL-1") { id } }'))["issue"]["id"] == issue["id"]
    assert desk.linear.names_of_issues() == {issue["id"], "BVL-1", "OPS-1"}


async def test_an_archived_issue_is_hidden_but_keeps_its_state(desk: Desk) -> None:
    await desk.create()
    told = await desk.ask('mutation { issueArchive(id: "BVL-1") { success entity { archivedAt state { type } } } }')
    assert told["issueArchive"]["entity"] == {
        "archivedAt": "2030-01-01T12:00:00.000Z",
        "state": {"type": "backlog"},
    }
    assert (await desk.ask("{ issues { nodes { id } } }"))["issues"]["nodes"] == []
    assert len((await desk.ask("{ issues(includeArchived: true) { nodes { id } } }"))["issues"]["nodes"]) == 1
    await desk.ask('mutation { issueUnarchive(id: "BVL-1") { success } }')
    assert len((await desk.ask("{ issues { nodes { id } } }"))["issues"]["nodes"]) == 1


async def test_a_deleted_issue_is_trashed_and_only_administrators_destroy(desk: Desk) -> None:
    await desk.create()
    await desk.ask('mutation { commentCreate(input: { issueId: "BVL-1", body: "x" }) { success } }')
    trashed = await desk.ask('mutation { issueDelete(id: "BVL-1") { entity { trashed archivedAt } } }')
    assert trashed["issueDelete"]["entity"]["trashed"] is True
    destroy = 'mutation { issueDelete(id: "BVL-1", permanentlyDelete: true) { success entity { id } } }'
    assert (await desk.refused(destroy))[1] == "FORBIDDEN"
    desk.key = ADMIN_KEY
    assert (await desk.ask(destroy))["issueDelete"] == {"success": True, "entity": None}
    assert (await desk.refused('{ issue(id: "BVL-1") { id } }'))[2] == "Entity not found: Issue"
    assert (await desk.ask("{ comments { nodes { id } } }"))["comments"]["nodes"] == []


async def test_an_issue_is_trashed_and_restored_by_an_update_or_archived_into_the_bin(desk: Desk) -> None:
    issue = await desk.create()
    trashed = await desk.update(issue, trashed=True)
    assert (trashed["trashed"], trashed["archivedAt"]) == (True, "2030-01-01T12:00:00.000Z")
    restored = await desk.update(issue, trashed=None)
    assert (restored["trashed"], restored["archivedAt"]) == (None, None)
    told = await desk.ask('mutation { issueArchive(id: "BVL-1", trash: true) { entity { trashed } } }')
    assert told["issueArchive"]["entity"] == {"trashed": True}
    assert "Entity not found" in (await desk.refused('mutation { issueArchive(id: "BVL-2") { success } }'))[2]


async def test_what_refers_to_a_destroyed_issue_goes_with_it(desk: Desk) -> None:
    desk.key = ADMIN_KEY
    await desk.create()
    await desk.create(parentId="BVL-1")
    await desk.ask(RELATE, input={"issueId": "BVL-1", "relatedIssueId": "BVL-2", "type": "blocks"})
    await desk.ask(LINK, issue="BVL-1", url="https://x.io")
    await desk.ask('mutation { issueDelete(id: "BVL-1", permanentlyDelete: true) { success } }')
    told = await desk.ask("""{ attachments { nodes { id } }
      issue(id: "BVL-2") { parent { id } relations { nodes { id } } inverseRelations { nodes { id } } } }""")
    assert told == {
        "attachments": {"nodes": []},
        "issue": {"parent": None, "relations": {"nodes": []}, "inverseRelations": {"nodes": []}},
    }


async def test_subscribers_snoozing_and_assignment(desk: Desk) -> None:
    colleague, admin = desk.ids["colleague@x.io"], desk.ids["admin@x.io"]
    issue = await desk.create(subscriberIds=[admin])
    await desk.update(issue, assigneeId=colleague, snoozedById=admin, snoozedUntilAt="2030-01-02T08:00:00Z")
    told = await desk.ask("""{ issue(id: "BVL-1") {
      snoozedBy { email } snoozedUntilAt subscribers { nodes { email } } } }""")
    assert told["issue"]["snoozedBy"] == {"email": "admin@x.io"}
    assert told["issue"]["snoozedUntilAt"] == "2030-01-02T08:00:00.000Z"
    subscribers = {user["email"] for user in told["issue"]["subscribers"]["nodes"]}
    assert subscribers == {"admin@x.io", "agent@x.io", "colleague@x.io"}
    assert (await desk.refused(UPDATE, id="BVL-1", input={"subscriberIds": ["me"]}))[3].startswith("subscriberIds")
    assert (await desk.refused(UPDATE, id="BVL-1", input={"snoozedById": "me"}))[3].startswith("snoozedById")


async def test_the_history_tells_what_changed(desk: Desk) -> None:
    issue = await desk.create()
    await desk.update(issue, stateId=desk.ids["BVL Released"], addedLabelIds=[desk.ids["agent-sre"]], title="New")
    told = await desk.ask("""{ issue(id: "BVL-1") { history { nodes {
      actor { email } fromState { name } toState { name } toStateId addedLabels { name } addedLabelIds
      fromTitle toTitle fromPriority } } } }""")
    assert told["issue"]["history"]["nodes"] == [
        {
            "actor": {"email": "agent@x.io"},
            "fromState": {"name": "Backlog"},
            "toState": {"name": "Released"},
            "toStateId": desk.ids["BVL Released"],
            "addedLabels": [{"name": "agent-sre"}],
            "addedLabelIds": [desk.ids["agent-sre"]],
            "fromTitle": "Disk is full",
            "toTitle": "New",
            "fromPriority": None,
        }
    ]


# -- labels ------------------------------------------------------------------------------------------------

LABEL = """mutation label($input: IssueLabelCreateInput!, $replace: Boolean) {
  issueLabelCreate(input: $input, replaceTeamLabels: $replace) { issueLabel { id name team { key } } } }"""


async def test_labels_are_put_on_and_taken_off(desk: Desk) -> None:
    issue = await desk.create(labelIds=[desk.ids["agent-sre"]])
    add = "mutation m($id: String!, $label: String!) { issueAddLabel(id: $id, labelId: $label) { success } }"
    remove = "mutation m($id: String!, $label: String!) { issueRemoveLabel(id: $id, labelId: $label) { success } }"
    await desk.ask(add, id="BVL-1", label=desk.ids["everywhere"])
    await desk.ask(remove, id="BVL-1", label=desk.ids["agent-sre"])
    assert [label["name"] for label in (await desk.update(issue))["labels"]["nodes"]] == ["everywhere"]
    assert (await desk.refused(add, id="BVL-1", label=desk.ids["ops-only"]))[1] == "INPUT_ERROR"
    assert (await desk.refused(add, id="BVL-2", label=desk.ids["everywhere"]))[2] == "Entity not found: Issue"


async def test_a_labels_name_is_unique_where_labels_can_meet(desk: Desk) -> None:
    bvl, ops = desk.ids["BVL"], desk.ids["OPS"]
    await desk.ask(LABEL, input={"name": "critical", "teamId": bvl})
    await desk.ask(LABEL, input={"name": "critical", "teamId": ops})
    for clash in ({"name": "Critical", "teamId": bvl}, {"name": "critical"}, {"name": "everywhere", "teamId": bvl}):
        assert "already exists" in (await desk.refused(LABEL, input=clash))[3]


async def test_a_workspace_label_takes_the_place_of_team_labels_when_asked(desk: Desk) -> None:
    await desk.create(labelIds=[desk.ids["agent-sre"]])
    made = await desk.ask(LABEL, input={"name": "agent-sre"}, replace=True)
    told = await desk.ask('{ issue(id: "BVL-1") { labelIds } issueLabels { nodes { name } } }')
    assert told["issue"]["labelIds"] == [made["issueLabelCreate"]["issueLabel"]["id"]]
    assert [label["name"] for label in told["issueLabels"]["nodes"]].count("agent-sre") == 1


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"name": " "}, "name must not be empty."),
        ({"name": "x", "color": "red"}, "color must be a HEX color."),
        ({"name": "x", "teamId": str(uuid4())}, "Could not find referenced Team."),
        ({"name": "x", "parentId": str(uuid4())}, "Could not find referenced IssueLabel."),
        ({"name": "x", "id": "x"}, "id must be a UUID v4."),
    ],
)
async def test_a_label_that_cannot_be_is_refused(desk: Desk, wanted: dict[str, Any], sentence: str) -> None:
    assert (await desk.refused(LABEL, input=wanted))[3] == sentence


async def test_groups_are_no_labels_and_their_labels_exclude_each_other(desk: Desk) -> None:
    async def made(**wanted: Any) -> str:
        return str((await desk.ask(LABEL, input=wanted))["issueLabelCreate"]["issueLabel"]["id"])

    group = await made(name="severity", isGroup=True)
    one, two = await made(name="low", parentId=group), await made(name="high", parentId=group)
    plain = desk.ids["everywhere"]
    assert (await desk.refused(LABEL, input={"name": "x", "parentId": plain}))[3] == "parentId must be a label group."
    await desk.create(labelIds=[one, plain])
    for labels, told in (([group], "is a group"), ([one, two], "two labels of one group")):
        refusal = await desk.refused(CREATE, input={"teamId": desk.ids["BVL"], "title": "x", "labelIds": labels})
        assert told in refusal[3]


async def test_a_retired_label_is_not_applied_and_a_deleted_one_is_gone(desk: Desk) -> None:
    label = desk.ids["agent-sre"]
    await desk.create(labelIds=[label])
    retire = """mutation m($id: String!, $input: IssueLabelUpdateInput!) {
      issueLabelUpdate(id: $id, input: $input) { issueLabel { name retiredAt retiredBy { email } } } }"""
    told = await desk.ask(retire, id=label, input={"name": "sre", "retiredAt": "2030-01-01"})
    assert told["issueLabelUpdate"]["issueLabel"]["retiredBy"] == {"email": "agent@x.io"}
    refusal = await desk.refused(CREATE, input={"teamId": desk.ids["BVL"], "title": "x", "labelIds": [label]})
    assert refusal[3] == "The label 'sre' is retired."
    assert "already exists" in (await desk.refused(retire, id=label, input={"name": "everywhere"}))[3]
    await desk.ask("mutation m($id: String!) { issueLabelDelete(id: $id) { success } }", id=label)
    assert (await desk.ask('{ issue(id: "BVL-1") { labelIds } }'))["issue"]["labelIds"] == []


# -- comments, attachments, relations ----------------------------------------------------------------------

COMMENT = """mutation comment($input: CommentCreateInput!) {
  commentCreate(input: $input) { comment { id body createdAt issueId user { email } parent { id } } } }"""
ATTACH = """mutation attach($input: AttachmentCreateInput!) {
  attachmentCreate(input: $input) { attachment { id title url metadata } } }"""
LINK = """mutation link($url: String!, $issue: String!, $title: String, $id: String) {
  attachmentLinkURL(url: $url, issueId: $issue, title: $title, id: $id) { attachment { id title url } } }"""
RELATE = """mutation relate($input: IssueRelationCreateInput!) {
  issueRelationCreate(input: $input) { issueRelation { id type } } }"""


async def test_comments_and_answers(desk: Desk) -> None:
    issue = await desk.create()
    id_ = str(uuid4())
    comment = (await desk.ask(COMMENT, input={"issueId": "BVL-1", "body": "restarted", "id": id_}))["commentCreate"]
    assert comment["comment"] == {
        "id": id_,
        "body": "restarted",
        "createdAt": "2030-01-01T12:00:00.000Z",
        "issueId": issue["id"],
        "user": {"email": "agent@x.io"},
        "parent": None,
    }
    answer = await desk.ask(COMMENT, input={"parentId": id_, "body": "thanks"})
    assert answer["commentCreate"]["comment"]["parent"] == {"id": id_}
    told = await desk.ask('{ issue(id: "BVL-1") { comments { nodes { body } } } }')
    assert [comment["body"] for comment in told["issue"]["comments"]["nodes"]] == ["thanks", "restarted"]


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"body": "x"}, "issueId or parentId must be given."),
        ({"issueId": "BVL-1"}, "body must not be empty."),
        ({"issueId": "BVL-1", "body": ""}, "body must not be empty."),
        ({"issueId": "BVL-9", "body": "x"}, "Could not find referenced Issue."),
        ({"issueId": "BVL-1", "parentId": str(uuid4()), "body": "x"}, "Could not find referenced Comment."),
        ({"issueId": "BVL-1", "body": "x", "id": "1"}, "id must be a UUID v4."),
        ({"issueId": "BVL-1", "body": "x", "createdAt": "2031"}, "createdAt must be a time in the past."),
    ],
)
async def test_a_comment_that_cannot_be_is_refused(desk: Desk, wanted: dict[str, Any], sentence: str) -> None:
    await desk.create()
    assert (await desk.refused(COMMENT, input=wanted))[3] == sentence
    assert (await desk.ask("{ comments { nodes { id } } }"))["comments"]["nodes"] == []


async def test_an_answer_belongs_to_the_issue_of_its_comment(desk: Desk) -> None:
    await desk.create()
    await desk.create()
    made = await desk.ask(COMMENT, input={"issueId": "BVL-1", "body": "x"})
    id_ = made["commentCreate"]["comment"]["id"]
    refusal = await desk.refused(COMMENT, input={"issueId": "BVL-2", "parentId": id_, "body": "x"})
    assert refusal[3] == "parentId must be a comment of the same issue."


async def test_a_comment_is_changed_by_its_author_alone(desk: Desk) -> None:
    await desk.create()
    id_ = (await desk.ask(COMMENT, input={"issueId": "BVL-1", "body": "x"}))["commentCreate"]["comment"]["id"]
    update = """mutation m($id: String!, $input: CommentUpdateInput!) {
      commentUpdate(id: $id, input: $input) { comment { body editedAt } } }"""
    changed = await desk.ask(update, id=id_, input={"body": "y"})
    assert changed["commentUpdate"]["comment"] == {"body": "y", "editedAt": "2030-01-01T12:00:00.000Z"}
    desk.key = OTHER_KEY
    assert (await desk.refused(update, id=id_, input={"body": "z"}))[1] == "FORBIDDEN"


async def test_subscribing_by_commenting_can_be_declined(desk: Desk) -> None:
    await desk.create()
    desk.key = OTHER_KEY
    subscribers = '{ issue(id: "BVL-1") { subscribers { nodes { email } } } }'
    await desk.ask(COMMENT, input={"issueId": "BVL-1", "body": "x", "doNotSubscribeToIssue": True})
    assert len((await desk.ask(subscribers))["issue"]["subscribers"]["nodes"]) == 1
    await desk.ask(COMMENT, input={"issueId": "BVL-1", "body": "x", "subscriberIds": [desk.ids["admin@x.io"]]})
    assert len((await desk.ask(subscribers))["issue"]["subscribers"]["nodes"]) == 3


async def test_threads_are_settled_opened_again_and_removed(desk: Desk) -> None:
    await desk.create()
    id_ = (await desk.ask(COMMENT, input={"issueId": "BVL-1", "body": "x"}))["commentCreate"]["comment"]["id"]
    answer = (await desk.ask(COMMENT, input={"parentId": id_, "body": "y"}))["commentCreate"]["comment"]["id"]
    resolve = "mutation m($id: String!) { commentResolve(id: $id) { comment { resolvingUser { email } } } }"
    told = await desk.ask(resolve, id=id_)
    assert told["commentResolve"]["comment"]["resolvingUser"] == {"email": "agent@x.io"}
    assert "first comment" in (await desk.refused(resolve, id=answer))[3]
    unresolve = "mutation m($id: String!) { commentUnresolve(id: $id) { comment { resolvedAt } } }"
    assert (await desk.ask(unresolve, id=id_))["commentUnresolve"]["comment"]["resolvedAt"] is None
    await desk.ask("mutation m($id: String!) { commentDelete(id: $id) { success } }", id=id_)
    assert (await desk.ask("{ comments { nodes { id } } }"))["comments"]["nodes"] == []


async def test_the_same_address_on_the_same_issue_is_one_attachment(desk: Desk) -> None:
    await desk.create()
    await desk.create()
    url = "https://grafana.example.com/d/slo-x?a=1&b=2"
    first = await desk.ask(ATTACH, input={"issueId": "BVL-1", "url": url, "title": "SLO", "metadata": {"n": 1}})
    again = await desk.ask(ATTACH, input={"issueId": "BVL-1", "url": url, "title": "SLO: Availability"})
    other = await desk.ask(LINK, issue="BVL-2", url=url)
    assert again["attachmentCreate"]["attachment"] == {
        "id": first["attachmentCreate"]["attachment"]["id"],
        "title": "SLO: Availability",
        "url": url,
        "metadata": {"n": 1},
    }
    assert other["attachmentLinkURL"]["attachment"]["title"] == url
    told = await desk.ask(
        "query q($url: String!) { attachmentsForURL(url: $url) { nodes { issue { identifier } } } }", url=url
    )
    assert [link["issue"]["identifier"] for link in told["attachmentsForURL"]["nodes"]] == ["BVL-2", "BVL-1"]


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"url": "slo dashboard"}, "url must be a URL address."),
        ({"url": "ftp://x.io/a"}, "url must be a URL address."),
        ({"title": ""}, "title must not be empty."),
        ({"issueId": "BVL-9"}, "Could not find referenced Issue."),
        ({"id": "1"}, "id must be a UUID v4."),
    ],
)
async def test_an_attachment_that_cannot_be_is_refused(desk: Desk, wanted: dict[str, Any], sentence: str) -> None:
    await desk.create()
    good = {"issueId": "BVL-1", "url": "https://x.io", "title": "x", "commentBody": "see"}
    assert (await desk.refused(ATTACH, input=good | wanted))[3] == sentence
    assert (await desk.ask("{ attachments { nodes { id } } }"))["attachments"]["nodes"] == []
    await desk.ask(ATTACH, input=good)
    assert (await desk.ask("{ comments { nodes { body } } }"))["comments"]["nodes"] == [{"body": "see"}]


async def test_an_attachment_is_changed_and_removed(desk: Desk) -> None:
    await desk.create()
    id_ = str(uuid4())
    await desk.ask(LINK, issue="BVL-1", url="https://x.io", title="x", id=id_)
    assert "already exists" in (await desk.refused(LINK, issue="BVL-1", url="https://y.io", id=id_))[3]
    update = """mutation m($id: String!, $input: AttachmentUpdateInput!) {
      attachmentUpdate(id: $id, input: $input) { attachment { title subtitle url } } }"""
    told = await desk.ask(update, id=id_, input={"title": "y", "subtitle": "99.9%"})
    assert told["attachmentUpdate"]["attachment"] == {"title": "y", "subtitle": "99.9%", "url": "https://x.io"}
    await desk.ask("mutation m($id: String!) { attachmentDelete(id: $id) { success } }", id=id_)
    assert (await desk.refused("query q($id: String!) { attachment(id: $id) { id } }", id=id_))[0] == 200


async def test_relations_are_seen_from_both_sides(desk: Desk) -> None:
    await desk.create()
    await desk.create()
    wanted = {"issueId": "BVL-2", "relatedIssueId": "BVL-1", "type": "related"}
    one = await desk.ask(RELATE, input=wanted)
    assert await desk.ask(RELATE, input=wanted) == one
    told = await desk.ask("""{
      one: issue(id: "BVL-2") { relations { nodes { type relatedIssue { identifier } } } }
      other: issue(id: "BVL-1") { inverseRelations { nodes { type issue { identifier } } } } }""")
    assert told["one"]["relations"]["nodes"] == [{"type": "related", "relatedIssue": {"identifier": "BVL-1"}}]
    assert told["other"]["inverseRelations"]["nodes"] == [{"type": "related", "issue": {"identifier": "BVL-2"}}]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"relatedIssueId": "BVL-1"}, "An issue cannot be related to itself."),
        ({"relatedIssueId": "BVL-9"}, "Could not find referenced Issue."),
        ({"type": "causes"}, "Variable '$input' has invalid value at .type"),
        ({"id": "x"}, "id must be a UUID v4."),
    ],
)
async def test_a_relation_that_cannot_be_is_refused(desk: Desk, wanted: dict[str, Any], told: str) -> None:
    await desk.create()
    await desk.create()
    good = {"issueId": "BVL-1", "relatedIssueId": "BVL-2", "type": "related"}
    assert (await desk.refused(RELATE, input=good | wanted))[3].startswith(told)
    assert (await desk.ask("{ issueRelations { nodes { id } } }"))["issueRelations"]["nodes"] == []


async def test_a_duplicate_moves_to_the_state_for_duplicates(desk: Desk) -> None:
    issue = await desk.create()
    await desk.create()
    await desk.ask(RELATE, input={"issueId": "BVL-1", "relatedIssueId": "BVL-2", "type": "duplicate"})
    assert (await desk.update(issue))["state"]["type"] == "duplicate"
    assert (await desk.ask('{ issue(id: "BVL-2") { state { type } } }'))["issue"]["state"]["type"] == "backlog"


async def test_a_relation_is_changed_and_removed(desk: Desk) -> None:
    await desk.create()
    await desk.create()
    made = await desk.ask(RELATE, input={"issueId": "BVL-1", "relatedIssueId": "BVL-2", "type": "related"})
    id_ = made["issueRelationCreate"]["issueRelation"]["id"]
    update = """mutation m($id: String!, $input: IssueRelationUpdateInput!) {
      issueRelationUpdate(id: $id, input: $input) { issueRelation { type issue { identifier } } } }"""
    told = await desk.ask(update, id=id_, input={"type": "blocks"})
    assert told["issueRelationUpdate"]["issueRelation"]["type"] == "blocks"
    assert "type must be one of" in (await desk.refused(update, id=id_, input={"type": "causes"}))[3]
    assert "to itself" in (await desk.refused(update, id=id_, input={"relatedIssueId": "BVL-1"}))[3]
    await desk.ask("mutation m($id: String!) { issueRelationDelete(id: $id) { success } }", id=id_)
    assert (await desk.ask("{ issueRelations { nodes { id } } }"))["issueRelations"]["nodes"] == []


async def test_people_subscribe_and_unsubscribe(desk: Desk) -> None:
    await desk.create()
    add = 'mutation { issueSubscribe(id: "BVL-1", userEmail: "colleague@x.io") { success } }'
    remove = 'mutation { issueUnsubscribe(id: "BVL-1") { issue { subscribers { nodes { email } } } } }'
    await desk.ask(add)
    told = await desk.ask(remove)
    assert told["issueUnsubscribe"]["issue"]["subscribers"]["nodes"] == [{"email": "colleague@x.io"}]
    assert (await desk.refused(add.replace("colleague", "nobody")))[2] == "Entity not found: User"
    by_id = 'mutation m($u: String!) { issueSubscribe(id: "BVL-1", userId: $u) { success } }'
    await desk.ask(by_id, u=desk.ids["admin@x.io"])
    assert (await desk.refused(by_id, u="me"))[2] == "Entity not found: User"


# -- filters and pages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "numbers"),
    [
        ({}, [1, 2, 3, 4]),
        ({"title": {"eq": "Disk is full"}}, [1]),
        ({"title": {"neq": "Disk is full"}}, [2, 3, 4]),
        ({"title": {"eqIgnoreCase": "disk IS full"}}, [1]),
        ({"title": {"neqIgnoreCase": "disk IS full"}}, [2, 3, 4]),
        ({"title": {"in": ["Disk is full", "Pod dies"]}}, [1, 2]),
        ({"title": {"nin": ["Disk is full", "Pod dies"]}}, [3, 4]),
        ({"title": {"contains": "is"}}, [1, 3]),
        ({"title": {"contains": "IS"}}, []),
        ({"title": {"containsIgnoreCase": "POD"}}, [2]),
        ({"title": {"containsIgnoreCaseAndAccent": "cafe"}}, [4]),
        ({"title": {"notContains": "is"}}, [2, 4]),
        ({"title": {"notContainsIgnoreCase": "POD"}}, [1, 3, 4]),
        ({"title": {"startsWith": "Di"}}, [1]),
        ({"title": {"startsWithIgnoreCase": "di"}}, [1]),
        ({"title": {"notStartsWith": "Di"}}, [2, 3, 4]),
        ({"title": {"endsWith": "dies"}}, [2]),
        ({"title": {"notEndsWith": "dies"}}, [1, 3, 4]),
        ({"title": {"startsWith": "D", "endsWith": "s"}}, []),
        ({"description": {"null": True}}, [2, 3, 4]),
        ({"description": {"null": False}}, [1]),
        ({"description": {"contains": "v0123"}}, [1]),
        ({"description": {"notContains": "nothing"}}, [1]),
        ({"number": {"gt": 1, "lte": 3}}, [2, 3]),
        ({"number": {"in": [1, 3]}}, [1, 3]),
        ({"priority": {"eq": 1}}, [1]),
        ({"priority": {"lt": 1}}, [2, 3, 4]),
        ({"estimate": {"or": [{"null": True}, {"gte": 3}]}}, [1, 2, 3, 4]),
        ({"estimate": {"gte": 3}}, [2]),
        ({"dueDate": {"gt": "2030-01-31"}}, [2]),
        ({"team": {"key": {"eq": "OPS"}}}, [3]),
        ({"state": {"type": {"in": ["completed"]}}}, [2]),
        ({"state": {"type": {"nin": ["completed", "canceled"]}}}, [1, 3, 4]),
        ({"state": {"team": {"key": {"eq": "BVL"}}, "name": {"eq": "Released"}}}, [2]),
        ({"completedAt": {"null": False}}, [2]),
        ({"assignee": {"null": True}}, [2, 3, 4]),
        ({"assignee": {"email": {"eq": "colleague@x.io"}}}, [1]),
        ({"assignee": {"isMe": {"eq": True}}}, []),
        ({"assignee": {"or": [{"null": True}, {"active": {"eq": True}}]}}, [1, 2, 3, 4]),
        ({"creator": {"isMe": {"eq": True}}}, [1, 2, 3, 4]),
        ({"labels": {"name": {"eq": "agent-sre"}}}, [1, 2]),
        ({"labels": {"some": {"name": {"eq": "everywhere"}}}}, [1]),
        ({"labels": {"every": {"name": {"eq": "agent-sre"}}, "length": {"gt": 0}}}, [2]),
        ({"labels": {"length": {"eq": 2}}}, [1]),
        ({"labels": {"null": True}}, [3, 4]),
        ({"labels": {"and": [{"name": {"eq": "agent-sre"}}, {"name": {"eq": "everywhere"}}]}}, [1]),
        ({"comments": {"some": {"body": {"contains": "v0123"}}}}, [3]),
        ({"comments": {"user": {"email": {"eq": "agent@x.io"}}}}, [3]),
        ({"attachments": {"url": {"containsIgnoreCase": "V0123"}}}, [4]),
        ({"attachments": {"some": {"or": [{"title": {"eq": "x"}}, {"title": {"eq": "link"}}]}}}, [4]),
        ({"children": {"some": {"title": {"eq": "Pod dies"}}}}, [1]),
        ({"parent": {"title": {"contains": "full"}}}, [2]),
        ({"parent": {"null": True}}, [1, 3, 4]),
        ({"hasBlockingRelations": {"eq": True}}, [1]),
        ({"hasBlockedByRelations": {"eq": True}}, [2]),
        ({"hasRelatedRelations": {"eq": True}}, []),
        ({"subscribers": {"email": {"startsWith": "colleague"}}}, [1]),
        ({"createdAt": {"gt": "2030-01-01T12:00:00Z"}}, [2, 3, 4]),
        ({"createdAt": {"gt": "2030-01-01T13:30:00+01:00"}}, [3, 4]),
        ({"or": [{"priority": {"eq": 1}}, {"title": {"eq": "Pod dies"}}]}, [1, 2]),
        ({"and": [{"priority": {"eq": 0}}, {"title": {"contains": "is"}}]}, [3]),
        ({"or": [{"and": [{"priority": {"eq": 1}}, {"number": {"eq": 2}}]}, {"number": {"eq": 4}}]}, [4]),
        ({"or": []}, []),
    ],
)
async def test_filters(desk: Desk, condition: dict[str, Any], numbers: list[int]) -> None:
    ids = desk.ids
    made = [
        await desk.create(
            description="key v0123456789ab",
            priority=1,
            assigneeId=ids["colleague@x.io"],
            labelIds=[ids["agent-sre"], ids["everywhere"]],
        )
    ]
    for wanted in (
        {"title": "Pod dies", "stateId": ids["BVL Released"], "labelIds": [ids["agent-sre"]], "parentId": "BVL-1"}
        | {"estimate": 3, "dueDate": "2030-02-01"},
        {"title": "Node is lost", "teamId": ids["OPS"]},
        {"title": "Le café"},
    ):
        desk.clock.now += 1200
        made.append(await desk.create(**wanted))
    by_number = {issue["id"]: number for number, issue in enumerate(made, start=1)}
    await desk.ask(COMMENT, input={"issueId": made[2]["id"], "body": "v0123456789ab"})
    await desk.ask(LINK, issue=made[3]["id"], url="https://x.io/v0123456789ab", title="link")
    await desk.ask(RELATE, input={"issueId": made[0]["id"], "relatedIssueId": made[1]["id"], "type": "blocks"})
    if "number" in str(condition):  # the double numbers per team; the test counts through
        by_number = {issue["id"]: int(issue["number"]) for issue in made if issue["team"]["key"] == "BVL"}
        numbers = [number for number in numbers if number in by_number.values()]
        condition = {"and": [condition, {"team": {"key": {"eq": "BVL"}}}]}
    found = await desk.ask("query q($f: IssueFilter) { issues(filter: $f) { nodes { id } } }", f=condition)
    assert sorted(by_number[issue["id"]] for issue in found["issues"]["nodes"]) == numbers


@pytest.mark.parametrize(
    ("moment", "found"),
    [("-PT1H", 1), ("-P1D", 1), ("P1D", 0), ("PT1M30S", 0), ("-P1Y2M3W4DT5H6M7S", 1), ("2020", 1)],
)
async def test_a_filter_takes_durations_from_the_present(desk: Desk, moment: str, found: int) -> None:
    desk.clock.now = time.time()
    await desk.create()
    query = "query q($t: DateTimeOrDuration) { issues(filter: { createdAt: { gt: $t } }) { nodes { id } } }"
    assert len((await desk.ask(query, t=moment))["issues"]["nodes"]) == found
    for nonsense in ("P", "yesterday", 7):
        assert (await desk.refused(query, t=nonsense))[1] == "GRAPHQL_VALIDATION_FAILED"


async def test_other_lists_are_filtered_too(desk: Desk) -> None:
    told = await desk.ask("""{
      teams(filter: { key: { eq: "BVL" } }) { nodes { key } }
      users(filter: { email: { eqIgnoreCase: "COLLEAGUE@x.io" } }) { nodes { email } }
      everybody: users(includeDisabled: true) { nodes { email } }
      nobody: users(filter: { email: { eq: "gone@x.io" } }) { nodes { email } }
      issueLabels(filter: { team: { null: true } }) { nodes { name } }
      workflowStates(filter: { team: { key: { eq: "BVL" } }, type: { eq: "completed" } }) { nodes { name } } }""")
    assert told == {
        "teams": {"nodes": [{"key": "BVL"}]},
        "users": {"nodes": [{"email": "colleague@x.io"}]},
        "everybody": {"nodes": [{"email": f"{n}@x.io"} for n in ("gone", "admin", "colleague", "agent")]},
        "nobody": {"nodes": []},
        "issueLabels": {"nodes": [{"name": "everywhere"}]},
        "workflowStates": {"nodes": [{"name": "Released"}]},
    }


async def test_a_team_has_states_of_every_type(desk: Desk) -> None:
    told = await desk.ask('{ team(id: "BVL") { states { nodes { type } } defaultIssueState { type } } }')
    types = {state["type"] for state in told["team"]["states"]["nodes"]}
    assert types == {"triage", "backlog", "unstarted", "started", "completed", "canceled", "duplicate"}


PAGE = """query q($first: Int, $last: Int, $after: String, $before: String, $orderBy: PaginationOrderBy) {
  issues(first: $first, last: $last, after: $after, before: $before, orderBy: $orderBy) {
    nodes { identifier } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


async def numbers_of(desk: Desk, **page: Any) -> tuple[list[int], dict[str, Any]]:
    found = (await desk.ask(PAGE, **page))["issues"]
    numbers = [int(issue["identifier"].removeprefix("BVL-")) for issue in found["nodes"]]
    assert [edge["cursor"] for edge in found["edges"]][-1:] == [found["pageInfo"]["endCursor"]][: len(numbers)]
    return numbers, found["pageInfo"]


async def test_pages_forwards_and_backwards_the_newest_first(desk: Desk) -> None:
    for _ in range(5):
        await desk.create()
    first, info = await numbers_of(desk, first=2)
    assert (first, info["hasNextPage"], info["hasPreviousPage"]) == ([5, 4], True, False)
    second, info = await numbers_of(desk, first=2, after=info["endCursor"])
    assert (second, info["hasNextPage"], info["hasPreviousPage"]) == ([3, 2], True, True)
    third, info = await numbers_of(desk, first=2, after=info["endCursor"])
    assert (third, info["hasNextPage"]) == ([1], False)
    back, info = await numbers_of(desk, last=3, before=info["startCursor"])
    assert (back, info["hasPreviousPage"]) == ([4, 3, 2], True)
    assert (await numbers_of(desk, before=info["startCursor"]))[0] == [5]
    assert (await numbers_of(desk, last=2))[0] == [2, 1]
    assert (await numbers_of(desk, first=0))[0] == []


async def test_a_page_has_fifty_records_unless_asked_otherwise(desk: Desk) -> None:
    for _ in range(51):
        await desk.create()
    assert len((await numbers_of(desk))[0]) == 50
    assert len((await numbers_of(desk, first=250))[0]) == 51


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        ({"first": 251}, "first must be between 0 and 250."),
        ({"last": -1}, "last must be between 0 and 250."),
        ({"first": 1, "last": 1}, "first and last must not be given together."),
        ({"after": "nonsense"}, "nonsense is not a cursor of this list."),
    ],
)
async def test_a_page_that_cannot_be_is_refused(desk: Desk, page: dict[str, Any], sentence: str) -> None:
    assert (await desk.refused(PAGE, **page))[3] == sentence


async def test_lists_are_ordered_by_creation_update_or_priority(desk: Desk) -> None:
    for priority in (4, 0, 1):
        desk.clock.now += 1
        await desk.create(priority=priority)
    desk.clock.now += 1
    await desk.update({"id": "BVL-1"}, title="touched")
    assert (await numbers_of(desk))[0] == [3, 2, 1]
    assert (await numbers_of(desk, orderBy="updatedAt"))[0] == [1, 3, 2]
    sort = "query q($s: [IssueSortInput!]) { issues(sort: $s) { nodes { number } } }"
    for order, numbers in (
        ({"priority": {"order": "Ascending"}}, [3, 1, 2]),
        ({"priority": {"order": "Descending"}}, [1, 3, 2]),
        ({"priority": {"order": "Ascending", "noPriorityFirst": True}}, [2, 3, 1]),
        ({"createdAt": {"order": "Ascending"}}, [1, 2, 3]),
    ):
        found = (await desk.ask(sort, s=[order]))["issues"]["nodes"]
        assert [issue["number"] for issue in found] == numbers


async def test_search_finds_words_and_has_its_own_limit(desk: Desk) -> None:
    await desk.create(title="Disk is full on node-7")
    await desk.ask(COMMENT, input={"issueId": "BVL-1", "body": "replaced"})
    search = """query q($term: String!, $deep: Boolean) { searchIssues(term: $term, includeComments: $deep) {
      totalCount nodes { identifier } } }"""
    assert (await desk.ask(search, term="node-7 DISK"))["searchIssues"]["totalCount"] == 1
    assert (await desk.ask(search, term="disk replaced"))["searchIssues"]["nodes"] == []
    assert (await desk.ask(search, term="disk replaced", deep=True))["searchIssues"]["totalCount"] == 1
    assert (await desk.refused(search, term=" "))[3] == "term must not be empty."
    for _ in range(26):
        await desk.ask(search, term="x")
    answer = await desk.post({"query": search, "variables": {"term": "x"}})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "RATELIMITED")
    assert answer.headers["x-ratelimit-endpoint-name"] == "searchIssues"
    assert answer.headers["x-ratelimit-endpoint-requests-remaining"] == "0"
    await desk.ask("{ viewer { id } }")
    desk.clock.now += 60
    await desk.ask(search, term="x")


async def test_issues_are_found_by_branch_and_comments_by_hash(desk: Desk) -> None:
    issue = await desk.create()
    branch = "query q($b: String!) { issueVcsBranchSearch(branchName: $b) { identifier } }"
    assert (await desk.ask(branch, b=issue["branchName"]))["issueVcsBranchSearch"] == {"identifier": "BVL-1"}
    assert (await desk.ask(branch, b="main"))["issueVcsBranchSearch"] is None
    made = await desk.ask(COMMENT, input={"issueId": "BVL-1", "body": "x"})
    id_ = made["commentCreate"]["comment"]["id"]
    by_hash = "query q($h: String, $id: String) { comment(hash: $h, id: $id) { id } }"
    assert (await desk.ask(by_hash, h=id_[:8]))["comment"] == {"id": id_}
    assert (await desk.ask(by_hash, id=id_))["comment"] == {"id": id_}
    assert (await desk.refused(by_hash, h="00000000"))[2] == "Entity not found: Comment"
    assert (await desk.refused(by_hash))[2] == "Entity not found: Comment"


async def test_linears_own_schedules_tell_who_is_on_call(desk: Desk) -> None:
    shifts = [
        ("agent@x.io", NOON - timedelta(hours=8), NOON),
        ("colleague@x.io", NOON, NOON + timedelta(hours=8)),
    ]
    desk.linear.add_schedule("Nights", shifts, triage_of="BVL")
    query = """{ timeSchedules { nodes { name entries { startsAt endsAt userEmail } } }
      triageResponsibilities { nodes { team { key } currentUser { email } } } }"""
    told = await desk.ask(query)
    assert told["timeSchedules"]["nodes"][0]["entries"][0]["endsAt"] == "2030-01-01T12:00:00.000Z"
    assert told["triageResponsibilities"]["nodes"] == [
        {"team": {"key": "BVL"}, "currentUser": {"email": "colleague@x.io"}}
    ]
    desk.clock.now += 9 * 3600
    assert (await desk.ask(query))["triageResponsibilities"]["nodes"][0]["currentUser"] is None


async def test_every_field_of_the_schema_can_be_asked_for(desk: Desk) -> None:
    """No modelled field of schema.graphql lacks its attribute: each is asked for on a record with all neighbours."""
    desk.linear.limits(complexity=10**9)
    desk.linear.add_schedule("Nights", [("agent@x.io", NOON, NOON + timedelta(1))], triage_of="BVL")
    group = await desk.ask(LABEL, input={"name": "kind", "isGroup": True})
    parent = group["issueLabelCreate"]["issueLabel"]["id"]
    label = (await desk.ask(LABEL, input={"name": "bug", "parentId": parent}))["issueLabelCreate"]["issueLabel"]
    await desk.create(title="first", labelIds=[label["id"]], assigneeId=desk.ids["agent@x.io"])
    issue = await desk.create(title="first again", parentId="BVL-1", labelIds=[label["id"]])
    made = await desk.ask(COMMENT, input={"issueId": "BVL-2", "body": "x"})
    comment = made["commentCreate"]["comment"]["id"]
    await desk.ask(COMMENT, input={"parentId": comment, "body": "y"})
    attachment = (await desk.ask(LINK, issue="BVL-2", url="https://x.io"))["attachmentLinkURL"]["attachment"]
    related = await desk.ask(RELATE, input={"issueId": "BVL-2", "relatedIssueId": "BVL-1", "type": "blocks"})
    schedules = await desk.ask("{ timeSchedules { nodes { id } } triageResponsibilities { nodes { id } } }")
    ids = {
        "issue": issue["id"],
        "team": "BVL",
        "user": desk.ids["agent@x.io"],
        "workflowState": desk.ids["BVL Backlog"],
        "issueLabel": label["id"],
        "attachment": attachment["id"],
        "comment": comment,
        "issueRelation": related["issueRelationCreate"]["issueRelation"]["id"],
        "timeSchedule": schedules["timeSchedules"]["nodes"][0]["id"],
        "triageResponsibility": schedules["triageResponsibilities"]["nodes"][0]["id"],
    }
    given = {
        "searchIssues": '(term: "first", first: 1)',
        "issueVcsBranchSearch": f'(branchName: "{issue["branchName"]}")',
        "attachmentsForURL": '(url: "https://x.io", first: 1)',
    } | {name: f'(id: "{id_}")' for name, id_ in ids.items()}

    def selection(type_: GraphQLObjectType, depth: int) -> str:
        fields = []
        for name, member in type_.fields.items():
            inner = get_named_type(member.type)
            paged = is_connection(member.type)
            if isinstance(inner, GraphQLScalarType | GraphQLEnumType):
                fields.append(name)
            elif depth and isinstance(inner, GraphQLObjectType):
                deeper = selection(inner, depth if name in ("nodes", "edges", "node") else depth - 1)
                fields.append(f"{name}{'(first: 1)' if paged else ''} {{ {deeper} }}")
        return " ".join(fields) or "__typename"

    query = SCHEMA.query_type
    assert query is not None
    for name, member in query.fields.items():
        inner = get_named_type(member.type)
        assert isinstance(inner, GraphQLObjectType)
        arguments = given.get(name, "(first: 1)" if is_connection(member.type) else "")
        await desk.ask(f"{{ {name}{arguments} {{ {selection(inner, 2)} }} }}")


def fragment(type_: GraphQLObjectType) -> str:
    """What Linear's own SDK reads of a type: all its values, of other records the ids, all of what is no record."""
    fields = ["__typename"]
    for name, member in type_.fields.items():
        inner = get_named_type(member.type)
        if isinstance(inner, GraphQLScalarType | GraphQLEnumType):
            fields.append(name)
        elif isinstance(inner, GraphQLObjectType) and not is_connection(inner):
            record = "id" in inner.fields and inner.interfaces
            fields.append(f"{name} {{ {'id' if record else fragment(inner)} }}")
    return " ".join(fields)


def sdk_document(name: str) -> str:
    """A query as Linear's own SDK writes it: each argument by a variable, the record by a fragment."""
    query = SCHEMA.query_type
    assert query is not None
    root = query.fields[name]
    type_ = get_named_type(root.type)
    assert isinstance(type_, GraphQLObjectType)
    record = type_
    if is_connection(type_):
        found = get_named_type(type_.fields["nodes"].type)
        assert isinstance(found, GraphQLObjectType)
        record = found
    declared = ", ".join(f"${argument}: {value.type}" for argument, value in root.args.items())
    given = ", ".join(f"{argument}: ${argument}" for argument in root.args)
    selection = "...Record"
    if record is not type_:
        selection = "__typename nodes { ...Record } pageInfo { __typename startCursor endCursor hasNextPage }"
        if "archivePayload" in type_.fields:
            selection += " totalCount archivePayload { __typename archive totalCount databaseVersion }"
    head, call = (f"query {name}({declared})", f"{name}({given})") if root.args else (f"query {name}", name)
    return f"{head} {{ {call} {{ {selection} }} }} fragment Record on {record.name} {{ {fragment(record)} }}"


async def test_linears_own_sdk_is_served_whatever_it_reads(desk: Desk) -> None:
    """Its fragments ask for every field of a type; what the double does not model is null or empty."""
    issue = await desk.create(labelIds=[desk.ids["agent-sre"]])
    made = await desk.ask(COMMENT, input={"issueId": "BVL-1", "body": "x"})
    attachment = (await desk.ask(LINK, issue="BVL-1", url="https://x.io"))["attachmentLinkURL"]["attachment"]
    ids = {
        "issue": issue["id"],
        "team": desk.ids["BVL"],
        "user": desk.ids["agent@x.io"],
        "workflowState": desk.ids["BVL Backlog"],
        "issueLabel": desk.ids["agent-sre"],
        "comment": made["commentCreate"]["comment"]["id"],
        "attachment": attachment["id"],
    }
    told = {name: (await desk.ask(sdk_document(name), id=id_))[name] for name, id_ in ids.items()}
    for name in ("viewer", "organization"):
        told[name] = (await desk.ask(sdk_document(name)))[name]
    for name in ("issues", "teams", "users", "workflowStates", "issueLabels", "comments", "attachments"):
        nodes = (await desk.ask(sdk_document(name), first=50))[name]["nodes"]
        assert told[name.removesuffix("s")] in nodes
    found = (await desk.ask(sdk_document("searchIssues"), term="disk"))["searchIssues"]
    assert found["nodes"][0]["identifier"] == "BVL-1"
    assert found["archivePayload"] == {
        "__typename": "ArchiveResponse",
        "archive": "",
        "totalCount": 0,
        "databaseVersion": 0,
    }

    assert told["issue"]["title"] == "Disk is full"
    expected = {"boardOrder": 0, "slaType": None, "favorite": None, "reactionData": {}, "reactions": []}
    assert told["issue"] == told["issue"] | expected
    assert told["issue"]["sharedAccess"]["isShared"] is False
    assert told["issue"]["sharedAccess"]["sharedWithUsers"] == []
    expected = {"key": "BVL", "activeCycle": None, "inviteHash": "", "cyclesEnabled": False, "viewerMembership": None}
    assert told["team"] == told["team"] | expected
    assert told["organization"]["releaseChannel"] == "beta"


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("issues", " boardOrder ", " bordOrder "),
        ("searchIssues", " boardOrder ", " boardOrders "),
        ("teams", " cyclesEnabled ", " cycleEnabled "),
        ("users", "[UserSortInput!]", "[UsersSortInput!]"),
        ("organization", "releaseChannel", "channel"),
    ],
)
async def test_what_linear_does_not_have_is_refused_among_all_that_it_has(
    desk: Desk, name: str, right: str, wrong: str
) -> None:
    document = sdk_document(name)
    assert right in document
    assert (await desk.refused(document.replace(right, wrong, 1), term="x"))[:2] == (400, "GRAPHQL_VALIDATION_FAILED")


async def test_people_are_sorted_by_their_names(desk: Desk) -> None:
    query = "query q($sort: [UserSortInput!]) { users(sort: $sort) { nodes { name } } }"
    for order, names in (
        ("Ascending", ["Admin", "Agent", "Colleague"]),
        ("Descending", ["Colleague", "Agent", "Admin"]),
    ):
        for by in ("name", "displayName"):
            told = await desk.ask(query, sort=[{by: {"order": order}}])
            assert [user["name"] for user in told["users"]["nodes"]] == names


# -- who may speak -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization",
    ["", "lin_api_wrong", f"Bearer {KEY}", f"bearer {KEY}", f"Token {KEY}", f"Basic {KEY}", "Bearer", f"{KEY} x"],
)
async def test_whoever_does_not_show_a_key_as_asked_is_refused(desk: Desk, authorization: str) -> None:
    answer = await desk.post({"query": "{ viewer { id } }"}, authorization=authorization)
    [error] = answer.json()["errors"]
    assert answer.status_code == 401
    assert error["message"] == "Authentication required, not authenticated"
    assert error["extensions"]["type"] == "authentication error"
    assert error["extensions"]["code"] == "AUTHENTICATION_ERROR"
    assert error["extensions"]["statusCode"] == 401
    assert ("as a Bearer token" in error["extensions"]["userPresentableMessage"]) == ("earer lin" in authorization)


async def test_a_key_in_the_address_is_no_key(desk: Desk) -> None:
    async with desk.client() as client:
        for name in ("key", "api_key", "access_token", "authorization"):
            answer = await client.post(f"/graphql?{name}={KEY}", json={"query": "{ viewer { id } }"})
            assert answer.status_code == 401


async def test_a_key_speaks_for_its_user_until_it_is_revoked(desk: Desk) -> None:
    assert (await desk.ask("{ viewer { email isMe } }"))["viewer"] == {"email": "agent@x.io", "isMe": True}
    desk.linear.revoke(KEY)
    assert (await desk.post({"query": "{ viewer { id } }"})).status_code == 401
    desk.linear.accept("lin_api_new", "agent@x.io")
    desk.key = "lin_api_new"
    assert (await desk.ask("{ viewer { email } }"))["viewer"] == {"email": "agent@x.io"}


async def refresh(desk: Desk, token: str, **changes: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "app", "client_secret": "s"}
    async with desk.client() as client:
        return await client.post("/oauth/token", data={name: v for name, v in (form | changes).items() if v})


async def test_an_oauth_token_lives_its_time_and_is_refreshed_once(desk: Desk) -> None:
    tokens = desk.linear.authorise("app", "s", "agent@x.io", expires_in=60)
    desk.key = f"Bearer {tokens.access_token}"
    assert (await desk.ask("{ viewer { email } }"))["viewer"] == {"email": "agent@x.io"}
    assert (await desk.post({"query": "{ viewer { id } }"}, authorization=tokens.access_token)).status_code == 401
    desk.clock.now += 60
    assert (await desk.post({"query": "{ viewer { id } }"})).status_code == 401

    answer = await refresh(desk, tokens.refresh_token)
    fresh = answer.json()
    assert (answer.status_code, fresh["token_type"], fresh["expires_in"]) == (200, "Bearer", 60)
    desk.key = f"Bearer {fresh['access_token']}"
    await desk.ask("{ viewer { id } }")
    again = await refresh(desk, tokens.refresh_token)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (await refresh(desk, fresh["refresh_token"])).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"refresh_token": "guessed"}, 400, "invalid_grant"),
        ({"refresh_token": ""}, 400, "invalid_request"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
async def test_a_refresh_that_cannot_be_is_refused(
    desk: Desk, changes: dict[str, str], status: int, error: str
) -> None:
    tokens = desk.linear.authorise("app", "s", "agent@x.io")
    answer = await refresh(desk, tokens.refresh_token, **changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert (await refresh(desk, tokens.refresh_token)).status_code == 200


async def test_a_refresh_takes_a_form_and_the_application_may_use_basic_auth(desk: Desk) -> None:
    tokens = desk.linear.authorise("app", "s", "agent@x.io")
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    async with desk.client() as client:
        assert (await client.post("/oauth/token", json=form)).json()["error"] == "invalid_request"
        bad = {"authorization": "Basic !"}
        assert (await client.post("/oauth/token", data=form, headers=bad)).json()["error"] == "invalid_client"
        basic = {"authorization": "Basic " + base64.b64encode(b"app:s").decode()}
        assert (await client.post("/oauth/token", data=form, headers=basic)).status_code == 200


async def test_a_revoked_refresh_token_is_an_invalid_grant(desk: Desk) -> None:
    tokens = desk.linear.authorise("app", "s", "agent@x.io")
    desk.linear.revoke(tokens.refresh_token)
    assert (await refresh(desk, tokens.refresh_token)).json()["error"] == "invalid_grant"


async def test_an_application_acts_under_a_name_of_its_own(desk: Desk) -> None:
    desk.linear.add_user("app@x.io", app=True)
    desk.key = f"Bearer {desk.linear.authorise('app', 's', 'app@x.io').access_token}"
    issue = await desk.create(createAsUser="agent-sre")
    assert issue["creator"] is None
    told = await desk.ask('{ issue(id: "BVL-1") { botActor { name type } } }')
    assert told["issue"]["botActor"] == {"name": "agent-sre", "type": "app"}


# -- how requests are read ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "BAD_REQUEST"),
        (b"{", "BAD_REQUEST"),
        (b"\xff\xfe", "BAD_REQUEST"),
        (b'[{"query": "{ viewer { id } }"}]', "BAD_REQUEST"),
        ({"variables": {}}, "BAD_REQUEST"),
        ({"query": ""}, "BAD_REQUEST"),
        ({"query": 7}, "BAD_REQUEST"),
        ({"query": "{ viewer { id } }", "variables": "{}"}, "BAD_REQUEST"),
        ({"query": "query a { viewer { id } } query b { viewer { id } }"}, "BAD_REQUEST"),
        ({"query": "query a { viewer { id } }", "operationName": "b"}, "BAD_REQUEST"),
        ({"query": "{ viewer { id }"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ viewer { nickname } }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{ viewer { nickname teamMemberships { nodes { id } } } }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{ viewer }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{ issue { id } }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{ issue(key: 1) { id } }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{ issues(first: all) { nodes { id } } }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{ issues(filter: { nme: 1 }) { nodes { id } } }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "mutation { issueCreate(input: { title: 1 }) { success } }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": CREATE, "variables": {"input": {"title": "x"}}}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": CREATE, "variables": {"input": {"teamId": "x", "severity": 1}}}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": CREATE, "variables": {"input": {"teamId": "x", "priority": "1"}}}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": CREATE, "variables": {"input": {"teamId": "x", "priority": 1.5}}}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": CREATE, "variables": {"input": {"teamId": "x", "dueDate": "soon"}}}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": CREATE, "variables": {}}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "subscription { issue { id } }"}, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_what_is_no_request_is_answered_400(desk: Desk, body: Any, code: str) -> None:
    answer = await desk.post(body)
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (400, code)
    assert error["extensions"]["type"] == "graphql error"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"query": '{ issueSearch(query: "disk") { nodes { id } } }'}, "Query.issueSearch"),
        ({"query": "{ viewer { teamMemberships { nodes { id } } } }"}, "User.teamMemberships"),
        (
            {"query": 'mutation { issueReminder(id: "BVL-1", reminderAt: "2030-01-01") { success } }'},
            "Mutation.issueReminder",
        ),
        (
            {"query": '{ issues(filter: { searchableContent: { contains: "x" } }) { nodes { id } } }'},
            "IssueFilter.searchableContent",
        ),
        ({"query": CREATE, "variables": {"input": {"teamId": "x", "slaType": "all"}}}, "IssueCreateInput.slaType"),
        (
            {"query": "mutation($input: ReactionCreateInput!) { reactionCreate(input: $input) { success } }"},
            "Mutation.reactionCreate",
        ),
    ],
)
async def test_what_linear_has_and_the_double_does_not_is_told(desk: Desk, body: dict[str, Any], what: str) -> None:
    answer = await desk.post(body)
    assert answer.status_code == 501
    [error] = answer.json()["errors"]
    assert error["message"] == f"The acceptance suite's double does not cover this: {what}."
    exchange = Journal().record(
        caller="agent-sre",
        callee="linear",
        method="POST",
        url=str(answer.request.url),
        request_body=answer.request.content,
        status=answer.status_code,
        response_body=answer.content,
    )
    told = uncovered([exchange]) or ""
    assert told.startswith(f"The suite's double of linear does not cover {what}, which agent-sre asks for: POST")


async def test_only_who_may_ask_linear_is_told_what_is_missing(desk: Desk) -> None:
    desk.key = "wrong"
    assert (await desk.post({"query": "{ projects { nodes { id } } }"})).status_code == 401


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded"])
async def test_a_body_that_is_not_declared_json_is_refused(desk: Desk, content_type: str) -> None:
    answer = await desk.post({"query": "{ viewer { id } }"}, **{"content-type": content_type})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
async def test_a_body_that_is_declared_json_is_read(desk: Desk, content_type: str) -> None:
    answer = await desk.post({"query": "{ viewer { id } }"}, **{"content-type": content_type})
    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_only_post_is_served(desk: Desk, method: str) -> None:
    async with desk.client() as client:
        answer = await client.request(method, "/graphql?query={viewer{id}}", headers={"authorization": KEY})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert all(name in answer.headers for name in LIMIT_HEADERS)


async def test_of_several_operations_the_one_named_is_done(desk: Desk) -> None:
    query = """mutation open($input: IssueCreateInput!) { issueCreate(input: $input) { success } }
      query who { viewer { email } }"""
    answer = await desk.post({"query": query, "operationName": "who"})
    assert answer.json() == {"data": {"viewer": {"email": "agent@x.io"}}}


async def test_a_nullable_field_that_fails_leaves_the_rest(desk: Desk) -> None:
    """The failing field has no null of its own, so its parent has to be null: GraphQL's own rule."""
    answer = await desk.post({"query": '{ viewer { id } issue(id: "BVL-9") { id } }'})
    told = answer.json()
    assert (answer.status_code, told["data"], told["errors"][0]["path"]) == (200, None, ["issue"])


async def test_a_mistake_of_the_doubles_own_is_not_dressed_up_as_linears(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("steps.world.services.linear.queries.Queries.viewer", broken)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        await desk.post({"query": "{ viewer { id } }"})


# -- how much may be asked ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"query": "{ viewer { id } }"}, 200),
        ({"query": '{ issue(id: "BVL-9") { id } }'}, 200),
        ({"query": "{ nonsense }"}, 400),
        ("{", 400),
    ],
)
async def test_every_answer_tells_the_limits(desk: Desk, request_: Any, status: int) -> None:
    for key, expected, limit in ((KEY, status, "2500"), ("lin_api_wrong", 401, "600")):
        desk.key = key
        answer = await desk.post(request_)
        assert answer.status_code == expected
        assert all(name in answer.headers for name in [*LIMIT_HEADERS, "x-complexity"])
        assert answer.headers["x-ratelimit-requests-limit"] == limit


async def test_requests_are_counted_per_user_and_refilled(desk: Desk) -> None:
    desk.linear.limits(requests=3600)
    answers = [await desk.post({"query": "{ viewer { id } }"}) for _ in range(2)]
    assert [answer.headers["x-ratelimit-requests-remaining"] for answer in answers] == ["3599", "3598"]
    assert answers[1].headers["x-ratelimit-requests-reset"] == str(int((NOON.timestamp() + 2) * 1000))
    desk.clock.now += 1
    assert (await desk.post({"query": "{ viewer { id } }"})).headers["x-ratelimit-requests-remaining"] == "3598"
    desk.linear.accept("lin_api_second", "agent@x.io")
    desk.key = "lin_api_second"
    assert (await desk.post({"query": "{ viewer { id } }"})).headers["x-ratelimit-requests-remaining"] == "3597"
    desk.key = OTHER_KEY
    assert (await desk.post({"query": "{ viewer { id } }"})).headers["x-ratelimit-requests-remaining"] == "3599"


async def test_the_hours_requests_run_out_and_come_back(desk: Desk) -> None:
    desk.linear.limits(requests=2)
    await desk.create()
    await desk.create()
    answer = await desk.post({"query": CREATE, "variables": {"input": {"teamId": desk.ids["BVL"], "title": "x"}}})
    [error] = answer.json()["errors"]
    assert answer.status_code == 400
    assert error["message"] == (
        "Rate limit exceeded. Only 2 requests are allowed per 1 hour and you have made 2 requests in the last hour."
    )
    assert (error["extensions"]["code"], error["extensions"]["type"]) == ("RATELIMITED", "ratelimited")
    assert error["extensions"]["statusCode"] == 429
    assert answer.headers["x-ratelimit-requests-remaining"] == "0"
    desk.clock.now += 1800
    assert len((await desk.ask("{ issues { nodes { id } } }"))["issues"]["nodes"]) == 2


async def test_a_limit_is_reached_until_its_announced_reset(desk: Desk) -> None:
    desk.linear.limit_reached(2.5, KEY)
    for wait in (0, 1, 1.499):
        desk.clock.now += wait
        answer = await desk.post({"query": "{ viewer { id } }"})
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "RATELIMITED")
        assert answer.headers["x-ratelimit-requests-remaining"] == "0"
        assert answer.headers["x-ratelimit-requests-reset"] == str(int((NOON.timestamp() + 2.5) * 1000))
    desk.key = OTHER_KEY
    await desk.ask("{ viewer { id } }")
    desk.key, desk.clock.now = KEY, NOON.timestamp() + 2.5
    answer = await desk.post({"query": "{ viewer { id } }"})
    assert (answer.status_code, answer.headers["x-ratelimit-requests-remaining"]) == (200, "2499")


async def test_the_limit_of_complexity_is_told_by_its_own_headers(desk: Desk) -> None:
    desk.linear.limit_reached(2, KEY, "complexity")
    answer = await desk.post({"query": "{ viewer { id } }"})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "RATELIMITED")
    assert answer.headers["x-ratelimit-complexity-remaining"] == "0"
    assert answer.headers["x-ratelimit-complexity-reset"] == str(int((NOON.timestamp() + 2) * 1000))
    assert answer.headers["x-ratelimit-requests-remaining"] != "0"
    desk.clock.now += 2
    await desk.ask("{ viewer { id } }")


async def test_the_announced_reset_is_never_too_early(desk: Desk) -> None:
    desk.clock.now += 0.0001
    desk.linear.limit_reached(1, KEY)
    answer = await desk.post({"query": "{ viewer { id } }"})
    announced = int(answer.headers["x-ratelimit-requests-reset"]) / 1000
    assert desk.clock.now + 1 <= announced < desk.clock.now + 1.001
    desk.clock.now = announced
    await desk.ask("{ viewer { id } }")


async def test_a_limit_lasts_from_the_first_call_that_meets_it(desk: Desk) -> None:
    desk.linear.limit_reached(2, KEY)
    desk.clock.now += 60
    for wait, status in ((0, 400), (1.9, 400), (0.2, 200)):
        desk.clock.now += wait
        assert (await desk.post({"query": "{ viewer { id } }"})).status_code == status


@pytest.mark.parametrize("what", ["requests", "complexity"])
def test_a_limit_is_not_met_by_an_answer_that_only_tells_what_is_left(what: Limited) -> None:
    counted = Allowance(Bucket(2500), Bucket(250_000))
    counted.take_request(now=100)
    counted.take_points(1, now=100)
    counted.block(what, 2)  # before that call has its answer
    told = dict(counted.headers(100, 1, searches=False))
    assert told[f"x-ratelimit-{what}-remaining"] != "0"
    with pytest.raises(LinearError, match="Rate limit exceeded"):
        counted.take_request(now=200)
        counted.take_points(1, now=200)


async def test_a_limit_that_nobody_has_met_can_be_taken_back(desk: Desk) -> None:
    desk.clock.now += 0.0001
    desk.linear.limit_reached(2, KEY)
    desk.linear.limit_reached(0, KEY)
    await desk.ask("{ viewer { id } }")


async def test_a_limit_without_a_key_is_reached_for_everybody(desk: Desk) -> None:
    desk.linear.limit_reached(1)
    for key in (KEY, OTHER_KEY):
        desk.key = key
        assert (await desk.post({"query": "{ viewer { id } }"})).status_code == 400


@pytest.mark.parametrize(
    ("query", "points"),
    [
        ("{ viewer { name } }", 2),
        ("{ viewer { id name email } }", 2),
        ("{ issues(first: 10) { nodes { id } } }", 12),
        ("{ issues { nodes { id } } }", 56),
        ("query q($n: Int) { issues(first: $n) { nodes { id } } }", 4),
        ("query q { issues(last: 4) { nodes { id } pageInfo { hasNextPage } } }", 10),
        ("{ issues(first: 2) { nodes { id labels(first: 3) { nodes { name } } } } }", 12),
        ("{ issues(first: 2) { ...P } } fragment P on IssueConnection { nodes { ... on Issue { id } } }", 4),
        ("{ __schema { types { name fields { name } } } }", 0),
        ("{ viewer { ...A } } fragment A on Node { ... { id } ... on User { organization { id } } }", 3),
        ("{ issues(first: 5) { nodes { ...S } } } fragment S on Issue { syncedWith { metadata { __typename } } }", 17),
        ("{ issues(first: 5) { nodes { syncedWith { metadata { ...J } } } } } " + JIRA, 18),
    ],
)
async def test_a_query_costs_its_points(desk: Desk, query: str, points: int) -> None:
    desk.linear.limits(complexity=100_000)
    answer = await desk.post({"query": query, "variables": {"n": 2}})
    assert (answer.status_code, answer.headers["x-complexity"]) == (200, str(points))
    assert answer.headers["x-ratelimit-complexity-remaining"] == str(100_000 - points)


async def test_values_are_read_alike_from_literals_and_variables(desk: Desk) -> None:
    literal = f"""mutation {{
      issueCreate(input: {{ teamId: "{desk.ids["BVL"]}", title: "x", dueDate: "2030-02-01" }}) {{ success }}
      attachmentCreate(input: {{ issueId: "BVL-1", url: "https://x.io", title: "x", metadata: {{ n: 1, s: "t" }} }})
        {{ attachment {{ metadata }} }} }}"""
    told = await desk.ask(literal)
    assert told["attachmentCreate"]["attachment"]["metadata"] == {"n": 1, "s": "t"}
    assert (await desk.ask('{ issue(id: "BVL-1") { dueDate } }'))["issue"]["dueDate"] == "2030-02-01"
    found = await desk.ask('{ issues(filter: { createdAt: { gt: "2029" } }) { nodes { id } } }')
    assert len(found["issues"]["nodes"]) == 1
    for bad in ('metadata: "{}"', "metadata: [1]"):
        wrong = literal.replace('metadata: { n: 1, s: "t" }', bad)
        assert wrong != literal
        assert (await desk.refused(wrong))[1] == "GRAPHQL_VALIDATION_FAILED"


async def test_a_query_too_complex_is_refused(desk: Desk) -> None:
    deep = "{{ issues(first: {}) {{ nodes {{ id comments {{ nodes {{ id }} }} }} }} }}"
    answer = await desk.post({"query": deep.format(250)})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"].startswith("Query too complex.")
    assert (await desk.post({"query": deep.format(100)})).status_code == 200


async def test_the_hours_points_run_out(desk: Desk) -> None:
    desk.linear.limits(complexity=3)
    await desk.ask("{ viewer { id } }")
    answer = await desk.post({"query": "{ viewer { id } }"})
    assert "complexity points" in answer.json()["errors"][0]["message"]
    assert answer.headers["x-ratelimit-complexity-remaining"] == "1"


async def test_strangers_are_limited_too(desk: Desk) -> None:
    desk.key = "lin_api_wrong"
    answers = [await desk.post("{}") for _ in range(601)]
    assert {answer.status_code for answer in answers[:600]} == {401}
    assert answers[600].json()["errors"][0]["extensions"]["code"] == "RATELIMITED"
    desk.key = KEY
    await desk.ask("{ viewer { id } }")


async def test_the_rate_limit_status_tells_what_the_headers_tell(desk: Desk) -> None:
    query = "{ rateLimitStatus { kind limits { type allowedAmount remainingAmount period reset } } }"
    answer = await desk.post({"query": query})
    requests, points = answer.json()["data"]["rateLimitStatus"]["limits"]
    assert requests == {
        "type": "requests",
        "allowedAmount": 2500,
        "remainingAmount": int(answer.headers["x-ratelimit-requests-remaining"]),
        "period": 3_600_000,
        "reset": int(answer.headers["x-ratelimit-requests-reset"]),
    }
    assert points["remainingAmount"] == int(answer.headers["x-ratelimit-complexity-remaining"])


# -- what faults are made of -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "status", "type_", "code"),
    [
        (errors.unauthenticated, 401, "authentication error", "AUTHENTICATION_ERROR"),
        (errors.forbidden, 403, "forbidden", "FORBIDDEN"),
        (errors.internal, 500, "internal error", "INTERNAL_SERVER_ERROR"),
        (errors.lock_timeout, 200, "lock timeout", "LOCK_TIMEOUT"),
        (errors.user_error, 200, "user error", "USER_ERROR"),
        (errors.invalid_input, 200, "invalid input", "INPUT_ERROR"),
        (errors.not_found, 200, "invalid input", "INPUT_ERROR"),
        (errors.usage_limit_exceeded, 200, "usage limit exceeded", "USAGE_LIMIT_EXCEEDED"),
        (lambda: errors.rate_limited(NOON.timestamp()), 400, "ratelimited", "RATELIMITED"),
    ],
)
def test_error_answers_look_like_linears(
    build: Callable[[], errors.Answer], status: int, type_: str, code: str
) -> None:
    answer = build()
    told = json.loads(answer.body)
    about = told["errors"][0]["extensions"]
    assert (answer.status, about["type"], about["code"]) == (status, type_, code)
    assert about["userError"] is (code not in ("INTERNAL_SERVER_ERROR", "LOCK_TIMEOUT"))
    assert dict(answer.headers)["content-type"].startswith("application/json")
    assert ("data" in told) == (status == 200)


def test_a_rate_limit_answer_names_its_reset_and_a_bad_gateway_is_no_json() -> None:
    assert dict(errors.rate_limited(1_893_499_200.5).headers) == {
        "content-type": "application/json; charset=utf-8",
        "x-ratelimit-requests-limit": "2500",
        "x-ratelimit-requests-remaining": "0",
        "x-ratelimit-requests-reset": "1893499200500",
    }
    assert (errors.bad_gateway().status, errors.bad_gateway().body[:6]) == (502, b"<html>")


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        ({"query": CREATE}, {"issueCreate"}),
        ({"query": "{ mine: viewer { id } }"}, {"viewer"}),
        (
            {"query": "mutation { a: issueArchive(id: 1) { success } b: issueDelete(id: 1) { success } }"},
            {"issueArchive", "issueDelete"},
        ),
        (
            {
                "query": "query { ...A } fragment A on Query { ...B teams { nodes { id } } } "
                "fragment B on Query { ... on Query { viewer { id } } }"
            },
            {"viewer", "teams"},
        ),
        ({"query": "{ ...A } fragment A on Query { ...A users { nodes { id } } }"}, {"users"}),
        (
            {"query": "query a { viewer { id } } mutation b { issueArchive(id: 1) { success } }", "operationName": "b"},
            {"issueArchive"},
        ),
        ({"query": "query a { viewer { id } } query b { teams { nodes { id } } }"}, set()),
        ({"query": "{ ...Missing }"}, set()),
        ({"query": "{"}, set()),
        ({"query": 7}, set()),
        ({}, set()),
        ([{"query": "{ viewer { id } }"}], set()),
        ("not JSON", set()),
    ],
)
def test_operations_names_what_a_request_asks_for(request_: Any, fields: set[str]) -> None:
    body = request_ if isinstance(request_, str) else json.dumps(request_)
    assert operations(body.encode()) == fields
    assert operations(b"\xff") == frozenset()


@pytest.mark.parametrize(
    ("query", "opens"),
    [
        (CREATE, True),
        ("mutation m($i: IssueBatchCreateInput!) { a: issueBatchCreate(input: $i) { success } }", True),
        ("mutation m($i: CommentCreateInput!) { commentCreate(input: $i) { success } }", False),
        ("mutation issueCreate($i: CommentCreateInput!) { commentCreate(input: $i) { success } }", False),
        ("mutation m($ids: [UUID!]!) { issueBatchUpdate(ids: $ids, input: {}) { success } }", False),
        ("{ viewer { id } }", False),
    ],
)
def test_issues_are_opened_one_by_one_or_several_at_once_and_by_nothing_else(query: str, opens: bool) -> None:
    assert opens_issues(json.dumps({"query": query, "variables": {"note": "issueCreate"}}).encode()) is opens
