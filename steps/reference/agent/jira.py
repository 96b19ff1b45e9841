"""Jira Cloud as a tracker (CONTRACTS §2): one issue per draft, however often an answer is lost on the way.

Nobody can choose the id of what is made in Jira. So an issue carries its draft's id as a label, and a comment its own
as a last line, and before anything is made, it is looked for.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import httpx

from steps.reference import logs
from steps.reference.agent.adf import document
from steps.reference.agent.alert import derived_id
from steps.reference.agent.tickets import Draft, Link, Section
from steps.reference.calls import (
    MARGIN,
    CallError,
    Limit,
    Recovery,
    RefusedError,
    Retries,
    TransientError,
    UnauthorizedError,
    retry_after,
    send,
)
from steps.reference.settings import Secret

LABEL = "agent-sre"
PRIORITIES = {"critical": "Highest", "warning": "High"}
OTHER_PRIORITY = "Medium"
"""By severity, and for any other one (CONTRACTS §12, ruling 4)."""
LONGEST_SUMMARY, LONGEST_LABEL = 255, 255
PAGE = 100
"""Comments that are read at once."""
WAITS = 50
"""So often a call is put off by a rate limit before it counts as failed."""
LIMIT_OF_AN_ISSUE = "jira-per-issue-on-write"
"""Why a call has to wait when all others need not (CONTRACTS §2)."""
KEPT = 10_000
"""Issues whose keys are remembered, so that they need not be searched for."""


class Jira:
    """The issues of one project."""

    name = "jira"

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        email: str,
        token: Secret,
        project: str,
        issue_type: str,
        *,
        timeout: float,
        index_lag: float,
        retries: Retries,
        later: float,
    ) -> None:
        self._client = client
        self._url = url
        self._email = email
        self._token = token
        self._project = project
        self._issue_type = issue_type
        self._timeout = timeout
        self._index_lag = index_lag
        self._retries = retries
        self._limit = Limit("Jira")
        self._recovery = Recovery("Jira", self._key_in_force, lambda: self._ask("GET", "/myself"), later)
        self._keys: OrderedDict[str, str] = OrderedDict()

    # -- the tracker ------------------------------------------------------------------------------

    async def open(self, draft: Draft) -> bool:
        """Makes the issue with its links and relation; whether it had been there before."""
        key = await self._key(draft.id)
        found = key is not None
        if key is None:
            key = await self._create(draft)
        await asyncio.gather(*(self._link(key, link) for link in draft.links))
        if draft.related_id and (related := await self._key(draft.related_id)):
            ends = {"inwardIssue": {"key": key}, "outwardIssue": {"key": related}}
            await self._decorate("/issueLink", {"type": {"name": "Relates"}, **ends})
        return found

    async def exists(self, issue_id: str) -> bool:
        """Whether the issue is there."""
        return await self._key(issue_id) is not None

    async def comment(self, issue_id: str, key: str, sections: Sequence[Section]) -> None:
        """Adds a comment; the key tells it from the issue's other comments."""
        issue, mark = await self._known(issue_id), derived_id(issue_id, key)

        async def attempt() -> None:
            if not await self._has(issue, mark):
                await self._ask("POST", f"/issue/{issue}/comment", {"body": document(sections, mark)})

        await self._retries.run("Jira comment", attempt)

    async def has_comment(self, issue_id: str, key: str) -> bool:
        """Whether the issue has the comment with that key."""
        issue = await self._known(issue_id)
        return await self._retries.run("Jira comments", lambda: self._has(issue, derived_id(issue_id, key)))

    async def complete(self, issue_id: str) -> None:
        """Takes the issue through the first transition to a status of the category `done` (ruling 5)."""
        issue = await self._known(issue_id)

        async def attempt() -> None:
            status = _part(await self._ask("GET", f"/issue/{issue}", fields="status"), "fields")["status"]
            if _is_done(status):
                return
            transitions = _part(await self._ask("GET", f"/issue/{issue}/transitions"), "transitions")
            done = next((each["id"] for each in transitions if _is_done(each["to"])), None)
            if done is None:
                raise RefusedError(f"Jira has no transition from {status['name']} to a status of the category done.")
            await self._ask("POST", f"/issue/{issue}/transitions", {"transition": {"id": done}})

        await self._retries.run("Jira transition", attempt)

    async def recovered(self, since: float) -> None:
        """Returns when a call has succeeded after that time of the event loop; tries one now and then."""
        await self._recovery.since(since)

    # -- issues -----------------------------------------------------------------------------------

    async def _create(self, draft: Draft) -> str:
        """Creates the issue and returns its key.

        A try that failed may have created it all the same: it is looked for before the next one, which comes when the
        search surely knows it.
        """
        fields = {
            "project": {"key": self._project},
            "issuetype": {"name": self._issue_type},
            "summary": " ".join(draft.title.split())[:LONGEST_SUMMARY],
            "description": document(draft.sections),
            "priority": {"name": PRIORITIES.get(draft.severity, OTHER_PRIORITY)},
            "labels": [LABEL, legal_label(draft.severity), _label_of(draft.id)],
        }
        failed = False

        async def attempt() -> str:
            nonlocal failed
            if failed and (key := await self._search(draft.id)):
                return key
            try:
                return str(_part(await self._ask("POST", "/issue", {"fields": fields}), "key"))
            except TransientError as error:
                failed = True
                raise TransientError(str(error), max(error.retry_after, self._index_lag)) from error

        key = await self._retries.run("Jira issue", attempt)
        self._remember(draft.id, key)
        return key

    async def _key(self, issue_id: str) -> str | None:
        """The issue's key, None when there is no such issue."""
        if issue_id not in self._keys:
            key = await self._retries.run("Jira search", lambda: self._search(issue_id))
            if key is None:
                return None
            self._remember(issue_id, key)
        return self._keys[issue_id]

    async def _known(self, issue_id: str) -> str:
        """The key of an issue that is there. Raises RefusedError."""
        if key := await self._key(issue_id):
            return key
        raise RefusedError(f"Jira's project {self._project} has no issue with the label {_label_of(issue_id)}.")

    async def _search(self, issue_id: str) -> str | None:
        jql = f'project = "{self._project}" AND labels = "{_label_of(issue_id)}" ORDER BY key ASC'
        found = _part(await self._ask("GET", "/search/jql", jql=jql, fields="key", maxResults="1"), "issues")
        return str(found[0]["key"]) if found else None

    def _remember(self, issue_id: str, key: str) -> None:
        self._keys[issue_id] = key
        if len(self._keys) > KEPT:
            self._keys.popitem(last=False)

    async def _has(self, issue: str, mark: str) -> bool:
        """Whether the issue has the comment with that last line."""
        seen, total = 0, 1
        while seen < total:
            page = await self._ask("GET", f"/issue/{issue}/comment", startAt=str(seen), maxResults=str(PAGE))
            if mark in json.dumps(_part(page, "comments")):
                return True
            seen, total = seen + PAGE, _part(page, "total")
        return False

    async def _link(self, issue: str, link: Link) -> None:
        target = {"url": link.url, "title": link.title}
        await self._decorate(f"/issue/{issue}/remotelink", {"globalId": derived_id(link.url), "object": target})

    async def _decorate(self, path: str, body: dict[str, Any]) -> None:
        """Adds what the issue can do without; what is there already is no second time."""
        try:
            await self._retries.run("Jira addition", lambda: self._ask("POST", path, body))
        except UnauthorizedError:
            raise
        except RefusedError as refusal:
            logs.warning("Jira refused an addition to the issue", error=str(refusal))

    async def _key_in_force(self) -> str:
        return self._token.reveal()

    # -- one call ---------------------------------------------------------------------------------

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> dict[str, Any]:
        """Jira's answer. Raises CallError."""
        token = self._token.reveal()
        for _ in range(WAITS):
            response = await self._send(method, path, body, query, token)
            wait = retry_after(response)
            if response.headers.get("ratelimit-reason") == LIMIT_OF_AN_ISSUE:
                await asyncio.sleep(wait + MARGIN)
            elif wait and not response.is_success:
                self._limit.reached(time.time() + wait)
            if wait and response.status_code == 429:
                continue
            if response.status_code in (401, 403) and (fresh := self._token.reload()) != token:
                token = fresh
                continue
            answer = _content(response)
            self._recovery.succeeded()
            return answer
        raise TransientError("Jira's rate limit did not end.")

    async def _send(
        self, method: str, path: str, body: dict[str, Any] | None, query: dict[str, str], token: str
    ) -> httpx.Response:
        credentials = base64.b64encode(f"{self._email}:{token}".encode()).decode()
        request = self._client.build_request(
            method,
            f"{self._url}/rest/api/3{path}",
            json=body,
            params=query,
            headers={"authorization": f"Basic {credentials}", "accept": "application/json"},
        )
        return await send(self._client, request, self._timeout, self._limit)


