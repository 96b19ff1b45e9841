"""Linear, true to its contract (CONTRACTS §1): a workspace behind GraphQL.

`schema.graphql` says what is covered, `entities` what a workspace is made of, `mutations` what Linear
refuses, `operation` how a request is read and priced, `access` and `limits` who may ask how much, `errors`
how Linear fails.
"""

from steps.world.services.linear import errors
from steps.world.services.linear.access import Tokens
from steps.world.services.linear.limits import Limited
from steps.world.services.linear.operation import arguments, opens_issues, operations
from steps.world.services.linear.service import Linear

__all__ = ["Limited", "Linear", "Tokens", "arguments", "errors", "opens_issues", "operations"]
