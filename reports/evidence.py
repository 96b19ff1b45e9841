"""Evidence: what a step saw, kept beside the verdict and at the step in Allure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Protocol

import allure
from allure_commons.types import AttachmentType

from reports import run
from reports.files import write_whole
from reports.verdict import Attachment, slug

EXTENSION = {"text": "txt", "json": "json", "http": "txt", "html": "html", "svg": "svg"}
"""File name extension by kind; a transcript of HTTP opens everywhere as text."""


class Evidence(Protocol):
    """One observation of a step. Its content is redacted already."""

    @property
    def title(self) -> str: ...
    @property
    def content(self) -> str | bytes: ...
    @property
    def kind(self) -> str: ...
    @property
    def exchanges(self) -> tuple[int, ...]: ...


def attach(context: Any, step: Any, seen: Sequence[Evidence]) -> None:
    """Keeps what the step saw. Called by after_step, while the step is still the running one in Allure:

        def after_step(context, step):
            observed = context.stage.observed(...)
            attach(context, step, observed.seen)

    The files go to `reports/latest/evidence/<feature>-<line of the scenario>/`; `verdict.json` lists them at the step.
    """
    if run.record is None:
        return
    directory = run.record.latest / "evidence" / slug(run.record.location(context.scenario))
    kept = run.record.evidence.setdefault(id(step), [])
    for evidence in seen:
        number = len(list(directory.iterdir())) + 1 if directory.is_dir() else 1
        name = re.sub(r"[^a-z0-9]+", "-", evidence.title.lower()).strip("-")[:60]
        file = directory / f"{number:02}-{name}.{EXTENSION[evidence.kind]}"
        content = _pretty(evidence)
        write_whole(file, content)
        kept.append(
            Attachment(
                title=evidence.title,
                kind=evidence.kind,
                file=file.relative_to(run.record.latest).as_posix(),
                exchanges=evidence.exchanges,
            )
        )
        allure.attach(content, evidence.title, _TYPE[evidence.kind])


_TYPE = {
    "text": AttachmentType.TEXT,
    "json": AttachmentType.JSON,
    "http": AttachmentType.TEXT,
    "html": AttachmentType.HTML,
    "svg": AttachmentType.SVG,
}


def _pretty(evidence: Evidence) -> str | bytes:
    if evidence.kind != "json":
        return evidence.content
    try:
        return json.dumps(json.loads(evidence.content), indent=2, ensure_ascii=False)
    except ValueError:
        return evidence.content
