"""The schema of LambdaFunction, lambda.knative.io/v1alpha1 (CONTRACTS §7)."""

from __future__ import annotations

from steps.world.cluster.kubernetes.metadata import kind
from steps.world.cluster.kubernetes.schema import (
    Schema,
    array,
    boolean,
    choice,
    integer,
    integer_or_string,
    mapping,
    record,
    string,
    time,
)

_QUANTITY = (
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))"
    r"(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$"
)
_REASON = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"
_CONDITION_TYPE = (
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
    r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"
)


_ATOMIC = {"x-kubernetes-map-type": "atomic"}
_KEY_SELECTOR = record(
    {"key": string(), "name": string(default=""), "optional": boolean()}, required=["key"], **_ATOMIC
)
_SECRET = record({"name": string(default="")}, **_ATOMIC)
_LIFECYCLE = "io.knative.lambda.lifecycle.build"
_COMMAND = "io.knative.lambda.command"
_INVOKE = "io.knative.lambda.invoke"
_RESPONSE = "io.knative.lambda.response"


def _source() -> Schema:
    return record(
        {
            "type": choice("minio", "s3", "gcs", "git", "inline", "image"),
            "minio": record(
                {
                    "bucket": string(),
                    "endpoint": string(default="minio.minio.svc.cluster.local:9000"),
                    "key": string(),
                    "secretRef": _SECRET,
                },
                required=["bucket", "key"],
            ),
            "s3": record(
                {
                    "bucket": string(),
                    "key": string(),
                    "region": string(default="us-east-1"),
                    "secretRef": _SECRET,
                },
                required=["bucket", "key"],
            ),
            "gcs": record(
                {"bucket": string(), "key": string(), "project": string(), "secretRef": _SECRET},
                required=["bucket", "key"],
            ),
            "git": record(
                {"path": string(), "ref": string(default="main"), "secretRef": _SECRET, "url": string()},
                required=["url"],
            ),
            "inline": record({"code": string(), "dependencies": string()}, required=["code"]),
            "image": record(
                {
                    "args": array(string()),
                    "command": array(string()),
                    "digest": string(),
                    "imagePullSecrets": array(string()),
                    "port": integer(format="int32", default=8080),
                    "pullPolicy": choice("Always", "IfNotPresent", "Never", default="IfNotPresent"),
                    "repository": string(),
                    "tag": string(default="latest"),
                },
                required=["repository"],
            ),
        },
        required=["type"],
    )


def _env() -> Schema:
    field = record({"apiVersion": string(), "fieldPath": string()}, required=["fieldPath"], **_ATOMIC)
    resource_field = record(
        {
            "containerName": string(),
            "divisor": integer_or_string(pattern=_QUANTITY),
            "resource": string(),
        },
        required=["resource"],
        **_ATOMIC,
    )
    source = record(
        {
            "configMapKeyRef": _KEY_SELECTOR,
            "fieldRef": field,
            "resourceFieldRef": resource_field,
            "secretKeyRef": _KEY_SELECTOR,
        }
    )
    return array(record({"name": string(), "value": string(), "valueFrom": source}, required=["name"]))


def _eventing() -> Schema:
    event_types = {
        "buildComplete": f"{_LIFECYCLE}.completed",
        "buildFailed": f"{_LIFECYCLE}.failed",
        "buildStart": f"{_COMMAND}.build.start",
        "buildTimeout": f"{_LIFECYCLE}.timeout",
        "commandBuildCancel": f"{_COMMAND}.build.cancel",
        "commandBuildRetry": f"{_COMMAND}.build.retry",
        "commandBuildStart": f"{_COMMAND}.build.start",
        "commandServiceCreate": f"{_COMMAND}.service.create",
        "commandServiceDelete": f"{_COMMAND}.service.delete",
        "invokeAsync": f"{_INVOKE}.async",
        "invokeScheduled": f"{_INVOKE}.scheduled",
        "invokeSync": f"{_INVOKE}.sync",
        "lifecycleBuildCancelled": f"{_LIFECYCLE}.cancelled",
        "lifecycleBuildCompleted": f"{_LIFECYCLE}.completed",
        "lifecycleBuildFailed": f"{_LIFECYCLE}.failed",
        "lifecycleBuildStarted": f"{_LIFECYCLE}.started",
        "lifecycleBuildTimeout": f"{_LIFECYCLE}.timeout",
        "responseError": f"{_RESPONSE}.error",
        "responseSuccess": f"{_RESPONSE}.success",
        "responseTimeout": f"{_RESPONSE}.timeout",
        "serviceDelete": f"{_COMMAND}.service.delete",
    }
    watched = record(
        {"apiVersion": string(), "kind": string(), "labelSelector": mapping(string())},
        required=["apiVersion", "kind"],
    )
    dead_letters = record(
        {
            "cleanup": record(
                {
                    "enabled": boolean(default=False),
                    "interval": string(default="1h"),
                    "retention": string(default="168h"),
                }
            ),
            "enabled": boolean(default=True),
            "exchangeName": string(default="lambda-dlq-exchange"),
            "maxLength": integer(default=50000),
            "messageTTL": integer(default=604800000),
            "overflowPolicy": choice("drop-head", "reject-publish", default="reject-publish"),
            "queueName": string(default="lambda-dlq-queue"),
            "retryBackoffDelay": string(default="PT1S"),
            "retryMaxAttempts": integer(minimum=1, default=5),
            "routingKeyPrefix": string(default="lambda.dlq"),
        }
    )
    return record(
        {
            "apiSource": record(
                {
                    "enabled": boolean(default=False),
                    "mode": choice("Resource", "Reference", default="Resource"),
                    "resources": array(watched),
                }
            ),
            "brokerName": string(),
            "dlq": dead_letters,
            "enabled": boolean(default=True),
            "eventSource": string(default="knative-lambda-operator"),
            "eventTypes": record({name: string(default=value) for name, value in event_types.items()}),
            "monitoring": record({"enabled": boolean(default=False)}),
            "rabbitmq": record(
                {
                    "clusterName": string(default="rabbitmq"),
                    "namespace": string(default="rabbitmq-system"),
                    "parallelism": integer(minimum=1, default=10),
                    "queueType": choice("classic", "quorum", default="quorum"),
                }
            ),
            "resourcePrefix": string(),
            "subscriberServiceName": string(),
        }
    )


