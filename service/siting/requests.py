"""What is asked of the choice of sites: read from a form, an address, JSON or a command line, and written back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlencode

from geodata.services import load_services
from service.editions.views import DEFAULT_FOCUS, View
from service.queries import LSOA, NAME, BadQuery

Objective = Literal["mean", "worst", "coverage", "fair"]
Demand = Literal["people", "eligible", "targeting"]
Point = tuple[str, float, float]
OBJECTIVES: tuple[Objective, ...] = ("mean", "worst", "coverage", "fair")
DEMANDS: tuple[Demand, ...] = ("people", "eligible", "targeting")
NEW = "new"  # the service that no site offers yet
OWN, SITE = "own:", "site:"
EACH, LISTED = "each", "listed"
MOST_ADDED, MOST_SITES, MOST_POINTS, MOST_GROWTH = 50, 300, 200, 5_000
MOST_PEOPLE = 999_999  # added to one neighbourhood
MOST_ROOM = 999_999_999  # people one site can take
LONGEST_QUERY = 8_000  # characters of an address that still reopens a plan
MINUTES_DEFAULT, LONGEST_MINUTES = 15.0, 240
MODE_DEFAULT = "walk"
LONGEST_NAME = 80
CANDIDATES = rf"{NAME}|own:{NAME}|site:[^\x00-\x1f\x7f]{{1,160}}"
ABOUT_CANDIDATES = "a service, own:NAME for a list of your own, or site:ID for one site"
MINUTES = r"[0-9]{1,3}(?:\.[0-9]{1,2})?"
WHOLE = r"-?[0-9]{1,3}"
POINT = r"(-?[0-9]{1,3}(?:\.[0-9]{1,12})?),(-?[0-9]{1,3}(?:\.[0-9]{1,12})?)(?:,([^\x00-\x1f\x7f]{1,80}))?"
ABOUT_POINT = "longitude,latitude,name in degrees, such as -0.4145,51.8797,Town centre"
CAPACITY = r"listed|(?:.{1,160}):([0-9]{1,9})(?:\.0*)?"
ABOUT_CAPACITY = "each:PEOPLE for every site, ID:PEOPLE for one, or listed for those of your own lists"
GROWTH = rf"({LSOA}):([0-9]{{1,6}}(?:\.[0-9]{{1,2}})?)"
ABOUT_GROWTH = "CODE:PEOPLE, a neighbourhood and the people added to it, such as E01015700:250"


@dataclass(frozen=True)
class SitingRequest:
    """What is asked of the choice of sites.

    Attributes
    ----------
    service : str
        The service to be placed; its sites that exist are kept unless named in `close`. "new" where none exists.
    candidates : tuple of str
        Where a new site could go: services, ``own:NAME`` lists, and single sites as ``site:ID``.
    add : int
        How many more sites there are to be than now. Below zero: so many fewer, of those in `close`. With nothing
        but `close` and ``add = -len(close)`` the answer says what closing them without replacement would mean.
    close, keep, forbid : tuple of str
        Ids of existing sites that may be closed, of sites that stay open whatever comes, and of candidates that are
        not to be used. A site both in `close` and in `forbid` closes for certain.
    objective : {"mean", "worst", "coverage", "fair"}
        What the best plan is best at (methods M7).
    demand : {"people", "eligible", "targeting"}
        Whom the plan counts: residents, the ages of the focus, or these times the targeting score.
    minutes : float
        The journey within which somebody counts as reached.
    mode : str
        walk, cycle, drive or transit, as the edition has them.
    points : tuple of (name, longitude, latitude)
        Candidates of one's own, in degrees to six decimals; their ids are point-1, point-2 and so on.
    capacity : tuple of str
        ``each:PEOPLE``, ``ID:PEOPLE`` or ``listed``; empty for no limits.
    growth : tuple of (lsoa21cd, people)
        People added to neighbourhoods, such as by new homes.
    """

    service: str
    candidates: tuple[str, ...] = ()
    add: int = 1
    close: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    objective: Objective = "mean"
    demand: Demand = "people"
    minutes: float = MINUTES_DEFAULT
    mode: str = MODE_DEFAULT
    points: tuple[Point, ...] = ()
    capacity: tuple[str, ...] = ()
    growth: tuple[tuple[str, float], ...] = ()

    @property
    def closure(self) -> bool:
        """Tell whether sites are to be closed with nothing in their place."""
        return bool(self.close) and self.add == -len(self.close)

    def parameters(self) -> list[tuple[str, str]]:
        """Return the words of an address that give this request again, defaults left out; lists are repeated."""
        single = [
            ("service", self.service),
            ("add", str(self.add) if self.add != 1 else ""),
            ("objective", self.objective if self.objective != "mean" else ""),
            ("demand", self.demand if self.demand != "people" else ""),
            ("minutes", minutes_text(self.minutes) if self.minutes != MINUTES_DEFAULT else ""),
            ("mode", self.mode if self.mode != MODE_DEFAULT or _mode_of(self.service) else ""),
        ]
        many = [
            *(("candidates", name) for name in self.candidates),
            *(("close", site) for site in self.close),
            *(("keep", site) for site in self.keep),
            *(("forbid", site) for site in self.forbid),
            *(("point", f"{longitude:.6f},{latitude:.6f},{name}") for name, longitude, latitude in self.points),
            *(("capacity", text) for text in self.capacity),
            *(("growth", f"{code}:{minutes_text(people)}") for code, people in self.growth),
        ]
        return [pair for pair in (*single, *many) if pair[1]]

    def state(self, view: View) -> str:
        """Return the canonical query string of a view and this request, however long."""
        return "&".join(part for part in (view_query(view, self.service), urlencode(self.parameters())) if part)

    def query(self, view: View) -> str:
        """Return the same for a link; empty where it is too long for an address."""
        state = self.state(view)
        return state if len(state) <= LONGEST_QUERY else ""


@dataclass(frozen=True)
class Asked:
    """What a form or an address sent, as it came; empty means the default."""

    service: str = ""
    candidates: Sequence[str] = ()
    add: str = ""
    close: Sequence[str] = ()
    keep: Sequence[str] = ()
    forbid: Sequence[str] = ()
    objective: str = ""
    demand: str = ""
    minutes: str = ""
    mode: str = ""
    point: Sequence[str] = ()
    capacity: Sequence[str] = ()
    growth: Sequence[str] = ()

    def request(self) -> SitingRequest:
        """Read what was asked for.

        Raises
        ------
        BadQuery
            Naming the field that cannot be read.
        """
        objective, demand = self.objective or "mean", self.demand or "people"
        _one_of("objective", objective, OBJECTIVES)
        _one_of("demand", demand, DEMANDS)
        return checked(
            SitingRequest(
                service=self.service.strip(),
                candidates=_given(self.candidates),
                add=read_add(self.add.strip()),
                close=_given(self.close),
                keep=_given(self.keep),
                forbid=_given(self.forbid),
                objective=objective,  # type: ignore[arg-type]  # checked above
                demand=demand,  # type: ignore[arg-type]  # checked above
                minutes=read_minutes(self.minutes.strip()),
                mode=self.mode.strip() or MODE_DEFAULT,
                points=tuple(read_point(text, n) for n, text in enumerate(_filled(self.point), 1)),
                capacity=_given(self.capacity),
                growth=tuple(read_growth(text) for text in _filled(self.growth)),
            )
        )


def view_query(view: View, service: str) -> str:
    """Write a view for an address; with its focus, where an address that leaves it out is read with the service's."""
    known = load_services().get(service)
    follows = not service or (known is not None and bool(known.focus))
    focus = urlencode({"focus": view.focus}) if follows and view.focus == DEFAULT_FOCUS else ""
    return "&".join(part for part in (focus, view.query()) if part)


