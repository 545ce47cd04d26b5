"""The methods pages and their workbook: figures of `layers`, formulas that a spreadsheet program works out again."""

from __future__ import annotations

import io
import json
import re
import subprocess
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from service.files.spreadsheet_methods import COVER, methods_workbook
from service.pages.methods import FIGURES, METHODS, WORKBOOK, sheets
from service.worked.write import worked
from tests.service.conftest import Served

TOLERANCE = 1e-9
# LibreOffice keeps what a file says of a formula's figure unless told to work it out.
ALWAYS_CALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>"""
Cell = dict[str, Any]


@pytest.fixture(scope="module")
def examples() -> list[dict[str, Any]]:
    return worked()


def calculated(libreoffice: str, workbook: bytes, folder: Path) -> Any:
    """Open a workbook in LibreOffice, have every formula worked out, and read the figures."""
    profile = folder / "profile" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(ALWAYS_CALCULATE)
    (folder / "methods.xlsx").write_bytes(workbook)
    command = [libreoffice, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "xlsx"]
    command += ["--outdir", str(folder / "out"), str(folder / "methods.xlsx")]
    subprocess.run(command, capture_output=True, check=True, timeout=120)
    return openpyxl.load_workbook(folder / "out" / "methods.xlsx", data_only=True)


def cells(examples: list[dict[str, Any]]) -> list[tuple[str, int, int, Cell]]:
    """Every cell: its sheet, row and column in the workbook, and what it should hold."""
    return [
        (sheet["name"], part["row"] + 2 + row, column, cell)
        for sheet in examples
        for part in sheet["parts"]
        for row, line in enumerate(part["rows"])
        for column, cell in enumerate(line, 1)
    ]


def differs(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, str) or wanted is None:
        return (found or "") != (wanted or "")
    return not (isinstance(found, int | float) and abs(found - wanted) <= TOLERANCE * max(1.0, abs(wanted)))


def test_a_spreadsheet_program_works_out_every_figure_again(libreoffice, examples, tmp_path):
    empty = methods_workbook(examples, cached=False)  # every formula says 0 until it is worked out
    book = calculated(libreoffice, empty, tmp_path)
    compared = [(name, row, column, cell) for name, row, column, cell in cells(examples) if "formula" in cell]
    wrong = [
        f"{name} {row},{column} {cell['formula']}: {book[name].cell(row, column).value!r}, not {cell['value']!r}"
        for name, row, column, cell in compared
        if differs(book[name].cell(row, column).value, cell["value"])
    ]
    assert wrong == []
    assert len(compared) > 600
    assert {name.split()[0].lower() for name, *_ in compared} == {method.id for method in METHODS}


def test_a_wrong_figure_would_be_seen(libreoffice, examples, tmp_path):
    # The dial of the first example is turned: the figures that follow from it must change, or nothing is live.
    turned = json.loads(json.dumps(examples[:1]))
    turned[0]["parts"][0]["rows"][0][1]["value"] = 5.0
    book = calculated(libreoffice, methods_workbook(turned), tmp_path)
    multiples = [book["M1 two squares"].cell(row, 6).value for row in (11, 12)]
    # 2 (1 + 4 x 0.25) / 6 and 2 (1 + 4 x 0.75) / 6
    assert multiples == pytest.approx([4 / 6, 8 / 6], abs=1e-12)


def test_the_kept_figures_are_those_of_the_methods_today(examples):
    kept = json.loads(FIGURES.read_text("utf-8"))
    assert [sheet["name"] for sheet in kept] == [sheet["name"] for sheet in examples], "python -m service.worked.write"
    for (name, row, column, old), (*_, new) in zip(cells(kept), cells(examples), strict=True):
        assert old.get("formula") == new.get("formula"), (name, row, column)
        assert not differs(old["value"], new["value"]), f"{name}: run python -m service.worked.write"


def test_the_workbook_carries_figures_and_formulas_and_is_the_same_every_time(examples):
    made = methods_workbook(sheets())
    assert made == methods_workbook(sheets())
    figures = openpyxl.load_workbook(io.BytesIO(made), data_only=True)
    formulas = openpyxl.load_workbook(io.BytesIO(made))
    assert figures.sheetnames == [COVER, *(sheet["name"] for sheet in examples)]
    for name, row, column, cell in cells(examples):
        assert not differs(figures[name].cell(row, column).value, cell["value"]), (name, row, column)
        if "formula" in cell:
            assert formulas[name].cell(row, column).value == cell["formula"]
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        assert not [part for part in parts.namelist() if "external" in part.lower() or "vba" in part.lower()]


def test_the_first_examples_are_right_when_retyped(examples):
    for sheet in [sheet for sheet in examples if sheet["name"] in ("M1 two squares", "M1 dial")]:
        (rho, budget), table = (Fraction(row[1]["value"]) for row in sheet["parts"][0]["rows"]), sheet["parts"][1]
        rows = [[cell["value"] for cell in line] for line in table["rows"]]
        everyone = sum(Fraction(row[2]) for row in rows)
        for _, need, people, lower, position, multiple, amount, head in rows:
            below = sum(Fraction(p) for _, n, p, *_ in rows if n < need)
            same = sum(Fraction(p) for _, n, p, *_ in rows if n == need)
            u = (below + same / 2) / everyone
            r = 2 * (1 + (rho - 1) * u) / (rho + 1)
            share = budget * Fraction(people) * r / everyone
            assert (lower, position, multiple) == (float(below + same / 2), float(u), float(r))
            assert (amount, head) == (float(share), pytest.approx(float(share / people), abs=1e-12))


def test_the_drawn_interval_is_that_of_the_program(examples):
    (sheet,) = [sheet for sheet in examples if sheet["name"] == "M9 certainty"]
    drawn = [line[1]["value"] for line in sheet["parts"][2]["rows"]]
    said = {line[0]["value"]: line[1]["value"] for line in sheet["parts"][3]["rows"]}
    # 21 draws: the second smallest and the second largest leave 5 in 100 outside on either side
    assert (said["Rank, 5 % of draws"], said["Rank, 95 % of draws"]) == (sorted(drawn)[1], sorted(drawn)[-2])
    assert said["Chance of the top fifth"] == sum(rank <= 5 for rank in drawn) / 21


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.id)
def test_each_method_has_a_page_with_its_words_formula_example_laws_and_limits(served: Served, method):
    text = served.get(f"/methods/{method.id}").text
    for part in ("words", "formula", "examples", "laws", "limits", "code"):
        assert f'id="{part}"' in text
    for function in method.functions:
        assert function in text
    shown = [sheet for sheet in sheets() if sheet["method"] == method.id]
    assert shown
    for sheet in shown:
        assert sheet["title"] in text.replace("&#39;", "'")
        assert text.count("<table") >= len(sheet["parts"])
    assert not re.search(r"\b(nan|None|inf)\b", re.sub(r"<[^>]+>", " ", text))


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.id)
def test_the_functions_a_page_names_are_there(method):
    import importlib

    for name in method.functions:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError:
            module, _, function = name.rpartition(".")
            assert callable(getattr(importlib.import_module(module), function)), name


def test_nobody_goes_without_is_said_of_money_or_before_rounding_alone(served: Served):
    minute, m1 = served.get("/methods").text, served.get("/methods/m1").text
    assert "Money reaches every neighbourhood. Whole posts cannot be split" in minute
    assert "Before rounding to whole posts, nobody gets nothing." in m1
    assert "Nobody ever gets nothing" not in m1
    assert "is the remedy" not in m1


def test_the_page_of_all_methods_leads_to_each_and_to_the_workbook(served: Served):
    text = served.get("/methods").text
    for method in METHODS:
        assert f'href="{method.address}"' in text
    assert f'href="/methods/{WORKBOOK}"' in text
    answer = served.get(f"/methods/{WORKBOOK}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="{WORKBOOK}"'
    assert openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames[0] == COVER
    same = served.get(f"/methods/{WORKBOOK}", headers={"If-None-Match": answer.headers["etag"]})
    assert same.status_code == 304


@pytest.mark.parametrize("path", ["/methods/m0", "/methods/m99", "/methods/M1", "/methods/../sources.toml"])
def test_a_method_that_is_not_there_is_not_found(served: Served, path):
    assert served.get(path).status_code == 404
