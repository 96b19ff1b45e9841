"""What can be claimed about agent-sre's own telemetry: what Prometheus counts and shows of it, and its traces."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal

from steps.drivers.agent import Agent
from steps.drivers.dashboard import Panel, metrics_in, shows_anyway
from steps.drivers.prometheus import Prometheus, QueryRefused, Series
from steps.drivers.tempo import Span, Tempo
from steps.incident.alert import Alert
from steps.incident.events import TYPES
from steps.incident.incident import Incident
from steps.incident.waiting import Waiting
from steps.world.cluster.cloudevent import decode
from steps.world.journal import Exchange, Journal

RECEIVED = "agent_sre_cloudevents_received_total"
ATTEMPTS = "agent_sre_remediation_attempts_total"
DURATION = "agent_sre_remediation_duration_seconds"
ACTIVE = "agent_sre_active_remediations"
"""The agent's metrics (CONTRACTS §10.1)."""
PREFIX = "agent_sre_"
SUFFIX = re.compile(r"_(?:total|bucket|sum|count|created)$")
"""How a metric's series may be called beside its own name."""
SCRAPES = 'up{job=~".*agent-sre.*"}'
"""What Prometheus notes of each scrape, also of one that fails."""
GRACE = 1.0
"""Seconds by which what the agent measures may exceed what is seen of it from outside."""

Outcome = Literal["success", "failure"]
STATUS: dict[Outcome, re.Pattern[str]] = {
    "success": re.compile(r"succe|^ok$|complet|^done$", re.I),
    "failure": re.compile(r"fail|error", re.I),
}
"""How the label `status` may word the outcome of a remediation."""


@dataclass(frozen=True)
class Tally:
    """How many events of each type were counted at a time of the journal, when none was under way."""

    at: float
    counts: dict[str, float]


