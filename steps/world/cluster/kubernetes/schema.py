"""Structural schemas: what an API server does with the OpenAPI v3 schema of a resource.

A schema is the OpenAPI document itself, a plain dict, so that it can be published as it is. The builders
keep the definitions short; `prune`, `default` and `validate` are a real API server's passes over every write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast

from steps.world.cluster.kubernetes.errors import Cause

Schema = dict[str, Any]
Object = dict[str, Any]
Json = TypeVar("Json")

PRESERVE: Schema = {"x-kubernetes-preserve-unknown-fields": True}
"""Keyword of an object whose unknown fields are kept."""

_INTEGERS = {"int32": 2**31, "int64": 2**63}
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def string(**keywords: Any) -> Schema:
    return {"type": "string", **keywords}


def choice(*values: str, **keywords: Any) -> Schema:
    return {"type": "string", "enum": list(values), **keywords}


def integer(**keywords: Any) -> Schema:
    return {"type": "integer", **keywords}


def boolean(**keywords: Any) -> Schema:
    return {"type": "boolean", **keywords}


def integer_or_string(**keywords: Any) -> Schema:
    return {
        "anyOf": [{"type": "integer"}, {"type": "string"}],
        "x-kubernetes-int-or-string": True,
        **keywords,
    }


def time() -> Schema:
    return string(format="date-time")


def array(items: Schema, **keywords: Any) -> Schema:
    return {"type": "array", "items": items, **keywords}


def keyed(items: Schema, *keys: str) -> Schema:
    """An array whose elements are told apart by `keys`, which no two elements may share."""
    return array(items, **{"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)})


def merged(items: Schema, key: str) -> Schema:
    """An array of a built-in kind whose elements a patch merges by `key`."""
    return array(items, **{"x-kubernetes-patch-merge-key": key, "x-kubernetes-patch-strategy": "merge"})


def mapping(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def record(properties: dict[str, Schema], required: Sequence[str] = (), **keywords: Any) -> Schema:
    """An object of known fields."""
    needs = {"required": sorted(required)} if required else {}
    return {"type": "object", "properties": properties, **needs, **keywords}


def clone(value: Json) -> Json:
    """A deep copy of a JSON value."""
    if isinstance(value, dict):
        return cast(Json, {key: clone(element) for key, element in value.items()})
    if isinstance(value, list):
        return cast(Json, [clone(element) for element in value])
    return value


def element_keys(schema: Schema) -> list[str]:
    """The fields that tell an array's elements apart when it is merged; none if it is replaced whole."""
    if merge_key := schema.get("x-kubernetes-patch-merge-key"):
        return [merge_key]
    keys: list[str] = schema.get("x-kubernetes-list-map-keys", [])
    return keys


def child(schema: Schema, field: str) -> Schema:
    """The schema of one field of an object; empty when the object takes any field."""
    known: Schema | None = schema.get("properties", {}).get(field)
    return known if known is not None else schema.get("additionalProperties", {})


def prune(schema: Schema, value: Any, path: str = "") -> list[str]:
    """Removes in place what the schema does not know, and returns the paths removed."""
    unknown: list[str] = []
    if isinstance(value, dict):
        properties, values = schema.get("properties", {}), schema.get("additionalProperties")
        free = not schema or schema.get("x-kubernetes-preserve-unknown-fields", False)
        for key in list(value):
            place = f"{path}.{key}" if path else key
            if key in properties:
                unknown += prune(properties[key], value[key], place)
            elif values is not None:
                unknown += prune(values, value[key], place)
            elif not free and schema.get("type") == "object":
                del value[key]
                unknown.append(place)
    elif isinstance(value, list) and "items" in schema:
        for index, element in enumerate(value):
            unknown += prune(schema["items"], element, f"{path}[{index}]")
    return unknown


def default(schema: Schema, value: Any) -> None:
    """Fills in place the fields that have a default and are absent from an object that is there."""
    if isinstance(value, dict):
        for key, field in schema.get("properties", {}).items():
            if key not in value and "default" in field:
                value[key] = clone(field["default"])
            if key in value:
                default(field, value[key])
        if values := schema.get("additionalProperties"):
            for element in value.values():
                default(values, element)
    elif isinstance(value, list) and "items" in schema:
        for element in value:
            default(schema["items"], element)


