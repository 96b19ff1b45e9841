"""What can be written on an issue: each field's values, and what Jira says to others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, TypeVar

from steps.world.services.jira import adf, catalogue, errors
from steps.world.services.jira.catalogue import (
    ISSUE_TYPES,
    LINK_TYPES,
    PRIORITIES,
    RESOLUTIONS,
    IssueType,
    LinkType,
    Priority,
    Resolution,
)
from steps.world.services.jira.errors import Refused
from steps.world.services.jira.records import Document, Issue, Project, User
from steps.world.services.jira.site import Site

LONGEST_TEXT, LONGEST_SUMMARY, LONGEST_LABEL = 32_767, 255, 255
DATE = re.compile(r"\d{4}-\d\d-\d\d")

Named = TypeVar("Named", Priority, IssueType, Resolution, LinkType)


class InvalidValueError(Exception):
    """One field cannot have this value; says why in Jira's words."""


class NewLink(NamedTuple):
    """A link that is to be; `outward` when the issue at hand is the one that e.g. blocks the other."""

    type: LinkType
    other: Issue
    outward: bool


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes where: what the reading of a value may depend on."""

    site: Site
    user: User


@dataclass(frozen=True, slots=True)
class Field:
    """A field that can be written. `read` reads a raw value, of a field with many values one of them."""

    id: str
    name: str
    schema: Mapping[str, str]
    read: Callable[[Writer, Any], Any]
    operations: tuple[str, ...]

    def changed(self, writer: Writer, verb: str, raw: Any, before: Any) -> Any:
        """The field's value after one operation. Raises InvalidValueError."""
        if verb not in self.operations:
            raise InvalidValueError(
                f"Field with id '{self.id}' and name '{self.name}' does not support operation '{verb}' "
                f"Supported operation(s) are: '{', '.join(self.operations)}'"
            )
        if "add" not in self.operations:
            return self.read(writer, raw)
        if verb == "set":
            if not isinstance(raw, list):
                raise InvalidValueError("data was not an array")
            return tuple(dict.fromkeys(self.read(writer, element) for element in raw))
        element = self.read(writer, raw)
        if verb == "remove":
            return tuple(each for each in before if each != element)
        return before if element in before else (*before, element)


@dataclass(frozen=True, slots=True)
class Edit:
    """What a request wants: values of fields, and what is added to the issue beside them."""

    values: dict[str, Any] = field(default_factory=dict)
    comments: tuple[Document, ...] = ()
    links: tuple[NewLink, ...] = ()


def read(
    writer: Writer,
    body: Mapping[str, Any],
    screen: Iterable[str],
    *,
    labels: tuple[str, ...] = (),
    required: Iterable[str] = (),
) -> Edit:
    """Reads `fields` and `update` of a request for a screen; `labels` are those that the issue has already.

    Raises Refused with a sentence for every field at fault.
    """
    values, updates = _section(body, "fields"), _section(body, "update")
    before: dict[str, Any] = {"labels": labels, "comment": (), "issuelinks": ()}
    after: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name in [*values, *(name for name in updates if name not in values)]:
        try:
            if name not in screen:
                raise InvalidValueError(errors.not_on_screen(name))
            if name in values and name in updates:
                raise InvalidValueError(f"Field '{name}' cannot be both in 'fields' and in 'update'.")
            value = before.get(name)
            for verb, raw in _operations(updates[name]) if name in updates else [("set", values[name])]:
                value = FIELDS[name].changed(writer, verb, raw, value)
            after[name] = value
        except InvalidValueError as problem:
            problems[name] = str(problem)
    problems |= {name: MISSING[name] for name in required if name not in after | problems}
    if problems:
        raise Refused(errors.invalid(**problems))
    return Edit(comments=after.pop("comment", ()), links=after.pop("issuelinks", ()), values=after)


def named(kinds: Iterable[Named], raw: Any) -> Named | None:
    """The one of a kind that the id or name in an object means."""
    if not isinstance(raw, dict):
        raise InvalidValueError("data was not an object")
    for kind in kinds:
        if raw.get("id") == kind.id or ("id" not in raw and raw.get("name") == kind.name):
            return kind
    return None


def document(raw: Any) -> Document | None:
    """A document, or None. Raises InvalidValueError, and Refused for what is no valid ADF."""
    if raw is None:
        return None
    if not isinstance(raw, dict) or raw.get("type") != "doc":
        raise InvalidValueError("Operation value must be an Atlassian Document (see the Atlassian Document Format)")
    if not adf.is_valid(raw):
        raise Refused(errors.invalid_document())
    if len(adf.text(raw)) > LONGEST_TEXT:
        raise InvalidValueError(
            f"The entered text is too long. It exceeds the allowed limit of {LONGEST_TEXT:,} characters."
        )
    return raw


def comment(raw: Any) -> Document:
    """The body of a comment, which cannot be empty. Raises InvalidValueError and Refused."""
    if not isinstance(raw, dict):
        raise InvalidValueError("Comment body is not valid!")
    body = document(raw)
    if body is None or not adf.text(body).strip():
        raise InvalidValueError("Comment body can not be empty!")
    return body


