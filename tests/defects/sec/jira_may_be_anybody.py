"""Jira's certificate is not checked, that of all others is."""

ITEMS = ("SEC1",)
SAYS = "not to speak to Jira when it cannot be trusted"

FILE = "agent/app.py"
RIGHT = 'clients["jira"] = make_client(tls)'
WRONG = 'clients["jira"] = make_client(ssl._create_unverified_context())'
