"""The Kubernetes API of the world answers as a real API server does, in what it takes and in what it refuses."""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kubernetes_objects import (
    APPLY,
    CONFIG_MAPS,
    DEPLOYMENTS,
    FUNCTIONS,
    JSON_PATCH,
    MERGE,
    RULES,
    SECRETS,
    STRATEGIC,
    Object,
    agent,
    assert_status,
    changed,
    config_map,
    deployment,
    function,
    path_of,
    pod,
    rule,
    secret,
    service,
    trigger,
)

from steps.world.cluster.kubernetes import ApiError, KubernetesApi, Store, errors
from steps.world.cluster.kubernetes.patch import json_patch
from steps.world.journal import Journal
from steps.world.services.covered import uncovered

TABLE = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}


@pytest.fixture
def api() -> KubernetesApi:
    return KubernetesApi()


@pytest.fixture
def store(api: KubernetesApi) -> Store:
    return api.store


@pytest.fixture
async def http(api: KubernetesApi) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(api.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://kubernetes.default.svc") as client:
        yield client


# creating


@pytest.mark.parametrize("make", [rule, function, agent, trigger, secret, config_map, service, pod, deployment])
async def test_an_object_of_every_kind_is_created_listed_read_and_deleted(
    http: httpx.AsyncClient, make: Callable[[], Object]
) -> None:
    item = make()
    place, name = path_of(item), item["metadata"]["name"]
    created = await http.post(place, json=item)
    assert created.status_code == 201, created.text
    facts = created.json()["metadata"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", facts["uid"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", facts["creationTimestamp"])
    assert facts["resourceVersion"].isdecimal()
    assert (await http.get(f"{place}/{name}")).json() == created.json()
    listed = (await http.get(place)).json()
    assert (listed["kind"], listed["apiVersion"]) == (f"{item['kind']}List", item["apiVersion"])
    assert listed["items"] == [created.json()]
    assert listed["metadata"]["resourceVersion"] == facts["resourceVersion"]
    table = (await http.get(place, headers=TABLE)).json()
    assert [row["cells"][0] for row in table["rows"]] == [name]
    assert len(table["rows"][0]["cells"]) == len(table["columnDefinitions"])
    assert (await http.delete(f"{place}/{name}")).status_code == 200
    assert (await http.get(f"{place}/{name}")).status_code == 404


async def test_a_second_object_of_the_same_name_already_exists(http: httpx.AsyncClient) -> None:
    await http.post(RULES, json=rule())
    status = assert_status(
        await http.post(RULES, json=rule()),
        409,
        "AlreadyExists",
        'prometheusrules.monitoring.coreos.com "demo" already exists',
    )
    assert status["details"] == {"name": "demo", "group": "monitoring.coreos.com", "kind": "prometheusrules"}


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_an_object_that_is_not_there_is_not_found(http: httpx.AsyncClient, method: str) -> None:
    headers = MERGE if method == "PATCH" else {}
    body = {} if method == "DELETE" else {"json": rule()}
    response = await http.request(method, f"{RULES}/demo", headers=headers, **body)
    message = 'prometheusrules.monitoring.coreos.com "demo" not found'
    assert assert_status(response, 404, "NotFound", message)["details"] == {
        "name": "demo",
        "group": "monitoring.coreos.com",
        "kind": "prometheusrules",
    }


async def test_the_namespace_of_a_new_object_must_exist(http: httpx.AsyncClient) -> None:
    response = await http.post(RULES.replace("default", "ai"), json=rule(namespace="ai"))
    assert assert_status(response, 404, "NotFound", 'namespaces "ai" not found')["details"] == {
        "name": "ai",
        "kind": "namespaces",
    }
    await http.post("/api/v1/namespaces", json={"metadata": {"name": "ai"}})
    assert (await http.post(RULES.replace("default", "ai"), json=rule(namespace="ai"))).status_code == 201


async def test_the_address_fills_in_what_the_object_leaves_out(http: httpx.AsyncClient) -> None:
    created = (await http.post(SECRETS, json={"metadata": {"name": "bare"}})).json()
    assert (created["kind"], created["apiVersion"]) == ("Secret", "v1")
    assert created["metadata"]["namespace"] == "default"


async def test_generate_name_makes_names_that_differ(http: httpx.AsyncClient) -> None:
    given = config_map()
    given["metadata"] = {"generateName": "run-"}
    names = {(await http.post(CONFIG_MAPS, json=given)).json()["metadata"]["name"] for _ in range(5)}
    assert len(names) == 5
    assert all(re.fullmatch(r"run-[bcdfghjklmnpqrstvwxz2456789]{5}", name) for name in names)


async def test_defaults_of_the_schema_are_filled_in(http: httpx.AsyncClient) -> None:
    given = function()
    given["spec"] |= {"scaling": {"maxReplicas": 3}, "eventing": {"dlq": {}}}
    spec = (await http.post(FUNCTIONS, json=given)).json()["spec"]
    assert spec["runtime"]["handler"] == "index.handler"
    assert spec["scaling"] == {
        "maxReplicas": 3,
        "minReplicas": 0,
        "scaleToZeroGracePeriod": "30s",
        "targetConcurrency": 10,
    }
    assert spec["eventing"]["dlq"]["retryMaxAttempts"] == 5
    assert "resources" not in spec


# refusing


@pytest.mark.parametrize(
    ("item", "field", "reason"),
    [
        (changed(rule(), "spec"), "spec", "FieldValueRequired"),
        (changed(rule(), "spec.groups.0.name"), "spec.groups[0].name", "FieldValueRequired"),
        (changed(rule(), "spec.groups.0.name", ""), "spec.groups[0].name", "FieldValueInvalid"),
        (changed(rule(), "spec.groups.0.name", 1), "spec.groups[0].name", "FieldValueTypeInvalid"),
        (changed(rule(), "spec.groups.0.rules.0.expr"), "spec.groups[0].rules[0].expr", "FieldValueRequired"),
        (changed(rule(), "spec.groups.0.rules.0.expr", True), "spec.groups[0].rules[0].expr", "FieldValueTypeInvalid"),
        (changed(rule(), "spec.groups.0.rules.0.for", "5x"), "spec.groups[0].rules[0].for", "FieldValueInvalid"),
        (changed(rule(), "spec.groups.0.rules.0.for", "5m\n"), "spec.groups[0].rules[0].for", "FieldValueInvalid"),
        (
            changed(rule(), "spec.groups.0.rules.0.labels", {"severity": 1}),
            "spec.groups[0].rules[0].labels.severity",
            "FieldValueTypeInvalid",
        ),
        (changed(rule(), "spec.groups", [{"name": "a"}, {"name": "a"}]), "spec.groups[1]", "FieldValueDuplicate"),
        (changed(rule(), "spec.groups", {"name": "a"}), "spec.groups", "FieldValueTypeInvalid"),
        (
            changed(rule(), "spec.groups.0.partial_response_strategy", "maybe"),
            "spec.groups[0].partial_response_strategy",
            "FieldValueInvalid",
        ),
        (changed(rule(), "metadata.name", "Demo_1"), "metadata.name", "FieldValueInvalid"),
        (changed(rule(), "metadata.name", "a" * 254), "metadata.name", "FieldValueInvalid"),
        (changed(rule(), "metadata.name"), "metadata.name", "FieldValueRequired"),
        (changed(rule(), "metadata.labels", {"a": "not valid"}), "metadata.labels", "FieldValueInvalid"),
        (changed(rule(), "metadata.labels", {"a": "b" * 64}), "metadata.labels", "FieldValueInvalid"),
        (changed(rule(), "metadata.labels", {"-a": "b"}), "metadata.labels", "FieldValueInvalid"),
        (changed(rule(), "metadata.annotations", {"a b": "c"}), "metadata.annotations", "FieldValueInvalid"),
        (changed(rule(), "metadata.annotations", {"X/a": "c"}), "metadata.annotations", "FieldValueInvalid"),
        (
            changed(rule(), "metadata.annotations", {"a": "b" * 262144}),
            "metadata.annotations",
            "FieldValueTooLong",
        ),
        (changed(function(), "spec.source"), "spec.source", "FieldValueRequired"),
        (changed(function(), "spec.runtime.language", "cobol"), "spec.runtime.language", "FieldValueNotSupported"),
        (changed(function(), "spec.source.type", "ftp"), "spec.source.type", "FieldValueNotSupported"),
        (changed(function(), "spec.scaling", {"maxReplicas": 0}), "spec.scaling.maxReplicas", "FieldValueInvalid"),
        (changed(function(), "spec.scaling", {"maxReplicas": 2**31}), "spec.scaling.maxReplicas", "FieldValueInvalid"),
        (changed(agent(), "spec.image.repository"), "spec.image.repository", "FieldValueRequired"),
        (changed(agent(), "spec.approval", {"providers": []}), "spec.approval.providers", "FieldValueInvalid"),
        (changed(agent(), "spec.operationMode", "bold"), "spec.operationMode", "FieldValueNotSupported"),
        (changed(trigger(), "spec.broker", 1), "spec.broker", "FieldValueTypeInvalid"),
        (secret(data={"a b": ""}), "data[a b]", "FieldValueInvalid"),
        (secret(stringData={"a": "b" * 800_000}), "data", "FieldValueTooLong"),
        (changed(config_map(), "data", {"a/b": ""}), "data[a/b]", "FieldValueInvalid"),
        (changed(service(), "spec.ports"), "spec.ports", "FieldValueRequired"),
        (changed(service(), "spec.ports.0.port", 70000), "spec.ports[0].port", "FieldValueInvalid"),
        (changed(service(), "spec.ports", [{"port": 1}, {"port": 2}]), "spec.ports[0].name", "FieldValueRequired"),
        (changed(service(), "spec.type", "ExternalName"), "spec.externalName", "FieldValueRequired"),
        (changed(service(), "metadata.name", "a.b"), "metadata.name", "FieldValueInvalid"),
        (changed(pod(), "spec.containers"), "spec.containers", "FieldValueRequired"),
        (changed(pod(), "spec.containers", []), "spec.containers", "FieldValueRequired"),
        (changed(pod(), "spec.containers.0.image"), "spec.containers[0].image", "FieldValueRequired"),
        (changed(pod(), "spec"), "spec.containers", "FieldValueRequired"),
        (changed(deployment(), "spec.selector"), "spec.selector", "FieldValueRequired"),
        (changed(deployment(), "spec.selector", {}), "spec.selector", "FieldValueInvalid"),
        (
            changed(deployment(), "spec.template.metadata.labels", {"app": "other"}),
            "spec.template.metadata.labels",
            "FieldValueInvalid",
        ),
        (changed(deployment(), "spec.replicas", -1), "spec.replicas", "FieldValueInvalid"),
        (
            changed(deployment(), "spec.template.spec.containers.0.env.0.name"),
            "spec.template.spec.containers[0].env[0].name",
            "FieldValueRequired",
        ),
    ],
)
async def test_an_object_that_breaks_its_schema_is_invalid_and_each_cause_is_named(
    http: httpx.AsyncClient, item: Object, field: str, reason: str
) -> None:
    response = await http.post(path_of(item), json=item)
    status = assert_status(response, 422, "Invalid")
    assert status["details"]["kind"] == item["kind"]
    cause = next(cause for cause in status["details"]["causes"] if cause["field"] == field)
    assert cause["reason"] == reason
    assert f"{field}: {cause['message']}" in status["message"]


async def test_an_invalid_object_is_told_in_the_servers_own_words(http: httpx.AsyncClient) -> None:
    item = changed(function(), "spec.runtime", {"language": "cobol"})
    assert_status(
        await http.post(FUNCTIONS, json=item),
        422,
        "Invalid",
        'LambdaFunction.lambda.knative.io "pod-restart" is invalid: [spec.runtime.version: Required value, '
        'spec.runtime.language: Unsupported value: "cobol": supported values: "nodejs", "python", "go"]',
    )
    item = changed(rule(), "spec.groups.0.name", 1)
    assert_status(
        await http.post(RULES, json=item),
        422,
        "Invalid",
        'PrometheusRule.monitoring.coreos.com "demo" is invalid: spec.groups[0].name: Invalid value: "integer": '
        'spec.groups[0].name in body must be of type string: "integer"',
    )


@pytest.mark.parametrize(
    ("place", "item"),
    [
        (RULES, secret()),
        (RULES, rule(kind="LambdaFunction")),
        (RULES, rule(apiVersion="monitoring.coreos.com/v2")),
        (RULES, rule(namespace="kube-system")),
        (RULES, {key: value for key, value in rule().items() if key != "kind"}),
        (RULES, changed(rule(), "metadata.labels", {"a": 1})),
        (RULES, changed(rule(), "metadata", ["demo"])),
        (SECRETS, secret(data={"a": "not base64"})),
        (SECRETS, secret(stringData={"a": 1})),
        (DEPLOYMENTS, changed(deployment(), "spec.replicas", "two")),
    ],
)
async def test_an_object_that_does_not_fit_its_address_or_type_is_a_bad_request(
    http: httpx.AsyncClient, place: str, item: Object
) -> None:
    assert_status(await http.post(place, json=item), 400, "BadRequest")


async def test_unknown_fields_are_warned_of_and_pruned_or_refused_if_strict(http: httpx.AsyncClient) -> None:
    item = changed(rule(), "spec.groups.0.rules.0.exprr", "x")
    refused = await http.post(f"{RULES}?fieldValidation=Strict", json=item)
    assert_status(
        refused,
        400,
        "BadRequest",
        'PrometheusRule in version "v1" cannot be handled as a PrometheusRule: strict decoding error: '
        'unknown field "spec.groups[0].rules[0].exprr"',
    )
    warned = await http.post(RULES, json=item)
    assert warned.headers["warning"] == '299 - "unknown field \\"spec.groups[0].rules[0].exprr\\""'
    assert "exprr" not in warned.text
    silent = await http.post(f"{RULES}?fieldValidation=Ignore", json={**item, "metadata": {"name": "other"}})
    assert "warning" not in silent.headers
    assert "exprr" not in silent.text
    assert_status(await http.post(f"{RULES}?fieldValidation=Perhaps", json=item), 422, "Invalid")


async def test_what_the_trigger_schema_leaves_open_is_kept(http: httpx.AsyncClient) -> None:
    item = changed(trigger(), "spec.delivery", {"retry": 3, "timeout": "PT5S"})
    created = await http.post(path_of(item), json=item)
    assert created.json()["spec"]["delivery"] == {"retry": 3, "timeout": "PT5S"}
    assert "warning" not in created.headers


async def test_null_is_the_same_as_absent(http: httpx.AsyncClient) -> None:
    item = changed(rule(), "metadata.creationTimestamp", "")
    item["metadata"]["creationTimestamp"] = None
    item["spec"]["groups"][0]["interval"] = None
    created = await http.post(RULES, json=item)
    assert created.status_code == 201
    assert "interval" not in created.json()["spec"]["groups"][0]


async def test_without_the_bearer_token_nothing_is_served() -> None:
    api = KubernetesApi(token="sesame")
    transport = httpx.ASGITransport(api.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://kubernetes.default.svc") as http:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic sesame"}):
            for place in (RULES, "/api", "/version", "/nothing"):
                assert_status(await http.get(place, headers=headers), 401, "Unauthorized", "Unauthorized")
        assert (await http.get(RULES, headers={"authorization": "Bearer sesame"})).status_code == 200


@pytest.mark.parametrize(
    ("method", "place"),
    [
        ("POST", f"{RULES}/demo"),
        ("PUT", RULES),
        ("PATCH", RULES),
        ("POST", "/apis/monitoring.coreos.com/v1/prometheusrules"),
        ("DELETE", f"{RULES}/demo/status"),
        ("POST", "/version"),
        ("DELETE", "/api/v1/namespaces"),
        ("HEAD", RULES),
    ],
)
async def test_a_method_that_an_address_does_not_know_is_not_allowed(
    http: httpx.AsyncClient, method: str, place: str
) -> None:
    response = await http.request(method, place)
    assert response.status_code == 405
    if method != "HEAD":
        assert_status(response, 405, "MethodNotAllowed")


@pytest.mark.parametrize(
    "place",
    ["/", "/apis/other.example/v1/things", "/apis/apps/v2/namespaces/default/deployments", "/metrics"],
)
async def test_an_unknown_path_is_not_found_as_plain_text(http: httpx.AsyncClient, place: str) -> None:
    response = await http.get(place)
    assert (response.status_code, response.text) == (404, "404 page not found\n")


@pytest.mark.parametrize(
    "place",
    [
        "/api/v1/namespaces/default/things",
        f"{RULES}/demo/scale",
        f"{SECRETS}/a/status",
        "/api/v1/namespaces/default/namespaces/other",
        f"{RULES}/demo/status/more",
    ],
)
async def test_an_unknown_resource_is_not_found_as_a_status(http: httpx.AsyncClient, place: str) -> None:
    assert_status(await http.get(place), 404, "NotFound", "the server could not find the requested resource")


@pytest.mark.parametrize(
    ("method", "place", "what"),
    [
        ("GET", "/api/v1/nodes", "nodes"),
        ("POST", "/api/v1/namespaces/default/events", "events"),
        ("GET", "/api/v1/namespaces/default/pods/web-1/log", "pods/log"),
        ("PATCH", "/apis/apps/v1/namespaces/default/deployments/web/scale", "deployments/scale"),
        ("PUT", "/apis/coordination.k8s.io/v1/namespaces/default/leases/agent-sre", "leases"),
        ("GET", "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods", "pods"),
    ],
)
async def test_what_a_real_server_would_serve_is_said_not_to_be_covered(
    http: httpx.AsyncClient, method: str, place: str, what: str
) -> None:
    refusal = f"The acceptance suite's double does not cover this: {what}."
    assert_status(await http.request(method, place), 501, "NotImplemented", refusal)


@pytest.mark.parametrize(("resource", "excuses"), [("leases", True), ("events", False)])
def test_who_only_tells_kubernetes_something_is_judged_all_the_same(resource: str, excuses: bool) -> None:
    call = Journal().record(
        caller="agent-sre",
        callee="kubernetes",
        method="POST",
        url=f"https://kubernetes/api/v1/namespaces/ai/{resource}",
        status=501,
        response_body=json.dumps(errors.not_covered(resource).status()).encode(),
    )
    assert bool(uncovered([call])) is excuses


async def test_bodies_are_json_or_yaml_and_nothing_else(http: httpx.AsyncClient) -> None:
    text = yaml.safe_dump(rule())
    created = await http.post(RULES, content=text, headers={"content-type": "application/yaml"})
    assert created.status_code == 201
    for kind in ("text/plain", "application/vnd.kubernetes.protobuf", "application/x-www-form-urlencoded"):
        refused = await http.post(RULES, content="{}", headers={"content-type": kind})
        assert_status(refused, 415, "UnsupportedMediaType")
    refused = await http.patch(f"{RULES}/demo", content="{}", headers={"content-type": "application/json"})
    assert_status(refused, 415, "UnsupportedMediaType")
    refused = await http.get(RULES, headers={"accept": "application/vnd.kubernetes.protobuf"})
    assert_status(refused, 406, "NotAcceptable")


@pytest.mark.parametrize("body", ["", "{", "[]", '"text"', "\xff"])
async def test_a_body_that_is_no_object_is_a_bad_request(http: httpx.AsyncClient, body: str) -> None:
    json_body = await http.post(RULES, content=body.encode("latin-1"), headers={"content-type": "application/json"})
    assert_status(json_body, 400, "BadRequest")
    yaml_body = await http.post(RULES, content=body.encode("latin-1"), headers={"content-type": "application/yaml"})
    assert_status(yaml_body, 400, "BadRequest")


async def test_a_body_of_more_than_three_megabytes_is_too_large(http: httpx.AsyncClient) -> None:
    item = changed(config_map(), "data", {"a": "b" * 3_200_000})
    assert_status(await http.post(CONFIG_MAPS, json=item), 413, "RequestEntityTooLarge")


async def test_a_dry_run_answers_and_changes_nothing(http: httpx.AsyncClient, store: Store) -> None:
    before = store.version
    assert (await http.post(f"{RULES}?dryRun=All", json=rule())).status_code == 201
    assert (await http.get(f"{RULES}/demo")).status_code == 404
    assert_status(await http.post(f"{RULES}?dryRun=Some", json=rule()), 422, "Invalid")
    assert_status(await http.post(f"{RULES}?dryRun=All", json=changed(rule(), "spec")), 422, "Invalid")
    assert store.version == before
    await http.post(RULES, json=rule())
    await http.patch(f"{RULES}/demo?dryRun=All", json={"spec": {"groups": []}}, headers=MERGE)
    await http.delete(f"{RULES}/demo?dryRun=All")
    assert (await http.get(f"{RULES}/demo")).json()["spec"] == rule()["spec"]


# changing


async def test_a_stale_resource_version_is_a_conflict(http: httpx.AsyncClient) -> None:
    first = (await http.post(RULES, json=rule())).json()
    second = await http.put(f"{RULES}/demo", json={**first, "spec": {"groups": []}})
    assert second.status_code == 200
    status = assert_status(
        await http.put(f"{RULES}/demo", json=first),
        409,
        "Conflict",
        'Operation cannot be fulfilled on prometheusrules.monitoring.coreos.com "demo": the object has been modified; '
        "please apply your changes to the latest version and try again",
    )
    assert status["details"] == {"name": "demo", "group": "monitoring.coreos.com", "kind": "prometheusrules"}
    stale = {"metadata": {"resourceVersion": first["metadata"]["resourceVersion"], "labels": {"a": "b"}}}
    assert_status(await http.patch(f"{RULES}/demo", json=stale, headers=MERGE), 409, "Conflict")


async def test_a_custom_resource_is_replaced_only_by_version_a_built_in_one_without(http: httpx.AsyncClient) -> None:
    await http.post(RULES, json=rule())
    status = assert_status(await http.put(f"{RULES}/demo", json=rule()), 422, "Invalid")
    assert status["details"]["causes"][0]["field"] == "metadata.resourceVersion"
    await http.post(SECRETS, json=secret())
    assert (await http.put(f"{SECRETS}/linear-api-key", json=secret(stringData={"b": "c"}))).status_code == 200
    unversioned = changed(secret(), "metadata.resourceVersion", "")
    assert (await http.put(f"{SECRETS}/linear-api-key", json=unversioned)).status_code == 200


async def test_an_object_of_another_incarnation_is_a_conflict(http: httpx.AsyncClient) -> None:
    created = (await http.post(SECRETS, json=secret())).json()
    created["metadata"] |= {"uid": "other", "resourceVersion": ""}
    assert_status(await http.put(f"{SECRETS}/linear-api-key", json=created), 409, "Conflict")


async def test_a_name_that_is_not_the_addresss_is_a_bad_request(http: httpx.AsyncClient) -> None:
    await http.post(RULES, json=rule())
    assert_status(await http.put(f"{RULES}/demo", json=rule("other")), 400, "BadRequest")
    patch = {"metadata": {"name": "other"}}
    assert_status(await http.patch(f"{RULES}/demo", json=patch, headers=MERGE), 400, "BadRequest")


async def test_the_generation_counts_changes_of_the_specification_only(http: httpx.AsyncClient) -> None:
    place = f"{RULES}/demo"
    assert (await http.post(RULES, json=rule())).json()["metadata"]["generation"] == 1
    labelled = await http.patch(place, json={"metadata": {"labels": {"a": "b"}}}, headers=MERGE)
    assert labelled.json()["metadata"]["generation"] == 1
    specified = await http.patch(place, json={"spec": {"groups": []}}, headers=MERGE)
    assert specified.json()["metadata"]["generation"] == 2
    status = await http.patch(f"{place}/status", json={"status": {"bindings": []}}, headers=MERGE)
    assert status.json()["metadata"]["generation"] == 2
    assert "generation" not in (await http.post(SECRETS, json=secret())).json()["metadata"]


async def test_what_changes_nothing_is_no_new_version(http: httpx.AsyncClient) -> None:
    created = (await http.post(RULES, json=rule())).json()
    assert (await http.put(f"{RULES}/demo", json=created)).json() == created
    patched = await http.patch(f"{RULES}/demo", json={"spec": created["spec"]}, headers=MERGE)
    assert patched.json() == created


async def test_a_client_cannot_change_what_the_server_owns(http: httpx.AsyncClient) -> None:
    created = (await http.post(RULES, json=rule())).json()
    own = {"creationTimestamp": "2001-01-01T00:00:00Z", "generation": 7, "deletionTimestamp": "2001-01-01T00:00:00Z"}
    patched = await http.patch(f"{RULES}/demo", json={"metadata": own}, headers=MERGE)
    assert patched.json() == created
    status = assert_status(await http.post(RULES, json={**created, "metadata": {**created["metadata"]}}), 500, "")
    assert status["message"] == "resourceVersion should not be set on objects to be created"


async def test_a_merge_patch_sets_merges_and_removes_by_null(http: httpx.AsyncClient) -> None:
    await http.post(CONFIG_MAPS, json=config_map(labels={"a": "1", "b": "2"}))
    patch = {"metadata": {"labels": {"a": None, "c": "3"}}, "data": {"new": "x"}, "immutable": None}
    patched = await http.patch(f"{CONFIG_MAPS}/settings", json=patch, headers=MERGE)
    assert patched.json()["metadata"]["labels"] == {"b": "2", "c": "3"}
    assert patched.json()["data"] == {"a": "1", "new": "x"}
    for bad in ([], "text", None):
        refused = await http.patch(f"{CONFIG_MAPS}/settings", json=bad, headers=MERGE)
        assert_status(refused, 400, "BadRequest")
    invalid = await http.patch(f"{CONFIG_MAPS}/settings", json={"data": {"a/b": "c"}}, headers=MERGE)
    assert_status(invalid, 422, "Invalid")


async def test_an_unknown_field_of_a_patch_is_warned_of(http: httpx.AsyncClient) -> None:
    await http.post(RULES, json=rule())
    patched = await http.patch(f"{RULES}/demo", json={"spec": {"gruops": []}}, headers=MERGE)
    assert patched.headers["warning"] == '299 - "unknown field \\"spec.gruops\\""'
    strict = await http.patch(f"{RULES}/demo?fieldValidation=Strict", json={"spec": {"gruops": []}}, headers=MERGE)
    assert_status(strict, 400, "BadRequest")


@pytest.mark.parametrize(
    ("operations", "groups"),
    [
        ([{"op": "add", "path": "/spec/groups/-", "value": {"name": "c"}}], ["a", "b", "c"]),
        ([{"op": "add", "path": "/spec/groups/0", "value": {"name": "c"}}], ["c", "a", "b"]),
        ([{"op": "remove", "path": "/spec/groups/0"}], ["b"]),
        ([{"op": "replace", "path": "/spec/groups/1", "value": {"name": "c"}}], ["a", "c"]),
        ([{"op": "replace", "path": "/spec/groups/1/name", "value": "c"}], ["a", "c"]),
        ([{"op": "move", "from": "/spec/groups/0", "path": "/spec/groups/1"}], ["b", "a"]),
        (
            [
                {"op": "copy", "from": "/spec/groups/0", "path": "/spec/groups/-"},
                {"op": "replace", "path": "/spec/groups/2/name", "value": "c"},
            ],
            ["a", "b", "c"],
        ),
        (
            [
                {"op": "test", "path": "/spec/groups/0/name", "value": "a"},
                {"op": "add", "path": "/metadata/labels", "value": {"x/y": "1"}},
                {"op": "remove", "path": "/metadata/labels/x~1y"},
            ],
            ["a", "b"],
        ),
    ],
)
async def test_a_json_patch_does_its_operations_in_order(
    http: httpx.AsyncClient, operations: list[Object], groups: list[str]
) -> None:
    await http.post(RULES, json=rule(spec={"groups": [{"name": "a"}, {"name": "b"}]}))
    patched = await http.patch(f"{RULES}/demo", json=operations, headers=JSON_PATCH)
    assert [group["name"] for group in patched.json()["spec"]["groups"]] == groups


@pytest.mark.parametrize(
    ("operations", "code"),
    [
        ([{"op": "test", "path": "/spec/groups/0/name", "value": "z"}], 422),
        ([{"op": "remove", "path": "/spec/nothing"}], 422),
        ([{"op": "replace", "path": "/spec/nothing", "value": 1}], 422),
        ([{"op": "add", "path": "/spec/groups/9", "value": {}}], 422),
        ([{"op": "add", "path": "/spec/groups/00", "value": {}}], 422),
        ([{"op": "add", "path": "/spec/groups/0/name/deeper", "value": {}}], 422),
        ([{"op": "remove", "path": "/spec/groups/-"}], 422),
        ([{"op": "remove", "path": ""}], 422),
        ([{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}, {"op": "remove", "path": "/x"}], 422),
        ([{"op": "add", "path": "/spec/groups/0/name"}], 400),
        ([{"op": "explode", "path": "/spec"}], 400),
        ([{"op": "remove", "path": "spec"}], 400),
        ([{"op": "remove"}], 400),
        ({"op": "remove", "path": "/spec"}, 400),
        (["remove"], 400),
    ],
)
async def test_a_json_patch_that_cannot_be_done_changes_nothing(
    http: httpx.AsyncClient, operations: Any, code: int
) -> None:
    created = (await http.post(RULES, json=rule())).json()
    refused = await http.patch(f"{RULES}/demo", json=operations, headers=JSON_PATCH)
    assert_status(refused, code, "Invalid" if code == 422 else "BadRequest")
    assert (await http.get(f"{RULES}/demo")).json() == created


async def test_a_strategic_merge_patch_merges_lists_by_their_key(http: httpx.AsyncClient) -> None:
    await http.post(DEPLOYMENTS, json=deployment())

    async def patch(container: Object, **spec: Any) -> list[Object]:
        body = {"spec": {"template": {"spec": {"containers": [container], **spec}}}}
        patched = await http.patch(f"{DEPLOYMENTS}/agent-sre", json=body, headers=STRATEGIC)
        assert patched.status_code == 200, patched.text
        found: list[Object] = patched.json()["spec"]["template"]["spec"]["containers"]
        return found

    (agent_,) = await patch({"name": "agent", "image": "agent-sre:2", "env": [{"name": "A", "value": "1"}]})
    assert agent_["image"] == "agent-sre:2"
    assert [variable["name"] for variable in agent_["env"]] == ["LINEAR_API_KEY", "A"]
    both = await patch(
        {"name": "proxy", "image": "proxy:1"},
        **{"$setElementOrder/containers": [{"name": "proxy"}, {"name": "agent"}]},
    )
    assert [container["name"] for container in both] == ["proxy", "agent"]
    (left,) = await patch({"name": "proxy", "$patch": "delete"})
    assert left["name"] == "agent"
    (left,) = await patch({"name": "agent", "env": [{"$patch": "replace"}, {"name": "B", "value": "2"}]})
    assert left["env"] == [{"name": "B", "value": "2"}]
    body = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    patched = await http.patch(f"{DEPLOYMENTS}/agent-sre", json=body, headers=STRATEGIC)
    assert patched.json()["spec"]["strategy"] == {"type": "Recreate"}
    body = {"metadata": {"finalizers": ["example.com/a"]}}
    await http.patch(f"{DEPLOYMENTS}/agent-sre", json=body, headers=STRATEGIC)
    body = {"metadata": {"finalizers": ["example.com/b"], "$deleteFromPrimitiveList/finalizers": ["example.com/a"]}}
    patched = await http.patch(f"{DEPLOYMENTS}/agent-sre", json=body, headers=STRATEGIC)
    assert patched.json()["metadata"]["finalizers"] == ["example.com/b"]


async def test_a_strategic_merge_patch_needs_the_key_and_a_built_in_kind(http: httpx.AsyncClient) -> None:
    await http.post(DEPLOYMENTS, json=deployment())
    body: Object = {"spec": {"template": {"spec": {"containers": [{"image": "x"}]}}}}
    refused = await http.patch(f"{DEPLOYMENTS}/agent-sre", json=body, headers=STRATEGIC)
    assert_status(refused, 400, "BadRequest")
    refused = await http.patch(f"{DEPLOYMENTS}/agent-sre", json={"$patch": "explode"}, headers=STRATEGIC)
    assert_status(refused, 400, "BadRequest")
    await http.post(RULES, json=rule())
    refused = await http.patch(f"{RULES}/demo", json={}, headers=STRATEGIC)
    assert "strategic" not in assert_status(refused, 415, "UnsupportedMediaType")["message"]


async def test_server_side_apply_creates_then_updates_and_unchanged_keeps_the_version(http: httpx.AsyncClient) -> None:
    place = f"{RULES}/demo?fieldManager=suite"
    created = await http.patch(place, content=yaml.safe_dump(rule()), headers=APPLY)
    assert created.status_code == 201
    unchanged = await http.patch(place, content=json.dumps(rule()), headers=APPLY)
    assert (unchanged.status_code, unchanged.json()) == (200, created.json())
    updated = await http.patch(place, json=changed(rule(), "spec.groups.0.rules.0.expr", "up == 1"), headers=APPLY)
    assert updated.json()["metadata"]["generation"] == 2
    assert updated.json()["spec"]["groups"][0]["rules"][0]["expr"] == "up == 1"


async def test_server_side_apply_removes_what_its_manager_no_longer_wants(http: httpx.AsyncClient) -> None:
    place = f"{RULES}/demo?fieldManager="
    first = changed(rule(), "metadata.labels", {"a": "1", "b": "2"})
    first["spec"]["groups"].append({"name": "second"})
    await http.patch(f"{place}suite", json=first, headers=APPLY)
    other = {**rule(), "metadata": {"labels": {"b": "2"}}, "spec": {"groups": [{"name": "third"}]}}
    await http.patch(f"{place}other", json=other, headers=APPLY)
    await http.patch(f"{RULES}/demo", json={"metadata": {"labels": {"manual": "x"}}}, headers=MERGE)
    again = await http.patch(f"{place}suite", json=changed(rule(), "metadata.labels", {}), headers=APPLY)
    assert again.json()["metadata"]["labels"] == {"b": "2", "manual": "x"}
    assert [group["name"] for group in again.json()["spec"]["groups"]] == ["demo", "third"]


async def test_managers_who_want_different_things_conflict_until_one_forces(http: httpx.AsyncClient) -> None:
    place = f"{RULES}/demo?fieldManager="
    await http.patch(f"{place}suite", json=changed(rule(), "spec.groups.0.interval", "1m"), headers=APPLY)
    wish = {**rule(), "spec": {"groups": [{"name": "demo", "interval": "2m"}]}}
    status = assert_status(await http.patch(f"{place}other", json=wish, headers=APPLY), 409, "Conflict")
    assert status["details"]["causes"] == [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "suite"',
            "field": '.spec.groups[name="demo"].interval',
        }
    ]
    forced = await http.patch(f"{place}other&force=true", json=wish, headers=APPLY)
    assert forced.json()["spec"]["groups"][0]["interval"] == "2m"
    assert forced.json()["spec"]["groups"][0]["rules"] == rule()["spec"]["groups"][0]["rules"]


async def test_server_side_apply_needs_a_manager_and_a_kind(http: httpx.AsyncClient) -> None:
    status = assert_status(await http.patch(f"{RULES}/demo", json=rule(), headers=APPLY), 422, "Invalid")
    assert status["details"]["causes"][0]["field"] == "fieldManager"
    place = f"{RULES}/demo?fieldManager=suite"
    for body in ("spec: {}", "[]", "{"):
        assert_status(await http.patch(place, content=body, headers=APPLY), 400, "BadRequest")
    gone = await http.patch(place.replace("?", "/status?"), json=rule(), headers=APPLY)
    assert_status(gone, 404, "NotFound")


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("lastTransitionTime", "yesterday", "FieldValueInvalid"),
        ("message", "a" * 32769, "FieldValueTooLong"),
        ("reason", "not a reason", "FieldValueInvalid"),
        ("status", "Perhaps", "FieldValueNotSupported"),
        ("observedGeneration", 1.5, "FieldValueTypeInvalid"),
    ],
)
async def test_a_status_that_breaks_its_schema_is_invalid(
    http: httpx.AsyncClient, field: str, value: Any, reason: str
) -> None:
    await http.post(FUNCTIONS, json=function())
    good = {
        "type": "Ready",
        "status": "True",
        "reason": "R",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    place = f"{FUNCTIONS}/pod-restart/status"
    body = {"status": {"conditions": [{**good, "observedGeneration": 1.0}]}}
    assert (await http.patch(place, json=body, headers=MERGE)).status_code == 200
    body["status"]["conditions"][0][field] = value
    status = assert_status(await http.patch(place, json=body, headers=MERGE), 422, "Invalid")
    (cause,) = status["details"]["causes"]
    assert (cause["field"], cause["reason"]) == (f"status.conditions[0].{field}", reason)


async def test_status_is_written_through_its_own_address_only(http: httpx.AsyncClient) -> None:
    status = {"phase": "Ready"}
    created = await http.post(FUNCTIONS, json={**function(), "status": status})
    assert "status" not in created.json()
    place = f"{FUNCTIONS}/pod-restart"
    patched = await http.patch(place, json={"status": status}, headers=MERGE)
    assert patched.json() == created.json()
    body = {"status": status, "spec": {"runtime": {"version": "9"}}, "metadata": {"labels": {"a": "b"}}}
    written = (await http.patch(f"{place}/status", json=body, headers=MERGE)).json()
    assert written["status"] == status
    assert written["spec"] == created.json()["spec"]
    assert "labels" not in written["metadata"]
    assert (await http.get(f"{place}/status")).json() == written
    replaced = (await http.put(f"{place}/status", json={**written, "status": {"phase": "Failed"}})).json()
    assert replaced["status"] == {"phase": "Failed"}
    kept = await http.put(place, json={**replaced, "status": {}})
    assert kept.json()["status"] == {"phase": "Failed"}
    invalid = await http.patch(f"{place}/status", json={"status": {"phase": "Happy"}}, headers=MERGE)
    assert_status(invalid, 422, "Invalid")
    applied = await http.patch(
        f"{place}/status?fieldManager=x", json={**function(), "status": {"phase": "Failed"}}, headers=APPLY
    )
    assert applied.status_code == 200


# whatever comes

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**33), 2**33) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
KINDS = [rule, function, agent, trigger, secret, config_map, service, pod, deployment]
DIRECTIVES = ["$patch", "$retainKeys", "$setElementOrder/containers", "$deleteFromPrimitiveList/finalizers"]


