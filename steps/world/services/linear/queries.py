"""What can be asked of Linear: the fields of `Query`, by their names in snake case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from steps.world.services.linear import problems
from steps.world.services.linear.access import Caller
from steps.world.services.linear.entities import (
    PRIORITIES,
    Attachment,
    Comment,
    Entity,
    Issue,
    IssueLabel,
    IssueRelation,
    Organization,
    Team,
    TimeSchedule,
    TriageResponsibility,
    User,
    WorkflowState,
)
from steps.world.services.linear.limits import Allowance, Bucket
from steps.world.services.linear.workspace import Workspace

Kind = TypeVar("Kind", bound=Entity)


@dataclass(frozen=True, slots=True)
class PriorityValue:
    """A priority and what people call it."""

    priority: int
    label: str


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The level of one limit; period in milliseconds, reset in epoch milliseconds."""

    type: str
    allowed_amount: float
    requested_amount: float
    remaining_amount: float
    period: float
    reset: float


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """The levels of a caller's limits."""

    identifier: str
    kind: str
    limits: list[RateLimit]


@dataclass(frozen=True, slots=True)
class Queries:
    """The questions of one caller."""

    workspace: Workspace
    caller: Caller
    allowance: Allowance

    def viewer(self) -> User:
        """Who asks."""
        return self.caller.user

    def organization(self) -> Organization:
        """The workspace."""
        return self.workspace.organization

    def issue(self, *, id_: str) -> Issue:
        """An issue by UUID or identifier, archived ones included."""
        return self.workspace.find(Issue, id_)

    def issues(self) -> list[Issue]:
        """All issues."""
        return self.workspace.of(Issue)

    def search_issues(
        self, *, term: str, team_id: str | None = None, include_comments: bool | None = None
    ) -> list[Issue]:
        """The issues that have every word of `term` in identifier, title or description (or a comment)."""
        team = team_id and self.workspace.find(Team, team_id)
        words = term.lower().split()
        if not words:
            raise problems.invalid_input("term must not be empty.")

        def text(issue: Issue) -> str:
            comments = [comment.body for comment in issue.comments] if include_comments else []
            return "\n".join([issue.identifier, issue.title, issue.description or "", *comments]).lower()

        return [
            issue
            for issue in self.issues()
            if (not team or issue.team is team) and all(word in text(issue) for word in words)
        ]

    def issue_vcs_branch_search(self, *, branch_name: str) -> Issue | None:
        """The issue for which Linear proposes that branch name."""
        return next((issue for issue in self.issues() if issue.branch_name == branch_name), None)

    def issue_priority_values(self) -> list[PriorityValue]:
        """The five priorities."""
        return [PriorityValue(priority, label) for priority, label in enumerate(PRIORITIES)]

    def team(self, *, id_: str) -> Team:
        """A team by UUID or key."""
        return self.workspace.find(Team, id_)

    def teams(self) -> list[Team]:
        """All teams."""
        return self.workspace.of(Team)

    def user(self, *, id_: str) -> User:
        """A person, disabled ones included."""
        return self.workspace.find(User, id_)

    def users(self) -> list[User]:
        """All people."""
        return self.workspace.of(User)

    def workflow_state(self, *, id_: str) -> WorkflowState:
        """A state."""
        return self.workspace.find(WorkflowState, id_)

    def workflow_states(self) -> list[WorkflowState]:
        """The states of all teams."""
        return self.workspace.of(WorkflowState)

    def issue_label(self, *, id_: str) -> IssueLabel:
        """A label."""
        return self.workspace.find(IssueLabel, id_)

    def issue_labels(self) -> list[IssueLabel]:
        """The labels of the workspace and of all teams."""
        return self.workspace.of(IssueLabel)

    def attachment(self, *, id_: str) -> Attachment:
        """An attachment."""
        return self.workspace.find(Attachment, id_)

    def attachments(self) -> list[Attachment]:
        """The attachments of all issues."""
        return self.workspace.of(Attachment)

    def attachments_for_url(self, *, url: str) -> list[Attachment]:
        """The attachments with exactly that address."""
        return [attachment for attachment in self.attachments() if attachment.url == url]

    def comment(self, *, id_: str | None = None, hash_: str | None = None) -> Comment:
        """A comment by its id, or by the hash in its address."""
        if id_:
            return self.workspace.find(Comment, id_)
        for comment in self.comments():
            if hash_ and comment.url.endswith(f"#comment-{hash_}"):
                return comment
        raise problems.not_found("Comment")

    def comments(self) -> list[Comment]:
        """The comments of all issues."""
        return self.workspace.of(Comment)

    def issue_relation(self, *, id_: str) -> IssueRelation:
        """A relation."""
        return self.workspace.find(IssueRelation, id_)

    def issue_relations(self) -> list[IssueRelation]:
        """All relations."""
        return self.workspace.of(IssueRelation)

    def time_schedule(self, *, id_: str) -> TimeSchedule:
        """A schedule."""
        return self.workspace.find(TimeSchedule, id_)

    def time_schedules(self) -> list[TimeSchedule]:
        """All schedules."""
        return self.workspace.of(TimeSchedule)

    def triage_responsibility(self, *, id_: str) -> TriageResponsibility:
        """Who looks after a team's incoming issues."""
        return self.workspace.find(TriageResponsibility, id_)

    def triage_responsibilities(self) -> list[TriageResponsibility]:
        """Who looks after the incoming issues of all teams."""
        return self.workspace.of(TriageResponsibility)

    def rate_limit_status(self) -> RateLimitStatus:
        """What the caller may still ask."""
        now = self.workspace.now().timestamp()

        def level(type_: str, bucket: Bucket, requested: float) -> RateLimit:
            return RateLimit(
                type=type_,
                allowed_amount=bucket.limit,
                requested_amount=requested,
                remaining_amount=int(bucket.remaining(now)),
                period=bucket.period * 1000,
                reset=round(bucket.resets_at(now) * 1000),
            )

        return RateLimitStatus(
            self.caller.user.id,
            self.caller.kind,
            [
                level("requests", self.allowance.requests, 1),
                level("complexity", self.allowance.complexity, 0),
            ],
        )
