"""Libraries and schools, each from its published list, placed at their postcodes.

Like the readers of `geodata.sites`: rows of ``SITE_COLUMNS``, and a reason for every row that is not used.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from geodata.cells import open_table
from geodata.postcodes import Gazetteer, normalise_all
from geodata.reading import Reading
from geodata.sites import address_of, placed_by_postcode, site_id_of

# Kinds of library that nobody can walk into, by a word of their type.
NO_OPEN_DOOR = {
    "mobile": "mobile library, with no place of its own",
    "prison": "prison library, not open to the public",
    "archive": "archive, not a lending library",
}
SHUT = {"closed": "closed", "temporary closure": "closed for the time being"}


def read_libraries(path: Path, gazetteer: Gazetteer, *, source_date: str = "") -> Reading:
    """Read the open public libraries of the Arts Council's basic dataset.

    Parameters
    ----------
    path : pathlib.Path
        CSV: name, address1 to address3, postcode, type, and ``operation_YY`` for one or more years, of which
        the latest says who runs it (councils, communities, contractors), ``Closed`` in any case, or
        ``Temporary Closure``.
    gazetteer : Gazetteer
        Postcodes of England.
    source_date : str
        Date of the dataset.

    Returns
    -------
    Reading
        ``SITE_COLUMNS``, service ``library``, sorted by ``site_id`` (made of postcode and name). Left out, with
        reasons: closed ones, those closed for the time being, mobile and prison libraries, archives, unknown
        postcodes.

    Raises
    ------
    BadFile
        missing-column, missing-value or doubled-code, naming the row.
    """
    cells = open_table(path)
    name, postcode = cells.text("name"), cells.text("postcode")
    cells.refuse(name.isna(), "the library has no name", rule="missing-value", column="name")
    years = sorted(header for header in cells.headers if header.casefold().startswith("operation_"))
    run_by = cells.text(years[-1] if years else "operation_23").fillna("").str.casefold()
    kind = cells.text("type").fillna("").str.casefold()
    reasons = run_by.map(SHUT).fillna("")
    for word, reason in NO_OPEN_DOOR.items():
        reasons = reasons.mask(kind.str.contains(word) & reasons.eq(""), reason)
    rows = pd.DataFrame(
        {
            "site_id": [site_id_of(*pair) for pair in zip(postcode, name, strict=True)],
            "service": "library",
            "source_date": source_date,
            "name": name,
            "address": address_of(cells, ("address1", "address2", "address3")),
            "postcode": normalise_all(postcode),
        }
    )
    used = rows["site_id"].where(reasons.eq(""))
    says = "the library is there twice"
    cells.refuse(used.duplicated() & used.notna(), says, rule="doubled-code", column="name", codes=name)
    return placed_by_postcode(rows, reasons, gazetteer, cells.rows, named="name", given="postcode")


def read_schools(path: Path, gazetteer: Gazetteer, *, source_date: str = "") -> Reading:
    """Read the open schools and colleges of the register of schools.

    Parameters
    ----------
    path : pathlib.Path
        CSV: urn, name, town, postcode, close_date. The short copy of the register gives neither a school's
        ages nor its place: each is put at its postcode.
    gazetteer : Gazetteer
        Postcodes of England.
    source_date : str
        Date of the register.

    Returns
    -------
    Reading
        ``SITE_COLUMNS``, service ``school``, ``site_id`` the register's number.

    Raises
    ------
    BadFile
        missing-column, missing-code, missing-value or doubled-code, naming the row.
    """
    cells = open_table(path)
    urn, name = cells.text("urn"), cells.text("name")
    cells.refuse(urn.isna(), "the school has no number", rule="missing-code", column="urn")
    cells.refuse(urn.duplicated(), "the school is there twice", rule="doubled-code", column="urn", codes=urn)
    cells.refuse(name.isna(), "the school has no name", rule="missing-value", column="name", codes=urn)
    reasons = pd.Series("", index=urn.index).mask(cells.text("close_date").notna(), "closed")
    rows = pd.DataFrame(
        {
            "site_id": urn,
            "service": "school",
            "source_date": source_date,
            "name": name,
            "address": cells.text("town").fillna(""),
            "postcode": normalise_all(cells.text("postcode")),
        }
    )
    return placed_by_postcode(rows, reasons, gazetteer, cells.rows, named="name", given="postcode")
