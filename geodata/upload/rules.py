"""Every rule that a file brought by a user is held to: its id, what it says, and what to do about it.

This table is the documentation: the command, the API and the pages show its sentences. A rule either
rejects the file, warns, or notes what was understood; nothing is ever changed in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["reject", "warning", "note"]


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes
    ----------
    sentence : str
        What has to hold, or what is reported.
    hint : str
        The likely cause, or what to do.
    severity : {"reject", "warning", "note"}
        What breaking it means for the file.
    """

    sentence: str
    hint: str
    severity: Severity = "reject"


_FILE = {
    "empty-file": Rule("A file holds something.", "Save the table again; the copy may have been cut off."),
    "file-too-large": Rule("A file is no larger than the limit.", "Keep only the columns and rows that are needed."),
    "wrong-kind": Rule("The content is a delimited text table, whatever the name says.", "Save the table as CSV."),
    "bad-encoding": Rule("The text is UTF-8, Windows-1252, or UTF-16 with a byte order mark.", "Save as “CSV UTF-8”."),
    "nul-byte": Rule("There is no NUL character in the text.", "The file is damaged or not text; export it again."),
    "bad-quote": Rule(
        "Every quotation mark that opens a cell closes it, just before the delimiter.",
        "Look for a stray quotation mark in this row or the rows above; write a mark inside a cell twice.",
    ),
    "swallowed-rows": Rule(
        "A quoted cell does not run over the following rows.", "A quotation mark is missing in the row named."
    ),
    "cell-too-long": Rule(
        "No cell is longer than a spreadsheet can hold.", "A quotation mark may be open, or the delimiter wrong."
    ),
    "line-too-long": Rule("No line is longer than the limit.", "The line ends are missing; export the file again."),
    "too-many-rows": Rule("There are no more rows than the limit.", "Cut the file to the place and period needed."),
    "too-many-columns": Rule("There are no more columns than the limit.", "Keep only the columns that are needed."),
    "memory-limit": Rule("Reading stays within the memory set aside.", "Cut the file to what is needed."),
    "processor-limit": Rule("Reading stays within the processor time set aside.", "Cut the file to what is needed."),
    "time-limit": Rule("Reading stays within the time set aside.", "Try again; if it fails again, cut the file."),
    "reader-stopped": Rule("The process that reads the file comes to an end.", "Try again, and report it if it fails."),
    "other-encoding": Rule(
        "Text in another encoding than UTF-8 is read, and said.", "Check names with accents or a pound sign.", "note"
    ),
    "other-delimiter": Rule("Cells parted by something else than commas are read, and said.", "", "note"),
}

_LAYOUT = {
    "no-header": Rule("A row of column names stands above the data.", "Put the column names into the first row."),
    "no-rows": Rule("There is at least one row of data below the header.", "The export may have found nothing."),
    "missing-column": Rule(
        "Each column that is needed is there.",
        "Rename the column, or say which one is meant with --declare code_column=..., value_column=... and so on.",
    ),
    "doubled-column": Rule("A column that is needed is there once.", "Remove or rename one of the two."),
    "ambiguous-column": Rule(
        "It is plain which column is meant.", "Say which with --declare value_column=... (or the role in question)."
    ),
    "wrong-width": Rule(
        "Every row has as many cells as the header.",
        "A cell that holds a delimiter needs quotation marks; a column of row numbers needs a name in the header.",
    ),
    "person-level": Rule(
        "No column tells about single persons (NHS number, date of birth, name, postcode beside area codes).",
        "Count people by neighbourhood first and leave these columns out. Nothing was kept, and no value is shown.",
    ),
    "title-rows": Rule("Rows above the header are passed over, and said.", "", "note"),
    "footer-rows": Rule("Text below the last row of data is passed over, and said.", "", "note"),
    "blank-rows": Rule("Empty rows are passed over, and said.", "", "note"),
    "repeated-header": Rule("A header that is repeated between the rows is passed over, and said.", "", "note"),
    "total-row": Rule("A row of totals is passed over, and said.", "Remove it if it is more than a total.", "warning"),
    "no-area-row": Rule(
        "A row about people or sums of no known neighbourhood is left out, and said.",
        "Say in the text beside the figures how much is not placed.",
        "warning",
    ),
    "filtered-rows": Rule("Rows that the declared filter leaves out are counted.", "", "note"),
    "filter-finds-nothing": Rule("The declared filter leaves some rows.", "Check the column and the value of only=..."),
    "column-by-content": Rule(
        "A column told by its content and not by its name is said.", "Declare the column if it is another.", "note"
    ),
    "columns-not-used": Rule("Columns that are not used are listed; nothing of them is kept.", "", "note"),
}

