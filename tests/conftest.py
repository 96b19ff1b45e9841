"""What several tests stand on."""

import os
from collections.abc import AsyncIterator

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
