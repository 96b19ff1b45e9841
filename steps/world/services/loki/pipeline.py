"""The log part of LogQL: which streams, and which of their lines with which labels."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from steps.world.services import logfmt
from steps.world.services.golang import NANOSECONDS, NotCovered, Refusal, Regex, decoded, duration
from steps.world.services.loki.streams import Entry, Labels, labels_of

ERROR, DETAILS = "__error__", "__error_details__"
COLOUR = re.compile(
    r"[\x1b\x9b][\[\]()#;?]*(?:(?:[a-zA-Z\d]*(?:;[a-zA-Z\d]*)*)?\x07|(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PRZcf-ntqry=><~])"
)
"""A terminal command, as Loki removes it from lines."""
BYTES: dict[str, int] = {"B": 1} | {
    f"{prefix}{suffix}": base**power
    for power, prefix in enumerate("KMGTP", start=1)
    for suffix, base in (("B", 1000), ("iB", 1024))
}

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@dataclass(slots=True)
class Line:
    """An entry on its way through the stages of a query."""

    at: int
    text: str
    labels: dict[str, str]
    inborn: frozenset[str]
    """The names that the stream and the entry's metadata have taken."""

    def extract(self, name: str, value: str) -> None:
        """A label that a parser has found; it never hides one of the stream's own."""
        self.labels[f"{name}_extracted" if name in self.inborn else name] = decoded(value)

    def spoil(self, error: str, details: str) -> None:
        """A stage could not do its work; the line goes on, and says so."""
        self.labels |= {ERROR: error, DETAILS: details}


Stage = Callable[[Line], bool]
"""Works on a line, and says whether the line is still of interest."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """`name="text"` and its kind; a label that is not there has the empty text."""

    name: str
    comparison: str
    text: str
    _regex: Regex | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_regex", Regex(self.text) if "~" in self.comparison else None)

    def matches(self, value: str) -> bool:
        """Whether a label's value is one that is looked for; a pattern has to fit as a whole."""
        same = self._regex.is_all_of(value) if self._regex else value == self.text
        return same is not self.comparison.startswith("!")

    def __call__(self, line: Line) -> bool:
        return self.matches(line.labels.get(self.name, ""))


