"""Shortest times over a street network (methods M7): from the smaller side, up to a cut-off, from door to door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from layers.estimated_times import DETOUR, speed_m_per_min
from layers.street_search import searches

if TYPE_CHECKING:
    from geodata.street_network import StreetNetwork

SNAP_LIMIT_M = 1_000.0


def nearest_nodes(
    network: StreetNetwork,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    *,
    limit_m: float = SNAP_LIMIT_M,
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Find the node of a street network that is nearest to each point.

    Parameters
    ----------
    network : StreetNetwork
        Nodes in metres (EPSG:27700).
    x, y : array, shape (n,)
        Points in the same metres.
    limit_m : float
        A point further than this from every street is refused; ``inf`` refuses none.

    Returns
    -------
    rows : array of int, shape (n,)
        Row of the node.
    metres : array of float, shape (n,)
        How far the point is from it.

    Raises
    ------
    ValueError
        If the network has no node, a point has no finite place, or lies past the limit: the message
        names the point by its row and place.
    """
    points = np.column_stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)])
    unknown = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(unknown):
        raise ValueError(f"point {unknown[0]} has no place: x and y must be numbers")
    if not len(network.x_m):
        raise ValueError(f"the {network.mode} network has no streets")
    metres, rows = network.tree.query(points)
    far = np.flatnonzero(metres > limit_m)
    if len(far):
        first = far[metres[far].argmax()]
        more = f"; {len(far) - 1} more lie past the limit" if len(far) > 1 else ""
        raise ValueError(
            f"point {first} at {points[first, 0]:.0f}, {points[first, 1]:.0f} is {metres[first]:,.0f} m from the "
            f"nearest street of the {network.mode} network, at most {limit_m:,.0f} m is allowed{more}"
        )
    return rows.astype(np.intp), metres


def network_minutes(
    network: StreetNetwork,
    from_nodes: NDArray[np.intp],
    to_nodes: NDArray[np.intp],
    *,
    limit_min: float = np.inf,
) -> NDArray[np.float64]:
    """Shortest minutes from nodes to nodes along the direction of the streets.

    Parameters
    ----------
    network : StreetNetwork
        One edge per direction, in minutes.
    from_nodes : array of int, shape (n,)
        Rows of the nodes where journeys begin; may repeat.
    to_nodes : array of int, shape (m,)
        Rows of the nodes where they end; may repeat.
    limit_min : float
        Nothing is looked for beyond it.

    Returns
    -------
    array, shape (n, m)
        Minutes; ``inf`` where there is no way, or none within the limit.

    Raises
    ------
    ValueError
        If a node or the limit is not valid, or an edge's time is negative or not a number.

    References
    ----------
    Dijkstra (1959). Where there are fewer ends than starts, the search runs from the ends over the
    reversed streets, which gives the same times.
    """
    starts, start_of = np.unique(np.asarray(from_nodes, dtype=np.intp), return_inverse=True)
    ends, end_of = np.unique(np.asarray(to_nodes, dtype=np.intp), return_inverse=True)
    minutes = np.full((len(starts), len(ends)), np.inf)
    _check(network, np.concatenate([starts, ends]), limit_min)
    if not minutes.size:
        return np.full((len(start_of), len(end_of)), np.inf)
    if len(starts) <= len(ends):
        for rows, columns, times in searches(network, starts, ends, limit_min, reverse=False):
            minutes[np.ix_(rows, columns)] = times
    else:
        for rows, columns, times in searches(network, ends, starts, limit_min, reverse=True):
            minutes[np.ix_(columns, rows)] = times.T
    return np.asarray(minutes[start_of[:, None], end_of[None, :]])


@dataclass(frozen=True)
class Doors:
    """Points beside a street network.

    Attributes
    ----------
    at : array, shape (n, 2)
        EPSG:27700, metres.
    node : int array, shape (n,)
        Row of the nearest node.
    minutes : array, shape (n,)
        From the point to the node: the straight line times 1.3, at the mode's usual speed.
    """

    at: NDArray[np.float64]
    node: NDArray[np.intp]
    minutes: NDArray[np.float64]

    def __getitem__(self, rows: slice | NDArray[np.intp]) -> Doors:
        """Take some of the points."""
        return Doors(self.at[rows], self.node[rows], self.minutes[rows])


def doors(network: StreetNetwork, points: NDArray[np.float64], *, limit_m: float = SNAP_LIMIT_M) -> Doors:
    """Put points, shape (n, 2), beside a network; errors as `nearest_nodes`."""
    at = np.asarray(points, dtype=float).reshape(-1, 2)
    node, metres = nearest_nodes(network, at[:, 0], at[:, 1], limit_m=limit_m)
    return Doors(at, node, metres * DETOUR / speed_m_per_min(network.mode))


def door_minutes(
    network: StreetNetwork, starts: Doors, ends: Doors, *, limit_min: float = np.inf
) -> NDArray[np.float64]:
    """Shortest minutes from points to points: to the street, along it and from it.

    Parameters
    ----------
    network : StreetNetwork
    starts, ends : Doors of n and of m points
    limit_min : float
        Nothing is looked for beyond it.

    Returns
    -------
    array, shape (n, m)
        Minutes; ``inf`` where there is no way, or none within the limit. Between two points beside the
        same node never more than the straight line times 1.3: nobody walks to the street and back.

    Raises
    ------
    ValueError
        As `network_minutes`.
    """
    minutes = network_minutes(network, starts.node, ends.node, limit_min=limit_min)
    minutes += starts.minutes[:, None] + ends.minutes[None, :]
    start, end = np.nonzero((starts.node[:, None] == ends.node[None, :]) & np.isfinite(minutes))
    line = np.hypot(*(starts.at[start] - ends.at[end]).T) * DETOUR / speed_m_per_min(network.mode)
    minutes[start, end] = np.minimum(minutes[start, end], line)
    return np.where(minutes <= limit_min, minutes, np.inf)


def _check(network: StreetNetwork, nodes: NDArray[np.intp], limit_min: float) -> None:
    """Refuse a cut-off, a node or an edge that is not valid."""
    if not limit_min >= 0:
        raise ValueError(f"the cut-off is {limit_min} minutes: it must be 0 or more")
    known = len(network.x_m)
    wrong = nodes[(nodes < 0) | (nodes >= known)]
    if len(wrong):
        raise ValueError(f"no node {wrong[0]}: the network has {known:,} nodes")
    minutes = np.asarray(network.minutes, dtype=float)
    edges = np.flatnonzero(~(np.isfinite(minutes) & (minutes >= 0)))
    if len(edges):
        raise ValueError(
            f"edge {edges[0]} of the {network.mode} network takes {minutes[edges[0]]} minutes: 0 or more wanted"
        )
