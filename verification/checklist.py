"""Checklists: the clauses of standards that software can support, each with an answer, and where that answer stands.

A row is no claim of compliance. It says what a clause asks for, in our own words, and then one of: that the answer is
here, that a part of it is, that it is the manufacturer's to show (with what this project gives towards it), or why the
clause does not apply. What is answered here is answered for the software as it stands, and not for a device.

The standards were not at hand. Numbers and titles of the clauses come from public checklists and excerpts; the mark of
a row says how far they can be trusted, as with the figures of ``safety.limits``.

The tables are in ``iec_62304_design``, ``iec_62304_verification``, ``iec_62304_upkeep``, ``iec_60601_1``
and ``iec_60601_2_10``; ``checklists`` joins and prints them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from iontocore.safety.limits import Mark
from iontocore.verification.tools import ROOT

_CLAUSE: Final = re.compile(r"\d+(\.\d+)*( [a-l]\))?")
_COMMAND: Final = re.compile(r"make (?P<target>[a-z][a-z-]*)")
_TARGET: Final = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)


class Answer(StrEnum):
    """How a clause is answered."""

    HERE = "answered here"
    PARTLY = "answered in part"
    MANUFACTURER = "the manufacturer's to show"
    DOES_NOT_APPLY = "does not apply"


@dataclass(frozen=True, slots=True)
class Row:
    """A clause. ValueError when a part that its answer needs is missing, or one is there that contradicts it.

    clause: its number. asks: what it asks for. answer: how it is answered. gives: what this project gives towards it,
    or why it does not apply. left: what is left for the manufacturer to show; "" when nothing is. where: what to look
    at, files and folders from the top of the project, and what to run, as ``make prove``. mark: of number and content.
    """

    clause: str
    asks: str
    answer: Answer
    gives: str
    where: tuple[str, ...] = ()
    left: str = ""
    mark: Mark = Mark.READ

    def __post_init__(self) -> None:
        if not _CLAUSE.fullmatch(self.clause):
            raise ValueError(f"{self.clause!r} is no clause")
        texts = (self.asks, self.gives, *([self.left] if self.left else []))
        if not all(text[:1].isupper() and text.endswith((".", "?")) for text in texts):
            raise ValueError(f"{self.clause}: its texts are not all sentences")
        if not isinstance(self.answer, Answer) or not isinstance(self.mark, Mark):
            raise ValueError(f"{self.clause}: {self.answer!r} is no answer or {self.mark!r} is no mark")
        if bool(self.left) is not (self.answer in (Answer.PARTLY, Answer.MANUFACTURER)):
            raise ValueError(
                f"{self.clause}: something is left of what is answered in part or not at all, and only then"
            )
        if not self.where and self.answer in (Answer.HERE, Answer.PARTLY):
            raise ValueError(f"{self.clause}: an answer stands somewhere")


@dataclass(frozen=True, slots=True)
class Checklist:
    """The rows of one standard, in the order of its clauses. ValueError when one stands twice or out of order."""

    standard: str
    about: str
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        order = [_numbers(row.clause) for row in self.rows]
        if order != sorted(order) or len(set(order)) != len(order):
            raise ValueError(f"{self.standard}: a clause stands twice or out of order")

    def count(self) -> Counter[Answer]:
        """How many clauses have which answer."""
        return Counter(row.answer for row in self.rows)


class Unfounded(NamedTuple):
    """Something that a row names and that is not there."""

    standard: str
    clause: str
    what: str


def _numbers(clause: str) -> tuple[tuple[int, ...], str]:
    """Sorts 5.10 after 5.9, and ``5.5.4 a)`` after 5.5.4."""
    number, _, letter = clause.partition(" ")
    return tuple(map(int, number.split("."))), letter


def unfounded(checklists: Sequence[Checklist], root: Path = ROOT) -> Iterator[Unfounded]:
    """What rows name that is not there: files, folders, targets of the Makefile at `root`."""
    targets = set(_TARGET.findall((root / "Makefile").read_text(encoding="utf-8")))
    for checklist in checklists:
        for row in checklist.rows:
            for place in row.where:
                command = _COMMAND.fullmatch(place)
                if command["target"] not in targets if command else not (root / place).exists():
                    yield Unfounded(checklist.standard, row.clause, place)


def lines(checklist: Checklist) -> Iterator[str]:
    """The checklist as text, for people."""
    counted = checklist.count()
    yield f"{checklist.standard}: {', '.join(f'{counted[answer]} {answer}' for answer in Answer if counted[answer])}"
    yield checklist.about
    for row in checklist.rows:
        yield f"\n  {row.clause:10} {row.answer.upper()}"
        yield f"    asks   {row.asks}"
        yield f"    gives  {row.gives}"
        if row.left:
            yield f"    left   {row.left}"
        if row.where:
            yield f"    where  {', '.join(row.where)}"
        if row.mark is not Mark.READ:
            yield f"    clause {row.mark}"
