"""What the doubles do not cover of their vendors' APIs and query languages: how they say so, and how that is told."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote_plus

from steps.world.journal import Exchange

NOT_COVERED = "The acceptance suite's double does not cover this: "
"""How the answer to such a request begins, or the sentence in it when errors are JSON; its status is 501."""
TELLING = ("/push", "/logs", "/events")
"""Ends of the paths by which somebody tells a backend something, and learns nothing from the answer."""
SHOWN = 500
"""Characters of a request that a sentence shows."""


def uncovered_paths(table: str) -> dict[str, list[str]]:
    """The methods of each path that a vendor serves and its double does not: on every line a path and its methods."""
    return {path: methods for path, *methods in map(str.split, table.strip().splitlines())}


def uncovered(made: Iterable[Exchange]) -> str | None:
    """What the first question was that a double does not cover, in one sentence; None when there was none."""
    for call in made:
        before, refused, what = call.response_text.partition(NOT_COVERED)
        if call.status != 501 or call.path.endswith(TELLING) or not refused:
            continue
        asked = unquote_plus(f"{call.method} {call.url} {call.request_text}").strip()[:SHOWN]
        if before:  # the sentence is one of JSON's strings
            what = what.partition('"')[0]
        what = what.strip().rstrip(".")
        return f"The suite's double of {call.callee} does not cover {what}, which {call.caller} asks for: {asked}"
    return None
