"""Every name and code of the demo borough; all of them fictional, none of them in use.

The borough lies in the open North Sea on the British grid. Codes follow the pattern of the real
ones and take numbers that their publishers have not given out: areas `E..900001` and on (ONS),
postcodes of the area ZX (Royal Mail), practices `Z90001` and on (ODS).
"""

from __future__ import annotations

BOROUGH = "Aldermouth"
BOROUGH_CODE = "E06900001"
NEIGHBOUR = "Skelmarsh"
NEIGHBOUR_CODE = "E06900002"
# Councils of the same region that are known by their council figures alone: somewhere to compare with.
PEERS = {
    "E06900003": "Brinholm",
    "E06900004": "Eastlode",
    "E06900005": "Fennwick Bay",
    "E06900006": "Hallowmere",
    "E06900007": "Ilmstow",
    "E06900008": "Kestrelham",
    "E06900009": "Lythebridge",
    "E06900010": "Marrowick",
    "E06900011": "Oxmarsh",
    "E06900012": "Wexholme",
}
REGION = ("E12900001", "North Sea (fictional)")
SUB_ICB = ("E38900001", "Z9Z9Z", "NHS Alder Estuary ICB - Z9Z9Z")
SUB_ICBS = ("E38900001", "E38900002", "E38900003")
ICB = ("E54900001", "QZ9", "NHS Alder Estuary Integrated Care Board")
URBAN = ("UN1", "Urban: Nearer to a major town or city")
FRINGE = ("RLN1", "Larger rural: Nearer to a major town or city")

LSOA_PREFIX, MSOA_PREFIX, WARD_PREFIX = "E019", "E029", "E059"

# Where each name belongs: km east of E 600000 and north of N 460000.
Anchors = dict[str, tuple[float, float]]
MSOA_NAMES: Anchors = {
    "Northgate Heights": (5.0, 8.7),
    "Windmill Rise": (6.6, 8.8),
    "Cold Lane": (8.3, 8.4),
    "Lantern Hill": (9.4, 7.4),
    "Saltmarsh Quay": (10.3, 6.2),
    "Old Harbour": (9.0, 5.6),
    "Ropewalk": (8.2, 6.3),
    "Guildhall & Market": (6.6, 5.8),
    "Priory Gardens": (5.6, 5.6),
    "Station Road": (7.2, 6.9),
    "Brickfield Lane": (5.4, 7.0),
    "Tannery Row": (4.4, 5.7),
    "Kiln Park": (3.7, 7.0),
    "Larkmead": (2.7, 7.9),
    "Westering": (1.8, 6.6),
    "Heron Bridge": (3.0, 5.9),
    "Southbank Mills": (6.0, 3.9),
    "Chandlers Wharf": (7.6, 4.2),
    "Gorsey Down": (8.4, 2.6),
    "St Osyn's": (9.6, 3.5),
    "Orchard Fold": (4.6, 3.2),
    "Thistle Cross": (3.2, 2.8),
    "Mead End": (2.0, 3.9),
    "Whinny Common": (6.0, 2.2),
}
WARD_NAMES: Anchors = {
    "Harbour": (9.4, 5.8),
    "Ropewalk": (7.8, 6.2),
    "Guildhall": (6.3, 5.9),
    "Priory": (4.7, 5.6),
    "Northgate": (5.6, 8.4),
    "Lantern Hill": (8.8, 7.8),
    "Kiln Park": (3.9, 7.0),
    "Larkmead & Westering": (2.2, 7.0),
    "Southbank": (6.2, 3.8),
    "St Osyn's": (8.8, 3.0),
    "Orchard": (4.6, 2.8),
    "Mead & Thistle": (2.6, 3.4),
}
TEAM_NAMES: Anchors = {
    "Harbour and Lantern": (9.2, 6.6),
    "Town Centre and Windmill": (6.8, 6.4),
    "Priory and Kiln": (5.0, 6.4),
    "Larkmead and Heron": (2.8, 7.4),
    "Southbank and St Osyn's": (8.0, 3.4),
    "Orchards and Meads": (3.6, 3.0),
}
NEIGHBOUR_MSOA = "Skelmarsh Fen"
NEIGHBOUR_WARD = "Skelmarsh"

STREETS = (
    "Alder Street", "Anchor Row", "Bellfounder Way", "Candle Lane", "Capstan Road", "Cockle Hill",
    "Copper Beech Avenue",
    "Curlew Drive", "Driftwood Close", "Eelpie Lane", "Fisher Gate", "Foundry Road", "Gannet Walk", "Glebe Rise",
    "Hawser Street", "Ironmonger Row", "Jetty Lane", "Kittiwake Road", "Lamplighter Court", "Linnet Grove",
    "Lock Keeper's Lane", "Maltings Way", "Mariner Avenue", "Netmaker Street", "Osier Road", "Oyster Row",
    "Pilot Street",
    "Quince Close", "Ravelin Road", "Sailmaker Way", "Samphire Road", "Sexton Hill", "Shearwater Drive", "Slipway Lane",
    "Spindle Street", "Staithe Road", "Teasel Close", "Tern Avenue", "Turnstone Road", "Vane Street", "Wharf Lane",
    "Withy Road",
)  # fmt: skip


def code(prefix: str, number: int) -> str:
    """Return a nine-character area code: `E019` and 7 give `E01900007`."""
    return f"{prefix}{number:05d}"
