"""The entries of a journal: what an entry is, what each kind must tell, and the hash that chains it to the one before.

An entry is kept as it was checked: its data as canonical JSON (sorted keys, no spaces, ASCII), its time in UTC.

The hash of an entry can be computed without this program. It is the SHA-256, in hexadecimal, of the ASCII text::

    previous || {"data":DATA,"kind":"KIND","seq":SEQ,"session_ms":MS,"wall":"WALL"}

with the columns of the entry in place of the capitals (DATA is the canonical JSON). The first entry's ``previous`` is
``ORIGIN``.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TypeAlias, cast, final

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""What an entry may hold: JSON, with finite numbers. Tuples come back as lists."""

Data: TypeAlias = Mapping[str, Json]

ORIGIN: Final = hashlib.sha256(b"iontocore journal 1").hexdigest()
"""What the first entry's ``previous`` is, and the head hash of a journal without entries."""

LONGEST_DATA: Final = 1_000_000
"""The most characters that the JSON of one entry may have."""

_INT64_MAX: Final = 2**63 - 1


@final
class Kind(StrEnum):
    """What an entry tells. The values stand in files: they are added to, never changed.

    Each kind has keys that its data must have, and may have more:

    * session-opened: ``patient`` (its id), ``polarity`` (the direction that it starts with, 1 or -1), and the objects
      ``plan``, ``device``, ``limit`` and ``screening``
    * transition: ``event``, ``from``, ``to``, ``why``
    * request: ``target_na``, ``command``
    * trip: ``trips`` (the names of those that are latched newly)
    * acknowledged: ``trips`` (the names of those that are cleared; none, to answer a session without a trip)
    * session-closed: ``outcome``, ``treated_ms``, ``charge_positive_nc``, ``charge_negative_nc``
    * interrupted: ``session`` and ``last`` (the numbers of the first and last entry of the session that was not closed)
    * note: ``text``
    """

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
class Shape:
    """What the value of a required key must be: in words, and as a predicate."""

    words: str
    holds: Callable[[Json], bool]


def _is_int64(value: Json) -> bool:
    return type(value) is int and abs(value) <= _INT64_MAX


_TEXT: Final = Shape("text", lambda value: isinstance(value, str))
_OBJECT: Final = Shape("an object", lambda value: isinstance(value, Mapping))
_INTEGER: Final = Shape("an integer of 64 bits", _is_int64)
_COUNT: Final = Shape("an integer of 64 bits from 0", lambda value: _is_int64(value) and cast(int, value) >= 0)
_SIGN: Final = Shape("1 or -1", lambda value: type(value) is int and value in (1, -1))
_OUTCOME: Final = Shape("completed, stopped or fault", lambda value: value in tuple(Outcome))
_NAMES: Final = Shape(
    "a list of names", lambda value: isinstance(value, list) and all(isinstance(name, str) for name in value)
)

REQUIRED: Final[Mapping[Kind, Mapping[str, Shape]]] = {
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
"""What the data of each kind must have."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, as it is on disk.

    seq: its number, from 1, without gaps.
    wall: when it was written, by the clock that the journal was given; UTC.
    session_ms: time since the session was opened, in ms; 0 outside of a session.
    kind, data: what it tells; see ``Kind``.
    previous, hash: the chain: the hash of the entry before it, and its own.
    """

    seq: int
    wall: datetime
    session_ms: int
    kind: Kind
    data: Data
    previous: str
    hash: str


def named_trips(entry: Entry) -> tuple[str, ...]:
    """The trips that an entry of the kind trip or acknowledged names."""
    return tuple(cast(Sequence[str], entry.data["trips"]))


def hash_of(previous: str, seq: int, wall: str, session_ms: int, kind: str, data: str) -> str:
    """The hash of an entry, from its columns as they are on disk."""
    text = f'{previous}{{"data":{data},"kind":"{kind}","seq":{seq},"session_ms":{session_ms},"wall":"{wall}"}}'
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def checked(kind: Kind, session_ms: int, data: Data) -> str:
    """The data of an entry that is to be written, as canonical JSON.

    Raises TypeError and ValueError for what is no entry: data that is not JSON, too long or without what the kind must
    have, and a session_ms that is no count of ms.
    """
    content = _plain(data)
    wrong = _wrong_data(kind, content)
    if wrong:
        raise ValueError(wrong)
    if type(session_ms) is not int or not 0 <= session_ms <= _INT64_MAX:
        raise ValueError("session_ms is an integer of 64 bits from 0")
    text = _canonical(content)
    if len(text) > LONGEST_DATA:
        raise ValueError(f"the data of an entry has at most {LONGEST_DATA} characters, not {len(text)}")
    return text


def entry_of(row: tuple[object, ...], expected: int) -> Entry | str:
    """The entry of a row, read in the order of ``Entry``, or why it is not one that was written as entries are.

    expected: the number that it must have.
    """
    seq, wall, session_ms, kind, data, previous, own = row
    if not (type(seq) is int and type(session_ms) is int):
        return "its numbers are none"
    if not (isinstance(wall, str) and isinstance(kind, str) and isinstance(data, str)):
        return "its text is none"
    if not (isinstance(previous, str) and isinstance(own, str)):
        return "its hashes are none"
    if not (wall + kind + data + previous).isascii():
        return "its text is not ASCII"
    if seq != expected or hash_of(previous, seq, wall, session_ms, kind, data) != own:
        return "its content does not give its hash"
    # From here on somebody has computed the hash: a writer that keeps no rules, or a forger.
    try:
        when, known, content = datetime.fromisoformat(wall), Kind(kind), _plain(json.loads(data))
        canonical = _canonical(content) == data and wall_text(when) == wall
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
    for key, shape in REQUIRED[kind].items():
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


def wall_text(when: datetime) -> str:
    """The time as an entry has it: UTC, to the microsecond. Raises ValueError for one without its time zone."""
    if when.tzinfo is None:
        raise ValueError("the journal's clock must tell its time zone")
    return when.astimezone(UTC).isoformat(timespec="microseconds")
