"""The program that keeps a world's child processes (run by :class:`~steps.world.processes.keeper.Keeper`).

It starts children when asked, tells when one has ended, and when its standard input closes -- the suite has
finished, crashed, or was killed -- ends everything that descends from it and removes the run directory.
Standard library only, and little of it, because every run waits for its start.

    python -I -S keeper_process.py TEMPORARY_DIRECTORY          keep children
    python -I -S keeper_process.py TEMPORARY_DIRECTORY sweep    remove what killed keepers left behind

Requests and reports are lines of JSON. ``{"number": 1, "do": "spawn", "argv": […], "environment": {…},
"directory": "…", "log": "…"}`` is answered by ``{"number": 1, "pid": 42}`` or ``{"number": 1,
"error": "…"}``. The request's number names the child from then on, in ``{"number": 2, "do": "signal",
"child": 1, "signal": 15}`` and in the report ``{"ended": 1, "exit_code": 0}``.

On Linux nothing escapes: the keeper adopts daemonised grandchildren (it is a child subreaper), and its
children die with it (parent death signal). Elsewhere a child's process group ends with the child or the
keeper, which leaves out what has daemonised, and the children of a keeper that was killed.
"""
# pathlib would cost its import:
# ruff: noqa: PTH102, PTH104, PTH116, PTH118, PTH123, PTH208

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import select
import signal
import sys
import time

TYPE_CHECKING = False  # typing's own costs its import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

PREFIX = "agent-sre-acceptance-"
"""Run directories are called this plus twelve hex digits."""
MARK = "ACCEPTANCE_RUN_DIRECTORY"
"""Environment variable that descendants inherit; by it a sweep knows the processes of a killed keeper."""
GRACE = 0.5
"""Seconds from SIGTERM to SIGKILL for what still runs when the suite has gone."""
UNKILLABLE = 5.0
"""Seconds after which a process that survives SIGKILL (stuck in the kernel) is given up."""
LOG_LIMIT = 64 * 1024 * 1024
"""Bytes a child may log; a longer log is emptied and goes on."""
LOOK = 0.2
"""Seconds between two looks at the sizes of the logs."""

LINUX = sys.platform == "linux"
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
become: Callable[[str, list[str], dict[str, str]], NoReturn] = os.execvpe
"""How a child becomes its program."""
RESTORED = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}


