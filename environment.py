"""behave's hooks, thin: they open the stage once, give each scenario its scene, and close everything."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import fields

from behave.model import Scenario, Step
from behave.model_type import Status
from behave.runner import Context, the_step_registry

from reports import evidence, measuring, recording, run
from reports.run import UsageError, facts
from steps.incident import audit
from steps.incident.ahead import preparation_of
from steps.incident.arrangement import arrangement_of
from steps.incident.stage import Scene, Stage
from steps.incident.vacuity import require_observation
from steps.targets.profile import REFERENCE, ProfileError, asked, defaults, in_force, path_of
from steps.world.processes import preloaded


def around_run(settings: Mapping[str, str]) -> AbstractContextManager[None]:
    """The run takes place within it, and begins when there are no workers yet.

    The libraries of the bundled reference are loaded once for all of its starts, if it takes part.
    """
    try:
        profile = asked(settings)
    except (ProfileError, OSError, ValueError):
        return nullcontext()  # before_all will tell
    takes_part = profile.name == REFERENCE or not (profile.agent and profile.converter)
    return preloaded.libraries("steps.reference.") if takes_part else nullcontext()


def before_all(context: Context) -> None:
    context.stage = open_stage(context.config.userdata)
    context.add_cleanup(context.stage.close)
    prepare(context)


def before_scenario(context: Context, scenario: Scenario) -> None:
    context.stage.begin(str(scenario.location), arrangement(scenario))
    enter(context, scenario)


def after_step(context: Context, step: Step) -> None:
    observed = context.stage.observed(str(context.scenario.location), failed=step.status.has_failed())
    evidence.attach(context, step, [*observed.seen, *measuring.keep(observed.measured)])
    if step.step_type == "then" and step.status is Status.passed:
        require_observation(step.name, observed)


def after_scenario(context: Context, scenario: Scenario) -> None:
    course = context.stage.incident_of(str(scenario.location)).course()
    recording.keep(scenario, course, context.stage.waiting.spent.seconds())
    context.stage.end(str(scenario.location), failed=any(step.status.has_failed() for step in scenario.all_steps))


def after_all(context: Context) -> None:
    """One of several workers leaves the audit of its world to the scenarios that judge the whole run."""
    if run.record and run.record.part and not context.aborted:
        context.stage.audit().write(run.record.latest / audit.PLACE / f"{run.record.part}.json")


def open_stage(settings: Mapping[str, str]) -> Stage:
    """Opens the stage, and tells the reports what they cannot know."""
    try:
        stage = Stage.open(settings)
    except ProfileError as error:
        raise UsageError(str(error)) from None
    facts.target, facts.profile = stage.profile.judged, stage.profile.name
    facts.versions |= stage.versions()
    facts.settings, facts.defaults = in_force(stage.profile), defaults()
    facts.waivers = path_of(settings.get("profile", REFERENCE)).with_name("waivers.toml")
    facts.redact = stage.world.journal.redact
    return stage


def arrangement(scenario: Scenario) -> str | None:
    """How agent-sre has to be set for the scenario (see steps.incident.arrangement); None: as usual."""
    matches = (the_step_registry.find_match(step) for step in scenario.all_steps)
    asked = (arrangement_of(match.func) for match in matches if match)
    return next(filter(None, asked), None)


def enter(context: Context, scenario: Scenario) -> None:
    """Puts the scenario's scene into the context, where its steps look for it."""
    scene: Scene = context.stage.scene_of(str(scenario.location))
    for field in fields(scene):
        setattr(context, field.name, getattr(scene, field.name))


def prepare(context: Context) -> None:
    """Makes the preparations of all selected scenarios together (see steps.incident.ahead).

    One that cannot be made is made again by its own step, which then tells why.
    """
    for feature in context._runner.features:
        for scenario in feature.walk_scenarios():
            if not scenario.should_run(context.config):
                continue
            enter(context, scenario)
            for step in scenario.all_steps:
                match = the_step_registry.find_match(step)
                if match and (preparation := preparation_of(match.func)):
                    with suppress(Exception):
                        preparation(context, **{argument.name: argument.value for argument in match.arguments})
