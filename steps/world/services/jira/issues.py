"""The doors of issues: open, read, edit, assign, move, delete, and comment."""

from __future__ import annotations

from typing import Any

from steps.world.services.jira import errors, fields, views
from steps.world.services.jira.call import Call, Doors
from steps.world.services.jira.catalogue import PRIORITIES, RESOLUTIONS, Transition, Workflow
from steps.world.services.jira.errors import Answer, Refused
from steps.world.services.jira.fields import CREATE_SCREEN, EDIT_SCREEN, FIELDS, REQUIRED, Edit, InvalidValueError
from steps.world.services.jira.records import Comment, Document, Issue
from steps.world.services.jira.views import Told

NOTHING = Answer(204, (), b"")


def create(call: Call) -> Answer:
    """POST /issue, on request with a first transition."""
    body = call.body()
    edit = fields.read(call.writer, body, CREATE_SCREEN, required=REQUIRED)
    project = edit.values["project"]
    if not call.site.may(call.user, project).write:
        raise Refused(errors.forbidden())
    _properties(body)
    transition = _transition(call.site.workflow, body) if "transition" in body else None
    values = {name: value for name, value in edit.values.items() if name != "project"}
    issue = call.site.open(project, call.user, values)
    _add(call, issue, edit)
    told: Told = {"id": str(issue.id), "key": issue.key, "self": views.issue_address(call.site, issue)}
    if transition:
        call.site.move(issue, call.user, transition, {})
        told["transition"] = {"status": 204, "errorCollection": {"errorMessages": [], "errors": {}}}
    return errors.told(told, 201)


def _properties(body: dict[str, Any]) -> None:
    """Looks at what an application wants to keep beside the issue, out of people's sight. Raises Refused."""
    given = body.get("properties", [])
    if not isinstance(given, list) or any(not isinstance(one, dict) or set(one) != {"key", "value"} for one in given):
        raise Refused(errors.invalid_payload())


def read(call: Call) -> Answer:
    """GET /issue/{issue}"""
    wanted, expand = call.names("fields") or ["*all"], call.expanded(call.names("expand"))
    return errors.told(views.issue(call.site, call.issue(), call.user, wanted, expand))


def edit(call: Call) -> Answer:
    """PUT /issue/{issue}"""
    issue = call.issue()
    if not call.may(issue).write:
        raise Refused(errors.forbidden("You do not have permission to edit issues in this project."))
    call.write(issue)
    returned = call.query.get("returnIssue") == "true"
    expand = call.expanded(call.names("expand")) if returned else []
    body = call.body()
    edit = fields.read(call.writer, body, EDIT_SCREEN, labels=issue.labels)
    if not body.get("fields") and not body.get("update"):
        raise Refused(errors.invalid("one of 'fields' or 'update' required"))
    _add(call, issue, edit)
    call.site.change(issue, call.user, edit.values)
    if returned:
        return errors.told(views.issue(call.site, issue, call.user, ["*all"], expand))
    return NOTHING


def editable(call: Call) -> Answer:
    """GET /issue/{issue}/editmeta: nothing for those who may not edit the issue."""
    screen = EDIT_SCREEN if call.may(call.issue()).write else ()
    return errors.told({"fields": {name: metadata(name, required=name == "summary") for name in screen}})


def delete(call: Call) -> Answer:
    """DELETE /issue/{issue}"""
    issue = call.issue()
    if not call.may(issue).write:
        raise Refused(errors.forbidden("You do not have permission to delete issues in this project."))
    call.site.delete(issue)
    return NOTHING


def assign(call: Call) -> Answer:
    """PUT /issue/{issue}/assignee: an account, `null` for nobody, "-1" for the project's default, which is nobody."""
    issue = call.issue()
    if not call.may(issue).write:
        raise Refused(errors.forbidden("You do not have permission to assign issues."))
    call.write(issue)
    body = call.body()
    if body.keys() != {"accountId"}:
        raise Refused(errors.invalid("'accountId' must be the only user identifying field."))
    try:
        assignee = None if body["accountId"] == "-1" else fields.assignee(call.writer, body)
    except InvalidValueError as problem:
        raise Refused(errors.invalid(assignee=str(problem))) from None
    call.site.change(issue, call.user, {"assignee": assignee})
    return NOTHING


def transitions(call: Call) -> Answer:
    """GET /issue/{issue}/transitions: none for those who may not move the issue."""
    issue = call.issue()
    only = call.query.get("transitionId")
    possible = [each for each in views.transitions_of(call.site, issue, call.user) if only in (None, each.id)]
    screens = "transitions.fields" in call.names("expand")
    told = [views.transition(call.site, each, _screen(each) if screens else None) for each in possible]
    return errors.told({"expand": "transitions", "transitions": told})


