"""The files of a run: what their models have in common, and how they are written."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict


class Entry(BaseModel):
    """A part of a file: nothing in it is unknown, and nobody changes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def write_whole(path: Path, content: str | bytes) -> None:
    """Writes a file, and the directory it lies in, so that nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content.encode() if isinstance(content, str) else content)
    part.replace(path)


def claim(directory: Path) -> int:
    """Makes the directory this process' own until the descriptor that it returns is closed, here and in all forks.

    Raises BlockingIOError when it is another's.
    """
    directory.mkdir(parents=True, exist_ok=True)
    claimed = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(claimed, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(claimed)
        raise
    except OSError:
        pass  # a file system without locks can be written to all the same
    return claimed
