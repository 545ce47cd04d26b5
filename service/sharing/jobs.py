"""Share-outs as jobs of the workshop: files that need heavy libraries, and large places, which take seconds."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from service.editions.at_work import edition_at_work
from service.editions.edition import Edition
from service.editions.views import View
from service.pages.share_out import matched_part, result_of
from service.sharing.files import share_bytes
from service.sharing.requests import ShareRequest
from service.sharing.share_outs import SharedBudget, share_budget

JOB = "service.sharing.jobs:make"
HEAVY = ("xlsx", "pdf")


def made(shared: SharedBudget, kind: str, public_url: str, match: str = "") -> bytes:
    """Write a shared budget as ``page`` (what the page shows, in JSON), or as a kind of `share_bytes`."""
    if kind == "page":
        matched = matched_part(shared, match) if match else None
        beside = len(matched["sentences"]) if matched else 0
        return orjson.dumps({"result": result_of(shared, public_url, beside=beside), "matched": matched})
    return share_bytes(shared, kind, link=result_link(shared, public_url))


def result_link(shared: SharedBudget, public_url: str) -> str:
    """Give the address that opens the share-out again with the same data; none without a public address."""
    query = shared.view.but(edition=shared.edition.id).query(**shared.request.parameters())
    return f"{public_url}/places/{shared.view.place}/share-out?{query}" if public_url else ""


def arguments(
    edition: Edition, view: View, request: ShareRequest, kind: str, public_url: str, match: str = ""
) -> dict[str, Any]:
    """Write a job down as plain data."""
    return {
        "store": str(edition.stored.folder.parent.parent),
        "edition": edition.id,
        "view": asdict(view),
        "request": asdict(request),
        "kind": kind,
        "public_url": public_url,
        "match": match,
    }


def make(
    store: str,
    edition: str,
    view: dict[str, Any],
    request: dict[str, Any],
    kind: str,
    public_url: str,
    match: str,
    path: str,
) -> None:
    """Write one file; what the workshop runs."""
    opened = edition_at_work(store, view["place"], edition)
    shared = share_budget(opened, View(**view), ShareRequest(**{**request, "areas": ()}))
    Path(path).write_bytes(made(shared, kind, public_url, match))
