"""The clients of the real thing work with the Kubernetes API of the world: the Python client and kubectl."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
import subprocess
import threading
import time
import warnings
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import httpx
import kubernetes.client
import kubernetes.config
import kubernetes.watch
import pytest
import trustme
import yaml
from kubernetes_objects import (
    CONFIG_MAPS,
    MERGE,
    assert_status,
    changed,
    config_map,
    deployment,
    function,
    rule,
    secret,
    service,
)

from steps.world.cluster.kubernetes import KubernetesApi, kubeconfig, serve


class Server:
    """The API server on a socket with TLS, in a thread of its own."""

    def __init__(self, directory: Path) -> None:
        self.kubeconfig = directory / "kubeconfig"
        self._directory = directory
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def start(self) -> None:
        self._thread.start()
        self._ready.result(timeout=10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(timeout=10)
        assert not self._thread.is_alive()

    async def _run(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        authority = trustme.CA()
        leaf = authority.issue_cert("127.0.0.1")
        ca_file, chain, key = (self._directory / name for name in ("ca.pem", "chain.pem", "key.pem"))
        authority.cert_pem.write_to_path(str(ca_file))
        chain.write_bytes(b"".join(part.bytes() for part in leaf.cert_chain_pems))
        leaf.private_key_pem.write_to_path(str(key))
        async with serve(KubernetesApi(token="sesame").app, chain, key) as url:
            self.kubeconfig.write_text(kubeconfig(url, ca_file, "sesame"))
            self._ready.set_result(None)
            await self._over.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("kubernetes"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(server: Server) -> Iterator[kubernetes.client.ApiClient]:
    with kubernetes.config.new_client_from_config(str(server.kubeconfig)) as client:
        yield client


@pytest.fixture
def wire(server: Server) -> Iterator[httpx.Client]:
    """A plain HTTP client: sees what the others read over."""
    place = yaml.safe_load(server.kubeconfig.read_text())["clusters"][0]["cluster"]
    trusted = ssl.create_default_context(cafile=place["certificate-authority"])
    headers = {"authorization": "Bearer sesame"}
    with httpx.Client(base_url=place["server"], verify=trusted, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def namespace(client: kubernetes.client.ApiClient) -> Iterator[str]:
    core = kubernetes.client.CoreV1Api(client)
    created = core.create_namespace({"metadata": {"generateName": "test-"}})
    yield created.metadata.name
    core.delete_namespace(created.metadata.name)


def test_the_python_client_handles_custom_objects(client: kubernetes.client.ApiClient, namespace: str) -> None:
    custom_objects = kubernetes.client.CustomObjectsApi(client)
    place = {
        "group": "monitoring.coreos.com",
        "version": "v1",
        "namespace": namespace,
        "plural": "prometheusrules",
    }
    created = custom_objects.create_namespaced_custom_object(body=rule(namespace=namespace), **place)
    assert created["metadata"]["generation"] == 1
    with pytest.raises(kubernetes.client.ApiException) as refused:
        custom_objects.create_namespaced_custom_object(body=rule(namespace=namespace), **place)
    assert (refused.value.status, json.loads(refused.value.body)["reason"]) == (409, "AlreadyExists")
    assert custom_objects.get_namespaced_custom_object(name="demo", **place) == created
    listed = custom_objects.list_namespaced_custom_object(**place, field_selector="metadata.name=demo")
    assert listed["items"] == [created]
    labels = {"metadata": {"labels": {"run": "1"}}}
    patched = custom_objects.patch_namespaced_custom_object(
        name="demo", body=labels, _content_type="application/merge-patch+json", **place
    )
    assert patched["metadata"]["labels"] == {"run": "1"}
    removal = [{"op": "remove", "path": "/metadata/labels"}]
    patched = custom_objects.patch_namespaced_custom_object(
        name="demo", body=removal, _content_type="application/json-patch+json", **place
    )
    assert "labels" not in patched["metadata"]
    patched["spec"]["groups"] = []
    replaced = custom_objects.replace_namespaced_custom_object(name="demo", body=patched, **place)
    assert replaced["metadata"]["generation"] == 2
    with pytest.raises(kubernetes.client.ApiException) as refused:
        custom_objects.replace_namespaced_custom_object(name="demo", body=created, **place)
    assert (refused.value.status, refused.value.reason) == (409, "Conflict")
    everywhere = custom_objects.list_cluster_custom_object("monitoring.coreos.com", "v1", "prometheusrules")
    assert replaced in everywhere["items"]
    deleted = custom_objects.delete_namespaced_custom_object(name="demo", **place)
    assert deleted["status"] == "Success"
    with pytest.raises(kubernetes.client.ApiException) as refused:
        custom_objects.get_namespaced_custom_object(name="demo", **place)
    assert refused.value.status == 404
    custom_objects.create_namespaced_custom_object(body=rule(namespace=namespace), **place)
    custom_objects.delete_collection_namespaced_custom_object(**place)
    assert custom_objects.list_namespaced_custom_object(**place)["items"] == []


def test_the_python_client_applies_and_writes_status(client: kubernetes.client.ApiClient, namespace: str) -> None:
    custom_objects = kubernetes.client.CustomObjectsApi(client)
    place = {
        "group": "lambda.knative.io",
        "version": "v1alpha1",
        "namespace": namespace,
        "plural": "lambdafunctions",
        "name": "pod-restart",
    }
    wish = changed(function(), "metadata.namespace", namespace)
    applied = {**place, "body": wish, "field_manager": "suite", "_content_type": "application/apply-patch+yaml"}
    _, code, _ = custom_objects.patch_namespaced_custom_object_with_http_info(**applied)
    assert code == 201
    assert custom_objects.patch_namespaced_custom_object(**applied)["metadata"]["generation"] == 1
    status = {"status": {"phase": "Ready", "serviceStatus": {"ready": True}}}
    written = custom_objects.patch_namespaced_custom_object_status(
        body=status, _content_type="application/merge-patch+json", **place
    )
    assert written["status"] == status["status"]
    assert custom_objects.get_namespaced_custom_object_status(**place) == written


def test_the_python_client_watches(client: kubernetes.client.ApiClient, namespace: str) -> None:
    custom_objects = kubernetes.client.CustomObjectsApi(client)
    place = ("monitoring.coreos.com", "v1", namespace, "prometheusrules")
    before = custom_objects.list_namespaced_custom_object(*place)["metadata"]["resourceVersion"]
    selected = {**rule("chosen", namespace), "metadata": {"name": "chosen", "labels": {"run": "1"}}}
    custom_objects.create_namespaced_custom_object(*place, rule("other", namespace))
    custom_objects.create_namespaced_custom_object(*place, selected)
    merge = {"_content_type": "application/merge-patch+json"}
    for labels in ({"a": "b"}, {"run": None}, {"run": "1"}):
        custom_objects.patch_namespaced_custom_object(*place, "chosen", {"metadata": {"labels": labels}}, **merge)
    custom_objects.delete_namespaced_custom_object(*place, "chosen")
    seen = []
    watch = kubernetes.watch.Watch()
    for event in watch.stream(
        custom_objects.list_namespaced_custom_object,
        *place,
        resource_version=before,
        label_selector="run=1",
        timeout_seconds=20,
    ):
        assert event["object"]["metadata"]["name"] == "chosen"
        seen.append(event["type"])
        if len(seen) == 5:
            watch.stop()
    assert seen == ["ADDED", "MODIFIED", "DELETED", "ADDED", "DELETED"]


def test_a_watch_ends_at_its_time_and_tells_an_expired_version(
    wire: httpx.Client, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steps.world.cluster.kubernetes.store._REMEMBERED", 1)
    place = CONFIG_MAPS.replace("default", namespace)
    created = wire.post(place, json=config_map(namespace=namespace)).json()
    version = int(created["metadata"]["resourceVersion"])
    for value in "ab":
        wire.patch(f"{place}/settings", json={"data": {"a": value}}, headers=MERGE)
    began = time.monotonic()
    watched = wire.get(place, params={"watch": "true", "timeoutSeconds": "1", "resourceVersion": str(version + 1)})
    assert time.monotonic() - began > 0.9
    (event,) = map(json.loads, watched.text.splitlines())
    assert (event["type"], event["object"]["data"]) == ("MODIFIED", {"a": "b"})
    expired = wire.get(place, params={"watch": "true", "resourceVersion": str(version - 1)})
    (event,) = map(json.loads, expired.text.splitlines())
    assert (expired.status_code, event["type"]) == (200, "ERROR")
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
    refused = wire.get(place, params={"watch": "true", "sendInitialEvents": "true"})
    assert_status(refused, 422, "Invalid")


def test_the_python_client_handles_secrets_and_deployments(client: kubernetes.client.ApiClient, namespace: str) -> None:
    core, apps = kubernetes.client.CoreV1Api(client), kubernetes.client.AppsV1Api(client)
    body = kubernetes.client.V1Secret(
        metadata=kubernetes.client.V1ObjectMeta(name="linear-api-key"), string_data={"api-key": "lin_api_1"}
    )
    created = core.create_namespaced_secret(namespace, body)
    assert created.data == {"api-key": b64encode(b"lin_api_1").decode()}
    patched = core.patch_namespaced_secret("linear-api-key", namespace, {"stringData": {"api-key": "lin_api_2"}})
    assert patched.data == {"api-key": b64encode(b"lin_api_2").decode()}
    assert [item.metadata.name for item in core.list_namespaced_secret(namespace).items] == ["linear-api-key"]
    assert core.delete_namespaced_secret("linear-api-key", namespace)["status"] == "Success"
    given = changed(deployment(), "metadata.namespace", namespace)
    assert apps.create_namespaced_deployment(namespace, given).spec.replicas == 1
    image = {"spec": {"template": {"spec": {"containers": [{"name": "agent", "image": "agent-sre:2"}]}}}}
    (container,) = apps.patch_namespaced_deployment("agent-sre", namespace, image).spec.template.spec.containers
    assert container.image == "agent-sre:2"
    assert container.env[0].value_from.secret_key_ref.name == "linear-api-key"
    assert apps.delete_namespaced_deployment("agent-sre", namespace)["status"] == "Success"
    with pytest.raises(kubernetes.client.ApiException) as refused:
        apps.read_namespaced_deployment("agent-sre", namespace)
    assert refused.value.status == 404


async def test_a_server_with_a_broken_certificate_does_not_start(tmp_path: Path) -> None:
    certificate = tmp_path / "chain.pem"
    certificate.write_text("nonsense")
    with pytest.raises(ssl.SSLError):
        async with serve(KubernetesApi().app, certificate, certificate):
            pass


def test_the_python_client_is_refused_without_its_token(server: Server) -> None:
    configuration = kubernetes.client.Configuration()
    kubernetes.config.load_kube_config(str(server.kubeconfig), client_configuration=configuration)
    configuration.api_key = {}
    stranger = kubernetes.client.CoreV1Api(kubernetes.client.ApiClient(configuration))
    with pytest.raises(kubernetes.client.ApiException) as refused:
        stranger.list_namespace()
    assert refused.value.status == 401


Kubectl = Callable[..., str]


@pytest.fixture
def kubectl(server: Server, tmp_path: Path) -> Kubectl:
    binary = shutil.which("kubectl")
    if binary is None:
        unproved = "NOT PROVED with kubectl: there is no kubectl on PATH. Install it and run these tests again."
        warnings.warn(unproved, stacklevel=2)
        pytest.skip(unproved)

    def run(*arguments: str, given: str = "", fails: bool = False) -> str:
        command = [binary, "--kubeconfig", str(server.kubeconfig), "--cache-dir", str(tmp_path), *arguments]
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=30, check=False)
        assert (done.returncode != 0) is fails, done.stderr
        return done.stderr if fails else done.stdout

    return run


def test_kubectl_applies_reads_changes_and_deletes(kubectl: Kubectl, namespace: str) -> None:
    manifest = yaml.safe_dump(rule(namespace=namespace))
    named = "prometheusrule.monitoring.coreos.com/demo"
    assert kubectl("apply", "-f", "-", given=manifest) == f"{named} created\n"
    assert kubectl("apply", "-f", "-", given=manifest) == f"{named} unchanged\n"
    manifest = yaml.safe_dump(changed(rule(namespace=namespace), "spec.groups.0.interval", "1m"))
    assert kubectl("apply", "-f", "-", given=manifest) == f"{named} configured\n"
    ours = ("-n", namespace)
    assert kubectl("get", "promrule", "demo", *ours, "-o", "jsonpath={.spec.groups[0].interval}") == "1m"
    assert kubectl("get", "promrule", *ours).split()[:3] == ["NAME", "AGE", "demo"]
    assert kubectl("label", "promrule", "demo", "run=1", *ours) == f"{named} labeled\n"
    assert kubectl("get", "promrule", "-l", "run=1", "-o", "name", *ours) == f"{named}\n"
    removal = '[{"op": "remove", "path": "/spec/groups/0/interval"}]'
    assert kubectl("patch", "promrule", "demo", "--type=json", "-p", removal, *ours) == f"{named} patched\n"
    assert "Down" in kubectl("describe", "promrule", "demo", *ours)
    applied = kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=manifest)
    assert applied == f"{named} serverside-applied\n"
    assert "deleted" in kubectl("delete", "promrule", "demo", *ours)
    assert "not found" in kubectl("get", "promrule", "demo", *ours, fails=True)


def test_kubectl_is_told_what_is_wrong_with_a_manifest(kubectl: Kubectl, namespace: str) -> None:
    unknown = yaml.safe_dump(changed(rule(namespace=namespace), "spec.gruops", []))
    assert 'unknown field "spec.gruops"' in kubectl("apply", "-f", "-", given=unknown, fails=True)
    invalid = yaml.safe_dump(changed(rule(namespace=namespace), "spec.groups.0.rules.0.for", "soon"))
    assert "spec.groups[0].rules[0].for" in kubectl("apply", "-f", "-", given=invalid, fails=True)


def test_kubectl_waits_for_a_function_and_reads_a_deployment(
    kubectl: Kubectl, namespace: str, client: kubernetes.client.ApiClient
) -> None:
    ours = ("-n", namespace)
    items = [function(), secret(), deployment(), service(), config_map()]
    manifest = yaml.safe_dump_all([changed(item, "metadata.namespace", namespace) for item in items])
    assert kubectl("apply", "-f", "-", given=manifest).count("created") == 5
    patch = {"status": {"phase": "Ready"}}
    later = threading.Timer(
        0.3,
        lambda: kubernetes.client.CustomObjectsApi(client).patch_namespaced_custom_object_status(
            "lambda.knative.io",
            "v1alpha1",
            namespace,
            "lambdafunctions",
            "pod-restart",
            patch,
            _content_type="application/merge-patch+json",
        ),
    )
    later.start()
    waited = kubectl("wait", "lf/pod-restart", "--for=jsonpath={.status.phase}=Ready", "--timeout=10s", *ours)
    later.join()
    assert waited == "lambdafunction.lambda.knative.io/pod-restart condition met\n"
    kubectl("set", "image", "deploy/agent-sre", "agent=agent-sre:2", *ours)
    described = kubectl("describe", "deploy", "agent-sre", *ours)
    assert "agent-sre:2" in described
    assert "<set to the key 'api-key' in secret 'linear-api-key'>" in described
    assert kubectl("delete", "-f", "-", given=manifest).count("deleted") == 5
