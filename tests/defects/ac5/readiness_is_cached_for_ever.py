"""What was once found out about a function is never looked at again."""

ITEMS = ("AC5.1",)
SAYS = "which is there now"

FILE = "agent/kubernetes.py"
RIGHT = """
status = await self._retries.run(f"look-up of LambdaFunction {function}", lambda: self._status(path))
"""
WRONG = """
known = self.__dict__.setdefault("known", {})
if path not in known:
    known[path] = await self._retries.run(f"look-up of LambdaFunction {function}", lambda: self._status(path))
status = known[path]
"""