@st.composite
def damaged(draw: st.DrawFn, item: Object) -> Any:
    """The object with something else at one or two places of it."""
    for _ in range(draw(st.integers(1, 2))):
        found: Any = item
        while isinstance(found, dict | list) and found:
            keys = list(found) if isinstance(found, dict) else list(range(len(found)))
            key = draw(st.sampled_from(keys))
            if draw(st.booleans()) or not isinstance(found[key], dict | list) or not found[key]:
                if isinstance(found, dict) and draw(st.booleans()):
                    key = draw(st.sampled_from([*DIRECTIVES, *keys]) | st.text(max_size=8))
                found[key] = draw(json_values)
                break
            found = found[key]
    return item


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=300)
@given(st.data())
def test_any_json_is_answered_by_a_status_if_not_by_an_object(data: st.DataObject) -> None:
    make = data.draw(st.sampled_from(KINDS))
    body = data.draw(damaged(make()) | json_values)
    method, headers = data.draw(
        st.sampled_from(
            [("POST", {}), ("PUT", {}), *(("PATCH", kind) for kind in (MERGE, JSON_PATCH, STRATEGIC, APPLY))]
        )
    )

    async def answered() -> httpx.Response:
        api = KubernetesApi()
        created = api.store.create(make())
        name = created["metadata"]["name"]
        place = path_of(created) if method == "POST" else f"{path_of(created)}/{name}?fieldManager=a"
        transport = httpx.ASGITransport(api.app)
        async with httpx.AsyncClient(transport=transport, base_url="https://kubernetes.default.svc") as http:
            return await http.request(method, place, content=json.dumps(body), headers=headers)

    response = asyncio.run(answered())
    if not response.is_success:
        assert_status(response, response.status_code, response.json().get("reason", ""))


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=200)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"])},
            optional={
                "path": st.sampled_from(
                    ["", "/", "/spec", "/spec/groups/0", "/spec/groups/-", "/spec/groups/0/name/x", "x"]
                ),
                "from": st.sampled_from(["", "/spec", "/spec/groups/0", "/spec/groups/9"]),
                "value": json_values,
            },
        ),
        max_size=3,
    )
)
def test_any_json_patch_is_answered_by_a_status_if_not_by_an_object(operations: list[Object]) -> None:
    store = Store()
    created = store.create(rule())
    try:
        patched = json_patch({}, created, operations)
        store.replace({**patched, "kind": "PrometheusRule", "apiVersion": "monitoring.coreos.com/v1"})
    except ApiError as error:
        assert error.code in (400, 404, 409, 422)


