"""One GraphQL request: read strictly, priced, executed (CONTRACTS §1.2 and §1.3)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSyntaxError,
    InlineFragmentNode,
    IntValueNode,
    NamedTypeNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    execute_sync,
    get_named_type,
    get_operation_ast,
    parse,
    value_from_ast_untyped,
)

from steps.world.services.linear import problems
from steps.world.services.linear.access import Caller
from steps.world.services.linear.errors import JSON, Answer
from steps.world.services.linear.limits import Allowance
from steps.world.services.linear.mutations import Mutations
from steps.world.services.linear.paging import DEFAULT_PAGE
from steps.world.services.linear.problems import LinearError
from steps.world.services.linear.queries import Queries
from steps.world.services.linear.schema import SCHEMA, Context, is_connection, prepare
from steps.world.services.linear.uncovered import uncovered
from steps.world.services.linear.workspace import Workspace

PROPERTY, OBJECT = 0.1, 1.0
"""Points. A connection multiplies those of its children by the size of its page."""
MOST_POINTS = 10_000
"""What a single query may cost."""

OPENINGS = frozenset({"issueCreate", "issueBatchCreate"})
"""The root fields by which issues are opened."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What a request asks for."""

    document: DocumentNode
    definition: OperationDefinitionNode
    variables: Mapping[str, Any]

    @classmethod
    def read(cls, content_type: str, body: bytes) -> Operation:
        """Reads a request's body; raises LinearError for what is no request or does not fit the schema."""
        if content_type.partition(";")[0].strip().lower() != "application/json":
            raise problems.bad_request("The request's content type must be application/json.")
        try:
            request = json.loads(body)
        except ValueError:
            raise problems.bad_request("The request's body is not valid JSON.") from None
        if not isinstance(request, dict):
            raise problems.bad_request("The request's body must be a JSON object.")
        query, variables = request.get("query"), request.get("variables") or {}
        if not isinstance(query, str) or not query.strip():
            raise problems.bad_request("GraphQL operations must contain a non-empty `query`.")
        if not isinstance(variables, dict):
            raise problems.bad_request("`variables` must be a JSON object.")
        try:
            document, mistakes = prepare(query)
        except GraphQLSyntaxError as error:
            raise problems.invalid_document(error.message, "GRAPHQL_PARSE_FAILED") from None
        if mistakes:
            if missing := uncovered(mistake.message for mistake in mistakes):
                raise problems.not_covered(missing)
            raise problems.invalid_document(mistakes[0].message)
        definition = get_operation_ast(document, request.get("operationName"))
        if definition is None:
            raise problems.bad_request("`operationName` must name one of the request's operations.")
        return cls(document, definition, variables)

    @property
    def fields(self) -> frozenset[str]:
        """The root fields by their own names."""
        return root_fields(self.document, self.definition)

    @property
    def points(self) -> int:
        """The cost, rounded up."""
        root = SCHEMA.get_root_type(self.definition.operation)
        assert root is not None
        return math.ceil(round(self._points(self.definition.selection_set, root), 6))

    def _points(self, selections: SelectionSetNode, parent: GraphQLNamedType) -> float:
        points, fields = 0.0, getattr(parent, "fields", {})  # a union has none of its own
        for node in selections.selections:
            match node:
                case FieldNode(selection_set=None):
                    points += PROPERTY
                case FieldNode(selection_set=SelectionSetNode() as children) if node.name.value in fields:
                    type_ = get_named_type(fields[node.name.value].type)
                    times = self._page_size(node) if is_connection(type_) else 1
                    points += OBJECT + times * self._points(children, type_)
                case InlineFragmentNode():
                    points += self._points(node.selection_set, _within(node.type_condition, parent))
                case FragmentSpreadNode():
                    fragment = _fragments(self.document)[node.name.value]
                    points += self._points(fragment.selection_set, _within(fragment.type_condition, parent))
        return points

    def _page_size(self, field: FieldNode) -> int:
        for argument in field.arguments or ():
            if argument.name.value in ("first", "last"):
                match argument.value:
                    case IntValueNode(value=size):
                        return int(size)
                    case VariableNode(name=name) if isinstance(self.variables.get(name.value), int):
                        return int(self.variables[name.value])
        return DEFAULT_PAGE

    def execute(self, workspace: Workspace, caller: Caller, allowance: Allowance) -> Answer:
        """Does what is asked. Refusals by Linear's rules are `errors` in a 200; unfit variables are a 400.

        An error that is not Linear's is the double's own and comes out as it is.
        """
        is_query = self.definition.operation is OperationType.QUERY
        result = execute_sync(
            SCHEMA,
            self.document,
            Queries(workspace, caller, allowance) if is_query else Mutations(workspace, caller),
            Context(caller.user),
            dict(self.variables),
            self.definition.name.value if self.definition.name else None,
        )
        for error in result.errors or ():
            if error.path is None:
                if missing := uncovered([error.message]):
                    raise problems.not_covered(missing)
                raise problems.invalid_document(error.message)
            if not isinstance(error.original_error, LinearError):
                raise error.original_error or error
        told: dict[str, Any] = {"data": _as_in_javascript(result.data)}
        if result.errors:
            told["errors"] = [error.formatted for error in result.errors]
        return Answer(200, (JSON,), json.dumps(told).encode())


