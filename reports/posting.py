"""Telling the ticket: the sign-off as a comment, and the check boxes in its description set as the run proves them.

A box is ticked when its line holds, cleared when it does not; a line that the run says nothing about keeps its box, and
so does one whose words are not those that were confirmed. No other character is touched, and saying the same twice
changes nothing.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import httpx

from reports import ticket
from reports.bundle import Signoff
from reports.requirements import Requirements, digest
from reports.verdict import Status, Verdict
from steps.drivers.jira import Document, Jira, JiraUnavailable
from steps.drivers.linear import Linear, LinearUnavailable

Boxes = Mapping[str, bool]
"""Which items hold, and which do not; the others are not in it."""


def boxes(verdict: Verdict, signoff: Signoff) -> Boxes:
    """What the run proves of the ticket's check boxes, and what it refutes."""
    found = {item.id: item.status for item in verdict.requirements}
    told = {name: status is Status.PASSED for name, status in found.items() if status in PROVEN or status in REFUTED}
    return told | {line.id: line.done for line in signoff.lines if not (line.done and line.waived)}


PROVEN, REFUTED = (Status.PASSED,), (Status.FAILED, Status.WAIVED)


def comment(verdict: Verdict, signoff: Signoff) -> str:
    """The comment, as Markdown that reads well as plain text."""
    done = sum(line.done for line in signoff.lines)
    said = [
        f"**{signoff.decision}.** {signoff.sentence}",
        "",
        f"{verdict.run.sentence} {signoff.judged} was judged by suite {signoff.suite} in run {signoff.run}.",
        "",
        f"Definition of Done: {done} of {len(signoff.lines)}",
        *(f"- {'✓' if line.done else '✗'} {line.text}: {line.evidence}" for line in signoff.lines),
        *(f"- missing: {missing}" for missing in signoff.missing),
        *(f"- waiver for {one.waiver.item}: {one.sentence}" for one in signoff.waivers),
        "",
        f"Digest `{signoff.digest}`",
    ]
    return "\n".join(said)


def ticked(asked: Requirements, description: str, known: Boxes) -> str:
    """The description with its check boxes set."""
    lines = description.splitlines(keepends=True)
    for found in _to_set(asked, description, known):
        line = lines[found.number - 1]
        assert found.box is not None
        lines[found.number - 1] = f"{line[: found.box]}{'x' if known[found.id] else ' '}{line[found.box + 1 :]}"
    return "".join(lines)


def _to_set(asked: Requirements, description: str, known: Boxes) -> Iterator[ticket.Line]:
    """The lines whose box has to change."""
    for line in ticket.lines(asked, description):
        confirmed = asked.confirmed.get(line.id)
        if line.box is None or line.id not in known or not confirmed or confirmed.digest != digest(line.words):
            continue
        if (description.splitlines()[line.number - 1][line.box] != " ") != known[line.id]:
            yield line


# -- where tickets are ------------------------------------------------------------------------------------------------


class Ticket(Protocol):
    """A ticket somewhere, as text with check boxes."""

    def description(self) -> str:
        """The description as Markdown."""

    def comments(self) -> list[str]:
        """What has been commented on it."""

    def tick(self, asked: Requirements, known: Boxes) -> None:
        """Sets its check boxes."""

    def add(self, comment: str) -> None:
        """Comments on it."""


class LinearTicket:
    """A ticket in Linear."""

    def __init__(self, linear: Linear, ref: str) -> None:
        self._linear = linear
        self._issue = linear.issue(ref)

    def description(self) -> str:
        return self._issue.description or ""

    def comments(self) -> list[str]:
        return [comment.body for comment in self._issue.comments]

    def tick(self, asked: Requirements, known: Boxes) -> None:
        self._linear.describe(self._issue, ticked(asked, self.description(), known))

    def add(self, comment: str) -> None:
        self._linear.comment(self._issue, comment)