# finding


@pytest.fixture
async def labelled(http: httpx.AsyncClient) -> httpx.AsyncClient:
    for name, labels in {"a": {"run": "1", "tier": "web"}, "b": {"run": "2"}, "c": {}}.items():
        await http.post(CONFIG_MAPS, json=config_map(name, labels=labels))
    return http


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("", "abc"),
        ("run=1", "a"),
        ("run==1", "a"),
        ("run!=1", "bc"),
        ("run", "ab"),
        ("!run", "c"),
        ("run in (1, 2)", "ab"),
        ("run notin (1)", "bc"),
        ("run in (1,2),!tier", "b"),
        ("tier=web,run=1", "a"),
        ("run=", ""),
        ("missing", ""),
    ],
)
async def test_a_label_selector_chooses(labelled: httpx.AsyncClient, selector: str, names: str) -> None:
    listed = await labelled.get(CONFIG_MAPS, params={"labelSelector": selector})
    assert "".join(item["metadata"]["name"] for item in listed.json()["items"]) == names


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("metadata.name=a", "a"),
        ("metadata.name==b", "b"),
        ("metadata.name!=a", "bc"),
        ("metadata.namespace=default", "abc"),
        ("metadata.name=a,metadata.namespace=other", ""),
    ],
)
async def test_a_field_selector_chooses(labelled: httpx.AsyncClient, selector: str, names: str) -> None:
    listed = await labelled.get(CONFIG_MAPS, params={"fieldSelector": selector})
    assert "".join(item["metadata"]["name"] for item in listed.json()["items"]) == names


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("labelSelector", "a b"),
        ("labelSelector", "a in 1"),
        ("labelSelector", "=1"),
        ("labelSelector", "a=not/valid"),
        ("labelSelector", "a in (x y)"),
        ("fieldSelector", "data.a=1"),
        ("fieldSelector", "metadata.name"),
        ("limit", "many"),
        ("timeoutSeconds", "-1"),
        ("continue", "nonsense"),
    ],
)
async def test_a_parameter_that_cannot_be_read_is_a_bad_request(
    http: httpx.AsyncClient, parameter: str, value: str
) -> None:
    watch = {"watch": "true"} if parameter == "timeoutSeconds" else {}
    response = await http.get(CONFIG_MAPS, params={parameter: value, **watch})
    assert_status(response, 400, "BadRequest")