def _within(condition: NamedTypeNode | None, parent: GraphQLNamedType) -> GraphQLNamedType:
    """The type whose fields a fragment asks for."""
    return SCHEMA.type_map[condition.name.value] if condition else parent


def _as_in_javascript(value: Any) -> Any:
    """The value with whole floats as integers: Linear's JSON says 3 where the schema says Float."""
    match value:
        case dict():
            return {name: _as_in_javascript(item) for name, item in value.items()}
        case list():
            return [_as_in_javascript(item) for item in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def operations(body: bytes) -> frozenset[str]:
    """The root fields that a request asks for, e.g. {"issueCreate"}, whatever their aliases; fragments count.

    Of several operations it is the one named by `operationName`. Empty for what is no GraphQL request.
    """
    try:
        request = json.loads(body)
        document = parse(request["query"])
        definition = get_operation_ast(document, request.get("operationName"))
    except (ValueError, KeyError, TypeError, AttributeError, GraphQLSyntaxError):
        return frozenset()
    return root_fields(document, definition) if definition else frozenset()


def arguments(body: bytes) -> list[dict[str, Any]]:
    """What a mutation gives each of its root fields, variables filled in. Empty for what is no mutation."""
    try:
        request = json.loads(body)
        definition = get_operation_ast(parse(request["query"]), request.get("operationName"))
        variables = request.get("variables") or {}
    except (ValueError, KeyError, TypeError, AttributeError, GraphQLSyntaxError):
        return []
    if definition is None or definition.operation is not OperationType.MUTATION or not isinstance(variables, dict):
        return []
    return [
        {argument.name.value: value_from_ast_untyped(argument.value, variables) for argument in field.arguments or ()}
        for field in definition.selection_set.selections
        if isinstance(field, FieldNode)
    ]


def opens_issues(body: bytes) -> bool:
    """Whether a request opens issues, be it one or several at once."""
    # Reading GraphQL takes time, and most requests do not even hold the word.
    return b"Create" in body and not OPENINGS.isdisjoint(operations(body))


def root_fields(document: DocumentNode, definition: OperationDefinitionNode) -> frozenset[str]:
    """The names of the fields at the top of an operation."""

    def names(selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> set[str]:
        found: set[str] = set()
        for node in selections.selections:
            match node:
                case FieldNode():
                    found.add(node.name.value)
                case InlineFragmentNode():
                    found |= names(node.selection_set, fragments)
                case FragmentSpreadNode() if fragment := fragments.get(node.name.value):
                    rest = {name: other for name, other in fragments.items() if other is not fragment}
                    found |= names(fragment.selection_set, rest)
        return found

    return frozenset(names(definition.selection_set, _fragments(document)))


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
