"""The formatter that makes the verdict from behave's own model, and has all reports written."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from reports import documentation, metrics, run, settings
from reports.conclusion import conclude, requirement_verdicts, waiver_verdict
from reports.files import write_whole
from reports.follower import Recorder
from reports.judge import verdict_on
from reports.publish import publish
from reports.verdict import EVERYTHING, RunVerdict, Verdict


class VerdictFormatter(Recorder):
    """At the end writes the reports."""

    name = "verdict"
    description = "everything in reports/latest"

    def __init__(self, stream_opener: Any, config: Any) -> None:
        super().__init__(stream_opener, config)
        self.verdict: Verdict | None = None

    def close(self) -> None:
        super().close()
        self.publish(self._verdict())

    def publish(self, verdict: Verdict) -> None:
        """Writes all reports."""
        latest, root = self.record.latest, self.record.root
        documentation.write(root, latest)
        if run.facts.settings:
            settings.write(latest, run.facts.settings, run.facts.defaults)
        self.verdict = publish(verdict, root, latest)
        self.record.metrics = metrics.of(self.verdict, self.record.requirements)
        write_whole(latest / "metrics.prom", self.record.metrics.text())

    def _verdict(self) -> Verdict:
        record = self.record
        scenarios = tuple(verdict_on(scenario, record) for scenario in record.selected)
        left_out = Counter(tag for scenario in record.left_out for tag in scenario.effective_tags)
        requirements = requirement_verdicts(record.requirements, scenarios, left_out, record.changed, record.waivers)
        selection = _selection(self.config)
        outcome, sentence = conclude(
            requirements, scenarios, record.run_troubles, whole=selection == EVERYTHING and not record.shard
        )
        return Verdict(
            run=RunVerdict(
                id=record.id,
                ticket=record.requirements.ticket.label,
                url=record.requirements.ticket.url,
                started=record.started,
                duration=time.monotonic() - record.clock,
                outcome=outcome,
                sentence=sentence,
                target=run.facts.target,
                profile=run.facts.profile,
                suite=record.suite,
                versions=run.versions(),
                machine=run.machine(),
                command=run.command(),
                selection=selection,
                shard=str(record.shard) if record.shard else None,
                troubles=tuple(record.run_troubles),
            ),
            requirements=requirements,
            scenarios=scenarios,
            waivers=tuple(
                waiver_verdict(one, requirements, scenarios, in_force=one.item in record.waivers)
                for one in record.granted
            ),
        )


def _selection(config: Any) -> str:
    """What the command, or behave's own settings, have picked, in their words; EVERYTHING without any."""
    picked = [f"--tags {tag}" for tag in config.tags or []] + [f"--name {name}" for name in config.name or []]
    patterns = {"--exclude": config.exclude_re, "--include": config.include_re}
    picked += [f"{option} {given.pattern}" for option, given in patterns.items() if given]
    paths = [path for path in config.paths if path.startswith("@") or path.endswith(".feature") or ".feature:" in path]
    return run.facts.redact(" ".join(paths + picked)) or EVERYTHING
