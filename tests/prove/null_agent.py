"""A program that answers the same to everything and does nothing: `python -m tests.prove.null_agent 200 --port 8000`.

No suite that is worth anything lets it pass. One path answers 200 whatever is asked for: READY, by which whoever has
started the program finds out that it listens.
"""

from __future__ import annotations

import argparse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

READY = "/-/listens"


class Door(BaseHTTPRequestHandler):
    """Every request gets the one answer."""

    protocol_version = "HTTP/1.1"
    status = 200

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(200 if self.path == READY else self.status)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """It says nothing either."""


def main() -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("status", type=int)
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()
    Door.status = asked.status
    ThreadingHTTPServer(("127.0.0.1", asked.port), Door).serve_forever()


if __name__ == "__main__":
    main()
