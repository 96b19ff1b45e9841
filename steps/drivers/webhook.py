"""Alertmanager's part at prometheus-events' webhook, for scenarios that enter there (CONTRACTS §4.1)."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from typing import Any

import httpx

from steps.world.loop import Loop

FIRST_PAUSE, GROWTH, TRIES = 0.3, 1.5, 8
"""How Alertmanager tries again after a 5xx answer or a network error: it never does after a 4xx."""

OWN_HEADERS = {"Content-Type": "application/json", "User-Agent": "Alertmanager/0.25.0"}


class Webhook:
    """Sends notifications as Alertmanager does: one after the other within a group, different groups side by side."""

    def __init__(self, client: httpx.AsyncClient, url: str, loop: Loop) -> None:
        self._client = client
        self._url = url
        self._loop = loop
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

    async def deliver(self, notification: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        """Notifies, and again until the notification is taken or refused; to be awaited on the world's loop."""
        async with self._queues[notification["groupKey"]]:
            for attempt in range(TRIES):
                try:
                    answer = await self._client.post(
                        self._url,
                        content=json.dumps(notification, ensure_ascii=False).encode(),
                        headers=OWN_HEADERS | (headers or {}),
                        timeout=60,
                    )
                except httpx.TransportError:
                    pass
                else:
                    if answer.status_code < 500:
                        return
                await asyncio.sleep(FIRST_PAUSE * GROWTH**attempt)