def legal_label(text: str) -> str:
    """The text as Jira takes it for a label (ruling 4)."""
    return re.sub(r"[\s\x00-\x1f]", "-", text)[:LONGEST_LABEL]


def _label_of(issue_id: str) -> str:
    return f"{LABEL}-{issue_id}"


def _is_done(status: dict[str, Any]) -> bool:
    return bool(status["statusCategory"]["key"] == "done")


def _content(response: httpx.Response) -> dict[str, Any]:
    """What an answer holds, {} for nothing; raises what its status means, with all that Jira has to say about it."""
    if not response.is_success:
        raise _failure(response)
    try:
        content = response.json() if response.content else {}
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise TransientError(f"Jira answered {response.status_code}, but not what can be read: {response.text[:300]!r}")
    return content


def _part(content: dict[str, Any], name: str) -> Any:
    """A part of an answer that has to be there."""
    if name not in content:
        raise TransientError(f"Jira's answer cannot be read: it has no {name}.")
    return content[name]


def _failure(response: httpx.Response) -> CallError:
    request = response.request
    sentence = f"Jira answered {response.status_code} to {request.method} {request.url.path}: {_complaints(response)}"
    if response.status_code in (408, 429) or response.status_code >= 500:
        return TransientError(sentence, retry_after(response))
    if response.status_code == 401:
        return UnauthorizedError(sentence)
    return RefusedError(sentence)


def _complaints(response: httpx.Response) -> str:
    """Every sentence of Jira's own error answer; of another answer its beginning."""
    try:
        told = response.json()
        fields = (f"{field}: {reason}" for field, reason in told["errors"].items())
        return " ".join([*told["errorMessages"], *fields])
    except (ValueError, LookupError, TypeError, AttributeError):
        return response.text[:300]
