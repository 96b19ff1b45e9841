"""Who is on call: PagerDuty as far as a look-up needs it (CONTRACTS §8.3), for host api.pagerduty.com; else 501."""

from __future__ import annotations

import json
import secrets
import string
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from steps.world.services.covered import NOT_COVERED, uncovered_paths

UNCOVERED = uncovered_paths("""
/abilities GET
/abilities/{id} GET
/addons GET POST
/audit/records GET
/business_services GET POST
/business_services/{id} GET PUT DELETE
/change_events GET
/change_events/{id} GET PUT
/escalation_policies GET POST
/escalation_policies/{id} GET PUT DELETE
/event_orchestrations GET POST
/event_orchestrations/{id} GET PUT DELETE
/extension_schemas GET
/extensions GET POST
/incident_workflows GET POST
/incidents GET POST PUT
/incidents/types GET POST
/incidents/{id} GET PUT
/incidents/{id}/alerts GET PUT
/incidents/{id}/alerts/{alert} GET PUT
/incidents/{id}/log_entries GET
/incidents/{id}/merge PUT
/incidents/{id}/notes GET POST
/incidents/{id}/past_incidents GET
/incidents/{id}/related_incidents GET
/incidents/{id}/responder_requests POST
/incidents/{id}/snooze POST
/incidents/{id}/status_updates POST
/licenses GET
/log_entries GET
/log_entries/{id} GET
/maintenance_windows GET POST
/maintenance_windows/{id} GET PUT DELETE
/notifications GET
/priorities GET
/response_plays GET POST
/rulesets GET POST
/schedules GET POST
/schedules/preview POST
/schedules/{id} PUT DELETE
/schedules/{id}/overrides GET POST
/schedules/{id}/overrides/{override} DELETE
/services GET POST
/services/{id} GET PUT DELETE
/services/{id}/integrations POST
/services/{id}/integrations/{integration} GET PUT
/tags GET POST
/tags/{id} GET DELETE
/teams GET POST
/teams/{id} GET PUT DELETE
/teams/{id}/members GET
/users GET POST
/users/{id} PUT DELETE
/users/{id}/contact_methods GET POST
/users/{id}/contact_methods/{method} GET PUT DELETE
/users/{id}/notification_rules GET POST
/users/{id}/notification_rules/{rule} GET PUT DELETE
/vendors GET
/vendors/{id} GET
/webhook_subscriptions GET POST
""")
"""What PagerDuty serves and the double does not: a choice out of its public REST reference."""
LONGEST_RANGE = timedelta(days=92)
"""PagerDuty searches at most three months."""
DEFAULT_PAGE, LONGEST_PAGE = 25, 100
INCLUDES = ("users", "schedules", "escalation_policies")


class Answer(NamedTuple):
    """One HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def error(status: int, message: str, code: int, *details: str) -> Answer:
    """PagerDuty's error answer."""
    body = {"error": {"message": message, "code": code, "errors": list(details)}}
    return Answer(status, (("content-type", "application/json"),), json.dumps(body).encode())


def invalid(*details: str) -> Answer:
    """The request's parameters cannot be."""
    return error(400, "Invalid Input Provided", 2001, *details)


def unauthorized() -> Answer:
    """The key is missing, wrong or revoked."""
    return error(401, "Unauthorized", 2006)


def forbidden() -> Answer:
    """The key is good, but not for this."""
    return error(403, "Access Denied", 2010)


def not_found() -> Answer:
    """No such thing, no such path, or a method that the path does not have."""
    return error(404, "Not Found", 2100)


def not_covered(request: Request) -> Answer:
    """PagerDuty would serve this, the double does not; the code is that of its own troubles."""
    return error(501, f"{NOT_COVERED}{request.method} {request.scope['path']}.", 2000)


def rate_limited() -> Answer:
    """Too many requests in the last minute."""
    return error(429, "Rate Limit Exceeded", 2020)


def unavailable() -> Answer:
    """PagerDuty itself has trouble."""
    return error(503, "Service Unavailable", 2000)


def _new_id() -> str:
    return "P" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(6))


@dataclass(frozen=True, slots=True)
class Engineer:
    """Somebody who can be on call."""

    email: str
    name: str
    id: str = field(default_factory=_new_id)

    @property
    def reference(self) -> dict[str, Any]:
        """As the API mentions the engineer."""
        return _reference("user", "users", self.id, self.name)

    @property
    def whole(self) -> dict[str, Any]:
        """As the API tells all about the engineer."""
        return {
            **self.reference,
            "type": "user",
            "name": self.name,
            "email": self.email,
            "time_zone": "Etc/UTC",
            "role": "user",
        }


