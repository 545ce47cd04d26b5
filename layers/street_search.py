"""Searches from many nodes of a street network at once: in blocks, and near by only where there is a cut-off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from geodata.street_network import StreetNetwork

Rows = NDArray[np.intp]
Floats = NDArray[np.float64]

BLOCK_BYTES = 32_000_000  # of times to every node, worked on at once
WORTH_CUTTING = 0.5  # a part of the network with more of its nodes than this is searched as a whole


def searches(
    network: StreetNetwork, sources: Rows, wanted: Rows, limit_min: float, *, reverse: bool
) -> Iterator[tuple[Rows, Rows, Floats]]:
    """Yield blocks of shortest minutes from sources to wanted nodes.

    Parameters
    ----------
    network : StreetNetwork
    sources, wanted : int array, shape (n,) and (m,)
        Rows of nodes.
    limit_min : float
        Nothing is looked for beyond it.
    reverse : bool
        Search against the direction of the streets: minutes from the wanted nodes to the sources.

    Yields
    ------
    rows, columns : int array, shape (a,) and (b,)
        Which sources and which wanted nodes. A pair that is in no block is out of reach.
    minutes : float array, shape (a, b)
    """
    graph = street_graph(network, reverse=reverse)
    at = np.column_stack([network.x_m, network.y_m])
    for rows, nodes in _parts(at, sources, limit_min * _fastest_m_per_min(network)):
        if nodes is None:
            columns, part, begin, end = np.arange(len(wanted)), graph, sources[rows], wanted
        else:
            place = np.full(len(at), -1)
            place[nodes] = np.arange(len(nodes))
            columns = np.flatnonzero(place[wanted] >= 0)
            part, begin, end = graph[nodes][:, nodes], place[sources[rows]], place[wanted[columns]]
        step = max(1, BLOCK_BYTES // (8 * part.shape[0]))
        for first in range(0, len(rows), step):
            found = dijkstra(part, directed=True, indices=begin[first : first + step], limit=limit_min)
            yield rows[first : first + step], columns, np.atleast_2d(found)[:, end]


def street_graph(network: StreetNetwork, *, reverse: bool = False) -> csr_array:
    """Build the sparse matrix of edges; of parallel edges the quickest counts, not their sum."""
    tail, head = (network.head, network.tail) if reverse else (network.tail, network.head)
    minutes, nodes = np.asarray(network.minutes, dtype=float), len(network.x_m)
    graph = csr_array((minutes, (tail, head)), shape=(nodes, nodes))
    if graph.nnz == len(minutes):
        return graph
    order = np.lexsort((minutes, head, tail))
    tail, head, minutes = tail[order], head[order], minutes[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    begins = np.concatenate([[0], np.cumsum(np.bincount(tail[first], minlength=nodes))])
    return csr_array((minutes[first], head[first].astype(np.int32), begins.astype(np.int32)), shape=(nodes, nodes))


def _fastest_m_per_min(network: StreetNetwork) -> float:
    """Metres as the crow flies a minute, along the fastest edge; `inf` where one takes no time."""
    metres = np.hypot(
        network.x_m[network.tail] - network.x_m[network.head], network.y_m[network.tail] - network.y_m[network.head]
    )
    moves = metres > 0
    with np.errstate(divide="ignore"):
        return float((metres[moves] / network.minutes[moves]).max(initial=0.0))


def _parts(at: Floats, sources: Rows, reach_m: float) -> Iterator[tuple[Rows, Rows | None]]:
    """Yield neighbouring sources and all nodes that they can reach; None stands for every node.

    Nobody gets further than `reach_m` as the crow flies, so nodes outside a frame of that width around a
    square of sources change nothing.
    """
    if not np.isfinite(reach_m):
        yield np.arange(len(sources)), None
        return
    side = max(reach_m, 1.0)
    square = np.floor((at[sources] - at.min(axis=0)) / side).astype(np.int64)
    _, square_of = np.unique(square, axis=0, return_inverse=True)
    by_x = np.argsort(at[:, 0], kind="stable")
    sorted_x = at[by_x, 0]
    margin = reach_m * (1 + 1e-9) + 1e-3
    for number in range(int(square_of.max(initial=-1)) + 1):
        rows = np.flatnonzero(square_of == number)
        low, high = at[sources[rows]].min(axis=0) - margin, at[sources[rows]].max(axis=0) + margin
        nodes = by_x[np.searchsorted(sorted_x, low[0]) : np.searchsorted(sorted_x, high[0], side="right")]
        nodes = np.sort(nodes[(at[nodes, 1] >= low[1]) & (at[nodes, 1] <= high[1])])
        yield rows, nodes if len(nodes) < WORTH_CUTTING * len(at) else None
