"""What tests left undecided in C code, read from the export of llvm-cov.

A gap is a function that was never called, a condition that was never true or never false, or a condition of a compound
decision that never decided it (MC/DC as clang has it: two evaluations differ in this condition and in the outcome, and
in no other condition that was looked at). A comparison whose value is only passed on is no condition: nothing branches
on it. A gap is named by function and by text without its layout, never by lines.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, chain
from typing import Any, Final, NamedTuple

NEVER: Final = ("called", "true", "false", "decides")
"""What may be missing at a place: a function is never called; a condition is never true, is never false, or never
decides."""

_EXPANSION: Final = 1
"""The number of llvm-cov for a region that is the use of a macro."""
_OF_A_DECISION: Final = 6
"""... for a branch that is a condition of a compound decision."""
_COMMENT: Final = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_OPERATOR: Final = re.compile(r"&&|\|\|")

_Span = tuple[int, int]
"""Where something begins in the text, and where what comes after it does."""


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
    text = re.sub(r"(?<=\() | (?=\))", "", " ".join(_COMMENT.sub(" ", text).split()))
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


class NotMeasuredError(Exception):
    """What was found is no evidence; the message says why."""


class Source(NamedTuple):
    """A file that is measured: its path in the export, what to call it, its text, and what the preprocessor makes of
    that."""

    path: str
    name: str
    text: str
    preprocessed: str


def read(export: Mapping[str, Any], sources: Sequence[Source]) -> Measured:
    """What the export of ``llvm-cov export`` says of some files.

    NotMeasuredError: a file is not in the export, a compound decision was not measured, or there are not as many gaps
    as llvm-cov counts. Nothing is left out in silence.
    """
    data = export["data"][0]
    summaries = {file["filename"]: file["summary"] for file in data["files"]}
    totals: dict[str, Totals] = {}
    gaps: list[Gap] = []
    for source in sources:
        if source.path not in summaries:
            raise NotMeasuredError(f"{source.name} was not measured")
        kinds = (summaries[source.path][kind] for kind in ("functions", "lines", "branches", "mcdc"))
        totals[source.name] = Totals(*(Count(kind["covered"], kind["count"]) for kind in kinds))
        functions = [function for function in data["functions"] if function["filenames"][0] == source.path]
        missing = list(chain.from_iterable(_gaps(function, source) for function in functions))
        _agree(source.name, totals[source.name], missing)
        _complete(source, functions)
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
            raise NotMeasuredError(f"{name}: {found} {what} found, and llvm-cov counts {count.total - count.covered}")


def _complete(source: Source, functions: Sequence[Mapping[str, Any]]) -> None:
    """Every operator of a compound decision joins two of the conditions that were measured. Clang only warns of a
    decision that it leaves out: one that has another inside of one of its conditions."""
    operators = len(_OPERATOR.findall(source.preprocessed))
    measured = sum(_measured(function) for function in functions)
    if measured != operators:
        lines = source.text.splitlines()
        bodies = {
            function["name"].rpartition(":")[2]: (function, lines[span[0] - 1 : span[2]])
            for function in functions
            for span in function["regions"][:1]
        }
        names = [
            name
            for name, (function, body) in bodies.items()
            if _measured(function) != len(_OPERATOR.findall(_COMMENT.sub(" ", "\n".join(body))))
        ]
        raise NotMeasuredError(
            f"{source.name}: {measured} of {operators} operators && and || were measured, not all in "
            f"{', '.join(names) or 'a function that is not used'}; in a && !(b && c), where a decision stands in a "
            "condition of another, clang measures neither"
        )


def _measured(function: Mapping[str, Any]) -> int:
    return sum(len(record[6]) - 1 for record in function["mcdc_records"])


def _gaps(function: Mapping[str, Any], source: Source) -> Iterator[Gap]:
    """All that is missing in one function, called or not."""
    name = function["name"].rpartition(":")[2]
    text = source.text
    uses = {region[6]: region for region in function["regions"] if region[7] == _EXPANSION}
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]

    def span(region: Sequence[int], file_id: int) -> _Span:
        """Where it stands in the text: what is inside of a macro stands where that is used, with its arguments."""
        used = file_id != 0
        while file_id != 0:
            region, file_id = uses[file_id], uses[file_id][5]
        start, end = starts[region[0] - 1] + region[1] - 1, starts[region[2] - 1] + region[3] - 1
        return start, end + _closes(text[end:]) + 1 if used and text.startswith("(", end) else end

    def place(condition: _Span, decision: _Span) -> Place:
        return Place(source.name, name, normalised(text[slice(*decision)]), normalised(text[slice(*condition)]))

    def line(spot: _Span) -> int:
        return text.count("\n", 0, spot[0]) + 1

    if function["count"] == 0:
        yield Gap(Place(source.name, name), "called", function["regions"][0][0])
    decisions = {}
    for record in function["mcdc_records"]:
        decision = span(record, 0)
        # In the order of the export: that of the record, in which what stands in macros comes last.
        conditions = [
            found
            for found in (span(branch, branch[6]) for branch in function["branches"] if branch[8] == _OF_A_DECISION)
            if decision[0] <= found[0] and found[1] <= decision[1]
        ]
        if len(conditions) != len(record[6]):
            raise NotMeasuredError(
                f"{source.name}:{record[0]}: {len(conditions)} conditions, and llvm-cov has {len(record[6])}"
            )
        for condition, decides in zip(conditions, record[6], strict=True):
            decisions[condition] = decision
            if not decides:
                yield Gap(place(condition, decision), "decides", line(condition))
    for branch in function["branches"]:
        condition = span(branch, branch[6])
        yield from (
            Gap(place(condition, decisions.get(condition, condition)), never, line(condition))
            for never, times in (("true", branch[4]), ("false", branch[5]))
            if times == 0
        )
