"""The workshop with real processes: limits hold, and a broken worker costs nobody else anything."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from service.web.workshop import JobFailed, JobLimits, Workshop, WorkshopBusy

HERE = "tests.service.workshop_jobs:"
SMALL = JobLimits(memory_mb=300)


def with_workshop(story: Callable[[Workshop], Awaitable[Any]], **options: Any) -> Any:
    async def play() -> Any:
        workshop = Workshop(**options)
        try:
            return await story(workshop)
        finally:
            await workshop.close()
            assert workshop.process_ids == []

    return asyncio.run(play())


def alive(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_a_job_returns_plain_data_and_bytes() -> None:
    async def story(workshop: Workshop) -> tuple[Any, Any]:
        return await workshop.run(HERE + "add", a=2, b=3), await workshop.run(HERE + "raw", n=70_000)

    assert with_workshop(story) == (5, b"x" * 70_000)


def test_a_worker_stays_warm_between_jobs() -> None:
    async def story(workshop: Workshop) -> set[int]:
        return {await workshop.run(HERE + "process_id") for _ in range(3)}

    assert len(with_workshop(story)) == 1


def test_a_worker_is_woken_once_and_serves_the_first_job() -> None:
    async def story(workshop: Workshop) -> tuple[list[int], list[int], int]:
        await workshop.wake(HERE + "process_id")
        woken = workshop.process_ids
        await workshop.wake(HERE + "process_id")
        return woken, workshop.process_ids, await workshop.run(HERE + "process_id")

    woken, again, served = with_workshop(story)
    assert woken == again == [served]


def test_what_a_job_prints_does_not_spoil_its_answer() -> None:
    async def story(workshop: Workshop) -> Any:
        return await workshop.run(HERE + "chatty")

    assert with_workshop(story) == "said"


def test_a_slow_job_is_killed_and_the_next_one_works() -> None:
    async def story(workshop: Workshop) -> Any:
        with pytest.raises(JobFailed, match=r"longer than 0\.7 seconds"):
            await workshop.run(HERE + "sleep", seconds=60)
        assert workshop.process_ids == []
        return await workshop.run(HERE + "add", a=1, b=1)

    assert with_workshop(story, limits=JobLimits(seconds=0.7)) == 2


def test_a_busy_loop_is_stopped_by_processor_time() -> None:
    async def story(workshop: Workshop) -> None:
        with pytest.raises(JobFailed, match="processor time"):
            await workshop.run(HERE + "spin")

    with_workshop(story, limits=JobLimits(cpu_seconds=1, seconds=30))


def test_a_job_cannot_take_more_memory_than_its_limit() -> None:
    async def story(workshop: Workshop) -> Any:
        with pytest.raises(JobFailed, match="memory"):
            await workshop.run(HERE + "fill", megabytes=2000)
        return await workshop.run(HERE + "add", a=1, b=1)

    assert with_workshop(story, limits=JobLimits(memory_mb=500)) == 2


def test_a_reader_that_runs_out_of_memory_is_not_taken_for_a_wrong_request() -> None:
    async def story(workshop: Workshop) -> Any:
        with pytest.raises(JobFailed, match="memory"):
            await workshop.run(HERE + "fill_with_json")
        assert workshop.process_ids == []
        return await workshop.run(HERE + "add", a=1, b=1)

    assert with_workshop(story, limits=SMALL) == 2


@pytest.mark.parametrize("how", ["system", "damaged", "unforeseen", "crash"])
def test_what_fails_in_a_used_process_is_made_in_a_new_one(how: str) -> None:
    async def story(workshop: Workshop) -> tuple[int, int]:
        used = await workshop.run(HERE + "hold", megabytes=1)
        made = await workshop.run(HERE + "fail_once_used", how=how)
        assert workshop.process_ids == [made]
        return used, made

    used, made = with_workshop(story, limits=SMALL)
    assert made != used
    assert not alive(used)


def test_a_job_that_fails_in_a_new_process_too_is_given_up() -> None:
    async def story(workshop: Workshop) -> tuple[list[str], list[int]]:
        told: list[str] = []
        workshop.ended = lambda outcome, seconds: told.append(outcome)
        await workshop.run(HERE + "add", a=1, b=1)
        with pytest.raises(JobFailed, match="memory"):
            await workshop.run(HERE + "fill", megabytes=2000)
        return told, workshop.process_ids

    assert with_workshop(story, limits=JobLimits(memory_mb=500)) == (["made", "failed"], [])


def test_a_process_that_little_room_is_left_in_makes_no_other_job() -> None:
    async def story(workshop: Workshop) -> tuple[int, int, int]:
        some = await workshop.run(HERE + "hold", megabytes=50)
        more = await workshop.run(HERE + "hold", megabytes=300)
        assert workshop.process_ids == []
        return some, more, await workshop.run(HERE + "process_id")

    some, more, after = with_workshop(story, limits=JobLimits(memory_mb=500))
    assert some == more != after


def test_arrow_leaves_the_next_job_room() -> None:
    async def story(workshop: Workshop) -> set[int]:
        return {await workshop.run(HERE + "use_arrow") for _ in range(2)}

    assert len(with_workshop(story, limits=JobLimits(memory_mb=1500))) == 1


def test_a_job_that_is_under_way_when_its_workshop_closes_is_not_begun_anew() -> None:
    async def story(workshop: Workshop) -> list[int]:
        await workshop.run(HERE + "add", a=1, b=1)
        task = asyncio.create_task(workshop.run(HERE + "sleep", seconds=60))
        await asyncio.sleep(0.2)
        await workshop.close()
        with pytest.raises(JobFailed):
            await task
        return workshop.process_ids

    assert with_workshop(story) == []


def test_a_crashed_worker_gives_a_clean_error_and_a_new_worker() -> None:
    async def story(workshop: Workshop) -> Any:
        with pytest.raises(JobFailed, match="stopped unexpectedly"):
            await workshop.run(HERE + "crash")
        return await workshop.run(HERE + "add", a=1, b=1)

    assert with_workshop(story) == 2


def test_a_job_that_refuses_its_arguments_says_why_and_keeps_its_worker() -> None:
    async def story(workshop: Workshop) -> Any:
        before = await workshop.run(HERE + "process_id")
        with pytest.raises(ValueError, match="no such layer"):
            await workshop.run(HERE + "refuse")
        return before == await workshop.run(HERE + "process_id")

    assert with_workshop(story)


def test_an_unexpected_error_tells_nothing_of_the_inside() -> None:
    async def story(workshop: Workshop) -> None:
        with pytest.raises(JobFailed) as caught:
            await workshop.run(HERE + "break_down")
        assert "secret" not in str(caught.value)

    with_workshop(story)


def test_a_cancelled_call_kills_its_job() -> None:
    async def story(workshop: Workshop) -> None:
        await workshop.run(HERE + "add", a=1, b=1)
        (pid,) = workshop.process_ids
        task = asyncio.create_task(workshop.run(HERE + "sleep", seconds=60))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not alive(pid)
        assert await workshop.run(HERE + "add", a=1, b=1) == 2

    with_workshop(story)


def test_two_workers_work_at_once_and_one_job_too_many_is_refused() -> None:
    async def story(workshop: Workshop) -> float:
        await asyncio.gather(*(workshop.run(HERE + "sleep", seconds=0.3) for _ in range(2)))  # both warm
        started = time.perf_counter()
        jobs = [asyncio.create_task(workshop.run(HERE + "sleep", seconds=1)) for _ in range(3)]
        await asyncio.sleep(0.1)
        with pytest.raises(WorkshopBusy):
            await workshop.run(HERE + "add", a=1, b=1)
        await asyncio.gather(*jobs)
        assert len(workshop.process_ids) == 2
        return time.perf_counter() - started

    assert 1.9 < with_workshop(story, workers=2, waiting=1) < 2.9


def test_children_of_a_job_end_with_it() -> None:
    async def story(workshop: Workshop) -> int:
        child = await workshop.run(HERE + "start_child")
        assert alive(child)
        await workshop.close()
        return int(child)

    child = with_workshop(story)
    time.sleep(0.2)
    assert not alive(child)
    assert child != os.getpid()


def test_a_workshop_that_is_to_stop_refuses_who_waits_and_ends_what_takes_too_long() -> None:
    async def story(workshop: Workshop) -> list[type[BaseException]]:
        jobs = [asyncio.create_task(workshop.run(HERE + "sleep", seconds=60)) for _ in range(2)]
        while not workshop.process_ids:
            await asyncio.sleep(0.01)
        workshop.stop_soon(0.1)
        workshop.stop_soon(0.1)  # to say so twice does no harm
        found = await asyncio.gather(*jobs, workshop.run(HERE + "sleep", seconds=0), return_exceptions=True)
        return [type(one) for one in found]

    assert with_workshop(story, workers=1, waiting=4) == [WorkshopBusy] * 3
