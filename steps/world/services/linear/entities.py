"""What a Linear workspace is made of.

A field of schema.graphql is an attribute, a property or a method here, by its name in snake case; what is added
there by `extend` is not modelled.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steps.world.services.linear.workspace import Workspace

PRIORITIES = ("No priority", "Urgent", "High", "Medium", "Low")


@dataclass(eq=False, slots=True, kw_only=True)
class Entity:
    """Anything with an id. Times are aware UTC, to the millisecond."""

    workspace: Workspace = field(repr=False)
    id: str
    created_at: datetime
    updated_at: datetime = field(init=False)
    archived_at: datetime | None = None

    def __post_init__(self) -> None:
        self.updated_at = self.created_at

    @property
    def organization(self) -> Organization:
        """The workspace, as Linear shows it."""
        return self.workspace.organization


@dataclass(eq=False, slots=True, kw_only=True)
class Organization(Entity):
    """The workspace itself."""

    name: str
    url_key: str

    @property
    def teams(self) -> list[Team]:
        """All teams."""
        return self.workspace.of(Team)

    @property
    def users(self) -> list[User]:
        """All people, disabled ones included."""
        return self.workspace.of(User)

    @property
    def labels(self) -> list[IssueLabel]:
        """The labels of the whole workspace."""
        return [label for label in self.workspace.of(IssueLabel) if label.team is None]

    @property
    def user_count(self) -> int:
        """How many people there are."""
        return len(self.users)

    @property
    def created_issue_count(self) -> int:
        """How many issues there are."""
        return len(self.workspace.of(Issue))


@dataclass(eq=False, slots=True, kw_only=True)
class User(Entity):
    """A person, or an application that acts under its own name (`app`)."""

    name: str
    email: str
    display_name: str
    active: bool = True
    admin: bool = False
    owner: bool = False
    guest: bool = False
    app: bool = False
    description: str | None = None
    title: str | None = None
    avatar_url: str | None = None
    timezone: str | None = None
    last_seen: datetime | None = None

    @property
    def initials(self) -> str:
        """The first letters of the first two names."""
        return "".join(word[0] for word in self.name.split()[:2]).upper()

    @property
    def url(self) -> str:
        """The profile's page."""
        return f"{self.workspace.url}/profiles/{self.display_name}"

    @property
    def is_assignable(self) -> bool:
        """Whether issues may be given to this user."""
        return self.active

    @property
    def is_mentionable(self) -> bool:
        """Whether comments may call this user."""
        return self.active

    @property
    def teams(self) -> list[Team]:
        """Everybody is a member of every team."""
        return self.workspace.of(Team)

    @property
    def assigned_issues(self) -> list[Issue]:
        """The issues given to this user."""
        return [issue for issue in self.workspace.of(Issue) if issue.assignee is self]

    @property
    def created_issues(self) -> list[Issue]:
        """The issues opened by this user."""
        return [issue for issue in self.workspace.of(Issue) if issue.creator is self]

    @property
    def created_issue_count(self) -> int:
        """How many issues this user has opened."""
        return len(self.created_issues)


@dataclass(eq=False, slots=True, kw_only=True)
class Team(Entity):
    """A team: the home of issues, with its own workflow."""

    key: str
    name: str
    description: str | None = None
    color: str | None = None
    icon: str | None = None
    timezone: str = "Etc/UTC"
    private: bool = False
    visibility: str = "public"
    triage_enabled: bool = False
    states: list[WorkflowState] = field(default_factory=list, repr=False)
    default_issue_state: WorkflowState | None = field(default=None, repr=False)
    triage_responsibility: TriageResponsibility | None = field(default=None, repr=False)
    issue_numbers: int = 0

    @property
    def display_name(self) -> str:
        """The name, there being no parent teams."""
        return self.name

    @property
    def triage_issue_state(self) -> WorkflowState | None:
        """Where issues of outsiders land when the team sorts them first."""
        return self.state_of_type("triage") if self.triage_enabled else None

    def state_of_type(self, type_: str) -> WorkflowState:
        """The first state of that type."""
        return next(state for state in self.states if state.type == type_)

    @property
    def members(self) -> list[User]:
        """Everybody is a member of every team."""
        return self.workspace.of(User)

    @property
    def labels(self) -> list[IssueLabel]:
        """The team's own labels, without those of the workspace."""
        return [label for label in self.workspace.of(IssueLabel) if label.team is self]

    def issues(self, *, include_sub_teams: bool = False) -> list[Issue]:
        """The team's issues; there are no sub-teams."""
        return [issue for issue in self.workspace.of(Issue) if issue.team is self]

    def issue_count(self, *, include_archived: bool = False) -> int:
        """How many issues the team has."""
        return sum(include_archived or issue.archived_at is None for issue in self.issues())


