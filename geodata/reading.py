"""What every reader hands on: one typed table, and an account of every row it did not use."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

EXAMPLES_SHOWN = 5


@dataclass(frozen=True)
class LeftOut:
    """Rows of one source that were read and not used, and why.

    Attributes
    ----------
    reason : str
        A plain sentence fragment: "closed", "postcode not found", "prescribing setting is not a practice".
    rows : int
        How many.
    examples : tuple of str
        Up to five codes or values.
    """

    reason: str
    rows: int
    examples: tuple[str, ...] = ()

    @classmethod
    def of(cls, reason: str, values: pd.Series) -> LeftOut:
        """Account for the rows whose identifying values are given."""
        return cls(reason, len(values), tuple(str(value) for value in values.iloc[:EXAMPLES_SHOWN]))


@dataclass(frozen=True)
class Reading:
    """One source as one typed table.

    Attributes
    ----------
    table : pandas.DataFrame
        The rows that are used.
    rows_read : int
        Rows in the file, headers not counted.
    left_out : tuple of LeftOut
        The rows that are not in ``table``; ``rows_read`` is used rows plus these.
    file : str
        Name of the file, for messages; a reader leaves it empty, `geodata.readers.read_all` sets it.
    """

    table: pd.DataFrame
    rows_read: int
    left_out: tuple[LeftOut, ...] = ()
    file: str = ""

    def __post_init__(self) -> None:
        """Refuse an account that does not add up."""
        accounted = len(self.table) + sum(part.rows for part in self.left_out)
        if accounted != self.rows_read:
            raise AssertionError(f"{self.rows_read} rows read, {accounted} accounted for")
