"""Manifests: credentials are found wherever they stand, and what only looks like one is left alone."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from steps.incident import deployment, manifests
from steps.incident.incident import Incident
from steps.incident.manifests import Manifest
from steps.incident.waiting import BedNotReady
from steps.targets.profile import load
from steps.world.journal import Journal
from steps.world.services.signals import Signals
from tests.test_claims import refused

KEY = "lin_api_4f6c1e9b7d2a8035c4e1"
RANDOM = "9f86d081884c7d659a2feaa0c55ad015"
WEBHOOK = "https://hooks.slack.com/services/T0ACCEPT1/B0ACCEPT1/q8Zr2LkW9sYt4HvB"


def agent(**spec: Any) -> Manifest:
    """A LambdaAgent with this in its specification."""
    content = {
        "apiVersion": "lambda.knative.io/v1alpha1",
        "kind": "LambdaAgent",
        "metadata": {"name": "agent-sre", "namespace": "ai"},
        "spec": {"image": {"repository": "agent-sre"}, **spec},
    }
    return Manifest("agent.yaml", content)


def one(kind: str, **content: Any) -> Manifest:
    return Manifest("one.yaml", {"kind": kind, "metadata": {"name": "agent-sre"}, **content})


def pod(container: dict[str, Any], **spec: Any) -> Manifest:
    template = {"spec": {"containers": [{"name": "agent", **container}], **spec}}
    return one("Deployment", apiVersion="apps/v1", spec={"template": template})


GOOD = {
    "a secretKeyRef": agent(
        env=[{"name": "LINEAR_API_KEY", "valueFrom": {"secretKeyRef": {"name": "linear-api-key", "key": "api-key"}}}]
    ),
    "the CRD's own references": agent(approval={"slack": {"webhookUrlSecretRef": {"name": "slack", "key": "url"}}}),
    "all of a Secret": pod({"envFrom": [{"secretRef": {"name": "agent-sre"}}]}),
    "a mounted Secret": pod(
        {"env": [{"name": "LINEAR_API_KEY_FILE", "value": "/var/run/secrets/linear/api-key"}]},
        volumes=[{"name": "keys", "secret": {"secretName": "linear-api-key"}}],
    ),
    "keys that open nothing": pod(
        {"env": [{"name": "LINEAR_TEAM_KEY", "value": "BVL"}, {"name": "JIRA_PROJECT_KEY", "value": "HOMELAB"}]}
    ),
    "numbers of tokens": agent(ai={"maxTokens": 2048}, env=[{"name": "MAX_TOKEN", "value": "2048"}]),
    "a digest and a checksum": pod(
        {"image": f"registry.example.com/agent-sre@sha256:{RANDOM}{RANDOM}"},
    ),
    "annotations of a rollout": one(
        "Deployment",
        spec={"template": {"metadata": {"annotations": {"checksum/config": RANDOM * 2}}, "spec": {"containers": []}}},
    ),
    "names of hosts": pod(
        {"env": [{"name": "BROKER", "value": "http://lambda-broker-broker-ingress.knative-lambda.svc.cluster.local"}]}
    ),
    "a webhook in the cluster": pod(
        {
            "env": [
                {"name": "WEBHOOK_URL", "value": "http://prometheus-events.prometheus.svc.cluster.local:8080/webhook"}
            ]
        }
    ),
    "a placeholder": one("Secret", stringData={"api-key": "REPLACE_ME", "other": "<the key>", "third": "${KEY}"}),
    "a placeholder in base64": one("Secret", data={"api-key": base64.b64encode(b"changeme").decode()}),
    "what is no secret in a Secret": one(
        "Secret", stringData={"jira-url": "https://shop.atlassian.net", "jira-email": "robot@example.com"}
    ),
    "an encrypted Secret": one("Secret", stringData={"api-key": "ENC[AES256_GCM,data:abc,iv:def,tag:ghi,type:str]"}),
    "a sealed Secret": one("SealedSecret", spec={"encryptedData": {"api-key": "AgBy3i4OJSWK+PiTySYZZA9rO43cGDEq8"}}),
    "an external Secret": one(
        "ExternalSecret", spec={"data": [{"secretKey": "api-key", "remoteRef": {"key": "linear"}}]}
    ),
    "a variable of the shell": pod({"args": ["--token=$(TOKEN)", "--key", "$KEY"]}),
    "a flag with a path": pod({"args": ["--token-file", "/var/run/secrets/token", "--verbose"]}),
    "a rule for a taint": pod({}, tolerations=[{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}]),
    "a service account's token": pod({}, automountServiceAccountToken=False),
    "settings": one("ConfigMap", data={"settings.yaml": "team: BVL\nurl: http://prometheus:9090\nlimit: 30\n"}),
    "a certificate": one(
        "ConfigMap", data={"ca.crt": "-----BEGIN CERTIFICATE-----\nMIIB9TCCAX8wDQYJKoZI3x\n-----END CERTIFICATE-----"}
    ),
    "an example of a key": one("CustomResourceDefinition", spec={"description": f"such as {KEY}"}),
}


@pytest.mark.parametrize("name", GOOD)
def test_nothing_is_said_against_good_manifests(name: str) -> None:
    assert manifests.exposed(GOOD[name]) == []


BAD = {
    "a value of the environment": (
        pod({"env": [{"name": "LINEAR_API_KEY", "value": "whatever-it-is"}]}),
        "LINEAR_API_KEY as a plain value in spec.template.spec.containers.0.env.0.LINEAR_API_KEY",
    ),
    "a key of any name": (pod({"env": [{"name": "LINEAR", "value": KEY}]}), "a Linear key"),
    "a weak password": (pod({"env": [{"name": "DB_PASSWORD", "value": "12345678"}]}), "DB_PASSWORD as a plain value"),
    "the CRD's own field": (agent(approval={"slack": {"webhookUrl": WEBHOOK}}), "a Slack webhook in spec.approval"),
    "a header of the CRD": (
        agent(approval={"custom": {"headers": {"X-Auth-Token": "s3cr3t-t0ken"}}}),
        "X-Auth-Token as a plain value",
    ),
    "an argument": (pod({"args": [f"--linear-api-key={RANDOM}"]}), "linear-api-key as a plain value in"),
    "an argument after its flag": (pod({"args": ["--linear-api-key", RANDOM]}), "linear-api-key as a plain value in"),
    "a command of the shell": (
        pod({"command": ["sh", "-c", "export JIRA_API_TOKEN=abcdefgh; exec agent"]}),
        "JIRA_API_TOKEN as a plain value",
    ),
    "an annotation": (
        one("Deployment", metadata={"name": "agent-sre", "annotations": {"note": f"slack: {WEBHOOK}"}}),
        "a Slack webhook in metadata.annotations.note",
    ),
    "a long random text": (pod({"env": [{"name": "PD", "value": RANDOM}]}), "a long random text"),
    "a ConfigMap": (one("ConfigMap", data={"LINEAR_API_KEY": "abcdefgh"}), "LINEAR_API_KEY as a plain value in data"),
    "a file in a ConfigMap": (
        one("ConfigMap", data={"agent.env": "TEAM=BVL\nSLACK_SIGNING_SECRET=abcdefgh\n"}),
        "SLACK_SIGNING_SECRET as a plain value in data.agent.env",
    ),
    "a generator's literal": (
        one("Kustomization", configMapGenerator=[{"name": "x", "literals": ["JIRA_API_TOKEN=abcdefgh"]}]),
        "JIRA_API_TOKEN as a plain value",
    ),
    "a password in an address": (
        pod({"env": [{"name": "BROKER", "value": "amqp://agent:hunter22@rabbit/"}]}),
        "a password in an address",
    ),
    "a Secret": (one("Secret", stringData={"api-key": "abcdefgh"}), "holds api-key itself"),
    "a Secret in base64": (one("Secret", data={"api-key": base64.b64encode(KEY.encode()).decode()}), "holds api-key"),
    "a private key": (one("ConfigMap", data={"id": "-----BEGIN RSA PRIVATE KEY-----\nMII"}), "a private key"),
    "a key in an external Secret": (one("ExternalSecret", spec={"note": KEY}), "a Linear key"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_credential_is_found_and_its_place_named_but_not_shown(name: str) -> None:
    manifest, words = BAD[name]
    found = manifests.exposed(manifest)
    assert found, name
    assert found[0].startswith(f"{manifest.where}: {manifest.kind} agent-sre holds ")
    assert any(words in sentence for sentence in found), found
    for secret in (KEY, RANDOM, WEBHOOK, "abcdefgh", "hunter22", "s3cr3t", "12345678"):
        assert not any(secret in sentence for sentence in found)


def test_a_secret_in_the_cluster_is_where_a_credential_belongs() -> None:
    assert manifests.exposed(BAD["a Secret"][0], live=True) == []
    assert manifests.exposed(BAD["a ConfigMap"][0], live=True)


def test_manifests_are_read_with_all_that_lies_beside_them(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    good = [GOOD["a secretKeyRef"].content, GOOD["settings"].content]
    (tmp_path / "base" / "all.yaml").write_text(yaml.safe_dump_all(good))
    listed = {"apiVersion": "v1", "kind": "List", "items": good}
    (tmp_path / "list.yml").write_text(yaml.safe_dump(listed))
    (tmp_path / "keys.env").write_text(f"# for everybody\nLINEAR_API_KEY={RANDOM}\nTEAM=BVL\n")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\xff\xfe")
    read, others = manifests.read(tmp_path)
    assert [manifest.called for manifest in read] == [
        "base/all.yaml: LambdaAgent agent-sre",
        "base/all.yaml: ConfigMap agent-sre",
        "list.yml: LambdaAgent agent-sre",
        "list.yml: ConfigMap agent-sre",
    ]
    assert manifests.exposed_beside(others) == ["keys.env holds LINEAR_API_KEY as a plain value"]


def test_a_credential_in_a_comment_is_found_and_what_is_said_about_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "agent.yaml").write_text(
        "# LINEAR_API_KEY comes from a Secret, its token: see the wiki\n"
        f"tag: 0.5.0  # by hand: LINEAR_API_KEY={KEY}\n"
        "channel: '#alerts'  # as lin_api_xxxxxxxxxxxxxxxxxxxx, or amqp://user:password@broker\n"
    )
    _, others = manifests.read(tmp_path)
    assert manifests.exposed_beside(others) == ["agent.yaml holds a Linear key in a comment"]


def test_manifests_that_cannot_be_read_are_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(BedNotReady, match="set `manifests` in the profile"):
        manifests.read(tmp_path / "nowhere")
    (tmp_path / "chart.yaml").write_text("image: {{ .Values.image }}\n{{- end }}")
    with pytest.raises(BedNotReady, match=r"chart.yaml is not YAML .*rendered"):
        manifests.read(tmp_path)


def test_where_credentials_come_from_is_told_and_none_is_no_proof() -> None:
    told = manifests.from_secrets([GOOD["a secretKeyRef"], GOOD["all of a Secret"], GOOD["a mounted Secret"]])
    assert told == [
        "agent.yaml: LambdaAgent agent-sre: LINEAR_API_KEY ← Secret linear-api-key, key api-key",
        "one.yaml: Deployment agent-sre: agent ← Secret agent-sre",
        "one.yaml: Deployment agent-sre: keys ← Secret linear-api-key",
    ]
    refused(lambda: manifests.from_secrets([GOOD["settings"]]), "Expected a workload", "none in 1")
    refused(lambda: manifests.from_secrets([agent()]), "from Secrets", "LambdaAgent agent-sre")
    manifests.none_exposed([], 7)
    refused(lambda: manifests.none_exposed(["a holds b", "c holds d"], 7), "a holds b", "1 more", "7 objects")


def test_the_references_own_manifests_are_good() -> None:
    directory = load("reference").manifests
    assert directory
    read, others = manifests.read(directory)
    assert [sentence for manifest in read for sentence in manifests.exposed(manifest)] == []
    assert manifests.exposed_beside(others) == []
    assert any("LINEAR_API_KEY" in line for line in manifests.from_secrets(read))


# -- the deployment, as a cluster has it


class Cluster:
    """A cluster that knows Deployments and ConfigMaps, and keeps what is applied."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str, str], dict[str, Any]] = {}

    def knows(self, content: dict[str, Any]) -> bool:
        return content["kind"] in ("Deployment", "ConfigMap")

    def read(self, content: dict[str, Any]) -> dict[str, Any] | None:
        return self.held.get(self._place(content))

    def apply(self, content: dict[str, Any]) -> None:
        self.held[self._place(content)] = content

    def delete(self, content: dict[str, Any]) -> None:
        del self.held[self._place(content)]

    @staticmethod
    def _place(content: dict[str, Any]) -> tuple[str, str, str]:
        return content["kind"], content["metadata"]["namespace"], content["metadata"]["name"]


