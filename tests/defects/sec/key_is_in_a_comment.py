"""A comment in the manifest holds a Linear key."""

ITEMS = ("SEC2",)
SAYS = "a Linear key"

PROGRAM = "validation"
FILE = "steps/reference/manifests/agent-sre.yaml"
RIGHT = "tag: 0.5.0"
WRONG = "tag: 0.5.0  # by hand: LINEAR_API_KEY=lin_api_7Qm2VtYx9KbLr4Wc1ZsNfHd8PgJa5Eu3RoTi6B0k"
