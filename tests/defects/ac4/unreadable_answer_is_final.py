"""An answer that is not JSON is taken for a refusal."""

ITEMS = ("AC4.7",)
SAYS = "but there is none"

FILE = "agent/jira.py"
RIGHT = (
    'raise TransientError(f"Jira answered {response.status_code}, but not what can be read: {response.text[:300]!r}")'
)
WRONG = 'raise RefusedError(f"Jira answered {response.status_code}, but not what can be read: {response.text[:300]!r}")'
