"""The keys of one run: random, planted, and known to the journal so that nobody ever reads one in the evidence."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from steps.world import hosts
from steps.world.journal import Journal
from steps.world.services.approvals import webhook_url
from steps.world.services.linear import Tokens

OAUTH_CLIENT = "agent-sre-acceptance"
"""Id of the OAuth application that agent-sre is to Linear, where it has no personal key."""


class Home(NamedTuple):
    """Where a credential belongs in a request: the host that asks for it, and the part of the request."""

    host: str
    part: str
    """`address`, `body`, or the name of a header field."""
    path: str | None = None
    """None: with whatever the host is asked for."""


HOMES: dict[str, tuple[Home, ...]] = {
    "linear_api_key": (Home(hosts.LINEAR, "authorization"),),
    "linear_access_token": (Home(hosts.LINEAR, "authorization"),),
    "linear_refresh_token": (Home(hosts.LINEAR, "body", "/oauth/token"),),
    "linear_client_secret": tuple(Home(hosts.LINEAR, part, "/oauth/token") for part in ("body", "authorization")),
    "jira_api_token": (Home(hosts.JIRA, "authorization"),),
    "pagerduty_api_key": (Home(hosts.PAGERDUTY, "authorization"),),
    "slack_webhook_url": (Home(hosts.SLACK, "address"),),
    "kubernetes_token": (Home(hosts.KUBERNETES, "authorization"),),
}
"""Where each credential of the agent belongs, by its name; in all other places it is a leak (CONTRACTS §1-3, §8.3)."""


def _token(prefix: str, length: int = 40) -> str:
    """A key with the vendor's prefix and `length` random letters and digits."""
    return prefix + secrets.token_hex(length // 2)


@dataclass(slots=True)
class Credentials:
    """What the agent holds to speak to the outside, and what the suite looks at it with."""

    linear_api_key: str = field(default_factory=lambda: _token("lin_api_"))
    linear_client_secret: str = field(default_factory=lambda: _token("", 32))
    """Of OAUTH_CLIENT."""
    suite_linear_key: str = field(default_factory=lambda: _token("lin_api_"))
    """The suite's own key: what the agent does to its rate limit must not blind the suite."""
    jira_api_token: str = field(default_factory=lambda: _token("ATATT3x"))
    suite_jira_token: str = field(default_factory=lambda: _token("ATATT3x"))
    pagerduty_api_key: str = field(default_factory=lambda: _token("u+", 18))
    slack_webhook_url: str = field(default_factory=webhook_url)
    slack_signing_secret: str = field(default_factory=lambda: _token("", 32))
    kubernetes_token: str = field(default_factory=lambda: _token("sa-", 48))

    @classmethod
    def kept(cls, file: Path) -> Self:
        """Those in the file, which is written when it is not there; a key that it lacks is made."""
        known = json.loads(file.read_text()) if file.exists() else {}
        made = cls(**{key.name: known[key.name] for key in fields(cls) if key.name in known})
        made.keep(file)
        return made

    def keep(self, file: Path) -> None:
        """Writes them into the file, for its owner only."""
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(self), indent=1))

    def plant(self, journal: Journal) -> None:
        """Has the journal blot out every key wherever evidence is shown (DESIGN, law 9)."""
        for key in fields(self):
            journal.plant(getattr(self, key.name), key.name)
        # host and path are often written apart, and who has the path has the webhook
        journal.plant(urlsplit(self.slack_webhook_url).path, "slack_webhook_url")

    def renew_linear(self, journal: Journal) -> str:
        """Replaces the agent's Linear key by a fresh one and returns it."""
        self.linear_api_key = _token("lin_api_")
        journal.plant(self.linear_api_key, "linear_api_key")
        return self.linear_api_key

    def renew_jira(self, journal: Journal) -> str:
        """Replaces the agent's Jira token by a fresh one and returns it."""
        self.jira_api_token = _token("ATATT3x")
        journal.plant(self.jira_api_token, "jira_api_token")
        return self.jira_api_token


def belongs(name: str, host: str, part: str, path: str) -> bool:
    """Whether a credential may stand in that part of a request."""
    homes = HOMES.get(name, ())
    return any((home.host, home.part) == (host, part) and home.path in (None, path) for home in homes)


def plant_tokens(journal: Journal, tokens: Tokens) -> None:
    """Has the journal blot out what Linear issues to an OAuth application."""
    journal.plant(tokens.access_token, "linear_access_token")
    journal.plant(tokens.refresh_token, "linear_refresh_token")
