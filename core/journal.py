"""The journal: what was done, on disk before it is done, so that nobody can change it unseen.

One SQLite file. Entries are only ever added; each carries the hash of the one before it, and a head row, changed in
the same transaction, counts them and repeats the last hash, so that an altered, missing, inserted or cut-off entry is
found and named. A journal that does not verify is never written again.

What makes it durable: a rollback journal and ``synchronous=FULL``, so ``append`` returns when the storage has confirmed
the entry. What makes it one file: no write-ahead log; the ``-journal`` file beside it exists only while it is open, or
after a loss of power, and the next opening takes back the entry that was being written and removes it.
What makes it one writer: an exclusive lock, held from opening to closing, which the operating system releases when the
program ends in whatever way. Nobody can hold up a session by reading along; its own ``entries()`` can be read.

The hash of an entry can be computed without this program. It is the SHA-256, in hexadecimal, of the ASCII text::

    previous || {"data":DATA,"kind":"KIND","seq":SEQ,"session_ms":MS,"wall":"WALL"}

with the columns of the entry in place of the capitals (DATA is canonical JSON: sorted keys, no spaces, ASCII). The
first entry's ``previous`` is ``ORIGIN``.

What a chain without a key cannot show: whoever may write the file can make a new one, whole and consistent, or take
away the last entries and set the head back. Only the head hash, noted elsewhere (``Journal.head``,
``Verification.head``), tells such a file from the true one.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import math
import os
import sqlite3
import stat
import threading
import urllib.parse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, StrEnum
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias, cast, final

from iontocore.safety.refusal import Refusal

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""What an entry may hold: JSON, with finite numbers. Tuples come back as lists."""

Data: TypeAlias = Mapping[str, Json]

APPLICATION_ID: Final = 0x494F4E54
"""Marks the SQLite file as a journal: "IONT" (``PRAGMA application_id``)."""

FORMAT_VERSION: Final = 1
"""The version of the tables, of the hash and of the kinds (``PRAGMA user_version``). Later versions are refused."""

ORIGIN: Final = hashlib.sha256(b"iontocore journal 1").hexdigest()
"""What the first entry's ``previous`` is, and the head hash of a journal without entries."""

LONGEST_DATA: Final = 1_000_000
"""The most characters that the JSON of one entry may have."""

_INT64_MAX: Final = 2**63 - 1
_WAIT_S: Final = 0.2  # for a reader that is just finishing; longer would be a hang to whoever starts a session


@final
class Kind(StrEnum):
    """What an entry tells. The values stand in files: they are added to, never changed."""

    SESSION_OPENED = "session-opened"
    TRANSITION = "transition"
    REQUEST = "request"
    TRIP = "trip"
    ACKNOWLEDGED = "acknowledged"
    SESSION_CLOSED = "session-closed"
    INTERRUPTED = "interrupted"
    NOTE = "note"


@final
class Outcome(StrEnum):
    """How a session that was closed has ended."""

    COMPLETED = "completed"
    STOPPED = "stopped"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the value of a required key must be: in words, and as a predicate."""

    words: str
    holds: Callable[[Json], bool]


def _is_int64(value: Json) -> bool:
    return type(value) is int and abs(value) <= _INT64_MAX


_TEXT: Final = _Shape("text", lambda value: isinstance(value, str))
_OBJECT: Final = _Shape("an object", lambda value: isinstance(value, Mapping))
_INTEGER: Final = _Shape("an integer of 64 bits", _is_int64)
_COUNT: Final = _Shape("an integer of 64 bits from 0", lambda value: _is_int64(value) and cast(int, value) >= 0)
_SIGN: Final = _Shape("1 or -1", lambda value: type(value) is int and value in (1, -1))
_OUTCOME: Final = _Shape("completed, stopped or fault", lambda value: value in tuple(Outcome))
_NAMES: Final = _Shape(
    "a list of names", lambda value: isinstance(value, list) and all(isinstance(name, str) for name in value)
)

_REQUIRED: Final[Mapping[Kind, Mapping[str, _Shape]]] = {
    Kind.SESSION_OPENED: {
        "patient": _TEXT, "polarity": _SIGN, "plan": _OBJECT, "device": _OBJECT, "limit": _OBJECT, "screening": _OBJECT,
    },
    Kind.TRANSITION: {"event": _TEXT, "from": _TEXT, "to": _TEXT, "why": _TEXT},
    Kind.REQUEST: {"target_na": _INTEGER, "command": _TEXT},
    Kind.TRIP: {"trips": _NAMES},
    Kind.ACKNOWLEDGED: {"trips": _NAMES},
    Kind.SESSION_CLOSED: {
        "outcome": _OUTCOME, "treated_ms": _COUNT, "charge_positive_nc": _COUNT, "charge_negative_nc": _COUNT,
    },
    Kind.INTERRUPTED: {"session": _COUNT, "last": _COUNT},
    Kind.NOTE: {"text": _TEXT},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, as it is on disk.

    seq: its number, from 1, without gaps.
    wall: when it was written, by the clock that the journal was given; UTC.
    session_ms: time since the session was opened, in ms; 0 outside of a session.
    kind, data: what it tells; see ``Journal.append``.
    previous, hash: the chain: the hash of the entry before it, and its own.
    """

    seq: int
    wall: datetime
    session_ms: int
    kind: Kind
    data: Data
    previous: str
    hash: str


