"""Context: what is known for councils and sub-ICB locations, or over time. Never part of a neighbourhood's score."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from geodata.errors import BadDefinition
from geodata.toml_entries import build_entry, read_toml


@dataclass(frozen=True)
class Variable:
    """One figure of context, and what has to be known about it.

    Attributes
    ----------
    polarity : int
        +1 high is worse, -1 high is better, 0 neither.
    about : str
        What it says, and how it differs from an indicator of neighbourhoods with a like name; empty where the
        publisher's name says all that its file does.
    published : str
        The publisher's name of it; empty where it is summed from our own neighbourhoods.
    peers : bool
        Whether similar councils are sought by it.
    """

    id: str
    name: str
    unit: str
    polarity: int
    source: str
    published: str = ""
    about: str = ""
    peers: bool = False


CONTEXT = Path(__file__).with_name("context.toml")


@cache
def load_variables(path: Path = CONTEXT) -> dict[str, Variable]:
    """Every defined variable of context by id."""
    found = {name: build_entry(Variable, {"id": name, **entry}, path.name) for name, entry in read_toml(path).items()}
    for variable in found.values():
        if variable.polarity not in (1, 0, -1):
            raise BadDefinition("polarity is +1, 0 or -1", rule="bad-polarity", file=path.name, column=variable.id)
    return found
