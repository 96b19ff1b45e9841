"""Slack, as far as an approval needs it (CONTRACTS §3), for host hooks.slack.com: incoming webhooks and clicks."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import secrets
import string
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from steps.world.services.approvals.blocks import InvalidMessage, NotCovered, buttons_of, checked, texts_of
from steps.world.services.covered import NOT_COVERED
from steps.world.services.limited import Reached

LONGEST_TEXT = 40_000
"""Characters of a message's text; Slack cuts off the rest."""
MOST_ATTACHMENTS = 100
READ_IN_ATTACHMENTS = ("pretext", "author_name", "title", "text", "value", "footer")
"""What Slack shows of an attachment without blocks, and of the fields in it."""
RESPONSE_USES, RESPONSE_LIFE = 5, 1800
"""How often, and for how many seconds, the `response_url` of a click may be used."""
TEAM = {"id": "T0ACCEPT01", "domain": "homelab"}
APP = "A0ACCEPT01"

State = Literal["open", "archived", "gone", "forbidden", "removed"]
"""What became of a webhook: its channel archived or deleted, posting forbidden, or the webhook itself removed."""
REFUSALS: dict[State, tuple[int, str]] = {
    "archived": (410, "channel_is_archived"),
    "gone": (404, "channel_not_found"),
    "forbidden": (403, "action_prohibited"),
    "removed": (404, "no_service"),
}


def webhook_url() -> str:
    """Address of a webhook, which is a secret by itself."""
    letters = string.ascii_letters + string.digits
    token = "".join(secrets.choice(letters) for _ in range(24))
    return f"https://hooks.slack.com/services/{TEAM['id']}/B{secrets.token_hex(5).upper()}/{token}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who decides: an account in Slack and in the approval application."""

    id: str
    username: str
    name: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message in a channel. Its `ts` is known inside Slack only: a webhook does not tell it."""

    ts: str
    channel: str
    sent: dict[str, Any]
    """The payload as it was posted."""

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """All blocks, those of attachments too."""
        attached = (
            block for attachment in self.sent.get("attachments") or () for block in attachment.get("blocks", ())
        )
        return [*(self.sent.get("blocks") or ()), *attached]

    @property
    def text(self) -> str:
        """Everything that a person reads in it, Slack's escapes undone.

        The `text` of a message that has blocks of its own is shown in notifications alone.
        """
        own = "" if self.sent.get("blocks") else self.sent.get("text") or ""
        attached = (text for one in self.sent.get("attachments") or () for text in _texts_beside_blocks(one))
        said = "\n".join([own, *texts_of(self.blocks), *attached])
        return said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")

    @property
    def buttons(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Its buttons, each after the block that it is in."""
        return list(buttons_of(self.blocks))


@dataclass(slots=True)
class _Webhook:
    """An incoming webhook: it posts to one channel, whatever a message says."""

    channel: str
    state: State = "open"
    tokens: float = math.inf
    """Messages that may be posted at once."""
    refilled: float = 0.0
    limit: Reached | None = None


