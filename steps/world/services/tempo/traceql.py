"""TraceQL, read: as much of it as somebody on call asks for (CONTRACTS §5.2)."""

from __future__ import annotations

import re

from lark import Token, Transformer, v_args

from steps.world.services.golang import Refusal, duration, integer, unquote
from steps.world.services.goyacc import Language, ParseError
from steps.world.services.tempo.expressions import (
    INTRINSICS,
    KIND,
    STATUS,
    SYNONYMS,
    Aggregate,
    Attribute,
    Binary,
    Combination,
    Expression,
    Filter,
    Intrinsic,
    Query,
    Select,
    Static,
    Step,
    Unary,
)

GRAMMAR = r"""
start: alternatives ("|" step)* _NEWEST?
?alternatives: joint | alternatives _or joint           -> combination
?joint: relation | joint _and relation                  -> combination
?relation: spans | relation _relating spans             -> combination
?spans: filter | "(" alternatives ")"
!_or: "||"
!_and: "&&"
!_relating: ">" | ">>" | "<" | "<<" | "~"
filter: "{" [either] "}"

?step: filter
     | "count" "(" ")" _bounding static                -> count
     | AGGREGATE "(" either ")" _bounding static       -> aggregate
     | "select" "(" field ("," field)* ")"              -> select

?either: both | either _or both                         -> binary
?both: comparison | both _and comparison                -> binary
?comparison: sum | comparison _comparing sum            -> binary
!_bounding: "=" | "!=" | ">" | ">=" | "<" | "<="
!_comparing: "=" | "!=" | ">" | ">=" | "<" | "<=" | "=~" | "!~"
?sum: product | sum _adding product                     -> binary
!_adding: "+" | "-"
?product: power | product _multiplying power            -> binary
!_multiplying: "*" | "/" | "%"
?power: unary | unary _raising power                    -> binary
!_raising: "^"
?unary: operand | _unary unary                          -> unary
!_unary: "!" | "-"
?operand: field | static | "(" either ")"
?field: ATTRIBUTE                                       -> attribute
      | INTRINSIC                                       -> intrinsic
      | IDENTIFIER
      | UNCOVERED
static: STRING | INTEGER | FLOAT | DURATION | STATUS | KIND | TRUTH | NIL

_NEWEST.6: /with\s*\(\s*most_recent\s*=\s*(true|false)\s*\)/
UNCOVERED.5: /(event|link|instrumentation|parent)[.:]|span:(childCount|parentID)|(childCount|parent|nestedSet\w+)\b
    |(by|coalesce|with|rate|\w+_over_time|histogram|compare|topk|bottomk)(?=\s*\()|!>>?|!<<?|&>>?|&<<?|&~/x
ATTRIBUTE.4: /(span|resource)?\.("([^"\\]|\\.)*"|[^\s{}()=~!<>&|^,"])+/
INTRINSIC.3: /((span|trace):[a-zA-Z]+|name|statusMessage|status|duration|kind|rootName|rootServiceName|traceDuration)\b/
STATUS.3: /(error|ok|unset)\b/
KIND.3: /(unspecified|internal|server|client|producer|consumer)\b/
TRUTH.3: /(true|false)\b/
NIL.3: /nil\b/
AGGREGATE.3: /(avg|min|max|sum)(?=\s*\()/
DURATION.3: /([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+(?![a-zA-Z0-9_])/
FLOAT.2: /[0-9]+\.[0-9]+([eE][+-]?[0-9]+)?/
INTEGER.1: /[0-9]+/
STRING: /"([^"\\\n]|\\.)*"|`[^`]*`/
IDENTIFIER: /[a-zA-Z_][\w:.]*/
%ignore /\s+/
"""


@v_args(inline=True)
class _Meaning(Transformer[Token, Query]):
    """What the rules of the grammar mean."""

    def start(self, *steps: Step) -> Query:
        return Query(steps)

    # terminals

    def STRING(self, token: Token) -> Token:  # noqa: N802  Lark calls it by the terminal's name
        try:
            return token.update(value=unquote(token))
        except Refusal as mistake:
            raise ParseError(str(mistake), token.line, token.column) from None

    def IDENTIFIER(self, token: Token) -> Token:  # noqa: N802
        raise ParseError(f"unknown identifier: {token}", token.line, token.column)

    # spans

    def filter(self, condition: Expression | None) -> Filter:
        return Filter(condition or Static(True, "true"))

    def combination(self, left: Step, operation: Token, right: Step) -> Combination:
        return Combination(str(operation), left, right)

    def count(self, operation: Token, bound: Static) -> Aggregate:
        return Aggregate("count", None, str(operation), bound)

    def aggregate(self, function: Token, of: Expression, operation: Token, bound: Static) -> Aggregate:
        return Aggregate(str(function), of, str(operation), bound)

    def select(self, *shown: Attribute | Intrinsic) -> Select:
        return Select(shown)

    # conditions

    def binary(self, left: Expression, operation: Token, right: Expression) -> Binary:
        return Binary(str(operation), left, right)

    def unary(self, operation: Token, operand: Expression) -> Expression:
        return Unary(str(operation), operand)

    def attribute(self, token: Token) -> Attribute:
        scope, _, name = token.partition(".")
        return Attribute(scope, re.sub(r'"((?:[^"\\]|\\.)*)"', lambda quoted: unquote(quoted[0]), name))

    def intrinsic(self, token: Token) -> Intrinsic:
        name = SYNONYMS.get(token, str(token))
        if name not in INTRINSICS:
            raise ParseError(f"unknown identifier: {token}", token.line, token.column)
        return Intrinsic(name)

    def static(self, token: Token) -> Static:
        match token.type:
            case "STRING":
                return Static(str(token), f"`{token}`")
            case "INTEGER":
                return Static(integer(token), str(token))
            case "FLOAT":
                return Static(float(token), str(token))
            case "DURATION":
                return Static(duration(token), str(token))
            case "TRUTH":
                return Static(str(token) == "true", str(token))
            case "NIL":
                return Static(None, str(token))
        return Static(next(keyword for keyword in (*STATUS, *KIND) if keyword.word == token), str(token))


_LANGUAGE = Language(GRAMMAR, _Meaning())


def read(text: str) -> Query:
    """What the query asks for. Raises Refusal with Tempo's words, and NotCovered."""
    try:
        return _LANGUAGE.read(text)
    except Refusal as mistake:
        raise Refusal(f"invalid TraceQL query: {mistake}") from None
