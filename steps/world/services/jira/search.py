"""The doors of the search."""

from __future__ import annotations

import secrets
from typing import Any

from jsonschema import Draft202012Validator

from steps.world.services.jira import errors, views
from steps.world.services.jira.call import Call, Doors, whole
from steps.world.services.jira.errors import Answer, Refused
from steps.world.services.jira.query import Searcher, find
from steps.world.services.jira.records import Issue
from steps.world.services.jira.site import Site

MOST_AT_ONCE, MOST_WITH_FIELDS, MOST_RECONCILED = 5000, 100, 50
REQUEST = {
    "type": "object",
    "properties": {
        "jql": {"type": "string"},
        "nextPageToken": {"type": "string"},
        "maxResults": {"type": "integer"},
        "fields": {"type": "array", "items": {"type": "string"}},
        "expand": {"type": "string"},
        "properties": {"type": "array", "items": {"type": "string"}},
        "fieldsByKeys": {"type": "boolean"},
        "failFast": {"type": "boolean"},
        "reconcileIssues": {"type": "array", "items": {"type": "integer"}},
    },
    "additionalProperties": False,
}
"""What a search can be asked (schema SearchAndReconcileRequestBean)."""
_REQUEST = Draft202012Validator(REQUEST)


def get(call: Call) -> Answer:
    """GET /search/jql"""
    texts = {name: call.query[name] for name in ("jql", "nextPageToken", "maxResults", "expand") if name in call.query}
    lists = {name: call.names(name) for name in ("fields", "reconcileIssues")}
    return _found(call, {**texts, **lists})


def post(call: Call) -> Answer:
    """POST /search/jql"""
    return _found(call, _asked(call))


def approximate_count(call: Call) -> Answer:
    """POST /search/approximate-count"""
    return errors.told({"count": len(find(_searcher(call), _asked(call).get("jql", "")))})


def removed(call: Call) -> Answer:
    """GET and POST /search, which are gone (CONTRACTS §2)."""
    raise Refused(errors.removed())


def _asked(call: Call) -> dict[str, Any]:
    """The body of a search. Raises Refused for what the schema does not know."""
    body = {name: value for name, value in call.body().items() if value is not None}
    if not _REQUEST.is_valid(body):
        raise Refused(errors.invalid_payload())
    return body


def _searcher(call: Call) -> Searcher:
    return Searcher(call.site, call.user, call.site.now())


def _found(call: Call, asked: dict[str, Any]) -> Answer:
    """One page of what a search finds."""
    text, token = asked.get("jql", ""), asked.get("nextPageToken")
    wanted = asked.get("fields") or ["id"]
    most = whole("maxResults", asked.get("maxResults", 50))
    if most == 0:
        raise Refused(errors.invalid("The value of 'maxResults' must be at least 1."))
    most = min(most, MOST_AT_ONCE if set(wanted) <= {"id", "key"} else MOST_WITH_FIELDS)
    reconciled = [whole("reconcileIssues", id_) for id_ in asked.get("reconcileIssues", ())]
    if len(reconciled) > MOST_RECONCILED:
        raise Refused(errors.invalid(f"At most {MOST_RECONCILED} issues can be reconciled."))
    expand = call.expanded([name.strip() for name in asked.get("expand", "").split(",")])
    issues = _rest(call.site, text, token) if token else find(_searcher(call), text, reconciled)
    page, left = issues[:most], issues[most:]
    told: dict[str, Any] = {"issues": [_told(call, issue, wanted, expand) for issue in page]}
    if left:
        told["nextPageToken"] = token = secrets.token_urlsafe(12)
        call.site.searches[token] = (text, left)
    return errors.told({**told, "isLast": not left})


def _rest(site: Site, text: str, token: str) -> list[Issue]:
    """What a page token stands for. Raises Refused when it is not one of a search with that text."""
    searched, left = site.searches.get(token, (None, []))
    if searched != text:
        raise Refused(errors.invalid("The provided next page token is invalid or expired."))
    return left


def _told(call: Call, issue: Issue, wanted: list[str], expand: list[str]) -> views.Told:
    """An issue as a search tells it: nothing but the id, unless more is wanted."""
    if wanted == ["id"] and not any(expand):
        return {"id": str(issue.id)}
    told = views.issue(call.site, issue, call.user, wanted, expand)
    if wanted == ["id"]:
        return {name: told[name] for name in ("id", *expand) if name in told}
    if not told["fields"]:
        del told["fields"]
    return told


DOORS: Doors = {
    "/search": {"GET": removed, "POST": removed},
    "/search/jql": {"GET": get, "POST": post},
    "/search/approximate-count": {"POST": approximate_count},
}
