"""The text of a journal: a line for each entry, plain, and at the end whether it is whole."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from journals import (
    ASKED,
    CLOSE,
    MOVE,
    OPEN,
    OPEN_OTHER,
    VALID,
    Sample,
    ack,
    anything,
    folder,
    opened,
    sample_in,
    tampering,
    trip,
)

from iontocore.entries import Json, Kind
from iontocore.journal_text import show


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return sample_in(tmp_path_factory.mktemp("sample"))


def test_a_journal_is_shown_as_a_table(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    with opened(path) as journal:
        for session_ms, (kind, data) in (
            (0, OPEN), (0, MOVE), (50, (Kind.REQUEST, {**ASKED, "by": "operator"})), (700_300, trip("open", "short")),
        ):  # fmt: skip
            journal.append(kind, session_ms, data)
    with opened(path) as journal:
        for session_ms, (kind, data) in (
            (0, ack("open", "short")), (0, (Kind.NOTE, {"text": "all is well"})), (0, OPEN_OTHER), (1_206_050, CLOSE),
        ):  # fmt: skip
            journal.append(kind, session_ms, data)
        head = journal.head
    shown = """\
no  time (UTC)             session  kind            what

 1  2025-03-01 14:02:12   0:00.000  session-opened  patient P-17, direction +, plan palms, limit 20000 uA by adult
 2  2025-03-01 14:02:13   0:00.000  transition      idle -> ramp on start: The operator started.
 3  2025-03-01 14:02:14   0:00.050  request         run +12.000 mA, by operator
 4  2025-03-01 14:02:15  11:40.300  trip            open, short
    unfinished: the session that entry 1 opened was never closed
 5  2025-03-01 14:02:12   0:00.000  interrupted     the session that entry 1 opened was never closed, its last is 4
 6  2025-03-01 14:02:13   0:00.000  acknowledged    open, short
 7  2025-03-01 14:02:14   0:00.000  note            all is well

 8  2025-03-01 14:02:15   0:00.000  session-opened  patient P-18, direction -, plan palms, limit 20000 uA by adult
 9  2025-03-01 14:02:16  20:06.050  session-closed  completed after 20:00.000, charge +100.000 and -100.000 mA min
"""
    assert show(path) == (*shown.splitlines(), "", f"{path} is whole: 9 entries, head {head}")


def test_a_broken_journal_is_shown_up_to_its_problem(sample: Sample, tmp_path: Path) -> None:
    path = sample.put(tmp_path)
    whole = show(path)
    with tampering(path) as raw:
        raw.execute("UPDATE entry SET session_ms = 1 WHERE seq = 7")
    broken = show(path)
    assert [line.split() for line in broken[:8]] == [line.split() for line in whole[:8]]
    assert broken[-1] == (
        f"{path} is altered at entry 7: its content does not give its hash; whole before that: 6 entries"
    )


@given(st.sampled_from(sorted(VALID)), st.dictionaries(st.text(), anything, max_size=3), st.text())
@example(Kind.NOTE, {}, "\x1b[2J\x1b]0;owned\x07\n\r\u202e")
def test_whatever_an_entry_says_is_shown_on_one_plain_line(kind: Kind, more: dict[str, Json], text: str) -> None:
    said = {key: text if isinstance(value, str) and key != "outcome" else value for key, value in VALID[kind].items()}
    with folder() as place:
        with opened(place / "a.journal") as journal:
            journal.append(kind, 2**63 - 1, {**more, **said})
        assert all(line.isprintable() for line in show(place / "a.journal"))
        assert len(show(place / "a.journal")) <= 6
