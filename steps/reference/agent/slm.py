"""Service level management: where an objective stands by Prometheus' recording rules (CONTRACTS §8)."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Literal

import httpx

from steps.reference.calls import RefusedError, Retries, TransientError, check, send

Violation = Literal["critical", "high", "medium", "low"]
ABOVE: dict[Violation, float] = {"critical": 0.05, "high": 0.01, "medium": 0.001}
"""Burn rates above which a violation has the severity (ruling 2)."""
SERIES = {
    "slo:target": "target",
    "sli:current": "current",
    "slo:error_budget_remaining": "budget_remaining",
    "slo:error_budget_burn_rate": "burn_rate",
}
"""Recording rules, and what of an objective they tell."""


@dataclass(frozen=True, slots=True)
class Objective:
    """Where a service level objective stands; None is what Prometheus has no data of."""

    name: str
    target: float | None = None
    current: float | None = None
    budget_remaining: float | None = None
    burn_rate: float | None = None

    @property
    def violation(self) -> Violation | None:
        """How badly the objective is violated; None without a burn rate."""
        return None if self.burn_rate is None else violation(self.burn_rate)


def violation(burn_rate: float) -> Violation:
    """Severity of the violation; a burn rate on a boundary belongs to the lower one (ruling 2)."""
    return next((severity for severity, limit in ABOVE.items() if burn_rate > limit), "low")


class Slm:
    """Asks Prometheus about objectives."""

    def __init__(self, client: httpx.AsyncClient, url: str, timeout: float, retries: Retries) -> None:
        self._client = client
        self._url = url
        self._timeout = timeout
        self._retries = retries

    async def objective(self, name: str) -> Objective:
        """Where the objective stands. Raises CallError when Prometheus does not say or has no data of it."""
        return await self._retries.run("SLO query", lambda: self._ask(name), self._timeout)

    async def _ask(self, name: str) -> Objective:
        query = f'{{__name__=~"{"|".join(SERIES)}",slo_name={json.dumps(name, ensure_ascii=False)}}}'
        request = self._client.build_request("GET", f"{self._url}/api/v1/query", params={"query": query})
        response = await send(self._client, request, self._timeout)
        check(response)
        values = {}
        try:
            for series in response.json()["data"]["result"]:
                value = float(series["value"][1])
                if not math.isnan(value):
                    values[SERIES[series["metric"]["__name__"]]] = value
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise TransientError(f"Prometheus answered something that is no result to {query}.") from error
        if not values:
            raise RefusedError(f"Prometheus has no data of the objective {name}.")
        return Objective(name, **values)
