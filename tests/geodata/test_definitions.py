"""Places, focuses and indicators: what a definition may say, and what it is refused for."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest

from geodata.catalogue import load_catalogue
from geodata.definitions import (
    GRADES,
    Place,
    find_focus,
    find_place,
    load_focuses,
    load_indicators,
    load_places,
    read_focus,
    read_place,
)
from geodata.errors import BadDefinition, UnknownFocus, UnknownPlace

DOMAIN_RANKS = {
    "income_rank",
    "employment_rank",
    "education_rank",
    "health_rank",
    "crime_rank",
    "barriers_rank",
    "living_environment_rank",
}
FOCUS = """
title = "Warm homes"
question = "Where are homes cold?"
strength = "proxy"
strength_why = "Cold is not measured; crowding stands in."
ages = "all"
scale = "ridit"

[[ingredients]]
indicator = "overcrowded_share"
weight = 0.6
justification = "Crowded homes are damp."

[[ingredients]]
indicator = "rented_share"
weight = 0.4
justification = "Tenants cannot insulate."
"""
PLACE = """
name = "Two wards"
kind = "wards"
about = "Two wards of one council."
valid_from = 2024-05-02
valid_to = 2025-05-01
take = { wd24cd = ["E05000001", "E05000002"] }
"""
INDICATOR = """
[damp_share]
name = "Damp homes"
short = "Damp"
unit = "share of homes"
polarity = 1
period = "2021"
about = "Homes with damp."
source = "census2021_tenure"
grade = "measured"
not_for = "Saying why."
column = "damp"
"""
LOOKUP = pd.DataFrame(
    {
        "wd24cd": ["E05000001", "E05000001", "E05000002", "E05000003"],
        "lad24cd": ["E06000001", "E06000001", "E06000001", "E06000002"],
    },
    index=pd.Index(["E01000004", "E01000002", "E01000003", "E01000001"], name="lsoa21cd"),
)


@pytest.fixture
def toml(tmp_path: Path) -> Callable[..., Path]:
    """Write a definition, with one text replaced by another."""

    def write(text: str, old: str = "", new: str = "", name: str = "warm-homes.toml") -> Path:
        assert old in text
        (tmp_path / name).write_text(text.replace(old, new) if old else text, "utf-8")
        return tmp_path / name

    return write


def expect(rule: str, says: list[str], read: Callable[[Path], object], path: Path) -> None:
    """Expect a refusal by this rule, whose message names the file, the rule and these words."""
    with pytest.raises(BadDefinition) as caught:
        read(path)
    assert caught.value.rule == rule, str(caught.value)
    for word in [path.name, f"[{rule}]", *says]:
        assert word in str(caught.value), f"{word!r} is not in: {caught.value}"


def test_a_focus_is_read(toml: Callable[..., Path]) -> None:
    focus = read_focus(toml(FOCUS))
    assert (focus.id, focus.ages, focus.aggregate, focus.as_published) == ("warm-homes", None, "arithmetic", False)
    assert focus.weights == {"overcrowded_share": 0.6, "rented_share": 0.4}
    assert read_focus(toml(FOCUS, '"all"', "[0, 4]")).ages == (0, 4)


@pytest.mark.parametrize(
    ("old", "new", "rule", "says"),
    [
        ("title =", "titel =", "unknown-key", ["'titel'", "a focus has", "title"]),
        ("weight = 0.4", "wieght = 0.4", "unknown-key", ["'wieght'", "ingredient has"]),
        ('title = "Warm homes"\n', "", "missing-key", ["title", "a focus needs title, question", "missing: title"]),
        ("weight = 0.4\n", "", "missing-key", ["weight"]),
        ('justification = "Tenants cannot insulate."\n', "", "missing-key", ["justification"]),
        ('"Tenants cannot insulate."', '" "', "no-justification", ["'rented_share'", "sentence of justification"]),
        ('title = "Warm homes"', "title = Warm homes", "bad-toml", ["not TOML", "line 2"]),
        ("title", "scale = 1\ntitle", "bad-toml", ["not TOML"]),
        ("0.4", "0.41", "weights-do-not-add-up", ["1.01", "not to 1"]),
        ("0.4", "0.3999999", "weights-do-not-add-up", ["0.9999999"]),
        ("0.4", "nan", "bad-weight", ["'rented_share'", "nan"]),
        ("0.4", "inf", "bad-weight", ["'rented_share'"]),
        ("0.4", "-0.4", "bad-weight", ["'rented_share'", "not above 0"]),
        ("0.4", "0", "bad-weight", ["'rented_share'"]),
        ("0.4", '"0.4"', "bad-type", ["'weight'"]),
        ("0.4", "true", "bad-type", ["'weight'"]),
        ("rented_share", "rented_chair", "unknown-indicator", ["'rented_chair'", "there are", "rented_share"]),
        ("rented_share", "overcrowded_share", "doubled-indicator", ["'overcrowded_share'", "twice"]),
        ('"ridit"', '"rank"', "bad-scale", ["'rank'", "ridit, z_score, min_max, exponential"]),
        ('"ridit"', '"exponential"', "bad-scale", ["for ranks only"]),
        ('"proxy"', '"certain"', "bad-strength", ["'certain'", "strong, fair, proxy"]),
        ('"ridit"', '"ridit"\naggregate = "harmonic"', "bad-aggregate", ["'harmonic'", "arithmetic, geometric"]),
        ('"all"', "[4, 0]", "bad-ages", ["[4, 0]", "first and the last age"]),
        ('"all"', "[4]", "bad-ages", ["[4]"]),
        ('"all"', "4", "bad-ages", ["4"]),
        ('"all"', '["0", "4"]', "bad-ages", ["'0'"]),
        ('"all"', "[0, true]", "bad-ages", ["True"]),
        ('"Where are homes cold?"', "7", "bad-type", ["'question'", "str"]),
    ],
)
def test_a_bad_focus_is_refused_by_file_key_and_rule(
    toml: Callable[..., Path], old: str, new: str, rule: str, says: list[str]
) -> None:
    expect(rule, says, read_focus, toml(FOCUS, old, new))


def test_a_focus_without_ingredients_is_refused(toml: Callable[..., Path]) -> None:
    head = FOCUS.split("[[")[0]
    expect("no-indicator", ["at least one indicator"], read_focus, toml(head))
    expect("bad-type", ["'ingredients'"], read_focus, toml(head + 'ingredients = ["overcrowded_share"]'))
    expect("bad-type", ["'ingredients'"], read_focus, toml(head + 'ingredients = "overcrowded_share"'))


def test_weights_need_not_sum_to_one_only_where_a_publisher_set_them(toml: Callable[..., Path]) -> None:
    published = FOCUS.replace('"ridit"', '"ridit"\nas_published = true')
    assert sum(read_focus(toml(published, "0.4", "0.399")).weights.values()) == pytest.approx(0.999)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes('name = "Ynys Môn"'.encode("latin-1"))
    expect("bad-encoding", ["UTF-8"], read_place, tmp_path / "latin.toml")


def test_a_file_name_that_is_no_name_is_refused(toml: Callable[..., Path]) -> None:
    expect("bad-name", ["small letters"], read_focus, toml(FOCUS, name="Warm Homes.toml"))
    expect("bad-name", ["small letters"], read_place, toml(PLACE, name="..toml"))


def test_a_place_is_read(toml: Callable[..., Path]) -> None:
    place = read_place(toml(PLACE, name="two-wards.toml"))
    assert (place.id, place.name) == ("two-wards", "Two wards")
    assert place.valid_from == datetime.date(2024, 5, 2)
    assert list(place.members(LOOKUP)) == ["E01000002", "E01000003", "E01000004"]


@pytest.mark.parametrize(
    ("old", "new", "rule", "says"),
    [
        ("kind =", "type =", "unknown-key", ["'type'", "a place has"]),
        ('name = "Two wards"\n', "", "missing-key", ["name"]),
        ("valid_from = 2024-05-02\n", "", "missing-key", ["valid_from"]),
        ("2025-05-01", "2024-05-01", "dates-backwards", ["2024-05-01", "before valid_from"]),
        ("2024-05-02", '"2 May 2024"', "bad-type", ["'valid_from'", "date"]),
        ("2024-05-02", "2024-05-02T00:00:00", "bad-type", ["'valid_from'"]),
        ('{ wd24cd = ["E05000001", "E05000002"] }', '"E05000001"', "bad-type", ["'take'", "by column"]),
        ('["E05000001", "E05000002"]', '"E05000001"', "bad-type", ["'take'"]),
        ('["E05000001", "E05000002"]', "[1]", "bad-type", ["'take'"]),
        ("take", 'add = "E01000001"\ntake', "bad-type", ["'add'"]),
        ("take", "fictional = 1\ntake", "bad-type", ["'fictional'"]),
        ("name", "name = \nname", "bad-toml", ["not TOML"]),
    ],
)
def test_a_bad_place_is_refused_by_file_key_and_rule(
    toml: Callable[..., Path], old: str, new: str, rule: str, says: list[str]
) -> None:
    expect(rule, says, read_place, toml(PLACE, old, new, name="two-wards.toml"))


@pytest.mark.parametrize(
    ("old", "new", "rule", "says"),
    [
        ("E05000002", "E05000009", "unknown-code", ["E05000009", "'wd24cd'", "from another edition"]),
        ("wd24cd", "wd22cd", "unknown-column", ["'wd22cd'", "no such column"]),
        ("take", 'add = ["E01000009"]\ntake', "unknown-code", ["E01000009", "'two-wards'"]),
        ("take", 'drop = ["E01000009"]\ntake', "unknown-code", ["E01000009"]),
        ("take", 'leave = { lad24cd = ["E06000009"] }\ntake', "unknown-code", ["E06000009", "'lad24cd'"]),
        ("take", 'leave = { lad24cd = ["E06000001"] }\ntake', "empty-place", ["'two-wards'", "no neighbourhood"]),
    ],
)
def test_a_place_that_names_what_the_look_up_lacks_is_refused(
    toml: Callable[..., Path], old: str, new: str, rule: str, says: list[str]
) -> None:
    expect(rule, says, lambda path: read_place(path).members(LOOKUP), toml(PLACE, old, new, name="two-wards.toml"))


def test_taking_leaving_adding_and_dropping() -> None:
    def members(**parts: object) -> list[str]:
        return list(Place("p", "P", "k", "a", datetime.date(2024, 1, 1), **parts).members(LOOKUP))

    assert members(everywhere=True) == sorted(LOOKUP.index)
    assert members(everywhere=True, leave={"wd24cd": ("E05000001",)}) == ["E01000001", "E01000003"]
    assert members(take={"lad24cd": ("E06000002",)}, add=("E01000003",)) == ["E01000001", "E01000003"]
    assert members(take={"lad24cd": ("E06000001",)}, drop=("E01000003",)) == ["E01000002", "E01000004"]
    # Only what was taken can be left; a single neighbourhood that is added stays.
    assert members(
        take={"lad24cd": ("E06000001",)}, leave={"wd24cd": ("E05000002",)}, add=("E01000003", "E01000001")
    ) == sorted(LOOKUP.index)


@pytest.mark.parametrize(
    ("old", "new", "rule", "says"),
    [
        ("short =", "shrt =", "unknown-key", ["'shrt'", "indicator has"]),
        ('unit = "share of homes"\n', "", "missing-key", ["unit"]),
        ("polarity = 1", "polarity = 0", "bad-polarity", ["'damp_share'", "+1 or -1"]),
        ("polarity = 1", 'polarity = "1"', "bad-type", ["'polarity'"]),
        ('"measured"', '"guessed"', "bad-grade", ["'damp_share'", "'guessed'", "measured, apportioned"]),
        ('column = "damp"\n', "", "bad-derivation", ["'damp_share'", "one column"]),
        ('column = "damp"', 'column = "damp"\nnearest = "gp"', "bad-derivation", ["'damp_share'"]),
        ('column = "damp"', 'count = ["a"]', "bad-derivation", ["'damp_share'"]),
        ("[damp_share]", '["Damp share"]', "bad-name", ["small letters"]),
        ("[damp_share]", "[damp_share", "bad-toml", ["not TOML"]),
    ],
)
def test_a_bad_indicator_is_refused_by_file_name_and_rule(
    toml: Callable[..., Path], old: str, new: str, rule: str, says: list[str]
) -> None:
    expect(rule, says, load_indicators, toml(INDICATOR, old, new, name="indicators.toml"))


def test_an_unknown_place_or_focus_names_those_there_are() -> None:
    with pytest.raises(UnknownPlace, match=r"No place 'leeds'; choose one of .*luton"):
        find_place("leeds")
    with pytest.raises(UnknownFocus, match="No focus 'all'; choose one of core, "):
        find_focus("all")
    with pytest.raises(UnknownPlace) as caught:
        find_place("x" * 10_000)
    assert len(str(caught.value)) < 400


def test_every_place_that_is_promised_is_defined() -> None:
    promised = {"luton", "blmk", "milton-keynes", "bromley", "south-east-london", "lancashire-and-south-cumbria"}
    assert promised | {"england", "demo"} <= set(load_places())
    assert [name for name, place in load_places().items() if place.fictional] == ["demo"]
    for name, place in load_places().items():
        assert place.name, name
        assert place.about.endswith("."), name


def test_the_focuses_are_those_promised_and_core_comes_first() -> None:
    promised = ["core", "age-well", "best-start", "building-blocks", "child-dental", "diagnostics", "gp-access"]
    assert list(load_focuses()) == [*promised, "immunisation", "long-term-conditions", "mental-health"]
    ages = {name: focus.ages for name, focus in load_focuses().items()}
    assert ages["long-term-conditions"] == ages["mental-health"] == (18, 120)
    assert ages["age-well"] == ages["diagnostics"] == (65, 120)
    assert (ages["gp-access"], ages["child-dental"], ages["immunisation"]) == (None, (0, 17), (0, 4))


def test_a_focus_whose_outcome_is_not_published_says_so_in_its_title() -> None:
    proxies = {name: focus.title for name, focus in load_focuses().items() if focus.strength == "proxy"}
    assert proxies["child-dental"] == "Likely need for child dental care (tooth decay is not published at this level)"
    assert set(proxies) == {"child-dental", "immunisation"}
    assert all("published" in title for title in proxies.values())


@pytest.mark.parametrize(("one", "other"), list(combinations(load_focuses(), 2)))
def test_no_two_focuses_share_more_than_half_their_weight(one: str, other: str) -> None:
    weights, others = find_focus(one).weights, find_focus(other).weights
    shared = weights.keys() & others.keys()
    for mine in (weights, others):
        assert sum(mine[name] for name in shared) <= sum(mine.values()) / 2 + 1e-9


def test_the_seven_domains_are_used_by_core_only() -> None:
    users = {name: DOMAIN_RANKS & set(focus.weights) for name, focus in load_focuses().items()}
    assert users.pop("core") == DOMAIN_RANKS
    assert not any(users.values()), f"the composite comes back through {users}"


def test_core_has_the_published_weights_in_the_published_order() -> None:
    core = find_focus("core")
    assert list(core.weights.values()) == [0.225, 0.225, 0.135, 0.135, 0.093, 0.093, 0.093]
    assert (core.scale, core.aggregate, core.as_published) == ("exponential", "arithmetic", True)


@pytest.mark.parametrize("name", list(load_focuses()))
def test_every_ingredient_has_a_sentence_of_justification(name: str) -> None:
    focus = find_focus(name)
    for part in focus.ingredients:
        assert part.justification.endswith("."), part.indicator
        assert part.justification[0].isupper(), part.indicator
        assert len(part.justification.split()) >= 6, part.indicator
    assert len({part.justification for part in focus.ingredients}) == len(focus.ingredients)
    assert focus.question.endswith("?")
    assert focus.strength_why.endswith(".")


@pytest.mark.parametrize("name", list(load_indicators()))
def test_every_indicator_says_what_has_to_be_known_about_it(name: str) -> None:
    indicator = load_indicators()[name]
    for part in ("name", "short", "unit", "period", "about", "not_for"):
        assert getattr(indicator, part).strip(), part
    assert indicator.polarity in (1, -1)
    assert indicator.grade in GRADES
    assert indicator.about.endswith(".")
    assert indicator.not_for.endswith(".")
    source = load_catalogue()[indicator.source]
    columns = {indicator.column, indicator.denominator, *indicator.count} - {""}
    if source.columns:
        assert columns <= set(source.columns), f"{source.id} has no {columns - set(source.columns)}"


def test_the_demo_has_every_source_that_an_indicator_needs() -> None:
    demo = load_catalogue(Path(load_catalogue.__globals__["__file__"]).parent / "demo" / "sources.toml")
    assert {indicator.source for indicator in load_indicators().values()} <= set(demo)
