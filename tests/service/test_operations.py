"""What those who run the service rely on: counts, contact, errors by name, addresses, a log that keeps secrets."""

from __future__ import annotations

import asyncio
import html
import json
import logging
import re
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.robotparser import RobotFileParser

import httpx
import pytest
from pydantic import ValidationError

from geodata.errors import UnknownPostcode
from service.app import create_app
from service.settings import Settings
from service.web import metrics
from service.web.addresses import public_address
from service.web.errors import PROBLEMS, all_problems
from service.web.log import JsonLines, without_postcodes
from service.web.metrics import BOUNDS, Metrics, written
from tests.service.conftest import Served

TOKEN = "x" * 32
COMMENT = 'id="comment-link" href="([^"]+)">Comment on this view</a>'
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)+)\})? (-?[0-9.e+-]+|\+Inf|NaN)')


def samples(text: str) -> dict[str, float]:
    """Read the text format strictly: every line is a comment or one sample, each series stands once."""
    found: dict[str, float] = {}
    described: set[str] = set()
    for line in text.splitlines():
        if line.startswith("# "):
            described.add(line.split()[2])
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        series = line.rpartition(" ")[0]
        assert series not in found, line
        assert re.sub(r"_(bucket|sum|count)$", "", match[1]) in described or match[1] in described
        found[series] = float(match[3])
    return found


def test_counts_are_written_as_prometheus_reads_them() -> None:
    counts = Metrics()
    for seconds in (0.001, 0.02, 3.0, 99.0):
        counts.count_request("/places/{place}", "GET", 200, seconds, 1000)
    counts.count_request("", "BREW", 405, 0.0, 0)
    counts.count_job("made", 1.5)
    found = samples(counts.text())
    assert found['evenreach_requests_total{route="/places/{place}",method="GET",status="200"}'] == 4
    assert found['evenreach_requests_total{route="other",method="other",status="405"}'] == 1
    assert found['evenreach_answer_bytes_total{route="/places/{place}"}'] == 4000
    assert found['evenreach_jobs_total{outcome="made"}'] == 1
    assert found["evenreach_job_seconds_total"] == 1.5
    assert found['evenreach_request_seconds_count{route="/places/{place}"}'] == 4
    assert found['evenreach_request_seconds_sum{route="/places/{place}"}'] == pytest.approx(102.021)
    buckets = [found[f'evenreach_request_seconds_bucket{{route="/places/{{place}}",le="{b}"}}'] for b in BOUNDS]
    assert buckets == sorted(buckets)
    assert (buckets[0], buckets[-1]) == (1, 3)
    assert found['evenreach_request_seconds_bucket{route="/places/{place}",le="+Inf"}'] == 4
    assert found["evenreach_processes"] == 1
    assert found["evenreach_resident_bytes"] > 1e6


def test_counts_of_several_processes_are_added_and_those_of_ended_ones_kept(tmp_path: Path) -> None:
    mine = Metrics(tmp_path)
    mine.count_request("/", "GET", 200, 0.1, 10)
    told = {**mine.told(), "gauges": {"evenreach_processes": 1, "evenreach_resident_bytes": 5}}
    (tmp_path / "4194305.json").write_bytes(json.dumps(told).encode())  # no process has this number
    (tmp_path / "1.json").write_bytes(json.dumps(told).encode())
    (tmp_path / "2.json").write_text('{"cut short')
    found = samples(mine.text())
    assert found['evenreach_requests_total{route="/",method="GET",status="200"}'] == 3
    assert found["evenreach_processes"] == 2, "this one and process 1"


def test_a_process_leaves_its_counts_for_the_others_within_a_second(tmp_path: Path) -> None:
    async def story() -> None:
        counts = Metrics(tmp_path)
        counts.count_request("/", "GET", 200, 0.1, 10)
        assert list(tmp_path.iterdir()) == []
        await asyncio.sleep(metrics.WRITES_EVERY + 0.3)
        assert len(list(tmp_path.iterdir())) == 1

    asyncio.run(story())


def test_labels_are_escaped() -> None:
    told = {"counts": {"evenreach_answer_bytes_total": {'a"b\\c\nd': 1}}, "seconds": {}, "gauges": {}}
    assert r'evenreach_answer_bytes_total{route="a\"b\\c\nd"} 1' in written([told])


