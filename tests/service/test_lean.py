"""Memory of the web processes: what was freed is given back, once for many answers."""

from __future__ import annotations

import asyncio
import gc

import pytest

from service.web import lean


def test_freed_memory_is_given_back_once_for_many_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    given_back: list[int] = []
    monkeypatch.setattr(lean, "GIVE_BACK_EVERY", 0.001)
    holes = lean.Holes()
    holes._trim = given_back.append

    async def answered() -> None:
        for times in (1, 2):
            for _ in range(5):
                holes.close_soon()
            await asyncio.sleep(0.05)
            assert given_back == [0] * times

    asyncio.run(answered())


def test_a_c_library_that_cannot_give_back_is_left_alone() -> None:
    holes = lean.Holes()
    holes._trim = None
    asyncio.run(_close(holes))


async def _close(holes: lean.Holes) -> None:
    holes.close_soon()
    assert holes._timer is None


def test_an_import_leaves_the_search_for_garbage_as_it_was() -> None:
    gc.unfreeze()
    lean.hold_once("colorsys")
    assert gc.get_freeze_count()
    gc.unfreeze()
    with pytest.raises(ModuleNotFoundError):
        lean.hold_once("there_is_no_such_module")
    assert gc.isenabled()
