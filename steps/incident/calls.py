"""What can be claimed about calls on the wire: pauses, silence, patience and keys. Pure, each with its sentence."""

from __future__ import annotations

from urllib.parse import unquote

from steps.world.journal import Exchange


def silent(calls: list[Exchange], since: float, until: float) -> None:
    """No call began after the rate limit was announced and before it ended. Times are the journal's."""
    early = [call for call in calls if since < call.began < until]
    assert not early, (
        f"Expected agent-sre not to call before the rate limit's reset, but it called {len(early)} times, "
        f"the first time {until - early[0].began:.2f} s too early."
    )


def made(calls: list[Exchange], what: str) -> None:
    """The agent tried at all."""
    assert calls, f"Expected agent-sre to try {what}, but it never did."


def few(calls: list[Exchange], most: int, what: str) -> None:
    """The agent gave up: it tried at least once and not for ever."""
    made(calls, what)
    assert len(calls) <= most, (
        f"Expected agent-sre to give up {what} after at most {most} tries, but it tried {len(calls)} times."
    )


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
