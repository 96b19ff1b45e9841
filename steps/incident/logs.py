"""What can be claimed about an agent's log: lines of JSON, or plain text in places (CONTRACTS §10.1)."""

from __future__ import annotations

import json
import re

LEVEL = re.compile(r"(log[._-]?)?(level|lvl|severity)([._-]?(name|text))?", re.I)
"""How the key of a line's level may be called."""
TROUBLE_LEVELS = re.compile(
    r"w(arn(ing)?)?|e(rr(or)?)?|c(rit(ical)?)?|f(atal)?|exception|severe|panic|alert|emerg\w*", re.I
)
OTHER_LEVELS = re.compile(r"i(nfo(rmation(al)?)?)?|n(otice)?|d(ebug)?|t(race)?|v(erbose)?|fine\w*|success", re.I)
TROUBLE_WORDS = re.compile(
    r"\b(error|warn(ing)?|fail(ed|ure|s|ing)?|exception|critical|fatal|refused|denied|unauthori[sz]ed)\b",
    re.I,
)


def is_trouble(line: str) -> bool:
    """Whether the line reports that something went wrong, by its level or, where it names none, by its words.

    A level that is a number means something else in every logging library, and is none here.
    """
    level = level_of(line)
    if TROUBLE_LEVELS.fullmatch(level) or OTHER_LEVELS.fullmatch(level):
        return bool(TROUBLE_LEVELS.fullmatch(level))
    return bool(TROUBLE_WORDS.search(line))


def level_of(line: str) -> str:
    """What the line calls its level; empty when it does not."""
    try:
        fields = json.loads(line)
    except ValueError:
        return ""
    found = (value for key, value in fields.items() if LEVEL.fullmatch(key)) if isinstance(fields, dict) else iter(())
    return str(next(found, ""))


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
