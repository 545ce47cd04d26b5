"""Finished answers given again before anything else is asked: the shield's headers, counts and log line, not its work.

What has to be looked at anew is: the edition that the address means, the tag that the client knows, and the
request's first lines. Whatever is out of the ordinary goes through the shield as always. A finished answer needs no
turn and no room: it takes less time than a refusal.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from service.web.answer_keys import UNCHANGED, key_of, known_tags
from service.web.answers import is_known
from service.web.heads import slip_in
from service.web.log import write_access
from service.web.slow_readers import PIECE

if TYPE_CHECKING:
    from service.web.fast_lane import FastLane, Finished
    from service.web.policies import Headers
    from service.web.shield import Scope, Send, Shield


class Express:
    """Give finished answers.

    Parameters
    ----------
    shield : Shield
        Whose headers, limits and counts hold here too.
    lane : FastLane
        What keeps the answers.
    """

    def __init__(self, shield: Shield, lane: FastLane) -> None:
        self.shield = shield
        self.lane = lane

    async def give(self, scope: Scope, send: Send) -> bool:
        """Answer if that is finished, and tell whether it was."""
        began = time.perf_counter()
        known = known_tags(scope["headers"])
        if known is None:
            return False
        found = self.lane.find(key_of(scope))
        if found is None or found.length > PIECE or slip_in(scope) is not None:
            return False
        same = is_known(known, found.etag)
        status, body = (304, b"") if same else (200, found.body)
        identity = secrets.token_hex(8)
        headers = [*self._headers(found, scope["path"])[same], (b"x-request-id", identity.encode())]
        sent = body if scope["method"] == "GET" else b""
        self.shield.running += 1
        try:
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": sent, "more_body": False})
        finally:
            self.shield.running -= 1
            seconds = time.perf_counter() - began
            route = str(getattr(found.route, "path", ""))
            self.shield.metrics.count_request(route, scope["method"], status, seconds, len(sent))
            write_access(identity, scope["method"], route, status, len(sent), seconds)
        return True

    def _headers(self, found: Finished, path: str) -> tuple[Headers, Headers]:
        """Give the headers of an answer and of a 304 in its place, as the shield would."""
        if found.headers is None:
            given: Headers = found.start["headers"]
            unchanged = [(name, value) for name, value in given if name in UNCHANGED]
            found.headers = self.shield.headers_for(path, given), self.shield.headers_for(path, unchanged)
        return found.headers
