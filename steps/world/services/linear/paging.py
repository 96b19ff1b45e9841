"""Linear's connections: a list cut into pages, the newest first unless asked otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from steps.world.services.linear import problems
from steps.world.services.linear.entities import PRIORITIES, Entity, User
from steps.world.services.linear.filters import predicate

DEFAULT_PAGE, LONGEST_PAGE = 50, 250

PAGING = frozenset(
    {"filter", "include_archived", "include_disabled", "sort", "order_by", "first", "last", "after", "before"}
)
"""The arguments of a connection that say which part of the list is wanted, by their names in `page`."""


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Edge:
    """A record and its place in the list."""

    node: Entity
    cursor: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list that has `total_count` records."""

    nodes: Sequence[Entity]
    page_info: PageInfo
    total_count: int

    @property
    def edges(self) -> list[Edge]:
        """The records with their cursors."""
        return [Edge(node, node.id) for node in self.nodes]


def page(entities: Sequence[Entity], viewer: User, wanted: Mapping[str, Any]) -> Page:
    """The page that the arguments ask for; raises `invalid_input` for sizes and cursors that cannot be."""
    holds = predicate(wanted.get("filter") or {}, viewer)
    listed = [
        entity
        for entity in entities
        if (wanted.get("include_archived") or entity.archived_at is None)
        and (wanted.get("include_disabled") or not isinstance(entity, User) or entity.active)
        and holds(entity)
    ]
    listed = _ordered(listed, wanted)
    total = len(listed)

    first, last = _size("first", wanted), _size("last", wanted)
    if first is not None and last is not None:
        raise problems.invalid_input("first and last must not be given together.")
    start, end = 0, total
    if wanted.get("after"):
        start = _position(listed, wanted["after"]) + 1
    if wanted.get("before"):
        end = _position(listed, wanted["before"])
    if first is None and last is None and wanted.get("before"):
        last = DEFAULT_PAGE
    if last is not None:
        start = max(start, end - last)
    else:
        end = min(end, start + (DEFAULT_PAGE if first is None else first))

    nodes = listed[start:end]
    return Page(
        nodes,
        PageInfo(
            has_next_page=end < total,
            has_previous_page=start > 0,
            start_cursor=nodes[0].id if nodes else None,
            end_cursor=nodes[-1].id if nodes else None,
        ),
        total,
    )


def _ordered(entities: Iterable[Entity], wanted: Mapping[str, Any]) -> list[Entity]:
    time = "updated_at" if wanted.get("order_by") == "updatedAt" else "created_at"
    ordered = sorted(entities, key=attrgetter(time))[::-1]
    orders = [order for orders in wanted.get("sort") or () for order in orders.items() if order[1]]
    for name, order in reversed(orders):
        descending = order.get("order") == "Descending"
        ordered.sort(key=_rank(name, order, descending=descending), reverse=descending)
    return ordered


def _rank(name: str, order: Mapping[str, Any], *, descending: bool) -> Callable[[Entity], Any]:
    """What `sort` compares; issues without priority come last unless `noPriorityFirst`."""
    no_priority = 0 if descending != order.get("no_priority_first", False) else len(PRIORITIES)
    return lambda entity: no_priority if getattr(entity, name) == 0 else getattr(entity, name)


def _size(name: str, wanted: Mapping[str, Any]) -> int | None:
    size: int | None = wanted.get(name)
    if size is not None and not 0 <= size <= LONGEST_PAGE:
        raise problems.invalid_input(f"{name} must be between 0 and {LONGEST_PAGE}.")
    return size


def _position(entities: Sequence[Entity], cursor: str) -> int:
    for position, entity in enumerate(entities):
        if entity.id == cursor:
            return position
    raise problems.invalid_input(f"{cursor} is not a cursor of this list.")
