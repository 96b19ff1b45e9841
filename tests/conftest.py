"""What several tests stand on."""

from collections.abc import AsyncIterator

import pytest

from steps.world.gateway import Authority, Gateway
from steps.world.journal import Journal


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
