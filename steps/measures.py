"""Sentences about measures: many alerts at once, how long they take and what they cost."""

from behave import then, when

from steps.incident import measures, remediation
from steps.incident.context import Context


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
    measures.bearable(context.watch, context.stage.profile.resources, context.incident)
