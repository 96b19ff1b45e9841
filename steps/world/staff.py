"""Who works in the world: the engineers, their accounts in Linear and Jira, and who of them is on call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from steps.world.credentials import OAUTH_CLIENT, Credentials
from steps.world.services.approvals import Person
from steps.world.services.jira import Jira
from steps.world.services.linear import Linear, Tokens
from steps.world.services.oncall import OnCall, Schedule

AGENT = "agent-sre@example.com"
"""The account whose keys agent-sre uses."""
SUITE = "acceptance@example.com"
"""The account with which the suite itself looks at Linear and Jira."""
ENGINEER = "ada.lovelace@example.com"
COLLEAGUE = "grace.hopper@example.com"
SUCCESSOR = "katherine.johnson@example.com"
STRANGER = "nobody.knows@example.com"
"""On call at times, but without an account in Linear or Jira."""
ACCOUNTS = (ENGINEER, COLLEAGUE, SUCCESSOR)
"""The engineers who have an account."""
LABELS = ("agent-sre", "critical", "warning", "info")
"""What every team's labels are called."""
MANY = 60
"""So many people and labels in Linear nobody needs, and they are newer than the others. Linear shows the newest 50 to
whom asks for no more (CONTRACTS §1.1): who looks at these alone finds none that he needs."""
INDEX_LAG = 0.2
"""Seconds until Jira's search finds an issue that was opened: it is never quite up to date (CONTRACTS §2)."""
APPROVER = Person("U0MARGARET", "margaret.hamilton", "Margaret Hamilton")
SECOND_APPROVER = Person("U0EASLEY01", "annie.easley", "Annie Easley")
"""Those who approve remediations; neither is ever on call."""


class Staff:
    """The people of the world."""

    def __init__(self, linear: Linear, jira: Jira, on_call: OnCall, credentials: Credentials) -> None:
        self._linear = linear
        self._jira = jira
        self._on_call = on_call
        self._credentials = credentials
        self._engineers = {email: on_call.add_engineer(email) for email in (*ACCOUNTS, STRANGER)}
        for email in (AGENT, SUITE, *ACCOUNTS):
            linear.add_user(email)
            jira.add_user(email)
        for team in ("BVL", "OPS"):
            for label in LABELS:
                linear.add_label(label, team)
        for number in range(MANY):
            linear.add_user(f"colleague-{number:02}@example.com")
            linear.add_label(f"topic-{number:02}", "BVL")
        linear.accept(credentials.suite_linear_key, SUITE)
        linear.limits(requests=1_000_000, complexity=100_000_000)  # a run asks in minutes what others ask in hours
        jira.accept(credentials.suite_jira_token, SUITE)
        jira.limits(burst=10_000)  # the suite's own looks must not use up what the agent may ask
        jira.index_lag(INDEX_LAG)
        on_call.accept(credentials.pagerduty_api_key)
        on_call.add_policy("Network", [[network := Schedule("Network")]])
        network.shift(self._engineers[SUCCESSOR], _hours_from_now(-24), _hours_from_now(24))
        self.start_of_day()

    @property
    def schedule(self) -> str:
        """Id of the schedule that says who is on call."""
        return self._on_call.primary.id

    def start_of_day(self) -> None:
        """ENGINEER is on call, and agent-sre's keys are good."""
        self.call(ENGINEER)
        self.hand_key(self._credentials.linear_api_key)
        self.hand_token(self._credentials.jira_api_token)

    def call(self, email: str) -> str:
        """Puts that person on call, alone and from now on; returns the e-mail address."""
        self._on_call.put(self._engineers[email])
        return email

    def plan(self, *shifts: tuple[str, float, float]) -> None:
        """Makes the schedule anew: who is on call from when until when, in hours from now."""
        self._on_call.nobody()
        for email, begin, end in shifts:
            self._on_call.primary.shift(self._engineers[email], _hours_from_now(begin), _hours_from_now(end))

    def stand_in(self, email: str, begin: float, end: float) -> None:
        """That person takes over from whoever has a shift then, in hours from now."""
        self._on_call.primary.override(self._engineers[email], _hours_from_now(begin), _hours_from_now(end))

    def call_nobody(self) -> None:
        """From now on nobody is on call."""
        self._on_call.nobody()

    def hand_key(self, key: str) -> None:
        """From now on `key` is a key of agent-sre's account in Linear."""
        self._linear.accept(key, AGENT)

    def authorise(self, lifetime: float) -> Tokens:
        """agent-sre's OAuth application may act as its account in Linear, with access tokens of so many seconds."""
        return self._linear.authorise(OAUTH_CLIENT, self._credentials.linear_client_secret, AGENT, lifetime)

    def hand_token(self, token: str) -> None:
        """From now on `token` is an API token of agent-sre's account in Jira."""
        self._jira.accept(token, AGENT)


def _hours_from_now(hours: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)