def _section(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    section = body.get(name) or {}
    if not isinstance(section, dict):
        raise Refused(errors.invalid_payload())
    return section


def _operations(raw: Any) -> list[tuple[str, Any]]:
    if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
        raise Refused(errors.invalid_payload())
    return [operation for each in raw for operation in each.items()]


def _document(writer: Writer, raw: Any) -> Document | None:
    return document(raw)


def _project(writer: Writer, raw: Any) -> Project:
    ref = raw.get("id", raw.get("key")) if isinstance(raw, dict) else None
    found = writer.site.project(ref, writer.user) if isinstance(ref, str) else None
    if found is None:
        raise InvalidValueError("Specify a valid project ID or key")
    return found


def _issue_type(writer: Writer, raw: Any) -> IssueType:
    found = named(ISSUE_TYPES, raw)
    if found is None:
        raise InvalidValueError("Specify a valid issue type")
    return found


def _summary(writer: Writer, raw: Any) -> str:
    if raw is not None and not isinstance(raw, str):
        raise InvalidValueError("Operation value must be a string")
    summary = (raw or "").strip(" ")
    if not summary.strip():
        raise InvalidValueError(MISSING["summary"])
    if "\n" in summary or "\r" in summary:
        raise InvalidValueError("The summary is invalid because it contains newline characters.")
    if len(summary) > LONGEST_SUMMARY:
        raise InvalidValueError(f"Summary can't exceed {LONGEST_SUMMARY} characters.")
    return summary


def _priority(writer: Writer, raw: Any) -> Priority:
    if raw is None:
        raise InvalidValueError("Priority is required.")
    return _known("Priority", PRIORITIES, raw)


def _resolution(writer: Writer, raw: Any) -> Resolution:
    return _known("Resolution", RESOLUTIONS, raw)


def _known(what: str, kinds: Iterable[Named], raw: Any) -> Named:
    found = named(kinds, raw)
    if found is None:
        by = "id" if "id" in raw else "name"
        raise InvalidValueError(f"{what} {by} '{raw.get(by)}' is not valid")
    return found


def _label(writer: Writer, raw: Any) -> str:
    if not isinstance(raw, str):
        raise InvalidValueError("string expected at index 0")
    if any(character.isspace() for character in raw):
        raise InvalidValueError(f"The label '{raw}' contains spaces which is invalid.")
    if not raw:
        raise InvalidValueError("The label '' is empty which is invalid.")
    if len(raw) > LONGEST_LABEL:
        raise InvalidValueError(f"The label '{raw}' exceeds the limit of {LONGEST_LABEL} characters.")
    return raw


def assignee(writer: Writer, raw: Any) -> User | None:
    """The user that an object names by `accountId`, or None for nobody. Raises InvalidValueError."""
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise InvalidValueError("data was not an object")
    if "accountId" not in raw and "id" not in raw:
        raise InvalidValueError("'accountId' must be the only user identifying field.")
    account_id = raw.get("accountId", raw.get("id"))
    if account_id is None:
        return None
    found = writer.site.user(account_id)
    if found is None:
        raise InvalidValueError(f"User '{account_id}' does not exist.")
    if not found.active:
        raise InvalidValueError(f"User '{account_id}' cannot be assigned issues.")
    return found


def _due_date(writer: Writer, raw: Any) -> date | None:
    if raw is None:
        return None
    if isinstance(raw, str) and DATE.fullmatch(raw):
        with suppress(ValueError):
            return date.fromisoformat(raw)
    raise InvalidValueError(f"Error parsing date string: {raw}")


def _comment(writer: Writer, raw: Any) -> Document:
    return comment(raw.get("body") if isinstance(raw, dict) else raw)


def _link(writer: Writer, raw: Any) -> NewLink:
    if not isinstance(raw, dict) or ("inwardIssue" in raw) is ("outwardIssue" in raw):
        raise InvalidValueError("data was not an object with either 'inwardIssue' or 'outwardIssue'")
    type_ = named(LINK_TYPES, raw.get("type"))
    if type_ is None:
        raise InvalidValueError(no_link_type(raw["type"]))
    outward = "outwardIssue" in raw
    try:
        other = linked(writer, raw["outwardIssue" if outward else "inwardIssue"])
    except Refused:
        raise InvalidValueError("Issue does not exist or you do not have permission to see it.") from None
    return NewLink(type_, other, outward)


def linked(writer: Writer, raw: Any) -> Issue:
    """The issue that an object names by id or key. Raises Refused."""
    ref = raw.get("key", raw.get("id")) if isinstance(raw, dict) else None
    return writer.site.issue(ref if isinstance(ref, str) else "", writer.user)


def no_link_type(raw: Mapping[str, Any]) -> str:
    """Why a type of link is refused."""
    return f"No issue link type with name '{raw.get('name', raw.get('id'))}' found."


MISSING = {
    "project": "Specify a valid project ID or key",
    "issuetype": "Specify an issue type",
    "summary": "You must specify a summary of the issue.",
}
"""What Jira says when a field that must be there is not."""

SET = ("set",)
FIELDS = {
    id_: Field(id_, catalogue.FIELDS[id_].name, catalogue.FIELDS[id_].schema, read, operations)
    for id_, read, operations in (
        ("project", _project, SET),
        ("issuetype", _issue_type, SET),
        ("summary", _summary, SET),
        ("description", _document, SET),
        ("environment", _document, SET),
        ("priority", _priority, SET),
        ("labels", _label, ("add", "set", "remove")),
        ("assignee", assignee, SET),
        ("duedate", _due_date, SET),
        ("resolution", _resolution, SET),
        ("issuelinks", _link, ("add",)),
        ("comment", _comment, ("add",)),
    )
}
REQUIRED = tuple(MISSING)
CREATE_SCREEN = (
    *("project", "issuetype", "summary", "description", "environment"),
    *("priority", "labels", "assignee", "duedate", "issuelinks"),
)
EDIT_SCREEN = (*CREATE_SCREEN[1:], "comment")
