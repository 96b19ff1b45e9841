"""What Loki holds: lines by the labels of their stream, in order of time."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter

Labels = tuple[tuple[str, str], ...]
"""Names and values, by name."""

_at = attrgetter("at")


def labels_of(given: Mapping[str, str]) -> Labels:
    """The labels in order; one with an empty value is as good as none."""
    return tuple(sorted((name, value) for name, value in given.items() if value))


def show(labels: Iterable[tuple[str, str]]) -> str:
    """The labels as Loki writes them."""
    inside = ", ".join(f'{name}="{value}"' for name, value in labels)
    return f"{{{inside}}}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line; `at` in nanoseconds since the epoch, `metadata` are labels of this line alone."""

    at: int
    text: str
    metadata: Labels = ()


class Streams:
    """The streams of one Loki. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[Labels, list[Entry]] = {}

    def add(self, labels: Labels, entries: Iterable[Entry]) -> None:
        """Takes the lines in, in any order; a line that the stream has already at that time is no second one."""
        with self._lock:
            held = self._entries.setdefault(labels, [])
            for entry in entries:
                same_time = held[bisect_left(held, entry.at, key=_at) : bisect_left(held, entry.at + 1, key=_at)]
                if all(other.text != entry.text for other in same_time):
                    insort_right(held, entry, key=_at)

    def select(self, chosen: Callable[[Labels], bool], start: int, end: int) -> list[tuple[Labels, list[Entry]]]:
        """The chosen streams that have lines from `start` until just before `end`, with these lines."""
        with self._lock:
            found = [
                (labels, held[bisect_left(held, start, key=_at) : bisect_left(held, end, key=_at)])
                for labels, held in self._entries.items()
                if chosen(labels)
            ]
        return [(labels, entries) for labels, entries in found if entries]
