"""The one gate for files that users bring: untrusted bytes in, a typed table and a report out.

The bytes go to a process of their own, which is limited in memory and time, may write no file, and is
killed when it takes too long. Nothing is ever put on disk: a file that is refused leaves no trace.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess  # nosec B404: starts this program's own worker, with fixed arguments
import sys
from dataclasses import asdict, dataclass, replace
from typing import Any, BinaryIO

import pandas as pd

from geodata.postcodes import Gazetteer
from geodata.upload.codes import Areas
from geodata.upload.declared import BadDeclaration, Declared, declare
from geodata.upload.postcodes import placed
from geodata.upload.report import Findings, Report, ReportItem
from geodata.upload.rules import RULES, Rule

__all__ = [
    "RULES", "Areas", "BadDeclaration", "Declared", "Limits", "Report", "ReportItem", "Rule", "Upload", "declare",
    "open_upload",
]  # fmt: skip
MEGABYTE = 1_000_000
# What a marker means is text; figures are float64, so that "not known" is NaN and never zero.
_FIGURES = ("value", "count", "denominator", "amount", "easting", "northing", "capacity")


@dataclass(frozen=True)
class Limits:
    """What one file may be and cost.

    Attributes
    ----------
    file_bytes, rows, columns : int
        Its size.
    memory_bytes, cpu_seconds : int
        Address space and processor time of the process that reads it.
    seconds : float
        Time on the clock.
    """

    file_bytes: int = 25 * MEGABYTE
    rows: int = 250_000
    columns: int = 200
    memory_bytes: int = 1500 * MEGABYTE
    cpu_seconds: int = 20
    seconds: float = 30.0


@dataclass(frozen=True)
class Upload:
    """A file that a user brought, read.

    Attributes
    ----------
    declared : Declared
        What it was declared to be.
    table : pandas.DataFrame or None
        The typed table; None if anything speaks against the file. Column ``row`` is the row of the file;
        figures are float64 with NaN where there is none, and ``note`` says why.
        footprints: footprint, code. indicator: code, value, count, denominator, note, marker.
        resource: code, amount, note, marker. The code is ``lsoa21cd``, or ``lsoa11cd`` if so declared.
        sites: site_id, name, address, postcode, easting, northing (EPSG:27700), capacity, lsoa21cd
        (of the postcode, where it was looked up).
    report : Report
        Every fault, warning and note.
    cost : dict of str to float
        ``peak_mb`` and ``cpu_seconds`` of the process; empty if it was stopped.
    """

    declared: Declared
    table: pd.DataFrame | None
    report: Report
    cost: dict[str, float]


DEFAULT_LIMITS = Limits()


def open_upload(
    stream: BinaryIO,
    declared: Declared,
    *,
    areas: Areas | None = None,
    gazetteer: Gazetteer | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Upload:
    """Read untrusted bytes as the table they are declared to be: whole, or not at all.

    Parameters
    ----------
    stream : binary file
        The content; read to its end, or one byte past the limit.
    declared : Declared
        What the user says it is; see `declare`.
    areas : Areas, optional
        The neighbourhoods of a place: rows outside it are left out and counted.
    gazetteer : Gazetteer, optional
        Live postcodes, to place sites by.
    limits : Limits
        What the file may be and cost.

    Returns
    -------
    Upload
        Table and report; the table is None if the report has a fault.
    """
    data = stream.read(limits.file_bytes + 1)
    if len(data) > limits.file_bytes:
        return _stopped("file-too-large", f"the file is larger than {limits.file_bytes:,} bytes", declared)
    place = {"place": areas.place, "codes": list(areas.codes), "codes_2011": list(areas.codes_2011)} if areas else None
    request = {
        "declared": asdict(declared),
        "areas": place,
        "memory_bytes": limits.memory_bytes,
        "cpu_seconds": limits.cpu_seconds,
        "max_rows": limits.rows,
        "max_columns": limits.columns,
    }
    answer = _ask_worker(json.dumps(request).encode() + b"\n" + data, limits)
    if "stopped" in answer:
        return _stopped(answer["stopped"], _STOPPED[answer["stopped"]].format(limits=limits), declared)
    report = Report.from_dict(answer["report"])
    if not report.accepted:
        return Upload(declared, None, report, answer["cost"])
    table = _typed(answer["columns"])
    if declared.kind == "sites":
        return _with_places(Upload(declared, table, report, answer["cost"]), gazetteer)
    return Upload(declared, table, report, answer["cost"])


_STOPPED = {
    "memory-limit": "reading needs more memory than {limits.memory_bytes:,} bytes",
    "processor-limit": "reading needs more than {limits.cpu_seconds} seconds of processor time",
    "time-limit": "reading takes longer than {limits.seconds:g} seconds",
    "reader-stopped": "the process that reads the file ended without an answer",
}


# Which limit the signal tells of: the kernel kills where memory runs out for all.
_KILLED: dict[int, str] = {signal.SIGXCPU: "processor-limit", signal.SIGKILL: "memory-limit"}


def _ask_worker(message: bytes, limits: Limits) -> dict[str, Any]:
    """Run one file through a process of its own; whatever becomes of it, it is gone afterwards."""
    environment = {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PATH": os.environ.get("PATH", os.defpath),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
    worker = subprocess.Popen(  # nosec B603: fixed arguments, no shell
        [sys.executable, "-B", "-P", "-X", "utf8", "-m", "geodata.upload.worker"],
        # -P: a file called csv.py in the folder someone stands in is not to be run.
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,  # Ctrl-C is for the program that waits, which then kills the worker
    )
    with worker:
        try:
            output, _ = worker.communicate(message, timeout=limits.seconds)
        except subprocess.TimeoutExpired:
            return {"stopped": "time-limit"}
        finally:
            worker.kill()
    if worker.returncode < 0:
        return {"stopped": _KILLED.get(-worker.returncode, "reader-stopped")}
    try:
        answer: dict[str, Any] = json.loads(output)
    except ValueError:
        return {"stopped": "reader-stopped"}
    return answer


def _stopped(rule: str, message: str, declared: Declared) -> Upload:
    findings = Findings(declared.file)
    findings.add(rule, message)
    return Upload(declared, None, findings.report(declared.kind, 0), {})


def _typed(columns: dict[str, list[Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: pd.Series(cells, dtype="int64" if name == "row" else "float64" if name in _FIGURES else "str")
            for name, cells in columns.items()
        }
    )


def _with_places(upload: Upload, gazetteer: Gazetteer | None) -> Upload:
    """Look up the postcodes of sites, where a list of them is at hand."""
    table, report, declared = upload.table, upload.report, upload.declared
    assert table is not None
    findings = Findings.resumed(report)
    if gazetteer is None:
        if (table["postcode"] != "").any():
            findings.add("postcodes-not-looked-up", "no list of postcodes is at hand; only their form was checked")
        table = table.assign(lsoa21cd=pd.Series(None, index=table.index, dtype="str"))
    else:
        table = placed(table, gazetteer, declared, findings)
    report = findings.report(declared.kind, report.rows_read)
    return replace(upload, table=table if report.accepted else None, report=report)
