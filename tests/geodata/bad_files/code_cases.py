"""Area codes as they come: in another form, of another year, level or nation, twice, or outside the place."""

from __future__ import annotations

from tests.geodata.bad_files.case import CODES, GOOD, HEADER, NEVER, ONLY_2011, ONLY_2021, PLACE, Case, case

OTHER_2021 = "E01033770"


def with_code(name: str, code: str, rule: str, **more: object) -> Case:
    """A good file with one code that breaks a rule, in row 3."""
    return case(name, HEADER + f"E01000001,10\n{code},20\nE01000003,30\n", rule, row=3, **more)


CASES: list[Case] = [
    case("small letters", GOOD.replace("E0", "e0"), says="tidied-codes", values=(10.0, 20.5, 30.0)),
    case("spaces inside", GOOD.replace("E01", "E01 "), says="tidied-codes", values=(10.0, 20.5, 30.0)),
    case("spaces around", GOOD.replace("E01000002", "  E01000002 "), values=(10.0, 20.5, 30.0)),
    case("no-break space and invisible letter", GOOD.replace("E01000002", "\u00a0E01000002\u200b"),
         values=(10.0, 20.5, 30.0)),
    case("spreadsheet text marks", HEADER + "'E01000001,10\n\"=\"\"E01000002\"\"\",20\n", says="tidied-codes",
         values=(10.0, 20.0)),
    with_code("beyond the fictional codes", "E01999999", "code-not-issued", areas=PLACE),
    with_code("a code of the demo in a real place", "E01900001", "code-not-issued", areas=PLACE),
    with_code("a digit too few", "E0100002", "bad-code"),
    with_code("a digit too many", "E010000022", "bad-code"),
    with_code("letter O for zero", "EO1000002", "bad-code"),
    with_code("letter lost", "1000002", "bad-code"),
    with_code("code and name together", "E01000002 City 001B", "bad-code"),
    with_code("turned to a number", "1.00E+09", "bad-code"),
    with_code("name of 2021", "City of London 001B", "name-not-code"),
    with_code("a word", "Hightown", "name-not-code"),
    with_code("wales", "W01000001", "wrong-nation"),
    with_code("scotland", "S01006506", "wrong-nation"),
    with_code("northern ireland", "95AA01S1", "wrong-nation"),
    with_code("msoa", "E02000001", "wrong-level"),
    with_code("output area", "E00000001", "wrong-level"),
    with_code("ward", "E05009288", "wrong-level"),
    with_code("council", "E06000032", "wrong-level"),
    with_code("england by code", "E92000001", "wrong-level"),
    with_code("never issued", NEVER, "code-not-issued"),
    with_code("beyond the last", "E01099999", "code-not-issued"),
    with_code("of 2011 only", ONLY_2011, "wrong-vintage"),
    case("of 2021 only, 2011 declared", f"lsoa,value\nE01000001,1\n{ONLY_2021},2\n", "wrong-vintage",
         facts={"vintage": "2011"}, row=3),
    with_code("twice", "E01000001", "doubled-code"),
    with_code("twice in another case", "e01000001", "doubled-code"),
    case("of 2011 as declared", f"lsoa,value\nE01000001,10\n{ONLY_2011},40\n", facts={"vintage": "2011"},
         values=(10.0, 40.0)),
    case("of 2021 alone", GOOD + f"{ONLY_2021},40\n", values=(10.0, 20.5, 30.0, 40.0)),
    case("two censuses in one column", GOOD + f"{ONLY_2011},1\n{ONLY_2021},2\n", "mixed-vintages wrong-vintage"),
    case("header of 2011, nothing declared", GOOD.replace("lsoa21cd", "LSOA11CD"), "vintage-not-declared", row=1),
    case("header of 2011, 2021 declared", GOOD.replace("lsoa21cd", "LSOA11CD"), "wrong-vintage",
         facts={"vintage": "2021"}, row=1),
    case("header of 2011, 2011 declared", GOOD.replace("lsoa21cd", "LSOA11CD"), facts={"vintage": "2011"}),
    case("header of 2021, 2011 declared", GOOD, "wrong-vintage", facts={"vintage": "2011"}, row=1),
    case("place, every row inside", HEADER + "".join(f"{code},{i}\n" for i, code in enumerate(CODES, 5)), areas=PLACE),
    case("place, rows outside", GOOD + f"{ONLY_2021},x1\n{OTHER_2021},5\n", says="outside-place areas-missing",
         areas=PLACE, skipped=2, values=(10.0, 20.5, 30.0)),
    case("place, no row inside", HEADER + f"{ONLY_2021},4\n{OTHER_2021},5\n", "no-row-in-place", areas=PLACE),
    case("place, rows missing", GOOD, says="areas-missing", areas=PLACE),
    case("place, old code", GOOD + f"{ONLY_2011},5\n", "wrong-vintage", areas=PLACE, row=5),
    case("place, never issued", GOOD + f"{NEVER},5\n", "code-not-issued", areas=PLACE, row=5),
    case("thirty bad codes", HEADER + "".join(f"E02{i:06d},5\n" for i in range(30)), "wrong-level", row=2),
]  # fmt: skip
