"""The schema of Trigger, eventing.knative.dev/v1 (CONTRACTS §6.3)."""

from __future__ import annotations

from steps.world.cluster.kubernetes.metadata import kind
from steps.world.cluster.kubernetes.schema import (
    PRESERVE,
    Schema,
    array,
    integer,
    record,
    string,
)

_ANY = {"type": "object", **PRESERVE}


def _destination() -> Schema:
    reference = record({"apiVersion": string(), "kind": string(), "name": string(), "namespace": string()})
    return record({"ref": reference, "uri": string(), "CACerts": string(), "audience": string()})


def _spec() -> Schema:
    dialects = {"all": array(_ANY), "any": array(_ANY), "cesql": string()}
    dialects |= dict.fromkeys(("exact", "not", "prefix", "suffix"), _ANY)
    delivery = record(
        {
            "backoffDelay": string(),
            "backoffPolicy": string(),
            "deadLetterSink": _destination(),
            "retry": integer(format="int32"),
            "format": string(),
        },
        **PRESERVE,
    )
    return record(
        {
            "broker": string(),
            "brokerRef": record({"apiVersion": string(), "kind": string(), "name": string(), "namespace": string()}),
            "delivery": delivery,
            "filter": record({"attributes": _ANY}),
            "filters": array(record(dialects)),
            "subscriber": _destination(),
        },
        **PRESERVE,
    )


def _status() -> Schema:
    condition = record(
        {
            "lastTransitionTime": string(),
            "message": string(),
            "reason": string(),
            "severity": string(),
            "status": string(),
            "type": string(),
        },
        required=["type", "status"],
    )
    return record(
        {
            "annotations": _ANY,
            "auth": record({"serviceAccountName": string(), "serviceAccountNames": array(string())}),
            "conditions": array(condition),
            "deadLetterSinkUri": string(),
            "deadLetterSinkCACerts": string(),
            "deadLetterSinkAudience": string(),
            "observedGeneration": integer(format="int64"),
            "subscriberUri": string(),
            "subscriberCACerts": string(),
            "subscriberAudience": string(),
        }
    )


TRIGGER = kind({"spec": _spec(), "status": _status()})
