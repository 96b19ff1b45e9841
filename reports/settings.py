"""The settings in force, by which a run judges: `profile.json`. A profile may set each of them.

The environment tells them in `facts.settings`, and in `facts.defaults` what they are without a profile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reports.files import Entry, write_whole

NAME = "profile.json"
UNSET = "–"


class Difference(Entry):
    """A setting that is not as the suite has it by default."""

    name: str
    """As in the profile: "targets.success"."""
    value: str
    default: str


class Settings(Entry):
    """`profile.json`."""

    values: dict[str, Any]
    differences: tuple[Difference, ...]


def write(latest: Path, values: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """Writes down the settings, and where they differ from the defaults."""
    settings = Settings(values=dict(values), differences=tuple(differences(values, defaults)))
    write_whole(latest / NAME, settings.model_dump_json(indent=1))


def load(latest: Path) -> Settings | None:
    """The settings of a run; None when it has told none."""
    file = latest / NAME
    return Settings.model_validate_json(file.read_bytes()) if file.is_file() else None


def differences(values: Mapping[str, Any], others: Mapping[str, Any]) -> Iterator[Difference]:
    """Each setting that the two do not have in common."""
    one, other = dict(_flat(values)), dict(_flat(others))
    for name in dict.fromkeys([*one, *other]):
        if one.get(name) != other.get(name):
            yield Difference(name=name, value=_told(one.get(name)), default=_told(other.get(name)))


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Every single value with its dotted name."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _told(value: Any) -> str:
    if value is None:
        return UNSET
    return f"{value:g}" if isinstance(value, float) else str(value)
