"""Figures as they come: markers, signs, separators, dates made by spreadsheets, units off by a hundred."""

from __future__ import annotations

from tests.geodata.bad_files.case import HEADER, ISSUED, Case, case, cells

SHARE, DAYS, RATE = {"unit": "share"}, {"unit": "days"}, {"unit": "per 1,000 residents"}
OWN_PEOPLE = {"about": "people", "source": "own"}
COUNTS = "lsoa21cd,numerator,denominator\n"
BOTH = "lsoa21cd,value,count,denominator\n"


def odd(name: str, cell: str, value: float | None, says: str = "", **more: object) -> Case:
    """A cell that is understood, in row 3."""
    return case(name, cells("10", cell, "30"), says=says, values=(10.0, value, 30.0), **more)


def bad(name: str, cell: str, rule: str, **more: object) -> Case:
    """A cell that is refused, in row 3."""
    return case(name, cells("10", cell, "30"), rule, row=3, **more)


UNDERSTOOD: list[Case] = [
    odd("percent sign", "12%", 12.0),
    odd("percent sign and a space", "12.5 %", 12.5),
    case("percent signs in shares", cells("12%", "0.5", "30%"), facts=SHARE, values=(0.12, 0.5, 0.3)),
    odd("thousands", '"1,234"', 1234.0, facts=DAYS),
    odd("thousands and decimals", '"1,234,567.5"', 1234567.5, facts=DAYS),
    odd("thousands by spaces", "1 234", 1234.0, facts=DAYS),
    odd("pounds", '"£1,250.50"', 1250.5, facts={"unit": "pounds"}),
    odd("plus sign", "+5", 5.0),
    odd("typographic minus", "−5", -5.0, facts=DAYS),
    odd("text mark", "'5", 5.0),
    odd("no digit before the point", ".5", 0.5),
    odd("zero stays zero", "0", 0.0),
    odd("scientific", "1.2E+01", 12.0, says="scientific-notation"),
    odd("star", "*", None, says="suppressed-values"),
    odd("bracketed c", "[c]", None, says="suppressed-values"),
    odd("less than five", "<5", None, says="suppressed-values"),
    odd("fewer than eight", "fewer than 8", None, says="suppressed-values"),
    odd("one to four", "1-4", None, says="suppressed-values"),
    odd("bracketed x", "[x]", None, says="missing-values"),
    odd("letter x", "x", None, says="missing-values"),
    odd("two dots", "..", None, says="missing-values"),
    odd("colon", ":", None, says="missing-values"),
    odd("hyphen", "-", None, says="missing-values"),
    odd("dash", "–", None, says="missing-values"),
    odd("na of r", "NA", None, says="missing-values"),
    odd("null of a database", "NULL", None, says="missing-values"),
    odd("not applicable", "[z]", None, says="missing-values"),
    odd("low", "[low]", None, says="missing-values"),
    odd("empty cell", "", None, says="missing-values"),
    odd("spaces", "   ", None, says="missing-values"),
    odd("provisional", "12 [p]", 12.0, says="flagged-values"),
    odd("revised percentage", "12.5% [r]", 12.5, says="flagged-values"),
    odd("low reliability without a figure", "[u]", None, says="missing-values"),
    odd("negative where it can be", "-5", -5.0, facts=DAYS),
    case("all alike", HEADER + "".join(f"{code},7\n" for code in ISSUED), says="constant-values"),
]  # fmt: skip

