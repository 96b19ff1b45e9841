"""Jira Cloud through its REST API v3 (CONTRACTS §2), the real one and the double alike."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_before_delay

Document = dict[str, Any]
"""Text in the Atlassian Document Format."""

FIELDS = (
    *("project", "issuetype", "summary", "description", "environment", "status", "priority", "labels", "assignee"),
    *("created", "updated", "resolutiondate", "comment", "issuelinks"),
)
DONE = "done"
"""Key of the category of the statuses in which nothing is left to do, the same in every workflow."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between tries, where Jira does not say how long to wait."""
MARGIN = 2
"""Minutes that a search looks further back than it has to: its own are whole, and Jira's index may be late."""
PAGE = 100


class JiraUnavailable(Exception):
    """Jira could not be read or prepared: the environment's fault, not the agent's."""


class Account(BaseModel):
    """Somebody who may use the site; the e-mail address is None where it is kept private."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    email: str | None
    active: bool


class Comment(BaseModel):
    """What somebody has written on an issue, as text and as Jira keeps it."""

    model_config = ConfigDict(frozen=True)

    id: str
    body: str
    document: Document
    created_at: datetime
    edited_at: datetime | None
    author: Account | None


class Link(BaseModel):
    """Another issue, and how the issue at hand is related to it in words, e.g. `blocks`."""

    model_config = ConfigDict(frozen=True)

    type: str
    relation: str
    key: str


class RemoteLink(BaseModel):
    """A link from an issue to somewhere else."""

    model_config = ConfigDict(frozen=True)

    global_id: str | None
    title: str
    url: str


class Change(BaseModel):
    """One field before and after, as people read it."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    field: str
    before: str | None
    after: str | None


