"""The suite's end of the conversation with the keeper process (its protocol: keeper_process.py)."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
from typing import Any


class KeeperGone(RuntimeError):
    """The keeper process has ended, and with it every child."""

    def __init__(self) -> None:
        super().__init__("The keeper of the child processes has ended and all of them with it; start the run again.")


class Refused(RuntimeError):
    """The keeper could not do what was asked; says why."""


class Channel:
    """Requests to a keeper process and its reports, on the event loop it was made on."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin and process.stdout
        self._process = process
        self._requests, self._reports = process.stdin, process.stdout
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._listening: asyncio.Task[None] | None = None

    async def open(self) -> str:
        """Hear the keeper's first report, the run directory, and listen from then on."""
        first = await self._reports.readline()
        if not first:
            raise KeeperGone
        self._listening = asyncio.create_task(self._listen(), name="keeper reports")
        return str(json.loads(first)["directory"])

    async def spawn(self, argv: list[str], environment: dict[str, str], directory: str, log: str) -> Spawned:
        """Raises :class:`Refused` when the program cannot be executed."""
        number = next(self._numbers)
        self._ends[number] = end = asyncio.get_running_loop().create_future()
        details = {"argv": argv, "environment": environment, "directory": directory, "log": log}
        try:
            answer = await self._ask(number, do="spawn", **details)
        except (Refused, KeeperGone):
            self._ends.pop(number, None)
            raise
        return Spawned(number, answer["pid"], end)

    async def signal(self, spawned: Spawned, which: signal.Signals) -> None:
        """Send a signal to a child's process group; nothing happens when it has ended."""
        await self._ask(next(self._numbers), do="signal", child=spawned.number, signal=int(which))

    async def close(self) -> None:
        """Let the keeper end everything and itself, and wait for it."""
        self._requests.close()
        if self._listening:
            await self._listening
        await self._process.wait()

    async def _ask(self, number: int, **request: Any) -> dict[str, Any]:
        if self._listening is None or self._listening.done():
            raise KeeperGone
        self._answers[number] = answer = asyncio.get_running_loop().create_future()
        self._requests.write(json.dumps({"number": number, **request}).encode() + b"\n")
        try:
            report: dict[str, Any] = await answer
        finally:
            del self._answers[number]
        if error := report.get("error"):
            raise Refused(error)
        return report

    async def _listen(self) -> None:
        async for line in self._reports:
            report = json.loads(line)
            if "ended" in report:
                self._ends.pop(report["ended"]).set_result(report["exit_code"])
            elif (answer := self._answers.get(report["number"])) and not answer.done():
                answer.set_result(report)
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(KeeperGone())
        for end in self._ends.values():  # the children got SIGKILL when their keeper ended
            end.set_result(-signal.SIGKILL)
        self._ends.clear()


class Spawned:
    """One run of a program: its process id, and a future that holds its exit code once it has ended."""

    def __init__(self, number: int, pid: int, end: asyncio.Future[int]) -> None:
        self.number, self.pid, self.end = number, pid, end
