"""The lists of the siting form: buildings to tick one by one, under the list they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from geodata.services import giving
from service.pages.wording import fixed
from service.siting.requests import NEW, OWN, SITE, Asked

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View

MOST_LISTED = 300
Site = dict[str, Any]


def sites_of(edition: Edition, view: View, name: str) -> list[Site]:
    """Give the sites inside the area of the view that a service or ``own:NAME`` means, by name.

    None where the place is so large that an area has to be chosen first.
    """
    if edition.large and not view.within:
        return []
    sites = [site for site in edition.sites(within=view.within) if site.get("inside", True)]
    if name.startswith(OWN):
        found = [site for site in sites if site.get("own") == name.removeprefix(OWN)]
    else:
        kinds = set(giving(name))
        found = [site for site in sites if site["service"] in kinds]
    return sorted(found, key=lambda site: (str(site["name"]), str(site["site_id"])))


def candidate_lists(
    edition: Edition, view: View, asked: Asked, services: Sequence[dict[str, Any]], chosen: str
) -> list[dict[str, Any]]:
    """Offer every list with sites here that are not all of the service itself: services, and lists of users.

    Returns
    -------
    list of dict
        ``value``, ``text``, ``checked``; where it is chosen ``sites``, each with ``id``, ``ticked`` and ``of``, the
        chosen lists it stands in; ``too_many`` where they are not shown one by one. A building is shown once.
    """
    others = [entry for entry in services if not entry["own"] and not {*giving(entry["id"])} <= {*giving(chosen)}]
    lists = [(entry["id"], entry["plural"], count_words(entry)) for entry in others if entry["inside"]]
    own = Counter(str(site["own"]) for site in edition.own.sites if site.get("inside", True))
    lists += [(f"{OWN}{name}", f"Your own list: {name}", f"{count:,} here") for name, count in sorted(own.items())]
    today = {str(site["site_id"]) for site in sites_of(edition, view, chosen)}
    single = _singles(asked)
    members = {name: _ids(edition, view, name) - today for name, _, _ in lists}
    opened = _opened(members, asked, single)
    ticked = {site for name in opened & {*asked.candidates} for site in members[name]} | single
    shown: set[str] = set()
    found = []
    for value, title, count in lists:
        few = value in opened and len(members[value]) <= MOST_LISTED
        sites = [site for site in sites_of(edition, view, value) if str(site["site_id"]) in members[value] - shown]
        found.append(
            {
                "value": value,
                "text": f"{title} ({count})",
                "checked": value in opened,
                "too_many": value in opened and not few,
                "picked": few and bool(members[value]),
                "sites": [_box(site, opened, members, ticked - {*asked.forbid}) for site in sites] if few else [],
            }
        )
        shown |= members[value] if few else set()
    return found


def count_words(entry: dict[str, Any]) -> str:
    """Say how many sites of a service are here, or are listed where the list has gaps, as the access page does."""
    return f"{fixed(entry['inside'])} here" if entry["complete"] else f"{fixed(entry['inside'])} listed, not complete"


def with_picked(edition: Edition, view: View, asked: Asked, picked: Iterable[str]) -> Asked:
    """Read boxes that were ticked one by one: a list with all its buildings ticked is the list, else single sites.

    Parameters
    ----------
    edition, view, asked
        The edition, the view, and what was sent.
    picked : iterable of str
        The lists whose buildings were shown, each with a box of its own.
    """
    shown, single = set(picked), _singles(asked)
    today = {str(site["site_id"]) for site in sites_of(edition, view, asked.service)} if asked.service else set()
    members = {name: _ids(edition, view, name) - today for name in shown}
    lists = [name for name in asked.candidates if not name.startswith(SITE)]
    whole = [name for name in lists if name not in shown or members[name] <= single]
    covered = {site for name in whole for site in members.get(name, ())}
    gone = {site for name in shown - {*lists} for site in members[name]}
    kept = {site for name in shown & {*lists} for site in members[name]}
    one_by_one = [site for site in single if site not in covered and (site in kept or site not in gone)]
    return replace(asked, candidates=[*whole, *(f"{SITE}{site}" for site in sorted(one_by_one))])


def _singles(asked: Asked) -> set[str]:
    return {text.removeprefix(SITE) for text in asked.candidates if text.startswith(SITE)}


def _ids(edition: Edition, view: View, name: str) -> set[str]:
    return {str(site["site_id"]) for site in sites_of(edition, view, name)}


def _opened(members: dict[str, set[str]], asked: Asked, single: set[str]) -> set[str]:
    """Name the lists that are chosen: by name, or the first that a single site stands in."""
    found = {name for name in members if name in asked.candidates}
    for site in sorted(single):
        of = [name for name, sites in members.items() if site in sites]
        if of and not found & {*of}:
            found.add(of[0])
    return found


def _box(site: Site, opened: set[str], members: dict[str, set[str]], ticked: set[str]) -> dict[str, Any]:
    site_id = str(site["site_id"])
    of = " ".join(name for name in members if name in opened and site_id in members[name])
    return {**named(site), "ticked": site_id in ticked, "of": of}


def named(site: Site) -> dict[str, Any]:
    """Give what a box says of a site, and where the map draws it."""
    return {
        "id": str(site["site_id"]),
        "name": str(site["name"]),
        "postcode": str(site.get("postcode") or ""),
        "lon": site["lon"],
        "lat": site["lat"],
    }


def gap_words(edition: Edition, view: View, service: str) -> str:
    """Say where the list of a service has gaps in the area; empty where it is whole, or nothing is open yet."""
    if service == NEW or service not in {entry["id"] for entry in edition.services()}:
        return ""
    rows = edition.rows_within(view.within)
    gaps = rows[~edition.complete_rows(service)[rows]]
    if not len(gaps):
        return ""
    councils = sorted({str(edition.facts(int(row))["lad24nm"]) for row in gaps})
    where = ", ".join(councils[:3]) + (f" and {len(councils) - 3} more" if len(councils) > 3 else "")
    return (
        f"{edition.service(service)['plural']}: our list is not complete in {where}. "
        "So it is not known where all of them are, and no best site can be worked out."
    )


def listed_words(plural: str, existing: int, lists: Sequence[dict[str, Any]], gap: str, *, too_large: bool) -> str:
    """Say what the lists show now, for those who cannot see them change."""
    if too_large:
        return "Choose an area first. Then its sites are listed."
    boxes = [site for entry in lists for site in entry["sites"]]
    ticked = sum(site["ticked"] for site in boxes)
    today = f"{plural} listed here today: {existing:,}." if existing else f"{plural}: none is listed here today."
    new = f"Buildings ticked for a new one: {ticked:,} of {len(boxes):,}."
    if not boxes:
        chosen = any(entry["checked"] for entry in lists)
        new = "" if chosen else "Now say where a new one could go: tick a list, or add a place."
    return " ".join(filter(None, (today, gap or new)))
