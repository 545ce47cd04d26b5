"""A plan of sites as files: what CSV, XLSX and GeoJSON carry comes from the plan alone, so that they cannot differ."""

from __future__ import annotations

from pathlib import Path

import orjson

from service.editions.edition import Edition
from service.editions.views import View
from service.files.downloads import csv_bytes, csv_metadata, put
from service.siting.plan_tables import Plan, neighbourhoods_table, people_table, plans_table, sites_table


def write_plan(edition: Edition, view: View, plan: Plan, path: Path) -> None:
    """Write a plan to a file of the kind its name ends in.

    A ``.csv`` is of neighbourhoods; ``NAME-sites.csv`` and descriptions of both (CSV on the Web) go beside it.
    """
    kind = path.suffix.lower().lstrip(".")
    put(path, plan_bytes(edition, view, plan, kind))
    if kind == "csv":
        beside = path.with_name(f"{path.stem}-sites.csv")
        put(beside, plan_bytes(edition, view, plan, "sites.csv"))
        tables = ((path, neighbourhoods_table), (beside, sites_table))
        for file, table in tables:
            put(file.with_name(f"{file.name}-metadata.json"), csv_metadata(table(edition, view, plan), file.name))


def plan_bytes(edition: Edition, view: View, plan: Plan, kind: str, *, link: str = "") -> bytes:
    """Write a plan as one kind of file.

    Parameters
    ----------
    edition, view : Edition, View
        What the plan was made on.
    plan : dict
        As `service.siting.plans.plan_sites` gives it.
    kind : {"json", "csv", "sites.csv", "xlsx", "geojson", "pdf"}
        Neighbourhoods are in ``csv``, sites in ``sites.csv`` and ``geojson``, both in ``xlsx``.
    link : str
        Where it can be opened again, for the PDF.
    """
    if kind == "json":
        return orjson.dumps(plan)
    if kind == "csv":
        return csv_bytes(neighbourhoods_table(edition, view, plan))
    if kind == "sites.csv":
        return csv_bytes(sites_table(edition, view, plan))
    if kind == "geojson":
        return geojson_bytes(plan)
    if kind == "pdf":
        from service.siting.pdf import pdf_bytes

        return pdf_bytes(edition, view, plan, link=link)
    from service.files.spreadsheet import xlsx_bytes

    makers = (sites_table, neighbourhoods_table, plans_table, people_table)
    return xlsx_bytes(*(maker(edition, view, plan) for maker in makers))


def geojson_bytes(plan: Plan) -> bytes:
    """Write the sites of a plan as GeoJSON (RFC 7946), with what was asked and measured beside them."""
    features = [
        {
            "type": "Feature",
            "id": site["id"],
            "geometry": {"type": "Point", "coordinates": [site["lon"], site["lat"]]},
            "properties": {name: value for name, value in site.items() if name not in ("lon", "lat")},
        }
        for site in plan["sites"]
    ]
    beside = ("place", "edition", "method", "attribution", "request", "words", "before", "after", "proof", "notes")
    return orjson.dumps({"type": "FeatureCollection", **{name: plan[name] for name in beside}, "features": features})
