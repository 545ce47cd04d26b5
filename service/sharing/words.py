"""A share-out in sentences, in this place's own numbers."""

from __future__ import annotations

from service.editions.views import dial_text
from service.measures.missed_needs import IN_NEED_WORDS
from service.pages.wording import fixed, people, percent, pounds
from service.sharing.recipients import nouns
from service.sharing.share_outs import SharedBudget

SMALL = 0.1  # pounds a head below which pence are said, with two figures
PER = 1_000  # whole units are few: said for so many people


def amount_words(shared: SharedBudget, value: float) -> str:
    """Write an amount in the budget's own measure."""
    return fixed(value, 0) if shared.request.unit == "whole" else pounds(value)


def budget_words(shared: SharedBudget) -> str:
    """Write the budget with what it is in."""
    return amount_words(shared, float(shared.share.budget)) + (" units" if shared.request.unit == "whole" else "")


def per_head_words(shared: SharedBudget, multiple: float) -> str:
    """Write what a multiple of the average is per head, or for 1,000 people where the units are whole."""
    value = float(shared.average) * multiple
    if shared.request.unit == "whole":
        return f"{PER * value:,.3g} for every 1,000 people"
    return f"{pounds(value)} a head" if value >= SMALL else f"{100 * value:.2g} pence a head"


def recipients_words(shared: SharedBudget) -> str:
    """Count the recipients with their noun."""
    count = len(shared.receivers)
    return f"{count:,} {nouns(shared.request.over)[count != 1]}"


def rule_words(shared: SharedBudget) -> str:
    """Say by which rule the budget was shared out."""
    if shared.in_need is None:
        return f"with the dial at {dial_text(shared.view.rho)}"
    alike = percent(shared.request.floor, 2)
    if shared.request.floor == 1:
        return "the same for everyone"
    return f"{alike} of it equally per head, the rest by the number of {shared.in_need.title}"


def in_need_words(shared: SharedBudget) -> str:
    """Say who counts as in need where the ways to spend the money are compared."""
    return IN_NEED_WORDS[shared.edition.in_need_for(shared.view.focus)[1]]


def sentence_of_rule(shared: SharedBudget) -> str:
    """Begin a sentence about the rule: the focus and how its budget is shared."""
    return f"{shared.edition.focuses[shared.view.focus]['title']}, {rule_words(shared)}"


def sentences(shared: SharedBudget) -> list[str]:
    """Say what was shared, the least and the most as achieved, and what rounding changed."""
    achieved, planned = shared.share.achieved, shared.share.planned
    least, most = float(achieved.least), float(achieved.most)
    found = [
        f"{recipients_words(shared)} with {float(shared.people):,.0f} eligible people share {budget_words(shared)}: "
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
