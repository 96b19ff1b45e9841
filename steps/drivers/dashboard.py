"""A Grafana dashboard as its JSON model: the panels, and what each asks Prometheus."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RANGE = "5m"
"""What Grafana's own variables about time stand for when nobody has zoomed."""
BUILT_IN = {
    **dict.fromkeys(("__rate_interval", "__interval", "__range"), RANGE),
    **dict.fromkeys(("__interval_ms", "__range_ms"), "300000"),
    "__range_s": "300",
}
ALL = "$__all"
PROMETHEUS = "prometheus"
MIXED, CALCULATION = "datasource", "__expr__"
"""Types of what looks like a data source and is none: another one for each query, and calculations of Grafana's own."""
OTHERS = ("loki", "tempo")
"""Types of other data sources of agent-sre's observability stack, for which they are usually named."""

_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::\w+)?\})")
_EQUALS = re.compile(r"""(?<![!=])=(\s*["'`](?:\$(\w+)|\$\{(\w+)(?::\w+)?\})["'`])""")


_TEXT = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)""")
_NO_METRIC = re.compile(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", re.I)
_NAME = re.compile(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?![\w:]*\s*\()")
_WORDS = ("and", "or", "unless", "atan2", "bool", "offset", "inf", "nan", "by", "without", "on", "ignoring")
_ANYWAY = re.compile(r"\b(?:vector|absent|absent_over_time)\s*\(")


def shows_anyway(query: str) -> bool:
    """Whether the query may yield something although what it asks for is not there."""
    return bool(_ANYWAY.search(_TEXT.sub("", query)))


def metrics_in(query: str) -> list[str]:
    """The names of the metrics that a PromQL query asks for, where it writes them before any braces."""
    bare = _NO_METRIC.sub(" ", _TEXT.sub("", query))
    return [name for name in _NAME.findall(bare) if name.lower() not in _WORDS]


class DashboardUnavailable(Exception):
    """The dashboard cannot be read: the environment's fault, not the agent's."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel with its queries, ready to be asked."""

    title: str
    queries: tuple[str, ...]


def panels(file: Path | None) -> list[Panel]:
    """The dashboard's panels that ask Prometheus, those in rows included; what is asked of others shows no metrics.

    Raises DashboardUnavailable, also when no panel asks Prometheus.
    """
    if file is None:
        raise DashboardUnavailable("The profile names no dashboard of agent-sre: set `dashboard` to its JSON model.")
    try:
        model = json.loads(file.read_text(encoding="utf-8"))
        variables = model.get("templating", {}).get("list", [])
        values = BUILT_IN | {one["name"]: _value(one) for one in variables}
        open_ = {one["name"] for one in variables if _is_open(one)}
        kinds = {CALCULATION: CALCULATION} | dict(_kinds(model))
        found = [panel for one in _asking(model["panels"]) if (panel := _panel(one, values, open_, kinds))]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DashboardUnavailable(f"{file} is no Grafana dashboard: {type(error).__name__} {error}.") from error
    if not found:
        raise DashboardUnavailable(f"No panel of {file} asks Prometheus; only such panels can be judged.")
    return found


def _asking(given: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for panel in given:
        yield from _asking(panel.get("panels", []))
        if panel.get("targets"):
            yield panel


def _panel(panel: dict[str, Any], values: Mapping[str, str], open_: Set[str], kinds: Mapping[str, str]) -> Panel | None:
    """What the panel asks Prometheus; None when it asks others alone."""
    asked = tuple(
        _filled(_matching_any(target["expr"], open_), values)
        for target in panel["targets"]
        if "expr" in target and _kind(target.get("datasource") or panel.get("datasource"), kinds) in (PROMETHEUS, MIXED)
    )
    return Panel(panel.get("title") or f"panel {panel.get('id')}", asked) if asked else None


def _kinds(model: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The types of data sources by the variables that stand for them: those to fill in at an import, and a choice."""
    for one in model.get("__inputs") or ():
        yield f"${{{one['name']}}}", one.get("pluginId", PROMETHEUS)
    for one in model.get("templating", {}).get("list", []):
        if one.get("type") == "datasource":
            yield from (
                (written, one.get("query", PROMETHEUS)) for written in (f"${one['name']}", f"${{{one['name']}}}")
            )


def _kind(source: dict[str, str] | str | None, kinds: Mapping[str, str]) -> str:
    """The type of a data source: an object tells it; a name or a variable, as before Grafana 8.3, may hint at it."""
    if not isinstance(source, str):
        return (source or {}).get("type", PROMETHEUS)
    if source in kinds:
        return kinds[source]
    return next((kind for kind in OTHERS if kind in source.lower()), PROMETHEUS)


def _value(variable: dict[str, Any]) -> str:
    """The current value of a variable of the dashboard's own, as a query takes it; else what Grafana begins with."""
    chosen = [] if _is_open(variable) else _chosen(variable)
    values = chosen or [_first(variable)]
    return variable.get("allValue") or ".*" if ALL in values else "|".join(map(str, values))


def _chosen(variable: dict[str, Any]) -> list[Any]:
    """What was chosen for the variable when the dashboard was saved, if anything."""
    value = (variable.get("current") or {}).get("value")
    return value if isinstance(value, list) else [value] if value else []


def _is_open(variable: dict[str, Any]) -> bool:
    """Whether the variable is one thing that its query finds when somebody opens the dashboard.

    Grafana asks for the choices then, and takes the first when it was saved with none of them, as elsewhere.
    """
    chosen = _chosen(variable)
    if variable.get("type") != "query" or ALL in chosen:
        return False
    return bool(variable.get("refresh")) or not (chosen or variable.get("includeAll"))


def _first(variable: dict[str, Any]) -> str:
    """The only or the first of a variable's choices. Those that only its query could tell are all taken."""
    kind, query = variable.get("type"), str(variable.get("query", ""))
    if kind in ("constant", "textbox"):
        return query
    if kind in ("custom", "interval") and not variable.get("includeAll"):
        return query.partition(",")[0].strip()
    return ALL


def _matching_any(query: str, open_: Set[str]) -> str:
    """The query, in which a label that has to equal an open variable may be any of its choices."""
    return _EQUALS.sub(lambda match: f"=~{match[1]}" if (match[2] or match[3]) in open_ else match[0], query)


def _filled(query: str, values: Mapping[str, str]) -> str:
    """The query with its variables filled in; one that nobody defines stays, as in Grafana."""

    def value(match: re.Match[str]) -> str:
        return values.get(match[1] or match[2], match[0])

    return _VARIABLE.sub(value, query)
