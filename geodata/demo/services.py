"""Where help is given: practices, dentists, hubs and the rest, each in its publisher's own layout."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from geodata.demo import names
from geodata.demo.postcodes import NOT_A_POSTCODE, AddressBook


@dataclass(frozen=True)
class Practice:
    """One practice: where it stands, how it is registered, and how many people it draws."""

    code: str
    name: str
    km: tuple[float, float]
    status: str = "ACTIVE"
    closed: str = ""
    setting: str = "RO76"
    inside: bool = True
    postcode: str = ""  # instead of a real one
    pull: float = 1.0  # 0: has no list of patients


PRACTICES = (
    Practice("Z90001", "GUILDHALL SURGERY", (6.5, 5.9), pull=1.3),
    Practice("Z90002", "ROPEWALK MEDICAL CENTRE", (8.3, 6.2), pull=1.2),
    Practice("Z90003", "LARKMEAD HEALTH CENTRE", (2.8, 7.6)),
    Practice("Z90004", "PRIORY GARDENS PRACTICE", (5.2, 5.9), pull=1.1),
    Practice("Z90005", "SOUTHBANK SURGERY", (6.2, 4.2), pull=1.2),
    Practice("Z90006", "ORCHARD FOLD MEDICAL PRACTICE", (4.0, 3.0)),
    Practice("Z90007", "STATION ROAD SURGERY", (7.1, 7.0)),
    Practice("Z90008", "ST OSYN'S HEALTH CENTRE", (8.8, 3.2)),
    Practice("Z90009", "WINDMILL RISE PRACTICE", (6.2, 8.4), setting="RO76|RO268", pull=0.8),
    Practice("Z90010", "HERON BRIDGE SURGERY", (3.1, 5.9), postcode=NOT_A_POSTCODE, pull=0.6),
    Practice("Z90011", "KILN PARK SURGERY", (3.9, 7.0), status="INACTIVE", closed="20230930", pull=0.6),
    Practice("Z90012", "OLD MARKET PRACTICE", (6.8, 5.6), status="DORMANT", pull=0),
    Practice("Z90021", "SKELMARSH SURGERY", (0.0, 6.2), inside=False, pull=0.7),
    Practice("Z90101", "ALDERMOUTH OUT OF HOURS", (7.0, 6.2), setting="RO80", pull=0),
    Practice("Z90102", "GUILDHALL WALK-IN CENTRE", (6.6, 5.7), setting="RO87", pull=0),
    Practice("Z90103", "ALDER ESTUARY COMMUNITY NURSING", (5.8, 5.0), setting="RO247", pull=0),
)
# Has patients in the registrations and a QOF row, and is in no list of practices.
MISSING_PRACTICE = Practice("Z90020", "SALTMARSH QUAY SURGERY", (10.0, 6.3), pull=0.7)

DENTISTS = (  # code, name, km, status, sub-type, accepting adults, accepting children
    ("V99501", "GUILDHALL DENTAL PRACTICE", (6.6, 6.1), "A", "no", "no"),
    ("V99502", "HARBOUR SMILES", (8.8, 5.9), "A", "no", "yes"),
    ("V99503", "LARKMEAD DENTAL CARE", (2.9, 7.8), "A", "no", "no"),
    ("V99504", "SOUTHBANK DENTAL SURGERY", (6.4, 4.1), "A", "no", "no"),
    ("V99505", "ORCHARD DENTAL", (4.3, 3.2), "A", "yes", "yes"),
    ("V99506", "ST OSYN'S DENTAL PRACTICE", (9.0, 3.3), "A", "yes", "yes"),
    ("V99507", "STATION ROAD DENTISTS", (6.95, 6.15), "A", "unknown", "unknown"),
    ("V99508", "TANNERY ROW DENTAL", (4.5, 5.7), "C", "", ""),
    ("V99509", "SKELMARSH DENTAL PRACTICE", (0.2, 6.4), "A", "no", "yes"),
)
OTHER_PAGES = {"V99504": "V099604"}  # a page under another code, as after a change of owner: its postcode is the same
HUBS = (  # name, km, children's centre register, family hub list
    ("Guildhall Family Hub", (6.2, 6.3), "yes", "yes"),
    ("Larkmead Family Hub", (2.6, 7.5), "", "yes"),
    ("Cold Lane Family Hub", (8.7, 9.1), "", "yes"),
    ("Ropewalk Children's Centre", (8.4, 6.5), "Children's centre", "no"),
    ("Southbank Children's Centre", (6.5, 3.9), "Children's centre", "no"),
    ("Orchard Fold Children's Centre", (3.6, 3.2), "Children's centre linked site", "no"),
    ("Skelmarsh Children's Centre", (0.1, 6.0), "Children's centre", "no"),
)
LISTED_TWICE = "Larkmead Family Hub"
BADLY_PLACED = "Cold Lane Family Hub"
PHARMACIES = (
    ("FZ901", "GUILDHALL PHARMACY", (6.4, 5.8)), ("FZ902", "ROPEWALK CHEMIST", (8.1, 6.1)), ("FZ903",
    "LARKMEAD PHARMACY", (2.7, 7.7)),
    ("FZ904", "PRIORY PHARMACY", (5.3, 6.0)), ("FZ905", "SOUTHBANK PHARMACY", (6.1, 4.0)), ("FZ906",
    "ORCHARD CHEMIST", (4.1, 3.1)),
    ("FZ907", "STATION ROAD PHARMACY", (7.2, 7.1)), ("FZ908", "ST OSYN'S PHARMACY", (8.7, 3.1)), ("FZ909",
    "KILN PARK CHEMIST", (3.8, 7.1)),
    ("FZ910", "CHANDLERS PHARMACY", (7.5, 4.2)), ("FZ911", "SKELMARSH PHARMACY", (0.1, 6.3)),
)  # fmt: skip
LIBRARIES = (  # name, km, run by
    ("Aldermouth Central Library", (6.5, 5.7), "LA"), ("Larkmead Library", (2.8, 7.8), "C"), ("Southbank Library",
    (6.3, 4.0), "LA"),
    ("Harbour Reading Room", (9.0, 5.8), "CRL"), ("Orchard Library", (3.9, 3.0), "Temporary Closure"),
    ("Windmill Library", (6.3, 8.2), "Closed"),
)  # fmt: skip
SCHOOLS = (
    ("Guildhall Primary School", (6.3, 6.2)), ("Ropewalk Primary School", (8.2, 6.4)), ("Larkmead Primary School",
    (2.7, 7.6)),
    ("Kiln Park Primary School", (3.8, 7.0)), ("Priory Primary School", (5.1, 6.0)), ("Station Road Primary School",
    (7.0, 7.1)),
    ("Southbank Primary School", (6.2, 3.9)), ("Orchard Fold Primary School", (4.2, 3.2)),
    ("Mead End Primary School", (2.3, 3.8)),
    ("Gorsey Down Primary School", (8.6, 2.6)), ("St Osyn's Primary School", (9.3, 3.4)),
    ("Lantern Hill Primary School", (9.3, 7.4)),
    ("Windmill Rise Primary School", (6.5, 8.6)), ("Harbour Academy", (8.9, 6.1)), ("Alder Valley School", (4.6, 6.4)),
)  # fmt: skip


HOSPITALS = (  # number, code, sub-type, sector, name, km, has coordinates
    (990001, "RZ901", "Hospital", "NHS Sector", "Aldermouth Royal Infirmary", (7.6, 7.4), True),
    (990002, "RZ902", "Hospital", "NHS Sector", 'St Osyn\'s Community Hospital ("The Cottage")', (9.1, 3.6), True),
    (990003, "NZ903", "Hospital", "Independent Sector", "Harbour Clinic", (8.9, 5.6), False),
)
DIAGNOSTIC_CENTRES = (
    ("Guildhall Community Diagnostic Centre", (6.7, 6.0)),
    ("Skelmarsh Community Diagnostic Centre", (-0.2, 6.0)),
)

Tables = dict[str, pd.DataFrame]


def make_services(book: AddressBook) -> Tables:
    """Return every list of sites as a table in its publisher's columns (those of ODS have no header)."""
    ods, pages = dentists(book)
    return {
        "epraccur": practices(book),
        "egdpprac": ods,
        "nhsuk_dental_practices": pages,
        "family_hubs_childrens_centres": family_hubs(book),
        "edispensary_active": pharmacies(book),
        "ace_libraries_england_2023": libraries(book),
        "gias_open_establishments": schools(book),
        "Hospital": hospitals(book),
        "govuk_community_diagnostic_centres": diagnostic_centres(book),
    }


