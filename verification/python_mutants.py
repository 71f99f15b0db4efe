"""Mutates the Python that safety rests on, runs the tests against every mutant, and holds survivors to a record.

    python -m iontocore.verification.python_mutants                      everything, some 20 min on two cores
    python -m iontocore.verification.python_mutants safety/limits.py     some modules
    python -m iontocore.verification.python_mutants --record             write the records anew, then reason in one

Functions are mutated by mutmut, which chooses for each the tests that reach it. Tables at module level it leaves
alone: those are mutated here (`python_mutants_tables`). What nothing mutates: imports, annotations, defaults that are
no literal, bodies of nested classes, calls of ``len`` and ``isinstance``, and in tables the prose that people read.

Each module is held to its own tests (`python_mutants_copy.TESTS_OF`), in a copy of its own.

mutmut forks its workers after the modules are imported, so that what runs at import alone is not run again. Each
survivor is therefore looked at once more in a process of its own, where the mutant is in force from the first import
on. A mutant that makes the tests run for ever (15 times as long as they do, and 15 s) counts as killed.

Fails when fewer than 95 % are killed, when a survivor has no reason in ``python_survivors.toml``, and when the record
speaks of one that does not live. How many were made and killed, and of which text, is recorded beside
(``ccore/proofs/python_mutants.csv``).
"""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from difflib import SequenceMatcher
from itertools import groupby
from pathlib import Path
from typing import IO, Final, NamedTuple

from mutmut.stats import status_by_exit_code

from iontocore.safety.refusal import Refusal
from iontocore.verification import python_mutants_copy as copies
from iontocore.verification import python_mutants_record as records
from iontocore.verification import python_mutants_tables as tables
from iontocore.verification.command import Parser, answered, whole_number
from iontocore.verification.progress import progress
from iontocore.verification.python_mutants_record import Change
from iontocore.verification.tools import RECORDS, ROOT, cores, fingerprint, run

RECORD: Final = Path(__file__).resolve().parent / "python_survivors.toml"
TRIED: Final = RECORDS / "python_mutants.csv"
PLACE: Final = ROOT / "build" / "python-mutants"
LEAST_PERCENT: Final = 95

_MOST_JOBS: Final = 256
_ONE_TIMEOUT_S: Final = 300.0
_MUTMUT: Final = "import sys; from mutmut.__main__ import cli; sys.argv[0] = 'mutmut'; cli()"
_SPINNER: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_DONE: Final = re.compile(r"(\d+)/(\d+)  ")
_NAME: Final = re.compile(r"x[_ǁ]\w*__mutmut_(?:orig|\d+)")


class Mutant(NamedTuple):
    """A mutant and what became of it: killed, timeout or survived."""

    change: Change
    status: str


class _Raw(NamedTuple):
    """A mutant as mutmut knows it."""

    module: str
    name: str
    status: str


# ---- mutmut ------------------------------------------------------------------------------------------------


