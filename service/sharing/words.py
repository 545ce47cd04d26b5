"""A share-out in sentences, in this place's own numbers."""

from __future__ import annotations

import math

from layers.share_out import ORDER_NOT_DISTANCE
from service.editions.people import IN_NEED_KINDS
from service.editions.views import dial_text
from service.editions.weights import weights_sentence
from service.measures.missed_needs import COUNTED_AMONG, IN_NEED_WORDS
from service.pages.wording import ages_words, fixed, lower_first, people, percent, pounds
from service.sharing.recipients import Receiver, nouns
from service.sharing.share_outs import SharedBudget

SMALL = 0.1  # pounds a head below which pence are said, with two figures
PER = 1_000  # whole posts are few: said for so many people
LEAST_PENCE = 0.01  # less is said as less
CLOSE = 0.005  # shares per head that differ by less are shown alike


def amount_words(shared: SharedBudget, value: float) -> str:
    """Write an amount in the budget's own measure."""
    return fixed(value, 0) if shared.request.unit == "whole" else pounds(value)


def budget_words(shared: SharedBudget) -> str:
    """Write the budget with what it is in."""
    return amount_words(shared, float(shared.share.budget)) + unit_words(shared)


def unit_words(shared: SharedBudget) -> str:
    """Name what a whole amount is in, after the number; nothing for money."""
    if shared.request.unit != "whole":
        return ""
    return " post" if shared.share.budget == 1 else " posts"


def three_figures(value: float) -> str:
    """Write a number with three figures that matter, and never with an exponent."""
    if value == 0:
        return "0"
    decimals = min(max(2 - math.floor(math.log10(abs(value))), 0), 6)
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def per_head_words(shared: SharedBudget, multiple: float) -> str:
    """Write what a multiple of the average is per head, or for 1,000 people where the units are whole."""
    value = float(shared.average) * multiple
    if shared.request.unit == "whole":
        return f"{three_figures(PER * value)} for every 1,000 people"
    if value >= SMALL:
        return f"{pounds(value)} a head"
    pence = 100 * value
    return f"{three_figures(pence)} pence a head" if pence >= LEAST_PENCE else f"less than {LEAST_PENCE} pence a head"


def recipients_words(shared: SharedBudget) -> str:
    """Count the recipients with their noun."""
    count = len(shared.receivers)
    return f"{count:,} {nouns(shared.request.over)[count != 1]}"


def rule_words(shared: SharedBudget) -> str:
    """Say by which rule the budget was shared out."""
    if shared.in_need is None:
        own = " and your own weights" if shared.view.weights else ""
        return f"with the dial at {dial_text(shared.view.rho)}{own}"
    alike = percent(shared.request.floor, 2)
    if shared.request.floor == 1:
        return "with the same amount for everyone"
    return f"with {alike} of the budget equally per head and the rest by the number of {shared.in_need.title}"


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
        found.append(
            f"{people(float(shared.share.people_with_nothing))} get nothing, because {nothing_smaller(shared)}."
        )
    found.append(f"The most that anyone gets is {most:.2f} times the average: {per_head_words(shared, most)}.")
    if achieved.ratio is not None:
        found.append(f"The most is {float(achieved.ratio):.2f} times the least.")
    if planned.ratio is not None and (achieved.ratio is None or abs(achieved.ratio - planned.ratio) >= 0.005):
        found.append(f"Before rounding, the most was planned to be {float(planned.ratio):.2f} times the least.")
    if shared.request.minimum:
        found.append(f"Each got the least of {amount_words(shared, shared.request.minimum)} first.")
    if shared.stood_in:
        one = len(shared.stood_in) == 1
        where = "1 neighbourhood" if one else f"{len(shared.stood_in):,} neighbourhoods"
        found.append(f"In {where} the count is not shown (1 to 7): 4 stands in for it.")
    turned = turned_round(shared)
    own = own_weights(shared)
    return [*found, *([turned] if turned else []), *([own] if own else [])]


def nothing_smaller(shared: SharedBudget) -> str:
    """Say why a recipient can go without."""
    return "posts cannot be split" if shared.request.unit == "whole" else "there is nothing smaller than a penny"


def own_weights(shared: SharedBudget) -> str:
    """Say which weights the user chose; empty where none."""
    said = weights_sentence(shared.edition, shared.view)
    if said and shared.in_need is not None:
        return f"{said} Here they set only the order of need: the amounts follow the number of people."
    return said


def turned_round(shared: SharedBudget) -> str:
    """Say where rounding gives more per head to less need, with the worst such pair; empty where it does not."""
    pair = _turned_pair(shared)
    if pair is None:
        return ""
    more, less = pair
    given = [f"{float(each.share.achieved):.2f}" if each.share.achieved else "nothing" for each in pair]
    return (
        f"Rounding turns some of the order round: {more.name} was due {float(more.share.multiple):.2f} times the "
        f"average per head and gets {given[0]}, {less.name} was due {float(less.share.multiple):.2f} and gets "
        f"{given[1]}."
    )


