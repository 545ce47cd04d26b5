"""What the tests of the readers share: a way to write a tiny file, and to expect a refusal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from geodata.errors import BadFile


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of this name and content; give its path."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def refused() -> Callable[..., BadFile]:
    """Call a reader and expect a refusal by this rule, whose message names the file, the rule and these parts."""

    def refuse(rule: str, says: list[str], reader: Callable[..., object], path: Path, *args, **named) -> BadFile:
        with pytest.raises(BadFile) as caught:
            reader(path, *args, **named)
        message = str(caught.value)
        assert caught.value.rule == rule, message
        for part in [path.name, f"[{rule}]", *says]:
            assert part in message, f"{part!r} is not in: {message}"
        return caught.value

    return refuse
