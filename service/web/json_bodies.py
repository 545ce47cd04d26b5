"""Bodies in JSON, read strictly: what cannot be read is told in plain words, and no field may come twice."""

from __future__ import annotations

import json
from email.message import Message
from typing import Any

from starlette.requests import Request

from service.queries import BadQuery

BODY = "body"
SEND = "Send a JSON object, as the API document describes it."
LONGEST_NAME = 80


class BadBody(BadQuery):
    """The body of a request is not a JSON object."""

    def __init__(self, said: str) -> None:
        super().__init__(BODY, said, hint=SEND)


class NotJson(BadQuery):
    """The body of a request is said to be something else than JSON."""

    def __init__(self, came: str) -> None:
        said = f"The body came as {came[:LONGEST_NAME]!r}; send application/json." if came else ""
        said = said or "The body came without a content type; send application/json."
        super().__init__(BODY, said, hint="Send the header Content-Type: application/json.")


class DoubledField(BadQuery):
    """An object in the body of a request has two fields of one name."""

    def __init__(self, field: str) -> None:
        super().__init__(field, f"{field} is given twice.", hint=f"Give {field} once.")


class JsonRequest(Request):
    """A request whose JSON is read once, by `read_body`."""

    parsed: dict[str, Any]

    async def json(self) -> Any:
        """Give the body as it was read."""
        return self.parsed


async def with_read_body(request: Request) -> JsonRequest:
    """Read the body of a request.

    Raises
    ------
    BadBody, NotJson, DoubledField
        See `read_body`.
    """
    read = JsonRequest(request.scope, request.receive)
    read.parsed = read_body(await read.body(), request.headers.get("content-type", ""))
    return read


def read_body(body: bytes, kind: str) -> dict[str, Any]:
    """Read a JSON object.

    Parameters
    ----------
    body : bytes
        As it came.
    kind : str
        The content type that came with it; empty for none.

    Returns
    -------
    dict
        The object.

    Raises
    ------
    BadBody
        If there is nothing, or it is no JSON, or not an object.
    NotJson
        If it is said to be of another kind.
    DoubledField
        If an object in it, at whatever depth, has a field twice.
    """
    if not body.strip():
        raise BadBody("The body is empty; send a JSON object.")
    if not is_json(kind):
        raise NotJson(kind)
    content = _parsed(body)
    if not isinstance(content, dict):
        raise BadBody("The body is JSON, but not an object; send a JSON object.")
    return content


def is_json(kind: str) -> bool:
    """Tell whether a content type is one of JSON: ``application/json``, or ``application/...+json``."""
    said = Message()
    said["content-type"] = kind
    subtype = said.get_content_subtype()
    return said.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body, object_pairs_hook=_fields)
    except DoubledField:
        raise
    except json.JSONDecodeError as error:
        where = f"at character {error.colno}" + (f" of line {error.lineno}" if error.lineno > 1 else "")
        raise BadBody(f"The body is not JSON: {error.msg[:1].lower()}{error.msg[1:]} {where}.") from None
    except UnicodeDecodeError:
        raise BadBody("The body is not JSON: it is not written in UTF-8.") from None
    except RecursionError:
        raise BadBody("The body is nested too deeply.") from None
    except ValueError:  # a whole number of thousands of digits
        raise BadBody("The body has a number that is too long.") from None


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Gather the fields of one object."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise DoubledField(name[:LONGEST_NAME])
        fields[name] = value
    return fields
