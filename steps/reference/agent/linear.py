"""Linear as a tracker (CONTRACTS §1): one issue per draft, however often an answer is lost on the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import httpx

from steps.reference import logs
from steps.reference.agent.alert import derived_id
from steps.reference.agent.linear_access import Access
from steps.reference.agent.markdown import markdown
from steps.reference.agent.slm import Violation
from steps.reference.agent.tickets import Draft, Link, Section
from steps.reference.calls import (
    CallError,
    Limit,
    Recovery,
    RefusedError,
    Retries,
    TransientError,
    UnauthorizedError,
    check,
    retry_after,
    send,
)

ENDPOINT = "https://api.linear.app/graphql"
LABEL = "agent-sre"
LIMITS = ("Endpoint-Requests", "Requests", "Complexity")
"""What Linear counts; each has its own `X-RateLimit-<limit>-Remaining` and `-Reset` (CONTRACTS §1.3)."""
DEFAULT_WAIT = 60
"""Seconds to wait at a limit whose end Linear does not tell."""
WAITS = 50
"""So often a call is put off by a rate limit before it counts as failed: hours, as limits are per hour."""
PASSING = {"internal error", "lock timeout", "network error", "bootstrap error"}
"""Types of errors in an answer that are Linear's own trouble (CONTRACTS §1.2)."""

VIEWER = "query viewer { viewer { id } }"
TEAM = "query teams($key: String!) { teams(filter: {key: {eq: $key}}) { nodes { id } } }"
COMPLETED = """query workflowStates($team: ID!) {
  workflowStates(filter: {team: {id: {eq: $team}}, type: {eq: "completed"}}) { nodes { id position } } }"""
LABELS = """query issueLabels($name: String!) {
  issueLabels(filter: {name: {eqIgnoreCase: $name}, isGroup: {eq: false}}) { nodes { id team { id } } } }"""
USER = """query users($email: String!) {
  users(filter: {email: {eqIgnoreCase: $email}, active: {eq: true}}) { nodes { id } } }"""
ISSUE = "query issue($id: String!) { issue(id: $id) { id } }"
COMMENT = "query comment($id: String!) { comment(id: $id) { id } }"
ATTACHMENT = "query attachment($id: String!) { attachment(id: $id) { id } }"
RELATION = "query issueRelation($id: String!) { issueRelation(id: $id) { id } }"
CREATE_ISSUE = """mutation issueCreate($input: IssueCreateInput!) {
  issueCreate(input: $input) { success } }"""
UPDATE_ISSUE = """mutation issueUpdate($id: String!, $input: IssueUpdateInput!) {
  issueUpdate(id: $id, input: $input) { success } }"""
CREATE_COMMENT = """mutation commentCreate($input: CommentCreateInput!) {
  commentCreate(input: $input) { success } }"""
CREATE_RELATION = """mutation issueRelationCreate($input: IssueRelationCreateInput!) {
  issueRelationCreate(input: $input) { success } }"""
LINK = """mutation attachmentLinkURL($id: String!, $issueId: String!, $url: String!, $title: String!) {
  attachmentLinkURL(id: $id, issueId: $issueId, url: $url, title: $title) { success } }"""

WITHOUT_SLM = {"critical": 1, "warning": 2, "info": 3}


class NotFoundError(RefusedError):
    """Something that the call names is not in Linear."""


def priority(severity: str, violation: Violation | None) -> int:
    """Linear's priority: 1 Urgent, 2 High, 3 Normal, 4 Low (CONTRACTS §12, ruling 3)."""
    if violation is None or severity not in WITHOUT_SLM:
        return WITHOUT_SLM.get(severity, 3)
    if severity == "info":
        return 4
    return WITHOUT_SLM[severity] + (violation not in ("critical", "high"))


