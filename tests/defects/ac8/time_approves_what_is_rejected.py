"""A rejection in time does not stop the clock: where silence approves, the function is called when the time is up."""

ITEMS = ("AC8.5",)
SAYS = "without approval"

FILE = "agent/incidents.py"
RIGHT = """
decision = await approvals.decide(question)
incident.comment("approval", report.approval_decided(question, decision))
"""
WRONG = """
clock = asyncio.create_task(asyncio.sleep(question.timeout))
decision = await approvals.decide(question)
incident.comment("approval", report.approval_decided(question, decision))
if decision.outcome == "rejected" and approvals._at_timeout == "approved":
    await clock
    return
"""
