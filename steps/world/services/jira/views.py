"""How Jira tells its records: one function per schema of its API description (CONTRACTS §2, OpenAPI)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from steps.world.services.jira.catalogue import (
    DEFAULT_PRIORITY,
    IssueType,
    LinkType,
    Priority,
    Resolution,
    Status,
    StatusCategory,
    SystemField,
    Transition,
)
from steps.world.services.jira.records import Comment, History, Issue, Project, RemoteLink, User
from steps.world.services.jira.site import Site

Told = dict[str, Any]
API = "/rest/api/3"
NOT_NAVIGABLE = "comment"
"""The one field that no list of issues shows."""


def time(moment: datetime | None) -> str | None:
    """A moment in Jira's form, e.g. 2026-01-01T10:00:00.000+0000."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")


def _address(site: Site, path: str) -> str:
    return f"{site.url}{API}/{path}"


def _avatars(site: Site, path: str) -> Told:
    sizes = {"16x16": "xsmall", "24x24": "small", "32x32": "medium", "48x48": "large"}
    return {name: f"{site.url}/{path}&size={size}" for name, size in sizes.items()}


def user(site: Site, user: User) -> Told:
    """Schemas User and UserDetails."""
    return {
        "self": _address(site, f"user?accountId={quote(user.account_id)}"),
        "accountId": user.account_id,
        "accountType": "atlassian",
        "emailAddress": user.email,
        "avatarUrls": _avatars(site, f"avatar?id={quote(user.account_id)}"),
        "displayName": user.name,
        "active": user.active,
        "timeZone": "Etc/UTC",
    }


def project(site: Site, project: Project) -> Told:
    """Schema Project."""
    return {
        "self": _address(site, f"project/{project.id}"),
        "id": str(project.id),
        "key": project.key,
        "name": project.name,
        "projectTypeKey": "software",
        "simplified": False,
        "style": "classic",
        "isPrivate": False,
        "avatarUrls": _avatars(site, f"secure/projectavatar?pid={project.id}"),
    }


def whole_project(site: Site, found: Project, types: Iterable[IssueType]) -> Told:
    """Schema Project, with who leads it and what can be opened in it."""
    return {
        **project(site, found),
        "lead": user(site, found.lead),
        "assigneeType": "UNASSIGNED",
        "issueTypes": [issue_type(site, type_) for type_ in types],
    }


def issue_type(site: Site, type_: IssueType) -> Told:
    """Schemas IssueTypeDetails and IssueTypeIssueCreateMetadata."""
    return {
        "self": _address(site, f"issuetype/{type_.id}"),
        "id": type_.id,
        "description": type_.description,
        "iconUrl": f"{site.url}/images/icons/issuetypes/{type_.name.lower()}.svg",
        "name": type_.name,
        "subtask": False,
        "hierarchyLevel": type_.level,
    }


def priority(site: Site, priority: Priority) -> Told:
    """Schema Priority."""
    return {
        "self": _address(site, f"priority/{priority.id}"),
        "statusColor": priority.color,
        "description": priority.description,
        "iconUrl": f"{site.url}/images/icons/priorities/{priority.name.lower()}.svg",
        "name": priority.name,
        "id": priority.id,
        "isDefault": priority is DEFAULT_PRIORITY,
    }


def category(site: Site, category: StatusCategory) -> Told:
    """Schema StatusCategory."""
    return {
        "self": _address(site, f"statuscategory/{category.id}"),
        "id": category.id,
        "key": category.key,
        "colorName": category.color,
        "name": category.name,
    }


def status(site: Site, status: Status) -> Told:
    """Schema StatusDetails."""
    return {
        "self": _address(site, f"status/{status.id}"),
        "description": "",
        "iconUrl": f"{site.url}/images/icons/statuses/generic.png",
        "name": status.name,
        "id": status.id,
        "statusCategory": category(site, status.category),
    }


def resolution(site: Site, resolution: Resolution) -> Told:
    """Schema Resolution."""
    return {
        "self": _address(site, f"resolution/{resolution.id}"),
        "id": resolution.id,
        "description": resolution.description,
        "name": resolution.name,
    }


def field(field: SystemField) -> Told:
    """Schema FieldDetails."""
    return {
        "id": field.id,
        "key": field.id,
        "name": field.name,
        "custom": False,
        "orderable": field.orderable,
        "navigable": field.id != NOT_NAVIGABLE,
        "searchable": bool(field.schema and field.clauses),
        "clauseNames": list(field.clauses),
        **({"schema": field.schema} if field.schema else {}),
    }


def link_type(site: Site, type_: LinkType) -> Told:
    """Schema IssueLinkType."""
    return {
        "id": type_.id,
        "name": type_.name,
        "inward": type_.inward,
        "outward": type_.outward,
        "self": _address(site, f"issueLinkType/{type_.id}"),
    }


def transitions_of(site: Site, issue: Issue, mover: User) -> list[Transition]:
    """The ways that are open to an issue: none for those who may not move it."""
    return list(site.workflow) if site.may(mover, issue.project).write else []


def transition(site: Site, transition: Transition, fields: Told | None) -> Told:
    """Schema IssueTransition; `fields` are those of its screen, when asked for."""
    return {
        "id": transition.id,
        "name": transition.name,
        "to": status(site, transition.to),
        "hasScreen": True,
        "isGlobal": True,
        "isInitial": False,
        "isAvailable": True,
        "isConditional": False,
        "looped": False,
        **({} if fields is None else {"fields": fields}),
    }


