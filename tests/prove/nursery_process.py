"""The process behind a nursery: it has loaded what each run of the suite loads, and forks a run for each order.

Beside it another one has loaded what the reference loads (see steps.world.processes.preloaded).

    python -m tests.prove.nursery_process        in the root of the suite

An order is a line of standard input, in JSON: the `arguments` of behave, and the file that takes what is `printed`.
When the run has ended, its exit code is a line of standard output. The process ends with its standard input.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
import threading
from contextlib import suppress

import behave.__main__
from behave.configuration import Configuration
from behave.runner import Runner

from steps.world.processes import preloaded

LOADED = ("reports.runner", "environment", "kubernetes.dynamic")
"""Modules, with all that they need."""
PACKAGES = ("steps.incident", "steps.drivers", "steps.world.services")
"""Packages of which all is loaded; some of it only takes its time when it is needed."""
LONGEST = 300
"""Seconds after which a run is given up. In a crowd on a busy machine those of SEC7 have taken two thirds of it."""


def main() -> None:
    """Loads, and serves until nobody orders any more. Ctrl-C is for the runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with preloaded.libraries("steps.reference.", "tests.prove."):
        for name in (*LOADED, *_modules()):
            importlib.import_module(name)
        _load_steps()
        gc.freeze()
        for line in sys.stdin:
            child = os.fork()
            if child == 0:
                sys.exit(run(**json.loads(line)))
            status = _status(child)
            with suppress(BrokenPipeError):  # who has ordered the run is gone
                print(os.waitstatus_to_exitcode(status), flush=True)


def _status(child: int) -> int:
    """How the run has ended, which is killed when it does not end."""
    limit = threading.Timer(LONGEST, os.kill, (child, signal.SIGKILL))
    limit.start()
    _, status = os.waitpid(child, 0)
    limit.cancel()
    limit.join()  # nothing is forked beside a thread
    return status


def run(arguments: list[str], printed: str) -> int:
    """A run, in its own process; its exit code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    output = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = ["behave", *arguments]
    return int(behave.__main__.main())


def _load_steps() -> None:
    """Has behave load the steps, which takes long, as each is compared with all before it, and not forget them."""
    behave.__main__.reset_runtime = lambda: None
    runner = Runner(Configuration([]))
    runner.setup_paths()
    runner.load_step_definitions()


def _modules() -> list[str]:
    packages = map(importlib.import_module, PACKAGES)
    found = (pkgutil.walk_packages(package.__path__, f"{package.__name__}.") for package in packages)
    return [module.name for modules in found for module in modules if not module.name.endswith("__main__")]


if __name__ == "__main__":
    main()
