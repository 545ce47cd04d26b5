"""What is said about a file that a user brings: one item per fault, and an account of every row."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from geodata.upload.rules import RULES, Severity

VALUE_SHOWN = 80
MESSAGE_SHOWN = 300
SHOWN_PER_RULE = 20
ORDER = {"reject": 0, "warning": 1, "note": 2}
# Control characters, line ends and marks that turn the direction of writing could forge what a screen shows.
_UNSHOWABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def shown(text: object, limit: int = VALUE_SHOWN) -> str:
    """Return text of a file fit for a screen: cut, without characters that steer one."""
    cut = str(text)[:limit]
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join("�" if unicodedata.category(letter) in _UNSHOWABLE else letter for letter in cut)


@dataclass(frozen=True)
class ReportItem:
    """One thing to know about a file.

    Attributes
    ----------
    file : str
        Name of the file as the user has it.
    sheet : str or None
        Sheet of a workbook; None for a text file.
    row : int or None
        Row as a spreadsheet counts it: 1 is the first row of the file, so the header where no title stands above.
    column, code, value : str or None
        Header, area code or postcode, and the cell as it came (at most 80 characters).
    rule : str
        A key of `geodata.upload.rules.RULES`.
    severity : {"reject", "warning", "note"}
        What it means for the file.
    message, hint : str
        What came and what was expected; the likely cause or what to do.
    """

    file: str
    sheet: str | None
    row: int | None
    column: str | None
    code: str | None
    value: str | None
    rule: str
    severity: Severity
    message: str
    hint: str


@dataclass(frozen=True)
class Report:
    """The whole verdict on a file.

    Attributes
    ----------
    file, kind : str
        Its name, and what it was declared as.
    rows_read : int
        Every row of the file but the header and titles above it.
    stored, rejected, skipped : int
        Where those rows went; the three add up to ``rows_read``. If one row is at fault all are rejected.
    rows_at_fault : int
        Rejected rows that break a rule themselves.
    totals : dict of str to int
        How often each rule was met, shown or not.
    items : tuple of ReportItem
        At most 20 of each rule, faults first, then by row.
    facts : dict of str to text
        What was understood: encoding, delimiter, header row, which column is what.
    """

    file: str
    kind: str
    rows_read: int
    stored: int
    rejected: int
    skipped: int
    rows_at_fault: int
    totals: dict[str, int]
    items: tuple[ReportItem, ...]
    facts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse an account that does not add up."""
        if self.rows_read != self.stored + self.rejected + self.skipped:
            raise AssertionError(f"{self.rows_read} rows read, {self.stored} + {self.rejected} + {self.skipped} told")

    @property
    def accepted(self) -> bool:
        """Whether nothing speaks against the file."""
        return not any(item.severity == "reject" for item in self.items)

    def count(self, severity: Severity) -> int:
        """Return how many items of a severity there are, shown or not."""
        rules = {item.rule for item in self.items if item.severity == severity}
        return sum(self.totals[rule] for rule in rules)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data, the same for every way of showing it."""
        return {"accepted": self.accepted, **asdict(self), "items": [asdict(item) for item in self.items]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Report:
        """Return the report that `as_dict` was made of."""
        parts = {key: value for key, value in data.items() if key != "accepted"}
        return cls(**{**parts, "items": tuple(ReportItem(**item) for item in data["items"])})


class Findings:
    """Collects what is found in one file.

    Parameters
    ----------
    file : str
        Its name, for the items.
    """

    def __init__(self, file: str) -> None:
        self.file = shown(file)
        self.totals: Counter[str] = Counter()
        self.faulty_rows: set[int] = set()
        self.skipped = 0
        self.facts: dict[str, str] = {}
        self._items: dict[tuple[str, str], list[ReportItem]] = {}

    @classmethod
    def resumed(cls, report: Report) -> Findings:
        """Return the findings a report was made of, to add to them; only for a file without fault so far."""
        findings = cls(report.file)
        findings.totals.update(report.totals)
        findings.skipped = report.skipped
        findings.facts = dict(report.facts)
        for item in report.items:
            findings._items.setdefault((item.rule, item.severity), []).append(item)
        return findings

    def forget(self) -> None:
        """Drop every item, so that no cell of a file about persons is shown; the account of rows stays."""
        self._items.clear()
        self.totals.clear()

    @property
    def refused(self) -> bool:
        """Whether something speaks against the file."""
        return any(severity == "reject" for _, severity in self._items)

    def add(
        self,
        rule: str,
        message: str,
        *,
        row: int | None = None,
        column: str | None = None,
        code: str | None = None,
        value: object = None,
        hint: str | None = None,
        severity: Severity | None = None,
        times: int = 1,
    ) -> None:
        """Add one finding; of each rule the first 20 are kept, all are counted."""
        weight = severity or RULES[rule].severity
        self.totals[rule] += times
        if weight == "reject" and row is not None:
            self.faulty_rows.add(row)
        kept = self._items.setdefault((rule, weight), [])
        if len(kept) < SHOWN_PER_RULE:
            kept.append(
                ReportItem(
                    file=self.file,
                    sheet=None,
                    row=row,
                    column=None if column is None else shown(column),
                    code=None if code is None else shown(code),
                    value=None if value is None else shown(value),
                    rule=rule,
                    severity=weight,
                    message=shown(message, MESSAGE_SHOWN),
                    hint=RULES[rule].hint if hint is None else hint,
                )
            )

    def report(self, kind: str, rows_read: int) -> Report:
        """Return the verdict: with one fault every row that was not skipped is rejected."""
        items = [item for kept in self._items.values() for item in kept]
        items.sort(key=lambda item: (ORDER[item.severity], item.row is not None, item.row or 0))
        rest = rows_read - self.skipped
        header = int(self.facts.get("header_row", 0))
        return Report(
            file=self.file,
            kind=kind,
            rows_read=rows_read,
            stored=0 if self.refused else rest,
            rejected=rest if self.refused else 0,
            skipped=self.skipped,
            rows_at_fault=min(sum(row > header for row in self.faulty_rows), rest),
            totals=dict(self.totals),
            items=tuple(items),
            facts=self.facts,
        )
