"""Operator-level mutants of the whole C core against the tests: which survive, and why each that does is no gap.

`schemata` makes the mutants and `mutant_runs` runs the tests against them. Here the two are put together, and what is
left is held against the register `ccore/proofs/operator_survivors.toml`: a mutant that no test kills stands there with
the reason why it behaves like the original in everything that the core promises, or else it is a gap in the tests. A
reason says, too, whether the value at that place is the same under its mutants, in which case they are equivalent, or
another one that nobody sees; that is compared with what was noted while the tests ran. A reason whose mutant is killed,
or is none any more, or gives another value where it said the same, is stale. Any of this fails.

First every mutant meets the tests of the core with few examples of each property and without the longest tests; one
that has a reason meets but some of them, which is enough to find most reasons that are wrong. What then survives
without a reason meets all tests that there are, with all examples. With --thorough no reason spares a mutant anything.
"""

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
from typing import Any, Final, NamedTuple

from iontocore.safety.refusal import Refusal
from iontocore.verification.command import Parser, answered, whole_number
from iontocore.verification.instrumented import build, environment
from iontocore.verification.mutant_runs import Order
from iontocore.verification.progress import progress
from iontocore.verification.schemata import DIFFERS, Mutant, schemata
from iontocore.verification.tools import RECORDS, ROOT, SOURCES, cores, fingerprint

REGISTER: Final = RECORDS / "operator_survivors.toml"
UNREASONED: Final = "UNREASONED"
"""What --record writes in place of a reason that nobody has given yet. It is none."""

_MOST_WORKERS: Final = 256
_OUT: Final = ROOT / "build" / "operator-mutants"
_FLAGS: Final = ("-w", "-O1", "-fwrapv", "-ftrivial-auto-var-init=pattern")
"""A mutant that overflows, or reads what was never written, does the same every time."""

_OF_THE_CORE: Final = (
    "guard", "regulator", "channels", "core_invariants", "core_edges", "regulator_edges", "caps", "memory", "report",
    "binding", "start_edges",
)  # fmt: skip
"""The files of tests that are about the C core, without `test_`. Those of sessions are slower and kill nothing else."""

TESTS: Final = tuple(Path("tests") / f"test_{name}.py" for name in _OF_THE_CORE)
"""The same as paths, relative to the project."""

_FEW_EXAMPLES: Final = 20
_LONGEST_S: Final = 0.5
_KILLED: Final = "killed"
_OUTCOMES: Final = (_KILLED, "other value", "same value", "not reached")
"""What becomes of a mutant. One that is not killed may have given another value in some test, or the same in every
one, or no test came to its place: what stands further left contradicts what was said to be further right."""

_HEADING: Final = """\
# Mutants of single operators in ccore/src that no test kills, each with the reason why it is no gap in the tests:
# `python -m iontocore.verification.operator_mutants` holds it against the tests, --record brings it up to date.
#
# "same value": at that place it gives the value that the original gives, whatever the core does, so that nothing can
# tell them apart. "other value": it gives another one, and the reason says why nothing that the core promises depends
# on it. "not reached": nothing that the core does comes there.
#
# A mutant is named by its file, its function and the piece of source around the change, [old -> new], or
# [statement -> nothing]; #2 is the second such piece of the function. A reason that is UNREASONED is none.
"""


class Reason(NamedTuple):
    """Why a mutant is no gap. outcome: what is to become of it in all tests, one of `_OUTCOMES`."""

    outcome: str
    text: str


Register = Mapping[str, Reason]
"""The reason of each survivor, by its name."""


def read(path: Path) -> Register:
    """The register in a file; an empty one where there is none. Refusal when it is no register."""
    if not path.exists():
        return {}
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        rows = [pair for row in told.get("survivor", []) for pair in _reasoned(row)]
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal(path.name, repr(error), "a register of survivors", "--record") from error
    twice = [name for name, times in Counter(name for name, _ in rows).items() if times > 1]
    if twice:
        raise Refusal(path.name, f"{twice[0]} twice", "one reason for each mutant", "the register's first lines")
    unknown = [reason.outcome for _, reason in rows if reason.outcome not in _OUTCOMES[1:]]
    if unknown:
        raise Refusal(path.name, unknown[0], f"one of {', '.join(_OUTCOMES[1:])}", "the register's first lines")
    return dict(rows)