async def test_fields_of_a_kind_of_its_own_can_be_selected(http: httpx.AsyncClient) -> None:
    await http.post(path_of(pod()), json=pod())
    for selector, count in (("spec.nodeName=node-1", 1), ("spec.nodeName=node-2", 0), ("status.phase=Pending", 1)):
        listed = await http.get("/api/v1/pods", params={"fieldSelector": selector})
        assert len(listed.json()["items"]) == count


async def test_a_list_comes_in_pages_if_asked(labelled: httpx.AsyncClient) -> None:
    first = (await labelled.get(CONFIG_MAPS, params={"limit": "2"})).json()
    assert [item["metadata"]["name"] for item in first["items"]] == ["a", "b"]
    assert first["metadata"]["remainingItemCount"] == 1
    token = first["metadata"]["continue"]
    second = (await labelled.get(CONFIG_MAPS, params={"limit": "2", "continue": token})).json()
    assert [item["metadata"]["name"] for item in second["items"]] == ["c"]
    assert "continue" not in second["metadata"]


async def test_a_list_of_a_version_to_come_times_out(http: httpx.AsyncClient, store: Store) -> None:
    ahead = str(store.version + 1)
    assert_status(await http.get(RULES, params={"resourceVersion": ahead}), 504, "Timeout")
    assert_status(await http.get(RULES, params={"resourceVersion": "new"}), 422, "Invalid")


