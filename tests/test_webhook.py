"""Alertmanager's part at prometheus-events' webhook: it notifies for as long as a notification is not taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import httpx
import pytest

from steps.drivers.webhook import GROWTH, PATIENCE, ROUND, Webhook
from steps.incident.alert import make_alert
from steps.incident.notification import notification
from steps.world.loop import Loop

URL = "http://prometheus-events/webhook"
ABOUT = notification([(make_alert(), "firing")])


@dataclass
class Converter:
    """A webhook whose answer depends on the time, in which waiting costs none of the test's."""

    answer: Callable[[float], int | None]
    """The status at that time; None when there is no connection."""
    now: float = 0.0
    notified: list[float] = field(default_factory=list)
    """When it was notified."""

    def __post_init__(self) -> None:
        transport = httpx.MockTransport(self._answered)
        client = httpx.AsyncClient(transport=transport, trust_env=False)
        self.webhook = Webhook(client, URL, Loop(), clock=lambda: self.now, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    def _answered(self, request: httpx.Request) -> httpx.Response:
        self.notified.append(self.now)
        status = self.answer(self.now)
        if status is None:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(status)


@pytest.mark.parametrize("failing", [503, None])
async def test_who_fails_for_long_is_notified_until_it_takes_the_notification(failing: int | None) -> None:
    converter = Converter(lambda now: failing if now < 25 else 200)
    await converter.webhook.deliver(ABOUT)
    pauses = [after - before for before, after in pairwise(converter.notified)]
    assert converter.notified[-2] < 25 <= converter.notified[-1] < 30
    assert pauses[1] == pytest.approx(pauses[0] * GROWTH)
    assert sum(pause == pytest.approx(pauses[0]) for pause in pauses) == 3, "the pauses begin anew in each flush"
    assert max(pauses) < ROUND / 2


@pytest.mark.parametrize("status", [200, 202, 400, 404])
async def test_what_is_taken_or_refused_is_not_notified_again(status: int) -> None:
    converter = Converter(lambda _: status)
    await converter.webhook.deliver(ABOUT)
    assert converter.notified == [0.0]


async def test_patience_ends() -> None:
    converter = Converter(lambda _: 500)
    await converter.webhook.deliver(ABOUT)
    assert PATIENCE - ROUND < converter.notified[-1] < PATIENCE


async def test_what_is_not_taken_ends_with_its_scenario() -> None:
    def failing(now: float) -> int:
        if now > 20:
            converter.webhook.end()
        return 503

    converter = Converter(failing)
    waiting = asyncio.create_task(converter.webhook.deliver(ABOUT))
    await converter.webhook.deliver(ABOUT)
    await waiting
    assert 20 < converter.notified[-1] < 30
    converter.answer = lambda _: 200
    await converter.webhook.deliver(ABOUT)
    assert converter.notified[-1] == converter.now, "the next scenario's notifications are sent"
