"""Turns to be worked on: few at once, in order, and nobody waits long in vain; by a clock that the tests turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from service.web.turns import SHORT_QUEUE, STANDS_AFTER, NoTurn, Turn, Turns, turn_lent


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def tell(story: Callable[[], Awaitable[Any]]) -> Any:
    async def told() -> Any:
        return await asyncio.wait_for(story(), 10)

    return asyncio.run(told())


async def ask(turns: Turns, number: int) -> list[asyncio.Task[Turn]]:
    """Let so many ask for a turn, in this order."""
    asked = [asyncio.create_task(turns.take()) for _ in range(number)]
    await settle()
    return asked


async def settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def ended(asked: list[asyncio.Task[Turn]]) -> list[str]:
    """Say of each whether it has its turn, waits, or was sent away."""
    return [("sent away" if one.exception() else "has it") if one.done() else "waits" for one in asked]


def test_turns_are_given_in_the_order_in_which_they_are_asked_for() -> None:
    async def story() -> None:
        asked = await ask(turns := Turns(2, 1.0), 4)
        assert ended(asked) == ["has it", "has it", "waits", "waits"]
        asked[1].result().end()
        await settle()
        assert ended(asked) == ["has it", "has it", "has it", "waits"]
        asked[0].result().end()
        asked[0].result().end()  # to say so twice does no harm
        await settle()
        assert ended(asked) == ["has it"] * 4
        assert ended(await ask(turns, 1)) == ["waits"]

    tell(story)


def test_in_a_long_queue_the_latest_is_called_first() -> None:
    async def story() -> None:
        turns = Turns(1, 1.0)
        asked = await ask(turns, 1 + SHORT_QUEUE + 1)
        asked[0].result().end()
        await settle()
        assert ended(asked) == ["has it"] + ["waits"] * SHORT_QUEUE + ["has it"]
        asked[-1].result().end()  # the queue is short again
        await settle()
        assert ended(asked)[:3] == ["has it", "has it", "waits"]

    tell(story)


def test_who_waited_too_long_in_a_queue_that_stays_long_is_sent_away_when_another_comes() -> None:
    async def story() -> None:
        clock = Clock()
        turns = Turns(1, 0.3, clock)
        asked = await ask(turns, 1 + SHORT_QUEUE + 1)
        clock.now = STANDS_AFTER
        assert "sent away" not in ended(asked + await ask(turns, 1)), "it may have been a moment's standstill"
        clock.now += 0.01
        await ask(turns, 1)
        # All but three have waited too long, but of those who wait sixteen stay, the latest.
        assert ended(asked) == ["has it"] + ["sent away"] * 3 + ["waits"] * (SHORT_QUEUE - 2)
        assert isinstance(asked[1].exception(), NoTurn)
        assert turns.waiting == SHORT_QUEUE

    tell(story)


def test_a_queue_that_has_been_empty_is_a_new_one() -> None:
    async def story() -> None:
        clock = Clock()
        turns = Turns(1, 0.3, clock)
        (first,) = await ask(turns, 1)
        clock.now = 100.0
        asked = await ask(turns, SHORT_QUEUE + 2)
        clock.now += STANDS_AFTER
        await ask(turns, 1)
        assert set(ended(asked)) == {"waits"}
        first.result().end()

    tell(story)


def test_in_a_full_house_who_waited_longest_in_a_long_queue_makes_room() -> None:
    async def story() -> None:
        turns = Turns(1, 1.0)
        asked = await ask(turns, 1 + SHORT_QUEUE)
        assert not turns.make_room(), "a short queue is served whatever comes"
        asked += await ask(turns, 1)
        assert turns.make_room()
        await settle()
        assert ended(asked) == ["has it", "sent away"] + ["waits"] * SHORT_QUEUE

    tell(story)


def test_a_short_queue_is_served_however_long_it_takes() -> None:
    async def story() -> None:
        clock = Clock()
        turns = Turns(1, 0.3, clock)
        asked = await ask(turns, 1 + SHORT_QUEUE)
        for one in asked:
            clock.now += 100
            assert ended([one]) == ["has it"]
            one.result().end()
            await settle()
        assert turns.waiting == 0

    tell(story)


def test_a_turn_that_is_lent_serves_another_and_is_taken_back_at_once() -> None:
    async def story() -> None:
        asked = await ask(Turns(1, 1.0), 3)
        first = asked[0].result()
        with first.lent(), first.lent():  # two waits at a time, as for a job and for its client
            await settle()
            assert ended(asked) == ["has it", "has it", "waits"]
        asked[1].result().end()
        await settle()
        assert ended(asked)[2] == "waits", "the first works again"
        first.end()
        await settle()
        assert ended(asked)[2] == "has it"

    tell(story)


def test_a_wait_that_outlives_its_request_takes_nothing_back() -> None:
    async def story() -> None:
        turns = Turns(1, 1.0)
        turn = await turns.take()
        with turn.lent():
            turn.end()
        assert ended(await ask(turns, 2)) == ["has it", "waits"]

    tell(story)


def test_who_gives_up_leaves_its_place_and_its_turn_to_the_next() -> None:
    async def story() -> None:
        turns = Turns(1, 1.0)
        asked = await ask(turns, 4)
        asked[1].cancel()
        await settle()
        assert turns.waiting == 2
        asked[0].result().end()  # the third is called, and cancelled before it hears of it
        asked[2].cancel()
        await settle()
        assert ended([asked[3]]) == ["has it"]

    tell(story)


def test_what_waits_deep_inside_lends_the_turn_of_its_own_request() -> None:
    async def story() -> list[str]:
        turns, said = Turns(1, 1.0), []
        waits = asyncio.Event()

        async def long_job() -> None:
            async with turns.turn():
                with turn_lent():
                    await waits.wait()
                said.append("the job is done")

        async def short() -> None:
            async with turns.turn():
                said.append("the short one is done")
            waits.set()

        await asyncio.gather(long_job(), short())
        with turn_lent():  # outside of a request: nothing to lend
            said.append("end")
        return said

    assert tell(story) == ["the short one is done", "the job is done", "end"]
