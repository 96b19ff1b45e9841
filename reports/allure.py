"""Allure results in the ticket's words: epic = ticket, feature = criterion, story = item.

allure-behave writes the files. What it leaves out or gets wrong is mended here: scenarios inside a Rule, errors in
hooks and clean-up (its scenario is green or absent), scenarios that a broken set-up kept from running, labels, and the
files about the run. A scenario is written when its feature has ended, since only then is all of it known.
"""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import json
import traceback
from collections.abc import Iterable
from typing import Any

import allure_commons
from allure_behave.formatter import AllureFormatter as _AllureFormatter
from allure_behave.listener import AllureListener
from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import Attachment, Label, Link, StatusDetails, TestResult
from allure_commons.types import AttachmentType, LabelType, LinkType, Severity
from allure_commons.utils import md5, now, platform_label, uuid4
from behave.formatter.base import Formatter

from reports import recording, run, timeline
from reports.agreement import ALLURE, LOCATION
from reports.files import write_whole
from reports.judge import containers, judge, step_status
from reports.requirements import Kind
from reports.run import Record
from reports.verdict import Status, Trouble, slug

SEVERITY: dict[Kind, Severity] = {
    "scenario": Severity.BLOCKER,
    "acceptance": Severity.CRITICAL,
    "security": Severity.CRITICAL,
}
"""Severity by kind of item, else normal; a tag like @minor goes before it."""

CATEGORIES = [
    {"name": "agent-sre misses the criterion", "matchedStatuses": ["failed"]},
    {"name": "Not judged: the world, the set-up or the suite is broken", "matchedStatuses": ["broken"]},
    {"name": "Outdated: the ticket's words have changed", "matchedStatuses": ["unknown"]},
    {"name": "Waived", "matchedStatuses": ["skipped"], "messageRegex": "^Waived: .*"},
    {"name": "Not run", "matchedStatuses": ["skipped"]},
]
"""Allure's groups of what did not pass; the first that fits counts."""


class AllureFormatter(_AllureFormatter):  # type: ignore[misc]
    """allure-behave's formatter, complete and true to the verdict."""

    def __init__(self, stream_opener: Any, config: Any) -> None:
        Formatter.__init__(self, stream_opener, config)  # allure-behave's own would install its own listener
        assert run.record, "Allure results are written by reports.runner:AcceptanceRunner only."
        self.record = run.record
        self.listener = _Listener(config, self.record)
        self.file_logger = AllureFileLogger(self.record.allure_results)
        for plugin in (self.listener, self.file_logger):
            allure_commons.plugin_manager.register(plugin)

    def feature(self, feature: Any) -> None:
        selected = {id(scenario) for scenario in self.record.selected}
        for scenario in feature.walk_scenarios():
            if id(scenario) in selected:
                scenario.run = allure_commons.test(scenario.run, context={"scenario": scenario})

    def eof(self) -> None:
        super().eof()
        self.listener.write_ended()

    def close(self) -> None:
        self.listener.write_rest()
        self._write_about_the_run()
        super().close()

    def _write_about_the_run(self) -> None:
        results, ticket, facts = self.record.allure_results, self.record.requirements.ticket, run.facts
        environment = {"target": facts.target, "profile": facts.profile, "suite": self.record.suite.version}
        environment |= run.versions()
        environment |= {"machine": run.machine(), "command": run.command()}
        executor = {"name": "behave", "type": "behave", "buildName": self.record.id, "reportName": ticket.label}
        lines = [f"{name} = {value}\n" for name, value in environment.items()]
        write_whole(results / "environment.properties", "".join(lines))
        write_whole(results / "categories.json", json.dumps(CATEGORIES, indent=1))
        write_whole(results / "executor.json", json.dumps(executor, indent=1))


