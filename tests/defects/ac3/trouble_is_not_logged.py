"""A call that fails and is repeated is no matter for the log."""

ITEMS = ("AC3.9",)
SAYS = "reports an error"

FILE = "calls.py"
PROGRAM = "agent-sre"
RIGHT = """
logs.warning(
    f"{what} failed and is tried again", attempt=state.attempt_number, pause=pause, error=str(error)
)
"""
WRONG = """
logs.info(
    f"{what} is tried again", attempt=state.attempt_number, pause=pause, reason=str(error)
)
"""
