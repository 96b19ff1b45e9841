"""Of a source that could not be asked the ticket says below a heading about failures that there are none."""

ITEMS = ("AC6.4", "AC6.5")
SAYS = "are unavailable, but of them it says"

FILE = "agent/report.py"
RIGHT = 'return [Section(heading, text=f"Not available: {told.reason}")]'
WRONG = 'return [Section(f"Failed {heading.lower()}", text="None.")]'
