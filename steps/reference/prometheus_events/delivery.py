"""Delivery of events to the sink: each until it is taken or refused, those of one alert in their order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import httpx

from steps.reference import logs
from steps.reference.calls import RefusedError, Retries, check, send
from steps.reference.events import CloudEvent, header_value, structured


@dataclass(slots=True)
class _Queue:
    """The events of one alert that the sink has not taken yet, oldest first."""

    events: list[CloudEvent] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Delivery:
    """Sends events to the sink. An alert's events never overtake each other; alerts go side by side."""

    def __init__(self, client: httpx.AsyncClient, sink: str, timeout: float, retries: Retries) -> None:
        self._client = client
        self._sink = sink
        self._timeout = timeout
        self._retries = retries
        self._queues: dict[str, _Queue] = {}

    async def deliver(self, alert: str, event: CloudEvent) -> None:
        """Returns when the sink has taken the event, and every earlier one of the alert that it owed.

        Raises TransientError when all tries failed: the event then stays the next in line.
        Raises RefusedError when it does not want the event; that one is not kept.
        """
        queue = self._queues.setdefault(alert, _Queue())
        if event not in queue.events:
            queue.events.append(event)
        queue.users += 1
        try:
            async with queue.turn:
                while event in queue.events:
                    await self._deliver_next(queue, event)
        finally:
            queue.users -= 1
            if not queue.users and not queue.events:
                del self._queues[alert]

    async def _deliver_next(self, queue: _Queue, wanted: CloudEvent) -> None:
        event = queue.events[0]
        try:
            await self._retries.run(f"delivery of event {event['id']}", lambda: self._send(event))
        except RefusedError as refusal:
            queue.events.remove(event)
            if event is wanted:
                raise
            logs.error("the sink refused an earlier event", event_id=event["id"], error=str(refusal))
        else:
            queue.events.remove(event)

    async def _send(self, event: CloudEvent) -> None:
        headers, body = structured(event)
        headers |= {"x-correlation-id": header_value(event["correlationid"]), **event.trace}
        request = self._client.build_request("POST", self._sink, headers=headers, content=body)
        check(await send(self._client, request, self._timeout))
