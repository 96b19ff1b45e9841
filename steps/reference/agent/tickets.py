"""Tickets: what the agent writes to a tracker about an incident, and the work it still owes there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from steps.reference import logs
from steps.reference.agent.slm import Violation
from steps.reference.calls import CallError, TransientError, UnauthorizedError
from steps.reference.doors import Work


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a text: a heading, named values and a longer text, each of which may be empty."""

    heading: str
    facts: Mapping[str, str] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A web page that belongs to an issue."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An issue to be opened. Its id is chosen by the agent, so that opening it twice makes one issue."""

    id: str
    title: str
    sections: Sequence[Section]
    severity: str
    violation: Violation | None
    assignee: str | None
    """E-mail address."""
    links: Sequence[Link] = ()
    related_id: str | None = None


class Tracker(Protocol):
    """A system of tickets. Every call may be repeated without a second effect; all raise CallError."""

    name: str

    async def open(self, draft: Draft) -> bool:
        """Makes the issue with its links and relation; whether it had been there before."""

    async def exists(self, issue_id: str) -> bool:
        """Whether the issue is there."""

    async def comment(self, issue_id: str, key: str, sections: Sequence[Section]) -> None:
        """Adds a comment; the key tells it from the issue's other comments."""

    async def has_comment(self, issue_id: str, key: str) -> bool:
        """Whether the issue has the comment with that key."""

    async def complete(self, issue_id: str) -> None:
        """Moves the issue to where finished work is."""

    async def recovered(self, since: float) -> None:
        """Returns when a call has succeeded after that time of the event loop; tries one now and then."""


def drafted_once(draft: Callable[[], Awaitable[Draft]]) -> Callable[[], Awaitable[Draft]]:
    """The same draft for every tracker: what it tells is asked for once."""
    drafted: list[Draft] = []
    turn = asyncio.Lock()

    async def shared() -> Draft:
        async with turn:
            if not drafted:
                drafted.append(await draft())
        return drafted[0]

    return shared


class Ticket:
    """An incident's issue in one tracker.

    What is asked for is done in the order of asking, and an outage of the tracker only puts it off. Each of
    `open`, `comment` and `close` takes its place at once and returns a task: whether it could be done.
    """

    def __init__(
        self, tracker: Tracker, work: Work, issue_id: str, draft: Callable[[], Awaitable[Draft]], later: float
    ) -> None:
        self._tracker = tracker
        self._work = work
        self._id = issue_id
        self._draft: Callable[[], Awaitable[Draft]] | None = draft
        """None once the issue is opened."""
        self._later = later
        self._turn = asyncio.Lock()
        self._found = False

    def open(self) -> asyncio.Task[bool]:
        """Makes sure that there is an issue."""
        return self._do("open the issue", self._open)

    def comment(self, key: str, section: Section) -> asyncio.Task[bool]:
        """Adds a comment, to an issue that is opened for it if an earlier attempt was refused."""

        async def write() -> None:
            await self._open()
            await self._tracker.comment(self._id, key, [section])

        return self._do("comment on the issue", write)

    def close(self, key: str, section: Section) -> asyncio.Task[bool]:
        """Says why and closes the issue, if there is one."""

        async def close() -> None:
            if self._draft and not await self._tracker.exists(self._id):
                logs.info("there is no issue to close", tracker=self._tracker.name)
                return
            await self._tracker.comment(self._id, key, [section])
            await self._tracker.complete(self._id)
            logs.info("issue closed", tracker=self._tracker.name, issue=self._id)

        return self._do("close the issue", close)

    async def has_comment(self, key: str) -> bool:
        """Whether an earlier life of the agent has written this comment; no, when that cannot be told."""
        try:
            return self._found and await self._tracker.has_comment(self._id, key)
        except CallError as error:
            logs.warning("could not look for a comment", tracker=self._tracker.name, error=str(error))
            return False

    async def _open(self) -> None:
        if self._draft:
            self._found = await self._tracker.open(await self._draft())
            self._draft = None
            logs.info("issue opened", tracker=self._tracker.name, issue=self._id, was_there=self._found)

    def _do(self, what: str, action: Callable[[], Awaitable[None]]) -> asyncio.Task[bool]:
        return self._work.start(f"{what} in {self._tracker.name}", self._in_turn(what, action))

    async def _in_turn(self, what: str, action: Callable[[], Awaitable[None]]) -> bool:
        async with self._turn:
            pause = self._later
            while True:
                began = asyncio.get_running_loop().time()
                try:
                    await action()
                    return True
                except (TransientError, UnauthorizedError) as error:
                    logs.error(f"could not {what} and will go on later", tracker=self._tracker.name, error=str(error))
                except CallError as error:
                    logs.error(f"could not {what}", tracker=self._tracker.name, error=str(error))
                    return False
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, self._later * 2)
                await self._tracker.recovered(began)
