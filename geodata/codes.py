"""Area codes of ONS: which kind of area a code names, in which country, and from which census."""

from __future__ import annotations

import re
from collections.abc import Collection

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geodata.cells import refuse_where
from geodata.code_names import NAMES, NATIONS

# The first three characters say what an area is (ONS Register of Geographic Codes).
PREFIXES = {
    "lsoa": ("E01",),
    "msoa": ("E02",),
    "oa": ("E00",),
    "ward": ("E05",),
    "lad": ("E06", "E07", "E08", "E09"),
}
# Codes first used for the LSOAs of 2021; those of 2011 end before them.
FIRST_LSOA21, LAST_LSOA21 = "E01033769", "E01035762"
_SHAPE = re.compile(r"[A-Z]\d{8}")
_HEADER = re.compile(r"(lsoa|msoa|oa|lad|local authority district|wd)\s*(?:code)?\D{0,3}(20)?(\d\d)", re.IGNORECASE)


def level_of_header(header: str) -> tuple[str, str]:
    """Return level and year that a code header names: ("lsoa", "2021") for ``LSOA21CD``; "" if none.

    Examples
    --------
    >>> level_of_header("LSOA code (2011)")
    ('lsoa', '2011')
    """
    found = _HEADER.search(header)
    if found is None:
        return "lsoa", ""
    level = {"wd": "ward", "local authority district": "lad"}.get(found[1].lower(), found[1].lower())
    return level, f"20{found[3]}"


def checked_codes(
    codes: pd.Series,
    *,
    file: str,
    column: str,
    level: str = "lsoa",
    vintage: int | None = None,
    first_row: int = 2,
    known_codes: Collection[str] | None = None,
    unique: bool = True,
) -> pd.Series:
    """Return codes in capitals without spaces, or refuse the first one that does not belong.

    Parameters
    ----------
    codes : pandas.Series of str
        As they came.
    file, column : str
        For messages.
    level : {"lsoa", "msoa", "oa", "ward", "lad"}
        The kind of area wanted.
    vintage : int, optional
        2011 or 2021: a code that exists only in the other census is refused where it can be told.
    first_row : int
        Row number of the first code.
    known_codes : collection of str, optional
        Every code of the right vintage; any other is refused.
    unique : bool
        Whether a code may stand in one row only.

    Raises
    ------
    BadFile
        missing-code, wrong-nation, wrong-level, bad-code, wrong-vintage or doubled-code.
    """
    tidied = without_spaces(codes.str.upper())

    def refuse(bad: pd.Series, rule: str, says: str, hint: str | None = None) -> None:
        """Refuse the first code that is marked bad."""
        refuse_where(
            bad, says, rule=rule, file=file, first_row=first_row, column=column, codes=tidied, values=tidied, hint=hint
        )

    refuse(tidied.isna() | (tidied == ""), "missing-code", "the area code is empty")
    fits = tidied.str.fullmatch(r"[A-Z]\d{8}") & tidied.str[:3].isin(PREFIXES[level])
    if not fits.all():
        refuse(~fits, *_misfit(str(tidied[~fits].iloc[0]), level))
    if level == "lsoa" and vintage == 2011:
        newer = (tidied >= FIRST_LSOA21) & (tidied <= LAST_LSOA21)
        refuse(newer, "wrong-vintage", "{code} is an LSOA of 2021; codes of 2011 are needed")
    if known_codes is not None:
        other = {2021: "a code of 2011, perhaps", 2011: "a code of 2021, perhaps"}.get(vintage or 0, "unknown")
        says = f"{{code}} is not in the look-up of {vintage or 'these areas'}: {other}"
        known = pc.is_in(pa.array(tidied, type=pa.string()), value_set=pa.array(known_codes, type=pa.string()))
        refuse(~known.to_pandas(), "wrong-vintage", says)
    if unique:
        refuse(tidied.duplicated(), "doubled-code", "{code} is there twice")
    return tidied.reset_index(drop=True)


def without_spaces(texts: pd.Series) -> pd.Series:
    """Return texts without white space of any kind; Python goes through those that hold more than plain ASCII signs."""
    bare = texts.str.replace(" ", "", regex=False)
    strange = bare.str.contains("[^!-~]").fillna(False).astype(bool)
    if not strange.any():
        return bare
    return bare.where(~strange, bare[strange].str.replace(r"\s+", "", regex=True).reindex(bare.index))


def _misfit(code: str, level: str) -> tuple[str, str, str | None]:
    """Return rule, message and hint for a code that is not of the level wanted: what it is instead."""
    wanted = NAMES[PREFIXES[level][0]]
    if (_SHAPE.fullmatch(code) and code[0] in NATIONS) or re.fullmatch(r"95[A-Z0-9]{5,6}", code):
        return "wrong-nation", f"{{code}} is in {NATIONS[code[0]]}; only England is covered", None
    if _SHAPE.fullmatch(code) and code[:3] in NAMES:
        return "wrong-level", f"{{code}} is {NAMES[code[:3]]}; {wanted} is needed", None
    hint = "Expected is a letter and eight digits: E01015693."
    return "bad-code", f"{{code}} is not the code of {wanted}", hint
