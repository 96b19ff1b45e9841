"""The site: everything that Jira keeps, and the one place where it is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import uuid4

from steps.world.services.jira import adf, errors
from steps.world.services.jira.catalogue import (
    DEFAULT_PRIORITY,
    DONE,
    RESOLUTIONS,
    SOFTWARE,
    STATUSES,
    LinkType,
    Transition,
    Workflow,
)
from steps.world.services.jira.errors import Refused
from steps.world.services.jira.records import (
    Change,
    Comment,
    Document,
    History,
    Issue,
    Link,
    Permission,
    Project,
    RemoteLink,
    User,
)

MOST_COMMENTS, MOST_LINKS, MOST_REMOTE_LINKS = 5000, 2000, 2000
"""What one issue can hold; beyond it Jira answers 413."""


class Site:
    """The records of one site. `url` is where people look at it, `clock` gives epoch seconds."""

    def __init__(self, url: str, clock: Callable[[], float]) -> None:
        self.url = url
        self.clock = clock
        self.users: list[User] = []
        self.projects: list[Project] = []
        self.links: list[Link] = []
        self.permissions: dict[tuple[User, Project], Permission] = {}
        self.index_lag = 0.0
        """Seconds until the search finds a new issue."""
        self.workflow: Workflow = SOFTWARE
        """The ways that issues can go."""
        self.searches: dict[str, tuple[str, list[Issue]]] = {}
        """By page token, the text of a search and what is left to tell of it."""
        self._by_id: dict[str, Issue] = {}
        self._by_key: dict[str, Issue] = {}
        self._ids = count(10000)

    def now(self) -> datetime:
        """The time, to the millisecond, as Jira keeps it."""
        return datetime.fromtimestamp(int(self.clock() * 1000) / 1000, UTC)

    # -- finding ------------------------------------------------------------------------------------------------------

    def issues(self, viewer: User) -> list[Issue]:
        """Every issue that the user may see, the oldest first."""
        return [issue for issue in self._by_id.values() if self.may(viewer, issue.project).browse]

    def issue(self, ref: str, viewer: User) -> Issue:
        """The issue with that id or key. Raises Refused when there is none that the user may see."""
        found = self._by_id.get(ref) or self._by_key.get(ref.upper())
        if found is None or not self.may(viewer, found.project).browse:
            raise Refused(errors.issue_not_found())
        return found

    def names_of_issues(self) -> frozenset[str]:
        """What an issue can be found by."""
        return frozenset((*self._by_id, *self._by_key))

    def project(self, ref: str, viewer: User) -> Project | None:
        """The project with that id or key, if the user may see it."""
        for project in self.projects:
            if ref in (project.key, str(project.id)) and self.may(viewer, project).browse:
                return project
        return None

    def user(self, account_id: str) -> User | None:
        """The user with that account id."""
        return next((user for user in self.users if user.account_id == account_id), None)

    def may(self, user: User, project: Project) -> Permission:
        """What the user may do in the project."""
        return self.permissions.get((user, project), Permission())

    def links_of(self, issue: Issue) -> list[Link]:
        """The links that begin or end at the issue."""
        return [link for link in self.links if issue in (link.inward, link.outward)]

    # -- what the world puts in ---------------------------------------------------------------------------------------

    def add_user(self, email: str, name: str, *, active: bool) -> User:
        """An account that may use the site."""
        user = User(f"712020:{uuid4()}", email, name, active)
        self.users.append(user)
        return user

    def add_project(self, key: str, name: str, lead: User) -> Project:
        """A project with the site's workflow, types and priorities."""
        project = Project(next(self._ids), key, name, lead)
        self.projects.append(project)
        return project

    # -- changing -----------------------------------------------------------------------------------------------------

    def open(self, project: Project, author: User, values: Mapping[str, Any]) -> Issue:
        """A new issue with these values of its fields."""
        now = self.now()
        project.issue_numbers += 1
        issue = Issue(
            id=next(self._ids),
            project=project,
            number=project.issue_numbers,
            creator=author,
            created=now,
            updated=now,
            status=STATUSES[0],
            statuscategorychangedate=now,
            **{"priority": DEFAULT_PRIORITY, **values},
        )
        self._by_id[str(issue.id)] = self._by_key[issue.key] = issue
        return issue

    def change(self, issue: Issue, author: User, values: Mapping[str, Any]) -> None:
        """Gives fields new values, and tells what was different in the history."""
        changes = [
            Change(name, *_told(getattr(issue, name)), *_told(value))
            for name, value in values.items()
            if getattr(issue, name) != value
        ]
        for name, value in values.items():
            setattr(issue, name, value)
        issue.updated = self.now()
        if changes:
            issue.history.append(History(next(self._ids), author, issue.updated, tuple(changes)))

    def move(self, issue: Issue, author: User, transition: Transition, values: Mapping[str, Any]) -> None:
        """Takes the issue through a transition. Work that is done gets a resolution, other work loses it."""
        done = transition.to.category is DONE
        resolution = values.get("resolution") or issue.resolution or RESOLUTIONS[0] if done else None
        if transition.to.category is not issue.status.category:
            issue.statuscategorychangedate = self.now()
        if (resolution is None) is not (issue.resolution is None):
            issue.resolutiondate = self.now() if resolution else None
        self.change(issue, author, {**values, "status": transition.to, "resolution": resolution})

    def comment(self, issue: Issue, author: User, bodies: Iterable[Document]) -> list[Comment]:
        """Comments on the issue. Raises Refused when it can hold no more."""
        now = self.now()
        made = [Comment(next(self._ids), author, body, now, now) for body in bodies]
        if len(issue.comments) + len(made) > MOST_COMMENTS:
            raise Refused(errors.too_large(f"The issue has reached its limit of {MOST_COMMENTS} comments."))
        issue.comments += made
        if made:
            issue.updated = self.now()
        return made

    def edit_comment(self, issue: Issue, comment: Comment, body: Document) -> None:
        """Gives a comment on the issue another body."""
        comment.body = body
        comment.updated = issue.updated = self.now()

    def link(self, type_: LinkType, inward: Issue, outward: Issue) -> None:
        """Links two issues, once. Raises Refused when one of them can hold no more."""
        if any((link.type, link.inward, link.outward) == (type_, inward, outward) for link in self.links):
            return
        if any(len(self.links_of(issue)) >= MOST_LINKS for issue in (inward, outward)):
            raise Refused(errors.too_large(f"The issue has reached its limit of {MOST_LINKS} issue links."))
        self.links.append(Link(next(self._ids), type_, inward, outward))
        inward.updated = outward.updated = self.now()

    def link_remotely(self, issue: Issue, content: dict[str, Any]) -> tuple[RemoteLink, bool]:
        """Links the issue to something elsewhere; says whether the link is new, and not one whose globalId was known.

        Raises Refused when the issue can hold no more.
        """
        for link in issue.remote_links:
            if link.global_id is not None and link.global_id == content.get("globalId"):
                link.content = content
                return link, False
        if len(issue.remote_links) >= MOST_REMOTE_LINKS:
            raise Refused(errors.too_large(f"The issue has reached its limit of {MOST_REMOTE_LINKS} remote links."))
        link = RemoteLink(next(self._ids), content)
        issue.remote_links.append(link)
        return link, True

    def delete(self, issue: Issue) -> None:
        """Forgets the issue and its links."""
        del self._by_id[str(issue.id)], self._by_key[issue.key]
        self.links = [link for link in self.links if issue not in (link.inward, link.outward)]


def _told(value: Any) -> tuple[str | None, str | None]:
    """Id and text of a field's value, as the history tells it."""
    match value:
        case None:
            return None, None
        case User():
            return value.account_id, value.name
        case tuple():
            return None, " ".join(value)
        case dict():
            return None, adf.text(value)
        case str():
            return None, value
        case date():
            return value.isoformat(), value.isoformat()
        case _:
            return value.id, value.name
