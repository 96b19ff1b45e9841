"""The Kubernetes API, as far as scenarios create things in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


class Kubernetes:
    """Applies objects as `kubectl apply --server-side` does; every object carries the run's label (DESIGN, law 8)."""

    RUN_LABEL = "acceptance.agent-sre/run"

    def __init__(self, kubeconfig: Path, proxy: str, run: str) -> None:
        # Imported when first needed: the client takes 0.4 s, and most selections do without it.
        from kubernetes import client, config
        from kubernetes.dynamic import DynamicClient
        from urllib3.connection import HTTPConnection

        configuration = client.Configuration()
        config.load_kube_config(str(kubeconfig), client_configuration=configuration)
        configuration.proxy = proxy
        # The client's own options leave Nagle's algorithm on, which costs 40 ms a call.
        configuration.socket_options = HTTPConnection.default_socket_options
        self._client = DynamicClient(client.ApiClient(configuration))
        self._run = run

    def apply(self, manifest: dict[str, Any]) -> str:
        """Creates the object or makes it what the manifest says; returns it as YAML, as the API now has it."""
        labels = manifest["metadata"].setdefault("labels", {})
        labels[self.RUN_LABEL] = self._run
        applied = self._kind(manifest).server_side_apply(
            body=manifest,
            name=manifest["metadata"]["name"],
            namespace=manifest["metadata"]["namespace"],
            field_manager="acceptance",
            force_conflicts=True,
        )
        return yaml.dump(applied.to_dict(), Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)

    def read(self, manifest: dict[str, Any]) -> dict[str, Any] | None:
        """The object of that kind, namespace and name as the API has it now, None when there is none."""
        from kubernetes.dynamic.exceptions import NotFoundError

        metadata = manifest["metadata"]
        try:
            found = self._kind(manifest).get(name=metadata["name"], namespace=metadata["namespace"])
        except NotFoundError:
            return None
        return dict(found.to_dict())

    def knows(self, manifest: dict[str, Any]) -> bool:
        """Whether the API has objects of that kind."""
        from kubernetes.dynamic.exceptions import ResourceNotFoundError

        try:
            self._kind(manifest)
        except ResourceNotFoundError:
            return False
        return True

    def find(self, api_version: str, kind: str, namespace: str) -> list[dict[str, Any]]:
        """The objects of a kind in a namespace."""
        found = self._kind({"apiVersion": api_version, "kind": kind}).get(namespace=namespace)
        return [dict(one.to_dict()) for one in found.items]

    def delete(self, manifest: dict[str, Any]) -> None:
        """Deletes the object of that kind, namespace and name."""
        metadata = manifest["metadata"]
        self._kind(manifest).delete(name=metadata["name"], namespace=metadata["namespace"])

    def _kind(self, manifest: dict[str, Any]) -> Any:
        return self._client.resources.get(api_version=manifest["apiVersion"], kind=manifest["kind"])
