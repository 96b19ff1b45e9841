"""What can be said against the calls that left a judged program: how they were encrypted, and where they went."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from steps.world.gateway.connection import NO_COMMON_VERSION
from steps.world.gateway.faults import TLS_FAULTS
from steps.world.gateway.network import UNDECLARED
from steps.world.journal import Exchange

CURRENT = ("TLSv1.2", "TLSv1.3")
"""The versions of TLS that are good enough (RFC 8996)."""


@dataclass(slots=True)
class Transport:
    """What the calls were like: how many there were, and a sentence for each kind of call that must not be."""

    calls: Counter[str] = field(default_factory=Counter)
    """By who was called."""
    encrypted: Counter[str] = field(default_factory=Counter)
    """Calls that left the cluster as they should, by host."""
    distrusted: Counter[str] = field(default_factory=Counter)
    """How often a host could not be trusted and was not spoken to."""
    unprotected: list[str] = field(default_factory=list)
    undeclared: list[str] = field(default_factory=list)


def judged(exchanges: Iterable[Exchange]) -> Transport:
    """What can be said of these calls (CONTRACTS §12, ruling 12)."""
    seen = Transport()
    unprotected: dict[tuple[str, str, str], list[Exchange]] = {}
    undeclared: dict[tuple[str, str], list[Exchange]] = {}
    for call in exchanges:
        seen.calls[call.callee] += 1
        if call.callee == UNDECLARED:
            undeclared.setdefault((call.caller, call.host), []).append(call)
        if fault := weakness(call):
            unprotected.setdefault((call.caller, call.host, fault), []).append(call)
        elif call.tls and leaves_the_cluster(call.host):
            seen.encrypted[call.host] += 1
        elif call.fault in TLS_FAULTS:
            seen.distrusted[call.host] += 1
    seen.unprotected = [
        f"{caller} called {host} {fault}{_times(made)}" for (caller, host, fault), made in unprotected.items()
    ]
    seen.undeclared = [
        f"{caller} called {host}, which nobody declared{_times(made)}" for (caller, host), made in undeclared.items()
    ]
    return seen


def weakness(call: Exchange) -> str | None:
    """What is wrong with the protection of the call, in words that follow the host's name; None when nothing is."""
    if not leaves_the_cluster(call.host):
        return None
    if call.url.startswith("http://"):
        return "unencrypted"
    if call.tls is None:  # the handshake failed, so that nothing was said
        outdated = call.fault is None and any(reason in (call.error or "") for reason in NO_COMMON_VERSION)
        return "with no version of TLS from 1.2 on" if outdated else None
    if call.fault in TLS_FAULTS:
        return f"although it could not be trusted ({call.fault})"
    return None if call.tls in CURRENT else f"with the outdated {call.tls}"


def leaves_the_cluster(host: str) -> bool:
    """Whether the host is outside of the cluster's network."""
    if host.endswith((".svc", ".svc.cluster.local")) or host == "localhost":
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def _times(made: Sequence[Exchange]) -> str:
    first = f"{made[0].method} {made[0].url.partition('?')[0]}"
    return f": {first}" if len(made) == 1 else f", {len(made)} times, first by {first}"
