"""The Jira double knows a true subset of Jira: its doors, its answers and its documents are the vendor's own."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator, Draft202012Validator, ValidationError, validators
from starlette.routing import Mount, Route

from steps.world.services.jira import Jira, adf, uncovered

VENDOR = Path(__file__).parents[2] / "shared" / "vendor"
API = "/rest/api/3"
AGENT, TOKEN = "agent-sre@example.com", "ATATT-agent"
Json = dict[str, Any]


def vendors(name: str) -> Json:
    path = VENDOR / name
    if not path.exists():
        pytest.skip(f"NOT COMPARED with Jira's own description: {path} is absent. Put the vendor's document there.")
    document: Json = json.loads(path.read_text())
    return document


@pytest.fixture(scope="module")
def description() -> Json:
    return vendors("jira-openapi-subset.json")


# -- doors ------------------------------------------------------------------------------------------------------------


def doors(jira: Jira) -> set[tuple[str, str]]:
    """Method and path, parameters left blank, of everything that is covered."""
    site = next(route for route in jira.app.routes if isinstance(route, Mount) and route.path == API)
    return {
        (method, re.sub(r"{\w+}", "{}", API + path))
        for route in site.routes
        if isinstance(route, Route)
        for path in [route.path.rstrip("/")]
        for method in (route.methods or set()) - {"HEAD", *uncovered.PLATFORM.get(path, ())}
    }


def described(description: Json) -> dict[tuple[str, str], Json]:
    return {
        (method.upper(), re.sub(r"{\w+}", "{}", path)): operation
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
        if method in ("get", "put", "post", "delete")
    }


LEFT_OUT = {
    ("PUT", f"{API}/issue/{{}}/comment/{{}}"),
    *(
        ("GET", f"{API}{path}")
        for path in (
            *("/field", "/issue/{}/comment/{}", "/issue/{}/editmeta", "/issuetype", "/issuetype/project"),
            *("/mypermissions", "/project/{}/statuses"),
        )
    ),
}
"""Doors of Jira's own that the subset of its description does not hold."""


def test_every_door_is_jiras_own(description: Json) -> None:
    assert doors(Jira()) - described(description).keys() == LEFT_OUT


def test_what_is_not_covered_is_no_door() -> None:
    """Whatever its parameters are called: else the table would hide a door."""
    missing = {
        (method, re.sub(r"{\w+}", "{}", API + path))
        for path, methods in uncovered.PLATFORM.items()
        for method in methods
    }
    assert not missing & doors(Jira())
    assert {method for method, _ in missing} <= {"GET", "POST", "PUT", "DELETE"}


# -- answers ----------------------------------------------------------------------------------------------------------

FIELDS = {
    "project": "Project",
    "issuetype": "IssueTypeDetails",
    "status": "StatusDetails",
    "statusCategory": "StatusCategory",
    "priority": "Priority",
    "resolution": "Resolution",
    "assignee": "UserDetails",
    "creator": "UserDetails",
    "reporter": "UserDetails",
    "comment": "PageOfComments",
}
"""Schemas of an issue's fields, which the description leaves open."""
ALWAYS = {"401", "429"}
"""Statuses that every door may answer with, described or not."""


