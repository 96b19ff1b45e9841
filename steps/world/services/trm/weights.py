"""The file of the model's weights: written by the training, checked when it is loaded."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from steps.world.services.trm.model import Matrix, Vector, Weights

FILE = Path(__file__).parent / "weights.json"
"""The weights that the project has trained."""
DIGITS = 4
"""Decimals of a weight in the file."""


class MissingWeightsError(Exception):
    """There is no file of weights."""


class CorruptWeightsError(Exception):
    """The file holds no usable weights; the message says what is wrong with it."""


def rounded(weights: Weights) -> Weights:
    """The weights as the file holds them."""

    def vector(values: Vector) -> Vector:
        return [round(value, DIGITS) for value in values]

    def matrix(rows: Matrix) -> Matrix:
        return [vector(row) for row in rows]

    return replace(
        weights,
        embedding=matrix(weights.embedding),
        state=matrix(weights.state),
        state_bias=vector(weights.state_bias),
        answer=matrix(weights.answer),
        answer_bias=vector(weights.answer_bias),
        score=matrix(weights.score),
        score_bias=vector(weights.score_bias),
    )


def write(weights: Weights, file: Path) -> None:
    """Writes the weights with their checksum, one matrix row to a line."""
    parts = asdict(weights)
    text = _lines({"checksum": _checksum(parts), **parts})
    file.write_text(text, encoding="utf-8")


def load(file: Path) -> Weights:
    """The weights of the file. Raises MissingWeightsError, or CorruptWeightsError when checksum or shapes are wrong."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MissingWeightsError(f"There is no {file.name}.") from None
    except (OSError, ValueError) as error:
        raise CorruptWeightsError(f"{file.name} cannot be read: {error}.") from error
    try:
        parts = dict(json.loads(text))
    except (ValueError, TypeError) as error:
        raise CorruptWeightsError(f"{file.name} is not the JSON object that was written: {error}.") from error
    expected = parts.pop("checksum", None)
    if expected != (seen := _checksum(parts)):
        raise CorruptWeightsError(f"{file.name} has checksum {seen} instead of {expected}.")
    try:
        weights = TypeAdapter(Weights).validate_python(parts)
    except ValidationError as error:
        raise CorruptWeightsError(f"{file.name}: {error.errors()[0]['msg']}.") from error
    _check_shapes(weights, file)
    return weights


def _check_shapes(weights: Weights, file: Path) -> None:
    width = weights.width
    wanted = {
        "embedding": (weights.embedding, len(weights.vocabulary), width),
        "state": (weights.state, width, 2 * width),
        "answer": (weights.answer, width, 2 * width),
        "score": (weights.score, len(weights.classes), width),
        "state_bias": ([weights.state_bias], 1, width),
        "answer_bias": ([weights.answer_bias], 1, width),
        "score_bias": ([weights.score_bias], 1, len(weights.classes)),
    }
    for name, (matrix, rows, columns) in wanted.items():
        if len(matrix) != rows or any(len(row) != columns for row in matrix) or not columns:
            raise CorruptWeightsError(f"{file.name}: {name} is not {rows} by {columns}.")


def _checksum(parts: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _lines(parts: dict[str, Any]) -> str:
    """The object as JSON, each row of a matrix on a line of its own."""
    shown = []
    for name, value in parts.items():
        if isinstance(value, list) and value and isinstance(value[0], list):
            rows = ",\n".join(json.dumps(row) for row in value)
            shown.append(f'"{name}": [\n{rows}\n]')
        else:
            shown.append(f'"{name}": {json.dumps(value)}')
    return "{\n" + ",\n".join(shown) + "\n}\n"
