"""Proves the C core: every clause of every contract in the text that ships, and the absence of undefined behaviour.

    python -m iontocore.verification.prove                       everything, compared with the ledger
    python -m iontocore.verification.prove --function permit     one function (may be given more than once)
    python -m iontocore.verification.prove --record              everything, and write the ledger anew
    python -m iontocore.verification.prove --check-only          no proof: is the ledger that of this text?

It ends with status 1 when a goal is not shown, when anything weakens the proof (a warning of Frama-C's, a clause that
states what nothing shows, a function without a contract, an invariant without a clause, a doomed smoke goal), or when
the result is not what ``ccore/proofs/ledger.csv`` says; and then the last thing that it prints is what to look at.
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Final

from iontocore.safety.invariants import INVARIANT_BY_ID
from iontocore.safety.refusal import Refusal
from iontocore.verification import proof_table, wp
from iontocore.verification.acsl import Finding, Function, invariant_of, read, weakenings, with_contracts
from iontocore.verification.progress import progress
from iontocore.verification.tools import ROOT, SOURCES, cores

TIMEOUT_S: Final = 30
"""For each goal and prover."""


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    arguments = _parser().parse_args(argv)
    try:
        return _run(arguments)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m iontocore.verification.prove", description=__doc__.splitlines()[0])
    parser.add_argument("--function", action="append", default=[], metavar="NAME", help="prove this function alone")
    parser.add_argument("--timeout", type=int, default=TIMEOUT_S, metavar="S", help="for each goal and prover")
    parser.add_argument("--no-smoke", action="store_true", help="leave out the smoke goals; with --function alone")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    texts = read(SOURCES)
    functions = _chosen(with_contracts(texts), arguments.function)
    findings = [] if arguments.function else [*before(texts)]
    goals, complaints = prove_all(functions, timeout_s=arguments.timeout, with_smoke=not arguments.no_smoke)
    findings += complaints
    failed = [goal for goal in goals if not goal.well]
    print((proof_table.by_function if arguments.function else proof_table.by_invariant)(goals))
    if failed:
        print(f"\nnot shown:\n{proof_table.of_failures(failed)}")
    if findings:
        print(f"\nagainst the proof:\n{proof_table.of_findings(findings)}")
    verdict = "FAILED" if failed or findings else "PROVED"
    print(f"\n{verdict}: {len(goals) - len(failed)} of {len(goals)} goals, {len(findings)} objections")
    return 1 if failed or findings else 0


def _chosen(functions: Sequence[Function], names: Sequence[str]) -> Sequence[Function]:
    """Those that are named, or all. Refusal when a name is none of them."""
    known = {function.name for function in functions}
    for name in names:
        if name not in known:
            raise Refusal("--function", name, "a function that ccore/src defines", "the C core's text")
    return [function for function in functions if not names or function.name in names]


def before(texts: Sequence[Function], root: Path = ROOT) -> Sequence[Finding]:
    """What the text shows without a proof: clauses that would weaken it, functions without a contract, labels that name
    no invariant, invariants without a clause."""
    found = [finding for file in SOURCES for finding in weakenings(file, (root / file).read_text())]
    return [*found, *uncovered(texts)]


def uncovered(texts: Sequence[Function]) -> Sequence[Finding]:
    """Functions without a contract, labels that name no invariant, and invariants that no contract of the header
    states."""
    found = []
    for function in with_contracts(texts):
        keywords = {clause.keyword for clause in function.clauses}
        found += [
            Finding(f"{function.file}: {function.name}", f"its contract has no `{keyword}`")
            for keyword in ("terminates", "assigns", "ensures")
            if keyword not in keywords
        ]
    stated = set()
    for function in texts:
        for clause in function.clauses:
            invariant = invariant_of(clause.label)
            if invariant and invariant not in proof_table.STATED:
                known = "which no single step states" if invariant in INVARIANT_BY_ID else "which is no invariant"
                found.append(Finding(f"{function.file}: {function.name}", f"{clause.label} names {invariant}, {known}"))
            if not function.defined and clause.keyword == "ensures" and function.file.suffix == ".h":
                stated.add(invariant)
    found += [
        Finding(
            "ccore/include/ionto.h", f"no contract has a clause labelled with {row}: {INVARIANT_BY_ID[row].sentence}"
        )
        for row in proof_table.STATED
        if row not in stated
    ]
    return found


def prove_all(
    functions: Sequence[Function], *, timeout_s: int, with_smoke: bool
) -> tuple[Sequence[wp.Goal], Sequence[Finding]]:
    """Prove each function in a process of its own, as many at once as there are processors, the biggest first.
    `timeout_s` is for each goal and prover. The goals are in the order of the text; the findings are what Frama-C said
    against the proof."""
    config = wp.configure()
    order = sorted(functions, key=lambda function: function.size, reverse=True)
    place = {(function.file, function.name): number for number, function in enumerate(functions)}
    goals: list[wp.Goal] = []
    findings: list[Finding] = []
    with (
        ThreadPoolExecutor(cores()) as pool,
        progress("proving", len(order) * (2 if with_smoke else 1)) as advance,
    ):
        pending = {pool.submit(wp.prove, function, config=config, timeout_s=timeout_s): function for function in order}
        if with_smoke:
            pending |= {pool.submit(wp.smoke, function, config=config): function for function in order}
        for done in as_completed(pending):
            outcome, function = done.result(), pending[done]
            goals += outcome.goals
            findings += [Finding(f"{function.file}: {function.name}", said) for said in outcome.complaints]
            findings += unproved(function, outcome.goals)
            advance(function.name)
    goals.sort(key=lambda goal: (place[goal.file, goal.function], goal.kind == "smoke"))
    return goals, findings


def unproved(function: Function, goals: Sequence[wp.Goal]) -> Sequence[Finding]:
    """The labelled clauses of a contract that gave no goal. A run of smoke goals alone gives none of any."""
    given = {goal.clause for goal in goals}
    if all(goal.kind == "smoke" for goal in goals):
        return []
    return [
        Finding(f"{function.file}: {function.name}", f"{clause.label} gave no goal")
        for clause in function.clauses
        if clause.keyword == "ensures" and clause.label and clause.label not in given
    ]


if __name__ == "__main__":
    sys.exit(main())
