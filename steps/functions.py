"""Sentences about remediation by LambdaFunctions."""

import json
from functools import partial

from behave import given, register_type, then, when

from steps.alerts import let_resolve
from steps.drivers.functions import DEPLOYMENTS, Deployment
from steps.incident import calls, events, remediation
from steps.incident.ahead import ahead
from steps.incident.alert import Alert, make_alert, namesakes
from steps.incident.context import Context
from steps.incident.remediation import ABSENT, NO_PARAMETERS, PARAMETERS, REASONS, TOLERANCE
from steps.incident.words import one_of
from steps.world.services.functions import (
    GARBAGE,
    REPLIES,
    declines,
    fails,
    fails_at_first,
    succeeds,
    succeeds_in_any_script,
)
from steps.world.trouble import AT_FUNCTION

register_type(
    Deployed=one_of(DEPLOYMENTS),
    Failing=one_of(AT_FUNCTION),
    Form=one_of(REPLIES),
    Garbage=one_of(GARBAGE),
    NoParameters=one_of(NO_PARAMETERS),
    Reason=one_of(REASONS),
)

# -- an alert whose remediation is of no interest in itself


@given("an alert whose remediation calls a LambdaFunction")
@given("an alert whose remediation succeeds")
def remediation_succeeds(context: Context) -> None:
    alert = context.incident.adopt(make_alert(function="pod-restart"))
    context.stage.world.functions.script(alert.pod, succeeds)


@given("two alerts whose remediations call a LambdaFunction")
def both_remediations_succeed(context: Context) -> None:
    context.incident.alerts = [make_alert(function="pod-restart") for _ in range(2)]
    for alert in context.incident.alerts:
        context.stage.world.functions.script(alert.pod, succeeds)


@given("an alert whose remediation fails")
def remediation_fails(context: Context) -> None:
    context.incident.adopt(failing(context))


@given("two alerts, of which the first one's remediation fails and the second one's succeeds")
def remediation_fails_and_succeeds(context: Context) -> None:
    context.incident.alerts = [failing(context), make_alert(function="pod-restart")]
    context.stage.world.functions.script(context.incident.alerts[1].pod, succeeds)


@then("the call to the LambdaFunction carries that correlation id")
def call_has_correlation(context: Context) -> None:
    remediation.correlates(context.remediation.call(context.incident.alert), context.incident.correlation_id)


@then("each call to the LambdaFunction carries its own alert's correlation id")
def calls_have_own_correlation(context: Context) -> None:
    for alert in context.incident.alerts:
        remediation.correlates(context.remediation.call(alert), context.own_correlation_ids[alert.mark])


# -- a function of the scenario's own: what fails in one scenario must not open the circuit breaker of another


def deploy(context: Context, deployment: Deployment = DEPLOYMENTS["is ready"]) -> str:
    """Deploys the scenario's function and returns its name when it has come as far as it gets."""
    name, functions = context.incident.function, context.stage.functions
    context.incident.saw("LambdaFunction", functions.deploy(name, deployment))

    def arrived() -> None:
        phase = functions.phase(name, deployment)
        assert phase == deployment.phase, f"Expected {name} to become {deployment.phase}, but it is {phase}."

    context.stage.waiting.for_bed(arrived, "start")
    return name


def failing(context: Context) -> Alert:
    """An alert whose remediation by the scenario's own function fails."""
    alert = make_alert(function=deploy(context))
    context.stage.world.functions.script(alert.function, fails)
    return alert


@given("a LambdaFunction that {deployed:Deployed}")
def function_deployed(context: Context, deployed: str) -> None:
    deploy(context, DEPLOYMENTS[deployed])


@given("a LambdaFunction that {failing:Failing}")
def function_failing(context: Context, failing: str) -> None:
    context.fault = context.stage.trouble.at_function(deploy(context), failing)


@given("a LambdaFunction that {failing:Failing} for its first {count:d} calls")
def function_failing_at_first(context: Context, failing: str, count: int) -> None:
    context.fail_again = partial(context.stage.trouble.at_function, deploy(context), failing, count)
    context.fault = context.fail_again()


def half_of_timeout(context: Context) -> float:
    """Seconds that a function may take, and long enough to see what happens meanwhile."""
    return context.stage.profile.rulings.function_timeout / 2


