"""The pages that people read."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from service.editions.edition import Edition
from service.editions.open_editions import OpenEditions
from service.editions.scoring import score
from service.editions.views import ACCESS, View
from service.embeds.addresses import oembed_address, with_query
from service.embeds.error_page import embed_error
from service.measures.series import is_context
from service.pages.context_indicator import context_page
from service.pages.elsewhere import elsewhere
from service.pages.furniture import breadcrumbs, furniture, place_cards, site_pages
from service.pages.indicator import indicator_page, indicator_view
from service.pages.map import map_page
from service.pages.neighbourhood import neighbourhood
from service.pages.planner import area_name, planner
from service.pages.ranked_table import TableRequest, read_sort
from service.pages.sources import sources_page
from service.pages.wording import SERVICE_TITLES
from service.queries import BadQuery, read_name, read_page
from service.web.addresses import comment_address, public_address
from service.web.answers import answer_page
from service.web.dependencies import (
    EditionText,
    FocusText,
    ForgivenView,
    PageText,
    RequestedEdition,
    RequestedEditions,
    RequestedView,
    WithinText,
    as_typed,
    edition_named,
)
from service.web.errors import Fault, UnknownIndicator, request_id
from service.web.late_routes import Routes

router = Routes(default_response_class=HTMLResponse, include_in_schema=False)
DEMO_POSTCODE = "ZX1 1AA"
FIND_AT_MOST = 80
POSTCODE = "(?:[A-Z]{1,2}[0-9][A-Z0-9]?|GIR)[0-9][A-Z]{2}"
DEMO = "demo"
PlaceText = Annotated[str, Query(description="Id of a place")]


def _page(request: Request, template: str, context: dict[str, Any], edition: Edition | None = None) -> Response:
    """Draw a page; with an edition where it depends on nothing else but its address."""
    return answer_page(request, site_pages(request).draw(template, context).encode(), edition)


@router.get("/theme.css")
def theme(request: Request) -> Response:
    """Give the tenant's two colours as a style sheet."""
    return answer_page(request, site_pages(request).theme().encode(), media_type="text/css; charset=utf-8")


@router.get("/")
def home(request: Request, editions: RequestedEditions) -> Response:
    """Say what the site does, and lead to places, a postcode and the jobs to try."""
    return _page(request, "home.html", _home(editions))


def _home(editions: OpenEditions) -> dict[str, Any]:
    opened = editions.all()
    cards = place_cards(opened)
    demo = next((edition for edition in opened if edition.place["id"] == DEMO), None)
    hint = "A full postcode. We do not keep it."
    if demo and demo.find_postcode(DEMO_POSTCODE) is not None:
        hint += f" In {demo.place['name']}, try {DEMO_POSTCODE}."
    return {
        "page_title": "Places",
        "section": "places",
        "places": cards,
        "postcode_places": cards,
        "postcode_hint": hint,
        "guide": _guide(demo) if demo else None,
    }