class Keeper:
    def __init__(self, temporary: str) -> None:
        self.prctl = ctypes.CDLL(None, use_errno=True).prctl if LINUX else None
        self.directory = make_run_directory(temporary)
        self.children: dict[int, int] = {}  # pid -> number
        self.logs: dict[int, str] = {}  # number -> path
        self.ending = False
        if self.prctl:
            self.prctl(PR_SET_CHILD_SUBREAPER, 1)

    def keep(self) -> None:
        """Serve requests until standard input closes or somebody asks this process to end."""
        woken, wakes = os.pipe()
        for end in (woken, wakes):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "ending", True))
        for ignored in (signal.SIGINT, signal.SIGHUP):  # Ctrl-C is the suite's to answer
            signal.signal(ignored, signal.SIG_IGN)

        poll = select.poll()
        poll.register(0, select.POLLIN)
        poll.register(woken, select.POLLIN)
        pending = b""
        while not self.ending:
            ready = {fd for fd, _ in poll.poll(LOOK * 1000 if self.children else None)}
            if woken in ready:
                os.read(woken, 4096)
            self.reap()
            self.cap_logs()
            if 0 in ready:
                data = os.read(0, 65536)
                if not data:
                    return
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    self.answer(json.loads(line))

    def answer(self, request: dict[str, Any]) -> None:
        number = request["number"]
        try:
            if request["do"] == "spawn":
                pid = self.spawn(request)
                self.children[pid] = number
                self.logs[number] = request["log"]
                report({"number": number, "pid": pid})
            else:
                for pid, child in self.children.items():
                    if child == request["child"]:
                        signal_group(pid, request["signal"])
                report({"number": number})
        except OSError as error:
            report({"number": number, "error": f"{error.strerror}: {error.filename}"})

    def spawn(self, request: dict[str, Any]) -> int:
        """Fork and exec; an exec that fails comes back through a pipe which a good one closes."""
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        told, tells = os.pipe()
        keeper = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                if self.prctl:
                    self.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
                    if os.getppid() != keeper:
                        os._exit(1)
                for restored in RESTORED:
                    signal.signal(restored, signal.SIG_DFL)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(log, 1)
                os.dup2(log, 2)
                os.chdir(request["directory"])
                become(request["argv"][0], request["argv"], {**request["environment"], MARK: self.directory})
            except OSError as error:
                filename = error.filename or request["argv"][0]
                os.write(tells, json.dumps([error.errno, os.fsdecode(filename)]).encode())
            finally:
                os._exit(127)
        os.close(tells)
        os.close(log)
        with open(told, "rb") as pipe:
            failure = pipe.read()
        if failure:
            os.waitpid(pid, 0)
            errno, filename = json.loads(failure)
            raise OSError(errno, os.strerror(errno), filename)
        return pid

    def reap(self) -> bool:
        """Collect what has ended, adopted grandchildren too. False when there is nobody left to wait for."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return True
                if pid in self.children:
                    signal_group(pid, signal.SIGKILL)  # like a container: what its main process leaves ends with it
                    number = self.children.pop(pid)
                    self.logs.pop(number)
                    report({"ended": number, "exit_code": os.waitstatus_to_exitcode(status)})
        return False

    def cap_logs(self) -> None:
        for log in self.logs.values():
            with contextlib.suppress(OSError):
                if os.stat(log).st_size > LOG_LIMIT:
                    os.truncate(log, 0)
                    with open(log, "a") as emptied:
                        emptied.write(f"(the log passed {LOG_LIMIT} bytes and was emptied)\n")

    def end(self) -> None:
        """End every descendant, politely and then not, and remove the run directory."""
        self.tell_all(signal.SIGTERM)
        polite = time.monotonic() + GRACE
        while self.reap() and time.monotonic() < polite:
            time.sleep(0.005)
        given_up = time.monotonic() + UNKILLABLE
        while self.reap() and time.monotonic() < given_up:
            self.tell_all(signal.SIGKILL)  # in rounds, since who was about to fork has a child by now
            time.sleep(0.005)
        remove(self.directory)

    def tell_all(self, number: int) -> None:
        for pid in self.children:
            signal_group(pid, number)
        if LINUX:
            for pid in descendants(os.getpid()):
                signal_process(pid, number)


def make_run_directory(temporary: str) -> str:
    """Make a directory only we may enter, locked for as long as this process lives.

    It gets its name when the lock is held, so a sweep never takes a new directory for an abandoned one.
    """
    name = PREFIX + os.urandom(6).hex()
    final, early = os.path.join(temporary, name), os.path.join(temporary, "." + name)
    os.mkdir(early, 0o700)
    fcntl.flock(os.open(os.path.join(early, "keeper.lock"), os.O_RDWR | os.O_CREAT, 0o600), fcntl.LOCK_EX)
    os.rename(early, final)
    return final


def sweep(temporary: str) -> None:
    """Remove our run directories whose keeper is gone, and on Linux the processes that outlived it."""
    for entry in list(os.scandir(temporary)):
        if not entry.name.startswith(PREFIX) or not entry.is_dir(follow_symlinks=False):
            continue
        with contextlib.suppress(OSError):  # another user's, or another sweep was faster
            lock = os.open(os.path.join(entry.path, "keeper.lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                given_up = time.monotonic() + UNKILLABLE
                while (left := marked(entry.path)) and time.monotonic() < given_up:
                    for pid in left:
                        signal_process(pid, signal.SIGKILL)
                    time.sleep(0.005)
                remove(entry.path)
            finally:
                os.close(lock)


def descendants(ancestor: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for pid in processes():
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", "rb") as stat:
            parent = int(stat.read().rpartition(b")")[2].split()[1])
            parents.setdefault(parent, []).append(pid)
    found = list(parents.get(ancestor, []))
    for pid in found:
        found.extend(parents.get(pid, []))
    return found


def marked(directory: str) -> list[int]:
    """The living processes that carry this run directory in their environment."""
    mark = f"{MARK}={directory}".encode()
    found = []
    for pid in processes():
        with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as environment:
            if mark in environment.read().split(b"\0"):
                found.append(pid)
    return found


def processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()] if LINUX else []


def signal_group(leader: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def signal_process(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def remove(directory: str) -> None:
    import shutil  # takes as long to import as everything else here, and is not needed until the end

    shutil.rmtree(directory, ignore_errors=True)


def report(message: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(1, json.dumps(message).encode() + b"\n")


def main() -> None:
    temporary = sys.argv[1]
    if sys.argv[2:] == ["sweep"]:
        sweep(temporary)
        return
    keeper = Keeper(temporary)
    try:
        report({"directory": keeper.directory})
        sweep(temporary)
        keeper.keep()
    finally:
        keeper.end()


if __name__ == "__main__":
    main()
