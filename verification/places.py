"""Where something stands in the text: a row of a table by its id, a function of C by its name."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from iontocore.verification.evidence import Place
from iontocore.verification.tools import ROOT

_HEAD: Final = re.compile(r"[A-Za-z_][^;{}()=]*\b(?P<name>\w+)\(")


def of_row(file: str, row: str, root: Path = ROOT) -> Place:
    """The line on which a table gives a row its id, as in ``id="H-01",`` or ``"SI-01",``. LookupError when there is no
    such line."""
    path = root / file
    number = _number(path, path.stat().st_mtime_ns, rf'(?:^|[\s(])(?:id ?= ?)?"{re.escape(row)}",?\s*$')
    if number is None:
        raise LookupError(f"{file} has no row {row}")
    return Place(file, number)


def of_id(name: str, *files: str, root: Path = ROOT) -> Place:
    """The first line of these files that has an id between quotation marks. LookupError when there is none."""
    for file in files:
        number = _number(root / file, (root / file).stat().st_mtime_ns, rf'"{re.escape(name)}"')
        if number is not None:
            return Place(file, number)
    raise LookupError(f"none of {', '.join(files)} has {name}")


def of_function(file: str, name: str, root: Path = ROOT) -> Place:
    """The line on which the last definition or declaration of a C function begins. LookupError when there is none."""
    path = root / file
    number = _begins(path, path.stat().st_mtime_ns).get(name)
    if number is None:
        raise LookupError(f"{file} has no function {name}")
    return Place(file, number)


@cache
def _begins(path: Path, changed_ns: int) -> Mapping[str, int]:
    """The line of each function of C, the last where there are several."""
    heads = ((number, _HEAD.match(line)) for number, line in _numbered(path, changed_ns))
    return {head["name"]: number for number, head in heads if head}


@cache
def _number(path: Path, changed_ns: int, pattern: str) -> int | None:
    looked_for = re.compile(pattern)
    return next((number for number, line in _numbered(path, changed_ns) if looked_for.search(line)), None)


@cache
def _numbered(path: Path, changed_ns: int) -> tuple[tuple[int, str], ...]:
    """The lines with their numbers; `changed_ns` makes those of a file that was changed be read again."""
    return tuple(enumerate(path.read_text("utf-8").splitlines(), 1))
