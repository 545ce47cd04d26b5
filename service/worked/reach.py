"""Worked examples of travel times, access, and where a site should go (method M7)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layers.access import floating_catchment
from layers.siting import closure_test, plan_measures, present_kappa, study_sites
from layers.travel_time import DETOUR, SPEED_KM_H, estimated_min
from service.worked.sheet import Column, Fact, Sheet, numbers

LIMIT = 15.0


def access() -> Sheet:
    """Walk to two surgeries as the crow flies, and share their doctors among all who reach them."""
    names = ["Ash End", "Brook", "Castle", "Dock Road"]
    people = pd.Series([1500.0, 1800.0, 1200.0, 1600.0], names)
    metres = pd.DataFrame(
        {"High Street": [350.0, 900.0, 1500.0, 2600.0], "Station": [1400.0, 700.0, 450.0, 2100.0]}, names
    )
    supply = pd.Series({"High Street": 3.0, "Station": 2.0})
    minutes = metres.map(lambda m: float(estimated_min(np.array([m]))[0]))
    long = minutes.rename_axis("lsoa21cd").reset_index().melt("lsoa21cd", var_name="site", value_name="cost")
    reached = floating_catchment(long, people, supply, method="e2sfca")
    within = (minutes <= LIMIT).sum(axis=1)
    least = 2 / 3 * np.sqrt(600_000 / np.pi)
    weight = minutes.map(lambda m: 1.0 if m <= 10 else 0.68 if m <= 20 else 0.22 if m <= 30 else 0.0)
    keys = dict(zip(metres.columns, ("a", "b"), strict=True))
    sheet = Sheet(
        "m7",
        "M7 access",
        "Four neighbourhoods and two surgeries, estimated from distance",
        "Change a distance or a surgery's doctors. Access times people always adds up to the doctors within reach.",
    )
    sheet.facts(
        "Given",
        Fact("detour", "Streets are longer than the straight line, times", DETOUR),
        Fact("speed", "Walking, km an hour", SPEED_KM_H["walk"]),
        Fact("limit", "Minutes that count as near", LIMIT),
        Fact("area", "Area of a neighbourhood with a surgery in it, m²", 600_000.0, style="whole"),
        Fact("least", "Least distance to that surgery, m", float(least), "2/3*SQRT({area}/PI())"),
        Fact(
            "least_min",
            "On foot, minutes",
            float(estimated_min(np.array([least]))[0]),
            "{least}*{detour}/({speed}*1000/60)",
        ),
    )
    steps = "IF({{m{k}}}<=10,1,IF({{m{k}}}<=20,0.68,IF({{m{k}}}<=30,0.22,0)))"
    sheet.table(
        "How long, how many near, and the weight of each surgery",
        Column("name", "Neighbourhood", names, style="text"),
        Column("people", "People", numbers(people), style="whole"),
        *(Column(f"d{k}", f"Metres to {site}", numbers(metres[site]), style="whole") for site, k in keys.items()),
        *(
            Column(f"m{k}", f"Minutes to {site}", numbers(minutes[site]), f"{{d{k}}}*{{detour}}/({{speed}}*1000/60)")
            for site, k in keys.items()
        ),
        Column("nearest", "Nearest, minutes", numbers(minutes.min(axis=1)), "MIN({ma},{mb})"),
        Column("within", "Within the limit", numbers(within), "({ma}<={limit})+({mb}<={limit})", "whole"),
        *(Column(f"w{k}", f"Weight of {site}", numbers(weight[site]), steps.format(k=k)) for site, k in keys.items()),
    )
    asking = weight.mul(people, axis=0).sum()
    sheet.table(
        "Doctors per weighted person who reaches the surgery",
        Column("site", "Surgery", list(metres.columns), style="text"),
        Column("supply", "Doctors", numbers(supply)),
        Column(
            "asking",
            "Weighted people",
            numbers(asking),
            [f"SUMPRODUCT({{people_all}},{{w{k}_all}})" for k in keys.values()],
        ),
        Column("ratio", "Doctors per 1,000", numbers(1000 * supply / asking), "1000*{supply}/{asking}"),
    )
    sheet.table(
        "Access (E2SFCA)",
        Column("place", "Neighbourhood", names, style="text"),
        Column(
            "access",
            "Doctors per 1,000",
            numbers(1000 * reached),
            [f"{{wa_{row}}}*{{ratio_1}}+{{wb_{row}}}*{{ratio_2}}" for row in range(1, 5)],
        ),
    )
    return sheet.facts(
        "Nothing is lost",
        Fact(
            "spent",
            "Access times people, summed: doctors",
            float((reached * people).sum()),
            "SUMPRODUCT({access_all},{people_all})/1000",
        ),
    )


def _town() -> tuple[pd.DataFrame, pd.Series]:
    """Six neighbourhoods, a hub that is open and four buildings where a second could go: each suits one aim best."""
    names = ["Ash End", "Brook", "Castle", "Dock Road", "Elm Park", "Fenside"]
    minutes = {
        "Hub": [26.0, 12, 13, 29, 28, 34],
        "Library": [26.0, 12, 18, 15, 38, 7],
        "School": [34.0, 6, 8, 20, 19, 22],
        "Clinic": [21.0, 38, 30, 19, 23, 14],
        "Hall": [22.0, 16, 19, 22, 19, 17],
    }
    people = pd.Series([1900.0, 1500, 900, 1400, 1400, 900], names)
    return pd.DataFrame(minutes, index=names), people


def siting() -> Sheet:
    """Choose one building of four beside the hub that is open, by four aims."""
    cost, people = _town()
    others = [site for site in cost.columns if site != "Hub"]
    kappa = present_kappa(cost, people, ["Hub"])
    found = {site: plan_measures(cost, people, ["Hub", site], limit=LIMIT, kappa=kappa) for site in others}
    study = study_sites(cost, people, add=1, existing=["Hub"], objective="mean", limit=LIMIT)
    assert study.price is not None
    rows = [row for row in study.price.rows if row.objective != "fair" or row.strength == 1]
    best = {row.objective: str(row.plan.opened[0]) for row in rows}
    sheet = Sheet(
        "m7",
        "M7 siting",
        "One hub is open; where should a second go?",
        "Each aim picks another building here. With two to choose, list every pair: the rule stays the same.",
    )
    sheet.facts("Given", Fact("limit", "Minutes that count as near", LIMIT))
    sheet.table(
        "Minutes on foot, and to the nearer of the hub and one more",
        Column("name", "Neighbourhood", list(cost.index), style="text"),
        Column("people", "People", numbers(people), style="whole"),
        *(Column(f"c{k}", site, numbers(cost[site])) for k, site in enumerate(cost.columns)),
        *(
            Column(f"d{k}", f"Hub and {site}", numbers(cost[["Hub", site]].min(axis=1)), f"MIN({{c0}},{{c{k}}})")
            for k, site in enumerate(others, 1)
        ),
    )
    sheet.facts(
        "Aversion to long journeys, from today's network",
        Fact(
            "kappa",
            "Kappa, per minute",
            kappa,
            "SUMPRODUCT({people_all},{c0_all})/SUMPRODUCT({people_all},{c0_all},{c0_all})",
        ),
    )
    sheet.table(
        "The four plans",
        Column("plan", "Hub and", others, style="text"),
        Column(
            "mean",
            "Mean minutes",
            [found[site].mean for site in others],
            [f"SUMPRODUCT({{people_all}},{{d{k}_all}})/SUM({{people_all}})" for k in range(1, 5)],
        ),
        Column(
            "longest", "Longest", [found[site].maximum for site in others], [f"MAX({{d{k}_all}})" for k in range(1, 5)]
        ),
        Column(
            "covered",
            "People near",
            [found[site].covered for site in others],
            [f"SUMPRODUCT({{people_all}},--({{d{k}_all}}<={{limit}}))" for k in range(1, 5)],
            "whole",
        ),
        Column(
            "fair",
            "Fair mean (K)",
            [found[site].fair_k for site in others],
            [
                f"LN(SUMPRODUCT({{people_all}},EXP({{kappa}}*{{d{k}_all}}))/SUM({{people_all}}))/{{kappa}}"
                for k in range(1, 5)
            ],
        ),
    )
    match = "INDEX({{plan_all}},MATCH({f}({{{key}_all}}),{{{key}_all}},0))"
    return sheet.facts(
        "Where it should go",
        Fact("by_mean", "Least mean", best["mean"], match.format(f="MIN", key="mean"), "text"),
        Fact("by_worst", "Shortest longest journey", best["worst"], match.format(f="MIN", key="longest"), "text"),
        Fact("by_cover", "Most people near", best["coverage"], match.format(f="MAX", key="covered"), "text"),
        Fact("by_fair", "Fairest", best["fair"], match.format(f="MIN", key="fair"), "text"),
        Fact(
            "price",
            "Price of fairness: mean of the fairest over the least mean",
            study.price.price_of_fairness,
            "INDEX({mean_all},MATCH({by_fair},{plan_all},0))/MIN({mean_all})",
        ),
    )


def closing() -> Sheet:
    """Close one of three sites without a replacement."""
    cost, people = _town()
    existing = ["Hub", "Library", "School"]
    found = closure_test(cost, people, existing, "School", limit=LIMIT)
    changes = found.changes
    sheet = Sheet(
        "m7",
        "M7 closing",
        "Three sites are open; what if the school closes?",
        "Everybody goes to the nearest site that is left. Nobody can gain; the question is who loses, and how much.",
    )
    sheet.facts("Given", Fact("limit", "Minutes that count as near", LIMIT))
    sheet.table(
        "Minutes on foot, before and after",
        Column("name", "Neighbourhood", list(cost.index), style="text"),
        Column("people", "People", numbers(people), style="whole"),
        *(Column(f"c{k}", site, numbers(cost[site])) for k, site in enumerate(existing)),
        Column("before", "Before", numbers(changes["before_min"]), "MIN({c0},{c1},{c2})"),
        Column("after", "After", numbers(changes["after_min"]), "MIN({c0},{c1})"),
        Column("change", "Longer by", numbers(changes["change_min"]), "{after}-{before}"),
    )
    return sheet.facts(
        "In all",
        Fact(
            "moved",
            "People who go elsewhere",
            found.moved,
            "SUMPRODUCT({people_all},--({c2_all}={before_all}))",
            "whole",
        ),
        Fact(
            "mean_before",
            "Mean before",
            found.before.mean,
            "SUMPRODUCT({people_all},{before_all})/SUM({people_all})",
        ),
        Fact("mean_after", "Mean after", found.after.mean, "SUMPRODUCT({people_all},{after_all})/SUM({people_all})"),
        Fact(
            "near_before",
            "People near, before",
            found.before.covered,
            "SUMPRODUCT({people_all},--({before_all}<={limit}))",
            "whole",
        ),
        Fact(
            "near_after",
            "People near, after",
            found.after.covered,
            "SUMPRODUCT({people_all},--({after_all}<={limit}))",
            "whole",
        ),
    )


def sheets() -> list[Sheet]:
    """Give the examples of this module, in the order of their methods."""
    return [access(), siting(), closing()]
