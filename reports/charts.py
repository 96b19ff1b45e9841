"""Small charts: a measure against its target, as SVG within a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from markupsafe import Markup

from reports.benchmarks import Measure

BASE = 22
"""Where the line runs, in pixels from the top."""
TALLEST = 18


def against_target(measure: Measure, among: Sequence[Measure]) -> Markup:
    """The value as a dot on a line, and the target as a stroke across it, on the scale of the measures it is among.

    Where they are known, bars show how the single values are spread, and a thicker line reaches from the 50th to the
    99th percentile.
    """
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
    told = f"{measure.value:g} {measure.unit}, target {measure.comparison} {measure.target:g} {measure.unit}"
    return Markup(f'<svg class="chart" role="img" aria-label="{Markup.escape(told)}">{"".join(parts)}</svg>')


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
