"""Events at agent-sre's door, faster than any door has to take them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import httpx

from steps.drivers.load import Arrival, open_loop
from steps.world.cluster.cloudevent import Event, encode
from steps.world.loop import Loop

SENDER = "flood"
"""Who sends them, in the journal."""
LOOKS = 5
"""So often a second the agent's health is looked at meanwhile."""
PATIENCE = 60
"""Seconds for an answer."""


class Flood:
    """Pours events into the door, and looks at the agent's health meanwhile. The journal has what was answered."""

    def __init__(self, client: httpx.AsyncClient, url: str, loop: Loop) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._loop = loop

    def pour(self, events: Sequence[Event], rate: float) -> list[Arrival]:
        """So many events a second, each once, whatever is answered; returns when all have been answered."""

        async def send(event: Event) -> None:
            message = encode(event, "binary")
            await self._client.post(
                f"{self._url}/", headers=list(message.headers), content=message.body, timeout=PATIENCE
            )

        async def look() -> None:
            await self._client.get(f"{self._url}/health", timeout=PATIENCE)

        async def pour() -> list[Arrival]:
            looks = [look] * max(1, round(len(events) / rate * LOOKS))
            poured, _ = await asyncio.gather(
                open_loop([partial(send, event) for event in events], rate), open_loop(looks, LOOKS)
            )
            return poured

        return self._loop.run(pour())
