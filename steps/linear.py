"""Sentences about Linear issues."""

from functools import partial

from behave import given, then, when

from steps.incident import issues
from steps.incident.alert import make_alert, of_one_pod
from steps.incident.context import Context
from steps.incident.facts import label_facts
from steps.incident.issues import PRIORITIES
from steps.incident.waiting import LimitName

# -- an alert with an issue


@given("a firing alert with an issue")
def firing_with_issue(context: Context, count: int = 1) -> None:
    alerts = context.incident.alerts_or_new(count)
    context.incident.fire(*alerts)
    for alert in alerts:
        context.issues.exactly_one(alert)


@given("two firing alerts with an issue each")
def two_firing_with_issues(context: Context) -> None:
    firing_with_issue(context, count=2)


@given("two firing alerts of one name about one pod, with an issue each")
def two_firing_of_one_pod(context: Context) -> None:
    context.incident.alerts = of_one_pod(2)
    two_firing_with_issues(context)


@given("somebody has begun to work on both of the issues")
def work_begun(context: Context) -> None:
    for alert in context.incident.alerts:
        context.stage.linear.move(context.issues.of(alert), "started")


@when("the alert is notified again")
def notified_again(context: Context) -> None:
    context.issues.note(context.incident.alert)
    context.incident.fire(context.incident.alert)


@given("a firing alert with an issue on which it was notified again")
def firing_again_with_issue(context: Context) -> None:
    firing_with_issue(context)
    notified_again(context)
    is_updated(context)


@when("the alert resolves")
@when("the first alert resolves")
def resolves(context: Context) -> None:
    context.issues.note(context.incident.alert)
    context.incident.resolve(context.incident.alert)


# -- opened


@then("exactly one issue is opened in the configured Linear team")
@then("exactly one issue is opened in the configured Linear team afterwards")
@then("a Linear issue is created for the alert")
def one_issue(context: Context) -> None:
    issues.in_team(context.issues.exactly_one(context.incident.alert), context.stage.profile.linear.team)


@then("no second issue is opened for the alert")
def no_second_issue(context: Context) -> None:
    context.issues.exactly_one(context.incident.alert)


@then("each alert has exactly one open ticket")
def one_open_about_each(context: Context) -> None:
    context.issues.exactly_one_open(*context.incident.alerts, limit="burst")


@then("the alert has exactly one open ticket")
@then("the alert has an open ticket again")
def one_open(context: Context) -> None:
    context.issues.exactly_one_open(*context.incident.alerts)


@then("the alert has its open Linear issue within the recovery limit")
def open_at_last(context: Context) -> None:
    context.issues.open_about_each(context.incident.alert, limit="recovery")


@then("the alert still has exactly one open ticket, though another alert after it has its own")
def still_one_open(context: Context) -> None:
    another_has_its_own(context)
    one_open(context)


@then("the alert still has no open ticket, though another alert after it has its own")
def still_none_open(context: Context) -> None:
    another_has_its_own(context)
    context.issues.quiet(context.incident.alert)
    none_open(context)


def another_has_its_own(context: Context) -> None:
    """Whoever has opened the ticket of a later alert has done what it does about what came before."""
    later = make_alert()
    context.incident.fire_beside(later)
    context.issues.open_about_each(later)


@then("the alert has no open ticket left")
def none_open(context: Context) -> None:
    context.issues.none_open(context.incident.alert)


@then("the second alert has its one issue within the recovery limit")
def second_one_open(context: Context) -> None:
    context.issues.exactly_one_open(context.incident.alerts[1], limit="recovery")


@then("no open issue about the first alert is left")
def none_left_open(context: Context) -> None:
    first, second = context.incident.alerts
    if context.events.tried_again(first, "fired"):
        context.incident.resolve(first)
    context.issues.none_left_open(first, second)


@then("the issue's title names the alert")
def title_names(context: Context) -> None:
    alert = context.incident.alert
    context.issues.becomes(alert, lambda issue: issues.title_names(issue, alert))


@then("the issue's description has the severity, every label and the correlation id")
def description_has(context: Context) -> None:
    alert = context.incident.alert
    context.issues.becomes(alert, lambda issue: issues.describes(issue, label_facts(alert)))
    context.issues.becomes(alert, lambda issue: issues.correlates(issue, context.incident.correlation_ids()))


@then("the issue's description has the severity, every label, the description and the correlation id")
def description_has_all(context: Context) -> None:
    description_has(context)
    alert = context.incident.alert
    context.issues.becomes(alert, lambda issue: issues.tells(issue, alert))


@then("the issue tells the alert's summary")
def tells_summary(context: Context) -> None:
    told = {"the summary": context.incident.alert.annotations["summary"]}
    context.issues.becomes(context.incident.alert, lambda issue: issues.holds(issue, told))


@then("the ticket carries every label's value and the description")
@then("each ticket holds its own alert's labels and no other's")
def ticket_carries(context: Context) -> None:
    for alert in context.incident.alerts:
        others = [other for other in context.incident.alerts if other is not alert]
        context.issues.comes_to_carry(alert, others)


@then("the issue contains the correct data")
def correct_data(context: Context) -> None:
    for row in context.table:
        context.issues.correct(context.incident.alert, row["data"])


