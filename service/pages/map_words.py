"""What is said round a map: where and when, what its colours mean, and what its reader has to know."""

from __future__ import annotations

from collections.abc import Sequence

from layers.map_layers import (
    LAYERS,
)
from service.access.requests import NEW_PATIENTS
from service.drawing.picture import Caption
from service.editions.edition import Edition
from service.editions.scoring import Scores
from service.editions.views import ACCESS, View, dial_text
from service.pages.certainty import certainty_notes, cluster_notes
from service.pages.drawn_layers import DrawnLayer, hatched_words
from service.pages.wording import day

GO_NEAR = "Choose one on the map, or zoom in, to see its neighbourhoods."
BY_MIDDLE = "Each council has the colour of its middle neighbourhood: half of the others have a higher figure."
BY_CLASS = "Each council has the colour of its most frequent class: the smaller classes do not show."
GROUND_WORDS = "Blue lines are rivers and other water, grey lines are main roads."


def _where(edition: Edition, view: View) -> str:
    name = str(edition.place["name"])
    return f"{edition.footprint(view.within)['name']}, {name}" if view.within else name


def subtitle(edition: Edition, view: View, drawn: DrawnLayer, scores: Scores) -> str:
    """Say under the heading of a map where it is, how the dial stands and what that means, and how old it is."""
    dial = ""
    if drawn.layer.id == "targeting":
        rho = dial_text(view.rho)
        means = "the same for all" if view.rho == 1 else f"up to {rho} times as much per head where need is greatest"
        dial = f" The dial is at {rho}: {means}."
    count = f"{len(scores):,} neighbourhoods"
    return f"{_where(edition, view)}: {count}.{dial} Figures built on {day(edition.id)}"


def caption(
    edition: Edition,
    view: View,
    drawn: DrawnLayer,
    scores: Scores,
    *,
    attribution: Sequence[str] = (),
    by_council: bool = False,
) -> Caption:
    """Write all that stands round the picture of a map, with the sentences of its publishers."""
    count = len(scores)
    areas = f"{len(edition.councils()):,} councils" if by_council else f"{count:,} neighbourhoods"
    where = _where(edition, view)
    dial = f". The dial is at {dial_text(view.rho)}" if drawn.layer.id == "targeting" else ""
    kind = "sites over outlines" if drawn.layer.classes == "none" else "darker means greater need"
    if drawn.layer.id == "imd":
        kind = "darker means more deprived"
    if drawn.layer.id == "indicator":
        kind = f"the {'lowest' if drawn.layer.polarity < 0 else 'highest'} are darkest"
    if drawn.layer.id in ("certainty", "clusters"):
        kind = "the legend names the classes"
    if drawn.layer.id == ACCESS:
        kind = "darker means worse access"
    notes = notes_on_map(edition, view, scores)
    if drawn.hatched.any() and not by_council:
        notes = [hatched_words(drawn), *notes]
    return Caption(
        title=drawn.layer.title,
        subtitle=f"{where}: {count:,} neighbourhoods{dial}. Figures built on {day(edition.id)}",
        description=f"Map of {where}. {drawn.layer.title}; {kind}. {areas}. The ranked table holds the same figures.",
        attribution=[*attribution, f"Edition {edition.id}."],
        notes=tuple(note for note in notes if note != GO_NEAR) if by_council else notes,
    )


def notes_on_map(edition: Edition, view: View, scores: Scores) -> list[str]:
    """Say what whoever reads the map of a view has to know."""
    notes = certainty_notes(edition, scores) if view.layer == "certainty" else []
    if view.layer == "clusters":
        notes = cluster_notes(edition, view)
    if view.layer == "sites" and view.accepting:
        notes.append(f"Only sites known to take new {NEW_PATIENTS[view.accepting]} NHS patients are shown.")
    if view.weights:
        notes.append("The indicators are weighted as you chose, not as the focus publishes.")
    if edition.network:
        notes.append(GROUND_WORDS)
    if edition.place.get("fictional"):
        notes.append("This place is fictional. Its figures are made up.")
    if edition.large and not view.within:
        named = LAYERS[view.layer or "targeting"]({}, {}).classes == "named"
        notes += [BY_CLASS if named else BY_MIDDLE, GO_NEAR]
    return notes