@final
class Flaw(Enum):
    """What can be wrong with a journal."""

    ALTERED = "altered"
    MISSING = "missing"
    INSERTED = "inserted"
    CUT_OFF = "cut off"
    TRUNCATED = "truncated file"
    DAMAGED = "damaged"
    RULES = "rules altered"


@dataclass(frozen=True, slots=True)
class Problem:
    """The first thing that is wrong. ``entry`` is the number of the entry concerned, None when it is the whole file."""

    flaw: Flaw
    entry: int | None
    words: str

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True, slots=True)
class Verification:
    """What a look at a whole journal has found.

    entries: how many entries, from the first one on, are as they were written.
    head: the hash of the last of them; note it elsewhere to recognise the journal again.
    problem: the first problem, None when the journal is whole.
    """

    path: Path
    entries: int
    head: str
    problem: Problem | None

    def __str__(self) -> str:
        name = _printable(str(self.path))
        if self.problem is None:
            return f"{name} is whole: {_counted(self.entries)}, head {self.head}"
        return f"{name} is {self.problem}; whole before that: {_counted(self.entries)}"


@dataclass(frozen=True, slots=True)
class PastSession:
    """What the journal knows of a session.

    opened_seq, last_seq: the numbers of its first and last entry.
    ended: wall time of its last entry; of one that was never closed, the earliest time at which it can have ended.
    polarity: the direction that it started with, 1 or -1.
    outcome: None when it was never closed: the power was lost or the program ended.
    treated_ms: as it was closed; None when it was not.
    unacknowledged: names of its trips that nobody has acknowledged yet.
    carried: it ended in a fault or was never closed, and nobody has acknowledged that yet.
    """

    opened_seq: int
    last_seq: int
    patient: str
    polarity: int
    opened: datetime
    ended: datetime
    outcome: Outcome | None
    treated_ms: int | None
    unacknowledged: tuple[str, ...]
    carried: bool


@dataclass(frozen=True, slots=True)
class Carried:
    """What waits for an acknowledgement before anything may start: of every patient, for the device is one.

    trips: names of all trips not acknowledged, in or out of a session: what the core is to be initialised with.
    sessions: those that are ``carried``.
    """

    trips: tuple[str, ...]
    sessions: tuple[PastSession, ...]


# ---- the file ---------------------------------------------------------------------------------------------------

_TABLES: Final = {
    "entry": (
        "CREATE TABLE entry (seq INTEGER PRIMARY KEY, wall TEXT NOT NULL, session_ms INTEGER NOT NULL, "
        "kind TEXT NOT NULL, data TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL)"
    ),
    "head": "CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), entries INTEGER NOT NULL, hash TEXT NOT NULL)",
}
_TRIGGERS: Final = {
    "entries_follow": (
        "CREATE TRIGGER entries_follow BEFORE INSERT ON entry "
        "WHEN NEW.seq IS NOT (SELECT entries + 1 FROM head) OR NEW.previous IS NOT (SELECT hash FROM head) "
        "BEGIN SELECT RAISE(ABORT, 'an entry follows the last one'); END"
    ),
    "entries_counted": (
        "CREATE TRIGGER entries_counted AFTER INSERT ON entry "
        "BEGIN UPDATE head SET entries = NEW.seq, hash = NEW.hash; END"
    ),
    "entries_stay": (
        "CREATE TRIGGER entries_stay BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never altered'); END"
    ),
    "entries_kept": (
        "CREATE TRIGGER entries_kept BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END"
    ),
    "head_tells_the_last": (
        "CREATE TRIGGER head_tells_the_last BEFORE UPDATE ON head WHEN NEW.one IS NOT 1 "
        "OR NEW.entries IS NOT (SELECT max(seq) FROM entry) "
        "OR NEW.hash IS NOT (SELECT hash FROM entry ORDER BY seq DESC LIMIT 1) "
        "BEGIN SELECT RAISE(ABORT, 'the head tells the last entry'); END"
    ),
    "head_is_one": (
        "CREATE TRIGGER head_is_one BEFORE INSERT ON head WHEN (SELECT count(*) FROM head) > 0 "
        "BEGIN SELECT RAISE(ABORT, 'there is one head'); END"
    ),
    "head_kept": (
        "CREATE TRIGGER head_kept BEFORE DELETE ON head BEGIN SELECT RAISE(ABORT, 'the head is never deleted'); END"
    ),
}
_PAGE_BYTES: Final = 4096
_HEADER_BYTES: Final = 100
_MAGIC: Final = b"SQLite format 3\x00"
_COLUMNS: Final = "seq, wall, session_ms, kind, data, previous, hash"
_KEEP: Final = "keep this file as it is, find out what happened to it, and begin another"


def _connect(place: str) -> sqlite3.Connection:
    """A connection to a file that is there. The path goes as a URI, byte for byte: any name is possible."""
    name = urllib.parse.quote(os.fsencode(place))
    connection = sqlite3.connect(
        f"file:{name}?mode=rw",
        uri=True,
        timeout=_WAIT_S,
        isolation_level=None,
        # A supervisor may run its exchanges in changing threads; Journal has a lock of its own.
        check_same_thread=False,
    )
    # The file may come from anyone: no code from its schema, no giant values, suspicion towards its pages.
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 2 * LONGEST_DATA)
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cell_size_check=ON")
    return connection


def _setting(connection: sqlite3.Connection, pragma: str) -> object:
    row = connection.execute(f"PRAGMA {pragma}").fetchone()
    return None if row is None else row[0]


