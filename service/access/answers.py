"""The answer about access: who reaches a service, by need fifth and group, and where need is great and access poor.

One dict for page, JSON and command line. Every mean is over people. Those of supply and of sites are from the figures
that the answer and the files carry; those of minutes from the minutes before they are rounded to a tenth.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from layers.gradient import Vector
from layers.inequality_arrays import by_fifth, slope_of
from service.access.against_need import against_need
from service.access.figures import COLUMNS, AccessFigures, access_figures, nearest_names
from service.access.need_words import need_sentences
from service.access.requests import DEMANDS, MEASURES, counted_names, says_who_accepts, usual_focus, usual_mode
from service.access.words import WORST_HERE, headlines, notes_of, who_counts
from service.drawing.features import view_facts
from service.editions.at_work import edition_at_work
from service.editions.edition import Edition
from service.editions.services import ACCEPTING
from service.editions.views import ACCESS, View
from service.measures.inequalities import CONFIDENCE, DRAWN, DRAWS, DRAWS_LARGE, SEED
from service.measures.proportionality import finite
from service.queries import BadQuery

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLACKSPOT_RULE = (
    "A blackspot is a neighbourhood in the fifth of greatest need here whose access is in the worst fifth here, "
    "and worse than the average."
)
NEAR_RULE = (
    "Each of these has a site within {} minutes, so none is a blackspot. They are in the fifth of greatest need here, "
    "their access is in the worst fifth here, and worse than the average."
)
BLACKSPOTS = "blackspots"
LARGE = 2_000  # neighbourhoods: limits then come from fewer draws
DRAWS_HERE = 2_000  # of the slope and the need fifths, so that a page need not wait; the ratio against need has more
MEAN_DECIMALS = {"nearest": 4, "within": 4, "2sfca": 6, "e2sfca": 6}  # so fine that a page's rounding is the only one


def access_answer(edition: Edition, view: View, *, outcome: str = "") -> dict[str, Any]:
    """Say who reaches a service.

    Parameters
    ----------
    edition : Edition
        An open edition of the view's place.
    view : View
        Focus, weights, dial, footprint, and ``service``, ``mode``, ``minutes``, ``measure``, ``demand``, ``accepting``.
    outcome : str
        The indicator of need that access is held against; the weightiest usable one of the focus when left out.

    Returns
    -------
    dict
        Plain data; None = not known. T = the minutes asked for. In this order::

            place, name, fictional, edition, method, layer ("access"), focus, weights, rho, within, attribution
            query      the canonical query string of the view
            request    {service, mode, minutes, measure, demand, accepting}: nothing left out
            counted    {name, plural}: the sites that count, with who they are known to take
            service    {id, name, plural, question, supply, old, own, inside, near, complete, complete_in}
            measure    {id, name, unit, better: 1 | -1, column}: the column of `neighbourhoods` that was asked for
            demand     {id, name, people}: who shares the supply, and how many in the view
            who        "people", or those of the focus's ages: "children aged 0 to 4"
            usual      {focus, title, who, mode}: what an address that names neither means for this service
            time_basis "estimated from distance", or the network and timetable
            words      [sentence]: what the answer says, shortest first
            known      {neighbourhoods, of, councils, councils_of}: where there is a figure, and the names of the
                       councils with one
            everyone   {people, neighbourhoods, people_unknown, people_out_of_reach, share_within, nearest_min,
                       sites_within, access_2sfca, access_e2sfca}
            residents  the same over all residents: what `groups` stand beside
            fifths     [the same + {fifth, lower, upper}], 5 rows, 1 = greatest need; limits of the measure asked for
            groups     [{kind, title, level, source, note, groups: [the same + {id, name}]}]
            slope      SlopeIndex as a dict, or None with `slope_problem`; `direction`: better | worse | unclear
                       (access where need is greater)
            proportionality  {resource, resource_name, outcome, outcome_name, ratio, lower, upper, fifths, basis,
                       verdict, words, neighbourhoods, need_without, draws, notes}
                       resource_times, outcome_times: greatest need's end of the line over the least's
            need_words [sentence]: the slope and the ratio in plain words
            blackspots {kind, rule, count, near, people, neighbourhoods: [as below]}, worst first; `near` of them have
                       a site within T; kind "worst here" where all have, else "blackspots"
            supply     {"2sfca" | "e2sfca": {reachable, shared_out, stranded, stranded_sites: [{site_id, name}]},
                       words, inside}: of the sites that people of the view reach; `shared_out`, added up over all
                       who share them, inside and around, equals `reachable`
            accepting  {date, children: {yes, no, unknown}, adults: {...}} or None: sites inside the place, as of a day
            need_without  [{indicator, name, weight, why}]: what need is taken without
            neighbourhoods  [{lsoa21cd, lsoa21nm, msoa21hclnm, people, need_fifth, access_fifth, status, nearest_site,
                       nearest_site_id, nearest_min, sites_within, access_2sfca, access_e2sfca}], in code order;
                       status: "in reach" (within T minutes) | "further" | "out of reach" (of every journey that is
                       looked for) | "not known here"; access_fifth 1 = worst
            confidence, draws, seed, notes [sentence]

        ``people`` are of the ages that the focus counts, but of all ages in `groups`.

    Raises
    ------
    BadQuery
        If a word cannot be read, the list of the service is not complete anywhere in the view (its access is then not
        known here), or the outcome cannot be one.
    UnknownService, UnknownMode, UnknownFocus, UnknownFootprint
        If the edition does not have them.
    """
    figures = access_figures(edition, view)
    service = edition.service(figures.asked.service)
    if not figures.known.any():
        raise _not_known(edition, view, service)
    measured = figures.asked.measured
    who = who_counts(edition.focuses[view.focus]["ages"])
    large = len(figures.need.rows) > LARGE
    draws = DRAWS_LARGE if large else DRAWS_HERE
    slope = _slope(edition, figures, draws)
    records = _records(edition, figures)
    found: dict[str, Any] = finite(
        {
            **{
                key: value
                for key, value in view_facts(edition, view.but(layer=ACCESS)).items()
                if key not in ("indicator", "access")
            },
            "query": view.but(layer=ACCESS).query(),
            "request": asdict(figures.asked),
            "service": service,
            "measure": {
                "id": figures.asked.measure,
                "name": measured.name,
                "unit": measured.unit,
                "better": measured.better,
                "column": COLUMNS[figures.asked.measure],
            },
            "demand": {
                "id": figures.asked.demand,
                "name": DEMANDS[figures.asked.demand],
                "people": round(float(np.nansum(figures.demand))),
            },
            "who": who,
            "usual": _usual(edition, figures),
            "time_basis": edition.time_basis(figures.asked.mode),
            "words": [],
            "counted": dict(zip(("name", "plural"), counted_names(edition, figures.asked), strict=True)),
            "known": _known(edition, figures),
            "everyone": summary(figures, figures.need.people),
            "residents": summary(figures, edition.population()[figures.need.rows]),
            "fifths": _fifths(figures, draws),
            "groups": _groups(edition, figures),
            **slope,
            "proportionality": against_need(edition, view, figures, outcome, DRAWS_LARGE if large else DRAWS),
            "blackspots": _blackspots(figures, records),
            "supply": _supply(edition, figures, service),
            "accepting": _accepting(edition, figures),
            "need_without": list(figures.need.left_out),
            "neighbourhoods": records,
            "confidence": CONFIDENCE,
            "draws": draws,
            "seed": SEED,
            "notes": [*notes_of(edition, figures, service, who), f"{DRAWN.format(draws)}."],
        }
    )
    return found | {"words": headlines(found), "need_words": need_sentences(found)}


def answered(store: str, view: dict[str, Any], edition: str, outcome: str = "") -> dict[str, Any]:
    """Make the answer for a large place; the job that the workshop runs."""
    asked_for = View(**view)
    return access_answer(edition_at_work(store, asked_for.place, edition), asked_for, outcome=outcome)


def summary(figures: AccessFigures, people: Vector) -> dict[str, Any]:
    """Sum up the access of some people, by where they live.

    Parameters
    ----------
    figures : AccessFigures
    people : array, shape (n,)
        Of each neighbourhood; NaN = not known.

    Returns
    -------
    dict
        ``people`` with a figure and ``neighbourhoods`` where they live, ``people_unknown`` where there is none,
        ``people_out_of_reach``, ``share_within`` T minutes of a site, and the mean of each measure; that of
        `nearest_min` is over those who reach one at all.
    """
    counted = np.nan_to_num(people)
    known = figures.known & (counted > 0)
    total = float(counted[known].sum())
    reached = known & np.isfinite(figures.nearest_min)
    within = known & (figures.sites_within > 0)
    return {
        "people": round(total),
        "neighbourhoods": int(known.sum()),
        "people_unknown": round(float(counted[~figures.known].sum())),
        "people_out_of_reach": round(float(counted[known & ~reached].sum())),
        "share_within": round(float(counted[within].sum() / total), 6) if total > 0 else None,
        **{
            column: _mean(figures.exact(name), counted, reached if name == "nearest" else known, MEAN_DECIMALS[name])
            for name, column in COLUMNS.items()
        },
    }


def _known(edition: Edition, figures: AccessFigures) -> dict[str, Any]:
    """Count the neighbourhoods that have a figure, and name the councils that they lie in."""
    rows, councils = figures.need.rows, {}
    for council in edition.footprints("lad"):
        here = np.isin(rows, edition.rows_within(f"lad:{council['code']}"))
        if here.any():
            councils[str(council["name"])] = bool(figures.known[here].any())
    return {
        "neighbourhoods": int(figures.known.sum()),
        "of": len(rows),
        "councils": [name for name, known in councils.items() if known],
        "councils_of": len(councils),
    }


def _usual(edition: Edition, figures: AccessFigures) -> dict[str, str]:
    """Name the focus and the way to travel that are usual for the service."""
    question = figures.asked
    focus = usual_focus(edition, question.service, question.accepting)
    facts = edition.focuses[focus]
    mode = usual_mode(edition, question.service)
    title = str(facts["title"]).split(" (", 1)[0]
    return {"focus": focus, "title": title, "who": who_counts(facts["ages"]), "mode": mode}


def _mean(values: Vector, people: Vector, rows: NDArray[np.bool_], decimals: int) -> float | None:
    total = people[rows].sum()
    return round(float((values[rows] * people[rows]).sum() / total), decimals) if total > 0 else None


def _fifths(figures: AccessFigures, draws: int) -> list[dict[str, Any]]:
    """Sum up each need fifth, with limits of the measure asked for."""
    need, name = figures.need, figures.asked.measure
    exact = figures.exact(name)
    value = np.where(np.isfinite(exact), exact, np.nan)
    limits = by_fifth(value, need.fifth, need.people, confidence=CONFIDENCE, draws=draws, seed=SEED)
    rows = []
    for row in limits:
        ends = [None if end is None else round(end, MEAN_DECIMALS[name]) for end in (row.lower, row.upper)]
        here = summary(figures, np.where(need.fifth == row.fifth, need.people, 0.0))
        rows.append({"fifth": row.fifth, **here, "lower": ends[0], "upper": ends[1]})
    return rows


def _groups(edition: Edition, figures: AccessFigures) -> list[dict[str, Any]]:
    kinds = []
    for entry in edition.group_kinds():
        people = edition.group_people(entry["kind"])
        groups = [
            {"id": group["id"], "name": group["name"], **summary(figures, people[group["id"]][figures.need.rows])}
            for group in entry["groups"]
        ]
        kept = {key: entry.get(key) or "" for key in ("kind", "title", "level", "source", "note")}
        kinds.append(kept | {"groups": groups})
    return kinds


def _slope(edition: Edition, figures: AccessFigures, draws: int) -> dict[str, Any]:
    """Draw a line of the measure on need; neighbourhoods out of reach have no minutes and are left out."""
    need, exact = figures.need, figures.exact(figures.asked.measure)
    value = np.where(np.isfinite(exact), exact, np.nan)
    names = edition.codes[need.rows].tolist()
    try:
        found = slope_of(value, need.position, need.people, confidence=CONFIDENCE, draws=draws, seed=SEED, names=names)
    except ValueError as error:
        return {"slope": None, "slope_problem": str(error), "direction": "unclear"}
    low, high = found.sii_lower, found.sii_upper
    direction = "unclear"
    if low is not None and high is not None and not low <= 0 <= high:
        direction = "better" if (low > 0) == (MEASURES[figures.asked.measure].better > 0) else "worse"
    return {"slope": asdict(found), "slope_problem": "", "direction": direction}


def _blackspots(figures: AccessFigures, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Name the neighbourhoods where need is greatest and access worst, the worst access first."""
    worse = -MEASURES[figures.asked.measure].better * figures.value
    living = figures.need.people
    among = figures.known & (living > 0) & np.isfinite(worse)
    average = float(np.average(worse[among], weights=living[among])) if among.any() else np.nan
    with np.errstate(invalid="ignore"):
        chosen = (figures.need.fifth == 1) & (figures.fifth == 1) & (worse > average)
    if not among.any():  # nobody reaches a site
        chosen = (figures.need.fifth == 1) & figures.known
    order = sorted(np.flatnonzero(chosen).tolist(), key=lambda row: (-worse[row], records[row]["lsoa21cd"]))
    near = chosen & (figures.sites_within > 0)
    all_near = bool(chosen.any() and near.sum() == chosen.sum())
    return {
        "kind": WORST_HERE if all_near else BLACKSPOTS,
        "rule": NEAR_RULE.format(figures.asked.minutes) if all_near else BLACKSPOT_RULE,
        "count": len(order),
        "near": int(near.sum()),
        "people": round(float(living[chosen].sum())),
        "neighbourhoods": [records[row] for row in order],
    }


