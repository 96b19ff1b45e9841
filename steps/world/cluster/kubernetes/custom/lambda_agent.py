"""The schema of LambdaAgent, lambda.knative.io/v1alpha1 (CONTRACTS §7)."""

from __future__ import annotations

from steps.world.cluster.kubernetes.custom.lambda_function import scaling
from steps.world.cluster.kubernetes.metadata import kind
from steps.world.cluster.kubernetes.schema import (
    Schema,
    array,
    boolean,
    choice,
    integer,
    mapping,
    record,
    string,
    time,
)

_KEY = record({"name": string(), "key": string()})
_URL_KEY = record({"name": string(), "key": string(default="url")})


def _approval() -> Schema:
    return record(
        {
            "providers": array(choice("slack", "custom"), minItems=1),
            "slack": record(
                {
                    "webhookUrl": string(),
                    "webhookUrlSecretRef": _KEY,
                    "botTokenSecretRef": _KEY,
                    "channel": string(),
                    "approvers": array(string()),
                    "callbackUrl": string(),
                }
            ),
            "custom": record(
                {
                    "endpoint": string(),
                    "method": string(default="POST"),
                    "headers": mapping(string()),
                    "authSecretRef": _KEY,
                    "pollInterval": string(default="10s"),
                    "useWebhook": boolean(default=True),
                    "callbackUrl": string(),
                },
                required=["endpoint"],
            ),
            "timeout": string(default="1h"),
            "timeoutAction": choice("approve", "reject", "pending", default="pending"),
            "requireAll": boolean(default=False),
        }
    )


def _memory() -> Schema:
    constraint = record(
        {
            "description": string(),
            "hard": boolean(default=True),
            "category": string(default="general"),
        },
        required=["description"],
    )
    schemas = ("chat", "restaurant", "medical", "security", "pos", "default")
    return record(
        {
            "enabled": boolean(default=False),
            "schema": choice(*schemas, default="default"),
            "shortTerm": record(
                {
                    "enabled": boolean(default=True),
                    "backend": choice("redis", "inmemory", default="redis"),
                    "redisSecretRef": _URL_KEY,
                    "ttlSeconds": integer(format="int32", default=86400),
                }
            ),
            "longTerm": record(
                {
                    "enabled": boolean(default=False),
                    "backend": choice("postgres", "inmemory", default="postgres"),
                    "postgresSecretRef": _URL_KEY,
                }
            ),
            "userMemory": record(
                {
                    "enabled": boolean(default=True),
                    "storePreferences": boolean(default=True),
                    "storeFacts": boolean(default=True),
                }
            ),
            "workingMemory": record(
                {
                    "enabled": boolean(default=True),
                    "trackDecisions": boolean(default=True),
                    "trackProgress": boolean(default=True),
                }
            ),
            "defaultConstraints": array(constraint),
        }
    )


def _eventing() -> Schema:
    forward = record(
        {
            "eventTypes": array(string()),
            "targetAgent": string(),
            "targetNamespace": string(),
            "description": string(),
        },
        required=["eventTypes", "targetAgent", "targetNamespace"],
    )
    subscription = record({"eventType": string(), "description": string()}, required=["eventType"])
    return record(
        {
            "enabled": boolean(default=True),
            "eventSource": string(),
            "intents": array(string()),
            "subscriptions": array(subscription),
            "forwards": array(forward),
            "dlq": record(
                {
                    "enabled": boolean(default=True),
                    "retryMaxAttempts": integer(format="int32", default=3),
                }
            ),
            "rabbitmq": record(
                {
                    "clusterName": string(default="rabbitmq-cluster-knative-lambda"),
                    "namespace": string(default="knative-lambda"),
                }
            ),
        }
    )


def _observability() -> Schema:
    return record(
        {
            "tracing": record(
                {
                    "enabled": boolean(default=True),
                    "endpoint": string(default="alloy.observability.svc:4317"),
                }
            ),
            "metrics": record(
                {
                    "enabled": boolean(default=True),
                    "exemplars": boolean(default=True),
                    "serviceMonitor": boolean(default=True),
                    "path": string(default="/metrics"),
                    "interval": string(default="30s"),
                    "timeout": string(default="10s"),
                }
            ),
            "logging": record(
                {
                    "level": choice("debug", "info", "warn", "error", default="info"),
                    "format": choice("json", "text", default="json"),
                    "traceContext": boolean(default=True),
                }
            ),
        }
    )


