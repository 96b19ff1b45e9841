"""What can be claimed about keys that are exchanged, and tokens that expire, while alerts keep coming in."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from steps.incident.calls import pauses
from steps.incident.incident import Incident
from steps.incident.waiting import Waiting
from steps.world.journal import Exchange, Journal

LIFETIMES = 2
"""So many access tokens expire in a scenario."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of agent-sre that can be exchanged while it runs."""

    callee: str
    """Whom it opens, in the journal's words."""
    current: Callable[[], str]
    """The key in force."""
    renew: Callable[[], None]
    """Has a fresh key accepted beside the one in force, and puts it in that one's place."""
    revoke: Callable[[str], None]
    """Has a key refused from now on."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """How a key was exchanged. Times are the journal's."""

    service: str
    before: str
    after: str
    """The key before, and the new one."""
    began: float
    placed: float
    """When the new key was in its place."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and what came of it. Times are the journal's."""

    value: str
    issued: float
    calls: tuple[Exchange, ...]


class Rotation:
    """Claims about the keys and tokens of one incident. Each keeps its evidence, or raises AssertionError."""

    def __init__(
        self, keys: Mapping[str, Key], lifetime: float, journal: Journal, waiting: Waiting, incident: Incident
    ) -> None:
        self._keys = keys
        self._lifetime = lifetime
        self._journal = journal
        self._waiting = waiting
        self._incident = incident

    # -- keys

    def exchange(self, service: str) -> Exchanged:
        """The key is exchanged. When the time for that is over the one before is revoked, and some more alerts fire."""
        key = self._keys[service]
        self._waiting.until(lambda: self._carries(service, key.current()), "burst")
        began, old = self._journal.cursor(), key.current()
        key.renew()
        placed = self._journal.cursor()
        done = Exchanged(service, old, key.current(), began, placed)
        self._waiting.pass_time(placed + self._waiting.limits.rotation)
        key.revoke(old)
        self._waiting.until(lambda: called(service, self._calls(service, self._late(done))), "burst")
        self._incident.stop_firing()
        return done

    def taken_up(self, done: Exchanged) -> None:
        """agent-sre used the new key in time."""
        limit = self._waiting.limits.rotation
        made = self._calls(done.service, done.began)
        self._incident.saw(f"Calls to {done.service} by key", shown(done, made))
        in_use(done, made, limit)

    def given_up(self, done: Exchanged) -> None:
        """Once the time was over, no call carried the key before."""
        before = [call for call in self._calls(done.service, 0.0) if carried(call) == done.before]
        self._incident.did_not_see("a call with the key before", control=lambda: before)
        no_more(done, self._calls(done.service, self._late(done)))

    def _late(self, done: Exchanged) -> float:
        """From when on nobody may use the key before."""
        return done.placed + self._waiting.limits.rotation

    def _carries(self, service: str, key: str) -> Exchange:
        made = self._calls(service, self._incident.began)
        found = [call for call in made if carried(call) == key]
        assert found, (
            f"Expected agent-sre to call {service} with the key in force, but of its {len(made)} calls none did."
        )
        return found[0]

    def _calls(self, service: str, since: float) -> list[Exchange]:
        return self._journal.exchanges(caller="agent-sre", callee=self._keys[service].callee, since=since)

    # -- tokens

    def by_oauth(self) -> None:
        """agent-sre speaks to Linear with access tokens. Waits until it does."""
        self._waiting.until(lambda: by_oauth(self._linear()), "burst")

    def outlive(self) -> None:
        """Alerts keep on firing until some access tokens have expired and others have been used."""
        self._waiting.pass_time(self._incident.began + LIFETIMES * self._lifetime)

        def several() -> None:
            used = [token for token in self._tokens() if token.calls]
            failed = [call for call in self._renewals() if call.fault and call.began >= self._incident.began]
            by_oauth(self._linear())
            assert len(used) > 1, (
                f"Expected agent-sre to use a new token at Linear every {self._lifetime:g} s, but it still uses the "
                f"first one, and {len(failed)} of its tries to get another have failed."
            )

        self._waiting.until(several, "burst")
        self._incident.stop_firing()

    def renewed_in_time(self) -> None:
        """Each token was fetched once, for all calls, and when it was time for it.

        What Linear could not answer does not count.
        """
        asked = [call for call in self._renewals() if call.began >= self._incident.began and not call.fault]
        tokens = self._tokens()
        rows = [f"{'issued':>10}{'used by':>10}"]
        rows += [f"{token.issued - self._incident.began:>8.2f} s{len(token.calls):>6} calls" for token in tokens]
        self._incident.saw("Access tokens", "\n".join(rows))
        renewed(asked, self._lifetime, sum(len(token.calls) for token in tokens))

    def none_outlived(self) -> None:
        """No call carried a token that had expired when there was another."""
        tokens = self._tokens()
        late = [max(call.began - token.issued for call in token.calls) for token in tokens if token.calls]
        self._incident.saw(
            "Age of each token at its last call", "\n".join(f"{age:.2f} s of {self._lifetime:g} s" for age in late)
        )
        self._incident.did_not_see("a call with an expired token", control=lambda: late[1:])
        none_stale(tokens, self._lifetime)

    def _linear(self) -> list[Exchange]:
        made = self._journal.exchanges(caller="agent-sre", callee="linear", since=self._incident.began)
        return [call for call in made if call.path == "/graphql"]

    def _renewals(self) -> list[Exchange]:
        return self._journal.exchanges(caller="agent-sre", callee="linear", path="/oauth/token")

    def _tokens(self) -> list[Token]:
        made = self._linear()
        issued = [call for call in self._renewals() if call.status == 200]
        return [
            Token(value, call.ended, tuple(one for one in made if one.header("authorization") == f"Bearer {value}"))
            for call in issued
            if (value := str(call.response_json()["access_token"]))
        ]


