"""A recording laid out as a sequence diagram: a chapter for each step, a row for each exchange.

Every row is drawn by itself over the same lanes, so that its words may take as many lines as the page needs; what lasts
-- an answer that is awaited, a fault in force -- goes on from row to row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from itertools import groupby, pairwise, zip_longest

from markupsafe import Markup

from reports.recording import Call, Recording, Window
from reports.verdict import Attachment, ScenarioVerdict, Status, StepVerdict
from reports.wording import answered, asked

LAPSE = 0.75
"""Seconds without a word that are worth a row of their own."""
MOST_ALIKE, FIRST_ALIKE = 8, 3
"""So many calls in a row may be alike; of more only the first are shown at once."""


@dataclass(slots=True)
class Row:
    """One line of the diagram, `at` so many seconds after the scenario began."""

    at: float
    call: Call | None = None
    window: Window | None = None
    """What comes into force, or out of it if the row `ends` it."""
    ends: bool = False
    lapse: float = 0.0
    """Seconds that pass without a word."""
    seen: list[tuple[StepVerdict, Attachment]] = field(default_factory=list)
    """Who took the call for evidence, and in what."""
    drawing: Markup = field(default_factory=Markup)

    @property
    def missed(self) -> bool:
        """Whether the step that did not pass has looked at it."""
        return any(step.status is not Status.PASSED for step, _ in self.seen)

    @property
    def good(self) -> bool:
        """Whether the call was answered as its caller hoped."""
        return self.call is not None and self.call.status is not None and self.call.status < 400


@dataclass(slots=True)
class Chapter:
    """What happened while a step ran; without one, what happened after the last."""

    step: StepVerdict | None = None
    rows: list[Row] = field(default_factory=list)
    until: float = 0.0
    """When it was over, in seconds since the scenario began."""

    @property
    def passages(self) -> Iterator[tuple[list[Row], list[Row]]]:
        """The rows to show at once, and those that say nothing new after them: the same call over and over again."""
        shown: list[Row] = []
        for _, alike in groupby(self.rows, _subject):
            rows = list(alike)
            shown += rows if len(rows) <= MOST_ALIKE else rows[:FIRST_ALIKE]
            if len(rows) > MOST_ALIKE:
                yield shown, rows[FIRST_ALIKE:]
                shown = []
        yield shown, []


@dataclass(frozen=True, slots=True)
class Sequence:
    """The diagram of one scenario."""

    lanes: list[str]
    """Who takes part, in the order in which they come in."""
    chapters: list[Chapter]
    lines: Markup
    """The lifelines, to be used by every drawing."""
    gap: Markup
    """Lifelines along which what was awaited did not come."""

    @property
    def rows(self) -> Iterator[Row]:
        return (row for chapter in self.chapters for row in chapter.rows)


def laid_out(scenario: ScenarioVerdict, recording: Recording) -> Sequence:
    """The diagram of a scenario."""
    lanes = list(dict.fromkeys(name for call in recording.calls for name in (call.caller, call.callee)))
    rows = _with_lapses(sorted(_rows(scenario, recording), key=lambda row: row.at), recording)
    pen = _Pen(lanes, recording)
    pen.draw(rows)
    return Sequence(lanes, _chapters(scenario, recording, rows), pen.lines(), pen.gap())


def _rows(scenario: ScenarioVerdict, recording: Recording) -> Iterator[Row]:
    seen: defaultdict[int, list[tuple[StepVerdict, Attachment]]] = defaultdict(list)
    for step in scenario.steps:
        for attachment in step.evidence:
            for number in attachment.exchanges:
                seen[number].append((step, attachment))
    for window in recording.windows:
        yield Row(max(0.0, window.at), window=window)
        if window.until is not None and window.until < recording.duration:
            yield Row(window.until, window=window, ends=True)
    for call in recording.calls:
        yield Row(call.began, call=call, seen=seen[call.number])


def _with_lapses(rows: list[Row], recording: Recording) -> list[Row]:
    """The rows, and between them the time that passes in silence."""
    found = rows[:1]
    for before, after in pairwise(rows):
        if after.at - before.at >= LAPSE:
            found.append(Row((before.at + after.at) / 2, lapse=after.at - before.at))
        found.append(after)
    return found


def _chapters(scenario: ScenarioVerdict, recording: Recording, rows: list[Row]) -> list[Chapter]:
    """The rows by the step during which they happened."""
    began = {step: step.began.timestamp() - recording.began for step in scenario.steps if step.began}
    ends = [*[*began.values()][1:], *(at + step.duration for step, at in [*began.items()][-1:])]
    chapters, left = [], rows
    for step, end in zip(began, ends, strict=True):
        within = [row for row in left if row.at < end]
        chapters.append(Chapter(step, within, end))
        left = left[len(within) :]
    chapters += [Chapter(step) for step in scenario.steps if not step.began]
    return [*chapters, Chapter(rows=left)] if any(row.call for row in left) else chapters


def _subject(row: Row) -> object:
    """What makes rows alike."""
    call = row.call
    return (call.caller, call.callee, asked(call), answered(call)) if call else id(row)


class _Pen:
    """Draws the rows, the lanes side by side in as much width as there is."""

    def __init__(self, lanes: list[str], recording: Recording) -> None:
        self._place = {name: number for number, name in enumerate(lanes)}
        self._hosts = {call.host: call.callee for call in recording.calls}

    def draw(self, rows: list[Row]) -> None:
        awaited: list[Call] = []
        in_force: list[Window] = []
        for row, following in zip_longest(rows, rows[1:]):
            awaited = [call for call in awaited if call.ended is None or call.ended > row.at]
            if row.window and row.ends:
                in_force.remove(row.window)
            parts = [self._bands(in_force, "0", "100%"), '<use href="#lines"/>']
            if row.window:
                parts.append(self._bands([row.window], *(("0", "50%") if row.ends else ("50%", "50%"))))
            parts += [self._bar(call, "0", "100%") for call in awaited]
            if row.call:
                goes_on = following is not None and (row.call.ended is None or row.call.ended > following.at)
                parts += [self._bar(row.call, "50%", "50%" if goes_on else "7"), self._arrow(row.call)]
                awaited.append(row.call)
            if row.window and not row.ends:
                in_force.append(row.window)
            row.drawing = _svg("".join(parts))

    def lines(self) -> Markup:
        """What `#lines` is: a lifeline for each lane."""
        return Markup("".join(f'<line x1="{x}" x2="{x}" y2="100%"/>' for x in map(self._x, self._place)))

    def gap(self) -> Markup:
        return _svg('<use href="#lines"/><rect class="gap" width="100%" height="100%"/>')

    def _x(self, lane: str) -> str:
        return f"{(self._place[lane] + 0.5) / len(self._place) * 100:.4g}%"

    def _bar(self, call: Call, top: str, height: str) -> str:
        """The callee at work on an answer."""
        return f'<rect class="bar" x="{self._x(call.callee)}" y="{top}" width="5" height="{height}"/>'

    def _bands(self, windows: list[Window], top: str, height: str) -> str:
        """Faults in force, on the lane of their host or, when nobody called it, on all."""
        width = 100 / max(1, len(self._place))
        bands = []
        for window in windows:
            at = [callee for host, callee in self._hosts.items() if window.host and fnmatch(host, window.host)]
            for lane in dict.fromkeys(at or self._place):
                left = f"{self._place[lane] * width:.4g}%"
                bands.append(f'<rect class="band" x="{left}" y="{top}" width="{width:.4g}%" height="{height}"/>')
        return "".join(bands)

    def _arrow(self, call: Call) -> str:
        start, end = self._x(call.caller), self._x(call.callee)
        side = "right" if self._place[call.caller] < self._place[call.callee] else "left"
        head = side if call.status is not None else "none"
        return f'<line class="arrow" x1="{start}" x2="{end}" y1="50%" y2="50%"/><use href="#{head}" x="{end}" y="50%"/>'


def _svg(content: str) -> Markup:
    return Markup(f'<svg class="lanes" aria-hidden="true">{content}</svg>')
