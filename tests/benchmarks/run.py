"""Measure what a user feels: builds, pages and the map drawn in a browser; prints a Markdown table.

    python tests/benchmarks/run.py [--sources FOLDER] [--repeat 5]

Without a folder of published files only the demo borough is measured. Nothing here passes or fails.
`serving.py` beside it measures the service beside what users would pick instead.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

LARGE = "lancashire-and-south-cumbria"
ROWS: list[tuple[str, str, str]] = []


def note(what: str, figure: str, wanted: str = "") -> None:
    """Keep one line of the table, and show it at once."""
    ROWS.append((what, figure, wanted))
    print(f"{what}: {figure}", file=sys.stderr, flush=True)


def timed(work: Callable[[], object], repeat: int) -> list[float]:
    """Seconds of each call, after one that is not counted."""
    work()
    seconds = []
    for _ in range(repeat):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return seconds


def spread(seconds: list[float], scale: float = 1000, unit: str = "ms") -> str:
    """Median, smallest and largest."""
    low, middle, high = min(seconds) * scale, statistics.median(seconds) * scale, max(seconds) * scale
    return f"{middle:.3g} {unit} [{low:.3g}-{high:.3g}]"


def measure_builds(store: Path, sources: Path | None, repeat: int) -> None:
    """Time whole builds as a user starts them, each in a process of its own."""
    wanted = {"luton": "< 10 s", "england": "< 3 min, < 4 GB"}
    places = {"demo": repeat}
    if sources is not None:
        places |= {"luton": repeat, LARGE: 1, "england": 1}
    for place, times in places.items():
        seconds, peak = [], 0
        for _ in range(times):
            command = [str(Path(sys.executable).parent / "evenreach"), "build", place, "--store", str(store), "--quiet"]
            command += ["--sources", str(sources)] if sources is not None and place != "demo" else []
            begun = time.perf_counter()
            subprocess.run(command, check=True, cwd=REPOSITORY, stdout=subprocess.DEVNULL)
            seconds.append(time.perf_counter() - begun)
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        note(f"build {place}", f"{spread(seconds, 1, 's')}, peak so far {peak / 2**20:.2f} GB", wanted.get(place, ""))


def measure_answers(store: Path, place: str, repeat: int) -> None:
    """Time answers through the application itself, without a network between."""
    import httpx

    from service.app import create_app
    from service.settings import Settings

    app = create_app(Settings(store=store))

    async def all_of_it() -> None:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            await client.get("/")
            for address in (
                "/",
                f"/places/{place}",
                f"/maps/{place}/targeting",
                f"/geojson/{place}/targeting?detail=map",
            ):
                seconds = []
                for turn in range(repeat * 4):
                    query = ("&" if "?" in address else "?") + f"rho={1 + turn / 4}" if address != "/" else ""
                    begun = time.perf_counter()
                    answer = await client.get(address + query)
                    seconds.append(time.perf_counter() - begun)
                    assert answer.status_code == 200, answer.text
                size = len(gzip.compress(answer.content, 6))
                note(
                    f"{address} ({place}, a new dial each time)",
                    f"{spread(seconds)}, {size / 1000:.1f} kB gzip",
                    "first page < 100 ms",
                )
            weight = 0
            page = await client.get(f"/places/{place}")
            weight += len(gzip.compress(page.content, 6))
            for address in _loaded_by(page.text, place):
                answer = await client.get(address)
                assert answer.status_code == 200, address
                weight += len(gzip.compress(answer.content, 6))
            note(f"planner of {place} with its scripts, styles and data", f"{weight / 1000:.1f} kB gzip", "< 150 kB")

    asyncio.run(all_of_it())


def _loaded_by(page: str, place: str) -> list[str]:
    """Addresses a page makes the browser load: scripts, styles, and the map's data."""
    import re
    from html import unescape

    page = re.sub(r"<noscript>.*?</noscript>", "", page, flags=re.DOTALL)
    found = re.findall(r'(?:src|data-geojson|data-sites)="([^"]+)"', page)
    found += re.findall(r'<link[^>]+rel="stylesheet"[^>]+href="([^"]+)"', page)
    return list(dict.fromkeys(unescape(address) for address in found if address.startswith("/")))


def measure_browser(store: Path, places: list[str]) -> None:
    """Time from asking for a page to the map drawn, in a real Chromium, three fresh visits each."""
    import shutil
    import socket

    chromium = shutil.which("chromium")
    if chromium is None:
        note("drawn in Chromium", "not measured: no chromium on PATH")
        return
    from playwright.sync_api import sync_playwright

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [
            str(Path(sys.executable).parent / "evenreach"),
            "serve",
            "--store",
            str(store),
            "--port",
            str(port),
            "--quiet",
        ],
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
            )
            for place in places:
                seconds = []
                for _ in range(4):
                    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
                    begun = time.perf_counter()
                    page.goto(f"http://127.0.0.1:{port}/places/{place}")
                    page.wait_for_selector('[data-evenreach-map][data-state="ready"]', timeout=60_000)
                    seconds.append(time.perf_counter() - begun)
                    page.context.close()
                wanted = {LARGE: "< 2 s", "england": "< 3 s"}.get(place, "< 1 s")
                note(f"planner of {place}, asked for to drawn, Chromium", spread(seconds[1:], 1, "s"), wanted)
            browser.close()
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_for(port: int) -> None:
    import httpx

    for _ in range(200):
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health/live", timeout=1).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError("the server did not start")


def measure_start(store: Path) -> None:
    """Time from nothing to the application ready, and its memory, in a process of its own."""
    program = (
        "import time, resource; begun = time.perf_counter()\n"
        "from service.app import create_app; from service.settings import Settings; from pathlib import Path\n"
        f"create_app(Settings(store=Path({str(store)!r})))\n"
        "print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    runs = []
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True
        )
        runs.append([float(part) for part in done.stdout.split()[-2:]])
    seconds, memory = [run[0] for run in runs], max(run[1] for run in runs)
    note("import and open every edition of the store", f"{spread(seconds, 1, 's')}, {memory:.0f} MB")


def main() -> None:
    """Measure, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=Path, default=os.environ.get("EVENREACH_SOURCES"))
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    default = REPOSITORY.parent / "shared" / "data"
    sources = Path(options.sources) if options.sources else (default if default.is_dir() else None)
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        measure_builds(store, sources, options.repeat)
        measure_start(store)
        places = ["demo", "luton", LARGE, "england"] if sources is not None else ["demo"]
        for place in places[:3]:
            measure_answers(store, place, options.repeat)
        measure_browser(store, places)
    names = ("folium", "geopandas", "shapely", "numpy", "pandas", "fastapi")
    print(f"\n{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ", end="")
    print(", ".join(f"{name} {version(name)}" for name in names) + "; median [smallest-largest].\n")
    print("| what | figure | wanted |\n|---|---|---|")
    for row in ROWS:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
