"""The journal: what was done is on disk before it is done, and nobody can change it unseen."""

import contextlib
import fcntl
import os
import random
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from journals import (
    ASKED,
    LAST,
    OPENED,
    STARTED,
    VALID,
    Sample,
    Ticking,
    folder,
    opened,
    problem_of,
    refused,
    rehash,
    sample_in,
    tampering,
)

from iontocore.entries import ORIGIN, Kind
from iontocore.journal import APPLICATION_ID, FORMAT_VERSION, Flaw, Journal, Problem, read, verify
from iontocore.journal_text import show
from iontocore.safety.refusal import Refusal


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return sample_in(tmp_path_factory.mktemp("sample"))


# ---- what is written -------------------------------------------------------------------------------------------------


def test_a_journal_can_be_read_when_it_was_closed(tmp_path: Path) -> None:
    with opened(tmp_path / "a.journal") as journal:
        written = [journal.append(kind, 5, data) for kind, data in VALID.items()]
    assert read(tmp_path / "a.journal") == tuple(written)
    found = verify(tmp_path / "a.journal")
    assert (found.entries, found.head, found.problem) == (len(VALID), written[-1].hash, None)
    assert str(found) == f"{tmp_path}/a.journal is whole: 7 entries, head {written[-1].hash}"


def test_a_new_journal_is_whole_and_empty(tmp_path: Path) -> None:
    opened(tmp_path / "a.journal").close()
    found = verify(tmp_path / "a.journal")
    assert (found.entries, found.head, found.problem) == (0, ORIGIN, None)
    assert read(tmp_path / "a.journal") == ()


def test_opening_again_goes_on_where_it_was_left(tmp_path: Path) -> None:
    for number in range(1, 4):
        with opened(tmp_path / "a.journal") as journal:
            assert journal.append(Kind.NOTE, 0, {"text": "again"}).seq == number
            assert journal.count == number
    assert verify(tmp_path / "a.journal").entries == 3


def test_the_file_says_that_it_is_a_journal(sample: Sample, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(sample.put(tmp_path))) as raw:
        assert raw.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert raw.execute("PRAGMA user_version").fetchone() == (FORMAT_VERSION,)


# ---- on disk before the act ------------------------------------------------------------------------------------------


def at_connecting(monkeypatch: pytest.MonkeyPatch, act: Callable[[sqlite3.Connection], object]) -> None:
    """Do something with every connection that is made from now on."""
    connect = sqlite3.connect

    def connect_and_act(
        database: str, *, timeout: float, isolation_level: None, check_same_thread: bool, uri: bool
    ) -> sqlite3.Connection:
        connection = connect(
            database, timeout=timeout, isolation_level=isolation_level, check_same_thread=check_same_thread, uri=uri
        )
        act(connection)
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect_and_act)


@pytest.mark.invariant("SI-25")
def test_the_storage_confirms_every_entry_before_append_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections: list[sqlite3.Connection] = []
    at_connecting(monkeypatch, connections.append)
    with opened(tmp_path / "a.journal"):
        in_force = {
            name: connections[-1].execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("synchronous", "fullfsync", "journal_mode", "locking_mode")
        }
    assert in_force == {
        "synchronous": 2, "fullfsync": 1, "journal_mode": "persist", "locking_mode": "exclusive",
    }  # fmt: skip


def test_a_closed_journal_is_one_file_for_its_owner_alone(tmp_path: Path) -> None:
    with opened(tmp_path / "a.journal") as journal:
        journal.append(Kind.NOTE, 0, {"text": ""})
        assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    assert [file.name for file in tmp_path.iterdir()] == ["a.journal"]


WRITER = """
import os, sys
from datetime import datetime, UTC
from iontocore.entries import Kind
from iontocore.journal import Journal

os.write(1, b"begin\\n")
with Journal.create_or_open(sys.argv[1], lambda: datetime.now(UTC)) as journal:
    for number in range(10**9):
        entry = journal.append(Kind.NOTE, number, {"text": "x" * (number * 37 % 3000)})
        os.write(1, f"{entry.seq} {entry.hash}\\n".encode())
"""


def killed(path: Path, acts: int, delay_s: float) -> list[tuple[int, str]]:
    """What a writer has printed, each line after it was journalled, until it was killed without warning: so many acts
    and then so many seconds after its begin. On a machine that is busy with other things it does these acts, too."""
    with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, bufsize=0) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"begin\n"
        first = b"".join(writer.stdout.readline() for _ in range(acts))
        time.sleep(delay_s)
        writer.kill()
        printed = (first + writer.stdout.read()).decode()
    # The last line may have been cut off while it was printed; then its act was not done.
    lines = printed.split("\n")[:-1]
    return [(int(seq), digest) for seq, digest in (line.split() for line in lines)]


