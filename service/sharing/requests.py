"""What is to be shared out, and how: read from a form, an address or a command line, and written back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from layers.share_rule import Rule
from service.queries import BadQuery

Unit = Literal["pence", "pounds-exact", "whole"]
Form = Literal["dial", "count"]
UNITS: dict[str, Literal["pence", "whole"] | None] = {"pence": "pence", "pounds-exact": None, "whole": "whole"}
FORMS: tuple[Form, ...] = ("dial", "count")
OWN = "own:"
FILE = "file"
OVER = rf"lsoa|wards|msoas|teams|{OWN}[a-z0-9][a-z0-9_-]{{0,63}}"
ABOUT_OVER = "lsoa, wards, msoas, teams or own:NAME"
AMOUNT = r"(?:£ ?)?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,6})?|(?:£ ?)?[0-9]{1,13}(?:\.[0-9]{1,6})?"
LARGEST = 10**12
ABOUT_AMOUNT = "a number above 0 and at most £1,000,000,000,000, such as 250000 or 1200.50"
ABOUT_LEAST = "a number of 0 or more, such as 1 or 500"
LABELS = {"budget": "the budget", "minimum": "“Least for each”"}
FLOOR = r"0?\.[0-9]{1,4}|1(?:\.0{1,4})?"
ABOUT_FLOOR = "a number above 0 and at most 1, such as 0.5 for half"
FLOOR_DEFAULT = 0.5


@dataclass(frozen=True)
class ShareRequest:
    """What is to be shared out, and how.

    Attributes
    ----------
    budget : float
        Pounds, or posts, sessions and the like where the unit is "whole".
    unit : {"pence", "pounds-exact", "whole"}
        Pounds to the penny, pounds without rounding, or whole posts.
    over : str
        Who receives: "lsoa", "wards", "msoas", "teams", "own:NAME" for an imported set, or "file".
    minimum : float
        Given to every recipient with people first.
    form : {"dial", "count"}
        By the order of need and the dial, or by a number of people in need above a floor.
    counts : str
        Count form: the people counted, as `service.sharing.counts` names them; empty for those that fit the focus.
    floor : float
        Count form: part of the budget that is shared equally per head, above 0 and at most 1.
    areas : tuple of (footprint, code)
        The lines of a file of footprints, with `over` "file".
    file, sha256 : str
        Its name and its hash.
    """

    budget: float
    unit: Unit = "pence"
    over: str = "lsoa"
    minimum: float = 0
    form: Form = "dial"
    counts: str = ""
    floor: float = FLOOR_DEFAULT
    areas: tuple[tuple[str, str], ...] = ()
    file: str = ""
    sha256: str = ""

    def parameters(self) -> dict[str, str]:
        """Return the words of an address that give this request again, defaults left out."""
        count = self.form == "count"
        return {
            "budget": number_text(self.budget),
            "unit": self.unit if self.unit != "pence" else "",
            "over": self.over if self.over != "lsoa" else "",
            "minimum": number_text(self.minimum) if self.minimum else "",
            "form": self.form if count else "",
            "counts": self.counts if count else "",
            "floor": number_text(self.floor) if count and self.floor != FLOOR_DEFAULT else "",
        }

    def rule(self, rho: float) -> Rule:
        """Return the rule of the method; ValueError where a part of it cannot be, BadQuery for an unknown word."""
        if self.unit not in UNITS:
            raise BadQuery("unit", f"unit is {self.unit[:40]!r}.", hint=f"Give {', '.join(UNITS)}.")
        if self.form not in FORMS:
            raise BadQuery("form", f"form is {self.form[:40]!r}.", hint=f"Give {' or '.join(FORMS)}.")
        if self.form == "dial" and self.counts:
            raise BadQuery("counts", "counts came with the dial.", hint="Counts of people belong to form=count.")
        unit = UNITS[self.unit]
        return Rule(self.form, rho=rho, floor=self.floor, unit=unit, minimum=self.minimum, missing="average")


@dataclass(frozen=True)
class Asked:
    """What a form or an address sent, as it came; empty means the default."""

    budget: str = ""
    unit: str = ""
    over: str = ""
    minimum: str = ""
    form: str = ""
    counts: str = ""
    floor: str = ""
    match: str = ""

    def words(self) -> tuple[str, str, str]:
        """Read how it is divided, who receives and by which rule: what a form lets people choose from lists.

        Raises
        ------
        BadQuery
            Naming the field whose word is none of its list.
        """
        unit, over, form = self.unit or "pence", self.over or "lsoa", self.form or "dial"
        if unit not in UNITS:
            raise BadQuery("unit", f"unit is {unit[:40]!r}; expected {', '.join(UNITS)}.", hint="Choose how to divide.")
        if not re.fullmatch(OVER, over):
            raise BadQuery("over", f"over is {over[:40]!r}; expected {ABOUT_OVER}.", hint="Choose who receives.")
        if form not in FORMS:
            raise BadQuery("form", f"form is {form[:40]!r}; expected {' or '.join(FORMS)}.", hint="Choose a rule.")
        return unit, over, form

    def request(self) -> ShareRequest:
        """Read what was asked for; a form sends the count form's fields with the dial too, which leaves them aside.

        Raises
        ------
        BadQuery
            Naming the field that cannot be read.
        """
        unit, over, form = self.words()
        minimum = read_amount("minimum", self.minimum.strip()) if self.minimum.strip() else 0
        budget = read_amount("budget", self.budget.strip())
        if form == "dial":
            return ShareRequest(budget, unit, over, minimum)  # type: ignore[arg-type]  # checked above
        floor = read_floor(self.floor.strip())
        return ShareRequest(budget, unit, over, minimum, "count", self.counts, floor)  # type: ignore[arg-type]


def read_amount(parameter: str, text: str) -> float:
    """Read an amount as a person writes it: ``250000``, ``250,000.50``, ``£250,000``.

    Raises
    ------
    BadQuery
        For anything else, naming the parameter.
    """
    if not re.fullmatch(AMOUNT, text):
        about = ABOUT_LEAST if parameter == "minimum" else ABOUT_AMOUNT
        raise BadQuery(parameter, f"{parameter} is {text[:40]!r}; expected {about}.", hint="Use digits only.")
    plain = re.sub("[£, ]", "", text)
    return float(plain) if "." in plain else int(plain)


def read_floor(text: str) -> float:
    """Read the part that is shared equally per head; empty for a half.

    Raises
    ------
    BadQuery
        For anything but a plain decimal above 0 and at most 1.
    """
    if not text:
        return FLOOR_DEFAULT
    if not re.fullmatch(FLOOR, text) or not float(text) > 0:
        raise BadQuery("floor", f"floor is {text[:40]!r}; expected {ABOUT_FLOOR}.", hint="Use digits only.")
    return float(text)


def number_text(value: float) -> str:
    """Write an amount for an address: no idle zeros, no exponent."""
    if float(value).is_integer():
        return str(int(value))
    return f"{value:.6f}".rstrip("0").rstrip(".")
