"""Lists of sites by postcode and by coordinates, as they come."""

from __future__ import annotations

from tests.geodata.bad_files.case import Case, case

# The first two are of the demo borough; its postcodes and codes are fictional.
FIRST, SECOND = "ZX1 1AA", "ZX1 1AB"
POSTCODES = f"name,postcode\nPantry,{FIRST}\nLarder,{SECOND}\n"
GRID = "name,easting,northing\n"
DEGREES = "name,latitude,longitude\n"
LUTON = "508000,221000"


def sites(name: str, text: str, rejects: str = "", says: str = "", **more: object) -> Case:
    return case(f"sites: {name}", text, rejects, says, kind="sites", **more)


def in_grid(name: str, pair: str, rejects: str = "", **more: object) -> Case:
    """Two sites in Luton and one with these coordinates, in row 4."""
    text = GRID + f"Pantry,{LUTON}\nLarder,509000,222000\nCellar,{pair}\n"
    return sites(name, text, rejects, row=4 if rejects else None, **more)


CASES: list[Case] = [
    sites("by postcode", POSTCODES, values=(605769.0, 604756.0), gazetteer=True),
    sites("by postcode, no list", POSTCODES, says="postcodes-not-looked-up", values=(None, None)),
    sites("small letters, no space", POSTCODES.replace("ZX1 1AA", "zx11aa"), values=(605769.0, 604756.0),
          gazetteer=True),
    sites("half a postcode", POSTCODES.replace(FIRST, "ZX1"), "bad-postcode", row=2),
    sites("two postcodes", POSTCODES.replace(FIRST, "ZX1 1AA/ZX1 1AB"), "bad-postcode", row=2),
    sites("letter O for zero", POSTCODES.replace(FIRST, "LUO 2TL"), "bad-postcode", row=2),
    sites("postcode not in use", POSTCODES + "Cellar,ZX9 9ZZ\n", "unknown-postcode", row=4, gazetteer=True),
    sites("postcode not in use, left out", POSTCODES + "Cellar,ZX9 9ZZ\n", says="unknown-postcode", skipped=1,
          facts={"unknown_postcodes": "skip"}, values=(605769.0, 604756.0), gazetteer=True),
    sites("postcode not in use, with a point", f"name,postcode,easting,northing\nPantry,ZX9 9ZZ,{LUTON}\n",
          says="unknown-postcode", values=(508000.0,), gazetteer=True),
    sites("far from its postcode", f"name,postcode,easting,northing\nPantry,{FIRST},{LUTON}\n", says="postcode-far",
          values=(508000.0,), gazetteer=True),
    sites("no place at all", POSTCODES + "Cellar,\nAttic,ZX1 1AA\n", "missing-place", row=4),
    sites("no name", POSTCODES + f",{FIRST}\n", "missing-name", row=4),
    sites("no name column", f"postcode,capacity\n{FIRST},3\n", "missing-column"),
    sites("no place column", "name,phone\nPantry,1\n", "missing-column"),
    sites("no header", f"Pantry,{FIRST}\nLarder,{SECOND}\n", "no-header", row=1),
    sites("twice", POSTCODES + f"pantry,{FIRST.lower()}\n", "doubled-site", row=4),
    sites("same name elsewhere", POSTCODES + "Pantry,ZX1 1AB\n", values=(None, None, None)),
    sites("identifier twice", "id,postcode\n7,ZX1 1AA\n7,ZX1 1AB\n", "doubled-site", row=3),
    sites("footer", POSTCODES + "Source: the food bank network,\n", says="footer-rows"),
    in_grid("by grid", "510000,223000", values=(508000.0, 509000.0, 510000.0)),
    in_grid("grid with thousands", '"510,000","223,000"', values=(508000.0, 509000.0, 510000.0)),
    in_grid("no northing", "510000,", "half-coordinate"),
    sites("no point", GRID + f"Pantry,{LUTON}\nLarder,,\nCellar,{LUTON}\n", "missing-place", row=3),
    in_grid("zero for unknown", "0,0", "wrong-crs"),
    in_grid("a digit missing", "510000,22300000", "outside-britain"),
    in_grid("words", "near,far", "not-a-number"),
    in_grid("not finite", "NaN,223000", "not-finite"),
    sites("axes swapped", GRID + "Pantry,221000,508000\nLarder,222000,509000\n", "swapped-axes", row=2),
    sites("degrees as grid", GRID + "Pantry,-0.42,51.88\nLarder,-0.41,51.87\n", "wrong-crs", row=2),
    sites("web mercator as grid", GRID + "Pantry,-46754,6780000\nLarder,-46000,6781000\n", "wrong-crs", row=2),
    sites("grid declared as degrees", GRID + f"Pantry,{LUTON}\n", "wrong-crs", facts={"crs": "EPSG:4326"}),
    sites("by degrees", DEGREES + "Pantry,51.88,-0.42\n"),
    sites("degrees swapped", DEGREES + "Pantry,-0.42,51.88\nLarder,-0.41,51.87\n", "swapped-axes", row=2),
    sites("degrees with the wrong sign of another country", DEGREES + "Pantry,51.88,30.42\n", "outside-britain", row=2),
    sites("grid as degrees", "name,latitude,longitude\nPantry,221000,508000\n", "wrong-crs", row=2),
    sites("degrees and minutes", DEGREES + "Pantry,51°52'N,0°25'W\n", "not-a-number", row=2),
    sites("latitude alone", "name,latitude\nPantry,51.88\n", "missing-column"),
    sites("x and y, nothing declared", f"name,x,y\nPantry,{LUTON}\n", "crs-not-declared"),
    sites("x and y in grid metres", f"name,x,y\nPantry,{LUTON}\n", facts={"crs": "27700"}, values=(508000.0,)),
    sites("x and y in degrees", "name,x,y\nPantry,-0.42,51.88\n", facts={"crs": "WGS84"}),
    sites("negative capacity", "name,postcode,capacity\nPantry,ZX1 1AA,-3\n", "negative", row=2),
    sites("capacity", "name,postcode,capacity\nPantry,ZX1 1AA,30\nLarder,ZX1 1AB,\n", values=(None, None)),
    sites("date for a name", "name,postcode\n01-Mar,ZX1 1AA\n", "excel-date", row=2),
]  # fmt: skip
