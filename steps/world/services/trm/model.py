"""A tiny recursive model: it reads a text once and refines its answer again and again.

The text is a bag of words, each with a learnt vector; `x` is their sum. From nothing, the state `z` and the answer `y`
are improved in turn by the same two small layers, as often as the caller asks for ("Less is More: Recursive Reasoning
with Tiny Networks", Jolicoeur-Martineau 2025)::

    z = tanh(x + Z·(y, z) + zb)        y = tanh(Y·(y, z) + yb)        scores = S·y + sb

`width` numbers make up each of x, y and z; there are a few thousand weights in all.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import mul

Vector = list[float]
Matrix = list[Vector]

MOST = 3
"""A word that is said more often says no more."""
WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")


def words(text: str) -> list[str]:
    """The words of a text, in lower case; `CamelCase` is two, `pod-restart` is one, what has digits is a name and none.

    So the same alert about another pod reads the same.
    """
    found = []
    for token in re.findall(r"[\w-]+", text):
        for part in token.strip("-").split("_"):
            apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", part)
            found += [word for word in apart.lower().split() if WORD.fullmatch(word)]
    return found


@dataclass(frozen=True, slots=True)
class Weights:
    """Everything the model has learnt."""

    vocabulary: tuple[str, ...]
    classes: tuple[str, ...]
    embedding: Matrix
    """One row of `width` for each word."""
    state: Matrix
    """`width` rows of twice the width: Z."""
    state_bias: Vector
    answer: Matrix
    """`width` rows of twice the width: Y."""
    answer_bias: Vector
    score: Matrix
    """One row of `width` for each class: S."""
    score_bias: Vector

    @property
    def width(self) -> int:
        """How many numbers the state has."""
        return len(self.state_bias)

    @property
    def count(self) -> int:
        """How many weights there are."""
        matrices = (self.embedding, self.state, self.answer, self.score)
        biases = (self.state_bias, self.answer_bias, self.score_bias)
        return sum(len(row) for matrix in matrices for row in matrix) + sum(map(len, biases))


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What the model makes of a text."""

    label: str
    confidence: float
    """Probability of the label among all classes."""
    iterations: int


class Model:
    """The model with its weights: it concludes which class a text belongs to."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self._places = {word: place for place, word in enumerate(weights.vocabulary)}

    def places(self, text: str) -> list[int]:
        """The known words of the text, as places in the vocabulary, each as often as it counts."""
        counts = Counter(self._places[word] for word in words(text) if word in self._places)
        return [place for place, times in counts.items() for _ in range(min(times, MOST))]

    def conclude(self, text: str, iterations: int) -> Conclusion:
        """The class of the text after that many refinements, at least one."""
        weights = self.weights
        x = total([weights.embedding[place] for place in self.places(text)], weights.width)
        y, z = [0.0] * weights.width, [0.0] * weights.width
        for _ in range(iterations):
            y, z = refined(weights, x, y, z)
        chances = softmax(layer(weights.score, weights.score_bias, y))
        best = max(range(len(chances)), key=chances.__getitem__)
        return Conclusion(weights.classes[best], chances[best], iterations)


def refined(weights: Weights, x: Vector, y: Vector, z: Vector) -> tuple[Vector, Vector]:
    """One refinement: the new answer and the new state."""
    pushed = layer(weights.state, weights.state_bias, y + z)
    z = [math.tanh(a + b) for a, b in zip(x, pushed, strict=True)]
    y = [math.tanh(a) for a in layer(weights.answer, weights.answer_bias, y + z)]
    return y, z


def total(rows: Iterable[Vector], width: int) -> Vector:
    """The sum of the vectors."""
    return [sum(column) for column in zip([0.0] * width, *rows, strict=True)]


def layer(matrix: Matrix, bias: Vector, vector: Sequence[float]) -> Vector:
    """matrix · vector + bias."""
    return [sum(map(mul, row, vector)) + offset for row, offset in zip(matrix, bias, strict=True)]


def softmax(scores: Vector) -> Vector:
    """Scores as probabilities."""
    most = max(scores)
    raised = [math.exp(score - most) for score in scores]
    whole = sum(raised)
    return [value / whole for value in raised]
