"""Whatever version of TLS a host speaks is spoken."""

ITEMS = ("SEC1",)
SAYS = "in spite of outdated version of TLS"

FILE = "agent/app.py"
RIGHT = """
tls = httpx.create_ssl_context()
"""
WRONG = """
tls = httpx.create_ssl_context()
tls.set_ciphers("DEFAULT@SECLEVEL=0")
tls.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
"""
