"""Timelines: for each scenario a page with the sequence diagram of what happened, `timelines/<scenario>.html`.

A page is made of files alone: the scenario's verdict and its recording.
"""

from __future__ import annotations

import re
from pathlib import Path

from reports import recording
from reports.files import write_whole
from reports.pages import render
from reports.recording import Recording
from reports.sequence import laid_out
from reports.verdict import ScenarioVerdict, Verdict, slug

LEADS_ELSEWHERE = re.compile(r'<nav.*?</nav>| href="(?!#)[^"]*"', re.DOTALL)


def write(verdict: Verdict, latest: Path) -> None:
    """Writes the timeline of every scenario that has left a recording."""
    for scenario in verdict.scenarios:
        if recorded := recording.load(latest, scenario.location):
            write_whole(path(latest, scenario), page(verdict, scenario, recorded))


def links(verdict: Verdict, latest: Path) -> dict[str, str]:
    """The timelines that there are, relative to the verdict, by their scenario's location."""
    pages = {scenario.location: path(latest, scenario) for scenario in verdict.scenarios}
    return {location: page.relative_to(latest).as_posix() for location, page in pages.items() if page.is_file()}


def attach(verdict: Verdict, latest: Path) -> None:
    """Puts the timelines where Allure's results look for them, without links: what Allure shows leads nowhere else."""
    for scenario in verdict.scenarios:
        page = path(latest, scenario)
        if page.is_file():
            text = LEADS_ELSEWHERE.sub("", page.read_text(encoding="utf-8"))
            write_whole(latest / "allure-results" / allure_source(scenario.location), text)


def allure_source(location: str) -> str:
    """What the timeline of the scenario at that place is called among Allure's files."""
    return f"{slug(location)}-timeline.html"


def path(latest: Path, scenario: ScenarioVerdict) -> Path:
    """Where the scenario's timeline lies."""
    return latest / "timelines" / f"{scenario.slug}.html"


def page(verdict: Verdict, scenario: ScenarioVerdict, recorded: Recording) -> str:
    """The page of one scenario."""
    items = [item for item in verdict.requirements if scenario.location in item.scenarios]
    sequence = laid_out(scenario, recorded)
    return render("timeline.html.j2", verdict=verdict, scenario=scenario, items=items, sequence=sequence, up="../")
