"""The ticket's items, from `features/requirements.toml`: what reports are about, in the ticket's words and order."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from reports.files import Entry

Kind = Literal["acceptance", "scenario", "metric", "security", "monitoring", "integration point", "definition of done"]
DERIVED: tuple[Kind, ...] = ("integration point", "definition of done")
"""Kinds of items that no scenario carries: what they come to follows from the others."""
Text = Annotated[str, Field(min_length=1)]


class RequirementsError(Exception):
    """The file cannot be used; the message is one sentence that says where and why."""


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"the pattern is not valid: {error}") from error
    return text


class Item(Entry):
    """One line of the ticket that has to hold."""

    id: str = Field(pattern=r"^[A-Z]+\d+(\.\d+)?$")
    text: Text
    sentences: tuple[Annotated[str, AfterValidator(_is_pattern)], ...] = ()
    """For a step of a testing scenario: regular expressions that find the Gherkin steps which carry it."""
    criteria: tuple[str, ...] = ()
    """For an integration point: the criteria whose items make it up."""
    rests_on: tuple[str, ...] = ()
    """For a line of the Definition of Done: the items, or whole criteria, that have to hold for it."""


class Criterion(Entry):
    """A heading of the ticket and the items below it."""

    id: str = Field(pattern=r"^[A-Z]+\d*$")
    title: Text
    kind: Kind
    items: tuple[Item, ...] = Field(min_length=1)

    @property
    def label(self) -> str:
        """The heading as reports show it: "AC3 Linear API Integration", "Success Metrics"."""
        return f"{self.id} {self.title}" if self.id[-1].isdigit() else self.title

    def place(self, position: int) -> str:
        """The id of its item at that place, the first is 1: "AC3.5", "SEC2"."""
        return f"{self.id}{'.' if self.id[-1].isdigit() else ''}{position}"


class Confirmation(Entry):
    """Somebody has looked whether an item's scenarios say what the ticket says."""

    revision: int = Field(ge=1)
    """Grows with every change of the ticket's words that is confirmed."""
    digest: str = Field(pattern="^[0-9a-f]{12}$")
    """Of the ticket's words, see `digest`."""


class Ticket(Entry):
    """The ticket itself."""

    id: Text
    title: Text
    url: Text

    @property
    def label(self) -> str:
        return f"{self.id} {self.title}"


class Requirements(Entry):
    """Everything that the ticket asks for, in its order."""

    ticket: Ticket
    criteria: tuple[Criterion, ...] = Field(alias="criterion", min_length=1)
    confirmed: dict[str, Confirmation]
    """By item."""

    def items(self) -> Iterator[tuple[Criterion, Item]]:
        """Every item with its criterion, in the ticket's order."""
        return ((criterion, item) for criterion in self.criteria for item in criterion.items)

    def tagged(self, tags: set[str]) -> list[tuple[Criterion, Item]]:
        """The items that these tags name, in the ticket's order."""
        return [(criterion, item) for criterion, item in self.items() if item.id in tags]

    def criteria_of(self, tags: set[str]) -> list[Criterion]:
        """The criteria that these tags name, themselves or by one of their items, in the ticket's order."""
        return [one for one in self.criteria if one.id in tags or any(item.id in tags for item in one.items)]

    def resting(self, item: Item) -> list[str]:
        """Ids of the items that this line of the Definition of Done rests on, in the ticket's order."""
        named = {*item.rests_on}
        return [one.id for criterion, one in self.items() if {criterion.id, one.id} & named]

    def integration_points(self, criterion: Criterion) -> list[str]:
        """Ids of the integration points that this criterion is a part of."""
        return [item.id for _, item in self.items() if criterion.id in item.criteria]


def digest(words: str) -> str:
    """The hash that ties an item to the ticket's words."""
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def load(path: Path) -> Requirements:
    """Reads and checks the file; raises RequirementsError with one sentence that names the line."""
    if not path.is_file():
        raise RequirementsError(f"{path} is missing: it names the ticket's items that the run reports on.")
    text = path.read_text(encoding="utf-8")
    try:
        requirements = Requirements.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise RequirementsError(f"{path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        setting = " ".join(
            str(part) for part in first["loc"] if isinstance(part, str) and part not in ("criterion", "items")
        )
        reason = first["msg"].removeprefix("Value error, ")
        where = _line(text, first["loc"])
        raise RequirementsError(f"{path}, line {where}: {setting}: {reason[0].lower()}{reason[1:]}.") from error
    for location, sentence in _contradictions(requirements):
        raise RequirementsError(f"{path}, line {_line(text, location)}: {sentence}")
    return requirements


def _contradictions(requirements: Requirements) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Where (as a path into the document) entries do not fit together, and why."""
    known = [criterion.id for criterion in requirements.criteria]
    for number, criterion in enumerate(requirements.criteria):
        if criterion.id in known[:number]:
            yield ("criterion", number), f"{criterion.id} is there twice."
        for position, item in enumerate(criterion.items):
            here = ("criterion", number, "items", position)
            if item.id != (expected := criterion.place(position + 1)):
                yield here, f"item {position + 1} of {criterion.id} has to be {expected}, not {item.id}."
            if item.sentences and criterion.kind != "scenario":
                yield here, f"{item.id} has sentences, which only the steps of a scenario have."
            if bool(item.criteria) != (criterion.kind == "integration point"):
                yield (
                    here,
                    f"{item.id}: an integration point, and nothing else, names the criteria that make it up.",
                )
            for other in item.criteria:
                if other not in known:
                    yield here, f"{item.id} is made up of {other}, which is no criterion."
            if item.rests_on and criterion.kind != "definition of done":
                yield here, f"{item.id} rests on others, which only a line of the Definition of Done does."
            items = {item.id for _, item in requirements.items()}
            for other in item.rests_on:
                if other not in known and other not in items:
                    yield here, f"{item.id} rests on {other}, which is neither an item nor a criterion."
            confirmed = requirements.confirmed.get(item.id)
            if not confirmed or confirmed.digest != digest(item.text):
                yield here, f"the text of {item.id} is not what was confirmed; `make confirm` takes it from the ticket."
    for name in requirements.confirmed.keys() - {item.id for _, item in requirements.items()}:
        yield ("confirmed", name), f"{name} is confirmed, but there is no such item."


def _line(text: str, location: tuple[Any, ...]) -> int:
    """The line of the document where an entry stands: a criterion's header, or an item's own line."""
    lines = text.splitlines()
    headers = [number for number, line in enumerate(lines, 1) if line.strip() == "[[criterion]]"]
    match location:
        case ("criterion", int(number), "items", int(position), *_):
            below = (line for line in range(headers[number], len(lines)) if lines[line].lstrip().startswith("{"))
            return next((line + 1 for order, line in enumerate(below) if order == position), headers[number])
        case ("criterion", int(number), *_):
            return headers[number]
        case ("confirmed", str(name), *_):
            return next((number for number, line in enumerate(lines, 1) if line.startswith(f'"{name}"')), len(lines))
        case _:
            return next((number for number, line in enumerate(lines, 1) if line.strip() == "[ticket]"), 1)