def move(call: Call) -> Answer:
    """POST /issue/{issue}/transitions"""
    issue = call.issue()
    call.write(issue)
    body = call.body()
    transition = _transition(call.site.workflow, body)
    if not call.may(issue).write:
        raise Refused(errors.invalid(_not_valid(transition.id)))
    edit = fields.read(call.writer, body, transition.screen)
    _add(call, issue, edit)
    call.site.move(issue, call.user, transition, edit.values)
    return NOTHING


def comments(call: Call) -> Answer:
    """GET /issue/{issue}/comment"""
    issue = call.issue()
    start, most = call.number("startAt", 0), call.number("maxResults", 100)
    order = call.query.get("orderBy", "created")
    if order.lstrip("+-") != "created":
        raise Refused(errors.invalid("Comments can only be ordered by 'created'."))
    found = issue.comments[::-1] if order.startswith("-") else issue.comments
    return errors.told(
        {
            "startAt": start,
            "maxResults": most,
            "total": len(found),
            "comments": [views.comment(call.site, issue, each) for each in found[start : start + most]],
        }
    )


def comment(call: Call) -> Answer:
    """POST /issue/{issue}/comment"""
    issue = call.issue()
    body = _comment_on(call, issue)
    [made] = call.site.comment(issue, call.user, [body])
    return errors.told(views.comment(call.site, issue, made), 201)


def read_comment(call: Call) -> Answer:
    """GET /issue/{issue}/comment/{comment}"""
    issue = call.issue()
    return errors.told(views.comment(call.site, issue, _named_comment(call, issue)))


def edit_comment(call: Call) -> Answer:
    """PUT /issue/{issue}/comment/{comment}"""
    issue = call.issue()
    found = _named_comment(call, issue)
    call.site.edit_comment(issue, found, _comment_on(call, issue))
    return errors.told(views.comment(call.site, issue, found))


def _named_comment(call: Call, issue: Issue) -> Comment:
    """The comment on the issue that the path names. Raises Refused."""
    id_ = call.path["comment"]
    found = next((each for each in issue.comments if str(each.id) == id_), None)
    if found is None:
        raise Refused(errors.not_found(f"Can not find a comment for the id: {id_}."))
    return found


def _comment_on(call: Call, issue: Issue) -> Document:
    """The body of the comment that a request writes on the issue. Raises Refused."""
    call.write(issue)
    try:
        body = fields.comment(call.body().get("body"))
    except InvalidValueError as problem:
        raise Refused(errors.invalid(comment=str(problem))) from None
    if not call.may(issue).write:
        raise Refused(errors.invalid("You do not have the permission to comment on this issue."))
    return body


def _add(call: Call, issue: Issue, edit: Edit) -> None:
    """What an edit brings beside the values of fields."""
    call.site.comment(issue, call.user, edit.comments)
    for type_, other, outward in edit.links:
        call.site.link(type_, *((issue, other) if outward else (other, issue)))


def _transition(workflow: Workflow, body: dict[str, object]) -> Transition:
    """The transition that a request names. Raises Refused."""
    wanted = body.get("transition")
    id_ = wanted.get("id") if isinstance(wanted, dict) else None
    if id_ is None:
        raise Refused(errors.invalid("Missing 'transition' identifier"))
    if not str(id_).isdecimal():
        raise Refused(errors.invalid("'transition' identifier must be an integer"))
    for transition in workflow:
        if transition.id == str(id_):
            return transition
    raise Refused(errors.invalid(_not_valid(str(id_))))


def _not_valid(id_: str) -> str:
    return f"Transition id '{id_}' is not valid for this issue."


def _screen(transition: Transition) -> Told:
    """Schema FieldMetadata of each field on the transition's screen."""
    return {name: metadata(name) for name in transition.screen}


def metadata(name: str, *, required: bool = False) -> Told:
    """Schema FieldMetadata: what a client has to know to write a field."""
    field = FIELDS[name]
    allowed = [(each.id, each.name) for each in PRIORITIES if name == "priority"]
    allowed += [(each.id, each.name) for each in RESOLUTIONS if name == "resolution"]
    return {
        "required": required,
        "schema": dict(field.schema),
        "name": field.name,
        "key": field.id,
        "hasDefaultValue": name == "priority",
        "operations": list(field.operations),
        **({"allowedValues": [{"id": id_, "name": named} for id_, named in allowed]} if allowed else {}),
    }


DOORS: Doors = {
    "/issue": {"POST": create},
    "/issue/{issue}": {"GET": read, "PUT": edit, "DELETE": delete},
    "/issue/{issue}/assignee": {"PUT": assign},
    "/issue/{issue}/transitions": {"GET": transitions, "POST": move},
    "/issue/{issue}/comment": {"GET": comments, "POST": comment},
    "/issue/{issue}/comment/{comment}": {"GET": read_comment, "PUT": edit_comment},
    "/issue/{issue}/editmeta": {"GET": editable},
}
