"""The agent's metrics (CONTRACTS §10.1)."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """What Prometheus scrapes of one agent."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.received = Counter(
            "agent_sre_cloudevents_received", "Events received", ["event_type", "event_source"], registry=self.registry
        )
        self.attempts = Counter(
            "agent_sre_remediation_attempts",
            "Remediations by how they ended",
            ["alertname", "lambda_function", "status"],
            registry=self.registry,
        )
        self.duration = Histogram(
            "agent_sre_remediation_duration_seconds", "From decision to outcome", registry=self.registry
        )
        self.active = Gauge("agent_sre_active_remediations", "Remediations under way", registry=self.registry)
        self.trm_loaded = Gauge("agent_sre_trm_model_loaded", "1 when the model is loaded", registry=self.registry)
        self.trm_inferences = Counter(
            "agent_sre_trm_inference", "Questions to the model by how they ended", ["status"], registry=self.registry
        )
        self.trm_duration = Histogram(
            "agent_sre_trm_inference_duration_seconds", "From question to answer", registry=self.registry
        )
        self.trm_confidence = Histogram(
            "agent_sre_trm_confidence_score",
            "How much the model trusts its answers",
            buckets=[tenth / 10 for tenth in range(1, 11)],
            registry=self.registry,
        )
        self.trm_fallbacks = Counter(
            "agent_sre_trm_fallback", "Alerts that the model did not decide, by why", ["reason"], registry=self.registry
        )