def _guide(demo: Edition) -> dict[str, Any]:
    """Links into the fictional place, one for each job that works."""
    core = View(DEMO)
    scores = score(demo, core)
    top = str(demo.codes[scores.rows[scores.by_need()[0]]])
    jobs = [
        _job("See where to focus, and why", "All neighbourhoods in order of need, on a map and in a table.", core),
        _job(
            "Compare two settings of the dial",
            "From the same for everyone to ten times as much: what each setting means here.",
            core.but(rho=5.0),
            "#compare-settings",
        ),
    ]
    for team in demo.footprints("team")[:1]:
        within = core.but(within=f"team:{team['name']}")
        jobs.append(_job(f"Look within one team area: {team['name']}", "Its own ranks, shares and map.", within))
    jobs += [
        {
            "title": "Share out a budget",
            "text": "£250,000 between all neighbourhoods, beside two other designs, with a certificate.",
            "href": f"/places/{DEMO}/share-out?budget=250000",
        },
        {
            "title": "Explain one neighbourhood",
            "text": "The one in greatest need, with the reasons that add up to its score.",
            "href": f"/places/{DEMO}/neighbourhoods/{top}",
        },
        {
            "title": "See how an outcome differs with need",
            "text": "Overcrowded homes: the slope from least to greatest need, with limits, and by group.",
            "href": f"/indicators/overcrowded_share?place={DEMO}",
        },
        {
            "title": "See who can reach a GP practice",
            "text": "How near it is, who shares it, and where great need meets poor access.",
            "href": f"/places/{DEMO}/access",
        },
        {
            "title": "Compare with councils like it",
            "text": "Which councils are most like this one, and where it does better or worse.",
            "href": f"/places/{DEMO}/compare",
        },
        {
            "title": "Follow a target",
            "text": "MMR uptake over five years, the path to 95 per cent, and whether it is on track.",
            "href": f"/indicators/mmr_two_doses?place={DEMO}&goal=95&due=2028/29",
        },
        {
            "title": "Choose where two more family hubs go",
            "text": "Today’s hubs stay. Which other buildings are best for under-fives, and who gains?",
            "href": f"/places/{DEMO}/siting?focus=best-start&service=family_hub&add=2&objective=fair&demand=eligible"
            "&candidates=childrens_centre&candidates=gp",
        },
        {
            "title": "Put the map on your own web page",
            "text": "Choose what it shows, look at it, copy one piece of code.",
            "href": f"/places/{DEMO}/embed?layer=need&focus=best-start",
        },
        {
            "title": "Check the sources",
            "text": "Every file, how many rows were used, which were not, and why.",
            "href": f"/sources?place={DEMO}",
        },
        {"title": "Read the method", "text": "The rule in one minute, and numbers to retype.", "href": "/methods"},
    ]
    return {"place_name": demo.place["name"], "jobs": jobs}


def _job(title: str, text: str, view: View, part: str = "") -> dict[str, str]:
    query = view.query()
    return {"title": title, "text": text, "href": f"/places/{view.place}{'?' if query else ''}{query}{part}"}


@router.get("/places/{place}")
def show_planner(
    request: Request,
    edition: RequestedEdition,
    asked: ForgivenView,
    sort: Annotated[str, Query(description="Order of the table")] = "",
    find: Annotated[str, Query(description="Text to find in the table", max_length=FIND_AT_MOST)] = "",
    page: PageText = "",
) -> Response:
    """Show where to focus: dial, map and ranked table; a slip of the form is named, and its usual value shown."""
    view = asked.view
    scores = score(edition, view)
    table = TableRequest(read_sort(sort), find.strip(), read_page(page))
    public_url = site_pages(request).tenant.public_url
    context = furniture(edition) | {
        "page_title": f"Where to focus in {area_name(edition, view)}",
        "comment_address": comment_address(request),
        "wide": True,
        "view": view,
        "scores": scores,
        "planner": planner(edition, scores, view, table, public_url=public_url),
        "map": map_page(edition, view, scores),
        "elsewhere": elsewhere(edition, view, public_address(request.app.state.settings)),
        "oembed": oembed_address(
            public_address(request.app.state.settings), with_query(f"/places/{view.place}", view.query())
        ),
        "errors": [{"text": slip.sentence, "href": f"#{slip.parameter}"} for slip in asked.errors],
        "faults": {slip.parameter: slip.sentence for slip in asked.errors},
        "typed": as_typed(request, asked.errors),
        "notices": asked.notices,
    }
    if asked.errors:
        body = site_pages(request).draw("planner.html", context)
        return HTMLResponse(body, 422, {"Cache-Control": "no-store"})
    return _page(request, "planner.html", context, edition)