_CODES = {
    "missing-code": Rule("Every row of data has an area code.", "Give the code, or write Total where it is a total."),
    "bad-code": Rule(
        "An area code is E01 and six digits.", "Look for a letter O in place of a zero, or a digit too many or few."
    ),
    "name-not-code": Rule(
        "Neighbourhoods are given by code, since names were used again in 2021 for other areas.",
        "Add the column LSOA21CD from the source of the figures.",
    ),
    "wrong-nation": Rule("Only neighbourhoods in England are covered.", "Leave out Wales, Scotland and N. Ireland."),
    "wrong-level": Rule(
        "The rows are Lower layer Super Output Areas, not larger or smaller areas.",
        "Remove the other areas, or keep one kind with --declare only='Area Type=LSOA'.",
    ),
    "code-not-issued": Rule("The code is one that ONS has issued.", "Look for swapped or missing digits."),
    "wrong-vintage": Rule(
        "The code exists in the census year declared.",
        "Codes of 2011 need --declare vintage=2011; they are then carried over to 2021.",
    ),
    "mixed-vintages": Rule(
        "All codes are of one census year.", "Two tables may have been pasted together; carry one over first."
    ),
    "vintage-not-declared": Rule(
        "Codes of 2011 are declared.", "Add --declare vintage=2011 if the figures are on the areas of 2011."
    ),
    "doubled-code": Rule(
        "A neighbourhood has one row.",
        "If the file holds several periods, sexes or measures, keep one with --declare only='COLUMN=VALUE'; "
        "if each row is a person or an event, count them first.",
    ),
    "tidied-codes": Rule("Codes in small letters or with spaces are tidied, and said.", "", "note"),
    "outside-place": Rule("Rows outside the place are left out, and said.", "", "warning"),
    "no-row-in-place": Rule("Some rows are about the place.", "Check --place, and that the codes are of 2021."),
    "areas-missing": Rule(
        "Neighbourhoods of the place without a row are counted; they stay unknown.", "Unknown is not zero.", "warning"
    ),
}

_NUMBERS = {
    "not-a-number": Rule("A figure is written in digits.", "Write the number in full, or a marker such as * or [c]."),
    "not-finite": Rule("A number is finite.", "Leave the cell empty where there is no figure."),
    "excel-date": Rule(
        "No figure or name has been turned into a date.",
        "A spreadsheet did this (1-5 became 01-May); mark the column as text before pasting.",
    ),
    "excel-error": Rule("No cell holds the error of a formula.", "Mend the formula, or leave the cell empty."),
    "formula": Rule("No cell holds a formula.", "Paste as values, then save again."),
    "decimal-comma": Rule("The decimal mark is a point.", "Save with English number settings."),
    "misplaced-thousands": Rule(
        "Commas in a number part off thousands, three digits each.", "Save the column without thousands separators."
    ),
    "percent-sign": Rule("A percent sign stands only in percentages.", "Declare unit=percent if that is meant."),
    "currency-sign": Rule("A pound sign stands only in sums of money.", "Declare unit=pounds if that is meant."),
    "negative": Rule("Counts, shares, percentages, rates and amounts are not below zero.", "Check the sign."),
    "too-many-people": Rule(
        "A count of people is at most a thousand million.", "Look for digits that ran together, or another unit."
    ),
    "out-of-range": Rule(
        "A percentage lies from 0 to 100, a share from 0 to 1.",
        "If more than the whole is possible, declare another unit, such as “percent of capacity”.",
    ),
    "percent-off-by-100": Rule(
        "Percentages and shares are not off by a factor of 100.",
        "Declare unit=share for 0 to 1 or unit=percent for 0 to 100; if small percentages are right, small_values=yes.",
    ),
    "no-values": Rule("At least one row has a figure.", "Check that the right column is used."),
    "count-above-denominator": Rule("A count is no larger than its denominator.", "Check which column is which."),
    "events-above-denominator": Rule(
        "Counts above their denominators are said; events can be, people cannot.", "Check that events are meant.",
        "warning",
    ),
    "zero-denominator": Rule("A denominator above zero stands below every count.", "Check the row."),
    "missing-denominator": Rule("A row with a count has a denominator.", "Give it, or leave the count empty too."),
    "count-not-whole": Rule("Counts that are not whole are said.", "Were they shared out by a model?", "warning"),
    "value-contradicts-count": Rule(
        "A percentage or share agrees with its count and denominator, up to rounding.",
        "Check unit and columns; if they belong to something else, declare count_column=none.",

    ),
    "small-counts": Rule(
        "Counts of people from 1 to 7 are shown only protected.", "They are suppressed wherever they are shown.",
        "warning",
    ),
    "constant-values": Rule("A column whose figures are all alike is said.", "Is it the right column?", "warning"),
    "scientific-notation": Rule(
        "Figures such as 1.2E+05 are read, and said.", "Digits may be lost; save the full number.", "warning"
    ),
    "suppressed-values": Rule("Suppressed cells are kept as such, never as zero.", "", "note"),
    "missing-values": Rule("Cells without a figure are kept as such, never as zero.", "", "note"),
    "flagged-values": Rule(
        "Figures marked as provisional, revised, estimated or of low reliability keep the mark.", "", "note"
    ),
}  # fmt: skip

