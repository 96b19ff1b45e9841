"""The Linear double knows a true subset of Linear's schema: nothing is invented, nothing is made easier."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    is_required_argument,
    is_required_input_field,
)
from graphql.language import print_ast

from steps.world.services.linear.schema import LATER, SDL
from steps.world.services.linear.uncovered import UNCOVERED

ONE_ISSUE = "issue(id: String!): Issue!"
VENDOR = Path(__file__).parents[2] / "shared" / "vendor" / "linear.graphql"


@pytest.fixture(scope="module")
def vendor() -> GraphQLSchema:
    if not VENDOR.exists():
        pytest.skip(f"NOT COMPARED with Linear's own schema: {VENDOR} is absent. Put linear/linear's schema there.")
    return build_schema(VENDOR.read_text(), assume_valid=True)


def differences(ours: GraphQLSchema, theirs: GraphQLSchema) -> Iterator[str]:
    """Everything in which a schema is not a subset of the other, one sentence each."""
    for name, mine in ours.type_map.items():
        if name.startswith("__"):
            continue
        other = theirs.type_map.get(name)
        if type(mine) is not type(other):
            yield f"{name} is {type(mine).__name__} here and {type(other).__name__} there"
        elif isinstance(mine, GraphQLObjectType | GraphQLInterfaceType):
            assert isinstance(other, GraphQLObjectType | GraphQLInterfaceType)
            if {i.name for i in mine.interfaces} != {i.name for i in other.interfaces}:
                yield f"{name} implements other interfaces"
            yield from field_differences(mine, other)
        elif isinstance(mine, GraphQLInputObjectType):
            assert isinstance(other, GraphQLInputObjectType)
            yield from input_differences(mine, other)
        elif isinstance(mine, GraphQLEnumType):
            assert isinstance(other, GraphQLEnumType)
            if mine.values.keys() != other.values.keys():
                yield f"{name} has the values {sorted(mine.values)} here and {sorted(other.values)} there"


def field_differences(
    mine: GraphQLObjectType | GraphQLInterfaceType, other: GraphQLObjectType | GraphQLInterfaceType
) -> Iterator[str]:
    for name, field in mine.fields.items():
        place = f"{mine.name}.{name}"
        if name not in other.fields:
            yield f"{place} is not there"
            continue
        their_field = other.fields[name]
        if str(field.type) != str(their_field.type):
            yield f"{place} is {field.type} here and {their_field.type} there"
        for argument, value in field.args.items():
            if argument not in their_field.args:
                yield f"{place}({argument}:) is not there"
            elif described(value) != described(their_field.args[argument]):
                theirs = described(their_field.args[argument])
                yield f"{place}({argument}:) is {described(value)} here and {theirs} there"
        for argument, value in their_field.args.items():
            if is_required_argument(value) and argument not in field.args:
                yield f"{place}({argument}:) is required there"


def input_differences(mine: GraphQLInputObjectType, other: GraphQLInputObjectType) -> Iterator[str]:
    for name, field in mine.fields.items():
        place = f"{mine.name}.{name}"
        if name not in other.fields:
            yield f"{place} is not there"
        elif described(field) != described(other.fields[name]):
            yield f"{place} is {described(field)} here and {described(other.fields[name])} there"
    for name, field in other.fields.items():
        if is_required_input_field(field) and name not in mine.fields:
            yield f"{mine.name}.{name} is required there"


def described(value: object) -> str:
    """Type, nullability and default of an argument or input field."""
    node = getattr(value, "ast_node")  # noqa: B009  arguments and input fields have no common type
    default = print_ast(node.default_value) if node.default_value else "no default"
    return f"{node.type and print_ast(node.type)} ({default})"


def test_every_type_field_argument_and_value_is_linears_own(vendor: GraphQLSchema) -> None:
    assert list(differences(build_schema(SDL.read_text()), vendor)) == []


def test_what_is_not_covered_is_linears_own_and_not_in_the_double(vendor: GraphQLSchema) -> None:
    """Else the table would call a mistake of a caller's the double's, or never be looked into."""
    ours = build_schema(SDL.read_text() + LATER.read_text())
    for name, fields in UNCOVERED.items():
        here, there = ours.type_map[name], vendor.type_map[name]
        assert isinstance(here, GraphQLObjectType | GraphQLInputObjectType) and type(here) is type(there)
        assert fields <= getattr(there, "fields").keys() - here.fields.keys(), name  # noqa: B009  as above


def test_what_linear_has_gained_since_is_little_and_is_not_yet_in_its_schema(vendor: GraphQLSchema) -> None:
    """A field that the schema has by now belongs into schema.graphql, where it is compared."""
    assert sorted(differences(build_schema(SDL.read_text() + LATER.read_text()), vendor)) == [
        "IssueLabel.groupType is not there",
        "LabelGroupType is GraphQLEnumType here and NoneType there",
        "Organization.defaultHomeViewTargetId is not there",
        "Organization.suggestedBranchNameEnabled is not there",
        "Team.viewerCanJoin is not there",
        "Team.viewerCanLeave is not there",
        "Team.viewerMembership is not there",
    ]


@pytest.mark.parametrize(
    ("correct", "wrong", "difference"),
    [
        ("issuePriorityValues: [", "issuePriorities: [", "Query.issuePriorities is not there"),
        ("title: String!\n", "title: String\n", "Issue.title is String here"),
        ("identifier: String!", "identifier: ID!", "Issue.identifier is ID! here"),
        (ONE_ISSUE, "issue(key: String!): Issue!", "Query.issue(key:) is not there"),
        (ONE_ISSUE, "issue: Issue!", "Query.issue(id:) is required there"),
        (ONE_ISSUE, "issue(id: String): Issue!", "Query.issue(id:) is String (no default) here"),
        (
            "includeArchived: Boolean = false",
            "includeArchived: Boolean",
            "Team.issueCount(includeArchived:) is",
        ),
        ("teamId: String!, id", "teamId: String, id", "IssueCreateInput.teamId is String (no default) here"),
        ("teamId: String!, id", "id", "IssueCreateInput.teamId is required there"),
        ("teamId: String!, id", "team: ID, teamId: String!, id", "IssueCreateInput.team is not there"),
        (
            "enum IssueRelationType { blocks",
            "enum IssueRelationType { causes",
            "IssueRelationType has the values",
        ),
        ("scalar UUID", "enum UUID { one }", "UUID is GraphQLEnumType here"),
        ("type Issue implements Node", "type Issue", "Issue implements other interfaces"),
    ],
)
def test_a_schema_that_deviates_is_told_apart(vendor: GraphQLSchema, correct: str, wrong: str, difference: str) -> None:
    sdl = SDL.read_text()
    assert correct in sdl
    found = list(differences(build_schema(sdl.replace(correct, wrong)), vendor))
    assert any(sentence.startswith(difference) for sentence in found), found
