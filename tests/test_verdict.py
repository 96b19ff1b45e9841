"""The verdict: what behave's model means, what the terminal says, and the exit code. Each run is a process."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest
from tiny_suite import BEHAVE, ENVIRON, Outcome, TinySuite

from reports.verdict import Status

OUTCOMES = """
@AC1
Feature: AC1 First Things
  @AC1.1
  Scenario: holds
    Given it holds
  Scenario: does not hold
    Given it holds
    When it does not hold
    Then it holds
  Scenario: errs
    Given it errs
  Scenario: errs without a word
    Given it errs without a word
  Scenario: has lost a key
    Given it has lost its key
  Scenario: is undefined
    Given nobody knows what this means
  Scenario: is pending
    Given it is pending
  @wip
  Scenario: is pending and wip
    Given it is pending
  Scenario: has no steps
  Scenario: skips itself
    Given it holds
    And it skips the scenario
    And it holds
  @skip
  Scenario: is skipped by a hook
    Given it holds
  @AC1.2
  Scenario Outline: row <n>
    Given it does not hold for <n>
    Examples:
      | n |
      | 1 |
      | 2 |
  Rule: a rule
    Background:
      Given it holds
    @AC1.2
    Scenario: in a rule
      Given it does not hold
    Scenario Outline: ruled row <n>
      Given it does not hold for <n>
      Examples:
        | n |
        | 1 |
        | 2 |
"""

HOOKS = """
@AC1
Feature: AC1 First Things
  @before_scenario
  Scenario: before_scenario
    Given it holds
  @after_scenario
  Scenario: after_scenario
    Given it holds
  @after_scenario
  Scenario: after_scenario after a failure
    Given it does not hold
  @before_tag
  Scenario: before_tag
    Given it holds
  @after_tag
  Scenario: after_tag
    Given it holds
  Scenario: before_step
    Given before_step trips over this
  Scenario: after_step
    Given after_step trips over this
    Then it holds
  Scenario: clean-up
    Given its clean-up errs
  Scenario: none of them
    Given it holds
  @before_rule
  Rule: a rule whose set-up errs
    Scenario: before_rule
      Given it holds
  @after_rule
  Rule: a rule whose end errs
    Scenario: after_rule
      Given it holds
"""

AROUND = """
@{hook}
Feature: a feature with an error in {hook}
  Scenario: {hook} of its feature
    Given it holds
"""

WHOLE_WAY = """
@S1
Feature: From First to Last
  @S1.1 @S1.2 @S1.3
  Scenario: the whole way
    Given it begins
    When it goes on
    Then it ends
"""

GOOD = """
@AC1
Feature: AC1 First Things
  @AC1.1
  Scenario: one
    Given it holds
  @AC1.2
  Scenario: two
    Given it holds
  @AC1.2
  Scenario: three
    Given it holds
