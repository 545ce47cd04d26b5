"""The furniture of every page: templates with automatic escaping, tenant, navigation, attribution, errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader
from starlette.requests import Request

from service.pages.wording import FILTERS, credits_once, day

if TYPE_CHECKING:
    from service.editions.edition import Edition

TEMPLATES = Path(__file__).parent.parent / "templates"
THEME_ADDRESS = "/theme.css"
FURNITURE_LAYER = "targeting"


@dataclass(frozen=True)
class Tenant:
    """Who runs the site: what the header says, its two colours (``#rrggbb``), where comments go."""

    name: str = "Evenreach"
    colour: str = "#1d3a5f"
    text_colour: str = "#ffffff"
    respond_url: str = ""
    public_url: str = ""


class Pages:
    """The templates, ready to be filled.

    Parameters
    ----------
    tenant : Tenant
        Name, colours and addresses from the settings.
    asset : callable
        Gives the address of a file of ``assets/`` by its name.
    """

    def __init__(self, tenant: Tenant, asset: Callable[[str], str]) -> None:
        self.tenant = tenant
        self.environment = Environment(
            loader=ChoiceLoader(
                [
                    FileSystemLoader(TEMPLATES),
                    PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
                ]
            ),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.environment.globals.update(
            asset=asset, tenant=tenant, theme_address=THEME_ADDRESS, sources_of=sources_address
        )
        self.environment.filters.update(FILTERS)

    def draw(self, template: str, context: Mapping[str, Any]) -> str:
        """Fill one template."""
        return self.environment.get_template(template).render(context)

    def theme(self) -> str:
        """Give the style sheet that carries the tenant's colours."""
        return f":root{{--tenant-colour:{self.tenant.colour};--tenant-text-colour:{self.tenant.text_colour}}}\n"


def site_pages(request: Request) -> Pages:
    """Give the templates of the application that answers this request, made on first use."""
    state = request.app.state
    if not hasattr(state, "pages"):
        settings = state.settings
        tenant = Tenant(
            settings.tenant_name,
            settings.tenant_colour,
            settings.tenant_text_colour,
            settings.respond_url,
            settings.public_url,
        )
        state.pages = Pages(tenant, state.assets.address)
    found: Pages = state.pages
    return found


def furniture(edition: Edition, *, layer: str = FURNITURE_LAYER) -> dict[str, Any]:
    """Gather what every page about a place carries: the place, its edition, its attribution.

    Parameters
    ----------
    edition : Edition
        The edition shown.
    layer : str
        Whose sources are named in the footer.

    Returns
    -------
    dict
        ``place``, ``edition``, ``edition_facts``, ``attribution`` and ``section``.
    """
    return {
        "place": edition.place,
        "edition": edition,
        "edition_facts": {"id": edition.id, "built": built_on(edition)},
        "attribution": credits_once(edition.attribution(layer)),
        "section": "places",
    }


def built_on(edition: Edition) -> str:
    """Give the day an edition was built, which its id begins with."""
    return day(edition.id)


def sources_address(place: str, edition: str = "") -> str:
    """Give the address of the sources of a place: those of its newest edition, or of the one that a view stays with."""
    return f"/sources?{urlencode({'place': place} | ({'edition': edition} if edition else {}))}"


def place_cards(editions: Iterable[Edition]) -> list[dict[str, Any]]:
    """List the places of this site, real ones by size and the fictional one last."""
    cards = [
        {
            "id": edition.place["id"],
            "name": edition.place["name"],
            "fictional": bool(edition.place.get("fictional")),
            "count": edition.count,
            "population": edition.place.get("population"),
            "edition": edition.id,
            "built": built_on(edition),
        }
        for edition in editions
    ]
    return sorted(cards, key=lambda card: (card["fictional"], card["count"], card["name"]))


def breadcrumbs(*steps: tuple[str, str]) -> list[dict[str, str]]:
    """List the way back, from the home page; the last step has no address."""
    return [{"text": text, "href": href} if href else {"text": text} for text, href in (("Places", "/"), *steps)]