@given("a LambdaFunction that takes half of the time-out")
def function_slow(context: Context) -> None:
    context.fault = context.stage.trouble.function_slow(deploy(context), half_of_timeout(context))


@given("a LambdaFunction that takes a quarter of the time-out")
def function_unhurried(context: Context) -> None:
    context.fault = context.stage.trouble.function_slow(deploy(context), half_of_timeout(context) / 2)


@given("a LambdaFunction that is overloaded at first and says when to come back")
def function_overloaded(context: Context) -> None:
    context.fault = context.stage.trouble.at_function(deploy(context), "is overloaded", times=1)


@given("a LambdaFunction that raises an error in its code")
def function_raising(context: Context) -> None:
    context.stage.world.functions.script(deploy(context), fails)


@given("a LambdaFunction that tells its success in letters of any script, as {form:Form}")
def function_telling_success(context: Context, form: str) -> None:
    context.stage.world.functions.script(deploy(context), succeeds_in_any_script, REPLIES[form])


@given("a LambdaFunction that tells an error as {form:Form}")
def function_telling_error(context: Context, form: str) -> None:
    context.stage.world.functions.script(deploy(context), declines, REPLIES[form])


@given("a LambdaFunction that answers {garbage:Garbage}")
def function_answering_garbage(context: Context, garbage: str) -> None:
    context.stage.world.functions.script(deploy(context), succeeds, GARBAGE[garbage])


@when("the function is deployed")
def deployed_now(context: Context) -> None:
    deploy(context)


@when("the function is removed")
def removed_now(context: Context) -> None:
    context.stage.functions.remove(context.incident.function)


# -- its alerts


def fire(context: Context, function: str) -> Alert:
    """One more alert of the scenario fires, which that function remediates."""
    alert = make_alert(function=function)
    context.incident.alerts.append(alert)
    context.incident.fire(alert)
    return alert


@when("an alert fires that it remediates")
@when("another alert fires that it remediates")
def fires(context: Context) -> None:
    context.incident.alerts.clear()
    fire(context, context.incident.function)


@when("some time later another alert fires that it remediates")
def fires_some_time_later(context: Context) -> None:
    """Who keeps for a while what he has looked up may be late for one alert, but not for the next."""
    changed = context.stage.world.journal.cursor()
    fires(context)
    cool_down = context.stage.profile.rulings.breaker_cooldown * (1 + TOLERANCE)
    noticed_by = context.remediation.noticed_by(context.incident.alert, changed, cool_down)
    if noticed_by is not None:
        context.stage.waiting.pass_time(noticed_by)
        fires(context)


@when('an alert fires that it remediates, called "{name}"')
def fires_called(context: Context, name: str) -> None:
    alert = make_alert(function=context.incident.function, labels={"alertname": name})
    context.incident.fire(context.incident.adopt(alert))


@when("{count:d} alerts fire together that it remediates")
def fire_together(context: Context, count: int) -> None:
    context.incident.alerts = namesakes(count, function=context.incident.function)
    context.incident.fire(*context.incident.alerts)


@when("an alert fires that another function remediates")
def other_function_fires(context: Context) -> None:
    fire(context, "pod-restart")


@when("during the call another alert fires")
def fires_during_call(context: Context) -> None:
    context.remediation.begun(context.incident.alert)
    other_function_fires(context)


@when("during the call the alert is notified again")
def notified_during_call(context: Context) -> None:
    context.remediation.begun(context.incident.alert)
    context.incident.fire(context.incident.alert)


@given("a firing alert that it has remediated")
def has_remediated(context: Context) -> None:
    context.stage.world.functions.script(context.incident.function, succeeds)
    fires(context)
    context.remediation.succeeded(context.incident.alert)


@given("an alert that it has remediated and that has resolved")
def remediated_and_resolved(context: Context) -> None:
    has_remediated(context)
    let_resolve(context)


@given("a firing alert whose remediation by it has failed")
def has_failed(context: Context) -> None:
    fires(context)
    context.remediation.failed(context.incident.alert)


# -- called, or not


@then("the function is called for the alert")
@then("the function is called for that alert")
def called(context: Context) -> None:
    remediation.is_of(context.remediation.call(context.incident.alert), context.incident.function)


