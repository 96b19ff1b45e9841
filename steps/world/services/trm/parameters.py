"""What the model reads out of a prompt for a function's parameters (CONTRACTS §7)."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from steps.world.journal import incident_keys

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
"""Asked for, whatever number an example in the prompt gives: the alerts of the features give none."""
NO_VALUE = r"(?!(?:string|str|text|int|integer|number|bool|boolean|object|any|optional|null|none)\b(?![.-]\w))"
"""Names of types, which stand in signatures where values would."""
ALERT = re.compile(r"(?<![\w-])alert(?:[ _]?name)?[\"'*`\\]*[ ]?[:=]", re.I)
"""Where an alert is told, that of the question or an example."""
APART = re.compile(r"\n[ \t\r]*\n|[{}]")
"""What sets apart what belongs together."""


def parameters(function: str, prompt: str) -> dict[str, Any]:
    """The function's parameters as far as the prompt states them, those of the alert rather than of an example."""
    alert = told_at(prompt)
    subjects = ((label, stated(prompt, label, alert)) for label in SUBJECT.get(function, ()))
    label, subject = next((one for one in subjects if one[1]), ("", None))
    if subject is None:
        return {}
    read: dict[str, Any] = {"name": subject[1]}
    if namespace := stated(prompt, "namespace", subject.start()):
        read["namespace"] = namespace[1]
    if function == "pod-restart":
        read["type"] = label
    if function == "scale-deployment":
        read["replicas"] = REPLICAS
    return read


def told_at(prompt: str) -> int:
    """Where the prompt tells of the alert that it asks about: it alone has a key, and may stand before an example."""
    places = [found.start() for found in ALERT.finditer(prompt)]
    stretches = list(pairwise([*places, len(prompt)]))
    asked = [first for first, end in stretches if incident_keys(prompt[first:end])]
    return max(asked or places, default=0)


def stated(prompt: str, label: str, place: int = 0) -> re.Match[str] | None:
    """Where the label is given a value, that is group 1, nearest to that place of the prompt.

    The prompt may write it as it likes: `pod: x`, `pod="x"`, `"pod": "x"`, `**pod:** x`; capitals, too, if it writes it
    only so.
    """
    written = rf"(?<![\w-])(?<![A-Za-z] ){label}[\"'*`\\]*[ ]?[:=][\"'*`\\ ]*{NO_VALUE}([A-Za-z0-9](?:[\w.-]*\w)?)"

    def distance(found: re.Match[str]) -> tuple[int, int]:
        first, last = sorted((found.start(), place))
        return len(APART.findall(prompt, first, last)), last - first

    return min(list(re.finditer(written, prompt)) or re.finditer(written, prompt, re.I), key=distance, default=None)
