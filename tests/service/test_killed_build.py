"""A build that is killed at any moment leaves the old edition or the new one, and a re-run finishes."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import geodata.demo
from geodata import store as editions
from service.editions.edition import open_edition
from service.editions.scoring import score
from service.editions.views import View
from tests.conftest import SOAK

REPOSITORY = Path(__file__).resolve().parents[2]
MOMENTS = 200 if SOAK else 12
RE_RUN = 1 if SOAK else 10  # which of the killed builds are begun again
STEP = 1 if SOAK else 21  # which steps of a publication are tried, besides the last ones
LAST = 7
SEED = 20251107
DAY = "2025-11-07"
# Loads and warms everything once, then runs each job in a process of its own, so that twenty builds take twenty
# times a build and not twenty times a start. A line in: a job. Two lines out: the process id, then how it ended.
BUILDER = """
import builtins, datetime, io, json, os, resource, signal, sys, tempfile
from pathlib import Path
from functools import partial
from geodata import store as editions
from service.building import certainty, encode_answers
from service.building.prepare import build

BEST = encode_answers.BEST
FEWER = {"drawn_ranks": {"draws": 100}, "clusters_and_hot_spots": {"permutations": 99}}
WHOLE = {name: getattr(certainty, name) for name in FEWER}

def draw_less():
    for name, fewer in FEWER.items():
        setattr(certainty, name, partial(WHOLE[name], **fewer))
    encode_answers.BEST = {"brotli_quality": 1, "gzip_level": 1}

def count_to_death(step):
    name, number = step
    seen = 0
    def counted(real):
        def call(*given, **named):
            nonlocal seen
            if name == "open" and not set("wax+") & set(str(given[1:2] or named.get("mode", "r"))):
                return real(*given, **named)
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given, **named)
        return call
    if name == "open":
        builtins.open = io.open = counted(io.open)
    else:
        setattr(os, name, counted(getattr(os, name)))

def work(job):
    store = Path(job["store"])
    if job.get("largest_file"):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["largest_file"], job["largest_file"]))
    if job.get("step"):
        count_to_death(job["step"])
    if "copy" in job:
        def write(folder):
            for path in sorted(Path(job["copy"]).rglob("*")):
                if path.is_file() and path.name != editions.MANIFEST:
                    target = folder / path.relative_to(job["copy"])
                    target.parent.mkdir(exist_ok=True)
                    target.write_bytes(path.read_bytes())
        editions.publish(store, "demo", job["day"], job["facts"], write)
    else:
        day = datetime.date.fromisoformat(job["day"])
        if job.get("whole"):
            for name in FEWER:
                setattr(certainty, name, WHOLE[name])
            encode_answers.BEST = BEST
        build("demo", sources=Path(job["sources"]), store=store, offline=True, today=day)

os.fsync = lambda descriptor: None  # whoever is killed leaves what it wrote: only a power cut would not
draw_less()  # what is drawn and compressed takes half of a build, and the files are as many
with tempfile.TemporaryDirectory() as scratch:
    build("demo", store=Path(scratch) / "store", offline=True)
for line in sys.stdin:
    job = json.loads(line)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work(job)
            code = 0
        except OSError as error:
            print(error, file=sys.stderr)
            code = 28
        finally:
            sys.stderr.flush()
            os._exit(code)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


class Builder:
    """A process that builds when it is told to, each time in a child that can be killed."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", BUILDER],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def start(self, **job: Any) -> int:
        """Begin a job; give the id of its process."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"day": DAY} | job, default=str) + "\n")
        self.process.stdin.flush()
        return int(self._line())

    def end(self) -> int:
        """Wait for the job; give its exit code, or minus the signal that ended it."""
        return os.waitstatus_to_exitcode(int(self._line()))

    def run(self, **job: Any) -> int:
        self.start(**job)
        return self.end()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@dataclass(frozen=True)
class Stage:
    """An old edition in a store, the files of a new one, and what both should look like."""

    builder: Builder
    home: Path
    new_sources: Path
    old: str
    new: str
    seconds: float
    content: dict[str, dict[str, bytes]]

    def store(self, name: str) -> Path:
        """Give a fresh store that holds the old edition only."""
        store = self.home / name
        shutil.copytree(self.home / "old", store)
        return store

    def check(self, store: Path) -> str:
        """Give the edition that is served: whole, byte for byte the old or the new one, and readable."""
        for name in editions.editions(store, "demo"):
            assert tree(store / "demo" / name) == self.content[name], f"{name} is neither the old nor the new edition"
        found, damaged = editions.open_newest_whole(store, "demo")
        assert damaged == []
        opened = open_edition(store, "demo")  # every checksum is compared here
        assert opened.id == found.id
        assert np.isfinite(score(opened, View("demo")).targeting_score).all()
        return found.id

    def check_re_run(self, store: Path, **job: Any) -> None:
        """Build again: it ends well, and nothing of the broken build is left."""
        assert self.builder.run(store=store, **job) == 0
        assert self.check(store) == self.new
        assert names(store) == {".lock", "current", self.old, self.new}


