"""Journals for the tests of the journal and of what is made of it: steps, a long sample, someone who tampers."""

import contextlib
import hashlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st

from iontocore.entries import Data, Entry, Kind
from iontocore.journal import Journal, Problem, verify
from iontocore.safety.refusal import Refusal

START = datetime(2025, 3, 1, 14, 2, 11, 500_000, tzinfo=UTC)

OPENED: Data = {
    "patient": "P-17",
    "polarity": 1,
    "plan": {"name": "palms"},
    "device": {"name": "simulated"},
    "limit": {"value_ua": 20000, "binding": "adult"},
    "screening": {"pregnancy": False},
}
STARTED: Data = {"event": "start", "from": "idle", "to": "ramp", "why": "The operator started."}
TRIPPED: Data = {"event": "tripped", "from": "treat", "to": "fault", "why": "The core cut."}
ASKED: Data = {"target_na": 12_000_000, "command": "run"}
CLOSED: Data = {
    "outcome": "completed", "treated_ms": 1_200_000, "charge_positive_nc": 6 * 10**9, "charge_negative_nc": 6 * 10**9,
}  # fmt: skip

VALID: Mapping[Kind, Data] = {
    Kind.SESSION_OPENED: OPENED,
    Kind.TRANSITION: STARTED,
    Kind.REQUEST: ASKED,
    Kind.TRIP: {"trips": ["open", "short"]},
    Kind.ACKNOWLEDGED: {"trips": ["open"]},
    Kind.SESSION_CLOSED: CLOSED,
    Kind.NOTE: {"text": "hello"},
}

numbers = st.integers(-(2**80), 2**80) | st.floats(allow_nan=False, allow_infinity=False)
anything = st.recursive(
    st.none() | st.booleans() | numbers | st.text() | st.text(st.characters(categories=["Cc", "Cf"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class Ticking:
    """A clock that goes on by a second whenever it is looked at."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def opened(path: Path) -> Journal:
    return Journal.create_or_open(path, Ticking())


def problem_of(path: Path) -> Problem:
    found = verify(path).problem
    assert found is not None
    return found


def refused(act: Callable[[], object]) -> Refusal:
    """The refusal of the act, which is one sentence on one line."""
    with pytest.raises(Refusal) as caught:
        act()
    sentence = str(caught.value)
    assert sentence.isprintable()
    assert sentence.endswith(".")
    assert caught.value.allowed
    assert caught.value.says_who
    return caught.value


class Sample:
    """A journal with several sessions: its file, and what is in it. No dataclass: hypothesis would print all of it."""

    def __init__(self, file: bytes, entries: tuple[Entry, ...]) -> None:
        self.file = file
        self.entries = entries

    def put(self, folder: Path) -> Path:
        path = folder / "sample.journal"
        path.write_bytes(self.file)
        return path


LAST = 138  # entries of the sample


def sample_in(folder: Path) -> Sample:
    """A dozen pages: a tree with inner pages, and an entry too long for one page."""
    path = folder / "sample.journal"
    with opened(path) as journal:
        for number in range(6):
            journal.append(Kind.SESSION_OPENED, 0, OPENED)
            for step in range(10):
                journal.append(Kind.TRANSITION, 1000 * step, STARTED)
                journal.append(Kind.REQUEST, 1000 * step, ASKED)
            journal.append(Kind.NOTE, 20_000, {"text": f"note {number}: " + "long " * (2000 if number == 3 else 2)})
            journal.append(Kind.SESSION_CLOSED, 1_200_000, CLOSED)
        entries = journal.entries()
    return Sample(path.read_bytes(), entries)


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """An empty folder for one example of hypothesis."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def documented_hash(previous: str, row: Mapping[str, object]) -> str:
    """The hash as the documentation of the journal describes it, by other means than the journal's."""
    text = f'{{"data":{row["data"]},"kind":"{row["kind"]}","seq":{row["seq"]},'
    text += f'"session_ms":{row["session_ms"]},"wall":"{row["wall"]}"}}'
    return hashlib.sha256((previous + text).encode()).hexdigest()


@contextlib.contextmanager
def tampering(path: Path) -> Iterator[sqlite3.Connection]:
    """Someone with all of SQLite at hand: rules are put away, and put back afterwards as if nothing had been."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA synchronous=OFF")
        triggers = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            raw.execute(f"DROP TRIGGER {name}")
        yield raw
        for _, sql in triggers:
            raw.execute(sql)


def rehash(raw: sqlite3.Connection, seq: int) -> None:
    raw.row_factory = sqlite3.Row
    row = dict(raw.execute("SELECT * FROM entry WHERE seq = ?", (seq,)).fetchone())
    raw.execute("UPDATE entry SET hash = ? WHERE seq = ?", (documented_hash(row["previous"], row), seq))


Step = tuple[Kind, Data]

OPEN: Step = (Kind.SESSION_OPENED, OPENED)
OPEN_OTHER: Step = (Kind.SESSION_OPENED, {**OPENED, "patient": "P-18", "polarity": -1})
MOVE: Step = (Kind.TRANSITION, STARTED)
FAULT: Step = (Kind.TRANSITION, TRIPPED)
CLOSE: Step = (Kind.SESSION_CLOSED, CLOSED)
CLOSE_FAULT: Step = (Kind.SESSION_CLOSED, {**CLOSED, "outcome": "fault"})
CLOSE_STOPPED: Step = (Kind.SESSION_CLOSED, {**CLOSED, "outcome": "stopped"})
NOTE: Step = (Kind.NOTE, {"text": ""})


def trip(*names: str) -> Step:
    return Kind.TRIP, {"trips": names}


def ack(*names: str) -> Step:
    return Kind.ACKNOWLEDGED, {"trips": names}
