"""What can be claimed about an agent's log: lines of JSON, or plain text in places (CONTRACTS §10.1)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from steps.world.planted import written

LEVEL = re.compile(r"(log[._-]?)?(level|lvl|severity)([._-]?(name|text))?", re.I)
"""How the key of a line's level may be called."""
TROUBLE_LEVELS = re.compile(
    r"w(arn(ing)?)?|e(rr(or)?)?|c(rit(ical)?)?|f(atal)?|exception|severe|panic|alert|emerg\w*", re.I
)
OTHER_LEVELS = re.compile(r"i(nfo(rmation(al)?)?)?|n(otice)?|d(ebug)?|t(race)?|v(erbose)?|fine\w*|success", re.I)
SHORT_LEVEL = re.compile(r"[WEF]\d{4} |(WARN|ERRO|FATA|PANI)\[")
"""How lines of klog and logrus begin that report trouble."""
TROUBLE_WORDS = re.compile(
    r"\b(error|warn(ing)?|fail(ed|ure|s|ing)?|exception|critical|fatal|refused|denied|unauthori[sz]ed)\b",
    re.I,
)


def is_trouble(line: str) -> bool:
    """Whether the line reports that something went wrong, by its level or, where it names none, by its words.

    A level that is a number means something else in every logging library. From 40 it is trouble in those that count in
    tens, in Python's and in Node's; a smaller one is none here.
    """
    level = level_of(line)
    if (level.isdecimal() and int(level) >= 40) or SHORT_LEVEL.match(line):
        return True
    if TROUBLE_LEVELS.fullmatch(level) or OTHER_LEVELS.fullmatch(level):
        return bool(TROUBLE_LEVELS.fullmatch(level))
    return bool(TROUBLE_WORDS.search(line))


def level_of(line: str) -> str:
    """What the line calls its level; empty when it does not. Beside a level, a severity is that of the alert."""
    try:
        fields = json.loads(line)
    except ValueError:
        return ""
    if not isinstance(fields, dict):
        return ""
    named = sorted(filter(LEVEL.fullmatch, fields), key=lambda key: "severity" in key.lower())
    return str(fields[named[0]]) if named else ""


def reports_trouble(lines: list[str], correlation_ids: list[str], at: str | None = None) -> list[str]:
    """Lines that report trouble under one of these correlation ids, at one of PARTIES or at anybody."""
    about = [line for line in lines if any(one in line for one in correlation_ids)]
    trouble = [line for line in about if is_trouble(line) and (at is None or is_at(line, at))]
    error = f"an error at {at}" if at else "an error"
    assert trouble, f"Expected agent-sre to log the error with correlation id {correlation_ids[0]}, but " + (
        f"none of its {len(about)} lines with that id reports {error}." if about else "no line of its log has that id."
    )
    return trouble


def is_at(line: str, party: str) -> bool:
    """Whether a line that reports trouble means trouble at that tracker.

    Who has but one need not name it: an error that has to do with an issue is one there, where no tracker is named. A
    mere warning may come with every issue.
    """
    if any(named.search(line) for named in PARTIES.values()):
        return bool(PARTIES[party].search(line))
    return bool(ISSUE.search(line)) and not WARNING.search(level_of(line) or line)


PARTIES = {"Linear": re.compile(r"linear", re.I), "Jira": re.compile(r"jira|atlassian", re.I)}
"""How a line may name the party at which something went wrong."""
ISSUE = re.compile(r"issue(?!d\b|r\b|s? with\b)|ticket", re.I)
WARNING = re.compile(r"\bw(arn(ing)?)?\b", re.I)


def tells_all(lines: list[str], words: Iterable[str]) -> None:
    """All these words stand in the lines, each in any of them, be they quoted as JSON and Python quote texts or not."""
    told = [_CODE.sub(lambda code: chr(int(code[1], 16)), line).replace("\\", "") for line in lines]
    missing = [word for word in words if not any(word in line for line in told)]
    assert not missing, f"Expected agent-sre to log the error in full, but it leaves out {missing[0]!r}" + (
        f" and {len(missing) - 1} more." if len(missing) > 1 else "."
    )


_CODE = re.compile(r"\\+u([0-9a-f]{4})", re.I)
"""A letter as some write it in JSON."""


def tells_refusal(lines: list[str]) -> None:
    """A reader of the lines learns that a credential was refused."""
    assert any(REFUSAL.search(line) for line in lines), (
        f"Expected agent-sre to log that its credential was refused, but none of its {len(lines)} lines about the "
        f"error says so: {lines[0][:200]}"
    )


REFUSAL = re.compile(
    r"(?<![\w.:])40[13]\b|unauth|authenti|authori|forbidden|credential|token|api.?key|permission|scope", re.I
)
"""How a line may tell that a credential was refused."""


ADDRESS = re.compile(r"(?:https?://|\b(?:GET|POST|PUT|PATCH|DELETE) /)[^\s\"'\\<>]*")
"""An address in a line, or the target of a request."""


def correlated(lines: list[str], alertname: str, correlation_id: str) -> list[str]:
    """The lines about the alert, all of which show the correlation id.

    A line that names the alert within an address alone is a library's about its traffic, which knows of no id.
    """
    named = [line for line in lines if alertname in line]
    assert named, f"Expected agent-sre to log something about {alertname}, but no line of its log names it."
    about = [line for line in named if correlation_id in line or alertname in ADDRESS.sub("", line)]
    assert about, (
        f"Expected agent-sre to log something about {alertname} under correlation id {correlation_id}, "
        f"but its {len(named)} lines that name it only tell of addresses."
    )
    without = [line for line in about if correlation_id not in line]
    assert not without, (
        f"Expected every line about {alertname} to show correlation id {correlation_id}, "
        f"but {len(without)} of {len(about)} do not."
    )
    return about


def apart_from(lines: list[str], names: Sequence[str]) -> list[str]:
    """The lines that name none of these: one about several alerts may show the correlation id of any of them."""
    return [line for line in lines if not any(name in line for name in names)]


def without(lines: list[str], secret: str) -> None:
    """No line shows the secret, be it as it is, escaped or within base64."""
    forms = written(secret)
    shown = [line for line in lines if any(form in line for form in forms)]
    assert not shown, f"Expected no line of agent-sre's log to show its key, but {len(shown)} of {len(lines)} do."
