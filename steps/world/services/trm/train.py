"""Trains the model: `python -m steps.world.services.trm.train` writes weights.json and says how well it did.

The same seed makes the same weights. Training follows the paper that model.py names: the answer is corrected after each
refinement (deep supervision), and what was refined before is taken as given, so no gradient goes further back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random

from steps.world.services.trm.model import Matrix, Model, Vector, Weights, layer, refined, softmax, total, words
from steps.world.services.trm.phrases import HELD_OUT, LEARNT
from steps.world.services.trm.prompts import prompt
from steps.world.services.trm.weights import FILE, rounded, write

SEED = 256
WIDTH = 10
EPOCHS = 20
REFINEMENTS = 4
"""Refinements of a text while it is learnt."""
RATES = (0.04, 0.005)
"""Learning rate at the beginning and at the end."""
SEEN = 2
"""A word that the material has less often is not worth a place in the vocabulary."""


def train(seed: int = SEED) -> Weights:
    """The weights after training, rounded as they are written."""
    random = Random(seed)
    lessons = [(label, phrase) for label, phrases in LEARNT.items() for phrase in phrases]
    weights = _new(random, _vocabulary(random, lessons))
    model = Model(weights)
    for epoch in range(EPOCHS):
        rate = RATES[0] + (RATES[1] - RATES[0]) * epoch / (EPOCHS - 1)
        random.shuffle(lessons)
        for label, phrase in lessons:
            places = model.places(prompt(random, phrase))
            _learn(weights, places, weights.classes.index(label), rate)
    return rounded(weights)


def accuracy(model: Model, seed: int = SEED, wordings: int = 5) -> float:
    """The share of held-out phrases, each in several prompts, of which the model concludes the right function."""
    random = Random(seed + 1)
    asked = [(label, prompt(random, phrase)) for label, phrases in HELD_OUT.items() for phrase in phrases * wordings]
    return sum(model.conclude(text, 10).label == label for label, text in asked) / len(asked)


def _vocabulary(random: Random, lessons: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    seen = Counter(word for _, phrase in lessons for word in words(f"{phrase} {prompt(random, phrase)}"))
    return tuple(sorted(word for word, times in seen.items() if times >= SEEN))


def _new(random: Random, vocabulary: tuple[str, ...]) -> Weights:
    def matrix(rows: int, columns: int, spread: float) -> Matrix:
        return [[random.gauss(0, spread) for _ in range(columns)] for _ in range(rows)]

    spread = (2 * WIDTH) ** -0.5
    return Weights(
        vocabulary,
        tuple(LEARNT),
        embedding=matrix(len(vocabulary), WIDTH, 0.05),
        state=matrix(WIDTH, 2 * WIDTH, spread),
        state_bias=[0.0] * WIDTH,
        answer=matrix(WIDTH, 2 * WIDTH, spread),
        answer_bias=[0.0] * WIDTH,
        score=matrix(len(LEARNT), WIDTH, spread),
        score_bias=[0.0] * len(LEARNT),
    )


def _learn(weights: Weights, places: list[int], label: int, rate: float) -> None:
    """Corrects the weights by one text, after each of its refinements."""
    width = weights.width
    y, z = [0.0] * width, [0.0] * width
    for _ in range(REFINEMENTS):
        x = total([weights.embedding[place] for place in places], width)
        before = y + z
        y, z = refined(weights, x, y, z)
        error = softmax(layer(weights.score, weights.score_bias, y))
        error[label] -= 1
        at_y = [slope * (1 - value * value) for slope, value in zip(_back(weights.score, error), y, strict=True)]
        at_z = _back(weights.answer, at_y)[width:]
        at_z = [slope * (1 - value * value) for slope, value in zip(at_z, z, strict=True)]
        _step(weights.score, weights.score_bias, error, y, rate)
        _step(weights.answer, weights.answer_bias, at_y, before[:width] + z, rate)
        _step(weights.state, weights.state_bias, at_z, before, rate)
        for place in places:
            row = weights.embedding[place]
            row[:] = [value - rate * slope for value, slope in zip(row, at_z, strict=True)]


def _back(matrix: Matrix, slopes: Vector) -> Vector:
    """The slopes at a layer's input: its matrix, transposed, times the slopes at its output."""
    rows = ([weight * slope for weight in row] for row, slope in zip(matrix, slopes, strict=True))
    return total(rows, len(matrix[0]))


def _step(matrix: Matrix, bias: Vector, slopes: Vector, inputs: Vector, rate: float) -> None:
    for place, slope in enumerate(slopes):
        push = rate * slope
        matrix[place][:] = [weight - push * value for weight, value in zip(matrix[place], inputs, strict=True)]
        bias[place] -= push


if __name__ == "__main__":
    learnt = train()
    write(learnt, FILE)
    print(f"{FILE}: {learnt.count} weights, {accuracy(Model(learnt)):.1%} of the held-out phrases right.")
