"""The schemas of the custom resources.

Each says what the vendor's CustomResourceDefinition says, field by field; a test compares them with it.
"""

from steps.world.cluster.kubernetes.custom.lambda_agent import LAMBDA_AGENT
from steps.world.cluster.kubernetes.custom.lambda_function import LAMBDA_FUNCTION
from steps.world.cluster.kubernetes.custom.prometheus_rule import PROMETHEUS_RULE
from steps.world.cluster.kubernetes.custom.trigger import TRIGGER

__all__ = ["LAMBDA_AGENT", "LAMBDA_FUNCTION", "PROMETHEUS_RULE", "TRIGGER"]
