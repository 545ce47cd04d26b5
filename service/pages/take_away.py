"""The files that a view can be taken away as: beside every map and table, in one order and in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.files.downloads import file_query
from service.pages.ranked_table import question

if TYPE_CHECKING:
    from service.editions.views import View

DOWNLOADS = (
    ("xlsx", "Excel workbook (XLSX)", "with notes on every column"),
    ("excel.csv", "CSV for Excel", "opens in Excel with every letter right"),
    ("csv", "CSV", "for any other program"),
    ("geojson", "GeoJSON", "areas and figures, for web maps"),
    ("gpkg", "GeoPackage", "areas, figures and the colours of the map, for QGIS"),
    ("parquet", "Parquet", "for Python and R"),
    ("pdf", "PDF", "map, table and sources, to print or send"),
)


def downloads_of(view: View, layer: str) -> list[dict[str, Any]]:
    """List the files of a view with their addresses.

    Parameters
    ----------
    view : View
        What is shown.
    layer : str
        Whose figures the files hold.
    """
    query = question(file_query(view.but(layer=layer)))
    return [
        {"href": f"/downloads/{view.place}/{layer}.{kind}{query}", "title": title, "text": text}
        for kind, title, text in DOWNLOADS
    ]
