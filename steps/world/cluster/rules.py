"""The rule operator: PrometheusRule objects become the rule files of Prometheus (CONTRACTS §4.4)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from steps.world.cluster.kubernetes import ApiError, Store
from steps.world.cluster.tasks import Tasks

SELECTOR = {"prometheus": "kube-prometheus-stack", "role": "alert-rules"}
"""The labels that the homelab's Prometheus asks of a rule."""

_PROMETHEUS = {
    "group": "monitoring.coreos.com",
    "resource": "prometheuses",
    "namespace": "prometheus",
    "name": "kube-prometheus-stack-prometheus",
}
_TOGETHER = 0.02
"""Seconds that a change waits for others, to be loaded with them."""
_NOT_FOR_PROMETHEUS = ("labels", "query_offset", "partial_response_strategy")
"""Fields of a group that Prometheus 2.42 does not know and would refuse."""


class RuleLoadError(Exception):
    """Prometheus did not load the rules; the sentence names them and says what it answered."""


class RuleOperator:
    """Writes every selected PrometheusRule into `directory` and has Prometheus reload when a file has changed.

    `async with RuleOperator(...)` runs it. `reload` tells Prometheus to load its files and raises if it refuses.
    What came of it stands in each rule's status, as the real operator writes it: bound, and Accepted or not.
    """

    def __init__(
        self,
        store: Store,
        directory: Path,
        reload: Callable[[], Awaitable[None]],
        selector: Mapping[str, str] = SELECTOR,
    ) -> None:
        self._store = store
        self._directory = directory
        self._reload = reload
        self._selector = ",".join(f"{key}={value}" for key, value in selector.items())
        self._tasks = Tasks()
        self._loading = asyncio.Lock()
        self._written: dict[str, str] = {}
        self._loaded: dict[str, str] = {}
        self._refused: dict[str, str] | None = None

    async def __aenter__(self) -> Self:
        self._tasks.spawn(self._follow(), "rule operator")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.close()

    async def settled(self) -> None:
        """Returns when Prometheus has loaded the rules as they are now. Raises RuleLoadError if it refuses them."""
        self._tasks.check()
        await self._load(again=True)

    async def _follow(self) -> None:
        with self._store.watch("PrometheusRule") as changes:
            while await changes.next():
                await asyncio.sleep(_TOGETHER)
                changes.drain()
                try:
                    await self._load(again=False)
                except RuleLoadError:
                    continue  # stays in the rule's status, and settled() tries again and says so

    async def _load(self, *, again: bool) -> None:
        """Has the present rules loaded; what was refused before only if it is to be tried `again`."""
        async with self._loading:
            rules = self._store.find("PrometheusRule", labels=self._selector)
            files = {_file_name(rule): _rule_file(rule) for rule in rules}
            self._write(files)
            if files == self._loaded or (files == self._refused and not again):
                return
            changed = [rule for rule in rules if self._loaded.get(_file_name(rule)) != files[_file_name(rule)]]
            try:
                await self._reload()
            except Exception as error:
                self._refused = files
                names = ", ".join(f"{_namespace(rule)}/{_name(rule)}" for rule in changed) or "that are left"
                sentence = f"Prometheus did not load the rules {names}: {error}"
                self._tell(changed, sentence)
                raise RuleLoadError(sentence) from error
            self._loaded, self._refused = files, None
            self._tell(rules, None)

    def _write(self, files: dict[str, str]) -> None:
        for name in self._written.keys() - files.keys():
            (self._directory / name).unlink()
        for name, text in files.items():
            if self._written.get(name) != text:
                (self._directory / name).write_text(text, encoding="utf-8")
        self._written = files

    def _tell(self, rules: list[dict[str, Any]], refusal: str | None) -> None:
        """Writes into the status of the rules that they are in force, or why not."""
        for rule in rules:
            told = _condition(rule)
            condition = {
                "type": "Accepted",
                "status": "False" if refusal else "True",
                "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "observedGeneration": rule["metadata"]["generation"],
                **({"reason": "InvalidConfiguration", "message": refusal} if refusal else {}),
            }
            if told.get("status") == condition["status"]:
                condition["lastTransitionTime"] = told["lastTransitionTime"]
            status = {"bindings": [{**_PROMETHEUS, "conditions": [condition]}]}
            try:
                self._store.merge("PrometheusRule", _namespace(rule), _name(rule), {"status": status}, status=True)
            except ApiError as error:
                if error.code != 404:  # gone meanwhile
                    raise


def _condition(rule: dict[str, Any]) -> dict[str, Any]:
    """What the rule's status says by now; nothing before it was loaded."""
    for binding in rule.get("status", {}).get("bindings", ()):
        for condition in binding.get("conditions", ()):
            return dict(condition)
    return {}


def _rule_file(rule: dict[str, Any]) -> str:
    """The rule file of Prometheus; the labels of a group, which it does not know, go to the group's rules."""
    groups = []
    for group in rule["spec"].get("groups", ()):
        shared = group.get("labels", {})
        rules = [
            {
                **entry,
                "expr": str(entry["expr"]),
                **({"labels": {**shared, **entry.get("labels", {})}} if shared else {}),
            }
            for entry in group.get("rules", ())
        ]
        known = {key: value for key, value in group.items() if key not in _NOT_FOR_PROMETHEUS}
        groups.append({**known, "rules": rules})
    return yaml.safe_dump({"groups": groups}, sort_keys=False, allow_unicode=True)


def _file_name(rule: dict[str, Any]) -> str:
    return f"{_namespace(rule)}-{_name(rule)}-{rule['metadata']['uid']}.yaml"


def _namespace(rule: dict[str, Any]) -> str:
    return str(rule["metadata"]["namespace"])


def _name(rule: dict[str, Any]) -> str:
    return str(rule["metadata"]["name"])
