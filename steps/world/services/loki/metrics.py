"""The metric part of LogQL: numbers made of log lines.

Every expression is worked out for all times of a query at once: a *column* has a value, or none, per time.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from steps.world.services.golang import Refusal
from steps.world.services.loki.pipeline import COMPARE, ERROR, LogQuery
from steps.world.services.loki.streams import Entry, Labels, show

SECOND = 10**9

Column = list[float | None]
Vector = dict[Labels, Column]
Select = Callable[[Callable[[Labels], bool], int, int], list[tuple[Labels, list[Entry]]]]
"""Finds streams as `Streams.select` does."""


class Metric(Protocol):
    """An expression; a scalar when it yields one column without labels of its own."""

    def over(self, times: Sequence[int], select: Select) -> Vector | Column:
        """Its values at these times, which are nanoseconds in rising order."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number."""

    value: float

    def over(self, times: Sequence[int], select: Select) -> Column:
        return [self.value] * len(times)


@dataclass(frozen=True, slots=True)
class VectorOf:
    """`vector(1)`: a number as a series without labels."""

    value: float

    def over(self, times: Sequence[int], select: Select) -> Vector:
        return {(): [self.value] * len(times)}


@dataclass(frozen=True, slots=True)
class RangeAggregation:
    """`count_over_time({…} [5m])` and its kind: the lines in the span before each time.

    Span and offset are nanoseconds.
    """

    function: str
    query: LogQuery
    span: int
    offset: int = 0

    def over(self, times: Sequence[int], select: Select) -> Vector:
        first, last = times[0] - self.offset - self.span, times[-1] - self.offset
        lines: dict[Labels, list[Entry]] = defaultdict(list)
        for labels, entries in select(self.query.chooses, first + 1, last + 1):
            for seen, entry in self.query.run(labels, entries):
                lines[seen].append(entry)
        for labels in lines:
            _refuse_spoilt(labels)
        windows = {labels: self._windows(entries, times) for labels, entries in lines.items()}
        if self.function == "absent_over_time":
            return self._absent(windows, len(times))
        return windows

    def _windows(self, entries: list[Entry], times: Sequence[int]) -> Column:
        entries = sorted(entries, key=lambda entry: entry.at)
        moments = [entry.at for entry in entries]
        sizes = [0, *accumulate(len(entry.text.encode()) for entry in entries)]
        column: Column = []
        for time in times:
            until = bisect_right(moments, time - self.offset)
            since = bisect_right(moments, time - self.offset - self.span)
            amount = sizes[until] - sizes[since] if self.function.startswith("bytes") else until - since
            per = self.span / SECOND if self.function.endswith("rate") else 1
            column.append(amount / per if until > since else None)
        return column

    def _absent(self, windows: Vector, count: int) -> Vector:
        labels = tuple(sorted((m.name, m.text) for m in self.query.matchers if m.comparison == "="))
        column: Column = [
            1.0 if all(window[index] is None for window in windows.values()) else None for index in range(count)
        ]
        return {labels: column}


@dataclass(frozen=True, slots=True)
class Grouping:
    """`by (a, b)`, or `without (a, b)`."""

    names: frozenset[str] = frozenset()
    without: bool = False

    def of(self, labels: Labels) -> Labels:
        return tuple(label for label in labels if (label[0] in self.names) is not self.without)


