"""Postcodes of the demo borough, in the layout of the directory extract, and addresses on its streets."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import shapely

from geodata.demo import names
from geodata.demo.areas import Areas
from geodata.demo.degrees import to_degrees
from geodata.demo.land import ORIGIN

AREA = "ZX"  # no such postcode area
UNIT_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
PER_AREA = 10
CLEAR_OF_EDGE_M = 25
NOT_A_POSTCODE = f"{AREA}4 9ZZ"  # has the right form and is in no list


def make_postcodes(areas: Areas, draws: np.random.RandomState) -> pd.DataFrame:
    """Return about ten live postcodes for every neighbourhood, each at one of its homes."""
    teams = [*dict.fromkeys(areas.table["team"][areas.table["inside"]]), ""]
    pairs = areas.shares_2011
    old = dict(zip(zip(pairs["lsoa21cd"], pairs["half"], strict=True), pairs["lsoa11cd"], strict=True))
    change = areas.exact_fit.groupby("LSOA21CD")["CHGIND"].first()
    rows: list[dict[str, object]] = []
    used = dict.fromkeys(teams, 0)
    ordered = areas.table.sort_values(["team", "wd24cd"], kind="stable")
    for number, code in enumerate(str(code) for code in ordered.index):
        area = ordered.loc[code]
        inner = shapely.buffer(areas.outline[code], -CLEAR_OF_EDGE_M)
        homes = np.flatnonzero(areas.home_code == code)
        homes = homes[shapely.contains_xy(inner, areas.land.homes[homes])]
        for k, home in enumerate(np.sort(draws.choice(homes, min(PER_AREA, len(homes)), replace=False))):
            east, north = np.round(areas.land.homes[home]).astype(int)
            then = old[(code, int(areas.land.half_of[home]))]
            rows.append(
                {
                    "pcds": _postcode(teams.index(area["team"]) + 1, used[area["team"]]),
                    "dointr": 198001 if k < 9 else 201804, "usertype": int(k == 8), "oseast1m": east, "osnrth1m": north,
                    "oa11": f"E009{number * 5 + k // 2 + 1:05d}", "lsoa11": then, "msoa11": area["msoa21cd"],
                    "lsoa21": code,
                    "lsoa21_how": "P" if change[code] in ("S", "X") else "L", "msoa21": area["msoa21cd"],
                    "laua": area["lad24cd"],
                }
            )  # fmt: skip
            used[area["team"]] += 1
    table = pd.DataFrame(rows).sort_values("pcds", kind="stable").reset_index(drop=True)
    degrees = to_degrees(table[["oseast1m", "osnrth1m"]].to_numpy(dtype=float))
    table.insert(5, "lat", degrees[:, 1])
    table.insert(6, "long", degrees[:, 0])
    return table


def _postcode(district: int, number: int) -> str:
    """Return the numbered postcode of a district: 1 and 0 give `ZX1 1AA`."""
    sector, unit = divmod(number, 45)
    return f"{AREA}{district} {sector + 1}{UNIT_LETTERS[unit // 20]}{UNIT_LETTERS[unit % 20]}"


@dataclass
class AddressBook:
    """Hands out each postcode once, with a street name."""

    postcodes: pd.DataFrame
    taken: set[str] = field(default_factory=set)

    def near(self, east_km: float, north_km: float, *, inside: bool = True) -> pd.Series:
        """Return the free postcode nearest to a point given in km, with ``address`` (number and street)."""
        free = self.postcodes[~self.postcodes["pcds"].isin(self.taken)]
        free = free[(free["laua"] == names.BOROUGH_CODE) == inside]
        east, north = ORIGIN + 1000 * np.array([east_km, north_km])
        row: pd.Series = free.loc[((free["oseast1m"] - east) ** 2 + (free["osnrth1m"] - north) ** 2).idxmin()].copy()
        self.taken.add(str(row["pcds"]))
        number = len(self.taken)
        row["address"] = f"{2 + number * 7 % 90} {names.STREETS[number * 5 % len(names.STREETS)]}"
        return row
