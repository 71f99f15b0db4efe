"""The entries: each kind has what it must have, comes back as it was written, and anyone can compute its hash."""

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journals import (
    START,
    VALID,
    Sample,
    Ticking,
    anything,
    documented_hash,
    opened,
    problem_of,
    rehash,
    sample_in,
    tampering,
)

from iontocore.entries import LONGEST_DATA, Json, Kind
from iontocore.journal import Journal


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return sample_in(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    with opened(tmp_path_factory.mktemp("running") / "running.journal") as journal:
        yield journal


@pytest.mark.invariant("SI-25")
@given(st.sampled_from(sorted(VALID)), st.integers(0, 2**63 - 1), st.dictionaries(st.text(), anything, max_size=4))
def test_any_data_comes_back_as_it_was_written(
    running: Journal, kind: Kind, session_ms: int, more: dict[str, Json]
) -> None:
    data = {**more, **VALID[kind]}
    entry = running.append(kind, session_ms, data)
    assert (entry.kind, entry.session_ms, entry.data) == (kind, session_ms, data)
    assert entry.seq == running.count
    assert entry.hash == running.head
    assert running.entries()[-1] == entry


def test_every_hash_can_be_computed_without_the_journal(sample: Sample, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(sample.put(tmp_path))) as raw:
        raw.row_factory = sqlite3.Row
        previous = hashlib.sha256(b"iontocore journal 1").hexdigest()
        for row in raw.execute("SELECT * FROM entry ORDER BY seq").fetchall():
            assert row["previous"] == previous
            previous = documented_hash(previous, dict(row))
            assert row["hash"] == previous
        assert tuple(raw.execute("SELECT entries, hash FROM head").fetchone()) == (len(sample.entries), previous)


@pytest.mark.parametrize(
    "kind, key", [(kind, key) for kind, data in VALID.items() for key in data], ids=lambda part: str(part)
)
def test_an_entry_without_what_its_kind_needs_is_not_written(running: Journal, kind: Kind, key: str) -> None:
    before = running.head
    without = {name: value for name, value in VALID[kind].items() if name != key}
    with pytest.raises(ValueError, match=f"lacks {key}"):
        running.append(kind, 0, without)
    for wrong in (None, 1.5, 2**63, [1]):
        with pytest.raises(ValueError, match=f"a {key} that is not"):
            running.append(kind, 0, {**without, key: wrong})
    assert running.head == before


@pytest.mark.parametrize(
    "wrong",
    [float("nan"), float("-inf"), {1: "a"}, {None: 1}, b"bytes", {1, 2}, "\ud800", {"\udc00": 1}, START, object],
    ids=repr,
)
def test_what_is_not_json_is_not_written(running: Journal, wrong: object) -> None:
    before = running.head
    with pytest.raises((TypeError, ValueError)):
        running.append(Kind.NOTE, 0, {"text": "", "more": cast(Json, [wrong])})
    assert running.head == before


@pytest.mark.parametrize("session_ms", [-1, 2**63, True, 1.0, None])
def test_session_time_is_a_count_of_milliseconds(running: Journal, session_ms: object) -> None:
    with pytest.raises(ValueError, match="session_ms"):
        running.append(Kind.NOTE, cast(int, session_ms), {"text": ""})


def test_an_entry_has_a_longest_length(tmp_path: Path) -> None:
    longest = LONGEST_DATA - len('{"text":""}')
    with opened(tmp_path / "a.journal") as journal:
        journal.append(Kind.NOTE, 0, {"text": "x" * longest})
        with pytest.raises(ValueError, match="at most"):
            journal.append(Kind.NOTE, 0, {"text": "x" * (longest + 1)})
        assert [entry.data for entry in journal.entries()] == [{"text": "x" * longest}]


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)), st.integers(-1439, 1439))
def test_times_of_any_zone_are_kept_in_utc(
    running_at: tuple[Journal, Ticking], naive: datetime, offset_min: int
) -> None:
    journal, clock = running_at
    clock.now = naive.replace(tzinfo=timezone(timedelta(minutes=offset_min)))
    entry = journal.append(Kind.NOTE, 0, {"text": ""})
    assert entry.wall == clock.now
    assert entry.wall.utcoffset() == timedelta(0)
    assert journal.entries()[-1].wall == entry.wall


@pytest.fixture(scope="module")
def running_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Journal, Ticking]]:
    clock = Ticking()
    with Journal.create_or_open(tmp_path_factory.mktemp("zones") / "zones.journal", clock) as journal:
        yield journal, clock


def test_a_clock_without_a_time_zone_is_not_believed(tmp_path: Path) -> None:
    with Journal.create_or_open(tmp_path / "a.journal", lambda: datetime(2025, 1, 1)) as journal:
        with pytest.raises(ValueError, match="time zone"):
            journal.append(Kind.NOTE, 0, {"text": ""})
        assert journal.entries() == ()


def test_only_the_journal_tells_that_a_session_was_interrupted(running: Journal) -> None:
    with pytest.raises(ValueError, match="by the journal itself"):
        running.append(Kind.INTERRUPTED, 0, {"session": 1, "last": 1})


@pytest.mark.parametrize(
    "change, words",
    [
        ("UPDATE entry SET kind = 'party' WHERE seq = 9", "it is written in another way than entries are"),
        ("UPDATE entry SET wall = 'yesterday' WHERE seq = 9", "it is written in another way than entries are"),
        ("UPDATE entry SET wall = '0001-01-01T00:00:00.000000+23:00' WHERE seq = 9", "it is written in another way"),
        ("UPDATE entry SET session_ms = -1 WHERE seq = 9", "it is written in another way than entries are"),
        ("UPDATE entry SET data = '{\"a\": 1}' WHERE seq = 9", "it is written in another way than entries are"),
        ("UPDATE entry SET data = '{\"a\":NaN}' WHERE seq = 9", "it is written in another way than entries are"),
        ('UPDATE entry SET data = \'{"a":1,"a":1}\' WHERE seq = 9', "it is written in another way than entries are"),
        ("UPDATE entry SET data = printf('%.*c', 300000, '[') WHERE seq = 9", "it is written in another way"),
        ("UPDATE entry SET data = printf('%.*c', 5000, '9') WHERE seq = 9", "it is written in another way"),
        ("UPDATE entry SET data = '[]' WHERE seq = 9", "its data is no object"),
        ("UPDATE entry SET kind = 'trip', data = '{}' WHERE seq = 9", "trip lacks trips"),
        ("UPDATE entry SET kind = 'note', data = '{\"text\":1}' WHERE seq = 9", "note has a text that is not text"),
    ],
)
def test_an_entry_that_no_journal_would_write_is_named_though_its_hash_is_right(
    sample: Sample, tmp_path: Path, change: str, words: str
) -> None:
    path = sample.put(tmp_path)
    with tampering(path) as raw:
        raw.execute(change)
        rehash(raw, 9)
    assert str(problem_of(path)).startswith(f"altered at entry 9: {words}")
