"""A rate limit that is reached by decree, in whichever service."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Reached:
    """It lasts from the first call that meets it on, so that a caller who takes its time meets it as well."""

    seconds: float
    _until: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether a call has met it by now."""
        return self._until is not None

    def ends(self, now: float) -> float:
        """When it ends, for a call that meets it now."""
        if self._until is None:
            self._until = now + self.seconds
        return self._until
