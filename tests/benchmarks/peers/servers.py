"""Start each server as its documentation advises, one web process each, and stop it again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .installed import python

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
NEVER_CUT = 200_000
UVICORN = ("--workers", "1", "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")


@dataclass(frozen=True)
class Running:
    """A server that answers on 127.0.0.1."""

    port: int
    pid: int


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 90) -> None:
    """Wait until a server takes connections.

    Raises
    ------
    RuntimeError
        It ended, or took too long.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.005)
        else:
            return
    raise RuntimeError(f"{process.args!r} does not answer on port {port}")


def environment(cache: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of every server: compiled modules are kept, so that none is compiled while timed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "EVENREACH_"))}
    return {**kept, "PYTHONPYCACHEPREFIX": str(cache / "compiled"), **more}


@contextmanager
def running(
    command: Sequence[str | Path], folder: Path, port: int, *, more: Mapping[str, str] | None = None, wait: bool = True
) -> Iterator[Running]:
    """Run one server with all its processes; its words go to a log in `folder`."""
    with (folder / f"{Path(command[0]).name}-{port}.log").open("w") as log:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=REPOSITORY,
            env=environment(folder, more or {}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        if wait:
            wait_for_port(port, process)
        yield Running(port, process.pid)
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a server and whatever it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=15)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def evenreach(folder: Path, store: Path, *, wait: bool = True) -> AbstractContextManager[Running]:
    """Run this project as a user does, with one web process."""
    port = free_port()
    program = Path(sys.executable).parent / "evenreach"
    command = [program, "serve", "--store", store, "--port", str(port), "--workers", "1", "--quiet"]
    return running(command, folder, port, wait=wait)


def bare(folder: Path, files: Path, *, wait: bool = True) -> AbstractContextManager[Running]:
    """Run the least application on the same server as ours."""
    port = free_port()
    command = [Path(sys.executable).parent / "granian", "--interface", "asgi", "--no-ws", "--workers", "1"]
    command += ["--port", str(port), "--log-level", "warning", "bare_app:app"]
    return running(command, folder, port, more={"PEER_FILES": str(files), "PYTHONPATH": str(HERE)}, wait=wait)


def naive(folder: Path, peers: Path, tables: Path, *, wait: bool = True) -> AbstractContextManager[Running]:
    """Run geopandas in FastAPI on uvicorn."""
    port = free_port()
    command = [python(peers, "frames"), "-m", "uvicorn", "naive_app:app", "--port", str(port), *UVICORN]
    return running(command, folder, port, more={"PEER_TABLES": str(tables), "PYTHONPATH": str(HERE)}, wait=wait)


def tipg(folder: Path, peers: Path, database: int) -> AbstractContextManager[Running]:
    """Run tipg with room for all areas in one answer."""
    port = free_port()
    command = [python(peers, "tipg"), "-m", "uvicorn", "tipg.main:app", "--port", str(port), *UVICORN]
    more = {
        "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{database}/postgres",
        "TIPG_MAX_FEATURES_PER_QUERY": str(NEVER_CUT),
        "TIPG_DB_SCHEMAS": '["public"]',
        "TIPG_CATALOG_TTL": "86400",
    }
    return running(command, folder, port, more=more)


def pygeoapi(folder: Path, peers: Path, database: int, tables: Sequence[str]) -> AbstractContextManager[Running]:
    """Run pygeoapi with its PostgreSQL provider, on gunicorn with gevent as its container does."""
    port = free_port()
    config, openapi = folder / "pygeoapi.json", folder / "openapi.json"  # JSON is YAML
    config.write_text(json.dumps(_pygeoapi_config(port, database, tables)))
    more = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
    program = python(peers, "pygeoapi").parent
    make = [program / "pygeoapi", "openapi", "generate", config, "--output-file", openapi, "--format", "json"]
    subprocess.run(make, check=True, env=environment(folder, more), stdout=subprocess.DEVNULL)
    command = [program / "gunicorn", "--workers", "1", "--worker-class", "gevent", "--timeout", "600"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "warning", "pygeoapi.flask_app:APP"]
    return running(command, folder, port, more=more)


def _pygeoapi_config(port: int, database: int, tables: Sequence[str]) -> dict[str, object]:
    where = {"host": "127.0.0.1", "port": database, "dbname": "postgres", "user": "postgres", "password": "-"}
    text = {"en": "benchmark"}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port},
            "url": f"http://127.0.0.1:{port}",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "gzip": False,
            "languages": ["en"],
            "pretty_print": False,
            "limits": {"default_items": 10, "max_items": NEVER_CUT},
            "map": {"url": "https://tile.openstreetmap.org/{z}/{x}/{y}.png", "attribution": "-"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": text,
                "description": text,
                "keywords": {"en": ["benchmark"]},
                "keywords_type": "theme",
                "terms_of_service": "-",
                "url": "http://127.0.0.1",
            },
            "license": {"name": "-", "url": "http://127.0.0.1"},
            "provider": {"name": "-", "url": "http://127.0.0.1"},
            "contact": {"name": "-"},
        },
        "resources": {
            table: {
                "type": "collection",
                "title": table,
                "description": table,
                "keywords": ["benchmark"],
                "links": [],
                "extents": {
                    "spatial": {"bbox": [-7, 49, 2, 56], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
                },
                "providers": [
                    {
                        "type": "feature",
                        "name": "PostgreSQL",
                        "data": where | {"search_path": ["public"]},
                        "id_field": "lsoa21cd",
                        "table": table,
                        "geom_field": "geom",
                    }
                ],
            }
            for table in tables
        },
    }


@contextmanager
def nginx(folder: Path, files: Path) -> Iterator[Running]:
    """Serve a folder of files by sendfile, one process: the limit."""
    port = free_port()
    config = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    config.write_text(
        f"{user} worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;\n"
        "events { worker_connections 256; }\n"
        "http { sendfile on; tcp_nopush on; access_log off; keepalive_requests 100000000; etag on;\n"
        "  open_file_cache max=100; types { application/geo+json json; } gzip_static on;\n"
        f"  server {{ listen 127.0.0.1:{port}; root {files}; }} }}\n"
    )
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    with running([str(program), "-c", config, "-e", folder / "nginx.log"], folder, port) as server:
        yield server
