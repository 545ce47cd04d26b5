"""Shortest times over streets (methods M7): by hand, refusals, and networkx as a second route."""

from __future__ import annotations

import math
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.street_network import StreetNetwork
from layers.routing import nearest_nodes, network_minutes
from layers.street_search import searches


def streets(nodes: int, *edges: tuple[int, int, float]) -> StreetNetwork:
    """Nodes 100 metres apart on a line, and one-way edges between them in minutes."""
    tail, head = (np.array([edge[k] for edge in edges], dtype=np.int32) for k in (0, 1))
    minutes = np.array([edge[2] for edge in edges], dtype=float)
    return StreetNetwork("walk", 100.0 * np.arange(nodes), np.zeros(nodes), tail, head, minutes)


ONE_WAY = streets(4, (0, 1, 2), (1, 2, 3), (2, 0, 10), (2, 3, 1.5), (3, 2, 1.5))


def every(count: int) -> np.ndarray:
    return np.arange(count)


def test_times_by_hand_follow_the_direction_of_the_street():
    assert network_minutes(ONE_WAY, every(4), every(4)).tolist() == [
        [0, 2, 5, 6.5],
        [13, 0, 3, 4.5],
        [10, 12, 0, 1.5],
        [11.5, 13.5, 1.5, 0],
    ]


@pytest.mark.parametrize(("starts", "ends"), [([0, 1, 3], [2]), ([3], [0, 1, 2]), ([1, 1, 0], [3, 3]), ([2], [2])])
def test_many_to_few_and_few_to_many_are_rows_of_the_whole(starts, ends):
    whole = network_minutes(ONE_WAY, every(4), every(4))
    assert network_minutes(ONE_WAY, np.array(starts), np.array(ends)).tolist() == whole[np.ix_(starts, ends)].tolist()


def test_no_way_is_out_of_reach():
    island = streets(3, (0, 1, 2))
    assert network_minutes(island, every(3), every(3)).tolist() == [
        [0, 2, math.inf],
        [math.inf, 0, math.inf],
        [math.inf, math.inf, 0],
    ]


def test_of_two_ways_the_quicker_counts_and_a_loop_costs_nothing():
    twice = streets(2, (0, 1, 5), (0, 1, 3), (0, 1, 4), (1, 1, 7))
    assert network_minutes(twice, every(2), every(2)).tolist() == [[0, 3], [math.inf, 0]]


def test_a_street_that_takes_no_time_is_a_street():
    assert network_minutes(streets(3, (0, 1, 0), (1, 2, 1)), every(3), every(3))[0].tolist() == [0, 0, 1]


def test_beyond_the_limit_is_out_of_reach_and_the_limit_itself_is_in():
    found = network_minutes(ONE_WAY, np.array([0]), every(4), limit_min=5)
    assert found.tolist() == [[0, 2, 5, math.inf]]
    assert network_minutes(ONE_WAY, np.array([0]), every(4), limit_min=4.999).tolist() == [[0, 2, math.inf, math.inf]]


def test_nobody_and_nowhere_are_empty_tables():
    none = np.array([], dtype=np.intp)
    assert network_minutes(ONE_WAY, none, every(4)).shape == (0, 4)
    assert network_minutes(ONE_WAY, every(4), none).shape == (4, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"from_nodes": np.array([0, 4])}, r"^no node 4: the network has 4 nodes$"),
        ({"to_nodes": np.array([-1])}, r"^no node -1: the network has 4 nodes$"),
        ({"limit_min": -1}, r"^the cut-off is -1 minutes: it must be 0 or more$"),
        ({"limit_min": math.nan}, r"^the cut-off is nan minutes: it must be 0 or more$"),
        ({"network": streets(2, (0, 1, -2))}, r"^edge 0 of the walk network takes -2\.0 minutes: 0 or more wanted$"),
        ({"network": streets(2, (0, 1, 1), (1, 0, math.nan))}, r"^edge 1 of the walk network takes nan minutes"),
    ],
)
def test_what_cannot_be_routed_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        network_minutes(**{"network": ONE_WAY, "from_nodes": np.array([0]), "to_nodes": np.array([1]), **change})


def test_nearest_node_by_hand_and_how_far_it_is():
    assert ONE_WAY.tree is ONE_WAY.tree  # made once for all who ask
    rows, metres = nearest_nodes(ONE_WAY, np.array([0.0, 140.0, 330.0]), np.array([0.0, 30.0, 40.0]))
    assert rows.tolist() == [0, 1, 3]
    assert metres.tolist() == [0, 50, 50]