"""


@pytest.fixture
def suite(tmp_path: Path) -> TinySuite:
    suite = TinySuite(tmp_path)
    suite.write("features/good.feature", GOOD)
    return suite


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """One run of every way in which a scenario can end and in which a hook can err."""
    suite = TinySuite(tmp_path_factory.mktemp("outcomes"))
    suite.write("features/outcomes.feature", OUTCOMES)
    suite.write("features/hooks.feature", HOOKS)
    suite.write("features/way.feature", WHOLE_WAY)
    for hook in ("before_feature", "after_feature", "mess"):
        suite.write(f"features/{hook}.feature", AROUND.format(hook=hook))
    return suite.run()


LINEAR = "Linear cannot be reached."


@pytest.mark.parametrize(
    ("name", "status", "sentence"),
    [
        ("holds", "passed", None),
        ("does not hold", "failed", "Expected one issue, but there is none."),
        ("errs", "broken", LINEAR),
        ("errs without a word", "broken", "ValueError, without a message."),
        ("has lost a key", "broken", "KeyError: 'key'"),
        ("is undefined", "broken", "No step says what “Given nobody knows what this means” means."),
        ("is pending", "broken", "StepNotImplementedError: later"),
        ("is pending and wip", "broken", "The step is pending."),
        ("has no steps", "broken", "The scenario has no steps, so it shows nothing."),
        ("skips itself", "untested", "It was skipped: the moon is in the way."),
        ("is skipped by a hook", "untested", "It was skipped: not on this machine."),
        ("row 1", "passed", None),
        ("row 2", "failed", "Expected 1, but it is 2."),
        ("in a rule", "failed", "Expected one issue, but there is none."),
        ("ruled row 1", "passed", None),
        ("ruled row 2", "failed", "Expected 1, but it is 2."),
        ("none of them", "passed", None),
        ("before_scenario", "broken", "before_scenario failed: The before_scenario hook tripped."),
        ("after_scenario", "broken", "The steps passed, but after_scenario failed: The after_scenario hook tripped."),
        (
            "after_scenario after a failure",
            "broken",
            "Expected one issue, but there is none. Then after_scenario failed: The after_scenario hook tripped.",
        ),
        ("before_tag", "broken", "before_tag failed: The before_tag hook tripped."),
        ("after_tag", "broken", "The steps passed, but after_tag failed: The after_tag hook tripped."),
        ("before_step", "broken", "before_step failed: The before_step hook tripped."),
        ("after_step", "broken", "after_step failed: The after_step hook tripped."),
        ("clean-up", "broken", f"The steps passed, but clean-up of the scenario failed: {LINEAR}"),
        ("before_rule", "broken", "before_rule failed: The before_rule hook tripped."),
        ("after_rule", "broken", "The steps passed, but after_rule failed: The after_rule hook tripped."),
        ("before_feature of its feature", "broken", "before_feature failed: The before_feature hook tripped."),
        (
            "after_feature of its feature",
            "broken",
            "The steps passed, but after_feature failed: The after_feature hook tripped.",
        ),
        (
            "mess of its feature",
            "broken",
            "The steps passed, but clean-up of the feature failed: The mess hook tripped.",
        ),
    ],
)
def test_a_scenario_is_what_its_steps_and_all_around_them_say(
    outcomes: Outcome, name: str, status: str, sentence: str | None
) -> None:
    scenario = outcomes.scenario(name)
    assert (scenario.status, scenario.sentence) == (status, sentence)


def test_every_scenario_is_in_the_verdict_once(outcomes: Outcome) -> None:
    locations = [scenario.location for scenario in outcomes.verdict.scenarios]
    assert len(locations) == len(set(locations)) == 31


def test_allure_agrees_however_a_scenario_ends(outcomes: Outcome) -> None:
    outcomes.agrees_with_allure()
    assert not outcomes.verdict.run.troubles


def test_a_failure_says_where(outcomes: Outcome) -> None:
    scenario = outcomes.scenario("does not hold")
    assert scenario.where == "features/outcomes.feature:9"
    assert scenario.raised is not None
    assert scenario.raised.startswith("steps/steps.py:")
    assert outcomes.scenario("after_scenario").raised.startswith("environment.py:")


def test_steps_tell_what_they_came_to(outcomes: Outcome) -> None:
    steps = outcomes.scenario("does not hold").steps
    assert [(step.text, step.status) for step in steps] == [
        ("Given it holds", "passed"),
        ("When it does not hold", "failed"),
        ("Then it holds", "untested"),
    ]


def test_outline_and_rule_are_told(outcomes: Outcome) -> None:
    row = outcomes.scenario("ruled row 2")
    assert (row.rule, row.parameters) == ("a rule", {"n": "2"})
    assert [step.text for step in row.steps] == ["Given it holds", "Given it does not hold for 2"]


def test_an_item_is_the_worst_of_its_scenarios(outcomes: Outcome) -> None:
    assert outcomes.item("AC1.1").status == "passed"
    item = outcomes.item("AC1.2")
    assert item.status == "failed"
    assert item.note == "2 of 3 scenarios failed: Expected 1, but it is 2."
    assert [outcomes.verdict.scenarios_of(item)[number].name for number in range(3)] == ["row 1", "row 2", "in a rule"]
    assert outcomes.item("AC2.1").status == "untested"
    assert outcomes.item("AC2.1").note == "No scenario carries it yet."


def test_an_integration_point_is_the_worst_of_its_criteria(outcomes: Outcome) -> None:
    assert outcomes.item("IP1").status == "failed"
    assert outcomes.item("IP1").note == "AC1: 1 passed, 1 failed."


def test_a_step_of_a_testing_scenario_is_judged_by_its_sentences(outcomes: Outcome) -> None:
    assert [outcomes.item(f"S1.{number}").status for number in (1, 2, 3)] == ["passed", "broken", "untested"]
    assert outcomes.item("S1.2").note == LINEAR
    assert outcomes.item("S1.3").note == "Not reached: the scenario stopped at “When it goes on”."


def test_a_failure_fails_the_run(outcomes: Outcome) -> None:
    assert outcomes.code == 1
    assert outcomes.verdict.run.outcome is Status.FAILED
    assert outcomes.verdict.run.sentence == "agent-sre misses 1 item: AC1.2."


def test_the_terminal_shows_each_failure_and_the_tally(outcomes: Outcome) -> None:
    lines = outcomes.output.splitlines()
    told = next(number for number, line in enumerate(lines) if line.endswith("does not hold  0.0 s"))
    assert lines[told].startswith("✗ failed   AC1")
    assert lines[told + 1].strip() == "Expected one issue, but there is none."
    assert lines[told + 2].strip().startswith("features/outcomes.feature:9 · steps/steps.py:")
    assert lines[-1] == "4 passed, 27 failed"
    assert not [line for line in lines if "Traceback" in line or "HOOK-ERROR" in line or "said by" in line]
    assert any(line.split()[:6] == ["AC1", "First", "Things", "1", "1", "·"] for line in lines)


def test_all_passed_exits_with_0(suite: TinySuite) -> None:
    suite.ask_for("IP", "AC1")
    outcome = suite.run()
    assert outcome.code == 0
    assert outcome.output.splitlines()[-1] == "3 passed, 0 failed"
    assert outcome.verdict.run.sentence == "All 3 scenarios passed; 2 of the ticket's items hold."
    assert outcome.verdict.run.selection == "everything"
    assert outcome.item("IP1").note == "All 2 items of AC1 passed."
    assert not [line for line in outcome.output.splitlines() if "\x1b" in line]
    outcome.agrees_with_allure()


def test_a_selection_is_told_and_does_not_pass_what_it_left_out(suite: TinySuite) -> None:
    outcome = suite.run("--tags", "@AC1 and not @slow", "--name", "one|two")
    assert outcome.code == 0
    assert outcome.verdict.run.selection == "--tags @AC1 and not @slow --name one|two"
    assert outcome.verdict.run.command == "behave --tags '@AC1 and not @slow' --name 'one|two'"
    assert outcome.item("AC1.1").status == "passed"
    assert outcome.item("AC1.2").status == "untested"
    assert outcome.item("AC1.2").note == "Only 1 of its 2 scenarios were selected; they passed."
    assert len(outcome.verdict.scenarios) == 2


@pytest.mark.parametrize(
    "arguments", [("--exclude", "other"), ("-e", "more"), ("--include", "good"), ("@listed.txt",)], ids=" ".join
)
def test_whatever_picks_features_is_a_selection(suite: TinySuite, arguments: tuple[str, ...]) -> None:
    suite.write("features/more.feature", "@AC1\nFeature: more\n  @AC1.1\n  Scenario: more\n    Given it holds\n")
    suite.write("listed.txt", "features/good.feature\n")
    outcome = suite.run(*arguments)
    assert outcome.code == 0
    assert outcome.verdict.run.selection == " ".join(arguments).replace("-e ", "--exclude ")
    assert not outcome.verdict.run.whole


def test_what_behaves_own_settings_leave_out_is_a_selection(suite: TinySuite) -> None:
    suite.write("behave.ini", "[behave]\nexclude_re = more\n")
    suite.write("features/more.feature", "@AC1\nFeature: more\n  @AC1.1\n  Scenario: more\n    Given it holds\n")
    assert suite.run().verdict.run.selection == "--exclude more"


def test_features_run_in_the_order_of_the_ticket(suite: TinySuite) -> None:
    suite.write("features/a.feature", "@AC2\nFeature: last\n  @AC2.1\n  Scenario: last\n    Given it holds\n")
    assert [scenario.name for scenario in suite.run().verdict.scenarios] == ["one", "two", "three", "last"]


@pytest.mark.parametrize(
    ("hook", "scenario", "sentence"),
    [
        ("before_all", "broken", "The run is broken: before_all failed: The before_all hook tripped."),
        ("after_all", "passed", "The run is broken: after_all failed: The after_all hook tripped."),
    ],
)
def test_an_error_around_the_run_breaks_it(suite: TinySuite, hook: str, scenario: str, sentence: str) -> None:
    outcome = suite.run(TRIP=hook)
    assert outcome.code == 3
    assert {one.status for one in outcome.verdict.scenarios} == {scenario}
    assert outcome.verdict.run.sentence == sentence
    assert f"! BROKEN  {sentence}" in outcome.output
    assert "ABORTED" not in outcome.output
    assert "HOOK-ERROR" not in outcome.output
    assert outcome.output.splitlines()[-1] == ("0 passed, 4 failed" if hook == "before_all" else "3 passed, 1 failed")
    outcome.agrees_with_allure()


def test_an_error_in_the_clean_up_of_the_run_breaks_it(suite: TinySuite) -> None:
    suite.write("environment.py", "def before_all(context):\n    context.add_cleanup(lambda: 1 / 0)\n")
    outcome = suite.run()
    assert outcome.code == 3
    assert outcome.verdict.run.sentence == (
        "The run is broken: clean-up of the run failed: ZeroDivisionError: division by zero"
    )
    outcome.agrees_with_allure()


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ("somebody presses Ctrl-C", "The run is broken: running the features failed: The run was interrupted."),
        ("it ends the process", "The run is broken: running the features failed: The process was told to exit with 0."),
    ],
)
def test_nothing_passes_that_an_interruption_kept_from_running(suite: TinySuite, step: str, sentence: str) -> None:
    suite.write(
        "features/way.feature",
        f"Feature: interrupted\n  Scenario: before\n    Given it holds\n"
        f"  Scenario: while\n    Given it holds\n    And {step}\n    And it holds\n"
        f"  Scenario: after\n    Given it holds\n",
    )
    suite.write("features/zz.feature", "Feature: never\n  Scenario: never\n    Given it holds\n")
    outcome = suite.run("features/way.feature", "features/zz.feature")
    assert outcome.code == 3
    statuses = {scenario.name: scenario.status for scenario in outcome.verdict.scenarios}
    assert statuses == {"before": "passed", "while": "broken", "after": "untested", "never": "untested"}
    assert outcome.scenario("after").sentence == "It never ran: the run ended before it."
    assert outcome.verdict.run.sentence == sentence
    outcome.agrees_with_allure()


def test_what_cannot_be_loaded_breaks_the_run(suite: TinySuite) -> None:
    suite.write("steps/worse.py", "import nothing_of_that_name\n")
    outcome = suite.run()
    assert outcome.code == 3
    sentence = "loading the steps failed: ModuleNotFoundError: No module named 'nothing_of_that_name'"
    assert {one.sentence for one in outcome.verdict.scenarios} == {sentence}
    assert "Traceback" not in outcome.output
    outcome.agrees_with_allure()


def test_a_feature_that_cannot_be_read_breaks_the_run(suite: TinySuite) -> None:
    suite.write("features/bad.feature", "Feature: bad\n  Scenario: bad\n    Given it holds\n    Nonsense\n")
    outcome = suite.run()
    assert outcome.code == 3
    assert "bad.feature" in outcome.verdict.run.sentence
    assert {item.status for item in outcome.verdict.requirements} == {"untested"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--tags", "@AC99"), "behave: No scenario carries @AC99. There are: @AC1, @AC1.1, @AC1.2."),
        (("--tags", "@AC1 or @AC99"), "behave: No scenario carries @AC99. There are: @AC1, @AC1.1, @AC1.2."),
        (("--name", "four"), "behave: The command selects no scenario. There are these tags: @AC1, @AC1.1, @AC1.2."),
        (("features/absent.feature",), "behave: There is no features/absent.feature."),
        (("--dry-run", "--tags", "@AC99"), "behave: No scenario carries @AC99. There are: @AC1, @AC1.1, @AC1.2."),
    ],
)
def test_a_selection_that_cannot_be_meant_is_refused(
    suite: TinySuite, arguments: tuple[str, ...], sentence: str
) -> None:
    suite.write("reports/latest/verdict.json", "the run before")
    outcome = suite.run(*arguments)
    assert outcome.code == 2
    assert outcome.output.splitlines()[-1].startswith(sentence)
    assert "Traceback" not in outcome.output
    assert (outcome.latest / "verdict.json").read_text() == "the run before"


def test_settings_that_cannot_be_used_are_one_line(suite: TinySuite) -> None:
    suite.write(
        "environment.py",
        "from reports.run import UsageError\ndef before_all(context):\n"
        "    context.add_cleanup(print, 'cleaned up')\n    raise UsageError('There is no profile x.')\n",
    )
    outcome = suite.run()
    assert outcome.code == 2
    assert sorted(outcome.output.splitlines()[1:]) == ["behave: There is no profile x.", "cleaned up"]
    assert not (outcome.latest / "verdict.json").exists()


def test_a_dry_run_lists_and_leaves_the_reports_alone(suite: TinySuite) -> None:
    suite.write("features/new.feature", "Feature: new\n  Scenario: new\n    Given nobody wrote this\n")
    suite.write("reports/latest/verdict.json", "the run before")
    outcome = suite.run("--dry-run", TRIP="before_all")
    assert outcome.code == 3
    assert "AC1.1   one  (features/good.feature:5)" in outcome.output
    assert "No step says what “Given nobody wrote this” means." in outcome.output
    assert [path.name for path in outcome.latest.iterdir()] == ["verdict.json"]
    assert (outcome.latest / "verdict.json").read_text() == "the run before"


def test_a_run_removes_the_reports_of_the_one_before(suite: TinySuite) -> None:
    suite.write("reports/latest/evidence/old.txt", "old")
    suite.write("reports/other.txt", "kept")
    outcome = suite.run()
    assert not (outcome.latest / "evidence" / "old.txt").exists()
    assert (suite.root / "reports" / "other.txt").read_text() == "kept"


def test_reports_are_not_emptied_through_a_link(suite: TinySuite, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "work").write_text("mine")
    (suite.root / "reports").mkdir()
    (suite.root / "reports" / "latest").symlink_to(precious)
    outcome = suite.run()
    assert outcome.code == 2
    assert (precious / "work").read_text() == "mine"


def test_a_verdict_that_behave_contradicts_breaks_the_run(suite: TinySuite) -> None:
    suite.write(
        "environment.py",
        "from behave.model import Scenario\nrun = Scenario.run\nScenario.run = lambda *a: run(*a) or True\n",
    )
    outcome = suite.run()
    assert outcome.code == 3
    assert "behave counts the run as failed, though every scenario passed." in outcome.output
    assert outcome.verdict.run.outcome is Status.BROKEN


def test_credentials_are_blotted_out_of_sentences(suite: TinySuite) -> None:
    suite.write(
        "environment.py",
        "from reports.run import facts\ndef before_all(context):\n"
        "    facts.redact = lambda text: text.replace('s3cret', '«key»')\n"
        "    facts.target = 'mine'\n    facts.versions['prometheus'] = '2.42.0'\n"
        "def before_scenario(context, scenario):\n    raise AssertionError('The key s3cret is refused.')\n",
    )
    outcome = suite.run("features/good.feature:5", "--define", "key=s3cret")
    assert outcome.scenario("one").sentence == "before_scenario failed: The key «key» is refused."
    assert outcome.verdict.run.command == "behave features/good.feature:5 --define key=«key»"
    assert outcome.verdict.run.target == "mine"
    assert outcome.verdict.run.versions["prometheus"] == "2.42.0"
    assert not [path for path in outcome.latest.rglob("*.*") if "s3cret" in path.read_text()]


# -- traceability: tags, items, words, waivers -------------------------------------------------------------------------


def test_a_tag_that_the_ticket_does_not_have_breaks_the_run(suite: TinySuite) -> None:
    suite.write("features/a.feature", "@AC2\nFeature: a\n  @AC2.7 @slow\n  Scenario: orphan\n    Given it holds\n")
    outcome = suite.run("--tags", "@AC1")
    assert outcome.code == 3
    assert outcome.verdict.run.sentence == (
        "The run is broken: traceability failed: The tag @AC2.7 at features/a.feature:4 is not in the ticket."
    )
    outcome.agrees_with_allure()


def test_an_item_that_no_scenario_carries_breaks_a_whole_run_and_no_other(suite: TinySuite) -> None:
    outcome = suite.run()
    assert outcome.code == 3
    assert outcome.verdict.run.sentence == "No scenario carries 4 items: AC2.1, S1.1–S1.3."
    assert suite.run("--tags", "@AC1").code == 0


def test_a_feature_that_the_command_does_not_name_is_left_out(suite: TinySuite) -> None:
    suite.write("features/more.feature", "@AC1\nFeature: more\n  @AC1.1 @AC2.1\n  Scenario: more\n    Given it holds\n")
    outcome = suite.run("features/good.feature")
    assert outcome.code == 0
    assert outcome.item("AC1.1").note == "Only 1 of its 2 scenarios were selected; they passed."
    assert outcome.item("AC2.1").note == "Not selected in this run."


def test_a_passed_scenario_is_outdated_when_the_ticket_says_something_else(suite: TinySuite) -> None:
    suite.ask_for("IP", "AC1")
    ticket = suite.root / "features" / "T-1.md"
    ticket.write_text(ticket.read_text().replace("It holds, too", "It holds for ever"))
    outcome = suite.run()
    assert outcome.code == 3
    assert outcome.scenario("two").standing is Status.OUTDATED
    assert outcome.scenario("one").standing is Status.PASSED
    assert outcome.item("AC1.2").status is Status.OUTDATED
    assert outcome.item("IP1").status is Status.OUTDATED
    sentence = "AC1.2 now reads “It holds for ever”: see whether its scenarios say so, then `make confirm ITEM=AC1.2`."
    assert outcome.item("AC1.2").note == sentence
    assert outcome.scenario("two").sentence == f"It passed, but {sentence}"
    assert "? outdated AC1.2   two" in outcome.output
    assert outcome.output.splitlines()[-1] == "1 passed, 2 failed"
    outcome.agrees_with_allure()


def test_a_ticket_with_an_item_too_many_cannot_be_run(suite: TinySuite) -> None:
    (suite.root / "features" / "T-1.md").write_text("# T-1\n### AC1: First Things\n- [ ] It holds\n")
    outcome = suite.run()
    assert outcome.code == 2
    assert "T-1.md has no IP1, which is in requirements.toml." in outcome.output


BAD = "@AC2\nFeature: bad\n  @AC2.1\n  Scenario: bad\n    Given it does not hold\n"
WAIVER = """
[[waiver]]
item = "AC2.1"
reason = "Nobody needs it before spring."
approver = "Grace Hopper"
ticket = "T-2"
expiry = {expiry}
"""
WAIVES = "from pathlib import Path\nfrom reports.run import facts\nfacts.waivers = Path('waivers.toml')\n"


@pytest.fixture
def waiving(suite: TinySuite) -> TinySuite:
    """One scenario of AC2.1 fails, and the environment names a place for waivers."""
    suite.ask_for("IP", "AC1", "AC2")
    suite.write("features/bad.feature", BAD)
    suite.write("environment.py", WAIVES)
    return suite


def test_what_is_waived_fails_no_run_and_never_passes(waiving: TinySuite) -> None:
    waiving.write("waivers.toml", WAIVER.format(expiry="2999-12-31"))
    outcome = waiving.run()
    assert outcome.code == 0
    assert outcome.verdict.run.outcome is Status.WAIVED
    assert outcome.verdict.run.sentence == "2 of the ticket's items hold; waived: 1 item: AC2.1."
    assert outcome.scenario("bad").status is Status.FAILED
    assert outcome.scenario("bad").standing is Status.WAIVED
    assert [one.state for one in outcome.verdict.waivers] == ["in force"]
    assert "~ waived   AC2.1   bad" in outcome.output
    assert (
        "AC2.1: Grace Hopper waives it until 31 December 2999 (T-2): Nobody needs it before spring." in outcome.output
    )
    assert outcome.output.splitlines()[-1] == "3 passed, 0 failed, 1 waived"
    outcome.agrees_with_allure()


def test_an_expired_waiver_counts_no_more(waiving: TinySuite) -> None:
    waiving.write("waivers.toml", WAIVER.format(expiry="2020-02-29"))
    outcome = waiving.run()
    assert outcome.code == 1
    assert outcome.item("AC2.1").status is Status.FAILED
    assert [one.state for one in outcome.verdict.waivers] == ["expired"]
    assert "AC2.1: The waiver expired on 29 February 2020, so it counts no more." in outcome.output


def test_a_waiver_of_what_holds_is_to_be_removed(waiving: TinySuite) -> None:
    waiving.write("features/bad.feature", BAD.replace("does not hold", "holds"))
    waiving.write("waivers.toml", WAIVER.format(expiry="2999-12-31"))
    outcome = waiving.run()
    assert outcome.code == 0
    assert outcome.verdict.run.outcome is Status.PASSED
    assert [one.state for one in outcome.verdict.waivers] == ["not needed"]
    assert "AC2.1: It holds: remove the waiver." in outcome.output


def test_without_the_file_nothing_is_waived(waiving: TinySuite) -> None:
    outcome = waiving.run()
    assert (outcome.code, outcome.verdict.waivers) == (1, ())


def test_a_waiver_that_cannot_be_meant_stops_the_run(waiving: TinySuite) -> None:
    waiving.write("waivers.toml", WAIVER.format(expiry='"soon"'))
    outcome = waiving.run()
    assert outcome.code == 2
    assert "behave: waivers.toml, line 7: expiry: " in outcome.output


@pytest.fixture
def way(suite: TinySuite) -> TinySuite:
    """A testing scenario stops at its second step of three, and the environment names a place for waivers."""
    suite.ask_for("IP", "AC1", "S1")
    suite.write("features/way.feature", WHOLE_WAY)
    suite.write("environment.py", WAIVES)
    return suite


def waive(suite: TinySuite, *items: str) -> None:
    waivers = (WAIVER.replace("AC2.1", item).format(expiry="2999-12-31") for item in items)
    suite.write("waivers.toml", "".join(waivers))


def test_a_testing_scenario_is_waived_by_all_of_its_steps(way: TinySuite) -> None:
    waive(way, "S1.1", "S1.2", "S1.3")
    outcome = way.run()
    assert outcome.code == 0 and outcome.verdict.run.outcome is Status.WAIVED
    assert [outcome.item(f"S1.{number}").status for number in (1, 2, 3)] == ["passed", "waived", "waived"]
    assert [one.state for one in outcome.verdict.waivers] == ["in force"] * 3
    outcome.agrees_with_allure()


def test_a_testing_scenario_is_not_waived_by_some_of_its_steps(way: TinySuite) -> None:
    waive(way, "S1.2", "S1.3")
    outcome = way.run()
    assert outcome.code == 3
    assert outcome.scenario("the whole way").standing is Status.BROKEN


def test_waivers_of_a_testing_scenario_that_holds_are_to_be_removed(way: TinySuite) -> None:
    way.write("features/way.feature", WHOLE_WAY.replace("it goes on", "it ends"))
    asked = way.root / "features" / "requirements.toml"
    asked.write_text(asked.read_text().replace("goes on", "ends"))
    waive(way, "S1.1", "S1.2", "S1.3")
    outcome = way.run()
    assert outcome.code == 0
    assert [one.state for one in outcome.verdict.waivers] == ["not needed"] * 3


def test_the_steps_of_a_testing_scenario_that_was_left_out_are_not_waived(way: TinySuite) -> None:
    waive(way, "S1.1", "S1.2", "S1.3")
    outcome = way.run("--tags", "@AC1")
    assert [outcome.item(f"S1.{number}").status for number in (1, 2, 3)] == ["untested"] * 3


def on_a_terminal(suite: TinySuite, **environment: str) -> tuple[int, str]:
    """Runs behave with a terminal for its output, 80 columns wide."""
    ours, theirs = pty.openpty()
    command = [BEHAVE, "--tags", "not @skip"]
    size = {"COLUMNS": "80", "LINES": "24", "TERM": "xterm-256color"}
    process = subprocess.Popen(command, cwd=suite.root, env=ENVIRON | size | environment, stdout=theirs)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # Linux's way to say that the other side is closed
        pass
    finally:
        os.close(ours)
    return process.wait(timeout=30), shown.decode()


def test_a_terminal_gets_a_display_in_colour(suite: TinySuite) -> None:
    suite.write("features/bad.feature", "@AC2\nFeature: bad\n  @AC2.1\n  Scenario: bad\n    Given it does not hold\n")
    code, shown = on_a_terminal(suite)
    assert code == 1
    assert "\x1b[1;31m✗ failed" in shown
    assert "4 of 4 scenarios" in shown
    assert "agent-sre misses 1 item: AC2.1." in shown
    assert shown.rstrip().endswith("3 passed, 1 failed")


def test_no_color_is_honoured(suite: TinySuite) -> None:
    code, shown = on_a_terminal(suite, NO_COLOR="1")
    assert code == 0
    assert "\x1b[32m" not in shown
