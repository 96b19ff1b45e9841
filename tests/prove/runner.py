"""The suite's runner, impatient: one scenario that fails in the expected words is proof enough for its item."""

from __future__ import annotations

from typing import Any

from behave.formatter._registry import make_formatters
from behave.formatter.base import StreamOpener

from reports.formatter import VerdictFormatter
from reports.judge import judge
from reports.runner import AcceptanceRunner
from reports.verdict import Status, Verdict


class VerdictAlone(VerdictFormatter):
    """Writes the verdict and none of the other reports, as nobody reads those of a trial."""

    def publish(self, verdict: Verdict) -> None:
        self.verdict = verdict
        verdict.write(self.record.latest / "verdict.json")


class UntilFound(AcceptanceRunner):
    """Passes over the scenarios of an item once one of them has failed with what `-D says=` gives in its sentence."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self._found: set[str] = set()

    def _open_formatters(self) -> None:
        self.recorder = VerdictAlone(StreamOpener(filename=str(self.record.latest)), self.config)
        self.formatters = [*make_formatters(self.config, self.config.outputs), self.recorder]

    def run_hook(self, hook_name: str, *args: Any) -> bool:
        """Runs a hook; before a scenario that is not needed any more it skips the scenario instead."""
        if hook_name == "before_scenario" and self._items(args[0]) <= self._found:
            args[0].skip("its item is known to fail")
            return True
        ran = super().run_hook(hook_name, *args)
        if hook_name == "after_scenario":
            judgement = judge(args[0], self.record)
            if judgement.status is Status.FAILED and self.config.userdata["says"] in (judgement.sentence or ""):
                self._found |= self._items(args[0])
        return ran

    def _items(self, scenario: Any) -> set[str]:
        return {item.id for _, item in self.record.requirements.tagged(scenario.effective_tags)}
