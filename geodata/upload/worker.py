"""The process in which a file that a user brings is read: limited, killable, and without leave to write files."""

from __future__ import annotations

import json
import resource
import signal
import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from geodata.errors import BadFile
from geodata.upload.body import BodyReader
from geodata.upload.codes import Areas
from geodata.upload.declared import Declared
from geodata.upload.headers import refuse_persons
from geodata.upload.layout import HEADER_WITHIN, SAMPLE, find_layout
from geodata.upload.report import Findings, Report
from geodata.upload.text import open_text


@dataclass(frozen=True)
class Examined:
    """What came of one file: the columns of its table (none after a fault) and the report."""

    columns: dict[str, list[Any]]
    report: Report


def examine(data: bytes, declared: Declared, areas: Areas | None, *, max_rows: int, max_columns: int) -> Examined:
    """Read a file whole, in this process: only for the worker and for tests.

    Parameters
    ----------
    data : bytes
        The content.
    declared : Declared
        Its kind and facts.
    areas : Areas, optional
        The neighbourhoods of a place; rows outside are left out.
    max_rows, max_columns : int
        Limits.
    """
    findings = Findings(declared.file)
    columns: dict[str, list[Any]] = {}
    counted = [0]
    try:
        columns = _columns(data, declared, areas, findings, counted, max_rows, max_columns)
    except BadFile as fault:
        if fault.rule == "person-level":
            findings.forget()
        findings.add(
            fault.rule, fault.message, row=fault.row, column=fault.column, code=fault.code, value=fault.value,
            hint=fault.hint,
        )  # fmt: skip
        findings.skipped = min(findings.skipped, counted[0])
    return Examined({} if findings.refused else columns, findings.report(declared.kind, counted[0]))


def _columns(
    data: bytes,
    declared: Declared,
    areas: Areas | None,
    findings: Findings,
    counted: list[int],
    max_rows: int,
    max_columns: int,
) -> dict[str, list[Any]]:
    text = open_text(data, findings)
    filled = ((number, cells) for number, cells in text.rows() if any(cell.strip() for cell in cells))
    # A separator line is an instruction to spreadsheet programs, not a title.
    head = [row for row in islice(filled, HEADER_WITHIN + SAMPLE) if not _is_separator(row[1])]
    if not head:
        raise BadFile("the file holds nothing but empty rows", rule="empty-file")
    width = max(len(cells) for _, cells in head)
    if width > max_columns:
        raise BadFile(f"there are {width:,} columns; {max_columns} is the limit", rule="too-many-columns")
    for number, cells in head[:HEADER_WITHIN]:
        refuse_persons(cells, number)
    layout = find_layout(head, declared, findings)
    reader = BodyReader(layout, text.delimiter, max_rows, max_columns, findings)
    try:
        body = reader.read(text.rows())
    finally:
        counted[0] = reader.body.rows_read
    if declared.kind == "sites":
        from geodata.upload.sites import read_sites  # the only kind that needs coordinates, and their libraries

        return read_sites(body, layout, declared, findings)
    from geodata.upload import kinds

    readers = {"footprints": kinds.read_footprints, "indicator": kinds.read_indicator, "resource": kinds.read_resource}
    return readers[declared.kind](body, layout, declared, areas, findings, text.delimiter)


def _is_separator(cells: list[str]) -> bool:
    return cells[0].strip().casefold().startswith("sep=") and not any(cells[2:])


def _limit(memory_bytes: int, cpu_seconds: int) -> None:
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Read one request from standard input: a line of JSON, then the file; answer in JSON."""
    request = json.loads(sys.stdin.buffer.readline())
    _limit(request["memory_bytes"], request["cpu_seconds"])
    declared = Declared(**{**request["declared"], "only": tuple(map(tuple, request["declared"]["only"]))})
    areas = Areas.of(**request["areas"]) if request["areas"] else None
    try:
        answer = _answer(sys.stdin.buffer.read(), declared, areas, request)
    except MemoryError:
        answer = {"stopped": "memory-limit"}
    used = resource.getrusage(resource.RUSAGE_SELF)
    cost = {"peak_mb": _peak_mb(used.ru_maxrss), "cpu_seconds": round(used.ru_utime + used.ru_stime, 3)}
    sys.stdout.write(json.dumps({**answer, "cost": cost}))


def _peak_mb(since_fork_kb: int) -> float:
    """Most memory held since this program began; ``ru_maxrss`` also remembers the one that started it."""
    status = Path("/proc/self/status")
    peaks = (
        [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        if status.exists()
        else []
    )
    return round(int(peaks[0] if peaks else since_fork_kb) / 1000, 1)


def _answer(data: bytes, declared: Declared, areas: Areas | None, request: dict[str, Any]) -> dict[str, Any]:
    found = examine(data, declared, areas, max_rows=request["max_rows"], max_columns=request["max_columns"])
    return {"columns": found.columns, "report": found.report.as_dict()}


if __name__ == "__main__":
    main()
