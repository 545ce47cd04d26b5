"""Services of an edition: one registry, where lists are complete, and what access indicators make of the sites."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.catalogue import load_catalogue
from geodata.definitions import load_indicators
from geodata.errors import UnknownService
from geodata.services import giving, load_services, old_sources
from geodata.stored import read_neighbourhoods
from layers.map_layers import SITE_SYMBOLS
from service.building.access_indicators import catchment, gp_fte
from service.building.facts import complete_councils, gaps_next_door, indicator_facts, next_door, report
from service.editions.edition import Edition, open_edition
from service.editions.services import ServicesOfEdition
from service.measures.need_without import ACCESS, why_left_out

STEPS = ((10, 1.0), (20, 0.68), (30, 0.22))


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


# The registry


def test_every_service_has_a_source_that_is_read_and_a_symbol_of_its_own_shape() -> None:
    services, catalogue = load_services(), load_catalogue()
    assert set(services) == set(SITE_SYMBOLS)
    for service in services.values():
        assert catalogue[service.source].reader, service.id
        assert catalogue[service.source].kind == "sites"
        assert service.id in service.includes
        assert service.question.endswith("?")
        assert service.supply.endswith(".")
    for part in ("name", "path", "colour"):
        assert len({getattr(symbol, part) for symbol in SITE_SYMBOLS.values()}) == len(SITE_SYMBOLS), part
        assert not service.focus or (Path("geodata/focuses") / f"{service.focus}.toml").is_file(), service.id
        assert service.mode in ("", "drive"), service.id
    listed = {name for source in catalogue.values() for name in source.complete_for}
    assert listed <= set(services)
    assert "hospital" not in listed  # its list is of 2020


def test_a_service_that_includes_an_unknown_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "services.toml").write_text(
        '[a]\nname = "A"\nplural = "As"\nquestion = "A?"\nsource = "s"\nsupply = "1."\nincludes = ["a", "b"]\n', "utf-8"
    )
    with pytest.raises(ValueError, match=r"'a' includes 'b', which services\.toml does not define"):
        load_services(tmp_path / "services.toml")


def test_old_lists_are_off_unless_asked_for_by_service_or_source() -> None:
    assert old_sources() == {"gp_branches"}
    assert old_sources(["gp_branch"]) == old_sources(["gp_branches"]) == frozenset()
    with pytest.raises(UnknownService, match=r"No old list 'hospitals' to be read when asked; there is gp_branches\."):
        old_sources(["hospitals"])
    assert giving("gp") == ("gp", "gp_branch")
    assert giving("childrens_centre") == ("childrens_centre", "family_hub")
    assert giving("own_list") == ("own_list",)


def test_a_council_partly_outside_is_judged_by_all_its_sites_and_gaps_next_door_are_named() -> None:
    """A place with a corner of council B, whose only practice stands outside it; C and D lie next door, E far off."""
    nation = pd.DataFrame(
        {
            "lad24cd": ["A", "B", "B", "C", "D", "E"],
            "lad24nm": ["Here", "Corner", "Corner", "Gap", "Whole", "Far"],
            "centroid_x_m": [0.0, 1e3, 2e3, 3e3, 4e3, 90e3],
            "centroid_y_m": 0.0,
        },
        index=pd.Index([f"E0100000{n}" for n in range(1, 7)], name="lsoa21cd"),
    )
    table = nation.iloc[:2]
    sites = pd.DataFrame({"service": "gp", "site_id": ["a", "b"], "lsoa21cd": ["E01000001", "E01000003"]})
    material = cast("Any", SimpleNamespace(nation=nation, table=table, sites=sites))
    national = {"gp": replace(load_catalogue()["gp_practices"], complete_for={"gp": ("*",)})}
    assert complete_councils(material, national, "gp") == ["A", "B"]
    beside = next_door(table, nation)
    assert beside.to_dict() == {"C": "Gap", "D": "Whole"}
    assert gaps_next_door(beside, national, "gp") == []
    some = {"gp": replace(load_catalogue()["gp_practices"], complete_for={"gp": ("A", "D")})}
    assert complete_councils(material, some, "gp") == ["A"]
    assert gaps_next_door(beside, some, "gp") == ["Gap"]
    assert next_door(table, table).empty


# An edition's services


def test_services_count_their_sites_with_those_they_include(edition: Edition) -> None:
    found = {service["id"]: service for service in edition.services()}
    assert list(found) == [name for name in load_services() if name in found]  # in the order of the registry
    counts = {name: (service["inside"], service["near"]) for name, service in found.items()}
    assert counts == {
        "gp": (9, 1), "dental": (7, 1), "pharmacy": (10, 1), "family_hub": (3, 0), "childrens_centre": (6, 1),
        "school": (15, 0), "library": (4, 0), "hospital": (3, 0), "diagnostic_centre": (1, 1),
    }  # fmt: skip
    assert [name for name, service in found.items() if not service["complete"]] == ["hospital"]
    assert found["gp"]["complete_in"] == ["E06900001"]
    assert not any(service["old"] or service["own"] for service in found.values())
    usual = {name: (service["focus"], service["mode"]) for name, service in found.items()}
    assert usual["family_hub"] == ("best-start", "")
    assert usual["diagnostic_centre"] == ("diagnostics", "drive")
    assert usual["library"] == ("", "")
    with pytest.raises(UnknownService, match="Aldermouth has no sites of a service 'spa'; there are gp, dental"):
        edition.service("spa")


def test_a_list_is_complete_for_the_neighbourhoods_of_its_councils(edition: Edition) -> None:
    assert edition.complete_rows("gp").all()
    assert edition.complete_rows("hospital").dtype == bool
    assert not edition.complete_rows("hospital").any()


def test_site_rows_are_rows_of_the_list_of_sites(edition: Edition) -> None:
    sites = edition.sites()
    centres = edition.site_rows("childrens_centre")
    assert {sites[row]["service"] for row in centres} == {"childrens_centre", "family_hub"}
    assert len(centres) == 7
    accepting = edition.site_rows("dental", accepting="children")
    assert [sites[row]["site_id"] for row in accepting] == ["V99502", "V99505", "V99506", "V99509"]
    assert edition.site_supply(centres).tolist() == [1.0] * 7


def test_a_branch_of_a_practice_that_is_not_held_counts_as_unknown_never_as_one() -> None:
    sites = [{"service": "gp", "supply": 0.5}, {"service": "gp_branch", "supply": None}, {"service": "gp"}]
    part = cast("Any", ServicesOfEdition())
    part.own, part.sites = SimpleNamespace(sites=[]), lambda: sites
    np.testing.assert_array_equal(part.site_supply([0, 1, 2]), [0.5, np.nan, 1.0])


def test_an_old_list_that_was_asked_for_and_is_not_there_is_missing(demo_store: Path) -> None:
    branches = load_catalogue()["gp_branches"]
    stored = read_neighbourhoods(open_edition(demo_store, "demo").stored)
    sites = pd.DataFrame({"service": [], "site_id": [], "inside": pd.Series(dtype=bool)})
    material = cast(
        "Any",
        SimpleNamespace(
            table=stored, sites=sites, totals=[], carried=None, reference="England", place=SimpleNamespace(id="demo")
        ),
    )
    for asked, status in (((), "off unless asked for"), (("gp_branches",), "missing")):
        account = report(material, {"gp_branches": branches}, {}, {}, old_sources(asked))
        assert account["sources"][0]["status"] == status


def test_a_median_over_the_known_part_is_not_shown_as_that_of_all() -> None:
    indicators, index = load_indicators(), pd.Index(["E01000001", "E01000002"], name="lsoa21cd")
    for name in ("family_hub_walk_min", GP.id):
        nation = pd.DataFrame({name: [3.0, np.nan]}, index=index)
        assert indicator_facts(indicators[name], nation, nation)["reference_median"] is None
        assert indicator_facts(indicators[name], nation.dropna(), nation)["reference_median"] == 3


def test_dentists_answers_are_counted_inside_and_unknown_is_no_no(edition: Edition) -> None:
    assert edition.accepting_counts() == {"yes": 3, "no": 3, "unknown": 1}
    assert edition.accepting_counts(who="adults") == {"yes": 2, "no": 4, "unknown": 1}
    assert edition.accepting_date == "February 2026"
    how = {site["site_id"]: site["accepting_by"] for site in edition.sites("dental")}
    assert how.pop("V99504") == "postcode"  # its page has another code
    assert set(how.values()) == {"code"}


def test_what_says_how_well_a_service_is_reached_never_stands_on_the_side_of_need(edition: Edition) -> None:
    access = [name for name, indicator in load_indicators().items() if indicator.from_sites]
    assert len(access) == 4
    for name, facts in edition.indicators.items():
        assert (why_left_out(facts) == ACCESS) == (name in access), name


# Access indicators, against sums that import nothing of ours


def minutes_by_hand(table: pd.DataFrame, sites: pd.DataFrame) -> np.ndarray:
    """Walking minutes from every neighbourhood to every site, one pair at a time."""
    found = np.empty((len(table), len(sites)))
    for i, (code, home) in enumerate(table.iterrows()):
        for j, site in enumerate(sites.itertuples()):
            metres = ((home["centroid_x_m"] - site.easting) ** 2 + (home["centroid_y_m"] - site.northing) ** 2) ** 0.5
            if site.lsoa21cd == code:
                metres = max(metres, 2 / 3 * (home["area_m2"] / np.pi) ** 0.5)
            found[i, j] = metres * 1.3 / 80
    return found


def weight_by_hand(minutes: float) -> float:
    return next((weight for end, weight in STEPS if minutes <= end), 0.0)


def by_hand(minutes: np.ndarray, people: np.ndarray, supply: np.ndarray) -> np.ndarray:
    """E2SFCA per 1,000 people, one pair at a time."""
    weights = np.vectorize(weight_by_hand)(minutes)
    demand = (weights * people[:, None]).sum(axis=0)
    ratio = np.array([s / d if d > 0 else 0.0 for s, d in zip(supply, demand, strict=True)])
    return 1000 * (weights * ratio).sum(axis=1)


def tiny_nation(rng: np.random.Generator, n: int) -> pd.DataFrame:
    codes = pd.Index([f"E0100{i:04d}" for i in range(n)], name="lsoa21cd")
    return pd.DataFrame(
        {
            "centroid_x_m": rng.uniform(500_000, 504_000, n),
            "centroid_y_m": rng.uniform(200_000, 204_000, n),
            "area_m2": rng.uniform(1e5, 4e6, n),
            "population": rng.integers(500, 3000, n).astype(float),
        },
        index=codes,
    )


def tiny_sites(rng: np.random.Generator, m: int, codes: pd.Index) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "site_id": [f"s{j}" for j in range(m)],
            "easting": rng.uniform(500_000, 504_000, m),
            "northing": rng.uniform(200_000, 204_000, m),
            "lsoa21cd": rng.choice(codes, m),
            "fte": rng.uniform(0.5, 9, m),
            "accepting_children": rng.choice(np.array([True, False, None], dtype=object), m),
        }
    )


GP = load_indicators()["gp_supply_per_1000"]


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 9), m=st.integers(1, 6))
@settings(max_examples=60)
def test_the_supply_in_reach_is_that_worked_out_by_hand(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    nation = tiny_nation(rng, n)
    sites = tiny_sites(rng, m, nation.index)
    found = catchment(nation, sites, GP)
    minutes, people = minutes_by_hand(nation, sites), nation["population"].to_numpy()
    assert found.to_numpy() == pytest.approx(by_hand(minutes, people, sites["fte"].to_numpy()), abs=2e-9)
    served = (np.vectorize(weight_by_hand)(minutes) > 0).any(axis=0)
    assert (found * people).sum() / 1000 == pytest.approx(
        sites["fte"][served].sum(), abs=1e-6
    )  # sum D A = reachable supply


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 9), m=st.integers(1, 6))
@settings(max_examples=60)
def test_only_who_is_known_to_accept_counts_and_silence_is_not_a_no(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    nation = tiny_nation(rng, n)
    sites = tiny_sites(rng, m, nation.index)
    dentists = SimpleNamespace(
        id="d", mode="walk", supply="one", accepting="children", demand_ages=None, catchment="dental"
    )
    found = catchment(nation, sites.assign(one=1.0), dentists)  # type: ignore[arg-type]
    near = np.vectorize(weight_by_hand)(minutes_by_hand(nation, sites))
    said = np.array([answer is not None for answer in sites["accepting_children"]])
    takes = np.array([1.0 if answer is True else 0.0 for answer in sites["accepting_children"]])
    silent = near.any(axis=1) & (near @ ~said >= near @ said - 1e-9)  # at least half have not answered
    assert np.array_equal(found.isna().to_numpy(), silent)
    expected = by_hand(minutes_by_hand(nation, sites), nation["population"].to_numpy(), takes)
    assert found.to_numpy()[~silent] == pytest.approx(expected[~silent], abs=2e-9)


def test_a_councils_gps_are_split_by_list_size_and_by_site() -> None:
    councils = pd.Series({"E1": "A", "E2": "A", "E3": "B", "E4": "C"})
    sites = pd.DataFrame(
        [
            ("p", "gp", "E1", 0.5, None), ("p1", "gp_branch", "E3", 0.5, "p"), ("q", "gp", "E2", 1.0, None),
            ("new", "gp", "E2", 1.0, None), ("alone", "gp", "E3", 1.0, None), ("none", "gp", "E4", 1.0, None),
            ("hub", "family_hub", "E1", 1.0, None),
        ],
        columns=["site_id", "service", "lsoa21cd", "supply", "part_of"],
    )  # fmt: skip
    lists = pd.DataFrame({"practice_code": ["p", "p", "q", "alone", "none"], "patients": [1000, 3000, 2000, 10, 10.0]})
    readings: Any = {
        "gp_registrations": SimpleNamespace(table=lists),
        "patients_per_gp": SimpleNamespace(table=pd.DataFrame({"gps": [16.0, 5.0]}, index=["A", "B"])),
    }
    found = gp_fte(sites, councils, readings)
    # Council A: p has 4,000 patients over two sites, q 2,000; the new one counts as the mean of the other three: 2,000.
    # So 16 GPs over 8,000 patients: 2 for each 1,000. A branch across the border keeps its practice's share.
    assert found[:4].tolist() == pytest.approx([4, 4, 4, 4])
    assert found[4] == 5
    assert np.isnan(found[5])  # no figure for its council
    assert np.isnan(found[6])
    assert gp_fte(sites, councils, {}).isna().all()


@pytest.mark.realdata
def test_lutons_gps_add_up_and_its_lists_are_those_counted(sources_dir: Path, real_store: Callable[..., Path]) -> None:
    edition = open_edition(real_store("luton"), "luton")
    gps = pd.read_csv(sources_dir / "indicators/patients_per_gp_by_ltla.csv", index_col="ltla24_code")["total_gp_fte"]
    inside = [site for site in edition.sites("gp") if site["inside"]]
    assert sum(site["fte"] for site in inside) == pytest.approx(gps["E06000032"], abs=1e-6)
    found = {service["id"]: (service["inside"], service["complete"]) for service in edition.services()}
    assert found["gp"] == (24, True)
    assert found["library"] == (5, True)
    assert found["childrens_centre"] == (25, True)
    assert found["school"] == (80, True)
    assert found["hospital"] == (1, False)
    assert found["diagnostic_centre"] == (0, True)  # none in Luton, and that is known
    assert sum(edition.accepting_counts().values()) == 20
    table = read_neighbourhoods(edition.stored)
    for focus in ("gp-access", "diagnostics", "immunisation"):
        assert np.isfinite(edition.focus_arrays(focus).need_score).all(), focus
    assert table["gp_supply_per_1000"].between(0, 3).all()
    assert table["diagnostic_centre_drive_min"].min() > 15


def test_an_own_list_counts_by_its_capacities_and_a_blank_is_unknown() -> None:
    listed = [{"service": "yoga", "capacity": 20.0}, {"service": "yoga", "capacity": None}, {"service": "gp_own"}]

    class Held(ServicesOfEdition):
        own = SimpleNamespace(sites=listed)  # type: ignore[assignment]

        def sites(self, service: str | None = None, within: str = "") -> list[dict[str, Any]]:
            return [*listed, {"service": "gp", "supply": 0.5}]

    supply = Held().site_supply([0, 1, 2, 3])
    assert supply[[0, 2, 3]].tolist() == [20, 1, 0.5]
    assert np.isnan(supply[1])
