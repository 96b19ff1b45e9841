"""Query languages, read by a grammar; mistakes are told as parsers made with goyacc tell them (Loki, Tempo)."""

from __future__ import annotations

from typing import Generic, TypeVar

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken
from lark.lexer import PatternStr

from steps.world.services.golang import NotCovered, Refusal

T = TypeVar("T")

MOST_NAMED = 4
"""So many expected tokens are listed in a message; when there are more, none is."""
CLASSES = ("IDENTIFIER", "STRING", "NUMBER", "INTEGER", "FLOAT", "DURATION", "BYTES", "RANGE")
"""Tokens that a message calls by their class, not by what they are."""


class ParseError(Refusal):
    """The query cannot be read; line and column count from 1."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        where = "" if line is None else f"at line {line}, col {column}"
        super().__init__(f"parse error {where}: {message}")


class Language(Generic[T]):
    """A query language: `grammar` in Lark's notation and what its rules mean.

    The terminal `UNCOVERED` is what the vendor knows and the double does not.
    """

    def __init__(self, grammar: str, meaning: Transformer[Token, T]) -> None:
        self._parser = Lark(
            grammar, parser="lalr", lexer="basic", transformer=meaning, lexer_callbacks={"UNCOVERED": _not_covered}
        )

    def read(self, text: str) -> T:
        """What the query means. Raises ParseError, and NotCovered."""
        try:
            meant: T = self._parser.parse(text)  # type: ignore[assignment]  # the transformer works while parsing
        except UnexpectedToken as mistake:
            line, column = mistake.line, mistake.column
            if mistake.token.type == "$END":
                line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
            token = mistake.token
            found = self._name(token.type) if token.type in ("$END", *CLASSES) else token
            message = f"syntax error: unexpected {found}{self._expected(mistake)}"
            raise ParseError(message, line, column) from None
        except UnexpectedCharacters as mistake:
            message = "literal not terminated" if mistake.char in '"`' else "syntax error: unexpected IDENTIFIER"
            raise ParseError(message, mistake.line, mistake.column) from None
        return meant

    def _expected(self, mistake: UnexpectedToken) -> str:
        names = sorted(map(self._name, mistake.accepts), key=lambda name: (not name.isupper(), name))
        return f", expecting {' or '.join(names)}" if len(names) <= MOST_NAMED else ""

    def _name(self, terminal: str) -> str:
        if terminal == "$END":
            return "$end"
        pattern = self._parser.get_terminal(terminal).pattern
        return pattern.value if isinstance(pattern, PatternStr) else terminal


def _not_covered(token: Token) -> Token:
    raise NotCovered(f"the query's {token} at line {token.line}, col {token.column}.")
