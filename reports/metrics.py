"""The validation's own metrics, `agent_sre_validation_*` (ticket item MON1): what a run comes to, for Prometheus.

reports/latest/metrics.prom      always, at the end of a run; for instance for node_exporter's textfile collector
-D metrics_port=9464             while the run goes on, at http://127.0.0.1:9464/metrics
-D pushgateway=http://host:9091  pushed to a Pushgateway at the end
-D otlp=http://host:4318         pushed by OpenTelemetry's protocol over HTTP at the end
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.error import URLError

import httpx
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2 as otlp
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest, push_to_gateway
from prometheus_client.exposition import start_http_server

from reports.requirements import Requirements
from reports.run import UsageError
from reports.verdict import RequirementVerdict, ScenarioVerdict, Status, Trouble, Verdict

JOB = "agent-sre-validation"
"""The validation's name at a Pushgateway and in OpenTelemetry."""
DURATIONS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120)
"""Upper bounds of the buckets for scenarios' durations, in seconds."""
SECOND = 10**9


class Metrics:
    """What Prometheus learns of one run. Counts from the first scenario on; safe to be scraped from any thread."""

    def __init__(self, requirements: Requirements) -> None:
        self.registry = CollectorRegistry()
        self._requirements = requirements
        self._began = time.time()
        self._tally: dict[str, list[Status]] = {}
        self.info = Info("agent_sre_validation_run", "What was judged, and by what.", registry=self.registry)
        self.scenarios = Counter(
            "agent_sre_validation_scenarios",
            "Scenarios that have ended, by the ticket's criterion and by verdict.",
            ["criterion", "status"],
            registry=self.registry,
        )
        self.duration = Histogram(
            "agent_sre_validation_scenario_duration_seconds",
            "How long scenarios took, set-up and clean-up included.",
            ["criterion"],
            buckets=DURATIONS,
            registry=self.registry,
        )
        self.items = Gauge(
            "agent_sre_validation_item_status",
            "1 for the verdict on the ticket's item as far as the run has come.",
            ["item", "criterion", "status"],
            registry=self.registry,
        )
        self.success_ratio = Gauge(
            "agent_sre_validation_success_ratio",
            "Share of an integration's scenarios that passed.",
            ["integration"],
            registry=self.registry,
        )
        self.last_success = Gauge(
            "agent_sre_validation_last_success_timestamp_seconds",
            "When a scenario of the integration passed last.",
            ["integration"],
            registry=self.registry,
        )
        self.run_duration = Gauge(
            "agent_sre_validation_run_duration_seconds", "How long the run took so far.", registry=self.registry
        )
        self.run_duration.set_function(lambda: time.time() - self._began)
        for criterion in requirements.criteria:
            if criterion.kind not in ("integration point", "definition of done"):
                for status in (Status.PASSED, Status.FAILED, Status.BROKEN):
                    self.scenarios.labels(criterion.id, status)  # a rate needs the zero before the first

    def add(self, scenario: ScenarioVerdict, at: float | None = None) -> None:
        """A scenario has ended, now or at that time (epoch seconds)."""
        for criterion in self._requirements.criteria_of(set(scenario.tags)):
            self.scenarios.labels(criterion.id, scenario.status).inc()
            self.duration.labels(criterion.id).observe(scenario.duration)
            for point in self._requirements.integration_points(criterion):
                seen = self._tally.setdefault(point, [])
                seen.append(scenario.status)
                self.success_ratio.labels(point).set(seen.count(Status.PASSED) / len(seen))
                if scenario.status is Status.PASSED:
                    self.last_success.labels(point).set(time.time() if at is None else at)

    def settle(self, verdict: Verdict) -> None:
        """The run is over."""
        for item in verdict.requirements:
            self._settle_item(item)
        self.run_duration.set_function(lambda: verdict.run.duration)
        told = {"run": verdict.run.id, "target": verdict.run.target, "profile": verdict.run.profile}
        self.info.info(told | {"outcome": verdict.run.outcome, "suite": verdict.run.suite.version})

    def text(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def _settle_item(self, item: RequirementVerdict) -> None:
        for status in Status:
            self.items.labels(item.id, item.criterion_id, status).set(item.status is status)


def of(verdict: Verdict, requirements: Requirements) -> Metrics:
    """The metrics of a run that is over, from its verdict alone."""
    metrics = Metrics(requirements)
    for scenario in verdict.scenarios:
        if scenario.began:
            metrics.add(scenario, scenario.began.timestamp() + scenario.duration)
    metrics.settle(verdict)
    return metrics


# -- how they get out


@contextmanager
def served(metrics: Metrics, settings: Mapping[str, str]) -> Iterator[None]:
    """The metrics can be scraped as long as this lasts, where a port is set. Raises UsageError for one that is not."""
    if (given := settings.get("metrics_port")) is None:
        yield
        return
    try:
        server, thread = start_http_server(int(given), "127.0.0.1", metrics.registry)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"The metrics cannot be served at -D metrics_port={given}: {error}.") from error
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def push(metrics: Metrics, settings: Mapping[str, str]) -> list[Trouble]:
    """Pushes the metrics to where the settings say; what went wrong."""
    ways: dict[str, Callable[[str], None]] = {
        "pushgateway": lambda url: push_to_gateway(url, JOB, metrics.registry, timeout=10),
        "otlp": lambda url: _push_otlp(url, metrics),
    }
    troubles = []
    for name, send in ways.items():
        if url := settings.get(name):
            try:
                send(url)
            except (URLError, OSError, ValueError, httpx.HTTPError, httpx.InvalidURL) as error:
                sentence = f"The metrics could not be pushed to -D {name}={url}: {error}."
                troubles.append(Trouble(where="pushing the metrics", sentence=sentence))
    return troubles


