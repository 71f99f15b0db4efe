"""Takes every line out of the guard and the regulator, one at a time, and names the clause that notices.

    python -m iontocore.verification.line_removal                    every line, compared with the record
    python -m iontocore.verification.line_removal --only permit      of one function (may be given more than once)
    python -m iontocore.verification.line_removal --record           every line, and write the record anew

A line that no clause notices is a hole in the contracts: the text could lose it, and the proof would still hold. Which
lines there are, and how each is taken out so that C is left, says `iontocore.verification.lines`; each is taken out of
a copy of the text, and the function that it stood in is proved again (`iontocore.verification.edited`).

``ccore/proofs/lines.csv`` is the record: by function and text a clause that died of each line, one of them and not the
only one; it is asked first when the line is taken out again. A death is the clause's and not that of patience: the
unedited text shows the clause in time, and without the line the prover that showed it gives up by itself, or all of
them show nothing in twice that time. The command fails on a line that nothing noticed, and on a record that
is not this text's.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Final

from iontocore.safety.refusal import Refusal
from iontocore.verification import edited, lines, wp
from iontocore.verification.acsl import Finding, Function, invariant_of, read, with_contracts
from iontocore.verification.command import Parser, answered
from iontocore.verification.progress import progress
from iontocore.verification.proof_table import of_findings
from iontocore.verification.tools import RECORDS, ROOT, SOURCES, cores, fingerprint, require, run

CHANNELS: Final = (Path("ccore/src/guard.c"), Path("ccore/src/regulator.c"))
"""The files whose lines are taken out: the two channels, each of which is enough by itself."""

RECORD: Final = RECORDS / "lines.csv"

KEPT: Final = wp.BUILD / "lines.csv"
"""What a run has found so far: it takes long, and one that was stopped goes on from there."""

CONTROL_S: Final = 2
"""For each goal and prover: a clause on the unedited text."""

QUICK_S: Final = 2
"""... and on the text without the line, which is long enough for a prover that ends by giving up."""

EDITED_S: Final = 4
"""... and where it is the clock that ends them."""

GIVES_UP: Final = {"qed": ("cvc4",), "cvc4": ("cvc4", "cvc4-macros")}
"""Who is asked first, by who showed the clause before: cvc4 ends by itself where it has no proof, z3 by the clock."""

SEARCH_PROVERS: Final = ("cvc4",)
"""By whom it is sought which clauses may have died."""

SEARCH_S: Final = 1
"""... and where it is sought which clauses may have died."""

FIRST_SOUGHT: Final = 4
"""Among how many clauses it is sought first: a function may have ninety."""

NO_C: Final = "does not compile"
"""What stands for the clause where no C is left."""

_WORD: Final = re.compile(r"[a-z]{2,}")
COLUMNS: Final = ("file", "function", "line", "nth", "form", "clause", "invariant")
_LONGEST_COMPILATION_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a function, and one form of taking it out."""

    function: Function
    removal: lines.Removal

    @property
    def key(self) -> edited.Row:
        """What it is known by in the record: no number of a line, which any edit above it would change."""
        one = self.removal
        return (self.function.file.as_posix(), self.function.name, one.text, str(one.nth), one.form)

    def said(self) -> str:
        """For people: what is taken out, and how."""
        nth = f" (number {self.removal.nth})" if self.removal.nth > 1 else ""
        return f"`{self.removal.text}`{nth}, {self.removal.form}"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a line: the clause that noticed, or `NO_C`, or "" when nothing did."""

    line: Line
    clause: str


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    return answered(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    parser = Parser("line_removal", __doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--only", action="append", default=[], metavar="FUNCTION", help="lines of this function alone")
    what.add_argument("--record", action="store_true", help="write the record anew")
    arguments = parser.parse_args(argv)
    return _run(chosen(all_lines(), arguments.only), compare=not arguments.only, record=arguments.record)


def _run(given: Sequence[Line], *, compare: bool, record: bool) -> int:
    text = fingerprint(SOURCES)
    old = known(edited.recorded(RECORD, COLUMNS)) if RECORD.exists() or not record else {}
    results = try_all(given, old, keep=compare)
    print(table(results))
    findings = [*against(results, None if record else old)]
    if compare and not record:
        findings += gone(results, old)
    if findings:
        print(f"\nagainst the proof:\n{of_findings(findings)}")
    no_c = sum(one.clause == NO_C for one in results)
    noticed = sum(bool(one.clause) for one in results) - no_c
    print(
        f"\n{'FAILED' if findings else 'HOLDS'}: of {len(results)} lines taken out, a clause noticed {noticed}; "
        f"{no_c} leave no C behind"
    )
    if record and not findings:
        edited.write(RECORD, COLUMNS, rows(results), text)
        print(f"recorded in {RECORD.relative_to(ROOT)}")
    return 1 if findings else 0


# ---- the lines -------------------------------------------------------------------------------------------------


def all_lines(root: Path = ROOT) -> tuple[Line, ...]:
    """Every line of the channels below `root`, in the order of the text, in every form that leaves a text of its own
    behind. Ghost code is no code: no compiler sees it."""
    return tuple(
        Line(function, removal)
        for function in with_contracts(read(SOURCES, root))
        if function.file in CHANNELS
        for removal in lines.removals(edited.text_of(function, root))
    )


def chosen(given: Sequence[Line], names: Sequence[str]) -> Sequence[Line]:
    """Those of the functions that are named, or all. Refusal when a name is none of them."""
    functions = {line.function.name for line in given}
    for name in names:
        if name not in functions:
            raise Refusal("--only", name, "a function that guard.c or regulator.c defines", "this command")
    return [line for line in given if not names or line.function.name in names]


# ---- proving ---------------------------------------------------------------------------------------------------

Shown = Callable[[Function, str], frozenset[str]]
"""By whom the unedited text's goals of a clause are shown in time; empty when not all of them are."""


