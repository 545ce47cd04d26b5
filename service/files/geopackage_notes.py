"""What a GeoPackage says of itself beside its layer: how it is drawn, and what each column means.

The style stands in the table where QGIS looks for one when it opens the file; the meanings in that of the standard.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from service.files.map_style import NAME, StyleRule, qml, sld

TABLE = """CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256),
    f_table_schema TEXT(256),
    f_table_name TEXT(256),
    f_geometry_column TEXT(256),
    styleName TEXT(30),
    styleQML TEXT,
    styleSLD TEXT,
    useAsDefault BOOLEAN,
    description TEXT,
    owner TEXT(30),
    ui TEXT(30),
    update_time DATETIME
)"""
STYLE = """INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,
    styleQML, styleSLD, useAsDefault, description, owner, update_time) VALUES ('', '', ?, ?, ?, ?, ?, 1, ?, '', ?)"""
CONTENTS = """INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id)
    VALUES ('layer_styles', 'attributes', 'layer_styles', 'Styles of the layers', ?, 0)"""

MEANINGS = (
    """CREATE TABLE gpkg_data_columns (
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    name TEXT,
    title TEXT,
    description TEXT,
    mime_type TEXT,
    constraint_name TEXT,
    CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
    CONSTRAINT gdc_tn UNIQUE (table_name, name)
)""",
    """CREATE TABLE gpkg_data_column_constraints (
    constraint_name TEXT NOT NULL,
    constraint_type TEXT NOT NULL,
    value TEXT,
    min NUMERIC,
    min_is_inclusive BOOLEAN,
    max NUMERIC,
    max_is_inclusive BOOLEAN,
    description TEXT,
    CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value)
)""",
    """INSERT INTO gpkg_extensions (table_name, extension_name, definition, scope)
SELECT column1, 'gpkg_schema', 'http://www.geopackage.org/spec121/#extension_schema', 'read-write'
FROM (VALUES ('gpkg_data_columns'), ('gpkg_data_column_constraints'))""",
)
MEANING = "INSERT INTO gpkg_data_columns (table_name, column_name, description) VALUES (?, ?, ?)"


def describe_columns(path: Path, layer: str, meanings: Mapping[str, str]) -> None:
    """Say inside a GeoPackage what its columns mean, by the standard's extension for that.

    Parameters
    ----------
    path : pathlib.Path
        A finished GeoPackage.
    layer : str
        Its layer.
    meanings : mapping of str to str
        One sentence by the name of a column.
    """
    with closing(sqlite3.connect(path)) as package, package:
        for statement in MEANINGS:
            package.execute(statement)
        package.executemany(MEANING, [(layer, name, about) for name, about in meanings.items()])


def add_style(path: Path, layer: str, rules: Sequence[StyleRule], *, description: str, day: str) -> None:
    """Put a style into a GeoPackage as the one its layer is opened with.

    Parameters
    ----------
    path : pathlib.Path
        A finished GeoPackage.
    layer : str
        Its layer.
    rules : sequence of StyleRule
        From `service.files.map_style`.
    description : str
        What the style shows.
    day : str
        Day of the edition, ``YYYY-MM-DD``: the only date written.
    """
    stamp = f"{day[:10]}T00:00:00.000Z"
    with closing(sqlite3.connect(path)) as package, package:
        column = package.execute(
            "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?", (layer,)
        ).fetchone()[0]
        package.execute(TABLE)
        package.execute(CONTENTS, (stamp,))
        package.execute(STYLE, (layer, column, NAME, qml(rules), sld(rules, layer), description, stamp))
