"""``/downloads``: the figures of a view as a file, with the view and the edition in its name."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from service.drawing.features import shown_indicator
from service.editions.edition import Edition
from service.editions.scoring import METHOD_VERSION
from service.editions.views import ACCESS, ACCESS_WORDS, View, dial_text
from service.files.downloads import (
    EXCEL_CSV,
    KINDS,
    LIGHT,
    MEDIA_TYPES,
    WRITTEN,
    UnknownKind,
    csv_bytes,
    csv_metadata,
    excel_csv_bytes,
    file_query,
    geojson_bytes,
)
from service.files.file_table import WITHOUT_DIAL, WITHOUT_FOCUS, table_of
from service.pages.ranked_table import question
from service.queries import BadQuery
from service.routes.heavy import check_area, heavy_answer
from service.web.answers import answer
from service.web.dependencies import RequestedEdition, RequestedView, RequestedWorkshop
from service.web.late_routes import Routes
from service.web.workshop import Workshop

router = Routes(prefix="/downloads", tags=["downloads"])
JOB = "service.files.downloads:make"
DESCRIBE = "service.files.downloads:describe"
CSVW = "application/csvm+json"
QUERY_SIGNS = "%&=+:;,/?@!$'()*-._~"  # RFC 3986; what is escaped stays so
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {kind: {} for kind in MEDIA_TYPES.values()}}
}

CSV_ANSWERS: dict[int | str, dict[str, Any]] = {200: {"description": "The file", "content": {MEDIA_TYPES["csv"]: {}}}}


def check_service(edition: Edition, view: View) -> None:
    """Refuse a service that no listed site gives, where sites are asked for."""
    if view.layer != "sites" or not view.service:
        return
    known = edition.site_services()
    if view.service not in known:
        hint = f"Give one of {', '.join(sorted(known))}."
        raise BadQuery("service", f"service is {view.service!r}; no site here has it.", hint=hint)


async def requested_kind(kind: str) -> str:
    """Give the format that an address names."""
    if kind not in KINDS:
        raise UnknownKind(kind[:40])
    return kind


@router.get("/{place}/{layer}.excel.csv-metadata.json", response_class=Response)
async def describe_csv_for_excel(
    edition: RequestedEdition, view: RequestedView, workshop: RequestedWorkshop, request: Request
) -> Response:
    """Describe the CSV file for Excel of a view: the same columns, of a file of its own name."""
    return await _describe(request, workshop, edition, view, EXCEL_CSV)


@router.get("/{place}/{layer}.csv-metadata.json", response_class=Response)
async def describe_csv(
    edition: RequestedEdition, view: RequestedView, workshop: RequestedWorkshop, request: Request
) -> Response:
    """Describe the CSV file of a view: columns, units, edition, attribution (CSV on the Web)."""
    return await _describe(request, workshop, edition, view, "csv")


async def _describe(request: Request, workshop: Workshop, edition: Edition, view: View, kind: str) -> Response:
    check_service(edition, view)
    check_area(edition, view)
    file = f"{view.layer}.{kind}{asked_query(request)}"
    key, pinned = answer_key(edition, view, f"csv-metadata of {file}"), bool(view.edition)
    if edition.large:
        job = {"store": store_of(edition), "view": asdict(view), "edition": edition.id, "file": file}
        return await heavy_answer(request, workshop, DESCRIBE, job, key=key, kind=CSVW, pinned=pinned, keep=True)

    def make() -> bytes:
        return csv_metadata(table_of(edition, view), file)

    return await run_in_threadpool(lambda: answer(request, key, make, media_type=CSVW, pinned=pinned))


@router.get("/{place}/{layer}.excel.csv", response_class=Response, responses=CSV_ANSWERS)
async def download_for_excel(
    edition: RequestedEdition, view: RequestedView, workshop: RequestedWorkshop, request: Request
) -> Response:
    """Give the figures of a view as CSV for Excel: the same rows, with the mark by which Excel knows UTF-8."""
    return _described(await _download(request, workshop, edition, view, EXCEL_CSV), request, view, EXCEL_CSV)


@router.get("/{place}/{layer}.{kind}", response_class=Response, responses=ANSWERS)
async def download(
    edition: RequestedEdition,
    view: RequestedView,
    kind: Annotated[str, Depends(requested_kind)],
    workshop: RequestedWorkshop,
    request: Request,
) -> Response:
    """Give the figures of a view as CSV, GeoJSON, XLSX, GeoPackage or GeoParquet, or its map and table as PDF."""
    response = await _download(request, workshop, edition, view, kind)
    return _described(response, request, view, kind) if kind == "csv" else response


def asked_query(request: Request) -> str:
    """Give the query string as it came, with its question mark; signs that no address may hold are escaped.

    A description counts for no file but the one of exactly the address that it gives.
    """
    return question(quote(request.scope["query_string"], safe=QUERY_SIGNS))


def _described(response: Response, request: Request, view: View, kind: str) -> Response:
    """Name the description of a CSV file, which in turn names the file."""
    address = f"{view.layer}.{kind}-metadata.json{asked_query(request)}"
    response.headers["Link"] = f'<{address}>; rel="describedby"; type="{CSVW}"'
    return response


async def _download(request: Request, workshop: Workshop, edition: Edition, view: View, kind: str) -> Response:
    check_service(edition, view)
    if kind in LIGHT and not edition.large:
        response = await run_in_threadpool(_light, request, edition, view, kind)
    else:
        response = await _heavy(request, workshop, edition, view, kind)
    response.headers["Content-Disposition"] = content_disposition(file_name(edition, view, kind))
    return response


def _light(request: Request, edition: Edition, view: View, kind: str) -> Response:
    def make() -> bytes:
        if kind == "geojson":
            return geojson_bytes(edition, view)
        return (csv_bytes if kind == "csv" else excel_csv_bytes)(table_of(edition, view))

    key = answer_key(edition, view, kind)
    return answer(request, key, make, media_type=MEDIA_TYPES[kind], pinned=bool(view.edition))


async def _heavy(request: Request, workshop: Workshop, edition: Edition, view: View, kind: str) -> Response:
    check_area(edition, view)
    wanted = {"store": store_of(edition), "kind": kind, "view": asdict(view), "edition": edition.id}
    key, pinned = answer_key(edition, view, kind), bool(view.edition)
    return await heavy_answer(request, workshop, JOB, wanted, key=key, kind=MEDIA_TYPES[kind], pinned=pinned)


def store_of(edition: Edition) -> str:
    """Give the folder of the store that an edition lies in."""
    return str(edition.stored.folder.parent.parent)


def answer_key(edition: Edition, view: View, kind: str) -> str:
    """Everything that a file depends on: the same edition, method, program, view and kind give the same bytes."""
    asked = file_query(view.but(edition=""))
    return " ".join(("download", kind, WRITTEN, edition.id, METHOD_VERSION, view.place, view.layer, asked))


def file_name(edition: Edition, view: View, kind: str) -> str:
    """Name a file so that a person finds it again: place, layer, what it asks, focus, dial, footprint, edition."""
    words = {ACCESS: ACCESS_WORDS, "sites": ("service", "accepting")}.get(view.layer, ())
    asked = [getattr(view, name) for name in words]
    asked += [shown_indicator(edition, view) if view.layer == "indicator" else view.indicator]
    if view.layer not in WITHOUT_FOCUS:
        asked += [view.focus, "own-weights" if view.weights else ""]
    if view.layer not in WITHOUT_DIAL:
        asked += [f"rho{dial_text(view.rho)}"]
    parts = ("evenreach", view.place, view.layer, *asked, view.within.replace(":", "-"), edition.id)
    return "_".join(part.replace(" ", "-").replace("/", "-") for part in parts if part) + f".{kind}"


def content_disposition(name: str) -> str:
    """Offer a file under its name; names beyond ASCII go in ``filename*``."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "-" for letter in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