def drop_nulls(value: Any) -> None:
    """Removes null fields in place: no field of ours is nullable, and so null is the same as absent."""
    if isinstance(value, dict):
        for key in [key for key, element in value.items() if element is None]:
            del value[key]
        for element in value.values():
            drop_nulls(element)
    elif isinstance(value, list):
        for element in value:
            drop_nulls(element)


def validate(schema: Schema, value: Any, path: str) -> list[Cause]:
    """Every violation of the schema, worded as the API server words it."""
    expected = _wrong_type(schema, value)
    if expected:
        shown = _type_name(value)
        reason = f"{path} in body must be of type {expected}: {json.dumps(shown)}"
        return [Cause("FieldValueTypeInvalid", f"Invalid value: {json.dumps(shown)}: {reason}", path)]
    if isinstance(value, dict):
        return _object_causes(schema, value, path)
    if isinstance(value, list):
        return _array_causes(schema, value, path)
    return _scalar_causes(schema, value, path)


def _object_causes(schema: Schema, value: Object, path: str) -> list[Cause]:
    prefix = f"{path}." if path else ""
    causes = [Cause.required(prefix + key) for key in schema.get("required", ()) if key not in value]
    properties, values = schema.get("properties", {}), schema.get("additionalProperties")
    for key, element in value.items():
        field = properties.get(key, values)
        if field:
            causes += validate(field, element, prefix + key)
    return causes


def _array_causes(schema: Schema, value: list[Any], path: str) -> list[Cause]:
    causes = []
    if len(value) < schema.get("minItems", 0):
        wish = f"{path} in body should have at least {schema['minItems']} items"
        causes.append(Cause.invalid(path, len(value), wish))
    if items := schema.get("items"):
        for index, element in enumerate(value):
            causes += validate(items, element, f"{path}[{index}]")
    keys = schema.get("x-kubernetes-list-map-keys")
    if keys and not causes:
        seen: list[Object] = []
        for index, element in enumerate(value):
            identity = {key: element.get(key) for key in keys}
            if identity in seen:
                causes.append(Cause.duplicate(f"{path}[{index}]", identity))
            seen.append(identity)
    return causes


def _scalar_causes(schema: Schema, value: Any, path: str) -> list[Cause]:
    causes = []
    if "enum" in schema and value not in schema["enum"]:
        causes.append(Cause.unsupported(path, value, schema["enum"]))
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0):
            wish = f"{path} in body should be at least {schema['minLength']} chars long"
            causes.append(Cause.invalid(path, value, wish))
        if len(value) > schema.get("maxLength", len(value)):
            causes.append(Cause.too_long(path, schema["maxLength"]))
        if "pattern" in schema and not _compiled(schema["pattern"]).search(value):
            causes.append(Cause.invalid(path, value, f"{path} in body should match '{schema['pattern']}'"))
        if schema.get("format") == "date-time" and not _DATE_TIME.fullmatch(value):
            causes.append(Cause.invalid(path, value, f"{path} in body must be of type date-time: {json.dumps(value)}"))
    elif isinstance(value, int) and not isinstance(value, bool):
        if value < schema.get("minimum", value):
            wish = f"{path} in body should be greater than or equal to {schema['minimum']}"
            causes.append(Cause.invalid(path, value, wish))
        if value > schema.get("maximum", value):
            wish = f"{path} in body should be less than or equal to {schema['maximum']}"
            causes.append(Cause.invalid(path, value, wish))
        bound = _INTEGERS.get(schema.get("format", ""))
        if bound and not -bound <= value < bound:
            wish = f'{path} in body must be of type {schema["format"]}: "integer"'
            causes.append(Cause.invalid(path, value, wish))
    return causes


def _wrong_type(schema: Schema, value: Any) -> str | None:
    """The type that the schema wants, if the value has another one."""
    if schema.get("x-kubernetes-int-or-string"):
        return None if isinstance(value, str | int) and not isinstance(value, bool) else "integer,string"
    expected: str | None = schema.get("type")
    if expected is None:
        return None
    actual = _type_name(value)
    if actual == expected:
        return None
    if expected == "integer" and isinstance(value, float) and value.is_integer():
        return None
    return expected


def _type_name(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    for kind, name in ((int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, kind):
            return name
    return "object"


@lru_cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A Go pattern for Python: its inline flag moves out, and its `$` means the very end."""
    flags = re.IGNORECASE if "(?i)" in pattern else 0
    pattern = pattern.replace("(?i)", "")
    if pattern.endswith("$"):
        pattern = pattern[:-1] + r"\Z"
    return re.compile(pattern, flags)
