"""A share-out as a table: what CSV, XLSX and JSON carry, so that they cannot differ."""

from __future__ import annotations

from collections.abc import Callable, Collection
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from service.drawing.features import view_facts
from service.editions.scoring import METHOD_VERSION
from service.files.column_words import ABOUT_COLUMNS, words_in_view
from service.files.downloads import csv_bytes, csv_metadata, put
from service.files.file_table import Column, Table, dial_facts, facts_of
from service.sharing.designs import Design, designs
from service.sharing.recipients import Receiver
from service.sharing.share_outs import SharedBudget, certificate_bytes, certificate_of
from service.sharing.words import (
    budget_words,
    in_need_words,
    notes,
    recipients_words,
    rule_words,
    sentence_of_rule,
    sentences,
    warnings,
)

COLUMNS: tuple[tuple[str, str, int, Callable[[Receiver], Any]], ...] = (
    ("recipient", "Code of the recipient: LSOA, ward, MSOA or team area", 0, lambda r: r.share.code),
    ("name", "Name of the recipient", 0, lambda r: r.name),
    ("eligible", ABOUT_COLUMNS["eligible"], 1, lambda r: _number(r.share.people)),
    ("need_position", "Need position, 0 to 1; 1 is the greatest need", 3, lambda r: _number(r.share.position)),
    ("targeting_score", "Planned share per head; 1 is the average", 2, lambda r: _number(r.share.multiple)),
    ("quota", "What is due before rounding, with any least amount", 2, lambda r: _number(r.share.quota)),
    ("amount", "What the recipient gets; the amounts add up to the budget", 2, lambda r: _number(r.share.amount)),
    ("achieved", "Share per head of the amount; 1 is the average", 2, lambda r: _number(r.share.achieved)),
)  # fmt: skip
NEED_AT = 4  # people in need stand after the need position
TEXTS = ("recipient", "name")


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _in_need(not_shown: Collection[str], receiver: Receiver) -> float | None:
    """Give the people in need of a recipient; nothing where one of its counts is not shown."""
    return None if receiver.share.code in not_shown else _number(receiver.share.in_need)


def share_table(shared: SharedBudget) -> Table:
    """Collect the recipients as the columns of a file, greatest need first."""
    wanted = list(COLUMNS)
    if shared.in_need is not None:
        about = f"The people in need by whom it was shared: {shared.in_need.title}"
        wanted.insert(NEED_AT, ("in_need", about, 1, partial(_in_need, frozenset(shared.stood_in))))
    columns = [
        Column(
            name,
            words_in_view(shared.edition, shared.view, name, about),
            "text" if name in TEXTS else "number",
            [value(row) for row in shared.receivers],
            decimals,
        )
        for name, about, decimals, value in wanted
    ]
    facts = facts_of(shared.edition, shared.view.but(layer="targeting"))
    if shared.in_need is None and shared.request.over == "lsoa":  # a larger area's shares are averages: said below
        facts |= dial_facts(shared.scores)
    title = f"{facts['title']}: {budget_words(shared)} shared out"
    said = [f"{sentence_of_rule(shared)}.", *sentences(shared), *warnings(shared), *notes(shared)]
    request = shared.request.parameters() | {"unit": shared.request.unit, "over": shared.request.over}
    return Table(
        columns,
        {**facts, "title": title, "share_out": said, "request": request, "rows": "recipients", "sheet": "Share-out"},
        None,
    )


def write_share(shared: SharedBudget, path: Path) -> None:
    """Write the recipients to a ``.csv`` (with ``FILE-metadata.json`` beside it), ``.xlsx`` or ``.pdf`` file."""
    kind = path.suffix.lower().lstrip(".")
    put(path, share_bytes(shared, kind))
    if kind == "csv":
        put(path.with_name(f"{path.name}-metadata.json"), csv_metadata(share_table(shared), path.name))


def share_bytes(shared: SharedBudget, kind: str, *, link: str = "") -> bytes:
    """Write a share-out as one kind of file.

    Parameters
    ----------
    shared : SharedBudget
        A budget shared out.
    kind : {"csv", "xlsx", "pdf", "json", "certificate.json"}
        Which; XLSX and PDF load heavy libraries and belong in the workshop or on the command line.
    link : str
        Where it can be opened again, for the PDF.
    """
    if kind == "csv":
        return csv_bytes(share_table(shared))
    if kind == "xlsx":
        from service.files.spreadsheet import xlsx_bytes

        return xlsx_bytes(share_table(shared))
    if kind == "pdf":
        from service.sharing.pdf import pdf_bytes

        return pdf_bytes(shared, link=link)
    return orjson.dumps(share_answer(shared)) if kind == "json" else certificate_bytes(shared)


def write_certificate(shared: SharedBudget, path: Path) -> None:
    """Write the certificate of a share-out."""
    put(path, certificate_bytes(shared))


def share_answer(shared: SharedBudget) -> dict[str, Any]:
    """Return the share-out for programs: view, recipients, summary and certificate."""
    table = share_table(shared)
    rows = zip(*(column.values for column in table.columns), strict=True)
    names = [column.name for column in table.columns]
    return {
        **view_facts(shared.edition, shared.view.but(layer="targeting")),
        "recipients": [dict(zip(names, row, strict=True)) for row in rows],
        "summary": share_summary(shared),
        "certificate": certificate_of(shared),
    }


def share_summary(shared: SharedBudget) -> dict[str, Any]:
    """Sum a share-out up: budget, least, most and ratio as planned and achieved, who gets nothing, the designs."""
    share = shared.share
    return {
        "budget": float(share.budget),
        "unit": shared.request.unit,
        "over": shared.request.over,
        "minimum": float(shared.request.minimum),
        "form": shared.request.form,
        "counts": shared.in_need.name if shared.in_need else None,
        "floor": float(shared.request.floor) if shared.in_need else None,
        "rule": rule_words(shared),
        "recipients": recipients_words(shared),
        "eligible": float(shared.people),
        "average_per_head": float(shared.average),
        "planned": {name: _number(value) for name, value in share.planned._asdict().items()},
        "achieved": {name: _number(value) for name, value in share.achieved._asdict().items()},
        "below_one_unit": share.below_one_unit,
        "recipients_with_nothing": len(share.with_nothing),
        "people_with_nothing": float(share.people_with_nothing),
        "left_out": list(shared.left_out),
        "sentences": sentences(shared),
        "warnings": warnings(shared),
        "notes": notes(shared),
        "people_in_need": in_need_words(shared),
        "designs": [_design(design) for design in designs(shared)],
    }


def _design(design: Design) -> dict[str, Any]:
    return {
        "id": design.id,
        "name": design.name,
        "by_need_fifth": list(design.by_fifth) or None,
        "without_need_score": design.no_score,
        "top_fifth_share": design.top_fifth_share,
        "people_with_nothing": design.people_with_nothing,
        "missed_need": {
            "under_coverage": design.reach.under_coverage,
            "with_nothing": design.reach.with_nothing,
            "leakage": design.reach.leakage,
            "per_person_in_need": design.reach.per_person_in_need,
        }
        if design.reach
        else None,
    }


def answer_key(shared_from: str, edition: str, query: str) -> str:
    """Everything that an answer about a share-out depends on."""
    return " ".join(("share-out", shared_from, edition, METHOD_VERSION, query))
