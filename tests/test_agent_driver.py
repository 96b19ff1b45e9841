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


class Printed:
    """What an agent has printed so far."""

    def __init__(self) -> None:
        self.text = b""

    def logged(self) -> int:
        return len(self.text)

    def log(self, since: int) -> str:
        return self.text[since:].decode()


def agent(answer: httpx.Response) -> Agent:
    client = httpx.Client(transport=httpx.MockTransport(lambda _: answer))
    return Agent(client, "http://agent/", Printed())


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


def test_the_log_is_read_from_where_it_was_when_the_scenario_began() -> None:
    printed = Printed()
    asked = Agent(httpx.Client(), "http://agent/", printed)
    printed.text = "before – long ago\n".encode()
    assert asked.log() == ["before – long ago"]
    asked.look_from_here()
    assert asked.log() == []
    printed.text += b"one\ntwo\n"
    assert asked.log() == ["one", "two"]
