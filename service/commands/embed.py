"""``evenreach map`` and ``evenreach embed``: a map as one file, or as a folder for any web server."""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from service.commands.options import Dial, EditionName, FocusName, Weights, Within
from service.commands.output import Json, Output, PlaceName, Quiet, Refusal, Store, told

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View
    from service.embeds.page import EmbedPage
    from service.pages.furniture import Pages

READ_ME = "read-me.txt"
HEIGHT_SCRIPT = "embed_height.js"


def _page_name(out: Path) -> Path:
    if out.suffix.lower() not in (".html", ".htm"):
        raise typer.BadParameter(f"{out.name!r} is no page: end its name with .html")
    return _with_parent(out)


def _with_parent(out: Path) -> Path:
    if not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {str(out.absolute().parent)!r}")
    return out.absolute()


LayerName = Annotated[
    str, typer.Option("--layer", help="targeting, need, imd, certainty, clusters, sites, indicator or access.")
]
IndicatorName = Annotated[str, typer.Option("--indicator", help="On the layers indicator and clusters.")]
ServiceName = Annotated[str, typer.Option("--service", help="Sites of one service; on access the service asked about.")]
ModeName = Annotated[str, typer.Option("--mode", help="On access: walk, cycle, drive or transit.")]
Minutes = Annotated[str, typer.Option("--minutes", help="On access: 1 to 60.")]
Measure = Annotated[str, typer.Option("--measure", help="On access: nearest, within, 2sfca or e2sfca.")]
Demand = Annotated[str, typer.Option("--demand", help="On access: eligible, people or targeting.")]
Accepting = Annotated[str, typer.Option("--accepting", help="On access and sites: children or adults.")]
Title = Annotated[str, typer.Option("--title", help="Heading in your own words, at most 120 characters.")]
Table = Annotated[str, typer.Option("--table", help="The table under the map: closed or open.")]
Legend = Annotated[str, typer.Option("--legend", help="The legend in a wide frame: beside or below.")]


@dataclass(frozen=True)
class Asked:
    """What a map is to show, and how: each field is an option of both commands."""

    layer: LayerName = "targeting"
    focus: FocusName = ""
    rho: Dial = "3"
    within: Within = ""
    weights: Weights = ""
    indicator: IndicatorName = ""
    service: ServiceName = ""
    mode: ModeName = ""
    minutes: Minutes = ""
    measure: Measure = ""
    demand: Demand = ""
    accepting: Accepting = ""
    title: Title = ""
    table: Table = "closed"
    legend: Legend = "beside"
    edition: EditionName = ""
    store: Store = None
    as_json: Json = False
    quiet: Quiet = False


def _with_options(write: Callable[[str, Path, Asked], None]) -> Callable[..., None]:
    """Give a command the options of `Asked` one by one, in place of its last parameter."""

    @functools.wraps(write)
    def command(place: str, out: Path, **options: Any) -> None:
        write(place, out, Asked(**options))

    *own, _ = inspect.signature(write, eval_str=True).parameters.values()
    shared = inspect.signature(Asked, eval_str=True).parameters.values()
    command.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
    return command


class Drawn(NamedTuple):
    """A page ready to be written, and what it was made from."""

    edition: Edition
    view: View
    page: EmbedPage
    pages: Pages
    public: str
    height_script: bytes


@told
@_with_options
def write_map(
    place: PlaceName,
    out: Annotated[Path, typer.Option("--out", callback=_page_name, help="File to write: .html")],
    asked: Asked,
) -> None:
    """Write a map of PLACE as one file that holds everything: send it, open it, put it on any web server.

    A place of more than 2,000 neighbourhoods, such as England, is drawn by council: choose a footprint with --within
    to see its neighbourhoods.
    """
    from service.embeds.on_disk import InTheWay, write_one_file
    from service.embeds.written import one_file

    drawn = _drawn(place, asked)
    body = one_file(drawn.page, drawn.pages, drawn.public)
    try:
        write_one_file(out, body)
    except InTheWay as error:
        raise Refusal(str(error)) from None
    Output(asked.as_json, asked.quiet).result(_done(drawn, out, {out.name: body}), _show)