class Issue(BaseModel):
    """An issue with all that hangs on it, as Jira shows it; texts are plain. Comments and changes in order of time."""

    model_config = ConfigDict(frozen=True)

    id: str
    key: str
    url: str
    project: str
    type: str
    summary: str
    description: str
    document: Document | None
    """The description as Jira keeps it."""
    environment: str
    priority: str | None
    status: str
    status_category: str
    labels: tuple[str, ...]
    assignee: Account | None
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    comments: tuple[Comment, ...]
    links: tuple[Link, ...]
    remote_links: tuple[RemoteLink, ...]
    changes: tuple[Change, ...]

    @property
    def identifier(self) -> str:
        """What people call it: the key."""
        return self.key

    @property
    def title(self) -> str:
        """What people read first: the summary."""
        return self.summary

    @property
    def state_name(self) -> str:
        """Where it stands in the workflow: the status."""
        return self.status

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to care for it: its status is not of the category `done`."""
        return self.status_category != DONE

    @property
    def text(self) -> str:
        """Everything that is written on the issue."""
        said = [self.summary, self.description, self.environment, *self.labels]
        said += [comment.body for comment in self.comments]
        said += [f"{link.title} {link.url} {link.global_id or ''}" for link in self.remote_links]
        return "\n".join(said)

    def mentions(self, *facts: str) -> bool:
        """Whether at least one of the facts is written on the issue, whatever the letter case."""
        text = self.text.casefold()
        return any(fact.casefold() in text for fact in facts)


class Jira:
    """Looks at a site, prepares it, and cleans it up.

    `url` is the site's address, `project` the key of the project in which issues are made and looked for; the account
    should be the suite's own. A call is tried for at most `patience` seconds, with pauses, and never before the time
    that Jira asks to wait for. When that does not help, or Jira refuses, every method raises JiraUnavailable with a
    sentence.
    """

    def __init__(
        self, client: httpx.Client, url: str, email: str, token: str, project: str, patience: float = 30.0
    ) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._auth = httpx.BasicAuth(email, token)
        self._project = project
        self._patience = patience
        self._limited_until = 0.0
        self._known: dict[str, Issue] = {}
        self._newest: int | None = None
        self._looked_at = time.monotonic()

    # -- looking ------------------------------------------------------------------------------------------------------

    def myself(self) -> Account:
        """Whose token the suite uses."""
        return _account(self._ask("/myself"))

    def account(self, email: str) -> Account | None:
        """The account with that e-mail address, if it is active and shows it."""
        found = [_account(each) for each in self._ask("/user/search", query=email)]
        return next((each for each in found if (each.email or "").lower() == email.lower()), None)

    def issues_mentioning(self, *facts: str) -> list[Issue]:
        """Every issue of the project that mentions at least one of the facts, the oldest first.

        All issues are looked through that were changed since this driver was made: fields, comments, remote links.
        Jira's late index does not matter: no text is searched for, an issue that is not listed yet is found by its
        number, and what is returned is read from the record. Only a remote link that alone mentions a fact is seen no
        sooner than the issue's next change.
        """
        just_read = self._catch_up()
        found = [
            issue if issue.id in just_read else self._read(issue.id)
            for issue in list(self._known.values())
            if issue.mentions(*facts)
        ]
        return sorted((issue for issue in found if issue), key=lambda issue: (issue.created_at, int(issue.id)))

    def issue(self, ref: str) -> Issue:
        """The issue with that id or key."""
        issue = self._read(ref)
        if issue is None:
            raise JiraUnavailable(f"{self._url} has no issue {ref} that the suite's account may see.")
        return issue

    # -- preparing ----------------------------------------------------------------------------------------------------

    def create_issue(self, summary: str, description: str = "", type_: str = "Task") -> Issue:
        """Opens an issue in the project, for instance one that an agent must leave alone."""
        fields = {"project": {"key": self._project}, "issuetype": {"name": type_}, "summary": summary}
        told = {"description": document(description)} if description else {}
        return self.issue(self._do("POST", "/issue", {"fields": {**fields, **told}})["key"])

    def describe(self, issue: Issue, description: Document) -> None:
        """Gives the issue this description in place of the one that it has."""
        self._do("PUT", f"/issue/{issue.id}", {"fields": {"description": description}})

    def comment(self, issue: Issue, text: str) -> None:
        """Comments on the issue."""
        self._do("POST", f"/issue/{issue.id}/comment", {"body": document(text)})

    def move(self, issue: Issue, category: str) -> None:
        """Takes the issue to a status of that category: `new`, `indeterminate` or `done`."""
        for transition in self._ask(f"/issue/{issue.id}/transitions")["transitions"]:
            if transition["to"]["statusCategory"]["key"] == category:
                self._do("POST", f"/issue/{issue.id}/transitions", {"transition": {"id": transition["id"]}})
                return
        raise JiraUnavailable(
            f"{self._url} has no way to take {issue.key} to a status of the category {category}; "
            "give its workflow one, or let the suite's account use it."
        )

    # -- cleaning up --------------------------------------------------------------------------------------------------

    def delete_issue(self, issue: Issue) -> None:
        """Removes the issue for good; that it is gone already is no mistake."""
        self._tried("DELETE", f"/issue/{issue.id}", lambda failure: failure.passing, gone_is_fine=True)
        self._known.pop(issue.id, None)

    def delete_issues_mentioning(self, *facts: str) -> int:
        """Removes every issue that `issues_mentioning` finds; says how many."""
        issues = self.issues_mentioning(*facts)
        for issue in issues:
            self.delete_issue(issue)
        return len(issues)

    # -- reading ------------------------------------------------------------------------------------------------------

    def _catch_up(self) -> set[str]:
        """Reads every issue that is new or changed since the last look; returns their ids."""
        began = time.monotonic()
        if self._newest is None:
            first = next(self._found(f'project = "{self._project}" ORDER BY key DESC', "key", 1), None)
            self._newest = _number(first["key"]) if first else 0
        minutes = math.ceil((began - self._looked_at) / 60) + MARGIN
        read = set()
        for listed in self._found(f'project = "{self._project}" AND updated >= -{minutes}m', "updated", PAGE):
            known = self._known.get(listed["id"])
            if known is None or known.updated_at != _time(listed["fields"]["updated"]):
                self._read(listed["id"])
                read.add(listed["id"])
        number = self._newest + 1
        while issue := self._read(f"{self._project}-{number}"):
            read.add(issue.id)
            number += 1
        self._looked_at = began
        return read

    def _found(self, jql: str, fields: str, most: int) -> Iterator[dict[str, Any]]:
        """The issues that a query finds, page after page of at most so many, with the named fields alone."""
        token: dict[str, str] = {}
        while True:
            page = self._ask("/search/jql", jql=jql, fields=fields, maxResults=str(most), **token)
            yield from page["issues"]
            if "nextPageToken" not in page:
                return
            token = {"nextPageToken": page["nextPageToken"]}

    def _read(self, ref: str) -> Issue | None:
        """The issue as it is now, which is remembered; None when there is none."""
        told = self._seek(f"/issue/{ref}", fields=",".join(FIELDS), expand="changelog")
        if told is None:
            self._known.pop(ref, None)
            return None
        issue = self._issue(told)
        if issue.project == self._project:
            self._known[issue.id] = issue
            if self._newest is not None:
                self._newest = max(self._newest, _number(issue.key))
        return issue

    def _issue(self, told: dict[str, Any]) -> Issue:
        fields, id_ = told["fields"], told["id"]
        return Issue(
            id=id_,
            key=told["key"],
            url=f"{self._url}/browse/{told['key']}",
            project=fields["project"]["key"],
            type=fields["issuetype"]["name"],
            summary=fields["summary"],
            description=plain_text(fields.get("description")),
            document=fields.get("description"),
            environment=plain_text(fields.get("environment")),
            priority=fields["priority"]["name"] if fields.get("priority") else None,
            status=fields["status"]["name"],
            status_category=fields["status"]["statusCategory"]["key"],
            labels=tuple(sorted(fields.get("labels") or ())),
            assignee=_account(fields["assignee"]) if fields.get("assignee") else None,
            created_at=_time(fields["created"]),
            updated_at=_time(fields["updated"]),
            resolved_at=_time(fields["resolutiondate"]) if fields.get("resolutiondate") else None,
            comments=tuple(self._comments(id_, fields.get("comment") or {"comments": [], "total": 0})),
            links=tuple(_link(each) for each in fields.get("issuelinks") or ()),
            remote_links=tuple(_remote_link(each) for each in self._seek(f"/issue/{id_}/remotelink") or ()),
            changes=tuple(_changes(told.get("changelog") or {"histories": []})),
        )

    def _comments(self, id_: str, page: dict[str, Any]) -> list[Comment]:
        """All comments of an issue: those that came with it, and the pages that did not."""
        told = list(page["comments"])
        while len(told) < page["total"]:
            page = self._ask(f"/issue/{id_}/comment", startAt=str(len(told)), maxResults=str(PAGE))
            if not page["comments"]:
                break
            told += page["comments"]
        return sorted((_comment(each) for each in told), key=lambda comment: (comment.created_at, int(comment.id)))

    # -- one call -----------------------------------------------------------------------------------------------------

    def _ask(self, path: str, **query: str) -> Any:
        """What is found at a path; asking may be repeated at will."""
        return self._tried("GET", path, lambda failure: failure.passing, params=query)

    def _seek(self, path: str, **query: str) -> Any:
        """What is found at a path, or None."""
        return self._tried("GET", path, lambda failure: failure.passing, gone_is_fine=True, params=query)

    def _do(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """Changes something; repeated only when it surely has not been done."""
        return self._tried(method, path, lambda failure: failure.undone, json=body)

    def _tried(
        self,
        method: str,
        path: str,
        again: Callable[[_FailedTryError], bool],
        *,
        gone_is_fine: bool = False,
        **request: Any,
    ) -> Any:
        tries = Retrying(
            retry=retry_if_exception(lambda failure: isinstance(failure, _FailedTryError) and again(failure)),
            wait=self._pause,
            stop=stop_before_delay(self._patience),
            reraise=True,
        )
        try:
            return tries(self._once, method, path, request)
        except _FailedTryError as failure:
            if failure.gone and gone_is_fine:
                return None
            raise JiraUnavailable(f"{self._url} {failure}") from failure

    def _pause(self, state: RetryCallState) -> float:
        until_reset = self._limited_until - time.monotonic()
        growing = min(FIRST_PAUSE * 2 ** (state.attempt_number - 1), LONGEST_PAUSE)
        return until_reset if until_reset > 0 else growing

    def _once(self, method: str, path: str, request: dict[str, Any]) -> Any:
        if time.monotonic() < self._limited_until:
            raise _FailedTryError(self._limit_told, passing=True, undone=True)
        try:
            response = self._client.request(
                method,
                f"{self._url}/rest/api/3{path}",
                auth=self._auth,
                headers={"Accept": "application/json"},
                **request,
            )
        except httpx.TransportError as error:
            unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            raise _FailedTryError(f"does not answer: {error!r}.", passing=True, undone=unsent) from error
        return self._content(response)

    def _content(self, response: httpx.Response) -> Any:
        """What an answer holds, {} for nothing; raises _FailedTryError with what is wrong with it."""
        status = response.status_code
        if status == 429:
            self._limited_until = time.monotonic() + _wait(response)
            raise _FailedTryError(self._limit_told, passing=True, undone=True)
        if status == 401:
            raise _FailedTryError("does not accept the suite's e-mail address and token; give it valid ones.")
        if not response.is_success:
            raise _FailedTryError(
                f"answered {status}: {' '.join(_complaints(response))}",
                passing=response.is_server_error,
                gone=status == 404,
            )
        if not response.content:
            return {}
        try:
            return response.json()
        except ValueError:
            raise _FailedTryError(
                f"answered {status}, but not in JSON: {response.text[:80]!r}.", passing=True
            ) from None

    @property
    def _limit_told(self) -> str:
        seconds = max(0.0, self._limited_until - time.monotonic())
        return f"has reached the rate limit of the suite's account, which ends in {seconds:.1f} s."


class _FailedTryError(Exception):
    """One try that failed: `passing` when another may succeed, `undone` when Jira surely did nothing.

    `gone` when there is nothing at the path that the account may see.
    """

    def __init__(self, sentence: str, *, passing: bool = False, undone: bool = False, gone: bool = False) -> None:
        super().__init__(sentence)
        self.passing = passing
        self.undone = undone
        self.gone = gone


# -- what Jira tells --------------------------------------------------------------------------------------------------


def _wait(response: httpx.Response) -> float:
    """For how many seconds Jira asks to wait."""
    given = response.headers.get("retry-after", "")
    return float(given) if given.isdecimal() else LONGEST_PAUSE


def _complaints(response: httpx.Response) -> list[str]:
    """What Jira has against a request, in its own words."""
    try:
        told = response.json()
        return [*told["errorMessages"], *(f"{field}: {reason}" for field, reason in told["errors"].items())]
    except (ValueError, LookupError, TypeError, AttributeError):
        return [response.text[:80]]


def _time(told: str) -> datetime:
    return datetime.fromisoformat(told)


def _number(key: str) -> int:
    """The number in an issue's key."""
    return int(key.rpartition("-")[2])


