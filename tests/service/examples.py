"""Addresses of every route, so that a test can walk them all: a route without an example is a failure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from starlette.routing import compile_path

HOOD = "E01900001"
HOODS, SITES = "/ogc/collections/demo-neighbourhoods", "/ogc/collections/demo-sites"
OF_OWN_TABLES = "/api/v1/places/demo/proportionality?resource=visits&outcome=overcrowded_share"
CONTACT = "/.well-known/security.txt"
REFUSED = {OF_OWN_TABLES: 422, CONTACT: 404}
"""What a site answers that has no tables of its own, and no contact in its settings."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "/": ("/",),
    "/theme.css": ("/theme.css",),
    "/openapi.json": ("/openapi.json",),
    "/docs": ("/docs",),
    "/assets/{name:path}": ("/assets/map.js", "/assets/site.css", "/assets/icon.svg"),
    "/accessibility": ("/accessibility",),
    "/sources": ("/sources", "/sources?place=demo"),
    "/methods": ("/methods",),
    "/methods/{method}": ("/methods/m1", "/methods/m4", "/methods/m8"),
    "/methods/evenreach-methods.xlsx": ("/methods/evenreach-methods.xlsx",),
    "/indicators/{indicator}": (
        "/indicators/overcrowded_share?place=demo&focus=best-start",
        "/indicators/mmr_two_doses?place=demo&goal=95&due=2028/29",
    ),
    "/postcode": ("/postcode",),
    "/places/{place}": ("/places/demo", "/places/demo?focus=best-start&rho=4.25&sort=-people&find=e"),
    "/places/{place}/neighbourhoods/{lsoa21cd}": (f"/places/demo/neighbourhoods/{HOOD}",),
    "/places/{place}/share-out": ("/places/demo/share-out?budget=100000&over=msoas", "/places/demo/share-out"),
    "/places/{place}/access": ("/places/demo/access?service=gp",),
    "/places/{place}/siting": (
        "/places/demo/siting",
        "/places/demo/siting?service=family_hub&candidates=library&add=1",
    ),
    "/places/{place}/compare": ("/places/demo/compare",),
    "/places/{place}/embed": ("/places/demo/embed?layer=need",),
    "/maps/{place}/frame.js": ("/maps/demo/frame.js",),
    "/maps/{place}/{layer}": tuple(
        f"/maps/demo/{layer}"
        for layer in ("targeting", "need", "indicator", "certainty", "clusters", "sites", "access?service=gp")
    ),
    "/pictures/{place}/{layer}.svg": ("/pictures/demo/need.svg", "/pictures/demo/sites.svg"),
    "/pictures/{place}/{layer}.png": ("/pictures/demo/need.png",),
    "/embed/theme.css": ("/embed/theme.css",),
    "/embed/{place}/frame.js": ("/embed/demo/frame.js",),
    "/embed/{place}/{layer}": ("/embed/demo/need?table=open", "/embed/demo/sites", "/embed/demo/access?service=gp"),
    "/embed/{place}/{layer}/fragment": ("/embed/demo/need/fragment", "/embed/demo/sites/fragment"),
    "/oembed": ("/oembed?url=http%3A%2F%2F127.0.0.1%3A8000%2Fmaps%2Fdemo%2Fneed",),
    "/geojson/{place}/sites": ("/geojson/demo/sites",),
    "/geojson/{place}/lines": ("/geojson/demo/lines",),
    "/geojson/{place}/outlines": ("/geojson/demo/outlines",),
    "/geojson/{place}/councils": ("/geojson/demo/councils",),
    "/geojson/{place}/{layer}": ("/geojson/demo/need?detail=none", "/geojson/demo/access?service=gp&detail=none"),
    "/downloads/{place}/{layer}.csv-metadata.json": ("/downloads/demo/need.csv-metadata.json",),
    "/downloads/{place}/{layer}.excel.csv-metadata.json": ("/downloads/demo/need.excel.csv-metadata.json",),
    "/downloads/{place}/{layer}.{kind}": ("/downloads/demo/need.csv",),
    "/downloads/{place}/{layer}.excel.csv": ("/downloads/demo/need.excel.csv",),
    "/downloads/{place}/share-out.{kind}": ("/downloads/demo/share-out.csv?budget=1000",),
    "/downloads/{place}/siting.{kind}": ("/downloads/demo/siting.csv?service=family_hub&candidates=library&add=1",),
    "/api/v1/places": ("/api/v1/places",),
    "/api/v1/places/{place}/scores": ("/api/v1/places/demo/scores",),
    "/api/v1/places/{place}/neighbourhoods/{lsoa21cd}": (f"/api/v1/places/demo/neighbourhoods/{HOOD}",),
    "/api/v1/places/{place}/inequality": ("/api/v1/places/demo/inequality?indicator=overcrowded_share",),
    "/api/v1/places/{place}/missed-need": ("/api/v1/places/demo/missed-need",),
    "/api/v1/places/{place}/similar": ("/api/v1/places/demo/similar",),
    "/api/v1/places/{place}/series": ("/api/v1/places/demo/series?variable=mmr_two_doses",),
    "/api/v1/places/{place}/proportionality": (OF_OWN_TABLES,),
    "/api/v1/places/{place}/access": ("/api/v1/places/demo/access?service=gp",),
    "/api/v1/places/{place}/clusters": ("/api/v1/places/demo/clusters",),
    "/api/v1/places/{place}/need-matched-dial": ("/api/v1/places/demo/need-matched-dial?outcome=overcrowded_share",),
    "/ogc": ("/ogc",),
    "/ogc/": ("/ogc/", "/ogc/?f=html"),
    "/ogc/api": ("/ogc/api", "/ogc/api?f=html"),
    "/ogc/conformance": ("/ogc/conformance", "/ogc/conformance?f=html"),
    "/ogc/collections": ("/ogc/collections", "/ogc/collections?f=html"),
    "/ogc/collections/{collection}": (f"{SITES}?f=html", HOODS, f"{HOODS}?f=html"),
    "/ogc/collections/{collection}/queryables": (f"{HOODS}/queryables", f"{HOODS}/queryables?f=html"),
    "/ogc/collections/{collection}/schema": (f"{HOODS}/schema", f"{HOODS}/schema?f=html"),
    "/ogc/collections/{collection}/items": (
        f"{HOODS}/items?limit=3",
        f"{HOODS}/items?limit=3&f=html",
        f"{SITES}/items?limit=3&f=html",
    ),
    "/ogc/collections/{collection}/items/{feature:path}": (
        f"{HOODS}/items/{HOOD}",
        f"{HOODS}/items/{HOOD}?f=html",
    ),
    "/problems": ("/problems",),
    "/robots.txt": ("/robots.txt",),
    "/favicon.ico": ("/favicon.ico",),
    "/metrics": ("/metrics",),
    "/.well-known/security.txt": (CONTACT,),
    "/health/live": ("/health/live",),
    "/health/ready": ("/health/ready",),
}


def read_routes(app: Any) -> list[str]:
    """Templates of every route that answers GET, those of included routers too."""
    return sorted({template for template, methods in _routes(app.routes) if "GET" in methods})


def _routes(routes: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, set[str]]]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _routes(inner.routes, prefix + route.include_context.prefix)
        else:
            yield prefix + route.path, set(route.methods or ())


def without_example(templates: Iterable[str]) -> list[str]:
    """Templates that no example is of."""
    found = []
    for template in templates:
        pattern = compile_path(template)[0]
        addresses = EXAMPLES.get(template, ())
        if not any(re.fullmatch(pattern, address.partition("?")[0]) for address in addresses):
            found.append(template)
    return found


def addresses() -> list[str]:
    """Every example."""
    return [address for group in EXAMPLES.values() for address in group]
