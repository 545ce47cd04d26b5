"""Shrinkage to the council (methods M4, step 2): sums by hand, laws, refusals."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from layers.shrinkage import shrink_to_council

A = "E06000032"


def frame(*rows: tuple[float, float, str]) -> pd.DataFrame:
    codes = [f"E0100{i:04d}" for i in range(len(rows))]
    return pd.DataFrame(rows, index=codes, columns=["count", "among", "council"]).astype(
        {"count": float, "among": float}
    )


def shrink(table: pd.DataFrame):
    return shrink_to_council(table["count"], table["among"], table["council"])


def by_the_report(rows: list[tuple[float, float]]) -> list[float]:
    """The formulas of one council, as printed, without numpy."""
    odds = lambda r, n: math.log((r + 0.5) / (n - r + 0.5))  # noqa: E731
    whole = odds(sum(r for r, _ in rows), sum(n for _, n in rows))
    counted = [(r, n) for r, n in rows if n > 0]
    spread = sum((odds(r, n) - whole) ** 2 for r, n in counted) / (len(counted) - 1) if len(counted) > 1 else 0
    found = []
    for r, n in rows:
        logit = whole
        if n > 0 and spread > 0:
            s2 = (n + 1) * (n + 2) / (n * (r + 1) * (n - r + 1))
            weight = (1 / s2) / (1 / s2 + 1 / spread)
            logit = weight * odds(r, n) + (1 - weight) * whole
        found.append(1 / (1 + math.exp(-logit)))
    return found


def test_two_neighbourhoods_by_hand():
    found = shrink(frame((10, 100, A), (30, 100, A)))
    m1, m2, whole = math.log(10.5 / 90.5), math.log(30.5 / 70.5), math.log(40.5 / 160.5)
    t2 = (m1 - whole) ** 2 + (m2 - whole) ** 2
    s1, s2 = 101 * 102 / (100 * 11 * 91), 101 * 102 / (100 * 31 * 71)
    w1, w2 = t2 / (t2 + s1), t2 / (t2 + s2)
    assert found.weight.tolist() == pytest.approx([w1, w2], rel=1e-12)
    assert found.share.iloc[0] == pytest.approx(1 / (1 + math.exp(-(w1 * m1 + (1 - w1) * whole))), rel=1e-12)
    assert found.logit_variance.iloc[1] == pytest.approx(1 / (1 / s2 + 1 / t2), rel=1e-12)
    assert round(found.share.iloc[0], 4) == 0.1117  # between its own 10 % and the council's 20 %


def test_nobody_to_count_among_takes_the_council():
    found = shrink(frame((0, 0, A), (10, 100, A), (30, 100, A)))
    assert found.share.iloc[0] == pytest.approx(40.5 / 201)
    assert found.weight.iloc[0] == 0
    # and it changes nothing for the others
    alone = shrink(frame((10, 100, A), (30, 100, A)))
    assert found.share.iloc[1:].tolist() == alone.share.tolist()


def test_one_neighbourhood_takes_the_council():
    assert shrink(frame((10, 100, A))).share.tolist() == pytest.approx([10.5 / 101])


def test_no_difference_within_the_council_takes_the_council():
    # An odd half makes m equal M: r = n / 2 everywhere.
    found = shrink(frame((50, 100, A), (20, 40, A)))
    assert found.share.tolist() == [0.5, 0.5]
    assert found.weight.tolist() == [0, 0]


def test_unknown_stays_unknown_and_leaves_the_council_alone():
    found = shrink(frame((np.nan, 100, A), (10, np.nan, A), (10, 100, A), (30, 100, A)))
    assert found.share.isna().tolist() == [True, True, False, False]
    assert found.share.iloc[2:].tolist() == shrink(frame((10, 100, A), (30, 100, A))).share.tolist()


def random_councils(cases: int = 1_000) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    rows = []
    for case in range(cases):
        among = rng.integers(0, 60, rng.integers(1, 9))
        rows += [(int(rng.integers(0, n + 1)), int(n), f"E{case:08d}") for n in among]
    return frame(*rows)


def test_councils_keep_to_themselves_and_follow_the_report():
    table = random_councils()
    found = shrink(table).share
    for _, council in table.groupby("council"):
        expected = by_the_report(list(zip(council["count"], council["among"], strict=True)))
        assert found[council.index].tolist() == pytest.approx(expected, rel=1e-9)


def test_a_shrunk_share_lies_between_its_own_and_the_councils():
    table = random_councils()
    found = shrink(table)
    own = (table["count"] + 0.5) / (table["among"] + 1)
    sums = table.groupby("council")[["count", "among"]].transform("sum")
    whole = (sums["count"] + 0.5) / (sums["among"] + 1)
    assert ((found.share >= np.minimum(own, whole) - 1e-12) & (found.share <= np.maximum(own, whole) + 1e-12)).all()
    assert found.weight.between(0, 1).all()
    turned = shrink(table.iloc[::-1]).share[table.index]
    np.testing.assert_allclose(turned, found.share, rtol=1e-12)


def test_more_people_keep_more_of_their_own():
    found = shrink(frame((5, 25, A), (50, 250, A), (500, 2_500, A), (30, 100, A)))
    assert all(small < large for small, large in pairwise(found.weight.iloc[:3]))


@pytest.mark.parametrize(
    ("row", "says"),
    [((5, 4, A), "above its denominator"), ((-1, 4, A), "not be negative"), ((1, 4, None), "no council")],
)
def test_impossible_figures_are_refused_by_name(row, says):
    with pytest.raises(ValueError, match=says) as caught:
        shrink(frame((1, 4, A), row))
    assert "E01000001" in str(caught.value)


def test_other_neighbourhoods_are_refused():
    table = frame((1, 4, A), (1, 4, A))
    with pytest.raises(ValueError, match="same order"):
        shrink_to_council(table["count"], table["among"].iloc[::-1], table["council"])
