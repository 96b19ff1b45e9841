"""A trial: the suite is run against the reference with one defect in it, and has to find it."""

from __future__ import annotations

import hashlib
import shutil
import time
from functools import cache
from pathlib import Path

from reports.kill_matrix import Finding, Outcome, Trial
from reports.units import COMMITTED
from reports.verdict import RequirementVerdict, Status, Verdict
from tests.copies import ALONE, NoVerdict, Run, run_suite
from tests.prove.defect import PROGRAMS, Defect
from tests.prove.nursery import Nursery

GREEN = ("AC2.2", "AC3.1", "AC5.2")
"""Items that must stay green beside a defect which does not explain them: one for each part of the way. One scenario of
each has to pass."""
BRIEF = {
    "limits": "burst = 20\n",
    "load": "alerts = 100\ncalls = 100\nothers = 100\n",
    "targets": "recovery = 10\n",
}
"""Settings of a trial's profile: what the defective reference never does is not waited for as long as another agent
would be given, half of the alerts are enough to see that each twentieth is lost, and nobody is excused by the trial
that is made beside: the reference without a defect passes beside another one."""
START, RUNNER = "tests.prove.start", "tests.prove.runner:UntilFound"
PROFILE = Path("steps") / "targets" / "reference.toml"


def digest(suite: Path, defect: Defect) -> str:
    """Of all that decides about the trial: the suite with the reference, and the defect."""
    own = (suite / "tests" / "defects" / f"{defect.name}.py").read_bytes()
    return hashlib.sha256(_content(suite) + own).hexdigest()[:16]


@cache
def _content(suite: Path) -> bytes:
    files = [suite / "environment.py"]
    for directory in ("features", "steps", "reports", "tests/prove"):
        files += (file for file in (suite / directory).rglob("*") if file.is_file() and _decides(file))
    content = hashlib.sha256()
    for file in sorted(files):
        content.update(f"{file.relative_to(suite)}\0".encode() + file.read_bytes())
    return content.digest()


def _decides(file: Path) -> bool:
    """Whether a file can change what comes of a trial: what is only read by people, or orders a whole run, cannot."""
    return file.suffix not in (".pyc", ".md", ".png") and file.name != COMMITTED.name


def profile(suite: Path, defect: Defect, notes: Path) -> str:
    """The reference's own profile, but that the defective program is started with its defect; and BRIEF."""
    program = ".".join(PROGRAMS[defect.program].parts)
    text = (suite / PROFILE).read_text(encoding="utf-8")
    assert text.count(f'"{program}"') == 1, f"{PROFILE} does not start {program}."
    text = text.replace(f'"{program}"', f'"{START}", "{defect.name}", "{notes}", "{program}"')
    for section, settings in BRIEF.items():
        heading = f"[{section}]\n"
        text = text.replace(heading, heading + settings) if heading in text else f"{text}\n{heading}{settings}"
    return text


def try_out(defect: Defect, nursery: Nursery, place: Path) -> Trial:
    """Runs the suite against the defect; `place` is a directory of the trial's own, which it removes."""
    began = time.monotonic()
    notes = place / "notes"
    notes.mkdir(parents=True)
    try:
        verdict = _run(defect, nursery, place / "suite", notes).verdict
        found = findings(defect, verdict, {note.name for note in notes.iterdir()})
    except NoVerdict as error:
        found = _unproven(defect, f"The suite ended without a verdict: {' '.join(str(error).split())[-300:]}")
    shutil.rmtree(place)
    return Trial(
        defect=defect.name,
        sentence=defect.sentence,
        program=defect.program,
        file=defect.file,
        right=defect.right,
        wrong=defect.wrong,
        says=defect.says,
        digest=digest(nursery.source, defect),
        duration=time.monotonic() - began,
        findings=found,
    )


def _run(defect: Defect, nursery: Nursery, place: Path, notes: Path) -> Run:
    """A run of the suite: in the nursery, unless the suite itself has the defect."""
    suite = nursery.source
    tags = " or ".join(f"@{item}" for item in dict.fromkeys((*defect.items, *GREEN)))
    green = ",".join(item for item in GREEN if item not in defect.items)
    arguments = ("--tags", tags, "--runner", RUNNER, "-D", f"says={defect.says}", "-D", f"green={green}", *ALONE)
    if defect.program != "validation":
        return nursery.run(*arguments, profile=profile(suite, defect, notes))
    changes = {} if defect.module else {defect.path: defect.seed((suite / defect.path).read_text()).source}
    start = (START, defect.name, str(notes))
    return run_suite(place, *arguments, source=suite, start=start, changes=changes)


def findings(defect: Defect, verdict: Verdict, notes: set[str]) -> tuple[Finding, ...]:
    """What a run says about the defect; `notes` are those of the program that had it."""
    if verdict.run.troubles:
        return _unproven(defect, verdict.run.sentence)
    if "applied" not in notes:
        return _unproven(defect, f"{defect.program} never loaded {defect.file}, so the defect was not in it.")
    if "reached" not in notes:
        return _unproven(defect, "The changed code was never reached.")
    judged = {item.id: item for item in verdict.requirements}
    own = [_finding(defect, judged[item], verdict) for item in defect.items]
    return (*own, *(_beside(defect, item, verdict) for item in judged.values() if _is_beside(defect, item)))


def _unproven(defect: Defect, sentence: str) -> tuple[Finding, ...]:
    return tuple(Finding(item=item, outcome=Outcome.UNPROVEN, sentence=sentence) for item in defect.items)


def _finding(defect: Defect, item: RequirementVerdict, verdict: Verdict) -> Finding:
    """What became of the defect at one of its own items."""
    red = [scenario for scenario in verdict.scenarios_of(item) if scenario.status is Status.FAILED]
    if item.status is Status.PASSED:
        return Finding(item=item.id, outcome=Outcome.SURVIVED)
    if item.status is not Status.FAILED or not red:
        return Finding(item=item.id, outcome=Outcome.UNPROVEN, sentence=item.note)
    telling = [scenario for scenario in red if defect.says in (scenario.sentence or "")]
    told = (telling or red)[0]
    outcome = Outcome.KILLED if telling else Outcome.UNCLEAR
    return Finding(item=item.id, outcome=outcome, sentence=told.sentence, scenario=told.location)


def _is_beside(defect: Defect, item: RequirementVerdict) -> bool:
    """Whether an item that is not the defect's own did not pass. An integration point is but a sum of items."""
    beside = item.id not in defect.items and item.kind != "integration point"
    return beside and item.status in (Status.FAILED, Status.BROKEN)


def _beside(defect: Defect, item: RequirementVerdict, verdict: Verdict) -> Finding:
    outcome = Outcome.EXPLAINED if item.id in defect.also else Outcome.COLLATERAL
    red = next((one for one in verdict.scenarios_of(item) if one.status is item.status), None)
    return Finding(item=item.id, outcome=outcome, sentence=item.note, scenario=red and red.location)
