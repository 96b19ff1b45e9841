"""The TRM model: which function calls for itself by an alert that names none (CONTRACTS §9).

The model has no tool calling. Its answer is text, and nobody vouches for it: it is parsed, and what it proposes is only
done when it is one of the shipped functions, working on what the alert itself names.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Annotated, Any

import httpx
from pydantic import BaseModel, Field, ValidationError

from steps.reference import logs
from steps.reference.agent.alert import Alert
from steps.reference.agent.metrics import Metrics
from steps.reference.agent.remediation import NEEDED, Plan, filled_up, missing
from steps.reference.calls import CallError, Retries, TimedOutError, TransientError, check, send
from steps.reference.doors import Work

NONE = "none"
"""What the model answers when no function fits."""
CONFIDENCE = 0.7
"""An answer in which the model trusts less is not followed."""
ITERATIONS = 10
LONGEST = 8_000
"""Characters of an answer that are looked at."""
SAFE = re.compile(r"[\w.:/=, -]*")
"""Texts in parameters: names, selectors, numbers and the like, and nothing that a shell makes something of."""
MOST_REPLICAS = 20
FLUX_NAMESPACE = "flux-system"


FRESH = 1
"""Seconds for which a model that was loaded is taken to be loaded still, unless it fails."""


class NotLoadedError(CallError):
    """The model service has no model to ask."""


class SlowModelError(CallError):
    """The model did not answer in time; it is not asked again, because an alert does not wait twice."""


class UnusableError(CallError):
    """The model's answer cannot be understood, or must not be followed."""


class UnsureError(CallError):
    """The model itself does not trust its answer."""


class Proposal(BaseModel):
    """The object in the model's answer."""

    lambda_function: Annotated[str, Field(min_length=1, strict=True)]
    parameters: dict[str, Any] = {}
    reasoning: str = ""
    confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)]


