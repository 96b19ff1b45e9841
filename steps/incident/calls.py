"""What can be claimed about calls on the wire: pauses, silence, patience and keys. Pure, each with its sentence."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Hashable, Sequence
from itertools import pairwise
from urllib.parse import unquote

from steps.incident.events import growing
from steps.world.journal import Exchange, incident_keys, names_incident
from steps.world.services.linear import operations

FEWEST, ENOUGH = 3, 4
"""So many tries can show that their pauses grow, and so many hardly do by chance, on a machine that lengthens them."""
WINDOWS = 3
"""So many tries in a row are looked at for it, each with those after it."""


def silent(calls: list[Exchange], limited: Exchange, until: float, notice: float) -> None:
    """No call began after the answer that asked for time, and before that was over. Times are the journal's.

    A busy agent has not read the answer yet when it is given: what begins within `notice` seconds was on its way,
    unless it is the limited request about the alert once more.
    """

    def on_its_way(call: Exchange) -> bool:
        is_again = names_incident(call) and _request(call) == _request(limited)
        return call.began < limited.ended + notice and not is_again

    early = [call for call in calls if limited.ended < call.began < until and not on_its_way(call)]
    assert not early, (
        f"Expected agent-sre not to call before the time that it was told, but it called {len(early)} times, "
        f"the first time {until - early[0].began:.2f} s too early."
    )


def _request(call: Exchange) -> tuple[str, str, bytes]:
    return call.method, call.url, call.request_body


def about_the_same(calls: list[Exchange], limited: Exchange) -> list[Exchange]:
    """The calls about the alerts that this one is about.

    A rate limit is for every call, but who is unavailable for one only asks for time until that one is tried again
    (ruling 7): other alerts may be worked on meanwhile.
    """
    return [call for call in calls if _alerts_in(call) & _alerts_in(limited)]


def _alerts_in(call: Exchange) -> set[str]:
    return incident_keys(f"{call.url} {call.request_text}")


def made(calls: list[Exchange], what: str) -> None:
    """The agent tried at all."""
    assert calls, f"Expected agent-sre to try {what}, but it never did."


def failed(call: Exchange) -> bool:
    """Whether the call got no answer, or one after which it may be tried again (CONTRACTS §12, ruling 7)."""
    return call.status is None or call.error is not None or call.status in (408, 429) or call.status >= 500


def delivered_again(delivery: Exchange) -> bool:
    """Whether the broker delivers the event again after that answer, or for want of one (CONTRACTS §6.2)."""
    return failed(delivery) or delivery.status in (404, 409)


def few(calls: list[Exchange], most: int, what: str) -> None:
    """The agent gave up: it tried at least once and not for ever."""
    made(calls, what)
    assert len(calls) <= most, (
        f"Expected agent-sre to give up {what} after at most {most} tries, but it tried {len(calls)} times."
    )


def tried_again(calls: list[Exchange], growth: float, least: int = ENOUGH) -> list[Exchange]:
    """The first tries of a request that was made at least so often, with growing pauses (ruling 7).

    A look whether Linear is back may be taken at an even pace, one no quicker than those tries. A busy machine
    lengthens pauses at random: where the first ones do not show that they grow, the next ones may.
    """
    repeated = _repeated(calls, lambda call: call.request_body, least)
    repeated = repeated or _repeated(calls, lambda call: operations(call.request_body), least)
    assert repeated, (
        f"Expected agent-sre to try one request at least {least} times while Linear is away, "
        f"but of its {len(calls)} calls none was repeated so often."
    )
    steady: list[AssertionError] = []
    quickest = math.inf
    for group in repeated:
        size = min(len(group), ENOUGH)
        windows = [group[start : start + size] for start in range(min(WINDOWS, len(group) - size + 1))]
        missed = [_grown(window, growth) for window in windows]
        if None not in missed:
            steady += [one for one in missed if one]
            quickest = min(quickest, *pauses(windows[0]))
        elif quickest >= pauses(tries := windows[missed.index(None)])[-1]:
            return tries
    raise steady[0]


def pauses(tries: Sequence[Exchange]) -> list[float]:
    """Seconds from the end of each try to the next."""
    return [after.began - before.ended for before, after in pairwise(tries)]


def _grown(tries: list[Exchange], growth: float) -> AssertionError | None:
    """Why the pauses between the tries are no growing ones; nothing when they are."""
    try:
        growing(pauses(tries), growth)
    except AssertionError as missed:
        return missed
    return None


def _repeated(calls: list[Exchange], key: Callable[[Exchange], Hashable], least: int) -> list[list[Exchange]]:
    """The calls that are alike, where there are enough of them to compare their pauses."""
    return [group for group in alike(calls, key) if len(group) >= least]


def alike(calls: list[Exchange], key: Callable[[Exchange], Hashable]) -> list[list[Exchange]]:
    """The calls in groups of those that have the same key."""
    groups: dict[Hashable, list[Exchange]] = {}
    for call in calls:
        groups.setdefault(key(call), []).append(call)
    return list(groups.values())


def next_by(calls: list[Exchange], pause: float) -> float:
    """When the next try would have begun, if there was one: the pauses grow, or are so long. Journal's time."""
    return calls[-1].ended + max(pause, GROWTH * max(pauses(calls), default=0))


