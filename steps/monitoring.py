"""Sentences about the monitoring of the validation itself: its metrics, and the alert on its failure rate."""

from behave import given, then, when

from reports.verdict import Status
from steps.incident.context import Context

VERDICTS = (Status.PASSED, Status.FAILED, Status.BROKEN)


@given("a validation that found")
def has_found(context: Context) -> None:
    context.found = {row["criterion"]: {status: int(row[status]) for status in VERDICTS} for row in context.table}


@when("Prometheus scrapes its metrics")
def scraped(context: Context) -> None:
    context.verdict = context.validation.find(context.found)
    context.validation.tells({"count(agent_sre_validation_run_info{$job})": 1}, "the validation")


@then("Prometheus knows how many scenarios of each criterion passed, failed and broke")
def knows_scenarios(context: Context) -> None:
    expected = {
        f'agent_sre_validation_scenarios_total{{$job,criterion="{criterion}",status="{status}"}}': count
        for criterion, counts in context.found.items()
        for status, count in counts.items()
    }
    context.validation.tells(expected, "the scenarios")


@then("it knows the verdict on each of the ticket's items")
def knows_items(context: Context) -> None:
    items = context.verdict.requirements
    expected = {f'agent_sre_validation_item_status{{$job,item="{one.id}",status="{one.status}"}}': 1.0 for one in items}
    expected["sum(agent_sre_validation_item_status{$job})"] = len(items)
    context.validation.tells(expected, "the ticket's items")


@then("it knows how long the scenarios took")
def knows_durations(context: Context) -> None:
    family = "agent_sre_validation_scenario_duration_seconds"
    expected = {
        f'{family}_{part}{{$job,criterion="{criterion}"}}': sum(counts.values())
        for criterion, counts in context.found.items()
        for part in ("sum", "count")
    }
    context.validation.tells(expected, "the durations")


@then("it knows the share of each integration's scenarios that passed, and when one passed last")
def knows_integrations(context: Context) -> None:
    ended = context.verdict.run.started.timestamp() + 1
    expected = {}
    for criterion, counts in context.found.items():
        (point,) = next(one for one in context.verdict.requirements if one.id == f"{criterion}.1").integration_points
        share = counts[Status.PASSED] / sum(counts.values())
        expected[f'agent_sre_validation_success_ratio{{$job,integration="{point}"}}'] = share
        if share:
            expected[f'agent_sre_validation_last_success_timestamp_seconds{{$job,integration="{point}"}}'] = ended
    context.validation.tells(expected, "the integrations")


@then("the metrics keep to Prometheus' conventions")
def follow_conventions(context: Context) -> None:
    context.validation.follows_conventions(context.verdict)


@when("Prometheus scrapes this validation")
def scraped_itself(context: Context) -> None:
    context.validation.watch()


@then("Prometheus knows how long this validation has been running")
def knows_itself(context: Context) -> None:
    context.validation.runs()


@then("it knows every scenario that has ended so far")
def knows_ended(context: Context) -> None:
    context.validation.ended()


# -- the alert


@given("the alert on the validation's failure rate over a short time")
def rule_loaded(context: Context) -> None:
    context.validation.load_rule()


@when("{failed:d} of {count:d} scenarios of a validation fail")
def some_fail(context: Context, failed: int, count: int) -> None:
    context.validation.count("one", count - failed, failed)


@when("{failed:d} of {count:d} scenarios of another validation fail")
def some_of_another_fail(context: Context, failed: int, count: int) -> None:
    context.validation.count("other", count - failed, failed)


@when("all further scenarios pass")
def others_pass(context: Context) -> None:
    context.validation.count("one", 1000, 6)


@then("the alert on the failure rate fires for that validation")
def fires(context: Context) -> None:
    context.validation.fires("one")


@then("the alert on the failure rate fires for the other validation")
def fires_for_other(context: Context) -> None:
    context.validation.fires("other")


@then("the alert on the failure rate is resolved for that validation")
def resolved(context: Context) -> None:
    context.validation.resolves("one")


@then("no alert on the failure rate fires for the first one")
def silent(context: Context) -> None:
    context.validation.silent("one")