_FOOTPRINTS = {
    "missing-footprint": Rule("Every neighbourhood listed has the name of a footprint.", "Fill merged cells down."),
    "doubled-row": Rule("A neighbourhood is listed once in a footprint.", "Remove the second row."),
    "overlapping-footprints": Rule(
        "A neighbourhood in more than one footprint is said: profiles allow it, sharing out does not.",
        "Declare overlaps=refuse to have it rejected.",
        "warning",
    ),
    "footprint-spelling": Rule(
        "Footprints whose names differ only in case or spaces are said.", "Are they the same?", "warning"
    ),
    "text-too-long": Rule("A name is no longer than the limit.", "Shorten it; or the wrong column is used."),
    "control-character": Rule("A name holds no control characters.", "Type the name again."),
    "garbled-text": Rule(
        "Letters that look as if an encoding went wrong are said.", "Save the file again as “CSV UTF-8”.", "warning"
    ),
}

_SITES = {
    "missing-name": Rule("A site has a name or an identifier.", "Give one of the two."),
    "missing-place": Rule("A site has a postcode or two coordinates.", "Give one of the two."),
    "half-coordinate": Rule("Coordinates come in pairs.", "Give the other one, or neither."),
    "bad-postcode": Rule("A postcode is whole and written like LU1 2TL.", "Look for O and 0, I and 1."),
    "unknown-postcode": Rule(
        "A postcode is in use.",
        "Give coordinates, correct it, or leave such rows out with --declare unknown_postcodes=skip.",
    ),
    "postcodes-not-looked-up": Rule(
        "Where no list of postcodes is at hand, postcodes are checked for their form only, and this is said.",
        "Give a place that has one, or a folder of published files.",
        "note",
    ),
    "postcode-far": Rule(
        "A site more than a kilometre from its postcode is said.", "Which of the two is right?", "warning"
    ),
    "swapped-axes": Rule("Easting comes before northing, and each axis has its own column.", "Swap the two columns."),
    "wrong-crs": Rule("Coordinates are of the system declared.", "Declare crs=EPSG:27700 or crs=EPSG:4326."),
    "crs-not-declared": Rule(
        "Columns called x and y say what they hold.", "Declare crs=EPSG:27700 for grid metres, EPSG:4326 for degrees."
    ),
    "outside-britain": Rule("A site lies in Great Britain.", "Look for a missing digit, or 0 for an unknown place."),
    "doubled-site": Rule("A site is listed once.", "Remove the second row, or give it an identifier of its own."),
}

_DECLARATIONS = {
    "unknown-kind": Rule("A file is declared as a kind that is known.", "Use footprints, indicator, resource, sites."),
    "unknown-declaration": Rule("Only what the kind asks for is declared.", "Check the spelling."),
    "missing-declaration": Rule("What a table cannot say itself is declared.", "Add it with --declare NAME=VALUE."),
    "bad-declaration": Rule("A declaration has one of its possible values.", "See the values listed."),
    "declaration-too-long": Rule("All declarations together stay within the limit.", "Shorten the texts."),
}

RULES: dict[str, Rule] = {**_FILE, **_LAYOUT, **_CODES, **_NUMBERS, **_FOOTPRINTS, **_SITES, **_DECLARATIONS}