async def test_all_namespaces_are_listed_together(http: httpx.AsyncClient) -> None:
    await http.post("/api/v1/namespaces", json={"metadata": {"name": "ai"}})
    await http.post(RULES, json=rule())
    await http.post(RULES.replace("default", "ai"), json=rule(namespace="ai"))
    listed = (await http.get("/apis/monitoring.coreos.com/v1/prometheusrules")).json()
    assert [item["metadata"]["namespace"] for item in listed["items"]] == ["ai", "default"]


# deleting


async def test_a_deletion_is_answered_with_a_success_that_names_the_object(http: httpx.AsyncClient) -> None:
    uid = (await http.post(RULES, json=rule())).json()["metadata"]["uid"]
    assert (await http.delete(f"{RULES}/demo")).json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": "demo", "group": "monitoring.coreos.com", "kind": "prometheusrules", "uid": uid},
    }
    await http.post(path_of(pod()), json=pod())
    assert (await http.delete(f"{path_of(pod())}/checkout")).json()["kind"] == "Pod"


async def test_a_deletion_meant_for_another_version_is_a_conflict(http: httpx.AsyncClient) -> None:
    created = (await http.post(RULES, json=rule())).json()["metadata"]
    for wanted in ({"uid": "other"}, {"resourceVersion": "1"}):
        refused = await http.request("DELETE", f"{RULES}/demo", json={"preconditions": wanted})
        assert_status(refused, 409, "Conflict")
    refused = await http.request("DELETE", f"{RULES}/demo", json=[])
    assert_status(refused, 400, "BadRequest")
    right = {"preconditions": {"uid": created["uid"], "resourceVersion": created["resourceVersion"]}}
    assert (await http.request("DELETE", f"{RULES}/demo", json=right)).status_code == 200


