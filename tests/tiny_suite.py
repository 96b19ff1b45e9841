"""A tiny suite in a directory of its own, run by behave as a process with this project's settings and reports."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.requirements import digest
from reports.verdict import Verdict

ROOT = Path(__file__).parent.parent
BEHAVE = Path(sys.executable).with_name("behave")
ENVIRON = os.environ | {"PYTHONPATH": str(ROOT)}
"""Where the reports are found that are tested."""

REQUIREMENTS = """\
[ticket]
id = "T-1"
title = "A tiny ticket"
url = "https://example.com/T-1"

[[criterion]]
id = "IP"
title = "Integration Points"
kind = "integration point"
items = [
    { id = "IP1", text = "One → another", criteria = ["AC1"] },
]

[[criterion]]
id = "AC1"
title = "First Things"
kind = "acceptance"
items = [
    { id = "AC1.1", text = "It holds" },
    { id = "AC1.2", text = "It holds, too" },
]

[[criterion]]
id = "AC2"
title = "Second Things"
kind = "acceptance"
items = [
    { id = "AC2.1", text = "It holds as well" },
]

[[criterion]]
id = "S1"
title = "From First to Last"
kind = "scenario"
items = [
    { id = "S1.1", text = "Begin", sentences = ["^it begins$"] },
    { id = "S1.2", text = "Go on", sentences = ["goes on"] },
    { id = "S1.3", text = "End", sentences = ["it ends"] },
]
"""

TICKET = {
    "IP": "## Integration Points\n1. **One → another**\n",
    "AC1": "## Acceptance\n### AC1: First Things\n- [ ] It holds\n- [ ] It holds, too\n",
    "AC2": "### AC2: Second Things\nAs the first.\n- [x] `It holds` as well\n",
    "S1": "## Scenarios\n### Scenario 1: From First to Last\n1. Begin\n2. Go on\n3. End\n",
}
"""The tiny ticket's text by criterion."""

STEPS = """\
import os
import signal
import sys
import time
from pathlib import Path

from behave import step
from behave.api.pending_step import StepNotImplementedError


@step("it holds")
@step("it begins")
@step("before_step trips over this")
@step("after_step trips over this")
def holds(context):
    print("said by a step")


@step("it does not hold")
def does_not_hold(context):
    assert False, "Seen on the wire:\\n  nothing\\nExpected one issue, but there is none."


@step("it does not hold for {value}")
def does_not_hold_for(context, value):
    assert value == "1", f"Expected 1, but it is {value}."


@step("it goes on")
@step("it errs")
def errs(context):
    raise ConnectionError("Linear cannot be reached.")


@step("it errs without a word")
def errs_silently(context):
    raise ValueError


@step("it has lost its {key}")
def has_lost(context, key):
    {}[key]


@step("it is pending")
def is_pending(context):
    raise StepNotImplementedError("later")


@step("it ends")
def ends(context):
    pass


@step("it skips the scenario")
def skips(context):
    context.scenario.skip("the moon is in the way")


@step("somebody presses Ctrl-C")
def is_interrupted(context):
    raise KeyboardInterrupt


@step("it ends the process")
def ends_the_process(context):
    sys.exit(0)


@step("it kills its process")
def kills_its_process(context):
    os.kill(os.getpid(), signal.SIGKILL)


@step("it takes long")
def takes_long(context):
    Path("long").touch()
    time.sleep(60)


@step("it is written down")
def is_written_down(context):
    with open("log", "a") as log:
        print(context.scenario.name, file=log)


@step("its clean-up errs")
def leaves_a_mess(context):
    context.add_cleanup(errs, context)
"""

ENVIRONMENT = """\
import os

HOOKS = "before_feature after_feature before_rule after_rule before_scenario after_scenario".split()


def trip(hook):
    raise AssertionError(f"The {hook} hook tripped.")


def watch(hook):
    def run(context, thing=None):
        if hook in getattr(thing, "tags", []):
            trip(hook)
        if f"{hook} trips" in getattr(thing, "name", ""):
            trip(hook)
        if hook == os.environ.get("TRIP"):
            trip(hook)
    return run


for hook in [*HOOKS, "before_step", "after_step", "before_all", "after_all"]:
    globals()[hook] = watch(hook)


def before_tag(context, tag):
    if tag == "before_tag":
        trip(tag)
    if tag == "mess":
        context.add_cleanup(trip, "mess")
    if tag == "skip":
        context.scenario.skip("not on this machine")


def after_tag(context, tag):
    if tag == "after_tag":
        trip(tag)


after_all_of_all = after_all


def after_all(context):
    if "LOG" in os.environ:
        with open("log", "a") as log:
            print("closed", file=log)
    after_all_of_all(context)
"""

ALLURE_WORD = {
    "passed": "passed",
    "failed": "failed",
    "broken": "broken",
    "untested": "skipped",
    "outdated": "unknown",
    "waived": "skipped",
}


@dataclass(frozen=True)
class Outcome:
    """What a run of the tiny suite left."""

    code: int
    output: str
    """What went to the terminal, standard error included."""
    latest: Path

    @property
    def verdict(self) -> Verdict:
        return Verdict.model_validate_json((self.latest / "verdict.json").read_text())

    @property
    def allure(self) -> list[dict[str, Any]]:
        return [json.loads(file.read_text()) for file in (self.latest / "allure-results").glob("*-result.json")]

    def scenario(self, name: str) -> Any:
        found = [scenario for scenario in self.verdict.scenarios if scenario.name == name]
        assert len(found) == 1, f"{len(found)} scenarios are called {name!r}"
        return found[0]

    def item(self, name: str) -> Any:
        return next(item for item in self.verdict.requirements if item.id == name)

    def agrees_with_allure(self) -> None:
        """Allure and the verdict say the same of every scenario and of the run."""
        told = Counter((result["name"], result["status"]) for result in self.allure)
        expected = Counter((one.name, ALLURE_WORD[one.standing]) for one in self.verdict.scenarios)
        expected += Counter((f"The run itself: {one.where}", "broken") for one in self.verdict.run.troubles)
        assert told == expected


def confirmed(requirements: str) -> str:
    """The confirmation of every item's words."""
    items = re.findall(r'id = "(.*?)", text = "(.*?)"', requirements)
    entries = (f'"{item}" = {{ revision = 1, digest = "{digest(words)}" }}\n' for item, words in items)
    return f"\n[confirmed]\n{''.join(entries)}"


class TinySuite:
    """Writes features into a directory and runs behave on them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ask_for("IP", "AC1", "AC2", "S1")
        self.write("steps/steps.py", STEPS)
        self.write("environment.py", ENVIRONMENT)
        shutil.copy(ROOT / "pyproject.toml", root)

    def ask_for(self, *criteria: str) -> None:
        """Makes these, of all that the tiny ticket has, everything that it asks for."""
        head, *parts = REQUIREMENTS.split("[[criterion]]\n")
        wanted = [part for part in parts if part.startswith(tuple(f'id = "{one}"' for one in criteria))]
        requirements = "[[criterion]]\n".join([head, *wanted])
        self.write("features/requirements.toml", requirements + confirmed(requirements))
        self.write("features/T-1.md", "\n".join(["# T-1: A tiny ticket", *(TICKET[one] for one in criteria)]))

    def write(self, path: str, content: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")

    def run(self, *arguments: str, **environment: str) -> Outcome:
        done = subprocess.run(
            [BEHAVE, *arguments],
            cwd=self.root,
            env=ENVIRON | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, self.root / "reports" / "latest")
