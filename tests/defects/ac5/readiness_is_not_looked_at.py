"""A function is called whether it is ready or not."""

ITEMS = ("AC5.1",)
SAYS = "to call no function"

FILE = "agent/remediation.py"
RIGHT = "if not await self._kubernetes.is_ready(function, self._namespace):"
WRONG = "if not function:"
