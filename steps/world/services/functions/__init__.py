"""LambdaFunctions: what stands behind each function's host name in the cluster (CONTRACTS §7)."""

from steps.world.services.functions.runtime import (
    GARBAGE,
    REPLIES,
    Handler,
    HandlerError,
    Reply,
    binary_event,
    declines,
    fails,
    fails_at_first,
    succeeds,
    succeeds_in_any_script,
)
from steps.world.services.functions.service import NAMESPACE, SHIPPED, Functions

__all__ = [
    "GARBAGE",
    "NAMESPACE",
    "REPLIES",
    "SHIPPED",
    "Functions",
    "Handler",
    "HandlerError",
    "Reply",
    "binary_event",
    "declines",
    "fails",
    "fails_at_first",
    "succeeds",
    "succeeds_in_any_script",
]
