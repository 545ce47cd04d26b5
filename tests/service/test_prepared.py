"""Prepared collections: what is spliced at request time is what would be written afresh, in every encoding."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import brotli
import numpy as np
import orjson
import pytest

from service.drawing import layer_body as bodies
from service.drawing import pieces
from service.drawing.features import collection, feature_list, last
from service.drawing.layer_body import layer_body
from service.drawing.pieces import encoded
from service.drawing.prepared import FACTS, FIRST, pack, packed_end
from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from service.encodings import Encoding
from service.memory import Memory

ENCODINGS: tuple[Encoding, ...] = ("", "br", "gzip")
ENDS = (b"]}", b"x" * 65_535, '],"name":"Ynys Môn \u2028"}'.encode())


def unpacked(body: bytes, encoding: str) -> bytes:
    return {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}[encoding](body)


def sent(edition: Edition, view: View, detail: str, box: object, encoding: Encoding) -> bytes:
    body = layer_body(edition, view, detail, box, encoding)  # type: ignore[arg-type]
    whole = b"".join(body.parts)
    assert body.length in (None, len(whole))
    return unpacked(whole, encoding)


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


@pytest.fixture(scope="module")
def older(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Edition:
    """The same edition as one that was built before collections were prepared."""
    store = Path(shutil.copytree(demo_store, tmp_path_factory.mktemp("older") / "store"))
    edition = open_edition(store, "demo")
    (edition.stored.folder / "web" / FACTS).unlink()
    return edition


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("start", [FIRST, FIRST + b'{"a":1.5},' * 9_000])
def test_an_end_is_put_to_a_compressed_start(start: bytes, end: bytes) -> None:
    for encoding, head in (("br", b""), ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\x02\xff")):
        packed = pack(start, encoding, brotli_quality=5, gzip_level=6)  # type: ignore[arg-type]
        whole = head + packed + packed_end(end, encoding, crc=zlib.crc32(start), length=len(start))  # type: ignore[arg-type]
        assert unpacked(whole, encoding) == start + end


def test_another_decoder_reads_the_gzip_form(edition: Edition) -> None:
    body = b"".join(layer_body(edition, View("demo"), "full", None, "gzip").parts)
    plain = subprocess.run(["gzip", "-dc"], input=body, capture_output=True, check=True).stdout
    assert plain == b"".join(layer_body(edition, View("demo"), "full", None, "").parts)
    assert zlib.decompressobj(31).decompress(body) == plain


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("layer", ["targeting", "need"])
@pytest.mark.parametrize("detail", ["full", "map"])
def test_prepared_and_written_afresh_are_the_same_bytes(
    edition: Edition, older: Edition, layer: str, detail: str, encoding: Encoding
) -> None:
    view = View("demo", layer=layer)
    assert edition.prepared.has(view, detail, "1.0")
    assert not older.prepared.has(view, detail, "1.0")
    west, south, east, north = edition.bounds
    boxes = (None, (west, south, (west + east) / 2, north), (-1.0, 50.0, -0.9, 50.1), (west, south, east, north))
    for box in boxes:
        assert sent(edition, view, detail, box, encoding) == sent(older, view, detail, box, encoding)
    assert sent(edition, view, detail, None, encoding) == collection(older, score(older, view), detail=detail)


def test_only_the_usual_view_is_taken_from_what_is_prepared(edition: Edition, older: Edition) -> None:
    for view in (
        View("demo", rho=4.25),
        View("demo", "best-start"),
        View("demo", within="ward:E05900001"),
        View("demo", weights="income_rank:2"),
        View("demo", layer="imd"),
        View("demo", layer="certainty"),
    ):
        assert not edition.prepared.has(view, "full", "1.0")
        assert sent(edition, view, "full", None, "br") == sent(older, view, "full", None, "")
    assert not edition.prepared.has(View("demo"), "none", "1.0")
    assert not edition.prepared.has(View("demo"), "full", "2.0")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("rho", [1.0, 3.0, 20.0])
def test_many_features_in_blocks_are_the_same_collection(
    edition: Edition, older: Edition, monkeypatch: pytest.MonkeyPatch, encoding: Encoding, rho: float
) -> None:
    view, box = View("demo", "best-start", rho), (*edition.bounds[:2], edition.bounds[2] - 0.01, edition.bounds[3])
    afresh = sent(older, view, "map", None, ""), sent(older, view, "map", box, "")
    monkeypatch.setattr(bodies, "AT_ONCE", 10)
    monkeypatch.setattr(bodies, "BLOCK", 7)
    long = open_edition(edition.stored.folder.parent.parent, "demo")
    assert layer_body(long, view, "map", None, encoding).worked
    assert (sent(long, view, "map", None, encoding), sent(long, view, "map", box, encoding)) == afresh


@pytest.mark.parametrize("weights", ["", "income_rank:2"])
@pytest.mark.parametrize("within", ["", "ward:E05900001", "msoa:E02900003"])
@pytest.mark.parametrize("layer", ["targeting", "need", "imd", "indicator", "certainty", "clusters", "access"])
def test_remembered_pieces_at_another_dial_are_what_is_written_one_by_one(
    edition: Edition, layer: str, within: str, weights: str
) -> None:
    for rho in (1.0, 3.0, 4.25, 3.0):
        view = View("demo", rho=rho, within=within, layer=layer, weights=weights)
        features = feature_list(edition, score(edition, view), detail="map")
        expected = FIRST + b",".join(features) + last(edition, view)
        assert collection(edition, score(edition, view), detail="map") == expected
        data = orjson.loads(expected)
        assert data["evenreach"]["rho"] == rho
        if layer in ("targeting", "need"):
            shares = [feature["properties"]["targeting_score"] for feature in data["features"]]
            assert shares == score(edition, view).targeting_score.tolist()


@pytest.mark.parametrize("values", [[], [np.nan], [0.0, -0.0, 1.0, -10.0, 0.5, 100.05, 1e22, 1e-7, np.nan, np.inf]])
def test_numbers_are_json_as_python_reads_it(values: list[float]) -> None:
    found = [orjson.loads(text) for text in encoded(np.array(values))]
    assert found == [value if np.isfinite(value) else None for value in values]
    assert not any(text.endswith(b".0") for text in encoded(np.array(values)))


def test_the_prepared_files_are_the_same_each_time(edition: Edition, tmp_path: Path) -> None:
    from service.building.encode_answers import write_answers

    copied = Path(shutil.copytree(edition.stored.folder, tmp_path / "edition"))
    write_answers(copied, "demo")
    for name in (FACTS, "features_full.npy", "collection_full.br", "collection_map.gzip"):
        assert (copied / "web" / name).read_bytes() == (edition.stored.folder / "web" / name).read_bytes(), name


def test_remembered_figures_do_not_grow_without_end(demo_store: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from service.editions.edition import open_edition\n"
        "from service.drawing import pieces, layer_body\n"
        "from service.editions import scoring\n"
        "from service.editions.views import View\n"
        "edition = open_edition(Path(sys.argv[1]), 'demo')\n"
        "for number in range(400):\n"
        "    focus = sorted(edition.focuses)[number % len(edition.focuses)]\n"
        "    within = '' if number % 3 else f\"ward:{edition.footprints('ward')[number % 6]['code']}\"\n"
        "    view = View('demo', focus, 1 + number / 100, within)\n"
        "    b''.join(layer_body.layer_body(edition, view, ('full', 'map')[number % 2], None, '').parts)\n"
        "print(pieces._PIECES.held, pieces._STARTS.held, scoring._MEMORY.held)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script, str(demo_store)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert all(int(held) <= 4 * 2**20 for held in ran.stdout.split())


@pytest.mark.parametrize("order", [("building-blocks", "best-start"), ("best-start", "building-blocks")])
def test_what_is_remembered_of_one_focus_is_not_given_for_another(
    edition: Edition, monkeypatch: pytest.MonkeyPatch, order: tuple[str, str]
) -> None:
    monkeypatch.setattr(pieces, "_STARTS", Memory(2**20, 2**20, len))
    for focus in order:
        others = [part["indicator"] for part in edition.focuses[focus]["ingredients"]]
        weights = ",".join(f"{name}:0" for name in others if name != "overcrowded_share")
        view = View("demo", focus, layer="need", weights=weights)
        scores = score(edition, view)
        data = orjson.loads(collection(edition, scores, detail="none"))
        people = [feature["properties"]["eligible"] for feature in data["features"]]
        assert people == scores.eligible.tolist()
        assert people == edition.focus_arrays(focus).eligible.tolist()
