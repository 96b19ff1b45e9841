"""The suite's runner, impatient: what a trial has shown it does not look for again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from behave.formatter._registry import make_formatters
from behave.formatter.base import StreamOpener
from behave.step_registry import registry

from reports.formatter import VerdictFormatter
from reports.judge import judge
from reports.runner import AcceptanceRunner
from reports.units import Unit
from reports.verdict import Status, Verdict
from reports.worker import feature_of


class VerdictAlone(VerdictFormatter):
    """Writes the verdict and none of the other reports, as nobody reads those of a trial."""

    def publish(self, verdict: Verdict) -> None:
        self.verdict = verdict
        verdict.write(self.record.latest / "verdict.json")


class UntilFound(AcceptanceRunner):
    """Passes over the scenarios of an item once one of them has failed with what `-D says=` gives in its sentence.

    Of the items that `-D green=` names, separated by commas, if any, it runs one scenario each.
    """

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self._found: set[str] = set()

    def load_step_definitions(self, extra_step_paths: Sequence[str] | None = None) -> None:
        """Loads the steps, unless the process that this one is forked from has done so."""
        if not any(registry.steps.values()):
            super().load_step_definitions(extra_step_paths)

    def _select(self, others: Sequence[Any]) -> None:
        super()._select(others)
        green, begun = set(self.config.userdata.get("green", "").split(",")), set[str]()
        for scenario in tuple(self.record.selected):
            items = self._items(scenario)
            if items <= green and items <= begun:
                self.record.selected.remove(scenario)
                self.record.left_out.append(scenario)
            begun |= items

    def _run_alone(self, units: list[Unit]) -> bool:
        """Without what is left out, as that takes its time, too."""
        in_order = sorted(units, key=lambda unit: (unit.last, unit.file, unit.lines))
        self.features = [feature_of(unit) for unit in in_order]
        self.record.selected = [one for feature in self.features for one in feature.walk_scenarios()]
        return super()._run_alone(units)

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
