"""Remediation: which function is to be called for an alert, with which parameters, and how that went."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steps.reference.agent.alert import Alert
from steps.reference.agent.functions import TYPE, Functions
from steps.reference.agent.kubernetes import Kubernetes
from steps.reference.calls import RefusedError
from steps.reference.events import CloudEvent, now

NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""What a function, being a Kubernetes Service, may be called."""
NAMED_BY = {
    "pod-restart": ("pod", "deployment"),
    "pod-check-status": ("pod",),
    "scale-deployment": ("deployment",),
    "check-pvc-status": ("persistentvolumeclaim",),
}
"""The labels that give the shipped functions their parameter `name`; others take the label `name`."""
NEEDED = {
    "pod-restart": ("name",),
    "pod-check-status": ("namespace",),
    "scale-deployment": ("name", "namespace", "replicas"),
    "check-pvc-status": ("namespace",),
    "flux-reconcile-kustomization": ("name",),
    "flux-reconcile-gitrepository": ("name",),
    "flux-reconcile-helmrelease": ("name",),
}
"""The parameters without which the shipped functions cannot work (CONTRACTS §7)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A call that is to be made."""

    function: str
    parameters: dict[str, Any]


def function_of(alert: Alert) -> str | None:
    """The function that the alert asks for."""
    return alert.annotations.get("lambda_function") or None


def plan(alert: Alert) -> Plan:
    """The call that the alert's annotations ask for. Raises RefusedError when it must not be made."""
    function = function_of(alert) or ""
    if not NAME.fullmatch(function):
        raise RefusedError(f"{function!r} cannot be the name of a LambdaFunction.")
    text = alert.annotations.get("lambda_parameters") or "{}"
    try:
        parameters = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"The annotation lambda_parameters is not valid JSON: {error}.") from error
    if not isinstance(parameters, dict):
        raise RefusedError(f"The annotation lambda_parameters must be a JSON object, not {text}.")
    parameters = filled_up(function, parameters, alert.labels)
    if lacking := missing(function, parameters):
        raise RefusedError(
            f"{function} needs {' and '.join(lacking)}, which neither the annotation nor the labels give."
        )
    return Plan(function, parameters)


def missing(function: str, parameters: dict[str, Any]) -> list[str]:
    """The parameters that the function needs and has not been given."""
    return [name for name in NEEDED.get(function, ()) if parameters.get(name) in (None, "")]


def filled_up(function: str, parameters: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    """The parameters with what they lack taken from the alert's labels."""
    filled = dict(parameters)
    if "name" not in filled and "selector" not in filled:
        label = next((label for label in (*NAMED_BY.get(function, ()), "name") if labels.get(label)), None)
        if label:
            filled["name"] = labels[label]
            if function == "pod-restart" and label in ("pod", "deployment"):
                filled.setdefault("type", label)
    if "namespace" not in filled and labels.get("namespace"):
        filled["namespace"] = labels["namespace"]
    return filled


def request(plan: Plan, event_id: str, alertname: str, correlation_id: str, trace: Mapping[str, str]) -> CloudEvent:
    """The event that the function is called with (CONTRACTS §10.1)."""
    attributes = {
        "id": event_id,
        "source": "agent-sre",
        "type": TYPE,
        "subject": alertname,
        "time": now(),
        "correlationid": correlation_id,
    }
    return CloudEvent(attributes, plan.parameters, trace)


class Remediation:
    """Calls functions that are ready."""

    def __init__(self, functions: Functions, kubernetes: Kubernetes | None, namespace: str) -> None:
        self._functions = functions
        self._kubernetes = kubernetes
        self._namespace = namespace

    async def carry_out(self, function: str, request: CloudEvent) -> str:
        """Calls the function if it is ready and returns what it says it did. Raises CallError."""
        if self._kubernetes is None:
            raise RefusedError("No Kubernetes API is configured, so nobody can tell whether the function is ready.")
        if not await self._kubernetes.is_ready(function, self._namespace):
            raise RefusedError(
                f"LambdaFunction {function} in namespace {self._namespace} does not exist or is not ready."
            )
        return await self._functions.call(function, request)
