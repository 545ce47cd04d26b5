"""What the first characters of an ONS code say: the kind of area, and the country. Needs no library.

Source: ONS Register of Geographic Codes.
"""

from __future__ import annotations

NAMES = {
    "E00": "an Output Area",
    "E01": "a Lower layer Super Output Area (LSOA)",
    "E02": "a Middle layer Super Output Area (MSOA)",
    "E05": "a ward",
    "E06": "a council",
    "E07": "a council",
    "E08": "a council",
    "E09": "a council",
    "E10": "a county",
    "E12": "a region",
    "E38": "a sub-ICB location",
    "E54": "an integrated care board",
    "E92": "England",
}
NATIONS = {"W": "Wales", "S": "Scotland", "N": "Northern Ireland", "9": "Northern Ireland"}
