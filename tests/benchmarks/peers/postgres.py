"""A PostgreSQL server with PostGIS of the benchmark's own: made, filled, started and removed again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd

from .installed import postgres_program
from .servers import free_port, wait_for_port
from .tables import column_types, copy_text

TUNED = {
    "shared_buffers": "512MB",
    "effective_cache_size": "4GB",
    "work_mem": "64MB",
    "random_page_cost": "1.1",
    "jit": "off",  # slows short queries down
}
OWNER = "postgres"


@contextmanager
def postgis(folder: Path, tables: Mapping[str, gpd.GeoDataFrame]) -> Iterator[tuple[int, int]]:
    """Run PostgreSQL with these tables: a key, an index by council and one by place, vacuumed and analysed.

    Yields
    ------
    port, pid : int, int
        Where it listens on 127.0.0.1, and its first process.
    """
    data, port = folder / "postgres", free_port()
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(data, OWNER, OWNER)
        folder.chmod(0o711)
    as_owner = ["setpriv", f"--reuid={OWNER}", f"--regid={OWNER}", "--clear-groups"] if os.geteuid() == 0 else []
    make = [
        *as_owner,
        postgres_program("initdb"),
        "-D",
        data,
        "-U",
        OWNER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
    ]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL, cwd="/")
    settings = [part for name, value in TUNED.items() for part in ("-c", f"{name}={value}")]
    run = [*as_owner, postgres_program("postgres"), "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", "", *settings]
    with (folder / "postgres.log").open("w") as log:
        server = subprocess.Popen(run, stdout=log, stderr=log, cwd="/")
    try:
        wait_for_port(port, server)
        _wait_until_ready(port)
        _ask(port, "CREATE EXTENSION postgis")
        for name, table in tables.items():
            _fill(port, name, table)
        yield port, server.pid
    finally:
        server.send_signal(signal.SIGINT)  # does not wait for connections to be closed
        server.wait(timeout=30)


def _wait_until_ready(port: int) -> None:
    ready = [postgres_program("pg_isready"), "--quiet", "-h", "127.0.0.1", "-p", str(port)]
    for _ in range(600):
        if subprocess.run(ready).returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError("PostgreSQL does not get ready")


def _fill(port: int, name: str, table: gpd.GeoDataFrame) -> None:
    columns = ", ".join(f"{column} {kind}" for column, kind in column_types(table).items())
    _ask(port, f"CREATE TABLE {name} ({columns}, geom geometry(Geometry, 4326), PRIMARY KEY (lsoa21cd))")
    _ask(port, f"\\copy {name} FROM STDIN WITH (FORMAT csv)", copy_text(table))
    _ask(port, f"CREATE INDEX ON {name} (lad24cd)")
    _ask(port, f"CREATE INDEX ON {name} USING gist (geom)")
    _ask(port, f"VACUUM ANALYZE {name}")


def _ask(port: int, command: str, text: str = "") -> str:
    psql = [postgres_program("psql"), "-h", "127.0.0.1", "-p", str(port), "-U", OWNER, "-v", "ON_ERROR_STOP=1"]
    psql += ["--no-psqlrc", "--quiet", "--tuples-only", "-c", command]
    return subprocess.run(psql, input=text, text=True, check=True, stdout=subprocess.PIPE).stdout.strip()
