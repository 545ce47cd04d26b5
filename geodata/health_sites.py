"""Pharmacies, branch surgeries, hospitals, diagnostic centres and surgical hubs, each from its published list.

Like the readers of `geodata.sites`: rows of ``SITE_COLUMNS``, and a reason for every row that is not used.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from geodata.cells import TextTable, decoded, open_table, refuse_where, unpacked
from geodata.crs import check_degrees, to_grid
from geodata.errors import BadFile
from geodata.geojson import read_features
from geodata.postcodes import Gazetteer, normalise_all
from geodata.reading import Reading
from geodata.sites import (
    ODS_WIDTH,
    address_of,
    ods_cell,
    ods_reasons,
    ods_rows,
    placed,
    point_of,
    reading_of,
    site_id_of,
)

SEPARATOR = "¬"  # of the list of hospitals
_CLOSED_ON, _KIND, _PARENT = 11, 13, 14  # columns of an ODS report, counted from 0
APPLIANCES = "2"  # a sub-type: sends dressings and stoma bags by post
_POSTCODE_AT_END = r"([A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})$"


def read_pharmacies(path: Path, gazetteer: Gazetteer, *, source_date: str | None = None) -> Reading:
    """Read the open pharmacies of an ODS ``edispensary`` report.

    Parameters
    ----------
    path : pathlib.Path
        27 columns, no header; status ACTIVE or A; column 14 is 2 for an appliance contractor, which is left out.
    gazetteer : Gazetteer
        Postcodes of England.
    source_date : str, optional
        Date of the report; default the latest opening date in it.

    Returns
    -------
    Reading
        ``SITE_COLUMNS``, service ``pharmacy``, sorted by ``site_id``.

    Raises
    ------
    BadFile
        wrong-width, unknown-status, missing-code or doubled-code, naming the row.
    """
    cells = open_table(path, header=False, width=ODS_WIDTH)
    rows = ods_rows(cells)
    reasons = ods_reasons(cells, rows)
    reasons = reasons.mask(ods_cell(cells, _KIND).eq(APPLIANCES) & reasons.eq(""), "appliance contractor, no pharmacy")
    return placed(cells, rows, reasons, gazetteer, "pharmacy", source_date)


def read_gp_branches(
    path: Path, gazetteer: Gazetteer, *, practices: Collection[str] | None = None, source_date: str | None = None
) -> Reading:
    """Read the branch surgeries of an ODS ``ebranchs`` report.

    Parameters
    ----------
    path : pathlib.Path
        27 columns, no header; column 12 the closing date, column 15 the practice a branch belongs to. The
        status is empty in older reports: a closing date says that a branch is closed.
    gazetteer : Gazetteer
        Postcodes of England.
    practices : collection of str, optional
        Codes of the practices that are open today; a branch of any other is left out.
    source_date : str, optional
        Date of the report; default the latest opening date in it.

    Returns
    -------
    Reading
        ``SITE_COLUMNS``, service ``gp_branch``, ``part_of`` the practice; its supply is settled where all
        sites of the practice are known.

    Raises
    ------
    BadFile
        wrong-width, unknown-status, missing-code, doubled-code or missing-value, naming the row.
    """
    cells = open_table(path, header=False, width=ODS_WIDTH)
    rows = ods_rows(cells, blank_status=True)
    rows["part_of"] = ods_cell(cells, _PARENT)
    says = "the branch names no practice"
    cells.refuse(rows["part_of"].isna(), says, rule="missing-value", column="15", codes=rows["site_id"])
    reasons = ods_reasons(cells, rows)
    reasons = reasons.mask(ods_cell(cells, _CLOSED_ON).notna() & reasons.eq(""), "closed")
    if practices is not None:
        orphan = ~rows["part_of"].isin(list(practices))
        reasons = reasons.mask(orphan & reasons.eq(""), "its practice is not in the list of open practices")
    return placed(cells, rows, reasons, gazetteer, "gp_branch", source_date)


def read_hospitals(path: Path, gazetteer: Gazetteer | None = None, *, source_date: str = "") -> Reading:
    """Read the hospitals of the NHS website's list.

    Parameters
    ----------
    path : pathlib.Path
        Cells parted by ``¬``, never quoted, in Windows-1252 or UTF-8: OrganisationCode, OrganisationName,
        OrganisationStatus, Address1 to Address3, City, Postcode, Latitude, Longitude.
    gazetteer : Gazetteer, optional
        Places a hospital without coordinates at its postcode.
    source_date : str
        Date of the list; the file does not say.

    Returns
    -------
    Reading
        ``SITE_COLUMNS``, service ``hospital``, sorted by ``site_id``: NHS and independent ones.

    Raises
    ------
    BadFile
        wrong-width, missing-column, missing-code, doubled-code, not-a-number, swapped-axes or out-of-range,
        naming the row.
    """
    cells = split_table(path, SEPARATOR)
    codes, name = cells.text("OrganisationCode"), cells.text("OrganisationName").fillna("")
    cells.refuse(codes.isna(), "the hospital has no code", rule="missing-code", column="OrganisationCode")
    says = "the hospital is there twice"
    cells.refuse(codes.duplicated(), says, rule="doubled-code", column="OrganisationCode", codes=codes)
    lon, lat = cells.numbers("Longitude"), cells.numbers("Latitude")
    check_degrees(lon, lat, path.name, first_row=cells.first_row, unit="hospital")
    easting, northing = to_grid(lon, lat)
    sites = pd.DataFrame(
        {
            "site_id": codes,
            "service": "hospital",
            "name": name,
            "address": address_of(cells, ("Address1", "Address2", "Address3", "City")),
            "postcode": normalise_all(cells.text("Postcode")),
            "easting": easting,
            "northing": northing,
            "lsoa21cd": None,
            "source_date": source_date,
        }
    )
    sites = at_postcodes(sites, gazetteer)
    status = cells.text("OrganisationStatus").fillna("").str.casefold()
    reasons = pd.Series("", index=sites.index).mask(status.ne("visible"), "hidden by the publisher")
    reasons = reasons.mask(sites["easting"].isna() & reasons.eq(""), "no point, and its postcode is not in the look-up")
    return reading_of(sites, reasons, codes, cells.rows)


def read_map_points(path: Path, service: str, *, source_date: str = "") -> Reading:
    """Read the sites of a GOV.UK map: community diagnostic centres or surgical hubs.

    Parameters
    ----------
    path : pathlib.Path
        GeoJSON points in degrees with ``name`` and ``address`` (which ends in the postcode). The care board
        codes in it are not used: some are wrong.
    service : str
        ``diagnostic_centre`` or ``surgical_hub``.
    source_date : str
        Date of the map; the file does not say.

    Returns
    -------
    Reading
        ``SITE_COLUMNS``, sorted by ``site_id`` (made of postcode and name). ``lsoa21cd`` is None: place each
        site by its point.

    Raises
    ------
    BadFile
        wrong-kind, empty-file, missing-column, missing-value, not-a-point, not-a-number, doubled-code,
        swapped-axes, wrong-crs or out-of-range, naming the row.
    """
    features = read_features(path, "sites")
    for row, properties in enumerate(features.properties, start=1):
        for needed in ("name", "address"):
            if needed not in properties:
                says = f"there is no property {needed!r}"
                raise BadFile(says, rule="missing-column", file=path.name, row=row, column=needed)
        if not str(properties["name"] or "").strip():
            raise BadFile("the site has no name", rule="missing-value", file=path.name, row=row, column="name")
    rows = pd.DataFrame(features.properties)
    lon, lat = np.array([point_of(shape, path.name, i) for i, shape in enumerate(features.geometries, start=1)]).T
    check_degrees(lon, lat, path.name, first_row=1)
    easting, northing = to_grid(lon, lat)
    address = rows["address"].fillna("").astype("str").str.strip()
    postcode = normalise_all(address.str.upper().str.extract(_POSTCODE_AT_END)[0])
    name = rows["name"].astype("str").str.strip()
    sites = pd.DataFrame(
        {
            "site_id": [site_id_of(*pair) for pair in zip(postcode, name, strict=True)],
            "service": service,
            "name": name,
            "address": address,
            "postcode": postcode,
            "easting": easting,
            "northing": northing,
            "lsoa21cd": None,
            "source_date": source_date,
        }
    )
    ids = sites["site_id"]
    refuse_where(
        ids.duplicated(), "the site is there twice", rule="doubled-code", file=path.name, first_row=1, column="name",
        codes=ids,
    )  # fmt: skip
    reasons = pd.Series("", index=sites.index).mask(np.isnan(easting), "no point")
    return reading_of(sites, reasons, name, len(sites))


def at_postcodes(sites: pd.DataFrame, gazetteer: Gazetteer | None) -> pd.DataFrame:
    """Return sites with those that have no point placed at their postcode, where one is known."""
    if gazetteer is None:
        return sites
    found, lost = gazetteer.find(sites["postcode"]), sites["easting"].isna()
    return sites.assign(**{axis: sites[axis].mask(lost, found[axis]) for axis in ("easting", "northing")})


def split_table(path: Path, separator: str) -> TextTable:
    """Open a delimited file whose cells are never quoted: a quotation mark in it is text.

    Raises
    ------
    BadFile
        empty-file, wrong-kind, bad-encoding or wrong-width, naming the row.
    """
    # not splitlines: it also cuts at marks that stand inside cells, such as U+0085
    lines = decoded(unpacked(path), path.name).replace("\r\n", "\n").split("\n")
    headers = tuple(cell.strip() for cell in lines[0].split(separator))
    rows = [(number, line.split(separator)) for number, line in enumerate(lines[1:], start=2) if line.strip()]
    if not rows:
        raise BadFile("there is a header and no row below it", rule="empty-file", file=path.name)
    for number, cells in rows:
        if len(cells) != len(headers):
            says = f"{len(cells)} cells where {len(headers)} columns are expected"
            raise BadFile(says, rule="wrong-width", file=path.name, row=number, value=separator.join(cells))
    columns = zip(*(cells for _, cells in rows), strict=True)
    return TextTable(path.name, headers, tuple(pa.chunked_array([pa.array(column, pa.string())]) for column in columns))
