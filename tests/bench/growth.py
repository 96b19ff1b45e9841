"""Whether the suite grows well: its own time per scenario in large suites, and a lookup in a long journal.

The scenarios are generated, and judged on an agent that answers everything and does nothing, so that what remains is
the suite's own work. Draws `reports/history/growth.svg`.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from steps.world.journal import Journal
from tests.copies import ROOT, copy_suite, run_suite

SIZES = (100, 1_000, 5_000)
LENGTHS = (100, 1_000, 10_000, 100_000)
PER_FEATURE = 100
LINEAR = "https://api.linear.app/graphql"
CHART = Path("reports") / "history" / "growth.svg"
STEPS = '''"""Sentences of a suite that is only there to be large."""

from behave import then, when

from steps.incident.alert import make_alert
from steps.incident.context import Context


@when("another alert fires")
def fires(context: Context) -> None:
    context.incident.fire(context.incident.adopt(make_alert()))


@then("it is an event at the agent")
def arrives(context: Context) -> None:
    def arrived() -> None:
        assert context.events.at_agent(context.incident.alert), "Expected the event at agent-sre."

    context.stage.waiting.until(arrived, "event")
    context.incident.saw("The event", "It is there.")
'''
PROFILE = """
name = "null"
[agent]
command = ["{python}", "-m", "tests.prove.null_agent", "200", "--port", "{port}"]
"""


def main() -> None:
    """Prints both tables and draws the chart."""
    scenarios = {size: overhead(size) for size in SIZES}
    lookups = {length: lookup(length) for length in LENGTHS}
    for title, unit, measured in (
        ("The suite's own time", "ms per scenario", scenarios),
        ("A lookup of an alert in the journal", "µs", lookups),
    ):
        shown = Table("size", unit, title=title)
        for size, value in measured.items():
            shown.add_row(f"{size:,}", f"{value:.1f}")
        Console().print(shown)
    (ROOT / CHART).parent.mkdir(parents=True, exist_ok=True)
    (ROOT / CHART).write_text(chart({"ms per scenario": scenarios, "µs per lookup": lookups}))
    print(f"chart: {CHART}")


def overhead(size: int) -> float:
    """Milliseconds from the command's start to its end, for each of so many scenarios, start and reports included."""
    with tempfile.TemporaryDirectory() as directory:
        source, place = Path(directory) / "source", Path(directory) / "suite"
        copy_suite(source)
        for feature in (source / "features").glob("*.feature"):
            feature.unlink()
        for number in range(size // PER_FEATURE):
            (source / "features" / f"growth_{number}.feature").write_text(feature_of(number))
        run = run_suite(place, "-j", "1", source=source, profile=PROFILE, changes={Path("steps/growth.py"): STEPS})
        assert sum(one.status == "passed" for one in run.verdict.scenarios) == size, run.output[-2_000:]
    return run.took / size * 1_000


def feature_of(number: int) -> str:
    scenarios = (
        f"  Scenario: One more, {number}-{one}\n    When another alert fires\n    Then it is an event at the agent\n"
        for one in range(PER_FEATURE)
    )
    return f"@AC1.1\nFeature: Growth {number}\n" + "\n".join(scenarios)


def lookup(length: int) -> float:
    """Microseconds that the journal takes to find one of so many exchanges that is about an alert."""
    journal = Journal()
    marks = [f"v{number:012x}" for number in range(length)]
    for mark in marks:
        said = f"HighLoad_{mark}".encode()
        journal.record(caller="agent-sre", callee="linear", method="POST", url=LINEAR, request_body=said)
    sought = marks[:: max(1, length // 100)]
    journal.exchanges(mentioning=marks[0])  # reads what has come in since the last lookup
    began = time.perf_counter()
    for mark in sought:
        assert len(journal.exchanges(mentioning=mark)) == 1
    return (time.perf_counter() - began) / len(sought) * 1_000_000


def chart(measured: dict[str, dict[int, float]]) -> str:
    """Both measures as bars, each on its own scale from none to the most."""
    parts, top = [], 30
    for name, values in measured.items():
        parts.append(f'<text x="10" y="{top}" font-weight="bold">{name}</text>')
        for size, value in values.items():
            top += 24
            width = value / max(values.values()) * 300
            parts.append(f'<text x="10" y="{top + 12}">{size:,}</text>')
            parts.append(f'<rect x="90" y="{top}" width="{width:.1f}" height="16" fill="#4a7ebb"/>')
            parts.append(f'<text x="{width + 96:.1f}" y="{top + 12}">{value:.1f}</text>')
        top += 48
    style = f'width="460" height="{top}" font-family="sans-serif" font-size="12"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {style}>{"".join(parts)}</svg>\n'
