"""The log: one JSON object a line on standard output; control characters come out escaped, postcodes blacked out."""

from __future__ import annotations

import logging
import re
import sys
from datetime import UTC, datetime

import orjson

ACCESS = logging.getLogger("evenreach.access")
FIELDS = ("request_id", "method", "route", "status", "bytes", "ms", "place", "job", "seconds")

POSTCODE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,2}[0-9][A-Za-z0-9]?(?:[ +]|%20){0,3}[0-9][A-Za-z]{2}(?![A-Za-z0-9])")


def without_postcodes(text: str) -> str:
    """Black out what looks like a postcode: an error's text may repeat what a person typed."""
    return POSTCODE.sub("[postcode]", text)


class JsonLines(logging.Formatter):
    """Write a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line: time, level, logger, message, the known extra fields, the traceback if any."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_postcodes(record.getMessage()),
        }
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["traceback"] = without_postcodes(self.formatException(record.exc_info))
        return orjson.dumps(line, default=str).decode()


def write_access(
    identity: str, method: str, route: str, status: int, size: int, seconds: float, said: str = "request"
) -> None:
    """Write the line of one answer: no query, no address, no postcode."""
    if ACCESS.isEnabledFor(logging.INFO):
        record = logging.LogRecord(ACCESS.name, logging.INFO, __file__, 0, said, (), None)  # who calls is known
        record.__dict__ |= {
            "request_id": identity,
            "method": method if method.isalpha() and len(method) < 10 else "other",
            "route": route,
            "status": status,
            "bytes": size,
            "ms": round(seconds * 1000, 2),
        }
        ACCESS.handle(record)


def write_json_lines(level: str) -> None:
    """Send this program's log, and nobody else's, to standard output as JSON lines."""
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # no line shows them
    logger = logging.getLogger("evenreach")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(JsonLines())
        logger.addHandler(handler)
        logger.propagate = False
    logger.setLevel(level.upper())
