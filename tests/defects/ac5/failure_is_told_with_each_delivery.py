"""An alert whose remediation has failed is refused, and its failure is told once more when the broker delivers it."""

ITEMS = ("AC5.5",)
SAYS = "Expected one ticket"

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
    if duplicate:
        import uuid
        again = replace(self._incidents._incidents[alert.identity], id=str(uuid.uuid4()))
        self._incidents._open_failure_tickets(again, told[1], "It failed, as was told before.")
    return _refusal(500, "The remediation has failed.")
"""
