"""What a run is dealt out in: units, each some scenarios of one feature, and how long they took last time.

A run with several workers deals units, the longest first; a shard of a run takes whole features. Both go by the
durations of earlier runs: those of this checkout in `reports/history/durations.json`, else those that are committed in
`reports/durations.json`.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from reports.files import write_whole
from reports.requirements import Requirements
from reports.verdict import Verdict

COMMITTED = Path("reports") / "durations.json"
"""The same in every checkout, so that all shards deal alike. `make bench` writes it."""
OWN = Path("reports") / "history" / "durations.json"
EACH = 10
"""Units that a hand gets at least, if there are so many scenarios."""
UNKNOWN = 0.5
"""Seconds that a scenario is expected to take that nobody has run yet."""
SHORTEST, LONGEST = 1.0, 10.0
"""Seconds that a unit is to take at most, if it has several scenarios, in a short run and in a long one."""
LAST = "last"
"""The tag of scenarios that judge the whole run: they run at its end."""
LOAD = "load"
"""The tag of scenarios that put the agent under load and measure it: nothing else runs beside them."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Some scenarios of one feature, which run one after the other in one worker."""

    file: str
    """The feature's file, as behave calls it."""
    lines: tuple[int, ...]
    """Where the scenarios stand in it."""
    seconds: float
    """How long they are expected to take."""
    last: bool = False
    load: bool = False
    arrangement: str | None = None
    """How what is judged has to be set for them; a worker that goes on to another one has to start it anew."""


class Durations:
    """How long each scenario took when it was last run, in seconds."""

    def __init__(self, known: dict[str, float]) -> None:
        self._known = known

    @classmethod
    def read(cls, root: Path, *files: Path) -> Durations:
        """What these files know, the later ones better; one that is not there or cannot be read knows nothing."""
        known: dict[str, float] = {}
        for file in files:
            try:
                known |= {str(name): float(took) for name, took in json.loads((root / file).read_bytes()).items()}
            except (OSError, ValueError, TypeError, AttributeError):
                continue
        return cls(known)

    def of(self, scenario: Any) -> float:
        """How long a scenario of behave's model is expected to take."""
        return self._known.get(f"{Path(scenario.filename).stem}: {scenario.name}", UNKNOWN)

    def keep(self, verdict: Verdict, file: Path) -> None:
        """Writes down how long the scenarios took that have run, beside what is known of others."""
        took = {
            f"{Path(one.location.rpartition(':')[0]).stem}: {one.name}": round(one.duration, 2)
            for one in verdict.scenarios
            if one.began
        }
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(self._known | took, indent=0, sort_keys=True, ensure_ascii=False))


def place(tags: set[str], requirements: Requirements) -> tuple[bool, int]:
    """Where a feature with these tags stands in a run: in the ticket's order, what judges the whole run at the end."""
    criteria = requirements.criteria
    return LAST in tags, min(map(criteria.index, requirements.criteria_of(tags)), default=len(criteria))


def longest_unit(seconds: float, hands: int) -> float:
    """Seconds that a unit is to take at most, so that no hand waits long for another when so much is dealt to them."""
    return max(SHORTEST, min(LONGEST, seconds / (hands * EACH)))


def as_usual(_: Any) -> None:
    """The arrangement of a scenario where no scenario asks for one."""


def units_of(
    scenarios: Iterable[Any],
    durations: Durations,
    longest: float = LONGEST,
    arrangement: Callable[[Any], str | None] = as_usual,
) -> list[Unit]:
    """These scenarios of behave's model in units, in their order. A feature that takes longer makes several."""

    def kind(scenario: Any) -> tuple[str, bool, bool, str | None]:
        tags = scenario.effective_tags
        return scenario.filename, LAST in tags, LOAD in tags, arrangement(scenario)

    found = []
    for (file, last, load, arranged), group in groupby(scenarios, kind):
        members = list(group)
        total = sum(map(durations.of, members))
        share = total / max(1, math.ceil(total / longest))
        part: list[Any] = []
        for scenario in members:
            part.append(scenario)
            if scenario is members[-1] or sum(map(durations.of, part)) >= share:
                lines = tuple(one.line for one in part)
                found.append(Unit(file, lines, sum(map(durations.of, part)), last, load, arranged))
                part = []
    return found


