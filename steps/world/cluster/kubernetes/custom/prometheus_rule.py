"""The schema of PrometheusRule, monitoring.coreos.com/v1 (CONTRACTS §4.4)."""

from __future__ import annotations

from steps.world.cluster.kubernetes.metadata import kind
from steps.world.cluster.kubernetes.schema import (
    Schema,
    array,
    choice,
    integer,
    integer_or_string,
    keyed,
    mapping,
    record,
    string,
    time,
)

_DURATION = "^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$"


def _rule() -> Schema:
    return record(
        {
            "alert": string(),
            "annotations": mapping(string()),
            "expr": integer_or_string(),
            "for": string(pattern=_DURATION),
            "keep_firing_for": string(pattern=_DURATION, minLength=1),
            "labels": mapping(string()),
            "record": string(),
        },
        required=["expr"],
    )


def _rule_group() -> Schema:
    return record(
        {
            "interval": string(pattern=_DURATION),
            "labels": mapping(string()),
            "limit": integer(),
            "name": string(minLength=1),
            "partial_response_strategy": string(pattern="^(?i)(abort|warn)?$"),
            "query_offset": string(pattern=_DURATION),
            "rules": array(_rule()),
        },
        required=["name"],
    )


def _binding() -> Schema:
    condition = record(
        {
            "lastTransitionTime": time(),
            "message": string(),
            "observedGeneration": integer(format="int64"),
            "reason": string(),
            "status": string(minLength=1),
            "type": choice("Accepted", minLength=1),
        },
        required=["lastTransitionTime", "status", "type"],
    )
    return record(
        {
            "conditions": keyed(condition, "type"),
            "group": choice("monitoring.coreos.com"),
            "name": string(minLength=1),
            "namespace": string(minLength=1),
            "resource": choice("prometheuses", "prometheusagents", "thanosrulers", "alertmanagers"),
        },
        required=["group", "name", "namespace", "resource"],
    )


PROMETHEUS_RULE = kind(
    {
        "spec": record({"groups": keyed(_rule_group(), "name")}),
        "status": record({"bindings": keyed(_binding(), "group", "resource", "name", "namespace")}),
    },
    required=["spec"],
)
