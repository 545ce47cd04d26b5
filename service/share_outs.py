"""Share a budget out over a view: the same recipients and figures for page, JSON, files and command line.

Exact arithmetic on the arrays of an edition, no tables (methods M1). Every figure is worked out once, here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import numpy as np

from layers.certificate import canonical, certificate
from layers.share_out import REST, Recipient, ShareOut, divide
from layers.share_rule import Rule
from service.edition import Edition
from service.queries import BadQuery
from service.scoring import METHOD_VERSION, Scores, score
from service.views import View

Unit = Literal["pence", "pounds-exact", "whole"]
Over = Literal["lsoa", "wards", "msoas", "teams"]
UNITS: dict[str, Literal["pence", "whole"] | None] = {"pence": "pence", "pounds-exact": None, "whole": "whole"}
KINDS = {"wards": "ward", "msoas": "msoa", "teams": "team"}
AMOUNT = r"(?:£ ?)?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,6})?|(?:£ ?)?[0-9]{1,13}(?:\.[0-9]{1,6})?"
ABOUT_AMOUNT = "a number above 0, such as 250000 or 1200.50"
SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class ShareRequest:
    """What is to be shared out, and how.

    Attributes
    ----------
    budget : float
        Pounds, or posts, sessions and the like where the unit is "whole".
    unit : {"pence", "pounds-exact", "whole"}
        Pounds to the penny, pounds without rounding, or whole posts.
    over : {"lsoa", "wards", "msoas", "teams"}
        Who receives.
    minimum : float
        Given to every recipient with people first.
    """

    budget: float
    unit: Unit = "pence"
    over: Over = "lsoa"
    minimum: float = 0

    def parameters(self) -> dict[str, str]:
        """Return the words of an address that give this request again, defaults left out."""
        return {
            "budget": number_text(self.budget),
            "unit": self.unit if self.unit != "pence" else "",
            "over": self.over if self.over != "lsoa" else "",
            "minimum": number_text(self.minimum) if self.minimum else "",
        }


class Receiver(NamedTuple):
    """A recipient with its name; `share` has its figures."""

    name: str
    share: Recipient


@dataclass(frozen=True)
class SharedBudget:
    """A budget shared out over a view.

    Attributes
    ----------
    receivers : tuple of Receiver
        By need, greatest first.
    left_out : tuple of str
        Codes of neighbourhoods where the number of eligible people is not known.
    """

    edition: Edition
    view: View
    request: ShareRequest
    scores: Scores
    share: ShareOut
    receivers: tuple[Receiver, ...]
    left_out: tuple[str, ...]

    @property
    def people(self) -> Fraction:
        """Everyone who is counted."""
        return sum((row.people for row in self.share.recipients), Fraction(0))

    @property
    def average(self) -> Fraction:
        """Amount per head on average."""
        return self.share.budget / self.people

    def query(self) -> str:
        """Return the canonical query string of the view and the request."""
        return self.view.query(**self.request.parameters())


def read_amount(parameter: str, text: str) -> float:
    """Read an amount as a person writes it: ``250000``, ``250,000.50``, ``£250,000``.

    Raises
    ------
    BadQuery
        For anything else, naming the parameter.
    """
    if not re.fullmatch(AMOUNT, text):
        raise BadQuery(parameter, f"{parameter} is {text[:40]!r}; expected {ABOUT_AMOUNT}.", hint="Use digits only.")
    plain = re.sub("[£, ]", "", text)
    return float(plain) if "." in plain else int(plain)


def number_text(value: float) -> str:
    """Write an amount for an address: no idle zeros, no exponent."""
    if float(value).is_integer():
        return str(int(value))
    return f"{value:.6f}".rstrip("0").rstrip(".")


def recipient_kinds(edition: Edition) -> list[Over]:
    """List over whom a budget can be shared here: neighbourhoods, and the footprints that the edition has."""
    wider: list[Over] = ["wards", "msoas", "teams"]
    return ["lsoa", *(over for over in wider if edition.footprints(KINDS[over]))]


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
    try:
        share = divide(
            codes,
            scores.need_score[counted].tolist(),
            scores.eligible[counted].tolist(),
            request.budget,
            rule=Rule(rho=view.rho, unit=_unit(request), minimum=request.minimum, missing="average"),
            footprints=_footprints(edition, request, set(codes)),
        )
    except ValueError as error:
        raise error if isinstance(error, BadQuery) else _refusal(error) from None
    left_out = tuple(str(code) for code in edition.codes[scores.rows[~counted]])
    return SharedBudget(edition, view, request, scores, share, _receivers(edition, request, share), left_out)


def _unit(request: ShareRequest) -> Literal["pence", "whole"] | None:
    if request.unit not in UNITS:
        raise BadQuery("unit", f"unit is {request.unit[:40]!r}.", hint=f"Give {', '.join(UNITS)}.")
    return UNITS[request.unit]


def _footprints(edition: Edition, request: ShareRequest, codes: set[str]) -> list[tuple[str, str]] | None:
    """Pair each footprint's code with its neighbourhoods in the view; None for neighbourhoods themselves."""
    kinds = recipient_kinds(edition)
    if request.over not in kinds:
        raise BadQuery("over", f"over is {request.over[:40]!r}.", hint=f"Here it is one of {', '.join(kinds)}.")
    if request.over == "lsoa":
        return None
    kind = KINDS[request.over]
    pairs = [
        (str(entry["code"]), str(code))
        for entry in edition.footprints(kind)
        for code in edition.codes[edition.rows_within(f"{kind}:{entry['code']}")]
    ]
    return [(footprint, code) for footprint, code in pairs if code in codes]


