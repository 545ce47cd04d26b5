"""What the sources page shows: every source with its rows, what is missing, the sums, what readers accept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from geodata.services import load_services
from service.pages.gp_figures import gp_place_words
from service.pages.wording import day

if TYPE_CHECKING:
    from service.editions.edition import Edition

ORIGINS = {
    "folder": "Read from a folder",
    "cache": "From the copy kept at the last build",
    "publisher": "Fetched from the publisher",
    "edition before": "Taken along from the edition before",
}
LISTS = "gp_registrations"
NETWORK = {
    "streets": ("notes", "Rows are the points of all streets and paths for walking."),
    "timetable": ("timetable_notes", "Rows are the trips of the day."),
}
TOTALS = {"before": ("before", "read", "source"), "after": ("after", "joined", "edition")}


def sources_page(edition: Edition) -> dict[str, Any]:
    """Gather what the sources page shows of one edition.

    Returns
    -------
    dict
        ``used``, ``missing`` and ``held`` sources, ``checks`` (sums before and after the join),
        ``site_counts`` by service, and ``readers``, for ``sources.html``.
    """
    sources = edition.sources
    return {
        "own_tables": [table | {"imported_on": day(table["imported"])} for table in edition.own.tables],
        "used": [_used(source, _more(edition, source["id"])) for source in sources if source["status"] == "used"],
        "missing": [source for source in sources if source["status"] == "missing"],
        "held": [source for source in sources if source["status"] not in ("used", "missing")],
        "checks": edition.report.get("totals", []),
        "site_counts": site_counts(edition),
        "readers": readers(sources),
        "reference": edition.meta["reference"],
    }


def site_counts(edition: Edition) -> list[dict[str, Any]]:
    """Count the sites of each service in the place and near it, with those that it includes.

    Returns
    -------
    list of dict
        ``name``, ``inside``, ``near``, ``complete``, ``more`` (what else is to be known of it, in words).
    """
    counts, complete = edition.report.get("sites", {}), edition.meta.get("complete", {})
    found = []
    for service in load_services().values():
        if service.id in counts:
            parts = [counts[name] for name in service.includes if name in counts]
            found.append(
                {
                    "name": service.name,
                    **{key: sum(part[key] for part in parts) for key in ("inside", "near")},
                    "complete": complete.get(service.id, True),
                    "more": _accepting_words(edition) if service.id == "dental" and counts["dental"]["inside"] else "",
                }
            )
    return found


def _accepting_words(edition: Edition) -> str:
    """Say how many dental practices are known to take new child NHS patients, and how many answers are missing."""
    if not edition.accepting_date:
        return ""
    said = edition.accepting_counts("dental")
    return (
        f"{said['yes']:,} said that they take new child NHS patients ({edition.accepting_date}), {said['no']:,} that "
        f"they do not, and of {said['unknown']:,} it is not known"
    )


def _more(edition: Edition, source: str) -> list[str]:
    """Say what the rows of a source stand for where that needs saying: whose patients a list holds."""
    if source in NETWORK and edition.network:
        name, rows = NETWORK[source]
        return [rows, *edition.network[name]]
    return gp_place_words(edition) if source == LISTS else []


def _used(source: dict[str, Any], more: list[str]) -> dict[str, Any]:
    read, used = source["rows_read"] or 0, source["rows_used"] or 0
    origin = ORIGINS.get(source.get("origin") or "", "")
    dated = day(str(source.get("modified") or ""))
    return {
        **source,
        "rows_not_used": max(read - used, 0),
        "read_from": f"{origin}: {source['file']}{f', dated {dated}' if dated else ''}." if origin else "",
        "notes": [note for note in (source.get("warning"), source.get("note"), *more) if note],
    }


def readers(sources: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """List what each reader accepts: one row for each set of formats, with the sources it is for."""
    by_format: dict[str, list[str]] = {}
    for source in sources:
        if source.get("accepted_formats"):
            by_format.setdefault(source["accepted_formats"], []).append(source["title"])
    return [{"formats": formats, "titles": titles} for formats, titles in by_format.items()]
