"""Lines of `key=value key="quoted value"`, as Loki's parser stage and Tempo's tags have them."""

from __future__ import annotations

import json
import re

PAIR = re.compile(r'(?P<key>[^\s="]+)(?:=(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<plain>[^\s="]*)))?(?=\s|$)')


def pairs(line: str) -> dict[str, str]:
    """The values by key; a key without a value has an empty one. What is no pair is left out."""
    return {match["key"]: _value(match) for match in PAIR.finditer(line)}


def is_well_formed(line: str) -> bool:
    """Whether the line has nothing but pairs."""
    return not PAIR.sub("", line).strip()


def _value(match: re.Match[str]) -> str:
    if match["quoted"] is None:
        return match["plain"] or ""
    try:
        return str(json.loads(match["quoted"], strict=False))
    except ValueError:  # an escape that is none
        return match["quoted"][1:-1]
