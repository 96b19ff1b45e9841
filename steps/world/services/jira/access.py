"""Who may speak to Jira: e-mail address with API token, or an OAuth token at the gateway (CONTRACTS §2, Auth)."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from steps.world.services.jira import errors
from steps.world.services.jira.errors import Refused
from steps.world.services.jira.records import User


@dataclass(slots=True)
class Access:
    """The tokens in force. Times are epoch seconds."""

    _api_tokens: dict[str, User] = field(default_factory=dict)
    _oauth_tokens: dict[str, tuple[User, float]] = field(default_factory=dict)

    def accept(self, token: str, user: User) -> None:
        """From now on `token` is an API token of that user."""
        self._api_tokens[token] = user

    def accept_oauth(self, token: str, user: User, expires_at: float) -> None:
        """Until then `token` is an access token of an application that acts as that user."""
        self._oauth_tokens[token] = (user, expires_at)

    def revoke(self, token: str) -> None:
        """From now on the token is refused."""
        self._api_tokens.pop(token, None)
        self._oauth_tokens.pop(token, None)

    def authenticate(self, authorization: str, *, at_gateway: bool, now: float) -> User:
        """Reads the `Authorization` header: Basic of e-mail address and API token, at Atlassian's gateway also Bearer.

        Raises Refused. That a Bearer token at the site is answered 403 is second-hand knowledge.
        """
        scheme, _, credential = authorization.strip().partition(" ")
        match scheme.lower():
            case "":
                raise Refused(errors.anonymous())
            case "basic":
                return self._basic(credential.strip())
            case "bearer" if at_gateway:
                return self._bearer(credential.strip(), now)
            case "bearer":
                raise Refused(errors.bearer_at_site())
            case _:
                raise Refused(errors.unauthenticated())

    def _basic(self, credential: str) -> User:
        try:
            email, colon, token = base64.b64decode(credential, validate=True).decode().partition(":")
        except ValueError:
            raise Refused(errors.unauthenticated()) from None
        user = self._api_tokens.get(token)
        if not colon or user is None or not user.active or user.email.lower() != email.lower():
            raise Refused(errors.unauthenticated())
        return user

    def _bearer(self, token: str, now: float) -> User:
        user, expires_at = self._oauth_tokens.get(token, (None, 0.0))
        if user is None or not user.active or now >= expires_at:
            raise Refused(errors.oauth_expired())
        return user
