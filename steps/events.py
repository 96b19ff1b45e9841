"""Sentences about CloudEvents: what prometheus-events makes of a notification, and what reaches agent-sre."""

from datetime import timedelta
from uuid import uuid4

from behave import given, then, when

from steps.incident import events
from steps.incident.alert import Alert, make_alert
from steps.incident.context import Context
from steps.incident.events import Happening, event_about
from steps.incident.malformed import MALFORMED
from steps.incident.notification import Status, notification
from steps.world.cluster.cloudevent import Mode

# -- at agent-sre


@then("exactly one {happening:w} event reaches agent-sre")
def one_event(context: Context, happening: Happening) -> None:
    context.events.one_for_each_notification(context.incident.alert, happening)


@then("agent-sre receives the CloudEvent of the alert")
def receives(context: Context) -> None:
    sent = context.events.one_for_each_notification(context.incident.alert, "fired")
    context.incident.correlation_id = events.correlation_of(sent)


@then('exactly one {happening:w} event reaches agent-sre for pod "{pod}"')
def one_event_of_pod(context: Context, happening: Happening, pod: str) -> None:
    context.events.one_for_each_notification(context.incident.alert_of(pod), happening)


@then("exactly one {happening:w} event reaches agent-sre for each alert")
def one_event_each(context: Context, happening: Happening) -> None:
    for alert in context.incident.alerts:
        context.events.one_for_each_notification(alert, happening)


@then('no {happening:w} event reaches agent-sre for pod "{pod}"')
def no_event_of_pod(context: Context, happening: Happening, pod: str) -> None:
    context.events.none(context.incident.alert_of(pod), happening)


@then("a second fired event reaches agent-sre")
def second_event(context: Context) -> None:
    context.events.one_for_each_notification(context.incident.alert, "fired", notified=2)


@then("the event carries every label and annotation unchanged")
@then("each event carries its own alert's labels and annotations")
def carries_all(context: Context) -> None:
    for alert in context.incident.alerts:
        events.carries(context.events.one_for_each_notification(alert, "fired"), alert)


@then("each event carries the labels common to its own group")
def carries_group_labels(context: Context) -> None:
    for alert in context.incident.alerts:
        sent = context.events.one_for_each_notification(alert, "fired")
        events.carries_common_labels(sent, context.events.group_of(alert))


@when("the broker delivers the same event once more")
def redelivers(context: Context) -> None:
    context.stage.broker.redeliver(context.events.at_agent(context.incident.alert, "fired")[0].event)


@when("the broker delivers the resolved event once more")
def redelivers_resolved(context: Context) -> None:
    context.stage.broker.redeliver(context.events.at_agent(context.incident.alert, "resolved")[0].event)


@when("a fired event is delivered to agent-sre in {mode:w} mode, with a charset in its content type")
def delivered_in_mode(context: Context, mode: Mode) -> None:
    event = event_about(context.incident.adopt(make_alert()), "fired", context.incident.correlation_id)
    context.stage.broker.deliver(event.extended(datacontenttype="application/json; charset=utf-8"), mode)


# -- at the broker


def notify(context: Context, count: int, status: Status = "firing") -> None:
    """Alertmanager notifies of that many alerts of this scenario, each in a group of its own."""
    for alert in context.incident.alerts_or_new(count):
        context.stage.webhook.send(notification([(alert, status)]))


@given("Alertmanager has notified prometheus-events of two firing alerts")
def notified_of_two(context: Context) -> None:
    notify(context, 2)
    context.events.all_at_broker(context.incident.alerts, "fired")


@when("Alertmanager notifies prometheus-events of a firing alert")
def notifies(context: Context) -> None:
    if not context.incident.alerts:
        context.incident.adopt(make_alert(labels={"prometheus_rule": "shop-alerts"}))
    notify(context, 1)


def notify_of_group(context: Context, headers: dict[str, str] | None = None) -> None:
    """Alertmanager notifies of two alerts of this scenario in one group; what is one's own the other has otherwise."""
    if not context.incident.alerts:
        warning = make_alert(labels={"prometheus_rule": "shop-alerts"})
        critical = make_alert(severity="critical", labels={"prometheus_rule": "till-alerts"})
        critical.starts_at -= timedelta(seconds=20)
        context.incident.alerts = [warning, critical]
        for alert in context.incident.alerts:
            alert.annotations["runbook_url"] = "https://runbooks.example.com/load"
    group = notification([(alert, "firing") for alert in context.incident.alerts])
    context.stage.webhook.send(group, headers)


@when("Alertmanager notifies prometheus-events of a group of two firing alerts")
@when("Alertmanager notifies prometheus-events of both in one group")
def notifies_of_group(context: Context) -> None:
    notify_of_group(context)


