"""What a query finds: what JQL's fields, values and functions mean on this site (CONTRACTS §2, search)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from steps.world.services.jira import adf, errors, jql
from steps.world.services.jira.catalogue import CATEGORIES, ISSUE_TYPES, PRIORITIES, RESOLUTIONS, STATUSES
from steps.world.services.jira.errors import Refused
from steps.world.services.jira.jql import EMPTY, Both, Clause, Condition, Either, Empty, Function, JqlError, Not, Value
from steps.world.services.jira.records import Document, Issue, User
from steps.world.services.jira.site import Site

UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."

Test = Callable[[Issue], bool]
SAME = ("=", "!=", "in", "not in", "is", "is not")
RANGE = (*SAME, "<", "<=", ">", ">=")
MATCH = ("~", "!~", "is", "is not")
NEGATIVE = {"!=": "=", "not in": "in", "!~": "~", "is not": "is"}

PERIOD = re.compile(r"([+-]?)((?:\d+[wdhm]\s*)+)")
UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
FORMATS = ("%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y-%m-%d")


@dataclass(frozen=True, slots=True)
class Searcher:
    """Who asks, and when: what a value may depend on."""

    site: Site
    user: User
    now: datetime


@dataclass(frozen=True, slots=True)
class Field:
    """What can be asked about an issue: its values of that field, and how a query's value is read for it."""

    operators: tuple[str, ...]
    of: Callable[[Issue], Iterable[Any]]
    read: Callable[[Searcher, str], Any]
    sort: Callable[[Issue], Any] | None = None


# -- values -----------------------------------------------------------------------------------------------------------


def _unknown(field: str, value: str) -> JqlError:
    return JqlError(f"The value '{value}' does not exist for the field '{field}'.")


def _by_name(field: str, kinds: Iterable[Any]) -> Callable[[Searcher, str], Any]:
    def read(searcher: Searcher, value: str) -> Any:
        for kind in kinds:
            if value.lower() in (str(kind.id), kind.name.lower(), getattr(kind, "key", kind.name).lower()):
                return kind
        raise _unknown(field, value)

    return read


def _project(searcher: Searcher, value: str) -> Any:
    for project in searcher.site.projects:
        visible = searcher.site.may(searcher.user, project).browse
        if visible and value.lower() in (str(project.id), project.key.lower(), project.name.lower()):
            return project
    raise _unknown("project", value)


def _issue(searcher: Searcher, value: str) -> Issue:
    try:
        return searcher.site.issue(value, searcher.user)
    except Refused:
        raise JqlError(f"An issue with key '{value}' does not exist for field 'key'.") from None


def _person(searcher: Searcher, value: str) -> Any:
    for user in searcher.site.users:
        if value.lower() in (user.account_id, user.email.lower(), user.name.lower()):
            return user
    raise _unknown("user", value)


def _time(field: str) -> Callable[[Searcher, str], datetime]:
    def read(searcher: Searcher, value: str) -> datetime:
        if period := PERIOD.fullmatch(value.strip()):
            sign, spans = period.groups()
            amount = {UNITS[unit]: int(number) for number, unit in re.findall(r"(\d+)([wdhm])", spans)}
            with suppress(OverflowError):
                return searcher.now + (-1 if sign == "-" else 1) * timedelta(**amount)
        for form in FORMATS:
            try:
                return datetime.strptime(value, form).replace(tzinfo=UTC)
            except ValueError:
                continue
        raise JqlError(
            f"Date value '{value}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
            "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
        )

    return read


def _wanted(field: str) -> Callable[[Searcher, str], Callable[[str], bool]]:
    """Reads a text query: all its words, each with `*` and `?` as wildcards, or the phrase within quotes."""

    def read(searcher: Searcher, value: str) -> Callable[[str], bool]:
        text = re.sub(r"\\(.)", r"\1" if value.startswith('"') else " ", value)
        phrase = len(text) > 1 and text[0] == text[-1] == '"'
        words = re.findall(r"\w+" if phrase else r"[\w*?]+", text.lower())
        if not words:
            raise JqlError(f"The text '{value}' for field '{field}' cannot be searched: it has no words.")
        if phrase:
            pattern = re.compile(r"\b" + r"\W+".join(words) + r"\b")
            return lambda text: pattern.search(text) is not None
        for word in words:
            if word[0] in "*?":
                raise JqlError(
                    f"The text '{word}' for field '{field}' is not allowed to start with character '{word[0]}'."
                )
        return lambda text: all(any(fnmatchcase(has, word) for has in re.findall(r"\w+", text)) for word in words)

    return read


