"""What an embed shows: the map of one view, its legend, its table, and the parts that it is put together from.

One model serves the embed by address, the folder and the single file, so that they cannot tell different stories.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from service.drawing.features import collection, councils, lines, sites
from service.drawing.prepared import FIGURES
from service.editions.scoring import Scores, score
from service.editions.views import ACCESS, View
from service.embeds.addresses import embed_address, map_query, with_query
from service.embeds.options import EmbedOptions
from service.embeds.parts import Part
from service.embeds.tables import EmbedTable, embed_table
from service.pages.drawn_layers import layer_title
from service.pages.furniture import built_on, sources_address
from service.pages.map import MapPage, map_page
from service.pages.map_key import accepting_of
from service.pages.map_pictures import map_picture

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.web.asset_files import AssetFiles

STYLE = "embed_page.css"
LIBRARY = "vendor/leaflet/leaflet.js"
SCRIPT = "embed_page.js"
THEME = "/embed/theme.css"


@dataclass(frozen=True)
class Link:
    """A link under the map to a page of this site; `address` is empty where that cannot be reached."""

    text: str
    address: str


@dataclass(frozen=True)
class Framed:
    """What the code to copy needs to know of an embed.

    Attributes
    ----------
    page_title : str
        Name of the document.
    address, map_address : str
        Of the embed and of the full page.
    tenant : str
        Who runs the site.
    """

    page_title: str
    address: str
    map_address: str
    tenant: str


@dataclass(frozen=True)
class EmbedPage:
    """Everything that `templates/embed/` needs.

    Attributes
    ----------
    title, page_title : str
        Heading inside the frame, and the name of the document.
    place, edition, built, tenant : str
        Whose figures these are, which edition, the day it was built, and who runs the site.
    address : str
        Of this embed, relative to the site.
    map : MapPage
        The map as on its own page; its addresses are those of the served page.
    table : EmbedTable
        The same figures to read.
    options : EmbedOptions
        How it looks.
    links : tuple of Link
        To the full page, the table with the dial, and the figures as CSV.
    sources : str
        Address of the page of sources and licences.
    styles, scripts, data : tuple of Part
        In the order in which they are loaded.
    picture : Part
        The map as SVG.
    """

    title: str
    page_title: str
    place: str
    edition: str
    built: str
    tenant: str
    address: str
    map: MapPage
    table: EmbedTable
    options: EmbedOptions
    links: tuple[Link, ...]
    sources: str
    styles: tuple[Part, ...]
    scripts: tuple[Part, ...]
    data: tuple[Part, ...]
    picture: Part

    @property
    def framed(self) -> Framed:
        """What the code to copy needs."""
        return Framed(self.page_title, self.address, self.links[0].address, self.tenant)

    @property
    def credits(self) -> list[str]:
        """Whom a written copy credits: the publishers of what it brings."""
        sites = self.map.pictured or any(part.name.startswith("sites?") for part in self.data)
        return [*self.map.attribution, *(self.map.site_attribution if sites else ())]


def framed(edition: Edition, view: View, options: EmbedOptions, *, tenant: str, service: str = "") -> Framed:
    """Give what the code to copy needs without working the map out; the arguments are those of `embed_page`."""
    shown = _with_service(view, service)
    title = _page_title(options.title or layer_title(edition, view), _where(edition, view))
    return Framed(title, embed_address(shown, options), _map_address(shown), tenant)


def embed_page(
    edition: Edition,
    view: View,
    options: EmbedOptions,
    *,
    assets: AssetFiles,
    theme: str,
    tenant: str,
    service: str = "",
) -> EmbedPage:
    """Gather what an embed needs.

    Parameters
    ----------
    edition : Edition
        The edition shown.
    view : View
        Place, focus, dial, footprint, layer, indicator, and what the layer access shows.
    options : EmbedOptions
        How it looks.
    assets : AssetFiles
        Where styles and scripts come from.
    theme : str
        Style sheet with the tenant's colours, by `Pages.theme`.
    tenant : str
        Who runs the site.
    service : str
        Sites of this service alone; empty for all.

    Returns
    -------
    EmbedPage
        For `service.embeds.render.render`.
    """
    scores = score(edition, view)
    shown = map_page(edition, view, scores, service=service)
    where = _where(edition, view)
    return EmbedPage(
        title=options.title or shown.layer.title,
        page_title=_page_title(options.title or shown.layer.title, where),
        place=where,
        edition=edition.id,
        built=built_on(edition),
        tenant=tenant,
        address=embed_address(_with_service(view, service), options),
        map=shown,
        table=embed_table(edition, view, scores, service=service),
        options=options,
        links=_links(view, shown, service),
        sources=sources_address(view.place, view.edition),
        styles=(_asset("style", STYLE, assets), Part("style", "theme.css", THEME, theme.encode)),
        scripts=_scripts(edition, assets),
        data=_data(edition, view, scores, shown),
        picture=Part(
            "picture",
            "map.svg",
            shown.picture,
            lambda: map_picture(edition, view, scores, service=service).encode(),
        ),
    )


def _where(edition: Edition, view: View) -> str:
    place = str(edition.place["name"])
    return f"{edition.footprint(view.within)['name']}, {place}" if view.within else place


def _page_title(title: str, where: str) -> str:
    return f"{title} – map of {where}"


def _map_address(view: View) -> str:
    return with_query(f"/maps/{view.place}/{view.layer}", map_query(view))


def _links(view: View, shown: MapPage, service: str) -> tuple[Link, ...]:
    query = map_query(_with_service(view, service))
    found = [
        Link("Open this map as a page", _map_address(_with_service(view, service))),
        Link("See how it is worked out", shown.table),
    ]
    if view.layer != "sites":
        found.append(Link("Download the figures (CSV)", with_query(f"/downloads/{view.place}/{view.layer}.csv", query)))
    return tuple(found)


def _with_service(view: View, service: str) -> View:
    """Give the view with the service whose sites are shown; the layer access says its own."""
    return view if view.layer == ACCESS else view.but(service=service)


def _asset(kind: str, name: str, assets: AssetFiles) -> Part:
    made: Callable[[], bytes] = lambda: assets.file(name).body  # noqa: E731
    return Part("style" if kind == "style" else "script", name.rpartition("/")[2], assets.address(name), made)


def _scripts(edition: Edition, assets: AssetFiles) -> tuple[Part, ...]:
    frame = Part(
        "script",
        "frame.js",
        f"/embed/{edition.place['id']}/frame.js?{urlencode({'edition': edition.id})}",
        lambda: edition.frame()[1].encode(),
    )
    return (_asset("script", LIBRARY, assets), frame, _asset("script", SCRIPT, assets))


def _data(edition: Edition, view: View, scores: Scores, shown: MapPage) -> tuple[Part, ...]:
    """List the data that the page's script can ask for; of a large place councils alone, without sites."""
    ground = [Part("data", "ground", shown.ground, lambda: lines(edition, view))] if shown.ground else []
    if shown.councils:
        return (Part("data", "councils", shown.councils, lambda: councils(edition, scores)), *ground)
    areas_view = view.but(layer="targeting") if view.layer == "sites" else view
    areas_scores = score(edition, areas_view) if view.layer == "sites" else scores
    detail = FIGURES if shown.outlines else "full" if edition.large else "map"
    areas = Part("data", "areas", shown.geojson, lambda: collection(edition, areas_scores, detail=detail))
    outlines = [Part("data", "outlines", shown.outlines, edition.prepared.outlines)] if shown.outlines else []
    services = [key.id for key in shown.services] if shown.sites else []
    joined = "&" if "?" in shown.sites else "?"
    points = [
        Part(
            "data",
            f"sites?{urlencode({'service': name})}",
            f"{shown.sites}{joined}{urlencode({'service': name})}",
            partial(sites, edition, _sites_view(edition, view), name),
        )
        for name in services
    ]
    return (areas, *outlines, *points, *ground)


def _sites_view(edition: Edition, view: View) -> View:
    """Give the view whose sites a map brings: the whole place and its surroundings; of a large place the footprint."""
    within = view.within if edition.large else ""
    return View(view.place, within=within, layer="sites", accepting=accepting_of(view), edition=view.edition)
