"""Files that are not the text they should be, and text as real programs write it."""

from __future__ import annotations

import gzip
import io
import zipfile

from geodata.upload.gate import Limits
from tests.geodata.bad_files.case import GOOD, HEADER, Case, case, cells

THREE = (10.0, 20.5, 30.0)
BIG = b"lsoa21cd,value\n" + b"E01000001,10\n" * 1_500_000


def archive(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        for name in names:
            files.writestr(name, GOOD)
    return packed.getvalue()


VRT = "<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>"
VRT += "</OGRVRTDataSource>"

OTHER_KINDS: list[Case] = [
    case("empty", b"", "empty-file"),
    case("blank lines only", b"\r\n \r\n\r\n", "empty-file"),
    case("byte order mark only", b"\xef\xbb\xbf", "empty-file"),
    case("delimiters only", b",,,\n,,,\n", "empty-file"),
    case("xlsx named csv", archive("[Content_Types].xml", "xl/workbook.xml"), "wrong-kind"),
    case("zip of a csv", archive("table.csv"), "wrong-kind"),
    case("empty zip", b"PK\x05\x06" + bytes(18), "wrong-kind"),
    case("gzip of a csv", gzip.compress(GOOD.encode()), "wrong-kind"),
    case("old excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "wrong-kind"),
    case("ods", archive("mimetype") + b"application/vnd.oasis.opendocument.spreadsheet", "wrong-kind"),
    case("parquet", b"PAR1" + bytes(50) + b"PAR1", "wrong-kind"),
    case("geopackage", b"SQLite format 3\0" + bytes(100), "wrong-kind"),
    case("shapefile", b"\0\0\x27\x0a" + bytes(100), "wrong-kind"),
    case("pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "wrong-kind"),
    case("png", b"\x89PNG\r\n\x1a\n" + bytes(50), "wrong-kind"),
    case("program", b"MZ\x90\0" + bytes(50), "wrong-kind"),
    case("rtf", b"{\\rtf1\\ansi lsoa21cd,value}", "wrong-kind"),
    case("log-in page", "<!DOCTYPE html><html><body>Log in</body></html>", "wrong-kind"),
    case("vrt that reads a local file", VRT, "wrong-kind"),
    case("xml with an entity bomb", '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "wrong-kind"),
    case("geojson", '{"type": "FeatureCollection", "features": []}', "wrong-kind"),
    case("json list", '[{"lsoa21cd": "E01000001", "value": 10}]', "wrong-kind"),
    case("binary without nul", bytes(range(1, 256)) * 20, "wrong-kind"),
]

ENCODINGS: list[Case] = [
    case("utf-8 with a mark", b"\xef\xbb\xbf" + GOOD.encode(), values=THREE),
    case("utf-16 little end first", GOOD.encode("utf-16"), says="other-encoding", values=THREE),
    case("utf-16 big end first", b"\xfe\xff" + GOOD.encode("utf-16-be"), says="other-encoding", values=THREE),
    case("utf-16 with tabs", GOOD.replace(",", "\t").encode("utf-16"), says="other-encoding other-delimiter"),
    case("utf-16 without a mark", GOOD.encode("utf-16-le"), "bad-encoding"),
    case("utf-16 cut in a letter", GOOD.encode("utf-16")[:-1], "bad-encoding"),
    case("utf-32", GOOD.encode("utf-32"), "bad-encoding"),
    case("windows-1252 pounds", b"lsoa21cd,value,cost \xa3\nE01000001,10,1\n", says="other-encoding", values=(10.0,)),
    case("neither utf-8 nor windows-1252", b"lsoa21cd,value,n\nE01000001,10,\x81\x8d\n", "bad-encoding", row=2),
    case("nul in a code", b"lsoa21cd,value\nE0100\x000001,10\nE01000002,3\nE01000003,3\n", "nul-byte", row=2),
    case("nul in utf-16", (HEADER + "E01000001,1\0\n").encode("utf-16"), "nul-byte", row=2),
    case("nul at the end", GOOD.encode() + b"\0", "nul-byte"),
    case("control-z at the end", GOOD.encode() + b"\x1a", values=THREE),
]

LINES_AND_MARKS: list[Case] = [
    case("windows line ends", GOOD.replace("\n", "\r\n"), values=THREE),
    case("old mac line ends", GOOD.replace("\n", "\r"), values=THREE),
    case("mixed line ends", GOOD.replace("\n", "\r\n", 2), values=THREE),
    case("no line end at the end", GOOD.rstrip(), values=THREE),
    case("semicolons", GOOD.replace(",", ";"), says="other-delimiter", values=THREE),
    case("tabs", GOOD.replace(",", "\t"), says="other-delimiter", values=THREE),
    case("upright bars", GOOD.replace(",", "|"), says="other-delimiter", values=THREE),
    case("not signs", GOOD.replace(",", "¬"), says="other-delimiter", values=THREE),
    case("sep line", "sep=;\n" + GOOD.replace(",", ";"), says="other-delimiter", values=THREE),
    case("spaces between columns", GOOD.replace(",", "   "), "missing-column"),
    case("everything quoted", "\n".join(f'"{a}"' for a in GOOD.replace(",", '","').split()) + "\n", values=THREE),
    case("quoted line end in a header", '"lsoa21cd","value\n(per cent)"\nE01000001,10\n', values=(10.0,)),
    case(
        "quoted line end in a cell", HEADER.strip() + ',text\nE01000001,10,"a\nb"\nE01000002,5,c\n', values=(10.0, 5.0)
    ),
    case("quote never closed", GOOD + 'E01000005,"40\n', "bad-quote", row=5),
    case("text after a quote", HEADER + 'E01000001,"10"x\n', "bad-quote", row=2),
    case(
        "quote that swallows rows",
        'lsoa21cd,name,value\nE01000001,"a,1\nE01000002,b,2\nE01000003,c",3\n',
        "swallowed-rows",
        row=2,
    ),
    case("cell too long", HEADER + f"E01000001,{'1' * 40_000}\n", "cell-too-long", row=2),
    case("line too long", HEADER + "E01000001,1" + ",1" * 1_100_000, "line-too-long", row=2),
    case("hidden vrt in a name", f'lsoa21cd,name,value\nE01000001,"{VRT}",10\n', values=(10.0,)),
]

SIZES: list[Case] = [
    case("one byte too large", GOOD, "file-too-large", limits=Limits(file_bytes=len(GOOD) - 1)),
    case("as large as allowed", GOOD, limits=Limits(file_bytes=len(GOOD)), values=THREE),
    case("25 megabytes and one byte", b"x" * 25_000_001, "file-too-large"),
    case("one row too many", GOOD, "too-many-rows", limits=Limits(rows=2), row=4),
    case("as many rows as allowed", GOOD, limits=Limits(rows=3), values=THREE),
    case("250,001 rows", HEADER + "E01000001,10\n" * 250_001, "too-many-rows", row=250_002),
    case("one column too many", cells("1,2,3", header="lsoa21cd,value,a,b\n"), "too-many-columns",
         limits=Limits(columns=3)),
    case("201 columns", "lsoa21cd,value" + ",x" * 199 + "\nE01000001,1" + ",1" * 199, "too-many-columns"),
    case("a late row of too many columns", GOOD + "".join(f"E01{i:06d},1\n" for i in range(300)) + "," * 250,
         "too-many-columns", row=305),
    case("no memory", BIG, "memory-limit", limits=Limits(memory_bytes=50_000_000)),
    case("no processor time", BIG, "processor-limit", limits=Limits(cpu_seconds=1, rows=2_000_000)),
    case("no time", GOOD, "time-limit", limits=Limits(seconds=0.001)),
    case("the most that is allowed", "lsoa21cd,value\n" + "".join(f"E01{i:06d},50\n" for i in range(250_000)),
         "code-not-issued wrong-vintage mixed-vintages"),
    case("25 million empty cells", b"lsoa21cd,value" + b",c" * 198 + (b"\n" + b"," * 199) * 124_000, "no-rows"),
]  # fmt: skip

CASES = [*OTHER_KINDS, *ENCODINGS, *LINES_AND_MARKS, *SIZES]
