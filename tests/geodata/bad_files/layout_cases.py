"""Tables as analysts lay them out: titles, footers, totals, headers of every spelling, cells too many."""

from __future__ import annotations

from tests.geodata.bad_files.case import CODES, GOOD, HEADER, Case, case, cells

THREE = (10.0, 20.5, 30.0)
NHS_NUMBERS = ("9434765919", "943 476 5870", "999-000-0018", "9990000026")
LONG = "lsoa21cd,sex,period,value\n" + "".join(
    f"{code},{sex},{period},{10 * i + 5}\n"
    for sex in ("Female", "Male", "Persons")
    for period in ("2022", "2023")
    for i, code in enumerate(CODES)
)

HEADERS: list[Case] = [
    case("header and nothing else", HEADER, "no-rows"),
    case("header and blank rows", HEADER + ",\n,\n", "no-rows"),
    case("no header", GOOD.removeprefix(HEADER), "no-header", row=1),
    case("one column", "lsoa21cd\nE01000001\nE01000002\n", "missing-column"),
    case("no code column", "area,value\nLuton,10\nBedford,20\n", "missing-column"),
    case("no value column", "lsoa21cd,name\nE01000001,a\nE01000002,b\n", "missing-column"),
    case("declared column is absent", GOOD, "missing-column", facts={"value_column": "rate"}),
    case("declared column", "lsoa21cd,x y,other\nE01000001,1,2\nE01000002,30,4\n", facts={"value_column": "X Y"},
         values=(1.0, 30.0)),
    case("value column twice", "lsoa21cd,value,Value\nE01000001,1,2\n", "doubled-column"),
    case("code column twice", "lsoa21cd,LSOA21CD,value\nE01000001,E01000001,2\n", "doubled-column"),
    case("unused column twice", "lsoa21cd,value,note,note\nE01000001,2,a,b\n", values=(2.0,)),
    case("declared column twice", "lsoa21cd,a,A\nE01000001,1,2\n", "doubled-column", facts={"value_column": "a"}),
    case("two columns of figures", "lsoa21cd,alpha,beta\nE01000001,1,2\nE01000002,3,4\n", "ambiguous-column"),
    case("two columns of codes", "lsoa code a,lsoa code b,value\nE01000001,E01000002,3\n", "ambiguous-column"),
    case("one column of figures", "lsoa21cd,smokers\nE01000001,10\n", says="column-by-content", values=(10.0,)),
    case("codes under another name", "id2,value\nE01000001,10\nE01000002,3\n", says="column-by-content"),
    case("header of many spellings", "LSOA code (2021),Value\nE01000001,10\n", values=(10.0,)),
    case("header with line ends and spaces", '" Lower layer\nSuper Output Area Code ", VALUE \nE01000001,10\n',
         values=(10.0,)),
    case("both censuses side by side", "LSOA11CD,LSOA21CD,value\nE01000010,E01000001,10\n", values=(10.0,)),
    case("generic code header", "Area Code,Area Name,Value\nE01000001,City 001A,10\n", values=(10.0,),
         says="columns-not-used"),
    case("lsoa in the name of another column", "LSOA code,LSOA population,value\nE01000001,1500,10\n", values=(10.0,)),
    case("rate and percentage side by side", "lsoa21cd,rate,percent\nE01000001,1,2\n", "ambiguous-column"),
    case("value beside a rate", "lsoa21cd,rate,value\nE01000001,1,2\n", values=(2.0,)),
    case("symbol for a header", "lsoa21cd,%,#\nE01000001,40,2\n", facts={"value_column": "%"}, values=(40.0,)),
    case("counts that belong to something else", "lsoa21cd,value,number,population\nE01000001,10,900,1000\n",
         facts={"count_column": "none"}, values=(10.0,)),
    case("two denominators beside a value", "lsoa21cd,value,count,population,total\nE01000001,10,9,20,90\n",
         values=(10.0,)),
    case("two denominators", "lsoa21cd,count,population,total\nE01000001,9,20,90\n", "ambiguous-column"),
    case("row numbers without a name", ",lsoa21cd,value\n1,E01000001,10\n2,E01000002,20\n", values=(10.0, 20.0)),
    case("empty header cells at the end", "lsoa21cd,value,,\nE01000001,10,,\nE01000002,20,,\n", values=(10.0, 20.0)),
]  # fmt: skip

WIDTHS: list[Case] = [
    case("one cell more in every row", "lsoa21cd,value\n1,E01000001,10\n2,E01000002,20\n", "wrong-width", row=2),
    case("thousands without quotes", GOOD + "E01000005,1,234\n", "wrong-width", row=5),
    case("empty cells at the end", "lsoa21cd,value\nE01000001,10,,\nE01000002,20\n", values=(10.0, 20.0)),
    case("a cell missing", "lsoa21cd,name,value,n\nE01000001,a,10,1\nE01000002,20,1\n", "wrong-width", row=3),
    case("name with a comma", "lsoa21cd,name,value\nE01000001,Hill, the,10\nE01000002,b,2\n", "wrong-width", row=2),
    case("name with a quoted comma", 'lsoa21cd,name,value\nE01000001,"Hill, the",10\n', values=(10.0,)),
    case("cut off in the last row", GOOD + "E01000005", "wrong-width", row=5),
    case("cut off in a code", GOOD + "E0100", "wrong-width", row=5),
]

