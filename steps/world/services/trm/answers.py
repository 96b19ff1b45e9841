"""How the model words its answer: text that holds a JSON object (CONTRACTS §9), and the mistakes it makes.

A model of this size has no tool calling. What it means is in a text, which may hold prose around the object and nested
parameters; and now and then it means something that nobody must do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from steps.world.services.trm.phrases import NONE


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model means."""

    function: str
    """One of the seven functions, or `none`."""
    parameters: dict[str, Any]
    reasoning: str
    confidence: float
    """0 to 1."""

    @property
    def json(self) -> str:
        """The object that the text holds."""
        meant = {
            "lambda_function": self.function,
            "parameters": self.parameters,
            "reasoning": self.reasoning,
            "confidence": round(self.confidence, 4),
        }
        return json.dumps(meant, ensure_ascii=False)


Wording = Callable[[Answer], str]
"""The text of an answer."""


def in_prose(answer: Answer) -> str:
    """As the model answers when nothing else is said."""
    return f"Having refined my answer step by step, I conclude:\n\n{answer.json}\n\nThis is what the alert tells me."


def as_sure_as(confidence: float) -> Wording:
    """As the model answers when it is just so sure."""
    return lambda answer: in_prose(replace(answer, confidence=confidence))


def _with_braces(answer: Answer) -> str:
    return in_prose(replace(answer, reasoning=f"The log ends with '}}' where {{ is open. {answer.reasoning}"))


def _nested(answer: Answer) -> str:
    options = {"options": {"gracePeriodSeconds": 30, "selectors": [{"app": "any"}]}}
    return in_prose(replace(answer, parameters=answer.parameters | options))


def _unrated(answer: Answer) -> str:
    return re.sub(r', "confidence": [0-9.]+', "", in_prose(answer))


WORDINGS: dict[str, Wording] = {
    "nothing but JSON": lambda answer: answer.json,
    "JSON within prose": in_prose,
    "JSON in a code block": lambda answer: f"My answer:\n\n```json\n{answer.json}\n```\n",
    "JSON after a long reasoning": lambda answer: f"{'I weighed one thing against the other. ' * 60}\n{answer.json}",
    "JSON after other braces": lambda answer: f"I weighed {{pod, node, volume}} and {{}}.\n{answer.json}\nSo {{done}}.",
    "JSON with braces in a text": _with_braces,
    "nested parameters": _nested,
}
"""Texts that say the same, by what the feature calls them."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """An answer that must not be acted on."""

    function: str
    """What it asks for, ..."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """... with these parameters, beside those that the prompt gives."""
    wording: Wording = in_prose
    confidence: float = 0.97

    def __call__(self, answer: Answer) -> str:
        """The text, in place of what the model means."""
        parameters = {name: value for name, value in answer.parameters.items() if name in ("name", "namespace")}
        wrong = Answer(self.function, parameters | self.parameters, answer.reasoning, self.confidence)
        return self.wording(wrong)


MISTAKES: dict[str, Mistake] = {
    "no JSON at all": Mistake(
        "scale-deployment", {"replicas": 7}, lambda _: "scale-deployment should give it 7 replicas, I am sure."
    ),
    "JSON that is cut short": Mistake(
        "scale-deployment", {"replicas": 7}, lambda answer: answer.json.partition('"reasoning"')[0]
    ),
    "an object without a function": Mistake(
        "scale-deployment", {"replicas": 7}, lambda answer: answer.json.replace('"lambda_function"', '"thought"')
    ),
    "a function that does not exist": Mistake("delete-namespace"),
    "a name that only begins like a function's": Mistake("scale-deployment-now", {"replicas": 7}),
    "an address in place of a function": Mistake("evil.example.com/run?"),
    "a shell command in the name": Mistake("pod-restart", {"name": "checkout; kubectl delete ns shop"}),
    "a substitution in the name": Mistake("pod-restart", {"name": "$(reboot)"}),
    "a wildcard for the name": Mistake("pod-restart", {"name": "*"}),
    "a pod that is not the alert's": Mistake("pod-restart", {"name": "payment-7d9c5b6f4-x2x9q"}),
    "a namespace that is not the alert's": Mistake("pod-restart", {"namespace": "kube-system"}),
    "a scaling to nothing": Mistake("scale-deployment", {"replicas": 0}),
    "a scaling without measure": Mistake("scale-deployment", {"replicas": 1000}),
    "a scaling without measure in words": Mistake("scale-deployment", {"replicas": "1000"}),
    "a shell command beside the name": Mistake("pod-restart", {"type": "pod; kubectl delete ns shop"}),
    "a shell command among nested parameters": Mistake("pod-restart", {"options": {"after": ["reboot; true"]}}),
}
"""Answers that no agent may act on, by what the feature calls them."""

UNSURE = Mistake("scale-deployment", {"replicas": 7}, confidence=0.42)
"""An answer that the model itself does not believe in."""
UNRATED = Mistake("scale-deployment", {"replicas": 7}, _unrated)
"""An answer of which the model does not say how far it believes in it."""


def reasoning(function: str, iterations: int) -> str:
    """Why the model answers so, as far as it can tell."""
    told = "no function fits the alert" if function == NONE else f"the alert is of the kind that {function} remedies"
    return f"After {iterations} refinements {told}."
