"""Tables of TOML made into dataclasses: every key known, every value of the type that its field has."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, NoReturn

from geodata.errors import BadDefinition

NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


def read_toml(path: Path) -> dict[str, Any]:
    """Read a file of definitions; BadDefinition if it is not TOML in UTF-8."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadDefinition(f"not TOML: {error}", rule="bad-toml", file=path.name) from error
    except UnicodeDecodeError as error:
        raise BadDefinition("not UTF-8 text", rule="bad-encoding", file=path.name) from error


def are_texts(value: Any) -> bool:
    """Whether a value is a list of texts."""
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


PLAIN: Mapping[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: type(value) is int,
    "float": lambda value: type(value) in (int, float),
    "tuple[str, ...]": are_texts,
    "datetime.date": lambda value: type(value) is datetime.date,
    "datetime.date | None": lambda value: type(value) is datetime.date,
}  # what a TOML value has to be, by the type of its field


def refuse_type(file: str, key: str, value: Any, wanted: str) -> NoReturn:
    """Refuse a value that is not what its key wants."""
    raise BadDefinition(f"{key} should be {wanted}", rule="bad-type", file=file, column=key, value=value)


def build_entry(kind: type, entry: dict[str, Any], file: str) -> Any:
    """Make a dataclass from a table, lists turned to tuples, unknown and missing keys refused."""
    known = {part.name for part in fields(kind)}
    unknown = [key for key in entry if key not in known]
    if unknown:
        raise BadDefinition(
            f"unknown key; a {kind.__name__.lower()} has {', '.join(sorted(known))}",
            rule="unknown-key",
            file=file,
            column=unknown[0],
        )
    if not NAME.fullmatch(str(entry.get("id", entry.get("indicator", "")))):
        raise BadDefinition(
            "a name is made of small letters, digits, - and _", rule="bad-name", file=file, value=entry.get("id")
        )
    needed = [part.name for part in fields(kind) if part.default is MISSING and part.default_factory is MISSING]
    needed = [name for name in needed if name != "id"]
    missing = [name for name in needed if name not in entry]
    if missing:
        a = "an" if kind.__name__[0] in "AEIOU" else "a"
        says = f"{a} {kind.__name__.lower()} needs {', '.join(needed)}; missing: {', '.join(missing)}"
        raise BadDefinition(says, rule="missing-key", file=file, column=missing[0])
    for part in fields(kind):
        value, wanted = entry.get(part.name), PLAIN.get(str(part.type))
        if wanted is not None and value is not None and not wanted(value):
            refuse_type(file, part.name, value, str(part.type))
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()})