def killed_again_and_again(path: Path, chance: random.Random, times: int) -> int:
    """Kill that many writers of one journal, each going on where the last one was killed; how much they have done."""
    done = 0
    for _ in range(times):
        before = verify(path).entries if path.exists() else 0
        # none: while the file is made, or opened and looked through
        printed = killed(path, chance.randrange(8), chance.uniform(0, 0.01))
        if not path.exists():
            assert printed == []
            continue
        after = verify(path)
        assert after.problem is None
        hashes = {entry.seq: entry.hash for entry in read(path)}
        assert all(hashes[seq] == digest for seq, digest in printed)
        # What is on disk and was not printed is at most the one entry whose act was still to come.
        assert before + len(printed) <= after.entries <= before + len(printed) + 1
        done += len(printed)
    with opened(path) as journal:
        journal.append(Kind.NOTE, 0, {"text": "after all of them"})
    assert {file.name for file in path.parent.iterdir()} == {path.name}
    return done


@pytest.mark.invariant("SI-25")
def test_kill_9_at_any_moment_loses_nothing_that_was_done(tmp_path: Path) -> None:
    lanes, times = 4, 16
    folders = [tmp_path / str(lane) for lane in range(lanes)]
    for made in folders:
        made.mkdir()
    with ThreadPoolExecutor(lanes) as pool:
        jobs = [
            pool.submit(killed_again_and_again, made / "a.journal", random.Random(made.name), times) for made in folders
        ]
        done = sum(job.result() for job in jobs)
    assert done > 2 * lanes * times, "the kills came in the middle of work"


# What a program asks of its storage, written down: library calls of the C library, by their name and in their order.
STORAGE_LOG = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

struct record { char call[8]; char path[240]; int64_t offset; int64_t length; };

static void put(struct record r, const void *data) {
    static int file = -1;
    if (file < 0) file = open(getenv("STORAGE_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (write(file, &r, sizeof r) != (ssize_t)sizeof r || write(file, data, (size_t)r.length) != r.length) abort();
}
static void put_fd(const char *call, int fd, int64_t offset, const void *data, int64_t length) {
    struct record r = {{0}, {0}, offset, length};
    char link[40];
    strcpy(r.call, call);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, r.path, sizeof r.path - 1) < 0) abort();
    put(r, data);
}
#define REAL(name) (*(__typeof__(&name))dlsym(RTLD_NEXT, #name))
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) {
    put_fd("write", fd, at, data, (int64_t)n); return REAL(pwrite)(fd, data, n, at); }
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) {
    put_fd("write", fd, at, data, (int64_t)n); return REAL(pwrite64)(fd, data, n, at); }
int ftruncate(int fd, off_t n) { put_fd("cut", fd, n, "", 0); return REAL(ftruncate)(fd, n); }
int ftruncate64(int fd, off64_t n) { put_fd("cut", fd, n, "", 0); return REAL(ftruncate64)(fd, n); }
int fsync(int fd) { int r = REAL(fsync)(fd); put_fd("sync", fd, 0, "", 0); return r; }
int fdatasync(int fd) { int r = REAL(fdatasync)(fd); put_fd("sync", fd, 0, "", 0); return r; }
int unlink(const char *path) {
    struct record r = {"unlink", {0}, 0, 0};
    strncpy(r.path, path, sizeof r.path - 1);
    put(r, "");
    return REAL(unlink)(path);
}
int rename(const char *from, const char *to) {
    struct record r = {"rename", {0}, 0, (int64_t)strlen(to)};
    strncpy(r.path, from, sizeof r.path - 1);
    put(r, to);
    return REAL(rename)(from, to);
}
"""
MARKING_WRITER = """
import os, sys
from datetime import datetime, UTC
from iontocore.entries import Kind
from iontocore.journal import Journal

mark = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT)
with Journal.create_or_open(sys.argv[1], lambda: datetime.now(UTC)) as journal:
    for number in range(8):
        entry = journal.append(Kind.NOTE, number, {"text": "x" * (number * 977 % 6000)})
        os.pwrite(mark, str(entry.seq).encode(), 0)