@when("Alertmanager notifies prometheus-events of a group of two firing alerts with a correlation id")
def notifies_of_group_with_correlation(context: Context) -> None:
    notify_of_group(context, {"X-Correlation-ID": context.incident.correlation_id})


@when("Alertmanager notifies prometheus-events of {count:d} firing alerts")
def notifies_of_many(context: Context, count: int) -> None:
    notify(context, count)


@when("Alertmanager notifies prometheus-events that both are resolved")
def notifies_resolved(context: Context) -> None:
    notify(context, 2, "resolved")


@when("Alertmanager notifies prometheus-events of an alert that is {status:w}")
def notifies_of_status(context: Context, status: Status) -> None:
    notify(context, 1, status)


@when("Alertmanager notifies prometheus-events of a firing group that holds a resolved alert")
def notifies_of_mixed_group(context: Context) -> None:
    resolved, firing = context.incident.alerts_or_new(2)
    context.stage.webhook.send(notification([(resolved, "resolved"), (firing, "firing")]))


@when("Alertmanager notifies prometheus-events that the alert fires and then that it is resolved")
def notifies_of_both(context: Context) -> None:
    notify(context, 1)
    notify(context, 1, "resolved")


@when("Alertmanager notifies prometheus-events of {count:d} alerts firing and resolving in turns")
def notifies_in_turns(context: Context, count: int) -> None:
    """What agent-sre has of so many alerts would keep it from those of the next scenario."""
    context.incident.ending.callback(context.stage.settle)
    for alert in context.incident.alerts_or_new(count):
        context.stage.webhook.send(notification([(alert, "firing")]))
        context.stage.webhook.send(notification([(alert, "resolved")]))


@then("one valid CloudEvent reaches the broker for the alert, with")
def valid_event(context: Context) -> None:
    (sent,) = context.events.all_at_broker(context.incident.alerts, "fired")
    for row in context.table:
        events.attribute(sent, row["attribute"], row["value"])
    events.accepted_by_sdk(sent)


@then("the event at the broker carries every label and annotation unchanged")
def carries_at_broker(context: Context) -> None:
    (sent,) = context.events.all_at_broker(context.incident.alerts, "fired")
    events.carries(sent, context.incident.alert)


@then("the event's severity is that of the alert")
def severity_is_own(context: Context) -> None:
    events.has_own_severity(context.events.first_at_broker(context.incident.alert), context.incident.alert)


@then("four events reach the broker and no two have the same id")
def ids_differ(context: Context) -> None:
    fired = context.events.all_at_broker(context.incident.alerts, "fired")
    resolved = context.events.all_at_broker(context.incident.alerts, "resolved")
    context.incident.did_not_see("two events of one id", control=lambda: fired + resolved)
    events.distinct_ids(fired + resolved)


@then("the event's type is \"{kind}\" and its subject is the alert's name")
def type_and_subject(context: Context, kind: str) -> None:
    sent = context.events.first_at_broker(context.incident.alert)
    events.attribute(sent, "type", kind)
    events.attribute(sent, "subject", context.incident.alert.name)


@then("the firing alert becomes a fired event and the resolved alert a resolved event")
def types_by_alert(context: Context) -> None:
    resolved, firing = context.incident.alerts
    context.events.all_at_broker([firing], "fired")
    context.events.all_at_broker([resolved], "resolved")
    context.events.none(firing, "resolved")
    context.events.none(resolved, "fired")


@then("each event's data has")
def data_has(context: Context) -> None:
    alerts = context.incident.alerts
    for alert, sent in zip(alerts, context.events.all_at_broker(alerts, "fired"), strict=True):
        for row in context.table:
            events.data_field(sent, alert, row["field"], alerts)


@then("the event's data has the status and the end of the alert")
def data_has_end(context: Context) -> None:
    (sent,) = context.events.all_at_broker(context.incident.alerts, "resolved")
    events.tells_end(sent, context.events.told_resolved(context.incident.alert))


@when("prometheus-events receives a notification with {defect}")
def receives_malformed(context: Context, defect: str) -> None:
    body = MALFORMED[defect](notification([(alert, "firing") for alert in context.incident.alerts_or_new(2)]))
    context.answer = context.stage.webhook.post(body)


@then("the notification is refused as malformed")
def is_refused(context: Context) -> None:
    status, body = context.answer.status_code, context.answer.text
    context.incident.saw("The answer to the malformed notification", f"{status}\n{body}")
    events.refused_as_malformed(status, body)


@then("no event reaches the broker for it, though a sound notification after it is converted")
def emits_nothing(context: Context) -> None:
    malformed, sound = list(context.incident.alerts), context.incident.adopt(make_alert())
    context.stage.webhook.send(notification([(sound, "firing")]))
    context.events.all_at_broker([sound], "fired")
    for alert in malformed:
        context.events.none(alert, "fired")


