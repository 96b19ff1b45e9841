"""The resources that this API server knows, each with its names, schema, columns and rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from steps.world.cluster.kubernetes import core, custom
from steps.world.cluster.kubernetes.errors import Cause
from steps.world.cluster.kubernetes.metadata import LABEL, SUBDOMAIN, NameRule
from steps.world.cluster.kubernetes.schema import Object, Schema

Prepare = Callable[[Object, Object | None], None]
"""Fills in place what the server itself decides; given the new object and the one it replaces."""
Check = Callable[[Object, Object | None], list[Cause]]
"""Names what is wrong beyond the schema; given the new object and the one it replaces."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `kubectl get` after the name."""

    title: str
    cell: Callable[[Object], Any]
    type: str = "string"


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One kind of object and how the server treats it."""

    group: str
    version: str
    kind: str
    plural: str
    schema: Schema
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    namespaced: bool = True
    status: bool = True
    """Whether it has a /status of its own, which alone writes the status."""
    generation: bool = True
    """Whether changes of its specification are counted."""
    custom: bool = False
    """Defined by a CustomResourceDefinition."""
    name_rule: NameRule = SUBDOMAIN
    selectable: tuple[str, ...] = ()
    """Fields that a field selector may ask for, besides metadata.name and metadata.namespace."""
    returns_deleted: bool = False
    """A deletion is answered with the object instead of a Status."""
    prepare: Prepare = lambda new, old: None
    check: Check = lambda new, old: []

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that a field selector may ask for."""
        own = ("metadata.name", "metadata.namespace") if self.namespaced else ("metadata.name",)
        return own + self.selectable


def _at(*path: str) -> Callable[[Object], Any]:
    def cell(item: Object) -> Any:
        found: Any = item
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return "" if found is None else found

    return cell


def _condition(kind: str, field: str) -> Callable[[Object], Any]:
    def cell(item: Object) -> Any:
        conditions = item.get("status", {}).get("conditions", ())
        return next((it.get(field, "") for it in conditions if it["type"] == kind), "")

    return cell


