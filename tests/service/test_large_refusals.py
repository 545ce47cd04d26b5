"""A large place is worked out in the workshop: what cannot be met is refused there as it is here, by name."""

from __future__ import annotations

from typing import Any

import pytest

from service.editions.edition import Edition

PLACE = "/api/v1/places/demo"


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Edition, "large", property(lambda self: True))


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        (f"{PLACE}/access?service=gp&outcome=imd_rank", 422, "cannot be the outcome"),
        (f"{PLACE}/access?service=hospital", 422, "access is not known here"),
        (f"{PLACE}/access?service=gp&within=team:Nowhere", 404, "no footprint"),
        (f"{PLACE}/proportionality?resource=none_such&outcome=imd_rank", 422, "resource is 'none_such'"),
        ("/downloads/demo/need.xlsx?within=team:Nowhere", 404, "no footprint"),
        ("/downloads/demo/share-out.csv?budget=1000&within=team:Nowhere", 404, "no footprint"),
        ("/downloads/demo/share-out.csv?budget=1000&form=count&counts=none_such", 422, "none_such"),
    ],
)
def test_a_large_place_refuses_as_a_small_one_does(served: Any, path: str, status: int, said: str) -> None:
    answer = served.get(path)
    assert answer.status_code == status, answer.text[:300]
    assert said in answer.text.replace("\\", "")
