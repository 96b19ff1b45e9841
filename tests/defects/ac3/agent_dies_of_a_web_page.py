"""agent-sre dies of an answer that is not JSON."""

ITEMS = ("AC3.9",)
SAYS = "but there is none"
ALSO = ("AC5.2",)

FILE = "agent/linear.py"
RIGHT = """
except ValueError:
    answer = None
"""
WRONG = """
except ValueError:
    __import__("os")._exit(1)
"""
