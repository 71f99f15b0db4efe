"""Proves the C core: every clause of every contract in the text that ships, and the absence of undefined behaviour.

    python -m iontocore.verification.prove                       everything, compared with the ledger
    python -m iontocore.verification.prove --no-smoke            the same, but no contradictions are looked for
    python -m iontocore.verification.prove --function permit     one function (may be given more than once)
    python -m iontocore.verification.prove --record              everything, and write the ledger anew
    python -m iontocore.verification.prove --check-only          no proof: is the ledger that of this text?

It ends with status 1 when a goal is not shown, when anything weakens the proof (a warning of Frama-C's, a clause that
states what nothing shows, a function without a contract, an invariant without a clause, a doomed smoke goal), or when
the result is not what ``ccore/proofs/ledger.csv`` says; and then the last thing that it prints is what to look at.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from iontocore.safety.invariants import INVARIANT_BY_ID
from iontocore.safety.refusal import Refusal
from iontocore.verification import goal_text, ledger, proof_table, wp
from iontocore.verification.acsl import Finding, Function, invariant_of, read, weakenings, with_contracts
from iontocore.verification.command import Parser, answered, whole_number
from iontocore.verification.progress import progress
from iontocore.verification.tools import RECORDS, ROOT, SOURCES, cores

TIMEOUT_S: Final = 15
"""For each goal and prover, when a proof is checked."""

RECORD_TIMEOUT_S: Final = 5
"""For each goal and prover, when a proof is recorded: a machine that is three times as slow still finds it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved: the goals in the order of the text, what Frama-C said against the proof, and what the goals that
    failed ask for, by file, function and goal."""

    goals: Sequence[wp.Goal]
    findings: Sequence[Finding]
    texts: Mapping[tuple[Path, str, str], str]


_CHANNELS: Final = ("ionto_guard_", "ionto_regulator_")

SMALL: Final = 2000
"""Up to this many characters of text and contract a function is proved in one run with others: reading the file is a
good part of what Frama-C does for it."""

TOGETHER: Final = 8000
"""As many as have this many characters between them."""

_Texts = Mapping[tuple[Path, str, str], str]
_Work = Callable[[Sequence[Function], Path], tuple[wp.Outcome, _Texts]]


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    return answered(lambda: _run(_parser().parse_args(argv)))


def _parser() -> Parser:
    parser = Parser("prove", __doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--function", action="append", default=[], metavar="NAME", help="prove this function alone")
    what.add_argument("--record", action="store_true", help="write the ledger anew")
    what.add_argument("--check-only", action="store_true", help="prove nothing: is the ledger that of this text?")
    seconds = whole_number("--timeout")
    parser.add_argument("--timeout", type=seconds, metavar="S", help=f"for each goal and prover; {TIMEOUT_S}")
    parser.add_argument("--no-smoke", action="store_true", help="look for no contradictions")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    if arguments.check_only:
        return _check_only()
    if arguments.function:
        return _quick(arguments)
    if arguments.no_smoke and arguments.record:
        raise Refusal("--no-smoke", "given with --record", "a record of everything", "this command")
    texts = read(SOURCES)
    functions = with_contracts(texts)
    timeout_s = arguments.timeout or (RECORD_TIMEOUT_S if arguments.record else TIMEOUT_S)
    recorded = None if arguments.record else ledger.load()
    proof = prove_all(functions, timeout_s=timeout_s, with_smoke=not arguments.no_smoke)
    findings = [*before(texts), *proof.findings]
    fresh = ledger.of_proof(proof.goals)
    if recorded is not None:
        findings += ledger.differences(ledger.without_smoke(recorded) if arguments.no_smoke else recorded, fresh)
    print(proof_table.by_invariant(proof.goals))
    status = verdict(proof, findings)
    if arguments.record and status == 0:
        ledger.write(fresh)
        print(f"recorded in {RECORDS.relative_to(ROOT)}")
    return status


def _quick(arguments: argparse.Namespace) -> int:
    functions = _chosen(with_contracts(read(SOURCES)), arguments.function)
    proof = prove_all(functions, timeout_s=arguments.timeout or RECORD_TIMEOUT_S, with_smoke=not arguments.no_smoke)
    print(proof_table.by_function(proof.goals))
    return verdict(proof, proof.findings)


def _check_only() -> int:
    texts = read(SOURCES)
    findings = [*before(texts), *ledger.stale()]
    if findings:
        print(proof_table.of_findings(findings))
    print(f"{'STALE' if findings else 'CURRENT'}: the ledger is {'not ' if findings else ''}that of this text")
    return 1 if findings else 0


def verdict(proof: Proof, findings: Sequence[Finding]) -> int:
    """Print what is to be looked at, and the verdict. Returns the exit status."""
    failed = [goal for goal in proof.goals if not goal.well]
    if findings:
        print(f"\nagainst the proof:\n{proof_table.of_findings(findings)}")
    if failed:
        print(f"\nnot shown:\n{proof_table.of_failures(failed, proof.texts)}")
    shown = len(proof.goals) - len(failed)
    word = "FAILED" if failed or findings else "PROVED"
    print(f"\n{word}: {shown} of {len(proof.goals)} goals, {len(findings)} objections")
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
    """Functions without a definition or a contract, labels that name no invariant, and invariants that no contract of
    the header states."""
    defined = {one.name for one in texts if one.defined}
    found = [
        Finding(f"{one.file}: {one.name}", "is declared and never defined: its contract would be taken for granted")
        for one in texts
        if one.name not in defined
    ]
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
            of_channel = function.file.suffix == ".h" and function.name.startswith(_CHANNELS)
            if of_channel and not function.defined and clause.keyword == "ensures":
                stated.add(invariant)
    found += [
        Finding("ccore/include/ionto.h", f"no contract of a channel states {row}: {INVARIANT_BY_ID[row].sentence}")
        for row in proof_table.STATED
        if row not in stated
    ]
    return found


def prove_all(functions: Sequence[Function], *, timeout_s: int, with_smoke: bool) -> Proof:
    """Prove every function, the biggest first, in processes that each take one or some small ones. `timeout_s` is for
    each goal and prover."""
    config = wp.configure()
    order = sorted(functions, key=lambda function: function.size, reverse=True)
    place = {(function.file, function.name): number for number, function in enumerate(functions)}
    goals: list[wp.Goal] = []
    findings: list[Finding] = []
    texts: dict[tuple[Path, str, str], str] = {}
    # Frama-C and its prover wait for each other, so goals take less than half a processor. A smoke goal takes a whole
    # one for all of its time, and with less it would search less.
    stages: list[tuple[_Work, Sequence[Sequence[Function]], int]] = [
        (partial(_proved, timeout_s=timeout_s), portions(order), 3 * cores())
    ]
    if with_smoke:
        stages.append((_smoked, [(function,) for function in order], cores()))
    with progress("proving", len(order) * len(stages)) as advance:
        for work, given, at_once in stages:
            for some, (outcome, said) in _as_done(work, given, config, at_once):
                goals += outcome.goals
                names = ", ".join(function.name for function in some)
                findings += [Finding(f"{some[0].file}: {names}", text) for text in outcome.complaints]
                texts |= said
                for function in some:
                    if work is not _smoked:
                        findings += unproved(function, outcome.goals)
                    advance(function.name)
    goals.sort(key=lambda goal: (place[goal.file, goal.function], goal.kind == "smoke"))
    return Proof(goals, findings, texts)


def portions(functions: Sequence[Function]) -> Sequence[Sequence[Function]]:
    """What is proved in one run: a function by itself, or some small ones of one file; in the order given, by the first
    of each."""
    found: list[list[Function]] = []
    open_ones: dict[Path, list[Function]] = {}
    for function in functions:
        beside = open_ones.get(function.file)
        if beside is not None and sum(one.size for one in (*beside, function)) <= TOGETHER:
            beside.append(function)
            continue
        found.append([function])
        if function.size <= SMALL:
            open_ones[function.file] = found[-1]
    return found


def _as_done(
    work: _Work, given: Sequence[Sequence[Function]], config: Path, at_once: int
) -> Iterator[tuple[Sequence[Function], tuple[wp.Outcome, _Texts]]]:
    with ThreadPoolExecutor(at_once) as pool:
        pending = {pool.submit(work, functions, config): functions for functions in given}
        for done in as_completed(pending):
            yield pending[done], done.result()


def _proved(functions: Sequence[Function], config: Path, *, timeout_s: int) -> tuple[wp.Outcome, _Texts]:
    outcome = wp.prove_together(functions, config=config, timeout_s=timeout_s)
    texts: dict[tuple[Path, str, str], str] = {}
    for function in functions:
        goals = [goal for goal in outcome.goals if goal.function == function.name]
        if not all(goal.well for goal in goals):
            said = goal_text.of_failed(function, goals, config=config)
            texts |= {(function.file, function.name, goal): text for goal, text in said.items()}
    return outcome, texts


def _smoked(functions: Sequence[Function], config: Path) -> tuple[wp.Outcome, _Texts]:
    return wp.smoke(functions[0], config=config), {}


def unproved(function: Function, goals: Sequence[wp.Goal]) -> Sequence[Finding]:
    """The labelled clauses of a contract that gave no goal, and a function that gave none at all."""
    given = {goal.clause for goal in goals if goal.function == function.name}
    where = f"{function.file}: {function.name}"
    if not given:
        return [Finding(where, "gave no goal")]
    return [
        Finding(where, f"{clause.label} gave no goal")
        for clause in function.clauses
        if clause.keyword == "ensures" and clause.label and clause.label not in given
    ]


if __name__ == "__main__":
    sys.exit(main())
