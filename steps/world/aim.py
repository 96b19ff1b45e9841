"""Which calls a fault of few calls meets, when several alerts keep the agent busy."""

from __future__ import annotations

import re
from urllib.parse import unquote

from steps.world.gateway.messages import Request
from steps.world.journal import Journal, incident_keys

AGENT = "agent-sre"


class Aim:
    """Aims a fault of so many calls at the first alert that the agent is told of from now on.

    What it has to do for an alert that it knows already meets no fault. A call that does not say what it is about,
    such as a look at the teams, can be made for any alert, or once for all: such calls use up all but the last of the
    faults, so that the new alert meets at least one of them, whatever else goes on.
    """

    def __init__(self, journal: Journal, times: int, older: frozenset[str] = frozenset()) -> None:
        """`older` are the names of the issues that are there already."""
        self._journal = journal
        self._since = journal.cursor()
        self._older = older
        self._left = times - 1
        """How many faults calls may use up that do not say what they are about."""

    def met_by(self, request: Request) -> bool:
        """Whether the fault is to meet this call, which is made now."""
        if request.caller != AGENT:
            return False
        text = f"{unquote(request.url)} {request.body.decode(errors='replace')}"
        keys = incident_keys(text)
        if keys:
            return any(map(self._is_new, keys))
        if self._left == 0 or not self._older.isdisjoint(re.findall(r"[\w-]+", text)):
            return False
        self._left -= 1
        return True

    def _is_new(self, key: str) -> bool:
        """Whether nothing that the agent was told before had this incident's key."""
        told = self._journal.exchanges(callee=AGENT, mentioning=key)
        telling = self._journal.in_flight(callee=AGENT, mentioning=key)
        return all(exchange.began >= self._since for exchange in (*told, *telling))