def _create(place: str) -> None:
    """Make an empty journal, whole or not at all: built beside its place, made durable, then renamed into it."""
    try:
        folder = os.open(os.path.dirname(place), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Refusal(
            f"journal {place}", "in a folder that is not there", "a file in a folder that exists", "the file system",
            "make the folder, or choose another",
        ) from None  # fmt: skip
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.lexists(place):
            return
        for suffix in ("-journal", "-wal"):
            if os.path.lexists(place + suffix):
                # SQLite would play it back into the new file.
                raise Refusal(
                    f"journal {place}", f"gone, but its {suffix} file is still there", "a new name",
                    "the journal's format", "bring the journal back, or put the leftover away",
                )  # fmt: skip
        fresh = f"{place}-new"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(fresh)  # of a program that was killed just here: nobody else makes one while the folder is locked
        try:
            _build(fresh)
            os.rename(fresh, place)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(fresh)
            raise
        os.fsync(folder)
    finally:
        os.close(folder)


def _build(fresh: str) -> None:
    # Health data: for its owner alone. SQLite gives its own side files the same mode.
    file = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with contextlib.closing(_connect(fresh)) as connection:
            connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")
            # Nobody sees this file before it is whole and synced, below.
            connection.execute("PRAGMA journal_mode=OFF")
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("BEGIN")
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={FORMAT_VERSION}")
            for table in _TABLES.values():
                connection.execute(table)
            connection.execute("INSERT INTO head VALUES (1, 0, ?)", (ORIGIN,))
            for trigger in _TRIGGERS.values():
                connection.execute(trigger)
            connection.execute("COMMIT")
        os.fsync(file)
    finally:
        os.close(file)


# ---- refusals ---------------------------------------------------------------------------------------------------

_OF_SQLITE: Final[Mapping[int, tuple[str, str, str, str]]] = {
    sqlite3.SQLITE_BUSY: (
        "in use", "one program at a time", "the journal's lock", "end the session that uses it, then try again",
    ),
    sqlite3.SQLITE_LOCKED: (
        "in use", "one program at a time", "the journal's lock", "end the session that uses it, then try again",
    ),
    sqlite3.SQLITE_FULL: (
        "on a full disk", "room for every entry before its act", "the file system", "free some space",
    ),
    sqlite3.SQLITE_READONLY: (
        "not writable", "a file and a folder that can be written", "the file system", "choose another place",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "not to be opened, or no file can be made beside it", "a file and a folder that can be written",
        "the file system", "choose another place",
    ),
    sqlite3.SQLITE_IOERR: (
        "on storage that fails", "storage that confirms every entry", "the operating system",
        "check the disk, then choose another place",
    ),
    sqlite3.SQLITE_NOTADB: ("not a journal", "a file made by iontocore", "its header", "name a journal or a new file"),
    sqlite3.SQLITE_CORRUPT: ("damaged", "a whole journal", "its structure", _KEEP),
}  # fmt: skip


def _refusal_of_sqlite(place: str, error: sqlite3.Error) -> Refusal:
    # Errors that the sqlite3 module finds itself carry no code.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the low byte is the primary code
    given, allowed, who, do = _OF_SQLITE.get(code, (f"unusable: {error}", "a whole journal", "SQLite", _KEEP))
    return Refusal(f"journal {place}", given, allowed, who, do)


def _refusal_of_system(place: str, error: OSError) -> Refusal:
    if isinstance(error, BlockingIOError):
        return Refusal(
            f"journal {place}", "being made by another program", "one program at a time", "the folder's lock",
            "try again",
        )  # fmt: skip
    if error.errno == errno.ENOENT:
        return Refusal(f"journal {place}", "not there", "a journal that exists", "the file system")
    return Refusal(
        f"journal {place}", f"out of reach: {error.strerror}", "a file and a folder that can be read and written",
        "the operating system", "choose another place",
    )  # fmt: skip


def _refusal_of_problem(place: str, problem: Problem) -> Refusal:
    return Refusal(f"journal {place}", problem, "a whole journal", "its own chain of hashes", _KEEP)


def _not_a_journal(place: str, given: str) -> Refusal:
    return Refusal(
        f"journal {place}", given, f"a journal of format {FORMAT_VERSION}", "its header", "name a journal or a new file"
    )


def _place(path: str | os.PathLike[str]) -> str:
    """Where the path leads. A folder or a device is refused here: SQLite would say less, and a pipe would hang it."""
    if "\x00" in os.fspath(path):
        raise Refusal(f"journal {os.fspath(path)}", "no name of a file", "a name without zero bytes", "the file system")
    place = os.path.realpath(path)
    try:
        found = os.stat(place)
    except FileNotFoundError:
        return place
    except OSError as error:
        raise _refusal_of_system(place, error) from None
    if stat.S_ISDIR(found.st_mode):
        raise _not_a_journal(place, "a folder")
    if not stat.S_ISREG(found.st_mode):
        raise _not_a_journal(place, "no ordinary file")
    if found.st_size < _HEADER_BYTES:
        raise _not_a_journal(place, f"a file of {found.st_size} bytes" if found.st_size else "an empty file")
    return place


# ---- looking at a whole journal ---------------------------------------------------------------------------------


# The sqlite3 module cannot decode SQLite's own words when they repeat what is damaged.
_UNREADABLE: Final = (sqlite3.DatabaseError, MemoryError, UnicodeDecodeError)
_NOT_THERE: Final = (Flaw.MISSING, Flaw.CUT_OFF)


@dataclass(frozen=True, slots=True)
class _Examined:
    entries: tuple[Entry, ...]
    problem: Problem | None

    @property
    def head(self) -> str:
        return self.entries[-1].hash if self.entries else ORIGIN


def _examine(connection: sqlite3.Connection, place: str) -> _Examined:
    """Read everything, in one transaction of the caller's. Raises Refusal for what is not a journal of this format."""
    try:
        marked, version = _setting(connection, "application_id"), _setting(connection, "user_version")
    except sqlite3.DatabaseError as error:
        return _Examined((), _damage_that_hides_all(place, error))
    if marked != APPLICATION_ID:
        raise _not_a_journal(place, "a database of another program")
    if version != FORMAT_VERSION:
        later = isinstance(version, int) and version > FORMAT_VERSION
        raise _not_a_journal(place, f"of {'the later' if later else 'no known'} format {version}")
    try:
        found = {str(row[0]): row[1] for row in connection.execute("SELECT name, sql FROM sqlite_master")}
        strange = next((name for name, sql in _TABLES.items() if found.get(name) != sql), None)
        if strange is not None:
            return _Examined((), _altered_rules(f"the table {strange} is not as it was"))
        rules, structure = _rules(connection, found), _structure(connection, place)
    except _UNREADABLE as error:
        return _Examined((), Problem(Flaw.DAMAGED, None, f"damaged before its first entry ({_printable(str(error))})"))
    entries: list[Entry] = []
    broken = _walk(connection, entries)
    # Pages that are not there, or not to be read, look like entries that are missing or altered.
    if structure is not None and (structure.flaw is Flaw.TRUNCATED or (broken and broken.flaw in _NOT_THERE)):
        broken = structure
    return _Examined(tuple(entries), broken or structure or rules)


def _damage_that_hides_all(place: str, error: sqlite3.DatabaseError) -> Problem:
    """Why SQLite does not read the first page of a file, told from the file itself.

    Raises Refusal where the file has no mark of a journal. Opened by hand only now, when SQLite has shown that nobody
    else has it locked: closing a file drops all locks that this process holds on it.
    """
    if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF not in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    ):
        raise error
    with open(place, "rb") as file:
        header = file.read(_HEADER_BYTES)
        size = os.fstat(file.fileno()).st_size
    if not header.startswith(_MAGIC):
        raise _refusal_of_sqlite(place, error)
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise _not_a_journal(place, "a database of another program, or damaged in its header")
    pages = int.from_bytes(header[28:32], "big")
    if size < pages * _PAGE_BYTES:
        return Problem(Flaw.TRUNCATED, None, f"cut short: {size} of {pages * _PAGE_BYTES} bytes are left")
    return Problem(Flaw.DAMAGED, None, "damaged in its first page")


