"""How to use the data of a view in other programs: the addresses to paste, with what to choose in each program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.files.downloads import file_query
from service.ogc.documents import ROOT
from service.pages.furniture import FURNITURE_LAYER
from service.pages.ranked_table import question
from service.pages.wording import credits_once

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View

SITES = "sites"


def elsewhere(edition: Edition, view: View, base: str) -> dict[str, Any]:
    """Gather the addresses of a view for QGIS, Excel, R and Power BI.

    Parameters
    ----------
    edition : Edition
        The edition shown.
    view : View
        Its layer is that of the page; the planner has none of its own.
    base : str
        The address that people use, without a closing slash.

    Returns
    -------
    dict
        For ``parts/elsewhere.html``: ``service`` (for GIS programs), ``collection`` (the one with this view's
        figures), ``beside`` (others of the place), ``csv`` and ``geojson`` (of this view, its dial and area too),
        ``edition`` and ``attribution`` (what whoever shows the data has to show), ``kept`` (the same addresses of this
        edition, where those of the view follow updates) and ``columns`` (addresses of what each column
        means).
    """
    place, layer = view.place, view.layer or FURNITURE_LAYER
    shown = view.but(layer=layer)
    figures = f"{place}-sites" if layer == SITES else f"{place}-scores-{view.focus}"
    others = [f"{place}-neighbourhoods", f"{place}-sites", f"{place}-scores-{view.focus}"]
    return {
        "service": base + ROOT,
        "collection": figures,
        "beside": [name for name in others if name != figures],
        **_to_paste(shown, base),
        "kept": {} if view.edition else _to_paste(shown.but(edition=edition.id), base),
        "columns": {kind: _file(shown, kind) for kind in ("xlsx", "csv-metadata.json")},
        "edition": edition.id,
        "pinned": bool(view.edition),
        "attribution": credits_once(edition.attribution(layer)),
    }


def _to_paste(view: View, base: str) -> dict[str, str]:
    """Write the whole addresses of a view's figures: for spreadsheets, and for GIS programs."""
    geojson = f"{base}/geojson/{view.place}/{view.layer}{question(file_query(view))}"
    return {"csv": base + _file(view, "excel.csv"), "geojson": geojson}


def _file(view: View, kind: str) -> str:
    return f"/downloads/{view.place}/{view.layer}.{kind}{question(file_query(view))}"
