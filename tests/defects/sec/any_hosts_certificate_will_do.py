"""The certificate has to be good, but may be that of any host."""

ITEMS = ("SEC1",)
SAYS = "in spite of certificate of another host"

FILE = "agent/app.py"
RIGHT = """
tls = httpx.create_ssl_context()
"""
WRONG = """
tls = httpx.create_ssl_context()
tls.check_hostname = False
"""