REFUSED: list[Case] = [
    bad("word", "many", "not-a-number"),
    bad("footnote star", "12*", "not-a-number"),
    bad("millions", "1.2m", "not-a-number", facts=DAYS),
    bad("brackets for minus", "(12)", "not-a-number"),
    bad("hexadecimal", "0x1F", "not-a-number"),
    bad("underscore", "1_000", "not-a-number", facts=DAYS),
    bad("arabic digits", "١٢", "not-a-number"),
    bad("full-width digits", "１２", "not-a-number"),
    bad("two numbers", "12 13", "not-a-number"),
    bad("nan", "NaN", "not-finite"),
    bad("infinity", "-Infinity", "not-finite"),
    bad("inf", "inf", "not-finite"),
    bad("overflow", "1e309", "not-finite"),
    bad("five thousand digits", "9" * 5000, "not-finite", facts=DAYS),
    bad("date for one to five", "01-May", "excel-date"),
    bad("date for may one", "May-01", "excel-date"),
    bad("whole date", "01/05/2024", "excel-date"),
    bad("iso date", "2024-05-01", "excel-date"),
    bad("time", "12:30", "excel-date"),
    bad("division by zero", "#DIV/0!", "excel-error"),
    bad("look-up failed", "#N/A", "excel-error"),
    bad("column too narrow", "########", "excel-error"),
    bad("formula", "=A1*100", "formula"),
    bad("command formula", "@SUM(A1)", "formula"),
    bad("decimal comma", '"12,5"', "decimal-comma"),
    bad("continental", '"1.234,5"', "decimal-comma", facts=DAYS),
    case("continental file", "lsoa21cd;value\nE01000001;12,5\nE01000002;13,5\n", "decimal-comma", row=2),
    case("continental thousandths", "lsoa21cd;value\nE01000001;12,512\nE01000002;13,500\n", "decimal-comma"),
    case("continental thousands", "lsoa21cd;value\nE01000001;1.234\nE01000002;2.500\n", "decimal-comma", facts=DAYS),
    case("points in a file with semicolons", "lsoa21cd;value\nE01000001;1.25\nE01000002;2.500\n", values=(1.25, 2.5)),
    bad("commas in odd places", '"1,23,456"', "misplaced-thousands", facts=DAYS),
    bad("percent sign in days", "12%", "percent-sign", facts=DAYS),
    bad("pound sign in days", "£12", "currency-sign", facts=DAYS),
    bad("negative percentage", "-5", "negative"),
    bad("above a hundred", "104", "out-of-range"),
    case("above the whole", cells("0.1", "104%", "0.3"), "out-of-range", facts=SHARE, row=3),
    case("percentages as shares", cells("0.12", "0.34", "0.5"), "percent-off-by-100", row=2),
    case("some percentages as shares", cells("12%", "0.34", "56%"), "percent-off-by-100", row=3),
    case("small percentages, declared", cells("0.12", "0.34", "0.5"), facts={"small_values": "yes"},
         values=(0.12, 0.34, 0.5)),
    case("shares as percentages", cells("12", "34", "0.5"), "percent-off-by-100", facts=SHARE, row=2),
    case("no figure at all", cells("*", "*", "-"), "no-values"),
    case("empty column", cells("", "", ""), "no-values"),
    case("forty bad figures", HEADER + "".join(f"{code},bad\n" for code in ISSUED),
         "not-a-number", row=2, facts={"value_column": "value"}),
]  # fmt: skip