@then("the function is called once for the alert")
def called_once(context: Context) -> None:
    context.remediation.called_once(context.incident.alert)


@then("the function is called once for the alert, though it is called for another alert")
def called_once_still(context: Context) -> None:
    first = context.incident.alert
    context.remediation.call(fire(context, context.incident.function))
    context.remediation.called_once(first)


@then("the function is called once for the alert, with a CloudEvent of")
def called_with_event(context: Context) -> None:
    call = context.remediation.called_once(context.incident.alert)
    for row in context.table:
        events.attribute(remediation.event_of(call), row["attribute"], row["value"])


@then("the function is called once more for the alert, with an event of its own")
def called_once_more(context: Context) -> None:
    made = context.remediation.called_again(context.incident.alert)
    events.distinct_ids([remediation.event_of(call) for call in made])


@then("the function is called once for each alert, with an event of its own")
def called_for_each(context: Context) -> None:
    called = [context.remediation.called_once(alert) for alert in context.incident.alerts]
    events.distinct_ids([remediation.event_of(call) for call in called])


@then("it is not called, though a function that is ready is")
def not_called(context: Context) -> None:
    context.remediation.call(fire(context, "pod-restart"))
    context.remediation.not_called(context.incident.alert)


# -- parameters


def fire_with(context: Context, alert: Alert, annotation: str) -> None:
    """The alert fires, and its annotation says this of the function's parameters."""
    alert.annotations["lambda_parameters"] = annotation
    alert.labels["deployment"] = f"till-{alert.mark}"
    context.incident.fire(context.incident.adopt(alert))


@when("an alert fires that gives it")
def fires_with_types(context: Context) -> None:
    alert = make_alert(function=context.incident.function)
    context.parameters = {row["parameter"]: PARAMETERS[row["parameter"]] for row in context.table}
    context.parameters["name"] = alert.pod
    fire_with(context, alert, json.dumps(context.parameters))


@when('an alert fires that gives "{function}" only "{annotation}"')
def fires_with_few(context: Context, function: str, annotation: str) -> None:
    alert = make_alert(function=function)
    context.parameters = remediation.parameters_about(alert, annotation)
    fire_with(context, alert, json.dumps(context.parameters))


@when('an alert fires that names "{function}" and gives it no parameters')
def fires_with_none(context: Context, function: str) -> None:
    context.parameters = {}
    alert = context.incident.adopt(make_alert(function=function))
    alert.annotations.pop("lambda_parameters")
    context.incident.fire(alert)


@when("an alert fires whose annotation gives it {no_parameters:NoParameters}")
def fires_without_parameters(context: Context, no_parameters: str) -> None:
    fire_with(context, make_alert(function=context.incident.function), NO_PARAMETERS[no_parameters])


@then("the function is called with these parameters")
def called_with(context: Context) -> None:
    remediation.carries_parameters(context.remediation.call(context.incident.alert), context.parameters)


@then("the function is called with these parameters, and with the alert's {label:w} as name and its namespace")
@then("the function is called with the alert's {label:w} as name and its namespace")
def called_with_labels(context: Context, label: str) -> None:
    labels = context.incident.alert.labels
    context.parameters |= {"name": labels[label], "namespace": labels["namespace"]}
    called_with(context)


# -- how it ended


@then("the remediation succeeds")
def remediated(context: Context) -> None:
    context.remediation.succeeded(context.incident.alert)


@then("agent-sre goes on to remediate other alerts")
def goes_on(context: Context) -> None:
    context.remediation.succeeded(fire(context, "pod-restart"))


@then("no ticket tells that it failed, though one does for a function that does not exist")
def no_failure(context: Context) -> None:
    context.remediation.failed(fire(context, ABSENT))
    context.issues.exactly_one(context.incident.alert)


@then("a ticket tells that its remediation failed")
def failure_told(context: Context) -> None:
    context.remediation.failed(context.incident.alert)


@then("no other ticket tells of it beside the alert's own")
def failure_told_once(context: Context) -> None:
    context.remediation.failed_once(context.incident.alert)


@then("a ticket about each alert tells that its remediation failed")
def each_failure_told(context: Context) -> None:
    for alert in context.incident.alerts:
        context.remediation.failed(alert)


