"""A nursery: a copy of the suite in which runs are made one after the other, without loading the suite for each."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from tests.copies import GIVEN, MADE, NoVerdict, Run, copy_suite, link_tools, read_run

PROGRAM = "tests.prove.nursery_process"


class Nursery:
    """The copy is at `place`; `source` is what it is a copy of, and stays as it is."""

    def __init__(self, source: Path, place: Path) -> None:
        self.source = source
        self._place = copy_suite(place, source)
        link_tools(place)
        self._process = subprocess.Popen(
            [sys.executable, "-m", PROGRAM],
            cwd=place,
            env=os.environ | {"PYTHONPATH": str(place)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Returns when its processes have ended, a run that is under way included."""
        with self._process:
            pass
        shutil.rmtree(self._place)

    def run(self, *arguments: str, profile: str) -> Run:
        """Runs the suite with the profile of that text. Raises NoVerdict."""
        assert self._process.stdin
        assert self._process.stdout
        for made in MADE:
            shutil.rmtree(self._place / "reports" / made, ignore_errors=True)
        (self._place / GIVEN).write_text(profile, encoding="utf-8")
        printed = self._place / "printed.txt"
        order = {"arguments": [*arguments, "-D", f"profile={GIVEN.stem}"], "printed": str(printed)}
        began = time.monotonic()
        print(json.dumps(order), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise NoVerdict("The process in which the runs are made has ended.")
        took = time.monotonic() - began
        return read_run(self._place, int(answer), printed.read_text(encoding="utf-8", errors="replace"), took)
