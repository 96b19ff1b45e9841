"""What TraceQL means: fields and conditions of a span, and the choice of spans in a trace."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Protocol

from steps.world.services.golang import Refusal, Regex
from steps.world.services.tempo.spans import Span, Trace, Value

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
MATCHES = ("=~", "!~")
LOGIC = ("&&", "||")
ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": math.fmod,
    "^": math.pow,
}

AGGREGATES: dict[str, Callable[[Iterable[float]], float]] = {"avg": fmean, "sum": math.fsum, "min": min, "max": max}

UNKNOWN = "attribute"
"""The type of what only a span can tell."""


@dataclass(frozen=True, slots=True)
class Keyword:
    """A status or a kind."""

    type: str
    word: str


Known = Value | Keyword

STATUS = tuple(Keyword("status", word) for word in ("unset", "ok", "error"))
KIND = tuple(Keyword("kind", word) for word in ("unspecified", "internal", "server", "client", "producer", "consumer"))
"""By the numbers of OTLP, as STATUS is."""


class Expression(Protocol):
    """Something to be known about a span; `str()` of it is as Tempo writes it."""

    @property
    def type(self) -> str:
        """string, number, boolean, status, kind, nil, or UNKNOWN."""

    def of(self, span: Span, trace: Trace) -> Known: ...

    def fields(self) -> Iterator[Attribute | Intrinsic]:
        """What it is made of, that the answer of a search shows."""


@dataclass(frozen=True, slots=True)
class Static:
    """A value as it stands in the query."""

    value: Known
    text: str

    @property
    def type(self) -> str:
        return _type(self.value)

    def of(self, span: Span, trace: Trace) -> Known:
        return self.value

    def fields(self) -> Iterator[Attribute | Intrinsic]:
        return iter(())

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Attribute:
    """`span.x`, `resource.x`, or `.x` of either."""

    scope: str
    name: str
    type: str = UNKNOWN

    def of(self, span: Span, trace: Trace) -> Known:
        if self.scope != "resource" and self.name in span.attributes:
            return span.attributes[self.name]
        return None if self.scope == "span" else span.resource.get(self.name)

    def fields(self) -> Iterator[Attribute | Intrinsic]:
        yield self

    def __str__(self) -> str:
        return f"{self.scope}.{self.name}"


INTRINSICS: dict[str, tuple[str, Callable[[Span, Trace], Known]]] = {
    "name": ("string", lambda span, trace: span.message.name),
    "status": ("status", lambda span, trace: _keyword(STATUS, span.message.status.code)),
    "statusMessage": ("string", lambda span, trace: span.message.status.message),
    "duration": ("number", lambda span, trace: span.duration),
    "kind": ("kind", lambda span, trace: _keyword(KIND, span.message.kind)),
    "rootName": ("string", lambda span, trace: trace.root_name),
    "rootServiceName": ("string", lambda span, trace: trace.root_service),
    "traceDuration": ("number", lambda span, trace: trace.duration),
    "trace:id": ("string", lambda span, trace: trace.id.hex().lstrip("0")),
    "span:id": ("string", lambda span, trace: span.message.span_id.hex()),
}
SYNONYMS = {f"span:{name}": name for name in ("name", "status", "statusMessage", "duration", "kind")} | {
    "trace:rootName": "rootName",
    "trace:rootService": "rootServiceName",
    "trace:duration": "traceDuration",
}


@dataclass(frozen=True, slots=True)
class Intrinsic:
    """What every span has, by its name in `INTRINSICS`."""

    name: str

    @property
    def type(self) -> str:
        return INTRINSICS[self.name][0]

    def of(self, span: Span, trace: Trace) -> Known:
        return INTRINSICS[self.name][1](span, trace)

    def fields(self) -> Iterator[Attribute | Intrinsic]:
        yield self

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Unary:
    """`!x` or `-x`."""

    operation: str
    operand: Expression

    def __post_init__(self) -> None:
        if self.operand.type not in (self.type, UNKNOWN):
            raise Refusal(f"illegal operation for the given type: {self}")

    @property
    def type(self) -> str:
        return "boolean" if self.operation == "!" else "number"

    def of(self, span: Span, trace: Trace) -> Known:
        value = self.operand.of(span, trace)
        if _type(value) != self.type:
            return None
        return not value if self.operation == "!" else -value  # type: ignore[operator]  # its type has been asked for

    def fields(self) -> Iterator[Attribute | Intrinsic]:
        return self.operand.fields()

    def __str__(self) -> str:
        return f"{self.operation}{_within(self.operand)}"


@dataclass(frozen=True, slots=True)
class Binary:
    """Two expressions and what is done with them. Raises Refusal when their types do not allow it."""

    operation: str
    left: Expression
    right: Expression
    _pattern: Regex | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        types = {self.left.type, self.right.type} - {UNKNOWN}
        if len(types - {"nil"}) > 1 or ("nil" in types and self.operation not in ("=", "!=")):
            raise Refusal(f"binary operations must operate on the same type: {self}")
        if not types <= self._allowed():
            raise Refusal(f"illegal operation for the given types: {self}")
        pattern = None
        if self.operation in MATCHES:
            if not isinstance(self.right, Static):
                raise Refusal(f"illegal operation for the given types: {self}")
            pattern = Regex(str(self.right.value))
        object.__setattr__(self, "_pattern", pattern)

    def _allowed(self) -> set[str]:
        if self.operation in LOGIC:
            return {"boolean"}
        if self.operation in MATCHES:
            return {"string"}
        if self.operation in ARITHMETIC:
            return {"number"}
        if self.operation in ("=", "!="):
            return {"string", "number", "boolean", "status", "kind", "nil"}
        return {"string", "number"}

    @property
    def type(self) -> str:
        return "number" if self.operation in ARITHMETIC else "boolean"

    def of(self, span: Span, trace: Trace) -> Known:
        left = self.left.of(span, trace)
        if self.operation == "&&":
            return left is True and self.right.of(span, trace) is True
        if self.operation == "||":
            return left is True or self.right.of(span, trace) is True
        right = self.right.of(span, trace)
        if "nil" in (self.left.type, self.right.type):
            return (left is right) is (self.operation == "=")
        if self.operation in ARITHMETIC:
            return self._calculated(left, right)
        if isinstance(left, list):  # one element is enough, or no element may be it
            return (all if self.operation in ("!=", "!~") else any)(self._compared(each, right) for each in left)
        return self._compared(left, right)

    def _compared(self, left: Known, right: Known) -> bool:
        if left is None or right is None or _type(left) != _type(right):
            return False
        if self._pattern:
            return self._pattern.is_all_of(str(left)) is (self.operation == "=~")
        if self.operation not in ("=", "!=") and not isinstance(left, str | int | float):
            return False
        return COMPARISONS[self.operation](left, right)

    def _calculated(self, left: Known, right: Known) -> float | None:
        if _type(left) != "number" or _type(right) != "number":
            return None
        try:
            return ARITHMETIC[self.operation](left, right)  # type: ignore[arg-type]  # their types have been asked for
        except (ArithmeticError, ValueError):
            return None

    def fields(self) -> Iterator[Attribute | Intrinsic]:
        yield from self.left.fields()
        yield from self.right.fields()

    def __str__(self) -> str:
        return f"{_within(self.left)} {self.operation} {_within(self.right)}"


class Step(Protocol):
    """A part of a query that leaves some of a trace's spans."""

    def keep(self, spans: Sequence[Span], trace: Trace) -> list[Span]: ...

    def fields(self) -> Iterator[Attribute | Intrinsic]:
        """What the answer of a search shows of each span."""