class Telemetry:
    """Claims about what agent-sre tells of one incident. Each keeps its evidence, or raises AssertionError."""

    def __init__(
        self,
        agent: Agent,
        prometheus: Callable[[], Prometheus],
        tempo: Callable[[], Tempo],
        journal: Journal,
        waiting: Waiting,
        incident: Incident,
    ) -> None:
        self._agent = agent
        self._prometheus = prometheus
        self._tempo = tempo
        self._journal = journal
        self._waiting = waiting
        self._incident = incident

    # -- in Prometheus

    def scraped(self) -> None:
        """Prometheus has begun to scrape the agent, with whatever success: it takes up its targets some time after it
        has started. Raises BedNotReady."""

        def known() -> str:
            names, attempts = self._prometheus().names(PREFIX), self._prometheus().series(SCRAPES)
            assert names or attempts, "Expected Prometheus to scrape agent-sre, but it has not begun to."
            return "\n".join(sorted(names)) or f"{len(attempts)} targets"

        self._incident.saw("What Prometheus knows of agent-sre", self._waiting.for_bed(known, "scrape"))

    def counted(self, alert: Alert, outcome: Outcome) -> None:
        """Prometheus comes to count one remediation of the alert with that outcome, or each of its tries."""

        def counts() -> list[Series]:
            labels = f'alertname="{alert.name}", lambda_function="{alert.function}"'
            found = self._prometheus().series(f"{ATTEMPTS}{{{labels}}}")
            tries = self._journal.exchanges(
                caller="agent-sre", callee="functions", method="POST", mentioning=alert.mark
            )
            counted_once(found, alert, outcome, len(tries))
            return found

        seen = self._waiting.until(counts, "scrape")
        shown = "\n".join(f"{json.dumps(series.labels)} {series.value:g}" for series in seen)
        self._incident.saw(f"{ATTEMPTS} of {alert.called}", shown)

    def received_so_far(self) -> Tally:
        """How many events of each type agent-sre counts before the scenario's first, when Prometheus counts as many.

        Raises BedNotReady when the two do not agree, or when what came before is still being delivered.
        """

        def agree() -> Tally:
            at = self._journal.cursor()
            under_way = self._under_way()
            own, scraped = self._agent.metric(RECEIVED) or 0, self._sum(RECEIVED)
            assert own == scraped, f"Expected Prometheus to know of {own:g} events, but it knows of {scraped:g}."
            tally = Tally(at, self._received())
            assert not (under_way or self._deliveries(at) or self._under_way()), (
                "Expected nothing to be on its way to agent-sre while the events so far are counted, "
                "but an earlier incident's event is."
            )
            return tally

        return self._waiting.for_bed(agree, "recovery")  # an earlier event may be answered when all is done

    def received(self, before: Tally) -> None:
        """Prometheus comes to count as many more events of each type as agent-sre has received meanwhile."""

        def counts() -> str:
            taken = [delivery for delivery in self._deliveries(before.at) if delivery.status and delivery.status < 500]
            types = Counter(decode(one.request_headers, one.request_body).type for one in taken)
            counted_by_type({kind: now - before.counts[kind] for kind, now in self._received().items()}, types)
            return "\n".join(f"{kind}: {count} events received and counted" for kind, count in types.items())

        self._incident.saw(RECEIVED, self._waiting.until(counts, "scrape"))

    def _deliveries(self, since: float) -> list[Exchange]:
        return self._journal.exchanges(caller="broker", callee="agent-sre", since=since, path="/")

    def _under_way(self) -> list[Exchange]:
        return self._journal.in_flight(caller="broker", callee="agent-sre", path="/")

    def _received(self) -> dict[str, float]:
        return {kind: self._sum(f'{RECEIVED}{{event_type="{kind}"}}') for kind in TYPES.values()}

    def took_so_far(self) -> tuple[float, float]:
        """How many remediations Prometheus counts, and how many seconds all of them took."""
        return self._sum(f"{DURATION}_count"), self._sum(f"{DURATION}_sum")

    def took(self, before: tuple[float, float], alerts: Sequence[Alert]) -> None:
        """Prometheus comes to count the alerts' remediations, and no more seconds than could pass meanwhile."""
        about = [said for alert in alerts for said in self._journal.exchanges(mentioning=alert.mark)]
        most = len(alerts) * (max(said.ended for said in about) - min(said.began for said in about)) + GRACE

        def counts() -> str:
            count, seconds = (now - then for now, then in zip(self.took_so_far(), before, strict=True))
            counted_seconds(count, seconds, len(alerts), most)
            return f"{count:g} remediations took {seconds:g} s, of {most:.1f} s at the most"

        self._incident.saw(DURATION, self._waiting.until(counts, "scrape"))

    def active(self) -> None:
        """Prometheus comes to have a remediation as active."""
        self._becomes_active(lambda count: count >= 1, "at least 1 while a remediation is under way")

    def none_active(self) -> None:
        """Prometheus comes to have no remediation as active."""
        self._becomes_active(lambda count: count == 0, "0 after the last remediation")

    def _becomes_active(self, right: Callable[[float], bool], expected: str) -> None:
        def holds() -> str:
            found = self._prometheus().value(f"sum({ACTIVE})")
            assert found is not None and right(found), f"Expected {ACTIVE} to be {expected}, but it is {found}."
            return f"{found:g}"

        self._incident.saw(ACTIVE, self._waiting.until(holds, "scrape"))

    def _sum(self, selector: str) -> float:
        """A scrape that a busy machine misses is not nothing."""
        return self._prometheus().value(f"sum(last_over_time({selector}[5s]))") or 0

    def shown(self, panels: Sequence[Panel]) -> None:
        """Every panel of the dashboard comes to show data."""
        assert panels, "Expected agent-sre's dashboard to have panels, but it has none."

        def all_show() -> str:
            prometheus = self._prometheus()
            names, declared = prometheus.names(PREFIX), prometheus.declared()
            for panel in panels:
                asks_for_what_is(panel, names, declared)
            return "\n".join(f"{panel.title}: {shows_data(panel, prometheus.series)}" for panel in panels)

        self._incident.saw("agent-sre's dashboard", self._waiting.until(all_show, "scrape"))

    # -- in Tempo

    def untraced(self, correlation_id: str) -> None:
        """Tempo has no trace of agent-sre with that correlation id yet."""
        found = self._traces_with(correlation_id)
        self._incident.saw("Traces with the correlation id", f"{len(found)}")
        assert not found, f"Expected no trace with correlation id {correlation_id} yet, but Tempo has {len(found)}."

    def traced(self, correlation_id: str) -> None:
        """Tempo comes to have a trace of agent-sre with that correlation id."""

        def traced() -> list[Span]:
            found = self._traces_with(correlation_id)
            assert found, (
                f"Expected Tempo to have a trace of agent-sre with correlation id {correlation_id}, but "
                f"of its {len(self._since_the_beginning())} traces from this scenario none has it."
            )
            return found

        spans = self._waiting.until(traced, "trace")
        shown = "\n".join(
            f"{span.trace_id} {span.service}: {span.name} {json.dumps(span.attributes)}" for span in spans
        )
        self._incident.saw("Spans with the correlation id", shown)

    def _traces_with(self, correlation_id: str) -> list[Span]:
        """The spans of this scenario that carry the id in one of their attributes, whatever its name."""
        return [
            span
            for trace_id in self._since_the_beginning()
            for span in self._tempo().trace(trace_id)
            if correlation_id in map(str, (*span.attributes.values(), *span.resource.values()))
        ]

    def _since_the_beginning(self) -> list[str]:
        found = self._tempo().search("{}", self._incident.began, self._journal.cursor() + 1)
        return [trace.trace_id for trace in found]


