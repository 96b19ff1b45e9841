"""What the terminal shows: the run as it goes, every failure at once, and what it comes to in the end.

A terminal gets a display that is kept up to date; anything else one plain line per scenario. NO_COLOR and behave's
--no-color are honoured.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from reports.follower import Follower
from reports.judge import verdict_on
from reports.pages import ranges
from reports.verdict import SHOWN, RequirementVerdict, ScenarioVerdict, Status, Verdict

MARK = {
    Status.PASSED: "✔",
    Status.FAILED: "✗",
    Status.BROKEN: "!",
    Status.UNTESTED: "–",
    Status.OUTDATED: "?",
    Status.WAIVED: "~",
}
STYLE = {
    Status.PASSED: "green",
    Status.FAILED: "bold red",
    Status.BROKEN: "bold yellow",
    Status.UNTESTED: "dim",
    Status.OUTDATED: "magenta",
    Status.WAIVED: "cyan",
}
FEW = 5
"""Scenarios after which the display dares to say how long the rest will take."""


def terminal(color: str = "auto") -> Console:
    """The console that standard output is; `color` is behave's setting."""
    return Console(file=sys.stdout, highlight=False, no_color=True if color in ("off", "never") else None)


class LiveFormatter(Follower):
    """Progress in the terminal."""

    name = "live"
    description = "Progress by criterion; every failure with its sentence"

    def __init__(self, stream_opener: Any, config: Any) -> None:
        super().__init__(stream_opener, config)
        self.selected = {id(scenario): scenario for scenario in self.record.selected}
        self.by_criterion: dict[str, list[Any]] = {}
        for scenario in self.record.selected:
            for criterion in self.record.requirements.criteria_of(scenario.effective_tags):
                self.by_criterion.setdefault(criterion.id, []).append(scenario)
        self.judged: dict[int, Status] = {}
        self.running: dict[int, str] = {}
        """The scenarios under way, each with the step that it is at."""
        self.console = terminal(config.color)
        self.live: Live | None = None
        if self.console.is_terminal and not config.dry_run:
            self.live = Live(console=self.console, transient=True, refresh_per_second=8, get_renderable=self._display)
            self.live.start()

    # -- what there is to show

    def began(self, scenario: Any) -> None:
        if id(scenario) in self.selected:
            self.running[id(scenario)] = ""

    def trying(self, scenario: Any, step: Any) -> None:
        if id(scenario) in self.running:
            self.running[id(scenario)] = f"{step.keyword} {step.name}"

    def ended(self, scenario: Any) -> None:
        if self.running.pop(id(scenario), None) is None:
            return
        if self.config.dry_run:
            self._list(scenario)
            return
        verdict = verdict_on(scenario, self.record)
        self.judged[id(scenario)] = verdict.standing
        if self.live is None or verdict.standing is not Status.PASSED:
            self._tell(scenario, verdict)

    def eof(self) -> None:
        super().eof()
        self.look_again()

    def look_again(self) -> None:
        """An error after a feature's last scenario makes its scenarios broken that had passed."""
        for key, status in list(self.judged.items()):
            if status is Status.PASSED:
                verdict = verdict_on(self.selected[key], self.record)
                self.judged[key] = verdict.standing
                if verdict.standing is not Status.PASSED:
                    self._tell(self.selected[key], verdict)

    def close(self) -> None:
        super().close()
        if self.live:
            self.live.stop()

    # -- how it is shown

    def _tell(self, scenario: Any, verdict: ScenarioVerdict) -> None:
        status = verdict.standing
        took = sum(step.duration for step in verdict.steps)
        head = Text(f"{MARK[status]} {status:<8} {self._ids(scenario):<7} ", STYLE[status])
        self._print(head, Text.assemble(scenario.name, (f"  {took:.1f} s", "dim")))
        if verdict.sentence:
            places = [verdict.where, verdict.raised]
            self._print(Text("    "), Text(verdict.sentence))
            self._print(Text("    "), Text(" · ".join(place for place in places if place), "dim"))
            if self.live:
                self.console.print()

    def _print(self, head: Text, text: Text) -> None:
        if self.console.is_terminal:
            line = Table.grid()
            line.add_column(no_wrap=True)
            line.add_row(head, text)
            self.console.print(line)
        else:  # a line stays a line, however long: it is read by grep, and by logs that wrap themselves
            self.console.print(head + text, soft_wrap=True)

    def _list(self, scenario: Any) -> None:
        """One line of a dry run."""
        self.console.print(
            f"{self._ids(scenario):<7} {scenario.name}  ({self.record.location(scenario)})", soft_wrap=True
        )
        for step in scenario.all_steps:
            if "undefined" in step.status.name:
                self.console.print(f"        No step says what “{step.keyword} {step.name}” means.", soft_wrap=True)

    def _ids(self, scenario: Any) -> str:
        """The item that the scenario carries, or the criterion when it carries several."""
        tags = scenario.effective_tags
        items = [item.id for _, item in self.record.requirements.tagged(tags)]
        criteria = [criterion.id for criterion in self.record.requirements.criteria_of(tags)]
        return items[0] if len(items) == 1 else " ".join(criteria)

    def _display(self) -> RenderableType:
        tally = Table.grid(padding=(0, 2))
        for criterion, scenarios in self.by_criterion.items():
            statuses = [self.judged.get(id(scenario)) for scenario in scenarios]
            marks = ((MARK[status], STYLE[status]) if status else ("·", "dim") for status in statuses)
            tally.add_row(Text(criterion, "bold"), Text.assemble(*marks))
        elapsed, count = time.monotonic() - self.record.clock, Counter(self.judged.values())
        total = Text.assemble(
            (f"{len(self.judged)} of {len(self.selected)} scenarios", "bold"),
            (f"  {_clock(elapsed)}{self._time_left(elapsed)}", "dim"),
            *((f"  {MARK[one]} {count[one]}", STYLE[one]) for one in SHOWN if count[one]),
        )
        now: list[RenderableType] = []
        for key, step in list(self.running.items()):
            now.append(Spinner("dots", Text(self.selected[key].name, overflow="ellipsis", no_wrap=True)))
            now.append(Text(f"  {step}", "dim", overflow="ellipsis", no_wrap=True))
        return Group("", tally, "", *now, "", total)

    def _time_left(self, elapsed: float) -> str:
        """How long the rest will take, if it goes on as it went so far compared with what was expected."""
        expected = {key: self.record.expected.of(scenario) for key, scenario in self.selected.items()}
        done = sum(expected[key] for key in self.judged)
        if len(self.judged) < FEW:
            return ""
        return f", {_clock(elapsed * (sum(expected.values()) - done) / done)} left"


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02}"