def _rules(connection: sqlite3.Connection, found: Mapping[str, object]) -> Problem | None:
    """Whether the triggers are those that the journal was made with, with nothing added."""
    for name, sql in _TRIGGERS.items():
        if found.get(name) != sql:
            return _altered_rules(f"the trigger {name} is not as it was")
    foreign = sorted(found.keys() - _TABLES.keys() - _TRIGGERS.keys())
    if foreign:
        return _altered_rules(f"{_printable(foreign[0])} is no part of a journal")
    if _setting(connection, "journal_mode") == "wal":
        return _altered_rules("a write-ahead log was switched on")
    return None


def _altered_rules(words: str) -> Problem:
    return Problem(Flaw.RULES, None, f"altered in its rules: {words}")


def _structure(connection: sqlite3.Connection, place: str) -> Problem | None:
    """Whether the file is as long as it says, and every page in order."""
    size = os.stat(place).st_size
    pages, page_bytes = _setting(connection, "page_count"), _setting(connection, "page_size")
    if not isinstance(pages, int) or not isinstance(page_bytes, int) or page_bytes != _PAGE_BYTES:
        return Problem(Flaw.DAMAGED, None, "damaged: its pages do not have the size that they were made with")
    if size < pages * page_bytes:
        return Problem(Flaw.TRUNCATED, None, f"cut short: {size} of {pages * page_bytes} bytes are left")
    if size > pages * page_bytes:
        return Problem(Flaw.DAMAGED, None, f"damaged: {size - pages * page_bytes} bytes follow its last page")
    answer = str(_setting(connection, "integrity_check(1)"))
    if answer != "ok":
        # A line that names the database stands before the one that says what is wrong.
        return Problem(Flaw.DAMAGED, None, f"damaged: {_printable(answer.splitlines()[-1])}")
    return None


def _walk(connection: sqlite3.Connection, entries: list[Entry]) -> Problem | None:
    """Follow the chain from its origin, adding to entries what is as it was written, up to the first problem."""
    expected, previous = 1, ORIGIN
    try:
        first = connection.execute("SELECT min(seq) FROM entry").fetchone()[0]
        if first is not None and first < 1:
            return Problem(Flaw.INSERTED, first, f"added to: entry {first} stands before the first")
        while True:
            # One entry at a time, by its number: then an error of the storage tells which one it was.
            row = connection.execute(f"SELECT {_COLUMNS} FROM entry WHERE seq = ?", (expected,)).fetchone()
            if row is None:
                break
            entry = _entry_of(row, expected)
            if isinstance(entry, str):
                return Problem(Flaw.ALTERED, expected, f"altered at entry {expected}: {entry}")
            if entry.previous != previous:
                return _broken_link(connection, entry)
            entries.append(entry)
            expected, previous = expected + 1, entry.hash
        last = connection.execute("SELECT max(seq) FROM entry").fetchone()[0] or 0
        heads = connection.execute("SELECT entries, hash FROM head").fetchall()
    except _UNREADABLE as error:
        return Problem(Flaw.DAMAGED, expected, f"damaged at entry {expected} ({_printable(str(error))})")
    if last >= expected:
        return Problem(Flaw.MISSING, expected, f"missing entry {expected}, though entry {last} is there")
    return _disagreement(heads, len(entries), previous)