# -- identity along the way


@when("Alertmanager notifies prometheus-events of it with a correlation id")
def notifies_with_correlation(context: Context) -> None:
    body = notification([(context.incident.alert, "firing")])
    context.stage.webhook.send(body, {"X-Correlation-ID": context.incident.correlation_id})


@when("Alertmanager notifies prometheus-events of both at once, each with a correlation id of its own")
def notifies_each_with_correlation(context: Context) -> None:
    context.own_correlation_ids = {alert.mark: str(uuid4()) for alert in context.incident.alerts}
    for alert in context.incident.alerts:
        headers = {"X-Correlation-ID": context.own_correlation_ids[alert.mark]}
        context.stage.webhook.send(notification([(alert, "firing")]), headers)


@when("Alertmanager notifies prometheus-events of it")
@when("Alertmanager notifies prometheus-events of it without a correlation id")
def notifies_without_correlation(context: Context) -> None:
    notify(context, 1)


@when("Alertmanager notifies prometheus-events of a firing alert within a trace")
def notifies_within_trace(context: Context) -> None:
    (alert,) = context.incident.alerts_or_new()
    context.stage.webhook.send(notification([(alert, "firing")]), {"traceparent": context.incident.traceparent})


@then("the event carries that correlation id")
def event_has_correlation(context: Context) -> None:
    sent = context.events.first_at_broker(context.incident.alert)
    events.attribute(sent, "correlationid", context.incident.correlation_id)


@then("each event carries that correlation id")
def events_have_correlation(context: Context) -> None:
    for sent in context.events.all_at_broker(context.incident.alerts, "fired"):
        events.attribute(sent, "correlationid", context.incident.correlation_id)


@then("each event carries its own alert's correlation id")
def events_have_own_correlation(context: Context) -> None:
    for alert in context.incident.alerts:
        sent = context.events.first_at_broker(alert)
        events.attribute(sent, "correlationid", context.own_correlation_ids[alert.mark])


@then("the event carries a correlation id of its own")
def event_has_own_correlation(context: Context) -> None:
    sent = context.events.first_at_broker(context.incident.alert)
    context.incident.correlation_id = events.correlation_of(sent)


@then("each event carries a correlation id of its own")
def events_have_other_correlations(context: Context) -> None:
    events.correlated_apart(*context.events.all_at_broker(context.incident.alerts, "fired"))


@then("the event belongs to that trace")
def event_in_trace(context: Context) -> None:
    events.in_trace(context.events.first_at_broker(context.incident.alert), context.incident.trace_id)


# -- delivery under failure


@then("every alert's event reaches the broker")
def all_reach_broker(context: Context) -> None:
    context.events.all_at_broker(context.incident.alerts, "fired", "recovery")


@then("every attempt after a notification carried the same event id")
def attempts_share_id(context: Context) -> None:
    for alert in context.incident.alerts:
        context.events.same_id(alert, "fired")


@then("the pauses between the attempts grow")
def pauses_grow(context: Context) -> None:
    growth = context.stage.profile.rulings.pause_growth
    context.events.growing_pauses(context.incident.alerts, "fired", growth, lambda: tried_again(context))


def tried_again(context: Context) -> Alert:
    """Alertmanager notifies of another alert, whose event the broker takes once it has been tried four times."""
    context.fault, alert = context.fail_again(), context.incident.adopt(make_alert())
    context.stage.webhook.send(notification([(alert, "firing")]))
    context.events.tried(alert, "fired", 4)
    context.fault.lift()
    context.events.all_at_broker([alert], "fired", "recovery")
    return alert


@then("prometheus-events has not called the broker again before the time it had asked for")
def left_alone(context: Context) -> None:
    context.events.left_alone(context.incident.alert, "fired")


@then("the event is sent once for each notification, though other alerts still arrive once the broker accepts")
def sent_once(context: Context) -> None:
    rejected = context.incident.alert
    context.events.tried(rejected, "fired")
    sound = context.incident.adopt(make_alert())
    context.stage.webhook.send(notification([(sound, "firing")]))
    context.events.all_at_broker([sound], "fired")
    context.events.not_tried_again(rejected, "fired")


@then("the broker takes the fired event before the resolved event")
@then("for each alert the broker takes the fired event before the resolved event")
def in_order(context: Context) -> None:
    fired = context.events.all_at_broker(context.incident.alerts, "fired", "recovery")
    resolved = context.events.all_at_broker(context.incident.alerts, "resolved", "recovery")
    for first, second in zip(fired, resolved, strict=True):
        events.in_order(first, second)
