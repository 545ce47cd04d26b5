"""Rows about maps: the page and its data beside a stock folium page of the same figures and boundaries."""

from __future__ import annotations

import gzip
import json
import re
from html import unescape

import shapely
import shapely.geometry
from peers.contests import OURS, Contestant, Report, compete
from peers.load import body_of
from peers.outlines import read_outlines
from peers.same import Differs, features
from peers.servers import Running

FOLIUM = "stock folium in FastAPI, our simplified boundaries"
FOLIUM_FULL = "stock folium in FastAPI, boundaries as published"
NAMED = ("lsoa21nm", "msoa21hclnm")
USUAL_DIAL = 3
SHOWN = 1e-5  # a map shows two decimals
HALF_A_CELL = 0.9  # of the grid of our outlines: from its corner to its middle, and the rounding of theirs
LOADED = re.compile(
    r'<(?:script|img|iframe)[^>]+src="(https?://[^/"]+)[^"]*"|<link[^>]+rel="stylesheet"[^>]+href="(https?://[^/"]+)[^"]*"'
)
TURNED = [f"{1 + step / 25:.2f}".rstrip("0").rstrip(".") for step in range(1, 475)]


def map_rows(report: Report, ours: Running, naive: Running, place: str, *, rounds: int, seconds: float) -> None:
    """Draw the map of one place again and again; then at a new dial each time; then weigh it.

    One view of ours is the page and what its script asks for: the outlines, the figures and the sites that are
    shown at first, which folium does not show. folium's page carries its data. A new dial is a new page of ours;
    what its script asks for stays the same, but is asked for and sent again each time.
    """
    address = f"/maps/{place}/targeting"
    page = body_of(ours.port, address).decode()
    figures, outlines, *sites = data = data_of(page)
    stock = body_of(naive.port, f"/map/{place}_map").decode()
    areas = _check(body_of(ours.port, figures), body_of(ours.port, outlines), stock)
    work = f"map page of {place} ({areas} areas)"
    paths = [address, *data]
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
    turned = [[f"{address}?rho={dial}", *data] for dial in TURNED]
    if data_of(body_of(ours.port, turned[-1][0]).decode()) != data:
        raise Differs("the page at another dial asks for other data")
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
        (paths[:3], sites),
        {who: body_of(naive.port, path).decode() for path, who, _ in rivals},
    )


def data_of(page: str) -> list[str]:
    """Addresses of the data that the page's script asks for at first: figures, outlines, then the sites shown."""
    found = {name: unescape(path) for name, path in re.findall(r'data-(geojson|outlines|sites)="([^"]+)"', page)}
    shown = re.findall(r'data-map-service value="(\w+)"[^>]* checked', page)
    sites = [f"{found['sites']}{'&' if '?' in found['sites'] else '?'}service={service}" for service in shown]
    return [found["geojson"], found["outlines"], *sites]


def _check(figures: bytes, outlines: bytes, stock: str) -> int:
    """Let both draw the same areas, boundaries (on our grid) and figures; return how many areas.

    Raises
    ------
    Differs
        With the first difference.
    """
    begun = re.search(r"geo_json_[0-9a-f]+_add\((?=\{)", stock)
    if begun is None:
        raise Differs("the folium page holds no figures")
    drawn, _ = json.JSONDecoder().raw_decode(stock, begun.end())
    mine, (shapes, step, _) = features(figures), read_outlines(outlines)
    for code, feature in features(json.dumps(drawn).encode()).items():
        ours, theirs = mine[code]["properties"], feature["properties"]
        figure = 2 * (1 + (USUAL_DIAL - 1) * ours["need_position"]) / (USUAL_DIAL + 1)
        if any(ours[name] != theirs[name] for name in NAMED) or abs(figure - theirs["targeting_score"]) > SHOWN:
            raise Differs(f"{code}: {ours} in ours, {theirs} in theirs")
        moved = shapely.transform([shapes[code], shapely.geometry.shape(feature["geometry"])], lambda xy: xy / step)
        if shapely.hausdorff_distance(*moved) > HALF_A_CELL:
            raise Differs(f"{code}: drawn in another place")
    if shapes.keys() != mine.keys() or len(mine) != len(drawn["features"]):
        raise Differs("not the same areas")
    return len(mine)


def _weigh(report: Report, work: str, ours: Running, asked: tuple[list[str], list[str]], stock: dict[str, str]) -> None:
    """Weigh what a browser gets: ours as served with brotli and with gzip, theirs with gzip at its usual level."""
    paths, sites = asked
    weights = {encoding: sum(_served(ours, path, encoding) for path in paths) for encoding in ("gzip", "br")}
    extra = sum(_served(ours, path, "gzip") for path in sites)
    elsewhere = len(set(hosts_of(body_of(ours.port, paths[0]).decode())))
    for encoding, weight in weights.items():
        beside = f", beside {extra / 1000:.1f} kB of sites" if encoding == "gzip" else ""
        figure = f"page, outlines and figures with {encoding}{beside}; {elsewhere} other hosts"
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
