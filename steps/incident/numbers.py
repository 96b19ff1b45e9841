"""Numbers that a text shows: read as a person reads them, and compared to no more digits than are shown."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from fractions import Fraction

NOISE = Fraction(1, 10**9)
"""So far may a number be off that has been reckoned in floating point."""
COARSEST = Fraction(1, 20)
"""A number that is rounded by more than this share of the value does not show the value."""

_STRANGE = re.compile(r'(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://[^\s|)>"`]+|^[ \t>]*[0-9]+[.)](?=\s)', re.I | re.M)
"""What holds digits and is no number: addresses, and the marks of an ordered list."""

_NUMBER = re.compile(
    r"""
    (?<![\w./\#@%\-−–]) (?<![0-9][:,+])              # not in a name, a version, a path, a time of day, a date
    (?P<minus>[-−–])?
    (?P<digits>[0-9]+(?:[.,][0-9]+)?)
    (?:[eE](?P<power>[-+]?[0-9]{1,3}))?
    (?! [^\Wx] | x\w | [.,:+][0-9] | [-/]\w )       # nor further on in one; 1.5x is a number
    (?! [ \u00a0\u202f](?:ms|s|secs?|seconds?|min|minutes?|h|hours?|d|days?)\b )
    (?P<percent>[ \u00a0\u202f]*(?:%|(?:percent|per[ ]cent)\b))?
    """,
    re.VERBOSE,
)


_COMPARING = "vs|versus|against|above|below|over|under|than"
_OWN = re.compile(
    rf"""
    (?:
        \([^()]*\)                                   # what is in brackets, if no number is
        | (?! [.](?:\s|$) | \s-\s )                  # else up to the end of the sentence, a dash
          (?! (?<!\w)(?:and|but|with|while|{_COMPARING})(?!\w) )
          (?! (?<!\w)\w+[*_`"']*\s?[:=] )            # or the name of the next number
          [^(,;/|\[<>–—·•→]
    )*
    """,
    re.VERBOSE | re.I,
)
"""What belongs to a number of the words that follow it."""
_CELL = re.compile(r"[^\w|]*\|[^|]*(?=\|)")
"""The cell of a table after that of a number."""
_REMARK = re.compile(
    rf"\([^()]*\b(?:{_COMPARING}|meets?|met|misse[sd]|reached|exceed(?:s|ed)|breached|violated)\b[^()]*\)", re.I
)
"""What compares a number with another one does not name it, as in `98.5 % (above target)`."""
_LETTER = re.compile(r"[^\W\d_]")
_PERCENT = re.compile(r"%|per ?cent")


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a text, as a fraction of one: 99.9 % is 0.999."""

    text: str
    value: Fraction
    unit: Fraction
    """What one more in its last digit would add."""
    before: str = ""
    after: str = ""
    """What the line says between this number and its neighbours, but for what belongs to them."""

    @property
    def as_counted(self) -> Number:
        """The number as it is when what it counts are per cent themselves: 87 % is 87."""
        if not _PERCENT.search(self.text):
            return self
        return replace(self, value=100 * self.value, unit=100 * self.unit)

    def is_exactly(self, value: Fraction) -> bool:
        """Whether the number is the value, but for the noise of floating point."""
        return abs(self.value - value) <= NOISE

    def shows(self, value: Fraction, not_: frozenset[Fraction] = frozenset()) -> bool:
        """Whether the number is the value, rounded to the digits that are shown.

        Those have to be enough to tell it from the other values of which the number could be mistaken for one.
        """
        if self.is_exactly(value):
            return True
        return self._rounds(value) and not any(self._rounds(other) for other in not_ if other != value)

    def _rounds(self, value: Fraction) -> bool:
        half = self.unit / 2
        return abs(self.value - value) <= half + NOISE and half <= COARSEST * abs(value)


def numbers_in(text: str) -> list[Number]:
    """The numbers that stand alone in the text, in their order; Markdown around them does not matter.

    Names, versions, addresses, dates, times of day and lengths of time hold digits and are no numbers.
    """
    plain = _STRANGE.sub(" ", html.unescape(text).replace("\\", ""))
    return [number for line in plain.splitlines() for number in _in_line(line)]


def _in_line(line: str) -> list[Number]:
    if not (found := list(_NUMBER.finditer(line))):
        return []
    ends = [match.start() for match in found[1:]] + [len(line)]
    numbers, before = [], line[: found[0].start()]
    for match, end in zip(found, ends, strict=True):
        between = line[match.end() : end]
        own = _own(before, between, is_last=end == len(line))
        numbers.append(_number(match, before, after=_REMARK.sub("", own)))
        before = between[len(own) :] or between  # undivided words might belong to either
    return numbers


def _own(before: str, between: str, is_last: bool) -> str:
    """What belongs to a number of the words that follow it: in a row, the next cell where no word stands before it."""
    cell = None if _LETTER.search(before) else _CELL.match(between + "|" * is_last)
    own = cell or _OWN.match(between)
    return own[0] if own else ""


def _number(match: re.Match[str], before: str, after: str) -> Number:
    digits = match["digits"].replace(",", ".")
    scale = Fraction(10) ** int(match["power"] or 0) / (100 if match["percent"] else 1)
    sign = -1 if match["minus"] else 1
    decimals = len(digits.partition(".")[2])
    return Number(match[0], sign * Fraction(digits) * scale, scale / 10**decimals, before, after)