def _mode_of(service: str) -> str:
    """Give the mode that an address of this service is read with where it names none; empty for the usual one."""
    known = load_services().get(service)
    return known.mode if known else ""


def checked(request: SitingRequest) -> SitingRequest:
    """Check what can be checked without an edition, and write the request in its one form.

    Raises
    ------
    BadQuery
        Naming the field and the rule: a service that is no name, a site both kept and closed, too many of anything.
    """
    if not request.service:
        raise BadQuery("service", "It is not said which service is to be placed.", hint="Name a service.")
    _matching("service", NAME, request.service, "the name of a service")
    for text in request.candidates:
        _matching("candidates", CANDIDATES, text, ABOUT_CANDIDATES)
    _one_of("objective", request.objective, OBJECTIVES)
    _one_of("demand", request.demand, DEMANDS)
    for text in request.capacity:
        _matching("capacity", CAPACITY, text, ABOUT_CAPACITY)
    _check_numbers(request)
    _check_growth(request)
    _check_overlaps(request)
    return replace(
        request,
        candidates=tuple(sorted(set(request.candidates))),
        close=tuple(sorted(set(request.close))),
        keep=tuple(sorted(set(request.keep))),
        forbid=tuple(sorted(set(request.forbid))),
        capacity=tuple(sorted(set(request.capacity))),
        points=tuple((name, round(float(x), 6), round(float(y), 6)) for name, x, y in request.points),
        growth=tuple(sorted((code, round(people, 2)) for code, people in request.growth)),
        minutes=float(request.minutes),
    )


def with_points(request: SitingRequest, found: Sequence[tuple[str, float, float, float | None]]) -> SitingRequest:
    """Add candidates of a list to a request: name, longitude, latitude, and the people each can take if known.

    Raises
    ------
    BadQuery
        If there are too many.
    """
    start = len(request.points)
    room = [f"point-{start + n}:{people:.0f}" for n, (_, _, _, people) in enumerate(found, 1) if people is not None]
    points = tuple((name[:LONGEST_NAME], longitude, latitude) for name, longitude, latitude, _ in found)
    return checked(replace(request, points=request.points + points, capacity=(*request.capacity, *room)))


