"""The browser's files under ``/assets``: read once, compressed once, cached for a year by their hash."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from service.encodings import Encoding, choose_encoding, compressed_once
from service.web.answers import is_known
from service.web.lean_files import lean_script, lean_style, without_rules

FOLDER = Path(__file__).parent.parent / "assets"
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".ico": "image/x-icon",
}
BUNDLES = {  # several files as one, for pages that must be small
    "embed_page.css": ("vendor/leaflet/leaflet.css", "map.css", "embed.css"),
    "embed_page.js": ("map_shapes.js", "map.js", "embed.js"),
}
LIBRARY_STYLE = "vendor/leaflet/leaflet.css"
NOT_DRAWN = re.compile(r"\.leaflet-(popup|control-layers|control-attribution|image-layer|tile|vml)|\.lvml")
"""What Leaflet can draw and no map of ours has: a sixth of an embed's style."""

NOT_SERVED = ("node_modules", "package.json", "package-lock.json")
SQUEEZED = (".css", ".js", ".svg", ".json", ".txt")
FOR_EVER = "public, max-age=31536000, immutable"
FOR_NOW = "public, max-age=300"


@dataclass(frozen=True)
class AssetFile:
    """One file as it is sent."""

    body: bytes
    kind: str

    @cached_property
    def digest(self) -> str:
        """Short hash of the content: what ``?v=`` carries."""
        return hashlib.sha256(self.body).hexdigest()[:12]

    def is_ready(self, encoding: Encoding) -> bool:
        """Tell whether the content under an encoding is at hand."""
        return not encoding or encoding in self._squeezed

    def under(self, encoding: Encoding) -> bytes:
        """Give the content under an encoding, made once, the same bytes each time."""
        if encoding not in self._squeezed:
            self._squeezed[encoding] = compressed_once(self.body, encoding) if encoding else self.body
        return self._squeezed[encoding]

    @cached_property
    def _squeezed(self) -> dict[Encoding, bytes]:
        return {}


class AssetFiles:
    """The files of one folder, by name.

    Parameters
    ----------
    folder : pathlib.Path
        With our own files at the top and those of the npm packages under ``vendor/``.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self._files: dict[str, AssetFile] = {}
        names = frozenset(
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.suffix in KINDS
            and path.is_file()
            and not any(part in NOT_SERVED or part.startswith(".") for part in path.relative_to(folder).parts)
        )
        self._names = names | {name for name, parts in BUNDLES.items() if names.issuperset(parts)}

    def file(self, name: str) -> AssetFile:
        """Give a file by its name; ``KeyError`` if there is none."""
        if name not in self._names:
            raise KeyError(name)
        if name not in self._files:
            kind = KINDS.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
            self._files[name] = AssetFile(self._body(name), kind)
        return self._files[name]

    def _body(self, name: str) -> bytes:
        """Read a file, our own scripts and all styles without comments; or join those of a bundle."""
        if name in BUNDLES:
            return b"".join(self.file(part).body for part in BUNDLES[name])
        body = (self.folder / name).read_bytes()
        if name.endswith(".css"):
            lean = lean_style(body.decode())
            return (without_rules(lean, NOT_DRAWN) if name == LIBRARY_STYLE else lean).encode()
        if name.endswith(".js") and not name.startswith("vendor/"):
            return lean_script(body.decode()).encode()
        return body

    def address(self, name: str) -> str:
        """Give the address of a file with its hash: ``/assets/map.js?v=0f3c...``; without it when absent."""
        try:
            return f"/assets/{name}?v={self.file(name).digest}"
        except KeyError:
            return f"/assets/{name}"

    async def serve(self, request: Request) -> Response:
        """Answer ``/assets/{name}``."""
        name = request.path_params["name"]
        try:
            found = self.file(name)
        except KeyError:
            raise HTTPException(404) from None
        squeezed = Path(name).suffix in SQUEEZED
        encoding = choose_encoding(request.headers.get("accept-encoding", "")) if squeezed else ""
        tag = f'"{found.digest}-{encoding}"' if encoding else f'"{found.digest}"'
        current = request.query_params.get("v") == found.digest
        headers = {"ETag": tag, "Cache-Control": FOR_EVER if current else FOR_NOW}
        if squeezed:
            headers["Vary"] = "Accept-Encoding"
        if is_known(request.headers.get("if-none-match", ""), tag):
            return Response(None, 304, headers)
        if encoding:
            headers["Content-Encoding"] = encoding
        ready = found.is_ready(encoding)  # a large file takes half a second to compress, once
        body = found.under(encoding) if ready else await run_in_threadpool(found.under, encoding)
        return Response(body, 200, headers, media_type=found.kind)
