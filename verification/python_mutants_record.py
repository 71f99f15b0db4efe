"""The mutants of Python that live on, each with the reason why it may: read, compared and written.

A survivor is known by its module, its function and what the mutation changed, so that a record outlives changes
elsewhere in the file. Two alike in one function need two entries.
"""

import csv
import json
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from iontocore.safety.refusal import Refusal

_HEAD: Final = """\
# The mutants of Python that no test kills, and why each may live.
# Checked by `python -m iontocore.verification.python_mutants`, which fails on one that is not here, has no reason, or
# is here and does not live any more; `--record` adds and removes entries, and the reasons are written by hand.
"""
_FIELDS: Final = ("module", "function", "was", "now", "reason")


class Change(NamedTuple):
    """One mutation: the module, the function (or the name of the table), the text that it changed, and into what."""

    module: str
    function: str
    was: str
    now: str


class Judged(NamedTuple):
    """What the record makes of the survivors that were found."""

    reasoned: tuple[tuple[Change, str], ...]
    unreasoned: tuple[Change, ...]
    stale: tuple[Change, ...]


class Tried(NamedTuple):
    """What came of a module's mutants. speaks_of: the fingerprint of the module and of the tests that it is held to.
    killed: those that made the tests run for ever among them."""

    module: str
    speaks_of: str
    mutants: int
    killed: int


Record = tuple[tuple[Change, str], ...]


def read(path: Path) -> Record:
    """The entries of the record with their reasons; none where there is no file. Refusal for one that is malformed."""
    if not path.exists():
        return ()
    try:
        entries = tomllib.loads(path.read_text("utf-8")).get("survivor", [])
        if any(set(entry) != set(_FIELDS) or not all(isinstance(text, str) for text in entry.values())
               for entry in entries):  # fmt: skip
            raise ValueError(f"an entry has other fields than {', '.join(_FIELDS)}")
    except (AttributeError, TypeError, ValueError) as error:
        raise Refusal(str(path), str(error), "a list of survivors", "the record's format", "mend it") from error
    return tuple((Change(*(entry[name] for name in Change._fields)), entry["reason"]) for entry in entries)


def judge(found: Iterable[Change], record: Record) -> Judged:
    """Which survivors have a reason, which have none, and which entries speak of a mutant that does not live."""
    left = list(record)
    reasoned: list[tuple[Change, str]] = []
    unreasoned: list[Change] = []
    for change in sorted(found):
        entry = next((entry for entry in left if entry[0] == change), None)
        if entry is not None:
            left.remove(entry)
        if entry is not None and entry[1].strip():
            reasoned.append(entry)
        else:
            unreasoned.append(change)
    return Judged(tuple(reasoned), tuple(unreasoned), tuple(change for change, _ in left))


def updated(found: Iterable[Change], record: Record, modules: Iterable[str]) -> Record:
    """The record of what was found in `modules`, with the reasons that are known; entries of other modules stay."""
    looked_at = set(modules)
    judged = judge(found, tuple(entry for entry in record if entry[0].module in looked_at))
    others = [entry for entry in record if entry[0].module not in looked_at]
    return tuple(sorted([*others, *judged.reasoned, *((change, "") for change in judged.unreasoned)]))


def write(path: Path, record: Record) -> None:
    """Write the record, sorted."""
    parts = [_HEAD]
    for change, reason in sorted(record):
        texts = map(_quoted, (*change, reason))
        parts.append("\n".join(["[[survivor]]", *map(" = ".join, zip(_FIELDS, texts, strict=True)), ""]))
    path.write_text("\n".join(parts), encoding="utf-8")


def read_tried(path: Path) -> tuple[Tried, ...]:
    """What came of the mutants of each module; nothing where there is no file. Refusal for one that is malformed."""
    if not path.exists():
        return ()
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    if tuple(header) != Tried._fields or any(len(row) != len(header) for row in rows):
        raise Refusal(str(path), ",".join(header), ",".join(Tried._fields), "the record's format", "write it anew")
    return tuple(Tried(module, text, int(mutants), int(killed)) for module, text, mutants, killed in rows)


def write_tried(path: Path, tried: Iterable[Tried]) -> None:
    """Write what came of the mutants of these modules, sorted; those of others stay."""
    known = {one.module: one for one in (*read_tried(path), *tried)}
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows((Tried._fields, *sorted(known.values())))


def _quoted(text: str) -> str:
    """The text as TOML: plain where it can stand as it is, else in the escapes that TOML shares with JSON."""
    return f"'{text}'" if "'" not in text and text.isprintable() else json.dumps(text, ensure_ascii=False)