"""


@dataclass(frozen=True)
class Call:
    name: str
    path: Path
    offset: int
    data: bytes


def calls_of(log: bytes) -> list[Call]:
    calls, at = [], 0
    while at < len(log):
        name, path = (part.split(b"\0")[0].decode() for part in (log[at : at + 8], log[at + 8 : at + 248]))
        offset, length = (int.from_bytes(log[at + n : at + n + 8], sys.byteorder) for n in (248, 256))
        calls.append(Call(name, Path(path), offset, log[at + 264 : at + 264 + length]))
        at += 264 + length
    return calls


class Storage:
    """A folder as it is when the power goes: what was synced is there; of what was not, any part may be, or none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.synced: list[bytes] = []  # the content of every file that there ever was
        self.unsynced: list[list[Call]] = []
        self.names: list[dict[str, int]] = [{}]  # which file a name leads to: as synced, and after each change since

    def take(self, call: Call) -> None:
        if call.path == self.folder:
            assert call.name == "sync"
            self.names = self.names[-1:]
        elif call.path.parent == self.folder:
            self.take_of_file(call)

    def take_of_file(self, call: Call) -> None:
        names = self.names[-1]
        name = call.path.name
        match call.name:
            case "unlink":
                self.names.append({other: file for other, file in names.items() if other != name})
            case "rename":
                others = {other: file for other, file in names.items() if other != name}
                self.names.append({**others, Path(call.data.decode()).name: names[name]})
            case "sync":
                self.synced[names[name]] = applied(self.synced[names[name]], self.unsynced[names[name]])
                self.unsynced[names[name]] = []
            case _:
                if name not in names:
                    self.names.append({**names, name: len(self.synced)})
                    self.synced.append(b"")
                    self.unsynced.append([])
                self.unsynced[self.names[-1][name]].append(call)

    def after_power_loss(self, chance: random.Random, keep: float) -> dict[str, bytes]:
        """Each call since the last sync is kept with that probability, a write perhaps only some sectors of it."""
        known = {0.0: 0, 1.0: -1}.get(keep, chance.randrange(len(self.names)))
        left = {}
        for name, file in self.names[known].items():
            kept = [torn(call, chance, keep) for call in self.unsynced[file] if chance.random() < keep]
            left[name] = applied(self.synced[file], kept)
        return left


def applied(content: bytes, calls: list[Call]) -> bytes:
    file = bytearray(content)
    for call in calls:
        if call.name == "cut":
            del file[call.offset :]
        else:
            file.extend(bytes(max(0, call.offset - len(file))))
            file[call.offset : call.offset + len(call.data)] = call.data
    return bytes(file)


def torn(call: Call, chance: random.Random, keep: float) -> Call:
    sectors = len(call.data) // 512
    if keep == 1 or sectors < 2 or chance.random() < 0.5:
        return call
    return Call(call.name, call.path, call.offset, call.data[: 512 * chance.randrange(1, sectors)])


@pytest.mark.needs("gcc")
@pytest.mark.invariant("SI-25")
def test_a_loss_of_power_at_any_moment_loses_nothing_that_was_done(tmp_path: Path) -> None:
    shim, log, used = tmp_path / "shim.so", tmp_path / "log", tmp_path / "used"
    (tmp_path / "shim.c").write_text(STORAGE_LOG)
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", shim, tmp_path / "shim.c", "-ldl"], check=True)
    used.mkdir()
    path = used / "a.journal"
    environment = {**os.environ, "LD_PRELOAD": str(shim), "STORAGE_LOG": str(log)}
    subprocess.run([sys.executable, "-c", MARKING_WRITER, path, tmp_path / "mark"], check=True, env=environment)
    entries = read(path)
    assert len(entries) == 8

    storage, chance, done, states = Storage(used), random.Random(25), 0, 0
    for call in calls_of(log.read_bytes()):
        if call.path.name == "mark":
            done = int(call.data)
        storage.take(call)
        for keep in (0.0, 0.5, 1.0):
            with folder() as remains:
                for name, content in storage.after_power_loss(chance, keep).items():
                    (remains / name).write_bytes(content)
                if done == 0 and not (remains / path.name).exists():
                    continue  # not made yet
                found = verify(remains / path.name)
                assert found.problem is None
                assert done <= found.entries <= done + 1
                assert read(remains / path.name) == entries[: found.entries]
                states += 1
    assert done == len(entries)
    assert states > 250


# ---- what was changed is found ---------------------------------------------------------------------------------------


def set_head(raw: sqlite3.Connection) -> None:
    raw.execute("UPDATE head SET (entries, hash) = (SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1)")


CHANGES = {
    "wall": "wall = '2025-03-01T14:02:12.500001+00:00'",
    "session_ms": "session_ms = 77",
    "what": """kind = 'note', data = '{"text":"another"}'""",
    "previous": "previous = printf('%064d', 0)",
}
HASH_ALONE = {
    "hash": "hash = printf('%064d', 0)",
    "type of a number": "session_ms = 'soon'",
    "type of a text": "data = CAST(data AS BLOB)",
    "case": "kind = upper(kind)",
    "a space": "data = data || ' '",
    "a letter": "data = data || char(233)",
}


def test_the_sample_has_what_the_tests_count_on(sample: Sample) -> None:
    assert len(sample.entries) == LAST
    assert len(sample.file) >= 10 * 4096


@given(st.integers(1, LAST), st.sampled_from([*CHANGES.values(), *HASH_ALONE.values()]))
def test_an_altered_entry_is_named(sample: Sample, number: int, change: str) -> None:
    with folder() as place:
        path = sample.put(place)
        with tampering(path) as raw:
            raw.execute(f"UPDATE entry SET {change} WHERE seq = ?", (number,))
        found = verify(path)
        assert found.entries == number - 1
        assert found.problem is not None
        assert (found.problem.flaw, found.problem.entry) == (Flaw.ALTERED, number)
        assert str(found.problem).startswith(f"altered at entry {number}: ")