@then("a ticket tells that its remediation failed because {reason:Reason}")
def failure_told_with_reason(context: Context, reason: str) -> None:
    context.remediation.failed_because(context.incident.alert, reason)


# -- too slow


@then("the other alert is remediated before the call ends")
def served_meanwhile(context: Context) -> None:
    slow, other = context.incident.alerts
    remediation.served_meanwhile(context.remediation.call(other), context.remediation.begun(slow))


@then("the call is answered")
def answered(context: Context) -> None:
    remediation.answered(context.remediation.call(context.incident.alert))


@then("the call is given up at the configured time-out")
def given_up(context: Context) -> None:
    context.remediation.given_up(context.incident.alert, context.stage.profile.rulings.function_timeout)


# -- tried again, and given up


@then("the function was called {count:d} times with the same event")
def called_again(context: Context, count: int) -> None:
    made = remediation.up_to_success(context.remediation.tries(context.incident.alert))
    remediation.tried(made, count, count)
    remediation.same_event(made)


@then("before long the function is called for an alert that fires")
def called_before_long(context: Context) -> None:
    context.remediation.called_before_long(context.incident.function, lambda: fire(context, context.incident.function))


@then("the pauses between the calls grew")
def pauses_grew(context: Context) -> None:
    looks = context.remediation.looks(context.incident.alert, lambda: fails_in_passing(context))
    remediation.pauses_grow(looks, context.stage.profile.rulings.pause_growth)


def fails_in_passing(context: Context) -> Alert:
    """Another alert fires, for which the function fails at first in the same way."""
    context.fail_again()
    return fire(context, context.incident.function)


@then("the function was not called before the time that it had asked for")
def came_back(context: Context) -> None:
    made = context.remediation.tries(context.incident.alert)
    context.incident.did_not_see("a call before the time that the function asked for", control=lambda: made)
    remediation.waited(made)


@then("the function was called again, and given up after a few calls")
def given_up_after_few(context: Context) -> None:
    made = context.remediation.tries(context.incident.alert)
    remediation.tried(made, 2, context.stage.profile.rulings.tries)
    remediation.same_event(made)


# -- its circuit breaker: what counts as a failure, each try or all of them, is for agent-sre to decide (ruling 8)


@when("it has failed for one alert after the other until its circuit breaker opens")
def opens(context: Context) -> None:
    failures = context.stage.profile.rulings.breaker_failures
    alerts = [fire(context, context.incident.function)]
    context.tries_again = context.remediation.tries_again(alerts[0])
    while len(alerts) < failures and context.remediation.calls(alerts[-1]):
        failed = len(context.remediation.calls_of(context.incident.function))
        alerts.append(fire(context, context.incident.function))
        if failed < failures:
            context.remediation.not_left_alone(alerts[-1], failed)
        is_over(context, alerts[-1])
    context.opened_at = context.remediation.failed_often(context.incident.function, failures)


def is_over(context: Context, alert: Alert) -> None:
    """The function has failed for the alert, with every try if it is called again about one alert."""
    if context.tries_again:
        context.remediation.failed(alert)


def fails_once_more(context: Context, alert: Alert) -> None:
    """The function fails for the alert, and is left alone again from then on."""
    context.remediation.call(alert)
    is_over(context, alert)
    context.opened_at = context.remediation.failed_often(context.incident.function, failures=1)


@given("a LambdaFunction whose circuit breaker is open")
def is_open(context: Context) -> None:
    function_raising(context)
    opens(context)


@given("its cool-down is over")
def is_cool(context: Context) -> None:
    cool_down = context.stage.profile.rulings.breaker_cooldown
    context.stage.waiting.pass_time(context.opened_at + cool_down * (1 + TOLERANCE))


@when("alerts that it remediates keep firing")
def keep_firing(context: Context) -> None:
    """Until the function is called again, or would have been for an alert that fired when its cool-down was over."""
    pause = context.stage.profile.rulings.breaker_cooldown / 4
    due = context.opened_at + context.stage.profile.rulings.breaker_cooldown + context.stage.waiting.limits.ticket
    at = context.opened_at + pause
    while at < due and not context.remediation.begun_since(context.incident.function, context.opened_at):
        context.stage.waiting.pass_time(at)
        fire(context, context.incident.function)
        at += pause