def _age(item: Object) -> str:
    created = datetime.fromisoformat(item["metadata"]["creationTimestamp"])
    seconds = int((datetime.now(UTC) - created).total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _ports(item: Object) -> str:
    ports = item["spec"].get("ports", ())
    return ",".join(f"{port['port']}/{port['protocol']}" for port in ports) or "<none>"


def _ready_replicas(item: Object) -> str:
    return f"{item.get('status', {}).get('readyReplicas', 0)}/{item['spec']['replicas']}"


def _ready_containers(item: Object) -> str:
    statuses = item.get("status", {}).get("containerStatuses", ())
    return f"{sum(it.get('ready', False) for it in statuses)}/{len(item['spec']['containers'])}"


AGE = Column("Age", _age)
_OPERATED = (
    Column("Phase", _at("status", "phase")),
    Column("URL", _at("status", "serviceStatus", "url")),
    Column("Ready", _at("status", "serviceStatus", "ready"), "boolean"),
    AGE,
)

PROMETHEUS_RULE = Resource(
    "monitoring.coreos.com",
    "v1",
    "PrometheusRule",
    "prometheusrules",
    custom.PROMETHEUS_RULE,
    short_names=("promrule",),
    categories=("prometheus-operator",),
    columns=(AGE,),
    custom=True,
)
LAMBDA_FUNCTION = Resource(
    "lambda.knative.io",
    "v1alpha1",
    "LambdaFunction",
    "lambdafunctions",
    custom.LAMBDA_FUNCTION,
    short_names=("lf", "lfunc"),
    columns=(
        _OPERATED[0],
        Column("Image", _at("status", "buildStatus", "imageURI")),
        *_OPERATED[1:],
    ),
    custom=True,
)
LAMBDA_AGENT = Resource(
    "lambda.knative.io",
    "v1alpha1",
    "LambdaAgent",
    "lambdaagents",
    custom.LAMBDA_AGENT,
    short_names=("la", "lagent"),
    columns=(_OPERATED[0], Column("Image", _at("spec", "image", "repository")), *_OPERATED[1:]),
    custom=True,
)
TRIGGER = Resource(
    "eventing.knative.dev",
    "v1",
    "Trigger",
    "triggers",
    custom.TRIGGER,
    categories=("all", "knative", "eventing"),
    columns=(
        Column("Broker", _at("spec", "broker")),
        Column("Subscriber_URI", _at("status", "subscriberUri")),
        AGE,
        Column("Ready", _condition("Ready", "status")),
        Column("Reason", _condition("Ready", "reason")),
    ),
    custom=True,
)
NAMESPACE = Resource(
    "",
    "v1",
    "Namespace",
    "namespaces",
    core.NAMESPACE,
    short_names=("ns",),
    columns=(Column("Status", _at("status", "phase")), AGE),
    namespaced=False,
    generation=False,
    name_rule=LABEL,
    selectable=("status.phase",),
    returns_deleted=True,
    prepare=core.prepare_namespace,
)
SECRET = Resource(
    "",
    "v1",
    "Secret",
    "secrets",
    core.SECRET,
    columns=(
        Column("Type", _at("type")),
        Column("Data", lambda item: len(item.get("data", {})), "integer"),
        AGE,
    ),
    status=False,
    generation=False,
    selectable=("type",),
    prepare=core.prepare_secret,
    check=core.check_secret,
)
CONFIG_MAP = Resource(
    "",
    "v1",
    "ConfigMap",
    "configmaps",
    core.CONFIG_MAP,
    short_names=("cm",),
    columns=(Column("Data", lambda item: len(item.get("data", {})), "integer"), AGE),
    status=False,
    generation=False,
    prepare=core.prepare_config_map,
    check=core.check_config_map,
)
SERVICE = Resource(
    "",
    "v1",
    "Service",
    "services",
    core.SERVICE,
    short_names=("svc",),
    categories=("all",),
    columns=(
        Column("Type", _at("spec", "type")),
        Column("Cluster-IP", _at("spec", "clusterIP")),
        Column("Port(s)", _ports),
        AGE,
    ),
    generation=False,
    name_rule=LABEL,
    selectable=("spec.clusterIP", "spec.type"),
    returns_deleted=True,
    prepare=core.prepare_service,
    check=core.check_service,
)
POD = Resource(
    "",
    "v1",
    "Pod",
    "pods",
    core.POD,
    short_names=("po",),
    categories=("all",),
    columns=(
        Column("Ready", _ready_containers),
        Column("Status", _at("status", "phase")),
        AGE,
    ),
    selectable=(
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.phase",
        "status.podIP",
    ),
    returns_deleted=True,
    prepare=core.prepare_pod,
    check=core.check_pod,
)
DEPLOYMENT = Resource(
    "apps",
    "v1",
    "Deployment",
    "deployments",
    core.DEPLOYMENT,
    short_names=("deploy",),
    categories=("all",),
    columns=(
        Column("Ready", _ready_replicas),
        Column("Up-to-date", lambda item: item.get("status", {}).get("updatedReplicas", 0), "integer"),
        Column("Available", lambda item: item.get("status", {}).get("availableReplicas", 0), "integer"),
        AGE,
    ),
    prepare=core.prepare_deployment,
    check=core.check_deployment,
)

RESOURCES = (
    NAMESPACE,
    SECRET,
    CONFIG_MAP,
    SERVICE,
    POD,
    DEPLOYMENT,
    PROMETHEUS_RULE,
    LAMBDA_FUNCTION,
    LAMBDA_AGENT,
    TRIGGER,
)

_BY_PATH = {(it.group, it.version, it.plural): it for it in RESOURCES}
_BY_KIND = {it.kind: it for it in RESOURCES}


def of_kind(kind: str) -> Resource:
    """The resource of that kind. Raises KeyError for a kind that this server does not know."""
    return _BY_KIND[kind]


def at_path(group: str, version: str, plural: str) -> Resource | None:
    """The resource that an address names."""
    return _BY_PATH.get((group, version, plural))


def group_versions() -> Iterator[tuple[str, str]]:
    """Every group and version served, once."""
    yield from dict.fromkeys((it.group, it.version) for it in RESOURCES)
