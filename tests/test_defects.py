"""Seeded defects: each fits the reference and is told when it is reached, and a trial says truly what became of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from reports import requirements
from reports.kill_matrix import Outcome, Trial
from reports.verdict import Status
from tests.copies import ROOT
from tests.prove import trial
from tests.prove.__main__ import DISTURBED, fitting
from tests.prove.defect import Defect, DefectError, load, names
from tests.prove.nursery import Nursery
from tests.prove.seeding import MARK, patched
from tests.prove.trial import BRIEF, GREEN, PROFILE, START, findings, profile, try_out
from tests.test_matrix import make_verdict, scenario

TICKET = requirements.load(ROOT / "features" / "requirements.toml")
KINDS = {item.id: criterion.kind for criterion, item in TICKET.items()}
TAGS = set(re.findall(r"@([\w.]+)", "".join(file.read_text() for file in (ROOT / "features").glob("*.feature"))))
"""The items that a scenario carries."""
QUICK = (
    "ac1/only_the_first_of_a_group",
    "ac2/trace_is_lost",
    "ac3/key_is_in_the_address",
    "ac4/critical_is_only_high",
    "ac5/function_is_called_twice",
    "ac6/query_error_is_not_logged",
    "ac7/boundary_belongs_to_the_higher_one",
    "ac8/unsigned_answers_are_taken",
    "ac9/any_namespace_is_allowed",
)
"""One defect for each criterion, of those that are found fast."""


# -- the defects ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names())
def test_a_defect_fits_the_reference_and_says_what_it_is_for(name: str) -> None:
    defect = fitting(load(name))
    assert re.fullmatch(r"([A-Z]|agent-sre ).*\.", defect.sentence)
    assert defect.says.strip()
    assert defect.items
    assert {*defect.items, *defect.also} <= KINDS.keys()
    assert not {*defect.items} & {*defect.also}
    assert {*defect.items} <= TAGS, "no scenario carries its item"


def test_no_two_defects_are_alike() -> None:
    defects = list(map(load, names()))
    changes = Counter((defect.file, defect.right, defect.wrong, defect.program) for defect in defects)
    assert [change for change, count in changes.items() if count > 1] == []
    sentences = Counter(defect.sentence for defect in defects)
    assert [sentence for sentence, count in sentences.items() if count > 1] == []


@pytest.mark.parametrize("item", [item for item in KINDS if KINDS[item] in ("acceptance", "security") and item in TAGS])
def test_each_item_of_acceptance_and_of_security_has_two_defects(item: str) -> None:
    assert sum(item in load(name).items for name in names()) >= 2


@pytest.mark.parametrize("criterion", [one.id for one in TICKET.criteria if one.kind == "scenario" and one.id in TAGS])
def test_each_scenario_has_a_defect(criterion: str) -> None:
    assert any(item.startswith(f"{criterion}.") for name in names() for item in load(name).items)


@pytest.mark.parametrize("item", [item for item in KINDS if KINDS[item] in ("metric", "monitoring") and item in TAGS])
def test_each_other_item_has_a_defect(item: str) -> None:
    assert any(item in load(name).items for name in names())


def test_there_are_no_fewer_than_150() -> None:
    assert len(names()) >= 150


def test_the_quick_ones_are_one_for_each_criterion() -> None:
    criteria = {name.partition("/")[0] for name in names()}
    assert [name.partition("/")[0] for name in QUICK] == sorted(one for one in criteria if one.startswith("ac"))


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trial]:
    """The trials of QUICK: side by side, and as in `make prove` once more alone where the others may have disturbed."""
    place = tmp_path_factory.mktemp("quick")

    def attempt(home: str, names: Sequence[str]) -> list[Trial]:
        with Nursery(ROOT, place / home) as nursery:
            return [try_out(load(name), nursery, place / "trials" / name.replace("/", "-")) for name in names]

    with ThreadPoolExecutor(4) as pool:
        some = pool.map(attempt, map(str, range(4)), (QUICK[number::4] for number in range(4)))
        trials = [trial for made in some for trial in made]
    disturbed = [trial.defect for trial in trials if trial.outcome in DISTURBED or trial.of(Outcome.COLLATERAL)]
    trials += attempt("undisturbed", disturbed) if disturbed else []
    return {trial.defect: trial for trial in trials}


@pytest.mark.parametrize("name", QUICK)
def test_a_defect_is_found_and_nothing_else_reddens(quick: dict[str, Trial], name: str) -> None:
    assert quick[name].outcome is Outcome.KILLED, quick[name].findings
    assert quick[name].of(Outcome.COLLATERAL) == []


# -- how a defect gets into a program ---------------------------------------------------------------------------------

SOURCE = """\
LIMIT = 10
TABLE = {"a": 1}


