"""Showing a proof: a table by invariant, and, where it failed, a table of what an engineer has to look at."""

import io
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from iontocore.safety.invariants import INVARIANT_BY_ID
from iontocore.verification.acsl import Finding
from iontocore.verification.wp import Goal

STATED: Final = tuple(f"SI-{number:02}" for number in (*range(1, 19), 20, 21, 22, 27))
"""The invariants that a contract of one step can state, and so must: each has a labelled clause in the header."""

STRUCTURE: Final = "structure"
_STRUCTURE_SENTENCE: Final = (
    "What the others rest on: no undefined behaviour, nothing written but what a contract lists, every call ends and "
    "meets the callee's contract, and what helpers say of themselves."
)

ELSEWHERE: Final[Mapping[str, str]] = {
    "SI-19": "a session that was completed spans many steps; judged by the monitor and the tests of the simulated body",
    "SI-23": "the core knows no drug; judged by the monitor and the tests of plans",
    "SI-24": "the core knows no person; judged by the tests of contraindications and sessions",
    "SI-25": "the core knows no journal; judged by the tests of the journal and the monitor",
    "SI-26": "either channel alone keeps the current invariants: the lines of the regulator and of the guard, each",
}
"""The invariants that no single step states, and where they are shown instead."""

CHANNELS: Final[Mapping[str, str]] = {"guard": "guard", "regulator": "regulator", "ionto": "joined"}
"""A file's stem, and what stands in the table for it."""

_WIDTH: Final = 118


def by_invariant(goals: Sequence[Goal]) -> str:
    """The table: each invariant's sentence, and below it for each channel the clauses, the goals and who discharged
    them."""
    shown = [goal for goal in goals if goal.kind != "smoke"]
    lines = [_HEAD]
    for row in (*STATED, STRUCTURE):
        of_row = [goal for goal in shown if (goal.invariant or STRUCTURE) == row]
        sentence = _STRUCTURE_SENTENCE if row == STRUCTURE else INVARIANT_BY_ID[row].sentence
        lines += ["", *textwrap.wrap(f"{row}  {sentence}", _WIDTH, subsequent_indent=" " * (len(row) + 2))]
        for stem, channel in CHANNELS.items():
            part = [goal for goal in of_row if goal.file.stem == stem]
            if part:
                lines.append(_counts(channel, part))
        if not of_row:
            lines.append("  no goal")
    smoke = [goal for goal in goals if goal.kind == "smoke"]
    lines += ["", _counts("all", shown), "", "Shown otherwise, since no single step states them:"]
    for row, reason in ELSEWHERE.items():
        lines += textwrap.wrap(f"{row}  {reason}", _WIDTH, subsequent_indent=" " * 7)
    lines += ["", f"Contradictions and dead code: looked for at {len(smoke)} places, found at {_doomed(smoke)}."]
    return "\n".join(lines)


def by_function(goals: Sequence[Goal]) -> str:
    """The table of a quick run: a line for each function, and the goals that took longest."""
    lines = [_HEAD]
    for file, function in dict.fromkeys((goal.file, goal.function) for goal in goals):
        part = [goal for goal in goals if (goal.file, goal.function) == (file, function)]
        lines.append(_counts(f"{file.name}: {function}", [goal for goal in part if goal.kind != "smoke"]))
        smoke = [goal for goal in part if goal.kind == "smoke"]
        if smoke:
            lines.append(f"    smoke: {len(smoke)} places, doomed {_doomed(smoke)}")
    slow = sorted((goal for goal in goals if goal.well and goal.seconds >= _SLOW_S), key=lambda goal: -goal.seconds)
    if slow:
        lines += ["", "slowest:", *(f"{goal.seconds:9.1f} s  {goal.prover:<5} {goal.goal}" for goal in slow[:_MANY])]
    return "\n".join(lines)


_HEAD: Final = f"{'':<40}{'clauses':>9}{'goals':>8}{'qed':>8}{'cvc4':>8}{'z3':>8}{'open':>8}{'seconds':>10}"
_SLOW_S: Final = 2.0
_MANY: Final = 12


def _doomed(smoke: Sequence[Goal]) -> int:
    return sum(not goal.well for goal in smoke)


def _counts(name: str, goals: Sequence[Goal]) -> str:
    clauses = len({(goal.file, goal.function, goal.kind, goal.clause) for goal in goals})
    by = Counter(goal.prover for goal in goals)
    seconds = sum(goal.seconds for goal in goals)
    return (
        f"  {name:<38}{clauses:>9}{len(goals):>8}{by['qed']:>8}{by['cvc4']:>8}{by['z3']:>8}{by['']:>8}{seconds:>10.1f}"
    )


def of_failures(goals: Sequence[Goal], texts: Mapping[tuple[Path, str, str], str]) -> str:
    """The goals that are not well: what each prover said, and below the table what each goal asks for, as far as
    `texts` tells it by file, function and goal."""
    table = _table("where", "clause", "invariant", "kind", "answers")
    for goal in goals:
        answers = goal.answers
        if goal.kind == "smoke":
            answers = f"doomed: {_DOOM[goal.clause.split('_')[0]]}; {answers}"
        where = f"{goal.file.name}: {goal.function}"
        table.add_row(where, goal.clause, goal.invariant or STRUCTURE, goal.kind, answers)
    lines = [_drawn(table)]
    for goal in goals:
        text = texts.get((goal.file, goal.function, goal.goal))
        if text:
            lines += ["", goal.goal, *textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="    ")]
    return "\n".join(lines)


_DOOM: Final[Mapping[str, str]] = {
    "contract": "no call can meet what is required",
    "call": "what the callee ensures contradicts what is known here, so nothing after it is shown",
    "code": "no input gets here, or one clause that holds here contradicts another",
    "loop": "the loop's invariant contradicts what is known",
}


def of_findings(findings: Iterable[Finding]) -> str:
    """What stands against the proof beside its goals."""
    table = _table("where", "what")
    for finding in findings:
        table.add_row(finding.where, finding.what)
    return _drawn(table).rstrip()


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _drawn(table: Table) -> str:
    console = Console(width=_WIDTH, file=io.StringIO(), color_system=None, highlight=False, markup=False)
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())