def try_all(given: Sequence[Line], old: Mapping[edited.Row, str], *, keep: bool) -> Sequence[Result]:
    """Take each line out and see which clause dies: that of `old`, when it says one, or else any. The results are in
    the order of the lines. With `keep`, a run that is stopped leaves what it found, and the next one, of the very same
    text, goes on from there."""
    require("gcc", "gcc")
    config = wp.configure()
    text = fingerprint(SOURCES)
    shown = shown_by(config)
    results = _kept(given) if keep else {}
    with ThreadPoolExecutor(cores()) as pool, progress("lines", len(given)) as advance:
        runs = {
            pool.submit(try_one, line, old.get(line.key, ""), shown, config, wp.BUILD / f"line-{number}"): line
            for number, line in enumerate(given)
            if line.key not in results
        }
        for line in given:
            if line.key in results:
                advance(f"{line.function.name}: as found before")
        for done in as_completed(runs):
            result = results[runs[done].key] = done.result()
            advance(f"{result.line.function.name}: {result.line.removal.text}")
            if keep:
                found = [one for one in results.values() if one.clause]
                edited.write(KEPT, COLUMNS, rows(found), text)
    if keep:
        KEPT.unlink(missing_ok=True)
    return [results[line.key] for line in given]


def _kept(given: Sequence[Line]) -> dict[edited.Row, Result]:
    """What an earlier run of this very text found; nothing of another."""
    if not KEPT.exists() or edited.speaks_of(KEPT) != fingerprint(SOURCES):
        return {}
    found = known(edited.recorded(KEPT, COLUMNS))
    return {line.key: Result(line, found[line.key]) for line in given if line.key in found}


def shown_by(config: Path) -> Shown:
    """Asks the provers about the unedited text, and each question once."""
    return cache(partial(_shown, config))


def _shown(config: Path, function: Function, clause: str) -> frozenset[str]:
    outcome = wp.prove(function, config=config, timeout_s=CONTROL_S, labels=(_property(clause),))
    goals = [goal for goal in outcome.goals if goal.clause == clause]
    return frozenset(goal.prover for goal in goals if not outcome.complaints and all(one.well for one in goals))


def try_one(line: Line, expected: str, shown: Shown, config: Path, root: Path) -> Result:
    """Take one line out, in a copy of the text at `root`."""
    with edited.copied(line.function, line.removal.edited, root):
        if not _compiles(line.function.file, root):
            return Result(line, NO_C)
        if expected and _died(line.function, expected, shown, config, root):
            return Result(line, expected)
        for clause in _suspects(line, config, root):
            if clause != expected and _died(line.function, clause, shown, config, root):
                return Result(line, clause)
        return Result(line, "")


def _died(function: Function, clause: str, shown: Shown, config: Path, root: Path) -> bool:
    """Whether the unedited text shows a clause, and the text at `root` does not. There the prover that showed it before
    has `QUICK_S`. When it gives up by itself, no clock is the reason; when it is stopped, all are given `EDITED_S`."""
    before = shown(function, clause)
    if not before:
        return False
    if before <= GIVES_UP.keys():
        provers = tuple(dict.fromkeys(prover for who in sorted(before) for prover in GIVES_UP[who]))
        dead = _dead(function, clause, config, root, QUICK_S, provers)
        if not dead or any(_gave_up(goal) for goal in dead):
            return bool(dead)
    return bool(_dead(function, clause, config, root, EDITED_S, wp.PROVERS))


