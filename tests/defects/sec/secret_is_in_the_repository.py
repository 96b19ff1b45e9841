"""A Secret lies in the repository with what it holds."""

ITEMS = ("SEC2",)
SAYS = "Secret linear-api-key holds api-key itself"

PROGRAM = "validation"
FILE = "steps/reference/manifests/secrets.yaml"
RIGHT = """
kind: ExternalSecret
metadata:
  name: linear-api-key
"""
WRONG = """
kind: Secret
stringData: {api-key: not-a-key-that-opens-anything}
metadata:
  name: linear-api-key
"""
