"""The job summary for CI, `summary.md`: what a run came to, as short as a pull request can bear.

cat reports/latest/summary.md >> "$GITHUB_STEP_SUMMARY"
"""

from __future__ import annotations

from pathlib import Path

from reports import matrix
from reports.files import write_whole
from reports.pages import render
from reports.verdict import Verdict

NAME = "summary.md"


def write(verdict: Verdict, latest: Path) -> None:
    """Writes the file beside the verdict."""
    tried = [section for section in matrix.sections(verdict) if any(row.scenarios for row in section.rows)]
    write_whole(latest / NAME, render("summary.md.j2", verdict=verdict, tried=tried, open=matrix.open_rows(verdict)))
