"""A real Prometheus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tenacity

from steps.world.processes import loopback, tools
from steps.world.processes.keeper import Keeper
from steps.world.processes.server import Server, duration


@dataclass(frozen=True, slots=True)
class ScrapeJob:
    """Targets (``host:port``) scraped every `interval` seconds; their own labels win over Prometheus's."""

    name: str
    targets: tuple[str, ...]
    interval: float = 0.2
    path: str = "/metrics"


class NotConnected(RuntimeError):
    """Prometheus runs but does not know its Alertmanagers or has not scraped its targets."""


class Prometheus(Server):
    """Scrapes `jobs`, evaluates the rule files in `rules`, sends alerts to `alertmanagers` through `proxy`.

    Prometheus takes up whom to scrape and whom to notify only every five seconds, counted from its start and
    not configurable, and on :meth:`reload` it forgets its Alertmanagers until then: load rules first, then
    :meth:`wait_connected`, then raise signals.

    Alertmanager takes an alert for resolved when Prometheus has not sent it for four times the longer of
    `evaluation_interval` and `resend_delay`: so long may a busy machine stall Prometheus.
    """

    def __init__(
        self,
        keeper: Keeper,
        *,
        jobs: Sequence[ScrapeJob],
        alertmanagers: Sequence[str],
        proxy: str | None = None,
        evaluation_interval: float = 0.2,
        resend_delay: float = 1,
        external_url: str | None = None,
    ) -> None:
        super().__init__(keeper, "prometheus")
        self.jobs = list(jobs)
        """May be changed; :meth:`reload` takes it up."""
        self.alertmanagers = list(alertmanagers)
        """``host:port`` each, as the proxy knows them. May be changed; :meth:`reload` takes it up."""
        self.rules: Path = self.directory / "rules"
        """Directory of rule files (``*.yaml``); :meth:`reload` takes them up."""
        self.rules.mkdir(parents=True)
        self._proxy = proxy
        self._evaluation_interval = evaluation_interval
        self._resend_delay = resend_delay
        self._external_url = external_url

    def program(self) -> Path:
        return tools.find("prometheus")

    def arguments(self) -> list[str]:
        return [
            f"--config.file={self._configuration_file}",
            f"--storage.tsdb.path={self.directory / 'data'}",
            f"--web.listen-address={self.address}",
            f"--web.external-url={self._external_url or self.url}",
            "--web.enable-lifecycle",
            f"--rules.alert.resend-delay={duration(self._resend_delay)}",
        ]

    def configuration(self) -> dict[str, Any]:
        alertmanagers: dict[str, Any] = {"static_configs": [{"targets": self.alertmanagers}]}
        if self._proxy:
            alertmanagers["proxy_url"] = self._proxy
        return {
            "global": {"evaluation_interval": duration(self._evaluation_interval)},
            "rule_files": [f"{self.rules}/*.yaml"],
            "alerting": {"alertmanagers": [alertmanagers]},
            "scrape_configs": [
                {
                    "job_name": job.name,
                    "honor_labels": True,
                    "metrics_path": job.path,
                    "scrape_interval": duration(job.interval),
                    "scrape_timeout": duration(job.interval),
                    "static_configs": [{"targets": list(job.targets)}],
                }
                for job in self.jobs
            ],
        }

    async def wait_connected(self, within: float = 15) -> None:
        """Wait until every target has been scraped and alerts would go to every Alertmanager.

        Raises :class:`NotConnected`.
        """
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, NotConnected) and self.running),
            wait=tenacity.wait_fixed(0.02),
            stop=tenacity.stop_after_delay(within),
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                await self._check_connected()

    async def _check_connected(self) -> None:
        if not self.running:
            raise NotConnected("Prometheus is not running; start it first.")
        async with loopback.client() as client:
            known = (await client.get(f"{self.url}/api/v1/alertmanagers")).json()["data"]["activeAlertmanagers"]
            found = (await client.get(f"{self.url}/api/v1/targets?state=active")).json()["data"]["activeTargets"]
        scraped = [target for target in found if target["health"] != "unknown"]
        targets = sum(len(job.targets) for job in self.jobs)
        if (len(known), len(scraped)) != (len(self.alertmanagers), targets):
            raise NotConnected(
                f"Prometheus knows {len(known)} of {len(self.alertmanagers)} Alertmanagers and has scraped "
                f"{len(scraped)} of {targets} targets; look into {self.log}."
            )