class Linear:
    """The issues of one team. All that is made has an id derived from its cause, so that it is made once."""

    name = "linear"

    def __init__(
        self, client: httpx.AsyncClient, access: Access, team: str, *, timeout: float, retries: Retries, later: float
    ) -> None:
        self._client = client
        self._access = access
        self._team = team
        self._timeout = timeout
        self._retries = retries
        self._limit = Limit("Linear")
        self._recovery = Recovery("Linear", access.authorization, lambda: self._ask(VIEWER, {}), later)
        self._known: dict[tuple[str, str], asyncio.Task[str | None]] = {}

    # -- the tracker ------------------------------------------------------------------------------

    async def open(self, draft: Draft) -> bool:
        """Makes the issue with its links and relation; whether it had been there before."""
        found = await self._open(draft)
        await asyncio.gather(*(self._link(draft.id, link) for link in draft.links))
        if draft.related_id:
            relation = {"issueId": draft.id, "relatedIssueId": draft.related_id, "type": "related"}
            await self._decorate(CREATE_RELATION, RELATION, {"id": derived_id(relation), **relation})
        return found

    async def exists(self, issue_id: str) -> bool:
        """Whether the issue is there."""
        return await self._exists(ISSUE, issue_id)

    async def comment(self, issue_id: str, key: str, sections: Sequence[Section]) -> None:
        """Adds a comment; the key tells it from the issue's other comments."""
        comment = {"id": derived_id(issue_id, key), "issueId": issue_id, "body": markdown(sections)}
        await self._create(CREATE_COMMENT, COMMENT, comment)

    async def has_comment(self, issue_id: str, key: str) -> bool:
        """Whether the issue has the comment with that key."""
        return await self._exists(COMMENT, derived_id(issue_id, key))

    async def complete(self, issue_id: str) -> None:
        """Moves the issue to the team's first state of type `completed` (ruling 5)."""
        try:
            await self.call(UPDATE_ISSUE, id=issue_id, input={"stateId": await self._completed_state()})
        except NotFoundError:
            self._known.clear()
            await self.call(UPDATE_ISSUE, id=issue_id, input={"stateId": await self._completed_state()})

    async def recovered(self, since: float) -> None:
        """Returns when a call has succeeded after that time of the event loop; tries one now and then."""
        await self._recovery.since(since)

    # -- what is created --------------------------------------------------------------------------

    async def _open(self, draft: Draft) -> bool:
        """Creates the issue: with what is known, else looked up anew, else without labels and assignee."""
        issue = {
            "id": draft.id,
            "title": draft.title,
            "description": markdown(draft.sections),
            "priority": priority(draft.severity, draft.violation),
        }
        for decorated in (True, True, False):
            try:
                extras = {"teamId": await self._team_id(), **(await self._extras(draft) if decorated else {})}
                return await self._create(CREATE_ISSUE, ISSUE, issue | extras)
            except NotFoundError as error:
                refusal = error
                logs.warning("Linear does not know something of the issue", error=str(error))
                self._known.clear()
        raise refusal

    async def _extras(self, draft: Draft) -> dict[str, Any]:
        """The labels and the assignee, as far as Linear has them."""
        names = [LABEL, draft.severity]
        labels = [await self._label(name) for name in names]
        extras: dict[str, Any] = {"labelIds": [label for label in labels if label]}
        if missing := [name for name, label in zip(names, labels, strict=True) if not label]:
            logs.warning("Linear has no such label; the issue goes without", labels=missing)
        if draft.assignee and (user := await self._look_up(USER, "email", draft.assignee)):
            extras["assigneeId"] = user
        elif draft.assignee:
            logs.warning("the engineer on call has no account in Linear; the issue stays unassigned")
        return extras

    async def _link(self, issue_id: str, link: Link) -> None:
        attachment = {"id": derived_id(issue_id, link.url), "issueId": issue_id, "url": link.url, "title": link.title}
        await self._decorate(LINK, ATTACHMENT, attachment)

    async def _decorate(self, document: str, query: str, thing: dict[str, str]) -> None:
        """Creates what the issue can do without."""
        try:
            await self._create(document, query, thing)
        except UnauthorizedError:
            raise
        except RefusedError as refusal:
            logs.warning("Linear refused an addition to the issue", issue=thing["issueId"], error=str(refusal))

    async def _create(self, document: str, query: str, thing: dict[str, Any]) -> bool:
        """Creates the thing; whether it had been there before, in which case Linear refuses its id."""
        try:
            await self.call(document, **(thing if document is LINK else {"input": thing}))
        except UnauthorizedError:
            raise
        except RefusedError:
            if await self._exists(query, thing["id"]):
                return True
            raise
        return False

    async def _exists(self, query: str, thing_id: str) -> bool:
        try:
            await self.call(query, id=thing_id)
        except NotFoundError:
            return False
        return True

    # -- what is looked up ------------------------------------------------------------------------

    async def _team_id(self) -> str:
        if team := await self._look_up(TEAM, "key", self._team):
            return team
        raise RefusedError(f"Linear has no team with the key {self._team}; set LINEAR_TEAM_KEY.")

    async def _completed_state(self) -> str:
        if state := await self._look_up(COMPLETED, "team", await self._team_id()):
            return state
        raise RefusedError(f"Linear's team {self._team} has no state of type completed.")

    async def _label(self, name: str) -> str | None:
        return await self._look_up(LABELS, "name", name, team=await self._team_id())

    async def _look_up(self, query: str, name: str, value: str, team: str | None = None) -> str | None:
        """Id of what is found (a label: of the team or of all teams). Only what is found is remembered."""
        key = (query, value)
        if key not in self._known:
            self._known[key] = asyncio.create_task(self._first(query, {name: value}, team))
        found: str | None = None
        try:
            found = await asyncio.shield(self._known[key])
        finally:
            if found is None:
                self._known.pop(key, None)
        return found

    async def _first(self, query: str, variables: dict[str, str], team: str | None) -> str | None:
        [connection] = (await self.call(query, **variables)).values()
        nodes = sorted(connection["nodes"], key=lambda node: float(node.get("position", 0)))
        return next((str(node["id"]) for node in nodes if not team or node["team"] in (None, {"id": team})), None)

    # -- one call ---------------------------------------------------------------------------------

    async def call(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of Linear's answer to a GraphQL document. Raises CallError."""
        operation = document.split("(")[0].split(" {")[0]
        return await self._retries.run(f"Linear {operation}", lambda: self._ask(document, variables))

    async def _ask(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        refused, refusal = None, None
        for _ in range(WAITS):
            await self._limit.over()
            authorization = await self._access.authorization(refused)
            if refusal and authorization == refused:
                raise refusal
            response = await self._post(document, variables, authorization)
            try:
                data = _data(response)
            except _RateLimitedError:
                self._heed_limits(response, limited=True)
            except UnauthorizedError as error:
                refused, refusal = authorization, error
            else:
                self._heed_limits(response, limited=False)
                self._recovery.succeeded()
                return data
        raise TransientError("Linear's rate limit did not end.")

    async def _post(self, document: str, variables: dict[str, Any], authorization: str) -> httpx.Response:
        request = self._client.build_request(
            "POST", ENDPOINT, json={"query": document, "variables": variables}, headers={"authorization": authorization}
        )
        return await send(self._client, request, self._timeout, self._limit)

    def _heed_limits(self, response: httpx.Response, *, limited: bool) -> None:
        """Lets no call of anybody go out before the reset of a limit that is reached."""
        ends = [0.0]
        for limit in LIMITS:
            reset = response.headers.get(f"x-ratelimit-{limit}-reset", "")
            if response.headers.get(f"x-ratelimit-{limit}-remaining") == "0" and reset.isdecimal():
                ends.append(int(reset) / 1000)
        if limited:
            ends.append(time.time() + (retry_after(response) or (0 if any(ends) else DEFAULT_WAIT)))
        self._limit.reached(max(ends))


class _RateLimitedError(TransientError):
    """Linear answered that a rate limit is reached."""


def _data(response: httpx.Response) -> dict[str, Any]:
    """The data of an answer; raises what its errors and its status mean (CONTRACTS §1.2)."""
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if isinstance(answer, dict) and answer.get("errors"):
        raise _failure(answer["errors"][0], response)
    if response.status_code == 429:
        raise _RateLimitedError("Linear answered 429.")
    check(response)
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict):
        raise TransientError("Linear's answer cannot be read: it holds no data.")
    if any(isinstance(payload, dict) and payload.get("success") is False for payload in data.values()):
        raise RefusedError("Linear answered that the change did not succeed.")
    return data


def _failure(error: dict[str, Any], response: httpx.Response) -> CallError:
    about = error.get("extensions") or {}
    kind, code = str(about.get("type", "")).lower(), str(about.get("code", ""))
    status = max(response.status_code, int(about.get("statusCode") or 0))
    details = about.get("userPresentableMessage") or ""
    message = f"Linear answered {response.status_code} {code or kind}: {error.get('message')} {details}".strip()
    if "RATELIMITED" in (code, kind.upper()):
        return _RateLimitedError(message)
    if code == "AUTHENTICATION_ERROR" or kind == "authentication error" or response.status_code == 401:
        return UnauthorizedError(message)
    if kind in PASSING or status >= 500:
        return TransientError(message, retry_after(response))
    if "not found" in message.lower():
        return NotFoundError(message)
    return RefusedError(message)
