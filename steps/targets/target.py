"""The target of a run: prometheus-events and agent-sre of one profile, in a world."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlsplit

from steps.targets import profile as profiles
from steps.targets.profile import Arrangement, Profile, Workload
from steps.targets.programs import Attached, NotOurs, Program, Started, version_of
from steps.targets.surroundings import AGENT, CONVERTER, Surroundings, anchors_of
from steps.world import hosts
from steps.world.processes.child import DidNotStart, inherited
from steps.world.processes.loopback import free_port
from steps.world.settings import Anchors
from steps.world.world import World


class TargetUnavailable(Exception):
    """A judged program does not start or has died: what follows is broken, not failed."""


def anchors_for(profile: Profile) -> Anchors | None:
    """What has to stay the same from run to run, when one of the profile's programs runs already."""
    attached = any(workload and workload.url for workload in (profile.agent, profile.converter))
    return anchors_of(profile.attached) if attached else None


def world_for(profile: Profile) -> World:
    """A world as the profile's programs need it."""
    agent_port = urlsplit(profile.agent.url).port if profile.agent and profile.agent.url else None
    return World.boot(profile.alerting, profile.delivery, anchors_for(profile), agent_port)


class Target:
    """The two programs: started, given the doors and keys of the world, watched and stopped."""

    def __init__(self, profile: Profile, world: World) -> None:
        self.profile = profile
        self._world = world
        self._surroundings = Surroundings(profile, world, anchors_for(profile))
        reference = profiles.reference()
        self._workloads = {
            CONVERTER: profile.converter or reference.converter,
            AGENT: profile.agent or reference.agent,
        }
        self._programs: dict[str, Program] = {}
        self._arrangement: str | None = None
        self._revived: set[str] = set()
        self._given_up: str | None = None

    @property
    def versions(self) -> dict[str, str]:
        """The versions of the two programs, as far as somebody says."""
        told = ((name, workload and version_of(workload)) for name, workload in self._workloads.items())
        return {name: version for name, version in sorted(told) if version}

    def start(self) -> None:
        """Starts both programs side by side and returns when they take events. Raises TargetUnavailable."""

        async def both() -> None:
            await asyncio.gather(self._world.backends.opened(), self._start(CONVERTER), self._start(AGENT))

        self._carry_out(both())

    def require_running(self) -> None:
        """Starts a program once more that has ended. Raises TargetUnavailable when that was in vain, or is no use.

        From then on it raises at once: a deployment that does not stay up cannot be judged.
        """
        if self._given_up:
            raise TargetUnavailable(self._given_up)
        for name, program in self._programs.items():
            if ending := program.ending:
                if name in self._revived:
                    self._give_up(f"{name} {ending} again after it had been started once more; see its log.")
                self._revived.add(name)
                try:
                    self._carry_out(self._start(name))
                except TargetUnavailable as error:
                    self._give_up(f"{name} {ending} and did not start again: {error}")

    def revive(self) -> str | None:
        """How a program has ended, which runs again now; None while both run. Raises TargetUnavailable."""
        for name, program in self._programs.items():
            if ending := program.ending:
                self._carry_out(self._start(name))
                return f"{name} {ending}"
        return None

    def ended(self) -> str | None:
        """Which program has ended, and how; None while both run."""
        endings = (f"{name} {program.ending}." for name, program in self._programs.items() if program.ending)
        return next(endings, None)

    def arrange(self, arrangement: str | None) -> None:
        """Has agent-sre run under the profile's arrangement of that name, or as usual (None).

        Restarts it when it runs otherwise. Raises TargetUnavailable when it does not start, or nobody knows the name.
        """
        if arrangement == self._arrangement:
            return
        if arrangement is not None and arrangement not in self.profile.arrangements:
            known = ", ".join(map(repr, self.profile.arrangements))
            raise TargetUnavailable(f"Profile {self.profile.name} has no arrangement {arrangement!r}, only {known}.")
        self._arrangement = arrangement
        self._carry_out(self._restart_agent())

    def renew_agent(self) -> None:
        """Starts agent-sre anew, so that nothing is left of what it was about; one that runs already goes on.

        Raises TargetUnavailable.
        """
        if isinstance(self._programs[AGENT], Started):
            self._carry_out(self._restart_agent())

    @property
    def agent_pid(self) -> int:
        """Process id of agent-sre. Raises TargetUnavailable when that cannot be told."""
        try:
            return self._programs[AGENT].pid
        except NotOurs as error:
            raise TargetUnavailable(str(error)) from None

    @property
    def arrangement(self) -> Arrangement:
        """The variables of the arrangement in force."""
        return self.profile.arrangements[self._arrangement] if self._arrangement else {}

    def log(self, since: int = 0) -> str:
        """What agent-sre has printed, however often it was started, but for the first bytes of it.

        Raises TargetUnavailable when nobody knows where.
        """
        try:
            return self._programs[AGENT].output(since)
        except NotOurs as error:
            raise TargetUnavailable(str(error)) from None

    def logged(self) -> int:
        """How many bytes agent-sre has printed. Raises TargetUnavailable when nobody knows where."""
        try:
            return self._programs[AGENT].printed()
        except NotOurs as error:
            raise TargetUnavailable(str(error)) from None

    def logs(self) -> dict[str, str]:
        """Everything that each program has printed in this run. Raises TargetUnavailable when nobody knows where."""
        try:
            return {name: program.output() for name, program in self._programs.items()}
        except NotOurs as error:
            raise TargetUnavailable(str(error)) from None

    def put_key(self, name: str, key: str) -> None:
        """Puts a new key in place of that variable's, as the profile says that keys reach the agent."""
        if self.profile.secrets.reach == "file":
            self._surroundings.put_key(name, key)
        if self.profile.secrets.restarts:
            self._carry_out(self._restart_agent())

    def _give_up(self, sentence: str) -> None:
        self._given_up = sentence
        raise TargetUnavailable(sentence)

    def _carry_out(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            self._world.loop.run(work)
        except (DidNotStart, NotOurs) as error:
            raise TargetUnavailable(str(error)) from None

    async def _restart_agent(self) -> None:
        await self._programs[AGENT].stop()
        await self._start(AGENT)

    async def _start(self, name: str) -> None:
        workload = self._workloads[name]
        assert workload, "the reference has both programs"
        told = self._surroundings.of_agent if name == AGENT else self._surroundings.of_converter
        environment = {
            **inherited(),
            "PYTHONUNBUFFERED": "1",
            **await told(),
            **workload.environment,
            **(self.arrangement if name == AGENT else {}),
        }
        program = self._program(name, workload)
        await program.start(environment, self.profile.limits.start)
        self._programs[name] = program
        self._world.gateway.route(hosts.AGENT if name == AGENT else hosts.CONVERTER, name, program.url)

    def _program(self, name: str, workload: Workload) -> Program:
        if workload.url:
            return Attached(name, workload)
        port = self._world.agent_port if name == AGENT else free_port()
        return Started(self._world.keeper, name, workload, port)
