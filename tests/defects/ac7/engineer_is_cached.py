"""Who was on call once is on call for ever."""

ITEMS = ("AC7.5", "AC3.7")
SAYS = "to be assigned to"

FILE = "agent/oncall.py"
RIGHT = """
return await self._retries.run("on-call look-up", lambda: self._ask(at), self._timeout)
"""
WRONG = """
if "known" not in self.__dict__:
    self.known = await self._retries.run("on-call look-up", lambda: self._ask(at), self._timeout)
return self.known
"""
