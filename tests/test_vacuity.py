"""An empty pass is found: by the gate in every run, and in the whole suite by programs that do nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reports.verdict import Status, Verdict
from steps.incident.evidence import Evidence
from steps.incident.vacuity import (
    Absence,
    EmptyPass,
    Observed,
    denies,
    require_controls,
    require_observation,
    require_part,
)
from steps.targets.target import AGENT, CONVERTER
from steps.world.journal import Exchange, Journal
from tests.copies import ALONE, ROOT, run_suite
from tests.prove.null_agent import READY

# -- the gate ---------------------------------------------------------------------------------------------------------

SEEN = Evidence("An issue", "BVL-7")
ABSENCE = Absence("a second issue", control=lambda: [SEEN])


def refused(claim: Callable[[], None], *words: str) -> None:
    with pytest.raises(EmptyPass) as error:
        claim()
    assert all(word in str(error.value) for word in words), error.value


def test_a_then_that_observed_nothing_is_an_empty_pass() -> None:
    require_observation("the issue is opened", Observed([SEEN], []))
    refused(lambda: require_observation("the issue is opened", Observed([], [])), "“the issue is opened”", "evidence")


def test_a_then_that_denies_something_has_to_name_a_control() -> None:
    require_observation("no second issue is opened", Observed([SEEN], [ABSENCE]))
    refused(lambda: require_observation("no second issue is opened", Observed([SEEN], [])), "did_not_see")


@pytest.mark.parametrize(
    "sentence",
    [
        "the function is not called",
        "no second issue is opened for the alert",
        "a late approval changes nothing",
        "the issue says that there is no SLM context, and shows none",
        "agent-sre has logged that Linear refused its key, without the key",
        "agent-sre does not do what the model says, though it follows a sound answer",
    ],
)
def test_a_sentence_denies_what_it_claims_not_to_be_there(sentence: str) -> None:
    assert denies(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "the issue is opened",
        "agent-sre reports the model as not loaded",
        "the issue tells that the model did not decide",
        "a ticket tells that its remediation failed because there was no connection",
        "the issue shows the share of its requests that did not fail",
    ],
)
def test_what_is_said_and_what_tells_things_apart_is_no_denial(sentence: str) -> None:
    assert not denies(sentence)


def test_a_scenario_has_to_have_seen_something_of_the_kind_that_it_denies() -> None:
    seen: list[Evidence] = []
    absences = [ABSENCE, Absence("a call about the alert", control=lambda: seen)]
    refused(lambda: require_controls(absences), "a call about the alert")
    seen.append(SEEN)
    require_controls(absences)


def exchange(caller: str, callee: str, status: int | None = 200) -> Exchange:
    return Journal().record(caller=caller, callee=callee, method="POST", url="http://a/", status=status)


@pytest.mark.parametrize("heard", [exchange("broker", AGENT), exchange(CONVERTER, "broker", None)])
def test_a_scenario_has_to_have_heard_a_judged_program(heard: Exchange) -> None:
    require_part([heard], (CONVERTER, AGENT))


@pytest.mark.parametrize("others", [[], [exchange("suite", "linear")], [exchange("broker", AGENT, None)]])
def test_a_scenario_that_would_pass_with_the_programs_stopped_is_an_empty_pass(others: list[Exchange]) -> None:
    refused(lambda: require_part(others, (CONVERTER, AGENT)), "prometheus-events and agent-sre did not say a word")


# -- the whole suite --------------------------------------------------------------------------------------------------

NULL = """
name = "answers {status} to everything"

[agent]
command = ["{{python}}", "-m", "tests.prove.null_agent", "{status}", "--port", "{{port}}"]
ready = "{ready}"

[converter]
command = ["{{python}}", "-m", "tests.prove.null_agent", "{status}", "--port", "{{port}}"]
ready = "{ready}"

[limits]  # what such a program does, it does at once
event = 0.2
ticket = 0.2
update = 0.2
recovery = 0.2
burst = 0.2
log = 0.2
outage = 0.1
quiet = 0.05

[targets]
recovery = 0.5

[load]
alerts = 20
approvals = 10
limited = 10
outage = 0.5
"""


HALF = "@AC1 or @AC2 or @AC3 or @AC4"
STATUSES = (200, 500)


@pytest.fixture(scope="module")
def null_runs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[Verdict]]:
    """The whole suite, in two halves side by side, against programs that answer 200, and 500, and do nothing."""

    def run(status: int, tags: str) -> Verdict:
        place = tmp_path_factory.mktemp(f"null-{status}") / "suite"
        return run_suite(place, "--tags", tags, *ALONE, profile=NULL.format(status=status, ready=READY)).verdict

    with ThreadPoolExecutor() as pool:
        halves = {status: [pool.submit(run, status, tags) for tags in (HALF, f"not ({HALF})")] for status in STATUSES}
        return {status: [half.result() for half in both] for status, both in halves.items()}


ASKING = Path("steps") / "reference" / "agent" / "observability.py"
QUERY = '"query": f"{{{selector}}}",'


def test_what_the_world_cannot_answer_makes_a_scenario_broken(tmp_path: Path) -> None:
    source = (ROOT / ASKING).read_text(encoding="utf-8")
    assert source.count(QUERY) == 1
    changes = {ASKING: source.replace(QUERY, '"query": f"{{{selector}}} | pattern `<_>`",')}
    ran = run_suite(tmp_path / "suite", "--tags", "@AC6.2", *ALONE, changes=changes)
    assert ran.item("AC6.2").status is Status.BROKEN
    assert "double of loki does not cover the query's pattern" in (ran.item("AC6.2").note or "")


@pytest.mark.parametrize("status", STATUSES)
def test_no_scenario_and_no_item_passes_with_programs_that_do_nothing(
    null_runs: dict[int, list[Verdict]], status: int
) -> None:
    for verdict in null_runs[status]:
        assert not verdict.run.troubles
        scenarios = [one for one in verdict.scenarios if "MON" not in one.tags]  # those are about the validation itself
        assert scenarios
        assert [scenario.location for scenario in scenarios if scenario.status is Status.PASSED] == []
        acceptance = [item for item in verdict.requirements if item.kind == "acceptance"]
        assert [item.id for item in acceptance if item.status is Status.PASSED] == []
