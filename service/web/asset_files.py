"""The browser's files under ``/assets``: read once, compressed once, cached for a year by their hash."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

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

    @cached_property
    def squeezed(self) -> bytes:
        """The content under gzip, the same bytes each time."""
        return gzip.compress(self.body, 9, mtime=0)


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
        self._names = frozenset(
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.suffix in KINDS
            and path.is_file()
            and not any(part in NOT_SERVED or part.startswith(".") for part in path.relative_to(folder).parts)
        )

    def file(self, name: str) -> AssetFile:
        """Give a file by its name; ``KeyError`` if there is none."""
        if name not in self._names:
            raise KeyError(name)
        if name not in self._files:
            path = self.folder / name
            kind = KINDS.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
            self._files[name] = AssetFile(path.read_bytes(), kind)
        return self._files[name]

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
        tag = f'"{found.digest}"'
        current = request.query_params.get("v") == found.digest
        headers = {"ETag": tag, "Cache-Control": FOR_EVER if current else FOR_NOW}
        if Path(name).suffix in SQUEEZED:
            headers["Vary"] = "Accept-Encoding"
        if tag in request.headers.get("if-none-match", ""):
            return Response(None, 304, headers)
        squeeze = Path(name).suffix in SQUEEZED and "gzip" in request.headers.get("accept-encoding", "")
        if squeeze:
            headers["Content-Encoding"] = "gzip"
        return Response(found.squeezed if squeeze else found.body, 200, headers, media_type=found.kind)