def speaks_of(path: Path) -> str:
    """The fingerprint of the core and of the tests that a register speaks of; "" of one that does not say, which is
    that of no text."""
    return str(tomllib.loads(path.read_text(encoding="utf-8")).get("speaks_of", ""))


def _reasoned(row: Mapping[str, Any]) -> Iterator[tuple[str, Reason]]:
    """The mutants of a row, each with its reason. KeyError, TypeError or ValueError when it is none."""
    if set(row) != {"outcome", "reason", "mutants"} or not isinstance(row["mutants"], list):
        raise ValueError(f"outcome, reason and mutants make a row, and not {', '.join(row)}")
    for text in (row["outcome"], row["reason"], *row["mutants"]):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{text!r} in place of a text")
    for name in row["mutants"]:
        yield name, Reason(row["outcome"], row["reason"])


def written(register: Register, text: str) -> str:
    """The text of the file: a table for each reason, with its mutants in the order of their names. text: the
    fingerprint of the core and of its tests."""
    of_reason: defaultdict[Reason, list[str]] = defaultdict(list)
    for name, reason in register.items():
        of_reason[reason].append(name)
    lines = [_HEADING.rstrip(), "", f"speaks_of = {_quoted(text)}"]
    for reason, names in sorted(of_reason.items(), key=lambda row: (row[0].text == UNREASONED, min(row[1]))):
        lines += ["", "[[survivor]]", f"outcome = {_quoted(reason.outcome)}", f"reason = {_quoted(reason.text)}"]
        lines += ["mutants = [", *(f"    {_quoted(name)}," for name in sorted(names)), "]"]
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


def core_texts() -> tuple[list[Path], list[Path]]:
    """The C files of the core and its headers."""
    paths = [ROOT / source for source in SOURCES]
    return [path for path in paths if path.suffix == ".c"], [path for path in paths if path.suffix == ".h"]


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
            start_new_session=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with process.stdin as stream:
                stream.write(order.write())
            yield map(json.loads, process.stdout)
        except BaseException:
            process.terminate()
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
                outcome = _KILLED if by else _noted_as(answer["noted"])
                seen.append(Seen(mutant, outcome, by, answer["tests"]))
                advance(f"{mutant.function}: {outcome}")
    return Findings(tuple(sorted(seen, key=lambda one: one.mutant.number)), tuple(failing))


def _noted_as(noted: int) -> str:
    return "other value" if noted & DIFFERS else "same value" if noted else "not reached"


def measure(
    mutants: Sequence[Mutant], size: int, tree: Path, register: Register, workers: int, thorough: bool
) -> Findings:
    """The mutants against the tests, in two steps: see the module. size: of all mutants of the build and one more."""
    places = {mutant.number: f"{mutant.file}:{mutant.function}" for mutant in mutants}
    excused = () if thorough else tuple(one.number for one in mutants if _reason_of(one, register))
    files = tuple(str(ROOT / path) for path in TESTS)
    order = Order(places, excused, size, workers, _FEW_EXAMPLES, _LONGEST_S, files)
    brief = against_tests(mutants, order, tree, _OUT / "brief.log")
    left = [one.mutant for one in brief.seen if one.outcome != _KILLED and one.mutant.number not in excused]
    if not left or brief.failing:
        return brief
    print(
        f"{len(left)} that survive meet all tests, with all examples:",
        *(one.name for one in left),
        sep="\n    ",
        file=sys.stderr,
    )
    places = {mutant.number: places[mutant.number] for mutant in left}
    order = replace(order, mutants=places, examples=0, longest_s=0, tests=())
    full = against_tests(left, order, tree, _OUT / "full.log")
    again = {one.mutant.number: one for one in full.seen}
    return Findings(tuple(again.get(one.mutant.number, one) for one in brief.seen), full.failing)


# ---- what is found against what is known ---------------------------------------------------------------------------


def _reason_of(mutant: Mutant, register: Register) -> Reason | None:
    """The reason that somebody gave for a mutant."""
    reason = register.get(mutant.name)
    return None if reason is None or reason.text == UNREASONED else reason


