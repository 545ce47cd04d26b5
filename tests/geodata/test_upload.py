"""The gate for files that users bring: every bad and odd file gets its verdict, and leaves nothing behind."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import os
import random
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata import demo
from geodata.postcodes import Gazetteer, read_postcodes
from geodata.upload import gate, worker
from geodata.upload.codes import vintages
from geodata.upload.gate import RULES, BadDeclaration, Limits, Report, Upload, declare, open_upload
from geodata.upload.report import SHOWN_PER_RULE, Findings, shown
from geodata.upload.worker import examine
from tests.conftest import SOAK
from tests.geodata.bad_files import code_cases, footprint_cases, layout_cases, number_cases, site_cases, text_cases
from tests.geodata.bad_files.case import CODES, FACTS, GOOD, HEADER, INDICATOR, Case

CORPUS = [
    case
    for family in (text_cases, layout_cases, code_cases, number_cases, footprint_cases, site_cases)
    for case in family.CASES
]
MAIN_COLUMN = {"footprints": "footprint", "indicator": "value", "resource": "amount", "sites": "easting"}
MAX_SECONDS, MAX_MB = 10.0, 500.0
EACH = (
    8  # one file in so many goes through a process of its own, and all that are large or meet a limit; in the soak all
)


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    home = Path(demo.__file__).parent / "files"
    return Gazetteer(read_postcodes(home / "geography" / "postcodes_demo.csv").table)


@pytest.fixture
def clean(tmp_path, monkeypatch):
    """An empty working folder and an empty temporary folder, which must be empty afterwards; no process is left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    before = children()
    yield
    assert os.listdir(tmp_path) == []
    assert children() == before


def children() -> set[str]:
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


def needs_the_worker(number: int, case: Case) -> bool:
    """Whether a file must go through a process of its own, which takes ten times as long as most files do."""
    limited = case.limits != Limits() or set(case.rejects) & {rule for rule in RULES if rule.endswith("-limit")}
    return SOAK or number % EACH == 0 or bool(limited) or len(case.data) > 50_000


def read_here(message: bytes, limits: Limits) -> dict[str, Any]:
    """Do what the process does, in this one: the same request in, the same JSON out."""
    line, _, data = message.partition(b"\n")
    request = json.loads(line)
    declared = worker.Declared(**{**request["declared"], "only": tuple(map(tuple, request["declared"]["only"]))})
    areas = worker.Areas.of(**request["areas"]) if request["areas"] else None
    return json.loads(json.dumps({**worker._answer(data, declared, areas, request), "cost": {}}))


def opened(case: Case, gazetteer: Gazetteer | None = None) -> Upload:
    declared = declare(case.kind, f"{case.name}.csv", case.declarations())
    stream = io.BytesIO(case.data)
    return open_upload(
        stream, declared, areas=case.areas, gazetteer=gazetteer if case.gazetteer else None, limits=case.limits
    )


def indicator(text: str | bytes, **facts: str) -> Report:
    data = text.encode() if isinstance(text, str) else text
    declared = declare("indicator", "own.csv", {**INDICATOR, **facts})
    return examine(data, declared, None, max_rows=250_000, max_columns=200).report


@pytest.mark.soak_too
@pytest.mark.parametrize(("number", "case"), list(enumerate(CORPUS)), ids=[case.name for case in CORPUS])
def test_every_file_gets_its_verdict(number, case, gazetteer, clean, monkeypatch):
    if not needs_the_worker(number, case):
        monkeypatch.setattr(gate, "_ask_worker", read_here)
    begun = time.monotonic()
    upload = opened(case, gazetteer)
    report = upload.report
    told = [(item.rule, item.row, item.message) for item in report.items]
    assert {item.rule for item in report.items if item.severity == "reject"} == set(case.rejects), told
    assert set(case.says) <= set(report.totals), told
    assert report.accepted == (not case.rejects) == (upload.table is not None)
    if case.row is not None:
        assert next(item.row for item in report.items if item.rule == case.rejects[0]) == case.row, told
    if case.values is not None:
        got = [None if isinstance(v, float) and math.isnan(v) else v for v in upload.table[MAIN_COLUMN[case.kind]]]
        assert got == pytest.approx(list(case.values))
    if case.skipped is not None:
        assert report.skipped == case.skipped
    assert report.rows_read == report.stored + report.rejected + report.skipped
    assert report.stored == (0 if upload.table is None else len(upload.table))
    assert time.monotonic() - begun < MAX_SECONDS
    assert upload.cost.get("peak_mb", 0) < MAX_MB


def test_the_corpus_is_large_and_has_no_file_twice():
    assert len(CORPUS) >= 150
    assert len({case.name for case in CORPUS}) == len(CORPUS)


def test_every_rule_has_a_file_or_a_declaration_that_breaks_it():
    met = {rule for case in CORPUS for rule in (*case.rejects, *case.says)}
    assert set(RULES) - met == {"reader-stopped", *DECLARATION_RULES - {"bad-declaration"}}


