"""Texts as Markdown. Values are quoted as code, so that they arrive whole whatever they hold."""

from __future__ import annotations

import re
from collections.abc import Iterable

from steps.reference.agent.tickets import Section


def markdown(sections: Iterable[Section]) -> str:
    """The sections, one below the other."""
    return "\n\n".join(_section(section) for section in sections)


def _section(section: Section) -> str:
    parts = [f"## {section.heading}"]
    if section.facts:
        parts.append("\n".join(f"- **{name}:** {quoted(value)}" for name, value in section.facts.items()))
    if section.text:
        parts.append(_block(section.text))
    return "\n\n".join(parts)


def quoted(value: str) -> str:
    """The value as code: in the line when it is one line, else as a block of its own."""
    if not value or value != " ".join(value.split()):
        return "\n\n" + _block(value) + "\n" if value else "(empty)"
    fence = "`" * (_longest_run(value) + 1)
    padding = " " if "`" in (value[0], value[-1]) else ""
    return f"{fence}{padding}{value}{padding}{fence}"


def _block(text: str) -> str:
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}\n{text}\n{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
