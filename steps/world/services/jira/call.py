"""One request, as the doors see it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from steps.world.services.jira import errors
from steps.world.services.jira.errors import Answer, Refused
from steps.world.services.jira.fields import Writer
from steps.world.services.jira.limits import Limits
from steps.world.services.jira.records import Issue, Permission, User
from steps.world.services.jira.site import Site


@dataclass(frozen=True, slots=True)
class Call:
    """A request of a known user."""

    site: Site
    limits: Limits
    user: User
    path: Mapping[str, str]
    query: QueryParams
    raw: bytes

    @property
    def writer(self) -> Writer:
        """In whose name values are read."""
        return Writer(self.site, self.user)

    def body(self) -> dict[str, Any]:
        """The body's JSON object. Raises Refused."""
        try:
            body = json.loads(self.raw)
        except (ValueError, RecursionError):
            raise Refused(errors.not_json()) from None
        if not isinstance(body, dict):
            raise Refused(errors.invalid_payload())
        return body

    def issue(self) -> Issue:
        """The issue that the path names. Raises Refused."""
        return self.site.issue(self.path["issue"], self.user)

    def may(self, issue: Issue) -> Permission:
        """What the caller may do with the issue."""
        return self.site.may(self.user, issue.project)

    def write(self, *issues: Issue) -> None:
        """Counts a write to these issues. Raises Refused when there were too many."""
        for issue in issues:
            self.limits.write(issue.id, self.site.clock())

    def number(self, name: str, default: int) -> int:
        """A whole number of the query. Raises Refused."""
        return whole(name, self.query.get(name, default))

    def names(self, name: str) -> list[str]:
        """A list of the query, separated by commas or given several times."""
        return [each.strip() for given in self.query.getlist(name) for each in given.split(",") if each.strip()]

    def expanded(self, names: list[str]) -> list[str]:
        """What an issue is to be expanded by. Raises Refused for what Jira has and the double does not."""
        if unknown := [name for name in names if name in NOT_EXPANDED]:
            raise Refused(errors.not_covered("the expansion", f"{unknown[0]} of an issue"))
        return names


NOT_EXPANDED = (
    *("renderedFields", "names", "schema", "operations", "editmeta", "versionedRepresentations"),
    "transitions.fields",
)
"""What Jira expands an issue by, and the double does not."""
Door = Callable[[Call], Answer]
Doors = dict[str, dict[str, Door]]
"""By path and method, what answers."""


def whole(name: str, value: Any) -> int:
    """A parameter that has to be a whole number and not below zero. Raises Refused."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Refused(errors.invalid(f"The value of '{name}' must be a whole number that is not negative."))
    return value
