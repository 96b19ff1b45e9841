"""The agent at its own doors, as the suite reads it."""

from __future__ import annotations

import httpx
import pytest

from steps.drivers.agent import Agent

METRICS = """# TYPE agent_sre_calls_total counter
agent_sre_calls_total{callee="linear",status="200"} 3
agent_sre_calls_total{callee="linear",status="500"} 1
agent_sre_calls_total{callee="slack",status="200"} 5
"""


def agent(answer: httpx.Response) -> Agent:
    client = httpx.Client(transport=httpx.MockTransport(lambda _: answer))
    return Agent(client, "http://agent/", str)


def test_a_metric_is_the_sum_of_its_series() -> None:
    asked = agent(httpx.Response(200, text=METRICS))
    assert asked.metric("agent_sre_calls_total", callee="linear") == 4
    assert asked.metric("agent_sre_calls_total", callee="jira") is None


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, text=METRICS),
        httpx.Response(200, text="<html>OK</html>"),
        httpx.Response(200, text="{}"),
        httpx.Response(200, text=""),
    ],
)
def test_an_answer_that_is_no_metrics_tells_nothing(answer: httpx.Response) -> None:
    assert agent(answer).metric("agent_sre_calls_total") is None
