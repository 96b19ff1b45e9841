"""The page about every setting of a profile, made of the model: `python -m steps.targets.reference_page`."""

from __future__ import annotations

import json
import re
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo

from steps.targets.profile import Profile
from steps.targets.surroundings import KEYS, TOLD, TOLD_AGENT, TOLD_CONVERTER
from steps.world.settings import Section

PAGE = Path(__file__).with_name("PROFILE.md")
HEAD = """\
# Every setting of a profile

A profile is a TOML file: `make accept PROFILE=my-agent.toml`. Only `name` is needed; this is everything else that can
be said, with its default. What stands behind a `#` without a default has none. Paths are seen from the profile's own
directory. `homelab.toml` beside this page is an example. What the programs have to offer in return, by
which they are judged, is in [OFFER.md](OFFER.md).

This page is made of the model by `python -m steps.targets.reference_page`.

```toml
"""
TAIL = """
```

# What the programs are told

They find these variables set, and beside them what the profile adds under `environment`.

"""
WIDTH = 110
FOR_DEVELOPERS = re.compile(r" \((?:CONTRACTS §[\d.]+|ruling \d+)\)|, CONTRACTS §[\d.]+")
"""Where a setting comes from, which says nothing to somebody who writes a profile."""


def page() -> str:
    """The page as Markdown."""
    return HEAD + "\n".join(_table(Profile, (), "")) + TAIL + "\n".join(_variables())


def _variables() -> Iterator[str]:
    """A list of the variables for each program."""
    keys = {f"{name}_FILE`, or `{name}": f"{told}: a file that holds it, or itself" for name, told in KEYS.items()}
    for program, told in (("prometheus-events", TOLD | TOLD_CONVERTER), ("agent-sre", TOLD | TOLD_AGENT | keys)):
        yield from (f"{program}:", "", "| variable | what it is |", "| --- | --- |")
        yield from (f"| `{name}` | {meaning} |" for name, meaning in told.items())
        yield ""


def _table(section: type[Section], path: tuple[str, ...], description: str) -> Iterator[str]:
    """The settings of one section, which may be one of several of its kind, then the sections below it."""
    below: list[tuple[str, type[Section], str]] = []
    tables: list[tuple[str, str, dict[str, Any]]] = []
    if path:
        yield from ("", *_comment(description), *_comment(section.__doc__ or ""), f"[{'.'.join(path)}]")
    for name, field in section.model_fields.items():
        inner = _section_of(field)
        if inner:
            below.append((name, inner, field.description or ""))
            continue
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        if isinstance(default, dict) and any(isinstance(value, dict) for value in default.values()):
            tables.append((name, field.description or "", default))
            continue
        yield from _comment(field.description or "")
        yield _setting(name, field)
    for name, description, table in tables:
        yield from ("", *_comment(description))
        for key, values in table.items():
            yield f"[{'.'.join((*path, name, _key(key)))}]"
            yield from (f"{_key(inner)} = {_value(value)}" for inner, value in values.items())
    for name, inner, about in below:
        yield from _table(inner, (*path, name), about)


def _setting(name: str, field: FieldInfo) -> str:
    if field.is_required():
        return f"{name} = …"
    default = field.get_default(call_default_factory=True)
    if default is None:
        return f"# {name} ="
    return f"{name} = {_value(default)}"


def _section_of(field: FieldInfo) -> type[Section] | None:
    """The section that the setting is, or may be."""
    kinds = get_args(field.annotation) if isinstance(field.annotation, types.UnionType) else (field.annotation,)
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Section)), None)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Path):
        return json.dumps(str(value))
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() else json.dumps(key)


def _comment(text: str) -> Iterator[str]:
    for paragraph in textwrap.dedent(FOR_DEVELOPERS.sub("", text.strip())).split("\n\n"):
        for line in textwrap.wrap(" ".join(paragraph.split()), WIDTH):
            yield f"# {line}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
