"""What ``evenreach site`` and ``evenreach closure`` print of a plan."""

from __future__ import annotations

from typing import Any

from service.commands.output import print_table
from service.pages.siting_words import proof_words

MOST_SHOWN = 10
MEASURES = (
    ("mean_min", "average journey, minutes"),
    ("worst_fifth_mean_min", "average in the fifth of greatest need"),
    ("p95_min", "95 of 100 people travel at most"),
    ("maximum_min", "longest journey"),
    ("fair_k", "fair average: long journeys count for more"),
    ("covered", "people within reach"),
)


def show_plan(plan: dict[str, Any]) -> None:
    """Print a plan: what was asked, what to do, what it changes for whom, how candidates compare, the notes."""
    words, asked = plan["words"], plan["request"]
    print(f"{plan['file']}: {words['services']} in {words['area']}, edition {plan['edition']}, focus {asked['focus']}")
    print(f"  For {words['demand']}; {words['mode']}, {words['time_basis']}")
    if not asked["closure"]:
        print(f"  Aim: {words['objective']}. {proof_words(plan)}")
    for status, verb in (("opened", "Open"), ("closed", "Close")):
        for each in plan["sites"]:
            if each["status"] == status:
                print(f"  {verb}: {each['name']} ({each['id']})")
    before = plan["before"] or {}
    rows = [(title, _figure(before.get(key)), _figure(plan["after"][key])) for key, title in MEASURES]
    print_table((f"people within {asked['minutes']:g} minutes and journeys", "before", "after"), rows)
    _show_changes(plan)
    if plan["price"]["price_of_fairness"] is not None:
        print(_price(plan["price"]["price_of_fairness"]))
    for note in [*plan["notes"], *plan["attribution"]]:
        print(f"  {note}")


def _show_changes(plan: dict[str, Any]) -> None:
    """Print need fifths, who loses and who gains, and the candidates."""
    fifths = [
        (row["fifth"], f"{row['people']:,}", _figure(row["mean_before_min"]), _figure(row["mean_after_min"]))
        for row in plan["fifths"]
    ]
    print_table(("need fifth", "people", "before", "after"), fifths)
    for name, title in (("losers", "longer way"), ("gainers", "shorter way")):
        rows = [
            (f"{row['msoa21hclnm']} ({row['lsoa21nm']})", f"{row['people']:,}", _figure(row["change_min"]))
            for row in plan[name][:MOST_SHOWN]
        ]
        if rows:
            print_table((f"{title}: {len(plan[name])} neighbourhoods", "people", "minutes"), rows)
            _show_left(len(plan[name]) - len(rows))
    rivals = [
        (row["name"], "chosen" if row["chosen"] else "", *(_rank(row, name) for name in row["ranks"]))
        for row in plan["rivals"][:MOST_SHOWN]
    ]
    if rivals:
        print_table(("candidate", "", "rank: mean", "worst", "coverage", "fair"), rivals)
        _show_left(len(plan["rivals"]) - len(rivals))


def _show_left(count: int) -> None:
    """Say how many rows a table leaves out."""
    if count > 0:
        print(f"  and {count:,} more: --json gives all of them, a file too")


def _price(ratio: float) -> str:
    """Say what the fair plan would cost in minutes of the average, whatever the aim of this one."""
    longer = round(100 * (ratio - 1), 2)
    if longer <= 0:
        return "A fair plan would cost nothing: it has the shortest average journey too."
    return f"A fair plan would make the average journey {longer:.2f} per cent longer than the shortest one."


def _rank(row: dict[str, Any], name: str) -> str:
    return "" if row["ranks"][name] is None else str(row["ranks"][name])


def _figure(value: float | None) -> str:
    return "not known" if value is None else f"{value:,.0f}" if isinstance(value, int) else f"{value:,.2f}"
