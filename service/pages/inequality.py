"""What the pages show of how a measure differs with need: sentences, a drawn slope, need fifths, groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.measures.inequalities import BY_WHERE_PEOPLE_LIVE, GroupKind, Inequality, inequality
from service.measures.inequality_words import difference_words, range_words, sentences, warnings
from service.pages.planner import area_name, footprint_choices
from service.pages.slope_chart import fifth_rows, slope_chart
from service.pages.wording import fixed, value_words
from service.queries import BadQuery

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View


def inequality_part(edition: Edition, view: View, indicator: str) -> dict[str, Any]:
    """Gather what ``parts/inequality.html`` shows of one indicator in one view.

    Returns
    -------
    dict
        With ``problem`` alone beside the form where the focus and the indicator do not go together.
    """
    form = {
        "focuses": [
            {"value": name, "text": facts["title"], "selected": name == view.focus}
            for name, facts in edition.focuses.items()
        ],
        "footprints": footprint_choices(edition, view),
        "area_name": area_name(edition, view),
        "focus_title": edition.focuses[view.focus]["title"],
        "json_address": f"/api/v1/places/{view.place}/inequality?{view.but(indicator=indicator).query()}",
    }
    try:
        found = inequality(edition, view, indicator)
    except BadQuery as error:
        return {**form, "problem": f"{error} {error.hint}".strip(), "shown": None}
    return {**form, "problem": "", "shown": _shown(found)}


def _shown(found: Inequality) -> dict[str, Any]:
    return {
        "sentences": sentences(found),
        "warnings": [said for said in warnings(found) if not said.startswith("Do not use")],
        "notes": found.notes,
        "chart": slope_chart(found),
        "fifths": fifth_rows(found),
        "figures": _figures(found),
        "groups": [_group_table(found, kind) for kind in found.groups],
        "group_label": BY_WHERE_PEOPLE_LIVE,
        "everyone": value_words(found.facts, found.everyone),
    }


def _figures(found: Inequality) -> list[dict[str, str]]:
    slope, facts = found.slope, found.facts
    rows = []
    if slope is not None:
        limits = "–"
        if slope.sii_lower is not None and slope.sii_upper is not None:
            limits = range_words(facts, slope.sii_lower, slope.sii_upper)
        rows.append(_figure("Slope index of inequality", difference_words(facts, slope.sii), limits))
    rows.append(
        _figure("Gap, fifth of greatest need minus fifth of least", difference_words(facts, found.gap.absolute))
    )
    if not found.ratios:
        if slope is not None and slope.rii is not None:
            limits = "–" if slope.rii_lower is None else f"{fixed(slope.rii_lower, 2)} to {fixed(slope.rii_upper, 2)}"
            rows.append(_figure("Relative index of inequality", f"{slope.rii:.2f}", limits))
        if found.gap.relative is not None:
            rows.append(_figure("Gap, fifth of greatest need over fifth of least", f"{found.gap.relative:.2f}"))
        if found.concentration is not None:
            rows.append(_figure("Concentration index (−1 to 1)", f"{found.concentration:+.3f}".replace("-", "−")))
    return rows


def _figure(name: str, value: str, limits: str = "–") -> dict[str, str]:
    return {"name": name, "value": value, "limits": limits}


def _group_table(found: Inequality, kind: GroupKind) -> dict[str, Any]:
    return {
        "title": kind.title,
        "id": kind.kind.replace("_", "-"),
        "note": kind.note,
        "rows": [
            {
                "name": group.name,
                "value": value_words(found.facts, group.value),
                "difference": difference_words(found.facts, group.difference),
                "people": fixed(group.people),
            }
            for group in kind.groups
        ],
    }