@pytest.mark.parametrize(
    ("client", "headers", "token", "public", "allowed"),
    [
        ("127.0.0.1", {}, "", False, True),
        ("::1", {}, "", False, True),
        ("10.0.0.9", {}, "", False, False),
        ("127.0.0.1", {}, "", True, False),
        ("127.0.0.1", {"x-forwarded-for": "1.2.3.4"}, "", False, False),
        ("127.0.0.1", {"forwarded": "for=1.2.3.4"}, "", False, False),
        ("127.0.0.1", {}, TOKEN, False, False),
        ("10.0.0.9", {"authorization": f"Bearer {TOKEN}"}, TOKEN, True, True),
        ("10.0.0.9", {"authorization": f"Bearer {TOKEN}x"}, TOKEN, True, False),
        ("10.0.0.9", {"authorization": "Bearer "}, "", True, False),
    ],
)
def test_counts_are_for_this_machine_or_for_the_token(
    client: str, headers: dict[str, str], token: str, public: bool, allowed: bool
) -> None:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"client": (client, 5), "headers": pairs}
    assert metrics.may_read(scope, token=token, public=public) is allowed


def ask(settings: Settings, path: str, **options: Any) -> httpx.Response:
    async def story() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(settings))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path, **options)

    return asyncio.run(story())


