"""What a competent colleague writes in an afternoon: geopandas in FastAPI, and stock folium. Run by uvicorn.

The tables are read once at start-up; every answer is a selection and `GeoDataFrame.to_json`, as geopandas'
documentation shows it. ``PEER_TABLES`` names the folder of GeoParquet files.
"""

from __future__ import annotations

import os
from pathlib import Path

import folium
import geopandas as gpd
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response

TABLES = {path.stem: gpd.read_parquet(path) for path in sorted(Path(os.environ["PEER_TABLES"]).glob("*.parquet"))}
app = FastAPI()


@app.get("/{table}")
def areas(table: str, lad24cd: str = "", bbox: str = "", rho: float | None = None) -> Response:
    """Areas of a table as GeoJSON: all, those of a council, or those in a box, with the dial turned if asked."""
    part = TABLES[table]
    if lad24cd:
        part = part[part["lad24cd"] == lad24cd]
    if bbox:
        west, south, east, north = map(float, bbox.split(","))
        part = part.cx[west:east, south:north]
    if rho is not None:
        part = part.assign(targeting_score=2 * (1 + (rho - 1) * part["need_position"]) / (rho + 1))
    return Response(part.to_json(), media_type="application/geo+json")


@app.get("/map/{table}")
def stock_map(table: str, rho: float | None = None) -> HTMLResponse:
    """Draw a table with folium as its documentation does: GeoJson, a style by fifth, and a tooltip."""
    shown = TABLES[table][["lsoa21nm", "msoa21hclnm", "targeting_score", "need_position", "geometry"]]
    if rho is not None:
        shown = shown.assign(targeting_score=2 * (1 + (rho - 1) * shown["need_position"]) / (rho + 1))
    shown = shown.drop(columns="need_position")
    west, south, east, north = shown.total_bounds
    drawn = folium.Map()
    drawn.fit_bounds([[south, west], [north, east]])
    tooltip = folium.GeoJsonTooltip(["lsoa21nm", "msoa21hclnm", "targeting_score"])
    folium.GeoJson(shown, tooltip=tooltip).add_to(drawn)
    return HTMLResponse(drawn.get_root().render())
