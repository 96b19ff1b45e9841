"""Sentences about what fails around the agent, and about what the agent makes of it."""

from behave import given, then, when

from steps.incident import calls, events, logs
from steps.incident.alert import make_alert
from steps.incident.context import Context

# -- the broker


@given("the broker fails the first delivery of an alert's firing")
def first_firing_fails(context: Context) -> None:
    context.fault = context.stage.trouble.at_broker(
        "answers that it is unavailable", context.incident.alert.mark, times=1
    )


@given("the broker rejects events as invalid")
def broker_rejects(context: Context) -> None:
    context.fault = context.stage.trouble.at_broker("rejects events as invalid", context.incident.alert.mark)


@given("the broker {fails}")
def broker_fails(context: Context, fails: str) -> None:
    context.fault = context.stage.trouble.at_broker(fails)


@when("the broker recovers after {count:d} attempts for each alert")
def recovers_after_attempts(context: Context, count: int) -> None:
    for alert in context.incident.alerts:
        context.events.tried(alert, "fired", count)
    context.fault.lift()


@when("the broker recovers after more attempts than one notification is worth")
def recovers_after_many_attempts(context: Context) -> None:
    recovers_after_attempts(context, context.stage.profile.rulings.tries + 1)


@when("the broker recovers after a while")
def recovers_after_a_while(context: Context) -> None:
    context.stage.waiting.outage()
    context.fault.lift()


# -- Linear


@given("Linear {fails} for the next {count:d} calls")
def linear_fails(context: Context, fails: str, count: int) -> None:
    context.fault = context.stage.trouble.at_linear(fails, times=count)


@given("the Linear API is disabled temporarily")
def linear_disabled(context: Context) -> None:
    context.fault = context.stage.trouble.at_linear("drops the connection")


@given("Linear opens the issue and {loses_the_answer}")
def linear_loses_answer(context: Context, loses_the_answer: str) -> None:
    context.fault = context.stage.trouble.at_linear_after_opening(loses_the_answer)


@given("Linear refuses every new issue as invalid")
def linear_refuses(context: Context) -> None:
    context.fault = context.stage.trouble.at_linear_opening("refuses it as invalid")


@given("Linear answers that the rate limit is reached, and when it ends")
def linear_limits(context: Context) -> None:
    context.limit_ends = context.stage.world.journal.cursor() + context.stage.trouble.linear_limit_reached()


@given("the key of agent-sre is revoked in Linear")
def linear_key_revoked(context: Context) -> None:
    context.stage.trouble.linear_key_revoked()


@given("the on-call service is down")
def on_call_down(context: Context) -> None:
    context.fault = context.stage.trouble.on_call_down()


# -- what the agent makes of it


@then("agent-sre stops calling Linear until the limit ends")
def respects_limit(context: Context) -> None:
    limited = context.stage.waiting.until(context.issues.limited_call, "ticket")
    context.stage.waiting.pass_time(context.limit_ends)
    made = context.issues.calls(since=limited.began)
    context.incident.saw_exchanges("Calls to Linear from the first that was limited", made)
    context.incident.did_not_see("a call to Linear before its limit ends", control=lambda: made)
    calls.silent(made, limited.ended, context.limit_ends)


@then("agent-sre is alive and has logged the error with the correlation id")
def alive_and_logged(context: Context) -> None:
    calls.alive(context.stage.agent.health())
    logged(context)


@then("agent-sre does not crash")
def does_not_crash(context: Context) -> None:
    context.stage.waiting.until(lambda: calls.made(context.issues.calls(), "to open the issue"), "ticket")
    health = context.stage.agent.health()
    calls.alive(health)
    context.incident.saw("agent-sre's health door", f"{health}")
    context.incident.did_not_see("a crash", control=lambda: health)


