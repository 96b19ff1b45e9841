"""The validation's own metrics, their ways out, and the alert on its failure rate."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
import respx
import yaml
from tiny_suite import TinySuite

from reports import metrics, requirements
from reports.run import UsageError
from reports.verdict import Status, Verdict
from steps.incident.validation import ALERT, RULE, Job, made_up
from steps.world.processes.loopback import free_port
from steps.world.processes.tools import find
from steps.world.services.otlp import Otlp
from steps.world.services.signals import Signals
from steps.world.services.tempo import Tempo

TICKET = requirements.load(Path(__file__).parents[1] / "features" / "requirements.toml")
FOUND = {"AC3": {Status.PASSED: 3, Status.FAILED: 1}, "AC8": {Status.BROKEN: 2}}


@pytest.fixture
def verdict() -> Verdict:
    return made_up(TICKET, FOUND)


def value(of: metrics.Metrics, name: str, **labels: str) -> float | None:
    return of.registry.get_sample_value(f"agent_sre_validation_{name}", labels)


def test_a_verdict_becomes_metrics(verdict: Verdict) -> None:
    told = metrics.of(verdict, TICKET)
    assert value(told, "scenarios_total", criterion="AC3", status="passed") == 3
    assert value(told, "scenarios_total", criterion="AC3", status="failed") == 1
    assert value(told, "scenarios_total", criterion="AC8", status="broken") == 2
    assert value(told, "scenario_duration_seconds_sum", criterion="AC3") == 4
    assert value(told, "success_ratio", integration="IP2") == 0.75
    assert value(told, "success_ratio", integration="IP7") == 0
    assert value(told, "last_success_timestamp_seconds", integration="IP2") == verdict.run.started.timestamp() + 1
    assert value(told, "last_success_timestamp_seconds", integration="IP7") is None
    assert value(told, "item_status", item="AC3.1", criterion="AC3", status="failed") == 1
    assert value(told, "item_status", item="AC3.1", criterion="AC3", status="passed") == 0
    assert value(told, "item_status", item="AC4.1", criterion="AC4", status="untested") == 1
    assert value(told, "run_duration_seconds") == verdict.run.duration


def test_every_status_is_there_before_its_first_scenario_so_that_rates_can_be_taken() -> None:
    told = metrics.Metrics(TICKET)
    assert value(told, "scenarios_total", criterion="SEC", status="failed") == 0
    assert value(told, "scenarios_total", criterion="IP", status="failed") is None


def test_promtool_has_nothing_to_criticise(verdict: Verdict) -> None:
    said = subprocess.run(
        [find("promtool"), "check", "metrics"],
        input=metrics.of(verdict, TICKET).text(),
        capture_output=True,
        check=True,
    )
    assert (said.stdout, said.stderr) == (b"", b"")


# -- the ways out


def test_they_can_be_scraped_while_it_lasts_and_not_longer(verdict: Verdict) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/metrics"
    with metrics.served(metrics.of(verdict, TICKET), {"metrics_port": str(port)}):
        assert 'agent_sre_validation_success_ratio{integration="IP2"} 0.75' in httpx.get(url).text
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    with metrics.served(metrics.of(verdict, TICKET), {}), pytest.raises(httpx.ConnectError):
        httpx.get(url)


@pytest.mark.parametrize("port", ["many", "-1", "99999999", "taken"])
def test_a_port_that_cannot_be_had_is_one_sentence(verdict: Verdict, port: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        given = str(taken.getsockname()[1]) if port == "taken" else port
        serving = metrics.served(metrics.of(verdict, TICKET), {"metrics_port": given})
        with pytest.raises(UsageError, match=f"cannot be served at -D metrics_port={given}"), serving:
            pass


@contextmanager
def gateway(status: int) -> Iterator[tuple[str, list[tuple[str, str, bytes]]]]:
    """A Pushgateway that answers so; what it was asked."""
    asked: list[tuple[str, str, bytes]] = []

    class Door(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            asked.append((self.command, self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Door)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def test_they_are_pushed_to_a_pushgateway(verdict: Verdict) -> None:
    told = metrics.of(verdict, TICKET)
    with gateway(200) as (url, asked):
        assert metrics.push(told, {"pushgateway": url}) == []
    assert asked == [("PUT", "/metrics/job/agent-sre-validation", told.text())]


def test_a_pushgateway_that_does_not_take_them_is_told(verdict: Verdict) -> None:
    told = metrics.of(verdict, TICKET)
    with gateway(503) as (url, _):
        [trouble] = metrics.push(told, {"pushgateway": url})
    assert f"could not be pushed to -D pushgateway={url}" in trouble.sentence and "503" in trouble.sentence
    [trouble] = metrics.push(told, {"pushgateway": f"http://127.0.0.1:{free_port()}"})
    assert "refused" in trouble.sentence


def test_opentelemetry_has_the_same_numbers(verdict: Verdict) -> None:
    receiver = Otlp(Tempo().spans)

    def receive(request: httpx.Request) -> httpx.Response:
        async def pass_on() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(receiver.app), base_url="http://o") as client:
                return await client.post(request.url.path, content=request.content, headers=request.headers)

        answer = asyncio.run(pass_on())
        return httpx.Response(answer.status_code, content=answer.content)

    with respx.mock as router:
        router.post("http://otel:4318/v1/metrics").mock(side_effect=receive)
        assert metrics.push(metrics.of(verdict, TICKET), {"otlp": "http://otel:4318/"}) == []
    counted = {
        (point.attributes["criterion"], point.attributes["status"]): point.value
        for point in receiver.points("agent_sre_validation_scenarios_total")
    }
    assert (counted["AC3", "passed"], counted["AC3", "failed"], counted["AC8", "broken"]) == (3, 1, 2)
    durations = receiver.points("agent_sre_validation_scenario_duration_seconds")
    assert {point.attributes["criterion"]: (point.value, point.count) for point in durations} == {
        "AC3": (4, 4),
        "AC8": (2, 2),
    }
    [ratio] = [p for p in receiver.points("agent_sre_validation_success_ratio") if p.attributes["integration"] == "IP2"]
    assert ratio.value == 0.75
    assert {point.resource["service.name"] for point in durations} == {"agent-sre-validation"}


@pytest.mark.parametrize("answer", [httpx.Response(400), httpx.ConnectError("refused")])
def test_a_collector_that_does_not_take_them_is_told(verdict: Verdict, answer: httpx.Response | Exception) -> None:
    with respx.mock as router:
        router.post("http://otel:4318/v1/metrics").mock(side_effect=[answer])
        [trouble] = metrics.push(metrics.of(verdict, TICKET), {"otlp": "http://otel:4318"})
    assert trouble.sentence.startswith("The metrics could not be pushed to -D otlp=http://otel:4318: ")


def test_a_job_stands_apart_from_all_others_in_one_exporter(verdict: Verdict) -> None:
    signals, job = Signals(), Job("made-up", metrics.of(verdict, TICKET))
    signals.expose(job)
    assert [
        sample for family in job.collect() for sample in family.samples if sample.labels.get("job") != "made-up"
    ] == []
    signals.withdraw(job)


# -- in a run

HOLDS = "@AC1\nFeature: F\n  @AC1.1\n  Scenario: a\n    Given it holds\n"


def test_a_run_leaves_its_metrics_behind(tmp_path: Path) -> None:
    suite = TinySuite(tmp_path)
    suite.write("features/ac1.feature", f"{HOLDS}  @AC1.2\n  Scenario: b\n    Given it does not hold\n")
    outcome = suite.run("--no-capture")
    text = (outcome.latest / "metrics.prom").read_text()
    assert 'agent_sre_validation_scenarios_total{criterion="AC1",status="passed"} 1.0' in text
    assert 'agent_sre_validation_scenarios_total{criterion="AC1",status="failed"} 1.0' in text
    assert 'agent_sre_validation_item_status{criterion="AC1",item="AC1.2",status="failed"} 1.0' in text


def test_metrics_that_cannot_be_pushed_break_the_run_and_lose_nothing(tmp_path: Path) -> None:
    suite = TinySuite(tmp_path)
    suite.write("features/ac1.feature", HOLDS)
    outcome = suite.run("-D", f"pushgateway=http://127.0.0.1:{free_port()}")
    assert outcome.code == 3
    assert "could not be pushed" in outcome.verdict.run.sentence
    assert outcome.item("AC1.1").status == Status.PASSED


def test_a_port_that_cannot_be_had_is_a_usage_error_and_leaves_the_last_report(tmp_path: Path) -> None:
    suite = TinySuite(tmp_path)
    suite.write("features/ac1.feature", HOLDS)
    suite.run("--tags", "@AC1")
    outcome = suite.run("-D", "metrics_port=many")
    assert outcome.code == 2
    assert "metrics_port=many" in outcome.output
    assert outcome.verdict.run.outcome == Status.PASSED


# -- the alert


def rate_of(failed: str, passed: str) -> dict[str, object]:
    """What promtool is given: the counters of a validation, minute by minute."""
    names = {"passed": passed, "failed": failed}
    return {
        "interval": "1m",
        "input_series": [
            {
                "series": f'agent_sre_validation_scenarios_total{{job="v",criterion="AC3",status="{status}"}}',
                "values": values,
            }
            for status, values in names.items()
        ],
    }


def alerts(at: str, *percent: str) -> dict[str, object]:
    described = (
        f"{share} of the validation's scenarios have failed or could not be judged over the last 5 minutes."
        for share in percent
    )
    expected = [
        {
            "exp_labels": {"severity": "warning", "job": "v"},
            "exp_annotations": {
                "summary": "More than 5 % of agent-sre's validation fails",
                "description": text,
            },
        }
        for text in described
    ]
    return {"eval_time": at, "alertname": ALERT, "exp_alerts": expected}


def test_the_rule_fires_above_five_per_cent_over_five_minutes_and_resolves(tmp_path: Path) -> None:
    spec = yaml.safe_load(RULE.read_text())["spec"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(spec))
    cases = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "tests": [
            # 6 of 100 a minute fail, and from the eleventh minute on none
            rate_of("0+6x10 60x20", "0+94x10 940+100x20")
            | {"alert_rule_test": [alerts("10m", "6%"), alerts("16m"), alerts("25m")]},
            # 4 of 100 a minute fail
            rate_of("0+4x20", "0+96x20") | {"alert_rule_test": [alerts("5m"), alerts("20m")]},
            # exactly five per cent is not more than five per cent
            rate_of("0+5x20", "0+95x20") | {"alert_rule_test": [alerts("20m")]},
            # nothing runs
            rate_of("7x20", "3x20") | {"alert_rule_test": [alerts("20m")]},
            # everything fails
            rate_of("0+10x20", "0x20") | {"alert_rule_test": [alerts("20m", "100%")]},
        ],
    }
    (tmp_path / "tests.yaml").write_text(json.dumps(cases))
    ran = subprocess.run(
        [find("promtool"), "test", "rules", "tests.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_what_could_not_be_judged_counts_as_a_failure() -> None:
    expression = yaml.safe_load(RULE.read_text())["spec"]["groups"][0]["rules"][0]["expr"]
    assert 'status=~"failed|broken"' in expression


def test_promtool_has_nothing_to_criticise_in_the_rule(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(yaml.safe_load(RULE.read_text())["spec"]))
    subprocess.run([find("promtool"), "check", "rules", "--lint-fatal", tmp_path / "rules.yaml"], check=True)