@given("a probe of it has failed")
def probe_has_failed(context: Context) -> None:
    is_cool(context)
    fails_once_more(context, fire(context, context.incident.function))


@given("it has recovered and its cool-down is over")
def has_recovered(context: Context) -> None:
    context.stage.world.functions.script(context.incident.function, succeeds)
    context.fault = context.stage.trouble.function_slow(context.incident.function, half_of_timeout(context))
    is_cool(context)


@then("the function is not called before the cool-down is over")
def left_alone(context: Context) -> None:
    """An alert that a busy agent comes to when the cool-down is over says nothing about it, and another one fires."""
    function, cool_down = context.incident.function, context.stage.profile.rulings.breaker_cooldown
    for is_last in (False, False, True):
        context.remediation.left_alone(function, context.opened_at, cool_down)
        if is_last or not context.remediation.calls(context.incident.alert):
            return
        fails_once_more(context, context.incident.alert)
        fires(context)
        context.remediation.failed(context.incident.alert)


@then("the other function is called within the cool-down")
def other_called(context: Context) -> None:
    """A busy agent may take longer than that, so it is tried again: one call within a cool-down is proof enough."""
    for is_last in (False, False, True):
        call = context.remediation.call(context.incident.alerts[-1])
        ends = context.opened_at + context.stage.profile.rulings.breaker_cooldown
        if is_last or call.began < ends:
            context.remediation.called_within_cool_down(call, ends)
            return
        probe_has_failed(context)
        other_function_fires(context)


@then("the function is called again after its cool-down")
def called_after_cool_down(context: Context) -> None:
    function, cool_down = context.incident.function, context.stage.profile.rulings.breaker_cooldown
    context.remediation.first_since(function, since=context.opened_at)
    context.remediation.left_alone(function, context.opened_at, cool_down)


@then("one call alone probes the function")
def one_probe(context: Context) -> None:
    context.remediation.one_probe(context.incident.function, since=context.opened_at)


@then("after its success the function is called for every alert again")
def closed_again(context: Context) -> None:
    context.fault.lift()
    for _ in range(2):
        remediation.answered(context.remediation.call(fire(context, context.incident.function)))


@then("it is left alone for the cool-down again")
def left_alone_again(context: Context) -> None:
    fails_once_more(context, context.incident.alert)
    fires(context)
    context.remediation.failed(context.incident.alert)
    left_alone(context)


@given("a LambdaFunction that fails once less often than opens its circuit breaker, and then succeeds")
def recovers_in_time(context: Context) -> None:
    deploy(context)
    fails_again(context)
    called_as_well(context)


def too_few(context: Context) -> int:
    """The most failures in a row that do not open a circuit breaker."""
    return context.stage.profile.rulings.breaker_failures - 1


@when("it fails again for as many alerts")
def fails_again(context: Context) -> None:
    context.stage.world.functions.script(context.incident.function, fails_at_first(too_few(context)))
    for number in range(too_few(context)):
        context.remediation.not_left_alone(fire(context, context.incident.function), number)


@then("it is called for the next alert as well")
def called_as_well(context: Context) -> None:
    context.remediation.not_left_alone(fire(context, context.incident.function), too_few(context))


# -- the whole way, from a rule


@given("an invalid LambdaFunction is created, one that cannot be built")
@ahead
def created_unbuildable(context: Context) -> None:
    deploy(context, DEPLOYMENTS["could not be built"])


@given("an invalid LambdaFunction is created, one whose code raises an error")
@ahead
def created_raising(context: Context) -> None:
    function_raising(context)


@then("the failure is handled: agent-sre is alive and the alert's open issue tells of the function")
def failure_handled(context: Context) -> None:
    alert = context.incident.alert
    calls.alive(context.stage.agent.health())
    context.issues.becomes(alert, lambda issue: remediation.names_function(issue, alert.function))
    context.issues.stays_open(alert)


@then("a failure ticket is created that belongs to the alert and says that {reason:Reason}")
def failure_ticket(context: Context, reason: str) -> None:
    ticket = context.remediation.failed_because(context.incident.alert, reason)
    context.issues.related(context.incident.alert, ticket)