def test_every_rule_is_explained():
    for name, rule in RULES.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        assert rule.sentence.endswith(".")
        assert not rule.hint or rule.hint.endswith((".", "?"))
        assert rule.hint or rule.severity != "reject", f"{name} rejects and gives no hint"


DECLARED_BADLY = [
    ("unknown-kind", "boundaries", {}),
    ("missing-declaration", "indicator", {}),
    ("missing-declaration", "indicator", {key: value for key, value in INDICATOR.items() if key != "unit"}),
    ("missing-declaration", "sites", {"service": "food_bank"}),
    ("unknown-declaration", "indicator", {**INDICATOR, "polarty": "1"}),
    ("unknown-declaration", "footprints", {"polarity": "1"}),
    ("bad-declaration", "indicator", {**INDICATOR, "polarity": "up"}),
    ("bad-declaration", "indicator", {**INDICATOR, "vintage": "2001"}),
    ("bad-declaration", "indicator", {**INDICATOR, "unit": " "}),
    ("bad-declaration", "indicator", {**INDICATOR, "unit": "x" * 201}),
    ("bad-declaration", "indicator", {**INDICATOR, "period": "20\x1b23"}),
    ("bad-declaration", "indicator", {**INDICATOR, "only": "persons"}),
    ("bad-declaration", "sites", {**FACTS["sites"], "service": "../etc"}),
    ("declaration-too-long", "indicator", {f"x{i}": "y" * 150 for i in range(20)}),
]
DECLARATION_RULES = {rule for rule, _, _ in DECLARED_BADLY}


@pytest.mark.parametrize(("rule", "kind", "facts"), DECLARED_BADLY)
def test_a_bad_declaration_is_refused_before_the_file_is_opened(rule, kind, facts):
    with pytest.raises(BadDeclaration) as caught:
        declare(kind, "own.csv", facts)
    assert caught.value.rule == rule
    assert RULES[rule].hint in str(caught.value)


def test_a_worker_that_dies_is_told(monkeypatch, clean):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    report = open_upload(io.BytesIO(GOOD.encode()), declare("footprints", "own.csv")).report
    assert [item.rule for item in report.items] == ["reader-stopped"]


def test_the_worker_may_write_no_file(clean):
    # Its limit on the size of files is zero: even a library that wanted to could not leave one behind.
    code = (
        "from geodata.upload.worker import _limit; _limit(1500000000, 20)\n"
        "try:\n"
        "    with open('left.txt', 'w') as file: file.write('x')\n"
        "except OSError as error: print(error.errno)\n"
    )
    import errno
    import subprocess

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": REPOSITORY})
    assert done.stdout.strip() == str(errno.EFBIG)
    assert Path("left.txt").read_text() == ""
    Path("left.txt").unlink()


