"""Where the table begins in a file that a user brings, and which column is what.

Columns are told by declaration, then by name, then (codes and single figures only) by content; what was
understood is always said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from geodata.errors import BadFile
from geodata.upload.codes import misfit, tidy_code
from geodata.upload.declared import Declared
from geodata.upload.headers import ANY_CODE, NAMES, code_year, refuse_persons, tidy_name
from geodata.upload.numbers import looks_like_figure
from geodata.upload.postcodes import tidy_postcode
from geodata.upload.report import Findings, shown
from geodata.upload.text import Row

HEADER_WITHIN = 50  # a header stands in one of the first 50 rows
SAMPLE = 200
MOSTLY = 0.8
NO_COLUMN = "none"  # declared for a role, it says that no column has it
FIGURES = ("value", "count", "denominator", "amount")


@dataclass(frozen=True)
class Layout:
    """What the top of a file says.

    Attributes
    ----------
    header : tuple of str
        Column names as they came, without empty ones at the end.
    header_row : int
        Row number of the header.
    roles : dict of str to int
        What is needed ("code", "value", ...) to its column.
    only : tuple of (int, str)
        Column and value that a row must have to be used.
    """

    header: tuple[str, ...]
    header_row: int
    roles: dict[str, int]
    only: tuple[tuple[int, str], ...] = ()

    def name(self, role: str) -> str:
        """Return the header of a role, as it came."""
        return self.header[self.roles[role]]


def find_layout(head: Sequence[Row], declared: Declared, findings: Findings) -> Layout:
    """Find the header among the first rows, and what each column is.

    Parameters
    ----------
    head : sequence of (int, list of str)
        Row numbers and cells of the first rows, blank ones left out.
    declared : Declared
        Kind, and columns named by the user.
    findings : Findings
        Takes notes of titles and of columns told by their content.

    Raises
    ------
    BadFile
        no-header, no-rows, missing-column, doubled-column, ambiguous-column, vintage-not-declared or person-level.
    """
    at = _header_at(head, declared)
    number, cells = head[at]
    header = [" ".join(cell.split()) for cell in cells]
    while header and not header[-1]:
        header.pop()
    refuse_persons(header, number)
    sample = [row for _, row in head[at + 1 : at + 1 + SAMPLE]]
    if not sample:
        raise BadFile("there is a header and no row below it", rule="no-rows", row=number)
    if at:
        first = next(cell for cell in head[0][1] if cell.strip())
        findings.add("title-rows", f"{at} rows above the header were passed over", row=head[0][0], value=first)
    roles = _roles(header, number, sample, declared, findings)
    only = tuple((_declared_at(header, name, "only"), value) for name, value in declared.only)
    layout = Layout(tuple(header), number, roles, only)
    _tell(layout, findings)
    return layout


def _header_at(head: Sequence[Row], declared: Declared) -> int:
    """Position of the header: the row with most known names, else the row above the first code."""
    wide = [sum(1 for cell in cells if cell.strip()) > 1 for _, cells in head[:HEADER_WITHIN]]
    known = [_known_names(cells, declared) * wide[i] for i, (_, cells) in enumerate(head[:HEADER_WITHIN])]
    if any(known):
        return known.index(max(known))
    holds_data = _is_code if declared.kind != "sites" else tidy_postcode
    coded = next((i for i, (_, cells) in enumerate(head) if any(map(holds_data, cells))), None)
    if coded == 0:
        raise BadFile("the first row holds data; column names are expected there", rule="no-header", row=head[0][0])
    if coded is not None:
        return coded - 1
    return wide.index(True) if True in wide else 0


def _known_names(cells: Sequence[str], declared: Declared) -> int:
    wanted = {tidy_name(name) for name in declared.columns.values()}
    names = {tidy_name(cell) for cell in cells} - {""}
    known = {alias for aliases in NAMES[declared.kind].values() for alias in aliases}
    codes = declared.kind != "sites" and any(map(code_year, names))
    return len(names & (known | wanted)) + bool(codes)


def _is_code(cell: str) -> bool:
    return misfit(cell, tidy_code(cell)) is None


def _is_other_level(cell: str) -> bool:
    fault = misfit(cell, tidy_code(cell))
    return fault is not None and fault[0] in ("wrong-level", "wrong-nation")


def _roles(
    header: list[str], number: int, sample: list[list[str]], declared: Declared, findings: Findings
) -> dict[str, int]:
    """Find the column of each role: as declared, else by its name."""
    named = {role: name for role, name in declared.columns.items() if name.casefold() != NO_COLUMN}
    roles = {role: _declared_at(header, name, role) for role, name in named.items()}
    if declared.kind != "sites" and "code" not in roles:
        roles["code"] = _code_at(header, number, sample, declared, findings)
    for role, aliases in NAMES[declared.kind].items():
        if role not in declared.columns:
            found = _named(header, aliases, set(roles.values()))
            if len(found) == 1:
                roles[role] = found[0]
            elif found and role in FIGURES and "value" not in roles:
                raise _ambiguous(role, [header[i] for i in found], number)
            elif found and role not in FIGURES:
                roles[role] = found[0]
    _complete(roles, header, sample, declared, findings)
    return roles


def _named(header: list[str], aliases: tuple[str, ...], taken: set[int]) -> list[int]:
    """Return the columns with one of the names, in the order of the names; only the plainest where that is there."""
    tidied = [tidy_name(name) for name in header]
    found = []
    for alias in aliases:
        alike = [i for i, name in enumerate(tidied) if name == alias and i not in taken]
        if len(alike) > 1:
            raise _doubled(header[alike[0]], len(alike))
        if alike and alias == aliases[0]:
            return alike
        found += alike
    return found


def _declared_at(header: list[str], name: str, role: str) -> int:
    found = [i for i, given in enumerate(header) if given.casefold() == name.casefold()]
    found = found or [i for i, given in enumerate(header) if tidy_name(given) == tidy_name(name) != ""]
    if not found:
        raise BadFile(f"there is no column {shown(name)!r}, declared as {role}", rule="missing-column", column=name)
    if len({tidy_name(given) for given in header}) < len(header):
        alike = sum(tidy_name(given) == tidy_name(name) != "" for given in header)
        if alike > 1 or len(found) > 1:
            raise _doubled(name, max(alike, len(found)))
    return found[0]


def _doubled(name: str, times: int, row: int | None = None) -> BadFile:
    return BadFile(f"the column {shown(name)!r} is there {times} times", rule="doubled-column", row=row, column=name)


def _code_at(header: list[str], number: int, sample: list[list[str]], declared: Declared, findings: Findings) -> int:
    """Return the column of area codes, of the census year declared where there are several."""
    years = {i: year for i, name in enumerate(header) if (year := code_year(tidy_name(name)))}
    for wanted in (str(declared.vintage), "any"):
        found = [i for i, year in years.items() if year == wanted]
        if len(found) > 1:
            found = [i for i in found if _share(sample, i, _is_code) >= MOSTLY] or found
        if len({tidy_name(header[i]) for i in found}) < len(found):
            raise _doubled(header[found[0]], len(found), number)
        if len(found) > 1:
            found = [i for i in found if tidy_name(header[i]) not in ANY_CODE]
        if len(found) > 1:
            raise _ambiguous("code", [header[i] for i in found], number)
        if found:
            return found[0]
    if years:
        name, year = header[min(years)], years[min(years)]
        rule = "vintage-not-declared" if "vintage" not in declared.facts else "wrong-vintage"
        message = f"the codes are those of {year} ({name}); those of {declared.vintage} are expected"
        raise BadFile(message, rule=rule, row=number, column=name)
    return _code_by_content(header, number, sample, findings)


def _code_by_content(header: list[str], number: int, sample: list[list[str]], findings: Findings) -> int:
    found = [i for i in range(len(header)) if _share(sample, i, _is_code) >= MOSTLY]
    if len(found) == 1:
        findings.add("column-by-content", "taken as the area code, by its content", column=header[found[0]])
        return found[0]
    if found:
        raise _ambiguous("code", [header[i] for i in found], number)
    message = f"there is no column of area codes such as LSOA21CD; the file has {_listed(header)}"
    others = [i for i in range(len(header)) if _share(sample, i, _is_other_level) >= MOSTLY]
    if others:
        message = f"{header[others[0]]!r} holds codes of other areas; those of neighbourhoods (LSOA) are needed"
    raise BadFile(message, rule="missing-column", row=number, column="lsoa21cd")


def _complete(
    roles: dict[str, int], header: list[str], sample: list[list[str]], declared: Declared, findings: Findings
) -> None:
    """See that the columns found are enough; take the only other column of figures or names where one is missing."""
    needed = {"footprints": "footprint", "indicator": "value", "resource": "amount"}.get(declared.kind)
    if declared.kind == "sites":
        _complete_sites(roles, header)
    elif declared.kind == "indicator" and {"count", "denominator"} <= set(roles):
        return
    elif declared.kind == "indicator" and "count" in roles and "value" not in roles:
        roles["value"] = roles.pop("count")
    elif needed is not None and needed not in roles:
        fits = _looks_like_name if needed == "footprint" else looks_like_figure
        free = [i for i in range(len(header)) if i not in roles.values() and _share(sample, i, fits) >= MOSTLY]
        if len(free) > 1:
            raise _ambiguous(needed, [header[i] for i in free])
        if not free:
            wanted = "value, or count and denominator" if declared.kind == "indicator" else needed
            message = f"there is no column for {wanted}; the file has {_listed(header)}"
            raise BadFile(message, rule="missing-column", column=needed)
        findings.add("column-by-content", f"taken as the {needed}, by its content", column=header[free[0]])
        roles[needed] = free[0]


def _complete_sites(roles: dict[str, int], header: list[str]) -> None:
    pairs = (("easting", "northing"), ("longitude", "latitude"), ("x", "y"))
    for one, other in pairs:
        if (one in roles) != (other in roles):
            if "postcode" not in roles and one not in "xy":
                there, gone = (one, other) if one in roles else (other, one)
                raise BadFile(f"there is a column for {there} and none for {gone}", rule="missing-column", column=gone)
            roles.pop(one, None)
            roles.pop(other, None)
    if "postcode" not in roles and not any(one in roles for one, _ in pairs):
        message = (
            f"there is no postcode, easting and northing, or longitude and latitude; the file has {_listed(header)}"
        )
        raise BadFile(message, rule="missing-column", column="postcode")
    if not {"name", "site_id"} & set(roles):
        message = f"there is no name or identifier of the sites; the file has {_listed(header)}"
        raise BadFile(message, rule="missing-column", column="name")


def _looks_like_name(cell: str) -> bool:
    return any(map(str.isalpha, cell)) and not _is_code(cell)


def _share(sample: list[list[str]], column: int, fits: Callable[[str], bool]) -> float:
    """Share of the cells of a column, empty ones left out, that fit."""
    cells = [row[column] for row in sample if column < len(row) and row[column].strip()]
    return sum(map(fits, cells)) / len(cells) if cells else 0.0


def _ambiguous(role: str, names: Sequence[str], row: int | None = None) -> BadFile:
    message = f"any of {_listed(names)} could be the {role}"
    hint = f"Say which with --declare {role}_column=..."
    return BadFile(message, rule="ambiguous-column", row=row, column=names[0], hint=hint)


def _listed(names: Sequence[str]) -> str:
    shown_names = ", ".join(repr(shown(name, 40)) for name in names[:6])
    return shown_names + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _tell(layout: Layout, findings: Findings) -> None:
    """Say which row is the header, which column is what, and what is not used."""
    findings.facts["header_row"] = str(layout.header_row)
    findings.facts |= {f"column.{role}": shown(layout.header[i]) for role, i in layout.roles.items()}
    used = {*layout.roles.values(), *(i for i, _ in layout.only)}
    rest = [name for i, name in enumerate(layout.header) if i not in used and name]
    if rest:
        findings.add("columns-not-used", f"not used: {_listed(rest)}", row=layout.header_row)