class _Listener(AllureListener):  # type: ignore[misc]
    """Builds the results as allure-behave does, and keeps each back until its feature has ended."""

    current_step_uuid: str | None
    current_scenario_uuid: str | None

    def __init__(self, config: Any, record: Record) -> None:
        super().__init__(config)
        self.record = record
        self.ended: list[tuple[Any, TestResult]] = []
        self.written: set[int] = set()

    def start_scenario(self, scenario: Any) -> None:
        super().start_scenario(scenario)
        result = self.logger.get_test(self.current_scenario_uuid)
        ticket = self.record.requirements.ticket
        result.labels = self._labels(scenario)
        result.links = [Link(LinkType.ISSUE, ticket.url, ticket.id), *self._pages(scenario)]
        result.titlePath = [thing.name for thing in containers(scenario) if thing.type in ("feature", "rule")]

    def stop_scenario(self, scenario: Any) -> None:
        if self.logger.get_item(self.current_step_uuid):  # the step was left by something that is no Exception
            self.logger.stop_step(self.current_step_uuid, stop=now(), status=ALLURE[Status.BROKEN])
        self.flush_steps()
        result = self.logger.get_test(self.current_scenario_uuid)
        result.stop = now()
        self.logger.drop_test(self.current_scenario_uuid)
        self.group_context.exit()
        self.current_step_uuid = self.current_scenario_uuid = None
        self.ended.append((scenario, result))

    def stop_behave_step(self, step: Any) -> None:
        status = step_status(step, self.record)
        details = self._details(run.sentence_of(step.exception), step.exception) if step.exception else None
        self.logger.stop_step(self.current_step_uuid, stop=now(), status=ALLURE[status], statusDetails=details)

    def write_ended(self) -> None:
        """Writes the results of the scenarios that have ended."""
        for scenario, result in self.ended:
            judgement = judge(scenario, self.record)
            result.status = ALLURE[judgement.standing]
            if judgement.sentence:
                waived = "Waived: " if judgement.standing is Status.WAIVED else ""
                result.statusDetails = self._details(f"{waived}{judgement.sentence}", judgement.error)
            self._add_timeline(scenario, result)
            allure_commons.plugin_manager.hook.report_result(result=result)
            self.written.add(id(scenario))
        self.ended.clear()

    def write_all(self, scenarios: Iterable[Any]) -> None:
        """Writes the results of these scenarios, also of those that never ran; what is written already stays."""
        self.write_ended()
        for scenario in scenarios:
            if id(scenario) not in self.written:
                self.start_scenario(scenario)
                self.steps.extend(scenario.all_steps)
                self.stop_scenario(scenario)
        self.write_ended()

    def write_rest(self) -> None:
        """Writes what is left at the run's end: scenarios that never ran, and what went wrong around all of them."""
        settled = self.record.settled
        self.write_all(one for one in self.record.selected if self.record.location(one) not in settled)
        for trouble in self.record.run_troubles:
            allure_commons.plugin_manager.hook.report_result(result=self._around_the_run(trouble))

    def _around_the_run(self, trouble: Trouble) -> TestResult:
        name = f"The run itself: {trouble.where}"
        labels = [
            Label(LabelType.EPIC, self.record.requirements.ticket.label),
            Label(LabelType.FEATURE, "The run itself"),
            Label(LabelType.SEVERITY, Severity.BLOCKER.value),
            Label(LOCATION, trouble.where),
        ]
        return TestResult(
            uuid=uuid4(),
            name=name,
            fullName=name,
            historyId=md5(name),
            testCaseId=md5(name),
            titlePath=["The run itself"],
            labels=labels,
            status=ALLURE[Status.BROKEN],
            statusDetails=StatusDetails(message=trouble.sentence),
            start=now(),
            stop=now(),
        )

    def _pages(self, scenario: Any) -> list[Link]:
        """Links to the scenario's items in the matrix, relative to the page that `make report` makes."""
        items = self.record.requirements.tagged(scenario.effective_tags)
        pages = [f"matrix.html#{item.id}" for _, item in items]
        return [Link(LinkType.LINK, page, page) for page in pages]

    def _add_timeline(self, scenario: Any, result: TestResult) -> None:
        """Links the scenario's timeline, if it is to have one, and attaches it; it is drawn when the run is over."""
        location = self.record.location(scenario)
        if recording.path(self.record.latest, location).is_file():
            page = f"timelines/{slug(location)}.html"
            result.links.append(Link(LinkType.LINK, page, page))
            source = timeline.allure_source(location)
            result.attachments.append(Attachment(name="Timeline", source=source, type=AttachmentType.HTML.mime_type))

    def _labels(self, scenario: Any) -> list[Label]:
        requirements, tags = self.record.requirements, scenario.effective_tags
        criteria = requirements.criteria_of(tags)
        items = requirements.tagged(tags)
        own = next((tag for tag in sorted(tags) if tag in list(Severity)), None)
        kinds = [SEVERITY[criterion.kind].value for criterion in criteria if criterion.kind in SEVERITY]
        return [
            Label(LabelType.EPIC, requirements.ticket.label),
            *(Label(LabelType.FEATURE, criterion.label) for criterion in criteria),
            *([] if criteria else [Label(LabelType.FEATURE, scenario.feature.name)]),
            *(Label(LabelType.STORY, f"{item.id} {item.text}") for _, item in items),
            Label(LabelType.SEVERITY, own or next(iter(kinds), Severity.NORMAL.value)),
            *(Label(LabelType.TAG, tag) for tag in sorted(tags)),
            Label(LabelType.FRAMEWORK, "behave"),
            Label(LabelType.LANGUAGE, platform_label()),
            Label(LOCATION, self.record.location(scenario)),
        ]

    def _details(self, sentence: str, error: BaseException | None) -> StatusDetails:
        trace = "".join(traceback.format_list(self.record.own_frames(error)))
        return StatusDetails(message=sentence, trace=run.facts.redact(trace) or None)
