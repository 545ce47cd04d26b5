"""Write the figures of the worked examples: ``python -m service.worked.write`` after a change to a method.

The file is kept beside this module, so that the web process shows the examples without the libraries that work
them out. Tests hold it against `layers` and against a spreadsheet program.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from service.worked import areas, comparisons, inequality, reach, scoring, sharing

FIGURES = Path(__file__).with_name("figures.json")


def worked() -> list[dict[str, Any]]:
    """Work out every sheet, in the order of the methods."""
    groups = (sharing, scoring, inequality, areas, comparisons, reach)
    sheets = [sheet.plain() for group in groups for sheet in group.sheets()]
    return sorted(sheets, key=lambda sheet: int(sheet["method"][1:]))


def write(path: Path = FIGURES) -> None:
    """Write one line a sheet, so that a change shows where it is."""
    lines = ",\n".join(json.dumps(sheet, ensure_ascii=False, sort_keys=True) for sheet in worked())
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    write()
