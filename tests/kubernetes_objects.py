"""Objects, addresses and media types for the tests of the Kubernetes API, and what a refusal looks like."""

from __future__ import annotations

from typing import Any

import httpx

RULES = "/apis/monitoring.coreos.com/v1/namespaces/default/prometheusrules"
FUNCTIONS = "/apis/lambda.knative.io/v1alpha1/namespaces/default/lambdafunctions"
SECRETS = "/api/v1/namespaces/default/secrets"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
MERGE = {"content-type": "application/merge-patch+json"}
JSON_PATCH = {"content-type": "application/json-patch+json"}
STRATEGIC = {"content-type": "application/strategic-merge-patch+json"}
APPLY = {"content-type": "application/apply-patch+yaml"}

Object = dict[str, Any]


def rule(name: str = "demo", namespace: str = "default", **changes: Any) -> Object:
    entry = {"alert": "Down", "expr": "up == 0", "for": "1m", "labels": {"severity": "critical"}}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"groups": [{"name": "demo", "rules": [entry]}]},
        **changes,
    }


def function(name: str = "pod-restart") -> Object:
    return {
        "apiVersion": "lambda.knative.io/v1alpha1",
        "kind": "LambdaFunction",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "source": {"type": "inline", "inline": {"code": "def handler(event): return {}"}},
            "runtime": {"language": "python", "version": "3.11"},
        },
    }


def agent() -> Object:
    return {
        "apiVersion": "lambda.knative.io/v1alpha1",
        "kind": "LambdaAgent",
        "metadata": {"name": "agent-sre", "namespace": "default"},
        "spec": {
            "image": {"repository": "registry.local/agent-sre", "port": 8000},
            "eventing": {"subscriptions": [{"eventType": "io.homelab.prometheus.alert.fired"}]},
        },
    }


def trigger() -> Object:
    return {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Trigger",
        "metadata": {"name": "agent-sre", "namespace": "default"},
        "spec": {
            "broker": "lambda-broker",
            "filter": {"attributes": {"type": "io.homelab.prometheus.alert.fired"}},
            "subscriber": {"uri": "http://agent-sre.ai.svc.cluster.local/"},
        },
    }


def secret(name: str = "linear-api-key", **fields: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "default"},
        **(fields or {"stringData": {"api-key": "lin_api_1"}}),
    }


def config_map(name: str = "settings", **metadata: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default", **metadata},
        "data": {"a": "1"},
    }


def service() -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "agent-sre", "namespace": "default"},
        "spec": {"selector": {"app": "agent-sre"}, "ports": [{"port": 80, "targetPort": 8000}]},
    }


def pod(name: str = "checkout") -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"nodeName": "node-1", "containers": [{"name": "app", "image": "checkout:1"}]},
    }


def deployment(name: str = "agent-sre") -> Object:
    key = {"secretKeyRef": {"name": "linear-api-key", "key": "api-key"}}
    container = {"name": "agent", "image": "agent-sre:1", "env": [{"name": "LINEAR_API_KEY", "valueFrom": key}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "selector": {"matchLabels": {"app": "agent"}},
            "template": {"metadata": {"labels": {"app": "agent"}}, "spec": {"containers": [container]}},
        },
    }


def changed(item: Object, path: str, value: Any = None) -> Object:
    """The object with one field set, or removed when there is no value."""
    parts = [int(part) if part.isdecimal() else part for part in path.split(".")]
    found: Any = item
    for part in parts[:-1]:
        found = found[part]
    if value is None:
        del found[parts[-1]]
    else:
        found[parts[-1]] = value
    return item


def path_of(item: Object) -> str:
    group = item["apiVersion"]
    root = f"/apis/{group}" if "/" in group else f"/api/{group}"
    return f"{root}/namespaces/default/{item['kind'].lower()}s"


def assert_status(response: httpx.Response, code: int, reason: str, message: str = "") -> Object:
    status: Object = response.json()
    assert response.status_code == code, response.text
    assert (status["kind"], status["apiVersion"], status["status"]) == ("Status", "v1", "Failure")
    assert (status["code"], status.get("reason", "")) == (code, reason)
    if message:
        assert status["message"] == message
    return status
