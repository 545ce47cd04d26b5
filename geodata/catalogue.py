"""The catalogue: every published file as data, with its publisher, licence, edition and address."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path, PurePosixPath

from geodata.errors import BadDefinition

CATALOGUE = Path(__file__).with_name("sources.toml")
LICENCES = {
    "OGL-3.0": (
        "Open Government Licence v3.0",
        "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    ),
    "OPL-3.0": (
        "Open Parliament Licence v3.0",
        "https://www.parliament.uk/site-information/copyright-parliament/open-parliament-licence/",
    ),
    "ODbL-1.0": ("Open Database Licence 1.0", "https://opendatacommons.org/licenses/odbl/1-0/"),
    "MIT": ("MIT Licence (fictional data, made for the demo)", "https://opensource.org/license/mit"),
}
WAYS_TO_FETCH = ("arcgis", "ods", "govuk", "file", "none")
LAYOUTS = ("polygons", "points", "table")
COUNCIL_CODE = re.compile(r"E0[6-9]\d{6}|\*")


@dataclass(frozen=True)
class Source:
    """One published file: what it is, whose it is, what to say about it, and where it is found.

    Attributes
    ----------
    id : str
        Name in the catalogue, for example ``iod2025_file7``.
    title, publisher, edition, period : str
        What a reader of ``/sources`` sees; ``period`` is the time that the figures are about.
    licence : str
        A key of ``LICENCES``.
    attribution : str
        The sentence to reproduce wherever the data are shown.
    kind : str
        What it is about: ``boundaries``, ``lookup``, ``deprivation``, ``sites`` and so on.
    files : tuple of str
        Accepted file names in order of preference; ``*`` and ``?`` are wild.
    landing_page, address : str
        The publisher's page for people, and the address that is asked; either may be empty.
    fetch : str
        How the publisher is asked: ``arcgis``, ``ods``, ``govuk``, ``file``, or ``none`` (a folder only).
    folder : str
        Where a sources folder keeps it; the top of the folder is looked at too.
    reader : str
        Which reader opens it; empty while none does.
    expected_rows : int or None
        Rows of the whole file in this edition, headers not counted.
    rows_by_file : mapping of file name to rows
        The same for accepted files that cover less.
    least_rows : int or None
        For a list that changes: fewer rows than this from the publisher is a broken answer.
    living : bool
        Whether the publisher changes it in place, so that ``expected_rows`` holds for a kept file only.
    required : bool
        Whether a build stops without it.
    named : bool
        Whether a build opens it only where it is told to, whatever lies in the folder: streets and timetables.
    key : str
        Published header of the column that names a row; two columns are joined by ``+``.
    columns : mapping of str to str
        Own column name to published header, for plain tables.
    complete_for : mapping of service to tuple of council codes
        Where the list of a service is whole; ``*`` is all of England.
    layout, where, fields : str, str, tuple of str
        For ``arcgis``: ``polygons``, ``points`` or ``table``, which rows, which columns.
    asset : str
        For ``govuk``: pattern of the file name that the landing page links to.
    hosts : tuple of str
        Other hosts that may serve the file.
    ranked_areas : int or None
        Over how many areas its ranks run, where the file is cut to fewer.
    accepted_formats, note : str
        What the reader takes, and what to know before use.
    """

    id: str
    title: str
    publisher: str
    licence: str
    attribution: str
    edition: str
    period: str
    kind: str
    files: tuple[str, ...]
    landing_page: str = ""
    address: str = ""
    fetch: str = "none"
    folder: str = ""
    reader: str = ""
    expected_rows: int | None = None
    rows_by_file: Mapping[str, int] = field(default_factory=dict)
    least_rows: int | None = None
    living: bool = False
    required: bool = False
    named: bool = False
    key: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    complete_for: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    layout: str = ""
    where: str = "1=1"
    fields: tuple[str, ...] = ()
    asset: str = ""
    hosts: tuple[str, ...] = ()
    ranked_areas: int | None = None
    accepted_formats: str = ""
    note: str = ""

    @property
    def status(self) -> str:
        """Say whether a reader opens this source: ``read``, ``read where named`` or ``held, not read yet``."""
        return "read" if self.reader else "read where named" if self.named else "held, not read yet"

    @property
    def key_columns(self) -> tuple[str, ...]:
        """Give the published headers that together name a row."""
        return tuple(self.key.split("+")) if self.key else ()

    @property
    def where_to_get_it(self) -> str:
        """Say in a sentence where the file is published and what it may be called."""
        page = f"Get it from {self.landing_page} and" if self.landing_page else "To mend it,"
        place = f"{self.folder}/" if self.folder else ""
        return f"{page} keep it as {place}{self.files[0]} in the sources folder."

    def rows_expected_in(self, file: str) -> int | None:
        """Give the rows that a kept file of this name should have, or None where any number will do."""
        if file in self.rows_by_file:
            return self.rows_by_file[file]
        return self.expected_rows if file == self.files[0] else None

    def is_complete_for(self, service: str, council: str) -> bool:
        """Say whether the list of a service is whole in a council (``lad24cd``)."""
        codes = self.complete_for.get(service, ())
        return "*" in codes or council in codes


def load_catalogue(path: Path = CATALOGUE) -> dict[str, Source]:
    """Read and check a catalogue.

    Parameters
    ----------
    path : pathlib.Path
        A TOML file with one table per source.

    Returns
    -------
    dict of str to Source
        By id, in the order of the file.

    Raises
    ------
    BadDefinition
        If a key is unknown, absent or of the wrong type, or a value is not one of those allowed; the error
        names the file, the source and the key.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadDefinition(f"not a readable TOML file: {error}", rule="bad-toml", file=path.name) from error
    return {name: _source(name, entry, path.name) for name, entry in entries.items()}


