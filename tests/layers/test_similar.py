"""Similar places and positive deviants (methods M10): sums by hand, laws, marks that are not chance."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.similar import PeerLine, merge_predecessors, peer_line, positive_deviants, similar_places

LAW = settings(max_examples=1_000, deadline=None)
CHECK = settings(max_examples=250, deadline=None)  # what is no law of the methods, and slow
SEEDS = st.integers(0, 2**32 - 1)
CODES = pd.Index([f"E0{i:07d}" for i in range(1, 301)], dtype=object)


def councils(seed: int, n: int = 12) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(size=(n, 3)) * [1, 50, 0.01] + [0, 300, 2]
    return pd.DataFrame(values, index=CODES[:n], columns=["density", "income", "age"])


def series(values) -> pd.Series:
    return pd.Series(np.asarray(values, dtype=float), index=CODES[: len(values)])


# Similar places


def test_peers_by_hand():
    context = pd.DataFrame({"a": [0, 2, 4, 6.0], "b": [1, 1, 3, 3.0]}, index=list("wxyz"))
    # Deviation of a is sqrt 5, of b is 1: from w, x is 2/sqrt 5 away, y sqrt(16/5 + 4), z sqrt(36/5 + 4).
    found = similar_places(context, "w", 3)
    assert found.index.tolist() == ["x", "y", "z"]
    expected = [2 / math.sqrt(5), math.sqrt(16 / 5 + 4), math.sqrt(36 / 5 + 4)]
    assert found["distance"].tolist() == pytest.approx(expected, abs=1e-12)
    assert similar_places(context, "z", 1).index.tolist() == ["y"]


@LAW
@given(SEEDS, st.integers(0, 11), st.integers(1, 11))
def test_never_its_own_peer_and_always_the_nearest(seed, which, k):
    context = councils(seed)
    place = CODES[which]
    found = similar_places(context, place, k)
    assert place not in found.index
    assert len(found) == k
    # Second route, one pair at a time.
    spread = [math.sqrt(sum((v - math.fsum(c) / 12) ** 2 for v in c) / 12) for c in context.to_numpy().T.tolist()]
    rows = {
        code: [v / s for v, s in zip(row, spread, strict=True)]
        for code, row in zip(context.index, context.to_numpy().tolist(), strict=True)
    }
    distance = {other: math.dist(rows[other], rows[place]) for other in rows if other != place}
    nearest = sorted(distance, key=lambda other: distance[other])[:k]
    assert found.index.tolist() == nearest
    assert found["distance"].tolist() == pytest.approx([distance[other] for other in nearest], abs=1e-9)


@CHECK
@given(SEEDS, st.floats(0.1, 90), st.floats(-9, 9))
def test_units_direction_and_row_order_do_not_matter(seed, times, plus):
    context = councils(seed)
    changed = context.assign(income=-times * context["income"] + plus, flat=5.0).sample(
        frac=1, random_state=seed % 2**31
    )
    first, second = similar_places(context, CODES[0], 5), similar_places(changed, CODES[0], 5)
    assert first.index.tolist() == second.index.tolist()
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_equally_near_places_come_by_code():
    context = pd.DataFrame({"a": [0, 1, -1, 1.0]}, index=["d", "c", "b", "a"])
    assert similar_places(context, "d", 3).index.tolist() == ["a", "b", "c"]


def test_places_that_lack_a_variable_are_no_peers():
    context = councils(1)
    context.iloc[3, 1] = math.nan
    assert CODES[3] not in similar_places(context, CODES[0], 10).index
    assert len(similar_places(context, CODES[0], 11, variables=["density", "age"])) == 11
    with pytest.raises(ValueError, match=r"^11 peers asked for; 10 other places have every variable$"):
        similar_places(context, CODES[0], 11)
    with pytest.raises(ValueError, match="lacks density, income, age or part of it"):
        similar_places(context, CODES[3], 2)


def test_what_cannot_be_compared_is_refused():
    context = councils(2)
    with pytest.raises(ValueError, match="no context variable 'wealth'"):
        similar_places(context, CODES[0], 2, variables=["wealth"])
    with pytest.raises(ValueError, match="needs a context variable"):
        similar_places(context, CODES[0], 2, variables=[])
    with pytest.raises(ValueError, match="has to stand once among the places"):
        similar_places(context, "E09999999", 2)
    with pytest.raises(ValueError, match="0 peers asked for"):
        similar_places(context, CODES[0], 0)
    with pytest.raises(ValueError, match="no context variable varies"):
        similar_places(context * 0 + 1, CODES[0], 2)


# Peer line


def test_peer_line_by_hand():
    values = series([50, 10, 20, 30, 40, math.nan])
    assert peer_line(values, CODES[1:6].tolist(), place=CODES[0]) == PeerLine(25, 17.5, 32.5, 5, 4)
    assert peer_line(values, ["E09999999"]) == PeerLine(None, None, None, 1, 0)
    with pytest.raises(ValueError, match="not its own peer"):
        peer_line(values, CODES[:3].tolist(), place=CODES[0])
    with pytest.raises(ValueError, match="a peer counts once"):
        peer_line(values, [CODES[1], CODES[1]])


@LAW
@given(SEEDS)
def test_half_of_the_peers_lie_within_the_band(seed):
    values = series(np.random.default_rng(seed).normal(size=9))
    line = peer_line(values, CODES[:9].tolist())
    assert line.lower_quartile <= line.median <= line.upper_quartile
    assert ((values >= line.lower_quartile) & (values <= line.upper_quartile)).sum() == 5
    assert (values < line.median).sum() == 4


# Merged districts


def test_merged_districts_by_hand():
    context = pd.DataFrame({"a": [10, 20, 7.0], "b": [1, math.nan, 3.0]}, index=list("xyz"))
    found = merge_predecessors(
        context, pd.Series([100, 300, 50], index=context.index), pd.Series(["new", "new", "z"], index=context.index)
    )
    assert found.loc["new", "a"] == 17.5  # (1,000 + 6,000) / 400
    assert np.isnan(found.loc["new", "b"])  # part of it is not known
    assert found.loc["z"].tolist() == [7, 3]


@CHECK
@given(SEEDS)
def test_merging_keeps_the_mean_over_the_people(seed):
    random = np.random.default_rng(seed)
    context = councils(seed)
    people = series(random.integers(1, 900, 12))
    successor = pd.Series(random.integers(0, 4, 12).astype(str), index=context.index)
    found = merge_predecessors(context, people, successor)
    merged = people.groupby(successor).sum()
    for name in context:
        whole = np.average(context[name], weights=people)
        assert np.average(found[name], weights=merged[found.index]) == pytest.approx(whole, abs=1e-9)


def test_merging_without_people_or_successor_is_refused():
    context = councils(3, 2)
    with pytest.raises(ValueError, match="every district needs people and a successor"):
        merge_predecessors(context, series([0, 5]), pd.Series(["a", "a"], index=context.index))
    with pytest.raises(ValueError, match="every district needs people and a successor"):
        merge_predecessors(context, series([1, 5]), pd.Series(["a", None], index=context.index))
    with pytest.raises(ValueError, match="not for the same districts"):
        merge_predecessors(context, series([1, 5]).iloc[::-1], pd.Series(["a", "a"], index=context.index))


# Positive deviants


def neighbourhoods(seed: int, n: int = 40):
    """Outcome, need and people where need explains the outcome but for noise of a known size."""
    random = np.random.default_rng(seed)
    need, people = series(random.uniform(0, 1, n)), series(random.integers(500, 3_000, n))
    error = random.uniform(0.5, 2, n)
    outcome = 10 + 20 * need + random.normal(0, error)
    return outcome, need, people, outcome - 1.96 * error, outcome + 1.96 * error


def test_one_that_does_better_stands_out_by_hand():
    # All others lie on 10 + 10 x: at .5 they lead to expect 15, and it has 3 (1 to 5).
    need, people = series(np.arange(0, 1.01, 0.125)), series([100, 300, 50, 700, 200, 400, 80, 900, 250])
    outcome = 10 + 10 * need
    outcome.iloc[4] = 3
    found = positive_deviants(outcome, need, people, outcome - 2, outcome + 2)
    assert found.loc[CODES[4], "expected"] == pytest.approx(15, abs=1e-12)
    assert found.loc[CODES[4], "better_by"] == pytest.approx(12, abs=1e-12)
    assert found["positive_deviant"].tolist() == [row == 4 for row in range(9)]


def test_own_noise_and_usual_scatter_both_have_to_be_passed():
    random = np.random.default_rng(6)
    need, people = series(random.uniform(0, 1, 200)), series([1_000] * 200)
    outcome = 10 + 20 * need + random.normal(0, 3, 200)
    outcome.iloc[:2] = 10 + 20 * need.iloc[:2] - 15
    large = positive_deviants(outcome, need, people, outcome - 0.1, outcome + 0.1)["positive_deviant"]
    assert large.iloc[:2].all()
    assert large.iloc[2:].mean() < 0.05  # though the limits of nearly half are clear of the line
    half = pd.Series([0.1, 20] + [0.1] * 198, index=outcome.index)
    small = positive_deviants(outcome, need, people, outcome - half, outcome + half)["positive_deviant"]
    assert small.iloc[:2].tolist() == [True, False]


@LAW
@given(SEEDS)
def test_expected_is_the_line_through_all_others(seed):
    outcome, need, people, lower, upper = neighbourhoods(seed, 8)
    found = positive_deviants(outcome, need, people, lower, upper)
    row = seed % 8
    others = np.arange(8) != row
    slope, level = np.polyfit(need[others], outcome[others], 1, w=np.sqrt(people[others]))
    assert found["expected"].iloc[row] == pytest.approx(level + slope * need.iloc[row], rel=1e-7, abs=1e-7)
    assert (upper < found["expected"])[found["positive_deviant"].astype(bool)].all()


@CHECK
@given(SEEDS)
def test_polarity_turns_better_into_worse(seed):
    outcome, need, people, lower, upper = neighbourhoods(seed, 10)
    high_is_worse = positive_deviants(outcome, need, people, lower, upper)
    mirrored = positive_deviants(-outcome, need, people, -upper, -lower, polarity=-1)
    np.testing.assert_allclose(high_is_worse["better_by"], mirrored["better_by"], atol=1e-9)
    assert high_is_worse["positive_deviant"].equals(mirrored["positive_deviant"])


def test_few_are_marked_by_chance_and_the_real_ones_are_found():
    marked = [positive_deviants(*neighbourhoods(seed, 200))["positive_deviant"].mean() for seed in range(40)]
    assert 0.002 < np.mean(marked) < 0.025
    outcome, need, people, lower, upper = neighbourhoods(50, 200)
    for figures in (outcome, lower, upper):
        figures.iloc[:3] -= 12
    assert positive_deviants(outcome, need, people, lower, upper)["positive_deviant"].iloc[:3].all()


def test_missing_figures_stay_missing():
    outcome, need, people, lower, upper = neighbourhoods(4, 10)
    outcome.iloc[0], need.iloc[1], people.iloc[2], lower.iloc[3], upper.iloc[3] = (
        math.nan,
        math.nan,
        0,
        math.nan,
        math.nan,
    )
    found = positive_deviants(outcome, need, people, lower, upper)
    assert found["expected"].isna().tolist() == [True] * 3 + [False] * 7
    assert found["positive_deviant"].isna().tolist() == [True] * 4 + [False] * 6


def test_constant_need_expects_the_mean_of_the_others():
    outcome, people = series([1, 2, 3, 4, 10]), series([100] * 5)
    found = positive_deviants(outcome, series([0.5] * 5), people, outcome, outcome)
    assert found["expected"].tolist() == pytest.approx([4.75, 4.5, 4.25, 4, 2.5])


def test_one_that_alone_holds_up_the_line_has_no_expectation():
    outcome, need = series([1, 2, 3, 4, 10]), series([0.5, 0.5, 0.5, 0.5, 1])
    found = positive_deviants(outcome, need, series([100] * 5), outcome, outcome)
    assert np.isnan(found["expected"].iloc[4])
    assert found["positive_deviant"].isna().iloc[4]


def test_impossible_figures_are_refused():
    outcome, need, people, lower, upper = neighbourhoods(5, 6)
    with pytest.raises(ValueError, match="4 with outcome, need and people; at least 5 are needed"):
        positive_deviants(outcome[:4], need[:4], people[:4], lower[:4], upper[:4])
    with pytest.raises(ValueError, match=f"limits of {CODES[0]} are not around its value"):
        positive_deviants(outcome, need, people, upper, lower)
    with pytest.raises(ValueError, match="people zero or more"):
        positive_deviants(outcome, need, -people, lower, upper)
    with pytest.raises(ValueError, match="must be finite"):
        positive_deviants(outcome, need * math.inf, people, lower, upper)
    with pytest.raises(ValueError, match="not for the same neighbourhoods"):
        positive_deviants(outcome, need.iloc[::-1], people, lower, upper)
    with pytest.raises(ValueError, match="polarity is not 1 or -1"):
        positive_deviants(outcome, need, people, lower, upper, polarity=0)
