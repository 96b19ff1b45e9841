"""Agents in other styles, which nobody fitted to the suite, get the right verdict: on what they do, and on the rest.

`python -m tests.agents` has them judged on every item; here a sample is, and an item that they miss only until that is
seen.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from reports.verdict import Status, Verdict
from tests.agents.judged import AGENTS, Judged
from tests.copies import ALONE
from tests.prove.trial import RUNNER

BUSY = "the machine is too busy"


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """The agents side by side, and once more alone where the machine was too busy to judge."""

    def run(agent: Judged) -> Verdict:
        tags = " or ".join(f"@{item}" for item in agent.sample)
        arguments = ("--tags", tags, "--runner", RUNNER, "-D", "says=Expected", *ALONE)
        return agent.run(tmp_path_factory.mktemp(agent.name) / "suite", *arguments)

    with ThreadPoolExecutor() as pool:
        verdicts = list(pool.map(run, AGENTS))
    disturbed = [any(BUSY in (one.sentence or "") for one in verdict.scenarios) for verdict in verdicts]
    return {
        agent.name: run(agent) if again else verdict
        for agent, verdict, again in zip(AGENTS, verdicts, disturbed, strict=True)
    }


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_each_item_has_the_verdict_that_the_agent_deserves(verdicts: dict[str, Verdict], agent: Judged) -> None:
    verdict = verdicts[agent.name]
    judged = {item.id for item in verdict.requirements if item.status is not Status.UNTESTED}
    assert judged >= set(agent.sample)
    assert agent.fulfils & judged and judged - agent.fulfils
    assert agent.wrong(verdict) == []
    assert verdict.run.target == f"agent-sre of {agent.name}, with the reference's prometheus-events"
