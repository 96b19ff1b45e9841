"""The way to an API server: a socket with TLS, and the kubeconfig that leads to it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn
import yaml
from starlette.types import ASGIApp


class _Server(uvicorn.Server):
    """A uvicorn that says when it listens, and leaves the signals to the process that it lives in."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serve(app: ASGIApp, certfile: Path, keyfile: Path) -> AsyncIterator[str]:
    """Serves the application on a free port of 127.0.0.1 over TLS, and gives its base URL.

    `certfile` (PEM) holds the certificate and its chain. At the end, requests that are still open are cut.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        ssl_certfile=certfile,
        ssl_keyfile=str(keyfile),
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=0,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve([listener]), name="kubernetes api")
    listening = asyncio.create_task(server.listens.wait())
    try:
        await asyncio.wait((serving, listening), return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listening.cancel()
        server.should_exit = True
        await serving


def kubeconfig(server: str, ca_file: Path, token: str) -> str:
    """The text of a kubeconfig (YAML) that leads to `server` with that bearer token."""
    name = "acceptance"
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority": str(ca_file)}}],
            "users": [{"name": name, "user": {"token": token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        },
        sort_keys=False,
    )
