"""Linear through its GraphQL API (CONTRACTS §1), the real one and the double alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from pydantic import BaseModel, ConfigDict
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_before_delay

PASSING = frozenset({"internal error", "lock timeout", "network error", "ratelimited"})
"""Types of GraphQL errors after which the same call may succeed."""
LIMITS = ("requests", "complexity", "endpoint-requests")
CLOSED = ("completed", "canceled", "duplicate")
"""Types of the workflow states in which an issue is not open (CONTRACTS §1.1)."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between tries, where Linear does not say how long to wait."""

# An issue with all that hangs on it costs some 130 points, so pages are small; what overflows is read apart.
CONNECTIONS = {
    "labels": "nodes { name }",
    "comments": "nodes { id body createdAt editedAt user { email } }",
    "attachments": "nodes { id title subtitle url }",
    "relations": "nodes { id type relatedIssue { id identifier } }",
    "inverseRelations": "nodes { id type issue { id identifier } }",
}
PAGE_INFO = "pageInfo { hasNextPage endCursor }"
ISSUE = f"""fragment ISSUE on Issue {{
  id identifier title description priority url createdAt completedAt canceledAt archivedAt
  team {{ key }} state {{ name type }} assignee {{ email }} parent {{ id identifier }}
  {" ".join(f"{name}(first: 10) {{ {nodes} {PAGE_INFO} }}" for name, nodes in CONNECTIONS.items())}
}}"""
ISSUES = f"""query issues($filter: IssueFilter, $after: String) {{
  issues(filter: $filter, first: 5, after: $after, includeArchived: true) {{
    nodes {{ ...ISSUE }} {PAGE_INFO}
  }}
}} {ISSUE}"""
REST = {
    name: f"""query {name}($id: String!, $after: String) {{
  issue(id: $id) {{ {name}(first: 100, after: $after) {{ {nodes} {PAGE_INFO} }} }}
}}"""
    for name, nodes in CONNECTIONS.items()
}
ONE_ISSUE = f"query issue($id: String!) {{ issue(id: $id) {{ ...ISSUE }} }} {ISSUE}"
VIEWER = "query viewer { viewer { id name email active } }"
TEAM = "query team($key: String!) { teams(filter: { key: { eq: $key } }, first: 1) { nodes { id } } }"
USER = """query user($email: String!) {
  users(filter: { email: { eqIgnoreCase: $email } }, first: 1, includeDisabled: true) {
    nodes { id name email active } } }"""
LABEL = """query label($name: String!) {
  issueLabels(filter: { name: { eqIgnoreCase: $name } }, first: 50) { nodes { id team { key } } } }"""
STATES = """query states($team: ID!, $type: String!) {
  workflowStates(filter: { team: { id: { eq: $team } }, type: { eq: $type } }, first: 1) { nodes { id } } }"""
CREATE_LABEL = """mutation createLabel($input: IssueLabelCreateInput!) {
  issueLabelCreate(input: $input) { issueLabel { id } } }"""
DELETE_LABEL = "mutation deleteLabel($id: String!) { issueLabelDelete(id: $id) { success } }"
CREATE_ISSUE = f"""mutation createIssue($input: IssueCreateInput!) {{
  issueCreate(input: $input) {{ issue {{ ...ISSUE }} }} }} {ISSUE}"""
DELETE_ISSUE = "mutation deleteIssue($id: String!) { issueDelete(id: $id) { success } }"
CHANGE = """mutation change($id: String!, $input: IssueUpdateInput!) {
  issueUpdate(id: $id, input: $input) { success } }"""
COMMENT = "mutation comment($input: CommentCreateInput!) { commentCreate(input: $input) { success } }"


class LinearUnavailable(Exception):
    """Linear could not be read or prepared: the environment's fault, not the agent's."""


class User(BaseModel):
    """Somebody with an account in Linear."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    email: str
    active: bool


class Comment(BaseModel):
    """What somebody has written on an issue."""

    model_config = ConfigDict(frozen=True)

    id: str
    body: str
    created_at: datetime
    edited_at: datetime | None
    author_email: str | None


class Attachment(BaseModel):
    """A link on an issue."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    subtitle: str | None
    url: str


