"""What the columns of files and layers mean, in a sentence each: plain words first, then the exact statistic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.access import layer_columns as access
from service.pages.wording import ages_words

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View

AMONG = access.AMONG
AGAIN = "the score is worked out 2,000 times, each time with counts and weights moved a little and in another way"
ESTIMATED = (
    "estimated for mid-2022: residents in mid-2022 times the share of the broad age group (0 to 15, 16 to 64, 65 and "
    "over) at the 2021 Census times the share of the wanted ages within that group in mid-2020, added up over the "
    "groups and rounded to one decimal"
)
ABOUT_COLUMNS = {
    "lsoa21cd": "Code of the neighbourhood: its 2021 LSOA",
    "lsoa21nm": "Name of the LSOA",
    "msoa21hclnm": "House of Commons Library name of the wider area (MSOA)",
    "wd24nm": "Ward, 2024",
    "lad24cd": "Code of the council, 2024",
    "lad24nm": "Council, 2024",
    "population": "Residents, mid-2022",
    "eligible": f"People of the ages the focus is about, {ESTIMATED}; for all ages the residents",
    "need_score": "Need score, 0 to 100; 100 is the greatest need",
    "need_position": "Share of people in neighbourhoods of lower need plus half of those at the same need, 0 to 1, "
    f"{AMONG}",
    "need_fifth": f"Fifth of neighbourhoods by need, {AMONG}; 1 is the greatest need",
    "targeting_score": f"Share per head as a multiple of the average, {AMONG}; 1 is average",
    "rank": f"Rank by need, {AMONG}; 1 is the greatest need",
    "place_rank": "Rank by need in the whole place; 1 is the greatest need",
    "rank_low": f"Low end of the likely ranks, {AMONG}; 1 is the greatest need: {AGAIN}, and 5 of 100 of its ranks are "
    "lower",
    "rank_high": f"High end of the likely ranks, {AMONG}: as rank_low, and 5 of 100 of its ranks are higher",
    "top_fifth_chance": f"How often it is in the fifth of greatest need, 0 to 1, {AMONG}, when {AGAIN}",
    "certainty": "surely in: very likely in the fifth of greatest need (top_fifth_chance 0.9 or more); surely out: "
    "very unlikely (0.1 or less); borderline: it may or may not be in it; method only: more than a third of the weight "
    "has no published counts, so this shows only how much the method matters",
    "grade": "Least sure grade among the indicators used: measured, apportioned, modelled or imputed",
    "note": "What is not known here",
    "certainty_class": "Class on the map: 1 in the fifth of greatest need 9 times in 10 or more (top_fifth_chance), "
    "2 may or may not be, 3 in it once in 10 or less",
    "value": "The value whose clusters these are: the need score, or the indicator asked for",
    "cluster": "Where values gather in the place, in words about the value (local Moran's I, false discovery rate 5 %)",
    "moran": "Local Moran's I",
    "hot_spot": "Where high or low values gather, its own counted in (Getis-Ord Gi*, false discovery rate 5 %)",
    "hot_spot_z": "Getis-Ord Gi*, in standard deviations",
    "q_value": "p-value by 9,999 permutations after Benjamini-Hochberg, 0 to 1",
    "cluster_class": "Class on the map, by need: 1 greater among greater, 2 greater among lesser, 3 lesser among "
    "greater, 4 lesser among lesser, 5 not significant",
    "imd_score": "Index of Multiple Deprivation, score; high is more deprived",
    "imd_rank": "Index of Multiple Deprivation, rank in England; 1 is the most deprived",
    "imd_decile": "Index of Multiple Deprivation, decile in England; 1 is the most deprived",
    **access.ABOUT,
}
ABOUT_SITES = {
    "site_id": "Code of the site in its publisher's list",
    "service": "What the site provides",
    "name": "Name of the site",
    "postcode": "Postcode; the site is placed at it",
    "lon": "Longitude, degrees",
    "lat": "Latitude, degrees",
    "easting": "Easting on the British National Grid, metres",
    "northing": "Northing on the British National Grid, metres",
    "lsoa21cd": "Neighbourhood it stands in",
    "inside": "true where it stands inside the place, else false",
    "address": "Address, as its list has it",
    "accepting_children": "true where it takes new NHS patients under 18, false where not; empty where nobody has said",
    "accepting_adults": "true where it takes new NHS patients of 18 and over, false where not; empty where nobody has "
    "said",
    "accepting_by": "Who said so",
    "supply": "What it offers, in the unit of its service",
    "capacity": "The most it can take, in the unit of its service",
    "fte": "Full-time equivalent GPs, modelled from lists and the council's mean",
    "part_of": "Code of the site that a branch belongs to",
    "source_date": "Day of the list, or of the answer",
}


def words_in_view(edition: Edition, view: View, name: str, about: str) -> str:
    """Say what a column is in one view: which neighbourhoods are compared, and whose people are counted.

    Parameters
    ----------
    edition : Edition
        An open edition of the view's place.
    view : View
        Its footprint and focus are named.
    name : str
        Published name of the column.
    about : str
        What it is in any view.

    Returns
    -------
    str
        One sentence.
    """
    if name == "eligible":
        return eligible_words(edition.focuses[view.focus].get("ages"))
    return about.replace(AMONG, among_words(edition, view))


def among_words(edition: Edition, view: View) -> str:
    """Name the neighbourhoods that a view compares."""
    if view.within:
        return f"among the neighbourhoods of {edition.footprint(view.within)['name']}"
    return f"among all neighbourhoods of {edition.place['name']}"


def eligible_words(ages: tuple[int, int] | list[int] | None) -> str:
    """Say whose people a focus counts, and how their number is known."""
    return f"{ages_words(ages)}, {ESTIMATED}" if ages else "Everyone who lives here: residents, mid-2022"
