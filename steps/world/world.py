"""The embedded world: everything around prometheus-events and agent-sre, booted once for a run.

All of it talks through the gateway by real host names, so every hop of an alert leaves an exchange in the journal.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Self

from steps.world import hosts, manifests
from steps.world.backends import Backends
from steps.world.cluster.broker import Broker, DeliverySpec
from steps.world.cluster.functions import FunctionOperator
from steps.world.cluster.kubernetes import KubernetesApi, kubeconfig
from steps.world.cluster.rules import RuleOperator
from steps.world.credentials import Credentials, plant_tokens
from steps.world.gateway import Authority, Gateway
from steps.world.journal import Journal
from steps.world.loop import Loop
from steps.world.processes.alertmanager import Alertmanager, Route
from steps.world.processes.keeper import Keeper
from steps.world.processes.loopback import free_port
from steps.world.processes.prometheus import Prometheus, ScrapeJob
from steps.world.services.approvals import ApprovalApplication, Slack
from steps.world.services.functions import Functions
from steps.world.services.jira import Jira
from steps.world.services.linear import Linear
from steps.world.services.oncall import OnCall
from steps.world.services.signals import Signals
from steps.world.services.trm import Trm
from steps.world.settings import Alerting, Anchors, Delivery
from steps.world.staff import Staff
from steps.world.standstill import standstills_noted

CLOSING = 30
"""Seconds that the world may take to stop; it takes less than one."""


class WorldUnavailable(Exception):
    """A part of the world that a scenario needs is not there: the scenario is broken, not failed (DESIGN, law 5)."""


class World:
    """Opened once for a run and closed with it. Its parts are public; the steps reach them through the drivers."""

    def __init__(
        self, alerting: Alerting, delivery: Delivery, anchors: Anchors | None = None, agent_port: int | None = None
    ) -> None:
        self._alerting, self._delivery, self._anchors = alerting, delivery, anchors
        if anchors:
            anchors.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.loop = Loop()
        self.journal = Journal()
        self.credentials = Credentials.kept(self._credentials_file) if anchors else Credentials()
        self.authority = Authority(anchors.directory if anchors else None)
        self.gateway = Gateway(self.journal, self.authority)
        self.signals = Signals()
        self.backends = Backends(anchors.traces if anchors else None)
        self.agent_port = agent_port or free_port()
        """Where agent-sre is to listen; Prometheus scrapes it there."""
        self.linear = Linear(issued=partial(plant_tokens, self.journal))
        self.jira = Jira(hosts.JIRA)
        self.on_call = OnCall()
        self.trm = Trm()
        self.slack = Slack(burst=1_000)  # a run asks in a minute what others ask in days
        self.approvals = ApprovalApplication()
        self.kubernetes = KubernetesApi(token=self.credentials.kubernetes_token)
        self.function_operator = FunctionOperator(self.kubernetes.store)
        self.functions = Functions(self.function_operator.is_ready)
        self.keeper: Keeper
        self.broker: Broker
        self.prometheus: Prometheus
        self.alertmanager: Alertmanager
        self._stack = AsyncExitStack()
        self._starting: asyncio.Task[None]

    @classmethod
    def boot(
        cls, alerting: Alerting, delivery: Delivery, anchors: Anchors | None = None, agent_port: int | None = None
    ) -> Self:
        """Starts a world. Prometheus and Alertmanager may then still be starting: see `require_alerting`.

        `anchors` are for programs that run already, `agent_port` is where agent-sre does; without it, it will be told.
        """
        world = cls(alerting, delivery, anchors, agent_port)
        world.loop.start()
        try:
            world.loop.run(world._open())
        except BaseException:
            world.close()
            raise
        return world

    def close(self) -> None:
        """Stops everything that was started, in reverse order. Raises WorldUnavailable when a part does not stop."""

        async def closed() -> None:
            async with asyncio.timeout(CLOSING):
                await self._stack.aclose()

        try:
            self.loop.run(closed())
        except TimeoutError:
            raise WorldUnavailable(f"A part of the world did not stop within {CLOSING} s; it was cut off.") from None
        finally:
            self.loop.stop()
            if self._anchors:
                self.credentials.keep(self._credentials_file)  # a key may have been renewed

    def names_of_issues(self) -> frozenset[str]:
        """Everything that the issues of both trackers can be called by."""
        return self.linear.names_of_issues() | self.jira.names_of_issues()

    @property
    def directory(self) -> Path:
        """Where this run's temporary keys, configurations and data are."""
        return self.keeper.directory

    @property
    def home(self) -> Path:
        """Where the judged programs find certificates, keys and kubeconfig: the run's directory, or the anchors'."""
        return self._anchors.directory if self._anchors else self.directory

    @property
    def ca_file(self) -> Path:
        """The certificates that a program in this world trusts: the world's own authority, and no other."""
        return self.home / "ca.pem"

    @property
    def kubeconfig(self) -> Path:
        """How a program in this world finds the Kubernetes API."""
        return self.home / "kubeconfig"

    @property
    def _credentials_file(self) -> Path:
        assert self._anchors
        return self._anchors.directory / "credentials.json"

    def require_alerting(self) -> None:
        """Returns once Prometheus and Alertmanager run. Raises WorldUnavailable when they cannot."""

        async def started() -> None:
            await asyncio.shield(self._starting)

        try:
            self.loop.run(started())
        except RuntimeError as error:
            raise WorldUnavailable(str(error)) from None

    def start_second_alertmanager(self) -> None:
        """Starts another Alertmanager along the same route; the two know nothing of each other."""

        async def start() -> None:
            second = Alertmanager(self.keeper, self.alertmanager.route, name="alertmanager-1")
            await second.start()
            self.gateway.route(hosts.SECOND_ALERTMANAGER, "alertmanager", second.url)

        self.loop.run(start())

    def renew_secrets(self) -> None:
        """Has the cluster's Secrets hold the keys in force: one whose key was exchanged is made anew."""

        async def renew() -> None:
            store = self.kubernetes.store
            for made in manifests.secrets(self.credentials):
                kind, namespace, name = made["kind"], made["metadata"]["namespace"], made["metadata"]["name"]
                if store.get(kind, namespace, name)["data"] != made["data"]:
                    store.delete(kind, namespace, name)
                    store.create(made)

        self.loop.run(renew())

    # -- opening ------------------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        stack = self._stack
        self.credentials.plant(self.journal)
        self.keeper = await Keeper.start()
        stack.push_async_callback(self.keeper.close)
        await stack.enter_async_context(standstills_noted(self.journal))
        self.authority.write_ca(self.ca_file)
        await self.gateway.start()
        stack.push_async_callback(self.gateway.close)
        await stack.enter_async_context(self.backends.open(self.gateway))
        self._open_services()
        await self._open_alerting()
        await self._open_cluster()

    def _open_services(self) -> None:
        route = self.gateway.route
        route(hosts.LINEAR, "linear", self.linear.app)
        route(hosts.JIRA, "jira", self.jira.app)
        route(hosts.PAGERDUTY, "pagerduty", self.on_call.app)
        route(hosts.TRM, "trm", self.trm.app)
        self.trm.install(self.directory)
        route(hosts.SLACK, "slack", self.slack.app)
        route(hosts.APPROVALS, "approval-app", self.approvals.app)
        self.slack.add_webhook(self.credentials.slack_webhook_url, "#agent-approvals")
        for namespace in hosts.FUNCTIONS:
            route(namespace, "functions", self.functions.app)
        self.staff = Staff(self.linear, self.jira, self.on_call, self.credentials)

    async def _open_alerting(self) -> None:
        """Prometheus and Alertmanager, whose start nobody waits for who does not need them."""
        pace, stack = self._alerting, self._stack
        exporter = await stack.enter_async_context(self.signals.serve())
        self.alertmanager = Alertmanager(
            self.keeper,
            Route(
                webhook=f"http://{hosts.CONVERTER}:8080/webhook",
                proxy=await self.gateway.door("alertmanager"),
                group_wait=pace.group_wait,
                group_interval=pace.group_interval,
                brisk_repeat_interval=pace.repeat_interval,
            ),
        )
        self.prometheus = Prometheus(
            self.keeper,
            jobs=[
                ScrapeJob("signals", (exporter,), pace.scrape_interval),
                ScrapeJob("agent-sre", (f"127.0.0.1:{self.agent_port}",), pace.scrape_interval),
            ],
            alertmanagers=[f"{hosts.ALERTMANAGER}:9093"],
            proxy=await self.gateway.door("prometheus"),
            evaluation_interval=pace.evaluation_interval,
            external_url=f"http://{hosts.PROMETHEUS}:9090",
        )
        self._starting = asyncio.create_task(self._start_alerting(), name="start of Prometheus")
        stack.push_async_callback(self._stop_starting)

    async def _start_alerting(self) -> None:
        await asyncio.gather(self.prometheus.start(), self.alertmanager.start())
        self.gateway.route(hosts.PROMETHEUS, "prometheus", self.prometheus.url)
        self.gateway.route(hosts.ALERTMANAGER, "alertmanager", self.alertmanager.url)

    async def _stop_starting(self) -> None:
        self._starting.cancel()
        await asyncio.gather(self._starting, return_exceptions=True)

    async def _reload(self) -> None:
        await asyncio.shield(self._starting)
        await self.prometheus.reload()

    async def _open_cluster(self) -> None:
        """The Kubernetes API with its operators, and the broker with the agent's triggers."""
        stack, store = self._stack, self.kubernetes.store
        self.gateway.route(hosts.KUBERNETES, "kubernetes", self.kubernetes.app)
        self.kubeconfig.write_text(
            kubeconfig(f"https://{hosts.KUBERNETES}", self.ca_file, self.credentials.kubernetes_token)
        )
        for made in (*manifests.cluster(), *manifests.secrets(self.credentials)):
            store.create(made)
        await stack.enter_async_context(RuleOperator(store, self.prometheus.rules, self._reload))
        await stack.enter_async_context(self.function_operator)
        self.broker = await stack.enter_async_context(
            Broker(store, self.gateway.client("broker"), delivery=DeliverySpec(**self._delivery.model_dump()))
        )
        self.gateway.route(hosts.BROKER, "broker", self.broker.app)
