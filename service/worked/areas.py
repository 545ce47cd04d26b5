"""Worked examples of figures carried home, clusters, old boundaries and small counts (methods M6, M8, M11, M12)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from layers.apportion import practice_to_neighbourhood, to_2021
from layers.clusters import Contiguity, hot_spots, local_clusters
from layers.disclosure import protect, protected_share
from service.worked.sheet import Column, Fact, Sheet, numbers

PRACTICES = ["High Street", "Park Road", "Station"]
AREAS = ["Ash End", "Brook", "Castle"]
ELSEWHERE = "Elsewhere"


def carried_home() -> Sheet:
    """Carry a rate and a count from three practices to three neighbourhoods."""
    rates, counts = [12.0, None, 20.0], [600.0, 300.0, 450.0]
    patients = {
        "Ash End": [900, 400, 100],
        "Brook": [300, 1100, 200],
        "Castle": [0, 50, 550],
        ELSEWHERE: [800, 450, 650],
    }
    residents = pd.Series([1500.0, 1650.0, 1600.0], AREAS)
    rows = [(p, area, n) for area, each in patients.items() for p, n in zip(PRACTICES, each, strict=True)]
    lists = pd.DataFrame(rows, columns=["practice_code", "lsoa21cd", "patients"])
    rate = practice_to_neighbourhood(lists, pd.Series(rates, PRACTICES, dtype=float), residents)
    count = practice_to_neighbourhood(lists, pd.Series(counts, PRACTICES), residents, kind="count", whole_lists=True)
    keys = ("p1", "p2", "p3")
    sheet = Sheet(
        "m6",
        "M6 carried home",
        "Three practices, three neighbourhoods",
        "Park Road gives no rate, so its patients do not count in it. In Castle fewer than half of the residents are "
        "registered, so no rate is shown.",
    )
    sheet.table(
        "Practices",
        Column("practice", "Practice", PRACTICES, style="text"),
        Column("rate", "Rate, %", rates),
        Column("count", "People on a register", counts, style="whole"),
        Column(
            "size",
            "Patients in all",
            [float(sum(each[k] for each in patients.values())) for k in range(3)],
            style="whole",
        ),
    )
    table = rate.table
    known = "+".join(f"ISNUMBER({{rate_{k}}})*{{p{k}}}" for k in (1, 2, 3))
    carried = "+".join(f"N({{rate_{k}}})*{{p{k}}}" for k in (1, 2, 3))
    shown: list[float | str | None] = ["not shown" if np.isnan(x) else float(x) for x in table["value"]]
    sheet.table(
        "Neighbourhoods",
        Column("area", "Neighbourhood", AREAS, style="text"),
        *(
            Column(key, f"Patients of {PRACTICES[k]}", numbers(patients[area][k] for area in AREAS), style="whole")
            for k, key in enumerate(keys)
        ),
        Column("residents", "Residents", numbers(residents), style="whole"),
        Column("coverage", "Coverage", numbers(table["coverage"]), "SUM({p1},{p2},{p3})/{residents}", "percent"),
        Column(
            "effective",
            "Effective practices",
            numbers(table["effective_practices"]),
            "SUM({p1},{p2},{p3})^2/SUMSQ({p1},{p2},{p3})",
        ),
        Column("value", "Rate, %", shown, f'IF({{coverage}}<0.5,"not shown",({carried})/({known}))'),
        Column(
            "people",
            "Of the registers",
            # a hidden value still counts in the total, so it is worked out here from the same shares
            [
                sum(counts[k] * patients[area][k] / sum(each[k] for each in patients.values()) for k in range(3))
                for area in AREAS
            ],
            "+".join(f"{{count_{k}}}*{{p{k}}}/{{size_{k}}}" for k in (1, 2, 3)),
        ),
    )
    amounts = count.amounts
    return sheet.facts(
        "Where the registers went",
        Fact("inside", "In these neighbourhoods", float(amounts["inside"]), "SUM({people_all})"),
        Fact("outside", "Elsewhere", float(amounts["outside"]), "SUM({count_all})-{inside}"),
        Fact("all", "Together", float(amounts["all"]), "{inside}+{outside}"),
    )


def clusters() -> Sheet:
    """Local Moran and Gi* of six neighbourhoods in a row and a corner, and the correction for many tests."""
    names = ["A", "B", "C", "D", "E", "F"]
    values = pd.Series([30.0, 28.0, 22.0, 12.0, 9.0, 14.0], names)
    touch = np.array(
        [
            [0, 1, 1, 0, 0, 0],
            [1, 0, 1, 0, 0, 0],
            [1, 1, 0, 1, 0, 0],
            [0, 0, 1, 0, 1, 1],
            [0, 0, 0, 1, 0, 1],
            [0, 0, 0, 1, 1, 0],
        ]
    )
    first, second = np.nonzero(touch)
    neighbours = Contiguity(values.index, first.astype(np.int64), second.astype(np.int64))
    moran = local_clusters(values, neighbours, permutations=999)
    gi = hot_spots(values, neighbours, permutations=999)
    z = (values - values.mean()).to_numpy()
    around, degree = touch @ z, touch.sum(axis=1)
    sheet = Sheet(
        "m8",
        "M8 clusters",
        "Six neighbourhoods, and who touches whom",
        "The statistics can be worked out by hand. Whether they are more than chance comes from 9,999 shuffles, which "
        "only a program can make.",
    )
    letters = [f"t{name}" for name in names]
    around_of = "+".join("{" + letter + "}*{z_" + str(k + 1) + "}" for k, letter in enumerate(letters))
    sheet.table(
        "Values and neighbours (1 = touches)",
        Column("name", "Neighbourhood", names, style="text"),
        Column("value", "Value", numbers(values)),
        *(Column(letter, f"Touches {names[k]}", numbers(touch[k]), style="whole") for k, letter in enumerate(letters)),
        Column("z", "Above the mean, z", numbers(z), "{value}-AVERAGE({value_all})"),
    )
    sheet.table(
        "Statistics",
        Column("name", "Neighbourhood", names, style="text"),
        Column("degree", "Neighbours", numbers(degree), [_touching(k, "SUM") for k in range(6)], "whole"),
        Column("around", "Sum of z around", numbers(around), [_rows(around_of, k) for k in range(6)]),
        Column(
            "moran",
            "Local Moran",
            numbers(moran["statistic"]),
            [f"(COUNT({{z_all}})-1)*{{z_{k + 1}}}*{{around}}/{{degree}}/SUMSQ({{z_all}})" for k in range(6)],
        ),
        Column(
            "gi",
            "Gi*",
            numbers(gi["statistic"]),
            [
                f"({{around}}+{{z_{k + 1}}})/(SQRT(SUMSQ({{z_all}})/COUNT({{z_all}}))"
                "*SQRT((COUNT({z_all})*({degree}+1)-({degree}+1)^2)/(COUNT({z_all})-1)))"
                for k in range(6)
            ],
        ),
    )
    p = [0.002, 0.01, 0.012, 0.04, 0.3, 0.6]
    q = stats.false_discovery_control(np.array(p))
    step = [x * 6 / (k + 1) for k, x in enumerate(p)]
    return sheet.table(
        "Six tests at once (Benjamini–Hochberg), smallest chance first",
        Column("test", "Test", [f"Test {k}" for k in range(1, 7)], style="text"),
        Column("p", "Chance p", p),
        Column("step", "p × tests ÷ order", step, [f"{{p}}*COUNT({{p_all}})/{k}" for k in range(1, 7)]),
        Column("q", "q", numbers(q), "MIN(1,{step}:{step_6})"),
        Column(
            "verdict",
            "At 5 %",
            ["significant" if each <= 0.05 else "not significant" for each in q],
            'IF({q}<=0.05,"significant","not significant")',
        ),
    )


def _touching(row: int, function: str) -> str:
    """Sum a row of the matrix of who touches whom."""
    return f"{function}({{tA_{row + 1}}}:{{tF_{row + 1}}})"


def _rows(formula: str, row: int) -> str:
    """Point the columns of the matrix at one of its rows."""
    for letter in "ABCDEF":
        formula = formula.replace(f"{{t{letter}}}", f"{{t{letter}_{row + 1}}}")
    return formula


def years() -> Sheet:
    """Carry counts and a rate from areas of 2011 to those of 2021."""
    links = pd.DataFrame(
        [
            ("Old 1", "New 1", "U"),
            ("Old 2", "New 2", "M"),
            ("Old 3", "New 2", "M"),
            ("Old 4", "New 3", "S"),
            ("Old 4", "New 4", "S"),
        ],
        columns=["lsoa11cd", "lsoa21cd", "chgind"],
    )
    residents = pd.Series([1600.0, 2100.0, 900.0, 1500.0], [f"New {k}" for k in range(1, 5)])
    count = pd.Series([120.0, 80.0, 60.0, 240.0], [f"Old {k}" for k in range(1, 5)])
    among = pd.Series([1500.0, 900.0, 1100.0, 2400.0], count.index)
    carried = to_2021(count, links, residents)
    rate = to_2021(count / among, links, residents, kind="rate", denominators=among)
    living = residents[links["lsoa21cd"]].to_numpy()
    weight = living / pd.Series(living).groupby(links["lsoa11cd"]).transform("sum")
    from_count, from_among = count[links["lsoa11cd"]].to_numpy(), among[links["lsoa11cd"]].to_numpy()
    changes = {"U": "unchanged", "M": "merged", "S": "split"}
    sheet = Sheet(
        "m11",
        "M11 years",
        "Four areas of 2011, four of 2021",
        "A split area’s count follows the people who live in its parts now. A rate goes as two counts.",
    )
    sheet.table(
        "Which old area went into which new one",
        Column("old", "2011", list(links["lsoa11cd"]), style="text"),
        Column("new", "2021", list(links["lsoa21cd"]), style="text"),
        Column("change", "Change", [changes[each] for each in links["chgind"]], style="text"),
        Column("count", "Count in 2011 area", numbers(from_count), style="whole"),
        Column("among", "Counted among", numbers(from_among), style="whole"),
        Column("residents", "Residents of 2021 area", numbers(living), style="whole"),
        Column(
            "weight",
            "Part of the old area",
            numbers(weight),
            "{residents}/SUMPRODUCT(({old_all}={old})*{residents_all})",
        ),
        Column("shared", "Count carried", numbers(from_count * weight), "{count}*{weight}"),
        Column("under", "Counted among, carried", numbers(from_among * weight), "{among}*{weight}"),
    )
    sheet.table(
        "Areas of 2021",
        Column("name", "2021", [str(code) for code in carried.index], style="text"),
        Column("value", "Count", numbers(carried["value"]), "SUMPRODUCT(({new_all}={name})*{shared_all})"),
        Column("rate", "Rate", numbers(rate["value"]), "{value}/SUMPRODUCT(({new_all}={name})*{under_all})", "percent"),
    )
    parts = "{count_1}+{count_2}+{count_3}+{count_4}"
    return sheet.facts(
        "Nobody is lost",
        Fact("before", "Count before", float(count.sum()), parts, "whole"),
        Fact("after", "Count after", float(carried["value"].sum()), "SUM({value_all})", "whole"),
    )


def protected() -> Sheet:
    """Protect counts of people that a user brings."""
    names = ["Ash End", "Brook", "Castle", "Dock Road", "Elm Park", "Ferry"]
    raw, among = [0.0, 3.0, 7.0, 8.0, 12.0, 203.0], [40.0, 60.0, 55.0, 48.0, 52.0, 391.0]
    count, denominator = protect(np.array(raw)), protect(np.array(among))
    share = protected_share(count, denominator, 1.0)
    total = count.total()
    shown: list[float | str | None] = [
        "*" if hidden else float(value) for value, hidden in zip(count.shown, count.suppressed, strict=True)
    ]
    lowest = np.where(count.shown > 0, np.maximum(count.shown - 2, 8), np.where(count.suppressed, 1.0, 0.0))
    highest = np.where(count.shown > 0, count.shown + 2, np.where(count.suppressed, 7.0, 0.0))
    sheet = Sheet(
        "m12",
        "M12 protected",
        "Six counts of people",
        "Change the 3 to any number from 1 to 7: nothing else on the sheet changes.",
    )
    sheet.table(
        "Counts",
        Column("name", "Neighbourhood", names, style="text"),
        Column("x", "Count as brought", raw, style="whole"),
        Column("n", "Among, as brought", among, style="whole"),
        Column("shown", "Count as kept", shown, 'IF({x}=0,0,IF({x}<7.5,"*",5*INT({x}/5+0.5)))', "whole"),
        Column("under", "Among, as kept", numbers(denominator.shown), "5*INT({n}/5+0.5)", "whole"),
        Column(
            "share",
            "Share",
            ["" if np.isnan(each) else float(each) for each in share],
            'IF(ISTEXT({shown}),"",{shown}/{under})',
            "percent",
        ),
        Column("low", "At least", numbers(lowest), "IF(ISTEXT({shown}),1,IF({shown}=0,0,MAX({shown}-2,8)))", "whole"),
        Column("high", "At most", numbers(highest), "IF(ISTEXT({shown}),7,IF({shown}=0,0,{shown}+2))", "whole"),
    )
    return sheet.facts(
        "Their total",
        Fact("least", "At least", total.low, "SUM({low_all})", "whole"),
        Fact(
            "used",
            "With 4 for each that is not shown",
            total.used,
            'SUM({shown_all})+4*COUNTIF({shown_all},"~*")',
            "whole",
        ),
        Fact("most", "At most", total.high, "SUM({high_all})", "whole"),
    )


def sheets() -> list[Sheet]:
    """Give the sheets of M6, M8, M11 and M12."""
    return [carried_home(), clusters(), years(), protected()]