def _check_numbers(request: SitingRequest) -> None:
    if not -MOST_ADDED <= request.add <= MOST_ADDED:
        raise BadQuery("add", f"add is {request.add}; expected at most {MOST_ADDED} sites more or fewer.")
    if not 0 < request.minutes <= LONGEST_MINUTES:
        about = f"minutes above 0 and at most {LONGEST_MINUTES}"
        raise BadQuery("minutes", f"minutes is {request.minutes:g}; expected {about}.")
    limits = (
        *((name, getattr(request, name), MOST_SITES) for name in ("candidates", "close", "keep", "forbid", "capacity")),
        ("points", request.points, MOST_POINTS),
        ("growth", request.growth, MOST_GROWTH),
    )
    for name, items, most in limits:
        if len(items) > most:
            raise BadQuery(name, f"{name} has {len(items):,} entries; expected at most {most:,}.")
    if request.add < -len(set(request.close)):
        said = f"add is {request.add}, and {len(set(request.close))} sites may be closed."
        raise BadQuery("add", said, hint="No more sites can go than may close: say which sites may.")
    codes = [code for code, _ in request.growth]
    doubled = next((code for code in codes if codes.count(code) > 1), "") if len(codes) > len(set(codes)) else ""
    if doubled:
        raise BadQuery("growth", f"{doubled} is there twice in the people added.", hint="Give each code once.")


def _check_growth(request: SitingRequest) -> None:
    """Refuse numbers of people added that an address or JSON could not carry."""
    for code, people in request.growth:
        if not 0 <= people <= MOST_PEOPLE:
            about = f"a number of people from 0 to {MOST_PEOPLE:,}"
            raise BadQuery("growth", f"{people:,.10g} people are added to {code}; expected {about}.")


def _check_overlaps(request: SitingRequest) -> None:
    pairs = (("keep", "close"), ("keep", "forbid"))
    words = {"keep": "kept", "close": "closed", "forbid": "forbidden"}
    for first, second in pairs:
        both = sorted(set(getattr(request, first)) & set(getattr(request, second)))
        if both:
            said = f"The site {both[0]} is to be both {words[first]} and {words[second]}."
            raise BadQuery(second, said, hint="Name each site for one thing only.")


def read_add(text: str) -> int:
    """Read how many sites are to be added; 1 when left out, below zero for fewer sites."""
    if not text:
        return 1
    _matching("add", WHOLE, text, f"a whole number, at most {MOST_ADDED}")
    return int(text)


def read_minutes(text: str) -> float:
    """Read the journey that still counts as reached; 15 minutes when left out."""
    if not text:
        return MINUTES_DEFAULT
    about = f"minutes above 0 and at most {LONGEST_MINUTES}, such as 15"
    _matching("minutes", MINUTES, text, about)
    if not 0 < float(text) <= LONGEST_MINUTES:
        raise BadQuery("minutes", f"minutes is {text}; expected {about}.")
    return float(text)


def read_point(text: str, number: int = 1) -> Point:
    """Read a candidate of one's own: ``longitude,latitude,name``; its number stands in for a name.

    Raises
    ------
    BadQuery
        For anything else, and for what is not on the globe.
    """
    found = re.fullmatch(POINT, text.strip())
    if not found or abs(float(found[1])) > 180 or abs(float(found[2])) > 90:
        said = f"point is {text[:80]!r}; expected {ABOUT_POINT}."
        raise BadQuery("point", said)
    return (found[3] or "").strip() or f"Point {number}", round(float(found[1]), 6), round(float(found[2]), 6)


def read_growth(text: str) -> tuple[str, float]:
    """Read people added to a neighbourhood: ``E01015700:250``."""
    found = re.fullmatch(GROWTH, text.strip())
    if not found:
        raise BadQuery("growth", f"growth is {text[:80]!r}; expected {ABOUT_GROWTH}.")
    return found[1], float(found[2])


def minutes_text(value: float) -> str:
    """Write a number for an address: two decimals at most, no idle zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _given(texts: Iterable[str]) -> tuple[str, ...]:
    """Give what a form sent in order, each once, empty fields left out."""
    return tuple(dict.fromkeys(_filled(texts)))


def _filled(texts: Iterable[str]) -> list[str]:
    return [text.strip() for text in texts if text.strip()]


def _one_of(parameter: str, text: str, choices: Sequence[str]) -> None:
    if text not in choices:
        wanted = f"{', '.join(choices[:-1])} or {choices[-1]}"
        raise BadQuery(parameter, f"{parameter} is {text[:40]!r}; expected {wanted}.")


def _matching(parameter: str, pattern: str, text: str, wanted: str) -> None:
    if not re.fullmatch(pattern, text):
        raise BadQuery(parameter, f"{parameter} is {text[:80]!r}; expected {wanted}.")