GROWTH = 2.5
"""So many times the longest pause so far is the longest that is waited for another try."""


def authenticated(calls: list[Exchange], key: str) -> None:
    """Every call carries the key as Linear wants a personal key: alone in the Authorization header (CONTRACTS §1)."""
    assert calls, "Expected calls of agent-sre to Linear, but there are none."
    wrong = [call for call in calls if call.header("authorization") != key]
    assert not wrong, (
        f"Expected every call to Linear to carry the configured key in its Authorization header, "
        f"but {len(wrong)} of {len(calls)} {_instead(wrong[0])}."
    )


def _instead(call: Exchange) -> str:
    sent = call.header("authorization")
    if sent is None:
        return "carry none"
    return "put a word before it" if " " in sent else "carry another key"


def authenticated_as(calls: list[Exchange], email: str, token: str) -> None:
    """Every call carries e-mail address and token as Jira wants them: by Basic authentication (CONTRACTS §2)."""
    assert calls, "Expected calls of agent-sre to Jira, but there are none."
    instead = [found for call in calls if (found := _instead_of_basic(call, email, token))]
    assert not instead, (
        f"Expected every call to Jira to carry the configured e-mail address and token in its Authorization header, "
        f"but {len(instead)} of {len(calls)} {instead[0]}."
    )


def _instead_of_basic(call: Exchange, email: str, token: str) -> str | None:
    scheme, _, credential = (call.header("authorization") or "").partition(" ")
    if not scheme:
        return "carry none"
    if scheme.lower() != "basic":
        return "carry a credential that is not Basic"
    try:
        name, colon, password = base64.b64decode(credential, validate=True).decode().partition(":")
    except ValueError:
        return "carry a credential that is not base64"
    if not colon or not name:
        return "carry a token without an e-mail address"
    if name.lower() != email.lower():
        return "carry another e-mail address"
    return None if password == token else "carry another token"


def not_in_address(calls: list[Exchange], key: str) -> None:
    """The key stands in no URL, where proxies and logs would keep it."""
    assert calls, "Expected calls of agent-sre, but there are none."
    shown = [call for call in calls if key in unquote(call.url)]
    assert not shown, f"Expected the key in no address, but {len(shown)} of {len(calls)} calls carry it in their URL."


def alive(health: int | None) -> None:
    """The agent answers at its health door."""
    assert health == 200, "Expected agent-sre to be alive, but its health door " + (
        "does not answer." if health is None else f"answers {health}."
    )
