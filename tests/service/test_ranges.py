"""Parts of answers: what a ``Range`` header gets, and GDAL reading files piece by piece over a socket."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from service.web.ranges import Part, read_range
from tests.running import running

GEOJSON = "/geojson/demo/need?rho=2"
GPKG = "/downloads/demo/need.gpkg"


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (b"bytes=0-0", Part(0, 1)), (b"bytes=2-5", Part(2, 6)), (b"bytes=7-", Part(7, 10)), (b"bytes=-3", Part(7, 10)),
        (b"bytes=-30", Part(0, 10)), (b"bytes=4-400", Part(4, 10)), (b"BYTES = 1-2", Part(1, 3)),
        (b"bytes=10-", Part(10, 10)), (b"bytes=99-100", Part(10, 10)), (b"bytes=-0", Part(10, 10)),
        (b"bytes=5-2", None), (b"bytes=0-1,4-5", None), (b"bytes=-", None), (b"items=0-5", None), (b"bytes=a-b", None),
        (b"", None), (b"bytes=" + b"9" * 8_000 + b"-", Part(10, 10)), (b"bytes=" + b"9" * 23 + b"-", Part(10, 10)),
        (b"bytes=4-" + b"9" * 23, Part(4, 10)), (b"bytes=-" + b"9" * 23, Part(0, 10)),
        (b"bytes=" + b"0" * 30 + b"7-", Part(7, 10)), (b"bytes=" + b"9" * 23 + b"-5", None),
    ],
)  # fmt: skip
def test_a_range_is_read_as_the_standard_says(header: bytes, part: Part | None) -> None:
    assert read_range(header, 10) == part


@pytest.mark.parametrize("address", [GEOJSON, GPKG, "/assets/map.js", "/downloads/demo/need.csv"])
def test_parts_put_together_are_the_whole(served: Any, address: str) -> None:
    whole = served.get(address, headers={"accept-encoding": "identity"})
    size = len(whole.content)
    edges = [0, 1, size // 3, size // 2, size]
    parts = [served.get(address, headers={"range": f"bytes={a}-{b - 1}"}) for a, b in pairwise(edges)]
    assert [part.status_code for part in parts] == [206] * 4
    assert b"".join(part.content for part in parts) == whole.content
    assert parts[2].headers["content-range"] == f"bytes {edges[2]}-{edges[3] - 1}/{size}"
    assert {part.headers["etag"] for part in parts} == {whole.headers["etag"]}
    assert served.get(address, headers={"accept-encoding": "identity"}).content == whole.content


def test_what_cannot_be_cut_is_sent_whole_or_refused(served: Any) -> None:
    whole = served.get(GEOJSON, headers={"accept-encoding": "identity"})
    beyond = served.get(GEOJSON, headers={"range": "bytes=99999999-"})
    assert (beyond.status_code, beyond.json()["type"]) == (416, "urn:evenreach:error:beyond-the-end")
    assert beyond.headers["content-type"] == "application/problem+json"
    assert beyond.headers["content-range"] == f"bytes */{len(whole.content)}"
    assert beyond.json()["request_id"] == beyond.headers["x-request-id"]
    assert int(beyond.headers["content-length"]) == len(beyond.content)
    assert not {"etag", "content-disposition"} & set(beyond.headers)
    assert served.get(GEOJSON, headers={"range": "bytes=99999999999999999999999-"}).status_code == 416
    of_the_standard = served.get("/ogc/collections/demo-sites/items", headers={"range": "bytes=99999999-"})
    assert (of_the_standard.status_code, of_the_standard.json()["code"]) == (416, "beyond-the-end")
    for headers in ({"range": "bytes=0-1,5-6"}, {"range": "bytes=0-9", "if-range": '"another"'}):
        answer = served.get(GEOJSON, headers=headers)
        assert (answer.status_code, answer.content) == (200, whole.content)
    same = served.get(GEOJSON, headers={"range": "bytes=0-9", "if-range": whole.headers["etag"]})
    assert (same.status_code, same.content) == (206, whole.content[:10])
    head = served.ask("HEAD", GEOJSON, headers={"range": "bytes=0-9"})
    assert head.status_code == 200
    unknown = served.get("/geojson/demo/nothing", headers={"range": "bytes=0-9"})
    assert unknown.status_code == 404


@pytest.mark.gdal
def test_gdal_reads_files_piece_by_piece(gdal: str, demo_store: Path, tmp_path: Path) -> None:
    with running(demo_store, tmp_path / "log", log_level="error") as server:
        for address, layer in ((GEOJSON, []), (GPKG, ["scores"])):
            command = [gdal, "-so", "-al", f"/vsicurl/{server.address}{address}", *layer]
            said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
            assert "Feature Count: 120" in said.stdout, said.stderr
