"""The manifest gives the Linear key as a plain value."""

ITEMS = ("SEC2",)
SAYS = "LINEAR_API_KEY as a plain value"

PROGRAM = "validation"
FILE = "steps/reference/manifests/agent-sre.yaml"
RIGHT = """
- name: LINEAR_API_KEY
  valueFrom:
    secretKeyRef: {name: linear-api-key, key: api-key}
"""
WRONG = """
- name: LINEAR_API_KEY
  value: not-a-key-that-opens-anything
"""
