"""What several tests stand on."""

import os
import signal
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import settings

from steps.world.gateway import Authority, Gateway
from steps.world.journal import Journal

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("exploring", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
"""A run tests the same cases as the one before; whoever looks for new ones sets HYPOTHESIS_PROFILE=exploring."""


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
async def gateway(journal: Journal, authority: Authority) -> AsyncIterator[Gateway]:
    async with Gateway(journal, authority) as gateway:
        yield gateway


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C does what it does in a program that a terminal has started; one in the background is born to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