@dataclass(eq=False, slots=True, kw_only=True)
class WorkflowState(Entity):
    """A step of a team's workflow; what it means is its type, not its name."""

    team: Team = field(repr=False)
    name: str
    type: str
    color: str
    position: float
    description: str | None = None

    @property
    def issues(self) -> list[Issue]:
        """The issues in this state."""
        return [issue for issue in self.workspace.of(Issue) if issue.state is self]


@dataclass(eq=False, slots=True, kw_only=True)
class IssueLabel(Entity):
    """A label of one team, or of the whole workspace when it has no team."""

    name: str
    color: str
    description: str | None = None
    is_group: bool = False
    team: Team | None = None
    parent: IssueLabel | None = None
    creator: User | None = None
    last_applied_at: datetime | None = None
    retired_at: datetime | None = None
    retired_by: User | None = None

    @property
    def children(self) -> list[IssueLabel]:
        """The labels of this group."""
        return [label for label in self.workspace.of(IssueLabel) if label.parent is self]

    @property
    def issues(self) -> list[Issue]:
        """The issues that carry this label."""
        return [issue for issue in self.workspace.of(Issue) if self in issue.labels]


@dataclass(frozen=True, slots=True)
class ActorBot:
    """The name under which an application has acted (`createAsUser`)."""

    name: str
    avatar_url: str | None
    type: str = "app"
    id: str | None = None
    sub_type: str | None = None
    user_display_name: str | None = None


