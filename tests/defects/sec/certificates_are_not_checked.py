"""Certificates are not checked."""

ITEMS = ("SEC1",)
SAYS = "in spite of wrong certificate"

FILE = "agent/app.py"
RIGHT = "tls = httpx.create_ssl_context()"
WRONG = "tls = httpx.create_ssl_context(verify=False)"
