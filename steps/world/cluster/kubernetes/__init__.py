"""A small Kubernetes: an API server for the kinds the suite touches, and the store behind it."""

from steps.world.cluster.kubernetes.access import kubeconfig, serve
from steps.world.cluster.kubernetes.api import KubernetesApi
from steps.world.cluster.kubernetes.errors import ApiError
from steps.world.cluster.kubernetes.store import Change, Store, Watch

__all__ = ["ApiError", "Change", "KubernetesApi", "Store", "Watch", "kubeconfig", "serve"]
