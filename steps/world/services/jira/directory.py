"""The doors that tell what there is: people, projects, fields, priorities, and what can be written when opening."""

from __future__ import annotations

from collections.abc import Iterable

from steps.world.services.jira import errors, views
from steps.world.services.jira.call import Call, Doors
from steps.world.services.jira.catalogue import FIELDS, ISSUE_TYPES, PRIORITIES, RESOLUTIONS, STATUSES
from steps.world.services.jira.errors import Answer, Refused
from steps.world.services.jira.fields import CREATE_SCREEN, REQUIRED
from steps.world.services.jira.issues import metadata
from steps.world.services.jira.records import Project, User
from steps.world.services.jira.views import Told

MOST_PROJECTS, MOST_METADATA = 100, 200


def myself(call: Call) -> Answer:
    """GET /myself"""
    return errors.told(
        {
            **views.user(call.site, call.user),
            "locale": "en_US",
            "groups": {"size": 0, "items": []},
            "applicationRoles": {"size": 0, "items": []},
        }
    )


def server(call: Call) -> Answer:
    """GET /serverInfo"""
    return errors.told(
        {
            "baseUrl": call.site.url,
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100250,
            "serverTitle": "Jira",
        }
    )


def users(call: Call) -> Answer:
    """GET /user/search"""
    return _people(call, call.site.users)


def assignable(call: Call) -> Answer:
    """GET /user/assignable/search: for a project, or for the project of an issue"""
    if issue := call.query.get("issueKey", call.query.get("issueId")):
        call.site.issue(issue, call.user)
    elif "project" in call.query:
        _project(call, call.query["project"])
    else:
        raise Refused(errors.invalid("One of 'issueKey', 'issueId' or 'project' is required."))
    return _people(call, call.site.users)


def _people(call: Call, people: Iterable[User]) -> Answer:
    """Those who are active and match: a word of the name or the e-mail address begins so, or the account id is that."""
    if "username" in call.query:
        raise Refused(errors.invalid("The query parameter 'username' is not supported in GDPR strict mode."))
    if ("query" in call.query) is ("accountId" in call.query):
        raise Refused(errors.invalid("Exactly one of 'query' and 'accountId' is required."))
    start, most = call.number("startAt", 0), call.number("maxResults", 50)
    beginning = call.query.get("query", "").lower()
    found = [
        person
        for person in people
        if person.active
        and (
            person.account_id == call.query["accountId"]
            if "accountId" in call.query
            else any(word.startswith(beginning) for word in (*person.name.lower().split(), person.email.lower()))
            or person.name.lower().startswith(beginning)
        )
    ]
    return errors.told([views.user(call.site, person) for person in found[start : start + most]])


def projects(call: Call) -> Answer:
    """GET /project"""
    return errors.told([views.project(call.site, each) for each in _visible(call)])


def search_projects(call: Call) -> Answer:
    """GET /project/search"""
    keys, text = call.names("keys"), call.query.get("query", "").lower()
    found = [
        project
        for project in _visible(call)
        if (not keys or project.key in keys) and (text in project.name.lower() or text in project.key.lower())
    ]
    told = [views.project(call.site, each) for each in sorted(found, key=lambda project: project.key)]
    return _page(call, "project/search", told, MOST_PROJECTS)


def project(call: Call) -> Answer:
    """GET /project/{project}"""
    return errors.told(views.whole_project(call.site, _project(call, call.path["project"]), ISSUE_TYPES))


def priorities(call: Call) -> Answer:
    """GET /priority"""
    return errors.told([views.priority(call.site, each) for each in PRIORITIES])


def search_priorities(call: Call) -> Answer:
    """GET /priority/search"""
    ids, name = call.query.getlist("id"), call.query.get("priorityName", "").lower()
    told = [
        views.priority(call.site, each)
        for each in PRIORITIES
        if (not ids or each.id in ids) and name in each.name.lower()
    ]
    if call.query.get("onlyDefault") == "true":
        told = [each for each in told if each["isDefault"]]
    return _page(call, "priority/search", told, len(PRIORITIES) * 10)


def statuses(call: Call) -> Answer:
    """GET /status"""
    return errors.told([views.status(call.site, each) for each in STATUSES])


def resolutions(call: Call) -> Answer:
    """GET /resolution"""
    return errors.told([views.resolution(call.site, each) for each in RESOLUTIONS])


def fields(call: Call) -> Answer:
    """GET /field"""
    return errors.told([views.field(each) for each in FIELDS.values()])


def labels(call: Call) -> Answer:
    """GET /label"""
    used = sorted({label for issue in call.site.issues(call.user) for label in issue.labels})
    start, most = call.number("startAt", 0), call.number("maxResults", 1000)
    return errors.told(
        {
            "maxResults": most,
            "startAt": start,
            "total": len(used),
            "isLast": start + most >= len(used),
            "values": used[start : start + most],
        }
    )


def types(call: Call) -> Answer:
    """GET /issuetype"""
    return errors.told([views.issue_type(call.site, each) for each in ISSUE_TYPES])


