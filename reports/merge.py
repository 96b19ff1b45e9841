"""`python -m reports.merge PLACE…`: joins the shards of a run into one verdict and one report in `reports/latest`.

Each place is the `reports/latest` of one shard (`SHARD=2/3 make accept`). Shards of different suites, agents,
settings or selections are refused, and so are too few and too many.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from behave.parser import parse_file

from reports import benchmarks, documentation, live, requirements, settings, ticket
from reports.conclusion import OUTCOME, conclude, requirement_verdicts, waiver_verdict
from reports.publish import publish
from reports.requirements import Requirements
from reports.units import LAST, place
from reports.verdict import RunVerdict, ScenarioVerdict, Status, Trouble, Verdict, slug

PARTS = ("evidence", "recordings", "allure-results")
"""What lies beside a verdict and belongs to single scenarios."""
UNKNOWN = "none that is known"
SAME: dict[str, Callable[[RunVerdict], str]] = {
    "suite": lambda run: run.suite.digest,
    "target": lambda run: run.target,
    "profile": lambda run: run.profile,
    "version of agent-sre": lambda run: run.versions.get("agent-sre", UNKNOWN),
    "version of prometheus-events": lambda run: run.versions.get("prometheus-events", UNKNOWN),
    "selection": lambda run: run.selection,
    "number of shards": lambda run: str(run.shard).partition("/")[2],
}
"""What the shards of one run have in common, by its name."""


class MergeError(Exception):
    """The shards do not make one run; the message is one sentence."""


def merge(places: Sequence[Path], root: Path) -> Verdict:
    """Joins them and writes all reports; raises MergeError."""
    parts = [_read(place) for place in places]
    _check(parts, places)
    latest = root / "reports" / "latest"
    if any(place.resolve() == latest.resolve() for place in places):
        raise MergeError(f"{latest} is where the joined report goes: copy the shard that lies there elsewhere first.")
    shutil.rmtree(latest, ignore_errors=True)
    latest.mkdir(parents=True)
    chosen = _chosen(parts)
    for where, part in zip(places, parts, strict=True):
        _take(where, latest, {one.location for one in part.scenarios if chosen[one.location] is one})
    verdict = _joined(parts, chosen.values(), root)
    if measured := list(filter(None, map(benchmarks.load, places))):
        benchmarks.joined(verdict.run.id, measured).write(latest)
    documentation.write(root, latest)
    if (told := places[0] / settings.NAME).is_file():
        _copy(told, latest / settings.NAME)
    return publish(verdict, root, latest)


def _read(place: Path) -> Verdict:
    try:
        return Verdict.model_validate_json((place / "verdict.json").read_bytes())
    except (OSError, ValueError) as error:
        raise MergeError(f"{place} holds no verdict that can be read: {str(error).splitlines()[0]}.") from error


def _check(parts: Sequence[Verdict], places: Sequence[Path]) -> None:
    for where, part in zip(places, parts, strict=True):
        if part.run.shard is None:
            raise MergeError(f"{where} is no shard, but a run of its own.")
    for name, of in SAME.items():
        found = {of(part.run): where for where, part in zip(places, parts, strict=True)}
        if len(found) > 1:
            (one, here), (other, there) = list(found.items())[:2]
            raise MergeError(f"The shards differ in their {name}: {one} in {here}, {other} in {there}.")
    _check_settings(places)
    numbers = Counter(int(str(part.run.shard).partition("/")[0]) for part in parts)
    expected = int(str(parts[0].run.shard).partition("/")[2])
    if doubled := [number for number, count in numbers.items() if count > 1]:
        raise MergeError(f"The shard {doubled[0]}/{expected} is there {numbers[doubled[0]]} times.")
    if missing := sorted({*range(1, expected + 1)} - {*numbers}):
        raise MergeError(f"The shard {missing[0]}/{expected} is missing.")


def _check_settings(places: Sequence[Path]) -> None:
    """All shards judge by the same settings. Raises MergeError."""
    here, *others = places
    of_first = settings.load(here)
    for there in others:
        of_other = settings.load(there)
        if of_first == of_other:
            continue
        if not (of_first and of_other):
            lacking = there if of_first else here
            raise MergeError(f"The shards differ in their settings: there is no {settings.NAME} in {lacking}.")
        first = next(settings.differences(of_first.values, of_other.values))
        raise MergeError(
            f"The shards differ in their {first.name}: {first.value} in {here}, {first.default} in {there}."
        )


def _chosen(parts: Sequence[Verdict]) -> dict[str, ScenarioVerdict]:
    """The scenarios by location. One that every shard runs, since it judges the whole run, is as good as the worst."""
    chosen: dict[str, ScenarioVerdict] = {}
    for scenario in (one for part in parts for one in part.scenarios):
        known = chosen.get(scenario.location)
        if known is not None and LAST not in scenario.tags:
            raise MergeError(f"Two shards have run {scenario.location}.")
        if known is None or list(Status).index(scenario.standing) < list(Status).index(known.standing):
            chosen[scenario.location] = scenario
    return chosen


def _take(place: Path, latest: Path, scenarios: set[str]) -> None:
    """Takes over what belongs to these scenarios, and to the run."""
    slugs = set(map(slug, scenarios))
    for part in PARTS:
        (latest / part).mkdir(exist_ok=True)
    for kind in ("evidence", "recordings"):
        for entry in (place / kind).glob("*"):
            if entry.stem in slugs:
                _copy(entry, latest / kind / entry.name)
    for entry in (place / "allure-results").glob("*"):
        if not entry.name.endswith("-result.json") or _location(entry) in scenarios | {None}:
            _copy(entry, latest / "allure-results" / entry.name)


def _copy(entry: Path, target: Path) -> None:
    if entry.is_dir():
        shutil.copytree(entry, target, dirs_exist_ok=True)
    else:
        shutil.copy(entry, target)


def _location(result: Path) -> str | None:
    """The scenario that one of Allure's results is about; None for what is about the run."""
    labels = json.loads(result.read_bytes()).get("labels", [])
    found = next((label["value"] for label in labels if label["name"] == "location"), None)
    return found if found and ":" in found else None


