"""The keys of one run: random, planted, and known to the journal so that nobody ever reads one in the evidence."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Self

from steps.world.journal import Journal
from steps.world.services.approvals import webhook_url


def _token(prefix: str, length: int = 40) -> str:
    """A key with the vendor's prefix and `length` random letters and digits."""
    return prefix + secrets.token_hex(length // 2)


@dataclass(slots=True)
class Credentials:
    """What the agent holds to speak to the outside, and what the suite looks at it with."""

    linear_api_key: str = field(default_factory=lambda: _token("lin_api_"))
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
