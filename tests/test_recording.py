"""The recording: every tick once, judged on true facts, kept as it was."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from sessions import BRISK, Clock

from iontocore import Body, Outcome, Plan, Session, SimulatedPort
from iontocore.body import BodyEvent
from iontocore.ccore import TRACE_COLUMNS, Command, Request, Trace
from iontocore.config import core_config
from iontocore.entries import Kind
from iontocore.journal import Journal
from iontocore.recording import FLAGS, Column, Recording, write_columns
from iontocore.safety.monitor import BLOCK_TICKS
from iontocore.session import EXCHANGE_US

LONG = replace(BRISK, session_ms=120_000)
SEED = 7


@dataclass
class Desk:
    """A journal and a recording on it; ``play`` treats a plan with it."""

    journal: Journal

    def recording(self, *events: BodyEvent, plan: Plan = BRISK, keep: bool = True) -> Recording:
        port = SimulatedPort(Body(events=events), seed=SEED)
        return Recording(port, self.journal, plan, keep=keep)

    def play(self, recording: Recording, plan: Plan = BRISK) -> Session:
        session = Session(plan, recording, self.journal, Clock())
        session.start()
        for _ in session:
            pass
        return session


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Journal.create_or_open(tmp_path / "j", Clock()) as journal:
        yield Desk(journal)


def broken(recording: Recording) -> dict[str, int]:
    return {tally.id: tally.breaches for tally in recording.tallies() if tally.breaches}


def test_every_tick_is_kept_once_and_as_the_simulation_wrote_it(desk: Desk) -> None:
    recording = desk.recording(plan=LONG)
    trace = Trace(200_000)
    requests: list[Request] = []
    exchange = recording.exchange

    def remember(request: Request, duration_us: int) -> object:
        requests.append(request)
        return exchange(request, duration_us)

    recording.exchange = remember  # type: ignore[method-assign, assignment]  # a window, for this test
    desk.play(recording, LONG)
    columns = recording.columns()

    again = SimulatedPort(seed=SEED)
    again.record(trace)
    again.configure(core_config(LONG), 0)
    for request in requests:
        again.exchange(request, EXCHANGE_US)
    assert trace.count > 100_000
    assert columns.keys() == TRACE_COLUMNS.keys()
    for name, column in trace.rows().items():
        assert np.array_equal(columns[name], column), name


def test_flags_take_a_byte_and_numbers_what_they_need(desk: Desk) -> None:
    recording = desk.recording()
    desk.play(recording)
    for name, column in recording.columns().items():
        assert column.dtype == (np.uint8 if name in FLAGS else TRACE_COLUMNS[name]), name


def test_a_flag_that_fits_no_byte_is_kept_as_it_is(desk: Desk) -> None:
    recording = desk.recording()
    recording.configure(core_config(BRISK), 0)
    wild = Request(0, 300, 0, 1)  # a command that there is none of
    recording.exchange(wild, EXCHANGE_US)
    assert set(recording.columns()["command"].tolist()) == {300}


def test_nothing_is_kept_of_what_is_only_to_be_judged(desk: Desk) -> None:
    recording = desk.recording(keep=False)
    desk.play(recording)
    assert broken(recording) == {}
    with pytest.raises(ValueError, match="nothing was kept"):
        recording.columns()


def test_a_session_that_never_ran_has_empty_columns(desk: Desk) -> None:
    assert {len(column) for column in desk.recording().columns().values()} == {0}


def test_columns_are_read_back_by_numpy_and_the_same_columns_are_the_same_file(desk: Desk) -> None:
    recording = desk.recording()
    desk.play(recording)
    columns = recording.columns()
    first, second = io.BytesIO(), io.BytesIO()
    write_columns(columns, first)
    write_columns(columns, second)
    assert first.getvalue() == second.getvalue()
    with np.load(io.BytesIO(first.getvalue())) as read:
        assert read.files == list(columns)
        for name, column in columns.items():
            assert read[name].dtype == column.dtype
            assert np.array_equal(read[name], column), name


def test_an_exchange_longer_than_a_block_is_judged_and_kept_whole(desk: Desk) -> None:
    recording = desk.recording()
    recording.configure(core_config(BRISK), 0)
    recording.exchange(Request(0, Command.STOP, 0, 1), 40_000_000)
    assert {tally.ticks_checked for tally in recording.tallies()} == {40_000}
    assert np.array_equal(recording.columns()["time_us"], np.arange(1, 40_001) * 1000)


# ---- facts ----------------------------------------------------------------------------------------------------------


def test_a_session_breaks_no_invariant_at_any_tick(desk: Desk) -> None:
    recording = desk.recording()
    session = desk.play(recording)
    recording.completed = session.outcome is Outcome.COMPLETED
    session.advance()
    assert {tally.ticks_checked for tally in recording.tallies()} == {session.transitions[-1].t_ms + 100}
    assert broken(recording) == {}


@pytest.mark.invariant("SI-25")
def test_a_request_that_is_not_in_the_journal_is_found(desk: Desk) -> None:
    recording = desk.recording()
    recording.configure(core_config(BRISK), 0)
    recording.exchange(Request(0, Command.STOP, 0, 1), EXCHANGE_US)
    recording.exchange(Request(5_000_000, Command.RUN, 0, 2), EXCHANGE_US)
    assert broken(recording) == {"SI-25": 50}


@pytest.mark.invariant("SI-25")
def test_a_request_that_an_earlier_session_has_put_into_the_journal_does_not_count(desk: Desk) -> None:
    desk.journal.append(Kind.REQUEST, 0, {"target_na": 5_000_000, "command": "run"})
    recording = desk.recording()
    recording.configure(core_config(BRISK), 0)
    desk.journal.append(Kind.NOTE, 0, {"text": "a session begins"})
    recording.exchange(Request(5_000_000, Command.RUN, 0, 1), EXCHANGE_US)
    assert broken(recording) == {"SI-25": 50}


@pytest.mark.invariant("SI-25")
def test_an_entry_that_cannot_be_read_back_does_not_count(desk: Desk) -> None:
    recording = desk.recording()
    recording.configure(core_config(BRISK), 0)
    desk.journal.append(Kind.REQUEST, 0, {"target_na": 5_000_000, "command": "run"})
    # Nobody else can write while it is open, so the writer's own connection stands for damage.
    desk.journal._connection.execute("DROP TRIGGER entries_stay")
    desk.journal._connection.execute("UPDATE entry SET wall = '2026-03-01T09:00:00.000000+00:00'")
    recording.exchange(Request(5_000_000, Command.RUN, 0, 1), EXCHANGE_US)
    assert broken(recording) == {"SI-25": 50}


@pytest.mark.invariant("SI-25")
@pytest.mark.parametrize("kind", ["supervisor-frozen", "heartbeat-lost"])
def test_a_line_that_stands_still_is_no_request_without_an_entry(desk: Desk, kind: str) -> None:
    recording = desk.recording(BodyEvent(at_ms=10_020, kind=kind, for_ms=20_333))
    session = desk.play(recording)
    assert session.outcome is Outcome.FAULT
    assert broken(recording) == {}


@pytest.mark.invariant("SI-19")
def test_a_completed_session_is_judged_by_its_balance_and_one_that_is_not_is_not(desk: Desk) -> None:
    recording = desk.recording()
    session = Session(BRISK, recording, desk.journal, Clock())
    session.start()
    for _ in range(400):
        session.advance()
    session.stop()
    for _ in session:
        pass
    session.advance()
    assert broken(recording) == {}, "stopped half way: all charge went one way, and nobody calls it completed"
    recording.completed = True
    session.advance()
    assert broken(recording) == {"SI-19": 50}


@pytest.mark.invariant("SI-07")
@pytest.mark.parametrize("for_ms", [1, 20, 49, 50, 51, 700])
@pytest.mark.parametrize("at_ms", [20_000, 20_049, BLOCK_TICKS - 24])
def test_a_core_that_lost_its_power_is_judged_as_one_that_was_switched_on(desk: Desk, at_ms: int, for_ms: int) -> None:
    recording = desk.recording(BodyEvent(at_ms=at_ms, kind="supply-lost", for_ms=for_ms))
    session = desk.play(recording)
    for _ in range(40):
        session.advance()
    assert session.outcome is Outcome.FAULT
    assert broken(recording) == {}
    columns = recording.columns()
    lost = int(np.diff(columns["time_us"]).argmax())
    assert columns["drive_na"][lost] == 15_000_000
    assert not columns["drive_na"][lost + 1 :].any(), "nothing starts by itself"


def rows_of(columns: dict[str, Column]) -> int:
    return len(columns["time_us"])


def test_what_is_judged_is_what_is_kept(desk: Desk) -> None:
    recording = desk.recording(BodyEvent(at_ms=5_000, kind="tick-doubled", parameter=3), plan=LONG)
    session = desk.play(recording, LONG)
    assert session.outcome is Outcome.FAULT
    ticks = {tally.ticks_checked for tally in recording.tallies()}
    assert ticks == {rows_of(recording.columns())}