@told
@_with_options
def write_embed(
    place: PlaceName,
    out: Annotated[Path, typer.Option("--out", callback=_with_parent, help="Folder to write; made if absent.")],
    asked: Asked,
) -> None:
    """Write a map of PLACE as a folder of files for a web server: open index.html, or frame it in a page.

    A place of more than 2,000 neighbourhoods, such as England, is drawn by council: choose a footprint with --within
    to see its neighbourhoods.
    """
    from service.embeds.on_disk import InTheWay, write_folder
    from service.embeds.written import folder_files

    drawn = _drawn(place, asked)
    files = folder_files(drawn.page, drawn.pages, drawn.public)
    files |= {HEIGHT_SCRIPT: drawn.height_script, READ_ME: _read_me(drawn).encode()}
    try:
        write_folder(out, files, _facts(drawn))
    except InTheWay as error:
        raise Refusal(str(error)) from None
    Output(asked.as_json, asked.quiet).result(_done(drawn, out, files), _show)


def _drawn(place: str, asked: Asked) -> Drawn:
    """Read what was asked for and gather the page; the errors say what can be chosen."""
    from layers.map_layers import LAYERS, UnknownLayer
    from service.editions.edition import open_edition
    from service.embeds.options import read_options
    from service.embeds.page import LIBRARY, embed_page
    from service.pages.furniture import Pages, Tenant
    from service.routes.maps import read_service
    from service.settings import Settings
    from service.web.asset_files import AssetFiles
    from service.web.dependencies import ViewWords, read_view

    settings, assets = Settings(), AssetFiles()
    if not (assets.folder / LIBRARY).is_file():
        raise Refusal("the browser's files are not built: run service/assets/build.py, or make serve, once")
    opened = open_edition(asked.store or settings.store, place, asked.edition or None)
    tenant = Tenant(settings.tenant_name, settings.tenant_colour, settings.tenant_text_colour)
    pages = Pages(tenant, assets.address)
    words = ViewWords(**{field.name: getattr(asked, field.name) for field in fields(ViewWords)})
    if asked.layer not in LAYERS:
        raise UnknownLayer(asked.layer[:80])
    view = read_view(opened, words, asked.layer)
    options = read_options(asked.title, asked.table, asked.legend)
    service = read_service(view.service or asked.service, opened)
    page = embed_page(opened, view, options, assets=assets, theme=pages.theme(), tenant=tenant.name, service=service)
    return Drawn(opened, view, page, pages, settings.public_url, assets.file(HEIGHT_SCRIPT).body)


def _facts(drawn: Drawn) -> dict[str, Any]:
    from service.editions.scoring import METHOD_VERSION

    view = drawn.view
    return {
        "title": drawn.page.page_title,
        "place": view.place,
        "layer": view.layer,
        "view": view.but(edition="").query(),
        "edition": drawn.edition.id,
        "method": METHOD_VERSION,
        "attribution": drawn.page.credits,
    }


def _done(drawn: Drawn, out: Path, files: dict[str, bytes]) -> dict[str, Any]:
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    sizes = sum(len(content) for content in files.values())
    return {"out": str(out), "bytes": sizes, **_facts(drawn), "files": digests}


def _show(done: dict[str, Any]) -> None:
    print(f"{done['out']}: {done['title']}, edition {done['edition']}, {done['bytes'] / 1_000_000:.1f} MB")
    print(f"  {len(done['attribution'])} lines of sources and licences stand under the map")


def _read_me(drawn: Drawn) -> str:
    """Tell whoever finds the folder how to show the map."""
    from service.embeds.snippet import frame_snippet

    framed = replace(drawn.page.framed, address="/index.html", map_address="/index.html")
    return (
        f"{drawn.page.page_title}\n"
        f"Edition {drawn.edition.id}. Written by Evenreach.\n\n"
        "Open index.html to see the map. To show it on a web page:\n"
        "1. Copy this whole folder to your web server. Nothing in it asks another server for anything.\n"
        "2. Put this into your page, with the folder's address in place of FOLDER:\n\n"
        f"{frame_snippet(framed, drawn.pages, 'FOLDER', script=f'/{HEIGHT_SCRIPT}').strip()}\n\n"
        "The last line fits the height of the frame to the map. Leave it out where your site allows no scripts.\n"
        "A page with this frame that is opened from your own disk leaves the frame bare: try it on a web server.\n"
        "To bring the map up to date, write the folder again and copy it over this one.\n\n"
        + "\n".join(drawn.page.credits)
        + "\n"
    )