def _observability() -> Schema:
    return record(
        {
            "logfire": record(
                {
                    "directExport": boolean(default=False),
                    "enabled": boolean(default=False),
                    "tokenSecretRef": _KEY_SELECTOR,
                }
            ),
            "logging": record(
                {
                    "cloudEventMetadata": boolean(default=True),
                    "format": choice("json", "text", default="json"),
                    "level": choice("debug", "info", "warn", "error", default="info"),
                    "traceContext": boolean(default=True),
                }
            ),
            "metrics": record(
                {
                    "enabled": boolean(default=True),
                    "exemplars": boolean(default=True),
                    "labels": mapping(string()),
                    "path": string(default="/metrics"),
                    "port": integer(format="int32", default=9090),
                }
            ),
            "tracing": record(
                {
                    "enabled": boolean(default=True),
                    "endpoint": string(default="alloy.observability.svc:4317"),
                    "propagation": choice("w3c", "b3", "jaeger", default="w3c"),
                    "resourceAttributes": mapping(string()),
                    "samplingRate": string(default="1.0", pattern=r"^(0(\.\d+)?|1(\.0+)?)$"),
                }
            ),
        }
    )


def scaling(replicas: int) -> Schema:
    """The same for functions and agents, but for the highest number of replicas."""
    return record(
        {
            "maxReplicas": integer(format="int32", minimum=1, default=replicas),
            "minReplicas": integer(format="int32", minimum=0, default=0),
            "scaleToZeroGracePeriod": string(default="30s"),
            "targetConcurrency": integer(format="int32", minimum=1, default=10),
        }
    )


def _spec() -> Schema:
    amounts = record({"cpu": string(default="50m"), "memory": string(default="64Mi")})
    return record(
        {
            "build": record(
                {
                    "awsRegion": string(),
                    "forceRebuild": boolean(default=False),
                    "imagePullSecret": string(),
                    "insecure": boolean(default=False),
                    "registry": string(),
                    "registryType": choice("local", "ecr", "gcr", "ghcr", "dockerhub", "generic", default="local"),
                    "repository": string(),
                    "tag": string(),
                    "timeout": string(default="30m"),
                }
            ),
            "env": _env(),
            "eventing": _eventing(),
            "observability": _observability(),
            "resources": record({"limits": amounts, "requests": amounts}),
            "runtime": record(
                {
                    "handler": string(default="index.handler"),
                    "language": choice("nodejs", "python", "go"),
                    "version": string(),
                },
                required=["language", "version"],
            ),
            "scaling": scaling(50),
            "source": _source(),
            "triggers": array(record({"broker": string(), "filter": mapping(string())}, required=["broker"])),
        },
        required=["runtime", "source"],
    )


def _status() -> Schema:
    condition = record(
        {
            "lastTransitionTime": time(),
            "message": string(maxLength=32768),
            "observedGeneration": integer(format="int64", minimum=0),
            "reason": string(minLength=1, maxLength=1024, pattern=_REASON),
            "status": choice("True", "False", "Unknown"),
            "type": string(maxLength=316, pattern=_CONDITION_TYPE),
        },
        required=["lastTransitionTime", "message", "reason", "status", "type"],
    )
    return record(
        {
            "buildStatus": record(
                {
                    "attempt": integer(format="int32"),
                    "completedAt": time(),
                    "error": string(),
                    "imageURI": string(),
                    "jobName": string(),
                    "startedAt": time(),
                }
            ),
            "conditions": array(condition),
            "observedGeneration": integer(format="int64"),
            "phase": choice("Pending", "Building", "Deploying", "Ready", "Failed", "Deleting"),
            "serviceStatus": record(
                {
                    "latestRevision": string(),
                    "ready": boolean(),
                    "replicas": integer(format="int32"),
                    "serviceName": string(),
                    "url": string(),
                }
            ),
        }
    )


LAMBDA_FUNCTION = kind({"spec": _spec(), "status": _status()})
