"""A share-out in sentences, in this place's own numbers."""

from __future__ import annotations

from service.pages.wording import fixed, people, pounds
from service.share_outs import SharedBudget

NOUNS = {
    "lsoa": ("neighbourhood", "neighbourhoods"),
    "wards": ("ward", "wards"),
    "msoas": ("MSOA", "MSOAs"),
    "teams": ("team area", "team areas"),
}
SMALL = 0.1  # pounds a head below which pence are said, with two figures
PER = 1_000  # whole units are few: said for so many people


def amount_words(shared: SharedBudget, value: float) -> str:
    """Write an amount in the budget's own measure."""
    return fixed(value, 0) if shared.request.unit == "whole" else pounds(value)


def per_head_words(shared: SharedBudget, multiple: float) -> str:
    """Write what a multiple of the average is per head, or for 1,000 people where the units are whole."""
    value = float(shared.average) * multiple
    if shared.request.unit == "whole":
        return f"{PER * value:,.3g} for every 1,000 people"
    return f"{pounds(value)} a head" if value >= SMALL else f"{100 * value:.2g} pence a head"


def recipients_words(shared: SharedBudget) -> str:
    """Count the recipients with their noun."""
    count = len(shared.receivers)
    return f"{count:,} {NOUNS[shared.request.over][count != 1]}"


def sentences(shared: SharedBudget) -> list[str]:
    """Say what was shared, the least and the most as achieved, and what rounding changed."""
    achieved, planned = shared.share.achieved, shared.share.planned
    least, most = float(achieved.least), float(achieved.most)
    given = (
        f"{float(shared.share.budget):,.0f} units"
        if shared.request.unit == "whole"
        else amount_words(shared, float(shared.share.budget))
    )
    found = [
        f"{recipients_words(shared)} with {float(shared.people):,.0f} eligible people share {given}: "
        f"{per_head_words(shared, 1)} on average."
    ]
    if least > 0:
        found.append(f"Everyone gets at least {least:.2f} times the average: {per_head_words(shared, least)}.")
    else:
        found.append(f"{people(float(shared.share.people_with_nothing))} get nothing, because units cannot be split.")
    found.append(f"The most that anyone gets is {most:.2f} times the average: {per_head_words(shared, most)}.")
    if achieved.ratio is not None:
        found.append(f"The most is {float(achieved.ratio):.2f} times the least.")
    if planned.ratio is not None and (achieved.ratio is None or abs(achieved.ratio - planned.ratio) >= 0.005):
        found.append(f"Before rounding, the most was planned to be {float(planned.ratio):.2f} times the least.")
    if shared.request.minimum:
        found.append(f"Each got the minimum of {amount_words(shared, shared.request.minimum)} first.")
    return found


def warnings(shared: SharedBudget) -> list[str]:
    """Say what a reader must know before using the amounts: units too few, and who could not be counted."""
    found = [shared.share.notes[0]] if shared.share.below_one_unit else []
    if shared.left_out:
        shown = ", ".join(shared.left_out[:3]) + (" and others" if len(shared.left_out) > 3 else "")
        found.append(
            f"How many people of these ages live in {len(shared.left_out):,} neighbourhoods ({shown}) is not known. "
            "They are left out of this share-out: decide about them apart."
        )
    return found


def notes(shared: SharedBudget) -> list[str]:
    """Say the rest: what was assumed, and what the figures cannot show."""
    return list(shared.share.notes[1 if shared.share.below_one_unit else 0 :])
