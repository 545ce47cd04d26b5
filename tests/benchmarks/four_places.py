"""What every focus says about four places: ``python tests/benchmarks/four_places.py --sources FOLDER``.

Prints Markdown: the top ten neighbourhoods with the interval of their rank and its class, how steep need is, the dial
that matches a measured outcome, and who is missed by fixed areas and by the dial on the same money. With `--store` the
editions that stand there are used; a place that is not there is built.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from layers.inequality import slope_index
from layers.rank_summaries import class_names
from layers.rates import proportion
from service.building.prepare import build
from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from service.measures.matched_dials import matched_dial
from service.measures.missed_needs import missed_needs

BUDGET = 250_000.0
RHO = 3.0
TOP = 10
LEAST = 5  # neighbourhoods for a slope


@dataclass(frozen=True)
class Place:
    """One of the four."""

    title: str
    place: str
    within: str = ""


PLACES = (
    Place("Luton", "luton"),
    Place("Milton Keynes", "milton-keynes"),
    Place("Bromley", "bromley"),
    Place("Blackpool", "lancashire-and-south-cumbria", "lad:E06000009"),
)
# The measured outcome that the dial is matched to: what comes nearest to the question of each focus.
OUTCOMES = {
    "core": "household_deprived_share",
    "best-start": "household_deprived_share",
    "building-blocks": "household_deprived_share",
    "long-term-conditions": "disabled_share",
    "mental-health": "disabled_share",
    "age-well": "disabled_share",
}
ELSE = "household_deprived_share"
ABOUT = f"""`python tests/benchmarks/four_places.py` on the published files.
For each neighbourhood: rank in 5–95 % of 2,000 draws, and class. Steepness: relative index (RII) of the people in need
whom missed need counts, then that of a measured outcome over need without it, each with 95 % limits, and the
need-matched dial ρ* of the latter. Then £{BUDGET:,.0f}: fixed areas against the dial at {RHO:g}, in shares of people in
need. Whether to believe it is our own reading; no director of public health was asked. A relative index above 10 says
that the fitted line comes near 0 at the least needy end: read it as “very steep”, not as a number of times.
"""
# Would a director of public health believe it? Our own reading, written after looking at the tables; none was asked.
BELIEVED = {
    ("Luton", "core"): (
        "Yes: Northwell, the town centre, Beech Hill, Biscot and Farley are all in England’s most deprived "
        "tenth; but Marsh Farm (003B) in first place may be anywhere from 1 to 30, so “first” means little."
    ),
    ("Luton", "age-well"): (
        "Largely: Lewsey North, Farley Hill and Stopsley North also lead by older people’s income and disability "
        "alone; Limbury (006G) and Bury Park (017E) would then rank 34th and 39th, and come in by age or dementia."
    ),
    ("Luton", "best-start"): (
        "Yes: most of the ten are surely in and all but one in the most deprived tenth, where crowding and "
        "low income meet; Central Luton (023A) may rank 75th, so ask there first."
    ),
    ("Luton", "building-blocks"): (
        "Yes, but seven of the ten are also on the list of core: it gives reasons (work, skills) more than "
        "another order."
    ),
    ("Luton", "long-term-conditions"): (
        "Mostly: Lewsey, Northwell and Leagrave rank by age-standardised illness; Bury Park in Beech Hill, "
        "among the first on core, is 25th and 47th here, which would be asked about."
    ),
    ("Luton", "mental-health"): (
        "Plausible as a list: Round Green, Farley and the centre come first by the Indices’ mental health "
        "indicator; the order inside the ten is not safe, and referrals should be held beside it."
    ),
    ("Milton Keynes", "core"): (
        "Yes: Woughton and Fishermead, Bletchley East and the estates beside Stony Stratford and Wolverton, "
        "with narrow intervals."
    ),
    ("Milton Keynes", "age-well"): (
        "In part: Bletchley and Crownhill hold by older people’s income and disability alone (8th to 23rd); Olney "
        "(10th) would then rank 90th, and comes in by the share of very old people."
    ),
    ("Milton Keynes", "best-start"): (
        "Yes: all ten are surely in, on the same estates as core, with intervals of at most eight ranks."
    ),
    ("Milton Keynes", "building-blocks"): (
        "Yes: the same estates with narrow intervals; nine of the ten also stand on the list of best start."
    ),
    ("Milton Keynes", "long-term-conditions"): (
        "Mostly: Woughton and Fishermead with the older parts of Bletchley is where illness would be looked for."
    ),
    ("Milton Keynes", "mental-health"): (
        "Yes as a list: Woughton and Fishermead holds the first five places, with intervals of a few ranks."
    ),
    ("Bromley", "core"): (
        "Yes: Orpington’s one neighbourhood in the most deprived tenth, Penge and Anerley, the Crays and "
        "Mottingham; Core20 has few areas here, so fixed areas miss most people in need."
    ),
    ("Bromley", "age-well"): (
        "In part: Anerley, Goddington and Mottingham are among the first seven by older people’s income and disability "
        "alone; Bickley and Chislehurst would then rank 38th to 61st, raised by the very old, perhaps in care homes."
    ),
    ("Bromley", "best-start"): (
        "Yes: all ten are surely in, in the Crays, Penge, Anerley and Mottingham; where the count of children "
        "on low income is not published the class is method only."
    ),
    ("Bromley", "building-blocks"): ("Yes: the same neighbourhoods as core in another order; work and skills lead."),
    ("Bromley", "long-term-conditions"): (
        "Mostly: the Crays, Anerley and a pocket of Farnborough rank by illness; the order among them is not safe."
    ),
    ("Bromley", "mental-health"): (
        "Plausible: Anerley, the Crays, Orpington (032B) and Mottingham, with intervals of a few ranks; it "
        "leans on one indicator of the Indices."
    ),
    ("Blackpool", "core"): (
        "Yes: Talbot, Bloomfield, Claremont and Brunswick; three in four people in need live in Core20 "
        "already, so the question is the order inside it."
    ),
    ("Blackpool", "age-well"): (
        "As frailty rather than hardship: by older people’s income and disability alone the ten would rank 21st to "
        "47th; the centre, where fewer grow old, has only one of them."
    ),
    ("Blackpool", "best-start"): ("Yes: Bloomfield, Talbot, Park and Claremont, all ten surely in."),
    ("Blackpool", "building-blocks"): (
        "Yes: Bloomfield (010A) is first in at least nine draws of ten; Park and Claremont follow."
    ),
    ("Blackpool", "long-term-conditions"): (
        "In part: without GP registers and the share over 65, Anchorsholme (002A) would fall from 2nd to 39th "
        "and Bispham (003A) from 8th to 41st; Ingthorpe and Talbot stay."
    ),
    ("Blackpool", "mental-health"): (
        "Yes: all ten lie in Claremont, Talbot, Bloomfield and Brunswick, and the first five hardly move."
    ),
}


def top_ten(edition: Edition, view: View) -> str:
    """Name the ten of greatest need, each with the interval of its rank and the class."""
    scores = score(edition, view)
    sure = edition.certainty(view.focus, view.within)
    names = class_names(sure.code) if sure is not None else []
    found = []
    for at in scores.by_need()[:TOP]:
        facts = edition.facts(int(scores.rows[at]))
        said = f"{facts['msoa21hclnm']} ({facts['lsoa21nm'].removeprefix(facts['lad24nm']).strip()})"
        if sure is not None:
            said += f" {sure.low[at]}–{sure.high[at]} {names[at]}"
        found.append(said)
    return "; ".join(found)


def need_steepness(edition: Edition, view: View) -> str:
    """Give the relative index of the share of people in need over the order of need."""
    scores = score(edition, view)
    counted, kind = edition.in_need_for(view.focus)
    need, among = pd.Series(counted[scores.rows]), pd.Series(edition.same_ages(kind)[scores.rows])
    position = pd.Series(scores.need_position)
    known = need.notna() & (among > 0) & position.notna()
    if known.sum() < LEAST:
        return f"in need ({kind}): not known, no table counts the people of these ages"
    share = proportion(need[known].clip(upper=among[known]), among[known])
    line = slope_index(share["value"], position[known], among[known], lower=share["lower"], upper=share["upper"])
    if line.rii is None:
        return f"in need ({kind}): RII not defined"
    return f"in need ({kind}): {line.rii:.2f} ({line.rii_lower:.2f}–{line.rii_upper:.2f})"


def steepness(edition: Edition, view: View) -> str:
    """Give the relative index of the outcome with its limits, and the dial that matches it."""
    made = matched_dial(edition, view, OUTCOMES.get(view.focus, ELSE))
    if made.rii is None or made.lower is None or made.upper is None:
        return f"{made.outcome}: RII not defined, so no ρ*"
    dial = "not offered" if made.rho is None else f"{made.rho:g}"
    return f"{made.outcome}: {made.rii:.2f} ({made.lower:.2f}–{made.upper:.2f}), ρ* {dial}"


def missed(edition: Edition, view: View, areas: str) -> str:
    """Say what share of people in need fixed areas leave below the average, and what reaches each."""
    found = missed_needs(edition, view, areas, budget=BUDGET).found
    if found is None:
        return "not known"
    designs = {design.design: design for design in found.designs}
    fixed, dial = designs["fixed areas"], designs["dial"]

    def each(design: object) -> str:
        money = getattr(design, "per_person_in_need", None)
        return "" if money is None else f", £{money:.2f} each"

    nobody = " (no such area here)" if "spends nothing" in " ".join(found.notes) else ""
    return (
        f"{fixed.with_nothing:.0%} get nothing{each(fixed)}{nobody}; "
        f"dial {dial.with_nothing:.0%} nothing, {dial.under_coverage:.0%} below average{each(dial)}"
    )


def rows_of(place: Place, edition: Edition) -> list[str]:
    """Write a table row for every focus."""
    lines = []
    for focus in edition.focuses:
        view = View(place.place, focus=focus, rho=RHO, within=place.within)
        cells = [
            focus,
            top_ten(edition, view),
            f"{need_steepness(edition, view)}; {steepness(edition, view)}",
            missed(edition, view, "core20"),
            missed(edition, view, "worst-fifth"),
            BELIEVED.get((place.title, focus), "not judged"),
        ]
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return lines


def class_counts(place: Place, edition: Edition) -> str:
    """Count the classes of each focus."""
    said = []
    for focus in edition.focuses:
        sure = edition.certainty(focus, place.within)
        if sure is not None:
            names, counts = np.unique([name or "no score" for name in class_names(sure.code)], return_counts=True)
            said.append(f"{focus}: " + ", ".join(f"{n} {name}" for name, n in zip(names, counts.tolist(), strict=True)))
    return "; ".join(said)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=Path)
    parser.add_argument("--store", type=Path)
    given = parser.parse_args()
    store = given.store or Path(tempfile.mkdtemp(prefix="evenreach-four-"))
    print("## Four places\n")
    print(ABOUT)
    for place in PLACES:
        if not (store / place.place).exists():
            build(place.place, sources=given.sources, store=store, offline=True)
        edition = open_edition(store, place.place)
        print(f"### {place.title}\n")
        print("| focus | top ten | steepness | Core20 against the dial | worst fifth against the dial | believed? |")
        print("|---|---|---|---|---|---|")
        print("\n".join(rows_of(place, edition)) + "\n")
        print(f"Classes: {class_counts(place, edition)}.\n")


if __name__ == "__main__":
    main()
