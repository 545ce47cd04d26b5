"""An application behind the shield whose one answer is too large for any buffer; `test_slow_readers.py` serves it."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from service.web import slow_readers
from service.web.log import write_json_lines
from service.web.shield import Shield

slow_readers.LOOKS_EVERY = 0.4
BODY = bytes(range(256)) * 4096 * 40  # 40 MB


async def large(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-length", str(len(BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if scope["path"] == "/late":  # an application that is slow itself is not its reader's fault
        await send({"type": "http.response.body", "body": BODY[:1000], "more_body": True})
        await asyncio.sleep(slow_readers.LOOKS_EVERY * (slow_readers.LOOKS + 3))
        await send({"type": "http.response.body", "body": BODY[1000:]})
    else:
        await send({"type": "http.response.body", "body": BODY})


app = Shield(large)

if __name__ == "__main__":
    from granian import Granian
    from granian.constants import Interfaces

    write_json_lines("info")
    Granian(
        "tests.service.large_answer:app", port=int(sys.argv[1]), interface=Interfaces.ASGINL, log_enabled=False
    ).serve()
