"""The broker, for scenarios that enter behind prometheus-events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx

from steps.world.cluster.broker import Broker as WorldBroker
from steps.world.cluster.cloudevent import Event, Mode, encode
from steps.world.loop import Loop


class Broker:
    """Hands events to the broker, which delivers them to the agent by Knative's rules (CONTRACTS §6.2).

    `client` speaks for the broker, `agent` is the agent's event door.
    """

    def __init__(self, broker: WorldBroker, client: httpx.AsyncClient, agent: str, loop: Loop) -> None:
        self._broker = broker
        self._client = client
        self._agent = agent
        self._loop = loop

    def publish(self, event: Event) -> None:
        """The broker takes the event and delivers it as its trigger says."""
        self._loop.run(self._broker.publish(event))

    def keep_publishing(self, make: Callable[[], Event], at_once: int, every: float) -> Callable[[], None]:
        """The broker takes so many events at once every so many seconds, until what this returns is called."""

        async def publish() -> None:
            loop = asyncio.get_running_loop()
            due = loop.time()
            while True:
                for _ in range(at_once):
                    await self._broker.publish(make())
                due += every
                await asyncio.sleep(max(0.0, due - loop.time()))

        async def start() -> asyncio.Task[None]:
            return asyncio.create_task(publish(), name="alerts that keep coming in")

        task = self._loop.run(start())

        async def stop() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        return lambda: self._loop.run(stop())

    def redeliver(self, event: Event) -> None:
        """The broker delivers the same event, with the same id, once more."""
        self._loop.run(self._broker.redeliver(event))

    def deliver(self, event: Event, mode: Mode) -> None:
        """The event is delivered once in this content mode, whatever the trigger says."""
        message = encode(event, mode)
        self._loop.run(self._client.post(self._agent, headers=list(message.headers), content=message.body, timeout=60))