def names(store: Path) -> set[str]:
    return {path.name for path in (store / "demo").iterdir()}


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, demo_files: Path) -> Iterator[Stage]:
    home = tmp_path_factory.mktemp("killed")
    new_sources = home / "sources"
    shutil.copytree(demo_files, new_sources)
    people = new_sources / "population" / "lsoa21_mid2022_population_census2021_households.csv"
    people.write_text(people.read_text("utf-8").replace("E01900001,E06900001,1875,", "E01900001,E06900001,1876,"))
    builder = Builder()
    try:
        assert builder.run(store=home / "old", sources=demo_files) == 0
        begun = time.monotonic()
        assert builder.run(store=home / "new", sources=new_sources) == 0
        seconds = time.monotonic() - begun
        (old,), (new,) = (editions.editions(home / name, "demo") for name in ("old", "new"))
        assert old != new
        content = {name: tree(home / kind / "demo" / name) for kind, name in (("old", old), ("new", new))}
        yield Stage(builder, home, new_sources, old, new, seconds, content)
    finally:
        builder.close()


def test_another_process_builds_the_same_edition(stage: Stage, demo_store: Path) -> None:
    files = Path(geodata.demo.__file__).parent / "files"
    assert stage.builder.run(store=stage.home / "again", sources=files, whole=True) == 0
    ours = editions.open_edition(demo_store, "demo")
    theirs = editions.open_edition(stage.home / "again", "demo")
    assert {name for name, facts in ours.manifest["files"].items() if theirs.manifest["files"][name] != facts} == set()
    assert ours.manifest["content"] == theirs.manifest["content"]


@pytest.mark.soak_too
def test_a_build_killed_at_any_random_moment(stage: Stage) -> None:
    moments, seconds = random.Random(SEED), stage.seconds
    ended = []
    for turn in range(MOMENTS):
        store = stage.store(f"moment-{turn}")
        process = stage.builder.start(store=store, sources=stage.new_sources)
        waits = moments.uniform(0, seconds)
        time.sleep(waits)
        with suppress(ProcessLookupError):  # it had just finished
            os.kill(process, signal.SIGKILL)
        ended.append(stage.builder.end())
        if ended[-1] == 0:  # a build takes less than that when the machine is quieter
            seconds = min(seconds, waits)
        assert stage.check(store) in (stage.old, stage.new)
        touched = names(store) != {".lock", "current", stage.old}
        if (touched and turn % RE_RUN == 0) or turn == MOMENTS - 1:  # where nothing was touched, it is a first run
            stage.check_re_run(store, sources=stage.new_sources)
    assert ended.count(-signal.SIGKILL) > MOMENTS / 2, f"too few builds were killed: {ended}"


@pytest.mark.soak_too
@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_a_publication_killed_before_each_of_its_steps(stage: Stage, step: str) -> None:
    folder = stage.home / "new" / "demo" / stage.new
    manifest = json.loads((folder / editions.MANIFEST).read_text("utf-8"))
    own = {"schema", "place", "edition", "content", "built", "files", "seal"}
    job = {"copy": folder, "facts": {key: value for key, value in manifest.items() if key not in own}}
    served: dict[int, str] = {}

    def killed_before(number: int) -> bool:
        store = stage.store(f"{step}-{number}")
        ended = stage.builder.run(store=store, step=(step, number), **job)
        served[number] = stage.check(store)
        if ended != 0:
            assert ended == -signal.SIGKILL
            stage.check_re_run(store, **job)
        shutil.rmtree(store)
        return ended != 0

    # One file is written like the other, so some steps are tried, but each of the last: they publish.
    number = 1
    while killed_before(number):
        number += STEP if step != "replace" else 1
    last = number - STEP if step != "replace" else number - 1
    while number - last > 1:  # the last step that the publication has lies between these two
        middle = (last + number) // 2
        last, number = (middle, number) if killed_before(middle) else (last, middle)
    for late in range(max(1, number - LAST), number):
        if late not in served:
            killed_before(late)
    assert number > {"open": 30, "fsync": 30, "replace": 2}[step]
    in_order = [served[number] for number in sorted(served)]
    # From one step on the new edition is served, and never again the old one.
    assert in_order == sorted(in_order, key=[stage.old, stage.new].index)
    assert set(in_order) == {stage.old, stage.new}


@pytest.mark.parametrize("largest_file", [100, 20_000, 125_000])
def test_a_disk_that_takes_no_more(stage: Stage, largest_file: int) -> None:
    store = stage.store(f"full-{largest_file}")
    assert stage.builder.run(store=store, sources=stage.new_sources, largest_file=largest_file) == 28
    assert stage.check(store) == stage.old
    assert names(store) == {".lock", "current", stage.old}
    if largest_file == 125_000:
        stage.check_re_run(store, sources=stage.new_sources)