FROM_SECRET = {"name": "LINEAR_API_KEY", "valueFrom": {"secretKeyRef": {"name": "linear-api-key", "key": "api-key"}}}
ITSELF = {"name": "LINEAR_API_KEY", "value": "a-key-as-it-is"}


def running(kind: str, variable: dict[str, Any], **metadata: str) -> dict[str, Any]:
    """A workload of that kind with that variable, as Helm or the base of an overlay has it: without a namespace."""
    spec = {"template": {"spec": {"containers": [{"name": "agent", "env": [variable]}]}}}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "agent-sre", **metadata}, "spec": spec}


def deployed(directory: Path, *objects: dict[str, Any]) -> tuple[deployment.Deployment, Incident, Cluster]:
    """A deployment of these objects, and the cluster that they go to."""
    (directory / "all.yaml").write_text(yaml.safe_dump_all(objects))
    incident = Incident(Journal(), Signals(), broker=None)  # type: ignore[arg-type]
    cluster: Any = Cluster()
    return deployment.Deployment(lambda: cluster, directory, incident), incident, cluster


def test_objects_that_name_no_namespace_go_to_that_of_the_agent(tmp_path: Path) -> None:
    other = running("Deployment", FROM_SECRET, namespace="prometheus")
    made, incident, cluster = deployed(tmp_path, running("Deployment", FROM_SECRET), other)
    made.apply()
    assert {namespace for _, namespace, _ in cluster.held} == {"ai", "prometheus"}
    made.takes_from_secrets()
    made.holds_none()
    incident.end()
    assert cluster.held == {}


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_a_workload_of_a_kind_that_the_cluster_does_not_know_is_looked_at_as_it_is_written(
    tmp_path: Path, kind: str
) -> None:
    made, *_ = deployed(tmp_path, running(kind, FROM_SECRET))
    made.apply()
    made.takes_from_secrets()
    made.holds_none()
    made, *_ = deployed(tmp_path, running(kind, ITSELF))
    made.apply()
    refused(made.takes_from_secrets, "from Secrets", f"{kind} agent-sre")
    refused(made.holds_none, f"{kind} agent-sre holds LINEAR_API_KEY as a plain value")


