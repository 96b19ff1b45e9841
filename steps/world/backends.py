"""The observability backends of the embedded world: Loki, Tempo, and the door at which traces are exported to it.

Their parsers and gRPC take half a second to load, so that is done beside the start of everything else.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from steps.world import hosts
from steps.world.gateway import Gateway
from steps.world.processes.loopback import free_port

if TYPE_CHECKING:
    from steps.world.services.loki import Loki
    from steps.world.services.otlp import Otlp
    from steps.world.services.tempo import Tempo


class Backends:
    """`loki`, `tempo` and `otlp` are there once `opened` has returned."""

    loki: Loki
    tempo: Tempo
    otlp: Otlp

    def __init__(self, otlp_port: int | None = None) -> None:
        self.otlp_endpoint = f"127.0.0.1:{otlp_port or free_port()}"
        """Where OpenTelemetry's protocol is taken over gRPC, in plaintext."""
        self._opening: asyncio.Task[None]

    @asynccontextmanager
    async def open(self, gateway: Gateway) -> AsyncIterator[None]:
        """Opens them, which may go on for a moment: see `opened`."""
        async with AsyncExitStack() as stack:
            self._opening = asyncio.create_task(self._open(gateway, stack), name="opening of Loki and Tempo")
            try:
                yield
            finally:
                self._opening.cancel()
                await asyncio.gather(self._opening, return_exceptions=True)

    async def opened(self) -> None:
        """Returns once Loki and Tempo answer. Raises what kept them from it."""
        await asyncio.shield(self._opening)

    def exported(self) -> Iterator[tuple[str, bytes]]:
        """All that has come by OpenTelemetry's protocol: `spans`, `metrics` or `logs`, and what it says."""
        for trace in self.tempo.spans.traces():
            for span in trace.spans:
                parts = (span.message, span.origin, span.scope)
                yield "spans", b"\n".join(part.SerializeToString() for part in parts)
        for name in self.otlp.metric_names():
            yield from (("metrics", repr(point).encode()) for point in self.otlp.points(name))
        yield from (("logs", repr(record).encode()) for record in self.otlp.log_records())

    async def _open(self, gateway: Gateway, stack: AsyncExitStack) -> None:
        self.loki, self.tempo, self.otlp = await asyncio.to_thread(_load)
        self.tempo.app.router.routes.extend(self.otlp.app.routes)
        gateway.route(hosts.LOKI, "loki", self.loki.app)
        gateway.route(hosts.TEMPO, "tempo", self.tempo.app)
        await stack.enter_async_context(self.otlp.serve(int(self.otlp_endpoint.rpartition(":")[2])))


def _load() -> tuple[Loki, Tempo, Otlp]:
    from steps.world.services.loki import Loki
    from steps.world.services.otlp import Otlp
    from steps.world.services.tempo import Tempo

    tempo = Tempo()
    return Loki(), tempo, Otlp(tempo.spans)
