"""What can be claimed about an agent's log: lines of JSON, or plain text in places (CONTRACTS §10.1)."""

from __future__ import annotations

import json
import re

TROUBLE_LEVELS = {"warning", "warn", "error", "critical", "fatal", "exception"}
TROUBLE_WORDS = re.compile(
    r"\b(error|warn(ing)?|fail(ed|ure|s|ing)?|exception|critical|fatal|refused|denied|unauthori[sz]ed)\b",
    re.I,
)


def is_trouble(line: str) -> bool:
    """Whether the line reports that something went wrong, by its level or, in plain text, by its words."""
    try:
        level = json.loads(line).get("level")
    except (ValueError, AttributeError):
        return bool(TROUBLE_WORDS.search(line))
    return str(level).lower() in TROUBLE_LEVELS


def reports_trouble(lines: list[str], correlation_ids: list[str]) -> list[str]:
    """Lines that report trouble under one of these correlation ids."""
    about = [line for line in lines if any(one in line for one in correlation_ids)]
    trouble = [line for line in about if is_trouble(line)]
    assert trouble, f"Expected agent-sre to log the error with correlation id {correlation_ids[0]}, but " + (
        f"none of its {len(about)} lines with that id reports an error." if about else "no line of its log has that id."
    )
    return trouble


def correlated(lines: list[str], alertname: str, correlation_id: str) -> list[str]:
    """The lines about the alert, all of which show the correlation id."""
    about = [line for line in lines if alertname in line]
    assert about, f"Expected agent-sre to log something about {alertname}, but no line of its log names it."
    without = [line for line in about if correlation_id not in line]
    assert not without, (
        f"Expected every line about {alertname} to show correlation id {correlation_id}, "
        f"but {len(without)} of {len(about)} do not."
    )
    return about


def without(lines: list[str], secret: str) -> None:
    """No line shows the secret."""
    shown = [line for line in lines if secret in line]
    assert not shown, f"Expected no line of agent-sre's log to show its key, but {len(shown)} of {len(lines)} do."
