"""The Jira double keeps Jira's rules: what it takes, what it refuses, and in which words (CONTRACTS §2)."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import re
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from steps.world.journal import Journal
from steps.world.services.covered import uncovered
from steps.world.services.jira import Jira, errors, query, site
from steps.world.services.jira.catalogue import ISSUE_TYPES, SERVICE, SOFTWARE, Workflow
from steps.world.services.jira.fields import FIELDS

AGENT, TOKEN = "agent-sre@example.com", "ATATT-agent"
READER, READER_TOKEN = "reader@example.com", "ATATT-reader"
API = "https://homelab.atlassian.net/rest/api/3"
Json = dict[str, Any]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_767_225_600.0  # 2026-01-01T00:00:00Z

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jira(clock: Clock) -> Jira:
    jira = Jira(clock=clock)
    jira.limits(burst=100_000)
    for email, token in ((AGENT, TOKEN), (READER, READER_TOKEN)):
        jira.add_user(email)
        jira.accept(token, email)
    return jira


def speaking(jira: Jira, auth: tuple[str, str] | None = (AGENT, TOKEN), url: str = API) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(jira.app), base_url=url, auth=auth)


@pytest.fixture
async def client(jira: Jira) -> AsyncIterator[httpx.AsyncClient]:
    async with speaking(jira) as client:
        yield client


@pytest.fixture
async def reader(jira: Jira) -> AsyncIterator[httpx.AsyncClient]:
    async with speaking(jira, (READER, READER_TOKEN)) as client:
        yield client


def text(*lines: str) -> Json:
    paragraphs = [{"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in lines]
    return {"type": "doc", "version": 1, "content": paragraphs}


def asked(**fields: Any) -> Json:
    asked = {"project": {"key": "HOMELAB"}, "issuetype": {"name": "Task"}, "summary": "Disk is full"}
    return {"fields": {**asked, **fields}}


async def opened(client: httpx.AsyncClient, **fields: Any) -> str:
    answer = await client.post("/issue", json=asked(**fields))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["key"])


async def fields_of(client: httpx.AsyncClient, key: str) -> Json:
    answer = await client.get(f"/issue/{key}")
    assert answer.status_code == 200, answer.text
    fields: Json = answer.json()["fields"]
    return fields


def refused(answer: httpx.Response, status: int, /, *messages: str, **fields: str) -> None:
    assert (answer.status_code, answer.json()) == (status, {"errorMessages": list(messages), "errors": fields})


NO_ISSUE = "Issue does not exist or you do not have permission to see it."
NOT_A_DOCUMENT = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"


# -- opening ----------------------------------------------------------------------------------------------------------


async def test_an_opened_issue_is_told_by_id_key_and_address_alone(client: httpx.AsyncClient) -> None:
    answer = await client.post("/issue", json=asked())
    told = answer.json()
    assert answer.status_code == 201
    assert told == {"id": told["id"], "key": "HOMELAB-1", "self": f"{API}/issue/{told['id']}"}


async def test_issues_are_numbered_per_project(client: httpx.AsyncClient) -> None:
    keys = [await opened(client), await opened(client, project={"key": "OPS"}), await opened(client)]
    assert keys == ["HOMELAB-1", "OPS-1", "HOMELAB-2"]


async def test_an_issue_keeps_all_that_was_given(client: httpx.AsyncClient) -> None:
    myself = (await client.get("/myself")).json()
    key = await opened(
        client,
        summary="  Pod crashes 🔥",
        description=text("severity critical"),
        environment=text("homelab"),
        priority={"name": "Highest"},
        labels=["agent-sre", "critical", "agent-sre"],
        assignee={"accountId": myself["accountId"]},
        duedate="2026-02-03",
    )
    fields = await fields_of(client, key)
    assert fields["summary"] == "Pod crashes 🔥"
    assert fields["description"] == text("severity critical")
    assert fields["environment"] == text("homelab")
    assert fields["priority"]["name"] == "Highest"
    assert fields["labels"] == ["agent-sre", "critical"]
    assert fields["assignee"]["emailAddress"] == AGENT
    assert fields["duedate"] == "2026-02-03"
    assert fields["reporter"]["emailAddress"] == AGENT


async def test_what_was_not_given_has_its_default(client: httpx.AsyncClient) -> None:
    fields = await fields_of(client, await opened(client))
    assert fields["priority"]["name"] == "Medium"
    assert (fields["status"]["name"], fields["status"]["statusCategory"]["key"]) == ("To Do", "new")
    for empty in ("description", "assignee", "resolution", "resolutiondate", "duedate"):
        assert fields[empty] is None
    assert fields["labels"] == fields["issuelinks"] == fields["comment"]["comments"] == []


@pytest.mark.parametrize(
    "named", [{"project": {"id": "10000"}}, {"issuetype": {"id": "10003"}}, {"priority": {"id": "1"}}]
)
async def test_projects_types_and_priorities_are_also_known_by_id(client: httpx.AsyncClient, named: Json) -> None:
    fields = await fields_of(client, await opened(client, **named))
    [(field, wanted)] = named.items()
    assert fields[field]["id"] == wanted["id"]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("project", {"key": "NOPE"}, "Specify a valid project ID or key"),
        ("project", "HOMELAB", "Specify a valid project ID or key"),
        ("project", {"id": 10000}, "Specify a valid project ID or key"),
        ("issuetype", {"name": "task"}, "Specify a valid issue type"),
        ("issuetype", "Task", "data was not an object"),
        ("summary", None, "You must specify a summary of the issue."),
        ("summary", "   ", "You must specify a summary of the issue."),
        ("summary", 7, "Operation value must be a string"),
        ("summary", "two\nlines", "The summary is invalid because it contains newline characters."),
        ("summary", "x" * 256, "Summary can't exceed 255 characters."),
        ("description", "plain text", NOT_A_DOCUMENT),
        ("description", {"type": "paragraph"}, NOT_A_DOCUMENT),
        ("environment", "plain text", NOT_A_DOCUMENT),
        (
            "description",
            text("x" * 32_768),
            "The entered text is too long. It exceeds the allowed limit of 32,767 characters.",
        ),
        ("priority", {"name": "Urgent"}, "Priority name 'Urgent' is not valid"),
        ("priority", {"id": "9"}, "Priority id '9' is not valid"),
        ("priority", "High", "data was not an object"),
        ("priority", None, "Priority is required."),
        ("labels", ["fine", "x y"], "The label 'x y' contains spaces which is invalid."),
        ("labels", ["x\ty"], "The label 'x\ty' contains spaces which is invalid."),
        ("labels", [""], "The label '' is empty which is invalid."),
        ("labels", ["x" * 256], f"The label '{'x' * 256}' exceeds the limit of 255 characters."),
        ("labels", "agent-sre", "data was not an array"),
        ("labels", [7], "string expected at index 0"),
        ("assignee", {"accountId": "nobody"}, "User 'nobody' does not exist."),
        ("assignee", AGENT, "data was not an object"),
        ("assignee", {"emailAddress": AGENT}, "'accountId' must be the only user identifying field."),
        ("duedate", "20260203", "Error parsing date string: 20260203"),
        ("duedate", "2026-02-30", "Error parsing date string: 2026-02-30"),
        ("duedate", 7, "Error parsing date string: 7"),
        ("duedate", "tomorrow", "Error parsing date string: tomorrow"),
        ("status", {"name": "Done"}, "Field 'status' cannot be set. It is not on the appropriate screen, or unknown."),
        (
            "customfield_10010",
            "x",
            "Field 'customfield_10010' cannot be set. It is not on the appropriate screen, or unknown.",
        ),
    ],
)
async def test_a_value_that_cannot_be_is_refused_by_field(
    client: httpx.AsyncClient, field: str, value: Any, reason: str
) -> None:
    refused(await client.post("/issue", json=asked(**{field: value})), 400, **{field: reason})
    refused(await client.get("/issue/HOMELAB-1"), 404, NO_ISSUE)


@pytest.mark.parametrize(
    ("field", "value"), [("summary", "x" * 255), ("labels", ["x" * 255]), ("description", text("x" * 32_767))]
)
async def test_a_value_of_the_greatest_length_is_taken(client: httpx.AsyncClient, field: str, value: Any) -> None:
    assert (await fields_of(client, await opened(client, **{field: value})))[field] == value


async def test_all_fields_at_fault_are_named_at_once(client: httpx.AsyncClient) -> None:
    answer = await client.post("/issue", json={"fields": {"priority": {"name": "Urgent"}}})
    refused(
        answer,
        400,
        priority="Priority name 'Urgent' is not valid",
        project="Specify a valid project ID or key",
        issuetype="Specify an issue type",
        summary="You must specify a summary of the issue.",
    )


async def test_nobody_is_assigned_who_has_left(client: httpx.AsyncClient, jira: Jira) -> None:
    gone = jira.add_user("gone@example.com", active=False).account_id
    answer = await client.post("/issue", json=asked(assignee={"accountId": gone}))
    refused(answer, 400, assignee=f"User '{gone}' cannot be assigned issues.")


async def test_an_issue_can_be_opened_in_progress_and_linked(client: httpx.AsyncClient) -> None:
    first = await opened(client)
    link = {"type": {"name": "Relates"}, "outwardIssue": {"key": first}}
    answer = await client.post(
        "/issue", json={**asked(), "update": {"issuelinks": [{"add": link}]}, "transition": {"id": "21"}}
    )
    assert answer.json()["transition"]["status"] == 204
    fields = await fields_of(client, answer.json()["key"])
    assert fields["status"]["name"] == "In Progress"
    assert [each["outwardIssue"]["key"] for each in fields["issuelinks"]] == [first]


async def test_opening_with_an_unknown_transition_or_strange_properties_opens_nothing(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/issue", json={**asked(), "transition": {"id": "99"}})
    refused(answer, 400, "Transition id '99' is not valid for this issue.")
    assert (await client.post("/issue", json={**asked(), "properties": ["agent-sre"]})).status_code == 400
    refused(await client.get("/issue/HOMELAB-1"), 404, NO_ISSUE)


async def test_an_application_may_keep_something_of_its_own_beside_the_issue(client: httpx.AsyncClient) -> None:
    kept = [{"key": "agent-sre", "value": {"fingerprint": "1"}}]
    assert (await client.post("/issue", json={**asked(), "properties": kept})).status_code == 201


async def test_the_server_tells_what_it_is(client: httpx.AsyncClient) -> None:
    told = (await client.get("/serverInfo")).json()
    assert told["deploymentType"] == "Cloud" and told["baseUrl"].startswith("https://")


async def test_types_of_issues_are_listed_for_the_site_and_for_a_project(client: httpx.AsyncClient) -> None:
    types = (await client.get("/issuetype")).json()
    assert {"id": "10002", "name": "Task", "subtask": False}.items() <= types[2].items()
    project = (await client.get("/project/HOMELAB")).json()["id"]
    assert (await client.get(f"/issuetype/project?projectId={project}")).json() == types
    assert (await client.get("/issuetype/project?projectId=9")).status_code == 404
    refused(await client.get("/issuetype/project"), 400, "The query parameter 'projectId' is required.")


async def test_a_project_tells_the_statuses_of_its_workflow(jira: Jira, client: httpx.AsyncClient) -> None:
    async def done() -> set[str]:
        told = (await client.get("/project/HOMELAB/statuses")).json()
        assert [type_["name"] for type_ in told][2] == "Task"
        return {each["name"] for each in told[2]["statuses"] if each["statusCategory"]["key"] == "done"}

    assert await done() == {"Done"}
    jira.follow(SERVICE)
    assert await done() == {"Released"}
    assert (await client.get("/project/NOPE/statuses")).status_code == 404


async def test_a_caller_is_told_what_he_may_do(
    jira: Jira, client: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    key = await opened(client)
    jira.permit(READER, "HOMELAB", write=False)

    async def may(caller: httpx.AsyncClient, where: str = "") -> list[str]:
        answer = await caller.get(f"/mypermissions?permissions=BROWSE_PROJECTS,CREATE_ISSUES{where}")
        assert answer.status_code == 200, answer.text
        return [name for name, told in answer.json()["permissions"].items() if told["havePermission"]]

    everything = ["BROWSE_PROJECTS", "CREATE_ISSUES"]
    assert await may(client, "&projectKey=HOMELAB") == await may(client, f"&issueKey={key}") == everything
    assert await may(reader, "&projectKey=HOMELAB") == await may(reader, f"&issueKey={key}") == ["BROWSE_PROJECTS"]
    assert await may(reader) == everything  # in another project
    refused(await client.get("/mypermissions"), 400, "The 'permissions' query parameter is required.")


async def test_a_comment_and_what_can_be_edited_are_told(
    jira: Jira, client: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    key = await opened(client)
    made = (await client.post(f"/issue/{key}/comment", json={"body": text("seen")})).json()
    assert (await client.get(f"/issue/{key}/comment/{made['id']}")).json() == made
    refused(await client.get(f"/issue/{key}/comment/9"), 404, "Can not find a comment for the id: 9.")
    told = (await client.get(f"/issue/{key}/editmeta")).json()["fields"]
    assert told["labels"]["operations"] == ["add", "set", "remove"] and "status" not in told
    jira.permit(READER, "HOMELAB", write=False)
    assert (await reader.get(f"/issue/{key}/editmeta")).json() == {"fields": {}}


# -- documents --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        {"type": "doc", "content": []},
        {"type": "doc", "version": 2, "content": []},
        {"type": "doc", "version": True, "content": []},
        {"type": "doc", "version": 1},
        {"type": "doc", "version": 1, "content": [], "title": "x"},
        text(""),
        {"type": "doc", "version": 1, "content": [{"type": "text", "text": "no paragraph"}]},
        {"type": "doc", "version": 1, "content": [{"type": "paragraf"}]},
        {"type": "doc", "version": 1, "content": ["paragraph"]},
        {"type": "doc", "version": 1, "content": [{"type": ["paragraph"]}]},
        {"type": "doc", "version": 1, "content": [{"type": "heading", "content": []}]},
        {"type": "doc", "version": 1, "content": [{"type": "heading", "attrs": {"level": 7}}]},
        {"type": "doc", "version": 1, "content": [{"type": "bulletList", "content": []}]},
        {"type": "doc", "version": 1, "content": [{"type": "listItem", "content": [{"type": "paragraph"}]}]},
    ],
)
async def test_a_document_that_is_no_valid_adf_is_refused(client: httpx.AsyncClient, document: Json) -> None:
    refused(await client.post("/issue", json=asked(description=document)), 400, "INVALID_INPUT")
    key = await opened(client)
    refused(await client.post(f"/issue/{key}/comment", json={"body": document}), 400, "INVALID_INPUT")
    refused(await client.put(f"/issue/{key}", json={"fields": {"description": document}}), 400, "INVALID_INPUT")


async def test_a_document_nested_too_deeply_is_refused_and_jira_goes_on(client: httpx.AsyncClient) -> None:
    block: Json = {"type": "paragraph"}
    for _ in range(120):
        block = {"type": "bulletList", "content": [{"type": "listItem", "content": [block]}]}
    document = {"type": "doc", "version": 1, "content": [block]}
    refused(await client.post("/issue", json=asked(description=document)), 400, "INVALID_INPUT")
    await opened(client)


# -- reading ----------------------------------------------------------------------------------------------------------


async def test_an_issue_is_read_by_id_and_by_key_whatever_its_case(client: httpx.AsyncClient) -> None:
    key = await opened(client)
    whole = (await client.get(f"/issue/{key}")).json()
    assert (await client.get("/issue/homelab-1")).json() == whole
    assert (await client.get(f"/issue/{whole['id']}")).json() == whole


@pytest.mark.parametrize("ref", ["HOMELAB-99", "99999", "NOPE-1", "x", "9" * 5000])
async def test_an_issue_that_is_not_there_is_not_found(client: httpx.AsyncClient, ref: str) -> None:
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/transitions"),
        ("GET", "/comment"),
        ("GET", "/remotelink"),
    ):
        refused(await client.request(method, f"/issue/{ref}{path}"), 404, NO_ISSUE)
    for method, path in (
        ("PUT", ""),
        ("POST", "/transitions"),
        ("POST", "/comment"),
        ("PUT", "/assignee"),
        ("POST", "/remotelink"),
    ):
        refused(await client.request(method, f"/issue/{ref}{path}", json={}), 404, NO_ISSUE)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"fields": "summary,labels"}, {"summary", "labels"}),
        ({"fields": ["summary", "labels"]}, {"summary", "labels"}),
        ({"fields": "summary,unheard"}, {"summary"}),
        ({"fields": "unheard"}, set()),
    ],
)
async def test_only_the_wanted_fields_are_told(client: httpx.AsyncClient, wanted: Json, told: set[str]) -> None:
    key = await opened(client)
    assert (await client.get(f"/issue/{key}", params=wanted)).json()["fields"].keys() == told


async def test_fields_can_be_left_out(client: httpx.AsyncClient) -> None:
    key = await opened(client)
    everything = await fields_of(client, key)
    less = (await client.get(f"/issue/{key}", params={"fields": "-description,-comment"})).json()["fields"]
    assert everything.keys() - less.keys() == {"description", "comment"}


async def test_the_history_tells_what_was_changed(client: httpx.AsyncClient) -> None:
    key = await opened(client)
    assert "changelog" not in (await client.get(f"/issue/{key}")).json()
    await client.put(f"/issue/{key}", json={"fields": {"priority": {"name": "High"}, "summary": "Disk is full"}})
    await client.post(f"/issue/{key}/transitions", json={"transition": {"id": "31"}})
    told = (await client.get(f"/issue/{key}", params={"expand": "changelog"})).json()["changelog"]["histories"]
    changes = [(item["field"], item.get("fromString"), item["toString"]) for each in told for item in each["items"]]
    assert changes == [("status", "To Do", "Done"), ("resolution", None, "Done"), ("priority", "Medium", "High")]


# -- editing ----------------------------------------------------------------------------------------------------------


async def test_an_edit_answers_nothing_or_on_request_the_issue(client: httpx.AsyncClient) -> None:
    key = await opened(client)
    silent = await client.put(f"/issue/{key}", json={"fields": {"summary": "one"}})
    told = await client.put(f"/issue/{key}?returnIssue=true", json={"fields": {"summary": "two"}})
    assert (silent.status_code, silent.content) == (204, b"")
    assert (told.status_code, told.json()["fields"]["summary"]) == (200, "two")


@pytest.mark.parametrize(
    ("operations", "labels"),
    [
        ([{"add": "c"}], ["a", "b", "c"]),
        ([{"add": "a"}], ["a", "b"]),
        ([{"remove": "a"}, {"remove": "x"}], ["b"]),
        ([{"set": ["x"]}, {"add": "y"}], ["x", "y"]),
        ([{"set": []}], []),
    ],
)
async def test_labels_are_added_removed_and_set(
    client: httpx.AsyncClient, operations: list[Json], labels: list[str]
) -> None:
    key = await opened(client, labels=["a", "b"])
    answer = await client.put(f"/issue/{key}", json={"update": {"labels": operations}})
    assert answer.status_code == 204
    assert (await fields_of(client, key))["labels"] == labels


async def test_an_edit_comments_links_and_clears(client: httpx.AsyncClient) -> None:
    other, key = await opened(client), await opened(client, description=text("old"))
    link = {"type": {"name": "Blocks"}, "inwardIssue": {"key": other}}
    update = {"comment": [{"add": {"body": text("seen")}}], "issuelinks": [{"add": link}]}
    answer = await client.put(f"/issue/{key}", json={"fields": {"description": None}, "update": update})
    assert answer.status_code == 204
    fields = await fields_of(client, key)
    assert fields["description"] is None
    assert [each["body"] for each in fields["comment"]["comments"]] == [text("seen")]
    assert [each["inwardIssue"]["key"] for each in fields["issuelinks"]] == [other]


NOT_STATUS = {"status": "Field 'status' cannot be set. It is not on the appropriate screen, or unknown."}


@pytest.mark.parametrize(
    ("edit", "reasons"),
    [
        ({"fields": {"status": {"name": "Done"}}}, NOT_STATUS),
        ({"update": {"status": [{"set": {"name": "Done"}}]}}, NOT_STATUS),
        ({"fields": {"summary": "fine", "status": {"id": "10002"}}}, NOT_STATUS),
        (
            {"fields": {"project": {"key": "OPS"}}},
            {"project": "Field 'project' cannot be set. It is not on the appropriate screen, or unknown."},
        ),
        (
            {"update": {"labels": [{"add": "x y"}]}},
            {"labels": "The label 'x y' contains spaces which is invalid."},
        ),
        (
            {"update": {"summary": [{"add": "x"}]}},
            {
                "summary": "Field with id 'summary' and name 'Summary' does not support operation 'add' "
                "Supported operation(s) are: 'set'"
            },
        ),
        (
            {"fields": {"comment": text("x")}},
            {
                "comment": "Field with id 'comment' and name 'Comment' does not support operation 'set' "
                "Supported operation(s) are: 'add'"
            },
        ),
        (
            {"fields": {"labels": ["a"]}, "update": {"labels": [{"add": "b"}]}},
            {"labels": "Field 'labels' cannot be both in 'fields' and in 'update'."},
        ),
        ({"update": {"comment": [{"add": {"body": "plain"}}]}}, {"comment": "Comment body is not valid!"}),
        (
            {"update": {"issuelinks": [{"add": {"type": {"name": "Knows"}, "outwardIssue": {"key": "HOMELAB-1"}}}]}},
            {"issuelinks": "No issue link type with name 'Knows' found."},
        ),
        (
            {"update": {"issuelinks": [{"add": {"type": {"name": "Relates"}, "outwardIssue": {"key": "HOMELAB-9"}}}]}},
            {"issuelinks": NO_ISSUE},
        ),
        (
            {"update": {"issuelinks": [{"add": {"type": {"name": "Relates"}}}]}},
            {"issuelinks": "data was not an object with either 'inwardIssue' or 'outwardIssue'"},
        ),
    ],
)
async def test_an_edit_at_fault_changes_nothing(client: httpx.AsyncClient, edit: Json, reasons: dict[str, str]) -> None:
    key = await opened(client)
    before = await fields_of(client, key)
    refused(await client.put(f"/issue/{key}", json=edit), 400, **reasons)
    assert await fields_of(client, key) == before


async def test_an_edit_of_nothing_is_refused(client: httpx.AsyncClient) -> None:
    key = await opened(client)
    refused(await client.put(f"/issue/{key}", json={}), 400, "one of 'fields' or 'update' required")
    wrongs: list[Json] = [
        {"fields": []},
        {"fields": ["x"]},
        {"update": {"labels": {"add": "x"}}},
        {"update": {"labels": ["x"]}},
    ]
    for wrong in wrongs:
        answer = await client.put(f"/issue/{key}", json=wrong)
        assert answer.status_code == 400, wrong


async def test_an_issue_is_assigned_and_unassigned(client: httpx.AsyncClient) -> None:
    key = await opened(client)
    me = (await client.get("/myself")).json()["accountId"]
    for wanted, assigned in ((me, me), (None, None), (me, me), ("-1", None)):
        answer = await client.put(f"/issue/{key}/assignee", json={"accountId": wanted})
        assert (answer.status_code, answer.content) == (204, b"")
        assignee = (await fields_of(client, key))["assignee"]
        assert (assignee and assignee["accountId"]) == assigned


@pytest.mark.parametrize("body", [{}, {"name": "ada"}, {"accountId": "x", "name": "ada"}, {"emailAddress": AGENT}])
async def test_only_an_account_id_says_who_is_assigned(client: httpx.AsyncClient, body: Json) -> None:
    answer = await client.put(f"/issue/{await opened(client)}/assignee", json=body)
    refused(answer, 400, "'accountId' must be the only user identifying field.")


async def test_nobody_is_assigned_who_is_not_there(client: httpx.AsyncClient) -> None:
    answer = await client.put(f"/issue/{await opened(client)}/assignee", json={"accountId": "nobody"})
    refused(answer, 400, assignee="User 'nobody' does not exist.")


async def test_a_deleted_issue_is_gone_with_its_links(client: httpx.AsyncClient) -> None:
    first, second = await opened(client), await opened(client)
    link = {"type": {"name": "Relates"}, "inwardIssue": {"key": first}, "outwardIssue": {"key": second}}
    await client.post("/issueLink", json=link)
    answer = await client.delete(f"/issue/{first}")
    assert (answer.status_code, answer.content) == (204, b"")
    refused(await client.get(f"/issue/{first}"), 404, NO_ISSUE)
    assert (await fields_of(client, second))["issuelinks"] == []
    assert await opened(client) == "HOMELAB-3"


# -- transitions ------------------------------------------------------------------------------------------------------


async def test_transitions_lead_to_every_status_category(client: httpx.AsyncClient) -> None:
    told = (await client.get(f"/issue/{await opened(client)}/transitions")).json()["transitions"]
    ways = {each["to"]["statusCategory"]["key"]: each["id"] for each in told}
    assert ways.keys() == {"new", "indeterminate", "done"}
    assert not any("fields" in each for each in told)


async def test_a_workflow_of_its_own_has_other_ways_to_other_statuses(jira: Jira, client: httpx.AsyncClient) -> None:
    key = await opened(client)
    jira.follow(SERVICE)
    ways = {each["id"]: each["to"] for each in (await client.get(f"/issue/{key}/transitions")).json()["transitions"]}
    assert [to["name"] for to in ways.values()] == ["To Do", "In Progress", "Released"]
    assert [to["statusCategory"]["key"] for to in ways.values()] == ["new", "indeterminate", "done"]
    answer = await client.post(f"/issue/{key}/transitions", json={"transition": {"id": "31"}})
    refused(answer, 400, "Transition id '31' is not valid for this issue.")
    assert (await client.post(f"/issue/{key}/transitions", json={"transition": {"id": "761"}})).status_code == 204
    assert (await fields_of(client, key))["status"]["name"] == "Released"
    assert await found(client, "project = HOMELAB AND status = Released") == [key.partition("-")[2]]


@pytest.mark.parametrize(("workflow", "guessed"), [(SOFTWARE, ["Done"]), (SERVICE, [])])
def test_the_other_workflow_calls_finished_work_what_nobody_guesses(workflow: Workflow, guessed: list[str]) -> None:
    names = {name for way in workflow for name in (way.name, way.to.name)}
    assert [name for name in names if re.search("done|clos|resolv|complet|finish", name, re.I)] == guessed


async def test_a_transition_can_be_asked_for_with_its_screen(client: httpx.AsyncClient) -> None:
    path = f"/issue/{await opened(client)}/transitions"
    told = (await client.get(path, params={"transitionId": "31", "expand": "transitions.fields"})).json()["transitions"]
    assert [(each["id"], each["fields"].keys()) for each in told] == [("31", {"comment", "resolution"})]
    assert (await client.get(path, params={"transitionId": "99"})).json()["transitions"] == []


async def test_an_issue_can_be_read_with_the_transitions_that_are_open_to_it(client: httpx.AsyncClient) -> None:
    key = await opened(client)
    ways = (await client.get(f"/issue/{key}/transitions")).json()["transitions"]
    assert "transitions" not in (await client.get(f"/issue/{key}")).json()
    assert (await client.get(f"/issue/{key}", params={"expand": "transitions"})).json()["transitions"] == ways
    query = {"jql": f"key = {key}", "expand": "transitions"}
    (found,) = (await client.post("/search/jql", json=query)).json()["issues"]
    assert found == {"id": found["id"], "transitions": ways}
    (found,) = (await client.get("/search/jql", params={**query, "fields": "status"})).json()["issues"]
    assert (found["fields"].keys(), found["transitions"]) == ({"status"}, ways)


async def test_a_done_issue_has_a_resolution_and_a_reopened_one_has_none(
    client: httpx.AsyncClient, clock: Clock
) -> None:
    key = await opened(client)
    clock.now += 60
    answer = await client.post(f"/issue/{key}/transitions", json={"transition": {"id": "31"}})
    assert (answer.status_code, answer.content) == (204, b"")
    fields = await fields_of(client, key)
    assert (fields["status"]["statusCategory"]["key"], fields["resolution"]["name"]) == ("done", "Done")
    assert fields["resolutiondate"] == fields["statuscategorychangedate"] == "2026-01-01T00:01:00.000+0000"
    await client.post(f"/issue/{key}/transitions", json={"transition": {"id": "11"}})
    fields = await fields_of(client, key)
    assert fields["status"]["statusCategory"]["key"] == "new"
    assert fields["resolution"] is fields["resolutiondate"] is None


async def test_a_transition_takes_a_resolution_and_a_comment(client: httpx.AsyncClient) -> None:
    key = await opened(client)
    body = {
        "transition": {"id": 31},
        "fields": {"resolution": {"name": "Duplicate"}},
        "update": {"comment": [{"add": {"body": text("resolved")}}]},
    }
    assert (await client.post(f"/issue/{key}/transitions", json=body)).status_code == 204
    fields = await fields_of(client, key)
    assert fields["resolution"]["name"] == "Duplicate"
    assert [each["body"] for each in fields["comment"]["comments"]] == [text("resolved")]


@pytest.mark.parametrize(
    ("body", "messages", "reasons"),
    [
        ({}, ["Missing 'transition' identifier"], {}),
        ({"transition": "31"}, ["Missing 'transition' identifier"], {}),
        ({"transition": {"name": "Done"}}, ["Missing 'transition' identifier"], {}),
        ({"transition": {"id": "Done"}}, ["'transition' identifier must be an integer"], {}),
        ({"transition": {"id": "99"}}, ["Transition id '99' is not valid for this issue."], {}),
        (
            {"transition": {"id": "21"}, "fields": {"resolution": {"name": "Done"}}},
            [],
            {"resolution": "Field 'resolution' cannot be set. It is not on the appropriate screen, or unknown."},
        ),
        (
            {"transition": {"id": "31"}, "fields": {"resolution": {"name": "Fixed"}}},
            [],
            {"resolution": "Resolution name 'Fixed' is not valid"},
        ),
        (
            {"transition": {"id": "31"}, "update": {"comment": [{"add": {"body": "plain"}}]}},
            [],
            {"comment": "Comment body is not valid!"},
        ),
        ({"transition": {"id": "31"}, "update": {"comment": [{"add": {"body": text("")}}]}}, ["INVALID_INPUT"], {}),
    ],
)
async def test_a_transition_at_fault_moves_nothing(
    client: httpx.AsyncClient, body: Json, messages: list[str], reasons: dict[str, str]
) -> None:
    key = await opened(client)
    refused(await client.post(f"/issue/{key}/transitions", json=body), 400, *messages, **reasons)
    assert (await fields_of(client, key))["status"]["name"] == "To Do"


# -- comments ---------------------------------------------------------------------------------------------------------


async def test_a_comment_is_told_whole(client: httpx.AsyncClient) -> None:
    key = await opened(client)
    answer = await client.post(f"/issue/{key}/comment", json={"body": text("looking")})
    assert (answer.status_code, answer.json()["body"]) == (201, text("looking"))
    assert answer.json()["author"]["emailAddress"] == AGENT
    assert (await fields_of(client, key))["comment"]["comments"] == [answer.json()]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"body": "plain"}, "Comment body is not valid!"),
        ({}, "Comment body is not valid!"),
        ({"body": {"type": "paragraph"}}, NOT_A_DOCUMENT),
        ({"body": {"type": "doc", "version": 1, "content": []}}, "Comment body can not be empty!"),
        (
            {"body": text("x" * 32_768)},
            "The entered text is too long. It exceeds the allowed limit of 32,767 characters.",
        ),
    ],
)
async def test_a_comment_at_fault_is_refused(client: httpx.AsyncClient, body: Json, reason: str) -> None:
    key = await opened(client)
    refused(await client.post(f"/issue/{key}/comment", json=body), 400, comment=reason)
    assert (await client.get(f"/issue/{key}/comment")).json()["total"] == 0


async def test_a_comment_can_be_edited_and_says_when(client: httpx.AsyncClient, clock: Clock) -> None:
    key = await opened(client)
    made = (await client.post(f"/issue/{key}/comment", json={"body": text("started")})).json()
    address = f"/issue/{key}/comment/{made['id']}"
    clock.now += 5
    answer = await client.put(address, json={"body": text("done")})
    assert (answer.status_code, answer.json()["body"]) == (200, text("done"))
    assert answer.json()["created"] == made["created"] == made["updated"] < answer.json()["updated"]
    assert (await fields_of(client, key))["comment"]["comments"] == [answer.json()]
    refused(await client.put(address, json={"body": "plain"}), 400, comment="Comment body is not valid!")
    missing = await client.put(f"/issue/{key}/comment/9", json={"body": text("done")})
    refused(missing, 404, "Can not find a comment for the id: 9.")
    assert (await fields_of(client, key))["comment"]["comments"] == [answer.json()]


async def test_comments_come_in_pages_and_in_order(client: httpx.AsyncClient) -> None:
    key = await opened(client)
    for number in range(3):
        await client.post(f"/issue/{key}/comment", json={"body": text(str(number))})

    async def told(**params: Any) -> list[Json]:
        page = (await client.get(f"/issue/{key}/comment", params=params)).json()
        assert page["total"] == 3
        return [each["body"] for each in page["comments"]]

    assert await told() == [text("0"), text("1"), text("2")]
    assert await told(orderBy="-created") == [text("2"), text("1"), text("0")]
    assert await told(startAt=1, maxResults=1) == [text("1")]
    assert (await client.get(f"/issue/{key}/comment", params={"orderBy": "author"})).status_code == 400
    assert (await client.get(f"/issue/{key}/comment", params={"startAt": "-1"})).status_code == 400


async def test_an_issue_that_holds_all_it_can_takes_no_more(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for most in ("MOST_COMMENTS", "MOST_LINKS", "MOST_REMOTE_LINKS"):
        monkeypatch.setattr(site, most, 1)
    key, second, third = await opened(client), await opened(client), await opened(client)

    def link(other: str) -> Json:
        return {"type": {"name": "Relates"}, "inwardIssue": {"key": key}, "outwardIssue": {"key": other}}

    def remote(name: str) -> Json:
        return {"globalId": name, "object": {"title": "x", "url": "https://example.com"}}

    for path, fits, same, more in (
        (f"/issue/{key}/comment", {"body": text("1")}, None, {"body": text("2")}),
        ("/issueLink", link(second), link(second), link(third)),
        (f"/issue/{key}/remotelink", remote("a"), remote("a"), remote("b")),
    ):
        assert (await client.post(path, json=fits)).status_code == 201
        assert same is None or (await client.post(path, json=same)).status_code in (200, 201)
        assert (await client.post(path, json=more)).status_code == 413


# -- links ------------------------------------------------------------------------------------------------------------


async def test_a_link_is_seen_from_both_ends_and_made_once(client: httpx.AsyncClient) -> None:
    first, second = await opened(client), await opened(client)
    link = {"type": {"name": "Blocks"}, "inwardIssue": {"key": first}, "outwardIssue": {"key": second}}
    for _ in range(2):
        answer = await client.post("/issueLink", json=link)
        assert (answer.status_code, answer.content) == (201, b"")
    [seen] = (await fields_of(client, first))["issuelinks"]
    assert (seen["type"]["outward"], seen["outwardIssue"]["key"]) == ("blocks", second)
    [seen] = (await fields_of(client, second))["issuelinks"]
    assert (seen["type"]["inward"], seen["inwardIssue"]["key"]) == ("is blocked by", first)


async def test_a_link_can_bring_a_comment_or_is_not_made(client: httpx.AsyncClient) -> None:
    first, second = await opened(client), await opened(client)
    link = {"type": {"id": "10003"}, "inwardIssue": {"key": first}, "outwardIssue": {"key": second}}
    refused(
        await client.post("/issueLink", json={**link, "comment": {"body": "plain"}}),
        400,
        comment="Comment body is not valid!",
    )
    assert (await fields_of(client, first))["issuelinks"] == []
    assert (await client.post("/issueLink", json={**link, "comment": {"body": text("same")}})).status_code == 201
    assert (await fields_of(client, first))["comment"]["total"] == 1


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"type": {"name": "Knows"}}, 404, "No issue link type with name 'Knows' found."),
        ({"type": "Relates"}, 400, "Invalid request payload. Refer to the REST API documentation and try again."),
        ({"inwardIssue": {"key": "HOMELAB-9"}}, 404, NO_ISSUE),
        ({"outwardIssue": {}}, 404, NO_ISSUE),
        ({"outwardIssue": {"key": "HOMELAB-1"}}, 400, "You cannot link an issue to itself."),
    ],
)
async def test_a_link_at_fault_is_refused(client: httpx.AsyncClient, change: Json, status: int, message: str) -> None:
    first, second = await opened(client), await opened(client)
    link = {"type": {"name": "Relates"}, "inwardIssue": {"key": first}, "outwardIssue": {"key": second}}
    refused(await client.post("/issueLink", json={**link, **change}), status, message)
    assert (await fields_of(client, second))["issuelinks"] == []


async def test_a_remote_link_with_a_known_global_id_is_updated(client: httpx.AsyncClient) -> None:
    key = await opened(client)

    def link(title: str, **more: Any) -> Json:
        return {"object": {"title": title, "url": "https://grafana.example.com/d/slo"}, **more}

    path = f"/issue/{key}/remotelink"
    answers = [
        await client.post(path, json=each)
        for each in (link("one", globalId="slo"), link("two", globalId="slo"), link("three"), link("four"))
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 201, 201]
    assert answers[0].json() == answers[1].json()
    assert [each["object"]["title"] for each in (await client.get(path)).json()] == ["two", "three", "four"]
    assert (await client.get(path, params={"globalId": "slo"})).json()["object"]["title"] == "two"
    assert (await client.get(path, params={"globalId": "x"})).status_code == 404


async def test_a_remote_link_is_removed_by_its_global_id(client: httpx.AsyncClient) -> None:
    path = f"/issue/{await opened(client)}/remotelink"
    await client.post(path, json={"globalId": "slo", "object": {"title": "SLO", "url": "https://example.com"}})
    assert (await client.delete(path)).status_code == 400
    answers = [await client.delete(path, params={"globalId": "slo"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 404]
    assert (await client.get(path)).json() == []


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        ({}, {"object": "'object' is required."}),
        ({"object": {}}, {"title": "'title' is required.", "url": "'url' is required."}),
        ({"object": {"title": "x", "url": ""}}, {"url": "'url' is required."}),
        ({"object": {"title": 7, "url": "https://example.com"}}, {"title": "'title' must be a string."}),
        ({"object": {"title": "x", "url": "grafana"}}, {"url": "'grafana' is not a valid URL."}),
        ({"object": {"title": "x", "url": "http://["}}, {"url": "'http://[' is not a valid URL."}),
        (
            {"object": {"title": "x", "url": "https://example.com"}, "globalId": "x" * 256},
            {"globalId": "'globalId' exceeds the limit of 255 characters."},
        ),
    ],
)
async def test_a_remote_link_at_fault_is_refused(
    client: httpx.AsyncClient, body: Json, reasons: dict[str, str]
) -> None:
    path = f"/issue/{await opened(client)}/remotelink"
    refused(await client.post(path, json=body), 400, **reasons)
    assert (await client.get(path)).json() == []


# -- search -----------------------------------------------------------------------------------------------------------


async def found(client: httpx.AsyncClient, jql: str) -> list[str]:
    answer = await client.get("/search/jql", params={"jql": jql, "fields": "key"})
    assert answer.status_code == 200, answer.text
    return [issue["key"].removeprefix("HOMELAB-") for issue in answer.json()["issues"]]


@pytest.fixture
async def shelf(client: httpx.AsyncClient, clock: Clock) -> httpx.AsyncClient:
    """Four issues of HOMELAB, an hour apart, and one of OPS."""
    me = (await client.get("/myself")).json()["accountId"]
    await opened(
        client, summary="PodCrashLooping_v3f9a in ai", labels=["agent-sre", "Critical"], priority={"name": "Highest"}
    )
    clock.now += 3600
    await opened(client, summary="Disk is full", description=text("node-1 has no room", "PodCrashLooping_v3f9a too"))
    clock.now += 3600
    await opened(client, summary="Quota", labels=["agent-sre"], assignee={"accountId": me}, issuetype={"name": "Bug"})
    await client.post("/issue/HOMELAB-3/comment", json={"body": text("correlation id 77ab")})
    clock.now += 3600
    await opened(client, summary='The "quota" of disk', labels=["warning"])
    await client.post("/issue/HOMELAB-4/transitions", json={"transition": {"id": "31"}})
    await opened(client, project={"key": "OPS"}, summary="Elsewhere", labels=["agent-sre"])
    return client


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("project = HOMELAB", "4321"),
        ("PROJECT = homelab ORDER BY key", "1234"),
        ("project = Homelab order by created ASC, key DESC", "1234"),
        ("project != OPS", "4321"),
        ("project in (OPS, HOMELAB) AND project not in (OPS)", "4321"),
        ("key = HOMELAB-2", "2"),
        ("issuekey in (HOMELAB-2, HOMELAB-3) ORDER BY key ASC", "23"),
        ("key != HOMELAB-2 AND project = HOMELAB", "431"),
        ('status = "To Do" AND project = HOMELAB', "321"),
        ("status = Done", "4"),
        ("status in (Done, 'In Progress')", "4"),
        ("project = HOMELAB AND statusCategory != Done", "321"),
        ("statusCategory = done", "4"),
        ("project = HOMELAB AND resolution IS EMPTY", "321"),
        ("project = HOMELAB AND resolution = Unresolved", "321"),
        ("project = HOMELAB AND resolution != Unresolved", "4"),
        ("resolution = Done", "4"),
        ("project = HOMELAB AND labels = agent-sre", "31"),
        ("project = HOMELAB AND labels = critical", "1"),
        ("project = HOMELAB AND labels in (warning, critical)", "41"),
        ("project = HOMELAB AND labels != agent-sre", "4"),
        ("project = HOMELAB AND NOT labels = agent-sre", "42"),
        ("project = HOMELAB AND labels is EMPTY", "2"),
        ("project = HOMELAB AND labels is not null", "431"),
        ("labels = unheard-of", ""),
        ("assignee = currentUser()", "3"),
        (f'assignee = "{AGENT}"', "3"),
        ("project = HOMELAB AND assignee is EMPTY", "421"),
        ("project = HOMELAB AND reporter = currentUser()", "4321"),
        ("issuetype = Bug", "3"),
        ("priority = Highest", "1"),
        ("summary ~ PodCrashLooping_v3f9a", "1"),
        ("summary ~ podcrashlooping_V3F9A", "1"),
        ("summary ~ PodCrashLooping", ""),
        ('summary ~ "PodCrash*"', "1"),
        ('summary ~ "PodCrashLooping_v3f?a ai"', "1"),
        ("summary ~ 'disk quota'", "4"),
        (f"summary ~ 'd{'*' * 200}x'", ""),
        (r'summary ~ "\"quota of disk\""', "4"),
        (r'summary ~ "\"disk quota\""', ""),
        (r'summary ~ "\\[PodCrashLooping_v3f9a\\]"', "1"),
        ("project = HOMELAB AND summary !~ quota", "21"),
        ("description ~ PodCrashLooping_v3f9a", "2"),
        ("description is EMPTY AND project = HOMELAB", "431"),
        ("text ~ PodCrashLooping_v3f9a", "21"),
        ("text ~ 77ab", "3"),
        ("comment ~ 'correlation 77ab'", "3"),
        ("project = HOMELAB AND created >= -90m", "43"),
        ("project = HOMELAB AND created < '-90m'", "21"),
        ("project = HOMELAB AND created >= '2026-01-01 02:00'", "43"),
        ("project = HOMELAB AND created < '2026/01/01 02:00'", "21"),
        ("project = HOMELAB AND createdDate >= 2026-01-01", "4321"),
        ("project = HOMELAB AND created > '-1h 30m' AND created <= now()", "43"),
        ("project = HOMELAB AND updated >= -1m", "4"),
        ("resolved >= startOfDay()", "4"),
        ("project = HOMELAB AND (labels = warning OR labels = critical AND priority = Low)", "4"),
        ("project = HOMELAB && (labels = warning || labels = critical)", "41"),
        ("project = HOMELAB AND !(labels = warning)", "321"),
        ("project = HOMELAB ORDER BY priority DESC, key ASC", "1234"),
        ("project = HOMELAB ORDER BY summary", "2134"),
    ],
)
async def test_a_query_finds(shelf: httpx.AsyncClient, jql: str, keys: str) -> None:
    assert "".join(await found(shelf, jql)) == keys


@pytest.mark.parametrize(
    ("jql", "message"),
    [
        ("", "Unbounded JQL queries are not allowed here."),
        ("ORDER BY created DESC", "Unbounded JQL queries are not allowed here."),
        ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'."),
        ("status = ''", "The value '' does not exist for the field 'status'."),
        ("status = Open", "The value 'Open' does not exist for the field 'status'."),
        ("priority = Urgent", "The value 'Urgent' does not exist for the field 'priority'."),
        ("key = HOMELAB-99", "An issue with key 'HOMELAB-99' does not exist for field 'key'."),
        ("assignee = nobody", "The value 'nobody' does not exist for the field 'user'."),
        ("fingerprint = x", "Field 'fingerprint' does not exist or you do not have permission to view it."),
        ("project = HOMELAB ORDER BY fingerprint", "Field 'fingerprint' does not exist"),
        ("project = HOMELAB ORDER BY labels", "Not able to sort using field 'labels'."),
        ("summary = 'Disk is full'", "The operator '=' is not supported by the 'summary' field."),
        ("labels ~ agent", "The operator '~' is not supported by the 'labels' field."),
        ("status WAS Done", "The operator 'was' is not supported by the 'status' field."),
        ("status WAS NOT IN (Done)", "The operator 'was not in' is not supported by the 'status' field."),
        ("labels is warning", "The operator 'is' only supports the values EMPTY and NULL."),
        ("created > EMPTY", "The operator '>' does not support searching for empty values."),
        ("created > yesterday", "Date value 'yesterday' for field 'created' is invalid."),
        (
            "created > currentUser()",
            "A value provided by the function 'currentUser' is invalid for the field 'created'.",
        ),
        ("created > -999999999999w", "Date value '-999999999999w' for field 'created' is invalid."),
        (f"{'(' * 5000}key = HOMELAB-1", "The JQL query is nested too deeply."),
        ("labels = now()", "A value provided by the function 'now' is invalid for the field 'labels'."),
        ("created > endOfTime()", "Unable to find JQL function 'endOfTime()'."),
        ("summary ~ '*crash'", "The text '*crash' for field 'summary' is not allowed to start with character '*'."),
        ("summary ~ 'disk ?full'", "The text '?full' for field 'summary' is not allowed to start with character '?'."),
        (r"summary ~ '\"\"'", "The text '\"\"' for field 'summary' cannot be searched: it has no words."),
        ("summary ~ '[]'", "The text '[]' for field 'summary' cannot be searched: it has no words."),
        ("project HOMELAB", "Error in the JQL Query: Expecting operator, one of"),
        ("project =", "Error in the JQL Query: Expecting a value, list or function before the end of the query."),
        ("project = HOMELAB AND", "Error in the JQL Query: Expecting a field name before the end of the query."),
        ("project = HOMELAB labels = x", "Error in the JQL Query: Expecting either 'OR' or 'AND' but got 'labels'."),
        ("project = a b", "Error in the JQL Query: Expecting either 'OR' or 'AND' but got 'b'. (line 1, character 13)"),
        ("(project = HOMELAB", "Error in the JQL Query: Expecting ')' before the end of the query."),
        ("project in HOMELAB", "Error in the JQL Query: Expecting '(' but got 'HOMELAB'."),
        ("project in (HOMELAB", "Error in the JQL Query: Expecting ')' before the end of the query."),
        ("project = HOMELAB ORDER created", "Error in the JQL Query: Expecting 'by' but got 'created'."),
        ("project = 'HOMELAB", "Error in the JQL Query: The quoted string 'HOMELAB' has not been completed."),
        (f"assignee = {AGENT}", "Error in the JQL Query: The character '@' is a reserved JQL character."),
        (r"summary ~ 'a\d'", r"Error in the JQL Query: '\d' is an illegal JQL escape sequence."),
        (
            "project = HOMELAB ORDER BY key, key, key, key, key, key, key, key",
            "The maximum number of fields to order by is 7.",
        ),
    ],
)
async def test_a_query_at_fault_is_refused(shelf: httpx.AsyncClient, jql: str, message: str) -> None:
    for answer in (
        await shelf.get("/search/jql", params={"jql": jql}),
        await shelf.post("/search/jql", json={"jql": jql}),
        await shelf.post("/search/approximate-count", json={"jql": jql}),
    ):
        assert answer.status_code == 400
        [told] = answer.json()["errorMessages"]
        assert told.startswith(message)


async def test_a_search_tells_ids_unless_fields_are_wanted(shelf: httpx.AsyncClient) -> None:
    answer = await shelf.post("/search/jql", json={"jql": "key = HOMELAB-1"})
    [issue] = answer.json()["issues"]
    assert answer.json() == {"issues": [{"id": issue["id"]}], "isLast": True}
    answer = await shelf.post("/search/jql", json={"jql": "key = HOMELAB-1", "fields": ["summary", "labels"]})
    assert answer.json()["issues"][0]["fields"].keys() == {"summary", "labels"}


async def test_a_search_comes_in_pages_that_new_issues_do_not_shift(shelf: httpx.AsyncClient) -> None:
    asked: Json = {"jql": "project = HOMELAB", "maxResults": 3, "fields": ["key"]}
    first = (await shelf.post("/search/jql", json=asked)).json()
    assert not first["isLast"]
    await opened(shelf)
    second = (await shelf.post("/search/jql", json={**asked, "nextPageToken": first["nextPageToken"]})).json()
    assert second["isLast"]
    assert "nextPageToken" not in second
    keys = [issue["key"] for page in (first, second) for issue in page["issues"]]
    assert keys == ["HOMELAB-4", "HOMELAB-3", "HOMELAB-2", "HOMELAB-1"]


@pytest.mark.parametrize(
    "change",
    [
        {"nextPageToken": "x"},
        {"maxResults": -1},
        {"maxResults": 0},
        {"maxResults": "many"},
        {"startAt": 0},
        {"fields": "summary"},
        {"fields": [["summary"]]},
        {"reconcileIssues": ["x"]},
        {"jql": 7},
        {"reconcileIssues": list(range(51))},
    ],
)
async def test_a_search_at_fault_is_refused(shelf: httpx.AsyncClient, change: Json) -> None:
    answer = await shelf.post("/search/jql", json={"jql": "project = HOMELAB", **change})
    assert answer.status_code == 400


async def test_a_page_token_is_good_for_its_own_query_alone(shelf: httpx.AsyncClient) -> None:
    token = (await shelf.get("/search/jql?jql=project=HOMELAB&maxResults=1")).json()["nextPageToken"]
    answer = await shelf.get(f"/search/jql?jql=project=OPS&maxResults=1&nextPageToken={token}")
    refused(answer, 400, "The provided next page token is invalid or expired.")


async def test_a_new_issue_is_found_once_the_index_knows_it(
    client: httpx.AsyncClient, jira: Jira, clock: Clock
) -> None:
    jira.index_lag(2)
    key = await opened(client)
    id_ = (await client.get(f"/issue/{key}")).json()["id"]
    assert await found(client, "project = HOMELAB") == []
    reconciled: Any = {"jql": "project = HOMELAB", "reconcileIssues": [int(id_)]}
    assert (await client.post("/search/jql", json=reconciled)).json()["issues"] == [{"id": id_}]
    assert (await client.get("/search/jql", params=reconciled)).json()["issues"] == [{"id": id_}]
    clock.now += 2
    assert await found(client, "project = HOMELAB") == ["1"]


async def test_the_world_knows_by_what_an_issue_can_be_named(client: httpx.AsyncClient, jira: Jira) -> None:
    assert jira.names_of_issues() == set()
    key = await opened(client)
    assert jira.names_of_issues() == {key, (await client.get(f"/issue/{key}")).json()["id"]}


async def test_matching_issues_are_counted(shelf: httpx.AsyncClient) -> None:
    answer = await shelf.post("/search/approximate-count", json={"jql": "project = HOMELAB"})
    assert answer.json() == {"count": 4}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_search_of_old_is_gone(client: httpx.AsyncClient, method: str) -> None:
    refused(
        await client.request(method, "/search", params={"jql": "project = HOMELAB"}, json={}),
        410,
        "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration "
        "guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046",
    )


# -- what there is ----------------------------------------------------------------------------------------------------


async def test_people_are_found_by_the_beginnings_of_their_names(client: httpx.AsyncClient, jira: Jira) -> None:
    ada = jira.add_user("ada.lovelace@example.com", "Ada Lovelace").account_id
    jira.add_user("ada.gone@example.com", active=False)

    async def ids(**params: str) -> list[str]:
        answer = await client.get("/user/search", params=params)
        return [each["accountId"] for each in answer.json()]

    for beginning in ("ada", "Love", "ada love", "ada.lovelace@example.com"):
        assert await ids(query=beginning) == [ada]
    assert await ids(accountId=ada) == [ada]
    assert await ids(query="lace") == []
    assigned = await client.get("/user/assignable/search", params={"project": "HOMELAB", "query": "ada"})
    assert [each["accountId"] for each in assigned.json()] == [ada]


async def test_fields_are_told_as_jira_tells_them(client: httpx.AsyncClient) -> None:
    answer = await client.get("/field")
    told = {field["id"]: field for field in answer.json()}
    assert answer.status_code == 200
    assert told["labels"] == {
        "id": "labels",
        "key": "labels",
        "name": "Labels",
        "custom": False,
        "orderable": True,
        "navigable": True,
        "searchable": True,
        "clauseNames": ["labels"],
        "schema": {"type": "array", "items": "string", "system": "labels"},
    }
    assert told["issuekey"] == {
        "id": "issuekey",
        "key": "issuekey",
        "name": "Key",
        "custom": False,
        "orderable": False,
        "navigable": True,
        "searchable": False,
        "clauseNames": ["id", "issue", "issuekey", "key"],
    }
    assert told["created"]["schema"] == {"type": "datetime", "system": "created"}
    assert not told["created"]["orderable"]
    assert not told["comment"]["navigable"]


async def test_fields_are_those_that_issues_have_and_searches_know(client: httpx.AsyncClient) -> None:
    key = await opened(client)
    told = {field["id"]: field for field in (await client.get("/field")).json()}
    assert told.keys() - {"issuekey"} == (await fields_of(client, key)).keys()
    navigable = (await client.get(f"/issue/{key}?fields=*navigable")).json()["fields"]
    assert {id_ for id_, field in told.items() if field["navigable"]} - {"issuekey"} == navigable.keys()
    names = [name for field in told.values() for name in field["clauseNames"]]
    assert len(names) == len(set(names))
    assert {name.lower() for name in names} == query.NAMES.keys() - {"text"}
    assert (await client.post("/field", json={"name": "Cluster"})).status_code == 501
    assert (await client.put("/field", json={})).status_code == 405


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/user/search", 400),
        ("/user/search?query=a&accountId=b", 400),
        ("/user/search?username=ada&query=ada", 400),
        ("/user/assignable/search?query=ada", 400),
        ("/user/assignable/search?query=ada&project=NOPE", 404),
        ("/user/assignable/search?query=ada&issueKey=NOPE-1", 404),
        ("/project/NOPE", 404),
        ("/issue/createmeta/NOPE/issuetypes", 404),
        ("/issue/createmeta/HOMELAB/issuetypes/9", 400),
        ("/issue/createmeta/HOMELAB/issuetypes?maxResults=201", 400),
        ("/project/search?startAt=x", 400),
        (f"/project/search?startAt={'9' * 5000}", 400),
    ],
)
async def test_a_question_at_fault_is_refused(client: httpx.AsyncClient, path: str, status: int) -> None:
    assert (await client.get(path)).status_code == status


async def test_priorities_projects_and_labels_are_listed(client: httpx.AsyncClient) -> None:
    await opened(client, labels=["b", "a"])
    names = [each["name"] for each in (await client.get("/priority/search")).json()["values"]]
    assert names == [each["name"] for each in (await client.get("/priority")).json()]
    assert names == ["Highest", "High", "Medium", "Low", "Lowest"]
    default = await client.get("/priority/search", params={"onlyDefault": "true"})
    assert [each["name"] for each in default.json()["values"]] == ["Medium"]
    page = (await client.get("/project/search", params={"maxResults": 1})).json()
    assert ([each["key"] for each in page["values"]], page["isLast"]) == (["HOMELAB"], False)
    page = (await client.get(page["nextPage"])).json()
    assert ([each["key"] for each in page["values"]], page["isLast"]) == (["OPS"], True)
    assert [each["key"] for each in (await client.get("/project")).json()] == ["HOMELAB", "OPS"]
    assert [each["name"] for each in (await client.get("/status")).json()] == [
        *("To Do", "In Progress", "Done", "Released")
    ]
    assert (await client.get("/label")).json()["values"] == ["a", "b"]


async def test_what_can_be_written_when_opening_is_told(client: httpx.AsyncClient) -> None:
    types = (await client.get("/issue/createmeta/HOMELAB/issuetypes")).json()["issueTypes"]
    task = next(each["id"] for each in types if each["name"] == "Task")
    told = (await client.get(f"/issue/createmeta/HOMELAB/issuetypes/{task}")).json()["fields"]
    assert {each["fieldId"] for each in told if each["required"]} == {"project", "issuetype", "summary"}
    assert "status" not in {each["fieldId"] for each in told}


# -- who asks ---------------------------------------------------------------------------------------------------------


def basic(credential: str) -> str:
    return f"Basic {base64.b64encode(credential.encode()).decode()}"


@pytest.mark.parametrize("authorization", [basic(f"{AGENT}:{TOKEN}"), basic(f"Agent-SRE@example.com:{TOKEN}")])
async def test_email_address_and_token_open_the_door(jira: Jira, authorization: str) -> None:
    async with speaking(jira, None) as client:
        answer = await client.get("/myself", headers={"Authorization": authorization})
        assert (answer.status_code, answer.json()["emailAddress"]) == (200, AGENT)


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("", 401),
        (basic(f"{AGENT}:wrong"), 401),
        (basic(f"{READER}:{TOKEN}"), 401),
        (basic(TOKEN), 401),
        (basic(f":{TOKEN}"), 401),
        ("Basic ###", 401),
        (f"Basic {AGENT}:{TOKEN}", 401),
        (TOKEN, 401),
        (f"Bearer {TOKEN}", 403),
    ],
)
async def test_every_other_credential_is_refused(jira: Jira, authorization: str, status: int) -> None:
    async with speaking(jira, None) as client:
        headers = {"Authorization": authorization} if authorization else {}
        for method, path in (("GET", "/myself"), ("POST", "/issue"), ("GET", "/search/jql"), ("POST", "/search")):
            answer = await client.request(method, path, headers=headers, json={})
            assert answer.status_code == status
            assert TOKEN not in answer.text


async def test_a_revoked_token_is_refused_and_its_successor_accepted(jira: Jira, client: httpx.AsyncClient) -> None:
    jira.revoke(TOKEN)
    answer = await client.get("/myself")
    assert (answer.status_code, answer.text) == (401, "Client must be authenticated to access this resource.")
    jira.accept("ATATT-new", AGENT)
    assert (await client.get("/myself", auth=(AGENT, "ATATT-new"))).status_code == 200


async def test_somebody_who_has_left_is_refused(jira: Jira) -> None:
    jira.add_user("gone@example.com", active=False)
    jira.accept("ATATT-gone", "gone@example.com")
    async with speaking(jira, ("gone@example.com", "ATATT-gone")) as client:
        assert (await client.get("/myself")).status_code == 401


async def test_an_oauth_token_is_good_at_the_gateway_until_it_expires(jira: Jira, clock: Clock) -> None:
    jira.accept_oauth("oauth", AGENT, expires_in=60)
    bearer = {"Authorization": "Bearer oauth"}
    gateway = f"https://api.atlassian.com/ex/jira/{jira.cloud_id}/rest/api/3"
    async with speaking(jira, None, gateway) as client:
        assert (await client.get("/myself", headers=bearer)).status_code == 200
        assert (await client.get(f"{API}/myself", headers=bearer)).status_code == 403
        assert (await client.get("/myself", headers={"Authorization": "Bearer other"})).status_code == 401
        elsewhere = gateway.replace(jira.cloud_id, "11111111-2222-3333-4444-555555555555")
        assert (await client.get(f"{elsewhere}/myself", headers=bearer)).status_code == 404
        clock.now += 60
        assert (await client.get("/myself", headers=bearer)).status_code == 401


async def test_a_project_that_one_may_not_browse_is_not_there(
    jira: Jira, client: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    key = await opened(client)
    jira.permit(READER, "HOMELAB", browse=False)
    refused(await reader.get(f"/issue/{key}"), 404, NO_ISSUE)
    refused(await reader.post("/issue", json=asked()), 400, project="Specify a valid project ID or key")
    assert (await reader.get("/project/HOMELAB")).status_code == 404
    assert [each["key"] for each in (await reader.get("/project")).json()] == ["OPS"]
    refused(
        await reader.get("/search/jql?jql=project=HOMELAB"),
        400,
        "The value 'HOMELAB' does not exist for the field 'project'.",
    )
    assert (await reader.get("/search/jql?jql=created>-1d")).json()["issues"] == []
    jira.permit(READER, "HOMELAB")
    assert (await reader.get(f"/issue/{key}")).status_code == 200


async def test_who_may_only_browse_changes_nothing(
    jira: Jira, client: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    key, other = await opened(client), await opened(client)
    jira.permit(READER, "HOMELAB", write=False)
    before = await fields_of(client, key)
    link = {"type": {"name": "Relates"}, "inwardIssue": {"key": key}, "outwardIssue": {"key": other}}
    for status, method, path, body in (
        (403, "POST", "/issue", asked()),
        (403, "PUT", f"/issue/{key}", {"fields": {"summary": "x"}}),
        (403, "PUT", f"/issue/{key}/assignee", {"accountId": None}),
        (400, "POST", f"/issue/{key}/transitions", {"transition": {"id": "31"}}),
        (400, "POST", f"/issue/{key}/comment", {"body": text("x")}),
        (403, "POST", f"/issue/{key}/remotelink", {"object": {"title": "x", "url": "https://example.com"}}),
        (403, "DELETE", f"/issue/{key}/remotelink?globalId=x", {}),
        (404, "POST", "/issueLink", link),
        (403, "DELETE", f"/issue/{key}", {}),
    ):
        assert (await reader.request(method, path, json=body)).status_code == status, (method, path)
    assert (await reader.get(f"/issue/{key}/transitions")).json()["transitions"] == []
    assert await fields_of(reader, key) == before


# -- the form of requests ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
async def test_a_body_that_is_not_json_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/issue", content=body, headers={"Content-Type": "application/json"})
    refused(answer, 400, "There was an error parsing JSON. Check that your request body is valid.")


@pytest.mark.parametrize("body", ["[]", '"x"', "7", "null"])
async def test_a_body_that_is_no_object_is_refused(client: httpx.AsyncClient, body: str) -> None:
    answer = await client.post("/issue", content=body, headers={"Content-Type": "application/json"})
    refused(answer, 400, "Invalid request payload. Refer to the REST API documentation and try again.")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_that_is_not_announced_as_json_is_refused(client: httpx.AsyncClient, content_type: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answer = await client.post("/issue", content=json.dumps(asked()), headers=headers)
    assert answer.status_code == 415


async def test_a_charset_in_the_content_type_does_not_matter(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert (await client.post("/issue", content=json.dumps(asked()), headers=headers)).status_code == 201


async def test_a_body_that_is_too_large_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/issue", json=asked(description=text("x" * 6_000_000)))
    assert answer.status_code == 413


async def test_addresses_and_methods_that_are_not_there_are_refused(client: httpx.AsyncClient) -> None:
    answer = await client.patch("/issue/HOMELAB-1", json={})
    assert answer.status_code == 405
    assert {"GET", "PUT", "DELETE"} <= set(answer.headers["allow"].split(", "))
    answer = await client.delete("/issue/HOMELAB-1/editmeta")
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})
    answer = await client.get("/unheard")
    assert (answer.status_code, answer.json()["status-code"]) == (404, 404)


@pytest.mark.parametrize(
    ("method", "path", "what"),
    [
        ("GET", "/rest/api/3/field/search", "GET /field/search"),
        ("GET", "/rest/api/3/issue/HOMELAB-1/changelog", "GET /issue/{issue}/changelog"),
        ("GET", "/rest/api/3/issue/HOMELAB-1/watchers/", "GET /issue/{issue}/watchers"),
        ("POST", "/rest/api/3/issue/HOMELAB-1/attachments", "POST /issue/{issue}/attachments"),
        ("DELETE", "/rest/api/3/issue/HOMELAB-1/comment/1", "DELETE /issue/{issue}/comment/{comment}"),
        ("POST", "/rest/api/3/issue/bulk", "POST /issue/bulk"),
        ("GET", "/rest/api/3/issue/picker?query=disk", "GET /issue/picker"),
        ("GET", "/rest/api/3/project/recent", "GET /project/recent"),
        ("GET", "/rest/api/3/permissions", "GET /permissions"),
        ("GET", "/rest/api/3/mypermissions?permissions=ADMINISTER", "GET /mypermissions?permissions=ADMINISTER"),
        *(
            ("GET", f"/rest/api/3/issue/HOMELAB-1?expand=changelog,{name}", f"the expansion {name} of an issue")
            for name in ("renderedFields", "names", "schema", "editmeta", "versionedRepresentations")
        ),
        ("GET", "/rest/api/3/search/jql?jql=key=HOMELAB-1&expand=names", "the expansion names of an issue"),
        *(
            ("GET", f"/rest/api/3/search/jql?jql=created>{called}", f"JQL function {called}")
            for called in ("endOfDay()", "startOfWeek()", "startOfDay(-1d)")
        ),
        ("GET", "/rest/api/2/serverInfo", "GET /rest/api/2/serverInfo"),
        ("PUT", "/rest/api/2/issue/HOMELAB-1", "PUT /rest/api/2/issue/{issue}"),
        ("GET", "/rest/api/latest/search/jql", "GET /rest/api/latest/search/jql"),
        ("GET", "/rest/agile/1.0/board/1/issue", "GET /rest/agile/1.0/board/{board}/issue"),
    ],
)
async def test_what_jira_has_and_the_double_does_not_is_told(
    client: httpx.AsyncClient, method: str, path: str, what: str
) -> None:
    answer = await client.request(method, f"https://homelab.atlassian.net{path}")
    refused(answer, 501, f"The acceptance suite's double does not cover this: {what}.")
    exchange = Journal().record(
        caller="agent-sre",
        callee="jira",
        method=method,
        url=str(answer.request.url),
        status=answer.status_code,
        response_body=answer.content,
    )
    assert uncovered([exchange]) == (
        f"The suite's double of jira does not cover {what}, which agent-sre asks for: "
        f"{method} {unquote(str(answer.request.url))}"
    )


@pytest.mark.parametrize(
    "path",
    [
        *("/rest/api/3/issues/search", "/rest/api/3/issue/HOMELAB-1/unheard", "/rest/api/3/field/search/unheard"),
        *("/rest/api/3/fields", "/rest/api/2/unheard", "/rest/api/4/myself", "/rest/agile/1.0/unheard", "/unheard"),
        *("/rest/unheard/1.0/board", "/rest/api/3/issue/HOMELAB-1/comment/1/unheard"),
    ],
)
async def test_what_jira_does_not_have_either_is_not_there(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"https://homelab.atlassian.net{path}")
    assert (answer.status_code, answer.json()) == (
        404,
        {"message": f"null for uri: https://homelab.atlassian.net{path}", "status-code": 404},
    )


async def test_the_search_of_old_is_gone_from_every_version(client: httpx.AsyncClient) -> None:
    for api in ("3", "2", "latest"):
        answer = await client.get(f"https://homelab.atlassian.net/rest/api/{api}/search?jql=project=HOMELAB")
        assert answer.status_code == 410


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *(("GET", "/rest/api/3/issue/HOMELAB-1/watchers", 501), ("GET", "/rest/api/2/myself", 501)),
        *(("GET", "/rest/api/3/unheard", 404), ("PATCH", "/rest/api/3/issue", 405)),
    ],
)
async def test_only_who_may_ask_is_told_what_is_missing(jira: Jira, method: str, path: str, status: int) -> None:
    jira.accept_oauth("oauth", AGENT, expires_in=60)
    site, gateway = "https://homelab.atlassian.net", f"https://api.atlassian.com/ex/jira/{jira.cloud_id}"
    bearer = {"Authorization": "Bearer oauth"}
    async with speaking(jira, None) as client:
        assert (await client.request(method, site + path)).status_code == 401
        assert (await client.request(method, site + path, auth=(AGENT, "wrong"))).status_code == 401
        assert (await client.request(method, site + path, auth=(AGENT, TOKEN))).status_code == status
        assert (await client.request(method, site + path, headers=bearer)).status_code == 403
        assert (await client.request(method, gateway + path, headers=bearer)).status_code == status
        jira.limit_reached(reset_in=10)
        limited = await client.request(method, site + path, auth=(AGENT, TOKEN))
        assert limited.status_code == (429 if status == 501 else status)


TOKENS = (
    *("project", "labels", "=", "in", "not", "is", "was", "empty", "and", "or", "order", "by", "(", ")", ",", '"', "'"),
    *("\\", "-1d", "now()", "*", "!", "é", "\0"),
)
FITTING = (
    *(
        "project = HOMELAB",
        "key = HOMELAB-1",
        "labels = a",
        "labels not in (a, empty)",
        "status != Done",
        "summary ~ x",
    ),
    *("text !~ 'y*'", "created >= -1d", "updated < now()", "assignee is empty", "reporter = currentUser()"),
    *("priority in (High, Low)", "resolution is not null", "description is empty", "statusCategory = new"),
)
CLAUSES = st.sampled_from(FITTING) | st.tuples(
    st.sampled_from([*query.FIELDS, "issuekey", "unheard"]),
    st.sampled_from(["=", "!=", "~", "!~", "<", "<=", ">", ">=", "is", "is not"]),
    st.sampled_from(
        [
            *("HOMELAB", "HOMELAB-1", "Done", "High", "Epic", "a", "x", "empty", "currentUser()", "now()"),
            *("-1d", "'2026-01-01 10:00'", "'x*'", "'\\\\[x\\\\]'", "''", "'*'", "'é'"),
        ]
    ),
).map(" ".join)
QUERIES = st.one_of(
    st.recursive(
        CLAUSES,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from([" AND ", " OR "]), inner).map("".join), inner.map("NOT ({})".format)
        ),
        max_leaves=3,
    ),
    st.tuples(CLAUSES, st.sampled_from([*query.FIELDS])).map(" ORDER BY ".join),
    st.lists(st.sampled_from(TOKENS), max_size=12).map(" ".join),
    st.text(max_size=20),
)


@settings(max_examples=300, deadline=None)
@given(jql=QUERIES)
def test_every_query_is_answered_or_refused(jql: str) -> None:
    site_ = site.Site("https://homelab.atlassian.net", time.time)
    user = site_.add_user(AGENT, "Agent", active=True)
    project = site_.add_project("HOMELAB", "Homelab", user)
    site_.open(project, user, {"issuetype": ISSUE_TYPES[0], "summary": "x", "labels": ("a",)})
    try:
        found = query.find(query.Searcher(site_, user, site_.now()), jql)
    except errors.Refused as refusal:
        assert refusal.answer.status == 400
        event("refused")
    else:
        assert len(found) <= 1
        event("answered")


NAMES = st.sampled_from(
    [
        *("fields", "update", "transition", "id", "key", "name", "add", "set", "remove", "body", "type", "content"),
        *("accountId", "object", "url", "title", "globalId", "inwardIssue", "outwardIssue", "comment", "issuelinks"),
        *("jql", "maxResults", "reconcileIssues", "nextPageToken", "expand", "attrs", "marks", "text", "version"),
        *FIELDS,
    ]
)
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["10000", "HOMELAB-1", "31", "High"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
WRITES = (
    ("POST", "/issue"),
    ("PUT", "/issue/HOMELAB-1"),
    ("PUT", "/issue/HOMELAB-1/assignee"),
    ("POST", "/issue/HOMELAB-1/transitions"),
    ("POST", "/issue/HOMELAB-1/comment"),
    ("POST", "/issue/HOMELAB-1/remotelink"),
    ("POST", "/issueLink"),
    ("POST", "/search/jql"),
)


@settings(max_examples=30, deadline=None)
@given(
    whole=JUNK,
    values=st.dictionaries(NAMES, JUNK, max_size=4),
    updates=st.dictionaries(
        NAMES, st.lists(st.dictionaries(st.sampled_from(["add", "set", "remove"]), JUNK, max_size=2))
    ),
)
def test_every_body_is_answered_or_refused(whole: Any, values: Json, updates: Json) -> None:
    async def send() -> None:
        clock = Clock()
        jira = Jira(clock=clock)
        jira.add_user(AGENT)
        jira.accept(TOKEN, AGENT)
        async with speaking(jira) as client:
            await opened(client)
            for method, path in WRITES:
                for body in (whole, values, {"transition": {"id": "31"}, "fields": values, "update": updates}):
                    clock.now += 1
                    assert (await client.request(method, path, json=body)).status_code < 429

    asyncio.run(send())


# -- how much may be asked --------------------------------------------------------------------------------------------


async def test_a_limit_that_is_reached_is_announced_in_every_header(
    jira: Jira, client: httpx.AsyncClient, clock: Clock
) -> None:
    jira.limit_reached(1.5)
    answer = await client.post("/issue", json=asked())
    assert answer.status_code == 429
    announced = {name: answer.headers[name] for name in ("retry-after", "x-ratelimit-remaining", "x-ratelimit-reset")}
    assert announced == {
        "retry-after": "2",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": "2026-01-01T00:00:02Z",
    }
    assert int(answer.headers["x-ratelimit-limit"]) > 0
    assert answer.headers["x-ratelimit-nearlimit"] == "true"
    assert answer.headers["ratelimit-reason"] == "jira-burst-based"
    assert "ratelimit-policy" not in answer.headers
    clock.now += 1
    assert (await client.get("/myself")).headers["retry-after"] == "1"
    clock.now += 0.5
    answer = await client.post("/issue", json=asked())
    assert answer.status_code == 201
    assert "x-ratelimit-reset" not in answer.headers
    assert "retry-after" not in answer.headers


async def test_a_limit_lasts_from_the_first_call_that_meets_it(
    jira: Jira, client: httpx.AsyncClient, clock: Clock
) -> None:
    jira.limit_reached(2)
    clock.now += 60
    for wait, status in ((0, 429), (1.9, 429), (0.2, 200)):
        clock.now += wait
        assert (await client.get("/myself")).status_code == status


async def test_a_limit_can_be_reached_for_one_user_alone(
    jira: Jira, client: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    jira.limit_reached(5, AGENT)
    assert (await client.get("/myself")).status_code == 429
    assert (await reader.get("/myself")).status_code == 200


async def test_a_quota_that_is_reached_is_told_in_structured_headers(jira: Jira, client: httpx.AsyncClient) -> None:
    jira.limit_reached(30, reason="jira-quota-tenant-based")
    headers = (await client.get("/myself")).headers
    assert headers["ratelimit-reason"] == "jira-quota-tenant-based"
    assert headers["ratelimit-policy"] == '"tenant-app-quota";q=65000;w=3600'
    assert headers["ratelimit"] == '"tenant-app-quota";r=0;t=30'


@pytest.mark.parametrize(("method", "burst"), [("GET", 100), ("PUT", 50), ("POST", 100), ("DELETE", 50)])
async def test_a_burst_is_limited_per_endpoint_and_method(clock: Clock, method: str, burst: int) -> None:
    jira = Jira(clock=clock)
    jira.add_user(AGENT)
    jira.accept(TOKEN, AGENT)
    async with speaking(jira) as client:
        answers = [
            await client.request(
                method, f"/issue/HOMELAB-{n}/remotelink" if method != "PUT" else f"/issue/HOMELAB-{n}", json={}
            )
            for n in range(burst)
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert int(answers[0].headers["x-ratelimit-remaining"]) == burst - 1
        assert "x-ratelimit-nearlimit" not in answers[0].headers
        assert answers[-1].headers["x-ratelimit-nearlimit"] == "true"
        path = str(answers[0].request.url)
        limited = await client.request(method, path, json={})
        assert (limited.status_code, limited.headers["ratelimit-reason"]) == (429, "jira-burst-based")
        assert (await client.get("/myself")).status_code == 200
        clock.now += int(limited.headers["retry-after"])
        assert (await client.request(method, path, json={})).status_code == 404


async def test_writes_to_one_issue_are_limited_in_two_windows(client: httpx.AsyncClient, clock: Clock) -> None:
    key, other = await opened(client), await opened(client)

    async def write(issue: str) -> httpx.Response:
        return await client.put(f"/issue/{issue}", json={"update": {"labels": [{"add": "x"}]}})

    for _ in range(5):
        assert {(await write(key)).status_code for _ in range(20)} == {204}
        limited = await write(key)
        assert (limited.status_code, limited.headers["ratelimit-reason"]) == (429, "jira-per-issue-on-write")
        last = limited
        assert (await write(other)).status_code == 204
        clock.now += 2
    assert last.headers["x-ratelimit-limit"] == "20"
    limited = await write(key)
    assert limited.headers["x-ratelimit-limit"] == "100"
    assert limited.headers["retry-after"] == str(math.ceil(30 - 10))
    clock.now += 20
    assert (await write(key)).status_code == 204


async def test_every_kind_of_write_counts_and_reading_does_not(client: httpx.AsyncClient) -> None:
    key, other = await opened(client), await opened(client)
    writes: list[tuple[str, str, Json]] = [
        ("PUT", f"/issue/{key}", {"fields": {"summary": "x"}}),
        ("PUT", f"/issue/{key}/assignee", {"accountId": None}),
        ("POST", f"/issue/{key}/transitions", {"transition": {"id": "21"}}),
        ("POST", f"/issue/{key}/comment", {"body": text("x")}),
        ("POST", f"/issue/{key}/remotelink", {"object": {"title": "x", "url": "https://example.com"}}),
        (
            "POST",
            "/issueLink",
            {"type": {"name": "Relates"}, "inwardIssue": {"key": other}, "outwardIssue": {"key": key}},
        ),
    ]
    for number in range(20):
        method, path, body = writes[number % len(writes)]
        assert (await client.request(method, path, json=body)).status_code < 300
        assert (await client.get(f"/issue/{key}")).status_code == 200
    for method, path, body in writes:
        assert (await client.request(method, path, json=body)).status_code == 429, path


# -- failures that faults put in Jira's place -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (errors.invalid_field(), 400),
        (errors.invalid(summary="You must specify a summary of the issue."), 400),
        (errors.unauthenticated(), 401),
        (errors.forbidden(), 403),
        (errors.issue_not_found(), 404),
        (errors.conflict(), 409),
        (errors.misconfigured(), 422),
        (errors.gateway_rate_limited(), 429),
        (errors.rate_limited(102.2, now=100, reason="jira-per-issue-on-write"), 429),
        (errors.internal(), 500),
        (errors.bad_gateway(), 502),
        (errors.unavailable(), 503),
        (errors.unavailable(retry_after=3), 503),
    ],
)
def test_every_failure_is_a_whole_answer(answer: errors.Answer, status: int) -> None:
    headers = dict(answer.headers)
    assert answer.status == status
    assert answer.body
    if headers["content-type"].startswith("application/json"):
        assert json.loads(answer.body).keys() == {"errorMessages", "errors"}


def test_failures_say_when_to_come_back_where_jira_would() -> None:
    def announced(answer: errors.Answer) -> str | None:
        return dict(answer.headers).get("retry-after")

    assert announced(errors.rate_limited(102.2, now=100)) == "3"
    assert announced(errors.rate_limited(99, now=100)) == "1"
    assert announced(errors.unavailable(retry_after=3)) == "3"
    assert announced(errors.unavailable()) is None
    assert announced(errors.gateway_rate_limited()) is None
