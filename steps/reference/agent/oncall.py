"""Who is on call, as PagerDuty's schedule says (CONTRACTS §8.3)."""

from __future__ import annotations

from datetime import timedelta

import httpx

from steps.reference.calls import Retries, TransientError, check, send
from steps.reference.events import parse_time
from steps.reference.settings import Secret

ADDRESS = "https://api.pagerduty.com/oncalls"


class OnCall:
    """Asks PagerDuty who is on call in one schedule."""

    def __init__(self, client: httpx.AsyncClient, key: Secret, schedule: str, timeout: float, retries: Retries) -> None:
        self._client = client
        self._key = key
        self._schedule = schedule
        self._timeout = timeout
        self._retries = retries

    async def email(self, at: str) -> str | None:
        """E-mail address of the engineer on call at that time, None when there is none. Raises CallError."""
        return await self._retries.run("on-call look-up", lambda: self._ask(at), self._timeout)

    async def _ask(self, at: str) -> str | None:
        began = parse_time(at)
        query = {
            "schedule_ids[]": self._schedule,
            "include[]": "users",
            "earliest": "true",
            "since": began.isoformat(),
            "until": (began + timedelta(seconds=1)).isoformat(),
        }
        headers = {
            "authorization": f"Token token={self._key.reveal()}",
            "accept": "application/vnd.pagerduty+json;version=2",
        }
        request = self._client.build_request("GET", ADDRESS, params=query, headers=headers)
        response = await send(self._client, request, self._timeout)
        check(response)
        try:
            shifts = sorted(response.json()["oncalls"], key=lambda shift: int(shift["escalation_level"]))
            return next((email for shift in shifts if (email := shift["user"].get("email"))), None)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TransientError("PagerDuty answered something that is no list of shifts.") from error