@dataclass(frozen=True, slots=True)
class Shuffle:
    """The order of a run by chance, which a seed repeats: `-D order=random:8123`."""

    seed: int

    def __str__(self) -> str:
        return f"random:{self.seed}"

    def units_of(self, scenarios: Iterable[Any], durations: Durations) -> list[Unit]:
        """These scenarios in units of one each, in that order; those that judge the whole run stay at its end."""
        units = [unit for scenario in scenarios for unit in units_of([scenario], durations)]
        random.Random(self.seed).shuffle(units)
        return sorted(units, key=lambda unit: unit.last)


def asked_order(settings: Mapping[str, str]) -> Shuffle | None:
    """The order that `-D order=` asks for; None for the ticket's. Raises ValueError with a sentence."""
    if (asked := settings.get("order")) is None:
        return None
    name, _, seed = asked.partition(":")
    if name != "random" or not (seed.isdecimal() or not seed):
        raise ValueError(f"-D order={asked} is no order: it can be random, or random:8123 to repeat one.")
    return Shuffle(int(seed) if seed else random.SystemRandom().randrange(10_000))


def longest_first(units: Iterable[Unit]) -> list[Unit]:
    """The units in the order in which they are dealt to workers, unless chance has ordered them."""
    return sorted(units, key=lambda unit: -unit.seconds)


def deal(units: Sequence[Unit], hands: int) -> list[list[Unit]]:
    """The units dealt out one after the other so that all hands take about equally long.

    Those of one arrangement come first and together, as far as a hand has room for them.
    """
    dealt: list[list[Unit]] = [[] for _ in range(hands)]
    for bundle in _bundles(units, _seconds(units) / hands):
        min(dealt, key=_seconds).extend(bundle)
    return dealt


def _bundles(units: Iterable[Unit], room: float) -> Iterator[list[Unit]]:
    """The units that are dealt together: those of one arrangement, the longest bundle first, then each other one."""
    arranged: dict[str, list[list[Unit]]] = {}
    usual = []
    for unit in units:
        if unit.arrangement is None:
            usual.append([unit])
            continue
        bundles = arranged.setdefault(unit.arrangement, [])
        if not bundles or _seconds(bundles[-1]) + unit.seconds > room:
            bundles.append([])
        bundles[-1].append(unit)
    yield from sorted((bundle for bundles in arranged.values() for bundle in bundles), key=_seconds, reverse=True)
    yield from usual


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of a run: `SHARD=2/3`."""

    number: int
    """From 1."""
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def part(self, scenarios: Iterable[Any], durations: Durations) -> list[Any]:
        """Its part of the selected scenarios of behave's model: whole features, so that all shards take about equally
        long, and all that judge the whole run.
        """
        by_file: dict[str, list[Any]] = {}
        for scenario in scenarios:
            by_file.setdefault(scenario.filename, []).append(scenario)
        expected = {file: sum(map(durations.of, members)) for file, members in by_file.items()}
        loads = [0.0] * self.of
        own = []
        for file in sorted(expected, key=lambda one: (-expected[one], one)):
            least = loads.index(min(loads))
            loads[least] += expected[file]
            mine = least == self.number - 1
            own += [one for one in by_file[file] if mine or LAST in one.effective_tags]
        return own


def asked_shard(environment: Mapping[str, str]) -> Shard | None:
    """The shard that SHARD asks for: `2/3`, or `/3` with the number, from 0, in Kubernetes' JOB_COMPLETION_INDEX.

    Raises ValueError with a sentence for one that cannot be meant.
    """
    if not (asked := environment.get("SHARD")):
        return None
    number, _, of = asked.partition("/")
    if not number and (index := environment.get("JOB_COMPLETION_INDEX", "")).isdecimal():
        number = str(int(index) + 1)
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise ValueError(
            f"SHARD={asked} is no shard: it is written as 2/3, or as /3 where JOB_COMPLETION_INDEX counts from 0 to 2."
        )
    return Shard(int(number), int(of))


def _seconds(units: Iterable[Unit]) -> float:
    return sum(unit.seconds for unit in units)