FRACTIONS: list[Case] = [
    case("count and denominator", COUNTS + "E01000001,10,40\nE01000002,30,60\n", values=(25.0, 50.0)),
    case("count and denominator as shares", COUNTS + "E01000001,10,40\n", facts=SHARE, values=(0.25,)),
    case("count and denominator as a rate", COUNTS + "E01000001,10,40\n", facts=RATE, values=(250.0,)),
    case("unit that makes no value", COUNTS + "E01000001,10,40\n", "bad-declaration", facts=DAYS),
    case("count above denominator", COUNTS + "E01000001,10,40\nE01000002,70,60\n", "count-above-denominator", row=3),
    case("more events than people", COUNTS + "E01000001,10,40\nE01000002,70,60\n", facts=RATE,
         says="events-above-denominator"),
    case("denominator zero", COUNTS + "E01000001,10,40\nE01000002,3,0\n", "zero-denominator", row=3),
    case("denominator zero of a rate", COUNTS + "E01000001,10,40\nE01000002,3,0\n", "zero-denominator", facts=RATE),
    case("nobody at all", COUNTS + "E01000001,10,40\nE01000002,0,0\n", values=(25.0, None)),
    case("denominator missing", COUNTS + "E01000001,10,40\nE01000002,3,\n", "missing-denominator", row=3),
    case("denominator suppressed", COUNTS + "E01000001,10,40\nE01000002,3,*\n", values=(25.0, None),
         says="suppressed-values"),
    case("count suppressed", COUNTS + "E01000001,10,40\nE01000002,<5,30\n", values=(25.0, None),
         says="suppressed-values"),
    case("negative count", COUNTS + "E01000001,-10,40\nE01000002,3,50\n", "negative", row=2),
    case("percent in a count", COUNTS + "E01000001,10%,40\nE01000002,3,50\n", "percent-sign", row=2),
    case("counts that are not whole", COUNTS + "E01000001,10.4,40\nE01000002,3,50\n", says="count-not-whole"),
    case("value as count over denominator", BOTH + "E01000001,25,10,40\n", values=(25.0,)),
    case("value against its count", BOTH + "E01000001,75,100,400\nE01000002,25,100,400\n", "value-contradicts-count",
         row=2),
    case("value off by a hundred against its count", BOTH + "E01000001,0.25,100,400\nE01000002,25,100,400\n",
         "value-contradicts-count", row=2),
    case("rate adjusted for age beside crude counts", BOTH + "E01000001,180,100,400\n", facts=RATE, values=(180.0,)),
    case("value from rounded counts", BOTH + "E01000001,26.2,10,40\n", values=(26.2,)),
    case("small counts of own people", COUNTS + "E01000001,3,40\nE01000002,9,40\n", facts=OWN_PEOPLE,
         says="small-counts"),
    case("small numbers of people", "lsoa21cd,count\nE01000001,3\nE01000002,9\n", values=(3.0, 9.0),
         facts={**OWN_PEOPLE, "unit": "people"}, says="small-counts"),
    case("a count alone", "lsoa21cd,count\nE01000001,3\nE01000002,9\n", facts=DAYS, values=(3.0, 9.0)),
]  # fmt: skip

RESOURCES: list[Case] = [
    case("amounts", "lsoa21cd,amount\nE01000001,\"£1,250.50\"\nE01000002,0\n", kind="resource", values=(1250.5, 0.0)),
    case("negative count of people of a kind of one's own", "lsoa21cd,amount\nE01000001,5\nE01000002,-5\n", "negative",
         kind="resource", row=3, facts=OWN_PEOPLE | {"unit": "visits"}),
    case("more people than there are", "lsoa21cd,amount\nE01000001,5\nE01000002,1e300\n", "too-many-people",
         kind="resource", row=3, facts=OWN_PEOPLE | {"unit": "visits"}),
    case("negative amount", "lsoa21cd,amount\nE01000001,-5\n", "negative", kind="resource", row=2),
    case("amount by another name", "LSOA21CD,Spend\nE01000001,5\n", kind="resource", values=(5.0,)),
    case("unknown amount is not zero", "lsoa21cd,amount\nE01000001,..\nE01000002,5\n", kind="resource",
         says="missing-values", values=(None, 5.0)),
    case("small numbers of contacts", "lsoa21cd,contacts\nE01000001,3\nE01000002,50\n", kind="resource",
         facts={"unit": "contacts", "about": "people"}, says="small-counts", values=(3.0, 50.0)),
    case("hours of 2011", "lsoa11cd,hours\nE01000010,3.5\n", kind="resource",
         facts={"unit": "hours", "vintage": "2011"}, values=(3.5,)),
]  # fmt: skip

CASES = [*UNDERSTOOD, *REFUSED, *FRACTIONS, *RESOURCES]
