"""What a reader asked to see: one view, in the words of its address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from geodata.services import load_services

DEFAULT_FOCUS = "core"
DEFAULT_RHO = 3.0
ACCESS = "access"  # the layer that these words are for
USUAL_SERVICE = "gp"  # what the layer ``access`` shows of most places
ACCESS_WORDS = ("service", "mode", "minutes", "measure", "demand", "accepting")


@dataclass(frozen=True)
class View:
    """A place seen through a focus, a dial and, if wanted, one footprint.

    Attributes
    ----------
    rho : float
        The dial, 1 to 20, at most two decimals.
    within : str
        Empty for the whole place, else ``lad:CODE``, ``ward:CODE``, ``msoa:CODE`` or ``team:NAME``.
    edition : str
        Empty for the newest.
    weights : str
        Empty for the focus's own weights, else as `service.editions.weights.read_weights` writes them.
    service, mode, minutes, measure, demand, accepting : str
        What the layer ``access`` shows; empty for the usual, which `service.access.requests.asked` fills in.
    """

    place: str
    focus: str = DEFAULT_FOCUS
    rho: float = DEFAULT_RHO
    within: str = ""
    layer: str = "targeting"
    indicator: str = ""
    edition: str = ""
    weights: str = ""
    service: str = ""
    mode: str = ""
    minutes: str = ""
    measure: str = ""
    demand: str = ""
    accepting: str = ""

    def query(self, **more: Any) -> str:
        """Return the canonical query string: defaults left out, one order, for links, cache keys and tags."""
        parts = {
            "focus": self.focus if self.focus != DEFAULT_FOCUS or self._focus_follows() else "",
            "weights": self.weights,
            "rho": dial_text(self.rho) if self.rho != DEFAULT_RHO else "",
            "within": self.within,
            "indicator": self.indicator,
            **{name: getattr(self, name) for name in ACCESS_WORDS if self.layer == ACCESS},
            "edition": self.edition,
            **{key: "" if value is None else str(value) for key, value in more.items()},
        }
        return urlencode({key: value for key, value in parts.items() if value})

    def _focus_follows(self) -> bool:
        """Tell whether an address of this view without a focus could be read as that of its service."""
        service = load_services().get(self.service or USUAL_SERVICE) if self.layer == ACCESS else None
        return service is not None and bool(service.focus)

    def but(self, **changes: Any) -> View:
        """Return the same view with some parts changed."""
        return replace(self, **changes)


def dial_text(rho: float) -> str:
    """Write the dial without idle zeros: 3, 4.25."""
    return f"{rho:.2f}".rstrip("0").rstrip(".")
