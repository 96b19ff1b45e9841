"""Charts: measures against their targets, as SVG within a page or as a picture of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from markupsafe import Markup

from reports.benchmarks import Measure

BASE = 22
"""Where the line runs, in pixels from the top."""
TALLEST = 18

WIDTH, EDGE, HEAD, ROW = 960, 24, 56, 44
LEFT, RIGHT = 450, 740
"""Of a picture of its own, in pixels; the charts lie between left and right."""
STYLE = (
    "svg { --paper: #fdfcf9; --ink: #1d1c1a; --soft: #6b6860; --line: #e5e1d8; --passed: #2a7a43; --failed: #bf2030; }"
    "@media (prefers-color-scheme: dark) { svg { --paper: #17181a; --ink: #e9e6df; --soft: #a19d93; --line: #303134;"
    " --passed: #6cc184; --failed: #ff7b7b; } }"
    "svg { overflow: visible; } text { font: 14px system-ui, sans-serif; fill: var(--ink); }"
    " .title { font: 500 18px Georgia, serif; } .paper { fill: var(--paper); } .value { text-anchor: end; }"
    " text.passed { fill: var(--passed); } text.failed { fill: var(--failed); }"
    " text.soft { font-size: 12px; fill: var(--soft); } .axis { stroke: var(--line); }"
    " .reach { stroke: var(--soft); stroke-width: 2.5; } .target { stroke: var(--ink); stroke-dasharray: 2 2; }"
    " .bar { fill: var(--line); } circle.passed { fill: var(--passed); } circle.failed { fill: var(--failed); }"
)


def against_target(measure: Measure, among: Sequence[Measure]) -> Markup:
    """The value as a dot on a line, and the target as a stroke across it, on the scale of the measures it is among.

    Where they are known, bars show how the single values are spread, and a thicker line reaches from the 50th to the
    99th percentile.
    """
    return Markup(f'<svg class="chart" role="img" aria-label="{_told(measure)}">{_drawn(measure, among)}</svg>')


def drawing(measures: Sequence[Measure]) -> str:
    """Measures of one metric, one below the other and on one scale, as an SVG file."""
    rows = "".join(_row(number, measure, measures) for number, measure in enumerate(measures))
    height = HEAD + ROW * len(measures)
    title = Markup("{} {}, target {} {:g} {}").format(
        measures[0].id, measures[0].title, measures[0].comparison, measures[0].target, measures[0].unit
    )
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">'
        f'<style>{STYLE}</style><rect class="paper" width="{WIDTH}" height="{height}"/>'
        f'<text class="title" x="{EDGE}" y="30">{title}</text>{rows}</svg>\n'
    )


def _row(number: int, measure: Measure, among: Sequence[Measure]) -> Markup:
    """The measure's name, its chart, its value and how that spreads."""
    top = HEAD + ROW * number
    word = "passed" if measure.passed else "failed"
    value = Markup("{:.4g} {}").format(measure.value, measure.unit)
    was = Markup(" was {:.4g}").format(measure.before) if measure.before is not None else ""
    spread = measure.percentiles
    beneath = f"P50 {spread.p50:.3f} · P99 {spread.p99:.3f} · max {spread.max:.3f}" if spread else f"of {measure.count}"
    chart = f'<svg x="{LEFT}" y="{top}" width="{RIGHT - LEFT}" height="30">{_drawn(measure, among)}</svg>'
    return Markup(
        '<text x="{}" y="{}">{}</text>{}<text class="value {}" x="{}" y="{}">{}</text><text class="soft value" '
        'x="{}" y="{}">{}{}</text>'
    ).format(
        EDGE,
        top + BASE,
        measure.integration,
        Markup(chart),
        word,
        WIDTH - EDGE,
        top + BASE - 6,
        value,
        WIDTH - EDGE,
        top + BASE + 10,
        beneath,
        was,
    )


def _told(measure: Measure) -> Markup:
    told = f"{measure.value:g} {measure.unit}, target {measure.comparison} {measure.target:g} {measure.unit}"
    return Markup.escape(told)


def _drawn(measure: Measure, among: Sequence[Measure]) -> str:
    low, high = _ends(among)

    def x(value: float) -> float:
        return round(min(1.0, max(0.0, (value - low) / (high - low))) * 100, 2)

    parts = [*_bars(measure, x), f'<line class="axis" x2="100%" y1="{BASE}" y2="{BASE}"/>']
    if spread := measure.percentiles:
        parts.append(f'<line class="reach" x1="{x(spread.p50)}%" x2="{x(spread.p99)}%" y1="{BASE}" y2="{BASE}"/>')
    target = x(measure.target)
    parts.append(f'<line class="target" x1="{target}%" x2="{target}%" y1="3" y2="{BASE + 6}"/>')
    word = "passed" if measure.passed else "failed"
    parts.append(f'<circle class="{word}" cx="{x(measure.value)}%" cy="{BASE}" r="4.5"/>')
    return "".join(parts)


def _ends(measures: Sequence[Measure]) -> tuple[float, float]:
    """The values at both ends of the line: for seconds from none, for shares up to all of it."""
    shown = [value for measure in measures for value in (measure.value, measure.target)]
    if measures[0].unit == "%":
        return min(shown) - 1, 100.0
    highest = max(shown)
    worst = [measure.percentiles.max for measure in measures if measure.percentiles]
    return 0.0, max(highest, min(max(worst, default=0.0), highest * 1.5)) * 1.08


def _bars(measure: Measure, x: Callable[[float], float]) -> Iterator[str]:
    most = max((number for _, number in measure.histogram), default=0)
    since = 0.0
    for edge, number in measure.histogram:
        left, height = x(since), round(number / most * TALLEST, 1) if most else 0
        if height and (width := round(x(edge) - left, 2)):
            yield f'<rect class="bar" x="{left}%" y="{BASE - height}" width="{width}%" height="{height}"/>'
        since = edge
