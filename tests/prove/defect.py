"""A seeded defect: what a tired engineer might have written in the reference, as a small patch of its source.

Each is a module in `tests/defects/`, by the criterion that it is meant for: what is wrong as its docstring, and

    ITEMS    the ticket's items that it must redden
    SAYS     a word or value that the failing sentence must contain, because it names the deviation
    ALSO     items that it may redden besides (optional)
    FILE     the reference's file, below steps/reference; or one of the validation's own, in reports/
    RIGHT    what stands there, in one place: a part of a line, or several whole lines however they are indented
    WRONG    what stands there instead
    PROGRAM  which program gets it; only for a file that both use
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

ROOT = Path(__file__).parents[2]
DEFECTS = ROOT / "tests" / "defects"
REFERENCE = Path("steps") / "reference"
PROGRAMS = {
    "agent-sre": REFERENCE / "agent",
    "prometheus-events": REFERENCE / "prometheus_events",
    "validation": Path("reports"),
}
"""The programs, and where that lies which is one's alone. The validation is the suite itself, as far as MON asks."""


class DefectError(Exception):
    """A defect cannot be used; the message is one sentence that says which and why."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """A module's source with a defect in it."""

    source: str
    changed: frozenset[int]
    """The numbers of the lines that the defect has changed; for what it has removed, of the line that follows."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect. Its name is its place: `ac3/critical_is_only_high`."""

    name: str
    sentence: str
    """What is wrong."""
    items: tuple[str, ...]
    says: str
    also: tuple[str, ...]
    program: str
    file: str
    right: str
    wrong: str

    @property
    def path(self) -> Path:
        """The file that it is in, from the suite's root."""
        return Path(self.file) if self.program == "validation" else REFERENCE / self.file

    @property
    def module(self) -> str | None:
        """The module that it is in; None when that file is no Python."""
        return ".".join(self.path.with_suffix("").parts) if self.path.suffix == ".py" else None

    def seed(self, source: str) -> Seeded:
        """Puts the defect into the module's source. Raises DefectError unless it fits there, in one place."""
        lines = source.split("\n")
        right, wrong = (dedent(text).strip("\n").split("\n") for text in (self.right, self.wrong))
        whole = max(len(right), len(wrong)) > 1
        places = _blocks(lines, right) if whole else [n for n, line in enumerate(lines) if self.right in line]
        if len(places) != 1:
            raise DefectError(f"{self.name} fits {self.file} in {len(places)} places, and not in one.")
        first = places[0]
        after = _indented(wrong, like=lines[first]) if whole else [lines[first].replace(self.right, self.wrong)]
        before = lines[first : first + len(right)]
        alike = _alike(before, after)
        alike_at_end = _alike(before[alike:][::-1], after[alike:][::-1])
        changed = range(first + alike + 1, first + max(alike + 1, len(after) - alike_at_end) + 1)
        return Seeded("\n".join([*lines[:first], *after, *lines[first + len(right) :]]), frozenset(changed))


def load(name: str) -> Defect:
    """The defect of that name. Raises DefectError."""
    file = DEFECTS / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        return _read(name, module)
    except (OSError, AttributeError, SyntaxError) as error:
        raise DefectError(f"{file} is no defect: {error}.") from error


def names() -> list[str]:
    """The names of all defects, in order."""
    return sorted(f"{file.parent.name}/{file.stem}" for file in DEFECTS.glob("*/*.py"))


def _blocks(lines: list[str], block: list[str]) -> list[int]:
    """Where the block stands in the lines, at whatever depth."""
    spans = range(len(lines) - len(block) + 1)
    return [n for n in spans if dedent("\n".join(lines[n : n + len(block)])) == "\n".join(block)]


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines the two begin with in common."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _indented(block: list[str], like: str) -> list[str]:
    """The block as deep as that line."""
    return indent("\n".join(block), like[: len(like) - len(like.lstrip())]).split("\n")


def _read(name: str, module: Any) -> Defect:
    file = Path(module.FILE)
    owners = (
        name for name, place in PROGRAMS.items() for path in (file, REFERENCE / file) if path.is_relative_to(place)
    )
    owner = next(owners, None)
    program = getattr(module, "PROGRAM", owner)
    if program not in PROGRAMS or (owner and program != owner):
        raise DefectError(f"{name} does not say which program gets it: PROGRAM is one of {', '.join(PROGRAMS)}.")
    return Defect(
        name=name,
        sentence=(module.__doc__ or "").strip(),
        items=tuple(module.ITEMS),
        says=module.SAYS,
        also=tuple(getattr(module, "ALSO", ())),
        program=program,
        file=module.FILE,
        right=module.RIGHT,
        wrong=module.WRONG,
    )
