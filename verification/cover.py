"""Measures which branches and which conditions of the C core the Python tests decide: ``make cover``.

The extension is built a second time, by clang without optimisation and with counters in it, in a tree of its own; the
tests run on that. Every function has to be called, every condition has to be true and false, and every condition of a
compound decision has to decide it (MC/DC), or the register ``ccore/proofs/coverage.toml`` says why no test can be asked
for. Tests that draw their input at random do not count: what they hit today they may miss tomorrow.

The status is 0 when nothing is missing but what is excused; 1 when something is, when an excuse is for nothing, when a
test fails, or when clang cannot count a decision; 2 when a tool is missing or the core does not compile.
"""

import json
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from iontocore.safety.refusal import Refusal
from iontocore.verification import instrumented
from iontocore.verification.command import Parser, answered
from iontocore.verification.excuses import REGISTER, Judgement, judge, load
from iontocore.verification.gaps import Gap, Measured, NotMeasuredError, Place, Source, Totals, read
from iontocore.verification.progress import progress
from iontocore.verification.tools import ROOT, SOURCES, cores, require, run, version

TESTS: Final = (
    "tests/test_binding.py",
    "tests/test_caps.py",
    "tests/test_channels.py",
    "tests/test_core_invariants.py",
    "tests/test_guard.py",
    "tests/test_memory.py",
    "tests/test_regulator.py",
)
"""The tests of the C core itself, a tick at a time: all that is covered is covered by these, within seconds."""

DRAWN: Final = "tests/test_core_invariants.py::test_no_invariant_is_broken_under_siege_and_everything_was_seen_there"
"""Draws at random, though without the mark that hypothesis puts on the tests of its own."""

FLAGS: Final = ("-O0", "-g", "-fprofile-instr-generate", "-fcoverage-mapping", "-fcoverage-mcdc")

TOOLS: Final = {"clang-19": "clang-19", "llvm-profdata-19": "llvm-19", "llvm-cov-19": "llvm-19"}
"""What this needs of the machine: the commands, and the Debian packages that have them."""

_BUILD: Final = ROOT / "build" / "cover"
_TIMEOUT_S: Final = 900.0
_WIDTH: Final = 120


