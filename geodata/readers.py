"""Which reader opens which source, and in what order: the look-up first, then what leans on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from geodata.boundaries import read_boundaries
from geodata.catalogue import Source
from geodata.deprivation import read_file7, read_file9, read_file10, read_underlying
from geodata.health_sites import read_gp_branches, read_hospitals, read_map_points, read_pharmacies
from geodata.lookups import read_centroids, read_exact_fit, read_footprints, read_lookup
from geodata.neighbourhoods import BASE
from geodata.outcomes import read_fingertips, read_patients_per_gp, read_quarterly
from geodata.population import read_age_bands, read_mid2022, read_single_year
from geodata.postcodes import Gazetteer, read_postcodes
from geodata.public_sites import read_libraries, read_schools
from geodata.reading import Reading
from geodata.registrations import read_health_index, read_qof, read_registrations, read_talking_therapies
from geodata.sites import read_dental_pages, read_dental_practices, read_family_hubs, read_gp_practices
from geodata.tables import read_table

POSTCODES = "postcodes"


@dataclass(frozen=True)
class Known:
    """What readers lean on: the codes of the look-up, where each postcode is, and which GP practices are open."""

    codes: Collection[str] | None = None
    gazetteer: Gazetteer | None = None
    practices: Collection[str] | None = None


Reader = Callable[[Path, Source, Known], Reading]

READERS: Mapping[str, Reader] = {
    "lookup": lambda path, source, known: read_lookup(path),
    "boundaries": lambda path, source, known: _boundaries(path, source, known),
    "centroids": lambda path, source, known: read_centroids(path, known_codes=known.codes),
    "exact_fit": lambda path, source, known: read_exact_fit(path),
    "footprints": lambda path, source, known: read_footprints(path, known_codes=known.codes),
    "file7_2025": lambda path, source, known: read_file7(
        path, ranked_areas=source.ranked_areas, known_codes=known.codes
    ),
    "file7_2019": lambda path, source, known: read_file7(path, edition=2019, ranked_areas=source.ranked_areas),
    "file9_2019": lambda path, source, known: read_file9(path),
    "file10_2019": lambda path, source, known: read_file10(path),
    "underlying_2025": lambda path, source, known: read_underlying(path, known_codes=known.codes),
    "mid2022": lambda path, source, known: read_mid2022(path, known_codes=known.codes),
    "age_bands": lambda path, source, known: read_age_bands(path, known_codes=known.codes),
    "single_year": lambda path, source, known: read_single_year(path),
    "tables": lambda path, source, known: _plain(path, source, known),
    "postcodes": lambda path, source, known: read_postcodes(path, known_codes=known.codes),
    "gp_practices": lambda path, source, known: read_gp_practices(path, _gazetteer(known)),
    "dental_practices": lambda path, source, known: read_dental_practices(path, _gazetteer(known)),
    "dental_pages": lambda path, source, known: read_dental_pages(path, source_date=source.edition),
    "family_hubs": lambda path, source, known: read_family_hubs(path, source_date=source.edition),
    "pharmacies": lambda path, source, known: read_pharmacies(path, _gazetteer(known)),
    "gp_branches": lambda path, source, known: read_gp_branches(path, _gazetteer(known), practices=known.practices),
    "hospitals": lambda path, source, known: read_hospitals(path, known.gazetteer, source_date=source.edition),
    "diagnostic_centres": lambda path, source, known: read_map_points(
        path, "diagnostic_centre", source_date=source.edition
    ),
    "surgical_hubs": lambda path, source, known: read_map_points(path, "surgical_hub", source_date=source.edition),
    "libraries": lambda path, source, known: read_libraries(path, _gazetteer(known), source_date=source.edition),
    "schools": lambda path, source, known: read_schools(path, _gazetteer(known), source_date=source.edition),
    "registrations": lambda path, source, known: read_registrations(path, vintage=None),
    "qof": lambda path, source, known: read_qof(path),
    "health_index": lambda path, source, known: read_health_index(path),
    "talking_therapies": lambda path, source, known: read_talking_therapies(path),
    "patients_per_gp": lambda path, source, known: read_patients_per_gp(path),
    "fingertips": lambda path, source, known: read_fingertips(path),
    "quarterly": lambda path, source, known: read_quarterly(path),
}
LEANING_ON_POSTCODES = ("gp_practices", "gp_branches", "dental_practices", "pharmacies", "libraries", "schools")
PRACTICES = "gp_practices"
# Read, checked and tested, but of no use to an edition on 2021 areas yet: not opened by a build.
OTHER_VINTAGE = ("lsoa11_boundaries", "iod2019_file7", "iod2019_file9", "iod2019_file10", "iod2019_underlying",
                 "single_year_mid2020")  # fmt: skip


def readable(source: Source) -> bool:
    """Whether a build opens this source."""
    return source.reader in READERS and source.id not in OTHER_VINTAGE


def read_all(
    files: Mapping[str, Path], catalogue: Mapping[str, Source], progress: Callable[[str], None] | None = None
) -> dict[str, Reading]:
    """Read every source that is held and that a build opens.

    Parameters
    ----------
    files : mapping of source id to path
        Where each located source is; the look-up must be among them.
    catalogue : mapping of source id to Source
        What each is.
    progress : callable, optional
        Told the title of each source as it is opened.

    Returns
    -------
    dict of source id to Reading
        Practices are left out where no postcode look-up is held to place them.

    Raises
    ------
    BadFile
        At the first broken rule of any file.
    """
    wanted = [name for name in files if name in catalogue and readable(catalogue[name])]
    order = sorted(wanted, key=lambda name: (name != BASE, name != POSTCODES, list(catalogue).index(name)))
    readings: dict[str, Reading] = {}
    known = Known()
    for name in order:
        if name in LEANING_ON_POSTCODES and known.gazetteer is None:
            continue
        if progress is not None:
            progress(catalogue[name].title)
        reading = READERS[catalogue[name].reader](files[name], catalogue[name], known)
        readings[name] = replace(reading, file=files[name].name)
        if name == BASE:
            known = Known(tuple(readings[name].table.index))
        elif name == POSTCODES:
            known = replace(known, gazetteer=Gazetteer(readings[name].table))
        elif name == PRACTICES:
            known = replace(known, practices=frozenset(readings[name].table["site_id"]))
    return readings


def _boundaries(path: Path, source: Source, known: Known) -> Reading:
    if source.key.upper() == "LSOA11CD":
        return read_boundaries(path, vintage=2011)
    return read_boundaries(path, known_codes=known.codes)


def _plain(path: Path, source: Source, known: Known) -> Reading:
    keyed_on_neighbourhoods = source.key.upper() == "LSOA21CD"
    return read_table(
        path,
        source.columns,
        key=source.key.lower(),
        key_header=source.key,
        known_codes=known.codes if keyed_on_neighbourhoods else None,
        minimum=0,
    )


def _gazetteer(known: Known) -> Gazetteer:
    if known.gazetteer is None:
        raise ValueError("practices are placed by postcode; the postcode look-up comes first")
    return known.gazetteer
