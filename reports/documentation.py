"""Whether the documentation says what there is: what README names has to exist.

Recorded by a run in `documentation.json`, so that the sign-off can rest on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from reports.files import Entry, write_whole

NAME = "documentation.json"
CODE = re.compile(r"```.*?\n(.*?)```|`([^`\n]+)`", re.DOTALL)
TARGET = re.compile(r"\bmake ([a-z]+)\b")
PLACE = re.compile(r"(?<![\w/.<-])((?:features|steps|reports|tests)/[\w./*-]*|[\w-]+\.(?:py|toml|lock))")
LINK = re.compile(r"\]\(((?!http)[^)#]+)\)")
MADE = ("reports/latest", "reports/history", "reports/proof", "reports/signoff")
"""What a run makes, and need not be there."""
OWN = re.compile(r"(?:my|your)[-_]|waivers\.toml$")
"""What a reader makes, likewise."""


class Documentation(Entry):
    """`documentation.json`."""

    checked: int
    """How many commands and places it names."""
    missing: tuple[str, ...]
    """What it names and what is not there, a sentence each."""


def write(root: Path, latest: Path) -> None:
    """Writes down what a look at the suite's documentation has found."""
    write_whole(latest / NAME, check(root).model_dump_json(indent=1))


def check(root: Path) -> Documentation:
    """Holds README to the suite."""
    readme, makefile = root / "README.md", root / "Makefile"
    if not readme.is_file():
        return Documentation(checked=0, missing=("There is no README.md.",))
    text = readme.read_text(encoding="utf-8")
    rules = makefile.read_text(encoding="utf-8") if makefile.is_file() else ""
    code = "\n".join(block or inline for block, inline in CODE.findall(text))
    targets, places = sorted({*TARGET.findall(code)}), sorted({*_places(code), *LINK.findall(text)})
    missing = [
        f"README.md names `make {name}`, which the Makefile does not have."
        for name in targets
        if not re.search(rf"^{name}:", rules, re.MULTILINE)
    ]
    missing += [f"README.md names {place}, which is not there." for place in places if not _exists(root, place)]
    return Documentation(checked=len(targets) + len(places), missing=tuple(missing))


def _exists(root: Path, place: str) -> bool:
    """Whether there is such a file; what is named without its directory may lie in one."""
    return any(root.glob(place)) or any(root.glob(f"*/{place}"))


def _places(code: str) -> Iterator[str]:
    for place in PLACE.findall(code):
        if not place.startswith(MADE) and not OWN.search(place):
            yield place.rstrip("/.")
