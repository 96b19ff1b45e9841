"""Answers to approval requests that nobody gave, by what the feature calls them."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from typing import Any

from steps.drivers.approvals import FORM
from steps.world.services.approvals import form, signature

Payload = dict[str, Any]
Forged = tuple[bytes, dict[str, str]]
"""Body and headers of a request at the app's Request URL."""

TOO_OLD = 330
"""Seconds by which a signature's time may not differ: Slack's own limit is 300 (CONTRACTS §3)."""


def _unsigned(payload: Payload, _: str) -> Forged:
    return form(payload), FORM


def _only_dated(payload: Payload, _: str) -> Forged:
    return form(payload), FORM | {"X-Slack-Request-Timestamp": str(int(time.time()))}


def _signed_with(payload: Payload, secret: str, after: int = 0, signed: Payload | None = None) -> Forged:
    """Signed `after` seconds from now; what was signed is another payload when one is given."""
    body = form(payload)
    signing = body if signed is None else form(signed)
    return body, FORM | signature(secret, int(time.time()) + after, signing)


def _signed_in_part(payload: Payload, secret: str, letters: int) -> Forged:
    """With so many letters of the signature that it has to have."""
    body, headers = _signed_with(payload, secret)
    return body, headers | {"X-Slack-Signature": headers["X-Slack-Signature"][:letters]}


def _as_json(payload: Payload, _: str) -> Forged:
    told = {"provider": "slack", **{name: payload[name] for name in ("type", "actions", "user")}}
    return json.dumps(told).encode(), {"Content-Type": "application/json"}


FORGERIES: dict[str, Callable[[Payload, str], Forged]] = {
    "unsigned": _unsigned,
    "dated but unsigned": _only_dated,
    "signed with another secret": lambda payload, _: _signed_with(payload, secrets.token_hex(16)),
    "signed with the version alone": lambda payload, secret: _signed_in_part(payload, secret, len("v0=")),
    "signed in part": lambda payload, secret: _signed_in_part(payload, secret, len("v0=") + 32),
    "changed after it was signed": lambda payload, secret: _signed_with(
        payload, secret, signed={**payload, "user": {}}
    ),
    "signed too long ago": lambda payload, secret: _signed_with(payload, secret, -TOO_OLD),
    "signed in the future": lambda payload, secret: _signed_with(payload, secret, TOO_OLD),
    "not sent the way Slack sends it": _as_json,
}
"""Each makes the request of a genuine click's payload and Slack's signing secret."""


def about_another(payload: Payload, request_ids: set[str]) -> Payload:
    """The payload with the request's id replaced by one that nobody knows."""
    text = json.dumps(payload)
    for known in request_ids:
        text = text.replace(known, "".join(secrets.choice("0123456789abcdef") if c.isalnum() else c for c in known))
    changed: Payload = json.loads(text)
    return changed
