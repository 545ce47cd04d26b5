"""The least a Python web server can do: bytes held in memory, by path. ``PEER_FILES`` names their folder."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

Message = MutableMapping[str, Any]
BODIES = {f"/{path.name}": path.read_bytes() for path in Path(os.environ["PEER_FILES"]).iterdir() if path.is_file()}


async def app(scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]):
    """Answer with the body of a path; no routing, no checks, no tags."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = BODIES[scope["path"]]
    headers = [(b"content-type", b"application/geo+json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
