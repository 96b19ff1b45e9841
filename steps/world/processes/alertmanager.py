"""A real Alertmanager."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steps.world.processes import tools
from steps.world.processes.keeper import Keeper
from steps.world.processes.server import Server, duration


@dataclass(frozen=True, slots=True)
class Route:
    """Every alert to one webhook, grouped; times in seconds (CONTRACTS §4.2)."""

    webhook: str
    proxy: str | None = None
    receiver: str = "prometheus-events"
    group_by: tuple[str, ...] = ("alertname", "cluster", "service")
    group_wait: float = 0.2
    group_interval: float = 0.5
    repeat_interval: float = 3600
    brisk_repeat_interval: float = 1
    """Of the alerts with the label `cadence="brisk"`: whoever waits for a repetition is not to wait for hours."""


class Alertmanager(Server):
    """Notifies along `route`, resolved alerts included.

    Several may share one route; they form no cluster, so each notifies. A webhook that fails is
    tried again for ten seconds, also when `group_interval` is shorter.
    """

    def __init__(
        self, keeper: Keeper, route: Route, *, name: str = "alertmanager", external_url: str | None = None
    ) -> None:
        super().__init__(keeper, name)
        self.route = route
        """May be replaced; :meth:`reload` takes it up."""
        self._external_url = external_url

    def program(self) -> Path:
        return tools.find("alertmanager")

    def arguments(self) -> list[str]:
        return [
            f"--config.file={self._configuration_file}",
            f"--storage.path={self.directory / 'data'}",
            f"--web.listen-address={self.address}",
            f"--web.external-url={self._external_url or self.url}",
            "--cluster.listen-address=",
        ]

    def configuration(self) -> dict[str, Any]:
        route = self.route
        webhook: dict[str, Any] = {"url": route.webhook, "send_resolved": True}
        if route.proxy:
            webhook["http_config"] = {"proxy_url": route.proxy}
        return {
            "route": {
                "receiver": route.receiver,
                "group_by": list(route.group_by),
                "group_wait": duration(route.group_wait),
                "group_interval": duration(route.group_interval),
                "repeat_interval": duration(route.repeat_interval),
                "routes": [
                    {
                        "matchers": ['cadence="brisk"'],
                        "repeat_interval": duration(route.brisk_repeat_interval),
                    }
                ],
            },
            "receivers": [{"name": route.receiver, "webhook_configs": [webhook]}],
        }