class Shift(NamedTuple):
    """An engineer's turn, from `start` until just before `end`."""

    engineer: Engineer
    start: datetime
    end: datetime


@dataclass(slots=True)
class Schedule:
    """A table of shifts, and of overrides that take their place."""

    name: str
    id: str = field(default_factory=_new_id)
    _shifts: list[Shift] = field(default_factory=list)
    _overrides: list[Shift] = field(default_factory=list)

    def shift(self, engineer: Engineer, start: datetime, end: datetime) -> None:
        """Adds a turn; of turns at the same time the one added last counts."""
        self._shifts.append(_turn(engineer, start, end))

    def override(self, engineer: Engineer, start: datetime, end: datetime) -> None:
        """Lets somebody stand in for whoever has a shift then."""
        self._overrides.append(_turn(engineer, start, end))

    def clear(self) -> None:
        """Leaves nobody on the schedule."""
        self._shifts.clear()
        self._overrides.clear()

    @property
    def final(self) -> list[Shift]:
        """Who is really on call, in order of time: shifts cut by overrides."""
        return _flattened([*self._shifts, *self._overrides])

    @property
    def reference(self) -> dict[str, Any]:
        """As the API mentions the schedule."""
        return _reference("schedule", "schedules", self.id, self.name)

    @property
    def whole(self) -> dict[str, Any]:
        """As the API tells all about the schedule."""
        return {**self.reference, "type": "schedule", "name": self.name, "time_zone": "Etc/UTC"}

    def rendered(self, since: datetime, until: datetime) -> dict[str, Any]:
        """As the API tells the schedule and its entries in that time: those of its layer, its overrides, and the final.

        The layer has no rotation: its shifts are put in one by one.
        """
        users = [{"user": reference} for reference in self._references(self._shifts)]
        layer = {"id": f"{self.id}L", "name": "Layer 1", "users": users}
        return {
            **self.whole,
            "description": None,
            "users": self._references([*self._shifts, *self._overrides]),
            "teams": [],
            "schedule_layers": [layer | _entries(_flattened(self._shifts), since, until)],
            "overrides_subschedule": {"name": "Overrides"} | _entries(_flattened(self._overrides), since, until),
            "final_schedule": {"name": "Final Schedule"} | _entries(self.final, since, until),
        }

    def _references(self, turns: list[Shift]) -> list[dict[str, Any]]:
        return [engineer.reference for engineer in dict.fromkeys(turn.engineer for turn in turns)]


@dataclass(slots=True)
class EscalationPolicy:
    """Who is called first, second, and so on: per level the schedules, or people who are always on call."""

    name: str
    levels: list[list[Schedule | Engineer]]
    id: str = field(default_factory=_new_id)

    def on_calls(self) -> Iterator[tuple[int, Schedule | None, Engineer, datetime | None, datetime | None]]:
        """Level, schedule, engineer, start and end of every turn; who is always on call has neither."""
        for level, targets in enumerate(self.levels, start=1):
            for target in targets:
                if isinstance(target, Engineer):
                    yield level, None, target, None, None
                else:
                    for turn in target.final:
                        yield level, target, turn.engineer, turn.start, turn.end

    @property
    def reference(self) -> dict[str, Any]:
        """As the API mentions the policy."""
        return _reference("escalation_policy", "escalation_policies", self.id, self.name)

    @property
    def whole(self) -> dict[str, Any]:
        """As the API tells all about the policy."""
        return {**self.reference, "type": "escalation_policy", "name": self.name}


