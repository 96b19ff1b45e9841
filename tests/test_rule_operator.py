"""The rule operator turns PrometheusRule objects into Prometheus's rule files and has them loaded."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from steps.world.cluster.kubernetes import Store
from steps.world.cluster.rules import RuleLoadError, RuleOperator
from steps.world.processes.tools import ToolMissing, find

LABELS = {"prometheus": "kube-prometheus-stack", "role": "alert-rules"}

Object = dict[str, Any]


def rule(name: str, expr: Any = "up == 0", labels: dict[str, str] | None = None, **group: Any) -> Object:
    entry = {"alert": "Down", "expr": expr, "for": "1m", "labels": {"severity": "critical"}}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": name, "namespace": "default", "labels": LABELS if labels is None else labels},
        "spec": {"groups": [{"name": name, "rules": [entry], **group}]},
    }


class Prometheus:
    """Counts its reloads, and refuses those that it is told to refuse."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.reloads = 0
        self.loaded: dict[str, Any] = {}
        self.answer: Exception | None = None
        self.busy = asyncio.Event()
        self.free = asyncio.Event()
        self.free.set()

    async def reload(self) -> None:
        self.reloads += 1
        self.busy.set()
        await self.free.wait()
        if self.answer:
            raise self.answer
        self.loaded = {path.name: yaml.safe_load(path.read_text()) for path in self.directory.iterdir()}

    def groups(self) -> list[str]:
        """The names of all groups that are loaded."""
        return sorted(group["name"] for file in self.loaded.values() for group in file["groups"])


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def prometheus(tmp_path: Path) -> Prometheus:
    return Prometheus(tmp_path)


@pytest.fixture
async def operator(store: Store, prometheus: Prometheus) -> AsyncIterator[RuleOperator]:
    async with RuleOperator(store, prometheus.directory, prometheus.reload) as operator:
        yield operator


def accepted(store: Store, name: str) -> Object:
    """The condition that the operator wrote into the rule's status."""
    (binding,) = store.get("PrometheusRule", "default", name)["status"]["bindings"]
    (condition,) = binding["conditions"]
    assert (binding["resource"], condition["type"]) == ("prometheuses", "Accepted")
    return dict(condition)


async def test_a_rule_becomes_a_file_that_prometheus_loads(
    operator: RuleOperator, store: Store, prometheus: Prometheus
) -> None:
    uid = store.create(rule("demo"))["metadata"]["uid"]
    await operator.settled()
    assert prometheus.loaded == {f"default-demo-{uid}.yaml": rule("demo")["spec"]}
    assert accepted(store, "demo")["status"] == "True"
    assert accepted(store, "demo")["observedGeneration"] == 1


async def test_rules_are_loaded_without_anybody_waiting_for_them(
    operator: RuleOperator, store: Store, prometheus: Prometheus
) -> None:
    store.create(rule("demo"))
    await asyncio.wait_for(prometheus.busy.wait(), 30)
    assert prometheus.reloads == 1


async def test_rules_that_are_there_before_the_operator_are_loaded(store: Store, prometheus: Prometheus) -> None:
    store.create(rule("early"))
    async with RuleOperator(store, prometheus.directory, prometheus.reload) as operator:
        await operator.settled()
        assert prometheus.groups() == ["early"]


async def test_a_changed_rule_is_loaded_again_and_a_deleted_one_is_gone(
    operator: RuleOperator, store: Store, prometheus: Prometheus
) -> None:
    store.create(rule("demo"))
    store.create(rule("other"))
    await operator.settled()
    store.merge("PrometheusRule", "default", "demo", {"spec": {"groups": [{"name": "renamed"}]}})
    await operator.settled()
    assert prometheus.groups() == ["other", "renamed"]
    assert accepted(store, "demo")["observedGeneration"] == 2
    store.delete("PrometheusRule", "default", "demo")
    await operator.settled()
    assert prometheus.groups() == ["other"]
    assert prometheus.reloads == 3


