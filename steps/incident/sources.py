"""Whom agent-sre asks about an alert, and that it asks again after a fault.

Who has been failed by a source, or by a tracker, may leave it alone for a while. That is the fault's consequence, and
none of what a later scenario is about: before that begins, agent-sre is brought back to it.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from steps.world.journal import Exchange, Journal

SOURCES, TRACKERS = ("prometheus", "loki", "tempo", "trm"), ("linear", "jira")
GOOD = (200, 201, 204)
"""Jira's answers to what is made or moved are not all 200."""
_OBJECTIVES = re.compile(r"(?<![a-z])sl[io](?![a-z])", re.I)
"""What only a query for SLO data names: Prometheus is the SLM service, too, and either may be left alone by itself."""

_UNLOADED = re.compile(r'"model_loaded"\s*:\s*false')


def failed_by(journal: Journal, since: float) -> set[str]:
    """The sources a call of agent-sre to which has met a fault since then, and the model if it was not loaded.

    A tracker is one of them if the last call has met the fault: agent-sre goes on there by itself.
    """
    calls = [*_calls(journal, since), *journal.in_flight(caller="agent-sre", since=since)]
    last = {call.callee: call for call in calls if call.callee in TRACKERS}.values()
    failed = {_source(call) for call in calls if call.callee in SOURCES and call.fault}
    failed |= {call.callee for call in last if call.fault}
    return failed | {call.callee for call in calls if call.callee == "trm" and _UNLOADED.search(call.response_text)}


def answered_by(journal: Journal, since: float) -> set[str]:
    """The sources that have answered agent-sre well since then."""
    good = [call for call in _calls(journal, since) if call.status in GOOD and not (call.fault or call.error)]
    return {_source(call) for call in good}


def _calls(journal: Journal, since: float) -> list[Exchange]:
    asked = (*SOURCES, *TRACKERS)
    return [call for one in asked for call in journal.exchanges(caller="agent-sre", callee=one, since=since)]


def _source(call: Exchange) -> str:
    if call.callee == "prometheus" and _OBJECTIVES.search(unquote(f"{call.url} {call.request_text}")):
        return "the SLM service"
    return "the model's state" if call.callee == "trm" and call.method == "GET" else call.callee
