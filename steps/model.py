"""Sentences about the TRM model, which chooses the function for an alert that names none."""

from dataclasses import replace

from behave import given, register_type, then, when

from steps.incident.alert import Alert, make_alert
from steps.incident.context import Context
from steps.incident.model import IN_A_ROW, KINDS, Kind, alert_about, mistaken_about
from steps.incident.words import one_of
from steps.world.services.trm import DAMAGES, MISTAKES, UNRATED, UNSURE, WORDINGS, Mistake, as_sure_as
from steps.world.trouble import AT_MODEL

register_type(
    ModelDamage=one_of(DAMAGES),
    ModelFailure=one_of(AT_MODEL),
    ModelMistake=one_of(MISTAKES),
    AlertKind=one_of(KINDS),
    ModelWording=one_of(WORDINGS),
)
CRASHING = KINDS["a pod that crashes again and again"]
MARGIN = 0.01
"""The model is so much surer than it has to be, or less sure, where it just is sure enough, or just is not."""

# -- alerts that name no function


@given("an alert about {trouble:AlertKind}")
def alert_of_kind(context: Context, trouble: str) -> None:
    context.incident.adopt(alert_about(KINDS[trouble]))


@when("an alert fires about {trouble:AlertKind}")
def alert_of_kind_fires(context: Context, trouble: str) -> None:
    context.incident.fire(context.incident.adopt(alert_about(KINDS[trouble])))


@given("{count:d} alerts for which the model knows a remedy")
def many_alerts(context: Context, count: int) -> None:
    context.incident.alerts = [alert_about(CRASHING) for _ in range(count)]


@given("two alerts of one name about pods that crash again and again")
def namesakes(context: Context) -> None:
    context.incident.alerts = [alert_about(CRASHING, context.incident.key) for _ in range(2)]


@when("one of them fires after the other")
def fire_in_turn(context: Context) -> None:
    for alert in context.incident.alerts:
        context.incident.fire(alert)
        context.model.answered(alert)


@when("all of them fire at once")
def all_fire(context: Context) -> None:
    context.incident.fire(*context.incident.alerts)


# -- the model's state


@given("the file of the model {damaged:ModelDamage}")
def file_damaged(context: Context, damaged: str) -> None:
    context.stage.trouble.at_model_file(damaged)


@given("agent-sre has reported the model as not loaded")
def has_reported_unloaded(context: Context) -> None:
    context.stage.trouble.at_model_file("is missing")
    context.incident.fire(context.incident.adopt(make_alert()))
    context.model.reported(loaded=False)


@given("the model is loaded again, as agent-sre notices before long")
def loaded_again(context: Context) -> None:
    context.stage.world.trm.restore()
    context.model.reported(loaded=True)


@then("agent-sre has looked at the model before it asked it")
def looked_before(context: Context) -> None:
    context.model.looked_at_before(context.incident.alert)


@then("agent-sre reports the model as loaded")
def reports_loaded(context: Context) -> None:
    context.model.reported(loaded=True)


@then("agent-sre reports the model as not loaded")
def reports_not_loaded(context: Context) -> None:
    context.model.reported(loaded=False)


# -- its answers


@given("the model's answer is {wording:ModelWording}")
def answers_as(context: Context, wording: str) -> None:
    context.stage.world.trm.word(context.incident.alert.mark, WORDINGS[wording])


@given("the model is just sure enough of its answer")
def is_just_sure_enough(context: Context) -> None:
    confidence = min(context.stage.profile.rulings.confidence + MARGIN, 1)
    context.stage.world.trm.word(context.incident.alert.mark, as_sure_as(confidence))


@given("the model answers an alert with {mistake:ModelMistake}")
def answers_wrongly(context: Context, mistake: str) -> None:
    context.mistake = MISTAKES[mistake]
    context.incident.adopt(mistaken_about(context.mistake))
    context.stage.world.trm.word(context.incident.alert.mark, context.mistake)


@given("the model takes a moment for each of them")
def takes_a_moment(context: Context) -> None:
    alerts = context.incident.alerts
    for alert in alerts:
        context.stage.world.trm.ponder(alert.mark, IN_A_ROW * context.stage.profile.limits.decision / len(alerts))


