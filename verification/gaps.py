"""What tests left undecided in C code, read from the export of llvm-cov.

A gap is a function that was never called, a condition that was never true or never false, or a condition of a compound
decision that never decided it (MC/DC as clang has it: two evaluations differ in this condition and in the outcome, and
in no other condition that was looked at). A comparison whose value is only passed on is no condition: nothing branches
on it. A gap is named by function and by text without its layout, never by lines.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

NEVER: Final = ("called", "true", "false", "decides")
"""What may be missing at a place: a function is never called; a condition is never true, is never false, or never
decides."""

_EXPANSION: Final = 1
"""The number of llvm-cov for a region that is the use of a macro."""
_OF_A_DECISION: Final = 6
"""... for a branch that is a condition of a compound decision."""
_COMMENT: Final = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)

_Span = tuple[int, int, int, int]
"""First line and column, last line and the column after it, from 1."""


class Place(NamedTuple):
    """Where something is missing. A decision of one condition has the text of that; a function has neither."""

    file: str
    function: str
    decision: str = ""
    condition: str = ""


class Gap(NamedTuple):
    """What is missing at a place: one of `NEVER`. line: where it stands in the text that was measured, for people."""

    place: Place
    never: str
    line: int


class Count(NamedTuple):
    """How many of how many are covered."""

    covered: int
    total: int


class Totals(NamedTuple):
    """The sums of llvm-cov over a file. branches: outcomes of conditions. conditions: those of compound decisions, and
    of them those that were shown to decide (MC/DC)."""

    functions: Count
    lines: Count
    branches: Count
    conditions: Count


class Measured(NamedTuple):
    """What a run covered of each file, and everything that it did not."""

    totals: Mapping[str, Totals]
    gaps: Sequence[Gap]


def normalised(text: str) -> str:
    """A piece of C without comments, without layout, and without parentheses around the whole."""
    text = " ".join(_COMMENT.sub(" ", text).split())
    while text.startswith("(") and _closes(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _closes(text: str) -> int:
    """Where the parenthesis closes that opens at the beginning; -1 when it does not."""
    depth = 0
    for index, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return index
    return -1


def read(export: Mapping[str, Any], texts: Mapping[str, str], names: Mapping[str, str]) -> Measured:
    """What the export of ``llvm-cov export`` says of some files.

    texts: the files as they were compiled, by their paths in the export. names: by the same paths, what to call them.
    ValueError: a file is not in the export, a compound decision was not measured, or there are not as many gaps as
    llvm-cov counts: nothing is left out in silence.
    """
    data = export["data"][0]
    summaries = {file["filename"]: file["summary"] for file in data["files"]}
    totals: dict[str, Totals] = {}
    gaps: list[Gap] = []
    for path, name in names.items():
        if path not in summaries:
            raise ValueError(f"{name} was not measured")
        kinds = (summaries[path][kind] for kind in ("functions", "lines", "branches", "mcdc"))
        totals[name] = Totals(*(Count(kind["covered"], kind["count"]) for kind in kinds))
        functions = [function for function in data["functions"] if function["filenames"][0] == path]
        missing = list(chain.from_iterable(_gaps(function, texts[path].splitlines(), name) for function in functions))
        _agree(name, totals[name], missing)
        uncalled = {gap.place.function for gap in missing if gap.never == "called"}
        found = [gap for gap in missing if gap.never == "called" or gap.place.function not in uncalled]
        gaps += sorted(found, key=lambda gap: (gap.line, gap.place, NEVER.index(gap.never)))
    return Measured(totals, gaps)


def _agree(name: str, totals: Totals, gaps: Sequence[Gap]) -> None:
    for what, count, kinds in (
        ("functions", totals.functions, ("called",)),
        ("branches", totals.branches, ("true", "false")),
        ("conditions that never decide", totals.conditions, ("decides",)),
    ):
        found = sum(gap.never in kinds for gap in gaps)
        if found != count.total - count.covered:
            raise ValueError(f"{name}: {found} {what} found, and llvm-cov counts {count.total - count.covered}")


def _gaps(function: Mapping[str, Any], lines: Sequence[str], file: str) -> Iterator[Gap]:
    """All that is missing in one function, called or not."""
    name = function["name"].rpartition(":")[2]
    uses = {region[6]: region for region in function["regions"] if region[7] == _EXPANSION}

    def span(region: Sequence[int], file_id: int) -> _Span:
        """Where it stands in the function: what is inside of a macro stands where that is used."""
        while file_id != 0:
            region, file_id = uses[file_id], uses[file_id][5]
        return region[0], region[1], region[2], region[3]

    if function["count"] == 0:
        yield Gap(Place(file, name), "called", function["regions"][0][0])
    conditions = {}
    for record in function["mcdc_records"]:
        decision = (record[0], record[1], record[2], record[3])
        of_it = sorted(
            found
            for found in (span(branch, branch[6]) for branch in function["branches"] if branch[8] == _OF_A_DECISION)
            if decision[:2] <= found[:2] and found[2:] <= decision[2:]
        )
        if len(of_it) != len(record[6]):
            raise ValueError(f"{file}:{decision[0]}: {len(of_it)} conditions found, and llvm-cov has {len(record[6])}")
        for condition, decides in zip(of_it, record[6], strict=True):
            conditions[condition] = decision
            if not decides:
                place = Place(file, name, _text(lines, decision), _text(lines, condition))
                yield Gap(place, "decides", condition[0])
    for branch in function["branches"]:
        condition = span(branch, branch[6])
        if branch[8] == _OF_A_DECISION and condition not in conditions:
            raise ValueError(f"{file}:{condition[0]}: a compound decision was not measured")
        place = Place(file, name, _text(lines, conditions.get(condition, condition)), _text(lines, condition))
        yield from (
            Gap(place, never, condition[0])
            for never, times in (("true", branch[4]), ("false", branch[5]))
            if times == 0
        )


def _text(lines: Sequence[str], span: _Span) -> str:
    """What stands there, normalised."""
    first, start, last, end = span
    within = [*lines[first - 1 : last - 1], lines[last - 1][: end - 1]]
    return normalised("\n".join([within[0][start - 1 :], *within[1:]]))
