"""The text of a journal: its entries in words, a line for each, for people."""

import os
from collections.abc import Mapping
from typing import Final, cast

from iontocore.entries import REQUIRED, Entry, Json, Kind, named_trips
from iontocore.history import sessions
from iontocore.journal import look
from iontocore.safety.words import NC_PER_MA_MIN, printable
from iontocore.wording import to_the_ms

_NA_PER_MA: Final = 1_000_000


def show(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """The journal at path for people: a line for each entry, aligned, and at the end whether it is whole.

    Of a journal that is not, the entries before the first problem are shown. Raises Refusal as ``verify`` does.
    """
    verdict, entries = look(path)
    unclosed = {session.last_seq: session for session in sessions(entries) if session.outcome is None}
    rows = [(str(e.seq), f"{e.wall:%Y-%m-%d %H:%M:%S}", to_the_ms(e.session_ms), str(e.kind)) for e in entries]
    rows.insert(0, ("no", "time (UTC)", "session", "kind"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    number, wall, session, kind = widths
    lines = [
        f"{row[0]:>{number}}  {row[1]:<{wall}}  {row[2]:>{session}}  {row[3]:<{kind}}  {what}"
        for row, what in zip(rows, ("what", *map(_what, entries)), strict=True)
    ]
    shown = lines[:1]
    for entry, line in zip(entries, lines[1:], strict=True):
        if entry.kind is Kind.SESSION_OPENED:
            shown.append("")
        shown.append(line)
        if entry.seq in unclosed:
            opened = unclosed[entry.seq].opened_seq
            shown.append(f"{'':>{number}}  unfinished: the session that entry {opened} opened was never closed")
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
            said = [", ".join(named_trips(entry)) or "none named"]
        case Kind.ACKNOWLEDGED:
            said = [", ".join(named_trips(entry)) or "no trip was latched"]
        case Kind.SESSION_CLOSED:
            treated = to_the_ms(cast(int, data["treated_ms"]))
            positive, negative = cast(int, data["charge_positive_nc"]), cast(int, data["charge_negative_nc"])
            charge = f"+{positive / NC_PER_MA_MIN:.3f} and -{negative / NC_PER_MA_MIN:.3f} mA min"
            said = [f"{data['outcome']} after {treated}", f"charge {charge}"]
        case Kind.INTERRUPTED:
            said = [f"the session that entry {data['session']} opened was never closed", f"its last is {data['last']}"]
        case Kind.NOTE:
            said = [str(data["text"])]
    more = [
        f"{key} {value}"
        for key, value in sorted(data.items())
        if key not in REQUIRED[entry.kind] and isinstance(value, (str, int, float))
    ]
    return printable(", ".join([*said, *more]))


def _plain_values(value: Json, key: str) -> tuple[str, ...]:
    """What an object has under the key, when that is text or a number: one or none."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return (str(found),) if isinstance(found, (str, int, float)) else ()
