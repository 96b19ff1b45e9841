"""When a host's certificate is not good, the next try goes without a check."""

ITEMS = ("SEC1",)
SAYS = "when it cannot be trusted"

PROGRAM = "agent-sre"
FILE = "calls.py"
RIGHT = """
try:
    while True:
        if limit:
            await limit.over()
        async with _free.get(client, nullcontext()), asyncio.timeout(within):
            if not (limit and limit.in_force):
                return await client.send(request)
except TimeoutError:
    raise TimedOutError(f"{what} had no answer within {within:g} s.") from None
except httpx.RequestError as error:
"""
WRONG = """
try:
    while True:
        if limit:
            await limit.over()
        async with _free.get(client, nullcontext()), asyncio.timeout(within):
            if not (limit and limit.in_force):
                return await vars(client).pop("unchecked", client).send(request)
except TimeoutError:
    raise TimedOutError(f"{what} had no answer within {within:g} s.") from None
except httpx.RequestError as error:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        client.unchecked = httpx.AsyncClient(verify=False, timeout=None)
"""
