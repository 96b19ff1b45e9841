"""Server-side apply: each manager says what it wants, the server merges and remembers who wants what.

Ownership is remembered among those who apply; it is not written into `managedFields`, and a change by
another verb takes none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from steps.world.cluster.kubernetes.errors import apply_conflict
from steps.world.cluster.kubernetes.schema import Object, Schema, child, clone, element_keys

Element = tuple[tuple[str, Any], ...]
"""An element of a keyed list, told by its keys and their values."""
Path = tuple[str | Element, ...]
Owned = dict[Path, bool]
"""The places that a manager applied last, and whether each is a value (or the frame of other places)."""
Owners = dict[str, Owned]

_UNOWNED = {("apiVersion",), ("kind",), ("metadata",), ("metadata", "name"), ("metadata", "namespace")}
_MISSING = object()


def apply(schema: Schema, item: Object, wish: Object, manager: str, owners: Owners, *, force: bool) -> Object:
    """Merges `wish` into `item` and returns the result; notes in `owners` what `manager` now owns.

    What the manager owned and no longer wishes is removed, unless another one owns it too.
    Raises ApiError 409 if a value has another owner who wants it otherwise, unless forced.
    """
    wished = {path: is_value for path, is_value in _places(schema, wish, ()) if path not in _UNOWNED}
    contested = [
        (other, path)
        for other, owned in owners.items()
        for path, is_value in wished.items()
        if other != manager and is_value and path in owned and _find(item, path) != _find(wish, path)
    ]
    if contested and not force:
        raise apply_conflict([(other, _text(path)) for other, path in contested])
    for other, path in contested:
        del owners[other][path]
    merged: Object = _merge(schema, clone(item), wish)
    kept = set(wished).union(*(owned for other, owned in owners.items() if other != manager))
    dropped = {path: is_value for path, is_value in owners.get(manager, {}).items() if path not in kept}
    for path in sorted(dropped, key=lambda path: (isinstance(path[-1], str), -len(path))):
        _remove(merged, path, dropped[path])  # elements as a whole, while their keys still tell them apart
    owners[manager] = wished
    return merged


def _places(schema: Schema, value: Any, at: Path) -> Iterator[tuple[Path, bool]]:
    """Every field, and every element of a keyed list; other lists are one value."""
    keys = element_keys(schema)
    keyed = isinstance(value, list) and bool(keys)
    if at:
        yield at, not isinstance(value, dict) and not keyed
    if isinstance(value, dict):
        for key, field in value.items():
            yield from _places(child(schema, key), field, (*at, key))
    elif keyed:
        for element in value:
            yield from _places(schema["items"], element, (*at, _identity(keys, element)))


def _identity(keys: list[str], element: Any) -> Element:
    return tuple((key, _named(element.get(key)) if isinstance(element, dict) else None) for key in keys)


def _named(value: Any) -> Any:
    """A key's value; one that cannot be a key, and is refused later, as text."""
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value


def _merge(schema: Schema, target: Any, wish: Any) -> Any:
    if isinstance(wish, dict) and isinstance(target, dict):
        for key, value in wish.items():
            target[key] = _merge(child(schema, key), target.get(key), value)
        return target
    keys = element_keys(schema)
    if isinstance(wish, list) and isinstance(target, list) and keys:
        for element in wish:
            known = _step(target, _identity(keys, element))
            if known is _MISSING:
                target.append(clone(element))
            else:
                _merge(schema["items"], known, element)
        return target
    return clone(wish)


def _step(value: Any, part: str | Element) -> Any:
    if isinstance(part, str):
        return value.get(part, _MISSING) if isinstance(value, dict) else _MISSING
    if isinstance(value, list):
        keys = [key for key, _ in part]
        return next((element for element in value if _identity(keys, element) == part), _MISSING)
    return _MISSING


def _find(value: Any, path: Path) -> Any:
    for part in path:
        value = _step(value, part)
    return value


def _remove(item: Object, path: Path, is_value: bool) -> None:
    """Removes a value, an element of a keyed list, or a frame that has become empty."""
    parent, last = _find(item, path[:-1]), path[-1]
    found = _step(parent, last)
    if found is _MISSING:
        return
    if not isinstance(last, str):
        parent.remove(found)
    elif is_value or not found:
        del parent[last]


def _text(path: Path) -> str:
    """`.spec.groups[name="a"].interval`, as the server writes it."""
    return "".join(f".{part}" if isinstance(part, str) else f"[{_element_text(part)}]" for part in path)


def _element_text(element: Element) -> str:
    return ",".join(f"{key}={json.dumps(value)}" for key, value in element)
