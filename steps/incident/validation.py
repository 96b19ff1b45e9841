"""What can be claimed about the validation itself: its metrics in Prometheus, and the alert on its failure rate."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from reports import metrics, run
from reports.conclusion import conclude, requirement_verdicts
from reports.requirements import Requirements
from reports.suite import Suite
from reports.verdict import RunVerdict, ScenarioVerdict, Status, Verdict
from steps.drivers.kubernetes import Kubernetes
from steps.drivers.prometheus import Prometheus
from steps.incident.incident import Incident
from steps.incident.waiting import Waiting
from steps.world.processes import tools
from steps.world.services.signals import Signals

RULE = Path(metrics.__file__).with_name("validation_rule.yaml")
ALERT = "ValidationFailureRate"
SCENARIOS = "agent_sre_validation_scenarios_total"
WINDOW, SHORT = "[5m]", "[4s]"
"""Over which time the rule looks, and over which a scenario can see it fire and resolve."""

Found = Mapping[str, Mapping[Status, int]]
"""How many scenarios had which verdict, by criterion."""


@dataclass(frozen=True, slots=True)
class Job(Collector):
    """Metrics as those of a job of its own, which can be told from all others in the same Prometheus."""

    name: str
    metrics: metrics.Metrics

    def collect(self) -> Iterable[Metric]:
        """For prometheus-client, which asks on each scrape."""
        for family in self.metrics.registry.collect():
            told = Metric(family.name, family.documentation, family.type)
            for sample in family.samples:
                told.add_sample(sample.name, sample.labels | {"job": self.name}, sample.value)
            yield told


class Validation:
    """Claims about validations, this one and made-up ones. Each keeps its evidence, or raises AssertionError."""

    def __init__(
        self,
        kubernetes: Callable[[], Kubernetes],
        prometheus: Callable[[], Prometheus],
        signals: Signals,
        waiting: Waiting,
        incident: Incident,
    ) -> None:
        self._kubernetes = kubernetes
        self._prometheus = prometheus
        self._signals = signals
        self._waiting = waiting
        self._incident = incident

    def job(self, name: str = "validation") -> str:
        """The name under which Prometheus knows that validation of the scenario."""
        return f"{name}-{self._incident.key}"

    # -- metrics

    def find(self, found: Found) -> Verdict:
        """A made-up validation that found this, and whose metrics can be scraped from now on."""
        assert run.record, "The suite runs under its own runner."
        verdict = made_up(run.record.requirements, found)
        made = metrics.of(verdict, run.record.requirements)
        job = Job(self.job(), made)
        self._signals.expose(job)
        self._incident.ending.callback(self._signals.withdraw, job)
        self._incident.saw("Metrics of the validation", made.text().decode())
        return verdict

    def tells(self, expected: Mapping[str, float], what: str) -> None:
        """Prometheus comes to hold these values, by query; `$job` stands for the made-up validation's.

        What it held once is not asked for again: a busy machine may miss a scrape before all are seen.
        """

        def held(query: str, value: float) -> str:
            seen = self._prometheus().value(query.replace("$job", f'job="{self.job()}"'))
            assert seen is not None and abs(seen - value) < 1e-6, (
                f"Expected Prometheus to know {what}: {query} is {value:g}, but it is "
                f"{'nothing' if seen is None else f'{seen:g}'}."
            )
            return f"{query}: {seen:g}"

        lines = [self._waiting.until(partial(held, query, value), "scrape") for query, value in expected.items()]
        self._incident.saw(f"What Prometheus knows of {what}", "\n".join(lines))

    def follows_conventions(self, verdict: Verdict) -> None:
        """Promtool finds nothing to criticise in the metrics."""
        assert run.record, "The suite runs under its own runner."
        text = metrics.of(verdict, run.record.requirements).text()
        checked = subprocess.run(
            [tools.find("promtool"), "check", "metrics"], input=text, capture_output=True, check=False
        )
        said = (checked.stdout + checked.stderr).decode().strip()
        self._incident.saw("promtool check metrics", said or "nothing to criticise")
        assert checked.returncode == 0 and not said, (
            f"Expected the validation's metrics to keep to Prometheus' conventions, but promtool says: {said}"
        )

    def watch(self) -> None:
        """This very validation's metrics can be scraped as long as the scenario lasts."""
        assert run.record, "The suite runs under its own runner."
        registry = run.record.metrics.registry
        self._signals.expose(registry)
        self._incident.ending.callback(self._signals.withdraw, registry)
        self.runs()

    def runs(self) -> None:
        """Prometheus comes to know how long this very validation has been running."""

        def known() -> float:
            seen = self._prometheus().value('agent_sre_validation_run_duration_seconds{job="signals"}')
            assert seen, (
                f"Expected Prometheus to know for how long this validation has been running, but it holds {seen}."
            )
            return seen

        self._incident.saw("How long this validation has been running", f"{self._waiting.until(known, 'scrape'):.1f} s")

    def ended(self) -> None:
        """Prometheus comes to count as many scenarios as have ended in this very validation."""
        assert run.record, "The suite runs under its own runner."
        registry = run.record.metrics.registry
        samples = [sample for family in registry.collect() for sample in family.samples if sample.name == SCENARIOS]
        expected = {
            f'sum({SCENARIOS}{{job="signals",criterion="{criterion}"}})': sum(
                sample.value for sample in samples if sample.labels["criterion"] == criterion
            )
            for criterion in dict.fromkeys(sample.labels["criterion"] for sample in samples)
        }
        self.tells(expected, "the scenarios that have ended")

    # -- the alert

    def load_rule(self) -> None:
        """The rule of the alert is applied, over a short time in place of five minutes, and loaded."""
        text = RULE.read_text(encoding="utf-8")
        assert text.count(WINDOW) == 2, f"Expected the rule to look at {WINDOW} twice, but it is: {text}"
        manifest: dict[str, Any] = yaml.safe_load(text.replace(WINDOW, SHORT))
        manifest["metadata"]["name"] += f"-{self._incident.key}"
        self._prometheus()
        self._incident.saw("The rule of the alert", self._kubernetes().apply(manifest))

        def loaded() -> None:
            health = self._prometheus().rule_health(ALERT)
            assert health == "ok", f"Expected Prometheus to have loaded {ALERT}, but its health is {health}."

        self._waiting.for_bed(loaded, "alert")

    def count(self, name: str, passed: int, failed: int) -> None:
        """That validation's counters show so many scenarios, after they have been seen at nothing."""
        job = self.job(name)
        if self._prometheus().value(f'{SCENARIOS}{{job="{job}"}}') is None:
            self._set(job, 0, 0)
            self._waiting.for_bed(lambda: self._seen(job), "scrape")
        self._set(job, passed, failed)

    def fires(self, name: str) -> None:
        """The alert fires for that validation."""

        def firing() -> str:
            found = self._of(name)
            assert found, f"Expected {ALERT} to fire for {self.job(name)}, but it does not."
            return "\n".join(found)

        self._incident.saw(f"The alert on {name}", self._waiting.until(firing, "alert"))

    def resolves(self, name: str) -> None:
        """The alert does not fire any more for that validation."""

        def resolved() -> None:
            found = self._of(name)
            assert not found, f"Expected {ALERT} to be resolved for {self.job(name)}, but it still is {found[0]}."

        self._waiting.until(resolved, "alert")
        self._incident.saw(f"The alert on {name}", "resolved")

    def silent(self, name: str) -> None:
        """The alert does not fire for that validation."""
        found = self._of(name)
        of_others = [alert for alert in self._prometheus().alerts(ALERT) if alert.labels.get("job") != self.job(name)]
        self._incident.did_not_see(f"{ALERT} for {self.job(name)}", control=lambda: of_others)
        self._incident.saw(f"The alert on {name}", "\n".join(found) or "none")
        assert not found, f"Expected no {ALERT} for {self.job(name)}, but it is {found[0]}."

    def _set(self, job: str, passed: int, failed: int) -> None:
        for status, count in ((Status.PASSED, passed), (Status.FAILED, failed)):
            self._signals.counter(SCENARIOS, {"job": job, "criterion": "AC3", "status": status}, count)

    def _seen(self, job: str) -> None:
        seen = self._prometheus().value(f'count({SCENARIOS}{{job="{job}"}})')
        assert seen == 2, f"Expected Prometheus to hold the counters of {job}, but it holds {seen or 'none'}."

    def _of(self, name: str) -> list[str]:
        held = [alert for alert in self._prometheus().alerts(ALERT) if alert.labels.get("job") == self.job(name)]
        return [f"{alert.state} since {alert.active_at:%H:%M:%S}" for alert in held]


