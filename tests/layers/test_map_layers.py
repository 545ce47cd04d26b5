"""Layers, classes and legends: sums by hand, and laws over random columns."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from layers.map_classes import (
    MISSING,
    borderline,
    certainty_classes,
    class_breaks,
    class_count,
    class_numbers,
    cluster_classes,
    legend,
    palette,
    range_text,
    value_text,
)
from layers.map_layers import CERTAINTY_LABELS, CLUSTER_LABELS, LAYERS, PALETTES, SITE_SYMBOLS, UnknownLayer, map_layer

INDICATOR = {"id": "overcrowded", "name": "Overcrowded homes", "unit": "%", "polarity": 1, "decimals": 1}
columns = arrays(
    np.float64,
    st.integers(0, 60),
    elements=st.one_of(st.just(np.nan), st.integers(0, 9).map(float), st.floats(-1e6, 1e6, allow_nan=False)),
)


def test_ten_values_make_five_pairs():
    found = class_breaks(np.arange(1.0, 11.0))
    assert found.upper == (2.0, 4.0, 6.0, 8.0, 10.0)
    assert found.counts == (2, 2, 2, 2, 2)


def test_a_constant_is_one_class_and_nothing_is_none():
    assert class_breaks(np.array([7.0, 7.0, np.nan])).upper == (7.0,)
    assert class_breaks(np.array([7.0, 7.0, np.nan])).counts == (2,)
    assert class_breaks(np.array([np.nan])).upper == ()
    assert class_breaks(np.array([])).counts == ()


def test_ties_stay_together_and_no_class_is_empty():
    found = class_breaks(np.array([0.0] * 90 + [1.0] * 5 + [2.0] * 5))
    assert sum(found.counts) == 100
    assert min(found.counts) > 0
    assert found.counts[0] >= 90


def test_values_are_rounded_as_published_before_they_are_classed():
    found = class_breaks(np.array([1.04, 1.0, 2.0]), decimals=1)
    assert found.upper == (1.0, 2.0)
    assert found.counts == (2, 1)


@pytest.mark.parametrize("classes", [0, 6])
def test_the_number_of_classes_is_one_to_five(classes):
    with pytest.raises(ValueError, match="1 to 5"):
        class_breaks(np.array([1.0]), classes=classes)


def test_an_infinite_value_is_refused():
    with pytest.raises(ValueError, match="infinite"):
        class_breaks(np.array([1.0, np.inf]))


@settings(max_examples=300)
@given(columns)
def test_laws_of_breaks(values):
    found = class_breaks(values)
    present = values[~np.isnan(values)]
    assert len(found.upper) <= 5
    assert list(found.upper) == sorted(set(found.upper))
    assert set(found.upper) <= set(present.tolist())
    assert sum(found.counts) == len(present)
    assert all(count > 0 for count in found.counts)


@settings(max_examples=300)
@given(columns, st.sampled_from([1, -1]))
def test_every_value_is_in_the_class_that_the_legend_says(values, polarity):
    layer = map_layer("indicator", indicator=INDICATOR | {"polarity": polarity, "decimals": 3})
    breaks = class_breaks(values, decimals=3).upper
    numbers = class_numbers(layer, values, breaks)
    lines = legend(layer, numbers, values, breaks)
    assert ((numbers == MISSING) == np.isnan(values)).all()
    assert sum(line.count for line in lines) == len(values)
    known = [line for line in lines if line.number]
    assert all(line.low <= line.high for line in known)
    ordered = known if polarity < 0 else known[::-1]
    assert all(a.high < b.low for a, b in pairwise(ordered))


def test_fifths_are_their_own_class_and_zero_is_no_figure():
    layer = map_layer("need")
    assert class_numbers(layer, np.array([1.0, 5.0, 0.0, np.nan])).tolist() == [1, 5, MISSING, MISSING]


def test_deciles_go_in_pairs():
    layer = map_layer("imd")
    numbers = class_numbers(layer, np.arange(1.0, 11.0))
    assert numbers.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert legend(layer, numbers, np.arange(1.0, 11.0))[0].label == "1-2 most deprived"


def test_a_legend_by_hand():
    layer = map_layer("targeting", focus={"title": "Overall"})
    multiples = np.array([1.5, 1.2, 0.9, np.nan])
    lines = legend(layer, class_numbers(layer, np.array([1.0, 1.0, 5.0, np.nan])), multiples)
    assert [line.count for line in lines] == [2, 0, 0, 0, 1, 1]
    assert range_text(lines[0], layer) == "1.20 to 1.50 times the average"
    assert range_text(lines[1], layer) == ""
    assert range_text(lines[4], layer) == "0.90 times the average"
    assert lines[-1].number == MISSING


def test_a_low_value_can_be_the_greater_need():
    layer = map_layer("indicator", indicator=INDICATOR | {"polarity": -1})
    assert class_numbers(layer, np.array([1.0, 9.0]), (1.0, 9.0)).tolist() == [1, 2]
    other = map_layer("indicator", indicator=INDICATOR)
    assert class_numbers(other, np.array([1.0, 9.0]), (1.0, 9.0)).tolist() == [2, 1]


def test_a_long_unit_is_said_once():
    layer = map_layer("indicator", indicator=INDICATOR | {"unit": "share of households (0-1)"})
    assert layer.unit == ""
    assert layer.about_classes.startswith("Unit: share of households (0-1).")


def test_an_unknown_layer_says_which_there_are():
    with pytest.raises(UnknownLayer, match="targeting, need, imd, indicator, certainty, clusters, sites"):
        map_layer("altitude")


def test_sites_have_no_classes():
    layer = map_layer("sites")
    numbers = class_numbers(layer, np.ones(3))
    assert class_count(layer) == 0
    assert legend(layer, numbers, np.ones(3)) == []


def test_every_layer_answers_to_its_name():
    assert [map_layer(name, indicator=INDICATOR).id for name in LAYERS] == list(LAYERS)


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", [name for name in PALETTES if name not in ("plain", "clusters")])
def test_classes_differ_in_lightness_alone(name):
    light = [luminance(colour) for colour in PALETTES[name]]
    contrasts = [(b + 0.05) / (a + 0.05) for a, b in pairwise(light)]
    assert light == sorted(light)
    assert min(contrasts) > 1.35


# How people without one kind of cone see linear RGB (Machado, Oliveira, Fernandes 2009, full severity).
WITHOUT_RED = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
WITHOUT_GREEN = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
WITHOUT_BLUE = [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]


@pytest.mark.parametrize("seen", [WITHOUT_RED, WITHOUT_GREEN, WITHOUT_BLUE])
@pytest.mark.parametrize("name", [name for name in PALETTES if name not in ("plain", "clusters")])
def test_classes_stay_in_order_for_every_colour_vision(name, seen):
    sight = []
    for colour in PALETTES[name]:
        parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        sight.append(float(np.clip(np.array(seen) @ linear, 0, 1) @ [0.2126, 0.7152, 0.0722]))
    contrasts = [(b + 0.05) / (a + 0.05) for a, b in pairwise(sight)]
    assert min(contrasts) > 1.25


@pytest.mark.parametrize("seen", [np.eye(3), WITHOUT_RED, WITHOUT_GREEN, WITHOUT_BLUE])
def test_every_two_kinds_of_cluster_look_different_to_everyone(seen):
    sight = []
    for colour in PALETTES["clusters"]:
        parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        found = np.clip(np.array(seen) @ linear, 0, 1)
        sight.append(np.where(found <= 0.0031308, 12.92 * found, 1.055 * found ** (1 / 2.4) - 0.055))
    apart = [float(np.abs(a - b).max()) for at, a in enumerate(sight) for b in sight[:at]]
    assert min(apart) > 0.12
    plain = luminance(PALETTES["clusters"][4])
    assert all((plain + 0.05) / (luminance(colour) + 0.05) > 1.5 for colour in PALETTES["clusters"][:4])


def test_a_named_class_is_its_own_number():
    layer = map_layer("certainty", focus={"title": "Overall"})
    chance = np.array([0.97, 0.9, 0.5, 0.1, 0.0, np.nan])
    numbers = class_numbers(layer, certainty_classes(chance))
    assert numbers.tolist() == [1, 1, 2, 3, 3, MISSING]
    lines = legend(layer, numbers, chance)
    assert [line.count for line in lines] == [2, 1, 2, 1]
    assert [line.label for line in lines[:3]] == list(CERTAINTY_LABELS)
    assert range_text(lines[0], layer) == "0.90 to 0.97"
    assert borderline(chance).tolist() == [False, False, True, False, False, False]


def test_clusters_are_classed_by_need_not_by_value():
    # no value, no neighbour, not significant, high among high, high among low, low among high, low among low
    codes = np.arange(7)
    np.testing.assert_array_equal(cluster_classes(codes), [np.nan, np.nan, 5, 1, 2, 3, 4])
    np.testing.assert_array_equal(cluster_classes(codes, -1), [np.nan, np.nan, 5, 4, 3, 2, 1])
    assert class_count(map_layer("clusters")) == len(CLUSTER_LABELS) == 5


def test_fewer_classes_use_the_whole_range():
    layer = map_layer("need")
    assert palette(layer, 2) == (PALETTES["need"][0], PALETTES["need"][4])
    assert len(palette(layer, 1)) == 1


def test_every_service_has_its_own_shape_and_colour():
    assert len({symbol.path for symbol in SITE_SYMBOLS.values()}) == len(SITE_SYMBOLS)
    assert len({symbol.colour for symbol in SITE_SYMBOLS.values()}) == len(SITE_SYMBOLS)


def test_numbers_are_written_for_people():
    assert value_text(12345.678, 1) == "12,345.7"
    assert value_text(None, 1) == ""
    assert value_text(float("nan"), 1) == ""


@settings(max_examples=200)
@given(arrays(np.float64, st.integers(6, 80), elements=st.floats(-1e3, 1e3, allow_nan=False), unique=True))
def test_quantile_classes_are_those_of_mapclassify(values):
    from mapclassify import Quantiles

    counted = np.bincount(np.searchsorted(Quantiles(values, k=5).bins, values, side="left"), minlength=5)
    assert class_breaks(values).counts == tuple(counted.tolist())
