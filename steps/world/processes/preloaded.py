"""A process that has loaded the reference's libraries, and forks keepers whose programs begin with them.

A program of the reference takes a third of a second of a processor to load its libraries, and a run starts many. What
is the reference's own each of them loads anew. A keeper that is forked here does all that another does (see
steps.world.processes.keeper_process), but for how a module of Python is run.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NoReturn, TextIO

from steps.world.processes import keeper, keeper_process
from steps.world.processes.child import inherited

LIBRARIES = (
    "httpx",
    "opentelemetry.sdk.trace.export",
    "opentelemetry.trace.propagation.tracecontext",
    "prometheus_client",
    "psutil",
    "pydantic",
    "starlette.applications",
    "tenacity",
    "uvicorn.lifespan.on",
    "uvicorn.loops.asyncio",
    "uvicorn.protocols.http.h11_impl",
)
ROOT = Path(__file__).parents[3]
CLIENT = Path(__file__).with_name("preloaded_client.py")
STANDARD = 3
"""So many are the descriptors that a program has from its start: its input, its output and its errors."""
PATIENCE = 1.0
"""Seconds for the last keepers to end when their time is over."""
MOST = 1024
"""More descriptors than a keeper has."""


@contextmanager
def libraries(*packages: str) -> Iterator[None]:
    """As long as this lasts, keepers are forked where the libraries are loaded, also those of forked workers.

    What begins with the libraries are modules whose names begin with one of `packages`, such as `steps.reference.`. A
    keeper that cannot be forked begins in the usual way. Only Linux has what it takes; elsewhere, and within another
    such time, nothing changes.
    """
    usual = keeper.beginning
    with ExitStack() as stack:
        if sys.platform == "linux" and not usual.descriptors:
            with suppress(OSError):
                own = stack.enter_context(_loading(packages))
                program = [sys.executable, "-I", "-S", str(CLIENT), str(own.fileno()), *usual.program]
                keeper.beginning = keeper.Beginning(program, (own.fileno(),))
        try:
            yield
        finally:
            keeper.beginning = usual


@contextmanager
def _loading(packages: Sequence[str]) -> Iterator[socket.socket]:
    """The process, by the socket on which it is asked for keepers. It goes with all who can ask, however they end."""
    own, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with own:
        with its:
            process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(its.fileno()), *packages],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[its.fileno()],
                cwd=ROOT,
                env=inherited(),
                start_new_session=True,  # Ctrl-C is for the suite alone
            )
        owner = os.getpid()
        try:
            yield own
        finally:
            own.close()
            if os.getpid() == owner:  # and not a run that was forked meanwhile
                with suppress(subprocess.TimeoutExpired):
                    process.wait(PATIENCE)
                process.kill()
                process.wait()


def main() -> None:
    """Loads, and forks keepers until nobody can ask for one any more."""
    packages = tuple(sys.argv[2:])
    asked = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGCHLD, lambda *_: _reap(os.WNOHANG))
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.freeze()
    while (request := socket.recv_fds(asked, 65536, STANDARD + 1))[0]:
        arguments, descriptors, _, _ = request
        if os.fork() == 0:
            asked.close()
            keeper_process.become = partial(run, packages)
            _keep(json.loads(arguments), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
    _reap(0)


def _reap(options: int) -> None:
    """Waits for keepers that have ended, so that what they and their programs have used is counted as the run's."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass


def _keep(arguments: list[str], descriptors: list[int]) -> NoReturn:
    """Becomes a keeper with these descriptors. By the last one the client learns that it is there, and when it ends."""
    os.setsid()
    for number, descriptor in enumerate(descriptors[:STANDARD]):
        os.dup2(descriptor, number)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    os.write(descriptors[-1], b"1")
    sys.argv = arguments
    try:
        keeper_process.main()
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(0)


def run(packages: tuple[str, ...], file: str, arguments: list[str], environment: dict[str, str]) -> NoReturn:
    """Becomes a program, as os.execvpe does; a module of the packages without beginning with a new interpreter."""
    told = {name for name in environment if name.startswith("PYTHON")} - {"PYTHONUNBUFFERED"}
    if told or arguments[:2] != [sys.executable, "-m"] or not arguments[2].startswith(packages):
        os.execvpe(file, arguments, environment)
    signal.set_wakeup_fd(-1)  # it is the keeper's
    os.closerange(STANDARD, MOST)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored, signal.SIG_IGN)
    sys.stdout = _output(unbuffered="PYTHONUNBUFFERED" in environment)
    sys.path[0] = str(Path.cwd())
    for name in [name for name in sys.modules if name.partition(".")[0] == "steps"]:
        del sys.modules[name]  # the program may be one of another copy of the suite
    sys.argv = arguments[2:]
    code = _exit_code(sys.argv[0])
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _output(*, unbuffered: bool) -> TextIO:
    output = open(1, "wb", 0 if unbuffered else -1, closefd=False)  # noqa: SIM115
    usual = sys.stdout
    return io.TextIOWrapper(output, encoding=usual.encoding, errors=usual.errors, write_through=unbuffered)


def _exit_code(module: str) -> int:
    """What the interpreter would make of the module's end."""
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main()
