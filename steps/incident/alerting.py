"""What can be claimed about an alert in Prometheus and Alertmanager."""

from __future__ import annotations

from collections.abc import Callable

from steps.drivers.alertmanager import Alertmanager
from steps.drivers.kubernetes import Kubernetes
from steps.drivers.prometheus import AlertState, Prometheus
from steps.incident.alert import Alert, Rule
from steps.incident.incident import Incident
from steps.incident.notification import common
from steps.incident.waiting import Waiting


class Alerting:
    """Claims about the alerts of one incident. Each keeps what it saw as evidence, or raises AssertionError."""

    def __init__(
        self,
        kubernetes: Callable[[], Kubernetes],
        prometheus: Callable[[], Prometheus],
        alertmanager: Callable[[], Alertmanager],
        waiting: Waiting,
        incident: Incident,
    ) -> None:
        self._kubernetes = kubernetes
        self._prometheus = prometheus
        self._alertmanager = alertmanager
        self._waiting = waiting
        self._incident = incident

    def watch(self, rule: Rule, signals: list[dict[str, str]]) -> None:
        """Creates the rule; it raises one alert for each of the signals that it watches.

        Raises WorldUnavailable when there is no Prometheus that could take the rule up.
        """
        self._prometheus()
        self._incident.rule = rule
        self._incident.alerts = [rule.alert(signal) for signal in signals]
        self._incident.saw(f"PrometheusRule {rule.name}", self._kubernetes().apply(rule.manifest()))

    def loaded(self) -> None:
        """Prometheus has loaded the incident's rule and evaluates it without error."""
        rule = self._incident.rule
        assert rule is not None, "The scenario has no rule: create one first."

        def healthy() -> str:
            health = self._prometheus().rule_health(rule.alertname)
            assert health == "ok", (
                f"Expected Prometheus to have loaded the rule {rule.alertname}, but its health is {health}."
            )
            return health

        self._incident.saw("The rule in Prometheus", f"{rule.alertname}: {self._waiting.for_bed(healthy, 'alert')}")

    def pending_then_firing(self, alert: Alert, delay: float) -> None:
        """The alert is seen pending, and then firing no sooner than its rule's delay after it became active."""
        pending = self._waiting.for_bed(lambda: self._in_state(alert, "pending"), "alert")
        firing = self._waiting.for_bed(lambda: self._in_state(alert, "firing"), "alert")
        fired_at = self._prometheus().now()
        self._incident.saw("The alert in Prometheus", f"{pending}\n{firing}\nseen firing at {fired_at}")
        held = fired_at - firing.active_at.timestamp()
        assert held >= delay, (
            f"Expected {alert.called} to fire {delay:g} s after it became active, but it fired after {held:.2f} s."
        )

    def none(self, alert: Alert) -> None:
        """Prometheus holds no pending or firing alert on this signal."""
        seen = self._prometheus().alerts(alert.name)
        self._incident.saw(f"Alerts of the rule {alert.name} in Prometheus", "\n".join(map(str, seen)) or "none")
        self._incident.did_not_see(f"an alert of {alert.called}", control=lambda: seen)
        strange = [state for state in seen if state.labels == alert.labels]
        assert not strange, f"Expected no alert of {alert.called}, but Prometheus holds it as {strange[0].state}."

    def groups(self, alerts: list[Alert], count: int) -> None:
        """Alertmanager holds the alerts in that many groups."""

        def grouped() -> list[list[dict[str, str]]]:
            groups = self._alertmanager().groups(alerts[0].name)
            held = sum(map(len, groups))
            assert (len(groups), held) == (count, len(alerts)), (
                f"Expected Alertmanager to hold {len(alerts)} alerts in {count} groups, "
                f"but it holds {held} in {len(groups)}."
            )
            return groups

        groups = self._waiting.for_bed(grouped, "notification")
        shown = [f"{len(group)} alerts with {common(group)}" for group in groups]
        self._incident.saw("Alertmanager's groups", "\n".join(shown))

    def _in_state(self, alert: Alert, state: str) -> AlertState:
        seen = {held.state: held for held in self._prometheus().alerts(alert.name) if held.labels == alert.labels}
        assert state in seen, (
            f"Expected {alert.called} to be {state} in Prometheus, but it is {', '.join(seen) or 'not there'}."
        )
        return seen[state]
