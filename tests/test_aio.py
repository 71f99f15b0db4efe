"""The asyncio form: the same session, driven from an event loop, that never leaves a current behind."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sessions import BRISK, Bench, is_in

from iontocore import AsyncSession, LinkLost, Outcome, Refusal, Report, State
from iontocore.body import BodyEvent
from iontocore.plans import Plan


def driven(
    folder: Path, use: Callable[[AsyncSession, Bench], object], plan: Plan = BRISK, *events: BodyEvent
) -> tuple[Bench, object]:
    """A session that ``use``, a coroutine function, drives within an event loop; the bench, and what it answered."""

    async def main() -> object:
        async with AsyncSession(one.session) as session:
            return await use(session, one)  # type: ignore[misc]  # a coroutine, of whatever type

    one = Bench(folder, plan, *events)
    try:
        return one, asyncio.run(main())
    finally:
        one.close()


async def until(session: AsyncSession, holds: Callable[[Report], bool]) -> Report:
    async for report in session:
        if holds(report):
            return report
    raise AssertionError("it never held")


def test_a_session_completes_as_it_does_without_asyncio(tmp_path: Path) -> None:
    async def treat(session: AsyncSession, _: Bench) -> int:
        await session.start()
        return len([report async for report in session])

    one, exchanges = driven(tmp_path, treat)
    assert one.session.outcome is Outcome.COMPLETED
    assert exchanges == len(one.port.telemetry) - 1  # the first look is made when the session is opened


def test_every_act_does_what_it_does_without_asyncio(tmp_path: Path) -> None:
    async def treat(session: AsyncSession, _: Bench) -> None:
        with pytest.raises(Refusal):
            await session.pause()
        await session.start()
        await until(session, is_in(State.TREAT))
        await session.adjust(10_000)
        with pytest.raises(Refusal, match="at most 20 mA"):
            await session.adjust(20_001)
        await until(session, is_in(State.TREAT))
        await session.pause()
        await until(session, is_in(State.IDLE))
        await session.resume()
        await until(session, is_in(State.TREAT))
        await session.stop()
        await until(session, is_in(State.IDLE))
        assert session.state is State.IDLE
        assert session.outcome is Outcome.STOPPED

    driven(tmp_path, treat)


def test_a_fault_is_acknowledged(tmp_path: Path) -> None:
    async def treat(session: AsyncSession, _: Bench) -> None:
        await session.start()
        await until(session, is_in(State.FAULT))
        assert session.trip.label == "emergency"
        for _exchange in range(100):
            await session.advance()
        await session.acknowledge()
        assert session.state is State.IDLE

    driven(tmp_path, treat, BRISK, BodyEvent(12_000, "emergency-stop", for_ms=3_000))


@pytest.mark.invariant("SI-16")
@pytest.mark.parametrize("paused", [False, True])
def test_a_block_that_is_left_early_ramps_down_and_closes_the_session(tmp_path: Path, paused: bool) -> None:
    async def treat(session: AsyncSession, _: Bench) -> None:
        await session.start()
        await until(session, is_in(State.TREAT))
        if paused:
            await session.pause()
        raise ZeroDivisionError

    one = Bench(tmp_path)
    try:
        with pytest.raises(ZeroDivisionError):
            asyncio.run(entered(one, treat))
        assert one.session.outcome is Outcome.STOPPED
        assert one.flowing_na < 100_000
        falls = [abs(telemetry.drive_na) for telemetry in one.port.telemetry[-60:]]
        assert falls == sorted(falls, reverse=True)
    finally:
        one.close()


async def entered(one: Bench, treat: Callable[[AsyncSession, Bench], object]) -> None:
    async with AsyncSession(one.session) as session:
        await treat(session, one)  # type: ignore[misc]  # a coroutine, of whatever type


@pytest.mark.invariant("SI-16")
def test_a_task_that_is_cancelled_ramps_down_first(tmp_path: Path) -> None:
    async def treat(session: AsyncSession, one: Bench) -> None:
        await session.start()
        reached = asyncio.Event()

        async def watch() -> None:
            async for report in session:
                if report.state is State.TREAT:
                    reached.set()
                await asyncio.sleep(0)

        watching = asyncio.create_task(watch())
        await reached.wait()
        assert one.flowing_na > 10_000_000
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching

    one, _ = driven(tmp_path, treat)
    assert one.session.outcome is Outcome.STOPPED
    assert one.flowing_na < 100_000


def test_the_event_loop_goes_on_while_an_exchange_waits(tmp_path: Path) -> None:
    async def treat(session: AsyncSession, one: Bench) -> int:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        await session.start()
        await until(session, is_in(State.TREAT))
        counting.cancel()
        await session.stop()
        return turns

    _, turns = driven(tmp_path, treat)
    assert isinstance(turns, int)
    assert turns > 100


def test_a_lost_link_ends_in_fault_and_the_block_is_left_all_the_same(tmp_path: Path) -> None:
    async def treat(session: AsyncSession, one: Bench) -> None:
        await session.start()
        await until(session, is_in(State.TREAT))
        one.port.fail = LinkLost("no telemetry came within 200 ms, where one every 50 ms was expected")
        await until(session, is_in(State.FAULT))

    one, _ = driven(tmp_path, treat)
    assert one.session.outcome is Outcome.FAULT
