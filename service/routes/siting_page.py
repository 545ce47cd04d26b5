"""The siting page by address: which sites to open or close, and what it changes for whom."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

import orjson
from fastapi import Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from service.editions.edition import Edition
from service.editions.scoring import score
from service.editions.views import View
from service.pages.furniture import breadcrumbs, furniture, site_pages
from service.pages.planner import area_name
from service.pages.ranked_table import question
from service.pages.siting import as_asked, first_service, siting_form
from service.pages.siting_closures import closure_table
from service.pages.siting_lists import with_picked
from service.pages.siting_map import key_lines, marks_of, shapes, siting_map, siting_picture
from service.pages.siting_result import result_of
from service.queries import BadQuery
from service.routes.heavy import CLIENT_LEFT
from service.routes.sitings import WAKE, AskedSiting, SitingWords, closed_one_by_one, planned
from service.siting.requests import Asked
from service.siting.site_ids import UNKNOWN_SITE, check_ids, with_site_ids
from service.siting.usual import as_usual
from service.web.addresses import comment_address
from service.web.answers import HTML, answer
from service.web.dependencies import (
    EditionText,
    FocusText,
    Forgiven,
    RequestedEdition,
    RequestedWorkshop,
    RhoText,
    ViewWords,
    WeightsText,
    WithinText,
    as_typed,
    forgiven_view,
)
from service.web.late_routes import Routes
from service.web.workshop import Workshop

router = Routes(default_response_class=HTMLResponse, include_in_schema=False)
SITES_ONLY, CLOSURES = "sites", "closures"
POSTCODE = "(?:[A-Z]{1,2}[0-9][A-Z0-9]?|GIR)[0-9][A-Z]{2}"
MOST_STATE = 8_000
OF_THE_VIEW = ("focus", "rho", "within", "edition", "weights")


async def siting_view(
    opened: RequestedEdition,
    focus: FocusText = "",
    rho: RhoText = "",
    within: WithinText = "",
    edition: EditionText = "",
    weights: WeightsText = "",
) -> Forgiven:
    """Give the view of the siting form: focus, dial and area; service and minutes are the plan's own here."""
    return await forgiven_view(opened, ViewWords(focus, rho, within, "", edition, weights))


AskedView = Annotated[Forgiven, Depends(siting_view)]


@router.get("/places/{place}/siting")
async def show_siting(
    request: Request,
    edition: RequestedEdition,
    forgiven: AskedView,
    workshop: RequestedWorkshop,
    words: AskedSiting,
    show: Annotated[str, Query(description="sites: the form alone; closures: with each site closed in turn")] = "",
    picked: Annotated[list[str], Query(description="A list whose buildings are ticked one by one")] = (),  # type: ignore[assignment]
) -> Response:
    """Choose sites on a page: the form, the plan, who gains and who loses, the price of fairness, the rivals."""
    if show not in ("", SITES_ONLY, CLOSURES):
        raise BadQuery("show", f"show is {show[:40]!r}; expected {SITES_ONLY} or {CLOSURES}.", hint="Leave it out.")
    asked = with_site_ids(edition, as_asked(words.asked()))
    asked = with_picked(edition, forgiven.view, asked, picked)
    forgiven, asked = _usual(request.query_params, edition, forgiven, asked)
    view = forgiven.view.but(layer="")
    plan, closures = None, None
    error = _wrong_choice(edition, asked) if not asked.service and show != SITES_ONLY else None
    if asked.service and show != SITES_ONLY:
        try:
            made = b"null" if forgiven.errors else await _made(request, workshop, edition, view, asked, show)
        except BadQuery as refusal:
            error = refusal
        else:
            if made is None:
                return Response(None, CLIENT_LEFT)
            plan, closures = (None, orjson.loads(made)) if show else (orjson.loads(made), None)
    response = await run_in_threadpool(_page, request, edition, forgiven, asked, plan, error, closures)
    if plan is None:
        response.background = BackgroundTask(workshop.wake, WAKE)  # while the form is filled in
    return response


def _wrong_choice(edition: Edition, asked: Asked) -> BadQuery | None:
    """Say what is wrong with the words of a plan that is not made yet, as it names no service."""
    try:
        replace(asked, service=first_service(edition)).request()
        if asked.mode not in edition.modes():
            said = f"There are no travel times by {asked.mode[:40]!r} here."
            raise BadQuery("mode", said, hint="Choose from the list.")
        for name, ids in (("close", asked.close), ("keep", asked.keep)):
            wanted = [text.strip() for text in ids if text.strip()]
            check_ids(name, wanted, set(edition.sites_named(wanted)), UNKNOWN_SITE)
    except BadQuery as error:
        return error
    return None


async def _made(
    request: Request, workshop: Workshop, edition: Edition, view: View, asked: Asked, show: str
) -> bytes | None:
    """Have the plan made, or every closure by itself; None where the client left."""
    if show == CLOSURES:
        today = replace(asked, add="", close=(), candidates=(), keep=(), forbid=(), point=(), capacity=())
        return await closed_one_by_one(request, workshop, edition, view, today.request())
    return await planned(request, workshop, edition, view, asked.request())


