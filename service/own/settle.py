"""An own table settled on a place: protected, carried from 2011 to 2021 where need be, and cut to the place.

Counts of people are protected here, before anything is added up, carried over or kept (methods M12); areas of
2011 are carried over by M11, with every total compared before and after.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from geodata.errors import DataError
from geodata.upload.gate import Declared
from layers.apportion import to_2021
from layers.disclosure import PROFILE, SENTENCE, STAND_IN_SENTENCE, Protected, protect, protected_share
from service.own.figures import NOT_SHOWN

PER_HEAD = 1.0
PER_THOUSAND = 1000.0
RATES = ("percent", "share", "rate")
LOST_OF_TOTAL = 1e-9
IMPORT_RULES = {
    "bad-name": "An own table is named in small letters, digits and hyphens, and no column or indicator has the name.",
    "name-taken": "A name is used once in a place, unless the table is to be replaced.",
    "parts-needed": "A percentage or rate of people comes with count and denominator, so that both can be protected.",
    "people-declared": "Own figures in a unit of people are declared to be about people, or modelled.",
    "cannot-carry": "Only counts, amounts, shares and rates go from areas of 2011 to those of 2021.",
    "no-exact-fit": "Codes of 2011 need an edition that was built with the exact-fit table.",
    "footprint-cut": "A footprint of 2011 does not cut through a neighbourhood of 2021.",
    "nothing-left": "Something of the table lies in the place.",
    "service-listed": "A service with a published list of sites is not mixed with an own list.",
}


class BadImport(DataError):
    """An own table passed the gate and cannot be taken into this place; nothing was stored."""


@dataclass(frozen=True)
class Home:
    """What is known of the place that a table is settled on.

    Attributes
    ----------
    name : str
        For messages.
    population : pandas.Series, index lsoa21cd
        Residents of its neighbourhoods, in code order.
    links : pandas.DataFrame or None
        From `geodata.vintages.read_links`.
    """

    name: str
    population: pd.Series
    links: pd.DataFrame | None = None


@dataclass
class Settled:
    """A table on the neighbourhoods of a place, with an account of what became of it.

    Attributes
    ----------
    table : pandas.DataFrame
        As `geodata.own.OwnTable` has it.
    totals : list of dict
        ``name, before, inside, outside``: sums on the areas of the file, in the place, and outside it.
    notes : list of str
        What a reader has to know.
    protection : dict or None
        Profile, sentence and number of counts not shown; None where nothing needs protection.
    modelled : bool
        Whether a split area was shared out by residents.
    """

    table: pd.DataFrame
    totals: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    protection: dict[str, Any] | None = None
    modelled: bool = False


def guarded(declared: Declared) -> bool:
    """Tell whether the figures are counts of people that the user brings: they are kept only protected."""
    return declared.says("about", "people") and declared.says("source", "own") and declared.unit.kind != "money"


def settle_figures(table: pd.DataFrame, declared: Declared, home: Home) -> Settled:
    """Settle an indicator or a resource.

    Parameters
    ----------
    table : pandas.DataFrame
        From the gate, in the units of the file.
    declared : Declared
        What the user said about it.
    home : Home
        The place.

    Returns
    -------
    Settled
        Figures on ``lsoa21cd``, only of the place. What is not known stays so.

    Raises
    ------
    BadImport
        people-declared, parts-needed, cannot-carry, no-exact-fit or nothing-left.
    """
    if declared.unit.kind == "people" and declared.says("source", "own") and _about_things(declared):
        message = f"unit={declared.unit.text} and about={declared.facts['about']} contradict each other"
        hint = "Declare about=people, so that small numbers are protected; or name the unit after what is counted."
        raise BadImport(message, rule="people-declared", file=declared.file, column="about", hint=hint)
    carry = _Carry(declared, home)
    notes = carry.add(table)
    if declared.kind == "resource":
        found = _resource(table, declared, carry)
    elif _has_parts(table):
        found = _parts(table, declared, carry)
    elif declared.unit.kind == "people" or (guarded(declared) and declared.unit.kind not in RATES):
        found = _amounts(table, "value", carry, guarded(declared)).rename(columns={"amount": "count"})
    else:
        found = _rates(table, "value", declared, carry)
    kept = found[found.index.isin(home.population.index)].sort_index()
    if not len(kept):
        raise BadImport(f"nothing of the table lies in {home.name}", rule="nothing-left", file=declared.file)
    hidden = kept.pop("hidden").astype(bool) if "hidden" in kept else pd.Series(False, index=kept.index)
    kept["note"] = notes.reindex(kept.index).fillna("").mask(hidden, NOT_SHOWN)
    settled = Settled(kept.reset_index(names="lsoa21cd"), carry.totals, carry.notes, modelled=carry.modelled)
    if guarded(declared):
        settled.protection = {
            "profile": PROFILE,
            "sentence": SENTENCE,
            "stand_in": STAND_IN_SENTENCE,
            "hidden": int(hidden.sum()),
        }
    return settled


def settle_footprints(table: pd.DataFrame, declared: Declared, home: Home) -> Settled:
    """Settle footprints: ``footprint, lsoa21cd`` of the place, each pair once, in the order of names and codes.

    Raises
    ------
    BadImport
        footprint-cut or no-exact-fit, for codes of 2011; nothing-left.
    """
    pairs = table[["footprint", "lsoa21cd" if declared.vintage == 2021 else "lsoa11cd"]]
    if declared.vintage == 2011:
        pairs = _footprints_2021(pairs, _links(declared, home), declared)
    pairs = pairs.drop_duplicates().sort_values(["footprint", "lsoa21cd"])
    inside = pairs["lsoa21cd"].isin(home.population.index)
    if not inside.any():
        raise BadImport(f"no footprint has a neighbourhood of {home.name}", rule="nothing-left", file=declared.file)
    notes = [f"{int((~inside).sum()):,} neighbourhoods outside {home.name} were left out"] if not inside.all() else []
    return Settled(pairs[inside].reset_index(drop=True), notes=notes)


def _footprints_2021(pairs: pd.DataFrame, links: pd.DataFrame, declared: Declared) -> pd.DataFrame:
    """Carry lists of 2011 codes over: a neighbourhood of 2021 is in where every area it takes land from is."""
    joined = pairs.merge(links[["lsoa11cd", "lsoa21cd"]], on="lsoa11cd")
    listed = joined.groupby(["footprint", "lsoa21cd"])["lsoa11cd"].nunique()
    needed = links.groupby("lsoa21cd")["lsoa11cd"].nunique()
    cut = listed[listed < needed.reindex(listed.index.get_level_values("lsoa21cd")).to_numpy()]
    if len(cut):
        footprint, code = cut.index[0]
        message = f"{footprint!r} holds a part of {code} only, which was made of {needed[code]} areas of 2011"
        hint = "Put all of them in one footprint, or give the footprints on codes of 2021."
        raise BadImport(message, rule="footprint-cut", file=declared.file, code=str(code), hint=hint)
    return joined[["footprint", "lsoa21cd"]]


def _about_things(declared: Declared) -> bool:
    return declared.says("about", "places") or declared.says("about", "providers")


def _has_parts(table: pd.DataFrame) -> bool:
    return bool(table["count"].notna().any() and table["denominator"].notna().any())


def _resource(table: pd.DataFrame, declared: Declared, carry: _Carry) -> pd.DataFrame:
    """How much there is, and how much per head; a resource given as a rate stays one."""
    if declared.unit.kind in RATES:
        return _rates(table, "amount", declared, carry).assign(amount=np.nan)
    found = _amounts(table, "amount", carry, guarded(declared))
    people = carry.home.population.where(carry.home.population > 0).reindex(found.index)
    per = per_head(declared)
    return found.assign(value=found["value"] / people * per, formula=found["formula"] / people * per)


def per_head(declared: Declared) -> float:
    """How many residents an amount is given for: one for money, a thousand for everything else."""
    return PER_HEAD if declared.unit.kind == "money" else PER_THOUSAND


def _amounts(table: pd.DataFrame, column: str, carry: _Carry, protect_them: bool) -> pd.DataFrame:
    """Numbers of people or things: added up or shared out."""
    if protect_them:
        safe = carry.protected(table, column)
        hidden = safe.suppressed
        shown, used = safe.shown, safe.used()
    else:
        shown = used = carry.counts(table, column)
        hidden = np.zeros(len(shown), dtype=bool)
    columns = {"value": shown, "formula": used, "amount": shown, "hidden": hidden}
    return pd.DataFrame(columns, index=carry.index)


def _parts(table: pd.DataFrame, declared: Declared, carry: _Carry) -> pd.DataFrame:
    """Count and denominator, and the value they make."""
    per = declared.unit.per
    if not guarded(declared):
        count, denominator = (carry.counts(table, column) for column in ("count", "denominator"))
        value = carry.rates(table, "value", table["denominator"])
        if per is not None and declared.vintage == 2011:
            value = count / np.where(denominator > 0, denominator, np.nan) * per
        columns = {"value": value, "formula": value, "count": count, "denominator": denominator}
        return pd.DataFrame(columns, index=carry.index)
    top, bottom = carry.protected(table, "count"), carry.protected(table, "denominator")
    if per is None:  # a mean or the like: withheld where it rests on a count that is not shown
        value = np.where(top.suppressed | bottom.suppressed, np.nan, carry.rates(table, "value", table["denominator"]))
        formula = value
    else:
        value = protected_share(top, bottom, per)
        below = np.where(bottom.used() > 0, bottom.used(), np.nan)
        formula = np.minimum(top.used() / below, np.inf if declared.unit.kind == "rate" else 1.0) * per
        carry.notes.append("Each value is worked out again from its rounded count and denominator.")
    columns = {"value": value, "formula": formula, "count": top.shown, "denominator": bottom.shown}
    return pd.DataFrame(columns | {"hidden": top.suppressed | bottom.suppressed}, index=carry.index)


def _rates(table: pd.DataFrame, column: str, declared: Declared, carry: _Carry) -> pd.DataFrame:
    """Values that do not add up by themselves."""
    if guarded(declared):
        message = f"{declared.unit.text} of people came without count and denominator, which have to be protected"
        hint = "Add both columns; or declare about=modelled or about=providers where that is what the figures are."
        raise BadImport(message, rule="parts-needed", file=declared.file, hint=hint)
    if declared.vintage == 2011 and declared.unit.kind not in RATES:
        message = f"unit={declared.unit.text} does not say whether the figures add up; scores, medians and ranks do not"
        raise BadImport(message, rule="cannot-carry", file=declared.file, hint=IMPORT_RULES["cannot-carry"])
    value = carry.rates(table, column, None)
    return pd.DataFrame({"value": value, "formula": value}, index=carry.index)


def _links(declared: Declared, home: Home) -> pd.DataFrame:
    if home.links is None:
        hint = f"Build {home.name} again with the exact-fit table among the sources."
        message = "the edition holds no table from areas of 2011 to those of 2021"
        raise BadImport(message, rule="no-exact-fit", file=declared.file, hint=hint)
    return home.links


class _Carry:
    """Carries the columns of one table to neighbourhoods of 2021, and keeps the account."""

    def __init__(self, declared: Declared, home: Home) -> None:
        self.declared, self.home = declared, home
        self.totals: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.modelled = False
        self.index = pd.Index([])
        self._codes = pd.Index([])
        self._links: pd.DataFrame | None = None
        self._residents = pd.Series(dtype=float)

    def add(self, table: pd.DataFrame) -> pd.Series:
        """Take the codes of the file; give its typed notes by neighbourhood."""
        if self.declared.vintage == 2021:
            self.index = self._codes = pd.Index(table["lsoa21cd"])
            return pd.Series(table["note"].to_numpy(), index=self.index)
        links = _links(self.declared, self.home)
        self._links = links
        self._residents = links.drop_duplicates("lsoa21cd").set_index("lsoa21cd")["residents"]
        self._codes = pd.Index(table["lsoa11cd"])
        unknown = ~self._codes.isin(links["lsoa11cd"])
        if unknown.any():
            self.notes.append(f"{int(unknown.sum()):,} areas of 2011 outside {self.home.name} were left out")
        touched = links[links["lsoa11cd"].isin(self._codes)]
        self.index = pd.Index(sorted(touched["lsoa21cd"].unique()))
        split = touched["lsoa11cd"].map(touched.groupby("lsoa11cd").size()) > 1
        self.modelled = bool(split.any())
        if self.modelled:
            self.notes.append("Areas of 2011 that were split are shared out by residents at Census 2021.")
        said = touched.merge(pd.DataFrame({"lsoa11cd": self._codes, "note": table["note"].to_numpy()}), on="lsoa11cd")
        return said[said["note"] != ""].groupby("lsoa21cd")["note"].first()

    def counts(self, table: pd.DataFrame, column: str) -> np.ndarray:
        """Carry a column that adds up, with its totals."""
        return self._carried(column, pd.Series(table[column].to_numpy(dtype=float), index=self._codes))

    def protected(self, table: pd.DataFrame, column: str) -> Protected:
        """Protect a column as it came, carry it, and protect what was made of it.

        The first step comes before any sum, so that no sum tells one count of 1 to 7 from another.
        """
        first = protect(table[column].to_numpy(dtype=float))
        carried = self._carried(column, pd.Series(first.used(), index=self._codes))
        return protect(carried, also=self._resting_on(first.suppressed))

    def rates(self, table: pd.DataFrame, column: str, among: pd.Series | None) -> np.ndarray:
        """Carry a column that does not add up, weighted by what it is counted among, else by residents."""
        rates = pd.Series(table[column].to_numpy(dtype=float), index=self._codes)
        if self._links is None:
            return rates.to_numpy()
        weights = self._residents_2011() if among is None else pd.Series(among.to_numpy(dtype=float), index=self._codes)
        known = rates[rates.index.isin(self._links["lsoa11cd"])]
        found = to_2021(known, self._links, self._residents, kind="rate", denominators=weights)
        return found["value"].reindex(self.index).to_numpy(dtype=float)

    def _carried(self, name: str, values: pd.Series) -> np.ndarray:
        if self._links is None:
            found = values
        else:
            here = values[values.index.isin(self._links["lsoa11cd"])]
            found = to_2021(here, self._links, self._residents)["value"].reindex(self.index)
        inside = found.index.isin(self.home.population.index)
        before, kept, left = (float(part.sum()) for part in (values, found[inside], found[~inside]))
        unlinked = 0.0
        if self._links is not None:
            unlinked = float(values[~values.index.isin(self._links["lsoa11cd"])].sum())
        lost = before - kept - left - unlinked
        # An area whose other half is not known is not known either: what it had is neither kept nor left.
        unknown = lost if abs(lost) > LOST_OF_TOTAL * max(1.0, abs(before)) else 0.0
        self.totals.append(
            {"name": name, "before": before, "inside": kept, "outside": left + unlinked, "not_known": unknown}
        )
        return found.to_numpy(dtype=float)

    def _resting_on(self, hidden: np.ndarray) -> np.ndarray:
        if self._links is None:
            return hidden
        touched = self._links.loc[self._links["lsoa11cd"].isin(self._codes[hidden]), "lsoa21cd"]
        return np.asarray(self.index.isin(touched))

    def _residents_2011(self) -> pd.Series:
        """Residents of areas of 2011, made up of those of 2021; in equal parts where areas were merged."""
        assert self._links is not None
        parts = self._links["residents"] / self._links.groupby("lsoa21cd")["lsoa11cd"].transform("size")
        return parts.groupby(self._links["lsoa11cd"]).sum()
