"""What the cluster holds before anybody does anything: namespaces, functions, triggers and the SLO rules."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from steps.world import hosts
from steps.world.credentials import Credentials
from steps.world.services import slo
from steps.world.services.functions import NAMESPACE, SHIPPED

Manifest = dict[str, Any]
NAMESPACES = ("ai", "knative-lambda", "prometheus", "shop")
ALERT_EVENTS = ("io.homelab.prometheus.alert.fired", "io.homelab.prometheus.alert.resolved")


def cluster() -> Iterator[Manifest]:
    """Every object of a cluster in which agent-sre is deployed (CONTRACTS §7 and §10)."""
    for name in NAMESPACES:
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    for name in SHIPPED:
        yield function(name)
    for event_type in ALERT_EVENTS:
        yield _trigger(event_type)
    yield slo.recording_rules()


INLINE = {"type": "inline", "inline": {"code": "def handler(event):\n    return {'status': 'success'}\n"}}
"""The source of a function that is written down in its manifest."""


def function(name: str, namespace: str = NAMESPACE, source: Manifest = INLINE) -> Manifest:
    """A LambdaFunction as its team would deploy it."""
    return {
        "apiVersion": "lambda.knative.io/v1alpha1",
        "kind": "LambdaFunction",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "source": source,
            "runtime": {"language": "python", "version": "3.11", "handler": "index.handler"},
        },
    }


def secrets(held: Credentials) -> Iterator[Manifest]:
    """The Secrets that agent-sre's keys come from."""
    keys = {
        "linear-api-key": {"api-key": held.linear_api_key},
        "jira-api-token": {"api-token": held.jira_api_token},
        "linear-oauth": {"client-secret": held.linear_client_secret},
        "pagerduty-api-key": {"api-key": held.pagerduty_api_key},
        "slack-approvals": {"webhook-url": held.slack_webhook_url, "signing-secret": held.slack_signing_secret},
    }
    for name, data in keys.items():
        yield {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()},
        }


def _trigger(event_type: str) -> Manifest:
    """agent-sre's subscription to one type of event."""
    return {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Trigger",
        "metadata": {"name": f"agent-sre-{event_type.rpartition('.')[2]}", "namespace": "knative-lambda"},
        "spec": {
            "broker": "lambda-broker",
            "filter": {"attributes": {"type": event_type}},
            "subscriber": {"uri": f"http://{hosts.AGENT}/"},
        },
    }
