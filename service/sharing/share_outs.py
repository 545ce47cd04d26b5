"""Share a budget out over a view: the same recipients and figures for page, JSON, files and command line.

Exact arithmetic on the arrays of an edition, no tables (methods M1). Every figure is worked out once, here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from layers.certificate import canonical, certificate
from layers.share_out import ShareOut, divide
from service.editions.edition import Edition
from service.editions.scoring import METHOD_VERSION, Scores, score
from service.editions.views import View
from service.queries import BadQuery
from service.sharing.counts import PeopleInNeed, people_in_need
from service.sharing.recipients import Receiver, footprint_pairs, nouns, receivers
from service.sharing.requests import ABOUT_AMOUNT, FILE, OWN, ShareRequest

BELOW = re.compile(r"the budget of (\S+) is below the minimum: (\d+) recipients at (\S+) each need (\S+)")
SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class SharedBudget:
    """A budget shared out over a view.

    Attributes
    ----------
    receivers : tuple of Receiver
        By need, greatest first.
    left_out : tuple of str
        Codes of neighbourhoods where the number of eligible people is not known.
    in_need : PeopleInNeed or None
        Count form: who is counted, over the whole place.
    """

    edition: Edition
    view: View
    request: ShareRequest
    scores: Scores
    share: ShareOut
    receivers: tuple[Receiver, ...]
    left_out: tuple[str, ...]
    in_need: PeopleInNeed | None = None

    @property
    def people(self) -> Fraction:
        """Everyone who is counted."""
        return sum((row.people for row in self.share.recipients), Fraction(0))

    @property
    def stood_in(self) -> tuple[str, ...]:
        """Recipient of each neighbourhood whose count is not shown: 4 stands in for it."""
        if self.in_need is None or self.in_need.hidden is None:
            return ()
        hidden = set(self.edition.codes[self.in_need.hidden].tolist())
        return tuple(row.recipient for row in self.share.neighbourhoods if row.code in hidden)

    @property
    def average(self) -> Fraction:
        """Amount per head on average."""
        return self.share.budget / self.people

    def query(self) -> str:
        """Return the canonical query string of the view and the request."""
        return self.view.query(**self.request.parameters())


def share_budget(edition: Edition, view: View, request: ShareRequest) -> SharedBudget:
    """Share a budget out over the neighbourhoods or footprints of a view.

    Parameters
    ----------
    edition : Edition
        An open edition of the view's place.
    view : View
        Focus, dial and footprint.
    request : ShareRequest
        Budget, unit, recipients, minimum.

    Returns
    -------
    SharedBudget
        A neighbourhood with no need score gets the average per head, and the notes say so.

    Raises
    ------
    BadQuery
        If the request cannot be met; it names the field.
    UnknownFocus, UnknownFootprint
        If the edition does not have what the view names.
    """
    scores = score(edition, view)
    counted = np.isfinite(scores.eligible)
    rows = scores.rows[counted]
    codes = [str(code) for code in edition.codes[rows]]
    in_need = None
    try:
        rule = request.rule(view.rho)
        if rule.form == "count":
            in_need = people_in_need(edition, view.focus, request.counts)
        share = divide(
            codes,
            scores.need_score[counted].tolist(),
            scores.eligible[counted].tolist(),
            request.budget,
            rule=rule,
            in_need=in_need.people[rows].tolist() if in_need else None,
            footprints=footprint_pairs(edition, request, set(codes)),
        )
    except ValueError as error:
        raise error if isinstance(error, BadQuery) else _refusal(error, request) from None
    left_out = tuple(str(code) for code in edition.codes[scores.rows[~counted]])
    named = receivers(edition, request, share)
    return SharedBudget(edition, view, request, scores, share, named, left_out, in_need)


def _refusal(error: ValueError, request: ShareRequest) -> BadQuery:
    """Name the field that a refusal of the method is about."""
    message = _in_words(str(error), request)
    if "in need" in message:
        return BadQuery("counts", f"{message}.", hint="Choose other counts, another focus, or the dial.")
    if message.startswith("the floor"):
        return BadQuery("floor", f"{message}.")
    if "least for each" in message:
        return BadQuery("minimum", f"{message}.", hint="Lower it, or share over fewer and larger areas.")
    if message.startswith("the budget"):
        return BadQuery("budget", f"{message}.", hint=f"Give {ABOUT_AMOUNT}; whole posts and pence cannot be split.")
    if message.startswith("rho"):
        return BadQuery("rho", f"{message}.")
    if "footprint" in message:
        return BadQuery("over", f"{message}.", hint="Give each neighbourhood one area, or share over neighbourhoods.")
    return BadQuery("focus", f"{message}.", hint="Choose another focus or area.")


def _in_words(message: str, request: ShareRequest) -> str:
    """Write a refusal with amounts as people write them, and with what the page calls its fields and recipients."""
    short = BELOW.fullmatch(message)
    if short is None:
        return message.replace("the minimum", "the least for each").replace("whole units", "whole posts")
    budget, each, needed = (_amount(short[number], request) for number in (1, 3, 4))
    many = nouns(request.over)[1]
    return f"the budget of {budget} is below the least for each: {int(short[2]):,} {many} at {each} each need {needed}"


def _amount(text: str, request: ShareRequest) -> str:
    value = Fraction(text)
    decimals = 0 if value.denominator == 1 else 2
    return f"{'' if request.unit == 'whole' else '£'}{float(value):,.{decimals}f}"


def certificate_of(shared: SharedBudget) -> dict[str, Any]:
    """State the share-out so that anyone can check it; the inputs are the hashes of the edition's sources."""
    sources: dict[str, dict[str, Any]] = shared.edition.manifest["sources"]
    hashes = {
        name: str(source["sha256"]) for name, source in sources.items() if SHA256.fullmatch(str(source["sha256"]))
    }
    hashes |= _own_hashes(shared)
    if shared.request.sha256:
        hashes["footprints"] = shared.request.sha256
    context = {
        "place": shared.view.place,
        "edition": shared.edition.id,
        "focus": shared.view.focus,
        "within": shared.view.within or "the whole place",
        "over": shared.request.file if shared.request.over == FILE else shared.request.over,
        "budget is in": "whole units" if shared.request.unit == "whole" else "pounds",
        "attribution": " ".join(shared.edition.attribution()),
    }
    if shared.view.weights:
        context["weights"] = shared.view.weights
    if shared.in_need is not None:
        context["people counted"] = f"{shared.in_need.name}: {shared.in_need.title}"
    if shared.stood_in:
        context["4 stands in for a count that is not shown"] = f"{len(shared.stood_in)} neighbourhoods"
    if shared.left_out:
        context["left out, eligible people not known"] = ", ".join(shared.left_out)
    return certificate(shared.share, method=METHOD_VERSION, inputs=hashes, context=context)


def _own_hashes(shared: SharedBudget) -> dict[str, str]:
    """Give the hashes of the own tables that a share-out rests on; of a protected one, that of what is kept."""
    names = {shared.request.over.removeprefix(OWN), shared.view.within.removeprefix("team:").partition("/")[0]}
    if shared.in_need is not None:
        names.add(shared.in_need.name)
    return {
        f"own table {table['name']}": str(table["sha256"])
        for table in shared.edition.own.tables
        if table["name"] in names and table.get("sha256")
    }


def certificate_bytes(shared: SharedBudget) -> bytes:
    """Write the certificate as the text that its checker expects."""
    return canonical(certificate_of(shared)).encode()
