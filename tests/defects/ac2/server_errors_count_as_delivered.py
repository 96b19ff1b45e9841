"""The converter knows 429 and 503 as errors of the broker, and takes its other ones for deliveries."""

ITEMS = ("AC2.5",)
SAYS = "none was taken"

FILE = "calls.py"
PROGRAM = "prometheus-events"
RIGHT = "if response.is_success:"
WRONG = "if response.is_success or response.status_code in (500, 502, 504):"
