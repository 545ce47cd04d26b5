"""Lists of neighbourhoods by team area, as they come."""

from __future__ import annotations

from tests.geodata.bad_files.case import ONLY_2021, PLACE, Case, case

HEADER = "footprint,lsoa21cd\n"
GOOD = HEADER + "North,E01000001\nNorth,E01000002\nSouth,E01000003\n"


def footprints(name: str, text: str, rejects: str = "", says: str = "", **more: object) -> Case:
    return case(f"footprints: {name}", text, rejects, says, kind="footprints", **more)


def named(name: str, footprint: str, rejects: str = "", says: str = "") -> Case:
    """A list in which row 3 has this name."""
    row = 3 if rejects else None
    return footprints(name, HEADER + f"North,E01000001\n{footprint},E01000002\n", rejects, says, row=row)


CASES: list[Case] = [
    footprints("two teams", GOOD, values=("North", "North", "South")),
    footprints("columns the other way round", "lsoa21cd,team\nE01000001,North\n", values=("North",)),
    footprints("name told by its content", "lsoa21cd,anything\nE01000001,North\n", says="column-by-content"),
    footprints("no name column", "lsoa21cd,n\nE01000001,1\n", "missing-column"),
    footprints("two columns of names", "lsoa21cd,red,blue\nE01000001,a,b\n", "ambiguous-column"),
    footprints("merged cells", HEADER + "North,E01000001\n,E01000002\n", "missing-footprint", row=3),
    footprints("a pair twice", GOOD + "North,E01000001\n", "doubled-row", row=5),
    footprints("overlap", GOOD + "South,E01000001\n", says="overlapping-footprints"),
    footprints("overlap, refused", GOOD + "South,E01000001\n", "overlapping-footprints", facts={"overlaps": "refuse"},
               row=5),
    footprints("two spellings", GOOD + "NORTH ,E01000005\n", says="footprint-spelling"),
    footprints("spaces in names", HEADER + '"  North   side ",E01000001\n', values=("North side",)),
    footprints("outside the place", GOOD + f"South,{ONLY_2021}\n", says="outside-place areas-missing", areas=PLACE,
               skipped=1),
    footprints("of 2011", "footprint,lsoa11cd\nNorth,E01000010\n", facts={"vintage": "2011"}, values=("North",)),
    footprints("title and footer", "Teams of the borough\n" + GOOD + "Source: the council\n",
               says="title-rows footer-rows"),
    footprints("a team without a code at the end", GOOD + "West,\n", "missing-code", row=5),
    named("na is a name", "NA"),
    named("none is a name", "None"),
    named("null is a name", "null"),
    named("number is a name", "12"),
    named("markup is a name", "<b>${x}</b>"),
    named("welsh letters", "Tŷ Ŵyn"),
    named("date for a name", "01-Mar", "excel-date"),
    named("look-up failed", "#N/A", "excel-error"),
    named("formula for a name", "=HYPERLINK(1)", "formula"),
    named("too long a name", "x" * 121, "text-too-long"),
    named("longest name", "x" * 120),
    named("bell in a name", "No\x07rth", "control-character"),
    named("escape sequence", "\x1b[31mNorth", "control-character"),
    named("right-to-left override", "No\u202erth", "control-character"),
    named("damaged accents", "CafÃ© quarter", says="garbled-text"),
    named("lost letter", "Caf\ufffd quarter", says="garbled-text"),
]  # fmt: skip
