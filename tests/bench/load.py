"""What the load harness can do: events through the gateway to a trivial sink, beside wrk on the same sink.

Prints; the sink is a process of its own, so that sender and sink share the machine as a suite and an agent do.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steps.drivers.load import Keeping, capacity, open_loop
from steps.world.gateway import Authority, Gateway
from steps.world.journal import Journal
from steps.world.processes.loopback import free_port

SINK = """
import asyncio, sys
class Sink(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        if data.endswith(b"}"):
            self.transport.write(b"HTTP/1.1 202 Accepted\\r\\nContent-Length: 0\\r\\n\\r\\n")
async def main():
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", int(sys.argv[1]), backlog=1024)
    print("ready", flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
RATE, SECONDS = 1_000, 5
EVENT = b'{"specversion": "1.0", "id": "1", "source": "bench", "type": "bench", "data": {}}'
HEADERS = {"content-type": "application/cloudevents+json"}
HOST = "sink.bench.svc"


def main() -> None:
    """Runs both against the same sink, one after the other."""
    with sink() as port:
        kept, most = asyncio.run(harness(port))
        late = f"slip P99 {kept.slip.at(99) * 1000:.1f} ms, greatest {kept.slip.greatest * 1000:.1f} ms"
        print(f"harness, {RATE:,} events a second asked for: {kept.reached:,.0f} a second began; {late}")
        print(f"harness, as fast as it can: {most:,.0f} events a second")
        print(f"wrk, as fast as it can: {wrk(port)}")


async def harness(port: int) -> tuple[Keeping, float]:
    """How a schedule is kept, and what can be done without one."""
    async with Gateway(Journal(), Authority()) as gateway:
        gateway.route(HOST, "sink", f"http://127.0.0.1:{port}")
        async with gateway.client("load") as client:

            async def send() -> None:
                answer = await client.post(f"http://{HOST}/", content=EVENT, headers=HEADERS)
                assert answer.status_code == 202

            arrivals = await open_loop([send] * RATE * SECONDS, RATE)
            failed = [arrival for arrival in arrivals if arrival.error]
            assert not failed, f"{len(failed)} of {len(arrivals)} events were lost, the first by {failed[0].error}."
            return Keeping.of(arrivals, RATE), await capacity(send, 2_000)


def wrk(port: int) -> str:
    """Requests a second of the well-known load tool, where it is installed."""
    if shutil.which("wrk") is None:
        return "not installed (Debian: sudo apt-get install wrk)"
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory) / "post.lua"
        script.write_text(f"wrk.method = 'POST'\nwrk.body = [[{EVENT.decode()}]]\n")
        command = ["wrk", "-t1", "-c32", "-d3s", "-s", script, f"http://127.0.0.1:{port}/"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    return f"{float(found[1]):,.0f} requests a second" if found else said


@contextmanager
def sink() -> Iterator[int]:
    """A server that answers 202 to everything; its port."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SINK, str(port)], stdout=subprocess.PIPE)
    try:
        assert process.stdout
        process.stdout.readline()
        yield port
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