@dataclass(frozen=True, slots=True)
class VectorAggregation:
    """`sum by (a) (…)` and its kind; `most` is how many series `topk` and `bottomk` leave of each group."""

    function: str
    inner: Metric
    grouping: Grouping = Grouping()
    most: int = 0

    def over(self, times: Sequence[int], select: Select) -> Vector:
        vector = _vector(self.inner.over(times, select))
        groups: dict[Labels, list[Labels]] = defaultdict(list)
        for labels in vector:
            groups[self.grouping.of(labels)].append(labels)
        if self.function in ("topk", "bottomk"):
            return self._extremes(vector, groups, len(times))
        folded: Vector = {}
        for group, members in groups.items():
            at_each_time = zip(*(vector[labels] for labels in members), strict=True)
            folded[group] = [self._fold([value for value in values if value is not None]) for values in at_each_time]
        return folded

    def _fold(self, values: list[float]) -> float | None:
        if not values:
            return None
        match self.function:
            case "sum":
                return sum(values)
            case "avg":
                return sum(values) / len(values)
            case "min":
                return min(values)
            case "max":
                return max(values)
            case _:
                return float(len(values))

    def _extremes(self, vector: Vector, groups: dict[Labels, list[Labels]], count: int) -> Vector:
        left: Vector = {labels: [None] * count for labels in vector}
        for members in groups.values():
            for index in range(count):
                valued = [(value, labels) for labels in members if (value := vector[labels][index]) is not None]
                valued.sort(key=lambda each: each[0], reverse=self.function == "topk")
                for value, labels in valued[: self.most]:
                    left[labels][index] = value
        return left


@dataclass(frozen=True, slots=True)
class Binary:
    """Two expressions and what is done with them; series meet when all their labels are the same.

    A comparison keeps the values for which it holds, or tells 1 or 0 when it is `told`.
    """

    operation: str
    left: Metric
    right: Metric
    told: bool = False

    def over(self, times: Sequence[int], select: Select) -> Vector | Column:
        left, right = self.left.over(times, select), self.right.over(times, select)
        if self.operation in ("and", "or", "unless"):
            return self._set(left, right)
        if isinstance(left, list) and isinstance(right, list):
            return [self._pair(a, b, a) for a, b in zip(left, right, strict=True)]
        if isinstance(right, list):
            assert isinstance(left, dict)
            return {
                labels: [self._pair(a, b, a) for a, b in zip(column, right, strict=True)]
                for labels, column in left.items()
            }
        if isinstance(left, list):
            return {
                labels: [self._pair(a, b, b) for a, b in zip(left, column, strict=True)]
                for labels, column in right.items()
            }
        return {
            labels: [self._pair(a, b, a) for a, b in zip(left[labels], right[labels], strict=True)]
            for labels in left
            if labels in right
        }

    def _pair(self, a: float | None, b: float | None, kept: float | None) -> float | None:
        if a is None or b is None:
            return None
        if self.operation in COMPARE:
            holds = COMPARE[self.operation](a, b)
            return float(holds) if self.told else kept if holds else None
        return ARITHMETIC[self.operation](a, b)

    def _set(self, left: Vector | Column, right: Vector | Column) -> Vector:
        if isinstance(left, list) or isinstance(right, list):
            raise Refusal(f"parse error : unexpected literal for operation ({self.operation})")
        nothing: Column = [None] * max((len(column) for column in (*left.values(), *right.values())), default=0)
        result: Vector = {}
        for labels in {**left, **(right if self.operation == "or" else {})}:
            pairs = zip(left.get(labels, nothing), right.get(labels, nothing), strict=True)
            result[labels] = [self._chosen(a, b) for a, b in pairs]
        return result

    def _chosen(self, a: float | None, b: float | None) -> float | None:
        if self.operation == "or":
            return b if a is None else a
        return a if (b is not None) is (self.operation == "and") else None


def series(values: Vector | Column) -> Vector:
    """The series that have a value at some time, in order of their labels."""
    return {
        labels: column
        for labels, column in sorted(_vector(values).items())
        if any(value is not None for value in column)
    }


def _vector(values: Vector | Column) -> Vector:
    return {(): values} if isinstance(values, list) else values


def _refuse_spoilt(labels: Labels) -> None:
    error = dict(labels).get(ERROR)
    if error:
        raise Refusal(
            f"pipeline error: '{error}' for series: '{show(labels)}'.\n"
            f'Use a label filter to intentionally skip this error. (e.g | __error__!="{error}").\n'
            'To skip all potential errors you can match empty errors.(e.g __error__="")\n'
            'The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__="" )\n'
        )


def _divide(a: float, b: float) -> float:
    if b:
        return a / b
    return math.nan if not a or math.isnan(a) else math.copysign(math.inf, a)


def _power(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "%": lambda a, b: math.fmod(a, b) if b and not math.isinf(a) else math.nan,
    "^": _power,
}
