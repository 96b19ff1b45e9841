"""What Prometheus and Alertmanager have in common: a configuration file, a port, readiness, reload."""

from __future__ import annotations

import abc
from pathlib import Path
from typing import Any

import yaml

from steps.world.processes import loopback
from steps.world.processes.child import Child, DidNotStart
from steps.world.processes.keeper import Keeper

STARTS = 3
"""Tries to start when another program takes the chosen port first."""


class ConfigurationRefused(RuntimeError):
    """A running server did not accept its new configuration and goes on with the old one; says why."""


class Server(abc.ABC):
    """A real server on a loopback port, which it keeps over restarts."""

    def __init__(self, keeper: Keeper, name: str) -> None:
        self.name = name
        self.directory = keeper.directory / name
        """Its configuration and data, inside the run directory."""
        self.port = loopback.free_port()
        self._keeper = keeper
        self._child: Child | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where it really listens; final once it has started."""
        return f"http://{self.address}"

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.running

    @property
    def log(self) -> Path:
        return self._keeper.directory / "logs" / f"{self.name}.log"

    @abc.abstractmethod
    def program(self) -> Path:
        """Raises :class:`~steps.world.processes.tools.ToolMissing`."""

    @abc.abstractmethod
    def arguments(self) -> list[str]: ...

    @abc.abstractmethod
    def configuration(self) -> dict[str, Any]:
        """The content of its configuration file."""

    async def start(self, within: float = 10) -> None:
        """Start and wait until it is ready. Raises :class:`DidNotStart` and what `program` raises."""
        for left in reversed(range(STARTS)):
            self._configure()
            program = self.program()
            child = await self._keeper.spawn(self.name, [str(program), *self.arguments()], cwd=program.parent)
            try:
                await child.wait_ready(f"{self.url}/-/ready", within)
            except DidNotStart:
                await child.kill()
                if not left or self._child or "address already in use" not in child.output():
                    raise
                self.port = loopback.free_port()
            else:
                self._child = child
                return

    async def stop(self, grace: float = 5) -> None:
        if self._child:
            await self._child.stop(grace)

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def ready(self) -> bool:
        """Whether it runs and says that it is ready."""
        if not self.running:
            return False
        async with loopback.client() as client:
            return (await client.get(f"{self.url}/-/ready")).is_success

    async def reload(self) -> None:
        """Take up the configuration as it is now. Raises :class:`ConfigurationRefused`."""
        self._configure()
        async with loopback.client() as client:
            answer = await client.post(f"{self.url}/-/reload")
        if not answer.is_success:
            raise ConfigurationRefused(f"{self.name} refused its configuration: {answer.text.strip()}")

    @property
    def _configuration_file(self) -> Path:
        return self.directory / f"{self.name}.yaml"

    def _configure(self) -> None:
        self.directory.mkdir(exist_ok=True)
        self._configuration_file.write_text(yaml.safe_dump(self.configuration(), allow_unicode=True))


def duration(seconds: float) -> str:
    """Seconds as Prometheus and Alertmanager write them."""
    return f"{round(seconds * 1000)}ms"
