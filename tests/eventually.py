"""Waiting in tests for what comes about by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

LIMIT = 30
"""Seconds, far beyond what anything takes, on a busy machine too."""


async def eventually(claim: Callable[[], bool] | Callable[[], Awaitable[bool]]) -> None:
    """Returns once the claim holds. Raises TimeoutError when it does not come to hold."""
    async with asyncio.timeout(LIMIT):
        while True:
            held = claim()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(0.005)
