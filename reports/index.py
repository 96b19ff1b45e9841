"""The page that one opens first, `index.html`: what was promised, what holds, what does not and why, how we know, and
whether to sign."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from reports import benchmarks, kill_matrix, matrix, recording, settings, timeline
from reports.agreement import CROSS_CHECK
from reports.assessment import Moment, assess
from reports.charts import against_target
from reports.files import write_whole
from reports.pages import render
from reports.requirements import DERIVED
from reports.verdict import Verdict

NAME = "index.html"


def write(verdict: Verdict, latest: Path) -> None:
    """Writes the page beside the verdict and all that it leads to."""
    kills, measured = kill_matrix.read(latest), benchmarks.load(latest)
    open_rows = matrix.open_rows(verdict)
    told = {scenario.location for row in open_rows for scenario in row.open}
    metrics = [item for item in verdict.requirements if item.kind == "metric"]
    ended = verdict.run.started + timedelta(seconds=verdict.run.duration)
    page = render(
        "index.html.j2",
        verdict=verdict,
        judged=[(name, seen) for name in JUDGED if (seen := verdict.run.versions.get(name))],
        tools=[(name, seen) for name, seen in verdict.run.versions.items() if name not in JUDGED],
        sections=[one for one in matrix.sections(verdict, kills) if one.rows[0].item.kind != "definition of done"],
        open=open_rows,
        others=[one for one in verdict.scenarios if one.standing in matrix.OPEN and one.location not in told],
        timelines=timeline.links(verdict, latest),
        metrics=[(item, measured.of(item.id) if measured else []) for item in metrics],
        measured=measured,
        chart=against_target,
        kills=kills,
        score=kills.score(item.id for item in verdict.requirements if item.kind not in DERIVED) if kills else None,
        assessment=assess(latest, Moment(at=ended, suite=verdict.run.suite.digest)),
        disagreements=[trouble.sentence for trouble in verdict.run.troubles if trouble.where == CROSS_CHECK],
        strangers=recording.strangers(verdict, latest),
        settings=settings.load(latest),
        evidence=sum(len(step.evidence) for scenario in verdict.scenarios for step in scenario.steps),
        beside=[(name, what) for name, what in BESIDE if (latest / name).exists()],
    )
    write_whole(latest / NAME, page)


JUDGED = ("agent-sre", "prometheus-events")
"""The programs on which the verdict is; all others whose version a run knows are tools."""

BESIDE = (
    ("signoff.html", "the decision, to be signed"),
    ("matrix.html", "every line of the ticket with its scenarios, evidence and defects, and back"),
    ("matrix.md", "the same with check boxes, to paste into Linear or Jira"),
    ("matrix.csv", "the same for a spreadsheet"),
    ("matrix.json", "the same for programs"),
    ("kill-matrix.html", "the seeded defects, and which sentence found each"),
    ("verdict.json", "the verdict for programs"),
    ("benchmarks.json", "what was measured, in numbers"),
    ("profile.json", "the settings by which it was judged"),
    ("junit.xml", "the scenarios for CI"),
    ("summary.md", "this page for a pull request"),
    ("allure.html", "every step with what it saw, and the runs before"),
)
"""The other files of a run, and what they are for."""
