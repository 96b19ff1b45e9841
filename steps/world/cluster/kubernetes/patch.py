"""The ways to change an object by a patch: merge (RFC 7386), JSON (RFC 6902) and strategic merge.

Each takes the object's schema, the object and the patch, leaves the object as it is and returns a new one.
"""

from __future__ import annotations

from typing import Any

from steps.world.cluster.kubernetes.errors import bad_request, unprocessable_patch
from steps.world.cluster.kubernetes.schema import Object, Schema, child, clone, element_keys

_DIRECTIVE = "$patch"
_ORDER = "$setElementOrder/"
_DELETE_FROM = "$deleteFromPrimitiveList/"
_RETAIN = "$retainKeys"


def merge(schema: Schema, item: Object, patch: Any) -> Object:
    """JSON merge patch: null removes. Raises ApiError 400 if the patch is not an object."""
    if not isinstance(patch, dict):
        raise bad_request(f"error decoding patch: expected a JSON object, got {type(patch).__name__}")
    merged: Object = _merge(clone(item), clone(patch))
    return merged


def _merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    if not isinstance(target, dict):
        target = {}
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        else:
            target[key] = _merge(target.get(key), value)
    return target


def json_patch(schema: Schema, item: Object, patch: Any) -> Object:
    """A list of operations, all or nothing. Raises ApiError 400 for no JSON patch, 422 if one fails."""
    if not isinstance(patch, list) or not all(isinstance(operation, dict) for operation in patch):
        raise bad_request("error decoding patch: expected a JSON array of operations")
    patched: Any = clone(item)
    for operation in patch:
        patched = _operate(patched, clone(operation))
    if not isinstance(patched, dict):
        raise unprocessable_patch()
    return patched


def _operate(document: Any, operation: Object) -> Any:
    verb = operation.get("op")
    if verb not in ("add", "remove", "replace", "move", "copy", "test"):
        raise bad_request(f"error decoding patch: unknown operation {verb!r}")
    path = _pointer(operation, "path")
    if verb in ("add", "replace", "test") and "value" not in operation:
        raise bad_request(f"error decoding patch: operation {verb!r} needs a value")
    if verb == "test":
        if _look_up(document, path) != operation["value"]:
            raise unprocessable_patch()
        return document
    if verb in ("move", "copy"):
        source = _pointer(operation, "from")
        value = clone(_look_up(document, source))
        if verb == "move":
            document = _remove(document, source)
        return _add(document, path, value)
    if verb == "remove":
        return _remove(document, path)
    if verb == "replace":
        _look_up(document, path)
        if path and isinstance(_look_up(document, path[:-1]), list):
            document = _remove(document, path)
    return _add(document, path, operation["value"])


def _pointer(operation: Object, field: str) -> list[str]:
    """A JSON pointer (RFC 6901) as its parts."""
    text = operation.get(field)
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise bad_request(f"error decoding patch: {field!r} is not a JSON pointer: {text!r}")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _look_up(document: Any, path: list[str]) -> Any:
    for part in path:
        if isinstance(document, dict) and part in document:
            document = document[part]
        elif isinstance(document, list):
            document = document[_index(part, len(document) - 1)]
        else:
            raise unprocessable_patch()
    return document


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent, last = _look_up(document, path[:-1]), path[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list):
        parent.insert(len(parent) if last == "-" else _index(last, len(parent)), value)
    else:
        raise unprocessable_patch()
    return document


def _remove(document: Any, path: list[str]) -> Any:
    _look_up(document, path)
    if not path:
        return None
    parent, last = _look_up(document, path[:-1]), path[-1]
    del parent[_index(last, len(parent) - 1) if isinstance(parent, list) else last]
    return document


def _index(part: str, highest: int) -> int:
    if not part.isdecimal() or (part != "0" and part.startswith("0")) or int(part) > highest:
        raise unprocessable_patch()
    return int(part)


def strategic(schema: Schema, item: Object, patch: Any) -> Object:
    """Strategic merge patch of a built-in kind: lists with a merge key are merged by it, others replaced.

    Knows the directives `$patch`, `$setElementOrder`, `$deleteFromPrimitiveList` and `$retainKeys`.
    """
    if not isinstance(patch, dict):
        raise bad_request(f"error decoding patch: expected a JSON object, got {type(patch).__name__}")
    return _strategic(schema, clone(item), clone(patch))


def _strategic(schema: Schema, target: Object, patch: Object) -> Object:
    directive = patch.pop(_DIRECTIVE, "merge")
    if directive == "replace":
        return patch
    if directive == "delete":
        return {}
    if directive != "merge":
        raise bad_request(f"unable to apply strategic merge patch: unknown directive {directive!r}")
    if _RETAIN in patch:
        retained = _listed(patch, _RETAIN)
        target = {key: value for key, value in target.items() if key in retained}
    orders = {key.removeprefix(_ORDER): _listed(patch, key) for key in list(patch) if key.startswith(_ORDER)}
    for key in [key for key in patch if key.startswith(_DELETE_FROM)]:
        field, gone = key.removeprefix(_DELETE_FROM), _listed(patch, key)
        if isinstance(target.get(field), list):
            target[field] = [value for value in target[field] if value not in gone]
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        else:
            target[key] = _strategic_value(child(schema, key), target.get(key), value)
    for field, order in orders.items():
        if isinstance(target.get(field), list):
            target[field] = _ordered(child(schema, field), target[field], order)
    return target


def _listed(patch: Object, directive: str) -> list[Any]:
    """Takes the directive out of the patch."""
    values = patch.pop(directive)
    if not isinstance(values, list):
        raise bad_request(f"unable to apply strategic merge patch: {directive} is a list, got {values!r}")
    return values


def _strategic_value(schema: Schema, target: Any, patch: Any) -> Any:
    if isinstance(patch, dict):
        return _strategic(schema, target if isinstance(target, dict) else {}, patch)
    if not isinstance(patch, list):
        return patch
    keys = element_keys(schema)
    if keys:
        return _strategic_list(schema, keys[0], target if isinstance(target, list) else [], patch)
    if schema.get("x-kubernetes-patch-strategy") == "merge" and isinstance(target, list):
        return target + [value for value in patch if value not in target]
    return patch


def _strategic_list(schema: Schema, key: str, target: list[Any], patch: list[Any]) -> list[Any]:
    if {_DIRECTIVE: "replace"} in patch:
        return [element for element in patch if element != {_DIRECTIVE: "replace"}]
    for element in patch:
        if not isinstance(element, dict) or key not in element:
            raise bad_request(f"map: {element} does not contain declared merge key: {key}")
        place = next((at for at, known in enumerate(target) if known.get(key) == element[key]), None)
        if element.get(_DIRECTIVE) == "delete":
            if place is not None:
                del target[place]
        elif place is None:
            target.append(_strategic(schema["items"], {}, element))
        else:
            target[place] = _strategic(schema["items"], target[place], element)
    return target


def _ordered(schema: Schema, target: list[Any], order: list[Any]) -> list[Any]:
    """The elements in the wished order; those it does not name come last."""
    keys = element_keys(schema)

    def name(element: Any) -> Any:
        return element.get(keys[0]) if keys and isinstance(element, dict) else element

    wished = [name(element) for element in order]
    return sorted(target, key=lambda it: wished.index(name(it)) if name(it) in wished else len(wished))