@then("agent-sre tries again with growing pauses")
def tries_again(context: Context) -> None:
    growth = context.stage.profile.rulings.pause_growth
    tries = context.stage.waiting.until(lambda: calls.tried_again(context.issues.calls(), growth), "recovery")
    context.incident.saw_exchanges("The first tries of one request", tries)


@then("once Linear is enabled again, the alert has its one issue within the recovery limit")
def linear_enabled(context: Context) -> None:
    context.stage.waiting.long_outage(context.issues.calls, context.stage.profile.rulings.tries + 1)
    lifted = context.stage.world.journal.cursor()
    context.fault.lift()
    context.issues.exactly_one_open(context.incident.alert, limit="recovery")
    opened = context.issues.of(context.incident.alert).created_at.timestamp()
    context.incident.saw("From the end of the fault to the issue", f"{opened - lifted:.2f} s")


@then("the error is logged with the correlation id of the alert's event")
def error_logged(context: Context) -> None:
    sent = context.events.first_at_broker(context.incident.alert)
    context.incident.correlation_id = events.correlation_of(sent)
    logged(context)


def logged(context: Context) -> None:
    """agent-sre has logged an error under the alert's correlation id."""
    ids = context.incident.correlation_ids()
    lines = context.stage.waiting.until(lambda: logs.reports_trouble(context.stage.agent.log(), ids), "log")
    context.incident.saw("agent-sre's log", "\n".join(lines))


@then("agent-sre's log lines about the alert show that correlation id")
def logs_correlation(context: Context) -> None:
    alert, correlation_id = context.incident.alert, context.incident.correlation_id
    lines = context.stage.waiting.until(
        lambda: logs.correlated(context.stage.agent.log(), alert.name, correlation_id), "log"
    )
    context.incident.saw("agent-sre's log", "\n".join(lines))


@then("agent-sre gives up after a few tries")
def gives_up(context: Context) -> None:
    context.stage.waiting.until(lambda: calls.made(context.issues.refused_calls(), "to open the issue"), "ticket")
    context.stage.waiting.given_up(lambda: [call.began for call in context.issues.refused_calls()])
    refused = context.issues.refused_calls()
    deliveries = max(1, len(context.events.at_agent(context.incident.alert)))  # the first may be under way still
    most = context.stage.profile.rulings.tries * deliveries
    context.incident.saw_exchanges("Calls that Linear refused", refused)
    calls.few(refused, most, "to open the issue")


@then("agent-sre has logged that Linear refused its key, without the key")
def logged_without_key(context: Context) -> None:
    logged(context)
    logs.without(context.stage.agent.log(), context.stage.world.credentials.linear_api_key)
    context.incident.did_not_see("the key in the log", control=context.stage.agent.log)


@then("an alert that fires once Linear accepts issues again has exactly one issue")
def works_again(context: Context) -> None:
    context.fault.lift()
    context.incident.fire(context.incident.adopt(make_alert()))
    context.issues.exactly_one(context.incident.alert)


@then("the alert has its issue once a valid key is in place and the alert is notified again")
def works_with_new_key(context: Context) -> None:
    context.stage.renew_linear_key()
    context.incident.fire(context.incident.alert)
    context.issues.exactly_one(context.incident.alert)


@when("the alert fires and is handled")
def fires_and_is_handled(context: Context) -> None:
    context.incident.fire(context.incident.alert)
    context.issues.exactly_one(context.incident.alert)


@then("every call to Linear carries the configured key in the place Linear asks for")
def authenticated(context: Context) -> None:
    made = context.issues.calls()
    calls.authenticated(made, context.stage.world.credentials.linear_api_key)
    context.incident.saw_exchanges("Calls to Linear", made)


@then("the key appears in no address")
def not_in_address(context: Context) -> None:
    made = context.stage.world.journal.exchanges(caller="agent-sre", since=context.incident.began)
    calls.not_in_address(made, context.stage.world.credentials.linear_api_key)
    context.incident.did_not_see("the key in an address", control=lambda: made)
    context.incident.saw("Addresses", "\n".join(call.url for call in made))
