"""Preparations that can be made before the first scenario starts.

Prometheus sends a new rule's first alert only after its next 5-second discovery tick (DESIGN, measured facts). So the
environment makes the preparations of all selected scenarios together, before the first of them runs. A preparation
makes things and waits for nothing; the step itself makes it again, which changes nothing, and then does the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Step = TypeVar("Step", bound=Callable[..., None])


def ahead(step: Step) -> Step:
    """Marks a step that is nothing but preparation."""
    return ahead_with(step)(step)


def ahead_with(preparation: Callable[..., None]) -> Callable[[Step], Step]:
    """Marks a step that begins with this preparation, which takes the same arguments."""

    def mark(step: Step) -> Step:
        step.preparation = preparation  # type: ignore[attr-defined]
        return step

    return mark


def preparation_of(step: Callable[..., Any] | None) -> Callable[..., None] | None:
    """What the step wants to have made ahead, if anything."""
    return getattr(step, "preparation", None)
