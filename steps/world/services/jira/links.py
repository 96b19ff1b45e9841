"""The doors of links: between issues, and from an issue to the rest of the world."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from steps.world.services.jira import errors, fields, views
from steps.world.services.jira.call import Call, Doors
from steps.world.services.jira.catalogue import LINK_TYPES
from steps.world.services.jira.errors import Answer, Refused
from steps.world.services.jira.fields import InvalidValueError
from steps.world.services.jira.issues import NOTHING

LONGEST_GLOBAL_ID = 255


def create(call: Call) -> Answer:
    """POST /issueLink: the inward issue e.g. blocks the outward one. A link that is there already is no mistake."""
    body = call.body()
    try:
        type_ = fields.named(LINK_TYPES, body.get("type"))
    except InvalidValueError:
        raise Refused(errors.invalid_payload()) from None
    if type_ is None:
        raise Refused(errors.not_found(fields.no_link_type(body["type"])))
    inward = fields.linked(call.writer, body.get("inwardIssue"))
    outward = fields.linked(call.writer, body.get("outwardIssue"))
    if inward is outward:
        raise Refused(errors.invalid("You cannot link an issue to itself."))
    if not call.may(inward).write or not call.may(outward).write:
        raise Refused(errors.not_found("You do not have permission to link issues in this project."))
    call.write(inward, outward)
    comment = None
    if "comment" in body:
        try:
            comment = fields.comment(body["comment"].get("body") if isinstance(body["comment"], dict) else None)
        except InvalidValueError as problem:
            raise Refused(errors.invalid(comment=str(problem))) from None
    call.site.link(type_, inward, outward)
    if comment is not None:
        call.site.comment(inward, call.user, [comment])
    return Answer(201, (), b"")


def types(call: Call) -> Answer:
    """GET /issueLinkType"""
    return errors.told({"issueLinkTypes": [views.link_type(call.site, each) for each in LINK_TYPES]})


def remote(call: Call) -> Answer:
    """GET /issue/{issue}/remotelink: all, or the one with a globalId"""
    issue = call.issue()
    wanted = call.query.get("globalId")
    told = [
        views.remote_link(call.site, issue, each) for each in issue.remote_links if wanted in (None, each.global_id)
    ]
    if wanted is None:
        return errors.told(told)
    if not told:
        raise Refused(_no_remote_link(wanted))
    return errors.told(told[0])


def link_remotely(call: Call) -> Answer:
    """POST /issue/{issue}/remotelink: 201 for a new link, 200 for one whose globalId was known."""
    issue = call.issue()
    if not call.may(issue).write:
        raise Refused(errors.forbidden("You do not have permission to link issues in this project."))
    call.write(issue)
    link, new = call.site.link_remotely(issue, _remote_link(call.body()))
    told = {"id": link.id, "self": views.remote_link_address(call.site, issue, link)}
    return errors.told(told, 201 if new else 200)


def unlink_remotely(call: Call) -> Answer:
    """DELETE /issue/{issue}/remotelink by its globalId"""
    issue = call.issue()
    unwanted = call.query.get("globalId")
    if not unwanted:
        raise Refused(errors.invalid("'globalId' is required."))
    if not call.may(issue).write:
        raise Refused(errors.forbidden("You do not have permission to link issues in this project."))
    call.write(issue)
    left = [each for each in issue.remote_links if each.global_id != unwanted]
    if len(left) == len(issue.remote_links):
        raise Refused(_no_remote_link(unwanted))
    issue.remote_links = left
    return NOTHING


def _no_remote_link(global_id: str) -> Answer:
    return errors.not_found(f"No remote issue link with global id '{global_id}' found.")


def _remote_link(body: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a posted link. Raises Refused."""
    target = body.get("object")
    if not isinstance(target, dict):
        raise Refused(errors.invalid(object="'object' is required."))
    texts = {
        **{name: target.get(name) for name in ("title", "url", "summary")},
        **{name: body.get(name) for name in ("globalId", "relationship")},
    }
    problems = {name: f"'{name}' is required." for name in ("title", "url") if not texts[name]}
    problems |= {
        name: f"'{name}' must be a string."
        for name, text in texts.items()
        if text is not None and not isinstance(text, str)
    }
    if not problems and not _is_address(target["url"]):
        problems["url"] = f"'{target['url']}' is not a valid URL."
    if not problems and len(texts["globalId"] or "") > LONGEST_GLOBAL_ID:
        problems["globalId"] = f"'globalId' exceeds the limit of {LONGEST_GLOBAL_ID} characters."
    if problems:
        raise Refused(errors.invalid(**problems))
    kept = {name: body[name] for name in ("globalId", "application", "relationship") if body.get(name)}
    return {**kept, "object": target}


def _is_address(url: str) -> bool:
    try:
        return bool(urlsplit(url).scheme)
    except ValueError:
        return False


DOORS: Doors = {
    "/issueLink": {"POST": create},
    "/issueLinkType": {"GET": types},
    "/issue/{issue}/remotelink": {"GET": remote, "POST": link_remotely, "DELETE": unlink_remotely},
}