def _refusal(error: ValueError) -> BadQuery:
    """Name the field that a refusal of the method is about."""
    message = str(error)
    if "minimum" in message:
        return BadQuery("minimum", f"{message}.", hint="Lower the minimum, or share over fewer and larger areas.")
    if message.startswith("the budget"):
        return BadQuery("budget", f"{message}.", hint=f"Give {ABOUT_AMOUNT}; whole posts and pence cannot be split.")
    if message.startswith("rho"):
        return BadQuery("rho", f"{message}.")
    if "footprint" in message:
        return BadQuery("over", f"{message}.", hint="Share over neighbourhoods instead.")
    return BadQuery("focus", f"{message}.", hint="Choose another focus or area.")


def _receivers(edition: Edition, request: ShareRequest, share: ShareOut) -> tuple[Receiver, ...]:
    named = _names(edition, request, share)
    found = [Receiver(named.get(row.code, row.code), row) for row in share.recipients]
    return tuple(sorted(found, key=lambda each: (-each.share.position, each.share.code)))


def _names(edition: Edition, request: ShareRequest, share: ShareOut) -> dict[str, str]:
    """Name the recipients; a footprint of which the view holds only some neighbourhoods is called a part."""
    if request.over == "lsoa":
        facts = edition.names([edition.row(row.code) for row in share.recipients])
        return {row["lsoa21cd"]: f"{row['msoa21hclnm']} ({row['lsoa21nm']})" for row in facts}
    members: dict[str, int] = {}
    for row in share.neighbourhoods:
        members[row.recipient] = members.get(row.recipient, 0) + 1
    named = {
        entry["code"]: f"{entry['name']}{'' if members.get(entry['code']) == entry['count'] else ' (part)'}"
        for entry in edition.footprints(KINDS[request.over])
    }
    return {**named, REST: "Rest of the area"}


def certificate_of(shared: SharedBudget) -> dict[str, Any]:
    """State the share-out so that anyone can check it; the inputs are the hashes of the edition's sources."""
    sources: dict[str, dict[str, Any]] = shared.edition.manifest["sources"]
    hashes = {
        name: str(source["sha256"]) for name, source in sources.items() if SHA256.fullmatch(str(source["sha256"]))
    }
    context = {
        "place": shared.view.place,
        "edition": shared.edition.id,
        "focus": shared.view.focus,
        "within": shared.view.within or "the whole place",
        "over": shared.request.over,
        "budget is in": "whole units" if shared.request.unit == "whole" else "pounds",
        "attribution": " ".join(shared.edition.attribution()),
    }
    if shared.left_out:
        context["left out, eligible people not known"] = ", ".join(shared.left_out)
    return certificate(shared.share, method=METHOD_VERSION, inputs=hashes, context=context)


def certificate_bytes(shared: SharedBudget) -> bytes:
    """Write the certificate as the text that its checker expects."""
    return canonical(certificate_of(shared)).encode()