@given(st.integers(1, LAST), st.sampled_from(list(CHANGES.values())))
def test_an_entry_altered_together_with_its_hash_is_named(sample: Sample, number: int, change: str) -> None:
    with folder() as place:
        path = sample.put(place)
        with tampering(path) as raw:
            raw.execute(f"UPDATE entry SET {change} WHERE seq = ?", (number,))
            rehash(raw, number)
        assert (problem_of(path).flaw, problem_of(path).entry) == (Flaw.ALTERED, number)


@given(st.integers(1, LAST), st.integers(1, 5))
def test_missing_entries_are_named(sample: Sample, number: int, count: int) -> None:
    with folder() as place:
        path = sample.put(place)
        with tampering(path) as raw:
            raw.execute("DELETE FROM entry WHERE seq >= ? AND seq < ?", (number, number + count))
        if number + count <= LAST:
            assert problem_of(path) == Problem(
                Flaw.MISSING, number, f"missing entry {number}, though entry {LAST} is there"
            )
        else:
            assert problem_of(path) == Problem(
                Flaw.CUT_OFF, number - 1, f"cut off after entry {number - 1}: there were {LAST}"
            )


@given(st.integers(1, LAST - 1))
def test_missing_entries_are_found_though_the_rest_is_numbered_anew(sample: Sample, number: int) -> None:
    with folder() as place:
        path = sample.put(place)
        with tampering(path) as raw:
            raw.execute("DELETE FROM entry WHERE seq = ?", (number,))
            raw.execute("UPDATE entry SET seq = -seq WHERE seq > ?", (number,))
            raw.execute("UPDATE entry SET seq = -seq - 1 WHERE seq < 0")
            set_head(raw)
        assert (problem_of(path).flaw, problem_of(path).entry) == (Flaw.ALTERED, number)


@given(st.lists(st.integers(1, LAST), min_size=2, max_size=2, unique=True))
def test_entries_in_another_order_are_named(sample: Sample, pair: list[int]) -> None:
    first, second = sorted(pair)
    with folder() as place:
        path = sample.put(place)
        with tampering(path) as raw:
            for before, after in ((first, -1), (second, first), (-1, second)):
                raw.execute("UPDATE entry SET seq = ? WHERE seq = ?", (after, before))
            set_head(raw)
        assert (problem_of(path).flaw, problem_of(path).entry) == (Flaw.ALTERED, first)


@given(st.integers(1, LAST), st.booleans())
def test_an_entry_put_in_between_is_named(sample: Sample, number: int, well_made: bool) -> None:
    with folder() as place:
        path = sample.put(place)
        with tampering(path) as raw:
            raw.execute("UPDATE entry SET seq = -seq WHERE seq >= ?", (number,))
            raw.execute("UPDATE entry SET seq = 1 - seq WHERE seq < 0")
            raw.execute(
                "INSERT INTO entry SELECT ?, wall, 5, kind, data, previous, hash FROM entry WHERE seq = ?",
                (number, number + 1),
            )
            if well_made:
                rehash(raw, number)
            set_head(raw)
        # One that is made well fits where it stands; what gives it away is the entry that had its place.
        assert problem_of(path).entry == (number + 1 if well_made else number)
        assert problem_of(path).flaw is Flaw.ALTERED


@pytest.mark.parametrize("seq", [0, -7])
def test_an_entry_put_before_the_first_is_named(sample: Sample, tmp_path: Path, seq: int) -> None:
    path = sample.put(tmp_path)
    with tampering(path) as raw:
        raw.execute("INSERT INTO entry SELECT ?, wall, 0, kind, data, previous, hash FROM entry WHERE seq = 1", (seq,))
    assert problem_of(path) == Problem(Flaw.INSERTED, seq, f"added to: entry {seq} stands before the first")


def test_an_entry_put_after_the_last_is_named(sample: Sample, tmp_path: Path) -> None:
    path = sample.put(tmp_path)
    with tampering(path) as raw:
        raw.execute(
            "INSERT INTO entry SELECT seq + 1, wall, 0, kind, data, hash, hash FROM entry WHERE seq = ?", (LAST,)
        )
        rehash(raw, LAST + 1)
    words = f"added to: entry {LAST + 1} is not counted, there were {LAST}"
    assert problem_of(path) == Problem(Flaw.INSERTED, LAST + 1, words)


@pytest.mark.parametrize(
    "change, words",
    [
        ("DELETE FROM head", "altered in its head: the row that counts the entries is not there"),
        ("UPDATE head SET entries = 'many'", "altered in its head: the count is no number"),
        ("UPDATE head SET entries = -1", "altered in its head: the count is no number"),
        ("UPDATE head SET entries = 200", f"cut off after entry {LAST}: there were 200"),
        ("UPDATE head SET entries = 100", "added to: entry 101 is not counted, there were 100"),
        ("UPDATE head SET hash = 'f'", f"altered at entry {LAST} or in its head: their hashes differ"),
    ],
)
def test_an_altered_head_is_found(sample: Sample, tmp_path: Path, change: str, words: str) -> None:
    path = sample.put(tmp_path)
    with tampering(path) as raw:
        raw.execute(change)
    assert str(problem_of(path)) == words


