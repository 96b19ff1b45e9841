"""SLO data: what follows from raw counters, how Prometheus reckons it, and how it is found on an issue."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, get_args

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from steps.drivers.linear import Comment, Issue
from steps.drivers.prometheus import Prometheus as PrometheusClient
from steps.drivers.slos import RECORDS, Objective, Place, Slos
from steps.incident import slm
from steps.incident.numbers import numbers_in
from steps.targets.profile import Rulings, Violation
from steps.world.processes.keeper import Keeper
from steps.world.processes.prometheus import Prometheus, ScrapeJob
from steps.world.services import slo
from steps.world.services.signals import Signals

OBJECTIVE = Objective(Fraction("0.98"), {"200": 9400, "404": 450, "503": 150})
"""Current value 98.5 %, budget remaining 25 %, burn rate 0.75; 94 %, -200 % and 3 for who counts 404 as a failure."""


def refused(claim: Callable[[], Any], *words: str) -> None:
    """The claim does not hold, and its one sentence names all the words."""
    with pytest.raises(AssertionError) as missed:
        claim()
    sentence = str(missed.value)
    assert "\n" not in sentence
    for word in words:
        assert word in sentence, f"{word!r} is not in: {sentence}"


def issue(description: str) -> Issue:
    return Issue(
        id="0d7b9f0e-3c43-4f0b-8d0b-1f2a3b4c5d6e",
        identifier="BVL-7",
        title="[Alert] HighLoad_v0123456789ab",
        description=description,
        priority=2,
        state_name="Backlog",
        state_type="backlog",
        team_key="BVL",
        labels=("agent-sre", "warning"),
        assignee_email=None,
        url="https://linear.app/homelab/issue/BVL-7",
        created_at=datetime.now(UTC),
        completed_at=None,
        canceled_at=None,
        archived=False,
        comments=(),
        attachments=(),
        relations=(),
    )


# -- numbers in texts


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.999", "0.999"),
        ("99.9%", "0.999"),
        ("99.90 %", "0.999"),
        ("99.9\u00a0%", "0.999"),
        ("99,9 %", "0.999"),
        ("99.9 percent of them", "0.999"),
        ("- **Target:** `0.999`", "0.999"),
        ("target=0.999, hence", "0.999"),
        ("Target:0.999.", "0.999"),
        ('{"target": 0.999}', "0.999"),
        ("| 0.999 |", "0.999"),
        ("(99.9% target)", "0.999"),
        ("9.99e-1", "0.999"),
        ("-50 %", "-0.5"),
        ("−0.5", "-0.5"),
        ("\\-0.5", "-0.5"),
        ("&minus;50 %", "-0.5"),
        ("1.5x the budget", "1.5"),
        ("burns at 1.5× now", "1.5"),
        ("~0.5", "0.5"),
        ("3. Burn rate 2", "2"),
        ("- 0.5", "0.5"),
    ],
)
def test_a_number_is_read_as_a_person_reads_it(text: str, value: str) -> None:
    assert [number.value for number in numbers_in(text)] == [Fraction(value)]


@pytest.mark.parametrize(
    "text",
    [
        "v0123456789ab",
        "checkout-1",
        "HighLoad_0",
        "BVL-7",
        "9b2d1c1e-6f0a-4c55-8a52-000000000001",
        "12345678-0000-0000-0000-000000000000",
        "2026-11-24T00:00:01.123+00:00",
        "2026-11-24",
        "12:00:01",
        "10.0.0.1:8080",
        "1.0.0",
        "#1",
        "1/2",
        "https://grafana.example.com/d/slo-1?from=0&to=1",
        "1 s",
        "within 1 minute",
        "30d",
        "5m",
        "10,240,000",
        "1. Look at the pod",
        "checkout%201",
        "shop/1",
    ],
)
def test_digits_of_something_else_are_no_number(text: str) -> None:
    assert numbers_in(text) == []


shares = st.decimals(-20, 20, places=6).map(Fraction)


def written(value: Fraction, decimals: int, percent: bool) -> str:
    """The value rounded to so many digits after the point, as a fraction of one or in percent."""
    scaled = value * 100 if percent else value
    return f"{Decimal(scaled.numerator) / Decimal(scaled.denominator):.{decimals}f}{' %' if percent else ''}"


AROUND = st.sampled_from(
    ["{}", "Target: {}", "- **Burn rate:** `{}`", "| {} | low |", "it is {}, which is much.", "({})"]
)


@given(shares, st.integers(4, 8), st.booleans(), AROUND)
def test_a_value_is_found_however_it_is_written(value: Fraction, decimals: int, percent: bool, around: str) -> None:
    assume(abs(value) >= Fraction(1, 1000) or (percent and decimals >= 4) or decimals >= 6)
    [number] = numbers_in(around.format(written(value, decimals, percent)))
    assert number.shows(value)


@given(shares, shares, st.integers(0, 6), st.booleans())
def test_a_wrong_value_is_never_taken_for_the_right_one(
    value: Fraction, wrong: Fraction, decimals: int, percent: bool
) -> None:
    digit = Fraction(1, 10**decimals) / (100 if percent else 1)
    assume(abs(value - wrong) > digit + Fraction(1, 10**8))
    assert not any(number.shows(value) for number in numbers_in(written(wrong, decimals, percent)))


@given(shares, st.integers(0, 4), st.booleans(), st.integers(1, 99))
def test_too_few_digits_do_not_tell_two_values_apart(
    value: Fraction, decimals: int, percent: bool, hundredths: int
) -> None:
    [number] = numbers_in(written(value, decimals, percent))
    assume(not number.is_exactly(value))
    other = number.value + number.unit * Fraction(hundredths - 50, 101)  # rounds to the same number
    assume(other != value and number.shows(other))
    assert not number.shows(value, not_=frozenset({other}))


@pytest.mark.parametrize(
    ("text", "shown"),
    [("0.99954", True), ("0.9995", True), ("1.000", False), ("99.95 %", True), ("99.9 %", False), ("100 %", False)],
)
def test_a_value_is_shown_with_the_digits_that_tell_it_from_others(text: str, shown: bool) -> None:
    [number] = numbers_in(text)
    others = frozenset({Fraction("0.999"), Fraction(1)})
    assert number.shows(Fraction("0.99954"), not_=others) == shown


def test_a_count_does_not_pass_for_a_rounded_value() -> None:
    assert not any(number.shows(Fraction("1.5")) for number in numbers_in("Priority 2, attempt 1"))


def test_the_noise_of_floating_point_does_not_matter() -> None:
    [number] = numbers_in(f"{1 - 0.02 / (1 - 0.98)}")
    assert number.value != 0 and number.shows(Fraction(0))


@given(st.text())
def test_any_text_can_be_looked_through(text: str) -> None:
    for number in numbers_in(text):
        assert number.unit > 0


# -- what an issue shows


GOOD = (
    "## SLM Context\n\n- **Target:** `0.98`\n- **Current:** `0.985`\n- **Remaining:** `0.25`\n- **Burn rate:** `0.75`"
)


@pytest.mark.parametrize(
    "description",
    [
        GOOD,
        "SLO checkout: target 98 %, current 98.5 %, error budget remaining 25 %, burn rate 0.75x",
        "98.5 % of the requests went well (98% target). 25 % of the error budget is left, at a burn rate of 75 %.",
        "| Target | Current | Budget | Burn rate |\n|---|---|---|---|\n| 98.0% | 98.50% | 25.0% | 0.75 |",
        '```json\n{"target": 0.98, "current": 0.985, "error_budget_remaining": 0.25, "burn_rate": 0.75}\n```',
        "Ziel: 98 %\nLage: 98,5 %\nRest: 25 %\nVerbrauch: 0,75",
        "Target\n0.98\nCurrent\n0.985\nRemaining\n0.25\nBurn rate\n0.750",
    ],
)
def test_slo_data_are_found_however_they_are_worded(description: str) -> None:
    slm.shows(issue(description), OBJECTIVE, *RECORDS)


SIDE_BY_SIDE = [
    "Availability: 98.5 % (target 98 %)",
    "Success rate 98.5% vs. objective 98%",
    "98.5 % of requests succeeded; target is 98 %",
    "Availability 98.5 % / target 98 %",
    "Availability 98.5 % is above its target of 98 %",
    "Availability 98.5 % – target 98 %",
    "Availability 98.5 % - target 98 %",
    "Availability: **98.5 %**. Target: **98 %**.",
    "98.5 % against a target of 98 %",
    "availability=98.5% target=98%",
    "Availability: 98.5 % (above target)\nTarget: 98 %",
    "98.5 % availability, 98 % target",
    "98.5 % (availability), 98 % (target)",
    "98.5 % (current) / 98 % (target)",
    "SLO checkout: 98 % (target), 98.5 % (current)",
    "98 % is the target, 98.5 % the availability",
    "| Target | 98 % | Availability | 98.5 % |",
    "| 98 % | target | 98.5 % | current |",
    "| 98 % | target |\n| 98.5 % | current |",
    "| Availability | 98.5 % | target met |\n| Target | 98 % | |",
]


@pytest.mark.parametrize("line", SIDE_BY_SIDE)
def test_the_words_beside_a_number_belong_to_one_number(line: str) -> None:
    slm.shows(issue(line), OBJECTIVE, "target", "current value")


@pytest.mark.parametrize("line", SIDE_BY_SIDE)
def test_numbers_side_by_side_that_change_places_are_refused(line: str) -> None:
    parts = [part.replace("98 %", "98.5 %").replace("98%", "98.5%") for part in line.split("98.5")]
    swapped = issue("98".join(parts))
    refused(lambda: slm.shows(swapped, OBJECTIVE, "target", "current value"), "BVL-7", "to show")


@pytest.mark.parametrize(
    "line",
    [
        "Availability 98.5 % / budget left 25 %, burn rate 0.75",
        "25 % remaining and burning at 0.75",
        "Budget left: 25 % (burn rate 0.75x)",
        "0.75 (burn rate), 25 % (error budget remaining)",
    ],
)
def test_a_budget_is_told_from_what_stands_beside_it(line: str) -> None:
    slm.shows(issue(line), OBJECTIVE, "error budget remaining", "burn rate")
    swapped = issue(line.replace("25 %", "x").replace("0.75", "0.25").replace("x", "75 %", 1))
    refused(lambda: slm.shows(swapped, OBJECTIVE, "error budget remaining", "burn rate"), "BVL-7", "to show")


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("0.98", "0.999", "target"),
        ("0.98", "0.985", "target"),
        ("0.985", "0.94", "current value"),
        ("0.985", "0.98", "current value"),
        ("0.985", "1", "current value"),
        ("0.25", "-0.25", "error budget remaining"),
        ("0.25", "0.75", "error budget remaining"),
        ("0.25", "0", "error budget remaining"),
        ("0.75", "0.25", "burn rate"),
        ("0.75", "1", "burn rate"),
        ("0.75", "0.015", "burn rate"),
    ],
)
def test_a_wrong_value_is_named(right: str, wrong: str, named: Any) -> None:
    description = issue(GOOD.replace(f"`{right}`", f"`{wrong}`"))
    refused(lambda: slm.shows(description, OBJECTIVE, named), "BVL-7", named, f"`{wrong}`")
    for quantity in RECORDS:
        if quantity != named:
            slm.shows(description, OBJECTIVE, quantity)


def test_a_missing_value_is_named() -> None:
    refused(lambda: slm.shows(issue("The shop is slow."), OBJECTIVE, "target"), "0.98 (98 %)", "no number")


def test_a_value_that_is_called_by_another_name_is_not_it() -> None:
    refused(lambda: slm.shows(issue("Burn rate: 0.25"), OBJECTIVE, "error budget remaining"))


def test_an_overspent_budget_is_not_its_absolute_value() -> None:
    overspent = Objective(Fraction("0.98"), {"200": 9700, "503": 300})
    slm.shows(issue("Error budget remaining: -50.0 %"), overspent, "error budget remaining")
    for wrong in ("50 %", "0 %", "150 %"):
        line = issue(f"Error budget remaining: {wrong}")
        refused(lambda line=line: slm.shows(line, overspent, "error budget remaining"), "-0.5 (-50 %)")


def test_the_target_of_another_service_is_not_shown() -> None:
    slm.shows_not(issue(GOOD), Fraction("0.97"), "target")
    refused(lambda: slm.shows_not(issue(GOOD), Fraction("0.98"), "target"), "0.98 (98 %)", "another service")


@pytest.mark.parametrize(
    "description",
    [
        "## SLM Context\n\n```\nNot available: GET http://prometheus:9090/api/v1/query had no answer within 1 s.\n```",
        "SLO data: n/a",
        "**SLO:**\n_could not be read_",
        "SLM context unavailable after 1 attempt, error 503",
        "The error budget is unknown.",
        "SLO data: HTTP 503",
        "SLO data: timeout",
        "SLO data isn’t there",
        "No SLO data, an error occurred",
        "## SLM Context\n- timed out",
        "**SLM Context**\nReadTimeout",
        "SLM Context\n-----------\nConnection reset by peer",
        "- SLM context\n    - malformed answer",
    ],
)
def test_an_issue_may_say_in_its_own_words_that_there_is_no_slm_context(description: str) -> None:
    told = issue(f"The load is above 80 %.\n- slo: checkout-1\n\n{description}")
    slm.says_unavailable(told)
    slm.invents_nothing(told)


NOTHING_SAID = [
    "",
    "- **slo:** `checkout`",
    GOOD,
    "Assignee: none\nslo: checkout",
    "Error budget: 25 %",
    "SLO: an error rate of 1.5 %",
    "**SLM Context**\n\nBurn rate: 0.75\n\n**Logs**\n\nunavailable",
    "SLM Context\n-----------\n0.98\n\nLogs\n----\nunavailable",
    "- SLM context\n- Logs\n    - unavailable",
]


@pytest.mark.parametrize("description", NOTHING_SAID)
def test_an_issue_has_to_say_that_there_is_no_slm_context(description: str) -> None:
    refused(lambda: slm.says_unavailable(issue(description)), "BVL-7", "no SLM context")


@pytest.mark.parametrize(
    "line",
    [
        "Target: 99.9 %",
        "Current: 1.0",
        "current value `1`",
        "Remaining: 0.001",
        "Burn rate: 0",
        "| 99.9% | 100% |",
        "0.0",
        "99.9 % is promised by the SLO",
        "Availability: 100 %",
    ],
)
def test_invented_slo_data_are_named(line: str) -> None:
    refused(
        lambda: slm.invents_nothing(issue(f"SLM context: not available\n{line}")),
        "BVL-7",
        "no SLO data",
        line.strip("| ").partition("|")[0].strip(),
    )


@pytest.mark.parametrize(
    "description",
    [
        "## SLM Context\n\nIt is 99.9 % now.",
        "**SLM Context**\n\nIt is 99.9 % now.",
        "SLO\n---\nIt is 99.9 % now.",
        "- SLO\n    - promised: 99.9 %",
        "| Name | Target | Now |\n|---|---|---|\n| till | 98 % | 98 % |\n| checkout | 99.9 % | 98 % |",
        "Target\n99.9 %",
        "SLM unavailable (99.9 % errors)",
        "## SLM Context\n### checkout\n- It was 99.9 %",
        "## SLM Context\n### Logs\nnone\n### checkout\n- It was 99.9 %",
        "## SLM Context\n### checkout\n- Goal: 99.9 %\n- Success rate: 100.00 %",
        "## Service\n- Goal: 99.9 %\n- Success rate: 100.00 %",
        "## Reliability of checkout\n| Promised | Delivered |\n|---|---|\n| 99.9 % | 100.0 % |\n\nSLO: n/a",
        "| Promised | Delivered |\n|---|---|\n| 99.9 % | 100.0 % |\n\nSLO: n/a",
        "Compliance: 99.9 %",
    ],
)
def test_a_share_is_invented_where_a_heading_calls_it_slo_data(description: str) -> None:
    refused(lambda: slm.invents_nothing(issue(description)), "BVL-7", "no SLO data", "99.9 %")


@pytest.mark.parametrize(
    "description",
    [
        "TRM: no remedy (confidence 1.00)",
        "Load: 0.0",
        "## SLM Context\nunavailable\n\n## Remediation\nThe model is sure (confidence 1.00).",
        "**SLM Context**\nunavailable\n\n**Remediation**\nThe model is sure (confidence 1.00).",
        "- slo: checkout\n- load: 0.0",
        "## SLM Context\nunavailable\n### Remediation\nThe model is sure (confidence 1.00).",
        "### SLM Context\nunavailable\n## Next steps\nThe model is sure (confidence 1.00).",
        "TRM: the most promising and reliable remedy (confidence 1.00)",
        "| Label | Value |\n|---|---|\n| slo | checkout |\n| weight | 1.0 |",
    ],
)
def test_a_share_of_something_else_is_no_slo_data(description: str) -> None:
    slm.invents_nothing(issue(description))


ELSEWHERE = Objective(Fraction("0.973"), {"200": 9863, "503": 137})
"""Current value 98.63 %, budget remaining 49.26 %, burn rate 0.5074."""


@pytest.mark.parametrize(
    ("line", "quantity"),
    [
        ("Target: 97.3 %", "target"),
        ("SLO: 97.30% promised", "target"),
        ("| Target | Current |\n|---|---|\n| 0.973 | n/a |", "target"),
        ("Current: 0.9863 (10 minutes ago)", "current value"),
        ("Availability 98.63 %, last known", "current value"),
        ("Error budget remaining: 49.3 %", "error budget remaining"),
        ("Burn rate: 0.507407", "burn rate"),
        ("## SLM Context\n\nIt burns at 0.51x.", "burn rate"),
    ],
)
def test_slo_data_of_another_service_or_time_are_named(line: str, quantity: str) -> None:
    told = issue(f"SLM context: not available\n{line}")
    slm.invents_nothing(told)
    refused(lambda: slm.shows_none_of(told, [OBJECTIVE, ELSEWHERE]), "BVL-7", "no SLO data", f"the {quantity} that")
    slm.shows_none_of(told, [OBJECTIVE])


@pytest.mark.parametrize(
    "description",
    [
        "SLM context: not available",
        "The load is 97.3 %.",
        "TRM: restart the pod (confidence 0.973)",
        "## SLM Context\nunavailable\n\n## Metrics\nValue: 98.63",
        "Target: n/a",
    ],
)
def test_what_is_no_slo_data_is_no_other_services(description: str) -> None:
    slm.shows_none_of(issue(description), [ELSEWHERE])


def test_a_comment_does_not_stand_below_a_heading_of_the_description() -> None:
    def commented(body: str) -> Issue:
        said = Comment(id="1", body=body, created_at=datetime.now(UTC), author_email=None, edited_at=None)
        return issue("## SLM Context\nunavailable").model_copy(update={"comments": (said,)})

    slm.invents_nothing(commented("No remedy (confidence 1.00)"))
    refused(lambda: slm.invents_nothing(commented("Availability 100 %")), "100 %")


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("Violation severity: `high`", True),
        ("**Violation:** high", True),
        ("a high SLO violation", True),
        ("SLO violation severity is HIGH.", True),
        ("| Violation severity | high |", True),
        ("| SLO violation | `high` |", True),
        ("| **Violation** | **high** |", True),
        ('  "violation_severity": "high",', True),
        ('{"slo_violation": "high", "severity": "critical"}', True),
        ('{"violation": {"severity": "high"}}', True),
        ("violation\\_severity=high", True),
        ("SLM severity: high", True),
        ("- **SLM severity:** `high`", True),
        ("SLO severity is high", True),
        ("| SLO level | high |", True),
        ("slm_severity: high", True),
        ("high_slo_violation", True),
        ("a **high** violation", True),
        ("| SLO violation | yes | Severity | critical |", False),
        ("| Severity | critical |\n| SLO violation | yes |", False),
        ('{"slo_violation": true, "severity": "critical"}', False),
        ("There is an SLO violation. Severity: critical", False),
        ("[critical] SLO violation of checkout", False),
        ("critical – SLO violation of checkout", False),
        ("labels: slo-violation-critical", False),
        ("SLO: checkout\nLevel: critical", False),
        ("A service level objective, severity: critical", False),
        ("Severity: critical", False),
        ("HighLoad_v0123456789ab, a violation", False),
        ("labels: slo-violation, critical", False),
        ("Severity: critical\nSLO violation", False),
        ("Nothing of the kind", False),
    ],
)
def test_the_severity_of_a_violation_is_recognised_where_it_is_named(line: str, named: bool) -> None:
    assert bool(slm.violation_named(issue(line), "high")) == named
    if named:
        refused(lambda: slm.violation_named(issue(line), "medium"), "BVL-7", "medium")


# -- counters and what follows from them


def test_slo_data_follow_from_the_counters() -> None:
    assert OBJECTIVE.quantities == {
        "target": Fraction("0.98"),
        "current value": Fraction("0.985"),
        "error budget remaining": Fraction("0.25"),
        "burn rate": Fraction("0.75"),
    }
    assert OBJECTIVE.counting_refusals().quantities == {
        "target": Fraction("0.98"),
        "current value": Fraction("0.94"),
        "error budget remaining": Fraction(-2),
        "burn rate": Fraction(3),
    }


VIOLATIONS: dict[tuple[Place, Violation], Violation] = {
    ("just below", "critical"): "high",
    ("exactly on", "critical"): "high",
    ("just above", "critical"): "critical",
    ("just below", "high"): "medium",
    ("exactly on", "high"): "medium",
    ("just above", "high"): "high",
    ("just below", "medium"): "low",
    ("exactly on", "medium"): "low",
    ("just above", "medium"): "medium",
}
GOOGLE = Rulings(violation_above={"critical": 14.4, "high": 6, "medium": 1})
"""The second preset of ruling 2."""


def severity(burn_rate: float, rulings: Rulings) -> str:
    return next((name for name, above in rulings.violation_above.items() if burn_rate > above), "low")


async def test_prometheus_reckons_what_follows_from_the_counters_and_boundaries_without_rounding() -> None:
    signals = Signals()
    objectives = {
        "plain": OBJECTIVE,
        "full": Objective(Fraction("0.98"), {"200": 10_000, "503": 0}),
        "without-failures": Objective(Fraction("0.98"), {"200": 10_000, "429": 5}),
        "spent": Objective(Fraction("0.98"), {"200": 9800, "500": 200}),
        "overspent": Objective(Fraction("0.98"), {"200": 8000, "500": 1000, "503": 1000}),
    }
    async with signals.serve() as exporter, await Keeper.start() as keeper:
        server = Prometheus(keeper, jobs=[ScrapeJob("signals", (exporter,))], alertmanagers=[])
        (server.rules / "slo.yaml").write_text(json.dumps(slo.recording_rules()["spec"]))
        with httpx.Client() as client:
            drivers = [Slos(signals, PrometheusClient(client, server.url), rulings) for rulings in (Rulings(), GOOGLE)]
            for name, objective in objectives.items():
                drivers[0].publish(name, objective)
            for number, driver in enumerate(drivers):
                for place, violation in VIOLATIONS:
                    driver.publish(f"{number} {place} {violation}", driver.at_boundary(violation, place))
                for violation in get_args(Violation):
                    driver.publish(f"{number} {violation}", driver.violating(violation))
            await server.start()
            await server.wait_connected()
            last = f"{len(drivers) - 1} {get_args(Violation)[-1]}"
            await asyncio.to_thread(until, lambda: drivers[0].recorded(last))

            def look() -> None:
                for name, objective in objectives.items():
                    drivers[0].stands(name, objective)
                    refused(lambda name=name: drivers[0].stands(name, drivers[0].violating("low")), name, "target")
                for number, (driver, rulings) in enumerate(zip(drivers, (Rulings(), GOOGLE), strict=True)):
                    for (place, violation), expected in VIOLATIONS.items():
                        rate = driver.recorded(f"{number} {place} {violation}")["burn rate"]
                        assert severity(rate, rulings) == expected, (number, place, violation, rate)
                        assert (rate == rulings.violation_above[violation]) == (place == "exactly on")
                    for violation in get_args(Violation):
                        assert severity(driver.recorded(f"{number} {violation}")["burn rate"], rulings) == violation
                assert drivers[0].recorded("unheard-of") == {}
                refused(lambda: drivers[0].stands("unheard-of", OBJECTIVE), "unheard-of", "nothing")

            await asyncio.to_thread(look)


def until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
