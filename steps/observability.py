"""Sentences about the observability stack: what a ticket tells of an alert, and what the stack shows of agent-sre."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import get_args

from behave import given, register_type, then, when

from steps.drivers import dashboard
from steps.functions import failing
from steps.incident import issues
from steps.incident.ahead import ahead_with
from steps.incident.alert import Alert, Rule, make_alert, remediation_by
from steps.incident.context import Context
from steps.incident.observability import A_WHILE, Kind, give_values, unknown_alert
from steps.incident.words import one_of
from steps.world.services.functions import succeeds
from steps.world.trouble import AT_PROMETHEUS, BACKENDS

KINDS: tuple[Kind, ...] = get_args(Kind)

register_type(Backend=one_of(BACKENDS), FailingBackend=one_of(AT_PROMETHEUS), Kind=one_of(KINDS))


def others_than(kind: Kind) -> list[Kind]:
    return [other for other in KINDS if other != kind]


# -- what the stack knows


def raise_signals(context: Context) -> None:
    """An alert's series is older than the alert: it is raised ahead."""
    context.observability.alike()


def know(context: Context, *, ago: timedelta = timedelta()) -> list[Alert]:
    """The stack knows the scenario's alert, which began so long ago, and others of its rule that are much alike."""
    alerts = context.observability.alike()
    context.observability.measured(*alerts)
    for alert in alerts:
        alert.starts_at = datetime.now(UTC) - ago
    context.observability.tell(*alerts)
    context.incident.adopt(alerts[0])
    return alerts


@given("an alert that the observability stack knows, among others that are much alike")
@ahead_with(raise_signals)
def alert_known(context: Context) -> None:
    know(context)


@given("an alert that began a while ago and that the observability stack knows, among others that are much alike")
@ahead_with(raise_signals)
def old_alert_known(context: Context) -> None:
    know(context, ago=A_WHILE)


@given("an alert that the observability stack knows, and a remediation for it")
@ahead_with(raise_signals)
def alert_known_and_remediable(context: Context) -> None:
    alert, *_ = know(context)
    alert.annotations |= remediation_by("pod-restart", alert.labels)


@given("two alerts of one rule that the observability stack knows, the first of which has its ticket")
@ahead_with(raise_signals)
def first_has_ticket(context: Context) -> None:
    first, second, *_ = know(context)
    context.incident.fire(first)
    context.observability.has(first, "metrics")
    context.incident.adopt(second)


@when("the second one fires")
def second_fires(context: Context) -> None:
    context.incident.fire(context.incident.alert)


# -- what the ticket tells of it


@then("the ticket states the value that Prometheus has of the alert's series")
@then("its ticket states the value that Prometheus has of its own series")
def states_value(context: Context) -> None:
    context.observability.has(context.incident.alert, "metrics")


@then("it states the value of no other series")
def states_no_other(context: Context) -> None:
    context.observability.has_no_other(context.incident.alert, "metrics")


@then("the ticket has the lines that the alert's pod has logged around the alert's start")
def has_lines(context: Context) -> None:
    context.observability.has(context.incident.alert, "logs")


@then("it has no line of another pod, and none from before")
def has_no_other_lines(context: Context) -> None:
    context.observability.has_no_other(context.incident.alert, "logs")


@then("the ticket names the trace in which the alert's service failed")
def names_trace(context: Context) -> None:
    context.observability.has(context.incident.alert, "traces")


@then("it names no other trace")
def names_no_other_trace(context: Context) -> None:
    context.observability.has_no_other(context.incident.alert, "traces")


@then("the ticket links to a graph of the alert's series around the alert's start")
def links_to_graph(context: Context) -> None:
    context.observability.linked_graph(context.incident.alert)


# -- when the stack does not answer, or only with an error


@given("Prometheus, Loki and Tempo do not answer agent-sre")
def nothing_answers(context: Context) -> None:
    for backend in BACKENDS:
        backend_fails(context, backend, "does not answer")


@given("{backend:Backend} {fails:FailingBackend} for agent-sre")
@given("{backend:Backend} {fails:FailingBackend} when agent-sre asks")
def backend_fails(context: Context, backend: str, fails: str) -> None:
    context.stage.trouble.at_backend(backend, fails)


@then("the alert has its ticket and its remediation in time")
def handled_in_time(context: Context) -> None:
    context.observability.handled_in_time(context.incident.alert, context.stage.profile.limits.ticket)


@then("the ticket says that the {kind:Kind} are unavailable, and has the rest of the context")
def lacks_one(context: Context, kind: Kind) -> None:
    context.observability.unavailable(context.incident.alert, kind)
    context.observability.has(context.incident.alert, *others_than(kind))


@then("the ticket says that metrics, logs and traces are unavailable")
def lacks_all(context: Context) -> None:
    context.observability.unavailable(context.incident.alert, *KINDS)


@given("an alert of which {backend:Backend} knows nothing, whose ticket does not call the {kind:Kind} unavailable")
def nothing_known(context: Context, backend: str, kind: Kind) -> None:
    alert = context.incident.adopt(unknown_alert())
    context.incident.fire(alert)
    context.said_before = context.observability.empty(alert, kind)


