"""Services that a site can give: one registry for readers, builds, pages and commands.

Standard library only: the web process reads it too.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from geodata.errors import UnknownService

FILE = Path(__file__).parent / "services.toml"


@dataclass(frozen=True)
class Service:
    """One service.

    Attributes
    ----------
    id, name, plural, question : str
        Name in addresses, one site of it, several, and what its page asks.
    source : str
        Id of the source that lists its sites.
    supply : str
        What a site of it counts, in words.
    includes : tuple of str
        Services whose sites give this one, itself among them.
    old : bool
        The list is years old: read only when asked.
    shared : bool
        Several councils share one site, so that a national list has no gap where a council has none.
    focus : str
        Id of the focus that says whom it is for, where a question names none; empty where none fits.
    mode : str
        How most people get there, where a question does not say; empty for the usual one, on foot.
    """

    id: str
    name: str
    plural: str
    question: str
    source: str
    supply: str
    includes: tuple[str, ...]
    old: bool = False
    shared: bool = False
    focus: str = ""
    mode: str = ""


@cache
def load_services(file: Path = FILE) -> Mapping[str, Service]:
    """Every service by id, in the order that pages list them.

    Raises
    ------
    ValueError
        If a service includes one that the file does not define.
    """
    found = {}
    for name, entry in tomllib.loads(file.read_text(encoding="utf-8")).items():
        included = tuple(entry.pop("includes", (name,)))
        found[name] = Service(id=name, includes=included, **entry)
    for service in found.values():
        if unknown := set(service.includes) - set(found):
            raise ValueError(f"service {service.id!r} includes {min(unknown)!r}, which {file.name} does not define")
    return found


def giving(service: str) -> tuple[str, ...]:
    """Name the services whose sites give a service: itself, and those it includes."""
    known = load_services().get(service)
    return known.includes if known else (service,)


def sources_of(services: Iterable[Service]) -> tuple[str, ...]:
    """Ids of the sources that list sites of these services, each once."""
    return tuple(dict.fromkeys(service.source for service in services))


def old_sources(asked: Collection[str] = ()) -> frozenset[str]:
    """Ids of the sources whose lists are years old and were not asked for.

    Parameters
    ----------
    asked : collection of str
        Old services or their sources, by id: ``gp_branch`` or ``gp_branches``.

    Raises
    ------
    UnknownService
        If one of them is neither.
    """
    old = {service.source: service.id for service in load_services().values() if service.old}
    for name in asked:
        if name not in old and name not in old.values():
            raise UnknownService(f"No old list {name[:60]!r} to be read when asked; there is {', '.join(old)}.")
    return frozenset(source for source, service in old.items() if not {source, service} & set(asked))