def _turned_pair(shared: SharedBudget) -> tuple[Receiver, Receiver] | None:
    """Find the two recipients, due more and due less, whose shares per head rounding turns round the most."""
    if shared.request.unit == "pounds-exact":
        return None
    rows = sorted(
        (float(each.share.multiple), float(each.share.achieved), number)
        for number, each in enumerate(shared.receivers)
        if each.share.achieved is not None
    )
    found, worst = None, CLOSE
    behind, best = 0, (0.0, -1)  # the most that anyone due clearly less gets
    for due, gets, number in rows:
        while rows[behind][0] < due - CLOSE:
            best = max(best, rows[behind][1:])
            behind += 1
        if best[0] - gets > worst:
            found, worst = (shared.receivers[number], shared.receivers[best[1]]), best[0] - gets
    return found


def warnings(shared: SharedBudget) -> list[str]:
    """Say what a reader must know before using the amounts: units too few, and who could not be counted."""
    found = [too_few(shared)] if shared.share.below_one_unit else []
    if shared.left_out:
        shown = ", ".join(shared.left_out[:3]) + (" and others" if len(shared.left_out) > 3 else "")
        found.append(
            f"How many people of these ages live in {len(shared.left_out):,} neighbourhoods ({shown}) is not known. "
            "They are left out of this share-out: decide about them apart."
        )
    return found


def too_few(shared: SharedBudget) -> str:
    """Say that the rule did not survive rounding, and who goes without."""
    whole = shared.request.unit == "whole"
    budget = amount_words(shared, float(shared.share.budget)) + unit_words(shared)
    living = [row for row in shared.share.recipients if row.people]
    least = float(min(row.quota for row in living if row.quota or not shared.request.minimum))
    due = f"{three_figures(least)} of a post" if whole else f"{three_figures(100 * least)} of a penny"
    said = f"{budget} over {recipients_words(shared)}: the least that one of them is due is {due}."
    nothing = len(shared.share.with_nothing)
    if not nothing:
        return f"{said} Rounding changes what each person gets."
    one, many = nouns(shared.request.over)
    each = f"{one} with {people(float(shared.share.people_with_nothing))} gets"
    if nothing > 1:
        each = f"{many} with {people(float(shared.share.people_with_nothing))} get"
    return f"{said} {nothing:,} {each} nothing."


def ages_note(shared: SharedBudget) -> str:
    """Count form: say that people in need and eligible people are of different ages, and where that shows."""
    if shared.in_need is None or shared.in_need.name not in IN_NEED_KINDS:
        return ""
    counted = COUNTED_AMONG[shared.in_need.name]
    ages = shared.edition.focuses[shared.view.focus]["ages"]
    served = lower_first(ages_words(ages)) if ages else "people of all ages"
    if counted == served:
        return ""
    above = [each.name for each in shared.receivers if (each.share.in_need or 0) > each.share.people]
    said = f"People in need are counted among {counted}; eligible here are {served}."
    if not above:
        return said
    named = ", ".join(above[:3]) + (f" and {len(above) - 3:,} more" if len(above) > 3 else "")
    return f"{said} So more are in need than eligible in {named}."


def spread_note(shared: SharedBudget) -> str:
    """Say how an amount is taken to be spread, where who is reached is worked out."""
    if shared.request.over == "lsoa":
        return "Money is taken to be spread evenly within a neighbourhood."
    way = "as the dial spreads it" if shared.in_need is None else "as the rule spreads it"
    article = "An" if nouns(shared.request.over)[0][0] in "aM" else "A"
    return (
        f"{article} {nouns(shared.request.over)[0]}’s amount is taken to be spread over its neighbourhoods {way}, and "
        "evenly within a neighbourhood. The amounts per head above are those of a whole "
        f"{nouns(shared.request.over)[0]}."
    )


def rounding_note(shared: SharedBudget) -> str:
    """Say that amounts are shown rounded, where they are not round."""
    if shared.request.unit != "pounds-exact":
        return ""
    return "Amounts are shown rounded to the penny, so they may not add up exactly; the CSV file has them in full."


def notes(shared: SharedBudget) -> list[str]:
    """Say the rest: what was assumed, and what the figures cannot show."""
    said = shared.share.notes[1 if shared.share.below_one_unit else 0 :]
    ages, rounded = ages_note(shared), rounding_note(shared)
    kept = [note for note in said if not (ages and "more people in need than eligible" in note)]
    return [*(note for note in (ages, rounded) if note), *kept]


def order_note(shared: SharedBudget) -> str:
    """Say that the dial follows the order of need; empty where it does not matter."""
    return ORDER_NOT_DISTANCE if ORDER_NOT_DISTANCE in shared.share.notes else ""
