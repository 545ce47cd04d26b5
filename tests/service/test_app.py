"""The application over the demo borough: strict parameters, tags, errors, assets, what it imports, a real server."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from geodata.store import editions as stored_editions
from service import app as application
from service.app import create_app
from service.editions.open_editions import OpenEditions
from service.settings import Settings, contrast
from service.web.asset_files import AssetFiles
from tests.running import running

HEAVY = ("geopandas", "pandas", "shapely", "pyproj", "pyogrio", "folium", "branca", "scipy", "pyarrow", "mapclassify")


class Client:
    """Asks one application in one event loop of its own."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.loop = asyncio.new_event_loop()
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.loop.run_until_complete(self.http.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def close(self) -> None:
        self.loop.run_until_complete(self.app.state.workshop.close())
        self.loop.run_until_complete(self.http.aclose())
        self.loop.close()


@pytest.fixture(scope="module")
def client(demo_store: Path) -> Iterator[Client]:
    client = Client(create_app(Settings(store=demo_store, log_level="error")))
    yield client
    client.close()


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/geojson/demo/need?roh=3", "roh"),
        ("/geojson/demo/need?rho=3&rho=4", "rho"),
        ("/geojson/demo/need?rho=nan", "rho"),
        ("/geojson/demo/need?rho=1e400", "rho"),
        ("/geojson/demo/need?rho=%D9%A3", "rho"),
        ("/geojson/demo/need?within=E06000032", "within"),
        ("/geojson/demo/need?bbox=2,51,1,52", "bbox"),
        ("/geojson/demo/need?detail=all", "detail"),
        ("/api/v1/places?page=1", "page"),
        ("/api/v1/places/demo/scores?focus=Core", "focus"),
        ("/downloads/demo/need.csv?page=2", "page"),
        ("/health/live?verbose=1", "verbose"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(client: Client, path: str, parameter: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:evenreach:error:bad-query"
    assert answer.json()["parameter"] == parameter
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("path", "status", "name"),
    [
        ("/geojson/nowhere/need", 404, "unknown-place"),
        ("/geojson/DEMO/need", 404, "unknown-place"),
        ("/geojson/england/need", 503, "build-missing"),
        ("/geojson/demo/heat", 404, "unknown-layer"),
        ("/geojson/demo/need?focus=no-such", 404, "unknown-focus"),
        ("/geojson/demo/need?within=team:No%20such", 404, "unknown-footprint"),
        ("/geojson/demo/indicator?indicator=no_such", 404, "unknown-indicator"),
        ("/geojson/demo/need?edition=2020-01-01-00000000", 404, "unknown-edition"),
        ("/api/v1/places/demo/neighbourhoods/E01999999", 404, "unknown-neighbourhood"),
        ("/downloads/demo/need.doc", 404, "unknown-kind"),
        ("/api/v2", 404, "not-found"),
        ("/geojson/demo/need%00", 404, "unknown-layer"),
    ],
)
def test_what_does_not_exist_is_said_plainly(client: Client, path: str, status: int, name: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:evenreach:error:{name}")
    assert answer.headers["content-type"] == "application/problem+json"


def test_empty_parameters_mean_their_defaults(client: Client) -> None:
    plain = client.get("/api/v1/places/demo/scores")
    assert client.get("/api/v1/places/demo/scores?focus=&rho=&within=&edition=").content == plain.content


def test_people_get_error_pages(client: Client) -> None:
    answer = client.get("/places/nowhere")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "No such place" in answer.text


def test_every_answer_carries_the_security_headers(client: Client) -> None:
    for path in ("/", "/places/demo", "/geojson/demo/need", "/nowhere", "/geojson/demo/need?x=1", "/docs"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "path", ["/", "/places/demo", "/geojson/demo/need", "/downloads/demo/need.csv", "/health/live"]
)
def test_head_is_answered_on_every_read(client: Client, path: str) -> None:
    head, get = client.ask("HEAD", path), client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


def test_writing_where_there_is_nothing_to_write_is_refused(client: Client) -> None:
    answer = client.ask("POST", "/geojson/demo/need")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


def test_health_names_a_place_that_cannot_be_served(demo_store: Path, tmp_path: Path) -> None:
    shutil.copytree(demo_store, tmp_path / "store")
    shutil.copytree(demo_store / "demo", tmp_path / "store" / "luton")
    for manifest in (tmp_path / "store" / "luton").rglob("manifest.json"):
        manifest.write_text("{}")
    client = Client(create_app(Settings(store=tmp_path / "store", log_level="error")))
    answer = client.get("/health/ready")
    assert answer.status_code == 200, "the other places are served"
    assert answer.json()["status"] == "degraded"
    assert answer.json()["damaged"] == ["luton"]
    client.close()


def test_health_tells_what_is_served(client: Client, tmp_path: Path) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    assert "demo" in client.get("/health/ready").json()["places"]
    assert client.get("/health/ready").json()["status"] == "ready"
    empty = Client(create_app(Settings(store=tmp_path, log_level="error")))
    assert empty.get("/health/ready").status_code == 503
    assert empty.get("/geojson/demo/need").status_code == 503
    empty.close()


def test_downloads_have_a_name_a_tag_and_a_description(client: Client) -> None:
    answer = client.get("/downloads/demo/targeting.csv?rho=4.25&focus=best-start")
    assert answer.headers["content-type"].startswith("text/csv")
    assert 'attachment; filename="evenreach_demo_targeting_best-start_rho4.25_' in answer.headers["content-disposition"]
    held = {"if-none-match": answer.headers["etag"]}
    assert client.get("/downloads/demo/targeting.csv?focus=best-start&rho=4.25", headers=held).status_code == 304
    assert client.get("/downloads/demo/targeting.csv?rho=4&focus=best-start", headers=held).status_code == 200
    described = client.get("/downloads/demo/targeting.csv-metadata.json?rho=4.25&focus=best-start").json()
    names = [column["name"] for column in described["tableSchema"]["columns"]]
    assert names == answer.text.splitlines()[0].split(",")


def test_a_geojson_download_is_the_geojson_answer(client: Client) -> None:
    query = "?rho=4.25&focus=building-blocks"
    assert (
        client.get(f"/downloads/demo/need.geojson{query}").content == client.get(f"/geojson/demo/need{query}").content
    )


@pytest.mark.parametrize(
    ("kind", "starts"), [("xlsx", b"PK\x03\x04"), ("gpkg", b"SQLite format 3\x00"), ("parquet", b"PAR1")]
)
def test_heavy_downloads_come_from_the_workshop(client: Client, kind: str, starts: bytes) -> None:
    answer = client.get(f"/downloads/demo/targeting.{kind}")
    assert answer.status_code == 200
    assert answer.content.startswith(starts)
    assert client.app.state.workshop.process_ids


def test_assets_are_kept_for_ever_by_their_hash(client: Client) -> None:
    address = client.app.state.assets.address("map.js")
    answer = client.get(address)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert client.get(address, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    assert "immutable" not in client.get("/assets/map.js?v=old").headers["cache-control"]


@pytest.mark.parametrize(
    "name", ["../app.py", "..%2Fapp.py", "package.json", "node_modules/leaflet/package.json", "none.js", ""]
)
def test_nothing_but_assets_is_served_as_an_asset(client: Client, name: str) -> None:
    assert client.get(f"/assets/{name}").status_code == 404


def test_an_asset_changes_its_address_with_its_content(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    before = AssetFiles(tmp_path).address("a.js")
    (tmp_path / "a.js").write_text("2")
    assert before.startswith("/assets/a.js?v=")
    assert AssetFiles(tmp_path).address("a.js") != before


def test_the_api_document_lists_every_parameter(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    given = {part["name"] for part in paths["/geojson/{place}/{layer}"]["get"]["parameters"]}
    of_access = {"service", "mode", "minutes", "measure", "demand", "accepting"}
    of_all = {"place", "layer", "focus", "weights", "rho", "within", "indicator", "edition", "detail", "bbox"}
    assert given == of_all | of_access


def test_the_api_page_asks_no_other_host(client: Client) -> None:
    text = client.get("/docs").text
    assert "http://" not in text
    assert "https://" not in text
    assert "<script>" not in text


def test_a_new_edition_is_served_without_a_restart(demo_store: Path, tmp_path: Path) -> None:
    home = tmp_path / "demo"
    home.mkdir()
    current = demo_store / "demo" / stored_editions(demo_store, "demo")[0]
    (home / current.name).symlink_to(current)
    (home / "current").write_text(current.name)
    editions = OpenEditions(tmp_path)
    first = editions.get("demo")
    assert editions.get("demo") is first
    (home / "next").write_text(current.name)
    (home / "next").replace(home / "current")
    assert editions.get("demo") is not first


def test_a_web_process_takes_the_application_made_ahead(demo_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENREACH_STORE", str(demo_store))
    monkeypatch.setenv("EVENREACH_LOG_LEVEL", "error")
    monkeypatch.setattr(gc, "freeze", lambda: None)
    monkeypatch.setattr(application, "_AHEAD", [])
    alone = application.app_of_process()
    application.make_ahead()
    (ahead,) = application._AHEAD
    assert application.app_of_process() is application.app_of_process() is ahead is not alone


def test_the_web_process_loads_no_heavy_library(demo_store: Path) -> None:
    code = (
        "import asyncio, sys, httpx\n"
        "from service.app import create_app\n"
        "app = create_app()\n"
        "async def ask():\n"
        "    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://test') as client:\n"
        "        for path in ('/', '/places/demo', '/geojson/demo/need', '/api/v1/places/demo/scores',\n"
        "                     '/maps/demo/need', '/pictures/demo/need.svg', '/downloads/demo/need.csv', '/sources'):\n"
        "            assert (await client.get(path)).status_code == 200, path\n"
        "asyncio.run(ask())\n"
        "print(sorted({name.split('.')[0] for name in sys.modules}))\n"
    )
    environment = {**os.environ, "EVENREACH_STORE": str(demo_store), "EVENREACH_LOG_LEVEL": "error"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not set(HEAVY) & set(json.loads(done.stdout.replace("'", '"')))


@pytest.fixture(scope="module")
def site(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(demo_store, tmp_path_factory.mktemp("site") / "log") as server:
        yield server.address


def test_the_real_server_answers_and_does_not_name_itself(site: str) -> None:
    answer = httpx.get(f"{site}/places/demo")
    assert answer.status_code == 200
    assert answer.headers.get("server", "") == ""
    assert answer.headers["content-encoding"] in ("gzip", "br")  # httpx asks for what it can read
    head = httpx.head(f"{site}/geojson/demo/need")
    assert (head.status_code, head.content) == (200, b"")
    workbook = httpx.get(f"{site}/downloads/demo/need.xlsx", timeout=60)
    assert workbook.content.startswith(b"PK")


def test_an_empty_store_gets_the_demo_borough_first(tmp_path: Path) -> None:
    with running(tmp_path / "store", tmp_path / "log", workers=2) as server:
        assert "demo" in httpx.get(f"{server.address}/health/ready").json()["places"]
        assert httpx.get(server.address).status_code == 200


def test_nothing_is_left_behind_by_a_download(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert client.get("/downloads/demo/need.gpkg").status_code == 200
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "javascript:alert(1)"),
        ("PUBLIC_URL", "https://maps.example/app"),
        ("PUBLIC_URL", "https://maps.example/?a=/"),
        ("EMBED_ORIGINS", "https://a.example; script-src *"),
        ("TENANT_COLOUR", "red;}"),
        ("TENANT_COLOUR", "#878787"),
        ("TENANT_TEXT_COLOUR", "#1d3a5f"),
        ("TENANT_NAME", ""),
        ("TENANT_NAME", " \u200b"),
        ("METRICS_TOKEN", "fifteen-letters"),
        ("PORT", "70000"),
        ("CONCURRENCY", "0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"EVENREACH_{name}", value)
    with pytest.raises(ValidationError, match=rf"(?i)\b(?:EVENREACH_)?{name}\b"):
        Settings()


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#ff0000", "#0000ff", 2.15),
    ],
)
def test_contrast_is_that_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.005)


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENREACH_EMBED_ORIGINS", "https://a.example, https://b.example:8443")
    monkeypatch.setenv("EVENREACH_PUBLIC_URL", "https://maps.example/")
    settings = Settings()
    assert settings.embed_origins == ("https://a.example", "https://b.example:8443")
    assert settings.public_url == "https://maps.example"


def test_a_download_that_nobody_waits_for_is_stopped(demo_store: Path) -> None:
    client = Client(create_app(Settings(store=demo_store, log_level="error")))
    workshop = client.app.state.workshop
    sent: list[Any] = []

    async def story() -> None:
        messages = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Any:
            if messages:
                return messages.pop()
            while not workshop.process_ids:
                await asyncio.sleep(0.01)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/downloads/demo/need.xlsx",
            "query_string": b"",
            "headers": [(b"host", b"test")],
        }
        await client.app({**scope, "http_version": "1.1", "scheme": "http", "server": ("test", 80)}, receive, send)

    client.loop.run_until_complete(story())
    assert sent[0]["status"] == 499
    assert workshop.process_ids == []
    client.close()
