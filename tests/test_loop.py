"""The world's loop: a thread that steps hand coroutines to."""

import asyncio
import threading

import pytest

from steps.world.loop import Loop


async def thread_name() -> str:
    return threading.current_thread().name


def test_a_coroutine_runs_on_the_loops_thread_and_its_result_comes_back() -> None:
    with Loop() as loop:
        assert loop.run(thread_name()) == "world" != threading.current_thread().name


def test_an_exception_comes_back() -> None:
    async def fail() -> None:
        raise LookupError("gone")

    with Loop() as loop, pytest.raises(LookupError, match="gone"):
        loop.run(fail())


def test_stopping_cancels_what_is_left_and_ends_the_thread() -> None:
    cancelled = threading.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def leave_running() -> asyncio.Task[None]:
        task = asyncio.create_task(forever())
        await asyncio.sleep(0)
        return task

    before = threading.active_count()
    loop = Loop()
    loop.start()
    task = loop.run(leave_running())
    loop.stop()
    assert cancelled.is_set()
    assert task.cancelled()
    assert threading.active_count() == before


def test_it_can_be_started_again_after_it_was_stopped() -> None:
    loop = Loop()
    for _ in range(2):
        loop.start()
        assert loop.run(thread_name()) == "world"
        loop.stop()
    loop.stop()


def test_it_refuses_to_be_started_twice_and_to_run_when_it_is_stopped() -> None:
    loop = Loop()
    with pytest.raises(RuntimeError, match="not running"):
        loop.run(thread_name())
    with loop, pytest.raises(RuntimeError, match="already running"):
        loop.start()


def test_it_refuses_to_wait_for_itself() -> None:
    loop = Loop()

    async def wait_for_itself() -> str:
        return loop.run(thread_name())

    with loop, pytest.raises(RuntimeError, match="wait for itself"):
        loop.run(wait_for_itself())


def test_what_is_begun_goes_on_beside_whoever_began_it() -> None:
    with Loop() as loop:
        go = loop.run(an_event())
        begun = loop.begin(go.wait())
        assert not begun.done()
        loop.run(set_it(go))
        assert begun.result(timeout=30)


def test_what_is_begun_can_be_cancelled() -> None:
    with Loop() as loop:
        begun = loop.begin(loop.run(an_event()).wait())
        assert begun.cancel()
    with pytest.raises(RuntimeError, match="not running"):
        loop.begin(thread_name())


async def an_event() -> asyncio.Event:
    return asyncio.Event()


async def set_it(event: asyncio.Event) -> None:
    event.set()
