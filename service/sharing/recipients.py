"""Who receives in a share-out: neighbourhoods, footprints of an edition, an imported set, or the lines of a file."""

from __future__ import annotations

from typing import Any, NamedTuple

from layers.share_out import REST, Recipient, ShareOut
from service.editions.edition import Edition
from service.queries import BadQuery
from service.sharing.requests import FILE, OWN, ShareRequest

KINDS = {"wards": "ward", "msoas": "msoa", "teams": "team"}
NOUNS = {
    "lsoa": ("neighbourhood", "neighbourhoods"),
    "wards": ("ward", "wards"),
    "msoas": ("MSOA", "MSOAs"),
    "teams": ("team area", "team areas"),
}
AREAS = ("area", "areas")


class Receiver(NamedTuple):
    """A recipient with its name; `share` has its figures."""

    name: str
    share: Recipient


def nouns(over: str) -> tuple[str, str]:
    """Say what a recipient is called, one and many."""
    return NOUNS.get(over, AREAS)


def recipient_kinds(edition: Edition) -> list[str]:
    """List over whom a budget can be shared here: neighbourhoods, the footprints there are, imported sets."""
    built_in = [over for over in KINDS if edition.footprints(KINDS[over])]
    return ["lsoa", *built_in, *(f"{OWN}{name}" for name in edition.own.sets)]


def members(edition: Edition, request: ShareRequest) -> list[dict[str, Any]]:
    """List the footprints that a request shares over."""
    return edition.footprints(KINDS.get(request.over, request.over))


def footprint_pairs(edition: Edition, request: ShareRequest, codes: set[str]) -> list[tuple[str, str]] | None:
    """Pair each footprint with its neighbourhoods in the view; None for neighbourhoods themselves.

    Raises
    ------
    BadQuery
        If this edition has no such footprints, or a file's are all outside the view.
    """
    if request.over == FILE:
        pairs = [(footprint, code) for footprint, code in request.areas if code in codes]
        if not pairs:
            raise BadQuery("over", f"{request.file} lists no neighbourhood of this area.", hint="Check its codes.")
        return pairs
    kinds = recipient_kinds(edition)
    if request.over not in kinds:
        raise BadQuery("over", f"over is {request.over[:40]!r}.", hint=f"Here it is one of {', '.join(kinds)}.")
    if request.over == "lsoa":
        return None
    kind = KINDS.get(request.over, "team")
    pairs = [
        (str(entry["code"]), str(code))
        for entry in members(edition, request)
        for code in edition.codes[edition.rows_within(f"{kind}:{entry['code']}")]
    ]
    return [(footprint, code) for footprint, code in pairs if code in codes]


def receivers(edition: Edition, request: ShareRequest, share: ShareOut) -> tuple[Receiver, ...]:
    """Name the recipients, greatest need first."""
    named = _names(edition, request, share)
    found = [Receiver(named.get(row.code, row.code), row) for row in share.recipients]
    return tuple(sorted(found, key=lambda each: (-each.share.position, each.share.code)))


def _names(edition: Edition, request: ShareRequest, share: ShareOut) -> dict[str, str]:
    """Name the recipients; a footprint of which the view holds only some neighbourhoods is called a part."""
    if request.over == "lsoa":
        facts = edition.names([edition.row(row.code) for row in share.recipients])
        return {row["lsoa21cd"]: f"{row['msoa21hclnm']} ({row['lsoa21nm']})" for row in facts}
    inside: dict[str, int] = {}
    for row in share.neighbourhoods:
        inside[row.recipient] = inside.get(row.recipient, 0) + 1
    named = {
        code: f"{name}{'' if inside.get(code) == count else ' (part)'}"
        for code, name, count in _listed(edition, request)
    }
    return {**named, REST: "Rest of the area"}


def _listed(edition: Edition, request: ShareRequest) -> list[tuple[str, str, int]]:
    """Code, name and number of neighbourhoods of each footprint."""
    if request.over != FILE:
        return [(str(e["code"]), str(e["name"]), int(e["count"])) for e in members(edition, request)]
    counts: dict[str, int] = {}
    for footprint, _ in request.areas:
        counts[footprint] = counts.get(footprint, 0) + 1
    return [(name, name, count) for name, count in counts.items()]
