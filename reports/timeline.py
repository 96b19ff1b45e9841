"""Timelines: for each scenario a page with the sequence diagram of what happened, `timelines/<scenario>.html`.

A page is made of files alone: the scenario's verdict and its recording.
"""

from __future__ import annotations

from pathlib import Path

from reports import recording
from reports.files import write_whole
from reports.pages import render
from reports.recording import Recording
from reports.sequence import laid_out
from reports.verdict import ScenarioVerdict, Verdict


def write(verdict: Verdict, latest: Path) -> None:
    """Writes the timeline of every scenario that has left a recording."""
    for scenario in verdict.scenarios:
        if recorded := recording.load(latest, scenario.location):
            write_whole(path(latest, scenario), page(verdict, scenario, recorded))


def path(latest: Path, scenario: ScenarioVerdict) -> Path:
    """Where the scenario's timeline lies."""
    return latest / "timelines" / f"{scenario.slug}.html"


def page(verdict: Verdict, scenario: ScenarioVerdict, recorded: Recording) -> str:
    """The page of one scenario."""
    items = [item for item in verdict.requirements if scenario.location in item.scenarios]
    sequence = laid_out(scenario, recorded)
    return render("timeline.html.j2", verdict=verdict, scenario=scenario, items=items, sequence=sequence, up="../")
