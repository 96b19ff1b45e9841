"""JQL: how a query is read (CONTRACTS §2, search). What its fields and values mean is `search`'s to say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

MOST_ORDERS = 7
"""Fields that a query can be ordered by."""
OPERATORS = ("=", "!=", "~", "!~", "<=", ">=", "<", ">", "in", "not in", "is", "is not")
HISTORY = ("was", "was in", "was not", "was not in", "changed")
WORDS = frozenset({"and", "or", "not", "in", "is", "empty", "null", "order", "by"})

TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<string>"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*')
  | (?P<operator><=|>=|!=|!~|&&|\|\||[=~<>!&|])
  | (?P<mark>[(),])
  | (?P<word>[^\s"'=~<>!&|(),?;*%^@\#+$`/\\{}\[\]]+)
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(r"""\\(?:u([0-9a-fA-F]{4})|([tnr"' \\])|(.))""", re.DOTALL)
ESCAPED = {"t": "\t", "n": "\n", "r": "\r"}


class JqlError(Exception):
    """A query that cannot be; says why in Jira's words."""


class Token(NamedTuple):
    """A piece of a query and where it begins."""

    kind: str
    text: str
    at: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these words, unquoted."""
        return self.kind == "word" and self.text.lower() in words


@dataclass(frozen=True, slots=True)
class Function:
    """A value that Jira computes, e.g. currentUser()."""

    name: str
    arguments: tuple[str, ...]


class Empty:
    """The value EMPTY, also written NULL."""


EMPTY = Empty()
Value = str | Function | Empty


@dataclass(frozen=True, slots=True)
class Clause:
    """A field compared with values: one, or for IN any number."""

    field: str
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """What the part does not find."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Both:
    """What every part finds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """What at least one part finds."""

    parts: tuple[Condition, ...]


Condition = Clause | Not | Both | Either


class Order(NamedTuple):
    """A field to order by."""

    field: str
    descending: bool


class Query(NamedTuple):
    """A whole query; without a condition it is unbounded."""

    condition: Condition | None
    orders: tuple[Order, ...]


def parse(text: str) -> Query:
    """Reads a query. Raises JqlError."""
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._next = 0

    def query(self) -> Query:
        condition = None
        if not self._peek().is_word("order") and self._peek().kind != "end":
            condition = self._either()
        orders: tuple[Order, ...] = ()
        if self._peek().is_word("order"):
            self._take()
            if not self._skip("by"):
                raise self._unexpected("'by'", self._peek())
            orders = self._orders()
        if self._peek().kind != "end":
            raise self._unexpected("either 'OR' or 'AND'", self._peek())
        return Query(condition, orders)

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._skip("or", "||", "|"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Condition:
        parts = [self._part()]
        while self._skip("and", "&&", "&"):
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _part(self) -> Condition:
        if self._skip("not", "!"):
            return Not(self._part())
        if self._skip("("):
            inner = self._either()
            if not self._skip(")"):
                raise self._unexpected("')'", self._peek())
            return inner
        return self._clause()

    def _clause(self) -> Clause:
        field = self._name("a field name")
        operator = self._operator()
        if operator in HISTORY:
            raise JqlError(f"The operator '{operator}' is not supported by the '{field}' field.")
        if operator in ("in", "not in"):
            return Clause(field, operator, self._values())
        return Clause(field, operator, (self._value(),))

    def _operator(self) -> str:
        token = self._take()
        if token.kind == "operator" and token.text in OPERATORS:
            return token.text
        words = [token.text.lower()]
        while words[-1] in ("not", "is", "was") and self._peek().is_word("in", "not"):
            words.append(self._take().text.lower())
        operator = " ".join(words)
        if token.kind != "word" or operator not in (*OPERATORS, *HISTORY):
            valid = ", ".join(f"'{each}'" for each in OPERATORS)
            raise self._unexpected(f"operator, one of {valid},", token)
        return operator

    def _values(self) -> tuple[Value, ...]:
        if not self._skip("("):
            raise self._unexpected("'('", self._peek())
        values = [self._value()]
        while self._skip(","):
            values.append(self._value())
        if not self._skip(")"):
            raise self._unexpected("')'", self._peek())
        return tuple(values)

    def _value(self) -> Value:
        if self._peek().is_word("empty", "null"):
            self._take()
            return EMPTY
        quoted = self._peek().kind == "string"
        name = self._name("a value, list or function")
        if quoted or not self._skip("("):
            return name
        arguments = []
        while not self._skip(")"):
            arguments.append(self._name("an argument"))
            if not self._skip(",") and self._peek().text != ")":
                raise self._unexpected("')'", self._peek())
        return Function(name, tuple(arguments))

    def _orders(self) -> tuple[Order, ...]:
        orders = []
        while True:
            field = self._name("a field name")
            descending = self._peek().is_word("desc")
            if self._peek().is_word("asc", "desc"):
                self._take()
            orders.append(Order(field, descending))
            if not self._skip(","):
                break
        if len(orders) > MOST_ORDERS:
            raise JqlError(f"The maximum number of fields to order by is {MOST_ORDERS}.")
        return tuple(orders)

    def _name(self, wanted: str) -> str:
        token = self._take()
        if token.kind == "string":
            return _unquoted(token.text)
        if token.kind != "word" or token.text.lower() in WORDS:
            raise self._unexpected(wanted, token)
        return token.text

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._peek()
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _skip(self, *texts: str) -> bool:
        token = self._peek()
        if token.kind == "string" or token.text.lower() not in texts:
            return False
        self._take()
        return True

    def _unexpected(self, wanted: str, token: Token) -> JqlError:
        if token.kind == "end":
            return JqlError(f"Error in the JQL Query: Expecting {wanted} before the end of the query.")
        return JqlError(
            f"Error in the JQL Query: Expecting {wanted} but got '{token.text}'. {_place(self._text, token.at)}"
        )


def _tokens(text: str) -> list[Token]:
    tokens = []
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            if text[at] in "\"'":
                raise JqlError(
                    f"Error in the JQL Query: The quoted string '{text[at + 1 :]}' has not been completed. "
                    f"{_place(text, at)}"
                )
            raise JqlError(
                f"Error in the JQL Query: The character '{text[at]}' is a reserved JQL character. You must enclose it "
                f"in a string or use the escape '\\u{ord(text[at]):04x}' instead. {_place(text, at)}"
            )
        assert match.lastgroup is not None
        if match.lastgroup != "space":
            tokens.append(Token(match.lastgroup, match.group(), at))
        at = match.end()
    return [*tokens, Token("end", "", at)]


def _unquoted(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        code, known, unknown = match.groups()
        if unknown:
            raise JqlError(
                f"Error in the JQL Query: '\\{unknown}' is an illegal JQL escape sequence. The valid escape sequences "
                "are \\', \\\", \\t, \\n, \\r, \\\\, '\\ ' and \\uXXXX."
            )
        return chr(int(code, 16)) if code else ESCAPED.get(known, known)

    return ESCAPE.sub(character, text[1:-1])


def _place(text: str, at: int) -> str:
    line = text.count("\n", 0, at) + 1
    return f"(line {line}, character {at - (text.rfind(chr(10), 0, at) + 1) + 1})"
