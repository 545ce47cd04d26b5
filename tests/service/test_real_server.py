"""The server as it runs: odd requests over real sockets, what its processes gave up, and how it stops under load."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, RemoteDisconnected
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.web.hardening import DEAD_GDAL
from service.web.workshop import Workshop
from tests.running import Running, private_memory, running

HERE = "tests.service.workshop_jobs:"
NO_NEW_RIGHTS = "NoNewPrivs:\t1"


@pytest.fixture(scope="module")
def server(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(demo_store, tmp_path_factory.mktemp("real") / "log", workers=2) as found:
        yield found


def test_web_processes_hold_what_all_of_them_need_once(server: Running) -> None:
    """Each has about 14 MB of its own; one that makes the application for itself 23, one that imports it too 45."""
    for worker in server.workers():
        assert private_memory(worker) < 20 * 2**20


def test_a_web_process_that_dies_is_replaced_by_one_that_answers(demo_store: Path, tmp_path: Path) -> None:
    with running(demo_store, tmp_path / "log", log_level="warning") as server:
        (lost,) = server.workers()
        os.kill(lost, signal.SIGKILL)
        ends = time.monotonic() + 30
        while server.workers() in ([], [lost]):
            assert time.monotonic() < ends, server.log.read_text()
            time.sleep(0.1)
        again = httpx.HTTPTransport(retries=5)  # it may not listen yet
        with httpx.Client(transport=again, base_url=server.address, timeout=30) as client:
            assert client.get("/places/demo").status_code == 200


def exchange(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.settimeout(15)
        line.sendall(request)
        got = b""
        try:
            while b"\r\n\r\n" not in got and (part := line.recv(65536)):
                got += part
        except ConnectionResetError:
            pass
        return got


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /health/live HTTP/1.1\r\n\r\n", 400),
        (b"GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /health/live HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET /health/live HTTP/1.0\r\n\r\n", 200),
        (b"GET http://evil.example/health/live HTTP/1.1\r\nHost: evil.example\r\n\r\n", 200),
        (b"GET /places/%ff%fe HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"GET /places/%00 HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"GET /places/\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /geojson/demo/need?rho=%ff%ed%a0%80 HTTP/1.1\r\nHost: a\r\n\r\n", 422),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: 1\r\n" * 300 + b"\r\n", 431),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"POST /api/v1/places HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 200),
    ],
)
def test_odd_requests_are_answered_or_refused_and_never_break_the_server(
    server: Running, request_bytes: bytes, status: int
) -> None:
    answer = exchange(server.port, request_bytes)
    assert int(answer.split()[1]) == status
    assert b"granian" not in answer.lower()
    assert b"hyper" not in answer.lower()


def test_counts_are_the_same_from_every_web_process(server: Running) -> None:
    for _ in range(20):
        httpx.get(f"{server.address}/api/v1/places")  # each on a connection of its own, so on either process
    time.sleep(1.3)
    texts = [httpx.get(f"{server.address}/metrics").text for _ in range(4)]
    for text in texts:
        assert 'evenreach_requests_total{route="/api/v1/places",method="GET",status="200"} 20' in text
        assert "evenreach_processes 2\n" in text


def test_web_processes_give_up_dumps_and_new_rights(server: Running) -> None:
    assert len(server.workers()) == 2
    for process in (server.process.pid, *server.workers()):
        assert NO_NEW_RIGHTS in Path(f"/proc/{process}/status").read_text()
        assert "Umask:\t0077" in Path(f"/proc/{process}/status").read_text()
        limits = Path(f"/proc/{process}/limits").read_text()
        (cores,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
        assert cores.split()[4:6] == ["0", "0"]


def test_a_job_has_no_new_rights_no_network_and_few_files() -> None:
    async def story() -> Any:
        workshop = Workshop()
        try:
            return await workshop.run(HERE + "what_it_may", network=os.readlink("/proc/self/ns/net"))
        finally:
            await workshop.close()

    found = asyncio.run(story())
    assert NO_NEW_RIGHTS in found["status"]
    assert found["core"] == [0, 0]
    assert found["files"][0] <= 256
    assert found["largest"][0] <= 2_000_000_000
    if found["own_network"]:  # where the system allows it
        assert found["addresses"] == ["lo"]
        assert "unreachable" in found["call"].lower()


def test_a_job_has_no_driver_that_reads_what_it_is_not_given() -> None:
    code = "import json, pyogrio; print(json.dumps(pyogrio.list_drivers()))"
    done = subprocess.run([sys.executable, "-c", code], env=DEAD_GDAL, capture_output=True, text=True, check=True)
    assert list(json.loads(done.stdout.splitlines()[-1])) == ["GPKG"]


class Reader(threading.Thread):
    """Reads one address after another on a kept connection until the server is gone."""

    def __init__(self, port: int, path: str) -> None:
        super().__init__(daemon=True)
        self.port, self.path = port, path
        self.seen: Counter[str] = Counter()

    def run(self) -> None:
        line = HTTPConnection("127.0.0.1", self.port, timeout=20)
        while True:
            try:
                line.request("GET", self.path, headers={"Accept-Encoding": "gzip"})
                answer = line.getresponse()
            except (RemoteDisconnected, ConnectionError):  # closed between two answers, or refused: not begun
                if self.refused():
                    return
                line.close()
                continue
            except (OSError, HTTPException) as error:
                self.seen[f"broken: {error!r}"] += 1
                return
            try:
                answer.read()
                self.seen[str(answer.status)] += 1
            except (OSError, HTTPException) as error:  # the head came, and the body did not
                self.seen[f"broken: {error!r}"] += 1
                return

    def refused(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except OSError:
            return True
        return False


PATHS = (
    "/geojson/demo/need",
    "/places/demo",
    "/downloads/demo/need.csv",
    "/maps/demo/need",
    "/downloads/demo/need.xlsx",
)


def test_a_server_that_stops_under_load_breaks_no_answer_and_is_gone_in_time(demo_store: Path, tmp_path: Path) -> None:
    with running(demo_store, tmp_path / "log") as server:
        httpx.get(f"{server.address}/downloads/demo/need.xlsx", timeout=60)  # the workshop is warm
        readers = [Reader(server.port, PATHS[number % len(PATHS)]) for number in range(15)]
        for reader in readers:
            reader.start()
        time.sleep(1.5)
        jobs = server.workers()
        assert server.stop() < 10
        for reader in readers:
            reader.join(15)
            assert not reader.is_alive()
    seen: Counter[str] = sum((reader.seen for reader in readers), Counter())
    assert set(seen) <= {"200", "503"}, seen
    assert seen["200"] > 50
    assert not any(Path(f"/proc/{process}").exists() for process in jobs)
    log = server.log.read_text()
    assert "Traceback" not in log
    assert "Killing" not in log, "every job that was not made was refused, and the server ended by itself"
