"""What the model reads out of a prompt for a function's parameters (CONTRACTS §7)."""

from __future__ import annotations

import re
from typing import Any

SUBJECT = {
    "pod-restart": ("pod", "deployment"),
    "pod-check-status": ("pod",),
    "scale-deployment": ("deployment",),
    "check-pvc-status": ("persistentvolumeclaim", "pvc"),
    "flux-reconcile-kustomization": ("kustomization", "name"),
    "flux-reconcile-gitrepository": ("gitrepository", "name"),
    "flux-reconcile-helmrelease": ("helmrelease", "name"),
}
"""The labels that name what a function works on, the better one first."""
REPLICAS = 3
"""Asked for when the prompt gives no number."""


def parameters(function: str, prompt: str) -> dict[str, Any]:
    """The function's parameters as far as the prompt states them."""
    label = next((label for label in SUBJECT.get(function, ()) if stated(prompt, label)), None)
    if label is None:
        return {}
    read: dict[str, Any] = {"name": stated(prompt, label)}
    if namespace := stated(prompt, "namespace"):
        read["namespace"] = namespace
    if function == "pod-restart":
        read["type"] = label
    if function == "scale-deployment":
        wanted = stated(prompt, "replicas") or ""
        read["replicas"] = int(wanted) if wanted.isdecimal() else REPLICAS
    return read


def stated(prompt: str, label: str) -> str | None:
    """The value of a label, however the prompt writes it: `pod: x`, `pod="x"`, `"pod": "x"`, `**pod:** x`."""
    found = re.search(rf"(?<![\w-])(?<![A-Za-z] ){label}[\"'*`\\]*[ ]?[:=][\"'*`\\ ]*([A-Za-z0-9][\w.-]*)", prompt)
    return found[1] if found else None
