"""What can be claimed about measures: latencies of integrations, and what the agent uses of the machine."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from statistics import quantiles

from steps.incident.alert import Alert
from steps.incident.incident import Incident
from steps.incident.jira_issues import key_of_opened
from steps.targets.profile import Resources
from steps.world.journal import Exchange, Journal
from steps.world.processes.usage import Usage, Watch
from steps.world.services.linear import opens_issues

MEGABYTE = 1024 * 1024


def of_each_integration(journal: Journal, alerts: list[Alert]) -> dict[str, list[float]]:
    """Seconds from the agent's door to the effect in each external system, per alert (CONTRACTS §12, ruling 11)."""
    return {
        name: [_latency(journal, alert, callee, effect) for alert in alerts]
        for name, (callee, effect) in INTEGRATIONS.items()
    }


INTEGRATIONS: dict[str, tuple[str, Callable[[Exchange], bool]]] = {
    "Linear": ("linear", lambda call: opens_issues(call.request_body)),
    "Jira": ("jira", lambda call: key_of_opened(call) is not None),
    "LambdaFunction": ("functions", lambda call: call.method == "POST"),
}
"""What is called of each external system, and which calls have the effect that people wait for."""


def _latency(journal: Journal, alert: Alert, callee: str, effect: Callable[[Exchange], bool]) -> float:
    delivered = journal.exchanges(caller="broker", callee="agent-sre", mentioning=alert.mark)
    calls = journal.exchanges(caller="agent-sre", callee=callee, mentioning=alert.mark)
    effects = [call for call in calls if call.status and call.status < 300 and effect(call)]
    assert delivered and effects, f"Expected an effect of {alert.called} at {callee}, but there is none."
    return effects[0].ended - delivered[0].began


def p95(seconds: list[float]) -> float:
    """The 95th percentile; of few values the greatest."""
    return quantiles(seconds, n=20)[-1] if len(seconds) >= 20 else max(seconds)


def in_time(measured: dict[str, list[float]], target: float) -> None:
    """The 95th percentile of every integration is below the target."""
    slow = {name: p95(seconds) for name, seconds in measured.items() if p95(seconds) >= target}
    assert not slow, f"Expected every integration below {target:g} s at the 95th percentile, but " + ", ".join(
        f"{name} took {seconds:.2f} s" for name, seconds in slow.items()
    )


def shown(measured: dict[str, list[float]]) -> str:
    """The latencies as a table."""
    rows = [f"{'integration':<16}{'alerts':>8}{'P50':>9}{'P95':>9}{'max':>9}"]
    for name, seconds in measured.items():
        middle = sorted(seconds)[len(seconds) // 2]
        rows.append(f"{name:<16}{len(seconds):>8}{middle:>7.2f} s{p95(seconds):>7.2f} s{max(seconds):>7.2f} s")
    return "\n".join(rows)


def bearable(watch: Watch, limits: Resources, incident: Incident) -> None:
    """What the agent uses stays within the profile's limits, and the threads it took for the burst it gives back."""
    before, peak, after = watch.before, watch.peak, watch.after
    rows = [f"{'':<8}{'memory':>11}{'open files':>12}{'threads':>9}"]
    rows += [_row("before", before), _row("peak", peak), _row("after", after)]
    rows.append(f"CPU: {watch.cpu_load:.2f} cores on average")
    incident.saw("What agent-sre used", "\n".join(rows))
    over = [
        f"{name} {seen:g}, at most {most:g}"
        for name, seen, most in (
            ("MB of memory at peak:", peak.memory / MEGABYTE, limits.memory_mb),
            ("open files at peak:", peak.files, limits.open_files),
            ("threads at peak:", peak.threads, limits.threads),
            ("cores on average:", watch.cpu_load, limits.cpu_cores),
            ("threads left over:", after.threads - before.threads, limits.left_over_threads),
        )
        if seen > most
    ]
    assert not over, f"Expected agent-sre to stay within its limits, but saw {'; '.join(over)}."


def uses_again(watch: Watch, limits: Resources, later: Callable[[], Usage], incident: Incident) -> None:
    """Of open files a burst leaves no more than the profile allows, or they are connections that are used again.

    `later` tells what the agent uses after `LATER` more alerts, one after the other: who keeps connections needs no
    others for these, and who loses them does. It is asked twice, as the connections of the burst that are given up
    meanwhile can hide the files that are lost, but hardly both times.
    """
    left = watch.after.files - watch.before.files
    if left <= limits.left_over_files:
        return
    counts = [watch.after.files, later().files, later().files]
    growth = [after - before for before, after in pairwise(counts)]
    seen = f"{left} after the burst, " + ", ".join(f"{more:+d} after {LATER} more alerts" for more in growth)
    incident.saw("Open files that are left over", seen)
    more = max(growth)
    assert more < LATER, (
        f"Expected agent-sre to use the {left} open files again that the burst has left over, "
        f"but {LATER} more alerts, one after the other, took {more} more."
    )


LATER = 10
"""Alerts after a burst, each when the one before has its issues."""


def _row(name: str, usage: Usage) -> str:
    return f"{name:<8}{usage.memory / MEGABYTE:>8.0f} MB{usage.files:>12}{usage.threads:>9}"
