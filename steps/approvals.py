"""Sentences about approvals: people who are asked before a remediation, and what they decide."""

import json

from behave import given, register_type, then, when

from steps.alerts import fires_again, let_resolve
from steps.incident import approvals, calls
from steps.incident.alert import Alert, make_alert, namesakes
from steps.incident.approvals import FUNCTION, PARTIES, SUPERVISED, TIMEOUT, Where
from steps.incident.arrangement import under
from steps.incident.context import Context
from steps.incident.forgery import FORGERIES
from steps.incident.model import KINDS, alert_about
from steps.incident.texts import CONTENTS
from steps.incident.words import one_of
from steps.world.staff import APPROVER, SECOND_APPROVER
from steps.world.trouble import APPROVALS, AT_APPROVALS

register_type(
    Forged=one_of(FORGERIES),
    Place=one_of(APPROVALS),
    FailingPlace=one_of(AT_APPROVALS),
    SupervisedAlert=one_of(SUPERVISED),
    Where=one_of(PARTIES),
)

# -- how agent-sre is set


def show_arrangement(context: Context) -> None:
    context.incident.saw("agent-sre is set to", json.dumps(context.stage.target.arrangement, indent=2), "json")


@given("remediations need one approval")
@under("any approval")
def any_approval(context: Context) -> None:
    show_arrangement(context)


@given("remediations need the approval of all")
@under("all approvals")
def all_approvals(context: Context) -> None:
    show_arrangement(context)


@given("remediations need one approval, and the application does not call back")
@under("any approval, polled")
def polled(context: Context) -> None:
    show_arrangement(context)


@given("remediations need one approval, and stay pending without an answer")
@under("pending after the time-out")
def pending_after(context: Context) -> None:
    show_arrangement(context)


@given("remediations need one approval, and are approved without an answer")
@under("approved after the time-out")
def approved_after(context: Context) -> None:
    show_arrangement(context)


@given("remediations need one approval, and are rejected without an answer")
@under("rejected after the time-out")
def rejected_after(context: Context) -> None:
    show_arrangement(context)


@given("remediations need the approval of all, and are rejected without it")
@under("all approvals, rejected after the time-out")
def all_or_rejected(context: Context) -> None:
    show_arrangement(context)


# -- alerts


def fire(context: Context, count: int = 1) -> None:
    context.incident.alerts = namesakes(count, function=FUNCTION)
    context.incident.fire(*context.incident.alerts)


@when("an alert fires whose remediation needs approval")
def fires(context: Context) -> None:
    fire(context)


@when("{an_alert:SupervisedAlert} fires and its remediation needs approval")
def one_of_kind_fires(context: Context, an_alert: str) -> None:
    context.incident.fire(context.incident.adopt(SUPERVISED[an_alert]()))


@when("an alert fires whose remedy the model chooses")
def fires_without_function(context: Context) -> None:
    context.incident.fire(context.incident.adopt(alert_about(KINDS["a pod that crashes again and again"])))


@when("an alert with very long texts and parameters fires whose remediation needs approval")
def long_one_fires(context: Context) -> None:
    _, texts = CONTENTS["four kilobytes of text"]
    alert = context.incident.adopt(make_alert(function=FUNCTION))
    parameters = json.loads(alert.annotations["lambda_parameters"]) | {"reason": texts["description"]}
    alert.annotations |= texts | {"lambda_parameters": json.dumps(parameters)}
    context.incident.fire(alert)


@given("an alert whose remediation waits for approval")
def waits(context: Context) -> None:
    fire(context)
    context.approvals.asked_at(context.incident.alert)


@given("an alert whose remediation was approved and that has resolved")
def approved_and_resolved(context: Context) -> None:
    fire(context)
    genuine(context)
    let_resolve(context)


@when("the alert fires again and its remediation needs approval again")
def fires_anew(context: Context) -> None:
    context.approvals.anew()
    fires_again(context)


@when("the alert is notified again while it waits")
def notified_while_waiting(context: Context) -> None:
    context.incident.fire(context.incident.alert)
    context.approvals.told_again(context.incident.alert)


@given("two alerts whose remediations wait for approval")
def two_wait(context: Context) -> None:
    fire(context, 2)
    for alert in context.incident.alerts:
        context.approvals.asked_at(alert)


