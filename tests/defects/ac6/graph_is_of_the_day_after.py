"""The graph that the ticket links to shows the time a day later."""

ITEMS = ("AC6.6",)
SAYS = "around"

FILE = "agent/report.py"
RIGHT = """
around = timedelta(seconds=LOOKBACK)
end = datetime.fromtimestamp(parse_time(alert.starts_at).timestamp(), UTC) + around
"""
WRONG = """
around = timedelta(seconds=LOOKBACK)
end = datetime.fromtimestamp(parse_time(alert.starts_at).timestamp(), UTC) + timedelta(days=1)
"""
