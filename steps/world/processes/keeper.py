"""The owner of all child processes of one world, and of the directory they write to."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from steps.world.processes import keeper_process
from steps.world.processes.channel import Channel
from steps.world.processes.child import Child


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a keeper begins: its program, and the descriptors that it inherits."""

    program: list[str]
    descriptors: tuple[int, ...] = ()


beginning = Beginning([sys.executable, "-I", "-S", keeper_process.__file__])
"""How one begins from now on."""


class Keeper:
    """Starts children through a small process that outlives the suite by a moment.

    When the suite ends, in whatever way, that process sees its standard input close, ends every descendant
    (SIGTERM, half a second's grace, SIGKILL) and removes `directory`. When the keeper process itself is killed its
    children die with it, and :meth:`close` or the next start of a keeper of this user sweeps what is left.
    """

    def __init__(self, channel: Channel, directory: Path) -> None:
        self.directory = directory
        """For temporary keys, configurations and data; only for this user. It goes with the keeper."""
        self._channel = channel
        self._children: dict[str, Child] = {}

    @classmethod
    async def start(cls) -> Self:
        process = await asyncio.create_subprocess_exec(
            *beginning.program,
            tempfile.gettempdir(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=beginning.descriptors,
            start_new_session=True,  # Ctrl-C is for the suite alone
        )
        channel = Channel(process)
        return cls(channel, Path(await channel.open()))

    async def spawn(
        self, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> Child:
        """Run a program under `name`; its output goes to ``logs/<name>.log`` in the run directory.

        `env` is its whole environment (nothing is inherited), `cwd` defaults to the run directory. A name is
        free again when its child has ended. Raises :class:`~steps.world.processes.child.DidNotStart` when the
        program cannot be executed.
        """
        if name in self._children and self._children[name].running:
            raise ValueError(f"A child named {name} is running already; stop it first or choose another name.")
        logs = self.directory / "logs"
        logs.mkdir(exist_ok=True)
        child = Child(self._channel, name, argv, env or {}, cwd or self.directory, logs / f"{name}.log")
        await child.start()
        self._children[name] = child
        return child

    async def close(self) -> None:
        """End all children, as if the suite had ended, and remove the run directory."""
        await self._channel.close()
        if self.directory.exists():  # the keeper process was killed
            program = [*beginning.program, str(self.directory.parent), "sweep"]
            sweep = await asyncio.create_subprocess_exec(*program, pass_fds=beginning.descriptors)
            await sweep.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
