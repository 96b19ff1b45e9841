"""Requests of any kind at the doors of agent-sre and prometheus-events, as a stranger could make them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from steps.world.loop import Loop
from steps.world.services.approvals import signature


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int | None
    """None: nothing did."""
    text: str
    """The answer's body, or why there is none."""
    retry_after: float = 0.0
    """Seconds, as the answer asks for them."""
    hung_up: bool = False
    """Whether there is none because the connection was closed."""


class Doors:
    """Makes requests one by one. What is sent to a signed door is signed with the app's own secret (CONTRACTS §3)."""

    def __init__(self, client: httpx.AsyncClient, signing_secret: str, loop: Loop) -> None:
        self._client = client
        self._signing_secret = signing_secret
        self._loop = loop

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, bytes],
        body: bytes,
        *,
        within: float,
        signed: bool = False,
    ) -> Answer:
        """The answer to a request, which has so many seconds."""
        sent = list(headers.items())
        if signed:
            made = signature(self._signing_secret, int(time.time()), body)
            sent += [(name, value.encode()) for name, value in made.items()]
        request = httpx.Request(method, url, headers=[(name.encode(), value) for name, value in sent], content=body)
        request.extensions["timeout"] = {"read": within}
        try:
            answer = self._loop.run(self._client.send(request))
        except httpx.TransportError as error:
            return Answer(None, str(error), hung_up=isinstance(error, httpx.NetworkError | httpx.ProtocolError))
        asked = answer.headers.get("retry-after", "")
        return Answer(answer.status_code, answer.text, float(asked) if asked.isdecimal() else 0.0)