async def test_an_object_with_a_finalizer_goes_when_it_is_finalized(http: httpx.AsyncClient) -> None:
    await http.post(RULES, json=changed(rule(), "metadata.finalizers", ["example.com/f"]))
    marked = (await http.delete(f"{RULES}/demo")).json()
    assert "deletionTimestamp" in marked["metadata"]
    assert (await http.delete(f"{RULES}/demo")).json() == marked
    done = await http.patch(f"{RULES}/demo", json={"metadata": {"finalizers": None}}, headers=MERGE)
    assert done.status_code == 200
    assert (await http.get(f"{RULES}/demo")).status_code == 404


async def test_a_collection_is_deleted_by_selector(labelled: httpx.AsyncClient) -> None:
    gone = (await labelled.delete(CONFIG_MAPS, params={"labelSelector": "run"})).json()
    assert [item["metadata"]["name"] for item in gone["items"]] == ["a", "b"]
    left = (await labelled.get(CONFIG_MAPS)).json()["items"]
    assert [item["metadata"]["name"] for item in left] == ["c"]


async def test_a_namespace_goes_with_all_that_is_in_it(http: httpx.AsyncClient) -> None:
    created = await http.post("/api/v1/namespaces", json={"metadata": {"name": "ai"}})
    assert created.json()["metadata"]["labels"] == {"kubernetes.io/metadata.name": "ai"}
    assert created.json()["status"] == {"phase": "Active"}
    await http.post(RULES.replace("default", "ai"), json=rule(namespace="ai"))
    await http.post(RULES, json=rule())
    assert (await http.delete("/api/v1/namespaces/ai")).json()["kind"] == "Namespace"
    left = (await http.get("/apis/monitoring.coreos.com/v1/prometheusrules")).json()["items"]
    assert [item["metadata"]["namespace"] for item in left] == ["default"]
    assert_status(await http.delete("/api/v1/namespaces/kube-system"), 403, "Forbidden")