class Trm:
    """Asks the model, after it has looked whether there is one, and reports both in the metrics."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        timeout: float,
        retries: Retries,
        metrics: Metrics,
        work: Work,
    ) -> None:
        self._client = client
        self._url = url
        self._timeout = timeout
        self._retries = retries
        self._metrics = metrics
        self._work = work
        self._loaded_at: float | None = None
        """When the model was last seen to be loaded; None when it is not, as far as is known."""
        self._looking: asyncio.Task[str | None] | None = None

    async def look(self) -> str | None:
        """Finds out whether the model is loaded, and reports it: None, or a sentence about why it is not.

        Those who want to know at the same time share one look.
        """
        if self._looking is None or self._looking.done():
            self._looking = self._work.start("look at the model", self._look())
        return await asyncio.shield(self._looking)

    async def _look(self) -> str | None:
        try:
            response = await send(self._client, self._client.build_request("GET", f"{self._url}/health"), self._timeout)
            check(response)
            state = response.json()
            trouble = None if state["model_loaded"] is True else str(state)
        except CallError as error:
            trouble = str(error)
        except (ValueError, TypeError, KeyError) as error:
            trouble = f"its health cannot be understood: {error!r}"
        self._metrics.trm_loaded.set(trouble is None)
        if trouble:
            logs.warning("the model is not loaded", error=trouble)
        elif self._loaded_at is None:
            logs.info("the model is loaded")
        self._loaded_at = None if trouble else time.monotonic()
        return trouble

    async def proposal(self, alert: Alert) -> Proposal:
        """What the model proposes and trusts in. Raises CallError."""
        fresh = self._loaded_at is not None and time.monotonic() - self._loaded_at < FRESH
        if not fresh and (trouble := await self.look()):
            raise NotLoadedError(f"The model is not loaded: {trouble}")
        body = {"problem": problem(alert), "max_iterations": ITERATIONS}
        began = time.monotonic()
        outcome = "failure"
        try:
            text = await self._retries.run("inference", lambda: self._reason(body))
            proposed = parse(text)
            outcome = "success"
        except (TransientError, SlowModelError) as error:
            if trouble := await self.look():
                raise NotLoadedError(f"The model is not loaded: {trouble}") from error
            raise
        finally:
            self._metrics.trm_inferences.labels(outcome).inc()
            self._metrics.trm_duration.observe(time.monotonic() - began)
        self._metrics.trm_confidence.observe(proposed.confidence)
        if proposed.confidence < CONFIDENCE:
            raise UnsureError(f"The model proposes {proposed.lambda_function!r} with confidence {proposed.confidence}.")
        return proposed

    async def _reason(self, body: dict[str, Any]) -> str:
        request = self._client.build_request("POST", f"{self._url}/reason", json=body)
        try:
            response = await send(self._client, request, self._timeout)
        except TimedOutError as error:
            raise SlowModelError(str(error)) from error
        check(response)
        try:
            return str(response.json()["result"])
        except (ValueError, TypeError, KeyError) as error:
            raise TransientError("The model service answered something that is no result.") from error


def problem(alert: Alert) -> str:
    """The question that the model is asked."""
    return "\n".join(
        (
            "Which function remediates this alert? Answer with a JSON object of lambda_function, parameters, "
            f"reasoning and confidence; lambda_function is {NONE} when no function fits.",
            f"Functions: {', '.join(NEEDED)}",
            f"Alert: {alert.alertname}",
            f"Labels: {json.dumps(alert.labels, ensure_ascii=False)}",
            f"Annotations: {json.dumps(alert.annotations, ensure_ascii=False)}",
        )
    )


def parse(text: str) -> Proposal:
    """The proposal in the text, whatever stands around it. Raises UnusableError."""
    decoder, text = json.JSONDecoder(), text[:LONGEST]
    for brace in re.finditer(r"\{", text):
        try:
            found, _ = decoder.raw_decode(text, brace.start())
        except (ValueError, RecursionError):
            continue
        if "lambda_function" in found:
            try:
                return Proposal.model_validate(found)
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                where = ".".join(map(str, first["loc"]))
                raise UnusableError(f"The model's proposal is malformed: {where}: {first['msg']}.") from error
    raise UnusableError(f"The model's answer holds no proposal: {text[:200]!r}.")


def plan_of(proposed: Proposal, alert: Alert) -> Plan | None:
    """The call that the model proposes, None when it says that no function fits. Raises UnusableError when unsafe.

    The model may choose the tool, and not the target: names and namespaces are those of the alert.
    """
    function = proposed.lambda_function
    if function == NONE:
        return None
    if function not in NEEDED:
        raise UnusableError(f"The model proposes {function!r}, which is no function of this agent.")
    parameters = filled_up(function, proposed.parameters, alert.labels)
    if "name" in parameters and parameters["name"] not in [*alert.labels.values()]:
        raise UnusableError(f"The model proposes the name {parameters['name']!r}, which the alert does not give.")
    allowed = [alert.labels.get("namespace"), *([FLUX_NAMESPACE] if function.startswith("flux-") else [])]
    if "namespace" in parameters and parameters["namespace"] not in allowed:
        raise UnusableError(f"The model proposes namespace {parameters['namespace']!r}, which is not the alert's.")
    replicas = parameters.get("replicas", 1)
    if type(replicas) is not int or not 1 <= replicas <= MOST_REPLICAS:
        raise UnusableError(f"The model proposes {replicas!r} replicas; 1 to {MOST_REPLICAS} are allowed.")
    if (unsafe := _unsafe(parameters)) is not None:
        raise UnusableError(f"The model proposes a parameter that is not safe: {unsafe!r}.")
    if lacking := missing(function, parameters):
        raise UnusableError(f"The model proposes {function} without {' and '.join(lacking)}.")
    return Plan(function, parameters)


def _unsafe(value: Any) -> str | None:
    """The first text within the value that is not safe."""
    if isinstance(value, str):
        return None if SAFE.fullmatch(value) else value
    parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((unsafe for part in parts if (unsafe := _unsafe(part)) is not None), None)
