"""What a ticket says about a subject, and whether that means that something could not be had: in any wording. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from steps.incident.alert import Alert

_LATE = (
    r"(?:in |within (?:the |its )?)time(?! (?:window|range|frame|span|interval))\b"
    r"|within (?:the |its )?(?:limit|deadline)|before (?:the |its )?(?:\w+ )?(?:deadline|time[ -]?out|limit)\b"
    r"|(?:within \d[\d.]* ?(?:m?s|sec\w*|min\w*)|(?:after|before) \d[\d.]* ?(?:m?s|sec\w*))\b"
    r"(?! (?:of|around|before|after))"
)
_ANSWER = (
    r"(?:(?!(?:in|with|within|for|of|from|to|as)\b)\w+ ){0,3}(?:answer|reply|response|body|json|200)\b"
    r"(?! (?:times?|codes?|logs?|lines?|entries|records?)\b)"
)
_FOUND = (
    r"(?!(?:\w+ly )?be (?:\w+ly )?(?:shown|logged|written|recorded)\b)"
    r"(?:(?:\w+ly|all|be|been|even|yet) )*(?:find|found|return(?:ed)?|have(?! access)|match(?:ed)?|known?"
    r"|contain(?:ed)?|shown?|log(?:ged)?|yield(?:ed)?|hold|held|write|written|record(?:ed)?|exist|seen?"
    r"|produced?|located?|emit(?:ted)?|send)\b"
    rf"(?![^.;\n]*\b(?:{_LATE})|[^\w.;\n]+{_ANSWER})"
)
"""What a source that does answer does not do when it has nothing."""

UNAVAILABLE = re.compile(
    r"\b(unavailable|unreachable|inaccessible|refused|offline|degraded|skipped"
    rf"|(unable( to)?|can ?not|can['’]t|(could|did|do|does)( not|n['’]t))(?! to\b| {_FOUND})( \w+)?"
    r"|((is|are|was|were)n['’]t|not) (currently |be )?(available(?! (for|from|of) (this|the) (pod|alert)\b)|reachable"
    r"|accessible|answer\w*|respon\w+|asked|queried|fetched|read|retrieved|loaded|obtained|determined)"
    r"|time[ds]?[ -]?outs?|no (answer|reply|response|connection)"
    r"|(http|status|code|answered)( (status|code))?[ :]{1,2}[45]\d\d"
    r"|(query|request|fetch\w*|look-?up|call) (failed|error)|fail(ed|ure)s? (to|of|while|when|in) \w+|failure"
    r"|(no|none|nothing)\b[^.,:;\n]{0,80} could be (fetched|read|retrieved|loaded|obtained))\b",
    re.I,
)
"""Words that call something unavailable, and nothing that is merely empty."""

_ASKED = (
    r"it|they|metrics|logs|traces|prometheus|loki|tempo|(data ?)?source|backend|server|api|endpoint|query|request|call"
    r"|look-?up|answer|reply|response"
)
"""Who or what takes too long when a source is asked."""
_ANSWERED = r"(the )?(answer|reply|response|body|stream|connection|input|json|file|data)"
"""What ends too soon when a source answers."""

TROUBLE = re.compile(
    rf"{UNAVAILABLE.pattern}"
    r"|\b(\w*error|fail\w*|\w*exception|\w+time[ -]?out|n/a|unknown|missing|down|[45]\d\d|malformed|invalid|incomplete"
    r"|truncated|corrupt\w*|cut (short|off)|unreadable|unresponsive|(?<!pod is )overloaded|rejected|throttled|aborted"
    r"|rate[ -]limit\w*|too many requests"
    r"|(not|(is|are|was|were)n['’]t) (yet |a )?(ready|up|valid|json|understood|parsed|complete)"
    r"|connection (was |is )?(prematurely )?(reset|closed|lost|broken|dropped|aborted)|(is|still) starting"
    r"|deadline exceeded|(unexpected|bad) (answer|reply|response)|garbled|unprocessable"
    rf"|(?<!no )({_ASKED}) (has |have )?(took|taken) (far |much |way )?too long"
    r"|too slow (to|in) (answer|reply|respond|return)\w*"
    r"|(gave|given|giving) up (on|after|waiting|asking|querying|trying)"
    r"|e(conn|timed|hostun|netun|notfound|pipe)\w*|socket hang[ -]?up|hung up|premature (close|end)"
    rf"|(unexpected[ -]?)?eof|unexpected (token|character|end of {_ANSWERED})"
    rf"|{_ANSWERED} (ended|(was )?closed) prematurely"
    r"|((is|are|was|were)n['’]t|not) (currently |be )?available)\b",
    re.I,
)
"""More words of that kind, some of which may also say what was looked for ("no trace with an error").