@given("two alerts whose remediations wait for approval at both places")
def two_wait_at_both(context: Context) -> None:
    fire(context, 2)
    for alert in context.incident.alerts:
        context.approvals.asked_everywhere(alert)


# -- what people are asked


@then("Slack shows a request with the action, the alert and its parameters")
def slack_tells(context: Context) -> None:
    alert = context.incident.alert
    approvals.tells(context.approvals.slack_request(alert), approvals.facts_of(alert))


@then("the request has an id and one button each to approve and to reject")
def has_id_and_buttons(context: Context) -> None:
    context.approvals.has_id_and_buttons(context.incident.alert)


@then("Slack shows a request about the alert")
def slack_shows(context: Context) -> None:
    context.approvals.slack_request(context.incident.alert)


@then("Slack shows exactly one request about the alert")
def slack_shows_one(context: Context) -> None:
    context.approvals.once_on_slack(context.incident.alert)


@then("the approval application is told the request id, the action, the parameters, the time-out and where to answer")
def application_told(context: Context) -> None:
    said = context.approvals.application_request(context.incident.alert)
    approvals.asks_application(said, context.incident.alert, timeout_of(context))


# -- what people decide


@when("a person approves it {where:Where}")
@when("a person approves the first one {where:Where}")
def approves(context: Context, where: Where) -> None:
    context.decided = context.approvals.decide(context.incident.alert, where, "approve", APPROVER)


@when("another person approves it {where:Where}")
def other_approves(context: Context, where: Where) -> None:
    context.decided = context.approvals.decide(context.incident.alert, where, "approve", SECOND_APPROVER)


@when("another person approves the second one {where:Where}")
def other_approves_second(context: Context, where: Where) -> None:
    context.approvals.decide(context.incident.alerts[1], where, "approve", SECOND_APPROVER)


@when("a person approves it wherever agent-sre asks")
def approves_wherever(context: Context) -> None:
    if decided := context.approvals.decide_wherever_asked(context.incident.alert, "approve", APPROVER):
        context.decided = decided


@when("a person approves each request about it on Slack")
def approves_each(context: Context) -> None:
    context.decided = context.approvals.approve_each(context.incident.alert, APPROVER)


@when("a person rejects it {where:Where}")
@when("a person rejects the first one {where:Where}")
def rejects(context: Context, where: Where) -> None:
    context.decided = context.approvals.decide(context.incident.alert, where, "reject", APPROVER)


@when("another person rejects it {where:Where}")
def other_rejects(context: Context, where: Where) -> None:
    context.decided = context.approvals.decide(context.incident.alert, where, "reject", SECOND_APPROVER)


@when("another person still approves it {where:Where}")
@when("another person still approves the first one {where:Where}")
def still_approves(context: Context, where: Where) -> None:
    context.approvals.decide_again(context.incident.alert, where, "approve", SECOND_APPROVER)


@when("a person approves it in the approval application, which keeps it to itself")
def approves_quietly(context: Context) -> None:
    context.decided = context.approvals.decide_quietly(context.incident.alert, "approve", APPROVER)


@when("a person rejects the first one in the approval application, which keeps it to itself")
def rejects_quietly(context: Context) -> None:
    context.decided = context.approvals.decide_quietly(context.incident.alert, "reject", APPROVER)


@when("a person approves it on Slack and another person approves it once more")
def approve_twice(context: Context) -> None:
    approves(context, "on Slack")
    still_approves(context, "on Slack")


@when("a person approves the first one on Slack and then the second one, and the first approval arrives again")
def replayed(context: Context) -> None:
    first, second = context.incident.alerts
    context.decided, context.answer = context.approvals.replay(first, second, APPROVER)


@when("an approval arrives that is {forged:Forged}")
def forged(context: Context, forged: str) -> None:
    context.answer = context.approvals.forge(context.incident.alert, forged, APPROVER)


@when("a signed approval of a request arrives that was never made")
def unknown(context: Context) -> None:
    context.answer = context.approvals.approve_unknown(context.incident.alert, APPROVER)


# -- what comes of it


@then("it is refused and the LambdaFunction is not called")
def refused(context: Context) -> None:
    context.approvals.not_called(context.incident.alert)
    approvals.refused(context.answer)


@then("a genuine approval has the LambdaFunction called once")
def genuine(context: Context) -> None:
    approves(context, "on Slack")
    called_once(context)


