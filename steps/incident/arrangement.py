"""Arrangements that scenarios ask for: how agent-sre as a whole has to be set (see steps.targets.profile).

A sentence says under which arrangement its scenario runs. The environment has agent-sre run so before the scenario
begins, and as usual for a scenario without such a sentence; only a change costs a restart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Step = TypeVar("Step", bound=Callable[..., None])


def under(arrangement: str) -> Callable[[Step], Step]:
    """Marks a step whose scenario runs under the profile's arrangement of that name."""

    def mark(step: Step) -> Step:
        step.arrangement = arrangement  # type: ignore[attr-defined]
        return step

    return mark


def arrangement_of(step: Callable[..., Any] | None) -> str | None:
    """The arrangement that the step asks for, if any."""
    return getattr(step, "arrangement", None)
