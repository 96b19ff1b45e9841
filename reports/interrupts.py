"""Ctrl-C between two things, and never in the middle of one."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def uninterrupted() -> Iterator[None]:
    """A Ctrl-C that comes meanwhile comes at the end: half a message on a pipe makes all after it unreadable.

    For the main thread, to which Python gives signals.
    """
    came: list[tuple[Any, ...]] = []
    usual = signal.signal(signal.SIGINT, lambda *given: came.append(given))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
        if came and callable(usual):
            usual(*came[0])