# kinds with ways of their own


async def test_a_secret_keeps_its_string_data_as_data(http: httpx.AsyncClient) -> None:
    created = (await http.post(SECRETS, json=secret())).json()
    assert created["data"] == {"api-key": b64encode(b"lin_api_1").decode()}
    assert created["type"] == "Opaque"
    assert "stringData" not in created
    patch = {"stringData": {"api-key": "lin_api_2"}}
    patched = await http.patch(f"{SECRETS}/linear-api-key", json=patch, headers=MERGE)
    assert patched.json()["data"] == {"api-key": b64encode(b"lin_api_2").decode()}


async def test_an_immutable_secret_and_the_type_of_a_secret_stay_as_they_are(http: httpx.AsyncClient) -> None:
    place = f"{SECRETS}/linear-api-key"
    await http.post(SECRETS, json=secret(stringData={"a": "1"}, immutable=True))
    for patch in ({"stringData": {"a": "2"}}, {"immutable": False}, {"type": "other"}):
        assert_status(await http.patch(place, json=patch, headers=MERGE), 422, "Invalid")
    labels = {"metadata": {"labels": {"a": "b"}}}
    assert (await http.patch(place, json=labels, headers=MERGE)).status_code == 200


async def test_a_service_gets_an_address_and_keeps_it(http: httpx.AsyncClient) -> None:
    spec = (await http.post(path_of(service()), json=service())).json()["spec"]
    assert re.fullmatch(r"10\.96\.\d+\.\d+", spec["clusterIP"])
    assert spec["ports"][0] == {"port": 80, "targetPort": 8000, "protocol": "TCP"}
    replaced = await http.put(f"{path_of(service())}/agent-sre", json=service())
    assert replaced.json()["spec"]["clusterIP"] == spec["clusterIP"]
    moved = {"spec": {"clusterIP": "10.96.1.1"}}
    refused = await http.patch(f"{path_of(service())}/agent-sre", json=moved, headers=MERGE)
    assert_status(refused, 422, "Invalid")


