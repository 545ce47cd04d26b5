"""Classes of a map of access: out of reach apart, the worst first, nothing unknown ever in a class."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from layers.access_classes import access_classes

INF, NAN = np.inf, np.nan
figures = arrays(
    np.float64,
    st.integers(0, 60),
    elements=st.one_of(st.just(np.nan), st.just(0.0), st.integers(0, 9).map(float), st.floats(0, 1e4)),
)


def test_times_by_hand():
    # Out of reach is class 1. Eight others in four classes of two: 40 and 30 are the longest.
    found = access_classes(np.array([1, 2, 5, 6, 11, 12, 30, 40, INF, NAN]), measure="nearest", decimals=1)
    assert found.labels == ("Out of reach", "Longest", "Longer", "Shorter", "Shortest")
    assert found.numbers[:-1].tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1]
    assert np.isnan(found.numbers[-1])


def test_counts_by_hand():
    found = access_classes(np.array([0.0, 0, 1, 2, 3, NAN]), measure="within", decimals=0)
    assert found.labels == ("None within reach", "Least", "Middle", "Most")
    assert found.numbers[:-1].tolist() == [1, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("values", "measure", "labels"),
    [
        ([2.0, 2.0], "2sfca", ("The same everywhere",)),
        ([0.0, 2.0], "e2sfca", ("None within reach", "All others")),
        ([INF, INF], "nearest", ("Out of reach",)),
        ([NAN], "nearest", ()),
        ([0.0, 3.0], "nearest", ("Longest", "Shortest")),
    ],
)
def test_fewer_classes_have_names_that_fit(values, measure, labels):
    assert access_classes(np.array(values), measure=measure, decimals=1).labels == labels


@settings(max_examples=300)
@given(figures, st.sampled_from(["nearest", "within"]), st.booleans())
def test_laws(values, measure, cut_off):
    if cut_off and measure == "nearest":
        values = np.where(values > 5, INF, values)
    found = access_classes(values, measure=measure, decimals=1)
    known = ~np.isnan(values)
    assert (np.isnan(found.numbers) == ~known).all()
    assert len(found.labels) == len(set(found.labels)) <= 5
    assert set(found.numbers[known].tolist()) == set(range(1, len(found.labels) + 1))
    worst_first = np.argsort(-values[known] if measure == "nearest" else values[known], kind="stable")
    assert (np.diff(found.numbers[known][worst_first]) >= 0).all()
    none = np.isinf(values) if measure == "nearest" else values == 0
    if none.any():
        assert (found.numbers[none] == 1).all()
        assert (found.numbers[known & ~none] > 1).all()