def comment(site: Site, issue: Issue, comment: Comment) -> Told:
    """Schema Comment."""
    author = user(site, comment.author)
    return {
        "self": _address(site, f"issue/{issue.id}/comment/{comment.id}"),
        "id": str(comment.id),
        "author": author,
        "body": comment.body,
        "updateAuthor": author,
        "created": time(comment.created),
        "updated": time(comment.updated),
        "jsdPublic": True,
    }


def remote_link(site: Site, issue: Issue, link: RemoteLink) -> Told:
    """Schema RemoteIssueLink."""
    return {"id": link.id, "self": remote_link_address(site, issue, link), **link.content}


def remote_link_address(site: Site, issue: Issue, link: RemoteLink) -> str:
    """Where a remote link is found."""
    return _address(site, f"issue/{issue.key}/remotelink/{link.id}")


def history(site: Site, history: History) -> Told:
    """Schema Changelog."""
    items = []
    for change in history.changes:
        ends = {
            "from": change.before_id,
            "fromString": change.before,
            "to": change.after_id,
            "toString": change.after,
        }
        items.append(
            {
                "field": change.field,
                "fieldtype": "jira",
                "fieldId": change.field,
                **{name: end for name, end in ends.items() if end is not None},
            }
        )
    return {
        "id": str(history.id),
        "author": user(site, history.author),
        "created": time(history.created),
        "items": items,
    }


def issue_address(site: Site, issue: Issue) -> str:
    """Where an issue is found by the API."""
    return _address(site, f"issue/{issue.id}")


def linked_issue(site: Site, issue: Issue) -> Told:
    """An issue as the other end of a link tells it."""
    return {
        "id": str(issue.id),
        "key": issue.key,
        "self": issue_address(site, issue),
        "fields": {
            "summary": issue.summary,
            "status": status(site, issue.status),
            "priority": priority(site, issue.priority),
            "issuetype": issue_type(site, issue.issuetype),
        },
    }


def fields(site: Site, issue: Issue) -> Told:
    """All fields of an issue, by their ids."""
    comments = [comment(site, issue, each) for each in issue.comments]
    creator = user(site, issue.creator)
    return {
        "summary": issue.summary,
        "description": issue.description,
        "environment": issue.environment,
        "project": project(site, issue.project),
        "issuetype": issue_type(site, issue.issuetype),
        "status": status(site, issue.status),
        "statusCategory": category(site, issue.status.category),
        "statuscategorychangedate": time(issue.statuscategorychangedate),
        "priority": priority(site, issue.priority),
        "labels": list(issue.labels),
        "assignee": issue.assignee and user(site, issue.assignee),
        "creator": creator,
        "reporter": creator,
        "created": time(issue.created),
        "updated": time(issue.updated),
        "duedate": issue.duedate and issue.duedate.isoformat(),
        "resolution": issue.resolution and resolution(site, issue.resolution),
        "resolutiondate": time(issue.resolutiondate),
        "issuelinks": [
            {
                "id": str(link.id),
                "self": _address(site, f"issueLink/{link.id}"),
                "type": link_type(site, link.type),
                **(
                    {"outwardIssue": linked_issue(site, link.outward)}
                    if link.inward is issue
                    else {"inwardIssue": linked_issue(site, link.inward)}
                ),
            }
            for link in site.links_of(issue)
        ],
        "comment": {
            "comments": comments,
            "self": _address(site, f"issue/{issue.id}/comment"),
            "maxResults": len(comments),
            "total": len(comments),
            "startAt": 0,
        },
    }


def issue(site: Site, issue: Issue, reader: User, wanted: Iterable[str], expand: Iterable[str] = ()) -> Told:
    """Schema IssueBean with the wanted fields: ids, `*all`, `*navigable`, and `-id` for all but that."""
    told: Told = {
        "expand": "transitions,changelog",
        "id": str(issue.id),
        "self": issue_address(site, issue),
        "key": issue.key,
        "fields": _chosen(fields(site, issue), set(wanted)),
    }
    if "transitions" in expand:
        told["transitions"] = [transition(site, each, None) for each in transitions_of(site, issue, reader)]
    if "changelog" in expand:
        histories = [history(site, each) for each in reversed(issue.history)]
        told["changelog"] = {
            "startAt": 0,
            "maxResults": len(histories),
            "total": len(histories),
            "histories": histories,
        }
    return told


def _chosen(told: Told, wanted: set[str]) -> Told:
    dropped = {name[1:] for name in wanted if name.startswith("-")}
    named = {name for name in wanted if not name.startswith("-")}
    everything = "*all" in named or not named
    navigable = "*navigable" in named
    return {
        name: value
        for name, value in told.items()
        if name not in dropped and (everything or name in named or (navigable and name != NOT_NAVIGABLE))
    }


def page(site: Site, path: str, values: list[Told], start: int, most: int, total: int) -> Told:
    """Schemas PageBean…: one page of a list, and where the next one is."""
    last = start + len(values) >= total
    further = {"startAt": start + most, "maxResults": most}
    return {
        "self": _address(site, f"{path}?{urlencode({'startAt': start, 'maxResults': most})}"),
        **({} if last else {"nextPage": _address(site, f"{path}?{urlencode(further)}")}),
        "maxResults": most,
        "startAt": start,
        "total": total,
        "isLast": last,
        "values": values,
    }
