"""Sentences about what fails around the agent, and about what the agent makes of it."""

from collections.abc import Callable
from functools import partial

from behave import given, then, when

from steps.incident import calls, events, logs
from steps.incident.alert import Alert, make_alert
from steps.incident.context import Context
from steps.incident.integrations import is_limited_with
from steps.incident.tickets import AnyTickets
from steps.world import staff
from steps.world.journal import Exchange
from steps.world.services.linear import Limited
from steps.world.trouble import FIELD_ERRORS, GENERAL_ERROR

# -- the broker


@given("the broker fails the first deliveries of an alert's firing")
def firing_fails(context: Context) -> None:
    context.fault = context.stage.trouble.at_broker(
        "answers that it is unavailable", context.incident.alert.mark, events.FIRED
    )


@given("the broker rejects events as invalid")
def broker_rejects(context: Context) -> None:
    context.fault = context.stage.trouble.at_broker("rejects events as invalid", context.incident.alert.mark)


@given("the broker answers that it is unavailable for the second of two alerts")
def broker_fails_one(context: Context) -> None:
    _, second = context.incident.alerts_or_new(2)
    context.fault = context.stage.trouble.at_broker("answers that it is unavailable", second.mark)


@given("the broker is overloaded, and asks for {seconds:d} s")
def broker_asks_for_time(context: Context, seconds: int) -> None:
    context.fault = context.stage.trouble.broker_overloaded(seconds, context.incident.alerts_or_new()[0].mark)


@given("the broker {fails}")
def broker_fails(context: Context, fails: str) -> None:
    context.fail_again = partial(context.stage.trouble.at_broker, fails)
    context.fault = context.fail_again()


@when("the broker recovers after {count:d} attempts for one of them")
def recovers_after_attempts(context: Context, count: int) -> None:
    context.events.one_tried(context.incident.alerts, "fired", count)
    context.fault.lift()


@when("the broker recovers after more attempts than one notification is worth")
def recovers_after_many_attempts(context: Context) -> None:
    recovers_late(context, context.incident.alert)


@when("the broker recovers for it after more attempts than one notification is worth")
def recovers_for_one(context: Context) -> None:
    recovers_late(context, context.incident.alerts[1])


def recovers_late(context: Context, alert: Alert) -> None:
    context.events.outlasted(alert, "fired", context.stage.profile.rulings.tries)
    context.fault.lift()


@when("the broker recovers after the resolved event has had the time to overtake")
def recovers_after_overtaking(context: Context) -> None:
    context.events.let_overtake(context.incident.alert)
    context.fault.lift()


@when("the broker recovers after a while")
def recovers_after_a_while(context: Context) -> None:
    context.stage.waiting.outage()
    context.fault.lift()


@when("the broker recovers after prometheus-events has given one of the attempts up")
def recovers_unanswered(context: Context) -> None:
    context.events.given_up(context.incident.alerts, "fired")
    context.fault.lift()


# -- Linear


@given("Linear {fails} for the next {count:d} calls")
def linear_fails(context: Context, fails: str, count: int) -> None:
    context.fault = context.stage.trouble.at_linear(fails, times=count)


@given("the Linear API is disabled temporarily")
def linear_disabled(context: Context) -> None:
    context.stage.settle()
    context.fault = context.stage.trouble.at_linear("drops the connection")


def meanwhile(context: Context, tracker: AnyTickets, count: int, happens: Callable[[Alert], None]) -> None:
    """That happens to the alert, and the fault lasts until the agent's calls have met it so often."""
    tracker.note(context.incident.alert)
    happened = context.stage.world.journal.cursor()
    happens(context.incident.alert)
    context.stage.waiting.long_outage(lambda: tracker.calls(since=happened), count)
    context.fault.lift()


@when("the alert is notified again, and Linear is enabled again after it has dropped {count:d} calls")
def notified_without_linear(context: Context, count: int) -> None:
    meanwhile(context, context.issues, count, context.incident.fire)


@when("the alert resolves, and Linear is enabled again after it has dropped {count:d} calls")
def resolves_without_linear(context: Context, count: int) -> None:
    meanwhile(context, context.issues, count, context.incident.resolve)


@when("two alerts fire, and the first one resolves before Linear opens issues again")
def resolves_before_opened(context: Context) -> None:
    first, second = context.incident.alerts_or_new(2)
    context.incident.fire(first, second)
    context.stage.waiting.until(lambda: calls.made(context.issues.calls_since_told(first), "to call Linear"), "ticket")
    meanwhile(context, context.issues, 2, context.incident.resolve)


@given("Linear opens the issue and {loses_the_answer}")
def linear_loses_answer(context: Context, loses_the_answer: str) -> None:
    context.fault = context.stage.trouble.at_linear_after_opening(loses_the_answer)