def _push_otlp(url: str, metrics: Metrics) -> None:
    answer = httpx.post(
        f"{url.rstrip('/')}/v1/metrics",
        content=as_otlp(metrics).SerializeToString(),
        headers={"Content-Type": "application/x-protobuf"},
        timeout=10,
    )
    answer.raise_for_status()


def as_otlp(metrics: Metrics) -> ExportMetricsServiceRequest:
    """The metrics as OpenTelemetry has them: counters as monotonic sums since the run began."""
    now, since = time.time_ns(), int(metrics._began * SECOND)
    told = []
    for family in metrics.registry.collect():
        metric = otlp.Metric(name=family.name, description=family.documentation)
        if family.type == "histogram":
            _histogram(metric, family.samples, now, since)
        elif family.type == "counter":
            metric.name += "_total"
            metric.sum.is_monotonic = True
            metric.sum.aggregation_temporality = otlp.AGGREGATION_TEMPORALITY_CUMULATIVE
            counts = [sample for sample in family.samples if sample.name.endswith("_total")]
            metric.sum.data_points.extend(_point(sample, now, since) for sample in counts)
        else:
            metric.gauge.data_points.extend(_point(sample, now) for sample in family.samples)
        told.append(metric)
    resource = Resource(attributes=[_pair("service.name", JOB)])
    scope = otlp.ScopeMetrics(metrics=told)
    return ExportMetricsServiceRequest(
        resource_metrics=[otlp.ResourceMetrics(resource=resource, scope_metrics=[scope])]
    )


def _histogram(metric: otlp.Metric, samples: list[Any], now: int, since: int) -> None:
    metric.histogram.aggregation_temporality = otlp.AGGREGATION_TEMPORALITY_CUMULATIVE
    series: dict[tuple[tuple[str, str], ...], dict[str, float]] = {}
    for sample in samples:
        own = tuple(sorted((name, value) for name, value in sample.labels.items() if name != "le"))
        kind = sample.name.rpartition("_")[2]
        series.setdefault(own, {})[sample.labels.get("le", kind)] = sample.value
    for labels, held in series.items():
        bounds = [bound for bound in held if bound not in ("sum", "count", "created")]
        below = [held[bound] for bound in bounds]
        counts = [int(upper - lower) for lower, upper in zip([0.0, *below], below, strict=False)]
        metric.histogram.data_points.add(
            attributes=[_pair(*label) for label in labels],
            start_time_unix_nano=since,
            time_unix_nano=now,
            count=int(held["count"]),
            sum=held["sum"],
            bucket_counts=counts,
            explicit_bounds=[float(bound) for bound in bounds if bound != "+Inf"],
        )


def _point(sample: Any, now: int, since: int = 0) -> otlp.NumberDataPoint:
    return otlp.NumberDataPoint(
        attributes=[_pair(*label) for label in sample.labels.items()],
        start_time_unix_nano=since,
        time_unix_nano=now,
        as_double=sample.value,
    )


def _pair(name: str, value: str) -> KeyValue:
    return KeyValue(key=name, value=AnyValue(string_value=str(value)))