def run_mutmut(place: Path, module: str, jobs: int) -> None:
    """Run mutmut in the copy. Refusal, with the end of what it said, when it comes to no result."""
    with subprocess.Popen(
        [sys.executable, "-c", _MUTMUT, "run", "--max-children", str(jobs)],
        cwd=place,
        env=copies.environment(place),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            said = _follow(process.stdout, module)
        except BaseException:
            os.killpg(process.pid, 9)
            raise
    if process.returncode != 0:
        print(*(line for line in re.split(r"[\r\n]+", said) if line[:1] not in _SPINNER), sep="\n", file=sys.stderr)
        raise Refusal("mutmut", "without a result", "a run to the end", "mutmut", "mend what it says above")


def _follow(stream: IO[bytes], module: str) -> str:
    """Show how far mutmut is, by what it prints, until it ends; gives the end of what it printed."""
    said = ""
    with ExitStack() as stack:
        advance, seen = None, 0
        while piece := os.read(stream.fileno(), 65536):
            text = piece.decode("utf-8", "replace")
            said = (said + text)[-8000:]
            for done, total in _DONE.findall(text):
                if advance is None:
                    advance = stack.enter_context(progress(f"mutants of {module}", int(total)))
                for _ in range(int(done) - seen):
                    advance(module)
                seen = max(seen, int(done))
    return said


def results(place: Path) -> list[_Raw]:
    """What mutmut found, read from the files that it keeps beside the mutants."""
    package = place / "mutants" / "src" / "iontocore"
    found = []
    for path in sorted(package.rglob("*.meta")):
        module = path.relative_to(package).as_posix().removesuffix(".meta")
        for name, code in json.loads(path.read_text("utf-8"))["exit_code_by_key"].items():
            found.append(_Raw(module, name, status_by_exit_code[code]))
    return found


def look_again(place: Path, module: str, name: str) -> str:
    """The status of a mutant that is in force from the first import on, in a process of its own; "" is no mutant."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", *copies.PYTEST, *copies.test_files(module)]
    environment = {**copies.environment(place, place / "mutants" / "src"), "MUTANT_UNDER_TEST": name}
    status = run(command, cwd=place / "mutants", env=environment, timeout_s=_ONE_TIMEOUT_S).status
    return {0: "survived", -9: "timeout"}.get(status, "killed")


def second_look(place: Path, module: str, names: Sequence[str], jobs: int) -> dict[str, str]:
    """The status of each of these mutants at a second look. Refusal when the tests fail without a mutant, too."""
    if names and look_again(place, module, "") != "survived":
        raise Refusal(module, "failing without a mutant", "tests that pass", "the second look", "run them in the copy")
    with ThreadPoolExecutor(jobs) as pool, progress(f"a second look at {module}", len(names)) as advance:
        found = {}
        for name, status in zip(names, pool.map(lambda name: look_again(place, module, name), names), strict=True):
            found[name] = status
            advance(module)
        return found


# ---- what a mutation changed -------------------------------------------------------------------------------


def changes(place: Path, module: str, names: Iterable[str]) -> dict[str, Change]:
    """What each of these mutants of one module changed, by comparing it with the function as it was."""
    source = (place / "mutants" / "src" / "iontocore" / module).read_text("utf-8")
    lines = source.splitlines()
    spans = {node.name: lines[node.lineno - 1 : node.end_lineno] for node in _functions(ast.parse(source))}
    found = {}
    for name in names:
        short = name.rpartition(".")[2]
        mangled, _, _ = short.partition("__mutmut_")
        was, now = difference(spans[f"{mangled}__mutmut_orig"], spans[short])
        found[name] = Change(module, _plain_name(mangled), was, now)
    return found


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in tree.body:
        for inner in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                yield inner


def _plain_name(mangled: str) -> str:
    """``xǁBoundǁcheck`` is ``Bound.check``, ``x_combine`` is ``combine``."""
    return mangled[2:].replace("ǁ", ".") if mangled.startswith("xǁ") else mangled.removeprefix("x_")


def difference(before: Sequence[str], after: Sequence[str]) -> tuple[str, str]:
    """The lines that differ, each side on one line with single spaces, so that a new indent changes nothing."""
    old, new = ([_NAME.sub("_", line) for line in lines] for lines in (before, after))
    parts: tuple[list[str], list[str]] = ([], [])
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            parts[0].extend(old[i1:i2])
            parts[1].extend(new[j1:j2])
    return " ".join(" ".join(parts[0]).split()), " ".join(" ".join(parts[1]).split())


def mutants_of_functions(place: Path, module: str, jobs: int) -> list[Mutant]:
    """Every mutant of a function of one module, and what became of it."""
    copies.make(place, module)
    run_mutmut(place, module, jobs)
    raw = results(place)
    left = [one.name for one in raw if one.status not in ("killed", "timeout")]
    again = second_look(place, module, left, jobs)
    changed = changes(place, module, [one.name for one in raw])
    return [Mutant(changed[one.name], again.get(one.name, one.status)) for one in raw]


# ---- the result --------------------------------------------------------------------------------------------


def shown_table(functions: Sequence[Mutant], rows: Sequence[Mutant]) -> list[str]:
    """The lines of the table: how many mutants of what, and what became of them."""
    counted: dict[tuple[str, str], Counter[str]] = {}
    for kind, mutants in (("functions", functions), ("tables", rows)):
        for mutant in mutants:
            counted.setdefault((mutant.change.module, kind), Counter())[mutant.status] += 1
    lines = [f"{'module':<28}{'of its':<11}{'mutants':>8}{'killed':>8}{'timeout':>8}{'survived':>9}{'killed %':>10}"]
    whole = Counter[str]()
    for (module, kind), count in sorted(counted.items()):
        lines.append(_row(module, kind, count))
        whole += count
    return [*lines, _row("all", "", whole)]


def _row(name: str, kind: str, count: Counter[str]) -> str:
    killed, timeout, survived = count["killed"], count["timeout"], count["survived"]
    percent = f"{percent_killed(count):.1f}"
    return f"{name:<28}{kind:<11}{count.total():>8}{killed:>8}{timeout:>8}{survived:>9}{percent:>10}"


def percent_killed(count: Counter[str]) -> float:
    """Killed ones and those that made the tests run for ever, in percent of all."""
    return 100 * (count["killed"] + count["timeout"]) / count.total()


def shown_survivors(judged: records.Judged) -> list[str]:
    """The lines about every survivor with its reason, and about what is wrong with the record."""
    every = [
        *judged.reasoned,
        *((change, "UNREASONED") for change in judged.unreasoned),
        *((change, "STALE: the record has it, and it does not live") for change in judged.stale),
    ]
    lines: list[str] = []
    for (module, function, was), alike in groupby(sorted(every), key=lambda one: one[0][:3]):
        lines += ["", f"{module}  {function}", f"  - {was}"]
        for change, reason in alike:
            lines += [f"  + {change.now}", f"    {reason}"]
    return lines


def verdict(mutants: Sequence[Mutant], judged: records.Judged) -> tuple[bool, str]:
    """Whether all is well, and the line that says so."""
    if not mutants:
        return False, "FAILED: no mutant was made."
    count = Counter(mutant.status for mutant in mutants)
    percent = percent_killed(count)
    wrong = []
    if percent < LEAST_PERCENT:
        wrong.append(f"{percent:.1f} % killed, and {LEAST_PERCENT} % is the least")
    if judged.unreasoned:
        wrong.append(f"{len(judged.unreasoned)} survivors without a reason")
    if judged.stale:
        wrong.append(f"{len(judged.stale)} stale entries in the record")
    if wrong:
        return False, f"FAILED: {'; '.join(wrong)}."
    left = f"; each of the {count['survived']} left has a reason" if count["survived"] else ""
    return True, f"{percent:.1f} % of {count.total()} mutants killed{left}."


def main(argv: Sequence[str] | None = None) -> int:
    """The command; see the module's text. Status 0 when all is well, 1 when not, 2 for a mistake of the user."""
    return answered(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    parser = Parser("python_mutants", __doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="below iontocore, as safety/limits.py; all")
    parser.add_argument("--record", action="store_true", help="write the record anew; reasons that it has are kept")
    about = "mutants tested at once; the processors there are"
    parser.add_argument("--jobs", type=whole_number("--jobs", _MOST_JOBS), default=cores(), help=about)
    arguments = parser.parse_args(argv)
    return _run(tuple(arguments.modules) or tuple(copies.TESTS_OF), arguments.jobs, record=arguments.record)


def _run(modules: tuple[str, ...], jobs: int, *, record: bool) -> int:
    for module in modules:
        if module not in copies.TESTS_OF:
            raise Refusal("MODULE", module, f"one of {', '.join(copies.TESTS_OF)}", "what is mutated")
    known = records.read(RECORD)
    texts = {module: fingerprint(copies.texts_of(module)) for module in modules}
    functions, rows = [], []
    for module in modules:
        place = PLACE / module.removesuffix(".py").replace("/", "-")
        try:
            functions += mutants_of_functions(place, module, jobs)
            rows += [Mutant(*one) for one in tables.mutants_of_tables(place, module, jobs)]
        finally:
            shutil.rmtree(copies.scratch(place), ignore_errors=True)
    mutants = [*functions, *rows]
    living = [mutant.change for mutant in mutants if mutant.status == "survived"]
    if record:
        known = records.updated(living, records.read(RECORD), modules)  # which may have changed meanwhile
        records.write(RECORD, known)
        records.write_tried(TRIED, (_tried(module, texts[module], mutants) for module in modules))
    judged = records.judge(living, tuple(entry for entry in known if entry[0].module in modules))
    well, line = verdict(mutants, judged)
    print("\n".join([*shown_table(functions, rows), *shown_survivors(judged), "", *NOTES, "", line]))
    return 0 if well else 1


def _tried(module: str, text: str, mutants: Iterable[Mutant]) -> records.Tried:
    status = [mutant.status for mutant in mutants if mutant.change.module == module]
    return records.Tried(module, text, len(status), len(status) - status.count("survived"))


NOTES: Final = (
    "Not mutated: imports, annotations, decorators, defaults that are no literal, nested classes, calls of len and",
    "isinstance; in tables the prose that people read. A property is mutated as the method that it is made of.",
    f"Not run on mutants: {len(copies.LEFT_OUT)} tests; hypothesis makes {copies.EXAMPLES} examples of the others "
    "(python_mutants_copy.py says why).",
)

if __name__ == "__main__":
    sys.exit(main())
