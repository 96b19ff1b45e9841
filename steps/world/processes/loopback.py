"""Ports and HTTP calls on this machine."""

import random
import socket

import httpx

LOWEST, HIGHEST = 20_000, 29_999
"""Below every system's ephemeral ports: no outgoing connection takes a port while its program restarts."""

_held: list[socket.socket] = []
"""One UDP socket on each port that was given out: what no two processes can have, and what ends with its process."""


def free_port() -> int:
    """A loopback port for a program that cannot be handed a socket; never given out twice, by no process of the suite.

    A stranger may take it before it is used, so start such a program with another port once more
    (:class:`~steps.world.processes.server.Server` does). Who can bind for itself binds to port 0 instead.
    """
    candidates = list(range(LOWEST, HIGHEST + 1))
    random.shuffle(candidates)
    for port in candidates:
        holder = socket.socket(type=socket.SOCK_DGRAM)
        try:
            holder.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError:
            holder.close()
            continue
        _held.append(holder)
        return port
    raise OSError(f"No port between {LOWEST} and {HIGHEST} is free on 127.0.0.1; close programs that listen there.")


def client() -> httpx.AsyncClient:
    """For plain HTTP to our own processes: no proxy, and no certificates to load (which takes 50 ms)."""
    return httpx.AsyncClient(trust_env=False, verify=False, timeout=5)