def _account(told: dict[str, Any]) -> Account:
    return Account(
        id=told["accountId"],
        name=told.get("displayName") or "",
        email=told.get("emailAddress") or None,
        active=told.get("active", True),
    )


def _comment(told: dict[str, Any]) -> Comment:
    return Comment(
        id=told["id"],
        body=plain_text(told["body"]),
        document=told["body"],
        created_at=_time(told["created"]),
        edited_at=_time(told["updated"]) if told.get("updated", told["created"]) != told["created"] else None,
        author=_account(told["author"]) if told.get("author") else None,
    )


def _link(told: dict[str, Any]) -> Link:
    outward = "outwardIssue" in told
    return Link(
        type=told["type"]["name"],
        relation=told["type"]["outward" if outward else "inward"],
        key=told["outwardIssue" if outward else "inwardIssue"]["key"],
    )


def _remote_link(told: dict[str, Any]) -> RemoteLink:
    return RemoteLink(global_id=told.get("globalId"), title=told["object"]["title"], url=told["object"]["url"])


def _changes(told: dict[str, Any]) -> list[Change]:
    return sorted(
        (
            Change(
                at=_time(history["created"]),
                field=item["field"],
                before=item.get("fromString"),
                after=item.get("toString"),
            )
            for history in told["histories"]
            for item in history["items"]
        ),
        key=lambda change: change.at,
    )


