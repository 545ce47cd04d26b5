"""Figures of GP practices in a build: carried to the neighbourhoods of the nation, and accounted for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geodata.definitions import Indicator
from geodata.errors import BadJoin
from geodata.reading import Reading
from layers.carried_rates import CarriedRates, carry_rates, link_weights

REGISTRATIONS, EXACT_FIT = "gp_registrations", "lsoa_2011_2021_exact_fit"


def carry_home(
    readings: Mapping[str, Reading],
    indicators: Mapping[str, Indicator],
    residents: pd.Series,
    census_residents: pd.Series,
) -> CarriedRates | None:
    """Carry what practices record to where their patients live.

    Parameters
    ----------
    readings : mapping of source id to Reading
        Registrations, the exact fit of areas of 2011, and tables by practice.
    indicators : mapping
        Those with ``by_practice`` are made.
    residents, census_residents : pandas.Series, index lsoa21cd
        Residents today, for coverage, and on Census day, by which split areas are shared out.

    Returns
    -------
    CarriedRates or None
        One column for each indicator, missing where its source is not held; None without registrations.

    Raises
    ------
    BadJoin
        If the registrations and the other tables are not of the same areas.
    """
    if REGISTRATIONS not in readings:
        return None
    registrations = readings[REGISTRATIONS].table
    old = "lsoa11cd" in registrations
    if old and EXACT_FIT not in readings:
        return None
    try:
        links = link_weights(readings[EXACT_FIT].table, census_residents) if old else None
        return carry_rates(registrations, _rates(readings, indicators), residents, links)
    except ValueError as error:
        file = readings[REGISTRATIONS].file or REGISTRATIONS
        raise BadJoin(str(error), rule="code-unknown", file=file) from error


def _rates(readings: Mapping[str, Reading], indicators: Mapping[str, Indicator]) -> pd.DataFrame:
    """One column an indicator by practice; missing where its source, or this column of it, is not held."""
    found = {}
    for indicator in indicators.values():
        if indicator.by_practice:
            reading = readings.get(indicator.source)
            held = reading is not None and indicator.by_practice in reading.table
            found[indicator.id] = reading.table[indicator.by_practice] if reading and held else pd.Series(dtype=float)
    return pd.DataFrame(found)


def registration_facts(carried: CarriedRates | None, members: pd.Index) -> dict[str, Any] | None:
    """Account for the patients behind the figures of a place: on whose lists, inside it and elsewhere.

    Returns
    -------
    dict or None
        ``persons`` of the whole file, and ``lists``: practices with patients in the place and where all
        their patients live; numbers of neighbourhoods ``hidden`` and ``flagged`` (doubtful, still shown).
    """
    if carried is None:
        return None
    here = carried.registration.loc[members]
    return {
        "persons": {kind: round(total, 1) for kind, total in carried.persons.items()},
        "lists": {kind: round(total, 1) for kind, total in carried.account(members).items()},
        "hidden": int(here["hidden"].sum()),
        "flagged": int((here["flagged"] & ~here["hidden"]).sum()),
    }
