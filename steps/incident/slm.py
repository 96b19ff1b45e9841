"""What can be claimed about the SLO data on an issue: by its numbers, however they are written. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import get_args

from steps.drivers.linear import Issue
from steps.drivers.slos import Objective, Quantity
from steps.incident.issues import text_of
from steps.incident.numbers import Number, numbers_in
from steps.incident.wording import TROUBLE, headed, says
from steps.targets.profile import Violation

DEFAULTS = {"0.999": Fraction(999, 1000), "1": Fraction(1), "0.001": Fraction(1, 1000), "0": Fraction(0)}
"""What BVL-65 puts where Prometheus has nothing to say: target, current value, budget, burn rate (CONTRACTS §8.2)."""

NAMES: dict[Quantity, re.Pattern[str]] = {
    "target": re.compile(r"(?<![a-z])(target|objective)", re.I),
    "current value": re.compile(r"(?<![a-z])(current|actual|sli(?![a-z]))", re.I),
    "error budget remaining": re.compile(r"(?<![a-z])(budget|remain|left(?![a-z]))", re.I),
    "burn rate": re.compile(r"(?<![a-z])burn", re.I),
}
"""The field's words for the quantities. A number with such a word beside it is not taken for another quantity."""

SUBJECT = re.compile(r"(?<![a-z])(sl[moi]s?|service[ _-]level|error[ _-]budget|burn[ _-]rate)(?![a-z])", re.I)
_SEVERITY = r"(critical|high|medium|low)(?![a-z])"
_BETWEEN = r"(?:(?!\.\s)[^\w\n,;|]|_)"
"""What may stand between the words of one statement: punctuation, marks and quotes, but not the end of a sentence."""
_VALUE = rf"{_BETWEEN}*(?:\|{_BETWEEN}*)?{_SEVERITY}"
"""The severity after what it is of, or in the next cell of a table."""
VIOLATION = re.compile(
    rf"(?<![a-z-])violation(?![a-z])(?:{_BETWEEN}*(?!{_SEVERITY})[^\W_]+){{0,2}}{_VALUE}"
    rf"|(?<![a-z-])sl[mo][ _-](?:severity|level)(?![a-z])(?:{_BETWEEN}+is)?{_VALUE}"
    rf"|(?<![a-z-]){_SEVERITY}(?:[ *_`\"']|(?<=\w)-(?=\w))+(?:sl[moi][ *_-]+)?violation(?![a-z])",
    re.I,
)
"""`Violation severity: high`, `| SLM severity | high |`, `"violation_severity": "high"` or `high SLO violation`."""
ABSENT = re.compile(
    r"\b(unavailable|unknown|unreachable|undefined|not|nothing|no|none|n/a|without|missing|failed"
    r"|could ?n[o'’]t|cannot|can['’]t|(is|are|was|were)n['’]t)\b",
    re.I,
)
"""The ways to say that something is not there."""
UNTOLD = re.compile(rf"{ABSENT.pattern}|(?!error[ _-](?:budget|rate|ratio))(?:{TROUBLE.pattern})", re.I)
"""What says that there are no SLO data: they are not there, or somebody had trouble with getting them."""
CLAIMED = re.compile(
    "|".join(name.pattern for name in NAMES.values())
    + r"|(?<![a-z])(sl[aimo]s?|service[ _-]level|availability|uptime|goals?|promised?|delivered"
    r"|reliability|compliance|success[ _-]rate)(?![a-z])",
    re.I,
)
"""Whoever shows a share as SLO data says so with one of these words."""


def shows(issue: Issue, objective: Objective, *wanted: Quantity) -> None:
    """The issue shows the wanted quantities of the objective, each with digits enough to tell it from a wrong one."""
    numbers = numbers_in(text_of(issue))
    quantities = objective.quantities
    wrong = frozenset((*DEFAULTS.values(), *quantities.values(), *objective.counting_refusals().quantities.values()))
    for quantity in wanted:
        value = quantities[quantity]
        assert any(number.shows(value, not_=wrong) for number in numbers if quantity in _may_be(number)), (
            f"Expected {issue.identifier} to show {told(value)} as {quantity}, but "
            + _instead([number for number in numbers if quantity in _names(number.before)])
        )


