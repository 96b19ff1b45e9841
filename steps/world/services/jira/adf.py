"""What a document may be: the part of the Atlassian Document Format that text needs (CONTRACTS §2, ADF).

Left out are media, extensions, layouts and synced blocks, which cannot be made without Jira's own identifiers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any

Schema = dict[str, Any]
Check = Callable[[Any], bool]

STRING: Schema = {"type": "string"}
SOME: Schema = {"type": "string", "minLength": 1}
COLOR: Schema = {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}
LEVEL: Schema = {"type": "integer", "minimum": 1, "maximum": 6}
NUMBER: Schema = {"type": "integer", "minimum": 0}


def _one_of(*names: str) -> Schema:
    """One of the named nodes or marks, told apart by their `type`, which is the part of the name before a colon."""
    return {"oneOfTypes": {name.partition(":")[0]: name for name in names}}


def _list(*names: str, at_least: int = 0) -> Schema:
    return {"type": "array", "items": _one_of(*names), "minItems": at_least}


def _thing(
    *, required: tuple[str, ...] = (), attrs: Mapping[str, Schema] | None = None, **properties: Schema
) -> Schema:
    """A node or mark with these properties; an attribute ending in `!` must be there, and so must then `attrs`."""
    if attrs is not None:
        needed = [name.rstrip("!") for name in attrs if name.endswith("!")]
        properties["attrs"] = {
            "type": "object",
            "properties": {name.rstrip("!"): schema for name, schema in attrs.items()},
            "required": needed,
            "additionalProperties": False,
        }
        required += ("attrs",) if needed else ()
    return {
        "type": "object",
        "properties": {"type": STRING, **properties},
        "required": list(required),
        "additionalProperties": False,
    }


LOCAL: dict[str, Schema] = {"localId": STRING}
UNMARKED: Schema = {"type": "array", "maxItems": 0}

FORMATTING = ("link", "em", "strong", "strike", "subsup", "underline", "textColor", "backgroundColor")
MARKS: dict[str, Schema] = {
    "link": _thing(attrs={"href!": STRING, "title": STRING}),
    "em": _thing(),
    "strong": _thing(),
    "strike": _thing(),
    "underline": _thing(),
    "code": _thing(),
    "subsup": _thing(attrs={"type!": {"enum": ["sub", "sup"]}}),
    "textColor": _thing(attrs={"color!": COLOR}),
    "backgroundColor": _thing(attrs={"color!": COLOR}),
    "alignment": _thing(attrs={"align!": {"enum": ["center", "end"]}}),
    "indentation": _thing(attrs={"level!": LEVEL}),
}

INLINE = ("text", "hardBreak", "emoji", "mention", "date", "status", "inlineCard")
PLAIN = ("bulletList", "orderedList", "codeBlock")
BLOCKS = (
    *("paragraph", "heading", *PLAIN, "blockquote", "panel", "rule"),
    *("table", "taskList", "decisionList", "blockCard"),
)
CELL: dict[str, Schema] = {
    **LOCAL,
    "colspan": NUMBER,
    "rowspan": NUMBER,
    "colwidth": {"type": "array", "items": NUMBER},
    "background": STRING,
    "valign": {"enum": ["top", "middle", "bottom"]},
}
IN_CELL = (
    *("paragraph", "heading", *PLAIN, "blockquote", "panel", "rule"),
    *("taskList", "decisionList", "blockCard", "nestedExpand"),
)

ALIGNED: Schema = {"anyOf": [_list("alignment"), _list("indentation")]}


def _paragraph(marks: Schema) -> Schema:
    return _thing(attrs=LOCAL, content=_list(*INLINE), marks=marks)


def _heading(marks: Schema) -> Schema:
    return _thing(attrs={"level!": LEVEL, **LOCAL}, content=_list(*INLINE), marks=marks)


# A block that is marked at the top of a document, and bare within others, has a name for either.
NODES: dict[str, Schema] = {
    "text": _thing(required=("text",), text=SOME, marks={"anyOf": [_list("code", "link"), _list(*FORMATTING)]}),
    "text:unmarked": _thing(required=("text",), text=SOME, marks=UNMARKED),
    "hardBreak": _thing(attrs={"text": {"enum": ["\n"]}, **LOCAL}),
    "emoji": _thing(attrs={"shortName!": STRING, "id": STRING, "text": STRING, **LOCAL}),
    "mention": _thing(attrs={"id!": STRING, "text": STRING, "accessLevel": STRING, **LOCAL}),
    "date": _thing(attrs={"timestamp!": SOME, **LOCAL}),
    "status": _thing(
        attrs={
            "text!": SOME,
            "color!": {"enum": ["neutral", "purple", "blue", "red", "yellow", "green"]},
            "style": STRING,
            **LOCAL,
        }
    ),
    "inlineCard": _thing(attrs={"url!": STRING, **LOCAL}),
    "paragraph": _paragraph(UNMARKED),
    "paragraph:marked": _paragraph(ALIGNED),
    "heading": _heading(UNMARKED),
    "heading:marked": _heading(ALIGNED),
    "bulletList": _thing(required=("content",), attrs=LOCAL, content=_list("listItem", at_least=1)),
    "orderedList": _thing(
        required=("content",), attrs={"order": NUMBER, **LOCAL}, content=_list("listItem", at_least=1)
    ),
    "listItem": _thing(required=("content",), attrs=LOCAL, content=_list("paragraph", *PLAIN, "taskList", at_least=1)),
    "codeBlock": _thing(
        attrs={"language": STRING, "uniqueId": STRING, "wrap": {"type": "boolean"}, **LOCAL},
        content=_list("text:unmarked"),
        marks=UNMARKED,
    ),
    "blockquote": _thing(required=("content",), attrs=LOCAL, content=_list("paragraph", *PLAIN, at_least=1)),
    "panel": _thing(
        required=("content",),
        attrs={
            "panelType!": {"enum": ["info", "note", "tip", "warning", "error", "success", "custom"]},
            "panelIcon": STRING,
            "panelColor": STRING,
            **LOCAL,
        },
        content=_list(*("paragraph", "heading", *PLAIN, "taskList", "rule", "decisionList", "blockCard"), at_least=1),
    ),
    "rule": _thing(attrs=LOCAL),
    "table": _thing(
        required=("content",),
        attrs={
            "isNumberColumnEnabled": {"type": "boolean"},
            "layout": {"enum": ["wide", "full-width", "center", "align-end", "align-start", "default"]},
            "width": NUMBER,
            "localId": SOME,
        },
        content=_list("tableRow", at_least=1),
    ),
    "tableRow": _thing(required=("content",), attrs=LOCAL, content=_list("tableCell", "tableHeader")),
    "tableCell": _thing(required=("content",), attrs=CELL, content=_list(*IN_CELL, at_least=1)),
    "tableHeader": _thing(required=("content",), attrs=CELL, content=_list(*IN_CELL, at_least=1)),
    "taskList": _thing(
        required=("content",), attrs={"localId!": STRING}, content=_list("taskItem", "taskList", at_least=1)
    ),
    "taskItem": _thing(attrs={"localId!": STRING, "state!": {"enum": ["TODO", "DONE"]}}, content=_list(*INLINE)),
    "decisionList": _thing(
        required=("content",), attrs={"localId!": STRING}, content=_list("decisionItem", at_least=1)
    ),
    "decisionItem": _thing(attrs={"localId!": STRING, "state!": STRING}, content=_list(*INLINE)),
    "expand": _thing(
        required=("content",),
        attrs={"title": STRING, **LOCAL},
        content=_list(*BLOCKS, "nestedExpand", at_least=1),
        marks=UNMARKED,
    ),
    "nestedExpand": _thing(
        required=("content", "attrs"),
        attrs={"title": STRING, **LOCAL},
        content=_list(
            *("paragraph", "heading", *PLAIN, "blockquote", "panel", "rule", "taskList", "decisionList"),
            at_least=1,
        ),
    ),
    "blockCard": _thing(attrs={"url!": STRING, **LOCAL}),
}
THINGS = NODES | MARKS


SCHEMA: Schema = {
    "type": "object",
    "properties": {
        "type": {"const": "doc"},
        "version": {"type": "integer", "const": 1},
        "content": _list(
            *("paragraph:marked", "heading:marked"),
            *(name for name in BLOCKS if name not in ("paragraph", "heading")),
            "expand",
        ),
    },
    "required": ["type", "version", "content"],
    "additionalProperties": False,
}
"""JSON Schema, but for the keyword `oneOfTypes`: `anyOf` would look at a node once for every type it could be."""


def is_valid(document: Any) -> bool:
    """Whether Jira would take the document; one nested too deeply to be looked at counts as invalid."""
    try:
        return _DOCUMENT(document)
    except RecursionError:
        return False


def _check(schema: Schema) -> Check:
    """What a JSON Schema library would say of the keywords that are used here, in a fiftieth of its time.

    The schema is read once, for all the documents that come.
    """
    match schema:
        case {"oneOfTypes": names}:
            return partial(_is_thing, names)
        case {"anyOf": schemas}:
            checks = [_check(each) for each in schemas]
            return lambda instance: any(check(instance) for check in checks)
        case {"enum": values}:
            return lambda instance: instance in values
        case {"type": "string"}:
            least, pattern = schema.get("minLength", 0), re.compile(schema.get("pattern", ""))
            return lambda text: isinstance(text, str) and len(text) >= least and pattern.search(text) is not None
        case {"type": "boolean"}:
            return lambda instance: isinstance(instance, bool)
        case {"type": "integer"}:
            return partial(_is_integer, schema)
        case {"type": "array"}:
            return partial(_is_list, schema, _check(schema["items"]) if "items" in schema else None)
        case {"type": "object", "properties": properties, "required": required}:
            return partial(_is_object, {name: _check(each) for name, each in properties.items()}, frozenset(required))
        case {"const": value}:
            return lambda instance: bool(instance == value)
    raise AssertionError(f"There is no telling what fits {schema}.")


def _is_thing(names: Mapping[str, str], instance: Any) -> bool:
    type_ = instance.get("type") if isinstance(instance, dict) else None
    return isinstance(type_, str) and type_ in names and _check_of(names[type_])(instance)


@cache
def _check_of(name: str) -> Check:
    """Made when the first such node is met: nodes contain one another."""
    return _check(THINGS[name])


def _is_integer(schema: Schema, instance: Any) -> bool:
    if isinstance(instance, bool) or not isinstance(instance, int | float) or instance % 1:
        return False
    least, most = schema.get("minimum", instance), schema.get("maximum", instance)
    return bool(least <= instance <= most and instance == schema.get("const", instance))


def _is_list(schema: Schema, item: Check | None, instance: Any) -> bool:
    if not isinstance(instance, list):
        return False
    if not schema.get("minItems", 0) <= len(instance) <= schema.get("maxItems", len(instance)):
        return False
    return item is None or all(map(item, instance))


def _is_object(properties: Mapping[str, Check], required: frozenset[str], instance: Any) -> bool:
    if not isinstance(instance, dict) or not required <= instance.keys() <= properties.keys():
        return False
    return all(properties[name](value) for name, value in instance.items())


_DOCUMENT = _check(SCHEMA)


def text(document: Any) -> str:
    """What the search reads and what counts for the length: the texts, one per line."""
    return "\n".join(_texts(document))


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node.get("text"), str):
        yield node["text"]
    yield from (node.get("attrs", {}).get(name, "") for name in ("text", "title", "url") if "attrs" in node)
    for child in node.get("content", ()):
        yield from _texts(child)