An alert about a pod that is overloaded says nothing about the source.
"""

_REMARK = r"(?:query|request|call|fetch\w*|look-?up|prometheus|loki|tempo|an?|the|its)\b"
"""How a remark on a result begins, after a comma or a bracket."""
_REASON = (
    r"(?:because|since|as|due|after|but|answered|responded|replied)\b"
    r"|could be (?:fetched|read|retrieved|loaded|obtained)\b"
    r"|(?:prometheus|loki|tempo)\W+(?:errors?|fail\w*|exceptions?)\b"
)
"""How the reason begins why there is no result."""
_SOUGHT = re.compile(
    r"\b(?:no|none|nothing|without|zero|0"
    rf"|(?:(?:could|did|do|does)(?: not|n['’]t)|can ?not|can['’]t|unable to) {_FOUND})\b"
    rf"(?:(?:[\s*_`\"']+|[^\w:;.–—-]+(?!{_REMARK}))(?!{_REASON})\w[\w'’-]*){{0,5}}?"
    r"[^\w:;.,(–—-]+(?:errors?|fail\w*|exceptions?|(?:with|of|having) (?:(?:an?|http|status|code) )*[45](?:\d\d|xx))\b"
    r"|\b(?:did|does|do)(?: not|n['’]t) fail\b"
    r"|\b(?:errors?|failures?|exceptions?)\W{1,4}(?:0|none)\W*$",
    re.I,
)
"""An empty result of a search for failures; not a failure that is the reason why there is none."""

_OF_THE_SOUGHT = (
    r"\b(?:failed|failing|erroneous|errors?)[ *_-]{1,3}(?:metrics?|logs?|traces?|spans?|pods?|containers?)\b"
    r"(?![ *_-]{1,3}(?:lines? )?(?:quer(?:y|ies)|requests?|fetch\w*|look-?ups?|calls?|search\w*|retrieval)\b)"
    r"|\b(?:metrics?|logs?|traces?|spans?|lines?) (?:with|of|having|containing|showing|that have) (?:an? )?"
    r"(?:errors?|failures?|exceptions?)\b"
    r"|\berror[ _-](?:rates?|ratios?|counts?)\b"
)
"""Trouble that is looked for, as in `Failed traces` or `Logs with errors` over what was found; not a failed query."""
_REMEDY = r"recover|remed(?:y|iat)|restart|heal|resolve|fix|mend|help|improve|scale|reconcile|approve|assign|repeat"
_LOOK = r"check|see|inspect|review|examine|consult|investigate|look (?:at|for|into)"
_ELSEWHERE = (
    r"\bif\b[^,.;:(\n]*"
    rf"|(?:^|(?<=[.;!?]\s))[\W_]*(?:please )?(?:{_LOOK})"
    r" (?:also |for )?(?:the|its|this|all|any|your|whether|logs?|metrics?|traces?)\b[^.;:\n]*"
    r"|\b(?:(?:could|did|do|does|can|is|was|has|have)(?: not|n['’]t)|can ?not|can['’]t|unable to)"
    rf" (?:be |been )?(?:\w+ly )?(?:{_REMEDY})\w*"
    r"|\b(?:remediation|restart|pod|container|deployment)s? (?:(?:has|have|is|was|were|are) )?(?:\w+ly )?"
    r"(?:failed|fails|failing|crash\w*|down|unavailable|(?:not|(?:is|are|was|were)n['’]t) (?:yet )?ready)\b"
)
"""Trouble with something else than a source, and advice: `If the pod does not recover, check its logs.`"""
_BESIDE = re.compile(rf"{_SOUGHT.pattern}|{_OF_THE_SOUGHT}|{_ELSEWHERE}", re.I)
"""What names trouble, and says nothing about a source."""

_SOURCES = r"metrics?|prometheus|logs?|loki|traces?|tracing|tempo|sl[aimo]s?|service[ _-]level|model|trm"
_SECTIONS = "remediation|correlation|on-?call|assignee|approval"
_TOPIC = re.compile(
    rf"(?<![a-z])({_SOURCES}|{_SECTIONS}|alert|labels?|annotations?|description|availability|objective|budget|burn)"
    r"(?![a-z])",
    re.I,
)
"""What the parts of a ticket are about."""
_LABEL = re.compile(rf"[\W_]*(?:\w+\W+)?(?:(?:{_SOURCES})(?![a-z])|(?:{_SECTIONS})\b[^:]{{0,20}}:)", re.I)
"""The beginning of a line that says what it is about."""
_SOURCE = re.compile(rf"(?<![a-z])({_SOURCES})(?![a-z])", re.I)
_STATE = re.compile(r"[\W_]*(status|state|reason|cause|result)[\W_]*", re.I)
"""A line that announces what is said next of the same."""
_FAILURES = re.compile(r"\bfailed \w|\b(errors|failures|exceptions)\b", re.I)
_STANDING_OUT = re.compile(r"[\s>]*(\*{1,3}|_{2,3})(?![\s*_])(?:(?!\1).)+(?<![\s*_])\1\s*")
"""A line wholly in bold or italics."""
_UNDERLINE = re.compile(r" {0,3}(={2,}|-{2,})\s*")
_SLANT = re.compile(r"(?<![^\W_])_+|_+(?![^\W_])")
"""Marks of italics, which would pass for a letter of the word beside them."""
_MARKS = re.compile(r"\s*(#+)")
_ITEM = re.compile(r"\s*([-*+•]|[0-9]+[.)])\s")


class Line(NamedTuple):
    """A line of a text, and what stands over it."""

    headings: str
    row: str
    """The first row of its table."""
    text: str


def headed(text: str) -> list[Line]:
    """The lines of the text, each with the headings over it.

    A heading has a `#` or a colon, is underlined, or stands out by itself; the latter two may stand within a section.
    What is indented below an item of a list has the item over it, too, and one `#` heading has those of fewer `#`
    over it, unless it begins another topic.
    """
    section, part, row, parents, is_first, found = "", "", "", list[tuple[int, str]](), False, list[Line]()
    above: list[tuple[int, str]] = []
    lines = text.splitlines()
    for line, below in zip(lines, [*lines[1:], ""], strict=False):
        if not line.strip() or _UNDERLINE.fullmatch(line):
            row = ""
            continue
        depth = len(line.expandtabs()) - len(line.expandtabs().lstrip())
        parents = [parent for parent in parents if parent[0] < depth]
        has_colon = line.rstrip(" *_").endswith(":")
        stands_out = bool(_STANDING_OUT.fullmatch(line) or _UNDERLINE.fullmatch(below))
        if marks := _MARKS.match(line):
            level = len(marks[1])
            above = [*(heading for heading in above if heading[0] < level), (level, line)]
            section, part, is_first = _of_one_topic([heading for _, heading in above]), "", True
        elif (not has_colon and not stands_out) or _is_statement(line, is_first and not has_colon):
            is_first = False
        elif has_colon:
            section, part, is_first = line, "", True
        else:
            part, is_first = line, True
        if not line.lstrip().startswith("|"):
            row = ""
        elif not re.search(r"\w", line) and found:  # the rule below a table's first row
            row = found[-1].text
        found.append(Line(" ".join([section, part, *(item for _, item in parents)]), row, line))
        if _ITEM.match(line):
            parents.append((depth, line))
    return found


def _of_one_topic(headings: list[str]) -> str:
    """The innermost heading that names a topic, and those below it."""
    named = [number for number, heading in enumerate(headings) if _TOPIC.search(heading)]
    return " ".join(headings[named[-1] if named else 0 :])


def _is_statement(line: str, is_first: bool) -> bool:
    """Whether a line that looks like a heading says something below one: `**unavailable**`, and not `**Failed calls**`.

    The first line below a heading may also be a caption, and `Status:` is said of what the heading names.
    """
    if _TOPIC.search(line):
        return False
    return bool(_STATE.fullmatch(line) or UNAVAILABLE.search(line)) or (is_first and not _FAILURES.search(line))


def lines_about(texts: Iterable[str], subject: re.Pattern[str]) -> list[str]:
    """The lines that are about the subject: it is named in the line itself, or in a heading above it.

    Of a table with a column for each source, only the cells below the subject are about it.
    """
    return [about for text in texts for line in headed(text) for about in _about(line, subject)]


def _about(line: Line, subject: re.Pattern[str]) -> list[str]:
    columns = list(zip(_cells(line.row), _cells(line.text), strict=False))
    own = [cell for name, cell in columns if subject.search(name)]
    is_shared = any(_SOURCE.search(name) and not subject.search(name) for name, _ in columns)
    if not (own and is_shared) and subject.search(f"{line.headings} {line.text}"):
        return [line.text]
    return own


def _cells(row: str) -> list[str]:
    return row.strip().removeprefix("|").removesuffix("|").split("|")


def names_another(line: str, subject: re.Pattern[str]) -> bool:
    """Whether the line begins with something else than the subject, as `SLM: unavailable` below the logs."""
    return bool(_LABEL.match(line)) and not subject.search(line)


def says(texts: Iterable[str], subject: re.Pattern[str], words: re.Pattern[str]) -> bool:
    """Whether some line about the subject has one of the words, where these are about the source."""
    return any(says_one_of(words, line) for line in lines_about(texts, subject))


def says_one_of(words: re.Pattern[str], line: str) -> bool:
    """Whether the line has one of the words, where these are about the source: not about what was sought, or advice."""
    return bool(words.search(_BESIDE.sub("", _SLANT.sub(" ", line))))


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