@dataclass(frozen=True, slots=True)
class Filter:
    """`{ … }`: the spans for which the condition holds. Raises Refusal when it is no condition."""

    condition: Expression

    def __post_init__(self) -> None:
        if self.condition.type not in ("boolean", UNKNOWN):
            raise Refusal(f"span filter field expressions must resolve to a boolean: {{ {self.condition} }}")

    def keep(self, spans: Sequence[Span], trace: Trace) -> list[Span]:
        return [span for span in spans if self.condition.of(span, trace) is True]

    def fields(self) -> Iterator[Attribute | Intrinsic]:
        return self.condition.fields()


@dataclass(frozen=True, slots=True)
class Combination:
    """`{…} && {…}` and its kind; `{…} >> {…}` leaves the spans of the right that stand so to one of the left."""

    operation: str
    left: Step
    right: Step

    def keep(self, spans: Sequence[Span], trace: Trace) -> list[Span]:
        left, right = self.left.keep(spans, trace), self.right.keep(spans, trace)
        if self.operation in LOGIC:
            if self.operation == "&&" and not (left and right):
                return []
            return [span for span in spans if span in left or span in right]
        related = RELATIONS[self.operation]
        return [span for span in right if any(related(other, span, trace) for other in left)]

    def fields(self) -> Iterator[Attribute | Intrinsic]:
        yield from self.left.fields()
        yield from self.right.fields()


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`| avg(duration) > 1s` and its kind: all spans, or none."""

    function: str
    of: Expression | None
    operation: str
    bound: Static

    def __post_init__(self) -> None:
        if self.bound.type != "number" or (self.of and self.of.type not in ("number", UNKNOWN)):
            raise Refusal(
                f"aggregate field expressions must resolve to a number type: {self.function}({self.of or ''})"
            )

    def keep(self, spans: Sequence[Span], trace: Trace) -> list[Span]:
        values: list[Any] = [self.of.of(span, trace) for span in spans] if self.of else []
        values = [value for value in values if _type(value) == "number"]
        if self.function == "count":
            result: float = len(spans)
        elif not values:
            return []
        else:
            result = AGGREGATES[self.function](values)
        return list(spans) if COMPARISONS[self.operation](result, self.bound.value) else []

    def fields(self) -> Iterator[Attribute | Intrinsic]:
        return self.of.fields() if self.of else iter(())


@dataclass(frozen=True, slots=True)
class Select:
    """`| select(span.x)`: leaves all spans, and shows more of them."""

    shown: tuple[Attribute | Intrinsic, ...]

    def keep(self, spans: Sequence[Span], trace: Trace) -> list[Span]:
        return list(spans)

    def fields(self) -> Iterator[Attribute | Intrinsic]:
        return iter(self.shown)


@dataclass(frozen=True, slots=True)
class Query:
    """The steps of a query, each of which works on what the one before has left."""

    steps: tuple[Step, ...]

    def spans(self, trace: Trace) -> list[Span]:
        """The spans of the trace that the query is about."""
        spans: list[Span] = list(trace.spans)
        for step in self.steps:
            spans = step.keep(spans, trace) if spans else []
        return spans

    def fields(self) -> list[Attribute | Intrinsic]:
        """What the answer of a search shows of each span."""
        return list(dict.fromkeys(field for step in self.steps for field in step.fields()))


def _ancestors(span: Span, trace: Trace) -> Iterator[Span]:
    seen = {span.message.span_id}
    while (above := trace.parent(span)) and above.message.span_id not in seen:
        seen.add(above.message.span_id)
        yield above
        span = above


RELATIONS: dict[str, Callable[[Span, Span, Trace], bool]] = {
    ">": lambda left, right, trace: trace.parent(right) is left,
    ">>": lambda left, right, trace: any(above is left for above in _ancestors(right, trace)),
    "<": lambda left, right, trace: trace.parent(left) is right,
    "<<": lambda left, right, trace: any(above is right for above in _ancestors(left, trace)),
    "~": lambda left, right, trace: (
        left is not right
        and bool(left.message.parent_span_id)
        and left.message.parent_span_id == right.message.parent_span_id
    ),
}


def _type(value: Known) -> str:
    match value:
        case None:
            return "nil"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case Keyword():
            return value.type
        case str():
            return "string"
        case _:
            return UNKNOWN


def _keyword(known: Sequence[Keyword], number: int) -> Keyword:
    """What the number stands for; one that OTLP does not know is as good as none."""
    return known[number] if 0 <= number < len(known) else known[0]


def _within(expression: Expression) -> str:
    return f"({expression})" if isinstance(expression, Binary) else str(expression)
