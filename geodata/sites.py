"""Sites where services are given: GP practices, dentists, family hubs and children's centres.

Each reader takes one published list and gives rows of ``SITE_COLUMNS``; a row that is not used is
accounted for with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geodata.cells import TextTable, open_table, refuse_where
from geodata.crs import check_degrees, to_grid
from geodata.errors import BadFile
from geodata.geojson import read_features
from geodata.postcodes import Gazetteer, normalise_all
from geodata.reading import LeftOut, Reading

SITE_COLUMNS = (
    *("site_id", "service", "name", "address", "postcode", "easting", "northing", "lsoa21cd"),
    *("accepting_children", "accepting_adults", "accepting_by", "source_date", "supply", "part_of"),
)
# Of a site that is no part of another, before joins.
ALONE = {"supply": 1.0, "part_of": None, "accepting_children": None, "accepting_adults": None, "accepting_by": None}
NOT_IN_THE_LOOKUP = "postcode not in the look-up"
ODS_WIDTH = 27
# Columns of an ODS report, counted from 0.
_CODE, _NAME, _GROUPING, _POSTCODE, _OPENED, _STATUS, _SETTING = 0, 1, 2, 9, 10, 12, 25
_ADDRESS = range(4, 9)
# Both value sets: letters up to 2025, words since.
STATUSES = {
    "A": "open",
    "ACTIVE": "open",
    "C": "closed",
    "INACTIVE": "closed",
    "CLOSED": "closed",
    "D": "dormant",
    "DORMANT": "dormant",
    "P": "proposed",
    "PROPOSED": "proposed",
}
GP_SETTINGS = ("4", "RO76")
# National groupings of ODS that are not in England: Wales, Crown dependencies, none.
_ABROAD = {"W00": "of NHS Wales", "Y99": "not in England", "YZZ": "not in England", "S00": "in Scotland"}
_ACCEPTING = {"yes": True, "no": False, "unknown": None, "": None}
SAME_SITE_WITHIN_M = 500.0


def read_gp_practices(path: Path, gazetteer: Gazetteer, *, source_date: str | None = None) -> Reading:
    """Read the open GP practices of an ODS ``epraccur`` report, each at its postcode.

    Parameters
    ----------
    path : pathlib.Path
        27 columns, no header; either value set (status ACTIVE and setting RO76, or A and 4).
    gazetteer : Gazetteer
        Postcodes of England.
    source_date : str, optional
        Date of the report; default the latest opening date in it.

    Returns
    -------
    Reading
        ``SITE_COLUMNS``, service ``gp``, sorted by ``site_id``. Left out, with reasons: closed, dormant
        and proposed ones, other prescribing settings, sites outside England, unknown postcodes.

    Raises
    ------
    BadFile
        wrong-width, unknown-status, missing-code or doubled-code, naming the row.
    """
    cells = open_table(path, header=False, width=ODS_WIDTH)
    rows = ods_rows(cells)
    setting = ods_cell(cells, _SETTING).fillna("")
    # "RO76|RO268" names two roles: the first decides.
    practice = setting.str.split("|").str[0].isin(GP_SETTINGS)
    reasons = ods_reasons(cells, rows)
    reasons = reasons.where(reasons.ne("") | practice, "another prescribing setting, not a GP practice")
    return placed(cells, rows, reasons, gazetteer, "gp", source_date)


def read_dental_practices(path: Path, gazetteer: Gazetteer, *, source_date: str | None = None) -> Reading:
    """Read the open NHS dental contract locations of an ODS ``egdpprac`` report.

    One row per contract location: several at one postcode stay apart, as published. Whether one
    accepts patients is not in this report.

    Parameters
    ----------
    path : pathlib.Path
        27 columns, no header; status ACTIVE or A.
    gazetteer : Gazetteer
        Postcodes of England.
    source_date : str, optional
        Date of the report; default the latest opening date in it.

    Returns
    -------
    Reading
        ``SITE_COLUMNS``, service ``dental``, sorted by ``site_id``.

    Raises
    ------
    BadFile
        wrong-width, unknown-status, missing-code or doubled-code, naming the row.
    """
    cells = open_table(path, header=False, width=ODS_WIDTH)
    rows = ods_rows(cells)
    return placed(cells, rows, ods_reasons(cells, rows), gazetteer, "dental", source_date)


def ods_cell(cells: TextTable, column: int) -> pd.Series:
    """Return one column of an ODS report, counted from 0, as text."""
    return cells.text(cells.headers[column])


def ods_rows(cells: TextTable, *, blank_status: bool = False) -> pd.DataFrame:
    """Return code, name, address, postcode, status and opening date of an ODS report.

    Parameters
    ----------
    cells : TextTable
        27 columns, no header.
    blank_status : bool
        Whether an empty status is right: lists of branches have only closing dates.

    Raises
    ------
    BadFile
        missing-code, doubled-code or unknown-status, naming the row.
    """
    rows = pd.DataFrame(
        {
            "site_id": ods_cell(cells, _CODE),
            "name": ods_cell(cells, _NAME).fillna(""),
            "postcode": normalise_all(ods_cell(cells, _POSTCODE)),
            "given": ods_cell(cells, _POSTCODE).fillna(""),
            "opened": ods_cell(cells, _OPENED),
            "status": ods_cell(cells, _STATUS).fillna("").str.upper(),
        }
    )
    rows["address"] = address_of(cells, [cells.headers[column] for column in _ADDRESS])
    ids = rows["site_id"]
    cells.refuse(ids.isna(), "the organisation code is empty", rule="missing-code", column="1")
    cells.refuse(ids.duplicated(), "the organisation is there twice", rule="doubled-code", column="1", codes=ids)
    strange = ~rows["status"].isin([*STATUSES, *([""] if blank_status else [])])
    says = "{value!r} is not a status; ACTIVE or A is open"
    cells.refuse(strange, says, rule="unknown-status", column="13", codes=ids, values=rows["status"])
    return rows


def ods_reasons(cells: TextTable, rows: pd.DataFrame) -> pd.Series:
    """Return why a row is not used: its status or its country; "" if neither speaks against it."""
    reasons = rows["status"].map(STATUSES).fillna("").replace("open", "")
    abroad = ods_cell(cells, _GROUPING).map(_ABROAD).fillna("")
    abroad = abroad.where(~rows["site_id"].str.match(r"W\d{5}"), "a practice of NHS Wales")  # at any postcode
    return reasons.where(reasons.ne(""), abroad)


def placed(
    cells: TextTable,
    rows: pd.DataFrame,
    reasons: pd.Series,
    gazetteer: Gazetteer,
    service: str,
    source_date: str | None,
) -> Reading:
    """Place the rows of an ODS report that nothing speaks against at their postcodes, and account for all others."""
    sites = rows.assign(service=service, source_date=source_date or latest(rows["opened"]))
    return placed_by_postcode(sites, reasons, gazetteer, cells.rows, named="site_id", given="given")


def placed_by_postcode(
    rows: pd.DataFrame, reasons: pd.Series, gazetteer: Gazetteer, rows_read: int, *, named: str, given: str
) -> Reading:
    """Place the rows that nothing speaks against at their postcodes, and account for all others.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns of a site but where it is; ``postcode`` as `geodata.postcodes.normalise_all` gives it.
    reasons : pandas.Series, index of rows
        Why a row is not used; "" if nothing speaks against it.
    named, given : str
        Columns that the account calls a row by, and has its postcode from where that is not in the look-up.
    """
    found = gazetteer.find(rows["postcode"])
    reasons = reasons.mask(found["pcds"].isna() & reasons.eq(""), NOT_IN_THE_LOOKUP)
    sites = rows.assign(**{column: found[column] for column in ("easting", "northing", "lsoa21cd")})
    names = rows[named].where(reasons.ne(NOT_IN_THE_LOOKUP), rows[named] + " at " + rows[given].fillna(""))
    return reading_of(sites, reasons, names, rows_read)


def address_of(cells: TextTable, headers: Sequence[str]) -> list[str]:
    """Join the parts of each row's address with commas, leaving out those that are empty."""
    parts = pd.concat([cells.text(header).fillna("") for header in headers], axis=1)
    return [", ".join(part for part in row if part) for row in parts.to_numpy()]