def test_entries_taken_from_the_end_with_the_head_set_back_are_told_by_a_noted_head_alone(
    sample: Sample, tmp_path: Path
) -> None:
    """The limit of a chain without a key: what the file says is whole, and is not what was noted elsewhere."""
    path = sample.put(tmp_path)
    with tampering(path) as raw:
        raw.execute("DELETE FROM entry WHERE seq > 100")
        set_head(raw)
    assert verify(path).problem is None
    assert verify(path).head == sample.entries[99].hash
    assert verify(path).head != sample.entries[-1].hash


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entry SET session_ms = 1 WHERE seq = 4",
        "UPDATE OR REPLACE entry SET seq = 5 WHERE seq = 4",
        "DELETE FROM entry WHERE seq = 4",
        "DELETE FROM entry",
        f"INSERT INTO entry SELECT seq + 1, wall, 0, kind, data, 'x', hash FROM entry WHERE seq = {LAST}",
        f"INSERT INTO entry SELECT seq + 2, wall, 0, kind, data, hash, hash FROM entry WHERE seq = {LAST}",
        "INSERT OR REPLACE INTO entry SELECT * FROM entry WHERE seq = 4",
        "UPDATE head SET entries = entries - 1",
        "UPDATE head SET hash = 'x'",
        "UPDATE head SET one = 2",
        "DELETE FROM head",
        "INSERT INTO head VALUES (1, 0, 'x')",
        "INSERT OR REPLACE INTO head VALUES (1, 0, 'x')",
    ],
)
def test_the_file_itself_refuses_what_is_not_an_addition(sample: Sample, tmp_path: Path, change: str) -> None:
    path = sample.put(tmp_path)
    with contextlib.closing(sqlite3.connect(path)) as raw, pytest.raises(sqlite3.IntegrityError):
        raw.execute(change)
    assert read(path) == sample.entries


@pytest.mark.parametrize(
    "change, words",
    [
        ("DROP TRIGGER entries_stay", "the trigger entries_stay is not as it was"),
        ("CREATE TABLE more (a)", "more is no part of a journal"),
        ("CREATE VIEW more AS SELECT 1", "more is no part of a journal"),
        ("CREATE INDEX more ON entry (wall)", "more is no part of a journal"),
        ("ALTER TABLE entry ADD COLUMN more", "the table entry is not as it was"),
        ("DROP TABLE head", "the table head is not as it was"),
        ("ALTER TABLE head RENAME TO tail; CREATE VIEW head AS SELECT * FROM tail", "the table head is not as it was"),
        ("PRAGMA journal_mode=WAL", "a write-ahead log was switched on"),
    ],
)
def test_altered_rules_are_named(sample: Sample, tmp_path: Path, change: str, words: str) -> None:
    path = sample.put(tmp_path)
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.executescript(change)
    assert problem_of(path) == Problem(Flaw.RULES, None, f"altered in its rules: {words}")
    before = path.read_bytes()
    assert words in str(refused(lambda: opened(path)))
    assert path.read_bytes() == before


# ---- what was damaged is found, and never a traceback ----------------------------------------------------------------


def looked_at(path: Path, sample: Sample) -> Problem | Refusal | None:
    """What is said about a damaged file; None when nothing is said, and then nothing is lost."""
    before = path.read_bytes()
    try:
        problem = verify(path).problem
    except Refusal as refusal:
        problem = None
        said: Problem | Refusal | None = refusal
    else:
        said = problem
        if problem is None:
            assert read(path) == sample.entries
    assert path.read_bytes() == before, "looking has changed the file"
    if said is None:
        # What is damaged where nothing is written may still stand in the way of the next entry.
        with contextlib.suppress(Refusal), opened(path) as journal:
            journal.append(Kind.NOTE, 0, {"text": "x" * 5000})
            assert journal.entries()[: len(sample.entries)] == sample.entries
    if said is not None:
        assert str(said).isprintable()
        refused(lambda: opened(path))
        refused(lambda: read(path))
        assert path.read_bytes() == before, "a refusal has changed the file"
        if problem is not None:
            assert str(problem) in show(path)[-1]
    return said


@settings(max_examples=250)
@given(st.lists(st.tuples(st.integers(0, 10**6) | st.integers(0, 200), st.integers(1, 255)), min_size=1, max_size=3))
def test_flipped_bits_are_named_or_have_changed_nothing(sample: Sample, flips: list[tuple[int, int]]) -> None:
    file = bytearray(sample.file)
    for offset, bits in flips:
        file[offset % len(file)] ^= bits
    with folder() as place:
        path = place / "a.journal"
        path.write_bytes(file)
        looked_at(path, sample)


