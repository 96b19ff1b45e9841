"""What the server tells about itself: groups, resources and their OpenAPI documents, as `kubectl` asks."""

from __future__ import annotations

from functools import cache
from typing import Any

from steps.world.cluster.kubernetes.resources import RESOURCES, Resource, group_versions
from steps.world.cluster.kubernetes.schema import Object

_VERSION = {
    "major": "1",
    "minor": "36",
    "gitVersion": "v1.36.0",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "linux/amd64",
}
_WRITE_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation", "force")


@cache
def document(path: str) -> Object | None:
    """The document at an address of discovery; None if the address is none."""
    documents: dict[str, Any] = {
        "/version": _VERSION,
        "/api": {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []},
        "/apis": {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [_group(group, version) for group, version in group_versions() if group],
        },
        "/openapi/v3": {
            "paths": {place: {"serverRelativeURL": f"/openapi/v3/{place}"} for place in map(_place, group_versions())}
        },
    }
    for group, version in group_versions():
        place = _place((group, version))
        if group:
            documents[f"/apis/{group}"] = {"kind": "APIGroup", "apiVersion": "v1", **_group(group, version)}
        documents[f"/{place}"] = _resource_list(group, version)
        documents[f"/openapi/v3/{place}"] = _openapi(group, version)
    return documents.get(path)


def _place(group_version: tuple[str, str]) -> str:
    group, version = group_version
    return f"apis/{group}/{version}" if group else f"api/{version}"


def _group(group: str, version: str) -> Object:
    named = {"groupVersion": f"{group}/{version}", "version": version}
    return {"name": group, "versions": [named], "preferredVersion": named}


def _resource_list(group: str, version: str) -> Object:
    served = [it for it in RESOURCES if (it.group, it.version) == (group, version)]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": [entry for resource in served for entry in _entries(resource)],
    }


def _entries(resource: Resource) -> list[Object]:
    verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
    if resource.namespaced:
        verbs.insert(2, "deletecollection")
    common = {"namespaced": resource.namespaced, "kind": resource.kind}
    entry: Object = {
        "name": resource.plural,
        "singularName": resource.singular,
        **common,
        "verbs": verbs,
        "shortNames": list(resource.short_names),
        "categories": list(resource.categories),
    }
    if not resource.status:
        return [entry]
    status = {"name": f"{resource.plural}/status", "singularName": "", **common}
    return [entry, {**status, "verbs": ["get", "patch", "update"]}]


def _openapi(group: str, version: str) -> Object:
    paths: Object = {}
    schemas: Object = {}
    for resource in RESOURCES:
        if (resource.group, resource.version) != (group, version):
            continue
        identity = {"group": group, "kind": resource.kind, "version": version}
        schemas[_schema_name(resource)] = {
            **resource.schema,
            "x-kubernetes-group-version-kind": [identity],
        }
        namespaces = "namespaces/{namespace}/" if resource.namespaced else ""
        collection = f"/{_place((group, version))}/{namespaces}{resource.plural}"
        paths[collection] = {"get": _read("list", identity), "post": _write("post", resource, identity)}
        paths[f"{collection}/{{name}}"] = {
            "get": _read("get", identity),
            "put": _write("put", resource, identity),
            "patch": _write("patch", resource, identity),
        }
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": _VERSION["gitVersion"]},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _schema_name(resource: Resource) -> str:
    reverse = ".".join(reversed((resource.group or "core").split(".")))
    return f"{reverse}.{resource.version}.{resource.kind}"


def _read(action: str, identity: Object) -> Object:
    return {
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": identity,
        "responses": {"200": {"description": "OK"}},
    }


def _write(action: str, resource: Resource, identity: Object) -> Object:
    reference = {"$ref": f"#/components/schemas/{_schema_name(resource)}"}
    return {
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": identity,
        "parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in _WRITE_PARAMETERS],
        "requestBody": {"content": {"application/json": {"schema": reference}}},
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": reference}}}},
    }
