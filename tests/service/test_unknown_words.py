"""Words of an address that are unknown here are refused by the page too, whether or not it would use them."""

from __future__ import annotations

import re
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("?service=nosuch", 422, "There is no service"),
        ("/share-out?service=nosuch", 422, "There is no service"),
        ("/share-out?form=nosuch", 422, "expected dial or count"),
        ("/share-out?budget=9&counts=nosuch", 422, "People are counted here by"),
        ("/share-out?unit=nosuch", 422, "expected pence"),
        ("/siting?objective=nosuch", 422, "expected mean, worst, coverage or fair"),
        ("/siting?mode=nosuch", 422, "There are no travel times by"),
        ("/embed?weights=nosuch=1", 422, "One setting of the map, weights, could not be used"),
        ("/embed?layer=need&indicator=nosuch", 404, "No indicator"),
        ("/embed?layer=need&mode=nosuch", 422, "mode is"),
        ("/embed?layer=imd&focus=nosuch", 404, "No focus"),
        ("/embed?layer=imd&rho=99", 422, "Enter a dial from 1 to 20"),
    ],
)
def test_a_word_that_is_unknown_here_is_refused(served: Any, address: str, status: int, said: str) -> None:
    answer = served.get(f"/places/demo{address}", headers={"accept": "text/html"})
    assert answer.status_code == status
    assert said in answer.text
    summary = re.search(r'govuk-error-summary__list">(.*?)</ul>', answer.text, re.DOTALL)
    for field in re.findall(r'href="#(\w+)"', summary[1]) if summary else ():
        assert f'id="{field}"' in answer.text


@pytest.mark.parametrize(
    "address",
    [
        "?service=gp",
        "/share-out?service=gp&form=count&counts=income&unit=whole",
        "/siting?objective=fair&mode=walk",
        "/embed?layer=need&indicator=overcrowded_share&mode=cycle&minutes=10",
        "/embed?layer=imd&focus=best-start&rho=5&service=",
    ],
)
def test_a_word_that_is_known_and_not_used_passes(served: Any, address: str) -> None:
    assert served.get(f"/places/demo{address}").status_code == 200


def test_an_empty_box_is_no_box(served: Any) -> None:
    for layer, more in (("need", ""), ("targeting", "&rho=4"), ("access", "")):  # in the fast lane, and past it
        answer = served.get(f"/geojson/demo/{layer}?bbox={more}")
        assert (answer.status_code, answer.json()["parameter"]) == (422, "bbox")
    assert served.get("/geojson/demo/need?edition=&detail=").status_code == 200
