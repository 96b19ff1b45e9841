"""Sentences about service level objectives and about who is on call."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal

from behave import given, then, when

from steps.drivers.slos import Objective, Place, Quantity
from steps.incident import issues, slm
from steps.incident.ahead import ahead_with
from steps.incident.alert import Alert, make_alert, new_key
from steps.incident.context import Context
from steps.incident.objectives import answering, failing, promising
from steps.targets.profile import Violation
from steps.world.staff import COLLEAGUE, ENGINEER, STRANGER, SUCCESSOR

# -- services: what they promise, and their counters


def violating(context: Context, violation: Violation = "low") -> Objective:
    return context.stage.slos.violating(violation)


@given("a service whose SLO violation is {violation:w}")
@ahead_with(lambda context, violation: context.objectives.promise(violating(context, violation)))
def service_violating(context: Context, violation: Violation) -> None:
    context.objectives.stand(violating(context, violation))


@given("an alert on a service with a service level objective")
@ahead_with(lambda context: context.objectives.promise(violating(context)))
def alert_on_service(context: Context) -> None:
    context.objectives.stand(violating(context))
    context.incident.adopt(make_alert(labels={"slo": context.incident.slo}))


def promise(context: Context, target: str) -> None:
    """The service promises that, and another one, whose name is much alike, something else."""
    context.objectives.promise_alike(promising("91"))
    context.objectives.promise(promising(target))


@given("a service with a target of {target} %")
@ahead_with(promise)
def service_promising(context: Context, target: str) -> None:
    promise(context, target)
    context.objectives.stand(promising(target))


def promise_two(context: Context, one: str, other: str) -> None:
    context.objectives.promise(promising(one))
    context.objectives.promise(promising(other), "payment")


@given("two services, one with a target of {one} % and one with a target of {other} %")
@ahead_with(promise_two)
def two_services(context: Context, one: str, other: str) -> None:
    context.objectives.stand(promising(one))
    context.objectives.stand(promising(other), "payment")


@given("a service with a target of {target} % that failed {failed:d} of {requests:d} requests")
@ahead_with(lambda context, **counted: context.objectives.promise(failing(**counted)))
def service_failing(context: Context, target: str, failed: int, requests: int) -> None:
    context.objectives.stand(failing(target, failed, requests))


@given("a service that answered {good:d} requests, refused {refused:d} as wrong and failed {failed:d}")
@ahead_with(lambda context, **counted: context.objectives.promise(answering(**counted)))
def service_answering(context: Context, good: int, refused: int, failed: int) -> None:
    context.objectives.stand(answering(good, refused, failed))


@given("a service whose burn rate is {place} the boundary above which a violation is {violation:w}")
@ahead_with(
    lambda context, place, violation: context.objectives.promise(context.stage.slos.at_boundary(violation, place))
)
def service_at_boundary(context: Context, place: Place, violation: Literal["critical", "high", "medium"]) -> None:
    context.objectives.stand(context.stage.slos.at_boundary(violation, place))


HALF_SPENT = failing("97.3", 137, 10_000)
"""An objective none of whose numbers stands on a ticket by chance."""


def promise_both(context: Context) -> None:
    context.objectives.promise(HALF_SPENT)
    context.objectives.promise(HALF_SPENT, "payment")


@given("an alert whose issue shows the SLO data of its service")
@ahead_with(promise_both)
def issue_with_slo_data(context: Context) -> None:
    context.objectives.stand(HALF_SPENT)
    context.objectives.stand(HALF_SPENT, "payment")
    context.incident.fire(context.incident.adopt(make_alert(labels={"slo": context.incident.slo_of("payment")})))
    shows(context, context.incident.alert, "current value")
    context.issues.quiet(context.incident.alert)
    context.stage.agent.look_from_here()


@given("the SLM service {fails}")
def slm_fails(context: Context, fails: str) -> None:
    context.fault = context.stage.trouble.at_slm(fails)


# -- alerts on them


@when("an alert on that service fires")
@when("an alert on another service fires")
def fires_on_service(context: Context) -> None:
    context.incident.fire(context.incident.adopt(make_alert(labels={"slo": context.incident.slo})))


@when("an alert on each of them fires")
def fires_on_each(context: Context) -> None:
    name = {"alertname": f"HighLoad_{new_key()}"}
    context.incident.alerts = [make_alert(labels=name | {"slo": slo}) for slo in context.incident.objectives]
    context.incident.fire(*context.incident.alerts)


@when("an alert on a service without a service level objective fires")
def fires_without_objective(context: Context) -> None:
    context.incident.fire(context.incident.adopt(make_alert()))


@when("an alert on a service without SLO data fires")
def fires_without_data(context: Context) -> None:
    slo = context.incident.slo_of("unheard-of")
    context.incident.fire(context.incident.adopt(make_alert(labels={"slo": slo})))


# -- what their issues show


def shows(context: Context, alert: Alert, *quantities: Quantity) -> None:
    """The alert's issue comes to show these quantities of its service's objective."""
    objective = context.incident.objectives[alert.labels["slo"]]
    told = "".join(f"{quantity}: {slm.told(objective.quantities[quantity])}\n" for quantity in quantities)
    context.incident.saw("What follows from the counters", told)
    context.shown = context.issues.becomes(alert, lambda issue: slm.shows(issue, objective, *quantities))


@then("the issue shows the service's target")
def shows_target(context: Context) -> None:
    shows(context, context.incident.alert, "target")


@then("each issue shows its own service's target, and not the other's")
def each_shows_target(context: Context) -> None:
    one, other = context.incident.alerts
    for alert, stranger in ((one, other), (other, one)):
        shows(context, alert, "target")
        strange = context.incident.objectives[stranger.labels["slo"]].target
        context.issues.becomes(alert, partial(slm.shows_not, value=strange, quantity="target"))
        context.incident.did_not_see("the other service's target", control=lambda: context.shown)


@then("the issue shows the share of its requests that did not fail")
def shows_current(context: Context) -> None:
    shows(context, context.incident.alert, "current value")


@then("the issue shows how much of the error budget remains, and how fast it burns")
def shows_budget(context: Context) -> None:
    shows(context, context.incident.alert, "error budget remaining", "burn rate")


@then("the issue shows no SLO data")
def shows_none(context: Context) -> None:
    alert, objectives = context.incident.alert, context.incident.objectives.values()
    context.issues.becomes(alert, slm.invents_nothing)
    context.issues.becomes(alert, partial(slm.shows_none_of, objectives=objectives))
    context.incident.did_not_see("SLO data on the issue", control=lambda: context.shown)


@then("the issue says that there is no SLM context, and shows none")
def says_unavailable(context: Context) -> None:
    context.issues.becomes(context.incident.alert, slm.says_unavailable)
    shows_none(context)


@then("the issue is as urgent as a {violation:w} violation makes it, and calls it nothing else")
def is_urgent(context: Context, violation: Violation) -> None:
    alert = context.incident.alert
    priority = context.stage.profile.rulings.priority[alert.labels["severity"]][violation]
    context.issues.becomes(alert, partial(issues.has_priority, priority=priority))
    named = slm.violation_named(context.issues.of(alert), violation)
    context.incident.saw(
        "What the issue calls the violation", "\n".join(named) or "not named: it shows by the priority alone"
    )
    context.incident.did_not_see("another severity on the issue", control=lambda: context.issues.of(alert))


# -- who is on call


@given("an engineer with a Linear account is on call")
def engineer_on_call(context: Context) -> None:
    context.engineer = context.stage.world.staff.call(COLLEAGUE)


@given("nobody is on call")
def nobody_on_call(context: Context) -> None:
    context.stage.world.staff.call_nobody()


@given("the engineer on call is unknown to Linear")
def stranger_on_call(context: Context) -> None:
    context.stage.world.staff.call(STRANGER)


@given("an engineer whose shift has begun after a colleague's and before another one's")
def shift_has_begun(context: Context) -> None:
    context.stage.world.staff.plan((ENGINEER, -9, -1), (COLLEAGUE, -1, 7), (SUCCESSOR, 7, 15))
    context.engineer = COLLEAGUE


@given("an engineer who stands in for the one whose shift it is")
def stands_in(context: Context) -> None:
    context.stage.world.staff.plan((ENGINEER, -9, 9))
    context.stage.world.staff.stand_in(COLLEAGUE, -1, 1)
    context.engineer = COLLEAGUE


@given("an engineer for whom a colleague stood in until an hour ago")
def stood_in(context: Context) -> None:
    context.stage.world.staff.plan((ENGINEER, -9, 9))
    context.stage.world.staff.stand_in(COLLEAGUE, -3, -1)
    context.engineer = ENGINEER


@given("an engineer whose shift has ended, and one whose shift has not begun")
def between_shifts(context: Context) -> None:
    context.stage.world.staff.plan((ENGINEER, -9, -1), (COLLEAGUE, 1, 9))


@when("an alert is notified that began in the colleague's shift")
def fires_late(context: Context) -> None:
    alert = context.incident.adopt(make_alert())
    alert.starts_at = datetime.now(UTC) - timedelta(hours=2)
    context.engineer = ENGINEER
    context.incident.fire(alert)


@then("the issue is assigned to that colleague")
def is_assigned_to_colleague(context: Context) -> None:
    context.issues.comes_to_be_assigned(context.incident.alert, context.engineer)
