"""What tickets say: the drafts of issues and the texts of comments (CONTRACTS §10.1, ticket wording)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit

from steps.reference.agent.alert import Alert
from steps.reference.agent.approvals import Decision, Question
from steps.reference.agent.choice import Choice
from steps.reference.agent.context import Context
from steps.reference.agent.observability import (
    LOOKBACK,
    Failure,
    Observations,
    Sample,
    Unavailable,
    expression_of,
)
from steps.reference.agent.remediation import Plan, function_of
from steps.reference.agent.slm import Objective
from steps.reference.agent.tickets import Draft, Link, Section
from steps.reference.events import parse_time

T = TypeVar("T")


def alert_draft(
    issue_id: str, alert: Alert, correlation_id: str, context: Context, grafana_url: str, related_id: str | None
) -> Draft:
    """The issue about an alert."""
    sections = [*_facts(alert, correlation_id), *_slm(context), *_observed(context.observations)]
    if function := function_of(alert):
        asked = {"Function": function, "Parameters": alert.annotations.get("lambda_parameters", "")}
        sections.append(Section("Remediation", asked))
    links = []
    if urlsplit(alert.generator_url).scheme in ("http", "https"):
        links.append(Link("Alert source", alert.generator_url))
    if expression_of(alert):
        links.append(Link("Graph around the alert's start", _graph(alert)))
    if slo := alert.labels.get("slo"):
        links.append(Link(f"SLO dashboard: {slo}", f"{grafana_url}/d/slo-{quote(slo, safe='')}"))
    return _draft(issue_id, f"[Alert] {alert.alertname}", sections, alert, context, links, related_id)


def failure_draft(
    issue_id: str,
    alert: Alert,
    correlation_id: str,
    context: Context,
    function: str,
    reason: str,
    alert_issue_id: str,
) -> Draft:
    """The issue about a remediation that failed, related to the alert's issue."""
    facts = {"Function": function, "Parameters": alert.annotations.get("lambda_parameters", "")}
    sections = [Section("Remediation failed", facts, reason), *_facts(alert, correlation_id)]
    return _draft(issue_id, f"[Remediation Failed] {alert.alertname}", sections, alert, context, (), alert_issue_id)


def repeated(alert: Alert, correlation_id: str) -> Section:
    """The comment on a further notification."""
    return Section("The alert is still firing", {"Firing since": alert.starts_at, "Correlation ID": correlation_id})


def resolved(alert: Alert, correlation_id: str) -> Section:
    """The comment that closes the issue."""
    return Section("The alert is resolved", {"Resolved at": alert.ends_at or "", "Correlation ID": correlation_id})


def chosen(choice: Choice) -> Section:
    """The comment on who chose the function for an alert that names none."""
    function = {"Function": choice.plan.function} if choice.plan else {}
    if choice.fallback is None:
        return Section("Remediation chosen by the TRM model", {**function, "Reason": choice.reasoning})
    next_method = "the rules have chosen" if choice.plan else "no rule fits either; this is left to people"
    why = {"Fallback": next_method, "Reason": choice.fallback}
    return Section("The TRM model did not choose a remediation", {**function, **why})


def approval_asked(question: Question) -> Section:
    """The comment on a remediation that waits for approval."""
    parameters = json.dumps(question.parameters, ensure_ascii=False)
    facts = {"Function": question.function, "Parameters": parameters, "Request": question.id}
    return Section("Remediation waits for approval", facts | {"Answer within": f"{question.timeout:g} s"})


def approval_decided(question: Question, decision: Decision) -> Section:
    """The comment on what was decided: by whom and when."""
    facts = {"Function": question.function, "Request": question.id}
    for provider, answer in decision.answers.items():
        facts[f"{'Approved' if answer.approved else 'Rejected'} in {provider} by"] = f"{answer.by} at {answer.at}"
    why = f"Nobody has decided it within {question.timeout:g} s, that is until {decision.at}."
    return Section(f"Remediation {decision.outcome}", facts, why if decision.timed_out else "")