# -- claims: pure, each with its sentence


def carried(call: Exchange) -> str | None:
    """The key that a call carries: alone in its Authorization header, as a Bearer token or as Basic's password."""
    scheme, _, credential = (call.header("authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return credential or scheme or None
    try:
        return base64.b64decode(credential).decode().partition(":")[2]
    except ValueError:
        return None


def in_use(done: Exchanged, made: Sequence[Exchange], limit: float) -> None:
    """A call carried the new key, at the latest so many seconds after it was in its place."""
    first = next((call for call in made if carried(call) == done.after), None)
    assert first, (
        f"Expected agent-sre to use its new key for {done.service} within {limit:g} s, "
        f"but it used it in none of its {len(made)} calls since."
    )
    took = first.began - done.placed
    assert took <= limit, (
        f"Expected agent-sre to use its new key for {done.service} within {limit:g} s, "
        f"but it did so after {took:.1f} s."
    )


def called(service: str, made: Sequence[Exchange]) -> None:
    """The service is called still, when the key before is revoked."""
    assert made, f"Expected agent-sre to call {service} once the key before was revoked, but it never did."


def no_more(done: Exchanged, made: Sequence[Exchange]) -> None:
    """None of these calls, which were made when the time for it was over, carried the key before."""
    called(done.service, made)
    old = [call for call in made if carried(call) == done.before]
    assert not old, (
        f"Expected agent-sre to use its new key for {done.service} only, but {len(old)} of {len(made)} calls carried "
        f"the one before, the last {old[-1].began - done.placed:.1f} s after the new one was in its place."
    )


def shown(done: Exchanged, made: Sequence[Exchange]) -> str:
    """The calls by the key that they carried, from the moment at which it was exchanged."""
    names = {done.before: "the one before", done.after: "the new one"}
    return "\n".join(
        f"{call.began - done.placed:>8.2f} s  {names.get(carried(call) or '', 'another')}  {call.status}"
        for call in made
    )


def by_oauth(made: Sequence[Exchange]) -> None:
    """The calls carry access tokens."""
    assert made, "Expected agent-sre to speak to Linear by OAuth, but it did not call it."
    others = [call for call in made if not (call.header("authorization") or "").startswith("Bearer lin_oauth_")]
    assert not others, (
        f"Expected agent-sre to speak to Linear by OAuth, but {len(others)} of its {len(made)} calls carry "
        f"{'something else' if others[0].header('authorization') else 'nothing'} in their Authorization header."
    )


def renewed(asked: Sequence[Exchange], lifetime: float, calls: int) -> None:
    """No renewal was refused, and none came long before the last token had expired."""
    refused = [call for call in asked if call.status != 200]
    assert not refused, (
        f"Expected every token to be renewed once, but {len(refused)} of {len(asked)} renewals were refused, "
        f"the first with {_answer(refused[0])}."
    )
    early = [pause for pause in pauses(asked) if pause < lifetime / 2]
    assert not early, (
        f"Expected agent-sre to renew a token of {lifetime:g} s when it is about to expire, but for {calls} calls it "
        f"renewed it {len(asked)} times, once {min(early):.2f} s after the time before."
    )


def _answer(call: Exchange) -> str:
    try:
        return f"{call.status} {json.loads(call.response_text)['error']}"
    except (ValueError, KeyError, TypeError):
        return str(call.status or call.error)


def none_stale(tokens: Sequence[Token], lifetime: float) -> None:
    """No call carried a token that had expired, once there was a later one.

    A call that was made ready before may be under way for some time on a busy machine: for half a token's life.
    """
    for token, later in pairwise(tokens):
        expired = token.issued + lifetime
        stale = [call for call in token.calls if call.began > max(expired, later.issued) + lifetime / 2]
        assert not stale, (
            f"Expected agent-sre to use the new token once it has it, but {len(stale)} calls carried the one before, "
            f"the last {stale[-1].began - expired:.1f} s after that had expired."
        )
