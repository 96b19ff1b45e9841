"""LogQL, read: as much of it as somebody on call asks for (CONTRACTS §5.1)."""

from __future__ import annotations

import re
from typing import Any

from lark import Token, Transformer, v_args

from steps.world.services.golang import NANOSECONDS, Refusal, duration, integer, unquote
from steps.world.services.goyacc import Language, ParseError
from steps.world.services.loki import metrics
from steps.world.services.loki.metrics import Binary, Grouping, Metric, RangeAggregation, Scalar, VectorAggregation
from steps.world.services.loki.pipeline import (
    ERROR,
    Both,
    Drop,
    Either,
    Json,
    Keep,
    LabelFormat,
    LineFilter,
    LineFormat,
    Logfmt,
    LogQuery,
    Matcher,
    Quantity,
    Stage,
    Template,
    decolorize,
    read_bytes,
    read_duration,
    read_number,
)

Query = LogQuery | Metric

LONGEST = 131_072
"""Characters that a query may have."""
UNITS = NANOSECONDS | {"d": 24 * NANOSECONDS["h"], "w": 168 * NANOSECONDS["h"], "y": 8760 * NANOSECONDS["h"]}
"""Units of a range or an offset: a day has 24 hours, a year 365 days."""

GRAMMAR = r"""
start: log | metric
log: selector stage*
   | "(" log ")"                                    -> same
selector: "{" [matcher ("," matcher)*] "}"
matcher: IDENTIFIER _matching STRING
!_matching: "=" | "!=" | "=~" | "!~"

?stage: line_filter | "|" parser | "|" either
line_filter: _seeking STRING ("or" STRING)*
!_seeking: "|=" | "|~" | "!=" | "!~"
?parser: "json" [extractions]                       -> json
       | "logfmt" [extractions]                     -> logfmt
       | "line_format" STRING                       -> line_format
       | "label_format" formatting ("," formatting)*    -> label_format
       | "drop" chosen ("," chosen)*                -> drop
       | "keep" chosen ("," chosen)*                -> keep
       | "decolorize"                               -> decolorize
       | UNCOVERED
extractions: extraction ("," extraction)*
extraction: IDENTIFIER ["=" STRING]
formatting: IDENTIFIER "=" (IDENTIFIER | STRING)
chosen: IDENTIFIER | matcher
?either: both | either "or" both
?both: condition | both ["and" | ","] condition
?condition: matcher
          | IDENTIFIER _comparing (NUMBER | DURATION | BYTES)   -> quantity
          | "(" either ")"                                      -> same
!_comparing: ">" | ">=" | "<" | "<=" | "=" | "==" | "!="

?metric: conjunction | metric _either conjunction   -> binary
?conjunction: comparison | conjunction _joining comparison   -> binary
?comparison: sum | comparison _comparison sum       -> binary
           | comparison _comparison "bool" sum      -> told
?sum: product | sum _adding product                 -> binary
?product: power | product _multiplying power        -> binary
?power: operand | operand _raising power            -> binary
!_either: "or"
!_joining: "and" | "unless"
!_comparison: ">" | ">=" | "<" | "<=" | "==" | "!="
!_adding: "+" | "-"
!_multiplying: "*" | "/" | "%"
!_raising: "^"
?operand: SPAN_FUNCTION "(" _span ")"               -> over_span
        | AGGREGATION [grouping] "(" [NUMBER ","] metric ")"    -> aggregation
        | AGGREGATION "(" [NUMBER ","] metric ")" grouping      -> aggregation_first
        | VECTOR "(" NUMBER ")"                     -> vector
        | NUMBER                                    -> scalar
        | "-" NUMBER                                -> minus
        | "+" NUMBER                                -> scalar
        | "(" metric ")"                            -> same
_span: filtered RANGE [offset]
     | "(" log ")" RANGE [offset]
     | selector RANGE [offset] stage*
filtered: selector stage+                           -> log
offset: "offset" DURATION
grouping: GROUPING "(" [IDENTIFIER ("," IDENTIFIER)*] ")"

SPAN_FUNCTION.3: /(count_over_time|rate|bytes_over_time|bytes_rate|absent_over_time)(?=\s*\()/
VECTOR.3: /vector(?=\s*\()/
AGGREGATION.3: /(sum|avg|min|max|count|topk|bottomk)(?=\s*(\(|by\b|without\b))/
GROUPING.3: /(by|without)(?=\s*\()/
UNCOVERED.4: /(sum|avg|min|max|first|last|stddev|stdvar|quantile)_over_time(?=\s*\()|rate_counter(?=\s*\()
    |(ip|label_replace|stddev|stdvar|sort|sort_desc|approx_topk)(?=\s*\()
    |(pattern|regexp|unpack|unwrap|distinct|on|ignoring|group_left|group_right)\b
    |\|>|!>|--(strict|keep-empty)/x
BYTES.3: /[0-9]+(\.[0-9]+)?([KMGTP]i?B|B)(?![a-zA-Z0-9_])/i
DURATION.3: /([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d|w|y))+(?![a-zA-Z0-9_])/
NUMBER.2: /[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?/
RANGE: /\[[^\]]*\]?/
STRING: /"([^"\\\n]|\\.)*"|`[^`]*`/
IDENTIFIER: /[a-zA-Z_][a-zA-Z0-9_]*/
COMMENT: /#[^\n]*/
%ignore /\s+/
%ignore COMMENT
"""


