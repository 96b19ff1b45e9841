"""An event that is nested too deeply is an internal error."""

ITEMS = ("SEC7",)
SAYS = "it was answered 500"

PROGRAM = "agent-sre"
FILE = "events.py"
RIGHT = """
except (ValueError, RecursionError) as error:
    raise MalformedEventError(f"The event cannot be read: {error or 'it is nested too deeply'}.") from error
"""
WRONG = """
except ValueError as error:
    raise MalformedEventError(f"The event cannot be read: {error or 'it is nested too deeply'}.") from error
"""
