"""The judged programs, whoever started them: whether they are alive, what they print, how they are started anew."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

import httpx
import psutil

from reports.suite import described
from steps.targets.profile import Workload, filled
from steps.world.processes import loopback
from steps.world.processes.child import Child, DidNotStart
from steps.world.processes.keeper import Keeper

ROOT = Path(__file__).parents[2]
LEFT_BEHIND = shutil.ignore_patterns(".git", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache")
LINKED = (".venv", "venv", "node_modules")
"""Directories of a checkout that are large and not written to: a scratch copy has links to them."""


def version_of(workload: Workload) -> str | None:
    """What tells this state of a program from another one in reports; None when nobody says."""
    if workload.version or workload.url:
        return workload.version
    return described(workload.directory or ROOT) or None


class NotOurs(Exception):
    """The suite cannot do that to a program which it has not started; one sentence."""


class Program(Protocol):
    """One of the two programs while it runs."""

    @property
    def url(self) -> str:
        """Where it listens."""

    @property
    def ending(self) -> str | None:
        """How it ended, in a few words; None while it runs."""

    @property
    def pid(self) -> int:
        """Its main process. Raises NotOurs when that cannot be told."""

    def output(self, since: int = 0) -> str:
        """Everything that it has printed, however often it was started, but for the first bytes of it.

        Raises NotOurs when nobody knows where.
        """

    def printed(self) -> int:
        """How many bytes it has printed. Raises NotOurs when nobody knows where."""

    async def start(self, environment: Mapping[str, str], within: float) -> None:
        """Starts it with these variables, and returns when it takes events. Raises DidNotStart."""

    async def stop(self) -> None:
        """Stops it, whatever it does. Raises NotOurs."""


class Started:
    """A program that the suite starts, on a port of its own."""

    def __init__(self, keeper: Keeper, name: str, workload: Workload, port: int) -> None:
        self._keeper = keeper
        self._name = name
        self._workload = workload
        self._port = port
        self._child: Child | None = None
        self.url = f"http://127.0.0.1:{port}"

    @property
    def ending(self) -> str | None:
        child = self._child
        if child is None or child.running:
            return None
        return f"ended with exit code {child.exit_code}"

    @property
    def pid(self) -> int:
        assert self._child, "it has been started"
        return self._child.pid

    def output(self, since: int = 0) -> str:
        return self._child.whole_output(since) if self._child else ""

    def printed(self) -> int:
        return self._child.log.stat().st_size if self._child else 0

    async def start(self, environment: Mapping[str, str], within: float) -> None:
        directory = self._directory()
        known = {"port": str(self._port), "python": sys.executable, "directory": str(directory)}
        self._child = await self._keeper.spawn(
            self._name,
            [filled(part, known) for part in self._workload.command],
            {name: filled(value, known) for name, value in environment.items()},
            directory,
        )
        await self._child.wait_ready(f"{self.url}{self._workload.ready}", within)

    async def stop(self) -> None:
        if self._child:
            await self._child.stop()

    def _directory(self) -> Path:
        """Where it runs: the workload's directory, or a copy of it that is made anew for each start."""
        original = self._workload.directory or ROOT
        if not self._workload.scratch:
            return original
        if not original.is_dir():
            raise DidNotStart(f"{self._name} could not be started: there is no directory {original}.")
        copy = self._keeper.directory / "scratch" / self._name
        shutil.rmtree(copy, ignore_errors=True)

        def ignored(directory: str, names: list[str]) -> set[str]:
            return LEFT_BEHIND(directory, names) | (set(LINKED) if Path(directory) == original else set())

        shutil.copytree(original, copy, symlinks=True, ignore=ignored)
        for name in LINKED:
            if (original / name).exists():
                (copy / name).symlink_to(original / name)
        return copy


class Attached:
    """A program that runs already, which the suite only uses."""

    def __init__(self, name: str, workload: Workload) -> None:
        assert workload.url
        self._name = name
        self._workload = workload
        self._process: psutil.Process | None = None
        self.url = workload.url.rstrip("/")

    @property
    def ending(self) -> str | None:
        if self._process is None or self._process.is_running():
            return None
        return "has ended"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise NotOurs(f"Nobody can tell which process {self._name} at {self.url} is: it is not on this machine.")
        return self._process.pid

    def output(self, since: int = 0) -> str:
        with self._log() as log:
            log.seek(since if since <= log.seek(0, os.SEEK_END) else 0)  # a log that is shorter now was begun anew
            return log.read().decode(errors="replace")

    def printed(self) -> int:
        with self._log() as log:
            return log.seek(0, os.SEEK_END)

    def _log(self) -> BinaryIO:
        if self._workload.log is None:
            raise NotOurs(f"Nobody knows where {self._name} logs to: set `log` in the profile to its file.")
        try:
            return self._workload.log.open("rb")
        except OSError as error:
            raise NotOurs(f"The log of {self._name} cannot be read: {error}.") from error

    async def start(self, environment: Mapping[str, str], within: float) -> None:
        async with loopback.client() as client:
            try:
                answer = await client.get(f"{self.url}{self._workload.ready}", timeout=within)
                answer.raise_for_status()
            except httpx.HTTPError as error:
                raise DidNotStart(
                    f"{self._name} is not ready at {self.url}{self._workload.ready} ({error}): start it with the "
                    f"variables that `make doctor` writes down, or correct its url in the profile."
                ) from None
        self._process = _listening_at(urlsplit(self.url).port)

    async def stop(self) -> None:
        raise NotOurs(f"{self._name} at {self.url} cannot be stopped or started anew: the suite has not started it.")


def _listening_at(port: int | None) -> psutil.Process | None:
    """The process of this machine that listens at the port."""
    found = (one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN and one.pid)
    return next((psutil.Process(one.pid) for one in found if one.laddr and one.laddr.port == port), None)
