"""The way into the gateway for the world's own calls, such as a broker's deliveries: without a socket."""

from __future__ import annotations

import asyncio

import httpx

from steps.world.gateway.messages import NoAnswerError, RefusedError, Request
from steps.world.gateway.network import Network, decoded


class WorldTransport(httpx.AsyncBaseTransport):
    """Makes the calls of one party of the world. Faults come as the httpx exceptions of a real connection."""

    def __init__(self, network: Network, caller: str) -> None:
        self._network = network
        self._caller = caller

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        headers, url = decoded(request.headers.raw), str(request.url)
        encrypted = request.url.scheme == "https"
        met = self._network.tls_fault(request.url.host, self._caller) if encrypted else None
        tls = "TLSv1.3" if encrypted and not met else None  # as on a real connection to the gateway
        began = self._network.journal.cursor()
        flight = self._network.begin(self._caller, request.method, url, headers, began, tls)
        body = await request.aread()
        flight.sent(body)
        limit = request.extensions.get("timeout", {}).get("read")
        try:
            async with asyncio.timeout(limit):
                if met:
                    flight.fault = met.name
                    flight.end(f"{self._caller} did not trust {request.url.host}: {met.name}.")
                    raise RefusedError(str(flight.error))
                response = await self._network.answer(flight, Request(self._caller, request.method, url, headers, body))
                try:
                    content = b"".join([chunk async for chunk in response.aiter_raw()])
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise httpx.ReadTimeout(f"No whole answer within {limit:g} s.", request=request) from error
        except NoAnswerError as error:
            raise error.seen_as(str(error), request=request) from error
        return httpx.Response(response.status_code, headers=response.headers, stream=httpx.ByteStream(content))
