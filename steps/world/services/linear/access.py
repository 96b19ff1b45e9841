"""Who may speak to Linear: personal keys, and OAuth tokens with their renewal (CONTRACTS §1, Auth)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Literal

from steps.world.services.linear import problems
from steps.world.services.linear.entities import User


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request."""

    user: User
    kind: Literal["api key", "oauth token"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an OAuth application holds; `expires_in` in seconds from the moment of issue."""

    access_token: str
    refresh_token: str
    expires_in: float


@dataclass(frozen=True, slots=True)
class _Grant:
    user: User
    client_id: str
    lifetime: float


class InvalidClientError(Exception):
    """The application is unknown or its secret is wrong (RFC 6749 §5.2)."""


class InvalidGrantError(Exception):
    """The refresh token is unknown, used already or revoked (RFC 6749 §5.2)."""


@dataclass(slots=True)
class Access:
    """The keys and tokens in force. Times are epoch seconds."""

    _keys: dict[str, User] = field(default_factory=dict)
    _tokens: dict[str, tuple[User, float]] = field(default_factory=dict)
    _grants: dict[str, _Grant] = field(default_factory=dict)
    _clients: dict[str, str] = field(default_factory=dict)

    def accept(self, key: str, user: User) -> None:
        """From now on `key` is a personal key of that user."""
        self._keys[key] = user

    def revoke(self, credential: str) -> None:
        """From now on the key, access token or refresh token is refused."""
        for held in (self._keys, self._tokens, self._grants):
            held.pop(credential, None)

    def owner(self, key: str) -> User:
        """Whose personal key that is; raises KeyError when it is in nobody's hands."""
        return self._keys[key]

    def authenticate(self, authorization: str | None, now: float) -> Caller:
        """Reads the `Authorization` header: a personal key stands alone, an OAuth token after `Bearer`.

        Raises `unauthenticated` for anything else, a key given as a Bearer token included.
        """
        scheme, _, token = (authorization or "").strip().partition(" ")
        if scheme.lower() == "bearer":
            token = token.strip()
            if token in self._keys:
                raise problems.unauthenticated(
                    "It looks like you're trying to use an API key as a Bearer token. "
                    "Remove the Bearer prefix from the Authorization header."
                )
            user, expires_at = self._tokens.get(token, (None, 0.0))
            if user is not None and now < expires_at:
                return Caller(user, "oauth token")
        elif not token and scheme in self._keys:
            return Caller(self._keys[scheme], "api key")
        raise problems.unauthenticated()

    def register(self, client_id: str, client_secret: str) -> None:
        """Makes an OAuth application known."""
        self._clients[client_id] = client_secret

    def issue(self, user: User, client_id: str, lifetime: float, now: float) -> Tokens:
        """Fresh tokens for an application that acts as `user`; the access token lives `lifetime` seconds."""
        tokens = Tokens(f"lin_oauth_{secrets.token_hex(32)}", f"lin_refresh_{secrets.token_hex(32)}", lifetime)
        self._tokens[tokens.access_token] = (user, now + lifetime)
        self._grants[tokens.refresh_token] = _Grant(user, client_id, lifetime)
        return tokens

    def refresh(self, refresh_token: str, client_id: str, client_secret: str, now: float) -> Tokens:
        """Exchanges a refresh token, which is thereby used up.

        Raises InvalidClientError or InvalidGrantError; a wrong client does not use the token up.
        """
        if self._clients.get(client_id) != client_secret:
            raise InvalidClientError
        grant = self._grants.get(refresh_token)
        if grant is None or grant.client_id != client_id:
            raise InvalidGrantError
        del self._grants[refresh_token]
        return self.issue(grant.user, client_id, grant.lifetime, now)