@given("Linear fails whenever an issue is to be opened")
def linear_opens_none(context: Context) -> None:
    context.fault = context.stage.trouble.at_linear_opening("answers with an internal error")


@given("Linear refuses every new issue as invalid")
def linear_refuses(context: Context) -> None:
    context.fault = context.stage.trouble.at_linear_opening("refuses it as invalid")


@given("Linear answers that its limit of {what:w} is reached, and when that ends")
def linear_limits(context: Context, what: Limited) -> None:
    context.limit_lasts = context.stage.trouble.linear_limit_reached(what)


@given("the key of agent-sre is revoked in Linear")
def linear_key_revoked(context: Context) -> None:
    context.stage.settle()
    context.stage.trouble.linear_key_revoked()


# -- Jira


@given("Jira {fails} for the next {count:d} calls")
def jira_fails(context: Context, fails: str, count: int) -> None:
    context.fault = context.stage.trouble.at_jira(fails, times=count)


@given("the Jira API is disabled temporarily")
def jira_disabled(context: Context) -> None:
    context.stage.settle()
    context.fault = context.stage.trouble.at_jira("drops the connection")


@when("the alert is notified again, and Jira is enabled again after it has dropped {count:d} calls")
def notified_without_jira(context: Context, count: int) -> None:
    meanwhile(context, context.jira_issues, count, context.incident.fire)


@when("the alert resolves, and Jira is enabled again after it has dropped {count:d} calls")
def resolves_without_jira(context: Context, count: int) -> None:
    meanwhile(context, context.jira_issues, count, context.incident.resolve)


@given("Jira opens the issue and {loses_the_answer}")
def jira_loses_answer(context: Context, loses_the_answer: str) -> None:
    context.fault = context.stage.trouble.at_jira_after_opening(loses_the_answer)


@given("Jira refuses every new issue and names the fields at fault")
def jira_refuses(context: Context) -> None:
    context.fault = context.stage.trouble.at_jira_opening("refuses it for its fields")


@given("Jira answers that the rate limit is reached, and when it ends")
def jira_limits(context: Context) -> None:
    context.stage.trouble.jira_limit_reached()


@given("Jira answers that it is unavailable, and when to come back")
def jira_unavailable(context: Context) -> None:
    context.fault = context.stage.trouble.at_jira("is unavailable and says for how long", times=1)


@given("the token of agent-sre is revoked in Jira")
def jira_token_revoked(context: Context) -> None:
    context.stage.settle()
    context.stage.trouble.jira_token_revoked()


@given("the token of agent-sre is allowed nothing in Jira")
def jira_token_restricted(context: Context) -> None:
    context.stage.settle()
    context.fault = context.stage.trouble.jira_token_restricted()


# -- who is on call


@given("the on-call service is down")
def on_call_down(context: Context) -> None:
    context.fault = context.stage.trouble.on_call_down()


# -- what the agent makes of it


@when("another alert fires while Linear asks to be left alone")
def another_within_limit(context: Context) -> None:
    fires_within_limit(context, context.issues)


@when("another alert fires while Jira asks to be left alone")
def another_within_jira_limit(context: Context) -> None:
    fires_within_limit(context, context.jira_issues)


def fires_within_limit(context: Context, tickets: AnyTickets) -> None:
    """The tracker has told the agent to wait, and with the other alert there is something else to call it for."""
    limited = context.stage.waiting.until(tickets.limited_call, "ticket")
    context.stage.waiting.pass_time(limited.ended + context.stage.profile.load.notice)
    context.within_limit = make_alert()
    context.incident.fire_beside(context.within_limit)


@then("the other alert has its open issue in Linear as well")
def other_has_issue(context: Context) -> None:
    context.issues.open_about_each(context.within_limit, limit="recovery")


@then("the other alert has its open issue in Jira as well")
def other_has_jira_issue(context: Context) -> None:
    context.jira_issues.open_about_each(context.within_limit, limit="recovery")


@then("agent-sre stops calling Linear until the limit ends")
def respects_limit(context: Context) -> None:
    limited = context.stage.waiting.until(context.issues.limited_call, "ticket")
    leaves_alone(context, context.issues, limited.began + context.limit_lasts)


@then("agent-sre stops calling Jira for as long as Jira has asked")
def respects_jira(context: Context) -> None:
    limited = context.stage.waiting.until(context.jira_issues.limited_call, "ticket")
    leaves_alone(context, context.jira_issues, limited.asked_until, under_that_limit)


def under_that_limit(made: list[Exchange], limited: Exchange) -> list[Exchange]:
    return [call for call in made if is_limited_with(call, limited)]


@then("agent-sre calls Jira about the alert no more for as long as Jira has asked")
def waits_for_jira(context: Context) -> None:
    limited = context.stage.waiting.until(context.jira_issues.limited_call, "ticket")
    leaves_alone(context, context.jira_issues, limited.asked_until, calls.about_the_same)