def remediation_started(plan: Plan) -> Section:
    """The comment on the call of a function."""
    parameters = json.dumps(plan.parameters, ensure_ascii=False)
    return Section("Remediation started", {"Function": plan.function, "Parameters": parameters})


def remediation_succeeded(function: str, message: str) -> Section:
    """The comment on a success."""
    return Section("Remediation succeeded", {"Function": function, "Outcome": message})


def remediation_failed(function: str, reason: str) -> Section:
    """The comment on a failure."""
    return Section("Remediation failed", {"Function": function, "Reason": reason})


def _draft(
    issue_id: str,
    title: str,
    sections: Sequence[Section],
    alert: Alert,
    context: Context,
    links: Sequence[Link],
    related_id: str | None,
) -> Draft:
    violation = context.objective.violation if context.objective else None
    return Draft(issue_id, title, sections, alert.severity, violation, context.assignee, links, related_id)


def _facts(alert: Alert, correlation_id: str) -> list[Section]:
    details = {
        "Alert name": alert.alertname,
        "Status": alert.status,
        "Severity": alert.severity,
        "Firing since": alert.starts_at,
    }
    text = alert.annotations.get("description") or alert.annotations.get("summary") or ""
    return [
        Section("Alert Details", details | {"Correlation ID": correlation_id}),
        Section("Description", text=text or "The alert has no description."),
        Section("Labels", alert.labels),
        Section("Annotations", alert.annotations),
    ]


def _slm(context: Context) -> list[Section]:
    if context.unavailable:
        return [Section("SLM Context", text=f"Not available: {context.unavailable}")]
    if context.objective is None:
        return []
    return [Section("SLM Context", _objective(context.objective))]


def _observed(observations: Observations) -> list[Section]:
    """What Prometheus, Loki and Tempo know; a section says so when its source could not be asked."""

    def section(heading: str, told: T | Unavailable | None, write: Callable[[T], Section]) -> list[Section]:
        if told is None:
            return []
        if isinstance(told, Unavailable):
            return [Section(heading, text=f"Not available: {told.reason}")]
        return [write(told)]

    return [
        *section("Metrics", observations.sample, _sample),
        *section("Logs", observations.lines, _lines),
        *section("Traces", observations.failures, _failures),
    ]


def _sample(sample: Sample) -> Section:
    return Section("Metrics", {"Value": sample.value or "no data", "Query": sample.query})


def _lines(lines: Sequence[str]) -> Section:
    return Section("Logs", text="\n".join(lines) or "The pod has written no line.")


def _failures(failures: Sequence[Failure]) -> Section:
    if not failures:
        return Section("Traces", text="None has an error.")
    return Section("Traces", {one.name: f"trace {one.trace_id}, span {one.span_id}" for one in failures})


def _graph(alert: Alert) -> str:
    """Address of Prometheus' graph of the alert's condition, from a while before its start to a while after it."""
    around = timedelta(seconds=LOOKBACK)
    end = datetime.fromtimestamp(parse_time(alert.starts_at).timestamp(), UTC) + around
    shown = {
        "g0.expr": expression_of(alert),
        "g0.tab": "0",
        "g0.range_input": f"{round(2 * around.total_seconds())}s",
        "g0.end_input": f"{end:%Y-%m-%d %H:%M:%S}",
    }
    return urlsplit(alert.generator_url)._replace(query=urlencode(shown), fragment="").geturl()


def _objective(objective: Objective) -> dict[str, str]:
    values = {
        "Target": objective.target,
        "Current": objective.current,
        "Error budget remaining": objective.budget_remaining,
        "Burn rate": objective.burn_rate,
    }
    shown = {name: "no data" if value is None else _number(value) for name, value in values.items()}
    return {"SLO": objective.name, **shown, "Violation severity": objective.violation or "no data"}


def _number(value: float) -> str:
    """The value without the noise of Prometheus' floating point."""
    return f"{round(value, 9) + 0.0:.6g}"
