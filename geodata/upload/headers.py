"""Column names as analysts write them: what each may be called, and which tell about single persons."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from geodata.errors import BadFile
from geodata.upload.report import shown

# The first name of a role is its plainest: where it is there, other names of the role do not compete.
NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "footprints": {
        "footprint": (
            *("footprint", "footprintname", "team", "teamname", "teamarea", "area", "areaname", "patch", "locality"),
            *("localityname", "network", "networkname", "pcn", "pcnname", "cluster", "group", "zone", "hub", "name"),
            *("neighbourhoodteam", "integratedneighbourhoodteam", "int", "intname", "place", "placename", "ward"),
        ),
    },
    "indicator": {
        "value": (
            *("value", "val", "rate", "percent", "percentage", "pct", "share", "proportion", "prevalence", "figure"),
            *("indicatorvalue", "obsvalue", "observation", "score", "estimate", "measure", "result", "ratio"),
        ),
        "count": ("count", "numerator", "num", "number", "n", "cases", "events", "observed", "numberofpatients"),
        "denominator": (
            *("denominator", "denom", "population", "pop", "base", "eligible", "eligiblepopulation", "listsize"),
            *("total", "totalpopulation"),
        ),
    },
    "resource": {
        "amount": (
            *("amount", "spend", "spending", "expenditure", "cost", "budget", "funding", "allocation", "pounds", "gbp"),
            *("hours", "wte", "fte", "contacts", "appointments", "sessions", "activity", "resource", "quantity"),
            *("value", "total", "number"),
        ),
    },
    "sites": {
        "postcode": ("postcode", "pcd", "pcds", "pcd2", "pcd7", "pcd8", "postalcode", "sitepostcode"),
        "easting": ("easting", "eastings", "oseast1m", "oseasting", "xcoordinate", "gridrefeast", "eastingm"),
        "northing": ("northing", "northings", "osnrth1m", "osnorthing", "ycoordinate", "gridrefnorth", "northingm"),
        "longitude": ("longitude", "long", "lon", "lng"),
        "latitude": ("latitude", "lat"),
        "x": ("x", "xcoord"),
        "y": ("y", "ycoord"),
        "name": (
            *("name", "sitename", "organisation", "organisationname", "practicename", "hub", "hubname", "library"),
            *("site", "title", "venue", "school", "schoolname", "centre", "centrename"),
        ),
        "site_id": (
            *("siteid", "id", "code", "odscode", "organisationcode", "practicecode", "ref", "reference", "urn"),
        ),
        "address": ("address", "fulladdress", "address1", "siteaddress", "location"),
        "capacity": ("capacity", "places"),
    },
}
ANY_CODE = {"areacode", "geographycode", "geographycd", "geocode", "gsscode", "onscode", "code", "mnemonic", "areacd"}
_LSOA = re.compile(r"lsoa|lowerlayersuperoutputarea|lowersuperoutputarea")
_LSOA_NAME = re.compile(r"name|nmw?$")
_YEAR = re.compile(r"(?:20)?(11|21)(?!\d)")
_PERSON = re.compile(
    r"nhs(no|num)|nhsnumber\w*|\w*(dateofbirth|birthdate|patientname|hospitalnumber|nationalinsurance)\w*"
    r"|dob(dd\w*)?|(patient|client|person|user)?(forenames?|surname|firstname|lastname|familyname)|(patient|client|person|pseudo)id"
    r"|mrn|nino|localpatientidentifier|patientnumber"
)


def tidy_name(header: str) -> str:
    """Return a header without the differences that mean nothing: case, spaces, signs."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", header).casefold()))


def code_year(name: str) -> str | None:
    """Return "2011", "2021" or "any" for the tidied header of an area code; None for any other column."""
    if name in ANY_CODE:
        return "any"
    if not _LSOA.search(name) or _LSOA_NAME.search(name):
        return None
    year = _YEAR.search(name)
    return f"20{year[1]}" if year else "any"


def refuse_persons(header: Sequence[str], row: int) -> None:
    """Refuse a header that names columns about single persons."""
    for name in header:
        if _PERSON.fullmatch(tidy_name(name)):
            message = f"the column {shown(name)!r} is about single persons"
            raise BadFile(message, rule="person-level", row=row, column=shown(name))
