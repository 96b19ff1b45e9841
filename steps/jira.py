"""Sentences about Jira issues."""

from behave import given, then, when

from steps.alerts import fires_again
from steps.incident import jira_issues, tickets
from steps.incident.alert import of_one_pod
from steps.incident.context import Context
from steps.incident.facts import label_facts

# -- an alert with an issue


@given("a firing alert with a Jira issue")
def firing_with_issue(context: Context, count: int = 1) -> None:
    alerts = context.incident.alerts_or_new(count)
    context.incident.fire(*alerts)
    for alert in alerts:
        context.jira_issues.exactly_one(alert)
        context.jira_issues.note(alert)


@given("a firing alert with a Jira issue on which it was notified again")
def firing_again_with_issue(context: Context) -> None:
    firing_with_issue(context)
    context.incident.fire(context.incident.alert)
    context.jira_issues.updated(context.incident.alert)
    context.jira_issues.note(context.incident.alert)


@given("an alert that fired, had a Jira issue and resolved")
def resolved_with_issue(context: Context) -> None:
    firing_with_issue(context)
    context.incident.resolve(context.incident.alert)
    context.jira_issues.becomes(context.incident.alert, jira_issues.is_done, limit="recovery")


@given("an alert that fired again after it resolved, and has an open Jira issue again")
def fired_again_with_issue(context: Context) -> None:
    resolved_with_issue(context)
    fires_again(context)
    one_open(context)


@given("two firing alerts with a Jira issue each")
def two_firing_with_issues(context: Context) -> None:
    firing_with_issue(context, count=2)


@given("three alerts of one name about one pod that fire one after the other, with a Jira issue each")
def three_firing_of_one_pod(context: Context) -> None:
    """Whoever finds an issue by the alert's name finds the first or the last of them."""
    context.incident.alerts = of_one_pod(3)
    for alert in context.incident.alerts:
        context.incident.fire(alert)
        context.jira_issues.exactly_one(alert)
        context.jira_issues.note(alert)


@given("somebody has begun to work on both of the Jira issues")
def work_begun(context: Context) -> None:
    for alert in context.incident.alerts:
        context.stage.jira.move(context.jira_issues.of(alert), "indeterminate")


@given("a Jira project in which done work is called otherwise")
def other_workflow(context: Context) -> None:
    context.stage.trouble.jira_goes_other_ways()


# -- opened


@then("exactly one issue is opened in the configured Jira project")
@then("exactly one issue is opened in the configured Jira project afterwards")
@then("no second issue is opened in Jira for the alert")
def one_issue(context: Context) -> None:
    context.jira_issues.exactly_one(context.incident.alert)


@then("the alert has exactly one open Jira issue")
def one_open(context: Context) -> None:
    context.jira_issues.exactly_one_open(context.incident.alert)


@then("the alert has its open Jira issue within the recovery limit")
def open_at_last(context: Context) -> None:
    context.jira_issues.open_about_each(context.incident.alert, limit="recovery")


@then("the alert has no open Jira issue left")
def none_open(context: Context) -> None:
    context.jira_issues.none_open(context.incident.alert)


@then("the Jira issue is of the agreed type")
def has_type(context: Context) -> None:
    agreed = context.stage.profile.jira.issue_type
    context.jira_issues.becomes(context.incident.alert, lambda issue: jira_issues.is_of_type(issue, agreed))


@then("the Jira issue's summary names the alert")
def summary_names(context: Context) -> None:
    alert = context.incident.alert
    context.jira_issues.becomes(alert, lambda issue: tickets.title_names(issue, alert))


@then("the Jira issue's description is a document as Jira wants it")
def is_document(context: Context) -> None:
    context.jira_issues.becomes(context.incident.alert, jira_issues.is_document)


@then("the Jira issue's description has the severity, every label and the correlation id")
def description_has(context: Context) -> None:
    alert = context.incident.alert
    context.jira_issues.becomes(alert, lambda issue: tickets.describes(issue, label_facts(alert)))
    context.jira_issues.becomes(alert, lambda issue: tickets.correlates(issue, context.incident.correlation_ids()))


@then("the Jira issue's description has the severity, every label, the description and the correlation id")
def description_has_all(context: Context) -> None:
    description_has(context)
    alert = context.incident.alert
    context.jira_issues.becomes(alert, lambda issue: tickets.tells(issue, alert))


@then("the Jira issue tells the alert's summary")
def tells_summary(context: Context) -> None:
    told = {"the summary": context.incident.alert.annotations["summary"]}
    context.jira_issues.becomes(context.incident.alert, lambda issue: tickets.holds(issue, told))


# -- updated


@then("the Jira issue is updated")
def is_updated(context: Context) -> None:
    context.jira_issues.updated(context.incident.alert)


@then("the Jira issue is updated within the recovery limit")
def is_updated_at_last(context: Context) -> None:
    context.jira_issues.updated(context.incident.alert, "recovery")


@then("the Jira issue tells that the remediation was started and how it ended")
@then("the first alert's Jira issue tells that the remediation was started and how it ended")
def tells_remediation(context: Context) -> None:
    call = context.remediation.call(context.incident.alert)
    context.jira_issues.tells_remediation(context.incident.alert, lambda: call)


@then("it tells the end otherwise than the second alert's Jira issue, which tells a success")
def tells_failure(context: Context) -> None:
    failed, well = context.incident.alerts
    context.jira_issues.tells_failure(failed, context.remediation.call(failed), well, context.remediation.call(well))


# -- closed


@then("the Jira issue is done, by a transition, and says in a new comment that the alert is resolved")
@then("the first alert's Jira issue is done")
def is_closed(context: Context) -> None:
    context.jira_issues.closed(context.incident.alert)


@when("the second alert resolves")
def second_resolves(context: Context) -> None:
    context.incident.resolve(context.incident.alerts[1])


@then("the second alert's Jira issue is done")
def second_is_closed(context: Context) -> None:
    context.jira_issues.closed(context.incident.alerts[1])


@then("the Jira issue is done within the recovery limit, and says in a new comment that the alert is resolved")
def is_closed_at_last(context: Context) -> None:
    context.jira_issues.closed(context.incident.alert, "recovery")


@then("the Jira issue is still open")
def still_open(context: Context) -> None:
    context.jira_issues.stays_open(context.incident.alert)


@then("the second alert's Jira issue is still open")
def second_still_open(context: Context) -> None:
    context.jira_issues.stays_open(context.incident.alerts[1])


@then("the other two alerts' Jira issues are still open")
def first_and_third_still_open(context: Context) -> None:
    for alert in context.incident.alerts[::2]:
        context.jira_issues.stays_open(alert)


# -- priority, labels


@then("the Jira issue's priority is {priority:w}")
def has_priority(context: Context, priority: str) -> None:
    context.jira_issues.becomes(context.incident.alert, lambda issue: jira_issues.has_priority(issue, priority))


@then('the Jira issue carries the labels "{one}" and "{other}"')
def has_labels(context: Context, one: str, other: str) -> None:
    context.jira_issues.becomes(context.incident.alert, lambda issue: tickets.has_labels(issue, [one, other]))


@then("each Jira issue carries its own alert's severity as a label, and not the other's")
def has_own_severity(context: Context) -> None:
    context.jira_issues.each_of_its_severity(*context.incident.alerts)


@then('the Jira issue carries the label "{label}"')
def has_label(context: Context, label: str) -> None:
    context.jira_issues.becomes(context.incident.alert, lambda issue: tickets.has_labels(issue, [label]))