@then("the function that the model chooses is called once, with the model's parameters")
@then("the function that the model chooses is called for each of them")
def choice_called(context: Context) -> None:
    context.model.followed(*context.incident.alerts)


@then("the model answers that it knows no remedy")
def knows_no_remedy(context: Context) -> None:
    context.model.knows_no_remedy(context.incident.alert)


@then("no function is called, though the model's choice is for another alert")
def nothing_called(context: Context) -> None:
    context.model.decides_another()
    context.remediation.not_called(context.incident.alert)


@then("the function that the alert names is called once")
def named_called(context: Context) -> None:
    context.remediation.called_once(context.incident.alert)


@then("the model is not asked about it, though it is about an alert that names none")
def not_asked(context: Context) -> None:
    context.model.decides_another()
    context.model.not_asked(context.incident.alert)


@then("agent-sre does not do what the model says, though it follows a sound answer")
def not_followed(context: Context) -> None:
    context.model.answered(context.incident.alert)
    context.model.decides_another()
    context.model.not_followed(context.incident.alert, context.mistake)


@then("the model's answers and the decisions are within their targets")
def in_time(context: Context) -> None:
    context.model.in_time(context.incident.alerts, context.stage.profile.limits)


# -- when it cannot help


@given("the model {failing:ModelFailure}")
def fails(context: Context, failing: str) -> None:
    known_to_next_method(context)
    context.help_again = context.stage.trouble.at_model(failing).lift


@given("the model is not sure of its answer")
def is_unsure(context: Context) -> None:
    answers_without_faith(context, unsure(context))


@given("the model does not say how sure it is")
def does_not_rate(context: Context) -> None:
    answers_without_faith(context, UNRATED)


def answers_without_faith(context: Context, answer: Mistake) -> None:
    """The model answers so about the scenario's alert, for which the next method knows a remedy."""
    known_to_next_method(context)
    context.stage.world.trm.word(context.incident.alert.mark, answer)
    context.help_again = do_nothing  # it is unsure of this alert only


def unsure(context: Context) -> Mistake:
    """An answer of which the model is not quite sure enough."""
    return replace(UNSURE, confidence=context.stage.profile.rulings.confidence - MARGIN)


def do_nothing() -> None: ...


def known_to_next_method(context: Context) -> None:
    """The scenario's alert is one for which the next method knows a remedy."""
    context.incident.adopt(alert_for_next_method(context))


def alert_for_next_method(context: Context) -> Alert:
    """An alert of a kind for which the profile says that the next method knows a remedy."""
    name = next(iter(context.stage.profile.rulings.next_method))
    return alert_about(Kind(name, CRASHING.tells))


@given("agent-sre has counted its fallbacks so far")
def has_counted_fallbacks(context: Context) -> None:
    context.stage.settle()
    context.fallbacks = context.model.fallbacks()


@when("an alert fires for which the next method knows a remedy")
def fires_for_next_method(context: Context) -> None:
    context.fallbacks = context.model.fallbacks()
    context.incident.fire(context.incident.alert)


@then("the function of the next method is called once")
def next_method_called(context: Context) -> None:
    context.model.decided_otherwise(context.incident.alert, next_function(context))


@then("the issue tells that the model did not decide, and what was done instead")
def tells_fallback(context: Context) -> None:
    context.model.told_fallback(context.incident.alert, next_function(context), context.help_again)


@then("agent-sre counts the fallback")
def fallback_counted(context: Context) -> None:
    context.model.fallback_counted(context.fallbacks)


@then("agent-sre counts no fallback for it, though one for an alert that the model does not decide")
def no_fallback_counted(context: Context) -> None:
    context.model.no_fallback_counted(context.incident.alert, context.fallbacks)
    fallback_of_another_counted(context)


def fallback_of_another_counted(context: Context) -> None:
    """The control for a count that is not to grow: an alert of whose remedy the model is not sure has it grow."""
    other = alert_for_next_method(context)
    context.stage.world.trm.word(other.mark, unsure(context))
    context.incident.fire_beside(other)
    context.model.decided_otherwise(other, next_function(context))
    context.model.fallback_counted(context.fallbacks)


def next_function(context: Context) -> str:
    """The function that the method after the model chooses for the scenario's alert."""
    return next(iter(context.stage.profile.rulings.next_method.values()))
