"""A question by public transport where there are no streets, or no timetable: refused by name, on every address."""

import pytest

from service.travel.edition_times import TravelOfEdition

ADDRESSES = (
    "/api/v1/places/demo/access?service=gp&mode=transit",
    "/geojson/demo/access?service=gp&mode=transit",
    "/downloads/demo/access.csv?service=gp&mode=transit",
    "/maps/demo/access?service=gp&mode=transit",
    "/pictures/demo/access.svg?service=gp&mode=transit",
)
STREETS_ONLY = {"basis": dict.fromkeys(("walk", "cycle", "drive"), "street network (fictional)")}


@pytest.mark.parametrize(
    ("network", "said"),
    [(None, "was built without streets and timetable"), (STREETS_ONLY, "has no travel times for")],
    ids=["no streets", "no timetable"],
)
def test_public_transport_without_a_timetable_is_refused_everywhere(demo_store, serve, monkeypatch, network, said):
    monkeypatch.setattr(TravelOfEdition, "network", network)
    opened = serve(demo_store)
    for address in ADDRESSES:
        answer = opened.get(address)
        assert answer.status_code == 422, address
        assert said in answer.text, address
        assert "choose one of walk, cycle, drive" in answer.text, address
    assert opened.get("/places/demo/access?service=gp&mode=transit").status_code == 422
    problem = opened.get(ADDRESSES[0]).json()
    assert problem["type"] == "urn:evenreach:error:unknown-mode"
