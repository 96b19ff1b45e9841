"""Slack as a place where people approve (CONTRACTS §3): messages by incoming webhook, signed clicks in answer."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx

from steps.reference.agent.approvals import Answer, Question
from steps.reference.calls import Limit, Retries, TransientError, check, retry_after, send
from steps.reference.events import json_of
from steps.reference.settings import Secret

WINDOW = 300
"""Seconds by which a signature's time may differ from now."""
APPROVE, REJECT = "approve_", "reject_"
"""What an `action_id` begins with; the request's id follows."""
HEADER_LIMIT, FIELD_LIMIT, TEXT_LIMIT = 150, 2000, 3000
"""Characters that Block Kit allows."""


class ForgedError(Exception):
    """The callback is not Slack's, or an old one."""


class MalformedError(Exception):
    """The callback is not an answer to a request."""


class Slack:
    """Posts to one webhook, and reads the clicks on what it posted."""

    name = "slack"

    def __init__(
        self,
        client: httpx.AsyncClient,
        webhook: Secret,
        signing_secret: Secret,
        channel: str,
        timeout: float,
        retries: Retries,
    ) -> None:
        self._client = client
        self._webhook = webhook
        self._signing_secret = signing_secret
        self._channel = channel
        self._timeout = timeout
        self._retries = retries
        self._limit = Limit("Slack")
        self._used: dict[str, float] = {}
        """Signatures that were good once, until when they would be again."""

    async def ask(self, question: Question) -> None:
        """Posts the question; the answer comes as a click. Raises CallError."""
        message = {"channel": self._channel, **message_of(question)}
        await self._retries.run("Slack message", lambda: self._post(message))

    async def _post(self, message: dict[str, Any]) -> None:
        request = self._client.build_request("POST", self._webhook.reveal(), json=message)
        response = await send(self._client, request, self._timeout, self._limit)
        if response.status_code == 429:
            self._limit.reached(time.time() + (retry_after(response) or 1))
        check(response)
        if response.text != "ok":
            raise TransientError(f"Slack answered {response.text[:100]!r} instead of ok.")

    def read(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer that a click gives. Raises ForgedError, or MalformedError."""
        self._verify(headers, body)
        try:
            payload = json_of(parse_qs(body.decode())["payload"][0])
            [action] = payload["actions"]
            decision, request_id = next(
                (prefix, action["action_id"].removeprefix(prefix))
                for prefix in (APPROVE, REJECT)
                if action["action_id"].startswith(prefix)
            )
            user, at = payload["user"], datetime.fromtimestamp(float(action["action_ts"]), UTC)
            by = f"{user.get('username') or user.get('name')} ({user['id']})"
        except (
            LookupError,
            ValueError,
            TypeError,
            AttributeError,
            StopIteration,
            ArithmeticError,
            RecursionError,
        ) as error:
            raise MalformedError(f"The click cannot be understood: {error!r}.") from None
        return Answer(request_id, decision == APPROVE, by, at.isoformat(timespec="milliseconds"))

    def _verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raises ForgedError unless the request was signed with the secret a moment ago, and for the first time."""
        timestamp, given = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
        signed = f"v0:{timestamp}:".encode() + body
        expected = "v0=" + hmac.new(self._signing_secret.reveal().encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), given.encode()):
            raise ForgedError("The signature is missing or wrong.")
        now = time.time()
        if not timestamp.isdecimal() or abs(now - int(timestamp)) > WINDOW:
            raise ForgedError("The signature is too old, or of the future.")
        self._used = {signature: until for signature, until in self._used.items() if until >= now}
        if given in self._used:
            raise ForgedError("The signature was used before.")
        self._used[given] = int(timestamp) + WINDOW + 1


def message_of(question: Question) -> dict[str, Any]:
    """The message that asks, within Block Kit's limits."""
    alert = question.alert
    said = alert.annotations.get("description") or alert.annotations.get("summary") or ""
    parameters = json.dumps(question.parameters, ensure_ascii=False, indent=1)
    facts = {
        "Action": question.function,
        "Alert": alert.alertname,
        "Severity": alert.severity,
        "Answer within": f"{question.timeout:g} s",
        "Request": question.id,
        "Correlation ID": question.correlation_id,
    }
    text = f"Approval needed: {question.function} for {alert.alertname}"
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut("Approval needed", HEADER_LIMIT)}},
        {"type": "section", "fields": [_mrkdwn(f"*{name}*\n", value, FIELD_LIMIT) for name, value in facts.items()]},
        {"type": "section", "text": _mrkdwn("*Parameters*\n", parameters, TEXT_LIMIT)},
    ]
    if said:
        blocks.append({"type": "section", "text": _mrkdwn("", said, TEXT_LIMIT)})
    buttons = [
        _button("Approve", APPROVE + question.id, question.id, "primary"),
        _button("Reject", REJECT + question.id, question.id, "danger"),
    ]
    return {"text": text, "blocks": [*blocks, {"type": "actions", "elements": buttons}]}


def _button(text: str, action_id: str, value: str, style: str) -> dict[str, Any]:
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": text},
        "action_id": action_id,
        "value": value,
        "style": style,
    }


def _mrkdwn(heading: str, text: str, limit: int) -> dict[str, str]:
    """Text that means nothing to Slack's formatting (`&`, `<` and `>` are its own)."""
    for character, escape in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, escape)
    return {"type": "mrkdwn", "text": heading + _cut(text or "–", limit - len(heading))}


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
