"""An alert as the suite knows it, and the PrometheusRule that raises it."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from steps.world.services.signals import GAUGE, NAME_LABEL

LOAD = "load"
"""Name of the signal that the rules watch."""
THRESHOLD = 80
"""The rules alert on a signal above this value."""
RAISED, LOWERED = 81, 79
"""A signal that raises its alert, and one that does not."""
RISEN = 95
"""A signal that keeps its alert raised, but gives another value to its texts."""
CARRIED = ("incident", "namespace", "service", "cluster", "pod", "deployment")
"""The labels of a signal that its alert carries too."""
RULE_LABELS = {"prometheus": "kube-prometheus-stack", "role": "alert-rules"}
"""What the Prometheus operator selects rules by (CONTRACTS §4.4)."""


def new_key() -> str:
    """A name that nothing else in the world has: `v` and twelve hex digits."""
    return f"v{secrets.token_hex(6)}"


@dataclass(slots=True)
class Alert:
    """One alert: its label set is its identity (CONTRACTS §12, ruling 6)."""

    labels: dict[str, str]
    annotations: dict[str, str]
    mark: str
    """The key that tells this alert from every other.

    It is part of its name when the name is its own, else of its pod when that is, and always of what it tells.
    """
    starts_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    source: str = ""
    """The generatorURL: where the alert came from."""
    value: float = RAISED
    """What the signal that raises it shows."""

    @property
    def name(self) -> str:
        """The alertname."""
        return self.labels["alertname"]

    @property
    def called(self) -> str:
        """What the reader of a sentence recognises it by."""
        return self.name if self.mark in self.name else self.pod

    @property
    def severity(self) -> str | None:
        """The severity as the label words it, None without the label."""
        return self.labels.get("severity")

    @property
    def pod(self) -> str:
        """The pod that the alert is about."""
        return self.labels["pod"]

    @property
    def function(self) -> str:
        """The LambdaFunction that its annotations ask for as its remediation."""
        return self.annotations["lambda_function"]

    @property
    def signal(self) -> dict[str, str]:
        """The labels of the signal that raises this alert."""
        return {name: self.labels[name] for name in CARRIED if name in self.labels}


def make_alert(
    *, severity: str | None = "warning", labels: dict[str, str] | None = None, function: str | None = None
) -> Alert:
    """A firing alert of its own name, as one that came out of Prometheus a moment ago.

    `function` is the LambdaFunction that its annotations ask for as its remediation (CONTRACTS §4.4).
    """
    key = new_key()
    own = {
        "alertname": f"HighLoad_{key}",
        "namespace": "shop",
        "service": "checkout",
        "cluster": "acceptance",
        "pod": f"checkout-{key}",
        "deployment": "checkout",
    }
    if severity is not None:
        own["severity"] = severity
    told = {
        "summary": f"Pod checkout-{key} is overloaded",
        "description": f"The load of pod checkout-{key} has been above 80 % since the last deployment.",
    }
    return Alert(
        labels=own | (labels or {}),
        annotations=told | (remediation_by(function, own) if function else {}),
        mark=key,
        starts_at=datetime.now(UTC) - timedelta(seconds=1),
        source=f"https://prometheus.example.com/graph?g0.expr={GAUGE}%7Bpod%3D%22checkout-{key}%22%7D&g0.tab=1",
    )


def of_one_pod(count: int) -> list[Alert]:
    """Firing alerts of one name about one pod, which are told apart by their container alone."""
    shared = {"alertname": f"HighLoad_{new_key()}", "pod": f"checkout-{new_key()}"}
    alerts = [make_alert(labels=shared) for _ in range(count)]
    for alert in alerts:
        alert.labels["container"] = f"container-{alert.mark}"
    return alerts


def of_two_severities() -> list[Alert]:
    """Firing alerts of one name about one pod, which are told apart by their severity alone."""
    alerts = of_one_pod(2)
    for alert, severity in zip(alerts, ("warning", "critical"), strict=True):
        del alert.labels["container"]
        alert.labels["severity"] = severity
    return alerts


def namesakes(count: int, function: str | None = None, labels: dict[str, str] | None = None) -> list[Alert]:
    """Firing alerts of one name, as one rule raises them, each about a pod of its own."""
    name = {"alertname": f"HighLoad_{new_key()}"}
    return [make_alert(function=function, labels=(labels or {}) | name) for _ in range(count)]


def remediation_by(function: str, labels: dict[str, str]) -> dict[str, str]:
    """The annotations that ask for that function to restart the pod of the labels; these may be templates."""
    parameters = {"name": labels["pod"], "namespace": labels["namespace"], "type": "pod"}
    return {"lambda_function": function, "lambda_parameters": json.dumps(parameters)}


@dataclass(slots=True)
class Rule:
    """A PrometheusRule that alerts on the signals of one incident."""

    key: str
    severity: str = "warning"
    delay: float = 0
    """Seconds that the signal must stay above the threshold: the rule's `for`."""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(
        default_factory=lambda: {
            "summary": "Pod {{ $labels.pod }} is overloaded",
            "description": "The load of pod {{ $labels.pod }} is {{ $value }} %.",
        }
    )
    """Values may hold Prometheus templates such as `{{ $labels.pod }}`."""

    @classmethod
    def remediated_by(cls, function: str, key: str) -> Self:
        """A rule whose alerts ask for that LambdaFunction as their remediation (CONTRACTS §4.4)."""
        rule = cls(key)
        rule.annotations |= remediation_by(
            function, {"pod": "{{ $labels.pod }}", "namespace": "{{ $labels.namespace }}"}
        )
        return rule

    @property
    def name(self) -> str:
        """Name of the object in the Kubernetes API."""
        return f"acceptance-{self.key}"

    @property
    def alertname(self) -> str:
        """Name of the alert that the rule raises."""
        return f"HighLoad_{self.key}"

    @property
    def expression(self) -> str:
        """The PromQL condition: one alert for each series of the incident's signal above the threshold.

        A scrape that a busy machine misses is no end of the alert.
        """
        signal = f'{GAUGE}{{{NAME_LABEL}="{LOAD}", incident="{self.key}"}}'
        return f"max by ({', '.join(CARRIED)}) (last_over_time({signal}[5s])) > {THRESHOLD}"

    def alert(self, signal: dict[str, str]) -> Alert:
        """The alert that the rule raises on this signal."""

        def filled(template: str) -> str:
            for name, value in signal.items():
                template = template.replace(f"{{{{ $labels.{name} }}}}", value)
            return template.replace("{{ $value }}", str(RAISED))

        labels = {"alertname": self.alertname, "severity": self.severity} | signal
        return Alert(
            labels=labels | {name: filled(value) for name, value in self.labels.items()},
            annotations={name: filled(value) for name, value in self.annotations.items()},
            mark=signal["pod"].rpartition("-")[2],
        )

    def manifest(self) -> dict[str, Any]:
        """The object as `kubectl apply` takes it."""
        return {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {"name": self.name, "namespace": "prometheus", "labels": dict(RULE_LABELS)},
            "spec": {
                "groups": [
                    {
                        "name": self.name,
                        "rules": [
                            {
                                "alert": self.alertname,
                                "expr": self.expression,
                                "for": f"{round(self.delay * 1000)}ms",
                                "labels": {"severity": self.severity} | self.labels,
                                "annotations": self.annotations,
                            }
                        ],
                    }
                ]
            },
        }
