"""JUnit XML for CI, `junit.xml`: a suite for each feature, a case for each scenario.

There is no standard; this is what Jenkins, GitLab and GitHub's readers understand: `failure` when agent-sre misses a
criterion, `error` when it could not be judged, `skipped` when it was not tried or is waived.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, fromstring, indent, tostring

from reports.files import write_whole
from reports.verdict import ScenarioVerdict, Status, Verdict

NAME = "junit.xml"
WORD = {
    Status.PASSED: "passed",
    Status.FAILED: "failure",
    Status.BROKEN: "error",
    Status.OUTDATED: "error",
    Status.UNTESTED: "skipped",
    Status.WAIVED: "skipped",
}
"""JUnit's word for each of the verdict's: the element in a case; none when it passed."""
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""


def write(verdict: Verdict, latest: Path) -> None:
    """Writes the file beside the verdict."""
    root = Element("testsuites", name=verdict.run.ticket)
    for feature, scenarios in groupby(verdict.scenarios, lambda one: one.feature):
        _suite(root, feature, list(scenarios))
    if verdict.run.troubles:
        suite = SubElement(root, "testsuite", name="The run itself")
        for trouble in verdict.run.troubles:
            case = SubElement(suite, "testcase", classname="The run itself", name=trouble.where, time="0")
            SubElement(case, "error", message=_text(trouble.sentence), type="broken")
        _count(suite)
    _count(root)
    root.set("timestamp", verdict.run.started.strftime("%Y-%m-%dT%H:%M:%S"))
    root.set("time", f"{verdict.run.duration:.3f}")
    indent(root)
    write_whole(latest / NAME, b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="utf-8"))


def _suite(root: Element, feature: str, scenarios: list[ScenarioVerdict]) -> None:
    suite = SubElement(root, "testsuite", name=_text(feature), time=f"{sum(one.duration for one in scenarios):.3f}")
    for one in scenarios:
        file, _, line = one.location.rpartition(":")
        case = SubElement(
            suite,
            "testcase",
            classname=_text(feature),
            name=_text(one.name),
            time=f"{one.duration:.3f}",
            file=file,
            line=line,
        )
        if one.standing is not Status.PASSED:
            result = SubElement(case, WORD[one.standing], message=_text(one.sentence or ""), type=one.standing)
            places = [place for place in (one.where, one.raised) if place]
            result.text = "\n".join(places)
        steps = [f"{step.status:<8} {step.text}" for step in one.steps]
        SubElement(case, "system-out").text = _text("\n".join([*steps, "", " ".join(f"@{tag}" for tag in one.tags)]))
    _count(suite)


def _count(suite: Element) -> None:
    """Notes how many cases there are, and how many of them did not pass."""
    cases = list(suite.iter("testcase"))
    suite.set("tests", str(len(cases)))
    for word, plural in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(plural, str(sum(case.find(word) is not None for case in cases)))


def _text(text: str) -> str:
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def told(path: Path) -> Counter[tuple[str, str]]:
    """What the file says: location and word of each case; raises ValueError when it is no XML."""
    try:
        root = fromstring(path.read_bytes())
    except SyntaxError as error:
        raise ValueError(f"{path.name} is not XML: {error}.") from error
    return Counter((_location(case), _word(case)) for case in root.iter("testcase"))


def _location(case: Element) -> str:
    return f"{case.get('file')}:{case.get('line')}" if case.get("file") else case.get("name", "")


def _word(case: Element) -> str:
    return next((word for word in ("failure", "error", "skipped") if case.find(word) is not None), "passed")