class OnCall:
    """A PagerDuty account with one schedule, `primary`, and one escalation policy that calls it.

    `clock` gives epoch seconds. Start with `accept` and `add_engineer`; nobody is on call at first.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._keys: set[str] = set()
        self._engineers: list[Engineer] = []
        self.primary = Schedule("Primary")
        self.policy = EscalationPolicy("Homelab", [[self.primary]])
        self._policies = [self.policy]
        unknown = self._door(lambda _: not_found())
        self.app = Starlette(
            routes=[
                Route("/users/me", self._door(not_covered)),  # no user of that id
                Route("/oncalls", self._door(self._on_calls)),
                Route("/schedules/{id}", self._door(self._schedule)),
                Route("/schedules/{id}/users", self._door(self._on_schedule)),
                Route("/users/{id}", self._door(self._user)),
                *(Route(path, self._door(not_covered), methods=methods) for path, methods in UNCOVERED.items()),
            ],
            exception_handlers={404: unknown, 405: unknown},
        )

    # what the world puts in

    def accept(self, key: str) -> None:
        """From now on `key` is an API key of the account."""
        self._keys.add(key)

    def revoke(self, key: str) -> None:
        """From now on the key is refused."""
        self._keys.discard(key)

    def add_engineer(self, email: str, name: str | None = None) -> Engineer:
        """Somebody who can be put on call."""
        engineer = Engineer(email, name or email.partition("@")[0].title())
        self._engineers.append(engineer)
        return engineer

    def add_policy(self, name: str, levels: list[list[Schedule | Engineer]]) -> EscalationPolicy:
        """Another escalation policy, with schedules of its own, which is listed before the others."""
        policy = EscalationPolicy(name, levels)
        self._policies.insert(0, policy)
        return policy

    def put(self, engineer: Engineer, hours: float = 12) -> None:
        """Puts the engineer alone on the primary schedule, for so many hours before and after now."""
        now, span = self._now(), timedelta(hours=hours)
        self.primary.clear()
        self.primary.shift(engineer, now - span, now + span)

    def nobody(self) -> None:
        """Takes everybody off the primary schedule."""
        self.primary.clear()

    # the doors

    def _door(self, answer: Callable[[Request], Answer]) -> Callable[..., Awaitable[Response]]:
        """What answers a request, or an exception that one led to, once its key has been looked at."""

        async def door(request: Request, _: Exception | None = None) -> Response:
            return _response(self._refusal(request) or answer(request))

        return door

    def _user(self, request: Request) -> Answer:
        for engineer in self._engineers:
            if engineer.id == request.path_params["id"]:
                return _told({"user": engineer.whole})
        return not_found()

    def _on_schedule(self, request: Request) -> Answer:
        """Everybody who is on call in the range, once; without a range it is now, which is unconfirmed."""
        schedule = self._named(request)
        if schedule is None:
            return not_found()
        try:
            since, until = self._range(request.query_params)
        except ValueError as mistake:
            return invalid(str(mistake))
        turns = [turn for turn in schedule.final if turn.start <= until and since < turn.end]
        return _told({"users": [engineer.whole for engineer in dict.fromkeys(turn.engineer for turn in turns)]})

    def _schedule(self, request: Request) -> Answer:
        """The schedule with its entries in the range, cut at its ends.

        What PagerDuty tells where an end is not given, or in another zone, is unconfirmed.
        """
        query = request.query_params
        if not (query.get("since") and query.get("until")) or query.get("time_zone", "UTC") not in ("UTC", "Etc/UTC"):
            return not_covered(request)
        schedule = self._named(request)
        if schedule is None:
            return not_found()
        try:
            since, until = self._range(query)
        except ValueError as mistake:
            return invalid(str(mistake))
        if since == until:
            return not_covered(request)
        policies = [policy.reference for policy in self._policies if any(schedule in level for level in policy.levels)]
        return _told({"schedule": schedule.rendered(since, until) | {"escalation_policies": policies}})

    def _named(self, request: Request) -> Schedule | None:
        """The schedule that the path names."""
        targets = (target for policy in self._policies for level in policy.levels for target in level)
        schedules = {target.id: target for target in targets if isinstance(target, Schedule)}
        return schedules.get(request.path_params["id"])

    def _refusal(self, request: Request) -> Answer | None:
        """Why the request is not served: its key (`Token token=…`), or another version of the API."""
        scheme, _, credential = request.headers.get("authorization", "").partition(" ")
        name, _, key = credential.strip().partition("=")
        if scheme.lower() != "token" or name != "token" or key not in self._keys:
            return unauthorized()
        accepted = request.headers.get("accept", "").replace(" ", "")
        if "application/vnd.pagerduty+json" in accepted and "version=2" not in accepted:
            return invalid("Accept must be application/vnd.pagerduty+json;version=2.")
        return None

    def _on_calls(self, request: Request) -> Answer:
        query = request.query_params
        includes = query.getlist("include[]")
        if unknown := sorted(set(includes) - set(INCLUDES)):
            return invalid(f"include[] cannot be {', '.join(unknown)}.")
        try:
            since, until = self._range(query)
            limit, offset = _count(query, "limit", DEFAULT_PAGE), _count(query, "offset", 0)
        except ValueError as mistake:
            return invalid(str(mistake))
        if not 1 <= limit <= LONGEST_PAGE:
            return invalid(f"limit must be between 1 and {LONGEST_PAGE}.")

        found = self._within(query, since, until, includes)
        return _told(
            {
                "oncalls": found[offset : offset + limit],
                "limit": limit,
                "offset": offset,
                "more": offset + limit < len(found),
                "total": len(found) if query.get("total") == "true" else None,
            }
        )

    def _within(
        self, query: QueryParams, since: datetime, until: datetime, includes: list[str]
    ) -> list[dict[str, Any]]:
        """The turns that overlap the range, by policy, level and time."""
        wanted = {name: query.getlist(f"{name}_ids[]") for name in ("schedule", "escalation_policy", "user")}
        seen: set[tuple[str, int, str]] = set()
        found = []
        for policy in self._policies:
            for level, schedule, engineer, start, end in policy.on_calls():
                ids = {
                    "schedule": schedule and schedule.id,
                    "escalation_policy": policy.id,
                    "user": engineer.id,
                }
                if any(wanted[name] and id_ not in wanted[name] for name, id_ in ids.items()):
                    continue
                if start and end and not (start <= until and since < end):
                    continue
                turn = (policy.id, level, engineer.id)
                if query.get("earliest") == "true" and turn in seen:
                    continue
                seen.add(turn)
                found.append(
                    {
                        "escalation_policy": _shown(policy, "escalation_policies" in includes),
                        "escalation_level": level,
                        "schedule": schedule and _shown(schedule, "schedules" in includes),
                        "user": _shown(engineer, "users" in includes),
                        "start": start and _tell_time(start),
                        "end": end and _tell_time(end),
                    }
                )
        return found

    def _range(self, query: Mapping[str, str]) -> tuple[datetime, datetime]:
        """What the query is about, by default now; raises ValueError with a sentence."""
        since, until = self._time(query, "since"), self._time(query, "until")
        if "until" not in query:
            until = max(since, until)
        if until < since:
            raise ValueError("until must not be before since.")
        if until - since > LONGEST_RANGE:
            raise ValueError("The range from since to until must not exceed 3 months.")
        return since, until

    def _time(self, query: Mapping[str, str], name: str) -> datetime:
        """A time of the query, by default now; raises ValueError with a sentence."""
        if name not in query:
            return self._now()
        try:
            moment = datetime.fromisoformat(query[name])
        except ValueError:
            raise ValueError(f"{name} must be an ISO 8601 time.") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _turn(engineer: Engineer, start: datetime, end: datetime) -> Shift:
    if not start < end:
        raise ValueError(f"The shift of {engineer.name} must end after it starts.")
    return Shift(engineer, start, end)


def _flattened(turns: list[Shift]) -> list[Shift]:
    """The turns in order of time, of which none overlaps: of those at the same time the last counts."""
    moments = sorted({moment for turn in turns for moment in (turn.start, turn.end)})
    final: list[Shift] = []
    for start, end in pairwise(moments):
        covering = [turn.engineer for turn in turns if turn.start <= start < turn.end]
        if not covering:
            continue
        if final and final[-1].end == start and final[-1].engineer is covering[-1]:
            final[-1] = final[-1]._replace(end=end)
        else:
            final.append(Shift(covering[-1], start, end))
    return final


def _entries(turns: list[Shift], since: datetime, until: datetime) -> dict[str, Any]:
    """The turns within that time, as a schedule tells them, and how much of it they cover."""
    cut = [
        Shift(turn.engineer, max(turn.start, since), min(turn.end, until))
        for turn in turns
        if turn.start < until and since < turn.end
    ]
    covered = sum((turn.end - turn.start for turn in cut), timedelta())
    return {
        "rendered_schedule_entries": [
            {"start": _tell_time(start), "end": _tell_time(end), "user": engineer.reference}
            for engineer, start, end in cut
        ],
        "rendered_coverage_percentage": round(100 * (covered / (until - since)), 1),
    }


def _reference(type_: str, collection: str, id_: str, name: str) -> dict[str, Any]:
    return {
        "id": id_,
        "type": f"{type_}_reference",
        "summary": name,
        "self": f"https://api.pagerduty.com/{collection}/{id_}",
        "html_url": f"https://homelab.pagerduty.com/{collection}/{id_}",
    }


def _shown(thing: Engineer | Schedule | EscalationPolicy, whole: bool) -> dict[str, Any]:
    return thing.whole if whole else thing.reference


def _tell_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _count(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise ValueError(f"{name} must be a whole number.")
    return int(text)


def _told(body: dict[str, Any]) -> Answer:
    return Answer(200, (("content-type", "application/json"),), json.dumps(body).encode())


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))
