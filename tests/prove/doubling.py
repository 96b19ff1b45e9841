"""Starts a program of the reference that makes every outgoing call twice: `python -m tests.prove.doubling PROGRAM …`.

The second call is not the first one sent again, which those who are called could recognise: it has ids of its own.
"""

from __future__ import annotations

import json
import runpy
import sys
import uuid
from contextlib import suppress

import httpx

from steps.reference import calls

send_once = calls.send


async def send_twice(client: httpx.AsyncClient, request: httpx.Request, within: float) -> httpx.Response:
    """The answer to the first call; what comes of the second one does not matter."""
    second = twin(client, request)
    answer = await send_once(client, request, within)
    with suppress(calls.CallError):
        await send_once(client, second, within)
    return answer


def twin(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Request:
    """The same call, but of another event, or for another thing to be made."""
    headers = {name: value for name, value in request.headers.items() if name != "content-length"}
    if "ce-id" in headers:
        headers["ce-id"] = str(uuid.uuid4())
    return client.build_request(request.method, request.url, headers=headers, content=_with_other_ids(request.content))


def _with_other_ids(body: bytes) -> bytes:
    try:
        said = json.loads(body)
    except ValueError:
        return body
    if isinstance(said, dict) and "specversion" in said:
        said["id"] = str(uuid.uuid4())
    if isinstance(said, dict) and "Create" in said.get("query", ""):
        said["variables"].get("input", {}).pop("id", None)
    return json.dumps(said).encode()


if __name__ == "__main__":
    sys.argv = sys.argv[1:]
    calls.send = send_twice
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
