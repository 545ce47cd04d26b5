"""Bodies in JSON, read strictly: what cannot be read is told in plain words, and no field may come twice."""

from __future__ import annotations

import json
from email.message import Message
from typing import Any, TypeAlias

from starlette.requests import Request

from service.queries import BadQuery

BODY = "body"
SEND = "Send a JSON object, as the API document describes it."
LONGEST_NAME = 80
MOST_NAMES = 6
_Way: TypeAlias = "tuple[()] | tuple[_Way, str]"
"""The names and numbers that lead to a part of the body: all but the last, and the last."""


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


class _Doubled(dict[str, Any]):
    """An object that came with two fields of one name, `field`."""

    field: str


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
        If an object in it, at whatever depth, has a field twice; with the way to it, such as ``points.0.lon``.
    """
    if not body.strip():
        raise BadBody("The body is empty; send a JSON object.")
    if not is_json(kind):
        raise NotJson(kind)
    found: list[_Doubled] = []
    content = _parsed(body, found)
    if found:
        raise DoubledField(_way_to_doubled(content))
    if not isinstance(content, dict):
        raise BadBody("The body is JSON, but not an object; send a JSON object.")
    return content


def is_json(kind: str) -> bool:
    """Tell whether a content type is one of JSON: ``application/json``, or ``application/...+json``."""
    said = Message()
    said["content-type"] = kind
    subtype = said.get_content_subtype()
    return said.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))


def _parsed(body: bytes, found: list[_Doubled]) -> Any:
    """Parse JSON, and collect the objects that have a field twice."""

    def gathered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            fields = _Doubled(fields)
            fields.field = _first_doubled([name for name, _ in pairs])
            found.append(fields)
        return fields

    try:
        return json.loads(body, object_pairs_hook=gathered)
    except json.JSONDecodeError as error:
        where = f"at character {error.colno}" + (f" of line {error.lineno}" if error.lineno > 1 else "")
        raise BadBody(f"The body is not JSON: {error.msg[:1].lower()}{error.msg[1:]} {where}.") from None
    except UnicodeDecodeError:
        raise BadBody("The body is not JSON: it is not written in UTF-8.") from None
    except RecursionError:
        raise BadBody("The body is nested too deeply.") from None
    except ValueError:  # a whole number of thousands of digits
        raise BadBody("The body has a number that is too long.") from None


def _first_doubled(names: list[str]) -> str:
    seen: set[str] = set()
    return next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]


def _way_to_doubled(content: Any) -> str:
    """Name the first field that is there twice, outermost first, with the names and numbers that lead to it."""
    level: list[tuple[_Way, Any]] = [((), content)]
    while level:
        for way, part in level:
            if isinstance(part, _Doubled):
                return _written((way, part.field))
        level = [((way, name), inner) for way, part in level for name, inner in _parts(part)]
    return BODY


def _written(way: _Way) -> str:
    """Write a way as ``points.0.lon``; the end of it where it is very long."""
    names: list[str] = []
    while way:
        way, name = way
        names.append(name[:LONGEST_NAME])
    return ".".join(reversed(names[:MOST_NAMES]))


def _parts(content: Any) -> list[tuple[str, Any]]:
    if isinstance(content, dict):
        return list(content.items())
    return [(str(number), part) for number, part in enumerate(content)] if isinstance(content, list) else []