@pytest.mark.parametrize(
    "labels", [{}, {"role": "alert-rules"}, {"prometheus": "kube-prometheus-stack"}, {**LABELS, "role": "recording"}]
)
async def test_a_rule_without_the_selectors_labels_is_ignored(
    operator: RuleOperator, store: Store, prometheus: Prometheus, labels: dict[str, str]
) -> None:
    store.create(rule("chosen"))
    store.create(rule("ignored", labels=labels))
    await operator.settled()
    assert prometheus.groups() == ["chosen"]
    assert "status" not in store.get("PrometheusRule", "default", "ignored")
    store.merge("PrometheusRule", "default", "ignored", {"metadata": {"labels": LABELS}})
    store.merge("PrometheusRule", "default", "chosen", {"metadata": {"labels": {"role": None}}})
    await operator.settled()
    assert prometheus.groups() == ["ignored"]


async def test_changes_that_come_together_are_one_reload(
    store: Store, prometheus: Prometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steps.world.cluster.rules._TOGETHER", 60)
    async with RuleOperator(store, prometheus.directory, prometheus.reload) as operator:
        for number in range(20):
            store.create(rule(f"rule-{number}"))
            await asyncio.sleep(0)
        assert prometheus.reloads == 0
        await operator.settled()
    assert prometheus.reloads == 1
    assert len(prometheus.groups()) == 20


async def test_many_changes_do_not_hold_up_a_later_one(
    operator: RuleOperator, store: Store, prometheus: Prometheus
) -> None:
    for number in range(100):
        store.create(rule(f"rule-{number}"))
    await operator.settled()
    prometheus.busy.clear()
    store.create(rule("later"))
    await asyncio.wait_for(prometheus.busy.wait(), 30)


async def test_changes_during_a_reload_are_loaded_by_the_next(
    operator: RuleOperator, store: Store, prometheus: Prometheus
) -> None:
    prometheus.free.clear()
    store.create(rule("first"))
    await asyncio.wait_for(prometheus.busy.wait(), 30)
    store.create(rule("second"))
    store.create(rule("third"))
    prometheus.free.set()
    await operator.settled()
    assert prometheus.groups() == ["first", "second", "third"]
    assert prometheus.reloads == 2


async def test_what_leaves_the_rules_as_they_are_is_no_reload(
    operator: RuleOperator, store: Store, prometheus: Prometheus
) -> None:
    store.create(rule("demo"))
    await operator.settled()
    store.merge("PrometheusRule", "default", "demo", {"metadata": {"annotations": {"a": "b"}}})
    store.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}})
    await operator.settled()
    await operator.settled()
    assert prometheus.reloads == 1


async def test_a_refused_reload_is_told_as_a_sentence_and_in_the_status(
    operator: RuleOperator, store: Store, prometheus: Prometheus
) -> None:
    store.create(rule("good"))
    await operator.settled()
    prometheus.answer = RuntimeError("parse error: unexpected end of input")
    store.create(rule("bad", expr="up =="))
    sentence = "Prometheus did not load the rules default/bad: parse error: unexpected end of input"
    for _ in range(2):
        with pytest.raises(RuleLoadError) as refused:
            await operator.settled()
        assert str(refused.value) == sentence
    condition = accepted(store, "bad")
    assert (condition["status"], condition["reason"], condition["message"]) == (
        "False",
        "InvalidConfiguration",
        sentence,
    )
    assert accepted(store, "good")["status"] == "True"


async def test_the_time_of_a_status_is_that_of_its_last_change(
    operator: RuleOperator, store: Store, prometheus: Prometheus
) -> None:
    store.create(rule("demo"))
    await operator.settled()
    earlier = {**accepted(store, "demo"), "lastTransitionTime": "2001-01-01T00:00:00Z"}
    (binding,) = store.get("PrometheusRule", "default", "demo")["status"]["bindings"]
    told = {"status": {"bindings": [{**binding, "conditions": [earlier]}]}}
    store.merge("PrometheusRule", "default", "demo", told, status=True)
    store.merge("PrometheusRule", "default", "demo", {"spec": {"groups": [{"name": "a"}]}})
    await operator.settled()
    assert accepted(store, "demo") == {**earlier, "observedGeneration": 2}
    prometheus.answer = RuntimeError("no")
    store.merge("PrometheusRule", "default", "demo", {"spec": {"groups": [{"name": "b"}]}})
    with pytest.raises(RuleLoadError):
        await operator.settled()
    assert accepted(store, "demo")["lastTransitionTime"] > "2001-01-01T00:00:00Z"


