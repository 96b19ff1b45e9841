"""What happens to a file of weights on a bad day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from steps.world.services.trm.weights import load, write


def _cut(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def _alter(file: Path) -> None:
    """One weight is another, so that only the checksum can tell."""
    weights = load(file)
    value = weights.score[0][0]
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(f"[{value}, ", f"[{value + 1}, "), encoding="utf-8")


def _shorten(file: Path) -> None:
    """A row is missing, in a file that is otherwise as it should be."""
    weights = load(file)
    write(replace(weights, state=weights.state[:-1]), file)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "is missing": Path.unlink,
    "is cut short": _cut,
    "has been altered": _alter,
    "has the wrong shape": _shorten,
}
"""By what the features call it."""