@dataclass(frozen=True, slots=True)
class LineFilter:
    """`|= "text"` and its kind; with several texts, one of them is enough."""

    comparison: str
    texts: tuple[str, ...]
    _regexes: tuple[Regex, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        regexes = tuple(map(Regex, self.texts)) if "~" in self.comparison else ()
        object.__setattr__(self, "_regexes", regexes)

    def __call__(self, line: Line) -> bool:
        if self._regexes:
            found = any(regex.is_in(line.text) for regex in self._regexes)
        else:
            found = any(text in line.text for text in self.texts)
        return found is not self.comparison.startswith("!")


@dataclass(frozen=True, slots=True)
class Json:
    """`| json`: every field of the line becomes a label, `a.b` as `a_b`; or only those asked for by their path."""

    wanted: tuple[tuple[str, str], ...] = ()

    def __call__(self, line: Line) -> bool:
        try:
            found = json.loads(line.text, parse_int=str, parse_float=str, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            line.spoil("JSONParserErr", "Value looks like object, but can't find closing '}' symbol")
            return True
        for name, path in self.wanted:
            value = _at_path(found, path)
            line.extract(name, value if isinstance(value, str) else _json_text(value))
        if not self.wanted:
            for name, value in _fields(found, ""):
                line.extract(name, value)
        return True


@dataclass(frozen=True, slots=True)
class Logfmt:
    """`| logfmt`: every pair of the line becomes a label; or only those asked for."""

    wanted: tuple[tuple[str, str], ...] = ()

    def __call__(self, line: Line) -> bool:
        found = logfmt.pairs(line.text)
        for name, key in self.wanted:
            line.extract(name, found.get(key, ""))
        if not self.wanted:
            for key, value in found.items():
                line.extract(_label_name(key), value)
        return True


@dataclass(frozen=True, slots=True)
class Template:
    """A template of Go's text/template, as far as it only puts labels, or the line, where they are to stand."""

    parts: tuple[str, ...]
    """Texts, and between them what is put in: a label's name, or `__line__`."""

    @classmethod
    def read(cls, text: str) -> Self:
        """The template of this text. Raises Refusal with Go's words, and NotCovered for what does more."""
        parts = _ACTION.split(text)
        for part in parts[::2]:
            if "{{" in part:
                if "}}" in part.partition("{{")[2]:
                    raise NotCovered(f"the template {text}.")
                raise Refusal("1: unclosed action")
        return cls(tuple(_put_in(part) if place % 2 else part for place, part in enumerate(parts)))

    def fill(self, line: Line) -> str:
        """What becomes of it; a label that is not there leaves nothing."""
        held = line.labels | {"__line__": line.text}
        return "".join(held.get(part, "") if place % 2 else part for place, part in enumerate(self.parts))


_ACTION = re.compile(r"((?:\s*\{\{- |\{\{)[^{}]*?(?: -\}\}\s*|\}\}))")
"""What a template puts in, with the spaces around it that a `-` takes away."""


def _put_in(action: str) -> str:
    found = re.fullmatch(r"\{\{(?:- )?\s*(?:\.([a-zA-Z_]\w*)|(__line__))\s*(?: -)?\}\}", action.strip())
    if found is None:
        raise NotCovered(f"the template's {action.strip()}.")
    return found[1] or found[2]


@dataclass(frozen=True, slots=True)
class LineFormat:
    """`| line_format "…"`: the line becomes another."""

    template: Template

    def __call__(self, line: Line) -> bool:
        line.text = self.template.fill(line)
        return True


@dataclass(frozen=True, slots=True)
class LabelFormat:
    """`| label_format a=b, c="…"`: b becomes a, and c what the template says."""

    formats: tuple[tuple[str, Template | str], ...]

    def __call__(self, line: Line) -> bool:
        for name, source in self.formats:
            if isinstance(source, Template):
                line.labels[name] = source.fill(line)
            elif source in line.labels:
                line.labels[name] = line.labels.pop(source)
        return True


def _is_among(chosen: tuple[Matcher | str, ...], name: str, value: str) -> bool:
    return any(one == name if isinstance(one, str) else one.name == name and one.matches(value) for one in chosen)


@dataclass(frozen=True, slots=True)
class Drop:
    """`| drop a, b="x"`: labels that the line loses."""

    chosen: tuple[Matcher | str, ...]

    def __call__(self, line: Line) -> bool:
        line.labels = {name: value for name, value in line.labels.items() if not _is_among(self.chosen, name, value)}
        return True


@dataclass(frozen=True, slots=True)
class Keep:
    """`| keep a, b="x"`: labels that the line does not lose, beside those that tell of an error."""

    chosen: tuple[Matcher | str, ...]

    def __call__(self, line: Line) -> bool:
        line.labels = {
            name: value
            for name, value in line.labels.items()
            if name in (ERROR, DETAILS) or _is_among(self.chosen, name, value)
        }
        return True


def decolorize(line: Line) -> bool:
    """`| decolorize`: the line without its colours."""
    line.text = COLOUR.sub("", line.text)
    return True


@dataclass(frozen=True, slots=True)
class Quantity:
    """`| name > 5`, `> 5s` or `> 5MB`: the label's value is read as a number, a duration or a size."""

    name: str
    comparison: str
    amount: float
    read: Callable[[str], float] = field(compare=False)

    def __call__(self, line: Line) -> bool:
        if ERROR in line.labels:
            return True
        if not line.labels.get(self.name):
            return False
        try:
            value = self.read(line.labels[self.name])
        except (ValueError, Refusal) as mistake:
            line.spoil("LabelFilterErr", str(mistake))
            return True
        return COMPARE[self.comparison](value, self.amount)


@dataclass(frozen=True, slots=True)
class Both:
    """`a and b`."""

    left: Stage
    right: Stage

    def __call__(self, line: Line) -> bool:
        return self.left(line) and self.right(line)


@dataclass(frozen=True, slots=True)
class Either:
    """`a or b`."""

    left: Stage
    right: Stage

    def __call__(self, line: Line) -> bool:
        return self.left(line) or self.right(line)


@dataclass(frozen=True, slots=True)
class LogQuery:
    """`{…}` and what follows it. Raises Refusal when the matchers would not narrow anything down."""

    matchers: tuple[Matcher, ...]
    stages: tuple[Stage, ...] = ()

    def __post_init__(self) -> None:
        if all(matcher.matches("") for matcher in self.matchers):
            raise Refusal(
                "parse error : queries require at least one regexp or equality matcher that does not have an "
                'empty-compatible value. For instance, app=~".*" does not meet this requirement, but app=~".+" will'
            )

    def chooses(self, labels: Labels) -> bool:
        """Whether the matchers choose the stream with these labels."""
        held = dict(labels)
        return all(matcher.matches(held.get(matcher.name, "")) for matcher in self.matchers)

    def run(self, labels: Labels, entries: list[Entry]) -> Iterator[tuple[Labels, Entry]]:
        """What the stages leave of a stream's lines: the labels that they end up with, and the lines."""
        for entry in entries:
            held = dict(labels) | dict(entry.metadata)
            line = Line(entry.at, entry.text, held, frozenset(held))
            if all(stage(line) for stage in self.stages):
                yield labels_of(line.labels), entry if line.text == entry.text else replace(entry, text=line.text)


def read_number(text: str) -> float:
    """A label's value as a number; raises ValueError with Go's words."""
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        raise ValueError(f'strconv.ParseFloat: parsing "{text}": invalid syntax')
    return float(text)


def read_duration(text: str) -> float:
    """A label's value as nanoseconds. Raises Refusal with Go's words."""
    return duration(text, NANOSECONDS)


def read_bytes(text: str) -> float:
    """A label's value as a size in bytes, with the units of `BYTES`; raises ValueError with Loki's words."""
    size = re.fullmatch(r"([0-9.]+) ?([A-Za-z]*)", text)
    units = {unit.lower(): amount for unit, amount in BYTES.items()}
    if size is None or (unit := size[2].lower() or "b") not in units:
        raise ValueError(f"unhandled size name: {text}")
    return read_number(size[1]) * units[unit]


def _fields(found: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    """The fields of an object and of the objects in it; lists are passed over."""
    for key, value in found.items():
        name = _label_name(f"{prefix}{key}")
        if isinstance(value, dict):
            yield from _fields(value, f"{name}_")
        elif not isinstance(value, list):
            yield name, value if isinstance(value, str) else _json_text(value)


def _at_path(found: Any, path: str) -> Any:
    """What is at `a.b[0]["c d"]`, None when there is nothing."""
    for quoted, index, plain in re.findall(r'\["([^"]*)"\]|\[(\d+)\]|([^.\[\]]+)', path):
        try:
            found = found[int(index)] if index else found[quoted or plain]
        except (LookupError, TypeError, ValueError):
            return None
    return found


def _json_text(value: Any) -> str:
    return "" if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _label_name(key: str) -> str:
    name = re.sub(r"[^a-zA-Z0-9_]", "_", key)
    return f"_{name}" if name[:1].isdigit() else name


def _no_constant(text: str) -> str:
    raise ValueError(f"{text} is not JSON")
