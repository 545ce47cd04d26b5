"""The hidden truth: the need of each neighbourhood, on one scale, and the story told with it.

Everything else in the demo borough is drawn from this need plus noise, so a test can ask whether a
method finds it again. 0 is the average of the country and 1 is one standard deviation more need.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from geodata.demo.areas import Areas
from geodata.demo.land import ORIGIN, Array

# Where need is high or low: km east, km north, spread in km, height.
FIELD = [
    (8.9, 5.9, 1.0, 1.5), (6.3, 5.9, 0.9, 1.1), (2.7, 7.7, 0.8, 1.5), (6.2, 4.2, 0.8, 1.0), (8.4, 2.4, 1.3, -1.6),
    (4.8, 9.0, 1.1, -1.1), (3.4, 2.8, 1.2, -0.9), (8.8, 8.6, 1.2, -1.2),
]  # fmt: skip
BASE = 0.05
POCKET_NEED = 1.9
STORIES = ("poor pocket in a well-off ward", "does well despite need")


def waves(at: Array, draws: np.random.RandomState, *, length_km: float = 2.5, count: int = 24) -> Array:
    """Return a smooth random surface with standard deviation 1 at points in metres."""
    km = (at - ORIGIN) / 1000
    direction = draws.normal(0, 2 * np.pi / length_km / 2, (count, 2))
    phase = draws.uniform(0, 2 * np.pi, count)
    return np.asarray(np.sqrt(2 / count) * np.cos(km @ direction.T + phase).sum(axis=1))


def make_need(areas: Areas, draws: np.random.RandomState) -> pd.DataFrame:
    """Return ``latent_need`` and ``story`` (empty, or one of ``STORIES``), indexed by lsoa21cd."""
    at = areas.table[["x_m", "y_m"]].to_numpy()
    km = (at - ORIGIN) / 1000
    need = np.full(len(at), BASE)
    for east, north, spread, height in FIELD:
        need += height * np.exp(-((km[:, 0] - east) ** 2 + (km[:, 1] - north) ** 2) / (2 * spread**2))
    need += 0.25 * waves(at, draws) + 0.22 * draws.normal(size=len(at))
    truth = pd.DataFrame({"latent_need": need, "story": ""}, index=areas.table.index)

    inside = areas.table[areas.table["inside"]]
    ward_need = truth.loc[inside.index, "latent_need"].groupby(inside["wd24cd"]).mean()
    ward = inside[inside["wd24cd"] == ward_need.idxmin()]
    middle = ward[["x_m", "y_m"]].mean()
    pocket = ((ward[["x_m", "y_m"]] - middle) ** 2).sum(axis=1).idxmin()
    truth.loc[pocket, "latent_need"] = POCKET_NEED
    truth.loc[pocket, "story"] = STORIES[0]
    others = truth.loc[inside.index].query("story == ''").sort_values("latent_need", ascending=False)
    truth.loc[others.index[3], "story"] = STORIES[1]
    truth["latent_need"] = truth["latent_need"].round(4)
    return truth