def _broken_link(connection: sqlite3.Connection, entry: Entry) -> Problem:
    """Who is to blame where an entry gives its own hash but does not follow the one before it.

    What comes after it knows the hash that it was written with.
    """
    after = connection.execute(
        "SELECT previous FROM entry WHERE seq = ?1 + 1 UNION ALL SELECT hash FROM head WHERE entries = ?1", (entry.seq,)
    ).fetchone()
    if entry.seq > 1 and after == (entry.hash,):
        before = entry.seq - 1
        return Problem(Flaw.ALTERED, before, f"altered at entry {before}: entry {entry.seq} was written after another")
    return Problem(Flaw.ALTERED, entry.seq, f"altered at entry {entry.seq}: it was made for another place")


def _disagreement(heads: Sequence[tuple[object, object]], count: int, last_hash: str) -> Problem | None:
    """What the head row knows against the chain: here an end that was taken away, or added, is found."""
    if len(heads) != 1:
        return Problem(Flaw.ALTERED, None, "altered in its head: the row that counts the entries is not there")
    counted, head = heads[0]
    if type(counted) is not int or counted < 0:
        return Problem(Flaw.ALTERED, None, "altered in its head: the count is no number")
    if counted > count:
        return Problem(Flaw.CUT_OFF, count, f"cut off after entry {count}: there were {counted}")
    if counted < count:
        return Problem(
            Flaw.INSERTED, counted + 1, f"added to: entry {counted + 1} is not counted, there were {counted}"
        )
    if head != last_hash:
        return Problem(Flaw.ALTERED, count, f"altered at entry {count} or in its head: their hashes differ")
    return None


def _hash(previous: str, seq: int, wall: str, session_ms: int, kind: str, data: str) -> str:
    text = f'{previous}{{"data":{data},"kind":"{kind}","seq":{seq},"session_ms":{session_ms},"wall":"{wall}"}}'
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _entry_of(row: tuple[object, ...], expected: int) -> Entry | str:
    """The entry of a row, or why it is not one that append has written."""
    seq, wall, session_ms, kind, data, previous, own = row
    if not (type(seq) is int and type(session_ms) is int):
        return "its numbers are none"
    if not (isinstance(wall, str) and isinstance(kind, str) and isinstance(data, str)):
        return "its text is none"
    if not (isinstance(previous, str) and isinstance(own, str)):
        return "its hashes are none"
    if not (wall + kind + data + previous).isascii():
        return "its text is not ASCII"
    if seq != expected or _hash(previous, seq, wall, session_ms, kind, data) != own:
        return "its content does not give its hash"
    # From here on somebody has computed the hash: a writer that keeps no rules, or a forger.
    try:
        when, known, content = datetime.fromisoformat(wall), Kind(kind), _plain(json.loads(data))
        canonical = _canonical(content) == data and _wall(when) == wall
    except (ValueError, TypeError, OverflowError, RecursionError):
        return "it is written in another way than entries are"
    if not canonical or session_ms < 0:
        return "it is written in another way than entries are"
    wrong = _wrong_data(known, content)
    return wrong or Entry(seq, when, session_ms, known, cast(Data, content), previous, own)


def _wrong_data(kind: Kind, data: Json) -> str:
    """What a kind's data lacks, in words; empty when it has all that it must have. More is allowed."""
    if not isinstance(data, Mapping):
        return "its data is no object"
    for key, shape in _REQUIRED[kind].items():
        if key not in data:
            return f"{kind} lacks {key}"
        if not shape.holds(data[key]):
            return f"{kind} has a {key} that is not {shape.words}"
    return ""