def latest(dates: pd.Series) -> str:
    """Return the latest of dates written YYYYMMDD, with hyphens; "" if there is none."""
    good = dates[dates.str.fullmatch(r"\d{8}").fillna(False).astype(bool)]
    return "" if good.empty else f"{good.max()[:4]}-{good.max()[4:6]}-{good.max()[6:]}"


def reading_of(sites: pd.DataFrame, reasons: pd.Series, names: pd.Series, rows_read: int) -> Reading:
    """Split sites into those used and an account of the others by reason."""
    left_out = tuple(
        LeftOut.of(str(reason), names[reasons == reason]) for reason in reasons[reasons.ne("")].drop_duplicates()
    )
    sites = sites.assign(**{name: value for name, value in ALONE.items() if name not in sites})
    used = sites.loc[reasons == "", list(SITE_COLUMNS)].sort_values("site_id").reset_index(drop=True)
    used["lsoa21cd"] = used["lsoa21cd"].astype(object).where(used["lsoa21cd"].notna(), None)
    return Reading(used, rows_read, left_out)


def read_dental_pages(path: Path, *, source_date: str = "") -> Reading:
    """Read the dental practice pages of the NHS website, with "accepting new NHS patients".

    Parameters
    ----------
    path : pathlib.Path
        GeoJSON points in degrees: practice_id, practice_name, address, postcode, area_code
        (``LSOA::E01...``, 2021), accepting_adults, accepting_children (yes, no, unknown).
    source_date : str
        When the pages were taken; the file does not say.

    Returns
    -------
    Reading
        ``SITE_COLUMNS``, service ``dental``, sorted by ``site_id``. Accepting is True, False or None
        (unknown). ``lsoa21cd`` is None where the page names no LSOA: place it by its point.

    Raises
    ------
    BadFile
        wrong-kind, empty-file, missing-column, doubled-code, unknown-status, swapped-axes, wrong-crs or
        out-of-range, naming the practice or row.
    """
    features = read_features(path, "sites")
    fields = ("practice_id", "practice_name", "address", "postcode", "area_code", *_ASKED)
    for row, properties in enumerate(features.properties, start=1):
        if lacking := next((field for field in fields if field not in properties), None):
            says = f"there is no property {lacking!r}"
            raise BadFile(says, rule="missing-column", file=path.name, row=row, column=lacking)
    rows = pd.DataFrame(features.properties)
    lon, lat = np.array([point_of(shape, path.name, i) for i, shape in enumerate(features.geometries, start=1)]).T
    doubled = rows["practice_id"].duplicated()
    refuse_where(
        doubled, "the practice is there twice", rule="doubled-code", file=path.name, first_row=1,
        column="practice_id", codes=rows["practice_id"],
    )  # fmt: skip
    check_degrees(lon, lat, path.name, first_row=1)
    easting, northing = to_grid(lon, lat)
    area = rows["area_code"].fillna("").astype("str")
    sites = pd.DataFrame(
        {
            "site_id": rows["practice_id"],
            "service": "dental",
            "name": rows["practice_name"].fillna(""),
            "address": rows["address"].fillna(""),
            "postcode": normalise_all(rows["postcode"]),
            "easting": easting,
            "northing": northing,
            "lsoa21cd": area.str.extract(r"^LSOA::(E01\d{6})$")[0],
            **{own: _accepting(rows, own, path.name) for own in _ASKED},
            "source_date": source_date,
        }
    )
    reasons = pd.Series("", index=sites.index).mask(np.isnan(easting), "no point")
    reasons = reasons.mask(area.str.match(r"LSOA::[WSN9]"), "not in England")
    return reading_of(sites, reasons, sites["site_id"], len(sites))


