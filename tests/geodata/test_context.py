"""Definitions of context: what a variable has to say, and what it is refused for."""

from __future__ import annotations

from pathlib import Path

import pytest

from geodata.catalogue import load_catalogue
from geodata.context import load_variables
from geodata.errors import BadDefinition

VARIABLE = (
    '[child_poverty]\nname = "Poor"\nunit = "%"\npolarity = 1\nsource = "health_index"\npublished = "Child poverty"\n'
)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("polarity = 1", "polarity = 2", "bad-polarity"),
        ("polarity = 1", 'polarity = "up"', "bad-type"),
        ('unit = "%"\n', "", "missing-key"),
        ('unit = "%"', 'unit = "%"\ncolour = "red"', "unknown-key"),
        ("[child_poverty]", "[Child Poverty]", "bad-toml"),
        ("[child_poverty]", '["Child Poverty"]', "bad-name"),
    ],
)
def test_a_bad_variable_is_refused_by_name(tmp_path: Path, old: str, new: str, rule: str) -> None:
    path = tmp_path / "context.toml"
    path.write_text(VARIABLE, encoding="utf-8")
    assert load_variables(path)["child_poverty"].peers is False
    broken = tmp_path / "broken.toml"
    broken.write_text(VARIABLE.replace(old, new), encoding="utf-8")
    with pytest.raises(BadDefinition) as caught:
        load_variables(broken)
    assert caught.value.rule == rule, str(caught.value)
    assert caught.value.file == "broken.toml"


def test_every_variable_comes_from_a_source_that_some_catalogue_has() -> None:
    demo = load_catalogue(Path(load_catalogue.__globals__["__file__"]).parent / "demo" / "sources.toml")
    known = set(load_catalogue()) | set(demo)
    for variable in load_variables().values():
        assert variable.source in known, variable.id
    named = [(part.source, part.published) for part in load_variables().values() if part.published]
    assert len(named) == len(set(named)), "a published figure has one name of ours"
