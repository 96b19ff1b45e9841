"""The load harness is calibrated: what it measures is what there is, and it says when it could not keep up."""

from __future__ import annotations

import asyncio
import random
import statistics
import threading
import time
from itertools import cycle, pairwise

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from steps.drivers.load import Keeping, Latencies, capacity, harness_capacity, open_loop
from steps.world.gateway import Authority, Gateway
from steps.world.journal import Journal
from steps.world.processes import usage
from steps.world.processes.usage import Machine, Share


async def test_arrivals_keep_their_schedule_and_wait_for_no_answer() -> None:
    slow = asyncio.Event()
    asyncio.get_running_loop().call_later(0.5, slow.set)
    arrivals = await open_loop([slow.wait] * 20, rate=100)
    gaps = [after.due - before.due for before, after in pairwise(arrivals)]
    assert gaps == pytest.approx([0.01] * 19, abs=1e-6)
    assert arrivals[-1].began < arrivals[0].ended
    assert all(arrival.slip >= 0 for arrival in arrivals)


async def test_a_stall_of_the_sender_counts_as_latency_and_not_as_a_pause() -> None:
    async def stall() -> None:
        time.sleep(0.2)  # noqa: ASYNC251 -- this is what must not be hidden

    async def nothing() -> None: ...

    arrivals = await open_loop([stall, *[nothing] * 19], rate=200)
    kept = Keeping.of(arrivals, 200)
    assert kept.late(0.05)
    assert kept.slip.greatest > 0.1
    assert statistics.median(arrival.ended - arrival.due for arrival in arrivals) > 0.05


async def test_what_goes_wrong_is_kept() -> None:
    async def fails() -> None:
        raise ConnectionError("nobody is there")

    [arrival] = await open_loop([fails], rate=1)
    assert arrival.error == "ConnectionError: nobody is there"


def test_percentiles_are_exact_to_three_digits() -> None:
    latencies = Latencies([number / 1000 for number in range(1, 1001)])
    for percentile in (50, 95, 99):
        assert latencies.at(percentile) == pytest.approx(percentile / 100, rel=0.002)
    assert (len(latencies), latencies.greatest) == (1000, 1.0)
    assert Latencies([1e-9]).at(50) == pytest.approx(1e-6)
    assert Latencies().greatest == 0


async def test_against_a_server_of_known_latency_the_measured_p95_is_within_five_per_cent() -> None:
    """Through the gateway, as all load goes; the injected latencies are what is known, of the target's magnitude.

    As in a run, what was measured while the harness could not keep its schedule is no measure.
    """
    chance = random.Random(7)
    injected = [0.5 + chance.expovariate(1 / 0.3) for _ in range(200)]
    waiting = cycle(injected)

    async def answer(_: Request) -> Response:
        await asyncio.sleep(next(waiting))
        return Response(status_code=202)

    async with Gateway(Journal(), Authority()) as gateway:
        gateway.route("sink.test", "sink", Starlette(routes=[Route("/", answer, methods=["POST"])]))
        async with gateway.client("load") as client:

            async def send() -> httpx.Response:
                return await client.post("http://sink.test/", content=b"{}")

            for _ in range(10):
                arrivals = await open_loop([send] * len(injected), rate=100)
                if not Keeping.of(arrivals, 100).late(0.02):
                    break
    measured = Latencies([arrival.ended - arrival.due for arrival in arrivals]).at(95)
    known = Latencies(injected).at(95)
    assert measured == pytest.approx(known, rel=0.05)


async def test_the_sender_tells_what_it_can_do_at_the_most() -> None:
    async def moment() -> None:
        await asyncio.sleep(0.01)

    assert await capacity(moment, count=100) > 150  # one after the other, it were less than 100


async def test_the_suites_own_capacity_is_what_it_carries_through_its_gateway() -> None:
    assert await harness_capacity(Authority()) > 20


def test_a_load_that_is_the_machines_own_is_no_bystanders() -> None:
    until = time.process_time() + 0.3
    with Machine() as machine:
        while time.process_time() < until:
            pass
    worst = machine.worst()
    assert 0 <= worst.idle <= 100
    assert worst.others + worst.idle < 100


def test_what_other_programs_use_is_theirs_and_their_worst_moment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 10 s of all processors, three times: they take nothing; then 4, this program 3, and nobody 3; then 1."""
    looks = [(100.0, 50.0, 20.0), (105.0, 55.0, 25.0), (112.0, 58.0, 28.0), (120.0, 60.0, 35.0)]
    over = threading.Event()

    def look() -> tuple[float, float, float]:
        if len(looks) == 1:
            over.set()
            return looks[0]
        return looks.pop(0)

    monkeypatch.setattr(usage, "_cpu_seconds", look)
    monkeypatch.setattr(usage, "STRETCH", 0.01)
    with Machine() as machine:
        over.wait()
    assert machine.worst() == Share(others=pytest.approx(40), idle=pytest.approx(30))


def test_the_last_stretch_is_no_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left over since the last look is looked at together with what was before it."""
    monkeypatch.setattr(usage, "_cpu_seconds", iter([(0.0, 0.0, 0.0), (5.0, 5.0, 5.0)]).__next__)
    with Machine() as machine:
        pass
    assert machine.worst() == Share(others=0, idle=50)
