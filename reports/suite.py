"""The suite itself: what identifies the state in which it judged."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from reports.files import Entry

PARTS = ("features", "steps", "reports", "environment.py", "pyproject.toml", "requirements.lock")
"""What decides on a verdict."""
MADE = {"__pycache__", "latest", "history", "proof", "signoff"}
"""What the suite itself leaves in these places."""


class Suite(Entry):
    """A state of the suite."""

    version: str
    """What git calls this commit, or the package's version outside of a repository."""
    dirty: bool
    """Whether it has files or changes that are in no commit."""
    digest: str
    """Of all files that decide on a verdict."""
    features: str
    """Of the features and the ticket's items alone."""


def state(root: Path) -> Suite:
    """The suite as it is now."""
    return Suite(
        version=described(root) or importlib.metadata.version("agent-sre-acceptance"),
        dirty=bool(_git(root, "status", "--porcelain", "--", *PARTS)),
        digest=digest(root, PARTS),
        features=digest(root, ("features",)),
    )


def described(directory: Path) -> str:
    """What git calls the state of that checkout; nothing, if it is none."""
    return _git(directory, "describe", "--always", "--dirty", "--tags")


def digest(root: Path, parts: Iterable[str]) -> str:
    """SHA-256 over the names and contents of all files in these parts of a directory."""
    found = hashlib.sha256()
    for file in sorted(_files(root, parts)):
        found.update(f"{file.relative_to(root).as_posix()}\0{file.stat().st_size}\0".encode())
        found.update(file.read_bytes())
    return found.hexdigest()


def _files(root: Path, parts: Iterable[str]) -> Iterator[Path]:
    for part in parts:
        place = root / part
        if place.is_file():
            yield place
        for directory, below, names in os.walk(place):
            below[:] = {*below} - MADE
            yield from (Path(directory) / name for name in names)


def _git(root: Path, *arguments: str) -> str:
    """What git says about this directory; nothing, if it is in no repository."""
    git = shutil.which("git")
    if git is None:
        return ""
    said = subprocess.run([git, "-C", root, *arguments], capture_output=True, text=True, check=False)
    return said.stdout.strip()