class Comparison:
    """Compares requests and answers with the description."""

    def __init__(self, description: Json) -> None:
        self._components = description["components"]
        self._operations = described(description)
        self.seen: set[tuple[str, str]] = set()

    def differences(self, exchange: httpx.Response) -> Iterator[str]:
        """Everything in which a request or its answer is not as described, one sentence each."""
        request = exchange.request
        door = self._door(request)
        operation, status = self._operations[door], str(exchange.status_code)
        if status not in operation["responses"].keys() | ALWAYS:
            yield f"{door} answers {status}"
            return
        if exchange.is_success:
            self.seen.add(door)
        sent = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if sent and exchange.is_success:
            yield from self._wrong(f"{door} takes", sent, json.loads(request.content))
        told = operation["responses"].get(status, {}).get("content", {}).get("application/json", {}).get("schema")
        if not exchange.is_success:
            told = {"$ref": "#/components/schemas/ErrorCollection"}
        if bool(exchange.content) is not bool(told):
            yield f"{door} answers {status} with {exchange.text!r}, described is {told}"
        elif told:
            yield from self._wrong(f"{door} answers {status}", told, exchange.json())
            yield from self._wrong_fields(exchange.json())

    def _door(self, request: httpx.Request) -> tuple[str, str]:
        for method, path in sorted(self._operations, key=lambda door: door[1].count("{}")):
            pattern = re.escape(path).replace(r"\{\}", "[^/]+")
            if method == request.method and re.fullmatch(pattern, request.url.path):
                return method, path
        raise AssertionError(f"{request.method} {request.url.path} is not described")

    def _wrong(self, what: str, schema: Json, instance: Any) -> Iterator[str]:
        validator = Draft202012Validator({**schema, "components": self._components})
        for error in validator.iter_errors(instance):
            yield f"{what} {error.json_path}: {error.message}"

    def _wrong_fields(self, told: Any) -> Iterator[str]:
        issues = [told] if "fields" in told else told.get("issues", []) if isinstance(told, dict) else []
        for issue in issues:
            fields = issue.get("fields") or {}
            if not isinstance(fields, dict):
                continue
            for name, schema in FIELDS.items():
                if fields.get(name) is not None:
                    yield from self._wrong(name, {"$ref": f"#/components/schemas/{schema}"}, fields[name])
            for link in fields.get("issuelinks", []):
                yield from self._wrong("issuelinks", {"$ref": "#/components/schemas/IssueLinkType"}, link["type"])


def text(line: str) -> Json:
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": line}]}
    return {"type": "doc", "version": 1, "content": [paragraph]}


async def conversation() -> list[httpx.Response]:
    """Every door once or more: with success, and with refusals."""
    jira = Jira()
    jira.add_user(AGENT)
    jira.accept(TOKEN, AGENT)
    transport = httpx.ASGITransport(jira.app)
    said: list[httpx.Response] = []
    base = f"https://homelab.atlassian.net{API}"
    async with httpx.AsyncClient(transport=transport, base_url=base, auth=(AGENT, TOKEN)) as client:

        async def say(method: str, path: str, body: Json | None = None) -> Any:
            answer = await client.request(method, path, json=body)
            said.append(answer)
            return answer.json() if answer.content and "json" in answer.headers["content-type"] else None

        me = (await say("GET", "/myself"))["accountId"]
        fields = {"project": {"key": "HOMELAB"}, "issuetype": {"name": "Task"}, "summary": "Disk is full"}
        more = {
            "description": text("x"),
            "environment": text("y"),
            "labels": ["a"],
            "assignee": {"accountId": me},
            "duedate": "2026-01-01",
            "priority": {"name": "High"},
        }
        await say("POST", "/issue", {"fields": {**fields, **more}, "transition": {"id": "21"}})
        await say("POST", "/issue", {"fields": fields})
        await say("POST", "/issue", {"fields": {"labels": ["a b"]}})
        issue = "/issue/HOMELAB-1"
        await say("PUT", issue, {"fields": {"summary": "x"}, "update": {"labels": [{"add": "b"}]}})
        await say("PUT", issue, {"fields": {"status": {"name": "Done"}}})
        await say("PUT", f"{issue}/assignee", {"accountId": me})
        await say("PUT", f"{issue}/assignee", {"accountId": "x"})
        await say("POST", f"{issue}/comment", {"body": text("seen")})
        await say("POST", f"{issue}/comment", {"body": "plain"})
        await say("GET", f"{issue}/comment")
        for body in (
            {"transition": {"id": "31"}, "fields": {"resolution": {"name": "Done"}}},
            {"transition": {"id": "99"}},
        ):
            await say("POST", f"{issue}/transitions", body)
        await say("GET", f"{issue}/transitions?expand=transitions.fields")
        link = {"type": {"name": "Blocks"}, "inwardIssue": {"key": "HOMELAB-1"}, "outwardIssue": {"key": "HOMELAB-2"}}
        await say("POST", "/issueLink", link)
        await say("POST", "/issueLink", {**link, "inwardIssue": {"key": "HOMELAB-9"}})
        remote = {
            "globalId": "slo",
            "relationship": "measured by",
            "object": {"title": "SLO", "url": "https://example.com"},
        }
        for _ in range(2):
            await say("POST", f"{issue}/remotelink", remote)
        await say("POST", f"{issue}/remotelink", {"object": {}})
        await say("GET", f"{issue}/remotelink")
        await say("GET", f"{issue}/remotelink?globalId=slo")
        await say("GET", f"{issue}/remotelink?globalId=x")
        await say("GET", f"{issue}?expand=changelog,transitions")
        await say("GET", "/issue/HOMELAB-9")
        await say("DELETE", f"{issue}/remotelink?globalId=slo")
        for jql in ("project = HOMELAB", "order by key", "unheard = x"):
            await say("POST", "/search/jql", {"jql": jql, "fields": ["*all"], "maxResults": 1, "expand": "changelog"})
            await say("GET", f"/search/jql?jql={jql}&maxResults=1")
            await say("POST", "/search/approximate-count", {"jql": jql})
        for path in (
            *("/user/search?query=agent", "/user/search", "/user/assignable/search?query=agent&project=HOMELAB"),
            *("/user/assignable/search", "/project", "/project/search?maxResults=1", "/project/HOMELAB"),
            *(
                "/project/NOPE",
                "/serverInfo",
                "/priority",
                "/priority/search",
                "/status",
                "/resolution",
                "/label",
                "/issueLinkType",
            ),
            *("/issue/createmeta/HOMELAB/issuetypes", "/issue/createmeta/HOMELAB/issuetypes/10002"),
            "/issue/createmeta/HOMELAB/issuetypes/9",
        ):
            await say("GET", path)
        await say("DELETE", issue)
        await say("DELETE", issue)
    return said


