"""Rates behind published ranks: by hand, and their order is that of the ranks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geodata.ranked_rates import FILE7, UNDERLYING, rates_behind_ranks
from geodata.reading import Reading

CODES = pd.Index([f"E0190000{i}" for i in range(1, 6)], name="lsoa21cd")
CHILDREN = "income_deprivation_affecting_children_index_idaci_numerator"


def readings(published: dict[str, list[float]], people: dict[str, list[float]]) -> dict[str, Reading]:
    tables = {FILE7: pd.DataFrame(published, index=CODES), UNDERLYING: pd.DataFrame(people, index=CODES)}
    return {name: Reading(table, len(table)) for name, table in tables.items()}


def test_a_rate_with_its_people_gives_the_denominator():
    held = readings(
        {"income_score": [0.4, 0.3, np.nan, 0.1, 0.0], "income_rank": [1, 2, 3, 4, 5]},
        {"income_domain_numerator": [400, 450, np.nan, 100, 0]},
    )
    found = rates_behind_ranks(held, CODES, pd.Series(np.nan, CODES))["income_rank"]
    # The rate that is held back lies half way between those ranked next to it.
    assert found["rate"].tolist() == pytest.approx([0.4, 0.3, 0.2, 0.1, 0.0])
    np.testing.assert_allclose(found["denominator"], [1000, 1500, np.nan, 1000, np.nan])
    np.testing.assert_allclose(found["count"], [400, 450, np.nan, 100, np.nan])


def test_without_any_rate_children_are_counted_among_children_in_the_published_order():
    held = readings(
        {"idaci_score": [np.nan] * 5, "idaci_rank": [2, 1, 4, 3, 5]},
        {CHILDREN: [30, 20, 10, 45, np.nan]},
    )
    children = pd.Series([100.0, 100, 100, 90, 80], CODES)
    found = rates_behind_ranks(held, CODES, children)["idaci_rank"]
    # Estimates .3, .2, .1, .5 are put in the order of the ranks; the last has no count and lies below.
    assert found["rate"].tolist() == pytest.approx([0.3, 0.5, 0.1, 0.2, 0.1])
    assert found["denominator"].tolist()[:4] == pytest.approx([100, 40, 100, 225])
    assert np.isnan(found["count"].iloc[4])


def test_no_source_no_rates():
    held = readings({"income_score": [0.1] * 5, "income_rank": [1] * 5}, {"other": [1] * 5})
    assert rates_behind_ranks(held, CODES, pd.Series(np.nan, CODES)) == {}
    assert rates_behind_ranks({FILE7: held[FILE7]}, CODES, pd.Series(np.nan, CODES)) == {}
    older = readings({"idaopi_score": [np.nan] * 5, "idaopi_rank": [1, 2, 3, 4, 5]}, {CHILDREN: [1] * 5})
    assert rates_behind_ranks(older, CODES, pd.Series(np.nan, CODES)) == {}
