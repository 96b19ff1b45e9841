"""The facts by which a ticket is known, and by which it is right: never a sentence (CONTRACTS §10.1)."""

from __future__ import annotations

from steps.incident.alert import Alert


def label_facts(alert: Alert) -> dict[str, str]:
    """Every label's value, named by the label."""
    return {f"label {name}": value for name, value in alert.labels.items()}


def is_exact(name: str) -> bool:
    """Whether letter case belongs to the fact: to a label's value it does, to a severity it does not (ruling 3)."""
    return name.startswith("label ") and name != "label severity"


def told_by(alert: Alert) -> list[str]:
    """What the alert tells a person: its description and its summary; a ticket has to carry one of them."""
    return [alert.annotations[name] for name in ("description", "summary") if name in alert.annotations]