@then("the ticket shows that correlation id")
def shows_correlation(context: Context) -> None:
    facts = {"the correlation id": context.incident.correlation_id}
    context.issues.becomes(context.incident.alert, lambda issue: issues.holds(issue, facts))


@then("each ticket shows its own alert's correlation id")
def each_shows_own_correlation(context: Context) -> None:
    for alert in context.incident.alerts:
        facts = {"the correlation id": context.own_correlation_ids[alert.mark]}
        context.issues.becomes(alert, partial(issues.holds, facts=facts))


# -- updated


@then("the issue is updated")
def is_updated(context: Context, limit: LimitName = "update") -> None:
    before = context.issues.before(context.incident.alert)
    context.issues.becomes(context.incident.alert, lambda issue: issues.says_more(issue, before), limit)


@then("the issue is updated within the recovery limit")
def is_updated_at_last(context: Context) -> None:
    is_updated(context, "recovery")


@then("the issue tells that the remediation was started and how it ended")
@then("the first alert's issue tells that the remediation was started and how it ended")
def tells_remediation(context: Context) -> None:
    call = context.remediation.call(context.incident.alert)
    context.issues.tells_remediation(context.incident.alert, lambda: call)


@then("it tells the end otherwise than the second alert's issue, which tells a success")
def tells_failure(context: Context) -> None:
    failed, well = context.incident.alerts
    context.issues.tells_failure(failed, context.remediation.call(failed), well, context.remediation.call(well))


# -- closed


@then("the issue is completed and says in a new comment that the alert is resolved")
def closed_with_comment(context: Context, limit: LimitName = "update") -> None:
    before = context.issues.before(context.incident.alert)
    context.issues.becomes(context.incident.alert, lambda issue: issues.closed_with_comment(issue, before), limit)


@then("the issue is completed within the recovery limit, and says in a new comment that the alert is resolved")
def is_closed_at_last(context: Context) -> None:
    closed_with_comment(context, "recovery")


@then("the ticket is closed")
@then("the first alert's issue is completed")
def is_closed(context: Context) -> None:
    context.issues.becomes(context.incident.alert, issues.is_completed)


@then('only the ticket of pod "{pod}" is closed')
def only_one_closed(context: Context, pod: str) -> None:
    closed = context.incident.alert_of(pod)
    context.issues.becomes(closed, issues.is_completed)
    for alert in context.incident.alerts:
        if alert is not closed:
            context.issues.stays_open(alert)


@then("the issue is still open")
def still_open(context: Context) -> None:
    context.issues.stays_open(context.incident.alert)


@then("the second alert's issue is still open")
def second_still_open(context: Context) -> None:
    context.issues.stays_open(context.incident.alerts[1])


# -- linked


@then("the issue links to the alert's source")
def links_to_source(context: Context) -> None:
    alert = context.incident.alert
    context.issues.becomes(alert, lambda issue: issues.links_to(issue, alert.source, "the alert's source"))


@then("the issue links to the SLO dashboard of that service")
def links_to_dashboard(context: Context) -> None:
    address = context.stage.profile.slo_dashboard.format(slo=context.incident.alert.labels["slo"])
    context.issues.becomes(context.incident.alert, lambda issue: issues.links_to(issue, address, "the SLO dashboard"))


@then("an issue about the failed remediation is opened")
def failure_issue(context: Context) -> None:
    context.failure_issue = context.issues.second(context.incident.alert)


@then("it is related to the alert's issue")
def is_related(context: Context) -> None:
    context.issues.related(context.incident.alert, context.failure_issue)


# -- priority, labels, assignee


@when("a {severity:w} alert on that service fires")
def fires_on_service(context: Context, severity: str) -> None:
    context.incident.fire(context.incident.adopt(make_alert(severity=severity, labels={"slo": context.incident.slo})))


@then("the issue's priority is {priority:w}")
def has_priority(context: Context, priority: str) -> None:
    number = PRIORITIES[priority]
    context.issues.becomes(context.incident.alert, lambda issue: issues.has_priority(issue, number))


@given('Linear has no label for severity "{severity}"')
def no_label(context: Context, severity: str) -> None:
    context.stage.linear.delete_label(severity)


@given('the Linear label for severity "{severity}" was deleted after an alert had its issue')
def deleted_label(context: Context, severity: str) -> None:
    context.stage.linear.create_label(severity)
    context.incident.fire(alert := context.incident.adopt(make_alert(severity=severity)))
    context.issues.exactly_one(alert)
    no_label(context, severity)


@then('the issue carries the labels "{one}" and "{other}"')
def has_labels(context: Context, one: str, other: str) -> None:
    context.issues.becomes(context.incident.alert, lambda issue: issues.has_labels(issue, [one, other]))


@then("each issue carries its own alert's severity as a label, and not the other's")
def has_own_severity(context: Context) -> None:
    context.issues.each_of_its_severity(*context.incident.alerts)


@then('the issue carries the label "{label}"')
def has_label(context: Context, label: str) -> None:
    context.issues.becomes(context.incident.alert, lambda issue: issues.has_labels(issue, [label]))


@then("the issue is assigned to that engineer")
def is_assigned(context: Context) -> None:
    context.issues.comes_to_be_assigned(context.incident.alert, context.engineer)


@then("the issue is assigned to nobody")
def is_unassigned(context: Context) -> None:
    context.issues.comes_to_be_assigned(context.incident.alert, None)
