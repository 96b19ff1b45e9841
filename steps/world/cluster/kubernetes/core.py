"""The built-in kinds: their schemas, what the server fills in, and what it refuses beyond the schema.

Pod templates are typed as far as the suite reads them (containers, environment, secrets, volumes); other
fields of a pod are kept as they are given.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from steps.world.cluster.kubernetes.errors import Cause, bad_request
from steps.world.cluster.kubernetes.metadata import METADATA, kind
from steps.world.cluster.kubernetes.schema import (
    PRESERVE,
    Object,
    Schema,
    array,
    boolean,
    choice,
    integer,
    integer_or_string,
    mapping,
    merged,
    record,
    string,
)

_KIBIBYTE = 1024
_DATA_LIMIT = 1024 * _KIBIBYTE
_RETAIN_KEYS: Schema = {"x-kubernetes-patch-strategy": "retainKeys"}
_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


def _pod_spec() -> Schema:
    selector = record({"name": string(default=""), "key": string(), "optional": boolean()}, required=["key"])
    whole = record({"name": string(default=""), "optional": boolean()})
    field = record({"apiVersion": string(default="v1"), "fieldPath": string()}, required=["fieldPath"])
    environment = record(
        {
            "name": string(),
            "value": string(),
            "valueFrom": record(
                {
                    "secretKeyRef": selector,
                    "configMapKeyRef": selector,
                    "fieldRef": field,
                    "resourceFieldRef": {"type": "object", **PRESERVE},
                }
            ),
        },
        required=["name"],
    )
    port = record(
        {
            "name": string(),
            "containerPort": integer(format="int32", minimum=1, maximum=65535),
            "hostPort": integer(format="int32"),
            "hostIP": string(),
            "protocol": choice("TCP", "UDP", "SCTP", default="TCP"),
        },
        required=["containerPort"],
    )
    mount = record({"name": string(), "mountPath": string()}, required=["name", "mountPath"], **PRESERVE)
    container = record(
        {
            "name": string(),
            "image": string(),
            "command": array(string()),
            "args": array(string()),
            "workingDir": string(),
            "env": merged(environment, "name"),
            "envFrom": array(record({"prefix": string(), "secretRef": whole, "configMapRef": whole})),
            "ports": merged(port, "containerPort"),
            "volumeMounts": merged(mount, "mountPath"),
            "terminationMessagePath": string(default="/dev/termination-log"),
            "terminationMessagePolicy": string(default="File"),
            "imagePullPolicy": choice("Always", "IfNotPresent", "Never"),
            "resources": {"type": "object", **PRESERVE, "default": {}},
        },
        required=["name"],
        **PRESERVE,
    )
    volume = record({"name": string()}, required=["name"], **PRESERVE)
    return record(
        {
            "containers": merged(container, "name"),
            "initContainers": merged(container, "name"),
            "volumes": {**merged(volume, "name"), "x-kubernetes-patch-strategy": "merge,retainKeys"},
            "serviceAccountName": string(),
            "nodeName": string(),
            "restartPolicy": choice("Always", "OnFailure", "Never", default="Always"),
            "dnsPolicy": string(default="ClusterFirst"),
            "schedulerName": string(default="default-scheduler"),
            "terminationGracePeriodSeconds": integer(format="int64", default=30),
            "securityContext": {"type": "object", **PRESERVE, "default": {}},
        },
        required=["containers"],
        **PRESERVE,
    )


_CONDITION = record({"type": string(), "status": string()}, required=["type", "status"], **PRESERVE)
_CONDITIONS = merged(_CONDITION, "type")
_STATUS = record({"conditions": _CONDITIONS}, **PRESERVE)

NAMESPACE = kind(
    {
        "spec": record({"finalizers": array(string())}),
        "status": record({"phase": choice("Active", "Terminating"), "conditions": _CONDITIONS}),
    }
)
SECRET = kind(
    {
        "type": string(default="Opaque"),
        "data": mapping(string()),
        "stringData": mapping(string()),
        "immutable": boolean(),
    }
)
CONFIG_MAP = kind({"data": mapping(string()), "binaryData": mapping(string()), "immutable": boolean()})
SERVICE = kind(
    {
        "spec": record(
            {
                "type": choice("ClusterIP", "NodePort", "LoadBalancer", "ExternalName", default="ClusterIP"),
                "selector": mapping(string()),
                "ports": merged(
                    record(
                        {
                            "name": string(),
                            "port": integer(format="int32", minimum=1, maximum=65535),
                            "targetPort": integer_or_string(),
                            "nodePort": integer(format="int32"),
                            "protocol": choice("TCP", "UDP", "SCTP", default="TCP"),
                            "appProtocol": string(),
                        },
                        required=["port"],
                    ),
                    "port",
                ),
                "clusterIP": string(),
                "clusterIPs": array(string()),
                "externalName": string(),
                "sessionAffinity": choice("None", "ClientIP", default="None"),
                "ipFamilies": array(string()),
                "ipFamilyPolicy": string(),
                "internalTrafficPolicy": choice("Cluster", "Local", default="Cluster"),
            },
            **PRESERVE,
            default={},
        ),
        "status": {**_STATUS, "default": {"loadBalancer": {}}},
    }
)
POD = kind({"spec": _pod_spec(), "status": _STATUS})
DEPLOYMENT = kind(
    {
        "spec": record(
            {
                "replicas": integer(format="int32", minimum=0, default=1),
                "selector": record(
                    {
                        "matchLabels": mapping(string()),
                        "matchExpressions": array({"type": "object", **PRESERVE}),
                    }
                ),
                "template": record(
                    {"metadata": METADATA, "spec": _pod_spec()},
                ),
                "strategy": record(
                    {
                        "type": choice("RollingUpdate", "Recreate", default="RollingUpdate"),
                        "rollingUpdate": record(
                            {
                                "maxSurge": integer_or_string(default="25%"),
                                "maxUnavailable": integer_or_string(default="25%"),
                            }
                        ),
                    },
                    **_RETAIN_KEYS,
                    default={},
                ),
                "minReadySeconds": integer(format="int32"),
                "paused": boolean(),
                "progressDeadlineSeconds": integer(format="int32", default=600),
                "revisionHistoryLimit": integer(format="int32", default=10),
            },
            required=["selector", "template"],
        ),
        "status": _STATUS,
    },
    required=["spec"],
)


def prepare_namespace(new: Object, old: Object | None) -> None:
    new["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = new["metadata"]["name"]
    new["spec"] = old["spec"] if old else {"finalizers": ["kubernetes"]}
    if not old:
        new["status"] = {"phase": "Active"}


def prepare_secret(new: Object, old: Object | None) -> None:
    for key, text in new.pop("stringData", {}).items():
        new.setdefault("data", {})[key] = base64.b64encode(text.encode()).decode()
    for text in new.get("data", {}).values():
        _decoded(new, text)


def check_secret(new: Object, old: Object | None) -> list[Cause]:
    causes = _data_causes(new, old, "data")
    if old and new["type"] != old["type"]:
        causes.append(Cause.invalid("type", new["type"], "field is immutable"))
    return causes


def prepare_config_map(new: Object, old: Object | None) -> None:
    for text in new.get("binaryData", {}).values():
        _decoded(new, text)


def check_config_map(new: Object, old: Object | None) -> list[Cause]:
    return _data_causes(new, old, "data", "binaryData")


def prepare_service(new: Object, old: Object | None) -> None:
    spec = new["spec"]
    for port in spec.get("ports", ()):
        port.setdefault("targetPort", port.get("port"))
    if spec.get("type") == "ExternalName":
        return
    if old and "clusterIP" not in spec:
        spec["clusterIP"] = old["spec"].get("clusterIP")
    if not spec.get("clusterIP"):
        digits = int(new["metadata"]["uid"].replace("-", ""), 16)
        spec["clusterIP"] = f"10.96.{digits % 255}.{digits // 255 % 254 + 1}"
    spec["clusterIPs"] = [spec["clusterIP"]]


def check_service(new: Object, old: Object | None) -> list[Cause]:
    spec = new["spec"]
    if spec["type"] == "ExternalName":
        return [] if spec.get("externalName") else [Cause.required("spec.externalName")]
    if not spec.get("ports") and spec.get("clusterIP") != "None":
        return [Cause.required("spec.ports")]
    if old and spec["clusterIP"] != old["spec"].get("clusterIP", spec["clusterIP"]):
        return [Cause.invalid("spec.clusterIPs[0]", spec["clusterIP"], "may not change once set")]
    return [
        Cause.required(f"spec.ports[{index}].name")
        for index, port in enumerate(spec.get("ports", ()))
        if len(spec["ports"]) > 1 and not port.get("name")
    ]


def prepare_pod(new: Object, old: Object | None) -> None:
    _pull_policies(new.get("spec", {}))
    if not old:
        new["status"] = {"phase": "Pending", "qosClass": "BestEffort"}


def check_pod(new: Object, old: Object | None) -> list[Cause]:
    return _pod_causes(new.get("spec"), "spec")


def prepare_deployment(new: Object, old: Object | None) -> None:
    spec = new.get("spec", {})
    _pull_policies(spec.get("template", {}).get("spec", {}))
    strategy = spec.get("strategy", {})
    if strategy.get("type") == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {"maxSurge": "25%", "maxUnavailable": "25%"})


def check_deployment(new: Object, old: Object | None) -> list[Cause]:
    spec = new["spec"]
    causes = []
    if "selector" in spec and "template" in spec:
        labels = spec["template"].get("metadata", {}).get("labels", {})
        wanted = spec["selector"].get("matchLabels", {})
        expressions = spec["selector"].get("matchExpressions")
        if not wanted and not expressions:
            causes.append(Cause.invalid("spec.selector", {}, "empty selector is invalid for deployment"))
        elif any(labels.get(key) != value for key, value in wanted.items()):
            why = "`selector` does not match template `labels`"
            causes.append(Cause.invalid("spec.template.metadata.labels", labels, why))
        causes += _pod_causes(spec["template"].get("spec"), "spec.template.spec")
    if old and spec.get("selector") != old["spec"]["selector"]:
        causes.append(Cause.invalid("spec.selector", spec.get("selector"), "field is immutable"))
    return causes


def _decoded(item: Object, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        kind, version = item["kind"], item["apiVersion"]
        raise bad_request(
            f'{kind} in version "{version}" cannot be handled as a {kind}: illegal base64 data: {error}'
        ) from None


def _data_causes(new: Object, old: Object | None, *fields: str) -> list[Cause]:
    causes = []
    size = 0
    for field in fields:
        for key, text in new.get(field, {}).items():
            size += len(text.encode())
            if not _DATA_KEY.fullmatch(key):
                why = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
                causes.append(Cause.invalid(f"{field}[{key}]", key, why))
        if old and old.get("immutable") and new.get(field) != old.get(field):
            causes.append(Cause.forbidden(field, "field is immutable when `immutable` is set"))
    if old and old.get("immutable") and not new.get("immutable"):
        causes.append(Cause.forbidden("immutable", "field is immutable when `immutable` is set"))
    if size > _DATA_LIMIT:
        causes.append(Cause.too_long("data", _DATA_LIMIT))
    return causes


def _pull_policies(spec: Object) -> None:
    for container in [*spec.get("containers", ()), *spec.get("initContainers", ())]:
        if isinstance(container, dict) and "imagePullPolicy" not in container:
            name = str(container.get("image", "")).rsplit("/", 1)[-1]
            newest = "@" not in name and (":" not in name or name.endswith(":latest"))
            container["imagePullPolicy"] = "Always" if newest else "IfNotPresent"


def _pod_causes(spec: Any, path: str) -> list[Cause]:
    if not isinstance(spec, dict):
        return [Cause.required(f"{path}.containers")]
    causes = []
    if spec.get("containers") == []:
        causes.append(Cause.required(f"{path}.containers"))
    for index, container in enumerate(spec.get("containers", ())):
        if not container.get("image"):
            causes.append(Cause.required(f"{path}.containers[{index}].image"))
    return causes
