"""The page that makes an embed: its choices, a preview, and what there is to copy."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from layers.map_layers import LAYERS, site_symbols
from service.editions.views import ACCESS, View
from service.embeds.addresses import map_query
from service.embeds.options import LEGENDS, TABLES, TITLE_LENGTH, EmbedOptions
from service.embeds.page import EmbedPage
from service.embeds.snippet import HEIGHT, SANDBOX, fragment, fragment_address, frame_snippet
from service.pages.access_form import choice
from service.pages.furniture import Pages
from service.pages.map import LAYER_NAMES
from service.pages.map_key import services_of
from service.pages.planner import footprint_choices
from service.pages.wording import fixed
from service.queries import BadQuery

if TYPE_CHECKING:
    from service.editions.edition import Edition

KEEPS = {"updates": "Follow updates: show the newest figures", "today": "Keep as today: stay with these figures"}
OF_INDICATORS = ("indicator", "clusters")
FORM_WORDS = ("focus", "rho", "within", "indicator", "service")
FIELDS = ("layer", *FORM_WORDS, "title", "table", "legend")
"""What a slip can be put right in, on this page."""
CHOOSES_MORE = (*OF_INDICATORS, "sites", ACCESS)
"""Layers that leave open which measure or which service they show."""
IDLE = {
    "focus": "This map is the same whatever the service is for",
    "rho": "This map does not change with the dial",
    "indicator": "This map shows no indicator of your choice",
}
"""Why a field steps back."""
ONE_COUNCIL = "For access to a service, choose one council first"


def idle_fields(
    edition: Edition, layer: str, *, indicator: str = "", within: str = "", demand: str = ""
) -> frozenset[str]:
    """Name the fields that change nothing on a map, so that its address leaves them out.

    Parameters
    ----------
    edition : Edition
        The edition shown.
    layer, indicator, within, demand : str
        As a view has them; empty where nothing was chosen.

    Returns
    -------
    frozenset of str
        Keys of `IDLE`.
    """
    unscored = layer in ("imd", "sites") or (layer in OF_INDICATORS and bool(indicator))
    turns = layer == "targeting" or (layer == ACCESS and demand == "targeting")
    idle = {
        "focus": unscored,
        "rho": not turns,
        "indicator": layer not in OF_INDICATORS,
    }
    return frozenset(name for name, nothing in idle.items() if nothing)


def read_keep(text: str) -> str:
    """Read whether an embed stays with the edition of today; empty for following updates."""
    if text and text not in KEEPS:
        raise BadQuery("keep", f"keep is {text[:40]!r}.", hint=f"Give one of {', '.join(KEEPS)}, or leave it out.")
    return text or "updates"


def builder_form(
    edition: Edition, view: View, options: EmbedOptions, keep: str, errors: list[dict[str, str]]
) -> dict[str, Any]:
    """Gather the choices of the form, the chosen ones marked.

    Parameters
    ----------
    edition, view, options
        As they are shown.
    keep : str
        ``today`` or ``updates``.
    errors : list of dict
        ``text`` and ``href`` of each field at fault.

    Returns
    -------
    dict
        For ``parts/embed_form.html``.
    """
    hidden = [(name, text) for name, text in parse_qsl(map_query(view)) if name not in FORM_WORDS]
    idle = idle_fields(edition, view.layer, indicator=view.indicator, within=view.within, demand=view.demand)
    faults = {error["href"].removeprefix("#"): error["text"] for error in errors}
    names = sorted((str(facts["name"]), name) for name, facts in edition.indicators.items())
    services = site_symbols(services_of(edition) & set(edition.site_kinds))
    layers, offered = layers_of(edition), offered_layers(edition, view)
    return {
        "address": f"/places/{view.place}/embed",
        "hidden": hidden,
        "layers": [choice(name, LAYER_NAMES[name], view.layer) for name in layers if name in offered],
        "layer_hint": "" if ACCESS in offered or ACCESS not in layers else ONE_COUNCIL,
        "focuses": [{"id": name, "title": facts["title"]} for name, facts in edition.focuses.items()],
        "footprints": footprint_choices(edition, view),
        "indicators": [
            choice("", "The usual one", view.indicator),
            *(choice(name, title, view.indicator) for title, name in names),
        ],
        "services": [
            choice("", "All, or the usual one", view.service),
            *(choice(name, symbol.plural, view.service) for name, symbol in services.items()),
        ],
        "tables": [choice(name, text, options.table) for name, text in TABLES.items()],
        "legends": [choice(name, text, options.legend) for name, text in LEGENDS.items()],
        "keeps": [
            {"value": name, "text": text, "checked": name == keep, "hint": {"text": _keep_hint(edition, name)}}
            for name, text in KEEPS.items()
        ],
        "title_length": TITLE_LENGTH,
        "idle": {name: IDLE[name] for name in idle - faults.keys()},  # what is wrong has to be put right
        "more": view.layer in CHOOSES_MORE or bool(view.service),
        "faults": faults,
    }


def layers_of(edition: Edition) -> list[str]:
    """List the layers that this edition can show."""
    return [name for name in LAYERS if name != ACCESS or edition.services()]


def offered_layers(edition: Edition, view: View) -> list[str]:
    """List the layers to choose from: access of all of a large place cannot be drawn, so only where it is shown."""
    too_large = edition.large and not view.within and view.layer != ACCESS
    return [name for name in layers_of(edition) if name != ACCESS or not too_large]


def _keep_hint(edition: Edition, keep: str) -> str:
    if keep == "today":
        return f"For a report or a consultation. The address names the edition, {edition.id}."
    return "For a page that stays. When new figures are published here, the map changes with them."


def builder_result(edition: Edition, view: View, page: EmbedPage, pages: Pages, public: str) -> dict[str, Any]:
    """Gather the preview and what there is to copy.

    Parameters
    ----------
    edition, view
        The edition and view that the embed shows.
    page : EmbedPage
        The embed.
    pages : Pages
        The templates.
    public : str
        The site's address, without a closing slash.

    Returns
    -------
    dict
        For ``parts/embed_result.html``.
    """
    address = f"{public}{page.address}"
    copied = fragment(page, pages, public)
    return {
        "preview": page.address,
        "title": page.page_title,
        "height": HEIGHT,
        "sandbox": SANDBOX,
        "snippet": frame_snippet(page.framed, pages, public),
        "address": address,
        "follows": not view.edition,
        "fragment": copied,
        "fragment_address": fragment_address(page),
        "fragment_size": fixed(len(copied.encode()) / 1000, 0),
        "pictures": {kind: page.picture.address.replace(".svg", f".{kind}", 1) for kind in ("svg", "png")},
        "map_address": page.links[0].address,
        "command": _command(view, page.options),
    }


def _command(view: View, options: EmbedOptions) -> str:
    """Write the command that makes the same embed as a folder of files: its options are the words of the address."""
    words = [("layer", view.layer), *parse_qsl(map_query(view, **options.words()))]
    given = [part for name, text in words for part in (f"--{name}", text)]
    return shlex.join(["evenreach", "embed", view.place, *given, "--out", f"map-of-{view.place}"])
