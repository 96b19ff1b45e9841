"""Linear's filters, read as data: a condition is what the caller wrote, with snake-case names.

What a condition means follows from the value it is put to: a list is filtered as a collection, a record by
its attributes, anything else by comparators. As in SQL an absent value satisfies nothing but `null: true`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from steps.world.services.linear.entities import Entity, User

Condition = Mapping[str, Any]


def matches(value: Any, condition: Condition, viewer: User) -> bool:
    """Whether the value satisfies every part of the condition; `viewer` is who `isMe` means."""
    return all(_holds(value, key, wanted, viewer) for key, wanted in condition.items())


def _holds(value: Any, key: str, wanted: Any, viewer: User) -> bool:
    if key == "and":
        return all(matches(value, condition, viewer) for condition in wanted or ())
    if key == "or":
        return any(matches(value, condition, viewer) for condition in wanted or ())
    if key == "null":
        return (value is None or value == []) is bool(wanted)
    if wanted is None or value is None:
        return False
    if isinstance(value, list):
        return _collection_holds(value, key, wanted, viewer)
    if isinstance(value, Entity):
        if key == "is_me":
            return matches(value is viewer, wanted, viewer)
        attribute = getattr(value, key)
        return matches(attribute() if callable(attribute) else attribute, wanted, viewer)
    return _COMPARATORS[key](value, wanted)


def _collection_holds(items: list[Any], key: str, wanted: Any, viewer: User) -> bool:
    match key:
        case "some":
            return any(matches(item, wanted, viewer) for item in items)
        case "every":
            return all(matches(item, wanted, viewer) for item in items)
        case "length":
            return matches(len(items), wanted, viewer)
        case _:  # a condition on an attribute is one that some item has to meet
            return any(_holds(item, key, wanted, viewer) for item in items)


def _unaccented(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))


_COMPARATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, wanted: value == wanted,
    "neq": lambda value, wanted: value != wanted,
    "in": lambda value, wanted: value in wanted,
    "nin": lambda value, wanted: value not in wanted,
    "lt": lambda value, wanted: value < wanted,
    "lte": lambda value, wanted: value <= wanted,
    "gt": lambda value, wanted: value > wanted,
    "gte": lambda value, wanted: value >= wanted,
    "eq_ignore_case": lambda value, wanted: value.lower() == wanted.lower(),
    "neq_ignore_case": lambda value, wanted: value.lower() != wanted.lower(),
    "starts_with": lambda value, wanted: value.startswith(wanted),
    "starts_with_ignore_case": lambda value, wanted: value.lower().startswith(wanted.lower()),
    "not_starts_with": lambda value, wanted: not value.startswith(wanted),
    "ends_with": lambda value, wanted: value.endswith(wanted),
    "not_ends_with": lambda value, wanted: not value.endswith(wanted),
    "contains": lambda value, wanted: wanted in value,
    "contains_ignore_case": lambda value, wanted: wanted.lower() in value.lower(),
    "contains_ignore_case_and_accent": lambda value, wanted: _unaccented(wanted) in _unaccented(value),
    "not_contains": lambda value, wanted: wanted not in value,
    "not_contains_ignore_case": lambda value, wanted: wanted.lower() not in value.lower(),
}
