"""What the judged programs are told of the world around them: doors, addresses and keys (CONTRACTS §10)."""

from __future__ import annotations

import shlex
from pathlib import Path

from steps.targets.profile import Attached, Profile
from steps.world import hosts, staff
from steps.world.credentials import OAUTH_CLIENT
from steps.world.settings import Anchors
from steps.world.world import World

CONVERTER, AGENT = "prometheus-events", "agent-sre"
JUDGED = (AGENT, CONVERTER)
"""The programs on which the verdict is, by who they are in the journal."""

TOLD: dict[str, str] = {
    "HTTP_PROXY": "the only way out, for http and, by CONNECT, for https; also as `http_proxy`",
    "HTTPS_PROXY": "the same; also as `https_proxy`",
    "NO_PROXY": "what is asked directly: this machine; also as `no_proxy`",
    "SSL_CERT_FILE": "the authority that all hosts' certificates are from, besides which none is to be trusted",
    "NODE_EXTRA_CA_CERTS": "the same, for Node.js",
}
"""What both programs are told, by the variable's name."""
TOLD_CONVERTER = {"K_SINK": "where events are sent to: the broker's address"}
TOLD_AGENT = {
    "PROMETHEUS_URL": "Prometheus",
    "PROMETHEUS_TIMEOUT": "seconds after which a query of it is given up",
    "LOKI_URL": "Loki",
    "TEMPO_URL": "Tempo",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "where traces are sent to, over gRPC in plaintext: `host:port`",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "the same as a URL, which is what OpenTelemetry's own libraries ask for",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "`grpc`, for the same",
    "TRM_API_URL": "the TRM model",
    "BROKER_URL": "the broker",
    "LINEAR_TEAM_KEY": "the team whose issues are opened",
    "LINEAR_OAUTH_CLIENT_ID": "for `LINEAR_AUTH=oauth`, see the arrangement of that name",
    "STATE_DIRECTORY": "where it may keep what has to outlive it",
    "JIRA_URL": "Jira",
    "JIRA_EMAIL": "the account that the token belongs to",
    "JIRA_PROJECT_KEY": "the project in which issues are opened",
    "PAGERDUTY_SCHEDULE_ID": "the schedule that tells who is on call",
    "GRAFANA_URL": "Grafana, for links",
    "SLACK_CALLBACK_URL": "agent-sre's own door for Slack's answers",
    "CUSTOM_APPROVAL_ENDPOINT": "the approval application",
    "CUSTOM_APPROVAL_CALLBACK_URL": "agent-sre's own door for that application's answers",
    "NAMESPACE": "where the LambdaFunctions are",
    "KUBECONFIG": "the way to the Kubernetes API",
}
KEYS = {
    "LINEAR_API_KEY": "Linear's key",
    "JIRA_API_TOKEN": "Jira's token",
    "PAGERDUTY_API_KEY": "the on-call service's key",
    "SLACK_WEBHOOK_URL": "where requests for approval are sent to",
    "SLACK_SIGNING_SECRET": "with which Slack signs its answers",
    "LINEAR_OAUTH_CLIENT_SECRET": "for `LINEAR_AUTH=oauth`",
    "LINEAR_OAUTH_REFRESH_TOKEN": "for `LINEAR_AUTH=oauth`",
}
"""What agent-sre is told as `secrets.reach` says."""


def anchors_of(attached: Attached) -> Anchors:
    """What has to stay the same from run to run for programs that run already."""
    first = attached.first_port
    return Anchors(
        directory=attached.directory,
        agent_proxy=first,
        converter_proxy=first + 1,
        converter_sink=first + 2,
        traces=first + 3,
    )