def _source(name: str, entry: object, file: str) -> Source:
    if not isinstance(entry, dict):
        raise BadDefinition("not a source: a table is expected", rule="bad-type", file=file, column=name)
    values: dict[str, object] = {"id": name}
    known = {part.name: part for part in fields(Source)}
    for key, value in entry.items():
        if key not in known or key == "id":
            raise _bad("unknown-key", f"no source has a key {key!r}", file, name, key)
        values[key] = _typed(value, str(known[key].type), file, name, key)
    for key, part in known.items():
        if part.default is MISSING and part.default_factory is MISSING and not values.get(key):
            raise _bad("missing-key", f"every source needs {key}", file, name, key)
    source = Source(**values)  # type: ignore[arg-type]
    _check(source, file)
    return source


def _typed(value: object, wanted: str, file: str, name: str, key: str) -> object:
    """Check a TOML value against the type of its field, and freeze its lists."""
    texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
    if wanted == "tuple[str, ...]" and texts:
        return tuple(value)  # type: ignore[arg-type]
    if wanted == "bool" and isinstance(value, bool):
        return value
    if wanted == "int | None" and isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    if wanted == "str" and isinstance(value, str):
        return value.strip()
    if wanted.startswith("Mapping") and isinstance(value, dict):
        inner = wanted.removeprefix("Mapping[str, ").removesuffix("]")
        inner = "int | None" if inner == "int" else inner
        return {item: _typed(part, inner, file, name, f"{key}.{item}") for item, part in value.items()}
    raise _bad("bad-type", f"{value!r} is not of the kind {wanted}", file, name, key)


def _check(source: Source, file: str) -> None:
    """Refuse a source that contradicts itself."""

    def refuse(key: str, message: str, rule: str = "bad-value") -> None:
        """Refuse one key of the source."""
        raise _bad(rule, message, file, source.id, key)

    if source.licence not in LICENCES:
        refuse("licence", f"{source.licence!r} is not one of {', '.join(LICENCES)}", "bad-licence")
    if source.fetch not in WAYS_TO_FETCH:
        refuse("fetch", f"{source.fetch!r} is not one of {', '.join(WAYS_TO_FETCH)}")
    if source.fetch != "none" and not source.address:
        refuse("address", f"a source fetched by {source.fetch!r} needs an address", "missing-key")
    if source.fetch != "none" and not source.landing_page:
        refuse("landing_page", "a source that is fetched needs a page for people", "missing-key")
    if source.fetch == "govuk" and not source.asset:
        refuse("asset", "a source fetched by 'govuk' needs the pattern of its file name", "missing-key")
    if source.fetch == "arcgis" and (source.layout not in LAYOUTS or not source.fields or not source.key):
        refuse("layout", f"a source fetched by 'arcgis' needs key, fields and a layout: {', '.join(LAYOUTS)}")
    for key in ("landing_page", "address"):
        if (link := getattr(source, key)) and not re.match(r"https?://[^/\s]+", link):
            refuse(key, f"{link!r} is not a web address")
    for name in (*source.files, source.folder):
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\\" in name:
            refuse("files", f"{name!r} leaves the sources folder")
    for service, codes in source.complete_for.items():
        if wrong := [code for code in codes if not COUNCIL_CODE.fullmatch(code)]:
            refuse(f"complete_for.{service}", f"{wrong[0]!r} is neither a council code nor '*'")


def _bad(rule: str, message: str, file: str, source: str, key: str) -> BadDefinition:
    return BadDefinition(message, rule=rule, file=file, code=source, column=key)