def ods_row(code: str, name: str, postcode: str, address: str, **more: str) -> list[str]:
    """Return the 27 columns of an ODS report."""
    opened, closed = more.get("opened", "19740401"), more.get("closed", "")
    town = names.NEIGHBOUR if names.NEIGHBOUR.upper() in name else names.BOROUGH
    parent = more.get("parent", names.SUB_ICB[1][:3])
    return [
        code, name, "Y90", names.ICB[1], address.upper(), "", "", town.upper(), "", postcode, opened, closed,
        more.get("status", "ACTIVE"), more.get("kind", "B"), parent, "20200401", closed, "01632 9600" + code[-2:],
        "", "", "",
        more.get("amended", "0"), "", more.get("provider", ""), "", more.get("setting", ""), "",
    ]  # fmt: skip


def practices(book: AddressBook) -> pd.DataFrame:
    """Return `epraccur`: open, closed and dormant practices, and other prescribers."""
    rows = []
    for practice in PRACTICES:
        site = book.near(*practice.km, inside=practice.inside)
        postcode = practice.postcode or str(site["pcds"])
        more = {"status": practice.status, "closed": practice.closed, "setting": practice.setting}
        rows.append(
            ods_row(practice.code, practice.name, postcode, site["address"], provider="Z9Z", amended="1", **more)
        )
    return pd.DataFrame(rows)


