"""``evenreach places``, ``focuses`` and ``sources``: what there is to choose from."""

from __future__ import annotations

from typing import Any

from service.commands.output import Json, Output, Quiet, Store, print_table, told
from service.pages.wording import OLDEST


@told
def places(store: Store = None, as_json: Json = False, quiet: Quiet = False) -> None:
    """List the places, and the editions that are built."""
    from geodata import store as editions
    from geodata.definitions import load_places
    from service.settings import Settings

    folder = store or Settings().store
    found = [
        {"place": name, "name": place.name, "kind": place.kind, "editions": editions.editions(folder, name)}
        for name, place in sorted(load_places().items())
    ]
    Output(as_json, quiet).result(found, _show_places)


def _show_places(found: list[dict[str, Any]]) -> None:
    rows = [(each["place"], each["name"], each["kind"], (each["editions"] or ["not built"])[-1]) for each in found]
    print_table(("Place", "Name", "Kind", "Newest edition"), rows)


@told
def focuses(as_json: Json = False, quiet: Quiet = False) -> None:
    """List the focuses: what a score can be about."""
    from geodata.definitions import load_focuses

    found = [
        {
            "focus": name,
            "title": focus.title,
            "ages": ages_text(focus.ages),
            "strength": focus.strength,
            "indicators": [part.indicator for part in focus.ingredients],
        }
        for name, focus in load_focuses().items()
    ]
    Output(as_json, quiet).result(found, _show_focuses)


def ages_text(ages: tuple[int, int] | None) -> str:
    """Write eligible ages for people: all, 0-4, 65+."""
    if ages is None:
        return "all"
    return f"{ages[0]}+" if ages[1] >= OLDEST else f"{ages[0]}-{ages[1]}"


def _show_focuses(found: list[dict[str, Any]]) -> None:
    rows = [(each["focus"], each["title"], each["ages"], each["strength"], len(each["indicators"])) for each in found]
    print_table(("Focus", "Title", "Ages", "Strength", "Indicators"), rows)


@told
def sources(as_json: Json = False, quiet: Quiet = False) -> None:
    """List the published files that a build reads."""
    from geodata.catalogue import load_catalogue

    found = [
        {
            "source": name,
            "title": source.title,
            "publisher": source.publisher,
            "edition": source.edition,
            "licence": source.licence,
            "required": source.required,
            "file": source.files[0],
            "landing_page": source.landing_page,
        }
        for name, source in load_catalogue().items()
    ]
    Output(as_json, quiet).result(found, _show_sources)


def _show_sources(found: list[dict[str, Any]]) -> None:
    rows = [
        (
            each["source"],
            each["title"],
            each["edition"],
            each["licence"],
            "required" if each["required"] else "",
            each["file"],
        )
        for each in found
    ]
    print_table(("Source", "Title", "Edition", "Licence", "", "File"), rows)
