"""One bad or odd file: its bytes, how it is declared, and the verdict it must get."""

from __future__ import annotations

from dataclasses import dataclass, field

from geodata.upload.codes import vintages
from geodata.upload.gate import Areas, Limits

INDICATOR = {"unit": "percent", "polarity": "1", "period": "2023/24", "about": "places", "source": "open"}
RESOURCE = {"unit": "pounds", "period": "2024/25", "about": "providers", "source": "own"}
SITES = {"service": "food_bank", "period": "June 2024", "source": "own"}
FACTS = {"footprints": {}, "indicator": INDICATOR, "resource": RESOURCE, "sites": SITES}

# A place of five neighbourhoods that ONS has issued in both censuses.
CODES = ("E01000001", "E01000002", "E01000003", "E01000005", "E01000006")
PLACE = Areas.of("Fiveways", CODES)
# Forty that exist in 2021, in order.
ISSUED = [code for code in (f"E01{i:06d}" for i in range(300)) if 2021 in vintages(code)][:40]
ONLY_2011, ONLY_2021, NEVER = "E01000010", "E01033769", "E01000004"

HEADER = "lsoa21cd,value\n"
GOOD = HEADER + "E01000001,10\nE01000002,20.5\nE01000003,30\n"


@dataclass(frozen=True)
class Case:
    """A file and what must be said about it.

    ``rejects`` are all the rules it is refused by; none means that it is accepted. ``says`` are warnings and
    notes that must be there as well. ``row`` is the row of the first item of the first of these rules.
    ``values`` is the main column of the table, where the file is accepted.
    """

    name: str
    data: bytes
    rejects: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    kind: str = "indicator"
    facts: dict[str, str] = field(default_factory=dict)
    row: int | None = None
    values: tuple[float | str | None, ...] | None = None
    areas: Areas | None = None
    gazetteer: bool = False
    limits: Limits = field(default_factory=Limits)
    skipped: int | None = None

    def declarations(self) -> dict[str, str]:
        """What a user would declare: what the kind asks for, with this case's changes; "" takes one away."""
        return {key: value for key, value in {**FACTS[self.kind], **self.facts}.items() if value}


def case(name: str, text: str | bytes, rejects: str = "", says: str = "", **more: object) -> Case:
    """Make a case of text, with rules as words."""
    data = text.encode() if isinstance(text, str) else text
    return Case(name, data, tuple(rejects.split()), tuple(says.split()), **more)  # type: ignore[arg-type]


def cells(*values: str, header: str = HEADER) -> str:
    """Make an indicator of one value per neighbourhood."""
    return header + "".join(f"{code},{value}\n" for code, value in zip(CODES, values, strict=False))
