"""What a busy agent still does about earlier alerts, told from what it does about those of the scenario that runs."""

from __future__ import annotations

import re
from urllib.parse import unquote

from steps.world.gateway.messages import Request
from steps.world.journal import Exchange, Journal, incident_keys

AGENT = "agent-sre"
WAY = ("prometheus-events", "broker", AGENT)
"""Who is told of an alert, one after the other; a broker that was down tells agent-sre late."""


class Earlier:
    """The alerts that were on their way to agent-sre before a moment, and the issues that were there."""

    def __init__(
        self, journal: Journal, issues: frozenset[str] = frozenset(), keys: frozenset[str] = frozenset()
    ) -> None:
        """The moment is now. `issues` are all names that the issues have, `keys` those of other scenarios' alerts.

        Such an alert is earlier even when it is told of only now, its signal having been up before.
        """
        self._journal = journal
        self._since = journal.cursor()
        self._issues = issues
        self._keys = keys

    def is_about(self, said: Exchange | Request) -> bool | None:
        """Whether this is about something earlier; None when it does not say what it is about.

        An alert's key tells it, or else the name of an issue, in the address or in what is sent. A look at the teams,
        for instance, has neither, and can be made for any alert or once for all.
        """
        body = said.request_text if isinstance(said, Exchange) else said.body.decode(errors="replace")
        text = f"{unquote(said.url)} {body}"
        if keys := incident_keys(text):
            return not any(map(self._is_new, keys))
        return None if self._issues.isdisjoint(re.findall(r"[\w-]+", text)) else True

    def _is_new(self, key: str) -> bool:
        if key in self._keys:
            return False
        said = (*self._journal.exchanges(mentioning=key), *self._journal.in_flight(mentioning=key))
        return all(exchange.began >= self._since for exchange in said if exchange.callee in WAY)


class Aim:
    """Aims a fault of so many calls at the first alert that the agent is told of from now on.

    Calls that do not say what they are about use up all but the last of the faults, so that the new alert meets at
    least one of them, whatever else goes on.
    """

    def __init__(self, earlier: Earlier, times: int) -> None:
        self._earlier = earlier
        self._left = times - 1
        """How many faults calls may use up that do not say what they are about."""

    def met_by(self, request: Request) -> bool:
        """Whether the fault is to meet this call, which is made now."""
        if request.caller != AGENT:
            return False
        is_earlier = self._earlier.is_about(request)
        if is_earlier is None and self._left:
            self._left -= 1
            return True
        return is_earlier is False