def _records(edition: Edition, figures: AccessFigures) -> list[dict[str, Any]]:
    """Figures of every neighbourhood by name; what is out of reach or not known is None, and `status` says which."""
    need, near = figures.need, nearest_names(edition, figures)
    columns = {
        "people": [None if not np.isfinite(count) else round(count, 1) for count in need.people.tolist()],
        "need_fifth": [number or None for number in need.fifth.tolist()],
        "access_fifth": [number or None for number in figures.fifth.tolist()],
        "status": figures.status,
        "nearest_site": [site and site["name"] for site in near],
        "nearest_site_id": [site and site["site_id"] for site in near],
        **{column: _plain(figures.measure(name)) for name, column in COLUMNS.items()},
    }
    names = edition.names(need.rows.tolist())
    kept = ("lsoa21cd", "lsoa21nm", "msoa21hclnm")
    return [
        {key: name[key] for key in kept} | dict(zip(columns, values, strict=True))
        for name, values in zip(names, zip(*columns.values(), strict=True), strict=True)
    ]


def _plain(values: Vector) -> list[float | int | None]:
    """Numbers as JSON has them: whole ones without a point, None where there is none."""
    return [
        None if not np.isfinite(value) else int(value) if value == int(value) else value for value in values.tolist()
    ]


def _supply(edition: Edition, figures: AccessFigures, service: dict[str, Any]) -> dict[str, Any]:
    listed = edition.sites()
    found: dict[str, Any] = {"words": service["supply"], "inside": service["inside"]}
    for name, shared in figures.shared.items():
        alone = [listed[row] for row in shared.stranded_sites.tolist()]
        found[name] = {
            "reachable": round(shared.reachable, 6),
            "shared_out": round(shared.shared_out, 6),
            "stranded": round(shared.stranded, 6),
            "stranded_sites": [{"site_id": site["site_id"], "name": site["name"]} for site in alone],
        }
    return found


def _accepting(edition: Edition, figures: AccessFigures) -> dict[str, Any] | None:
    """Count who is known to take new NHS patients, and as of when, where it is listed for a service at all."""
    service = figures.asked.service
    if not says_who_accepts(edition, service):
        return None
    counts = {who: edition.accepting_counts(service, who) for who in ACCEPTING}
    return {"date": edition.accepting_date or None, **counts}


def _not_known(edition: Edition, view: View, service: dict[str, Any]) -> BadQuery:
    """Say why access is known nowhere in a view, and what to do."""
    where = edition.footprint(view.within)["name"] if view.within else edition.place["name"]
    said = f"{service['plural']}: access is not known here."
    if edition.complete_rows(service["id"])[edition.rows_within(view.within)].any():
        message = f"{said} This edition does not know where people live."
        return BadQuery("service", message, hint="Build the place again.")
    said += f" The list of sites is not known to be complete for any council of {where}."
    return BadQuery("service", said, hint="Choose another service, or import a list of your own.")
