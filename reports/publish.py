"""All reports of a run, made of its files: the verdict, recordings and evidence, Allure's results, what was measured.

Whoever has these files -- a run, or one that joins the parts of several -- makes the same reports of them.
"""

from __future__ import annotations

from pathlib import Path

from reports import agreement, index, junit, kill_matrix, matrix, summary, timeline
from reports.agreement import CROSS_CHECK
from reports.conclusion import with_trouble
from reports.verdict import Trouble, Verdict


def publish(verdict: Verdict, root: Path, latest: Path) -> Verdict:
    """Writes everything into `latest`; returns the verdict, which a disagreement between the reports has broken."""
    kill_matrix.copy(root, latest)
    timeline.write(verdict, latest)
    timeline.attach(verdict, latest)
    _write(verdict, latest)
    for sentence in agreement.disagreements(verdict, latest):
        verdict = with_trouble(verdict, Trouble(where=CROSS_CHECK, sentence=sentence))
        _write(verdict, latest)
    return verdict


def _write(verdict: Verdict, latest: Path) -> None:
    """What the verdict's outcome stands in."""
    verdict.write(latest / "verdict.json")
    matrix.write(verdict, latest)
    junit.write(verdict, latest)
    summary.write(verdict, latest)
    index.write(verdict, latest)
