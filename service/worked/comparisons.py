"""Worked examples of the certainty of ranks, similar places, doing better and targets (methods M9, M10)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from layers.need import need_score
from layers.rank_summaries import class_names, classes, interval
from layers.similar import peer_line, positive_deviants, similar_places
from layers.trends import gap_as_people, target_path, verdict
from layers.uncertainty import drivers
from service.worked.sheet import Column, Fact, Sheet, numbers


def certainty() -> Sheet:
    """Leave out each indicator in turn, and read an interval from drawn ranks."""
    weights = {"a": 0.5, "b": 0.3, "c": 0.2}
    titles = {"a": "Low income", "b": "Overcrowding", "c": "No car"}
    names = ["Ash End", "Brook", "Castle", "Dock Road", "Elm Park"]
    scaled = pd.DataFrame(
        {"a": [90.0, 70, 60, 30, 10], "b": [40.0, 75, 85, 20, 50], "c": [20.0, 60, 95, 45, 15]}, index=names
    )
    score, change = need_score(scaled, weights).score, drivers(scaled, weights)
    rank = score.rank(ascending=False)
    sheet = Sheet(
        "m9",
        "M9 certainty",
        "What moves a rank, and how far it may move",
        "Above 0: without this indicator the neighbourhood would rank lower, so the indicator lifts it.",
    )
    sheet.facts("Weights", *(Fact(f"weight_{key}", titles[key], weight) for key, weight in weights.items()))

    def scored(left_out: str = "") -> str:
        """Write the formula of a weighted mean, one indicator left out."""
        kept = [key for key in weights if key != left_out]
        return f"({'+'.join(f'{{weight_{k}}}*{{{k}}}' for k in kept)})/({'+'.join(f'{{weight_{k}}}' for k in kept)})"

    without = {
        key: need_score(scaled, {k: w / (1 - weights[key]) for k, w in weights.items() if k != key}).score
        for key in weights
    }
    sheet.table(
        "Five neighbourhoods, each indicator from 0 to 100",
        Column("name", "Neighbourhood", names, style="text"),
        *(Column(key, titles[key], numbers(scaled[key]), style="whole") for key in weights),
        Column("score", "Need score", numbers(score), scored()),
        *(Column(f"no_{k}", f"Without {titles[k].lower()}", numbers(without[k]), scored(k)) for k in weights),
        Column("rank", "Rank", numbers(rank), "1+SUMPRODUCT(--({score_all}>{score}))", "whole"),
        *(
            Column(
                f"change_{k}",
                f"{titles[k]}: change of rank",
                numbers(change[k]),
                f"1+SUMPRODUCT(--({{no_{k}_all}}>{{no_{k}}}))-{{rank}}",
                "whole",
            )
            for k in weights
        ),
    )
    drawn = [2, 1, 3, 2, 4, 2, 6, 3, 1, 2, 5, 3, 2, 8, 4, 2, 3, 1, 2, 4, 3]
    low, high, chance = (each[0] for each in interval(np.array([drawn] + [[1] * len(drawn)] * 24, dtype=np.uint16)))
    (name,) = class_names(classes(np.array([chance]), np.array([1.0])))
    sheet.table(
        "Ranks of one of 25 neighbourhoods in 21 draws (the program makes 2,000)",
        Column("draw", "Draw", [f"Draw {k}" for k in range(1, 22)], style="text"),
        Column("drawn", "Rank", numbers(drawn), style="whole"),
    )
    return sheet.facts(
        "How sure",
        Fact("areas", "Neighbourhoods", 25.0, style="whole"),
        Fact(
            "low",
            "Rank, 5 % of draws",
            float(low),
            "SMALL({drawn_all},1+ROUNDDOWN(0.05*(COUNT({drawn_all})-1),0))",
            "whole",
        ),
        Fact(
            "high",
            "Rank, 95 % of draws",
            float(high),
            "SMALL({drawn_all},1+ROUNDUP(0.95*(COUNT({drawn_all})-1),0))",
            "whole",
        ),
        Fact(
            "chance",
            "Chance of the top fifth",
            float(chance),
            "SUMPRODUCT(--({drawn_all}<=INT({areas}/5)))/COUNT({drawn_all})",
            "percent",
        ),
        Fact(
            "class",
            "Class",
            name,
            'IF({chance}>=0.9,"surely in",IF({chance}<=0.1,"surely out","borderline"))',
            "text",
        ),
    )


def similar() -> Sheet:
    """Find the three councils most like the first, and the line they set."""
    names = ["Ours", "Alpha", "Beta", "Gamma", "Delta", "Epsilon"]
    young, overcrowded = [28.0, 27.0, 22.0, 30.0, 18.0, 26.0], [9.0, 8.0, 4.0, 11.0, 2.0, 5.0]
    outcome = [82.0, 88.0, 92.0, 85.0, 95.0, 86.0]
    context = pd.DataFrame({"young": young, "overcrowded": overcrowded}, index=names)
    near = similar_places(context, "Ours", 3)
    peers = [str(name) for name in near.index]
    line = peer_line(pd.Series(outcome, names), peers, place="Ours")
    z = (context - context.mean()) / context.std(ddof=0)
    distance = np.sqrt(((z - z.loc["Ours"]) ** 2).sum(axis=1))
    sheet = Sheet(
        "m10",
        "M10 similar places",
        "Six councils, two things known of each",
        "Nearest by straight distance once both are measured in standard deviations. No council is its own peer.",
    )
    sheet.table(
        "Councils",
        Column("name", "Council", names, style="text"),
        Column("young", "Aged under 20, %", young),
        Column("crowded", "Overcrowded homes, %", overcrowded),
        Column("outcome", "Vaccinated, %", outcome),
        Column(
            "z1",
            "First, in standard deviations",
            numbers(z["young"]),
            "({young}-AVERAGE({young_all}))/STDEVP({young_all})",
        ),
        Column("z2", "Second", numbers(z["overcrowded"]), "({crowded}-AVERAGE({crowded_all}))/STDEVP({crowded_all})"),
        Column("distance", "Distance from ours", numbers(distance), "SQRT(({z1}-{z1_1})^2+({z2}-{z2_1})^2)"),
    )
    found = "MATCH(SMALL({distance_all},%d),{distance_all},0)"
    values = pd.Series(outcome, names)
    sheet.table(
        "The three nearest",
        Column("order", "Order", ["Nearest", "Second", "Third"], style="text"),
        Column("peer", "Council", peers, [f"INDEX({{name_all}},{found % k})" for k in (2, 3, 4)]),
        Column("far", "Distance", numbers(near["distance"]), [f"SMALL({{distance_all}},{k})" for k in (2, 3, 4)]),
        Column(
            "held", "Vaccinated, %", numbers(values[peers]), [f"INDEX({{outcome_all}},{found % k})" for k in (2, 3, 4)]
        ),
    )
    return sheet.facts(
        "Their line",
        Fact("median", "Median", line.median, "MEDIAN({held_all})"),
        Fact("low", "Lower quartile", line.lower_quartile, "QUARTILE({held_all},1)"),
        Fact("high", "Upper quartile", line.upper_quartile, "QUARTILE({held_all},3)"),
    )


def deviants() -> Sheet:
    """Find a neighbourhood that does better than the others at the same need."""
    names = ["Ash End", "Brook", "Castle", "Dock Road", "Elm Park", "Ferry", "Green"]
    u = [0.06, 0.2, 0.36, 0.5, 0.64, 0.8, 0.93]
    people = [1200.0, 1600.0, 1500.0, 1300.0, 1500.0, 1700.0, 1200.0]
    outcome = [8.2, 11.0, 12.9, 15.2, 9.1, 20.0, 22.4]
    index = pd.Index(names)
    y = pd.Series(outcome, index)
    found = positive_deviants(y, pd.Series(u, index), pd.Series(people, index), y - 2, y + 2)
    share = np.array(people) / sum(people)
    level, middle = float((share * outcome).sum()), float((share * u).sum())
    spread = float((share * (np.array(u) - middle) ** 2).sum())
    incline = float((share * (np.array(u) - middle) * outcome).sum()) / spread
    scatter, per_median = float(stats.norm.ppf(0.975)), 1 / float(stats.norm.ppf(0.75))
    usual = per_median * float(np.median(np.abs(found["better_by"])))
    sheet = Sheet(
        "m10",
        "M10 doing better",
        "Better than expected at the same need",
        "What to expect comes from a line through all the OTHER neighbourhoods. Elm Park does better, beyond noise.",
    )
    sheet.facts(
        "Given",
        Fact("scatter", "Usual scatters needed", scatter, "NORMSINV(0.975)"),
        Fact("per_median", "Standard deviations in a median distance", per_median, "1/NORMSINV(0.75)"),
    )
    sheet.table(
        "What is known",
        Column("name", "Neighbourhood", names, style="text"),
        Column("u", "Need position", u),
        Column("p", "People", people, style="whole"),
        Column("y", "Outcome, % (bad = high)", outcome),
        Column("high", "Upper limit", [each + 2 for each in outcome]),
        Column("share", "Share of people", numbers(share), "{p}/SUM({p_all})"),
    )
    sheet.facts(
        "The line through all",
        Fact("level", "Mean outcome", level, "SUMPRODUCT({share_all}*{y_all})"),
        Fact("middle", "Mean position", middle, "SUMPRODUCT({share_all}*{u_all})"),
        Fact("spread", "Variance of the position", spread, "SUMPRODUCT({share_all}*({u_all}-{middle})^2)"),
        Fact("incline", "Slope", incline, "SUMPRODUCT({share_all}*({u_all}-{middle})*{y_all})/{spread}"),
    )
    leverage = "{share_%d}*(1+({u_%d}-{middle})^2/{spread})"
    pulled = share * (1 + (np.array(u) - middle) ** 2 / spread)
    rows = range(1, len(names) + 1)
    sheet.table(
        "Each against the others",
        Column("again", "Neighbourhood", names, style="text"),
        Column("pull", "Its own pull on the line", numbers(pulled), [leverage % (k, k) for k in rows]),
        Column(
            "expected",
            "Expected from the others",
            numbers(found["expected"]),
            [f"({{level}}+{{incline}}*({{u_{k}}}-{{middle}})-{{pull}}*{{y_{k}}})/(1-{{pull}})" for k in rows],
        ),
        Column("better", "Better by", numbers(found["better_by"]), [f"{{expected}}-{{y_{k}}}" for k in rows]),
        Column("size", "Without its sign", numbers(found["better_by"].abs()), "ABS({better})"),
    )
    sheet.facts("Usual scatter", Fact("usual", "1.48 medians", usual, "{per_median}*MEDIAN({size_all})"))
    return sheet.table(
        "Verdict",
        Column("last", "Neighbourhood", names, style="text"),
        Column(
            "verdict",
            "Does better?",
            ["yes" if each else "no" for each in found["positive_deviant"]],
            [f'IF(AND({{expected_{k}}}-{{high_{k}}}>0,{{better_{k}}}>{{scatter}}*{{usual}}),"yes","no")' for k in rows],
        ),
    )


def target() -> Sheet:
    """Follow a target over six quarters, and count the people still to reach."""
    baseline, goal, start, due = 22.0, 15.0, 0.0, 8.0
    time = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    points = pd.DataFrame(
        {
            "value": [21.5, 20.0, 20.6, 17.0, 17.5, 14.8],
            "lower": [20.4, 19.0, 19.6, 16.0, 16.5, 13.8],
            "upper": [22.6, 21.0, 21.6, 18.0, 18.5, 15.8],
        },
        index=pd.Index(time),
    )
    found = [
        verdict(points.iloc[: k + 1], baseline=baseline, goal=goal, start=start, due=due) for k in range(len(points))
    ]
    path = target_path(points.index, baseline=baseline, goal=goal, start=start, due=due)
    sheet = Sheet(
        "m10",
        "M10 target",
        "From 22 % down to 15 % in eight quarters",
        "Low is good here. On track: even the bad limit is on the good side of the path. The chance of arrival comes "
        "from random draws, which a spreadsheet cannot repeat.",
    )
    sheet.facts(
        "Given",
        Fact("baseline", "Baseline b", baseline),
        Fact("goal", "Goal g", goal),
        Fact("start", "Starts at t0", start, style="whole"),
        Fact("due", "Due at t1", due, style="whole"),
    )
    sheet.table(
        "Quarters",
        Column("quarter", "Quarter", [f"Quarter {t:.0f}" for t in time], style="text"),
        Column("t", "t", time, style="whole"),
        *(Column(key, f"{key.capitalize()}, %", numbers(points[key])) for key in ("value", "lower", "upper")),
        Column("path", "Path e(t)", numbers(path), "{baseline}+({goal}-{baseline})*({t}-{start})/({due}-{start})"),
        Column(
            "verdict",
            "Verdict",
            [each.verdict for each in found],
            'IF({value}<={goal},"met",IF({upper}<={path},"on track",IF({lower}>{path},"off track","uncertain")))',
        ),
        Column(
            "rate",
            "Change needed a quarter",
            [each.run_rate for each in found],
            "({goal}-{value})/({due}-{t})",
        ),
    )
    share, people, reached = 0.95, [40.0, 63.0, 12.0, 55.0], [35.0, 60.0, 12.0, 41.0]
    names = ["Ash End", "Brook", "Castle", "Dock Road"]
    still = gap_as_people(share, pd.Series(people, names), pd.Series(reached, names))
    sheet.facts("The gap as people", Fact("share", "Share to reach", share, style="percent"))
    sheet.table(
        "Children still to vaccinate",
        Column("name", "Neighbourhood", names, style="text"),
        Column("people", "Children", people, style="whole"),
        Column("reached", "Vaccinated", reached, style="whole"),
        Column(
            "still", "Still to reach", numbers(still), "MAX(0,ROUNDUP(ROUND({share}*{people},9),0)-{reached})", "whole"
        ),
    )
    return sheet.facts("Together", Fact("all", "Children", float(still.sum()), "SUM({still_all})", "whole"))


def sheets() -> list[Sheet]:
    """Give the sheets of M9 and M10."""
    return [certainty(), similar(), deviants(), target()]