def _label(searcher: Searcher, value: str) -> str:
    return value.lower()


# -- fields -----------------------------------------------------------------------------------------------------------


def _text(*documents: Document | None) -> list[str]:
    return [adf.text(document).lower() for document in documents if document is not None]


def _all_text(issue: Issue) -> list[str]:
    documents = (issue.description, issue.environment, *(comment.body for comment in issue.comments))
    return ["\n".join([issue.summary.lower(), *_text(*documents)])]


def _some(value: Any) -> tuple[Any, ...]:
    return () if value is None else (value,)


def _choice(name: str, kinds: tuple[Any, ...], of: Callable[[Issue], Any]) -> Field:
    return Field(
        SAME,
        lambda issue: _some(of(issue)),
        _by_name(name, kinds),
        lambda issue: kinds.index(of(issue)) if of(issue) else len(kinds),
    )


def _moment(name: str, of: Callable[[Issue], datetime | None]) -> Field:
    return Field(
        RANGE,
        lambda issue: _some(of(issue)),
        _time(name),
        lambda issue: of(issue) or datetime.max.replace(tzinfo=UTC),
    )


def _people(of: Callable[[Issue], User | None]) -> Field:
    return Field(SAME, lambda issue: _some(of(issue)), _person, lambda issue: getattr(of(issue), "name", "\U0010ffff"))


FIELDS: dict[str, Field] = {
    "project": Field(SAME, lambda issue: (issue.project,), _project, lambda issue: issue.project.key),
    "key": Field(SAME, lambda issue: (issue,), _issue, lambda issue: (issue.project.key, issue.number)),
    "status": _choice("status", STATUSES, lambda issue: issue.status),
    "statusCategory": _choice("statusCategory", CATEGORIES, lambda issue: issue.status.category),
    "priority": _choice("priority", PRIORITIES[::-1], lambda issue: issue.priority),
    "issuetype": _choice("issuetype", ISSUE_TYPES, lambda issue: issue.issuetype),
    "resolution": _choice("resolution", RESOLUTIONS, lambda issue: issue.resolution),
    "labels": Field(SAME, lambda issue: [label.lower() for label in issue.labels], _label),
    "assignee": _people(lambda issue: issue.assignee),
    "reporter": _people(lambda issue: issue.creator),
    "creator": _people(lambda issue: issue.creator),
    "summary": Field(
        MATCH, lambda issue: [issue.summary.lower()], _wanted("summary"), lambda issue: issue.summary.lower()
    ),
    "description": Field(MATCH, lambda issue: _text(issue.description), _wanted("description")),
    "environment": Field(MATCH, lambda issue: _text(issue.environment), _wanted("environment")),
    "comment": Field(
        ("~", "!~"), lambda issue: ["\n".join(_text(*(each.body for each in issue.comments)))], _wanted("comment")
    ),
    "text": Field(("~", "!~"), _all_text, _wanted("text")),
    "created": _moment("created", lambda issue: issue.created),
    "updated": _moment("updated", lambda issue: issue.updated),
    "resolved": _moment("resolved", lambda issue: issue.resolutiondate),
}
OTHER_NAMES = {
    "issuekey": "key",
    "id": "key",
    "issue": "key",
    "type": "issuetype",
    "createdDate": "created",
    "updatedDate": "updated",
    "resolutiondate": "resolved",
}
NAMES = {name.lower(): name for name in FIELDS} | {other.lower(): name for other, name in OTHER_NAMES.items()}
FUNCTIONS: dict[str, Callable[[Searcher], Any]] = {
    "currentuser": lambda searcher: searcher.user,
    "now": lambda searcher: searcher.now,
    "startofday": lambda searcher: searcher.now.replace(hour=0, minute=0, second=0, microsecond=0),
}

NOT_COMPUTED = (
    *("approved", "approver", "breached", "cascadeoption", "choiceoption", "closedsprints", "completed"),
    *("componentsleadbyuser", "currentlogin", "earliestunreleasedversion", "elapsed", "endofday", "endofmonth"),
    *("endofweek", "endofyear", "everbreached", "futuresprints", "issuehistory"),
    *("issueswithremotelinksbyglobalid", "lastlogin", "latestreleasedversion", "linkedissue", "linkedissues"),
    *("membersof", "myapproval", "mypending", "opensprints", "organizationmembers", "parentepic", "paused"),
    *("pending", "pendingby", "projectsleadbyuser", "projectswhereuserhaspermission"),
    *("projectswhereuserhasrole", "releasedversions", "remaining", "running", "standardissuetypes"),
    *("startofmonth", "startofweek", "startofyear", "subtaskissuetypes", "unreleasedversions", "updatedby"),
    *("votedissues", "watchedissues", "withincalendarhours"),
)
"""Jira's other functions, which the double does not have."""