@dataclass(slots=True)
class Slack:
    """One workspace. `clock` gives the time in seconds."""

    rate: float = 1.0
    """Messages a second that a webhook may post in the long run."""
    burst: float = 5.0
    """Messages that it may post at once."""
    clock: Callable[[], float] = time.time
    messages: list[Message] = field(default_factory=list)
    _webhooks: dict[str, _Webhook] = field(default_factory=dict)
    _responses: dict[str, list[float]] = field(default_factory=dict)
    """For the path of each `response_url` the time of the click and of each use."""

    @property
    def app(self) -> Starlette:
        """The ASGI application behind hooks.slack.com."""
        return Starlette(
            routes=[
                Route("/services/{team}/{bot}/{token}", self._post, methods=["POST"]),
                Route("/actions/{team}/{click}/{token}", self._respond, methods=["POST"]),
            ],
            exception_handlers={NotCovered: _not_covered},
        )

    # -- what the world sets up

    def add_webhook(self, url: str, channel: str) -> None:
        """From now on that address posts to the channel."""
        self._webhooks[urlsplit(url).path] = _Webhook(channel, tokens=self.burst, refilled=self.clock())

    def becomes(self, url: str, state: State) -> None:
        """Something becomes of the webhook; `open` undoes it."""
        self._webhooks[urlsplit(url).path].state = state

    def limit_reached(self, url: str, seconds: float) -> None:
        """The webhook has posted too much and is limited for so long from its next message on."""
        self._webhooks[urlsplit(url).path].limit = Reached(seconds)

    # -- the doors

    async def _post(self, request: Request) -> Response:
        webhook = self._webhooks.get(request.url.path)
        if webhook is None:
            return PlainTextResponse("no_service", 404)
        if webhook.state != "open":
            status, code = REFUSALS[webhook.state]
            return PlainTextResponse(code, status)
        if (wait := self._wait(webhook)) > 0:
            return PlainTextResponse("rate_limited", 429, {"Retry-After": str(math.ceil(wait))})
        try:
            sent = _payload(request.headers.get("content-type", ""), await request.body())
        except InvalidMessage as refused:
            return PlainTextResponse(refused.code, 400)
        self.messages.append(Message(f"{self.clock():.6f}", webhook.channel, sent))
        return PlainTextResponse("ok")

    def _wait(self, webhook: _Webhook) -> float:
        """Seconds until the webhook may post; when it may, that is counted."""
        now = self.clock()
        if webhook.limit and (ends := webhook.limit.ends(now)) > now:
            return ends - now
        webhook.tokens = min(self.burst, webhook.tokens + (now - webhook.refilled) * self.rate)
        webhook.refilled = now
        if webhook.tokens < 1:
            return (1 - webhook.tokens) / self.rate
        webhook.tokens -= 1
        return 0

    async def _respond(self, request: Request) -> Response:
        """A message in answer to a click."""
        uses = self._responses.get(request.url.path)
        if uses is None:
            return PlainTextResponse("no_service", 404)
        if self.clock() - uses[0] > RESPONSE_LIFE:
            return PlainTextResponse("expired_url", 404)
        if len(uses) > RESPONSE_USES:
            return PlainTextResponse("used_url", 404)
        try:
            answer = _json(await request.body())
            checked(answer.get("blocks") or [])
        except InvalidMessage as refused:
            return PlainTextResponse(refused.code, 400)
        uses.append(self.clock())
        return PlainTextResponse("ok")

    # -- a click

    def click(self, message: Message, button: dict[str, Any], person: Person) -> dict[str, Any]:
        """What Slack tells the app when the person clicks the button of the message (`block_actions`)."""
        response = f"/actions/{TEAM['id']}/{secrets.randbelow(10**13)}/{secrets.token_hex(12)}"
        self._responses[response] = [self.clock()]
        block = next(block for block, one in message.buttons if one is button)
        channel = {"id": f"C{hashlib.sha256(message.channel.encode()).hexdigest()[:8].upper()}"}
        return {
            "type": "block_actions",
            "user": {
                "id": person.id,
                "username": person.username,
                "name": person.username,
                "team_id": TEAM["id"],
            },
            "api_app_id": APP,
            "token": "".join(secrets.choice(string.ascii_letters) for _ in range(24)),
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": channel["id"],
                "is_ephemeral": False,
            },
            "trigger_id": f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}",
            "team": TEAM,
            "enterprise": None,
            "is_enterprise_install": False,
            "channel": channel | {"name": message.channel.removeprefix("#")},
            "message": {
                "type": "message",
                "subtype": "bot_message",
                "ts": message.ts,
                "bot_id": "B0ACCEPT01",
                "text": message.sent.get("text", ""),
                "blocks": message.blocks,
            },
            "state": {"values": {}},
            "response_url": f"https://hooks.slack.com{response}",
            "actions": [
                {
                    "type": "button",
                    "action_id": button.get("action_id", ""),
                    "block_id": block.get("block_id", ""),
                    "text": button["text"],
                    **{name: button[name] for name in ("value", "style") if name in button},
                    "action_ts": f"{self.clock():.6f}",
                }
            ],
        }


def form(payload: dict[str, Any]) -> bytes:
    """The body of the request that Slack makes to the app's Request URL."""
    return urlencode({"payload": json.dumps(payload, ensure_ascii=False)}).encode()


def signature(secret: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers by which the app knows that a request is Slack's and not an old one."""
    digest = hmac.new(secret.encode(), b"v0:%d:%s" % (timestamp, body), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}


def _texts_beside_blocks(attachment: dict[str, Any]) -> Iterator[str]:
    """What a person reads of an attachment in its old form, which has no blocks."""
    if attachment.get("blocks"):
        return
    for part in (attachment, *(attachment.get("fields") or ())):
        if isinstance(part, dict):
            yield from (part[name] for name in READ_IN_ATTACHMENTS if isinstance(part.get(name), str))


async def _not_covered(request: Request, problem: Exception) -> Response:
    """501: Slack may take the message, the double does not."""
    return PlainTextResponse(f"{NOT_COVERED}{problem}.", 501)


def _payload(content_type: str, body: bytes) -> dict[str, Any]:
    """The message that was posted. Raises InvalidMessage, or NotCovered."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise InvalidMessage("invalid_payload", "the content type is not application/json")
    sent = _json(body)
    text, blocks, attachments = (sent.get(name) for name in ("text", "blocks", "attachments"))
    if text is not None and not isinstance(text, str):
        raise InvalidMessage("invalid_payload", "text is no text")
    if not (text or blocks or attachments):
        raise InvalidMessage("no_text", "there is neither text nor a block")
    checked(blocks or [])
    if not isinstance(attachments or [], list) or not all(isinstance(one, dict) for one in attachments or []):
        raise InvalidMessage("invalid_payload", "attachments is no list of attachments")
    if attachments and len(attachments) > MOST_ATTACHMENTS:
        raise InvalidMessage("too_many_attachments", f"there are {len(attachments)}")
    for attachment in attachments or []:
        checked(attachment.get("blocks") or [])
    if text and len(text) > LONGEST_TEXT:
        sent["text"] = text[:LONGEST_TEXT]
    return sent


def _json(body: bytes) -> dict[str, Any]:
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidMessage("invalid_payload", "the body is not JSON") from None
    if not isinstance(sent, dict):
        raise InvalidMessage("invalid_payload", "the body is no JSON object")
    return sent
