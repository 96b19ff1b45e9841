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
Predicate = Callable[[Any], bool]


def predicate(condition: Condition, viewer: User) -> Predicate:
    """Whether a value satisfies every part of the condition; `viewer` is who `isMe` means.

    The condition is read once, for all the values that it is put to.
    """
    return _every([_part(key, wanted, viewer) for key, wanted in condition.items()])


def _part(key: str, wanted: Any, viewer: User) -> Predicate:
    if key == "and":
        return _every([predicate(condition, viewer) for condition in wanted or ()])
    if key == "or":
        return _some([predicate(condition, viewer) for condition in wanted or ()])
    if key == "null":
        return lambda value: (value is None or value == []) is bool(wanted)
    if wanted is None:
        return lambda value: False
    compare = _COMPARATORS.get(key)
    inner = predicate(wanted, viewer) if isinstance(wanted, Mapping) else _never

    def of_one(value: Any) -> bool:
        if value is None:
            return False
        if isinstance(value, list):
            return any(map(of_one, value))  # a condition on an attribute is one that some item has to meet
        if isinstance(value, Entity):
            if key == "is_me":
                return inner(value is viewer)
            attribute = getattr(value, key)
            return inner(attribute() if callable(attribute) else attribute)
        assert compare is not None, key
        return compare(value, wanted)

    def of_all(value: Any) -> bool:
        return _COLLECTION[key](value, inner) if isinstance(value, list) else of_one(value)

    return of_all if key in _COLLECTION else of_one


def _every(parts: list[Predicate]) -> Predicate:
    return parts[0] if len(parts) == 1 else lambda value: all(part(value) for part in parts)


def _some(parts: list[Predicate]) -> Predicate:
    return lambda value: any(part(value) for part in parts)


def _never(_: Any) -> bool:
    return False


_COLLECTION: dict[str, Callable[[list[Any], Predicate], bool]] = {
    "some": lambda items, holds: any(map(holds, items)),
    "every": lambda items, holds: all(map(holds, items)),
    "length": lambda items, holds: holds(len(items)),
}
"""What a condition says of a list as a whole."""


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
