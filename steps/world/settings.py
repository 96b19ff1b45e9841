"""What of the embedded world is a deployment's own to set; part of a target's profile."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    """A part of a profile: a setting that nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Anchors(Section):
    """What stays the same from run to run, for programs that run already and have been told of it."""

    directory: Path
    """Holds the certificate authority, the keys and the kubeconfig; only for this user."""
    agent_proxy: int
    converter_proxy: int
    converter_sink: int
    traces: int
    """Ports: the doors of the two programs, where the converter sends events, and where spans are taken by gRPC."""


class Delivery(Section):
    """How the broker's trigger delivers events to the agent (Knative delivery spec, CONTRACTS §6.2)."""

    mode: Literal["binary", "structured"] = "binary"
    retry: int = Field(default=5, ge=0)
    backoff: Literal["linear", "exponential"] = "exponential"
    backoff_delay: Seconds = 0.2
    timeout: Seconds = 30
    parallelism: int = Field(default=50, ge=1)


class Alerting(Section):
    """The pace of Prometheus and Alertmanager."""

    scrape_interval: Seconds = 0.2
    evaluation_interval: Seconds = 0.2
    group_wait: Seconds = 0.3
    group_interval: Seconds = 0.5
    repeat_interval: Seconds = 1
    """Of the alerts of a scenario that waits for a repetition; the others are repeated after an hour."""
    rule_delay: Seconds = 1
    """The `for` of a rule whose alert waits before it fires."""
