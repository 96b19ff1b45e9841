"""`kubectl get` asks for tables: the server chooses the columns."""

from __future__ import annotations

from collections.abc import Sequence

from steps.world.cluster.kubernetes.resources import Column, Resource
from steps.world.cluster.kubernetes.schema import Object

_NAME = Column("Name", lambda item: item["metadata"]["name"])


def table(resource: Resource, items: Sequence[Object], metadata: Object) -> Object:
    """A `Table` of the objects, one row each, with their metadata."""
    columns = (_NAME, *resource.columns)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [
            {
                "name": column.title,
                "type": column.type,
                "format": "name" if column is _NAME else "",
                "description": column.title,
                "priority": 0,
            }
            for column in columns
        ],
        "rows": [
            {
                "cells": [column.cell(item) for column in columns],
                "object": {
                    "kind": "PartialObjectMetadata",
                    "apiVersion": "meta.k8s.io/v1",
                    "metadata": item["metadata"],
                },
            }
            for item in items
        ],
    }
