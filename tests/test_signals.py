"""The exporter of signals, alone and scraped by a real Prometheus."""

import asyncio
import json
import math
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from steps.world.processes.alertmanager import Alertmanager, Route
from steps.world.processes.keeper import Keeper
from steps.world.processes.prometheus import Prometheus, ScrapeJob
from steps.world.services.signals import Signals

Sample = tuple[str, frozenset[tuple[str, str]], float]

text = st.text(st.characters(exclude_categories=["Cs"]))
label_names = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,8}", fullmatch=True).filter(lambda name: name != "signal")
labels = st.dictionaries(label_names, text, max_size=4)


def scrape(signals: Signals) -> list[Sample]:
    async def get() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(signals.app), base_url="http://signals") as client:
            return await client.get("/metrics")

    answer = asyncio.run(get())
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return [
        (sample.name, frozenset(sample.labels.items()), sample.value)
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    ]


def gauge(name: str, labels: Mapping[str, str], value: float) -> Sample:
    return "acceptance_signal", frozenset({"signal": name, **labels}.items()), value


@settings(max_examples=50, deadline=None)
@given(text, labels, st.floats(allow_nan=False))
def test_a_raised_signal_is_exported_as_it_was_raised(name: str, labels: dict[str, str], value: float) -> None:
    signals = Signals()
    signals.raise_(name, labels, value)
    assert scrape(signals) == [gauge(name, labels, value)]


@settings(max_examples=50, deadline=None)
@given(labels, st.floats(min_value=0, allow_nan=False))
def test_a_counter_is_exported_as_it_was_set(labels: dict[str, str], value: float) -> None:
    signals = Signals()
    signals.counter("http_requests_total", labels, value)
    assert scrape(signals) == [("http_requests_total", frozenset(labels.items()), value)]


@pytest.mark.parametrize("value", ['"', "\\", "\n", '\\"\n\\n', "{}=,", "grüße 🚒", " ", "\u2028", "\x00", "x" * 4096])
def test_awkward_label_values_come_through(value: str) -> None:
    signals = Signals()
    signals.raise_("crash", {"pod": value})
    assert scrape(signals) == [gauge("crash", {"pod": value}, 1)]


def test_signals_are_raised_lowered_and_forgotten_one_by_one() -> None:
    signals = Signals()
    signals.raise_("crash", {"pod": "a", "namespace": "x"})
    signals.raise_("crash", {"pod": "b"}, 5)
    signals.raise_("crash", {"pod": "b"}, 7)
    signals.lower("crash", {"namespace": "x", "pod": "a"})
    assert set(scrape(signals)) == {
        gauge("crash", {"pod": "a", "namespace": "x"}, 0),
        gauge("crash", {"pod": "b"}, 7),
    }
    signals.forget("crash", {"pod": "b"})
    signals.forget("never raised")
    assert scrape(signals) == [gauge("crash", {"pod": "a", "namespace": "x"}, 0)]


def test_nothing_raised_is_nothing_exported() -> None:
    assert scrape(Signals()) == []


def test_counters_are_set_exactly_and_may_be_reset() -> None:
    signals = Signals()
    signals.counter("http_requests_total", {"slo_name": "availability", "code": "200"}, 9990)
    signals.counter("http_requests_total", {"slo_name": "availability", "code": "500"}, 10)
    signals.counter("http_requests_total", {"slo_name": "availability", "code": "500"}, 2)
    signals.counter("jobs_total", {}, math.inf)
    assert {(name, dict(labels).get("code"), value) for name, labels, value in scrape(signals)} == {
        ("http_requests_total", "200", 9990),
        ("http_requests_total", "500", 2),
        ("jobs_total", None, math.inf),
    }


def test_a_counter_that_is_forgotten_is_no_longer_exported() -> None:
    signals = Signals()
    for code in ("200", "500"):
        signals.counter("http_requests_total", {"code": code}, 10)
    signals.forget_counter("http_requests_total", {"code": "500"})
    signals.forget_counter("http_requests_total", {"code": "404"})
    signals.forget_counter("jobs_total", {})
    assert [dict(labels) for _, labels, _ in scrape(signals)] == [{"code": "200"}]


@pytest.mark.parametrize("name", ["", "1st", "a-b", "a b", "é", "__name__", "a\n"])
def test_a_label_name_that_prometheus_refuses_is_refused_at_once(name: str) -> None:
    signals = Signals()
    with pytest.raises(ValueError, match="label's name"):
        signals.raise_("crash", {name: "x"})
    with pytest.raises(ValueError, match="label's name"):
        signals.counter("http_requests_total", {name: "x"}, 1)
    assert scrape(signals) == []