def test_the_worker_runs_no_file_of_the_folder_someone_stands_in(tmp_path, monkeypatch):
    for name in ("csv.py", "json.py", "geodata.py"):
        (tmp_path / name).write_text("raise SystemExit('run')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path] or [REPOSITORY])
    assert open_upload(io.BytesIO(GOOD.encode()), declare("indicator", "own.csv", INDICATOR)).report.accepted


REPOSITORY = str(Path(demo.__file__).resolve().parents[2])


def test_the_table_is_typed_and_knows_its_rows(clean):
    text = "A title\nLSOA21CD,count,denominator\nE01000001,10,40\n\nE01000002,*,60\nSource: own\n"
    declared = declare("indicator", "own.csv", INDICATOR)
    table = open_upload(io.BytesIO(text.encode()), declared).table
    assert table.columns.tolist() == ["row", "lsoa21cd", "value", "count", "denominator", "note", "marker"]
    assert table["row"].tolist() == [3, 5]
    assert table["value"].tolist()[0] == 25.0
    assert math.isnan(table["value"][1])
    assert table["note"].tolist() == ["", "suppressed"]
    assert table["marker"].tolist() == ["", "*"]


def test_sites_know_their_neighbourhood(gazetteer, clean):
    declared = declare("sites", "own.csv", FACTS["sites"])
    table = open_upload(io.BytesIO(site_cases.POSTCODES.encode()), declared, gazetteer=gazetteer).table
    assert table["lsoa21cd"].tolist() == ["E01900001", "E01900001"]
    assert table["postcode"].tolist() == ["ZX1 1AA", "ZX1 1AB"]


def test_twenty_faults_of_a_rule_are_listed_and_all_are_counted():
    report = indicator(HEADER + "".join(f"E02{i:06d},x\n" for i in range(1000)))
    assert report.totals["wrong-level"] == 1000
    assert sum(item.rule == "wrong-level" for item in report.items) == SHOWN_PER_RULE == 20
    assert report.rows_at_fault == report.rejected == 1000
    assert [item.row for item in report.items if item.rule == "wrong-level"] == list(range(2, 22))


def test_one_fault_rejects_every_row():
    report = indicator(GOOD + "E01000005,abc\nTotal,5\n")
    assert (report.rows_read, report.stored, report.rejected, report.skipped, report.rows_at_fault) == (5, 0, 4, 1, 1)


def test_a_fault_of_the_header_is_no_row_at_fault():
    report = indicator("lad21cd,value\nE06000032,3\nE06000033,4\n")
    assert [item.message for item in report.items if item.rule == "missing-column"] == [
        "'lad21cd' holds codes of other areas; those of neighbourhoods (LSOA) are needed"
    ]
    assert report.rows_at_fault == 0


def test_a_report_survives_json():
    report = indicator(GOOD + "E01000005,abc\n")
    assert Report.from_dict(report.as_dict()) == report


def test_items_are_frozen_and_cut_and_cannot_steer_a_screen():
    report = indicator(GOOD + f"E01000005,\x1b[2J{'x' * 200}\n")
    item = next(item for item in report.items if item.severity == "reject")
    assert len(item.value) == 80
    assert "\x1b" not in item.value + item.message
    with pytest.raises(dataclasses.FrozenInstanceError):
        item.row = 1
    assert shown("a\u202eb\nc") == "a�b�c"


def test_no_value_of_a_person_is_repeated():
    text = "lsoa21cd,value,ref\n" + "".join(
        f"{code},1,{number}\n" for code, number in zip(CODES, layout_cases.NHS_NUMBERS, strict=False)
    )
    text += "E01000006,1,4505577104,too wide\n"
    report = indicator(text)
    assert [item.rule for item in report.items] == ["person-level"]
    assert not re.search(r"\d{6}", str(report.as_dict()))


def test_a_skipped_row_outside_the_place_is_not_judged():
    findings = Findings("own.csv")
    assert findings.report("indicator", 0).accepted


def test_the_stream_is_read_no_further_than_the_limit():
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            assert size > 0
            self.given += size
            return b"x" * size

    stream = Endless()
    report = open_upload(stream, declare("footprints", "own.csv"), limits=Limits(file_bytes=1000)).report
    assert [item.rule for item in report.items] == ["file-too-large"]
    assert stream.given == 1001


@pytest.mark.realdata
def test_issued_codes_are_those_of_the_published_look_up(sources_dir):
    from geodata.lookups import read_exact_fit

    table = read_exact_fit(sources_dir / "geography" / "lsoa11_lsoa21_exact_fit_lookup_england.csv.gz").table
    old, new = set(table["lsoa11cd"]), set(table["lsoa21cd"])
    for number in range(36_500):
        code = f"E01{number:06d}"
        assert vintages(code) == {year for year, codes in ((2011, old), (2021, new)) if code in codes}


def test_the_demo_team_areas_and_libraries_are_accepted(gazetteer, clean):
    home = Path(demo.__file__).parent / "files"
    for kind, name in (("footprints", "geography/team_areas.csv"), ("sites", "sites/ace_libraries_england_2023.csv")):
        with (home / name).open("rb") as stream:
            upload = open_upload(stream, declare(kind, name, FACTS[kind]), gazetteer=gazetteer)
        assert upload.report.accepted, upload.report.items[:3]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_get_a_verdict(data):
    for kind, facts in FACTS.items():
        found = examine(data, declare(kind, "own.csv", facts), None, max_rows=100, max_columns=20)
        assert found.report.accepted == bool(found.columns)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_a_damaged_file_gets_a_verdict_or_whole_values(seed, times):
    dice = random.Random(seed)
    data = bytearray((GOOD + "Total,60\nSource: own\n").encode())
    for _ in range(times):
        at = dice.randrange(len(data))
        action = dice.choice(("change", "drop", "double"))
        if action == "change":
            data[at] = dice.choice(b'",;\n\r\t 0123456789E*-%.\xff\x00')
        elif action == "drop":
            del data[at]
        else:
            data.insert(at, data[at])
    found = examine(bytes(data), declare("indicator", "own.csv", INDICATOR), None, max_rows=100, max_columns=20)
    for value in found.columns.get("value", []):
        assert value is None or 0 <= value <= 100


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.decimals("1.01", 100, places=2)), min_size=1, max_size=5),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_is_written_is_what_is_read(values, delimiter, encoding, line_end):
    rows = [["lsoa21cd", "value"], *([code, str(v or "*")] for code, v in zip(CODES, values, strict=False))]
    data = line_end.join(delimiter.join(row) for row in rows).encode(encoding)
    found = examine(data, declare("indicator", "own.csv", INDICATOR), None, max_rows=100, max_columns=20)
    wanted = [None if value is None else float(value) for value in values]
    if any(values):
        assert found.columns["value"] == wanted
    else:
        assert found.report.totals["no-values"] == 1