@when("{backend:Backend} cannot execute the query about another such alert")
def cannot_execute(context: Context, backend: str) -> None:
    context.stage.trouble.at_backend(backend, "answers that the query cannot be executed")
    context.incident.fire(context.incident.adopt(unknown_alert()))


@then("the ticket says that the {kind:Kind} are unavailable, and not what the first alert's ticket says")
def told_apart(context: Context, kind: Kind) -> None:
    context.observability.unavailable(context.incident.alert, kind)
    context.observability.told_from_empty(context.incident.alert, kind, context.said_before)


# -- what the stack shows of agent-sre


@given("Prometheus scrapes agent-sre")
def scraped(context: Context) -> None:
    context.telemetry.scraped()


@given("two alerts of whose remediations one succeeds and one fails")
def one_succeeds_one_fails(context: Context) -> None:
    good = make_alert(function="pod-restart")
    context.incident.alerts = [good, failing(context)]
    context.stage.world.functions.script(good.pod, succeeds)
    context.received_before = context.telemetry.received_so_far()
    context.took_before = context.telemetry.took_so_far()


@when("both alerts fire and are handled")
def both_handled(context: Context) -> None:
    good, bad = context.incident.alerts
    context.incident.fire(good, bad)
    context.remediation.succeeded(good)
    context.remediation.failed(bad)


@when("both alerts fire and are handled, and one of them resolves")
def both_handled_one_resolved(context: Context) -> None:
    both_handled(context)
    context.incident.resolve(context.incident.alert)
    context.issues.becomes(context.incident.alert, issues.is_completed)


@then("every panel of agent-sre's dashboard shows data")
def panels_show_data(context: Context) -> None:
    context.telemetry.shown(dashboard.panels(context.stage.profile.dashboard))


@then("Prometheus counts one success for the first and one failure for the second")
def counts_both(context: Context) -> None:
    good, bad = context.incident.alerts
    context.telemetry.counted(good, "success")
    context.telemetry.counted(bad, "failure")


@then("Prometheus counts one success for the alert")
def counts_success(context: Context) -> None:
    context.telemetry.counted(context.incident.alert, "success")


@then("it counts as many events of each type as agent-sre has received")
def counts_events(context: Context) -> None:
    context.telemetry.received(context.received_before)


@then("it counts the seconds that they took, and has 0 remediations as active afterwards")
def counts_seconds(context: Context) -> None:
    context.telemetry.took(context.took_before, context.incident.alerts)
    context.telemetry.none_active()


@then("Prometheus has a remediation as active meanwhile")
def counts_active(context: Context) -> None:
    context.telemetry.active()


@given("Tempo has no trace of agent-sre with the alert's correlation id")
def untraced(context: Context) -> None:
    context.telemetry.untraced(context.incident.correlation_id)


@then("Tempo has a trace of agent-sre with the alert's correlation id")
def traced(context: Context) -> None:
    context.telemetry.traced(context.incident.correlation_id)


# -- the whole way, without Prometheus


def rule_for_known(context: Context) -> None:
    """A rule for several pods, each of a service of its own; their alerts are less urgent than their severity alone."""
    incident = context.incident
    context.objectives.promise(context.stage.slos.violating("low"))
    rule = Rule.remediated_by("pod-restart", incident.key)
    rule.labels = {"slo": incident.slo}
    rule.annotations |= {"summary": "A pod is overloaded", "description": "Its load is far above 80 percent."}
    signals = incident.signals_of("checkout", "payment", "cart", "search")
    signals = [signal | {"service": f"{signal['deployment']}-{incident.key}"} for signal in signals]
    context.alerting.watch(rule, signals)


@given("a PrometheusRule for several pods, of which the observability stack knows much, is loaded by Prometheus")
@ahead_with(rule_for_known)
def loaded_and_known(context: Context) -> None:
    rule_for_known(context)
    context.objectives.stand(context.stage.slos.violating("low"))
    context.alerting.loaded()
    give_values(context.incident.alerts)
    context.observability.tell(*context.incident.alerts)


@given("Prometheus is disabled for all queries of agent-sre")
def prometheus_disabled(context: Context) -> None:
    context.fault = context.stage.trouble.at_backend("Prometheus", "drops the connection")


@when("an alert that requires metrics is triggered")
def needs_metrics(context: Context) -> None:
    context.incident.fire(context.incident.alert)


@then("agent-sre degrades gracefully: the alert has its ticket, which says that the metrics are unavailable")
def degrades(context: Context) -> None:
    context.issues.exactly_one_open(context.incident.alert)
    context.observability.unavailable(context.incident.alert, "metrics")


@then("agent-sre falls back to the severity alone for the priority, to logs and traces for the context, and remediates")
def falls_back(context: Context) -> None:
    alert = context.incident.alert
    priority = context.stage.profile.rulings.priority_without_slo[alert.labels["severity"]]
    context.issues.becomes(alert, partial(issues.has_priority, priority=priority))
    context.observability.has(alert, "logs", "traces")
    context.remediation.succeeded(alert)


@then("once Prometheus is enabled again, the incident of one of the next alerts is complete within the recovery limit")
def recovers(context: Context) -> None:
    context.fault.lift()
    alert, *later = context.incident.alerts
    priority = context.stage.profile.rulings.priority[alert.labels["severity"]]["low"]
    context.observability.recovers(later, lambda issue: issues.has_priority(issue, priority))
