"""Label and field selectors, as the API server reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

from steps.world.cluster.kubernetes.errors import bad_request
from steps.world.cluster.kubernetes.schema import Object

Match = Callable[[Object], bool]

_KEY = r"(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?"
_VALUE = r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?"
_EQUALITY = re.compile(rf"({_KEY})\s*(==|=|!=)\s*({_VALUE})")
_SET = re.compile(rf"({_KEY})\s+(in|notin)\s+\(([^()]*)\)")
_PRESENCE = re.compile(rf"(!?)\s*({_KEY})")


def label_selector(text: str) -> Match:
    """`a=b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, by commas. Raises ApiError 400 on others."""
    requirements = [_requirement(part.strip()) for part in _split(text)]
    return lambda item: all(holds(item["metadata"].get("labels") or {}) for holds in requirements)


def field_selector(text: str, known: Collection[str]) -> Match:
    """`metadata.name=x,metadata.namespace!=y`: only `known` paths can be asked for. Raises ApiError 400."""
    terms: list[tuple[tuple[str, ...], bool, str]] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        operator = next((sign for sign in ("!=", "==", "=") if sign in part), None)
        if operator is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        path, value = (side.strip() for side in part.split(operator, 1))
        if path not in known:
            raise bad_request(f"field label not supported: {path}")
        terms.append((tuple(path.split(".")), operator != "!=", value))
    return lambda item: all((_value(item, path) == value) is wanted for path, wanted, value in terms)


def _split(text: str) -> Iterator[str]:
    """The requirements between commas, not cutting the lists in brackets."""
    if text.strip():
        yield from re.split(r",(?![^(]*\))", text)


def _requirement(text: str) -> Callable[[dict[str, str]], bool]:
    if match := _EQUALITY.fullmatch(text):
        key, operator, value = match.groups()
        if operator == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if match := _SET.fullmatch(text):
        key, operator, listed = match.groups()
        values = {value.strip() for value in listed.split(",")}
        if all(re.fullmatch(_VALUE, value) for value in values):
            if operator == "in":
                return lambda labels: labels.get(key) in values
            return lambda labels: labels.get(key) not in values
    if match := _PRESENCE.fullmatch(text):
        absent, key = match.groups()
        return lambda labels: (key in labels) is not bool(absent)
    raise bad_request(f"unable to parse requirement: {text!r} is not a label selector")


def _value(item: Object, path: tuple[str, ...]) -> str:
    found: Any = item
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return "" if found is None else str(found)
