"""What a ticket says about a subject, and whether that means that something could not be had: in any wording. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from steps.incident.alert import Alert

UNAVAILABLE = re.compile(
    r"\b(unavailable|unreachable|inaccessible|unable|cannot|can't|refused|offline|degraded|skipped|n/a"
    r"|not (currently |be )?(available|reachable|accessible|answer\w*|respon\w+|asked|queried|fetched|read|retrieved"
    r"|loaded|obtained|determined)"
    r"|(could|did|do|does)( not|n't) (?!.{0,12}\bfound\b)\w+"
    r"|time[ds]?[ -]?outs?|no (answer|reply|response|connection)"
    r"|(query|request|fetch\w*|look-?up|call) (failed|error)|fail(ed|ure)s? (to|of|while|when|in) \w+|failure)\b",
    re.I,
)
"""Words that call something unavailable, and nothing that is merely empty."""

TROUBLE = re.compile(rf"{UNAVAILABLE.pattern}|\b(error|fail\w*|exception|unknown|missing|down|[45]\d\d)\b", re.I)
"""More words of that kind, some of which may also say what was looked for ("no trace with an error")."""

_SOUGHT = re.compile(r"\b(no|none|nothing|without|zero|0)\b(\W+\w+){0,5}?\W+(errors?|fail\w*|exceptions?)\b", re.I)
"""An empty result of a search for failures."""


def lines_about(text: str, subject: re.Pattern[str]) -> list[str]:
    """The lines that are about the subject: it is named in the line itself, or in the heading above it."""
    heading, found = "", []
    for line in text.splitlines():
        if line.lstrip().startswith("#") or line.rstrip(" *_").endswith(":"):
            heading = line
        if line.strip() and subject.search(f"{heading} {line}"):
            found.append(line)
    return found


def says(text: str, subject: re.Pattern[str], words: re.Pattern[str]) -> bool:
    """Whether some line about the subject has one of the words, where that is no empty search for failures."""
    return any(words.search(_SOUGHT.sub("", line)) for line in lines_about(text, subject))


_WORD = re.compile(r"(?<![\w-])[^\W\d_]{2,}(?![\w-])")
"""A plain word: no name of something, and no piece of one or of a number."""


def without_own(text: str, alert: Alert) -> str:
    """The text without what the alert itself says."""
    for own in sorted((*alert.labels.values(), *alert.annotations.values()), key=len, reverse=True):
        text = text.replace(own, " ")
    return text


def words(text: str) -> set[str]:
    """The plain words of a text."""
    return {word.casefold() for word in _WORD.findall(text)}


def tells_apart(text: str, others: Iterable[str]) -> bool:
    """Whether the text says something in plain words that none of the others says.

    This finds out in any wording whether a text tells what happened: of something else it would have said otherwise.
    """
    return bool(words(text).difference(*map(words, others)))