class JiraTicket:
    """A ticket in Jira. Check boxes of its description are tasks, or brackets at the beginning of a line."""

    def __init__(self, jira: Jira, ref: str) -> None:
        self._jira = jira
        self._issue = jira.issue(ref)

    def description(self) -> str:
        return "\n".join(line for line, _ in _as_markdown(self._issue.document or {}))

    def comments(self) -> list[str]:
        return [comment.body for comment in self._issue.comments]

    def tick(self, asked: Requirements, known: Boxes) -> None:
        document = copy.deepcopy(self._issue.document or {})
        nodes = [node for _, node in _as_markdown(document)]
        for line in _to_set(asked, self.description(), known):
            _set(nodes[line.number - 1], known[line.id])
        self._jira.describe(self._issue, document)

    def add(self, comment: str) -> None:
        self._jira.comment(self._issue, comment.replace("**", "").replace("`", ""))


def _as_markdown(node: Document) -> Iterator[tuple[str, Document]]:
    """A document's headings and points as lines of Markdown, each with the node that holds its check box."""
    content: list[Document] = node.get("content") or []
    match node.get("type"):
        case "heading":
            yield f"{'#' * node['attrs']['level']} {_text(node)}", node
        case "taskItem":
            yield f"- [{'x' if node['attrs']['state'] == 'DONE' else ' '}] {_text(node)}", node
        case "listItem":
            yield f"- {_text(content[0])}", content[0]
            for child in content[1:]:
                yield from _as_markdown(child)
        case "paragraph":
            yield _text(node), node
        case _:
            for child in content:
                yield from _as_markdown(child)


def _text(node: Document) -> str:
    """The words of a node, on one line."""
    inner = (_text(child) for child in node.get("content") or [])
    return (node.get("text") or "".join(inner)).replace("\n", " ")


def _set(node: dict[str, Any], holds: bool) -> None:
    """Ticks the box of a task, or of a line that begins with brackets."""
    if node["type"] == "taskItem":
        node["attrs"]["state"] = "DONE" if holds else "TODO"
    else:
        first = node["content"][0]
        start = first["text"].index("[") + 1
        first["text"] = f"{first['text'][:start]}{'x' if holds else ' '}{first['text'][start + 1 :]}"


SETTINGS = {"linear": ("LINEAR_API_KEY",), "jira": ("JIRA_URL", "JIRA_EMAIL", "JIRA_API_TOKEN")}
"""The environment variables without which there is no way to the ticket."""
LINEAR_URL = "https://api.linear.app/graphql"


class TicketUnreachable(Exception):
    """There is no way to the ticket; the message says what to do."""


def find(where: str, ref: str, settings: Mapping[str, str], client: httpx.Client) -> Ticket:
    """The ticket, in `linear` or `jira`, by the keys in these settings; raises TicketUnreachable."""
    if missing := [name for name in SETTINGS[where] if not settings.get(name)]:
        raise TicketUnreachable(f"To tell {where.title()}, set {' and '.join(missing)} in the environment.")
    project = ref.partition("-")[0]
    try:
        if where == "linear":
            url = settings.get("LINEAR_URL", LINEAR_URL)
            return LinearTicket(Linear(client, url, settings["LINEAR_API_KEY"], project), ref)
        account = settings["JIRA_EMAIL"], settings["JIRA_API_TOKEN"]
        return JiraTicket(Jira(client, settings["JIRA_URL"], *account, project), ref)
    except (LinearUnavailable, JiraUnavailable) as error:
        raise TicketUnreachable(str(error)) from error


# -- telling it -------------------------------------------------------------------------------------------------------


def differences(place: Ticket, asked: Requirements, verdict: Verdict, signoff: Signoff) -> list[str]:
    """What there is to change at the ticket, line by line; nothing when it has been told."""
    before = place.description()
    after = ticked(asked, before, boxes(verdict, signoff))
    changed = [
        line
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]
    if _is_told(place, signoff):
        return changed
    return [*changed, *(f"+ {line}".rstrip() for line in comment(verdict, signoff).splitlines())]


def tell(place: Ticket, asked: Requirements, verdict: Verdict, signoff: Signoff) -> None:
    """Changes the ticket; what is as it should be stays as it is. Raises TicketUnreachable."""
    known = boxes(verdict, signoff)
    try:
        if any(True for _ in _to_set(asked, place.description(), known)):
            place.tick(asked, known)
        if not _is_told(place, signoff):
            place.add(comment(verdict, signoff))
    except (LinearUnavailable, JiraUnavailable) as error:
        raise TicketUnreachable(str(error)) from error


def _is_told(place: Ticket, signoff: Signoff) -> bool:
    return any(signoff.digest in said for said in place.comments())