def shows_not(issue: Issue, value: Fraction, quantity: Quantity) -> None:
    """The issue does not show that value as the quantity."""
    shown = [
        number for number in numbers_in(text_of(issue)) if number.is_exactly(value) and quantity in _may_be(number)
    ]
    assert not shown, (
        f"Expected {issue.identifier} not to show {told(value)} as {quantity}, which is another service's, "
        f"but it says {_line(shown[0])!r}."
    )


def invents_nothing(issue: Issue) -> None:
    """The issue shows none of the values that are put in by somebody who has no SLO data."""
    invented = [
        number
        for line, is_claimed in _lines(issue)
        for number in numbers_in(line)
        if any(map(number.is_exactly, DEFAULTS.values()))
        and ((is_claimed and _is_share(number)) or _is_introduced(number))
    ]
    assert not invented, (
        f"Expected {issue.identifier} to show no SLO data, for there is none, but it says {_line(invented[0])!r}."
    )


def shows_none_of(issue: Issue, objectives: Iterable[Objective]) -> None:
    """The issue shows no quantity of these objectives, which are other services', or have become unknown since."""
    known = {value: name for objective in objectives for name, value in objective.quantities.items()}
    shown = [
        (number, name)
        for line, is_claimed in _lines(issue)
        for number in numbers_in(line)
        for value, name in known.items()
        if number.shows(value) and ((is_claimed and _is_share(number)) or _is_introduced(number))
    ]
    assert not shown, (
        f"Expected {issue.identifier} to show no SLO data, for there is none of its service, but it says "
        f"{_line(shown[0][0])!r}, which is the {shown[0][1]} that another service has, or had before."
    )


def says_unavailable(issue: Issue) -> None:
    """The issue says in some words that it has no SLO data: in one line, or in a section about it."""
    assert says(issue.texts, SUBJECT, UNTOLD), (
        f"Expected {issue.identifier} to say that there is no SLM context, but it says no such thing."
    )


def violation_named(issue: Issue, violation: Violation) -> list[str]:
    """Where the issue names the severity of the SLO violation, all of them right; an issue need not name it."""
    named = list(VIOLATION.finditer(text_of(issue)))
    wrong = [match for match in named if str(match[match.lastindex or 0]).lower() != violation]
    assert not wrong, f"Expected {issue.identifier} to call the SLO violation {violation}, but it says {wrong[0][0]!r}."
    return [match[0] for match in named]


def told(value: Fraction) -> str:
    """The value as a reader knows it: as a fraction of one and in percent."""
    return f"{float(value):.10g} ({float(100 * value):.10g} %)"


def _may_be(number: Number) -> set[Quantity]:
    """What the number may be the value of: what the words beside it say, or anything where they say nothing."""
    return _names(number.before) | _names(number.after) or set(get_args(Quantity))


def _names(words: str) -> set[Quantity]:
    return {quantity for quantity, name in NAMES.items() if name.search(words)}


def _lines(issue: Issue) -> Iterator[tuple[str, bool]]:
    """The lines of the issue, and whether numbers in them are said to be SLO data.

    They are by a word in the line or in a heading over it; that of a table is its first row. A line without any word
    is about what the one before says.
    """
    for text in issue.texts:
        worded = ""
        for headings, row, line in headed(text):
            if re.search(r"[^\W\d_]", line):
                worded = line
            yield line, bool(CLAIMED.search(f"{headings} {row} {worded}"))


def _is_share(number: Number) -> bool:
    """Whether it is written as the share of something, and not as a count."""
    return any(mark in number.text for mark in ".,%")


def _is_introduced(number: Number) -> bool:
    """Whether a quantity's name stands right before it: the last word or the one before, as in `burn rate: 0`."""
    return bool(_names(" ".join(re.findall(r"\w+", number.before)[-2:])))


def _instead(named: list[Number]) -> str:
    """What the issue shows instead: the nearest miss."""
    if not named:
        return "it shows no number that could be it."
    return f"it says {_line(named[0])!r}."


def _line(number: Number) -> str:
    return f"{number.before}{number.text}{number.after}".strip()
