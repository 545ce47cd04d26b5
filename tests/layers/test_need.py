"""Need score and place summaries (methods M4): sums by hand, refusals, and laws over random tables."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.need import need_score, place_summary
from layers.place_summaries import summarise

LAW = settings(max_examples=1_000)
CODES = pd.Index([f"E0100{i:04d}" for i in range(130)], dtype=object)
NAMES = ["work", "skills", "homes", "tenure"]
AREAS = 1_000
NINE = 6e-10  # half a unit of the ninth decimal, to which scores are rounded


def table(*rows: tuple[float | None, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), index=CODES[: len(rows)], columns=NAMES[: len(rows[0])], dtype=float)


def read_table(drawn: bytes) -> tuple[list[list[Fraction | None]], list[Fraction]]:
    """Four bytes of weights, then four a neighbourhood: 0 to 99.6 by steps of 0.4, or none."""
    weights = [Fraction(1 + byte % 20) for byte in drawn[:4]]
    rows = [drawn[i : i + 4] for i in range(4, len(drawn) - 3, 4)]
    values = [[None if byte > 230 else Fraction(byte * 2, 5) for byte in row] for row in rows]
    return values, [weight / sum(weights) for weight in weights]


TABLES = st.binary(min_size=8, max_size=28).map(read_table)


def as_floats(values: list[list[Fraction | None]]) -> pd.DataFrame:
    return table(*(tuple(None if cell is None else float(cell) for cell in row) for row in values))


def as_weights(weights: list[Fraction]) -> dict[str, float]:
    return dict(zip(NAMES, map(float, weights), strict=True))


def held(row: list[Fraction | None], weights: list[Fraction]) -> list[tuple[Fraction, Fraction]]:
    return [(cell, weight) for cell, weight in zip(row, weights, strict=True) if cell is not None]


# By hand


def test_weighted_mean_and_its_parts_by_hand():
    found = need_score(table((80, 40, 20), (0, 50, 100)), {"work": 0.5, "skills": 0.3, "homes": 0.2})
    assert found.score.tolist() == [56.0, 35.0]  # 40 + 12 + 4; 0 + 15 + 20
    assert found.parts.to_numpy().tolist() == [[40.0, 12.0, 4.0], [0.0, 15.0, 20.0]]
    assert found.weight_known.tolist() == [1.0, 1.0]
    assert found.score.name == "need_score"
    assert found.score.index.equals(CODES[:2])
    assert found.parts.columns.tolist() == NAMES[:3]


def test_weights_may_name_some_of_the_columns_in_another_order():
    found = need_score(table((80, 40, 20)), {"homes": 0.25, "work": 0.75})
    assert found.score.tolist() == [65.0]
    assert found.parts.columns.tolist() == ["homes", "work"]


def test_a_missing_indicator_hands_its_weight_to_the_others():
    found = need_score(table((80, 40, None)), {"work": 0.5, "skills": 0.3, "homes": 0.2})
    # 80 x .5/.8 + 40 x .3/.8 = 50 + 15: not 52, as if the missing one were zero.
    assert found.score.tolist() == pytest.approx([65.0], abs=NINE)
    assert found.parts.iloc[0, :2].tolist() == pytest.approx([50.0, 15.0])
    assert math.isnan(found.parts.iloc[0, 2])
    assert found.weight_known.tolist() == pytest.approx([0.8])


@pytest.mark.parametrize(("weight", "scored"), [(2 / 3, True), (0.6666666, False), (0.67, True), (0.34, False)])
def test_two_thirds_of_the_weight_are_enough_and_less_is_not(weight, scored):
    found = need_score(table((60, None), (60, 30)), {"work": weight, "skills": 1 - weight})
    assert found.score.notna().tolist() == [scored, True]
    assert found.parts.iloc[0].notna().tolist() == [scored, False]
    assert found.weight_known.iloc[0] == pytest.approx(weight)


def test_nothing_known_is_no_score():
    found = need_score(table((None, None)), {"work": 0.5, "skills": 0.5})
    assert found.score.isna().all()
    assert found.parts.isna().all(axis=None)
    assert found.weight_known.tolist() == [0.0]


def test_geometric_mean_by_hand():
    found = need_score(table((100, 1), (0, 100), (1, 0.5)), {"work": 0.5, "skills": 0.5}, aggregate="geometric")
    # sqrt(100 x 1) = 10, all of it from the first; sqrt(max(1, 0) x 100) = 10; everything at the bottom: 1.
    assert found.score.tolist() == pytest.approx([10, 10, 1], abs=NINE)
    assert found.parts.to_numpy().tolist() == [
        pytest.approx([10, 0], abs=1e-12),
        pytest.approx([0, 10], abs=1e-12),
        [0.5, 0.5],
    ]


def test_geometric_mean_of_what_is_known_by_hand():
    weights = {"work": 0.5, "skills": 0.25, "homes": 0.25}
    found = need_score(table((16, 81, None)), weights, aggregate="geometric")
    assert found.score.tolist() == pytest.approx([16 ** (2 / 3) * 81 ** (1 / 3)], abs=NINE)
    assert math.isnan(found.parts["homes"].iloc[0])


def test_published_weights_are_taken_as_they_are():
    weights = {"work": 0.6, "skills": 0.399}
    found = need_score(table((100, 100), (50, None)), weights, as_published=True)
    assert found.score.iloc[0] == pytest.approx(99.9, abs=NINE)
    assert math.isnan(found.score.iloc[1])  # .6 of .999 is less than two thirds
    assert need_score(table((100, 100)), weights, as_published=True).score.tolist() == pytest.approx([99.9], abs=NINE)


def test_weights_may_miss_1_by_a_billionth():
    assert need_score(table((10, 20)), {"work": 0.5, "skills": 0.5 + 9e-10}).score.tolist() == pytest.approx([15])


# Refusals


@pytest.mark.parametrize("aggregate", ["arithmetic", "geometric"])
def test_an_unknown_indicator_is_refused(aggregate):
    with pytest.raises(ValueError, match=r"^no indicator 'hubs'; there are work, skills$"):
        need_score(table((1, 2)), {"work": 0.5, "hubs": 0.5}, aggregate=aggregate)


@pytest.mark.parametrize("bad", [0, -0.5, float("nan")])
def test_a_weight_that_is_not_above_zero_is_refused(bad):
    with pytest.raises(ValueError, match=r"^every weight must be above 0; they are \{'work': 1\.5, 'skills': .*\}$"):
        need_score(table((1, 2)), {"work": 1.5, "skills": bad})


def test_weights_that_do_not_add_up_are_refused():
    with pytest.raises(ValueError, match=r"^weights sum to 0\.999, not to 1$"):
        need_score(table((1, 2)), {"work": 0.6, "skills": 0.399})


def test_an_unknown_mean_is_refused():
    with pytest.raises(ValueError, match=r"^aggregate is 'harmonic'; choose arithmetic or geometric$"):
        need_score(table((1, 2)), {"work": 0.5, "skills": 0.5}, aggregate="harmonic")


# Laws of the need score


@LAW
@given(TABLES)
def test_arithmetic_score_is_the_exact_mean_of_what_is_known(case):
    values, weights = case
    found = need_score(as_floats(values), as_weights(weights))
    for row, score, share in zip(values, found.score, found.weight_known, strict=True):
        carried = sum((weight for _, weight in held(row, weights)), Fraction(0))
        assert share == pytest.approx(float(carried))
        if carried >= Fraction(2, 3):
            exact = sum(cell * weight for cell, weight in held(row, weights)) / carried
            assert abs(score - float(exact)) <= NINE
        else:
            assert math.isnan(score)


@LAW
@given(TABLES)
def test_geometric_score_is_the_weighted_product_of_what_is_known(case):
    values, weights = case
    found = need_score(as_floats(values), as_weights(weights), aggregate="geometric")
    for row, score in zip(values, found.score, strict=True):
        carried = sum((weight for _, weight in held(row, weights)), Fraction(0))
        if carried < Fraction(2, 3):
            assert math.isnan(score)
            continue
        product = math.prod(max(1.0, float(cell)) ** float(weight / carried) for cell, weight in held(row, weights))
        assert score == pytest.approx(product, abs=1e-8)


@LAW
@given(TABLES, st.sampled_from(["arithmetic", "geometric"]))
def test_parts_add_up_to_the_score_and_lie_where_the_indicator_is_known(case, aggregate):
    values, weights = case
    scaled = as_floats(values)
    found = need_score(scaled, as_weights(weights), aggregate=aggregate)
    scored = found.score.notna().to_numpy()
    parts, score = found.parts.to_numpy(), found.score.to_numpy()
    assert np.abs(np.nansum(parts[scored], axis=1) - score[scored]).max(initial=0) <= NINE
    assert (np.isfinite(parts) == (scaled.notna().to_numpy() & scored[:, None])).all()
    assert np.nanmin(parts, initial=0) >= 0


@LAW
@given(TABLES)
def test_a_score_lies_between_its_indicators_and_the_geometric_never_above(case):
    values, weights = case
    scaled = as_floats(values)
    mean, product = (
        need_score(scaled, as_weights(weights), aggregate=way).score for way in ("arithmetic", "geometric")
    )
    for row, one, other in zip(values, mean, product, strict=True):
        if math.isnan(one):
            assert math.isnan(other)
            continue
        cells = [float(cell) for cell in row if cell is not None]
        assert min(cells) - NINE <= one <= max(cells) + NINE
        assert max(1.0, min(cells)) - NINE <= other <= max(1.0, max(cells)) + NINE
        if min(cells) >= 1:
            assert other <= one + 2 * NINE


@LAW
@given(TABLES, st.integers(0, 3))
def test_a_missing_value_is_not_a_zero(case, column):
    """Taking an indicator away gives the score of the others alone, whatever it was."""
    values, weights = case
    holed = [[None if i == column else cell or Fraction(37) for i, cell in enumerate(row)] for row in values]
    without = need_score(as_floats(holed), as_weights(weights)).score.tolist()
    if weights[column] > Fraction(1, 3):
        assert all(map(math.isnan, without))
        return
    left = {name: float(weight / (1 - weights[column])) for name, weight in zip(NAMES, weights, strict=True)}
    del left[NAMES[column]]
    alone = need_score(as_floats([[cell or Fraction(0) for cell in row] for row in holed]), left).score.tolist()
    assert without == pytest.approx(alone, abs=2 * NINE)


@LAW
@given(TABLES, st.integers(0, 2**32 - 1))
def test_order_of_rows_and_indicators_is_irrelevant(case, seed):
    values, weights = case
    scaled, by_name = as_floats(values), as_weights(weights)
    mixed = np.random.default_rng(seed).permutation(len(scaled))
    turned = dict(reversed(by_name.items()))
    score = need_score(scaled, by_name).score
    again = need_score(scaled.iloc[mixed], turned).score
    assert np.allclose(again[score.index], score, atol=2 * NINE, rtol=0, equal_nan=True)


# Place summaries by hand


def series(*values: float) -> pd.Series:
    return pd.Series(values, index=CODES[: len(values)], dtype=float)


def test_place_summary_by_hand():
    found = place_summary(series(60, 20, 5), series(50, 300, 900), series(1_000, 3_000, 6_000), areas=AREAS)
    assert found.average_score == pytest.approx((60 * 1 + 20 * 3 + 5 * 6) / 10)
    assert found.average_rank == pytest.approx((951 * 1 + 701 * 3 + 101 * 6) / 10)  # most deprived = 1,000
    assert found.decile_1_share == pytest.approx(1 / 3)  # neighbourhoods, not people
    assert found.extent == pytest.approx((1 * 1_000 + 0.05 * 3_000) / 10_000)  # percentiles 5, 30 and 90
    assert found.local_concentration == pytest.approx(951)  # a tenth of 10,000 people: the first alone


def test_local_concentration_takes_the_last_neighbourhood_only_as_far_as_the_tenth_reaches():
    found = place_summary(series(1, 1, 1), series(100, 10, 500), series(4_000, 600, 5_400), areas=AREAS)
    # 1,000 people: 600 at 991, then 400 of those at 901.
    assert found.local_concentration == pytest.approx((600 * 991 + 400 * 901) / 1_000)


@pytest.mark.parametrize(
    ("percentile", "weight"), [(1, 1), (10, 1), (11, 0.95), (12, 0.95 - 0.9 / 19), (29, 0.05 + 0.9 / 19), (30, 0.05)]
)
def test_extent_weights_fall_in_equal_steps(percentile, weight):
    rank = percentile * 10  # of 1,000 areas: the last of its percentile
    assert place_summary(series(1), series(rank), series(5), areas=AREAS).extent == pytest.approx(weight)
    assert place_summary(series(1), series(rank - 9), series(5), areas=AREAS).extent == pytest.approx(weight)


def test_extent_is_nothing_beyond_the_third_tenth():
    assert place_summary(series(1), series(301), series(5), areas=AREAS).extent == 0


def test_a_tenth_is_cut_as_the_published_deciles_are():
    shares = [place_summary(series(1), series(rank), series(1), areas=33_755).decile_1_share for rank in (3_375, 3_376)]
    assert shares == [1.0, 0.0]  # ceil(10 x 3,375 / 33,755) = 1, of 3,376 it is 2
    assert place_summary(series(1), series(100), series(1), areas=AREAS).decile_1_share == 1


@pytest.mark.parametrize("which", ["score", "rank", "people"])
def test_a_gap_in_a_place_summary_is_refused(which):
    parts = {"score": series(1, 2), "rank": series(1, 2), "people": series(1, 2)}
    parts[which] = parts[which].mask([False, True])
    with pytest.raises(ValueError, match=r"^a place summary needs score, rank and people of every neighbourhood$"):
        place_summary(**parts, areas=AREAS)


def test_a_place_without_people_is_refused():
    with pytest.raises(ValueError, match=r"^nobody lives in this place$"):
        place_summary(series(1, 2), series(1, 2), series(0, 0), areas=AREAS)


def test_the_web_process_summarises_the_same_and_refuses_the_same():
    parts = (series(60, 20, 5), series(50, 300, 900), series(1_000, 3_000, 6_000))
    arrays = [part.to_numpy() for part in parts]
    assert summarise(*arrays, AREAS) == place_summary(*parts, areas=AREAS)
    with pytest.raises(ValueError, match=r"^nobody lives in this place$"):
        summarise(*arrays[:2], np.zeros(3), AREAS)
    with pytest.raises(ValueError, match=r"^a place summary needs score, rank and people of every neighbourhood$"):
        summarise(arrays[0], arrays[1], np.array([1, np.nan, 1]), AREAS)


# Laws of place summaries


def read_place(drawn: bytes) -> tuple[pd.Series, pd.Series, pd.Series]:
    rows = [drawn[i : i + 4] for i in range(0, len(drawn) - 3, 4)]
    rank = series(*(1 + (256 * row[0] + row[1]) % AREAS for row in rows))
    return 100 - rank / 10, rank, series(*(1 + 256 * row[2] + row[3] for row in rows))


PLACES = st.binary(min_size=4, max_size=32).map(read_place)


@LAW
@given(PLACES)
def test_summaries_keep_their_bounds(case):
    score, rank, people = case
    found = place_summary(score, rank, people, areas=AREAS)
    upward = AREAS + 1 - rank
    assert score.min() - 1e-9 <= found.average_score <= score.max() + 1e-9
    assert upward.min() - 1e-9 <= found.average_rank <= found.local_concentration + 1e-9
    assert found.local_concentration <= upward.max() + 1e-9
    assert 0 <= found.decile_1_share <= 1
    assert (rank <= 100).to_numpy() @ people / people.sum() - 1e-9 <= found.extent
    assert found.extent <= (rank <= 300).to_numpy() @ people / people.sum() + 1e-9


@LAW
@given(PLACES, st.integers(2, 50))
def test_summaries_know_neither_the_order_nor_the_unit_of_people(case, factor):
    score, rank, people = case
    found = vars(place_summary(score, rank, people, areas=AREAS))
    turned = place_summary(score[::-1], rank[::-1], people[::-1], areas=AREAS)
    assert vars(turned) == pytest.approx(found, rel=1e-9)
    assert vars(place_summary(score, rank, people * factor, areas=AREAS)) == pytest.approx(found, rel=1e-9)


@LAW
@given(PLACES, st.integers(0, 7), st.integers(1, 99))
def test_splitting_a_neighbourhood_moves_no_mean_over_people(case, which, percent):
    parts = [part.tolist() for part in case]
    which %= len(parts[0])
    away = parts[2][which] * percent / 100
    split = [series(*part, part[which]) for part in parts[:2]]
    people = series(*parts[2][:which], parts[2][which] - away, *parts[2][which + 1 :], away)
    before, after = vars(place_summary(*case, areas=AREAS)), vars(place_summary(*split, people, areas=AREAS))
    for name in ("average_score", "average_rank", "extent", "local_concentration"):
        assert after[name] == pytest.approx(before[name], rel=1e-9)


@LAW
@given(PLACES)
def test_local_concentration_by_walking_through_the_people(case):
    _, rank, people = case
    wanted, gained, total = people.sum() / 10, 0.0, 0.0
    for position, count in sorted(zip(rank, people, strict=True)):
        taken = min(count, wanted - gained)
        total += taken * (AREAS + 1 - position)
        gained += taken
    assert place_summary(*case, areas=AREAS).local_concentration == pytest.approx(total / wanted)
