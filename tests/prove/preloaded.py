"""A process that has loaded the reference's libraries, and forks keepers whose programs begin with them.

A program of the reference takes a third of a second of a processor to load its libraries, and a trial starts several.
What is the reference's own each of them loads anew, because that is where the defect is. A keeper that is forked here
does all that another does (see steps.world.processes.keeper_process), but for how a module of Python is run.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, TextIO

from steps.world.processes import keeper, keeper_process

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
CLIENT = Path(__file__).with_name("preloaded_client.py")
STANDARD = 3
"""So many are the descriptors that a program has from its start: its input, its output and its errors."""
MOST = 1024
"""More descriptors than a keeper has."""
execute = os.execvpe


def serve(path: Path) -> Callable[[], None]:
    """Forks the process, which listens at `path`: keepers are forked there from now on. Returns what ends it.

    It ends with this process at the latest.
    """
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    alive, owner = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(owner)
        _serve(listener, alive)

    def end() -> None:
        os.close(owner)
        os.waitpid(process, 0)

    listener.close()
    os.close(alive)
    keeper.PROGRAM[:] = [sys.executable, "-I", "-S", str(CLIENT), str(path)]
    return end


def _serve(listener: socket.socket, alive: int) -> NoReturn:
    """Forks keepers until the other end of `alive` is closed."""
    for descriptor in range(2):  # they are not its own
        os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a keeper but its client
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.freeze()
    while alive not in select.select([listener, alive], [], [])[0]:
        _fork_keeper(listener)
    os._exit(0)


def _fork_keeper(listener: socket.socket) -> None:
    client, _ = listener.accept()
    arguments, descriptors, _, _ = socket.recv_fds(client, 65536, STANDARD)
    if os.fork() == 0:
        listener.close()
        os.setsid()
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
        sys.argv = json.loads(arguments)
        os.execvpe = run
        try:
            keeper_process.main()
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(0)  # which tells the client
    for descriptor in descriptors:
        os.close(descriptor)
    client.close()


def run(file: str, arguments: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Becomes a program, as os.execvpe does; a module of Python without beginning with a new interpreter."""
    if list(arguments[:2]) != [sys.executable, "-m"] or "PYTHONPATH" in environment:
        execute(file, arguments, environment)
    os.closerange(STANDARD, MOST)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored, signal.SIG_IGN)
    sys.stdout = _output(unbuffered="PYTHONUNBUFFERED" in environment)
    sys.path[0] = str(Path.cwd())
    sys.argv = list(arguments[2:])
    code = _exit_code(sys.argv[0])
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _output(*, unbuffered: bool) -> TextIO:
    output = open(1, "wb", 0 if unbuffered else -1, closefd=False)  # noqa: SIM115
    return io.TextIOWrapper(output, write_through=unbuffered)


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
