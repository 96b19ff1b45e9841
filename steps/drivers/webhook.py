"""Alertmanager's part at prometheus-events' webhook, for scenarios that enter there (CONTRACTS §4.1)."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from steps.world.loop import Loop

FIRST_PAUSE, GROWTH, ROUND = 0.3, 1.5, 10
"""How Alertmanager tries again after a 5xx answer or a network error, in each of its flushes, which follow each other
for as long as the notification is not taken. It never tries again after a 4xx."""
PATIENCE = 120
"""Seconds for which a notification is tried, at the longest: an outage may last for a minute, and a recovery, too."""

OWN_HEADERS = {"Content-Type": "application/json", "User-Agent": "Alertmanager/0.25.0"}


class Webhook:
    """Sends notifications as Alertmanager does: one after the other within a group, different groups side by side."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        loop: Loop,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._url = url
        self._loop = loop
        self._clock = clock
        self._sleep = sleep
        self._scenario = 0
        self._queues: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._sending: set[asyncio.Task[None]] = set()

    def send(self, notification: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        """Notifies, and goes on without waiting for the answer: it may take as long as the broker takes the event."""

        async def start() -> None:
            task = asyncio.create_task(self.deliver(notification, headers))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

        self._loop.run(start())

    def post(self, body: bytes) -> httpx.Response:
        """Posts this body once and returns the answer."""
        return self._loop.run(self._client.post(self._url, content=body, headers={"Content-Type": "application/json"}))

    def end(self) -> None:
        """A scenario ends: what was not taken so far is not tried again."""
        self._scenario += 1

    async def deliver(
        self, notification: dict[str, Any], headers: dict[str, str] | None = None, patience: float = PATIENCE
    ) -> None:
        """Notifies, and again until the notification is taken or refused, or for so many seconds.

        To be awaited on the world's loop.
        """
        scenario = self._scenario
        async with self._queues[notification["groupKey"]]:
            now = self._clock()
            pause, flush_ends, gives_up = FIRST_PAUSE, now + ROUND, now + patience
            while scenario == self._scenario and self._clock() < gives_up:
                if await self._is_answered(notification, headers):
                    return
                if self._clock() + pause > flush_ends:
                    pause, flush_ends = FIRST_PAUSE, self._clock() + ROUND
                await self._sleep(pause)
                pause *= GROWTH

    async def _is_answered(self, notification: dict[str, Any], headers: dict[str, str] | None) -> bool:
        """Notifies once. Whether the notification was taken or refused, so that it is not to be tried again."""
        try:
            answer = await self._client.post(
                self._url,
                content=json.dumps(notification, ensure_ascii=False).encode(),
                headers=OWN_HEADERS | (headers or {}),
                timeout=60,
            )
        except httpx.TransportError:
            return False
        return answer.status_code < 500