async def test_a_deployment_gets_defaults_and_keeps_its_selector(http: httpx.AsyncClient) -> None:
    spec = (await http.post(DEPLOYMENTS, json=deployment())).json()["spec"]
    assert (spec["replicas"], spec["strategy"]["type"]) == (1, "RollingUpdate")
    (container,) = spec["template"]["spec"]["containers"]
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert container["env"] == deployment()["spec"]["template"]["spec"]["containers"][0]["env"]
    patch = {"spec": {"selector": {"matchLabels": {"app": "agent", "b": "c"}}}}
    patch["spec"]["template"] = {"metadata": {"labels": {"app": "agent", "b": "c"}}}
    refused = await http.patch(f"{DEPLOYMENTS}/agent-sre", json=patch, headers=MERGE)
    assert_status(refused, 422, "Invalid")


# in process


def test_the_store_refuses_unknown_fields_and_kinds() -> None:
    store = Store()
    with pytest.raises(ApiError, match=r'unknown field "spec\.gruops"'):
        store.create(rule(spec={"gruops": []}))
    with pytest.raises(ApiError, match='no matches for kind "Widget"'):
        store.create(rule(kind="Widget"))
    with pytest.raises(ApiError, match="empty namespace"):
        store.create(changed(rule(), "metadata.namespace"))
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "namespace": "b"}}
    with pytest.raises(ApiError, match="belongs to the cluster"):
        store.create(namespace)


def test_objects_of_the_store_are_the_callers_own() -> None:
    store = Store()
    given = rule()
    created = store.create(given)
    given["spec"]["groups"].clear()
    created["spec"]["groups"].clear()
    store.find("PrometheusRule")[0]["spec"]["groups"].clear()
    assert store.get("PrometheusRule", "default", "demo")["spec"] == rule()["spec"]


async def test_a_watch_tells_every_change_from_the_version_it_starts_at() -> None:
    store = Store()
    version = int(store.create(rule("a"))["metadata"]["resourceVersion"])
    store.create(config_map())
    with store.watch("PrometheusRule", since=version) as late, store.watch("PrometheusRule") as fresh:
        store.create(rule("b"))
        store.merge("PrometheusRule", "default", "b", {"spec": {"groups": []}})
        store.delete("PrometheusRule", "default", "b")
        seen = [await late.next() for _ in range(3)]
        assert [change.type for change in seen if change] == ["ADDED", "MODIFIED", "DELETED"]
        first = await fresh.next()
        assert first is not None
        assert (first.type, first.item["metadata"]["name"]) == ("ADDED", "a")
        assert await late.next(within=0) is None
        assert late.drain() == []
        assert [change.type for change in fresh.drain()] == ["ADDED", "MODIFIED", "DELETED"]


async def test_a_watch_from_a_forgotten_version_is_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steps.world.cluster.kubernetes.store._REMEMBERED", 2)
    store = Store()
    for name in "abc":
        store.create(rule(name))
    oldest = store.version - 3
    with pytest.raises(ApiError, match=f"too old resource version: {oldest}") as refused:
        store.watch("PrometheusRule", since=oldest)
    assert (refused.value.code, refused.value.reason) == (410, "Expired")
    with store.watch("PrometheusRule", since=oldest + 1) as changes:
        change = await changes.next()
    assert change is not None
    assert change.item["metadata"]["name"] == "b"


# what it says about itself


async def test_discovery_names_every_resource(http: httpx.AsyncClient) -> None:
    assert (await http.get("/version")).json()["minor"] == "36"
    assert (await http.get("/api")).json()["versions"] == ["v1"]
    groups = [group["name"] for group in (await http.get("/apis")).json()["groups"]]
    assert groups == ["apps", "monitoring.coreos.com", "lambda.knative.io", "eventing.knative.dev"]
    resources = (await http.get("/apis/lambda.knative.io/v1alpha1")).json()["resources"]
    assert [resource["name"] for resource in resources] == [
        "lambdafunctions",
        "lambdafunctions/status",
        "lambdaagents",
        "lambdaagents/status",
    ]
    assert resources[0]["shortNames"] == ["lf", "lfunc"]
    places = (await http.get("/openapi/v3")).json()["paths"]
    for place in places.values():
        assert (await http.get(place["serverRelativeURL"])).json()["components"]["schemas"]
    for health in ("/healthz", "/livez", "/readyz"):
        assert (await http.get(health)).text == "ok"


async def test_a_list_can_be_had_as_a_table(http: httpx.AsyncClient) -> None:
    await http.post(FUNCTIONS, json=function())
    table = (await http.get(FUNCTIONS, headers=TABLE)).json()
    assert table["kind"] == "Table"
    titles = [column["name"] for column in table["columnDefinitions"]]
    assert titles == ["Name", "Phase", "Image", "URL", "Ready", "Age"]
    assert table["rows"][0]["cells"][0] == "pod-restart"
