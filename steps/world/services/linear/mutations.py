"""What can be changed in Linear and what it refuses: the fields of `Mutation`, by their names in snake case.

An input arrives as the schema has checked it, with snake-case names; what the caller left out is not in it.
A mutation checks everything before it changes anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any, TypeVar
from urllib.parse import urlsplit

from steps.world.services.linear import problems
from steps.world.services.linear.access import Caller
from steps.world.services.linear.entities import (
    ActorBot,
    Attachment,
    Comment,
    Entity,
    Issue,
    IssueHistory,
    IssueLabel,
    IssueRelation,
    RelationChange,
    Team,
    User,
    WorkflowState,
)
from steps.world.services.linear.workspace import Workspace

TITLE_LIMIT, TEXT_LIMIT = 512, 250_000
"""Characters. Linear has such limits; where exactly they lie is not documented."""
BATCH_LIMIT = 50
RELATION_TYPES = ("blocks", "duplicate", "related", "similar")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
UUID_V4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)

Kind = TypeVar("Kind", bound=Entity)
Input = Mapping[str, Any]
Values = dict[str, Any]

PLAIN = (
    "estimate",
    "due_date",
    "sort_order",
    "priority_sort_order",
    "sub_issue_sort_order",
    "snoozed_until_at",
)
"""Values of an issue that are kept as given."""
NEVER_FOUND = {
    "project_id": "Project",
    "project_milestone_id": "ProjectMilestone",
    "cycle_id": "Cycle",
    "template_id": "Template",
}
"""References to what this workspace has none of."""
TOLD = ("title", "priority", "state", "assignee", "team", "parent", "due_date", "estimate")
"""Attributes of an issue whose change the history tells as from/to."""


@dataclass(frozen=True, slots=True)
class Mutations:
    """The changes of one caller."""

    workspace: Workspace
    caller: Caller

    # issues

    def issue_create(self, *, input_: Input) -> SimpleNamespace:
        """Opens an issue in a team."""
        return self._done(issue=self._create_issue(self._checked_new_issue(input_)))

    def issue_batch_create(self, *, input_: Input) -> SimpleNamespace:
        """Opens several issues, or none."""
        given = [issue["id"] for issue in input_["issues"] if issue.get("id")]
        if len(set(given)) < len(given):
            raise problems.invalid_input("id must be unique.")
        checked = [self._checked_new_issue(issue) for issue in input_["issues"]]
        return self._done(issues=[self._create_issue(values) for values in checked])

    def issue_update(self, *, id_: str, input_: Input) -> SimpleNamespace:
        """Changes an issue."""
        issue = self.workspace.find(Issue, id_)
        self._change_issue(issue, self._checked_changes(issue, input_))
        return self._done(issue=issue)

    def issue_batch_update(self, *, ids: list[str], input_: Input) -> SimpleNamespace:
        """Changes up to 50 issues alike, or none."""
        if len(ids) > BATCH_LIMIT:
            raise problems.invalid_input(f"ids must not have more than {BATCH_LIMIT} items.")
        issues = [self.workspace.find(Issue, id_) for id_ in ids]
        checked = [self._checked_changes(issue, input_) for issue in issues]
        for issue, values in zip(issues, checked, strict=True):
            self._change_issue(issue, values)
        return self._done(issues=issues)

    def issue_archive(self, *, id_: str, trash: bool | None = None) -> SimpleNamespace:
        """Hides an issue; its state stays."""
        issue = self.workspace.find(Issue, id_)
        self._shelve(issue, trashed=bool(trash))
        return self._done(entity=issue)

    def issue_delete(self, *, id_: str, permanently_delete: bool | None = None) -> SimpleNamespace:
        """Puts an issue in the bin; administrators may destroy it."""
        issue = self.workspace.find(Issue, id_)
        if not permanently_delete:
            self._shelve(issue, trashed=True)
            return self._done(entity=issue)
        if not self.caller.user.admin:
            raise problems.forbidden("Only administrators may delete issues permanently.")
        for hanging in (*issue.comments, *issue.attachments):
            self.workspace.remove(hanging)
        for relation in (*issue.relations, *issue.inverse_relations):
            self._remove_relation(relation)
        for child in issue.children:
            child.parent = None
        self.workspace.remove(issue)
        return self._done(entity=None)

    def issue_unarchive(self, *, id_: str) -> SimpleNamespace:
        """Brings an archived or trashed issue back."""
        issue = self.workspace.find(Issue, id_)
        issue.archived_at = issue.trashed = None
        self._touch(issue, archived=False)
        return self._done(entity=issue)

    def issue_add_label(self, *, id_: str, label_id: str) -> SimpleNamespace:
        """Adds one label to an issue."""
        return self.issue_update(id_=id_, input_={"added_label_ids": [label_id]})

    def issue_remove_label(self, *, id_: str, label_id: str) -> SimpleNamespace:
        """Takes one label off an issue."""
        return self.issue_update(id_=id_, input_={"removed_label_ids": [label_id]})

    def issue_subscribe(
        self, *, id_: str, user_id: str | None = None, user_email: str | None = None
    ) -> SimpleNamespace:
        """Has somebody, by default the caller, told of the issue's changes."""
        issue = self.workspace.find(Issue, id_)
        user = self._subscriber(user_id, user_email)
        if user not in issue.subscribers:
            issue.subscribers.append(user)
        return self._done(issue=issue)

    def issue_unsubscribe(
        self, *, id_: str, user_id: str | None = None, user_email: str | None = None
    ) -> SimpleNamespace:
        """Has somebody, by default the caller, no longer told of the issue's changes."""
        issue = self.workspace.find(Issue, id_)
        user = self._subscriber(user_id, user_email)
        if user in issue.subscribers:
            issue.subscribers.remove(user)
        return self._done(issue=issue)

    def _subscriber(self, user_id: str | None, user_email: str | None) -> User:
        if user_id:
            return self.workspace.find(User, user_id)
        return self.workspace.user(user_email) if user_email else self.caller.user

    def _checked_new_issue(self, input_: Input) -> Values:
        team = self._team(input_["team_id"])
        values: Values = {"team": team, "title": "", "state": team.default_issue_state}
        values |= self._checked_issue({"title": None} | dict(input_), team, set())
        values["id_"] = self._new_id(Issue, input_)
        values["bot_actor"] = self._bot_actor(input_)
        values["created_at"] = self._past("created_at", input_) or self.workspace.now()
        if completed_at := self._past("completed_at", input_):
            if completed_at < values["created_at"]:
                raise problems.invalid_input("completedAt must be after createdAt.")
            if not input_.get("state_id"):
                values["state"] = team.state_of_type("completed")
            if values["state"].type != "completed":
                raise problems.invalid_input("completedAt needs a state of type completed.")
            values["completed_at"] = completed_at
        return values

    def _checked_changes(self, issue: Issue, input_: Input) -> Values:
        team = self._team(input_["team_id"]) if input_.get("team_id") else issue.team
        labels = {label for label in issue.labels if label.team in (None, team)}
        values = self._checked_issue(input_, team, labels)
        if team is not issue.team:
            values["team"] = team
            values.setdefault("state", team.state_of_type(issue.state.type))
            values.setdefault("labels", [label for label in issue.labels if label in labels])
        parent = values.get("parent")
        while parent is not None:
            if parent is issue:
                raise problems.invalid_input("parentId must not be the issue itself or one of its children.")
            parent = parent.parent
        if "trashed" in input_:
            values["trashed"] = input_["trashed"]
        return values

    def _checked_issue(self, input_: Input, team: Team, labels: set[IssueLabel]) -> Values:
        """What the input says, as attributes of an issue of `team` that carries `labels`."""
        for name, kind in NEVER_FOUND.items():
            if input_.get(name):
                raise problems.not_found(kind)
        values: Values = {name: input_[name] for name in PLAIN if name in input_}
        if "title" in input_:
            values["title"] = _text("title", input_["title"], TITLE_LIMIT)
        if "description" in input_:
            values["description"] = input_["description"] and _text("description", input_["description"], TEXT_LIMIT)
        if "priority" in input_:
            values["priority"] = input_["priority"] or 0
            if not 0 <= values["priority"] <= 4:
                raise problems.invalid_input("priority must be between 0 and 4.")
        if (values.get("estimate") or 0) < 0:
            raise problems.invalid_input("estimate must not be negative.")
        if input_.get("state_id"):
            values["state"] = state = self._by_id(WorkflowState, "stateId", input_["state_id"])
            if state.team is not team:
                raise problems.invalid_input("stateId must be a state of the issue's team.")
        for name in ("assignee", "delegate"):
            if f"{name}_id" in input_:
                values[name] = self._assignable(f"{name}Id", input_[f"{name}_id"])
        if input_.get("snoozed_by_id"):
            values["snoozed_by"] = self._by_id(User, "snoozedById", input_["snoozed_by_id"])
        if "parent_id" in input_:
            values["parent"] = input_["parent_id"] and self.workspace.find(Issue, input_["parent_id"])
        if "subscriber_ids" in input_:
            ids = input_["subscriber_ids"] or ()
            values["subscribers"] = [self._by_id(User, "subscriberIds", id_) for id_ in ids]
        if {"label_ids", "added_label_ids", "removed_label_ids"} & input_.keys():
            values["labels"] = self._labels(input_, team, labels)
        return values

    def _labels(self, input_: Input, team: Team, labels: set[IssueLabel]) -> list[IssueLabel]:
        """The labels after the change, in the order of their making."""

        def named(name: str, field: str) -> set[IssueLabel]:
            return {self._by_id(IssueLabel, field, id_) for id_ in input_.get(name) or ()}

        if "label_ids" in input_:
            labels = named("label_ids", "labelIds")
        labels = (labels | named("added_label_ids", "addedLabelIds")) - named("removed_label_ids", "removedLabelIds")
        groups = [label.parent for label in labels if label.parent]
        if len(set(groups)) < len(groups):
            raise problems.invalid_input("labelIds must not hold two labels of one group.")
        for label in labels:
            if label.team not in (None, team):
                raise problems.invalid_input(f"The label '{label.name}' belongs to another team.")
            if label.is_group:
                raise problems.invalid_input(f"The label '{label.name}' is a group and cannot be applied.")
            if label.retired_at:
                raise problems.invalid_input(f"The label '{label.name}' is retired.")
        return [label for label in self.workspace.of(IssueLabel) if label in labels]

    def _assignable(self, field: str, user_id: str | None) -> User | None:
        if not user_id:
            return None
        user = self._by_id(User, field, user_id)
        if not user.active:
            raise problems.invalid_input(f"{field} must be an active user.")
        return user

    def _create_issue(self, values: Values) -> Issue:
        state, completed_at = values["state"], values.pop("completed_at", None)
        creator = None if values["bot_actor"] else self.caller.user
        issue = self.workspace.add(Issue, number=0, creator=creator, **values)
        self.workspace.number(issue)
        issue.added_to_team_at = issue.created_at
        self._enter(issue, state, completed_at or issue.created_at)
        for label in issue.labels:
            label.last_applied_at = issue.created_at
        for user in (issue.creator, issue.assignee):
            if user and user not in issue.subscribers:
                issue.subscribers.append(user)
        return issue

    def _change_issue(self, issue: Issue, values: Values) -> None:
        changes: Values = {}
        for name in TOLD:
            if name in values and values[name] is not getattr(issue, name):
                changes |= {f"from_{name}": getattr(issue, name), f"to_{name}": values[name]}
        if "labels" in values:
            added = [label for label in values["labels"] if label not in issue.labels]
            removed = [label for label in issue.labels if label not in values["labels"]]
            for label in added:
                label.last_applied_at = self.workspace.now()
            changes |= {"added_labels": added or None, "removed_labels": removed or None}
        if values.get("description", issue.description) != issue.description:
            changes["updated_description"] = True

        if "team" in values:
            issue.previous_identifiers.append(issue.identifier)
            issue.team = values["team"]
            issue.added_to_team_at = self.workspace.now()
            self.workspace.number(issue)
        if "state" in values and values["state"] is not issue.state:
            self._enter(issue, values["state"], self.workspace.now())
        if "trashed" in values and bool(values["trashed"]) != bool(issue.trashed):
            issue.archived_at = self.workspace.now() if values["trashed"] else None
            changes["trashed"] = bool(values["trashed"])
        for name, value in values.items():
            setattr(issue, name, value)
        if issue.assignee and issue.assignee not in issue.subscribers:
            issue.subscribers.append(issue.assignee)
        self._touch(issue, **changes)

    @staticmethod
    def _enter(issue: Issue, state: WorkflowState, now: datetime) -> None:
        """Moves the issue into a state and sets the times that follow from its type."""
        if issue.state.type == "triage" and state.type != "triage":
            issue.triaged_at = now
        issue.state = state
        match state.type:
            case "triage":
                issue.started_triage_at = now
            case "started":
                issue.started_at = issue.started_at or now
            case "backlog" | "unstarted":
                issue.started_at = None
        issue.completed_at = now if state.type == "completed" else None
        issue.canceled_at = now if state.type in ("canceled", "duplicate") else None

    def _shelve(self, issue: Issue, *, trashed: bool) -> None:
        issue.archived_at = issue.archived_at or self.workspace.now()
        issue.trashed = trashed or issue.trashed
        self._touch(issue, archived=True, trashed=issue.trashed)

    def _touch(self, issue: Issue, **changes: Any) -> None:
        """Notes a change in the issue's history."""
        issue.updated_at = self.workspace.now()
        if any(value is not None for value in changes.values()):
            issue.history.append(self.workspace.add(IssueHistory, issue=issue, actor=self.caller.user, changes=changes))

    # labels

    def issue_label_create(self, *, input_: Input, replace_team_labels: bool | None = None) -> SimpleNamespace:
        """Makes a label for a team or, without `teamId`, for the workspace."""
        team = self._team(input_["team_id"]) if input_.get("team_id") else None
        values = self._checked_label(input_, team, None, replace_team_labels=bool(replace_team_labels))
        replaced = values.pop("replaced")
        label = self.workspace.add(
            IssueLabel,
            id_=self._new_id(IssueLabel, input_),
            team=team,
            creator=self.caller.user,
            **{"color": "#bec2c8", **values},
        )
        self._replace_labels(replaced, label)
        return self._done(issue_label=label)

    def issue_label_update(
        self, *, id_: str, input_: Input, replace_team_labels: bool | None = None
    ) -> SimpleNamespace:
        """Changes a label."""
        label = self.workspace.find(IssueLabel, id_)
        values = self._checked_label(input_, label.team, label, replace_team_labels=bool(replace_team_labels))
        self._replace_labels(values.pop("replaced"), label)
        for name, value in values.items():
            setattr(label, name, value)
        label.updated_at = self.workspace.now()
        return self._done(issue_label=label)

    def issue_label_delete(self, *, id_: str) -> SimpleNamespace:
        """Removes a label, also from the issues that carry it."""
        label = self.workspace.find(IssueLabel, id_)
        for issue in label.issues:
            issue.labels.remove(label)
        for child in label.children:
            child.parent = None
        self.workspace.remove(label)
        return self._done(entity_id=label.id)

    def _checked_label(
        self, input_: Input, team: Team | None, label: IssueLabel | None, *, replace_team_labels: bool
    ) -> Values:
        """The label's attributes, and under `replaced` the team labels that it takes the place of."""
        values: Values = {
            name: input_[name]
            for name in ("description", "color", "is_group", "retired_at")
            if input_.get(name) is not None
        }
        values["replaced"] = []
        if "color" in values and not re.fullmatch(r"#[0-9a-fA-F]{6}", values["color"]):
            raise problems.invalid_input("color must be a HEX color.")
        if values.get("retired_at"):
            values["retired_by"] = self.caller.user
        if input_.get("parent_id"):
            values["parent"] = parent = self._by_id(IssueLabel, "parentId", input_["parent_id"])
            if not parent.is_group or parent is label:
                raise problems.invalid_input("parentId must be a label group.")
        if label is None or input_.get("name") is not None:
            values["name"] = name = _text("name", input_.get("name"), TITLE_LIMIT)
            namesakes = [
                other
                for other in self.workspace.of(IssueLabel)
                if other is not label and other.name.lower() == name.lower() and _overlap(other.team, team)
            ]
            if replace_team_labels and team is None:
                values["replaced"] = [other for other in namesakes if other.team]
            if len(namesakes) > len(values["replaced"]):
                raise problems.invalid_input(f"A label named '{name}' already exists.")
        return values

    def _replace_labels(self, replaced: Iterable[IssueLabel], label: IssueLabel) -> None:
        for old in replaced:
            for issue in old.issues:
                issue.labels = [kept for kept in issue.labels if kept not in (old, label)] + [label]
            self.workspace.remove(old)

    # relations

    def issue_relation_create(self, *, input_: Input, override_created_at: datetime | None = None) -> SimpleNamespace:
        """Relates an issue to another. What is a duplicate moves to its team's state for duplicates."""
        issue = self.workspace.find(Issue, input_["issue_id"])
        related = self.workspace.find(Issue, input_["related_issue_id"])
        type_ = input_["type"]
        if issue is related:
            raise problems.invalid_input("An issue cannot be related to itself.")
        id_ = self._new_id(IssueRelation, input_)
        for relation in issue.relations:
            if relation.related_issue is related and relation.type == type_:
                return self._done(issue_relation=relation)
        relation = self.workspace.add(
            IssueRelation,
            id_=id_,
            type=type_,
            issue=issue,
            related_issue=related,
            created_at=override_created_at or self.workspace.now(),
        )
        issue.relations.append(relation)
        related.inverse_relations.append(relation)
        for one, other in ((issue, related), (related, issue)):
            self._touch(one, relation_changes=[RelationChange(other.identifier, type_)])
        if type_ == "duplicate":
            self._change_issue(issue, {"state": issue.team.state_of_type("duplicate")})
        return self._done(issue_relation=relation)

    def issue_relation_update(self, *, id_: str, input_: Input) -> SimpleNamespace:
        """Changes a relation's type or its issues."""
        relation = self.workspace.find(IssueRelation, id_)
        wanted = {
            "issue_id": input_.get("issue_id") or relation.issue.id,
            "related_issue_id": input_.get("related_issue_id") or relation.related_issue.id,
            "type": input_.get("type") or relation.type,
        }
        if wanted["type"] not in RELATION_TYPES:
            raise problems.invalid_input(f"type must be one of {', '.join(RELATION_TYPES)}.")
        issue = self.workspace.find(Issue, wanted["issue_id"])
        related = self.workspace.find(Issue, wanted["related_issue_id"])
        if issue is related:
            raise problems.invalid_input("An issue cannot be related to itself.")
        relation.issue.relations.remove(relation)
        relation.related_issue.inverse_relations.remove(relation)
        relation.issue, relation.related_issue, relation.type = issue, related, wanted["type"]
        issue.relations.append(relation)
        related.inverse_relations.append(relation)
        relation.updated_at = self.workspace.now()
        return self._done(issue_relation=relation)

    def issue_relation_delete(self, *, id_: str) -> SimpleNamespace:
        """Takes a relation back."""
        relation = self.workspace.find(IssueRelation, id_)
        self._remove_relation(relation)
        return self._done(entity_id=relation.id)

    def _remove_relation(self, relation: IssueRelation) -> None:
        relation.issue.relations.remove(relation)
        relation.related_issue.inverse_relations.remove(relation)
        self.workspace.remove(relation)

    # attachments

    def attachment_create(self, *, input_: Input) -> SimpleNamespace:
        """Attaches an address to an issue; the same address on the same issue updates what is there."""
        issue = self.workspace.find(Issue, input_["issue_id"])
        values = self._checked_attachment(input_)
        values["url"] = _url(input_["url"])
        comment = input_.get("comment_body") and _text("commentBody", input_["comment_body"], TEXT_LIMIT)
        bot_actor = self._bot_actor(input_)
        attachment = self._attach(issue, self._new_id(Attachment, input_), values)
        if comment:
            self._add_comment(issue, None, body=comment, user=self.caller.user, bot_actor=bot_actor)
        return self._done(attachment=attachment)

    def attachment_link_url(
        self,
        *,
        url: str,
        issue_id: str,
        title: str | None = None,
        id_: str | None = None,
        create_as_user: str | None = None,
        display_icon_url: str | None = None,
    ) -> SimpleNamespace:
        """Links any address to an issue."""
        return self.attachment_create(
            input_={
                "url": url,
                "issue_id": issue_id,
                "title": title or url,
                "id": id_,
                "create_as_user": create_as_user,
                "display_icon_url": display_icon_url,
            }
        )

    def attachment_update(self, *, id_: str, input_: Input) -> SimpleNamespace:
        """Changes an attachment."""
        attachment = self.workspace.find(Attachment, id_)
        self._set_attachment(attachment, self._checked_attachment(input_))
        return self._done(attachment=attachment)

    def attachment_delete(self, *, id_: str) -> SimpleNamespace:
        """Removes an attachment."""
        attachment = self.workspace.find(Attachment, id_)
        attachment.issue.attachments.remove(attachment)
        self.workspace.remove(attachment)
        return self._done(entity_id=attachment.id)

    @staticmethod
    def _checked_attachment(input_: Input) -> Values:
        values: Values = {"title": _text("title", input_["title"], TEXT_LIMIT)}
        for name in ("subtitle", "metadata", "group_by_source"):
            if input_.get(name) is not None:
                values[name] = input_[name]
        return values

    def _attach(self, issue: Issue, id_: str | None, values: Values) -> Attachment:
        for attachment in issue.attachments:
            if attachment.url == values["url"]:
                self._set_attachment(attachment, values)
                return attachment
        attachment = self.workspace.add(Attachment, id_=id_, issue=issue, creator=self.caller.user, **values)
        issue.attachments.append(attachment)
        self._touch(issue, attachment=attachment)
        return attachment

    def _set_attachment(self, attachment: Attachment, values: Values) -> None:
        for name, value in values.items():
            setattr(attachment, name, value)
        attachment.updated_at = self.workspace.now()

    # comments

    def comment_create(self, *, input_: Input) -> SimpleNamespace:
        """Comments on an issue, or answers a comment."""
        parent, issue = None, None
        if input_.get("parent_id"):
            parent = self._by_id(Comment, "parentId", input_["parent_id"])
            issue = parent.issue
        if input_.get("issue_id"):
            issue = self.workspace.find(Issue, input_["issue_id"])
        if issue is None:
            raise problems.invalid_input("issueId or parentId must be given.")
        if parent and parent.issue is not issue:
            raise problems.invalid_input("parentId must be a comment of the same issue.")
        bot_actor = self._bot_actor(input_)
        subscribers = [self._by_id(User, "subscriberIds", id_) for id_ in input_.get("subscriber_ids") or ()]
        comment = self._add_comment(
            issue,
            self._new_id(Comment, input_),
            body=_text("body", input_.get("body"), TEXT_LIMIT),
            user=None if bot_actor else self.caller.user,
            bot_actor=bot_actor,
            parent=parent,
            quoted_text=input_.get("quoted_text"),
            created_at=self._past("created_at", input_) or self.workspace.now(),
        )
        if not input_.get("do_not_subscribe_to_issue"):
            subscribers.append(self.caller.user)
        issue.subscribers += [user for user in subscribers if user not in issue.subscribers]
        return self._done(comment=comment)

    def comment_update(self, *, id_: str, input_: Input, skip_edited_at: bool | None = None) -> SimpleNamespace:
        """Changes one's own comment."""
        comment = self.workspace.find(Comment, id_)
        if comment.user is not self.caller.user:
            raise problems.forbidden("Only the author may edit a comment.")
        if "body" in input_:
            comment.body = _text("body", input_["body"], TEXT_LIMIT)
        if "quoted_text" in input_:
            comment.quoted_text = input_["quoted_text"]
        comment.updated_at = self.workspace.now()
        if not skip_edited_at:
            comment.edited_at = comment.updated_at
        return self._done(comment=comment)

    def comment_delete(self, *, id_: str) -> SimpleNamespace:
        """Removes a comment and the answers to it."""
        comment = self.workspace.find(Comment, id_)
        for answer in comment.children:
            self.comment_delete(id_=answer.id)
        comment.issue.comments.remove(comment)
        self.workspace.remove(comment)
        return self._done(entity_id=comment.id)

    def comment_resolve(self, *, id_: str, resolving_comment_id: str | None = None) -> SimpleNamespace:
        """Settles a thread."""
        comment = self._thread(id_)
        comment.resolving_comment = self.workspace.find(Comment, resolving_comment_id) if resolving_comment_id else None
        comment.resolved_at, comment.resolving_user = self.workspace.now(), self.caller.user
        return self._done(comment=comment)

    def comment_unresolve(self, *, id_: str) -> SimpleNamespace:
        """Opens a thread again."""
        comment = self._thread(id_)
        comment.resolved_at = comment.resolving_user = comment.resolving_comment = None
        return self._done(comment=comment)

    def _thread(self, id_: str) -> Comment:
        comment = self.workspace.find(Comment, id_)
        if comment.parent:
            raise problems.invalid_input("Only the first comment of a thread can be resolved.")
        return comment

    def _add_comment(self, issue: Issue, id_: str | None, **values: Any) -> Comment:
        comment = self.workspace.add(Comment, id_=id_, issue=issue, **values)
        issue.comments.append(comment)
        issue.updated_at = self.workspace.now()
        return comment

    # what all of them need

    def _done(self, **payload: Any) -> SimpleNamespace:
        return SimpleNamespace(success=True, last_sync_id=self.workspace.synced(), **payload)

    def _by_id(self, kind: type[Kind], field: str, id_: str) -> Kind:
        """The record that an input field names by UUID."""
        if not UUID.fullmatch(id_):
            raise problems.invalid_input(f"{field} must be a UUID.")
        return self.workspace.find(kind, id_)

    def _team(self, id_: str) -> Team:
        return self._by_id(Team, "teamId", id_)

    def _new_id(self, kind: type[Entity], input_: Input) -> str | None:
        """The id that the caller chose, if any: a fresh UUID v4."""
        id_: str | None = input_.get("id")
        if id_ is None:
            return None
        if not UUID_V4.fullmatch(id_):
            raise problems.invalid_input("id must be a UUID v4.")
        if self.workspace.has(kind, id_.lower()):
            raise problems.invalid_input(f"{kind.__name__} with id {id_} already exists.")
        return id_.lower()

    def _bot_actor(self, input_: Input) -> ActorBot | None:
        """The name that an application acts under; people's keys may not do so."""
        if not input_.get("create_as_user"):
            if input_.get("display_icon_url"):
                raise problems.invalid_input("displayIconUrl needs createAsUser.")
            return None
        if not self.caller.user.app:
            raise problems.forbidden("createAsUser is only available to OAuth applications in actor=app mode.")
        return ActorBot(input_["create_as_user"], input_.get("display_icon_url"))

    def _past(self, name: str, input_: Input) -> datetime | None:
        moment: datetime | None = input_.get(name)
        if moment and moment > self.workspace.now():
            raise problems.invalid_input(f"{name.replace('_a', 'A')} must be a time in the past.")
        return moment


def _text(field: str, text: str | None, limit: int) -> str:
    if not text or not text.strip():
        raise problems.invalid_input(f"{field} must not be empty.")
    if len(text) > limit:
        raise problems.invalid_input(f"{field} must be shorter than or equal to {limit} characters.")
    return text


def _url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise problems.invalid_input("url must be a URL address.")
    return url


def _overlap(one: Team | None, other: Team | None) -> bool:
    """Whether labels of these two owners (None: the workspace) can meet on one issue."""
    return one is None or other is None or one is other