class Door:
    colour: str = "red"

    def open(self, far):
        if far:
            for _ in range(3):
                self.push()
        return self.colour

    def push(self):
        try:
            return LIMIT / 0
        except ZeroDivisionError:
            return None
"""


def defect(right: str, wrong: str, **changes: Any) -> Defect:
    given: dict[str, Any] = {
        "name": "ac1/something",
        "sentence": "Something is wrong.",
        "items": ("AC3.5",),
        "says": "priority",
        "also": (),
        "program": "agent-sre",
        "file": "agent/door.py",
        "right": right,
        "wrong": wrong,
    }
    return Defect(**given | changes)


class Module:
    """The patched source as a module that has been loaded, and what is reached in it."""

    def __init__(self, right: str, wrong: str) -> None:
        self.reached = 0
        self.names: dict[str, Any] = {MARK: self._mark}
        exec(compile(patched(SOURCE, defect(right, wrong)), "door.py", "exec"), self.names)  # noqa: S102
        self.door = self.names["Door"]()

    def _mark(self) -> None:
        self.reached += 1


def test_a_changed_statement_is_reached_when_it_runs() -> None:
    module = Module("range(3)", "range(4)")
    module.door.open(far=False)
    assert module.reached == 0
    module.door.open(far=True)
    assert module.reached == 1


def test_a_changed_statement_within_a_loop_is_reached_each_time() -> None:
    module = Module("self.push()", "self.pull = 1")
    module.door.open(far=True)
    assert (module.reached, module.door.pull) == (3, 1)


def test_a_changed_head_of_a_function_is_reached_when_it_is_called() -> None:
    module = Module("def open(self, far):", "def open(self, far=True):")
    assert module.reached == 0
    module.door.open()
    assert module.reached == 1


def test_a_changed_handler_is_reached_with_its_try() -> None:
    module = Module("except ZeroDivisionError:", "except (ZeroDivisionError, KeyError):")
    assert module.door.push() is None
    assert module.reached == 1


def test_a_changed_constant_is_reached_where_it_is_used() -> None:
    module = Module("LIMIT = 10", "LIMIT = 11")
    module.door.open(far=False)
    assert module.reached == 0
    module.door.push()
    assert module.reached == 1


def test_a_changed_field_is_reached_where_it_is_used() -> None:
    module = Module('colour: str = "red"', 'colour: str = "blue"')
    assert module.door.open(far=False) == "blue"
    assert module.reached == 1


def test_a_change_of_several_lines_takes_the_depth_of_what_it_replaces() -> None:
    module = Module("for _ in range(3):\n    self.push()", "self.push()\nself.push()")
    module.door.open(far=True)
    assert module.reached == 2


def test_after_a_deletion_the_next_statement_stands_for_it() -> None:
    module = Module("return LIMIT / 0", "pass")
    assert module.door.push() is None
    assert module.reached == 1
    right = "if far:\n    for _ in range(3):\n        self.push()\nreturn self.colour"
    module = Module(right, "return self.colour")
    module.door.open(far=True)
    assert module.reached == 1


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("LIMIT = 12", "LIMIT = 13", "fits agent/door.py in 0 places"),
        ("self.", "that.", "fits agent/door.py in 2 places"),
        ("range(3)", "range(3", "makes no Python of agent/door.py"),
        ('TABLE = {"a": 1}', "TABLE = {}", "is used by no function"),
    ],
)
def test_a_defect_that_does_not_fit_is_an_error(right: str, wrong: str, words: str) -> None:
    with pytest.raises(DefectError, match=re.escape(words)):
        patched(SOURCE, defect(right, wrong))


def test_a_file_that_both_programs_use_needs_one_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.prove.defect.DEFECTS", tmp_path)
    (tmp_path / "shared.py").write_text(
        '"""It is wrong."""\nITEMS, SAYS, FILE, RIGHT, WRONG = ("AC1.1",), "x", "calls.py", "a", "b"'
    )
    with pytest.raises(DefectError, match="PROGRAM is one of agent-sre, prometheus-events"):
        load("shared")
    with pytest.raises(DefectError, match="is no defect"):
        load("nowhere")


def test_a_trial_has_the_references_profile_but_for_the_defective_program_and_what_makes_it_brief(
    tmp_path: Path,
) -> None:
    usual = tomllib.loads((ROOT / PROFILE).read_text())
    seeded = tomllib.loads(profile(ROOT, defect("a", "b"), tmp_path))
    command = usual["agent"]["command"]
    assert seeded["agent"].pop("command") == [*command[:2], START, "ac1/something", str(tmp_path), *command[2:]]
    brief = {section: tomllib.loads(settings) for section, settings in BRIEF.items()}
    usual |= {section: usual.get(section, {}) | settings for section, settings in brief.items()}
    del usual["agent"]["command"]
    assert seeded == usual


def test_a_file_of_the_validation_is_patched_wherever_it_lies() -> None:
    code, rule = load("mon/failures_count_as_passes"), load("mon/few_failures_raise_the_alert")
    assert (code.program, code.path, code.module) == ("validation", Path("reports/metrics.py"), "reports.metrics")
    assert (rule.program, rule.module) == ("validation", None)
    assert "> 0.005" in rule.seed((ROOT / rule.path).read_text()).source


PROGRAM = """
import sys
from pathlib import Path
from tests.prove.defect import load
from tests.prove.seeding import seed

