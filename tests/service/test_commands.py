"""The command line: results, JSON, silence, exit codes, and errors in one sentence."""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from service.commands.main import app
from service.commands.serve import _alone, no_settings
from service.settings import Settings
from tests.running import free_port

BUILT = {"demo", "build", "check", "places", "focuses", "sources", "score", "serve", "share-out", "verify", "clusters"}
BUILT |= {"access", "site", "closure"}
LATER = {"ledger", "targets", "backup"}


REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def run(*words: str, check: int | None = 0, **environment: str) -> Done:
    """Run a command in this process: its libraries are loaded once for all tests."""
    names = [name for name in os.environ if name.startswith("EVENREACH_")]
    result = CliRunner().invoke(app, words, env={**dict.fromkeys(names), **environment}, prog_name="evenreach")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.stderr
    if check is not None:
        assert result.exit_code == check, result.stderr
    return Done(result.exit_code, result.stdout, result.stderr)


def run_alone(*words: str) -> Done:
    """Run a command in a process of its own, as a person does."""
    done = subprocess.run(
        [sys.executable, "-m", "service.commands.main", *words], capture_output=True, text=True, check=False
    )
    return Done(done.returncode, done.stdout, done.stderr)


def test_help_lists_what_is_built_and_nothing_else() -> None:
    words = set(run_alone("--help").stdout.split())
    assert words >= BUILT
    assert not words & LATER


def test_help_comes_at_once() -> None:
    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run_alone("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime  # whatever else the machine does

    assert min(seconds() for _ in range(3)) < 1.0


def test_help_loads_no_heavy_library() -> None:
    code = "import sys, service.commands.main; print([n for n in ('pandas', 'fastapi', 'numpy') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_version_is_told() -> None:
    assert run("--version").stdout.strip().count(".") >= 1


def test_lists_are_for_people_and_for_programs(demo_store: Path) -> None:
    places = {place["place"]: place for place in json.loads(run("places", "--json", "--store", str(demo_store)).stdout)}
    assert {"luton", "blmk", "milton-keynes", "bromley", "south-east-london", "england", "demo"} <= set(places)
    assert places["demo"]["editions"]
    assert places["luton"]["editions"] == []
    assert "not built" in run("places", "--store", str(demo_store)).stdout
    assert {focus["focus"] for focus in json.loads(run("focuses", "--json").stdout)} >= {"core", "best-start"}
    listed = run("focuses").stdout
    assert "building-blocks" in listed
    assert "0-4" in listed
    assert "None" not in listed
    sources = json.loads(run("sources", "--json").stdout)
    assert {"source", "title", "licence", "file", "landing_page", "required"} <= set(sources[0])


def test_a_build_of_the_demo_from_another_folder_leads_to_the_demo_command(tmp_path: Path) -> None:
    done = run("build", "demo", "--sources", str(tmp_path), "--store", str(tmp_path / "store"), check=1)
    assert "`evenreach demo` builds it without a folder" in " ".join(done.stderr.split())
    assert "keep it as" not in done.stderr


def test_quiet_says_nothing(demo_store: Path, tmp_path: Path) -> None:
    assert run("places", "--quiet").stdout == ""
    out = tmp_path / "a.csv"
    done = run("score", "demo", "--store", str(demo_store), "--out", str(out), "--quiet")
    assert (done.stdout, done.stderr) == ("", "")
    assert out.exists()


@pytest.mark.parametrize("kind", ["csv", "xlsx", "geojson", "gpkg", "parquet"])
def test_scores_are_written_in_every_format(kind: str, demo_store: Path, tmp_path: Path) -> None:
    out = tmp_path / f"scores.{kind}"
    words = ("score", "demo", "--focus", "best-start", "--rho", "4.25", "--out", str(out), "--json")
    told = json.loads(run(*words, EVENREACH_STORE=str(demo_store)).stdout)
    assert out.stat().st_size > 1000
    assert (told["file"], told["focus"], told["rho"], told["rows"]) == (str(out), "best-start", 4.25, 120)
    assert told["attribution"]


def test_scores_within_a_team_area(demo_store: Path, tmp_path: Path) -> None:
    from service.editions.edition import open_edition

    team = open_edition(demo_store, "demo").footprints("team")[0]
    out = tmp_path / "team.csv"
    run("score", "demo", "--within", f"team:{team['name']}", "--store", str(demo_store), "--out", str(out))
    with out.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == team["count"]
    assert min(int(row["rank"]) for row in rows) == 1


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("score", "demo", "--out", "a.doc"), 2, "no known format"),
        (("score", "demo", "--out", "no-such-folder/a.csv"), 2, "no folder"),
        (("score", "demo", "--out", "a.csv", "--rho", "21"), 2, "from 1 to 20"),
        (("score", "demo", "--out", "a.csv", "--rho", "nan"), 2, "from 1 to 20"),
        (("score", "demo", "--out", "a.csv", "--within", "here"), 2, "lad:CODE"),
        (("score", "demo"), 2, "--out"),
        (("fly",), 2, "No such command"),
        (("build", "demo", "--sources", "no-such-folder"), 2, "does not exist"),
        (("build", "atlantis"), 1, "atlantis"),
        (("score", "demo", "--out", "a.csv", "--focus", "no-such"), 1, "No focus 'no-such'"),
        (("score", "demo", "--out", "a.csv", "--within", "team:Nobody"), 1, "no footprint"),
        (("score", "luton", "--out", "a.csv"), 1, "evenreach build luton"),
        (("embed", "luton", "--out", "map", "--store", "elsewhere"), 1, "The store is 'elsewhere'; name another with"),
        (("score", "demo", "--out", "a.csv", "--edition", "2020-01-01-00000000"), 1, "2020-01-01-00000000"),
    ],
)
def test_wrong_use_and_bad_input_are_told_apart(
    words: tuple[str, ...], code: int, says: str, demo_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*words, check=code, EVENREACH_STORE=str(demo_store), COLUMNS="300", NO_COLOR="1")
    assert says in done.stderr.replace("\n", " ")
    assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == []


def demo_files() -> Path:
    import geodata.demo

    return Path(geodata.demo.__file__).parent / "files"


def build_json(sources: Path, store: Path, *, code: int) -> Any:
    done = run("build", "demo", "--sources", str(sources), "--store", str(store), "--json", check=code)
    return json.loads(done.stdout)


def test_a_bad_file_is_named_with_row_column_and_rule_and_nothing_is_stored(tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    shutil.copytree(demo_files(), sources)
    (file,) = [path for path in (sources / "population").iterdir() if "mid2022" in path.name][:1]
    lines = file.read_text("utf-8").splitlines()
    cells = lines[4].split(",")
    lines[4] = ",".join([*cells[:2], "many", *cells[3:]])
    file.write_text("\n".join(lines) + "\n", "utf-8")
    error = build_json(sources, tmp_path / "store", code=1)["error"]
    assert (error["file"], error["row"]) == (file.name, 5)
    assert {"column", "rule", "message"} <= set(error)
    done = run("build", "demo", "--sources", str(sources), "--store", str(tmp_path / "store"), "--quiet", check=1)
    assert done.stderr.startswith(f"evenreach: {file.name}, row 5, column ")
    assert len(done.stderr.splitlines()) == 1
    assert not list((tmp_path / "store").glob("*/*/manifest.json"))


def test_a_missing_required_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    error = build_json(tmp_path / "empty", tmp_path / "store", code=1)["error"]
    assert error["rule"]
    assert not (tmp_path / "store").exists() or not list((tmp_path / "store").glob("*/*/manifest.json"))


def test_a_damaged_edition_is_named(demo_store: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(demo_store / "demo", store / "demo")
    (file,) = store.glob("demo/*/web/population.npy")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    done = run("score", "demo", "--store", str(store), "--out", str(tmp_path / "a.csv"), check=1)
    assert "web/population.npy" in done.stderr
    assert "file-changed" in done.stderr


def test_the_demo_builds_without_network_or_files_and_tells_its_account(tmp_path: Path) -> None:
    done = run("demo", "--store", str(tmp_path / "store"), "--json", NO_COLOR="1")
    told = json.loads(done.stdout)
    assert (told["place"], told["neighbourhoods"]) == ("demo", 120)
    assert all(total["before"] == total["after"] for total in told["totals"])
    assert Path(told["folder"], "manifest.json").is_file()
    assert done.stderr == ""


def test_no_colour_codes_when_not_wanted(demo_store: Path) -> None:
    assert "\x1b[" not in run("places", "--store", str(demo_store), NO_COLOR="1", FORCE_COLOR="").stdout


def test_a_taken_port_is_said_in_one_sentence(demo_store: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for host in ("127.0.0.1", "0.0.0.0"):  # nosec B104
            done = run("serve", "--store", str(demo_store), "--host", host, "--port", str(port), check=1)
            assert f"port {port} is in use" in done.stderr
            assert "choose another --port" in done.stderr
            assert len(done.stderr.splitlines()) == 1


def test_a_port_is_taken_from_the_start_of_a_server_not_from_its_first_answer(demo_store: Path) -> None:
    """Web processes that open large editions listen late, and another server could share the port until then."""
    port = free_port()
    with _alone("127.0.0.1", port):
        done = run("serve", "--store", str(demo_store), "--port", str(port), check=1)
    assert done.stderr.startswith(f"evenreach: port {port} is in use")


@pytest.mark.parametrize("host", ["nonsense.invalid", "a..b", "192.0.2.1"])
def test_a_host_that_is_none_of_this_computer_is_at_fault_not_the_port(demo_store: Path, host: str) -> None:
    done = run("serve", "--store", str(demo_store), "--port", str(free_port()), check=1, EVENREACH_HOST=host)
    assert f"cannot listen on {host} port " in done.stderr
    assert "EVENREACH_HOST" in done.stderr
    assert "another --port" not in done.stderr


def test_what_is_no_setting_is_named_in_one_line_with_the_nearest_one(demo_store: Path) -> None:
    odd = {"EVENREACH_EMBED_ORIGIN": "https://a.example", "EVENREACH_ZZZ": "1", "EVENREACH_TRACEBACK": ""}
    done = run("serve", "--store", str(demo_store), check=1, EVENREACH_PORT="many", **odd)
    said, refused = done.stderr.splitlines()
    assert said.endswith(": EVENREACH_EMBED_ORIGIN (did you mean EVENREACH_EMBED_ORIGINS?); EVENREACH_ZZZ")
    assert refused.startswith("evenreach: EVENREACH_PORT: ")


def test_every_name_of_the_repository_is_known() -> None:
    kinds = [
        f"--include={name}" for name in ("*.py", "*.ipynb", "*.md", "Makefile", "Dockerfile", "run", "image", "pin")
    ]
    others = [f"--exclude-dir={name}" for name in (".venv", "node_modules", "vendor")]
    words = ["grep", "-rhoE", "EVENREACH_[A-Z_]*[A-Z]", *kinds, *others, "."]
    used = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split()
    assert "EVENREACH_SOAK" in used
    unknown = {name.split()[0] for name in no_settings(set(used), Settings.model_fields)}
    assert unknown == {"EVENREACH_PROT", "EVENREACH_EMBED_ORIGIN", "EVENREACH_ZZZ"}, "the wrong ones of these tests"


def test_a_setting_that_makes_no_sense_is_named(demo_store: Path) -> None:
    done = run("places", check=1, EVENREACH_PORT="many", EVENREACH_STORE=str(demo_store))
    assert done.stderr.startswith("evenreach: EVENREACH_PORT: ")


def test_an_error_inside_is_one_sentence_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geodata.definitions.load_places", lambda: {}["no"])
    done = run("places", check=1)
    assert done.stderr.startswith("evenreach: unexpected KeyError: 'no'.")
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_has_read_enough_ends_a_command_quietly(demo_store: Path) -> None:
    words = [sys.executable, "-m", "service.commands.main", "places", "--json", "--store", str(demo_store)]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(words, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_full_disk_is_said_plainly() -> None:
    from service.commands.output import explained

    sentence, _ = explained(OSError(28, "No space left on device", "scores.csv"))
    assert sentence == "scores.csv: No space left on device"


def test_a_contact_that_holds_no_more_is_refused_before_anything_is_served(demo_store: Path) -> None:
    named = {"EVENREACH_STORE": str(demo_store), "EVENREACH_SECURITY_CONTACT": "https://example.org/report"}
    assert "EVENREACH_SECURITY_EXPIRES" in run("places", check=1, **named).stderr
    past = run("serve", "--port", "1", check=1, EVENREACH_SECURITY_EXPIRES="2020-01-01", **named).stderr
    assert past.startswith("evenreach: EVENREACH_SECURITY_EXPIRES: 2020-01-01 is past")
