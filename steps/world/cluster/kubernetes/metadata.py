"""What every object has: apiVersion, kind and metadata, and the rules of names, labels and annotations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from steps.world.cluster.kubernetes.errors import Cause
from steps.world.cluster.kubernetes.schema import (
    Object,
    Schema,
    array,
    boolean,
    integer,
    mapping,
    merged,
    record,
    string,
    time,
)

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_ANNOTATIONS_LIMIT = 256 * 1024


@dataclass(frozen=True, slots=True)
class NameRule:
    """What the names of a kind look like."""

    pattern: str
    longest: int
    words: str


SUBDOMAIN = NameRule(
    _SUBDOMAIN,
    253,
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    f"'{_SUBDOMAIN}')",
)
LABEL = NameRule(
    _LABEL,
    63,
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    f"'{_LABEL}')",
)
_LABEL_VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used "
    f"for validation is '({_QUALIFIED})?')"
)
_NAME_PART = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    f"'{_QUALIFIED}')"
)


def _metadata() -> Schema:
    owner = record(
        {
            "apiVersion": string(),
            "kind": string(),
            "name": string(),
            "uid": string(),
            "controller": boolean(),
            "blockOwnerDeletion": boolean(),
        },
        required=["apiVersion", "kind", "name", "uid"],
    )
    return record(
        {
            "name": string(),
            "generateName": string(),
            "namespace": string(),
            "uid": string(),
            "resourceVersion": string(),
            "generation": integer(format="int64"),
            "creationTimestamp": time(),
            "deletionTimestamp": time(),
            "deletionGracePeriodSeconds": integer(format="int64"),
            "labels": mapping(string()),
            "annotations": mapping(string()),
            "finalizers": array(string(), **{"x-kubernetes-patch-strategy": "merge"}),
            "ownerReferences": merged(owner, "uid"),
            "managedFields": array({}),
            "selfLink": string(),
        }
    )


METADATA = _metadata()


def kind(properties: dict[str, Schema], required: Sequence[str] = ()) -> Schema:
    """The schema of a whole object: its own fields and those of every object."""
    return record({"apiVersion": string(), "kind": string(), "metadata": METADATA, **properties}, required)


def check(item: Object, rule: NameRule) -> list[Cause]:
    """What is wrong with the metadata of an object whose types are right."""
    metadata = item["metadata"]
    name = metadata.get("name", "")
    causes = []
    if not name:
        causes.append(Cause.required("metadata.name", "name or generateName is required"))
    elif len(name) > rule.longest:
        wish = f"must be no more than {rule.longest} bytes"
        causes.append(Cause.invalid("metadata.name", name, wish))
    elif not re.fullmatch(rule.pattern, name):
        causes.append(Cause.invalid("metadata.name", name, rule.words))
    for key, value in metadata.get("labels", {}).items():
        causes += _key_causes("metadata.labels", key)
        if len(value) > 63:
            causes.append(Cause.invalid("metadata.labels", value, "must be no more than 63 bytes"))
        elif not re.fullmatch(f"({_QUALIFIED})?", value):
            causes.append(Cause.invalid("metadata.labels", value, _LABEL_VALUE))
    for key in metadata.get("annotations", {}):
        causes += _key_causes("metadata.annotations", key)
    if _size(metadata.get("annotations", {})) > _ANNOTATIONS_LIMIT:
        causes.append(Cause.too_long("metadata.annotations", _ANNOTATIONS_LIMIT))
    return causes


def _key_causes(field: str, key: str) -> list[Cause]:
    prefix, slash, name = key.rpartition("/")
    if slash and not re.fullmatch(_SUBDOMAIN, prefix):
        return [Cause.invalid(field, key, f"prefix part {SUBDOMAIN.words}")]
    if not re.fullmatch(_QUALIFIED, name):
        return [Cause.invalid(field, key, _NAME_PART)]
    if len(name) > 63:
        return [Cause.invalid(field, key, "name part must be no more than 63 bytes")]
    return []


def _size(annotations: dict[str, str]) -> int:
    return sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
