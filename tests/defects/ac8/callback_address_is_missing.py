"""The approval application is not told where to answer."""

ITEMS = ("AC8.2",)
SAYS = "callback_url"

FILE = "agent/approval_application.py"
RIGHT = '"callback_url": self._callback_url,'
WRONG = '"reply_to": self._callback_url,'
