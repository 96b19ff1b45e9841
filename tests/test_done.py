"""The Definition of Done: each line is met by a good run, and open when what it rests on is not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from made_up import ENDED, RUN, SUITE, MadeUp, measure, trial

from reports.assessment import Assessment, Decision, Moment, assess
from reports.documentation import Documentation
from reports.done import Line
from reports.verdict import Status, Trouble
from reports.waivers import Waiver

NOW = Moment(at=ENDED, suite=SUITE.digest)


@pytest.fixture
def run(tmp_path: Path) -> MadeUp:
    return MadeUp(tmp_path / "reports" / "latest")


def assessed(run: MadeUp, then: Moment = NOW) -> Assessment:
    run.write()
    return assess(run.latest, then)


def line(assessment: Assessment, name: str) -> Line:
    return next(line for line in assessment.lines if line.id == name)


def test_a_good_run_is_accepted(run: MadeUp) -> None:
    assessment = assessed(run)
    assert assessment.refusals == ()
    assert [line.id for line in assessment.lines if line.done] == [f"DOD{number}" for number in range(1, 9)]
    assert assessment.decision is Decision.ACCEPT
    assert assessment.sentence == "All 8 lines of the Definition of Done are met."


def test_each_line_says_what_it_rests_on(run: MadeUp) -> None:
    assert {line.id: line.evidence for line in assessed(run).lines} == {
        "DOD1": "8 of 8 integration points hold, with 62 of 62 acceptance items.",
        "DOD2": "81 of 81 scenarios passed; of the ticket's five, 25 of 25 steps hold.",
        "DOD3": "5 of 5 measures keep to their targets.",
        "DOD4": "7 of 7 security items hold.",
        "DOD5": "101 of 101 items are carried by a scenario; 202 of 202 seeded defects were found.",
        "DOD6": "README names 20 commands and places that are there; the features say what the ticket says.",
        "DOD7": "33 of 33 items about failures hold.",
        "DOD8": "5 measures on Linux, 2 CPUs, profile reference, with the versions of what was measured.",
    }


def fails(item: str, status: Status = Status.FAILED) -> Callable[[MadeUp], None]:
    return lambda run: run.judge(item, status)


def set_to(**values: object) -> Callable[[MadeUp], None]:
    def change(run: MadeUp) -> None:
        for name, value in values.items():
            assert hasattr(run, name)
            setattr(run, name, value)

    return change


def measures(*made: object) -> Callable[[MadeUp], None]:
    def change(run: MadeUp) -> None:
        run.measures = (*run.measures[:1], *made, *run.measures[2:])  # type: ignore[assignment]

    return change


def without_defects_at(*items: str) -> Callable[[MadeUp], None]:
    def change(run: MadeUp) -> None:
        assert run.kills
        run.kills["trials"] = [one for one in run.kills["trials"] if one["findings"][0]["item"] not in items]

    return change


def without_scenario_of(item: str) -> Callable[[MadeUp], None]:
    def change(run: MadeUp) -> None:
        del run.scenarios[item]

    return change


@pytest.mark.parametrize(
    ("change", "opens", "sentence"),
    [
        (fails("AC4.2"), "DOD1", "IP3 does not hold."),
        (fails("AC9.1", Status.BROKEN), "DOD1", "IP8 could not be judged."),
        (without_scenario_of("AC5.3"), "DOD1", "IP4 was not tested."),
        (set_to(changed={"AC1.1": "Alerts fire"}), "DOD1", "IP1 is about other words than the ticket's."),
        (fails("S3"), "DOD2", "S3.5 does not hold."),
        (fails("AC4.2"), "DOD2", "1 scenario does not hold."),
        (fails("MON1", Status.BROKEN), "DOD2", "1 scenario could not be judged."),
        (set_to(troubles=(Trouble(where="after_all", sentence="No."),)), "DOD2", "after_all failed: No."),
        (fails("M2"), "DOD3", "M2 does not hold."),
        (
            measures(measure("M2", value=2.5, passed=False)),
            "DOD3",
            "Metric M2 at agent-sre → Linear API is 2.5 s, not < 2 s.",
        ),
        (
            measures(measure("M2", value=2.5, passed=True)),
            "DOD3",
            "Metric M2 at agent-sre → Linear API is 2.5 s, not < 2 s.",
        ),
        (set_to(measured_by=None), "DOD3", "There are no benchmarks of this run."),
        (fails("SEC5"), "DOD4", "SEC5 does not hold."),
        (without_scenario_of("MON2"), "DOD5", "No scenario carries MON2."),
        (without_defects_at("AC3.7"), "DOD5", "No seeded defect proves the scenarios of AC3.7."),
        (
            without_defects_at(*(f"S3.{step}" for step in range(1, 6))),
            "DOD5",
            "No seeded defect proves the scenarios of S3.1–S3.5.",
        ),
        (set_to(kills=None), "DOD5", "There is no kill matrix: run `make prove`."),
        (set_to(changed={"AC1.1": "Alerts fire"}), "DOD6", "Nobody has confirmed the ticket's new words of AC1.1."),
        (set_to(documented=Documentation(checked=1, missing=("No.",))), "DOD6", "No."),
        (fails("AC3.9"), "DOD7", "AC3.9 does not hold."),
        (fails("S2"), "DOD7", "S2.5 does not hold."),
        (set_to(measured_by=None), "DOD8", "There are no benchmarks of this run."),
        (set_to(measured_by="another"), "DOD8", "The benchmarks are of another run, another."),
        (measures(), "DOD8", "M2 was not measured."),
    ],
)
def test_a_line_is_open_when_what_it_rests_on_is_not_there(
    run: MadeUp, change: Callable[[MadeUp], None], opens: str, sentence: str
) -> None:
    change(run)
    assessment = assessed(run)
    assert not line(assessment, opens).done
    assert sentence in line(assessment, opens).missing


def test_the_steps_of_a_testing_scenario_are_proved_by_a_defect_on_its_way(run: MadeUp) -> None:
    without_defects_at("S3.1", "S3.2", "S3.3", "S3.5")(run)
    assert line(assessed(run), "DOD5").done


def test_with_a_line_open_it_is_rejected(run: MadeUp) -> None:
    run.judge("SEC5", Status.FAILED)
    assessment = assessed(run)
    assert assessment.decision is Decision.REJECT
    assert [line.id for line in assessment.lines if not line.done] == ["DOD2", "DOD4"]
    assert assessment.sentence == "2 of the 8 lines of the Definition of Done are open."


def test_a_whole_run_that_left_a_scenario_out_is_rejected(run: MadeUp) -> None:
    for item in ("MON1", "MON2"):
        without_scenario_of(item)(run)
        run.left_out[item] += 1
    assessment = assessed(run)
    assert assessment.refusals == () and assessment.decision is Decision.REJECT
    assert line(assessment, "DOD2").missing == ("No scenario carries 2 items: MON1–MON2.",)


def waiver(item: str, expiry: date = date(2026, 3, 31)) -> Waiver:
    return Waiver(item=item, reason="No.", approver="Grace Hopper", ticket="BVL-301", expiry=expiry)


def test_with_a_waiver_it_is_accepted_with_waivers(run: MadeUp) -> None:
    run.judge("SEC5", Status.FAILED)
    run.waivers = (waiver("SEC5"),)
    assessment = assessed(run)
    assert assessment.decision is Decision.ACCEPT_WITH_WAIVERS
    assert assessment.sentence == "All 8 lines of the Definition of Done are met, with 1 waiver: SEC5."
    assert line(assessment, "DOD4").waived == ("SEC5",)
    assert line(assessment, "DOD4").evidence == "6 of 7 security items (1 waived) hold."


def test_an_expired_waiver_saves_nothing(run: MadeUp) -> None:
    run.judge("SEC5", Status.FAILED)
    run.waivers = (waiver("SEC5", date(2026, 1, 7)),)
    assert assessed(run).decision is Decision.REJECT


def test_a_metric_that_is_waived_need_not_be_measured(run: MadeUp) -> None:
    run.judge("M2", Status.FAILED)
    run.measures = (run.measures[0], *run.measures[2:])
    run.waivers = (waiver("M2"),)
    assert assessed(run).decision is Decision.ACCEPT_WITH_WAIVERS


# -- what forbids a decision -------------------------------------------------------------------------------------------


def survivor(run: MadeUp) -> None:
    assert run.kills
    run.kills["trials"].append(trial("ac3/lost", "AC3.1", "survived"))


def older_proof(run: MadeUp) -> None:
    assert run.kills
    run.kills["features"] = "e" * 64


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (set_to(selection="--tags @AC3"), "The run was partial: --tags @AC3. Run the whole suite."),
        (
            set_to(suite=SUITE.model_copy(update={"dirty": True, "version": "v1.0-dirty"})),
            "The run was made with a suite that is in no commit (v1.0-dirty). Commit it, and run it again.",
        ),
        (set_to(kills=None), "There is no kill matrix: run `make prove`."),
        (survivor, "1 seeded defect survived, the first: AC3.1 is off by one."),
        (older_proof, "The kill matrix is older than the features: run `make prove` again."),
    ],
)
def test_on_some_runs_nothing_can_be_decided(run: MadeUp, change: Callable[[MadeUp], None], sentence: str) -> None:
    change(run)
    assessment = assessed(run)
    assert assessment.refusals == (sentence,)
    assert assessment.decision is None
    assert assessment.sentence == f"Nothing can be signed off on this run. {sentence}"


def test_a_stale_run_decides_nothing(run: MadeUp) -> None:
    then = NOW.model_copy(update={"at": ENDED + timedelta(hours=24)})
    assert assessed(run, then).refusals == (
        "The run is stale: it began on 8 January 2026, 10:15 UTC. Run the suite again.",
    )


def test_a_run_of_another_suite_decides_nothing(run: MadeUp) -> None:
    then = NOW.model_copy(update={"suite": "e" * 64})
    assert assessed(run, then).refusals == ("The suite has changed since the run. Run it again.",)


def spoil(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(latest: Path) -> None:
        text = (latest / name).read_text()
        assert old in text
        (latest / name).write_text(text.replace(old, new, 1))

    return change


FIRST = "features/all.feature:6"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            spoil("allure-results/000-result.json", "passed", "failed"),
            f"{FIRST} is passed in the verdict and failed in Allure.",
        ),
        (
            lambda latest: (latest / "allure-results/000-result.json").unlink(),
            f"{FIRST} is passed in the verdict and absent in Allure.",
        ),
        (
            spoil("junit.xml", "<system-out>", "<failure/><system-out>"),
            f"{FIRST} is passed in the verdict and failure in JUnit.",
        ),
        (spoil("junit.xml", 'line="6"', 'line="7"'), f"{FIRST} is passed in the verdict and absent in JUnit, and 1"),
        (
            spoil("matrix.json", '"status": "passed"', '"status": "failed"'),
            "IP1 is passed in the verdict and failed in the matrix.",
        ),
        (lambda latest: (latest / "matrix.json").write_text("{"), "The matrix cannot be read: "),
    ],
)
def test_reports_that_disagree_decide_nothing(run: MadeUp, change: Callable[[Path], None], sentence: str) -> None:
    run.write()
    change(run.latest)
    refusals = assess(run.latest, NOW).refusals
    assert refusals[0].startswith(f"The reports disagree: {sentence}")


def test_a_verdict_that_contradicts_itself_decides_nothing(run: MadeUp) -> None:
    verdict = run.write()
    scenarios = tuple(
        one.model_copy(update={"status": Status.FAILED}) if one.location == FIRST else one for one in verdict.scenarios
    )
    verdict.model_copy(update={"scenarios": scenarios}).write(run.latest / "verdict.json")
    told = assess(run.latest, NOW).refusals
    assert "The reports disagree: AC1.1 is passed in the verdict, but of its scenarios the worst is failed." in told


def test_a_disagreement_breaks_the_run_already(run: MadeUp) -> None:
    verdict = run.write(lambda latest: (latest / "allure-results/000-result.json").unlink())
    assert verdict.run.outcome is Status.BROKEN
    assert verdict.run.sentence == (
        f"The run is broken: cross-check failed: {FIRST} is passed in the verdict and absent in Allure."
    )
    assert any(FIRST in refusal for refusal in assess(run.latest, NOW).refusals)


def test_the_run_of_the_benchmarks_is_this_one(run: MadeUp) -> None:
    assert run.verdict().run.id == RUN == run.measured_by
