"""What can be wrong with data, said so that the person who owns the file can mend it."""

from __future__ import annotations


class DataError(ValueError):
    """A file, a definition or a join breaks a rule; nothing was stored.

    Parameters
    ----------
    message : str
        What came and what was expected, in one sentence.
    rule : str
        Stable id of the rule that was broken, for example ``missing-column``.
    file, row, column, code, value : optional
        Where: file name, row number (the header is row 1), column, area or site code, and the
        value as it came (cut to 80 characters).
    hint : str, optional
        The likely cause, or what to do.
    """

    def __init__(
        self,
        message: str,
        *,
        rule: str,
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
        code: str | None = None,
        value: object = None,
        hint: str | None = None,
    ) -> None:
        self.rule = rule
        self.file = file
        self.row = row
        self.column = column
        self.code = code
        self.value = None if value is None else str(value)[:80]
        self.message = message
        self.hint = hint
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """Return file, row, column and code, then the message, the rule and the hint."""
        where = [self.file] if self.file else []
        where += [f"row {self.row}"] if self.row is not None else []
        where += [f"column {self.column!r}"] if self.column else []
        where += [self.code] if self.code else []
        place = ", ".join(where)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} [{self.rule}]" + (f" {self.hint}" if self.hint else "")

    def item(self) -> dict[str, object]:
        """Return the parts as one report item, without the empty ones."""
        keys = ("file", "row", "column", "code", "value", "rule", "message", "hint")
        return {key: getattr(self, key) for key in keys if getattr(self, key) is not None}


class SourceMissing(DataError):
    """A published file that the build cannot do without is not in the folder, cache or reach."""


class BadSource(DataError):
    """What a publisher sent is not the file that was asked for: cut short, another kind, another shape."""


class BadFile(DataError):
    """A file was opened, and its columns, codes or values break a rule."""


class BadJoin(DataError):
    """A join on ``lsoa21cd`` lost, doubled or invented a neighbourhood."""


class BadDefinition(DataError):
    """A place, focus or indicator definition contradicts itself or names what does not exist."""


class DamagedEdition(DataError):
    """A stored file differs from the manifest of its edition."""


class BuildMissing(LookupError):
    """Nothing has been built for this place, or not this edition of it."""


class EditionTooOld(LookupError):
    """The edition was built before it kept what is asked for."""


class UnknownEdition(LookupError):
    """The place has no edition of this name."""


class UnknownPlace(LookupError):
    """No place has this name."""


class UnknownFocus(LookupError):
    """No focus has this name."""


class UnknownNeighbourhood(LookupError):
    """No neighbourhood of the place has this code."""


class UnknownFootprint(LookupError):
    """No footprint of the place has this name or code."""


class UnknownService(LookupError):
    """The place has no sites of this service."""


class UnknownGroups(LookupError):
    """The edition holds no people of this kind of group or need."""


class UnknownPostcode(LookupError):
    """No live postcode reads like this, or it lies outside every place that is served."""
