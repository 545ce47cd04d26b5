"""What routes ask for: an edition, a view, the pool of workers; unknown parameters are refused everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any, NamedTuple, get_origin

from fastapi import Depends, Query, Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Path as PathInfo

from geodata.errors import UnknownFocus, UnknownFootprint
from layers.map_layers import LAYERS, SITE_SYMBOLS, UnknownLayer
from service.access import requests as access
from service.editions.edition import Edition
from service.editions.open_editions import OpenEditions
from service.editions.services import ACCEPTING
from service.editions.views import ACCESS, ACCESS_WORDS, DEFAULT_FOCUS, View
from service.editions.weights import WEIGHTS, check_weights, names_in, own_names, read_weights
from service.queries import (
    EDITION,
    LSOA,
    NAME,
    NUMBER,
    PAGE,
    RHO,
    WITHIN,
    BadQuery,
    check_parameters,
    check_text,
    read_bbox,
    read_detail,
    read_edition,
    read_name,
    read_page,
    read_rho,
    read_within,
)
from service.web.errors import UnknownIndicator
from service.web.turns import turn_lent
from service.web.words_of_query import words_of_query
from service.web.workshop import Workshop

OWN_READER = "/ogc"
LONGEST_TYPED = 400
__all__ = ["LSOA", "read_bbox", "read_detail", "read_name", "read_page"]


class Parameters(NamedTuple):
    """What a route understands: all its parameters, and those that are lists and may be given more than once."""

    known: frozenset[str]
    lists: frozenset[str]


def _known_parameters(request: Request) -> Parameters:
    route = request.scope["route"]
    known: dict[int, Parameters] = request.app.state.known_parameters
    if id(route) not in known:  # the application keeps its routes, so an id stays the route's own
        fields = [field for field in get_flat_params(route.dependant) if not isinstance(field.field_info, PathInfo)]
        known[id(route)] = Parameters(
            frozenset(field.alias for field in fields),
            frozenset(field.alias for field in fields if get_origin(field.field_info.annotation) is list),
        )
    return known[id(route)]


async def only_known_parameters(request: Request) -> None:
    """Refuse, on every route, what the route does not declare; ``/ogc`` reads its own, which its data decide."""
    check_text(request.scope["query_string"])
    given = request.query_params.multi_items()
    if given and not request.scope["route"].path.startswith(OWN_READER):
        check_parameters(given, *_known_parameters(request))


def described(text: str, pattern: str) -> Any:
    """Describe a text parameter for the API document; `read_*` checks it."""
    return Query(description=text, json_schema_extra={"pattern": f"^(?:{pattern})?$"})


FocusText = Annotated[
    str, described("Name of a focus; the usual one when left out: on access that of the service", NAME)
]
RhoText = Annotated[str, described("The dial: 1 to 20, at most two decimals; 3 when left out", RHO)]
WithinText = Annotated[
    str, described("lad:CODE, ward:CODE, msoa:CODE or team:NAME; the whole place when left out", WITHIN)
]
IndicatorText = Annotated[str, described("Name of an indicator, for the layer `indicator`", NAME)]
WeightsText = Annotated[
    str, described("indicator=weight,... in place of the focus's own weights; 0 leaves one out", WEIGHTS)
]
EditionText = Annotated[str, described("Id of an edition; the newest when left out", EDITION)]
DetailText = Annotated[
    str,
    described(
        "Geometry: full, map or none; figures: none, and only what the map of the layer shows", "full|map|none|figures"
    ),
]
BoxText = Annotated[
    str,
    Query(
        description="west,south,east,north in degrees, for the neighbourhoods whose outer rectangle touches this box; "
        "everything when left out",
        json_schema_extra={"pattern": f"^{','.join([NUMBER] * 4)}$"},
    ),
]
PageText = Annotated[str, described("Page of the table, from 1", PAGE)]
ServiceText = Annotated[str, described("Name of a service", NAME)]
ModeText = Annotated[
    str,
    described(
        "How people travel, for the layer `access`; the service's usual way when left out", "|".join(access.MODES)
    ),
]
MinutesText = Annotated[
    str, described("Minutes, 1 to 60, for the layer `access`; 20 when left out", f"{access.MINUTES}")
]
MeasureText = Annotated[
    str, described("How access is measured, for the layer `access`; nearest when left out", "|".join(access.MEASURES))
]
DemandText = Annotated[
    str, described("Who shares the supply, for the layer `access`; eligible when left out", "|".join(access.DEMANDS))
]
AcceptingText = Annotated[
    str, described("Only sites that accept new NHS patients, for the layer `access`", "|".join(ACCEPTING))
]


async def open_editions(request: Request) -> OpenEditions:
    """Give the editions that this process has open."""
    return request.app.state.editions  # type: ignore[no-any-return]


async def workshop(request: Request) -> Workshop:
    """Give the pool of workers for heavy jobs."""
    return request.app.state.workshop  # type: ignore[no-any-return]


async def requested_edition(request: Request, place: str, edition: EditionText = "") -> Edition:
    """Give the edition that an address names: the newest, or the one that ``edition=`` pins."""
    return await edition_named(request.app.state.editions, place, edition)


async def edition_named(editions: OpenEditions, place: str, edition: str) -> Edition:
    """Give the edition of an address; while it is opened, others have the turn of the request."""
    wanted = read_edition(edition)
    found = editions.now(place, wanted)
    if found is None:
        with turn_lent():
            found = await editions.find(place, wanted)
    return found


async def requested_layer(layer: str) -> str:
    """Give the layer that an address names.

    Raises
    ------
    UnknownLayer
        If there is no such layer.
    """
    if layer not in LAYERS:
        raise UnknownLayer(layer[:80])
    return layer


@dataclass(frozen=True)
class ViewWords:
    """The parameters of an address that choose a view, as they came."""

    focus: FocusText = ""
    rho: RhoText = ""
    within: WithinText = ""
    indicator: IndicatorText = ""
    edition: EditionText = ""
    weights: WeightsText = ""
    service: ServiceText = ""
    mode: ModeText = ""
    minutes: MinutesText = ""
    measure: MeasureText = ""
    demand: DemandText = ""
    accepting: AcceptingText = ""


AskedWords = Annotated[ViewWords, Depends(words_of_query(ViewWords))]


def read_view(opened: Edition, words: ViewWords, layer: str = "") -> View:
    """Read a view: place, focus, dial, footprint, layer, indicator, edition, and what the layer access shows.

    Raises
    ------
    BadQuery
        If a parameter cannot be read.
    UnknownFocus, UnknownIndicator, UnknownService, UnknownMode
        If it names what this edition does not have.
    """
    usual = access.usual_focus(opened, words.service, words.accepting) if layer == ACCESS else DEFAULT_FOCUS
    chosen = read_name("focus", words.focus) or usual
    if chosen not in opened.focuses:
        raise UnknownFocus(f"No focus {chosen!r} here; choose one of {', '.join(sorted(opened.focuses))}.")
    shown = read_name("indicator", words.indicator)
    if shown and shown not in opened.indicators:
        raise UnknownIndicator(f"No indicator {shown!r} here; choose one of {', '.join(sorted(opened.indicators))}.")
    view = View(
        place=opened.place["id"],
        focus=chosen,
        rho=read_rho(words.rho),
        within=read_within(words.within),
        layer=layer,
        indicator=shown,
        edition=read_edition(words.edition),
        weights=check_weights(opened, chosen, words.weights),
        **access.canonical(opened, {name: getattr(words, name) for name in ACCESS_WORDS}),
    )
    if layer == ACCESS:
        access.asked(opened, view)
    return view


async def requested_view(
    request: Request, opened: Annotated[Edition, Depends(requested_edition)], words: AskedWords
) -> View:
    """Give the view that an address names, with the layer of its path; see `read_view` for what can be wrong."""
    layer = request.path_params.get("layer", "")
    view = read_view(opened, words, await requested_layer(layer) if layer else "")
    check_names(opened, view)
    return view


def check_names(opened: Edition, view: View) -> None:
    """Refuse an area and a service that the edition does not have, also where an answer would not look at them.

    Raises
    ------
    UnknownFootprint, BadQuery
        Naming what is not there.
    """
    if view.within:
        opened.footprint(view.within)
    if view.service and view.layer != ACCESS:
        known = {*opened.site_services(), *SITE_SYMBOLS}
        if view.service not in known:
            hint = f"Give one of {', '.join(sorted(known))}."
            raise BadQuery("service", f"There is no service {view.service!r} here.", hint=hint)


class Slip(NamedTuple):
    """A field of a form that could not be used, and what to say beside it; `wrong` unless it merely fell away."""

    parameter: str
    sentence: str
    wrong: bool = True


class Forgiven(NamedTuple):
    """A view with its usual values in place of the fields at fault."""

    view: View
    slips: list[Slip]

    @property
    def errors(self) -> list[Slip]:
        """What has to be put right."""
        return [slip for slip in self.slips if slip.wrong]

    @property
    def notices(self) -> list[str]:
        """What fell away because another field was changed."""
        return [slip.sentence for slip in self.slips if not slip.wrong]


def as_typed(request: Request, slips: Iterable[Slip]) -> dict[str, str]:
    """Give the fields at fault as they were typed, by name: a form keeps them beside what it says of them."""
    return {slip.parameter: request.query_params.get(slip.parameter, "")[:LONGEST_TYPED] for slip in slips}


DIAL_SLIP = "Enter a dial from 1 to 20, with at most two decimals, such as 3 or 4.25"
WEIGHTS_SLIP = "Enter weights as name=number with commas between, such as overcrowded_share=2,rented_share=0"
WEIGHTS_FELL_AWAY = "Your own weights were for another focus. They fell away: the usual weights of this one are used."
WITHIN_SLIP = "Choose an area from the list: this place has none of that name or code"


async def forgiven_view(opened: Annotated[Edition, Depends(requested_edition)], words: AskedWords) -> Forgiven:
    """Give the view of a form that people fill in: a slip of dial, area or weights is named, not refused.

    Raises
    ------
    BadQuery, UnknownFocus, UnknownIndicator
        For what no person types into the form.
    """
    slips = []
    try:
        read_rho(words.rho)
    except BadQuery:
        slips.append(Slip("rho", DIAL_SLIP))
        words = replace(words, rho="")
    try:
        if read_within(words.within):
            opened.footprint(words.within)
    except (BadQuery, UnknownFootprint):
        slips.append(Slip("within", WITHIN_SLIP))
        words = replace(words, within="")
    weights, slip = _forgiven_weights(opened, read_name("focus", words.focus) or DEFAULT_FOCUS, words.weights)
    slips += [slip] if slip else []
    view = read_view(opened, replace(words, weights=weights))
    check_names(opened, view)
    return Forgiven(view, slips)


def _forgiven_weights(opened: Edition, focus: str, text: str) -> tuple[str, Slip | None]:
    """Read weights that a person typed; those of another focus fall away, aloud, when the focus is changed."""
    try:
        weights = read_weights("".join(text.split()))
    except BadQuery:
        return "", Slip("weights", WEIGHTS_SLIP)
    try:
        return check_weights(opened, focus, weights) if focus in opened.focuses else "", None
    except BadQuery as error:
        names = set(names_in(weights))
        elsewhere = {name for other in opened.focuses for name in own_names(opened, other)}
        if names <= elsewhere and not names & set(own_names(opened, focus)):
            return "", Slip("weights", WEIGHTS_FELL_AWAY, wrong=False)
        return "", Slip("weights", f"{error} The usual weights are used")


ForgivenView = Annotated[Forgiven, Depends(forgiven_view)]
RequestedEdition = Annotated[Edition, Depends(requested_edition)]
RequestedLayer = Annotated[str, Depends(requested_layer)]
RequestedView = Annotated[View, Depends(requested_view)]
RequestedEditions = Annotated[OpenEditions, Depends(open_editions)]
RequestedWorkshop = Annotated[Workshop, Depends(workshop)]
