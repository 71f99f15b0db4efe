"""Reading contracts: which functions a C text defines, and which clauses stand before them, in ACSL.

This is no parser of C. It knows the few shapes in which this project writes: definitions and prototypes at the top
level, a contract as the last ``/*@ ... */`` before each, clauses that begin with a keyword and end with a semicolon.
Frama-C parses the same text for the proof; what is read here decides only how its results are named, and what is
refused before it is asked at all.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from iontocore.verification.tools import ROOT

_COMMENT: Final = re.compile(r"/\*(?P<block>.*?)\*/|//(?P<line>[^\n]*)", re.DOTALL)
_GHOST: Final = re.compile(r"@\s*ghost\b")
_LINE_COMMENT: Final = re.compile(r"//[^\n]*")
_CPLUSPLUS: Final = re.compile(r"^#ifdef __cplusplus\n.*?^#endif$", re.DOTALL | re.MULTILINE)
_DIRECTIVE: Final = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.MULTILINE)
_STRUCTURE: Final = re.compile(r"[{};]")
_DECLARATOR: Final = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*\([^()]*\)\s*$")
_CLAUSE: Final = re.compile(
    r"^(?P<keyword>requires|terminates|decreases|assigns|frees|allocates|ensures|exits|assumes|complete|disjoint)\b"
    r"\s*(?:(?P<label>[A-Za-z_]\w*)\s*:(?!:))?",
    re.DOTALL,
)
_BEHAVIOUR: Final = re.compile(r"^behavior\s+(?P<name>[A-Za-z_]\w*)\s*:", re.DOTALL)
_INVARIANT: Final = re.compile(r"^si(?P<number>\d+)(?:_|$)")

_WEAKENING: Final[Mapping[str, str]] = {
    r"\badmit\b": "states what nothing shows",
    r"\baxiom\b": "states what nothing shows",
    r"\b(?:predicate|logic)\b[^=;]*;": "is declared and never defined: it may mean anything",
    r"\blemma\b": "is used before it is shown",
    r"\bassume\b": "states what nothing shows",
    r"\bvolatile\b": "is outside the memory model",
    r"requires[^;]*\\false": "is a contract that no call can meet",
    r"assigns\s+\\everything": "lets a function change all there is",
}
"""What would weaken the proof although every goal of it is valid; in annotations alone."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a contract: its keyword, its label or "", the behaviour that it belongs to or ""."""

    keyword: str
    label: str
    behaviour: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function: the file and the name, the clauses of its contract, and its own text from the contract's end to the
    closing brace. `start` and `end` delimit that text in the file. A prototype has no body."""

    file: Path
    name: str
    clauses: tuple[Clause, ...]
    start: int
    end: int
    defined: bool
    size: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that stands against the proof before it is run: where, and what."""

    where: str
    what: str


def invariant_of(label: str) -> str:
    """The id that a label names, ``SI-03`` of ``si03_rise``; "" of one that names none."""
    match = _INVARIANT.match(label)
    return f"SI-{match['number']}" if match else ""


def functions(file: Path, text: str) -> tuple[Function, ...]:
    """Every function that a C text defines or declares at the top level, in its order; ghost functions among them: they
    do not ship, but what they ensure is relied on, so they are proved as all others are."""
    found = [*_written(file, text), *_ghosts(file, text)]
    return tuple(sorted(found, key=lambda one: one.start))


def _ghosts(file: Path, text: str) -> Iterator[Function]:
    for match in _COMMENT.finditer(text):
        ghost = _GHOST.match(match["block"] or "")
        if ghost:
            inner = (match["block"] or "")[ghost.end() :].replace("/@", "/*@").replace("@/", "*/")
            for one in _written(file, inner):
                yield replace(one, start=match.start(), end=match.end())


def _written(file: Path, text: str) -> Iterator[Function]:
    bare = _bare(text)
    begun, depth, opened = 0, 0, -1
    for place in _STRUCTURE.finditer(bare):
        at, character = place.start(), place[0]
        if character == "{":
            if depth == 0:
                opened = at
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                head = _DECLARATOR.search(bare[begun:opened])
                start = opened - len(bare[begun:opened].lstrip())
                if head:
                    yield _function(file, text, head["name"], (begun, start, opened, at + 1), defined=True)
                    begun = at + 1
        elif character == ";" and depth == 0:
            head = _DECLARATOR.search(bare[begun:at])
            start = at - len(bare[begun:at].lstrip())
            if head and "typedef" not in bare[begun:at]:
                yield _function(file, text, head["name"], (begun, start, at, at + 1), defined=False)
            begun = at + 1


def read(files: Sequence[Path], root: Path = ROOT) -> tuple[Function, ...]:
    """The functions of several files below `root`."""
    return tuple(found for file in files for found in functions(file, (root / file).read_text()))


def with_contracts(found: Sequence[Function]) -> tuple[Function, ...]:
    """The defined functions, each with the clauses of its prototype where the contract stands there."""
    declared = {one.name: one for one in found if not one.defined}
    return tuple(_joined(one, declared.get(one.name)) for one in found if one.defined)


def _joined(definition: Function, prototype: Function | None) -> Function:
    if definition.clauses or prototype is None:
        return definition
    return replace(definition, clauses=prototype.clauses, size=definition.size + prototype.size)


def weakenings(file: Path, text: str) -> Iterator[Finding]:
    """What the annotations of a text hold that would let a proof pass that shows less than it seems to."""
    for match in _COMMENT.finditer(text):
        body = match["block"] if match["block"] is not None else match["line"]
        if not body.startswith("@"):
            continue
        clean = _LINE_COMMENT.sub("", body)
        for pattern, reason in _WEAKENING.items():
            hit = re.search(pattern, clean)
            if hit:
                line = text.count("\n", 0, match.start() + hit.start()) + 1
                yield Finding(f"{file}:{line}", f"`{' '.join(hit[0].split())}` {reason}")


def _bare(text: str) -> str:
    """The text with comments, directives and C++ alone turned into blanks, of the same length."""
    for pattern in (_COMMENT, _CPLUSPLUS, _DIRECTIVE):
        text = pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return text


def _function(file: Path, text: str, name: str, places: tuple[int, int, int, int], *, defined: bool) -> Function:
    """A function whose contract is sought from the first place on, whose own text begins at the second, whose head ends
    at the third, and which ends at the fourth."""
    begun, start, opened, end = places
    contract = ""
    for match in _COMMENT.finditer(text, begun, opened):
        if (match["block"] or "").startswith("@") and not _GHOST.match(match["block"]):
            contract = match["block"][1:]
    return Function(file, name, tuple(_clauses(contract)), start, end, defined, end - start + len(contract))


def _clauses(contract: str) -> Iterator[Clause]:
    behaviour = ""
    for part in _LINE_COMMENT.sub("", contract).split(";"):
        clause = part.strip()
        inner = _BEHAVIOUR.match(clause)
        if inner:
            behaviour = inner["name"]
            clause = clause[inner.end() :].strip()
        match = _CLAUSE.match(clause)
        if match:
            yield Clause(match["keyword"], match["label"] or "", behaviour)
