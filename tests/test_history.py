"""The history: what the entries tell of past sessions, and what waits for an acknowledgement."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journals import (
    CLOSE,
    CLOSE_FAULT,
    CLOSE_STOPPED,
    FAULT,
    MOVE,
    NOTE,
    OPEN,
    OPEN_OTHER,
    Step,
    Ticking,
    ack,
    folder,
    trip,
)

from iontocore.entries import Entry, Kind, Outcome
from iontocore.history import Carried, carried, last_session, sessions
from iontocore.journal import Journal


def lived(path: Path, *lives: tuple[Step, ...]) -> tuple[Entry, ...]:
    """The entries when each life of a program has ended and the next one has opened the journal."""
    clock = Ticking()
    for life in lives:
        with Journal.create_or_open(path, clock) as journal:
            for kind, data in life:
                journal.append(kind, 0, data)
    with Journal.create_or_open(path, clock) as journal:
        return journal.entries()


@pytest.mark.parametrize(
    "lives, trips, waiting",
    [
        ([], (), []),
        ([(OPEN, MOVE, CLOSE)], (), []),
        ([(OPEN, MOVE, CLOSE_STOPPED)], (), []),
        # A trip is carried until it is acknowledged, over any number of lives.
        ([(OPEN, trip("short"), FAULT, CLOSE_FAULT)], ("short",), [1]),
        ([(OPEN, trip("short"), FAULT, CLOSE_FAULT), (NOTE,), ()], ("short",), [1]),
        ([(OPEN, trip("short"), FAULT, CLOSE_FAULT), (ack("short"),)], (), []),
        ([(OPEN, trip("short"), FAULT, ack("short"), CLOSE_FAULT)], (), []),
        ([(OPEN, trip("short", "open"), FAULT, ack("short"), CLOSE_FAULT)], ("open",), [1]),
        ([(OPEN, trip("open"), trip("short"), trip("open"), CLOSE_FAULT)], ("open", "short"), [1]),
        # Acknowledged within the session, and gone on.
        ([(OPEN, MOVE, trip("open"), ack("open"), MOVE, CLOSE)], (), []),
        ([(OPEN, trip("open"), ack("open"), trip("open"), CLOSE_FAULT)], ("open",), [1]),
        # A fault of which no trip tells waits, too.
        ([(OPEN, CLOSE_FAULT)], (), [1]),
        ([(OPEN, FAULT, CLOSE_FAULT)], (), [1]),
        ([(OPEN, FAULT, ack(), CLOSE_FAULT)], (), []),
        ([(OPEN, CLOSE_FAULT), (ack(),)], (), []),
        # A session that was never closed waits, whatever was acknowledged while it ran.
        ([(OPEN, MOVE)], (), [1]),
        ([(OPEN, MOVE, trip("open"), ack("open"))], (), [1]),
        ([(OPEN, MOVE, trip("open"))], ("open",), [1]),
        ([(OPEN, MOVE, trip("open")), (ack("open"),)], (), []),
        ([(OPEN, MOVE, trip("open")), (ack(),)], ("open",), [1]),
        ([(OPEN, MOVE), (ack(),)], (), []),
        ([(OPEN, MOVE), (FAULT, ack())], (), []),
        ([(OPEN, MOVE), (NOTE,), (OPEN, CLOSE)], (), [1]),
        ([(OPEN, MOVE), (OPEN, MOVE)], (), [1, 4]),
        ([(OPEN, MOVE, OPEN, CLOSE)], (), [1]),
        # The device is one: a trip of one patient's session, or of none, holds up everybody.
        ([(OPEN, trip("leakage"), CLOSE_FAULT), (OPEN_OTHER, CLOSE)], ("leakage",), [1]),
        ([(trip("switch"),)], ("switch",), []),
        ([(OPEN, CLOSE, trip("switch"))], ("switch",), []),
        ([(OPEN, CLOSE, trip("switch")), (ack("switch"),)], (), []),
    ],
)
def test_what_nobody_has_acknowledged_is_carried(
    tmp_path: Path, lives: list[tuple[Step, ...]], trips: tuple[str, ...], waiting: list[int]
) -> None:
    entries = lived(tmp_path / "a.journal", *lives)
    found = carried(entries)
    assert found.trips == trips
    assert [session.opened_seq for session in found.sessions] == waiting
    assert [session.opened_seq for session in sessions(entries) if session.carried] == waiting


def test_a_session_that_was_never_closed_is_told_once_at_the_next_opening(tmp_path: Path) -> None:
    entries = lived(tmp_path / "a.journal", (NOTE, OPEN, MOVE, NOTE), (), (NOTE,))
    told = [entry for entry in entries if entry.kind is Kind.INTERRUPTED]
    assert [(entry.seq, entry.data) for entry in told] == [(5, {"session": 2, "last": 3})]


def test_the_last_session_of_a_patient_is_known(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    entries = lived(path, (OPEN, CLOSE), (OPEN, MOVE, trip("open"), CLOSE_FAULT), (OPEN_OTHER, CLOSE_STOPPED))
    mine, other = last_session(entries, "P-17"), last_session(entries, "P-18")
    assert mine is not None
    assert other is not None
    assert (mine.opened_seq, mine.last_seq, mine.patient, mine.polarity) == (3, 6, "P-17", 1)
    assert (mine.opened, mine.ended) == (entries[2].wall, entries[5].wall)
    assert (mine.outcome, mine.treated_ms, mine.carried) == (Outcome.FAULT, 1_200_000, True)
    assert (other.polarity, other.outcome, other.carried) == (-1, Outcome.STOPPED, False)
    assert last_session(entries, "P-19") is None
    assert [session.opened_seq for session in sessions(entries)] == [1, 3, 7]


def test_a_session_that_was_never_closed_ended_at_its_last_entry_at_the_earliest(tmp_path: Path) -> None:
    entries = lived(tmp_path / "a.journal", (OPEN, MOVE, NOTE), (FAULT, trip("switch"), ack("switch")))
    session = last_session(entries, "P-17")
    assert session is not None
    assert (session.outcome, session.treated_ms, session.ended) == (None, None, entries[1].wall)
    assert not session.carried
    assert carried(entries) == Carried((), ())


@given(st.lists(st.sampled_from([OPEN, OPEN_OTHER, MOVE, FAULT, CLOSE, CLOSE_FAULT, NOTE, trip("open"), ack("open")])))
def test_nothing_is_carried_after_all_is_acknowledged(steps: list[Step]) -> None:
    with folder() as place:
        entries = lived(place / "a.journal", tuple(steps), (ack("open"),))
        assert carried(entries) == Carried((), ())
        assert all(not session.carried for session in sessions(entries))
