"""The schemas of the custom resources are the vendors' own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes_objects import changed

from steps.world.cluster.kubernetes import custom
from steps.world.cluster.kubernetes.schema import Schema

VENDOR = Path(__file__).parents[2] / "shared" / "vendor"
_WORDS = ("description", "properties", "items", "additionalProperties", "required")


@pytest.fixture(scope="module")
def vendor_schema() -> Callable[[str], Schema]:
    def read(file: str) -> Schema:
        path = VENDOR / file
        if not path.exists():
            pytest.skip(f"NOT COMPARED with the vendor's own definition: {path} is absent. Put the CRD there.")
        definition = next(yaml.safe_load_all(path.read_text()))
        schema: Schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        return schema

    return read


def differences(ours: Schema, theirs: Schema, path: str = "") -> Iterator[str]:
    """Everything in which a schema is not the vendor's, one sentence each."""
    mine = {key: value for key, value in ours.items() if key not in _WORDS}
    other = {key: value for key, value in theirs.items() if key not in _WORDS}
    for same in other.pop("allOf", ()):
        other |= same
    if mine != other:
        yield f"{path or 'the root'} says {mine} here and {other} there"
    if set(ours.get("required", ())) != set(theirs.get("required", ())):
        yield f"{path or 'the root'} requires {ours.get('required')} here and {theirs.get('required')} there"
    fields, known = ours.get("properties", {}), theirs.get("properties", {})
    for name in fields.keys() ^ known.keys():
        yield f"{path}.{name} is known {'here' if name in fields else 'there'} only"
    for name in fields.keys() & known.keys():
        yield from differences(fields[name], known[name], f"{path}.{name}")
    for inner in ("items", "additionalProperties"):
        if (inner in ours) != (inner in theirs):
            yield f"{path} has {inner} on one side only"
        elif inner in ours:
            yield from differences(ours[inner], theirs[inner], f"{path}[]")


_DEFINITIONS = {
    "crd-prometheusrule.yaml": custom.PROMETHEUS_RULE,
    "crd-lambdafunction.yaml": custom.LAMBDA_FUNCTION,
    "crd-lambdaagent.yaml": custom.LAMBDA_AGENT,
    "crd-knative-trigger.yaml": custom.TRIGGER,
}


def own_fields(schema: Schema) -> Schema:
    """The schema without what every object has."""
    fields = {key: value for key, value in schema["properties"].items() if key in ("spec", "status")}
    return {**schema, "properties": fields}


@pytest.mark.parametrize("file", _DEFINITIONS)
def test_a_schema_says_what_the_vendors_definition_says(vendor_schema: Callable[[str], Schema], file: str) -> None:
    assert list(differences(own_fields(_DEFINITIONS[file]), own_fields(vendor_schema(file)))) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("properties.spec.required", ["runtime"]),
        ("properties.spec.properties.runtime.properties.language.enum", ["python"]),
        ("properties.spec.properties.runtime.properties.version.type", "integer"),
        ("properties.spec.properties.scaling.properties.maxReplicas.minimum", 2),
        ("properties.spec.properties.invented", {"type": "string"}),
        ("properties.spec.properties.env", None),
    ],
)
def test_a_schema_that_deviates_is_told_apart(vendor_schema: Callable[[str], Schema], path: str, value: Any) -> None:
    deviating = changed(json.loads(json.dumps(own_fields(custom.LAMBDA_FUNCTION))), path, value)
    assert list(differences(deviating, own_fields(vendor_schema("crd-lambdafunction.yaml"))))
