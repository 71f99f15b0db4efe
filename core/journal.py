"""The journal: what was done, on disk before it is done, so that nobody can change it unseen.

One SQLite file. Entries (``iontocore.entries``) are only ever added; each carries the hash of the one before it, and a
head row, changed in the same transaction, counts them and repeats the last hash, so that an altered, missing, inserted
or cut-off entry is found and named. A journal that does not verify is never written again.

What makes it durable: a rollback journal and ``synchronous=FULL``, so ``append`` returns when the storage has confirmed
the entry. What makes it one file: no write-ahead log; the ``-journal`` file beside it exists only while it is open, or
after a loss of power, and the next opening takes back the entry that was being written and removes it.
What makes it one writer: an exclusive lock, held from opening to closing, which the operating system releases when the
program ends in whatever way. Nobody can hold up a session by reading along; its own ``entries()`` can be read.

What a chain without a key cannot show: whoever may write the file can make a new one, whole and consistent, or take
away the last entries and set the head back. Only the head hash, noted elsewhere (``Journal.head``,
``Verification.head``), tells such a file from the true one.
"""

import contextlib
import errno
import fcntl
import json
import os
import sqlite3
import stat
import threading
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Final, Self, final

from iontocore.entries import LONGEST_DATA, ORIGIN, Data, Entry, Kind, checked, entry_of, hash_of, wall_text
from iontocore.history import left_open
from iontocore.safety.refusal import Refusal
from iontocore.safety.words import printable

APPLICATION_ID: Final = 0x494F4E54
"""Marks the SQLite file as a journal: "IONT" (``PRAGMA application_id``)."""

FORMAT_VERSION: Final = 1
"""The version of the tables, of the hash and of the kinds (``PRAGMA user_version``). Later versions are refused."""

_WAIT_S: Final = 0.2  # for a reader that is just finishing; longer would be a hang to whoever starts a session


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
        name = printable(str(self.path))
        if self.problem is None:
            return f"{name} is whole: {_counted(self.entries)}, head {self.head}"
        return f"{name} is {self.problem}; whole before that: {_counted(self.entries)}"


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
    if not os.fspath(path):
        raise Refusal("the name of the journal", "empty", "the name of a file", "the file system", "name a journal")
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
        return _Examined((), Problem(Flaw.DAMAGED, None, f"damaged before its first entry ({printable(str(error))})"))
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
        return _altered_rules(f"{printable(foreign[0])} is no part of a journal")
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
        return Problem(Flaw.DAMAGED, None, f"damaged: {printable(answer.splitlines()[-1])}")
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
            entry = entry_of(row, expected)
            if isinstance(entry, str):
                return Problem(Flaw.ALTERED, expected, f"altered at entry {expected}: {entry}")
            if entry.previous != previous:
                return _broken_link(connection, entry)
            entries.append(entry)
            expected, previous = expected + 1, entry.hash
        last = connection.execute("SELECT max(seq) FROM entry").fetchone()[0] or 0
        heads = connection.execute("SELECT entries, hash FROM head").fetchall()
    except _UNREADABLE as error:
        return Problem(Flaw.DAMAGED, expected, f"damaged at entry {expected} ({printable(str(error))})")
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
                session = left_open(entries)
                if session is not None:
                    journal._write(Kind.INTERRUPTED, 0, {"session": session.opened_seq, "last": session.last_seq})
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
        data: JSON; what each kind must have stands at ``Kind``.

        Raises Refusal when it cannot be made durable: then the act must not be done, and no more entries are taken.
        Raises TypeError and ValueError for data that is no entry; then nothing has happened.
        """
        if kind is Kind.INTERRUPTED:
            raise ValueError("interrupted is written by the journal itself, when it is opened")
        return self._write(kind, session_ms, data)

    def _write(self, kind: Kind, session_ms: int, data: Data) -> Entry:
        text = checked(kind, session_ms, data)
        with self._lock:
            self._must_be_open()
            if self._failure is not None:
                raise self._failure
            wall = wall_text(self._clock())
            seq, previous = self._count + 1, self._head
            own = hash_of(previous, seq, wall, session_ms, kind, text)
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
        entry = entry_of(row, row[0])
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


def look(path: str | os.PathLike[str]) -> tuple[Verification, tuple[Entry, ...]]:
    """What ``verify`` finds, together with the entries before the first problem. Raises Refusal as ``verify`` does."""
    place = _place(path)
    examined = _look(place)
    return Verification(Path(place), len(examined.entries), examined.head, examined.problem), examined.entries


def verify(path: str | os.PathLike[str]) -> Verification:
    """Look at every entry and every page of the journal at path, and tell the first problem.

    Raises Refusal for what is not there, is not a journal, has a later format, or is in use. Writes nothing, but an
    entry that a loss of power has interrupted is taken back, as at every opening.
    """
    return look(path)[0]


def read(path: str | os.PathLike[str]) -> tuple[Entry, ...]:
    """All entries of the journal at path. Raises Refusal as ``verify`` does, and when it is not whole."""
    place = _place(path)
    return _whole(_look(place), place)


# ---- words ------------------------------------------------------------------------------------------------------


def _counted(entries: int) -> str:
    return f"{entries} {'entry' if entries == 1 else 'entries'}"
