"""An answer whose body comes in parts: one part goes out with its length, many as a stream."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.drawing.prepared import Body

END = object()


class BodyResponse(Response):
    """Send a body part by part; parts that take work are made in a thread, so that nobody else waits.

    Parameters
    ----------
    body : Body
        Parts, their length in all where it is known, and whether making one takes work.
    headers, media_type : mapping, str
        As for any answer.
    """

    def __init__(self, body: Body, *, headers: Mapping[str, str], media_type: str) -> None:
        single = body.parts[0] if isinstance(body.parts, tuple) and len(body.parts) == 1 else None
        super().__init__(single, headers=headers, media_type=media_type)
        self.parts: Iterator[bytes] | None = None if single is not None else iter(body.parts)
        self.worked = body.worked
        if single is None:
            del self.headers["content-length"]
            if body.length is not None:
                self.headers["content-length"] = str(body.length)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        if self.parts is None:
            await super().__call__(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if not scope.get("state", {}).get("head"):
            while (part := await self._next()) is not END:
                await send({"type": "http.response.body", "body": part, "more_body": True})
                await asyncio.sleep(0)  # let others have their turn between two parts
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _next(self) -> object:
        assert self.parts is not None
        return await asyncio.to_thread(next, self.parts, END) if self.worked else next(self.parts, END)
