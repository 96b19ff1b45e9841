"""The signing secret is in a ConfigMap."""

ITEMS = ("SEC2",)
SAYS = "slack-signing-secret as a plain value"

PROGRAM = "validation"
FILE = "steps/reference/manifests/agent-sre.yaml"
RIGHT = """
  schedule: PSCHED1
"""
WRONG = """
  schedule: PSCHED1
  slack-signing-secret: not-a-secret-that-signs-anything
"""
