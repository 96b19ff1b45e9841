"""Has the agents judged on every item that does not measure them under load: `python -m tests.agents [name ...]`.

Prints on which items the verdict is wrong; the exit code is 0 when there is none. Each item that an agent does not
fulfil takes as long as it may: a run takes about twenty minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.agents.judged import AGENTS

JOBS = 8
"""Most of the time is spent waiting for what does not come."""


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="agents", description="Has agents judged that nobody fitted to the suite.")
    parser.add_argument("names", nargs="*", metavar="name", help="only these")
    parser.add_argument("--jobs", type=int, default=JOBS)
    asked = parser.parse_args()
    mistakes = 0
    for agent in (one for one in AGENTS if not asked.names or one.name in asked.names):
        with tempfile.TemporaryDirectory(prefix="agents-") as directory:
            verdict = agent.run(Path(directory) / "suite", "--tags", "not @load", "-j", str(asked.jobs))
        count = Counter(str(item.status) for item in verdict.requirements)
        wrong = agent.wrong(verdict)
        print(f"{agent.name}: {dict(count)}, {len(wrong)} wrong, {verdict.run.duration:.0f} s")
        print("\n".join(f"  {one}" for one in wrong))
        mistakes += len(wrong)
    return int(mistakes > 0)


if __name__ == "__main__":
    sys.exit(main())