async def test_every_answer_has_jiras_own_shape(description: Json) -> None:
    comparison = Comparison(description)
    wrong = [sentence for each in await conversation() for sentence in comparison.differences(each)]
    assert wrong == []
    gone = {(method, f"{API}/search") for method in ("GET", "POST")}
    assert doors(Jira()) - gone - comparison.seen == LEFT_OUT


@pytest.mark.parametrize(
    ("path", "body", "difference"),
    [
        ("/myself", {"accountId": "x", "email": AGENT}, "Additional properties are not allowed ('email' was"),
        ("/myself", {"accountId": 7}, "7 is not of type 'string'"),
        ("/myself", None, "answers 200 with ''"),
        ("/search/jql", {"issues": [], "total": 0}, "Additional properties are not allowed ('total' was"),
        ("/issue/X-1", {"fields": {"priority": {"id": 3}}}, "3 is not of type 'string'"),
        ("/issue/X-1", {"fields": {"comment": {"comments": {}}}}, "{} is not of type 'array'"),
        ("/issue/X-1/transitions", {"transitions": [{"id": 31}]}, "31 is not of type 'string'"),
    ],
)
def test_an_answer_that_deviates_is_told_apart(
    description: Json, path: str, body: Json | None, difference: str
) -> None:
    request = httpx.Request("GET", f"https://homelab.atlassian.net{API}{path}")
    answer = httpx.Response(200, request=request, content=json.dumps(body) if body else b"")
    found = list(Comparison(description).differences(answer))
    assert any(difference in sentence for sentence in found), found


def test_a_status_that_is_not_described_is_told_apart(description: Json) -> None:
    request = httpx.Request("POST", f"https://homelab.atlassian.net{API}/issue")
    [found] = Comparison(description).differences(httpx.Response(200, request=request))
    assert found.endswith("answers 200")


# -- documents --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def jiras_own() -> Callable[[Any], bool]:
    def any_of(validator: Any, schemas: list[Json], instance: Any, _: Json) -> Iterator[ValidationError]:
        """As the original, but content with a branch at its first error: a node can be of some thirty types."""
        if not any(validator.evolve(schema=schema).is_valid(instance) for schema in schemas):
            yield ValidationError("None of the branches fits.")

    quick = validators.extend(Draft4Validator, {"anyOf": any_of})  # type: ignore[no-untyped-call]
    validator = quick(vendors("jira-adf-schema.json"))

    def is_valid(document: Any) -> bool:
        return bool(validator.is_valid(document))

    return is_valid


