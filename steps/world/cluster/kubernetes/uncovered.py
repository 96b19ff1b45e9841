"""Kubernetes' own resources that this API server does not serve (its public API reference, version 1.36).

It is a choice: what programs ask about workloads and about themselves. A real server would answer, 404 would mislead.
"""

from __future__ import annotations

import re

_RESOURCES = """
v1 bindings componentstatuses endpoints events limitranges nodes persistentvolumeclaims persistentvolumes podtemplates
v1 replicationcontrollers resourcequotas serviceaccounts
admissionregistration.k8s.io/v1 mutatingwebhookconfigurations validatingwebhookconfigurations
apiextensions.k8s.io/v1 customresourcedefinitions
apiregistration.k8s.io/v1 apiservices
apps/v1 controllerrevisions daemonsets replicasets statefulsets
authentication.k8s.io/v1 selfsubjectreviews tokenreviews
authorization.k8s.io/v1 localsubjectaccessreviews selfsubjectaccessreviews selfsubjectrulesreviews subjectaccessreviews
autoscaling/v1 horizontalpodautoscalers
autoscaling/v2 horizontalpodautoscalers
batch/v1 cronjobs jobs
certificates.k8s.io/v1 certificatesigningrequests
coordination.k8s.io/v1 leases
discovery.k8s.io/v1 endpointslices
events.k8s.io/v1 events
metrics.k8s.io/v1beta1 nodes pods
networking.k8s.io/v1 ingressclasses ingresses networkpolicies
node.k8s.io/v1 runtimeclasses
policy/v1 poddisruptionbudgets
rbac.authorization.k8s.io/v1 clusterrolebindings clusterroles rolebindings roles
scheduling.k8s.io/v1 priorityclasses
storage.k8s.io/v1 csidrivers csinodes storageclasses volumeattachments
"""
_UNCOVERED = frozenset(
    (f"apis/{version}" if "/" in version else f"api/{version}", plural)
    for version, *plurals in map(str.split, _RESOURCES.strip().splitlines())
    for plural in plurals
)
"""Where each is found: the path of its group and version, and its name there."""
_PARTS = {
    "pods": ("attach", "binding", "ephemeralcontainers", "eviction", "exec", "log", "portforward", "proxy", "resize"),
    "services": ("proxy",),
    "deployments": ("scale",),
}
"""Subresources of what is served."""
_ADDRESS = re.compile(
    r"/(?P<place>api/v1|apis/[^/]+/[^/]+)(?:/namespaces/[^/]+(?=/))?/(?P<plural>[^/]+)(?:/[^/]+(?:/(?P<part>[^/]+))?)?"
)


def uncovered(path: str) -> str | None:
    """What the address names, if a real server has that and this one does not: "leases", "pods/log"."""
    named = _ADDRESS.match(path)
    if named is None:
        return None
    plural, part = named["plural"], named["part"]
    if (named["place"], plural) in _UNCOVERED:
        return plural
    return f"{plural}/{part}" if part in _PARTS.get(plural, ()) else None