@settings(max_examples=200)
@given(st.integers(0, 10**6) | st.integers(0, 200) | st.integers(0, 50).map(lambda page: page * 4096))
def test_a_file_cut_short_is_always_told(sample: Sample, offset: int) -> None:
    length = offset % len(sample.file)
    with folder() as place:
        path = place / "a.journal"
        path.write_bytes(sample.file[:length])
        said = looked_at(path, sample)
    if length < 100:
        assert isinstance(said, Refusal)
        assert said.given == (f"a file of {length} bytes" if length else "an empty file")
    else:
        assert isinstance(said, Problem)
        assert said.flaw is Flaw.TRUNCATED
        assert str(length) in str(said)


OTHER_PAGES: Mapping[str, Callable[[bytes, int], bytes]] = {
    "zeros": lambda file, number: bytes(4096),
    "ones": lambda file, number: b"\xff" * 4096,
    "noise": lambda file, number: random.Random(number).randbytes(4096),
    "another page": lambda file, number: file[number * 4096 : number * 4096 + 4096],
}


@given(st.integers(0, 10**6), st.sampled_from(sorted(OTHER_PAGES)), st.integers(0, 10**6))
def test_pages_overwritten_with_anything_are_told(sample: Sample, number: int, what: str, other: int) -> None:
    file, pages = bytearray(sample.file), len(sample.file) // 4096
    page, content = number % pages, OTHER_PAGES[what](sample.file, other % pages)
    file[page * 4096 : page * 4096 + 4096] = content
    assume(file != sample.file)
    with folder() as place:
        path = place / "a.journal"
        path.write_bytes(file)
        assert looked_at(path, sample) is not None


@given(st.binary(min_size=1, max_size=5000), st.sampled_from([b"", b"SQLite format 3\x00"]))
def test_a_file_of_anything_is_refused(start: bytes, rest: bytes) -> None:
    with folder() as place:
        path = place / "a.journal"
        path.write_bytes(rest + start)
        assert looked_at(path, Sample(b"", ())) is not None


@given(st.binary(min_size=1, max_size=9000))
def test_what_follows_the_last_page_is_told(sample: Sample, tail: bytes) -> None:
    with folder() as place:
        path = place / "a.journal"
        path.write_bytes(sample.file + tail)
        assert str(looked_at(path, sample)) == f"damaged: {len(tail)} bytes follow its last page"


# ---- what is refused -------------------------------------------------------------------------------------------------


def a_folder(path: Path) -> None:
    path.mkdir()


def a_link_to_a_folder(path: Path) -> None:
    (path.parent / "elsewhere").mkdir()
    path.symlink_to(path.parent / "elsewhere")


def a_link_to_itself(path: Path) -> None:
    path.symlink_to(path)


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def an_empty_file(path: Path) -> None:
    path.touch()


def a_text(path: Path) -> None:
    path.write_text("[plan]\nname = 'palms'\n" * 300)


def a_database_of_another_program(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE entry (seq)")


def a_later_format(path: Path) -> None:
    opened(path).close()
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA user_version = 2")


def an_unknown_format(path: Path) -> None:
    opened(path).close()
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA user_version = -3")


@pytest.mark.parametrize(
    "make, given_words",
    [
        (a_folder, "a folder"),
        (a_link_to_a_folder, "a folder"),
        (a_link_to_itself, "out of reach: Too many levels of symbolic links"),
        (a_pipe, "no ordinary file"),
        (an_empty_file, "an empty file"),
        (a_text, "not a journal"),
        (a_database_of_another_program, "a database of another program"),
        (a_later_format, "of the later format 2"),
        (an_unknown_format, "of no known format -3"),
    ],
    ids=lambda part: getattr(part, "__name__", None),
)
def test_what_is_not_a_journal_is_refused_and_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], None], given_words: str
) -> None:
    path = tmp_path / "a.journal"
    make(path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    for act in (opened, verify, read, show):
        assert refused(partial(act, path)).given == given_words
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()} == before


@pytest.mark.parametrize("act", [verify, read, show])
def test_looking_at_what_is_not_there_is_refused_and_makes_nothing(
    tmp_path: Path, act: Callable[[Path], object]
) -> None:
    path = tmp_path / "a.journal"
    sentence = f"journal {path} is not there; allowed is a journal that exists, says the file system."
    assert str(refused(lambda: act(path))) == sentence
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refused(lambda: opened(tmp_path / "no" / "a.journal")).given == "in a folder that is not there"


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert refused(lambda: opened(tmp_path / "file" / "a.journal")).given == "out of reach: Not a directory"


def test_a_name_with_a_zero_byte_is_refused(tmp_path: Path) -> None:
    assert refused(lambda: opened(tmp_path / "a\0b")).given == "no name of a file"