def made_up(requirements: Requirements, found: Found) -> Verdict:
    """The verdict of a validation that found this; every scenario took a second, and what passed was over first."""
    began = datetime.now(UTC) - timedelta(hours=1)
    scenarios = [
        ScenarioVerdict(
            name=f"{criterion} {status} {number}",
            feature=criterion,
            location=f"features/{criterion}.feature:{status}{number}",
            tags=(criterion, f"{criterion}.1"),
            requirements=(f"{criterion}.1",),
            status=status,
            began=began if status is Status.PASSED else began + timedelta(minutes=1),
            duration=1.0,
            sentence=None if status is Status.PASSED else "It was made up.",
            steps=(),
        )
        for criterion, counts in found.items()
        for status, count in counts.items()
        for number in range(count)
    ]
    items = requirement_verdicts(requirements, scenarios, left_out=Counter())
    outcome, sentence = conclude(items, scenarios, [])
    told = RunVerdict(
        id="made-up",
        ticket=requirements.ticket.label,
        url=requirements.ticket.url,
        started=began,
        duration=float(len(scenarios)),
        outcome=outcome,
        sentence=sentence,
        target="nobody",
        profile="none",
        suite=Suite(version="none", dirty=False, digest="", features=""),
        versions={},
        machine="none",
        command="none",
        selection="everything",
    )
    return Verdict(run=told, requirements=items, scenarios=tuple(scenarios))
