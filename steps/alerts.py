"""Sentences about alerts: rules and signals, and what Prometheus and Alertmanager make of them."""

from datetime import UTC, datetime

from behave import given, then, when

from steps.incident.ahead import ahead, ahead_with
from steps.incident.alert import LOWERED, RISEN, Rule, make_alert, of_one_pod, of_two_severities
from steps.incident.context import Context
from steps.incident.issues import is_completed
from steps.incident.texts import CONTENTS, LACKS, PARAGRAPHS, PECULIARITIES

# -- rules


def simple_rule(context: Context) -> None:
    rule = Rule(context.incident.key, labels={"team": "Checkout-Crew"})
    context.alerting.watch(rule, context.incident.signals_of("checkout"))


@given("a PrometheusRule that alerts on a signal above 80")
@ahead
def rule_for_two(context: Context) -> None:
    context.alerting.watch(Rule(context.incident.key), context.incident.signals_of("checkout", "payment"))


@given("a PrometheusRule that alerts on a signal above 80 after a delay")
@ahead
def rule_with_delay(context: Context) -> None:
    rule = Rule(context.incident.key, delay=context.stage.profile.alerting.rule_delay)
    context.alerting.watch(rule, context.incident.signals_of("checkout"))


def rule_with_remediation(context: Context) -> None:
    rule = Rule.remediated_by(context.incident.function, context.incident.key)
    context.alerting.watch(rule, context.incident.signals_of("checkout"))


@given("a PrometheusRule whose alert it remediates is loaded by Prometheus")
@ahead_with(rule_with_remediation)
def loaded_with_remediation(context: Context) -> None:
    rule_with_remediation(context)
    context.alerting.loaded()


@given('a PrometheusRule of severity "{severity}"')
@ahead
def rule_of_severity(context: Context, severity: str) -> None:
    context.alerting.watch(Rule(context.incident.key, severity=severity), context.incident.signals_of("checkout"))


@given("a PrometheusRule whose labels and annotations hold {content}")
@ahead
def rule_with_content(context: Context, content: str) -> None:
    labels, annotations = CONTENTS[content]
    rule = Rule(context.incident.key, labels=labels, annotations=annotations)
    context.alerting.watch(rule, context.incident.signals_of("checkout"))


@given("a PrometheusRule whose alerts share a summary and differ in their description")
@ahead
def rule_with_shared_summary(context: Context) -> None:
    annotations = {
        "summary": "A pod of the shop is overloaded",
        "description": "Pod {{ $labels.pod }} is overloaded",
    }
    context.alerting.watch(
        Rule(context.incident.key, annotations=annotations),
        context.incident.signals_of("checkout", "payment"),
    )


@given("a PrometheusRule that watches {count:d} pods")
@ahead
def rule_for_many(context: Context, count: int) -> None:
    pods = [f"pod-{number:02}" for number in range(1, count + 1)]
    context.alerting.watch(Rule(context.incident.key), context.incident.signals_of(*pods))


@given("a PrometheusRule that watches {count:d} pods and has each remediated")
@ahead
def rule_for_many_remediated(context: Context, count: int) -> None:
    pods = [f"pod-{number:02}" for number in range(1, count + 1)]
    rule = Rule.remediated_by("pod-restart", context.incident.key)
    context.alerting.watch(rule, context.incident.signals_of(*pods))


@given("a PrometheusRule whose alerts fall into two groups of {count:d}")
@ahead
def rule_for_two_groups(context: Context, count: int) -> None:
    signals = [
        signal
        for service in ("checkout", "payment")
        for signal in context.incident.signals_of(*(f"{service}-{n}" for n in range(1, count + 1)), service=service)
    ]
    context.alerting.watch(Rule(context.incident.key), signals)


# -- signals


@when('pod "{low}" stays at 79 and pod "{high}" rises to 81')
def one_rises(context: Context, low: str, high: str) -> None:
    context.incident.set_signal(context.incident.alert_of(low), LOWERED)
    context.incident.fire(context.incident.alert_of(high))


@when('pod "{pod}" rises to 81')
def rises(context: Context, pod: str) -> None:
    context.incident.fire(context.incident.alert_of(pod))


@given("an alert with {peculiarity}")
def alert_with(context: Context, peculiarity: str) -> None:
    alert = context.incident.adopt(make_alert())
    own = {"name": alert.name, "description": alert.annotations["description"]}
    for of_alert, peculiar in zip((alert.labels, alert.annotations), PECULIARITIES[peculiarity], strict=True):
        of_alert.update({name: text.format(**own) for name, text in peculiar.items()})


@given("an alert whose source is an address of {scheme:w}")
def alert_of_source(context: Context, scheme: str) -> None:
    alert = context.incident.adopt(make_alert())
    alert.source = f"{scheme}://{alert.source.partition('://')[2]}"


@given("two alerts of one name about one pod, each of a container of its own")
def alerts_of_one_pod(context: Context) -> None:
    context.incident.alerts = of_one_pod(2)


@given("two alerts of one name about one pod, each of a severity of its own")
def alerts_of_two_severities(context: Context) -> None:
    context.incident.alerts = of_two_severities()


@given("an alert without {something}")
def alert_without(context: Context, something: str) -> None:
    LACKS[something](context.incident.adopt(make_alert()))


@given("an alert that has a summary and no description")
def without_description(context: Context) -> None:
    context.incident.adopt(make_alert()).annotations.pop("description")