def test_the_token_is_asked_for_and_works(tmp_path: Path) -> None:
    settings = Settings(store=tmp_path, log_level="error", metrics_token=TOKEN)
    refused = ask(settings, "/metrics")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Bearer realm="metrics"')
    assert refused.json()["type"] == "urn:evenreach:error:no-token"
    wrong = ask(settings, "/metrics", headers={"authorization": "Bearer wrong"})
    assert {**wrong.json(), "request_id": ""} == {**refused.json(), "request_id": ""}
    allowed = ask(settings, "/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert allowed.status_code == 200
    assert allowed.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert allowed.headers["cache-control"] == "no-store"


def test_counts_name_routes_and_never_addresses(served: Served) -> None:
    served.get("/postcode?postcode=ZZ1+1ZZ")
    served.get("/places/demo?find=ZZ1+1ZZ")
    served.get("/ZZ1-1ZZ")
    text = served.get("/metrics").text
    assert 'route="/places/{place}"' in text
    assert "ZZ1" not in text
    assert "demo" not in text
    samples(text)


def test_a_contact_is_told_as_the_standard_asks(tmp_path: Path) -> None:
    settings = Settings(
        store=tmp_path,
        log_level="error",
        security_contact="mailto:security@example.org",
        security_expires=date(2127, 3, 31),
        public_url="https://maps.example.org",
    )
    answer = ask(settings, "/.well-known/security.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == (
        "Contact: mailto:security@example.org\n"
        "Expires: 2127-03-31T00:00:00Z\n"
        "Preferred-Languages: en\n"
        "Canonical: https://maps.example.org/.well-known/security.txt\n"
    )


def test_a_contact_without_a_day_is_refused_and_one_that_is_past_is_not_told(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="EVENREACH_SECURITY_CONTACT needs EVENREACH_SECURITY_EXPIRES"):
        Settings(security_contact="https://example.org/report")
    past = Settings(store=tmp_path, security_contact="https://example.org/report", security_expires=date(2020, 1, 1))
    assert ask(past, "/.well-known/security.txt").status_code == 404


def test_without_a_contact_there_is_no_such_file(served: Served) -> None:
    assert served.get("/.well-known/security.txt").status_code == 404


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("security_contact", "security@example.org"),
        ("security_contact", "javascript:alert(1)"),
        ("security_contact", "mailto:a@example.org\nContact: mailto:b@example.org"),
        ("security_expires", "soon"),
        ("metrics_token", "short"),
        ("metrics_token", "with a space in the middle"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({name: value})


def test_every_kind_of_error_stands_on_its_page_with_what_to_do(served: Served) -> None:
    page = served.get("/problems").text
    for problem in (*all_problems(), *PROBLEMS.values()):
        assert f'id="{problem.name}"' in page
        assert f">{problem.status}</td>" in page
    assert "/problems" in served.json("/openapi.json")["info"]["description"]


def test_links_are_made_of_the_public_address_alone() -> None:
    assert public_address(Settings(public_url="https://maps.example.org/")) == "https://maps.example.org"
    assert public_address(Settings(host="127.0.0.1", port=8123)) == "http://127.0.0.1:8123"
    assert public_address(Settings(host="0.0.0.0", port=80)) == "http://127.0.0.1:80"
    assert public_address(Settings(host="::1", port=8000)) == "http://[::1]:8000"


@pytest.mark.parametrize("text", ["LU1 2TL", "lu1+2tl", "LU1%202TL", "EC1A1BB", "M1 1AE", "for 'SW1A 2AA' in"])
def test_postcodes_are_blacked_out_of_the_log(text: str) -> None:
    assert not re.search(r"[0-9][A-Za-z]{2}\b", without_postcodes(text).replace("[postcode]", ""))
    assert "[postcode]" in without_postcodes(text)


@pytest.mark.parametrize("text", ["E01000001", "route /places/{place}", "2026-11-22-a0ffa5fa", "line 12, in run"])
def test_other_words_stay_in_the_log(text: str) -> None:
    assert without_postcodes(text) == text


def test_an_error_that_repeats_a_postcode_does_not_bring_it_into_the_log() -> None:
    try:
        raise UnknownPostcode("There is no LU1 2TL here.")
    except UnknownPostcode as error:
        caught = (type(error), error, error.__traceback__)
    record = logging.LogRecord("evenreach", logging.ERROR, "", 0, "no LU1 2TL", (), caught)
    assert "2TL" not in JsonLines().format(record)


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/theme.css", "/problems"])
def test_what_goes_with_pages_has_a_tag_and_is_compressed(served: Served, path: str) -> None:
    first = served.get(path, headers={"accept-encoding": "gzip"})
    assert first.headers["etag"]
    again = served.get(path, headers={"accept-encoding": "gzip", "if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["content-encoding"] == "gzip"


def test_robots_may_read_all_but_files_and_counts(served: Served) -> None:
    answer = served.get("/robots.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    rules = RobotFileParser()
    rules.parse(answer.text.splitlines())
    assert all(
        rules.can_fetch("any", path) for path in ("/", "/places/demo?rho=2", "/api/v1/places", "/assets/site.css")
    )
    assert not any(rules.can_fetch("any", path) for path in ("/metrics", "/downloads/demo/need.csv"))
    assert "max-age" in answer.headers["cache-control"]


def test_the_icon_stands_where_pages_and_browsers_look_for_it(served: Served) -> None:
    icon = served.get("/favicon.ico")
    assert icon.headers["content-type"] == "image/svg+xml"
    assert "max-age" in icon.headers["cache-control"]
    for page in ("/", "/embed/demo/need", "/embed/demo/no-such-layer"):
        (link,) = re.findall('<link rel="icon" href="([^"]+)" type="image/svg\\+xml">', served.get(page).text)
        assert served.get(link).content == icon.content
    assert not {"/robots.txt", "/favicon.ico"} & set(served.json("/openapi.json")["paths"])


VIEWS = {
    "/places/demo?focus=best-start&rho=2&sort=-people&find=a": "/places/demo?focus=best-start&rho=2",
    "/maps/demo/need?within=team:Harbour+and+Lantern": "/maps/demo/need?within=team%3AHarbour+and+Lantern",
    "/places/demo/share-out?within=&over=msoas": "/places/demo/share-out?over=msoas",
    "/places/demo/neighbourhoods/E01900001": "/places/demo/neighbourhoods/E01900001",
    "/places/demo/access?service=gp": "/places/demo/access?service=gp",
    "/places/demo/siting?service=family_hub&show=sites": "/places/demo/siting?service=family_hub&show=sites",
    "/places/demo/compare": "/places/demo/compare",
    "/indicators/overcrowded_share?place=demo": "/indicators/overcrowded_share?place=demo",
}


def test_a_view_can_be_commented_on_by_its_public_address(demo_store: Path, served: Served) -> None:
    where = "https://council.example/comments/?form=7&view=a#write"
    site = Served(demo_store, respond_url=where, public_url="https://maps.example.org")
    for address, view in VIEWS.items():
        (link,) = re.findall(COMMENT, site.get(address).text)
        assert "&amp;view=" in link
        parts = urlsplit(html.unescape(link))
        assert parts.fragment == "write"
        assert parts.path == "/comments/"
        assert parse_qsl(parts.query) == [("form", "7"), ("view", "a"), ("view", f"https://maps.example.org{view}")]
    for address in ("/", "/embed/demo/need", "/places/demo/embed", "/places/demo?rho=99"):
        assert not re.findall(COMMENT, site.get(address).text), address
    assert f'href="{html.escape(where)}"' in site.get("/accessibility").text
    site.close()
    assert not re.findall(COMMENT, served.get("/places/demo").text)
