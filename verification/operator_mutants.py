"""Operator-level mutants of the whole C core against the tests: which survive, and why each that does is no gap.

`schemata` makes the mutants and `mutant_runs` runs the tests against them. Here the two are put together, and what is
left is held against the register `ccore/proofs/operator_survivors.toml`: a mutant that no test kills stands there with
the reason why it behaves like the original in everything that the core promises, or else it is a gap in the tests. A
reason whose mutant is killed, or is none any more, is stale. Either fails.

First every mutant meets the tests with few examples of each property and without the longest tests; one that has a
reason meets but some of them, which is enough to find most reasons that are wrong. What then survives without a reason
meets all tests with all examples. With --thorough no reason spares a mutant anything.
"""

import argparse
import json
import os
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from iontocore.safety.refusal import Refusal
from iontocore.verification.instrumented import build, environment
from iontocore.verification.mutant_runs import Order
from iontocore.verification.progress import progress
from iontocore.verification.schemata import Mutant, schemata
from iontocore.verification.tools import RECORDS, ROOT, SOURCES, cores

REGISTER: Final = RECORDS / "operator_survivors.toml"
UNREASONED: Final = "UNREASONED"
"""What --record writes in place of a reason that nobody has given yet. It is none."""

_OUT: Final = ROOT / "build" / "operator-mutants"
_FLAGS: Final = ("-w", "-O1", "-fwrapv", "-ftrivial-auto-var-init=pattern")
"""A mutant that overflows, or reads what was never written, does the same every time."""

_FEW_EXAMPLES: Final = 20
_LONGEST_S: Final = 0.5
_OUTCOMES: Final = ("killed", "survived", "not reached")
_HEADING: Final = """\
# Mutants of single operators in ccore/src that no test kills, each with the reason why it is no gap in the tests:
# `python -m iontocore.verification.operator_mutants` holds it against the tests, --record brings it up to date.
#
# A mutant is named by its file, its function and the piece of source around the change, [old -> new], or
# [statement -> nothing]; #2 is the second such piece of the function. A reason that is UNREASONED is none.
"""


@dataclass(frozen=True, slots=True)
class Register:
    """mutants, killed: how many there were when it was recorded. reasons: of survivors, by their names."""

    mutants: int
    killed: int
    reasons: Mapping[str, str]

    @staticmethod
    def read(path: Path) -> "Register":
        """The register in a file; an empty one where there is none. Refusal when it is no register."""
        if not path.exists():
            return Register(0, 0, {})
        try:
            told = tomllib.loads(path.read_text(encoding="utf-8"))
            rows = [(name, str(row["reason"])) for row in told.get("survivor", []) for name in row["mutants"]]
            register = Register(int(told["mutants"]), int(told["killed"]), dict(rows))
        except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
            raise Refusal(path.name, repr(error), "a register of survivors", "--record") from error
        twice = [name for name, times in Counter(name for name, _ in rows).items() if times > 1]
        if twice:
            raise Refusal(path.name, f"{twice[0]} twice", "one reason for each mutant", "the register's first lines")
        return register

    def text(self) -> str:
        """The file: a table for each reason, with its mutants in the order of their names."""
        of_reason: defaultdict[str, list[str]] = defaultdict(list)
        for name, reason in self.reasons.items():
            of_reason[reason].append(name)
        lines = [_HEADING, f"mutants = {self.mutants}", f"killed = {self.killed}"]
        for reason, names in sorted(of_reason.items(), key=lambda row: (row[0] == UNREASONED, min(row[1]))):
            lines += ["", "[[survivor]]", f"reason = {_quoted(reason)}", "mutants = ["]
            lines += [*(f"    {_quoted(name)}," for name in sorted(names)), "]"]
        return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A string as TOML has it: for printable text the same as JSON."""
    return json.dumps(text, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """A mutant and what became of it: one of `_OUTCOMES`, the test that killed it or how it died, and how many tests
    it met."""

    mutant: Mutant
    outcome: str
    by: str
    tests: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What the tests found. failing: tests that fail without any mutant, which shows nothing of mutants."""

    seen: tuple[Seen, ...]
    failing: tuple[str, ...]