def _dead(
    function: Function, clause: str, config: Path, root: Path, timeout_s: int, provers: Sequence[str]
) -> Sequence[wp.Goal]:
    """The goals of a clause that a prover looked at and none showed."""
    outcome = wp.prove(
        function, config=config, timeout_s=timeout_s, root=root, labels=(_property(clause),), provers=provers
    )
    return [goal for goal in outcome.goals if goal.clause == clause and edited.not_shown(goal)]


def _gave_up(goal: wp.Goal) -> bool:
    """Whether a prover ended without a proof, and not by the clock."""
    return any(": Unknown" in answer for answer in goal.answers.split("; "))


def _suspects(line: Line, config: Path, root: Path) -> Iterator[str]:
    """The clauses that may have died: that whose label shares most words with the line; then those that one prover does
    not show at once, of the contract, and of what is no clause of it: what callees require, and C's own rules. A clause
    at which the clock ended the prover waits for the last."""
    labels = _by_likeness(line)
    late: dict[str, None] = {}
    yield labels[0]
    for asked in (*_portions(labels[1:]), ()):
        names = [_property(label) for label in asked]
        outcome = wp.prove(
            line.function, config=config, timeout_s=SEARCH_S, root=root, provers=SEARCH_PROVERS, labels=names
        )
        dead = [goal for goal in outcome.goals if edited.not_shown(goal) and (not asked) == (goal.clause not in labels)]
        yield from dict.fromkeys(goal.clause for goal in dead if _gave_up(goal))
        late |= dict.fromkeys(goal.clause for goal in dead if not _gave_up(goal))
    yield from late


def _by_likeness(line: Line) -> Sequence[str]:
    words = set(_WORD.findall(line.removal.text))
    labels = [clause.label or wp.UNLABELLED for clause in line.function.clauses if clause.keyword == "ensures"]
    return sorted(dict.fromkeys(labels), key=lambda label: -len(words & set(_WORD.findall(label))))


def _portions(labels: Sequence[str]) -> Iterator[Sequence[str]]:
    begun, size = 0, FIRST_SOUGHT
    while begun < len(labels):
        yield labels[begun : begun + size]
        begun, size = begun + size, 3 * size


def _property(clause: str) -> str:
    """What WP calls a clause, when it is asked to prove that one alone."""
    if clause.startswith("call_"):
        label = clause.rpartition("_requires")[2].lstrip("_")
        return label or "@requires"
    if clause in ("assigns", "terminates", "exits"):
        return f"@{clause}"
    return f"@{clause}" if clause == wp.UNLABELLED else clause.removeprefix("rte_")


def _compiles(file: Path, root: Path) -> bool:
    """Whether a text is C at all."""
    command = ["gcc", "-std=c99", "-fsyntax-only", "-w", "-Iccore/include", file.as_posix()]
    return run(command, cwd=root, timeout_s=_LONGEST_COMPILATION_S).status == 0


# ---- the record ------------------------------------------------------------------------------------------------


def table(results: Sequence[Result]) -> str:
    """How many lines of each function were taken out, and which clauses noticed."""
    told = []
    for function in dict.fromkeys(one.line.function for one in results):
        of = [one for one in results if one.line.function == function]
        clauses = ", ".join(sorted({one.clause for one in of} - {"", NO_C}))
        told.append(f"{function.file.stem} {function.name}: {len(of)} lines, noticed by {clauses or 'no clause'}")
    return "\n".join(told)


def against(results: Sequence[Result], old: Mapping[edited.Row, str] | None) -> Sequence[Finding]:
    """The lines that nothing noticed, and those of which the record says otherwise; `old` is None when it is written
    anew."""
    found: list[Finding] = []
    for one in results:
        where = f"{one.line.function.file}: {one.line.function.name}"
        if not one.clause:
            found.append(Finding(where, f"{one.line.said()}: no clause notices"))
        elif old is not None and old.get(one.line.key) != one.clause:
            was = old.get(one.line.key, "nothing, for it has no such line")
            found.append(Finding(where, f"{one.line.said()}: {one.clause} notices, and the record says {was}"))
    return found


def gone(results: Sequence[Result], old: Mapping[edited.Row, str]) -> Sequence[Finding]:
    """The lines that the record has, and the text has not."""
    there = {one.line.key for one in results}
    return [
        Finding(f"{key[0]}: {key[1]}", f"`{key[2]}`, {key[4]}: in the record alone") for key in old if key not in there
    ]


def rows(results: Sequence[Result]) -> Sequence[edited.Row]:
    """The record of results."""
    return [(*one.line.key, one.clause, invariant_of(one.clause)) for one in results]


def known(recorded: Sequence[edited.Row]) -> Mapping[edited.Row, str]:
    """The clause that the record names, by what a line is known by."""
    return {row[:5]: row[5] for row in recorded}


if __name__ == "__main__":
    sys.exit(main())
