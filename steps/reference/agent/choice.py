"""The choice of a function for an alert that names none: the model's, else by rules, else people take care."""

from __future__ import annotations

import re
from dataclasses import dataclass

from steps.reference import logs
from steps.reference.agent.alert import Alert
from steps.reference.agent.metrics import Metrics
from steps.reference.agent.remediation import Plan, filled_up, missing
from steps.reference.agent.trm import NotLoadedError, Trm, UnsureError, UnusableError, plan_of
from steps.reference.calls import CallError

RULES = {
    r"CrashLoop|OOMKilled|Unresponsive|Deadlock": "pod-restart",
    r"NotReady|Pending|ImagePull": "pod-check-status",
    r"PersistentVolume|Pvc|VolumeFilling": "check-pvc-status",
    r"Kustomization": "flux-reconcile-kustomization",
    r"GitRepository": "flux-reconcile-gitrepository",
    r"HelmRelease": "flux-reconcile-helmrelease",
}
"""What an alert's name says about its remedy, the more telling first."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which call is to be made, and who says so."""

    plan: Plan | None
    """None: nobody knows a function."""
    reasoning: str = ""
    """Why the model chose so."""
    fallback: str | None = None
    """Why the model did not choose."""


class Chooser:
    """Asks the model first."""

    def __init__(self, trm: Trm, metrics: Metrics) -> None:
        self._trm = trm
        self._metrics = metrics

    async def choose(self, alert: Alert) -> Choice:
        """The choice. It never fails: where the model does not help, the rules choose."""
        try:
            proposed = await self._trm.proposal(alert)
            planned = plan_of(proposed, alert)
        except CallError as error:
            self._metrics.trm_fallbacks.labels(_kind(error)).inc()
            choice = Choice(by_rules(alert), fallback=str(error))
            logs.warning(
                "the model does not choose a function",
                error=str(error),
                chosen_by_rules=choice.plan.function if choice.plan else None,
            )
            return choice
        logs.info("the model has chosen", lambda_function=proposed.lambda_function, confidence=proposed.confidence)
        return Choice(planned, reasoning=f"{proposed.reasoning} (confidence {proposed.confidence:g})")


def by_rules(alert: Alert) -> Plan | None:
    """The call that the alert's name stands for, as far as its labels give the parameters."""
    for pattern, function in RULES.items():
        if re.search(pattern, alert.alertname, re.I):
            parameters = filled_up(function, {}, alert.labels)
            return None if missing(function, parameters) else Plan(function, parameters)
    return None


def _kind(error: CallError) -> str:
    """The metric's word for it."""
    kinds = {NotLoadedError: "not_loaded", UnsureError: "low_confidence", UnusableError: "unusable"}
    return kinds.get(type(error), "unavailable")
