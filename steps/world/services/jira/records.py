"""What a site keeps. Times are aware UTC, to the millisecond; documents are ADF."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from steps.world.services.jira.catalogue import IssueType, LinkType, Priority, Resolution, Status

Document = dict[str, Any]


@dataclass(eq=False, slots=True)
class User:
    """An account of Atlassian's that may use the site."""

    account_id: str
    email: str
    name: str
    active: bool


@dataclass(eq=False, slots=True)
class Project:
    """The home of issues; `issue_numbers` counts those that were ever opened in it."""

    id: int
    key: str
    name: str
    lead: User
    issue_numbers: int = 0


@dataclass(frozen=True, slots=True)
class Permission:
    """What a user may do in a project."""

    browse: bool = True
    write: bool = True


@dataclass(eq=False, slots=True)
class Comment:
    """What somebody has written on an issue."""

    id: int
    author: User
    body: Document
    created: datetime
    updated: datetime


@dataclass(eq=False, slots=True)
class RemoteLink:
    """A link from an issue to anything with an address; `content` is what was posted."""

    id: int
    content: dict[str, Any]

    @property
    def global_id(self) -> str | None:
        """The name under which the link's maker can find it again."""
        return self.content.get("globalId")


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after: ids where the values have some, and what people read."""

    field: str
    before_id: str | None
    before: str | None
    after_id: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class History:
    """What one request changed."""

    id: int
    author: User
    created: datetime
    changes: tuple[Change, ...]


@dataclass(eq=False, slots=True, kw_only=True)
class Issue:
    """An issue. Where Jira has a field, its id is the attribute's name."""

    id: int
    project: Project
    number: int
    creator: User
    created: datetime
    updated: datetime
    issuetype: IssueType
    summary: str
    status: Status
    statuscategorychangedate: datetime
    priority: Priority
    description: Document | None = None
    environment: Document | None = None
    labels: tuple[str, ...] = ()
    assignee: User | None = None
    duedate: date | None = None
    resolution: Resolution | None = None
    resolutiondate: datetime | None = None
    comments: list[Comment] = field(default_factory=list)
    remote_links: list[RemoteLink] = field(default_factory=list)
    history: list[History] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What people call the issue."""
        return f"{self.project.key}-{self.number}"


@dataclass(frozen=True, slots=True)
class Link:
    """Two issues that hang together: `inward` e.g. blocks, `outward` is blocked."""

    id: int
    type: LinkType
    inward: Issue
    outward: Issue
