"""Sentences about measures: many alerts at once, how long they take and what they cost."""

from behave import then, when

from steps.incident import measures, remediation
from steps.incident.alert import make_alert
from steps.incident.context import Context
from steps.world.processes.usage import Usage, usage_of


@when("multiple alerts are triggered simultaneously")
def triggered_together(context: Context) -> None:
    context.watch = context.stage.watch_agent()
    context.incident.fire(*context.incident.alerts)


@then("all integrations work for every alert")
def all_work(context: Context) -> None:
    alerts = context.incident.alerts
    context.issues.open_about_each(*alerts, limit="burst")
    context.jira_issues.open_about_each(*alerts, limit="burst")
    for alert in alerts:
        remediation.answered_well([context.remediation.call(alert)], alert)


@then("no ticket and no remediation mixes up two alerts")
def no_mix_up(context: Context) -> None:
    alerts = context.incident.alerts
    for tickets in (context.issues, context.jira_issues):
        tickets.exactly_one_open(*alerts)
        tickets.each_its_own(alerts)
    for alert, call in zip(alerts, context.remediation.each_called_once(alerts), strict=True):
        remediation.carries_parameters(call, {"name": alert.pod})


@then("the performance of each integration is acceptable")
def performs(context: Context) -> None:
    measured = measures.of_each_integration(context.stage.world.journal, context.incident.alerts)
    context.incident.saw("From the agent's door to the effect", measures.shown(measured))
    measures.in_time(measured, context.stage.profile.limits.burst_latency)


@then("the resource usage of agent-sre is acceptable")
def bearable(context: Context) -> None:
    context.watch.stop()
    limits = context.stage.profile.resources
    measures.bearable(context.watch, limits, context.incident)
    measures.uses_again(context.watch, limits, lambda: used_later(context), context.incident)


def used_later(context: Context) -> Usage:
    """What agent-sre uses after some more alerts, one after the other."""
    for alert in [make_alert(function=context.incident.alert.function) for _ in range(measures.LATER)]:
        context.incident.fire_beside(alert)
        context.issues.open_about_each(alert, limit="burst")
        context.jira_issues.open_about_each(alert, limit="burst")
    return usage_of(context.stage.target.agent_pid)
