"""How Loki and Tempo fail, by the features' words; apart from the other faults, for Loki and Tempo load slowly."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from steps.world.gateway.faults import Answer, CallFault, Hang, Stall, Truncate
from steps.world.services import loki, tempo
from steps.world.services.golang import Answer as Told
from steps.world.services.golang import error

NOT_JSON = b"<html>We will be back soon</html>"
CANNOT_EXECUTE = error(422, "the query cannot be executed: it would read too much")
"""What a query frontend between the agent and its backend may say."""


def _told(answer: Told) -> Callable[..., CallFault]:
    return partial(Answer, answer.status, answer.headers, answer.body)


_ANY: dict[str, Callable[..., CallFault]] = {
    "does not answer": Hang,
    "begins its answer and never ends it": Stall,
    "answers that the query cannot be executed": _told(CANNOT_EXECUTE),
    "cuts its answer short": Truncate,
    "answers something that is not JSON": partial(Answer, 200, (("content-type", "application/json"),), NOT_JSON),
}

AT_LOKI: dict[str, Callable[..., CallFault]] = _ANY | {
    "refuses the query": _told(loki.errors.bad_query()),
    "is asked too often": _told(loki.errors.too_many_requests()),
    "answers with an internal error": _told(loki.errors.internal()),
    "is starting": _told(loki.errors.unavailable()),
}
"""Faults of Loki's query API (CONTRACTS §5.1)."""

AT_TEMPO: dict[str, Callable[..., CallFault]] = _ANY | {
    "refuses the query": _told(tempo.errors.bad_query()),
    "is asked too often": _told(tempo.errors.too_many_requests()),
    "answers with an internal error": _told(tempo.errors.internal()),
    "is starting": _told(tempo.errors.unavailable()),
}
"""Faults of Tempo's query API (CONTRACTS §5.2)."""