# -- claims about what was seen: pure, each with its sentence


def counted_once(found: Sequence[Series], alert: Alert, outcome: Outcome, tries: int) -> None:
    """One remediation of the alert is counted, and it had that outcome; or each of its tries, the failed ones as such.

    What is called attempts may be either (CONTRACTS §10.1).
    """
    succeeded, failed = (
        sum(series.value for series in found if words.search(series.labels.get("status", "")))
        for words in STATUS.values()
    )
    seen = ", ".join(f"{series.value:g} with status {series.labels.get('status')!r}" for series in found)
    right = ((1, 0), (1, tries - 1)) if outcome == "success" else ((0, 1), (0, tries))
    assert (succeeded, failed) in right, (
        f"Expected Prometheus to count one {outcome} for {alert.called}, but it counts {seen or 'nothing'}."
    )


def counted_by_type(grown: Mapping[str, float], received: Mapping[str, int]) -> None:
    """As many events of each type are counted as were received."""
    for kind, counted in grown.items():
        expected = received.get(kind, 0)
        assert counted == expected, (
            f"Expected Prometheus to count the {expected} events of type {kind} that agent-sre has received, but "
            f"{RECEIVED} has grown by {counted:g} with that event_type."
        )


def counted_seconds(count: float, seconds: float, remediations: int, most: float) -> None:
    """So many remediations are counted, and seconds that may have passed in them."""
    assert count >= remediations, (
        f"Expected {DURATION}_count to count the {remediations} remediations, of which one has failed, but it has "
        f"grown by {count:g}."
    )
    assert 0 < seconds <= most, (
        f"Expected {DURATION}_sum to grow by the seconds that the remediations took, at most {most:.1f}, but it has "
        f"grown by {seconds:g}."
    )


def asks_for_what_is(panel: Panel, names: Set[str], declared: Set[str]) -> None:
    """A query that yields something in any case asks for metrics of agent-sre that there are, be they without series.

    There may be others that nothing has happened to yet; but not with an agent that declares its metrics before that.
    """
    own = {name for name in declared if name.startswith(PREFIX)}
    if all(any(seen.startswith(name) for seen in names) for name in own):
        return
    for query in filter(shows_anyway, panel.queries):
        for name in metrics_in(query):
            assert not name.startswith(PREFIX) or name in names or {name, SUFFIX.sub("", name)} & own, (
                f"Expected the panel {panel.title!r} to show data of agent-sre, but its query {query} asks for {name}, "
                f"which agent-sre does not have, and shows something all the same."
            )


def shows_data(panel: Panel, ask: Callable[[str], list[Series]]) -> str:
    """The panel finds series in each of its queries; what it shows.

    No number may be made of them: the share of two rates is none, as long as nothing has happened twice.
    """
    shown = []
    for query in panel.queries:
        try:
            found = ask(query)
        except QueryRefused as refusal:
            raise AssertionError(
                f"Expected the panel {panel.title!r} to show data, but Prometheus refuses its query: {refusal}."
            ) from None
        assert found, f"Expected the panel {panel.title!r} to show data, but its query {query} yields no series."
        shown.append(f"{len(found)} series, the first {found[0].value:g}")
    return "; ".join(shown)
