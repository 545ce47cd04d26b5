"""What a score rests on in effect (methods M4): sums by hand and laws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from layers.balance import correlations, effective_weights, rank_correlation


def test_effective_weights_by_hand():
    # a adds 0, 10, 20; b adds 0, 0, 6. Scores 0, 10, 26: mean 12; deviations -12, -2, 14; variance (144 + 4 + 196) / 2.
    # cov(a) = (120 + 0 + 140) / 2, cov(b) = (24 + 4 + 56) / 2.
    found = effective_weights(pd.DataFrame({"a": [0.0, 10, 20], "b": [0.0, 0, 6]}))
    assert found.tolist() == pytest.approx([260 / 344, 84 / 344])


def test_effective_weights_add_up_and_a_constant_moves_nothing():
    rng = np.random.default_rng(4)
    parts = pd.DataFrame(rng.uniform(0, 50, (200, 4)), columns=list("abcd")).assign(b=7.0)
    parts.loc[3:9, "c"] = np.nan
    parts.loc[12] = np.nan
    found = effective_weights(parts)
    assert found.sum() == pytest.approx(1)
    assert found["b"] == pytest.approx(0)


def test_equal_scores_have_no_effective_weights():
    assert effective_weights(pd.DataFrame({"a": [1.0, 1.0], "b": [2.0, 2.0]})).isna().all()
    assert effective_weights(pd.DataFrame({"a": [1.0, np.nan]})).isna().all()


def test_correlations_leave_out_gaps_in_pairs():
    found = correlations(pd.DataFrame({"a": [1.0, 2, 3, np.nan], "b": [3.0, 2, 1, 9], "c": [5.0] * 4}))
    assert found.loc["a", "b"] == pytest.approx(-1)
    assert np.isnan(found.loc["a", "c"])


def test_rank_correlation_is_scipys():
    rng = np.random.default_rng(1)
    first, second = (pd.Series(rng.integers(0, 9, 80).astype(float)) for _ in "ab")
    first[4] = np.nan
    known = first.notna()
    assert rank_correlation(first, second) == pytest.approx(spearmanr(first[known], second[known]).statistic)
    assert np.isnan(rank_correlation(first[:2], second[:2]))