def _joined(parts: Sequence[Verdict], chosen: Iterable[ScenarioVerdict], root: Path) -> Verdict:
    asked = requirements.load(root / "features" / "requirements.toml")
    changed = ticket.changes(asked, root / "features")
    scenarios = _in_order(chosen, asked)
    granted = tuple({waiver.waiver.item: waiver.waiver for part in parts for waiver in part.waivers}.values())
    first = min((part.run for part in parts), key=lambda run: run.started)
    in_force = {waiver.item: waiver for waiver in granted if waiver.counts(first.started.date())}
    left_out = Counter(tag for tags in _left_out(root, {one.location for one in scenarios}) for tag in tags)
    items = requirement_verdicts(asked, scenarios, left_out, changed, in_force)
    troubles = tuple(dict.fromkeys(_of_shard(part.run, trouble) for part in parts for trouble in part.run.troubles))
    run = first.model_copy(update={"shard": None, "troubles": troubles})
    outcome, sentence = conclude(items, scenarios, troubles, whole=run.whole)
    ended = max(part.run.started + timedelta(seconds=part.run.duration) for part in parts)
    run = run.model_copy(
        update={
            "outcome": outcome,
            "sentence": sentence,
            "duration": (ended - first.started).total_seconds(),
            "machine": "; ".join(dict.fromkeys(part.run.machine for part in parts)),
            "versions": {name: seen for part in reversed(parts) for name, seen in part.run.versions.items()},
        }
    )
    waivers = tuple(waiver_verdict(one, items, scenarios, in_force=one.item in in_force) for one in granted)
    return Verdict(run=run, requirements=items, scenarios=scenarios, waivers=waivers)


def _of_shard(run: RunVerdict, trouble: Trouble) -> Trouble:
    return trouble.model_copy(update={"where": f"{trouble.where} in shard {run.shard}"})


def _left_out(root: Path, known: set[str]) -> Iterator[set[str]]:
    """The tags of each of the suite's scenarios that no shard has run."""
    for file in sorted((root / "features").rglob("*.feature")):
        for scenario in parse_file(str(file)).walk_scenarios():
            if f"{file.relative_to(root).as_posix()}:{scenario.line}" not in known:
                yield {str(tag) for tag in scenario.effective_tags}


def _in_order(scenarios: Iterable[ScenarioVerdict], asked: Requirements) -> tuple[ScenarioVerdict, ...]:
    """The scenarios as a run of the whole suite has them."""
    scenarios = list(scenarios)
    tags: dict[str, set[str]] = {}
    for one in scenarios:
        tags.setdefault(one.location.rpartition(":")[0], set()).update(one.tags)

    def key(scenario: ScenarioVerdict) -> tuple[tuple[bool, int], str, int]:
        file, _, line = scenario.location.rpartition(":")
        return place(tags[file], asked), file, int(line)

    return tuple(sorted(scenarios, key=key))


def main() -> int:
    """The exit code is that of a run with the joined verdict; 2 when the shards cannot be joined."""
    if not sys.argv[1:]:
        print("merge: name the places of the shards: make merge SHARDS='one two three'.", file=sys.stderr)
        return 2
    root = Path.cwd()
    try:
        verdict = merge([Path(place) for place in sys.argv[1:]], root)
    except MergeError as error:
        print(f"merge: {error}", file=sys.stderr)
        return 2
    live.closing(verdict, root / "reports" / "latest", live.terminal())
    return int(OUTCOME[verdict.run.outcome])


if __name__ == "__main__":
    sys.exit(main())