def _usual(given: Container[str], edition: Edition, forgiven: Forgiven, asked: Asked) -> tuple[Forgiven, Asked]:
    """Take whom the service is usually for, and how most people get there, where nothing was said."""
    service = asked.service.strip() or first_service(edition)
    if "focus" not in given:
        forgiven = forgiven._replace(view=forgiven.view.but(focus=edition.usual_focus(service)))
    return forgiven, as_usual(edition, asked, service)


def _page(
    request: Request,
    edition: Edition,
    forgiven: Forgiven,
    asked: Asked,
    plan: dict[str, Any] | None,
    error: BadQuery | None,
    closures: dict[str, Any] | None = None,
) -> Response:
    view = forgiven.view.but(layer="")
    drawn = siting_form(edition, view, asked, error=error, slips=forgiven.errors)
    planner = f"/places/{view.place}{question(view.query())}"
    context = furniture(edition, layer="access") | {
        "page_title": drawn["heading"],
        "comment_address": comment_address(request),
        "wide": True,
        "view": view,
        "notices": forgiven.notices,
        "typed": as_typed(request, forgiven.errors),
        "planner_address": planner,
        "breadcrumbs": breadcrumbs((edition.place["name"], planner), ("Choose sites", "")),
        **drawn,
        **_drawn_plan(request, edition, view, asked, plan),
        "closures": None if closures is None else closure_table(view, asked, closures),
    }
    body = site_pages(request).draw("siting.html", context).encode()
    if drawn["errors"]:
        return HTMLResponse(body, 422, {"Cache-Control": "no-store"})
    return answer(request, f"page {sha256(body).hexdigest()}", lambda: body, media_type=HTML)


def _drawn_plan(
    request: Request, edition: Edition, view: View, asked: Asked, plan: dict[str, Any] | None
) -> dict[str, Any]:
    """Give the map, and what a plan adds to it."""
    scores = score(edition, view)
    found: dict[str, Any] = {
        "map": siting_map(edition, view, scores, with_picture=plan is None),
        "symbols": key_lines(None),
        "shapes": shapes(),
    }
    if plan is None:
        return found
    result = result_of(plan, minutes=plan["request"]["minutes"], public_url=site_pages(request).tenant.public_url)
    title = f"{result['heading']} in {area_name(edition, view)}"
    return found | {
        "symbols": key_lines(plan["sites"]),
        "marks": marks_of(plan["sites"]),
        "picture": siting_picture(edition, view, scores, plan["sites"], title),
        "result": result,
    }


@router.post("/places/{place}/siting/points")
async def add_point(
    request: Request,
    edition: RequestedEdition,
    state: Annotated[str, Form(max_length=MOST_STATE)] = "",
    postcode: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Add the place of a postcode to the candidates of the form; the postcode stands in no address and no log."""
    pairs = [(name, text) for name, text in parse_qsl(state) if name in _state_names()]
    wanted = "".join(postcode.upper().split())
    row = edition.find_postcode(wanted) if re.fullmatch(POSTCODE, wanted) else None
    place = None if row is None else edition.postcode_place(wanted)
    if row is None or place is None:
        return await _refused(request, edition, pairs, wanted)
    name = f"{edition.names([row])[0]['msoa21hclnm']}, place {1 + sum(name == 'point' for name, _ in pairs)}"
    query = urlencode([*pairs, ("point", f"{place[0]:.6f},{place[1]:.6f},{name}"), ("show", SITES_ONLY)])
    address = f"/places/{edition.place['id']}/siting?{query}#points"
    return RedirectResponse(address, 303, {"Cache-Control": "no-store"})


async def _refused(request: Request, edition: Edition, pairs: list[tuple[str, str]], postcode: str) -> Response:
    """Show the form again with what is wrong with the postcode."""
    said = f"This postcode is not in {edition.place['name']}. Check it, or choose a place on the map"
    if not re.fullmatch(POSTCODE, postcode):
        said = "Enter a full postcode, such as LU1 2TL"
    single = {name: text for name, text in pairs if name in OF_THE_VIEW}
    forgiven = await forgiven_view(edition, ViewWords(**single))
    given = {name: [text for key, text in pairs if key == name] for name in asdict(SitingWords())}
    words: dict[str, Any] = {name: texts if _is_list(name) else "".join(texts[-1:]) for name, texts in given.items()}
    forgiven, asked = _usual(dict(pairs), edition, forgiven, with_site_ids(edition, Asked(**words)))
    error = BadQuery("postcode", said)
    return await run_in_threadpool(_page, request, edition, forgiven, asked, None, error)


def _is_list(name: str) -> bool:
    return not isinstance(getattr(SitingWords(), name), str)


def _state_names() -> tuple[str, ...]:
    return (*OF_THE_VIEW, *asdict(SitingWords()))
