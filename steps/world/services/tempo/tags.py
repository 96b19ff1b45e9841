"""What can be searched for in Tempo: the names of attributes, and the values that they have."""

from __future__ import annotations

from collections.abc import Iterable

from steps.world.services.golang import Refusal
from steps.world.services.tempo.expressions import INTRINSICS, KIND, STATUS, SYNONYMS, Keyword, Known
from steps.world.services.tempo.spans import Span, Trace

SCOPES = ("resource", "span", "intrinsic")


def names(traces: Iterable[Trace], scope: str) -> dict[str, list[str]]:
    """The names by scope; of all scopes when `scope` is empty. Raises Refusal."""
    if scope not in ("", "none", "event", "link", "instrumentation", *SCOPES):
        raise Refusal(f"invalid scope: {scope}")
    spans = [span for trace in traces for span in trace.spans]
    found = {
        "resource": {name for span in spans for name in span.resource},
        "span": {name for span in spans for name in span.attributes},
        "intrinsic": set(INTRINSICS) | set(SYNONYMS),
    }
    return {each: sorted(found[each]) for each in SCOPES if found[each] and scope in ("", "none", each)}


def values(found: Iterable[tuple[Trace, Iterable[Span]]], tag: str) -> list[tuple[str, str]]:
    """Type and text of each value that the tag has in these spans: `resource.x`, `span.x`, `.x` or an intrinsic."""
    tag = SYNONYMS.get(tag, tag)
    if tag in ("status", "kind"):
        return [("keyword", each.word) for each in (STATUS if tag == "status" else KIND)]
    held: list[Known] = []
    for trace, spans in found:
        for span in spans:
            if tag in INTRINSICS:
                held.append(INTRINSICS[tag][1](span, trace))
                continue
            scope, _, name = tag.partition(".")
            if scope != "resource":
                held.append(span.attributes.get(name))
            if scope != "span":
                held.append(span.resource.get(name))
    typed = {(_type(each), _text(each)) for each in held if isinstance(each, str | bool | int | float)}
    return sorted(typed)


def _type(value: Known) -> str:
    return {bool: "bool", int: "int", float: "float"}.get(type(value), "string")


def _text(value: Known) -> str:
    assert not isinstance(value, Keyword)
    return str(value).lower() if isinstance(value, bool) else str(value)
