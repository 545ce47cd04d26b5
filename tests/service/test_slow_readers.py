"""Readers that take next to nothing are let go, honest slow ones are not, and nobody's answer is held in memory."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.web import slow_readers
from service.web.slow_readers import LEAST_BYTES, LOOKS, LOOKS_EVERY, PIECE, Outflow, ReaderLetGo, bytes_taken
from tests.running import children, descriptors, free_port, private_memory
from tests.service import large_answer

HOST = "127.0.0.1"
TCP_ESTABLISHED = 1


class Server:
    def __init__(self, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.port, self.process, self.log = port, process, log

    @property
    def worker(self) -> int:
        return children(self.process.pid)[-1]

    def log_of(self, message: str) -> list[Any]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["message"] == message]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    port, log = free_port(), tmp_path_factory.mktemp("slow") / "log"
    with log.open("wb") as stream:
        command = [sys.executable, "-m", "tests.service.large_answer", str(port)]
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
    try:
        for _ in range(300):
            try:
                socket.create_connection((HOST, port)).close()
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                time.sleep(0.1)
        yield Server(port, process, log)
    finally:
        process.terminate()
        process.wait(15)


def ask(port: int, path: str = "/") -> socket.socket:
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # else the system reads for us
    reader.connect((HOST, port))
    reader.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return reader


def is_open(reader: socket.socket) -> bool:
    """Ask the system: bytes that wait to be read would hide the end from a reader that hardly reads."""
    return reader.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[0] == TCP_ESTABLISHED


@pytest.mark.skipif(sys.platform != "linux", reason="what a reader took is asked of Linux")
def test_readers_that_take_next_to_nothing_are_let_go_and_cost_no_memory(server: Server) -> None:
    before, open_before = private_memory(server.worker), descriptors(server.worker)
    readers = [ask(server.port) for _ in range(20)]
    began = time.monotonic()
    most = 0
    while any(map(is_open, readers)) and time.monotonic() - began < 20:
        for reader in readers:
            if is_open(reader):
                reader.recv(16)
        most = max(most, private_memory(server.worker))
        time.sleep(0.2)
    assert time.monotonic() - began < 8, "fewer than six looks of 0.4 s, and some time to spare"
    assert most - before < 60e6, "twenty answers of 40 MB would be 800"
    time.sleep(0.3)
    assert descriptors(server.worker) <= open_before
    assert len(server.log_of("the reader was let go")) == 20
    assert server.log_of("cut off") == server.log_of("unhandled") == []
    for reader in readers:
        reader.close()


def test_a_slow_but_honest_reader_gets_everything(server: Server) -> None:
    reader, got = ask(server.port), hashlib.sha256()
    left, started = len(large_answer.BODY), time.monotonic()
    head = b""
    while b"\r\n\r\n" not in head:
        head += reader.recv(1)
    while left and (part := reader.recv(65536)):
        got.update(part)
        left -= len(part)
        if time.monotonic() - started < 4:  # about 40 kB a second at first: ten looks, none of them meagre
            time.sleep(0.05)
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    assert left == 0
    assert got.hexdigest() == hashlib.sha256(large_answer.BODY).hexdigest()
    reader.close()


def test_an_application_that_is_slow_itself_does_not_cost_its_reader_the_answer(server: Server) -> None:
    reader = ask(server.port, "/late")
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    reader.settimeout(20)
    wanted, got = len(large_answer.BODY), 0
    while got < wanted and (part := reader.recv(1 << 20)):
        got += len(part)
    assert got >= wanted
    reader.close()


def pieces_of(*bodies: tuple[bytes, bool]) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def story() -> None:
        out = Outflow(send, None)
        for body, more in bodies:
            await out.pass_on({"type": "http.response.body", "body": body, "more_body": more})
        out.close()

    asyncio.run(story())
    return sent


def test_small_answers_go_whole_and_large_ones_in_pieces() -> None:
    (whole,) = pieces_of((b"x" * PIECE, False))
    assert len(whole["body"]) == PIECE
    body = bytes(range(256)) * (PIECE // 100)
    sent = pieces_of((body, False))
    assert b"".join(message["body"] for message in sent) == body
    assert max(len(message["body"]) for message in sent) <= PIECE
    assert [message["more_body"] for message in sent] == [True] * (len(sent) - 1) + [False]


def test_an_answer_that_comes_in_parts_ends_once() -> None:
    sent = pieces_of((b"a", True), (b"b" * (PIECE + 1), True), (b"", False))
    assert b"".join(message["body"] for message in sent) == b"a" + b"b" * (PIECE + 1)
    assert [message["more_body"] for message in sent] == [True, True, True, False]


def test_looks_end_within_twenty_seconds_and_spare_a_slow_line() -> None:
    assert LOOKS_EVERY * (LOOKS + 2) <= 15, "the first looks may find what the buffers took"
    assert LEAST_BYTES / LOOKS_EVERY < 1_000, "bytes a second"


def test_who_is_gone_already_is_no_trouble() -> None:
    assert bytes_taken(None) == 0
    assert slow_readers.connection_to(("192.0.2.1", "9")) is None
    assert issubclass(ReaderLetGo, ConnectionError)