class Surroundings:
    """The variables with which the programs find their way in one world, and the files that hold their keys."""

    def __init__(self, profile: Profile, world: World, anchors: Anchors | None) -> None:
        self._profile = profile
        self._world = world
        self._anchors = anchors
        self._keys = world.home / "keys"
        self._keys.mkdir(mode=0o700, exist_ok=True)
        self._state = world.home / "state"
        """Where agent-sre may keep what has to outlive it."""
        self._state.mkdir(mode=0o700, exist_ok=True)

    async def of_converter(self) -> dict[str, str]:
        """The sink is a door of its own and no host name, because only so can a refused connection be a real one."""
        anchors = self._anchors
        proxy = await self._world.gateway.door(CONVERTER, anchors.converter_proxy if anchors else 0)
        sink = await self._world.gateway.front(hosts.BROKER, CONVERTER, anchors.converter_sink if anchors else 0)
        return {**self._way_out(proxy), "K_SINK": sink}

    async def of_agent(self) -> dict[str, str]:
        """The variables of CONTRACTS §10.1, and where the keys are."""
        proxy = await self._world.gateway.door(AGENT, self._anchors.agent_proxy if self._anchors else 0)
        return {
            **self._way_out(proxy),
            **self._agent_keys(),
            "PROMETHEUS_URL": f"http://{hosts.PROMETHEUS}:9090",
            "PROMETHEUS_TIMEOUT": "2",
            "LOKI_URL": f"http://{hosts.LOKI}:3100",
            "TEMPO_URL": f"http://{hosts.TEMPO}:3200",
            "OTEL_EXPORTER_OTLP_ENDPOINT": self._world.backends.otlp_endpoint,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"http://{self._world.backends.otlp_endpoint}",
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc",
            "TRM_API_URL": f"http://{hosts.TRM}:8080",
            "BROKER_URL": f"http://{hosts.BROKER}",
            "LINEAR_TEAM_KEY": self._profile.linear.team,
            "LINEAR_OAUTH_CLIENT_ID": OAUTH_CLIENT,
            "STATE_DIRECTORY": str(self._state),
            "JIRA_URL": f"https://{hosts.JIRA}",
            "JIRA_EMAIL": staff.AGENT,
            "JIRA_PROJECT_KEY": self._profile.jira.project,
            "PAGERDUTY_SCHEDULE_ID": self._world.staff.schedule,
            "GRAFANA_URL": "https://grafana.example.com",
            "SLACK_CALLBACK_URL": f"http://{hosts.AGENT}/approval/callback",
            "CUSTOM_APPROVAL_ENDPOINT": f"http://{hosts.APPROVALS}/approvals",
            "CUSTOM_APPROVAL_CALLBACK_URL": f"http://{hosts.AGENT}/approval/callback",
            "NAMESPACE": "ai",
            "KUBECONFIG": str(self._world.kubeconfig),
        }

    def put_key(self, name: str, key: str) -> str:
        """Writes a key into its file at one stroke, so that nobody reads half of it; returns the path."""
        file = self._keys / name.lower().replace("_", "-")
        fresh = file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(key, encoding="utf-8")
        fresh.replace(file)
        return str(file)

    async def write_down(self) -> list[Path]:
        """Writes the variables for programs that run already, as a shell reads them; returns the files."""
        files = []
        for name, variables in ((AGENT, await self.of_agent()), (CONVERTER, await self.of_converter())):
            file = self._world.home / f"{name}.env"
            file.touch(mode=0o600)
            file.write_text("".join(f"{key}={shlex.quote(value)}\n" for key, value in variables.items()))
            files.append(file)
        return files

    def _way_out(self, proxy: str) -> dict[str, str]:
        """The gateway, and nothing but the gateway; gRPC would go through the proxy, too."""
        return {
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
            **dict.fromkeys(("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"), str(self._world.ca_file)),
        }

    def _agent_keys(self) -> dict[str, str]:
        held = self._world.credentials
        keys = {
            "LINEAR_API_KEY": held.linear_api_key,
            "JIRA_API_TOKEN": held.jira_api_token,
            "PAGERDUTY_API_KEY": held.pagerduty_api_key,
            "SLACK_WEBHOOK_URL": held.slack_webhook_url,
            "SLACK_SIGNING_SECRET": held.slack_signing_secret,
            "LINEAR_OAUTH_CLIENT_SECRET": held.linear_client_secret,
            "LINEAR_OAUTH_REFRESH_TOKEN": self._world.staff.authorise(
                self._profile.linear.token_lifetime
            ).refresh_token,
        }
        if self._profile.secrets.reach == "environment":
            return keys
        return {f"{name}_FILE": self.put_key(name, key) for name, key in keys.items()}
