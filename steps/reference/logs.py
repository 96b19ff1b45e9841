"""Logs: JSON lines on stdout with `timestamp`, `level`, `event` and what is known (CONTRACTS §10.1)."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from steps.reference.settings import redacted

_logger = logging.getLogger("steps.reference")
_known: ContextVar[dict[str, Any] | None] = ContextVar("known", default=None)


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON that holds no credential."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **(_known.get() or {}),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return redacted(json.dumps(line, ensure_ascii=False, default=str))


def start() -> None:
    """Sends everything that the program and its libraries log to stdout."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _logger.setLevel(logging.INFO)


def bind(**fields: object) -> None:
    """From now on every line of this task, and of tasks that it starts, holds these fields."""
    _known.set({**(_known.get() or {}), **fields})


def known() -> dict[str, Any]:
    """The fields of every line of this task."""
    return dict(_known.get() or {})


def info(event: str, **fields: object) -> None:
    """Logs what happened in the ordinary course."""
    _logger.info(event, extra={"fields": fields})


def warning(event: str, **fields: object) -> None:
    """Logs what went wrong and was coped with."""
    _logger.warning(event, extra={"fields": fields})


def error(event: str, **fields: object) -> None:
    """Logs what went wrong and needs somebody's attention."""
    _logger.error(event, extra={"fields": fields})


def crash(event: str, **fields: object) -> None:
    """Logs an exception that nobody expected, with its traceback; to be called where it is caught."""
    _logger.exception(event, extra={"fields": fields})