def closing(verdict: Verdict, latest: Path, console: Console) -> None:
    """What the run came to: a table by criterion, the verdict in a sentence, and where the reports are."""
    tried, untried = _by_criterion(verdict)
    usual = (Status.PASSED, Status.FAILED, Status.BROKEN, Status.UNTESTED)
    found = {item.status for items in tried.values() for item in items}
    columns = [status for status in SHOWN if status in usual or status in found]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0, 0, 1), header_style="dim")
    table.add_column("items", no_wrap=True)
    for status in columns:
        table.add_column(status, justify="right", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    for label, items in tried.items():
        count = Counter(item.status for item in items)
        cells = [Text(str(count[one]), STYLE[one]) if count[one] else Text("·", "dim") for one in columns]
        locations = {location for item in items for location in item.scenarios}
        took = sum(scenario.duration for scenario in verdict.scenarios if scenario.location in locations)
        table.add_row(label, *cells, f"{took:.1f} s")
    console.print()
    if tried:
        console.print(table)
    if untried:
        left = sum(len(items) for items in untried.values())
        names = ranges([items[0].criterion_id for items in untried.values()])
        console.print(f"\n{left} items are not in this run: {names}", style="dim")
    run, style = verdict.run, STYLE[verdict.run.outcome]
    console.print(
        Text.assemble((f"\n{MARK[run.outcome]} {run.outcome.upper()}  ", style), run.sentence), soft_wrap=True
    )
    for trouble in run.troubles[1:]:
        console.print(f"  {trouble}", soft_wrap=True)
    for one in verdict.waivers:
        console.print(f"  {one.waiver.item}: {one.sentence}", style=STYLE[Status.WAIVED], soft_wrap=True)
    shown = latest.relative_to(Path.cwd()) if latest.is_relative_to(Path.cwd()) else latest
    console.print(f"  {shown / 'index.html'}", style="dim", soft_wrap=True)
    count = Counter(scenario.standing for scenario in verdict.scenarios)
    failed = count.total() - count[Status.PASSED] - count[Status.WAIVED] + len(run.troubles)
    waived = f", {count[Status.WAIVED]} waived" if count[Status.WAIVED] else ""
    console.print(f"{count[Status.PASSED]} passed, {failed} failed{waived}")


def _by_criterion(
    verdict: Verdict,
) -> tuple[dict[str, list[RequirementVerdict]], dict[str, list[RequirementVerdict]]]:
    """The items by criterion, in the ticket's order: those of criteria that the run has tried, and the others'.

    Integration points and the Definition of Done are left out: they follow from the others.
    """
    criteria: dict[str, list[RequirementVerdict]] = {}
    for item in verdict.requirements:
        if item.kind not in ("integration point", "definition of done"):
            criteria.setdefault(item.criterion, []).append(item)
    tried = {label: items for label, items in criteria.items() if any(item.scenarios for item in items)}
    return tried, {label: items for label, items in criteria.items() if label not in tried}
