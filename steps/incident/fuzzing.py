"""Many different inputs, and the smallest that something is wrong with."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, configuration, given, settings
from hypothesis import seed as seeded
from hypothesis.strategies import SearchStrategy

T = TypeVar("T", bound=Hashable)
MORE = 4
"""So many times as many inputs are drawn as are wanted, because some are drawn again."""


class _Wrong(Exception):
    """Something is wrong with an input: hypothesis looks for a smaller one."""


class _Enough(BaseException):
    """So many inputs were wanted: hypothesis draws no more (a BaseException is no failure to it)."""


@dataclass(slots=True)
class Drawn(Generic[T]):
    """What has been tried, in order, and what was wrong with each."""

    verdicts: dict[T, str | None]
    smallest: T | None = None
    """The smallest input that something is wrong with."""


def draw(
    inputs: SearchStrategy[T],
    wrong_with: Callable[[T], str | None],
    *,
    count: int,
    seed: int,
    patience: float,
    directory: Path,
) -> Drawn[T]:
    """Tries so many different inputs, each once, until something is wrong with one; then looks for smaller ones.

    `wrong_with` says what, or None. The same seed draws the same inputs. The search for smaller ones ends after
    `patience` seconds; hypothesis keeps what it needs in the directory.
    """
    tried = Drawn[T]({})
    until = 0.0

    def try_(one: T) -> None:
        nonlocal until
        if one not in tried.verdicts:
            if until and time.monotonic() > until:
                return
            tried.verdicts[one] = wrong_with(one)
        if tried.verdicts[one]:
            until = until or time.monotonic() + patience
            tried.smallest = one
            raise _Wrong
        if not until and len(tried.verdicts) >= count:
            raise _Enough

    configuration.set_hypothesis_home_dir(directory)
    search = settings(
        max_examples=MORE * count,
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
    )
    with suppress(_Wrong, _Enough):  # the last that something was wrong with is the smallest
        seeded(seed)(search(given(inputs)(try_)))()
    return tried
