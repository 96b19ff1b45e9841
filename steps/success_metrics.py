"""Sentences about the ticket's success metrics: what they measure, and what it has to reach."""

from behave import register_type, then, when

from steps.incident.context import Context
from steps.incident.outages import ACTED_ON, READ_FROM
from steps.incident.words import one_of

register_type(System=one_of((*ACTED_ON, *READ_FROM)))


def column(context: Context, name: str) -> list[str]:
    return [row[name] for row in context.table]


# -- loads, each of which arrives once in a run


@when("alerts have arrived on schedule")
def alerts_arrived(context: Context) -> None:
    context.load = context.traffic.everything()


@when("alerts have arrived on schedule, and people have approved each remediation")
def approved_arrived(context: Context) -> None:
    context.load = context.traffic.approvals()


@when("alerts arrive on schedule while rate limits are reached")
def limited_arrived(context: Context) -> None:
    context.load = context.traffic.limits()


# -- what is measured of them


@then("as many of the calls succeed as have to, at each of these integration points")
def calls_succeed(context: Context) -> None:
    context.success.succeed(context.load, column(context, "integration point"))


@then("95 % of the alerts have their effect in time, at each of these systems")
def effects_in_time(context: Context) -> None:
    context.success.in_time(context.load, column(context, "system"))


@then("no call is sent while its rate limit is reached, to any of these systems")
def limits_respected(context: Context) -> None:
    context.success.compliant(context.load, column(context, "system"))


@then("every call is authenticated, by each of these systems")
def calls_authenticated(context: Context) -> None:
    context.success.authenticated(context.load, column(context, "system"))


# -- outages, which all come about once in a run


@when("{system:System} has been down for a while, and alerts fire")
def has_been_down(context: Context, system: str) -> None:
    context.outages.of(system)


@then("{system:System} is in use again in time: {effect}")
def is_back(context: Context, system: str, effect: str) -> None:
    context.outages.recovered(system)
