"""The judged programs as processes: started, given the doors and keys of the world, watched, restarted, stopped."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from steps.targets.profile import Arrangement, Profile, Workload
from steps.world import hosts, staff
from steps.world.processes.child import Child, DidNotStart
from steps.world.processes.loopback import free_port
from steps.world.world import World

ROOT = Path(__file__).parents[2]
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""What a judged program gets of the suite's own environment; the rest it is told (DESIGN, law 2)."""
CONVERTER, AGENT = "prometheus-events", "agent-sre"


class TargetUnavailable(Exception):
    """A judged program does not start or has died: what follows is broken, not failed."""


class Target:
    """prometheus-events and agent-sre of one profile, running in a world."""

    def __init__(self, profile: Profile, world: World) -> None:
        self.profile = profile
        self._world = world
        self._keys = world.directory / "keys"
        self._children: dict[str, Child] = {}
        self._arrangement: str | None = None

    def start(self) -> None:
        """Starts both programs side by side and returns when they take events. Raises TargetUnavailable."""
        self._keys.mkdir(mode=0o700)

        async def both() -> None:
            await asyncio.gather(
                self._world.backends.opened(),
                self._start(CONVERTER, hosts.CONVERTER, self.profile.converter, await self._converter_settings()),
                self._start(AGENT, hosts.AGENT, self.profile.agent, self._agent_settings()),
            )

        try:
            self._world.loop.run(both())
        except DidNotStart as error:
            raise TargetUnavailable(str(error)) from None

    def require_running(self) -> None:
        """Raises TargetUnavailable when one of the programs has ended."""
        for name, child in self._children.items():
            if not child.running:
                raise TargetUnavailable(f"{name} ended with exit code {child.exit_code}; see its log.")

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
        try:
            self._world.loop.run(self._restart_agent())
        except DidNotStart as error:
            raise TargetUnavailable(str(error)) from None

    @property
    def agent_pid(self) -> int:
        """Process id of agent-sre."""
        return self._children[AGENT].pid

    @property
    def arrangement(self) -> Arrangement:
        """The variables of the arrangement in force."""
        return self.profile.arrangements[self._arrangement] if self._arrangement else {}

    def log(self) -> str:
        """Everything that agent-sre has printed so far."""
        return self._children[AGENT].output()

    def put_key(self, name: str, key: str) -> None:
        """Puts a new key in place of that variable's, as the profile says that keys reach the agent."""
        if self.profile.secrets.reach == "file":
            self._key_file(name, key)
        else:
            self._world.loop.run(self._restart_agent())

    async def _restart_agent(self) -> None:
        await self._children[AGENT].stop()
        await self._start(AGENT, hosts.AGENT, self._arranged(), self._agent_settings())

    def _arranged(self) -> Workload:
        """agent-sre as the arrangement in force wants it."""
        agent = self.profile.agent
        return agent.model_copy(update={"environment": agent.environment | self.arrangement})

    async def _start(self, name: str, host: str, workload: Workload, settings: dict[str, str]) -> None:
        port = self._world.agent_port if name == AGENT else free_port()
        proxy = await self._world.gateway.door(name)
        environment = {
            **{key: os.environ[key] for key in INHERITED if key in os.environ},
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy),
            "SSL_CERT_FILE": str(self._world.ca_file),
            "PYTHONUNBUFFERED": "1",
            **settings,
            **workload.environment,
        }
        child = await self._world.keeper.spawn(
            name,
            [part.format(port=port, python=sys.executable) for part in workload.command],
            environment,
            workload.directory or ROOT,
        )
        self._children[name] = child
        url = f"http://127.0.0.1:{port}"
        await child.wait_ready(f"{url}{workload.ready}", self.profile.limits.start)
        self._world.gateway.route(host, name, url)

    async def _converter_settings(self) -> dict[str, str]:
        """The sink is a door of its own and no host name, because only so can a refused connection be a real one."""
        sink = await self._world.gateway.front(hosts.BROKER, CONVERTER)
        return {"K_SINK": sink, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}

    def _agent_settings(self) -> dict[str, str]:
        """The variables of CONTRACTS §10.1, and where the keys are."""
        keys = {
            "LINEAR_API_KEY": self._world.credentials.linear_api_key,
            "JIRA_API_TOKEN": self._world.credentials.jira_api_token,
            "PAGERDUTY_API_KEY": self._world.credentials.pagerduty_api_key,
            "SLACK_WEBHOOK_URL": self._world.credentials.slack_webhook_url,
            "SLACK_SIGNING_SECRET": self._world.credentials.slack_signing_secret,
        }
        if self.profile.secrets.reach == "file":
            keys = {f"{name}_FILE": self._key_file(name, key) for name, key in keys.items()}
        return keys | {
            "PROMETHEUS_URL": f"http://{hosts.PROMETHEUS}:9090",
            "LOKI_URL": f"http://{hosts.LOKI}:3100",
            "TEMPO_URL": f"http://{hosts.TEMPO}:3200",
            "OTEL_EXPORTER_OTLP_ENDPOINT": self._world.backends.otlp_endpoint,
            **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1"),  # gRPC would go through the proxy, too
            "TRM_API_URL": f"http://{hosts.TRM}:8080",
            "LINEAR_TEAM_KEY": self.profile.linear.team,
            "JIRA_URL": f"https://{hosts.JIRA}",
            "JIRA_EMAIL": staff.AGENT,
            "JIRA_PROJECT_KEY": self.profile.jira.project,
            "PAGERDUTY_SCHEDULE_ID": self._world.staff.schedule,
            "GRAFANA_URL": "https://grafana.example.com",
            "SLACK_CALLBACK_URL": f"http://{hosts.AGENT}/approval/callback",
            "CUSTOM_APPROVAL_ENDPOINT": f"http://{hosts.APPROVALS}/approvals",
            "CUSTOM_APPROVAL_CALLBACK_URL": f"http://{hosts.AGENT}/approval/callback",
            "NAMESPACE": "ai",
            "KUBECONFIG": str(self._world.kubeconfig),
        }

    def _key_file(self, name: str, key: str) -> str:
        """Writes a key into its file at one stroke, so that nobody reads half of it; returns the path."""
        file = self._keys / name.lower().replace("_", "-")
        fresh = file.with_suffix(".new")
        fresh.write_text(key, encoding="utf-8")
        fresh.chmod(0o600)
        fresh.replace(file)
        return str(file)
