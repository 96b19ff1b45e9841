"""The schema made executable: schema.graphql, its scalars, and how a field finds its value.

A field is read from the attribute or method of the same name in snake case, of the record at hand or, at the
top, of `Queries` or `Mutations`; a connection is the page that its arguments ask for of the list so found.
Arguments that would hide a name of Python's get an underscore at the end (`id_`, `input_`, `hash_`).

What is added to a type by `extend` is not modelled: such a field is null or, where Linear promises a value, the
empty one of its type. So readers that ask for everything, as Linear's own SDK does, are served.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from graphql import (
    DocumentNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    parse,
    validate,
)

from steps.world.services.linear.entities import User
from steps.world.services.linear.paging import PAGING, page

SDL = Path(__file__).with_name("schema.graphql")
LATER = Path(__file__).with_name("later.graphql")
"""What Linear has gained since the snapshot of its schema that SDL is a part of."""
DURATION = re.compile(
    r"(?P<sign>-?)P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)


@dataclass(frozen=True, slots=True)
class Context:
    """Who an operation is executed for."""

    viewer: User


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """An object that Linear promises and the double does not keep: each of its fields is null or empty."""

    created_at: datetime


def _executable() -> GraphQLSchema:
    built = build_schema(SDL.read_text() + LATER.read_text())
    for name, (parse_value, serialize) in _SCALARS.items():
        scalar = built.type_map[name]
        assert isinstance(scalar, GraphQLScalarType)
        scalar.coerce_input_value = scalar.parse_value = parse_value  # type: ignore[method-assign,assignment]
        scalar.coerce_output_value = scalar.serialize = serialize  # type: ignore[method-assign,assignment]
    for type_ in built.type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            for name, input_field in type_.fields.items():
                input_field.out_name = _snake(name)
        elif isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            for field in type_.fields.values():
                for name, argument in field.args.items():
                    argument.out_name = _argument(name)
                field.resolve = _resolve_page if is_connection(field.type) else _resolve
            for extension in type_.extension_ast_nodes:
                for added in extension.fields or ():
                    type_.fields[added.name.value].resolve = _resolve_added
    user = built.type_map["User"]
    assert isinstance(user, GraphQLObjectType)
    user.fields["isMe"].resolve = lambda source, info: source is info.context.viewer
    return built


def is_connection(type_: Any) -> bool:
    """Whether a field of that type is a list in pages."""
    return "pageInfo" in getattr(get_named_type(type_), "fields", {})


@lru_cache(maxsize=1024)
def prepare(query: str) -> tuple[DocumentNode, list[GraphQLError]]:
    """The parsed document and what is wrong with it; raises GraphQLSyntaxError."""
    document = parse(query)
    return document, validate(SCHEMA, document)


@lru_cache(maxsize=1024)
def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _argument(name: str) -> str:
    name = _snake(name)
    return f"{name}_" if name in ("id", "input", "hash") else name


def _resolve(source: Any, info: GraphQLResolveInfo[Context], **arguments: Any) -> Any:
    if isinstance(source, Unmodelled):
        return _empty(info.return_type, source.created_at)
    value = getattr(source, _snake(info.field_name))
    return value(**arguments) if callable(value) else value


def _resolve_added(source: Any, info: GraphQLResolveInfo[Context]) -> Any:
    return _empty(info.return_type, getattr(source, "created_at", None))


def _empty(type_: Any, created_at: datetime | None) -> Any:
    """What stands for a value that the double does not model."""
    if not isinstance(type_, GraphQLNonNull):
        return None
    created_at = created_at or datetime.now(UTC)
    match type_.of_type:
        case GraphQLList():
            return []
        case GraphQLEnumType(values=values):
            return next(iter(values))
        case GraphQLScalarType(name="DateTime"):
            return created_at
        case GraphQLScalarType(name=name):
            return _EMPTY[name]
        case _:
            return Unmodelled(created_at)


def _resolve_page(source: Any, info: GraphQLResolveInfo[Context], **arguments: Any) -> Any:
    wanted = {name: arguments.pop(name) for name in PAGING & arguments.keys()}
    return page(_resolve(source, info, **arguments), info.context.viewer, wanted)


# scalars: how a value is read, and how it is told


def _time(value: Any) -> datetime:
    if not isinstance(value, str):
        raise GraphQLError(f"DateTime must be a string, not {value!r}.")
    if (duration := DURATION.fullmatch(value)) and any(duration.groups()[1:]):
        amount = {unit: int(n) for unit, n in duration.groupdict().items() if unit != "sign" and n}
        days = amount.pop("years", 0) * 365 + amount.pop("months", 0) * 30 + amount.pop("days", 0)
        span = timedelta(days=days, **amount)
        return datetime.now(UTC) + (-span if duration["sign"] else span)
    if re.fullmatch(r"\d{4}", value):
        value += "-01-01"
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise GraphQLError(f"{value!r} is neither an ISO 8601 date nor a duration.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _tell_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _day(value: Any) -> str:
    return _time(value).date().isoformat()


def _tell_day(day: str) -> str:
    return date.fromisoformat(day).isoformat()


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise GraphQLError(f"JSONObject must be an object, not {value!r}.")
    return value


def _uuid(value: Any) -> str:
    try:
        return str(UUID(value))
    except (ValueError, AttributeError, TypeError):
        raise GraphQLError(f"{value!r} is not a UUID.") from None


_SCALARS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "DateTime": (_time, _tell_time),
    "DateTimeOrDuration": (_time, _tell_time),
    "TimelessDate": (_day, _tell_day),
    "TimelessDateOrDuration": (_day, _tell_day),
    "JSONObject": (_object, _object),
    "UUID": (_uuid, _uuid),
}

_EMPTY: dict[str, Any] = {"Boolean": False, "Int": 0, "Float": 0.0, "ID": "", "String": "", "JSONObject": {}}


SCHEMA = _executable()
"""Built once for all workers, and before a program asks: meanwhile the world would not answer anybody."""