@pytest.mark.parametrize("name", ["", "requests", "1_total", "a-b_total", "a_total\n"])
def test_a_counter_name_that_prometheus_refuses_is_refused_at_once(name: str) -> None:
    with pytest.raises(ValueError, match="counter's name"):
        Signals().counter(name, {}, 1)


def test_a_value_that_is_no_text_is_refused_at_once() -> None:
    """One bad label would otherwise break every later scrape."""
    with pytest.raises(ValueError, match="pod has half a surrogate pair"):
        Signals().raise_("crash", {"pod": "\ud800"})


def test_signals_may_be_raised_from_several_threads_while_scraped() -> None:
    signals = Signals()

    def work(thread: int) -> None:
        for number in range(200):
            signals.raise_("crash", {"thread": str(thread), "number": str(number)})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        scrape(signals)
    assert len(scrape(signals)) == 800


async def test_serving_ends_when_it_should() -> None:
    signals = Signals()
    signals.raise_("crash")
    async with signals.serve() as address, httpx.AsyncClient() as client:
        assert 'acceptance_signal{signal="crash"} 1.0' in (await client.get(f"http://{address}/metrics")).text
        assert (await client.get(f"http://{address}/other")).status_code == 404
        assert (await client.post(f"http://{address}/metrics")).status_code == 405
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://{address}/metrics")


class Network:
    """A forward proxy that knows Alertmanager's name, and takes webhooks."""

    def __init__(self) -> None:
        network = self
        self.alertmanager = ""
        self.webhooks: Queue[dict[str, Any]] = Queue()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = network.answer(self.path, body)
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.proxy = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, url: str, body: bytes) -> int:
        if url == "http://alertmanager.example:9093/api/v2/alerts":
            headers = {"content-type": "application/json"}
            return httpx.post(f"{self.alertmanager}/api/v2/alerts", content=body, headers=headers).status_code
        if url == "http://receiver.example:8080/webhook":
            self.webhooks.put(json.loads(body))
            return 200
        return 502

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def network() -> Iterator[Network]:
    network = Network()
    yield network
    network.close()


async def test_a_signal_becomes_an_alert_and_the_alert_a_webhook(network: Network) -> None:
    signals = Signals()
    rule = {
        "alert": "Crash",
        "expr": 'acceptance_signal{signal="crash"} > 0',
        "labels": {"severity": "critical"},
        "annotations": {"summary": "{{ $labels.pod }} crashes"},
    }
    route = Route("http://receiver.example:8080/webhook", proxy=network.proxy, group_wait=0, group_interval=0.2)
    async with signals.serve() as exporter, await Keeper.start() as keeper:
        alertmanager = Alertmanager(keeper, route)
        await alertmanager.start()
        network.alertmanager = alertmanager.url
        prometheus = Prometheus(
            keeper,
            jobs=[ScrapeJob("signals", (exporter,))],
            alertmanagers=["alertmanager.example:9093"],
            proxy=network.proxy,
            external_url="http://prometheus.example:9090",
        )
        (prometheus.rules / "crash.yaml").write_text(json.dumps({"groups": [{"name": "crash", "rules": [rule]}]}))
        await prometheus.start()
        await prometheus.wait_connected()

        pod = {"pod": 'p "1" grüßt\n', "namespace": "prod", "instance": "mine", "job": "also mine"}
        signals.raise_("crash", pod)
        fired = await asyncio.to_thread(network.webhooks.get, timeout=10)
        async with httpx.AsyncClient() as client:
            query = {"query": "acceptance_signal"}
            answer = (await client.get(f"{prometheus.url}/api/v1/query", params=query)).json()
        signals.lower("crash", pod)
        resolved = await asyncio.to_thread(network.webhooks.get, timeout=10)

    series = {"__name__": "acceptance_signal", "signal": "crash", **pod}
    assert [result["metric"] for result in answer["data"]["result"]] == [series]
    assert (fired["status"], resolved["status"]) == ("firing", "resolved")
    [alert] = fired["alerts"]
    assert alert["labels"] == {"alertname": "Crash", "severity": "critical", "signal": "crash", **pod}
    assert alert["annotations"] == {"summary": f"{pod['pod']} crashes"}
    assert alert["generatorURL"].startswith("http://prometheus.example:9090/graph?")
