"""Tempo, true to its contract (CONTRACTS §5.2): traces by id, and found by TraceQL.

`traceql` reads queries and `expressions` says what they mean; `spans` holds what was received, `search` tells
what was found, `errors` how Tempo fails.
"""

from steps.world.services.tempo import errors
from steps.world.services.tempo.service import Tempo
from steps.world.services.tempo.spans import SpanContext, SpanStore

__all__ = ["SpanContext", "SpanStore", "Tempo", "errors"]
