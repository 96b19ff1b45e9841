"""Starts a program with a defect in it.

    python -m tests.prove.start ac3/critical_is_only_high NOTES steps.reference.agent --port 8000

The directory NOTES gets a file `applied` when the defect is in the program, and `reached` when its code has run.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from tests.prove.defect import DefectError, load
from tests.prove.seeding import seed


def main() -> None:
    """Takes its own arguments away and becomes the program. A defect that does not fit ends it at once."""
    _, name, notes, program, *arguments = sys.argv
    sys.argv = [program, *arguments]
    try:
        seed(load(name), lambda note: (Path(notes) / note).touch())
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    except DefectError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