class Relation(BaseModel):
    """Another issue, and how it is related; `outgoing` when the issue at hand is the one that e.g. blocks.

    What the issue at hand is a part of is told as a relation of the type `parent`.
    """

    model_config = ConfigDict(frozen=True)

    type: str
    id: str
    identifier: str
    outgoing: bool


class Issue(BaseModel):
    """An issue with all that hangs on it, as Linear shows it. Comments are in order of time."""

    model_config = ConfigDict(frozen=True)

    id: str
    identifier: str
    title: str
    description: str | None
    priority: int
    state_name: str
    state_type: str
    team_key: str
    labels: tuple[str, ...]
    assignee_email: str | None
    url: str
    created_at: datetime
    completed_at: datetime | None
    canceled_at: datetime | None
    archived: bool
    comments: tuple[Comment, ...]
    attachments: tuple[Attachment, ...]
    relations: tuple[Relation, ...]

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to care for it."""
        return self.state_type not in CLOSED and not self.archived

    @property
    def text(self) -> str:
        """Everything that is written on the issue."""
        return "\n".join(self.texts)

    @property
    def texts(self) -> list[str]:
        """The same, with each text by itself: no heading in the description is one of a comment."""
        said = [self.title, self.description or "", *(comment.body for comment in self.comments)]
        return [*said, *(f"{link.title} {link.url}" for link in self.attachments)]


class Linear:
    """Looks at a workspace, prepares it, and cleans it up.

    `team_key` names the team in which issues and labels are made; issues are found in every team. A call is
    tried for at most `patience` seconds, with pauses, and never before a rate limit's reset. When that does
    not help, or Linear refuses, every method raises LinearUnavailable with a sentence.
    """

    def __init__(self, client: httpx.Client, url: str, api_key: str, team_key: str, patience: float = 30.0) -> None:
        self._client = client
        self._url = url
        self._api_key = api_key
        self._team_key = team_key
        self._patience = patience
        self._limited_until = 0.0

    # -- looking ---------------------------------------------------------------------------------------------

    def viewer(self) -> User:
        """Whose key the suite uses."""
        return User.model_validate(self._ask(VIEWER)["viewer"])

    def issues_mentioning(self, *facts: str) -> list[Issue]:
        """Every issue that mentions at least one of the facts, whatever the letter case, the oldest first.

        Title, description, comments and attachments are looked through, in every team, archived and trashed
        issues included. It is a filter over the records, not the search, whose index may lag behind.
        """
        return _oldest_first(self._found(facts))

    def issue(self, ref: str) -> Issue:
        """The issue with that id or identifier."""
        return self._issue(self._ask(ONE_ISSUE, id=ref)["issue"])

    def user(self, email: str) -> User | None:
        """The account with that e-mail address, disabled ones included."""
        found = self._ask(USER, email=email)["users"]["nodes"]
        return User.model_validate(found[0]) if found else None

    def label(self, name: str) -> str | None:
        """The id of the label of that name that the team's issues can carry."""
        for label in self._ask(LABEL, name=name)["issueLabels"]["nodes"]:
            if label["team"] is None or label["team"]["key"] == self._team_key:
                return str(label["id"])
        return None

    # -- preparing -------------------------------------------------------------------------------------------

    def create_label(self, name: str) -> str:
        """Sees to it that the team has a label of that name, and returns its id."""
        if found := self.label(name):
            return found
        made = self._do(CREATE_LABEL, input={"name": name, "teamId": self._team_id()})
        return str(made["issueLabelCreate"]["issueLabel"]["id"])

    def create_issue(self, title: str, description: str = "") -> Issue:
        """Opens an issue in the team, for instance one that an agent must leave alone."""
        wanted = {"id": str(uuid4()), "teamId": self._team_id(), "title": title, "description": description}
        return self._issue(self._do(CREATE_ISSUE, input=wanted)["issueCreate"]["issue"])

    def describe(self, issue: Issue, description: str) -> None:
        """Gives the issue this description in place of the one that it has."""
        self._do(CHANGE, id=issue.id, input={"description": description})

    def comment(self, issue: Issue, body: str) -> None:
        """Comments on the issue."""
        self._do(COMMENT, input={"id": str(uuid4()), "issueId": issue.id, "body": body})

    def move(self, issue: Issue, type_: str) -> None:
        """Takes the issue to a state of that type, for instance `started`."""
        found = self._ask(STATES, team=self._team_id(), type=type_)["workflowStates"]["nodes"]
        if not found:
            raise LinearUnavailable(
                f"Linear's team {self._team_key} has no state of the type {type_}; give its workflow one."
            )
        self._do(CHANGE, id=issue.id, input={"stateId": found[0]["id"]})

    # -- cleaning up -----------------------------------------------------------------------------------------

    def delete_issue(self, issue: Issue) -> None:
        """Puts the issue into the bin."""
        self._do(DELETE_ISSUE, id=issue.id)

    def delete_issues_mentioning(self, *facts: str) -> int:
        """Puts every issue that mentions one of the facts into the bin; says how many."""
        issues = [issue for issue in self.issues_mentioning(*facts) if not issue.archived]
        for issue in issues:
            self.delete_issue(issue)
        return len(issues)

    def delete_label(self, name: str) -> None:
        """Removes the label of that name, if there is one."""
        if found := self.label(name):
            self._do(DELETE_LABEL, id=found)

    # -- reading ---------------------------------------------------------------------------------------------

    def _found(self, facts: tuple[str, ...]) -> Iterator[Issue]:
        wanted = []
        for fact in facts:
            has = {"containsIgnoreCase": fact}
            link = [{"title": has}, {"subtitle": has}, {"url": has}]
            wanted += [
                {"title": has},
                {"description": has},
                {"comments": {"some": {"body": has}}},
                {"attachments": {"some": {"or": link}}},
            ]
        if not wanted:
            return
        after = None
        while True:
            page = self._ask(ISSUES, filter={"or": wanted}, after=after)["issues"]
            for node in page["nodes"]:
                yield self._issue(node)
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    def _issue(self, node: dict[str, Any]) -> Issue:
        nodes = {name: self._all(node, name) for name in CONNECTIONS}
        comments = [
            Comment(
                id=comment["id"],
                body=comment["body"],
                created_at=comment["createdAt"],
                edited_at=comment["editedAt"],
                author_email=comment["user"] and comment["user"]["email"],
            )
            for comment in nodes["comments"]
        ]
        relations = [
            Relation(type=relation["type"], outgoing=outgoing, **relation[other])
            for name, other, outgoing in (
                ("relations", "relatedIssue", True),
                ("inverseRelations", "issue", False),
            )
            for relation in nodes[name]
        ]
        if parent := node["parent"]:
            relations.append(Relation(type="parent", outgoing=False, **parent))
        return Issue(
            id=node["id"],
            identifier=node["identifier"],
            title=node["title"],
            description=node["description"],
            priority=node["priority"],
            state_name=node["state"]["name"],
            state_type=node["state"]["type"],
            team_key=node["team"]["key"],
            labels=tuple(sorted(label["name"] for label in nodes["labels"])),
            assignee_email=node["assignee"] and node["assignee"]["email"],
            url=node["url"],
            created_at=node["createdAt"],
            completed_at=node["completedAt"],
            canceled_at=node["canceledAt"],
            archived=node["archivedAt"] is not None,
            comments=tuple(_oldest_first(comments)),
            attachments=tuple(Attachment.model_validate(link) for link in nodes["attachments"]),
            relations=tuple(relations),
        )

    def _all(self, node: dict[str, Any], name: str) -> list[dict[str, Any]]:
        """All that hangs on an issue under that name: what came with it, and the pages that did not."""
        page = node[name]
        nodes: list[dict[str, Any]] = list(page["nodes"])
        while page["pageInfo"]["hasNextPage"]:
            page = self._ask(REST[name], id=node["id"], after=page["pageInfo"]["endCursor"])["issue"][name]
            nodes += page["nodes"]
        return nodes

    def _team_id(self) -> str:
        found = self._ask(TEAM, key=self._team_key)["teams"]["nodes"]
        if not found:
            raise LinearUnavailable(
                f"Linear has no team with the key {self._team_key}; name an existing one in the profile."
            )
        return str(found[0]["id"])

    # -- one call --------------------------------------------------------------------------------------------

    def _ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a query, which may be repeated at will."""
        return self._tried(query, variables, lambda failure: failure.passing)

    def _do(self, mutation: str, **variables: Any) -> dict[str, Any]:
        """The data of a mutation, which is repeated only when it surely has not been done."""
        return self._tried(mutation, variables, lambda failure: failure.undone)

    def _tried(
        self, document: str, variables: dict[str, Any], again: Callable[[_FailedTryError], bool]
    ) -> dict[str, Any]:
        tries = Retrying(
            retry=retry_if_exception(lambda failure: isinstance(failure, _FailedTryError) and again(failure)),
            wait=self._pause,
            stop=stop_before_delay(self._patience),
            reraise=True,
        )
        try:
            return tries(self._once, document, variables)
        except _FailedTryError as failure:
            raise LinearUnavailable(f"Linear at {self._url} {failure}") from failure

    def _pause(self, state: RetryCallState) -> float:
        until_reset = self._limited_until - time.time()
        growing = min(FIRST_PAUSE * 2 ** (state.attempt_number - 1), LONGEST_PAUSE)
        return until_reset if until_reset > 0 else growing

    def _once(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        if time.time() < self._limited_until:
            raise _FailedTryError(self._limit_told, passing=True, undone=True)
        try:
            response = self._client.post(
                self._url,
                json={"query": document, "variables": variables},
                headers={"Authorization": self._api_key},
            )
        except httpx.TransportError as error:
            unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            raise _FailedTryError(f"does not answer: {error!r}.", passing=True, undone=unsent) from error
        return self._data(response)

    def _data(self, response: httpx.Response) -> dict[str, Any]:
        """The data of an answer; raises _FailedTryError with what is wrong with it."""
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise _FailedTryError(
                f"answered {response.status_code}, but not in JSON: {response.text[:80]!r}.",
                passing=response.status_code < 400 or response.status_code >= 500,
            )
        errors = answer.get("errors") or []
        extensions = (errors[0].get("extensions") or {}) if errors else {}
        if extensions.get("code") == "RATELIMITED" or response.status_code == 429:
            self._limited_until = _reset(response)
            raise _FailedTryError(self._limit_told, passing=True, undone=True)
        if response.status_code == 401:
            raise _FailedTryError("does not accept the suite's key; give it a valid one.")
        if errors:
            said = dict.fromkeys((errors[0].get("message"), extensions.get("userPresentableMessage")))
            reason = ": ".join(sentence.rstrip(".") for sentence in said if sentence)
            raise _FailedTryError(
                f"answered {response.status_code}: {reason}.",
                passing=extensions.get("type") in PASSING or response.status_code >= 500,
            )
        if not response.is_success or not isinstance(answer.get("data"), dict):
            raise _FailedTryError(f"answered {response.status_code} without data.", passing=response.is_server_error)
        data: dict[str, Any] = answer["data"]
        return data

    @property
    def _limit_told(self) -> str:
        seconds = max(0.0, self._limited_until - time.time())
        return f"has reached the rate limit of the suite's key, which ends in {seconds:.1f} s."


class _FailedTryError(Exception):
    """One try that failed: `passing` when another may succeed, `undone` when Linear surely did nothing."""

    def __init__(self, sentence: str, *, passing: bool = False, undone: bool = False) -> None:
        super().__init__(sentence)
        self.passing = passing
        self.undone = undone


Made = TypeVar("Made", Issue, Comment)


def _oldest_first(listed: Iterable[Made]) -> list[Made]:
    """Linear lists the newest first, also of those that were made at the same millisecond."""
    oldest = list(listed)
    oldest.reverse()
    return sorted(oldest, key=lambda one: one.created_at)


def _reset(response: httpx.Response) -> float:
    """When the limits that are used up are full again, in epoch seconds; soon, when Linear does not say."""
    resets = [
        float(response.headers[f"x-ratelimit-{limit}-reset"]) / 1000
        for limit in LIMITS
        if response.headers.get(f"x-ratelimit-{limit}-remaining") == "0"
        and f"x-ratelimit-{limit}-reset" in response.headers
    ]
    return max(resets, default=time.time() + LONGEST_PAUSE)