async def test_a_refusal_of_what_is_left_says_so(operator: RuleOperator, store: Store, prometheus: Prometheus) -> None:
    store.create(rule("demo"))
    await operator.settled()
    prometheus.answer = RuntimeError("no")
    store.delete("PrometheusRule", "default", "demo")
    with pytest.raises(RuleLoadError, match=r"^Prometheus did not load the rules that are left: no$"):
        await operator.settled()


async def test_after_a_refusal_the_operator_goes_on(
    operator: RuleOperator, store: Store, prometheus: Prometheus
) -> None:
    prometheus.answer = RuntimeError("no")
    store.create(rule("bad"))
    await asyncio.wait_for(prometheus.busy.wait(), 30)
    prometheus.answer = None
    store.merge("PrometheusRule", "default", "bad", {"spec": {"groups": [{"name": "mended"}]}})
    await operator.settled()
    assert prometheus.groups() == ["mended"]
    assert accepted(store, "bad")["status"] == "True"


async def test_a_refused_rule_that_is_deleted_leaves_what_was_loaded_before(
    operator: RuleOperator, store: Store, prometheus: Prometheus
) -> None:
    store.create(rule("good"))
    await operator.settled()
    prometheus.answer = RuntimeError("no")
    store.create(rule("bad"))
    with pytest.raises(RuleLoadError):
        await operator.settled()
    store.delete("PrometheusRule", "default", "bad")
    await operator.settled()
    assert len(list(prometheus.directory.iterdir())) == 1
    assert prometheus.reloads == 2


async def test_a_rule_deleted_during_its_reload_does_no_harm(
    operator: RuleOperator, store: Store, prometheus: Prometheus
) -> None:
    prometheus.free.clear()
    store.create(rule("short-lived"))
    await asyncio.wait_for(prometheus.busy.wait(), 30)
    store.delete("PrometheusRule", "default", "short-lived")
    prometheus.free.set()
    await operator.settled()
    assert prometheus.groups() == []


async def test_fields_that_prometheus_does_not_know_are_left_out_and_group_labels_given_to_the_rules(
    operator: RuleOperator, store: Store, prometheus: Prometheus
) -> None:
    given = rule(
        "demo",
        expr=1,
        labels=LABELS,
        interval="30s",
        limit=5,
        query_offset="1m",
        partial_response_strategy="abort",
    )
    given["spec"]["groups"][0]["labels"] = {"team": "sre", "severity": "info"}
    store.create(given)
    await operator.settled()
    (file,) = prometheus.loaded.values()
    (group,) = file["groups"]
    assert group.keys() == {"name", "interval", "limit", "rules"}
    assert group["rules"][0]["expr"] == "1"
    assert group["rules"][0]["labels"] == {"team": "sre", "severity": "critical"}


async def test_any_text_comes_through_unchanged(operator: RuleOperator, store: Store, prometheus: Prometheus) -> None:
    texts = {"summary": 'Grüße "日本" 🚨\n{{ $labels.pod }}: yes', "number": "1e3", "long": "x " * 2048, "tab": "\t'"}
    given = rule("demo")
    given["spec"]["groups"][0]["rules"][0]["annotations"] = texts
    store.create(given)
    await operator.settled()
    (file,) = prometheus.loaded.values()
    assert file["groups"][0]["rules"][0]["annotations"] == texts


async def test_the_file_is_what_prometheus_reads(operator: RuleOperator, store: Store, prometheus: Prometheus) -> None:
    try:
        promtool = find("promtool")
    except ToolMissing as missing:
        pytest.skip(f"NOT PROVED with promtool: {missing}")
    given = rule("demo", expr=1, query_offset="1m", partial_response_strategy="warn")
    given["spec"]["groups"][0]["rules"][0]["annotations"] = {"summary": 'a "b"\n{{ $labels.pod }} ä'}
    store.create(given)
    await operator.settled()
    (path,) = prometheus.directory.iterdir()
    check = [promtool, "check", "rules", path]
    checked = await asyncio.to_thread(subprocess.run, check, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


async def test_a_closed_operator_loads_nothing_more(store: Store, prometheus: Prometheus) -> None:
    prometheus.free.clear()
    async with RuleOperator(store, prometheus.directory, prometheus.reload):
        store.create(rule("demo"))
        await asyncio.wait_for(prometheus.busy.wait(), 30)
    store.create(rule("late"))
    prometheus.free.set()
    await asyncio.sleep(0.05)
    assert prometheus.reloads == 1
    assert prometheus.loaded == {}