def leaves_alone(
    context: Context,
    tickets: AnyTickets,
    until: float,
    concerned: Callable[[list[Exchange], Exchange], list[Exchange]] = lambda made, _: made,
) -> None:
    """From the first answer that asks for time to that time of the journal the tracker is not called.

    Where only some of the calls are concerned, `concerned` picks them, given the one that was answered so.
    """
    limited = context.stage.waiting.until(tickets.limited_call, "ticket")
    context.stage.waiting.pass_time(until)
    made = concerned(tickets.calls(since=limited.began), limited)
    context.incident.saw_exchanges(f"Calls to {tickets.name} from the first that was limited", made)
    context.incident.did_not_see(f"a call to {tickets.name} before its limit ends", control=lambda: [limited, *made])
    calls.silent(made, limited, until, context.stage.profile.load.notice)


@then("agent-sre is alive and has logged the error with the correlation id")
def alive_and_logged(context: Context) -> None:
    calls.alive(context.stage.agent.health())
    logged(context)


@then("agent-sre is alive and has logged Linear's error with the correlation id")
def alive_and_logged_linear(context: Context) -> None:
    calls.alive(context.stage.agent.health())
    logged(context, at="Linear")


@then("agent-sre does not crash")
def does_not_crash(context: Context) -> None:
    alert = context.incident.alert
    context.stage.waiting.until(
        lambda: calls.made(context.issues.calls_since_told(alert), "to open the issue"), "ticket"
    )
    health = context.stage.agent.health()
    calls.alive(health)
    context.incident.saw("agent-sre's health door", f"{health}")
    context.incident.did_not_see("a crash", control=lambda: health)


@then("agent-sre tries again with growing pauses")
def tries_again(context: Context) -> None:
    """Who gives a call up after a few tries shows fewer pauses."""
    growth, alert = context.stage.profile.rulings.pause_growth, context.incident.alert

    def tries(least: int = calls.ENOUGH) -> list[Exchange]:
        return calls.tried_again(context.issues.calls_since_told(alert), growth, least)

    try:
        made = context.stage.waiting.until(tries, "recovery")
    except AssertionError:
        made = tries(calls.FEWEST)
    context.incident.saw_exchanges("The first tries of one request", made)


@then("once Linear is enabled again, the alert has its one issue within the recovery limit")
def linear_enabled(context: Context) -> None:
    alert = context.incident.alert
    context.stage.waiting.long_outage(
        lambda: context.issues.calls_since_told(alert), context.stage.profile.rulings.tries + 1
    )
    lifted = context.stage.world.journal.cursor()
    context.fault.lift()
    context.issues.exactly_one_open(alert, limit="recovery")
    opened = context.issues.of(alert).created_at.timestamp()
    context.incident.saw("From the end of the fault to the issue", f"{opened - lifted:.2f} s")


@then("the error is logged with the correlation id of the alert's event")
def error_logged(context: Context, at: str | None = None) -> None:
    sent = context.events.first_at_broker(context.incident.alert)
    context.incident.correlation_id = events.correlation_of(sent)
    logged(context, at=at)


@then("Linear's error is logged with the correlation id of the alert's event")
def linear_error_logged(context: Context) -> None:
    error_logged(context, at="Linear")


@then("agent-sre is alive and has logged Jira's error with the correlation id")
def alive_and_logged_jira(context: Context) -> None:
    calls.alive(context.stage.agent.health())
    logged(context, at="Jira")


@then("agent-sre is alive and has logged every field at fault and Jira's other complaint with the correlation id")
def alive_and_logged_complaints(context: Context) -> None:
    calls.alive(context.stage.agent.health())
    words = [GENERAL_ERROR, *(word for field in FIELD_ERRORS.items() for word in field)]
    logged(context, lambda lines: logs.tells_all(lines, words), at="Jira")


def logged(context: Context, claim: Callable[[list[str]], None] = lambda _: None, at: str | None = None) -> None:
    """Under the correlation id the agent comes to log trouble, at that party or at any, in lines as claimed."""
    ids = context.incident.correlation_ids()

    def told() -> list[str]:
        lines = logs.reports_trouble(context.stage.agent.log(), ids, at)
        claim(lines)
        return lines

    context.incident.saw("agent-sre's log", "\n".join(context.stage.waiting.until(told, "log")))


@then("agent-sre's log lines about the alert show that correlation id")
def logs_correlation(context: Context) -> None:
    alert, correlation_id = context.incident.alert, context.incident.correlation_id
    lines = context.stage.waiting.until(
        lambda: logs.correlated(context.stage.agent.log(), alert.name, correlation_id), "log"
    )
    context.incident.saw("agent-sre's log", "\n".join(lines))