@then("the second one is refused and the LambdaFunction is called once")
def replay_refused(context: Context) -> None:
    called_once(context)
    approvals.refused(context.answer)


@then("the LambdaFunction is called once, and only after the approval")
@then("the first alert's LambdaFunction is called once, and only after the approval")
def called_once(context: Context) -> None:
    context.approvals.called_once(context.incident.alert, context.decided.began)


@then("the LambdaFunction is not called")
def not_called(context: Context) -> None:
    context.approvals.not_called(context.incident.alert)


@then("no LambdaFunction is called about it without approval")
def not_called_unasked(context: Context) -> None:
    context.approvals.not_called_unasked(context.incident.alert)


@then("only the first alert's LambdaFunction is called")
def only_first(context: Context) -> None:
    first, second = context.incident.alerts
    only(context, first, second)


@then("only the second alert's LambdaFunction is called")
def only_second(context: Context) -> None:
    first, second = context.incident.alerts
    only(context, second, first)


@then("the second alert's LambdaFunction is called once, too")
def second_too(context: Context) -> None:
    context.approvals.called_once(context.incident.alerts[1], context.incident.began)


def only(context: Context, called: Alert, other: Alert) -> None:
    context.approvals.called_once(called, context.incident.began)
    context.approvals.not_called(other)


@then("the ticket says who approved and when")
@then("the ticket says who rejected and when")
@then("the first alert's ticket says who rejected and when")
def recorded(context: Context) -> None:
    context.approvals.recorded(context.incident.alert, context.decided)


@then("another alert that is approved in time has its LambdaFunction called")
def approved_in_time(context: Context) -> None:
    before, since = context.incident.alert, context.stage.world.journal.cursor()
    fire(context)
    genuine(context)
    context.approvals.still_not_called(before, since)


@then("another alert that all approve has its LambdaFunction called")
def approved_by_all(context: Context) -> None:
    before, since = context.incident.alert, context.stage.world.journal.cursor()
    fire(context)
    approves(context, "on Slack")
    other_approves(context, "in the approval application")
    called_once(context)
    context.approvals.still_not_called(before, since)


# -- when nobody answers


def timeout_of(context: Context) -> float:
    return float(context.stage.target.arrangement[TIMEOUT])


@when("nobody answers about the second one until the time is up")
def time_is_up(context: Context) -> None:
    context.approvals.time_is_up(context.incident.alerts, timeout_of(context))


@then("nothing is done when the time is up")
def nothing_at_timeout(context: Context) -> None:
    context.approvals.nothing_at_timeout(context.incident.alert, timeout_of(context))


@then("the LambdaFunction is called once when the time is up")
def called_at_timeout(context: Context) -> None:
    context.approvals.called_at_timeout(context.incident.alert, timeout_of(context))


@then("the ticket says when the time is up that the remediation is rejected")
def rejected_at_timeout(context: Context) -> None:
    context.approvals.rejected_at_timeout(context.incident.alert, timeout_of(context))


@then("a late approval changes nothing")
def late_approval(context: Context) -> None:
    still_approves(context, "on Slack")
    not_called(context)


@then("a late rejection changes nothing")
def late_rejection(context: Context) -> None:
    context.approvals.decide_again(context.incident.alert, "on Slack", "reject", SECOND_APPROVER)
    context.approvals.called_once(context.incident.alert, context.incident.began)


# -- places where people approve, and their troubles


@given("{place:Place} {fails:FailingPlace} when it is asked for approval")
def place_fails(context: Context, place: str, fails: str) -> None:
    context.fault = context.stage.trouble.at_approvals(place, fails)


@when("{place:Place} works again")
def place_works(context: Context, place: str) -> None:
    context.fault.lift()


@given("Slack answers that the rate limit is reached, and when it ends")
def slack_limits(context: Context) -> None:
    context.stage.trouble.slack_limit_reached()


@then("agent-sre stops calling Slack until the limit ends")
def slack_limit_respected(context: Context) -> None:
    limited, ends = context.approvals.limited()
    context.stage.waiting.pass_time(ends)
    made = context.approvals.requests(context.incident.alert, "on Slack")
    context.incident.saw_exchanges("Calls to Slack", made)
    context.incident.did_not_see("a call to Slack before its limit ends", control=lambda: [limited, *made])
    calls.silent(made, limited, ends, context.stage.profile.load.notice)
