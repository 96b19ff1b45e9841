"""Loki, true to its contract (CONTRACTS §5.1): log streams behind LogQL.

`logql` reads queries, `pipeline` says what their log part means and `metrics` what their metric part means;
`streams` holds the lines, `push` says what Loki refuses to take in, `errors` how Loki fails.
"""

from steps.world.services.loki import errors
from steps.world.services.loki.service import Loki

__all__ = ["Loki", "errors"]