notes = []
seed(load(sys.argv[1]), notes.append)
exec(sys.argv[2])
print(*notes)
"""


def started(name: str, code: str) -> str:
    """The notes of a program that has the defect and runs this code."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, name, code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.strip()


def test_a_program_has_the_defect_and_tells_when_it_is_reached() -> None:
    used = "from steps.reference.agent.linear import priority; assert priority('critical', None) == 2"
    assert started("ac3/critical_is_only_high", used).split() == ["applied", "reached", "reached"]
    assert started("ac3/critical_is_only_high", "import steps.reference.agent.linear") == "applied"
    assert started("ac3/critical_is_only_high", "import steps.reference.agent.slm") == ""


def test_a_file_that_is_no_python_is_reached_when_it_is_opened() -> None:
    name, file = "mon/few_failures_raise_the_alert", ROOT / "reports" / "validation_rule.yaml"
    assert started(name, f"Path({str(file)!r}).read_text()").split() == ["applied", "reached"]
    assert started(name, "pass") == "applied"


def test_the_same_suite_and_defect_have_the_same_digest(tmp_path: Path) -> None:
    one, other = load(QUICK[0]), load(QUICK[1])
    assert trial.digest(ROOT, one) == trial.digest(ROOT, one) != trial.digest(ROOT, other)


# -- what a trial says ------------------------------------------------------------------------------------------------

NOTES = {"applied", "reached"}


def told(*scenarios: Any, notes: set[str] = NOTES, **changes: Any) -> dict[str, tuple[Outcome, str | None]]:
    found = findings(defect("a", "b", **changes), make_verdict(*scenarios), notes)
    return {finding.item: (finding.outcome, finding.sentence) for finding in found}


SENTENCE = "Expected <b>Urgent</b>, but it is None."
RED = scenario("Priority is urgent", 9, Status.FAILED, "AC3.5")
GOOD = scenario("Priority is urgent", 9, Status.PASSED, "AC3.5")
BROKEN = scenario("Priority is urgent", 9, Status.BROKEN, "AC3.5")


def test_a_red_item_whose_sentence_names_the_deviation_kills() -> None:
    assert told(RED, says="Urgent") == {"AC3.5": (Outcome.KILLED, SENTENCE)}


def test_a_red_item_whose_sentence_does_not_name_the_deviation_is_unclear() -> None:
    assert told(RED, says="Low") == {"AC3.5": (Outcome.UNCLEAR, SENTENCE)}


def test_a_green_item_lets_the_defect_survive() -> None:
    assert told(GOOD) == {"AC3.5": (Outcome.SURVIVED, None)}


@pytest.mark.parametrize(
    ("scenarios", "notes", "words"),
    [
        ((RED,), set(), "agent-sre never loaded agent/door.py"),
        ((RED,), {"applied"}, "never reached"),
        ((BROKEN,), NOTES, SENTENCE),
        ((), NOTES, "No scenario carries it yet"),
    ],
)
def test_what_cannot_be_said_proves_nothing(scenarios: tuple[Any, ...], notes: set[str], words: str) -> None:
    outcome, sentence = told(*scenarios, notes=notes)["AC3.5"]
    assert outcome is Outcome.UNPROVEN
    assert words in (sentence or "")


def test_a_red_item_beside_is_collateral_unless_the_defect_explains_it() -> None:
    beside = scenario("An issue is opened", 5, Status.FAILED, GREEN[1])
    assert told(RED, beside, says="Urgent")[GREEN[1]] == (Outcome.COLLATERAL, SENTENCE)
    assert told(RED, beside, says="Urgent", also=(GREEN[1],))[GREEN[1]] == (Outcome.EXPLAINED, SENTENCE)


def test_each_of_several_items_has_to_be_red() -> None:
    found = told(RED, scenario("It closes", 7, Status.PASSED, "AC3.3"), items=("AC3.5", "AC3.3"), says="Urgent")
    assert [outcome for outcome, _ in found.values()] == [Outcome.KILLED, Outcome.SURVIVED]
