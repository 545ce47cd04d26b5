"""The two worked examples of the methods page, computed by the code that computes the scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.gradient import multiples, positions


@dataclass(frozen=True)
class ExampleRow:
    """One neighbourhood of an example."""

    name: str
    need: float
    people: float
    below: float
    position: float
    multiple: float
    amount: float
    per_head: float


@dataclass(frozen=True)
class Example:
    """A small share-out to retype: what is given, and every step after it."""

    id: str
    title: str
    text: str
    check: str
    rho: float
    budget: float
    rows: tuple[ExampleRow, ...]

    @property
    def people(self) -> float:
        """Everyone in the example."""
        return sum(row.people for row in self.rows)

    @property
    def total(self) -> float:
        """What all neighbourhoods get together."""
        return sum(row.amount for row in self.rows)

    @property
    def average(self) -> float:
        """The budget per head."""
        return self.budget / self.people


def worked_example(
    name: str,
    title: str,
    text: str,
    check: str,
    *,
    given: tuple[tuple[str, float, float], ...],
    rho: float,
    budget: float,
) -> Example:
    """Work out one example.

    Parameters
    ----------
    given : tuple of (name, need score, people)
        The neighbourhoods.
    rho, budget : float
        The dial, and the money to share out.

    Returns
    -------
    Example
        ``amount`` is budget x people x multiple / all people.
    """
    need = np.array([row[1] for row in given], dtype=float)
    people = np.array([row[2] for row in given], dtype=float)
    position = positions(need, people)
    multiple = multiples(position, rho)
    amount = budget * people * multiple / people.sum()
    rows = tuple(
        ExampleRow(row[0], row[1], row[2], *(float(value) for value in figures))
        for row, figures in zip(
            given,
            zip(position * people.sum(), position, multiple, amount, amount / people, strict=True),
            strict=True,
        )
    )
    return Example(name, title, text, check, rho, budget, rows)


def examples() -> tuple[Example, Example]:
    """Give the two examples: two squares of equal size, and four neighbourhoods of which two have equal need."""
    return (
        worked_example(
            "two",
            "Two squares",
            "Two neighbourhoods have 1,000 people each. One has a need score of 20, the other of 80.",
            "For Square A: nobody lives in a neighbourhood with lower need, and half of its own people are 500. "
            "500 ÷ 2,000 = 0.25. Then 2 × (1 + 2 × 0.25) ÷ 4 = 0.75.",
            given=(("Square A", 20, 1000), ("Square B", 80, 1000)),
            rho=3,
            budget=10_000,
        ),
        worked_example(
            "four",
            "Four neighbourhoods, two with the same need",
            "Now the sizes differ, and Mill Lane and Northside have the same need score, so they share one position.",
            "For Mill Lane and Northside: 1,000 people have lower need, and together they are 2,000, so half is 1,000. "
            "(1,000 + 1,000) ÷ 5,000 = 0.4. All the amounts add up to the budget.",
            given=(("Oak Hill", 15, 1000), ("Mill Lane", 40, 1500), ("Northside", 40, 500), ("Riverside", 75, 2000)),
            rho=4,
            budget=50_000,
        ),
    )
