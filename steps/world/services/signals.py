"""The exporter whose gauges raise and lower signals: what Prometheus scrapes in the embedded world."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import AsyncIterator, Iterable, Mapping

import uvicorn
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

GAUGE = "acceptance_signal"
NAME_LABEL = "signal"

Labels = tuple[tuple[str, str], ...]  # sorted by name


class Signals(Collector):
    """Signals are the gauge ``acceptance_signal{signal="<name>", …}``; counters go by their own names.

    A label's value may be any text; its name is letters, digits and ``_``. Safe to use from any thread.
    """

    def __init__(self) -> None:
        self.app = Starlette(routes=[Route("/metrics", self._metrics, methods=["GET"])])
        self._gauges: dict[Labels, float] = {}
        self._counters: dict[str, dict[Labels, float]] = {}
        self._lock = threading.Lock()
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def expose(self, collector: Collector) -> None:
        """Exports what another collector, such as a whole registry, has to tell as well."""
        self._registry.register(collector)

    def withdraw(self, collector: Collector) -> None:
        """Ends that."""
        self._registry.unregister(collector)

    def raise_(self, name: str, labels: Mapping[str, str] | None = None, value: float = 1) -> None:
        with self._lock:
            self._gauges[_series({NAME_LABEL: name, **(labels or {})})] = value

    def lower(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """The signal goes on being exported, as 0."""
        self.raise_(name, labels, 0)

    def forget(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """The signal is no longer exported, as when its pod has gone."""
        with self._lock:
            self._gauges.pop(_series({NAME_LABEL: name, **(labels or {})}), None)

    def counter(self, name: str, labels: Mapping[str, str], value: float) -> None:
        """Set a counter, such as ``http_requests_total{slo_name, code}``, to exactly this value."""
        if not re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*_total", name):
            raise ValueError(f"A counter's name is letters, digits, _ and : and ends in _total, not {name!r}.")
        with self._lock:
            self._counters.setdefault(name, {})[_series(labels)] = value

    def forget_counter(self, name: str, labels: Mapping[str, str]) -> None:
        """The counter is no longer exported."""
        with self._lock:
            self._counters.get(name, {}).pop(_series(labels), None)

    def collect(self) -> Iterable[Metric]:
        """For prometheus-client, which asks on each scrape."""
        with self._lock:
            gauges, counters = (
                dict(self._gauges),
                {name: dict(series) for name, series in self._counters.items()},
            )
        yield _family(GaugeMetricFamily(GAUGE, "Raised while something is wrong."), GAUGE, gauges)
        for name, series in counters.items():
            yield _family(CounterMetricFamily(name, "Set by the acceptance suite."), name, series)

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Serve `app` on a loopback port of its own, in the running loop; gives ``host:port``."""
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(self.app, lifespan="off", log_config=None, access_log=False))
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="signals")
        try:
            host, port = listener.getsockname()
            yield f"{host}:{port}"
        finally:
            server.should_exit = True
            await serving

    async def _metrics(self, request: Request) -> Response:
        return Response(generate_latest(self._registry), headers={"content-type": CONTENT_TYPE_PLAIN_0_0_4})


def _series(labels: Mapping[str, str]) -> Labels:
    for name, value in labels.items():
        if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) or name.startswith("__"):
            raise ValueError(f"A label's name is letters, digits and _, not starting with __ or a digit, not {name!r}.")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"The value of the label {name} has half a surrogate pair: {value!r}.") from None
    return tuple(sorted(labels.items()))


def _family(family: Metric, name: str, series: Mapping[Labels, float]) -> Metric:
    for labels, value in series.items():
        family.add_sample(name, dict(labels), value)
    return family
