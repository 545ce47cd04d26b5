"""Which encoding a client is given (RFC 9110, 12.4.2 and 12.5.3), and that real decoders read what is sent."""

from __future__ import annotations

import gzip

import brotli
import pytest

from service.encodings import Encoding, Packer, choose_encoding, compressed

BODY = b'{"need_score":41.25,"rank":7},' * 4_000
DECODERS = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("GZIP", "gzip"),
        ("gzip;q=0.9, br;q=0.8", "gzip"),
        ("gzip;q=0.8, br;q=0.9", "br"),
        ("gzip ; q=0.5 ,\tbr; q=0.5", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.000, gzip;q=0.001", "gzip"),
        ("*", "br"),
        ("*;q=0.1, br;q=0", "gzip"),
        ("identity;q=0.5, gzip;q=0.4", ""),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity, *;q=0", ""),
        ("deflate", ""),
        ("gzip;q=nan", ""),
        ("gzip;q=2", ""),
        ("gzip;q=0.1234", ""),
        ("gzip;q=", ""),
        (",,;q=1,", ""),
    ],
)
def test_the_encoding_that_the_client_wants_most(header: str, expected: str) -> None:
    assert choose_encoding(header) == expected


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("encoding", ["br", "gzip", ""])
def test_decoders_read_it_and_it_is_the_same_each_time(encoding: Encoding, quick: bool) -> None:
    packed = compressed(BODY, encoding, quick=quick)
    assert DECODERS[encoding](packed) == BODY
    assert packed == compressed(BODY, encoding, quick=quick)
    assert compressed(b"", encoding, quick=quick) is not None


@pytest.mark.parametrize("encoding", ["br", "gzip", ""])
def test_a_body_in_parts_is_the_same_body(encoding: Encoding) -> None:
    packer = Packer(encoding)
    parts = [packer.add(BODY[start : start + 7_919]) for start in range(0, len(BODY), 7_919)]
    assert DECODERS[encoding](b"".join([*parts, packer.end()])) == BODY
