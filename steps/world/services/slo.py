"""Service level objectives: raw counters that Prometheus scrapes, and recording rules that make SLO data of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steps.world.services.signals import GAUGE, NAME_LABEL, Signals

REQUESTS = "service_requests_total"
"""Counter of a service's requests by SLO name and status code."""
OBJECTIVE = "service_objective"
"""Name of the signal that holds the share of requests that a service promises to answer well."""

TARGET = "slo:target"
CURRENT = "sli:current"
BUDGET_REMAINING = "slo:error_budget_remaining"
BURN_RATE = "slo:error_budget_burn_rate"
"""The recording rules that agent-sre queries, each with the label `slo_name` (CONTRACTS §8.2)."""


def publish(signals: Signals, slo: str, *, target: float, requests: Mapping[str, int]) -> None:
    """Sets a service's promise and its counters: requests by status code, so far in the budget's period."""
    signals.raise_(OBJECTIVE, {"slo_name": slo}, target)
    for code, count in requests.items():
        signals.counter(REQUESTS, {"slo_name": slo, "code": code}, count)


def withdraw(signals: Signals, slo: str, *, requests: Mapping[str, int]) -> None:
    """The service is gone, and with it its promise and its counters."""
    signals.forget(OBJECTIVE, {"slo_name": slo})
    for code in requests:
        signals.forget_counter(REQUESTS, {"slo_name": slo, "code": code})


def recording_rules() -> dict[str, Any]:
    """The PrometheusRule of the SLO data that agent-sre queries, by the mathematics of CONTRACTS §8.1.

    Only 5xx answers spend the budget. Burn rate is the error ratio over the budget (ruling 1). A scrape that is
    missed on a busy machine leaves no gap in the data.
    """
    requests = f"sum by (slo_name) (last_over_time({REQUESTS}[10s]))"
    errors = f'(sum by (slo_name) (last_over_time({REQUESTS}{{code=~"5.."}}[10s])) or 0 * {requests})'
    rules = {
        TARGET: f'max by (slo_name) (last_over_time({GAUGE}{{{NAME_LABEL}="{OBJECTIVE}"}}[10s]))',
        "sli:error_ratio": f"{errors} / {requests}",
        CURRENT: "1 - sli:error_ratio",
        BURN_RATE: f"sli:error_ratio / on (slo_name) (1 - {TARGET})",
        BUDGET_REMAINING: f"1 - {BURN_RATE}",
    }
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": "service-level-objectives",
            "namespace": "prometheus",
            "labels": {"prometheus": "kube-prometheus-stack", "role": "alert-rules"},
        },
        "spec": {
            "groups": [
                {
                    "name": "slo",
                    "rules": [{"record": name, "expr": expression} for name, expression in rules.items()],
                }
            ]
        },
    }