def test_a_point_past_the_limit_is_named():
    x, y = np.array([0.0, 300.0, 300.0]), np.array([0.0, 1_000.0, 2_345.4])
    message = (
        r"^point 2 at 300, 2345 is 2,345 m from the nearest street of the walk network, at most 1,000 m is allowed$"
    )
    with pytest.raises(ValueError, match=message):
        nearest_nodes(ONE_WAY, x, y)
    with pytest.raises(ValueError, match=r"at most 10 m is allowed; 1 more lie past the limit$"):
        nearest_nodes(ONE_WAY, x, y, limit_m=10)
    assert nearest_nodes(ONE_WAY, x, y, limit_m=math.inf)[1].tolist() == [0, 1_000, 2_345.4]


def test_a_point_without_a_place_and_a_network_without_streets_are_refused():
    with pytest.raises(ValueError, match=r"^point 1 has no place: x and y must be numbers$"):
        nearest_nodes(ONE_WAY, np.array([0, np.nan]), np.zeros(2))
    empty = replace(ONE_WAY, x_m=np.empty(0), y_m=np.empty(0))
    with pytest.raises(ValueError, match=r"^the walk network has no streets$"):
        nearest_nodes(empty, np.zeros(1), np.zeros(1))


def read_streets(drawn: bytes) -> StreetNetwork:
    """Two bytes for the ends, one for the time of each edge; seven nodes, so that parallel edges are common."""
    edges = [(drawn[k] % 7, drawn[k + 1] % 7, drawn[k + 2] / 4) for k in range(0, len(drawn) - 2, 3)]
    return streets(7, *edges)


@settings(max_examples=1_000)
@given(st.binary(min_size=3, max_size=60).map(read_streets), st.integers(1, 7), st.integers(1, 7), st.integers(0, 150))
def test_agrees_with_networkx_and_a_tighter_cut_off_never_adds(network, starts, ends, limit):
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(7))
    for tail, head, minutes in zip(network.tail, network.head, network.minutes, strict=True):
        graph.add_edge(int(tail), int(head), minutes=float(minutes))
    found = network_minutes(network, every(starts), every(ends))
    for start in range(starts):
        wanted = nx.single_source_dijkstra_path_length(graph, start, weight="minutes")
        assert found[start].tolist() == [wanted.get(end, math.inf) for end in range(ends)]
    within = network_minutes(network, every(starts), every(ends), limit_min=limit)
    assert within.tolist() == np.where(found <= limit, found, np.inf).tolist()


def town(side: int, metres_a_minute: float) -> StreetNetwork:
    """Streets on a grid of 100 metres, each walked at a speed of its own, never above that given."""
    rng = np.random.default_rng(side)
    at = np.arange(side * side).reshape(side, side)
    there = np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()]), np.concatenate([at[:, 1:].ravel(), at[1:].ravel()])
    tail, head = np.concatenate(there).astype(np.int32), np.concatenate(there[::-1]).astype(np.int32)
    minutes = 100 / (metres_a_minute * rng.uniform(0.5, 1, len(tail)))
    kept = rng.uniform(size=len(tail)) > 0.1
    x, y = np.meshgrid(100.0 * np.arange(side), 100.0 * np.arange(side))
    return StreetNetwork("walk", x.ravel(), y.ravel(), tail[kept], head[kept], minutes[kept])


@pytest.mark.parametrize("limit", [0, 3, 9, 25, 60])
def test_a_cut_off_in_a_town_searches_near_by_and_finds_the_same(limit):
    network, rng = town(40, 80), np.random.default_rng(limit)
    starts, ends = rng.integers(0, 1_600, 60), rng.integers(0, 1_600, 90)
    for some, others in ((starts, ends), (ends, starts)):
        whole = network_minutes(network, some, others)
        within = network_minutes(network, some, others, limit_min=limit)
        assert within.tolist() == np.where(whole <= limit, whole, np.inf).tolist()
    nodes = [part.shape[1] for *_, part in searches(network, starts, every(1_600), limit, reverse=False)]
    assert (max(nodes) < 1_600) == (limit < 25)  # what is too far to matter is left out


def test_one_fast_street_widens_the_search():
    slow = town(40, 80)
    minutes = slow.minutes.copy()
    along = (slow.tail // 40 == 20) & (slow.head // 40 == 20)
    minutes[along] = 0.1  # a motorway through the middle
    network = replace(slow, minutes=minutes)
    found = network_minutes(network, every(1_600)[::40], every(1_600), limit_min=9)
    whole = network_minutes(network, every(1_600)[::40], every(1_600))
    assert found.tolist() == np.where(whole <= 9, whole, np.inf).tolist()
    assert np.isfinite(found[20]).sum() > 100
