"""What every site comes with: workflow, priorities, issue types, resolutions, types of links and fields."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StatusCategory:
    """What a status means; its key is the same in every language and workflow."""

    id: int
    key: str
    name: str
    color: str


@dataclass(frozen=True, slots=True)
class Status:
    """A step of the workflow."""

    id: str
    name: str
    category: StatusCategory


@dataclass(frozen=True, slots=True)
class Transition:
    """A way from any status into `to`; `screen` names the fields that can be written on the way."""

    id: str
    name: str
    to: Status
    screen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Priority:
    """How urgent an issue is."""

    id: str
    name: str
    color: str
    description: str


@dataclass(frozen=True, slots=True)
class IssueType:
    """What kind of work an issue is."""

    id: str
    name: str
    level: int
    description: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """How the work on an issue ended."""

    id: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class LinkType:
    """How two issues hang together, said from either end."""

    id: str
    name: str
    inward: str
    outward: str


@dataclass(frozen=True, slots=True)
class SystemField:
    """A field of every issue: what it holds, of `array` also each `items`, and what a search calls it.

    Without a type it is the key, which Jira lists among the fields. `orderable` fields can be put on screens.
    """

    id: str
    name: str
    type: str | None
    clauses: tuple[str, ...] = ()
    items: str | None = None
    orderable: bool = True

    @property
    def schema(self) -> dict[str, str]:
        """Schema JsonTypeBean; empty for what has no type."""
        if self.type is None:
            return {}
        return {"type": self.type, **({"items": self.items} if self.items else {}), "system": self.id}


NEW = StatusCategory(2, "new", "To Do", "blue-gray")
INDETERMINATE = StatusCategory(4, "indeterminate", "In Progress", "yellow")
DONE = StatusCategory(3, "done", "Done", "green")
CATEGORIES = (NEW, INDETERMINATE, DONE)

STATUSES = (
    Status("10000", "To Do", NEW),
    Status("10001", "In Progress", INDETERMINATE),
    Status("10002", "Done", DONE),
    Status("10003", "Released", DONE),
)
Workflow = tuple[Transition, ...]
SOFTWARE: Workflow = (
    Transition("11", "To Do", STATUSES[0], ("comment",)),
    Transition("21", "In Progress", STATUSES[1], ("comment",)),
    Transition("31", "Done", STATUSES[2], ("comment", "resolution")),
)
SERVICE: Workflow = (
    Transition("711", "Back to the queue", STATUSES[0], ("comment",)),
    Transition("731", "Start work", STATUSES[1], ("comment",)),
    Transition("761", "Ship it", STATUSES[3], ("comment", "resolution")),
)
"""A workflow is the site's own: nothing but the category of its statuses is the same everywhere.

So nothing here is called what finished work is mostly called.
"""

PRIORITIES = (
    Priority("1", "Highest", "#d04437", "This problem will block progress."),
    Priority("2", "High", "#f15C75", "Serious problem that could block progress."),
    Priority("3", "Medium", "#f79232", "Has the potential to affect progress."),
    Priority("4", "Low", "#707070", "Minor problem or easily worked around."),
    Priority("5", "Lowest", "#999999", "Trivial problem with little or no impact on progress."),
)
DEFAULT_PRIORITY = PRIORITIES[2]

ISSUE_TYPES = (
    IssueType("10000", "Epic", 1, "A big user story that needs to be broken down."),
    IssueType("10001", "Story", 0, "Functionality expressed as a user goal."),
    IssueType("10002", "Task", 0, "A small, distinct piece of work."),
    IssueType("10003", "Bug", 0, "A problem or error."),
    IssueType("10004", "Incident", 0, "An unplanned interruption of a service."),
)

RESOLUTIONS = (
    Resolution("10000", "Done", "Work has been completed on this issue."),
    Resolution("10001", "Won't Do", "This issue won't be actioned."),
    Resolution("10002", "Duplicate", "The problem is a duplicate of an existing issue."),
    Resolution("10003", "Cannot Reproduce", "All attempts at reproducing this issue failed."),
)

LINK_TYPES = (
    LinkType("10000", "Blocks", "is blocked by", "blocks"),
    LinkType("10001", "Cloners", "is cloned by", "clones"),
    LinkType("10002", "Duplicate", "is duplicated by", "duplicates"),
    LinkType("10003", "Relates", "relates to", "relates to"),
)

FIELDS = {
    each.id: each
    for each in (
        SystemField("issuekey", "Key", None, ("id", "issue", "issuekey", "key"), orderable=False),
        SystemField("summary", "Summary", "string", ("summary",)),
        SystemField("description", "Description", "string", ("description",)),
        SystemField("environment", "Environment", "string", ("environment",)),
        SystemField("project", "Project", "project", ("project",), orderable=False),
        SystemField("issuetype", "Issue Type", "issuetype", ("issuetype", "type")),
        SystemField("status", "Status", "status", ("status",), orderable=False),
        SystemField("statusCategory", "Status Category", "statusCategory", ("statusCategory",), orderable=False),
        SystemField("statuscategorychangedate", "Status Category Changed", "datetime", orderable=False),
        SystemField("priority", "Priority", "priority", ("priority",)),
        SystemField("labels", "Labels", "array", ("labels",), items="string"),
        SystemField("assignee", "Assignee", "user", ("assignee",)),
        SystemField("creator", "Creator", "user", ("creator",), orderable=False),
        SystemField("reporter", "Reporter", "user", ("reporter",)),
        SystemField("created", "Created", "datetime", ("created", "createdDate"), orderable=False),
        SystemField("updated", "Updated", "datetime", ("updated", "updatedDate"), orderable=False),
        SystemField("duedate", "Due date", "date"),
        SystemField("resolution", "Resolution", "resolution", ("resolution",)),
        SystemField("resolutiondate", "Resolved", "datetime", ("resolutiondate", "resolved"), orderable=False),
        SystemField("issuelinks", "Linked Issues", "array", items="issuelinks"),
        SystemField("comment", "Comment", "comments-page", ("comment",)),
    )
}
"""What issues have, by id. Jira knows further names for a search, e.g. `due`; only those that work here are told."""