def test_the_definition_of_a_kind_beside_the_manifests_does_not_blind_the_search(tmp_path: Path) -> None:
    definition = {"kind": "CustomResourceDefinition", "metadata": {"name": "x"}, "spec": {"description": f"like {KEY}"}}
    made, incident, _ = deployed(tmp_path, running("Deployment", FROM_SECRET), definition)
    made.read()
    made.holds_none()
    [absence] = incident.denied
    assert absence.control()
    made, *_ = deployed(tmp_path, running("Deployment", ITSELF), definition)
    made.read()
    refused(made.holds_none, "Deployment agent-sre holds LINEAR_API_KEY as a plain value")


# -- how old Secrets are

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def secret(created: int, changed: int | None = None, owned: str = "f:data") -> dict[str, Any]:
    """A Secret that was made so many days ago, and changed so many days ago."""
    at = {days: (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ") for days in (created, changed or 0)}
    managed = [{"manager": "vault", "time": at[changed], "fieldsV1": {owned: {}}}] if changed is not None else []
    return {"metadata": {"name": "linear-api-key", "creationTimestamp": at[created], "managedFields": managed}}


def test_a_secret_is_as_old_as_its_data() -> None:
    deployment.young([secret(10), secret(400, changed=10)], 90, NOW)
    refused(lambda: deployment.young([secret(10), secret(91)], 90, NOW), "within 90 days", "linear-api-key is 91 days")
    refused(lambda: deployment.young([secret(400, changed=1, owned="f:metadata")], 90, NOW), "400 days")
    refused(lambda: deployment.young([], 90, NOW), "there is none")
