"""Worked examples of rates, limits, slopes and trends (methods M5)."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pandas as pd

from layers import rates
from layers.gradient import fifths, ranks
from layers.inequality import by_group, concentration_index, gap, slope_index
from layers.targeting import need_matched_dial, need_position
from layers.trends import control_limits, recent_trend
from service.worked.sharing import LOWER, MIDDLE, POSITION, Given, line_facts
from service.worked.sheet import Column, Fact, Sheet, numbers

TEN = Given(
    ["Ash End", "Brook", "Castle", "Dock Road", "Elm Park", "Ferry", "Green", "Hollow", "Inn Lane", "Jetty"],
    [8, 15, 22, 30, 38, 47, 55, 63, 74, 88],
    [1000, 1200, 800, 1000, 1000, 1100, 900, 1000, 1200, 800],
)
BYAR_LOWER = "{x}*(1-1/(9*{x})-{z}/(3*SQRT({x})))^3"
BYAR_UPPER = "({x}+1)*(1-1/(9*({x}+1))+{z}/(3*SQRT({x}+1)))^3"


def limits() -> Sheet:
    """Give limits of a proportion, a rate and a mean."""
    sheet = Sheet(
        "m5",
        "M5 limits",
        "Limits of a proportion, a rate and a mean",
        "95 % limits: Wilson for proportions, Byar from 10 events and exact below, Student’s t for means.",
    )
    z = 1.959963984540054
    sheet.facts("Given", Fact("z", "z for 95 % limits", z, "NORMSINV(0.975)"))
    names, count, among = ["Ward A", "Ward B", "Ward C"], [27.0, 3.0, 0.0], [60.0, 40.0, 25.0]
    wilson = rates.proportion(pd.Series(count, names), pd.Series(among, names))
    middle, width = "{x}+{z}^2/2", "{z}*SQRT({z}^2/4+{x}*(1-{x}/{n}))"
    sheet.table(
        "Proportions",
        Column("name", "Where", names, style="text"),
        Column("x", "Count", count, style="whole"),
        Column("n", "Of", among, style="whole"),
        Column("value", "Proportion", numbers(wilson["value"]), "{x}/{n}", "percent"),
        Column("low", "Lower", numbers(wilson["lower"]), f"({middle}-{width})/({{n}}+{{z}}^2)", "percent"),
        Column("high", "Upper", numbers(wilson["upper"]), f"({middle}+{width})/({{n}}+{{z}}^2)", "percent"),
    )
    count, people = [25.0, 4.0, 10.0], [1800.0, 900.0, 2500.0]
    found = rates.rate(pd.Series(count, names), pd.Series(people, names), per=1000)
    sheet.table(
        "Rates per 1,000",
        Column("name", "Where", names, style="text"),
        Column("x", "Events", count, style="whole"),
        Column("n", "People", people, style="whole"),
        Column("value", "Rate", numbers(found["value"]), "1000*{x}/{n}"),
        Column(
            "low", "Lower", numbers(found["lower"]), f"1000/{{n}}*IF({{x}}>=10,{BYAR_LOWER},CHIINV(0.975,2*{{x}})/2)"
        ),
        Column(
            "high", "Upper", numbers(found["upper"]), f"1000/{{n}}*IF({{x}}>=10,{BYAR_UPPER},CHIINV(0.025,2*{{x}}+2)/2)"
        ),
    )
    measured = [4.1, 5.0, 3.2, 6.6, 4.8]
    mean = rates.mean(pd.Series(measured)).loc["all"].to_dict()
    sheet.table(
        "Five measurements",
        Column("name", "Where", [f"Clinic {n}" for n in range(1, 6)], style="text"),
        Column("w", "Weeks", measured),
    )
    half = "TINV(0.05,COUNT({w_all})-1)*STDEV({w_all})/SQRT(COUNT({w_all}))"
    return sheet.facts(
        "Their mean",
        Fact("mean", "Mean", float(mean["value"]), "AVERAGE({w_all})"),
        Fact("mean_low", "Lower", float(mean["lower"]), "{mean}-" + half),
        Fact("mean_high", "Upper", float(mean["upper"]), "{mean}+" + half),
    )


def standardised() -> Sheet:
    """Standardise a rate for age, both ways."""
    standard = rates.EUROPEAN_STANDARD_POPULATION_2013
    count = [0, 0, 1, 1, 1, 2, 2, 3, 4, 6, 8, 11, 14, 18, 22, 24, 20, 15, 9]
    people = [520, 540, 560, 510, 480, 600, 640, 620, 590, 560, 540, 500, 430, 380, 310, 240, 160, 90, 40]
    reference = [
        0.0002,
        0.0001,
        0.001,
        0.002,
        0.002,
        0.003,
        0.003,
        0.005,
        0.007,
        0.01,
        0.014,
        0.02,
        0.03,
        0.044,
        0.065,
        0.09,
        0.12,
        0.15,
        0.2,
    ]
    bands = list(standard.index)
    events_by_band, people_by_band = (pd.DataFrame([each], ["Town"], bands, dtype=float) for each in (count, people))
    direct = rates.directly_standardised_rate(events_by_band, people_by_band).loc["Town"].to_dict()
    expected = pd.Series(reference, bands)
    whole = pd.Series([float(sum(count))], ["Town"])
    ratio = rates.indirectly_standardised_ratio(whole, people_by_band, expected).loc["Town"].to_dict()
    events = rates.rate(whole, pd.Series([1.0], ["Town"]), per=1).loc["Town"].to_dict()
    share = standard.to_numpy() / standard.sum()
    sheet = Sheet(
        "m5",
        "M5 standardised",
        "A rate with the ages taken out",
        "Directly: the town’s rates on the European Standard Population 2013. Indirectly: events over those expected.",
    )
    sheet.facts("Given", Fact("z", "z for 95 % limits", 1.959963984540054, "NORMSINV(0.975)"))
    sheet.table(
        "Ages of the town",
        Column("band", "Age", bands, style="text"),
        Column("x", "Events", count, style="whole"),
        Column("n", "People", people, style="whole"),
        Column("standard", "Standard population", numbers(standard), style="whole"),
        Column("w", "Weight on each event", numbers(share / np.array(people)), "{standard}/SUM({standard_all})/{n}"),
        Column("reference", "Reference rate", reference),
        Column("expected", "Events expected", numbers(np.array(reference) * people), "{reference}*{n}"),
    )
    dobson = "{direct}+100000*SQRT(SUMPRODUCT({w_all}^2*{x_all})/{events})*({%s}-{events})"
    lower, upper = (text.replace("{x}", "{events}") for text in (BYAR_LOWER, BYAR_UPPER))
    return sheet.facts(
        "The town",
        Fact("events", "Events in all", float(sum(count)), "SUM({x_all})", "whole"),
        Fact("low", "Byar’s lower limit of the events", float(events["lower"]), lower),
        Fact("high", "Byar’s upper limit of the events", float(events["upper"]), upper),
        Fact(
            "direct",
            "Directly standardised rate per 100,000",
            float(direct["value"]),
            "100000*SUMPRODUCT({w_all}*{x_all})",
        ),
        Fact("direct_low", "Lower (Dobson)", float(direct["lower"]), dobson % "low"),
        Fact("direct_high", "Upper (Dobson)", float(direct["upper"]), dobson % "high"),
        Fact("ratio", "Indirectly standardised ratio", float(ratio["value"]), "{events}/SUM({expected_all})"),
        Fact("ratio_low", "Lower", float(ratio["lower"]), "{low}/SUM({expected_all})"),
        Fact("ratio_high", "Upper", float(ratio["upper"]), "{high}/SUM({expected_all})"),
    )


def slope() -> Sheet:
    """Fit the slope of an outcome over ten neighbourhoods, and show the other measures beside it."""
    outcome, error = [9.0, 11.0, 10.0, 12.5, 14.0, 13.5, 16.0, 17.5, 17.0, 21.0], 1.6
    y, people = TEN.series(outcome), TEN.series(TEN.people)
    position = need_position(TEN.series(TEN.need), people)
    found = slope_index(y, position, people, lower=y - error, upper=y + error)
    ends, rank = gap(y, position, people), ranks(position.to_numpy())
    dial = need_matched_dial(found.rii, found.rii_lower, found.rii_upper, found.intercept)
    inside = "SUMPRODUCT(({fifth_all}=%d)*{people_all}*{y_all})/SUMPRODUCT(({fifth_all}=%d)*{people_all})"
    sheet = Sheet(
        "m5",
        "M5 slope",
        "The slope of an outcome over need",
        "The line is fitted by least squares, each neighbourhood weighing as its people do.",
    )
    sheet.table(
        "Ten neighbourhoods",
        *TEN.need_columns(),
        Column("y", "Outcome, %", outcome),
        Column("lower", "Lower + half of same", TEN.lower(), LOWER, "whole"),
        Column("position", "Position u", numbers(position), POSITION),
        Column("rank", "Rank", numbers(rank), "1+SUMPRODUCT(--({position_all}>{position}))", "whole"),
        Column("fifth", "Need fifth", numbers(fifths(rank)), "ROUNDUP(5*{rank}/COUNT({rank_all}),0)", "whole"),
    )
    return sheet.facts(
        "Measures of inequality",
        MIDDLE,
        *line_facts("y", "Outcome", found.mean, found.sii, found.intercept, found.rii),
        Fact("rii_low", "RII, lower limit (drawn by the program)", found.rii_lower),
        Fact("rii_high", "RII, upper limit (drawn by the program)", found.rii_upper),
        Fact(
            "dial",
            "Need-matched dial ρ*",
            dial.rho,
            'IF(AND({rii_low}<=1,{rii_high}>=1),"not offered",MIN(20,MAX(1,ROUND({y_rii},2))))',
        ),
        Fact("worst", "Fifth of greatest need", ends.worst, inside % (1, 1)),
        Fact("best", "Fifth of least need", ends.best, inside % (5, 5)),
        Fact("absolute", "Absolute gap", ends.absolute, "{worst}-{best}"),
        Fact("relative", "Relative gap", ends.relative, "{worst}/{best}"),
        Fact(
            "concentration",
            "Concentration index",
            concentration_index(y, position, people),
            "2*SUMPRODUCT({people_all}*({y_all}-{y_mean})*({position_all}-{middle}))/SUM({people_all})/{y_mean}",
        ),
    )


def by_groups() -> Sheet:
    """Average a figure of neighbourhoods over where groups live, and group by rank as OHID does."""
    value = [12.0, 18.0, 25.0, 31.0]
    names = ["Ash End", "Brook", "Castle", "Dock Road"]
    lived = pd.DataFrame({"a": [900, 700, 400, 300], "b": [50, 200, 500, 600], "c": [80, 60, 90, 100]}, index=names)
    found, groups = by_group(pd.Series(value, names), lived), [str(key) for key in lived]
    sheet = Sheet(
        "m5",
        "M5 groups",
        "By where people live, and OHID’s groups",
        "The mean over where each group lives says something about places, and nothing about any person.",
    )
    sheet.table(
        "Four neighbourhoods",
        Column("name", "Neighbourhood", names, style="text"),
        Column("value", "Figure, %", value),
        *(Column(key, f"People of group {key.upper()}", numbers(lived[key]), style="whole") for key in groups),
    )
    sheet.table(
        "By where people live",
        Column("group", "Group", [f"Group {key.upper()}" for key in groups], style="text"),
        Column(
            "mean",
            "Mean figure where they live",
            numbers(found["value"]),
            [f"SUMPRODUCT({{value_all}}*{{{key}_all}})/SUM({{{key}_all}})" for key in groups],
        ),
    )
    seven = [31.0, 12.0, 18.0, 25.0, 18.0, 9.0, 40.0]
    rank = [1 + sum(other > own for other in seven) for own in seven]
    grouped = rates.quantile_group(pd.Series(seven), 5)
    sheet.facts("OHID’s groups", Fact("k", "Number of groups k", 5.0, style="whole"))
    return sheet.table(
        "Seven values in five groups",
        Column("name", "Where", [f"Area {n}" for n in range(1, 8)], style="text"),
        Column("v", "Value", seven),
        Column("rank", "Rank (ties to the least)", numbers(rank), "1+SUMPRODUCT(--({v_all}>{v}))", "whole"),
        Column(
            "group",
            "Group",
            numbers(grouped),
            "{k}+1-ROUNDUP(({rank}*-1+COUNT({v_all})+1)*{k}/COUNT({v_all}),0)",
            "whole",
        ),
    )


def trend() -> Sheet:
    """Judge five years by the Fingertips rule, and eight quarters by control limits."""
    years, count, among = [2020, 2021, 2022, 2023, 2024], [820, 790, 770, 745, 700], [1000, 1010, 1005, 990, 980]
    found = recent_trend(pd.Series(count, years), pd.Series(among, years))
    sheet = Sheet(
        "m5",
        "M5 trend",
        "Has it changed?",
        "A trend needs a chi-squared above 9.5495, and a slope of one sign whichever year is left out.",
    )
    time = [float(t) for t in range(5)]
    shares = [Fraction(x, n) for x, n in zip(count, among, strict=True)]
    without = []
    for left in range(5):
        kept = [(Fraction(t), y, n) for t, y, n in zip(range(5), shares, among, strict=True) if t != left]
        total = sum(n for *_, n in kept)
        middle = sum(t * n for t, _, n in kept) / total
        across = sum(n * (t - middle) * y for t, y, n in kept)
        without.append(float(across / sum(n * (t - middle) ** 2 for t, _, n in kept)))
    sheet.table(
        "Five years",
        Column("year", "Year", [str(year) for year in years], style="text"),
        Column("t", "t", time, style="whole"),
        Column("x", "Count", count, style="whole"),
        Column("n", "Of", among, style="whole"),
        Column("share", "Share", numbers(shares), "{x}/{n}", "percent"),
        Column(
            "without",
            "Slope without this year",
            without,
            "(SUMPRODUCT(({t_all}<>{t})*{t_all}*{x_all})-SUMPRODUCT(({t_all}<>{t})*{t_all}*{n_all})"
            "*SUMPRODUCT(({t_all}<>{t})*{x_all})/SUMPRODUCT(({t_all}<>{t})*{n_all}))"
            "/(SUMPRODUCT(({t_all}<>{t})*{t_all}^2*{n_all})-SUMPRODUCT(({t_all}<>{t})*{t_all}*{n_all})^2"
            "/SUMPRODUCT(({t_all}<>{t})*{n_all}))",
        ),
    )
    tx, tn, ttn = ("SUMPRODUCT({t_all}*{x_all})", "SUMPRODUCT({t_all}*{n_all})", "SUMPRODUCT({t_all}^2*{n_all})")
    sheet.facts(
        "The five years",
        Fact("critical", "Chi-squared has to exceed", 9.5495),
        Fact("all_x", "Counts in all, X", float(sum(count)), "SUM({x_all})", "whole"),
        Fact("all_n", "People in all, n", float(sum(among)), "SUM({n_all})", "whole"),
        Fact(
            "chi",
            "Chi-squared for trend",
            found.chi_squared,
            f"{{all_n}}*({{all_n}}*{tx}-{{all_x}}*{tn})^2/({{all_x}}*({{all_n}}-{{all_x}})*({{all_n}}*{ttn}-{tn}^2))",
        ),
        Fact("change", "Change from first to last", found.change, "{share_5}-{share_1}", "percent"),
        Fact("relative", "The same over the first", found.relative_change, "{change}/{share_1}", "percent"),
        Fact(
            "trend",
            "Recent trend",
            found.trend,
            'IF({chi}<={critical},"no significant change",IF(MIN({without_all})>0,"increasing",'
            'IF(MAX({without_all})<0,"decreasing","no significant change")))',
            "text",
        ),
    )
    quarters = [61.0, 63.0, 60.5, 62.0, 61.5, 64.0, 62.5, 70.5]
    labels = [f"Quarter {n}" for n in range(1, 9)]
    drawn = control_limits(pd.Series(quarters, labels))
    moving = [None, *(abs(b - a) for a, b in pairwise(quarters))]
    sheet.table(
        "Eight quarters",
        Column("quarter", "Quarter", labels, style="text"),
        Column("q", "Value, %", quarters),
        Column("moving", "Moving range", moving, ["", *(f"ABS({{q}}-{{q_{row}}})" for row in range(1, 8))]),
    )
    return sheet.facts(
        "Control limits",
        Fact("factor", "Factor", 2.66),
        Fact("q_mean", "Mean", drawn.mean, "AVERAGE({q_all})"),
        Fact("range", "Mean moving range", drawn.mean_moving_range, "AVERAGE({moving_all})"),
        Fact("q_low", "Lower limit", drawn.lower, "{q_mean}-{factor}*{range}"),
        Fact("q_high", "Upper limit", drawn.upper, "{q_mean}+{factor}*{range}"),
        Fact(
            "outside",
            "Points outside",
            float(len(drawn.outside)),
            "SUMPRODUCT(--({q_all}<{q_low}))+SUMPRODUCT(--({q_all}>{q_high}))",
            "whole",
        ),
    )


def sheets() -> list[Sheet]:
    """Give the sheets of M5."""
    return [limits(), standardised(), slope(), by_groups(), trend()]
