"""Prompts as agents write them: an alert among its labels, instructions and what functions there are.

An agent words its prompt as it likes; the model has to find the alert in it. So it is trained on several wordings.
"""

from __future__ import annotations

import json
from random import Random

from steps.world.services.functions import SHIPPED

SERVICES = ("checkout", "payment", "cart", "web", "api", "worker", "orders", "search", "frontend", "redis")
NAMESPACES = ("shop", "prod", "staging", "default", "flux-system", "data", "ai")
SEVERITIES = ("critical", "warning", "info")
DESCRIPTIONS = {
    "pod-restart": "restarts a pod or the pods of a deployment",
    "pod-check-status": "checks the status of pods",
    "scale-deployment": "scales a deployment to a number of replicas",
    "check-pvc-status": "checks the status of persistent volume claims",
    "flux-reconcile-kustomization": "reconciles a Flux kustomization",
    "flux-reconcile-gitrepository": "reconciles a Flux git repository",
    "flux-reconcile-helmrelease": "reconciles a Flux helm release",
}
ASKED = (
    "You are an SRE agent. Choose the LambdaFunction that remediates this alert.",
    "Given the following Prometheus alert, determine which lambda function to call and with which parameters.",
    "Analyze the alert and select the remediation. If no function applies, say none.",
    "Which function should be called for the alert below?",
)
EXPECTED = (
    'Respond with JSON: {"lambda_function": "...", "parameters": {...}, "reasoning": "...", "confidence": 0.0}',
    "Answer in JSON with the fields lambda_function, parameters, reasoning and confidence between 0 and 1.",
    "",
)


def labels_of(random: Random, alertname: str) -> dict[str, str]:
    """The labels of an alert of that name."""
    service = random.choice(SERVICES)
    labels = {
        "alertname": f"{alertname}_v{random.getrandbits(48):012x}",
        "severity": random.choice(SEVERITIES),
        "namespace": random.choice(NAMESPACES),
        "pod": f"{service}-v{random.getrandbits(48):012x}",
        "deployment": service,
        "service": service,
        "cluster": "acceptance",
    }
    extra = {"persistentvolumeclaim": f"data-{service}-0", "name": f"{service}-apps", "slo": f"{service}-1"}
    return labels | {name: value for name, value in extra.items() if random.random() < 0.25}


def prompt(random: Random, phrase: str) -> str:
    """A prompt about the alert of the phrase (`Alertname: what it says`), worded by chance."""
    alertname, _, told = phrase.partition(": ")
    labels = labels_of(random, alertname or random.choice(("Alert", "Test", "Signal")))
    if random.random() < 0.15:
        return f"{labels['alertname']}\n{told}"
    return "\n\n".join(part for part in (random.choice(ASKED), _offered(random), _shown(random, labels, told)) if part)


def _offered(random: Random) -> str:
    """What functions there are, if the agent says so."""
    style = random.randrange(4)
    if style == 0:
        return ""
    if style == 1:
        return f"Available functions: {', '.join(SHIPPED)}\n{random.choice(EXPECTED)}"
    listed = "\n".join(f"- {name}: {DESCRIPTIONS[name]}" if style == 3 else f"- {name}" for name in SHIPPED)
    return f"Available lambda functions:\n{listed}\n{random.choice(EXPECTED)}"


def _shown(random: Random, labels: dict[str, str], told: str) -> str:
    """The alert."""
    annotations = {"summary": told, "description": told} if random.random() < 0.5 else {"description": told}
    style = random.randrange(3)
    if style == 0:
        return json.dumps({"status": "firing", "labels": labels, "annotations": annotations}, indent=1)
    facts = labels | annotations
    if style == 1:
        return f"Alert: {labels['alertname']}\n" + "\n".join(f"{name}: {value}" for name, value in facts.items())
    listed = ", ".join(f'{name}="{value}"' for name, value in labels.items())
    return f"Alert name: {labels['alertname']}\nLabels: {listed}\nDescription: {told}\nStatus: firing"
