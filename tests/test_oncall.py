"""The PagerDuty double against its contract (CONTRACTS §8.3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from steps.world.journal import Journal
from steps.world.services import oncall
from steps.world.services.covered import uncovered
from steps.world.services.oncall import Engineer, OnCall, Schedule

KEY = "u+0123456789"
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Clock:
    """A time that moves when the test says so, in epoch seconds."""

    now: float = NOON.timestamp()

    def __call__(self) -> float:
        return self.now


@dataclass
class Desk:
    """A caller of the double, and the engineers."""

    service: OnCall
    client: httpx.AsyncClient
    ada: Engineer
    bob: Engineer

    async def get(self, path: str = "/oncalls", **query: Any) -> httpx.Response:
        return await self.client.get(path, params=query)

    async def shifts(self, **query: Any) -> list[dict[str, Any]]:
        answer = await self.get(**query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["oncalls"]
        return found

    async def names(self, **query: Any) -> list[str]:
        return [shift["user"]["summary"] for shift in await self.shifts(**query)]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    service = OnCall(Clock())
    service.accept(KEY)
    headers = {"authorization": f"Token token={KEY}", "accept": "application/vnd.pagerduty+json;version=2"}
    transport = httpx.ASGITransport(service.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://api.pagerduty.com", headers=headers) as client:
        ada, bob = service.add_engineer("ada@x.io", "Ada"), service.add_engineer("bob@x.io", "Bob")
        yield Desk(service, client, ada, bob)


# -- who is on call -----------------------------------------------------------------------------------------------


async def test_nobody_is_on_call_at_first_and_again_when_taken_off(desk: Desk) -> None:
    assert await desk.names() == []
    desk.service.put(desk.ada)
    assert await desk.names() == ["Ada"]
    desk.service.put(desk.bob)
    assert await desk.names() == ["Bob"]
    desk.service.nobody()
    assert await desk.names() == []


async def test_an_answer_has_pagerdutys_shape_and_no_email(desk: Desk) -> None:
    desk.service.put(desk.ada, hours=1)
    answer = (await desk.get()).json()
    schedule, policy = desk.service.primary, desk.service.policy
    assert answer == {
        "oncalls": [
            {
                "escalation_policy": {
                    "id": policy.id,
                    "type": "escalation_policy_reference",
                    "summary": "Homelab",
                    "self": f"https://api.pagerduty.com/escalation_policies/{policy.id}",
                    "html_url": f"https://homelab.pagerduty.com/escalation_policies/{policy.id}",
                },
                "escalation_level": 1,
                "schedule": {
                    "id": schedule.id,
                    "type": "schedule_reference",
                    "summary": "Primary",
                    "self": f"https://api.pagerduty.com/schedules/{schedule.id}",
                    "html_url": f"https://homelab.pagerduty.com/schedules/{schedule.id}",
                },
                "user": {
                    "id": desk.ada.id,
                    "type": "user_reference",
                    "summary": "Ada",
                    "self": f"https://api.pagerduty.com/users/{desk.ada.id}",
                    "html_url": f"https://homelab.pagerduty.com/users/{desk.ada.id}",
                },
                "start": "2030-01-01T11:00:00Z",
                "end": "2030-01-01T13:00:00Z",
            }
        ],
        "limit": 25,
        "offset": 0,
        "more": False,
        "total": None,
    }


async def test_included_users_have_their_email(desk: Desk) -> None:
    desk.service.put(desk.ada)
    [shift] = await desk.shifts(**{"include[]": ["users", "schedules", "escalation_policies"]})
    assert (shift["user"]["type"], shift["user"]["email"]) == ("user", "ada@x.io")
    assert (shift["schedule"]["type"], shift["escalation_policy"]["type"]) == ("schedule", "escalation_policy")
    assert (await desk.get(f"/users/{desk.ada.id}")).json()["user"]["email"] == "ada@x.io"
    assert (await desk.get("/users/PNOBODY")).status_code == 404


async def test_the_time_asked_for_decides_between_shifts(desk: Desk) -> None:
    desk.service.primary.shift(desk.ada, NOON - 8 * HOUR, NOON)
    desk.service.primary.shift(desk.bob, NOON, NOON + 8 * HOUR)
    just_before = (NOON - timedelta(milliseconds=1)).isoformat()
    assert await desk.names(since=just_before, until=just_before) == ["Ada"]
    assert await desk.names() == ["Bob"]
    assert await desk.names(since=(NOON + 8 * HOUR).isoformat()) == []
    assert await desk.names(since=(NOON - HOUR).isoformat(), until=(NOON + HOUR).isoformat()) == ["Ada", "Bob"]
    assert await desk.names(since="2030-01-01T12:30:00+01:00", until="2030-01-01T12:30:00+01:00") == ["Ada"]


async def test_an_override_takes_the_place_of_a_shift(desk: Desk) -> None:
    desk.service.primary.shift(desk.ada, NOON - 2 * HOUR, NOON + 2 * HOUR)
    desk.service.primary.override(desk.bob, NOON - HOUR, NOON + HOUR)
    whole_day = {"since": "2030-01-01", "until": "2030-01-02"}
    assert [(shift["user"]["summary"], shift["start"], shift["end"]) for shift in await desk.shifts(**whole_day)] == [
        ("Ada", "2030-01-01T10:00:00Z", "2030-01-01T11:00:00Z"),
        ("Bob", "2030-01-01T11:00:00Z", "2030-01-01T13:00:00Z"),
        ("Ada", "2030-01-01T13:00:00Z", "2030-01-01T14:00:00Z"),
    ]
    assert await desk.names() == ["Bob"]
    assert await desk.names(earliest="true", **whole_day) == ["Ada", "Bob"]


def test_shifts_of_one_engineer_that_touch_are_one(desk: Desk) -> None:
    schedule = Schedule("Nights")
    schedule.shift(desk.ada, NOON, NOON + HOUR)
    schedule.shift(desk.ada, NOON + HOUR, NOON + 2 * HOUR)
    schedule.shift(desk.ada, NOON + 3 * HOUR, NOON + 4 * HOUR)
    assert [(turn.start, turn.end) for turn in schedule.final] == [
        (NOON, NOON + 2 * HOUR),
        (NOON + 3 * HOUR, NOON + 4 * HOUR),
    ]


def test_a_shift_ends_after_it_starts(desk: Desk) -> None:
    with pytest.raises(ValueError, match="The shift of Ada must end after it starts"):
        desk.service.primary.shift(desk.ada, NOON, NOON)
    with pytest.raises(ValueError, match="must end after it starts"):
        desk.service.primary.override(desk.ada, NOON, NOON - HOUR)


async def test_policies_have_levels_and_people_who_are_always_on_call(desk: Desk) -> None:
    desk.service.put(desk.ada)
    policy = desk.service.add_policy("Payments", [[desk.service.primary], [desk.bob]])
    found = await desk.shifts(**{"escalation_policy_ids[]": policy.id})
    assert [(shift["escalation_level"], shift["user"]["summary"]) for shift in found] == [(1, "Ada"), (2, "Bob")]
    assert (found[1]["schedule"], found[1]["start"], found[1]["end"]) == (None, None, None)
    assert await desk.names(**{"schedule_ids[]": [desk.service.primary.id]}) == ["Ada", "Ada"]
    assert await desk.names(**{"schedule_ids[]": "PNOBODY"}) == []
    assert await desk.names(**{"user_ids[]": desk.bob.id}) == ["Bob"]


async def test_long_lists_come_in_pages(desk: Desk) -> None:
    for day in range(30):
        engineer = desk.ada if day % 2 else desk.bob
        desk.service.primary.shift(engineer, NOON + 24 * HOUR * day, NOON + 24 * HOUR * (day + 1))
    month = {"since": "2030-01-01", "until": "2030-02-15"}
    first = (await desk.get(**month)).json()
    assert (len(first["oncalls"]), first["more"], first["total"]) == (25, True, None)
    rest = (await desk.get(**month, offset=25, total="true")).json()
    assert (len(rest["oncalls"]), rest["more"], rest["total"], rest["offset"]) == (5, False, 30, 25)
    assert (await desk.get(**month, limit=100)).json()["more"] is False


async def test_a_schedule_tells_who_is_on_call_with_their_email(desk: Desk) -> None:
    desk.service.primary.shift(desk.ada, NOON - HOUR, NOON + HOUR)
    desk.service.primary.shift(desk.bob, NOON + HOUR, NOON + 2 * HOUR)
    desk.service.primary.shift(desk.ada, NOON + 2 * HOUR, NOON + 3 * HOUR)
    path = f"/schedules/{desk.service.primary.id}/users"
    [now] = (await desk.get(path)).json()["users"]
    assert now == {
        "id": desk.ada.id,
        "type": "user",
        "summary": "Ada",
        "self": f"https://api.pagerduty.com/users/{desk.ada.id}",
        "html_url": f"https://homelab.pagerduty.com/users/{desk.ada.id}",
        "name": "Ada",
        "email": "ada@x.io",
        "time_zone": "Etc/UTC",
        "role": "user",
    }

    async def names(since: datetime, until: datetime) -> list[str]:
        answer = await desk.get(path, since=since.isoformat(), until=until.isoformat())
        return [user["name"] for user in answer.json()["users"]]

    assert await names(NOON, NOON + 3 * HOUR) == ["Ada", "Bob"]
    assert await names(NOON + HOUR, NOON + HOUR) == ["Bob"]
    assert await names(NOON + 3 * HOUR, NOON + 4 * HOUR) == []
    desk.service.primary.override(desk.bob, NOON - HOUR, NOON + HOUR)
    assert await names(NOON, NOON) == ["Bob"]
    desk.service.nobody()
    assert await names(NOON, NOON + 3 * HOUR) == []


async def test_each_schedule_tells_its_own_people(desk: Desk) -> None:
    nights = Schedule("Nights")
    nights.shift(desk.bob, NOON - HOUR, NOON + HOUR)
    desk.service.put(desk.ada)
    assert (await desk.get(f"/schedules/{nights.id}/users")).status_code == 404
    desk.service.add_policy("Payments", [[desk.ada], [nights]])
    assert [user["name"] for user in (await desk.get(f"/schedules/{nights.id}/users")).json()["users"]] == ["Bob"]
    primary = desk.service.primary.id
    assert [user["name"] for user in (await desk.get(f"/schedules/{primary}/users")).json()["users"]] == ["Ada"]


async def test_a_schedule_tells_its_entries_in_a_range_and_cuts_them_at_its_ends(desk: Desk) -> None:
    primary = desk.service.primary
    primary.shift(desk.ada, NOON - 2 * HOUR, NOON + 2 * HOUR)
    primary.override(desk.bob, NOON - HOUR, NOON)

    async def asked(since: datetime, until: datetime, **query: str) -> httpx.Response:
        return await desk.get(f"/schedules/{primary.id}", since=since.isoformat(), until=until.isoformat(), **query)

    def entries(part: dict[str, Any]) -> list[tuple[str, str, str]]:
        return [(one["user"]["summary"], one["start"], one["end"]) for one in part["rendered_schedule_entries"]]

    told = (await asked(NOON - HOUR, NOON + 3 * HOUR)).json()["schedule"]
    assert (told["id"], told["type"], told["escalation_policies"][0]["id"]) == (
        primary.id,
        "schedule",
        desk.service.policy.id,
    )
    assert [user["id"] for user in told["users"]] == [desk.ada.id, desk.bob.id]
    ten, eleven, twelve, two = (f"2030-01-01T{hour}:00:00Z" for hour in (10, 11, 12, 14))
    assert entries(told["final_schedule"]) == [("Bob", eleven, twelve), ("Ada", twelve, two)]
    assert entries(told["schedule_layers"][0]) == [("Ada", eleven, two)]
    assert entries(told["overrides_subschedule"]) == [("Bob", eleven, twelve)]
    assert told["final_schedule"]["rendered_coverage_percentage"] == 75
    early = (await asked(NOON - 3 * HOUR, NOON - HOUR, time_zone="UTC")).json()["schedule"]
    assert entries(early["final_schedule"]) == [("Ada", ten, eleven)]
    late = (await asked(NOON + 2 * HOUR, NOON + 3 * HOUR)).json()["schedule"]
    assert (entries(late["final_schedule"]), late["final_schedule"]["rendered_coverage_percentage"]) == ([], 0)
    assert (await asked(NOON, NOON - HOUR)).status_code == 400
    assert (await asked(NOON, NOON)).status_code == 501
    assert (await asked(NOON, NOON + HOUR, time_zone="Europe/Berlin")).status_code == 501
    assert (await desk.get(f"/schedules/{primary.id}")).status_code == 501
    day = {"since": "2030-01-01", "until": "2030-01-02"}
    assert (await desk.get("/schedules/PNOBODY", **day)).status_code == 404


# -- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization", ["", KEY, f"Bearer {KEY}", "Token token=wrong", f"Token {KEY}", "Token token="]
)
async def test_whoever_does_not_show_a_key_as_asked_is_refused(desk: Desk, authorization: str) -> None:
    answer = await desk.client.get("/oncalls", headers={"authorization": authorization})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 2006)
    assert (await desk.client.get("/users/P1", headers={"authorization": authorization})).status_code == 401


async def test_a_revoked_key_is_refused(desk: Desk) -> None:
    assert (await desk.get()).status_code == 200
    desk.service.revoke(KEY)
    assert (await desk.get()).status_code == 401


@pytest.mark.parametrize("quoting", ["token={}", "token = {}"])
async def test_the_keys_place_is_exact(desk: Desk, quoting: str) -> None:
    headers = {"authorization": "Token " + quoting.format(KEY)}
    answer = await desk.client.get("/oncalls", headers=headers)
    assert answer.status_code == (200 if quoting == "token={}" else 401)


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/vnd.pagerduty+json;version=2", 200),
        ("application/vnd.pagerduty+json; version=2", 200),
        ("application/json", 200),
        ("*/*", 200),
        ("application/vnd.pagerduty+json;version=1", 400),
        ("application/vnd.pagerduty+json", 400),
    ],
)
async def test_only_version_2_is_spoken(desk: Desk, accept: str, status: int) -> None:
    assert (await desk.client.get("/oncalls", headers={"accept": accept})).status_code == status


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"since": "yesterday"}, "since must be an ISO 8601 time."),
        ({"until": "soon"}, "until must be an ISO 8601 time."),
        ({"since": "2030-01-02", "until": "2030-01-01"}, "until must not be before since."),
        ({"since": "2030-01-01", "until": "2030-05-01"}, "The range from since to until must not exceed 3 months."),
        ({"limit": "101"}, "limit must be between 1 and 100."),
        ({"limit": "0"}, "limit must be between 1 and 100."),
        ({"limit": "all"}, "limit must be a whole number."),
        ({"offset": "-1"}, "offset must be a whole number."),
        ({"include[]": ["users", "teams"]}, "include[] cannot be teams."),
    ],
)
async def test_a_question_that_cannot_be_is_refused(desk: Desk, query: dict[str, Any], sentence: str) -> None:
    answer = await desk.get(**query)
    assert answer.status_code == 400
    assert answer.json()["error"] == {"message": "Invalid Input Provided", "code": 2001, "errors": [sentence]}


async def test_a_schedules_range_that_cannot_be_is_refused(desk: Desk) -> None:
    answer = await desk.get(f"/schedules/{desk.service.primary.id}/users", since="2030-01-02", until="2030-01-01")
    assert (answer.status_code, answer.json()["error"]["errors"]) == (400, ["until must not be before since."])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", "/schedules"), ("GET", "/schedules/P1"), ("GET", "/schedules/P1/overrides"), ("GET", "/users")),
        *(("GET", "/users/me"), ("PUT", "/users/P1"), ("GET", "/users/P1/contact_methods"), ("GET", "/services")),
        *(("GET", "/services/P1"), ("GET", "/escalation_policies"), ("GET", "/escalation_policies/P1")),
        *(("POST", "/incidents"), ("POST", "/incidents/P1/notes")),
    ],
)
async def test_what_pagerduty_has_and_the_double_does_not_is_told(desk: Desk, method: str, path: str) -> None:
    answer = await desk.client.request(method, path)
    what = f"{method} {path}"
    assert (answer.status_code, answer.json()["error"]) == (
        501,
        {"message": f"The acceptance suite's double does not cover this: {what}.", "code": 2000, "errors": []},
    )
    exchange = Journal().record(
        caller="agent-sre",
        callee="pagerduty",
        method=method,
        url=str(answer.request.url),
        status=answer.status_code,
        response_body=answer.content,
    )
    assert uncovered([exchange]) == (
        f"The suite's double of pagerduty does not cover {what}, which agent-sre asks for: "
        f"{method} {answer.request.url}"
    )
    assert (await desk.client.request(method, path, headers={"authorization": "Token token=wrong"})).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", "/"), ("GET", "/oncall"), ("GET", "/v2/oncalls"), ("GET", "/users/P1/unheard")),
        *(("GET", "/schedules/PNOBODY/users"), ("POST", "/oncalls"), ("DELETE", "/schedules")),
    ],
)
async def test_what_pagerduty_does_not_have_either_is_not_found(desk: Desk, method: str, path: str) -> None:
    answer = await desk.client.request(method, path)
    assert (answer.status_code, answer.json()) == (
        404,
        {"error": {"message": "Not Found", "code": 2100, "errors": []}},
    )
    assert (await desk.client.request(method, path, headers={"authorization": ""})).status_code == 401


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (oncall.unauthorized(), 401),
        (oncall.forbidden(), 403),
        (oncall.not_found(), 404),
        (oncall.rate_limited(), 429),
        (oncall.unavailable(), 503),
    ],
)
def test_error_answers_look_like_pagerdutys(answer: oncall.Answer, status: int) -> None:
    response = httpx.Response(answer.status, headers=list(answer.headers), content=answer.body)
    assert response.status_code == status
    assert response.json()["error"].keys() == {"message", "code", "errors"}
