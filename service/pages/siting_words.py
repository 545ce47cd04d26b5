"""A plan of sites in sentences: what was asked, what to do, what it changes, how sure that is, what fairness costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.pages.wording import and_words, fixed, inside_sentence, known, people, percent, plain
from service.siting.requests import NEW

Plan = Mapping[str, Any]
SAME = 0.005  # minutes are rounded to two decimals: less is no change
FREE = 1.00005  # a price that would be read as nought
BY_NEED = "people, counted more where need is greater,"


def aim_words(plan: Plan) -> str:
    """Say what was asked: how many sites, of what, by which aim."""
    request, words = plan["request"], plan["words"]
    add, closable = request["add"], len(request["close"])
    if request["closure"]:
        return f"Closing with nothing in its place, in {words['area']}:"
    kind = inside_sentence(words["service"] if abs(add) == 1 else words["services"])
    if request.get("service") == NEW:
        what = f"{abs(add)} {'site' if abs(add) == 1 else 'sites'} for something new"
    else:
        what = f"{abs(add)} {'more' if add > 0 else 'fewer'} {kind}" if add else f"As many {kind} as now"
    may = f", and {closable} of today may close" if closable else ""
    return f"{what} in {words['area']}{may}. What matters most: {words['objective']}."


def sentences(plan: Plan, minutes: float) -> list[str]:
    """Say what to do, what it changes, and for whom."""
    before, after = plan["before"], plan["after"]
    said = [action_words(plan["sites"])]
    if before is None:
        said.append(f"The average journey is then {minutes_words(after['mean_min'])}. There was no open site before.")
        return said + _unreached(before, after)
    if before["mean_min"] is not None and after["mean_min"] is not None:
        said.append(_moves("The average journey", before["mean_min"], after["mean_min"]))
    if before["worst_fifth_mean_min"] is not None and after["worst_fifth_mean_min"] is not None:
        said.append(_moves("Where need is greatest, it", before["worst_fifth_mean_min"], after["worst_fifth_mean_min"]))
    more = difference(before["covered"], after["covered"])
    if more is not None and round(more):
        said.append(f"{_of_those(plan, more)} within {plain(minutes)} minutes.")
    said.append(_ways(_counted(plan["gainers"]), _counted(plan["losers"])))
    return said + _unreached(before, after)


def _of_those(plan: Plan, more: float) -> str:
    """Say how many more or fewer of those who count are meant: people, or the ages that the plan counts."""
    request, demand = plan["request"], plan["words"]["demand"]
    size, way = fixed(abs(more)), "more" if more > 0 else "fewer"
    if request["demand"] == "targeting":
        return f"{size} {way} {BY_NEED} are"
    kind = demand.partition(", and ")[0] if request["demand"] == "eligible" else "people"  # not those still to come
    if round(abs(more)) == 1:
        return f"1 {way} person is" if kind == "people" else f"1 {way} of the {kind} is"
    return f"{size} {way} {kind} are"


def _ways(gain: float, lose: float) -> str:
    """Say for how many the way gets shorter, and for how many longer."""
    if round(gain):
        return f"The way gets shorter for {people(gain)}, and longer for {_nobody(lose)}."
    return f"The way gets longer for {people(lose)}." if round(lose) else "Nobody’s way gets shorter or longer."


def _unreached(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[str]:
    """Say for how many people there is no way to any site."""
    gone = float(after.get("out_of_reach") or 0)
    had = float((before or {}).get("out_of_reach") or 0)
    if not round(gone) and not round(had):
        return []
    been = f"; before it was {_nobody(had)}" if before is not None else ""
    return [f"No open site is in reach for {_nobody(gone)}{been}."]


def action_words(sites: Sequence[Mapping[str, Any]]) -> str:
    """Say which sites open and which close."""
    opened = [site["name"] for site in sites if site["status"] == "opened"]
    closed = [site["name"] for site in sites if site["status"] == "closed"]
    parts = [f"open {and_words(opened)}"] if opened else []
    parts += [f"close {and_words(closed)}"] if closed else []
    if not parts:
        return "Nothing changes: the sites of today stay as they are."
    said = ", and ".join(parts)
    return f"{said[:1].upper()}{said[1:]}."


def proof_words(plan: Plan) -> str:
    """Say how sure it is that no other plan is better."""
    proof = plan["proof"]
    gap = proof["gap"]
    if gap is None:
        return ""
    if gap <= 0:
        return "No other choice of sites does better by this aim: it is proved."
    return f"No other choice of sites can do better by more than {_gap(gap)}: that much is proved."


def change_words(before: float | None, after: float | None) -> str:
    """Say by how many minutes a journey got shorter or longer."""
    change = difference(before, after)
    if before is None or after is None or change is None:
        return "not known"
    if abs(change) < SAME:
        return "no change"
    shown = abs(round(after, 1) - round(before, 1))  # of the figures as they are read
    size = f"{tenth(shown)} min" if round(shown, 1) else "under 0.1 min"
    return f"{size} {'shorter' if change < 0 else 'longer'}"


def price_words(price: float | None) -> str:
    """Say how much longer the fair plan's average journey is, from the ratio of the two."""
    if price is None:
        return "The price of fairness is not known here."
    if price <= FREE:
        return "Fairness costs nothing here: the fair plan has the shortest average journey too."
    longer = percent(price - 1, 2)
    return (
        f"Fairness has a price here: on average the journey of the fair plan is {longer} longer than the shortest one."
    )


def _moves(what: str, before: float | None, after: float | None) -> str:
    change = difference(before, after)
    if change is None:
        return f"{what} is not known."
    if abs(change) < SAME:
        return f"{what} stays at {minutes_words(after)}."
    return f"{what} {'falls' if change < 0 else 'rises'} from {tenth(before)} to {minutes_words(after)}."


def difference(before: float | None, after: float | None) -> float | None:
    """Take before from after; None where one of them is not known."""
    if before is None or after is None or not known(before) or not known(after):
        return None
    return after - before


def _counted(rows: Iterable[Mapping[str, Any]]) -> float:
    return sum(float(row["people"] or 0) for row in rows)


def _nobody(count: float) -> str:
    return people(count) if round(count) else "nobody"


def _gap(gap: float) -> str:
    return percent(gap, 2) if gap >= 0.0001 else "0.01%"


def tenth(value: float | None) -> str:
    """Write minutes as they are read, to a tenth."""
    return fixed(value, 1)


def minutes_words(value: float | None) -> str:
    """Write minutes with their unit."""
    return f"{tenth(value)} min" if value is not None else tenth(value)