def types_of_project(call: Call) -> Answer:
    """GET /issuetype/project"""
    if "projectId" not in call.query:
        raise Refused(errors.invalid("The query parameter 'projectId' is required."))
    _project(call, call.query["projectId"])
    return types(call)


def statuses_of_project(call: Call) -> Answer:
    """GET /project/{project}/statuses: for each type of issue those to which the workflow leads."""
    _project(call, call.path["project"])
    told = [views.status(call.site, each) for each in dict.fromkeys(way.to for way in call.site.workflow)]
    kinds = [views.issue_type(call.site, each) for each in ISSUE_TYPES]
    return errors.told(
        [{name: kind[name] for name in ("self", "id", "name", "subtask")} | {"statuses": told} for kind in kinds]
    )


def permissions(call: Call) -> Answer:
    """GET /mypermissions: what the caller may do in a project or with an issue or, without either, anywhere."""
    wanted = call.names("permissions")
    if not wanted:
        raise Refused(errors.invalid("The 'permissions' query parameter is required."))
    if unknown := [each for each in wanted if each not in PERMISSIONS]:
        raise Refused(errors.not_covered("GET", f"/mypermissions?permissions={unknown[0]}"))
    may = [call.site.may(call.user, each) for each in _asked_about(call)]
    told = {
        key: {
            "id": PERMISSIONS[key],
            "key": key,
            "name": key.replace("_", " ").title(),
            "type": "PROJECT",
            "description": "",
            "havePermission": any(each.browse if key == BROWSE else each.write for each in may),
        }
        for key in wanted
    }
    return errors.told({"permissions": told})


def _asked_about(call: Call) -> list[Project]:
    """The projects in which the caller asks for permissions. Raises Refused."""
    if issue := call.query.get("issueKey", call.query.get("issueId")):
        return [call.site.issue(issue, call.user).project]
    if project := call.query.get("projectKey", call.query.get("projectId")):
        return [_project(call, project)]
    return call.site.projects


BROWSE = "BROWSE_PROJECTS"
PERMISSIONS = {
    BROWSE: "10",
    "CREATE_ISSUES": "11",
    "EDIT_ISSUES": "12",
    "ASSIGN_ISSUES": "13",
    "RESOLVE_ISSUES": "14",
    "ADD_COMMENTS": "15",
    "DELETE_ISSUES": "16",
    "CLOSE_ISSUES": "18",
    "LINK_ISSUES": "21",
    "TRANSITION_ISSUES": "46",
}
"""The permissions in projects that matter to whoever writes issues, and their ids."""


def creatable_types(call: Call) -> Answer:
    """GET /issue/createmeta/{project}/issuetypes"""
    _project(call, call.path["project"])
    return _metadata(call, "issueTypes", [views.issue_type(call.site, each) for each in ISSUE_TYPES])


def creatable_fields(call: Call) -> Answer:
    """GET /issue/createmeta/{project}/issuetypes/{type}"""
    _project(call, call.path["project"])
    if call.path["type"] not in {each.id for each in ISSUE_TYPES}:
        raise Refused(errors.invalid("Specify a valid issue type"))
    told = [{**metadata(name, required=name in REQUIRED), "fieldId": name} for name in CREATE_SCREEN]
    return _metadata(call, "fields", told)


def _visible(call: Call) -> list[Project]:
    return [each for each in call.site.projects if call.site.may(call.user, each).browse]


def _project(call: Call, ref: str) -> Project:
    found = call.site.project(ref, call.user)
    if found is None:
        raise Refused(errors.not_found(f"No project could be found with key '{ref}'."))
    return found


def _page(call: Call, path: str, told: list[Told], most_at_once: int) -> Answer:
    start, most = call.number("startAt", 0), min(call.number("maxResults", 50), most_at_once)
    return errors.told(views.page(call.site, path, told[start : start + most], start, most, len(told)))


def _metadata(call: Call, name: str, told: list[Told]) -> Answer:
    start, most = call.number("startAt", 0), call.number("maxResults", 50)
    if most > MOST_METADATA:
        raise Refused(errors.invalid(f"Parameter 'maxResults' must not exceed the limit '{MOST_METADATA}'"))
    return errors.told({"startAt": start, "maxResults": most, "total": len(told), name: told[start : start + most]})


DOORS: Doors = {
    "/myself": {"GET": myself},
    "/serverInfo": {"GET": server},
    "/user/search": {"GET": users},
    "/user/assignable/search": {"GET": assignable},
    "/project": {"GET": projects},
    "/project/search": {"GET": search_projects},
    "/project/{project}": {"GET": project},
    "/project/{project}/statuses": {"GET": statuses_of_project},
    "/issuetype": {"GET": types},
    "/issuetype/project": {"GET": types_of_project},
    "/mypermissions": {"GET": permissions},
    "/priority": {"GET": priorities},
    "/priority/search": {"GET": search_priorities},
    "/status": {"GET": statuses},
    "/resolution": {"GET": resolutions},
    "/field": {"GET": fields},
    "/label": {"GET": labels},
    "/issue/createmeta/{project}/issuetypes": {"GET": creatable_types},
    "/issue/createmeta/{project}/issuetypes/{type}": {"GET": creatable_fields},
}