def _field(name: str) -> Field:
    if name.lower() not in NAMES:
        raise JqlError(f"Field '{name}' does not exist or you do not have permission to view it.")
    return FIELDS[NAMES[name.lower()]]


# -- meaning ----------------------------------------------------------------------------------------------------------


def meaning(condition: Condition, searcher: Searcher) -> Test:
    """Whether an issue is found by the condition. Raises JqlError for what the site does not know."""
    match condition:
        case Not(part):
            test = meaning(part, searcher)
            return lambda issue: not test(issue)
        case Both(parts):
            tests = [meaning(part, searcher) for part in parts]
            return lambda issue: all(test(issue) for test in tests)
        case Either(parts):
            tests = [meaning(part, searcher) for part in parts]
            return lambda issue: any(test(issue) for test in tests)
        case Clause():
            return _clause(condition, searcher)


def _clause(clause: Clause, searcher: Searcher) -> Test:
    field = _field(clause.field)
    if clause.operator not in field.operators:
        raise JqlError(f"The operator '{clause.operator}' is not supported by the '{clause.field}' field.")
    operator = NEGATIVE.get(clause.operator, clause.operator)
    values = [_value(clause.field, field, value, searcher) for value in clause.values]
    if operator == "is" and values != [EMPTY]:
        raise JqlError(f"The operator '{clause.operator}' only supports the values EMPTY and NULL.")
    if operator not in ("is", "=", "in") and EMPTY in values:
        raise JqlError(f"The operator '{clause.operator}' does not support searching for empty values.")

    def found(issue: Issue) -> bool:
        return any(_compares(list(field.of(issue)), operator, value) for value in values)

    if clause.operator == operator:
        return found
    # A negative operator finds no issue whose field is empty, but for that of emptiness itself.
    return lambda issue: not found(issue) and (EMPTY in values or bool(list(field.of(issue))))


def _value(name: str, field: Field, value: Value, searcher: Searcher) -> Any:
    match value:
        case Empty():
            return value
        case str() if name.lower() == "resolution" and value.lower() == "unresolved":
            return EMPTY  # Jira's own word for an issue that has none
        case Function():
            called = f"{value.name}({', '.join(value.arguments)})"
            if value.name.lower() in NOT_COMPUTED or (value.name.lower() == "startofday" and value.arguments):
                raise Refused(errors.not_covered("JQL function", called))
            if value.name.lower() not in FUNCTIONS or value.arguments:
                raise JqlError(f"Unable to find JQL function '{called}'.")
            computed = FUNCTIONS[value.name.lower()](searcher)
            if not (field.read is _person if isinstance(computed, User) else ">" in field.operators):
                raise JqlError(f"A value provided by the function '{value.name}' is invalid for the field '{name}'.")
            return computed
        case str():
            return field.read(searcher, value)


def _compares(has: list[Any], operator: str, value: Any) -> bool:
    if value is EMPTY:
        return not has
    match operator:
        case "~":
            return any(value(text) for text in has)
        case "<":
            return any(each < value for each in has)
        case "<=":
            return any(each <= value for each in has)
        case ">":
            return any(each > value for each in has)
        case ">=":
            return any(each >= value for each in has)
        case _:
            return value in has


def find(searcher: Searcher, text: str, reconciled: Iterable[int] = ()) -> list[Issue]:
    """The issues that a query finds, in its order, else the newest first. Raises Refused.

    An issue younger than the index's lag is found only when its id is among those to be reconciled.
    """
    try:
        query = jql.parse(text)
        if query.condition is None:
            raise Refused(errors.invalid(UNBOUNDED))
        test = meaning(query.condition, searcher)
        sorts = [(_sort(order.field), order.descending) for order in query.orders]
    except JqlError as problem:
        raise Refused(errors.invalid(str(problem))) from None
    except RecursionError:
        raise Refused(errors.invalid("The JQL query is nested too deeply.")) from None
    indexed = searcher.now - timedelta(seconds=searcher.site.index_lag)
    issues = [
        issue
        for issue in reversed(searcher.site.issues(searcher.user))
        if (issue.created <= indexed or issue.id in reconciled) and test(issue)
    ]
    for sort, descending in reversed(sorts):
        issues.sort(key=sort, reverse=descending)
    return issues


def _sort(name: str) -> Callable[[Issue], Any]:
    sort = _field(name).sort
    if sort is None:
        raise JqlError(f"Not able to sort using field '{name}'.")
    return sort
