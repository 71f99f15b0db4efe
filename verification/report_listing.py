"""The texts that the report points at, as listings inside of the page: each place that evidence names is an anchor.

The C core stands there whole. Of any other text there is what belongs to the lines that are named: of Python the
function or the row of a table, of anything else the paragraph. The text is the one that was examined, or there is no
report: a listing of another text beside a verdict would be worse than none.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from iontocore.safety.refusal import Refusal
from iontocore.verification.evidence import Place, Report
from iontocore.verification.report_trace import slug
from iontocore.verification.tools import SOURCES

_WHOLE: Final = {path.as_posix() for path in SOURCES}
_ABOVE: Final = 1
_BELOW: Final = 12
"""Lines shown around a named line of a text without paragraphs of its own."""


class Line(NamedTuple):
    """One line. anchor: "" when nothing points at it. cited: the invariants that what points at it speaks of. contract:
    whether it belongs to a contract, comment: to a comment."""

    number: int
    text: str
    anchor: str
    cited: tuple[str, ...]
    contract: bool
    comment: bool


class Excerpt(NamedTuple):
    """Lines that follow one another. skipped: how many are left out before them."""

    skipped: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """One text. whole: whether no line is left out."""

    path: str
    anchor: str
    sha256: str
    runs: tuple[Excerpt, ...]
    skipped_at_end: int

    @property
    def whole(self) -> bool:
        """Whether no line is left out."""
        return len(self.runs) == 1 and not (self.runs[0].skipped or self.skipped_at_end)


def listings(report: Report, root: Path) -> tuple[Listing, ...]:
    """The texts that the records of a report name, the C core first. Refusal when one of them is not the text that was
    examined, or has no such line."""
    named = _named(report)
    order = [*(path.as_posix() for path in SOURCES), *sorted(named.keys() - _WHOLE)]
    return tuple(_listing(path, named.get(path, {}), report, root) for path in order)


def anchor_of(place: Place) -> str:
    """The anchor of a line that something points at."""
    return f"{slug(place.file)}-{place.line}"


def _named(report: Report) -> Mapping[str, Mapping[int, tuple[str, ...]]]:
    """By path and line: the invariants that are spoken of there."""
    found: dict[str, dict[int, dict[str, None]]] = {}

    def at(place: Place, invariants: Iterable[str]) -> None:
        found.setdefault(place.file, {}).setdefault(place.line, {}).update(dict.fromkeys(invariants))

    for one in report.evidence:
        at(one.source, one.invariants)
    for row in report.invariants:
        at(row.source, (row.id,))
        at(row.predicate, (row.id,))
    for hazard in report.hazards:
        at(hazard.source, ())
    for control in report.controls:
        at(control.source, ())
    for assumption in report.assumptions:
        at(assumption.source, ())
    if report.coverage is not None:
        for hole in report.coverage.uncovered:
            at(hole.place, ())
    return {path: {line: tuple(sorted(ids)) for line, ids in lines.items()} for path, lines in found.items()}


def _listing(path: str, named: Mapping[int, tuple[str, ...]], report: Report, root: Path) -> Listing:
    file = root / path
    if not file.is_file():
        raise _refused(path, "not there")
    content = file.read_bytes()
    digest = sha256(content).hexdigest()
    if report.examined.texts.get(path, digest) != digest:
        raise _refused(path, "not the text that was examined")
    text = content.decode("utf-8", errors="replace")
    lines = _lines(text)
    beyond = [number for number in named if not 1 <= number <= max(1, len(lines))]
    if beyond:
        raise _refused(path, f"a text without a line {beyond[0]}")
    spans = [(1, len(lines))] if path in _WHOLE else _merged(_spans(path, text, sorted(named)))
    styled = list(_styled(path, lines, named))
    runs: list[Excerpt] = []
    last = 0
    for first, end in spans:
        runs.append(Excerpt(first - last - 1, tuple(styled[first - 1 : end])))
        last = end
    return Listing(path, slug(path), digest, tuple(runs), len(lines) - last)


def _styled(path: str, lines: Sequence[str], named: Mapping[int, tuple[str, ...]]) -> Iterator[Line]:
    """Each line with what it is; of C whether it belongs to a contract or a comment."""
    is_c = path.endswith((".c", ".h"))
    contract = comment = False
    for number, text in enumerate(lines, 1):
        stripped = text.strip()
        if is_c and not (contract or comment):
            contract, comment = stripped.startswith("/*@"), stripped.startswith("/*") and "/*@" not in stripped
        anchor = anchor_of(Place(path, number)) if number in named else ""
        one_line = (is_c and stripped.startswith("//")) or (not is_c and stripped.startswith("#"))
        yield Line(number, text, anchor, named.get(number, ()), contract, comment or one_line)
        if "*/" in text:
            contract = comment = False


def _spans(path: str, text: str, named: Sequence[int]) -> Iterator[tuple[int, int]]:
    """What belongs to each named line: its first and its last line."""
    lines = _lines(text)
    nodes = tuple(_nodes(text)) if path.endswith(".py") else ()
    for number in named:
        around = [span for span in nodes if span[0] <= number <= span[1]]
        yield min(around, key=lambda span: span[1] - span[0]) if around else _paragraph(lines, number)


def _nodes(text: str) -> Iterator[tuple[int, int]]:
    """The functions of a Python text, and the rows of its tables."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            yield first, node.end_lineno or node.lineno
    for node in _outside_of_functions(ast.parse(text)):
        if isinstance(node, ast.Call | ast.Assign | ast.AnnAssign) and (node.end_lineno or 0) > node.lineno:
            yield node.lineno, node.end_lineno or node.lineno


def _outside_of_functions(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from _outside_of_functions(child)


def _paragraph(lines: Sequence[str], number: int) -> tuple[int, int]:
    """The lines around one up to empty ones, but no more than a screen holds."""
    first = last = number
    while first > max(1, number - _ABOVE) and lines[first - 2].strip():
        first -= 1
    while last < min(len(lines), number + _BELOW) and lines[last].strip():
        last += 1
    return first, last


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 3:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _lines(text: str) -> list[str]:
    """As editors and compilers count them: by line feeds alone."""
    return text.removesuffix("\n").split("\n")


def _refused(path: str, given: str) -> Refusal:
    return Refusal(path, given, "the text that the evidence speaks of", "evidence.json", "run `make verify` again")