def dentists(book: AddressBook) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `egdpprac` (27 columns) and the dental pages (with long, lat and the accepting flags)."""
    rows, pages = [], []
    for code, name, km, status, adults, children in DENTISTS:
        inside = "SKELMARSH" not in name
        site = book.near(*km, inside=inside)
        closed = "20240131" if status == "C" else ""
        ods = ods_row(code, name, str(site["pcds"]), site["address"], status=status, closed=closed, kind="D",
                      opened="20060401", parent=names.ICB[1])  # fmt: skip
        rows.append(ods)
        if status == "A":
            pages.append(
                {
                    "practice_id": OTHER_PAGES.get(code, f"V0{code[1:]}"),
                    "practice_name": name.title().replace("'S ", "'s "),
                    "address": f"{site['address']}, {names.BOROUGH if inside else names.NEIGHBOUR}",
                    "postcode": site["pcds"],
                    "area_code": f"LSOA::{site['lsoa21']}", "accepting_adults": adults, "accepting_children": children,
                    "long": site["long"], "lat": site["lat"],
                }
            )  # fmt: skip
    return pd.DataFrame(rows), pd.DataFrame(pages)


def family_hubs(book: AddressBook) -> pd.DataFrame:
    """Return the merged list of hubs and centres; one hub stands in it twice, once from each register."""
    rows: list[dict[str, object]] = []
    for name, km, centre, hub in HUBS:
        inside = names.NEIGHBOUR not in name
        council = names.BOROUGH if inside else names.NEIGHBOUR
        site = book.near(*km, inside=inside)
        row = {
            "local_authority": council, "name": name,
            "address": f"{site['address']}, {council}" if centre else "", "postcode": site["pcds"],
            "latitude": site["lat"], "longitude": site["long"], "retired_postcode": "no",
            "gias_open_childrens_centre": centre, "dfe_family_hub_site": hub,
        }  # fmt: skip
        rows.append(row)
        if name == LISTED_TWICE:
            again = book.near(km[0] + 0.05, km[1])
            rows.append(
                row | {
                    "name": f"{name} ({names.BOROUGH} Borough)", "address": f"{again['address']}, {names.BOROUGH}",
                    "postcode": again["pcds"], "latitude": again["lat"], "longitude": again["long"],
                    "gias_open_childrens_centre": "Children's centre", "dfe_family_hub_site": "no",
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def pharmacies(book: AddressBook) -> pd.DataFrame:
    """Return `edispensary`, rows of status A."""
    rows = []
    for code, name, km in PHARMACIES:
        site = book.near(*km, inside="SKELMARSH" not in name)
        rows.append(
            ods_row(
                code, name, str(site["pcds"]), site["address"], status="A", kind="1", opened="20030701", parent="PZ9Z"
            )
        )
    return pd.DataFrame(rows)


LIBRARY_COLUMNS = (
    *("reporting", "name", "address1", "address2", "address3", "authority", "postcode", "uprn", "type"),
    *("statutory_10", "statutory_16", "statutory_19", "statutory_21", "statutory_22", "statutory_23"),
    *("operation_16", "operation_19", "operation_21", "operation_22", "operation_23", "closed", "opened"),
    *(
        "operating_organisation",
        "department",
        "new_build_22",
        "co_located",
        "co_located_archives",
        "co_located_artscentre",
    ),
    *("co_located_carehome_hostel", "co_located_catering_bars_pub", "co_located_civic", "co_located_community"),
    *("co_located_faithbuildings", "co_located_health", "co_located_hotel", "co_located_industrial_business"),
    *("co_located_library", "co_located_museum", "co_located_retail", "co_located_schools_colleges"),
    *("co_located_universities_highereducation", "co_located_other", "co_located_other_text"),
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "hours", "staffed_hours"),
    *("automated", "email"),
)


def libraries(book: AddressBook) -> pd.DataFrame:
    """Return the libraries in the 54 columns of the basic dataset; one is closed, one closed for now."""
    rows = []
    for name, km, run_by in LIBRARIES:
        site = book.near(*km)
        shut = run_by in ("Closed", "Temporary Closure")
        row = dict.fromkeys(LIBRARY_COLUMNS, "")
        row |= {"reporting": names.BOROUGH, "authority": names.BOROUGH, "name": name, "address1": site["address"],
                "address2": names.BOROUGH, "postcode": site["pcds"], "type": "Static Library", "opened": "-",
                "new_build_22": "No", "co_located": "No", "automated": "No"}  # fmt: skip
        row |= {f"statutory_{year}": "No" if run_by == "Closed" else "Yes" for year in (10, 16, 19, 21, 22, 23)}
        row |= {f"operation_{year}": run_by if year == 23 else "LA" for year in (16, 19, 21, 22, 23)}
        row["closed"] = "2023" if run_by == "Closed" else ""
        for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"):
            row[day] = "N/A Closed" if shut or day == "sunday" else "All Day (continuous)"
        row["hours"] = row["staffed_hours"] = "Not Currently Open" if shut else "48"
        rows.append(row)
    return pd.DataFrame(rows, columns=list(LIBRARY_COLUMNS))


def schools(book: AddressBook) -> pd.DataFrame:
    """Return the schools in the columns of the register's short copy."""
    rows = []
    for number, (name, km) in enumerate(SCHOOLS, start=900_001):
        site = book.near(*km)
        row = {"urn": number, "name": name, "town": names.BOROUGH, "postcode": site["pcds"], "lead_school": "false"}
        rows.append(row | {"open_date": "", "close_date": ""})
    return pd.DataFrame(rows)


