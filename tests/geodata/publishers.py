"""A local web server that plays each publisher in its own format, well or badly.

Set ``fault`` to one of the faults named below, and the next answers are given with it.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

LSOAS = ["E01015693", "E01015694", "E01015695", "E01015696", "E01015697"]
ROWS_A_PAGE = 2  # ArcGIS stops at a limit of its own, whatever it is asked for
LAYER = "/arcgis/rest/services/LSOA_BGC_V5/FeatureServer/0"
LANDING_PAGE = "/government/statistics/english-indices-of-deprivation-2025"
ASSET = "/media/691ded56d140bbbaa59a2a7d/File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv"
REPORT = "/api/getReport"
FINGERTIPS = "/api/all_data/csv/by_indicator_id"
LOGIN = b"<!DOCTYPE html><html><head><title>Sign in &amp; continue</title></head><body>Password</body></html>"
CSV = "text/csv; charset=utf-8"
JSON = "application/json"


def table(*rows: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


class Publisher:
    """The server; use it in a ``with`` block."""

    def __init__(self) -> None:
        self.fault = ""
        self.asked: list[str] = []
        self.stopped = threading.Event()
        play = type("Play", (_Answers,), {"publisher": self})
        self._server = _Server(("127.0.0.1", 0), play)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Publisher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Go out of service: from now on nobody listens here."""
        if not self.stopped.is_set():
            self.stopped.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing where the other side has hung up on a slow answer, as it should."""


class _Answers(BaseHTTPRequestHandler):
    publisher: Publisher
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else every answer waits 40 ms for its second packet

    def log_message(self, *_: object) -> None:
        """Say nothing on the terminal."""

    def do_GET(self) -> None:
        self.publisher.asked.append(self.path)
        fault, first = self.publisher.fault, len(self.publisher.asked) == 1
        if fault == "down" or (fault == "down once" and first):
            return self.send(503, b"", "text/plain", {"Retry-After": "0"})
        if fault == "slow":
            self.publisher.stopped.wait(1.5)
        if fault == "redirected to a login page":
            # Another name of this machine plays the other host.
            other = f"http://localhost:{self.publisher.port}/login"
            return self.send(302, b"", "text/plain", {"Location": other})
        if fault == "login page in place of the file" or self.path == "/login":
            return self.send(200, LOGIN, "text/html")
        if fault in ("forbidden", "gone"):
            return self.send(403 if fault == "forbidden" else 404, b"no", "text/plain")
        if fault == "nothing in it":
            return self.send(200, b"", CSV)
        if fault == "redirected to itself":
            return self.send(302, b"", "text/plain", {"Location": self.path})
        return self.answer(urlsplit(self.path).path, parse_qs(urlsplit(self.path).query))

    def answer(self, path: str, query: dict[str, list[str]]) -> None:
        if path == f"{LAYER}/query":
            return self.body(json.dumps(self.arcgis(query)).encode(), JSON)
        if path == REPORT:
            return self.body(self.report(), CSV)
        if path == LANDING_PAGE:
            return self.body(self.landing_page(), "text/html; charset=utf-8")
        if path.startswith("/media/"):
            return self.body(self.file7(), CSV)
        if path == FINGERTIPS:
            return self.body(self.fingertips(), CSV)
        return self.send(404, b"no such page", "text/plain")

    def arcgis(self, query: dict[str, list[str]]) -> dict[str, object]:
        fault = self.publisher.fault
        if fault == "asks for a token":
            return {"error": {"code": 499, "message": "Token Required", "details": []}}
        if fault == "wrong question":
            return {"error": {"code": 400, "message": "Invalid query parameters", "details": []}}
        if "returnCountOnly" in query:
            return {"count": 4 if fault == "one too few" else len(LSOAS)}
        start = 0 if fault == "gives the same page again" else int(query["resultOffset"][0])
        page = LSOAS[start : start + min(ROWS_A_PAGE, int(query["resultRecordCount"][0]))]
        if fault == "stops silently" and start >= 4:
            page = []
        if fault == "says a page with no list":
            return {"rows": page}
        code_column = "LSOA31CD" if fault == "changed in shape" else "LSOA21CD"
        rows = []
        for number, code in enumerate(page, start=start):
            values = {code_column: code, "LSOA21NM": f"Luton 00{number}A"}
            if query["f"] == ["geojson"]:
                square = [[0, 51], [0.1, 51], [0.1, 51.1], [0, 51.1], [0, 51]]
                shape = {"type": "Polygon", "coordinates": [square]}
                rows.append({"type": "Feature", "properties": values, "geometry": shape})
            else:
                rows.append({"attributes": values, "geometry": {"x": 505000.25 + number, "y": 222000.5}})
        return {"type": "FeatureCollection", "features": rows}

    def report(self) -> bytes:
        fault = self.publisher.fault
        address = ["Y61", "QHG", "1 HIGH ST", "", "", "LUTON", "", "LU1 1AA"]
        status = ["19740401", "", "ACTIVE", *[""] * 12, "RO76", ""]
        rows = [[f"E8100{n}", f"PRACTICE {n}", *address, *status] for n in range(5)]
        if fault == "changed in shape":
            rows = [row[:26] for row in rows]
        if fault == "a header where there was none":
            rows.insert(0, ["Organisation Code", *(str(n) for n in range(2, 28))])
        if fault == "one too few":
            rows = rows[:4]
        return table(*rows)

    def landing_page(self) -> bytes:
        fault = self.publisher.fault
        links = [
            f"/csv-preview/691d/{ASSET.rsplit('/', 1)[1]}",
            "/media/1/File_1_IoD2025_Index_of_Multiple_Deprivation.xlsx",
        ]
        links += [] if fault == "link gone" else [ASSET]
        links += ["/media/2/File_7_IoD2025_second.csv"] if fault == "two links" else []
        if fault == "links to another host":
            links = [f"http://localhost:{self.publisher.port}{ASSET}"]
        anchors = "".join(f'<li><a class="govuk-link" href="{link}">File</a></li>' for link in links)
        return f"<!DOCTYPE html><html><title>Indices</title><ul>{anchors}</ul></html>".encode()

    def file7(self) -> bytes:
        fault = self.publisher.fault
        header = ["Area" if fault == "changed in shape" else "LSOA  Code (2021)", "LSOA name (2021)", "IMD Score"]
        codes = LSOAS[:4] if fault == "one too few" else LSOAS
        return table(header, *([code, f"Luton {code}", "20.5"] for code in codes))

    def fingertips(self) -> bytes:
        fault = self.publisher.fault
        rows = [["90280", "E92000001", "41.9"]] * (0 if fault == "one too few" else 5)
        return table(["Indicator ID", "Area" if fault == "changed in shape" else "Area Code", "Value"], *rows)

    def body(self, content: bytes, kind: str) -> None:
        fault = self.publisher.fault
        if fault == "cut short":
            return self.send(200, content[: len(content) // 2], kind, {"Content-Length": str(len(content))}, close=True)
        if fault == "drips":
            return self.drip(content, kind)
        if "gzip" in self.headers.get("Accept-Encoding", "") and fault != "sends plain bytes":
            return self.send(200, gzip.compress(content), kind, {"Content-Encoding": "gzip"})
        return self.send(200, content, kind)

    def drip(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            for byte in content:
                self.wfile.write(bytes([byte]))
                if self.publisher.stopped.wait(0.05):
                    return
        except OSError:
            pass  # the other side has hung up, as it should

    def send(
        self, code: int, content: bytes, kind: str, headers: dict[str, str] | None = None, *, close: bool = False
    ) -> None:
        try:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            for name, value in ({"Content-Length": str(len(content))} | (headers or {})).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = self.close_connection or close
        except OSError:
            self.close_connection = True