_ASKED = ("accepting_children", "accepting_adults")


def point_of(geometry: Any, file: str, row: int) -> tuple[float, float]:
    """Return longitude and latitude of a point, NaN if there is none."""
    if not geometry:
        return np.nan, np.nan
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        raise BadFile("the site is not a point", rule="not-a-point", file=file, row=row)
    try:
        return float(geometry["coordinates"][0]), float(geometry["coordinates"][1])
    except (KeyError, IndexError, TypeError, ValueError):
        raise BadFile("the coordinates are not numbers", rule="not-a-number", file=file, row=row) from None


def _accepting(rows: pd.DataFrame, column: str, file: str) -> pd.Series:
    """Return True, False or None for yes, no or unknown."""
    answers = rows[column].fillna("").astype("str").str.strip().str.casefold()
    refuse_where(
        ~answers.isin(list(_ACCEPTING)), "{value!r} is not an answer; yes, no or unknown is expected",
        rule="unknown-status", file=file, first_row=1, column=column, codes=rows["practice_id"], values=rows[column],
    )  # fmt: skip
    return pd.Series([_ACCEPTING[answer] for answer in answers], index=rows.index, dtype=object)


def read_family_hubs(path: Path, *, source_date: str = "") -> Reading:
    """Read family hubs (DfE list) and open children's centres (GIAS) of one merged file.

    A hub also counts as a place of a children's centre, so each site has one row: service
    ``family_hub`` where DfE lists it, else ``childrens_centre``. A site that both registers list, under
    one name (words in brackets aside) in one council within 500 m, is kept once, as a hub.

    Parameters
    ----------
    path : pathlib.Path
        CSV: local_authority, name, address, postcode, latitude, longitude, dfe_family_hub_site.
    source_date : str
        Date of the lists; the file does not say.

    Returns
    -------
    Reading
        ``SITE_COLUMNS``, sorted by ``site_id`` (made of postcode and name, since the lists have no code
        in common). ``lsoa21cd`` is None: place each site by its point.

    Raises
    ------
    BadFile
        With the file, row, column and rule.
    """
    cells = open_table(path)
    council, name, postcode = (cells.text(header) for header in ("local_authority", "name", "postcode"))
    lon, lat = cells.numbers("longitude"), cells.numbers("latitude")
    check_degrees(lon, lat, path.name, first_row=cells.first_row, unit="site")
    easting, northing = to_grid(lon, lat)
    listed = cells.text("dfe_family_hub_site").fillna("").str.casefold()
    says = "{value!r} is not an answer; yes or no is expected"
    cells.refuse(
        ~listed.isin(["yes", "no", ""]), says, rule="unknown-status", column="dfe_family_hub_site", codes=name,
        values=listed,
    )  # fmt: skip
    cells.refuse(name.isna(), "the site has no name", rule="missing-value", column="name")
    sites = pd.DataFrame(
        {
            "site_id": [site_id_of(*pair) for pair in zip(postcode, name, strict=True)],
            "service": np.where(listed == "yes", "family_hub", "childrens_centre"),
            "name": name,
            "address": cells.text("address").fillna(""),
            "postcode": normalise_all(postcode),
            "easting": easting,
            "northing": northing,
            "lsoa21cd": None,
            "source_date": source_date,
            "council": council,
        }
    )
    ids = sites["site_id"]
    cells.refuse(ids.duplicated(), "the site is there twice", rule="doubled-code", column="name", codes=ids)
    reasons = pd.Series("", index=sites.index).mask(np.isnan(easting), "no point")
    reasons = reasons.mask(_listed_twice(sites), "listed twice: kept once, as a family hub")
    return reading_of(sites, reasons, sites["name"], cells.rows)


def site_id_of(postcode: object, name: object) -> str:
    """Return an id made of postcode and name: ``lu1-1lz-flying-start-west-children-s-centre``."""
    return re.sub(r"[^a-z0-9]+", "-", f"{postcode if isinstance(postcode, str) else ''} {name}".casefold()).strip("-")


def _listed_twice(sites: pd.DataFrame) -> pd.Series:
    """Whether a children's centre is a hub of the same council, name and place."""
    bare = sites["name"].str.casefold().str.replace(r"\([^)]*\)", "", regex=True).str.strip()
    named = sites.assign(bare=bare, row=sites.index).dropna(subset=["bare", "council", "easting", "northing"])
    hub = named["service"] == "family_hub"
    pairs = named[~hub].merge(named[hub], on=["bare", "council"], suffixes=("", "_of_hub"))
    away = np.hypot(pairs["easting"] - pairs["easting_of_hub"], pairs["northing"] - pairs["northing_of_hub"])
    return pd.Series(sites.index.isin(pairs["row"][away <= SAME_SITE_WITHIN_M]), index=sites.index)
