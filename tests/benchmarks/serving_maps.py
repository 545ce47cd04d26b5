"""Rows about maps: the page and its data beside a stock folium page of the same figures and boundaries."""

from __future__ import annotations

import gzip
import json
import re
from html import unescape

from peers.contests import OURS, Contestant, Report, compete
from peers.load import body_of
from peers.same import Differs, features, same
from peers.servers import Running

FOLIUM = "stock folium in FastAPI, our simplified boundaries"
FOLIUM_FULL = "stock folium in FastAPI, boundaries as published"
DRAWN = ("lsoa21nm", "msoa21hclnm", "targeting_score")
LOADED = re.compile(
    r'<(?:script|img|iframe)[^>]+src="(https?://[^/"]+)[^"]*"|<link[^>]+rel="stylesheet"[^>]+href="(https?://[^/"]+)[^"]*"'
)
TURNED = [f"{1 + step / 25:.2f}".rstrip("0").rstrip(".") for step in range(1, 475)]


def map_rows(report: Report, ours: Running, naive: Running, place: str, *, rounds: int, seconds: float) -> None:
    """Draw the map of one place again and again; then at a new dial each time; then weigh it.

    One view of ours is the page and what its script asks for: the figures and the sites that are shown at
    first, which folium does not show. folium's page carries its data.
    """
    page = body_of(ours.port, f"/maps/{place}/targeting").decode()
    figures, *sites = data_of(page)
    stock = body_of(naive.port, f"/map/{place}_map").decode()
    areas = _check(body_of(ours.port, figures), stock)
    work = f"map page of {place} ({areas} areas)"
    paths = [f"/maps/{place}/targeting", figures, *sites]
    rivals = (f"/map/{place}_map", FOLIUM, ">= 15 x"), (f"/map/{place}_full", FOLIUM_FULL, "")
    compete(
        report,
        f"{work} with its data, again",
        [
            Contestant(OURS, ours.port, paths, requests_each=len(paths)),
            *(Contestant(who, naive.port, [path], wanted) for path, who, wanted in rivals),
        ],
        rounds=rounds,
        seconds=seconds,
    )
    turned = [[f"/maps/{place}/targeting?rho={dial}", f"{figures}&rho={dial}", *sites] for dial in TURNED]
    compete(
        report,
        f"{work} with its data, a new dial each time",
        [
            Contestant(OURS, ours.port, [path for view in turned for path in view], requests_each=len(paths)),
            Contestant(FOLIUM, naive.port, [f"/map/{place}_map?rho={dial}" for dial in TURNED], ">= 15 x"),
        ],
        rounds=rounds,
        seconds=seconds,
    )
    _weigh(
        report,
        f"{work}: bytes and hosts",
        ours,
        (page, figures, sites),
        {who: body_of(naive.port, path).decode() for path, who, _ in rivals},
    )


def data_of(page: str) -> list[str]:
    """Addresses of the data that the page's script asks for at first: the figures, then the sites shown."""
    found = {name: unescape(path) for name, path in re.findall(r'data-(geojson|sites)="([^"]+)"', page)}
    shown = re.findall(r'data-map-service value="(\w+)"[^>]* checked', page)
    sites = [f"{found['sites']}{'&' if '?' in found['sites'] else '?'}service={service}" for service in shown]
    return [found["geojson"], *sites]


def _check(ours: bytes, stock: str) -> int:
    """Let both draw the same areas, boundaries and figures; return how many areas.

    Raises
    ------
    Differs
        With the first difference.
    """
    begun = re.search(r"geo_json_[0-9a-f]+_add\((?=\{)", stock)
    if begun is None:
        raise Differs("the folium page holds no figures")
    drawn, _ = json.JSONDecoder().raw_decode(stock, begun.end())
    mine = features(ours)
    for code, feature in mine.items():
        feature["properties"] = {"lsoa21cd": code} | {name: feature["properties"][name] for name in DRAWN}
    return same(json.dumps({"features": list(mine.values())}).encode(), json.dumps(drawn).encode())[0]


def _weigh(report: Report, work: str, ours: Running, asked: tuple[str, str, list[str]], stock: dict[str, str]) -> None:
    """Weigh what a browser gets: ours as served with brotli and with gzip, theirs with gzip at its usual level."""
    page, figures, sites = asked
    weights = {}
    for encoding in ("gzip", "br"):
        address = f"/maps/{figures.split('/')[2]}/targeting"
        weights[encoding] = sum(_served(ours, path, encoding) for path in (address, figures))
    extra = sum(_served(ours, path, "gzip") for path in sites)
    for encoding, weight in weights.items():
        beside = f", beside {extra / 1000:.1f} kB of sites" if encoding == "gzip" else ""
        figure = f"page and figures with {encoding}{beside}; {len(set(hosts_of(page)))} other hosts"
        report.add(work, OURS, figure, "", f"{weight / 1000:.1f} kB")
    for who, text in stock.items():
        size, found = len(gzip.compress(text.encode(), 6)), hosts_of(text)
        ratio = f"{weights['gzip'] / size:.2f} of its size, {weights['br'] / size:.2f} with brotli"
        figure = f"page with gzip; {len(found)} files from {len(set(found))} other hosts"
        report.add(work, who, figure, "", f"{size / 1000:.1f} kB", ratio, "<= 0.5, 0 other hosts")


def hosts_of(page: str) -> list[str]:
    """Name the host of each script, picture, frame and style sheet that a page loads from elsewhere."""
    return [first or second for first, second in LOADED.findall(page)]


def _served(ours: Running, path: str, encoding: str) -> int:
    return len(body_of(ours.port, path, {"Accept-Encoding": encoding}))
