"""The fast lane in front of the application: layers without its routing, and a memory of finished answers.

It lies inside the shield, which adds headers, limits and the log. An answer is kept as it was sent, by address and
encoding, if its route said that it depends on nothing else but one edition, when it is asked for the second time:
what is asked once, such as a dial in motion, does not push out what many ask. `service.web.express` gives it again,
only while that very edition is the one that the address means. Layers of GeoJSON are read by the same functions as in
their route; an address that these refuse goes the usual way, so that an error is the same whichever way it took.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from layers.map_layers import LAYERS
from service.drawing.layer_body import is_at_hand
from service.editions.edition import Edition
from service.editions.open_editions import OpenEditions
from service.encodings import Encoding
from service.memory import Memory, Met
from service.queries import check_parameters
from service.web.answer_keys import UNCHANGED, Key, key_of, known_tags
from service.web.answers import LANE, Slot, is_known
from service.web.dependencies import ViewWords, check_names, edition_named, read_view

Message = MutableMapping[str, Any]
LayerAnswer = Callable[[Request, Edition, Any, str, str | None], Response]
REMEMBERED_BYTES = 4 * 2**20
LARGEST_REMEMBERED = 2 * 2**20
MET = 5_000  # addresses
BYTES_BESIDE = 2_000  # headers, address and what Python adds to them
LAYER_ROUTE = "/geojson/{place}/{layer}"
LAYER_START = "/geojson/"
WORDS = tuple(field.name for field in fields(ViewWords))
KNOWN = frozenset((*WORDS, "detail", "bbox"))
OTHER_ROUTES = ("sites", "lines", "councils")


class Route(NamedTuple):
    """What the log calls an answer by."""

    path: str


@dataclass
class Finished:
    """An answer as it was sent.

    Attributes
    ----------
    edition : Edition or None
        The one edition it depends on; none where its address names it, as it then holds for good.
    start : dict
        The message that opens it.
    etag : str
        Its tag.
    pieces : tuple of bytes and memoryview
        What the body is joined from, under the encoding of its key; a view is of a file that the edition maps.
    route : object
        Of the application, for the log.
    headers : tuple, optional
        Those that are really sent, and those of a 304 in its place; `service.web.express` puts them here.
    """

    edition: Edition | None
    start: Message
    etag: str
    pieces: tuple[bytes | memoryview, ...]
    route: Any
    headers: tuple[Any, Any] | None = None

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, about."""
        return sum(len(piece) for piece in self.pieces if isinstance(piece, bytes)) + BYTES_BESIDE

    @property
    def length(self) -> int:
        """Bytes of its body."""
        return sum(map(len, self.pieces))

    @property
    def body(self) -> bytes:
        """The body."""
        return b"".join(self.pieces)


class FastLane:
    """Wrap the application, within the shield.

    Parameters
    ----------
    app : callable
        What answers all else.
    editions : OpenEditions
        Says which edition an address means.
    answer_layer : callable
        Answers with a layer, as its route does.
    """

    def __init__(self, app: ASGIApp, editions: OpenEditions, answer_layer: LayerAnswer) -> None:
        self.app = app
        self.editions = editions
        self.answer_layer = answer_layer
        self.finished: Memory[Finished] = Memory(REMEMBERED_BYTES, LARGEST_REMEMBERED, lambda kept: kept.size)
        self._met = Met(MET)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as a layer, else by the application, and keep what may be kept."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        key = key_of(scope)
        scope.setdefault("state", {})[LANE] = slot = Slot()
        watched = Watched(send)
        known = known_tags(scope["headers"])
        if known is not None and (kept := self.find(key)) is not None:  # too long for the express, which sends no parts
            await self._give_again(kept, known, scope, send)
            return
        answer = await self._layer(scope, receive, key[2])
        if answer is None:
            await self.app(scope, receive, watched)
        else:
            scope["route"] = Route(LAYER_ROUTE)
            await answer(scope, receive, watched)
        if not scope["state"].get("head"):  # of which a long body is never made
            self._keep(key, slot, watched, scope)

    async def _give_again(self, kept: Finished, known: str, scope: Scope, send: Send) -> None:
        scope["route"] = kept.route
        same = is_known(known, kept.etag)
        headers = [pair for pair in kept.start["headers"] if not same or pair[0] in UNCHANGED]
        await send({**kept.start, "status": 304 if same else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if same else kept.body, "more_body": False})

    def find(self, key: Key) -> Finished | None:
        """Give a finished answer by its key, if there is one that still holds."""
        found = self.finished.find(key)
        if found is not None and not self._stands(found):
            self.finished.forget(key)
            return None
        return found

    def _stands(self, found: Finished) -> bool:
        """Tell whether an address still means the edition that its answer was made of."""
        if found.edition is None:
            return True
        try:
            return self.editions.now(found.edition.place["id"]) is found.edition
        except Exception:
            return False  # the application says what is wrong

    async def _layer(self, scope: Scope, receive: Receive, encoding: Encoding) -> Response | None:
        """Answer with a layer of GeoJSON; None for any other address, and where something is wrong with it."""
        path: str = scope["path"]
        if not path.startswith(LAYER_START):
            return None
        place, _, layer = path[len(LAYER_START) :].partition("/")
        if layer not in LAYERS or layer in OTHER_ROUTES:
            return None
        try:
            given = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            check_parameters(given, KNOWN)
            words = dict(given)
            detail, bbox = words.pop("detail", ""), words.pop("bbox", None)
            edition = await edition_named(self.editions, place, words.get("edition", ""))
            view = read_view(edition, ViewWords(**words), layer)
            check_names(edition, view)
            request = Request(scope, receive)
            if is_at_hand(edition, view, detail or "full", encoding, boxed=bool(bbox)):
                return self.answer_layer(request, edition, view, detail, bbox)
            return await asyncio.to_thread(self.answer_layer, request, edition, view, detail, bbox)
        except Exception:
            scope["state"][LANE].edition = None
            return None

    def _keep(self, key: Key, slot: Slot, watched: Watched, scope: Scope) -> None:
        start, edition = watched.start, slot.edition
        if edition is None or watched.body is None or start is None or start["status"] != 200:
            return
        etag = next((value for name, value in start["headers"] if name == b"etag"), b"")
        if etag and self._met.again(key):
            kept = Finished(
                edition=None if slot.pinned else edition,
                start=start,
                etag=etag.decode("latin-1"),
                pieces=slot.lying if slot.lying and not slot.pinned else (watched.body,),
                route=scope.get("route"),
            )
            self.finished.keep(key, kept)


class Watched:
    """Pass messages on, and keep those of an answer that comes in one part."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.start: Message | None = None
        self.body: bytes | None = None

    async def __call__(self, message: Message) -> None:
        """Pass one on."""
        if message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.body":
            whole = self.body is None and not message.get("more_body", False)
            self.body = message.get("body", b"") if whole else None
            if not whole:
                self.start = None
        await self._send(message)