def test_a_journal_without_a_name_is_refused_as_one_and_not_as_the_folder_that_one_stands_in() -> None:
    for act in (verify, read, show, partial(Journal.create_or_open, clock=Ticking())):
        refusal = refused(partial(act, ""))
        assert (refusal.field, refusal.given) == ("the name of the journal", "empty")


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    assert refused(lambda: opened(tmp_path / ("a" * 300))).given == "out of reach: File name too long"


@pytest.mark.parametrize("name", ["?a=b#c%41", "ä ö", ":memory:", "file:x?mode=memory", "a\nb", "\udcff"])
def test_any_name_that_a_file_can_have_is_fine(tmp_path: Path, name: str) -> None:
    with opened(tmp_path / name) as journal:
        journal.append(Kind.NOTE, 0, {"text": ""})
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert verify(tmp_path / name).entries == 1
    assert all(line.isprintable() for line in show(tmp_path / name))


def test_a_link_leads_to_the_journal(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "a.journal")
    with opened(tmp_path / "link") as journal:
        assert journal.path == tmp_path / "a.journal"
        journal.append(Kind.NOTE, 0, {"text": ""})
    assert (tmp_path / "link").is_symlink()
    assert verify(tmp_path / "link") == verify(tmp_path / "a.journal")


@contextlib.contextmanager
def nobody() -> Iterator[Path]:
    """A folder in which the tests have no more rights than an ordinary user, whoever runs them."""
    with folder() as place:
        place.chmod(0o777)
        was = os.geteuid()
        if was == 0:
            os.seteuid(65534)
        try:
            yield place
        finally:
            os.seteuid(was)


def test_a_folder_that_cannot_be_written_is_refused() -> None:
    with nobody() as place:
        (place / "closed").mkdir(0o555)
        assert refused(lambda: opened(place / "closed" / "a.journal")).given == "out of reach: Permission denied"


def test_a_journal_whose_folder_cannot_be_written_is_refused_at_once_and_can_be_read(sample: Sample) -> None:
    with nobody() as place:
        inner = place / "inner"
        inner.mkdir()
        path = sample.put(inner)
        inner.chmod(0o555)
        assert refused(lambda: opened(path)).given == "not writable"
        assert read(path) == sample.entries
        inner.chmod(0o755)


def test_a_journal_that_cannot_be_written_is_refused_and_can_be_read(sample: Sample) -> None:
    with nobody() as place:
        path = sample.put(place)
        path.chmod(0o444)
        assert refused(lambda: opened(path)).given == "not writable"
        assert read(path) == sample.entries


def test_a_journal_that_cannot_be_read_is_refused(sample: Sample) -> None:
    with nobody() as place:
        path = sample.put(place)
        path.chmod(0)
        assert refused(lambda: verify(path)).given == "not to be opened, or no file can be made beside it"


def limited(monkeypatch: pytest.MonkeyPatch, pages: int) -> None:
    """SQLite finds the disk full when the file would have more pages."""
    at_connecting(monkeypatch, lambda connection: connection.execute(f"PRAGMA max_page_count={pages}"))


def fill(journal: Journal) -> None:
    for number in range(100):
        journal.append(Kind.NOTE, number, {"text": "x" * 1000})


@pytest.mark.invariant("SI-25")
def test_on_a_full_disk_the_act_is_refused_and_what_was_done_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.journal"
    with monkeypatch.context() as patch:
        limited(patch, 6)
        with opened(path) as journal:
            assert refused(partial(fill, journal)).given == "on a full disk"
            written = journal.count
            assert 3 < written < 20
            # Even one that would fit is refused now: what the storage has is not known until it is looked at.
            assert refused(lambda: journal.append(Kind.NOTE, 0, {"text": ""})).given == "on a full disk"
            assert journal.count == written
    with opened(path) as journal:
        assert len(journal.entries()) == written
        assert journal.append(Kind.NOTE, 0, {"text": "again"}).seq == written + 1


def test_on_a_full_disk_no_journal_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, 1)
    assert refused(lambda: opened(tmp_path / "a.journal")).given == "on a full disk"
    assert list(tmp_path.iterdir()) == []


FAILING_STORAGE = """
import resource, sys
from datetime import datetime, UTC
from iontocore.entries import Kind
from iontocore.journal import Journal
from iontocore.safety.refusal import Refusal

with Journal.create_or_open(sys.argv[1], lambda: datetime.now(UTC)) as journal:
    journal.append(Kind.NOTE, 0, {"text": "done"})
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
    try:
        journal.append(Kind.NOTE, 0, {"text": "x" * 20_000})
    except Refusal as refusal:
        print(refusal.given)
"""


@pytest.mark.invariant("SI-25")
def test_on_storage_that_fails_the_act_is_refused_and_what_was_done_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    ran = subprocess.run([sys.executable, "-c", FAILING_STORAGE, path], capture_output=True, text=True, check=True)
    assert ran.stdout == "on storage that fails\n"
    with opened(path) as journal:
        assert [entry.data for entry in journal.entries()] == [{"text": "done"}]


