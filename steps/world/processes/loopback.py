"""Ports and HTTP calls on this machine."""

import random
import socket

import httpx

LOWEST, HIGHEST = 20_000, 29_999
"""Below every system's ephemeral ports: no outgoing connection takes a port while its program restarts."""

_taken: set[int] = set()


def free_port() -> int:
    """A loopback port for a program that cannot be handed a socket; never the same twice in one process.

    Another program may take it before it is used, so start such a program with another port once more
    (:class:`~steps.world.processes.server.Server` does). Who can bind for itself binds to port 0 instead.
    """
    candidates = [port for port in range(LOWEST, HIGHEST + 1) if port not in _taken]
    random.shuffle(candidates)
    for port in candidates:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _taken.add(port)
        return port
    raise OSError(f"No port between {LOWEST} and {HIGHEST} is free on 127.0.0.1; close programs that listen there.")


def client() -> httpx.AsyncClient:
    """For plain HTTP to our own processes: no proxy, and no certificates to load (which takes 50 ms)."""
    return httpx.AsyncClient(trust_env=False, verify=False, timeout=5)
