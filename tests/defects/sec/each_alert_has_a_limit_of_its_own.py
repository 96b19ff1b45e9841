"""The door's limit holds for each alert alone: a flood of different ones is let in."""

ITEMS = ("SEC6",)
SAYS = "429"

FILE = "agent/app.py"
RIGHT = """
if wait := self._limit.wait():
    return _refusal(429, "Too many events; deliver it again later.", {"retry-after": str(math.ceil(wait))})
body = await read_body(request)
if body is None:
    return _refusal(413, "The event is too large.")
try:
    event = parse(request.headers, body)
"""
WRONG = """
body = await read_body(request)
if body is None:
    return _refusal(413, "The event is too large.")
try:
    event = parse(request.headers, body)
    limits = self.__dict__.setdefault("limits", {})
    limit = limits.setdefault(event.get("subject"), RateLimit(self._limit._rate, self._limit._burst))
    if wait := limit.wait():
        return _refusal(429, "Too many events; deliver it again later.", {"retry-after": str(math.ceil(wait))})
"""