def _spec() -> Schema:
    image = record(
        {
            "repository": string(),
            "tag": string(default="latest"),
            "digest": string(),
            "port": integer(format="int32", default=8080),
            "pullPolicy": choice("Always", "IfNotPresent", "Never", default="IfNotPresent"),
            "imagePullSecrets": array(string()),
            "command": array(string()),
            "args": array(string()),
        },
        required=["repository"],
    )
    model = record(
        {
            "provider": choice("ollama", "openai", "anthropic", "none", default="ollama"),
            "endpoint": string(),
            "model": string(),
            "maxTokens": integer(format="int32", default=2048),
            "temperature": string(default="0.7"),
            "apiKeySecretRef": _KEY,
        }
    )
    environment = record(
        {
            "name": string(),
            "value": string(),
            "valueFrom": record({"configMapKeyRef": _KEY, "secretKeyRef": _KEY}),
        },
        required=["name"],
    )
    permissions = record(
        {
            "disableBrokerCreation": boolean(default=False),
            "disableTriggerCreation": boolean(default=False),
            "disableFunctionCreation": boolean(default=False),
            "allowedTargetNamespaces": array(string()),
            "eventControls": record(
                {
                    "allowEventDisable": boolean(default=False),
                    "controlEventTypes": array(string(), default=["io.homelab.rbac.disable", "io.homelab.rbac.enable"]),
                    "allowedControlSources": array(string()),
                }
            ),
        }
    )
    amounts = record({"cpu": string(), "memory": string()})
    return record(
        {
            "image": image,
            "ai": model,
            "behavior": record(
                {
                    "maxContextMessages": integer(format="int32", default=10),
                    "emitEvents": boolean(default=True),
                    "systemPrompt": string(),
                }
            ),
            "operationMode": choice("agentic", "supervised", default="agentic"),
            "approval": _approval(),
            "memory": _memory(),
            "env": array(environment),
            "scaling": scaling(10),
            "resources": record({"limits": amounts, "requests": amounts}),
            "eventing": _eventing(),
            "observability": _observability(),
            "serviceAccountName": string(),
            "permissions": permissions,
        },
        required=["image"],
    )


def _status() -> Schema:
    condition = record(
        {
            "type": string(),
            "status": choice("True", "False", "Unknown"),
            "reason": string(),
            "message": string(),
            "lastTransitionTime": time(),
        },
        required=["type", "status"],
    )
    disabled = record({"capability": string(), "disabledAt": time(), "disabledBy": string(), "expiresAt": time()})
    return record(
        {
            "phase": choice("Pending", "Deploying", "Ready", "Failed", "Deleting"),
            "conditions": array(condition),
            "serviceStatus": record(
                {
                    "serviceName": string(),
                    "url": string(),
                    "ready": boolean(),
                    "latestRevision": string(),
                }
            ),
            "permissionStatus": record(
                {
                    "brokerCreationDisabled": boolean(),
                    "triggerCreationDisabled": boolean(),
                    "functionCreationDisabled": boolean(),
                    "disabledByEvent": array(disabled),
                    "lastEvaluated": time(),
                }
            ),
            "eventingStatus": record(
                {
                    "brokerName": string(),
                    "brokerReady": boolean(),
                    "triggerCount": integer(format="int32"),
                    "forwardCount": integer(format="int32"),
                    "brokerUrl": string(),
                }
            ),
            "aiStatus": record(
                {
                    "modelAvailable": boolean(),
                    "activeModel": string(),
                    "provider": string(),
                    "endpoint": string(),
                    "lastHealthCheck": time(),
                    "inferenceLatencyP99": string(),
                    "activeConversations": integer(format="int32"),
                    "error": string(),
                }
            ),
            "memoryStatus": record(
                {
                    "shortTermConnected": boolean(),
                    "longTermConnected": boolean(),
                    "activeSchemas": integer(format="int32"),
                    "conversationsActive": integer(format="int32"),
                    "lastSync": time(),
                }
            ),
            "observedGeneration": integer(format="int64"),
        }
    )


LAMBDA_AGENT = kind({"spec": _spec(), "status": _status()})
