"""Where the suite's own time goes: `make bench`. Prints; asserts nothing."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from steps.targets import profile
from steps.world.world import World
from tests.bench import gateway, growth, load, parts, whole
from tests.copies import run_suite


def main() -> None:
    """Boot, a cold run of one criterion, single parts, gateway, load harness, a whole run, and large ones."""
    table = Table("measure", "seconds", title="The suite's own speed")
    boot, alerting = world_boot()
    table.add_row("world boot, without waiting for Prometheus", f"{boot:.2f}")
    table.add_row("Prometheus and Alertmanager up, from the same start", f"{alerting:.2f}")
    table.add_row("behave --tags @AC3, from a cold start", f"{cold_run('@AC3'):.2f}")
    Console().print(table)
    parts.main()
    asyncio.run(gateway.main())
    load.main()
    whole.main()
    growth.main()


def world_boot() -> tuple[float, float]:
    """Seconds until a world is open, and until its Prometheus runs (its 5-second discovery tick not included)."""
    settings = profile.load("reference")
    began = time.perf_counter()
    world = World.boot(settings.alerting, settings.delivery)
    try:
        opened = time.perf_counter()
        world.require_alerting()
        return opened - began, time.perf_counter() - began
    finally:
        world.close()


def cold_run(tags: str) -> float:
    """Seconds that a selection takes as a process of its own, in a copy that leaves the last report alone."""
    with tempfile.TemporaryDirectory() as place:
        run = run_suite(Path(place) / "suite", "--tags", tags)
    return run.took


if __name__ == "__main__":
    main()
