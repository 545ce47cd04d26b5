"""English Indices of Deprivation 2025 and 2019: File 7, underlying indicators, and Files 9 and 10.

Rank 1 and decile 1 are the most deprived; a high score is more deprived. Places are deprived,
people are not.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from geodata.cells import open_table, refuse_where, tidy_header
from geodata.reading import Reading
from geodata.tables import key_codes

# Our name of each measure: how the publisher begins its headers. "Sub-domain" is there in both editions.
MEASURES = {
    "imd": "Index of Multiple Deprivation (IMD)",
    "income": "Income",
    "employment": "Employment",
    "education": "Education, Skills and Training",
    "health": "Health Deprivation and Disability",
    "crime": "Crime",
    "barriers": "Barriers to Housing and Services",
    "living_environment": "Living Environment",
    "idaci": "Income Deprivation Affecting Children Index (IDACI)",
    "idaopi": "Income Deprivation Affecting Older People (IDAOPI)",
    "children_education": "Children and Young People Sub-domain",
    "adult_skills": "Adult Skills Sub-domain",
    "geographical_barriers": "Geographical Barriers Sub-domain",
    "wider_barriers": "Wider Barriers Sub-domain",
    "indoors": "Indoors Sub-domain",
    "outdoors": "Outdoors Sub-domain",
}
DENOMINATORS = {
    "total_population": "Total population",
    "children_0_15": "Dependent Children aged 0-15",
    "older_60_plus": "Older population aged 60 and over",
    "working_age": "Working age population",
}
# Per edition: vintage of the LSOA codes, then of the council codes.
EDITIONS = {2025: ("lsoa21", "2021", "lad24", "2024"), 2019: ("lsoa11", "2011", "lad19", "2019")}
_TRANSFORMED = {
    "income": "Income",
    "employment": "Employment",
    "education": "Education",
    "health": "Health",
    "crime": "Crime",
    "barriers": "Barriers",
    "living_environment": "Living Environment",
}
_SUMMARIES = {
    "average_rank": "Average rank",
    "rank_of_average_rank": "Rank of average rank",
    "average_score": "Average score",
    "rank_of_average_score": "Rank of average score",
    "share_in_decile_1": "Proportion of LSOAs in most deprived 10% nationally",
    "rank_of_share_in_decile_1": "Rank of proportion of LSOAs in most deprived 10% nationally",
    "extent": "Extent",
    "rank_of_extent": "Rank of extent",
    "local_concentration": "Local concentration",
    "rank_of_local_concentration": "Rank of local concentration",
    "scale": "scale",
    "rank_of_scale": "Rank of scale",
}


def read_file7(
    path: Path,
    *,
    edition: int = 2025,
    ranked_areas: int | None = None,
    known_codes: Collection[str] | None = None,
) -> Reading:
    """Read File 7: all scores, ranks and deciles of the Indices of Deprivation.

    Parameters
    ----------
    path : pathlib.Path
        ``.csv``, ``.csv.gz`` or ``.parquet``.
    edition : {2025, 2019}
        2025 is on LSOA 2021, 2019 on LSOA 2011.
    ranked_areas : int, optional
        How many areas the ranks run over. A file cut to one place keeps its national ranks and needs
        this (33,755 in 2025, 32,844 in 2019); otherwise it is the number of rows.
    known_codes : collection of str, optional
        Every code of the right vintage; any other is refused.

    Returns
    -------
    Reading
        Table indexed by ``lsoa21cd`` (2019: ``lsoa11cd``), sorted: names and council, then
        ``<measure>_score``, ``<measure>_rank``, ``<measure>_decile`` for every measure, then the
        population denominators. A column that is published blank is all NaN.

    Raises
    ------
    BadFile
        With the file, row, column and rule: a decile that disagrees with its rank, a rank outside
        1 to ``ranked_areas``, a missing column, codes of another vintage, nation or level. Ranks may tie.

    References
    ----------
    MHCLG, English Indices of Deprivation 2025 (2019), File 7. Decile = ceil(10 rank / areas).
    """
    lsoa, lsoa_year, lad, lad_year = EDITIONS[edition]
    cells = open_table(path)
    codes = key_codes(cells, f"LSOA code ({lsoa_year})", known_codes=known_codes)
    headers = {_measure_key(header): header for header in cells.headers}
    columns: dict[str, object] = {
        f"{lsoa}nm": cells.text(f"LSOA name ({lsoa_year})"),
        f"{lad}cd": cells.text(f"Local Authority District code ({lad_year})"),
        f"{lad}nm": cells.text(f"Local Authority District name ({lad_year})"),
    }
    for measure, title in MEASURES.items():
        for part in ("Score", "Rank", "Decile"):
            header = headers.get(_measure_key(f"{title} {part}"), f"{title} {part}")
            columns[f"{measure}_{part.lower()}"] = cells.numbers(header)
    for own, title in DENOMINATORS.items():
        header = next((h for h in cells.headers if tidy_header(h).startswith(tidy_header(title))), title)
        columns[own] = cells.numbers(header, minimum=0)
    table = pd.DataFrame(columns)
    check_deciles(table, codes, path.name, ranked_areas=ranked_areas, first_row=cells.first_row)
    table.index = pd.Index(codes, name=f"{lsoa}cd")
    return Reading(table.sort_index(), cells.rows)


def _measure_key(header: str) -> str:
    """Return the letters of a header that tell measures apart: no brackets, even unclosed, no "index"."""
    bare = re.sub(r"\([^)]*(\)|$)", " ", header.replace("\ufeff", "").casefold())
    return "".join(word for word in re.findall(r"[a-z]+", bare) if word != "index")


def check_deciles(
    table: pd.DataFrame, codes: pd.Series, file: str, *, ranked_areas: int | None = None, first_row: int = 2
) -> None:
    """Refuse a rank outside 1 to the number of ranked areas, or a decile that disagrees with its rank.

    Parameters
    ----------
    table : pandas.DataFrame
        With ``<measure>_rank`` and ``<measure>_decile``; NaN is passed over.
    codes : pandas.Series
        Area code per row.
    file, first_row : str, int
        For the message.
    ranked_areas : int, optional
        Default: the number of rows.

    Raises
    ------
    BadFile
        out-of-range or decile-disagrees.
    """
    areas = ranked_areas or len(table)

    hint = None if ranked_areas else "If the file is cut from a larger one, say how many areas were ranked."

    def refuse(bad: np.ndarray, says: str, rule: str, column: str, values: pd.Series) -> None:
        """Refuse the first row that is marked bad."""
        refuse_where(
            bad, says, rule=rule, file=file, first_row=first_row, column=column, codes=codes, values=values, hint=hint
        )

    for measure in MEASURES:
        rank, decile = table[f"{measure}_rank"], table[f"{measure}_decile"]
        says = f"rank {{value}} is not a whole number from 1 to {areas:,}"
        off = rank.notna() & ~(rank.between(1, areas) & (rank == np.floor(rank)))
        refuse(off.to_numpy(), says, "out-of-range", f"{measure}_rank", rank)
        disagrees = (rank.notna() & decile.notna() & (decile != np.ceil(10 * rank / areas))).to_numpy()
        i = int(disagrees.argmax())
        says = f"decile {decile.iloc[i]:g} disagrees with rank {rank.iloc[i]:g} of {areas:,} areas"
        refuse(disagrees, says, "decile-disagrees", f"{measure}_decile", decile)


def read_underlying(path: Path, *, known_codes: Collection[str] | None = None) -> Reading:
    """Read underlying indicators of the Indices (part of File 8), 2025 or 2019.

    Numerators are rounded to 5 and suppressed where small: an empty cell is unknown, not zero.

    Returns
    -------
    Reading
        Table indexed by ``lsoa21cd`` (2019: ``lsoa11cd``), sorted, columns as published, in snake case.

    Raises
    ------
    BadFile
        With the file, row, column and rule.
    """
    cells = open_table(path)
    key = "LSOA11CD" if cells.find("LSOA21CD") is None and cells.find("LSOA11CD") is not None else "LSOA21CD"
    codes = key_codes(cells, key, known_codes=known_codes)
    published = [header for header in cells.headers if header and tidy_header(header) != key.lower()]
    table = pd.DataFrame(
        {_snake(header): cells.numbers(header) for header in published}, index=pd.Index(codes, name=key.lower())
    )
    return Reading(table.sort_index(), cells.rows)


def read_file9(path: Path) -> Reading:
    """Read File 9 of 2019: the seven domain scores on the exponential scale, 0 to 100.

    Returns
    -------
    Reading
        Table indexed by ``lsoa11cd``, sorted: ``lad19cd`` and ``<domain>_transformed``.

    Raises
    ------
    BadFile
        With the file, row, column and rule.
    """
    cells = open_table(path)
    codes = key_codes(cells, "LSOA code (2011)")
    columns: dict[str, object] = {"lad19cd": cells.text("Local Authority District code (2019)")}
    for domain, title in _TRANSFORMED.items():
        columns[f"{domain}_transformed"] = cells.numbers(f"{title} Score - exponentially transformed", minimum=0)
    table = pd.DataFrame(columns)
    table.index = pd.Index(codes, name="lsoa11cd")
    return Reading(table.sort_index(), cells.rows)


def read_file10(path: Path) -> Reading:
    """Read File 10 of 2019: the published summaries for councils, to check an aggregation against.

    Returns
    -------
    Reading
        Table indexed by ``lad19cd``, sorted: ``lad19nm``, then ``<measure>_average_rank``,
        ``<measure>_average_score``, ``<measure>_share_in_decile_1`` and the rank of each; for the IMD
        also ``imd_extent`` and ``imd_local_concentration``, for income and employment ``_scale``.

    Raises
    ------
    BadFile
        With the file, row, column and rule.
    """
    cells = open_table(path)
    codes = key_codes(cells, "Local Authority District code (2019)")
    columns: dict[str, object] = {"lad19nm": cells.text("Local Authority District name (2019)")}
    titles = {"imd": "IMD", "idaci": "IDACI", "idaopi": "IDAOPI"}
    for measure in list(MEASURES)[:10]:
        title = titles.get(measure, MEASURES[measure])
        for own, part in _SUMMARIES.items():
            forms = (f"{title} - {part}", f"{title} 2019 - {part}", f"{title} {part}", f"Rank of {title} scale")
            wanted = forms[3:] if own == "rank_of_scale" else forms[:3]
            header = next((form for form in wanted if cells.find(form) is not None), None)
            if header is not None:
                columns[f"{measure}_{own}"] = cells.numbers(header)
            elif own in ("average_rank", "average_score", "share_in_decile_1"):
                cells.position(forms[0])  # refuses: these three are published for every measure
    table = pd.DataFrame(columns)
    table.index = pd.Index(codes, name="lad19cd")
    return Reading(table.sort_index(), cells.rows)


def _snake(header: str) -> str:
    """Return a header in lower case with underscores."""
    return re.sub(r"[^a-z0-9]+", "_", header.casefold()).strip("_")
