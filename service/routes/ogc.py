"""``/ogc``: OGC API - Features, for GIS programs; every answer as JSON and as a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import Request
from starlette.responses import Response

from geodata.errors import UnknownEdition, UnknownFootprint
from service.editions.edition import Edition
from service.editions.scoring import METHOD_VERSION
from service.editions.views import DEFAULT_RHO
from service.ogc import documents, pages
from service.ogc.api_document import OPENAPI_30, OPENAPI_31, api_document
from service.ogc.collections import Collection, Features, every_collection, find_collection
from service.ogc.forms import NEWER, choose_form
from service.ogc.items import item_document, item_of, items_document, page_of
from service.ogc.parameters import DIAL, OF_ITEM, OF_ITEMS, check_names, read_items, read_system
from service.pages.furniture import site_pages
from service.queries import BadQuery, read_edition, read_rho, read_within
from service.web.addresses import public_address
from service.web.answers import answer
from service.web.late_routes import Routes

router = Routes(prefix=documents.ROOT, include_in_schema=False)
WRITTEN = "3"
"""Part of every tag here: to be raised whenever the same features would be written differently."""
PAGE = "text/html; charset=utf-8"
DESCRIBED = ("f", "edition")


@router.get("")
@router.get("/")
def show_landing(request: Request) -> Response:
    """Say what the service is, and where its parts are."""
    _, form = _asked(request, ("f",))
    document = documents.landing(_base(request), request.app.title, form)
    return _document(request, document, form, "ogc/landing.html", document["links"])


@router.get("/conformance")
def show_conformance(request: Request) -> Response:
    """List what of the standards is kept."""
    _, form = _asked(request, ("f",))
    document = documents.conformance(_base(request), form)
    return _document(request, document, form, "ogc/conformance.html", document["links"])


@router.get("/api")
def show_api(request: Request) -> Response:
    """Give the API document: OpenAPI 3.0, 3.1 or a page."""
    given = check_names(request.query_params.multi_items(), ("f",))
    form = choose_form(given, request.headers.get("accept", ""), ("json", NEWER, "html"))
    editions = request.app.state.editions.all()
    kind, openapi = documents.OPENAPI_30_TYPE, OPENAPI_30
    if form == NEWER:
        kind, openapi = documents.OPENAPI_31_TYPE, OPENAPI_31

    def make() -> dict[str, Any]:
        found = every_collection(editions)
        return api_document(_base(request), request.app.title, request.app.version, found, openapi)

    if form == "html":
        return _page(request, "ogc/api.html", pages.api_page(make()), {})
    key = f"api {openapi} {request.app.version} {_base(request)} {request.app.title} {_ids(editions)}"
    return _sent(request, key, lambda: orjson.dumps(make()), kind)


@router.get("/collections")
def show_collections(request: Request) -> Response:
    """List all collections."""
    _, form = _asked(request, ("f",))
    editions = request.app.state.editions.all()

    def make() -> dict[str, Any]:
        return documents.collections_document(_base(request), every_collection(editions), form)

    if form == "html":
        return _page(request, "ogc/collections.html", pages.collections_page(make()), {})
    key = f"collections {_base(request)} {_ids(editions)}"
    return _sent(request, key, lambda: orjson.dumps(make()), documents.JSON)


@router.get("/collections/{collection}")
def show_collection(request: Request, collection: str) -> Response:
    """Describe one collection."""
    given, form = _asked(request, DESCRIBED)
    found = _collection(request, collection, given)
    document = documents.collection_document(_base(request), found, form, given.get("edition", ""))
    return _document(request, document, form, "ogc/collection.html", document["links"], pinned="edition" in given)


@router.get("/collections/{collection}/queryables")
def show_queryables(request: Request, collection: str) -> Response:
    """Say what features can be asked for by."""
    return _schema(request, collection, documents.queryables, DESCRIBED)


@router.get("/collections/{collection}/schema")
def show_schema(request: Request, collection: str) -> Response:
    """Say what features carry."""
    return _schema(request, collection, documents.schema, (*DESCRIBED, "within"))


def _schema(
    request: Request,
    name: str,
    describe: Callable[[str, Collection, Features], dict[str, Any]],
    names: Iterable[str],
) -> Response:
    given, form = _asked(request, names)
    found = _collection(request, name, given)
    document = describe(_base(request), found, _features(found, given))
    kept = urlencode({name: text for name, text in given.items() if name != "f"})
    links = documents.in_both_forms(document["$id"], form, documents.SCHEMA, kept)
    pinned = "edition" in given
    return _document(request, document, form, "ogc/schema.html", links, kind=documents.SCHEMA, pinned=pinned)


@router.get("/collections/{collection}/items")
def show_items(request: Request, collection: str) -> Response:
    """Give features of a collection, a page at a time."""
    several = request.query_params.multi_items()
    found = _collection(request, collection, dict(several))
    named = {part.name for part in found.features().properties if part.asked}
    given = check_names(several, {*OF_ITEMS, *((DIAL,) if found.focus else ()), *named})
    form = choose_form(given, request.headers.get("accept", ""))
    features = _features(found, given)
    query = read_items(given, features.properties, features.systems)
    page = page_of(_base(request), found, features, query, form)
    headers = {"Content-Crs": f"<{query.system.address}>", "Link": documents.link_header(page.links)}
    if form == "html":
        return _page(request, "ogc/items.html", pages.items_page(found, page, query), headers)
    key = f"items {found.id} {found.edition.id} {page.links[0]['href']}"
    return _sent(
        request,
        key,
        lambda: items_document(found, page),
        documents.GEOJSON,
        headers,
        pinned="edition" in given,
        edition=found.edition,
        quick=True,
    )


@router.get("/collections/{collection}/items/{feature:path}")
def show_item(request: Request, collection: str, feature: str) -> Response:
    """Give one feature."""
    found = _collection(request, collection, dict(request.query_params.multi_items()))
    given, form = _asked(request, (*OF_ITEM, *((DIAL,) if found.focus else ())))
    features = _features(found, given)
    system = read_system("crs", given, features.systems)
    kept = {name: text for name, text in given.items() if name != "f"}
    item = item_of(_base(request), found, features, feature, system, kept, form)
    headers = {"Content-Crs": f"<{system.address}>", "Link": documents.link_header(item.links)}
    if form == "html":
        return _page(request, "ogc/item.html", pages.item_page(found, item, system), headers)
    key = f"item {found.id} {found.edition.id} {item.links[0]['href']}"
    return _sent(
        request,
        key,
        lambda: item_document(found, item),
        documents.GEOJSON,
        headers,
        pinned="edition" in given,
        edition=found.edition,
    )


def _asked(request: Request, names: Iterable[str]) -> tuple[dict[str, str], str]:
    """Read the parameters of an address that knows these, and the form that is wanted."""
    given = check_names(request.query_params.multi_items(), names)
    return given, choose_form(given, request.headers.get("accept", ""))


def _base(request: Request) -> str:
    return public_address(request.app.state.settings) + documents.ROOT


def _ids(editions: Iterable[Edition]) -> str:
    return " ".join(f"{edition.place['id']}/{edition.id}" for edition in editions)


def _collection(request: Request, name: str, given: Mapping[str, str]) -> Collection:
    """Give a collection, of the edition that ``edition=`` names if there is one."""
    try:
        wanted = read_edition(given["edition"]) if "edition" in given else ""
        if wanted or "edition" not in given:
            return find_collection(request.app.state.editions, name, wanted)
    except UnknownEdition as error:
        raise BadQuery("edition", str(error), hint="Leave out edition= for the newest one.") from None
    raise BadQuery("edition", "edition is empty.", hint="Leave out edition= for the newest one.")


def _features(collection: Collection, given: Mapping[str, str]) -> Features:
    """Give the features of a collection within a footprint, at a setting of the dial."""
    for name in (DIAL, "within"):
        if given.get(name) == "":
            raise BadQuery(name, f"{name} is empty.", hint=f"Leave out {name}= for the usual.")
    rho = read_rho(given[DIAL]) if DIAL in given else DEFAULT_RHO
    try:
        return collection.features(within=read_within(given.get("within", "")), rho=rho)
    except UnknownFootprint as error:
        raise BadQuery("within", str(error)) from None


def _document(
    request: Request,
    document: dict[str, Any],
    form: str,
    template: str,
    links: documents.Links,
    *,
    kind: str = documents.JSON,
    pinned: bool = False,
) -> Response:
    """Send a small document, as JSON or as a page."""
    headers = {"Link": documents.link_header(links)}
    if form == "html":
        return _page(request, template, pages.document_page(document, links), headers)
    body = orjson.dumps(document)
    return _sent(request, sha256(body).hexdigest(), lambda: body, kind, headers, pinned=pinned)


def _sent(
    request: Request,
    key: str,
    make: Callable[[], bytes],
    kind: str,
    headers: Mapping[str, str] | None = None,
    *,
    pinned: bool = False,
    edition: Edition | None = None,
    quick: bool = False,
) -> Response:
    """Send bytes that depend on nothing but their key; which form they have may depend on ``Accept``."""
    tagged = f"ogc {WRITTEN} {METHOD_VERSION} {key}"
    response = answer(request, tagged, make, media_type=kind, pinned=pinned, edition=edition, quick=quick)
    response.headers["Vary"] = "Accept, Accept-Encoding"
    if response.status_code == 200:  # a 304 says nothing of what the client has already
        response.headers.update(headers or {})
    return response


def _page(request: Request, template: str, context: dict[str, Any], headers: Mapping[str, str]) -> Response:
    """Draw a page; its tag is its content's hash."""
    body = site_pages(request).draw(template, context).encode()
    return _sent(request, f"page {sha256(body).hexdigest()}", lambda: body, PAGE, headers)