@v_args(inline=True)
class _Meaning(Transformer[Token, Query]):
    """What the rules of the grammar mean."""

    def start(self, query: Query) -> Query:
        return query

    def same(self, meant: Any) -> Any:
        return meant

    # terminals

    def STRING(self, token: Token) -> Token:  # noqa: N802  Lark calls it by the terminal's name
        try:
            return token.update(value=unquote(token))
        except Refusal as mistake:
            raise ParseError(str(mistake), token.line, token.column) from None

    def RANGE(self, token: Token) -> Token:  # noqa: N802
        if not token.endswith("]"):
            raise ParseError("missing closing ']' in duration", token.line, token.column)
        if not re.fullmatch(r"([0-9]+(ms|[smhdwy]))+", token[1:-1].strip()):
            raise ParseError(f'not a valid duration string: "{token[1:-1]}"', token.line, token.column)
        return token.update(value=token[1:-1].strip())

    # logs

    def log(self, matchers: tuple[Matcher, ...], *stages: Stage) -> LogQuery:
        return LogQuery(matchers, stages)

    def selector(self, *matchers: Matcher | None) -> tuple[Matcher, ...]:
        return tuple(matcher for matcher in matchers if matcher)

    def matcher(self, name: Token, comparison: Token, text: Token) -> Matcher:
        try:
            return Matcher(str(name), str(comparison), str(text))
        except Refusal as mistake:
            raise ParseError(str(mistake)) from None

    def line_filter(self, comparison: Token, *texts: Token) -> LineFilter:
        try:
            return LineFilter(str(comparison), tuple(map(str, texts)))
        except Refusal as mistake:
            raise ParseError(str(mistake)) from None

    def json(self, wanted: tuple[tuple[str, str], ...] | None) -> Json:
        return Json(wanted or ())

    def logfmt(self, wanted: tuple[tuple[str, str], ...] | None) -> Logfmt:
        return Logfmt(wanted or ())

    def extractions(self, *wanted: tuple[str, str]) -> tuple[tuple[str, str], ...]:
        return wanted

    def extraction(self, name: Token, source: Token | None) -> tuple[str, str]:
        return str(name), str(source or name)

    def line_format(self, text: Token) -> LineFormat:
        return LineFormat(_template(text, "invalid line template: template: line"))

    def label_format(self, *formats: tuple[str, Template | str]) -> LabelFormat:
        names = [name for name, _ in formats]
        if ERROR in names:
            raise ParseError(f"{ERROR} cannot be formatted")
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ParseError(f"multiple label name '{twice}' not allowed in a single format operation")
        return LabelFormat(formats)

    def formatting(self, name: Token, source: Token) -> tuple[str, Template | str]:
        if source.type == "IDENTIFIER":
            return str(name), str(source)
        return str(name), _template(source, f"invalid template for label '{name}': template: label")

    def chosen(self, what: Token | Matcher) -> Matcher | str:
        return what if isinstance(what, Matcher) else str(what)

    def drop(self, *chosen: Matcher | str) -> Drop:
        return Drop(chosen)

    def keep(self, *chosen: Matcher | str) -> Keep:
        return Keep(chosen)

    def decolorize(self) -> Stage:
        return decolorize

    def either(self, left: Stage, right: Stage) -> Either:
        return Either(left, right)

    def both(self, left: Stage, right: Stage) -> Both:
        return Both(left, right)

    def quantity(self, name: Token, comparison: Token, amount: Token) -> Quantity:
        match amount.type:
            case "NUMBER":
                return Quantity(str(name), str(comparison), float(amount), read_number)
            case "BYTES":
                return Quantity(str(name), str(comparison), read_bytes(amount), read_bytes)
            case _:
                return Quantity(str(name), str(comparison), duration(amount, UNITS), read_duration)

    # metrics

    def binary(self, left: Metric, operation: Token, right: Metric) -> Binary:
        return Binary(str(operation), left, right)

    def told(self, left: Metric, operation: Token, right: Metric) -> Binary:
        return Binary(str(operation), left, right, told=True)

    def over_span(
        self, function: Token, query: Any, span: Token, offset: int | None, *stages: Stage
    ) -> RangeAggregation:
        if isinstance(query, tuple):  # the span stands right after the selector
            query = LogQuery(query, stages)
        return RangeAggregation(str(function), query, duration(span, UNITS), offset or 0)

    def offset(self, amount: Token) -> int:
        return duration(amount, UNITS)

    def aggregation(
        self, function: Token, grouping: Grouping | None, most: Token | None, inner: Metric
    ) -> VectorAggregation:
        ranking = function in ("topk", "bottomk")
        if ranking and most is None:
            raise ParseError(f"parameter required for operation {function}")
        if most is not None and not ranking:
            raise ParseError(f"unsupported parameter for operation {function}({most},")
        if most is not None and (not most.isdecimal() or integer(most) < 1):
            raise ParseError(f"invalid parameter (must be greater than 0) {function}({most}")
        return VectorAggregation(str(function), inner, grouping or Grouping(), integer(most or "0"))

    def aggregation_first(
        self, function: Token, most: Token | None, inner: Metric, grouping: Grouping
    ) -> VectorAggregation:
        return self.aggregation(function, grouping, most, inner)

    def grouping(self, kind: Token, *names: Token | None) -> Grouping:
        return Grouping(frozenset(str(name) for name in names if name), kind == "without")

    def vector(self, function: Token, value: Token) -> metrics.VectorOf:
        return metrics.VectorOf(float(value))

    def scalar(self, value: Token) -> Scalar:
        return Scalar(float(value))

    def minus(self, value: Token) -> Scalar:
        return Scalar(-float(value))


def _template(text: str, where: str) -> Template:
    try:
        return Template.read(text)
    except Refusal as mistake:
        raise ParseError(f"{where}:{mistake}") from None


_LANGUAGE = Language(GRAMMAR, _Meaning())


def read(text: str) -> Query:
    """What the query asks for. Raises ParseError, Refusal and NotCovered."""
    if len(text) > LONGEST:
        raise ParseError(f"input size too long ({len(text)} > {LONGEST})")
    return _LANGUAGE.read(text)


def read_selector(text: str) -> LogQuery:
    """A query that is only `{…}`. Raises as `read` does, and when there is more."""
    query = read(text)
    if not isinstance(query, LogQuery) or query.stages:
        raise ParseError("only label matchers are supported")
    return query
