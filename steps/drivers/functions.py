"""LambdaFunctions, the way a team deploys and removes them."""

from __future__ import annotations

from dataclasses import dataclass

from steps.drivers.kubernetes import Kubernetes
from steps.world import manifests
from steps.world.cluster.functions import FunctionOperator, Phase
from steps.world.loop import Loop
from steps.world.services.functions import NAMESPACE

OUT_OF_REACH = {"type": "git", "git": {"url": "https://git.invalid/functions.git", "ref": "main"}}
"""A source that nobody can fetch (RFC 2606)."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """How a function is deployed, and how far it then gets."""

    phase: Phase | None = "Ready"
    """Where its roll-out ends; None when it is not deployed at all."""
    namespace: str = NAMESPACE
    can_be_built: bool = True


DEPLOYMENTS = {
    "is ready": Deployment(),
    "does not exist": Deployment(phase=None),
    "is still being deployed": Deployment(phase="Deploying"),
    "could not be built": Deployment(phase="Failed", can_be_built=False),
    "is ready in another namespace only": Deployment(namespace="shop"),
}
"""Functions by what the features say of them."""


class Functions:
    """Deploys LambdaFunctions through the Kubernetes API."""

    def __init__(self, kubernetes: Kubernetes, operator: FunctionOperator, loop: Loop) -> None:
        self._kubernetes = kubernetes
        self._operator = operator
        self._loop = loop

    def deploy(self, name: str, deployment: Deployment) -> str:
        """Applies the function's manifest and returns it as YAML; the function is rolled out from then on."""
        if deployment.phase is None:
            return "none"
        if deployment.phase == "Deploying":
            self._loop.run(self._operator.hold(deployment.namespace, name))
        source = manifests.INLINE if deployment.can_be_built else OUT_OF_REACH
        return self._kubernetes.apply(manifests.function(name, deployment.namespace, source))

    def remove(self, name: str) -> None:
        """Deletes the function from the agent's namespace."""
        self._kubernetes.delete(manifests.function(name))

    def phase(self, name: str, deployment: Deployment) -> str | None:
        """How far the roll-out has come; None when it has not begun, and without the function."""
        found = self._kubernetes.read(manifests.function(name, deployment.namespace))
        phase: str | None = (found or {}).get("status", {}).get("phase")
        return phase