ROWS: list[Case] = [
    case("title rows", "Table 1: smoking\nPublished 2024\n\n" + GOOD, says="title-rows", values=THREE),
    case("title rows with commas", "Table 1,,\nSource: ONS,,\n" + GOOD, says="title-rows", values=THREE),
    case("bad value below a title", "A title\n" + GOOD + "E01000005,abc\n", "not-a-number", row=6),
    case("groups above the header", ",2023,2023\n" + cells("10", "20"), says="title-rows", values=(10.0, 20.0)),
    case("footers", GOOD + "\nSource: ONS, 2024\n* suppressed,\nNotes: none\n", says="footer-rows blank-rows",
         values=THREE, skipped=4),
    case("footer in the second column", GOOD + ",Crown copyright and database rights 2024\n", says="footer-rows"),
    case("footers of a spreadsheet", GOOD + "This worksheet contains one table.,\n1. See the notes,\n",
         says="footer-rows", values=THREE),
    case("a code without a value at the end", GOOD + "E01000005,\n", says="missing-values", values=(*THREE, None)),
    case("a value without a code at the end", GOOD + ",34\n", "missing-code", row=5),
    case("a value without a code between", GOOD + ",5\nE01000005,6\n", "missing-code", row=5),
    case("a council among the footers", GOOD + "Bedford,5\n", "name-not-code", row=5),
    case("total row", GOOD + "Total,60.5\n", says="total-row", values=THREE, skipped=1),
    case("total row without a code", "area,lsoa21cd,value\na,E01000001,5\nTotal,,5\n", says="total-row", values=(5.0,)),
    case("total row first", HEADER + "England,20\n" + GOOD.removeprefix(HEADER), says="total-row", values=THREE),
    case("people of no known area", GOOD + "Unknown,17\n", says="no-area-row", values=THREE, skipped=1),
    case("pseudo code", GOOD + "E99999999,17\n", says="no-area-row", values=THREE),
    case("blank rows between", GOOD.replace("\n", "\n\n"), says="blank-rows", values=THREE),
    case("header repeated", GOOD + HEADER + "E01000005,40\n", says="repeated-header", values=(*THREE, 40.0)),
    case("long table", LONG, "doubled-code", row=7),
    case("long table, filtered", LONG, facts={"only": "Sex=persons; period=2023"}, says="filtered-rows",
         values=(5.0, 15.0, 25.0, 35.0, 45.0), skipped=25),
    case("filter on an absent column", LONG, "missing-column", facts={"only": "age=5"}),
    case("filter that finds nothing", LONG, "filter-finds-nothing", facts={"only": "sex=child"}),
]  # fmt: skip

PERSONS: list[Case] = [
    case("nhs number header", "nhs_number,lsoa21cd,value\n1,E01000001,2\n", "person-level", row=1),
    case("date of birth header", "lsoa21cd,Date of Birth,value\nE01000001,01/02/1990,2\n", "person-level"),
    case("dob header below a title", "List\nlsoa21cd,DOB,value\nE01000001,01/02/1990,2\n", "person-level", row=2),
    case("surname header", "Surname,lsoa21cd,value\nSmith,E01000001,2\n", "person-level"),
    case("patient id header", "lsoa21cd,Patient ID,value\nE01000001,77,2\n", "person-level"),
    case("nhs numbers under another name", "lsoa21cd,value,ref\n" + "".join(
        f"{code},{i},{number}\n" for i, (code, number) in enumerate(zip(CODES, NHS_NUMBERS, strict=False))
    ), "person-level", row=2),
    case("nhs numbers as the value", "lsoa21cd,value\n" + "".join(
        f"{code},{number.replace('-', ' ')}\n" for code, number in zip(CODES, NHS_NUMBERS, strict=False)
    ), "person-level"),
    case("one nhs number under another name", f"lsoa21cd,value,ref\nE01000001,1,{NHS_NUMBERS[0]}\n", "person-level"),
    case("dates of birth under another name", "lsoa21cd,value,since\n" + "".join(
        f"{code},{i},{i + 1:02d}/03/19{60 + i}\n" for i, code in enumerate(CODES)
    ), "person-level", row=2),
    case("dates of birth as the amount", "lsoa21cd,amount\n" + "".join(
        f"{code},19{60 + i}-03-{i + 1:02d}\n" for i, code in enumerate(CODES)
    ), "person-level", kind="resource"),
    case("postcodes beside the codes", "lsoa21cd,value,where\n" + "".join(
        f"{code},{i},LU{i + 1} {i}AA\n" for i, code in enumerate(CODES)
    ), "person-level", row=2),
    case("one date for all rows", "lsoa21cd,value,extracted\n" + "".join(
        f"{code},{i},31/03/2024\n" for i, code in enumerate(CODES)
    ), values=(0.0, 1.0, 2.0, 3.0, 4.0), facts={"unit": "days"}),
    case("ten-digit numbers that are not", "lsoa21cd,value,phone\n" + "".join(
        f"{code},{i},{1582000000 + 7 * i}\n" for i, code in enumerate(CODES)
    ), values=(0.0, 1.0, 2.0, 3.0, 4.0), facts={"unit": "days"}),
    case("one row per event", "lsoa21cd,amount\n" + "E01000001,5\n" * 3, "doubled-code", kind="resource", row=3),
]  # fmt: skip

CASES = [*HEADERS, *WIDTHS, *ROWS, *PERSONS]
