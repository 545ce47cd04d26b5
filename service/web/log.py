"""The log: one JSON object a line on standard output; control characters come out escaped, postcodes blacked out."""

from __future__ import annotations

import logging
import re
import sys
import time
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import TextIO

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
    if not ACCESS.isEnabledFor(logging.INFO):
        return
    told: dict[str, object] = {
        "request_id": identity,
        "method": method if method.isalpha() and len(method) < 10 else "other",
        "route": route,
        "status": status,
        "bytes": size,
        "ms": round(seconds * 1000, 2),
    }
    if _OUTPUT.takes(ACCESS):
        _OUTPUT.write_told(said, told)
        return
    record = logging.LogRecord(ACCESS.name, logging.INFO, __file__, 0, said, (), None)  # who calls is known
    record.__dict__ |= told
    ACCESS.handle(record)


class Output(logging.StreamHandler[TextIO]):
    """Standard output, with a short way for the lines of answers: there is one for every answer."""

    def takes(self, logger: logging.Logger) -> bool:
        """Tell whether this alone writes what a logger is told."""
        parent = logger.parent
        alone = not logger.handlers and not logger.filters and not self.filters and logger.propagate
        return alone and parent is not None and parent.handlers == [self] and not parent.propagate

    def write_told(self, said: str, told: dict[str, object]) -> None:
        """Write a line as `JsonLines` would."""
        now = time.time()
        line = {
            "time": f"{_second(int(now))}.{int(now % 1 * 1000):03d}+00:00",
            "level": "info",
            "logger": ACCESS.name,
            "message": said,
            **told,
        }
        with suppress(OSError, ValueError), self.lock or nullcontext():  # the log must never cost an answer
            self.stream.write(orjson.dumps(line).decode() + "\n")
            self.stream.flush()


@lru_cache(2)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


_OUTPUT = Output(sys.stdout)


def write_json_lines(level: str) -> None:
    """Send this program's log, and nobody else's, to standard output as JSON lines."""
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # no line shows them
    logger = logging.getLogger("evenreach")
    if not logger.handlers:
        _OUTPUT.setStream(sys.stdout)
        _OUTPUT.setFormatter(JsonLines())
        logger.addHandler(_OUTPUT)
        logger.propagate = False
    logger.setLevel(level.upper())
