"""Worked examples of the need score, its scales, shrinkage and the summaries of a place (methods M4)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layers import scaling
from layers.gradient import ranks
from layers.need import need_score
from layers.place_summaries import summarise
from layers.shrinkage import shrink_to_council
from service.worked.sheet import Column, Fact, Sheet, numbers

NAMES = ["Ash End", "Brook", "Castle", "Dock Road", "Elm Park"]
ENGLAND = 33_755
RANK = "1+SUMPRODUCT(--({value_all}>{value}))"


def series(values: list[float | None]) -> pd.Series:
    """Label figures with the neighbourhoods."""
    return pd.Series(values, index=NAMES[: len(values)], dtype=float)


def scales() -> Sheet:
    """Put one indicator on each of the four scales."""
    value, people = series([4.0, 7.0, 7.0, 12.0, 30.0]), series([1500, 1000, 2000, 1500, 2000])
    rank = pd.Series(ranks(value.to_numpy()), index=value.index)
    z = (value - value.mean()) / value.std(ddof=0)
    sheet = Sheet(
        "m4", "M4 scales", "One indicator on four scales", "A high value is more need. Rank 1 is the highest."
    )
    return sheet.table(
        "Five neighbourhoods",
        Column("name", "Neighbourhood", NAMES, style="text"),
        Column("value", "Value", numbers(value)),
        Column("people", "People", numbers(people), style="whole"),
        Column(
            "ridit",
            "Ridit",
            numbers(scaling.ridit(value, people)),
            "100*(SUMPRODUCT(({value_all}<{value})*{people_all})+SUMPRODUCT(({value_all}={value})*{people_all})/2)"
            "/SUM({people_all})",
        ),
        Column(
            "z", "Standard deviations from the mean", numbers(z), "({value}-AVERAGE({value_all}))/STDEVP({value_all})"
        ),
        Column("z_score", "z", numbers(scaling.z_score(value)), "(MAX(-3,MIN(3,{z}))+3)/6*100"),
        Column(
            "min_max",
            "Min–max",
            numbers(scaling.min_max(value)),
            "({value}-MIN({value_all}))/(MAX({value_all})-MIN({value_all}))*100",
        ),
        Column("rank", "Rank", numbers(rank), RANK, "whole"),
        Column(
            "exponential",
            "Exponential",
            numbers(scaling.exponential(rank, len(rank))),
            "-23*LN(1-(COUNT({value_all})-{rank}+1)/COUNT({value_all})*(1-EXP(-100/23)))",
        ),
    )


def score() -> Sheet:
    """Add three scaled indicators up, where all or some of them are known."""
    weights = {"a": 0.5, "b": 0.3, "c": 0.2}
    titles = {"a": "Low income", "b": "Overcrowding", "c": "No car"}
    scaled = pd.DataFrame(
        {"a": [80.0, 20, 55, None], "b": [60.0, 35, None, 90], "c": [40.0, 10, 70, 85]}, index=NAMES[:4], dtype=float
    )
    found, geometric = need_score(scaled, weights), need_score(scaled, weights, aggregate="geometric").score
    known = found.weight_known
    written = {name: [None if np.isnan(x) else float(x) for x in scaled[name]] for name in weights}
    parts = {name: ["" if np.isnan(x) else float(x) for x in found.parts[name]] for name in weights}
    scores = ["no score" if np.isnan(x) else float(x) for x in found.score]
    other = ["no score" if np.isnan(x) else float(x) for x in geometric]
    logs = "+".join(f"IF(ISNUMBER({{{k}}}),{{weight_{k}}}*LN(MAX(1,N({{{k}}}))),0)" for k in weights)
    sheet = Sheet(
        "m4",
        "M4 need score",
        "Three indicators, one of them missing in two places",
        "Castle has two thirds of the weight and keeps a score. Dock Road has half of it, and gets none.",
    )
    sheet.facts("Weights", *(Fact(f"weight_{key}", titles[key], weight) for key, weight in weights.items()))
    return sheet.table(
        "Four neighbourhoods, each indicator from 0 to 100",
        Column("name", "Neighbourhood", NAMES[:4], style="text"),
        *(Column(key, titles[key], written[key], style="whole") for key in weights),
        Column(
            "known",
            "Weight known",
            numbers(known),
            "+".join(f"ISNUMBER({{{key}}})*{{weight_{key}}}" for key in weights),
        ),
        *(
            Column(
                f"part_{key}",
                f"{titles[key]} adds",
                parts[key],
                f'IF(AND(ISNUMBER({{{key}}}),{{known}}>0.666666666),{{weight_{key}}}*N({{{key}}})/{{known}},"")',
            )
            for key in weights
        ),
        Column(
            "score",
            "Need score",
            scores,
            'IF({known}>0.666666666,SUM({part_a},{part_b},{part_c}),"no score")',
        ),
        Column(
            "geometric",
            "Geometric mean instead",
            other,
            "IF({known}>0.666666666,EXP((" + logs + ')/{known}),"no score")',
        ),
    )


def shrinkage() -> Sheet:
    """Draw small numbers towards their council."""
    count, among = series([3, 40, 12, 75, 3]), series([10, 400, 90, 500, 40])
    found = shrink_to_council(count, among, pd.Series("one", index=count.index))
    r, n = count.to_numpy(), among.to_numpy()
    own = np.log((r + 0.5) / (n - r + 0.5))
    noise = (n + 1) * (n + 2) / (n * (r + 1) * (n - r + 1))
    whole = float(np.log((r.sum() + 0.5) / (n.sum() - r.sum() + 0.5)))
    between = float(((own - whole) ** 2).sum() / (len(own) - 1))
    sheet = Sheet(
        "m4",
        "M4 shrinkage",
        "Small numbers drawn towards the council",
        "Ash End has 3 of 10, too few to trust: its share moves the furthest towards that of the council.",
    )
    sheet.table(
        "Five neighbourhoods of one council",
        Column("name", "Neighbourhood", NAMES, style="text"),
        Column("r", "Count r", numbers(r), style="whole"),
        Column("n", "Of n", numbers(n), style="whole"),
        Column("m", "Log odds m", numbers(own), "LN(({r}+0.5)/({n}-{r}+0.5))"),
        Column("s2", "Sampling variance s²", numbers(noise), "({n}+1)*({n}+2)/({n}*({r}+1)*({n}-{r}+1))"),
    )
    sheet.facts(
        "The council",
        Fact("big", "Log odds of the council, M", whole, "LN((SUM({r_all})+0.5)/(SUM({n_all})-SUM({r_all})+0.5))"),
        Fact("t2", "Variance between neighbourhoods, t²", between, "SUMPRODUCT(({m_all}-{big})^2)/(COUNT({m_all})-1)"),
    )
    cell = [{key: "{" + f"{key}_{row + 1}" + "}" for key in ("r", "n", "m", "s2")} for row in range(len(NAMES))]
    return sheet.table(
        "Shrunk",
        Column("again", "Neighbourhood", NAMES, style="text"),
        Column(
            "w",
            "Weight of its own figure w",
            numbers(found.weight),
            [f"(1/{row['s2']})/(1/{row['s2']}+1/{{t2}})" for row in cell],
        ),
        Column(
            "shrunk",
            "Shrunk log odds m*",
            numbers(found.logit),
            [f"{{w}}*{row['m']}+(1-{{w}})*{{big}}" for row in cell],
        ),
        Column("share", "Share", numbers(found.share), "1/(1+EXP(-{shrunk}))", "percent"),
        Column("raw", "Share as counted", numbers(r / n), [f"{row['r']}/{row['n']}" for row in cell], "percent"),
    )


def summaries() -> Sheet:
    """Summarise the deprivation of a place of five neighbourhoods."""
    score, rank, people = (
        [62.1, 41.0, 33.5, 20.2, 8.9],
        [310, 3_900, 6_600, 14_020, 29_410],
        [1500, 1000, 2000, 1500, 2000],
    )
    given = [np.array(each, dtype=float) for each in (score, rank, people)]
    found = summarise(given[0], given[1], given[2], ENGLAND)
    upward = [float(ENGLAND + 1 - each) for each in rank]
    percentile = [float(np.ceil(100 * each / ENGLAND)) for each in rank]
    weight = [1.0 if p <= 10 else 0.95 - (p - 11) * 0.9 / 19 if p <= 30 else 0.0 for p in percentile]
    before = [float(sum(people[:row])) for row in range(len(people))]
    taken = [min(max(sum(people) / 10 - b, 0.0), p) for b, p in zip(before, people, strict=True)]
    sheet = Sheet(
        "m4",
        "M4 summaries",
        "Five summaries of a place",
        "As the Indices of Deprivation summarise a council. Ranks count up here: the most deprived has the highest.",
    )
    sheet.facts("Given", Fact("areas", "Neighbourhoods ranked in England", ENGLAND, style="whole"))
    sheet.table(
        "Five neighbourhoods",
        Column("name", "Neighbourhood", NAMES, style="text"),
        Column("score", "IMD score", score),
        Column("rank", "IMD rank, 1 = most deprived", rank, style="whole"),
        Column("people", "People", people, style="whole"),
        Column("upward", "Rank counting up", upward, "{areas}+1-{rank}", "whole"),
        Column("percentile", "Hundredth", percentile, "ROUNDUP(100*{rank}/{areas},0)", "whole"),
        Column(
            "weight",
            "Counts",
            weight,
            "IF({percentile}<=10,1,IF({percentile}<=30,0.95-({percentile}-11)*0.9/19,0))",
        ),
        Column(
            "before", "People in more deprived ones", before, "SUMPRODUCT(({rank_all}<{rank})*{people_all})", "whole"
        ),
        Column("taken", "Of the top tenth", taken, "MAX(0,MIN({people},SUM({people_all})/10-{before}))", "whole"),
    )
    return sheet.facts(
        "The place",
        Fact("one", "Average score", found.average_score, "SUMPRODUCT({people_all}*{score_all})/SUM({people_all})"),
        Fact("two", "Average rank", found.average_rank, "SUMPRODUCT({people_all}*{upward_all})/SUM({people_all})"),
        Fact(
            "three",
            "Share of neighbourhoods in the most deprived tenth",
            found.decile_1_share,
            "SUMPRODUCT(--({rank_all}<={areas}/10))/COUNT({rank_all})",
            "percent",
        ),
        Fact("four", "Extent", found.extent, "SUMPRODUCT({people_all}*{weight_all})/SUM({people_all})", "percent"),
        Fact(
            "five",
            "Local concentration",
            found.local_concentration,
            "SUMPRODUCT({upward_all}*{taken_all})/SUM({taken_all})",
        ),
    )


def sheets() -> list[Sheet]:
    """Give the sheets of M4."""
    return [scales(), score(), shrinkage(), summaries()]