@given("an alert that has a long description of several paragraphs and no summary")
def with_paragraphs(context: Context) -> None:
    context.incident.adopt(make_alert()).annotations = {"description": PARAGRAPHS}


@when("an alert fires")
@when("the alert fires")
@when("the alert is triggered")
@when("both of them fire")
@when("all of them fire in the same evaluation")
def fires(context: Context) -> None:
    context.incident.fire(*context.incident.alerts_or_new())


@when("the alert fires again")
def fires_again(context: Context) -> None:
    context.incident.alert.starts_at = datetime.now(UTC)
    context.incident.fire(context.incident.alert)


@when('pods "{one}" and "{other}" fire together')
def two_fire(context: Context, one: str, other: str) -> None:
    context.incident.fire(context.incident.alert_of(one), context.incident.alert_of(other))


@when('an alert of severity "{severity}" fires')
def fires_with_severity(context: Context, severity: str) -> None:
    context.incident.fire(context.incident.adopt(make_alert(severity=severity)))


@when("an alert without a severity fires")
def fires_without_severity(context: Context) -> None:
    context.incident.fire(context.incident.adopt(make_alert(severity=None)))


def rule_with_repetition(context: Context) -> None:
    context.alerting.watch(
        Rule(context.incident.key, labels={"cadence": "brisk"}), context.incident.signals_of("checkout")
    )


@given("an alert that fires, has a ticket and is soon notified again")
@ahead_with(rule_with_repetition)
def firing_with_repetition(context: Context) -> None:
    rule_with_repetition(context)
    fires(context)
    context.issues.exactly_one_open(context.incident.alert)


@given("an alert that fires and has a ticket")
@ahead_with(simple_rule)
def firing_with_ticket(context: Context) -> None:
    simple_rule(context)
    fires(context)
    context.issues.exactly_one_open(context.incident.alert)


@given("an alert that fired, had a ticket and resolved")
@ahead_with(simple_rule)
def resolved_with_ticket(context: Context) -> None:
    firing_with_ticket(context)
    falls(context)
    context.issues.becomes(context.incident.alert, is_completed)


@given("an alert that has fired and resolved twice")
def fired_and_resolved_twice(context: Context) -> None:
    for _ in range(2):
        fires_again(context)
        context.issues.open_about_each(context.incident.alert)
        falls(context)
        context.issues.none_open(context.incident.alert)


@given("an alert that fired again after it resolved, and has an open ticket again")
@ahead_with(simple_rule)
def fired_again_with_ticket(context: Context) -> None:
    resolved_with_ticket(context)
    fires(context)
    context.issues.exactly_one_open(context.incident.alert)


@given('pods "{one}" and "{other}" whose alerts fire in one group')
@ahead_with(lambda context, one, other: rule_for_two(context))
def group_fires(context: Context, one: str, other: str) -> None:
    rule_for_two(context)
    two_fire(context, one, other)
    context.issues.exactly_one_open(*context.incident.alerts)


@when("its signal falls below the threshold")
def falls(context: Context) -> None:
    context.incident.resolve(context.incident.alert)


def let_resolve(context: Context) -> None:
    """The alert resolves, and agent-sre has done about that what it does."""
    context.incident.resolve(context.incident.alert)
    context.events.taken(context.incident.alert, "resolved")
    context.issues.quiet(context.incident.alert)


@when('the signal of pod "{pod}" falls below the threshold')
def falls_of_pod(context: Context, pod: str) -> None:
    context.incident.resolve(context.incident.alert_of(pod))


# -- Prometheus and Alertmanager


@given("a test PrometheusRule is created and loaded by Prometheus")
@ahead_with(simple_rule)
def test_rule(context: Context) -> None:
    simple_rule(context)
    context.alerting.loaded()


@then("the alert is pending in Prometheus before it fires")
def is_pending_first(context: Context) -> None:
    context.alerting.pending_then_firing(context.incident.alert, context.stage.profile.alerting.rule_delay)


@then('no alert and no event exists for pod "{pod}"')
def no_alert(context: Context, pod: str) -> None:
    context.alerting.none(context.incident.alert_of(pod))
    context.events.none(context.incident.alert_of(pod), "fired")


@when("Alertmanager repeats the notification")
def repeats(context: Context) -> None:
    context.events.notified(context.incident.alert, "fired", times=2)


@when("its signal rises further, and Alertmanager repeats the notification with the new value")
def repeats_with_new_value(context: Context) -> None:
    context.incident.set_signal(context.incident.alert, RISEN)
    context.events.notified_in_other_words(context.incident.alert)


@when("a second Alertmanager notifies of the same alert")
def second_alertmanager(context: Context) -> None:
    alert = context.incident.alert
    before = len(context.events.notifications(alert, "fired"))
    context.stage.second_alertmanager.post(alert.labels, alert.annotations, alert.starts_at, alert.source)
    context.events.notified(alert, "fired", times=before + 1)


@when("an alert is notified twice at the same moment")
def notified_twice(context: Context) -> None:
    """Two Alertmanagers of one alert do so when none of them knows of the other yet."""
    context.incident.fire(context.incident.alert, context.incident.alert)


@then("Alertmanager sends the alerts in two groups")
def two_groups(context: Context) -> None:
    context.alerting.groups(context.incident.alerts, 2)
