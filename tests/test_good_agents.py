"""Agents that are right in a way of their own: the reference, changed from outside, passes where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from reports.verdict import Status
from tests.copies import ALONE, ROOT, run_undisturbed

AGENT = Path("steps/reference/agent")


@dataclass(frozen=True)
class Good:
    """An agent, by what it does otherwise, and where that counts."""

    name: str
    changes: Mapping[str, tuple[tuple[str, str], ...]]
    """For each file, seen from the reference's agent, what stands there, and what this agent has in its place."""
    selected: tuple[str, ...]
    """The arguments of a run of what it does otherwise."""

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


KEPT = """
        import time
        kept = self.__dict__.setdefault("kept", {})
        if kept.get(at[:13], (0, None))[0] < time.monotonic():
            email = await self._retries.run("on-call look-up", lambda: self._ask(at), self._timeout)
            kept[at[:13]] = time.monotonic() + SECONDS, email
        return kept[at[:13]][1]
""".strip()


def kept_for(seconds: int) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """What keeps for so many seconds who is on call."""
    asks = 'return await self._retries.run("on-call look-up", lambda: self._ask(at), self._timeout)'
    return {"oncall.py": ((asks, KEPT.replace("SECONDS", str(seconds))),)}


LEFT_ALONE = """
        if self.__dict__.get("alone_until", 0) > time.monotonic():
            logs.error(f"{self._name} is left alone for a while, as it has failed")
            return Unavailable(f"{self._name} is left alone for a while, as it has failed.")
        with tracing.span(f"query {self._name}"):
""".strip()


def alone_for(seconds: float) -> tuple[tuple[str, str], ...]:
    """A source that has failed is left alone for so long."""
    failed = "return Unavailable(str(failure))"
    return (
        ('with tracing.span(f"query {self._name}"):', LEFT_ALONE),
        (failed, f"self.alone_until = time.monotonic() + {seconds}\n                {failed}"),
    )


UNLOADED_FOR_A_WHILE = (
    (
        "if self._looking is None or self._looking.done():",
        """
        if self.__dict__.get("unloaded_until", 0) > time.monotonic():
            return "it was not loaded a moment ago"
        if self._looking is None or self._looking.done():
        """.strip(),
    ),
    (
        "self._loaded_at = None if trouble else time.monotonic()",
        """
        self.unloaded_until = time.monotonic() + 3 if trouble else 0
        self._loaded_at = None if trouble else time.monotonic()
        """.strip(),
    ),
)

BROKER_ALONE_FOR_A_WHILE = (
    (
        "import RefusedError, Retries, check, send",
        "import CallError, RefusedError, Retries, TransientError, check, send",
    ),
    (
        "queue = self._queues.setdefault(alert, _Queue())",
        """
        if self.__dict__.get("alone_until", 0) > asyncio.get_running_loop().time():
            raise CallError("The sink is left alone for a while, as it has failed.")
        queue = self._queues.setdefault(alert, _Queue())
        """.strip(),
    ),
    (
        "except RefusedError as refusal:",
        """
        except TransientError:
            self.alone_until = asyncio.get_running_loop().time() + 10
            raise
        except RefusedError as refusal:
        """.strip(),
    ),
)

PROMISED_AT_ONCE = (
    (
        "delivered = await self._work.outcome(delivering)",
        """
        self._delivery._retries = Retries(12, 0.2)
        delivered = delivering is not None
        """.strip(),
    ),
)

MODEL_LEFT_ALONE = (
    (
        "fresh = self._loaded_at is not None",
        """
        if self.__dict__.get("alone_until", 0) > time.monotonic():
            raise NotLoadedError("It is left alone for a while, as it has failed.")
        fresh = self._loaded_at is not None
        """.strip(),
    ),
    (
        "except (TransientError, SlowModelError) as error:",
        "except (TransientError, SlowModelError) as error:\n            self.alone_until = time.monotonic() + 10",
    ),
)
IN_OTHER_WORDS = (
    (
        'Section("The TRM model did not choose a remediation", {**function, **why})',
        'Section("Remediation chosen by rule of thumb", function)',
    ),
)

TRACKER_ALONE_FOR_A_WHILE = """
        if self.__dict__.get("alone_until", 0) > time.monotonic():
            raise TransientError("Jira is left alone for a while, as it has failed.")
        try:
            return await send(self._client, request, self._timeout, self._limit)
        except TransientError:
            self.alone_until = time.monotonic() + 10
            raise
""".strip()

GOOD = (
    Good(
        "asks Prometheus at whole seconds",
        {"observability.py": (('{"query": query}, own)', '{"query": query, "time": int(time.time())}, own)'),)},
        ("--tags", "@AC6.1 or @AC6.5"),
    ),
    Good("keeps for a while who is on call", kept_for(2), ("--tags", "@AC7.5")),
    Good(
        "keeps for as long as it may who is on call",
        kept_for(14),
        ("--tags", "@AC7.5 or @SEC1", "-n", "stands in|an hour ago|an unknown authority"),
    ),
    Good(
        "leaves a source alone for a while that has failed",
        {"observability.py": alone_for(2)},
        ("--tags", "@AC6.5", "-n", "answers something that is not JSON"),
    ),
    Good(
        "leaves Prometheus alone for nearly as long as it may",
        {"observability.py": alone_for(14)},
        ("--tags", "@S4"),
    ),
    Good(
        "leaves a tracker alone for a while that has failed",
        {
            "jira.py": (
                ("return await send(self._client, request, self._timeout, self._limit)", TRACKER_ALONE_FOR_A_WHILE),
            )
        },
        ("--tags", "@AC3.1 or @AC4.4", "-n", "while Jira is away|without a severity has priority Medium"),
    ),
    Good(
        "takes the model for not loaded for a while",
        {"trm.py": UNLOADED_FOR_A_WHILE},
        ("--tags", "@AC9.1 or @AC9.2", "-n", "has the wrong shape|remedy of an alert about a pod that crashes"),
    ),
    Good(
        "reads the first value of a body and ignores what follows it",
        {
            "../events.py": (
                (
                    "value = json.loads(text)",
                    'whole = text if isinstance(text, str) else text.decode("utf-8")\n'
                    "    value, _ = json.JSONDecoder().raw_decode(whole.lstrip())",
                ),
            )
        },
        ("--tags", "@SEC7", "-n", "door for (structured|binary) events does no harm", "-D", "seed=3"),
    ),
    Good(
        "leaves the broker alone for a while that has failed",
        {"../prometheus_events/delivery.py": BROKER_ALONE_FOR_A_WHILE},
        ("--tags", "@AC2.5", "-n", "down for longer than its delivery is tried"),
    ),
    Good(
        "promises Alertmanager at once to deliver, and keeps the order of an alert's events",
        {"../prometheus_events/app.py": PROMISED_AT_ONCE},
        ("--tags", "@AC2.6"),
    ),
    Good(
        "leaves the model alone for a while, and words in its own way that it did not decide",
        {"trm.py": MODEL_LEFT_ALONE, "report.py": IN_OTHER_WORDS},
        ("--tags", "@AC9.3", "-n", "answers with an internal error"),
    ),
)


@pytest.mark.parametrize("agent", GOOD, ids=lambda agent: agent.name)
def test_an_agent_is_right_that(agent: Good, tmp_path: Path) -> None:
    run = run_undisturbed(tmp_path / "suite", *agent.selected, *ALONE, changes=agent.texts())
    assert [one.sentence for one in run.verdict.scenarios if one.status is not Status.PASSED] == []