def measure(out: Path, tests: Sequence[str] = TESTS) -> Measured:
    """Build, run the tests, and read what they covered. `out` is emptied first.

    NotMeasuredError: a test failed, or what clang counts is not all that there is. Refusal: a tool is missing, the core
    does not compile, or its sources changed meanwhile.
    """
    for tool, package in TOOLS.items():
        require(tool, package)
    shutil.rmtree(out, ignore_errors=True)
    command = [
        *(sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider"),
        *("-n", str(cores()), "-m", "not hypothesis", "--deselect", DRAWN),
        *tests,
    ]
    with progress("cover", 3) as advance:
        sources = _sources()
        tree = instrumented.build(out, "clang-19", FLAGS)
        advance("built")
        # What clang cannot count is found before the tests have run for it.
        read(_counted(tree, out / "import", [sys.executable, "-c", "import iontocore.ccore"]), sources)
        advance("imported")
        measured = read(_counted(tree, out / "tests", command), sources)
        advance("tested")
    if sources != _sources():
        raise Refusal("ccore/src", "altered while it was measured", "sources that stand still", __name__)
    return measured


def _sources() -> Sequence[Source]:
    return [
        Source(
            str(ROOT / path),
            path.as_posix(),
            (ROOT / path).read_text(encoding="utf-8"),
            _tool(["clang-19", "-E", "-P", "-Iccore/include", str(path)]),
        )
        for path in SOURCES
        if path.suffix == ".c"
    ]


def _counted(tree: Path, profiles: Path, command: Sequence[str]) -> Mapping[str, Any]:
    """What llvm-cov exports of a command that ran on the instrumented build, and of the processes that it started."""
    env = {**instrumented.environment(tree), "LLVM_PROFILE_FILE": str(profiles / "%p.profraw")}
    answer = run(command, timeout_s=_TIMEOUT_S, env=env)
    if answer.status != 0:
        said = (answer.out + answer.err).strip().splitlines()
        raise NotMeasuredError("\n".join([*said[-40:], "the tests fail on the instrumented build"]))
    raw = [str(path) for path in sorted(profiles.glob("*.profraw"))]
    _tool(["llvm-profdata-19", "merge", "-sparse", *raw, "-o", str(profiles / "merged")])
    extension = next((tree / "iontocore" / "ccore").glob("_ionto*.so"))
    export: Mapping[str, Any]
    export = json.loads(_tool(["llvm-cov-19", "export", str(extension), f"-instr-profile={profiles / 'merged'}"]))
    return export


def _tool(command: Sequence[str]) -> str:
    answer = run(command, timeout_s=_TIMEOUT_S)
    if answer.status != 0:
        said = (answer.err or answer.out).strip() or f"status {answer.status}"
        raise Refusal(command[0], f"at a loss ({said})", "what it understands", __name__)
    return answer.out


# ---- the report ------------------------------------------------------------------------------------------------------


def report(totals: Mapping[str, Totals], judgement: Judgement) -> str:
    """What was covered of each file, what was not and why, and the verdict, for people."""
    parts = [_table(totals)]
    for excuse in dict.fromkeys(excuse for _, excuse in judgement.excused):
        gaps = [gap for gap, of_it in judgement.excused if of_it == excuse]
        found = _missing(excuse.id, excuse.place, [gap.never for gap in gaps], gaps[0].line)
        parts.append(f"{found}\n{_wrapped(excuse.reason)}")
    for place in dict.fromkeys(gap.place for gap in judgement.unexcused):
        gaps = [gap for gap in judgement.unexcused if gap.place == place]
        found = _missing("NOT EXCUSED", place, [gap.never for gap in gaps], gaps[0].line)
        parts.append("\n".join([found, *_entry(place, gaps)]))
    parts += [_missing(f"{excuse.id} FOR NOTHING", excuse.place, never) for excuse, never in judgement.stale]
    return "\n\n".join([*parts, _verdict(judgement)])


def _table(totals: Mapping[str, Totals]) -> str:
    """Covered of all. Of branches there are two for each condition: true and false."""
    rows: list[tuple[str, ...]] = [("", "functions", "lines", "branches", "MC/DC")]
    rows += [(name, *(f"{count.covered} of {count.total}" for count in of_it)) for name, of_it in totals.items()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows
    )


def _missing(head: str, place: Place, never: Sequence[str], line: int | None = None) -> str:
    where = place.file if line is None else f"{place.file}:{line}"
    is_never = ", ".join(f"never {one}" for one in never)
    lines = [f"{head}  {where}, {place.function}()"]
    lines.append(_wrapped(f"{place.condition}: {is_never}" if place.condition else is_never))
    if place.decision != place.condition:
        lines.append(_wrapped(f"in {place.decision}"))
    return "\n".join(lines)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="    ", subsequent_indent="        ", break_on_hyphens=False)


def _entry(place: Place, gaps: Sequence[Gap]) -> list[str]:
    """What an entry in the register would be, but for its id and its reason."""
    texts = {"file": place.file, "function": place.function, "condition": place.condition}
    if place.decision != place.condition:
        texts["decision"] = place.decision
    lines = [f"{name} = {json.dumps(text)}" for name, text in texts.items() if text]
    return [f"    | {line}" for line in (*lines, f"never = {json.dumps([gap.never for gap in gaps])}")]


def _verdict(judgement: Judgement) -> str:
    if judgement.unexcused or judgement.stale:
        places = len({gap.place for gap in judgement.unexcused})
        return (
            f"NOT COVERED: places without an excuse: {places}; excuses for nothing: {len(judgement.stale)} "
            f"(see {REGISTER.relative_to(ROOT)})"
        )
    ids = dict.fromkeys(excuse.id for _, excuse in judgement.excused)
    but = f", but where {', '.join(ids)} {'says' if len(ids) == 1 else 'say'} why it cannot" if ids else ""
    return f"COVERED: every condition is true and false, and decides{but}"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, compare with the register, and say so."""
    return answered(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    Parser("cover", __doc__.splitlines()[0]).parse_args(argv)
    try:
        excuses = load()
        measured = measure(_BUILD)
        compiler = version("clang-19")
    except NotMeasuredError as error:
        *before, last = str(error).splitlines()
        print("\n".join([*before, f"NOT MEASURED: {last}"]))
        return 1
    judgement = judge(measured.gaps, excuses)
    print(f"{compiler}; {len(TESTS)} files of tests\n")
    print(report(measured.totals, judgement))
    return 1 if judgement.unexcused or judgement.stale else 0


if __name__ == "__main__":
    sys.exit(main())
