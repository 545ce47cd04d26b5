"""Why a siting question has no plan: one class for each reason, so that nobody has to read the words (methods M7)."""

from __future__ import annotations


class NoPlan(ValueError):
    """A siting question has no plan, or none that was found."""


class TooManySites(NoPlan):
    """More sites are to open than there are to choose among."""


class Nobody(NoPlan):
    """No demand is above zero."""


class OutOfReach(NoPlan):
    """Some people reach no site, whatever is chosen."""


class NoAversion(NoPlan):
    """The aversion to long journeys is not defined: every journey takes no time."""


class NoJourneys(NoAversion):
    """The aversion to long journeys is not defined: nobody reaches a site."""


class TooManyPairs(NoPlan):
    """There are too many journeys for a proof with capacities."""


class NoRoomInReach(NoPlan):
    """The sites that some people reach cannot take all of them, though all sites together could."""


class Undecided(NoPlan):
    """The work allowed was not enough to find a plan, or to prove that there is none."""


class NoRoom(NoPlan):
    """No choice of sites takes all the people.

    Attributes
    ----------
    short, most, people : float
        People without a place, those whom the largest sites take, and all of them.
    """

    def __init__(self, most: float, people: float) -> None:
        self.short, self.most, self.people = people - most, most, people
        super().__init__(
            f"capacity is below demand by {self.short:,.1f}: the sites of any such plan take at most {most:,.1f} "
            f"of {people:,.1f} people"
        )