def problems(findings: Findings, register: Register, whole: bool) -> list[str]:
    """What is wrong, a line for each. whole: all mutants were run, so that those that are missing are none."""
    found = [f"fails without a mutant: {test}" for test in findings.failing]
    for one in findings.seen:
        name = one.mutant.name
        reason = _reason_of(one.mutant, register)
        if one.outcome == _KILLED:
            if name in register:
                found.append(f"stale, killed by {one.by}: {name}")
        elif reason is None:
            found.append(f"{UNREASONED}, {one.outcome}, {one.tests} tests: {name}")
        elif _OUTCOMES.index(one.outcome) < _OUTCOMES.index(reason.outcome):
            found.append(f"stale, {one.outcome} where the reason says {reason.outcome}: {name}")
    if whole:
        names = {one.mutant.name for one in findings.seen}
        found += [f"stale, no such mutant: {name}" for name in register if name not in names]
    return found


def recorded(findings: Findings, register: Register) -> Register:
    """The register of what was found, with the reasons that there are."""
    return {
        one.mutant.name: register.get(one.mutant.name, Reason(one.outcome, UNREASONED))
        for one in findings.seen
        if one.outcome != _KILLED
    }


def table(findings: Findings, register: Register) -> str:
    """Mutants by file and operator, and each survivor with its reason."""
    rows: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for one in findings.seen:
        for row in ((one.mutant.file, one.mutant.operator), (one.mutant.file, "all"), ("all", "all")):
            rows[row][one.outcome] += 1
    lines = [f"{'file':<13}{'operator':<12}{'mutants':>8}" + "".join(f"{name:>13}" for name in _OUTCOMES) + "  percent"]
    for (file, operator), counts in sorted(rows.items(), key=_alls_last):
        total = counts.total()
        cells = "".join(f"{counts[name]:>13}" for name in _OUTCOMES)
        lines.append(f"{file:<13}{operator:<12}{total:>8}{cells}{100 * counts[_KILLED] / total:>9.1f}")
    of_reason: defaultdict[str, list[str]] = defaultdict(list)
    for one in findings.seen:
        if one.outcome != _KILLED:
            reason = _reason_of(one.mutant, register)
            of_reason[reason.text if reason else UNREASONED].append(f"    {one.mutant.name}")
    for text, names in of_reason.items():
        lines += ["", text, *names]
    return "\n".join(lines)


def _alls_last(row: tuple[tuple[str, str], Any]) -> tuple[bool, str, bool, str]:
    file, operator = row[0]
    return file == "all", file, operator == "all", operator


def main(argv: Sequence[str] | None = None) -> int:
    """0 when every mutant is killed or has a reason, 1 when not, 2 when that cannot be found out."""
    return answered(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    parser = Parser("operator_mutants", __doc__)
    parser.add_argument("--only", default="", metavar="FILE:FUNCTION", help="mutants of this file, or this function")
    parser.add_argument(
        "--workers",
        type=whole_number("--workers", _MOST_WORKERS),
        default=cores(),
        help="mutants at a time (default: a core for each)",
    )
    parser.add_argument("--thorough", action="store_true", help="run all tests on those that have a reason, too")
    parser.add_argument("--record", action="store_true", help="write what is found to the register")
    options = parser.parse_args(argv)
    if options.record and options.only:
        parser.error("--record is of all mutants, without --only")
    return _run(options.only, options.workers, options.thorough, options.record)


def _run(only: str, workers: int, thorough: bool, record: bool) -> int:
    register, text = read(REGISTER), fingerprint((*SOURCES, *TESTS))
    made = schemata(*core_texts())
    file, _, function = only.partition(":")
    mutants = [one for one in made.mutants if (not file or one.file == file) and function in ("", one.function)]
    if not mutants:
        raise Refusal("--only", only, "FILE or FILE:FUNCTION of ccore/src", "the C files")
    texts = _OUT / "src"
    texts.mkdir(parents=True, exist_ok=True)
    for name, instrumented in made.texts.items():
        (texts / name).write_text(instrumented, encoding="utf-8")
    tree = build(_OUT, "gcc", _FLAGS, exchanged={name: texts / name for name in made.texts})
    findings = measure(mutants, len(made.mutants) + 1, tree, register, workers, thorough)
    if record and not findings.failing:
        register = recorded(findings, register)
        REGISTER.write_text(written(register, text), encoding="utf-8")
    wrong = problems(findings, register, whole=not only)
    print(table(findings, register))
    print()
    for line in wrong:
        print(line)
    killed = sum(one.outcome == _KILLED for one in findings.seen)
    left = len(findings.seen) - killed
    verdict = f"FAILED: {len(wrong)} problems" if wrong else "HOLDS"
    print(f"{verdict}: {killed} of {len(findings.seen)} mutants are killed by the tests, {left} survive")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