def _canonical(data: Json) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(value: object) -> Json:
    """The value in dicts and lists alone.

    Raises ValueError and TypeError for what JSON would write, and read as something else: NaN, halves of characters,
    keys that are no text.
    """
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return _unicode(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"an entry holds finite numbers, not {value}")
        return value
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("the keys of an entry's data are text")
        return {_unicode(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    raise TypeError(f"an entry holds JSON, not {type(value).__name__}")


def _unicode(text: str) -> str:
    text.encode()  # UnicodeEncodeError, a ValueError, for a surrogate
    return text


def _wall(when: datetime) -> str:
    if when.tzinfo is None:
        raise ValueError("the journal's clock must tell its time zone")
    return when.astimezone(UTC).isoformat(timespec="microseconds")


# ---- writing ----------------------------------------------------------------------------------------------------


@final
class Journal:
    """A journal that is open for writing, and locked against everyone else. Use it as a context manager.

    It may be used from several threads, not from a forked process. After an entry could not be made durable it takes no
    more, since nobody knows what the storage has: close it and open it again, which verifies it.
    """

    def __init__(
        self, place: str, connection: sqlite3.Connection, clock: Callable[[], datetime], last: Entry | None
    ) -> None:
        """Not for callers: use ``create_or_open``."""
        self._place = place
        self._connection = connection
        self._clock = clock
        self._count, self._head = (0, ORIGIN) if last is None else (last.seq, last.hash)
        self._failure: Refusal | None = None
        self._process: int | None = os.getpid()
        self._lock = threading.Lock()

    @classmethod
    def create_or_open(cls, path: str | os.PathLike[str], clock: Callable[[], datetime]) -> Self:
        """Open the journal at path, or make it. ``clock`` gives the wall time, with its time zone.

        An existing one is verified from end to end first, and a write is tried: who gets a journal can write to it.
        When its last session was never closed, an ``interrupted`` entry says so from now on.

        Raises Refusal for a journal that does not verify, a file that is none, one that another program uses, and
        a place that cannot be written. Then no entry was added.
        """
        place = _place(path)
        try:
            if not os.path.lexists(place):
                _create(place)
            connection = _connect(place)
            try:
                entries = _take(connection, place)
                journal = cls(place, connection, clock, entries[-1] if entries else None)
                drafts, _ = _drafts(entries)
                if drafts and drafts[-1].running:
                    data = {"session": drafts[-1].opened.seq, "last": drafts[-1].last.seq}
                    journal._write(Kind.INTERRUPTED, 0, data)
            except BaseException:
                connection.close()
                raise
        except OSError as error:
            raise _refusal_of_system(place, error) from None
        except sqlite3.Error as error:
            raise _refusal_of_sqlite(place, error) from None
        return journal

    @property
    def path(self) -> Path:
        """Where it is, links resolved."""
        return Path(self._place)

    @property
    def count(self) -> int:
        """How many entries it has."""
        return self._count

    @property
    def head(self) -> str:
        """The hash of the last entry. Noted elsewhere, it shows later that no one has taken entries away."""
        return self._head

    def append(self, kind: Kind, session_ms: int, data: Data) -> Entry:
        """Write an entry. When this returns, it is on disk; only then do what it says.

        session_ms: time since the session was opened, in ms; 0 outside of a session.
        data: JSON. Each kind has keys that it must have, and may have more:

        * session-opened: ``patient`` (its id), ``polarity`` (the direction that it starts with, 1 or -1), and the
          objects ``plan``, ``device``, ``limit`` and ``screening``
        * transition: ``event``, ``from``, ``to``, ``why``
        * request: ``target_na``, ``command``
        * trip: ``trips`` (the names of those that are latched newly)
        * acknowledged: ``trips`` (the names of those that are cleared; none, to answer a session without a trip)
        * session-closed: ``outcome``, ``treated_ms``, ``charge_positive_nc``, ``charge_negative_nc``
        * note: ``text``

        Raises Refusal when it cannot be made durable: then the act must not be done, and no more entries are taken.
        Raises TypeError and ValueError for data that is no entry; then nothing has happened.
        """
        if kind is Kind.INTERRUPTED:
            raise ValueError("interrupted is written by the journal itself, when it is opened")
        return self._write(kind, session_ms, data)

    def _write(self, kind: Kind, session_ms: int, data: Data) -> Entry:
        content = _plain(data)
        wrong = _wrong_data(kind, content)
        if wrong:
            raise ValueError(wrong)
        if type(session_ms) is not int or not 0 <= session_ms <= _INT64_MAX:
            raise ValueError("session_ms is an integer of 64 bits from 0")
        text = _canonical(content)
        if len(text) > LONGEST_DATA:
            raise ValueError(f"the data of an entry has at most {LONGEST_DATA} characters, not {len(text)}")
        with self._lock:
            self._must_be_open()
            if self._failure is not None:
                raise self._failure
            wall = _wall(self._clock())
            seq, previous = self._count + 1, self._head
            own = _hash(previous, seq, wall, session_ms, kind, text)
            try:
                # A statement by itself is a transaction; the trigger entries_counted has the head follow in it.
                self._connection.execute(
                    f"INSERT INTO entry ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (seq, wall, session_ms, str(kind), text, previous, own),
                )
            except sqlite3.Error as error:
                self._failure = _refusal_of_sqlite(self._place, error)
                raise self._failure from None
            self._count, self._head = seq, own
        return Entry(seq, datetime.fromisoformat(wall), session_ms, kind, json.loads(text), previous, own)

    def entries(self) -> tuple[Entry, ...]:
        """All entries, read from the file and verified again. Raises Refusal when they do not verify."""
        with self._lock:
            self._must_be_open()
            try:
                examined = _examine(self._connection, self._place)
            except sqlite3.Error as error:
                raise _refusal_of_sqlite(self._place, error) from None
        return _whole(examined, self._place)

    def latest(self, kind: Kind) -> Entry | None:
        """The last entry of that kind as it stands in the file, None when there is none.

        For a look after a write: this entry alone is verified, by its own hash. Raises Refusal when it cannot be read,
        or is not as it was written.
        """
        with self._lock:
            self._must_be_open()
            try:
                row = self._connection.execute(
                    f"SELECT {_COLUMNS} FROM entry WHERE kind = ? ORDER BY seq DESC LIMIT 1", (str(kind),)
                ).fetchone()
            except sqlite3.Error as error:
                raise _refusal_of_sqlite(self._place, error) from None
        if row is None:
            return None
        entry = _entry_of(row, row[0])
        if isinstance(entry, str):
            problem = Problem(Flaw.ALTERED, row[0], f"altered at entry {row[0]}: {entry}")
            raise _refusal_of_problem(self._place, problem)
        return entry

    def close(self) -> None:
        """Release the lock and leave one file. Closing twice does nothing."""
        with self._lock:
            if self._process is None:
                return
            if self._process == os.getpid():
                # Every entry is durable already: what fails here leaves a side file, which the next opening takes away.
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("PRAGMA locking_mode=NORMAL")
                    self._connection.execute("PRAGMA journal_mode=DELETE")
            self._connection.close()
            self._process = None

    def _must_be_open(self) -> None:
        if self._process is None:
            raise RuntimeError("the journal is closed")
        if self._process != os.getpid():
            raise RuntimeError("the journal belongs to the process that opened it")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _take(connection: sqlite3.Connection, place: str) -> tuple[Entry, ...]:
    """Lock, verify, and show that writing works; all entries."""
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")  # keeps the lock that BEGIN takes until the connection closes
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as error:
        raise _refusal_of_problem(place, _damage_that_hides_all(place, error)) from None
    entries = _whole(_examine(connection, place), place)
    connection.execute("COMMIT")
    for pragma, value, expected in (
        ("journal_mode", "PERSIST", "persist"),  # emptied in place and synced: the quickest that FULL makes durable
        ("synchronous", "FULL", 2),
        ("fullfsync", "ON", 1),  # where fsync alone does not reach the medium
    ):
        connection.execute(f"PRAGMA {pragma}={value}")
        if _setting(connection, pragma) != expected:
            raise Refusal(f"journal {place}", f"without {pragma}={value}", "durable entries", "the journal's format")
    # Writes a whole transaction, side file and all, that changes nothing: a place that cannot be written shows now.
    connection.execute(f"PRAGMA user_version={FORMAT_VERSION}")
    return entries


# ---- reading ----------------------------------------------------------------------------------------------------


def _whole(examined: _Examined, place: str) -> tuple[Entry, ...]:
    if examined.problem is not None:
        raise _refusal_of_problem(place, examined.problem)
    return examined.entries


def _look(place: str) -> _Examined:
    try:
        os.stat(place)  # SQLite's word for a file that is not there is less clear
        with contextlib.closing(_connect(place)) as connection:  # may take back an interrupted entry, if nothing else
            connection.execute("PRAGMA query_only=ON")
            connection.execute("BEGIN")
            return _examine(connection, place)
    except OSError as error:
        raise _refusal_of_system(place, error) from None
    except sqlite3.Error as error:
        raise _refusal_of_sqlite(place, error) from None


def verify(path: str | os.PathLike[str]) -> Verification:
    """Look at every entry and every page of the journal at path, and tell the first problem.

    Raises Refusal for what is not there, is not a journal, has a later format, or is in use. Writes nothing, but an
    entry that a loss of power has interrupted is taken back, as at every opening.
    """
    place = _place(path)
    examined = _look(place)
    return Verification(Path(place), len(examined.entries), examined.head, examined.problem)


def read(path: str | os.PathLike[str]) -> tuple[Entry, ...]:
    """All entries of the journal at path. Raises Refusal as ``verify`` does, and when it is not whole."""
    place = _place(path)
    return _whole(_look(place), place)


# ---- what the entries tell --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Draft:
    """A session while its entries are read."""

    opened: Entry
    last: Entry
    closed: Entry | None = None
    interrupted: bool = False  # something later shows that it was over without being closed
    answered: bool = False  # that it was, has been acknowledged
    faulty: bool = False  # a trip or a fault since the last acknowledgement
    blamed: bool = False  # a trip or a fault at any time
    latched: dict[str, None] = field(default_factory=dict)  # trips not acknowledged, in their order

    @property
    def running(self) -> bool:
        return self.closed is None and not self.interrupted

    def past(self) -> PastSession:
        closed = None if self.closed is None else self.closed.data
        return PastSession(
            opened_seq=self.opened.seq,
            last_seq=self.last.seq,
            patient=cast(str, self.opened.data["patient"]),
            polarity=cast(int, self.opened.data["polarity"]),
            opened=self.opened.wall,
            ended=self.last.wall,
            outcome=None if closed is None else Outcome(cast(str, closed["outcome"])),
            treated_ms=None if closed is None else cast(int, closed["treated_ms"]),
            unacknowledged=tuple(self.latched),
            carried=(closed is None and not self.answered) or self.faulty,
        )

    def add(self, entry: Entry) -> None:
        """An entry of this session while it ran."""
        self.last = entry
        if entry.kind is Kind.TRIP:
            self.latched |= dict.fromkeys(_names(entry))
        if entry.kind is Kind.TRIP or (entry.kind is Kind.TRANSITION and entry.data["to"] == Outcome.FAULT):
            self.faulty = self.blamed = True
        if entry.kind is Kind.SESSION_CLOSED:
            self.closed = entry
            if entry.data["outcome"] == Outcome.FAULT and not self.blamed:
                self.faulty = True

    def acknowledge(self, names: Iterable[str]) -> None:
        for name in names:
            self.latched.pop(name, None)
        self.faulty = self.faulty and bool(self.latched)
        self.answered = self.answered or self.interrupted


def _names(entry: Entry) -> tuple[str, ...]:
    return tuple(cast(Sequence[str], entry.data["trips"]))


def _drafts(entries: Iterable[Entry]) -> tuple[list[_Draft], tuple[str, ...]]:
    """The sessions in their order, and the trips of the whole device that nobody has acknowledged."""
    drafts: list[_Draft] = []
    latched: dict[str, None] = {}
    for entry in entries:
        running = drafts[-1] if drafts and drafts[-1].running else None
        if entry.kind in (Kind.SESSION_OPENED, Kind.INTERRUPTED) and running is not None:
            running.interrupted = True
        if entry.kind is Kind.SESSION_OPENED:
            drafts.append(_Draft(entry, entry))
        elif running is not None and entry.kind not in (Kind.INTERRUPTED, Kind.NOTE):
            running.add(entry)
        if entry.kind is Kind.TRIP:
            latched |= dict.fromkeys(_names(entry))
        elif entry.kind is Kind.ACKNOWLEDGED:
            for name in _names(entry):
                latched.pop(name, None)
            for draft in drafts:
                draft.acknowledge(_names(entry))
    return drafts, tuple(latched)


def sessions(entries: Iterable[Entry]) -> tuple[PastSession, ...]:
    """The sessions that the entries tell of, oldest first. One that is running now looks as if never closed."""
    return tuple(draft.past() for draft in _drafts(entries)[0])


def last_session(entries: Iterable[Entry], patient_id: str) -> PastSession | None:
    """The last session of this patient, None when there was none: for the shortest interval and for alternating."""
    return next((session for session in reversed(sessions(entries)) if session.patient == patient_id), None)


def carried(entries: Iterable[Entry]) -> Carried:
    """What a loss of power must not clear. Ask before a session is opened; see ``Carried``."""
    drafts, trips = _drafts(entries)
    return Carried(trips, tuple(past for past in (draft.past() for draft in drafts) if past.carried))


# ---- showing ----------------------------------------------------------------------------------------------------

_MS_PER_MIN: Final = 60_000
_NC_PER_MA_MIN: Final = 60_000_000
_NA_PER_MA: Final = 1_000_000


def show(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """The journal at path for people: a line for each entry, aligned, and at the end whether it is whole.

    Of a journal that is not, the entries before the first problem are shown. Raises Refusal as ``verify`` does.
    """
    place = _place(path)
    examined = _look(place)
    unclosed = {draft.last.seq: draft for draft in _drafts(examined.entries)[0] if draft.closed is None}
    rows = [(str(e.seq), f"{e.wall:%Y-%m-%d %H:%M:%S}", _clock(e.session_ms), str(e.kind)) for e in examined.entries]
    rows.insert(0, ("no", "time (UTC)", "session", "kind"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    number, wall, session, kind = widths
    lines = [
        f"{row[0]:>{number}}  {row[1]:<{wall}}  {row[2]:>{session}}  {row[3]:<{kind}}  {what}"
        for row, what in zip(rows, ("what", *map(_what, examined.entries)), strict=True)
    ]
    shown = lines[:1]
    for entry, line in zip(examined.entries, lines[1:], strict=True):
        if entry.kind is Kind.SESSION_OPENED:
            shown.append("")
        shown.append(line)
        if entry.seq in unclosed:
            opened = unclosed[entry.seq].opened.seq
            shown.append(f"{'':>{number}}  unfinished: the session that entry {opened} opened was never closed")
    verdict = Verification(Path(place), len(examined.entries), examined.head, examined.problem)
    return (*shown, "", str(verdict))


def _what(entry: Entry) -> str:
    """The entry's data in words: first what its kind must have, then what else is plain in it."""
    data = entry.data
    match entry.kind:
        case Kind.SESSION_OPENED:
            said = [f"patient {data['patient']}", f"direction {'+' if data['polarity'] == 1 else '-'}"]
            said += [f"plan {name}" for name in _plain_values(data["plan"], "name")]
            limit = [f"limit {value} uA" for value in _plain_values(data["limit"], "value_ua")]
            limit += [f"by {binding}" for binding in _plain_values(data["limit"], "binding")]
            said += [" ".join(limit)] if limit else []
        case Kind.TRANSITION:
            said = [f"{data['from']} -> {data['to']} on {data['event']}: {data['why']}"]
        case Kind.REQUEST:
            said = [f"{data['command']} {cast(int, data['target_na']) / _NA_PER_MA:+.3f} mA"]
        case Kind.TRIP:
            said = [", ".join(_names(entry)) or "none named"]
        case Kind.ACKNOWLEDGED:
            said = [", ".join(_names(entry)) or "no trip was latched"]
        case Kind.SESSION_CLOSED:
            treated = _clock(cast(int, data["treated_ms"]))
            positive, negative = cast(int, data["charge_positive_nc"]), cast(int, data["charge_negative_nc"])
            charge = f"+{positive / _NC_PER_MA_MIN:.3f} and -{negative / _NC_PER_MA_MIN:.3f} mA min"
            said = [f"{data['outcome']} after {treated}", f"charge {charge}"]
        case Kind.INTERRUPTED:
            said = [f"the session that entry {data['session']} opened was never closed", f"its last is {data['last']}"]
        case Kind.NOTE:
            said = [str(data["text"])]
    more = [
        f"{key} {value}"
        for key, value in sorted(data.items())
        if key not in _REQUIRED[entry.kind] and isinstance(value, (str, int, float))
    ]
    return _printable(", ".join([*said, *more]))


def _plain_values(value: Json, key: str) -> tuple[str, ...]:
    """What an object has under the key, when that is text or a number: one or none."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return (str(found),) if isinstance(found, (str, int, float)) else ()


def _clock(duration_ms: int) -> str:
    """Minutes, seconds and thousandths."""
    minutes, rest_ms = divmod(duration_ms, _MS_PER_MIN)
    return f"{minutes}:{rest_ms // 1000:02}.{rest_ms % 1000:03}"


def _counted(entries: int) -> str:
    return f"{entries} {'entry' if entries == 1 else 'entries'}"


def _printable(text: str) -> str:
    """The text without anything that a terminal obeys: journals and their names may come from anyone."""
    return "".join(c if c.isprintable() else "?" for c in text)