@dataclass(eq=False, slots=True, kw_only=True)
class Issue(Entity):
    """One issue, and everything that hangs on it."""

    team: Team = field(repr=False)
    number: int
    title: str
    state: WorkflowState = field(repr=False)
    description: str | None = None
    priority: int = 0
    estimate: int | None = None
    due_date: str | None = None
    assignee: User | None = None
    delegate: User | None = None
    creator: User | None = None
    bot_actor: ActorBot | None = None
    parent: Issue | None = None
    project: None = None
    cycle: None = None
    labels: list[IssueLabel] = field(default_factory=list)
    subscribers: list[User] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list, repr=False)
    attachments: list[Attachment] = field(default_factory=list, repr=False)
    relations: list[IssueRelation] = field(default_factory=list, repr=False)
    inverse_relations: list[IssueRelation] = field(default_factory=list, repr=False)
    history: list[IssueHistory] = field(default_factory=list, repr=False)
    previous_identifiers: list[str] = field(default_factory=list)
    sort_order: float = 0.0
    priority_sort_order: float = 0.0
    sub_issue_sort_order: float | None = None
    customer_ticket_count: int = 0
    trashed: bool | None = None
    added_to_team_at: datetime | None = None
    auto_archived_at: datetime | None = None
    auto_closed_at: datetime | None = None
    started_triage_at: datetime | None = None
    triaged_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    canceled_at: datetime | None = None
    snoozed_until_at: datetime | None = None
    snoozed_by: User | None = None
    sla_started_at: datetime | None = None
    sla_breaches_at: datetime | None = None

    @property
    def identifier(self) -> str:
        """What people call it: BVL-12."""
        return f"{self.team.key}-{self.number}"

    @property
    def priority_label(self) -> str:
        """The priority in words."""
        return PRIORITIES[self.priority]

    @property
    def label_ids(self) -> list[str]:
        """The ids of its labels."""
        return [label.id for label in self.labels]

    @property
    def url(self) -> str:
        """The issue's page."""
        return f"{self.workspace.url}/issue/{self.identifier}/{self._slug}"

    @property
    def branch_name(self) -> str:
        """The branch name that Linear proposes."""
        owner = (self.assignee or self.creator or self.team).display_name
        return f"{owner}/{self.identifier.lower()}-{self._slug}".lower()

    @property
    def _slug(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")[:60]

    @property
    def children(self) -> list[Issue]:
        """Its sub-issues."""
        return [issue for issue in self.workspace.of(Issue) if issue.parent is self]

    @property
    def has_related_relations(self) -> bool:
        """Related to another issue, in either direction."""
        return any(relation.type == "related" for relation in self.relations + self.inverse_relations)

    @property
    def has_duplicate_relations(self) -> bool:
        """A duplicate of another issue, or the other way round."""
        return any(relation.type == "duplicate" for relation in self.relations + self.inverse_relations)

    @property
    def has_blocking_relations(self) -> bool:
        """Blocks another issue."""
        return any(relation.type == "blocks" for relation in self.relations)

    @property
    def has_blocked_by_relations(self) -> bool:
        """Is blocked by another issue."""
        return any(relation.type == "blocks" for relation in self.inverse_relations)


@dataclass(eq=False, slots=True, kw_only=True)
class Comment(Entity):
    """A comment on an issue, or an answer to another comment."""

    issue: Issue = field(repr=False)
    body: str
    user: User | None = None
    bot_actor: ActorBot | None = None
    parent: Comment | None = None
    quoted_text: str | None = None
    edited_at: datetime | None = None
    resolved_at: datetime | None = None
    resolving_user: User | None = None
    resolving_comment: Comment | None = None
    hide_in_linear: bool = False

    @property
    def url(self) -> str:
        """The comment's place on the issue's page."""
        return f"{self.issue.url}#comment-{self.id[:8]}"

    @property
    def issue_id(self) -> str:
        """The issue's id."""
        return self.issue.id

    @property
    def parent_id(self) -> str | None:
        """The id of the comment that this one answers."""
        return self.parent.id if self.parent else None

    @property
    def resolving_comment_id(self) -> str | None:
        """The id of the comment that settled the thread."""
        return self.resolving_comment.id if self.resolving_comment else None

    @property
    def children(self) -> list[Comment]:
        """The answers to this comment."""
        return [comment for comment in self.issue.comments if comment.parent is self]


@dataclass(eq=False, slots=True, kw_only=True)
class Attachment(Entity):
    """A link on an issue; one per address."""

    issue: Issue = field(repr=False)
    title: str
    url: str
    subtitle: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    group_by_source: bool = False
    source: dict[str, Any] | None = None
    source_type: str | None = "unknown"
    creator: User | None = None


@dataclass(eq=False, slots=True, kw_only=True)
class IssueRelation(Entity):
    """`issue` blocks, duplicates, resembles or is related to `related_issue`."""

    type: str
    issue: Issue = field(repr=False)
    related_issue: Issue = field(repr=False)


@dataclass(frozen=True, slots=True)
class RelationChange:
    """A relation gained or lost, in the history of an issue."""

    identifier: str
    type: str


@dataclass(eq=False, slots=True, kw_only=True)
class IssueHistory(Entity):
    """One change of an issue.

    `changes` holds the schema's fields by name (`from_state`, `to_state`, `added_labels` …). A field of what
    did not change is null, and a field `…_id` or `…_ids` names the entities of `changes`.
    """

    issue: Issue = field(repr=False)
    actor: User | None = None
    bot_actor: ActorBot | None = None
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def actor_id(self) -> str | None:
        """Who made the change."""
        return self.actor.id if self.actor else None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name.endswith("_id"):
            entity = self.changes.get(name.removesuffix("_id"))
            return entity and entity.id
        if name.endswith("_ids"):
            entities = self.changes.get(name.removesuffix("_ids") + "s")
            return entities and [entity.id for entity in entities]
        return self.changes.get(name)


@dataclass(frozen=True, slots=True)
class TimeScheduleEntry:
    """One shift of a schedule."""

    starts_at: datetime
    ends_at: datetime
    user_id: str | None
    user_email: str | None


@dataclass(eq=False, slots=True, kw_only=True)
class TimeSchedule(Entity):
    """Linear's own on-call table."""

    name: str
    entries: list[TimeScheduleEntry] = field(default_factory=list)
    external_id: str | None = None
    external_url: str | None = None


@dataclass(eq=False, slots=True, kw_only=True)
class TriageResponsibility(Entity):
    """Who looks after a team's incoming issues, by a schedule."""

    team: Team = field(repr=False)
    time_schedule: TimeSchedule
    action: str = "assign"

    @property
    def current_user(self) -> User | None:
        """Who has the shift now, if anybody."""
        now = self.workspace.now()
        for entry in self.time_schedule.entries:
            if entry.starts_at <= now < entry.ends_at and entry.user_id:
                return self.workspace.find(User, entry.user_id)
        return None
