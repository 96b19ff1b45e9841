"""Agents that are right in a way of their own: the reference, changed from outside, passes where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from reports.verdict import Status
from tests.copies import ALONE, ROOT, run_suite

AGENT = Path("steps/reference/agent")


@dataclass(frozen=True)
class Good:
    """An agent, by what it does otherwise, and where that counts."""

    name: str
    changes: Mapping[str, tuple[tuple[str, str], ...]]
    """For each file of the reference's agent what stands there, and what this agent has in its place."""
    tags: str

    def texts(self) -> dict[Path, str]:
        """The changed files."""
        texts = {}
        for file, changes in self.changes.items():
            text = (ROOT / AGENT / file).read_text(encoding="utf-8")
            for right, other in changes:
                assert text.count(right) == 1, f"{right!r} stands {text.count(right)} times in {file}"
                text = text.replace(right, other)
            texts[AGENT / file] = text
        return texts


GOOD = (
    Good(
        "asks Prometheus at whole seconds",
        {"observability.py": (('{"query": query}, own)', '{"query": query, "time": int(time.time())}, own)'),)},
        "@AC6.1 or @AC6.5",
    ),
)


@pytest.mark.parametrize("agent", GOOD, ids=lambda agent: agent.name)
def test_an_agent_is_right_that(agent: Good, tmp_path: Path) -> None:
    run = run_suite(tmp_path / "suite", "--tags", agent.tags, *ALONE, changes=agent.texts())
    assert [one.sentence for one in run.verdict.scenarios if one.status is not Status.PASSED] == []
