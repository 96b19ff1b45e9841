"""The Kubernetes API, as far as the agent asks it: which LambdaFunctions are ready (CONTRACTS §7)."""

from __future__ import annotations

import base64
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from steps.reference.agent.settings import Settings
from steps.reference.calls import Retries, TransientError, check, send
from steps.reference.settings import Secret, SettingsError

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds its service account's token and the cluster's CA."""


@dataclass(frozen=True, slots=True)
class Access:
    """How the API server is reached."""

    server: str
    tls: ssl.SSLContext
    token: Secret | None


def access(settings: Settings) -> Access | None:
    """Access by the kubeconfig, else as a pod of the cluster, else none. Raises SettingsError."""
    try:
        if settings.kubeconfig:
            return _from_kubeconfig(settings.kubeconfig)
        if settings.kubernetes_service:
            tls = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
            return Access(settings.kubernetes_service, tls, Secret("service account token", file=ACCOUNT / "token"))
    except (OSError, KeyError, StopIteration, TypeError, ValueError) as error:
        raise SettingsError(f"the access to the Kubernetes API cannot be read: {error!r}") from error
    return None


def _from_kubeconfig(path: Path) -> Access:
    import yaml

    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not YAML") from error

    def named(kind: str, name: str) -> dict[str, Any]:
        return dict(next(entry for entry in config[f"{kind}s"] if entry["name"] == name)[kind])

    context = named("context", config["current-context"])
    cluster, user = named("cluster", context["cluster"]), named("user", context["user"])
    authority = cluster.get("certificate-authority-data")
    tls = ssl.create_default_context(
        cafile=str(path.parent / cluster["certificate-authority"]) if "certificate-authority" in cluster else None,
        cadata=base64.b64decode(authority).decode() if authority else None,
    )
    if cluster.get("insecure-skip-tls-verify"):
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    if "client-certificate" in user:
        tls.load_cert_chain(path.parent / user["client-certificate"], path.parent / user["client-key"])
    elif "client-certificate-data" in user:
        with tempfile.NamedTemporaryFile() as both:
            both.write(
                base64.b64decode(user["client-certificate-data"]) + b"\n" + base64.b64decode(user["client-key-data"])
            )
            both.flush()
            tls.load_cert_chain(both.name)
    token_file = user.get("tokenFile")
    token = Secret("kubeconfig token", user.get("token", ""), path.parent / token_file if token_file else None)
    return Access(cluster["server"], tls, token if token.reveal() else None)


class Kubernetes:
    """Reads objects of the cluster."""

    def __init__(self, client: httpx.AsyncClient, access: Access, timeout: float, retries: Retries) -> None:
        self._client = client
        self._access = access
        self._timeout = timeout
        self._retries = retries

    async def is_ready(self, function: str, namespace: str) -> bool:
        """Whether the LambdaFunction exists and is ready, now: nothing is remembered. Raises CallError."""
        path = f"/apis/lambda.knative.io/v1alpha1/namespaces/{namespace}/lambdafunctions/{function}"
        status = await self._retries.run(f"look-up of LambdaFunction {function}", lambda: self._status(path))
        service = status.get("serviceStatus") or {}
        return status.get("phase") == "Ready" and service.get("ready") is not False

    async def _status(self, path: str) -> dict[str, Any]:
        token = self._access.token
        headers = {"authorization": f"Bearer {token.reveal()}"} if token else {}
        request = self._client.build_request("GET", self._access.server.rstrip("/") + path, headers=headers)
        response = await send(self._client, request, self._timeout)
        if response.status_code == 404:
            return {}
        check(response)
        try:
            return dict(response.json().get("status") or {})
        except (ValueError, AttributeError) as error:
            raise TransientError("The Kubernetes API answered something that is no object.") from error
