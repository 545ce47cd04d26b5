"""The certificate of a share-out and the program that checks it alone (methods M1)."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers import certificate_check
from layers.certificate import canonical, certificate
from layers.certificate_check import broken_laws
from layers.share_out import Rule, divide

LAW = settings(max_examples=1_000)
CHECKER = Path(certificate_check.__file__)
HASH = hashlib.sha256(b"need").hexdigest()
CODES = ["E01000001", "E01000002", "E01000003", "E01000004"]
NEED = [12.5, 80.0, 33.25, 33.25]
PEOPLE = [1_500.5, 1_000.0, 2_000.0, 0.0]
TEAMS = [("Nord-Île", "E01000001"), ("Nord-Île", "E01000002"), ("south", "E01000003")]


def stated(rule: Rule, *, budget: float = 250, over_teams: bool = False) -> dict:
    result = divide(
        CODES,
        NEED,
        PEOPLE,
        budget,
        rule=rule,
        in_need=[300.0, 455.0, 210.0, 0.0] if rule.form == "count" else None,
        footprints=TEAMS if over_teams else None,
    )
    return certificate(result, method="1.0", inputs={"need": HASH}, context={"place": "demo", "edition": "2026-11"})


SAMPLES = {
    "dial in whole units": stated(Rule(unit="whole")),
    "dial in pence with a minimum": stated(Rule(rho=4.25, unit="pence", minimum=12.5)),
    "dial without units over teams": stated(Rule(), over_teams=True),
    "count in whole units over teams": stated(Rule(form="count", floor=0.4, unit="whole"), over_teams=True),
    "too few units": stated(Rule(unit="whole"), budget=2),
}
each_sample = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())


def made_anew(changed: dict) -> str:
    """What a forger would write: the change, and a digest that fits it."""
    rest = {name: value for name, value in changed.items() if name != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return canonical({**rest, "digest": hashlib.sha256(text.encode()).hexdigest()})


def run_alone(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(CHECKER), *arguments], capture_output=True, text=True, timeout=30, check=False
    )


# What it states


def test_two_neighbourhoods_by_hand():
    result = divide(["A", "B"], [20, 80], [1_000, 1_000.5], 100, rule=Rule(unit="whole"))
    found = certificate(result, method="1.0", inputs={"need": HASH})
    # People add up to 2,000.5: u of A = 1000 / 4001; its multiple 2 (1 + 2u) / 4 = 6001 / 8002; of 100 units
    # 100 x 1000 / 2000.5 x 6001 / 8002 = 600100000 / 16008001, which is 37.49.
    first, second = found["recipients"]
    assert first == {
        "code": "A",
        "need": "20",
        "people": "1000",
        "position": "1000/4001",
        "multiple": "6001/8002",
        "quota": "600100000/16008001",
        "amount": "37",
    }
    assert second["people"] == "1000.5"
    assert second["amount"] == "63"
    assert found["achieved"]["ratio"] == str(Fraction(63 * 1_000, 37) / Fraction("1000.5"))
    assert {name: found[name] for name in ("form", "rho", "budget", "unit", "minimum", "missing", "method")} == {
        "form": "dial",
        "rho": "3",
        "budget": "100",
        "unit": "whole",
        "minimum": "0",
        "missing": "refuse",
        "method": "1.0",
    }
    assert "floor" not in found
    assert "not a signature" in found["about"]


@each_sample
def test_digest_is_that_of_the_canonical_json_without_it(sample):
    rest = {name: value for name, value in sample.items() if name != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert sample["digest"] == hashlib.sha256(text.encode("utf-8")).hexdigest()


@each_sample
def test_every_number_is_text(sample):
    kinds: set[type] = set()
    json.loads(
        canonical(sample),
        parse_int=lambda text: kinds.add(int),
        parse_float=lambda text: kinds.add(float),
        parse_constant=lambda text: kinds.add(float),
    )
    assert kinds == set()


def test_missing_need_is_null_and_never_zero():
    result = divide(["A", "B", "C"], [20, float("nan"), 80], [10, 10, 10], 9, rule=Rule(missing="average"))
    found = certificate(result, method="1.0", inputs={})
    assert [row["need"] for row in found["recipients"]] == ["20", None, "80"]
    assert broken_laws(canonical(found)) == []
    assert any("missing" in law for law in broken_laws(made_anew({**found, "missing": "refuse"})))


def test_need_known_only_where_nobody_lives_gives_everyone_the_average():
    result = divide(["A", "B"], [20, float("nan")], [0, 10], 9, rule=Rule(missing="average"))
    assert [row.amount for row in result.recipients] == [0, 9]
    assert broken_laws(canonical(certificate(result, method="1.0", inputs={}))) == []


@pytest.mark.parametrize("wrong", ["", "abc", HASH.upper(), HASH + "0"])
def test_an_input_without_a_hash_is_refused(wrong):
    with pytest.raises(ValueError, match=r"^the hash of need is .*; expected 64 hexadecimal digits$"):
        certificate(divide(["A"], [1], [1], 1), method="1.0", inputs={"need": wrong})


# The checker, alone


def test_checker_stands_alone_on_the_standard_library():
    tree = ast.parse(CHECKER.read_text("utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} | {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    assert {name.split(".")[0] for name in imported} <= set(sys.stdlib_module_names)


@each_sample
def test_a_good_certificate_passes(sample, tmp_path):
    file = tmp_path / "certificate.json"
    file.write_text(canonical(sample), encoding="utf-8")
    answer = run_alone(str(file))
    assert answer.stdout.splitlines() == [
        "GOOD the digest and every law hold",
        "A digest is not a signature: it shows that nothing was changed since it was made, not who made it.",
    ]
    assert answer.returncode == 0


def test_an_altered_certificate_fails_and_says_why(tmp_path):
    file = tmp_path / "certificate.json"
    file.write_text(canonical(SAMPLES["too few units"]).replace("demo", "dema"), "utf-8")
    answer = run_alone(str(file))
    assert answer.stdout.startswith("BROKEN digest: the file states ")
    assert answer.returncode == 1


def test_a_file_spaced_anew_is_refused_unless_only_its_content_is_asked_for(tmp_path):
    file = tmp_path / "certificate.json"
    file.write_text(json.dumps(SAMPLES["dial in whole units"], indent=2), "utf-8")
    assert "not spaced, ordered and spelt as it was written" in run_alone(str(file)).stdout
    assert run_alone("--content", str(file)).returncode == 0


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{}", "1e400", '{"digest": "x"}', "[" * 100_000, '{"a":"1","a":"2"}', '"\ud800"']
)
def test_what_is_no_certificate_is_named_so(text):
    assert any(law.startswith("form: ") for law in broken_laws(text))


def test_a_file_that_is_not_there_or_no_text_fails(tmp_path):
    (tmp_path / "picture").write_bytes(b"\xff\xfe\x00")
    for arguments in ([], [str(tmp_path / "none")], [str(tmp_path / "picture")]):
        answer = run_alone(*arguments)
        assert answer.returncode == 1
        assert "cannot be read" in answer.stdout


# Alterations


@each_sample
def test_any_one_character_altered_is_found(sample):
    text = canonical(sample)
    for i, old in enumerate(text):
        new = "1" if old != "1" else "2"
        assert broken_laws(text[:i] + new + text[i + 1 :]), f"{old!r} at {i} made {new!r} passes"


@LAW
@given(st.sampled_from(sorted(SAMPLES)), st.integers(0, 10**6), st.characters(codec="utf-8"), st.integers(0, 2))
def test_a_character_put_in_taken_out_or_replaced_is_found(name, where, new, kind):
    text = canonical(SAMPLES[name])
    i = where % len(text)
    altered = [text[:i] + new + text[i + 1 :], text[:i] + new + text[i:], text[:i] + text[i + 1 :]][kind]
    assert altered == text or broken_laws(altered)


FORGED = [
    ("budget", "251", "total"),
    ("rho", "3.5", "targeting score"),
    ("minimum", "1", "quota"),
    ("unit", "pence", "units"),
    ("form", "count", "form"),
    ("ties", "by lot", "form"),
    ("certificate", "another", "form"),
    ("below_one_unit", True, "below one unit"),
    ("people_with_nothing", "7", "people with nothing"),
]


@pytest.mark.parametrize(("name", "value", "law"), FORGED, ids=[name for name, _, _ in FORGED])
def test_a_forged_rule_breaks_a_law_though_the_digest_fits(name, value, law):
    broken = broken_laws(made_anew({**SAMPLES["dial in whole units"], name: value}))
    assert any(each.startswith(law) for each in broken), broken
    assert not any(each.startswith("digest") for each in broken)


LAW_OF = {
    "people": "people",
    "in_need": "targeting score: the formula",
    "position": "need position",
    "multiple": "targeting score: the formula",
    "quota": "quota: the minimum, and a share of the rest",
    "amount": "total: amounts add up to the budget",
    "least": "achieved: least and most per head, and their ratio",
    "most": "achieved: least and most per head, and their ratio",
    "ratio": "achieved: least and most per head, and their ratio",
}


@each_sample
def test_a_forged_figure_breaks_its_law_though_the_digest_fits(sample):
    parts = [("recipients", i) for i in range(len(sample["recipients"]))]
    parts += [("neighbourhoods", i) for i in range(len(sample.get("neighbourhoods", [])))]
    for part, where in [*parts, ("achieved", None)]:
        row = sample[part] if where is None else sample[part][where]
        for field in set(row) & set(LAW_OF):
            forged = json.loads(canonical(sample))
            changed = forged[part] if where is None else forged[part][where]
            changed[field] = str(Fraction(changed[field] or 0) + 1)
            broken = broken_laws(made_anew(forged))
            if field in ("people", "in_need") and row["people"] == "0":
                assert broken
            else:
                assert any(LAW_OF[field] in law for law in broken), (part, where, field, broken)
            assert not any(law.startswith("digest") for law in broken)


def test_need_that_changes_places_breaks_the_need_position():
    forged = json.loads(canonical(SAMPLES["dial in whole units"]))
    forged["recipients"][0]["need"] = "90"
    assert "need position: people of lower need and half of those of the same" in broken_laws(made_anew(forged))


def test_a_unit_moved_to_a_friend_breaks_the_largest_remainder():
    forged = json.loads(canonical(SAMPLES["dial in whole units"]))
    first, second = forged["recipients"][:2]
    first["amount"], second["amount"] = str(int(first["amount"]) + 1), str(int(second["amount"]) - 1)
    assert "units: largest remainder, ties by need, people, code" in broken_laws(made_anew(forged))


@pytest.mark.parametrize(
    ("need", "people", "units", "expected"),
    [
        ([5, 5], [100, 300], 6, ["1", "5"]),
        ([20, 80], [1_000, 1_000], 100, ["37", "63"]),
        ([5, 5], [7, 7], 1, ["1", "0"]),
    ],
    ids=["more people", "higher need", "first code"],
)
def test_checker_settles_ties_as_the_rule_says(need, people, units, expected):
    found = certificate(divide(["A", "B"], need, people, units, rule=Rule(unit="whole")), method="1.0", inputs={})
    assert [row["amount"] for row in found["recipients"]] == expected
    assert broken_laws(canonical(found)) == []


def test_rows_in_another_order_or_twice_are_found():
    for change in (lambda rows: rows[::-1], lambda rows: [*rows, rows[-1]], lambda rows: rows[1:]):
        forged = {**SAMPLES["dial in whole units"], "recipients": change(SAMPLES["dial in whole units"]["recipients"])}
        assert broken_laws(made_anew(forged))


@pytest.mark.parametrize("number", ["1e3", "1_000", " 5", "٣", "1/0", "nan", "--1", "1.", "9" * 5_000, 5, None, True])
def test_a_number_written_otherwise_is_named(number):
    forged = {**SAMPLES["dial in whole units"], "budget": number}
    assert any(law.startswith("form: a part is missing or badly written") for law in broken_laws(made_anew(forged)))


# Law: what the share-out states, the checker finds true


@LAW
@given(
    st.binary(min_size=3, max_size=24),
    st.sampled_from(["dial", "count"]),
    st.sampled_from([None, "pence", "whole"]),
    st.integers(100, 2_000),
    st.integers(0, 3),
    st.integers(24, 500),
    st.booleans(),
    st.integers(0, 255),
)
def test_every_share_out_has_a_certificate_that_holds(drawn, form, unit, hundredths, minimum, budget, teams, gaps):
    rows = [(drawn[i] % 9, drawn[i + 1] / 10, drawn[i + 2]) for i in range(0, len(drawn) - 2, 3)]
    need = [float("nan") if gaps >> i & 1 else 0.1 * level for i, (level, _, _) in enumerate(rows)]
    people = [living if i else living + 0.1 for i, (_, living, _) in enumerate(rows)]
    if all(gaps >> i & 1 for i in range(len(rows))):
        return
    codes = [f"E0{i}" for i in range(len(rows))]
    result = divide(
        codes,
        need,
        people,
        budget,
        rule=Rule(
            form=form, rho=hundredths / 100, floor=hundredths / 2_000, unit=unit, minimum=minimum, missing="average"
        ),
        in_need=[living / 2 for living in people] if form == "count" else None,
        footprints=[(f"team {row[2] % 3}", codes[i]) for i, row in enumerate(rows) if i % 3 < 2] if teams else None,
    )
    assert broken_laws(canonical(certificate(result, method="1.0", inputs={}))) == []
