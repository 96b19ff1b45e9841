"""The workspace: everything that Linear keeps, and what the world puts in before an agent arrives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast
from uuid import uuid4

from steps.world.services.linear import problems
from steps.world.services.linear.entities import (
    Entity,
    Issue,
    IssueLabel,
    Organization,
    Team,
    TimeSchedule,
    TriageResponsibility,
    User,
    WorkflowState,
)

STATES = (
    ("Triage", "triage"),
    ("Backlog", "backlog"),
    ("Todo", "unstarted"),
    ("In Progress", "started"),
    ("In Review", "started"),
    ("Done", "completed"),
    ("Canceled", "canceled"),
    ("Duplicate", "duplicate"),
)
"""The workflow of a team: at least one state of every type that Linear has."""

Kind = TypeVar("Kind", bound=Entity)


class Workspace:
    """The records of one workspace. `clock` gives epoch seconds."""

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._records: defaultdict[type[Entity], dict[str, Entity]] = defaultdict(dict)
        self._issues: dict[str, Issue] = {}
        self.last_sync_id = 0
        self.organization = self.add(Organization, name=name, url_key=name.lower())

    @property
    def url(self) -> str:
        """Where people look at the workspace."""
        return f"https://linear.app/{self.organization.url_key}"

    def now(self) -> datetime:
        """The time, to the millisecond, as Linear keeps it."""
        return datetime.fromtimestamp(int(self._clock() * 1000) / 1000, UTC)

    def of(self, kind: type[Kind]) -> list[Kind]:
        """All records of that kind, the oldest first."""
        return cast(list[Kind], list(self._records[kind].values()))

    def has(self, kind: type[Entity], id_: str) -> bool:
        """Whether a record of that kind has that id."""
        return id_ in self._records[kind]

    def find(self, kind: type[Kind], id_: str) -> Kind:
        """The record with that id, an issue also by its identifier (BVL-12) and a team by its key.

        Raises `not_found`.
        """
        found = self._records[kind].get(id_.lower())
        if found is None and kind is Issue:
            found = self._issues.get(id_.upper())
        if found is None and kind is Team:
            found = next((team for team in self.of(Team) if team.key == id_.upper()), None)
        if found is None:
            raise problems.not_found(kind.__name__)
        return cast(Kind, found)

    def names_of_issues(self) -> frozenset[str]:
        """What an issue can be found by."""
        return frozenset((*self._records[Issue], *self._issues))

    def add(self, kind: type[Kind], *, id_: str | None = None, **values: Any) -> Kind:
        """A new record; without an id it gets a random one, without `created_at` the present time."""
        values.setdefault("created_at", self.now())
        entity = kind(workspace=self, id=id_ or str(uuid4()), **values)
        self._records[kind][entity.id] = entity
        return entity

    def remove(self, entity: Entity) -> None:
        """Forgets a record."""
        del self._records[type(entity)][entity.id]
        if isinstance(entity, Issue):
            for identifier in (entity.identifier, *entity.previous_identifiers):
                del self._issues[identifier]

    def number(self, issue: Issue) -> None:
        """Gives the issue the next number of its team; it stays known under earlier identifiers."""
        issue.team.issue_numbers += 1
        issue.number = issue.team.issue_numbers
        self._issues[issue.identifier] = issue

    def synced(self) -> int:
        """The id of one more change."""
        self.last_sync_id += 1
        return self.last_sync_id

    # what the world puts in

    def add_team(self, key: str, name: str, default_state: str, completed: str = "Done") -> Team:
        """A team with a state of every type, its completed one named so; new issues start in `default_state`."""
        team = self.add(Team, key=key, name=name)
        for position, (state, type_) in enumerate(STATES):
            team.states.append(
                self.add(
                    WorkflowState,
                    team=team,
                    name=completed if type_ == "completed" else state,
                    type=type_,
                    color="#95a2b3",
                    position=float(position),
                )
            )
        team.default_issue_state = next(state for state in team.states if state.name == default_state)
        return team

    def add_user(self, email: str, name: str, *, active: bool, admin: bool, app: bool) -> User:
        """A person, or an application's account."""
        display_name = email.partition("@")[0]
        return self.add(User, email=email, name=name, display_name=display_name, active=active, admin=admin, app=app)

    def user(self, email: str) -> User:
        """The person with that e-mail address; raises `not_found`."""
        for user in self.of(User):
            if user.email == email:
                return user
        raise problems.not_found("User")

    def add_label(self, name: str, team: Team | None) -> IssueLabel:
        """A label of a team or, without one, of the whole workspace."""
        return self.add(IssueLabel, name=name, color="#bec2c8", team=team)

    def add_triage_schedule(self, team: Team, schedule: TimeSchedule) -> TriageResponsibility:
        """Lets a schedule say who looks after a team's incoming issues."""
        team.triage_responsibility = self.add(TriageResponsibility, team=team, time_schedule=schedule)
        return team.triage_responsibility