@pytest.mark.parametrize("suffix", ["-journal", "-wal"])
def test_what_is_left_over_of_a_journal_that_is_gone_is_not_played_into_a_new_one(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a.journal{suffix}").write_bytes(b"left over")
    assert refused(lambda: opened(tmp_path / "a.journal")).given == f"gone, but its {suffix} file is still there"
    assert [file.name for file in tmp_path.iterdir()] == [f"a.journal{suffix}"]


def test_what_a_killed_maker_has_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.journal-new").write_bytes(b"half of a journal")
    opened(tmp_path / "a.journal").close()
    assert [file.name for file in tmp_path.iterdir()] == ["a.journal"]


# ---- one writer ------------------------------------------------------------------------------------------------------

SECOND = """
import sys
from datetime import datetime, UTC
from iontocore.journal import Journal, verify
from iontocore.safety.refusal import Refusal

for act in (lambda: Journal.create_or_open(sys.argv[1], lambda: datetime.now(UTC)), lambda: verify(sys.argv[1])):
    try:
        act()
    except Refusal as refusal:
        print(refusal)
"""


def test_a_second_program_is_refused_and_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    with opened(path) as journal:
        ran = subprocess.run(
            [sys.executable, "-c", SECOND, path], capture_output=True, text=True, check=True, timeout=120
        )
        sentence = (
            f"journal {path} is in use; allowed is one program at a time, says the journal's lock: "
            "end the session that uses it, then try again.\n"
        )
        assert ran.stdout == sentence * 2
        assert journal.append(Kind.NOTE, 0, {"text": "undisturbed"}).seq == 1


def test_a_second_writer_in_the_same_program_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path / "a.journal") as journal:
        for act in (opened, verify, read, show):
            assert refused(partial(act, tmp_path / "a.journal")).given == "in use"
        assert journal.append(Kind.NOTE, 0, {"text": "undisturbed"}).seq == 1
    assert verify(tmp_path / "a.journal").entries == 1


def test_a_journal_that_another_program_is_making_is_refused(tmp_path: Path) -> None:
    place = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        assert refused(lambda: opened(tmp_path / "a.journal")).given == "being made by another program"
    finally:
        os.close(place)
    opened(tmp_path / "a.journal").close()


def test_entries_of_many_threads_make_one_chain(tmp_path: Path) -> None:
    with opened(tmp_path / "a.journal") as journal:
        threads = [
            threading.Thread(target=lambda: [journal.append(Kind.NOTE, 0, {"text": ""}) for _ in range(25)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(journal.entries()) == 100


FORKING = """
import os, sys
from datetime import datetime, UTC
from iontocore.entries import Kind
from iontocore.journal import Journal

with Journal.create_or_open(sys.argv[1], lambda: datetime.now(UTC)) as journal:
    child = os.fork()
    if child == 0:
        try:
            journal.append(Kind.NOTE, 0, {"text": "child"})
        except RuntimeError as error:
            os.write(1, f"{error}\\n".encode())
        os._exit(0)
    os.waitpid(child, 0)
    journal.append(Kind.NOTE, 0, {"text": "parent"})
"""


def test_a_forked_process_has_no_part_in_the_journal(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FORKING, tmp_path / "a.journal"], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "the journal belongs to the process that opened it\n"
    assert [entry.data for entry in read(tmp_path / "a.journal")] == [{"text": "parent"}]


def test_the_latest_entry_of_a_kind_is_what_the_file_has(tmp_path: Path) -> None:
    with opened(tmp_path / "j") as journal:
        assert journal.latest(Kind.REQUEST) is None
        journal.append(Kind.SESSION_OPENED, 0, OPENED)
        first = journal.append(Kind.REQUEST, 0, ASKED)
        assert journal.latest(Kind.REQUEST) == first
        last = journal.append(Kind.REQUEST, 50, {**ASKED, "target_na": -12_000_000})
        journal.append(Kind.TRANSITION, 50, STARTED)
        assert journal.latest(Kind.REQUEST) == last
        assert journal.latest(Kind.NOTE) is None


def test_a_latest_entry_that_is_not_as_it_was_written_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path / "j") as journal:
        journal.append(Kind.NOTE, 0, VALID[Kind.NOTE])
        # Nobody else can write while it is open, so the writer's own connection stands for damage.
        journal._connection.execute("DROP TRIGGER entries_stay")
        journal._connection.execute("UPDATE entry SET session_ms = 7")
        assert "altered at entry 1" in str(refused(lambda: journal.latest(Kind.NOTE)))


def test_a_closed_journal_takes_nothing_and_can_be_closed_again(tmp_path: Path) -> None:
    journal = opened(tmp_path / "a.journal")
    journal.close()
    journal.close()
    with pytest.raises(RuntimeError, match="closed"):
        journal.append(Kind.NOTE, 0, {"text": ""})
    with pytest.raises(RuntimeError, match="closed"):
        journal.entries()
