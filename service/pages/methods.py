"""What the methods pages show: the list of methods, and worked examples from the figures kept for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from service.files.spreadsheet_methods import Sheets
from service.pages.wording import fixed, percent, plain, pounds

FIGURES = Path(__file__).parent.parent / "worked" / "figures.json"
WORKBOOK = "evenreach-methods.xlsx"
FIRST_EXAMPLE = "M1 two squares"  # the one on the page of all methods
WRITERS: dict[str, Callable[[float], str]] = {
    "whole": fixed,
    "pounds": pounds,
    "percent": lambda share: percent(share, 4),
}


@dataclass(frozen=True)
class Method:
    """One method and its page.

    Attributes
    ----------
    id : str
        In the address, and what the code names: ``m1``.
    question : str
        What it answers, for the list of methods.
    functions : tuple of str
        Where it is in the code.
    """

    id: str
    title: str
    question: str
    functions: tuple[str, ...]

    @property
    def number(self) -> str:
        """How the code and the workbook call it: M1."""
        return self.id.upper()

    @property
    def address(self) -> str:
        """Give the address of its page."""
        return f"/methods/{self.id}"


METHODS = (
    Method(
        "m1",
        "Sharing out: everyone gets something, more where need is greater",
        "How is a budget divided?",
        (
            "layers.targeting.need_position",
            "layers.targeting.targeting_score",
            "layers.targeting.share_out",
            "layers.whole_units.whole_units",
            "layers.certificate_check",
        ),
    ),
    Method(
        "m2",
        "Is it proportionate?",
        "Does what we spend rise as steeply as need does?",
        ("layers.inequality.proportionality_ratio",),
    ),
    Method(
        "m3",
        "Missed need",
        "Who is left out when only some areas are chosen?",
        ("layers.missed_need.missed_need",),
    ),
    Method(
        "m4",
        "The need score",
        "How do several figures become one score, and why is it what it is?",
        (
            "layers.scaling.ridit",
            "layers.need.need_score",
            "layers.shrinkage.shrink_to_council",
            "layers.place_summaries.summarise",
        ),
    ),
    Method(
        "m5",
        "Rates, limits and inequality",
        "How sure is a figure, how unequal is it, and has it changed?",
        (
            "layers.rates.proportion",
            "layers.rates.rate",
            "layers.rates.directly_standardised_rate",
            "layers.inequality.slope_index",
            "layers.inequality.by_group",
            "layers.trends.recent_trend",
            "layers.trends.control_limits",
        ),
    ),
    Method(
        "m6",
        "GP figures carried home",
        "What do the figures of GP practices say about neighbourhoods?",
        ("layers.apportion.practice_to_neighbourhood",),
    ),
    Method(
        "m7",
        "Travel, access and siting",
        "How far is a service, who reaches how much of it, and where should the next site go?",
        (
            "layers.travel_time.travel_times",
            "layers.access.nearest",
            "layers.access.within",
            "layers.access.floating_catchment",
            "layers.siting.choose_sites",
            "layers.siting.closure_test",
            "layers.siting.price_of_fairness",
            "layers.siting.rivals",
        ),
    ),
    Method(
        "m8",
        "Clusters",
        "Where do high or low values gather, more than chance would have it?",
        ("layers.clusters.queen_neighbours", "layers.clusters.local_clusters", "layers.clusters.hot_spots"),
    ),
    Method(
        "m9",
        "How sure a rank is",
        "Would this neighbourhood still be near the top with other noise and other weights?",
        ("layers.uncertainty.rank_intervals", "layers.uncertainty.drivers"),
    ),
    Method(
        "m10",
        "Similar places and targets",
        "Who is like us, who does better, and are we on track?",
        (
            "layers.similar.similar_places",
            "layers.similar.positive_deviants",
            "layers.trends.target_path",
            "layers.trends.verdict",
            "layers.trends.gap_as_people",
        ),
    ),
    Method(
        "m11",
        "From the areas of 2011 to those of 2021",
        "What happens to figures when boundaries change?",
        ("layers.apportion.to_2021",),
    ),
    Method(
        "m12",
        "Small counts of people",
        "How are counts of people protected when you bring your own?",
        ("layers.disclosure.protect", "layers.disclosure.protected_share"),
    ),
)
BY_ID = {method.id: method for method in METHODS}


@cache
def sheets() -> Sheets:
    """Give the worked examples as they were written."""
    found: Sheets = json.loads(FIGURES.read_text(encoding="utf-8"))
    return found


def methods_page() -> dict[str, Any]:
    """Gather what the page of all methods shows."""
    first = next(sheet for sheet in sheets() if sheet["name"] == FIRST_EXAMPLE)
    return {"methods": METHODS, "example": shown(first), "workbook": WORKBOOK}


def method_page(method: Method) -> dict[str, Any]:
    """Gather what the page of one method shows.

    Parameters
    ----------
    method : Method
        From `METHODS`.

    Returns
    -------
    dict
        ``method``, its ``examples`` ready to be drawn, and the methods ``before`` and ``after``.
    """
    place = METHODS.index(method)
    return {
        "method": method,
        "examples": [shown(sheet) for sheet in sheets() if sheet["method"] == method.id],
        "workbook": WORKBOOK,
        "before": METHODS[place - 1] if place else None,
        "after": METHODS[place + 1] if place + 1 < len(METHODS) else None,
    }


def shown(sheet: Mapping[str, Any]) -> dict[str, Any]:
    """Write the figures of one example as a reader sees them.

    Returns
    -------
    dict
        ``id``, ``name``, ``title``, ``text`` and ``parts``: caption, header, rows of cells (text, given, number), and
        the formulas of its first row.
    """
    name = sheet["name"]
    return {
        "id": name.lower().replace(" ", "-"),
        "name": name,
        "title": sheet["title"],
        "text": sheet["text"],
        "parts": [_part(part) for part in sheet["parts"]],
    }


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    facts = len(part["header"]) == 2 and part["header"][0] == "What"
    return {
        "caption": part["caption"],
        "header": part["header"],
        "numeric": [any(cell["style"] != "text" for cell in cells) for cells in zip(*part["rows"], strict=True)],
        "rows": [[_cell(cell) for cell in cells] for cells in part["rows"]],
        "formulas": _formulas(part, facts=facts),
    }


def _cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    value, write = cell["value"], WRITERS.get(cell["style"], plain)
    text = value if isinstance(value, str) else "" if value is None else write(value)
    return {"text": text, "given": "formula" not in cell and value is not None and not isinstance(value, str)}


def _formulas(part: Mapping[str, Any], *, facts: bool) -> list[dict[str, str]]:
    """List the formulas to type: each fact's, or each column's in the first row that has one."""
    found = []
    columns = [1] if facts else range(len(part["header"]))
    for column in columns:
        for row, cells in enumerate(part["rows"]):
            formula = cells[column].get("formula")
            if formula:
                what = cells[0]["value"] if facts else part["header"][column]
                found.append({"what": what, "cell": f"{chr(65 + column)}{part['row'] + 2 + row}", "formula": formula})
                if not facts:
                    break
    return found
