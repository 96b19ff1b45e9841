"""Evidence: what a step saw, in a form that a person can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from steps.world.journal import Exchange

Kind = Literal["text", "json", "http", "html", "svg"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation. Its content is redacted already."""

    title: str
    content: str
    kind: Kind = "text"
    exchanges: tuple[int, ...] = ()
    """Numbers of the exchanges that it shows, or from which follows what it shows."""


def transcripts(exchanges: list[Exchange]) -> str:
    """Requests and their answers, one after the other."""
    return "\n\n\n".join(map(transcript, exchanges)) or "none"


def transcript(exchange: Exchange) -> str:
    """One request and its answer, the way HTTP is written down."""
    title = f"# {exchange.caller} → {exchange.callee}" + (f" · fault: {exchange.fault}" if exchange.fault else "")
    asked = [
        title,
        f"{exchange.method} {exchange.url}",
        *_lines(exchange.request_headers),
        "",
        exchange.request_text,
        "",
    ]
    if exchange.status is None:
        return "\n".join([*asked, f"no answer: {exchange.error}"])
    took = (exchange.ended - exchange.began) * 1000
    return "\n".join(
        [
            *asked,
            f"{exchange.status} after {took:.0f} ms",
            *_lines(exchange.response_headers),
            "",
            exchange.response_text,
        ]
    )


def _lines(headers: tuple[tuple[str, str], ...]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers]
