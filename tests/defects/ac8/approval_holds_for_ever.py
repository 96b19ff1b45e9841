"""When an alert fires again, its remediation needs no approval if it was approved the time before."""

ITEMS = ("AC8.3",)
SAYS = "without approval"

FILE = "agent/approvals.py"
RIGHT = """
pending = self._known[question.id] = _Pending(asyncio.get_running_loop().create_future())
"""
WRONG = """
pending = self._known[question.id] = _Pending(asyncio.get_running_loop().create_future())
before = self.__dict__.setdefault("before", {}).setdefault(question.alert.identity, pending)
if before is not pending and before.decision.done() and before.decision.result().outcome == "approved":
    pending.settle("approved")
"""
