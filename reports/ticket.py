"""The ticket's own text, beside the requirements: which of its lines is which item, and in which words.

    python -m reports.ticket confirm AC3.5    once its scenarios say what the ticket's changed words ask for

What stands below a criterion's heading is its items, in order: check boxes, points, or the numbers of a list.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from reports import requirements
from reports.files import write_whole
from reports.requirements import Criterion, Requirements, RequirementsError, digest

ROOT = Path(__file__).parent.parent

HEADING = re.compile(r"(#+) (.*)")
POINT = re.compile(r"(?:[-*+] \[(?P<box>[ xX])\] |[-*+] |\d+\. )(?P<words>.*)")
EMPHASIS = re.compile(r"\*\*|`")
"""Markdown's own signs, which are no words."""


class Line(NamedTuple):
    """An item where the ticket has it."""

    id: str
    words: str
    """Without Markdown's own signs."""
    number: int
    """Of the line; the first is 1."""
    box: int | None
    """Where in the line the mark of its check box is; None without one."""


def lines(asked: Requirements, text: str) -> Iterator[Line]:
    """Every item that stands below a criterion's heading, in order; and every check box elsewhere, without an id."""
    criterion: Criterion | None = None
    depth = position = 0
    for number, line in enumerate(text.splitlines(), 1):
        if heading := HEADING.match(line):
            named = next((one for one in asked.criteria if heading[2].strip().endswith(one.title)), None)
            if named or len(heading[1]) <= depth:
                criterion, depth, position = named, len(heading[1]), 0
        elif (point := POINT.match(line)) and (criterion or point["box"]):
            position += 1
            name = criterion.place(position) if criterion else ""
            words = EMPHASIS.sub("", point["words"]).strip()
            yield Line(name, words, number, point.start("box") if point["box"] else None)


def changes(asked: Requirements, features: Path) -> dict[str, str]:
    """The items whose words are no longer those that were confirmed, with the words that they have now.

    Raises RequirementsError when the ticket has an item that the requirements lack, or lacks one of theirs.
    """
    path = features / f"{asked.ticket.id}.md"
    if not path.is_file():
        raise RequirementsError(f"{path} is missing: it is the ticket's text, to which the requirements are held.")
    found: dict[str, Line] = {}
    known = {item.id for _, item in asked.items()}
    for line in lines(asked, path.read_text(encoding="utf-8")):
        if line.id not in known:
            raise RequirementsError(f"{path}, line {line.number}: “{line.words}” is not in requirements.toml.")
        found[line.id] = line
    if missing := [item.id for _, item in asked.items() if item.id not in found]:
        raise RequirementsError(f"{path} has no {missing[0]}, which is in requirements.toml.")
    return {name: line.words for name, line in found.items() if digest(line.words) != asked.confirmed[name].digest}


# -- confirming -------------------------------------------------------------------------------------------------------


def confirm(features: Path, items: list[str]) -> list[str]:
    """Takes the ticket's words of these items over into requirements.toml; says of each what was done.

    Raises RequirementsError for an item that is not there.
    """
    path = features / "requirements.toml"
    asked = requirements.load(path)
    changed, known = changes(asked, features), {item.id for _, item in asked.items()}
    if unknown := [item for item in items if item not in known]:
        raise RequirementsError(f"The ticket has no item {unknown[0]}.")
    text, done = path.read_text(encoding="utf-8"), []
    for item in items:
        if words := changed.get(item):
            text = _confirmed(text, item, words, asked.confirmed[item].revision + 1)
            done.append(f"{item} is confirmed at revision {asked.confirmed[item].revision + 1}: “{words}”.")
        else:
            done.append(f"{item} has the words that were confirmed; there is nothing to do.")
    write_whole(path, text)
    return done


def _confirmed(text: str, item: str, words: str, revision: int) -> str:
    """The file with these words for the item, confirmed."""
    entry = re.compile(rf'(\{{ id = "{re.escape(item)}", text = )"(?:[^"\\]|\\.)*"')
    text = entry.sub(lambda found: found[1] + json.dumps(words, ensure_ascii=False), text, count=1)
    confirmation = re.compile(rf'^"{re.escape(item)}" = .*$', re.MULTILINE)
    return confirmation.sub(f'"{item}" = {{ revision = {revision}, digest = "{digest(words)}" }}', text, count=1)


def told(changed: Mapping[str, str], item: str) -> str:
    """What has to be done about a changed item."""
    return f"{item} now reads “{changed[item]}”: see whether its scenarios say so, then `make confirm ITEM={item}`."


def main() -> int:
    """Confirms; 0 when it is done, 2 when it cannot be."""
    parser = argparse.ArgumentParser(prog="ticket", description="Ties the suite to the ticket's words.")
    parser.add_argument("what", choices=["confirm"], help="confirm: the items' scenarios say what the ticket says")
    parser.add_argument("items", nargs="+", metavar="ITEM", help="like AC3.5")
    given = parser.parse_args()
    try:
        print(*confirm(ROOT / "features", given.items), sep="\n")
    except RequirementsError as error:
        print(f"ticket: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