DEEPEST = 3


@st.composite
def instances(draw: st.DrawFn, schema: Json, depth: int = 0) -> Any:
    """Anything that a schema of `adf` allows, so that nothing it allows goes without a comparison."""
    match schema:
        case {"const": value}:
            return value
        case {"enum": values}:
            return draw(st.sampled_from(values))
        case {"anyOf": schemas}:
            return draw(instances(draw(st.sampled_from(schemas)), depth))
        case {"oneOfTypes": names}:
            return draw(
                things(draw(st.sampled_from(_shallow(names) if depth >= DEEPEST else sorted(names))), names, depth)
            )
        case {"pattern": pattern}:
            return draw(st.from_regex(pattern))
        case {"type": "string"}:
            return draw(st.text(max_size=5, min_size=schema.get("minLength", 0)))
        case {"type": "boolean"}:
            return draw(st.booleans())
        case {"type": "integer"}:
            return draw(st.integers(schema.get("minimum"), schema.get("maximum")))
        case {"type": "array"}:
            least = schema.get("minItems", 0)
            most = schema.get("maxItems", max(least, 0 if depth > DEEPEST else 2))
            return [draw(instances(schema["items"], depth)) for _ in range(draw(st.integers(least, most)))]
        case {"type": "object"}:
            properties = schema["properties"]
            chosen = [name for name in properties if name in schema["required"] or draw(st.booleans())]
            return {name: draw(instances(properties[name], depth)) for name in chosen}
    raise AssertionError(f"The comparison does not know what {schema} allows.")


@st.composite
def things(draw: st.DrawFn, type_: str, names: dict[str, str], depth: int) -> Any:
    return {**draw(instances(adf.THINGS[names[type_]], depth + 1)), "type": type_}


def _shallow(names: dict[str, str]) -> list[str]:
    """Types that need no content, else all."""
    return [type_ for type_, name in names.items() if "content" not in adf.THINGS[name]["required"]] or list(names)


DOCUMENTS = instances(adf.SCHEMA)
QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@QUICK
@given(document=DOCUMENTS)
def test_every_document_that_is_taken_is_valid_adf(jiras_own: Callable[[Any], bool], document: Json) -> None:
    assert adf.is_valid(document)
    assert jiras_own(document)


def least(schema: Json) -> Any:
    """The smallest thing that a schema of `adf` allows."""
    match schema:
        case {"const": value} | {"enum": [value, *_]}:
            return value
        case {"oneOfTypes": names}:
            type_ = _shallow(names)[0]
            return least_thing(names[type_])
        case {"pattern": _}:
            return "#000000"
        case {"type": "string"}:
            return "x"
        case {"type": "integer"}:
            return schema["minimum"]
        case {"type": "array"}:
            return [least(schema["items"]) for _ in range(schema.get("minItems", 0))]
        case {"type": "object"}:
            return {name: least(schema["properties"][name]) for name in schema["required"]}
    raise AssertionError(f"The comparison does not know what {schema} allows.")


def least_thing(name: str) -> Json:
    return {**least(adf.THINGS[name]), "type": name.partition(":")[0]}


def ways() -> dict[str, list[str]]:
    """To each node, the names of those that it can be reached through from the top, itself the last."""
    found: dict[str, list[str]] = {}
    queue = [[each] for each in adf.SCHEMA["properties"]["content"]["items"]["oneOfTypes"].values()]
    while queue:
        way = queue.pop(0)
        if way[-1] not in found:
            found[way[-1]] = way
            inner = adf.NODES[way[-1]]["properties"].get("content", {"items": {"oneOfTypes": {}}})
            queue += [[*way, child] for child in inner["items"]["oneOfTypes"].values()]
    return found


