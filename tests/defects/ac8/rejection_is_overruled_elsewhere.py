"""What was rejected at one place can still be approved at another."""

ITEMS = ("AC8.5",)
SAYS = "without approval"

FILE = "agent/incidents.py"
RIGHT = """
incident.comment("approval", report.approval_decided(question, decision))
"""
WRONG = """
incident.comment("approval", report.approval_decided(question, decision))
while decision.outcome == "rejected" and decision.answers and not approvals._require_all:
    future = asyncio.get_running_loop().create_future()
    approvals._known[request_id] = type(approvals._known[request_id])(future, dict(decision.answers))
    decision = await future
"""
