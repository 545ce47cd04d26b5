"""Install the peers: Python programs each into a folder of its own, the others from Debian."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

FAST_ASGI = ("uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0")
REQUIREMENTS = {
    "tipg": ("tipg==1.6.1", *FAST_ASGI),
    "pygeoapi": (
        "pygeoapi==0.21.0",
        "psycopg2-binary==2.9.13",
        "geoalchemy2==0.20.0",
        "gunicorn==27.0.1",
        "gevent==26.9.0",
    ),
    "frames": ("geopandas==1.2.0", "pyarrow==26.0.1", "folium==0.20.0", "fastapi==0.165.0", *FAST_ASGI),
}
SHOWN = {
    "tipg": ("tipg", "asyncpg", "uvicorn", "uvloop"),
    "pygeoapi": ("pygeoapi", "sqlalchemy", "gunicorn", "gevent"),
    "frames": ("geopandas", "shapely", "pandas", "folium", "fastapi", "uvicorn"),
}
DEBIAN = ("postgresql", "postgresql-postgis", "nginx-light", "wrk")
POSTGRES = Path("/usr/lib/postgresql")
EXTENSIONS = Path("/usr/share/postgresql")


class PeerMissing(RuntimeError):
    """A peer could not be installed here."""


def python(folder: Path, peer: str) -> Path:
    """Return the interpreter of one peer."""
    return folder / peer / "bin" / "python"


def install(folder: Path) -> None:
    """Install what is missing; what is there already is left alone.

    Parameters
    ----------
    folder : pathlib.Path
        Where the peers' Python programs live, one virtual environment each.

    Raises
    ------
    PeerMissing
        A package is missing and this user may not install it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for peer, wanted in REQUIREMENTS.items():
        done = folder / peer / ".installed"
        if done.is_file() and done.read_text() == " ".join(wanted):
            continue
        print(f"Installing {peer} into {folder / peer}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder / peer], check=True)
        pip = [python(folder, peer), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        subprocess.run([*pip, *wanted], check=True)
        done.write_text(" ".join(wanted))
    if not all(_found()):
        _install_from_debian()


def _install_from_debian() -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise PeerMissing(f"As root on Debian: apt-get install --no-install-recommends {' '.join(DEBIAN)}")
    print(f"Installing {', '.join(DEBIAN)} from Debian", file=sys.stderr, flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-qq"]
    subprocess.run([*apt, "update"], check=True, env=quiet)
    install = [*apt, "install", "-y", "--no-install-recommends", *DEBIAN]
    subprocess.run(install, check=True, env=quiet, stdout=subprocess.DEVNULL)
    if not all(_found()):
        raise PeerMissing(f"PostGIS, nginx or wrk is still missing after installing {', '.join(DEBIAN)}.")


def _found() -> tuple[bool, ...]:
    return (
        any(EXTENSIONS.glob("*/extension/postgis*.control")),
        any(POSTGRES.glob("*/bin/initdb")),
        shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None,
        shutil.which("wrk") is not None,
    )


def postgres_program(name: str) -> str:
    """Return the path of a PostgreSQL program, of the newest version that has PostGIS."""
    versions = sorted({path.parts[-3] for path in EXTENSIONS.glob("*/extension/postgis*.control")}, key=float)
    return str(POSTGRES / versions[-1] / "bin" / name)


def versions(folder: Path) -> list[str]:
    """Name every peer with its version, as installed."""
    program = "import importlib.metadata as m, json, sys; print(json.dumps([m.version(n) for n in sys.argv[1:]]))"
    found = []
    for peer, names in SHOWN.items():
        done = subprocess.run([python(folder, peer), "-c", program, *names], check=True, capture_output=True, text=True)
        found += [f"{name} {version}" for name, version in zip(names, json.loads(done.stdout), strict=True)]
    for package in ("postgresql-15", "postgresql-15-postgis-3", "nginx-light", "wrk"):
        done = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${Version}", package], capture_output=True, text=True
        )
        if done.returncode == 0:
            found.append(f"{package.removeprefix('postgresql-15-').removesuffix('-light')} {done.stdout}")
    return list(dict.fromkeys(found))
