"""An alert whose remediation has failed is refused, so that the broker delivers it again and the call is repeated."""

ITEMS = ("AC5.7",)
SAYS = "exactly once"

FILE = "agent/app.py"
RIGHT = """
done = await self._work.outcome(self._taken[identity], self._answer_timeout)
"""
WRONG = """
done = await self._work.outcome(self._taken[identity], self._answer_timeout)
while "remediation" in self._work._tasks.values():
    await asyncio.sleep(0.02)
told = (alert.alertname, alert.annotations.get("lambda_function") or "", "failure")
if alert.status == "firing" and self._metrics.attempts.labels(*told)._value.get():
    self._taken.pop(identity, None)
    self._incidents._incidents[alert.identity].is_open = False
    return _refusal(500, "The remediation has failed.")
"""