@router.get("/places/{place}/neighbourhoods/{lsoa21cd}")
def show_neighbourhood(request: Request, edition: RequestedEdition, view: RequestedView, lsoa21cd: str) -> Response:
    """Explain one neighbourhood."""
    row = edition.row(lsoa21cd)
    scores = score(edition, view)
    if scores.at(row) is None:  # a link that keeps another area's view: show it in the whole place
        view = view.but(within="")
        scores = score(edition, view)
    drawn = neighbourhood(edition, scores, view, row)
    here = drawn["here"]
    context = furniture(edition) | {
        "page_title": f"{here['msoa_name']} ({here['name']})",
        "comment_address": comment_address(request),
        "wide": True,
        "view": view,
        "breadcrumbs": breadcrumbs((edition.place["name"], drawn["planner_address"]), (here["name"], "")),
        **drawn,
    }
    return _page(request, "neighbourhood.html", context, edition)


@router.post("/postcode")
def find_postcode(
    request: Request,
    editions: RequestedEditions,
    postcode: Annotated[str, Form(max_length=40)] = "",
    place: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Lead to the neighbourhood of a postcode; the postcode stands in no address and no log."""
    opened = [editions.get(place)] if place else editions.all()
    wanted = "".join(postcode.upper().split())
    if not wanted:
        message = "Enter a postcode"
    elif not re.fullmatch(POSTCODE, wanted):
        message = "Enter a full postcode, such as LU1 2TL"
    else:
        for edition in sorted(opened, key=lambda edition: edition.count):
            row = edition.find_postcode(wanted)
            if row is not None:
                where = f"/places/{edition.place['id']}/neighbourhoods/{edition.codes[row]}"
                return RedirectResponse(where, 303, {"Cache-Control": "no-store"})
        where = str(opened[0].place["name"]) if len(opened) == 1 else "the places on this site"
        message = f"This postcode is not in {where}. Check it, or choose another place"
    context = _postcode_form(editions) | {
        "errors": [{"text": message, "href": "#postcode"}],
        "postcode_value": postcode[:12],
        "chosen_place": place,
    }
    body = site_pages(request).draw("postcode.html", context)
    return HTMLResponse(body, 422, {"Cache-Control": "no-store"})


@router.get("/postcode")
def ask_postcode(request: Request, editions: RequestedEditions) -> Response:
    """Ask for a postcode: the form alone, for who opens its address again."""
    return _page(request, "postcode.html", _postcode_form(editions))


def _postcode_form(editions: OpenEditions) -> dict[str, Any]:
    cards = place_cards(editions.all())
    return {"page_title": "Look up a postcode", "section": "places", "postcode_places": cards}


@router.get("/indicators/{indicator}")
def show_indicator(
    request: Request,
    editions: RequestedEditions,
    indicator: str,
    place: PlaceText = "",
    focus: FocusText = "",
    within: WithinText = "",
    area: Annotated[str, Query(description="Code of a council or sub-ICB location", max_length=9)] = "",
    goal: Annotated[str, Query(description="Value of a target", max_length=20)] = "",
    due: Annotated[str, Query(description="Period by which it is due", max_length=10)] = "",
) -> Response:
    """Say what one indicator is, how it differs in a place and with need; or how a figure of its council moves."""
    everywhere = editions.all()
    opened = [each for each in everywhere if indicator in each.indicators] or everywhere
    edition = _chosen(editions, opened, read_name("place", place))
    if edition is not None and indicator not in edition.indicators and is_context(edition, indicator):
        return _context_indicator(request, edition, indicator, area, goal.strip(), due.strip())
    if edition is None or indicator not in edition.indicators:
        raise UnknownIndicator(f"No indicator {indicator[:64]!r} here.")
    view = indicator_view(edition, focus, within)
    context = furniture(edition) | {
        "page_title": edition.indicators[indicator]["name"],
        "comment_address": comment_address(request),
        "place_choices": place_cards(opened),
        "breadcrumbs": breadcrumbs(
            (edition.place["name"], f"/places/{edition.place['id']}"), (edition.indicators[indicator]["name"], "")
        ),
        "view": view,
        **indicator_page(edition, indicator, view),
    }
    return _page(request, "indicator.html", context)


def _context_indicator(request: Request, edition: Edition, name: str, area: str, goal: str, due: str) -> Response:
    drawn = context_page(edition, name, area, goal, due)
    title = drawn["indicator"]["name"]
    context = furniture(edition) | {
        "page_title": title,
        "comment_address": comment_address(request),
        "breadcrumbs": breadcrumbs((edition.place["name"], f"/places/{edition.place['id']}"), (title, "")),
        **drawn,
    }
    if drawn["errors"]:
        return HTMLResponse(site_pages(request).draw("context.html", context), 422, {"Cache-Control": "no-store"})
    return _page(request, "context.html", context)


async def _pinned(request: Request, place: PlaceText = "", edition: EditionText = "") -> Edition | None:
    """Give the edition of a place that ``edition=`` pins; None where none is named."""
    if not edition:
        return None
    if not place:
        raise BadQuery("edition", "edition stands alone.", hint="Give place too: an edition is one of a place.")
    return await edition_named(request.app.state.editions, read_name("place", place), edition)


@router.get("/sources")
def sources(
    request: Request,
    editions: RequestedEditions,
    pinned: Annotated[Edition | None, Depends(_pinned)],
    place: PlaceText = "",
) -> Response:
    """Account for every source of a place, in its newest edition or the one asked for."""
    opened = editions.all()
    edition = pinned or _chosen(editions, opened, read_name("place", place))
    context: dict[str, Any] = {"place_choices": place_cards(opened), "service_titles": SERVICE_TITLES}
    if edition is not None:
        context |= furniture(edition) | sources_page(edition) | {"pinned": edition.id if pinned else ""}
    title = f"Sources for {edition.place['name']}" if edition else "Sources"
    return _page(request, "sources.html", context | {"page_title": title, "section": "sources"})


@router.get("/accessibility")
def accessibility(request: Request) -> Response:
    """Say how far the pages can be used by everyone."""
    context = {
        "page_title": "Accessibility statement",
        "section": "accessibility",
        "contact": site_pages(request).tenant.respond_url,
    }
    return _page(request, "accessibility.html", context)


def _chosen(editions: OpenEditions, opened: list[Edition], place: str) -> Edition | None:
    """Give the place asked for; else the smallest real one; else the fictional one, if there is any."""
    if place:
        return editions.get(place)
    first = place_cards(opened)[:1]
    return editions.get(first[0]["id"]) if first else None


def error_page(request: Request, fault: Fault) -> str:
    """Draw an error in the furniture of the site; in a frame of another site's page, without it."""
    if request.url.path.startswith("/embed/"):
        return embed_error(request, fault.problem, fault.detail, _plain_hint(fault))
    missing = fault.problem.status == 404
    context = {
        "page_title": fault.problem.title,
        "detail": fault.detail,
        "hint": _plain_hint(fault),
        "request_id": request_id(request.scope) if fault.problem.status >= 500 else "",
        "places": place_cards(request.app.state.editions.standing) if missing else [],
        "onward": _onward(request, fault),
    }
    return site_pages(request).draw("error.html", context)


def _onward(request: Request, fault: Fault) -> dict[str, str] | None:
    """Lead on from a map of access that is too large: to the page of the same place that lets one choose an area."""
    asked, layer = (request.path_params.get(name, "") for name in ("place", "layer"))
    if not request.url.path.startswith("/maps/") or layer != ACCESS or fault.parameter != "within":
        return None
    names = {str(edition.place["id"]): str(edition.place["name"]) for edition in request.app.state.editions.standing}
    return {"place": asked, "name": names[asked]} if asked in names else None


def _plain_hint(fault: Fault) -> str:
    hint = fault.hint or fault.problem.hint
    return "" if hint.startswith("GET ") else hint
