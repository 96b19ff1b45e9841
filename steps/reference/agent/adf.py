"""Texts as documents in the Atlassian Document Format (CONTRACTS §2, ADF), of no more than Jira takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from steps.reference.agent.tickets import Section

Node = dict[str, Any]

LONGEST = 32_000
"""Characters of a document; Jira takes 32,767, but counts the ends of lines in its own way."""
LONGEST_TEXT = LONGEST // 4
"""Where a single text is cut, so that it takes no other's place."""


def document(sections: Iterable[Section], footer: str = "") -> Node:
    """The sections, one below the other, and a last line."""
    room = _Room(LONGEST - len(footer) - 1)
    blocks = [block for section in sections for block in _section(section, room)]
    return {"type": "doc", "version": 1, "content": [*blocks, *([_paragraph(_text(footer))] if footer else [])]}


class _Room:
    """What is left of a document's length."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def cut(self, text: str) -> str:
        """As much of the text as there is room for; a line's end needs room, too."""
        most = min(LONGEST_TEXT, self._left - 1)
        if len(text) > most:
            text = f"{text[: most - 1]}…" if most > 0 else ""
        self._left -= len(text) + 1
        return text


def _section(section: Section, room: _Room) -> Iterator[Node]:
    if heading := room.cut(section.heading):
        yield {"type": "heading", "attrs": {"level": 2}, "content": [_text(heading)]}
    items = [item for name, value in section.facts.items() for item in _item(name, value, room)]
    if items:
        yield {"type": "bulletList", "content": items}
    if text := room.cut(section.text):
        yield _block(text)


def _item(name: str, value: str, room: _Room) -> Iterator[Node]:
    """The named value as code: in the line when it is one line, else as a block of its own."""
    name, value = room.cut(f"{name}: "), room.cut(value or "(empty)")
    if not name or not value:
        return
    if value == " ".join(value.split()):
        content = [_paragraph(_text(name, "strong"), _text(value, "code"))]
    else:
        content = [_paragraph(_text(name, "strong")), _block(value)]
    yield {"type": "listItem", "content": content}


def _block(text: str) -> Node:
    return {"type": "codeBlock", "content": [_text(text)]}


def _paragraph(*texts: Node) -> Node:
    return {"type": "paragraph", "content": list(texts)}


def _text(text: str, *marks: str) -> Node:
    return {"type": "text", "text": text, **({"marks": [{"type": mark} for mark in marks]} if marks else {})}
