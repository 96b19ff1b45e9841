"""A listening socket on loopback that can be closed and opened again on its port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

BACKLOG = 1024
"""Connections that may wait to be accepted: a burst of alerts must not be refused."""


class Listener:
    """Listens on a port of its own, a free one or that one. While it is closed, connecting is refused.

    The port stays its own until the end. Raises OSError when somebody else has it.
    """

    def __init__(self, connect: Callable[[], asyncio.Protocol], port: int = 0) -> None:
        self._connect = connect
        self._reservation = _bound(port)
        self._port: int = self._reservation.getsockname()[1]
        self._serving: asyncio.Task[asyncio.Server] | None = None
        self.url = f"http://127.0.0.1:{self._port}"
        self.open()

    def open(self) -> None:
        """Listens from now on, if it does not yet."""
        if self._serving is not None:
            return
        listening = _bound(self._port)
        listening.listen(BACKLOG)
        loop = asyncio.get_running_loop()
        self._serving = loop.create_task(loop.create_server(self._connect, sock=listening, backlog=BACKLOG))

    def close(self) -> None:
        """Refuses connections from now on."""
        serving, self._serving = self._serving, None
        if serving is None:
            return
        if serving.done():
            serving.result().close()
        else:
            serving.add_done_callback(lambda opened: opened.result().close())

    async def end(self) -> None:
        """Closes for good and gives the port back."""
        if self._serving is not None:
            await self._serving
        self.close()
        self._reservation.close()


def _bound(port: int) -> socket.socket:
    # A bound socket that does not listen keeps others from taking the port; SO_REUSEPORT lets ours share it.
    # asyncio only switches Nagle's algorithm off where the protocol is named.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    bound.setblocking(False)
    return bound
