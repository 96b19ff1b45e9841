"""What the gateway adds to a call: fresh TLS requests to one server, directly and through the gateway, in turn.

Prints milliseconds; the overhead is the difference to the direct request.
"""

from __future__ import annotations

import asyncio
import http.client
import ssl
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from steps.world.gateway import Authority, Gateway
from steps.world.journal import Journal

ROUNDS = 500
WARM_UP = 50
SERVICE, SERVER = "service.example.com", "server.example.com"


async def _answer(request: Request) -> JSONResponse:
    return JSONResponse({"data": {"received": len(await request.body())}})


app = Starlette(routes=[Route("/graphql", _answer, methods=["POST"])])


@asynccontextmanager
async def _served(certificate: Path) -> AsyncIterator[str]:
    """The application behind TLS on loopback; gives host and port."""
    config = uvicorn.Config(app, port=0, ssl_certfile=certificate, ssl_keyfile=str(certificate), log_level="error")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        await server.shutdown()


def _seconds(call: Callable[[], http.client.HTTPSConnection]) -> float:
    """How long one fresh request takes, from connecting to the whole answer."""
    body = b'{"query": "{ viewer { id } }"}'
    start = time.perf_counter()
    connection = call()
    connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
    assert connection.getresponse().read() == b'{"data":{"received":30}}'
    taken = time.perf_counter() - start
    connection.close()
    return taken


def _measure(calls: dict[str, Callable[[], http.client.HTTPSConnection]]) -> dict[str, list[float]]:
    """The times of every kind of call, in seconds; the kinds take turns, so that all meet the same machine."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(WARM_UP + ROUNDS):
        for name, call in calls.items():
            taken = _seconds(call)
            if turn >= WARM_UP:
                times[name].append(taken)
    return times


def _direct(server: str, trust: ssl.SSLContext) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection(server, context=trust)


def _through(door: str, host: str, trust: ssl.SSLContext) -> http.client.HTTPSConnection:
    connection = http.client.HTTPSConnection(urlsplit(door).netloc, context=trust)
    connection.set_tunnel(host, 443)
    return connection


def _report(times: dict[str, list[float]]) -> None:
    percentiles = {name: [1000 * q for q in statistics.quantiles(taken, n=20)] for name, taken in times.items()}
    direct = percentiles["directly"]
    print(f"{ROUNDS} fresh TLS requests each{'p50':>22}{'p95':>9}{'overhead p50':>15}{'p95':>9}")
    for name, at in percentiles.items():
        over = f"{at[9] - direct[9]:12.2f} ms{at[18] - direct[18]:6.2f} ms" if at is not direct else ""
        print(f"{name:40}{at[9]:6.2f} ms{at[18]:6.2f} ms{over}")


async def main() -> None:
    """Measures and prints."""
    authority = Authority()
    trust = authority.client_context()
    with tempfile.TemporaryDirectory() as directory:
        certificate = authority.write_server("127.0.0.1", Path(directory, "server.pem"))
        async with _served(certificate) as server, Gateway(Journal(), authority) as gateway:
            gateway.route(SERVICE, "service", app)
            gateway.route(SERVER, "server", f"https://{server}")
            door = await gateway.door("bench")
            calls = {
                "directly": lambda: _direct(server, trust),
                "through the gateway, to a service": lambda: _through(door, SERVICE, trust),
                "through the gateway, and TLS again": lambda: _through(door, SERVER, trust),
            }
            _report(await asyncio.to_thread(_measure, calls))


if __name__ == "__main__":
    asyncio.run(main())
