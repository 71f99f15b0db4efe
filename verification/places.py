"""Where something stands in the text: a row of a table by its id, a function of C by its name."""

import re
from functools import cache
from pathlib import Path

from iontocore.verification.evidence import Place
from iontocore.verification.tools import ROOT


def of_row(file: str, row: str, root: Path = ROOT) -> Place:
    """The line on which a table gives a row its id, as in ``id="H-01",`` or ``"SI-01",``. LookupError when there is no
    such line."""
    return _first(file, rf'(?:^|[\s(])(?:id ?= ?)?"{re.escape(row)}",?\s*$', root)


def of_id(file: str, name: str, root: Path = ROOT) -> Place:
    """The first line that has this id between quotation marks. LookupError when there is none."""
    return _first(file, rf'"{re.escape(name)}"', root)


def of_function(file: str, name: str, root: Path = ROOT) -> Place:
    """The line on which the last definition or declaration of a C function begins. LookupError when there is none."""
    found = [number for number, line in _lines(file, root) if re.match(rf"[A-Za-z_][^;{{}}()=]*\b{name}\(", line)]
    if not found:
        raise LookupError(f"{file} has no function {name}")
    return Place(file, found[-1])


def _first(file: str, pattern: str, root: Path) -> Place:
    path = root / file
    number = _number(path, path.stat().st_mtime_ns, pattern)
    if number is None:
        raise LookupError(f"{file} has no line like {pattern}")
    return Place(file, number)


@cache
def _number(path: Path, changed_ns: int, pattern: str) -> int | None:
    looked_for = re.compile(pattern)
    return next((number for number, line in _numbered(path, changed_ns) if looked_for.search(line)), None)


def _lines(file: str, root: Path) -> tuple[tuple[int, str], ...]:
    path = root / file
    return _numbered(path, path.stat().st_mtime_ns)


@cache
def _numbered(path: Path, changed_ns: int) -> tuple[tuple[int, str], ...]:
    """The lines with their numbers; `changed_ns` makes those of a file that was changed be read again."""
    return tuple(enumerate(path.read_text("utf-8").splitlines(), 1))