# ---- running -------------------------------------------------------------------------------------------------------


@contextmanager
def _answers(order: Order, tree: Path, log: Path) -> Iterator[Iterator[dict[str, Any]]]:
    """What the process that runs the tests says, line by line. Refusal when it ends before its time."""
    with (
        log.open("w", encoding="utf-8") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "iontocore.verification.mutant_runs"],
            cwd=ROOT,
            env={**os.environ, **environment(tree)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with process.stdin as stream:
                stream.write(order.write())
            yield map(json.loads, process.stdout)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise Refusal("the tests", f"ended with status {process.returncode}", "tests that run", str(log))


def against_tests(mutants: Sequence[Mutant], order: Order, tree: Path, log: Path) -> Findings:
    """Run the tests that an order asks for against these mutants, in the build that is in `tree`, and show how far it
    is. What goes wrong outside the tests is in `log`."""
    by_number = {mutant.number: mutant for mutant in mutants}
    seen: list[Seen] = []
    failing: list[str] = []
    with _answers(order, tree, log) as answers:
        tests = next(answers, {"tests": 0})["tests"]
        with progress("tests, no mutant", tests) as advance:
            for _ in range(tests):
                answer = next(answers)
                if not answer["passed"]:
                    failing.append(answer["test"])
                advance(answer["test"].rpartition("::")[2])
        control = next(answers, {"control": ""})["control"]
        failing += [control] if control else []
        with progress("mutants", len(mutants)) as advance:
            for answer in answers:
                mutant = by_number[answer["mutant"]]
                by = answer["killer"] or answer["died"]
                outcome = "killed" if by else "survived" if answer["reached"] else "not reached"
                seen.append(Seen(mutant, outcome, by, answer["tests"]))
                advance(f"{mutant.function}: {outcome}")
    return Findings(tuple(sorted(seen, key=lambda one: one.mutant.number)), tuple(failing))


def measure(
    mutants: Sequence[Mutant], size: int, tree: Path, reasons: Mapping[str, str], workers: int, thorough: bool
) -> Findings:
    """The mutants against the tests, in two steps: see the module. size: of all mutants of the build and one more."""
    places = {mutant.number: f"{mutant.file}:{mutant.function}" for mutant in mutants}
    reasoned = {one.number for one in mutants if reasons.get(one.name, UNREASONED) != UNREASONED}
    excused = () if thorough else tuple(reasoned)
    order = Order(places, excused, size, workers, _FEW_EXAMPLES, _LONGEST_S, ())
    brief = against_tests(mutants, order, tree, _OUT / "brief.log")
    left = [one.mutant for one in brief.seen if one.outcome != "killed" and one.mutant.number not in excused]
    if not left or brief.failing:
        return brief
    order = replace(order, mutants={mutant.number: places[mutant.number] for mutant in left}, examples=0, longest_s=0)
    full = against_tests(left, order, tree, _OUT / "full.log")
    again = {one.mutant.number: one for one in full.seen}
    return Findings(tuple(again.get(one.mutant.number, one) for one in brief.seen), full.failing)


# ---- what is found against what is known ---------------------------------------------------------------------------


def problems(findings: Findings, register: Register, whole: bool) -> list[str]:
    """What is wrong, a line for each. whole: all mutants were run, so that those that are missing are none."""
    found = [f"fails without a mutant: {test}" for test in findings.failing]
    outcomes = {one.mutant.name: one for one in findings.seen}
    for name, one in outcomes.items():
        if one.outcome == "killed":
            if name in register.reasons:
                found.append(f"stale, killed by {one.by}: {name}")
        elif register.reasons.get(name, UNREASONED) == UNREASONED:
            found.append(f"{UNREASONED}, {one.outcome}, {one.tests} tests: {name}")
    if whole:
        found += [f"stale, no such mutant: {name}" for name in register.reasons if name not in outcomes]
        counted = (len(findings.seen), sum(one.outcome == "killed" for one in findings.seen))
        if counted != (register.mutants, register.killed):
            found.append(
                f"{counted[1]} of {counted[0]} mutants are killed, and the register has {register.killed} of "
                f"{register.mutants}"
            )
    return found


def recorded(findings: Findings, register: Register) -> Register:
    """The register of what was found, with the reasons that there are."""
    left = [one.mutant.name for one in findings.seen if one.outcome != "killed"]
    return Register(
        len(findings.seen),
        len(findings.seen) - len(left),
        {name: register.reasons.get(name, UNREASONED) for name in left},
    )


def table(findings: Findings, reasons: Mapping[str, str]) -> str:
    """Mutants by file and operator, and each survivor with its reason."""
    rows: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for one in findings.seen:
        for row in ((one.mutant.file, one.mutant.operator), (one.mutant.file, "all"), ("all", "all")):
            rows[row][one.outcome] += 1
    lines = [f"{'file':<13}{'operator':<12}{'mutants':>8}" + "".join(f"{name:>13}" for name in _OUTCOMES) + "  percent"]
    for (file, operator), counts in rows.items():
        total = counts.total()
        cells = "".join(f"{counts[name]:>13}" for name in _OUTCOMES)
        lines.append(f"{file:<13}{operator:<12}{total:>8}{cells}{100 * counts['killed'] / total:>9.1f}")
    of_reason: defaultdict[str, list[str]] = defaultdict(list)
    for one in findings.seen:
        if one.outcome != "killed":
            of_reason[reasons.get(one.mutant.name, UNREASONED)].append(f"    {one.mutant.name}")
    for reason, names in of_reason.items():
        lines += ["", f"{reason}:", *names]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """0 when every mutant is killed or has a reason, 1 when not, 2 when that cannot be found out."""
    parser = argparse.ArgumentParser(prog="python -m iontocore.verification.operator_mutants", description=__doc__)
    parser.add_argument("--only", default="", metavar="FILE:FUNCTION", help="mutants of this file, or this function")
    parser.add_argument("--workers", type=int, default=cores(), help="mutants at a time (default: a core for each)")
    parser.add_argument("--thorough", action="store_true", help="run all tests on those that have a reason, too")
    parser.add_argument("--record", action="store_true", help="write what is found to the register")
    options = parser.parse_args(argv)
    if options.record and options.only:
        parser.error("--record is of all mutants, without --only")
    try:
        return _run(options.only, options.workers, options.thorough, options.record)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 2


def _run(only: str, workers: int, thorough: bool, record: bool) -> int:
    register = Register.read(REGISTER)
    sources = [ROOT / source for source in SOURCES if source.suffix == ".c"]
    made = schemata(sources, [ROOT / source for source in SOURCES if source.suffix == ".h"])
    file, _, function = only.partition(":")
    mutants = [one for one in made.mutants if (not file or one.file == file) and function in ("", one.function)]
    if not mutants:
        raise Refusal("--only", only, "FILE or FILE:FUNCTION of ccore/src", "the C files")
    texts = _OUT / "src"
    texts.mkdir(parents=True, exist_ok=True)
    for name, text in made.texts.items():
        (texts / name).write_text(text, encoding="utf-8")
    tree = build(_OUT, "gcc", _FLAGS, exchanged={name: texts / name for name in made.texts})
    findings = measure(mutants, len(made.mutants) + 1, tree, register.reasons, workers, thorough)
    if record and not findings.failing:
        register = recorded(findings, register)
        REGISTER.write_text(register.text(), encoding="utf-8")
    wrong = problems(findings, register, whole=not only)
    print(table(findings, register.reasons))
    print()
    for line in wrong:
        print(line)
    killed = sum(one.outcome == "killed" for one in findings.seen)
    left = len(findings.seen) - killed
    print(
        f"{len(wrong)} problems"
        if wrong
        else f"{killed} of {len(findings.seen)} mutants are killed by the tests, and {left} have a reason to survive"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
