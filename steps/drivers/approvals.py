"""The people who approve: what Slack and the approval application show them, and what comes of their decision."""

from __future__ import annotations

import time
from typing import Any

import httpx

from steps.world.loop import Loop
from steps.world.services.approvals import (
    Approval,
    ApprovalApplication,
    Decision,
    Message,
    Person,
    Slack,
    form,
    signature,
)

ACKNOWLEDGED_WITHIN = 3.0
"""Seconds that an app has to acknowledge a click (CONTRACTS §3)."""
FORM = {
    "Content-Type": "application/x-www-form-urlencoded",
    "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
    "Accept": "application/json,*/*",
}


class Approvers:
    """Decisions made in Slack and in the approval application.

    Slack tells a click at the Request URL of the app, the application at the address that it was given.
    """

    def __init__(
        self,
        slack: Slack,
        application: ApprovalApplication,
        *,
        slack_client: httpx.AsyncClient,
        application_client: httpx.AsyncClient,
        request_url: str,
        signing_secret: str,
        loop: Loop,
    ) -> None:
        self._slack = slack
        self._application = application
        self._slack_client = slack_client
        self._application_client = application_client
        self._request_url = request_url
        self._signing_secret = signing_secret
        self._loop = loop

    def messages(self, mentioning: str) -> list[Message]:
        """The messages in Slack that mention this, oldest first."""
        return [message for message in self._slack.messages if mentioning in str(message.sent)]

    def approvals(self, mentioning: str) -> list[Approval]:
        """The requests in the approval application that mention this, oldest first."""
        return [approval for approval in self._application.approvals if mentioning in approval.said]

    @property
    def all_messages(self) -> list[Message]:
        """Every message in Slack, oldest first."""
        return self._slack.messages

    @property
    def all_approvals(self) -> list[Approval]:
        """Every request in the approval application, oldest first."""
        return self._application.approvals

    # -- decisions

    def click(self, message: Message, button: dict[str, Any], person: Person) -> httpx.Response:
        """The person clicks the button, and Slack tells the app, which answers."""
        return self.tell(*self.signed(self._slack.click(message, button, person)))

    def payload(self, message: Message, button: dict[str, Any], person: Person) -> dict[str, Any]:
        """What Slack tells when the person clicks."""
        return self._slack.click(message, button, person)

    def signed(self, payload: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        """Body and headers of the request that Slack makes for this payload now."""
        body = form(payload)
        return body, FORM | signature(self._signing_secret, int(time.time()), body)

    def tell(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """This request is made at the app's Request URL, whoever made it up."""
        return self._post(self._slack_client, self._request_url, content=body, headers=headers)

    def decide(self, approval: Approval, decision: Decision, person: Person) -> None:
        """The person decides in the application, which keeps it to itself until it is asked."""
        self._application.decide(approval, decision, person)

    def call_back(self, approval: Approval) -> httpx.Response:
        """The application tells what was decided: where the request says, else at the address it was set up with."""
        address = approval.asked.callback_url or self._request_url
        return self._post(self._application_client, address, json=approval.callback)

    @property
    def signing_secret(self) -> str:
        """What Slack signs with."""
        return self._signing_secret

    def _post(self, client: httpx.AsyncClient, url: str, **request: Any) -> httpx.Response:
        try:
            return self._loop.run(client.post(url, timeout=ACKNOWLEDGED_WITHIN, **request))
        except httpx.TransportError as error:
            raise AssertionError(
                f"Expected agent-sre to answer a decision within {ACKNOWLEDGED_WITHIN:g} s, but: {error}"
            ) from None
