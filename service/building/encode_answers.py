"""The answers that are asked for first, encoded and compressed at build: `service.drawing.prepared` reads them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from geodata.store import StoredEdition
from layers.gradient import Vector
from service.drawing.councils import DETAIL, KIND, write_councils
from service.drawing.features import feature_list
from service.drawing.prepared import (
    FACTS,
    FIGURES,
    FIRST,
    FORM,
    features_name,
    pack,
    packed_name,
    usual_view,
)
from service.editions.edition import DETAILS, WEB, Edition
from service.editions.fragments import write_fragments
from service.editions.scoring import METHOD_VERSION, score
from service.encodings import OFFERED

BEST: Mapping[str, int] = {"brotli_quality": 11, "gzip_level": 9}
QUICK: Mapping[str, int] = {"brotli_quality": 5, "gzip_level": 6}  # at the best, a country would take a minute


def write_answers(folder: Path, place: str) -> None:
    """Write the features of the usual view, whole and compressed, beside the files of an edition.

    Parameters
    ----------
    folder : Path
        The edition's folder with all else that the web process reads.
    place : str
        Its place.

    Notes
    -----
    A place that is drawn by its councils first gets the published boundaries only: of its simplified ones
    only a part is ever asked for.
    """
    edition = Edition(StoredEdition(place, "", folder, {}))
    scores = score(edition, usual_view(edition.stored.place))
    details: dict[str, dict[str, Any]] = {}
    work = []
    for detail in DETAILS[:1] if edition.large else (*DETAILS, FIGURES):
        features = feature_list(edition, scores, detail=detail)
        write_fragments(folder / WEB, features_name(detail), (feature + b"," for feature in features))
        if detail == DETAIL:
            write_councils(folder / WEB, _councils(edition))
        start = FIRST + b",".join(features)
        details[detail] = {"count": len(features), "length": len(start), "crc": zlib.crc32(start)}
        work += [(folder / WEB / packed_name(detail, encoding), start, encoding) for encoding in OFFERED]
    options = QUICK if edition.large else BEST
    with ThreadPoolExecutor(2) as pool:
        for path, packed in pool.map(lambda each: (each[0], pack(each[1], each[2], **options)), work):
            path.write_bytes(packed)
    facts = {"form": FORM, "method": METHOD_VERSION, "details": details}
    (folder / WEB / FACTS).write_bytes(orjson.dumps(facts))


def _councils(edition: Edition) -> Iterator[tuple[Vector, list[bytes]]]:
    """Give the need positions and the features of the usual view within each council."""
    for council in sorted(edition.footprints(KIND), key=itemgetter("start")):
        scores = score(edition, usual_view(edition.stored.place).but(within=f"{KIND}:{council['code']}"))
        yield scores.need_position, feature_list(edition, scores, detail=DETAIL)
