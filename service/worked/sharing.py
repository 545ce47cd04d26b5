"""Worked examples of the share-out, the proportionality ratio and missed need (methods M1, M2, M3)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from layers.gradient import fifths, ranks
from layers.inequality import gap, proportionality_ratio
from layers.missed_need import missed_need
from layers.share_out import Recipient, divide
from layers.share_rule import Rule
from layers.targeting import need_position, targeting_score
from service.worked.sheet import Column, Fact, Sheet, numbers

# people at lower need, and half of those at the same
LOWER = "SUMPRODUCT(({need_all}<{need})*{people_all})+SUMPRODUCT(({need_all}={need})*{people_all})/2"
POSITION = "{lower}/SUM({people_all})"
MULTIPLE = "2*(1+({rho}-1)*{position})/({rho}+1)"


class Given(NamedTuple):
    """Neighbourhoods of an example."""

    names: list[str]
    need: list[float]
    people: list[float]

    def need_columns(self) -> list[Column]:
        """Name, need score and people: what is typed in."""
        return [
            Column("name", "Neighbourhood", self.names, style="text"),
            Column("need", "Need score", self.need, style="whole"),
            Column("people", "People", self.people, style="whole"),
        ]

    def lower(self) -> list[float]:
        """People at lower need and half of those at the same."""
        pairs = list(zip(self.need, self.people, strict=True))
        return [sum(p for n, p in pairs if n < own) + sum(p for n, p in pairs if n == own) / 2 for own in self.need]

    def series(self, values: list[float]) -> pd.Series:
        """Label figures with the neighbourhoods."""
        return pd.Series(values, index=self.names, dtype=float)


TWO = Given(["Square A", "Square B"], [20, 80], [1000, 1000])
FOUR = Given(["Oak Hill", "Mill Lane", "Northside", "Riverside"], [15, 40, 40, 75], [1000, 1500, 500, 2000])
SIX = Given(
    ["Ash End", "Brook", "Castle", "Dock Road", "Elm Park", "Ferry"],
    [12, 25, 37, 48, 66, 81],
    [1500, 2000, 1000, 2500, 1000, 2000],
)


def dial(given: Given, name: str, title: str, text: str, rho: float, budget: float) -> Sheet:
    """Share money out by the dial, without rounding."""
    share = divide(given.names, given.need, given.people, budget, rule=Rule(rho=rho))
    rows = {row.code: row for row in share.recipients}
    found = [rows[code] for code in given.names]
    sheet = Sheet("m1", name, title, text)
    sheet.facts(
        "Given",
        Fact("rho", "Dial ρ", rho),
        Fact("budget", "Money to share, £", budget, style="pounds"),
    )
    sheet.table(
        "Who gets what",
        *given.need_columns(),
        Column("lower", "Lower + half of same", given.lower(), LOWER, "whole"),
        Column("position", "Position u", numbers(row.position for row in found), POSITION),
        Column("multiple", "Targeting score r", numbers(row.multiple for row in found), MULTIPLE),
        Column(
            "amount",
            "Share of the money",
            numbers(row.amount for row in found),
            "{budget}*{people}*{multiple}/SUM({people_all})",
            "pounds",
        ),
        Column(
            "head", "Per head", numbers(row.amount / row.people for row in found), "{amount}/{people}", style="pounds"
        ),
    )
    average = sum(row.multiple * row.people for row in found) / sum(row.people for row in found)
    return sheet.facts(
        "Checks",
        Fact("total", "All amounts together", float(sum(row.amount for row in found)), "SUM({amount_all})", "pounds"),
        Fact(
            "average",
            "Mean of r over the people",
            float(average),
            "SUMPRODUCT({people_all}*{multiple_all})/SUM({people_all})",
        ),
        Fact("floor", "Universal floor: r is never below", 2 / (rho + 1), "2/({rho}+1)"),
        Fact("least", "Smallest r here", float(share.planned.least), "MIN({multiple_all})"),
        Fact("most", "Largest r here", float(share.planned.most), "MAX({multiple_all})"),
        Fact("ratio", "Largest over smallest", float(share.planned.ratio or 0), "{most}/{least}"),
    )


def whole_posts() -> Sheet:
    """Give eleven posts to four neighbourhoods, one to each at least."""
    rho, posts, minimum = 3.0, 11.0, 1.0
    rule = Rule(rho=rho, unit="whole", minimum=minimum)
    rows = {row.code: row for row in divide(FOUR.names, FOUR.need, FOUR.people, posts, rule=rule).recipients}
    found: list[Recipient] = [rows[code] for code in FOUR.names]
    quota = [row.quota for row in found]
    remainder = [part - int(part) for part in quota]
    order = [1 + sum(other > own for other in remainder) for own in remainder]
    sheet = Sheet(
        "m1",
        "M1 whole posts",
        "Eleven posts, at least one each",
        "Posts cannot be cut. Each gets the whole part of its quota. The posts left over go to the largest remainders. "
        "If two remainders are equal, the higher need comes first, then more people, then the code.",
    )
    sheet.facts(
        "Given",
        Fact("rho", "Dial ρ", rho),
        Fact("budget", "Posts to give", posts, style="whole"),
        Fact("minimum", "Each gets at least", minimum, style="whole"),
    )
    sheet.table(
        "Who gets how many",
        *FOUR.need_columns(),
        Column("lower", "Lower + half of same", FOUR.lower(), LOWER, "whole"),
        Column("position", "Position u", numbers(row.position for row in found), POSITION),
        Column("multiple", "Targeting score r", numbers(row.multiple for row in found), MULTIPLE),
        Column(
            "quota",
            "Quota",
            numbers(quota),
            "{minimum}+({budget}-{minimum}*COUNT({people_all}))*{people}*{multiple}/SUM({people_all})",
        ),
        Column("whole", "Whole part", [float(int(part)) for part in quota], "INT({quota})", "whole"),
        Column("remainder", "Remainder", numbers(remainder), "{quota}-{whole}"),
        Column(
            "order", "Order of remainders", numbers(order), "1+SUMPRODUCT(--({remainder_all}>{remainder}))", "whole"
        ),
        Column(
            "units",
            "Posts",
            numbers(row.amount for row in found),
            "{whole}+IF({order}<={budget}-SUM({whole_all}),1,0)",
            "whole",
        ),
    )
    return sheet.facts("Checks", Fact("total", "All posts together", posts, "SUM({units_all})", "whole"))


def count_form() -> Sheet:
    """Share money out by a number of people in need, above a floor."""
    floor, budget, in_need = 0.5, 50_000.0, [50.0, 225.0, 75.0, 400.0]
    rule = Rule(form="count", floor=floor)
    divided = divide(FOUR.names, FOUR.need, FOUR.people, budget, rule=rule, in_need=in_need)
    rows = {row.code: row for row in divided.recipients}
    found = [rows[code] for code in FOUR.names]
    sheet = Sheet(
        "m1",
        "M1 count form",
        "Where need is a number of people",
        "Half of the money goes equally to every head. The other half follows the people in need.",
    )
    sheet.facts(
        "Given",
        Fact("floor", "Floor share f", floor),
        Fact("budget", "Money to share, £", budget, style="pounds"),
    )
    sheet.table(
        "Who gets what",
        Column("name", "Neighbourhood", FOUR.names, style="text"),
        Column("people", "People", FOUR.people, style="whole"),
        Column("in_need", "People in need", in_need, style="whole"),
        Column(
            "multiple",
            "Per head, times the average",
            numbers(row.multiple for row in found),
            "{floor}+(1-{floor})*({in_need}/{people})/(SUM({in_need_all})/SUM({people_all}))",
        ),
        Column(
            "amount",
            "Share of the money",
            numbers(row.amount for row in found),
            "{budget}*({floor}*{people}/SUM({people_all})+(1-{floor})*{in_need}/SUM({in_need_all}))",
            "pounds",
        ),
    )
    return sheet.facts("Checks", Fact("total", "All amounts together", budget, "SUM({amount_all})", "pounds"))


def line_facts(key: str, what: str, mean: float, sii: float, intercept: float, rii: float | None) -> list[Fact]:
    """Fit the line of a column on the positions: mean, slope, both ends, relative index."""
    across = "SUMPRODUCT({people_all}*({position_all}-{middle})*({" + key + "_all}-{" + key + "_mean}))"
    return [
        Fact(
            f"{key}_mean",
            f"{what}: mean over the people",
            mean,
            "SUMPRODUCT({people_all}*{" + key + "_all})/SUM({people_all})",
        ),
        Fact(
            f"{key}_sii",
            f"{what}: slope index (SII)",
            sii,
            across + "/SUMPRODUCT({people_all}*({position_all}-{middle})^2)",
        ),
        Fact(
            f"{key}_least",
            f"{what}: fitted at least need",
            intercept,
            "{" + key + "_mean}-{" + key + "_sii}*{middle}",
        ),
        Fact(
            f"{key}_most", f"{what}: fitted at greatest need", intercept + sii, "{" + key + "_least}+{" + key + "_sii}"
        ),
        Fact(f"{key}_rii", f"{what}: relative index (RII)", rii, "{" + key + "_most}/{" + key + "_least}"),
    ]


MIDDLE = Fact(
    "middle", "Mean position over the people", 0.5, "SUMPRODUCT({people_all}*{position_all})/SUM({people_all})"
)


def proportionality() -> Sheet:
    """Compare what is spent with an outcome, over six neighbourhoods."""
    spend, outcome = [11.0, 12.5, 12.0, 14.0, 15.5, 16.0], [6.0, 8.0, 11.0, 12.0, 17.0, 19.0]
    people = SIX.series(SIX.people)
    position = need_position(SIX.series(SIX.need), people)
    found = proportionality_ratio(SIX.series(spend), SIX.series(outcome), position, people, draws=0)
    fifth = [float(x) for x in fifths(ranks(position.to_numpy()))]
    ends = {key: gap(SIX.series(values), position, people) for key, values in (("y", spend), ("h", outcome))}
    inside = "SUMPRODUCT(({{fifth_all}}={0})*{{people_all}}*{{{1}_all}})/SUMPRODUCT(({{fifth_all}}={0})*{{people_all}})"
    sheet = Sheet(
        "m2",
        "M2 proportionality",
        "Is the spending as steep as the need?",
        "The slope of spending and the slope of the outcome, both over the same positions. The limits of the ratio "
        "come from random draws, which a spreadsheet cannot repeat; everything else is here.",
    )
    sheet.table(
        "Six neighbourhoods",
        *SIX.need_columns(),
        Column("y", "Spend per head, £", spend),
        Column("h", "Outcome, % (bad = high)", outcome),
        Column("lower", "Lower + half of same", SIX.lower(), LOWER, "whole"),
        Column("position", "Position u", numbers(position), POSITION),
        Column(
            "fifth",
            "Need fifth",
            fifth,
            "ROUNDUP(5*(1+SUMPRODUCT(--({position_all}>{position})))/COUNT({position_all}),0)",
            "whole",
        ),
    )
    return sheet.facts(
        "The two lines and their ratio",
        MIDDLE,
        *line_facts(
            "y", "Spend", found.resource.mean, found.resource.sii, found.resource.intercept, found.resource.rii
        ),
        *line_facts("h", "Outcome", found.outcome.mean, found.outcome.sii, found.outcome.intercept, found.outcome.rii),
        Fact("ratio", "Proportionality ratio", found.ratio, "{y_rii}/{h_rii}"),
        *(
            Fact(f"{key}_{end}", f"{what}: mean of the fifth of {words}", figure, inside.format(number, key))
            for key, what in (("y", "Spend"), ("h", "Outcome"))
            for end, words, number, figure in (
                ("worst", "greatest need", 1, ends[key].worst),
                ("best", "least need", 5, ends[key].best),
            )
        ),
        Fact("plain", "The plainer ratio, by fifths", found.fifths, "({y_worst}/{y_best})/({h_worst}/{h_best})"),
    )


def missed() -> Sheet:
    """Compare equal per head, fixed areas and the dial on the same money."""
    rho, budget = 3.0, 100_000.0
    in_need, chosen = np.array([90.0, 220.0, 160.0, 500.0, 260.0, 700.0]), [0, 0, 0, 0, 1, 1]
    people = np.array(SIX.people)
    position = need_position(SIX.series(SIX.need), SIX.series(SIX.people))
    score = targeting_score(position, rho=rho).to_numpy()
    found = missed_need(in_need, people, areas=np.array(chosen, dtype=bool), targeting_score=score, budget=budget)
    amounts = [budget * part / part.sum() for part in (people, people * chosen, people * score)]
    sheet = Sheet(
        "m3",
        "M3 missed need",
        "Three designs on the same money",
        "Change the last column of 0 and 1 to choose other priority areas.",
    )
    sheet.facts("Given", Fact("rho", "Dial ρ", rho), Fact("budget", "Money, £", budget, style="pounds"))
    share = "{budget}*{people}*%s/SUMPRODUCT({people_all}*%s)"
    sheet.table(
        "Six neighbourhoods",
        *SIX.need_columns(),
        Column("in_need", "People in need", numbers(in_need), style="whole"),
        Column("area", "Priority area", numbers(chosen), style="whole"),
        Column("lower", "Lower + half of same", SIX.lower(), LOWER, "whole"),
        Column("position", "Position u", numbers(position), POSITION),
        Column("multiple", "Targeting score r", numbers(score), MULTIPLE),
        Column("equal", "Equal per head", numbers(amounts[0]), "{budget}*{people}/SUM({people_all})", "pounds"),
        Column("fixed", "Fixed areas", numbers(amounts[1]), share % ("{area}", "{area_all}"), "pounds"),
        Column("dialled", "Dial", numbers(amounts[2]), share % ("{multiple}", "{multiple_all}"), "pounds"),
    )
    keys = ("equal", "fixed", "dialled")
    average = "(1-0.000000001)*{budget}/SUM({people_all})"
    below = f"SUMPRODUCT(({{%s_all}}/{{people_all}}<{average})*{{in_need_all}})/SUM({{in_need_all}})"
    reached = "SUMPRODUCT({%s_all}*{in_need_all}/{people_all})"
    return sheet.table(
        "What each design does",
        Column("design", "Design", [design.design for design in found.designs], style="text"),
        Column(
            "under",
            "In need, below the average",
            [design.under_coverage for design in found.designs],
            [below % key for key in keys],
            "percent",
        ),
        Column(
            "nothing",
            "In need, with nothing",
            [design.with_nothing for design in found.designs],
            [f"SUMPRODUCT(({{{key}_all}}=0)*{{in_need_all}})/SUM({{in_need_all}})" for key in keys],
            "percent",
        ),
        Column(
            "leakage",
            "Money to people not in need",
            [design.leakage for design in found.designs],
            [f"1-{reached % key}/SUM({{{key}_all}})" for key in keys],
            "percent",
        ),
        Column(
            "each",
            "Per person in need",
            [design.per_person_in_need for design in found.designs],
            [f"{reached % key}/SUM({{in_need_all}})" for key in keys],
            "pounds",
        ),
    )


def sheets() -> list[Sheet]:
    """Give the sheets of M1, M2 and M3."""
    two = "Two neighbourhoods of 1,000 people. Nobody lives below Square A, and half of its own people are 500."
    four = "Mill Lane and Northside have the same need score, so they share one position."
    return [
        dial(TWO, "M1 two squares", "Two squares", two, 3.0, 10_000.0),
        dial(FOUR, "M1 dial", "Four neighbourhoods, two with the same need", four, 4.0, 50_000.0),
        whole_posts(),
        count_form(),
        proportionality(),
        missed(),
    ]