# -- documents --------------------------------------------------------------------------------------------------------

INLINE = frozenset(
    {"text", "hardBreak", "emoji", "mention", "date", "status", "inlineCard", "placeholder", "mediaInline"}
)
"""Types of nodes that stand within a line; every other node is a block."""


def document(text: str) -> Document:
    """Plain text as a document, one paragraph per line."""
    paragraphs: list[Document] = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}]} if line else {"type": "paragraph"}
        for line in text.split("\n")
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}


def plain_text(document: Document | None) -> str:
    """What is to be read in a document, no character lost: blocks on lines of their own, links with their address."""
    return "\n".join(_lines(document)) if document else ""


def _lines(block: Document) -> Iterator[str]:
    kind, content = block.get("type"), block.get("content") or []
    if title := (block.get("attrs") or {}).get("title"):
        yield title
    if kind == "tableRow":
        yield " | ".join("\n".join(_lines(cell)) for cell in content)
    elif content and content[0].get("type") not in INLINE:
        for child in content:
            lines = _lines(child)
            if child.get("type") == "listItem":
                yield f"- {next(lines, '')}"
            yield from lines
    else:
        yield "".join(_said(content)) if content else _of_attributes(block)


def _said(line: list[Document]) -> Iterator[str]:
    """The texts within a line; the address of a link follows the last of its texts."""
    addresses = [_address(node) for node in line]
    for node, address, following in zip(line, addresses, [*addresses[1:], None], strict=True):
        text = node["text"] if node.get("type") == "text" else _of_attributes(node)
        yield text
        if address and address != following and address != text:
            yield f" ({address})"


def _address(node: Document) -> str | None:
    """Where a text links to."""
    links = (mark["attrs"]["href"] for mark in node.get("marks") or () if mark.get("type") == "link")
    return next(links, None)


def _of_attributes(node: Document) -> str:
    """What a node without content of its own says."""
    attributes = node.get("attrs") or {}
    match node.get("type"):
        case "hardBreak":
            return "\n"
        case "rule":
            return "---"
        case "date":
            return _day(attributes["timestamp"])
        case _:
            names = ("text", "url", "shortName", "alt", "id")
            return next((attributes[name] for name in names if attributes.get(name)), "")


def _day(milliseconds: str) -> str:
    """The day of a date node, or what it holds instead of a time."""
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return milliseconds