@then("agent-sre's log lines about each alert show its own correlation id")
def logs_own_correlations(context: Context) -> None:
    for alert in context.incident.alerts:
        lines = context.stage.waiting.until(partial(lines_about_alone, context, alert), "log")
        context.incident.saw(f"agent-sre's log about {alert.called}", "\n".join(lines))


def lines_about_alone(context: Context, alert: Alert) -> list[str]:
    """The lines about the alert and no other of the scenario, all of which show its own correlation id."""
    others = [other.name for other in context.incident.alerts if other is not alert]
    lines = logs.apart_from(context.stage.agent.log(), others)
    return logs.correlated(lines, alert.name, context.own_correlation_ids[alert.mark])


@then("agent-sre gives up after a few tries")
def gives_up(context: Context) -> None:
    few_tries(context, context.issues)


@then("agent-sre gives up in Jira after a few tries")
def gives_up_jira(context: Context) -> None:
    few_tries(context, context.jira_issues)


def few_tries(context: Context, tickets: AnyTickets) -> None:
    """What the tracker refuses is tried no more often than the ruling allows."""
    tickets.gives_up(context.incident.alert, context.stage.profile.rulings.tries)


@then("agent-sre has logged that Linear refused its key, without the key")
def logged_without_key(context: Context) -> None:
    logged(context, logs.tells_refusal, at="Linear")
    logs.without(context.stage.agent.log(), context.stage.world.credentials.linear_api_key)
    context.incident.did_not_see("the key in the log", control=context.stage.agent.log)


@then("agent-sre has logged that Jira refused its token, without the token")
def logged_without_token(context: Context) -> None:
    logged(context, logs.tells_refusal, at="Jira")
    logs.without(context.stage.agent.log(), context.stage.world.credentials.jira_api_token)
    context.incident.did_not_see("the token in the log", control=context.stage.agent.log)


@then("an alert that fires once Linear accepts issues again has exactly one issue")
def works_again(context: Context) -> None:
    context.fault.lift()
    context.incident.fire(context.incident.adopt(make_alert()))
    context.issues.exactly_one(context.incident.alert)


@then("an alert that fires once Jira accepts issues again has exactly one Jira issue")
def jira_works_again(context: Context) -> None:
    context.fault.lift()
    context.incident.fire(context.incident.adopt(make_alert()))
    context.jira_issues.exactly_one(context.incident.alert)


@then("the alert has its issue once a valid key is in place and the alert is notified again")
def works_with_new_key(context: Context) -> None:
    context.stage.renew_linear_key()
    notified_until_opened(context, context.issues)


@then("the alert has its Jira issue once a valid token is in place and the alert is notified again")
def works_with_new_token(context: Context) -> None:
    context.stage.renew_jira_token()
    notified_until_opened(context, context.jira_issues)


def notified_until_opened(context: Context, tickets: AnyTickets) -> None:
    """The alert is notified again and again, and has its one issue when the new credential has to be in use (SEC3)."""
    alert = context.incident.alert
    tickets.opened_by_repeating(alert, lambda: context.incident.fire(alert))
    tickets.exactly_one(alert)


@when("the alert fires and is handled")
def fires_and_is_handled(context: Context) -> None:
    context.incident.fire(context.incident.alert)
    context.issues.exactly_one(context.incident.alert)


@then("every call to Linear carries the configured key in the place Linear asks for")
def authenticated(context: Context) -> None:
    made = context.issues.calls()
    calls.authenticated(made, context.stage.world.credentials.linear_api_key)
    context.incident.saw_exchanges("Calls to Linear", made)


@then("every call to Jira carries the configured e-mail address and token in the place Jira asks for")
def jira_authenticated(context: Context) -> None:
    context.stage.waiting.until(lambda: calls.made(context.jira_issues.calls(), "to call Jira"), "ticket")
    context.jira_issues.quiet(context.incident.alert)
    made = context.jira_issues.calls()
    context.incident.saw_exchanges("Calls to Jira", made)
    calls.authenticated_as(made, staff.AGENT, context.stage.world.credentials.jira_api_token)


@then("the token appears in no address")
def token_not_in_address(context: Context) -> None:
    not_in_address(context, "token", context.stage.world.credentials.jira_api_token)


@then("the key appears in no address")
def key_not_in_address(context: Context) -> None:
    not_in_address(context, "key", context.stage.world.credentials.linear_api_key)


def not_in_address(context: Context, what: str, credential: str) -> None:
    made = context.stage.world.journal.exchanges(caller="agent-sre", since=context.incident.began)
    calls.not_in_address(made, credential)
    context.incident.did_not_see(f"the {what} in an address", control=lambda: made)
    context.incident.saw("Addresses", "\n".join(call.url for call in made))