def around(way: list[str], node: Json) -> Json:
    """The smallest document in which the way leads to that node."""
    for name in reversed(way[:-1]):
        node = {**least_thing(name), "content": [node]}
    return {"type": "doc", "version": 1, "content": [node]}


def test_every_node_can_be_reached() -> None:
    assert ways().keys() == adf.NODES.keys()


@pytest.mark.parametrize(("name", "way"), ways().items())
def test_a_node_takes_into_itself_what_jira_takes(jiras_own: Callable[[Any], bool], name: str, way: list[str]) -> None:
    """Every node within every other, and every mark on every node: what is taken here is taken there."""
    node = least_thing(name)
    alone = around(way, node)
    assert adf.is_valid(alone)
    assert jiras_own(alone)
    inner = [{**node, "content": [least_thing(child)]} for child in adf.NODES]
    marks = [{**node, "marks": [least_thing(one), least_thing(other)]} for one in adf.MARKS for other in adf.MARKS]
    taken = [document for each in [*inner, *marks] if adf.is_valid(document := around(way, each))]
    assert [document for document in taken if not jiras_own(document)] == []
    assert len(taken) < len(inner) + len(marks)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A document in which something was removed, replaced or added anywhere."""
    document = copy.deepcopy(draw(DOCUMENTS))
    places: list[Any] = []

    def walk(place: Any) -> None:
        if isinstance(place, dict | list) and place:
            places.append(place)
            for inner in place.values() if isinstance(place, dict) else place:
                walk(inner)

    walk(document)
    place = draw(st.sampled_from(places))
    types = sorted({name.partition(":")[0] for name in adf.THINGS})
    junk: st.SearchStrategy[Any] = st.one_of(
        st.sampled_from([None, True, 0, 7, 1.5, "", "x", [], {}]),
        st.sampled_from(types),
        st.sampled_from(types).map(lambda type_: {"type": type_}),
        DOCUMENTS.map(lambda other: other["content"][0] if other["content"] else other),
    )
    if isinstance(place, list):
        index = draw(st.integers(0, len(place) - 1))
        match draw(st.sampled_from(("remove", "replace", "add"))):
            case "remove":
                del place[index]
            case "replace":
                place[index] = draw(junk)
            case _:
                place.insert(index, draw(junk))
    else:
        key = draw(st.sampled_from([*place, "marks", "attrs", "content", "unheard"]))
        if key in place and draw(st.booleans()):
            del place[key]
        else:
            place[key] = draw(junk)
    return document


@settings(QUICK, max_examples=150)
@given(document=damaged())
def test_a_damaged_document_is_taken_only_when_jira_would_take_it(
    jiras_own: Callable[[Any], bool], document: Any
) -> None:
    taken = adf.is_valid(document)
    event(f"taken: {taken}")
    assert not taken or jiras_own(document)


def one_of_types(validator: Any, names: dict[str, str], instance: Any, _: Json) -> Iterator[ValidationError]:
    type_ = instance.get("type") if isinstance(instance, dict) else None
    if isinstance(type_, str) and type_ in names:
        yield from validator.descend(instance, adf.THINGS[names[type_]])
    else:
        yield ValidationError(f"{instance!r} is none of {', '.join(names)}")


LIBRARY = validators.extend(Draft202012Validator, {"oneOfTypes": one_of_types})(adf.SCHEMA)  # type: ignore[no-untyped-call]


@settings(QUICK, max_examples=150)
@given(document=damaged())
def test_a_document_is_judged_as_a_schema_library_would_judge_it(document: Any) -> None:
    assert adf.is_valid(document) == LIBRARY.is_valid(document)


def test_the_comparison_tells_an_invented_attribute(
    jiras_own: Callable[[Any], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    document = {"type": "doc", "version": 1, "content": [{"type": "rule", "attrs": {"width": 7}}]}
    assert not adf.is_valid(document)
    monkeypatch.setitem(adf.NODES["rule"]["properties"]["attrs"]["properties"], "width", {"type": "integer"})
    monkeypatch.setattr(adf, "_check_of", lambda name: adf._check(adf.THINGS[name]))
    assert adf.is_valid(document)
    assert not jiras_own(document)
