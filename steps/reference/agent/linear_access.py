"""How the agent proves to Linear who it is: by a personal key, or as an OAuth application (CONTRACTS §1, Auth)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import httpx

from steps.reference import logs
from steps.reference.calls import Retries, TransientError, UnauthorizedError, check, send
from steps.reference.settings import Secret, hide

TOKENS = "https://api.linear.app/oauth/token"
PATIENCE = 30
"""Seconds to wait for new tokens, more than for any other answer: when it is lost, the refresh token is used up."""


class Access(Protocol):
    """What opens Linear."""

    async def authorization(self, refused: str | None = None) -> str:
        """What the Authorization header has to say now: something else than what was refused, if there is anything.

        Raises CallError.
        """


class PersonalKey:
    """A key that somebody has made for the agent, and exchanges from time to time."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    async def authorization(self, refused: str | None = None) -> str:
        key = self._key.reload() if refused else self._key.reveal()
        return f"Bearer {key}" if key.startswith("lin_oauth_") else key


@dataclass(frozen=True, slots=True)
class Tokens:
    """What Linear has issued last."""

    grant: str
    """Digest of the refresh token that somebody gave the agent, and from which these descend."""
    access: str
    refresh: str
    renew_at: float
    """Epoch seconds: shortly before the access token expires."""


class OAuth:
    """Short-lived access tokens, each fetched with a refresh token that is used up by it.

    All calls share one token, and one of them fetches the next: shortly before the token expires, or when Linear
    refuses it. The new refresh token is written to a file before it is needed: kept in memory only, a restart would
    lose it, and the one that the agent was given is worth nothing any more.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        client_id: str,
        client_secret: Secret,
        given: Secret,
        file: Path,
        *,
        margin: float,
        retries: Retries,
    ) -> None:
        self._client = client
        self._client_id = client_id
        self._client_secret = client_secret
        self._given = given
        self._file = file
        self._margin = margin
        self._retries = retries
        self._turn = asyncio.Lock()
        self._held = _read(file)
        self._worthless: str | None = None

    async def authorization(self, refused: str | None = None) -> str:
        async with self._turn:
            grant = hashlib.sha256(self._given.reveal().encode()).hexdigest()
            if grant == self._worthless:
                raise UnauthorizedError("Linear does not renew the agent's token: it has to be authorised anew.")
            held = self._held if self._held and self._held.grant == grant else None
            if held is None or held.renew_at <= time.time() or refused == f"Bearer {held.access}":
                refresh = held.refresh if held else self._given.reveal()
                held = await self._retries.run("renewal of Linear's token", lambda: self._renew(grant, refresh))
            return f"Bearer {held.access}"

    async def _renew(self, grant: str, refresh: str) -> Tokens:
        asked = {
            "grant_type": "refresh_token",
            "refresh_token": refresh,
            "client_id": self._client_id,
            "client_secret": self._client_secret.reveal(),
        }
        response = await send(self._client, self._client.build_request("POST", TOKENS, data=asked), PATIENCE)
        if response.status_code in (400, 401):
            self._worthless = grant
            raise UnauthorizedError(f"Linear did not renew the agent's token: {response.text[:200]}")
        check(response)
        try:
            told = response.json()
            lifetime = float(told["expires_in"])
            renew_at = time.time() + max(lifetime - self._margin, lifetime / 2)
            held = Tokens(grant, str(told["access_token"]), str(told["refresh_token"]), renew_at)
        except (ValueError, KeyError, TypeError) as error:
            raise TransientError("Linear answered something that holds no token.") from error
        self._keep(held)
        logs.info("Linear's token renewed", expires_in=lifetime)
        return held

    def _keep(self, held: Tokens) -> None:
        hide(held.access, "Linear's access token")
        hide(held.refresh, "Linear's refresh token")
        self._held = held
        fresh = self._file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(asdict(held)), encoding="utf-8")
        fresh.replace(self._file)


def _read(file: Path) -> Tokens | None:
    """What an earlier life of the agent has kept."""
    with suppress(OSError, ValueError, TypeError):
        held = Tokens(**json.loads(file.read_text(encoding="utf-8")))
        hide(held.access, "Linear's access token")
        hide(held.refresh, "Linear's refresh token")
        return held
    return None