HOSPITAL_COLUMNS = (
    *(
        "OrganisationID",
        "OrganisationCode",
        "OrganisationType",
        "SubType",
        "Sector",
        "OrganisationStatus",
        "IsPimsManaged",
    ),
    *("OrganisationName", "Address1", "Address2", "Address3", "City", "County", "Postcode", "Latitude", "Longitude"),
    *("ParentODSCode", "ParentName", "Phone", "Email", "Website", "Fax"),
)


def hospitals(book: AddressBook) -> pd.DataFrame:
    """Return the hospitals in their 22 columns; one has no coordinates, one has quotes in its name."""
    rows = []
    for number, code, kind, sector, name, km, placed in HOSPITALS:
        site = book.near(*km)
        row = dict.fromkeys(HOSPITAL_COLUMNS, "")
        row |= {"OrganisationID": str(number), "OrganisationCode": code, "OrganisationType": "Hospital",
        "SubType": kind,
                "Sector": sector, "OrganisationStatus": "Visible", "IsPimsManaged": "True", "OrganisationName": name,
                "Address2": site["address"], "City": names.BOROUGH, "Postcode": site["pcds"],
                "ParentODSCode": code[:3], "ParentName": "Alder Estuary Hospitals \u2013 Fictional Trust",
                "Phone": "01632 960200"}  # fmt: skip
        if placed:
            row |= {"Latitude": str(site["lat"]), "Longitude": str(site["long"])}
        rows.append(row)
    return pd.DataFrame(rows)


def diagnostic_centres(book: AddressBook) -> pd.DataFrame:
    """Return the diagnostic centres of the GOV.UK map, with long and lat."""
    rows = []
    for name, km in DIAGNOSTIC_CENTRES:
        inside = names.NEIGHBOUR not in name
        site = book.near(*km, inside=inside)
        rows.append(
            {
                "name": name, "address": f"{names.BOROUGH if inside else names.NEIGHBOUR}, {site['pcds']}",
                "isOpen12_7": "Yes" if inside else "No",
                "services": "Imaging, Pathology, Physiological Sciences", "icbCode": names.ICB[0],
                "long": site["long"], "lat": site["lat"],
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
