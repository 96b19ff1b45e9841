"""Waivers: what somebody has signed to do without for a while, from the `waivers.toml` beside a profile.

    [[waiver]]
    item = "AC4.6"
    reason = "The trial site of Jira has no rate limit."
    approver = "Grace Hopper"
    ticket = "BVL-301"
    expiry = 2026-03-31

A waived item that does not hold shows as waived, never as passed; after the day of its expiry it shows what it is.
A testing scenario (S1–S5) stops at its first step that does not hold, and is waived by waivers for all of its steps.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from reports.files import Entry
from reports.requirements import DERIVED, Requirements

Text = Annotated[str, Field(min_length=1)]


class WaiversError(Exception):
    """The file cannot be used; the message is one sentence that says where and why."""


class Waiver(Entry):
    """Who answers for what, and until when."""

    item: Text
    reason: Text
    approver: Text
    ticket: Text
    """Where it is being worked on."""
    expiry: date
    """The last day on which it counts."""

    def counts(self, on: date) -> bool:
        """Whether it is in force that day."""
        return on <= self.expiry

    def __str__(self) -> str:
        until = f"{self.expiry:%-d %B %Y}"
        return f"{self.approver} waives it until {until} ({self.ticket}): {self.reason.rstrip('.')}."


class _File(Entry):
    waivers: tuple[Waiver, ...] = Field(alias="waiver", default=())


def load(path: Path | None, requirements: Requirements) -> tuple[Waiver, ...]:
    """The waivers in the file, none without one; raises WaiversError with one sentence that names the line."""
    if path is None or not path.is_file():
        return ()
    text = path.read_text(encoding="utf-8")
    try:
        waivers = _File.model_validate(tomllib.loads(text)).waivers
    except tomllib.TOMLDecodeError as error:
        raise WaiversError(f"{path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        message = f"{first['msg'][0].lower()}{first['msg'][1:]}"
        where = f"{path}, line {_line(text, *first['loc'])}"
        raise WaiversError(f"{where}: {first['loc'][-1]}: {message}.") from error
    kinds = {item.id: criterion.kind for criterion, item in requirements.items()}
    for number, waiver in enumerate(waivers):
        here = f"{path}, line {_line(text, 'waiver', number, 'item')}"
        if waiver.item not in kinds:
            raise WaiversError(f"{here}: the ticket has no item {waiver.item}.")
        if kinds[waiver.item] in DERIVED:
            raise WaiversError(f"{here}: {waiver.item} follows from other items; waive those.")
        if waiver.item in [other.item for other in waivers[:number]]:
            raise WaiversError(f"{here}: {waiver.item} is waived twice.")
    return waivers


def _line(text: str, name: str | int, number: str | int = 0, setting: str | int = "") -> int:
    """The line of a waiver's setting, of its header when the setting is not there, or of what is no waiver."""
    names = [line.partition("=")[0].strip(" []") for line in text.splitlines()]
    headers = [line for line, found in enumerate(names, 1) if found == name]
    start = headers[int(number)]
    end = (*headers, len(names) + 1)[int(number) + 1]
    return next((line for line in range(start + 1, end) if names[line - 1] == setting), start)
